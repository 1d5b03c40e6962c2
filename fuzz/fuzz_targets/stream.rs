//! A stream: any bytes begin one, or are refused; and what was sealed here, then cut off or altered, in pieces of any length, gives a front
//! of it at most, and never an end.
#![no_main]

mod place;

use libfuzzer_sys::fuzz_target;
use stewardship::crypto::danger::SeededEntropy;
use stewardship::crypto::{MAX_STREAM_START, RustCrypto, StreamOpener, StreamSealer, StreamStart};

fuzz_target!(|bytes: &[u8]| {
    begun(bytes);
    if let Some((chosen, text)) = bytes.split_first_chunk() {
        carried(*chosen, text);
    }
});

/// Bytes of somebody else's.
fn begun(bytes: &[u8]) {
    let mut source = bytes;
    let read = StreamStart::read(&mut source);
    let Ok(start) = StreamStart::parse(bytes) else {
        assert!(read.is_err());
        return;
    };
    assert!(read.unwrap() == start);
    assert_eq!(source.len(), bytes.len() - start.len());
    assert!((60..=MAX_STREAM_START).contains(&start.len()));
    assert!((1..=3).contains(&start.header().scopes().count()));
    // Not the key of what is sealed below: the fuzzer finds that in memory, and begins its inputs with it.
    let key = place::stream_key(8);
    place::at(|context| assert!(StreamOpener::new(&RustCrypto, &key, &start, context).is_err()));
}

/// How long the pieces are, where the stream is cut off, and which byte is altered, and how.
fn carried([piece, sealing, cut_high, cut_low, at_high, at_low, mask]: [u8; 7], text: &[u8]) {
    let (key, entropy) = (place::stream_key(7), SeededEntropy::new(7));
    let (piece, sealing) = (1 + usize::from(piece) * 97, 1 + usize::from(sealing) * 131);
    let mut sealed = Vec::new();
    place::at(|context| {
        let mut sealer = StreamSealer::new(&RustCrypto, &entropy, &key, context).unwrap().pushed();
        text.chunks(sealing).for_each(|piece| sealer.push(piece, &mut sealed).unwrap());
        sealer.finish(&mut sealed).unwrap();
    });
    let mut stream = sealed.clone();
    // From the end, where most of what can go wrong is.
    stream.truncate(sealed.len().saturating_sub(usize::from(u16::from_be_bytes([cut_high, cut_low]))));
    let at = usize::from(u16::from_be_bytes([at_high, at_low]));
    if let Some(byte) = stream.get_mut(at) {
        *byte ^= mask;
    }
    let whole = stream == sealed;

    let Ok(start) = StreamStart::parse(&stream) else { return assert!(!whole) };
    let open = || place::at(|context| StreamOpener::new(&RustCrypto, &key, &start, context));
    let Ok(opener) = open() else { return assert!(!whole) };
    let (mut opener, mut opened, mut given) = (opener.pushed(), Default::default(), Vec::new());
    let mut refused = false;
    for piece in stream[start.len()..].chunks(piece) {
        let taken = opener.push(piece, &mut opened);
        assert!(!refused || taken.is_err(), "what was refused once goes on");
        refused |= taken.is_err();
        given.extend_from_slice(&opened);
    }
    let finished = opener.finish(&mut opened);
    given.extend_from_slice(&opened);
    assert_eq!((finished.is_ok(), text.starts_with(&given)), (whole, true));
    assert!(!whole || given == text);

    let opener = open().unwrap();
    let Ok(range) = opener.last_chunk(stream.len() as u64) else { return assert!(!whole) };
    let mut last = stream[range.start as usize..range.end as usize].to_vec();
    let Ok(opener) = opener.random(stream.len() as u64, &mut last) else { return assert!(!whole) };
    // Nothing was cut off: of what was altered, the chunks that it is not in open.
    assert_eq!(opener.len(), text.len() as u64);
    assert!(opener.chunk(opener.len()).is_none());
    let (mut position, mut all) = (0, true);
    while let Some(at) = opener.chunk(position) {
        let mut chunk = stream[at.bytes.start as usize..at.bytes.end as usize].to_vec();
        let length = chunk.len() - 16;
        match opener.open(at.number, &mut chunk) {
            Ok(opened) => assert!(text[position as usize..].starts_with(opened)),
            Err(_) => all = false,
        }
        position += length as u64;
    }
    assert_eq!(all, whole);
}
