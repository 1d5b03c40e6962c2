//! What a steward may keep of its keys between calls, where the host says so: bounded in number, age and uses.
//!
//! A miss is filled by one task, and the others wait for it. What this process changed is refused by every cache in it at once: see
//! [`board`].

pub(super) mod board;
mod found;

pub(super) use self::found::Found;

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::core::place::Scope;
use crate::crypto::SecretKey;

/// How many scopes' keys a steward may keep in memory between calls, for how long, and for how many uses.
///
/// Without a cache (the default) every call asks the key store, so that what another process revoked is refused here from the next call on. With
/// one, **another process's revocation is refused here after `age` at the latest**; what this process revoked is refused at once, by
/// every steward in it.
///
/// Keys that are pushed out, used up, or changed by this steward are wiped from memory at once (as soon as no call holds them); those that are too old, or that
/// another steward of this process changed, when they are asked for or when others are fetched, whichever is first.
///
/// # Example: a minute for a thousand scopes
/// ```
/// use std::time::Duration;
/// use stewardship::engine::KeyCache;
/// use stewardship::ports::{local_keys::LocalKeys, memory::Memory};
/// use stewardship::{Policy, Steward};
/// # let policy = Policy::from_toml(include_str!("../../../examples/policies/complete.toml"))?;
/// let builder = Steward::builder(policy, Memory::new(), LocalKeys::in_memory());
/// let builder = builder.key_cache(KeyCache::for_at_most(Duration::from_secs(60)).scopes(1_000));
/// let steward = stewardship::block_on(builder.build())?;
/// # let _ = steward.now();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyCache {
    age: Duration,
    scopes: usize,
    uses: u64,
}

impl KeyCache {
    /// The oldest that a cache may let a key become: one hour, as long as a grant lives.
    pub const MAX_AGE: Duration = Duration::from_secs(3_600);

    /// Keys are kept for `age`, and [`MAX_AGE`](Self::MAX_AGE) at most: the bound within which what other processes revoked is refused here.
    /// Of 1,024 scopes, for 2^20 uses each, where nothing else is said.
    #[must_use]
    pub const fn for_at_most(age: Duration) -> Self {
        let age = if age.as_nanos() < Self::MAX_AGE.as_nanos() { age } else { Self::MAX_AGE };
        Self { age, scopes: 1_024, uses: 1 << 20 }
    }

    /// Keeps the keys of so many scopes at most; of more, those that were used longest ago go.
    #[must_use]
    pub const fn scopes(self, scopes: usize) -> Self {
        Self { scopes, ..self }
    }

    /// Asks the key store anew after so many uses of a scope's keys.
    #[must_use]
    pub const fn uses(self, uses: u64) -> Self {
        Self { uses, ..self }
    }

    /// The bound within which what other processes revoked is refused here.
    #[must_use]
    pub const fn age(&self) -> Duration {
        self.age
    }
}

/// What a steward with a cache keeps.
pub(super) struct Keyring {
    pub(super) scopes: Cache<Scope, Found>,
    pub(super) epochs: Cache<u32, SecretKey>,
}

impl Keyring {
    pub(super) fn new(limits: KeyCache) -> Self {
        Self { scopes: Cache::new(limits), epochs: Cache::new(limits) }
    }
}

/// How often a cache looks for what is no longer good, at most.
const TIDY: Duration = Duration::from_secs(1);

/// Values by key, with the limits of a [`KeyCache`].
pub(super) struct Cache<K, V> {
    limits: KeyCache,
    held: Mutex<Held<K, V>>,
}

struct Held<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// The keys of the entries, by when they were used last.
    order: BTreeMap<u64, K>,
    /// Counts uses.
    tick: u64,
    /// What is being fetched, with who waits for it.
    flights: HashMap<K, Vec<Waker>>,
    /// When all that was no longer good went last.
    tidied: Instant,
}

struct Entry<V> {
    value: Arc<V>,
    tick: u64,
    uses: u64,
    posted: board::Posted,
    fetched: DateTime<Utc>,
    since: Instant,
}

/// What a cache has.
pub(super) enum Lookup<'c, K: Clone + Eq + Hash, V> {
    /// It.
    Kept(Arc<V>),
    /// Nothing: whoever holds the flight fetches it, and everybody else waits.
    Missing(Flight<'c, K, V>),
}

impl<K: Clone + Eq + Hash, V> Cache<K, V> {
    pub(super) fn new(limits: KeyCache) -> Self {
        let (entries, flights, tidied) = (HashMap::new(), HashMap::new(), Instant::now());
        let held = Held { entries, order: BTreeMap::new(), tick: 0, flights, tidied };
        Self { limits, held: Mutex::new(held) }
    }

