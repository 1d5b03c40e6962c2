//! Proofs out of the trail, for who does not hold it.

use super::steward::Steward;
use super::trail::TrailError;
use super::trouble::Trouble;
use crate::contracts::Ports;
use crate::core::audit::TrailBreak;
use crate::core::audit::tree::{ConsistencyProof, InclusionProof, TreeHead, Wanted};

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

    /// Proves that entries are in the trail as it was when it had `size` entries: those that have expired, too.
    ///
    /// A proof says nothing of what an entry says, so it asks for no grant: whoever has read the entry, or exported it, checks the proof
    /// against the hash of its [bytes](crate::audit::Entry::to_bytes).
    ///
    /// # Errors
    /// [`TrailError::NoEntry`] where the trail had no such entry, or never had so many.
    pub async fn prove_entries(&self, entries: &[u64], size: u64) -> Result<Vec<InclusionProof>, TrailError> {
        let there_are = self.trail_size().await?;
        let beyond = entries.iter().copied().find(|&entry| entry >= size);
        if let Some(entry) = beyond.or_else(|| (size > there_are).then_some(size - 1)) {
            return Err(TrailError::NoEntry { entry, size: size.min(there_are) });
        }
        let nodes = self.nodes(entries.iter().map(|&leaf| Wanted::Inclusion { leaf, size })).await?;
        let proofs = entries.iter().map(|&entry| nodes.inclusion(entry, size).map_err(Trouble::from));
        Ok(proofs.collect::<Result<_, _>>()?)
    }

    /// Proves that the trail of `size` entries goes on from the one of `old` entries: that nothing of it was changed or taken out since.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn prove_growth(&self, old: u64, size: u64) -> Result<ConsistencyProof, Trouble> {
        let nodes = self.nodes([Wanted::Consistency { old, size }]).await?;
        Ok(nodes.consistency(old, size)?)
    }

    /// Whether the trail goes on from a head that was kept elsewhere; its head now.
    pub(super) async fn goes_on_from(&self, kept: TreeHead) -> Result<Result<TreeHead, TrailBreak>, Trouble> {
        let now = self.trail_head().await?;
        if now.size < kept.size {
            return Ok(Err(TrailBreak::Truncated { expected: kept.size, found: now.size }));
        }
        let proof = self.prove_growth(kept.size, now.size).await?;
        let grown = proof.verify(&kept, &now);
        Ok(grown.map(|()| now).map_err(|_| TrailBreak::Rewritten { size: kept.size }))
    }
}
