//! What outlives a person's erasure under a pseudonym: records of a category with `on_erasure = "pseudonymise"`.
//!
//! The pseudonym is an HMAC of the person's identifier under the person's own key, taken before that key is destroyed: all records
//! of the person share it, and afterwards no key is left that leads from one to the other. It is written down nowhere but in the
//! records themselves, so that no paper names both.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::batch::{BATCH, Batch, Fate};
use super::connect::{Timeline, add_events};
use super::disposal::Disposal;
use super::erase::{OWED, query_of};
use super::holds::Outlook;
use super::keyring::{KeyError, KeySession};
use super::managed::{ROUNDS, is_about, item_of, key_of};
use super::open::{OpenError, place_of};
use super::papers;
use super::steward::Steward;
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{
    Disposed, Expected, FieldBody, KeyState, Ports, RecordKey, RecordQuery, RecordRow, RecordStore, ScopeRow,
    SourceItem, StoredField,
};
use crate::core::audit::Pseudonym;
use crate::core::classification::Level;
use crate::core::id::{Name, RecordId, SubjectId};
use crate::core::place::{Place, Scope};
use crate::core::policy::OnErasure;
use crate::crypto::{Envelope, SecretKey, pseudonym};

/// What a person, and a record whose identifier names the person, are called from now on.
struct Alias {
    key: SecretKey,
    person: SubjectId,
    subject: SubjectId,
}

impl Alias {
    fn new(key: &SecretKey, person: &SubjectId) -> Self {
        let key = key.derive("pseudonym");
        let subject = SubjectId::new(named(&key, "subject", person.as_str()));
        Self { key, person: person.clone(), subject }
    }

    fn of(&self, subject: Option<&SubjectId>) -> Option<SubjectId> {
        subject.map(|own| if *own == self.person { self.subject.clone() } else { own.clone() })
    }

    /// The identifier of a record: the pseudonym where it is the person's own, another where it holds the person's, else its own.
    fn of_record(&self, id: &RecordId) -> RecordId {
        match id.as_str() {
            own if own == self.person.as_str() => RecordId::new(self.subject.as_str()),
            own if own.contains(self.person.as_str()) => RecordId::new(named(&self.key, "record", own)),
            own => RecordId::new(own),
        }
    }
}

fn named(key: &SecretKey, kind: &str, id: &str) -> String {
    format!("pseudonym-{}", Pseudonym::from_bytes(pseudonym(key, kind, id)))
}

impl<P: Ports> Steward<P> {
    /// Makes sure that a person of whom something outlives the erasure has a key to take the pseudonym under: records in the clear
    /// alone have needed none so far.
    pub(super) async fn key_for_pseudonym(
        &self,
        keys: &mut KeySession<'_, P>,
        scope: &Scope,
        row: ScopeRow,
    ) -> Result<ScopeRow, Trouble> {
        if self.outliving(scope).await?.is_empty() {
            return Ok(row);
        }
        // Read afresh: another process may have made one meanwhile, or be through with the erasure and have destroyed it.
        let found = keys.row(scope).await?.unwrap_or_else(|| row.clone());
        let never = match found.keys.last().map(|key| &key.state) {
            None => true,
            Some(KeyState::Live { epoch, .. }) => keys.is_dead(*epoch).await?,
            Some(KeyState::Destroyed(_)) => false,
        };
        if never {
            keys.add_version(scope, Some(found), |_| ()).await?;
        }
        Ok(keys.row(scope).await?.unwrap_or(row))
    }

    /// Gives a pseudonym to every record under a person's scope that outlives the erasure; `true` where there was one.
    ///
    /// A batch of them is claimed as a deletion's is, so that no other disposal counts as deleted what only changed its name.
    pub(super) async fn pseudonymise(
        &self,
        disposal: Disposal,
        scope: &Scope,
    ) -> Result<(Disposal, bool), Trouble> {
        let (source, mut disposal, mut any) = (self.managed_source(), disposal, false);
        for _ in 0..ROUNDS {
            disposal = self.work_off(disposal).await?;
            let outliving = self.outliving(scope).await?;
            // A key that has gone before, under an older policy, gives no pseudonym: what is left is erased.
            if outliving.is_empty()
                || self.alias(&mut self.keys_that_show_nothing(), &disposal).await?.is_none()
            {
                // What another worker has claimed meanwhile has its new name, maybe, and is not counted yet.
                let found = papers::load::<Disposal>(self.papers(), &disposal.tenant, &disposal.id).await?;
                disposal = found.map_or(disposal, |found| found.paper);
                match disposal.pending.as_ref().is_some_and(Batch::is_claimed) {
                    true => continue,
                    false => return Ok((disposal, any)),
                }
            }
            any = true;
            let (proposed, number) = self.propose(disposal, &source, &outliving, Fate::Pseudonymise).await?;
            disposal = proposed;
            if let Some(number) = number {
                let there = self.outliving(scope).await?;
                (disposal, _) = self.claim(&disposal, number, &there).await?;
            }
        }
        Err(Trouble::Contention { during: "give the records of a person a pseudonym" })
    }

