//! The reasons of a decision, computed when somebody asks for them.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};

use super::barriers::Barrier;
use super::conditions::Condition;
use super::decide::{Decision, Why};
use super::facts::Fact;
use super::hours::Hours;
use super::names::{UNDECLARED, told};
use super::words::{Action, Obligation, Stop};
use crate::core::authentication::Method;
use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::{AllowRule, Conditions, Transport, suggested};

/// Most roles that an explanation says of that the policy does not declare them.
const MOST_UNKNOWN: usize = 8;

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
    /// The category is handled for this purpose on the customer's instructions, and none is known to stand (GDPR Art. 28(3)(a)).
    NoInstruction {
        /// The category.
        category: Name,
        /// The purpose.
        purpose: Name,
    },
    /// The purpose needs the person's consent, and none is known (GDPR Art. 6(1)(a)).
    NoConsent,
    /// The purpose is for emergencies, and wants a case to be named.
    CaseRequired,
    /// The person has said this, which stops the purpose.
    Stopped(Stop),
    /// Whether the person has said this, which would stop the purpose, is not known.
    PreferencesUnknown(Stop),
    /// The level needs a second factor this fresh.
    LevelNeedsMfa(Period),
    /// The level needs a second factor, and the one that was stated lies in the future.
    MfaInFuture,
    /// No rule allows it.
    NoRuleAllows,
    /// The rule that allows it obliges to something that was not done.
    Undischarged {
        /// To what.
        obligation: Obligation,
        /// Whether a second person was named, who does not count.
        second_named: bool,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllowedBy(rule) => write!(f, "rule `{rule}` allows it"),
            Self::DeniedBy(rule, lifted) if lifted.is_empty() => write!(f, "rule `{rule}` denies it"),
            Self::DeniedBy(rule, lifted) => write!(f, "rule `{rule}` denies it unless: {}", list(lifted)),
            Self::Suspended => f.write_str("the account is suspended"),
            Self::PurposeNotDeclared(name) | Self::CategoryNotDeclared(name) if *name == UNDECLARED => {
                let purpose = matches!(self, Self::PurposeNotDeclared(_));
                write!(f, "the policy declares no such {}", if purpose { "purpose" } else { "category" })
            }
            Self::PurposeNotDeclared(purpose) => write!(f, "the policy declares no purpose `{purpose}`"),
            Self::CategoryNotDeclared(category) => write!(f, "the policy declares no category `{category}`"),
            Self::PurposeMismatch { category, purpose } => {
                write!(f, "{} may not be used for {}", told("category", category), told("purpose", purpose))
            }
            Self::NoAuthorization => f.write_str("the connection's authorisation is not known to be live"),
            Self::NoInstruction { category, purpose } => write!(
                f,
                "category `{category}` is handled on the customer's instructions, and none is known to stand for purpose `{purpose}`"
            ),
            Self::NoConsent => f.write_str("the person's consent to the purpose is not known"),
            Self::CaseRequired => f.write_str("the purpose is for emergencies: a case has to be named"),
            Self::Stopped(stop) => write!(f, "the person's {} stops the purpose", spoken(*stop)),
            Self::PreferencesUnknown(stop) => {
                write!(
                    f,
                    "whether the person's {} stops the purpose is not known: ask about one person",
                    spoken(*stop)
                )
            }
            Self::LevelNeedsMfa(within) => {
                write!(f, "data of this level needs a second factor verified within {within}")
            }
            Self::MfaInFuture => f.write_str(FUTURE_MFA),
            Self::NoRuleAllows => f.write_str("no rule allows it"),
            Self::Undischarged { obligation, second_named: false } => {
                write!(f, "it obliges to {obligation}, which was not done")
            }
            Self::Undischarged { obligation, second_named: true } => write!(
                f,
                "it obliges to {obligation}, and whoever was named is none: another person of the tenant, active, who would be allowed the same"
            ),
        }
    }
}

