//! Erased twins: each contract behind a type that can be named, so that generics are optional.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::anchor::Anchor;
use super::audit::{AuditLog, StoredEntry};
use super::documents::{Document, DocumentKey, DocumentKind, DocumentStore};
use super::error::{Expected, StoreError, Version};
use super::keys::{EpochRow, KeyStore, ScopeRow};
use super::ports::{Bundle, Ports};
use super::provider::{Destruction, KeyProvider, ProviderError, ProviderKeyId};
use super::records::{RecordKey, RecordQuery, RecordRow, RecordStore};
use super::source::{
    Answer, DataSource, Disposed, Erasure, ExportedRecord, SourceError, SourceItem, SubjectRef, TaskId,
};
use crate::core::audit::Term;
use crate::core::audit::tree::TreeHead;
use crate::core::id::{Name, TenantId};
use crate::core::place::Scope;
use crate::crypto::SecretKey;

/// Any host's stores behind one type without parameters.
///
/// # Example: one type for every store
/// ```
/// use stewardship::contracts::{AnyPorts, Ports, RecordQuery, RecordStore, block_on};
/// use stewardship::ports::memory::Memory;
/// let ports: AnyPorts = AnyPorts::erase(Memory::new());
/// let rows = block_on(ports.records().list(&RecordQuery::default(), None, 10))?;
/// assert!(rows.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type AnyPorts = Bundle<AnyRecordStore, AnyKeyStore, AnyDocumentStore, AnyAuditLog>;

impl AnyPorts {
    /// Hides which stores they are; the four parts share them.
    pub fn erase(ports: impl Ports) -> Self {
        let ports = Arc::new(ports);
        Self {
            records: AnyRecordStore::new(View(Arc::clone(&ports))),
            keys: AnyKeyStore::new(View(Arc::clone(&ports))),
            documents: AnyDocumentStore::new(View(Arc::clone(&ports))),
            audit: AnyAuditLog::new(View(ports)),
        }
    }
}

type Answering<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Declares, for one contract: the private trait that can be a trait object, the newtype around it, and the contract's own
/// implementation for the newtype and, where a bundle has such a store, for a view on the bundle.
macro_rules! erased {
    (
        $(#[$meta:meta])*
        $any:ident, $object:ident: $contract:ident $(in $part:ident)? {
            $(fn $method:ident($($arg:ident: $([ref $ref:ty])? $([opt $opt:ty])? $([own $own:ty])?),*) -> $out:ty;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $any(Arc<dyn $object>);

        impl $any {
            /// Hides which one it is.
            pub fn new(inner: impl $contract) -> Self {
                Self(Arc::new(inner))
            }
        }

        impl fmt::Debug for $any {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($any), "(…)"))
            }
        }

        trait $object: Send + Sync + 'static {
            $(fn $method<'a>(
                &'a self,
                $($arg: $(&'a $ref)? $(Option<&'a $opt>)? $($own)?),*
            ) -> Answering<'a, $out>;)+
        }

        impl<T: $contract> $object for T {
            $(fn $method<'a>(
                &'a self,
                $($arg: $(&'a $ref)? $(Option<&'a $opt>)? $($own)?),*
            ) -> Answering<'a, $out> {
                Box::pin(<T as $contract>::$method(self, $($arg),*))
            })+
        }

        #[deny(clippy::missing_trait_methods)]
        impl $contract for $any {
            $(async fn $method(&self, $($arg: $(&$ref)? $(Option<&$opt>)? $($own)?),*) -> $out {
                $object::$method(&*self.0, $($arg),*).await
            })+
        }

        erased!(@view $contract $(in $part)? { $(fn $method($($arg: $([ref $ref])? $([opt $opt])? $([own $own])?),*) -> $out;)+ });
    };
    (@view $contract:ident { $($methods:tt)* }) => {};
    (
        @view $contract:ident in $part:ident {
            $(fn $method:ident($($arg:ident: $([ref $ref:ty])? $([opt $opt:ty])? $([own $own:ty])?),*) -> $out:ty;)+
        }
    ) => {
        #[deny(clippy::missing_trait_methods)]
        impl<P: Ports> $contract for View<P> {
            $(async fn $method(&self, $($arg: $(&$ref)? $(Option<&$opt>)? $($own)?),*) -> $out {
                $contract::$method(self.0.$part(), $($arg),*).await
            })+
        }
    };
}

