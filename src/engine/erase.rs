//! Erasing a scope: what must stay is sealed anew, what outlives a person gets a pseudonym, then the keys go, then the rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::connect::Authorization;
use super::disposal::Disposal;
use super::holds::Outlook;
use super::keyring::{KeyError, KeySession};
use super::managed::{MANAGED_PAGE, item_of};
use super::open::{OpenError, field_scopes, place_of};
use super::papers;
use super::pseudonymise::stays;
use super::steward::Steward;
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{
    Expected, FieldBody, KeyState, Ports, RecordKey, RecordQuery, RecordRow, RecordStore, StoredField,
};
use crate::core::audit::{AuditEvent, Cause};
use crate::core::id::Name;
use crate::core::keys::KeyEvent;
use crate::core::place::{Place, Scope};
use crate::core::retention::KeysGone;
use crate::crypto::Envelope;

/// The event of a record that was to be erased and had to stay: it is due as soon as nothing keeps it any more.
pub(super) const OWED: &str = "erasure_owed";

/// Why a scope is not erased.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EraseError {
    /// Only the authorisation of a connection can be revoked; a person's data goes through a request.
    #[error("a {scope} cannot be revoked: only a connection can")]
    NotAConnection {
        /// Kind of the scope.
        scope: &'static str,
    },
    /// The connection was never authorised.
    #[error("the connection was never authorised")]
    NeverAuthorized,
    /// What must stay cannot be sealed anew.
    #[error("what must stay cannot be opened to be sealed anew")]
    Reseal(#[source] Box<OpenError>),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<KeyError> for EraseError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Trouble(trouble) => Self::Trouble(trouble),
            key => Self::Reseal(Box::new(OpenError::Key(key))),
        }
    }
}

impl From<OpenError> for EraseError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Trouble(trouble) => Self::Trouble(trouble),
            other => Self::Reseal(Box::new(other)),
        }
    }
}

/// A revocation: the keys are gone when this is returned.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Revocation {
    /// When it took effect.
    pub at: DateTime<Utc>,
    /// The evidence, with the fate of every copy: certified once the rows are gone and every copy is dead.
    pub disposal: Disposal,
}

impl<P: Ports> Steward<P> {
    /// Revokes the authorisation of a connection: reads are refused and its keys destroyed at once, in every process.
    ///
    /// What a duty or a hold keeps is sealed anew first, under a key that no older backup knows. Rows go in the next
    /// [`sweep`](Self::sweep). Revoking again gives the same answer. The reason stands in the evidence, and not on the trail.
    ///
    /// # Errors
    /// [`EraseError`]; the same call goes on where it stopped.
    pub async fn revoke(&self, scope: &Scope, reason: &str) -> Result<Revocation, EraseError> {
        let Scope::Connection(tenant, connection) = scope else {
            return Err(EraseError::NotAConnection { scope: scope.kind() });
        };
        let found = papers::load::<Authorization>(self.papers(), tenant, connection.as_str()).await?;
        let authorization = found.ok_or(EraseError::NeverAuthorized)?.paper;
        let mut fresh = Disposal::open(
            authorization.revocation_id(),
            tenant.clone(),
            Cause::Revocation,
            self.inner.policy.digest(),
            // Not before it was given, even where the clock was put back.
            self.now().max(authorization.granted),
        );
        fresh.reason = Some(reason.to_owned());
        fresh.scope = Some(scope.clone());
        fresh.gone_by = self.physical_bound(fresh.opened);
        let disposal = self.open_disposal(fresh).await?;
        let at = disposal.opened;
        let disposal = self.carry_through(disposal, &authorization).await?;
        self.follow_erasure(&disposal).await?;
        let disposal = self.certify(&disposal).await?;
        Ok(Revocation { at, disposal })
    }

    /// Finishes the revocation of an authorisation where one was begun and not carried through: before its connection is authorised
    /// anew, and in every sweep. Its evidence, where there is any.
    pub(super) async fn finish_revocation(
        &self,
        authorization: &Authorization,
    ) -> Result<Option<Disposal>, EraseError> {
        let id = authorization.revocation_id();
        match papers::load::<Disposal>(self.papers(), &authorization.tenant, &id).await? {
            Some(begun) => self.carry_through(begun.paper, authorization).await.map(Some),
            None => Ok(None),
        }
    }

