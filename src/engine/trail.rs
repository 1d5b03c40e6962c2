//! Verifying the audit trail, and what its entries are about.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::keyring::KeySession;
use super::steward::Steward;
use super::trouble::Trouble;
use crate::contracts::{AuditLog, EntryBody, Ports, StoreError, StoredEntry};
use crate::core::access::{ActionType, Grant, Principal};
use crate::core::audit::tree::{Frontier, Nodes, TreeHead, Wanted, leaf_hash};
use crate::core::audit::{AuditEvent, Entry, EntryError, Pseudonym, Term, TrailBreak, Verifier};
use crate::core::id::{PrincipalId, RecordId, SubjectId, TenantId};
use crate::core::place::{Place, Scope};
use crate::crypto::{SecretKey, pseudonym};

/// Number of entries that are read at once.
const PAGE: usize = 512;

impl<P: Ports> Steward<P> {
    /// Verifies the whole trail and returns its head. Keep the head elsewhere, and give it the next time: truncation and rewriting
    /// are found only against a head that the trail's own store could not touch.
    ///
    /// That a search leaves out nothing is checked too: under each of its terms every entry is looked for, and nothing else may stand there.
    ///
    /// # Errors
    /// [`TrailError::Broken`] says where the trail breaks.
    pub async fn verify_trail(&self, kept: Option<TreeHead>) -> Result<TreeHead, TrailError> {
        let mut walk = self.walk_trail(kept);
        while let Some(page) = walk.page().await? {
            self.check_listing(&page).await?;
        }
        walk.finish()
    }

    /// Begins before the first entry.
    pub(super) fn walk_trail(&self, kept: Option<TreeHead>) -> Walk<'_, P> {
        Walk { log: self.inner.ports.audit(), verifier: Verifier::new(kept), next: Some(0) }
    }

    /// That each of these entries, which follow on one another, is listed under its terms, and none under another of theirs.
    async fn check_listing(&self, page: &[StoredEntry]) -> Result<(), TrailError> {
        let mut found = self.misfiled(page).await?;
        while let Some(index) = found {
            // It may have expired since it was read, and those before it: they are read again then, and there are fewer of them.
            let log = self.inner.ports.audit();
            if log.read(index, 1).await?.first().is_none_or(|stored| stored.body.is_some()) {
                return Err(TrailBreak::Misfiled { index }.into());
            }
            let from = page.first().map_or(index, |first| first.index);
            found = self.misfiled(&log.read(from, page.len()).await?).await?;
        }
        Ok(())
    }

    /// The first of these entries that is not listed where it should be, or that is where it should not be.
    async fn misfiled(&self, page: &[StoredEntry]) -> Result<Option<u64>, StoreError> {
        let (Some(from), Some(to)) = (page.first(), page.last()) else { return Ok(None) };
        let mut filed: BTreeMap<Term, Vec<u64>> = BTreeMap::new();
        for stored in page {
            let Some(body) = &stored.body else { continue };
            // Of what a later version wrote, it alone knows the terms.
            let terms =
                Entry::from_bytes(&body.bytes).map_or_else(|_| body.terms.clone(), |entry| entry.terms());
            terms.into_iter().for_each(|term| filed.entry(term).or_default().push(stored.index));
        }
        let mut first = None;
        for (term, wanted) in filed {
            // One more than there should be.
            let listed = self.inner.ports.audit().list(&term, from.index, wanted.len() + 1).await?;
            let listed = listed.iter().map(|stored| stored.index).filter(|index| *index <= to.index);
            first = first.into_iter().chain(parting(&wanted, &listed.collect::<Vec<_>>())).min();
        }
        Ok(first)
    }

    pub(super) fn entry(&self, event: AuditEvent) -> Entry {
        let mut entry = Entry::new(self.now(), self.inner.policy.digest(), event);
        entry.request = self.request;
        entry
    }

    /// Where the trail ends.
    pub(super) async fn edge(&self) -> Result<Edge, Trouble> {
        let last = self.inner.ports.audit().last().await?;
        let at = last.as_ref().map_or(DateTime::<Utc>::MIN_UTC, |last| last.at);
        Ok(Edge { tree: self.tree_of(size_after(last.as_ref())).await?, at })
    }

    /// Number of entries in the trail.
    pub(super) async fn trail_size(&self) -> Result<u64, StoreError> {
        Ok(size_after(self.inner.ports.audit().last().await?.as_ref()))
    }

    /// The tree over the first entries, from the nodes that lie with some of them.
    pub(super) async fn tree_of(&self, size: u64) -> Result<Frontier, Trouble> {
        Ok(self.nodes([Wanted::Frontier { size }]).await?.frontier(size)?)
    }

    /// The nodes that are wanted, from the entries that they lie with, each of which is read once.
    pub(super) async fn nodes(
        &self,
        wanted: impl IntoIterator<Item = Wanted> + Send,
    ) -> Result<Nodes, Trouble> {
        let log = self.inner.ports.audit();
        let entries: BTreeSet<u64> = wanted.into_iter().flat_map(Wanted::entries).collect();
        let mut nodes = Vec::with_capacity(entries.len());
        for entry in entries {
            nodes.extend(log.read(entry, 1).await?.into_iter().map(|found| (found.index, found.nodes)));
        }
        Ok(nodes.into_iter().collect())
    }

    /// An entry about a tenant and, where they are given, who acted, whom it is about and which record; each under a key that goes with
    /// them.
    ///
    /// A scope that has no key gets none here: an entry must not make a key outlive what it is for.
    pub(super) async fn entry_about(
        &self,
        keys: &mut KeySession<'_, P>,
        about: About<'_>,
        event: AuditEvent,
    ) -> Result<Entry, Trouble> {
        let mut entry = self.entry(event);
        let About { tenant, by, subject, record } = about;
        let own = Scope::Tenant(tenant.clone());
        entry.tenant = keys.pseudonym(&own, "tenant", tenant.as_str()).await?;
        if let Some(id) = by {
            entry.by = keys.principal(tenant, id).await?;
        }
        let person = subject.map(|subject| Scope::Subject(tenant.clone(), subject.clone()));
        if let Some((subject, scope)) = subject.zip(person.as_ref()) {
            entry.subject = keys.pseudonym(scope, "subject", subject.as_str()).await?;
        }
        if let Some(record) = record {
            entry.record = keys.pseudonym(person.as_ref().unwrap_or(&own), "record", record.as_str()).await?;
        }
        Ok(entry)
    }
}

