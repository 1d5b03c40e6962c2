//! The rules for AEAD backends.

use super::report::{Broken, Report, ensure};
use crate::crypto::{AeadBackend, AeadError, RustCrypto};

/// Runs every rule for an [`AeadBackend`].
///
/// `forgetful` is skipped, and says so: a program without `unsafe` cannot look into its own memory.
///
/// # Example: a host's test of its own backend
/// ```
/// use stewardship::contracts::kit;
/// use stewardship::crypto::RustCrypto;
/// let report = kit::check_aead(&RustCrypto);
/// assert!(report.held("standard") && report.held("authentic") && report.held("prepared"));
/// report.into_result()?;
/// # Ok::<(), kit::KitError>(())
/// ```
pub fn check_aead(backend: &dyn AeadBackend) -> Report {
    let mut report = Report::new();
    let asked = Asked { backend, how: How::Bytes };
    report.add("standard", standard(asked));
    report.add("authentic", authentic(asked).and_then(|()| lengths(asked)));
    report.add("prepared", prepared(backend));
    report.add("forgetful", Err(Broken::skipped("safe code cannot look for a key in memory")));
    report
}

/// A test case of NIST.
struct Vector {
    key: [u8; 32],
    nonce: [u8; 12],
    aad: &'static [u8],
    plaintext: &'static [u8],
    ciphertext: &'static [u8],
    tag: [u8; 16],
}

/// Test cases 13 to 16 of the specification of GCM that was submitted to NIST (McGrew and Viega, appendix B): those of AES-256 with a
/// nonce of 96 bits.
const VECTORS: [Vector; 4] = [
    Vector {
        key: [0; 32],
        nonce: [0; 12],
        aad: b"",
        plaintext: b"",
        ciphertext: b"",
        tag: *b"\x53\x0f\x8a\xfb\xc7\x45\x36\xb9\xa9\x63\xb4\xf1\xc4\xcb\x73\x8b",
    },
    Vector {
        key: [0; 32],
        nonce: [0; 12],
        aad: b"",
        plaintext: &[0; 16],
        ciphertext: b"\xce\xa7\x40\x3d\x4d\x60\x6b\x6e\x07\x4e\xc5\xd3\xba\xf3\x9d\x18",
        tag: *b"\xd0\xd1\xc8\xa7\x99\x99\x6b\xf0\x26\x5b\x98\xb5\xd4\x8a\xb9\x19",
    },
    Vector {
        key: KEY,
        nonce: NONCE,
        aad: b"",
        plaintext: b"\xd9\x31\x32\x25\xf8\x84\x06\xe5\xa5\x59\x09\xc5\xaf\xf5\x26\x9a\x86\xa7\xa9\x53\
          \x15\x34\xf7\xda\x2e\x4c\x30\x3d\x8a\x31\x8a\x72\x1c\x3c\x0c\x95\x95\x68\x09\x53\
          \x2f\xcf\x0e\x24\x49\xa6\xb5\x25\xb1\x6a\xed\xf5\xaa\x0d\xe6\x57\xba\x63\x7b\x39\
          \x1a\xaf\xd2\x55",
        ciphertext: b"\x52\x2d\xc1\xf0\x99\x56\x7d\x07\xf4\x7f\x37\xa3\x2a\x84\x42\x7d\x64\x3a\x8c\xdc\
          \xbf\xe5\xc0\xc9\x75\x98\xa2\xbd\x25\x55\xd1\xaa\x8c\xb0\x8e\x48\x59\x0d\xbb\x3d\
          \xa7\xb0\x8b\x10\x56\x82\x88\x38\xc5\xf6\x1e\x63\x93\xba\x7a\x0a\xbc\xc9\xf6\x62\
          \x89\x80\x15\xad",
        tag: *b"\xb0\x94\xda\xc5\xd9\x34\x71\xbd\xec\x1a\x50\x22\x70\xe3\xcc\x6c",
    },
    Vector {
        key: KEY,
        nonce: NONCE,
        aad: b"\xfe\xed\xfa\xce\xde\xad\xbe\xef\xfe\xed\xfa\xce\xde\xad\xbe\xef\xab\xad\xda\xd2",
        plaintext: b"\xd9\x31\x32\x25\xf8\x84\x06\xe5\xa5\x59\x09\xc5\xaf\xf5\x26\x9a\x86\xa7\xa9\x53\
          \x15\x34\xf7\xda\x2e\x4c\x30\x3d\x8a\x31\x8a\x72\x1c\x3c\x0c\x95\x95\x68\x09\x53\
          \x2f\xcf\x0e\x24\x49\xa6\xb5\x25\xb1\x6a\xed\xf5\xaa\x0d\xe6\x57\xba\x63\x7b\x39",
        ciphertext: b"\x52\x2d\xc1\xf0\x99\x56\x7d\x07\xf4\x7f\x37\xa3\x2a\x84\x42\x7d\x64\x3a\x8c\xdc\
          \xbf\xe5\xc0\xc9\x75\x98\xa2\xbd\x25\x55\xd1\xaa\x8c\xb0\x8e\x48\x59\x0d\xbb\x3d\
          \xa7\xb0\x8b\x10\x56\x82\x88\x38\xc5\xf6\x1e\x63\x93\xba\x7a\x0a\xbc\xc9\xf6\x62",
        tag: *b"\x76\xfc\x6e\xce\x0f\x4e\x17\x68\xcd\xdf\x88\x53\xbb\x2d\x55\x1b",
    },
];
const KEY: [u8; 32] = *b"\xfe\xff\xe9\x92\x86\x65\x73\x1c\x6d\x6a\x8f\x94\x67\x30\x83\x08\xfe\xff\xe9\x92\
          \x86\x65\x73\x1c\x6d\x6a\x8f\x94\x67\x30\x83\x08";
