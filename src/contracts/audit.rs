//! The contract for the audit trail.

use std::future::Future;

use super::error::StoreError;

/// An entry of the trail: to the store, an index, a body and hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct StoredEntry {
    /// Its place in the trail, from 0, without gaps.
    pub index: u64,
    /// The entry in its canonical form.
    pub body: Vec<u8>,
    /// The nodes of the [tree](crate::audit::tree) that it completes, lowest first: its own hash, and on average one more.
    pub nodes: Vec<[u8; 32]>,
}

/// Keeps the audit trail: only ever longer.
///
/// To ensure correctness:
/// - **`gapless`**: [`append`](Self::append) takes effect only where the first entry's index is the number of entries there are,
///   atomically for the whole batch; otherwise the answer is a conflict and nothing has changed. Two writers never share an index.
/// - **`append-only`**: there is no way to change or remove an entry.
/// - **`read-your-writes`**, **`durable`**: as for [`RecordStore`](super::RecordStore).
pub trait AuditLog: Send + Sync + 'static {
    /// Appends entries whose indexes follow on the last one there is.
    ///
    /// # Errors
    /// A conflict where the first index is not the next one; otherwise the log's own failures.
    fn append(&self, entries: Vec<StoredEntry>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Reads at most `limit` entries, in order, the first with index `from`.
    ///
    /// # Errors
    /// The log's own failures.
    fn read(
        &self,
        from: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<StoredEntry>, StoreError>> + Send;

    /// The last entry, where there is one.
    ///
    /// # Errors
    /// The log's own failures.
    fn last(&self) -> impl Future<Output = Result<Option<StoredEntry>, StoreError>> + Send;
}
