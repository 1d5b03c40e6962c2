//! Envelopes of records: many fields under one head, one nonce and one key commitment.

use std::fmt;

use zeroize::Zeroizing;

use super::body::room;
use super::header::{FORMAT, Header, MAX_HEAD, Suite};
use super::{EnvelopeError, EnvelopeErrorKind, MAX_PLAINTEXT_BYTES, PlaceKey};
use crate::crypto::backend::AeadBackend;
use crate::crypto::context::Context;
use crate::crypto::entropy::Entropy;
use crate::crypto::error::{OpenError, SealError, SealErrorKind};
use crate::crypto::xaes::{COMMITMENT, Message, NONCE, TAG};

/// The most fields that a record's envelope has.
pub const MAX_FIELDS: usize = 4_096;

/// A record that has been sealed: its head, and each field's body in the order in which they were given.
///
/// There is no way to seal one field of it anew: whoever changes one seals them all, under a fresh nonce.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together")]
pub struct SealedRecord {
    /// Format, suite, scopes, nonce and key commitment: 60 to 74 bytes.
    pub head: Vec<u8>,
    /// Of each field the ciphertext and the tag: 16 bytes more than its value.
    pub fields: Vec<Vec<u8>>,
}

impl fmt::Debug for SealedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedRecord").field("fields", &self.fields.len()).finish_non_exhaustive()
    }
}

