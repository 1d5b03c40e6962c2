//! The answer of retention, and its words.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::core::id::Name;
use crate::core::policy::Dispose;

/// What retention says about one item at one moment. Only [`Disposition::DueSince`] allows deletion.
///
/// Its Display is one sentence with the rules, the dates and the sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a disposition must decide on each")]
pub enum Disposition {
    /// It is kept.
    KeepUntil {
        /// The first moment at which it is due; without one, an event for which it is kept has not happened.
        until: Option<DateTime<Utc>>,
        /// The rules that still keep it.
        rules: Vec<Keeping>,
        /// The cap that ends the keeping, where it ends before the rules do.
        cap: Option<Name>,
    },
    /// It is due: to be deleted.
    DueSince {
        /// The first moment at which it was due.
        since: DateTime<Utc>,
        /// What made it due.
        because: DueBecause,
        /// What is to happen to it.
        dispose: Dispose,
        /// The moment by which it is to be gone physically, where the policy gives one.
        gone_by: Option<DateTime<Utc>>,
    },
    /// A hold freezes it.
    HeldBy {
        /// The holds, by their ids.
        holds: Vec<String>,
        /// What would be said without them.
        otherwise: Box<Disposition>,
    },
    /// A cap says that it must be gone, and a duty or a hold says that it must stay. It is kept; a person has to settle it.
    ConflictBetween {
        /// The cap.
        cap: Name,
        /// Source of the cap.
        cites: String,
        /// When the cap passed.
        since: DateTime<Utc>,
        /// Everything that stands against it.
        against: Vec<Ground>,
    },
    /// The policy does not say. It is kept, and reported.
    Undetermined {
        /// What is missing.
        why: Gap,
    },
}

/// What made an item due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a cause must decide on each")]
pub enum DueBecause {
    /// The longest rule of its category has run out.
    Rule {
        /// The rule.
        rule: Name,
    },
    /// A cap ended a keeping that no duty asks for.
    Cap {
        /// The cap.
        cap: Name,
        /// Source of the cap.
        cites: String,
    },
}

/// A rule that still keeps an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Keeping {
    /// The rule.
    pub rule: Name,
    /// The event from which it runs.
    pub event: Name,
    /// Until when it keeps; without it, its event has not happened.
    pub until: Option<DateTime<Utc>>,
    /// The law that obliges to keep, where one does.
    pub law: Option<String>,
}

/// Why something must stay, whoever asks for its deletion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a ground must decide on each")]
pub enum Ground {
    /// A law obliges to keep it.
    Duty {
        /// The rule.
        rule: Name,
        /// The law.
        law: String,
        /// Until when; without it, the event from which it runs has not happened.
        until: Option<DateTime<Utc>>,
    },
    /// A hold freezes it.
    Hold {
        /// The hold.
        id: String,
    },
}

/// What a policy does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a gap must decide on each")]
pub enum Gap {
    /// No rule says how long the category is kept.
    NoRule {
        /// The category.
        category: Name,
        /// A cap that has passed all the same: its name and the moment.
        past_cap: Option<(Name, DateTime<Utc>)>,
    },
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeepUntil { until, rules, cap } => {
                match until {
                    Some(until) => write!(f, "kept until {}: ", day(*until))?,
                    None => f.write_str("kept without end: ")?,
                }
                list(f, rules)?;
                cap.as_ref().map_or(Ok(()), |cap| write!(f, ", ended by cap `{cap}`"))
            }
            Self::DueSince { since, because, dispose, gone_by } => {
                write!(f, "due since {} by {because}, to be disposed of by {dispose}", day(*since))?;
                gone_by.map_or(Ok(()), |by| write!(f, ", gone by {}", day(by)))
            }
            Self::HeldBy { holds, otherwise } => {
                f.write_str("held by ")?;
                for (n, id) in holds.iter().enumerate() {
                    write!(f, "{}`{id}`", if n == 0 { "" } else { ", " })?;
                }
                write!(f, "; without that: {otherwise}")
            }
            Self::ConflictBetween { cap, cites, since, against } => {
                write!(f, "in conflict: cap `{cap}` ({cites}) passed on {}, against ", day(*since))?;
                list(f, against)
            }
            Self::Undetermined { why } => write!(f, "kept, undetermined: {why}"),
        }
    }
}

impl fmt::Display for DueBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule { rule } => write!(f, "rule `{rule}`"),
            Self::Cap { cap, cites } => write!(f, "cap `{cap}` ({cites})"),
        }
    }
}

impl fmt::Display for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule `{}`", self.rule)?;
        if let Some(law) = &self.law {
            write!(f, " ({law})")?;
        }
        match self.until {
            Some(until) => write!(f, " until {}", day(until)),
            None => write!(f, " until after `{}`, which has not happened", self.event),
        }
    }
}

/// In the words for the person whom the data is about: `kept until 2034-12-31: German Tax Code §147 (rule billing-tax)`.
impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duty { rule, law, until: Some(until) } => {
                write!(f, "kept until {}: {law} (rule `{rule}`)", day(*until))
            }
            Self::Duty { rule, law, until: None } => {
                write!(f, "kept, no end date yet: {law} (rule `{rule}`)")
            }
            Self::Hold { id } => write!(f, "kept until hold `{id}` is lifted"),
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::NoRule { category, past_cap } = self;
        write!(f, "no rule says how long `{category}` is kept")?;
        past_cap.as_ref().map_or(Ok(()), |(cap, at)| write!(f, ", and cap `{cap}` passed on {}", day(*at)))
    }
}

/// A day in UTC as ISO 8601 writes it.
fn day(moment: DateTime<Utc>) -> impl fmt::Display {
    moment.date_naive()
}

pub(super) fn list(f: &mut fmt::Formatter<'_>, parts: &[impl fmt::Display]) -> fmt::Result {
    parts.iter().enumerate().try_for_each(|(n, part)| write!(f, "{}{part}", if n == 0 { "" } else { "; " }))
}
