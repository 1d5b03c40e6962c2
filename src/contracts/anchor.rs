//! The contract for where the newest head of the audit trail is kept.

use std::future::Future;

use super::error::StoreError;
use crate::core::audit::tree::TreeHead;

/// Keeps the newest head of the audit trail where the trail's own store cannot reach: in another account, with a witness of transparency
/// logs, on paper. Against it alone a trail that was cut, or put back from a backup, is found.
///
/// A steward that is [given one](crate::engine::Builder::anchored) starts over no trail that does not go on from the newest head, and has its own
/// head kept when it starts and at the end of each sweep. A host that signs heads, or hands them to witnesses, does so in
/// [`keep`](Self::keep) ([`Checkpoint`](crate::audit::Checkpoint)).
///
/// To ensure correctness:
/// - **`forward`**: [`newest`](Self::newest) is the largest head that was ever kept; to keep one that is not larger changes nothing. Two stewards may
///   come in any order.
/// - **`durable`**: what was kept is there after a restart.
/// - It is apart: whoever can write to the trail's store cannot write here. No test shows that.
pub trait Anchor: Send + Sync + 'static {
    /// The newest head that was kept, where there is one.
    ///
    /// # Errors
    /// The anchor's own failures. A steward does not start then.
    fn newest(&self) -> impl Future<Output = Result<Option<TreeHead>, StoreError>> + Send;

    /// Keeps a head.
    ///
    /// # Errors
    /// The anchor's own failures; it may or may not have been kept.
    fn keep(&self, head: TreeHead) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A head that was kept by hand: a trail is measured by it, and newer ones are for the hand to keep.
impl Anchor for TreeHead {
    async fn newest(&self) -> Result<Option<TreeHead>, StoreError> {
        Ok(Some(*self))
    }

    async fn keep(&self, _: TreeHead) -> Result<(), StoreError> {
        Ok(())
    }
}
