//! The review of least privilege over time: which permissions the trail shows in use, by whom, and since when they are not.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::entry::Entry;
use super::event::{AuditEvent, DecidedAs};
use super::name::Pseudonym;
use crate::core::access::AccessFinding;
use crate::core::classification::Level;
use crate::core::id::{CaseId, Name};
use crate::core::policy::{AllowRule, Policy};

/// How often something was used since the date of the review, and when it was used last, also before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Used {
    /// Questions that it allowed.
    pub granted: u64,
    /// Records and values that were opened with it.
    pub opened: u64,
    /// When it was used last; `None`: never, as far as the trail goes back.
    pub last: Option<DateTime<Utc>>,
}

impl Used {
    fn note(&mut self, at: DateTime<Utc>, since: DateTime<Utc>, opened: bool) {
        self.last = self.last.max(Some(at));
        if at >= since {
            *(if opened { &mut self.opened } else { &mut self.granted }) += 1;
        }
    }

    /// Whether it was not used since then.
    #[must_use]
    pub fn is_idle_since(&self, since: DateTime<Utc>) -> bool {
        self.last.is_none_or(|last| last < since)
    }
}

/// A rule of the policy, and what the trail shows of its use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleUse {
    /// The lowest level at which its use goes on the trail; below that it is not seen. `None`: it never goes there.
    pub seen_from: Option<Level>,
    /// Its use, by everybody.
    pub used: Used,
}

/// A question for an emergency.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Emergency {
    /// When.
    pub at: DateTime<Utc>,
    /// Who asked.
    pub by: Option<Pseudonym>,
    /// The case that was named.
    pub case: Option<CaseId>,
    /// The purpose.
    pub purpose: Option<Name>,
    /// The category; none where the policy declared no such.
    pub category: Option<Name>,
    /// The highest level that was asked for.
    pub level: Level,
    /// How it was decided.
    pub outcome: DecidedAs,
}

/// A review of who may do what, and does: for a tenant, since a date.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessReview {
    /// The date.
    pub since: DateTime<Utc>,
    /// Every rule that allows, used or not.
    pub rules: BTreeMap<Name, RuleUse>,
    /// Everybody whom the trail shows, and which rules they used, of this policy or an earlier one.
    pub people: BTreeMap<Pseudonym, BTreeMap<Name, Used>>,
    /// Every question for an emergency since the date, in order.
    pub emergencies: Vec<Emergency>,
    /// What the rules would do without, whoever uses them ([`Policy::review_access`]).
    pub findings: Vec<AccessFinding>,
}

impl AccessReview {
    /// The rules that were not used since the date, of those whose use goes on the trail.
    pub fn unused(&self) -> impl Iterator<Item = &Name> {
        let idle = self
            .rules
            .iter()
            .filter(|(_, rule)| rule.seen_from.is_some() && rule.used.is_idle_since(self.since));
        idle.map(|(name, _)| name)
    }

    /// Who used which rule before the date, and not since.
    pub fn idle(&self) -> impl Iterator<Item = (&Pseudonym, &Name)> {
        self.people.iter().flat_map(|(who, rules)| {
            let idle = rules.iter().filter(|(_, used)| used.is_idle_since(self.since));
            idle.map(move |(rule, _)| (who, rule))
        })
    }
}

/// Makes a review of a trail entry by entry: what it holds grows with people and rules, not with the trail.
#[derive(Debug)]
pub(crate) struct Reviewer {
    /// What the trail calls the tenant.
    tenant: BTreeSet<Pseudonym>,
    review: AccessReview,
}

impl Reviewer {
    pub(crate) fn new(policy: &Policy, tenant: BTreeSet<Pseudonym>, since: DateTime<Utc>) -> Self {
        let rules = policy.document().access.allow.iter();
        let rules = rules.map(|rule| {
            let seen_from = seen_from(policy, rule);
            (rule.id.clone(), RuleUse { seen_from, used: Used::default() })
        });
        let review = AccessReview {
            since,
            rules: rules.collect(),
            people: BTreeMap::new(),
            emergencies: Vec::new(),
            findings: policy.review_access(),
        };
        Self { tenant, review }
    }

    /// Takes in one entry; those of other tenants are passed over.
    pub(crate) fn entry(&mut self, entry: Entry) {
        if !entry.tenant.as_ref().is_some_and(|tenant| self.tenant.contains(tenant)) {
            return;
        }
        match entry.event {
            AuditEvent::Decided { rule, outcome, purpose, category, level, case, emergency, .. } => {
                if emergency && entry.at >= self.review.since {
                    let (at, by) = (entry.at, entry.by);
                    let one = Emergency { at, by, case, purpose, category, level, outcome };
                    self.review.emergencies.push(one);
                }
                if let Some(rule) = rule.filter(|_| outcome == DecidedAs::Allowed) {
                    self.note(rule, entry.by, entry.at, false);
                }
            }
            AuditEvent::Opened { rule, .. } => self.note(rule, entry.by, entry.at, true),
            _ => {}
        }
    }

    pub(crate) fn finish(self) -> AccessReview {
        self.review
    }

    fn note(&mut self, rule: Name, by: Option<Pseudonym>, at: DateTime<Utc>, opened: bool) {
        let since = self.review.since;
        if let Some(known) = self.review.rules.get_mut(&rule) {
            known.used.note(at, since, opened);
        }
        if let Some(by) = by {
            self.review.people.entry(by).or_default().entry(rule).or_default().note(at, since, opened);
        }
    }
}

/// The lowest level at which what a rule allows goes on the trail.
fn seen_from(policy: &Policy, rule: &AllowRule) -> Option<Level> {
    let is_emergency = |purpose: &Name| {
        policy.purpose(purpose.as_str()).is_some_and(|purpose| purpose.break_glass.is_some())
    };
    let always = rule.obligations.reason
        || rule.obligations.four_eyes
        || !rule.purposes.is_empty() && rule.purposes.iter().all(is_emergency);
    Level::ALL.into_iter().filter(|level| *level <= rule.up_to).find(|level| always || policy.records(*level))
}
