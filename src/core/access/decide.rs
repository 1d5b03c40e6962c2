//! The decision: does the policy allow this, and by which rule.

use chrono::{DateTime, Utc};

use super::asked::Asked;
use super::barriers::{Barrier, Barriers};
use super::compiled::Compiled;
use super::conditions::ConditionSet;
use super::explain::Explanation;
use super::facts::Facts;
use super::hits::{Counts, Hits};
use super::index::Key;
use super::question::Question;
use super::words::Obligation;
use crate::core::id::Name;
use crate::core::policy::{AllowRule, Policy, PolicyDigest};

/// The answer of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on an answer must decide on each")]
pub enum Answer {
    /// Allowed by a rule.
    Allowed,
    /// Forbidden: a deny rule or a control of the policy stands against it, whatever else allows.
    Forbidden,
    /// Not permitted: no rule allows it.
    NotPermitted,
}

/// One reason for a decision: a name out of the policy, or the kind of a control. Made without allocation; [`Decision::explain`]
/// puts it into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why<'p> {
    /// This rule allows.
    AllowedBy(&'p Name),
    /// This rule denies.
    DeniedBy(&'p Name),
    /// A control outside the access rules stands against it.
    Barrier(Barrier),
    /// No rule allows it.
    NoRuleAllows,
}

/// A decision: a pure value, which opens nothing.
///
/// It holds what is needed to give its reasons, and gives them when asked: [`why`](Self::why) without allocation,
/// [`explain`](Self::explain) in words and with the nearest rule.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    policy: &'a Policy,
    question: &'a Question,
    pub(super) compiled: &'a Compiled,
    pub(super) within_tenant: bool,
    pub(super) facts: Facts,
    pub(super) held: ConditionSet,
    barriers: Barriers,
    deny: Hits,
    allow: Hits,
    answer: Answer,
    /// The rule that allows, by its number.
    rule: usize,
}

impl<'a> Decision<'a> {
    /// The answer.
    #[must_use]
    pub const fn answer(&self) -> Answer {
        self.answer
    }

    /// Whether the answer is yes.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.answer, Answer::Allowed)
    }

    /// The rule that it is allowed by: of those that allow, the one that obliges to least.
    #[must_use]
    pub fn rule(&self) -> Option<&'a AllowRule> {
        if self.is_allowed() { self.allow_rule(self.rule) } else { None }
    }

    /// The policy that decided.
    #[must_use]
    pub const fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// The question.
    #[must_use]
    pub const fn question(&self) -> &'a Question {
        self.question
    }

    /// Digest of the policy that decided.
    #[must_use]
    pub fn digest(&self) -> PolicyDigest {
        self.policy.digest()
    }

    /// When it was decided.
    #[must_use]
    pub const fn at(&self) -> DateTime<Utc> {
        self.facts.now()
    }

    /// Whether it is an emergency: its purpose has `break_glass`.
    #[must_use]
    pub fn is_emergency(&self) -> bool {
        self.breaks_glass(self.question.purpose().name())
    }

    /// Whether a purpose of the policy has `break_glass`.
    pub(super) fn breaks_glass(&self, purpose: &Name) -> bool {
        self.policy.purpose(purpose.as_str()).is_some_and(|purpose| purpose.break_glass.is_some())
    }

    /// Whether it goes on record at every level: an emergency does, yes or no, and so does a yes that obliges to a reason or to four
    /// eyes, because what was done for it stands there.
    #[must_use]
    pub fn is_always_recorded(&self) -> bool {
        let obliges = |rule: &AllowRule| rule.obligations.reason || rule.obligations.four_eyes;
        self.is_emergency() || self.rule().is_some_and(obliges)
    }

    /// What the rule that allows it obliges to and was not done: the case that it is for is to be named
    /// ([`Question::for_case`]), or `approved` is not so: a second person has not approved ([`Question::approved_by`]).
    pub(crate) fn outstanding(&self, approved: bool) -> Option<Obligation> {
        let obligations = &self.rule()?.obligations;
        if obligations.reason && self.question.named_case().is_none() {
            return Some(Obligation::Reason);
        }
        (obligations.four_eyes && !approved).then_some(Obligation::FourEyes)
    }

    /// Every reason, at least one: for a yes, each rule that allows; for a no, each control and each rule that stands against it, and
    /// whether no rule allows it.
    ///
    /// For another tenant's resource it gives what it gives for one that no rule is about.
    #[inline]
    pub fn why(&self) -> Reasons<'_, 'a> {
        // Neither hits nor barriers of another tenant's resource are looked for.
        let none = self.allow.is_empty();
        let allow = if self.is_allowed() { self.allow } else { Hits::default() };
        Reasons { decision: self, barriers: self.barriers, deny: self.deny, allow, none }
    }

    /// Every reason in words and, where it was denied, the nearest rule and what is missing for it.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        Explanation::of(self)
    }

    /// What rules are looked up by. Only among more of them than a word has bits are the others looked for again.
    #[cold]
    #[inline(never)]
    fn key(&self) -> Key {
        Asked::new(self.policy, self.question).key(self.facts.environment)
    }

    #[inline]
    fn allow_rule(&self, number: usize) -> Option<&'a AllowRule> {
        self.policy.document().access.allow.get(*self.compiled.order.get(number)?)
    }
}

