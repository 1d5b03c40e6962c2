//! Keys at work: provider key, epoch, scope keys, and the key of a place.
//!
//! There is no cache between calls: a key that was destroyed is refused by every handle from the next call on, in this process and in
//! every other. A [`KeySession`] holds keys for the length of one call.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::steward::{Inner, Steward};
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{EpochRow, Expected, KeyState, KeyStore, KeyVersion, Ports, ScopeRow};
use crate::core::place::Scope;
use crate::crypto::{self, SecretKey};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The scope was erased, or its authorisation revoked: nothing new is sealed there.
    #[error("the {scope} was closed on {since}: nothing new is stored there")]
    Closed {
        /// The scope.
        scope: Scope,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// The key was destroyed: what was sealed under it is gone.
    #[error("the key of the {scope} was destroyed on {at}")]
    Destroyed {
        /// The scope.
        scope: Scope,
        /// When.
        at: DateTime<Utc>,
    },
    /// There never was such a key in this key store.
    #[error("there is no such key for the {scope}")]
    Missing {
        /// The scope.
        scope: Scope,
    },
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<crate::contracts::StoreError> for KeyError {
    fn from(error: crate::contracts::StoreError) -> Self {
        Self::Trouble(error.into())
    }
}

/// Keys for the length of one call.
pub(super) struct KeySession<'a, P: Ports> {
    pub(super) inner: &'a Inner<P>,
    pub(super) now: DateTime<Utc>,
    pub(super) epochs: Option<Vec<EpochRow>>,
    pub(super) epoch_keys: BTreeMap<u32, SecretKey>,
}

impl<P: Ports> Steward<P> {
    pub(super) fn keys(&self) -> KeySession<'_, P> {
        KeySession { inner: &self.inner, now: self.now(), epochs: None, epoch_keys: BTreeMap::new() }
    }
}

