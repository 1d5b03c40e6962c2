//! The audit trail as values: what an entry says, the tree over the entries, how a trail is verified.
//!
//! An entry holds no value and no identifier but keyed [`Pseudonym`]s; what links a pseudonym to someone is a key, and that key
//! goes with the scope that it belongs to.

mod checkpoint;
mod event;
mod evidence;
mod review;
mod term;
pub mod tree;
mod verifier;

pub use checkpoint::{
    Checkpoint, MAX_NOTE_BYTES, NoteError, NoteKey, NoteSignature, NoteSigner, NoteVerifier, SignedCheckpoint,
};
pub use event::{AuditEvent, Cause, DecidedAs, Entry, Pseudonym, Released, TrailSearch};
pub use evidence::{Evidence, EvidenceError, ProvenEntry};
pub(crate) use review::Reviewer;
pub use review::{AccessReview, Emergency, RuleUse, Used};
pub use term::Term;
pub use verifier::{TrailBreak, Verifier};
