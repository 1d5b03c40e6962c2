//! Proof that a value may be shown: a grant, or a reason that is on the audit trail.

use super::{ClassSpec, Label, Level, Taxonomy};
use crate::core::access::{Action, Grant, Purpose, Shows};
use crate::core::id::Name;
use crate::core::policy::PolicyDigest;

/// What [`Classified::expose`](super::Classified::expose) wants to see: a [`Grant`], an [`AuditedReason`], or a slice of several,
/// for a value that was made of several.
pub trait Proof: sealed::Sealed {
    /// The highest level that it shows.
    #[doc(hidden)]
    fn up_to(&self) -> Level;

    /// Whether it shows values of this class.
    #[doc(hidden)]
    fn shows(&self, class: &ClassSpec) -> bool;

    /// The categories that it shows values of at this level, as bits of the taxonomy.
    #[doc(hidden)]
    fn categories(&self, level: Level, taxonomy: &Taxonomy) -> u128;

    /// The one purpose that it serves.
    #[doc(hidden)]
    fn purpose(&self) -> Option<&Purpose>;

    /// Whether it lets values be put to this use.
    #[doc(hidden)]
    fn is_for(&self, action: Action) -> bool;
}

mod sealed {
    pub trait Sealed {}
    impl<A: super::Shows> Sealed for super::Grant<A> {}
    impl Sealed for super::AuditedReason {}
    impl<P: super::Proof> Sealed for [P] {}
    impl<P: super::Proof, const N: usize> Sealed for [P; N] {}
    impl<P: super::Proof + ?Sized> Sealed for &P {}
}

impl<A: Shows> Proof for Grant<A> {
    fn up_to(&self) -> Level {
        self.shows_up_to()
    }

    fn shows(&self, class: &ClassSpec) -> bool {
        self.shows_values() && self.category() == class.category && class.level <= self.shows_up_to()
    }

    fn categories(&self, level: Level, taxonomy: &Taxonomy) -> u128 {
        if self.shows_values() && level <= self.shows_up_to() {
            taxonomy.category_bit(self.category())
        } else {
            0
        }
    }

    fn purpose(&self) -> Option<&Purpose> {
        Some(self.purpose())
    }

    fn is_for(&self, action: Action) -> bool {
        self.action() == action
    }
}

impl<P: Proof> Proof for [P] {
    fn up_to(&self) -> Level {
        self.iter().map(Proof::up_to).max().unwrap_or(Level::Public)
    }

    fn shows(&self, class: &ClassSpec) -> bool {
        self.iter().any(|proof| proof.shows(class))
    }

    fn categories(&self, level: Level, taxonomy: &Taxonomy) -> u128 {
        self.iter().fold(0, |bits, proof| bits | proof.categories(level, taxonomy))
    }

    fn purpose(&self) -> Option<&Purpose> {
        let first = self.first()?.purpose()?;
        self.iter().all(|proof| proof.purpose() == Some(first)).then_some(first)
    }

    fn is_for(&self, action: Action) -> bool {
        self.iter().all(|proof| proof.is_for(action))
    }
}

impl<P: Proof, const N: usize> Proof for [P; N] {
    fn up_to(&self) -> Level {
        self.as_slice().up_to()
    }

    fn shows(&self, class: &ClassSpec) -> bool {
        self.as_slice().shows(class)
    }

    fn categories(&self, level: Level, taxonomy: &Taxonomy) -> u128 {
        self.as_slice().categories(level, taxonomy)
    }

    fn purpose(&self) -> Option<&Purpose> {
        self.as_slice().purpose()
    }

    fn is_for(&self, action: Action) -> bool {
        self.as_slice().is_for(action)
    }
}

impl<P: Proof + ?Sized> Proof for &P {
    fn up_to(&self) -> Level {
        (**self).up_to()
    }

    fn shows(&self, class: &ClassSpec) -> bool {
        (**self).shows(class)
    }

    fn categories(&self, level: Level, taxonomy: &Taxonomy) -> u128 {
        (**self).categories(level, taxonomy)
    }

    fn purpose(&self) -> Option<&Purpose> {
        (**self).purpose()
    }

    fn is_for(&self, action: Action) -> bool {
        (**self).is_for(action)
    }
}

/// Proof that somebody gave a reason which the policy lists, and that it is on the audit trail: shows one class of values without a
/// grant (a token that goes back to the platform which gave it, say).
///
/// Only [`Steward::account`](crate::Steward::account) makes one. It cannot be cloned, stored or made by hand.
#[derive(Debug)]
pub struct AuditedReason {
    reason: Name,
    purpose: Purpose,
    level: Level,
    classes: Vec<ClassSpec>,
    policy: PolicyDigest,
}

impl AuditedReason {
    /// For the engine alone (a test holds the source to it), once the reason is on the trail.
    pub(crate) fn mint(
        reason: Name,
        purpose: Purpose,
        classes: Vec<ClassSpec>,
        policy: PolicyDigest,
    ) -> Self {
        let level = classes.iter().map(|class| class.level).max().unwrap_or(Level::Public);
        Self { reason, purpose, level, classes, policy }
    }

    /// The reason, as the policy names it.
    #[must_use]
    pub const fn reason(&self) -> &Name {
        &self.reason
    }

    /// The policy under which it was given.
    #[must_use]
    pub const fn policy(&self) -> PolicyDigest {
        self.policy
    }
}

impl Proof for AuditedReason {
    fn up_to(&self) -> Level {
        self.level
    }

    fn shows(&self, class: &ClassSpec) -> bool {
        self.classes.iter().any(|own| own.id == class.id && class.level <= own.level)
    }

    /// A reason is given for classes, not for whole categories: what has lost its class needs a grant.
    fn categories(&self, _level: Level, _taxonomy: &Taxonomy) -> u128 {
        0
    }

    fn purpose(&self) -> Option<&Purpose> {
        Some(&self.purpose)
    }

    /// What is done with the value is what the reason is given for.
    fn is_for(&self, _action: Action) -> bool {
        true
    }
}

/// Whether `proof` shows data with this label: all its categories, at its level, for a purpose that it may be used for.
pub(super) fn shows_label(proof: &(impl Proof + ?Sized), label: &Label, taxonomy: &Taxonomy) -> bool {
    let purpose = proof.purpose().map_or(0, |purpose| taxonomy.purpose_bit(purpose.name().as_str()));
    label.categories & !proof.categories(label.level, taxonomy) == 0 && purpose & label.purposes != 0
}
