use super::super::{Namespace, check_audit_after_restart, check_documents, check_documents_after_restart};
use super::{Mutant, catches, give_way};
use crate::contracts::{Document, DocumentKey, DocumentKind, DocumentStore, Expected, StoreError, block_on};
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
