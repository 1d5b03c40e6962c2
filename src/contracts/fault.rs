//! Faults on purpose: wrappers that let a test crash at any storage call.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::audit::{AuditLog, StoredEntry};
use super::documents::{Document, DocumentKey, DocumentKind, DocumentStore};
use super::error::{Expected, StoreError, Version};
use super::keys::{EpochRow, KeyStore, ScopeRow};
use super::ports::Ports;
use super::provider::{Destruction, KeyProvider, ProviderError, ProviderKeyId};
use super::records::{RecordKey, RecordQuery, RecordRow, RecordStore};
use super::source::{
    Answer, DataSource, Disposed, Erasure, ExportedRecord, SourceError, SourceItem, SubjectRef, TaskId,
};
use crate::core::audit::Term;
use crate::core::id::{Name, TenantId};
use crate::core::place::Scope;
use crate::crypto::SecretKey;

/// When a call that crashes does so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a test goes through each")]
pub enum Moment {
    /// Before the call takes effect: nothing was read or written.
    Before,
    /// After the call took effect, before its answer arrived: what was written is there, and the caller cannot know.
    After,
}

impl Moment {
    /// Both moments, for a test that goes through each.
    pub const ALL: [Self; 2] = [Self::Before, Self::After];
}

/// The plan of a crash, and the count of calls, shared by every wrapper that was made with it.
///
/// From the crash on every call fails, as if the machine were gone, until [`recover`](Self::recover).
///
/// # Example: the answer to a write is lost
/// ```
/// use stewardship::Scope;
/// use stewardship::contracts::{Expected, Faults, Faulty, KeyStore, Moment, Ports, ScopeRow, Version, block_on};
/// use stewardship::ports::memory::Memory;
/// let faults = Faults::crash_at(1, Moment::After);
/// let ports = Faulty::new(Memory::new(), &faults);
/// let scope = Scope::subject("acme", "ada");
/// let row = ScopeRow { scope: scope.clone(), version: Version::FIRST, keys: Vec::new(), closed: None, minimum: 0 };
/// assert!(block_on(ports.keys().put_scope(row.clone(), Expected::Absent)).is_err());
/// assert!(block_on(ports.keys().scope(&scope)).is_err()); // still down
/// faults.recover();
/// assert_eq!(block_on(ports.keys().scope(&scope))?, Some(row)); // it had been written
/// # Ok::<(), stewardship::contracts::StoreError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Plan>>);

impl Faults {
    /// No crash: only counts.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Crashes at the `n`-th call, counted from 1.
    #[must_use]
    pub fn crash_at(n: u64, moment: Moment) -> Self {
        let faults = Self::none();
        faults.arm(n, moment);
        faults
    }

    /// Crashes at the `n`-th call from now on, counted from 1: for a second crash, during recovery.
    pub fn arm(&self, n: u64, moment: Moment) {
        self.with(|plan| plan.crash = Some((plan.calls.saturating_add(n), moment)));
    }

    /// The machine is back, with what the stores hold; no further crash is planned.
    pub fn recover(&self) {
        self.with(|plan| {
            plan.crash = None;
            plan.down = false;
        });
    }

    /// Number of calls seen so far, those included that failed.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.with(|plan| plan.calls)
    }

    /// Whether the crash has happened, and nothing has recovered from it.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.with(|plan| plan.down)
    }

    fn with<T>(&self, use_plan: impl FnOnce(&mut Plan) -> T) -> T {
        use_plan(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts one call and lets it through, or crashes.
    async fn pass<T, E>(
        &self,
        call: impl Future<Output = Result<T, E>> + Send,
        crashed: impl FnOnce() -> E + Send,
    ) -> Result<T, E> {
        match self.with(Plan::next) {
            None => call.await,
            Some(Moment::Before) => Err(crashed()),
            Some(Moment::After) => {
                // Whether it succeeded is what the caller is not to know.
                let _ = call.await;
                Err(crashed())
            }
        }
    }
}

#[derive(Debug, Default)]
struct Plan {
    calls: u64,
    crash: Option<(u64, Moment)>,
    down: bool,
}

impl Plan {
    fn next(&mut self) -> Option<Moment> {
        self.calls = self.calls.saturating_add(1);
        if self.down {
            return Some(Moment::Before);
        }
        let (at, moment) = self.crash?;
        if at != self.calls {
            return None;
        }
        self.down = true;
        Some(moment)
    }
}

const CRASH: &str = "a crash that the test planned";

/// A host's stores, all four under the same [`Faults`].
#[derive(Debug)]
pub struct Faulty<P> {
    records: FaultyRecords<P>,
    keys: FaultyKeys<P>,
    documents: FaultyDocuments<P>,
    audit: FaultyAudit<P>,
    faults: Faults,
}

impl<P: Ports> Faulty<P> {
    /// Puts `faults` between a host's stores and whoever uses them.
    pub fn new(ports: P, faults: &Faults) -> Self {
        let ports = Arc::new(ports);
        Self {
            records: FaultyRecords { inner: Arc::clone(&ports), faults: faults.clone() },
            keys: FaultyKeys { inner: Arc::clone(&ports), faults: faults.clone() },
            documents: FaultyDocuments { inner: Arc::clone(&ports), faults: faults.clone() },
            audit: FaultyAudit { inner: ports, faults: faults.clone() },
            faults: faults.clone(),
        }
    }

    /// The plan, and the count of calls.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Number of calls that the plan has seen.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.faults.calls()
    }
}

