//! Sessions: claims of a genuine token, after the rules about time and audience.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::mfa::{Authentication, Mfa};
use super::session_claims::{SessionClaims, SessionVerifier, Unverified};
use crate::core::access::{Principal, PrincipalKind};
use crate::core::id::TenantId;
use crate::core::period::Period;

/// The longest token that is looked at, in bytes. Cookies and headers of HTTP end near it.
pub const MAX_TOKEN_BYTES: usize = 8_192;

/// What is asked of a session beside its signature, whatever its verifier asked already.
///
/// # Example: a session becomes a principal
/// ```
/// use chrono::{DateTime, TimeDelta, Utc};
/// use stewardship::authentication::{Amr, Authentication, SessionClaims, SessionRules, Unverified};
/// let now: DateTime<Utc> = "2026-11-22T08:00:00Z".parse()?;
/// // A host puts the library for its tokens here.
/// let verifier = |token: &[u8], _: &str, _: DateTime<Utc>| match token {
///     b"genuine" => Ok(SessionClaims::person("acme", "user-1", now, now + TimeDelta::hours(1))
///         .audience("app")
///         .role("owner")
///         .authenticated(Authentication::new(Amr::from_names(["pwd", "otp"]), now))),
///     _ => Err(Unverified),
/// };
/// let rules = SessionRules::for_audience("app");
/// let owner = rules.verify(&verifier, b"genuine", now)?.principal(now)?;
/// assert!(owner.has_role("owner") && owner.last_mfa() == Some(now));
/// assert!(rules.verify(&verifier, b"forged", now).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRules {
    audience: String,
    lifetime: Period,
    skew: TimeDelta,
}

impl SessionRules {
    /// The largest difference between two clocks that can be forgiven: "no more than a few minutes" (RFC 7519 section 4.1.4).
    pub const MAX_SKEW: TimeDelta = TimeDelta::minutes(5);

    /// Sessions for `audience`, that live at most 24 hours (NIST SP 800-63B-4 section 2.2.3), with clocks that differ by at most a minute.
    pub fn for_audience(audience: impl Into<String>) -> Self {
        Self { audience: audience.into(), lifetime: Period::hours(24), skew: TimeDelta::minutes(1) }
    }

    /// The longest that a session may live, from its issue to its expiry.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Period) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// How far the clocks of who issues and who verifies may differ: from nothing to [`MAX_SKEW`](Self::MAX_SKEW); more counts as that, less as nothing.
    #[must_use]
    pub fn skew(mut self, skew: TimeDelta) -> Self {
        self.skew = skew.clamp(TimeDelta::zero(), Self::MAX_SKEW);
        self
    }

    /// The session of a token.
    ///
    /// # Errors
    /// [`SessionError`] where the verifier refuses the token, or the token is for somebody else, is not valid yet or any more, lives longer than it may,
    /// or names nobody.
    pub fn verify(
        &self,
        verifier: &(impl SessionVerifier + ?Sized),
        token: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Session, SessionError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(SessionError::of(SessionErrorKind::TooLong));
        }
        let claims = verifier
            .verify(token, &self.audience, now)
            .map_err(|Unverified| SessionError::of(SessionErrorKind::Unverified))?;
        if !claims.tenant.is_well_formed() || !claims.subject.is_well_formed() {
            return Err(SessionError::of(SessionErrorKind::Malformed));
        }
        if self.audience.is_empty() || !claims.audience.contains(&self.audience) {
            return Err(SessionError::of(SessionErrorKind::OtherAudience));
        }
        if claims.expires_at > self.lifetime.after(claims.issued_at) {
            return Err(SessionError::of(SessionErrorKind::LivesTooLong));
        }
        let authentication = claims.authentication.map(|said| (said.at(), said.no_later_than(now)));
        let said_at = authentication.map(|(said_at, _)| said_at);
        let starts = claims.not_before.into_iter().chain(said_at).fold(claims.issued_at, Ord::max);
        let session = Session {
            from: starts.checked_sub_signed(self.skew).unwrap_or(DateTime::<Utc>::MIN_UTC),
            until: claims.expires_at.checked_add_signed(self.skew).unwrap_or(DateTime::<Utc>::MAX_UTC),
            authentication: authentication.map(|(_, authentication)| authentication),
            claims,
        };
        session.holds_at(now).map(|()| session)
    }
}

/// A verified session: its token is genuine, for this audience, and was valid when it was looked at.
///
/// There is one only after [`SessionRules::verify`]. It becomes a [`Principal`] for one question, with its time looked at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    claims: SessionClaims,
    /// From when and until when, with the skew.
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    /// As it was said, but not in the future.
    authentication: Option<Authentication>,
}

