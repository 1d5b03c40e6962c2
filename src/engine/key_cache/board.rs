//! Where this process writes down that it changed a key, and where each of its caches looks.
//!
//! One for the process, whatever stewards there are over whatever stores: a handle that was built on its own refuses at once what another
//! one revoked. Two keys may share a number; then one change makes both be fetched anew, and nothing else.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

const PLACES: usize = 1_024;

static BOARD: [AtomicU64; PLACES] = [const { AtomicU64::new(0) }; PLACES];

/// How many changes were posted of a key, and of those that share its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Posted(u64);

/// What is posted of `key` so far.
pub(in crate::engine) fn posted<K: Hash>(key: &K) -> Posted {
    Posted(place(key).load(Ordering::SeqCst))
}

/// Posts a change of `key`: once it is made, and also where its future is dropped half-way, when nobody knows whether it was.
pub(in crate::engine) struct Change<'k, K: Hash>(pub(in crate::engine) &'k K);

impl<K: Hash> Drop for Change<'_, K> {
    fn drop(&mut self) {
        place(self.0).fetch_add(1, Ordering::SeqCst);
    }
}

fn place<K: Hash>(key: &K) -> &'static AtomicU64 {
    // With the keys of `new`, which are the same everywhere.
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let at = usize::try_from(hasher.finish() % PLACES as u64).unwrap_or(0);
    BOARD.get(at).unwrap_or(&BOARD[0])
}
