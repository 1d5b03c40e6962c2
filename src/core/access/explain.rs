//! The reasons of a decision, computed when somebody asks for them.

use std::fmt;

use super::decide::{Barrier, allows, any_or, asks_within_tenant, barriers, denies, mfa_is_fresh};
use super::question::{Fact, Facts, Question};
use super::words::Action;
use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::{AllowRule, Conditions, Policy};

const FUTURE_MFA: &str = "the second factor lies in the future: check the clocks";

/// One reason for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// This rule allows.
    AllowedBy(Name),
    /// This rule denies; the list says what would lift it, where something would.
    DeniedBy(Name, Vec<Missing>),
    /// The account is suspended.
    Suspended,
    /// The policy declares no such purpose.
    PurposeNotDeclared(Name),
    /// The policy declares no such category.
    CategoryNotDeclared(Name),
    /// The policy does not let this category be used for this purpose.
    PurposeMismatch {
        /// The category.
        category: Name,
        /// The purpose.
        purpose: Name,
    },
    /// The purpose needs the live authorisation of the connection.
    NoAuthorization,
    /// The level needs a second factor this fresh.
    LevelNeedsMfa(Period),
    /// The level needs a second factor, and the one that was stated lies in the future.
    MfaInFuture,
    /// No rule allows it.
    NoRuleAllows,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllowedBy(rule) => write!(f, "rule `{rule}` allows it"),
            Self::DeniedBy(rule, lifted) if lifted.is_empty() => write!(f, "rule `{rule}` denies it"),
            Self::DeniedBy(rule, lifted) => write!(f, "rule `{rule}` denies it unless: {}", list(lifted)),
            Self::Suspended => f.write_str("the account is suspended"),
            Self::PurposeNotDeclared(purpose) => write!(f, "the policy declares no purpose `{purpose}`"),
            Self::CategoryNotDeclared(category) => write!(f, "the policy declares no category `{category}`"),
            Self::PurposeMismatch { category, purpose } => {
                write!(f, "category `{category}` may not be used for purpose `{purpose}`")
            }
            Self::NoAuthorization => f.write_str("the connection's authorisation is not known to be live"),
            Self::LevelNeedsMfa(within) => {
                write!(f, "data of this level needs a second factor verified within {within}")
            }
            Self::MfaInFuture => f.write_str(FUTURE_MFA),
            Self::NoRuleAllows => f.write_str("no rule allows it"),
        }
    }
}

/// What a rule asks for and the question does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// One of these actions: no rule about the category has the one that was asked for.
    Action(Vec<Action>),
    /// One of these roles.
    Role(Vec<Name>),
    /// One of these purposes.
    Purpose(Vec<Name>),
    /// Another environment.
    Environment,
    /// The other kind of principal.
    Kind,
    /// A resource of at most this level.
    Level(crate::core::classification::Level),
    /// A second factor this fresh.
    Mfa(Period),
    /// A second factor that does not lie in the future.
    MfaInFuture,
    /// A live authorisation of the connection.
    Authorization,
    /// Assignment to an open case about the resource.
    AssignedCase(Fact<bool>),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(actions) => write!(f, "another action ({})", quoted(actions)),
            Self::Role(roles) => write!(f, "role {}", quoted(roles)),
            Self::Purpose(purposes) => write!(f, "purpose {}", quoted(purposes)),
            Self::Environment => f.write_str("another environment"),
            Self::Kind => f.write_str("another kind of principal"),
            Self::Level(level) => write!(f, "a resource of at most level {level}"),
            Self::Mfa(within) => write!(f, "a second factor verified within {within}"),
            Self::MfaInFuture => {
                f.write_str("a second factor in the past (it lies in the future: check the clocks)")
            }
            Self::Authorization => f.write_str("a live authorisation of the connection"),
            Self::AssignedCase(Fact::Known(_)) => f.write_str("assigned case"),
            Self::AssignedCase(Fact::Unknown) => f.write_str("assigned case (the host did not say)"),
        }
    }
}

