//! The secret key.

use std::fmt;

use secrecy::{ExposeSecret, SecretBox};
use subtle::ConstantTimeEq;

use super::entropy::{Entropy, EntropyError};
use super::mac;

/// A 256-bit key: wiped on drop, shown nowhere.
pub struct SecretKey(SecretBox<[u8; 32]>);

impl SecretKey {
    /// Takes key bytes; the caller wipes its own copy.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self::copied(&bytes)
    }

    /// Draws a fresh key.
    ///
    /// # Errors
    /// The random source failed.
    ///
    /// # Example: two keys are never the same
    /// ```
    /// use stewardship::crypto::{OsEntropy, SecretKey};
    /// assert!(!SecretKey::generate(&OsEntropy)?.ct_eq(&SecretKey::generate(&OsEntropy)?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut drawn = Ok(());
        let key = SecretBox::init_with_mut(|bytes: &mut [u8; 32]| drawn = entropy.fill(bytes));
        drawn.map(|()| Self(key))
    }

    /// The key for another use: HKDF-Expand with SHA-256 (RFC 5869, section 2.3) and the info `stewardship/0/<label>`.
    ///
    /// Keys with different labels tell nothing about one another, nor about this one.
    #[must_use]
    pub fn derive(&self, label: &str) -> Self {
        Self::copied(&mac::expand(self.expose(), &[b"stewardship/0/", label.as_bytes()]))
    }

    /// The key's bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }

    /// Whether two keys are the same, in constant time.
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }

    /// Takes key bytes from a place that wipes itself.
    pub(crate) fn copied(from: &[u8; 32]) -> Self {
        Self(SecretBox::init_with_mut(|bytes: &mut [u8; 32]| bytes.copy_from_slice(from)))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Bytes from hexadecimal digits, for vectors.
    pub(crate) fn unhex(digits: &str) -> Vec<u8> {
        assert!(digits.len().is_multiple_of(2));
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    }

    struct Broken;

    impl Entropy for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError::new("no dice"))
        }
    }

    #[test]
    fn a_broken_source_makes_no_key() {
        let error = SecretKey::generate(&Broken).unwrap_err();
        assert_eq!(error.to_string(), "the random source failed");
    }

    #[test]
    fn labels_part_keys() {
        let key = SecretKey::new([7; 32]);
        assert!(key.derive("index").ct_eq(&key.derive("index")));
        assert!(!key.derive("index").ct_eq(&key.derive("audit")));
        assert!(!key.derive("index").ct_eq(&key));
        assert!(!key.derive("index").ct_eq(&SecretKey::new([8; 32]).derive("index")));
    }

    #[test]
    fn a_derived_key_is_what_hkdf_expands() {
        let mut expected = [0; 32];
        let hkdf = hkdf::Hkdf::<sha2::Sha256>::from_prk(&[7; 32]).unwrap();
        hkdf.expand(b"stewardship/0/index", &mut expected).unwrap();
        assert_eq!(SecretKey::new([7; 32]).derive("index").expose(), &expected);
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", SecretKey::new([7; 32])), "SecretKey(…)");
    }
}
