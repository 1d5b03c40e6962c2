//! stewardship (skeleton)
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub, clippy::exhaustive_enums, clippy::exhaustive_structs)]
#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::todo
    )
)]

pub mod contracts;
mod core;
pub mod crypto;
pub mod engine;
pub mod ports;

#[doc(hidden)]
pub use zeroize;

pub use crate::core::{
    access, audit, classification, dsr, governance, id, period, place, policy, report, retention,
};

pub use crate::core::access::{Action, Principal, Purpose, Question, Resource};
pub use crate::core::classification::Classified;
pub use crate::core::period::Period;
pub use crate::core::place::{Place, Scope};
pub use crate::core::policy::Policy;
pub use contracts::{Clock, ManualClock, SystemClock, block_on};
pub use engine::{Access, NewRequest, Steward};
