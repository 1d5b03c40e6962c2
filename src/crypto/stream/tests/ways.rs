//! What is sealed in one way opens in every way; and what sources and sinks do in between.

use std::io::{self, BufRead, ErrorKind};

use proptest::prelude::*;

use super::super::chunks::MAX_CHUNKS;
use super::*;
use crate::crypto::backend::tests::all as backends;
use crate::crypto::backend::{AeadError, AeadKey};
use crate::crypto::envelope::tests::key as value_key;
use crate::crypto::envelope::{Envelope, SealedValue};
use crate::crypto::error::{EnvelopeErrorKind, SealErrorKind};

#[test]
fn every_length_around_the_border_of_a_chunk_comes_back() {
    for (name, backend) in backends() {
        for length in [0, 1, C - 1, C, C + 1, 2 * C - 1, 2 * C, 3 * C + 5] {
            let (text, mut all) = (text(length), |rest| rest);
            for sealed in [
                by_chunks(sealer(&*backend), &text).unwrap(),
                by_push(sealer(&*backend), &text, &mut all).unwrap(),
                by_writer(sealer(&*backend), &text, &mut all),
            ] {
                assert_eq!(sealed.len(), START + length + 16 * (length / C + 1), "{name}, {length} bytes");
                assert!(opened(&sealed, &here()) == Some(text.clone()), "{name}, {length} bytes");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn pieces_of_any_length_make_the_same_stream(
        length in prop_oneof![0..3 * C, (0_usize..4).prop_map(|chunks| chunks * C)],
        pieces in prop::collection::vec(prop_oneof![1_usize..50, 1..2 * C, Just(C)], 1..6),
        writer in any::<bool>(),
    ) {
        let text = text(length);
        let mut sizes = pieces.iter().cycle();
        // A cycle of small pieces alone would take long: after them comes the rest.
        let mut next = |rest: usize| if rest < C { rest } else { *sizes.next().unwrap() };
        let sealed = if writer {
            by_writer(sealer(&RustCrypto), &text, &mut next)
        } else {
            by_push(sealer(&RustCrypto), &text, &mut next).unwrap()
        };
        prop_assert!(opened(&sealed, &here()) == Some(text));
    }

    #[test]
    fn any_seek_reads_what_stands_there(
        length in 0..3 * C,
        seeks in prop::collection::vec((0..4 * C, 0..C, 0..3_u8), 1..12),
    ) {
        let text = text(length);
        let sealed = sealed(&text);
        let (mut ours, mut theirs) =
            (opener(&RustCrypto, &sealed, &here()).unwrap().seekable(Cursor::new(&sealed)).unwrap(), Cursor::new(&text));
        for (at, count, from) in seeks {
            let to = match from {
                0 => SeekFrom::Start(at as u64),
                1 => SeekFrom::Current(at as i64 - 2 * C as i64),
                _ => SeekFrom::End(C as i64 - at as i64),
            };
            let (one, other) = (ours.seek(to), theirs.seek(to));
            prop_assert_eq!(one.as_ref().ok(), other.as_ref().ok());
            prop_assert_eq!(one.map_err(|error| error.kind()).err(), other.map_err(|error| error.kind()).err());
            let (mut found, mut expected) = (Vec::new(), Vec::new());
            (&mut ours).take(count as u64).read_to_end(&mut found).unwrap();
            (&mut theirs).take(count as u64).read_to_end(&mut expected).unwrap();
            prop_assert!(found == expected, "{} bytes, and not {}", found.len(), expected.len());
        }
    }

    #[test]
    fn the_pieces_of_an_opening_may_be_of_any_length(
        length in 0..3 * C,
        pieces in prop::collection::vec(prop_oneof![100_usize..500, 1..3 * S, Just(S)], 1..5),
    ) {
        let text = text(length);
        let sealed = sealed(&text);
        let mut opener = opener(&RustCrypto, &sealed, &here()).unwrap().pushed();
        let (mut rest, mut sizes, mut piece, mut out) =
            (&sealed[START..], pieces.iter().cycle(), Zeroizing::default(), Vec::new());
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            opener.push(head, &mut piece).unwrap();
            out.extend_from_slice(&piece);
            rest = tail;
        }
        opener.finish(&mut piece).unwrap();
        out.extend_from_slice(&piece);
        prop_assert!(out == text);
    }
}

proptest! {
    #[test]
    fn any_bytes_give_the_start_of_a_stream_or_an_error(
        head in prop_oneof![prop::collection::vec(0_u8..5, 0..20), Just(vec![1, 3, 7, 1, 1, 1])],
        tail in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let bytes = [head, tail].concat();
        let (parsed, read) = (StreamStart::parse(&bytes), StreamStart::read(&mut &bytes[..]));
        prop_assert_eq!(parsed.ok(), read.ok());
        prop_assert_eq!(opened(&bytes, &here()), None);
    }
}

#[test]
fn a_start_says_what_it_needs_and_is_told_from_other_suites() {
    let stream = sealed(b"");
    let start = StreamStart::parse(&stream).unwrap();
    assert_eq!((start.len(), *start.header()), (START, three()));
    assert_eq!(stream[6..30], *start.salt());
    let mut source = &stream[..];
    assert_eq!(StreamStart::read(&mut source).unwrap(), start);
    assert_eq!(source.len(), 16, "not a byte more");
    for length in 0..START {
        let kind = StreamStart::parse(&stream[..length]).unwrap_err().kind();
        assert_eq!(kind, EnvelopeErrorKind::Malformed);
        assert_eq!(StreamStart::read(&mut &stream[..length]).unwrap_err().kind(), ErrorKind::InvalidData);
    }
    // The longest start, and the shortest stream.
    let last = Header::new(three().scopes().map(|(kind, _)| (kind, u32::MAX))).unwrap();
    let key = StreamKey::new(last, SecretKey::new([1; 32]));
    let longest = StreamSealer::new(&RustCrypto, &OsEntropy, &key, &here().context()).unwrap();
    assert_eq!(longest.start().len(), MAX_STREAM_START);
    const { assert!(MAX_STREAM_START <= 4 + 24 + 32 + 16) };

    assert_eq!(Envelope::parse(&stream).unwrap_err().kind(), EnvelopeErrorKind::UnknownSuite);
    assert!(SealedValue::new(stream).is_err());
    let value =
        crate::crypto::seal(&RustCrypto, &OsEntropy, &value_key(three()), &here().context(), b"").unwrap();
    assert_eq!(StreamStart::parse(&value).unwrap_err().kind(), EnvelopeErrorKind::UnknownSuite);
}

#[test]
fn no_two_streams_share_a_salt() {
    let salts: std::collections::BTreeSet<Vec<u8>> =
        (0..200).map(|_| sealer(&RustCrypto).start()[6..30].to_vec()).collect();
    assert_eq!(salts.len(), 200);
}

/// The number of a chunk never wraps, and the last one has a number as well.
#[test]
fn a_stream_ends_at_its_limit() {
    let mut full = sealer(&RustCrypto).at(MAX_CHUNKS - 1);
    let mut chunk = [7; C];
    assert_eq!(full.seal_chunk(&mut chunk).unwrap_err().kind(), SealErrorKind::TooLarge);
    assert_eq!(chunk, [0; C], "wiped");
    let start = StreamStart::parse(full.start()).unwrap();
    let mut last = [7; C - 1];
    let tag = full.finish(&mut last).unwrap();
    let open = || StreamOpener::new(&RustCrypto, &key(), &start, &here().context()).unwrap();
    let mut sealed = [&last[..], &tag].concat();
    assert_eq!(open().at(MAX_CHUNKS - 1).finish(&mut sealed.clone()).unwrap(), [7; C - 1]);
    let length = START as u64 + (MAX_CHUNKS - 1) * S as u64 + sealed.len() as u64;
    let random = open().random(length, &mut sealed).unwrap();
    assert_eq!(random.len(), MAX_STREAM_BYTES);
    assert_eq!(random.chunk(MAX_STREAM_BYTES - 1).unwrap().bytes.end, length);

    let mut over = sealer(&RustCrypto).at(MAX_CHUNKS);
    assert_eq!(over.seal_chunk(&mut chunk).unwrap_err().kind(), SealErrorKind::TooLarge);
    assert_eq!(over.finish(&mut []).unwrap_err().kind(), SealErrorKind::TooLarge);
    assert!(open().at(MAX_CHUNKS).finish(&mut [0; 16]).is_err());
    assert!(open().random(length + S as u64, &mut [0; C + 15]).is_err());
    assert!(open().last_chunk(u64::MAX).is_err());
    assert_eq!(sealer(&RustCrypto).finish(&mut [7; C]).unwrap_err().kind(), SealErrorKind::TooLarge);
}

#[test]
fn a_stream_that_is_not_finished_does_not_open() {
    let (mut writer, mut sink) = (sealer(&RustCrypto), Vec::new());
    for length in [0, 10, C, C + 10, 2 * C] {
        sink.clear();
        let mut writer = std::mem::replace(&mut writer, sealer(&RustCrypto)).writer(&mut sink);
        writer.write_all(&text(length)).unwrap();
        writer.flush().unwrap();
        drop(writer);
        assert_eq!(opened(&sink, &here()), None, "{length} bytes");
        if let Some(opener) = opener(&RustCrypto, &sink, &here()) {
            // What was sealed of it is read, and the end is an error.
            let mut found = Vec::new();
            let error = opener.reader(&sink[START..]).read_to_end(&mut found).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(found == text(length / C * C));
        }
    }
}

/// Gives and takes a few bytes at a time, and fails in between: with an interruption, then with something that may be tried again.
struct Halting<T> {
    inner: T,
    turn: usize,
}

impl<T> Halting<T> {
    const fn new(inner: T) -> Self {
        Self { inner, turn: 0 }
    }

    fn turn(&mut self, length: usize) -> io::Result<usize> {
        self.turn += 1;
        match self.turn % 4 {
            1 => Err(ErrorKind::Interrupted.into()),
            3 => Err(ErrorKind::WouldBlock.into()),
            _ => Ok(length.min(7_001)),
        }
    }
}

impl<R: Read> Read for Halting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.turn(buffer.len())?;
        self.inner.read(&mut buffer[..length])
    }
}