/// Goes through the reasons of a decision; see [`Decision::why`].
#[derive(Clone, Debug)]
pub struct Reasons<'d, 'a> {
    decision: &'d Decision<'a>,
    barriers: Barriers,
    deny: Hits,
    allow: Hits,
    none: bool,
}

impl<'a> Iterator for Reasons<'_, 'a> {
    type Item = Why<'a>;

    #[inline]
    fn next(&mut self) -> Option<Why<'a>> {
        if let Some(barrier) = self.barriers.next() {
            return Some(Why::Barrier(barrier));
        }
        let Decision { compiled, held, .. } = self.decision;
        let key = || self.decision.key();
        if !self.deny.is_empty() {
            let (rule, left) = compiled.deny.take(self.deny, key, *held, Counts::NotHeld);
            self.deny = left;
            return compiled.deny_names.get(rule).map(Why::DeniedBy);
        }
        if !self.allow.is_empty() {
            let (rule, left) = compiled.allow.take(self.allow, key, *held, Counts::Held);
            self.allow = left;
            return compiled.allow_names.get(rule).map(Why::AllowedBy);
        }
        std::mem::take(&mut self.none).then_some(Why::NoRuleAllows)
    }

    /// One kind after the other, without asking at each which kind comes next.
    // What a decision has just written would be copied to be handed over, which takes longer than going through it.
    #[inline(always)]
    fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut visit: F) -> B {
        let Self { decision, barriers, mut deny, mut allow, none } = self;
        let Decision { compiled, held, .. } = decision;
        let key = || decision.key();
        let mut folded = barriers.fold(init, |folded, barrier| visit(folded, Why::Barrier(barrier)));
        while !deny.is_empty() {
            let (rule, left) = compiled.deny.take(deny, key, *held, Counts::NotHeld);
            deny = left;
            if let Some(name) = compiled.deny_names.get(rule) {
                folded = visit(folded, Why::DeniedBy(name));
            }
        }
        while !allow.is_empty() {
            let (rule, left) = compiled.allow.take(allow, key, *held, Counts::Held);
            allow = left;
            if let Some(name) = compiled.allow_names.get(rule) {
                folded = visit(folded, Why::AllowedBy(name));
            }
        }
        if none { visit(folded, Why::NoRuleAllows) } else { folded }
    }
}

/// Decides a question. Default is deny; a deny beats every allow; what is not known never allows.
///
/// A resource of another tenant is answered like one that no rule allows. Allocates nothing. Whoever decides one question more than
/// once resolves its names once ([`Asked`]).
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
/// assert_eq!(decide(&policy, &question, &facts).answer(), Answer::NotPermitted);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
#[inline]
pub fn decide<'a>(policy: &'a Policy, question: &'a Question, facts: &Facts) -> Decision<'a> {
    Asked::new(policy, question).decide(facts)
}

impl<'a> Asked<'a> {
    /// Decides it under these facts; see [`decide`].
    #[must_use]
    #[inline]
    pub fn decide(&self, facts: &Facts) -> Decision<'a> {
        let compiled = self.compiled;
        let (mut held, mut barriers) = (0, Barriers::NONE);
        let (mut deny, mut allow) = (Hits::default(), Hits::default());
        let (mut answer, mut rule) = (Answer::NotPermitted, 0);
        if self.within_tenant {
            held = self.held | compiled.conditions.held_by_facts(self, facts);
            barriers = self.barriers(facts, held);
            let (context, key) = (self.context(facts.environment), || self.key(facts.environment));
            deny = compiled.deny.hits(&self.deny, context, key, (held, Counts::NotHeld));
            allow = compiled.allow.hits(&self.allow, context, key, (held, Counts::Held));
            if !barriers.is_empty() || !deny.is_empty() {
                answer = Answer::Forbidden;
            } else if !allow.is_empty() {
                answer = Answer::Allowed;
                rule = match allow.single() {
                    Some(rule) => rule,
                    None => compiled.first_by_rank(allow, &key(), held),
                };
            }
        }
        Decision {
            policy: self.policy,
            question: self.question,
            compiled,
            within_tenant: self.within_tenant,
            facts: *facts,
            held,
            barriers,
            deny,
            allow,
            answer,
            rule,
        }
    }

    /// Whether something stands against it whatever allows it: a barrier, or a deny rule.
    pub(super) fn is_forbidden(&self, facts: &Facts) -> bool {
        self.decide(facts).answer == Answer::Forbidden
    }
}
