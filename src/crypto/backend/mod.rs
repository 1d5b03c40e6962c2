//! The joint for the block cipher's fast paths: AES-256-GCM as a value.

#[cfg(feature = "aws-lc")]
mod aws_lc;
mod rust_crypto;

use std::fmt;

#[cfg(feature = "aws-lc")]
pub use aws_lc::AwsLc;
pub use rust_crypto::RustCrypto;

/// AES-256-GCM with a 96-bit nonce and a 128-bit tag (NIST SP 800-38D), by whoever does it best on this machine.
///
/// The crate never switches backends by a feature: the engine is given one, as `Arc<dyn AeadBackend>`.
///
/// To ensure correctness:
/// - **`standard`**: results are those of NIST SP 800-38D; any two backends open what the other sealed.
/// - **`authentic`**: opening succeeds for the very tag alone, compared in constant time; a failure leaves nothing of the plaintext.
/// - **`forgetful`**: no key, and nothing derived from one, stays in memory after a call, or after a prepared key is dropped.
/// - **`prepared`**: a prepared key does what the calls with its bytes do, under the same rules, for as many messages as it is asked for,
///   in any order; two of them know nothing of one another.
pub trait AeadBackend: Send + Sync + 'static {
    /// Encrypts `buffer` in place and returns the tag.
    ///
    /// # Errors
    /// The backend failed.
    fn seal_in_place_detached(
        &self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; 16], AeadError>;

    /// Decrypts `ciphertext` into `plaintext`, which is as long, where `tag` is the right one.
    ///
    /// # Errors
    /// The tag is not the right one, the lengths differ, or the backend failed; these are not told apart.
    fn open_detached(
        &self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
        plaintext: &mut [u8],
    ) -> Result<(), AeadError>;

    /// Prepares a key for many messages: what is derived from it is derived once.
    ///
    /// # Errors
    /// The backend failed.
    fn prepare(&self, key: &[u8; 32]) -> Result<Box<dyn AeadKey>, AeadError>;
}

/// A key of an [`AeadBackend`] that is ready for many messages. Its rules are the backend's.
///
/// # Example: two messages under one key
/// ```
/// use stewardship::crypto::{AeadBackend, RustCrypto};
///
/// let key = RustCrypto.prepare(&[7; 32])?;
/// let mut messages = [*b"one", *b"two"];
/// let first = key.seal_in_place_detached(&[1; 12], b"", &mut messages[0])?;
/// let second = key.seal_in_place_detached(&[2; 12], b"", &mut messages[1])?;
/// key.open_in_place_detached(&[2; 12], b"", &mut messages[1], &second)?;
/// assert_eq!(&messages[1], b"two");
/// let mut opened = [0; 3];
/// key.open_detached(&[1; 12], b"", &messages[0], &first, &mut opened)?;
/// assert_eq!(&opened, b"one");
/// assert_eq!(RustCrypto.seal_in_place_detached(&[7; 32], &[1; 12], b"", &mut { *b"one" })?, first);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait AeadKey: Send + Sync + 'static {
    /// Encrypts `buffer` in place and returns the tag.
    ///
    /// # Errors
    /// The backend failed.
    fn seal_in_place_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; 16], AeadError>;

    /// Decrypts `buffer` in place, where `tag` is the right one; wipes it otherwise.
    ///
    /// # Errors
    /// The tag is not the right one, or the backend failed; these are not told apart.
    fn open_in_place_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), AeadError>;

    /// Decrypts `ciphertext` into `plaintext`, which is as long, where `tag` is the right one; wipes `plaintext` otherwise.
    ///
    /// # Errors
    /// The tag is not the right one, the lengths differ, or the backend failed; these are not told apart.
    fn open_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
        plaintext: &mut [u8],
    ) -> Result<(), AeadError>;
}

/// Sealing or opening failed; why is not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AeadError(());

impl AeadError {
    /// The one failure there is.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for AeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("authenticated encryption failed")
    }
}

impl std::error::Error for AeadError {}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A backend that must not hear of anything.
    pub(crate) struct NeverAsked;

    impl AeadBackend for NeverAsked {
        fn seal_in_place_detached(
            &self,
            _: &[u8; 32],
            _: &[u8; 12],
            _: &[u8],
            _: &mut [u8],
        ) -> Result<[u8; 16], AeadError> {
            panic!("asked to seal")
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
            panic!("asked to open")
        }

        fn prepare(&self, _: &[u8; 32]) -> Result<Box<dyn AeadKey>, AeadError> {
            panic!("asked to prepare")
        }
    }

    /// Every backend of this build.
    pub(crate) fn all() -> Vec<(&'static str, Box<dyn AeadBackend>)> {
        vec![
            ("RustCrypto", Box::new(RustCrypto)),
            #[cfg(feature = "aws-lc")]
            ("AwsLc", Box::new(AwsLc)),
        ]
    }

    proptest! {
        /// Any two of them open what the other sealed: the bytes are the same.
        #[test]
        fn all_backends_give_the_same_bytes(
            key in any::<[u8; 32]>(),
            nonce in any::<[u8; 12]>(),
            aad in prop::collection::vec(any::<u8>(), 0..40),
            text in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let sealed = all().into_iter().map(|(_, backend)| {
                let mut buffer = text.clone();
                let tag = backend.seal_in_place_detached(&key, &nonce, &aad, &mut buffer).unwrap();
                (buffer, tag)
            });
            let mut sealed: Vec<_> = sealed.collect();
            for (_, backend) in all() {
                let mut back = vec![0; text.len()];
                let (ciphertext, tag) = &sealed[0];
                backend.open_detached(&key, &nonce, &aad, ciphertext, tag, &mut back).unwrap();
                prop_assert_eq!(&back, &text);
            }
            sealed.dedup();
            prop_assert_eq!(sealed.len(), 1);
        }
    }
}
