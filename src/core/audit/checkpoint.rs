//! Checkpoints: the head of a trail as a text that others sign and keep.
//!
//! The text is a [C2SP `tlog-checkpoint`](https://c2sp.org/tlog-checkpoint) (version 1.0.0), signed as a [C2SP
//! `signed-note`](https://c2sp.org/signed-note) (version 1.0.0), so that existing witnesses and tools read it: an origin, the number of
//! entries, the root in base64, and below an empty line a line for each signature.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use super::tree::{Hash, TreeHead};

/// The longest signed checkpoint that is read, in bytes, and the most signatures in it.
pub const MAX_NOTE_BYTES: usize = 64 * 1024;
const MAX_SIGNATURES: usize = 64;

/// What begins the line of a signature: an em dash and a space.
const SIGNATURE: &str = "\u{2014} ";

/// The head of a trail, and which trail it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The trail: a name that no other has, such as `audit.example.com/production`.
    pub origin: String,
    /// Its head.
    pub tree: TreeHead,
}

/// A text that is no checkpoint, or is not signed as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// The text is not a checkpoint.
    #[error("line {line} of the checkpoint is not {wanted}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What should stand there.
        wanted: &'static str,
    },
    /// It is longer than [`MAX_NOTE_BYTES`], or has too many signatures.
    #[error("the checkpoint is longer than one is")]
    TooLong,
    /// A signature by a key that is known does not verify.
    #[error("a signature of the checkpoint does not verify")]
    BadSignature,
    /// No key that is known has signed it.
    #[error("nobody who is known has signed the checkpoint")]
    Unsigned,
    /// It is another trail's.
    #[error("the checkpoint is of another trail")]
    OtherOrigin,
}

impl Checkpoint {
    /// Of a trail and its head.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] where the origin is empty, longer than 255 bytes or more than a line.
    pub fn new(origin: impl Into<String>, tree: TreeHead) -> Result<Self, NoteError> {
        let origin = origin.into();
        let fits = !origin.is_empty() && origin.len() <= 255 && !origin.chars().any(char::is_control);
        if fits {
            Ok(Self { origin, tree })
        } else {
            Err(NoteError::Malformed { line: 1, wanted: "an origin" })
        }
    }

    /// The text that is signed; it ends with a line break.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.tree.size, Base64::encode_string(&self.tree.root))
    }

    /// Signs it.
    ///
    /// # Errors
    /// Those of the signer.
    pub fn sign<S: NoteSigner>(&self, signer: &S) -> Result<SignedCheckpoint, S::Error> {
        let signature = signer.sign(self.text().as_bytes())?;
        Ok(SignedCheckpoint::new(self.text()).signed(NoteSignature { key: signer.key(), signature }))
    }

    fn parse(text: &str) -> Result<Self, NoteError> {
        let malformed = |line, wanted| NoteError::Malformed { line, wanted };
        let mut lines = text.split('\n');
        let origin = lines.next().unwrap_or_default();
        let size = lines.next().unwrap_or_default();
        let root = lines.next().unwrap_or_default();
        // Decimal, and written in one way alone.
        let size = size.parse::<u64>().ok().filter(|parsed| parsed.to_string() == size);
        let size = size.ok_or(malformed(2, "a number of entries"))?;
        let mut bytes = Hash::default();
        let whole = Base64::decode(root, &mut bytes).is_ok_and(|decoded| decoded.len() == size_of::<Hash>());
        if !whole {
            return Err(malformed(3, "a root in base64"));
        }
        Self::new(origin, TreeHead { size, root: bytes })
    }
}

/// The name of a key that signs, and the four bytes by which it is told from others of that name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoteKey {
    name: String,
    id: [u8; 4],
}

impl NoteKey {
    /// An Ed25519 key (type 1 of C2SP `signed-note`) by its name, which has neither spaces nor plus signs, and its public half.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] where the name is none.
    pub fn ed25519(name: impl Into<String>, public: &[u8; 32]) -> Result<Self, NoteError> {
        let name = name.into();
        let mut hash = Sha256::new_with_prefix(name.as_bytes());
        hash.update([b'\n', 1]);
        hash.update(public);
        let [a, b, c, d, ..] = Hash::from(hash.finalize());
        Self::new(name, [a, b, c, d])
    }

