//! XAES-256-GCM (C2SP) with key commitment (KC-XAES, Kampanakis et al., IACR ePrint 2025/758).
//!
//! A 256-bit key, a random 192-bit nonce. A key and a nonce of AES-256-GCM are derived per message by CMAC-AES-256 in counter mode
//! (NIST SP 800-108r1), so all of it fits a FIPS 140 boundary. Limit: 2^80 messages under one key at a collision risk of 2^-32
//! (C2SP), which no host reaches; nothing counts them.

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{BlockCipherEncrypt, KeyInit};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::backend::{AeadBackend, AeadError};
use super::key::SecretKey;

/// Bytes of a nonce.
pub(super) const NONCE: usize = 24;
/// Bytes of a GCM tag.
pub(super) const TAG: usize = 16;
/// Bytes of a key commitment.
pub(super) const COMMITMENT: usize = 32;

/// A key of XAES-256-GCM, with what it derives once: the AES key schedule and the CMAC subkey. Wiped on drop.
pub(super) struct Xaes {
    cipher: Aes256,
    k1: Block,
}

/// What follows the ciphertext.
pub(super) struct Seal {
    pub(super) tag: [u8; TAG],
    pub(super) commitment: [u8; COMMITMENT],
}

type Block = Zeroizing<[u8; 16]>;

impl Xaes {
    /// Prepares a key.
    pub(super) fn new(key: &SecretKey) -> Self {
        let cipher = Aes256::new(key.expose().into());
        let zero = encrypt(&cipher, [0; 16]);
        Self { cipher, k1: double(&zero) }
    }

    /// Encrypts `buffer` in place.
    pub(super) fn seal(
        &self,
        backend: &dyn AeadBackend,
        nonce: &[u8; NONCE],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<Seal, AeadError> {
        let (left, right) = halves(nonce);
        let tag = backend.seal_in_place_detached(&self.message_key(&left), &right, aad, buffer)?;
        Ok(Seal { tag, commitment: self.commitment(&left, &right) })
    }

    /// Decrypts `buffer` in place where the commitment and then the tag are the right ones; wipes it otherwise.
    pub(super) fn open(
        &self,
        backend: &dyn AeadBackend,
        nonce: &[u8; NONCE],
        aad: &[u8],
        buffer: &mut [u8],
        seal: &Seal,
    ) -> Result<(), AeadError> {
        let (left, right) = halves(nonce);
        // The commitment first: under a wrong key nothing is decrypted at all.
        let opened = if self.is_committed(&left, &right, &seal.commitment) {
            backend.open_in_place_detached(&self.message_key(&left), &right, aad, buffer, &seal.tag)
        } else {
            Err(AeadError::new())
        };
        opened.inspect_err(|_| buffer.zeroize())
    }

    /// Whether a commitment is that of this key and a nonce, in constant time.
    pub(super) fn is_committed(
        &self,
        left: &[u8; 12],
        right: &[u8; 12],
        commitment: &[u8; COMMITMENT],
    ) -> bool {
        self.commitment(left, right).ct_eq(commitment).into()
    }

    /// `Kx = AES_K((00 01 58 00 ‖ N[..12]) ⊕ K1) ‖ AES_K((00 02 58 00 ‖ N[..12]) ⊕ K1)`.
    pub(super) fn message_key(&self, left: &[u8; 12]) -> Zeroizing<[u8; 32]> {
        let half = |counter| encrypt(&self.cipher, xor(*join(&[0, counter, b'X', 0], left), &self.k1));
        both(&half(1), &half(2))
    }

    /// `X = AES_K("XCMT" ‖ N[..12])`, then `AES_K((N[12..] ‖ 00 01 00 0i) ⊕ X ⊕ K1)` for `i` = 1 and 2.
    pub(super) fn commitment(&self, left: &[u8; 12], right: &[u8; 12]) -> [u8; COMMITMENT] {
        let chain = encrypt(&self.cipher, *join(b"XCMT", left));
        let half = |counter| {
            let block = join(right, &[0, 1, 0, counter]);
            encrypt(&self.cipher, xor(xor(*block, &chain), &self.k1))
        };
        *both(&half(1), &half(2))
    }
}

fn encrypt(cipher: &Aes256, block: [u8; 16]) -> Block {
    let mut block = Zeroizing::new(block);
    cipher.encrypt_block((&mut *block).into());
    block
}

/// Doubling in GF(2^128), as CMAC derives its first subkey (NIST SP 800-38B, section 6.1); without a branch on the secret bit.
fn double(block: &[u8; 16]) -> Block {
    let value = Zeroizing::new(u128::from_be_bytes(*block));
    let carry = Zeroizing::new(*value >> 127);
    Zeroizing::new(((*value << 1) ^ (*carry * 0x87)).to_be_bytes())
}

fn xor(mut left: [u8; 16], right: &[u8; 16]) -> [u8; 16] {
    left.iter_mut().zip(right).for_each(|(left, right)| *left ^= right);
    left
}

fn join(head: &[u8], tail: &[u8]) -> Block {
    let mut block = Zeroizing::new([0; 16]);
    block.iter_mut().zip(head.iter().chain(tail)).for_each(|(to, from)| *to = *from);
    block
}

fn both(left: &[u8; 16], right: &[u8; 16]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    key.iter_mut().zip(left.iter().chain(right)).for_each(|(to, from)| *to = *from);
    key
}

/// The half of a nonce that the message's key is derived from, and the half that GCM takes.
pub(super) fn halves(nonce: &[u8; NONCE]) -> ([u8; 12], [u8; 12]) {
    let (mut left, mut right) = ([0; 12], [0; 12]);
    left.iter_mut().chain(&mut right).zip(nonce).for_each(|(to, from)| *to = *from);
    (left, right)
}

#[cfg(test)]
mod tests {
    use shake::{ExtendableOutput, Shake128, Update, XofReader};

