//! The grants of a steward: numbered as they are asked for, and taken back by whom they were given to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::Ports;
use crate::core::access::{ActionType, Grant, GrantError, GrantNumber, Principal};
use crate::core::audit::AuditEvent;
use crate::core::id::{PrincipalId, TenantId};
use crate::core::place::Place;

/// The stewards of this process so far.
static STEWARDS: AtomicU64 = AtomicU64::new(0);

/// The numbers that a steward's grants bear, and up to which of them a principal's are void.
///
/// Numbers and not times: two grants of one instant are two, and a clock that is set back brings none to life.
#[derive(Debug)]
pub(super) struct Issued {
    steward: u64,
    grants: AtomicU64,
    revoked: Mutex<BTreeMap<(TenantId, PrincipalId), Void>>,
}

/// Up to which number a principal's grants are void, and since when.
#[derive(Debug)]
struct Void {
    up_to: u64,
    since: DateTime<Utc>,
}

impl Issued {
    pub(super) fn new() -> Self {
        let steward = STEWARDS.fetch_add(1, Ordering::Relaxed);
        Self { steward, grants: AtomicU64::new(0), revoked: Mutex::default() }
    }

    /// The number of a grant that is asked for now.
    pub(super) fn next(&self) -> GrantNumber {
        GrantNumber { steward: self.steward, grant: self.grants.fetch_add(1, Ordering::SeqCst) }
    }

    fn revoke(&self, of: (TenantId, PrincipalId), now: DateTime<Utc>) {
        let mut revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
        // Grants from before have all ended by now.
        revoked.retain(|_, void| now <= Grant::LIFETIME.after(void.since));
        revoked.insert(of, Void { up_to: self.next().grant, since: now });
    }

    /// Whether a grant is one of this steward's, and was not taken back.
    fn check(&self, grant: &Grant<impl ActionType>) -> Result<(), GrantError> {
        let number = grant.number();
        if number.steward != self.steward {
            return Err(GrantError::OtherSteward);
        }
        let revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
        // Most of the time there is none.
        let void = !revoked.is_empty()
            && revoked
                .get(&(grant.tenant().clone(), grant.principal().clone()))
                .is_some_and(|void| number.grant <= void.up_to);
        if void { Err(GrantError::Revoked) } else { Ok(()) }
    }
}

impl<P: Ports> Steward<P> {
    /// Whether a grant is for a category at a place, is this steward's own, and still stands: for what a host does on its own where no verb here
    /// asks for the grant (handing over to a processor, deleting in a table of its own). A no is not
    /// put on the trail.
    ///
    /// # Errors
    /// [`GrantError`] with the first thing that it does not cover.
    ///
    /// # Example: a message goes out only while the grant for it stands
    /// ```
    /// use stewardship::access::{Grant, GrantError, Share};
    /// use stewardship::{Place, engine::Blocking};
    /// fn send(steward: &Blocking, grant: &Grant<Share>, to: &Place) -> Result<(), GrantError> {
    ///     steward.check_grant(grant, to, "creators")?;
    ///     // … the mailer of the host
    ///     Ok(())
    /// }
    /// ```
    pub fn check_grant(
        &self,
        grant: &Grant<impl ActionType>,
        place: &Place,
        category: &str,
    ) -> Result<(), GrantError> {
        grant.covers(place, category, self.inner.policy.digest(), self.now())?;
        self.inner.issued.check(grant)
    }

    /// Takes back every grant that a principal of `by`'s tenant holds: an account was suspended, a role taken away, a case closed.
    ///
    /// They open nothing from now on, here. A grant cannot leave the process that it was given in; those that other processes gave end
    /// within [`Grant::LIFETIME`]. Whether new ones are given is for the policy and the facts of the next question. No rule is asked: that
    /// `by` may do it is for the host to know.
    ///
    /// # Errors
    /// A failure to record it; the grants are void then too.
    pub async fn revoke_grants(&self, by: &Principal, of: &PrincipalId) -> Result<(), Trouble> {
        self.inner.issued.revoke((by.tenant().clone(), of.clone()), self.now());
        let mut keys = self.keys();
        let whose = keys.principal(by.tenant(), of).await?;
        let event = AuditEvent::GrantsRevoked { of: whose };
        let entry = self.entry_about(&mut keys, About::by(by), event).await?;
        self.record(vec![entry]).await
    }
}
