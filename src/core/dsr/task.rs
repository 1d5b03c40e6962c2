//! The tasks of a plan: one for every source, one for every platform to coordinate with.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::core::id::{CaseId, Name};

/// One thing that one source or platform has to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Task {
    /// Its name, the same at every retry: `<case>/<source>`, or `<case>/platform:<platform>`.
    pub id: String,
    /// Who has to answer.
    pub target: Target,
    /// How it stands.
    pub state: TaskState,
    /// When it last changed; none while nothing has happened.
    #[serde(default)]
    pub changed_at: Option<DateTime<Utc>>,
}

impl Task {
    pub(super) fn open(case: &CaseId, target: Target) -> Self {
        Self { id: format!("{case}/{target}"), target, state: TaskState::Open, changed_at: None }
    }
}

/// Who has to answer a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a target must decide on each")]
pub enum Target {
    /// A source that the policy declares.
    Source(Name),
    /// A platform with which data is synchronised.
    Platform(Name),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(name) => write!(f, "{name}"),
            Self::Platform(name) => write!(f, "platform:{name}"),
        }
    }
}

/// How a task stands. Done, skipped and refused are answers, and final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "a case depends on each")]
pub enum TaskState {
    /// Not asked yet.
    Open,
    /// Asked; the answer is to come.
    Waiting {
        /// When to ask again, where that is known.
        until: Option<DateTime<Utc>>,
    },
    /// Done. Zero rows are a result.
    Done(Receipt),
    /// Not done, and it will not be.
    Skipped {
        /// Why.
        reason: String,
    },
    /// Could not be asked; it is tried again.
    Unreachable {
        /// Why.
        reason: String,
        /// How often that happened.
        attempts: u32,
    },
    /// The source or the platform refuses.
    Refused {
        /// Why.
        reason: String,
    },
}

impl TaskState {
    /// Whether it is an answer, which nothing changes any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Skipped { .. } | Self::Refused { .. })
    }
}

/// What came of asking once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "hosts put it together")]
pub enum TaskResult {
    /// The answer is to come.
    Waiting {
        /// When to ask again, where that is known.
        until: Option<DateTime<Utc>>,
    },
    /// Done; a platform's acknowledgement counts as done.
    Done(Receipt),
    /// Not done, and it will not be.
    Skipped {
        /// Why.
        reason: String,
    },
    /// Could not be asked.
    Unreachable {
        /// Why.
        reason: String,
    },
    /// The source or the platform refuses.
    Refused {
        /// Why.
        reason: String,
    },
}

impl TaskResult {
    /// The reason, where the result needs one.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Skipped { reason } | Self::Unreachable { reason } | Self::Refused { reason } => {
                Some(reason)
            }
            Self::Waiting { .. } | Self::Done(_) => None,
        }
    }

    /// The state after `before`.
    pub(super) fn after(self, before: &TaskState) -> TaskState {
        match self {
            Self::Waiting { until } => TaskState::Waiting { until },
            Self::Done(receipt) => TaskState::Done(receipt),
            Self::Skipped { reason } => TaskState::Skipped { reason },
            Self::Refused { reason } => TaskState::Refused { reason },
            Self::Unreachable { reason } => {
                let so_far = if let TaskState::Unreachable { attempts, .. } = before { *attempts } else { 0 };
                TaskState::Unreachable { reason, attempts: so_far.saturating_add(1) }
            }
        }
    }
}

/// What a source did, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Receipt {
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Records exported.
    #[serde(default)]
    pub exported: u64,
    /// Records corrected.
    #[serde(default)]
    pub corrected: u64,
    /// Records erased.
    #[serde(default)]
    pub erased: u64,
    /// Records kept, with the reason.
    #[serde(default)]
    pub kept: Vec<Kept>,
}

impl Receipt {
    /// Done at a moment, with nothing to count yet.
    #[must_use]
    pub fn new(at: DateTime<Utc>) -> Self {
        Self { at, exported: 0, corrected: 0, erased: 0, kept: Vec::new() }
    }
}

/// Records that were kept although their erasure was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "sources put it together")]
pub struct Kept {
    /// How many.
    pub count: u64,
    /// Why, in words for the person (the law, the hold).
    pub reason: String,
}
