//! The grant: proof of a yes, bounded in scope and time.

use chrono::{DateTime, Utc};

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::action::ActionType;
use super::decide::Decision;
use super::question::Purpose;
use super::words::Action;
use crate::core::classification::Level;
use crate::core::id::{ConnectionId, Name, PrincipalId, RecordId, SubjectId, TenantId};
use crate::core::period::Period;
use crate::core::place::Place;
use crate::core::policy::{Obligations, PolicyDigest};

/// Proof of a yes: for one action, tenant, category, level and purpose, under one policy, until it expires.
///
/// Only the engine's authoriser makes one, after the decision is on record. It cannot be cloned, stored or made by hand.
///
/// Its action is its type: `open` takes one that [shows](super::Shows) values (`Grant<Read>`, `Grant<Export>`, `Grant<Share>`), `read_trail` one for
/// reading, `export_trail` one for exporting, and any other does not compile there. Where the action
/// was known only when the program ran ([`Question::new`](super::Question::new)), it is a `Grant<Action>`, which no verb takes and which
/// shows nothing until it becomes a grant of a type (`TryFrom`).
///
/// # Example: a grant cannot be forged
/// ```compile_fail,E0451
/// use stewardship::access::{Action, Grant};
/// fn forge(other: Grant) -> Grant {
///     Grant { action: Action::Erase, ..other }
/// }
/// ```
///
/// # Example: nor used for another action
/// ```compile_fail,E0308
/// use stewardship::access::{Export, Grant};
/// use stewardship::engine::{Blocking, TrailPage, TrailQuery, TrailReadError};
/// fn look(steward: &Blocking, grant: &Grant<Export>) -> Result<TrailPage, TrailReadError> {
///     steward.read_trail(grant, &TrailQuery::any(), None)
/// }
/// ```
///
/// # Example: nor doubled
/// ```compile_fail,E0599
/// use stewardship::access::Grant;
/// fn double(grant: &Grant) -> Grant {
///     Grant::clone(grant)
/// }
/// ```
#[derive(Debug)]
pub struct Grant<A = Action> {
    action: A,
    terms: Box<Terms>,
}

/// Which steward gave a grant, and which one of those that it gave it is: not which process, because a grant leaves none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GrantNumber {
    pub(crate) steward: u64,
    pub(crate) grant: u64,
}

/// What a grant is bound to.
#[derive(Debug)]
struct Terms {
    tenant: TenantId,
    category: Name,
    level: Level,
    purpose: Purpose,
    connection: Option<ConnectionId>,
    subject: Option<SubjectId>,
    record: Option<RecordId>,
    policy: PolicyDigest,
    rule: Name,
    principal: PrincipalId,
    given: DateTime<Utc>,
    expires: DateTime<Utc>,
    obligations: Obligations,
    always_recorded: bool,
    number: GrantNumber,
    opened: AtomicU32,
    /// Whether somebody found that it had ended.
    ended: AtomicBool,
}

impl Grant {
    /// How long a grant may be used. Short, so that a revoked right does not live on in a variable.
    pub const LIFETIME: Period = Period::hours(1);

    /// The grant, as one of a type.
    pub(super) fn typed<A: ActionType>(self) -> Result<Grant<A>, OtherAction> {
        match A::of(self.action) {
            Some(action) => Ok(Grant { action, terms: self.terms }),
            None => Err(OtherAction { granted: self.action }),
        }
    }
}

impl<A: ActionType> Grant<A> {
    /// For the authoriser alone (a test holds the source to it), once the yes is on record; `None` for a no, and while something is
    /// [outstanding](Decision::outstanding).
    pub(crate) fn mint(decision: &Decision<'_>, approved: bool, number: GrantNumber) -> Option<Self> {
        let rule = decision.rule().filter(|_| decision.outstanding(approved).is_none())?;
        let question = decision.question();
        let action = A::of(question.action())?;
        let (resource, now) = (question.resource(), decision.at());
        let obligations = rule.obligations.clone();
        let purpose = decision.policy().purpose(question.purpose().name().as_str());
        let emergency = purpose.and_then(|purpose| purpose.break_glass).map(|within| within.after(now));
        let usual = Grant::LIFETIME.after(now);
        let terms = Terms {
            tenant: resource.tenant().clone(),
            category: resource.category_name().clone(),
            level: resource.level(),
            purpose: question.purpose().clone(),
            connection: resource.connection().cloned(),
            subject: resource.subject().cloned(),
            record: resource.record().cloned(),
            policy: decision.digest(),
            rule: rule.id.clone(),
            principal: question.principal().id().clone(),
            given: now,
            expires: emergency.map_or(usual, |emergency| emergency.min(usual)),
            obligations,
            always_recorded: decision.is_always_recorded(),
            number,
            opened: AtomicU32::new(0),
            ended: AtomicBool::new(false),
        };
        Some(Self { action, terms: Box::new(terms) })
    }

