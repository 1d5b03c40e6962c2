//! Envelopes: sealed values, bound to their place.

mod body;
mod header;
mod record;
mod sealed;

use std::fmt;

use zeroize::Zeroizing;

use super::backend::AeadBackend;
use super::context::Context;
use super::entropy::Entropy;
use super::error::{EnvelopeError, EnvelopeErrorKind, OpenError, SealError, SealErrorKind};
use super::key::SecretKey;
use super::xaes::{NONCE, Xaes};

pub(super) use self::body::{BODY_OVERHEAD, Body, append_body, room};
pub(super) use self::header::{FORMAT, MAX_HEAD};
pub use self::header::{Header, HeaderError, MAX_SCOPES, ScopeKind, Suite};
pub use self::record::{MAX_FIELDS, RecordEnvelope, RecordOpener, SealedRecord, seal_record};
pub use self::sealed::{SealedValue, SealedValueError};

/// The largest value that an envelope holds: 16 MiB. A seal and an opening hold it in memory as a whole.
pub const MAX_PLAINTEXT_BYTES: usize = 16 * 1024 * 1024;

/// The most bytes that an envelope has more than its value: 90. Under keys of versions below 128 it is 75 bytes and one for each scope.
pub const MAX_OVERHEAD: usize = header::MAX_HEAD + BODY_OVERHEAD;

/// The key of a place, ready for use: what it derives once, and the versions of the scopes' keys that it is made of. Wiped on drop.
///
/// From [`PlaceKeys::key`](super::PlaceKeys::key). To prepare it costs more than to seal a small value: who seals many keeps it.
pub struct PlaceKey {
    header: Header,
    /// Of a single value, encoded.
    head: Vec<u8>,
    xaes: Xaes,
}

impl PlaceKey {
    pub(super) fn new(header: Header, key: &SecretKey) -> Self {
        let mut head = Vec::with_capacity(header::MAX_HEAD);
        header.encode(FORMAT, Suite::KcXaes256Gcm, &mut head);
        Self { header, head, xaes: Xaes::new(key) }
    }

    /// The head of what is sealed under it.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }
}

impl fmt::Debug for PlaceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlaceKey").field(&self.header).finish()
    }
}

/// An envelope that has been read, and not been opened.
///
/// [Format version 1](super::format), which is frozen: `0x01 ‖ suite ‖ kinds of scope ‖ key version of each ‖ nonce 24 ‖ ciphertext ‖
/// tag 16 ‖ commitment 32`. Every byte before the nonce is authenticated, and with it the [`Context`], which is not stored.
#[derive(Clone, Copy)]
pub struct Envelope<'a> {
    header: Header,
    head: &'a [u8],
    body: Body<'a>,
}

impl<'a> Envelope<'a> {
    /// Reads an envelope: what [`open`] can be asked to open, and nothing else. Copies nothing and works in constant memory.
    ///
    /// # Errors
    /// The bytes are not an envelope, or none of this version: see [`EnvelopeErrorKind`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let (suite, header, rest) = parse_head(bytes)?;
        if suite != Suite::KcXaes256Gcm {
            return Err(EnvelopeError::new(EnvelopeErrorKind::UnknownSuite));
        }
        let body = Body::split(rest).ok_or(EnvelopeError::new(EnvelopeErrorKind::Malformed))?;
        if body.len() > MAX_PLAINTEXT_BYTES {
            return Err(EnvelopeError::new(EnvelopeErrorKind::TooLarge));
        }
        let head =
            bytes.get(..bytes.len() - rest.len()).ok_or(EnvelopeError::new(EnvelopeErrorKind::Malformed))?;
        Ok(Self { header, head, body })
    }

    /// Its head: which keys are needed to open it.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How it is sealed.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        Suite::KcXaes256Gcm
    }

    /// Its nonce. No two envelopes under a key have the same.
    #[must_use]
    pub const fn nonce(&self) -> &'a [u8; 24] {
        self.body.nonce()
    }
}

