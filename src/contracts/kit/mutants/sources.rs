use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::DateTime;
use serde_json::Value;

use super::super::{Namespace, Outcome, check_source};
use super::catches;
use crate::contracts::{
    Answer, DataSource, Disposed, Erasure, ExportedRecord, SourceError, SourceItem, SubjectRef, TaskId,
    block_on,
};
use crate::core::id::Name;

/// A table of items; every rule kept where there is no flaw.
struct Table {
    flaw: Option<SourceFlaw>,
    state: Mutex<(Vec<SourceItem>, BTreeMap<TaskId, Erasure>)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum SourceFlaw {
    ListsBackwards,
    RepeatsPages,
    IgnoresLimit,
    ExportsNothing,
    ErasesNothing,
    ErasesHalf,
    ErasesTheTenant,
    IgnoresTheTenant,
    ErasesCountingNothing,
    ForgetsTasks,
    DisposesOnce,
    DisposesNothing,
    DisposesOfTheChanged,
    Declines,
}

impl Table {
    fn about<'a>(&self, items: &'a [SourceItem], who: &SubjectRef) -> Vec<&'a SourceItem> {
        let flaw = |flaw| self.flaw == Some(flaw);
        items
            .iter()
            .filter(|item| item.tenant == who.tenant || flaw(SourceFlaw::IgnoresTheTenant))
            .filter(|item| item.subjects.contains(&who.subject) || flaw(SourceFlaw::ErasesTheTenant))
            .collect()
    }
}

impl DataSource for Table {
    async fn export(&self, who: &SubjectRef, _: &TaskId) -> Result<Answer<Vec<ExportedRecord>>, SourceError> {
        let state = self.state.lock().unwrap();
        if self.flaw == Some(SourceFlaw::ExportsNothing) {
            return Ok(Answer::Done(Vec::new()));
        }
        let record =
            |item: &SourceItem| ExportedRecord { category: item.category.clone(), fields: BTreeMap::new() };
        Ok(Answer::Done(self.about(&state.0, who).into_iter().map(record).collect()))
    }

    async fn correct(
        &self,
        _: &SubjectRef,
        _: &BTreeMap<String, Value>,
        _: &TaskId,
    ) -> Result<Answer<u64>, SourceError> {
        Ok(Answer::Done(0))
    }

    async fn erase(
        &self,
        who: &SubjectRef,
        _: &BTreeMap<Name, String>,
        task: &TaskId,
    ) -> Result<Answer<Erasure>, SourceError> {
        let mut state = self.state.lock().unwrap();
        if self.flaw == Some(SourceFlaw::Declines) {
            return Ok(Answer::Skipped { reason: "backups cannot be searched".to_owned() });
        }
        if let Some(done) = state.1.get(task).filter(|_| self.flaw != Some(SourceFlaw::ForgetsTasks)) {
            return Ok(Answer::Done(done.clone()));
        }
        let mut gone: Vec<String> =
            self.about(&state.0, who).into_iter().map(|item| item.id.clone()).collect();
        match self.flaw {
            Some(SourceFlaw::ErasesNothing) => return Ok(Answer::Done(Erasure::default())),
            Some(SourceFlaw::ErasesHalf) => gone.truncate(1),
            _ => {}
        }
        state.0.retain(|item| !gone.contains(&item.id));
        let counted = self.flaw != Some(SourceFlaw::ErasesCountingNothing);
        let erasure = Erasure { erased: if counted { gone.len() as u64 } else { 0 }, kept: Vec::new() };
        state.1.insert(task.clone(), erasure.clone());
        Ok(Answer::Done(erasure))
    }

    async fn items(&self, after: Option<&str>, limit: usize) -> Result<Vec<SourceItem>, SourceError> {
        let flaw = |flaw| self.flaw == Some(flaw);
        let mut items = self.state.lock().unwrap().0.clone();
        items.retain(|item| flaw(SourceFlaw::RepeatsPages) || after.is_none_or(|after| *item.id > *after));
        if flaw(SourceFlaw::ListsBackwards) {
            items.reverse();
        }
        items.truncate(if flaw(SourceFlaw::IgnoresLimit) { usize::MAX } else { limit });
        Ok(items)
    }

    async fn dispose(&self, item: &SourceItem) -> Result<Disposed, SourceError> {
        let mut state = self.state.lock().unwrap();
        let there = state.0.iter().any(|found| found.id == item.id);
        match self.flaw {
            Some(SourceFlaw::DisposesOnce) if !there => Err(SourceError::unreachable("no such item")),
            Some(SourceFlaw::DisposesNothing) => Ok(Disposed::Gone),
            flaw => {
                let changed = state.0.iter().any(|found| found.id == item.id && found != item);
                if changed && flaw != Some(SourceFlaw::DisposesOfTheChanged) {
                    return Ok(Disposed::Changed);
                }
                state.0.retain(|found| found.id != item.id);
                Ok(Disposed::Gone)
            }
        }
    }
}

fn who() -> SubjectRef {
    SubjectRef { tenant: "acme".into(), subject: "ada".into() }
}

fn table(flaw: Option<SourceFlaw>) -> Table {
    let item = |id: &str, tenant: &str, subject: Option<&str>| SourceItem {
        id: id.to_owned(),
        tenant: tenant.into(),
        category: "orders".into(),
        connection: None,
        subjects: subject.into_iter().map(Into::into).collect(),
        platform: None,
        stored_at: DateTime::default(),
        events: BTreeMap::new(),
    };
    let items = vec![
        item("1", "acme", Some("ada")),
        item("10", "acme", None),
        item("2", "acme", Some("grace")),
        item("3", "beta", Some("ada")),
        item("4", "acme", Some("ada")),
    ];
    Table { flaw, state: Mutex::new((items, BTreeMap::new())) }
}

#[test]
fn a_source_without_a_flaw_passes() {
    let report = block_on(check_source(&Namespace::new("kit"), &who(), async || table(None)));
    assert_eq!(report.rules().len(), 4);
    report.into_result().unwrap();
}

#[test]
fn the_kit_finds_every_flaw_of_a_source() {
    use SourceFlaw::*;
    for (flaw, rule) in [
        (ListsBackwards, "exact-listing"),
        (RepeatsPages, "exact-listing"),
        (IgnoresLimit, "exact-listing"),
        (ExportsNothing, "complete"),
        (ErasesNothing, "complete"),
        (ErasesHalf, "complete"),
        (ErasesTheTenant, "complete"),
        (IgnoresTheTenant, "complete"),
        (ErasesCountingNothing, "complete"),
        (DisposesNothing, "complete"),
        (ForgetsTasks, "idempotent"),
        (DisposesOnce, "idempotent"),
        (DisposesOfTheChanged, "as-listed"),
    ] {
        let report = block_on(check_source(&Namespace::new("kit"), &who(), async || table(Some(flaw))));
        catches(&report, rule, &flaw);
    }
}

#[test]
fn a_source_that_declines_violates_nothing_and_an_empty_one_shows_nothing() {
    let declines = async || table(Some(SourceFlaw::Declines));
    let report = block_on(check_source(&Namespace::new("kit"), &who(), declines));
    let complete = report.rules().iter().find(|found| found.rule == "complete").unwrap();
    assert!(
        matches!(&complete.outcome, Outcome::Skipped { reason } if reason.contains("backups")),
        "{report}"
    );
    let nobody = SubjectRef { tenant: "acme".into(), subject: "nobody".into() };
    let report = block_on(check_source(&Namespace::new("kit"), &nobody, async || table(None)));
    assert_eq!(report.violated(), ["exact-listing", "complete", "idempotent", "as-listed"]);
}