impl Session {
    /// Who it is, as the question of an access check has it. Nothing is taken from the token but what it says: a host that knows of a suspension
    /// adds it ([`Principal::suspended`]).
    ///
    /// # Errors
    /// [`SessionErrorKind::Expired`] and [`SessionErrorKind::NotYetValid`] as the time is now.
    pub fn principal(&self, now: DateTime<Utc>) -> Result<Principal, SessionError> {
        self.holds_at(now)?;
        let claims = &self.claims;
        let principal = match claims.kind {
            PrincipalKind::Person => Principal::person(&claims.tenant, &claims.subject),
            PrincipalKind::Service => Principal::service(&claims.tenant, &claims.subject),
        };
        let principal = claims.roles.iter().fold(principal, Principal::role);
        Ok(match self.mfa() {
            Some(mfa) => principal.mfa(mfa),
            None => principal,
        })
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.claims.tenant
    }

    /// How and when the person was authenticated, where the token says so; never in the future.
    #[must_use]
    pub const fn authentication(&self) -> Option<Authentication> {
        self.authentication
    }

    /// The second factor, where there was one.
    #[must_use]
    pub fn mfa(&self) -> Option<Mfa> {
        self.authentication.and_then(|authentication| authentication.mfa())
    }

    /// When it expires, as the token says it.
    #[must_use]
    pub const fn expires_at(&self) -> DateTime<Utc> {
        self.claims.expires_at
    }

    fn holds_at(&self, now: DateTime<Utc>) -> Result<(), SessionError> {
        // On or after its expiry a token is not accepted (RFC 7519 section 4.1.4).
        if now >= self.until {
            return Err(SessionError::of(SessionErrorKind::Expired));
        }
        if now < self.from {
            return Err(SessionError::of(SessionErrorKind::NotYetValid));
        }
        Ok(())
    }
}

/// Why a token is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionErrorKind {
    /// It is longer than [`MAX_TOKEN_BYTES`].
    TooLong,
    /// The verifier refused it.
    Unverified,
    /// Its tenant or its subject is empty, too long, or holds control characters.
    Malformed,
    /// It is for another audience.
    OtherAudience,
    /// From its issue to its expiry it lives longer than the rules allow.
    LivesTooLong,
    /// Its time has not come: it was issued, starts, or tells of an authentication in the future.
    NotYetValid,
    /// Its time is over.
    Expired,
}

/// A token is no session, or one no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionError {
    kind: SessionErrorKind,
}

impl SessionError {
    const fn of(kind: SessionErrorKind) -> Self {
        Self { kind }
    }

    /// Why.
    #[must_use]
    pub const fn kind(&self) -> SessionErrorKind {
        self.kind
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SessionErrorKind::TooLong => "the token is longer than 8192 bytes",
            SessionErrorKind::Unverified => "the token is not genuine",
            SessionErrorKind::Malformed => "the token names no tenant or no subject that could be one",
            SessionErrorKind::OtherAudience => "the token is for another audience",
            SessionErrorKind::LivesTooLong => "the token lives longer than it may",
            SessionErrorKind::NotYetValid => "the token is not valid yet",
            SessionErrorKind::Expired => "the token has expired",
        })
    }
}

