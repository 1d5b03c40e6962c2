//! What a sealed value ends with: `nonce 24 ‖ ciphertext ‖ tag 16 ‖ commitment 32`.

use zeroize::{Zeroize, Zeroizing};

use crate::crypto::backend::{AeadBackend, AeadError};
use crate::crypto::xaes::{COMMITMENT, NONCE, Seal, TAG, Xaes};

/// Bytes that a body has more than its plaintext.
pub(in crate::crypto) const BODY_OVERHEAD: usize = NONCE + TAG + COMMITMENT;

/// A body that has been taken apart, and not been opened.
#[derive(Clone, Copy)]
pub(in crate::crypto) struct Body<'a> {
    nonce: &'a [u8; NONCE],
    ciphertext: &'a [u8],
    tag: &'a [u8; TAG],
    commitment: &'a [u8; COMMITMENT],
}

impl<'a> Body<'a> {
    /// Takes bytes apart; `None` where they are too few.
    pub(in crate::crypto) fn split(bytes: &'a [u8]) -> Option<Self> {
        let (nonce, rest) = bytes.split_first_chunk()?;
        let (rest, commitment) = rest.split_last_chunk()?;
        let (ciphertext, tag) = rest.split_last_chunk()?;
        Some(Self { nonce, ciphertext, tag, commitment })
    }

    pub(in crate::crypto) const fn nonce(&self) -> &'a [u8; NONCE] {
        self.nonce
    }

    /// Bytes of the plaintext.
    pub(in crate::crypto) const fn len(&self) -> usize {
        self.ciphertext.len()
    }

    /// Puts the plaintext into `out`, in place of what is there, where key, head and body are those that it was sealed with; nothing
    /// otherwise.
    pub(in crate::crypto) fn open(
        &self,
        backend: &dyn AeadBackend,
        key: &Xaes,
        aad: &[u8],
        out: &mut Zeroizing<Vec<u8>>,
    ) -> Result<(), AeadError> {
        room(out, self.ciphertext.len());
        let seal = Seal { tag: *self.tag, commitment: *self.commitment };
        key.open(backend, self.nonce, aad, self.ciphertext, &seal, out).inspect_err(|_| out.zeroize())
    }
}

/// Makes room for a secret of this length in a buffer that may hold another. Where it does not fit, in a new one: a buffer that grew would
/// leave the old secret behind.
pub(in crate::crypto) fn room(out: &mut Zeroizing<Vec<u8>>, length: usize) {
    if out.capacity() < length {
        *out = Zeroizing::new(vec![0; length]);
        return;
    }
    // What the new one covers is overwritten by it; the rest is wiped now.
    if let Some(rest) = out.get_mut(length..) {
        rest.zeroize();
    }
    out.resize(length, 0);
}

/// Appends a body to `out`, whose head is bound by `aad` as the caller puts it together. Where it fails, `out` is as it was.
///
/// A nonce serves one body: the caller draws it anew for each.
pub(in crate::crypto) fn append_body(
    backend: &dyn AeadBackend,
    key: &Xaes,
    nonce: &[u8; NONCE],
    aad: &[u8],
    plaintext: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), AeadError> {
    let before = out.len();
    // The full size at once: a buffer that grows would leave the plaintext behind.
    out.reserve(BODY_OVERHEAD + plaintext.len());
    out.extend_from_slice(nonce);
    let start = out.len();
    out.extend_from_slice(plaintext);
    let sealed = match out.get_mut(start..) {
        Some(buffer) => key.seal(backend, nonce, aad, buffer).inspect_err(|_| buffer.zeroize()),
        None => Err(AeadError::new()),
    };
    match sealed {
        Ok(seal) => {
            out.extend_from_slice(&seal.tag);
            out.extend_from_slice(&seal.commitment);
            Ok(())
        }
        Err(error) => {
            out.truncate(before);
            Err(error)
        }
    }
}
