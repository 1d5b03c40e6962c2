//! Where a value lives: the place that its envelope is bound to, and the scopes whose keys it needs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::{CaseId, ConnectionId, Name, RecordId, SubjectId, TenantId};

/// Where a record is put: its tenant and, where they apply, the platform connection, the person and the record's identifier.
///
/// # Example: a creator whom a seller met through a connected shop
/// ```
/// use stewardship::Place;
/// let place = Place::tenant("acme").connection("tiktok-shop:8837").subject("creator-17");
/// assert_eq!(place.scopes(None).len(), 3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    tenant: TenantId,
    connection: Option<ConnectionId>,
    subject: Option<SubjectId>,
    record: Option<RecordId>,
    about: Vec<(Name, SubjectId)>,
}

impl Place {
    /// A place of a tenant.
    #[inline]
    pub fn tenant(tenant: impl Into<TenantId>) -> Self {
        Self { tenant: tenant.into(), connection: None, subject: None, record: None, about: Vec::new() }
    }

    /// Under one of the tenant's platform connections: what is put here lives no longer than that authorisation.
    #[must_use]
    #[inline]
    pub fn connection(mut self, connection: impl Into<ConnectionId>) -> Self {
        self.connection = Some(connection.into());
        self
    }

    /// About a person.
    #[must_use]
    #[inline]
    pub fn subject(mut self, subject: impl Into<SubjectId>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Names the record. Without it, the subject names it, or else the connection: one record of a kind each.
    #[must_use]
    #[inline]
    pub fn record(mut self, record: impl Into<RecordId>) -> Self {
        self.record = Some(record.into());
        self
    }

    /// One field of the record is about another person: it is sealed under that person's scope, and dies with it.
    #[must_use]
    #[inline]
    pub fn about(mut self, field: impl Into<Name>, subject: impl Into<SubjectId>) -> Self {
        let (field, subject) = (field.into(), subject.into());
        self.about.retain(|(known, _)| *known != field);
        self.about.push((field, subject));
        self
    }

    /// The tenant.
    #[must_use]
    #[inline]
    pub fn tenant_id(&self) -> &TenantId {
        &self.tenant
    }

    /// The platform connection, where there is one.
    #[must_use]
    #[inline]
    pub fn connection_id(&self) -> Option<&ConnectionId> {
        self.connection.as_ref()
    }

    /// The person whom the record is about, where there is one.
    #[must_use]
    #[inline]
    pub fn subject_id(&self) -> Option<&SubjectId> {
        self.subject.as_ref()
    }

    /// The person whom one field is about: the one named for it, else the record's.
    #[must_use]
    #[inline]
    pub fn subject_of(&self, field: &str) -> Option<&SubjectId> {
        self.about
            .iter()
            .find(|(known, _)| known == field)
            .map(|(_, subject)| subject)
            .or(self.subject.as_ref())
    }

    /// The fields that name a person of their own.
    #[inline]
    pub fn fields_about_others(&self) -> impl Iterator<Item = (&Name, &SubjectId)> {
        self.about.iter().map(|(field, subject)| (field, subject))
    }

    /// The identifier of the record here: the one given, else the subject's, else the connection's.
    #[must_use]
    #[inline]
    pub fn record_id(&self) -> Option<RecordId> {
        self.record
            .clone()
            .or_else(|| self.subject.as_ref().map(|subject| RecordId::new(subject.as_str())))
            .or_else(|| self.connection.as_ref().map(|connection| RecordId::new(connection.as_str())))
    }

    /// Its tenant, connection, person and record, the last as [`record_id`](Self::record_id) gives it.
    #[inline]
    pub(crate) fn into_parts(self) -> (TenantId, Option<ConnectionId>, Option<SubjectId>, Option<RecordId>) {
        let record = if self.record.is_some() { self.record } else { self.record_id() };
        (self.tenant, self.connection, self.subject, record)
    }

    /// The scopes whose keys a value needs here, outermost first: tenant, connection, and the person whom `field` is about.
    #[must_use]
    #[inline]
    pub fn scopes(&self, field: Option<&str>) -> Vec<Scope> {
        let subject = field.map_or(self.subject.as_ref(), |field| self.subject_of(field));
        let mut scopes = vec![Scope::Tenant(self.tenant.clone())];
        scopes.extend(self.connection.iter().map(|id| Scope::Connection(self.tenant.clone(), id.clone())));
        scopes.extend(subject.map(|id| Scope::Subject(self.tenant.clone(), id.clone())));
        scopes
    }

    /// Whether every identifier is one that the engine accepts.
    #[must_use]
    #[inline]
    pub fn is_well_formed(&self) -> bool {
        self.tenant.is_well_formed()
            && self.connection.as_ref().is_none_or(ConnectionId::is_well_formed)
            && self.subject.as_ref().is_none_or(SubjectId::is_well_formed)
            && self.record.as_ref().is_none_or(RecordId::is_well_formed)
            && self.about.iter().all(|(_, subject)| subject.is_well_formed())
    }
}

impl From<&Place> for Place {
    #[inline]
    fn from(place: &Place) -> Self {
        place.clone()
    }
}

/// A tenant's place.
impl<T: Into<TenantId>> From<T> for Place {
    #[inline]
    fn from(tenant: T) -> Self {
        Self::tenant(tenant)
    }
}

/// What a key covers, and so what erasing that key erases.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a scope must decide on each")]
pub enum Scope {
    /// All of a tenant.
    Tenant(TenantId),
    /// What came through one platform connection of a tenant.
    Connection(TenantId, ConnectionId),
    /// What is about one person, within a tenant.
    Subject(TenantId, SubjectId),
    /// The contact data of one request; outlives the subject's scope and ends with the accountability period.
    Case(TenantId, CaseId),
}

impl Scope {
    /// One of a tenant's platform connections.
    #[inline]
    pub fn connection(tenant: impl Into<TenantId>, connection: impl Into<ConnectionId>) -> Self {
        Self::Connection(tenant.into(), connection.into())
    }

