//! Durations as policies write them: calendar-aware, and never vague.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, Months, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time as a person writes it: `30 days`, `1 month`, `8 years`, `72 hours`, `12h`, `0 days`.
///
/// Years and months are calendar units and end on the same-numbered day or, where there is none, on the month's last day
/// (Regulation (EEC) 1182/71, Art. 3); days are calendar days in UTC; hours, minutes and seconds are exact.
///
/// # Example: one month after the last of January
/// ```
/// use stewardship::period::Period;
/// let month: Period = "1 month".parse()?;
/// let received = "2026-01-31T12:00:00Z".parse()?;
/// assert_eq!(month.after(received).to_rfc3339(), "2026-02-28T12:00:00+00:00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Period {
    months: u32,
    days: u32,
    seconds: u32,
}

/// The largest number that a period may carry in its own unit; far beyond any duty to keep.
const MAX_AMOUNT: u32 = 100_000;

impl Period {
    /// No time at all: due at the moment of its trigger.
    pub const ZERO: Self = Self { months: 0, days: 0, seconds: 0 };

    /// A number of calendar months.
    #[must_use]
    pub const fn months(months: u32) -> Self {
        Self { months, ..Self::ZERO }
    }

    /// A number of calendar days.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self { days, ..Self::ZERO }
    }

    /// A number of seconds.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Self {
        Self { seconds, ..Self::ZERO }
    }

    /// A number of minutes, at most about 71 million; more saturate.
    #[must_use]
    pub const fn minutes(minutes: u32) -> Self {
        Self { seconds: minutes.saturating_mul(60), ..Self::ZERO }
    }

    /// A number of hours, at most about 1.1 million; more saturate.
    #[must_use]
    pub const fn hours(hours: u32) -> Self {
        Self { seconds: hours.saturating_mul(3_600), ..Self::ZERO }
    }

    /// Whether it is no time at all.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// The moment that lies this long after `start`; the end of time where the calendar ends.
    #[must_use]
    pub fn after(self, start: DateTime<Utc>) -> DateTime<Utc> {
        start
            .checked_add_months(Months::new(self.months))
            .and_then(|moment| moment.checked_add_days(Days::new(u64::from(self.days))))
            .and_then(|moment| moment.checked_add_signed(TimeDelta::seconds(i64::from(self.seconds))))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Its length, where the calendar has no part in it: a day is 24 hours in UTC.
    pub(crate) fn exact(self) -> Option<TimeDelta> {
        let seconds = i64::from(self.days) * 86_400 + i64::from(self.seconds);
        (self.months == 0).then(|| TimeDelta::seconds(seconds))
    }

    /// The calendar months in it.
    pub(crate) const fn whole_months(self) -> u32 {
        self.months
    }

    /// The fewest and the most seconds that it can last, whenever it begins.
    pub(crate) fn bounds(self) -> (u64, u64) {
        let (years, months) = (u64::from(self.months / 12), u64::from(self.months % 12));
        let rest = u64::from(self.days) * 86_400 + u64::from(self.seconds);
        ((years * 365 + months * 28) * 86_400 + rest, (years * 366 + months * 31) * 86_400 + rest)
    }

    /// An approximate length in seconds, for comparing the strictness of two periods (a month counts as 30.44 days).
    #[must_use]
    pub fn approximate_seconds(self) -> u64 {
        u64::from(self.months) * 2_630_016 + u64::from(self.days) * 86_400 + u64::from(self.seconds)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (amount, unit) = match *self {
            Self { months, days: 0, seconds: 0 } if months > 0 && months % 12 == 0 => (months / 12, "year"),
            Self { months, days: 0, seconds: 0 } if months > 0 => (months, "month"),
            Self { seconds: 0, days, .. } => (days, "day"),
            Self { seconds, .. } if seconds % 3_600 == 0 => (seconds / 3_600, "hour"),
            Self { seconds, .. } if seconds % 60 == 0 => (seconds / 60, "minute"),
            Self { seconds, .. } => (seconds, "second"),
        };
        write!(f, "{amount} {unit}{}", if amount == 1 { "" } else { "s" })
    }
}

