//! The contract for wrapped keys: a store of its own, never in the same backup as the records.

use std::fmt;
use std::future::Future;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::{Expected, StoreError, Version};
use super::provider::ProviderKeyId;
use crate::core::keys::{KeyEvent, KeyPhase, KeyRefusal};
use crate::core::place::Scope;

/// The state of one version of a scope's key: what is stored of its [`KeyPhase`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "stores keep each as it is")]
pub enum KeyState {
    /// It is there, wrapped under the key of an epoch.
    Live {
        /// What may be done with it.
        standing: Standing,
        /// The epoch under which it is wrapped.
        epoch: u32,
        /// The wrapped key.
        wrapped: Vec<u8>,
    },
    /// Destroyed: only the fact is left.
    Destroyed(Tombstone),
}

/// What may be done with a key that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "stores keep each as it is")]
pub enum Standing {
    /// It seals and opens.
    Active,
    /// It does neither until it is resumed.
    Suspended {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// It opens, and seals nothing more.
    Deactivated {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Somebody else may have it: it opens what is still to be sealed anew, and seals nothing more.
    Compromised {
        /// Since when that is known.
        since: DateTime<Utc>,
        /// Why, in the caller's own words.
        reason: String,
        /// When it had been deactivated, where it had.
        deactivated: Option<DateTime<Utc>>,
    },
}

/// What is left of a key that was destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stores keep it as it is")]
pub struct Tombstone {
    /// When it was destroyed.
    pub at: DateTime<Utc>,
    /// The epoch under which it was wrapped: copies of it die with that epoch.
    pub epoch: u32,
    /// What destroyed it: the id of a disposal, or `accountability/…` with a case, or `epoch/…` with the number of one that is gone.
    pub under: String,
    /// When it had been deactivated, where it had.
    pub deactivated: Option<DateTime<Utc>>,
    /// Since when it had been known as compromised, where it was: others may have a copy that no destruction reaches.
    pub compromised: Option<DateTime<Utc>>,
}

impl fmt::Debug for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live { standing, epoch, .. } => write!(f, "{standing:?}(epoch {epoch})"),
            Self::Destroyed(tombstone) => tombstone.fmt(f),
        }
    }
}

/// One version of a scope's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct KeyVersion {
    /// Its number, from 1.
    pub number: u32,
    /// When it was taken into use.
    pub activated: DateTime<Utc>,
    /// Its state.
    pub state: KeyState,
}

impl KeyVersion {
    /// Its phase.
    #[must_use]
    pub const fn phase(&self) -> KeyPhase {
        match &self.state {
            KeyState::Live { standing: Standing::Active, .. } => KeyPhase::Active,
            KeyState::Live { standing: Standing::Suspended { .. }, .. } => KeyPhase::Suspended,
            KeyState::Live { standing: Standing::Deactivated { .. }, .. } => KeyPhase::Deactivated,
            KeyState::Live { standing: Standing::Compromised { .. }, .. } => KeyPhase::Compromised,
            KeyState::Destroyed(_) => KeyPhase::Destroyed,
        }
    }

    /// Since when it is suspended, where it is.
    #[must_use]
    pub const fn suspended_since(&self) -> Option<DateTime<Utc>> {
        match &self.state {
            KeyState::Live { standing: Standing::Suspended { since }, .. } => Some(*since),
            _ => None,
        }
    }