/// A walk over the trail, from its beginning to its end: what it shows is known to follow on what came before.
pub(super) struct Walk<'s, P: Ports> {
    log: &'s P::Audit,
    verifier: Verifier,
    /// Where the next page begins, where there may be one.
    next: Option<u64>,
}

impl<P: Ports> Walk<'_, P> {
    /// The next entries, in order; `None` behind the last.
    pub(super) async fn page(&mut self) -> Result<Option<Vec<StoredEntry>>, TrailError> {
        let Some(from) = self.next else { return Ok(None) };
        let page = self.log.read(from, PAGE).await?;
        for entry in &page {
            self.verifier.entry(entry.index, entry.bytes(), &entry.nodes)?;
        }
        self.next = (page.len() >= PAGE).then_some(from + PAGE as u64);
        Ok(Some(page))
    }

    /// The head of the trail, once the walk is at its end.
    pub(super) fn finish(self) -> Result<TreeHead, TrailError> {
        Ok(self.verifier.finish()?)
    }
}

/// What an entry is about.
#[derive(Clone)]
pub(super) struct About<'a> {
    tenant: &'a TenantId,
    by: Option<&'a PrincipalId>,
    subject: Option<&'a SubjectId>,
    record: Option<RecordId>,
}

impl<'a> About<'a> {
    pub(super) const fn tenant(tenant: &'a TenantId) -> Self {
        Self { tenant, by: None, subject: None, record: None }
    }

    /// Something that somebody does in their own tenant.
    pub(super) fn by(principal: &'a Principal) -> Self {
        Self::tenant(principal.tenant()).acting(Some(principal))
    }

    /// The record at a place, and whom it is about.
    pub(super) fn at(place: &'a Place) -> Self {
        Self::tenant(place.tenant_id()).subject(place.subject_id()).record(place.record_id())
    }

    /// A scope of keys, and the person whose it is.
    pub(super) fn scope(scope: &'a Scope) -> Self {
        Self::tenant(scope.tenant()).subject(match scope {
            Scope::Subject(_, subject) => Some(subject),
            Scope::Tenant(_) | Scope::Connection(..) | Scope::Case(..) => None,
        })
    }

    /// Done by this principal: somebody of another tenant is not named.
    pub(super) fn acting(self, by: Option<&'a Principal>) -> Self {
        let own = by.filter(|by| by.tenant() == self.tenant);
        Self { by: own.map(Principal::id), ..self }
    }

    /// Done on a grant, within the tenant that it is for.
    pub(super) fn on(self, grant: &'a Grant<impl ActionType>) -> Self {
        Self { by: Some(grant.principal()).filter(|_| grant.tenant() == self.tenant), ..self }
    }

    pub(super) fn subject(self, subject: Option<&'a SubjectId>) -> Self {
        Self { subject, ..self }
    }

    pub(super) fn record(self, record: Option<RecordId>) -> Self {
        Self { record, ..self }
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

/// Where two lists of indexes part: the lower of the first two that differ.
fn parting(wanted: &[u64], listed: &[u64]) -> Option<u64> {
    let alike = wanted.iter().zip(listed).take_while(|(wanted, listed)| wanted == listed).count();
    wanted.get(alike).into_iter().chain(listed.get(alike)).min().copied()
}

fn size_after(last: Option<&StoredEntry>) -> u64 {
    last.map_or(0, |last| last.index.saturating_add(1))
}

/// Where the trail ends: what an append goes on from.
#[derive(Clone)]
pub(super) struct Edge {
    pub(super) tree: Frontier,
    at: DateTime<Utc>,
}

impl Edge {
    /// The entry as it is stored. Its time never goes back, so that times are found as indexes are.
    pub(super) fn append(&mut self, at: DateTime<Utc>, body: EntryBody) -> StoredEntry {
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
        source: EntryError,
    },
}
