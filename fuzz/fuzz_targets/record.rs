//! The envelope of a record: its head, and fields behind their lengths in two bytes.
#![no_main]

#[allow(dead_code, reason = "a record opens at no context")]
mod place;

use libfuzzer_sys::fuzz_target;
use stewardship::crypto::RecordEnvelope;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let [high, low, tail @ ..] = rest {
        let (part, after) = tail.split_at(tail.len().min(usize::from(u16::from_be_bytes([*high, *low]))));
        parts.push(part.to_vec());
        rest = after;
    }
    let Some((head, fields)) = parts.split_first() else { return };
    let Ok(envelope) = RecordEnvelope::parse(head, fields) else { return };
    assert!((1..=3).contains(&envelope.header().scopes().count()));
    assert!(fields.iter().all(|field| field.len() >= 16));
    assert!(envelope.opener(&place::key()).is_err());
});