    fn new(name: String, id: [u8; 4]) -> Result<Self, NoteError> {
        let is_name = !name.is_empty()
            && name.len() <= 255
            && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+');
        if is_name {
            Ok(Self { name, id })
        } else {
            Err(NoteError::Malformed { line: 1, wanted: "the name of a key" })
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The four bytes.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }
}

/// Signs checkpoints. A key that lies elsewhere (a KMS, say) signs [`Checkpoint::text`] there, and its signature is
/// [added](SignedCheckpoint::signed).
pub trait NoteSigner {
    /// Why it did not sign.
    type Error: std::error::Error;

    /// Its key.
    fn key(&self) -> NoteKey;

    /// The signature over a text.
    ///
    /// # Errors
    /// Its own.
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Self::Error>;
}

/// Checks signatures of one key.
pub trait NoteVerifier {
    /// The key.
    fn key(&self) -> NoteKey;

    /// Whether this is the key's signature over the text.
    fn verifies(&self, text: &[u8], signature: &[u8]) -> bool;
}

/// A signature of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever signs elsewhere makes it")]
pub struct NoteSignature {
    /// Whose.
    pub key: NoteKey,
    /// The bytes.
    pub signature: Vec<u8>,
}

/// A checkpoint with signatures that nobody has looked at yet; [`verify`](Self::verify) does.
///
/// `Display` writes it and `FromStr` reads it, in the form of a C2SP `signed-note`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl SignedCheckpoint {
    fn new(text: String) -> Self {
        Self { text, signatures: Vec::new() }
    }

    /// Adds a signature: of a key that lies elsewhere, or of a witness.
    #[must_use]
    pub fn signed(mut self, signature: NoteSignature) -> Self {
        self.signatures.push(signature);
        self
    }

    /// The checkpoint, where it is of this origin and one of these keys has signed it. Signatures of other keys are not looked at.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] where a signature of one of these keys is another's, [`NoteError::Unsigned`] where none has signed,
    /// [`NoteError::OtherOrigin`].
    pub fn verify(&self, origin: &str, keys: &[&dyn NoteVerifier]) -> Result<Checkpoint, NoteError> {
        let mut signed = false;
        for key in keys {
            for own in self.signatures.iter().filter(|signature| signature.key == key.key()) {
                if !key.verifies(self.text.as_bytes(), &own.signature) {
                    return Err(NoteError::BadSignature);
                }
                signed = true;
            }
        }
        if !signed {
            return Err(NoteError::Unsigned);
        }
        let checkpoint = Checkpoint::parse(&self.text)?;
        if checkpoint.origin == origin { Ok(checkpoint) } else { Err(NoteError::OtherOrigin) }
    }
}

impl SignedCheckpoint {
    /// What it says, whoever signed it: good for nothing but to be compared with a trail.
    pub(crate) fn unverified(&self) -> Result<Checkpoint, NoteError> {
        Checkpoint::parse(&self.text)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for NoteSignature { key, signature } in &self.signatures {
            let bytes = [key.id.as_slice(), signature].concat();
            writeln!(f, "{SIGNATURE}{} {}", key.name, Base64::encode_string(&bytes))?;
        }
        Ok(())
    }
}

impl FromStr for SignedCheckpoint {
    type Err = NoteError;

    /// # Errors
    /// [`NoteError::Malformed`] with the line, [`NoteError::TooLong`].
    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        // The text ends at the last empty line: it may have some itself.
        let last = note.rfind("\n\n").and_then(|at| note.split_at_checked(at + 1));
        let (text, signatures) =
            last.ok_or(NoteError::Malformed { line: 1, wanted: "followed by signatures" })?;
        let before = text.lines().count() + 1;
        let signatures = signatures.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let mut read = Self::new(text.to_owned());
        for (at, line) in signatures.unwrap_or_default().split('\n').enumerate() {
            let malformed = || NoteError::Malformed { line: before + at + 1, wanted: "a signature" };
            if at == MAX_SIGNATURES {
                return Err(NoteError::TooLong);
            }
            let (name, bytes) =
                line.strip_prefix(SIGNATURE).and_then(|line| line.split_once(' ')).ok_or_else(malformed)?;
            let bytes = Base64::decode_vec(bytes).map_err(|_| malformed())?;
            let (id, signature) =
                bytes.split_first_chunk().filter(|(_, rest)| !rest.is_empty()).ok_or_else(malformed)?;
            let key = NoteKey::new(name.to_owned(), *id).map_err(|_| malformed())?;
            read.signatures.push(NoteSignature { key, signature: signature.to_vec() });
        }
        Checkpoint::parse(&read.text)?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// Not a signature: the text's hash under a password.
    struct Seal(&'static str);

    impl Seal {
        fn over(&self, text: &[u8]) -> Vec<u8> {
            Sha256::new_with_prefix(self.0).chain_update(text).finalize().to_vec()
        }
    }

    impl NoteSigner for Seal {
        type Error = Infallible;

        fn key(&self) -> NoteKey {
            NoteKey::ed25519(self.0, &[7; 32]).unwrap()
        }

        fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Infallible> {
            Ok(self.over(text))
        }
    }

    impl NoteVerifier for Seal {
        fn key(&self) -> NoteKey {
            NoteSigner::key(self)
        }

        fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
            self.over(text) == signature
        }
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint::new("audit.example.com/production", TreeHead { size: 20_852_163, root: [0xA7; 32] })
            .unwrap()
    }

