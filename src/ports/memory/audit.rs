//! The audit trail in memory.

use std::collections::BTreeMap;
use std::fmt;

use super::{Shared, lock};
use crate::contracts::{AuditLog, StoreError, StoredEntry};
use crate::core::audit::Term;

/// The audit trail in memory.
#[derive(Clone, Default)]
pub struct MemoryAudit(pub(super) Shared<Trail>);

#[derive(Clone, Default)]
pub(super) struct Trail {
    entries: Vec<StoredEntry>,
    /// The entries with each term, by their index, in order.
    found_by: BTreeMap<Term, Vec<u64>>,
    /// How many have expired.
    expired: usize,
}

impl MemoryAudit {
    /// An empty trail.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for MemoryAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries", lock(&self.0).entries.len())
    }
}

impl AuditLog for MemoryAudit {
    async fn append(&self, entries: Vec<StoredEntry>) -> Result<(), StoreError> {
        let mut trail = lock(&self.0);
        let next = trail.entries.len() as u64;
        if !entries.iter().map(|entry| entry.index).eq((next..).take(entries.len())) {
            return Err(StoreError::conflict("append to the audit trail"));
        }
        for entry in entries {
            for term in entry.body.iter().flat_map(|body| &body.terms) {
                trail.found_by.entry(*term).or_default().push(entry.index);
            }
            trail.entries.push(entry);
        }
        Ok(())
    }

    async fn read(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(lock(&self.0).entries.iter().skip(from).take(limit).cloned().collect())
    }

    async fn last(&self) -> Result<Option<StoredEntry>, StoreError> {
        Ok(lock(&self.0).entries.last().cloned())
    }

    async fn list(&self, term: &Term, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let trail = lock(&self.0);
        let found = trail.found_by.get(term).map(Vec::as_slice).unwrap_or_default();
        let first = found.partition_point(|index| *index < from);
        let found = found.iter().skip(first).take(limit).filter_map(|index| trail.entry(*index));
        Ok(found.cloned().collect())
    }

    async fn expire(&self, below: u64) -> Result<(), StoreError> {
        let mut trail = lock(&self.0);
        let Trail { entries, found_by, expired } = &mut *trail;
        let below = usize::try_from(below).unwrap_or(usize::MAX).min(entries.len());
        let over = entries.iter_mut().take(below).skip(*expired);
        for body in over.filter_map(|entry| entry.body.take()) {
            for term in body.terms {
                if let Some(found) = found_by.get_mut(&term) {
                    found.drain(..found.partition_point(|index| *index < below as u64));
                    if found.is_empty() {
                        found_by.remove(&term);
                    }
                }
            }
        }
        *expired = below.max(*expired);
        Ok(())
    }
}

impl Trail {
    fn entry(&self, index: u64) -> Option<&StoredEntry> {
        self.entries.get(usize::try_from(index).ok()?)
    }
}