impl std::error::Error for SessionError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::authentication::Amr;

    fn at(seconds: i64) -> DateTime<Utc> {
        "2026-11-22T08:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
    }

    fn claims() -> SessionClaims {
        SessionClaims::person("acme", "user-1", at(0), at(3_600)).audience("other").audience("app")
    }

    /// A verifier that believes everything: what it lets through is refused all the same.
    fn looked_at(
        rules: &SessionRules,
        claims: &SessionClaims,
        now: i64,
    ) -> Result<Session, SessionErrorKind> {
        let verifier = |_: &[u8], _: &str, _: DateTime<Utc>| Ok(claims.clone());
        rules.verify(&verifier, b"token", at(now)).map_err(|error| error.kind())
    }

    fn rules() -> SessionRules {
        SessionRules::for_audience("app").skew(TimeDelta::seconds(10))
    }

    #[test]
    fn times_are_looked_at_whatever_the_verifier_did() {
        use SessionErrorKind::{Expired, NotYetValid};
        let holds = |claims: &SessionClaims, now| looked_at(&rules(), claims, now).map(|_| ());
        assert_eq!([holds(&claims(), -11), holds(&claims(), -10)], [Err(NotYetValid), Ok(())]);
        assert_eq!([holds(&claims(), 3_609), holds(&claims(), 3_610)], [Ok(()), Err(Expired)]);
        let later = claims().not_before(at(100));
        assert_eq!([holds(&later, 89), holds(&later, 90)], [Err(NotYetValid), Ok(())]);
        // One from before its issue changes nothing.
        assert_eq!(holds(&claims().not_before(at(-100)), -11), Err(NotYetValid));
        let strict = rules().skew(TimeDelta::seconds(-5));
        assert_eq!(looked_at(&strict, &claims(), 3_600).unwrap_err(), Expired);
        assert!(looked_at(&strict, &claims(), 3_599).is_ok());
        let lenient = rules().skew(TimeDelta::days(9));
        assert_eq!(looked_at(&lenient, &claims(), 3_900).unwrap_err(), Expired);
    }

    #[test]
    fn audience_length_of_life_and_names_are_looked_at() {
        use SessionErrorKind::{LivesTooLong, Malformed, OtherAudience};
        let kind = |rules: &SessionRules, claims: &SessionClaims| looked_at(rules, claims, 0).unwrap_err();
        for audience in ["api", "App", "app ", ""] {
            assert_eq!(kind(&SessionRules::for_audience(audience), &claims()), OtherAudience, "{audience}");
        }
        let nobody = SessionClaims::person("acme", "user-1", at(0), at(60));
        assert_eq!(kind(&rules(), &nobody), OtherAudience);
        assert_eq!(kind(&SessionRules::for_audience(""), &nobody.audience("")), OtherAudience);
        let day = 86_400;
        let long = SessionClaims::person("acme", "user-1", at(0), at(day + 1)).audience("app");
        assert_eq!(kind(&rules(), &long), LivesTooLong);
        assert!(
            looked_at(&rules(), &SessionClaims::person("acme", "user-1", at(0), at(day)).audience("app"), 0)
                .is_ok()
        );
        assert_eq!(kind(&rules().lifetime(Period::hours(0)), &claims()), LivesTooLong);
        for (tenant, subject) in [("", "user-1"), ("acme", ""), ("acme", "a\nb")] {
            let claims = SessionClaims::person(tenant, subject, at(0), at(60)).audience("app");
            assert_eq!(kind(&rules(), &claims), Malformed);
        }
    }

    #[test]
    fn a_session_is_looked_at_again_before_each_question() {
        let second_factor = Authentication::new(Amr::from_names(["pwd", "otp"]), at(-60));
        let session = looked_at(&rules(), &claims().role("owner").authenticated(second_factor), 0).unwrap();
        let expected = Principal::person("acme", "user-1").role("owner").mfa(second_factor.mfa().unwrap());
        assert_eq!(session.principal(at(3_609)).unwrap(), expected);
        assert_eq!(session.principal(at(3_610)).unwrap_err().kind(), SessionErrorKind::Expired);
        assert_eq!(session.principal(at(-11)).unwrap_err().kind(), SessionErrorKind::NotYetValid);
        let one = Authentication::new(Amr::from_names(["pwd"]), at(-60));
        let session = looked_at(&rules(), &claims().authenticated(one), 0).unwrap();
        assert_eq!(session.principal(at(0)).unwrap().last_mfa(), None);
        let service = SessionClaims::service("acme", "sync", at(0), at(60)).audience("app");
        let session = looked_at(&rules(), &service, 0).unwrap();
        assert_eq!(session.principal(at(0)).unwrap(), Principal::service("acme", "sync"));
    }

    #[test]
    fn an_authentication_is_never_in_the_future() {
        let ahead =
            |seconds| claims().authenticated(Authentication::new(Amr::from_names(["mfa"]), at(seconds)));
        let session = looked_at(&rules(), &ahead(10), 0).unwrap();
        assert_eq!(session.mfa().unwrap().at(), at(0));
        assert_eq!(looked_at(&rules(), &ahead(11), 0).unwrap_err(), SessionErrorKind::NotYetValid);
    }

    #[test]
    fn a_token_without_end_is_not_looked_at() {
        let verifier = |token: &[u8], _: &str, _: DateTime<Utc>| {
            if token.len() > MAX_TOKEN_BYTES { panic!("it is not looked at") } else { Err(Unverified) }
        };
        let kind = |length| rules().verify(&verifier, &vec![b'x'; length], at(0)).unwrap_err().kind();
        assert_eq!(kind(MAX_TOKEN_BYTES), SessionErrorKind::Unverified);
        assert_eq!(kind(MAX_TOKEN_BYTES + 1), SessionErrorKind::TooLong);
    }

    proptest! {
        /// Whatever times a genuine token tells, a session is one within its bounds and no longer than the rules allow.
        #[test]
        fn no_session_outlives_its_token(
            issued in -100_000_i64..100_000,
            not_before in prop::option::of(-100_000_i64..100_000),
            expires in -100_000_i64..200_000,
            authenticated in prop::option::of(-100_000_i64..100_000),
            now in -100_000_i64..200_000,
            skew in 0_i64..300,
        ) {
            let mut claims = SessionClaims::person("acme", "user-1", at(issued), at(expires)).audience("app");
            claims.not_before = not_before.map(at);
            claims.authentication = authenticated.map(|time| Authentication::new(Amr::from_names(["mfa"]), at(time)));
            let rules = rules().skew(TimeDelta::seconds(skew));
            let expected = issued - skew <= now
                && now < expires + skew
                && expires - issued <= 86_400
                && not_before.is_none_or(|start| start - skew <= now)
                && authenticated.is_none_or(|time| time - skew <= now);
            let session = looked_at(&rules, &claims, now);
            prop_assert_eq!(session.is_ok(), expected);
            if let Ok(session) = session {
                prop_assert!(session.mfa().is_none_or(|mfa| mfa.at() <= at(now)));
                prop_assert!(session.principal(at(expires + skew)).is_err());
            }
        }
    }
}
