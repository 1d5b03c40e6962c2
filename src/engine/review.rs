//! The review of least privilege over time, and what the trail calls somebody.

use chrono::{DateTime, Utc};

use super::read_trail::TrailReadError;
use super::steward::Steward;
use super::trail::{About, TrailError};
use super::trouble::Trouble;
use crate::contracts::Ports;
use crate::core::access::{Grant, Principal, Read};
use crate::core::audit::{AccessReview, AuditEvent, Entry, Pseudonym, Reviewer};
use crate::core::place::{Place, Scope};

impl<P: Ports> Steward<P> {
    /// Reviews who of the grant's tenant may do what, and does: the rules that nobody used since a date, who used which how often and when
    /// last, and every question for an emergency with its case (NIST SP 800-53 AC-6(7)).
    ///
    /// The grant is one for [`read_trail`](Self::read_trail). The whole trail is read, page by page, and verified on the way; what is held grows
    /// with people and rules. That it is looked at is on the trail before. What the trail does not show is not counted: decisions below the
    /// levels that are recorded ([`RuleUse::seen_from`](crate::audit::RuleUse::seen_from)), those from before the tenant had a key, and those
    /// that have expired.
    ///
    /// # Errors
    /// [`TrailReadError`]; nothing is told of a trail that does not verify.
    pub async fn review_access(
        &self,
        grant: &Grant<Read>,
        since: DateTime<Utc>,
    ) -> Result<AccessReview, TrailReadError> {
        let tenant = grant.tenant();
        self.check_reader(grant, &Place::tenant(tenant)).await?;
        let mut keys = self.keys();
        let event = AuditEvent::AccessReviewed { since };
        let entry = self.entry_about(&mut keys, About::tenant(tenant).on(grant), event).await?;
        self.record(vec![entry]).await?;
        let names = keys.names(&Scope::Tenant(tenant.clone()), "tenant", tenant.as_str()).await?;
        let mut reviewer = Reviewer::new(&self.inner.policy, names, since);
        let mut walk = self.walk_trail(None);
        while let Some(page) = walk.page().await? {
            for stored in &page {
                let Some(bytes) = stored.bytes() else { continue };
                let entry = Entry::from_bytes(bytes)
                    .map_err(|source| TrailError::Unreadable { index: stored.index, source })?;
                reviewer.entry(entry);
            }
        }
        walk.finish()?;
        Ok(reviewer.finish())
    }

    /// What the trail calls a principal: finds their entries, and their part in a [review](Self::review_access). `None` where their
    /// tenant has no key.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn trail_name(&self, of: &Principal) -> Result<Option<Pseudonym>, Trouble> {
        self.keys().principal(of.tenant(), of.id()).await
    }
}
