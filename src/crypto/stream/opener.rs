//! Opening chunks in place, in their order.

use std::fmt;
use std::io::{Read, Seek};

use super::chunks::{Chunks, SEALED_STREAM_CHUNK, TAG};
use super::io::{SeekableReader, StreamReader};
use super::push::PushOpener;
use super::random::RandomOpener;
use super::{StreamKey, StreamStart};
use crate::crypto::backend::AeadBackend;
use crate::crypto::context::Context;
use crate::crypto::error::OpenError;

/// Opens a stream chunk by chunk, in place: without I/O, and after it is made without an allocation. Borrows nothing, so that a task may take it
/// along.
///
/// What a chunk holds is given out once its tag has been verified; that the stream is whole is known when it is
/// [finished](Self::finish), and before anything is given out in [`random`](Self::random) access.
///
/// [`pushed`](Self::pushed) takes pieces of any length, [`reader`](Self::reader) and [`seekable`](Self::seekable) are
/// [`std::io::Read`].
pub struct StreamOpener {
    chunks: Chunks,
    next: u64,
    refused: bool,
    /// Bytes in front of the first chunk.
    start: usize,
}

impl StreamOpener {
    /// Begins with a stream at its place: under another key, or at another place, nothing is decrypted at all.
    ///
    /// # Errors
    /// Wrong key, wrong place or altered bytes: one failure, which does not tell which.
    pub fn new(
        backend: &dyn AeadBackend,
        key: &StreamKey,
        start: &StreamStart,
        context: &Context<'_>,
    ) -> Result<Self, OpenError> {
        if start.header() != key.header() {
            return Err(OpenError::new());
        }
        let bound = [&key.head[..], &context.to_bytes()];
        let chunks = Chunks::committed(backend, key.key.expose(), start.salt(), start.commitment(), &bound)?;
        Ok(Self::of(chunks, start.len()))
    }

    pub(super) const fn of(chunks: Chunks, start: usize) -> Self {
        Self { chunks, next: 0, refused: false, start }
    }

    /// Decrypts the next chunk in place, and gives what it holds. A whole chunk is never the last.
    ///
    /// # Errors
    /// It is not the chunk that comes next; it is wiped then, and nothing after it opens.
    pub fn open_chunk<'c>(
        &mut self,
        chunk: &'c mut [u8; SEALED_STREAM_CHUNK],
    ) -> Result<&'c mut [u8], OpenError> {
        let (text, tag) = chunk.split_last_chunk_mut().ok_or(OpenError::new())?;
        self.next_chunk(|chunks, number| chunks.open(number, text, tag))?;
        Ok(text)
    }

    /// Decrypts the last chunk in place, and gives what it holds: the stream was whole.
    ///
    /// # Errors
    /// It is not the last chunk, or a chunk before it was refused: cut off, longer, or altered.
    pub fn finish(mut self, last: &mut [u8]) -> Result<&mut [u8], OpenError> {
        if last.len() >= SEALED_STREAM_CHUNK {
            return Err(OpenError::new());
        }
        let (text, tag) = last.split_last_chunk_mut().ok_or(OpenError::new())?;
        self.next_chunk(|chunks, number| chunks.open(number, text, tag))?;
        Ok(text)
    }

    /// Takes pieces of any length instead of chunks.
    #[must_use]
    pub fn pushed(self) -> PushOpener {
        PushOpener::new(self)
    }

    /// Reads from a source that stands at the first chunk: behind the start, as [`StreamStart::read`] leaves it.
    #[must_use]
    pub fn reader<R: Read>(self, source: R) -> StreamReader<R> {
        StreamReader::new(self, source)
    }

    /// Reads in any order from a source that begins with the stream and ends with it, wherever it stands now.
    ///
    /// The last chunk is authenticated here: from then on the length is known, and that nothing is cut off or added.
    ///
    /// # Errors
    /// That of the source; [`std::io::ErrorKind::InvalidData`] with an [`OpenError`] where the stream is refused.
    pub fn seekable<R: Read + Seek>(self, source: R) -> std::io::Result<SeekableReader<R>> {
        SeekableReader::new(self, source)
    }

    /// Where the last chunk of a stream of `length` bytes, its start among them, stands: what [`random`](Self::random) wants to see.
    ///
    /// # Errors
    /// No stream has this length.
    pub fn last_chunk(&self, length: u64) -> Result<std::ops::Range<u64>, OpenError> {
        RandomOpener::last_chunk(self.start, length)
    }

    /// Opens chunks in any order, of a stream of `length` bytes, its start among them, whose last chunk is `last`.
    ///
    /// # Errors
    /// No stream has this length, or this is not its last chunk: cut off, longer, or altered.
    pub fn random(self, length: u64, last: &mut [u8]) -> Result<RandomOpener, OpenError> {
        RandomOpener::new(self.chunks, self.start, length, last)
    }

    pub(super) const fn is_refused(&self) -> bool {
        self.refused
    }

    /// Decrypts the next chunk into `plaintext`, which is as long as its ciphertext; wipes that where it is another one.
    pub(super) fn open_next_into(
        &mut self,
        ciphertext: &[u8],
        tag: &[u8; TAG],
        plaintext: &mut [u8],
    ) -> Result<(), OpenError> {
        self.next_chunk(|chunks, number| chunks.open_into(number, ciphertext, tag, plaintext))
    }

    fn next_chunk(
        &mut self,
        open: impl FnOnce(&Chunks, u64) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        if self.refused {
            return Err(OpenError::new());
        }
        let opened = open(&self.chunks, self.next);
        self.refused = opened.is_err();
        self.next += 1;
        opened
    }

    #[cfg(test)]
    pub(super) const fn at(mut self, number: u64) -> Self {
        self.next = number;
        self
    }
}

impl fmt::Debug for StreamOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamOpener").field("next", &self.next).finish_non_exhaustive()
    }
}
