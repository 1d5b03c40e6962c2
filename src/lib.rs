#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(
    missing_docs,
    unreachable_pub,
    unused_must_use,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs
)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::todo
    )
)]

// The layers, lowest first: none imports one that stands after it.
mod core;

pub mod crypto;

pub mod contracts;

pub mod engine;

pub mod ports;

// The rooms of the pure core, in the order in which data flows through them.

// What a policy declares, and the words that everything else is said in.
pub use crate::core::{id, period, place, policy};

// What comes in, labelled so that it does not leak.
pub use crate::core::classification;

// Who is asking, as others said and a verifier here believes.
pub use crate::core::authentication;

// Who may do what with it, and the proof of a yes.
pub use crate::core::access;

// How long it stays, and the certificate that it is gone.
pub use crate::core::retention;

// How long a key lives, and what may be done with it in each phase.
pub use crate::core::keys;

// What people ask about it.
pub use crate::core::dsr;

// What is written down, and what the world is told.
pub use crate::core::{audit, governance, report};

// The paved path: what a host names every day. Everything else stays in its room, under that one name.
pub use crate::core::access::{Action, Grant, Principal, Purpose, Question, Resource};
pub use crate::core::classification::Classified;
pub use crate::core::period::Period;
pub use crate::core::place::{Place, Scope};
pub use crate::core::policy::Policy;
pub use contracts::{Clock, ManualClock, SystemClock, block_on};
pub use engine::{Access, NewRequest, Steward};

// Chapters to read.
pub mod manual;

// What the macros `classes!` and `record!` expand to.
#[doc(hidden)]
pub use zeroize;
