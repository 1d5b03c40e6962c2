//! The contract for the steward's own papers: cases, holds, authorisations, timelines, disposals.

use std::future::Future;

use serde::{Deserialize, Serialize};

use super::error::{Expected, StoreError, Version};
use crate::core::id::TenantId;
use crate::core::policy::words;

words! {
    /// The kinds of paper that the steward keeps.
    pub enum DocumentKind {
        /// Acceptance of a version of the policy by a tenant.
        Acceptance = "acceptance",
        /// Authorisation of a platform connection.
        Authorization = "authorization",
        /// A customer's instruction to process for a purpose.
        Instruction = "instruction",
        /// What a person has said about the use of their data.
        Preferences = "preferences",
        /// Events of a scope, from which retention runs.
        Timeline = "timeline",
        /// A hold.
        Hold = "hold",
        /// A data-subject request.
        Case = "case",
        /// Evidence of a destruction, opened before it and closed after it.
        Disposal = "disposal",
        /// A signed checkpoint of the audit trail.
        Checkpoint = "checkpoint",
    }
}

/// Names one paper. Its order is the order of listings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct DocumentKey {
    /// The kind.
    pub kind: DocumentKind,
    /// The tenant.
    pub tenant: TenantId,
    /// The identifier within kind and tenant.
    pub id: String,
}

/// A paper: to the store, bytes with a version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct Document {
    /// Its name.
    pub key: DocumentKey,
    /// Its version, set by the caller: what [`Expected::next`] says.
    pub version: Version,
    /// Its content: JSON in UTF-8.
    pub body: Vec<u8>,
}

/// Keeps the steward's own papers, with or beside the records.
///
/// To ensure correctness:
/// - **`compare-and-set`**, **`read-your-writes`**, **`whole-rows`**, **`durable`**: as for
///   [`RecordStore`](super::RecordStore).
/// - **`exact-listing`**: [`list`](Self::list) returns the papers of that kind, of that tenant or (`None`) of all, in order of
///   their keys, each once, starting after `after`, at most `limit`.
pub trait DocumentStore: Send + Sync + 'static {
    /// Reads one paper.
    ///
    /// # Errors
    /// The store's own failures.
    fn load(&self, key: &DocumentKey) -> impl Future<Output = Result<Option<Document>, StoreError>> + Send;

    /// Writes a paper where `expected` is found.
    ///
    /// # Errors
    /// A conflict where something else is found; otherwise the store's own failures.
    fn save(
        &self,
        document: Document,
        expected: Expected,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Lists papers of a kind.
    ///
    /// # Errors
    /// The store's own failures.
    fn list(
        &self,
        kind: DocumentKind,
        tenant: Option<&TenantId>,
        after: Option<&DocumentKey>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Document>, StoreError>> + Send;
}
