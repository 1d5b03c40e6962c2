//! Terms and authorisations: what must be there before a platform's data comes in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::erase::EraseError;
use super::keyring::KeyError;
use super::papers::{self, Paper};
use super::steward::Steward;
use super::trail::About;
use super::trouble::{ATTEMPTS, Trouble};
use crate::contracts::{DocumentKind, Expected, Ports};
use crate::core::access::Principal;
use crate::core::audit::{AuditEvent, Pseudonym};
use crate::core::id::{ConnectionId, Name, TenantId};
use crate::core::place::Scope;
use crate::core::policy::PolicyDigest;

/// A tenant's acceptance of one version of the policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Acceptance {
    tenant: TenantId,
    digest: PolicyDigest,
    version: String,
    at: DateTime<Utc>,
    by: Option<Pseudonym>,
}

impl Paper for Acceptance {
    const KIND: DocumentKind = DocumentKind::Acceptance;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> String {
        self.digest.to_string()
    }
}

/// The authorisation of a tenant's platform connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Authorization {
    /// The tenant.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The platform.
    pub platform: Name,
    /// When it was given.
    pub granted: DateTime<Utc>,
    /// The policy that the tenant had accepted then.
    pub policy: PolicyDigest,
    /// When it was revoked, where it was.
    pub revoked: Option<DateTime<Utc>>,
    /// What the trail calls the connection: taken once, so that no rotation of the tenant's key gives its revocation another name.
    pub(super) shown: Pseudonym,
}

impl Authorization {
    /// Whether it was given and not revoked.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.revoked.is_none()
    }

    /// Names the evidence of its revocation: the same each time, and without the connection's own name, because the trail shows it.
    pub(super) fn revocation_id(&self) -> String {
        format!("revocation/{}/{}", self.shown, self.granted.to_rfc3339())
    }
}

impl Paper for Authorization {
    const KIND: DocumentKind = DocumentKind::Authorization;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> String {
        self.connection.as_str().to_owned()
    }
}

/// Events of a scope: what retention runs from, besides a record's own events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Timeline {
    pub(super) scope: Scope,
    /// Every time that was said: each thing counts the first one that does not lie before its storing.
    pub(super) events: BTreeMap<Name, BTreeSet<DateTime<Utc>>>,
}

impl Timeline {
    pub(super) fn id_of(scope: &Scope) -> String {
        match scope {
            Scope::Tenant(_) => "tenant".to_owned(),
            Scope::Connection(_, id) => format!("connection/{}", id.as_str()),
            Scope::Subject(_, id) => format!("subject/{}", id.as_str()),
            Scope::Case(_, id) => format!("case/{}", id.as_str()),
        }
    }
}

/// Adds the events of a scope to those of a thing that was stored at `since`: of each, the first time that does not lie before.
pub(super) fn add_events(
    events: &mut BTreeMap<Name, DateTime<Utc>>,
    timeline: &BTreeMap<Name, BTreeSet<DateTime<Utc>>>,
    since: DateTime<Utc>,
) {
    for (name, times) in timeline {
        if let Some(at) = times.range(since..).next() {
            let known = events.entry(name.clone()).or_insert(*at);
            *known = (*known).min(*at);
        }
    }
}

impl Paper for Timeline {
    const KIND: DocumentKind = DocumentKind::Timeline;

    fn tenant(&self) -> &TenantId {
        self.scope.tenant()
    }

    fn id(&self) -> String {
        Self::id_of(&self.scope)
    }
}

