//! The steward's own records as a source: requests and sweeps reach them the way they reach a host's own tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;
use zeroize::Zeroizing;

use super::batch::{BATCH, Fate};
use super::disposal::Disposal;
use super::erase::{EraseError, OWED, is_doomed, query_of, stands_under};
use super::keyring::KeyError;
use super::open::{OpenError, place_of};
use super::steward::Steward;
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{
    Answer, DataSource, Disposed, Erasure, Expected, ExportedRecord, FieldBody, Ports, RecordKey,
    RecordQuery, RecordRow, RecordStore, SourceError, SourceItem, StoreErrorKind, StoredField, SubjectRef,
    TaskId, Version,
};
use crate::core::audit::Cause;
use crate::core::classification::{Level, from_json};
use crate::core::id::{CaseId, Name, RecordId, SubjectId, TenantId};
use crate::core::place::Scope;

/// Number of records that one listing asks for.
pub(super) const MANAGED_PAGE: usize = 256;

/// Number of batches after which work on a scope's records is given up until the next sweep.
pub(super) const ROUNDS: u32 = 1 << 20;

/// Stands between the parts of an item's id. No identifier holds a control character, and none sorts before it, so that ids sort
/// as the keys do.
const SEPARATOR: char = '\u{0}';

/// The steward's own records, as a case or (without one) a sweep reaches them. Who may do it was asked before: see `carry_out`.
pub(super) struct Managed<P: Ports> {
    pub(super) steward: Steward<P>,
    pub(super) case: Option<CaseId>,
}

impl<P: Ports> Managed<P> {
    /// What changing these fields touches: the categories, each with the highest level of a field that changes.
    pub(super) async fn touched(
        &self,
        who: &SubjectRef,
        changes: &BTreeMap<String, Value>,
    ) -> Result<Vec<(Name, Level)>, Trouble> {
        let classes = &self.steward.policy().document().classes;
        let mut touched = Vec::new();
        for row in self.about(who).await? {
            // What else the person's records hold is not touched, and no leave is needed for it.
            let changed = row.fields.iter().filter(|field| is_about(&row, field, &who.subject));
            for field in changed.filter(|field| changes.contains_key(field.name.as_str())) {
                let level = classes.get(&field.class).map_or(row.level, |class| class.level);
                touched.push((row.category.clone(), level));
            }
        }
        Ok(touched)
    }

    /// The categories of which the steward holds something about the person, each with the highest level of its records.
    pub(super) async fn held(&self, who: &SubjectRef) -> Result<Vec<(Name, Level)>, Trouble> {
        Ok(self.about(who).await?.into_iter().map(|row| (row.category, row.level)).collect())
    }

    async fn about(&self, who: &SubjectRef) -> Result<Vec<RecordRow>, Trouble> {
        let scope = Scope::Subject(who.tenant.clone(), who.subject.clone());
        self.steward.rows(&query_of(&scope)).await
    }

    async fn exported(&self, who: &SubjectRef, row: &RecordRow) -> Result<ExportedRecord, OpenError> {
        let mut keys = self.steward.keys();
        let place = place_of(row);
        let classes = &self.steward.policy().document().classes;
        let mut fields = BTreeMap::new();
        for field in row.fields.iter().filter(|field| is_about(row, field, &who.subject)) {
            let authenticator = classes.get(&field.class).is_none_or(|class| class.authenticator);
            let value = if authenticator {
                Value::Null
            } else {
                let plain: Zeroizing<Vec<u8>> = match keys.open_field(&place, &row.key, field).await {
                    Ok(plain) => plain,
                    // Its key went with another scope: it is gone, and waits for its row to go.
                    Err(OpenError::Key(KeyError::Destroyed { .. })) => continue,
                    Err(error) => return Err(error),
                };
                from_json(&plain).map_err(|_| OpenError::Sealed { field: field.name.clone() })?
            };
            fields.insert(field.name.to_string(), value);
        }
        Ok(ExportedRecord { category: row.category.clone(), fields })
    }

