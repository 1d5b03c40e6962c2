//! What a grant does not open is on the trail as what it opens is (S3.10).

use super::open::OpenError;
use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::Ports;
use crate::core::access::{ActionType, Grant, GrantError};
use crate::core::audit::{AuditEvent, OpenRefusal};
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::place::Place;
use crate::core::policy::Record;

impl<P: Ports> Steward<P> {
    /// Puts it on record where a grant is refused, with whom it was given to, and hands the answer on. Of another tenant's place it tells nothing.
    pub(super) async fn refused<T>(
        &self,
        grant: &Grant<impl ActionType>,
        place: &Place,
        (category, level): (&str, Level),
        answer: Result<T, OpenError>,
    ) -> Result<T, OpenError> {
        if let Some(why) = answer.as_ref().err().and_then(told) {
            self.tell_refusal(grant, place, (category, level), why).await?;
        }
        answer
    }

    /// Puts it on record that a grant is refused.
    pub(super) async fn tell_refusal(
        &self,
        grant: &Grant<impl ActionType>,
        place: &Place,
        (category, level): (&str, Level),
        why: OpenRefusal,
    ) -> Result<(), Trouble> {
        let when = self.recorded(level, grant.is_always_recorded());
        if when == Record::Never {
            return Ok(());
        }
        let event = AuditEvent::OpenRefused {
            category: Name::new(category),
            level,
            purpose: grant.purpose().name().clone(),
            rule: grant.rule().clone(),
            why,
        };
        let own = grant.tenant() == place.tenant_id();
        let about = if own { About::at(place) } else { About::tenant(grant.tenant()) };
        let entry = self.entry_about(&mut self.keys(), about.on(grant), event).await?;
        self.record_when(when, entry).await
    }
}

/// The word for what a grant does not cover.
pub(super) const fn uncovered(refusal: &GrantError) -> OpenRefusal {
    match refusal {
        GrantError::OtherPolicy => OpenRefusal::OtherPolicy,
        GrantError::OtherSteward => OpenRefusal::OtherSteward,
        GrantError::Expired { .. } => OpenRefusal::Expired,
        GrantError::Revoked => OpenRefusal::Revoked,
        GrantError::Stopped => OpenRefusal::Stopped,
        GrantError::NoMoreRecords { .. } => OpenRefusal::NoMoreRecords,
        GrantError::AnonymisedOnly => OpenRefusal::AnonymisedOnly,
        GrantError::OtherCategory { .. } => OpenRefusal::OtherCategory,
        GrantError::OtherPlace => OpenRefusal::OtherPlace,
    }
}

/// The word for a refusal by the grant; what is not there, or does not open, is none.
const fn told(refusal: &OpenError) -> Option<OpenRefusal> {
    Some(match refusal {
        OpenError::AboveGrant { .. } => OpenRefusal::AboveGrant,
        OpenError::NotAuthorized => OpenRefusal::NotAuthorized,
        OpenError::NoInstruction => OpenRefusal::NoInstruction,
        OpenError::Grant(refusal) => uncovered(refusal),
        _ => return None,
    })
}
