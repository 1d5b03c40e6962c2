//! Wrapped keys in SQLite.

use std::fmt;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::file::{Failure, reading, to_column, to_limit, to_moment, to_version, writing};
use crate::contracts::{
    EpochRow, EpochState, Expected, KeyState, KeyStore, KeyVersion, ProviderKeyId, ScopeRow, Standing,
    StoreError, Tombstone,
};
use crate::core::place::Scope;

/// Wrapped keys and epochs, in the key file.
#[derive(Clone)]
pub struct SqliteKeys(pub(super) Shared);

impl fmt::Debug for SqliteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteKeys(…)")
    }
}

impl KeyStore for SqliteKeys {
    async fn scope(&self, scope: &Scope) -> Result<Option<ScopeRow>, StoreError> {
        reading(&self.0, "read a scope's keys", |db| {
            let name = scope.to_bytes();
            let found = db
                .prepare_cached("SELECT name, scope, version, closed, minimum FROM scopes WHERE name = ?")?
                .query_row([name], head)
                .optional()?;
            found.map(|head| head.with_keys(db)).transpose()
        })
    }

    async fn put_scope(&self, row: ScopeRow, expected: Expected) -> Result<(), StoreError> {
        writing(&self.0, "put a scope's keys", |db| {
            let name = row.scope.to_bytes();
            let (version, closed) = (to_column(row.version), row.closed.map(|at| at.to_rfc3339()));
            let changed = match expected {
                Expected::Absent => {
                    let scope = serde_json::to_string(&row.scope).map_err(Failure::corrupt)?;
                    db.prepare_cached(
                        "INSERT INTO scopes (name, scope, version, closed, minimum) VALUES (?, ?, ?, ?, ?)
                         ON CONFLICT DO NOTHING",
                    )?
                    .execute((&name, scope, version, closed, row.minimum))?
                }
                Expected::Version(found) => db
                    .prepare_cached(
                        "UPDATE scopes SET version = ?, closed = ?, minimum = ? WHERE name = ? AND version = ?",
                    )?
                    .execute((version, closed, row.minimum, &name, to_column(found)))?,
            };
            if changed != 1 {
                return Err(Failure::Conflict);
            }
            db.prepare_cached("DELETE FROM scope_keys WHERE name = ?")?.execute([&name])?;
            let mut insert = db.prepare_cached(
                "INSERT INTO scope_keys (name, position, number, activated, wrapped, state)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )?;
            for (position, key) in (0_i64..).zip(&row.keys) {
                let (wrapped, state) = match &key.state {
                    KeyState::Live { standing, epoch, wrapped } => {
                        (Some(wrapped), Kept::Live { standing: standing.clone(), epoch: *epoch })
                    }
                    KeyState::Destroyed(tombstone) => (None, Kept::Destroyed(tombstone.clone())),
                };
                let state = serde_json::to_string(&state).map_err(Failure::corrupt)?;
                insert.execute((&name, position, key.number, key.activated.to_rfc3339(), wrapped, state))?;
            }
            Ok(())
        })
    }

    async fn scopes(&self, after: Option<&Scope>, limit: usize) -> Result<Vec<ScopeRow>, StoreError> {
        reading(&self.0, "list scopes", |db| {
            // No encoding of a scope is empty: everything comes after nothing.
            let after = after.map(Scope::to_bytes).unwrap_or_default();
            let mut statement = db.prepare_cached(
                "SELECT name, scope, version, closed, minimum FROM scopes WHERE name > ? ORDER BY name LIMIT ?",
            )?;
            let heads: Vec<Head> =
                statement.query_map((after, to_limit(limit)), head)?.collect::<Result<_, _>>()?;
            heads.into_iter().map(|head| head.with_keys(db)).collect()
        })
    }

    async fn epochs(&self) -> Result<Vec<EpochRow>, StoreError> {
        reading(&self.0, "list epochs", |db| {
            let mut statement = db.prepare_cached(
                "SELECT number, version, provider_key, opened, wrapped, effective, moving FROM epochs ORDER BY number",
            )?;
            let mut rows = statement.query([])?;
            let mut epochs = Vec::new();
            while let Some(row) = rows.next()? {
                let effective: Option<String> = row.get(5)?;
                epochs.push(EpochRow {
                    number: row.get(0)?,
                    version: to_version(row.get(1)?),
                    provider_key: ProviderKeyId::new(row.get::<_, String>(2)?),
                    opened: to_moment(&row.get::<_, String>(3)?)?,
                    moving: serde_json::from_str(&row.get::<_, String>(6)?).map_err(Failure::corrupt)?,
                    state: match effective {
                        Some(at) => EpochState::Destroyed { effective: to_moment(&at)? },
                        None => EpochState::Active { wrapped: row.get(4)? },
                    },
                });
            }
            Ok(epochs)
        })
    }

    async fn put_epoch(&self, row: EpochRow, expected: Expected) -> Result<(), StoreError> {
        writing(&self.0, "put an epoch", |db| {
            let (wrapped, effective) = match &row.state {
                EpochState::Active { wrapped } => (Some(wrapped), None),
                EpochState::Destroyed { effective } => (None, Some(effective.to_rfc3339())),
            };
            let (version, provider_key, opened) =
                (to_column(row.version), row.provider_key.as_str(), row.opened.to_rfc3339());
            let moving = serde_json::to_string(&row.moving).map_err(Failure::corrupt)?;
            let changed = match expected {
                Expected::Absent => db
                    .prepare_cached(
                        "INSERT INTO epochs (version, provider_key, opened, wrapped, effective, moving, number)
                         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    )?
                    .execute((version, provider_key, opened, wrapped, effective, moving, row.number))?,
                Expected::Version(found) => db
                    .prepare_cached(
                        "UPDATE epochs SET version = ?, provider_key = ?, opened = ?, wrapped = ?, effective = ?,
                         moving = ? WHERE number = ? AND version = ?",
                    )?
                    .execute((
                        version,
                        provider_key,
                        opened,
                        wrapped,
                        effective,
                        moving,
                        row.number,
                        to_column(found),
                    ))?,
            };
            if changed == 1 { Ok(()) } else { Err(Failure::Conflict) }
        })
    }
}

/// A state without its key, as the column `state` holds it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kept {
    Live { standing: Standing, epoch: u32 },
    Destroyed(Tombstone),
}

