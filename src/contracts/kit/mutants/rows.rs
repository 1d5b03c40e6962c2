use super::super::{
    Namespace, Outcome, check_keys, check_keys_after_restart, check_records, check_records_after_restart,
};
use super::{Mutant, catches, give_way};
use crate::contracts::{
    EpochRow, Expected, KeyState, KeyStore, Moving, RecordKey, RecordQuery, RecordRow, RecordStore, ScopeRow,
    StoreError, Version, block_on,
};
use crate::core::place::Scope;
use crate::ports::memory::{MemoryKeys, MemoryRecords};

#[derive(Clone, Copy, Debug, PartialEq)]
enum RecordFlaw {
    IgnoresExpected,
    DeletesAnyVersion,
    ComparesThenWrites,
    LosesWrites,
    KeepsDeleted,
    ForgetsEvents,
    ForgetsPosition,
    CutsEntries,
    WritesInTwoSteps,
    ListsBackwards,
    ListsByLowercase,
    ListsTwice,
    RepeatsPages,
    BeginsAtAfter,
    IgnoresLimit,
    SkipsTheIndex,
    SkipsSubjectsOfFields,
    SkipsTheConnection,
    SkipsCategories,
}

impl RecordStore for Mutant<MemoryRecords, RecordFlaw> {
    async fn put(&self, mut row: RecordRow, mut expected: Expected) -> Result<(), StoreError> {
        match self.flaw {
            RecordFlaw::IgnoresExpected | RecordFlaw::ComparesThenWrites => {
                let found = self.inner.fetch(&row.key).await?.map(|row| row.version);
                if self.flaw == RecordFlaw::ComparesThenWrites {
                    if !expected.is_met_by(found) {
                        return Err(StoreError::conflict("put"));
                    }
                    give_way().await;
                }
                let found = self.inner.fetch(&row.key).await?.map(|row| row.version);
                expected = found.map_or(Expected::Absent, Expected::Version);
            }
            RecordFlaw::LosesWrites => return Ok(()),
            RecordFlaw::ForgetsEvents => row.events.clear(),
            RecordFlaw::ForgetsPosition => row.index.sort(),
            RecordFlaw::CutsEntries => row.index.iter_mut().for_each(|entry| entry.tag.truncate(16)),
            RecordFlaw::WritesInTwoSteps => {
                let half = RecordRow { fields: Vec::new(), ..row.clone() };
                self.inner.put(half, expected).await?;
                give_way().await;
                expected = Expected::Version(row.version);
            }
            _ => {}
        }
        self.inner.put(row, expected).await
    }

    async fn fetch(&self, key: &RecordKey) -> Result<Option<RecordRow>, StoreError> {
        self.inner.fetch(key).await
    }

    async fn delete(&self, key: &RecordKey, version: Version) -> Result<(), StoreError> {
        match self.flaw {
            RecordFlaw::KeepsDeleted => Ok(()),
            RecordFlaw::DeletesAnyVersion => match self.inner.fetch(key).await? {
                Some(row) => self.inner.delete(key, row.version).await,
                None => self.inner.delete(key, version).await,
            },
            _ => self.inner.delete(key, version).await,
        }
    }

    async fn list(
        &self,
        query: &RecordQuery,
        after: Option<&RecordKey>,
        limit: usize,
    ) -> Result<Vec<RecordRow>, StoreError> {
        let mut query = query.clone();
        let (mut after, mut limit) = (after, limit);
        match self.flaw {
            RecordFlaw::RepeatsPages => after = None,
            RecordFlaw::IgnoresLimit => limit = usize::MAX,
            RecordFlaw::SkipsTheIndex => query.index = None,
            RecordFlaw::SkipsTheConnection => query.connection = None,
            RecordFlaw::SkipsCategories => query.categories = None,
            _ => {}
        }
        let mut rows = self.inner.list(&query, after, limit).await?;
        match self.flaw {
            RecordFlaw::ListsBackwards => rows.reverse(),
            RecordFlaw::ListsByLowercase => rows.sort_by_key(|row| row.key.tenant.as_str().to_lowercase()),
            RecordFlaw::ListsTwice => rows.extend(rows.last().cloned()),
            RecordFlaw::SkipsSubjectsOfFields => {
                rows.retain(|row| query.subject.is_none() || row.subject == query.subject);
            }
            RecordFlaw::BeginsAtAfter => {
                if let Some(after) = after {
                    rows.splice(0..0, self.inner.fetch(after).await?);
                    rows.truncate(limit);
                }
            }
            _ => {}
        }
        Ok(rows)
    }
}