const NONCE: [u8; 12] = *b"\xca\xfe\xba\xbe\xfa\xce\xdb\xad\xde\xca\xf8\x88";

/// Around the borders of blocks, of the counters' first carry, and of what is done at once.
const LENGTHS: [usize; 14] = [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 1_024, 4_097, 65_537];

fn standard(asked: Asked<'_>) -> Result<(), Broken> {
    const HINT: &str =
        "AES-256 in Galois/Counter Mode with a 96-bit nonce and the whole 128-bit tag (NIST SP 800-38D)";
    for (number, vector) in VECTORS.iter().enumerate() {
        let case = number + 13;
        let mut buffer = vector.plaintext.to_vec();
        let tag = asked.seal(&vector.key, &vector.nonce, vector.aad, &mut buffer);
        ensure(
            tag == Ok(vector.tag) && buffer == vector.ciphertext,
            &format!("the published ciphertext and tag of test case {case}"),
            || "others".to_owned(),
            HINT,
        )?;
        let opened = asked.opened(&vector.key, &vector.nonce, vector.aad, vector.ciphertext, &vector.tag);
        ensure(
            opened.as_deref() == Ok(vector.plaintext),
            &format!("test case {case} to open"),
            || "another answer".to_owned(),
            HINT,
        )?;
    }
    for length in LENGTHS {
        let text = text(length);
        let aad = text.get(length / 2..).unwrap_or_default();
        let (mut ours, mut theirs) = (text.clone(), text.clone());
        let tag = asked.seal(&KEY, &NONCE, aad, &mut theirs);
        let known = RustCrypto.seal_in_place_detached(&KEY, &NONCE, aad, &mut ours);
        ensure(
            tag.is_ok() && (tag, &theirs) == (known, &ours),
            &format!("what `RustCrypto` makes of {length} bytes"),
            || "another ciphertext or tag".to_owned(),
            HINT,
        )?;
        let opened = known.and_then(|tag| asked.opened(&KEY, &NONCE, aad, &ours, &tag));
        ensure(
            opened.as_ref() == Ok(&text),
            &format!("{length} bytes that `RustCrypto` sealed to open"),
            || "another answer".to_owned(),
            HINT,
        )?;
    }
    Ok(())
}

