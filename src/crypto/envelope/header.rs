//! The head of an envelope: its suite, and the keys that it needs.

use std::fmt;

use crate::core::place::Scope;

/// The most scopes that a place has: tenant, connection, subject.
pub const MAX_SCOPES: usize = 3;

/// The format: version 1, frozen. `FORMAT.md` beside this file says what it is.
pub(in crate::crypto) const FORMAT: u8 = 1;

/// Bytes of the longest head: format, suite and kinds, and three versions of five bytes.
pub(in crate::crypto) const MAX_HEAD: usize = 3 + 5 * MAX_SCOPES;

/// How something is sealed. What is not in this list is refused: there is no negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Suite {
    /// One value, by XAES-256-GCM with key commitment: 1.
    KcXaes256Gcm,
    /// The fields of a record, each by XAES-256-GCM, with one key commitment: 2.
    KcXaes256GcmRecord,
    /// A stream of chunks, by C2SP chunked encryption with AES-256-GCM and SHA-512 ("Cobblestone-256"): 3.
    Cobblestone256,
}

impl Suite {
    /// Every suite.
    pub const ALL: [Self; 3] = [Self::KcXaes256Gcm, Self::KcXaes256GcmRecord, Self::Cobblestone256];

    /// The byte that stands for it.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::KcXaes256Gcm => 1,
            Self::KcXaes256GcmRecord => 2,
            Self::Cobblestone256 => 3,
        }
    }

    pub(in crate::crypto) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.byte() == byte)
    }
}

/// The kind of a scope, as one byte: the first byte of [`Scope::to_bytes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "mirrors `Scope`, which is exhaustive")]
pub enum ScopeKind {
    /// All of a tenant: 0.
    Tenant,
    /// A platform connection: 1.
    Connection,
    /// A person: 2.
    Subject,
    /// The contact data of a request: 3.
    Case,
}

impl ScopeKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Tenant, Self::Connection, Self::Subject, Self::Case];

    /// The kind of a scope.
    #[must_use]
    pub const fn of(scope: &Scope) -> Self {
        match scope {
            Scope::Tenant(_) => Self::Tenant,
            Scope::Connection(..) => Self::Connection,
            Scope::Subject(..) => Self::Subject,
            Scope::Case(..) => Self::Case,
        }
    }

    pub(in crate::crypto) const fn byte(self) -> u8 {
        match self {
            Self::Tenant => 0,
            Self::Connection => 1,
            Self::Subject => 2,
            Self::Case => 3,
        }
    }
}

/// What an envelope says of the keys that it needs: which scopes, and which version of each one's key.
///
/// Always well formed: one to [`MAX_SCOPES`] scopes, each kind once, versions from 1. The order is that of the kinds.
///
/// Encoding: `kinds ‖ key version of each`. Bit `k` of `kinds` stands for the kind with the number `k`; a version is a canonical
/// unsigned LEB128 of 1 to 5 bytes, least significant bits first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// By the number of the kind; 0 where there is no such scope.
    versions: [u32; KINDS],
}

impl Header {
    /// The head for what is sealed under these versions of these scopes' keys.
    ///
    /// # Errors
    /// The scopes are none, too many, out of order or named twice, or a version is 0.
    pub fn new(scopes: impl IntoIterator<Item = (ScopeKind, u32)>) -> Result<Self, HeaderError> {
        let mut versions = [0; KINDS];
        let (mut count, mut last) = (0, None);
        for (kind, version) in scopes {
            let at = versions.get_mut(usize::from(kind.byte())).ok_or(HeaderError(()))?;
            count += 1;
            if version == 0 || count > MAX_SCOPES || last.is_some_and(|last| last >= kind) {
                return Err(HeaderError(()));
            }
            (*at, last) = (version, Some(kind));
        }
        if count == 0 { Err(HeaderError(())) } else { Ok(Self { versions }) }
    }

    /// The kinds of scope and the versions of their keys, outermost first.
    pub fn scopes(&self) -> impl Iterator<Item = (ScopeKind, u32)> + '_ {
        ScopeKind::ALL.into_iter().zip(self.versions).filter(|(_, version)| *version > 0)
    }

    /// Writes format, suite and itself.
    pub(in crate::crypto) fn encode(&self, format: u8, suite: Suite, bytes: &mut Vec<u8>) {
        let kinds = self.scopes().fold(0, |kinds, (kind, _)| kinds | 1 << kind.byte());
        bytes.extend_from_slice(&[format, suite.byte(), kinds]);
        for (_, version) in self.scopes() {
            let mut rest = version;
            while rest >= 0x80 {
                bytes.push(0x80 | low_seven(rest));
                rest >>= 7;
            }
            bytes.push(low_seven(rest));
        }
    }

    /// Reads what stands behind format and suite; gives the rest as well. `None`: not the one encoding of a head.
    pub(in crate::crypto) fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (kinds, mut rest) = bytes.split_first()?;
        if *kinds == 0 || *kinds >> KINDS != 0 || kinds.count_ones() as usize > MAX_SCOPES {
            return None;
        }
        let mut versions = [0; KINDS];
        for (kind, version) in versions.iter_mut().enumerate() {
            if kinds >> kind & 1 == 1 {
                (*version, rest) = leb128(rest)?;
            }
        }
        Some((Self { versions }, rest))
    }
}

