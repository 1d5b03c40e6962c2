//! What goes wrong below the engine, the same for every verb.

use crate::contracts::{
    DocumentKind, ProviderError, ProviderErrorKind, SourceError, StoreError, StoreErrorKind,
};
use crate::core::audit::TrailBreak;
use crate::core::audit::tree::NoNode;
use crate::core::id::Name;
use crate::crypto::EntropyError;

/// A failure below the engine: a store, the key provider, the source of randomness.
///
/// Every verb may be called again with the same arguments after it: what was begun is taken up where it stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// A store did not do as asked.
    #[error("a store did not do as asked")]
    Store(#[from] StoreError),
    /// The key provider did not do as asked.
    #[error("the key provider did not do as asked")]
    Provider(#[from] ProviderError),
    /// A source that is plugged in could not delete what is due.
    #[error("source `{name}` could not delete what is due")]
    Source {
        /// The source.
        name: Name,
        /// Why.
        source: SourceError,
    },
    /// There is no randomness.
    #[error("the operating system gave no randomness")]
    Entropy(#[from] EntropyError),
    /// A stored paper cannot be understood.
    #[error("a stored paper of kind `{kind}` cannot be understood")]
    Paper {
        /// Its kind.
        kind: DocumentKind,
        /// Why.
        source: serde_json::Error,
    },
    /// A stored key cannot be unwrapped: it was altered, or it belongs elsewhere.
    #[error("a stored key of scope kind `{scope}` cannot be unwrapped")]
    Key {
        /// Kind of its scope.
        scope: &'static str,
    },
    /// The audit trail is not whole: nothing can be appended to it.
    #[error("the audit trail is not whole")]
    Trail(#[from] NoNode),
    /// The audit trail does not go on from what its anchor has kept: it was cut, rewritten or put back.
    #[error("the audit trail does not go on from what its anchor has kept")]
    Anchor(#[from] TrailBreak),
    /// An entry would be longer than a reader takes: a name or a case in it is of no sane length. It is not recorded, and nothing is done.
    #[error("an entry of the audit trail would be longer than {} bytes", crate::core::audit::MAX_ENTRY_BYTES)]
    EntryTooLong,
    /// Other writers were faster, again and again.
    #[error("other writers were faster, again and again (`{during}`)")]
    Contention {
        /// What was being done.
        during: &'static str,
    },
}

impl Trouble {
    /// Whether the same call may succeed later without anybody mending anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.kind() != StoreErrorKind::Corrupt,
            Self::Provider(error) => error.kind() == ProviderErrorKind::Unavailable,
            Self::Source { .. } | Self::Entropy(_) | Self::Contention { .. } => true,
            Self::Paper { .. } | Self::Key { .. } | Self::Trail(_) | Self::Anchor(_) | Self::EntryTooLong => {
                false
            }
        }
    }
}

/// How often the engine tries a compare-and-set again before it gives up.
pub(super) const ATTEMPTS: u32 = 64;

/// Turns a conflict into "try again" and keeps every other failure.
pub(super) fn unless_conflict(result: Result<(), StoreError>) -> Result<bool, Trouble> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == StoreErrorKind::Conflict => Ok(false),
        Err(error) => Err(error.into()),
    }
}
