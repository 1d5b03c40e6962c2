//! The contract for a place where data lives: a host's own table, a bucket, a processor.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::future::Future;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::core::id::{ConnectionId, Name, SubjectId, TenantId};

/// The person whom a task is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "sources take it apart")]
pub struct SubjectRef {
    /// The tenant.
    pub tenant: TenantId,
    /// The person.
    pub subject: SubjectId,
}

/// Names one task of one case: the same at every retry, so that a source can tell a retry from a new task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(String);

impl TaskId {
    /// Takes the name as it is.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a source says to a task.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a case depends on each")]
pub enum Answer<T> {
    /// Done, with this result. Zero rows are a result.
    Done(T),
    /// Not yet: ask again at that time.
    RetryAt(DateTime<Utc>),
    /// Not done, and it will not be: the reason stands in the outcome of the case.
    Skipped {
        /// Why.
        reason: String,
    },
}

impl<T> Answer<T> {
    /// The same answer with another result.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Done(result) => Answer::Done(change(result)),
            Self::RetryAt(at) => Answer::RetryAt(at),
            Self::Skipped { reason } => Answer::Skipped { reason },
        }
    }
}

/// What became of an item that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a count of what is gone depends on each")]
pub enum Disposed {
    /// It is gone, now or since before.
    Gone,
    /// It is there, and not as it was listed: nothing was deleted, and it is to be decided about anew.
    Changed,
}

/// One record of an export.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "sources put it together")]
pub struct ExportedRecord {
    /// Its category.
    pub category: Name,
    /// Its fields. Authenticators are named, with the value `null`.
    pub fields: BTreeMap<String, Value>,
}

/// What a source erased, and what it kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "sources put it together")]
pub struct Erasure {
    /// Number of records that are gone.
    pub erased: u64,
    /// What was kept: how many records, and the reason that a person is told (the law, the hold).
    pub kept: Vec<(u64, String)>,
}

/// One thing that a source holds, as retention sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "sources put it together")]
pub struct SourceItem {
    /// The source's own name for it; listings are ordered by it.
    pub id: String,
    /// The tenant.
    pub tenant: TenantId,
    /// Its category.
    pub category: Name,
    /// The connection under which it stands.
    pub connection: Option<ConnectionId>,
    /// Everyone whom it, or a part of it, is about.
    pub subjects: BTreeSet<SubjectId>,
    /// The platform that it came from.
    pub platform: Option<Name>,
    /// When it was stored.
    pub stored_at: DateTime<Utc>,
    /// Events of its own life.
    pub events: BTreeMap<Name, DateTime<Utc>>,
}

/// Why a source could not be asked: its reason stands in the case, and the task is tried again.
#[derive(Debug)]
pub struct SourceError {
    source: Box<dyn Error + Send + Sync>,
}

impl SourceError {
    /// The source failed or cannot be reached.
    pub fn unreachable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the source cannot be reached")
    }
}

impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// A place where data lives, so that requests and retention reach it.
///
/// To ensure correctness:
/// - **`complete`**: [`export`](Self::export), [`erase`](Self::erase) and [`items`](Self::items) cover everything that the source
///   holds; what it cannot cover it answers with [`Answer::Skipped`], never with zero rows.
/// - **`idempotent`**: a task may be asked any number of times under the same [`TaskId`]; the answer tells what was done over all
///   of them, not what was left for the last.
/// - **`exact-listing`**: [`items`](Self::items) returns items in order of their ids, each once, starting after `after`, at most
///   `limit`.
pub trait DataSource: Send + Sync + 'static {
    /// Everything about the person.
    ///
    /// # Errors
    /// The source cannot be reached.
    fn export(
        &self,
        who: &SubjectRef,
        task: &TaskId,
    ) -> impl Future<Output = Result<Answer<Vec<ExportedRecord>>, SourceError>> + Send;

    /// Changes fields to the values given, in every record about the person that has them; the answer counts the records.
    ///
    /// # Errors
    /// The source cannot be reached.
    fn correct(
        &self,
        who: &SubjectRef,
        changes: &BTreeMap<String, Value>,
        task: &TaskId,
    ) -> impl Future<Output = Result<Answer<u64>, SourceError>> + Send;

    /// Erases everything about the person but what the steward says must stay: `keep` gives, by category, the reason.
    ///
    /// # Errors
    /// The source cannot be reached.
    fn erase(
        &self,
        who: &SubjectRef,
        keep: &BTreeMap<Name, String>,
        task: &TaskId,
    ) -> impl Future<Output = Result<Answer<Erasure>, SourceError>> + Send;

    /// Lists what the source holds, for retention.
    ///
    /// # Errors
    /// The source cannot be reached.
    fn items(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<SourceItem>, SourceError>> + Send;

    /// Deletes one item that is due, as it was listed. Deleting what is gone already succeeds; so it is gone where its name is in use again
    /// for another thing, which stays.
    ///
    /// # Errors
    /// The source cannot be reached.
    fn dispose(&self, item: &SourceItem) -> impl Future<Output = Result<Disposed, SourceError>> + Send;
}
