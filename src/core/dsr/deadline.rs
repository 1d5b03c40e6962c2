//! A deadline with its readings, and the days that are not working days.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, Utc, Weekday};
use serde::{Deserialize, Serialize};

use super::clocks::{Act, Confidence};
use crate::core::id::Name;

/// By when something has to be done. Where the rule can be read in two ways it gives both dates; act on the earlier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Deadline {
    /// The regime whose deadline it is.
    pub regime: Name,
    /// What has to be done.
    pub what: Act,
    /// The date that the rule gives as it is written.
    pub strict: Reading,
    /// The date where a limit that ends on a day off runs to the next working day; for rules that can be read so.
    #[serde(default)]
    pub rolled: Option<Reading>,
}

/// One reading of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Reading {
    /// The last day, in UTC.
    pub date: NaiveDate,
    /// Source of the reading, and when it was read.
    pub cites: String,
    /// How sure the table is of it.
    pub confidence: Confidence,
}

impl Deadline {
    /// The day to act on: the earlier of the readings.
    #[must_use]
    pub fn due(&self) -> NaiveDate {
        self.rolled.iter().map(|rolled| rolled.date).fold(self.strict.date, NaiveDate::min)
    }

    /// Whether it was missed: the day to act on is over, in UTC.
    #[must_use]
    pub fn is_missed(&self, now: DateTime<Utc>) -> bool {
        self.due() < now.date_naive()
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}: {}", self.what, self.due(), self.strict.cites)?;
        match self.rolled.as_ref().filter(|rolled| rolled.date != self.due()) {
            Some(rolled) => write!(f, "; or {}, read as {}", rolled.date, rolled.cites),
            None => Ok(()),
        }
    }
}

/// The days on which nobody works: Saturdays, Sundays, and the holidays that the host gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    days: BTreeSet<NaiveDate>,
}

impl Holidays {
    /// Weekends alone.
    #[must_use]
    pub fn weekends() -> Self {
        Self::default()
    }

    /// Whether people work on that day.
    #[must_use]
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.days.contains(&day)
    }

    /// That day, or the next working day after it; the calendar's end where there is none.
    #[must_use]
    pub fn rolled(&self, day: NaiveDate) -> NaiveDate {
        let mut days = std::iter::successors(Some(day), NaiveDate::succ_opt);
        days.find(|day| self.is_working_day(*day)).unwrap_or(NaiveDate::MAX)
    }
}

impl FromIterator<NaiveDate> for Holidays {
    fn from_iter<T: IntoIterator<Item = NaiveDate>>(days: T) -> Self {
        Self { days: days.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(date: &str) -> Reading {
        Reading { date: date.parse().unwrap(), cites: "a law".into(), confidence: Confidence::Verified }
    }

    #[test]
    fn a_deadline_is_met_until_the_end_of_the_earlier_day() {
        let deadline = Deadline {
            regime: "gdpr".into(),
            what: Act::Answer,
            strict: reading("2026-02-28"),
            rolled: Some(reading("2026-03-02")),
        };
        assert!(!deadline.is_missed("2026-02-28T23:59:59Z".parse().unwrap()));
        assert!(deadline.is_missed("2026-03-01T00:00:00Z".parse().unwrap()));
        assert_eq!(deadline.to_string(), "answer by 2026-02-28: a law; or 2026-03-02, read as a law");
    }
}
