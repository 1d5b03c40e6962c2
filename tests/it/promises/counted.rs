//! Whatever is deleted is counted, wherever one worker pauses or dies and another goes on.

use std::task::{Context, Poll, Waker};

use stewardship::engine::Disposal;
use stewardship::{ManualClock, Period, Place, Purpose, Steward};

use super::in_step::{erase, named, with_a_case};
use super::races::{Racing, racer, rows};
use crate::world::*;

/// Takes a worker some calls further; whether it is done.
fn goes_on<T>(worker: &mut Racing<'_, T>, calls: usize) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    (0..calls).any(|_| matches!(worker.as_mut().poll(&mut context), Poll::Ready(_)))
}

fn counted(disposals: &[Disposal]) -> u64 {
    disposals.iter().map(|disposal| disposal.records).sum()
}

/// One worker pauses; a second one works until no record names the person, and dies some calls later; the first goes on.
#[test]
fn promise_09_what_a_dead_worker_deleted_is_counted_by_another() {
    let mut told = 0;
    for (outlives, pause) in (66..88).flat_map(|pause| [(false, pause), (true, pause)]) {
        for more in [0, 1] {
            let (world, steward) = with_a_case(outlives);
            let racers = [(); 2].map(|()| racer(&world, Period::days(0)));
            let worker = |n: usize| -> Racing<'_, ()> {
                let (world, steward) = (&world, &racers[n]);
                Box::pin(async move { drop(erase(world, steward, "case-1").await) })
            };
            let (mut one, mut two) = (worker(0), worker(1));
            if goes_on(&mut one, pause) {
                continue;
            }
            while named(&world) > 0 && !goes_on(&mut two, 1) {}
            goes_on(&mut two, more);
            drop(two);
            assert!(goes_on(&mut one, 20_000));
            drop(one);
            let disposals = steward.disposals(None).unwrap();
            let kept: u64 =
                disposals.iter().flat_map(|disposal| &disposal.kept).map(|(count, _)| count).sum();
            assert_eq!(
                counted(&disposals) + kept,
                2,
                "{outlives}, paused after {pause}, {more}: {disposals:?}"
            );
            told += 1;
        }
    }
    assert!(told > 60, "{told}");
}

/// A process in which a source is not plugged in leaves the claimed batch of one in which it is.
#[test]
fn promise_09_a_process_without_a_source_crosses_nothing_off() {
    for pause in 0..200 {
        let world = World::new();
        let steward = world.connected();
        for n in 0..3 {
            world.newsletter.add(&format!("n-{n}"), "creators", ADA, world.now());
        }
        steward.happened(&shop_scope(), "authorization_revoked", world.now()).unwrap();
        let with = racer(&world, Period::days(0));
        let without = Steward::builder(world.policy.clone(), world.memory.clone(), world.provider.clone())
            .bind::<(Token, Creator, Order, Voucher, Note, Pacing)>()
            .clock(ManualClock::at(world.now()));
        let without = stewardship::block_on(without.build()).unwrap().blocking();
        let mut one: Racing<'_, bool> = Box::pin(async { with.sweep().await.is_ok() });
        if goes_on(&mut one, pause) {
            assert!(pause > 40, "{pause}");
            return;
        }
        without.sweep().unwrap();
        assert!(goes_on(&mut one, 20_000));
        steward.sweep().unwrap();
        assert_eq!(world.newsletter.disposed().len(), 3, "paused after {pause}");
        assert_eq!(counted(&steward.disposals(None).unwrap()), 3, "paused after {pause}");
    }
    panic!("a sweep takes fewer calls");
}

/// A record is stored anew between the deletion of the old one and its count.
#[test]
fn promise_09_what_was_stored_anew_is_not_what_was_deleted() {
    let place = Place::tenant(TENANT).subject(ADA).record("r-1");
    let mut between = 0;
    for pause in 0..200 {
        let world = World::new();
        let steward = world.connected();
        steward.put(&place, &note("old"), &Purpose::new("support")).unwrap();
        world.clock.advance(Period::days(800));
        let first = racer(&world, Period::days(0));
        let mut one: Racing<'_, bool> = Box::pin(async { first.sweep().await.is_ok() });
        if goes_on(&mut one, pause) {
            assert!(between > 1, "{between}");
            return;
        }
        if !rows(&world).is_empty() {
            continue;
        }
        between += 1;
        steward.put(&place, &note("new"), &Purpose::new("support")).unwrap();
        steward.sweep().unwrap();
        assert!(goes_on(&mut one, 20_000));
        assert_eq!(counted(&steward.disposals(None).unwrap()), 1, "paused after {pause}");
        assert_eq!(rows(&world).len(), 1, "what is new stays");
    }
    panic!("a sweep takes fewer calls");
}
