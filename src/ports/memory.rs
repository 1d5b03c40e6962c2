//! The in-memory port: for tests, examples and the model that other stores are compared with.

mod anchor;
mod audit;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::anchor::MemoryAnchor;
pub use self::audit::MemoryAudit;
use crate::contracts::{
    Document, DocumentKey, DocumentKind, DocumentStore, EpochRow, Expected, IndexEntry, KeyStore, Ports,
    RecordKey, RecordQuery, RecordRow, RecordStore, ScopeRow, StoreError, Version,
};
use crate::core::id::{ConnectionId, Name, RecordId, SubjectId, TenantId};
use crate::core::place::Scope;

/// All four stores in memory. Clones share them; [`snapshot`](Self::snapshot) makes independent ones.
///
/// Keeps every contract but `durable`: what it holds is gone with the process. A restart is played by dropping whatever uses it and
/// keeping a clone; a backup by a snapshot.
///
/// # Example: a backup of the records, restored
/// ```
/// use stewardship::contracts::{Ports, RecordStore};
/// use stewardship::ports::memory::Memory;
/// let memory = Memory::new();
/// let backup = memory.snapshot();
/// // …later, after a loss: records, papers and trail as they were; the keys as they are now.
/// memory.restore_records(&backup);
/// ```
#[derive(Clone, Default)]
pub struct Memory {
    records: MemoryRecords,
    keys: MemoryKeys,
    documents: MemoryDocuments,
    audit: MemoryAudit,
}

impl Memory {
    /// Empty stores.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A deep, independent copy of all four stores: a backup.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self {
            records: MemoryRecords(copy(&self.records.0)),
            keys: MemoryKeys(copy(&self.keys.0)),
            documents: MemoryDocuments(copy(&self.documents.0)),
            audit: MemoryAudit(copy(&self.audit.0)),
        }
    }

    /// Puts records, papers and audit trail back to what `backup` holds; the keys stay as they are.
    ///
    /// The same three that the SQLite port keeps in its records file.
    pub fn restore_records(&self, backup: &Self) {
        restore(&self.records.0, &backup.records.0);
        restore(&self.documents.0, &backup.documents.0);
        restore(&self.audit.0, &backup.audit.0);
    }

    /// Puts the keys back to what `backup` holds; the rest stays as it is.
    pub fn restore_keys(&self, backup: &Self) {
        restore(&self.keys.0, &backup.keys.0);
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("records", &self.records)
            .field("keys", &self.keys)
            .field("documents", &self.documents)
            .field("audit", &self.audit)
            .finish()
    }
}

impl Ports for Memory {
    type Records = MemoryRecords;
    type Keys = MemoryKeys;
    type Documents = MemoryDocuments;
    type Audit = MemoryAudit;

    fn records(&self) -> &MemoryRecords {
        &self.records
    }

    fn keys(&self) -> &MemoryKeys {
        &self.keys
    }

    fn documents(&self) -> &MemoryDocuments {
        &self.documents
    }

    fn audit(&self) -> &MemoryAudit {
        &self.audit
    }
}

/// Records in memory.
#[derive(Clone, Default)]
pub struct MemoryRecords(Shared<Records>);

impl MemoryRecords {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for MemoryRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records", lock(&self.0).rows.len())
    }
}

impl RecordStore for MemoryRecords {
    async fn put(&self, row: RecordRow, expected: Expected) -> Result<(), StoreError> {
        let mut records = lock(&self.0);
        let found = records.rows.get(&row.key).map(|row| row.version);
        met(expected, found, "put a record")?;
        records.remove(&row.key);
        records.insert(row);
        Ok(())
    }

    async fn fetch(&self, key: &RecordKey) -> Result<Option<RecordRow>, StoreError> {
        Ok(lock(&self.0).rows.get(key).cloned())
    }

    async fn delete(&self, key: &RecordKey, version: Version) -> Result<(), StoreError> {
        let mut records = lock(&self.0);
        let found = records.rows.get(key).map(|row| row.version);
        met(Expected::Version(version), found, "delete a record")?;
        records.remove(key);
        Ok(())
    }

    async fn list(
        &self,
        query: &RecordQuery,
        after: Option<&RecordKey>,
        limit: usize,
    ) -> Result<Vec<RecordRow>, StoreError> {
        Ok(lock(&self.0).list(query, after, limit))
    }
}

