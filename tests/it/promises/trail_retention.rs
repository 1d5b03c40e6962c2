//! 6, 9, 10: what the trail says goes when its time is over, after the trail has said so; what proves the rest stays.

use stewardship::audit::tree::leaf_hash;
use stewardship::audit::{AuditEvent, Entry, TrailBreak};
use stewardship::contracts::{AuditLog, Moment, Ports, StoredEntry};
use stewardship::engine::{TrailError, TrailQuery};
use stewardship::retention::{Hold, HoldCover};
use stewardship::{Period, block_on};

use super::life::BOB;
use super::reading::{read_all, reader};
use crate::world::*;

fn stored(world: &World) -> Vec<StoredEntry> {
    block_on(world.memory.audit().read(0, usize::MAX)).unwrap()
}

/// How many entries have expired; those are the first ones.
fn expired(world: &World) -> usize {
    let stored = stored(world);
    let gone = stored.iter().take_while(|entry| entry.body.is_none()).count();
    assert!(stored[gone..].iter().all(|entry| entry.body.is_some()));
    assert!(stored.iter().all(|entry| !entry.nodes.is_empty()));
    gone
}

/// The bounds that the trail has said, in order.
fn said(world: &World) -> Vec<u64> {
    let entries = stored(world).into_iter().filter_map(|entry| Entry::from_bytes(entry.bytes()?).ok());
    let bounds = entries.filter_map(|entry| match entry.event {
        AuditEvent::TrailExpired { below, .. } => Some(below),
        _ => None,
    });
    bounds.collect()
}

/// A trail that is kept for a year: something of the first day, something of 300 days after.
fn aged() -> (World, TestSteward) {
    aged_after(0)
}

/// The same, with so many more of the first day.
fn aged_after(readers: usize) -> (World, TestSteward) {
    let kept = "category = \"audit_trail\"\nkeep = \"7 years\"";
    assert!(POLICY.contains(kept));
    let world = World::under(&POLICY.replace(kept, &kept.replace("7 years", "1 year")));
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward.put(&about(BOB), &creator("bob"), &sync()).unwrap();
    read::<Creator>(&steward, &about(ADA)).unwrap();
    (0..readers).for_each(|_| drop(reader(&world, &steward)));
    world.clock.advance(Period::days(300));
    read::<Creator>(&steward, &about(ADA)).unwrap();
    (world, steward)
}

#[test]
fn promise_06_what_the_trail_says_goes_when_its_time_is_over_and_the_tree_stays() {
    let (world, steward) = aged();
    let exported = stored(&world);
    let old = exported.iter().take_while(|entry| entry.at < world.now()).count();
    let kept = steward.trail_head().unwrap();
    world.clock.advance(Period::days(65));
    assert_eq!(steward.sweep().unwrap().trail, Default::default(), "not before the day is over");
    assert_eq!((expired(&world), said(&world)), (0, Vec::new()));

    world.clock.advance(Period::days(1));
    let swept = steward.sweep().unwrap();
    assert_eq!((swept.trail.expired, swept.trail.left, expired(&world)), (old as u64, 0, old));
    assert_eq!(said(&world), [old as u64]);
    assert_eq!(steward.sweep().unwrap().trail, Default::default());
    assert_eq!(said(&world), [old as u64], "said once");

    // What was proved, and what is left, is proved as before.
    let now = steward.verify_trail(Some(kept)).unwrap();
    steward.prove_growth(kept.size, now.size).unwrap().verify(&kept, &now).unwrap();
    let all: Vec<u64> = (0..now.size).collect();
    for (proof, was) in steward.prove_entries(&all, now.size).unwrap().iter().zip(stored(&world)) {
        // Whoever exported an entry before it expired proves it still.
        let bytes = was.bytes().or_else(|| exported[proof.leaf as usize].bytes()).unwrap();
        proof.verify(&leaf_hash(bytes), &now).unwrap();
    }
    // A reader finds what is left, and what was there goes on to be appended to.
    let grant = reader(&world, &steward);
    let found = read_all(&steward, &grant, &TrailQuery::about(ADA));
    assert!(!found.is_empty() && found.iter().all(|(index, _)| *index >= old as u64));
    assert!(world.start_anchored(kept).is_ok());
}

#[test]
fn promise_05_while_a_hold_stands_nothing_of_the_trail_goes() {
    let (world, steward) = aged();
    world.clock.advance(Period::days(70));
    let covers = HoldCover::tenant("other-kg").category("user_content");
    steward.place_hold(&Hold::new("lit-7", covers, "a dispute", "legal", world.now())).unwrap();
    let held = steward.sweep().unwrap().trail;
    assert!(held.expired == 0 && held.left > 0 && held.held_by == ["lit-7"], "{held:?}");
    assert_eq!((expired(&world), said(&world)), (0, Vec::new()));
    steward.lift_hold(&"other-kg".into(), "lit-7").unwrap();
    assert_eq!(steward.sweep().unwrap().trail.expired, held.left);
    assert_eq!(expired(&world) as u64, held.left);
}

#[test]
fn promise_10_no_entry_is_hidden_by_letting_it_expire() {
    let (world, steward) = aged();
    let broken = world.fork();
    block_on(broken.memory.audit().expire(3)).unwrap();
    let missing = |world: &World| match world.steward().verify_trail(None) {
        Err(TrailError::Broken(TrailBreak::Missing { index })) => Some(index),
        other => {
            other.unwrap();
            None
        }
    };
    assert_eq!(missing(&broken), Some(0));
    world.clock.advance(Period::days(70));
    let bound = steward.sweep().unwrap().trail.expired;
    assert_eq!(missing(&world), None);
    block_on(world.memory.audit().expire(bound + 1)).unwrap();
    assert_eq!(missing(&world), Some(bound));
}

/// In several steps, with a crash at each call before and after it takes effect, and another process that goes on.
#[test]
fn promise_09_the_trail_expires_to_the_same_end_whatever_crashes() {
    let (world, _) = aged_after(1_500);
    world.clock.set(moment("2027-11-24T10:00:00Z"));
    let whole = world.fork();
    let before = whole.faults.calls();
    let swept = whole.steward().sweep().unwrap();
    let calls = whole.faults.calls() - before;
    let end = expired(&whole);
    assert!(swept.trail.expired > 1_500 && end as u64 == swept.trail.expired, "{:?}", swept.trail);
    for n in 1..=calls {
        for moment in Moment::ALL {
            let world = world.fork();
            world.faults.arm(n, moment);
            let _ = world.start().map(|steward| steward.sweep());
            world.faults.recover();
            let part = expired(&world);
            assert!(part == 0 || said(&world) == [end as u64], "{n} {moment:?}: said before it is so");
            world.steward().sweep().unwrap();
            assert_eq!((expired(&world), said(&world)), (end, vec![end as u64]), "{n} {moment:?}");
            if n % 16 == 0 {
                world.steward().verify_trail(None).unwrap();
            }
        }
    }
}

#[test]
fn promise_09_two_sweeps_at_once_let_the_same_entries_expire() {
    let (world, one) = aged();
    world.clock.advance(Period::days(70));
    let other = world.steward();
    std::thread::scope(|scope| {
        for steward in [&one, &other] {
            scope.spawn(|| steward.sweep().unwrap());
        }
    });
    let end = expired(&world) as u64;
    assert!(end > 0 && said(&world).iter().all(|below| *below == end), "{:?}", said(&world));
    one.verify_trail(None).unwrap();
}