/// What a rule asks for and the question does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// One of these categories: no rule is about the one that was asked for.
    Category(Vec<Name>),
    /// One of these actions: no rule about the category has the one that was asked for.
    Action(Vec<Action>),
    /// One of these roles.
    Role(Vec<Name>),
    /// One of these purposes, of which none is for emergencies.
    Purpose(Vec<Name>),
    /// One of these purposes, which are for emergencies: the rule has no other.
    Emergency(Vec<Name>),
    /// A named case, which a purpose for emergencies wants.
    Case,
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
    /// A second factor by one of these methods.
    MfaBy(Vec<Method>),
    /// A live authorisation of the connection.
    Authorization,
    /// Assignment to an open case about the resource.
    AssignedCase(Fact<bool>),
    /// The tenant's acceptance of the terms in force.
    TermsAccepted(Fact<bool>),
    /// A training this recent.
    Training(Period),
    /// A device that the company manages.
    ManagedDevice(Fact<bool>),
    /// One of these versions of the transport.
    Transport(Vec<Transport>),
    /// Another hour of the week.
    Hours(Hours),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Category(categories) => write!(f, "category {}", quoted(categories)),
            Self::Action(actions) => write!(f, "another action ({})", quoted(actions)),
            Self::Role(roles) => write!(f, "role {}", quoted(roles)),
            Self::Purpose(purposes) | Self::Emergency(purposes) => write!(f, "purpose {}", quoted(purposes)),
            Self::Case => f.write_str("a named case"),
            Self::Environment => f.write_str("another environment"),
            Self::Kind => f.write_str("another kind of principal"),
            Self::Level(level) => write!(f, "a resource of at most level {level}"),
            Self::Mfa(within) => write!(f, "a second factor verified within {within}"),
            Self::MfaInFuture => {
                f.write_str("a second factor in the past (it lies in the future: check the clocks)")
            }
            Self::MfaBy(methods) => write!(f, "a second factor by {}", quoted(methods)),
            Self::Authorization => f.write_str("a live authorisation of the connection"),
            Self::AssignedCase(fact) => write!(f, "assigned case{}", unsaid(*fact)),
            Self::TermsAccepted(fact) => write!(f, "acceptance of the terms in force{}", unsaid(*fact)),
            Self::Training(within) => write!(f, "a training within {within}"),
            Self::ManagedDevice(fact) => write!(f, "a managed device{}", unsaid(*fact)),
            Self::Transport(admitted) => write!(f, "transport {}", quoted(admitted)),
            Self::Hours(hours) => write!(f, "a time within {hours} UTC"),
        }
    }
}

/// What tells a fact that is known not to hold from one that nobody gave.
fn unsaid(fact: Fact<bool>) -> &'static str {
    match fact {
        Fact::Known(_) => "",
        Fact::Unknown => " (the host did not say)",
    }
}

fn spoken(stop: Stop) -> &'static str {
    match stop {
        Stop::Restriction => "restriction of processing",
        Stop::Objection => "objection",
        Stop::OptOut => "opt-out",
    }
}

/// The allow rule that comes nearest, and what is missing for it. The page of the module says which one that is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Nearest {
    /// The rule.
    pub rule: Name,
    /// What is missing; nothing where the rule allows it, and something else stands against it.
    pub missing: Vec<Missing>,
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rule, missing) = (&self.rule, list(&self.missing));
        // Whoever reads it is not to take an emergency for the way that is usual.
        let is_emergency = |item: &Missing| matches!(item, Missing::Emergency(_) | Missing::Case);
        match self.missing.as_slice() {
            [] => write!(f, "rule `{rule}` allows it, but for that"),
            all if all.iter().any(is_emergency) => {
                write!(f, "in an emergency rule `{rule}` asks for what is missing: {missing}")
            }
            _ => write!(f, "rule `{rule}` would allow it: {missing} missing"),
        }
    }
}

/// Every reason of a decision and, where it was denied, the nearest rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// Every reason; at least one.
    pub reasons: Vec<Reason>,
    /// The nearest rule. `None` where it was allowed, where the policy has no rule that allows anything, or where the resource is
    /// another tenant's.
    pub nearest: Option<Nearest>,
    /// Roles of the principal that the policy does not declare, of which nothing comes; the first few. Empty where it was
    /// allowed, and where the resource is another tenant's.
    pub unknown_roles: Vec<UnknownRole>,
}

/// A role that the policy does not declare: a slip of the host, or one of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownRole {
    /// The role.
    pub role: Name,
    /// The declared one that is spelt nearly so.
    pub meant: Option<Name>,
}

impl fmt::Display for UnknownRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the policy declares no role `{}`", self.role)?;
        match &self.meant {
            Some(meant) => write!(f, " (did you mean `{meant}`?)"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&list(&self.reasons))?;
        if let Some(nearest) = &self.nearest {
            write!(f, "; {nearest}")?;
        }
        self.unknown_roles.iter().try_for_each(|unknown| write!(f, "; {unknown}"))
    }
}

