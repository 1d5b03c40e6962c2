//! The audit trail as values: what an entry says, how entries are chained, how a chain is verified.
//!
//! An entry holds no value and no identifier but keyed [`Pseudonym`]s; what links a pseudonym to someone is a key, and that key
//! goes with the scope that it belongs to.

mod chain;
mod event;
pub mod tree;

pub use chain::{ChainBreak, Head, Verifier, chained};
pub use event::{AuditEvent, Cause, DecidedAs, Entry, Pseudonym, Released};
