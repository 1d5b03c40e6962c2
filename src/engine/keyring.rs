//! Keys at work: provider key, epoch, scope keys, and the key of a place.
//!
//! A [`KeySession`] holds keys for the length of one call. Between calls nothing is kept, unless the host wants a [`KeyCache`](super::KeyCache):
//! then what sealing, opening and naming need is taken from there first. Whatever it does not settle is asked of the store, and every change is made
//! to what the store has.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::key_cache::board::Change;
use super::key_cache::{Cache, Found, Keyring, Lookup};
use super::steward::{Inner, Steward};
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{EpochRow, Expected, KeyState, KeyStore, KeyVersion, Ports, ScopeRow, Standing};
use crate::core::keys::{CryptoPeriod, KeyAge, KeyEvent};
use crate::core::period::Period;
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
    #[error("the key of the {scope} was destroyed on {at} under `{under}`")]
    Destroyed {
        /// The scope.
        scope: Scope,
        /// When.
        at: DateTime<Utc>,
        /// The epoch under which it was wrapped: copies of it die with that epoch.
        epoch: u32,
        /// What destroyed it: the id of a disposal, or `accountability/…` with a case, or `epoch/…` with the number of one that is gone.
        under: String,
    },
    /// The key is suspended: it neither seals nor opens until it is resumed.
    #[error(
        "version {version} of the key of the {scope} is suspended since {since}: resume it, or mark it as compromised"
    )]
    Suspended {
        /// The scope.
        scope: Scope,
        /// The version of its key.
        version: u32,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// The version is below the one from which a scope's keys open.
    #[error("version {version} of the key of the {scope} opens nothing: the minimum is {minimum}")]
    BelowMinimum {
        /// The scope.
        scope: Scope,
        /// The version of its key.
        version: u32,
        /// The lowest version that opens.
        minimum: u32,
    },
    /// The key is past the policy's hard limit, and no other is made by itself: nothing is sealed.
    #[error(
        "version {version} of the key of the {scope}, in use since {activated}, seals nothing past {limit}: rotate it"
    )]
    TooOld {
        /// The scope.
        scope: Scope,
        /// The version of its key.
        version: u32,
        /// Since when it is in use.
        activated: DateTime<Utc>,
        /// The limit.
        limit: Period,
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
    /// What is opened is sealed anew or compared, and shown to nobody: a key that is suspended or below the minimum opens for it too.
    shows_nothing: bool,
}

/// What a key is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// For something new.
    New,
    /// For what is there already and must stay: past a limit it gets a new version also where nothing else would.
    Stays,
}

/// Whether a version seals.
enum Seals {
    Yes(SecretKey),
    /// It does, and another is to take its place.
    StillFor(SecretKey),
    No,
}

impl<P: Ports> Steward<P> {
    pub(super) fn keys(&self) -> KeySession<'_, P> {
        let (inner, now) = (&*self.inner, self.now());
        KeySession { inner, now, epochs: None, epoch_keys: BTreeMap::new(), shows_nothing: false }
    }

    /// Keys for a call that opens only what it seals anew, or compares.
    pub(super) fn keys_that_show_nothing(&self) -> KeySession<'_, P> {
        KeySession { shows_nothing: true, ..self.keys() }
    }
}

impl<'a, P: Ports> KeySession<'a, P> {
    /// The key under which a scope's identifiers get their pseudonyms, closed or not: its oldest version that nobody else may have, so
    /// that a rotation changes no pseudonym.
    pub(super) async fn naming(&mut self, scope: &Scope) -> Result<Option<(u32, SecretKey)>, Trouble> {
        let Some(found) = self.found(scope).await? else { return Ok(None) };
        for key in &found.row.keys {
            match &key.state {
                KeyState::Live { standing: Standing::Compromised { .. }, .. } | KeyState::Destroyed(_) => {}
                KeyState::Live { .. } => match self.in_hand(&found, key).await? {
                    // A key that its maker did not live to move on: nothing was made with it.
                    None => {}
                    secret => return Ok(secret.map(|secret| (key.number, secret))),
                },
            }
        }
        Ok(None)
    }

