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
/// - **`forgetful`**: no key, and nothing derived from one, stays in memory after a call.
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::key::tests::unhex;

    /// Every backend of this build.
    pub(crate) fn all() -> Vec<(&'static str, Box<dyn AeadBackend>)> {
        vec![
            ("RustCrypto", Box::new(RustCrypto)),
            #[cfg(feature = "aws-lc")]
            ("AwsLc", Box::new(AwsLc)),
        ]
    }

    fn opened(backend: &dyn AeadBackend, aad: &[u8], sealed: &[u8], tag: &[u8; 16]) -> Option<Vec<u8>> {
        let mut plaintext = vec![0xee; sealed.len()];
        let opened = backend.open_detached(&[1; 32], &[2; 12], aad, sealed, tag, &mut plaintext);
        assert!(
            opened.is_ok() || plaintext.iter().all(|byte| *byte == 0),
            "nothing of the plaintext is left"
        );
        opened.ok().map(|()| plaintext)
    }

    /// Test cases 13 to 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega), on which SP 800-38D stands.
    #[test]
    fn the_published_vectors_are_met() {
        let key = unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let text = unhex(concat!(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525",
            "b16aedf5aa0de657ba637b391aafd255",
        ));
        let sealed = unhex(concat!(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838",
            "c5f61e6393ba7a0abcc9f662898015ad",
        ));
        let aad = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let nonce = unhex("cafebabefacedbaddecaf888");
        type Vector<'v> = (&'v [u8], &'v [u8], &'v [u8], &'v [u8], &'v [u8], &'v str);
        let vectors: [Vector<'_>; 4] = [
            (&[0; 32], &[0; 12], b"", b"", b"", "530f8afbc74536b9a963b4f1c4cb738b"),
            (
                &[0; 32],
                &[0; 12],
                b"",
                &[0; 16],
                &unhex("cea7403d4d606b6e074ec5d3baf39d18"),
                "d0d1c8a799996bf0265b98b5d48ab919",
            ),
            (&key, &nonce, b"", &text, &sealed, "b094dac5d93471bdec1a502270e3cc6c"),
            (&key, &nonce, &aad, &text[..60], &sealed[..60], "76fc6ece0f4e1768cddf8853bb2d551b"),
        ];
        for (name, backend) in all() {
            for (key, nonce, aad, text, sealed, tag) in vectors {
                let (key, nonce) = (key.try_into().unwrap(), nonce.try_into().unwrap());
                let mut buffer = text.to_vec();
                let found = backend.seal_in_place_detached(key, nonce, aad, &mut buffer).unwrap();
                assert_eq!((&buffer[..], &found[..]), (sealed, &unhex(tag)[..]), "{name}");
                let mut back = vec![0; sealed.len()];
                backend.open_detached(key, nonce, aad, sealed, &found, &mut back).unwrap();
                assert_eq!(back, text, "{name}");
            }
        }
    }

    #[test]
    fn any_flipped_bit_or_other_length_is_refused() {
        for (name, backend) in all() {
            let (mut sealed, aad) = (b"a value".to_vec(), b"its place".to_vec());
            let tag = backend.seal_in_place_detached(&[1; 32], &[2; 12], &aad, &mut sealed).unwrap();
            assert_eq!(opened(&*backend, &aad, &sealed, &tag).unwrap(), b"a value", "{name}");
            let flipped = |bytes: &[u8], bit: usize| {
                let mut bytes = bytes.to_vec();
                bytes[bit / 8] ^= 1 << (bit % 8);
                bytes
            };
            for bit in 0..tag.len() * 8 {
                let tag = flipped(&tag, bit).try_into().unwrap();
                assert_eq!(opened(&*backend, &aad, &sealed, &tag), None, "{name}: tag, bit {bit}");
            }
            for bit in 0..sealed.len() * 8 {
                assert_eq!(opened(&*backend, &aad, &flipped(&sealed, bit), &tag), None, "{name}: bit {bit}");
            }
            for bit in 0..aad.len() * 8 {
                assert_eq!(
                    opened(&*backend, &flipped(&aad, bit), &sealed, &tag),
                    None,
                    "{name}: aad, bit {bit}"
                );
            }
            assert_eq!(opened(&*backend, &aad, &sealed[..6], &tag), None, "{name}");
            let mut short = vec![0; 6];
            let opened = backend.open_detached(&[1; 32], &[2; 12], &aad, &sealed, &tag, &mut short);
            assert!(opened.is_err() && short == [0; 6], "{name}: a buffer that is too short");
        }
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
