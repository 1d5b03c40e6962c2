//! What is not the stream that was sealed here is refused, and nothing says why.

use std::io::ErrorKind;

use proptest::prelude::*;

use super::*;
use crate::crypto::backend::tests::NeverAsked;
use crate::crypto::entropy::{Entropy, EntropyError};
use crate::crypto::envelope::ScopeKind;

/// Three chunks, the last with five bytes.
fn long() -> (Vec<u8>, Vec<u8>) {
    let text = text(2 * C + 5);
    (sealed(&text), text)
}

#[test]
fn any_flipped_bit_of_a_short_stream_is_noticed() {
    let sealed = sealed(b"a value");
    assert_eq!(opened(&sealed, &here()).unwrap(), b"a value");
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(opened(&altered, &here()), None, "bit {bit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_flipped_bit_of_a_long_stream_is_noticed(
        at in prop_oneof![0..START + 2 * S + 21, (0_usize..3, 0_usize..40).prop_map(|(chunk, at)| START + chunk * S + at.min(20))],
        bit in 0_u8..8,
    ) {
        let (mut sealed, _) = long();
        sealed[at] ^= 1 << bit;
        prop_assert_eq!(opened(&sealed, &here()), None);
    }

    #[test]
    fn what_is_cut_off_or_longer_is_noticed(
        cut in prop_oneof![0..START + 2 * S + 21, (1_usize..3, 0_usize..40).prop_map(|(chunk, at)| START + chunk * S + at - 20)],
        more in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let (sealed, _) = long();
        prop_assert_eq!(opened(&sealed[..cut], &here()), None);
        prop_assert_eq!(opened(&[&sealed[..], &more].concat(), &here()), None);
    }
}

#[test]
fn what_ends_at_the_border_of_a_chunk_is_cut_off() {
    let (sealed, _) = long();
    for chunks in 0..=2 {
        assert_eq!(opened(&sealed[..START + chunks * S], &here()), None, "{chunks} chunks");
    }
    // The text ends there too: the end that was cut off was an empty chunk.
    let whole = super::sealed(&text(C));
    assert!(opened(&whole, &here()) == Some(text(C)));
    assert_eq!(opened(&whole[..START + S], &here()), None);
}

#[test]
fn chunks_that_are_moved_doubled_or_left_out_are_noticed() {
    let (sealed, _) = long();
    let (start, rest) = sealed.split_at(START);
    let parts: Vec<&[u8]> = rest.chunks(S).collect();
    let other = super::sealed(&text(2 * C + 5));
    let foreign: Vec<&[u8]> = other[START..].chunks(S).collect();
    for order in [
        vec![parts[1], parts[0], parts[2]],
        vec![parts[0], parts[0], parts[2]],
        vec![parts[0], parts[1], parts[1], parts[2]],
        vec![parts[0], parts[2]],
        vec![parts[1], parts[2]],
        vec![parts[2]],
        vec![parts[0], parts[1], parts[2], parts[2]],
        vec![parts[0], foreign[1], parts[2]],
        vec![parts[0], parts[1], foreign[2]],
    ] {
        assert_eq!(opened(&[start, &order.concat()].concat(), &here()), None);
    }
    // The start of another stream of the same place.
    assert_eq!(opened(&[&other[..START], rest].concat(), &here()), None);
}

#[test]
fn another_place_or_key_does_not_open() {
    let sealed = sealed(b"a value");
    for neighbour in here().neighbours() {
        assert_eq!(opened(&sealed, &neighbour), None);
    }
    let start = StreamStart::parse(&sealed).unwrap();
    let refused = |key: StreamKey| {
        let error = StreamOpener::new(&RustCrypto, &key, &start, &here().context()).unwrap_err();
        assert_eq!(error.to_string(), "the envelope does not open here");
    };
    refused(StreamKey::new(three(), SecretKey::new([1; 32])));
    // The key is the right one, and the head says another version.
    let newer = Header::new([(ScopeKind::Tenant, 2), (ScopeKind::Connection, 1), (ScopeKind::Subject, 1)]);
    refused(StreamKey::new(newer.unwrap(), SecretKey::new([0x5a; 32])));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_sealed_opens_at_its_place_and_nowhere_else(
        context in crate::crypto::context::tests::any_context(),
        length in 0_usize..40,
    ) {
        let sealer = StreamSealer::new(&RustCrypto, &OsEntropy, &key(), &context.context()).unwrap();
        let sealed = by_chunks(sealer, &text(length)).unwrap();
        prop_assert_eq!(opened(&sealed, &context), Some(text(length)));
        for neighbour in context.neighbours() {
            prop_assert_eq!(opened(&sealed, &neighbour), None);
        }
    }
}