    /// One person within a tenant.
    #[inline]
    pub fn subject(tenant: impl Into<TenantId>, subject: impl Into<SubjectId>) -> Self {
        Self::Subject(tenant.into(), subject.into())
    }

    /// The tenant to whom the scope belongs.
    #[must_use]
    #[inline]
    pub fn tenant(&self) -> &TenantId {
        match self {
            Self::Tenant(tenant)
            | Self::Connection(tenant, _)
            | Self::Subject(tenant, _)
            | Self::Case(tenant, _) => tenant,
        }
    }

    /// The kind of scope in one word.
    #[must_use]
    #[inline]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Tenant(_) => "tenant",
            Self::Connection(..) => "connection",
            Self::Subject(..) => "subject",
            Self::Case(..) => "case",
        }
    }

    /// The one encoding of this scope: a tag for the kind, then each identifier behind its length (32 bits, big-endian).
    ///
    /// Unambiguous: two different scopes never share an encoding. Key stores may use it as their key.
    #[must_use]
    #[inline]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (tag, inner) = match self {
            Self::Tenant(_) => (0_u8, None),
            Self::Connection(_, id) => (1, Some(id.text())),
            Self::Subject(_, id) => (2, Some(id.text())),
            Self::Case(_, id) => (3, Some(id.text())),
        };
        let mut bytes = vec![tag];
        self.tenant().text().push_field(&mut bytes);
        if let Some(inner) = inner {
            inner.push_field(&mut bytes);
        }
        bytes
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Shows the kind and the tenant and, where it identifies no person, the inner identifier.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(tenant) => write!(f, "tenant {tenant}"),
            Self::Connection(tenant, id) => write!(f, "connection {id} of {tenant}"),
            Self::Subject(tenant, _) => write!(f, "subject … of {tenant}"),
            Self::Case(tenant, id) => write!(f, "case {id} of {tenant}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_field_about_another_person_is_under_that_persons_scope() {
        let place = Place::tenant("t").subject("buyer").about("courier", "driver");
        assert_eq!(place.scopes(Some("courier")).last(), Some(&Scope::subject("t", "driver")));
        assert_eq!(place.scopes(Some("address")).last(), Some(&Scope::subject("t", "buyer")));
    }

    proptest! {
        #[test]
        fn two_scopes_never_share_an_encoding(a in ".{0,6}", b in ".{0,6}", c in ".{0,6}", d in ".{0,6}") {
            let left = Scope::connection(a.as_str(), b.as_str());
            let right = Scope::connection(c.as_str(), d.as_str());
            prop_assert_eq!(left == right, left.to_bytes() == right.to_bytes());
            prop_assert_ne!(left.to_bytes(), Scope::subject(a.as_str(), b.as_str()).to_bytes());
        }
    }
}
