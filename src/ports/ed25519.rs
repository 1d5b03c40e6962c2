//! Signing checkpoints with Ed25519 (RFC 8032), by `ed25519-dalek`; feature `ed25519`.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::core::audit::{NoteError, NoteKey, NoteSigner, NoteVerifier};

/// A key that signs checkpoints. Wiped when it is dropped, and `Debug` shows its public half.
///
/// # Example: a checkpoint is signed, and a stranger checks it with a line of text
/// ```
/// use stewardship::audit::tree::TreeHead;
/// use stewardship::audit::{Checkpoint, SignedCheckpoint};
/// use stewardship::ports::ed25519::{CheckpointKey, CheckpointVerifier};
///
/// let key = CheckpointKey::from_seed("audit.example.com", &[42; 32])?;
/// let note = Checkpoint::new("audit.example.com/production", TreeHead::EMPTY)?.sign(&key)?.to_string();
///
/// let stranger: CheckpointVerifier = key.verifier().to_string().parse()?;
/// let read = note.parse::<SignedCheckpoint>()?.verify("audit.example.com/production", &[&stranger])?;
/// assert_eq!(read.tree, TreeHead::EMPTY);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CheckpointKey {
    key: NoteKey,
    signing: SigningKey,
}

impl CheckpointKey {
    /// From its name and the 32 bytes of its secret half.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] where the name is empty or has spaces or plus signs.
    pub fn from_seed(name: impl Into<String>, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let signing = SigningKey::from_bytes(seed);
        Ok(Self { key: NoteKey::ed25519(name, signing.verifying_key().as_bytes())?, signing })
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> CheckpointVerifier {
        CheckpointVerifier { key: self.key.clone(), verifying: self.signing.verifying_key() }
    }
}

impl fmt::Debug for CheckpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckpointKey({})", self.verifier())
    }
}

impl NoteSigner for CheckpointKey {
    type Error = Infallible;

    fn key(&self) -> NoteKey {
        self.key.clone()
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Infallible> {
        Ok(self.signing.sign(text).to_bytes().to_vec())
    }
}

/// The public half of a key that signs checkpoints. Written and read in the form of C2SP `signed-note`: `NAME+ID+KEY`.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckpointVerifier {
    key: NoteKey,
    verifying: VerifyingKey,
}

impl NoteVerifier for CheckpointVerifier {
    fn key(&self) -> NoteKey {
        self.key.clone()
    }

    fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        // Strictly: a key of small order signs anything (RFC 8032 section 8.4 of its errata; ed25519-dalek's documentation).
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.verifying.verify_strict(text, &signature).is_ok())
    }
}

impl fmt::Display for CheckpointVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.key.id());
        let bytes = [&[1], self.verifying.as_bytes().as_slice()].concat();
        write!(f, "{}+{id:08x}+{}", self.key.name(), Base64::encode_string(&bytes))
    }
}

impl fmt::Debug for CheckpointVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckpointVerifier({self})")
    }
}

impl FromStr for CheckpointVerifier {
    type Err = NoteError;

    /// # Errors
    /// [`NoteError::Malformed`] where it is not of that form, or the id is not the key's.
    fn from_str(text: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed { line: 1, wanted: "a key `NAME+ID+KEY` of Ed25519" };
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(bytes)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed);
        };
        let bytes = Base64::decode_vec(bytes).map_err(|_| malformed)?;
        let (kind, public) = bytes.split_first().ok_or(malformed)?;
        let public: &[u8; 32] = public.try_into().map_err(|_| malformed)?;
        let verifying = VerifyingKey::from_bytes(public).map_err(|_| malformed)?;
        let key = NoteKey::ed25519(name, public)?;
        let is_own = *kind == 1 && id == format!("{:08x}", u32::from_be_bytes(key.id()));
        if is_own { Ok(Self { key, verifying }) } else { Err(malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::audit::tree::TreeHead;
    use crate::core::audit::{Checkpoint, SignedCheckpoint};

    /// The example of the Go project's note package, which C2SP `signed-note` comes from.
    #[test]
    fn a_published_note_verifies() {
        let key: CheckpointVerifier =
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
        let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let signed =
            "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
        let bytes = Base64::decode_vec(signed).unwrap();
        assert_eq!(bytes[..4], key.key().id());
        assert!(key.verifies(text.as_bytes(), &bytes[4..]));
        assert!(
            !key.verifies(&text.as_bytes()[1..], &bytes[4..]) && !key.verifies(text.as_bytes(), &bytes[3..])
        );
        assert_eq!(key.to_string().parse::<CheckpointVerifier>().unwrap(), key);
    }

    #[test]
    fn any_flipped_bit_of_a_key_or_a_signature_is_refused() {
        let key = CheckpointKey::from_seed("audit", &[1; 32]).unwrap();
        let Ok(signature) = key.sign(b"text");
        for bit in 0..signature.len() * 8 {
            let mut other = signature.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verifier().verifies(b"text", &other));
        }
        let text = key.verifier().to_string();
        for (from, to) in [("audit", "audio"), ("+A", "+B"), ("audit+", "audit")] {
            assert!(text.replacen(from, to, 1).parse::<CheckpointVerifier>().is_err(), "{from}");
        }
        let other = CheckpointKey::from_seed("audit", &[2; 32]).unwrap();
        let Ok(note) = Checkpoint::new("audit", TreeHead::EMPTY).unwrap().sign(&other);
        let note: SignedCheckpoint = note.to_string().parse().unwrap();
        assert_eq!(note.verify("audit", &[&key.verifier()]), Err(NoteError::Unsigned));
    }
}