/// Why terms are not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TermsError {
    /// What was accepted is not the policy in force.
    #[error("the accepted digest is not that of the policy in force (`{current}`)")]
    NotPublished {
        /// Digest of the policy in force.
        current: PolicyDigest,
    },
    /// A program cannot agree to terms, and nobody can for another tenant.
    #[error("terms are accepted by a person of the tenant")]
    NotOfTenant,
    /// No key for the tenant.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Why a connection is not authorised.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The tenant has not accepted the policy in force.
    #[error("the tenant has not accepted the policy in force (version `{version}`)")]
    TermsNotAccepted {
        /// Version of the policy in force.
        version: String,
    },
    /// The policy declares no such platform.
    #[error("the policy declares no platform `{platform}`")]
    UnknownPlatform {
        /// The platform.
        platform: Name,
    },
    /// An identifier is empty, too long, or holds control characters.
    #[error("an identifier is empty, too long, or holds control characters")]
    BadIdentifier,
    /// An earlier revocation of the connection was begun, and cannot be finished.
    #[error("an earlier revocation of the connection cannot be finished")]
    Revoking(#[source] Box<EraseError>),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<EraseError> for ConnectError {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::Trouble(trouble) => Self::Trouble(trouble),
            other => Self::Revoking(Box::new(other)),
        }
    }
}

/// Why an event is not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// Nothing in the policy runs from such an event.
    #[error("no rule of the policy runs from `{event}`{}", known_events(known))]
    Unknown {
        /// The event.
        event: Name,
        /// The events that rules and caps run from.
        known: Vec<Name>,
    },
    /// There is no such record.
    #[error("there is no such record at this place")]
    NoSuchRecord,
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// What may have been meant.
fn known_events(names: &[Name]) -> String {
    if names.is_empty() {
        return ", nor from any other event that is told of".to_owned();
    }
    let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    format!("; those that run from an event name {names}")
}

impl<P: Ports> Steward<P> {
    /// Records that a tenant accepts the policy with this digest.
    ///
    /// # Errors
    /// [`TermsError::NotPublished`] where the digest is not that of the policy in force.
    pub async fn accept_terms(&self, by: &Principal, digest: PolicyDigest) -> Result<(), TermsError> {
        let current = self.inner.policy.digest();
        if digest != current {
            return Err(TermsError::NotPublished { current });
        }
        let tenant = by.tenant();
        if !by.speaks_for_a_tenant() {
            return Err(TermsError::NotOfTenant);
        }
        let mut keys = self.keys();
        keys.for_sealing(&Scope::Tenant(tenant.clone())).await?;
        let event = AuditEvent::TermsAccepted { accepted: digest };
        let entry = self.entry_about(&mut keys, About::by(by), event).await?;
        let acceptance = Acceptance {
            tenant: tenant.clone(),
            digest,
            version: self.inner.policy.version().to_owned(),
            at: self.now(),
            by: entry.by,
        };
        self.record(vec![entry]).await?;
        let store = self.inner.ports.documents();
        papers::update(store, tenant, &acceptance.id(), |found: Option<Acceptance>| {
            Ok::<_, Trouble>(found.unwrap_or_else(|| acceptance.clone()))
        })
        .await?;
        Ok(())
    }

    /// Whether a tenant has accepted the policy in force.
    pub(super) async fn has_accepted_terms(&self, tenant: &TenantId) -> Result<bool, Trouble> {
        let digest = self.inner.policy.digest().to_string();
        Ok(papers::load::<Acceptance>(self.papers(), tenant, &digest).await?.is_some())
    }

