//! Hours of the week, as policies write them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::{Serialize, Serializer};

use crate::core::policy::{Definitions, FindingCode, Node, Read, Reader, shortened};

/// Minutes of a day.
pub(super) const DAY: u16 = 24 * 60;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Hours on days of the week, in UTC: `mon-fri 08:00-18:00`, `sat,sun 10:00-14:00`, `00:00-06:30` (every day).
///
/// The first minute belongs to it, the last does not; a night is written as two rules.
///
/// # Example: office hours
/// ```
/// use stewardship::access::Hours;
/// let office: Hours = "mon-fri 08:00-18:00".parse()?;
/// assert!(office.hold("2026-11-27T17:59:59Z".parse()?));
/// assert!(!office.hold("2026-11-28T09:00:00Z".parse()?), "a Saturday");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hours {
    /// A bit for each day, Monday first; never zero.
    days: u8,
    from: u16,
    to: u16,
}

impl Hours {
    /// Whether `moment` lies in them.
    #[must_use]
    pub fn hold(self, moment: DateTime<Utc>) -> bool {
        let day = moment.weekday().num_days_from_monday();
        let minute = moment.hour() * 60 + moment.minute();
        (self.days >> day) & 1 == 1 && (u32::from(self.from)..u32::from(self.to)).contains(&minute)
    }

    /// The minutes of the day at which they begin and end.
    pub(super) const fn bounds(self) -> [u16; 2] {
        [self.from, self.to]
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days != 0x7F {
            let mut separator = "";
            let mut day = 0;
            while day < 7 {
                let run = (self.days >> day).trailing_ones().min(7 - day);
                let name = |day: u32| DAYS.get(day as usize).copied().unwrap_or_default();
                match run {
                    0 => {}
                    1 => write!(f, "{separator}{}", name(day))?,
                    run => write!(f, "{separator}{}-{}", name(day), name(day + run - 1))?,
                }
                if run > 0 {
                    separator = ",";
                }
                day += run.max(1);
            }
            f.write_str(" ")?;
        }
        let [from, to] = self.bounds();
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

/// A text that does not say hours of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("hours are written as `mon-fri 08:00-18:00`")]
#[non_exhaustive]
pub struct InvalidHours;

impl FromStr for Hours {
    type Err = InvalidHours;

    /// # Errors
    /// [`InvalidHours`], also where the end does not come after the beginning.
    fn from_str(text: &str) -> Result<Self, InvalidHours> {
        let (days, hours) = match text.trim().rsplit_once(' ') {
            Some((days, hours)) => (parse_days(days.trim())?, hours),
            None => (0x7F, text.trim()),
        };
        let (from, to) = hours.split_once('-').ok_or(InvalidHours)?;
        let (from, to) = (minute(from)?, minute(to)?);
        if from < to { Ok(Self { days, from, to }) } else { Err(InvalidHours) }
    }
}

fn parse_days(text: &str) -> Result<u8, InvalidHours> {
    let day = |name: &str| DAYS.iter().position(|day| *day == name).ok_or(InvalidHours);
    text.split(',').try_fold(0_u8, |days, part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first.trim())?, day(last.trim())?);
        if first > last {
            return Err(InvalidHours);
        }
        Ok((first..=last).fold(days, |days, day| days | 1 << day))
    })
}

fn minute(text: &str) -> Result<u16, InvalidHours> {
    let (hour, minute) = text.split_once(':').ok_or(InvalidHours)?;
    let two_digits = |text: &str, below: u16| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|number| digits && *number < below).ok_or(InvalidHours)
    };
    let at = two_digits(hour, 25)? * 60 + two_digits(minute, 60)?;
    if at <= DAY { Ok(at) } else { Err(InvalidHours) }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Read for Hours {
    fn read(node: &Node, at: &mut Reader<'_>) -> Self {
        let Some(text) = at.text(node, &Self::expected()) else { return Self::stand_in() };
        text.parse().unwrap_or_else(|InvalidHours| {
            let message = format!("`{}` does not say hours of the week", shortened(text));
            at.report(FindingCode::BadHours, message, format!("write {}", Self::expected()));
            Self::stand_in()
        })
    }

    fn stand_in() -> Self {
        Self { days: 0x7F, from: 0, to: DAY }
    }

    fn expected() -> String {
        "hours in UTC, such as `mon-fri 08:00-18:00`".to_owned()
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "type": "string", "pattern": r"^([a-z,\- ]+ )?[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$" })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_hours_is_refused() {
        for bad in [
            "",
            "08:00",
            "8:00-18:00",
            "08:00-08:00",
            "18:00-08:00",
            "24:01-24:30",
            "25:00-26:00",
            "08:60-09:00",
            "mon-fri",
            "fri-mon 08:00-09:00",
            "Mon 08:00-09:00",
            "mon;tue 08:00-09:00",
            "08:00-+9:00",
            "mon,, 08:00-09:00",
        ] {
            assert_eq!(bad.parse::<Hours>(), Err(InvalidHours), "{bad}");
        }
    }

    #[test]
    fn the_last_minute_of_a_day_can_be_in_it() {
        let hours: Hours = "sun 23:00-24:00".parse().unwrap();
        let last: DateTime<Utc> = "2026-11-29T23:59:59.999Z".parse().unwrap();
        assert!(hours.hold(last) && !hours.hold(last + TimeDelta::milliseconds(1)));
    }

    #[test]
    fn days_are_told_apart_and_the_first_minute_belongs_to_them() {
        let hours: Hours = "mon,wed-thu 08:30-18:00".parse().unwrap();
        assert_eq!(hours.to_string(), "mon,wed-thu 08:30-18:00");
        // 2026-11-23 is a Monday.
        for (day, is) in (23..30).zip([true, false, true, true, false, false, false]) {
            for (time, within) in [
                ("08:29:59.999999999", false),
                ("08:30:00", true),
                ("17:59:59.999999999", true),
                ("18:00:00", false),
            ] {
                let moment: DateTime<Utc> = format!("2026-11-{day}T{time}Z").parse().unwrap();
                assert_eq!(hours.hold(moment), is && within, "{moment}");
            }
        }
    }

    proptest! {
        /// Of all minutes of the week, as many hold as its days have minutes from one bound to the other.
        #[test]
        fn as_many_minutes_hold_as_there_are(days in 1_u8..0x80, from in 0..DAY, length in 1..=DAY) {
            let hours = Hours { days, from, to: from.saturating_add(length).min(DAY) };
            let monday: DateTime<Utc> = "2026-11-23T00:00:00Z".parse().unwrap();
            let minutes = (0..7 * i64::from(DAY)).filter(|minute| hours.hold(monday + TimeDelta::minutes(*minute)));
            prop_assert_eq!(minutes.count(), days.count_ones() as usize * usize::from(hours.to - hours.from));
        }

        #[test]
        fn what_is_shown_is_read_back(days in 1_u8..0x80, from in 0..DAY, length in 1..=DAY) {
            let hours = Hours { days, from, to: from.saturating_add(length).min(DAY) };
            prop_assert_eq!(hours.to_string().parse::<Hours>(), Ok(hours));
        }

        #[test]
        fn any_text_gives_hours_or_an_error(text in ".{0,40}") {
            let _ = text.parse::<Hours>();
        }
    }
}
