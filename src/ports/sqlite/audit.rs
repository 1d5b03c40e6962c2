//! The audit trail in SQLite.

use std::fmt;

use rusqlite::{Connection, Params};

use super::Shared;
use super::file::{Failure, reading, to_limit, to_moment, writing};
use crate::contracts::{AuditLog, EntryBody, StoreError, StoredEntry};
use crate::core::audit::Term;

/// The audit trail in the records file. The tables themselves refuse changes, removals and gaps, whoever asks, and let go of bodies from
/// the beginning on alone.
#[derive(Clone)]
pub struct SqliteAudit(pub(super) Shared);

impl fmt::Debug for SqliteAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteAudit(…)")
    }
}

const READ: &str = "SELECT idx, at, body, terms, nodes FROM audit WHERE idx >= ? ORDER BY idx LIMIT ?";
const LAST: &str = "SELECT idx, at, body, terms, nodes FROM audit ORDER BY idx DESC LIMIT 1";
/// CROSS JOIN settles that the terms are walked, in order of index.
const LIST: &str = "
    SELECT a.idx, a.at, a.body, a.terms, a.nodes FROM audit_terms t CROSS JOIN audit a ON a.idx = t.idx
    WHERE t.term = ? AND t.idx >= ? ORDER BY t.idx LIMIT ?";
const OVER: &str = "SELECT idx, terms FROM audit WHERE idx >= ? AND idx < ? ORDER BY idx";
/// Bodies go from the beginning on: the first that is left follows on the last that is gone.
const FIRST_LEFT: &str = "SELECT coalesce(max(idx) + 1, 0) FROM audit WHERE body IS NULL";

impl AuditLog for SqliteAudit {
    async fn append(&self, entries: Vec<StoredEntry>) -> Result<(), StoreError> {
        writing(&self.0, "append to the audit trail", |db| {
            let next = db
                .prepare_cached("SELECT coalesce(max(idx) + 1, 0) FROM audit")?
                .query_row([], |row| row.get::<_, i64>(0))?;
            let mut insert =
                db.prepare_cached("INSERT INTO audit (idx, at, body, terms, nodes) VALUES (?, ?, ?, ?, ?)")?;
            let mut file = db.prepare_cached("INSERT INTO audit_terms (term, idx) VALUES (?, ?)")?;
            for (index, entry) in (next..).zip(&entries) {
                if u64::try_from(index) != Ok(entry.index) {
                    return Err(Failure::Conflict);
                }
                let terms = entry.body.iter().flat_map(|body| &body.terms);
                let filed: Vec<u8> = terms.clone().flat_map(Term::as_bytes).copied().collect();
                let filed = entry.body.as_ref().map(|_| filed);
                insert.execute((
                    index,
                    entry.at.to_rfc3339(),
                    entry.bytes(),
                    filed,
                    entry.nodes.as_flattened(),
                ))?;
                for term in terms {
                    file.execute((term.as_bytes(), index))?;
                }
            }
            Ok(())
        })
    }

    async fn read(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let Ok(from) = i64::try_from(from) else { return Ok(Vec::new()) };
        reading(&self.0, "read the audit trail", |db| entries(db, READ, (from, to_limit(limit))))
    }

    async fn last(&self) -> Result<Option<StoredEntry>, StoreError> {
        reading(&self.0, "read the audit trail", |db| Ok(entries(db, LAST, [])?.pop()))
    }

    async fn list(&self, term: &Term, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let Ok(from) = i64::try_from(from) else { return Ok(Vec::new()) };
        reading(&self.0, "search the audit trail", |db| {
            entries(db, LIST, (term.as_bytes(), from, to_limit(limit)))
        })
    }

    async fn expire(&self, below: u64) -> Result<(), StoreError> {
        let below = i64::try_from(below).unwrap_or(i64::MAX);
        writing(&self.0, "let entries of the audit trail expire", |db| {
            let first: i64 = db.prepare_cached(FIRST_LEFT)?.query_row([], |row| row.get(0))?;
            let over: Vec<(i64, Vec<u8>)> = db
                .prepare_cached(OVER)?
                .query_map((first, below), |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            let mut empty = db.prepare_cached("UPDATE audit SET body = NULL, terms = NULL WHERE idx = ?")?;
            let mut unfile = db.prepare_cached("DELETE FROM audit_terms WHERE term = ? AND idx = ?")?;
            for (index, terms) in over {
                empty.execute([index])?;
                for term in terms.as_chunks::<{ Term::BYTES }>().0 {
                    unfile.execute((term, index))?;
                }
            }
            Ok(())
        })
    }
}

fn entries(db: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<StoredEntry>, Failure> {
    type Columns = (i64, String, Option<Vec<u8>>, Option<Vec<u8>>, Vec<u8>);
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(parameters, |row| Columns::try_from(row))?;
    rows.map(|row| {
        let (index, at, bytes, terms, nodes) = row?;
        // The table takes whole terms and whole hashes alone.
        let terms = terms.unwrap_or_default().as_chunks().0.iter().copied().map(Term::from_bytes).collect();
        Ok(StoredEntry {
            index: index.cast_unsigned(),
            at: to_moment(&at)?,
            body: bytes.map(|bytes| EntryBody { bytes, terms }),
            nodes: nodes.as_chunks().0.to_vec(),
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use rusqlite::types::Value;

    use super::*;
    use crate::ports::sqlite::SqliteFile;

    fn plan(sql: &str) -> String {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SqliteFile::Records.tables()).unwrap();
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let values = vec![Value::Integer(1); statement.parameter_count()];
        let steps =
            statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_listing_walks_its_term_from_where_it_begins() {
        let list = plan(LIST);
        assert!(list.contains("SEARCH t USING PRIMARY KEY (term=? AND idx>?)"), "{list}");
        assert!(list.contains("SEARCH a USING INTEGER PRIMARY KEY (rowid=?)"), "{list}");
        let over = plan(OVER);
        assert!(over.contains("SEARCH audit USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"), "{over}");
        let first = plan(FIRST_LEFT);
        assert!(first.contains("audit_expired"), "{first}");
        for plan in [list, plan(READ), over, plan(LAST)] {
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
