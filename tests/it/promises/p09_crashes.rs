//! 9: a crash at any storage call, any number of times, ends in the same state as no crash.

use std::panic::catch_unwind;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use proptest::prelude::*;
use stewardship::contracts::Moment;
use stewardship::dsr::Outcome;

use super::life::{LIFE, Restart, Seen, chapters, furnish, live};
use crate::world::*;

fn lived(crashes: impl IntoIterator<Item = (u64, Moment)>, restart: Restart) -> Seen {
    let world = World::new();
    furnish(&world);
    live(&world, .., crashes, restart);
    Seen::of(&world)
}

#[test]
fn promise_09_the_life_without_a_crash_is_what_it_should_be() {
    let seen = lived([], Restart::AtOnce);
    let Some(Outcome::Completed { kept }) = seen.outcome() else { panic!("{seen:?}") };
    let kept: Vec<_> = kept.iter().map(|kept| (kept.count, kept.reason.as_str())).collect();
    let [(1, duty), (2, pseudonym)] = kept[..] else { panic!("{kept:?}") };
    assert!(duty.contains("Abgabenordnung") && pseudonym.contains("category `operational`"), "{kept:?}");
    assert_eq!(seen.records(), 1, "{seen:?}");
    let voucher = seen.record("Voucher/creator-ada-17").unwrap();
    assert_eq!(voucher[1].1, "\"ada street 1\"");
    // The creator's objection went with them; the buyer's stands, but for outreach.
    assert_eq!(seen.said(), [(false, false), (true, false)]);
    // The case: a creator. The sweeps: an order, the note and what outlived the case under a pseudonym, as a whole and in part, and a
    // row of the newsletter. The revocation: the token, a creator and the order that spoke of two.
    assert_eq!(seen.disposed(), (9, true));
}

/// Every call of every verb, before and after it takes effect. Each of these crashed lives is lived for some verbs more, and must then be as
/// the life without a crash was there; that each ends like it, too, is the next test's (`scripts/crashes.sh`).
#[test]
fn promise_09_a_crash_at_any_storage_call_ends_in_the_same_state() {
    let chapters = chapters();
    let ends: Vec<Seen> = chapters.iter().skip(1).map(|(world, _)| Seen::of(world)).collect();
    let expected = lived([], Restart::AtOnce);
    let crashes = every_crash(&chapters, 1);
    assert!(crashes.len() > 1000, "{} crashes are not the life of {} verbs", crashes.len(), LIFE.len());
    check(&crashes, |world, verb, crash| {
        let until = (verb + FURTHER).min(LIFE.len() - 1);
        live(world, verb..=until, [crash], Restart::AtOnce);
        let (seen, expected) = (Seen::of(world), ends.get(until).unwrap_or(&expected));
        if seen == *expected { Ok(()) } else { Err(expected.differs(&seen)) }
    });
}

/// Verbs for which a crashed life is lived on.
const FURTHER: usize = 5;

#[test]
#[ignore = "takes minutes: scripts/crashes.sh"]
fn promise_09_a_crash_at_any_storage_call_ends_in_the_same_state_at_the_end_of_the_life() {
    let expected = lived([], Restart::AtOnce);
    let crashes = every_crash(&chapters(), 1);
    check(&crashes, |world, verb, crash| {
        live(world, verb.., [crash], Restart::AtOnce);
        let seen = Seen::of(world);
        if seen == expected { Ok(()) } else { Err(expected.differs(&seen)) }
    });
    println!("{} crashes end in the same state", crashes.len());
}

/// Every third of them, lived to its end. The next process starts an hour later, so that nothing can lean on the time to find what was begun.
#[test]
fn promise_09_a_crash_and_a_later_restart_end_in_the_same_state() {
    let expected = lived([], Restart::AtOnce).timeless();
    check(&every_crash(&chapters(), 3), |world, verb, crash| {
        live(world, verb.., [crash], Restart::Later);
        let seen = Seen::of(world).timeless();
        if seen == expected { Ok(()) } else { Err(expected.differs(&seen)) }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn promise_09_any_number_of_crashes_ends_in_the_same_state(
        crashes in prop::collection::vec((1_u64..80, prop::sample::select(&Moment::ALL[..])), 1..40),
        later in any::<bool>(),
    ) {
        static EXPECTED: OnceLock<Seen> = OnceLock::new();
        let restart = if later { Restart::Later } else { Restart::AtOnce };
        let expected = EXPECTED.get_or_init(|| lived([], Restart::AtOnce).timeless());
        let seen = lived(crashes, restart).timeless();
        prop_assert!(seen == *expected, "{}", expected.differs(&seen));
    }
}

type Crash = (World, usize, (u64, Moment));

/// Every `step`-th call of every verb, at both moments, in the world as it was before that verb.
fn every_crash(chapters: &[(World, u64)], step: usize) -> Vec<Crash> {
    let mut crashes = Vec::new();
    for (verb, (world, calls)) in chapters.iter().enumerate() {
        for n in 1..=*calls {
            crashes.extend(Moment::ALL.map(|moment| (world.clone(), verb, (n, moment))));
        }
    }
    crashes.into_iter().step_by(step).collect()
}

/// Checks all of them on two threads, and tells each that ends otherwise.
fn check(crashes: &[Crash], holds: impl Fn(&World, usize, (u64, Moment)) -> Result<(), String> + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some((world, verb, crash)) = crashes.get(next.fetch_add(1, Ordering::Relaxed)) {
            let world = world.fork();
            let result = catch_unwind(std::panic::AssertUnwindSafe(|| holds(&world, *verb, *crash)));
            if let Err(why) = result.unwrap_or_else(|_| Err("it panicked".to_owned())) {
                wrong.push(format!("{:?}, crash {crash:?}: {why}", LIFE[*verb].name));
            }
        }
        wrong
    };
    let wrong = thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut wrong = work();
        wrong.extend(other.join().unwrap());
        wrong
    });
    assert!(wrong.is_empty(), "{} of {} end otherwise:\n{}", wrong.len(), crashes.len(), wrong.join("\n"));
}
