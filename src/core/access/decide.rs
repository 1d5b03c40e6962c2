//! The decision: does the policy allow this, and by which rule.

use chrono::{DateTime, Utc};

use super::question::{Facts, Question, Standing};
use super::words::PrincipalKind;
use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::{AllowRule, Conditions, DenyRule, Policy, PolicyDigest};

/// The answer of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on an answer must decide on each")]
pub enum Answer {
    /// Allowed by this rule.
    Allowed {
        /// The first rule that allows.
        rule: Name,
    },
    /// Forbidden: a deny rule or a control of the level stands against it, whatever else allows.
    Forbidden,
    /// Not permitted: no rule allows it.
    NotPermitted,
}

/// A decision: a pure value, which opens nothing. The reasons are computed when asked ([`explain`](super::explain())).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    answer: Answer,
    policy: PolicyDigest,
    at: DateTime<Utc>,
}

impl Decision {
    /// The answer.
    #[must_use]
    pub const fn answer(&self) -> &Answer {
        &self.answer
    }

    /// Whether the answer is yes.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.answer, Answer::Allowed { .. })
    }

    /// Digest of the policy that decided.
    #[must_use]
    pub const fn policy(&self) -> PolicyDigest {
        self.policy
    }

    /// When it was decided.
    #[must_use]
    pub const fn at(&self) -> DateTime<Utc> {
        self.at
    }
}

/// Decides a question. Default is deny; a deny beats every allow; what is not known never allows.
///
/// A resource of another tenant is answered like one that no rule allows.
///
/// # Example: nothing is allowed that no rule allows
/// ```
/// use stewardship::access::{decide, Answer, Environment, Facts};
/// use stewardship::{Action, Policy, Principal, Purpose, Question, Resource};
/// use stewardship::classification::Level;
///
/// let policy = Policy::from_toml(include_str!("../../../examples/policies/complete.toml"))?;
/// let intern = Principal::person("acme", "user-9").role("intern");
/// let orders = Resource::category("acme", "orders", Level::Internal);
/// let question = Question::new(intern, Action::Read, orders, Purpose::new("support"));
/// let facts = Facts::new("2026-11-22T09:00:00Z".parse()?, Environment::Development);
/// assert_eq!(*decide(&policy, &question, &facts).answer(), Answer::NotPermitted);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn decide(policy: &Policy, question: &Question, facts: &Facts) -> Decision {
    Decision { answer: answer(policy, question, facts), policy: policy.digest(), at: facts.now }
}

fn answer(policy: &Policy, question: &Question, facts: &Facts) -> Answer {
    if !asks_within_tenant(question) {
        return Answer::NotPermitted;
    }
    if forbidden(policy, question, facts) {
        return Answer::Forbidden;
    }
    match policy.document().access.allow.iter().find(|rule| allows(rule, question, facts)) {
        Some(rule) => Answer::Allowed { rule: rule.id.clone() },
        None => Answer::NotPermitted,
    }
}

/// Whether something stands against it whatever allows it: a barrier, or a deny rule.
pub(super) fn forbidden(policy: &Policy, question: &Question, facts: &Facts) -> bool {
    barriers(policy, question, facts).next().is_some()
        || policy.document().access.deny.iter().any(|rule| denies(rule, question, facts))
}

pub(super) fn asks_within_tenant(question: &Question) -> bool {
    question.principal().tenant() == question.resource().tenant()
}

/// What stands in the way whatever the rules allow, because the policy says so outside its access rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Barrier {
    Suspended,
    UndeclaredPurpose,
    UndeclaredCategory,
    PurposeNotOfCategory,
    AuthorizationNotLive,
    LevelNeedsMfa(Period),
}

pub(super) fn barriers<'a>(
    policy: &'a Policy,
    question: &'a Question,
    facts: &'a Facts,
) -> impl Iterator<Item = Barrier> + 'a {
    let document = policy.document();
    let purpose = document.purposes.get(question.purpose().name());
    let category = document.categories.get(question.resource().category_name());
    let mfa_within = policy.level(question.resource().level()).mfa_within;
    [
        (question.principal().standing() == Standing::Suspended).then_some(Barrier::Suspended),
        purpose.is_none().then_some(Barrier::UndeclaredPurpose),
        category.is_none().then_some(Barrier::UndeclaredCategory),
        category
            .is_some_and(|category| !category.purposes.contains(question.purpose().name()))
            .then_some(Barrier::PurposeNotOfCategory),
        purpose
            .is_some_and(|purpose| purpose.needs_authorization && !facts.authorization_live.holds())
            .then_some(Barrier::AuthorizationNotLive),
        mfa_within
            .filter(|_| question.principal().kind() == PrincipalKind::Person)
            .filter(|within| !mfa_is_fresh(question, facts, *within))
            .map(Barrier::LevelNeedsMfa),
    ]
    .into_iter()
    .flatten()
}

/// Whether the second factor was verified at most `within` ago, and not in the future.
pub(super) fn mfa_is_fresh(question: &Question, facts: &Facts, within: Period) -> bool {
    question.principal().last_mfa().is_some_and(|at| at <= facts.now && facts.now <= within.after(at))
}

/// Whether an empty list (any) or a list with the item in it matches.
pub(super) fn any_or<T: Ord>(list: &std::collections::BTreeSet<T>, item: &T) -> bool {
    list.is_empty() || list.contains(item)
}

fn has_one_of(question: &Question, roles: &std::collections::BTreeSet<Name>) -> bool {
    question.principal().roles().iter().any(|role| roles.contains(role))
}

pub(super) fn denies(rule: &DenyRule, question: &Question, facts: &Facts) -> bool {
    let resource = question.resource();
    (rule.roles.is_empty() || has_one_of(question, &rule.roles))
        && any_or(&rule.actions, &question.action())
        && any_or(&rule.categories, resource.category_name())
        && rule.from_level.is_none_or(|from| from <= resource.level())
        && any_or(&rule.purposes, question.purpose().name())
        && any_or(&rule.environments, &facts.environment)
        && any_or(&rule.kinds, &question.principal().kind())
        && !rule.unless.as_ref().is_some_and(|conditions| all_hold(conditions, question, facts))
}

pub(super) fn allows(rule: &AllowRule, question: &Question, facts: &Facts) -> bool {
    let resource = question.resource();
    has_one_of(question, &rule.roles)
        && rule.actions.contains(&question.action())
        && rule.categories.contains(resource.category_name())
        && resource.level() <= rule.up_to
        && any_or(&rule.purposes, question.purpose().name())
        && any_or(&rule.environments, &facts.environment)
        && any_or(&rule.kinds, &question.principal().kind())
        && rule.when.as_ref().is_none_or(|conditions| all_hold(conditions, question, facts))
}

fn all_hold(conditions: &Conditions, question: &Question, facts: &Facts) -> bool {
    conditions.mfa_within.is_none_or(|within| mfa_is_fresh(question, facts, within))
        && conditions.authorization.is_none_or(|_live| facts.authorization_live.holds())
        && (!conditions.assigned_case || question.case().holds())
}