/// Reads format, suite and head; gives the rest as well.
pub(super) fn parse_head(bytes: &[u8]) -> Result<(Suite, Header, &[u8]), EnvelopeError> {
    let malformed = EnvelopeError::new(EnvelopeErrorKind::Malformed);
    let ([format, suite], rest) = bytes.split_first_chunk().ok_or(malformed)?;
    if *format != FORMAT {
        return Err(EnvelopeError::new(EnvelopeErrorKind::UnknownFormat));
    }
    let suite = Suite::from_byte(*suite).ok_or(EnvelopeError::new(EnvelopeErrorKind::UnknownSuite))?;
    let (header, rest) = Header::decode(rest).ok_or(malformed)?;
    Ok((suite, header, rest))
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
/// let key = PlaceKeys::new(vec![(&scope, 1, &secret)])?.key();
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
/// let bytes = seal(&RustCrypto, &OsEntropy, &key, &here, b"ada@example.com")?;
///
/// let envelope = Envelope::parse(&bytes)?;
/// assert_eq!(**open(&RustCrypto, &key, &envelope, &here)?, *b"ada@example.com");
///
/// let elsewhere = Context { record: &RecordId::new("1002"), ..here };
/// assert!(open(&RustCrypto, &key, &envelope, &elsewhere).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn seal(
    backend: &dyn AeadBackend,
    entropy: &dyn Entropy,
    key: &PlaceKey,
    context: &Context<'_>,
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut bytes = Vec::with_capacity(MAX_OVERHEAD + plaintext.len());
    Sealer::new(backend, entropy).seal_into(key, context, plaintext, &mut bytes)?;
    Ok(bytes)
}

/// Opens an envelope at its place.
///
/// # Errors
/// Wrong key, wrong place or altered bytes: one failure, which does not tell which.
pub fn open(
    backend: &dyn AeadBackend,
    key: &PlaceKey,
    envelope: &Envelope<'_>,
    context: &Context<'_>,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let mut value = Zeroizing::new(Vec::with_capacity(envelope.body.len()));
    Opener::new(backend).open_into(key, envelope, context, &mut value)?;
    Ok(value)
}

/// Seals values one after the other, into buffers of the caller's: once its own buffer has grown to the longest context, it allocates
/// nothing.
///
/// # Example: two values, one draw of randomness, one buffer
/// ```
/// # use stewardship::Scope;
/// # use stewardship::access::Environment;
/// # use stewardship::id::{Name, RecordId, TenantId};
/// use stewardship::crypto::{Context, Envelope, OsEntropy, PlaceKeys, RustCrypto, Sealer, SecretKey, open};
///
/// # let (scope, secret) = (Scope::Tenant("acme".into()), SecretKey::generate(&OsEntropy)?);
/// # let key = PlaceKeys::new(vec![(&scope, 1, &secret)])?.key();
/// # let (tenant, kind, first, second) = (TenantId::new("acme"), Name::new("order"), RecordId::new("1001"), RecordId::new("1002"));
/// # let (field, class) = (Name::new("email"), Name::new("buyer.email"));
/// # let at = |record| Context { tenant: &tenant, environment: Environment::Production, connection: None, subject: None, kind: &kind, record, field: &field, class: &class };
/// let mut sealer = Sealer::new(&RustCrypto, &OsEntropy);
/// let sealed = sealer.seal_many(&key, &[(at(&first), b"ada@example.com"), (at(&second), b"grace@example.com")])?;
/// assert_eq!(**open(&RustCrypto, &key, &Envelope::parse(&sealed[1])?, &at(&second))?, *b"grace@example.com");
///
/// let mut buffer = Vec::with_capacity(200);
/// sealer.seal_into(&key, &at(&first), b"ada@example.com", &mut buffer)?;
/// assert!(Envelope::parse(&buffer).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sealer<'a> {
    backend: &'a dyn AeadBackend,
    entropy: &'a dyn Entropy,
    bound: Vec<u8>,
}

impl<'a> Sealer<'a> {
    /// A sealer over a backend, which draws its nonces from `entropy`.
    #[must_use]
    pub fn new(backend: &'a dyn AeadBackend, entropy: &'a dyn Entropy) -> Self {
        Self { backend, entropy, bound: Vec::with_capacity(256) }
    }

