//! AES-256-GCM by AWS-LC.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroize;

use super::{AeadBackend, AeadError, AeadKey};

/// AES-256-GCM of AWS-LC, through `aws-lc-rs`: C and assembly, several times faster than [`RustCrypto`](super::RustCrypto) on large
/// values, and needs a C compiler to build. It wipes its keys itself.
///
/// A feature (`aws-lc`) adds it, and changes nothing else: pass it to [`Builder::backend`](crate::engine::Builder::backend).
///
/// # Example: what one backend sealed, the other opens
/// ```
/// use stewardship::crypto::{AeadBackend, AwsLc, RustCrypto};
///
/// let mut sealed = *b"a value";
/// let tag = AwsLc.seal_in_place_detached(&[7; 32], &[0; 12], b"", &mut sealed)?;
/// let mut opened = [0; 7];
/// RustCrypto.open_detached(&[7; 32], &[0; 12], b"", &sealed, &tag, &mut opened)?;
/// assert_eq!(&opened, b"a value");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a unit struct")]
pub struct AwsLc;

impl AeadBackend for AwsLc {
    fn seal_in_place_detached(
        &self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; 16], AeadError> {
        seal(&prepared(key)?, nonce, aad, buffer)
    }

    fn open_detached(
        &self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
        plaintext: &mut [u8],
    ) -> Result<(), AeadError> {
        let key = prepared(key).inspect_err(|_| plaintext.zeroize())?;
        open_into(&key, nonce, aad, ciphertext, tag, plaintext)
    }

    fn prepare(&self, key: &[u8; 32]) -> Result<Box<dyn AeadKey>, AeadError> {
        Ok(Box::new(Prepared(prepared(key)?)))
    }
}

/// A key of AWS-LC, which wipes itself.
struct Prepared(LessSafeKey);

impl AeadKey for Prepared {
    fn seal_in_place_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; 16], AeadError> {
        seal(&self.0, nonce, aad, buffer)
    }

    fn open_in_place_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), AeadError> {
        let opened = self.0.open_in_place_separate_tag(Nonce::from(nonce), Aad::from(aad), tag, buffer);
        opened.map(|_| ()).map_err(|_| AeadError::new()).inspect_err(|_| buffer.zeroize())
    }

    fn open_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
        plaintext: &mut [u8],
    ) -> Result<(), AeadError> {
        open_into(&self.0, nonce, aad, ciphertext, tag, plaintext)
    }
}

fn prepared(key: &[u8; 32]) -> Result<LessSafeKey, AeadError> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| AeadError::new())
}

fn seal(key: &LessSafeKey, nonce: &[u8; 12], aad: &[u8], buffer: &mut [u8]) -> Result<[u8; 16], AeadError> {
    let sealed = key.seal_in_place_separate_tag(Nonce::from(nonce), Aad::from(aad), buffer);
    sealed.map_err(|_| AeadError::new())?.as_ref().try_into().map_err(|_| AeadError::new())
}

fn open_into(
    key: &LessSafeKey,
    nonce: &[u8; 12],
    aad: &[u8],
    ciphertext: &[u8],
    tag: &[u8; 16],
    plaintext: &mut [u8],
) -> Result<(), AeadError> {
    let opened = key.open_separate_gather(Nonce::from(nonce), Aad::from(aad), ciphertext, tag, plaintext);
    opened.map_err(|_| AeadError::new()).inspect_err(|_| plaintext.zeroize())
}