impl<P: Ports> KeySession<'_, P> {
    /// The newest live key of a scope, where it has one, closed or not.
    pub(super) async fn newest(&mut self, scope: &Scope) -> Result<Option<(u32, SecretKey)>, Trouble> {
        match self.store().scope(scope).await? {
            Some(row) => self.newest_of(&row).await,
            None => Ok(None),
        }
    }

    /// The key under which new values of a scope are sealed; made on first use. Two racing writers end with one key.
    pub(super) async fn for_sealing(&mut self, scope: &Scope) -> Result<(u32, SecretKey), KeyError> {
        for _ in 0..ATTEMPTS {
            let row = self.store().scope(scope).await?;
            if let Some(since) = row.as_ref().and_then(|row| row.closed) {
                return Err(KeyError::Closed { scope: scope.clone(), since });
            }
            if let Some(row) = &row
                && let Some(key) = self.newest_of(row).await?
            {
                return Ok(key);
            }
            self.add_version(scope, row).await?;
        }
        Err(Trouble::Contention { during: "make a scope key" }.into())
    }

    /// Refuses a scope that was erased, or whose authorisation was revoked.
    pub(super) async fn refuse_closed(&self, scope: &Scope) -> Result<(), KeyError> {
        match self.store().scope(scope).await?.and_then(|row| row.closed) {
            Some(since) => Err(KeyError::Closed { scope: scope.clone(), since }),
            None => Ok(()),
        }
    }

    /// One version of a scope's key.
    pub(super) async fn version(&mut self, scope: &Scope, number: u32) -> Result<SecretKey, KeyError> {
        let row = self.store().scope(scope).await?;
        let state = row.and_then(|row| row.keys.into_iter().find(|key| key.number == number));
        match state.map(|key| key.state) {
            Some(KeyState::Active { epoch, wrapped }) => {
                Ok(self.unwrap(scope, number, epoch, &wrapped).await?)
            }
            Some(KeyState::Destroyed { at, .. }) => Err(KeyError::Destroyed { scope: scope.clone(), at }),
            None => Err(KeyError::Missing { scope: scope.clone() }),
        }
    }

    /// Adds a version to a scope that `row` describes; without effect where another writer was faster.
    pub(super) async fn add_version(&mut self, scope: &Scope, row: Option<ScopeRow>) -> Result<(), Trouble> {
        let number = row.as_ref().and_then(|row| row.keys.last()).map_or(1, |key| key.number + 1);
        let epoch = self.current_epoch().await?;
        let secret = SecretKey::generate(&*self.inner.entropy)?;
        let wrapped = self.wrap(scope, number, epoch, &secret).await?;
        let added = KeyVersion { number, state: KeyState::Active { epoch, wrapped } };
        let (mut next, expected) = found_or_empty(scope, row);
        next.version = expected.next();
        next.keys.push(added);
        if !unless_conflict(self.store().put_scope(next, expected).await)? {
            return Ok(());
        }
        // An epoch that was opened meanwhile may have passed this scope by, and be about to end the one before: the key moves on
        // before anything is sealed under it.
        self.epochs = None;
        let newest = self.current_epoch().await?;
        if newest > epoch { self.rewrap(scope, newest).await } else { Ok(()) }
    }

    /// Changes a scope's row until no other writer comes between; `change` answers `false` where nothing is to be done.
    pub(super) async fn change(
        &mut self,
        scope: &Scope,
        mut change: impl FnMut(&mut ScopeRow) -> bool + Send,
    ) -> Result<ScopeRow, Trouble> {
        for _ in 0..ATTEMPTS {
            let (mut row, expected) = found_or_empty(scope, self.store().scope(scope).await?);
            if !change(&mut row) {
                return Ok(row);
            }
            row.version = expected.next();
            if unless_conflict(self.store().put_scope(row.clone(), expected).await)? {
                return Ok(row);
            }
        }
        Err(Trouble::Contention { during: "change the keys of a scope" })
    }

    pub(super) async fn row(&self, scope: &Scope) -> Result<Option<ScopeRow>, Trouble> {
        Ok(self.store().scope(scope).await?)
    }

    pub(super) fn store(&self) -> &P::Keys {
        self.inner.ports.keys()
    }

    async fn newest_of(&mut self, row: &ScopeRow) -> Result<Option<(u32, SecretKey)>, Trouble> {
        match row.keys.last() {
            // A key that its maker did not live to move on: nothing was sealed under it, because epochs in use are not destroyed.
            Some(KeyVersion { state: KeyState::Active { epoch, .. }, .. })
                if self.is_dead(*epoch).await? =>
            {
                Ok(None)
            }
            Some(KeyVersion { number, state: KeyState::Active { epoch, wrapped } }) => {
                Ok(Some((*number, self.unwrap(&row.scope, *number, *epoch, wrapped).await?)))
            }
            _ => Ok(None),
        }
    }

    pub(super) async fn wrap(
        &mut self,
        scope: &Scope,
        number: u32,
        epoch: u32,
        secret: &SecretKey,
    ) -> Result<Vec<u8>, Trouble> {
        let (backend, entropy) = (&*self.inner.backend, &*self.inner.entropy);
        let context = scope_context(scope, number);
        let wrapping = self.epoch_key(epoch).await?;
        crypto::wrap(backend, entropy, wrapping, secret, &context)
            .map_err(|_| Trouble::Key { scope: scope.kind() })
    }

    pub(super) async fn unwrap(
        &mut self,
        scope: &Scope,
        number: u32,
        epoch: u32,
        wrapped: &[u8],
    ) -> Result<SecretKey, Trouble> {
        let backend = &*self.inner.backend;
        let context = scope_context(scope, number);
        let wrapping = self.epoch_key(epoch).await?;
        crypto::unwrap(backend, wrapping, wrapped, &context).map_err(|_| Trouble::Key { scope: scope.kind() })
    }
}

/// The row of a scope as it was found, or an empty one, with what a write of it is to expect.
fn found_or_empty(scope: &Scope, found: Option<ScopeRow>) -> (ScopeRow, Expected) {
    let expected = found.as_ref().map_or(Expected::Absent, |row| Expected::Version(row.version));
    let empty =
        || ScopeRow { scope: scope.clone(), version: expected.next(), keys: Vec::new(), closed: None };
    (found.unwrap_or_else(empty), expected)
}

fn scope_context(scope: &Scope, number: u32) -> Vec<u8> {
    [b"stewardship/1/scope".as_slice(), &number.to_be_bytes(), &scope.to_bytes()].concat()
}
