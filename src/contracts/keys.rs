//! The contract for wrapped keys: a store of its own, never in the same backup as the records.

use std::future::Future;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::{Expected, StoreError, Version};
use super::provider::ProviderKeyId;
use crate::core::place::Scope;

/// The state of one version of a scope's key (NIST SP 800-57 Part 1, section 7, the two states that this version knows).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "stores keep each as it is")]
pub enum KeyState {
    /// Usable: wrapped under the key of an epoch.
    Active {
        /// The epoch under which it is wrapped.
        epoch: u32,
        /// The wrapped key.
        wrapped: Vec<u8>,
    },
    /// Destroyed: only the fact is left.
    Destroyed {
        /// When.
        at: DateTime<Utc>,
        /// The epoch under which it was wrapped: copies of it die with that epoch.
        epoch: u32,
    },
}

impl std::fmt::Debug for KeyState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Active { epoch, .. } => write!(f, "Active(epoch {epoch})"),
            Self::Destroyed { at, epoch } => write!(f, "Destroyed(epoch {epoch}, {at})"),
        }
    }
}

/// One version of a scope's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct KeyVersion {
    /// Its number, from 1.
    pub number: u32,
    /// Its state.
    pub state: KeyState,
}

/// The keys of a scope, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct ScopeRow {
    /// The scope.
    pub scope: Scope,
    /// Version of the row, set by the caller: what [`Expected::next`] says.
    pub version: Version,
    /// Versions of the key.
    pub keys: Vec<KeyVersion>,
    /// Since when nothing new may be sealed here, where that is so: the scope was erased or its authorisation revoked.
    pub closed: Option<DateTime<Utc>>,
}

impl ScopeRow {
    /// The epochs under which live versions are wrapped.
    pub fn epochs(&self) -> impl Iterator<Item = u32> + '_ {
        self.keys.iter().filter_map(|key| match key.state {
            KeyState::Active { epoch, .. } => Some(epoch),
            KeyState::Destroyed { .. } => None,
        })
    }
}

/// What has become of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "stores keep each as it is")]
pub enum EpochState {
    /// Usable; the highest such epoch wraps new keys.
    Active {
        /// The epoch's key, wrapped by the provider.
        wrapped: Vec<u8>,
    },
    /// The provider's key is destroyed, and with it every copy of what was wrapped under this epoch.
    Destroyed {
        /// From when the destruction is effective.
        effective: DateTime<Utc>,
    },
}

/// One epoch: a provider key that can be destroyed, and the epoch's key under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct EpochRow {
    /// Its number, from 1.
    pub number: u32,
    /// Version of the row, set by the caller: what [`Expected::next`] says.
    pub version: Version,
    /// The provider's key.
    pub provider_key: ProviderKeyId,
    /// When it was opened.
    pub opened: DateTime<Utc>,
    /// Its state.
    pub state: EpochState,
}

/// Keeps wrapped keys, apart from the records that they open.
///
/// To ensure correctness:
/// - **`compare-and-set`**, **`read-your-writes`**, **`whole-rows`**, **`durable`**: as for
///   [`RecordStore`](super::RecordStore).
/// - **`own-backup`**: no backup of the records holds it, and none of it holds the records. A backup that held both would bring
///   erased data back.
/// - **`overwritten`**: once a row has been replaced, the old row's wrapped keys are not in the live store any more (no tombstone,
///   no history table).
/// - **`exact-listing`**: [`scopes`](Self::scopes) returns the rows in order of [`Scope::to_bytes`], each once, starting after
///   `after`, at most `limit`; [`epochs`](Self::epochs) returns all, in order of their numbers.
pub trait KeyStore: Send + Sync + 'static {
    /// Reads the keys of a scope.
    ///
    /// # Errors
    /// The store's own failures.
    fn scope(&self, scope: &Scope) -> impl Future<Output = Result<Option<ScopeRow>, StoreError>> + Send;

    /// Writes the keys of a scope where `expected` is found.
    ///
    /// # Errors
    /// A conflict where something else is found; otherwise the store's own failures.
    fn put_scope(
        &self,
        row: ScopeRow,
        expected: Expected,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Lists scopes.
    ///
    /// # Errors
    /// The store's own failures.
    fn scopes(
        &self,
        after: Option<&Scope>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ScopeRow>, StoreError>> + Send;

    /// Lists all epochs. There are few: one per rotation of the provider's key.
    ///
    /// # Errors
    /// The store's own failures.
    fn epochs(&self) -> impl Future<Output = Result<Vec<EpochRow>, StoreError>> + Send;

    /// Writes an epoch where `expected` is found.
    ///
    /// # Errors
    /// A conflict where something else is found; otherwise the store's own failures.
    fn put_epoch(
        &self,
        row: EpochRow,
        expected: Expected,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
