//! Layer 2, cryptography: envelopes, keys and their derivation. Primitives come from RustCrypto, or from AWS-LC where the host says so.
//!
//! From the bottom up: an AEAD backend (a value that the host may replace), XAES-256-GCM with key commitment over it, keys and
//! their derivation, then the envelope that binds a value to its place. No I/O but the random source, which is a value too.

mod backend;
mod context;
pub mod danger;
mod entropy;
mod envelope;
mod error;
mod index;
mod key;
mod mac;
mod place_key;
mod redact;
mod wrap;
mod xaes;

#[cfg(feature = "aws-lc")]
pub use backend::AwsLc;
pub use backend::{AeadBackend, AeadError, RustCrypto};
pub use context::Context;
pub use entropy::{Entropy, EntropyError, OsEntropy, ThreadEntropy};
pub use envelope::{
    Envelope, Header, HeaderError, MAX_FIELDS, MAX_OVERHEAD, MAX_PLAINTEXT_BYTES, MAX_SCOPES, Opener,
    PlaceKey, RecordEnvelope, RecordOpener, ScopeKind, SealedRecord, SealedValue, SealedValueError, Sealer,
    Suite, open, seal, seal_record,
};
pub use error::{
    EnvelopeError, EnvelopeErrorKind, OpenError, SealError, SealErrorKind, UnwrapError, UnwrapErrorKind,
};
pub use index::{BlindIndex, pseudonym};
pub use key::SecretKey;
pub use place_key::PlaceKeys;
pub use redact::{Redacted, RedactedRecord, Redactors, ValuePseudonym};
pub use wrap::{WRAPPED_BYTES, unwrap, wrap};

#[doc = include_str!("envelope/FORMAT.md")]
pub mod format {}
