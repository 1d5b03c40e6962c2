//! Who may read a class at all.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::ClassSpec;
use crate::core::access::{
    Action, Environment, Facts, Principal, PrincipalKind, Purpose, Question, Resource, decide,
};
use crate::core::id::Name;
use crate::core::policy::Policy;

/// The roles that may read values of a class when everything speaks for them: a fresh second factor, an assigned case, a live
/// authorisation, in some environment, for some purpose of the category.
///
/// It asks [`decide`] itself, so that it cannot say another thing than the decisions do.
pub(super) fn readers(policy: &Policy, class: &ClassSpec) -> BTreeSet<Name> {
    let Some(category) = policy.category(class.category) else { return BTreeSet::new() };
    let reading = policy.document().access.allow.iter().filter(|rule| {
        rule.actions.contains(&Action::Read)
            && rule.categories.iter().any(|name| name == class.category)
            && class.level <= rule.up_to
    });
    let roles: BTreeSet<&Name> = reading.flat_map(|rule| &rule.roles).collect();
    let reads = |role: &Name| {
        category.purposes.iter().any(|purpose| {
            Environment::ALL.iter().any(|environment| {
                PrincipalKind::ALL
                    .iter()
                    .any(|kind| at_best(policy, class, role, purpose, *environment, *kind))
            })
        })
    };
    roles.into_iter().filter(|role| reads(role)).cloned().collect()
}

fn at_best(
    policy: &Policy,
    class: &ClassSpec,
    role: &Name,
    purpose: &Name,
    environment: Environment,
    kind: PrincipalKind,
) -> bool {
    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
    const TENANT: &str = "any";
    let by = match kind {
        PrincipalKind::Person => Principal::person(TENANT, "somebody"),
        PrincipalKind::Service => Principal::service(TENANT, "something"),
    };
    let what = Resource::category(TENANT, class.category, class.level);
    let question = Question::new(by.role(role).mfa_at(NOW), Action::Read, what, Purpose::new(purpose));
    let facts = Facts::new(NOW, environment).authorization(true);
    decide(policy, &question.assigned_case(true), &facts).is_allowed()
}
