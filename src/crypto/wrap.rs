//! Wrapped keys: a key sealed under another, bound to a context.

use zeroize::Zeroizing;

use super::backend::AeadBackend;
use super::entropy::Entropy;
use super::envelope::{BODY_OVERHEAD, Body, FORMAT, Suite, append_body};
use super::error::{SealError, UnwrapError, UnwrapErrorKind};
use super::key::SecretKey;
use super::xaes::{NONCE, Xaes};

/// Bytes of a wrapped key.
pub const WRAPPED_BYTES: usize = 2 + BODY_OVERHEAD + 32;

/// The high bit tells a wrapped key from an envelope of the same version: neither is ever read as the other.
const WRAPPED: u8 = 0x80 | FORMAT;

/// Wraps `secret` under `wrapping`, bound to `context`: [`WRAPPED_BYTES`] bytes, `0x81 ‖ suite ‖ nonce 24 ‖ ciphertext 32 ‖ tag 16 ‖
/// commitment 32`. The two bytes in front and the context are authenticated.
///
/// # Errors
/// The random source or the backend failed.
///
/// # Example: bound to its context
/// ```
/// use stewardship::crypto::{OsEntropy, RustCrypto, SecretKey, unwrap, wrap};
/// let (epoch, scope) = (SecretKey::generate(&OsEntropy)?, SecretKey::generate(&OsEntropy)?);
/// let wrapped = wrap(&RustCrypto, &OsEntropy, &epoch, &scope, b"tenant acme, version 1")?;
/// assert!(unwrap(&RustCrypto, &epoch, &wrapped, b"tenant acme, version 1")?.ct_eq(&scope));
/// assert!(unwrap(&RustCrypto, &epoch, &wrapped, b"tenant acme, version 2").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wrap(
    backend: &dyn AeadBackend,
    entropy: &dyn Entropy,
    wrapping: &SecretKey,
    secret: &SecretKey,
    context: &[u8],
) -> Result<Vec<u8>, SealError> {
    let head = [WRAPPED, Suite::KcXaes256Gcm.byte()];
    let mut nonce = [0; NONCE];
    entropy.fill(&mut nonce)?;
    let mut bytes = Vec::with_capacity(WRAPPED_BYTES);
    bytes.extend_from_slice(&head);
    let aad = [&head, context].concat();
    append_body(backend, &Xaes::new(wrapping), &nonce, &aad, secret.expose(), &mut bytes)?;
    Ok(bytes)
}

/// Unwraps what [`wrap`] wrapped under the same key with the same context.
///
/// # Errors
/// The bytes are not a wrapped key; or they are refused, and whether key, context or bytes are wrong is not told.
pub fn unwrap(
    backend: &dyn AeadBackend,
    wrapping: &SecretKey,
    wrapped: &[u8],
    context: &[u8],
) -> Result<SecretKey, UnwrapError> {
    let malformed = UnwrapError::new(UnwrapErrorKind::NotAWrappedKey);
    let ([format, suite], rest) = wrapped.split_first_chunk().ok_or(malformed)?;
    if wrapped.len() != WRAPPED_BYTES || *format != WRAPPED {
        return Err(malformed);
    }
    let suite = Suite::from_byte(*suite).filter(|suite| *suite == Suite::KcXaes256Gcm).ok_or(malformed)?;
    let body = Body::split(rest).ok_or(malformed)?;
    let refused = UnwrapError::new(UnwrapErrorKind::Refused);
    let aad = [&[WRAPPED, suite.byte()], context].concat();
    let mut secret = Zeroizing::new(Vec::with_capacity(32));
    body.open(backend, &Xaes::new(wrapping), &aad, &mut secret).map_err(|_| refused)?;
    secret.first_chunk().map(SecretKey::copied).ok_or(refused)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::backend::RustCrypto;
    use crate::crypto::entropy::OsEntropy;
    use crate::crypto::envelope::Envelope;

    fn wrapped(context: &[u8]) -> Vec<u8> {
        wrap(&RustCrypto, &OsEntropy, &SecretKey::new([1; 32]), &SecretKey::new([2; 32]), context).unwrap()
    }

    fn unwrapped(bytes: &[u8], context: &[u8]) -> Result<[u8; 32], UnwrapErrorKind> {
        unwrap(&RustCrypto, &SecretKey::new([1; 32]), bytes, context)
            .map(|key| *key.expose())
            .map_err(|error| error.kind())
    }

    #[test]
    fn any_flipped_bit_or_other_length_is_noticed() {
        let bytes = wrapped(b"context");
        assert_eq!(bytes.len(), WRAPPED_BYTES);
        assert_eq!(unwrapped(&bytes, b"context"), Ok([2; 32]));
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let kind = if bit < 16 { UnwrapErrorKind::NotAWrappedKey } else { UnwrapErrorKind::Refused };
            assert_eq!(unwrapped(&altered, b"context"), Err(kind), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert_eq!(unwrapped(&bytes[..length], b"context"), Err(UnwrapErrorKind::NotAWrappedKey));
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(unwrapped(&longer, b"context"), Err(UnwrapErrorKind::NotAWrappedKey));
    }

    #[test]
    fn another_key_does_not_unwrap() {
        let error = unwrap(&RustCrypto, &SecretKey::new([3; 32]), &wrapped(b""), b"").unwrap_err();
        assert_eq!(error.kind(), UnwrapErrorKind::Refused);
    }

    #[test]
    fn a_wrapped_key_is_not_an_envelope() {
        assert!(Envelope::parse(&wrapped(b"")).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn only_the_same_context_unwraps(
            left in prop::collection::vec(0_u8..2, 0..4),
            right in prop::collection::vec(0_u8..2, 0..4),
        ) {
            prop_assert_eq!(left == right, unwrapped(&wrapped(&left), &right).is_ok());
        }
    }
}
