//! Signed checkpoints of the trail, kept with the steward's papers.

use serde::{Deserialize, Serialize};

use super::papers::{self, Paper};
use super::steward::Steward;
use super::trail::TrailError;
use super::trouble::Trouble;
use crate::contracts::{DocumentKind, Ports};
use crate::core::audit::{Checkpoint, NoteError, NoteVerifier, SignedCheckpoint};
use crate::core::id::TenantId;

/// Checkpoints are of the whole trail, and so of no tenant; papers of their kind stand under this name.
const NOBODY: &str = "trail";

/// A checkpoint as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    tenant: TenantId,
    size: u64,
    /// The signed text.
    note: String,
}

impl Paper for Kept {
    const KIND: DocumentKind = DocumentKind::Checkpoint;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// In order of size.
    fn id(&self) -> String {
        format!("{:020}", self.size)
    }
}

/// Why a checkpoint is not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It is not signed as it should be, or is another trail's.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The trail does not go on from it.
    #[error(transparent)]
    Trail(#[from] TrailError),
}

impl From<Trouble> for CheckpointError {
    fn from(trouble: Trouble) -> Self {
        Self::Trail(trouble.into())
    }
}

impl<P: Ports> Steward<P> {
    /// Keeps a signed checkpoint, for as long as the trail is there: it outlives the entries that it is over. Of two of one size the newer
    /// one stays, which may have a witness more.
    ///
    /// It is verified first, and so is that this trail goes on from it. Keep checkpoints elsewhere as well: this copy lies where the trail's
    /// own store can reach it.
    ///
    /// # Errors
    /// [`CheckpointError::Note`] where it is not signed by `key` as one of `origin`, [`CheckpointError::Trail`] where it is not of this
    /// trail.
    pub async fn keep_checkpoint(
        &self,
        note: &SignedCheckpoint,
        origin: &str,
        key: &(dyn NoteVerifier + Sync),
    ) -> Result<Checkpoint, CheckpointError> {
        let checkpoint = note.verify(origin, &[key])?;
        self.goes_on_from(checkpoint.tree).await?.map_err(TrailError::from)?;
        let kept = Kept { tenant: TenantId::new(NOBODY), size: checkpoint.tree.size, note: note.to_string() };
        papers::update(self.papers(), &kept.tenant, &kept.id(), |_: Option<Kept>| {
            Ok::<_, Trouble>(kept.clone())
        })
        .await?;
        Ok(checkpoint)
    }

    /// The checkpoints that are kept, in order of their size. Verify each before you rely on it
    /// ([`SignedCheckpoint::verify`]).
    ///
    /// # Errors
    /// A failure below the engine, or a text that is no checkpoint.
    pub async fn checkpoints(&self) -> Result<Vec<SignedCheckpoint>, CheckpointError> {
        let kept = papers::all::<Kept>(self.papers(), Some(&TenantId::new(NOBODY))).await?;
        kept.into_iter().map(|filed| Ok(filed.paper.note.parse()?)).collect()
    }
}