#[test]
fn the_kit_finds_every_flaw_of_a_record_store() {
    use RecordFlaw::*;
    for (flaw, rule) in [
        (IgnoresExpected, "compare-and-set"),
        (DeletesAnyVersion, "compare-and-set"),
        (ComparesThenWrites, "compare-and-set"),
        (LosesWrites, "read-your-writes"),
        (KeepsDeleted, "read-your-writes"),
        (ForgetsEvents, "whole-rows"),
        (ForgetsPosition, "whole-rows"),
        (CutsEntries, "whole-rows"),
        (WritesInTwoSteps, "whole-rows"),
        (ListsBackwards, "exact-listing"),
        (ListsByLowercase, "exact-listing"),
        (ListsTwice, "exact-listing"),
        (RepeatsPages, "exact-listing"),
        (BeginsAtAfter, "exact-listing"),
        (IgnoresLimit, "exact-listing"),
        (SkipsTheIndex, "exact-listing"),
        (SkipsSubjectsOfFields, "exact-listing"),
        (SkipsTheConnection, "exact-listing"),
        (SkipsCategories, "exact-listing"),
    ] {
        let fresh = async || Mutant { inner: MemoryRecords::new(), flaw };
        catches(&block_on(check_records(&Namespace::new("kit"), fresh)), rule, &flaw);
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum KeyFlaw {
    IgnoresExpected,
    ComparesThenWrites,
    LosesWrites,
    ForgetsClosing,
    ForgetsTheMinimum,
    ForgetsTheReason,
    ForgetsHowFarItMoved,
    ReadsTheTenantsKeys,
    KeepsOldKeys,
    ListsBackwards,
    RepeatsPages,
    IgnoresLimit,
    OrdersEpochsAsText,
}

impl KeyStore for Mutant<MemoryKeys, KeyFlaw> {
    async fn scope(&self, scope: &Scope) -> Result<Option<ScopeRow>, StoreError> {
        if self.flaw == KeyFlaw::ReadsTheTenantsKeys {
            return self.inner.scope(&Scope::Tenant(scope.tenant().clone())).await;
        }
        self.inner.scope(scope).await
    }

    async fn put_scope(&self, mut row: ScopeRow, mut expected: Expected) -> Result<(), StoreError> {
        let found = self.inner.scope(&row.scope).await?;
        let version = |row: &ScopeRow| row.version;
        match self.flaw {
            KeyFlaw::IgnoresExpected => {
                expected = found.as_ref().map(version).map_or(Expected::Absent, Expected::Version);
            }
            KeyFlaw::ComparesThenWrites => {
                if !expected.is_met_by(found.as_ref().map(version)) {
                    return Err(StoreError::conflict("put"));
                }
                give_way().await;
                let found = self.inner.scope(&row.scope).await?;
                expected = found.as_ref().map(version).map_or(Expected::Absent, Expected::Version);
            }
            KeyFlaw::LosesWrites => return Ok(()),
            KeyFlaw::ForgetsClosing => row.closed = None,
            KeyFlaw::ForgetsTheMinimum => row.minimum = 0,
            KeyFlaw::ForgetsTheReason => {
                for key in &mut row.keys {
                    if let KeyState::Destroyed(tombstone) = &mut key.state {
                        tombstone.under.clear();
                    }
                }
            }
            KeyFlaw::KeepsOldKeys => {
                let old = found.into_iter().flat_map(|row| row.keys);
                row.keys.extend(old.filter(|key| matches!(key.state, KeyState::Live { .. })));
            }
            _ => {}
        }
        self.inner.put_scope(row, expected).await
    }

    async fn scopes(&self, after: Option<&Scope>, limit: usize) -> Result<Vec<ScopeRow>, StoreError> {
        let after = after.filter(|_| self.flaw != KeyFlaw::RepeatsPages);
        let limit = if self.flaw == KeyFlaw::IgnoresLimit { usize::MAX } else { limit };
        let mut rows = self.inner.scopes(after, limit).await?;
        if self.flaw == KeyFlaw::ListsBackwards {
            rows.reverse();
        }
        Ok(rows)
    }

    async fn epochs(&self) -> Result<Vec<EpochRow>, StoreError> {
        let mut epochs = self.inner.epochs().await?;
        if self.flaw == KeyFlaw::OrdersEpochsAsText {
            epochs.sort_by_key(|epoch| epoch.number.to_string());
        }
        Ok(epochs)
    }

    async fn put_epoch(&self, mut row: EpochRow, expected: Expected) -> Result<(), StoreError> {
        if self.flaw == KeyFlaw::ForgetsHowFarItMoved {
            row.moving = Moving::Done;
        }
        self.inner.put_epoch(row, expected).await
    }
}

#[test]
fn the_kit_finds_every_flaw_of_a_key_store() {
    use KeyFlaw::*;
    for (flaw, rule) in [
        (IgnoresExpected, "compare-and-set"),
        (ComparesThenWrites, "compare-and-set"),
        (LosesWrites, "read-your-writes"),
        (ForgetsClosing, "read-your-writes"),
        (ForgetsTheMinimum, "read-your-writes"),
        (ForgetsTheReason, "read-your-writes"),
        (ForgetsHowFarItMoved, "read-your-writes"),
        (ReadsTheTenantsKeys, "whole-rows"),
        (KeepsOldKeys, "overwritten"),
        (ListsBackwards, "exact-listing"),
        (RepeatsPages, "exact-listing"),
        (IgnoresLimit, "exact-listing"),
        (OrdersEpochsAsText, "exact-listing"),
    ] {
        let fresh = async || Mutant { inner: MemoryKeys::new(), flaw };
        catches(&block_on(check_keys(&Namespace::new("kit"), fresh)), rule, &flaw);
    }
}

#[test]
fn a_store_that_forgets_at_a_restart_is_not_durable() {
    let ns = Namespace::new("kit");
    catches(&block_on(check_records_after_restart(&ns, async || MemoryRecords::new())), "durable", &"memory");
    catches(&block_on(check_keys_after_restart(&ns, async || MemoryKeys::new())), "durable", &"memory");
}

#[test]
fn what_was_not_run_is_in_the_report_and_is_no_success_by_itself() {
    let report = block_on(check_records(&Namespace::new("kit"), async || MemoryRecords::new()));
    let durable = report.rules().iter().find(|found| found.rule == "durable").unwrap();
    assert!(matches!(durable.outcome, Outcome::Skipped { .. }), "{report}");
    assert!(report.to_string().contains("`durable` skipped: "));
    let error = super::Report::default().into_result().unwrap_err();
    assert_eq!(error.to_string(), "no rule was run");
}