    /// Records that a tenant authorised a platform connection. Connecting again after a revocation starts anew, and revives nothing.
    ///
    /// # Errors
    /// [`ConnectError::TermsNotAccepted`] where the tenant has not accepted the policy in force.
    pub async fn connect(
        &self,
        by: &Principal,
        connection: &ConnectionId,
        platform: &str,
    ) -> Result<Authorization, ConnectError> {
        let (tenant, policy) = (by.tenant(), &self.inner.policy);
        if !tenant.is_well_formed() || !connection.is_well_formed() {
            return Err(ConnectError::BadIdentifier);
        }
        if !policy.document().platforms.contains_key(platform) {
            return Err(ConnectError::UnknownPlatform { platform: Name::new(platform) });
        }
        let store = self.inner.ports.documents();
        if !self.has_accepted_terms(tenant).await? {
            return Err(ConnectError::TermsNotAccepted { version: policy.version().to_owned() });
        }
        let scope = Scope::Connection(tenant.clone(), connection.clone());
        let mut keys = self.keys();
        let shown = keys
            .pseudonym(&Scope::Tenant(tenant.clone()), "connection", connection.as_str())
            .await?
            .ok_or(Trouble::Key { scope: "tenant" })?;
        let event = AuditEvent::Authorized { connection: shown, platform: Name::new(platform) };
        let entry = self.entry_about(&mut keys, About::by(by), event).await?;
        self.record(vec![entry]).await?;
        let mut fresh = Authorization {
            tenant: tenant.clone(),
            connection: connection.clone(),
            platform: Name::new(platform),
            granted: self.now(),
            policy: policy.digest(),
            revoked: None,
            shown,
        };
        for _ in 0..ATTEMPTS {
            let mut expected = Expected::Absent;
            if let Some(found) = papers::load::<Authorization>(store, tenant, connection.as_str()).await? {
                // A revocation that was begun is finished first: its keys must not go on under the new authorisation.
                let begun = self.finish_revocation(&found.paper).await?;
                if found.paper.is_live() && begun.is_none() {
                    return Ok(found.paper);
                }
                if found.paper.is_live() {
                    continue;
                }
                // Later than the revocation even where the clock says otherwise: the evidence of each bears its time, in steps that every
                // store keeps.
                let revoked = found.paper.revoked.map(|at| at + TimeDelta::microseconds(1));
                fresh.granted = revoked.map_or(fresh.granted, |at| at.max(fresh.granted));
                expected = Expected::Version(found.version);
            }
            // Opened before the paper says so: a crash in between leaves a scope that nothing is let into.
            keys.change(&scope, |row| row.closed.take().is_some()).await?;
            if papers::save(store, &fresh, expected).await? {
                return Ok(fresh);
            }
        }
        Err(Trouble::Contention { during: "authorise a connection" }.into())
    }

    /// Records an event of a scope from which retention runs (`relationship_ended`).
    ///
    /// For each thing the earliest time since its storing counts: saying it again later puts nothing off, and what is stored
    /// after it waits for the next.
    ///
    /// # Errors
    /// [`EventError::Unknown`] where no rule and no cap of the policy runs from such an event.
    pub async fn happened(
        &self,
        scope: &Scope,
        event: impl Into<Name>,
        at: DateTime<Utc>,
    ) -> Result<(), EventError> {
        let event = self.known_event(event.into())?;
        Ok(self.note_event(scope, event, at).await?)
    }

    /// The event, where the policy runs something from it: a misspelt one would keep data for ever, unseen.
    pub(super) fn known_event(&self, event: Name) -> Result<Name, EventError> {
        let retention = &self.inner.policy.document().retention;
        let rules = retention.rule.iter().map(|rule| &rule.from);
        let events = rules.chain(retention.cap.iter().map(|cap| &cap.from));
        // `stored` is the steward's own to say.
        let known: BTreeSet<&Name> = events.filter(|event| **event != "stored").collect();
        if known.contains(&event) {
            return Ok(event);
        }
        Err(EventError::Unknown { event, known: known.into_iter().cloned().collect() })
    }

    pub(super) async fn note_event(
        &self,
        scope: &Scope,
        event: Name,
        at: DateTime<Utc>,
    ) -> Result<(), Trouble> {
        let store = self.inner.ports.documents();
        papers::update(store, scope.tenant(), &Timeline::id_of(scope), |found: Option<Timeline>| {
            let mut timeline =
                found.unwrap_or_else(|| Timeline { scope: scope.clone(), events: BTreeMap::new() });
            timeline.events.entry(event.clone()).or_default().insert(at);
            Ok::<_, Trouble>(timeline)
        })
        .await
        .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_event_is_told_which_are_known() {
        let said = |known: &[&str]| {
            let known = known.iter().map(|event| Name::new(*event)).collect();
            EventError::Unknown { event: "deth".into(), known }.to_string()
        };
        assert_eq!(
            said(&[]),
            "no rule of the policy runs from `deth`, nor from any other event that is told of"
        );
        assert_eq!(
            said(&["death", "order_delivered"]),
            "no rule of the policy runs from `deth`; those that run from an event name `death`, `order_delivered`"
        );
    }
}
