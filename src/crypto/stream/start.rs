//! What a stream begins with: its head, its salt and its commitment.

use std::fmt;
use std::io::{self, ErrorKind, Read};

use super::chunks::{COMMITMENT, SALT};
use crate::crypto::envelope::{Header, MAX_HEAD, Suite, parse_head};
use crate::crypto::error::{EnvelopeError, EnvelopeErrorKind};

/// The most bytes that stand in front of a stream's first chunk: 74. No stream is shorter than that.
pub const MAX_STREAM_START: usize = MAX_HEAD + SALT + COMMITMENT;

/// Bytes of the shortest start: format, suite, kinds and one version.
const SHORTEST: usize = 4 + SALT + COMMITMENT;

/// What a stream begins with, read and not opened: which keys are needed to open it.
///
/// [Format version 1](crate::crypto::format), suite 3: `0x01 ‖ 0x03 ‖ kinds of scope ‖ key version of each ‖ salt 24 ‖ commitment 32`. Then
/// come the chunks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StreamStart {
    header: Header,
    salt: [u8; SALT],
    commitment: [u8; COMMITMENT],
    length: usize,
}

impl StreamStart {
    /// Reads the start of a stream; what follows it is not looked at. The first [`MAX_STREAM_START`] bytes of a stream are always enough.
    ///
    /// # Errors
    /// The bytes are not the start of a stream, or none of this version: see [`EnvelopeErrorKind`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let malformed = EnvelopeError::new(EnvelopeErrorKind::Malformed);
        let (suite, header, rest) = parse_head(bytes)?;
        if suite != Suite::Cobblestone256 {
            return Err(EnvelopeError::new(EnvelopeErrorKind::UnknownSuite));
        }
        let (salt, tail) = rest.split_first_chunk().ok_or(malformed)?;
        let commitment = tail.first_chunk().ok_or(malformed)?;
        let length = bytes.len() - rest.len() + SALT + COMMITMENT;
        Ok(Self { header, salt: *salt, commitment: *commitment, length })
    }

    /// Reads the start of a stream from a source, and not a byte more.
    ///
    /// # Errors
    /// That of the source; [`ErrorKind::InvalidData`] with the [`EnvelopeError`] where this is not the start of a stream.
    pub fn read(source: &mut impl Read) -> io::Result<Self> {
        let invalid = |error: EnvelopeError| io::Error::new(ErrorKind::InvalidData, error);
        let malformed = || invalid(EnvelopeError::new(EnvelopeErrorKind::Malformed));
        let ended = |error: io::Error| match error.kind() {
            ErrorKind::UnexpectedEof => malformed(),
            _ => error,
        };
        let mut bytes = [0; MAX_STREAM_START];
        let (first, rest) = bytes.split_at_mut(SHORTEST);
        source.read_exact(first).map_err(ended)?;
        // A head ends well within the first bytes; how long it is says how many more there are.
        let (_, _, behind) = parse_head(first).map_err(invalid)?;
        let more = SALT + COMMITMENT - behind.len();
        source.read_exact(rest.get_mut(..more).ok_or_else(malformed)?).map_err(ended)?;
        Self::parse(&bytes).map_err(invalid)
    }

    /// Its head: which keys are needed to open the stream.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How many bytes it takes: the first chunk stands right behind them.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Its salt. No two streams under a key have the same.
    #[must_use]
    pub const fn salt(&self) -> &[u8; 24] {
        &self.salt
    }

    pub(super) const fn commitment(&self) -> &[u8; COMMITMENT] {
        &self.commitment
    }
}

impl fmt::Debug for StreamStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamStart").field("header", &self.header).finish_non_exhaustive()
    }
}
