//! One thing that is kept, as retention sees it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::core::id::{ConnectionId, Name, SubjectId, TenantId};

/// One thing that is kept, as the rules see it: its category, the platform that it came from, and the events of its life.
///
/// It carries no value and no identifier, so it may be shown and logged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item {
    /// Its category.
    pub category: Name,
    /// The platform that it came from; without one, caps of a platform do not bind it.
    pub platform: Option<Name>,
    /// The events of its life and of its scopes, each with its moment (`stored` among them). The moment may lie in the future.
    pub events: BTreeMap<Name, DateTime<Utc>>,
}

impl Item {
    /// An item of a category to which nothing has happened yet.
    pub fn new(category: impl Into<Name>) -> Self {
        Self { category: category.into(), platform: None, events: BTreeMap::new() }
    }

    /// Came from a platform.
    #[must_use]
    pub fn platform(mut self, platform: impl Into<Name>) -> Self {
        self.platform = Some(platform.into());
        self
    }

    /// An event happened, or is known to happen, at that moment.
    #[must_use]
    pub fn event(mut self, event: impl Into<Name>, at: DateTime<Utc>) -> Self {
        self.events.insert(event.into(), at);
        self
    }
}

/// Where an item stands, as holds see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ItemPlace {
    /// The tenant.
    pub tenant: TenantId,
    /// The platform connection under which it stands.
    pub connection: Option<ConnectionId>,
    /// Every person whom it is about, whole or in one field. Hidden in Debug.
    pub subjects: BTreeSet<SubjectId>,
    /// Its category.
    pub category: Name,
}

impl ItemPlace {
    /// A place of a tenant, for a category.
    pub fn new(tenant: impl Into<TenantId>, category: impl Into<Name>) -> Self {
        Self { tenant: tenant.into(), connection: None, subjects: BTreeSet::new(), category: category.into() }
    }

    /// Under one of the tenant's platform connections.
    #[must_use]
    pub fn connection(mut self, connection: impl Into<ConnectionId>) -> Self {
        self.connection = Some(connection.into());
        self
    }

    /// About a person, beside those named before.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<SubjectId>) -> Self {
        self.subjects.insert(subject.into());
        self
    }
}
