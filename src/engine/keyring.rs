//! Keys at work: provider key, epoch, scope keys, and the key of a place.
//!
//! There is no cache between calls: a key that was destroyed is refused by every handle from the next call on, in this process and in
//! every other. A [`KeySession`] holds keys for the length of one call.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::steward::{Inner, Steward};
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{
    Destruction, EpochRow, EpochState, Expected, KeyProvider, KeyState, KeyStore, KeyVersion, Ports, ScopeRow,
};
use crate::core::audit::AuditEvent;
use crate::core::place::Scope;
use crate::crypto::{self, SecretKey};

/// Number of scopes that a re-wrapping pass reads at once: its memory is bounded by it.
const PAGE: usize = 256;

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
    inner: &'a Inner<P>,
    now: DateTime<Utc>,
    epochs: Option<Vec<EpochRow>>,
    epoch_keys: BTreeMap<u32, SecretKey>,
}

impl<P: Ports> Steward<P> {
    pub(super) fn keys(&self) -> KeySession<'_, P> {
        KeySession { inner: &self.inner, now: self.now(), epochs: None, epoch_keys: BTreeMap::new() }
    }

    /// Opens a new epoch and wraps every scope key into it, in pages. Returns its number.
    ///
    /// The keys of older epochs stay until [`destroy_epochs_before`](Self::destroy_epochs_before). May be called again after a
    /// failure: scope keys that are in the new epoch already are left alone, and an epoch that nothing was wrapped into yet is used.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn rotate_epoch(&self) -> Result<u32, Trouble> {
        let mut keys = self.keys();
        let epoch = match keys.unfinished_rotation().await? {
            Some(epoch) => epoch,
            None => keys.open_epoch().await?,
        };
        // Once more where the rotation is taken up again: whether it was told before the crash is not known.
        self.record(vec![self.entry(AuditEvent::EpochOpened { epoch })]).await?;
        keys.rewrap_all(epoch).await?;
        Ok(epoch)
    }

    /// Destroys the provider's keys of every epoch before `epoch`, and with them every copy of what was wrapped there: backups of
    /// the key store from before the rotation open nothing any more.
    ///
    /// `backup_taken_at` attests that a backup of the key store under the new epoch exists: without one, a disaster would take
    /// every scope.
    ///
    /// # Errors
    /// [`Trouble::Contention`] where scope keys are still wrapped under an older epoch (rotate again), or where the attested
    /// backup is older than the epoch; otherwise a failure below the engine.
    pub async fn destroy_epochs_before(
        &self,
        epoch: u32,
        backup_taken_at: DateTime<Utc>,
    ) -> Result<Vec<Destruction>, Trouble> {
        let mut keys = self.keys();
        if keys.any_wrapped_before(epoch).await? || !keys.opened_before(epoch, backup_taken_at).await? {
            return Err(Trouble::Contention { during: "destroy an epoch that is still in use" });
        }
        let mut destructions = Vec::new();
        for row in keys.epochs().await?.to_vec() {
            if row.number >= epoch || matches!(row.state, EpochState::Destroyed { .. }) {
                continue;
            }
            let destruction = self.inner.provider.destroy(&row.provider_key, self.now()).await?;
            if let Destruction::Effective(effective) = destruction {
                let gone = EpochRow {
                    version: row.version.next(),
                    state: EpochState::Destroyed { effective },
                    ..row.clone()
                };
                // Told first: a crash in between tells it twice, and never not at all.
                self.record(vec![self.entry(AuditEvent::EpochDestroyed { epoch: row.number })]).await?;
                self.inner.ports.keys().put_epoch(gone, Expected::Version(row.version)).await?;
            }
            destructions.push(destruction);
        }
        Ok(destructions)
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
        let (mut next, expected) = match row {
            Some(row) => (row.clone(), Expected::Version(row.version)),
            None => {
                let row = ScopeRow {
                    scope: scope.clone(),
                    version: Expected::Absent.next(),
                    keys: Vec::new(),
                    closed: None,
                };
                (row, Expected::Absent)
            }
        };
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
            let (mut row, expected) = match self.store().scope(scope).await? {
                Some(row) => (row.clone(), Expected::Version(row.version)),
                None => {
                    let row = ScopeRow {
                        scope: scope.clone(),
                        version: Expected::Absent.next(),
                        keys: Vec::new(),
                        closed: None,
                    };
                    (row, Expected::Absent)
                }
            };
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

    /// From when the copies of each epoch's keys are dead, as far as their provider's keys are destroyed.
    pub(super) async fn dead_epochs(&mut self) -> Result<BTreeMap<u32, DateTime<Utc>>, Trouble> {
        let dead = self.epochs().await?.iter().filter_map(|row| match row.state {
            EpochState::Destroyed { effective } => Some((row.number, effective)),
            EpochState::Active { .. } => None,
        });
        Ok(dead.collect())
    }

    pub(super) fn inner(&self) -> &Inner<P> {
        self.inner
    }

    pub(super) async fn row(&self, scope: &Scope) -> Result<Option<ScopeRow>, Trouble> {
        Ok(self.store().scope(scope).await?)
    }

    fn store(&self) -> &P::Keys {
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

    async fn wrap(
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

    async fn unwrap(
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

    async fn epochs(&mut self) -> Result<&[EpochRow], Trouble> {
        if self.epochs.is_none() {
            self.epochs = Some(self.store().epochs().await?);
        }
        Ok(self.epochs.as_deref().unwrap_or_default())
    }

    async fn is_dead(&mut self, epoch: u32) -> Result<bool, Trouble> {
        let destroyed = |row: &EpochRow| matches!(row.state, EpochState::Destroyed { .. });
        Ok(self.epochs().await?.iter().any(|row| row.number == epoch && destroyed(row)))
    }

    /// The epoch that wraps new keys; the first one is opened on first use.
    async fn current_epoch(&mut self) -> Result<u32, Trouble> {
        let live = |row: &&EpochRow| matches!(row.state, EpochState::Active { .. });
        match self.epochs().await?.iter().rfind(live) {
            Some(row) => Ok(row.number),
            None => self.open_epoch().await,
        }
    }

    async fn open_epoch(&mut self) -> Result<u32, Trouble> {
        let number = self.epochs().await?.last().map_or(1, |row| row.number + 1);
        let provider_key = self.inner.provider.create().await?;
        let secret = SecretKey::generate(&*self.inner.entropy)?;
        let wrapped = self.inner.provider.wrap(&provider_key, &secret, &epoch_context(number)).await?;
        let row = EpochRow {
            number,
            version: Expected::Absent.next(),
            provider_key: provider_key.clone(),
            opened: self.now,
            state: EpochState::Active { wrapped },
        };
        if !unless_conflict(self.store().put_epoch(row, Expected::Absent).await)? {
            // Another writer opened it: its key counts, and ours wraps nothing.
            self.inner.provider.destroy(&provider_key, self.now).await?;
        }
        self.epochs = None;
        Ok(number)
    }

    async fn epoch_key(&mut self, number: u32) -> Result<&SecretKey, Trouble> {
        if !self.epoch_keys.contains_key(&number) {
            let row = self.epochs().await?.iter().find(|row| row.number == number).cloned();
            let Some(EpochRow { provider_key, state: EpochState::Active { wrapped }, .. }) = row else {
                return Err(Trouble::Key { scope: "epoch" });
            };
            let key = self.inner.provider.unwrap(&provider_key, &wrapped, &epoch_context(number)).await?;
            self.epoch_keys.insert(number, key);
        }
        self.epoch_keys.get(&number).ok_or(Trouble::Key { scope: "epoch" })
    }

    /// The newest epoch, where an older one still wraps keys that a rotation was moving into it.
    async fn unfinished_rotation(&mut self) -> Result<Option<u32>, Trouble> {
        let live: Vec<u32> = self
            .epochs()
            .await?
            .iter()
            .filter(|row| matches!(row.state, EpochState::Active { .. }))
            .map(|row| row.number)
            .collect();
        match live.as_slice() {
            [.., _older, newest] => Ok(self.any_wrapped_before(*newest).await?.then_some(*newest)),
            _ => Ok(None),
        }
    }

    async fn any_wrapped_before(&mut self, epoch: u32) -> Result<bool, Trouble> {
        let mut after: Option<Scope> = None;
        loop {
            let page = self.store().scopes(after.as_ref(), PAGE).await?;
            if page.iter().any(|row| row.epochs().any(|own| own < epoch)) {
                return Ok(true);
            }
            if page.len() < PAGE {
                return Ok(false);
            }
            after = page.last().map(|row| row.scope.clone());
        }
    }

    async fn opened_before(&mut self, epoch: u32, at: DateTime<Utc>) -> Result<bool, Trouble> {
        Ok(self.epochs().await?.iter().any(|row| row.number == epoch && row.opened <= at))
    }

    async fn rewrap_all(&mut self, epoch: u32) -> Result<(), Trouble> {
        let mut after: Option<Scope> = None;
        loop {
            let page = self.store().scopes(after.as_ref(), PAGE).await?;
            for row in &page {
                self.rewrap(&row.scope, epoch).await?;
            }
            if page.len() < PAGE {
                return Ok(());
            }
            after = page.last().map(|row| row.scope.clone());
        }
    }

    async fn rewrap(&mut self, scope: &Scope, epoch: u32) -> Result<(), Trouble> {
        for _ in 0..ATTEMPTS {
            let Some(mut row) = self.store().scope(scope).await? else { return Ok(()) };
            if row.epochs().all(|own| own >= epoch) {
                return Ok(());
            }
            for key in &mut row.keys {
                if let KeyState::Active { epoch: own, wrapped } = &mut key.state
                    && *own < epoch
                {
                    if self.is_dead(*own).await? {
                        key.state = KeyState::Destroyed { at: self.now, epoch: *own };
                        continue;
                    }
                    let secret = self.unwrap(scope, key.number, *own, wrapped).await?;
                    *wrapped = self.wrap(scope, key.number, epoch, &secret).await?;
                    *own = epoch;
                }
            }
            let expected = Expected::Version(row.version);
            row.version = expected.next();
            if unless_conflict(self.store().put_scope(row, expected).await)? {
                return Ok(());
            }
        }
        Err(Trouble::Contention { during: "wrap a scope key anew" })
    }
}

fn epoch_context(number: u32) -> Vec<u8> {
    [b"stewardship/0/epoch".as_slice(), &number.to_be_bytes()].concat()
}

fn scope_context(scope: &Scope, number: u32) -> Vec<u8> {
    [b"stewardship/0/scope".as_slice(), &number.to_be_bytes(), &scope.to_bytes()].concat()
}
