//! The life of a scope's key by the host's hand: rotated, suspended, resumed, marked as compromised, its old versions closed.
//!
//! Which versions there are, and since when each is what it is, [`KeyStore::scope`] tells. Every verb is told on the audit trail before it
//! takes effect, and may be called again.

use super::erase::{is_doomed, query_of};
use super::keyring::{KeyError, KeySession};
use super::managed::MANAGED_PAGE;
use super::steward::Steward;
use super::trail::About;
use super::trouble::{ATTEMPTS, Trouble};
use crate::contracts::{KeyStore, KeyVersion, Ports, RecordKey, RecordStore, ScopeRow};
use crate::core::audit::AuditEvent;
use crate::core::keys::{KeyEvent, KeyPhase, KeyRefusal};
use crate::core::place::Scope;

/// Why the state of a key is not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyChangeError {
    /// The scope's key has no such version.
    #[error("the key of the {scope} has no version {version}")]
    NoSuchVersion {
        /// The scope.
        scope: Scope,
        /// The version.
        version: u32,
    },
    /// The key is in a phase from which this does not lead on.
    #[error(transparent)]
    Refused(#[from] KeyRefusal),
    /// Records are still sealed under what would not open any more: `reseal` first.
    #[error("{records} records are still sealed under versions below {minimum}: reseal them first")]
    StillSealed {
        /// The lowest version that was to open.
        minimum: u32,
        /// Number of records.
        records: u64,
    },
    /// The scope takes no new key: it is closed, or its key is suspended.
    #[error(transparent)]
    Key(KeyError),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<KeyError> for KeyChangeError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Trouble(trouble) => Self::Trouble(trouble),
            key => Self::Key(key),
        }
    }
}

impl<P: Ports> Steward<P> {
    /// Lets a new version of a scope's key seal in the place of `version`, which goes on opening. Returns the version that seals; without
    /// effect where that is a newer one already.
    ///
    /// What is sealed under the version before is sealed anew by [`reseal`](Self::reseal).
    ///
    /// # Errors
    /// [`KeyChangeError::NoSuchVersion`]; [`KeyChangeError::Key`] where the scope is closed, or its key suspended.
    pub async fn rotate_key(&self, scope: &Scope, version: u32) -> Result<u32, KeyChangeError> {
        let mut keys = self.keys();
        for _ in 0..ATTEMPTS {
            let row = keys.row_with(scope, version).await?;
            let newest = row.keys.last().map(|key| (key.number, key.phase()));
            if let Some((number, KeyPhase::Active)) = newest
                && number > version
            {
                return Ok(number);
            }
            keys.may_grow(&row)?;
            let event = AuditEvent::KeyRotated { scope: scope.into(), version };
            self.tell_of_key(&mut keys, scope, event).await?;
            keys.add_version(scope, Some(row), |_| ()).await?;
        }
        Err(Trouble::Contention { during: "rotate a scope key" }.into())
    }

    /// Stops the use of one version: it neither seals nor opens until [`resume_key`](Self::resume_key). For the time of an inquiry; a scope
    /// whose newest version is suspended stores nothing.
    ///
    /// Erasures go on: they destroy it like any other, and what a duty keeps under it is sealed anew.
    ///
    /// # Errors
    /// [`KeyChangeError::NoSuchVersion`]; [`KeyChangeError::Refused`] where it is not in use.
    pub async fn suspend_key(&self, scope: &Scope, version: u32) -> Result<(), KeyChangeError> {
        let event = AuditEvent::KeySuspended { scope: scope.into(), version };
        self.change_key(scope, version, KeyEvent::Suspend, event).await
    }

    /// Lets a suspended version be used again.
    ///
    /// # Errors
    /// [`KeyChangeError::NoSuchVersion`]; [`KeyChangeError::Refused`] where it is neither suspended nor in use.
    pub async fn resume_key(&self, scope: &Scope, version: u32) -> Result<(), KeyChangeError> {
        let event = AuditEvent::KeyResumed { scope: scope.into(), version };
        self.change_key(scope, version, KeyEvent::Resume, event).await
    }

    /// Marks a version as one that somebody else may have: it seals nothing from now on, and where it was the newest a new version takes
    /// its place in the same write. The reason stands in the key store, and not on the trail.
    ///
    /// It goes on opening, so that [`reseal`](Self::reseal) can move what is sealed under it; until that is done, whoever has the key reads
    /// those records, and every older copy of them. Returns the newest version.
    ///
    /// # Errors
    /// [`KeyChangeError::NoSuchVersion`]; [`KeyChangeError::Refused`] where it was destroyed.
    pub async fn mark_compromised(
        &self,
        scope: &Scope,
        version: u32,
        reason: &str,
    ) -> Result<u32, KeyChangeError> {
        let mut keys = self.keys();
        let event = AuditEvent::KeyCompromised { scope: scope.into(), version };
        let (now, mut told) = (self.now(), false);
        // Asked of the machine first; a key that is destroyed meanwhile stays so.
        let mark = |row: &mut ScopeRow| {
            let mut own = row.keys.iter_mut().filter(|key| key.number == version);
            own.any(|key| key.undergo(KeyEvent::Compromise, now, reason).unwrap_or(false))
        };
        for _ in 0..ATTEMPTS {
            let found = keys.row_with(scope, version).await?;
            let phase = found.keys.iter().find(|key| key.number == version).map(KeyVersion::phase);
            phase.map_or(Ok(KeyPhase::Compromised), |phase| phase.after(KeyEvent::Compromise))?;
            let mut marked = found.clone();
            let changed = mark(&mut marked);
            let newest = marked.keys.last().map(|key| (key.number, key.phase()));
            let compromised = newest.is_some_and(|(_, phase)| phase == KeyPhase::Compromised);
            let grows = found.closed.is_none() && compromised;
            if !changed && !grows {
                return Ok(newest.map_or(version, |(number, _)| number));
            }
            if !std::mem::replace(&mut told, true) {
                self.tell_of_key(&mut keys, scope, event.clone()).await?;
            }
            if grows {
                keys.add_version(scope, Some(found), |row| row.keys = marked.keys).await?;
            } else {
                keys.change(scope, mark).await?;
            }
        }
        Err(Trouble::Contention { during: "mark a scope key as compromised" }.into())
    }

