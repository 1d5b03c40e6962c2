//! The tables of the two files, and the numbers by which a file of this port is known.

use super::open_error::SqliteFile;

/// The schema version that this crate writes (`user_version`). A change of the tables raises it and, from the first release on, brings its migration.
pub(super) const VERSION: i64 = 3;

impl SqliteFile {
    /// The mark of the file (`application_id`): `StwR`, `StwK`.
    pub(super) const fn mark(self) -> i64 {
        match self {
            Self::Records => 0x5374_7752,
            Self::Keys => 0x5374_774B,
        }
    }

    pub(super) const fn tables(self) -> &'static str {
        match self {
            Self::Records => RECORDS,
            Self::Keys => KEYS,
        }
    }
}

/// The side tables carry the record's key, so that a listing through them comes out in key order and is never sorted.
const RECORDS: &str = "
CREATE TABLE records (
    rid        INTEGER PRIMARY KEY,
    tenant     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    version    INTEGER NOT NULL,
    connection TEXT,
    category   TEXT NOT NULL,
    meta       TEXT NOT NULL,
    UNIQUE (tenant, kind, id)
) STRICT;
CREATE INDEX records_by_kind ON records (kind, tenant, id);
CREATE INDEX records_by_connection ON records (connection, tenant, kind, id) WHERE connection IS NOT NULL;
CREATE INDEX records_by_category ON records (category, tenant, kind, id);

CREATE TABLE record_fields (
    rid      INTEGER NOT NULL REFERENCES records (rid) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    class    TEXT NOT NULL,
    subject  TEXT,
    sealed   INTEGER NOT NULL CHECK (sealed IN (0, 1)),
    body     BLOB NOT NULL,
    PRIMARY KEY (rid, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE record_subjects (
    subject TEXT NOT NULL,
    tenant  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    rid     INTEGER NOT NULL REFERENCES records (rid) ON DELETE CASCADE,
    PRIMARY KEY (subject, tenant, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_subjects_by_record ON record_subjects (rid);

-- `occurrence` counts equal entries of one record from 0: a listing looks at the first alone, and so finds each record once.
CREATE TABLE record_index (
    field      TEXT NOT NULL,
    tag        BLOB NOT NULL,
    occurrence INTEGER NOT NULL,
    tenant     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    rid        INTEGER NOT NULL REFERENCES records (rid) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    PRIMARY KEY (field, tag, occurrence, tenant, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_index_by_record ON record_index (rid, position);

CREATE TABLE documents (
    kind    TEXT NOT NULL,
    tenant  TEXT NOT NULL,
    id      TEXT NOT NULL,
    version INTEGER NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (kind, tenant, id)
) STRICT;

-- `terms` holds the entry's terms one after the other: what `audit_terms` has of it, so that it is found when the entry expires.
CREATE TABLE audit (
    idx   INTEGER PRIMARY KEY,
    at    TEXT NOT NULL,
    body  BLOB,
    terms BLOB CHECK (length(terms) % 17 = 0),
    nodes BLOB NOT NULL CHECK (length(nodes) > 0 AND length(nodes) % 32 = 0),
    CHECK ((body IS NULL) = (terms IS NULL))
) STRICT;
CREATE INDEX audit_expired ON audit (idx) WHERE body IS NULL;

CREATE TABLE audit_terms (
    term BLOB NOT NULL CHECK (length(term) = 17),
    idx  INTEGER NOT NULL,
    PRIMARY KEY (term, idx)
) STRICT, WITHOUT ROWID;

-- An entry never changes, but that it expires: its body goes with its terms, after those of all entries before it.
CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
WHEN OLD.body IS NULL OR NEW.body IS NOT NULL OR NEW.idx IS NOT OLD.idx OR NEW.at IS NOT OLD.at OR NEW.nodes IS NOT OLD.nodes
    OR EXISTS (SELECT 1 FROM audit WHERE idx = OLD.idx - 1 AND body IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_never_shrinks BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
-- Also keeps `INSERT OR REPLACE` out, which deletes without a delete trigger.
CREATE TRIGGER audit_has_no_gap BEFORE INSERT ON audit
WHEN NEW.body IS NULL OR NEW.idx IS NOT (SELECT coalesce(max(idx) + 1, 0) FROM audit)
BEGIN SELECT RAISE(ABORT, 'the audit trail has no gaps'); END;
CREATE TRIGGER audit_terms_never_change BEFORE UPDATE ON audit_terms
BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_terms_go_with_their_entry BEFORE DELETE ON audit_terms
WHEN EXISTS (SELECT 1 FROM audit WHERE idx = OLD.idx AND body IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
";

const KEYS: &str = "
CREATE TABLE scopes (
    name    BLOB PRIMARY KEY NOT NULL,
    scope   TEXT NOT NULL,
    version INTEGER NOT NULL,
    closed  TEXT,
    minimum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE scope_keys (
    name      BLOB NOT NULL REFERENCES scopes (name) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    activated TEXT NOT NULL,
    wrapped   BLOB,
    -- A state without its key, as JSON.
    state     TEXT NOT NULL,
    PRIMARY KEY (name, position),
    CHECK ((wrapped IS NULL) = (json_type(state, '$.destroyed') IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE epochs (
    number       INTEGER PRIMARY KEY,
    version      INTEGER NOT NULL,
    provider_key TEXT NOT NULL,
    opened       TEXT NOT NULL,
    wrapped      BLOB,
    effective    TEXT,
    moving       TEXT NOT NULL,
    CHECK ((wrapped IS NULL) <> (effective IS NULL))
) STRICT;
";
