//! The contract for sealed records.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::{Expected, StoreError, Version};
use crate::core::classification::Level;
use crate::core::id::{ConnectionId, Name, RecordId, SubjectId, TenantId};

/// Names one record: tenant, kind (the record type's name), identifier. Their order is the order of listings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct RecordKey {
    /// The tenant.
    pub tenant: TenantId,
    /// The kind of record.
    pub kind: Name,
    /// The identifier within tenant and kind.
    pub id: RecordId,
}

/// What is stored of a field.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "stores keep each as it is")]
pub enum FieldBody {
    /// An envelope.
    Sealed(Vec<u8>),
    /// The value's own bytes, for levels that the policy does not seal.
    Clear(Vec<u8>),
}

impl std::fmt::Debug for FieldBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sealed(bytes) => write!(f, "Sealed({} bytes)", bytes.len()),
            Self::Clear(bytes) => write!(f, "Clear({} bytes)", bytes.len()),
        }
    }
}

/// One field of a stored record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct StoredField {
    /// Name of the field.
    pub name: Name,
    /// Class of its value.
    pub class: Name,
    /// The person whom it is about, where there is one.
    pub subject: Option<SubjectId>,
    /// The value.
    pub body: FieldBody,
}

/// An entry of the blind index: a field and the keyed, cut digest of its value's normal form ([`BlindIndex`](crate::crypto::BlindIndex)).
///
/// To a store, bytes of any length that are compared whole. It goes with its row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct IndexEntry {
    /// Name of the field.
    pub field: Name,
    /// The entry: of the steward's, 10 to 24 bytes.
    pub tag: Vec<u8>,
}

/// A record as it is stored. Holds no value that the policy seals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct RecordRow {
    /// Its name.
    pub key: RecordKey,
    /// Its version, set by the caller: what [`Expected::next`] says.
    pub version: Version,
    /// The connection under which it stands.
    pub connection: Option<ConnectionId>,
    /// The person whom the record as a whole is about.
    pub subject: Option<SubjectId>,
    /// Its category.
    pub category: Name,
    /// The highest level of its fields.
    pub level: Level,
    /// The purpose under which it was stored.
    pub purpose: Name,
    /// The platform that it came from, where it came from one.
    pub platform: Option<Name>,
    /// When it was first stored.
    pub stored_at: DateTime<Utc>,
    /// Events of its life, for retention (`order_delivered`).
    pub events: BTreeMap<Name, DateTime<Utc>>,
    /// Its fields.
    pub fields: Vec<StoredField>,
    /// Its entries in the blind index.
    pub index: Vec<IndexEntry>,
}

impl RecordRow {
    /// Everyone whom the record or one of its fields is about.
    #[must_use]
    pub fn subjects(&self) -> BTreeSet<&SubjectId> {
        self.subject.iter().chain(self.fields.iter().filter_map(|field| field.subject.as_ref())).collect()
    }
}

/// Which records a listing wants; every part that is given must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart")]
pub struct RecordQuery {
    /// Records of this tenant.
    pub tenant: Option<TenantId>,
    /// Records of this kind.
    pub kind: Option<Name>,
    /// Records under this connection.
    pub connection: Option<ConnectionId>,
    /// Records that are about this person, as a whole or in one field.
    pub subject: Option<SubjectId>,
    /// Records of one of these categories; `None` means any.
    pub categories: Option<BTreeSet<Name>>,
    /// Records with this entry in the blind index.
    pub index: Option<IndexEntry>,
}

impl RecordQuery {
    /// Whether `row` is one that the query wants: the meaning of the query, for stores that filter themselves and for tests.
    #[must_use]
    pub fn matches(&self, row: &RecordRow) -> bool {
        self.tenant.as_ref().is_none_or(|tenant| row.key.tenant == *tenant)
            && self.kind.as_ref().is_none_or(|kind| row.key.kind == *kind)
            && self.connection.as_ref().is_none_or(|id| row.connection.as_ref() == Some(id))
            && self.subject.as_ref().is_none_or(|id| row.subjects().contains(id))
            && self.categories.as_ref().is_none_or(|categories| categories.contains(&row.category))
            && self.index.as_ref().is_none_or(|entry| row.index.contains(entry))
    }
}

/// Keeps sealed records.
///
/// To ensure correctness:
/// - **`compare-and-set`**: [`put`](Self::put) and [`delete`](Self::delete) take effect only where the expected version is found,
///   atomically; otherwise the answer is a conflict and nothing has changed.
/// - **`read-your-writes`**: once a write has returned, every read sees it.
/// - **`whole-rows`**: a row is seen whole or not at all; a dropped future leaves the old row or the new one.
/// - **`exact-listing`**: [`list`](Self::list) returns the rows that [`RecordQuery::matches`], in order of their keys, each once,
///   starting after `after`, at most `limit`.
/// - **`durable`**: what has been acknowledged survives a restart.
pub trait RecordStore: Send + Sync + 'static {
    /// Writes `row` where `expected` is found.
    ///
    /// # Errors
    /// A conflict where something else is found; otherwise the store's own failures.
    fn put(&self, row: RecordRow, expected: Expected) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Reads one record.
    ///
    /// # Errors
    /// The store's own failures.
    fn fetch(&self, key: &RecordKey) -> impl Future<Output = Result<Option<RecordRow>, StoreError>> + Send;

    /// Deletes a record, with its index entries, where this very version is found.
    ///
    /// # Errors
    /// A conflict where another version, or nothing, is found; otherwise the store's own failures.
    fn delete(
        &self,
        key: &RecordKey,
        version: Version,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Lists records, in order of their keys.
    ///
    /// # Errors
    /// The store's own failures.
    fn list(
        &self,
        query: &RecordQuery,
        after: Option<&RecordKey>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<RecordRow>, StoreError>> + Send;
}