impl<W: Write> Write for Halting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.turn(bytes.len())?;
        self.inner.write(&bytes[..length])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[test]
fn what_may_be_tried_again_loses_nothing() {
    let text = text(2 * C + 100);
    let mut sink = Halting::new(Vec::new());
    let (mut writer, mut rest) = (sealer(&RustCrypto).writer(&mut sink), &text[..]);
    while !rest.is_empty() {
        match writer.write(rest) {
            Ok(count) => rest = &rest[count..],
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    while writer.flush().is_err() {}
    drop(writer.finish());
    let sealed = by_writer(sealer(&RustCrypto), &text, &mut |rest| rest);
    assert_eq!(sink.inner[START + S..][..S].len(), S);

    let mut reader = opener(&RustCrypto, &sealed, &here()).unwrap().reader(Halting::new(&sealed[START..]));
    let mut found = Vec::new();
    loop {
        match reader.fill_buf().map(<[u8]>::to_vec) {
            Ok(part) if part.is_empty() => break,
            Ok(part) => {
                found.extend_from_slice(&part);
                reader.consume(part.len());
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    assert!(found == text);
}

/// A backend that fails at the chunk with this number.
struct FailsAt(usize);

struct FailingKey(Box<dyn AeadKey>, std::sync::atomic::AtomicUsize);

impl AeadBackend for FailsAt {
    fn seal_in_place_detached(
        &self,
        _: &[u8; 32],
        _: &[u8; 12],
        _: &[u8],
        _: &mut [u8],
    ) -> Result<[u8; 16], AeadError> {
        Err(AeadError::new())
    }

    fn open_detached(
        &self,
        _: &[u8; 32],
        _: &[u8; 12],
        _: &[u8],
        _: &[u8],
        _: &[u8; 16],
        _: &mut [u8],
    ) -> Result<(), AeadError> {
        Err(AeadError::new())
    }

    fn prepare(&self, key: &[u8; 32]) -> Result<Box<dyn AeadKey>, AeadError> {
        Ok(Box::new(FailingKey(RustCrypto.prepare(key)?, self.0.into())))
    }
}

impl AeadKey for FailingKey {
    fn seal_in_place_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; 16], AeadError> {
        match self.1.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) {
            0 => Err(AeadError::new()),
            _ => self.0.seal_in_place_detached(nonce, aad, buffer),
        }
    }

    fn open_in_place_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), AeadError> {
        self.0.open_in_place_detached(nonce, aad, buffer, tag)
    }

    fn open_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
        plaintext: &mut [u8],
    ) -> Result<(), AeadError> {
        self.0.open_detached(nonce, aad, ciphertext, tag, plaintext)
    }
}

#[test]
fn after_a_failure_of_the_backend_the_stream_is_not_finished() {
    let begin = || StreamSealer::new(&FailsAt(1), &OsEntropy, &key(), &here().context()).unwrap();
    let (mut sealer, mut out) = (begin().pushed(), Vec::new());
    sealer.push(&text(C), &mut out).unwrap();
    let before = out.clone();
    assert_eq!(sealer.push(&text(C), &mut out).unwrap_err().kind(), SealErrorKind::Backend);
    assert_eq!(sealer.push(b"x", &mut out).unwrap_err().kind(), SealErrorKind::Backend);
    assert_eq!(sealer.finish(&mut out).unwrap_err().kind(), SealErrorKind::Backend);
    assert!(out == before);

    // In place the caller may go on; a number that was used is not used again, so that it opens no more than it is whole.
    let mut sealer = begin();
    let mut sealed = sealer.start().to_vec();
    for _ in 0..3 {
        let mut chunk = [7; C];
        match sealer.seal_chunk(&mut chunk) {
            Ok(tag) => sealed.extend([&chunk[..], &tag].concat()),
            Err(_) => assert_eq!(chunk, [0; C]),
        }
    }
    sealed.extend(sealer.finish(&mut []).unwrap());
    assert_eq!(sealed.len(), START + 2 * S + 16);
    assert_eq!(opened(&sealed, &here()), None);
}

#[test]
fn nothing_of_a_key_or_a_text_is_shown() {
    let sealed = sealed(b"a text");
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        key(),
        sealer(&RustCrypto).pushed(),
        sealer(&RustCrypto).writer(Vec::new()),
        opener(&RustCrypto, &sealed, &here()).unwrap().pushed(),
        opener(&RustCrypto, &sealed, &here()).unwrap().seekable(Cursor::new(&sealed)).unwrap(),
    );
    assert!(!shown.contains("90") && !shown.contains("a text"), "{shown}");
}