    /// The records under a person's scope that outlive its erasure under a pseudonym, one batch of them; what a duty or a hold keeps
    /// stays as it is.
    async fn outliving(&self, scope: &Scope) -> Result<Vec<SourceItem>, Trouble> {
        let declared = &self.policy().document().categories;
        let outlives = |on_erasure| on_erasure == OnErasure::Pseudonymise;
        let categories: BTreeSet<Name> = declared
            .iter()
            .filter(|(_, category)| outlives(category.on_erasure))
            .map(|(name, _)| name.clone())
            .collect();
        let mut outliving = Vec::new();
        if categories.is_empty() || !matches!(scope, Scope::Subject(..)) {
            return Ok(outliving);
        }
        let mut outlook = Outlook::new(self);
        for row in self.rows(&RecordQuery { categories: Some(categories), ..query_of(scope) }).await? {
            // One that was stored when the policy still let more into the category is erased.
            if row.level > Level::Internal || outlook.stay(&item_of(&row)).await?.is_some() {
                continue;
            }
            if outliving.len() == BATCH {
                break;
            }
            outliving.push(item_of(&row));
        }
        Ok(outliving)
    }

    /// Gives one record of a claimed batch its pseudonym. May be repeated: what has it already is as good as done.
    pub(super) async fn rename(&self, disposal: &Disposal, item: &SourceItem) -> Result<Disposed, Trouble> {
        let Some(key) = key_of(&item.id) else { return Ok(Disposed::Changed) };
        let store = self.inner.ports.records();
        let mut keys = self.keys_that_show_nothing();
        let Some(alias) = self.alias(&mut keys, disposal).await? else {
            return Ok(if self.names_person(disposal, item).await? {
                Disposed::Changed
            } else {
                Disposed::Gone
            });
        };
        for _ in 0..ATTEMPTS {
            let Some(row) = store.fetch(&key).await? else { return Ok(Disposed::Gone) };
            if !row.subjects().contains(&alias.person) {
                return Ok(Disposed::Gone);
            }
            if item_of(&row) != *item {
                return Ok(Disposed::Changed);
            }
            let mut renamed = self.renamed(&mut keys, &alias, &row).await?;
            if renamed.key == row.key {
                let expected = Expected::Version(row.version);
                renamed.version = expected.next();
                if unless_conflict(store.put(renamed, expected).await)? {
                    return Ok(Disposed::Gone);
                }
                continue;
            }
            // The new one first: a crash in between leaves both, and the same call again goes on from there.
            let found = store.fetch(&renamed.key).await?;
            let expected = found.map_or(Expected::Absent, |found| Expected::Version(found.version));
            renamed.version = expected.next();
            let (new, version) = (renamed.key.clone(), renamed.version);
            if !unless_conflict(store.put(renamed, expected).await)? {
                continue;
            }
            if unless_conflict(store.delete(&key, row.version).await)? {
                return Ok(Disposed::Gone);
            }
            if matches!(expected, Expected::Absent) && store.fetch(&key).await?.is_none() {
                // Somebody else has done it, and what came of it may have been due and gone since: it is not brought back.
                unless_conflict(store.delete(&new, version).await)?;
            }
        }
        Err(Trouble::Contention { during: "give a record a pseudonym" })
    }

    /// Whether the record of an item still names the person whose erasure it is.
    pub(super) async fn names_person(&self, disposal: &Disposal, item: &SourceItem) -> Result<bool, Trouble> {
        let (Some(key), Some(Scope::Subject(_, person))) = (key_of(&item.id), &disposal.scope) else {
            return Ok(false);
        };
        let found = self.inner.ports.records().fetch(&key).await?;
        Ok(found.is_some_and(|row| row.subjects().contains(person)))
    }

    /// The pseudonym, for as long as the key is there that gives it: the newest of those that go.
    async fn alias(
        &self,
        keys: &mut KeySession<'_, P>,
        disposal: &Disposal,
    ) -> Result<Option<Alias>, Trouble> {
        let (Some(scope @ Scope::Subject(_, person)), Some(doomed)) = (&disposal.scope, disposal.doomed)
        else {
            return Ok(None);
        };
        let row = keys.row(scope).await?;
        let key = row.and_then(|row| row.keys.into_iter().find(|key| key.number == doomed));
        match key.map(|key| key.state) {
            Some(KeyState::Live { epoch, .. }) if !keys.is_dead(epoch).await? => {}
            _ => return Ok(None),
        }
        match keys.version(scope, doomed).await {
            Ok(key) => Ok(Some(Alias::new(&key, person))),
            Err(KeyError::Trouble(trouble)) => Err(trouble),
            Err(_) => Ok(None),
        }
    }

