//! 10: what the trail says can be proved to a stranger, and goes on being provable when it has grown, and when its people are erased.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stewardship::audit::TrailBreak;
use stewardship::audit::tree::{Frontier, TreeHead, leaf_hash};
use stewardship::block_on;
use stewardship::contracts::{Anchor, AuditLog, Moment, Ports, StoreError, StoredEntry};
use stewardship::engine::{BuildError, TrailError, Trouble};
use stewardship::ports::memory::MemoryAnchor;

use super::life::{Restart, furnish, live};
use crate::world::*;

#[cfg(feature = "ed25519")]
mod signed;

fn stored(world: &World) -> Vec<StoredEntry> {
    block_on(world.memory.audit().read(0, usize::MAX)).unwrap()
}

#[test]
fn promise_10_two_writers_keep_one_tree() {
    let world = World::new();
    let (one, other) = (world.connected(), world.steward());
    for turn in 0..9 {
        // Each finds that the other was faster, by one entry and by several.
        let steward = if turn % 3 == 0 { &one } else { &other };
        steward.put(&about("ada"), &creator(&format!("word-{turn}")), &sync()).unwrap();
        assert_eq!(one.trail_head().unwrap(), other.verify_trail(None).unwrap());
    }
    let third = world.steward();
    std::thread::scope(|scope| {
        for steward in [&one, &other, &third, &one] {
            scope.spawn(move || {
                for turn in 0..20 {
                    steward.put(&about("bob"), &creator(&format!("word-{turn}")), &sync()).unwrap();
                }
            });
        }
    });
    let mut tree = Frontier::default();
    for entry in stored(&world) {
        let leaf = leaf_hash(entry.bytes().unwrap());
        assert_eq!((entry.index, entry.nodes), (tree.size(), tree.append(leaf)));
    }
    assert_eq!(one.verify_trail(None).unwrap(), tree.head());
}

/// A crash at any storage call, and everybody who had a proof has it still.
#[test]
fn promise_10_an_acknowledged_entry_is_never_lost_to_a_crash() {
    let world = World::new();
    furnish(&world);
    let before = world.steward().trail_head().unwrap();
    live(&world, .., [(120, Moment::After), (60, Moment::Before)], Restart::AtOnce);
    let steward = world.steward();
    let after = steward.verify_trail(Some(before)).unwrap();
    steward.prove_growth(before.size, after.size).unwrap().verify(&before, &after).unwrap();
}

#[test]
fn promise_10_a_steward_starts_only_over_a_trail_that_goes_on_from_what_was_kept() {
    let world = World::new();
    let steward = world.connected();
    let backup = world.memory.snapshot();
    steward.put(&about("ada"), &creator("ada"), &sync()).unwrap();
    let kept = steward.trail_head().unwrap();
    steward.put(&about("bob"), &creator("bob"), &sync()).unwrap();
    let anchored = |world: &World| world.start_anchored(kept);
    assert!(anchored(&world).is_ok());

    let shorter = world.over(&backup);
    let truncated = |refused: &Result<_, _>| {
        matches!(refused, Err(BuildError::Trail(TrailError::Broken(TrailBreak::Truncated { .. }))))
    };
    assert!(truncated(&anchored(&shorter).map(|_| ())));
    // As long as before, by another past.
    let other = shorter.steward();
    while other.trail_head().unwrap().size < kept.size + 3 {
        other.put(&about("eve"), &creator("eve"), &sync()).unwrap();
    }
    let rewritten = anchored(&shorter).map(|_| ());
    assert!(
        matches!(rewritten, Err(BuildError::Trail(TrailError::Broken(TrailBreak::Rewritten { .. })))),
        "{rewritten:?}"
    );
    // Nothing was written by those who were refused.
    assert_eq!(other.verify_trail(None).unwrap(), other.trail_head().unwrap());
}

/// An anchor that can be out of reach.
#[derive(Clone, Default)]
struct Far {
    inner: MemoryAnchor,
    away: Arc<AtomicBool>,
}

impl Far {
    fn reached(&self) -> Result<(), StoreError> {
        match self.away.load(Ordering::SeqCst) {
            true => Err(StoreError::unavailable("reach the anchor", "it is away")),
            false => Ok(()),
        }
    }

    fn kept(&self) -> Option<TreeHead> {
        block_on(self.inner.newest()).unwrap()
    }
}

impl Anchor for Far {
    async fn newest(&self) -> Result<Option<TreeHead>, StoreError> {
        self.reached()?;
        self.inner.newest().await
    }

    async fn keep(&self, head: TreeHead) -> Result<(), StoreError> {
        self.reached()?;
        self.inner.keep(head).await
    }
}

#[test]
fn promise_10_an_anchor_is_given_every_newest_head_and_a_trail_that_was_put_back_is_found() {
    let (world, anchor) = (World::new(), Far::default());
    let steward = world.start_anchored(anchor.clone()).unwrap();
    assert_eq!(anchor.kept(), Some(steward.trail_head().unwrap()));
    steward.accept_terms(&world.owner(), world.policy.digest()).unwrap();
    steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    let backup = world.memory.snapshot();
    steward.put(&about("ada"), &creator("ada"), &sync()).unwrap();
    let swept = steward.sweep().unwrap();
    assert_eq!((swept.anchored, anchor.kept()), (Some(steward.trail_head().unwrap()), swept.anchored));
    steward.put(&about("bob"), &creator("bob"), &sync()).unwrap();
    assert_eq!(steward.anchor_trail().unwrap(), Some(steward.trail_head().unwrap()));
    assert_eq!(anchor.kept(), Some(steward.trail_head().unwrap()));
    assert_eq!(world.steward().anchor_trail().unwrap(), None, "a steward without one");

    // Out of reach: no start, and what a sweep does is done and says so; the next one has the head kept.
    let kept = anchor.kept();
    anchor.away.store(true, Ordering::SeqCst);
    assert!(matches!(world.start_anchored(anchor.clone()), Err(BuildError::Trouble(Trouble::Store(_)))));
    assert!(matches!(steward.sweep(), Err(Trouble::Store(_))));
    assert_eq!(anchor.kept(), kept);
    anchor.away.store(false, Ordering::SeqCst);
    assert_eq!(steward.sweep().unwrap().anchored, Some(steward.trail_head().unwrap()));

    // Put back under a steward that runs, and grown past where it was: found none the less, and never kept over.
    let kept = anchor.kept().unwrap();
    world.memory.restore_records(&backup);
    let broken = |found: &TrailError| matches!(found, TrailError::Broken(TrailBreak::Truncated { .. }));
    assert!(steward.anchor_trail().as_ref().is_err_and(broken));
    while steward.trail_head().unwrap().size <= kept.size {
        steward.put(&about("eve"), &creator("eve"), &sync()).unwrap();
    }
    let rewritten = TrailBreak::Rewritten { size: kept.size };
    assert!(matches!(steward.sweep(), Err(Trouble::Anchor(found)) if found == rewritten));
    assert!(
        matches!(world.start_anchored(anchor.clone()), Err(BuildError::Trail(TrailError::Broken(found))) if found == rewritten)
    );
    assert_eq!(anchor.kept(), Some(kept));
}
