//! The review of least privilege: roles and rules that the policy would do without.

use std::collections::BTreeSet;
use std::fmt;

use super::BUDGET;
use super::cube::{Cube, Layout};
use super::domain::Domain;
use super::region::Region;
use super::search::{Found, Search};
use crate::core::id::Name;
use crate::core::policy::{Obligations, Policy};

/// Something that the access rules would do without.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessFinding {
    /// No rule, reason or reviewer's list names this role.
    UnusedRole(Name),
    /// No request can be allowed by this rule: something forbids each.
    UnreachableRule(Name),
    /// Whatever this rule allows is allowed without it, by rules that oblige to nothing or to just the same.
    RedundantRule(Name, Redundancy),
    /// This rule denies nothing that anything else allows.
    IdleDenial(Name),
    /// The work was at its bound before it was known of this rule.
    Undecided(Name),
}

/// What allows the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redundancy {
    /// This rule alone: it subsumes the other.
    SubsumedBy(Name),
    /// Several together: they shadow it.
    Shadowed,
}

impl fmt::Display for AccessFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnusedRole(role) => write!(f, "role `{role}` is used by no rule"),
            Self::UnreachableRule(rule) => {
                write!(f, "rule `{rule}` allows nothing: every request of it is forbidden")
            }
            Self::RedundantRule(rule, Redundancy::SubsumedBy(other)) => {
                write!(f, "rule `{rule}` allows nothing that rule `{other}` does not")
            }
            Self::RedundantRule(rule, Redundancy::Shadowed) => {
                write!(f, "rule `{rule}` allows nothing that other rules do not")
            }
            Self::IdleDenial(rule) => write!(f, "rule `{rule}` denies nothing that anything else allows"),
            Self::Undecided(rule) => write!(f, "whether rule `{rule}` is needed was not decided"),
        }
    }
}

impl Policy {
    /// What the access rules would do without: roles that nothing uses, rules that no request reaches, rules that others subsume or
    /// shadow, denials of what nothing allows. Decided over all requests, not sampled.
    ///
    /// # Example: a rule that another one holds
    /// ```
    /// use stewardship::access::{AccessFinding, Redundancy};
    /// use stewardship::Policy;
    /// let policy = Policy::from_toml(include_str!("../../../../examples/policies/complete.toml"))?;
    /// let mut document = policy.document().clone();
    /// let mut double = document.access.allow[0].clone();
    /// double.id = "double".into();
    /// double.roles.insert("support".into());
    /// let narrow = document.access.allow[0].id.clone();
    /// document.access.allow.push(double);
    /// let found = Policy::from_document(document)?.review_access();
    /// assert!(found.contains(&AccessFinding::RedundantRule(narrow, Redundancy::SubsumedBy("double".into()))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn review_access(&self) -> Vec<AccessFinding> {
        let document = self.document();
        let (allow, deny) = (&document.access.allow, &document.access.deny);
        let mut used: BTreeSet<&Name> = allow.iter().flat_map(|rule| &rule.roles).collect();
        used.extend(deny.iter().flat_map(|rule| &rule.roles));
        used.extend(
            document.reasons.values().flat_map(|reason| reason.roles.iter().chain(&reason.approvers)),
        );
        used.extend(document.requests.iter().flat_map(|requests| &requests.reviewers));
        let unused = document.roles.keys().filter(|role| !used.contains(role));
        let mut findings: Vec<_> = unused.map(|role| AccessFinding::UnusedRole(role.clone())).collect();
        let Ok(domain) = Domain::of(&[self], &[]) else {
            findings.extend(allow.iter().map(|rule| AccessFinding::Undecided(rule.id.clone())));
            return findings;
        };
        let (region, layout) = (Region::of(self, &domain), &domain.layout);
        let forbidding = region.forbidding();
        for (at, rule) in allow.iter().enumerate() {
            let own = || region.allow.iter().filter(|(of, _)| *of == at).map(|(_, cube)| cube);
            let found = match reaches(layout, own(), &forbidding) {
                Found::None => Some(AccessFinding::UnreachableRule(rule.id.clone())),
                Found::Undecided => Some(AccessFinding::Undecided(rule.id.clone())),
                Found::Some(_) => self.redundancy(layout, &region, at, &forbidding),
            };
            findings.extend(found);
        }
        for (at, rule) in deny.iter().enumerate() {
            let others: Vec<&Cube> =
                region.forbid.iter().filter(|(of, _)| *of != Some(at)).map(|(_, cube)| cube).collect();
            let own = region.forbid.iter().filter(|(of, _)| *of == Some(at));
            let taken = own.flat_map(|(_, denied)| {
                let allowed = region.allow.iter().filter(|(_, allowed)| layout.intersect(allowed, denied));
                allowed.map(|(_, allowed)| layout.both(allowed, denied))
            });
            let taken: Vec<Cube> = taken.collect();
            findings.extend(match reaches(layout, taken.iter(), &others) {
                Found::None => Some(AccessFinding::IdleDenial(rule.id.clone())),
                Found::Undecided => Some(AccessFinding::Undecided(rule.id.clone())),
                Found::Some(_) => None,
            });
        }
        findings
    }

    /// Whether other rules allow all that this one does.
    fn redundancy(
        &self,
        layout: &Layout,
        region: &Region,
        at: usize,
        forbidding: &[&Cube],
    ) -> Option<AccessFinding> {
        let allow = &self.document().access.allow;
        let rule = allow.get(at)?;
        let lighter = |obligations: &Obligations| {
            *obligations == Obligations::default() || *obligations == rule.obligations
        };
        let stands_in =
            |other: usize| other != at && allow.get(other).is_some_and(|other| lighter(&other.obligations));
        let own = || region.allow.iter().filter(|(of, _)| *of == at).map(|(_, cube)| cube);
        let but_for = |others: &dyn Fn(usize) -> bool| {
            let others = region.allow.iter().filter(|(of, _)| others(*of)).map(|(_, cube)| cube);
            reaches(layout, own(), &forbidding.iter().copied().chain(others).collect::<Vec<_>>())
        };
        match but_for(&stands_in) {
            Found::Some(_) => None,
            Found::Undecided => Some(AccessFinding::Undecided(rule.id.clone())),
            Found::None => {
                let alone = (0..allow.len())
                    .filter(|other| stands_in(*other))
                    .find(|other| matches!(but_for(&|of| of == *other), Found::None));
                let by = alone.and_then(|other| allow.get(other)).map(|other| other.id.clone());
                let how = by.map_or(Redundancy::Shadowed, Redundancy::SubsumedBy);
                Some(AccessFinding::RedundantRule(rule.id.clone(), how))
            }
        }
    }
}

/// Whether one of these cubes has a request outside all of `minus`.
fn reaches<'c>(layout: &Layout, cubes: impl Iterator<Item = &'c Cube>, minus: &[&Cube]) -> Found {
    let mut search = Search::new(layout, BUDGET);
    cubes.for_each(|cube| search.look(cube, minus));
    search.finish()
}
