//! Chunks in any order.

use std::fmt;
use std::ops::Range;

use super::chunks::{Chunks, MAX_CHUNKS, SEALED_STREAM_CHUNK, STREAM_CHUNK, TAG};
use crate::crypto::error::OpenError;

/// Opens the chunks of a stream in any order, in place: without I/O, for a host that fetches ranges of an object.
///
/// From [`StreamOpener::random`](super::StreamOpener::random), which has authenticated the last chunk, and the length with it. Each chunk is
/// authenticated before what it holds is given out; one that is not read is not.
///
/// # Example: the range of an object that a position is in
/// ```
/// # use stewardship::Scope;
/// # use stewardship::access::Environment;
/// # use stewardship::id::{Name, RecordId, TenantId};
/// use stewardship::crypto::{Context, OsEntropy, PlaceKeys, RustCrypto, SecretKey, StreamOpener, StreamSealer, StreamStart};
///
/// # let (scope, secret) = (Scope::Tenant("acme".into()), SecretKey::generate(&OsEntropy)?);
/// # let key = PlaceKeys::new(vec![(&scope, 1, &secret)])?.stream_key();
/// # let (tenant, kind, record) = (TenantId::new("acme"), Name::new("export"), RecordId::new("1001"));
/// # let (field, class) = (Name::new("file"), Name::new("buyer.export"));
/// # let here = Context { tenant: &tenant, environment: Environment::Production, connection: None, subject: None, kind: &kind, record: &record, field: &field, class: &class };
/// # let (mut sealer, mut object) = (StreamSealer::new(&RustCrypto, &OsEntropy, &key, &here)?.pushed(), Vec::new());
/// # sealer.push(&[7; 40_000], &mut object)?;
/// # sealer.finish(&mut object)?;
/// let fetch = |range: std::ops::Range<u64>| object[range.start as usize..range.end as usize].to_vec(); // of an object store
/// let length = object.len() as u64;
///
/// let start = StreamStart::parse(&fetch(0..74))?;
/// let opener = StreamOpener::new(&RustCrypto, &key, &start, &here)?;
/// let mut last = fetch(opener.last_chunk(length)?);
/// let opener = opener.random(length, &mut last)?;
/// assert_eq!(opener.len(), 40_000);
///
/// let at = opener.chunk(20_000).unwrap();
/// let mut chunk = fetch(at.bytes);
/// assert_eq!(opener.open(at.number, &mut chunk)?[at.offset], 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RandomOpener {
    chunks: Chunks,
    start: u64,
    /// The number of the last chunk.
    last: u64,
    /// Bytes of plaintext in the last chunk.
    rest: usize,
}

/// Where a byte of a stream's plaintext stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkAt {
    /// The number of its chunk, from 0.
    pub number: u64,
    /// The bytes of that chunk in the sealed stream, its start counted.
    pub bytes: Range<u64>,
    /// Which byte of what the chunk holds it is.
    pub offset: usize,
}

impl RandomOpener {
    pub(super) fn new(chunks: Chunks, start: usize, length: u64, last: &mut [u8]) -> Result<Self, OpenError> {
        let (number, expected) = split(start, length)?;
        if last.len() != expected {
            return Err(OpenError::new());
        }
        let opener = Self { chunks, start: wide(start), last: number, rest: expected - TAG };
        opener.open(number, last)?;
        Ok(opener)
    }

    pub(super) fn last_chunk(start: usize, length: u64) -> Result<Range<u64>, OpenError> {
        let (_, last) = split(start, length)?;
        Ok(length - wide(last)..length)
    }

    /// Bytes of the whole plaintext.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.last * STREAM_CHUNK as u64 + self.rest as u64
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the byte of the plaintext at `position` stands; `None` at the end and behind it.
    #[must_use]
    pub fn chunk(&self, position: u64) -> Option<ChunkAt> {
        if position >= self.len() {
            return None;
        }
        let (number, offset) = (position / STREAM_CHUNK as u64, position % STREAM_CHUNK as u64);
        let start = self.start + number * SEALED_STREAM_CHUNK as u64;
        let bytes = start..start + wide(self.sealed_len(number)?);
        Some(ChunkAt { number, bytes, offset: usize::try_from(offset).ok()? })
    }

    /// Decrypts the chunk with this number in place, and gives what it holds.
    ///
    /// # Errors
    /// It is not that chunk; it is wiped then.
    pub fn open<'c>(&self, number: u64, sealed: &'c mut [u8]) -> Result<&'c mut [u8], OpenError> {
        if self.sealed_len(number) != Some(sealed.len()) {
            return Err(OpenError::new());
        }
        let (text, tag) = sealed.split_last_chunk_mut().ok_or(OpenError::new())?;
        self.chunks.open(number, text, tag)?;
        Ok(text)
    }

    fn sealed_len(&self, number: u64) -> Option<usize> {
        match number.cmp(&self.last) {
            std::cmp::Ordering::Less => Some(SEALED_STREAM_CHUNK),
            std::cmp::Ordering::Equal => Some(self.rest + TAG),
            std::cmp::Ordering::Greater => None,
        }
    }
}

impl fmt::Debug for RandomOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RandomOpener").field("bytes", &self.len()).finish_non_exhaustive()
    }
}

/// The number of the last chunk of a stream of `length` bytes, and how many bytes that chunk has when it is sealed.
fn split(start: usize, length: u64) -> Result<(u64, usize), OpenError> {
    let body = length.checked_sub(wide(start)).ok_or(OpenError::new())?;
    let (number, last) = (body / SEALED_STREAM_CHUNK as u64, body % SEALED_STREAM_CHUNK as u64);
    let last = usize::try_from(last).map_err(|_| OpenError::new())?;
    if number >= MAX_CHUNKS || last < TAG { Err(OpenError::new()) } else { Ok((number, last)) }
}

const fn wide(length: usize) -> u64 {
    length as u64
}
