//! Governance: organisational duties, and the dated evidence that shows that they are met.
//!
//! A control is met while live evidence says so, and not a moment longer: evidence ages, and what is stale is not met.

mod evidence;
mod status;

pub use evidence::{Evidence, EvidenceResult, EvidenceSet, Method};
pub use status::{ControlStatus, status};
pub(in crate::core) use status::{in_effect, statuses};
