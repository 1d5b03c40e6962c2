//! Sealing anew: what is still sealed under versions of keys that seal nothing more moves to those that do.

use std::collections::BTreeMap;

use super::keyring::{KeyError, KeySession};
use super::managed::MANAGED_PAGE;
use super::open::{OpenError, field_scopes, place_of};
use super::steward::Steward;
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{
    Expected, FieldBody, KeyStore, Ports, RecordKey, RecordQuery, RecordRow, RecordStore, ScopeRow,
    StoredField,
};
use crate::core::keys::KeyPhase;
use crate::core::place::{Place, Scope};
use crate::crypto::Envelope;

/// What one pass of [`Steward::reseal`] did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Resealing {
    /// Number of records that were sealed anew.
    pub resealed: u64,
    /// What is still sealed under such a version among the records of this pass, and why.
    pub left: Vec<LeftSealed>,
    /// Where the next pass begins; `None`: there is nothing more to look at.
    pub next: Option<RecordKey>,
}

/// A record of which something is still sealed under a version that seals nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftSealed {
    /// The record.
    pub record: RecordKey,
    /// Kind of the scope.
    pub scope: &'static str,
    /// The version.
    pub version: u32,
    /// Its phase: deactivated or compromised.
    pub phase: KeyPhase,
    /// Why it was not sealed anew.
    pub because: LeftBecause,
}

/// Why something is not sealed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftBecause {
    /// One of its scopes is closed, and the version that it has there seals nothing more: it is going, or is kept by a duty or a hold.
    Closed,
    /// A key that it needs seals nothing now: it is suspended, or past the policy's limit.
    NoKey,
    /// It does not open: a key of another of its scopes is gone, or it was altered.
    Dead,
}

impl<P: Ports> Steward<P> {
    /// Seals anew, under the newest versions, what is sealed under versions of keys that were deactivated or compromised: a bounded pass
    /// over at most `limit` records of the steward's own, that begins after `after`.
    ///
    /// To be called with [`Resealing::next`] until that is `None`, after which [`raise_key_minimum`](Self::raise_key_minimum) can close the old
    /// versions. It may be stopped anywhere, by a crash too: what is done is done, and a pass over it again only looks. It changes no
    /// value, no event and no time, and so runs under holds as well. Contact data of cases, and columns of the host's own, are not reached.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn reseal(&self, after: Option<&RecordKey>, limit: usize) -> Result<Resealing, Trouble> {
        let store = self.inner.ports.records();
        let (mut done, mut after, mut looked) = (Resealing::default(), after.cloned(), 0);
        let mut keys = self.keys_that_show_nothing();
        while looked < limit {
            let size = MANAGED_PAGE.min(limit - looked);
            let page = store.list(&RecordQuery::default(), after.as_ref(), size).await?;
            looked += page.len();
            let mut phases = Phases::default();
            for row in &page {
                self.reseal_record(&mut keys, &mut phases, row, &mut done).await?;
            }
            if page.len() < size {
                return Ok(done);
            }
            after = page.last().map(|row| row.key.clone());
        }
        done.next = after;
        Ok(done)
    }

    async fn reseal_record(
        &self,
        keys: &mut KeySession<'_, P>,
        phases: &mut Phases,
        row: &RecordRow,
        done: &mut Resealing,
    ) -> Result<(), Trouble> {
        let store = self.inner.ports.records();
        let mut row = Some(row.clone());
        for _ in 0..ATTEMPTS {
            let Some(mut fresh) = row.take() else { return Ok(()) };
            let (place, key) = (place_of(&fresh), fresh.key.clone());
            let (mut changed, mut left) = (false, Vec::new());
            for field in &mut fresh.fields {
                let Some(old) = keys.outdated(phases, &place, field).await? else { continue };
                let because = match keys.moved_up(phases, &place, &key, field).await {
                    Ok(sealed) => {
                        field.body = FieldBody::Sealed(sealed);
                        changed = true;
                        continue;
                    }
                    Err(OpenError::Trouble(trouble)) => return Err(trouble),
                    Err(OpenError::Key(KeyError::Closed { .. })) => LeftBecause::Closed,
                    Err(OpenError::Key(KeyError::Suspended { .. } | KeyError::TooOld { .. })) => {
                        LeftBecause::NoKey
                    }
                    Err(_) => LeftBecause::Dead,
                };
                left.push(LeftSealed {
                    record: key.clone(),
                    scope: old.scope,
                    version: old.version,
                    phase: old.phase,
                    because,
                });
            }
            if !changed {
                done.left.extend(left);
                return Ok(());
            }
            let expected = Expected::Version(fresh.version);
            fresh.version = expected.next();
            if unless_conflict(store.put(fresh, expected).await)? {
                done.resealed += 1;
                done.left.extend(left);
                return Ok(());
            }
            row = store.fetch(&key).await?;
        }
        Err(Trouble::Contention { during: "seal a record anew" })
    }
}

