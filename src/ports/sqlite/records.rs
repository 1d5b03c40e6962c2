//! Records in SQLite.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::file::{Failure, reading, to_column, to_version, writing};
use super::listing::Listing;
use crate::contracts::{
    Expected, FieldBody, IndexEntry, RecordKey, RecordQuery, RecordRow, RecordStore, StoreError, StoredField,
    Version,
};
use crate::core::classification::Level;
use crate::core::id::{ConnectionId, Name, SubjectId};

/// Records, in the records file.
#[derive(Clone)]
pub struct SqliteRecords(pub(super) Shared);

impl fmt::Debug for SqliteRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteRecords(…)")
    }
}

impl RecordStore for SqliteRecords {
    async fn put(&self, row: RecordRow, expected: Expected) -> Result<(), StoreError> {
        writing(&self.0, "put a record", |db| put(db, &row, expected))
    }

    async fn fetch(&self, key: &RecordKey) -> Result<Option<RecordRow>, StoreError> {
        reading(&self.0, "fetch a record", |db| {
            let name = (key.tenant.as_str(), key.kind.as_str(), key.id.as_str());
            let found = db
                .prepare_cached(
                    "SELECT rid, tenant, kind, id, version, connection, category, meta FROM records
                     WHERE tenant = ? AND kind = ? AND id = ?",
                )?
                .query_row(name, head)
                .optional()?;
            found.map(|head| head.with_sides(db)).transpose()
        })
    }

    async fn delete(&self, key: &RecordKey, version: Version) -> Result<(), StoreError> {
        writing(&self.0, "delete a record", |db| {
            let name = (key.tenant.as_str(), key.kind.as_str(), key.id.as_str(), to_column(version));
            let changed = db
                .prepare_cached(
                    "DELETE FROM records WHERE tenant = ? AND kind = ? AND id = ? AND version = ?",
                )?
                .execute(name)?;
            if changed == 1 { Ok(()) } else { Err(Failure::Conflict) }
        })
    }

    async fn list(
        &self,
        query: &RecordQuery,
        after: Option<&RecordKey>,
        limit: usize,
    ) -> Result<Vec<RecordRow>, StoreError> {
        let Some(listing) = Listing::of(query, after, limit) else { return Ok(Vec::new()) };
        reading(&self.0, "list records", |db| {
            let mut statement = db.prepare_cached(&listing.sql)?;
            let heads: Vec<Head> =
                statement.query_map(params_from_iter(listing.values), head)?.collect::<Result<_, _>>()?;
            heads.into_iter().map(|head| head.with_sides(db)).collect()
        })
    }
}