/// A scope's row without its keys.
struct Head {
    name: Vec<u8>,
    scope: String,
    version: i64,
    closed: Option<String>,
    minimum: u32,
}

fn head(row: &rusqlite::Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head {
        name: row.get(0)?,
        scope: row.get(1)?,
        version: row.get(2)?,
        closed: row.get(3)?,
        minimum: row.get(4)?,
    })
}

impl Head {
    fn with_keys(self, db: &Connection) -> Result<ScopeRow, Failure> {
        let mut statement = db.prepare_cached(
            "SELECT number, activated, wrapped, state FROM scope_keys WHERE name = ? ORDER BY position",
        )?;
        let mut rows = statement.query([&self.name])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            let state = match serde_json::from_str(&row.get::<_, String>(3)?).map_err(Failure::corrupt)? {
                Kept::Live { standing, epoch } => KeyState::Live { standing, epoch, wrapped: row.get(2)? },
                Kept::Destroyed(tombstone) => KeyState::Destroyed(tombstone),
            };
            let activated = to_moment(&row.get::<_, String>(1)?)?;
            keys.push(KeyVersion { number: row.get(0)?, activated, state });
        }
        Ok(ScopeRow {
            scope: serde_json::from_str(&self.scope).map_err(Failure::corrupt)?,
            version: to_version(self.version),
            keys,
            closed: self.closed.as_deref().map(to_moment).transpose()?,
            minimum: self.minimum,
        })
    }
}