    /// Appends the envelope of a value to `out`.
    ///
    /// # Errors
    /// As [`seal`]; `out` is as it was then.
    pub fn seal_into(
        &mut self,
        key: &PlaceKey,
        context: &Context<'_>,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        let mut nonce = [0; NONCE];
        self.entropy.fill(&mut nonce)?;
        self.seal_under(key, context, &nonce, plaintext, out)
    }

    /// Seals many values, with one draw of randomness.
    ///
    /// # Errors
    /// As [`seal`]; nothing is sealed then.
    pub fn seal_many(
        &mut self,
        key: &PlaceKey,
        values: &[(Context<'_>, &[u8])],
    ) -> Result<Vec<Vec<u8>>, SealError> {
        let mut nonces = vec![[0; NONCE]; values.len()];
        self.entropy.fill(nonces.as_flattened_mut())?;
        let seal = |((context, value), nonce): (&(Context<'_>, &[u8]), &[u8; NONCE])| {
            let mut bytes = Vec::with_capacity(MAX_OVERHEAD + value.len());
            self.seal_under(key, context, nonce, value, &mut bytes).map(|()| bytes)
        };
        values.iter().zip(&nonces).map(seal).collect()
    }

    fn seal_under(
        &mut self,
        key: &PlaceKey,
        context: &Context<'_>,
        nonce: &[u8; NONCE],
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        if plaintext.len() > MAX_PLAINTEXT_BYTES {
            return Err(SealError::new(SealErrorKind::TooLarge));
        }
        let before = out.len();
        out.reserve(MAX_OVERHEAD + plaintext.len());
        out.extend_from_slice(&key.head);
        bind(&mut self.bound, &key.head, context);
        append_body(self.backend, &key.xaes, nonce, &self.bound, plaintext, out).map_err(|error| {
            out.truncate(before);
            error.into()
        })
    }
}

impl fmt::Debug for Sealer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

/// Opens envelopes one after the other, into buffers of the caller's: once its own buffer has grown to the longest context, it allocates
/// nothing where the value fits.
pub struct Opener<'a> {
    backend: &'a dyn AeadBackend,
    bound: Vec<u8>,
}

impl<'a> Opener<'a> {
    /// An opener over a backend.
    #[must_use]
    pub fn new(backend: &'a dyn AeadBackend) -> Self {
        Self { backend, bound: Vec::with_capacity(256) }
    }

    /// Puts the value of an envelope into `out`, in place of what is there.
    ///
    /// # Errors
    /// As [`open`]; `out` is empty then.
    pub fn open_into(
        &mut self,
        key: &PlaceKey,
        envelope: &Envelope<'_>,
        context: &Context<'_>,
        out: &mut Zeroizing<Vec<u8>>,
    ) -> Result<(), OpenError> {
        bind(&mut self.bound, envelope.head, context);
        envelope.body.open(self.backend, &key.xaes, &self.bound, out).map_err(|_| OpenError::new())
    }
}

impl fmt::Debug for Opener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener")
    }
}

/// What an envelope is bound to: its head, which delimits itself, and the context.
fn bind(bytes: &mut Vec<u8>, head: &[u8], context: &Context<'_>) {
    bytes.clear();
    bytes.extend_from_slice(head);
    context.encode(bytes);
}

#[cfg(test)]
pub(in crate::crypto) mod tests {
    use std::error::Error;

    use proptest::prelude::*;

    use super::header::tests::any_header;
    use super::*;
    use crate::crypto::backend::{AeadError, AeadKey, RustCrypto};
    use crate::crypto::context::tests::{Owned, any_context};
    use crate::crypto::entropy::{EntropyError, OsEntropy};

    const KEY: [u8; 32] = [0x5a; 32];
    /// Of an envelope under three scopes, of versions below 128.
    const OVERHEAD: usize = 6 + BODY_OVERHEAD;

