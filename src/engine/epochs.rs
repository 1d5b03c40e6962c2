//! Epochs: the keys that wrap scope keys, each under a provider's key that can be destroyed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use chrono::{DateTime, Utc};

use super::key_cache::board::Change;
use super::key_cache::{Keyring, Lookup};
use super::keyring::KeySession;
use super::steward::Steward;
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{
    Destruction, EpochRow, EpochState, Expected, KeyProvider, KeyState, KeyStore, Moving, Ports,
    ProviderErrorKind, ScopeRow,
};
use crate::core::audit::AuditEvent;
use crate::core::keys::{CryptoPeriod, KeyEvent};
use crate::core::place::Scope;
use crate::crypto::SecretKey;

/// Number of scopes that a re-wrapping pass reads at once: its memory is bounded by it.
const PAGE: usize = 256;

/// Number of scopes that one sweep, or one erasure, moves into a new epoch: what is left goes on in the next sweep.
const SWEEP: usize = 4_096;

/// Why epochs are not destroyed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EpochError {
    /// Scope keys are wrapped under an older epoch.
    #[error("scope keys are still wrapped under an older epoch: rotate again")]
    StillInUse,
    /// The attested backup of the key store does not hold the epoch, or there is no such epoch.
    #[error("no backup of the key store under epoch {epoch} is attested: a disaster would take every scope")]
    BackupTooOld {
        /// The epoch.
        epoch: u32,
    },
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl<P: Ports> Steward<P> {
    /// Opens a new epoch and wraps every scope key into it, in pages. Returns its number.
    ///
    /// The keys of older epochs stay until [`destroy_epochs_before`](Self::destroy_epochs_before). May be called again after a failure: how
    /// far it came stands with the epoch after each page, and from there it goes on. Whatever was begun is finished by sweeps too.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn rotate_epoch(&self) -> Result<u32, Trouble> {
        let mut keys = self.keys();
        let epoch = match keys.newest_epoch().await? {
            Some(row) if row.moving != Moving::Done => row.number,
            _ => keys.open_epoch().await?,
        };
        self.move_into(&mut keys, epoch, usize::MAX).await?;
        Ok(epoch)
    }

    /// Goes on with what moves scope keys into the newest epoch, and opens the next one where the newest is over, or wrapped keys that
    /// an erasure destroyed: `wanted` are the epochs of such keys. Looks at so many scopes at most ([`SWEEP`]).
    ///
    /// The epoch that is not filled yet, where one is left.
    pub(super) async fn follow_epochs(&self, wanted: &BTreeSet<u32>) -> Result<Option<u32>, Trouble> {
        let document = self.inner.policy.document();
        let wants = document.keys.as_ref().is_some_and(|keys| keys.rewrap_on_erasure);
        let period = CryptoPeriod::of(document);
        let mut keys = self.keys();
        let Some(newest) = keys.newest_epoch().await? else { return Ok(None) };
        let mut epoch = newest.number;
        if newest.moving != Moving::Done && !self.move_into(&mut keys, epoch, SWEEP).await? {
            return Ok(Some(epoch));
        }
        if (wants && wanted.contains(&epoch)) || period.is_epoch_over(newest.opened, self.now()) {
            epoch = keys.open_epoch().await?;
            let done = self.move_into(&mut keys, epoch, SWEEP).await?;
            return Ok((!done).then_some(epoch));
        }
        Ok(None)
    }

    async fn move_into(
        &self,
        keys: &mut KeySession<'_, P>,
        epoch: u32,
        limit: usize,
    ) -> Result<bool, Trouble> {
        let row = keys.epochs().await?.iter().find(|row| row.number == epoch);
        if row.is_some_and(|row| row.moving == Moving::Begun) {
            // Once more where it is taken up again: whether it was told before the crash is not known.
            self.record(vec![self.entry(AuditEvent::EpochOpened { epoch })]).await?;
        }
        keys.move_scopes(epoch, limit).await
    }

    /// Destroys the provider's keys of every epoch before `epoch`, and with them every copy of what was wrapped there: backups of
    /// the key store from before the rotation open nothing any more.
    ///
    /// `backup_taken_at` attests that a backup of the key store under the new epoch exists: without one, a disaster would take
    /// every scope.
    ///
    /// A provider may destroy keys later than it is told to. Certificates then wait for the moment that it answered, and are given
    /// only where the key is really gone: of a destruction that somebody stopped at the provider the sweep certifies nothing, and
    /// this call, made again, asks for it anew.
    ///
    /// # Errors
    /// [`EpochError::StillInUse`] where scope keys are wrapped under an older epoch: rotate again, or sweep until that is done. [`EpochError::BackupTooOld`] where
    /// the attested backup was taken before the epoch was opened, or there is no such epoch.
    pub async fn destroy_epochs_before(
        &self,
        epoch: u32,
        backup_taken_at: DateTime<Utc>,
    ) -> Result<Vec<Destruction>, EpochError> {
        let mut keys = self.keys();
        let opened = keys.epochs().await?.iter().find(|row| row.number == epoch).cloned();
        let Some(opened) = opened.filter(|row| row.opened <= backup_taken_at) else {
            return Err(EpochError::BackupTooOld { epoch });
        };
        if opened.moving != Moving::Done || keys.any_wrapped_before(epoch).await? {
            return Err(EpochError::StillInUse);
        }
        let mut destructions = Vec::new();
        for row in keys.epochs().await?.to_vec() {
            if row.number >= epoch || keys.has_died(&row).await? {
                continue;
            }
            let _posted = Change::of(&row.number, self.inner.keys.as_ref().map(|kept| &kept.epochs));
            let destruction = self.inner.provider.destroy(&row.provider_key, self.now());
            let destruction = destruction.await.map_err(Trouble::from)?;
            if let Destruction::Effective(effective) = destruction
                && row.state != (EpochState::Destroyed { effective })
            {
                let gone = EpochRow {
                    version: row.version.next(),
                    state: EpochState::Destroyed { effective },
                    ..row.clone()
                };
                // Told first: a crash in between tells it twice, and never not at all.
                self.record(vec![self.entry(AuditEvent::EpochDestroyed { epoch: row.number, effective })])
                    .await?;
                let put = self.inner.ports.keys().put_epoch(gone, Expected::Version(row.version));
                put.await.map_err(Trouble::from)?;
            }
            destructions.push(destruction);
        }
        Ok(destructions)
    }
}

