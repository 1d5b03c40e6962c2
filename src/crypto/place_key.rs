//! The key of a place: made of the keys of all its scopes, so that destroying any one of them kills what was sealed there.

use std::fmt;

use super::envelope::{Header, HeaderError, PlaceKey, ScopeKind};
use super::key::SecretKey;
use super::mac;
use super::stream::StreamKey;
use crate::core::place::Scope;
use crate::core::text::push_field;

const SALT: mac::Salt = mac::Salt::new(b"stewardship/1/place");

/// The keys of a place's scopes: what seals a value there.
///
/// # Example: a value of a tenant's subject
/// ```
/// use stewardship::Scope;
/// use stewardship::crypto::{OsEntropy, PlaceKeys, SecretKey};
///
/// let (tenant, subject) = (Scope::Tenant("acme".into()), Scope::subject("acme", "creator-17"));
/// let (first, second) = (SecretKey::generate(&OsEntropy)?, SecretKey::generate(&OsEntropy)?);
/// let keys = PlaceKeys::new(vec![(&tenant, 1, &first), (&subject, 1, &second)])?;
/// let alone = PlaceKeys::new(vec![(&tenant, 1, &first)])?;
/// assert!(!keys.derive().ct_eq(&alone.derive()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PlaceKeys<'a> {
    keys: Vec<(&'a Scope, u32, &'a SecretKey)>,
    header: Header,
}

impl<'a> PlaceKeys<'a> {
    /// Takes the scopes of a place, outermost first, each with the version of its key and the key.
    ///
    /// # Errors
    /// The scopes are none, too many, out of order (tenant, connection, subject, case), twice of a kind or of different tenants, or
    /// a version is 0.
    pub fn new(keys: Vec<(&'a Scope, u32, &'a SecretKey)>) -> Result<Self, HeaderError> {
        let header = Header::new(keys.iter().map(|(scope, version, _)| (ScopeKind::of(scope), *version)))?;
        let mut tenants = keys.iter().map(|(scope, ..)| scope.tenant());
        let first = tenants.next();
        if tenants.any(|tenant| Some(tenant) != first) {
            return Err(HeaderError::new());
        }
        Ok(Self { keys, header })
    }

    /// The head of the envelopes that are sealed under these keys.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The key that seals values here, ready for use.
    #[must_use]
    pub fn key(&self) -> PlaceKey {
        PlaceKey::new(self.header, &self.derive())
    }

    /// The key that seals values here, as bytes.
    ///
    /// HKDF-SHA-256 (RFC 5869): salt `stewardship/1/place`; key material: of each scope its kind (1 byte), the version (32 bits,
    /// big-endian) and the key (32 bytes); info: `value` and the encodings of the scopes, each behind its length.
    #[must_use]
    pub fn derive(&self) -> SecretKey {
        derive(&self.keys, b"value")
    }

    /// The key that seals streams here: derived like [`derive`](Self::derive), with `stream` in place of `value`. Neither tells
    /// anything about the other.
    #[must_use]
    pub fn stream_key(&self) -> StreamKey {
        StreamKey::new(self.header, derive(&self.keys, b"stream"))
    }
}

impl fmt::Debug for PlaceKeys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlaceKeys").field(&self.header).finish()
    }
}

fn derive(keys: &[(&Scope, u32, &SecretKey)], label: &[u8]) -> SecretKey {
    let heads: Vec<_> = keys
        .iter()
        .map(|(scope, version, _)| ([ScopeKind::of(scope).byte()], version.to_be_bytes()))
        .collect();
    let material: Vec<&[u8]> = heads
        .iter()
        .zip(keys)
        .flat_map(|((kind, version), (_, _, key))| [&kind[..], &version[..], &key.expose()[..]])
        .collect();
    let mut info = Vec::new();
    push_field(&mut info, label);
    keys.iter().for_each(|(scope, ..)| push_field(&mut info, &scope.to_bytes()));
    SecretKey::copied(&mac::expand(&mac::extract(&SALT, &material), &[&info]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scopes() -> [Scope; 3] {
        [Scope::Tenant("acme".into()), Scope::connection("acme", "shop"), Scope::subject("acme", "ada")]
    }

    #[test]
    fn the_key_is_what_hkdf_makes_of_it() {
        let [tenant, _, subject] = scopes();
        let (first, second) = (SecretKey::new([1; 32]), SecretKey::new([2; 32]));
        let mut material = vec![0, 0, 0, 0, 7];
        material.extend([1; 32]);
        material.extend([2, 0, 0, 1, 0]);
        material.extend([2; 32]);
        let mut info = b"\0\0\0\x05value".to_vec();
        info.extend(b"\0\0\0\x09\0\0\0\0\x04acme");
        info.extend(b"\0\0\0\x10\x02\0\0\0\x04acme\0\0\0\x03ada");
        let mut expected = [0; 32];
        let hkdf = hkdf::Hkdf::<sha2::Sha256>::new(Some(b"stewardship/1/place"), &material);
        hkdf.expand(&info, &mut expected).unwrap();
        let keys = PlaceKeys::new(vec![(&tenant, 7, &first), (&subject, 256, &second)]).unwrap();
        assert_eq!(keys.derive().expose(), &expected);
        let scopes: Vec<_> = keys.header().scopes().collect();
        assert_eq!(scopes, [(ScopeKind::Tenant, 7), (ScopeKind::Subject, 256)]);
    }

    #[test]
    fn scopes_that_are_not_one_place_are_refused() {
        let [tenant, connection, subject] = scopes();
        let (stranger, key) = (Scope::subject("other", "ada"), SecretKey::new([1; 32]));
        assert!(
            PlaceKeys::new(vec![(&tenant, 1, &key), (&connection, 1, &key), (&subject, 1, &key)]).is_ok()
        );
        for bad in [
            vec![],
            vec![(&tenant, 0, &key)],
            vec![(&subject, 1, &key), (&tenant, 1, &key)],
            vec![(&subject, 1, &key), (&subject, 1, &key)],
            vec![(&tenant, 1, &key), (&stranger, 1, &key)],
        ] {
            assert!(PlaceKeys::new(bad).is_err());
        }
    }

    proptest! {
        #[test]
        fn every_key_version_scope_and_their_order_count(
            bytes in prop::array::uniform3(any::<[u8; 32]>()),
            versions in prop::array::uniform3(1_u32..=9),
            which in 0_usize..3,
            bit in 0_usize..256,
        ) {
            let scopes = scopes();
            let keys = bytes.map(SecretKey::new);
            let all: Vec<_> = (0..3).map(|at| (&scopes[at], versions[at], &keys[at])).collect();
            let whole = derive(&all, b"value");
            prop_assert!(whole.ct_eq(&PlaceKeys::new(all.clone()).unwrap().derive()));

            let mut flipped = bytes[which];
            flipped[bit / 8] ^= 1 << (bit % 8);
            let (flipped, renamed) = (SecretKey::new(flipped), Scope::subject("acme", "eve"));
            let with = |entry| {
                let mut changed = all.clone();
                changed[which] = entry;
                changed
            };
            let mut omitted = all.clone();
            omitted.remove(which);
            let mut turned = all.clone();
            turned.swap(which, (which + 1) % 3);
            prop_assert!(!whole.ct_eq(&derive(&all, b"stream")));
            for changed in [
                with((&scopes[which], versions[which], &flipped)),
                with((&scopes[which], versions[which] + 1, &keys[which])),
                with((&renamed, versions[which], &keys[which])),
                omitted,
                turned,
            ] {
                prop_assert!(!whole.ct_eq(&derive(&changed, b"value")));
            }
        }
    }
}
