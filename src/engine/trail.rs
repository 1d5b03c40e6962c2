//! Writing and verifying the audit trail.

use super::keyring::KeySession;
use super::steward::Steward;
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{AuditLog, Ports, StoreError, StoredEntry};
use crate::core::access::Principal;
use crate::core::audit::{AuditEvent, ChainBreak, Entry, Head, Pseudonym, Verifier, chained};
use crate::core::id::{SubjectId, TenantId};
use crate::core::place::Scope;
use crate::crypto::pseudonym;

/// Number of entries that are read at once.
const PAGE: usize = 512;

impl<P: Ports> Steward<P> {
    /// Verifies the whole trail and returns its head. Keep the head elsewhere, and give it the next time: truncation and rewriting
    /// are found only against a head that the trail's own store could not touch.
    ///
    /// # Errors
    /// [`TrailError::Broken`] says where the trail breaks.
    pub async fn verify_trail(&self, kept: Option<Head>) -> Result<Head, TrailError> {
        let mut verifier = Verifier::new(kept);
        let mut from = 0;
        loop {
            let page = self.inner.ports.audit().read(from, PAGE).await?;
            for entry in &page {
                verifier.entry(entry.index, &entry.body, &entry.hash)?;
            }
            if page.len() < PAGE {
                return Ok(verifier.finish()?);
            }
            from += PAGE as u64;
        }
    }

    pub(super) fn entry(&self, event: AuditEvent) -> Entry {
        Entry::new(self.now(), self.inner.policy.digest(), event)
    }

    /// Appends entries, all or none. Returns only once they are durable: what follows may rely on it.
    pub(super) async fn record(&self, entries: Vec<Entry>) -> Result<(), Trouble> {
        let log = self.inner.ports.audit();
        let bodies: Vec<Vec<u8>> = entries.iter().map(Entry::to_bytes).collect();
        for _ in 0..ATTEMPTS {
            let last = log.last().await?;
            let mut head = last.map(|entry| Head::after(entry.index, entry.hash)).unwrap_or_default();
            let chained = bodies
                .iter()
                .map(|body| {
                    let entry =
                        StoredEntry { index: head.size, body: body.clone(), hash: chained(&head, body) };
                    head = Head::after(entry.index, entry.hash);
                    entry
                })
                .collect();
            if unless_conflict(log.append(chained).await)? {
                return Ok(());
            }
        }
        Err(Trouble::Contention { during: "append to the audit trail" })
    }

    /// An entry about a tenant and, where they are given, who acted and whom it is about; each under a key that goes with them.
    ///
    /// A scope that has no key gets none here: an entry must not make a key outlive what it is for.
    pub(super) async fn entry_about(
        &self,
        keys: &mut KeySession<'_, P>,
        tenant: &TenantId,
        by: Option<&Principal>,
        subject: Option<&SubjectId>,
        event: AuditEvent,
    ) -> Result<Entry, Trouble> {
        let mut entry = self.entry(event);
        let tenant_scope = Scope::Tenant(tenant.clone());
        entry.tenant = keys.pseudonym(&tenant_scope, "tenant", tenant.as_str()).await?;
        if let Some(principal) = by.filter(|principal| principal.tenant() == tenant) {
            entry.by = keys.principal(principal).await?;
        }
        if let Some(subject) = subject {
            let scope = Scope::Subject(tenant.clone(), subject.clone());
            entry.subject = keys.pseudonym(&scope, "subject", subject.as_str()).await?;
        }
        Ok(entry)
    }
}

impl<P: Ports> KeySession<'_, P> {
    /// The pseudonym of whoever acts, under the key of their tenant.
    pub(super) async fn principal(&mut self, principal: &Principal) -> Result<Option<Pseudonym>, Trouble> {
        let scope = Scope::Tenant(principal.tenant().clone());
        self.pseudonym(&scope, "principal", principal.id().as_str()).await
    }

    pub(super) async fn pseudonym(
        &mut self,
        scope: &Scope,
        kind: &str,
        id: &str,
    ) -> Result<Option<Pseudonym>, Trouble> {
        let key = self.naming(scope).await?;
        Ok(key.map(|(_, key)| Pseudonym::from_bytes(pseudonym(&key.derive("audit"), kind, id))))
    }
}

/// Why a trail cannot be vouched for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrailError {
    /// It breaks.
    #[error(transparent)]
    Broken(#[from] ChainBreak),
    /// It cannot be read.
    #[error("the trail cannot be read")]
    Store(#[from] StoreError),
}
