//! A stored case: what is read is written and read again to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stewardship::dsr::CaseFile;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = serde_json::from_slice::<CaseFile>(bytes) {
        let written = serde_json::to_vec(&file).unwrap();
        let again: CaseFile = serde_json::from_slice(&written).unwrap();
        assert_eq!(serde_json::to_vec(&again).unwrap(), written);
    }
});
