//! Releases: showing a value without a grant, or lowering it, for a reason that the policy lists.

use super::asked::Asked;
use super::facts::Facts;
use super::principal::Principal;
use super::question::{Purpose, Question, Resource};
use super::words::Action;
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::place::Place;
use crate::core::policy::{Policy, Release};

/// Who wants a value shown or lowered without a grant, where it is from, for which purpose and for which of the policy's
/// `[reasons.…]`, and who approved.
///
/// # Example: a quote that its author published
/// ```
/// use stewardship::access::ReleaseRequest;
/// use stewardship::{Place, Principal, Purpose};
/// let (editor, lead) = (Principal::person("acme", "user-3"), Principal::person("acme", "user-1"));
/// let place = Place::tenant("acme").subject("creator-17");
/// let request = ReleaseRequest::new(editor, &place, Purpose::new("outreach"), "published").approved_by(lead);
/// assert_eq!(request.reason().as_str(), "published");
/// ```
#[derive(Clone, Debug)]
pub struct ReleaseRequest {
    by: Principal,
    approver: Option<Principal>,
    place: Place,
    purpose: Purpose,
    reason: Name,
}

impl ReleaseRequest {
    /// Asks for a release.
    pub fn new(by: Principal, place: &Place, purpose: Purpose, reason: impl Into<Name>) -> Self {
        Self { by, approver: None, place: place.clone(), purpose, reason: reason.into() }
    }

    /// Names the second person, who approved; lowering needs one.
    #[must_use]
    pub fn approved_by(mut self, approver: Principal) -> Self {
        self.approver = Some(approver);
        self
    }

    /// Who asks.
    #[must_use]
    pub const fn by(&self) -> &Principal {
        &self.by
    }

    /// Who approved.
    #[must_use]
    pub const fn approver(&self) -> Option<&Principal> {
        self.approver.as_ref()
    }

    /// Where the value is from.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// What it is wanted for.
    #[must_use]
    pub const fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// The reason, as the policy names it.
    #[must_use]
    pub const fn reason(&self) -> &Name {
        &self.reason
    }

    /// Decides it for data of these categories, up to `level`. Default is deny, and what forbids reading forbids this.
    pub(crate) fn decide<'c>(
        &self,
        policy: &Policy,
        release: Release,
        level: Level,
        categories: impl IntoIterator<Item = &'c str>,
        facts: &Facts,
    ) -> Result<(), ReleaseDenied> {
        let reason = policy.document().reasons.get(&self.reason);
        let reason = reason.filter(|reason| reason.allows.contains(&release));
        let reason =
            reason.ok_or_else(|| ReleaseDenied::NoSuchReason { reason: self.reason.clone(), release })?;
        if level > reason.up_to {
            return Err(ReleaseDenied::AboveReason { level, up_to: reason.up_to });
        }
        if !self.by.has_one_of(&reason.roles) {
            return Err(ReleaseDenied::NoRole);
        }
        let approver = match (&self.approver, release) {
            (None, Release::Lower) => return Err(ReleaseDenied::NotApproved),
            (approver, _) => approver.as_ref(),
        };
        let second = |who: &Principal| who.is_second_to(&self.by) && who.has_one_of(&reason.approvers);
        if !approver.is_none_or(second) {
            return Err(ReleaseDenied::NotApproved);
        }
        for category in categories {
            for who in std::iter::once(&self.by).chain(approver) {
                let resource = Resource::category(self.place.tenant_id(), category, level);
                let question = Question::new(who.clone(), Action::Read, resource, self.purpose.clone());
                let asked = Asked::new(policy, &question);
                if !asked.within_tenant || asked.is_forbidden(facts) {
                    return Err(ReleaseDenied::Forbidden);
                }
            }
        }
        Ok(())
    }
}

/// Why a value is neither shown without a grant nor lowered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseDenied {
    /// The policy lists no such reason for it.
    #[error("the policy has no `[reasons.{reason}]` that allows {}", release.as_str())]
    NoSuchReason {
        /// The reason.
        reason: Name,
        /// What it was wanted for.
        release: Release,
    },
    /// The reason does not cover the level.
    #[error("the reason covers data up to {up_to}, and this is {level}")]
    AboveReason {
        /// The level of the data.
        level: Level,
        /// The highest level that the reason covers.
        up_to: Level,
    },
    /// Whoever asks has none of the reason's roles.
    #[error("whoever asks has none of the roles that may give this reason")]
    NoRole,
    /// No second person with one of the reason's roles for approving has approved: lowering needs one.
    #[error("a second person must approve, with one of the roles that the reason names")]
    NotApproved,
    /// Something forbids it to whoever asks or approves, as it would forbid reading: a suspended account, another tenant, a purpose
    /// that is not open to the category, an old second factor, a deny rule.
    #[error("something forbids it to whoever asks or approves, as it would forbid reading")]
    Forbidden,
}