impl<P: Ports> KeySession<'_, P> {
    /// From when the copies of these epochs' keys are dead, as far as their provider's keys are destroyed, or are to be.
    pub(super) async fn dead_epochs(
        &mut self,
        among: &BTreeSet<u32>,
    ) -> Result<BTreeMap<u32, DateTime<Utc>>, Trouble> {
        let mut dead = BTreeMap::new();
        for row in self.epochs().await?.to_vec() {
            let EpochState::Destroyed { effective } = row.state else { continue };
            if !among.contains(&row.number) {
                continue;
            }
            let counts = match self.has_died(&row).await {
                Ok(died) => died || effective > self.now,
                // No answer is no death: the certificate waits, and whatever else there is to do goes on.
                Err(Trouble::Provider(_)) => false,
                Err(trouble) => return Err(trouble),
            };
            if counts {
                dead.insert(row.number, effective);
            }
        }
        Ok(dead)
    }

    /// Whether the provider's key of an epoch is gone, and not only to be gone: a KMS that waits with a destruction can be told to stop.
    /// Asked by wrapping what nobody keeps, once for each key in the life of the process.
    async fn has_died(&self, row: &EpochRow) -> Result<bool, Trouble> {
        let EpochState::Destroyed { effective } = row.state else { return Ok(false) };
        let known = || self.inner.died.lock().unwrap_or_else(PoisonError::into_inner);
        if effective > self.now || known().contains(&row.provider_key) {
            return Ok(effective <= self.now);
        }
        let nothing = SecretKey::generate(&*self.inner.entropy)?;
        let answer = self.inner.provider.wrap(&row.provider_key, &nothing, &epoch_context(row.number)).await;
        match answer.map_err(|error| (error.kind(), error)) {
            Ok(_) => return Ok(false),
            // Where the service forgets a key that is gone, what it answered then stands.
            Err((ProviderErrorKind::Destroyed | ProviderErrorKind::NotMine, _)) => {}
            Err((_, error)) => return Err(error.into()),
        }
        known().insert(row.provider_key.clone());
        Ok(true)
    }

    pub(super) async fn epochs(&mut self) -> Result<&[EpochRow], Trouble> {
        if self.epochs.is_none() {
            self.epochs = Some(self.store().epochs().await?);
        }
        Ok(self.epochs.as_deref().unwrap_or_default())
    }

    pub(super) async fn is_dead(&mut self, epoch: u32) -> Result<bool, Trouble> {
        let destroyed = |row: &EpochRow| matches!(row.state, EpochState::Destroyed { .. });
        Ok(self.epochs().await?.iter().any(|row| row.number == epoch && destroyed(row)))
    }

    /// The epoch that wraps new keys; the first one is opened on first use.
    pub(super) async fn current_epoch(&mut self) -> Result<u32, Trouble> {
        let live = |row: &&EpochRow| matches!(row.state, EpochState::Active { .. });
        match self.epochs().await?.iter().rfind(live) {
            Some(row) => Ok(row.number),
            None => self.open_epoch().await,
        }
    }

    pub(super) async fn open_epoch(&mut self) -> Result<u32, Trouble> {
        let number = self.epochs().await?.last().map_or(1, |row| row.number + 1);
        let provider_key = self.inner.provider.create().await?;
        let secret = SecretKey::generate(&*self.inner.entropy)?;
        let wrapped = self.inner.provider.wrap(&provider_key, &secret, &epoch_context(number)).await?;
        let row = EpochRow {
            number,
            version: Expected::Absent.next(),
            provider_key: provider_key.clone(),
            opened: self.now,
            // Before the first one nothing was wrapped.
            moving: if number == 1 { Moving::Done } else { Moving::Begun },
            state: EpochState::Active { wrapped },
        };
        if !unless_conflict(self.store().put_epoch(row, Expected::Absent).await)? {
            // Another writer opened it: its key counts, and ours wraps nothing.
            self.inner.provider.destroy(&provider_key, self.now).await?;
        }
        self.epochs = None;
        Ok(number)
    }

    pub(super) async fn epoch_key(&mut self, number: u32) -> Result<&SecretKey, Trouble> {
        if !self.epoch_keys.contains_key(&number) {
            let key = match &self.inner.keys {
                Some(cache) => self.kept_epoch_key(cache, number).await?,
                None => self.unwrapped_epoch_key(number).await?,
            };
            self.epoch_keys.insert(number, key);
        }
        self.epoch_keys.get(&number).ok_or(Trouble::Key { scope: "epoch" })
    }

    async fn kept_epoch_key(&mut self, cache: &Keyring, number: u32) -> Result<SecretKey, Trouble> {
        match cache.epochs.find(&number, self.now).await {
            Lookup::Kept(key) => Ok(SecretKey::copied(key.expose())),
            Lookup::Missing(flight) => {
                let key = self.unwrapped_epoch_key(number).await?;
                flight.land(SecretKey::copied(key.expose()), self.now);
                Ok(key)
            }
        }
    }

    async fn unwrapped_epoch_key(&mut self, number: u32) -> Result<SecretKey, Trouble> {
        if !self.epochs().await?.iter().any(|row| row.number == number) {
            // Opened since this call began.
            self.epochs = None;
        }
        let row = self.epochs().await?.iter().find(|row| row.number == number).cloned();
        let Some(EpochRow { provider_key, state: EpochState::Active { wrapped }, .. }) = row else {
            return Err(Trouble::Key { scope: "epoch" });
        };
        Ok(self.inner.provider.unwrap(&provider_key, &wrapped, &epoch_context(number)).await?)
    }

    /// The newest epoch that is there.
    async fn newest_epoch(&mut self) -> Result<Option<EpochRow>, Trouble> {
        let live = |row: &&EpochRow| matches!(row.state, EpochState::Active { .. });
        Ok(self.epochs().await?.iter().rfind(live).cloned())
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

    /// Wraps scope keys into an epoch, from where the last pass stopped, and notes after each page how far it came. Looks at about
    /// `limit` scopes; `true` once all of them have moved.
    async fn move_scopes(&mut self, epoch: u32, limit: usize) -> Result<bool, Trouble> {
        let mut looked = 0;
        while looked < limit {
            let found = self.epochs().await?.iter().find(|row| row.number == epoch).cloned();
            let Some(row) = found else { return Ok(false) };
            let after = match &row.moving {
                Moving::Done => return Ok(true),
                Moving::Begun => None,
                Moving::Past(scope) => Some(scope.clone()),
            };
            let page = self.store().scopes(after.as_ref(), PAGE).await?;
            looked += page.len();
            let moving = match page.last() {
                Some(last) if page.len() >= PAGE => Moving::Past(last.scope.clone()),
                _ => Moving::Done,
            };
            for found in page {
                self.rewrap_found(found, epoch).await?;
            }
            let expected = Expected::Version(row.version);
            let next = EpochRow { version: expected.next(), moving, ..row };
            // Where another pass was faster, this one goes on from where that one is.
            if unless_conflict(self.store().put_epoch(next.clone(), expected).await)? {
                let known = self.epochs.iter_mut().flatten().find(|known| known.number == epoch);
                known.into_iter().for_each(|known| known.clone_from(&next));
            } else {
                self.epochs = None;
            }
        }
        let row = self.epochs().await?.iter().find(|row| row.number == epoch);
        Ok(row.is_some_and(|row| row.moving == Moving::Done))
    }

    /// Wraps the keys of one scope into an epoch.
    pub(super) async fn rewrap(&mut self, scope: &Scope, epoch: u32) -> Result<(), Trouble> {
        match self.store().scope(scope).await? {
            Some(row) => self.rewrap_found(row, epoch).await,
            None => Ok(()),
        }
    }

    async fn rewrap_found(&mut self, found: ScopeRow, epoch: u32) -> Result<(), Trouble> {
        let (scope, mut found) = (found.scope.clone(), Some(found));
        for _ in 0..ATTEMPTS {
            let Some(mut row) = found.take() else { return Ok(()) };
            if row.epochs().all(|own| own >= epoch) {
                return Ok(());
            }
            for key in &mut row.keys {
                let KeyState::Live { epoch: own, wrapped, .. } = &mut key.state else { continue };
                if *own >= epoch {
                    continue;
                }
                if self.is_dead(*own).await? {
                    let under = format!("epoch/{own}");
                    // Open to every key that is there.
                    let _ = key.undergo(KeyEvent::Destroy, self.now, &under);
                    continue;
                }
                let secret = self.unwrap(&scope, key.number, *own, wrapped).await?;
                *wrapped = self.wrap(&scope, key.number, epoch, &secret).await?;
                *own = epoch;
            }
            let expected = Expected::Version(row.version);
            row.version = expected.next();
            let _posted = Change::of(&scope, self.kept_scopes());
            if unless_conflict(self.store().put_scope(row, expected).await)? {
                return Ok(());
            }
            found = self.store().scope(&scope).await?;
        }
        Err(Trouble::Contention { during: "wrap a scope key anew" })
    }
}

fn epoch_context(number: u32) -> Vec<u8> {
    [b"stewardship/1/epoch".as_slice(), &number.to_be_bytes()].concat()
}