/// Seals the fields of a record under the key of their place.
///
/// Each field is bound to its context, its number and the number of all: a field that is taken away, added or moved makes all the
/// others refuse to open.
///
/// # Errors
/// More than [`MAX_FIELDS`] fields, a value that is too large, or the random source or the backend failed.
///
/// # Example: two fields, 32 bytes more than their values beside the head
/// ```
/// # use stewardship::Scope;
/// # use stewardship::access::Environment;
/// # use stewardship::id::{Name, RecordId, TenantId};
/// use stewardship::crypto::{Context, OsEntropy, PlaceKeys, RecordEnvelope, RustCrypto, SecretKey, seal_record};
///
/// let (scope, secret) = (Scope::Tenant("acme".into()), SecretKey::generate(&OsEntropy)?);
/// let key = PlaceKeys::new(vec![(&scope, 1, &secret)])?.key();
/// let (tenant, kind, record) = (TenantId::new("acme"), Name::new("order"), RecordId::new("1001"));
/// # let (email, name, class) = (Name::new("email"), Name::new("name"), Name::new("buyer.contact"));
/// # let at = |field| Context { tenant: &tenant, environment: Environment::Production, connection: None, subject: None, kind: &kind, record: &record, field, class: &class };
/// let sealed = seal_record(&RustCrypto, &OsEntropy, &key, &[(at(&email), b"ada@example.com"), (at(&name), b"Ada")])?;
/// assert_eq!(sealed.fields[1].len(), 3 + 16);
///
/// let envelope = RecordEnvelope::parse(&sealed.head, &sealed.fields)?;
/// let opener = envelope.opener(&key)?;
/// assert_eq!(**opener.field(&RustCrypto, 1, &at(&name))?, *b"Ada");
/// assert!(opener.field(&RustCrypto, 0, &at(&name)).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn seal_record(
    backend: &dyn AeadBackend,
    entropy: &dyn Entropy,
    key: &PlaceKey,
    fields: &[(Context<'_>, &[u8])],
) -> Result<SealedRecord, SealError> {
    let too_large = |(_, value): &(Context<'_>, &[u8])| value.len() > MAX_PLAINTEXT_BYTES;
    if fields.len() > MAX_FIELDS || fields.iter().any(too_large) {
        return Err(SealError::new(SealErrorKind::TooLarge));
    }
    let mut nonce = [0; NONCE];
    entropy.fill(&mut nonce)?;
    let mut head = Vec::with_capacity(MAX_HEAD + NONCE + COMMITMENT);
    key.header().encode(FORMAT, Suite::KcXaes256GcmRecord, &mut head);
    let mut aad = Bound::new(&head, fields.len());
    let message = key.xaes.message(&nonce);
    let mut bodies = Vec::with_capacity(fields.len());
    for (number, (context, value)) in (0..).zip(fields) {
        let mut body = Vec::with_capacity(value.len() + TAG);
        body.extend_from_slice(value);
        let aad = aad.of(number, context);
        let tag =
            backend.seal_in_place_detached(&message.key, &nth(message.nonce, number), aad, &mut body)?;
        body.extend_from_slice(&tag);
        bodies.push(body);
    }
    head.extend_from_slice(&nonce);
    head.extend_from_slice(&message.commitment);
    Ok(SealedRecord { head, fields: bodies })
}

/// A record's envelope that has been read, and not been opened.
#[derive(Clone, Copy)]
pub struct RecordEnvelope<'a> {
    header: Header,
    nonce: &'a [u8; NONCE],
    commitment: &'a [u8; COMMITMENT],
    fields: &'a [Vec<u8>],
}

impl<'a> RecordEnvelope<'a> {
    /// Reads the envelope of a record: its head, and the bodies of all its fields in the order in which they were sealed.
    ///
    /// # Errors
    /// The bytes are not such a head, or a field is too short, too long or one too many: see [`EnvelopeErrorKind`].
    pub fn parse(head: &'a [u8], fields: &'a [Vec<u8>]) -> Result<Self, EnvelopeError> {
        let malformed = EnvelopeError::new(EnvelopeErrorKind::Malformed);
        let (suite, header, rest) = super::parse_head(head)?;
        if suite != Suite::KcXaes256GcmRecord {
            return Err(EnvelopeError::new(EnvelopeErrorKind::UnknownSuite));
        }
        let (nonce, rest) = rest.split_first_chunk().ok_or(malformed)?;
        let commitment = rest.try_into().map_err(|_| malformed)?;
        if fields.iter().any(|field| field.len() < TAG) {
            return Err(malformed);
        }
        if fields.len() > MAX_FIELDS || fields.iter().any(|field| field.len() > MAX_PLAINTEXT_BYTES + TAG) {
            return Err(EnvelopeError::new(EnvelopeErrorKind::TooLarge));
        }
        Ok(Self { header, nonce, commitment, fields })
    }

    /// Its head: which keys are needed to open it.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Its nonce. No two envelopes under a key have the same.
    #[must_use]
    pub const fn nonce(&self) -> &'a [u8; 24] {
        self.nonce
    }

    /// What opens its fields, where this is the key that they were sealed under. Nothing is decrypted under another.
    ///
    /// # Errors
    /// It is not.
    pub fn opener(&self, key: &PlaceKey) -> Result<RecordOpener<'a>, OpenError> {
        let message = key.xaes.message(self.nonce);
        if self.header != *key.header() || !message.is_committed(self.commitment) {
            return Err(OpenError::new());
        }
        let mut head = Vec::with_capacity(MAX_HEAD);
        self.header.encode(FORMAT, Suite::KcXaes256GcmRecord, &mut head);
        Ok(RecordOpener { message, head, fields: self.fields })
    }
}

impl fmt::Debug for RecordEnvelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordEnvelope")
            .field("header", &self.header)
            .field("fields", &self.fields.len())
            .finish_non_exhaustive()
    }
}

/// Opens the fields of a record, one by one.
pub struct RecordOpener<'a> {
    message: Message,
    head: Vec<u8>,
    fields: &'a [Vec<u8>],
}

impl RecordOpener<'_> {
    /// The value of the field with this number, from 0, at its place.
    ///
    /// # Errors
    /// There is no such field, or place or bytes are wrong: one failure, which does not tell which.
    pub fn field(
        &self,
        backend: &dyn AeadBackend,
        number: usize,
        context: &Context<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let refused = |_| OpenError::new();
        let body = self.fields.get(number).ok_or(OpenError::new())?;
        let (ciphertext, tag) = body.split_last_chunk().ok_or(OpenError::new())?;
        let mut value = Zeroizing::new(Vec::new());
        room(&mut value, ciphertext.len());
        let number = u32::try_from(number).map_err(|_| OpenError::new())?;
        let mut aad = Bound::new(&self.head, self.fields.len());
        let (nonce, aad) = (nth(self.message.nonce, number), aad.of(number, context));
        backend
            .open_detached(&self.message.key, &nonce, aad, ciphertext, tag, &mut value)
            .map_err(refused)?;
        Ok(value)
    }
}

