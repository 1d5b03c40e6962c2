//! A policy as JSON: it is good, or all its mistakes have a place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stewardship::policy::{Policy, PolicyText};

fuzz_target!(|text: &str| match Policy::load(PolicyText::json(text)) {
    Ok(policy) => {
        let again = Policy::from_json(&serde_json::to_string(policy.document()).unwrap()).unwrap();
        assert_eq!(again.digest(), policy.digest());
    }
    Err(error) => assert!(!error.to_string().is_empty()),
});