    /// Every version of a scope's key that is there, newest first: what was entered under any of them is looked for.
    pub(super) async fn live(&mut self, scope: &Scope) -> Result<Vec<(u32, SecretKey)>, Trouble> {
        let mut live = Vec::new();
        let Some(found) = self.store().scope(scope).await?.map(Found::new) else { return Ok(live) };
        for key in found.row.keys.iter().rev() {
            if let Some(secret) = self.in_hand(&found, key).await? {
                live.push((key.number, secret));
            }
        }
        Ok(live)
    }

    /// The key under which new values of a scope are sealed: made on first use, and followed by a new version past the policy's limit. Two
    /// racing writers end with one key.
    pub(super) async fn for_sealing(&mut self, scope: &Scope) -> Result<(u32, SecretKey), KeyError> {
        self.sealing(scope, 0, Need::New).await
    }

    /// The key under which what is there already is sealed anew, past the version `beyond`; also in a scope that is closed to all else.
    pub(super) async fn for_keeping(
        &mut self,
        scope: &Scope,
        beyond: u32,
    ) -> Result<(u32, SecretKey), KeyError> {
        self.sealing(scope, beyond, Need::Stays).await
    }

    async fn sealing(
        &mut self,
        scope: &Scope,
        beyond: u32,
        need: Need,
    ) -> Result<(u32, SecretKey), KeyError> {
        // A yes alone: what was suspended when it was kept may have been resumed elsewhere.
        if let (Need::New, Some(cache)) = (need, &self.inner.keys)
            && let Some(kept) = self.kept(cache, scope).await?
            && kept.row.closed.is_none()
            && let Some(key) = kept.row.keys.last()
            && let Ok(Seals::Yes(secret)) = self.seals(&kept, key, need).await
        {
            return Ok((key.number, secret));
        }
        for _ in 0..ATTEMPTS {
            let row = self.store().scope(scope).await?;
            let closed = row.as_ref().and_then(|row| row.closed);
            if let (Some(since), Need::New) = (closed, need) {
                return Err(KeyError::Closed { scope: scope.clone(), since });
            }
            if let Some(found) = row.clone().map(Found::new)
                && let Some(key) = found.row.keys.last().filter(|key| key.number > beyond)
            {
                let number = key.number;
                match self.seals(&found, key, need).await? {
                    Seals::Yes(key) => return Ok((number, key)),
                    // A new key in a closed scope would outlive what is about to be destroyed there.
                    Seals::StillFor(key) if closed.is_some() => return Ok((number, key)),
                    Seals::StillFor(key) => match self.add_version(scope, row, |_| ()).await {
                        // Until the hard limit a store that takes no new key does not stop the work.
                        Err(trouble) if trouble.is_transient() => return Ok((number, key)),
                        done => done?,
                    },
                    Seals::No => self.add_version(scope, row, |_| ()).await?,
                }
                continue;
            }
            self.add_version(scope, row, |_| ()).await?;
        }
        Err(Trouble::Contention { during: "make a scope key" }.into())
    }

    /// This version of the key of a closed scope, where it still seals: what stays there is sealed anew under no other.
    pub(super) async fn still_sealing(&mut self, scope: &Scope, number: u32) -> Result<SecretKey, KeyError> {
        if let Some(found) = self.store().scope(scope).await?.map(Found::new)
            && let Some(key) = found.row.keys.iter().find(|key| key.number == number)
            && let Seals::Yes(key) | Seals::StillFor(key) = self.seals(&found, key, Need::Stays).await?
        {
            return Ok(key);
        }
        Err(KeyError::Closed { scope: scope.clone(), since: self.now })
    }

