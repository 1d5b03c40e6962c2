//! Facts: known or not, and what is not known never allows.

use chrono::{DateTime, Utc};

use super::conditions::Instant;
use super::words::{Environment, Stop};

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

impl<T> Fact<T> {
    /// The fact, where it is known.
    #[inline]
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(fact) => Some(fact),
            Self::Unknown => None,
        }
    }
}

impl Fact<bool> {
    /// Whether the fact is known to hold.
    #[must_use]
    #[inline]
    pub fn holds(self) -> bool {
        self == Self::Known(true)
    }
}

/// What a person has said about the use of their data for one purpose.
///
/// # Example: consent, and an objection later
/// ```
/// use stewardship::access::{Preferences, Stop};
/// let said = Preferences::NONE.consented().said(Stop::Objection);
/// assert!(said.has_consented() && said.has_said(Stop::Objection) && !said.has_said(Stop::Restriction));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Preferences {
    stops: u8,
    consented: bool,
}

impl Preferences {
    /// Nothing has been said.
    pub const NONE: Self = Self { stops: 0, consented: false };

    /// Adds something that stops a purpose which honours it.
    #[must_use]
    #[inline]
    pub const fn said(mut self, stop: Stop) -> Self {
        self.stops |= 1 << stop as u8;
        self
    }

    /// Adds consent (GDPR Art. 4(11)).
    #[must_use]
    #[inline]
    pub const fn consented(mut self) -> Self {
        self.consented = true;
        self
    }

    /// Whether this was said.
    #[must_use]
    #[inline]
    pub const fn has_said(self, stop: Stop) -> bool {
        self.stops >> stop as u8 & 1 == 1
    }

    /// Whether consent was given and not withdrawn.
    #[must_use]
    #[inline]
    pub const fn has_consented(self) -> bool {
        self.consented
    }
}

/// What the engine knows at the time of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    now: Instant,
    at: DateTime<Utc>,
    /// The environment that the engine runs in.
    pub environment: Environment,
    /// Whether the authorisation of the resource's connection is live.
    pub authorization_live: Fact<bool>,
    /// Whether the tenant has accepted the terms in force.
    pub terms_accepted: Fact<bool>,
    /// Whether an instruction of the tenant for the purpose stands (GDPR Art. 28(3)(a)).
    pub instructed: Fact<bool>,
    /// What the person whom the resource is narrowed to has said about the purpose.
    pub preferences: Fact<Preferences>,
}

impl Facts {
    /// Facts with nothing known but the time and the environment.
    #[must_use]
    #[inline]
    pub const fn new(now: DateTime<Utc>, environment: Environment) -> Self {
        Self {
            now: Instant::of(Some(now)),
            at: now,
            environment,
            authorization_live: Fact::Unknown,
            terms_accepted: Fact::Unknown,
            instructed: Fact::Unknown,
            preferences: Fact::Unknown,
        }
    }

    /// The time.
    #[must_use]
    #[inline]
    pub const fn now(&self) -> DateTime<Utc> {
        self.at
    }

    /// The time, its seconds counted.
    #[inline]
    pub(super) const fn instant(&self) -> Instant {
        self.now
    }

    /// Says whether the authorisation of the resource's connection is live.
    #[must_use]
    #[inline]
    pub const fn authorization(mut self, live: bool) -> Self {
        self.authorization_live = Fact::Known(live);
        self
    }

    /// Says whether the tenant has accepted the terms in force.
    #[must_use]
    #[inline]
    pub const fn terms(mut self, accepted: bool) -> Self {
        self.terms_accepted = Fact::Known(accepted);
        self
    }

    /// Says whether an instruction of the tenant for the purpose stands.
    #[must_use]
    #[inline]
    pub const fn instruction(mut self, stands: bool) -> Self {
        self.instructed = Fact::Known(stands);
        self
    }

    /// Says what the person whom the resource is narrowed to has said about the purpose.
    #[must_use]
    #[inline]
    pub const fn preferences(mut self, said: Preferences) -> Self {
        self.preferences = Fact::Known(said);
        self
    }
}
