//! The reasons of a decision, computed when somebody asks for them.

use std::fmt;

use super::decide::{Barrier, allows, any_or, asks_within_tenant, barriers, denies, mfa_is_fresh};
use super::question::{Fact, Facts, Question};
use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::{AllowRule, Conditions, Policy};

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
            Self::NoRuleAllows => f.write_str("no rule allows it"),
        }
    }
}

/// What a rule asks for and the question does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
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
    /// A live authorisation of the connection.
    Authorization,
    /// Assignment to an open case about the resource.
    AssignedCase(Fact<bool>),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(roles) => write!(f, "role {}", quoted(roles)),
            Self::Purpose(purposes) => write!(f, "purpose {}", quoted(purposes)),
            Self::Environment => f.write_str("another environment"),
            Self::Kind => f.write_str("another kind of principal"),
            Self::Level(level) => write!(f, "a resource of at most level {level}"),
            Self::Mfa(within) => write!(f, "a second factor verified within {within}"),
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
    /// The nearest rule. `None` where it was allowed, where no rule is about such an action on such a category, or where the
    /// resource is another tenant's.
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
        barriers(policy, question, facts).map(|barrier| reason(barrier, question)).collect();
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

fn reason(barrier: Barrier, question: &Question) -> Reason {
    let purpose = question.purpose().name().clone();
    let category = question.resource().category_name().clone();
    match barrier {
        Barrier::Suspended => Reason::Suspended,
        Barrier::UndeclaredPurpose => Reason::PurposeNotDeclared(purpose),
        Barrier::UndeclaredCategory => Reason::CategoryNotDeclared(category),
        Barrier::PurposeNotOfCategory => Reason::PurposeMismatch { category, purpose },
        Barrier::AuthorizationNotLive => Reason::NoAuthorization,
        Barrier::LevelNeedsMfa(within) => Reason::LevelNeedsMfa(within),
    }
}

/// The rule with the least missing among those about this action and category; a rule of the principal's own role comes first.
fn nearest(rules: &[AllowRule], question: &Question, facts: &Facts) -> Option<Nearest> {
    rules
        .iter()
        .filter(|rule| {
            rule.actions.contains(&question.action())
                && rule.categories.contains(question.resource().category_name())
        })
        .map(|rule| (rule, missing(rule, question, facts)))
        .min_by_key(|(_, missing)| {
            (missing.iter().any(|item| matches!(item, Missing::Role(_))), missing.len())
        })
        .map(|(rule, missing)| Nearest { rule: rule.id.clone(), missing })
}

fn missing(rule: &AllowRule, question: &Question, facts: &Facts) -> Vec<Missing> {
    let roles = rule.roles.iter().cloned();
    let principal = question.principal();
    let mut missing = Vec::new();
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
    mfa.map(Missing::Mfa)
        .into_iter()
        .chain(authorization.map(|_live| Missing::Authorization))
        .chain(case.map(Missing::AssignedCase))
        .collect()
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

fn quoted(names: &[Name]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}
