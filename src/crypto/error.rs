//! Why something was not read, sealed, opened or unwrapped: one error for each verb.

use std::error::Error;
use std::fmt;

use super::backend::AeadError;
use super::entropy::EntropyError;

/// In what way bytes are not an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeErrorKind {
    /// They begin with no format version that this crate knows: something else, or written by a later version.
    UnknownFormat,
    /// The suite is not one that is allowed here.
    UnknownSuite,
    /// They are cut off, or not the one way in which an envelope is written.
    Malformed,
    /// A value is larger than [`MAX_PLAINTEXT_BYTES`](super::MAX_PLAINTEXT_BYTES), or the fields are more than
    /// [`MAX_FIELDS`](super::MAX_FIELDS).
    TooLarge,
}

/// The bytes are not an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvelopeError {
    kind: EnvelopeErrorKind,
}

impl EnvelopeError {
    pub(super) const fn new(kind: EnvelopeErrorKind) -> Self {
        Self { kind }
    }

    /// In what way.
    #[must_use]
    pub const fn kind(&self) -> EnvelopeErrorKind {
        self.kind
    }
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            EnvelopeErrorKind::UnknownFormat => "not an envelope of a known format version",
            EnvelopeErrorKind::UnknownSuite => "the envelope's suite is not allowed here",
            EnvelopeErrorKind::Malformed => "the envelope is cut off or malformed",
            EnvelopeErrorKind::TooLarge => "the envelope is larger than 16 MiB, or has too many fields",
        })
    }
}

impl Error for EnvelopeError {}

/// The kinds of failure of sealing and wrapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealErrorKind {
    /// The value is larger than [`MAX_PLAINTEXT_BYTES`](super::MAX_PLAINTEXT_BYTES), or the fields are more than
    /// [`MAX_FIELDS`](super::MAX_FIELDS).
    TooLarge,
    /// The random source failed.
    Entropy,
    /// The AEAD backend failed.
    Backend,
}

/// Why a value or a key was not sealed.
#[derive(Debug)]
pub struct SealError {
    kind: SealErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SealError {
    pub(super) const fn new(kind: SealErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// The kind of failure.
    #[must_use]
    pub const fn kind(&self) -> SealErrorKind {
        self.kind
    }
}

impl From<EntropyError> for SealError {
    fn from(error: EntropyError) -> Self {
        Self { kind: SealErrorKind::Entropy, source: Some(error.into()) }
    }
}

impl From<AeadError> for SealError {
    fn from(error: AeadError) -> Self {
        Self { kind: SealErrorKind::Backend, source: Some(error.into()) }
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SealErrorKind::TooLarge => {
                "a value is larger than 16 MiB, a stream than 4 PiB, or there are too many fields"
            }
            SealErrorKind::Entropy => "no nonce could be drawn",
            SealErrorKind::Backend => "the encryption backend failed",
        })
    }
}

impl Error for SealError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// An envelope did not open. Whether key, place or bytes are wrong is not told, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenError(());

impl OpenError {
    pub(super) const fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the envelope does not open here")
    }
}

impl Error for OpenError {}

/// The kinds of failure of unwrapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnwrapErrorKind {
    /// The bytes are not a wrapped key of this version.
    NotAWrappedKey,
    /// Wrong key, wrong context or altered bytes: not told apart.
    Refused,
}

/// Why a key was not unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnwrapError {
    kind: UnwrapErrorKind,
}

impl UnwrapError {
    pub(super) const fn new(kind: UnwrapErrorKind) -> Self {
        Self { kind }
    }

    /// The kind of failure.
    #[must_use]
    pub const fn kind(&self) -> UnwrapErrorKind {
        self.kind
    }
}

impl fmt::Display for UnwrapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            UnwrapErrorKind::NotAWrappedKey => "not a wrapped key of a known format version",
            UnwrapErrorKind::Refused => "the wrapped key does not open here",
        })
    }
}

impl Error for UnwrapError {}
