//! The table of clocks: how long each law gives for an answer, with its source and the date on which it was read.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::deadline::{Deadline, Holidays, Reading};
use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::{RequestKind, words};

/// Longest table that is read, in bytes: about a hundred times the built-in one's rows.
pub const MAX_CLOCKS_BYTES: usize = 256 * 1024;

/// Most business days that a limit may have: a year and more, so that counting them stays bounded.
const MAX_BUSINESS_DAYS: u16 = 400;

words! {
    /// What has to be done by a deadline.
    pub enum Act {
        /// Confirm receipt.
        Acknowledge = "acknowledge",
        /// Answer the request.
        Answer = "answer",
        /// Answer, where the person was told of an extension in time.
        ExtendedAnswer = "extended_answer",
    }
}

words! {
    /// How sure the table is of a row.
    pub enum Confidence {
        /// Verified: read in a copy of the primary text.
        Verified = "V",
        /// Secondary: read in a secondary source.
        Secondary = "S",
        /// From memory, not checked.
        Memory = "M",
    }
}

/// The clocks of every regime that is known.
///
/// The built-in table is data, dated and cited; a host replaces it, or adds its own regimes (say, a promise to answer complaints
/// within 30 days), by a table of the same form.
///
/// # Example: a request that came on the last of January
/// ```
/// use stewardship::dsr::{Act, Clocks, Holidays};
/// use stewardship::policy::RequestKind;
/// let received = "2026-01-31T09:00:00Z".parse()?;
/// let deadlines = Clocks::builtin().deadlines(RequestKind::Access, &"gdpr".into(), received, &Holidays::weekends())?;
/// let answer = deadlines.iter().find(|deadline| deadline.what == Act::Answer).unwrap();
/// assert_eq!(answer.due().to_string(), "2026-02-28");
/// assert_eq!(answer.rolled.as_ref().unwrap().date.to_string(), "2026-03-02"); // the 28th is a Saturday
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    rows: Vec<Row>,
}

impl Clocks {
    /// The table inside the crate (`src/core/dsr/clocks.json`).
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Clocks> =
            LazyLock::new(|| Clocks::from_json(include_str!("clocks.json")).unwrap_or_default());
        &BUILTIN
    }

    /// Reads a host's own table, of the same form as the built-in one.
    ///
    /// # Errors
    /// The text is too long, is not such a table, or gives a kind two limits of one sort.
    pub fn from_json(text: &str) -> Result<Self, ClocksError> {
        if text.len() > MAX_CLOCKS_BYTES {
            return Err(ClocksError::TooLong { bytes: text.len() });
        }
        let table: Table = serde_json::from_str(text).map_err(|source| ClocksError::Unreadable {
            line: source.line(),
            column: source.column(),
            source,
        })?;
        if table.format != 0 {
            return Err(ClocksError::Format { found: table.format });
        }
        let mut seen = BTreeSet::new();
        for row in &table.rows {
            for (kind, limit) in row.kinds.iter().flat_map(|kind| row.limits.iter().map(move |l| (*kind, l)))
            {
                if !seen.insert((row.regime.clone(), kind, limit.what)) {
                    return Err(ClocksError::Twice { regime: row.regime.clone(), kind, what: limit.what });
                }
            }
        }
        Ok(Self { rows: table.rows })
    }

    /// This table with the host's own: a regime that `own` has is taken from there whole, the others from here.
    #[must_use]
    pub fn replaced_by(&self, own: &Self) -> Self {
        let kept = self.rows.iter().filter(|row| !own.knows(&row.regime));
        Self { rows: kept.chain(&own.rows).cloned().collect() }
    }

    /// Whether the table has a regime.
    #[must_use]
    pub fn knows(&self, regime: &Name) -> bool {
        self.rows.iter().any(|row| row.regime == *regime)
    }

    /// The length of the clock for the answer to a request of that kind, in words, and its source.
    #[must_use]
    pub fn answer(&self, regime: &Name, kind: RequestKind) -> Option<(String, &str)> {
        let row = self.rows.iter().find(|row| row.regime == *regime && row.kinds.contains(&kind))?;
        let limit = row.limits.iter().find(|limit| limit.what == Act::Answer)?;
        Some((limit.within.to_string(), &row.cites))
    }

    /// The deadlines of a request of that kind, under one regime, received at that moment; the day of receipt is not counted.
    ///
    /// Empty where the regime gives no clock to that kind. Where a law lets the clock start later (the UK's, when the information
    /// that was asked for has come), pass that moment.
    ///
    /// # Errors
    /// The table does not have the regime.
    pub fn deadlines(
        &self,
        kind: RequestKind,
        regime: &Name,
        received: DateTime<Utc>,
        holidays: &Holidays,
    ) -> Result<Vec<Deadline>, UnknownRegime> {
        if !self.knows(regime) {
            return Err(UnknownRegime { regime: regime.clone() });
        }
        let rows = self.rows.iter().filter(|row| row.regime == *regime && row.kinds.contains(&kind));
        Ok(rows
            .flat_map(|row| row.limits.iter().map(move |limit| limit.deadline(row, received, holidays)))
            .collect())
    }
}

