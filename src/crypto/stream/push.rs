//! Pieces of any length, gathered into chunks.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use super::MAX_STREAM_START;
use super::chunks::{SEALED_STREAM_CHUNK, STREAM_CHUNK, TAG};
use super::opener::StreamOpener;
use super::sealer::StreamSealer;
use crate::crypto::envelope::room;
use crate::crypto::error::{OpenError, SealError, SealErrorKind};

/// Seals a stream that comes in pieces of any length; it keeps less than a chunk back. Without I/O: an async host takes what it gives and sends
/// it on.
///
/// # Example: in three pieces, and back
/// ```
/// # use stewardship::Scope;
/// # use stewardship::access::Environment;
/// # use stewardship::id::{Name, RecordId, TenantId};
/// use stewardship::crypto::{Context, OsEntropy, PlaceKeys, RustCrypto, SecretKey, StreamOpener, StreamSealer, StreamStart};
///
/// # let (scope, secret) = (Scope::Tenant("acme".into()), SecretKey::generate(&OsEntropy)?);
/// let key = PlaceKeys::new(vec![(&scope, 1, &secret)])?.stream_key();
/// # let (tenant, kind, record) = (TenantId::new("acme"), Name::new("export"), RecordId::new("1001"));
/// # let (field, class) = (Name::new("file"), Name::new("buyer.export"));
/// # let here = Context { tenant: &tenant, environment: Environment::Production, connection: None, subject: None, kind: &kind, record: &record, field: &field, class: &class };
/// let (mut sealer, mut sealed) = (StreamSealer::new(&RustCrypto, &OsEntropy, &key, &here)?.pushed(), Vec::new());
/// for piece in [&[1; 10_000][..], &[2; 30_000], b"the end"] {
///     sealer.push(piece, &mut sealed)?;
/// }
/// sealer.finish(&mut sealed)?;
///
/// let start = StreamStart::parse(&sealed)?;
/// let (mut opener, mut opened) = (StreamOpener::new(&RustCrypto, &key, &start, &here)?.pushed(), Default::default());
/// let mut length = 0;
/// for piece in sealed[start.len()..].chunks(1_000) {
///     opener.push(piece, &mut opened)?; // `opened` holds what this piece completed
///     length += opened.len();
/// }
/// opener.finish(&mut opened)?; // the stream was whole
/// assert_eq!(length + opened.len(), 40_007);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a stream that is not finished does not open"]
pub struct PushSealer {
    sealer: StreamSealer,
    pending: Zeroizing<Vec<u8>>,
    started: bool,
    failed: bool,
}

impl PushSealer {
    pub(super) fn new(sealer: StreamSealer) -> Self {
        let pending = Zeroizing::new(Vec::with_capacity(STREAM_CHUNK));
        Self { started: sealer.has_begun(), sealer, pending, failed: false }
    }

    /// Takes the next piece, and appends what is ready of the stream to `out`. Where `out` has room for it, nothing is allocated.
    ///
    /// # Errors
    /// As [`StreamSealer::seal_chunk`]: `out` is as it was then, and every further call fails.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        let before = out.len();
        self.take(piece, out).inspect_err(|_| {
            self.failed = true;
            out.truncate(before);
        })
    }

    /// Appends the end of the stream to `out`.
    ///
    /// # Errors
    /// The backend failed, now or before; `out` is as it was then.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), SealError> {
        let before = out.len();
        self.end(out).inspect_err(|_| out.truncate(before))
    }

    fn take(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        self.refuse_failed()?;
        // The full size at once: a buffer that grows would leave plaintext behind.
        let whole = (self.pending.len() + piece.len()) / STREAM_CHUNK;
        out.reserve(MAX_STREAM_START + whole * SEALED_STREAM_CHUNK);
        self.begin(out);
        let mut rest = piece;
        if !self.pending.is_empty() {
            rest = fill(&mut self.pending, STREAM_CHUNK, rest);
            if self.pending.len() == STREAM_CHUNK {
                append(&mut self.sealer, &self.pending, out)?;
                self.pending.clear();
            }
        }
        while let Some((chunk, tail)) = rest.split_first_chunk::<STREAM_CHUNK>() {
            append(&mut self.sealer, chunk, out)?;
            rest = tail;
        }
        self.pending.extend_from_slice(rest);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), SealError> {
        self.refuse_failed()?;
        out.reserve(MAX_STREAM_START + self.pending.len() + TAG);
        self.begin(out);
        append(&mut self.sealer, &self.pending, out)
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.started {
            out.extend_from_slice(self.sealer.start());
        }
        self.started = true;
    }

    fn refuse_failed(&self) -> Result<(), SealError> {
        if self.failed { Err(SealError::new(SealErrorKind::Backend)) } else { Ok(()) }
    }
}

