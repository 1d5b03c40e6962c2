//! Hexadecimal digits of keys: small letters alone, so that a key has one text.

use zeroize::Zeroizing;

use crate::core::hex::value;
use crate::crypto::SecretKey;

/// A key of exactly 64 digits.
pub(super) fn key(digits: &str) -> Option<SecretKey> {
    let (pairs, odd) = digits.as_bytes().as_chunks::<2>();
    let mut key = Zeroizing::new([0; 32]);
    if pairs.len() != key.len() || !odd.is_empty() {
        return None;
    }
    for (byte, [high, low]) in key.iter_mut().zip(pairs) {
        *byte = (value(*high)? << 4) | value(*low)?;
    }
    Some(SecretKey::copied(&key))
}

pub(super) fn is_digit(byte: u8) -> bool {
    value(byte).is_some()
}

pub(super) fn push(text: &mut String, bytes: &[u8]) {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}
