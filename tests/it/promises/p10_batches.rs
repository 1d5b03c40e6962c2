//! 10: what the policy lets wait is on the trail in its order, and a crash loses of it no more than the policy says.

use std::collections::BTreeSet;
use std::pin::pin;
use std::task::{Context, Waker};

use proptest::prelude::*;
use stewardship::access::Environment;
use stewardship::audit::{AuditEvent, RequestId};
use stewardship::contracts::{Moment, Ports, RecordQuery, RecordStore};
use stewardship::{Period, Steward, block_on};

use super::life::trail;
use super::races::{Racing, race, racer};
use crate::world::*;

/// What is internal waits, for at most as many and as long.
pub(super) fn batched(batch: &str) -> World {
    let was = "[levels.internal]\ncovers = \"Routine operational content that is not meant for release.\"\nrecord = \"never\"";
    assert!(POLICY.contains(was));
    let policy = POLICY.replace(was, &was.replace("never", "batched"));
    World::under(&policy.replace("[audit]\n", &format!("[audit]\n{batch}")))
}

fn request(n: u64) -> RequestId {
    RequestId::from_bytes((u128::from(n) + 1).to_be_bytes()).unwrap()
}

/// Something internal, whose entry may wait.
fn waits(steward: &Steward<impl Ports>, n: u64) -> bool {
    let at = about("creator-1").record(format!("round-{}", n % 3));
    block_on(steward.during(request(n)).put(&at, &pacing("on"), &sync())).is_ok()
}

/// Something confidential, whose entry may not.
fn must(steward: &Steward<impl Ports>, n: u64) -> bool {
    block_on(steward.during(request(n)).put(&about("creator-1"), &creator("ada"), &sync())).is_ok()
}

/// The numbers of the requests, in the order in which their entries stand on the trail.
fn on_record(world: &World) -> Vec<u64> {
    let number = |request: RequestId| u64::try_from(u128::from_be_bytes(*request.as_bytes()) - 1).unwrap();
    trail(world).into_iter().filter_map(|entry| entry.request).map(number).collect()
}

#[test]
fn promise_10_what_may_wait_stands_in_front_of_what_may_not() {
    let world = batched("");
    let steward = world.connected();
    assert!((0..5).all(|n| waits(&steward, n)));
    assert!(on_record(&world).is_empty());
    assert!(must(&steward, 5));
    assert_eq!(on_record(&world), [0, 1, 2, 3, 4, 5]);
    // By a call of the host's own.
    assert!(waits(&steward, 6));
    steward.flush_trail().unwrap();
    steward.flush_trail().unwrap();
    assert_eq!(on_record(&world), [0, 1, 2, 3, 4, 5, 6]);
    steward.verify_trail(None).unwrap();
}

#[test]
fn promise_10_a_batch_is_written_when_it_is_full_or_old() {
    let world = batched("");
    let steward = world.connected();
    assert!((0..63).all(|n| waits(&steward, n)));
    assert!(on_record(&world).is_empty());
    assert!(waits(&steward, 63));
    assert_eq!(on_record(&world), (0..64).collect::<Vec<_>>());
    assert!(waits(&steward, 64));
    world.clock.advance(Period::seconds(5));
    assert!(waits(&steward, 65));
    assert_eq!(on_record(&world).len(), 64);
    world.clock.advance(Period::seconds(1));
    assert!(waits(&steward, 66));
    assert_eq!(on_record(&world).len(), 67);
    // A clock that is put back lets nothing wait for longer.
    assert!(waits(&steward, 67));
    world.clock.set(moment("2026-11-22T08:00:00Z"));
    assert!(waits(&steward, 68));
    assert_eq!(on_record(&world), (0..69).collect::<Vec<_>>());
    steward.verify_trail(None).unwrap();

    let world = batched("batch = 3\nwithin = \"1 hour\"\n");
    let steward = world.connected();
    assert!((0..7).all(|n| waits(&steward, n)));
    assert_eq!(on_record(&world), [0, 1, 2, 3, 4, 5]);
}

/// A process that dies loses what waited, fewer than a batch, and nothing else; the trail is whole.
#[test]
fn promise_10_a_crash_loses_less_than_a_batch_and_only_what_may_wait() {
    let world = batched("");
    let steward = world.connected();
    assert!((0..10).all(|n| if n % 4 == 3 { must(&steward, n) } else { waits(&steward, n) }));
    drop(steward);
    assert_eq!(on_record(&world), [0, 1, 2, 3, 4, 5, 6, 7]);
    let steward = world.steward();
    assert!(must(&steward, 10));
    assert_eq!(on_record(&world), [0, 1, 2, 3, 4, 5, 6, 7, 10]);
    let started = trail(&world).into_iter().rev().nth(1).unwrap().event;
    assert_eq!(started, AuditEvent::Started { environment: Environment::Production });
    steward.verify_trail(None).unwrap();
}

/// Where the trail cannot be written, what must be on record does not happen; what waited goes on waiting, and stands there once, also where
/// the answer to its append was lost; and past a full batch what may wait does not happen either.
#[test]
fn promise_10_what_waited_is_written_once_after_a_failure() {
    for moment in Moment::ALL {
        let world = batched("");
        let steward = world.connected();
        assert!((0..3).all(|n| waits(&steward, n)));
        let before = world.faults.calls();
        assert!(must(&steward, 3));
        let calls = world.faults.calls() - before;
        for n in 1..=calls {
            let world = batched("");
            let steward = world.connected();
            assert!((0..3).all(|n| waits(&steward, n)));
            world.faults.arm(n, moment);
            let done = must(&steward, 3);
            world.faults.recover();
            steward.flush_trail().unwrap();
            let mut expected: Vec<u64> = (0..3).collect();
            let told = on_record(&world);
            expected.extend(told.iter().filter(|n| **n == 3));
            assert!(told == expected && (!done || told.len() == 4), "call {n}, {moment:?}: {told:?}");
            steward.verify_trail(None).unwrap();
        }
    }
}

