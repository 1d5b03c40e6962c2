//! One bundle for all of a host's stores, so that the engine has one type parameter.

use super::audit::AuditLog;
use super::documents::DocumentStore;
use super::keys::KeyStore;
use super::records::RecordStore;

/// The stores that an engine works on.
pub trait Ports: Send + Sync + 'static {
    /// Where records lie.
    type Records: RecordStore;
    /// Where wrapped keys lie; a store of its own.
    type Keys: KeyStore;
    /// Where the steward's papers lie.
    type Documents: DocumentStore;
    /// Where the audit trail lies.
    type Audit: AuditLog;

    /// Where records lie.
    fn records(&self) -> &Self::Records;
    /// Where wrapped keys lie.
    fn keys(&self) -> &Self::Keys;
    /// Where the steward's papers lie.
    fn documents(&self) -> &Self::Documents;
    /// Where the audit trail lies.
    fn audit(&self) -> &Self::Audit;
}

/// A bundle put together from four stores.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "hosts put it together")]
pub struct Bundle<R, K, D, A> {
    /// Where records lie.
    pub records: R,
    /// Where wrapped keys lie.
    pub keys: K,
    /// Where the steward's papers lie.
    pub documents: D,
    /// Where the audit trail lies.
    pub audit: A,
}

impl<R: RecordStore, K: KeyStore, D: DocumentStore, A: AuditLog> Ports for Bundle<R, K, D, A> {
    type Records = R;
    type Keys = K;
    type Documents = D;
    type Audit = A;

    fn records(&self) -> &R {
        &self.records
    }

    fn keys(&self) -> &K {
        &self.keys
    }

    fn documents(&self) -> &D {
        &self.documents
    }

    fn audit(&self) -> &A {
        &self.audit
    }
}