    #[test]
    fn a_signed_checkpoint_is_read_back_and_verified() {
        let (ours, witness) = (Seal("audit.example.com"), Seal("witness.example.net"));
        let Ok(note) = checkpoint().sign(&ours);
        let Ok(signature) = witness.sign(checkpoint().text().as_bytes());
        let note = note.signed(NoteSignature { key: NoteSigner::key(&witness), signature });
        let shown = note.to_string();
        assert!(shown.starts_with("audit.example.com/production\n20852163\np6enp6en"));
        assert!(shown.contains("\n\n\u{2014} audit.example.com "));
        let read: SignedCheckpoint = shown.parse().unwrap();
        assert_eq!(read, note);
        for keys in [vec![&ours as &dyn NoteVerifier], vec![&witness], vec![&witness, &ours, &Seal("other")]]
        {
            assert_eq!(read.verify("audit.example.com/production", &keys), Ok(checkpoint()));
        }
        assert_eq!(read.verify("audit.example.com/production", &[&Seal("other")]), Err(NoteError::Unsigned));
        assert_eq!(read.verify("audit.example.com/staging", &[&ours]), Err(NoteError::OtherOrigin));
        let forged: SignedCheckpoint = shown.replace("20852163", "20852164").parse().unwrap();
        assert_eq!(forged.verify("audit.example.com/production", &[&ours]), Err(NoteError::BadSignature));
    }

    /// The Go project's key and its published hash (`sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8`).
    #[test]
    fn a_published_key_has_its_published_id() {
        let encoded = Base64::decode_vec("Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8").unwrap();
        let public: [u8; 32] = encoded[1..].try_into().unwrap();
        assert_eq!(NoteKey::ed25519("sum.golang.org", &public).unwrap().id(), [0x03, 0x3d, 0xe0, 0xae]);
    }

    #[test]
    fn what_is_no_checkpoint_says_in_which_line() {
        let Ok(note) = checkpoint().sign(&Seal("key"));
        let note = note.to_string();
        for (from, to, line) in [
            ("audit.example.com/production\n", "\n", 1),
            ("20852163", "020852163", 2),
            ("20852163", "+20852163", 2),
            ("20852163", "18446744073709551616", 2),
            ("p6en", "p6e", 3),
            ("p6en", "p6enp6en", 3),
            ("\u{2014} ", "- ", 5),
            ("\u{2014} key ", "\u{2014} k+ey ", 5),
            ("\n\n", "\n", 1),
        ] {
            let found = note.replacen(from, to, 1).parse::<SignedCheckpoint>();
            assert!(
                matches!(found, Err(NoteError::Malformed { line: at, .. }) if at == line),
                "{from} {to}: {found:?}"
            );
        }
        assert_eq!("x".repeat(MAX_NOTE_BYTES + 1).parse::<SignedCheckpoint>(), Err(NoteError::TooLong));
    }

    proptest! {
        #[test]
        fn any_text_gives_a_checkpoint_or_an_error(text in "(a\n1\n)?.{0,80}\n\n(\u{2014} k )?.{0,40}\n") {
            let _ = text.parse::<SignedCheckpoint>();
        }

        #[test]
        fn any_flipped_bit_of_a_note_is_refused(at in any::<prop::sample::Index>(), bit in 0..7_u32) {
            let key = Seal("key");
            let Ok(note) = checkpoint().sign(&key);
            let mut bytes = note.to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Ok(text) = String::from_utf8(bytes) {
                let verified = text.parse::<SignedCheckpoint>().and_then(|note| note.verify(&checkpoint().origin, &[&key]));
                prop_assert!(verified.is_err(), "{text}");
            }
        }
    }
}
