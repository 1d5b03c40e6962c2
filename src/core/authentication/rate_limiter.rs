//! Limits for many keys in the memory of one process, without the keys.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroUsize;

use chrono::{DateTime, Utc};

use super::rate_limit::{Attempts, RateLimit, RateLimited};

/// A [`RateLimit`] for each of many keys (accounts, addresses, forms), in the memory of one process and within a bound.
///
/// It holds no key: what a key hashes to under a secret of this process (SipHash with the keys of a [`RandomState`]) stands in its place, so
/// that no e-mail address lies in memory for it, and nobody outside can find two keys that share a count. Two that do share one by chance
/// (one pair in 2^64) are limited together. Another spelling is another key: bring addresses into one form first.
///
/// When it is full and none of its counts has lapsed, a key that it does not know is refused: making room would let whoever sends many keys
/// wipe out the count of the one that they are after. So give it room for more keys than come in one window, and put a limit by address
/// in front. With several processes, or across restarts, store [`Attempts`] instead.
///
/// # Example: attempts to sign in, counted by account
/// ```
/// use std::hash::RandomState;
/// use std::num::NonZeroUsize;
/// use chrono::{DateTime, TimeDelta, Utc};
/// use stewardship::authentication::{KeyedLimiter, RateLimit};
/// let limit = RateLimit::new(5, TimeDelta::minutes(15))?;
/// let mut sign_in = KeyedLimiter::new(limit, NonZeroUsize::new(100_000).unwrap(), RandomState::new());
/// let now: DateTime<Utc> = "2026-11-22T08:00:00Z".parse()?;
/// for _ in 0..5 {
///     sign_in.attempt("ada@example.com", now)?;
/// }
/// assert!(sign_in.attempt("ada@example.com", now).is_err());
/// assert!(sign_in.attempt("bob@example.com", now).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KeyedLimiter {
    limit: RateLimit,
    most: usize,
    secret: RandomState,
    counts: HashMap<u64, Attempts>,
    /// No count lapses before this. It spares a full limiter the walk over its counts for every unknown key.
    nothing_lapses_before: DateTime<Utc>,
    /// The latest time seen since the last walk: where the clock stands before it, the counts are walked over again.
    latest: DateTime<Utc>,
}

impl KeyedLimiter {
    /// A limiter for at most `most` keys at once. The secret comes from outside, as the time does; `RandomState::new()` draws one.
    #[must_use]
    pub fn new(limit: RateLimit, most: NonZeroUsize, secret: RandomState) -> Self {
        Self {
            limit,
            most: most.get(),
            secret,
            counts: HashMap::new(),
            nothing_lapses_before: DateTime::<Utc>::MAX_UTC,
            latest: DateTime::<Utc>::MIN_UTC,
        }
    }

    /// Counts one attempt of a key, or refuses it.
    ///
    /// # Errors
    /// [`KeyedLimited::Key`] where the key's limit is reached, [`KeyedLimited::Full`] where there is no room for a new key.
    pub fn attempt(&mut self, key: impl Hash, now: DateTime<Utc>) -> Result<(), KeyedLimited> {
        let key = self.secret.hash_one(key);
        if !self.counts.contains_key(&key) && self.counts.len() >= self.most {
            self.make_room(now)?;
        }
        let counts = self.counts.entry(key).or_default();
        let answer = self.limit.attempt(counts, now);
        self.latest = self.latest.max(now);
        self.nothing_lapses_before = self.nothing_lapses_before.min(lapses(self.limit, now));
        answer.map_err(KeyedLimited::Key)
    }

    /// Forgets the attempts of a key: for after an authentication that succeeded.
    pub fn clear(&mut self, key: impl Hash) {
        self.counts.remove(&self.secret.hash_one(key));
    }

    /// How many keys it counts for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether it counts for none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Drops the counts that have lapsed, unless it is known that none has.
    fn make_room(&mut self, now: DateTime<Utc>) -> Result<(), KeyedLimited> {
        if now >= self.nothing_lapses_before || now < self.latest {
            let (limit, mut soonest) = (self.limit, DateTime::<Utc>::MAX_UTC);
            self.counts.retain(|_, counts| {
                limit.settle(counts, now);
                let lapses = counts.newest().map(|newest| lapses(limit, newest));
                soonest = soonest.min(lapses.unwrap_or(soonest));
                lapses.is_some()
            });
            (self.nothing_lapses_before, self.latest) = (soonest, now);
        }
        if self.counts.len() < self.most {
            return Ok(());
        }
        Err(KeyedLimited::Full(RateLimited { retry_after: self.nothing_lapses_before - now }))
    }
}