/// The table has no such regime.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the table of clocks has no regime `{regime}`")]
#[non_exhaustive]
pub struct UnknownRegime {
    /// The regime that was asked for.
    pub regime: Name,
}

/// Why a text is not a table of clocks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClocksError {
    /// It is longer than [`MAX_CLOCKS_BYTES`].
    #[error("the table has {bytes} bytes, more than {MAX_CLOCKS_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It is not JSON, or not of the form of a table.
    #[error("the table cannot be read at line {line}, column {column}")]
    Unreadable {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        source: serde_json::Error,
    },
    /// Its format is not one that this version reads.
    #[error("the table has format {found}, and format 0 is expected")]
    Format {
        /// The format that was found.
        found: u32,
    },
    /// A kind has two limits of one sort under one regime.
    #[error("`{regime}` gives `{kind}` two limits for `{what}`")]
    Twice {
        /// The regime.
        regime: Name,
        /// The kind of request.
        kind: RequestKind,
        /// The act.
        what: Act,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    format: u32,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    regime: Name,
    kinds: BTreeSet<RequestKind>,
    cites: String,
    effective: NaiveDate,
    effective_confidence: Confidence,
    read: NaiveDate,
    limits: Vec<Limit>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    what: Act,
    within: Length,
    confidence: Confidence,
    /// A second reading: a limit that ends on a day off ends with the next working day.
    #[serde(default)]
    rolls: Option<Rolling>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rolling {
    cites: String,
    confidence: Confidence,
}

impl Limit {
    fn deadline(&self, row: &Row, received: DateTime<Utc>, holidays: &Holidays) -> Deadline {
        let date = self.within.after(received.date_naive(), holidays);
        let reading = |date, cites: String, confidence| Reading { date, cites, confidence };
        let dated = |cites: &str| {
            let Row { effective, effective_confidence: mark, read, .. } = row;
            format!("{cites} (in force since {effective}, {mark}; read {read})")
        };
        Deadline {
            regime: row.regime.clone(),
            what: self.what,
            strict: reading(date, dated(&row.cites), self.confidence),
            rolled: self.rolls.as_ref().map(|rolls| {
                reading(
                    holidays.rolled(date),
                    format!("{} (read {})", rolls.cites, row.read),
                    rolls.confidence,
                )
            }),
        }
    }
}

/// `1 month`, `45 days`, `10 business days`: whole days, counted from the day after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Length {
    Calendar(Period),
    BusinessDays(u16),
}

impl Length {
    fn after(self, day: NaiveDate, holidays: &Holidays) -> NaiveDate {
        match self {
            Self::Calendar(period) => period.after(day.and_time(NaiveTime::MIN).and_utc()).date_naive(),
            Self::BusinessDays(number) => (0..number).fold(day, |day, _| {
                holidays.rolled(day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX))
            }),
        }
    }
}

impl std::fmt::Display for Length {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Calendar(period) => write!(f, "{period}"),
            Self::BusinessDays(number) => write!(f, "{number} business days"),
        }
    }
}

