//! The head of an envelope: its suite, and the keys that it needs.

use std::fmt;

use crate::core::place::Scope;

/// The most scopes that a place has: tenant, connection, subject.
pub const MAX_SCOPES: usize = 3;

/// The format: version 0, experimental. Nothing promises that a later version of this crate opens it.
pub(super) const FORMAT: u8 = 0;

/// How a value is sealed. What is not in this list is refused: there is no negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Suite {
    /// XAES-256-GCM with key commitment.
    KcXaes256Gcm,
}

impl Suite {
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::KcXaes256Gcm => 1,
        }
    }

    pub(super) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::KcXaes256Gcm),
            _ => None,
        }
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

    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Tenant => 0,
            Self::Connection => 1,
            Self::Subject => 2,
            Self::Case => 3,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Tenant),
            1 => Some(Self::Connection),
            2 => Some(Self::Subject),
            3 => Some(Self::Case),
            _ => None,
        }
    }
}

/// The head of an envelope: how the value is sealed, and which version of which scopes' keys it needs.
///
/// Always well formed: one to [`MAX_SCOPES`] scopes, in ascending order of their kinds, each kind once, versions from 1.
///
/// Encoding: `format 0x00 ‖ suite ‖ number of scopes ‖ (kind ‖ key version, 32 bits big-endian) of each`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    suite: Suite,
    scopes: Vec<(ScopeKind, u32)>,
}

impl Header {
    /// The head for a value that is sealed under these versions of these scopes' keys.
    ///
    /// # Errors
    /// The scopes are none, too many, out of order or named twice, or a version is 0.
    pub fn new(scopes: Vec<(ScopeKind, u32)>) -> Result<Self, HeaderError> {
        let counted = (1..=MAX_SCOPES).contains(&scopes.len());
        let ordered = scopes.iter().zip(scopes.iter().skip(1)).all(|((left, _), (right, _))| left < right);
        let numbered = scopes.iter().all(|(_, version)| *version > 0);
        if counted && ordered && numbered {
            Ok(Self { suite: Suite::KcXaes256Gcm, scopes })
        } else {
            Err(HeaderError(()))
        }
    }

    /// How the value is sealed.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// The kinds of scope and the versions of their keys, outermost first.
    #[must_use]
    pub fn scopes(&self) -> &[(ScopeKind, u32)] {
        &self.scopes
    }

    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        // `new` bounds the number of scopes far below 256.
        let count = u8::try_from(self.scopes.len()).unwrap_or(u8::MAX);
        bytes.extend_from_slice(&[FORMAT, self.suite.byte(), count]);
        for (kind, version) in &self.scopes {
            bytes.push(kind.byte());
            bytes.extend_from_slice(&version.to_be_bytes());
        }
    }

    /// Reads what stands behind format and suite; returns the rest as well. `None`: not the one encoding of a head.
    pub(super) fn decode(suite: Suite, bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (count, mut rest) = bytes.split_first()?;
        let count = usize::from(*count);
        if count > MAX_SCOPES {
            return None;
        }
        let mut scopes = Vec::with_capacity(count);
        for _ in 0..count {
            let ([kind, version @ ..], tail) = rest.split_first_chunk::<5>()?;
            scopes.push((ScopeKind::from_byte(*kind)?, u32::from_be_bytes(*version)));
            rest = tail;
        }
        let header = Self::new(scopes).ok()?;
        Some((Self { suite, ..header }, rest))
    }
}

/// The scopes of a place are none, too many, out of order or of different tenants, or a key version is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderError(());

impl HeaderError {
    pub(super) const fn new() -> Self {
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
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn any_header() -> impl Strategy<Value = Header> {
        let kinds = [ScopeKind::Tenant, ScopeKind::Connection, ScopeKind::Subject, ScopeKind::Case];
        prop::sample::subsequence(kinds.to_vec(), 1..=MAX_SCOPES)
            .prop_flat_map(|kinds| {
                let versions = prop::collection::vec(1..=u32::MAX, kinds.len());
                (Just(kinds), versions)
            })
            .prop_map(|(kinds, versions)| Header::new(kinds.into_iter().zip(versions).collect()).unwrap())
    }

    #[test]
    fn only_the_scopes_of_one_place_make_a_head() {
        use ScopeKind::{Case, Connection, Subject, Tenant};
        assert!(Header::new(vec![(Tenant, 1), (Connection, 2), (Subject, 3)]).is_ok());
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

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(header in any_header(), tail in prop::collection::vec(any::<u8>(), 0..4)) {
            let mut bytes = Vec::new();
            header.encode(&mut bytes);
            prop_assert_eq!(bytes.len(), 3 + 5 * header.scopes().len());
            bytes.extend_from_slice(&tail);
            prop_assert_eq!(Header::decode(Suite::KcXaes256Gcm, &bytes[2..]), Some((header, &tail[..])));
        }

        /// Canonical: whatever decodes is encoded to the very same bytes.
        #[test]
        fn what_is_decoded_is_encoded_the_same(bytes in prop::collection::vec(0_u8..5, 0..24)) {
            if let Some((header, rest)) = Header::decode(Suite::KcXaes256Gcm, &bytes) {
                let mut again = Vec::new();
                header.encode(&mut again);
                prop_assert_eq!(&again[2..], &bytes[..bytes.len() - rest.len()]);
            }
        }
    }
}
