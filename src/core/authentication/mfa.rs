//! A verified second factor, and the rule that asks for one.

use chrono::{DateTime, Utc};

use super::amr::{Amr, Method};
use crate::core::period::Period;

/// What an identity provider said of an authentication: by which methods, and when (OpenID Connect Core 1.0 section 2: `amr`, `auth_time`,
/// `acr`).
///
/// # Example: a claim becomes a second factor, or does not
/// ```
/// use stewardship::authentication::{Amr, Authentication};
/// let at = "2026-11-22T08:00:00Z".parse()?;
/// assert!(Authentication::new(Amr::from_names(["pwd"]), at).mfa().is_none());
/// assert!(Authentication::new(Amr::from_names(["pwd", "otp"]), at).mfa().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Authentication {
    amr: Amr,
    at: DateTime<Utc>,
    says_phishing_resistant: bool,
}

impl Authentication {
    /// By these methods, at this time: the claims `amr` and `auth_time`.
    #[must_use]
    #[inline]
    pub const fn new(amr: Amr, at: DateTime<Utc>) -> Self {
        Self { amr, at, says_phishing_resistant: false }
    }

    /// Adds the claim `acr`. `phr` and `phrh` say that the authentication resists phishing (OpenID Connect EAP ACR Values 1.0, June 2025,
    /// section 2); every other value says nothing here.
    #[must_use]
    #[inline]
    pub fn acr(mut self, acr: &str) -> Self {
        self.says_phishing_resistant = matches!(acr, "phr" | "phrh");
        self
    }

    /// The methods.
    #[must_use]
    #[inline]
    pub const fn amr(&self) -> Amr {
        self.amr
    }

    /// The time.
    #[must_use]
    #[inline]
    pub const fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The second factor, where there was one.
    #[must_use]
    #[inline]
    pub fn mfa(&self) -> Option<Mfa> {
        self.amr.is_multi_factor().then_some(Mfa { authentication: *self })
    }

    /// The same, no later than `now`: a provider's clock may run ahead by what a verifier of its tokens forgives.
    pub(super) fn no_later_than(mut self, now: DateTime<Utc>) -> Self {
        self.at = self.at.min(now);
        self
    }
}

/// A verified second factor: that there were two different factors, by which methods, and when.
///
/// There is one only where [`Amr::is_multi_factor`] holds; how old it may be is the rule's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mfa {
    authentication: Authentication,
}

impl Mfa {
    /// The methods.
    #[must_use]
    #[inline]
    pub const fn amr(&self) -> Amr {
        self.authentication.amr
    }

    /// When it was verified.
    #[must_use]
    #[inline]
    pub const fn at(&self) -> DateTime<Utc> {
        self.authentication.at
    }

    /// Whether it is known to resist phishing.
    ///
    /// The methods alone never show it: `hwk`, `swk` and `pop` prove possession of a key, and not that the proof is bound to the verifier's
    /// name or to the channel, which is what resists phishing (NIST SP 800-63B-4 section 3.2.5). So the provider has to say it in `acr`
    /// ([`Authentication::acr`]), and a key has to be among the methods: passwords, one-time passwords and out-of-band devices are not
    /// phishing-resistant, whatever is said of them (sections 3.1.1 to 3.1.5).
    #[must_use]
    #[inline]
    pub fn resists_phishing(&self) -> bool {
        self.authentication.says_phishing_resistant && self.amr().iter().any(Method::proves_a_key)
    }

    /// Whether it is at most `within` old.
    ///
    /// # Errors
    /// [`MfaError::InFuture`] where it lies after `now`, [`MfaError::Stale`] where it is older.
    #[inline]
    pub fn fresh(&self, within: Period, now: DateTime<Utc>) -> Result<(), MfaError> {
        let at = self.at();
        if at > now {
            return Err(MfaError::InFuture { at });
        }
        if within.after(at) < now {
            return Err(MfaError::Stale { at, within });
        }
        Ok(())
    }
}

/// Whether somebody has set up a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on it must decide on each")]
pub enum Enrolment {
    /// They have.
    Enrolled,
    /// They have not.
    NotEnrolled,
    /// The host does not know. It counts as enrolled: what is not known excuses nobody.
    #[default]
    Unknown,
}

/// When a second factor is asked for, and how old it may be.
///
/// # Example: optional for customers, but whoever has one must use it
/// ```
/// use stewardship::Period;
/// use stewardship::authentication::{Amr, Authentication, Enrolment, MfaError, MfaRule};
/// let customers = MfaRule::when_enrolled(Period::hours(12));
/// let now = "2026-11-22T08:00:00Z".parse()?;
/// let password = Authentication::new(Amr::from_names(["pwd"]), now);
/// assert_eq!(customers.check(&password, Enrolment::NotEnrolled, now), Ok(None));
/// assert_eq!(customers.check(&password, Enrolment::Enrolled, now), Err(MfaError::Required));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MfaRule {
    optional: bool,
    within: Period,
}

impl MfaRule {
    /// Of everybody: a second factor that is at most `within` old.
    #[must_use]
    #[inline]
    pub const fn always(within: Period) -> Self {
        Self { optional: false, within }
    }

    /// Of whoever has set one up, and of nobody else: optional, but enrolled means required.
    #[must_use]
    #[inline]
    pub const fn when_enrolled(within: Period) -> Self {
        Self { optional: true, within }
    }

    /// How old it may be.
    #[must_use]
    #[inline]
    pub const fn within(&self) -> Period {
        self.within
    }

