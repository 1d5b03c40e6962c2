//! Stores of a test's own: a key store that counts its calls, and that may take nothing new.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use stewardship::contracts::{Bundle, EpochRow, Expected, KeyStore, Ports, ScopeRow, StoreError};
use stewardship::engine::{Blocking, Builder, KeyCache};
use stewardship::ports::memory::{Memory, MemoryAudit, MemoryDocuments, MemoryKeys, MemoryRecords};
use stewardship::{Scope, Steward, block_on};

use crate::world::*;

/// A memory whose keys are watched.
#[derive(Clone)]
pub(crate) struct Watched {
    memory: Memory,
    calls: Arc<AtomicU64>,
    largest: Arc<AtomicUsize>,
    refuses: Arc<AtomicBool>,
}

/// The watched keys.
#[derive(Clone)]
pub(crate) struct WatchedKeys {
    inner: MemoryKeys,
    calls: Arc<AtomicU64>,
    largest: Arc<AtomicUsize>,
    refuses: Arc<AtomicBool>,
}

type Stores = Bundle<MemoryRecords, WatchedKeys, MemoryDocuments, MemoryAudit>;

impl Watched {
    pub(crate) fn new(memory: &Memory) -> Self {
        Self {
            memory: memory.clone(),
            calls: Arc::default(),
            largest: Arc::default(),
            refuses: Arc::default(),
        }
    }

    pub(crate) fn steward(&self, world: &World) -> Blocking<Stores> {
        self.built(world, |builder| builder)
    }

    /// The same with a cache of keys.
    pub(crate) fn caching(&self, world: &World, limits: KeyCache) -> Blocking<Stores> {
        self.built(world, |builder| builder.key_cache(limits))
    }

    fn built(
        &self,
        world: &World,
        with: impl FnOnce(Builder<Stores>) -> Builder<Stores>,
    ) -> Blocking<Stores> {
        let keys = WatchedKeys {
            inner: self.memory.keys().clone(),
            calls: Arc::clone(&self.calls),
            largest: Arc::clone(&self.largest),
            refuses: Arc::clone(&self.refuses),
        };
        let stores = Bundle {
            records: self.memory.records().clone(),
            keys,
            documents: self.memory.documents().clone(),
            audit: self.memory.audit().clone(),
        };
        let steward = Steward::builder(world.policy.clone(), stores, world.provider.clone())
            .bind::<(Token, Creator, Order, Voucher, Note, Pacing)>()
            .source("newsletter", world.newsletter.clone())
            .source("mailer", world.mailer.clone())
            .clock(world.clock.clone());
        block_on(with(steward).build()).unwrap().blocking()
    }

    /// Number of calls of the key store so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// The largest page of scopes that was read.
    pub(crate) fn largest_page(&self) -> usize {
        self.largest.load(Ordering::Relaxed)
    }

    /// Whether the key store takes no scope any more.
    pub(crate) fn refuse_writes(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::Relaxed);
    }
}

impl WatchedKeys {
    fn called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }
}

impl KeyStore for WatchedKeys {
    async fn scope(&self, scope: &Scope) -> Result<Option<ScopeRow>, StoreError> {
        self.called();
        self.inner.scope(scope).await
    }

    async fn put_scope(&self, row: ScopeRow, expected: Expected) -> Result<(), StoreError> {
        self.called();
        match self.refuses.load(Ordering::Relaxed) {
            true => Err(StoreError::unavailable("put a scope's keys", "it takes nothing")),
            false => self.inner.put_scope(row, expected).await,
        }
    }

    async fn scopes(&self, after: Option<&Scope>, limit: usize) -> Result<Vec<ScopeRow>, StoreError> {
        self.called();
        let page = self.inner.scopes(after, limit).await?;
        self.largest.fetch_max(page.len(), Ordering::Relaxed);
        Ok(page)
    }

    async fn epochs(&self) -> Result<Vec<EpochRow>, StoreError> {
        self.called();
        self.inner.epochs().await
    }

    async fn put_epoch(&self, row: EpochRow, expected: Expected) -> Result<(), StoreError> {
        self.called();
        self.inner.put_epoch(row, expected).await
    }
}
