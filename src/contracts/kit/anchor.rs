//! The rules for anchors.

use super::report::{Broken, Report, ensure};
use super::{Namespace, run_rules};
use crate::contracts::Anchor;
use crate::core::audit::tree::TreeHead;

/// Runs every rule for an [`Anchor`] that can be asked in one process, on an empty one that `fresh` makes.
///
/// # Example: a host's test of its own anchor
/// ```
/// use stewardship::contracts::{block_on, kit};
/// use stewardship::ports::memory::MemoryAnchor;
/// block_on(kit::check_anchor(async || MemoryAnchor::new())).into_result()?;
/// # Ok::<(), kit::KitError>(())
/// ```
pub async fn check_anchor<A: Anchor>(mut fresh: impl AsyncFnMut() -> A) -> Report {
    let namespace = Namespace::new("anchor");
    run_rules!(namespace, fresh, { "forward" => forward })
}

async fn forward<A: Anchor>(anchor: &A, _: &Namespace) -> Result<(), Broken> {
    let head = |size: u64| TreeHead { size, root: [size.to_le_bytes()[0]; 32] };
    let newest = anchor.newest().await?;
    ensure(newest.is_none(), "nothing in an empty anchor", || format!("{newest:?}"), "begin without a head")?;
    for (kept, newest) in [(3, 3), (5, 5), (4, 5), (256, 256), (5, 256), (257, 257)] {
        anchor.keep(head(kept)).await?;
        let found = anchor.newest().await?;
        let expected = format!("the head of {newest} entries once that of {kept} was kept");
        ensure(found == Some(head(newest)), &expected, || format!("{found:?}"), "keep only what is larger")?;
    }
    let other = TreeHead { root: [9; 32], ..head(257) };
    anchor.keep(other).await?;
    let found = anchor.newest().await?;
    let hint = "a head of the same size is not larger";
    ensure(found == Some(head(257)), "the head that was kept first", || format!("{found:?}"), hint)
}
