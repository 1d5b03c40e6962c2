//! How a case ended.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::task::{Kept, Target, Task, TaskState};

/// How a case ended. What was skipped, refused or kept stands in it with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on an outcome must decide on each")]
pub enum Outcome {
    /// Every source and every platform has done its part.
    Completed {
        /// What they kept.
        kept: Vec<Kept>,
    },
    /// Some did not, and will not.
    Partial {
        /// What was not done. At least one.
        not_done: Vec<NotDone>,
        /// What the others kept.
        kept: Vec<Kept>,
    },
    /// The request was refused.
    Refused {
        /// Why, in words for the person.
        reason: String,
        /// The law or rule that allows to refuse.
        basis: String,
    },
}

/// A part that was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NotDone {
    /// The task.
    pub task: String,
    /// Whose part it was.
    pub target: Target,
    /// Why.
    pub reason: String,
}

impl Outcome {
    /// The outcome of a plan, or the names of the tasks that have no answer yet.
    pub(super) fn of(tasks: &[Task]) -> Result<Self, Vec<String>> {
        let open: Vec<_> =
            tasks.iter().filter(|task| !task.state.is_final()).map(|task| task.id.clone()).collect();
        if !open.is_empty() {
            return Err(open);
        }
        let (mut not_done, mut kept) = (Vec::new(), Vec::new());
        for task in tasks {
            match &task.state {
                TaskState::Done(receipt) => kept.extend(receipt.kept.iter().cloned()),
                TaskState::Skipped { reason } | TaskState::Refused { reason } => not_done.push(NotDone {
                    task: task.id.clone(),
                    target: task.target.clone(),
                    reason: reason.clone(),
                }),
                TaskState::Open | TaskState::Waiting { .. } | TaskState::Unreachable { .. } => {}
            }
        }
        Ok(if not_done.is_empty() { Self::Completed { kept } } else { Self::Partial { not_done, kept } })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = match self {
            Self::Completed { kept } => {
                f.write_str("completed")?;
                kept
            }
            Self::Partial { not_done, kept } => {
                f.write_str("completed in part")?;
                not_done
                    .iter()
                    .try_for_each(|part| write!(f, "; `{}` not done: {}", part.target, part.reason))?;
                kept
            }
            Self::Refused { reason, basis } => return write!(f, "refused: {reason} ({basis})"),
        };
        kept.iter().try_for_each(|kept| write!(f, "; {} kept: {}", kept.count, kept.reason))
    }
}
