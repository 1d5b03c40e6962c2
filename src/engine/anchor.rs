//! The anchor: the newest head of the trail, where its store cannot reach.

use super::steward::Steward;
use super::trail::TrailError;
use super::trouble::Trouble;
use crate::contracts::{Anchor, Ports};
use crate::core::audit::TrailBreak;
use crate::core::audit::tree::TreeHead;

impl<P: Ports> Steward<P> {
    /// Has the [`Anchor`] keep the head of the trail as it is now, once the trail is known to go on from the newest that it has: what is younger can be cut
    /// off unseen. `None` where the steward was [given no anchor](super::Builder::anchored).
    ///
    /// A steward does it when it starts and at the end of each [`sweep`](Self::sweep); a host may do it as often as it likes.
    ///
    /// # Errors
    /// [`TrailError::Broken`] where the trail does not go on from there: nothing newer is kept then, so that it stays found.
    pub async fn anchor_trail(&self) -> Result<Option<TreeHead>, TrailError> {
        Ok(self.keep_head().await??)
    }

    pub(super) async fn keep_head(&self) -> Result<Result<Option<TreeHead>, TrailBreak>, Trouble> {
        let followed = self.follow_anchor().await?;
        if let (Some(anchor), Ok(Some(head))) = (&self.inner.anchor, &followed) {
            anchor.keep(*head).await?;
        }
        Ok(followed)
    }

    /// Whether the trail goes on from what the anchor has; its head now, where there is an anchor.
    pub(super) async fn follow_anchor(&self) -> Result<Result<Option<TreeHead>, TrailBreak>, Trouble> {
        let Some(anchor) = &self.inner.anchor else { return Ok(Ok(None)) };
        Ok(match anchor.newest().await? {
            Some(kept) => self.goes_on_from(kept).await?.map(Some),
            None => Ok(Some(self.trail_head().await?)),
        })
    }
}
