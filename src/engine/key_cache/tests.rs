use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use chrono::TimeDelta;

use super::*;
use crate::contracts::block_on;

fn start() -> DateTime<Utc> {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

fn limits() -> KeyCache {
    KeyCache::for_at_most(Duration::from_secs(60)).scopes(3)
}

/// A cache whose keys are of this test alone: the board is the process's.
fn key(test: &str, number: u32) -> String {
    format!("{test}/{number}")
}

fn fetched(cache: &Cache<String, u32>, key: &String, value: u32, now: DateTime<Utc>) -> bool {
    match block_on(cache.find(key, now)) {
        Lookup::Kept(kept) => {
            assert_eq!(*kept, value);
            false
        }
        Lookup::Missing(flight) => {
            assert_eq!(*flight.land(value, now), value);
            true
        }
    }
}

#[test]
fn what_was_fetched_is_kept_for_its_age_and_not_a_moment_longer() {
    let (cache, key) = (Cache::new(limits()), key("age", 1));
    let at = |seconds: i64| start() + TimeDelta::seconds(seconds);
    assert!(fetched(&cache, &key, 1, at(0)));
    assert!(!fetched(&cache, &key, 1, at(59)));
    assert!(fetched(&cache, &key, 1, at(60)));
    // A clock that was put back tells nothing about an age.
    assert!(fetched(&cache, &key, 1, at(59)));
    assert_eq!(KeyCache::for_at_most(Duration::MAX).age(), KeyCache::MAX_AGE);
}

#[test]
fn the_machines_own_clock_counts_too() {
    let (cache, key) = (Cache::new(KeyCache::for_at_most(Duration::from_millis(5))), key("instant", 1));
    assert!(fetched(&cache, &key, 1, start()));
    std::thread::sleep(Duration::from_millis(6));
    assert!(fetched(&cache, &key, 1, start()), "a clock that stands still makes no key young");
}

#[test]
fn so_many_uses_and_no_more() {
    let (cache, key) = (Cache::new(limits().uses(3)), key("uses", 1));
    let fetches: Vec<_> = (0..7).map(|_| fetched(&cache, &key, 1, start())).collect();
    assert_eq!(fetches, [true, false, false, true, false, false, true]);
}

#[test]
fn what_was_used_longest_ago_goes_first() {
    let cache = Cache::new(limits());
    let [a, b, c, d] = [1, 2, 3, 4].map(|number| key("number", number));
    for (key, value) in [(&a, 1), (&b, 2), (&c, 3)] {
        assert!(fetched(&cache, key, value, start()));
    }
    assert!(!fetched(&cache, &a, 1, start()));
    assert!(fetched(&cache, &d, 4, start()));
    let held = cache.held();
    assert_eq!((held.entries.len(), held.order.len()), (3, 3));
    drop(held);
    assert!(!fetched(&cache, &a, 1, start()));
    assert!(fetched(&cache, &b, 2, start()));
    let nothing = Cache::new(limits().scopes(0));
    assert!(fetched(&nothing, &a, 1, start()) && fetched(&nothing, &a, 1, start()));
}

#[test]
fn what_goes_is_dropped_at_once() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let (cache, dropped) = (Cache::new(limits().scopes(1)), Arc::new(AtomicUsize::new(0)));
    for (number, gone) in [(1, 0), (2, 1), (3, 2)] {
        let Lookup::Missing(flight) = block_on(cache.find(&key("dropped", number), start())) else {
            panic!()
        };
        flight.land(Counted(Arc::clone(&dropped)), start());
        assert_eq!(dropped.load(Ordering::SeqCst), gone);
    }
    let late = start() + TimeDelta::seconds(61);
    assert!(matches!(block_on(cache.find(&key("dropped", 3), late)), Lookup::Missing(_)));
    assert_eq!(dropped.load(Ordering::SeqCst), 3);
}

/// Of what nobody asks for any more, too.
#[test]
fn what_is_no_longer_good_goes_when_others_come() {
    let (cache, age) =
        (Cache::new(KeyCache::for_at_most(Duration::from_millis(20))), Duration::from_millis(21));
    let [old, changed, fresh] = [1, 2, 3].map(|number| key("tidy", number));
    fetched(&cache, &old, 1, start());
    std::thread::sleep(age);
    fetched(&cache, &changed, 2, start());
    let kept = || cache.held().entries.keys().cloned().collect::<Vec<_>>();
    assert_eq!((kept(), cache.held().order.len()), (vec![changed.clone()], 1));

    drop(board::Change::of(&changed, Some(&cache)));
    assert_eq!((kept(), cache.held().order.len()), (vec![], 0));
    fetched(&cache, &fresh, 3, start());
    assert_eq!(kept(), [fresh]);
}

#[test]
fn a_change_anywhere_in_the_process_is_seen_by_every_cache() {
    let (one, other, key) = (Cache::new(limits()), Cache::new(limits()), key("change", 1));
    assert!(fetched(&one, &key, 1, start()) && fetched(&other, &key, 1, start()));
    drop(board::Change::<_, u32>::of(&key, None));
    assert!(fetched(&one, &key, 2, start()) && fetched(&other, &key, 2, start()));
}

/// Fetched before a change and kept after it: it may be what was before, and is not served.
#[test]
fn what_changed_while_it_was_fetched_is_fetched_again() {
    let (cache, key) = (Cache::new(limits()), key("meanwhile", 1));
    let Lookup::Missing(flight) = block_on(cache.find(&key, start())) else { panic!() };
    drop(board::Change::<_, u32>::of(&key, None));
    flight.land(1, start());
    assert!(fetched(&cache, &key, 2, start()));
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn one_fetches_and_the_others_wait() {
    let (cache, key) = (Cache::<String, u32>::new(limits()), key("flight", 1));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let Lookup::Missing(first) = block_on(cache.find(&key, start())) else { panic!() };
    let mut second = pin!(cache.find(&key, start()));
    let mut third = pin!(cache.find(&key, start()));
    assert!(second.as_mut().poll(&mut context).is_pending());
    assert!(third.as_mut().poll(&mut context).is_pending());
    assert_eq!(woken.0.load(Ordering::SeqCst), 0);

    // Who fetches gives up (its future is dropped, say): another one does.
    drop(first);
    assert_eq!(woken.0.load(Ordering::SeqCst), 2);
    let Poll::Ready(Lookup::Missing(next)) = second.as_mut().poll(&mut context) else { panic!() };
    assert!(third.as_mut().poll(&mut context).is_pending());
    next.land(7, start());
    assert_eq!(woken.0.load(Ordering::SeqCst), 3);
    let Poll::Ready(Lookup::Kept(kept)) = third.as_mut().poll(&mut context) else { panic!() };
    assert_eq!(*kept, 7);
}

#[test]
fn many_threads_fetch_once() {
    let (cache, key, fetches) = (Cache::new(limits()), key("threads", 1), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    match block_on(cache.find(&key, start())) {
                        Lookup::Kept(kept) => assert_eq!(*kept, 5),
                        Lookup::Missing(flight) => {
                            fetches.fetch_add(1, Ordering::SeqCst);
                            std::thread::yield_now();
                            flight.land(5, start());
                        }
                    }
                }
            });
        }
    });
    assert_eq!(fetches.load(Ordering::SeqCst), 1);
}