/// A shared bundle, seen as one of its stores.
struct View<P>(Arc<P>);

erased! {
    /// Any [`RecordStore`].
    AnyRecordStore, ErasedRecordStore: RecordStore in records {
        fn put(row: [own RecordRow], expected: [own Expected]) -> Result<(), StoreError>;
        fn fetch(key: [ref RecordKey]) -> Result<Option<RecordRow>, StoreError>;
        fn delete(key: [ref RecordKey], version: [own Version]) -> Result<(), StoreError>;
        fn list(query: [ref RecordQuery], after: [opt RecordKey], limit: [own usize]) -> Result<Vec<RecordRow>, StoreError>;
    }
}

erased! {
    /// Any [`KeyStore`].
    AnyKeyStore, ErasedKeyStore: KeyStore in keys {
        fn scope(scope: [ref Scope]) -> Result<Option<ScopeRow>, StoreError>;
        fn put_scope(row: [own ScopeRow], expected: [own Expected]) -> Result<(), StoreError>;
        fn scopes(after: [opt Scope], limit: [own usize]) -> Result<Vec<ScopeRow>, StoreError>;
        fn epochs() -> Result<Vec<EpochRow>, StoreError>;
        fn put_epoch(row: [own EpochRow], expected: [own Expected]) -> Result<(), StoreError>;
    }
}

erased! {
    /// Any [`DocumentStore`].
    AnyDocumentStore, ErasedDocumentStore: DocumentStore in documents {
        fn load(key: [ref DocumentKey]) -> Result<Option<Document>, StoreError>;
        fn save(document: [own Document], expected: [own Expected]) -> Result<(), StoreError>;
        fn list(kind: [own DocumentKind], tenant: [opt TenantId], after: [opt DocumentKey], limit: [own usize]) -> Result<Vec<Document>, StoreError>;
    }
}

erased! {
    /// Any [`AuditLog`].
    AnyAuditLog, ErasedAuditLog: AuditLog in audit {
        fn append(entries: [own Vec<StoredEntry>]) -> Result<(), StoreError>;
        fn read(from: [own u64], limit: [own usize]) -> Result<Vec<StoredEntry>, StoreError>;
        fn last() -> Result<Option<StoredEntry>, StoreError>;
        fn list(term: [ref Term], from: [own u64], limit: [own usize]) -> Result<Vec<StoredEntry>, StoreError>;
        fn expire(below: [own u64]) -> Result<(), StoreError>;
    }
}

erased! {
    /// Any [`KeyProvider`].
    AnyKeyProvider, ErasedKeyProvider: KeyProvider {
        fn create() -> Result<ProviderKeyId, ProviderError>;
        fn wrap(id: [ref ProviderKeyId], secret: [ref SecretKey], context: [ref [u8]]) -> Result<Vec<u8>, ProviderError>;
        fn unwrap(id: [ref ProviderKeyId], wrapped: [ref [u8]], context: [ref [u8]]) -> Result<SecretKey, ProviderError>;
        fn destroy(id: [ref ProviderKeyId], now: [own DateTime<Utc>]) -> Result<Destruction, ProviderError>;
    }
}

erased! {
    /// Any [`DataSource`].
    AnySource, ErasedSource: DataSource {
        fn export(who: [ref SubjectRef], task: [ref TaskId]) -> Result<Answer<Vec<ExportedRecord>>, SourceError>;
        fn correct(who: [ref SubjectRef], changes: [ref BTreeMap<String, Value>], task: [ref TaskId]) -> Result<Answer<u64>, SourceError>;
        fn erase(who: [ref SubjectRef], keep: [ref BTreeMap<Name, String>], task: [ref TaskId]) -> Result<Answer<Erasure>, SourceError>;
        fn items(after: [opt str], limit: [own usize]) -> Result<Vec<SourceItem>, SourceError>;
        fn dispose(item: [ref SourceItem]) -> Result<Disposed, SourceError>;
    }
}

erased! {
    /// Any [`Anchor`].
    AnyAnchor, ErasedAnchor: Anchor {
        fn newest() -> Result<Option<TreeHead>, StoreError>;
        fn keep(head: [own TreeHead]) -> Result<(), StoreError>;
    }
}
