//! Streams as [`std::io`] has them.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use zeroize::Zeroizing;

use super::chunks::{SEALED_STREAM_CHUNK, STREAM_CHUNK};
use super::opener::StreamOpener;
use super::push::PushSealer;
use super::random::RandomOpener;
use crate::crypto::error::OpenError;

/// Writes a stream to a sink as its chunks fill up. From [`StreamSealer::writer`](super::StreamSealer::writer).
///
/// Only [`finish`](Self::finish) writes the last chunk. What is dropped before that, after an error or a panic too, is cut off by
/// construction: it does not open as a whole. [`flush`](Write::flush) passes on what is sealed, and seals nothing.
///
/// # Example: to a file and back
/// ```
/// # use stewardship::Scope;
/// # use stewardship::access::Environment;
/// # use stewardship::id::{Name, RecordId, TenantId};
/// use std::io::{Read, Seek, SeekFrom, Write};
/// use stewardship::crypto::{Context, OsEntropy, PlaceKeys, RustCrypto, SecretKey, StreamOpener, StreamSealer, StreamStart};
///
/// # let (scope, secret) = (Scope::Tenant("acme".into()), SecretKey::generate(&OsEntropy)?);
/// let key = PlaceKeys::new(vec![(&scope, 1, &secret)])?.stream_key();
/// # let (tenant, kind, record) = (TenantId::new("acme"), Name::new("export"), RecordId::new("1001"));
/// # let (field, class) = (Name::new("file"), Name::new("buyer.export"));
/// # let here = Context { tenant: &tenant, environment: Environment::Production, connection: None, subject: None, kind: &kind, record: &record, field: &field, class: &class };
/// let mut writer = StreamSealer::new(&RustCrypto, &OsEntropy, &key, &here)?.writer(tempfile::tempfile()?);
/// writer.write_all(&[7; 100_000])?;
/// let mut file = writer.finish()?;
///
/// file.rewind()?;
/// let start = StreamStart::read(&mut file)?;
/// let mut reader = StreamOpener::new(&RustCrypto, &key, &start, &here)?.reader(&file);
/// let mut opened = Vec::new();
/// reader.read_to_end(&mut opened)?;
/// assert_eq!(opened, [7; 100_000]);
///
/// let mut seekable = StreamOpener::new(&RustCrypto, &key, &start, &here)?.seekable(&file)?;
/// assert_eq!(seekable.len(), 100_000);
/// seekable.seek(SeekFrom::End(-5))?;
/// assert_eq!(seekable.read_to_end(&mut opened)?, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a stream that is not finished does not open"]
pub struct StreamWriter<W: Write> {
    sealer: PushSealer,
    sink: W,
    /// Sealed, and not written as a whole.
    sealed: Vec<u8>,
    written: usize,
}

impl<W: Write> StreamWriter<W> {
    pub(super) const fn new(sealer: PushSealer, sink: W) -> Self {
        Self { sealer, sink, sealed: Vec::new(), written: 0 }
    }

    /// Writes the last chunk, flushes the sink and gives it back. Without this the stream does not open.
    ///
    /// # Errors
    /// That of the sink, or the stream is too long, or the backend failed. Write the stream anew then: its end may be missing.
    pub fn finish(mut self) -> io::Result<W> {
        self.drain()?;
        self.sealer.finish(&mut self.sealed).map_err(io::Error::other)?;
        self.sink.write_all(&self.sealed)?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    /// Writes what is sealed. An error leaves what is not written yet for the next call.
    fn drain(&mut self) -> io::Result<()> {
        while let Some(rest @ [_, ..]) = self.sealed.get(self.written..) {
            match self.sink.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => self.written = self.written.saturating_add(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.sealed.clear();
        self.written = 0;
        Ok(())
    }
}

impl<W: Write> Write for StreamWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.drain()?;
        let (piece, _) = bytes.split_at(bytes.len().min(STREAM_CHUNK));
        self.sealer.push(piece, &mut self.sealed).map_err(io::Error::other)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.drain()?;
        self.sink.flush()
    }
}

impl<W: Write> fmt::Debug for StreamWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StreamWriter").field(&self.sealer).finish()
    }
}

/// Reads a stream from its front. From [`StreamOpener::reader`].
///
/// What it gives is authenticated chunk by chunk. **That the stream is whole is known at its end alone**, when a read answers 0: before that,
/// whoever acts on what was read acts on a part. An error of a read is [`ErrorKind::InvalidData`] with an [`OpenError`] where the stream is
/// refused, whatever is wrong with it, and every further read fails then.
pub struct StreamReader<R> {
    state: State,
    source: R,
    /// A chunk as it is read, then what it holds.
    chunk: Zeroizing<Vec<u8>>,
    filled: usize,
    ready: Range<usize>,
}