    async fn corrected(
        &self,
        who: &SubjectRef,
        key: &RecordKey,
        changes: &BTreeMap<String, Value>,
    ) -> Result<bool, EraseError> {
        let store = self.steward.ports().records();
        for _ in 0..ATTEMPTS {
            let Some(mut row) = store.fetch(key).await.map_err(Trouble::from)? else { return Ok(false) };
            let (place, mut keys) = (place_of(&row), self.steward.keys_that_show_nothing());
            let (whole, mut changed, mut told) = (row.clone(), BTreeMap::new(), Vec::new());
            for field in row.fields.iter_mut().filter(|field| is_about(&whole, field, &who.subject)) {
                let Some(value) = changes.get(field.name.as_str()) else { continue };
                let plain = Zeroizing::new(value.to_string().into_bytes());
                told.push(keys.corrected_field(&place, &whole, field, &plain).await?);
                field.body = match field.body {
                    FieldBody::Clear(_) => FieldBody::Clear(plain.to_vec()),
                    FieldBody::Sealed(_) => {
                        let subject = field.subject.as_ref();
                        FieldBody::Sealed(
                            keys.seal_at(&place, key, &field.name, &field.class, subject, &plain).await?,
                        )
                    }
                };
                changed.insert(field.name.clone(), plain);
            }
            if changed.is_empty() {
                return Ok(false);
            }
            row.index = self.steward.corrected_index(&mut keys, &whole, &changed).await?;
            let told_of = (&place, &whole.category);
            self.steward.tell_of_correction(&mut keys, told_of, told, self.case.clone()).await?;
            let expected = Expected::Version(row.version);
            row.version = expected.next();
            if unless_conflict(store.put(row, expected).await)? {
                return Ok(true);
            }
        }
        Err(Trouble::Contention { during: "correct a record" }.into())
    }
}

impl<P: Ports> Managed<P> {
    /// Those of the items whose records are there, as they are now. A record that was stored anew since is another one.
    pub(super) async fn there(&self, items: &[SourceItem]) -> Result<Vec<SourceItem>, SourceError> {
        let store = self.steward.ports().records();
        let mut there = Vec::with_capacity(items.len());
        for item in items {
            let Some(key) = key_of(&item.id) else { continue };
            let found = store.fetch(&key).await.map_err(SourceError::unreachable)?;
            there.extend(found.filter(|row| !is_stored_anew(row, item)).as_ref().map(item_of));
        }
        Ok(there)
    }
}

/// Whether a record came after an item had gone: a first version, which no item of a later moment can be.
fn is_stored_anew(row: &RecordRow, item: &SourceItem) -> bool {
    row.version == Version::FIRST && row.stored_at > item.stored_at
}

