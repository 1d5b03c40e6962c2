//! The contract for time: the engine asks, the core is told.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::core::period::Period;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The time now, in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a unit struct")]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands still until it is moved: for tests, simulations and stories. Clones share their time.
///
/// # Example: a month passes
/// ```
/// use stewardship::{Clock, ManualClock, Period};
/// let clock = ManualClock::at("2026-11-01T09:00:00Z".parse()?);
/// clock.advance(Period::months(1));
/// assert_eq!(clock.now().to_rfc3339(), "2026-12-01T09:00:00+00:00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Period) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = by.after(*now);
    }

    /// Sets the clock to `now`, forwards or back.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
