//! The authoriser: decides, puts the decision on record, and only then mints a grant.

use std::collections::BTreeMap;
use std::fmt;

use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::Ports;
use crate::core::access::{
    Action, ActionType, Answer, Barrier, Decision, Explanation, Facts, Grant, Obligation, Question, Reason,
    Why, decide,
};
use crate::core::audit::{AuditEvent, DecidedAs, MOST_DENIALS};
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::policy::{Policy, Record};

/// The answer to a question.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a host must decide on both")]
pub enum Access<A = Action> {
    /// Yes, and the proof of it.
    Granted(Grant<A>),
    /// No, or not yet, with everything that explains it.
    Denied(Denial),
}

impl<A> Access<A> {
    /// The grant; or the denial as an error, whose text is its explanation.
    ///
    /// # Errors
    /// The [`Denial`].
    pub fn granted(self) -> Result<Grant<A>, Denial> {
        match self {
            Self::Granted(grant) => Ok(grant),
            Self::Denied(denial) => Err(denial),
        }
    }
}

/// A no, or a yes that obliges to what was not done, and what explains it when somebody asks. As an error it says what it [explains](Self::explain): which rules stand against it,
/// and what would be needed. That is for whoever is in charge of the policy; whoever asked may be shown less.
#[derive(Clone)]
pub struct Denial(Box<Denied>);

#[derive(Clone)]
struct Denied {
    policy: Policy,
    question: Question,
    facts: Facts,
    answer: Answer,
    outstanding: Option<Obligation>,
}

impl Denial {
    /// The decision, with its reasons.
    #[must_use]
    pub fn decision(&self) -> Decision<'_> {
        decide(&self.0.policy, &self.0.question, &self.0.facts)
    }

    /// Whether it is forbidden, or no rule permits it; or whether it would be allowed, but for what is
    /// [outstanding](Self::outstanding).
    #[must_use]
    pub const fn answer(&self) -> Answer {
        self.0.answer
    }

    /// What has to be done before the rule that allows it gives a grant. It is done by asking again: with the case named
    /// ([`Question::for_case`]), with the second person ([`Question::approved_by`]).
    #[must_use]
    pub const fn outstanding(&self) -> Option<Obligation> {
        self.0.outstanding
    }

    /// Every reason, the nearest rule, and what is missing for it.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let mut explanation = self.decision().explain();
        explanation.reasons.extend(self.outstanding().map(|obligation| Reason::Undischarged {
            obligation,
            second_named: obligation == Obligation::FourEyes && self.0.question.approver().is_some(),
        }));
        explanation
    }
}

impl fmt::Debug for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Denial").field(&self.0.answer).finish()
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explain().fmt(f)
    }
}

impl std::error::Error for Denial {}