    /// A record as it goes on: nothing in it names the person, or leads there.
    async fn renamed(
        &self,
        keys: &mut KeySession<'_, P>,
        alias: &Alias,
        row: &RecordRow,
    ) -> Result<RecordRow, Trouble> {
        let key = RecordKey { id: alias.of_record(&row.key.id), ..row.key.clone() };
        let fields = row
            .fields
            .iter()
            .map(|field| StoredField { subject: alias.of(field.subject.as_ref()), ..field.clone() });
        let mut next = RecordRow {
            key,
            subject: alias.of(row.subject.as_ref()),
            events: self.lived(alias, row).await?,
            fields: fields.collect(),
            ..row.clone()
        };
        let (from, to) = (place_of(row), place_of(&next));
        let mut fields = Vec::with_capacity(next.fields.len());
        for (old, mut new) in row.fields.iter().zip(next.fields) {
            if let FieldBody::Sealed(_) = old.body
                && (old.subject != new.subject || row.key != next.key)
            {
                // What does not open any more is not there to be kept.
                let Some(sealed) = keys.moved((&from, &row.key, old), (&to, &next.key, &new)).await? else {
                    continue;
                };
                new.body = FieldBody::Sealed(sealed);
            }
            fields.push(new);
        }
        next.fields = fields;
        let about_person = |entry: &Name| {
            row.fields.iter().any(|field| field.name == *entry && is_about(row, field, &alias.person))
        };
        next.index.retain(|entry| !about_person(&entry.field));
        Ok(next)
    }

    /// The events of a record, with those of the person's scope that retention runs from: they are not found by the pseudonym.
    async fn lived(&self, alias: &Alias, row: &RecordRow) -> Result<BTreeMap<Name, DateTime<Utc>>, Trouble> {
        let mut events = row.events.clone();
        // It is not due for having been kept by a hold for a while.
        events.remove(OWED);
        let scope = Scope::Subject(row.key.tenant.clone(), alias.person.clone());
        let id = Timeline::id_of(&scope);
        if let Some(found) = papers::load::<Timeline>(self.papers(), scope.tenant(), &id).await? {
            add_events(&mut events, &found.paper.events, row.stored_at);
        }
        Ok(events)
    }
}

impl<P: Ports> KeySession<'_, P> {
    /// Opens a sealed field where it was and seals it where it goes, each scope that both places have at the version that it had, or a newer one.
    /// `None` where it does not open.
    async fn moved(
        &mut self,
        (from, old_key, old): (&Place, &RecordKey, &StoredField),
        (to, new_key, new): (&Place, &RecordKey, &StoredField),
    ) -> Result<Option<Vec<u8>>, Trouble> {
        let plain = match self.open_field(from, old_key, old).await {
            Ok(plain) => plain,
            Err(OpenError::Trouble(trouble)) => return Err(trouble),
            Err(_) => return Ok(None),
        };
        let FieldBody::Sealed(sealed) = &old.body else { return Ok(None) };
        let Ok(parsed) = Envelope::parse(sealed) else { return Ok(None) };
        let before = super::open::field_scopes(from, old.subject.as_ref());
        let after = super::open::field_scopes(to, new.subject.as_ref());
        let mut under = Vec::with_capacity(after.len());
        for ((scope, was), (_, version)) in after.into_iter().zip(before).zip(parsed.header().scopes()) {
            let key = match scope == was {
                true => self.for_keeping(&scope, version.saturating_sub(1)).await,
                false => self.for_keeping(&scope, 0).await,
            };
            match key {
                Ok((version, key)) => under.push((scope, version, key)),
                Err(KeyError::Trouble(trouble)) => return Err(trouble),
                Err(_) => return Ok(None),
            }
        }
        let context = self.context(to, new_key, &new.name, &new.class, new.subject.as_ref());
        Ok(Some(self.seal_under(&under, &context, &plain)?))
    }
}

/// How the outcome of a request says what stays: how many records of each category, and why.
pub(super) fn stays(pseudonymised: &BTreeMap<Name, u64>) -> impl Iterator<Item = (u64, String)> {
    pseudonymised.iter().map(|(category, count)| {
        (*count, format!("kept under a pseudonym: operational records (category `{category}`)"))
    })
}
