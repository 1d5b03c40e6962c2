//! Sealing chunks in place.

use std::fmt;

use zeroize::Zeroize;

use super::chunks::{Chunks, MAX_CHUNKS, SALT, STREAM_CHUNK, TAG};
use super::io::StreamWriter;
use super::push::PushSealer;
use super::{MAX_STREAM_START, StreamKey};
use crate::crypto::backend::AeadBackend;
use crate::crypto::context::Context;
use crate::crypto::entropy::Entropy;
use crate::crypto::error::{SealError, SealErrorKind};

/// Seals a stream chunk by chunk, in place: without I/O, and after it is made without an allocation. Borrows nothing, so that a task may take it
/// along.
///
/// A stream is its [`start`](Self::start), its chunks, each followed by its tag, and a last chunk that is shorter. One that has not been
/// [finished](Self::finish) has no last chunk, and does not open as a whole.
///
/// [`pushed`](Self::pushed) takes pieces of any length, [`writer`](Self::writer) is a [`std::io::Write`].
///
/// # Example: in place, then opened in place
/// ```
/// # use stewardship::Scope;
/// # use stewardship::access::Environment;
/// # use stewardship::id::{Name, RecordId, TenantId};
/// use stewardship::crypto::{
///     Context, OsEntropy, PlaceKeys, RustCrypto, SEALED_STREAM_CHUNK, STREAM_CHUNK, SecretKey, StreamOpener, StreamSealer, StreamStart,
/// };
///
/// # let (scope, secret) = (Scope::Tenant("acme".into()), SecretKey::generate(&OsEntropy)?);
/// let key = PlaceKeys::new(vec![(&scope, 1, &secret)])?.stream_key();
/// # let (tenant, kind, record) = (TenantId::new("acme"), Name::new("export"), RecordId::new("1001"));
/// # let (field, class) = (Name::new("file"), Name::new("buyer.export"));
/// # let here = Context { tenant: &tenant, environment: Environment::Production, connection: None, subject: None, kind: &kind, record: &record, field: &field, class: &class };
/// let mut sealer = StreamSealer::new(&RustCrypto, &OsEntropy, &key, &here)?;
/// let start = StreamStart::parse(sealer.start())?;
/// let mut chunk = [b'a'; SEALED_STREAM_CHUNK];
/// let (text, tag) = chunk.split_first_chunk_mut::<STREAM_CHUNK>().unwrap();
/// tag.copy_from_slice(&sealer.seal_chunk(text)?);
/// let mut last = *b"the end................";
/// let (text, tag) = last.split_first_chunk_mut::<7>().unwrap();
/// tag.copy_from_slice(&sealer.finish(text)?);
///
/// let mut opener = StreamOpener::new(&RustCrypto, &key, &start, &here)?;
/// assert_eq!(opener.open_chunk(&mut chunk)?, [b'a'; STREAM_CHUNK]);
/// assert_eq!(opener.finish(&mut last)?, b"the end");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a stream that is not finished does not open"]
pub struct StreamSealer {
    chunks: Chunks,
    next: u64,
    start: Vec<u8>,
}

impl StreamSealer {
    /// Begins a stream under the key of its place.
    ///
    /// # Errors
    /// The random source or the backend failed.
    pub fn new(
        backend: &dyn AeadBackend,
        entropy: &dyn Entropy,
        key: &StreamKey,
        context: &Context<'_>,
    ) -> Result<Self, SealError> {
        let mut salt = [0; SALT];
        entropy.fill(&mut salt)?;
        let bound = [&key.head[..], &context.to_bytes()];
        let (chunks, commitment) = Chunks::new(backend, key.key.expose(), &salt, &bound)?;
        let mut start = Vec::with_capacity(MAX_STREAM_START);
        start.extend_from_slice(&key.head);
        start.extend_from_slice(&salt);
        start.extend_from_slice(&commitment);
        Ok(Self::of(chunks, start))
    }

    pub(super) const fn of(chunks: Chunks, start: Vec<u8>) -> Self {
        Self { chunks, next: 0, start }
    }

    /// What stands in front of the first chunk.
    #[must_use]
    pub fn start(&self) -> &[u8] {
        &self.start
    }

    /// Encrypts the next chunk in place and gives its tag, which follows it. Not the last one, which is shorter.
    ///
    /// # Errors
    /// The stream has [`MAX_STREAM_BYTES`](super::MAX_STREAM_BYTES) already, or the backend failed; the chunk is wiped then, and the stream
    /// cannot be opened any more.
    pub fn seal_chunk(&mut self, chunk: &mut [u8; STREAM_CHUNK]) -> Result<[u8; 16], SealError> {
        self.seal_next(chunk)
    }

    /// Encrypts the last chunk in place, which may be empty, and gives its tag: the end of the stream.
    ///
    /// # Errors
    /// It is not shorter than [`STREAM_CHUNK`], or the backend failed; the chunk is wiped then.
    pub fn finish(mut self, last: &mut [u8]) -> Result<[u8; 16], SealError> {
        if last.len() >= STREAM_CHUNK {
            last.zeroize();
            return Err(SealError::new(SealErrorKind::TooLarge));
        }
        self.seal_next(last)
    }

    /// Takes pieces of any length instead of chunks. Where a chunk has been sealed already, what it gives follows that chunk.
    pub fn pushed(self) -> PushSealer {
        PushSealer::new(self)
    }

    /// Writes the stream to `sink` as what is written is gathered into chunks.
    pub fn writer<W: std::io::Write>(self, sink: W) -> StreamWriter<W> {
        StreamWriter::new(self.pushed(), sink)
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.next > 0
    }

    /// The number is used up before the backend is asked: no failure makes it serve twice.
    pub(super) fn seal_next(&mut self, text: &mut [u8]) -> Result<[u8; TAG], SealError> {
        // A whole chunk is never the last, which wants a number as well.
        let numbers = if text.len() < STREAM_CHUNK { MAX_CHUNKS } else { MAX_CHUNKS - 1 };
        if self.next >= numbers {
            text.zeroize();
            return Err(SealError::new(SealErrorKind::TooLarge));
        }
        let number = self.next;
        self.next += 1;
        Ok(self.chunks.seal(number, text).inspect_err(|_| text.zeroize())?)
    }

    #[cfg(test)]
    pub(super) const fn at(mut self, number: u64) -> Self {
        self.next = number;
        self
    }
}

impl fmt::Debug for StreamSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSealer").field("next", &self.next).finish_non_exhaustive()
    }
}
