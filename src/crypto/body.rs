//! What every sealed thing ends with: `nonce 24 ‖ ciphertext ‖ tag 16 ‖ commitment 32`.

use zeroize::{Zeroize, Zeroizing};

use super::backend::{AeadBackend, AeadError};
use super::entropy::{Entropy, EntropyError};
use super::key::SecretKey;
use super::xaes::{COMMITMENT, NONCE, Seal, TAG, Xaes};

/// Bytes that a body has more than its plaintext.
pub(super) const BODY_OVERHEAD: usize = NONCE + TAG + COMMITMENT;

/// A body that has been taken apart, and not been opened.
#[derive(Clone, Copy)]
pub(super) struct Body<'a> {
    nonce: &'a [u8; NONCE],
    ciphertext: &'a [u8],
    tag: &'a [u8; TAG],
    commitment: &'a [u8; COMMITMENT],
}

/// Why a body could not be made.
pub(super) enum SealFailure {
    Entropy(EntropyError),
    Backend(AeadError),
}

impl<'a> Body<'a> {
    /// Takes bytes apart; `None` where they are too few.
    pub(super) fn split(bytes: &'a [u8]) -> Option<Self> {
        let (nonce, rest) = bytes.split_first_chunk()?;
        let (rest, commitment) = rest.split_last_chunk()?;
        let (ciphertext, tag) = rest.split_last_chunk()?;
        Some(Self { nonce, ciphertext, tag, commitment })
    }

    /// Bytes of the plaintext.
    pub(super) const fn len(&self) -> usize {
        self.ciphertext.len()
    }

    /// The plaintext, where key, head and body are those that it was sealed with.
    pub(super) fn open(
        &self,
        backend: &dyn AeadBackend,
        key: &SecretKey,
        aad: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, AeadError> {
        let mut buffer = Zeroizing::new(self.ciphertext.to_vec());
        let seal = Seal { tag: *self.tag, commitment: *self.commitment };
        Xaes::new(key).open(backend, self.nonce, aad, &mut buffer, &seal)?;
        Ok(buffer)
    }
}

/// Appends a body to `head` under a nonce of its own. The head itself is bound by `aad`, as the caller puts it together.
pub(super) fn append_body(
    backend: &dyn AeadBackend,
    entropy: &dyn Entropy,
    key: &SecretKey,
    head: &[u8],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, SealFailure> {
    let mut nonce = [0; NONCE];
    entropy.fill(&mut nonce).map_err(SealFailure::Entropy)?;
    // The full size at once: a buffer that grows would leave the plaintext behind.
    let mut bytes = Vec::with_capacity(head.len() + BODY_OVERHEAD + plaintext.len());
    bytes.extend_from_slice(head);
    bytes.extend_from_slice(&nonce);
    let start = bytes.len();
    bytes.extend_from_slice(plaintext);
    let sealed = match bytes.get_mut(start..) {
        Some(buffer) => Xaes::new(key).seal(backend, &nonce, aad, buffer),
        None => Err(AeadError::new()),
    };
    match sealed {
        Ok(seal) => {
            bytes.extend_from_slice(&seal.tag);
            bytes.extend_from_slice(&seal.commitment);
            Ok(bytes)
        }
        Err(error) => {
            bytes.zeroize();
            Err(SealFailure::Backend(error))
        }
    }
}
