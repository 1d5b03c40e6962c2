//! Evidence: entries of the trail that a stranger can check, with nothing but a public key.

use serde::{Deserialize, Serialize};

use super::checkpoint::{Checkpoint, NoteError, NoteVerifier, SignedCheckpoint};
use super::entry::{Entry, EntryError};
use super::tree::{InclusionProof, InvalidProof, leaf_hash};

/// A bundle of evidence: entries of a trail, each with the proof that it is under a signed checkpoint.
///
/// In JSON it is whole in itself: the checkpoint as its text, each entry as the text that was hashed, and the hashes of its proof in base64, so
/// that any verifier of RFC 6962 checks it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EvidenceBundle {
    /// The signed checkpoint.
    pub checkpoint: String,
    /// The entries.
    pub entries: Vec<ProvenEntry>,
}

/// An entry, as it was hashed, and the proof that it is in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the entry and its proof: there is nothing else to it")]
pub struct ProvenEntry {
    /// The entry in its canonical form.
    pub body: String,
    /// The proof.
    pub proof: InclusionProof,
}

impl ProvenEntry {
    /// An entry of the trail, which is JSON and so text, with its proof.
    pub(crate) fn of(entry: &[u8], proof: InclusionProof) -> Self {
        Self { body: String::from_utf8_lossy(entry).into_owned(), proof }
    }
}

/// Evidence that shows nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The checkpoint is not what it should be.
    #[error(transparent)]
    Checkpoint(#[from] NoteError),
    /// An entry is not under the checkpoint.
    #[error("entry {entry} is not in the trail of the checkpoint")]
    NotInTrail {
        /// The number that it claims.
        entry: u64,
        /// What its proof says.
        source: InvalidProof,
    },
    /// An entry is in the trail, and is none of this format: a later version wrote it.
    #[error("entry {entry} cannot be understood")]
    NotUnderstood {
        /// Its number.
        entry: u64,
        /// Why.
        source: EntryError,
    },
}

impl EvidenceBundle {
    /// Of entries under a checkpoint.
    #[must_use]
    pub fn new(checkpoint: &SignedCheckpoint, entries: Vec<ProvenEntry>) -> Self {
        Self { checkpoint: checkpoint.to_string(), entries }
    }

    /// Checks that every entry is in the trail `origin`, as one of these keys has signed it. Gives the checkpoint and the entries, with their
    /// numbers.
    ///
    /// # Errors
    /// [`EvidenceError`] with the first entry that is not.
    pub fn verify(
        &self,
        origin: &str,
        keys: &[&dyn NoteVerifier],
    ) -> Result<(Checkpoint, Vec<(u64, Entry)>), EvidenceError> {
        let checkpoint = self.checkpoint.parse::<SignedCheckpoint>()?.verify(origin, keys)?;
        let mut entries = Vec::with_capacity(self.entries.len());
        for ProvenEntry { body, proof } in &self.entries {
            let entry = proof.leaf;
            let proved = proof.verify(&leaf_hash(body.as_bytes()), &checkpoint.tree);
            proved.map_err(|source| EvidenceError::NotInTrail { entry, source })?;
            let read = Entry::from_bytes(body.as_bytes());
            entries.push((entry, read.map_err(|source| EvidenceError::NotUnderstood { entry, source })?));
        }
        Ok((checkpoint, entries))
    }
}