    /// Whether a version of a scope's key seals, or another is to be made.
    async fn seals(&mut self, found: &Found, key: &KeyVersion, need: Need) -> Result<Seals, KeyError> {
        let KeyState::Live { standing, .. } = &key.state else { return Ok(Seals::No) };
        let (scope, version, activated) = (|| found.row.scope.clone(), key.number, key.activated);
        let period = CryptoPeriod::of(self.inner.policy.document());
        let too_old = |limit| KeyError::TooOld { scope: scope(), version, activated, limit };
        match standing {
            Standing::Suspended { since } => {
                Err(KeyError::Suspended { scope: scope(), version, since: *since })
            }
            Standing::Compromised { .. } => Ok(Seals::No),
            // A key that its maker did not live to move on: nothing was sealed under it, because epochs in use are not destroyed.
            _ if !self.is_there(found, key).await? => Ok(Seals::No),
            // The newest is out of use where it was refused once: a clock that is put back does not make it young again.
            Standing::Deactivated { .. } => match (period.rotate_after, period.refuse_after) {
                (None, Some(limit)) if need == Need::New => Err(too_old(limit)),
                _ => Ok(Seals::No),
            },
            Standing::Active => match period.judge(activated, self.now) {
                KeyAge::Fresh => Ok(self.in_hand(found, key).await?.map_or(Seals::No, Seals::Yes)),
                KeyAge::Rotate => Ok(self.in_hand(found, key).await?.map_or(Seals::No, Seals::StillFor)),
                KeyAge::Refuse { limit, .. } if period.rotate_after.is_none() && need == Need::New => {
                    self.deactivate(&found.row.scope, version).await?;
                    Err(too_old(limit))
                }
                KeyAge::Refuse { .. } => Ok(Seals::No),
            },
        }
    }

    async fn deactivate(&mut self, scope: &Scope, version: u32) -> Result<(), Trouble> {
        let now = self.now;
        let deactivate = |key: &mut KeyVersion| key.undergo(KeyEvent::Deactivate, now, "").unwrap_or(false);
        let change = |row: &mut ScopeRow| {
            row.keys.iter_mut().rfind(|key| key.number == version).is_some_and(deactivate)
        };
        self.change(scope, change).await.map(|_| ())
    }

    /// Refuses a scope that was erased, or whose authorisation was revoked.
    pub(super) async fn refuse_closed(&self, scope: &Scope) -> Result<(), KeyError> {
        match self.store().scope(scope).await?.and_then(|row| row.closed) {
            Some(since) => Err(KeyError::Closed { scope: scope.clone(), since }),
            None => Ok(()),
        }
    }

    /// One version of a scope's key, to open what was sealed under it.
    pub(super) async fn version(&mut self, scope: &Scope, number: u32) -> Result<SecretKey, KeyError> {
        if let Some(cache) = &self.inner.keys
            && let Some(kept) = self.kept(cache, scope).await?
            && let Ok(secret) = self.opening(&kept, number).await
        {
            return Ok(secret);
        }
        // A no is the store's own: a version that another process made since is no missing one.
        let missing = || KeyError::Missing { scope: scope.clone() };
        let found = self.store().scope(scope).await?.map(Found::new).ok_or_else(missing)?;
        self.opening(&found, number).await
    }

    async fn opening(&mut self, found: &Found, number: u32) -> Result<SecretKey, KeyError> {
        let scope = || found.row.scope.clone();
        let Some(key) = found.row.keys.iter().find(|key| key.number == number) else {
            return Err(KeyError::Missing { scope: scope() });
        };
        match &key.state {
            KeyState::Destroyed(gone) => {
                let (at, epoch, under) = (gone.at, gone.epoch, gone.under.clone());
                Err(KeyError::Destroyed { scope: scope(), at, epoch, under })
            }
            KeyState::Live { standing: Standing::Suspended { since }, .. } if !self.shows_nothing => {
                Err(KeyError::Suspended { scope: scope(), version: number, since: *since })
            }
            KeyState::Live { .. } if number < found.row.minimum && !self.shows_nothing => {
                let minimum = found.row.minimum;
                Err(KeyError::BelowMinimum { scope: scope(), version: number, minimum })
            }
            KeyState::Live { epoch, wrapped, .. } => {
                Ok(self.unwrapped(found, number, *epoch, wrapped).await?)
            }
        }
    }

