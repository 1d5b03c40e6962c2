//! Envelopes: sealed values, bound to their place.

use std::fmt;

use zeroize::Zeroizing;

use super::backend::AeadBackend;
use super::body::{BODY_OVERHEAD, Body, append_body};
use super::context::Context;
use super::entropy::Entropy;
use super::error::{EnvelopeError, EnvelopeErrorKind, OpenError, SealError, SealErrorKind};
use super::header::{FORMAT, Header, Suite};
use super::key::SecretKey;

/// The largest value that an envelope holds: 16 MiB. A seal and an opening hold it in memory as a whole.
pub const MAX_PLAINTEXT_BYTES: usize = 16 * 1024 * 1024;

/// Bytes that an envelope under so many scopes has more than its value: 80, 85 or 90.
#[must_use]
pub const fn overhead(scopes: usize) -> usize {
    3 + 5 * scopes + BODY_OVERHEAD
}

/// An envelope that has been read, and not been opened.
///
/// Format version 0, **experimental**: `0x00 ‖ suite ‖ number of scopes ‖ (kind ‖ key version) of each ‖ nonce 24 ‖ ciphertext ‖
/// tag 16 ‖ commitment 32`. Every byte before the nonce is authenticated, and with it the [`Context`], which is not stored.
#[derive(Clone)]
pub struct Envelope<'a> {
    header: Header,
    body: Body<'a>,
}

impl<'a> Envelope<'a> {
    /// Reads an envelope: what [`open`] can be asked to open, and nothing else. Copies no value and works in constant memory.
    ///
    /// # Errors
    /// The bytes are not an envelope, or none of this version: see [`EnvelopeErrorKind`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let ([format, suite], rest) =
            bytes.split_first_chunk().ok_or(EnvelopeError::new(EnvelopeErrorKind::Malformed))?;
        if *format != FORMAT {
            return Err(EnvelopeError::new(EnvelopeErrorKind::UnknownFormat));
        }
        let suite = Suite::from_byte(*suite).ok_or(EnvelopeError::new(EnvelopeErrorKind::UnknownSuite))?;
        let (header, rest) =
            Header::decode(suite, rest).ok_or(EnvelopeError::new(EnvelopeErrorKind::Malformed))?;
        let body = Body::split(rest).ok_or(EnvelopeError::new(EnvelopeErrorKind::Malformed))?;
        if body.len() > MAX_PLAINTEXT_BYTES {
            return Err(EnvelopeError::new(EnvelopeErrorKind::TooLarge));
        }
        Ok(Self { header, body })
    }

    /// Its head: which keys are needed to open it.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }
}

impl fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("header", &self.header)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Seals a value under the key of its place.
///
/// `key` is that of [`PlaceKeys::derive`](super::PlaceKeys::derive) and `header` that of the same
/// [`PlaceKeys::header`](super::PlaceKeys::header).
///
/// # Errors
/// The value is too large, or the random source or the backend failed.
///
/// # Example: sealed for one record, refused at another
/// ```
/// use stewardship::Scope;
/// use stewardship::access::Environment;
/// use stewardship::crypto::{Context, Envelope, OsEntropy, PlaceKeys, RustCrypto, SecretKey, open, seal};
/// use stewardship::id::{Name, RecordId, TenantId};
///
/// let (scope, secret) = (Scope::Tenant("acme".into()), SecretKey::generate(&OsEntropy)?);
/// let keys = PlaceKeys::new(vec![(&scope, 1, &secret)])?;
/// let (tenant, kind, record) = (TenantId::new("acme"), Name::new("order"), RecordId::new("1001"));
/// let (field, class) = (Name::new("email"), Name::new("buyer.email"));
/// let here = Context {
///     tenant: &tenant,
///     environment: Environment::Production,
///     connection: None,
///     subject: None,
///     kind: &kind,
///     record: &record,
///     field: &field,
///     class: &class,
/// };
/// let bytes = seal(&RustCrypto, &OsEntropy, &keys.derive(), keys.header(), &here, b"ada@example.com")?;
///
/// let envelope = Envelope::parse(&bytes)?;
/// assert_eq!(**open(&RustCrypto, &keys.derive(), &envelope, &here)?, *b"ada@example.com");
///
/// let elsewhere = Context { record: &RecordId::new("1002"), ..here };
/// assert!(open(&RustCrypto, &keys.derive(), &envelope, &elsewhere).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn seal(
    backend: &dyn AeadBackend,
    entropy: &dyn Entropy,
    key: &SecretKey,
    header: &Header,
    context: &Context<'_>,
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    if plaintext.len() > MAX_PLAINTEXT_BYTES {
        return Err(SealError::new(SealErrorKind::TooLarge));
    }
    let mut head = Vec::with_capacity(18);
    header.encode(&mut head);
    append_body(backend, entropy, key, &head, &associated_data(header, context), plaintext)
        .map_err(SealError::from)
}