    /// The steps of a revocation after its evidence: refused, noted, destroyed. Each may be repeated.
    async fn carry_through(
        &self,
        disposal: Disposal,
        authorization: &Authorization,
    ) -> Result<Disposal, EraseError> {
        if disposal.keys.is_some() {
            return Ok(disposal);
        }
        let (tenant, connection, at) = (&authorization.tenant, &authorization.connection, disposal.opened);
        papers::update(self.papers(), tenant, connection.as_str(), |found: Option<Authorization>| {
            let mut paper = found.ok_or(EraseError::NeverAuthorized)?;
            // One that was given since is another's to revoke.
            if paper.granted == authorization.granted {
                paper.revoked = paper.revoked.or(Some(at));
            }
            Ok::<_, EraseError>(paper)
        })
        .await?;
        let scope = Scope::Connection(tenant.clone(), connection.clone());
        self.note_event(&scope, Name::new("authorization_revoked"), at).await?;
        self.destroy_keys(disposal, &scope).await
    }

    /// The shortest time within which the policy wants revoked data physically gone.
    fn physical_bound(&self, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let rules = &self.inner.policy.document().retention.rule;
        rules
            .iter()
            .filter(|rule| rule.from == "authorization_revoked")
            .filter_map(|rule| rule.physically_within)
            .map(|within| within.after(from))
            .min()
    }

    /// Destroys every key version that the scope had when the disposal was opened; what must stay is sealed under a new one first.
    ///
    /// Every step may be repeated: which versions go is written down before the first of them does.
    pub(super) async fn destroy_keys(
        &self,
        disposal: Disposal,
        scope: &Scope,
    ) -> Result<Disposal, EraseError> {
        let mut keys = self.keys_that_show_nothing();
        let now = self.now();
        let mut row = keys
            .change(scope, |row| {
                row.closed.is_none() && {
                    row.closed = Some(now);
                    true
                }
            })
            .await?;
        self.forget_preferences(scope).await?;
        if disposal.doomed.is_none() {
            row = self.key_for_pseudonym(&mut keys, scope, row).await?;
        }
        let newest = row.keys.last().map_or(0, |key| key.number);
        let mut disposal =
            self.amend(&disposal, |paper| paper.doomed = paper.doomed.or(Some(newest))).await?;
        let doomed = disposal.doomed.unwrap_or(newest);
        let mut kept: BTreeMap<RecordKey, String> = BTreeMap::new();
        loop {
            // Again until nothing is left to change: a hold that is placed or lifted meanwhile is found before the keys go.
            let (worked_off, mut changed) = self.pseudonymise(disposal, scope).await?;
            disposal = worked_off;
            let staying = self.staying(scope).await?;
            for (row, why) in staying {
                match self.reseal_kept(&mut keys, scope, doomed, disposal.opened, &row).await? {
                    Resealed::Done => changed = true,
                    Resealed::Already => {}
                    // What does not open under its own keys is lost already; it must not stop the erasure of all else.
                    Resealed::Lost => {
                        kept.insert(row.key, format!("{why}; a part of it does not open, and is lost"));
                        continue;
                    }
                }
                kept.entry(row.key).or_insert(why);
            }
            if !changed {
                break;
            }
        }
        let under = disposal.id.clone();
        let row = keys
            .change(scope, |row| {
                let mut changed = false;
                for key in row.keys.iter_mut().filter(|key| key.number <= doomed) {
                    // Open to every key that is there.
                    changed |= key.undergo(KeyEvent::Destroy, now, &under).unwrap_or(false);
                }
                changed
            })
            .await?;
        let gone = row.keys.iter().filter(|key| key.number <= doomed).filter_map(|key| match &key.state {
            KeyState::Destroyed(tombstone) => Some(tombstone),
            KeyState::Live { .. } => None,
        });
        let gone: Vec<_> = gone.collect();
        let versions = u32::try_from(gone.len()).unwrap_or(u32::MAX);
        let epochs: BTreeSet<u32> = gone.iter().map(|tombstone| tombstone.epoch).collect();
        let mut keys_gone = KeysGone::new(now, versions, epochs);
        keys_gone.compromised = gone.iter().filter_map(|tombstone| tombstone.compromised).min();
        let event =
            AuditEvent::KeysDestroyed { disposal: disposal.id.clone(), scope: scope.into(), versions };
        self.tell_of_disposal(&disposal, event).await?;
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        kept.into_values().for_each(|why| *reasons.entry(why).or_default() += 1);
        let disposal = self
            .amend(&disposal, |paper| {
                paper.keys = paper.keys.take().or_else(|| Some(keys_gone.clone()));
                let staying = reasons.iter().map(|(why, count)| (*count, why.clone()));
                paper.kept = staying.chain(stays(&paper.pseudonymised)).collect();
            })
            .await?;
        Ok(disposal)
    }