const KINDS: usize = ScopeKind::ALL.len();

const fn low_seven(value: u32) -> u8 {
    (value & 0x7f).to_le_bytes()[0]
}

/// A version in its one encoding: not 0, no byte more than it needs, at most 32 bits.
fn leb128(bytes: &[u8]) -> Option<(u32, &[u8])> {
    // Nearly all: keys of few versions.
    if let [byte @ 1..=0x7f, rest @ ..] = bytes {
        return Some((u32::from(*byte), rest));
    }
    let mut value = 0_u64;
    let mut rest = bytes;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, tail) = rest.split_first()?;
        rest = tail;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            // A last byte of 0 would say what the bytes before it say already.
            return (*byte != 0).then(|| u32::try_from(value).ok()).flatten().map(|value| (value, rest));
        }
    }
    None
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.scopes()).finish()
    }
}

/// The scopes of a place are none, too many, out of order or of different tenants, or a key version is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderError(());

impl HeaderError {
    pub(in crate::crypto) const fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these scopes are not those of one place")
    }
}

impl std::error::Error for HeaderError {}

#[cfg(test)]
pub(in crate::crypto) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn any_header() -> impl Strategy<Value = Header> {
        let version = prop_oneof![1..=300_u32, Just(u32::MAX), 1..=u32::MAX];
        prop::sample::subsequence(ScopeKind::ALL.to_vec(), 1..=MAX_SCOPES)
            .prop_flat_map(move |kinds| {
                let versions = prop::collection::vec(version.clone(), kinds.len());
                (Just(kinds), versions)
            })
            .prop_map(|(kinds, versions)| Header::new(kinds.into_iter().zip(versions)).unwrap())
    }

    #[test]
    fn only_the_scopes_of_one_place_make_a_head() {
        use ScopeKind::{Case, Connection, Subject, Tenant};
        let head = Header::new([(Tenant, 1), (Connection, 2), (Subject, 3)]).unwrap();
        assert_eq!(head.scopes().collect::<Vec<_>>(), [(Tenant, 1), (Connection, 2), (Subject, 3)]);
        for bad in [
            vec![],
            vec![(Tenant, 0)],
            vec![(Tenant, 1), (Tenant, 1)],
            vec![(Subject, 1), (Tenant, 1)],
            vec![(Tenant, 1), (Connection, 1), (Subject, 1), (Case, 1)],
        ] {
            assert_eq!(Header::new(bad), Err(HeaderError::new()));
        }
    }

    #[test]
    fn a_version_has_one_encoding() {
        for (version, encoded) in [
            (1, vec![1]),
            (127, vec![0x7f]),
            (128, vec![0x80, 1]),
            (16_384, vec![0x80, 0x80, 1]),
            (u32::MAX, vec![0xff, 0xff, 0xff, 0xff, 0x0f]),
        ] {
            let mut bytes = Vec::new();
            Header::new([(ScopeKind::Subject, version)]).unwrap().encode(1, Suite::KcXaes256Gcm, &mut bytes);
            assert_eq!(bytes, [&[1, 1, 0b100][..], &encoded].concat());
        }
        for bad in [
            &[][..],
            &[0],
            &[0b1_0000, 1],
            &[0b1111, 1, 1, 1, 1],
            &[1],
            &[1, 0],
            &[1, 0x81, 0],
            &[1, 0x80, 0x80],
            &[1, 0xff, 0xff, 0xff, 0xff, 0x1f],
            &[1, 0xff, 0xff, 0xff, 0xff, 0x8f, 0],
        ] {
            assert_eq!(Header::decode(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(header in any_header(), tail in prop::collection::vec(any::<u8>(), 0..4)) {
            let mut bytes = Vec::new();
            header.encode(FORMAT, Suite::KcXaes256Gcm, &mut bytes);
            prop_assert!(bytes.len() <= MAX_HEAD);
            bytes.extend_from_slice(&tail);
            prop_assert_eq!(Header::decode(&bytes[2..]), Some((header, &tail[..])));
        }

        /// Canonical: whatever decodes is encoded to the very same bytes.
        #[test]
        fn what_is_decoded_is_encoded_the_same(
            kinds in 0_u8..20,
            versions in prop::collection::vec(prop_oneof![0_u8..3, 0x7e_u8..0x82, 0xfe_u8..], 0..20),
        ) {
            let bytes = [&[kinds][..], &versions].concat();
            if let Some((header, rest)) = Header::decode(&bytes) {
                let mut again = Vec::new();
                header.encode(FORMAT, Suite::KcXaes256Gcm, &mut again);
                prop_assert_eq!(&again[2..], &bytes[..bytes.len() - rest.len()]);
            }
        }
    }
}