impl<P: Ports> DataSource for Managed<P> {
    async fn export(
        &self,
        who: &SubjectRef,
        _task: &TaskId,
    ) -> Result<Answer<Vec<ExportedRecord>>, SourceError> {
        let rows = self.about(who).await.map_err(SourceError::unreachable)?;
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            records.push(self.exported(who, row).await.map_err(SourceError::unreachable)?);
        }
        Ok(Answer::Done(records))
    }

    async fn correct(
        &self,
        who: &SubjectRef,
        changes: &BTreeMap<String, Value>,
        _task: &TaskId,
    ) -> Result<Answer<u64>, SourceError> {
        let rows = self.about(who).await.map_err(SourceError::unreachable)?;
        let mut outlook = super::holds::Outlook::new(&self.steward);
        for row in &rows {
            let holds = outlook.frozen_by(&item_of(row)).await.map_err(SourceError::unreachable)?;
            if !holds.is_empty() {
                let reason = format!("a record is on hold: {}", holds.join(", "));
                return Ok(Answer::Skipped { reason });
            }
        }
        let mut corrected = 0;
        for row in &rows {
            let done = self.corrected(who, &row.key, changes).await;
            corrected += u64::from(done.map_err(SourceError::unreachable)?);
        }
        Ok(Answer::Done(corrected))
    }

    /// What must stay is decided here, record by record: `keep` speaks to sources that cannot.
    async fn erase(
        &self,
        who: &SubjectRef,
        _keep: &BTreeMap<Name, String>,
        task: &TaskId,
    ) -> Result<Answer<Erasure>, SourceError> {
        let Some(case) = &self.case else {
            return Ok(Answer::Skipped { reason: "no case asks for it".to_owned() });
        };
        let disposal = self.steward.erase_subject(who, case, task).await;
        let disposal: Disposal = disposal.map_err(SourceError::unreachable)?;
        Ok(Answer::Done(Erasure { erased: disposal.records, kept: disposal.kept }))
    }

    async fn items(&self, after: Option<&str>, limit: usize) -> Result<Vec<SourceItem>, SourceError> {
        let after = after.and_then(key_of);
        let store = self.steward.ports().records();
        let rows = store.list(&RecordQuery::default(), after.as_ref(), limit).await;
        Ok(rows.map_err(SourceError::unreachable)?.iter().map(item_of).collect())
    }

    async fn dispose(&self, item: &SourceItem) -> Result<Disposed, SourceError> {
        let store = self.steward.ports().records();
        let Some(key) = key_of(&item.id) else { return Ok(Disposed::Changed) };
        for _ in 0..ATTEMPTS {
            let Some(row) = store.fetch(&key).await.map_err(SourceError::unreachable)? else {
                return Ok(Disposed::Gone);
            };
            if item_of(&row) != *item {
                // Somebody deleted it, and did not live to count it.
                return Ok(if is_stored_anew(&row, item) { Disposed::Gone } else { Disposed::Changed });
            }
            match store.delete(&key, row.version).await {
                Ok(()) => return Ok(Disposed::Gone),
                Err(error) if error.kind() == StoreErrorKind::Conflict => {}
                Err(error) => return Err(SourceError::unreachable(error)),
            }
        }
        Ok(Disposed::Changed)
    }
}

impl<P: Ports> Steward<P> {
    /// Erases a person: keys first, then rows; what must stay is counted with its reason, and so is what stays under a pseudonym. The
    /// same task is the same erasure.
    async fn erase_subject(
        &self,
        who: &SubjectRef,
        case: &CaseId,
        task: &TaskId,
    ) -> Result<Disposal, EraseError> {
        let mut fresh = Disposal::open(
            format!("case/{}", task.as_str()),
            who.tenant.clone(),
            Cause::Case { case: case.clone() },
            self.policy().digest(),
            self.now(),
        );
        let scope = Scope::Subject(who.tenant.clone(), who.subject.clone());
        fresh.scope = Some(scope.clone());
        let disposal = self.open_disposal(fresh).await?;
        let disposal = match disposal.keys {
            Some(_) => disposal,
            None => self.destroy_keys(disposal, &scope).await?,
        };
        self.follow_erasure(&disposal).await?;
        let disposal = self.delete_rows(disposal, &scope).await?;
        Ok(self.certify(&disposal).await?)
    }

    /// Deletes the rows under a scope that nothing keeps. In rows that are about somebody else as a whole, only the fields about
    /// the person go.
    pub(super) async fn delete_rows(&self, disposal: Disposal, scope: &Scope) -> Result<Disposal, Trouble> {
        if disposal.rows_gone.is_some() && disposal.pending.is_none() {
            return Ok(disposal);
        }
        let source = self.managed_source();
        let mut disposal = disposal;
        for _ in 0..ROUNDS {
            disposal = self.work_off(disposal).await?;
            let going = self.going(&disposal, scope).await?;
            if going.is_empty() {
                let (now, mut done) = (self.now(), false);
                disposal = self
                    .amend(&disposal, |paper| {
                        // What another worker has claimed meanwhile is deleted, maybe, and not counted yet.
                        done = paper.pending.as_ref().is_none_or(|batch| !batch.is_claimed());
                        if done {
                            paper.pending = None;
                            paper.rows_gone = paper.rows_gone.or(Some(now));
                        }
                    })
                    .await?;
                if done {
                    return Ok(disposal);
                }
                continue;
            }
            let (proposed, number) = self.propose(disposal, &source, &going, Fate::Delete).await?;
            disposal = proposed;
            if let Some(number) = number {
                let there = self.going(&disposal, scope).await?;
                (disposal, _) = self.claim(&disposal, number, &there).await?;
            }
        }
        Err(Trouble::Contention { during: "delete the records of a scope" })
    }