impl fmt::Debug for PushSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PushSealer").field(&self.sealer).finish()
    }
}

/// Opens a stream that comes in pieces of any length; it keeps at most a chunk back. Without I/O: an async host feeds it what it receives.
///
/// It is fed what stands behind the stream's start.
pub struct PushOpener {
    opener: StreamOpener,
    /// Not opened yet: less than a whole chunk.
    pending: Vec<u8>,
}

impl PushOpener {
    pub(super) fn new(opener: StreamOpener) -> Self {
        Self { opener, pending: Vec::with_capacity(SEALED_STREAM_CHUNK) }
    }

    /// Takes the next piece, and puts the plaintext of the chunks that it completes into `out`, in place of what is there. Where `out` has
    /// room for it, nothing is allocated.
    ///
    /// # Errors
    /// A chunk is not the one that comes next: `out` is empty then, and every further call fails.
    pub fn push(&mut self, piece: &[u8], out: &mut Zeroizing<Vec<u8>>) -> Result<(), OpenError> {
        let whole = (self.pending.len() + piece.len()) / SEALED_STREAM_CHUNK;
        room(out, whole * STREAM_CHUNK);
        self.take(piece, out).inspect_err(|_| out.zeroize())
    }

    /// Puts what is left into `out`, in place of what is there: the stream was whole.
    ///
    /// # Errors
    /// It was not: cut off, longer, or altered. `out` is empty then.
    pub fn finish(mut self, out: &mut Zeroizing<Vec<u8>>) -> Result<(), OpenError> {
        out.zeroize();
        let (text, tag) = self.pending.split_last_chunk().ok_or(OpenError::new())?;
        room(out, text.len());
        self.opener.open_next_into(text, tag, out).inspect_err(|_| out.zeroize())
    }

    fn take(&mut self, piece: &[u8], out: &mut [u8]) -> Result<(), OpenError> {
        if self.opener.is_refused() {
            return Err(OpenError::new());
        }
        let (slots, _) = out.as_chunks_mut::<STREAM_CHUNK>();
        let (mut slots, mut rest) = (slots.iter_mut(), piece);
        if !self.pending.is_empty() {
            rest = fill(&mut self.pending, SEALED_STREAM_CHUNK, rest);
            if let Some(chunk) = self.pending.first_chunk() {
                open(&mut self.opener, chunk, slots.next())?;
                self.pending.clear();
            }
        }
        while let Some((chunk, tail)) = rest.split_first_chunk() {
            open(&mut self.opener, chunk, slots.next())?;
            rest = tail;
        }
        self.pending.extend_from_slice(rest);
        Ok(())
    }
}

impl fmt::Debug for PushOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PushOpener").field(&self.opener).finish()
    }
}

/// Fills `pending` up to `length` from the front of `piece`; gives the rest.
fn fill<'p>(pending: &mut Vec<u8>, length: usize, piece: &'p [u8]) -> &'p [u8] {
    let (head, tail) = piece.split_at(piece.len().min(length.saturating_sub(pending.len())));
    pending.extend_from_slice(head);
    tail
}

/// Seals the next chunk behind what `out` holds.
fn append(sealer: &mut StreamSealer, text: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
    let start = out.len();
    out.extend_from_slice(text);
    let tag = sealer.seal_next(out.get_mut(start..).unwrap_or_default())?;
    out.extend_from_slice(&tag);
    Ok(())
}

/// Opens the next chunk into its slot.
fn open(
    opener: &mut StreamOpener,
    chunk: &[u8; SEALED_STREAM_CHUNK],
    slot: Option<&mut [u8; STREAM_CHUNK]>,
) -> Result<(), OpenError> {
    let (Some((text, tag)), Some(slot)) = (chunk.split_last_chunk(), slot) else {
        return Err(OpenError::new());
    };
    opener.open_next_into(text, tag, slot)
}
