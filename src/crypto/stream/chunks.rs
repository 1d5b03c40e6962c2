//! Chunked encryption as C2SP specifies it (`c2sp.org/chunked-encryption`), with SHA-512 and AES-256-GCM: "Cobblestone-256".
//!
//! Knows nothing of heads and places: an input key, a salt and a context make the keys of one stream.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::crypto::backend::{AeadBackend, AeadError, AeadKey};
use crate::crypto::error::OpenError;
use crate::crypto::mac;

/// Bytes of plaintext in every chunk but the last one, which is shorter.
pub const STREAM_CHUNK: usize = 16 * 1024;

/// Bytes of such a chunk when it is sealed.
pub const SEALED_STREAM_CHUNK: usize = STREAM_CHUNK + TAG;

/// Bytes of a chunk's tag.
pub(super) const TAG: usize = 16;
/// Bytes of the salt, drawn anew for each stream.
pub(super) const SALT: usize = 24;
/// Bytes of the key commitment.
pub(super) const COMMITMENT: usize = 32;

/// The most chunks of a stream, the last one among them. The chunk's number is xored into the nonce: so it never wraps.
pub(super) const MAX_CHUNKS: u64 = 1 << 38;

/// The keys of one stream.
pub(super) struct Chunks {
    key: Box<dyn AeadKey>,
    base: [u8; 12],
}

impl Chunks {
    /// For a new stream: its keys, and its commitment to them. A salt serves one stream: the caller draws it anew for each.
    pub(super) fn new(
        backend: &dyn AeadBackend,
        input_key: &[u8; 32],
        salt: &[u8; SALT],
        context: &[&[u8]],
    ) -> Result<(Self, [u8; COMMITMENT]), AeadError> {
        let derived = Derived::new(input_key, salt, context);
        let chunks = Self { key: backend.prepare(&derived.key)?, base: derived.base };
        Ok((chunks, derived.commitment))
    }

    /// For a stream that is there, where its commitment is the one to these keys.
    pub(super) fn committed(
        backend: &dyn AeadBackend,
        input_key: &[u8; 32],
        salt: &[u8; SALT],
        commitment: &[u8; COMMITMENT],
        context: &[&[u8]],
    ) -> Result<Self, OpenError> {
        let derived = Derived::new(input_key, salt, context);
        // The commitment first: under a wrong key no chunk is decrypted at all.
        if !bool::from(derived.commitment.ct_eq(commitment)) {
            return Err(OpenError::new());
        }
        let key = backend.prepare(&derived.key).map_err(|_| OpenError::new())?;
        Ok(Self { key, base: derived.base })
    }

    /// Encrypts the chunk with this number in place. No number is used twice: the caller counts.
    pub(super) fn seal(&self, number: u64, text: &mut [u8]) -> Result<[u8; TAG], AeadError> {
        self.key.seal_in_place_detached(&self.nonce(number)?, b"", text)
    }

    /// Decrypts the chunk with this number in place; wipes it where it is another one.
    pub(super) fn open(&self, number: u64, text: &mut [u8], tag: &[u8; TAG]) -> Result<(), OpenError> {
        let nonce = self.nonce(number).map_err(|_| OpenError::new())?;
        self.key.open_in_place_detached(&nonce, b"", text, tag).map_err(|_| OpenError::new())
    }

    /// Decrypts the chunk with this number into `plaintext`, which is as long; wipes that where it is another one.
    pub(super) fn open_into(
        &self,
        number: u64,
        ciphertext: &[u8],
        tag: &[u8; TAG],
        plaintext: &mut [u8],
    ) -> Result<(), OpenError> {
        let nonce = self.nonce(number).map_err(|_| OpenError::new())?;
        self.key.open_detached(&nonce, b"", ciphertext, tag, plaintext).map_err(|_| OpenError::new())
    }

    fn nonce(&self, number: u64) -> Result<[u8; 12], AeadError> {
        if number >= MAX_CHUNKS {
            return Err(AeadError::new());
        }
        let mut nonce = self.base;
        nonce.iter_mut().skip(4).zip(number.to_be_bytes()).for_each(|(byte, number)| *byte ^= number);
        Ok(nonce)
    }
}

/// What HKDF makes for one stream.
struct Derived {
    key: Zeroizing<[u8; 32]>,
    base: [u8; 12],
    commitment: [u8; COMMITMENT],
}

impl Derived {
    /// `key ‖ base nonce ‖ commitment = HKDF-Expand-SHA-512(input key, info)`.
    fn new(input_key: &[u8; 32], salt: &[u8; SALT], context: &[&[u8]]) -> Self {
        let mut info: Vec<&[u8]> = vec![b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0", salt];
        info.extend_from_slice(context);
        let mut all = Zeroizing::new([0; 32 + 12 + COMMITMENT]);
        mac::expand_sha512(input_key, &info, &mut *all);
        let mut derived = Self { key: Zeroizing::new([0; 32]), base: [0; 12], commitment: [0; COMMITMENT] };
        let mut from = all.iter();
        let mut fill = |to: &mut [u8]| to.iter_mut().zip(from.by_ref()).for_each(|(to, from)| *to = *from);
        fill(&mut *derived.key);
        fill(&mut derived.base);
        fill(&mut derived.commitment);
        derived
    }
}
