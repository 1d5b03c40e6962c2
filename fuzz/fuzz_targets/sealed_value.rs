//! The text form of an envelope: what is read is written the same, to the character; and so in serde.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stewardship::crypto::SealedValue;

fuzz_target!(|text: &str| {
    if let Ok(value) = text.parse::<SealedValue>() {
        assert_eq!(value.to_string(), text);
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<SealedValue>(&json).unwrap().as_bytes(), value.as_bytes());
    }
    let _ = serde_json::from_str::<SealedValue>(text);
});
