//! One policy, one set of requests, and the engines that decide them: shared by `benches/access.rs` and `benches/peers/access.rs`.
//!
//! `asked` draws the requests as a host has them, in strings; `floor` is what a good engineer writes by hand for this one policy;
//! `matched` is the same policy written a second time, another way; `table` is the hand-written engine that loads a policy at run time;
//! `ours` is this crate; `growth` makes the policy grow; `domain` goes through every state that there is.

#![allow(dead_code, reason = "not every benchmark measures every engine")]

pub mod asked;
pub mod domain;
pub mod floor;
pub mod growth;
pub mod matched;
pub mod ours;
pub mod proofs;
pub mod rules;
pub mod table;
pub mod words;

use stewardship::Policy;

/// The text of the policy.
pub const POLICY: &str = include_str!("policy.toml");

/// The policy, loaded as a host loads it.
pub fn policy() -> Policy {
    Policy::from_toml(POLICY).unwrap()
}