/// The scopes that one page of records speaks of, as they were found: a pass reads each once a page.
#[derive(Default)]
struct Phases(BTreeMap<Vec<u8>, Option<ScopeRow>>);

/// A version that something is sealed under and that seals nothing more.
struct Outdated {
    scope: &'static str,
    version: u32,
    phase: KeyPhase,
}

impl<P: Ports> KeySession<'_, P> {
    /// The worst of the versions that a field is sealed under, where one seals nothing more.
    async fn outdated(
        &mut self,
        phases: &mut Phases,
        place: &Place,
        field: &StoredField,
    ) -> Result<Option<Outdated>, Trouble> {
        let FieldBody::Sealed(sealed) = &field.body else { return Ok(None) };
        let Ok(parsed) = Envelope::parse(sealed) else { return Ok(None) };
        let mut worst: Option<Outdated> = None;
        let scopes = field_scopes(place, field.subject.as_ref());
        for (scope, (_, version)) in scopes.iter().zip(parsed.header().scopes()) {
            let phase = self.known(phases, scope).await?.and_then(|row| {
                row.keys.iter().find(|key| key.number == version).map(crate::contracts::KeyVersion::phase)
            });
            match phase {
                Some(phase @ (KeyPhase::Deactivated | KeyPhase::Compromised))
                    if worst.as_ref().is_none_or(|worst| worst.phase < phase) =>
                {
                    worst = Some(Outdated { scope: scope.kind(), version, phase });
                }
                _ => {}
            }
        }
        Ok(worst)
    }

    async fn known<'p>(
        &mut self,
        phases: &'p mut Phases,
        scope: &Scope,
    ) -> Result<Option<&'p ScopeRow>, Trouble> {
        let name = scope.to_bytes();
        if !phases.0.contains_key(&name) {
            let row = self.store().scope(scope).await?;
            phases.0.insert(name.clone(), row);
        }
        Ok(phases.0.get(&name).and_then(Option::as_ref))
    }

    /// A field, opened and sealed anew under the newest versions of all its scopes.
    ///
    /// In a closed scope under the version that it has: a key that was made there would let what is being erased outlive the erasure. A
    /// scope that closes meanwhile destroys the version that was found before.
    async fn moved_up(
        &mut self,
        phases: &mut Phases,
        place: &Place,
        key: &RecordKey,
        field: &StoredField,
    ) -> Result<Vec<u8>, OpenError> {
        let FieldBody::Sealed(sealed) = &field.body else { return Err(OpenError::NotFound) };
        let refused = || OpenError::Sealed { field: field.name.clone() };
        let parsed = Envelope::parse(sealed).map_err(|_| refused())?;
        let plain = self.open_field(place, key, field).await?;
        let mut under = Vec::new();
        let scopes = field_scopes(place, field.subject.as_ref());
        for (scope, (_, named)) in scopes.into_iter().zip(parsed.header().scopes()) {
            let closed = self.known(phases, &scope).await?.is_some_and(|row| row.closed.is_some());
            let (version, key) = match closed {
                true => (named, self.still_sealing(&scope, named).await?),
                false => self.for_sealing(&scope).await?,
            };
            under.push((scope, version, key));
        }
        let context = self.context(place, key, &field.name, &field.class, field.subject.as_ref());
        Ok(self.seal_under(&under, &context, &plain)?)
    }
}
