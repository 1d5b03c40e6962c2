//! Why a step was refused.

use chrono::{DateTime, NaiveDate, Utc};

use super::request::Parked;

/// Why a step of a case was refused. The case stands where it stood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// The step lies before one that was taken already.
    #[error("the step lies before {earliest}, when the case was last changed")]
    BackInTime {
        /// The earliest moment at which it could lie.
        earliest: DateTime<Utc>,
    },
    /// The case waits for something else first.
    #[error("the case is parked: {why}")]
    Parked {
        /// For what.
        why: Parked,
    },
    /// A reason or a legal basis has no text.
    #[error("a reason is needed, and it has no text")]
    NoReason,
    /// A complaint or an inquiry is closed by its answer, and there is none.
    #[error("the case has no response, and cannot be closed without one")]
    NoResponse,
    /// The last day for answering is over: an extension has to be told before.
    #[error("the extension comes after {due}, the last day on which it could be told")]
    ExtensionTooLate {
        /// That day.
        due: NaiveDate,
    },
    /// No law of the case gives an extension.
    #[error("no clock of the case has an extension")]
    NoExtension,
    /// The policy declares no source, so nothing could answer.
    #[error("the policy declares no source that could answer")]
    NothingToAsk,
    /// Two targets would share the name of a task.
    #[error("two tasks would be named `{id}`")]
    TaskTwice {
        /// The name.
        id: String,
    },
    /// The plan has no such task.
    #[error("the plan has no task `{id}`")]
    UnknownTask {
        /// The name that was given.
        id: String,
    },
    /// The task has another answer already, and answers are final.
    #[error("task `{id}` has another answer already")]
    AlreadyAnswered {
        /// The task.
        id: String,
    },
    /// Tasks have no answer yet.
    #[error("these have not answered yet: {}", open.join(", "))]
    Unfinished {
        /// The tasks, by name.
        open: Vec<String>,
    },
}
