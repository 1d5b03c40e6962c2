mod forged;
mod vectors;
mod ways;

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use zeroize::Zeroizing;

use super::*;
use crate::crypto::backend::{AeadBackend, RustCrypto};
use crate::crypto::context::tests::Owned;
use crate::crypto::entropy::OsEntropy;
use crate::crypto::envelope::tests::{here, three};
use crate::crypto::error::SealError;

pub(super) const C: usize = STREAM_CHUNK;
pub(super) const S: usize = SEALED_STREAM_CHUNK;
/// Bytes of the start of a stream under three scopes, of versions below 128.
pub(super) const START: usize = 6 + 24 + 32;

pub(super) fn key() -> StreamKey {
    StreamKey::new(three(), SecretKey::new([0x5a; 32]))
}

/// Bytes of which no two chunks are alike.
pub(super) fn text(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

pub(super) fn sealer(backend: &dyn AeadBackend) -> StreamSealer {
    StreamSealer::new(backend, &OsEntropy, &key(), &here().context()).unwrap()
}

pub(super) fn opener(backend: &dyn AeadBackend, sealed: &[u8], at: &Owned) -> Option<StreamOpener> {
    let start = StreamStart::parse(sealed).ok()?;
    StreamOpener::new(backend, &key(), &start, &at.context()).ok()
}

pub(super) fn sealed(text: &[u8]) -> Vec<u8> {
    by_push(sealer(&RustCrypto), text, &mut |rest| rest).unwrap()
}

/// What every way of opening makes of a stream: all the same, or all refused.
pub(super) fn opened(sealed: &[u8], at: &Owned) -> Option<Vec<u8>> {
    let ways = [in_place, pushed, read, sought, ranged];
    let mut answers = ways.map(|way| {
        let opener = opener(&RustCrypto, sealed, at)?;
        let length = StreamStart::parse(sealed).unwrap().len();
        way(opener, sealed, length).ok()
    });
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{:?}",
        answers.map(|answer| answer.map(|a| a.len()))
    );
    answers[0].take()
}

// Ways of sealing: each takes the length of the next piece from `next`, which is given how much is left.

pub(super) fn by_push(
    sealer: StreamSealer,
    text: &[u8],
    next: &mut dyn FnMut(usize) -> usize,
) -> Result<Vec<u8>, SealError> {
    let (mut sealer, mut out, mut rest) = (sealer.pushed(), Vec::new(), text);
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at(next(rest.len()).min(rest.len()));
        sealer.push(piece, &mut out)?;
        rest = tail;
    }
    sealer.finish(&mut out)?;
    Ok(out)
}

pub(super) fn by_writer(sealer: StreamSealer, text: &[u8], next: &mut dyn FnMut(usize) -> usize) -> Vec<u8> {
    let (mut writer, mut rest) = (sealer.writer(Vec::new()), text);
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at(next(rest.len()).min(rest.len()));
        writer.write_all(piece).unwrap();
        rest = tail;
    }
    writer.finish().unwrap()
}

pub(super) fn by_chunks(mut sealer: StreamSealer, text: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut out = sealer.start().to_vec();
    let (chunks, last) = text.as_chunks::<C>();
    for chunk in chunks {
        let mut chunk = *chunk;
        let tag = sealer.seal_chunk(&mut chunk)?;
        out.extend([&chunk[..], &tag].concat());
    }
    let mut last = last.to_vec();
    let tag = sealer.finish(&mut last)?;
    out.extend([last, tag.to_vec()].concat());
    Ok(out)
}

// Ways of opening what stands behind a start of `start` bytes.

type Opened = Result<Vec<u8>, Box<dyn std::error::Error>>;

pub(super) fn in_place(mut opener: StreamOpener, sealed: &[u8], start: usize) -> Opened {
    let (mut body, mut out) = (sealed[start..].to_vec(), Vec::new());
    let (chunks, last) = body.as_chunks_mut::<S>();
    for chunk in chunks {
        out.extend_from_slice(opener.open_chunk(chunk)?);
    }
    out.extend_from_slice(opener.finish(last)?);
    Ok(out)
}

pub(super) fn pushed(opener: StreamOpener, sealed: &[u8], start: usize) -> Opened {
    let (mut opener, mut piece, mut out) = (opener.pushed(), Zeroizing::default(), Vec::new());
    for sealed in sealed[start..].chunks(5_000) {
        opener.push(sealed, &mut piece)?;
        out.extend_from_slice(&piece);
    }
    opener.finish(&mut piece)?;
    out.extend_from_slice(&piece);
    Ok(out)
}

pub(super) fn read(opener: StreamOpener, sealed: &[u8], start: usize) -> Opened {
    let mut out = Vec::new();
    opener.reader(&sealed[start..]).read_to_end(&mut out)?;
    Ok(out)
}

/// From the end to the front, then the whole.
pub(super) fn sought(opener: StreamOpener, sealed: &[u8], _: usize) -> Opened {
    let mut reader = opener.seekable(Cursor::new(sealed))?;
    let length = reader.seek(SeekFrom::End(0))?;
    assert_eq!(length, reader.len());
    for at in [length.saturating_sub(1), length / 2, 0] {
        assert_eq!(reader.seek(SeekFrom::Start(at))?, at);
        let mut byte = [0];
        assert_eq!(reader.read(&mut byte)?, usize::from(at < length));
    }
    reader.rewind()?;
    let mut out = Vec::new();
    reader.read_to_end(&mut out)?;
    assert_eq!(out.len() as u64, length);
    Ok(out)
}

pub(super) fn ranged(opener: StreamOpener, sealed: &[u8], _: usize) -> Opened {
    let fetch = |range: std::ops::Range<u64>| sealed[range.start as usize..range.end as usize].to_vec();
    let length = sealed.len() as u64;
    let mut last = fetch(opener.last_chunk(length)?);
    let opener = opener.random(length, &mut last)?;
    let mut chunks = Vec::new();
    for position in (0..opener.len().div_ceil(C as u64)).rev().map(|chunk| chunk * C as u64) {
        let at = opener.chunk(position).unwrap();
        assert_eq!((at.number, at.offset), (position / C as u64, 0));
        let mut chunk = fetch(at.bytes);
        chunks.push(opener.open(at.number, &mut chunk)?.to_vec());
    }
    chunks.reverse();
    Ok(chunks.concat())
}