    /// Lets `event` happen to it at `at`: `why` is the reason of a compromise, or what destroys it. `false` where it has happened already.
    ///
    /// The one way in which a state becomes another.
    ///
    /// # Errors
    /// [`KeyRefusal`] where the event is not open to a key in its phase; nothing is changed then.
    pub fn undergo(&mut self, event: KeyEvent, at: DateTime<Utc>, why: &str) -> Result<bool, KeyRefusal> {
        let (before, after) = (self.phase(), self.phase().after(event)?);
        if before == after {
            return Ok(false);
        }
        let KeyState::Live { standing, epoch, .. } = &mut self.state else { return Ok(false) };
        let deactivated = match standing {
            Standing::Deactivated { since } => Some(*since),
            Standing::Compromised { deactivated, .. } => *deactivated,
            Standing::Active | Standing::Suspended { .. } => None,
        };
        match after {
            KeyPhase::PreActive | KeyPhase::Active => *standing = Standing::Active,
            KeyPhase::Suspended => *standing = Standing::Suspended { since: at },
            KeyPhase::Deactivated => *standing = Standing::Deactivated { since: at },
            KeyPhase::Compromised => {
                *standing = Standing::Compromised { since: at, reason: why.to_owned(), deactivated };
            }
            KeyPhase::Destroyed => {
                let compromised = match standing {
                    Standing::Compromised { since, .. } => Some(*since),
                    _ => None,
                };
                let (epoch, under) = (*epoch, why.to_owned());
                self.state = KeyState::Destroyed(Tombstone { at, epoch, under, deactivated, compromised });
            }
        }
        Ok(true)
    }
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
    /// The lowest number of a version that still opens; 0 where none was set.
    pub minimum: u32,
}

impl ScopeRow {
    /// The epochs under which live versions are wrapped.
    pub fn epochs(&self) -> impl Iterator<Item = u32> + '_ {
        self.keys.iter().filter_map(|key| match key.state {
            KeyState::Live { epoch, .. } => Some(epoch),
            KeyState::Destroyed(_) => None,
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

/// How far the scope keys have moved into an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "stores keep each as it is")]
pub enum Moving {
    /// None has been looked at.
    Begun,
    /// All up to this scope, in order of [`Scope::to_bytes`].
    Past(Scope),
    /// All.
    Done,
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
    /// How far the scope keys have moved into it: a pass that stopped goes on from there.
    pub moving: Moving,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day)
    }

    fn fresh() -> KeyVersion {
        let state = KeyState::Live { standing: Standing::Active, epoch: 3, wrapped: vec![0xA5; 4] };
        KeyVersion { number: 1, activated: at(0), state }
    }

    /// The stored form follows the pure machine, through every event from every phase that a store can hold.
    #[test]
    fn what_is_stored_follows_the_phases() {
        let ways: [&[KeyEvent]; 5] = [
            &[],
            &[KeyEvent::Suspend],
            &[KeyEvent::Deactivate],
            &[KeyEvent::Compromise],
            &[KeyEvent::Destroy],
        ];
        for way in ways {
            for event in KeyEvent::ALL {
                let mut key = fresh();
                for event in way {
                    assert_eq!(key.undergo(*event, at(1), "why"), Ok(true));
                }
                let (before, expected) = (key.clone(), key.phase().after(*event));
                let happened = key.undergo(*event, at(2), "why");
                assert_eq!(happened.map(|_| key.phase()), expected, "{before:?} {event}");
                assert_eq!(happened.unwrap_or(false), key != before, "{before:?} {event}");
            }
        }
    }

    #[test]
    fn a_tombstone_keeps_the_dates_and_no_bytes() {
        let mut key = fresh();
        key.undergo(KeyEvent::Deactivate, at(1), "").unwrap();
        key.undergo(KeyEvent::Compromise, at(2), "found in a log").unwrap();
        assert!(format!("{key:?}").contains("found in a log") && !format!("{key:?}").contains("165"));
        key.undergo(KeyEvent::Destroy, at(3), "case/7").unwrap();
        let (deactivated, compromised) = (Some(at(1)), Some(at(2)));
        let tombstone =
            Tombstone { at: at(3), epoch: 3, under: "case/7".to_owned(), deactivated, compromised };
        assert_eq!(key.state, KeyState::Destroyed(tombstone));
        assert!(!serde_json::to_string(&key).unwrap().contains("wrapped"));
    }
}
