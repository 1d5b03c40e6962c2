//! An anchor in memory.

use super::{Shared, lock};
use crate::contracts::{Anchor, StoreError};
use crate::core::audit::tree::TreeHead;

/// An anchor in memory: for tests, and to see how one is made. Clones share it. It is gone with the process, and so guards nothing.
#[derive(Clone, Debug, Default)]
pub struct MemoryAnchor(Shared<Option<TreeHead>>);

impl MemoryAnchor {
    /// Without a head.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Anchor for MemoryAnchor {
    async fn newest(&self) -> Result<Option<TreeHead>, StoreError> {
        Ok(*lock(&self.0))
    }

    async fn keep(&self, head: TreeHead) -> Result<(), StoreError> {
        let mut kept = lock(&self.0);
        if kept.is_none_or(|kept| kept.size < head.size) {
            *kept = Some(head);
        }
        Ok(())
    }
}
