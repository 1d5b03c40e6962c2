//! The blind index kept up: entries follow their values, the tenant's newest key, and what the policy declares.

use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroizing;

use super::find::{Entered, Text, index_of, stored};
use super::keyring::{KeyError, KeySession};
use super::managed::MANAGED_PAGE;
use super::open::{OpenError, place_of};
use super::steward::Steward;
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{Expected, IndexEntry, Ports, RecordKey, RecordQuery, RecordRow, RecordStore};
use crate::core::classification::{FieldSpec, RecordSpec};
use crate::core::id::{Name, TenantId};
use crate::core::place::Scope;
use crate::crypto::SecretKey;

/// What became of entries of the blind index that were made under an older key, or another declaration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reindexed {
    /// Entries that were made anew.
    pub made: u64,
    /// Entries that went: their value is gone, its key is destroyed, or it has no normal form of what its class declares now.
    pub dropped: u64,
    /// Entries that stay as they are, because their value does not open, and nobody can say what becomes of it.
    pub unopened: u64,
}

impl Reindexed {
    fn add(&mut self, other: Self) {
        self.made += other.made;
        self.dropped += other.dropped;
        self.unopened += other.unopened;
    }
}

impl<P: Ports> Steward<P> {
    /// Makes every entry of the blind index anew that was made under an older key of its tenant, or under another declaration of its class
    /// than the policy's. What is up to date is not opened.
    ///
    /// It reads the records of kinds that something is found by, a page at a time. It may be stopped anywhere and called again. Every
    /// [`sweep`](Self::sweep) does it too. An older key has to live until this is done, or what was entered under it is found no more.
    ///
    /// It adds no entry where there is none: a record that was stored before its field had `find_by` is found once it is put again.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn reindex(&self) -> Result<Reindexed, Trouble> {
        let mut done = Reindexed::default();
        let kinds: BTreeMap<&str, &RecordSpec> =
            self.inner.map.records().iter().map(|record| (record.kind, record)).collect();
        for (kind, record) in kinds {
            let fields: Vec<&FieldSpec> = record.fields.iter().filter(|field| field.find_by).collect();
            if !fields.is_empty() {
                done.add(self.reindex_kind(kind, &fields).await?);
            }
        }
        Ok(done)
    }

    async fn reindex_kind(&self, kind: &str, fields: &[&FieldSpec]) -> Result<Reindexed, Trouble> {
        let (mut done, mut after) = (Reindexed::default(), None::<RecordKey>);
        let query = RecordQuery { kind: Some(Name::new(kind)), ..RecordQuery::default() };
        let (mut keys, mut newest) = (self.keys(), None::<(TenantId, SecretKey)>);
        loop {
            let page = self.inner.ports.records().list(&query, after.as_ref(), MANAGED_PAGE).await?;
            for row in page.iter().filter(|row| !row.index.is_empty()) {
                let tenant = &row.key.tenant;
                // Rows come tenant by tenant: one key at a time is enough.
                if newest.as_ref().is_none_or(|(of, _)| of != tenant) {
                    let live = keys.live(&Scope::Tenant(tenant.clone())).await?;
                    newest = live.into_iter().next().map(|(_, key)| (tenant.clone(), key));
                }
                if let Some((_, key)) = &newest
                    && !self.stale(row, key, fields).is_empty()
                {
                    done.add(self.reindex_row(&mut keys, &row.key, key, fields).await?);
                }
            }
            if page.len() < MANAGED_PAGE {
                return Ok(done);
            }
            after = page.last().map(|row| row.key.clone());
        }
    }

    async fn reindex_row(
        &self,
        keys: &mut KeySession<'_, P>,
        key: &RecordKey,
        tenant_key: &SecretKey,
        fields: &[&FieldSpec],
    ) -> Result<Reindexed, Trouble> {
        let store = self.inner.ports.records();
        for _ in 0..ATTEMPTS {
            let Some(mut row) = store.fetch(key).await? else { return Ok(Reindexed::default()) };
            let (mut done, mut next) = (Reindexed::default(), row.index.clone());
            for spec in self.stale(&row, tenant_key, fields) {
                let find_by = self.policy().find_by(spec.class.id);
                let made = match keys.text(&row, spec).await? {
                    Opened::Text(text) => find_by.normal(&text).ok().map(|normal| IndexEntry {
                        field: Name::new(&*spec.name),
                        tag: index_of(tenant_key, row.key.kind.as_str(), spec, &find_by).entry(&normal),
                    }),
                    Opened::Gone => None,
                    Opened::No => {
                        done.unopened += 1;
                        continue;
                    }
                };
                next.retain(|entry| entry.field != *spec.name);
                match made {
                    Some(entry) => {
                        next.push(entry);
                        done.made += 1;
                    }
                    None => done.dropped += 1,
                }
            }
            if done.made + done.dropped == 0 {
                return Ok(done);
            }
            next.sort();
            row.index = next;
            let expected = Expected::Version(row.version);
            row.version = expected.next();
            if unless_conflict(store.put(row, expected).await)? {
                return Ok(done);
            }
        }
        Err(Trouble::Contention { during: "make an index entry anew" })
    }

    /// The fields of a record that have an entry which was not made under this key and the policy's declaration.
    fn stale<'f>(&self, row: &RecordRow, key: &SecretKey, fields: &[&'f FieldSpec]) -> Vec<&'f FieldSpec> {
        let is_stale = |spec: &&FieldSpec| {
            let mut entries = row.index.iter().filter(|entry| entry.field == *spec.name).peekable();
            entries.peek().is_some() && {
                let index = index_of(key, row.key.kind.as_str(), spec, &self.policy().find_by(spec.class.id));
                entries.any(|entry| !index.is_of(&entry.tag))
            }
        };
        fields.iter().copied().filter(is_stale).collect()
    }

    /// The entries of a row in which values were changed: those of the changed fields are made anew.
    pub(super) async fn corrected_index(
        &self,
        keys: &mut KeySession<'_, P>,
        row: &RecordRow,
        changed: &BTreeMap<Name, Zeroizing<Vec<u8>>>,
    ) -> Result<Vec<IndexEntry>, KeyError> {
        let stays = |entry: &&IndexEntry| !changed.contains_key(&entry.field);
        let mut index: BTreeSet<IndexEntry> = row.index.iter().filter(stays).cloned().collect();
        let spec = self.inner.map.kind(row.key.kind.as_str());
        for (field, value) in changed {
            let spec = spec.and_then(|spec| spec.field(field.as_str())).filter(|spec| spec.find_by);
            if let Some(spec) = spec
                && let Entered::Entry(entry) =
                    keys.entry(&row.key.tenant, row.key.kind.as_str(), spec, value).await?
            {
                index.insert(entry);
            }
        }
        Ok(index.into_iter().collect())
    }
}

/// What became of the text of a stored field.
enum Opened {
    /// It is this.
    Text(Zeroizing<String>),
    /// It is not there any more, or its key is not.
    Gone,
    /// It does not open.
    No,
}

impl<P: Ports> KeySession<'_, P> {
    async fn text(&mut self, row: &RecordRow, spec: &FieldSpec) -> Result<Opened, Trouble> {
        let Some(field) = stored(row, spec) else { return Ok(Opened::Gone) };
        match self.open_field(&place_of(row), &row.key, field).await {
            Ok(plain) => Ok(match Text::of(&plain) {
                Text::Some(text) => Opened::Text(text),
                Text::Missing | Text::Other => Opened::Gone,
            }),
            Err(OpenError::Key(KeyError::Destroyed { .. })) => Ok(Opened::Gone),
            Err(OpenError::Trouble(trouble)) => Err(trouble),
            Err(_) => Ok(Opened::No),
        }
    }
}
