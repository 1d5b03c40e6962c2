//! The decision: which of a category's rules, caps and holds wins.

use chrono::{DateTime, Utc};

use super::disposition::{Disposition, DueBecause, Gap, Ground, Keeping};
use super::hold::Hold;
use super::item::Item;
use crate::core::policy::{Cap, Dispose, Retention, RetentionRule};

/// Decides about one item. `holds` are those over its place (see [`covering`](super::covering)); lifted ones do not count.
///
/// - The rules of its category keep it until the last of them has run out; one whose event has not happened keeps without end.
/// - Of the caps, the earliest counts. It ends every keeping but a duty's.
/// - Where a cap has passed while a duty still runs or a hold stands, the answer is
///   [`ConflictBetween`](Disposition::ConflictBetween), with everything that stands against the cap.
/// - A hold without such a cap gives [`HeldBy`](Disposition::HeldBy); a category without a rule
///   [`Undetermined`](Disposition::Undetermined).
///
/// Once due, an item stays due at every later moment, with the same `since`, until a hold, an event or the policy changes.
#[must_use]
pub fn decide(retention: &Retention, item: &Item, holds: &[&Hold], now: DateTime<Utc>) -> Disposition {
    let bounds = Bounds::of(retention, item);
    let grounds = grounds(retention, item, holds, now);
    if let Some((cap, since)) = bounds.cap_at(now).filter(|_| !grounds.is_empty()) {
        return Disposition::ConflictBetween {
            cap: cap.id.clone(),
            cites: cap.cites.clone(),
            since,
            against: grounds,
        };
    }
    let unheld = bounds.decide(item, now);
    let holds: Vec<String> = active(holds, now).map(|hold| hold.id.clone()).collect();
    if holds.is_empty() { unheld } else { Disposition::HeldBy { holds, otherwise: Box::new(unheld) } }
}

/// Whether an item that is due is still there past the moment by which it is to be gone physically.
#[must_use]
pub fn breached(disposition: &Disposition, now: DateTime<Utc>) -> bool {
    matches!(disposition, Disposition::DueSince { gone_by: Some(by), .. } if *by < now)
}

/// Everything that keeps an item against a cap, a request or a revocation: duties that still run, and holds.
pub(super) fn grounds(
    retention: &Retention,
    item: &Item,
    holds: &[&Hold],
    now: DateTime<Utc>,
) -> Vec<Ground> {
    let duties = rules_of(retention, item).filter(|bound| bound.keeps(now)).filter_map(|bound| {
        let law = bound.rule.duty.clone()?;
        Some(Ground::Duty { rule: bound.rule.id.clone(), law, until: bound.ends })
    });
    let holds = active(holds, now).map(|hold| Ground::Hold { id: hold.id.clone() });
    duties.chain(holds).collect()
}

/// The rules of an item's category and the earliest cap that binds it.
struct Bounds<'a> {
    rules: Vec<Bound<'a>>,
    cap: Option<(&'a Cap, DateTime<Utc>)>,
}

/// A rule and the moment at which it runs out for an item; none while its event has not happened.
struct Bound<'a> {
    rule: &'a RetentionRule,
    ends: Option<DateTime<Utc>>,
}

impl<'a> Bounds<'a> {
    fn of(retention: &'a Retention, item: &Item) -> Self {
        let cap = retention
            .cap
            .iter()
            .filter(|cap| cap.category.as_ref().is_none_or(|category| *category == item.category))
            .filter(|cap| {
                cap.platform.as_ref().is_none_or(|platform| item.platform.as_ref() == Some(platform))
            })
            .filter_map(|cap| Some((cap, cap.at_most.after(*item.events.get(&cap.from)?))))
            .min_by_key(|(_, at)| *at);
        Self { rules: rules_of(retention, item).collect(), cap }
    }

    /// The cap, where it has passed.
    fn cap_at(&self, now: DateTime<Utc>) -> Option<(&'a Cap, DateTime<Utc>)> {
        self.cap.filter(|(_, at)| *at <= now)
    }