    /// The rows under a scope that go, one batch of them. In rows that are about somebody else as a whole the fields about the person
    /// go at once.
    async fn going(&self, disposal: &Disposal, scope: &Scope) -> Result<Vec<SourceItem>, Trouble> {
        let mut outlook = super::holds::Outlook::new(self);
        let mut going = Vec::new();
        for row in self.rows(&query_of(scope)).await? {
            // What came in after the scope had been opened again is not what was erased: the keys tell, and only where nothing is
            // sealed the clock.
            let goes = match is_doomed(&row, scope, disposal.doomed.unwrap_or_default()) {
                Some(doomed) => doomed || row.events.contains_key(OWED),
                None => row.stored_at <= disposal.opened,
            };
            if !goes || outlook.stay(&item_of(&row)).await?.is_some() {
                continue;
            }
            match scope {
                Scope::Subject(_, subject) if !stands_under(&row, scope) => {
                    self.drop_fields(&row.key, subject).await?;
                }
                _ if going.len() < BATCH => going.push(item_of(&row)),
                _ => {}
            }
        }
        Ok(going)
    }

    async fn drop_fields(&self, key: &RecordKey, subject: &SubjectId) -> Result<(), Trouble> {
        let store = self.inner.ports.records();
        for _ in 0..ATTEMPTS {
            let Some(mut row) = store.fetch(key).await? else { return Ok(()) };
            row.fields.retain(|field| field.subject.as_ref() != Some(subject));
            let names: BTreeSet<Name> = row.fields.iter().map(|field| field.name.clone()).collect();
            row.index.retain(|entry| names.contains(&entry.field));
            let expected = Expected::Version(row.version);
            row.version = expected.next();
            if unless_conflict(store.put(row, expected).await)? {
                return Ok(());
            }
        }
        Err(Trouble::Contention { during: "drop the fields about a person" })
    }

    pub(super) fn managed(&self) -> Managed<P> {
        Managed { steward: self.clone(), case: None }
    }

    /// The name under which the policy declares the steward's own records.
    pub(super) fn managed_source(&self) -> Name {
        let sources = &self.policy().document().sources;
        let managed =
            sources.iter().find(|(_, source)| source.kind == crate::core::policy::SourceKind::Managed);
        managed.map_or_else(|| Name::new("records"), |(name, _)| name.clone())
    }
}

/// Whether a field is about this person, and not about somebody else whom the record speaks of.
pub(super) fn is_about(row: &RecordRow, field: &StoredField, person: &SubjectId) -> bool {
    field.subject.as_ref().or(row.subject.as_ref()) == Some(person)
}

/// A record as retention sees it.
pub(super) fn item_of(row: &RecordRow) -> SourceItem {
    let mut id = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        id,
        "{}{SEPARATOR}{}{SEPARATOR}{}",
        row.key.tenant.as_str(),
        row.key.kind.as_str(),
        row.key.id.as_str()
    );
    SourceItem {
        id,
        tenant: row.key.tenant.clone(),
        category: row.category.clone(),
        connection: row.connection.clone(),
        subjects: row.subjects().into_iter().cloned().collect(),
        platform: row.platform.clone(),
        stored_at: row.stored_at,
        events: row.events.clone(),
    }
}

pub(super) fn key_of(id: &str) -> Option<RecordKey> {
    let mut parts = id.splitn(3, SEPARATOR);
    let (tenant, kind, id) = (parts.next()?, parts.next()?, parts.next()?);
    Some(RecordKey { tenant: TenantId::new(tenant), kind: Name::new(kind), id: RecordId::new(id) })
}