/// One byte after the other of what makes an answer is altered in one bit, and what can be longer or shorter is.
fn authentic(asked: Asked<'_>) -> Result<(), Broken> {
    const HINT: &str = "compare all sixteen bytes of the tag, over the nonce, the associated data and the ciphertext as they are given";
    const WIPE: &str = "wipe the buffer of the plaintext where an opening fails";
    let text = text(40);
    let aad = b"twenty bytes of data";
    let mut sealed = text.clone();
    let tag = asked.seal(&KEY, &NONCE, aad, &mut sealed);
    let Ok(tag) = tag else {
        return ensure(false, "a value to be sealed", || "a failure".to_owned(), HINT);
    };
    let refused = |what: &str, key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], text: &[u8], tag: &[u8; 16]| {
        // Not zero already, so that what is left there is seen.
        let mut plaintext = vec![0xee; text.len()];
        let opened = asked.open(key, nonce, aad, text, tag, &mut plaintext);
        ensure(opened.is_err(), &format!("a failure where {what}"), || "an opening".to_owned(), HINT)?;
        let wiped = plaintext.iter().all(|byte| *byte == 0);
        ensure(wiped, "nothing to be left of what was refused", || "bytes in the buffer".to_owned(), WIPE)
    };
    for altered in altered(&tag) {
        refused("a bit of the tag is altered", &KEY, &NONCE, aad, &sealed, &altered)?;
    }
    for altered in altered(&NONCE) {
        refused("a bit of the nonce is altered", &KEY, &altered, aad, &sealed, &tag)?;
    }
    for altered in altered(&KEY) {
        refused("a bit of the key is altered", &altered, &NONCE, aad, &sealed, &tag)?;
    }
    for altered in altered(aad) {
        refused("a bit of the associated data is altered", &KEY, &NONCE, &altered, &sealed, &tag)?;
    }
    refused("the associated data is cut short", &KEY, &NONCE, b"twenty bytes of dat", &sealed, &tag)?;
    refused("the associated data is missing", &KEY, &NONCE, b"", &sealed, &tag)?;
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
        refused("a bit of the ciphertext is altered", &KEY, &NONCE, aad, &altered, &tag)?;
    }
    for length in 0..sealed.len() {
        let short = sealed.get(..length).unwrap_or_default();
        refused("the ciphertext is cut short", &KEY, &NONCE, aad, short, &tag)?;
    }
    let longer = [&sealed[..], &[0]].concat();
    refused("the ciphertext is longer", &KEY, &NONCE, aad, &longer, &tag)?;

    let opened = asked.opened(&KEY, &NONCE, aad, &sealed, &tag);
    ensure(opened.as_ref() == Ok(&text), "what is not altered to open", || "another answer".to_owned(), HINT)
}

/// A buffer that is not as long as the ciphertext.
fn lengths(asked: Asked<'_>) -> Result<(), Broken> {
    let (mut sealed, aad) = (text(40), b"");
    let tag = asked.seal(&KEY, &NONCE, aad, &mut sealed).unwrap_or_default();
    let mut short = [0; 39];
    let opened = asked.open(&KEY, &NONCE, aad, &sealed, &tag, &mut short);
    ensure(
        opened.is_err(),
        "a failure where the buffer is too short",
        || "an opening".to_owned(),
        "refuse a buffer that is not as long as the ciphertext",
    )
}

