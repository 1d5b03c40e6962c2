//! The text of a key file: it is the one text of its keys, or is refused, and nothing of it is shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use stewardship::ports::local_keys::LocalKeys;

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    // With the digest that no input hits upon.
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    read(&[bytes, b"end ", digest.as_bytes(), b"\n"].concat());
});

fn read(text: &[u8]) {
    match LocalKeys::inspect(text) {
        Ok(count) => {
            assert!(text.is_ascii() && text.ends_with(b"\n"));
            let lines = text.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(count.live + count.destroyed, lines - 2);
            for other in [&text[..text.len() - 1], &text[1..], &[text, b"\n"].concat()] {
                assert!(LocalKeys::inspect(other).is_err());
            }
        }
        Err(bad) => assert!(bad.to_string().len() < 200, "it shows what it read"),
    }
}
