//! The question: who wants to do what, with which data, for which purpose.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::words::{Action, Environment, PrincipalKind};
use crate::core::classification::{Level, Record};
use crate::core::id::{ConnectionId, Name, PrincipalId, RecordId, SubjectId, TenantId};
use crate::core::place::Place;

/// A fact that a decision needs. What is not known never allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a fact must decide on both")]
pub enum Fact<T> {
    /// It is known.
    Known(T),
    /// It is not known.
    #[default]
    Unknown,
}

impl Fact<bool> {
    /// Whether the fact is known to hold.
    #[must_use]
    pub fn holds(self) -> bool {
        self == Self::Known(true)
    }
}

/// What data may be used for: one of the purposes that the policy declares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purpose(Name);

impl Purpose {
    /// Names a purpose; that the policy declares it is checked where it is used.
    pub fn new(name: impl Into<Name>) -> Self {
        Self(name.into())
    }

    /// The purpose's name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.0
    }
}

/// Whether a principal's account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on it must decide on both")]
pub enum Standing {
    /// It may.
    Active,
    /// It may not: every question is denied.
    Suspended,
}

/// Who asks, as the host authenticated them.
///
/// # Example: an owner who signed in with a second factor
/// ```
/// use stewardship::Principal;
/// let owner = Principal::person("acme", "user-1").role("owner").mfa_at("2026-11-22T08:00:00Z".parse()?);
/// assert!(owner.has_role("owner"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    tenant: TenantId,
    id: PrincipalId,
    kind: PrincipalKind,
    standing: Standing,
    roles: BTreeSet<Name>,
    mfa_at: Option<DateTime<Utc>>,
}

impl Principal {
    /// A person who works for `tenant`.
    pub fn person(tenant: impl Into<TenantId>, id: impl Into<PrincipalId>) -> Self {
        Self::new(tenant.into(), id.into(), PrincipalKind::Person)
    }

    /// A program that works for `tenant`.
    pub fn service(tenant: impl Into<TenantId>, id: impl Into<PrincipalId>) -> Self {
        Self::new(tenant.into(), id.into(), PrincipalKind::Service)
    }

    fn new(tenant: TenantId, id: PrincipalId, kind: PrincipalKind) -> Self {
        Self { tenant, id, kind, standing: Standing::Active, roles: BTreeSet::new(), mfa_at: None }
    }

    /// Adds a role.
    #[must_use]
    pub fn role(mut self, role: impl Into<Name>) -> Self {
        self.roles.insert(role.into());
        self
    }

    /// Says when a second factor was last verified.
    #[must_use]
    pub fn mfa_at(mut self, at: DateTime<Utc>) -> Self {
        self.mfa_at = Some(at);
        self
    }

    /// Says that the account is suspended.
    #[must_use]
    pub fn suspended(mut self) -> Self {
        self.standing = Standing::Suspended;
        self
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The identifier.
    #[must_use]
    pub const fn id(&self) -> &PrincipalId {
        &self.id
    }

    /// Person or service.
    #[must_use]
    pub const fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// Whether the account may be used.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// The roles.
    #[must_use]
    pub const fn roles(&self) -> &BTreeSet<Name> {
        &self.roles
    }

    /// Whether the principal has this role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.contains(role)
    }

    /// When a second factor was last verified; `None`: never.
    #[must_use]
    pub const fn last_mfa(&self) -> Option<DateTime<Utc>> {
        self.mfa_at
    }
}

/// Which data is asked for: a category of a tenant up to a level and, where it is narrower, a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    tenant: TenantId,
    category: Name,
    level: Level,
    connection: Option<ConnectionId>,
    subject: Option<SubjectId>,
    record: Option<RecordId>,
}

impl Resource {
    /// The records of kind `R` at `place`: no other connection, person or record than `place` names.
    #[must_use]
    pub fn at<R: Record>(place: &Place) -> Self {
        Self::category(place.tenant_id(), R::CATEGORY, R::level()).within(place)
    }

    /// Everything of a category within a tenant, up to a level.
    pub fn category(tenant: impl Into<TenantId>, category: impl Into<Name>, level: Level) -> Self {
        Self {
            tenant: tenant.into(),
            category: category.into(),
            level,
            connection: None,
            subject: None,
            record: None,
        }
    }

    /// Narrowed to the connection, person and record that `place` names. The tenant stays.
    #[must_use]
    pub fn within(mut self, place: &Place) -> Self {
        self.connection = place.connection_id().cloned();
        self.subject = place.subject_id().cloned();
        self.record = place.record_id();
        self
    }

    /// Narrowed to fields of at most `level`.
    #[must_use]
    pub fn up_to(mut self, level: Level) -> Self {
        self.level = self.level.min(level);
        self
    }

    /// The tenant whose data it is.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The category.
    #[must_use]
    pub const fn category_name(&self) -> &Name {
        &self.category
    }

    /// The highest level.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The connection, where it is narrowed to one.
    #[must_use]
    pub const fn connection(&self) -> Option<&ConnectionId> {
        self.connection.as_ref()
    }

    /// The person, where it is narrowed to one.
    #[must_use]
    pub const fn subject(&self) -> Option<&SubjectId> {
        self.subject.as_ref()
    }

    /// The record, where it is narrowed to one.
    #[must_use]
    pub const fn record(&self) -> Option<&RecordId> {
        self.record.as_ref()
    }
}

/// The question of an access check.
///
/// # Example: a support agent wants to read an order
/// ```
/// use stewardship::{Action, Principal, Purpose, Question, Resource};
/// use stewardship::classification::Level;
/// let agent = Principal::person("acme", "user-2").role("support");
/// let order = Resource::category("acme", "orders", Level::Confidential);
/// let question = Question::new(agent, Action::Read, order, Purpose::new("support")).assigned_case(true);
/// assert!(question.case().holds());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    principal: Principal,
    action: Action,
    resource: Resource,
    purpose: Purpose,
    assigned_case: Fact<bool>,
}

impl Question {
    /// Asks.
    #[must_use]
    pub fn new(principal: Principal, action: Action, resource: Resource, purpose: Purpose) -> Self {
        Self { principal, action, resource, purpose, assigned_case: Fact::Unknown }
    }

    /// Says whether the principal is assigned to an open case about the resource. Unless said, it is unknown.
    #[must_use]
    pub fn assigned_case(mut self, assigned: bool) -> Self {
        self.assigned_case = Fact::Known(assigned);
        self
    }

    /// Who asks.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What is to be done.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// With which data.
    #[must_use]
    pub const fn resource(&self) -> &Resource {
        &self.resource
    }

    /// For which purpose.
    #[must_use]
    pub const fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// Whether the principal is assigned to a case about the resource.
    #[must_use]
    pub const fn case(&self) -> Fact<bool> {
        self.assigned_case
    }
}

/// What the engine knows at the time of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// The time.
    pub now: DateTime<Utc>,
    /// The environment that the engine runs in.
    pub environment: Environment,
    /// Whether the authorisation of the resource's connection is live.
    pub authorization_live: Fact<bool>,
}

impl Facts {
    /// Facts with nothing known of the authorisation.
    #[must_use]
    pub const fn new(now: DateTime<Utc>, environment: Environment) -> Self {
        Self { now, environment, authorization_live: Fact::Unknown }
    }

    /// Says whether the authorisation of the resource's connection is live.
    #[must_use]
    pub const fn authorization(mut self, live: bool) -> Self {
        self.authorization_live = Fact::Known(live);
        self
    }
}