#[test]
fn promise_10_past_a_full_batch_that_cannot_be_written_nothing_happens() {
    let world = batched("");
    let steward = world.connected();
    assert!((0..63).all(|n| waits(&steward, n)));
    let rows =
        |world: &World| block_on(world.memory.records().list(&RecordQuery::default(), None, 99)).unwrap();
    let (before, mut refused) = (rows(&world), 0);
    for n in 1.. {
        world.faults.arm(n, Moment::Before);
        assert!(!waits(&steward, 63));
        world.faults.recover();
        assert_eq!(rows(&world), before);
        if !on_record(&world).is_empty() {
            break;
        }
        refused += 1;
    }
    assert!(refused > 1, "the append failed, and what comes before it");
    assert_eq!(on_record(&world), (0..64).collect::<Vec<_>>());
}

/// A future that is dropped while it appends leaves nothing behind that another one trips over.
#[test]
fn promise_10_a_call_that_is_given_up_while_it_appends_loses_and_doubles_nothing() {
    for polls in 1..12 {
        let world = batched("");
        world.connected();
        let steward = racer(&world, Period::ZERO);
        let put = |n: u64| {
            let steward = steward.during(request(n));
            async move {
                let at = about("creator-1").record(format!("round-{n}"));
                steward.put(&at, &pacing("on"), &sync()).await.unwrap();
            }
        };
        let alone = |racing: Racing<'_, ()>| race(&mut [racing], &[]);
        alone(Box::pin(put(0)));
        alone(Box::pin(put(1)));
        {
            let mut given_up = pin!(steward.flush_trail());
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                if given_up.as_mut().poll(&mut context).is_ready() {
                    break;
                }
            }
        }
        alone(Box::pin(put(2)));
        alone(Box::pin(async { steward.flush_trail().await.unwrap() }));
        assert_eq!(on_record(&world), [0, 1, 2], "given up after {polls} polls");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Each writer's entries stand in its own order, once, whoever is faster; nothing is lost but by a crash.
    #[test]
    fn promise_10_two_writers_with_batches_keep_one_tree_and_their_orders(
        acts in prop::collection::vec(0_u8..4, 1..24),
        order in prop::collection::vec(0_usize..3, 0..300),
    ) {
        let world = batched("");
        world.connected();
        let (one, other) = (racer(&world, Period::ZERO), racer(&world, Period::seconds(1)));
        let live = |steward: &Steward<_>, of: u64| {
            let (steward, acts) = (steward.clone(), acts.clone());
            async move {
                for (n, act) in (0_u64..).zip(acts) {
                    let steward = steward.during(request(of * 1_000 + n));
                    match act {
                        3 => steward.put(&about(&format!("creator-{of}")), &creator("ada"), &sync()).await.map(drop),
                        _ => {
                            let at = about(&format!("creator-{of}")).record(format!("round-{of}-{n}"));
                            steward.put(&at, &pacing("on"), &sync()).await.map(drop)
                        }
                    }
                    .unwrap();
                }
                steward.flush_trail().await.unwrap();
            }
        };
        // Two of one process, and one of another.
        race(&mut [Box::pin(live(&one, 0)), Box::pin(live(&one, 1)), Box::pin(live(&other, 2))], &order);
        let told = on_record(&world);
        for of in 0..3 {
            let own: Vec<_> = told.iter().copied().filter(|n| n / 1_000 == of).collect();
            let expected: Vec<_> = (0..acts.len() as u64).map(|n| of * 1_000 + n).collect();
            prop_assert_eq!(own, expected);
        }
        world.steward().verify_trail(None).unwrap();
    }

    /// Whatever fails: what was answered is on record or waits, fewer than a batch, each once and in its order.
    #[test]
    fn promise_10_the_loss_is_bounded_whatever_fails(
        acts in prop::collection::vec((any::<bool>(), prop::option::weighted(0.3, (1_u64..8, prop::sample::select(&Moment::ALL[..])))), 1..40),
    ) {
        let world = batched("");
        let mut steward = world.connected();
        let (mut answered, mut certain) = (Vec::new(), BTreeSet::new());
        for (n, (may_wait, fault)) in (0_u64..).zip(acts) {
            if let Some((at, moment)) = fault {
                world.faults.arm(at, moment);
            }
            let done = if may_wait { waits(&steward, n) } else { must(&steward, n) };
            world.faults.recover();
            if done {
                answered.push(n);
                if !may_wait {
                    certain.insert(n);
                }
            }
            let told: BTreeSet<u64> = on_record(&world).into_iter().collect();
            prop_assert!(certain.is_subset(&told));
            prop_assert!(answered.iter().filter(|n| !told.contains(n)).count() < 64);
        }
        steward.flush_trail().unwrap();
        let told = on_record(&world);
        prop_assert!(told.is_sorted() && told.iter().collect::<BTreeSet<_>>().len() == told.len(), "{told:?}");
        prop_assert!(answered.iter().all(|n| told.contains(n)), "{answered:?} {told:?}");
        steward.verify_trail(None).unwrap();
        steward = world.steward();
        steward.verify_trail(None).unwrap();
    }
}
