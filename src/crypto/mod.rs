//! Layer 2, cryptography: envelopes, keys and their derivation. Primitives come from RustCrypto.

use secrecy::{ExposeSecret, SecretBox};

/// A 256-bit key: wiped on drop, shown nowhere.
pub struct SecretKey(SecretBox<[u8; 32]>);

impl SecretKey {
    /// Takes key bytes; the caller wipes its own copy.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// The key's bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(…)")
    }
}