/// Key, place and bytes are compared before the backend hears of anything.
#[test]
fn a_wrong_commitment_is_refused_before_anything_is_decrypted() {
    let sealed = sealed(b"a value");
    for bit in 6 * 8..START * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(opener(&NeverAsked, &altered, &here()).is_none());
    }
    assert!(opener(&NeverAsked, &sealed, &here().neighbours()[0]).is_none());
}

#[test]
fn what_was_refused_once_stays_refused() {
    let (mut sealed, text) = long();
    sealed[START + S] ^= 1;
    let open = || opener(&RustCrypto, &sealed, &here()).unwrap();
    let (first, second, last) = (&sealed[START..][..S], &sealed[START + S..][..S], &sealed[START + 2 * S..]);

    let mut in_place = open();
    let mut chunk: [u8; S] = first.try_into().unwrap();
    assert!(in_place.open_chunk(&mut chunk).unwrap() == &text[..C]);
    chunk.copy_from_slice(second);
    assert!(in_place.open_chunk(&mut chunk).is_err());
    assert!(chunk[..C].iter().all(|byte| *byte == 0), "wiped");
    assert!(in_place.finish(&mut last.to_vec()).is_err());

    let (mut pushed, mut out) = (open().pushed(), Zeroizing::new(b"of before".to_vec()));
    assert!(pushed.push(&[first, second].concat(), &mut out).is_err(), "the good one with the bad one");
    assert!(out.is_empty());
    assert!(pushed.push(b"", &mut out).is_err());
    assert!(pushed.push(last, &mut out).is_err());
    assert!(pushed.finish(&mut out).is_err());

    let (mut reader, mut found) = (open().reader(&sealed[START..]), Vec::new());
    let error = reader.read_to_end(&mut found).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(error.to_string(), "the envelope does not open here");
    assert!(found == text[..C]);
    assert_eq!(reader.read(&mut [0]).unwrap_err().kind(), ErrorKind::InvalidData);

    // In any order: the others open, this one never does.
    let mut seekable = open().seekable(Cursor::new(&sealed)).unwrap();
    for _ in 0..2 {
        seekable.seek(SeekFrom::Start(C as u64)).unwrap();
        assert_eq!(seekable.read(&mut [0]).unwrap_err().kind(), ErrorKind::InvalidData);
        seekable.rewind().unwrap();
        assert_eq!(seekable.read(&mut [0]).unwrap(), 1);
    }
}

/// A file that is made shorter, or changed, after its last chunk was looked at.
#[test]
fn a_source_that_changes_is_noticed_chunk_by_chunk() {
    let (sealed, _) = long();
    let file = |length: usize| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&sealed[..length]).unwrap();
        file
    };
    let file = file(sealed.len());
    let mut reader = opener(&RustCrypto, &sealed, &here()).unwrap().seekable(&file).unwrap();
    file.set_len(START as u64 + 100).unwrap();
    let error = reader.read(&mut [0]).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (ErrorKind::InvalidData, "the envelope does not open here".into())
    );
}

#[test]
fn nothing_is_sealed_without_a_salt() {
    struct Broken;
    impl Entropy for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError::new("no dice"))
        }
    }
    let error = StreamSealer::new(&RustCrypto, &Broken, &key(), &here().context()).unwrap_err();
    assert_eq!(error.kind(), crate::crypto::SealErrorKind::Entropy);
}
