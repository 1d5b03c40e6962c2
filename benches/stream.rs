//! What a stream costs: whole streams of 1 MiB, against one call of the backend's own AES-256-GCM over the same bytes.

mod measure;
mod place;

use std::hint::black_box;

use measure::Bench;
use place::{here, stream_key};
#[cfg(feature = "aws-lc")]
use stewardship::crypto::AwsLc;
use stewardship::crypto::{
    AeadBackend, OsEntropy, RustCrypto, SEALED_STREAM_CHUNK, STREAM_CHUNK, StreamOpener, StreamSealer,
    StreamStart,
};
use zeroize::Zeroizing;

const SIZE: usize = 1024 * 1024;
const CHUNKS: usize = SIZE / STREAM_CHUNK;

fn main() {
    let mut bench = Bench::start();
    one_mebibyte(&mut bench, "rust_crypto", &RustCrypto);
    #[cfg(feature = "aws-lc")]
    one_mebibyte(&mut bench, "aws_lc", &AwsLc);
    bench.finish();
}

/// Each stream from its beginning to its end: the salt from the operating system, the derivation, the keys, 64 chunks and an empty one.
fn one_mebibyte(bench: &mut Bench, backend_name: &str, backend: &dyn AeadBackend) {
    let (place, key) = (here(), stream_key());
    let context = place.context();
    let begin = || StreamSealer::new(backend, &OsEntropy, &key, &context).unwrap();
    let goal = |what: &str| format!("stream_{what}_1_mib_{backend_name}");

    // In place, both: chunks with their tags behind them, and as many bytes in one piece.
    let mut chunks = vec![0x5a; CHUNKS * SEALED_STREAM_CHUNK];
    let mut whole = vec![0x5a; SIZE];
    bench.at_least(
        &goal("seal_in_place"),
        0.90,
        || {
            let mut sealer = begin();
            for chunk in chunks.as_chunks_mut::<SEALED_STREAM_CHUNK>().0 {
                let (text, tag) = chunk.split_first_chunk_mut().unwrap();
                tag.copy_from_slice(&sealer.seal_chunk(text).unwrap());
            }
            sealer.finish(&mut []).unwrap()
        },
        || backend.seal_in_place_detached(&[7; 32], &[0; 12], b"", black_box(&mut whole)).unwrap(),
    );

    // From one buffer into another, both: what is pushed stays as it is.
    let text = vec![0x5a; SIZE];
    let (mut ours, mut theirs) = (Vec::with_capacity(SIZE + 2_000), Vec::with_capacity(SIZE + 16));
    bench.at_least(
        &goal("seal"),
        0.90,
        || {
            let mut sealer = begin().pushed();
            ours.clear();
            sealer.push(black_box(&text), &mut ours).unwrap();
            sealer.finish(&mut ours).unwrap();
        },
        || {
            theirs.clear();
            theirs.extend_from_slice(black_box(&text));
            let tag = backend.seal_in_place_detached(&[7; 32], &[0; 12], b"", &mut theirs).unwrap();
            theirs.extend_from_slice(&tag);
        },
    );

    let sealed = ours.clone();
    let start = StreamStart::parse(&sealed).unwrap();
    let open = || StreamOpener::new(backend, &key, &start, &context).unwrap();
    let (mut ours, mut theirs) = (Zeroizing::new(vec![0; SIZE]), vec![0; SIZE]);
    let mut one_shot = text;
    let tag = backend.seal_in_place_detached(&[7; 32], &[0; 12], b"", &mut one_shot).unwrap();
    let mut end = Zeroizing::new(Vec::with_capacity(STREAM_CHUNK));
    bench.at_least(
        &goal("open"),
        0.90,
        || {
            let mut opener = open().pushed();
            opener.push(black_box(&sealed[start.len()..]), &mut ours).unwrap();
            opener.finish(&mut end).unwrap();
        },
        || backend.open_detached(&[7; 32], &[0; 12], b"", black_box(&one_shot), &tag, &mut theirs).unwrap(),
    );

    // In place, both: what is opened is no ciphertext any more, and each call has a copy of its own that is made before.
    let (chunks, tail) = sealed[start.len()..].as_chunks::<SEALED_STREAM_CHUNK>();
    let last: [u8; 16] = tail.try_into().unwrap();
    bench.at_least_of(
        &goal("open_in_place"),
        0.90,
        || chunks.to_vec(),
        |mut chunks| {
            let (mut opener, mut last) = (open(), last);
            for chunk in &mut chunks {
                black_box(opener.open_chunk(chunk).unwrap());
            }
            opener.finish(&mut last).unwrap();
            chunks
        },
        || one_shot.clone(),
        |mut whole| {
            let key = backend.prepare(&[7; 32]).unwrap();
            key.open_in_place_detached(&[0; 12], b"", &mut whole, &tag).unwrap();
            whole
        },
    );
}
