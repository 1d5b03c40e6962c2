//! The stages of a case, as types and as words.

use crate::core::policy::words;

words! {
    /// Where a case stands.
    pub enum Stage {
        /// It came in.
        Received = "received",
        /// It comes from the person.
        Verified = "verified",
        /// A reviewer agreed.
        Approved = "approved",
        /// Every source has its task.
        Planned = "planned",
        /// It has an outcome.
        Closed = "closed",
    }
}

/// A stage as a type. Sealed: the stages are those of [`Stage`].
pub trait CaseStage: sealed::Sealed {
    /// The stage as a word.
    const STAGE: Stage;
}

/// A stage before the end. Sealed.
pub trait Open: CaseStage {}

macro_rules! stages {
    ($($(#[$meta:meta])* $name:ident $(: $open:ident)?;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name;
        impl sealed::Sealed for $name {}
        impl CaseStage for $name {
            const STAGE: Stage = Stage::$name;
        }
        $(impl $open for $name {})?
    )+};
}

stages! {
    /// The case came in.
    Received: Open;
    /// It was checked that it comes from the person.
    Verified: Open;
    /// A reviewer agreed.
    Approved: Open;
    /// Every source has its task.
    Planned: Open;
    /// The case has an outcome.
    Closed;
}

mod sealed {
    pub trait Sealed {}
}

/// A case stands at another stage than the one that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the case is {found}, not {expected}")]
#[non_exhaustive]
pub struct WrongStage {
    /// The stage that was asked for.
    pub expected: Stage,
    /// The stage at which the case stands.
    pub found: Stage,
}

impl WrongStage {
    /// Whether the case was not verified yet, which is why nothing may be done.
    #[must_use]
    pub fn is_not_verified(&self) -> bool {
        self.found == Stage::Received
    }
}
