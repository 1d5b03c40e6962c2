//! A wrapped key: any bytes are refused, for they are of another key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stewardship::crypto::{Envelope, RustCrypto, SecretKey, UnwrapErrorKind, WRAPPED_BYTES, unwrap};

fuzz_target!(|bytes: &[u8]| {
    let context = bytes.get(WRAPPED_BYTES..).unwrap_or_default();
    let wrapped = bytes.get(..WRAPPED_BYTES).unwrap_or(bytes);
    let refused = unwrap(&RustCrypto, &SecretKey::new([7; 32]), wrapped, context).unwrap_err();
    if refused.kind() == UnwrapErrorKind::Refused {
        assert_eq!(wrapped.len(), WRAPPED_BYTES);
        assert!(Envelope::parse(wrapped).is_err(), "never read as an envelope");
    }
});
