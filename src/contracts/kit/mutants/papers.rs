use super::super::{
    Namespace, check_audit, check_audit_after_restart, check_documents, check_documents_after_restart,
};
use super::{Mutant, catches, give_way};
use crate::contracts::{
    AuditLog, Document, DocumentKey, DocumentKind, DocumentStore, Expected, StoreError, StoredEntry, block_on,
};
use crate::core::id::TenantId;
use crate::ports::memory::{MemoryAudit, MemoryDocuments};

#[derive(Clone, Copy, Debug, PartialEq)]
enum DocumentFlaw {
    IgnoresExpected,
    ComparesThenWrites,
    LosesWrites,
    CutsBodies,
    ListsBackwards,
    RepeatsPages,
    IgnoresLimit,
    IgnoresTheTenant,
    ListsAllKinds,
    AfterMeansTheId,
}

impl DocumentStore for Mutant<MemoryDocuments, DocumentFlaw> {
    async fn load(&self, key: &DocumentKey) -> Result<Option<Document>, StoreError> {
        self.inner.load(key).await
    }

    async fn save(&self, mut document: Document, mut expected: Expected) -> Result<(), StoreError> {
        match self.flaw {
            DocumentFlaw::IgnoresExpected | DocumentFlaw::ComparesThenWrites => {
                let found = self.inner.load(&document.key).await?.map(|found| found.version);
                if self.flaw == DocumentFlaw::ComparesThenWrites {
                    if !expected.is_met_by(found) {
                        return Err(StoreError::conflict("save"));
                    }
                    give_way().await;
                }
                let found = self.inner.load(&document.key).await?.map(|found| found.version);
                expected = found.map_or(Expected::Absent, Expected::Version);
            }
            DocumentFlaw::LosesWrites => return Ok(()),
            DocumentFlaw::CutsBodies => document.body.truncate(65_535),
            _ => {}
        }
        self.inner.save(document, expected).await
    }

    async fn list(
        &self,
        kind: DocumentKind,
        tenant: Option<&TenantId>,
        after: Option<&DocumentKey>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        let limit = if self.flaw == DocumentFlaw::IgnoresLimit { usize::MAX } else { limit };
        let tenant = tenant.filter(|_| self.flaw != DocumentFlaw::IgnoresTheTenant);
        let mut found = match self.flaw {
            DocumentFlaw::RepeatsPages => self.inner.list(kind, tenant, None, limit).await?,
            DocumentFlaw::AfterMeansTheId => {
                let mut found = self.inner.list(kind, tenant, None, limit).await?;
                found.retain(|found| after.is_none_or(|after| found.key.id > after.id));
                found
            }
            DocumentFlaw::ListsAllKinds => {
                let mut found = self.inner.list(DocumentKind::Timeline, tenant, after, limit).await?;
                found.extend(self.inner.list(kind, tenant, after, limit).await?);
                found.truncate(limit);
                found
            }
            _ => self.inner.list(kind, tenant, after, limit).await?,
        };
        if self.flaw == DocumentFlaw::ListsBackwards {
            found.reverse();
        }
        Ok(found)
    }
}

#[test]
fn the_kit_finds_every_flaw_of_a_document_store() {
    use DocumentFlaw::*;
    for (flaw, rule) in [
        (IgnoresExpected, "compare-and-set"),
        (ComparesThenWrites, "compare-and-set"),
        (LosesWrites, "read-your-writes"),
        (CutsBodies, "whole-rows"),
        (ListsBackwards, "exact-listing"),
        (RepeatsPages, "exact-listing"),
        (IgnoresLimit, "exact-listing"),
        (IgnoresTheTenant, "exact-listing"),
        (ListsAllKinds, "exact-listing"),
        (AfterMeansTheId, "exact-listing"),
    ] {
        let fresh = async || Mutant { inner: MemoryDocuments::new(), flaw };
        catches(&block_on(check_documents(&Namespace::new("kit"), fresh)), rule, &flaw);
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum AuditFlaw {
    AcceptsGaps,
    AcceptsGapsInABatch,
    KeepsPartOfABatch,
    ComparesThenWrites,
    KeepsTheLastTen,
    IgnoresLimit,
    ReadsAfterFrom,
    LastIsTheFirst,
    LosesWrites,
}

impl AuditLog for Mutant<MemoryAudit, AuditFlaw> {
    async fn append(&self, mut entries: Vec<StoredEntry>) -> Result<(), StoreError> {
        let next = self.inner.last().await?.map_or(0, |last| last.index + 1);
        let renumber = |entries: &mut [StoredEntry], next: u64| {
            for (index, entry) in (next..).zip(entries) {
                entry.index = index;
            }
        };
        match self.flaw {
            AuditFlaw::AcceptsGaps => renumber(&mut entries, next),
            AuditFlaw::AcceptsGapsInABatch if entries.first().is_some_and(|entry| entry.index == next) => {
                renumber(&mut entries, next);
            }
            AuditFlaw::KeepsPartOfABatch => {
                for entry in entries {
                    self.inner.append(vec![entry]).await?;
                }
                return Ok(());
            }
            AuditFlaw::ComparesThenWrites => {
                if entries.first().is_some_and(|entry| entry.index != next) {
                    return Err(StoreError::conflict("append"));
                }
                give_way().await;
                let next = self.inner.last().await?.map_or(0, |last| last.index + 1);
                renumber(&mut entries, next);
            }
            AuditFlaw::LosesWrites => return Ok(()),
            _ => {}
        }
        self.inner.append(entries).await
    }

    async fn read(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        match self.flaw {
            AuditFlaw::IgnoresLimit => self.inner.read(from, usize::MAX).await,
            AuditFlaw::ReadsAfterFrom => self.inner.read(from.saturating_add(1), limit).await,
            AuditFlaw::KeepsTheLastTen => {
                let end = self.inner.last().await?.map_or(0, |last| last.index + 1);
                self.inner.read(from.max(end.saturating_sub(10)), limit).await
            }
            _ => self.inner.read(from, limit).await,
        }
    }

    async fn last(&self) -> Result<Option<StoredEntry>, StoreError> {
        if self.flaw == AuditFlaw::LastIsTheFirst {
            return Ok(self.inner.read(0, 1).await?.pop());
        }
        self.inner.last().await
    }
}

#[test]
fn the_kit_finds_every_flaw_of_an_audit_log() {
    use AuditFlaw::*;
    for (flaw, rule) in [
        (AcceptsGaps, "gapless"),
        (AcceptsGapsInABatch, "gapless"),
        (KeepsPartOfABatch, "gapless"),
        (ComparesThenWrites, "gapless"),
        (KeepsTheLastTen, "append-only"),
        (IgnoresLimit, "read-your-writes"),
        (ReadsAfterFrom, "read-your-writes"),
        (LastIsTheFirst, "read-your-writes"),
        (LosesWrites, "read-your-writes"),
    ] {
        let fresh = async || Mutant { inner: MemoryAudit::new(), flaw };
        catches(&block_on(check_audit(&Namespace::new("kit"), fresh)), rule, &flaw);
    }
}

#[test]
fn a_store_that_forgets_at_a_restart_is_not_durable() {
    let ns = Namespace::new("kit");
    catches(
        &block_on(check_documents_after_restart(&ns, async || MemoryDocuments::new())),
        "durable",
        &"memory",
    );
    catches(&block_on(check_audit_after_restart(&ns, async || MemoryAudit::new())), "durable", &"memory");
}
