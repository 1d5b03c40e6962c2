//! Holds, and how the engine sees a stored thing as retention does.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::connect::{Timeline, add_events};
use super::erase::OWED;
use super::papers::{self, Paper};
use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::{DocumentKind, Ports, SourceItem};
use crate::core::audit::{AuditEvent, Pseudonym};
use crate::core::id::{Name, TenantId};
use crate::core::place::Scope;
use crate::core::policy::Dispose;
use crate::core::retention::{
    Disposition, DueBecause, Hold, Item, ItemPlace, Stay, covering, decide, must_stay,
};

impl Paper for Hold {
    const KIND: DocumentKind = DocumentKind::Hold;

    fn tenant(&self) -> &TenantId {
        &self.covers.tenant
    }

    fn id(&self) -> String {
        self.id.clone()
    }
}

impl<P: Ports> Steward<P> {
    /// Places a hold: from now on nothing that it covers is deleted, on any path, until it is lifted. Placing it again
    /// changes nothing while it stands, and places it anew after it was lifted.
    ///
    /// # Errors
    /// [`HoldError::NameTaken`] where another hold, with another cover, stands under this name.
    pub async fn place_hold(&self, hold: &Hold) -> Result<(), HoldError> {
        self.tell_of_hold(hold.tenant(), &hold.id, |hold| AuditEvent::HoldPlaced { hold }).await?;
        let store = self.inner.ports.documents();
        papers::update(store, hold.tenant(), &hold.id, |found: Option<Hold>| {
            // Under the name of a lifted one it stands anew: whoever places a hold relies on it.
            match found.filter(|found| found.lifted_at.is_none()) {
                Some(standing) if standing.covers != hold.covers => {
                    Err(HoldError::NameTaken { id: hold.id.clone() })
                }
                Some(standing) => Ok(standing),
                None => Ok(hold.clone()),
            }
        })
        .await
        .map(|_| ())
    }

    /// Lifts a hold: what was due under it is due again. `false` where there is no such hold.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn lift_hold(&self, tenant: &TenantId, id: &str) -> Result<bool, Trouble> {
        let store = self.inner.ports.documents();
        if papers::load::<Hold>(store, tenant, id).await?.is_none() {
            return Ok(false);
        }
        self.tell_of_hold(tenant, id, |hold| AuditEvent::HoldLifted { hold }).await?;
        let now = self.now();
        papers::update(store, tenant, id, |found: Option<Hold>| {
            let mut hold = found.ok_or(Trouble::Contention { during: "lift a hold" })?;
            hold.lift(now);
            Ok::<_, Trouble>(hold)
        })
        .await
        .map(|_| true)
    }

    async fn tell_of_hold(
        &self,
        tenant: &TenantId,
        id: &str,
        event: impl FnOnce(Option<Pseudonym>) -> AuditEvent + Send,
    ) -> Result<(), Trouble> {
        let mut keys = self.keys();
        let hold = keys.pseudonym(&Scope::Tenant(tenant.clone()), "hold", id).await?;
        let entry = self.entry_about(&mut keys, About::tenant(tenant), event(hold)).await?;
        self.record(vec![entry]).await
    }

    /// What retention says of one thing now, with holds and events read afresh.
    pub(super) async fn dispose_of(&self, item: &SourceItem) -> Result<Disposition, Trouble> {
        Outlook::new(self).of(item).await
    }
}

/// Why a hold does not stand.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HoldError {
    /// Another hold stands under the name, and covers something else.
    #[error(
        "another hold stands under the name `{id}`, and covers something else: place this one under a name of its own"
    )]
    NameTaken {
        /// The name.
        id: String,
    },
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Holds and timelines of tenants, read once for one pass.
pub(super) struct Outlook<'a, P: Ports> {
    steward: &'a Steward<P>,
    now: DateTime<Utc>,
    holds: BTreeMap<TenantId, Vec<Hold>>,
    timelines: BTreeMap<Scope, BTreeMap<Name, BTreeSet<DateTime<Utc>>>>,
}

impl<'a, P: Ports> Outlook<'a, P> {
    pub(super) fn new(steward: &'a Steward<P>) -> Self {
        Self { steward, now: steward.now(), holds: BTreeMap::new(), timelines: BTreeMap::new() }
    }

