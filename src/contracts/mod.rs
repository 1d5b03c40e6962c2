//! Layer 3, the contracts: the traits that a host implements to plug its own storage in.
//!
//! Every method is an `async fn` for the implementor (`impl Future + Send` in the trait): no macro, no runtime. Each contract has
//! an erased twin behind `Any…`, so that generics are optional. Imports the layers below, never the engine.

mod audit;
mod clock;
mod documents;
mod erased;
mod error;
mod keys;
mod ports;
mod provider;
mod records;
mod source;

pub use audit::{AuditLog, StoredEntry};
pub use clock::{Clock, ManualClock, SystemClock};
pub use documents::{Document, DocumentKey, DocumentKind, DocumentStore};
pub use error::{Expected, StoreError, StoreErrorKind, Version};
pub use keys::{EpochRow, EpochState, KeyState, KeyStore, KeyVersion, ScopeRow};
pub use ports::{Bundle, Ports};
pub use provider::{Destruction, KeyProvider, ProviderError, ProviderErrorKind, ProviderKeyId};
pub use records::{FieldBody, IndexEntry, RecordKey, RecordQuery, RecordRow, RecordStore, StoredField};
pub use source::{Answer, DataSource, Disposed, Erasure, ExportedRecord, SourceError, SourceItem, SubjectRef, TaskId};