fn put(db: &Connection, row: &RecordRow, expected: Expected) -> Result<(), Failure> {
    let (tenant, kind, id) = (row.key.tenant.as_str(), row.key.kind.as_str(), row.key.id.as_str());
    let meta = serde_json::to_string(&Meta {
        subject: row.subject.clone(),
        level: row.level,
        purpose: row.purpose.clone(),
        platform: row.platform.clone(),
        stored_at: row.stored_at,
        events: row.events.clone(),
    })
    .map_err(Failure::corrupt)?;
    let connection = row.connection.as_ref().map(ConnectionId::as_str);
    let (version, category) = (to_column(row.version), row.category.as_str());
    let written = match expected {
        Expected::Absent => db
            .prepare_cached(
                "INSERT INTO records (version, connection, category, meta, tenant, kind, id)
                 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING rid",
            )?
            .query_row((version, connection, category, meta, tenant, kind, id), |row| row.get::<_, i64>(0))
            .optional()?,
        Expected::Version(found) => db
            .prepare_cached(
                "UPDATE records SET version = ?, connection = ?, category = ?, meta = ?
                 WHERE tenant = ? AND kind = ? AND id = ? AND version = ? RETURNING rid",
            )?
            .query_row((version, connection, category, meta, tenant, kind, id, to_column(found)), |row| {
                row.get::<_, i64>(0)
            })
            .optional()?,
    };
    let rid = written.ok_or(Failure::Conflict)?;
    for sql in [
        "DELETE FROM record_fields WHERE rid = ?",
        "DELETE FROM record_subjects WHERE rid = ?",
        "DELETE FROM record_index WHERE rid = ?",
    ] {
        db.prepare_cached(sql)?.execute([rid])?;
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO record_fields (rid, position, name, class, subject, sealed, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    for (position, field) in (0_i64..).zip(&row.fields) {
        let (sealed, body) = match &field.body {
            FieldBody::Sealed(body) => (true, body),
            FieldBody::Clear(body) => (false, body),
        };
        let subject = field.subject.as_ref().map(SubjectId::as_str);
        insert.execute((rid, position, field.name.as_str(), field.class.as_str(), subject, sealed, body))?;
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO record_subjects (subject, tenant, kind, id, rid) VALUES (?, ?, ?, ?, ?)",
    )?;
    for subject in row.subjects() {
        insert.execute((subject.as_str(), tenant, kind, id, rid))?;
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO record_index (field, tag, occurrence, tenant, kind, id, rid, position)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut seen: HashMap<&IndexEntry, i64> = HashMap::new();
    for (position, entry) in (0_i64..).zip(&row.index) {
        let occurrence = seen.entry(entry).or_insert(0);
        insert.execute((entry.field.as_str(), &entry.tag, *occurrence, tenant, kind, id, rid, position))?;
        *occurrence += 1;
    }
    Ok(())
}

/// What no query asks for.
#[derive(Serialize, Deserialize)]
struct Meta {
    subject: Option<SubjectId>,
    level: Level,
    purpose: Name,
    platform: Option<Name>,
    stored_at: DateTime<Utc>,
    events: BTreeMap<Name, DateTime<Utc>>,
}

/// A record's row in the main table.
struct Head {
    rid: i64,
    key: RecordKey,
    version: Version,
    connection: Option<ConnectionId>,
    category: Name,
    meta: String,
}

fn head(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head {
        rid: row.get(0)?,
        key: RecordKey {
            tenant: row.get::<_, String>(1)?.into(),
            kind: row.get::<_, String>(2)?.into(),
            id: row.get::<_, String>(3)?.into(),
        },
        version: to_version(row.get(4)?),
        connection: row.get::<_, Option<String>>(5)?.map(ConnectionId::from),
        category: row.get::<_, String>(6)?.into(),
        meta: row.get(7)?,
    })
}

impl Head {
    fn with_sides(self, db: &Connection) -> Result<RecordRow, Failure> {
        let meta: Meta = serde_json::from_str(&self.meta).map_err(Failure::corrupt)?;
        let fields = db
            .prepare_cached(
                "SELECT name, class, subject, sealed, body FROM record_fields WHERE rid = ? ORDER BY position",
            )?
            .query_map([self.rid], |row| {
                let body = row.get(4)?;
                Ok(StoredField {
                    name: row.get::<_, String>(0)?.into(),
                    class: row.get::<_, String>(1)?.into(),
                    subject: row.get::<_, Option<String>>(2)?.map(SubjectId::from),
                    body: if row.get(3)? { FieldBody::Sealed(body) } else { FieldBody::Clear(body) },
                })
            })?
            .collect::<Result<_, _>>()?;
        let index = db
            .prepare_cached("SELECT field, tag FROM record_index WHERE rid = ? ORDER BY position")?
            .query_map([self.rid], |row| {
                Ok(IndexEntry { field: row.get::<_, String>(0)?.into(), tag: row.get(1)? })
            })?
            .collect::<Result<_, _>>()?;
        Ok(RecordRow {
            key: self.key,
            version: self.version,
            connection: self.connection,
            subject: meta.subject,
            category: self.category,
            level: meta.level,
            purpose: meta.purpose,
            platform: meta.platform,
            stored_at: meta.stored_at,
            events: meta.events,
            fields,
            index,
        })
    }
}
