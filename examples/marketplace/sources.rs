//! Two places of the host's own where data lives besides the steward: a newsletter table, and a processor's mail system.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};
use stewardship::contracts::{
    Answer, DataSource, Disposed, Erasure, ExportedRecord, SourceError, SourceItem, SubjectRef, TaskId,
};
use stewardship::id::Name;

/// A table in memory: subject and address, and what each erasure did under its task's name.
#[derive(Default)]
struct Table {
    rows: BTreeMap<String, String>,
    erased: BTreeMap<TaskId, Erasure>,
}

/// A host's own source. A real one asks its own database.
pub struct AddressTable(Mutex<Table>);

impl AddressTable {
    pub fn with(rows: &[(&str, &str)]) -> Self {
        let rows = rows.iter().map(|(subject, address)| ((*subject).to_owned(), (*address).to_owned()));
        Self(Mutex::new(Table { rows: rows.collect(), erased: BTreeMap::new() }))
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.0.lock().expect("no thread panics while it holds the table")
    }
}

impl DataSource for AddressTable {
    async fn export(
        &self,
        who: &SubjectRef,
        _task: &TaskId,
    ) -> Result<Answer<Vec<ExportedRecord>>, SourceError> {
        let found = self.table().rows.get(who.subject.as_str()).cloned();
        let record = |address: String| ExportedRecord {
            category: Name::new("creators"),
            fields: BTreeMap::from([("address".to_owned(), json!(address))]),
        };
        Ok(Answer::Done(found.map(record).into_iter().collect()))
    }

    async fn correct(
        &self,
        who: &SubjectRef,
        changes: &BTreeMap<String, Value>,
        _task: &TaskId,
    ) -> Result<Answer<u64>, SourceError> {
        let Some(Value::String(address)) = changes.get("email") else { return Ok(Answer::Done(0)) };
        let mut table = self.table();
        let row = table.rows.get_mut(who.subject.as_str());
        Ok(Answer::Done(row.map_or(0, |row| {
            row.clone_from(address);
            1
        })))
    }

    async fn erase(
        &self,
        who: &SubjectRef,
        keep: &BTreeMap<Name, String>,
        task: &TaskId,
    ) -> Result<Answer<Erasure>, SourceError> {
        let mut table = self.table();
        if let Some(done) = table.erased.get(task) {
            return Ok(Answer::Done(done.clone()));
        }
        let erasure = match keep.get("creators") {
            Some(reason) if table.rows.contains_key(who.subject.as_str()) => {
                Erasure { erased: 0, kept: vec![(1, reason.clone())] }
            }
            _ => {
                let erased = u64::from(table.rows.remove(who.subject.as_str()).is_some());
                Erasure { erased, kept: Vec::new() }
            }
        };
        table.erased.insert(task.clone(), erasure.clone());
        Ok(Answer::Done(erasure))
    }

    async fn items(&self, _after: Option<&str>, _limit: usize) -> Result<Vec<SourceItem>, SourceError> {
        // The newsletter ends with the person's own wish alone: nothing of it is under a retention rule of its own here.
        Ok(Vec::new())
    }

    async fn dispose(&self, item: &SourceItem) -> Result<Disposed, SourceError> {
        self.table().rows.remove(&item.id);
        Ok(Disposed::Gone)
    }
}
