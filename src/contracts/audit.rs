//! The contract for the audit trail.

use std::future::Future;

use chrono::{DateTime, Utc};

use super::error::StoreError;
use crate::core::audit::Term;

/// An entry of the trail: to the store, an index, a time, a body with its terms, and hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct StoredEntry {
    /// Its place in the trail, from 0, without gaps.
    pub index: u64,
    /// When, as the trail counts: never before the entry that stands before it, whatever the writers' clocks say.
    pub at: DateTime<Utc>,
    /// What it says. `None` once it has [expired](AuditLog::expire); it is appended with a body.
    pub body: Option<EntryBody>,
    /// The nodes of the [tree](crate::audit::tree) that it completes, lowest first: its own hash, and on average one more.
    pub nodes: Vec<[u8; 32]>,
}

/// What an entry says, and under what it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct EntryBody {
    /// The entry in its canonical form: the bytes that are hashed.
    pub bytes: Vec<u8>,
    /// The terms under which it is found, each once; of the steward's, some ten at most.
    pub terms: Vec<Term>,
}

impl StoredEntry {
    /// The bytes that were hashed, where they are still there.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        self.body.as_ref().map(|body| body.bytes.as_slice())
    }
}

/// Keeps the audit trail: only ever longer.
///
/// To ensure correctness:
/// - **`gapless`**: [`append`](Self::append) takes effect only where the first entry's index is the number of entries there are,
///   atomically for the whole batch; otherwise the answer is a conflict and nothing has changed. Two writers never share an index.
/// - **`append-only`**: there is no way to change or remove an entry, but for what `expire` takes from it.
/// - **`indexed`**: [`list`](Self::list) returns exactly the entries that have the term, whole, in order of index, each once, the first
///   with index `from` or later, at most `limit`. A listing costs what it returns, however long the trail is.
/// - **`expiring`**: [`expire`](Self::expire) takes their body from exactly the entries below an index, for good and not only out of
///   sight, and no term finds them any more; index, time and nodes stay, and so does every other entry as it was. Called again, or with
///   a smaller index, it changes nothing; what is appended afterwards is never touched by it.
/// - **`read-your-writes`**, **`durable`**: as for [`RecordStore`](super::RecordStore).
pub trait AuditLog: Send + Sync + 'static {
    /// Appends entries whose indexes follow on the last one there is.
    ///
    /// # Errors
    /// A conflict where the first index is not the next one; otherwise the log's own failures.
    fn append(&self, entries: Vec<StoredEntry>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Reads at most `limit` entries, in order, the first with index `from`; expired ones are among them.
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

    /// Lists at most `limit` entries with this term, in order, the first with index `from` or later.
    ///
    /// # Errors
    /// The log's own failures.
    fn list(
        &self,
        term: &Term,
        from: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<StoredEntry>, StoreError>> + Send;

    /// Takes their bodies, with the terms, from all entries below this index that there are now. The steward asks for some thousand at
    /// a time.
    ///
    /// # Errors
    /// The log's own failures.
    fn expire(&self, below: u64) -> impl Future<Output = Result<(), StoreError>> + Send;
}