    /// The decision without holds, for an item over which no passed cap crosses a duty.
    fn decide(&self, item: &Item, now: DateTime<Utc>) -> Disposition {
        let Some(longest) =
            self.rules.iter().reduce(|longest, next| if next.outlasts(longest) { next } else { longest })
        else {
            let past_cap = self.cap_at(now).map(|(cap, at)| (cap.id.clone(), at));
            return Disposition::Undetermined {
                why: Gap::NoRule { category: item.category.clone(), past_cap },
            };
        };
        let kept = longest.ends;
        let cut = self.cap.filter(|(_, at)| kept.is_none_or(|kept| *at < kept));
        let due = cut.map_or(kept, |(_, at)| self.duty_ends().map(|duty| duty.max(at)));
        // Where a duty outlasts the cap as long as anything does, the rule ends the keeping, not the cap.
        let cut = cut.map(|(cap, _)| cap).filter(|_| due != kept);
        let because = match cut {
            Some(cap) => DueBecause::Cap { cap: cap.id.clone(), cites: cap.cites.clone() },
            None => DueBecause::Rule { rule: longest.rule.id.clone() },
        };
        match due {
            Some(since) if since <= now => Disposition::DueSince {
                since,
                gone_by: self.gone_by(since, &because),
                because,
                dispose: self.dispose(now),
            },
            until => Disposition::KeepUntil {
                until,
                rules: self.rules.iter().filter(|bound| bound.keeps(now)).map(Bound::keeping).collect(),
                cap: cut.map(|cap| cap.id.clone()),
            },
        }
    }

    /// When the last duty has run out: none where one is without end, the beginning of time where there is none.
    fn duty_ends(&self) -> Option<DateTime<Utc>> {
        self.rules
            .iter()
            .filter(|bound| bound.rule.duty.is_some())
            .try_fold(DateTime::<Utc>::MIN_UTC, |latest, bound| bound.ends.map(|ends| latest.max(ends)))
    }

    /// The strictest physical limit. A cap is the latest moment at which the data may be there, and leaves no time after it.
    fn gone_by(&self, since: DateTime<Utc>, because: &DueBecause) -> Option<DateTime<Utc>> {
        match because {
            DueBecause::Cap { .. } => Some(since),
            DueBecause::Rule { .. } => {
                let within = self.rules.iter().filter_map(|bound| bound.rule.physically_within);
                within.map(|time| time.after(since)).chain(self.cap.map(|(_, at)| at.max(since))).min()
            }
        }
    }

    /// Destroying a scope's keys kills more than this item: only a rule whose own time has come may ask for it, never a cap.
    fn dispose(&self, now: DateTime<Utc>) -> Dispose {
        let mut expired = self.rules.iter().filter(|bound| !bound.keeps(now));
        let erase = expired.any(|bound| dispose_of(bound.rule) == Dispose::CryptoErase);
        if erase { Dispose::CryptoErase } else { Dispose::Delete }
    }
}

impl Bound<'_> {
    /// Whether it keeps longer than `other`; without end is longest.
    fn outlasts(&self, other: &Self) -> bool {
        other.ends.is_some_and(|other| self.ends.is_none_or(|ends| other < ends))
    }

    fn keeps(&self, now: DateTime<Utc>) -> bool {
        self.ends.is_none_or(|ends| now < ends)
    }

    fn keeping(&self) -> Keeping {
        Keeping {
            rule: self.rule.id.clone(),
            event: self.rule.from.clone(),
            until: self.ends,
            law: self.rule.duty.clone(),
        }
    }
}

fn rules_of<'a>(retention: &'a Retention, item: &Item) -> impl Iterator<Item = Bound<'a>> {
    retention
        .rule
        .iter()
        .filter(|rule| rule.category == item.category)
        .map(|rule| Bound { rule, ends: item.events.get(&rule.from).map(|event| rule.keep.after(*event)) })
}

fn active<'a>(holds: &'a [&'a Hold], now: DateTime<Utc>) -> impl Iterator<Item = &'a Hold> {
    holds.iter().copied().filter(move |hold| hold.is_active(now))
}

fn dispose_of(rule: &RetentionRule) -> Dispose {
    rule.dispose
}
