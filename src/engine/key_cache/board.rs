//! Where this process writes down that it changed a key, and where each of its caches looks.
//!
//! One for the process, whatever stewards there are over whatever stores: a handle that was built on its own refuses at once what another
//! one revoked. Two keys may share a number; then one change makes both be fetched anew, and nothing else.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Cache;

const PLACES: usize = 1_024;

static BOARD: [AtomicU64; PLACES] = [const { AtomicU64::new(0) }; PLACES];

/// How many changes were posted of a key, and of those that share its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Posted(u64);

/// What is posted of `key` so far.
pub(in crate::engine) fn posted<K: Hash>(key: &K) -> Posted {
    Posted(place(key).load(Ordering::SeqCst))
}

/// Posts a change of `key`: once it is made, and also where its future is dropped half-way, when nobody knows whether it was. The cache of whoever
/// made it, where there is one, lets go of it at once; others do so when they look.
pub(in crate::engine) struct Change<'c, K: Clone + Eq + Hash, V> {
    key: &'c K,
    cache: Option<&'c Cache<K, V>>,
}

impl<'c, K: Clone + Eq + Hash, V> Change<'c, K, V> {
    pub(in crate::engine) const fn of(key: &'c K, cache: Option<&'c Cache<K, V>>) -> Self {
        Self { key, cache }
    }
}

impl<K: Clone + Eq + Hash, V> Drop for Change<'_, K, V> {
    fn drop(&mut self) {
        place(self.key).fetch_add(1, Ordering::SeqCst);
        if let Some(cache) = self.cache {
            cache.forget(self.key);
        }
    }
}

fn place<K: Hash>(key: &K) -> &'static AtomicU64 {
    // With the keys of `new`, which are the same everywhere.
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let at = usize::try_from(hasher.finish() % PLACES as u64).unwrap_or(0);
    BOARD.get(at).unwrap_or(&BOARD[0])
}
