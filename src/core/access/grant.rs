//! The grant: proof of a yes, bounded in scope and time.

use chrono::{DateTime, Utc};

use std::sync::atomic::{AtomicU32, Ordering};

use super::decide::Decision;
use super::question::Purpose;
use super::words::{Action, Obligation};
use crate::core::classification::Level;
use crate::core::id::{ConnectionId, Name, PrincipalId, RecordId, SubjectId, TenantId};
use crate::core::period::Period;
use crate::core::place::Place;
use crate::core::policy::{Obligations, PolicyDigest};

/// Proof of a yes: for one action, tenant, category, level and purpose, under one policy, until it expires.
///
/// Only the engine's authoriser makes one, after the decision is on record. It cannot be cloned, stored or made by hand.
///
/// # Example: a grant cannot be forged
/// ```compile_fail,E0451
/// use stewardship::access::Grant;
/// fn forge(other: Grant) -> Grant {
///     Grant { level: stewardship::classification::Level::Restricted, ..other }
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
pub struct Grant {
    action: Action,
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
    outstanding: Option<Obligation>,
    always_recorded: bool,
    opened: AtomicU32,
}

impl Grant {
    /// How long a grant may be used. Short, so that a revoked right does not live on in a variable.
    pub const LIFETIME: Period = Period::hours(1);

    /// For the authoriser alone (a test holds the source to it), once the yes is on record; `None` for a no.
    pub(crate) fn mint(decision: &Decision<'_>, approved: bool) -> Option<Self> {
        let rule = decision.rule()?;
        let question = decision.question();
        let (resource, now) = (question.resource(), decision.at());
        let obligations = rule.obligations.clone();
        let purpose = decision.policy().purpose(question.purpose().name().as_str());
        let emergency = purpose.and_then(|purpose| purpose.break_glass).map(|within| within.after(now));
        let usual = Self::LIFETIME.after(now);
        let outstanding = [
            (obligations.reason && question.named_case().is_none(), Obligation::Reason),
            (obligations.four_eyes && !approved, Obligation::FourEyes),
        ];
        Some(Self {
            action: question.action(),
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
            outstanding: outstanding.into_iter().find(|(open, _)| *open).map(|(_, obligation)| obligation),
            always_recorded: decision.is_always_recorded(),
            opened: AtomicU32::new(0),
        })
    }

    /// The action that it is for.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// The category that it is for.
    #[must_use]
    pub fn category(&self) -> &str {
        self.category.as_str()
    }

    /// The highest level that it opens.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The purpose that it is for.
    #[must_use]
    pub const fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// The rule that said yes.
    #[must_use]
    pub const fn rule(&self) -> &Name {
        &self.rule
    }

    /// Whom it was given to.
    #[must_use]
    pub const fn principal(&self) -> &PrincipalId {
        &self.principal
    }

    /// The tenant that it is for.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// When it was given.
    #[must_use]
    pub const fn given(&self) -> DateTime<Utc> {
        self.given
    }

    /// What whoever holds it has to do or to put up with.
    #[must_use]
    pub const fn obligations(&self) -> &Obligations {
        &self.obligations
    }

    /// What has to be done before it opens anything. It is done by asking again: with the case named
    /// ([`Question::for_case`](super::Question::for_case)), with the second person
    /// ([`Question::approved_by`](super::Question::approved_by)).
    #[must_use]
    pub const fn outstanding(&self) -> Option<Obligation> {
        self.outstanding
    }

    /// The highest level of values that it shows: the level that it opens, or the one above which fields are masked.
    #[must_use]
    pub fn shows_up_to(&self) -> Level {
        self.obligations.mask_above.map_or(self.level, |mask| mask.min(self.level))
    }

    /// Whether what it opens goes on the trail whatever its level.
    pub(crate) const fn is_always_recorded(&self) -> bool {
        self.always_recorded
    }

    /// Whether it may show values: its action is one that shows them (writing and erasing are not), what it obliges to is done, and it
    /// is for more than an anonymised view.
    pub(crate) const fn shows_values(&self) -> bool {
        matches!(self.action, Action::Read | Action::Export | Action::Share)
            && self.outstanding.is_none()
            && !self.obligations.anonymised
    }

    /// Counts one more record that is opened.
    pub(crate) fn count_opening(&self) -> Result<(), GrantError> {
        let Some(most) = self.obligations.max_records else { return Ok(()) };
        let next = |opened: u32| (opened < most).then_some(opened + 1);
        let counted = self.opened.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        counted.map(|_| ()).map_err(|_| GrantError::NoMoreRecords { most })
    }

    /// When it ends.
    #[must_use]
    pub const fn expires(&self) -> DateTime<Utc> {
        self.expires
    }

    /// Whether it lets `action` be done at `place` on data of `category` under `policy` at `now`.
    ///
    /// # Errors
    /// [`GrantError`] with the first thing that it does not cover.
    pub fn covers(
        &self,
        action: Action,
        place: &Place,
        category: &str,
        policy: PolicyDigest,
        now: DateTime<Utc>,
    ) -> Result<(), GrantError> {
        let narrower = |own: bool| if own { Ok(()) } else { Err(GrantError::OtherPlace) };
        if self.policy != policy {
            return Err(GrantError::OtherPolicy);
        }
        if now > self.expires {
            return Err(GrantError::Expired { at: self.expires });
        }
        if let Some(obligation) = self.outstanding {
            return Err(GrantError::Undischarged { obligation });
        }
        if self.action != action {
            return Err(GrantError::OtherAction { granted: self.action });
        }
        if self.category != *category {
            return Err(GrantError::OtherCategory { granted: self.category.clone() });
        }
        narrower(self.tenant == *place.tenant_id())?;
        narrower(self.connection.as_ref().is_none_or(|id| place.connection_id() == Some(id)))?;
        narrower(self.subject.as_ref().is_none_or(|id| place.subject_id() == Some(id)))?;
        narrower(self.record.as_ref().is_none_or(|id| place.record_id().as_ref() == Some(id)))
    }
}

/// What a grant does not cover.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// It was given under another policy.
    #[error("the grant was given under another policy")]
    OtherPolicy,
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
    /// The rule that it is from obliges to something that was not done.
    #[error("the grant obliges to {obligation}, which was not done")]
    Undischarged {
        /// To what.
        obligation: Obligation,
    },
    /// It has opened as many records as it may.
    #[error("the grant opens {most} records at most")]
    NoMoreRecords {
        /// How many it opens.
        most: u32,
    },
    /// It shows what names nobody alone.
    #[error("the grant shows an anonymised view alone")]
    AnonymisedOnly,
    /// It is for another action.
    #[error("the grant is for action `{granted}`")]
    OtherAction {
        /// The action that it is for.
        granted: Action,
    },
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