impl<P: Ports> Steward<P> {
    /// Decides a question, records the decision, and grants or denies.
    ///
    /// A decision about data at Confidential or above is on the audit trail before the grant exists; if it cannot be recorded,
    /// there is no grant. Lower levels are recorded where the policy says so, before the grant or in a batch. Before it, at every level, are those for an emergency (a purpose with
    /// `break_glass`), yes or no, with their case, and a yes by a rule that obliges to a reason or to four eyes.
    ///
    /// The grant has the type of the question's action, and opens what wants that type. One whose action is a value
    /// ([`Question::new`]) opens nothing before it becomes one of a type: `Grant::<Read>::try_from(grant)`.
    ///
    /// # Errors
    /// A failure below the engine. A denial is not an error.
    pub async fn authorize<A: ActionType>(&self, question: &Question<A>) -> Result<Access<A>, Trouble> {
        // What is taken back from now on is taken from this grant too: what it is decided by is read later.
        let number = self.inner.issued.next();
        let question = question.untyped();
        let resource = question.resource();
        let facts = self.facts(&question).await?;
        let policy = &self.inner.policy;
        let decision = decide(policy, &question, &facts);
        let answer = decision.answer();
        let approved = question
            .asked_by_approver()
            .filter(|_| decision.is_allowed())
            .is_some_and(|second| decide(policy, &second, &facts).is_allowed());
        let outstanding = decision.outstanding(approved);
        let outcome = match answer {
            Answer::Allowed if outstanding.is_some() => DecidedAs::Undischarged,
            Answer::Allowed => DecidedAs::Allowed,
            Answer::Forbidden => DecidedAs::Forbidden,
            Answer::NotPermitted => DecidedAs::NotPermitted,
        };
        let when = self.recorded(resource.level(), decision.is_always_recorded());
        if when != Record::Never {
            let asker = question.principal();
            let mut keys = self.keys();
            let told = Told::of(&decision);
            let event = AuditEvent::Decided {
                action: question.action(),
                category: declared(&policy.document().categories, resource.category_name()),
                level: resource.level(),
                purpose: declared(&policy.document().purposes, question.purpose().name()),
                outcome,
                rule: decision.rule().map(|rule| rule.id.clone()),
                denied_by: told.denied_by,
                denied_by_more: told.more,
                barriers: told.barriers,
                case: question.named_case().cloned(),
                approved_by: match question.approver().filter(|_| approved) {
                    Some(second) => keys.principal(second.tenant(), second.id()).await?,
                    None => None,
                },
                emergency: decision.is_emergency(),
            };
            // A probe of another tenant is written under the asker's tenant, and names nobody of the other.
            let own = asker.tenant() == resource.tenant();
            let about = About::by(asker)
                .subject(resource.subject().filter(|_| own))
                .record(resource.record().filter(|_| own).cloned());
            let entry = self.entry_about(&mut keys, about, event).await?;
            self.record_when(when, entry).await?;
        }
        Ok(match Grant::mint(&decision, approved, number) {
            Some(grant) => Access::Granted(grant),
            None => Access::Denied(Denial(Box::new(Denied {
                policy: policy.clone(),
                question,
                facts,
                answer,
                outstanding,
            }))),
        })
    }

    /// What is known now, of the asker's own tenant: whether the connection's authorisation is live, whether the terms in force are
    /// accepted, whether its instruction stands, what the person has said about the purpose. What the policy does not ask for is not read.
    pub(super) async fn facts(&self, question: &Question) -> Result<Facts, Trouble> {
        let (resource, purpose) = (question.resource(), question.purpose().name());
        let mut facts = Facts::new(self.now(), self.inner.environment);
        let tenant = resource.tenant();
        if question.principal().tenant() != tenant {
            return Ok(facts);
        }
        if let Some(connection) = resource.connection() {
            facts = facts.authorization(self.is_live(tenant, connection).await?);
        }
        if self.inner.policy.compiled().asks_for_terms() {
            facts = facts.terms(self.has_accepted_terms(tenant).await?);
        }
        if self.inner.policy.compiled().needs_instruction(resource.category_name(), purpose) {
            facts = facts.instruction(self.is_instructed(tenant, resource.category_name(), purpose).await?);
        }
        if let Some(subject) =
            resource.subject().filter(|_| self.inner.policy.compiled().heeds_people(purpose))
        {
            facts.preferences = self.said_about(tenant, subject, purpose).await?;
        }
        Ok(facts)
    }

    /// When an action on data of this level goes on the trail; what is always recorded, before it.
    pub(super) fn recorded(&self, level: Level, always: bool) -> Record {
        if always { Record::Before } else { self.inner.policy.recording(level) }
    }
}

/// What of a no goes on the trail.
#[derive(Default)]
struct Told {
    denied_by: Vec<Name>,
    more: bool,
    barriers: Vec<Barrier>,
}

impl Told {
    fn of(decision: &Decision<'_>) -> Self {
        let mut told = Self::default();
        if decision.is_allowed() {
            return told;
        }
        for why in decision.why() {
            match why {
                Why::Barrier(barrier) => told.barriers.push(barrier),
                Why::DeniedBy(_) if told.denied_by.len() == MOST_DENIALS => {
                    told.more = true;
                    break;
                }
                Why::DeniedBy(rule) => told.denied_by.push(rule.clone()),
                Why::AllowedBy(_) | Why::NoRuleAllows => {}
            }
        }
        told
    }
}

/// A name that the policy declares; what it does not declare could be anything, and goes on no trail.
pub(super) fn declared<T>(names: &BTreeMap<Name, T>, name: &Name) -> Option<Name> {
    names.get_key_value(name).map(|(name, _)| name.clone())
}
