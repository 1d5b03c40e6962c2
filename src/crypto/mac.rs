//! HMAC-SHA-256 (RFC 2104) and the one-block HKDF (RFC 5869) that every derivation here is made of.
//!
//! All its keys and outputs have 32 bytes, so nothing here can fail and the intermediate keys can be wiped. Beside it stands HKDF-Expand
//! with SHA-512, for streams.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

/// The block size of SHA-256 in bytes: an HMAC key is padded to it with zeros.
const BLOCK: usize = 64;

/// HMAC-SHA-256 of the parts, one after the other, under `key`.
pub(super) fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    finish(keyed(key), parts)
}

/// HMAC-SHA-256 under `key`, ready to take a message. It wipes itself.
pub(super) fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut padded = Zeroizing::new([0_u8; BLOCK]);
    padded.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    of_block(&padded)
}

/// HKDF-Extract: the pseudorandom key of the parts, one after the other.
pub(super) fn extract(salt: &Salt, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    finish(of_block(&salt.0), parts)
}

/// HKDF-Expand to 32 bytes, which is its first block: `T(1) = HMAC(prk, info ‖ 0x01)`.
pub(super) fn expand(prk: &[u8; 32], info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut parts = info.to_vec();
    parts.push(&[1]);
    hmac(prk, &parts)
}

/// HKDF-Expand with SHA-512: `T(n) = HMAC(prk, T(n - 1) ‖ info ‖ n)`. The key is of at most 128 bytes, `output` of at most 255 times 64:
/// callers ask for lengths that are fixed.
pub(super) fn expand_sha512(prk: &[u8], info: &[&[u8]], output: &mut [u8]) {
    let mut padded = Zeroizing::new([0_u8; 128]);
    padded.iter_mut().zip(prk).for_each(|(to, from)| *to = *from);
    let keyed = <Hmac<Sha512> as KeyInit>::new((&*padded).into());
    let mut last = Zeroizing::new([0_u8; 64]);
    for (number, part) in (1..=u8::MAX).zip(output.chunks_mut(64)) {
        let mut mac = keyed.clone();
        if number > 1 {
            mac.update(&*last);
        }
        info.iter().for_each(|part| mac.update(part));
        mac.update(&[number]);
        let mut block = mac.finalize().into_bytes();
        last.iter_mut().zip(&block).for_each(|(to, from)| *to = *from);
        zeroize::Zeroize::zeroize(block.as_mut_slice());
        part.iter_mut().zip(&*last).for_each(|(to, from)| *to = *from);
    }
}

/// The salt of an extraction, padded to the block of the hash.
pub(super) struct Salt([u8; BLOCK]);

impl Salt {
    /// Takes a salt of at most one block; a longer one does not compile as a constant.
    pub(super) const fn new(text: &[u8]) -> Self {
        assert!(text.len() <= BLOCK, "a salt is at most one block");
        let mut padded = [0; BLOCK];
        let (to, _) = padded.split_at_mut(text.len());
        to.copy_from_slice(text);
        Self(padded)
    }
}

fn of_block(padded: &[u8; BLOCK]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new(padded.into())
}

fn finish(mut mac: Hmac<Sha256>, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    parts.iter().for_each(|part| mac.update(part));
    let mut output = mac.finalize().into_bytes();
    let bytes = Zeroizing::new(output.into());
    zeroize::Zeroize::zeroize(output.as_mut_slice());
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::key::tests::unhex;

    #[test]
    fn rfc_4231_case_2_is_met() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let tag = hmac(&key, &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(tag.to_vec(), unhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    }

    /// A keyed state is two states of the hash, which were fed with the key.
    #[test]
    fn a_keyed_state_wipes_itself() {
        fn wipes<T: zeroize::ZeroizeOnDrop>() {}
        wipes::<Sha256>();
        wipes::<Sha512>();
    }

    #[test]
    fn rfc_5869_case_1_is_met() {
        const SALT: Salt = Salt::new(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        let prk = extract(&SALT, &[&[0x0b; 22]]);
        assert_eq!(prk.to_vec(), unhex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
        let info = unhex("f0f1f2f3f4f5f6f7f8f9");
        let okm = expand(&prk, &[&info]);
        assert_eq!(okm.to_vec(), unhex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"));
    }

    proptest! {
        #[test]
        fn agrees_with_the_hkdf_crate(ikm in prop::collection::vec(any::<u8>(), 0..100), info in ".{0,80}") {
            const SALT: Salt = Salt::new(b"a salt");
            let mut expected = [0; 32];
            hkdf::Hkdf::<Sha256>::new(Some(b"a salt"), &ikm).expand(info.as_bytes(), &mut expected).unwrap();
            let (left, right) = ikm.split_at(ikm.len() / 2);
            prop_assert_eq!(*expand(&extract(&SALT, &[left, right]), &[info.as_bytes()]), expected);
        }

        #[test]
        fn the_longer_one_agrees_too(prk in any::<[u8; 64]>(), info in ".{0,80}", length in 0_usize..300) {
            let (mut expected, mut found) = (vec![0; length], vec![0; length]);
            hkdf::Hkdf::<Sha512>::from_prk(&prk).unwrap().expand(info.as_bytes(), &mut expected).unwrap();
            expand_sha512(&prk, &[info.as_bytes()], &mut found);
            prop_assert_eq!(found, expected);
        }
    }
}