impl fmt::Debug for RecordOpener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordOpener").field("fields", &self.fields.len()).finish_non_exhaustive()
    }
}

/// What binds a field: `head ‖ number of all fields ‖ its own number ‖ context`.
struct Bound {
    bytes: Vec<u8>,
    shared: usize,
}

impl Bound {
    fn new(head: &[u8], count: usize) -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(head);
        // `MAX_FIELDS` is far below.
        bytes.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
        Self { shared: bytes.len(), bytes }
    }

    fn of(&mut self, number: u32, context: &Context<'_>) -> &[u8] {
        self.bytes.truncate(self.shared);
        self.bytes.extend_from_slice(&number.to_be_bytes());
        context.encode(&mut self.bytes);
        &self.bytes
    }
}

/// The second half of a field's nonce: that of the record, with the field's number xored into its last four bytes. So the nonces of a
/// record differ from each other, and from those of any other record as long as random nonces do (`FORMAT.md`).
fn nth(mut right: [u8; 12], number: u32) -> [u8; 12] {
    right.iter_mut().skip(8).zip(number.to_be_bytes()).for_each(|(byte, number)| *byte ^= number);
    right
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::backend::RustCrypto;
    use crate::crypto::context::tests::{Owned, any_context};
    use crate::crypto::entropy::OsEntropy;
    use crate::crypto::envelope::tests::{here, key, three};

    fn at(fields: usize) -> Vec<Owned> {
        (0..fields).map(|field| Owned { field: format!("f{field}").into(), ..here() }).collect()
    }

    fn sealed(contexts: &[Owned], values: &[Vec<u8>]) -> SealedRecord {
        let fields: Vec<_> =
            contexts.iter().map(Owned::context).zip(values.iter().map(Vec::as_slice)).collect();
        seal_record(&RustCrypto, &OsEntropy, &key(three()), &fields).unwrap()
    }

    fn opened(sealed: &SealedRecord, number: usize, context: &Owned) -> Option<Vec<u8>> {
        let envelope = RecordEnvelope::parse(&sealed.head, &sealed.fields).ok()?;
        let opener = envelope.opener(&key(three())).ok()?;
        opener.field(&RustCrypto, number, &context.context()).ok().map(|value| value.to_vec())
    }

    #[test]
    fn ten_fields_of_three_scopes_cost_222_bytes() {
        let values: Vec<Vec<u8>> = (0..10).map(|length| vec![b'x'; length]).collect();
        let sealed = sealed(&at(10), &values);
        let plain: usize = values.iter().map(Vec::len).sum();
        let stored = sealed.head.len() + sealed.fields.iter().map(Vec::len).sum::<usize>();
        assert_eq!(stored - plain, 222);
    }

    #[test]
    fn a_field_that_is_moved_added_or_taken_away_is_noticed_by_every_other() {
        let (contexts, values) = (at(3), [b"a".to_vec(), b"b".to_vec(), b"c".to_vec()]);
        let whole = sealed(&contexts, &values);
        let all = |record: &SealedRecord| -> Vec<Option<Vec<u8>>> {
            (0..record.fields.len()).map(|number| opened(record, number, &contexts[number % 3])).collect()
        };
        assert_eq!(all(&whole), values.clone().map(Some));
        let mut shorter = whole.clone();
        shorter.fields.pop();
        assert_eq!(all(&shorter), [None, None]);
        let mut longer = whole.clone();
        longer.fields.push(whole.fields[0].clone());
        assert_eq!(all(&longer), [None, None, None, None]);
        let mut moved = whole.clone();
        moved.fields.swap(0, 1);
        assert_eq!(all(&moved), [None, None, Some(b"c".to_vec())]);
        let other = sealed(&contexts, &values);
        let mixed = SealedRecord { head: whole.head.clone(), fields: other.fields };
        assert_eq!(all(&mixed), [None, None, None]);
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let (contexts, values) = (at(2), [b"first".to_vec(), b"second".to_vec()]);
        let whole = sealed(&contexts, &values);
        for bit in 0..whole.head.len() * 8 {
            let mut altered = whole.clone();
            altered.head[bit / 8] ^= 1 << (bit % 8);
            assert_eq!((opened(&altered, 0, &contexts[0]), opened(&altered, 1, &contexts[1])), (None, None));
        }
        for bit in 0..whole.fields[1].len() * 8 {
            let mut altered = whole.clone();
            altered.fields[1][bit / 8] ^= 1 << (bit % 8);
            assert_eq!(opened(&altered, 1, &contexts[1]), None);
            assert!(opened(&altered, 0, &contexts[0]).is_some());
        }
        for length in 0..whole.head.len() {
            let cut = SealedRecord { head: whole.head[..length].to_vec(), ..whole.clone() };
            assert_eq!(opened(&cut, 0, &contexts[0]), None);
        }
        let longer = SealedRecord { head: [&whole.head[..], &[0]].concat(), ..whole };
        assert_eq!(opened(&longer, 0, &contexts[0]), None);
    }

    #[test]
    fn too_many_fields_are_refused_on_both_ways() {
        let contexts = at(1);
        let fields = vec![(contexts[0].context(), &b""[..]); MAX_FIELDS + 1];
        let error = seal_record(&RustCrypto, &OsEntropy, &key(three()), &fields).unwrap_err();
        assert_eq!(error.kind(), SealErrorKind::TooLarge);
        let whole = seal_record(&RustCrypto, &OsEntropy, &key(three()), &fields[1..]).unwrap();
        assert!(RecordEnvelope::parse(&whole.head, &whole.fields).is_ok());
        let more = [&whole.fields[..], &[vec![0; TAG]]].concat();
        let kind = RecordEnvelope::parse(&whole.head, &more).unwrap_err().kind();
        assert_eq!(kind, EnvelopeErrorKind::TooLarge);
        let kind = RecordEnvelope::parse(&whole.head, &[vec![0; TAG - 1]]).unwrap_err().kind();
        assert_eq!(kind, EnvelopeErrorKind::Malformed);
    }

    #[test]
    fn a_single_value_is_no_record_and_no_record_a_single_value() {
        use crate::crypto::{Envelope, seal};
        let record = sealed(&at(1), &[b"value".to_vec()]);
        let single = seal(&RustCrypto, &OsEntropy, &key(three()), &here().context(), b"value").unwrap();
        let kind = RecordEnvelope::parse(&single, &[]).unwrap_err().kind();
        assert_eq!(kind, EnvelopeErrorKind::UnknownSuite);
        let whole = [&record.head[..], &record.fields[0]].concat();
        assert_eq!(Envelope::parse(&whole).unwrap_err().kind(), EnvelopeErrorKind::UnknownSuite);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn each_field_opens_at_its_place_and_nowhere_else(
            context in any_context(),
            values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..6),
        ) {
            let contexts = vec![context.clone(); values.len()];
            let sealed = sealed(&contexts, &values);
            for (number, value) in values.iter().enumerate() {
                prop_assert_eq!(opened(&sealed, number, &context), Some(value.clone()));
                for neighbour in context.neighbours() {
                    prop_assert_eq!(opened(&sealed, number, &neighbour), None);
                }
            }
            prop_assert_eq!(opened(&sealed, values.len(), &context), None);
        }

        #[test]
        fn no_two_fields_share_a_nonce(right in any::<[u8; 12]>(), left in 0..MAX_FIELDS, other in 0..MAX_FIELDS) {
            let (left, other) = (u32::try_from(left).unwrap(), u32::try_from(other).unwrap());
            prop_assert_eq!(nth(right, left) == nth(right, other), left == other);
        }

        #[test]
        fn any_bytes_give_an_envelope_or_an_error(
            head in prop::collection::vec(0_u8..4, 0..8),
            tail in prop::collection::vec(any::<u8>(), 50..60),
            fields in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4),
        ) {
            let record = SealedRecord { head: [head, tail].concat(), fields };
            prop_assert_eq!(opened(&record, 0, &here()), None);
        }
    }
}