/// Rows with one index for each thing that a query may name; the rows themselves are the index by tenant.
#[derive(Clone, Default)]
struct Records {
    rows: BTreeMap<RecordKey, RecordRow>,
    by_category: BTreeMap<Name, BTreeSet<RecordKey>>,
    by_connection: BTreeMap<ConnectionId, BTreeSet<RecordKey>>,
    by_subject: BTreeMap<SubjectId, BTreeSet<RecordKey>>,
    by_entry: BTreeMap<IndexEntry, BTreeSet<RecordKey>>,
}

impl Records {
    fn insert(&mut self, row: RecordRow) {
        self.by_category.entry(row.category.clone()).or_default().insert(row.key.clone());
        if let Some(id) = &row.connection {
            self.by_connection.entry(id.clone()).or_default().insert(row.key.clone());
        }
        for id in row.subjects() {
            self.by_subject.entry(id.clone()).or_default().insert(row.key.clone());
        }
        for entry in &row.index {
            self.by_entry.entry(entry.clone()).or_default().insert(row.key.clone());
        }
        self.rows.insert(row.key.clone(), row);
    }

    fn remove(&mut self, key: &RecordKey) {
        let Some(row) = self.rows.remove(key) else { return };
        unindex(&mut self.by_category, &row.category, key);
        if let Some(id) = &row.connection {
            unindex(&mut self.by_connection, id, key);
        }
        for id in row.subjects() {
            unindex(&mut self.by_subject, id, key);
        }
        for entry in &row.index {
            unindex(&mut self.by_entry, entry, key);
        }
    }

    /// The rows wanted, through the index that leaves the fewest to look at.
    fn list(&self, query: &RecordQuery, after: Option<&RecordKey>, limit: usize) -> Vec<RecordRow> {
        let named: [Option<Vec<&BTreeSet<RecordKey>>>; 4] = [
            query.index.as_ref().map(|entry| self.by_entry.get(entry).into_iter().collect()),
            query.subject.as_ref().map(|id| self.by_subject.get(id).into_iter().collect()),
            query.connection.as_ref().map(|id| self.by_connection.get(id).into_iter().collect()),
            query
                .categories
                .as_ref()
                .map(|names| names.iter().filter_map(|name| self.by_category.get(name)).collect()),
        ];
        let fewest =
            named.into_iter().flatten().min_by_key(|sets| sets.iter().map(|keys| keys.len()).sum::<usize>());
        let first = query.tenant.as_ref().map(|tenant| RecordKey {
            tenant: tenant.clone(),
            kind: query.kind.clone().unwrap_or_else(|| Name::new("")),
            id: RecordId::new(""),
        });
        let start = match (first.as_ref(), after) {
            (Some(first), Some(after)) if after < first => Bound::Included(first),
            (_, Some(after)) => Bound::Excluded(after),
            (Some(first), None) => Bound::Included(first),
            (None, None) => Bound::Unbounded,
        };
        let range = (start, Bound::Unbounded);
        // Past the tenant (and, within it, the kind) there is nothing more to find.
        let within = |row: &&RecordRow| {
            query.tenant.as_ref().is_none_or(|tenant| {
                row.key.tenant == *tenant && query.kind.as_ref().is_none_or(|kind| row.key.kind == *kind)
            })
        };
        let mut page: Vec<&RecordRow> = match fewest {
            // A row is of one category: no two of the sets have a key in common.
            Some(sets) => sets
                .into_iter()
                .flat_map(|keys| {
                    let rows = keys.range::<RecordKey, _>(range).filter_map(|key| self.rows.get(key));
                    rows.take_while(within).filter(|row| query.matches(row)).take(limit)
                })
                .collect(),
            None => {
                let rows = self.rows.range::<RecordKey, _>(range).map(|(_, row)| row);
                rows.take_while(within).filter(|row| query.matches(row)).take(limit).collect()
            }
        };
        page.sort_by(|one, other| one.key.cmp(&other.key));
        page.into_iter().take(limit).cloned().collect()
    }
}

/// Wrapped keys in memory.
#[derive(Clone, Default)]
pub struct MemoryKeys(Shared<Keys>);

#[derive(Clone, Default)]
struct Keys {
    scopes: BTreeMap<Vec<u8>, ScopeRow>,
    epochs: BTreeMap<u32, EpochRow>,
}

