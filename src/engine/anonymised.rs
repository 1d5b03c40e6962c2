//! The anonymised view: what records say once nobody is named.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::keyring::KeyError;
use super::open::{OpenError, place_of};
use super::steward::Steward;
use super::trouble::Trouble;
use crate::contracts::{Ports, RecordKey, RecordQuery, RecordRow, RecordStore};
use crate::core::access::{Grant, Shows};
use crate::core::classification::{Level, Record, RecordKind, RecordSpec, from_json};
use crate::core::id::{ConnectionId, Name, TenantId};
use crate::core::place::Place;

/// Most records that one page of a view is made of.
const MOST: usize = 1_000;

/// A page of an anonymised view.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AnonymisedPage {
    /// What the records say, each by the names of its fields; in an order that does not follow the records'.
    pub records: Vec<BTreeMap<Name, Value>>,
    /// Where the next page begins, where there is one.
    pub next: Option<ViewCursor>,
}

/// Where the next page of an anonymised view begins. It shows nothing of the record that it stands at.
#[derive(Clone)]
pub struct ViewCursor(RecordKey);

impl fmt::Debug for ViewCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ViewCursor")
    }
}

impl<P: Ports> Steward<P> {
    /// What the tenant's records of kind `R` say without naming anybody, at most `limit` records (and 1,000) at a time: the one opening
    /// for a grant whose rule obliges to an anonymised view. Any other grant for the whole category may be used for it too.
    ///
    /// A view is of fields of Internal at most, and below what the grant masks; what is above is not decrypted. It leaves out fields by
    /// which records are found (`find_by`), because those identify, and says neither whose a record is nor which one: it cannot be
    /// asked for one person or one record, and its order tells nothing. What a class of Internal holds may still single somebody out
    /// beside what the reader knows (GDPR Recital 26): whoever declares a class Internal answers for that.
    ///
    /// Records under a connection whose authorisation is not live, and those whose keys were destroyed, are left out.
    ///
    /// # Errors
    /// [`OpenError::Grant`] where the grant is for less than the category ([`GrantError::OtherPlace`](crate::access::GrantError::OtherPlace)), or where it has opened all the
    /// records that it may.
    pub async fn open_anonymised<R: Record>(
        &self,
        grant: &Grant<impl Shows>,
        tenant: &TenantId,
        after: Option<&ViewCursor>,
        limit: usize,
    ) -> Result<AnonymisedPage, OpenError> {
        let kind = RecordKind::of::<R>();
        let place = Place::tenant(tenant);
        let up_to = grant.shows_up_to().min(Level::Internal);
        let answer = match self.check_grant(grant, &place, kind.category) {
            Ok(()) => self.check_instruction(grant, kind.category).await,
            Err(refusal) => Err(refusal.into()),
        };
        self.refused(grant, &place, (kind.category, up_to), answer).await?;
        let query = RecordQuery {
            tenant: Some(tenant.clone()),
            kind: Some(Name::new(R::KIND)),
            ..RecordQuery::default()
        };
        let limit = limit.min(MOST);
        let store = self.inner.ports.records();
        let rows = store.list(&query, after.map(|after| &after.0), limit).await.map_err(Trouble::from)?;
        let mut next = rows.last().filter(|_| rows.len() >= limit).map(|row| ViewCursor(row.key.clone()));
        let mut keys = self.keys();
        if !rows.is_empty() {
            self.record_opening(&mut keys, grant, &place, (kind.category, None), up_to).await?;
        }
        let (spec, mut live) = (kind.spec(), BTreeMap::new());
        let (mut records, mut last) = (Vec::with_capacity(rows.len()), after.map(|after| after.0.clone()));
        for row in rows {
            if let Some(connection) = &row.connection
                && !self.is_live_once(&mut live, tenant, connection).await?
            {
                continue;
            }
            if let Err(none_left) = grant.count_opening() {
                if records.is_empty() {
                    return Err(none_left.into());
                }
                next = last.map(ViewCursor);
                break;
            }
            let shown = self.without_names(&mut keys, &spec, up_to, &row).await?;
            records.extend(Some(shown).filter(|shown| !shown.is_empty()));
            last = Some(row.key);
        }
        records.sort_by_cached_key(|record| serde_json::to_string(record).unwrap_or_default());
        Ok(AnonymisedPage { records, next })
    }

    /// The fields of a record that name nobody.
    async fn without_names(
        &self,
        keys: &mut super::keyring::KeySession<'_, P>,
        spec: &RecordSpec,
        up_to: Level,
        row: &RecordRow,
    ) -> Result<BTreeMap<Name, Value>, OpenError> {
        let (place, mut shown) = (place_of(row), BTreeMap::new());
        for field in &row.fields {
            let declared = spec.field(field.name.as_str()).filter(|declared| {
                field.class == *declared.class.id && declared.class.level <= up_to && !declared.find_by
            });
            if declared.is_none() {
                continue;
            }
            match keys.open_field(&place, &row.key, field).await {
                Ok(value) => shown.extend(Some(field.name.clone()).zip(from_json(&value).ok())),
                // Erased, and its row waits for a sweep.
                Err(OpenError::Key(KeyError::Destroyed { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(shown)
    }

    async fn is_live_once(
        &self,
        known: &mut BTreeMap<ConnectionId, bool>,
        tenant: &TenantId,
        connection: &ConnectionId,
    ) -> Result<bool, Trouble> {
        if let Some(live) = known.get(connection) {
            return Ok(*live);
        }
        let live = self.is_live(tenant, connection).await?;
        known.insert(connection.clone(), live);
        Ok(live)
    }
}
