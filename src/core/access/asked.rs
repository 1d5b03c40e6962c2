//! A question whose names are resolved against a policy.

use super::barriers::Barriers;
use super::compiled::{Compiled, lists};
use super::conditions::{ConditionSet, Instant};
use super::facts::Facts;
use super::hits::Anywhere;
use super::index::{Key, Roles, context};
use super::principal::Standing;
use super::question::Question;
use super::words::{Environment, PrincipalKind};
use crate::core::policy::Policy;

/// A question, resolved against a policy: its names looked up, once for as many decisions as are wanted.
///
/// # Example: one question, two moments
/// ```
/// use stewardship::access::{Asked, Environment, Facts};
/// use stewardship::{Action, Policy, Principal, Purpose, Question, Resource};
/// use stewardship::classification::Level;
///
/// let policy = Policy::from_toml(include_str!("../../../examples/policies/complete.toml"))?;
/// let owner = Principal::person("acme", "user-1").role("owner").mfa_at("2026-11-22T08:00:00Z".parse()?);
/// let orders = Resource::category("acme", "orders", Level::Confidential);
/// let question = Question::new(owner, Action::Read, orders, Purpose::new("support"));
/// let asked = Asked::new(&policy, &question);
/// let at = |now: &str| Ok::<_, chrono::ParseError>(Facts::new(now.parse()?, Environment::Production));
/// assert!(asked.decide(&at("2026-11-22T09:00:00Z")?).is_allowed());
/// assert!(!asked.decide(&at("2026-11-23T09:00:00Z")?).is_allowed(), "the second factor is a day old");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub(super) policy: &'a Policy,
    pub(super) question: &'a Question,
    pub(super) compiled: &'a Compiled,
    pub(super) within_tenant: bool,
    /// Declared numbers, or those for what is not declared; the environment is still open.
    pub(super) key: Key,
    pub(super) mfa: Instant,
    pub(super) training: Instant,
    /// The rules that cover it, whatever the facts are.
    pub(super) deny: Anywhere,
    pub(super) allow: Anywhere,
    /// The conditions that hold because of the question alone.
    pub(super) held: ConditionSet,
    /// What stands in the way whatever the facts are.
    barriers: Barriers,
    /// What does so until it is known not to.
    until_known: Barriers,
    /// The second factor that the level asks of whoever asks.
    second_factor: ConditionSet,
}

impl<'a> Asked<'a> {
    /// Resolves the names of a question. Roles that the policy does not declare are none.
    #[must_use]
    #[inline]
    pub fn new(policy: &'a Policy, question: &'a Question) -> Self {
        let compiled = policy.compiled();
        let (principal, resource) = (question.principal(), question.resource());
        let mut roles = Roles::default();
        for number in principal.roles().iter().filter_map(|role| compiled.roles.number(role)) {
            if let Ok(number) = u8::try_from(number) {
                roles.insert(number);
            }
        }
        let category = compiled.categories.number(resource.category_name());
        let purpose = compiled.purposes.number(question.purpose().name());
        let mut barriers = Barriers::NONE;
        barriers.raise(Barriers::SUSPENDED, principal.standing() == Standing::Suspended);
        barriers.raise(Barriers::UNDECLARED_CATEGORY, category.is_none());
        barriers.raise(Barriers::UNDECLARED_PURPOSE, purpose.is_none());
        let needs = purpose.and_then(|purpose| compiled.needs_of.get(purpose));
        let mut until_known = needs.map_or(Barriers::NONE, |needs| needs.barriers());
        barriers.raise(until_known.and(Barriers::NO_CASE), question.named_case().is_none());
        if let Some(category) = category {
            let used_for = lists(&compiled.purposes_of, category, purpose);
            barriers.raise(Barriers::PURPOSE_NOT_OF_CATEGORY, !used_for);
            let instructed = lists(&compiled.instructed_of, category, purpose);
            until_known.raise(Barriers::NO_INSTRUCTION, instructed);
        }
        let second_factor = match principal.kind() {
            PrincipalKind::Person => compiled.mfa_of_level(resource.level()).map_or(0, |(_, fresh)| fresh),
            PrincipalKind::Service => 0,
        };
        let number =
            |found: Option<usize>, other: usize| u8::try_from(found.unwrap_or(other)).unwrap_or(u8::MAX);
        let key = Key {
            action: question.action() as u8,
            category: number(category, compiled.categories.undeclared()),
            purpose: number(purpose, compiled.purposes.undeclared()),
            context: context(resource.level(), principal.kind(), Environment::Development),
            roles,
        };
        Self {
            policy,
            question,
            compiled,
            within_tenant: principal.tenant() == resource.tenant(),
            mfa: Instant::of(principal.last_mfa()),
            training: Instant::of(principal.last_trained()),
            deny: compiled.deny.anywhere(&key),
            allow: compiled.allow.anywhere(&key),
            held: compiled.conditions.held_by_question(question),
            barriers,
            until_known: until_known.without(Barriers::NO_CASE),
            second_factor,
            key,
        }
    }

    /// The question.
    #[must_use]
    pub const fn question(&self) -> &'a Question {
        self.question
    }

    #[inline]
    pub(super) const fn context(&self, environment: Environment) -> u8 {
        self.key.context.wrapping_add(environment as u8)
    }

    #[inline]
    pub(super) const fn key(&self, environment: Environment) -> Key {
        Key { context: self.context(environment), ..self.key }
    }

    /// What stands in the way whatever the rules allow, because the policy says so outside its access rules.
    #[inline]
    pub(super) fn barriers(&self, facts: &Facts, held: ConditionSet) -> Barriers {
        let mut barriers = self.barriers;
        barriers.raise(self.until_known.without(Barriers::met(facts)), true);
        barriers.raise(Barriers::LEVEL_NEEDS_MFA, self.second_factor & !held != 0);
        barriers
    }
}