    pub(crate) fn here() -> Owned {
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

    pub(crate) fn three() -> Header {
        Header::new([(ScopeKind::Tenant, 1), (ScopeKind::Connection, 1), (ScopeKind::Subject, 1)]).unwrap()
    }

    pub(crate) fn key(header: Header) -> PlaceKey {
        PlaceKey::new(header, &SecretKey::new(KEY))
    }

    fn leb128_len(version: u32) -> usize {
        (32 - version.leading_zeros()).div_ceil(7) as usize
    }

    fn sealed(header: &Header, context: &Owned, value: &[u8]) -> Vec<u8> {
        seal(&RustCrypto, &OsEntropy, &key(*header), &context.context(), value).unwrap()
    }

    /// What a store would see: reading, then opening.
    fn opened(bytes: &[u8], context: &Owned) -> Option<Vec<u8>> {
        let envelope = Envelope::parse(bytes).ok()?;
        open(&RustCrypto, &key(*envelope.header()), &envelope, &context.context())
            .ok()
            .map(|value| value.to_vec())
    }

    #[test]
    fn the_overhead_is_78_bytes_and_never_above_90() {
        assert_eq!(sealed(&three(), &here(), b"value").len(), 5 + OVERHEAD);
        let last = Header::new(three().scopes().map(|(kind, _)| (kind, u32::MAX))).unwrap();
        assert_eq!(sealed(&last, &here(), b"value").len(), 5 + MAX_OVERHEAD);
        assert_eq!((OVERHEAD, MAX_OVERHEAD), (78, 90));
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
        let other = PlaceKey::new(three(), &SecretKey::new([1; 32]));
        let error = open(&RustCrypto, &other, &envelope, &here().context()).unwrap_err();
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
        assert_eq!(kind(&with(1, 9)), EnvelopeErrorKind::UnknownSuite);
        assert_eq!(kind(&with(2, 0)), EnvelopeErrorKind::Malformed);
        assert_eq!(kind(&with(2, 0b1111)), EnvelopeErrorKind::Malformed);
        assert_eq!(kind(&with(3, 0)), EnvelopeErrorKind::Malformed);
        assert_eq!(kind(&bytes[..OVERHEAD - 1]), EnvelopeErrorKind::Malformed);
        assert!(Envelope::parse(&bytes[..OVERHEAD]).is_ok());
    }

    #[test]
    fn sixteen_mebibytes_are_the_limit() {
        let value = vec![0; MAX_PLAINTEXT_BYTES + 1];
        let error = seal(&RustCrypto, &OsEntropy, &key(three()), &here().context(), &value).unwrap_err();
        assert_eq!(error.kind(), SealErrorKind::TooLarge);
        let mut bytes = sealed(&three(), &here(), b"");
        bytes.resize(OVERHEAD + MAX_PLAINTEXT_BYTES, 0);
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
            fn open_detached(
                &self,
                _: &[u8; 32],
                _: &[u8; 12],
                _: &[u8],
                _: &[u8],
                _: &[u8; 16],
                _: &mut [u8],
            ) -> Result<(), AeadError> {
                Err(AeadError::new())
            }

            fn prepare(&self, _: &[u8; 32]) -> Result<Box<dyn AeadKey>, AeadError> {
                Err(AeadError::new())
            }
        }
        let (key, here) = (key(three()), here());
        let error = seal(&RustCrypto, &Broken, &key, &here.context(), b"x").unwrap_err();
        assert_eq!((error.kind(), error.source().is_some()), (SealErrorKind::Entropy, true));
        let error = seal(&Broken, &OsEntropy, &key, &here.context(), b"x").unwrap_err();
        assert_eq!(error.kind(), SealErrorKind::Backend);
    }

    #[test]
    fn no_two_envelopes_share_a_nonce() {
        let nonces: std::collections::BTreeSet<Vec<u8>> =
            (0..500).map(|_| sealed(&three(), &here(), b"the same")[6..][..24].to_vec()).collect();
        assert_eq!(nonces.len(), 500);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_sealed_opens_at_its_place_and_nowhere_else(
            header in any_header(),
            context in any_context(),
            value in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let bytes = sealed(&header, &context, &value);
            prop_assert_eq!(bytes.len(), value.len() + 3 + header.scopes().map(|(_, version)| leb128_len(version)).sum::<usize>() + BODY_OVERHEAD);
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
            prop_assert_ne!(&left[6..][..24], &right[6..][..24]);
            prop_assert_ne!(&left[6 + 24..], &right[6 + 24..]);
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