    /// A scope's keys as the cache has them, or as they are fetched for it. `None`: there are none.
    async fn kept(&self, cache: &Keyring, scope: &Scope) -> Result<Option<Arc<Found>>, Trouble> {
        let flight = match cache.scopes.find(scope, self.now).await {
            Lookup::Kept(found) => return Ok(Some(found)),
            Lookup::Missing(flight) => flight,
        };
        let row = self.store().scope(scope).await?;
        Ok(row.map(|row| flight.land(Found::new(row), self.now)))
    }

    /// A scope's keys: kept, where there is a cache.
    async fn found(&self, scope: &Scope) -> Result<Option<Arc<Found>>, Trouble> {
        match &self.inner.keys {
            Some(cache) => self.kept(cache, scope).await,
            None => Ok(self.store().scope(scope).await?.map(Found::new).map(Arc::new)),
        }
    }

    /// Whether a live version is more than its row: of a dead epoch nothing opens.
    async fn is_there(&mut self, found: &Found, key: &KeyVersion) -> Result<bool, Trouble> {
        let KeyState::Live { epoch, .. } = &key.state else { return Ok(false) };
        Ok(found.holds(key.number) || !self.is_dead(*epoch).await?)
    }

    /// A live version, unwrapped. `None` where its epoch is dead, and it with it.
    async fn in_hand(&mut self, found: &Found, key: &KeyVersion) -> Result<Option<SecretKey>, Trouble> {
        let KeyState::Live { epoch, wrapped, .. } = &key.state else { return Ok(None) };
        if !self.is_there(found, key).await? {
            return Ok(None);
        }
        self.unwrapped(found, key.number, *epoch, wrapped).await.map(Some)
    }

    async fn unwrapped(
        &mut self,
        found: &Found,
        number: u32,
        epoch: u32,
        wrapped: &[u8],
    ) -> Result<SecretKey, Trouble> {
        if let Some(secret) = found.key(number) {
            return Ok(secret);
        }
        let secret = self.unwrap(&found.row.scope, number, epoch, wrapped).await?;
        found.keep(number, &secret);
        Ok(secret)
    }

    /// Adds a version to a scope that `row` describes, in one write with what `besides` changes; the version before it seals nothing more.
    /// Without effect where another writer was faster.
    pub(super) async fn add_version(
        &mut self,
        scope: &Scope,
        row: Option<ScopeRow>,
        besides: impl FnOnce(&mut ScopeRow) + Send,
    ) -> Result<(), Trouble> {
        let number = row.as_ref().and_then(|row| row.keys.last()).map_or(1, |key| key.number + 1);
        let epoch = self.current_epoch().await?;
        let secret = SecretKey::generate(&*self.inner.entropy)?;
        let wrapped = self.wrap(scope, number, epoch, &secret).await?;
        let state = KeyState::Live { standing: Standing::Active, epoch, wrapped };
        let (mut next, expected) = found_or_empty(scope, row);
        next.version = expected.next();
        besides(&mut next);
        for key in next.keys.iter_mut().filter(|key| key.phase().may_protect()) {
            // Open to every key that seals.
            let _ = key.undergo(KeyEvent::Deactivate, self.now, "");
        }
        next.keys.push(KeyVersion { number, activated: self.now, state });
        let _posted = Change::of(scope, self.kept_scopes());
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
            let _posted = Change::of(scope, self.kept_scopes());
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

    /// What this steward's own cache keeps of scopes.
    pub(super) fn kept_scopes(&self) -> Option<&'a Cache<Scope, Found>> {
        self.inner.keys.as_ref().map(|kept| &kept.scopes)
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
    let empty = || ScopeRow {
        scope: scope.clone(),
        version: expected.next(),
        keys: Vec::new(),
        closed: None,
        minimum: 0,
    };
    (found.unwrap_or_else(empty), expected)
}

fn scope_context(scope: &Scope, number: u32) -> Vec<u8> {
    [b"stewardship/1/scope".as_slice(), &number.to_be_bytes(), &scope.to_bytes()].concat()
}
