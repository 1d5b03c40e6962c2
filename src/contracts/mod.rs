//! Layer 3, the contracts: the traits that a host implements to plug its own storage in.
//!
//! Every method is an `async fn` for the implementor (`impl Future + Send` in the trait): no macro, no runtime. Each contract has
//! an erased twin behind `Any…`, so that generics are optional. Imports the layers below, never the engine.

mod anchor;
mod audit;
mod blocking;
mod clock;
mod documents;
mod erased;
mod error;
mod fault;
mod keys;
pub mod kit;
mod ports;
mod provider;
mod records;
mod source;

pub use anchor::Anchor;
pub use audit::{AuditLog, EntryBody, StoredEntry};
pub use blocking::block_on;
pub use clock::{Clock, ManualClock, SystemClock};
pub use documents::{Document, DocumentKey, DocumentKind, DocumentStore};
pub use erased::{
    AnyAnchor, AnyAuditLog, AnyDocumentStore, AnyKeyProvider, AnyKeyStore, AnyPorts, AnyRecordStore,
    AnySource,
};
pub use error::{Expected, StoreError, StoreErrorKind, Version};
pub use fault::{
    Faults, Faulty, FaultyAudit, FaultyDocuments, FaultyKeys, FaultyProvider, FaultyRecords, FaultySource,
    Moment,
};
pub use keys::{EpochRow, EpochState, KeyState, KeyStore, KeyVersion, Moving, ScopeRow, Standing, Tombstone};
pub use ports::{Bundle, Ports};
pub use provider::{Destruction, KeyProvider, ProviderError, ProviderErrorKind, ProviderKeyId};
pub use records::{FieldBody, IndexEntry, RecordKey, RecordQuery, RecordRow, RecordStore, StoredField};
pub use source::{
    Answer, DataSource, Disposed, Erasure, ExportedRecord, SourceError, SourceItem, SubjectRef, TaskId,
};
