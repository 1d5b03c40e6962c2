//! The envelope of a value: any bytes are one, or are refused; and without its key nothing opens.
#![no_main]

mod place;

use libfuzzer_sys::fuzz_target;
use stewardship::crypto::{Envelope, RustCrypto, open};

fuzz_target!(|bytes: &[u8]| {
    let Ok(envelope) = Envelope::parse(bytes) else { return };
    assert!((1..=3).contains(&envelope.header().scopes().count()));
    assert!(envelope.header().scopes().all(|(_, version)| version > 0));
    assert!(bytes.len() >= 76);
    place::at(|context| assert!(open(&RustCrypto, &place::key(), &envelope, context).is_err()));
});