    /// Where the policy says so, begins a new epoch at once, so that the copies of the keys that went can be made to die.
    pub(super) async fn follow_erasure(&self, disposal: &Disposal) -> Result<(), Trouble> {
        let document = self.inner.policy.document();
        let wants = document.keys.as_ref().is_some_and(|keys| keys.rewrap_on_erasure);
        match &disposal.keys {
            Some(keys) if wants => self.follow_epochs(&keys.epochs).await.map(|_| ()),
            _ => Ok(()),
        }
    }

    /// The records under a scope that a duty or a hold keeps. Reads only categories that a duty is about, unless something of the
    /// tenant is on hold: the cost does not grow with what simply goes.
    async fn staying(&self, scope: &Scope) -> Result<Vec<(RecordRow, String)>, EraseError> {
        let mut outlook = Outlook::new(self);
        let duties: BTreeSet<Name> = self
            .inner
            .policy
            .document()
            .retention
            .rule
            .iter()
            .filter(|rule| rule.duty.is_some())
            .map(|rule| rule.category.clone())
            .collect();
        let categories = if outlook.any_hold(scope.tenant()).await? { None } else { Some(duties) };
        let rows = self.rows(&RecordQuery { categories, ..query_of(scope) }).await?;
        let mut staying = Vec::new();
        for row in rows {
            if let Some(stay) = outlook.stay(&item_of(&row)).await? {
                staying.push((row, stay.to_string()));
            }
        }
        Ok(staying)
    }

    /// Seals anew whatever in `row` is sealed under a doomed version of the scope's key, and notes that its erasure is owed.
    async fn reseal_kept(
        &self,
        keys: &mut KeySession<'_, P>,
        scope: &Scope,
        doomed: u32,
        owed_since: DateTime<Utc>,
        row: &RecordRow,
    ) -> Result<Resealed, EraseError> {
        let store = self.inner.ports.records();
        for _ in 0..ATTEMPTS {
            let Some(mut fresh) = store.fetch(&row.key).await.map_err(Trouble::from)? else {
                return Ok(Resealed::Already);
            };
            let place = place_of(&fresh);
            let (mut changed, mut lost) = (false, false);
            let key = fresh.key.clone();
            if stands_under(&fresh, scope) && !fresh.events.contains_key(OWED) {
                fresh.events.insert(Name::new(OWED), owed_since);
                changed = true;
            }
            for field in &mut fresh.fields {
                match self.resealed(keys, scope, doomed, &place, &key, field).await {
                    Ok(Some(sealed)) => {
                        field.body = FieldBody::Sealed(sealed);
                        changed = true;
                    }
                    Ok(None) => {}
                    Err(EraseError::Reseal(error)) if matches!(*error, OpenError::Sealed { .. }) => {
                        lost = true
                    }
                    Err(error) => return Err(error),
                }
            }
            if !changed {
                return Ok(if lost { Resealed::Lost } else { Resealed::Already });
            }
            let expected = Expected::Version(fresh.version);
            fresh.version = expected.next();
            if unless_conflict(store.put(fresh, expected).await)? {
                return Ok(Resealed::Done);
            }
        }
        Err(Trouble::Contention { during: "seal a record anew" }.into())
    }