/// Why a text is not a [`Period`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeriodError {
    /// There is no number in it: `reasonable`, `immediately`, `short`, `as long as necessary`.
    #[error("`{found}` is not a length of time")]
    Vague {
        /// The text, shortened.
        found: String,
    },
    /// The unit is not one of second, minute, hour, day, week, month, year.
    #[error("`{unit}` is not a unit of time")]
    Unit {
        /// The unit that was found, shortened.
        unit: String,
    },
    /// The number is past the largest that is accepted.
    #[error("the number is larger than {MAX_AMOUNT}")]
    TooLarge,
}

impl FromStr for Period {
    type Err = PeriodError;

    /// # Errors
    /// [`PeriodError::Vague`] where no number leads, [`PeriodError::Unit`] and [`PeriodError::TooLarge`].
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).unwrap_or(("", text));
        if number.is_empty() {
            return Err(PeriodError::Vague { found: shortened(text) });
        }
        let amount: u32 =
            number.parse().ok().filter(|amount| *amount <= MAX_AMOUNT).ok_or(PeriodError::TooLarge)?;
        let seconds = |each: u32| amount.checked_mul(each).ok_or(PeriodError::TooLarge);
        Ok(match unit.trim() {
            "s" | "second" | "seconds" => Self { seconds: amount, ..Self::ZERO },
            "m" | "min" | "minute" | "minutes" => Self { seconds: seconds(60)?, ..Self::ZERO },
            "h" | "hour" | "hours" => Self { seconds: seconds(3_600)?, ..Self::ZERO },
            "d" | "day" | "days" => Self::days(amount),
            "w" | "week" | "weeks" => Self::days(amount * 7),
            "month" | "months" => Self::months(amount),
            "y" | "year" | "years" => Self::months(amount * 12),
            other => return Err(PeriodError::Unit { unit: shortened(other) }),
        })
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vague_words_are_refused_by_name() {
        for vague in ["immediately", "reasonable period", "short", "", "as long as necessary"] {
            assert_eq!(vague.parse::<Period>(), Err(PeriodError::Vague { found: vague.to_owned() }));
        }
        assert_eq!(
            "3 fortnights".parse::<Period>(),
            Err(PeriodError::Unit { unit: "fortnights".to_owned() })
        );
        assert_eq!("100001 days".parse::<Period>(), Err(PeriodError::TooLarge));
        assert_eq!("99999999999999 days".parse::<Period>(), Err(PeriodError::TooLarge));
    }

    #[test]
    fn a_period_in_code_is_the_one_in_words() {
        let said = |text: &str| text.parse::<Period>().unwrap();
        assert_eq!(Period::minutes(30), said("30 minutes"));
        assert_eq!(Period::hours(12), said("12 hours"));
        assert_eq!(Period::minutes(u32::MAX), Period::seconds(u32::MAX));
    }

    #[test]
    fn calendar_units_end_on_the_last_day_where_there_is_no_same_day() {
        let from = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(Period::months(1).after(from("2024-01-31T00:00:00Z")), from("2024-02-29T00:00:00Z"));
        assert_eq!(Period::months(3).after(from("2026-11-30T00:00:00Z")), from("2027-02-28T00:00:00Z"));
        assert_eq!(Period::days(45).after(from("2026-11-30T00:00:00Z")), from("2027-01-14T00:00:00Z"));
        assert_eq!(Period::months(MAX_AMOUNT * 12).after(DateTime::<Utc>::MAX_UTC), DateTime::<Utc>::MAX_UTC);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(amount in 0..=MAX_AMOUNT / 7, unit in prop::sample::select(vec![
            "seconds", "minutes", "hours", "days", "weeks", "months", "years",
        ])) {
            let period: Period = format!("{amount} {unit}").parse().unwrap();
            prop_assert_eq!(period.to_string().parse::<Period>().unwrap(), period);
        }

        #[test]
        fn any_text_gives_a_period_or_an_error(text in ".{0,60}") {
            let _ = text.parse::<Period>();
        }
    }
}
