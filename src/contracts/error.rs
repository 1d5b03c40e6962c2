//! What a store answers when it cannot do as asked.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The version of a stored thing: 1 when first written, one more at every write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// The version of a thing that has been written once.
    pub const FIRST: Self = Self(1);

    /// A version that a store kept as a number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The version as a number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// What a write expects to find: the whole of this crate's concurrency control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store must handle each")]
pub enum Expected {
    /// Nothing there yet.
    Absent,
    /// This very version.
    Version(Version),
}

impl Expected {
    /// The version that the write leaves behind.
    #[must_use]
    pub const fn next(self) -> Version {
        match self {
            Self::Absent => Version::FIRST,
            Self::Version(version) => version.next(),
        }
    }

    /// Whether what was found (`None`: nothing) is what was expected.
    #[must_use]
    pub fn is_met_by(self, found: Option<Version>) -> bool {
        match self {
            Self::Absent => found.is_none(),
            Self::Version(version) => found == Some(version),
        }
    }
}

/// The kinds of failure that a store tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Another writer was faster: what was expected is not there. Nothing was written.
    Conflict,
    /// The store cannot be reached or failed; whether the write took place is unknown. May be retried.
    Unavailable,
    /// What is stored cannot be understood.
    Corrupt,
}

/// Why a store did not do as asked.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    during: &'static str,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StoreError {
    /// Another writer was faster.
    #[must_use]
    pub const fn conflict(during: &'static str) -> Self {
        Self { kind: StoreErrorKind::Conflict, during, source: None }
    }

    /// The store failed.
    pub fn unavailable(during: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Unavailable, during, source: Some(source.into()) }
    }

    /// What is stored cannot be understood.
    pub fn corrupt(during: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Corrupt, during, source: Some(source.into()) }
    }

    /// The kind of failure.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// What was being done, in a few words (`put a record`).
    #[must_use]
    pub const fn during(&self) -> &'static str {
        self.during
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            StoreErrorKind::Conflict => "another writer was faster",
            StoreErrorKind::Unavailable => "the store failed",
            StoreErrorKind::Corrupt => "what is stored cannot be understood",
        };
        write!(f, "{what} (`{}`)", self.during)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