impl<P> Clone for Faulty<P> {
    fn clone(&self) -> Self {
        Self {
            records: self.records.clone(),
            keys: self.keys.clone(),
            documents: self.documents.clone(),
            audit: self.audit.clone(),
            faults: self.faults.clone(),
        }
    }
}

impl<P: Ports> Ports for Faulty<P> {
    type Records = FaultyRecords<P>;
    type Keys = FaultyKeys<P>;
    type Documents = FaultyDocuments<P>;
    type Audit = FaultyAudit<P>;

    fn records(&self) -> &Self::Records {
        &self.records
    }

    fn keys(&self) -> &Self::Keys {
        &self.keys
    }

    fn documents(&self) -> &Self::Documents {
        &self.documents
    }

    fn audit(&self) -> &Self::Audit {
        &self.audit
    }
}

/// Declares a wrapper for one contract: around a bundle's store (`in`), or around one of its own (`new`).
macro_rules! faulty {
    (
        $(#[$meta:meta])*
        $name:ident: $contract:ident<$error:ident> $(in $part:ident)? {
            $(fn $method:ident($($arg:ident: $([ref $ref:ty])? $([opt $opt:ty])? $([own $own:ty])?),*) -> $out:ty;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name<T> {
            inner: Arc<T>,
            faults: Faults,
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                Self { inner: Arc::clone(&self.inner), faults: self.faults.clone() }
            }
        }

        faulty!(@impl $name: $contract<$error> $(in $part)? {
            $(fn $method($($arg: $([ref $ref])? $([opt $opt])? $([own $own])?),*) -> $out;)+
        });
    };
    (
        @impl $name:ident: $contract:ident<$error:ident> in $part:ident {
            $(fn $method:ident($($arg:ident: $([ref $ref:ty])? $([opt $opt:ty])? $([own $own:ty])?),*) -> $out:ty;)+
        }
    ) => {
        #[deny(clippy::missing_trait_methods)]
        impl<P: Ports> $contract for $name<P> {
            $(async fn $method(&self, $($arg: $(&$ref)? $(Option<&$opt>)? $($own)?),*) -> Result<$out, $error> {
                let call = $contract::$method(self.inner.$part(), $($arg),*);
                self.faults.pass(call, || $error::unavailable(stringify!($method), CRASH)).await
            })+
        }
    };
    (
        @impl $name:ident: $contract:ident<$error:ident> {
            $(fn $method:ident($($arg:ident: $([ref $ref:ty])? $([opt $opt:ty])? $([own $own:ty])?),*) -> $out:ty;)+
        }
    ) => {
        impl<T: $contract> $name<T> {
            /// Puts `faults` between it and whoever uses it.
            pub fn new(inner: T, faults: &Faults) -> Self {
                Self { inner: Arc::new(inner), faults: faults.clone() }
            }
        }

        #[deny(clippy::missing_trait_methods)]
        impl<T: $contract> $contract for $name<T> {
            $(async fn $method(&self, $($arg: $(&$ref)? $(Option<&$opt>)? $($own)?),*) -> Result<$out, $error> {
                let call = <T as $contract>::$method(&self.inner, $($arg),*);
                self.faults.pass(call, $error::crashed).await
            })+
        }
    };
}

faulty! {
    /// The [`RecordStore`] of a [`Faulty`] bundle.
    FaultyRecords: RecordStore<StoreError> in records {
        fn put(row: [own RecordRow], expected: [own Expected]) -> ();
        fn fetch(key: [ref RecordKey]) -> Option<RecordRow>;
        fn delete(key: [ref RecordKey], version: [own Version]) -> ();
        fn list(query: [ref RecordQuery], after: [opt RecordKey], limit: [own usize]) -> Vec<RecordRow>;
    }
}

faulty! {
    /// The [`KeyStore`] of a [`Faulty`] bundle.
    FaultyKeys: KeyStore<StoreError> in keys {
        fn scope(scope: [ref Scope]) -> Option<ScopeRow>;
        fn put_scope(row: [own ScopeRow], expected: [own Expected]) -> ();
        fn scopes(after: [opt Scope], limit: [own usize]) -> Vec<ScopeRow>;
        fn epochs() -> Vec<EpochRow>;
        fn put_epoch(row: [own EpochRow], expected: [own Expected]) -> ();
    }
}

faulty! {
    /// The [`DocumentStore`] of a [`Faulty`] bundle.
    FaultyDocuments: DocumentStore<StoreError> in documents {
        fn load(key: [ref DocumentKey]) -> Option<Document>;
        fn save(document: [own Document], expected: [own Expected]) -> ();
        fn list(kind: [own DocumentKind], tenant: [opt TenantId], after: [opt DocumentKey], limit: [own usize]) -> Vec<Document>;
    }
}

faulty! {
    /// The [`AuditLog`] of a [`Faulty`] bundle.
    FaultyAudit: AuditLog<StoreError> in audit {
        fn append(entries: [own Vec<StoredEntry>]) -> ();
        fn read(from: [own u64], limit: [own usize]) -> Vec<StoredEntry>;
        fn last() -> Option<StoredEntry>;
        fn list(term: [ref Term], from: [own u64], limit: [own usize]) -> Vec<StoredEntry>;
        fn expire(below: [own u64]) -> ();
    }
}

faulty! {
    /// A [`KeyProvider`] under [`Faults`].
    FaultyProvider: KeyProvider<ProviderError> {
        fn create() -> ProviderKeyId;
        fn wrap(id: [ref ProviderKeyId], secret: [ref SecretKey], context: [ref [u8]]) -> Vec<u8>;
        fn unwrap(id: [ref ProviderKeyId], wrapped: [ref [u8]], context: [ref [u8]]) -> SecretKey;
        fn destroy(id: [ref ProviderKeyId], now: [own DateTime<Utc>]) -> Destruction;
    }
}

faulty! {
    /// A [`DataSource`] under [`Faults`].
    FaultySource: DataSource<SourceError> {
        fn export(who: [ref SubjectRef], task: [ref TaskId]) -> Answer<Vec<ExportedRecord>>;
        fn correct(who: [ref SubjectRef], changes: [ref BTreeMap<String, Value>], task: [ref TaskId]) -> Answer<u64>;
        fn erase(who: [ref SubjectRef], keep: [ref BTreeMap<Name, String>], task: [ref TaskId]) -> Answer<Erasure>;
        fn items(after: [opt str], limit: [own usize]) -> Vec<SourceItem>;
        fn dispose(item: [ref SourceItem]) -> Disposed;
    }
}

/// The answer of a provider or a source whose machine is gone.
trait Crashed {
    fn crashed() -> Self;
}

impl Crashed for ProviderError {
    fn crashed() -> Self {
        Self::unavailable(CRASH)
    }
}

impl Crashed for SourceError {
    fn crashed() -> Self {
        Self::unreachable(CRASH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::{EntryBody, StoreErrorKind, block_on};
    use crate::ports::memory::Memory;

    fn entry(index: u64) -> Vec<StoredEntry> {
        let body = Some(EntryBody { bytes: vec![1], terms: Vec::new() });
        vec![StoredEntry { index, at: DateTime::UNIX_EPOCH, body, nodes: vec![[0; 32]] }]
    }

    #[test]
    fn before_leaves_nothing_and_after_leaves_the_write() {
        for moment in Moment::ALL {
            let memory = Memory::new();
            let ports = Faulty::new(memory.clone(), &Faults::crash_at(2, moment));
            block_on(ports.audit().append(entry(0))).unwrap();
            let error = block_on(ports.audit().append(entry(1))).unwrap_err();
            assert_eq!((error.kind(), error.during()), (StoreErrorKind::Unavailable, "append"));
            let written = block_on(memory.audit().read(0, 9)).unwrap().len();
            assert_eq!(written, if moment == Moment::After { 2 } else { 1 });
        }
    }

    #[test]
    fn all_stores_are_down_together_until_recovery() {
        let faults = Faults::crash_at(1, Moment::Before);
        let ports = Faulty::new(Memory::new(), &faults);
        assert!(!faults.is_down());
        assert!(block_on(ports.keys().epochs()).is_err());
        assert!(faults.is_down());
        assert!(block_on(ports.records().list(&RecordQuery::default(), None, 1)).is_err());
        assert!(block_on(ports.documents().list(DocumentKind::Hold, None, None, 1)).is_err());
        assert!(block_on(ports.audit().last()).is_err());
        faults.recover();
        assert!(block_on(ports.audit().last()).is_ok());
        assert_eq!(ports.calls(), 5);
    }

    #[test]
    fn a_second_crash_counts_from_where_it_is_armed() {
        let faults = Faults::none();
        let ports = Faulty::new(Memory::new(), &faults);
        block_on(ports.audit().last()).unwrap();
        faults.arm(2, Moment::After);
        block_on(ports.audit().append(entry(0))).unwrap();
        assert!(block_on(ports.audit().append(entry(1))).is_err());
        faults.recover();
        assert_eq!(block_on(ports.audit().last()).unwrap().unwrap().index, 1);
    }
}
