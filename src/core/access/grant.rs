//! The grant: proof of a yes, bounded in scope and time.

use chrono::{DateTime, Utc};

use super::question::{Purpose, Question};
use super::words::Action;
use crate::core::classification::Level;
use crate::core::id::{ConnectionId, Name, RecordId, SubjectId, TenantId};
use crate::core::period::Period;
use crate::core::place::Place;
use crate::core::policy::PolicyDigest;

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
    expires: DateTime<Utc>,
}

impl Grant {
    /// How long a grant may be used. Short, so that a revoked right does not live on in a variable.
    pub const LIFETIME: Period = Period::hours(1);

    /// For the authoriser alone (a test holds the source to it): `rule` said yes to `question` at `now`.
    pub(crate) fn mint(question: &Question, rule: Name, policy: PolicyDigest, now: DateTime<Utc>) -> Self {
        let resource = question.resource();
        Self {
            action: question.action(),
            tenant: resource.tenant().clone(),
            category: resource.category_name().clone(),
            level: resource.level(),
            purpose: question.purpose().clone(),
            connection: resource.connection().cloned(),
            subject: resource.subject().cloned(),
            record: resource.record().cloned(),
            policy,
            rule,
            expires: Self::LIFETIME.after(now),
        }
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
