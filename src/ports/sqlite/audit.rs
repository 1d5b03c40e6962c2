//! The audit trail in SQLite.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, Row};

use super::Shared;
use super::file::{Failure, reading, to_limit, writing};
use crate::contracts::{AuditLog, StoreError, StoredEntry};

/// The audit trail in the records file. The table itself refuses changes, removals and gaps, whoever asks.
#[derive(Clone)]
pub struct SqliteAudit(pub(super) Shared);

impl fmt::Debug for SqliteAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteAudit(…)")
    }
}

impl AuditLog for SqliteAudit {
    async fn append(&self, entries: Vec<StoredEntry>) -> Result<(), StoreError> {
        writing(&self.0, "append to the audit trail", |db| {
            let next = next_index(db)?;
            let mut insert = db.prepare_cached("INSERT INTO audit (idx, body, nodes) VALUES (?, ?, ?)")?;
            for (index, entry) in (next..).zip(&entries) {
                if u64::try_from(index) != Ok(entry.index) {
                    return Err(Failure::Conflict);
                }
                insert.execute((index, &entry.body, entry.nodes.as_flattened()))?;
            }
            Ok(())
        })
    }

    async fn read(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let Ok(from) = i64::try_from(from) else { return Ok(Vec::new()) };
        reading(&self.0, "read the audit trail", |db| {
            let mut statement =
                db.prepare_cached("SELECT idx, body, nodes FROM audit WHERE idx >= ? ORDER BY idx LIMIT ?")?;
            Ok(statement.query_map((from, to_limit(limit)), entry)?.collect::<Result<_, _>>()?)
        })
    }

    async fn last(&self) -> Result<Option<StoredEntry>, StoreError> {
        reading(&self.0, "read the audit trail", |db| {
            let mut statement =
                db.prepare_cached("SELECT idx, body, nodes FROM audit ORDER BY idx DESC LIMIT 1")?;
            Ok(statement.query_row([], entry).optional()?)
        })
    }
}

fn next_index(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT coalesce(max(idx) + 1, 0) FROM audit")?.query_row([], |row| row.get(0))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<StoredEntry> {
    let nodes: Vec<u8> = row.get(2)?;
    // The table takes whole hashes alone.
    let nodes = nodes.as_chunks().0.to_vec();
    Ok(StoredEntry { index: row.get::<_, i64>(0)?.cast_unsigned(), body: row.get(1)?, nodes })
}