/// All of it again under prepared keys; then messages under two keys that are prepared at the same time.
fn prepared(backend: &dyn AeadBackend) -> Result<(), Broken> {
    const HINT: &str =
        "a prepared key holds nothing but what is derived from its own bytes, and no message changes it";
    for how in [How::PreparedInPlace, How::Prepared] {
        standard(Asked { backend, how })?;
        authentic(Asked { backend, how })?;
    }
    lengths(Asked { backend, how: How::Prepared })?;
    let other_key = KEY.map(|byte| !byte);
    let keys =
        backend.prepare(&KEY).and_then(|one| Ok([(KEY, one), (other_key, backend.prepare(&other_key)?)]));
    let Ok(keys) = keys else {
        return ensure(false, "two keys to be prepared", || "a failure".to_owned(), HINT);
    };
    let alone = Asked { backend, how: How::Bytes };
    let mut messages = Vec::new();
    for number in 0..8 {
        for (at, (bytes, key)) in keys.iter().enumerate() {
            let (nonce, aad, text) = (NONCE.map(|byte| byte ^ number), [number], text(100));
            let (mut ours, mut theirs) = (text.clone(), text.clone());
            let (tag, known) = (
                key.seal_in_place_detached(&nonce, &aad, &mut ours),
                alone.seal(bytes, &nonce, &aad, &mut theirs),
            );
            ensure(
                tag.is_ok() && (tag, &ours) == (known, &theirs),
                &format!("message {number} of a prepared key to be what the call with its bytes gives"),
                || "another ciphertext or tag".to_owned(),
                HINT,
            )?;
            messages.push((at, nonce, aad, ours, tag.unwrap_or_default()));
        }
    }
    for (at, nonce, aad, sealed, tag) in messages.into_iter().rev() {
        let Some((_, key)) = keys.get(at) else { continue };
        let mut altered = sealed.clone();
        altered.iter_mut().take(1).for_each(|byte| *byte ^= 1);
        let refused = key.open_in_place_detached(&nonce, &aad, &mut altered, &tag);
        let (mut opened, mut elsewhere) = (sealed.clone(), vec![0; sealed.len()]);
        let answers = [
            key.open_in_place_detached(&nonce, &aad, &mut opened, &tag),
            key.open_detached(&nonce, &aad, &sealed, &tag, &mut elsewhere),
        ];
        ensure(
            refused.is_err() && answers == [Ok(()); 2] && [opened, elsewhere] == [text(100), text(100)],
            "what was sealed to open in any order, after a failure too",
            || "another answer".to_owned(),
            HINT,
        )?;
    }
    Ok(())
}

/// A backend, and how it is asked.
#[derive(Clone, Copy)]
struct Asked<'a> {
    backend: &'a dyn AeadBackend,
    how: How,
}

#[derive(Clone, Copy)]
enum How {
    /// With the bytes of the key.
    Bytes,
    /// With a key that it prepared, to open elsewhere.
    Prepared,
    /// With a key that it prepared, to open in place.
    PreparedInPlace,
}

impl Asked<'_> {
    fn seal(
        self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; 16], AeadError> {
        match self.how {
            How::Bytes => self.backend.seal_in_place_detached(key, nonce, aad, buffer),
            How::Prepared | How::PreparedInPlace => {
                self.backend.prepare(key)?.seal_in_place_detached(nonce, aad, buffer)
            }
        }
    }

    /// In place `plaintext` is as long as `ciphertext`.
    fn open(
        self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
        plaintext: &mut [u8],
    ) -> Result<(), AeadError> {
        match self.how {
            How::Bytes => self.backend.open_detached(key, nonce, aad, ciphertext, tag, plaintext),
            How::Prepared => self.backend.prepare(key)?.open_detached(nonce, aad, ciphertext, tag, plaintext),
            How::PreparedInPlace => {
                plaintext.iter_mut().zip(ciphertext).for_each(|(to, from)| *to = *from);
                self.backend.prepare(key)?.open_in_place_detached(nonce, aad, plaintext, tag)
            }
        }
    }

    fn opened(
        self,
        key: &[u8; 32],
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
    ) -> Result<Vec<u8>, AeadError> {
        let mut plaintext = vec![0; ciphertext.len()];
        self.open(key, nonce, aad, ciphertext, tag, &mut plaintext).map(|()| plaintext)
    }
}

/// The same bytes with one bit of one byte altered, each byte in turn, a bit of each weight.
fn altered<const N: usize>(bytes: &[u8; N]) -> Vec<[u8; N]> {
    let alter = |at: usize| {
        let mut altered = *bytes;
        altered.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (at % 8));
        altered
    };
    (0..N).map(alter).collect()
}

/// Bytes of which no two blocks are alike.
fn text(length: usize) -> Vec<u8> {
    (0_u32..).flat_map(u32::to_le_bytes).take(length).collect()
}
