//! What stands against a question whatever the rules allow.

use super::facts::{Fact, Facts, Preferences};
use super::words::Stop;

/// A control of the policy, outside its access rules, that stands against a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Barrier {
    /// The account is suspended.
    Suspended,
    /// The policy declares no such purpose.
    PurposeNotDeclared,
    /// The policy declares no such category.
    CategoryNotDeclared,
    /// The policy does not let the category be used for the purpose.
    PurposeMismatch,
    /// The purpose needs the live authorisation of the connection.
    NoAuthorization,
    /// The category is handled for this purpose on the customer's instructions, and none is known.
    NoInstruction,
    /// The purpose needs the person's consent, and none is known.
    NoConsent,
    /// The purpose is for emergencies, and no case is named.
    NoCase,
    /// The person has said this, which stops the purpose; or whether they have is not known.
    Stopped(Stop),
    /// The level needs a second factor that is fresher.
    LevelNeedsMfa,
}

impl Barrier {
    /// Each of them.
    pub const ALL: &'static [Self] = &Barriers::ALL;

    /// The word by which the audit trail names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::PurposeNotDeclared => "purpose_not_declared",
            Self::CategoryNotDeclared => "category_not_declared",
            Self::PurposeMismatch => "purpose_mismatch",
            Self::NoAuthorization => "no_authorization",
            Self::NoConsent => "no_consent",
            Self::NoCase => "no_case",
            Self::Stopped(Stop::Restriction) => "stopped_by_restriction",
            Self::Stopped(Stop::Objection) => "stopped_by_objection",
            Self::Stopped(Stop::OptOut) => "stopped_by_opt_out",
            Self::LevelNeedsMfa => "level_needs_mfa",
            Self::NoInstruction => "no_instruction",
        }
    }
}

/// The bit of the first of what a person may say.
const FIRST_STOP: u32 = 7;

/// A set of barriers. Of four bytes, as it is read: what was just written as two is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Barriers(u32);

impl Barriers {
    pub(super) const NONE: Self = Self(0);
    pub(super) const SUSPENDED: Self = Self(1);
    pub(super) const UNDECLARED_PURPOSE: Self = Self(1 << 1);
    pub(super) const UNDECLARED_CATEGORY: Self = Self(1 << 2);
    pub(super) const PURPOSE_NOT_OF_CATEGORY: Self = Self(1 << 3);
    pub(super) const NO_AUTHORIZATION: Self = Self(1 << 4);
    pub(super) const NO_CONSENT: Self = Self(1 << 5);
    pub(super) const NO_CASE: Self = Self(1 << 6);
    pub(super) const LEVEL_NEEDS_MFA: Self = Self(1 << 10);
    pub(super) const NO_INSTRUCTION: Self = Self(1 << 11);

    /// Those that what a person has said takes away.
    pub(super) const OF_PEOPLE: Self = Self(Self::NO_CONSENT.0 | 0b111 << FIRST_STOP);

    /// By the number of the bit.
    const ALL: [Barrier; 12] = [
        Barrier::Suspended,
        Barrier::PurposeNotDeclared,
        Barrier::CategoryNotDeclared,
        Barrier::PurposeMismatch,
        Barrier::NoAuthorization,
        Barrier::NoConsent,
        Barrier::NoCase,
        Barrier::Stopped(Stop::Restriction),
        Barrier::Stopped(Stop::Objection),
        Barrier::Stopped(Stop::OptOut),
        Barrier::LevelNeedsMfa,
        Barrier::NoInstruction,
    ];

    pub(super) const fn stop(stop: Stop) -> Self {
        Self(1 << (FIRST_STOP + stop as u32))
    }

    #[inline]
    pub(super) const fn raise(&mut self, barrier: Self, stands: bool) {
        if stands {
            self.0 |= barrier.0;
        }
    }

    /// Those that the facts take away.
    #[inline]
    pub(super) const fn met(facts: &Facts) -> Self {
        let mut met = Self::met_by(facts.preferences);
        met.raise(Self::NO_AUTHORIZATION, matches!(facts.authorization_live, Fact::Known(true)));
        met.raise(Self::NO_INSTRUCTION, matches!(facts.instructed, Fact::Known(true)));
        met
    }

    /// Those that what a person has said takes away; nothing where that is not known.
    #[inline]
    pub(super) const fn met_by(said: Fact<Preferences>) -> Self {
        let Fact::Known(said) = said else { return Self::NONE };
        let mut met = Self((!said.stops() as u32 & 0b111) << FIRST_STOP);
        met.raise(Self::NO_CONSENT, said.has_consented());
        met
    }

    /// Those that are in both.
    #[inline]
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[inline]
    pub(super) const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    #[inline]
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Iterator for Barriers {
    type Item = Barrier;

    #[inline]
    fn next(&mut self) -> Option<Barrier> {
        let barrier = Self::ALL.get(self.0.trailing_zeros() as usize)?;
        self.0 &= self.0.wrapping_sub(1);
        Some(*barrier)
    }
}