    /// The action that it is for.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action.action()
    }

    /// The category that it is for.
    #[must_use]
    pub fn category(&self) -> &str {
        self.terms.category.as_str()
    }

    /// The highest level that it opens.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.terms.level
    }

    /// The purpose that it is for.
    #[must_use]
    pub const fn purpose(&self) -> &Purpose {
        &self.terms.purpose
    }

    /// The rule that said yes.
    #[must_use]
    pub const fn rule(&self) -> &Name {
        &self.terms.rule
    }

    /// Whom it was given to.
    #[must_use]
    pub const fn principal(&self) -> &PrincipalId {
        &self.terms.principal
    }

    /// The tenant that it is for.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.terms.tenant
    }

    /// When it was given.
    #[must_use]
    pub const fn given(&self) -> DateTime<Utc> {
        self.terms.given
    }

    /// What whoever holds it has to put up with; what had to be done for it was done.
    #[must_use]
    pub const fn obligations(&self) -> &Obligations {
        &self.terms.obligations
    }

    /// The highest level of values that it shows: the level that it opens, or the one above which fields are masked.
    #[must_use]
    pub fn shows_up_to(&self) -> Level {
        self.terms.obligations.mask_above.map_or(self.terms.level, |mask| mask.min(self.terms.level))
    }

    /// Whether what it opens goes on the trail whatever its level.
    pub(crate) const fn is_always_recorded(&self) -> bool {
        self.terms.always_recorded
    }

    /// Whether it may show values, where its action [shows](super::Shows) any: it is for more than an anonymised view.
    pub(crate) const fn shows_values(&self) -> bool {
        !self.terms.obligations.anonymised
    }

    pub(crate) const fn number(&self) -> GrantNumber {
        self.terms.number
    }

    /// Counts one more record that is opened.
    pub(crate) fn count_opening(&self) -> Result<(), GrantError> {
        let Some(most) = self.terms.obligations.max_records else { return Ok(()) };
        let next = |opened: u32| (opened < most).then_some(opened + 1);
        let counted = self.terms.opened.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        counted.map(|_| ()).map_err(|_| GrantError::NoMoreRecords { most })
    }

    /// When it ends: from this moment on it opens nothing (as RFC 7519, 4.1.4 has it of `exp`). Once it was asked and had ended, a clock that is
    /// set back does not bring it back.
    #[must_use]
    pub const fn expires(&self) -> DateTime<Utc> {
        self.terms.expires
    }

    /// Whether it lets its action be done at `place` on data of `category` under `policy` at `now`. Whether it was taken back, and
    /// whether it is of this steward, is asked by [`Steward::check_grant`](crate::Steward::check_grant).
    ///
    /// # Errors
    /// [`GrantError`] with the first thing that it does not cover.
    pub fn covers(
        &self,
        place: &Place,
        category: &str,
        policy: PolicyDigest,
        now: DateTime<Utc>,
    ) -> Result<(), GrantError> {
        let narrower = |own: bool| if own { Ok(()) } else { Err(GrantError::OtherPlace) };
        if self.terms.policy != policy {
            return Err(GrantError::OtherPolicy);
        }
        // What has ended has ended: a clock that is set back brings nothing back.
        if now >= self.terms.expires || self.terms.ended.load(Ordering::Relaxed) {
            self.terms.ended.store(true, Ordering::Relaxed);
            return Err(GrantError::Expired { at: self.terms.expires });
        }
        if self.terms.category != *category {
            return Err(GrantError::OtherCategory { granted: self.terms.category.clone() });
        }
        narrower(self.terms.tenant == *place.tenant_id())?;
        narrower(self.terms.connection.as_ref().is_none_or(|id| place.connection_id() == Some(id)))?;
        narrower(self.terms.subject.as_ref().is_none_or(|id| place.subject_id() == Some(id)))?;
        narrower(self.terms.record.as_ref().is_none_or(|id| place.record_id().as_ref() == Some(id)))
    }
}

/// A grant is not of the type that it was to be: it is for another action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the grant is for action `{granted}`")]
#[non_exhaustive]
pub struct OtherAction {
    /// The action that it is for.
    pub granted: Action,
}

/// What a grant does not cover.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// It was given under another policy.
    #[error("the grant was given under another policy")]
    OtherPolicy,
    /// Another steward gave it: its decision is not on this one's trail, and what this one takes back does not reach it.
    #[error("the grant was given by another steward")]
    OtherSteward,
    /// It has ended.
    #[error("the grant ended at {at}")]
    Expired {
        /// When it ended.
        at: DateTime<Utc>,
    },
    /// It was revoked: whoever it was given to has lost the right to it.
    #[error("the grant was revoked")]
    Revoked,
    /// A person whom it is about has said something since that stops the purpose, or consent is not there.
    #[error("what a person has said stops the purpose of the grant")]
    Stopped,
    /// It has opened as many records as it may.
    #[error("the grant opens {most} records at most")]
    NoMoreRecords {
        /// How many it opens.
        most: u32,
    },
    /// It shows what names nobody alone.
    #[error("the grant shows an anonymised view alone")]
    AnonymisedOnly,
    /// It is for another category.
    #[error("the grant is for category `{granted}`")]
    OtherCategory {
        /// The category that it is for.
        granted: Name,
    },
    /// It is for another tenant, connection, person or record.
    #[error("the grant is for another place")]
    OtherPlace,
}