enum State {
    Open(StreamOpener),
    Ended,
    Refused,
}

impl<R: Read> StreamReader<R> {
    pub(super) fn new(opener: StreamOpener, source: R) -> Self {
        let chunk = Zeroizing::new(vec![0; SEALED_STREAM_CHUNK]);
        Self { state: State::Open(opener), source, chunk, filled: 0, ready: 0..0 }
    }

    /// Reads and opens the next chunk. An error of the source leaves what was read for the next call.
    fn next(&mut self) -> io::Result<()> {
        match self.state {
            State::Open(_) => {}
            State::Ended => return Ok(()),
            State::Refused => return Err(refused()),
        }
        while let Some(free @ [_, ..]) = self.chunk.get_mut(self.filled..) {
            match self.source.read(free) {
                Ok(0) => break,
                Ok(count) => self.filled = self.filled.saturating_add(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // Refused, until it has been opened.
        let State::Open(mut opener) = std::mem::replace(&mut self.state, State::Refused) else {
            return Err(refused());
        };
        let filled = std::mem::take(&mut self.filled);
        let length;
        if let Some(chunk) =
            self.chunk.get_mut(..filled).and_then(|chunk| <&mut [u8; _]>::try_from(chunk).ok())
        {
            length = opener.open_chunk(chunk).map_err(|_| refused())?.len();
            self.state = State::Open(opener);
        } else {
            let last = self.chunk.get_mut(..filled).unwrap_or_default();
            length = opener.finish(last).map_err(|_| refused())?.len();
            self.state = State::Ended;
        }
        self.ready = 0..length;
        Ok(())
    }
}

impl<R: Read> Read for StreamReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for StreamReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ready.is_empty() {
            self.next()?;
        }
        Ok(self.chunk.get(self.ready.clone()).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.ready.start = self.ready.end.min(self.ready.start.saturating_add(count));
    }
}

impl<R> fmt::Debug for StreamReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamReader")
    }
}

/// Reads a stream in any order. From [`StreamOpener::seekable`]: its length is authenticated from the first.
///
/// Each chunk is authenticated before what it holds is given out, and again when it is read again; one that is not read is not. An error is that
/// of the source, or [`ErrorKind::InvalidData`] with an [`OpenError`], whatever is wrong with the chunk.
pub struct SeekableReader<R> {
    opener: RandomOpener,
    source: R,
    position: u64,
    /// What the chunk with the number in `loaded` holds.
    chunk: Zeroizing<Vec<u8>>,
    loaded: Option<u64>,
}

impl<R: Read + Seek> SeekableReader<R> {
    pub(super) fn new(opener: StreamOpener, mut source: R) -> io::Result<Self> {
        let length = source.seek(SeekFrom::End(0))?;
        let at = opener.last_chunk(length).map_err(|_| refused())?;
        let mut chunk = Zeroizing::new(Vec::with_capacity(SEALED_STREAM_CHUNK));
        load(&mut source, at, &mut chunk)?;
        let opener = opener.random(length, &mut chunk).map_err(|_| refused())?;
        Ok(Self { opener, source, position: 0, chunk, loaded: None })
    }

    /// Bytes of the whole plaintext.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.opener.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.opener.is_empty()
    }
}

impl<R: Read + Seek> Read for SeekableReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read + Seek> BufRead for SeekableReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let Some(at) = self.opener.chunk(self.position) else { return Ok(&[]) };
        if self.loaded != Some(at.number) {
            self.loaded = None;
            load(&mut self.source, at.bytes, &mut self.chunk)?;
            let length = self.opener.open(at.number, &mut self.chunk).map_err(|_| refused())?.len();
            self.chunk.truncate(length);
            self.loaded = Some(at.number);
        }
        Ok(self.chunk.get(at.offset..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.position = self.position.saturating_add(count as u64);
    }
}

impl<R: Read + Seek> Seek for SeekableReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl<R> fmt::Debug for SeekableReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SeekableReader").field(&self.opener).finish()
    }
}

/// Reads these bytes of the source into `chunk`, in place of what is there.
fn load(source: &mut (impl Read + Seek), at: Range<u64>, chunk: &mut Zeroizing<Vec<u8>>) -> io::Result<()> {
    source.seek(SeekFrom::Start(at.start))?;
    let length = usize::try_from(at.end - at.start).map_err(|_| refused())?;
    chunk.resize(length, 0);
    source.read_exact(chunk).map_err(|error| match error.kind() {
        // Cut off since its length was taken.
        ErrorKind::UnexpectedEof => refused(),
        _ => error,
    })
}

fn refused() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, OpenError::new())
}
