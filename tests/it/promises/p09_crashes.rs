//! 9: a crash at any storage call, any number of times, ends in the same state as no crash.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use stewardship::contracts::Moment;
use stewardship::dsr::Outcome;

use super::life::{Seen, furnish, live};
use crate::world::*;

fn lived(crashes: impl IntoIterator<Item = (u64, Moment)>) -> (World, Seen) {
    let world = World::new();
    furnish(&world);
    live(&world, crashes);
    let seen = Seen::of(&world);
    (world, seen)
}

#[test]
fn promise_09_the_life_without_a_crash_is_what_it_should_be() {
    let (_, seen) = lived([]);
    let Some(Outcome::Completed { kept }) = seen.outcome() else { panic!("{seen:?}") };
    assert!(matches!(kept.as_slice(), [kept] if kept.count == 1 && kept.reason.contains("Abgabenordnung")));
    assert_eq!(seen.records(), 1, "{seen:?}");
    let voucher = seen.record("Voucher/creator-ada-17").unwrap();
    assert_eq!(voucher[1].1, "\"ada street 1\"");
    // Two orders, the note, two creators, the token; and the row of the newsletter that was due.
    assert_eq!(seen.disposed(), (7, true));
}

#[test]
fn promise_09_a_crash_at_any_storage_call_ends_in_the_same_state() {
    let (world, expected) = lived([]);
    let calls = world.faults.calls();
    let next = AtomicU64::new(0);
    let check = || {
        let mut wrong = Vec::new();
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            let n = turn / 2 + 1;
            if n > calls {
                return wrong;
            }
            let moment = Moment::ALL[usize::from(turn % 2 == 1)];
            let seen = std::panic::catch_unwind(|| lived([(n, moment)]).1);
            match seen {
                Ok(seen) if seen == expected => {}
                Ok(seen) => wrong.push((n, moment, expected.differs(&seen))),
                Err(_) => wrong.push((n, moment, "panicked".to_owned())),
            }
        }
    };
    let wrong = thread::scope(|scope| {
        let other = scope.spawn(check);
        let mut wrong = check();
        wrong.extend(other.join().unwrap());
        wrong
    });
    for (n, moment, why) in &wrong {
        eprintln!("crash {n} {moment:?}: {why}");
    }
    assert!(wrong.is_empty(), "{} of {} crashes end otherwise", wrong.len(), 2 * calls);
}
