//! What a signed session says, and who verifies that it says it.

use chrono::{DateTime, Utc};

use super::mfa::Authentication;
use crate::core::access::PrincipalKind;
use crate::core::id::{Name, PrincipalId, TenantId};

/// Verifies the signature of a token: the joint to the library that a host uses for its tokens (JWT, PASETO, a session store of its own).
///
/// There is no token format here. What the implementor gives back is not believed about time and audience: [`SessionRules`](super::SessionRules) looks at
/// those again, whatever the library did.
///
/// To ensure correctness:
///
/// - **verified first**: claims come back only where the signature, or the keyed digest, holds over every byte that they were read from;
/// - **the algorithm is the verifier's**: it is set with the key, and never taken from the token (RFC 8725 sections 3.1 and 3.2): `none` is refused, and
///   a public key is no key for an HMAC;
/// - **the issuer's key**: the key belongs to the issuer that the host trusts for this audience (RFC 8725 section 3.8);
/// - **this kind of token**: a token that was made for something else (an invitation, a refresh) is refused by its type (RFC 8725 section 3.11);
/// - **bounded**: no token makes it panic or work without bound; tokens are at most [`MAX_TOKEN_BYTES`](super::MAX_TOKEN_BYTES) long.
///
/// Functions are verifiers.
pub trait SessionVerifier {
    /// The claims of a token that is genuine.
    ///
    /// # Errors
    /// [`Unverified`], whatever is wrong with the token.
    fn verify(&self, token: &[u8], audience: &str, now: DateTime<Utc>) -> Result<SessionClaims, Unverified>;
}

impl<F> SessionVerifier for F
where
    F: Fn(&[u8], &str, DateTime<Utc>) -> Result<SessionClaims, Unverified>,
{
    fn verify(&self, token: &[u8], audience: &str, now: DateTime<Utc>) -> Result<SessionClaims, Unverified> {
        self(token, audience, now)
    }
}

/// A token is not genuine. It does not say in what way: that would help whoever forges one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("the token is not genuine")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to say")]
pub struct Unverified;

/// What a genuine token says (RFC 7519 section 4.1, OpenID Connect Core 1.0 section 2). Claims open nothing: they have to pass
/// [`SessionRules::verify`](super::SessionRules::verify) first.
///
/// Times are whole: a library that drops fractions may only round an expiry down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionClaims {
    pub(super) tenant: TenantId,
    pub(super) subject: PrincipalId,
    pub(super) kind: PrincipalKind,
    pub(super) roles: Vec<Name>,
    pub(super) audience: Vec<String>,
    pub(super) issued_at: DateTime<Utc>,
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) authentication: Option<Authentication>,
}

impl SessionClaims {
    /// A person of `tenant` (`sub`), from when (`iat`) until when (`exp`).
    pub fn person(
        tenant: impl Into<TenantId>,
        subject: impl Into<PrincipalId>,
        issued_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Self {
        Self {
            tenant: tenant.into(),
            subject: subject.into(),
            kind: PrincipalKind::Person,
            roles: Vec::new(),
            audience: Vec::new(),
            issued_at,
            not_before: None,
            expires_at,
            authentication: None,
        }
    }

    /// A program of `tenant`.
    pub fn service(
        tenant: impl Into<TenantId>,
        subject: impl Into<PrincipalId>,
        issued_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Self {
        Self { kind: PrincipalKind::Service, ..Self::person(tenant, subject, issued_at, expires_at) }
    }

    /// Adds one of those whom the token is for (`aud`).
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// Adds a role.
    #[must_use]
    pub fn role(mut self, role: impl Into<Name>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Says from when the token holds, where that is later than its issue (`nbf`).
    #[must_use]
    pub fn not_before(mut self, at: DateTime<Utc>) -> Self {
        self.not_before = Some(at);
        self
    }

    /// Says how and when the person was authenticated (`amr`, `auth_time`, `acr`).
    #[must_use]
    pub fn authenticated(mut self, authentication: Authentication) -> Self {
        self.authentication = Some(authentication);
        self
    }
}