    use super::*;
    use crate::crypto::backend::RustCrypto;
    use crate::crypto::key::tests::unhex;

    fn sealed(key: [u8; 32], nonce: &[u8; NONCE], text: &str, aad: &str) -> (Vec<u8>, Seal) {
        let mut buffer = text.as_bytes().to_vec();
        let seal =
            Xaes::new(&SecretKey::new(key)).seal(&RustCrypto, nonce, aad.as_bytes(), &mut buffer).unwrap();
        (buffer, seal)
    }

    /// The vectors of C2SP, both branches of the doubling among them, and those of AWS-LC for the commitment.
    #[test]
    fn the_published_vectors_are_met() {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWX";
        type Vector =
            ([u8; 32], &'static [u8; NONCE], &'static str, &'static str, &'static str, &'static str);
        let vectors: [Vector; 3] = [
            (
                [1; 32],
                alphabet,
                "XAES-256-GCM",
                "",
                "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271",
                "04076b6085eebab138855fe57811c04112eff989d44120dfff662d5475a383c3",
            ),
            (
                [3; 32],
                alphabet,
                "XAES-256-GCM",
                "c2sp.org/XAES-256-GCM",
                "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
                "5553cd21d1592b422e3129632a3187eee8a658cdca5c5b32ce86308dcc18e9d1",
            ),
            (
                [1; 32],
                &[0x42; NONCE],
                "Hello, XAES-256-GCM!",
                "",
                "01e5f78bc99de880bd2eeff2870d361f0eab5b2fc55268f34b14045878fe3668db980319",
                "bf37571be1b43aeca64a95d99a2f162e24f8bfd79bbb71fa7d943e6fc060a8ae",
            ),
        ];
        for (key, nonce, text, aad, ciphertext_and_tag, commitment) in vectors {
            let (mut buffer, seal) = sealed(key, nonce, text, aad);
            assert_eq!([&buffer[..], &seal.tag].concat(), unhex(ciphertext_and_tag));
            assert_eq!(seal.commitment.to_vec(), unhex(commitment));
            let key = Xaes::new(&SecretKey::new(key));
            key.open(&RustCrypto, nonce, aad.as_bytes(), &mut buffer, &seal).unwrap();
            assert_eq!(buffer, text.as_bytes());
        }
    }

    /// The accumulated vector of C2SP over 10,000 draws.
    #[test]
    fn ten_thousand_draws_accumulate_to_the_published_hash() {
        let mut random = Shake128::default().finalize_xof();
        let mut all = Shake128::default();
        let length_prefixed = |random: &mut dyn XofReader| {
            let mut length = [0];
            random.read(&mut length);
            let mut bytes = vec![0; usize::from(length[0])];
            random.read(&mut bytes);
            bytes
        };
        for _ in 0..10_000 {
            let (mut key, mut nonce) = ([0; 32], [0; NONCE]);
            random.read(&mut key);
            random.read(&mut nonce);
            let mut buffer = length_prefixed(&mut random);
            let aad = length_prefixed(&mut random);
            let seal = Xaes::new(&SecretKey::new(key)).seal(&RustCrypto, &nonce, &aad, &mut buffer).unwrap();
            all.update(&buffer);
            all.update(&seal.tag);
        }
        let mut hash = [0; 32];
        all.finalize_xof().read(&mut hash);
        assert_eq!(hash.to_vec(), unhex("e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"));
    }

    #[test]
    fn a_wrong_commitment_is_refused_before_anything_is_decrypted() {
        struct NeverAsked;
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
            fn open_in_place_detached(
                &self,
                _: &[u8; 32],
                _: &[u8; 12],
                _: &[u8],
                _: &mut [u8],
                _: &[u8; 16],
            ) -> Result<(), AeadError> {
                panic!("asked to open")
            }
        }
        let nonce = [9; NONCE];
        for bit in 0..COMMITMENT * 8 {
            let (mut buffer, mut seal) = sealed([1; 32], &nonce, "a value", "");
            seal.commitment[bit / 8] ^= 1 << (bit % 8);
            let key = Xaes::new(&SecretKey::new([1; 32]));
            assert!(key.open(&NeverAsked, &nonce, b"", &mut buffer, &seal).is_err());
            assert!(buffer.iter().all(|byte| *byte == 0));
        }
    }
}