/// The allow rule that comes nearest, and what is missing for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Nearest {
    /// The rule.
    pub rule: Name,
    /// What is missing; at least one thing.
    pub missing: Vec<Missing>,
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule `{}` would allow it: {} missing", self.rule, list(&self.missing))
    }
}

/// Every reason of a decision and, where it was denied, the nearest rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// Every reason; at least one.
    pub reasons: Vec<Reason>,
    /// The nearest rule. `None` where it was allowed, where no rule is about such a category, or where the resource is
    /// another tenant's.
    pub nearest: Option<Nearest>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&list(&self.reasons))?;
        match &self.nearest {
            Some(nearest) => write!(f, "; {nearest}"),
            None => Ok(()),
        }
    }
}

/// Explains the decision that [`decide`](super::decide()) gives for the same arguments.
///
/// For another tenant's resource the explanation says what it says of a resource that does not exist.
#[must_use]
pub fn explain(policy: &Policy, question: &Question, facts: &Facts) -> Explanation {
    if !asks_within_tenant(question) {
        return Explanation { reasons: vec![Reason::NoRuleAllows], nearest: None };
    }
    let access = &policy.document().access;
    let mut reasons: Vec<Reason> =
        barriers(policy, question, facts).map(|barrier| reason(barrier, question, facts)).collect();
    reasons.extend(access.deny.iter().filter(|rule| denies(rule, question, facts)).map(|rule| {
        let lifted = rule.unless.as_ref().map(|unless| unmet(unless, question, facts)).unwrap_or_default();
        Reason::DeniedBy(rule.id.clone(), lifted)
    }));
    let mut allowing = access.allow.iter().filter(|rule| allows(rule, question, facts)).peekable();
    if allowing.peek().is_none() {
        reasons.push(Reason::NoRuleAllows);
        let nearest = nearest(&access.allow, question, facts);
        return Explanation { reasons, nearest };
    }
    if reasons.is_empty() {
        reasons.extend(allowing.map(|rule| Reason::AllowedBy(rule.id.clone())));
    }
    Explanation { reasons, nearest: None }
}

fn reason(barrier: Barrier, question: &Question, facts: &Facts) -> Reason {
    let purpose = question.purpose().name().clone();
    let category = question.resource().category_name().clone();
    match barrier {
        Barrier::Suspended => Reason::Suspended,
        Barrier::UndeclaredPurpose => Reason::PurposeNotDeclared(purpose),
        Barrier::UndeclaredCategory => Reason::CategoryNotDeclared(category),
        Barrier::PurposeNotOfCategory => Reason::PurposeMismatch { category, purpose },
        Barrier::AuthorizationNotLive => Reason::NoAuthorization,
        Barrier::LevelNeedsMfa(_) if mfa_in_future(question, facts) => Reason::MfaInFuture,
        Barrier::LevelNeedsMfa(within) => Reason::LevelNeedsMfa(within),
    }
}

/// The rule with the least missing among those about this category; one about the action comes first, then one of the principal's
/// own role.
fn nearest(rules: &[AllowRule], question: &Question, facts: &Facts) -> Option<Nearest> {
    rules
        .iter()
        .filter(|rule| rule.categories.contains(question.resource().category_name()))
        .map(|rule| (rule, missing(rule, question, facts)))
        .min_by_key(|(_, missing)| {
            let lacks = |what: fn(&Missing) -> bool| missing.iter().any(what);
            (
                lacks(|item| matches!(item, Missing::Action(_))),
                lacks(|item| matches!(item, Missing::Role(_))),
                missing.len(),
            )
        })
        .map(|(rule, missing)| Nearest { rule: rule.id.clone(), missing })
}

