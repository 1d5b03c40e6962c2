//! Proofs out of the trail, for who does not hold it.

use super::steward::Steward;
use super::trail::TrailError;
use super::trouble::Trouble;
use crate::contracts::{AuditLog, Ports};
use crate::core::audit::tree::{ConsistencyProof, TreeHead, Wanted};
use crate::core::audit::{ProvenEntry, TrailBreak};

impl<P: Ports> Steward<P> {
    /// The head of the audit trail: how many entries, and the root over them. What a [`Checkpoint`](crate::audit::Checkpoint) is made of;
    /// kept elsewhere, it shows truncation and rewriting (`verify_trail`, [`Builder::anchored`](super::Builder::anchored)).
    ///
    /// It is read from the nodes of the tree, some log₂ of the size; that the entries are those that were hashed is for `verify_trail`.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn trail_head(&self) -> Result<TreeHead, Trouble> {
        Ok(self.tree_of(self.trail_size().await?).await?.head())
    }

    /// Proves that entries are in the trail as it was when it had `size` entries.
    ///
    /// # Errors
    /// [`TrailError::NoEntry`] where the trail had no such entry, [`TrailError::Expired`] where it is over.
    pub async fn prove_entries(&self, entries: &[u64], size: u64) -> Result<Vec<ProvenEntry>, TrailError> {
        let log = self.inner.ports.audit();
        let mut found = Vec::with_capacity(entries.len());
        for &entry in entries {
            let stored =
                log.read(entry, 1).await?.into_iter().find(|stored| stored.index == entry && entry < size);
            found.push(stored.ok_or(TrailError::NoEntry { entry, size })?);
        }
        let nodes = self.nodes(entries.iter().map(|&leaf| Wanted::Inclusion { leaf, size })).await?;
        let mut proven = Vec::with_capacity(found.len());
        for stored in &found {
            let entry = stored.index;
            let body = stored.bytes().ok_or(TrailError::Expired { entry })?;
            let proof = nodes.inclusion(entry, size).map_err(Trouble::from)?;
            proven.push(ProvenEntry::of(body, proof));
        }
        Ok(proven)
    }

    /// Proves that the trail of `size` entries goes on from the one of `old` entries: that nothing of it was changed or taken out since.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn prove_growth(&self, old: u64, size: u64) -> Result<ConsistencyProof, TrailError> {
        let nodes = self.nodes([Wanted::Consistency { old, size }]).await?;
        Ok(nodes.consistency(old, size).map_err(Trouble::from)?)
    }

    /// Whether the trail goes on from a head that was kept elsewhere.
    pub(super) async fn goes_on_from(&self, kept: TreeHead) -> Result<(), TrailError> {
        let now = self.trail_head().await?;
        if now.size < kept.size {
            return Err(TrailBreak::Truncated { expected: kept.size, found: now.size }.into());
        }
        let proof = self.prove_growth(kept.size, now.size).await?;
        proof.verify(&kept, &now).map_err(|_| TrailBreak::Rewritten { size: kept.size }.into())
    }
}
