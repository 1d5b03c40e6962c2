//! A question whose names are resolved against a policy.

use super::barriers::Barriers;
use super::compiled::Compiled;
use super::conditions::{ConditionSet, Instant};
use super::facts::Facts;
use super::index::{Key, Roles, context};
use super::principal::Standing;
use super::question::Question;
use super::words::{Environment, PrincipalKind};
use crate::core::classification::Level;
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
    is_person: bool,
    level: Level,
    pub(super) mfa: Instant,
    pub(super) training: Instant,
    /// The rules that cover it anywhere, where they are few.
    pub(super) deny: Option<u64>,
    pub(super) allow: Option<u64>,
    /// The conditions that hold because of the question alone.
    pub(super) held: ConditionSet,
    /// What stands in the way whatever the facts are.
    barriers: Barriers,
    needs_instruction: bool,
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
        let mut needs_instruction = false;
        if let Some(category) = category {
            let lists = |purposes: &[u128]| {
                let purposes = purposes.get(category).copied().unwrap_or_default();
                purpose.is_some_and(|purpose| purposes >> purpose & 1 == 1)
            };
            barriers.raise(Barriers::PURPOSE_NOT_OF_CATEGORY, !lists(&compiled.purposes_of));
            needs_instruction = lists(&compiled.instructed_of);
        }
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
            is_person: principal.kind() == PrincipalKind::Person,
            level: resource.level(),
            mfa: Instant::of(principal.last_mfa()),
            training: Instant::of(principal.last_trained()),
            deny: compiled.deny.anywhere(&key),
            allow: compiled.allow.anywhere(&key),
            held: compiled.conditions.held_by_question(question),
            barriers,
            needs_instruction,
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
        let compiled = self.compiled;
        let mut barriers = self.barriers;
        if let Some(needs) =
            compiled.needs_of.get(usize::from(self.key.purpose)).filter(|needs| !needs.is_plain())
        {
            barriers
                .raise(Barriers::NO_AUTHORIZATION, needs.authorization && !facts.authorization_live.holds());
            barriers.raise(Barriers::NO_CASE, needs.case && self.question.named_case().is_none());
            barriers.raise(needs.against(facts.preferences), true);
        }
        barriers.raise(Barriers::NO_INSTRUCTION, self.needs_instruction && !facts.instructed.holds());
        if self.is_person {
            barriers.raise(
                Barriers::LEVEL_NEEDS_MFA,
                compiled.mfa_of_level(self.level).is_some_and(|(_, fresh)| held & fresh == 0),
            );
        }
        barriers
    }
}
