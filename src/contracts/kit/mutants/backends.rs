use std::sync::{Arc, Mutex};

use super::super::{Outcome, check_aead};
use super::catches;
use crate::crypto::{AeadBackend, AeadError, AeadKey, RustCrypto};

/// A backend with one flaw.
struct Flawed(Flaw, Arc<Mutex<[u8; 32]>>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    SealsNothing,
    OpensNothing,
    KeepsThePlaintext,
    IgnoresAad,
    IgnoresTheEndOfAad,
    IgnoresTheNonce,
    IgnoresHalfOfTheKey,
    TruncatesTheTag,
    ComparesAPartOfTheTag,
    ComparesNoTag,
    SkipsTheLastBlock,
    FailsOnLargeValues,
    FailsOnEmptyValues,
    LeavesPlaintext,
    WritesPastTheEnd,
    PreparesNothing,
    PreparedIgnoresTheNonce,
    PreparedIgnoresAad,
    PreparedComparesNoTag,
    PreparedLeavesPlaintext,
    PreparedCountsNonces,
    PreparedFailsAfterARefusal,
    PreparedSharesTheKey,
    PreparedComparesNoTagElsewhere,
    PreparedLeavesPlaintextElsewhere,
    PreparedWritesPastTheEnd,
}

use Flaw::*;

impl AeadBackend for Flawed {
    fn seal_in_place_detached(
        &self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; 16], AeadError> {
        let (key, nonce, aad) = self.seen(key, nonce, aad);
        let length = self.covered(buffer.len());
        match self.0 {
            SealsNothing => return Err(AeadError::new()),
            FailsOnLargeValues if buffer.len() > 65_536 => return Err(AeadError::new()),
            FailsOnEmptyValues if buffer.is_empty() => return Err(AeadError::new()),
            KeepsThePlaintext => {
                return RustCrypto.seal_in_place_detached(&key, &nonce, aad, &mut buffer.to_vec());
            }
            _ => {}
        }
        let mut tag = RustCrypto.seal_in_place_detached(&key, &nonce, aad, &mut buffer[..length])?;
        if self.0 == TruncatesTheTag {
            tag[12..].fill(0);
        }
        Ok(tag)
    }

    fn open_detached(
        &self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
        plaintext: &mut [u8],
    ) -> Result<(), AeadError> {
        if self.0 != WritesPastTheEnd && plaintext.len() != ciphertext.len() {
            return Err(AeadError::new());
        }
        let shared = plaintext.len().min(ciphertext.len());
        plaintext[..shared].copy_from_slice(&ciphertext[..shared]);
        let opened = self.opened(key, nonce, aad, plaintext, tag);
        if opened.is_err() && self.0 != LeavesPlaintext {
            plaintext.fill(0);
        }
        opened
    }

    fn prepare(&self, key: &[u8; 32]) -> Result<Box<dyn AeadKey>, AeadError> {
        if self.0 == PreparesNothing {
            return Err(AeadError::new());
        }
        let mut last = self.1.lock().unwrap();
        *last = *key;
        Ok(Box::new(FlawedKey {
            flaw: self.0,
            key: *key,
            last: Arc::clone(&self.1),
            asked: Mutex::default(),
        }))
    }
}

/// A prepared key with one flaw: sound where the flaw is one of the backend's.
struct FlawedKey {
    flaw: Flaw,
    key: [u8; 32],
    last: Arc<Mutex<[u8; 32]>>,
    /// Messages sealed, and whether an opening was refused.
    asked: Mutex<(u8, bool)>,
}

impl FlawedKey {
    fn seen<'a>(&self, nonce: &[u8; 12], aad: &'a [u8]) -> ([u8; 32], [u8; 12], &'a [u8]) {
        let (mut key, mut nonce, mut aad) = (self.key, *nonce, aad);
        match self.flaw {
            PreparedIgnoresTheNonce => nonce = [0; 12],
            PreparedIgnoresAad => aad = b"",
            PreparedSharesTheKey => key = *self.last.lock().unwrap(),
            _ => {}
        }
        (key, nonce, aad)
    }
}

impl AeadKey for FlawedKey {
    fn seal_in_place_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; 16], AeadError> {
        let (key, mut nonce, aad) = self.seen(nonce, aad);
        let mut asked = self.asked.lock().unwrap();
        if self.flaw == PreparedCountsNonces {
            nonce[11] ^= asked.0;
        }
        asked.0 += 1;
        RustCrypto.seal_in_place_detached(&key, &nonce, aad, buffer)
    }

    fn open_in_place_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), AeadError> {
        let (key, nonce, aad) = self.seen(nonce, aad);
        let mut asked = self.asked.lock().unwrap();
        if self.flaw == PreparedFailsAfterARefusal && asked.1 {
            return Err(AeadError::new());
        }
        let sealed = buffer.to_vec();
        let opened = RustCrypto.open_detached(&key, &nonce, aad, &sealed, tag, buffer);
        asked.1 |= opened.is_err();
        match self.flaw {
            PreparedComparesNoTag => {
                buffer.copy_from_slice(&sealed);
                RustCrypto.seal_in_place_detached(&key, &nonce, aad, buffer).map(|_| ())
            }
            PreparedLeavesPlaintext if opened.is_err() => {
                buffer.copy_from_slice(&sealed);
                opened
            }
            _ => opened,
        }
    }

    fn open_detached(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
        plaintext: &mut [u8],
    ) -> Result<(), AeadError> {
        if self.flaw != PreparedWritesPastTheEnd && plaintext.len() != ciphertext.len() {
            return Err(AeadError::new());
        }
        let mut buffer = ciphertext.to_vec();
        let opened = match self.flaw {
            PreparedWritesPastTheEnd if plaintext.len() != ciphertext.len() => Ok(()),
            PreparedComparesNoTagElsewhere => {
                let (key, nonce, aad) = self.seen(nonce, aad);
                RustCrypto.seal_in_place_detached(&key, &nonce, aad, &mut buffer).map(|_| ())
            }
            _ => self.open_in_place_detached(nonce, aad, &mut buffer, tag),
        };
        if self.flaw != PreparedLeavesPlaintextElsewhere || opened.is_ok() {
            plaintext.iter_mut().zip(buffer).for_each(|(to, from)| *to = from);
        }
        opened
    }
}