    /// Lets versions of a scope's key below `minimum` open nothing any more (the `min_decryption_version` of HashiCorp Vault): a copy of an
    /// older row that is put back is refused. It is never lowered.
    ///
    /// What the host keeps in columns of its own is the host's to look at: such a value under an older version does not open after this.
    ///
    /// # Errors
    /// [`KeyChangeError::StillSealed`] where records of the steward's are sealed under such a version; [`KeyChangeError::NoSuchVersion`]
    /// where the scope's key has no version `minimum`.
    pub async fn raise_key_minimum(&self, scope: &Scope, minimum: u32) -> Result<(), KeyChangeError> {
        let mut keys = self.keys();
        if keys.row_with(scope, minimum).await?.minimum >= minimum {
            return Ok(());
        }
        let records = self.sealed_below(scope, minimum).await?;
        if records > 0 {
            return Err(KeyChangeError::StillSealed { minimum, records });
        }
        let event = AuditEvent::KeyMinimumRaised { scope: scope.into(), minimum };
        self.tell_of_key(&mut keys, scope, event).await?;
        keys.change(scope, |row| {
            row.minimum < minimum && {
                row.minimum = minimum;
                true
            }
        })
        .await?;
        Ok(())
    }

    async fn change_key(
        &self,
        scope: &Scope,
        version: u32,
        event: KeyEvent,
        told: AuditEvent,
    ) -> Result<(), KeyChangeError> {
        let mut keys = self.keys();
        let now = self.now();
        let row = keys.row_with(scope, version).await?;
        let key = row.keys.into_iter().find(|key| key.number == version);
        if !key.map_or(Ok(false), |mut key| key.undergo(event, now, ""))? {
            return Ok(());
        }
        self.tell_of_key(&mut keys, scope, told).await?;
        let mut refused = None;
        keys.change(scope, |row| {
            let key = row.keys.iter_mut().find(|key| key.number == version);
            let changed = key.map_or(Ok(false), |key| key.undergo(event, now, ""));
            refused = changed.err();
            changed.unwrap_or(false)
        })
        .await?;
        refused.map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    async fn tell_of_key(
        &self,
        keys: &mut KeySession<'_, P>,
        scope: &Scope,
        event: AuditEvent,
    ) -> Result<(), Trouble> {
        let entry = self.entry_about(keys, About::scope(scope), event).await?;
        self.record(vec![entry]).await
    }

    /// Number of records in which something is sealed under a version of the scope's key below `minimum`.
    async fn sealed_below(&self, scope: &Scope, minimum: u32) -> Result<u64, Trouble> {
        let (store, query) = (self.inner.ports.records(), query_of(scope));
        let (mut sealed, mut after): (u64, Option<RecordKey>) = (0, None);
        loop {
            let page = store.list(&query, after.as_ref(), MANAGED_PAGE).await?;
            let below = |row| is_doomed(row, scope, minimum.saturating_sub(1)) == Some(true);
            sealed += page.iter().filter(|row| below(row)).count() as u64;
            if page.len() < MANAGED_PAGE {
                return Ok(sealed);
            }
            after = page.last().map(|row| row.key.clone());
        }
    }
}

impl<P: Ports> KeySession<'_, P> {
    async fn row_with(&self, scope: &Scope, version: u32) -> Result<ScopeRow, KeyChangeError> {
        let has = |row: &ScopeRow| row.keys.iter().any(|key: &KeyVersion| key.number == version);
        let row = self.store().scope(scope).await.map_err(Trouble::from)?.filter(has);
        row.ok_or_else(|| KeyChangeError::NoSuchVersion { scope: scope.clone(), version })
    }

    /// Refuses a new version where the scope is closed, or its newest key suspended: a new one would end the suspension.
    fn may_grow(&self, row: &ScopeRow) -> Result<(), KeyError> {
        let scope = row.scope.clone();
        if let Some(since) = row.closed {
            return Err(KeyError::Closed { scope, since });
        }
        match row.keys.last() {
            Some(key) => match key.suspended_since() {
                Some(since) => Err(KeyError::Suspended { scope, version: key.number, since }),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }
}