impl Explanation {
    pub(super) fn of(decision: &Decision<'_>) -> Self {
        let reasons = decision.why().map(|why| reason(why, decision)).collect();
        // Another tenant's resource is to look like one that no rule is about.
        let (nearest, unknown_roles) = match decision.is_allowed() || !decision.within_tenant {
            true => (None, Vec::new()),
            false => (nearest(decision), unknown_roles(decision)),
        };
        Self { reasons, nearest, unknown_roles }
    }
}

fn unknown_roles(decision: &Decision<'_>) -> Vec<UnknownRole> {
    let declared = &decision.policy().document().roles;
    let unknown = decision.question().principal().roles().iter().filter(|role| !declared.contains_key(*role));
    let meant = |role: &Name| suggested(role.as_str(), declared.keys().map(Name::as_str)).map(Name::new);
    unknown.take(MOST_UNKNOWN).map(|role| UnknownRole { role: role.clone(), meant: meant(role) }).collect()
}

fn reason(why: Why<'_>, decision: &Decision<'_>) -> Reason {
    match why {
        Why::AllowedBy(rule) => Reason::AllowedBy(rule.clone()),
        Why::DeniedBy(name) => {
            let denials = &decision.policy().document().access.deny;
            let rule = denials.iter().find(|rule| rule.id == *name);
            let unless = rule.and_then(|rule| rule.unless.as_ref());
            Reason::DeniedBy(name.clone(), unless.map(|unless| unmet(unless, decision)).unwrap_or_default())
        }
        Why::Barrier(barrier) => of_barrier(barrier, decision),
        Why::NoRuleAllows => Reason::NoRuleAllows,
    }
}

fn of_barrier(barrier: Barrier, decision: &Decision<'_>) -> Reason {
    let question = decision.question();
    let purpose = || question.purpose().name().clone();
    let category = || question.resource().category_name().clone();
    match barrier {
        Barrier::Suspended => Reason::Suspended,
        Barrier::PurposeNotDeclared => Reason::PurposeNotDeclared(purpose()),
        Barrier::CategoryNotDeclared => Reason::CategoryNotDeclared(category()),
        Barrier::PurposeMismatch => Reason::PurposeMismatch { category: category(), purpose: purpose() },
        Barrier::NoAuthorization => Reason::NoAuthorization,
        Barrier::NoInstruction => Reason::NoInstruction { category: category(), purpose: purpose() },
        Barrier::NoConsent => Reason::NoConsent,
        Barrier::NoCase => Reason::CaseRequired,
        Barrier::Stopped(stop) => match decision.facts.preferences {
            Fact::Known(_) => Reason::Stopped(stop),
            Fact::Unknown => Reason::PreferencesUnknown(stop),
        },
        Barrier::LevelNeedsMfa if lies_ahead(question.principal().last_mfa(), decision) => {
            Reason::MfaInFuture
        }
        Barrier::LevelNeedsMfa => {
            let within =
                decision.compiled.mfa_of_level(question.resource().level()).map(|(within, _)| within);
            Reason::LevelNeedsMfa(within.unwrap_or_default())
        }
    }
}

/// The rule with the least missing, as the page of the module has it. What is asked for comes before who asks, and that before what
/// they can supply: nobody is to call what they do by another name. Of rules that are as near, the first by its name.
fn nearest(decision: &Decision<'_>) -> Option<Nearest> {
    let rules = &decision.policy().document().access.allow;
    let far = |missing: &[Missing]| {
        let lacks = |what: fn(&Missing) -> bool| missing.iter().any(what);
        (
            lacks(|item| matches!(item, Missing::Emergency(_))),
            lacks(|item| matches!(item, Missing::Category(_))),
            lacks(|item| matches!(item, Missing::Action(_))),
            lacks(|item| matches!(item, Missing::Purpose(_))),
            lacks(|item| matches!(item, Missing::Role(_))),
            missing.len(),
        )
    };
    let found =
        rules.iter().map(|rule| (rule, missing(rule, decision))).min_by_key(|(_, missing)| far(missing));
    found.map(|(rule, missing)| Nearest { rule: rule.id.clone(), missing })
}

