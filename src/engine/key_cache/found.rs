//! The keys of a scope as they were read, and those of them that were unwrapped.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::contracts::ScopeRow;
use crate::crypto::SecretKey;

/// A scope's row, and by number the keys of it that were needed so far.
pub(in crate::engine) struct Found {
    pub(in crate::engine) row: ScopeRow,
    keys: Mutex<BTreeMap<u32, SecretKey>>,
}

impl Found {
    pub(in crate::engine) fn new(row: ScopeRow) -> Self {
        Self { row, keys: Mutex::default() }
    }

    /// A copy of a key that was unwrapped.
    pub(in crate::engine) fn key(&self, number: u32) -> Option<SecretKey> {
        self.keys().get(&number).map(|key| SecretKey::copied(key.expose()))
    }

    pub(in crate::engine) fn holds(&self, number: u32) -> bool {
        self.keys().contains_key(&number)
    }

    /// Keeps a copy of a key.
    pub(in crate::engine) fn keep(&self, number: u32, key: &SecretKey) {
        self.keys().insert(number, SecretKey::copied(key.expose()));
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<u32, SecretKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
