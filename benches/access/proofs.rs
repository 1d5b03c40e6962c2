//! The questions of `domain`, put to this crate: proved, without going through the states.

use stewardship::access::{Action, PrincipalKind, equivalent, never};
use stewardship::classification::Level;
use stewardship::policy::{AuthorizationState, Claim, Conditions, PolicyDocument, RequestSet};
use stewardship::{Period, Policy};

use super::domain::DRIFTS;
use super::words;

/// The policy, its other encoding, and the one that has drifted; and the claims about the first.
pub struct Proofs {
    policy: Policy,
    by_cell: Policy,
    drifted: Policy,
    tenant_isolation: Claim,
    second_factor: Claim,
    /// Two claims: what is not listed for a purpose, and what it needs.
    purpose: [Claim; 2],
    need_to_know: Claim,
}

impl Proofs {
    pub fn new() -> Self {
        let policy = super::policy();
        let selling = || RequestSet::new().purposes(["selling"]);
        let people = RequestSet::new().kinds([PrincipalKind::Person]);
        let day = Conditions::new().mfa_within(Period::hours(24));
        Self {
            by_cell: Policy::from_document(cell_by_cell(&policy, |_cell, level| level)).unwrap(),
            drifted: Policy::from_document(cell_by_cell(&policy, |cell, level| {
                if cell == DRIFTS { Level::Confidential } else { level }
            }))
            .unwrap(),
            policy,
            tenant_isolation: never(RequestSet::new().of_other_tenants(true)),
            second_factor: never(people.from_level(Level::Confidential).without(day)),
            purpose: [
                never(selling().categories(["billing", "account"])),
                never(selling().without(Conditions::new().authorization(AuthorizationState::Live))),
            ],
            need_to_know: never(
                RequestSet::new()
                    .without_roles(["owner", "analyst", "integration"])
                    .without(Conditions::new().assigned_case(true)),
            ),
        }
    }

    pub fn tenant_isolation(&self) -> bool {
        self.policy.prove(&self.tenant_isolation).unwrap().holds()
    }

    pub fn second_factor(&self) -> bool {
        self.policy.prove(&self.second_factor).unwrap().holds()
    }

    pub fn purpose(&self) -> bool {
        self.purpose.iter().all(|claim| self.policy.prove(claim).unwrap().holds())
    }

    pub fn need_to_know(&self) -> bool {
        self.policy.prove(&self.need_to_know).unwrap().holds()
    }

    pub fn equivalence(&self) -> bool {
        equivalent(&self.policy, &self.by_cell).holds()
    }

    /// Whether it is found, with a request that shows it.
    pub fn drift(&self) -> bool {
        equivalent(&self.policy, &self.drifted).counterexample().is_some()
    }

    /// Every question, one after the other; how many of the answers are as they have to be.
    pub fn all_questions(&self) -> usize {
        [
            self.tenant_isolation(),
            self.second_factor(),
            self.purpose(),
            self.need_to_know(),
            self.equivalence(),
            self.drift(),
        ]
        .into_iter()
        .filter(|right| *right)
        .count()
    }
}

/// The policy with one rule for each of the 79 cells.
fn cell_by_cell(
    policy: &Policy,
    level: impl Fn((words::Role, words::Action, words::Category), Level) -> Level,
) -> PolicyDocument {
    let mut document = policy.document().clone();
    let rules = std::mem::take(&mut document.access.allow);
    let cell = |role: &str, action: Action, category: &str| {
        (
            words::Role::parse(role).unwrap(),
            words::Action::parse(action.as_str()).unwrap(),
            words::Category::parse(category).unwrap(),
        )
    };
    for rule in &rules {
        for role in &rule.roles {
            for action in &rule.actions {
                for category in &rule.categories {
                    let mut one = rule.clone();
                    one.id = format!("{}-{action}-{category}", rule.id).replace('_', "-").into();
                    one.roles = [role.clone()].into();
                    one.actions = [*action].into();
                    one.categories = [category.clone()].into();
                    one.up_to = level(cell(role.as_str(), *action, category.as_str()), rule.up_to);
                    document.access.allow.push(one);
                }
            }
        }
    }
    assert_eq!(document.access.allow.len(), 79);
    document
}
