//! Layer 2, cryptography: envelopes, keys and their derivation. Primitives come from RustCrypto, or from AWS-LC where the host says so.
//!
//! From the bottom up: an AEAD backend (a value that the host may replace), XAES-256-GCM with key commitment over it, keys and
//! their derivation, then the envelope that binds a value to its place, and the stream, for what is too large to be held in memory. No I/O but the
//! random source, which is a value too, and the readers and writers of a stream, over what the host gives them.

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
mod stream;
mod wrap;
#[cfg(test)]
mod wycheproof;
mod xaes;

#[cfg(feature = "aws-lc")]
pub use backend::AwsLc;
pub use backend::{AeadBackend, AeadError, AeadKey, RustCrypto};
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
pub use stream::{
    ChunkAt, MAX_STREAM_BYTES, MAX_STREAM_START, PushOpener, PushSealer, RandomOpener, SEALED_STREAM_CHUNK,
    STREAM_CHUNK, SeekableReader, StreamKey, StreamOpener, StreamReader, StreamSealer, StreamStart,
    StreamWriter,
};
pub use wrap::{WRAPPED_BYTES, unwrap, wrap};

#[doc = include_str!("envelope/FORMAT.md")]
pub mod format {}
