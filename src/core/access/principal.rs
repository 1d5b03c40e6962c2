//! Who asks, as the host authenticated them.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};

use super::facts::Fact;
use super::words::PrincipalKind;
use crate::core::authentication::{Amr, Authentication, Method, Mfa};
use crate::core::id::{Name, PrincipalId, TenantId};

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
    roles: Roles,
    mfa: Option<Mfa>,
    trained_at: Option<DateTime<Utc>>,
    managed_device: Fact<bool>,
}

impl Principal {
    /// A person who works for `tenant`.
    #[inline]
    pub fn person(tenant: impl Into<TenantId>, id: impl Into<PrincipalId>) -> Self {
        Self::new(tenant.into(), id.into(), PrincipalKind::Person)
    }

    /// A program that works for `tenant`.
    #[inline]
    pub fn service(tenant: impl Into<TenantId>, id: impl Into<PrincipalId>) -> Self {
        Self::new(tenant.into(), id.into(), PrincipalKind::Service)
    }

    #[inline]
    fn new(tenant: TenantId, id: PrincipalId, kind: PrincipalKind) -> Self {
        Self {
            tenant,
            id,
            kind,
            standing: Standing::Active,
            roles: Roles::None,
            mfa: None,
            trained_at: None,
            managed_device: Fact::Unknown,
        }
    }

    /// Adds a role.
    #[must_use]
    #[inline]
    pub fn role(mut self, role: impl Into<Name>) -> Self {
        self.roles.add(role.into());
        self
    }

    /// Says which second factor was last verified, and when: what [`Authentication::mfa`] makes of an identity provider's claims.
    #[must_use]
    #[inline]
    pub fn mfa(mut self, verified: Mfa) -> Self {
        self.mfa = Some(verified);
        self
    }

    /// Says when a second factor was last verified, and nothing of which it was.
    #[must_use]
    #[inline]
    pub fn mfa_at(mut self, at: DateTime<Utc>) -> Self {
        self.mfa = Authentication::new(Amr::default().with(Method::Mfa), at).mfa();
        self
    }

    /// Says when the training that the company asks for was last completed.
    #[must_use]
    #[inline]
    pub fn trained_at(mut self, at: DateTime<Utc>) -> Self {
        self.trained_at = Some(at);
        self
    }

    /// Says whether the device that is used is managed by the company. Unless said, it is unknown.
    #[must_use]
    #[inline]
    pub fn on_managed_device(mut self, managed: bool) -> Self {
        self.managed_device = Fact::Known(managed);
        self
    }

    /// Says that the account is suspended.
    #[must_use]
    #[inline]
    pub fn suspended(mut self) -> Self {
        self.standing = Standing::Suspended;
        self
    }

    /// The tenant.
    #[must_use]
    #[inline]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The identifier.
    #[must_use]
    #[inline]
    pub const fn id(&self) -> &PrincipalId {
        &self.id
    }

    /// Person or service.
    #[must_use]
    #[inline]
    pub const fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// Whether the account may be used.
    #[must_use]
    #[inline]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// The roles, in order.
    #[must_use]
    #[inline]
    pub fn roles(&self) -> &[Name] {
        self.roles.as_slice()
    }

    /// Whether the principal has this role.
    #[must_use]
    #[inline]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().iter().any(|own| own == role)
    }

    /// Whether the principal has one of these roles.
    pub(crate) fn has_one_of(&self, roles: &BTreeSet<Name>) -> bool {
        self.roles().iter().any(|role| roles.contains(role))
    }

    /// Whether this is a person who can speak for a tenant: agree to terms, give instructions.
    pub(crate) fn speaks_for_a_tenant(&self) -> bool {
        self.kind == PrincipalKind::Person && self.tenant.is_well_formed()
    }

    /// Whether this is a person, and not the other: who can be the second of four eyes.
    pub(crate) fn is_second_to(&self, other: &Self) -> bool {
        self.kind == PrincipalKind::Person && (&self.tenant, &self.id) != (&other.tenant, &other.id)
    }

    /// When a second factor was last verified; `None`: never.
    #[must_use]
    #[inline]
    pub fn last_mfa(&self) -> Option<DateTime<Utc>> {
        self.mfa.map(|verified| verified.at())
    }

    /// The second factor that was last verified.
    #[must_use]
    #[inline]
    pub const fn second_factor(&self) -> Option<Mfa> {
        self.mfa
    }

    /// When the training was last completed; `None`: never.
    #[must_use]
    #[inline]
    pub const fn last_trained(&self) -> Option<DateTime<Utc>> {
        self.trained_at
    }

    /// Whether the device is managed by the company.
    #[must_use]
    #[inline]
    pub const fn managed_device(&self) -> Fact<bool> {
        self.managed_device
    }
}

/// Roles in order, none twice. Most principals have one, for which nothing is allocated.
#[derive(Clone, PartialEq, Eq)]
enum Roles {
    None,
    One(Name),
    Many(Vec<Name>),
}

impl Roles {
    #[inline]
    fn as_slice(&self) -> &[Name] {
        match self {
            Self::None => &[],
            Self::One(role) => std::slice::from_ref(role),
            Self::Many(roles) => roles,
        }
    }

    #[inline]
    fn add(&mut self, role: Name) {
        match self {
            Self::None => *self = Self::One(role),
            Self::One(_) | Self::Many(_) => self.add_to_others(role),
        }
    }

    fn add_to_others(&mut self, role: Name) {
        if let Err(at) = self.as_slice().binary_search(&role) {
            let mut roles = match std::mem::replace(self, Self::None) {
                Self::None => Vec::new(),
                Self::One(other) => vec![other],
                Self::Many(roles) => roles,
            };
            roles.insert(at, role);
            *self = Self::Many(roles);
        }
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_in_order_and_none_is_there_twice() {
        let with = |roles: &[&'static str]| {
            roles.iter().fold(Principal::person("t", "u"), |who, role| who.role(*role))
        };
        for (added, kept) in [
            (&[][..], &[][..]),
            (&["b"], &["b"]),
            (&["b", "b"], &["b"]),
            (&["b", "a"], &["a", "b"]),
            (&["b", "a", "b", "a", "c", "a"], &["a", "b", "c"]),
        ] {
            let who = with(added);
            assert!(who.roles().iter().map(Name::as_str).eq(kept.iter().copied()), "{added:?}");
            assert_eq!(who, with(kept));
            assert!(kept.iter().all(|role| who.has_role(role)) && !who.has_role("d"));
        }
        assert!(format!("{:?}", with(&["b", "a"])).contains("roles: [`a`, `b`]"));
    }
}
