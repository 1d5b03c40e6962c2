//! Opening the files, and what every call on them has in common.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::open_error::{SqliteFile, SqliteOpenError, SqliteOpenErrorKind};
use super::schema::VERSION;
use crate::contracts::{StoreError, Version};

/// How long a call waits for another process's transaction before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes the files that are not there and refuses what must not be; answers their full paths.
pub(super) fn prepare(records: &Path, keys: &Path) -> Result<(PathBuf, PathBuf), SqliteOpenError> {
    let same = || SqliteOpenError::new(SqliteOpenErrorKind::SameFile, SqliteFile::Keys);
    let full =
        |path: &Path, file| std::path::absolute(path).map_err(|e| SqliteOpenError::unavailable(file, e));
    let (records, keys) = (full(records, SqliteFile::Records)?, full(keys, SqliteFile::Keys)?);
    if records == keys {
        return Err(same());
    }
    let records = made(&records).map_err(|e| SqliteOpenError::unavailable(SqliteFile::Records, e))?;
    let keys = made(&keys).map_err(|e| SqliteOpenError::unavailable(SqliteFile::Keys, e))?;
    let metadata = |path: &Path, file| fs::metadata(path).map_err(|e| SqliteOpenError::unavailable(file, e));
    if records == keys
        || same_inode(&metadata(&records, SqliteFile::Records)?, &metadata(&keys, SqliteFile::Keys)?)
    {
        return Err(same());
    }
    if open_to_others(&metadata(&keys, SqliteFile::Keys)?) {
        return Err(SqliteOpenError::new(SqliteOpenErrorKind::OpenToOthers, SqliteFile::Keys));
    }
    Ok((records, keys))
}

fn made(path: &Path) -> io::Result<PathBuf> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    match options.open(path).map(|_: File| ()) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => path.canonicalize(),
    }
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

/// Two names of one file (a hard link) are one file.
#[cfg(unix)]
fn same_inode(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn same_inode(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    false
}

#[cfg(unix)]
fn open_to_others(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o077 != 0
}

#[cfg(not(unix))]
fn open_to_others(_: &fs::Metadata) -> bool {
    false
}

/// Opens one of the files, with its tables.
pub(super) fn connect(path: &Path, file: SqliteFile) -> Result<Connection, SqliteOpenError> {
    let unavailable = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => SqliteOpenError::new(SqliteOpenErrorKind::Foreign, file),
        _ => SqliteOpenError::unavailable(file, error),
    };
    // Without the flag for URIs: a path is a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(unavailable)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(unavailable)?;
    // Before the file is known to be this port's, nothing in it is changed.
    let tables = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unavailable)?;
    match recognise(&tables, file).map_err(unavailable)? {
        Found::Nothing => {
            tables.execute_batch(file.tables()).map_err(unavailable)?;
            tables.pragma_update(None, "application_id", file.mark()).map_err(unavailable)?;
            tables.pragma_update(None, "user_version", VERSION).map_err(unavailable)?;
        }
        Found::Ours => {}
        Found::Refused(kind) => return Err(SqliteOpenError::new(kind, file)),
    }
    tables.commit().map_err(unavailable)?;
    configure(&connection).map_err(unavailable)?;
    Ok(connection)
}

enum Found {
    Nothing,
    Ours,
    Refused(SqliteOpenErrorKind),
}

fn recognise(connection: &Connection, file: SqliteFile) -> rusqlite::Result<Found> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let mark = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let objects = number("SELECT count(*) FROM sqlite_schema")?;
    Ok(match (mark, version, objects) {
        (0, 0, 0) => Found::Nothing,
        (mark, VERSION, _) if mark == file.mark() => Found::Ours,
        (mark, found, _) if mark == file.mark() => {
            Found::Refused(SqliteOpenErrorKind::UnknownVersion { found })
        }
        _ => Found::Refused(SqliteOpenErrorKind::Foreign),
    })
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    // What is deleted or replaced is overwritten in the file, not only unlinked from it.
    connection.pragma_update(None, "secure_delete", "ON")?;
    // A rollback journal, never a write-ahead log. A log keeps the pages of a destroyed key until some later checkpoint, and makes
    // the file alone incomplete, so that a copy of it lacks the last writes. The journal holds the old pages only while a
    // transaction runs and is cut to nothing at its commit. (What the file system's free blocks and the drive keep is beyond
    // SQLite: that is what epochs are for.)
    connection.pragma_update(None, "journal_mode", "TRUNCATE")?;
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if mode != "truncate" {
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            Some(format!("the journal mode stays `{mode}`")),
        ));
    }
    // An acknowledged write has reached the disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // Sorting never spills rows into a temporary file.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Runs `read` on one consistent state of the file.
pub(super) fn reading<T>(
    connection: &Mutex<Connection>,
    during: &'static str,
    read: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
) -> Result<T, StoreError> {
    transact(connection, during, TransactionBehavior::Deferred, read)
}

/// Runs `write` as one transaction, which holds the file's only write lock from its start; an error undoes all of it.
pub(super) fn writing<T>(
    connection: &Mutex<Connection>,
    during: &'static str,
    write: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
) -> Result<T, StoreError> {
    transact(connection, during, TransactionBehavior::Immediate, write)
}

fn transact<T>(
    connection: &Mutex<Connection>,
    during: &'static str,
    behavior: TransactionBehavior,
    act: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
) -> Result<T, StoreError> {
    // A panic inside a transaction has rolled it back: the connection is sound.
    let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = (|| {
        let transaction = connection.transaction_with_behavior(behavior)?;
        let answer = act(&transaction)?;
        transaction.commit()?;
        Ok(answer)
    })();
    answer.map_err(|failure: Failure| failure.during(during))
}

/// Why a transaction was given up.
pub(super) enum Failure {
    Conflict,
    Sqlite(rusqlite::Error),
    Corrupt(Box<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    pub(super) fn corrupt(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Corrupt(source.into())
    }

    fn during(self, during: &'static str) -> StoreError {
        match self {
            Self::Conflict => StoreError::conflict(during),
            Self::Corrupt(source) => StoreError::corrupt(during, source),
            Self::Sqlite(error) if is_corruption(&error) => StoreError::corrupt(during, error),
            Self::Sqlite(error) => StoreError::unavailable(during, error),
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

fn is_corruption(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
    ) || matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// A version as SQLite keeps it: the same 64 bits, compared for equality alone.
pub(super) const fn to_column(version: Version) -> i64 {
    version.number().cast_signed()
}

pub(super) const fn to_version(column: i64) -> Version {
    Version::new(column.cast_unsigned())
}

pub(super) fn to_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn to_moment(text: &str) -> Result<DateTime<Utc>, Failure> {
    text.parse().map_err(Failure::corrupt)
}
