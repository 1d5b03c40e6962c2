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

pub use crate::core::period::Period;
pub use crate::core::place::{Place, Scope};
pub use crate::core::{
    access, audit, classification, dsr, governance, id, period, place, policy, report, retention,
};
pub use contracts::{Clock, ManualClock, SystemClock};