    /// What is kept for `key`; or leave to fetch it, once nobody else does.
    pub(super) async fn find(&self, key: &K, now: DateTime<Utc>) -> Lookup<'_, K, V> {
        poll_fn(|context| self.poll_find(key, now, context)).await
    }

    fn poll_find(&self, key: &K, now: DateTime<Utc>, context: &mut Context<'_>) -> Poll<Lookup<'_, K, V>> {
        let mut held = self.held();
        if let Some(value) = held.take_up(key, &self.limits, now) {
            return Poll::Ready(Lookup::Kept(value));
        }
        if let Some(waiting) = held.flights.get_mut(key) {
            waiting.push(context.waker().clone());
            return Poll::Pending;
        }
        held.flights.insert(key.clone(), Vec::new());
        // Before whatever is fetched: what is posted while it is on its way makes it stale.
        let posted = board::posted(key);
        Poll::Ready(Lookup::Missing(Flight { cache: self, key: key.clone(), posted }))
    }

    /// Lets go of what is kept for `key`.
    fn forget(&self, key: &K) {
        let mut held = self.held();
        if let Some(old) = held.entries.remove(key) {
            held.order.remove(&old.tick);
        }
    }

    fn held(&self) -> MutexGuard<'_, Held<K, V>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, V> Held<K, V> {
    /// What is kept and good; what is no longer good goes.
    fn take_up(&mut self, key: &K, limits: &KeyCache, now: DateTime<Utc>) -> Option<Arc<V>> {
        let entry = self.entries.get_mut(key)?;
        let ordered = self.order.remove(&entry.tick);
        if !entry.is_good(key, limits, now) {
            self.entries.remove(key);
            return None;
        }
        self.tick += 1;
        (entry.tick, entry.uses) = (self.tick, entry.uses + 1);
        self.order.insert(self.tick, ordered.unwrap_or_else(|| key.clone()));
        Some(Arc::clone(&entry.value))
    }

    /// Lets go of everything that is no longer good, whether anybody asks for it or not; now and then, since it looks at all there is.
    fn tidy(&mut self, limits: &KeyCache, now: DateTime<Utc>) {
        if self.tidied.elapsed() < limits.age.min(TIDY) {
            return;
        }
        self.tidied = Instant::now();
        let order = &mut self.order;
        self.entries.retain(|key, entry| {
            let good = entry.is_good(key, limits, now);
            if !good {
                order.remove(&entry.tick);
            }
            good
        });
    }

    fn keep(&mut self, key: K, mut entry: Entry<V>, limits: &KeyCache) {
        if limits.scopes == 0 {
            return;
        }
        if let Some(old) = self.entries.remove(&key) {
            self.order.remove(&old.tick);
        }
        while self.entries.len() >= limits.scopes {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.entries.remove(&oldest);
        }
        self.tick += 1;
        entry.tick = self.tick;
        self.order.insert(self.tick, key.clone());
        self.entries.insert(key, entry);
    }
}

impl<V> Entry<V> {
    /// By the steward's clock and by the machine's own: a clock that stands still, or is put back, makes no key young.
    fn is_good<K: Hash>(&self, key: &K, limits: &KeyCache, now: DateTime<Utc>) -> bool {
        let young = (now - self.fetched).to_std().is_ok_and(|age| age < limits.age);
        young
            && self.since.elapsed() < limits.age
            && self.uses < limits.uses
            && self.posted == board::posted(key)
    }
}

/// Leave to fetch what is missing. Whoever waits for it goes on when this is dropped, filled or not.
pub(super) struct Flight<'c, K: Clone + Eq + Hash, V> {
    cache: &'c Cache<K, V>,
    key: K,
    posted: board::Posted,
}

impl<K: Clone + Eq + Hash, V> Flight<'_, K, V> {
    /// Keeps what was fetched, and hands it out for its first use.
    pub(super) fn land(self, value: V, now: DateTime<Utc>) -> Arc<V> {
        let value = Arc::new(value);
        let entry = Entry {
            value: Arc::clone(&value),
            tick: 0,
            uses: 1,
            posted: self.posted,
            fetched: now,
            since: Instant::now(),
        };
        let mut held = self.cache.held();
        held.tidy(&self.cache.limits, now);
        held.keep(self.key.clone(), entry, &self.cache.limits);
        drop(held);
        value
    }
}

impl<K: Clone + Eq + Hash, V> Drop for Flight<'_, K, V> {
    fn drop(&mut self) {
        let waiting = self.cache.held().flights.remove(&self.key).unwrap_or_default();
        waiting.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests;
