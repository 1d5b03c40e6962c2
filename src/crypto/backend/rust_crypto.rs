//! AES-256-GCM by RustCrypto.

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use zeroize::Zeroize;

use super::{AeadBackend, AeadError, AeadKey};

/// The default backend: `aes-gcm` of RustCrypto, pure Rust, with AES instructions where the machine has them.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a unit struct")]
pub struct RustCrypto;

impl AeadBackend for RustCrypto {
    // Inlined into a caller's loop the cipher ran at half its speed (measured; facts on envelopes).
    #[inline(never)]
    fn seal_in_place_detached(
        &self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; 16], AeadError> {
        Aes256Gcm::new(key.into())
            .encrypt_inout_detached(nonce.into(), aad, buffer.into())
            .map(Into::into)
            .map_err(|_| AeadError::new())
    }

    #[inline(never)]
    fn open_detached(
        &self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
        plaintext: &mut [u8],
    ) -> Result<(), AeadError> {
        open_into(&Aes256Gcm::new(key.into()), nonce, aad, ciphertext, tag, plaintext)
    }

    fn prepare(&self, key: &[u8; 32]) -> Result<Box<dyn AeadKey>, AeadError> {
        Ok(Box::new(Prepared(Aes256Gcm::new(key.into()))))
    }
}

/// The key schedule and the table of GHASH. They wipe themselves.
struct Prepared(Aes256Gcm);

impl AeadKey for Prepared {
    #[inline(never)]
    fn seal_in_place_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; 16], AeadError> {
        self.0
            .encrypt_inout_detached(nonce.into(), aad, buffer.into())
            .map(Into::into)
            .map_err(|_| AeadError::new())
    }

    #[inline(never)]
    fn open_in_place_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), AeadError> {
        let both = InOutBuf::from(&mut *buffer);
        let opened = self.0.decrypt_inout_detached(nonce.into(), aad, both, tag.into());
        opened.map_err(|_| AeadError::new()).inspect_err(|_| buffer.zeroize())
    }

    #[inline(never)]
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

fn open_into(
    cipher: &Aes256Gcm,
    nonce: &[u8; 12],
    aad: &[u8],
    ciphertext: &[u8],
    tag: &[u8; 16],
    plaintext: &mut [u8],
) -> Result<(), AeadError> {
    let opened = InOutBuf::new(ciphertext, plaintext).map_err(|_| AeadError::new()).and_then(|both| {
        cipher.decrypt_inout_detached(nonce.into(), aad, both, tag.into()).map_err(|_| AeadError::new())
    });
    opened.inspect_err(|_| plaintext.zeroize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prepared_key_wipes_itself() {
        fn wipes<T: zeroize::ZeroizeOnDrop>() {}
        wipes::<Aes256Gcm>();
    }
}