fn missing(rule: &AllowRule, decision: &Decision<'_>) -> Vec<Missing> {
    let question = decision.question();
    let (principal, resource) = (question.principal(), question.resource());
    let mut missing = Vec::new();
    if !rule.categories.contains(resource.category_name()) {
        missing.push(Missing::Category(rule.categories.iter().cloned().collect()));
    }
    if !rule.actions.contains(&question.action()) {
        missing.push(Missing::Action(rule.actions.iter().copied().collect()));
    }
    if !principal.has_one_of(&rule.roles) {
        missing.push(Missing::Role(rule.roles.iter().cloned().collect()));
    }
    if resource.level() > rule.up_to {
        missing.push(Missing::Level(rule.up_to));
    }
    let mut in_emergency = decision.is_emergency();
    if !any_or(&rule.purposes, question.purpose().name()) {
        let another = another_purpose(rule, decision);
        in_emergency = matches!(another, Missing::Emergency(_));
        missing.push(another);
    }
    if !any_or(&rule.environments, &decision.facts.environment) {
        missing.push(Missing::Environment);
    }
    if !any_or(&rule.kinds, &principal.kind()) {
        missing.push(Missing::Kind);
    }
    missing.extend(rule.when.iter().flat_map(|when| unmet(when, decision)));
    // That the question's own purpose wants a case is a reason beside a rule that lacks nothing.
    if in_emergency && !missing.is_empty() && question.named_case().is_none() {
        missing.push(Missing::Case);
    }
    missing
}

/// A purpose of the rule, for emergencies only where it has no other.
fn another_purpose(rule: &AllowRule, decision: &Decision<'_>) -> Missing {
    let usual: Vec<Name> =
        rule.purposes.iter().filter(|name| !decision.breaks_glass(name)).cloned().collect();
    match usual.is_empty() {
        true => Missing::Emergency(rule.purposes.iter().cloned().collect()),
        false => Missing::Purpose(usual),
    }
}

/// Whether an empty list (any) or a list with the item in it matches.
fn any_or<T: Ord>(list: &BTreeSet<T>, item: &T) -> bool {
    list.is_empty() || list.contains(item)
}

/// What a table asks for and does not hold.
fn unmet(table: &Conditions, decision: &Decision<'_>) -> Vec<Missing> {
    let conditions = &decision.compiled.conditions;
    let missing = conditions.set_of(table) & !decision.held;
    conditions.of_set(missing).map(|condition| unheld(condition, decision)).collect()
}

fn unheld(condition: &Condition, decision: &Decision<'_>) -> Missing {
    let question = decision.question();
    let principal = question.principal();
    match condition {
        Condition::MfaWithin(_) if lies_ahead(principal.last_mfa(), decision) => Missing::MfaInFuture,
        Condition::MfaWithin(within) => Missing::Mfa(*within),
        Condition::MfaBy(methods) => Missing::MfaBy(methods.iter().copied().collect()),
        Condition::TrainedWithin(within) => Missing::Training(*within),
        Condition::Authorization => Missing::Authorization,
        Condition::AssignedCase => Missing::AssignedCase(question.case()),
        Condition::TermsAccepted => Missing::TermsAccepted(decision.facts.terms_accepted),
        Condition::ManagedDevice => Missing::ManagedDevice(principal.managed_device()),
        Condition::Transport(admitted) => Missing::Transport(admitted.iter().copied().collect()),
        Condition::Hours(hours) => Missing::Hours(*hours),
    }
}

fn lies_ahead(then: Option<DateTime<Utc>>, decision: &Decision<'_>) -> bool {
    then.is_some_and(|then| then > decision.facts.now())
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
    use crate::core::access::{Environment, Facts, Principal, Purpose, Question, Resource, decide};
    use crate::core::classification::Level;
    use crate::core::policy::Policy;

    const NOW: &str = "2026-11-22T09:00:00Z";

    fn explained(who: Principal, action: Action, category: &str, purpose: &str) -> Explanation {
        let policy = Policy::from_toml(include_str!("../../../examples/policies/complete.toml")).unwrap();
        let resource = Resource::category("acme", category, Level::Confidential);
        let question = Question::new(who, action, resource, Purpose::new(purpose)).assigned_case(true);
        decide(&policy, &question, &Facts::new(NOW.parse().unwrap(), Environment::Development)).explain()
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
    fn a_role_that_nobody_declared_is_told_with_the_one_that_is_meant() {
        let now: DateTime<Utc> = NOW.parse().unwrap();
        let who = |role: &str| Principal::person("acme", "user-1").role(role).role("owner").mfa_at(now);
        let ask = |role, action| explained(who(role), action, "creators", "support");
        let denied = ask("suport", Action::Share);
        let told = "; the policy declares no role `suport` (did you mean `support`?)";
        assert!(denied.to_string().ends_with(told), "{denied}");
        let other = ask("warehouse-night-shift", Action::Share);
        assert!(other.to_string().ends_with("no role `warehouse-night-shift`"), "{other}");
        assert_eq!(ask("support", Action::Share).unknown_roles, []);
        assert_eq!(ask("suport", Action::Read).unknown_roles, []);
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
