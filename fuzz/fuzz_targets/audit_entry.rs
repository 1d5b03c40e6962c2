//! An entry of the audit trail: whatever is read has one form, and is JSON that says the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stewardship::audit::{Entry, MAX_ENTRY_BYTES};

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    // Behind a beginning that no input hits upon.
    let begin = r#"{"format":1,"at":"2026-11-22T09:00:00.000000Z","policy":"#;
    read(&[begin.as_bytes(), &[b'"'], &[b'a'; 64], &[b'"'], bytes].concat());
});

fn read(bytes: &[u8]) {
    if let Ok(entry) = Entry::from_bytes(bytes) {
        assert!(bytes.len() <= MAX_ENTRY_BYTES);
        assert_eq!(entry.to_bytes(), bytes);
        let json: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        assert_eq!(json["event"], entry.event.word());
    }
}