    async fn resealed(
        &self,
        keys: &mut KeySession<'_, P>,
        scope: &Scope,
        doomed: u32,
        place: &Place,
        key: &RecordKey,
        field: &StoredField,
    ) -> Result<Option<Vec<u8>>, EraseError> {
        let FieldBody::Sealed(sealed) = &field.body else { return Ok(None) };
        let scopes = field_scopes(place, field.subject.as_ref());
        let Some(at) = scopes.iter().position(|own| own == scope) else { return Ok(None) };
        let refused = || EraseError::Reseal(Box::new(OpenError::Sealed { field: field.name.clone() }));
        let parsed = Envelope::parse(sealed).map_err(|_| refused())?;
        let named: Vec<_> = parsed.header().scopes().collect();
        if named.get(at).is_none_or(|(_, version)| *version > doomed) {
            return Ok(None);
        }
        let plain = match keys.open_field(place, key, field).await {
            Ok(plain) => plain,
            // Dead already, through another of its scopes: there is nothing to keep.
            Err(OpenError::Key(KeyError::Destroyed { .. })) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut under = Vec::with_capacity(scopes.len());
        for (own, (_, version)) in scopes.into_iter().zip(named) {
            let beyond = if own == *scope { doomed } else { version.saturating_sub(1) };
            let (version, key) = keys.for_keeping(&own, beyond).await?;
            under.push((own, version, key));
        }
        let context = keys.context(place, key, &field.name, &field.class, field.subject.as_ref());
        Ok(Some(keys.seal_under(&under, &context, &plain)?))
    }

    pub(super) async fn rows(&self, query: &RecordQuery) -> Result<Vec<RecordRow>, Trouble> {
        let store = self.inner.ports.records();
        let (mut rows, mut after): (Vec<RecordRow>, Option<RecordKey>) = (Vec::new(), None);
        loop {
            let page = store.list(query, after.as_ref(), MANAGED_PAGE).await?;
            let full = page.len() >= MANAGED_PAGE;
            after = page.last().map(|row| row.key.clone());
            rows.extend(page);
            if !full {
                return Ok(rows);
            }
        }
    }
}

/// What came of sealing a record anew.
enum Resealed {
    /// Something was sealed anew, or noted.
    Done,
    /// Nothing in it is sealed under a doomed key.
    Already,
    /// What is left under a doomed key does not open.
    Lost,
}

/// Whether a record goes with a scope as a whole, not in single fields alone.
pub(super) fn stands_under(row: &RecordRow, scope: &Scope) -> bool {
    match scope {
        Scope::Subject(_, subject) => row.subject.as_ref() == Some(subject),
        Scope::Tenant(_) | Scope::Connection(..) | Scope::Case(..) => true,
    }
}

/// Whether something in a record is sealed under one of the doomed versions of a scope's key; `None` where nothing in it is sealed
/// under the scope at all.
pub(super) fn is_doomed(row: &RecordRow, scope: &Scope, doomed: u32) -> Option<bool> {
    let place = place_of(row);
    let versions = row.fields.iter().filter_map(|field| {
        let FieldBody::Sealed(sealed) = &field.body else { return None };
        let at = field_scopes(&place, field.subject.as_ref()).iter().position(|own| own == scope)?;
        let parsed = Envelope::parse(sealed).ok()?;
        parsed.header().scopes().nth(at).map(|(_, version)| version)
    });
    versions.map(|version| version <= doomed).reduce(|any, own| any || own)
}

/// The records that stand under a scope.
pub(super) fn query_of(scope: &Scope) -> RecordQuery {
    let mut query = RecordQuery { tenant: Some(scope.tenant().clone()), ..RecordQuery::default() };
    match scope {
        Scope::Connection(_, connection) => query.connection = Some(connection.clone()),
        Scope::Subject(_, subject) => query.subject = Some(subject.clone()),
        Scope::Tenant(_) | Scope::Case(..) => {}
    }
    query
}
