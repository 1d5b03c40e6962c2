//! Grants that were taken back: whoever they were given to has lost the right.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::Ports;
use crate::core::access::{ActionType, Grant, Principal};
use crate::core::audit::AuditEvent;
use crate::core::id::{PrincipalId, TenantId};

/// From when on grants of a principal are void: all that were given until then.
#[derive(Debug, Default)]
pub(super) struct Revoked(Mutex<BTreeMap<(TenantId, PrincipalId), DateTime<Utc>>>);

impl Revoked {
    fn revoke(&self, of: (TenantId, PrincipalId), now: DateTime<Utc>) {
        let mut revoked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Grants from before have all ended by now.
        revoked.retain(|_, at| now <= Grant::LIFETIME.after(*at));
        revoked.insert(of, now);
    }

    pub(super) fn covers(&self, grant: &Grant<impl ActionType>) -> bool {
        let revoked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Most of the time there is none.
        !revoked.is_empty()
            && revoked
                .get(&(grant.tenant().clone(), grant.principal().clone()))
                .is_some_and(|at| grant.given() <= *at)
    }
}

impl<P: Ports> Steward<P> {
    /// Takes back every grant that a principal of `by`'s tenant holds: an account was suspended, a role taken away, a case closed.
    ///
    /// They open nothing from now on, here. A grant cannot leave the process that it was given in; those that other processes gave end
    /// within [`Grant::LIFETIME`]. Whether new ones are given is for the policy and the facts of the next question.
    ///
    /// # Errors
    /// A failure to record it; the grants are void then too.
    pub async fn revoke_grants(&self, by: &Principal, of: &PrincipalId) -> Result<(), Trouble> {
        self.inner.revoked.revoke((by.tenant().clone(), of.clone()), self.now());
        let mut keys = self.keys();
        let whose = keys.principal(by.tenant(), of).await?;
        let event = AuditEvent::GrantsRevoked { of: whose };
        let entry = self.entry_about(&mut keys, About::by(by), event).await?;
        self.record(vec![entry]).await
    }
}
