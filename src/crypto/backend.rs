//! The joint for the block cipher's fast paths: AES-256-GCM as a value.

use std::fmt;

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use zeroize::Zeroize;

/// AES-256-GCM with a 96-bit nonce and a 128-bit tag (NIST SP 800-38D), by whoever does it best on this machine.
///
/// The crate never switches backends by a feature: the engine is given one, as `Arc<dyn AeadBackend>`.
///
/// To ensure correctness:
/// - **`standard`**: results are those of NIST SP 800-38D; any two backends open what the other sealed.
/// - **`authentic`**: opening succeeds for the very tag alone, compared in constant time; what is left in the buffer after a failure
///   is of no meaning.
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

    /// Decrypts `buffer` in place where `tag` is the right one.
    ///
    /// # Errors
    /// The tag is not the right one, or the backend failed; the two are not told apart.
    fn open_in_place_detached(
        &self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), AeadError>;
}

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
    fn open_in_place_detached(
        &self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), AeadError> {
        Aes256Gcm::new(key.into())
            .decrypt_inout_detached(nonce.into(), aad, (&mut *buffer).into(), tag.into())
            .map_err(|_| {
                buffer.zeroize();
                AeadError::new()
            })
    }
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
