//! Epochs: the keys that wrap scope keys, each under a provider's key that can be destroyed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use chrono::{DateTime, Utc};

use super::keyring::KeySession;
use super::steward::Steward;
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{
    Destruction, EpochRow, EpochState, Expected, KeyProvider, KeyState, KeyStore, Ports, ProviderErrorKind,
};
use crate::core::audit::AuditEvent;
use crate::core::place::Scope;
use crate::crypto::SecretKey;

/// Number of scopes that a re-wrapping pass reads at once: its memory is bounded by it.
const PAGE: usize = 256;

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
    /// A provider may destroy keys later than it is told to. Certificates then wait for the moment that it answered, and are given
    /// only where the key is really gone: of a destruction that somebody stopped at the provider the sweep certifies nothing, and
    /// this call, made again, asks for it anew.
    ///
    /// # Errors
    /// [`EpochError::StillInUse`] where scope keys are wrapped under an older epoch: rotate again. [`EpochError::BackupTooOld`] where
    /// the attested backup was taken before the epoch was opened, or there is no such epoch.
    pub async fn destroy_epochs_before(
        &self,
        epoch: u32,
        backup_taken_at: DateTime<Utc>,
    ) -> Result<Vec<Destruction>, EpochError> {
        let mut keys = self.keys();
        if !keys.opened_before(epoch, backup_taken_at).await? {
            return Err(EpochError::BackupTooOld { epoch });
        }
        if keys.any_wrapped_before(epoch).await? {
            return Err(EpochError::StillInUse);
        }
        let mut destructions = Vec::new();
        for row in keys.epochs().await?.to_vec() {
            if row.number >= epoch || keys.has_died(&row).await? {
                continue;
            }
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

    pub(super) async fn rewrap(&mut self, scope: &Scope, epoch: u32) -> Result<(), Trouble> {
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
    [b"stewardship/1/epoch".as_slice(), &number.to_be_bytes()].concat()
}