/// Opens an envelope at its place.
///
/// # Errors
/// Wrong key, wrong place or altered bytes: one failure, which does not tell which.
pub fn open(
    backend: &dyn AeadBackend,
    key: &SecretKey,
    envelope: &Envelope<'_>,
    context: &Context<'_>,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    envelope
        .body
        .open(backend, key, &associated_data(&envelope.header, context))
        .map_err(|_| OpenError::new())
}

/// The head delimits itself, so that head and context cannot flow into each other.
fn associated_data(header: &Header, context: &Context<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    header.encode(&mut bytes);
    context.encode(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use proptest::prelude::*;

    use super::*;
    use crate::crypto::backend::{AeadError, RustCrypto};
    use crate::crypto::context::tests::{Owned, any_context};
    use crate::crypto::danger::SeededEntropy;
    use crate::crypto::entropy::{EntropyError, OsEntropy};
    use crate::crypto::header::ScopeKind;
    use crate::crypto::header::tests::any_header;

    const KEY: [u8; 32] = [0x5a; 32];

    fn here() -> Owned {
        Owned {
            tenant: "acme".into(),
            environment: crate::core::access::Environment::Production,
            connection: Some("shop".into()),
            subject: Some("ada".into()),
            kind: "order".into(),
            record: "1001".into(),
            field: "email".into(),
            class: "buyer.email".into(),
        }
    }

    fn three() -> Header {
        Header::new(vec![(ScopeKind::Tenant, 1), (ScopeKind::Connection, 1), (ScopeKind::Subject, 1)])
            .unwrap()
    }

    fn sealed(header: &Header, context: &Owned, value: &[u8]) -> Vec<u8> {
        seal(&RustCrypto, &OsEntropy, &SecretKey::new(KEY), header, &context.context(), value).unwrap()
    }

    /// What a store would see: reading, then opening.
    fn opened(bytes: &[u8], context: &Owned) -> Option<Vec<u8>> {
        let envelope = Envelope::parse(bytes).ok()?;
        open(&RustCrypto, &SecretKey::new(KEY), &envelope, &context.context())
            .ok()
            .map(|value| value.to_vec())
    }

    #[test]
    fn the_overhead_of_three_scopes_is_90_bytes() {
        assert_eq!(overhead(3), 90);
        assert_eq!(sealed(&three(), &here(), b"value").len(), 5 + overhead(3));
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let bytes = sealed(&three(), &here(), b"a value");
        assert_eq!(opened(&bytes, &here()).unwrap(), b"a value");
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(opened(&altered, &here()), None, "bit {bit}");
        }
    }

    #[test]
    fn what_is_cut_off_or_longer_is_noticed() {
        let bytes = sealed(&three(), &here(), b"a value");
        for length in 0..bytes.len() {
            assert_eq!(opened(&bytes[..length], &here()), None, "cut to {length}");
            assert_eq!(opened(&bytes[bytes.len() - length..], &here()), None, "the last {length}");
        }
        for byte in 0..=u8::MAX {
            assert_eq!(opened(&[&bytes[..], &[byte]].concat(), &here()), None);
            assert_eq!(opened(&[&[byte], &bytes[..]].concat(), &here()), None);
        }
    }

    #[test]
    fn another_key_does_not_open() {
        let bytes = sealed(&three(), &here(), b"a value");
        let envelope = Envelope::parse(&bytes).unwrap();
        let error = open(&RustCrypto, &SecretKey::new([1; 32]), &envelope, &here().context()).unwrap_err();
        assert_eq!(error.to_string(), "the envelope does not open here");
    }

    #[test]
    fn what_is_not_an_envelope_is_told_apart() {
        let bytes = sealed(&three(), &here(), b"a value");
        let kind = |bytes: &[u8]| Envelope::parse(bytes).unwrap_err().kind();
        let with = |at: usize, byte: u8| {
            let mut altered = bytes.clone();
            altered[at] = byte;
            altered
        };
        assert_eq!(kind(b""), EnvelopeErrorKind::Malformed);
        assert_eq!(kind(b"plain text"), EnvelopeErrorKind::UnknownFormat);
        assert_eq!(kind(&with(1, 0)), EnvelopeErrorKind::UnknownSuite);
        assert_eq!(kind(&with(1, 2)), EnvelopeErrorKind::UnknownSuite);
        assert_eq!(kind(&with(2, 0)), EnvelopeErrorKind::Malformed);
        assert_eq!(kind(&with(2, 4)), EnvelopeErrorKind::Malformed);
        assert_eq!(kind(&with(3, 1)), EnvelopeErrorKind::Malformed);
        assert_eq!(kind(&bytes[..overhead(3) - 1]), EnvelopeErrorKind::Malformed);
        assert!(Envelope::parse(&bytes[..overhead(3)]).is_ok());
    }

    #[test]
    fn sixteen_mebibytes_are_the_limit() {
        let value = vec![0; MAX_PLAINTEXT_BYTES + 1];
        let key = SecretKey::new(KEY);
        let error = seal(&RustCrypto, &OsEntropy, &key, &three(), &here().context(), &value).unwrap_err();
        assert_eq!(error.kind(), SealErrorKind::TooLarge);
        let mut bytes = sealed(&three(), &here(), b"");
        bytes.resize(overhead(3) + MAX_PLAINTEXT_BYTES, 0);
        assert!(Envelope::parse(&bytes).is_ok());
        bytes.push(0);
        assert_eq!(Envelope::parse(&bytes).unwrap_err().kind(), EnvelopeErrorKind::TooLarge);
    }

    #[test]
    fn nothing_is_sealed_without_a_nonce_or_a_backend() {
        struct Broken;
        impl Entropy for Broken {
            fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
                Err(EntropyError::new("no dice"))
            }
        }
        impl AeadBackend for Broken {
            fn seal_in_place_detached(
                &self,
                _: &[u8; 32],
                _: &[u8; 12],
                _: &[u8],
                _: &mut [u8],
            ) -> Result<[u8; 16], AeadError> {
                Err(AeadError::new())
            }
            fn open_in_place_detached(
                &self,
                _: &[u8; 32],
                _: &[u8; 12],
                _: &[u8],
                _: &mut [u8],
                _: &[u8; 16],
            ) -> Result<(), AeadError> {
                Err(AeadError::new())
            }
        }
        let (key, here) = (SecretKey::new(KEY), here());
        let error = seal(&RustCrypto, &Broken, &key, &three(), &here.context(), b"x").unwrap_err();
        assert_eq!((error.kind(), error.source().is_some()), (SealErrorKind::Entropy, true));
        let error = seal(&Broken, &OsEntropy, &key, &three(), &here.context(), b"x").unwrap_err();
        assert_eq!(error.kind(), SealErrorKind::Backend);
    }

    #[test]
    fn no_two_envelopes_share_a_nonce() {
        let nonces: std::collections::BTreeSet<Vec<u8>> =
            (0..500).map(|_| sealed(&three(), &here(), b"the same")[3 + 15..][..24].to_vec()).collect();
        assert_eq!(nonces.len(), 500);
    }

    /// Format version 0 as it stands: changing a byte of it is changing the format.
    #[test]
    fn the_golden_envelope_is_met_and_opens() {
        let bytes = seal(
            &RustCrypto,
            &SeededEntropy::new(0),
            &SecretKey::new(KEY),
            &three(),
            &here().context(),
            b"ada@example.com",
        )
        .unwrap();
        assert_eq!(bytes, crate::crypto::key::tests::unhex(GOLDEN));
        assert_eq!(opened(&bytes, &here()).unwrap(), b"ada@example.com");
    }

    /// Computed apart from this crate, with Python's `cryptography`.
    const GOLDEN: &str = concat!(
        "000103000000000101000000010200000001f375180aba92888401f1919be4a8715a62763b65c1c10e1d7d99bb79bf3f5054fda7",
        "b47ca9668e86a2ee83f87d80311b6fd1cf1b69b81e3c8b8fb4a207299830adfc90a71950b9e121625e938121c6d0a6ef25f437419c",
    );

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_sealed_opens_at_its_place_and_nowhere_else(
            header in any_header(),
            context in any_context(),
            value in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let bytes = sealed(&header, &context, &value);
            prop_assert_eq!(bytes.len(), value.len() + overhead(header.scopes().len()));
            let envelope = Envelope::parse(&bytes).unwrap();
            prop_assert_eq!(envelope.header(), &header);
            prop_assert_eq!(opened(&bytes, &context), Some(value));
            for neighbour in context.neighbours() {
                prop_assert_eq!(opened(&bytes, &neighbour), None);
            }
        }

        #[test]
        fn two_seals_of_one_value_share_no_nonce(value in prop::collection::vec(any::<u8>(), 0..40)) {
            let [left, right] = [(); 2].map(|()| sealed(&three(), &here(), &value));
            prop_assert_ne!(&left[3 + 15..][..24], &right[3 + 15..][..24]);
            prop_assert_ne!(&left[3 + 15 + 24..], &right[3 + 15 + 24..]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_envelope_or_an_error(
            head in prop::collection::vec(0_u8..5, 0..20),
            tail in prop::collection::vec(any::<u8>(), 0..120),
        ) {
            let bytes = [head, tail].concat();
            prop_assert_eq!(opened(&bytes, &here()), None);
        }
    }
}
