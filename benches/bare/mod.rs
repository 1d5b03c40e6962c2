//! The bare construction inside an envelope, which envelopes are compared with.

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use stewardship::crypto::{AeadBackend, Entropy};
use zeroize::Zeroizing;

/// XAES-256-GCM with key commitment and nothing around it: the key schedule at hand, no associated data. It wipes what it derives.
pub struct Bare {
    cipher: Aes256,
    k1: [u8; 16],
}

impl Bare {
    pub fn new(key: &[u8; 32]) -> Self {
        let cipher = Aes256::new(key.into());
        let zero = u128::from_be_bytes(block(&cipher, [0; 16]));
        Self { cipher, k1: ((zero << 1) ^ ((zero >> 127) * 0x87)).to_be_bytes() }
    }

    fn derive(&self, nonce: &[u8; 24]) -> (Zeroizing<[u8; 32]>, [u8; 12], [u8; 32]) {
        let (left, right) = nonce.split_at(12);
        let mut key = Zeroizing::new([0; 32]);
        for (counter, half) in (1..).zip(key.chunks_exact_mut(16)) {
            let mut input = [0, counter, b'X', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            input[4..].copy_from_slice(left);
            half.copy_from_slice(&block(&self.cipher, xor(input, self.k1)));
        }
        let mut input = *b"XCMT............";
        input[4..].copy_from_slice(left);
        let chain = xor(block(&self.cipher, input), self.k1);
        let mut commitment = [0; 32];
        for (counter, half) in (1..).zip(commitment.chunks_exact_mut(16)) {
            let mut input = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, counter];
            input[..12].copy_from_slice(right);
            half.copy_from_slice(&block(&self.cipher, xor(input, chain)));
        }
        (key, right.try_into().unwrap(), commitment)
    }

    pub fn seal(
        &self,
        backend: &dyn AeadBackend,
        entropy: &dyn Entropy,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) {
        let mut nonce = [0; 24];
        entropy.fill(&mut nonce).unwrap();
        let (key, right, commitment) = self.derive(&nonce);
        out.clear();
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plaintext);
        let tag = backend.seal_in_place_detached(&key, &right, b"", &mut out[24..]).unwrap();
        out.extend_from_slice(&tag);
        out.extend_from_slice(&commitment);
    }

    #[allow(dead_code, reason = "not every benchmark opens")]
    pub fn open(&self, backend: &dyn AeadBackend, sealed: &[u8], out: &mut [u8]) {
        let (nonce, rest) = sealed.split_first_chunk().unwrap();
        let (rest, found) = rest.split_last_chunk::<32>().unwrap();
        let (ciphertext, tag) = rest.split_last_chunk().unwrap();
        let (key, right, commitment) = self.derive(nonce);
        assert_eq!(found, &commitment);
        backend.open_detached(&key, &right, b"", ciphertext, tag, out).unwrap();
    }
}

fn block(cipher: &Aes256, mut block: [u8; 16]) -> [u8; 16] {
    cipher.encrypt_block((&mut block).into());
    block
}

fn xor(mut left: [u8; 16], right: [u8; 16]) -> [u8; 16] {
    left.iter_mut().zip(right).for_each(|(left, right)| *left ^= right);
    left
}