impl Flawed {
    fn opened(
        &self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), AeadError> {
        let (key, nonce, aad) = self.seen(key, nonce, aad);
        let length = self.covered(buffer.len());
        let compared = match self.0 {
            OpensNothing => return Err(AeadError::new()),
            KeepsThePlaintext => return Ok(()),
            TruncatesTheTag | ComparesAPartOfTheTag => 12,
            ComparesNoTag | WritesPastTheEnd => 0,
            _ => 16,
        };
        // The stream cipher is its own inverse; the tag is that of what it came from.
        let buffer = &mut buffer[..length];
        RustCrypto.seal_in_place_detached(&key, &nonce, aad, buffer)?;
        let right = RustCrypto.seal_in_place_detached(&key, &nonce, aad, &mut buffer.to_vec())?;
        if right[..compared] == tag[..compared] { Ok(()) } else { Err(AeadError::new()) }
    }
}

impl Flawed {
    fn seen<'a>(&self, key: &[u8; 32], nonce: &[u8; 12], aad: &'a [u8]) -> ([u8; 32], [u8; 12], &'a [u8]) {
        let (mut key, mut nonce, mut aad) = (*key, *nonce, aad);
        match self.0 {
            IgnoresAad => aad = b"",
            IgnoresTheEndOfAad => aad = &aad[..aad.len().min(16)],
            IgnoresTheNonce => nonce = [0; 12],
            IgnoresHalfOfTheKey => key[16..].fill(0),
            _ => {}
        }
        (key, nonce, aad)
    }

    fn covered(&self, length: usize) -> usize {
        if self.0 == SkipsTheLastBlock { length / 16 * 16 } else { length }
    }
}

#[test]
fn every_backend_of_the_crate_keeps_the_contract() {
    let backends: &[(&str, &dyn AeadBackend)] = &[
        ("RustCrypto", &RustCrypto),
        #[cfg(feature = "aws-lc")]
        ("AwsLc", &crate::crypto::AwsLc),
    ];
    for (name, backend) in backends {
        let report = check_aead(*backend);
        let held = ["standard", "authentic", "prepared"].map(|rule| report.held(rule));
        assert_eq!(held, [true; 3], "{name}: {report}");
        report.into_result().unwrap();
    }
}

#[test]
fn every_flaw_of_a_backend_is_caught() {
    for (flaw, rule) in [
        (SealsNothing, "standard"),
        (OpensNothing, "authentic"),
        (KeepsThePlaintext, "standard"),
        (IgnoresAad, "authentic"),
        (IgnoresTheEndOfAad, "authentic"),
        (IgnoresTheNonce, "authentic"),
        (IgnoresHalfOfTheKey, "authentic"),
        (TruncatesTheTag, "standard"),
        (ComparesAPartOfTheTag, "authentic"),
        (ComparesNoTag, "authentic"),
        (SkipsTheLastBlock, "authentic"),
        (FailsOnLargeValues, "standard"),
        (FailsOnEmptyValues, "standard"),
        (LeavesPlaintext, "authentic"),
        (WritesPastTheEnd, "authentic"),
        (PreparesNothing, "prepared"),
        (PreparedIgnoresTheNonce, "prepared"),
        (PreparedIgnoresAad, "prepared"),
        (PreparedComparesNoTag, "prepared"),
        (PreparedLeavesPlaintext, "prepared"),
        (PreparedCountsNonces, "prepared"),
        (PreparedFailsAfterARefusal, "prepared"),
        (PreparedSharesTheKey, "prepared"),
        (PreparedComparesNoTagElsewhere, "prepared"),
        (PreparedLeavesPlaintextElsewhere, "prepared"),
        (PreparedWritesPastTheEnd, "prepared"),
    ] {
        catches(&check_aead(&Flawed(flaw, Arc::default())), rule, &flaw);
    }
}

#[test]
fn what_cannot_be_checked_is_said() {
    let report = check_aead(&RustCrypto);
    let skipped = report.rules().iter().find(|found| found.rule == "forgetful").unwrap();
    assert!(matches!(skipped.outcome, Outcome::Skipped { .. }));
}
