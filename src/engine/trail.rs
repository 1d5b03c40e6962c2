//! Writing and verifying the audit trail.

use std::sync::PoisonError;

use chrono::{DateTime, Utc};

use super::keyring::KeySession;
use super::steward::Steward;
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{AuditLog, EntryBody, Ports, StoreError, StoredEntry};
use crate::core::access::Principal;
use crate::core::audit::tree::{Frontier, Nodes, TreeHead, Wanted, leaf_hash};
use crate::core::audit::{AuditEvent, Entry, Pseudonym, TrailBreak, Verifier};
use crate::core::id::{PrincipalId, SubjectId, TenantId};
use crate::core::place::Scope;
use crate::crypto::{SecretKey, pseudonym};

/// Number of entries that are read at once.
const PAGE: usize = 512;

impl<P: Ports> Steward<P> {
    /// Verifies the whole trail and returns its head. Keep the head elsewhere, and give it the next time: truncation and rewriting
    /// are found only against a head that the trail's own store could not touch.
    ///
    /// # Errors
    /// [`TrailError::Broken`] says where the trail breaks.
    pub async fn verify_trail(&self, kept: Option<TreeHead>) -> Result<TreeHead, TrailError> {
        self.walk_trail(kept, |_| Ok(())).await
    }

    /// The same, and shows every entry once it is known to follow on those before.
    pub(super) async fn walk_trail(
        &self,
        kept: Option<TreeHead>,
        mut each: impl FnMut(&StoredEntry) -> Result<(), TrailError> + Send,
    ) -> Result<TreeHead, TrailError> {
        let mut verifier = Verifier::new(kept);
        let mut from = 0;
        loop {
            let page = self.inner.ports.audit().read(from, PAGE).await?;
            for entry in &page {
                verifier.entry(entry.index, entry.bytes(), &entry.nodes)?;
                each(entry)?;
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
    ///
    /// What is known of the trail's edge is kept between appends, so that one asks the store nothing. Where another writer was faster, the
    /// store says so, and what that one appended is read.
    pub(super) async fn record(&self, entries: Vec<Entry>) -> Result<(), Trouble> {
        let log = self.inner.ports.audit();
        let bodies: Vec<(DateTime<Utc>, EntryBody)> = entries
            .iter()
            .map(|entry| (entry.at, EntryBody { bytes: entry.to_bytes(), terms: entry.terms() }))
            .collect();
        let kept = self.inner.edge.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut edge = match kept {
            Some(edge) => edge,
            None => self.edge_after(log.last().await?).await?,
        };
        for _ in 0..ATTEMPTS {
            let mut grown = edge.clone();
            let append = |(at, body): &(DateTime<Utc>, EntryBody)| grown.append(*at, body.clone());
            if unless_conflict(log.append(bodies.iter().map(append).collect()).await)? {
                *self.inner.edge.lock().unwrap_or_else(PoisonError::into_inner) = Some(grown);
                return Ok(());
            }
            edge = self.edge_after(log.last().await?).await?;
        }
        Err(Trouble::Contention { during: "append to the audit trail" })
    }

    async fn edge_after(&self, last: Option<StoredEntry>) -> Result<Edge, Trouble> {
        let at = last.as_ref().map_or(DateTime::<Utc>::MIN_UTC, |last| last.at);
        Ok(Edge { tree: self.tree_of(last).await?, at })
    }

    /// The tree over the entries up to the last one, from the nodes that lie with some of them.
    pub(super) async fn tree_of(&self, last: Option<StoredEntry>) -> Result<Frontier, Trouble> {
        let size = last.map_or(0, |entry| entry.index.saturating_add(1));
        Ok(self.nodes(Wanted::Frontier { size }).await?.frontier(size)?)
    }

    pub(super) async fn nodes(&self, wanted: Wanted) -> Result<Nodes, Trouble> {
        let log = self.inner.ports.audit();
        let mut nodes = Vec::new();
        for entry in wanted.entries() {
            nodes.extend(log.read(entry, 1).await?.into_iter().map(|found| (found.index, found.nodes)));
        }
        Ok(nodes.into_iter().collect())
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
            entry.by = keys.principal(tenant, principal.id()).await?;
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
    pub(super) async fn principal(
        &mut self,
        tenant: &TenantId,
        id: &PrincipalId,
    ) -> Result<Option<Pseudonym>, Trouble> {
        self.pseudonym(&Scope::Tenant(tenant.clone()), "principal", id.as_str()).await
    }

    pub(super) async fn pseudonym(
        &mut self,
        scope: &Scope,
        kind: &str,
        id: &str,
    ) -> Result<Option<Pseudonym>, Trouble> {
        let key = self.naming(scope).await?;
        Ok(key.map(|(_, key)| named(&key, kind, id)))
    }
}

/// Where the trail ends: what an append goes on from.
#[derive(Clone)]
pub(super) struct Edge {
    tree: Frontier,
    at: DateTime<Utc>,
}

impl Edge {
    /// The entry as it is stored. Its time never goes back, so that times are found as indexes are.
    fn append(&mut self, at: DateTime<Utc>, body: EntryBody) -> StoredEntry {
        let index = self.tree.size();
        self.at = self.at.max(at);
        let nodes = self.tree.append(leaf_hash(&body.bytes));
        StoredEntry { index, at: self.at, body: Some(body), nodes }
    }
}

/// What the trail calls something under a key of its scope.
pub(super) fn named(key: &SecretKey, kind: &str, id: &str) -> Pseudonym {
    Pseudonym::from_bytes(pseudonym(&key.derive("audit"), kind, id))
}

/// Why a trail cannot be vouched for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrailError {
    /// It breaks.
    #[error(transparent)]
    Broken(#[from] TrailBreak),
    /// There is no such entry.
    #[error("the trail of {size} entries has no entry {entry}")]
    NoEntry {
        /// The entry.
        entry: u64,
        /// Number of entries.
        size: u64,
    },
    /// The entry has expired: it is in the tree, and what it said is gone.
    #[error("entry {entry} has expired")]
    Expired {
        /// The entry.
        entry: u64,
    },
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// It cannot be read.
    #[error("the trail cannot be read")]
    Store(#[from] StoreError),
    /// An entry is not understood: a later version wrote it.
    #[error("entry {index} is not understood")]
    Unreadable {
        /// The entry.
        index: u64,
        /// Why.
        source: serde_json::Error,
    },
}