fn missing(rule: &AllowRule, question: &Question, facts: &Facts) -> Vec<Missing> {
    let roles = rule.roles.iter().cloned();
    let principal = question.principal();
    let mut missing = Vec::new();
    if !rule.actions.contains(&question.action()) {
        missing.push(Missing::Action(rule.actions.iter().copied().collect()));
    }
    if !principal.roles().iter().any(|role| rule.roles.contains(role)) {
        missing.push(Missing::Role(roles.collect()));
    }
    if question.resource().level() > rule.up_to {
        missing.push(Missing::Level(rule.up_to));
    }
    if !any_or(&rule.purposes, question.purpose().name()) {
        missing.push(Missing::Purpose(rule.purposes.iter().cloned().collect()));
    }
    if !any_or(&rule.environments, &facts.environment) {
        missing.push(Missing::Environment);
    }
    if !any_or(&rule.kinds, &principal.kind()) {
        missing.push(Missing::Kind);
    }
    missing.extend(rule.when.iter().flat_map(|when| unmet(when, question, facts)));
    missing
}

fn unmet(conditions: &Conditions, question: &Question, facts: &Facts) -> Vec<Missing> {
    let mfa = conditions.mfa_within.filter(|within| !mfa_is_fresh(question, facts, *within));
    let authorization = conditions.authorization.filter(|_live| !facts.authorization_live.holds());
    let case = (conditions.assigned_case && !question.case().holds()).then(|| question.case());
    let late =
        |within| if mfa_in_future(question, facts) { Missing::MfaInFuture } else { Missing::Mfa(within) };
    mfa.map(late)
        .into_iter()
        .chain(authorization.map(|_live| Missing::Authorization))
        .chain(case.map(Missing::AssignedCase))
        .collect()
}

fn mfa_in_future(question: &Question, facts: &Facts) -> bool {
    question.principal().last_mfa().is_some_and(|at| at > facts.now)
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

fn quoted<T: fmt::Display>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::core::access::{Environment, Principal, Purpose, Resource};
    use crate::core::classification::Level;

    const NOW: &str = "2026-11-22T09:00:00Z";

    fn explained(who: Principal, action: Action, category: &str, purpose: &str) -> Explanation {
        let policy = Policy::from_toml(include_str!("../../../examples/policies/complete.toml")).unwrap();
        let resource = Resource::category("acme", category, Level::Confidential);
        let question = Question::new(who, action, resource, Purpose::new(purpose)).assigned_case(true);
        explain(&policy, &question, &Facts::new(NOW.parse().unwrap(), Environment::Development))
    }

    #[test]
    fn a_second_factor_in_the_future_is_told_from_an_old_one() {
        let now: DateTime<Utc> = NOW.parse().unwrap();
        let owner = |at| Principal::person("acme", "user-1").role("owner").mfa_at(at);
        let ask = |at| explained(owner(at), Action::Read, "creators", "support");
        let (future, old) = (ask(Period::hours(1).after(now)), ask("2026-01-01T00:00:00Z".parse().unwrap()));
        assert!(future.reasons.contains(&Reason::MfaInFuture), "{future}");
        assert_eq!(future.nearest.as_ref().unwrap().missing, [Missing::MfaInFuture]);
        assert!(future.to_string().contains("the second factor lies in the future: check the clocks"));
        assert!(!old.reasons.contains(&Reason::MfaInFuture), "{old}");
        assert!(matches!(old.nearest.unwrap().missing[..], [Missing::Mfa(_)]));
        assert_eq!(ask(now).reasons, [Reason::AllowedBy("owner-reads-tenant-data".into())]);
    }

    #[test]
    fn where_no_rule_has_the_action_the_nearest_has_another() {
        let now: DateTime<Utc> = NOW.parse().unwrap();
        let officer = Principal::person("acme", "user-3").role("privacy_officer").mfa_at(now);
        let near = explained(officer.clone(), Action::Share, "orders", "subject_requests").nearest.unwrap();
        assert_eq!(near.rule, Name::new("officer-answers-requests"));
        assert_eq!(near.missing, [Missing::Action(vec![Action::Read, Action::Export, Action::Erase])]);
        assert_eq!(
            near.to_string(),
            "rule `officer-answers-requests` would allow it: another action (`read` or `export` or `erase`) missing"
        );
        // A rule about the action itself comes first, however much is missing for it.
        let near = explained(officer, Action::Share, "creators", "subject_requests").nearest.unwrap();
        assert_eq!(near.rule, Name::new("integration-hands-outreach-to-mailer"));
    }
}
