//! How many attempts within how long: a sliding window, exact, over a clock that may be put back.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// At most so many attempts within any stretch of time of this length.
///
/// It is a sliding window over the times of the attempts themselves, and not a bucket that refills (such as GCRA, ITU-T I.371): a bucket
/// lets nearly twice its size through within one window, and the promise here is the plain one. The window holds at most
/// [`MAX_ATTEMPTS`](Self::MAX_ATTEMPTS) times.
///
/// # Example: the fourth attempt within a minute waits
/// ```
/// use chrono::{DateTime, TimeDelta, Utc};
/// use stewardship::authentication::{Attempts, RateLimit};
/// let limit = RateLimit::new(3, TimeDelta::minutes(1))?;
/// let now: DateTime<Utc> = "2026-11-22T08:00:00Z".parse()?;
/// let mut attempts = Attempts::default();
/// for _ in 0..3 {
///     limit.attempt(&mut attempts, now)?;
/// }
/// let limited = limit.attempt(&mut attempts, now).unwrap_err();
/// assert_eq!(limited.retry_after, TimeDelta::minutes(1));
/// assert!(limit.attempt(&mut attempts, now + limited.retry_after).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RateLimit {
    attempts: usize,
    within: TimeDelta,
}

impl RateLimit {
    /// The most attempts that a limit may admit: no verifier may take more than 100 failed ones in a row (NIST SP 800-63B-4 section 3.2.2).
    pub const MAX_ATTEMPTS: usize = 100;

    /// The longest window: 31 days.
    pub const MAX_WITHIN: TimeDelta = TimeDelta::days(31);

    /// At most `attempts` within `within`.
    ///
    /// # Errors
    /// [`BadRateLimit`] where `attempts` is not from 1 to [`MAX_ATTEMPTS`](Self::MAX_ATTEMPTS), or `within` not longer than nothing and at most
    /// [`MAX_WITHIN`](Self::MAX_WITHIN).
    pub fn new(attempts: usize, within: TimeDelta) -> Result<Self, BadRateLimit> {
        if !(1..=Self::MAX_ATTEMPTS).contains(&attempts) {
            return Err(BadRateLimit::Attempts);
        }
        if within <= TimeDelta::zero() || within > Self::MAX_WITHIN {
            return Err(BadRateLimit::Within);
        }
        Ok(Self { attempts, within })
    }

    /// How many attempts.
    #[must_use]
    pub const fn attempts(&self) -> usize {
        self.attempts
    }

    /// Within how long.
    #[must_use]
    pub const fn within(&self) -> TimeDelta {
        self.within
    }

    /// Counts one attempt, or refuses it. What is refused is not counted: hammering makes nobody wait longer.
    ///
    /// To ensure correctness:
    ///
    /// - **stored after every answer**: the state is stored after a refusal too, since a clock that was put back is noted there;
    /// - **stored before the attempt**: the state is stored, under compare-and-set where there are several processes, before the password is
    ///   looked at; where another was faster, the answer is asked for again.
    ///
    /// A clock that is put back frees nobody and locks nobody out for good: attempts that lie in the future count as made now, so that
    /// they lapse within one window of the clock as it is.
    ///
    /// # Errors
    /// [`RateLimited`], with the time after which the next attempt will be admitted: at most one window.
    pub fn attempt(&self, state: &mut Attempts, now: DateTime<Utc>) -> Result<(), RateLimited> {
        self.settle(state, now);
        // `settle` leaves as many as the limit at most; the oldest of them is the first to lapse.
        match state.made.first() {
            Some(oldest) if state.made.len() >= self.attempts => {
                Err(RateLimited { retry_after: self.within - (now - *oldest) })
            }
            _ => {
                state.made.push(now);
                Ok(())
            }
        }
    }

    /// Makes the state that of `now`: in order, nothing of the future, nothing that has lapsed, no more than the limit.
    pub(super) fn settle(&self, state: &mut Attempts, now: DateTime<Utc>) {
        for at in &mut state.made {
            *at = (*at).min(now);
        }
        state.made.retain(|at| now - *at < self.within);
        state.made.sort_unstable();
        // A state from a store may hold more, and so may one of a limit that was higher: the newest count.
        let surplus = state.made.len().saturating_sub(self.attempts);
        state.made.drain(..surplus);
    }
}

