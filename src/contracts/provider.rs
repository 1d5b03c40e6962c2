//! The contract for the provider of keys: the one joint through which keys come from outside.

use std::error::Error;
use std::fmt;
use std::future::Future;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::crypto::SecretKey;

/// Names a key that never leaves its provider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderKeyId(String);

impl ProviderKeyId {
    /// Takes the provider's own name for the key.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The provider's own name for the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a provider says of a key that it was told to destroy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a certificate depends on each")]
pub enum Destruction {
    /// The key is unusable from this moment on; no copy of it is left then that the provider knows of.
    ///
    /// A moment in the future is a destruction that is pending (a KMS waits for days, and may be told to stop): until then the key may
    /// still wrap and unwrap, or refuse to.
    Effective(DateTime<Utc>),
    /// The provider cannot destroy keys: no certificate may ever call a copy dead because of it.
    Unsupported,
}

/// The kinds of failure that a provider tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProviderErrorKind {
    /// The key is not one of this provider's: it knows nothing of it, and says nothing about what was presented.
    NotMine,
    /// The key is this provider's and was destroyed, or its destruction is pending and it works no more.
    Destroyed,
    /// The key is this provider's and lives, and what was presented is not what it wrapped in this context.
    Refused,
    /// The provider cannot be reached, denied its service or failed: that is no answer about the key. May be retried.
    Unavailable,
}

/// Why a provider did not do as asked.
#[derive(Debug)]
pub struct ProviderError {
    kind: ProviderErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ProviderError {
    /// An error of this kind.
    #[must_use]
    pub const fn new(kind: ProviderErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// The provider failed.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: ProviderErrorKind::Unavailable, source: Some(source.into()) }
    }

    /// The kind of failure.
    #[must_use]
    pub const fn kind(&self) -> ProviderErrorKind {
        self.kind
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ProviderErrorKind::NotMine => "the key is not one of this provider's",
            ProviderErrorKind::Destroyed => "the provider's key was destroyed",
            ProviderErrorKind::Refused => "the provider refused to unwrap",
            ProviderErrorKind::Unavailable => "the key provider failed",
        })
    }
}

impl Error for ProviderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// Holds the keys that wrap the keys of epochs, and never lets them out.
///
/// Each rule has one of the same name in the [kit](super::kit); [`manual::kms`](crate::manual::kms) tells how to write a provider.
///
/// To ensure correctness:
/// - **`wrap-round-trip`**: what was wrapped unwraps to the same secret, and shows no part of it.
/// - **`context-bound`**: what was wrapped with one context is [refused](ProviderErrorKind::Refused) with any other, under any other
///   key, and with any byte altered.
/// - **`context-as-given`**: a context is bytes, and every byte counts: empty, long (1 KiB at least) or no text at all.
/// - **`not-mine-is-told`**: a name that this provider never gave out is [`NotMine`](ProviderErrorKind::NotMine) to every call,
///   whatever is presented, and never [`Refused`](ProviderErrorKind::Refused).
/// - **`destroyed-is-final`**: once [`destroy`](Self::destroy) has answered [`Destruction::Effective`] with a moment that has
///   passed, that key wraps and unwraps nothing any more; destroying it again gives the same answer.
/// - **`destruction-is-dated`**: a destruction that waits has one moment, which asking again does not move. Before it the key gives
///   the secret or is [`Destroyed`](ProviderErrorKind::Destroyed); from it on it is destroyed. A destruction that somebody stopped
///   at the provider is asked for anew, and has a new moment.
/// - **`create-is-fresh`**: [`create`](Self::create) never returns a key that was returned before.
/// - **`durable`**: keys, and which of them were destroyed, outlast a restart.
/// - **`unavailable-is-told`**: a provider that cannot be reached answers [`Unavailable`](ProviderErrorKind::Unavailable), and nothing
///   about the key.
pub trait KeyProvider: Send + Sync + 'static {
    /// Makes a new key and returns its name.
    ///
    /// # Errors
    /// The provider's own failures.
    fn create(&self) -> impl Future<Output = Result<ProviderKeyId, ProviderError>> + Send;

    /// Wraps `secret` under the key `id`, bound to `context`.
    ///
    /// # Errors
    /// [`ProviderErrorKind::NotMine`], [`ProviderErrorKind::Destroyed`], or the provider's own failures.
    fn wrap(
        &self,
        id: &ProviderKeyId,
        secret: &SecretKey,
        context: &[u8],
    ) -> impl Future<Output = Result<Vec<u8>, ProviderError>> + Send;

    /// Unwraps what was wrapped under the key `id` with this very `context`.
    ///
    /// # Errors
    /// [`ProviderErrorKind::NotMine`], [`ProviderErrorKind::Destroyed`], [`ProviderErrorKind::Refused`], or the provider's own
    /// failures.
    fn unwrap(
        &self,
        id: &ProviderKeyId,
        wrapped: &[u8],
        context: &[u8],
    ) -> impl Future<Output = Result<SecretKey, ProviderError>> + Send;

    /// Destroys the key `id`, with every copy of it, now or at the moment that it answers.
    ///
    /// # Errors
    /// [`ProviderErrorKind::NotMine`], or the provider's own failures.
    fn destroy(
        &self,
        id: &ProviderKeyId,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Destruction, ProviderError>> + Send;
}