    pub(super) async fn of(&mut self, item: &SourceItem) -> Result<Disposition, Trouble> {
        let (thing, place) = (self.item(item).await?, place(item));
        let (now, retention) = (self.now, &self.steward.inner.policy.document().retention);
        let holds = self.holds(&item.tenant).await?;
        let holds = covering(holds, &place, now);
        let owed = item.events.get(OWED).filter(|_| must_stay(retention, &thing, &holds, now).is_none());
        Ok(match (owed, decide(retention, &thing, &holds, now)) {
            (None, decided) | (Some(_), decided @ Disposition::DueSince { .. }) => decided,
            (Some(since), _) => Disposition::DueSince {
                since: *since,
                because: DueBecause::Rule { rule: Name::new(OWED) },
                dispose: Dispose::Delete,
                gone_by: None,
            },
        })
    }

    /// What outlives a request or a revocation.
    pub(super) async fn stay(&mut self, item: &SourceItem) -> Result<Option<Stay>, Trouble> {
        let (thing, place) = (self.item(item).await?, place(item));
        let (now, retention) = (self.now, &self.steward.inner.policy.document().retention);
        let holds = self.holds(&item.tenant).await?;
        Ok(must_stay(retention, &thing, &covering(holds, &place, now), now))
    }

    /// The holds that freeze one thing, by their ids.
    pub(super) async fn frozen_by(&mut self, item: &SourceItem) -> Result<Vec<String>, Trouble> {
        let (now, place) = (self.now, place(item));
        let holds = self.holds(&item.tenant).await?;
        Ok(covering(holds, &place, now).into_iter().map(|hold| hold.id.clone()).collect())
    }

    /// Whether anything at all of a tenant is on hold.
    pub(super) async fn any_hold(&mut self, tenant: &TenantId) -> Result<bool, Trouble> {
        let now = self.now;
        Ok(self.holds(tenant).await?.iter().any(|hold| hold.is_active(now)))
    }

    /// An item with the events of its scopes. A scope's event counts from the item's storing on: what was stored after the
    /// connection was authorised anew is not due because it had been revoked before.
    async fn item(&mut self, item: &SourceItem) -> Result<Item, Trouble> {
        let tenant = &item.tenant;
        let mut scopes = vec![Scope::Tenant(tenant.clone())];
        scopes.extend(item.connection.clone().map(|id| Scope::Connection(tenant.clone(), id)));
        scopes.extend(item.subjects.iter().map(|id| Scope::Subject(tenant.clone(), id.clone())));
        let mut thing = Item::new(&item.category).event("stored", item.stored_at);
        if let Some(platform) = &item.platform {
            thing = thing.platform(platform);
        }
        let mut events = item.events.clone();
        for scope in scopes {
            add_events(&mut events, self.timeline(scope).await?, item.stored_at);
        }
        Ok(events.into_iter().fold(thing, |thing, (name, at)| thing.event(name, at)))
    }

    async fn holds(&mut self, tenant: &TenantId) -> Result<&[Hold], Trouble> {
        if !self.holds.contains_key(tenant) {
            let store = self.steward.inner.ports.documents();
            let found = papers::all::<Hold>(store, Some(tenant)).await?;
            self.holds.insert(tenant.clone(), found.into_iter().map(|filed| filed.paper).collect());
        }
        Ok(self.holds.get(tenant).map(Vec::as_slice).unwrap_or_default())
    }

    async fn timeline(&mut self, scope: Scope) -> Result<&BTreeMap<Name, BTreeSet<DateTime<Utc>>>, Trouble> {
        if !self.timelines.contains_key(&scope) {
            let store = self.steward.inner.ports.documents();
            let id = Timeline::id_of(&scope);
            let found = papers::load::<Timeline>(store, scope.tenant(), &id).await?;
            let events = found.map(|filed| filed.paper.events).unwrap_or_default();
            self.timelines.insert(scope.clone(), events);
        }
        Ok(self.timelines.entry(scope).or_default())
    }
}

fn place(item: &SourceItem) -> ItemPlace {
    let mut place = ItemPlace::new(&item.tenant, &item.category);
    if let Some(connection) = &item.connection {
        place = place.connection(connection);
    }
    item.subjects.iter().fold(place, ItemPlace::subject)
}