/// The attempts that count for one account, address or form: what a host stores for a [`RateLimit`].
///
/// It holds times and nothing else. In serde it is a list of them; whatever that holds, a limit makes the best of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attempts {
    made: Vec<DateTime<Utc>>,
}

impl Attempts {
    /// Whether none counts any more, so that the state need not be stored. True of a state that a limit has just looked at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// Forgets them: for after an authentication that succeeded (NIST SP 800-63B-4 section 3.2.2).
    pub fn clear(&mut self) {
        self.made.clear();
    }

    /// When the last of them was made.
    pub(super) fn newest(&self) -> Option<DateTime<Utc>> {
        self.made.last().copied()
    }
}

/// The limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; the next is admitted in {} s", .retry_after.as_seconds_f64().ceil())]
#[expect(
    clippy::exhaustive_structs,
    reason = "a host makes an answer of it, and there is nothing else to say"
)]
pub struct RateLimited {
    /// After how long the next attempt is admitted; more than nothing, and at most the window. (HTTP: `Retry-After`, RFC 9110 section 10.2.3.)
    pub retry_after: TimeDelta,
}

/// What is wrong with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRateLimit {
    /// The number of attempts is none, or more than [`RateLimit::MAX_ATTEMPTS`].
    #[error("a limit admits from 1 to {} attempts", RateLimit::MAX_ATTEMPTS)]
    Attempts,
    /// The window is no time at all, or longer than [`RateLimit::MAX_WITHIN`].
    #[error("a window is longer than nothing, and at most {} days", RateLimit::MAX_WITHIN.num_days())]
    Within,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    fn seconds(seconds: i64) -> TimeDelta {
        TimeDelta::seconds(seconds)
    }

    fn limit(attempts: usize, within: i64) -> RateLimit {
        RateLimit::new(attempts, seconds(within)).unwrap()
    }

    #[test]
    fn a_limit_has_bounds() {
        assert_eq!(RateLimit::new(0, seconds(1)), Err(BadRateLimit::Attempts));
        assert_eq!(RateLimit::new(101, seconds(1)), Err(BadRateLimit::Attempts));
        assert_eq!(RateLimit::new(1, seconds(0)), Err(BadRateLimit::Within));
        assert_eq!(RateLimit::new(1, seconds(-1)), Err(BadRateLimit::Within));
        assert_eq!(RateLimit::new(1, TimeDelta::days(31) + seconds(1)), Err(BadRateLimit::Within));
        assert!(RateLimit::new(100, TimeDelta::days(31)).is_ok());
    }

    #[test]
    fn each_attempt_frees_its_own_place() {
        let limit = limit(2, 60);
        let mut state = Attempts::default();
        let mut at = |second| limit.attempt(&mut state, start() + seconds(second)).map_err(|e| e.retry_after);
        assert_eq!([at(0), at(10)], [Ok(()), Ok(())]);
        assert_eq!([at(10), at(59)], [Err(seconds(50)), Err(seconds(1))]);
        assert_eq!([at(60), at(60)], [Ok(()), Err(seconds(10))]);
        assert_eq!(at(70), Ok(()));
    }

    #[test]
    fn a_clock_put_back_neither_frees_nor_locks_out_for_good() {
        let limit = limit(2, 60);
        let mut state = Attempts::default();
        // The clock was ten years ahead.
        let ahead = start() + TimeDelta::days(3_650);
        limit.attempt(&mut state, ahead).unwrap();
        limit.attempt(&mut state, ahead).unwrap();
        assert_eq!(limit.attempt(&mut state, start()), Err(RateLimited { retry_after: seconds(60) }));
        assert_eq!(
            limit.attempt(&mut state, start() + seconds(59)),
            Err(RateLimited { retry_after: seconds(1) })
        );
        assert_eq!(limit.attempt(&mut state, start() + seconds(60)), Ok(()));
    }

    #[test]
    fn a_stored_state_of_any_kind_is_made_the_best_of() {
        let limit = limit(2, 60);
        let text = r#"["2026-11-22T07:59:30Z","2026-11-22T07:59:20Z","2099-01-01T00:00:00Z","1970-01-01T00:00:00Z"]"#;
        let mut state: Attempts = serde_json::from_str(text).unwrap();
        // Of three that count the oldest is one too many: the next place is free when the second lapses.
        assert_eq!(limit.attempt(&mut state, start()), Err(RateLimited { retry_after: seconds(30) }));
        let stored = serde_json::to_string(&state).unwrap();
        assert_eq!(stored, r#"["2026-11-22T07:59:30Z","2026-11-22T08:00:00Z"]"#);
        state.clear();
        assert!(state.is_empty() && limit.attempt(&mut state, start()).is_ok());
        let mut extremes = Attempts { made: vec![DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC] };
        assert!(limit.attempt(&mut extremes, DateTime::<Utc>::MIN_UTC).is_err());
        assert!(limit.attempt(&mut extremes, DateTime::<Utc>::MAX_UTC).is_ok());
    }

    #[test]
    fn a_lower_limit_takes_over_a_state_of_a_higher_one() {
        let mut state = Attempts::default();
        for second in 0..5 {
            limit(5, 60).attempt(&mut state, start() + seconds(second)).unwrap();
        }
        let limited = limit(2, 60).attempt(&mut state, start() + seconds(10)).unwrap_err();
        assert_eq!(limited.retry_after, seconds(53));
    }

    proptest! {
        /// Never more than the limit within any window, and a wait that is kept to the second is the shortest that helps.
        #[test]
        fn no_window_holds_more_than_the_limit(
            attempts in 1_usize..6,
            within in 1_i64..50,
            steps in prop::collection::vec(0_i64..20, 1..80),
        ) {
            let limit = limit(attempts, within);
            let (mut state, mut now, mut admitted) = (Attempts::default(), start(), Vec::new());
            for step in steps {
                now += seconds(step);
                match limit.attempt(&mut state, now) {
                    Ok(()) => admitted.push(now),
                    Err(RateLimited { retry_after }) => {
                        prop_assert!(retry_after > TimeDelta::zero() && retry_after <= seconds(within));
                        let sooner = now + retry_after - TimeDelta::nanoseconds(1);
                        prop_assert!(limit.attempt(&mut state.clone(), sooner).is_err());
                        prop_assert!(limit.attempt(&mut state.clone(), now + retry_after).is_ok());
                    }
                }
            }
            for (at, first) in admitted.iter().enumerate() {
                let in_window = admitted.iter().skip(at).filter(|time| **time - *first < seconds(within)).count();
                prop_assert!(in_window <= attempts);
            }
        }

        /// However the clock jumps back, what counted counts on, and whoever waits one window gets in.
        #[test]
        fn putting_the_clock_back_gains_nothing_and_costs_at_most_a_window(
            attempts in 1_usize..6,
            within in 1_i64..50,
            back in prop::collection::vec(1_i64..1_000_000, 1..6),
        ) {
            let limit = limit(attempts, within);
            let (mut state, mut now) = (Attempts::default(), start());
            for _ in 0..attempts {
                limit.attempt(&mut state, now).unwrap();
            }
            for back in back {
                now -= seconds(back);
                prop_assert!(limit.attempt(&mut state, now).is_err());
            }
            prop_assert!(limit.attempt(&mut state, now + seconds(within)).is_ok());
        }

        #[test]
        fn any_state_of_any_time_gives_an_answer(
            made in prop::collection::vec(-8_000_000_000_000_i64..8_000_000_000_000, 0..200),
            now in -8_000_000_000_000_i64..8_000_000_000_000,
        ) {
            let time = |seconds| DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
            let limit = limit(3, 60);
            let mut state = Attempts { made: made.into_iter().map(time).collect() };
            let answer = limit.attempt(&mut state, time(now));
            prop_assert!(answer.is_ok() || limit.attempt(&mut state, time(now) + seconds(60)).is_ok());
            prop_assert!(state.made.len() <= 3);
        }
    }
}