    /// Whether the authentication is enough for somebody of this enrolment; the second factor, where the rule asked for one.
    ///
    /// # Errors
    /// [`MfaError`], which tells what would be enough.
    #[inline]
    pub fn check(
        &self,
        authentication: &Authentication,
        enrolment: Enrolment,
        now: DateTime<Utc>,
    ) -> Result<Option<Mfa>, MfaError> {
        if self.optional && enrolment == Enrolment::NotEnrolled {
            return Ok(None);
        }
        let Some(mfa) = authentication.mfa() else {
            return Err(match enrolment {
                Enrolment::NotEnrolled => MfaError::NotEnrolled,
                Enrolment::Enrolled | Enrolment::Unknown => MfaError::Required,
            });
        };
        mfa.fresh(self.within, now).map(|()| Some(mfa))
    }
}

/// Why an authentication is not enough. Each has another way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "a host leads each to another page")]
pub enum MfaError {
    /// One factor was proved, and two are asked for: ask for the second.
    #[error("a second factor is required")]
    Required,
    /// Two are asked for, and no second one is set up: have it set up.
    #[error("a second factor is required, and none is set up")]
    NotEnrolled,
    /// The second factor is older than the rule admits: ask for it again.
    #[error("the second factor of {at} is older than {within}")]
    Stale {
        /// When it was verified.
        at: DateTime<Utc>,
        /// How old it may be.
        within: Period,
    },
    /// The second factor lies in the future: a clock is wrong, and asking again would not help.
    #[error("the second factor of {at} lies in the future")]
    InFuture {
        /// When it is said to have been verified.
        at: DateTime<Utc>,
    },
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    fn by(names: &[&str], at: DateTime<Utc>) -> Authentication {
        Authentication::new(Amr::from_names(names.iter().copied()), at)
    }

    #[test]
    fn each_way_of_failing_is_told_apart() {
        let rule = MfaRule::always(Period::hours(12));
        let check = |authentication: Authentication, enrolment| rule.check(&authentication, enrolment, now());
        let (one, two) = (by(&["pwd"], now()), by(&["pwd", "otp"], now()));
        assert_eq!(check(one, Enrolment::Enrolled), Err(MfaError::Required));
        assert_eq!(check(one, Enrolment::Unknown), Err(MfaError::Required));
        assert_eq!(check(one, Enrolment::NotEnrolled), Err(MfaError::NotEnrolled));
        assert_eq!(check(two, Enrolment::NotEnrolled), Ok(two.mfa()));
        let at = now() - TimeDelta::hours(12);
        let last = by(&["pwd", "otp"], at);
        assert_eq!(check(last, Enrolment::Enrolled), Ok(last.mfa()));
        let at = at - TimeDelta::nanoseconds(1);
        let stale = MfaError::Stale { at, within: Period::hours(12) };
        assert_eq!(check(by(&["pwd", "otp"], at), Enrolment::Enrolled), Err(stale));
        let at = now() + TimeDelta::nanoseconds(1);
        assert_eq!(check(by(&["mfa"], at), Enrolment::Enrolled), Err(MfaError::InFuture { at }));
    }

    #[test]
    fn optional_ends_with_enrolment_and_the_unknown_is_not_excused() {
        let rule = MfaRule::when_enrolled(Period::hours(12));
        let one = by(&["pwd"], now());
        assert_eq!(rule.check(&one, Enrolment::NotEnrolled, now()), Ok(None));
        for enrolment in [Enrolment::Enrolled, Enrolment::Unknown, Enrolment::default()] {
            assert_eq!(rule.check(&one, enrolment, now()), Err(MfaError::Required));
        }
    }

    #[test]
    fn phishing_resistance_wants_the_providers_word_and_a_key() {
        let mfa = |names: &[&str], acr: &str| by(names, now()).acr(acr).mfa().unwrap().resists_phishing();
        assert!(mfa(&["pin", "hwk"], "phrh") && mfa(&["fpt", "swk"], "phr") && mfa(&["mfa", "pop"], "phr"));
        assert!(!mfa(&["pin", "hwk"], "") && !mfa(&["pin", "hwk"], "PHR") && !mfa(&["mfa", "hwk"], "0"));
        // A one-time password can be passed on to the true site by a false one, whatever is said of it.
        assert!(!mfa(&["pwd", "otp"], "phr") && !mfa(&["mfa"], "phr") && !mfa(&["pwd", "sms"], "phrh"));
    }

    proptest! {
        /// What is fresh stays so until its time, and what is stale stays so.
        #[test]
        fn a_second_factor_ages_in_one_direction(age in 0_i64..200_000, later in 0_i64..200_000, hours in 0_u32..48) {
            let mfa = by(&["mfa"], now()).mfa().unwrap();
            let at = |seconds| mfa.fresh(Period::hours(hours), now() + TimeDelta::seconds(seconds)).is_ok();
            prop_assert!(at(age) || !at(age + later));
            prop_assert_eq!(at(age), age <= i64::from(hours) * 3_600);
        }

        /// A rule that asks everybody is never the more lenient.
        #[test]
        fn optional_never_refuses_what_mandatory_admits(two: bool, age in -10_i64..100_000, enrolled in 0_usize..3) {
            let names: &[&str] = if two { &["pwd", "otp"] } else { &["pwd"] };
            let authentication = by(names, now() - TimeDelta::seconds(age));
            let enrolment = [Enrolment::Enrolled, Enrolment::NotEnrolled, Enrolment::Unknown][enrolled];
            let check = |rule: MfaRule| rule.check(&authentication, enrolment, now()).is_ok();
            let within = Period::hours(12);
            prop_assert!(!check(MfaRule::always(within)) || check(MfaRule::when_enrolled(within)));
        }
    }
}
