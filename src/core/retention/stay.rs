//! What outlives a person's request or a revocation.

use std::fmt;

use chrono::{DateTime, Utc};

use super::decide::grounds;
use super::disposition::{Ground, list};
use super::hold::Hold;
use super::item::Item;
use crate::core::policy::Retention;

/// Why an item stays although its deletion was asked for. Its Display is the text for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stay {
    /// Every ground, at least one.
    pub because: Vec<Ground>,
    /// The first moment at which no ground stands any more; none while that cannot be said (a hold, an event to come).
    pub until: Option<DateTime<Utc>>,
}

impl fmt::Display for Stay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, &self.because)
    }
}

/// What keeps an item against an erasure request (GDPR Art. 17(3)(b) and (e)) or a revocation: a duty that still runs or whose
/// event has not happened, or a hold. None: it goes.
///
/// A rule that is not a duty keeps nothing here, whatever time it has left.
#[must_use]
pub fn must_stay(retention: &Retention, item: &Item, holds: &[&Hold], now: DateTime<Utc>) -> Option<Stay> {
    let because = grounds(retention, item, holds, now);
    if because.is_empty() {
        return None;
    }
    let until = because.iter().try_fold(DateTime::<Utc>::MIN_UTC, |latest, ground| match ground {
        Ground::Duty { until, .. } => until.map(|until| latest.max(until)),
        Ground::Hold { .. } => None,
    });
    Some(Stay { because, until })
}