/// When an attempt of that time lapses.
fn lapses(limit: RateLimit, made: DateTime<Utc>) -> DateTime<Utc> {
    made.checked_add_signed(limit.within()).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Why a [`KeyedLimiter`] refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the one is an attacker or a forgetful person, the other is a bound set too low"
)]
pub enum KeyedLimited {
    /// The limit of this key is reached.
    #[error(transparent)]
    Key(RateLimited),
    /// The limiter counts for as many keys as it may, and none of them has lapsed.
    #[error("the limiter has no room for another key")]
    Full(#[source] RateLimited),
}

impl KeyedLimited {
    /// After how long it is worth asking again; of a full limiter the soonest time at which there may be room.
    #[must_use]
    pub const fn retry_after(&self) -> chrono::TimeDelta {
        match self {
            Self::Key(limited) | Self::Full(limited) => limited.retry_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    fn limiter(attempts: usize, most: usize) -> KeyedLimiter {
        let limit = RateLimit::new(attempts, TimeDelta::seconds(60)).unwrap();
        KeyedLimiter::new(limit, NonZeroUsize::new(most).unwrap(), RandomState::new())
    }

    fn at(second: i64) -> DateTime<Utc> {
        start() + TimeDelta::seconds(second)
    }

    #[test]
    fn a_full_limiter_forgets_nobody_for_a_stranger() {
        let mut limiter = limiter(1, 2);
        assert!(limiter.attempt("ada", at(0)).is_ok() && limiter.attempt("bob", at(30)).is_ok());
        let full = limiter.attempt("eve", at(40)).unwrap_err();
        assert!(matches!(full, KeyedLimited::Full(_)));
        assert_eq!(full.retry_after(), TimeDelta::seconds(20));
        assert!(matches!(limiter.attempt("ada", at(40)), Err(KeyedLimited::Key(_))));
        // Room is made by what has lapsed, and by that alone.
        assert!(limiter.attempt("eve", at(60)).is_ok());
        assert!(matches!(limiter.attempt("bob", at(60)), Err(KeyedLimited::Key(_))));
        assert_eq!(limiter.len(), 2);
    }

    #[test]
    fn a_full_limiter_survives_a_clock_that_was_ahead() {
        let mut limiter = limiter(1, 2);
        let ahead = 86_400 * 3_650;
        assert!(limiter.attempt("ada", at(ahead)).is_ok() && limiter.attempt("bob", at(ahead)).is_ok());
        assert_eq!(limiter.attempt("eve", at(0)).unwrap_err().retry_after(), TimeDelta::seconds(60));
        assert!(limiter.attempt("ada", at(1)).is_err());
        assert!(limiter.attempt("eve", at(60)).is_ok());
    }

    #[test]
    fn the_ends_of_time_are_times_like_others() {
        let mut limiter = limiter(1, 1);
        assert!(limiter.attempt("ada", DateTime::<Utc>::MAX_UTC).is_ok());
        assert!(limiter.attempt("eve", DateTime::<Utc>::MAX_UTC).is_err());
        assert!(limiter.attempt("eve", DateTime::<Utc>::MIN_UTC).is_err());
        assert!(limiter.attempt("eve", DateTime::<Utc>::MIN_UTC + TimeDelta::seconds(60)).is_ok());
    }

    #[test]
    fn a_success_clears_its_key_and_no_other() {
        let mut limiter = limiter(1, 9);
        assert!(limiter.attempt("ada", at(0)).is_ok() && limiter.attempt("bob", at(0)).is_ok());
        limiter.clear("ada");
        assert!(limiter.attempt("ada", at(0)).is_ok() && limiter.attempt("bob", at(0)).is_err());
        limiter.clear("ada");
        limiter.clear("bob");
        assert!(limiter.is_empty());
    }

    proptest! {
        /// With room enough, it answers for each key as a limit with a state of its own does.
        #[test]
        fn each_key_is_limited_by_itself(steps in prop::collection::vec((0_u8..5, -30_i64..40), 1..80)) {
            let mut limiter = limiter(3, 5);
            let (limit, mut alone, mut now) = (limiter.limit, HashMap::<u8, Attempts>::new(), start());
            for (key, step) in steps {
                now += TimeDelta::seconds(step);
                let expected = limit.attempt(alone.entry(key).or_default(), now);
                prop_assert_eq!(limiter.attempt(key, now), expected.map_err(KeyedLimited::Key));
                prop_assert!(limiter.len() <= 5);
            }
        }

        /// However many keys come, the bound holds and nobody gets more than the limit.
        #[test]
        fn the_bound_holds_and_a_flood_frees_nobody(steps in prop::collection::vec((0_u8..40, 0_i64..5), 1..200)) {
            let mut limiter = limiter(2, 4);
            let (mut now, mut admitted) = (start(), Vec::<(u8, DateTime<Utc>)>::new());
            for (key, step) in steps {
                now += TimeDelta::seconds(step);
                if limiter.attempt(key, now).is_ok() {
                    admitted.push((key, now));
                }
                let recent = |(by, at): &&(u8, DateTime<Utc>)| *by == key && now - *at < TimeDelta::seconds(60);
                prop_assert!(admitted.iter().filter(recent).count() <= 2);
                prop_assert!(limiter.len() <= 4);
            }
        }
    }
}