impl MemoryKeys {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for MemoryKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = lock(&self.0);
        write!(f, "{} scopes, {} epochs", keys.scopes.len(), keys.epochs.len())
    }
}

impl KeyStore for MemoryKeys {
    async fn scope(&self, scope: &Scope) -> Result<Option<ScopeRow>, StoreError> {
        Ok(lock(&self.0).scopes.get(&scope.to_bytes()).cloned())
    }

    async fn put_scope(&self, row: ScopeRow, expected: Expected) -> Result<(), StoreError> {
        let mut keys = lock(&self.0);
        let name = row.scope.to_bytes();
        met(expected, keys.scopes.get(&name).map(|row| row.version), "put a scope's keys")?;
        keys.scopes.insert(name, row);
        Ok(())
    }

    async fn scopes(&self, after: Option<&Scope>, limit: usize) -> Result<Vec<ScopeRow>, StoreError> {
        let start = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.to_bytes()));
        let keys = lock(&self.0);
        Ok(keys.scopes.range((start, Bound::Unbounded)).take(limit).map(|(_, row)| row.clone()).collect())
    }

    async fn epochs(&self) -> Result<Vec<EpochRow>, StoreError> {
        Ok(lock(&self.0).epochs.values().cloned().collect())
    }

    async fn put_epoch(&self, row: EpochRow, expected: Expected) -> Result<(), StoreError> {
        let mut keys = lock(&self.0);
        met(expected, keys.epochs.get(&row.number).map(|row| row.version), "put an epoch")?;
        keys.epochs.insert(row.number, row);
        Ok(())
    }
}

/// The steward's papers in memory.
#[derive(Clone, Default)]
pub struct MemoryDocuments(Shared<BTreeMap<DocumentKey, Document>>);

impl MemoryDocuments {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for MemoryDocuments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} documents", lock(&self.0).len())
    }
}

impl DocumentStore for MemoryDocuments {
    async fn load(&self, key: &DocumentKey) -> Result<Option<Document>, StoreError> {
        Ok(lock(&self.0).get(key).cloned())
    }

    async fn save(&self, document: Document, expected: Expected) -> Result<(), StoreError> {
        let mut documents = lock(&self.0);
        met(expected, documents.get(&document.key).map(|found| found.version), "save a document")?;
        documents.insert(document.key.clone(), document);
        Ok(())
    }

    async fn list(
        &self,
        kind: DocumentKind,
        tenant: Option<&TenantId>,
        after: Option<&DocumentKey>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        let tenant_or_first = tenant.cloned().unwrap_or_else(|| TenantId::new(""));
        let first = DocumentKey { kind, tenant: tenant_or_first, id: String::new() };
        let start = match after {
            Some(after) if *after >= first => Bound::Excluded(after),
            _ => Bound::Included(&first),
        };
        Ok(lock(&self.0)
            .range::<DocumentKey, _>((start, Bound::Unbounded))
            .map(|(_, document)| document)
            .take_while(|document| document.key.kind == kind)
            .take_while(|document| tenant.is_none_or(|tenant| document.key.tenant == *tenant))
            .take(limit)
            .cloned()
            .collect())
    }
}

type Shared<T> = Arc<Mutex<T>>;

/// Every write replaces whole rows, so that what a panicking thread leaves behind is sound.
fn lock<T>(shared: &Shared<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn copy<T: Clone>(shared: &Shared<T>) -> Shared<T> {
    Arc::new(Mutex::new(lock(shared).clone()))
}

fn restore<T: Clone>(live: &Shared<T>, backup: &Shared<T>) {
    // Copied before the second lock is taken: a store may be restored from itself.
    let content = lock(backup).clone();
    *lock(live) = content;
}

fn met(expected: Expected, found: Option<Version>, during: &'static str) -> Result<(), StoreError> {
    if expected.is_met_by(found) { Ok(()) } else { Err(StoreError::conflict(during)) }
}

fn unindex<K: Ord>(index: &mut BTreeMap<K, BTreeSet<RecordKey>>, under: &K, key: &RecordKey) {
    if let Some(keys) = index.get_mut(under) {
        keys.remove(key);
        if keys.is_empty() {
            index.remove(under);
        }
    }
}
