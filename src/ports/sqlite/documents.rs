//! The steward's papers in SQLite.

use std::cmp::Ordering;
use std::fmt;

use rusqlite::{OptionalExtension, Row, named_params};

use super::Shared;
use super::file::{Failure, reading, to_column, to_limit, to_version, writing};
use crate::contracts::{Document, DocumentKey, DocumentKind, DocumentStore, Expected, StoreError};
use crate::core::id::TenantId;

/// The steward's papers in the records file.
#[derive(Clone)]
pub struct SqliteDocuments(pub(super) Shared);

impl fmt::Debug for SqliteDocuments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteDocuments(…)")
    }
}

impl DocumentStore for SqliteDocuments {
    async fn load(&self, key: &DocumentKey) -> Result<Option<Document>, StoreError> {
        reading(&self.0, "load a document", |db| {
            let mut statement = db.prepare_cached(
                "SELECT tenant, id, version, body FROM documents WHERE kind = ? AND tenant = ? AND id = ?",
            )?;
            let name = (key.kind.as_str(), key.tenant.as_str(), &key.id);
            Ok(statement.query_row(name, |row| document(key.kind, row)).optional()?)
        })
    }

    async fn save(&self, document: Document, expected: Expected) -> Result<(), StoreError> {
        writing(&self.0, "save a document", |db| {
            let Document { key, version, body } = &document;
            let (kind, tenant, id) = (key.kind.as_str(), key.tenant.as_str(), &key.id);
            let version = to_column(*version);
            let changed = match expected {
                Expected::Absent => db
                    .prepare_cached(
                        "INSERT INTO documents (kind, tenant, id, version, body) VALUES (?, ?, ?, ?, ?)
                         ON CONFLICT DO NOTHING",
                    )?
                    .execute((kind, tenant, id, version, body))?,
                Expected::Version(found) => db
                    .prepare_cached(
                        "UPDATE documents SET version = ?, body = ?
                         WHERE kind = ? AND tenant = ? AND id = ? AND version = ?",
                    )?
                    .execute((version, body, kind, tenant, id, to_column(found)))?,
            };
            if changed == 1 { Ok(()) } else { Err(Failure::Conflict) }
        })
    }

    async fn list(
        &self,
        kind: DocumentKind,
        tenant: Option<&TenantId>,
        after: Option<&DocumentKey>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        // Kinds are ordered as they are declared; the column is ordered as text. The order across kinds is settled here.
        let after = match after.map(|after| (after.kind.cmp(&kind), after)) {
            Some((Ordering::Greater, _)) => return Ok(Vec::new()),
            Some((Ordering::Equal, after)) => Some(after),
            Some((Ordering::Less, _)) | None => None,
        };
        reading(&self.0, "list documents", |db| {
            let mut sql = "SELECT tenant, id, version, body FROM documents WHERE kind = :kind".to_owned();
            if tenant.is_some() {
                sql.push_str(" AND tenant = :tenant");
            } else {
                sql.push_str(" AND :tenant IS NULL");
            }
            if after.is_some() {
                sql.push_str(" AND (tenant, id) > (:after_tenant, :after_id)");
            } else {
                sql.push_str(" AND :after_tenant IS NULL AND :after_id IS NULL");
            }
            sql.push_str(" ORDER BY tenant, id LIMIT :limit");
            let mut statement = db.prepare_cached(&sql)?;
            let parameters = named_params! {
                ":kind": kind.as_str(),
                ":tenant": tenant.map(TenantId::as_str),
                ":after_tenant": after.map(|after| after.tenant.as_str()),
                ":after_id": after.map(|after| &after.id),
                ":limit": to_limit(limit),
            };
            let documents = statement.query_map(parameters, |row| document(kind, row))?;
            Ok(documents.collect::<Result<_, _>>()?)
        })
    }
}

fn document(kind: DocumentKind, row: &Row<'_>) -> rusqlite::Result<Document> {
    Ok(Document {
        key: DocumentKey { kind, tenant: row.get::<_, String>(0)?.into(), id: row.get(1)? },
        version: to_version(row.get(2)?),
        body: row.get(3)?,
    })
}
