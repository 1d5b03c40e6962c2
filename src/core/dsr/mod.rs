//! Requests of people (data-subject requests, DSR): from receipt to an outcome, step by step.
//!
//! ```text
//! Received ──verify──► Verified ──review──► Approved ──plan──► Planned ──record…──► close ──► Closed
//!     └──────decline──────┴──refuse──────────────────────────────────────────────────────────►
//! ```
//!
//! A [`Case`] carries its stage in its type: what cannot come next does not compile. Its persisted form, the [`CaseFile`], is
//! checked when it is read, and gives the case back at its own stage alone. How long everything may take comes from the
//! [`Clocks`], a table of dated and cited data.

mod case;
mod clocks;
mod deadline;
mod file;
#[cfg(test)]
mod laws;
mod outcome;
mod request;
mod review;
#[cfg(test)]
pub(crate) mod sample;
mod stage;
mod step;
mod task;

pub use case::{AnyCase, Case, Reviewed};
pub use clocks::{Act, Clocks, ClocksError, Confidence, MAX_CLOCKS_BYTES, UnknownRegime};
pub use deadline::{Deadline, Holidays, Reading};
pub use file::{CaseFile, Extension, Unsound};
pub use outcome::{NotDone, Outcome};
pub use request::{Contact, IntakeField, IntakeRules, Parked, Request};
pub use review::{Review, ReviewRefused, Reviewer, Verdict, Verification, VerificationMethod};
pub use stage::{Approved, CaseStage, Closed, Open, Planned, Received, Stage, Verified, WrongStage};
pub use step::StepError;
pub use task::{Kept, Receipt, Target, Task, TaskResult, TaskState};
