//! Evidence of a destruction: opened before it, kept up through it, certified after it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::papers::{self, Filed, Paper};
use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::{DocumentKind, DocumentStore, Ports};
use crate::core::audit::{AuditEvent, Cause};
use crate::core::id::{Name, TenantId};
use crate::core::place::Scope;
use crate::core::policy::PolicyDigest;
use crate::core::retention::{Certifiable, CopyFate, KeysGone, certifiable, fates};

/// The evidence of one destruction, and once every copy is dead its certificate.
///
/// Holds no value. While it is open it names what is still to be deleted, so that a crash loses neither the work nor the count;
/// once that is done the names go.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Disposal {
    /// Its identifier.
    pub id: String,
    /// The tenant.
    pub tenant: TenantId,
    /// Why.
    pub cause: Cause,
    /// The reason that was given for a revocation, in the caller's own words.
    pub reason: Option<String>,
    /// The policy under which it was opened.
    pub policy: PolicyDigest,
    /// When it was opened, before anything was destroyed.
    pub opened: DateTime<Utc>,
    /// Number of records that are gone.
    pub records: u64,
    /// What was kept: how many records, and why.
    pub kept: Vec<(u64, String)>,
    /// The keys that were destroyed, where keys were.
    pub keys: Option<KeysGone>,
    /// When the last live record was gone.
    pub rows_gone: Option<DateTime<Utc>>,
    /// By when the policy wants the live records gone.
    pub gone_by: Option<DateTime<Utc>>,
    /// When it was certified: every copy is dead.
    pub certified: Option<DateTime<Utc>>,
    /// What becomes of every copy, as last determined.
    pub copies: Vec<CopyFate>,
    /// The scope whose keys go, where keys go.
    pub(super) scope: Option<Scope>,
    /// The highest version of the scope's key that goes; fixed before the first step.
    pub(super) doomed: Option<u32>,
    /// What is being deleted: written before the first of it goes.
    pub(super) pending: Option<Batch>,
    /// Number of batches so far.
    pub(super) batches: u64,
    /// Number of records that stay under a pseudonym, by category.
    #[serde(default)]
    pub(super) pseudonymised: BTreeMap<Name, u64>,
}

impl Disposal {
    pub(super) fn open(
        id: String,
        tenant: TenantId,
        cause: Cause,
        policy: PolicyDigest,
        opened: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            tenant,
            cause,
            reason: None,
            policy,
            opened,
            records: 0,
            kept: Vec::new(),
            keys: None,
            rows_gone: None,
            gone_by: None,
            certified: None,
            copies: Vec::new(),
            scope: None,
            doomed: None,
            pending: None,
            batches: 0,
            pseudonymised: BTreeMap::new(),
        }
    }

    /// Whether the certificate stands: nothing under it can be brought back, from any copy.
    #[must_use]
    pub const fn is_certified(&self) -> bool {
        self.certified.is_some()
    }

    /// From when it can be certified, if nothing else happens; `None`: something has to be done about a copy first.
    #[must_use]
    pub fn certifiable_from(&self) -> Option<DateTime<Utc>> {
        match certifiable(&self.copies, DateTime::<Utc>::MAX_UTC) {
            Certifiable::Since(at) => Some(at),
            Certifiable::Not { .. } => None,
        }
    }

    /// Whether the live records were, or are, there for longer than the policy lets them.
    #[must_use]
    pub fn is_breached(&self, now: DateTime<Utc>) -> bool {
        self.gone_by.is_some_and(|by| self.rows_gone.unwrap_or(now) > by)
    }
}

impl Paper for Disposal {
    const KIND: DocumentKind = DocumentKind::Disposal;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> String {
        self.id.clone()
    }
}

impl<P: Ports> Steward<P> {
    /// Every destruction of a tenant (`None`: of all), certified or not.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn disposals(&self, tenant: Option<&TenantId>) -> Result<Vec<Disposal>, Trouble> {
        let found = papers::all::<Disposal>(self.papers(), tenant).await?;
        Ok(found.into_iter().map(|filed| filed.paper).collect())
    }

    pub(super) fn papers(&self) -> &impl DocumentStore {
        self.inner.ports.documents()
    }

    /// Opens the evidence, or finds it open: the same destruction begun again is the same evidence.
    pub(super) async fn open_disposal(&self, fresh: Disposal) -> Result<Disposal, Trouble> {
        if let Some(Filed { paper, .. }) =
            papers::load::<Disposal>(self.papers(), &fresh.tenant, &fresh.id).await?
        {
            return Ok(paper);
        }
        let event = AuditEvent::DisposalOpened { disposal: fresh.id.clone(), cause: fresh.cause.clone() };
        self.tell_of_disposal(&fresh, event).await?;
        papers::update(self.papers(), &fresh.tenant, &fresh.id, |found: Option<Disposal>| {
            Ok::<_, Trouble>(found.unwrap_or_else(|| fresh.clone()))
        })
        .await
    }

    /// Puts it on record under the names of the tenant and of the person whose scope it is, where they have keys still.
    pub(super) async fn tell_of_disposal(
        &self,
        disposal: &Disposal,
        event: AuditEvent,
    ) -> Result<(), Trouble> {
        let about = disposal.scope.as_ref().map_or(About::tenant(&disposal.tenant), About::scope);
        let entry = self.entry_about(&mut self.keys(), about, event).await?;
        self.record(vec![entry]).await
    }

    pub(super) async fn amend(
        &self,
        disposal: &Disposal,
        mut change: impl FnMut(&mut Disposal) + Send,
    ) -> Result<Disposal, Trouble> {
        papers::update(self.papers(), &disposal.tenant, &disposal.id, |found: Option<Disposal>| {
            let mut paper = found.ok_or(Trouble::Contention { during: "amend a disposal" })?;
            change(&mut paper);
            Ok::<_, Trouble>(paper)
        })
        .await
    }

    /// Determines what becomes of every copy, and certifies where all are dead.
    pub(super) async fn certify(&self, disposal: &Disposal) -> Result<Disposal, Trouble> {
        let among = disposal.keys.as_ref().map_or_else(BTreeSet::new, |keys| keys.epochs.clone());
        let dead = self.keys().dead_epochs(&among).await?;
        let backups = self.inner.policy.document().backups.as_ref();
        let copies = fates(disposal.rows_gone, disposal.keys.as_ref(), &dead, backups);
        let now = self.now();
        // What is on its way has to be counted first.
        let counted = disposal.pending.is_none();
        let certified =
            (counted && matches!(certifiable(&copies, now), Certifiable::Since(_))).then_some(now);
        if copies == disposal.copies && certified.is_none() {
            return Ok(disposal.clone());
        }
        if certified.is_some() {
            let event = AuditEvent::Certified { disposal: disposal.id.clone(), records: disposal.records };
            self.tell_of_disposal(disposal, event).await?;
        }
        self.amend(disposal, |paper| {
            paper.copies.clone_from(&copies);
            paper.certified = paper.certified.or(certified.filter(|_| paper.pending.is_none()));
        })
        .await
    }
}