impl TryFrom<String> for Length {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let not =
            || format!("`{}` is not a number of days or months", text.chars().take(40).collect::<String>());
        if let Some(number) = text.strip_suffix(" business days") {
            let number = number.parse().ok().filter(|number| (1..=MAX_BUSINESS_DAYS).contains(number));
            return number.map(Self::BusinessDays).ok_or_else(not);
        }
        let period: Period = text.parse().map_err(|_| not())?;
        // The deadline is the end of a day, later than a limit in hours would be.
        let whole_days = ["day", "month", "year"].iter().any(|unit| period.to_string().contains(unit));
        if period.is_zero() || !whole_days { Err(not()) } else { Ok(Self::Calendar(period)) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn moment(text: &str) -> DateTime<Utc> {
        day(text).and_hms_opt(23, 59, 59).unwrap().and_utc()
    }

    fn find(kind: RequestKind, regime: &str, received: &str, what: Act, holidays: &Holidays) -> Deadline {
        let deadlines =
            Clocks::builtin().deadlines(kind, &regime.into(), moment(received), holidays).unwrap();
        deadlines.into_iter().find(|deadline| deadline.what == what).unwrap()
    }

    #[test]
    fn the_worked_dates_come_out() {
        let table = [
            [
                "2024-01-31",
                "2024-02-29",
                "2024-02-29",
                "2024-04-30",
                "2024-04-30",
                "2024-03-16",
                "2024-04-30",
            ],
            [
                "2026-01-31",
                "2026-02-28",
                "2026-03-02",
                "2026-04-30",
                "2026-04-30",
                "2026-03-17",
                "2026-05-01",
            ],
            [
                "2026-03-30",
                "2026-04-30",
                "2026-04-30",
                "2026-06-30",
                "2026-06-30",
                "2026-05-14",
                "2026-06-28",
            ],
            [
                "2026-08-31",
                "2026-09-30",
                "2026-09-30",
                "2026-11-30",
                "2026-11-30",
                "2026-10-15",
                "2026-11-29",
            ],
            [
                "2026-11-30",
                "2026-12-30",
                "2026-12-30",
                "2027-02-28",
                "2027-03-01",
                "2027-01-14",
                "2027-02-28",
            ],
        ];
        let weekends = Holidays::weekends();
        for [received, month, month_rolled, months, months_rolled, days45, days90] in table {
            for kind in [RequestKind::Access, RequestKind::Correction, RequestKind::Deletion] {
                let dates = |regime, what| {
                    let found = find(kind, regime, received, what, &weekends);
                    (found.due(), found.rolled.map(|rolled| rolled.date))
                };
                assert_eq!(dates("gdpr", Act::Answer), (day(month), Some(day(month_rolled))), "{received}");
                let extended = (day(months), Some(day(months_rolled)));
                assert_eq!(dates("gdpr", Act::ExtendedAnswer), extended, "{received}");
                assert_eq!(dates("uk_gdpr", Act::Answer).0, day(month), "{received}");
                assert_eq!(dates("ccpa", Act::Answer), (day(days45), None), "{received}");
                assert_eq!(dates("ccpa", Act::ExtendedAnswer), (day(days90), None), "{received}");
            }
        }
    }

    #[test]
    fn business_days_skip_weekends_and_the_hosts_holidays() {
        let due = |holidays: &Holidays| {
            find(RequestKind::Deletion, "ccpa", "2026-12-24", Act::Acknowledge, holidays).due()
        };
        assert_eq!(due(&Holidays::weekends()), day("2027-01-07"));
        assert_eq!(due(&[day("2026-12-25"), day("2027-01-01")].into_iter().collect()), day("2027-01-11"));
    }

    #[test]
    fn every_row_carries_its_source_and_its_mark() {
        let answer = find(RequestKind::Access, "gdpr", "2026-01-31", Act::Answer, &Holidays::weekends());
        assert!(answer.strict.cites.starts_with("GDPR (Regulation (EU) 2016/679) Art. 12(3)"));
        assert!(answer.strict.cites.ends_with("(in force since 2018-05-25, M; read 2026-11-22)"));
        assert_eq!(answer.strict.confidence, Confidence::Verified);
        assert_eq!(answer.rolled.unwrap().confidence, Confidence::Memory);
        assert!(Clocks::builtin().rows.iter().all(|row| !row.cites.is_empty() && !row.limits.is_empty()));
        assert_eq!(Clocks::from_json(include_str!("clocks.json")).unwrap().rows.len(), 4);
    }

    #[test]
    fn an_unknown_regime_is_an_error_and_a_kind_without_a_clock_has_none() {
        let ask = |kind, regime: &str| {
            Clocks::builtin().deadlines(kind, &regime.into(), moment("2026-01-31"), &Holidays::weekends())
        };
        assert_eq!(
            ask(RequestKind::Access, "gpdr").unwrap_err().to_string(),
            "the table of clocks has no regime `gpdr`"
        );
        assert_eq!(ask(RequestKind::Complaint, "gdpr"), Ok(Vec::new()));
    }

    const HOUSE: &str = r#"{"format":0,"rows":[{"regime":"house","kinds":["complaint"],"cites":"our promise",
        "effective":"2026-01-01","effective_confidence":"V","read":"2026-01-01",
        "limits":[{"what":"answer","within":"30 days","confidence":"V"}]}]}"#;

    #[test]
    fn a_hosts_own_table_adds_or_replaces_a_regime() {
        let own = Clocks::from_json(HOUSE).unwrap();
        let both = Clocks::builtin().replaced_by(&own);
        assert!(both.knows(&"house".into()) && both.knows(&"gdpr".into()));
        let replaced =
            Clocks::builtin().replaced_by(&Clocks::from_json(&HOUSE.replace("house", "gdpr")).unwrap());
        let gone = replaced.deadlines(
            RequestKind::Access,
            &"gdpr".into(),
            moment("2026-01-31"),
            &Holidays::weekends(),
        );
        assert_eq!(gone, Ok(Vec::new()), "a replaced regime leaves nothing behind");
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_reason() {
        let says = |text: &str| Clocks::from_json(text).unwrap_err().to_string();
        assert_eq!(says("{"), "the table cannot be read at line 1, column 1");
        assert_eq!(says(r#"{"format":1,"rows":[]}"#), "the table has format 1, and format 0 is expected");
        let twice = HOUSE.replace(
            "\"limits\":[",
            "\"limits\":[{\"what\":\"answer\",\"within\":\"9 days\",\"confidence\":\"V\"},",
        );
        assert_eq!(says(&twice), "`house` gives `complaint` two limits for `answer`");
        for wrong in ["soon", "72 hours", "0 days", "0 business days", "9999 business days", "-1 days"] {
            let text = HOUSE.replace("30 days", wrong);
            assert!(matches!(Clocks::from_json(&text), Err(ClocksError::Unreadable { .. })), "{wrong}");
        }
        let unknown = HOUSE.replace("\"format\"", "\"x\":1,\"format\"");
        assert!(matches!(Clocks::from_json(&unknown), Err(ClocksError::Unreadable { .. })));
        assert!(matches!(
            Clocks::from_json(&" ".repeat(MAX_CLOCKS_BYTES + 1)),
            Err(ClocksError::TooLong { .. })
        ));
    }

    proptest! {
        #[test]
        fn any_text_gives_a_table_or_an_error(text in ".{0,200}") {
            let _ = Clocks::from_json(&text);
        }

        #[test]
        fn a_deadline_never_lies_before_receipt_and_rolls_to_a_working_day(
            seconds in prop_oneof![0_i64..4_000_000_000, Just(i64::MIN), Just(i64::MAX)],
            holidays in prop::collection::btree_set(0_u64..40_000, 0..30),
        ) {
            let received = DateTime::from_timestamp(seconds, 0).unwrap_or(
                if seconds < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC });
            let holidays: Holidays =
                holidays.into_iter().map(|n| NaiveDate::default() + Days::new(n)).collect();
            for regime in ["gdpr", "uk_gdpr", "ccpa"] {
                for deadline in
                    Clocks::builtin().deadlines(RequestKind::Access, &regime.into(), received, &holidays).unwrap()
                {
                    prop_assert!(received.date_naive() <= deadline.due());
                    if let Some(rolled) = &deadline.rolled {
                        prop_assert!(deadline.due() <= rolled.date);
                        prop_assert!(holidays.is_working_day(rolled.date) || rolled.date == NaiveDate::MAX
                            || rolled.date == DateTime::<Utc>::MAX_UTC.date_naive());
                    }
                }
            }
        }
    }
}
