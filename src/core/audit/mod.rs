//! The audit trail as values: what an entry says, the tree over the entries, how a trail is verified.
//!
//! An entry holds no value and no identifier but keyed [`Pseudonym`]s; what links a pseudonym to someone is a key, and that key
//! goes with the scope that it belongs to.

mod canonical;
mod checkpoint;
mod entry;
mod event;
mod evidence;
mod name;
mod review;
mod term;
pub mod tree;
mod value;
mod verifier;

pub use checkpoint::{
    Checkpoint, MAX_NOTE_BYTES, NoteError, NoteKey, NoteSignature, NoteSigner, NoteVerifier, SignedCheckpoint,
};
pub use entry::{Entry, EntryError, MAX_ENTRY_BYTES};
pub use event::{
    AuditEvent, Cause, CorrectedField, DecidedAs, KeyScope, MOST_DENIALS, OpenRefusal, StoreRefusal,
    TrailSearch,
};
pub use evidence::{EvidenceBundle, EvidenceError, ProvenEntry};
pub use name::{NoPseudonym, NoRequestId, Pseudonym, RequestId};
pub(crate) use review::Reviewer;
pub use review::{AccessReview, Emergency, RuleUse, Used};
pub use term::Term;
pub use verifier::{TrailBreak, Verifier};

#[doc = include_str!("FORMAT.md")]
pub mod format {}
