//! 10: what the trail says can be proved to a stranger, and goes on being provable when it has grown, and when its people are erased.

use stewardship::audit::TrailBreak;
use stewardship::audit::tree::{Frontier, leaf_hash};
use stewardship::block_on;
use stewardship::contracts::{AuditLog, Moment, Ports, StoredEntry};
use stewardship::engine::{BuildError, TrailError};

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
