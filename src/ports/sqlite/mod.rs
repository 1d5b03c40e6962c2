//! The SQLite port: the embedded default, in two files.
//!
//! Records, papers and the audit trail lie in the first; wrapped keys in the second, so that a backup of one never holds the other.
//! Calls block the thread for the length of a transaction; in an async host, put them on a thread made for blocking.

mod audit;
mod documents;
mod file;
mod keys;
mod listing;
mod open_error;
mod records;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

pub use self::audit::SqliteAudit;
pub use self::documents::SqliteDocuments;
pub use self::keys::SqliteKeys;
pub use self::open_error::{SqliteFile, SqliteOpenError, SqliteOpenErrorKind};
pub use self::records::SqliteRecords;
use crate::contracts::Ports;

/// All four stores in two SQLite files. Clones share their connections; several handles, also in several processes, may be open on
/// the same two files.
///
/// # Example: what is written is there after a restart
/// ```
/// use stewardship::contracts::{DocumentKey, DocumentKind, Document, DocumentStore, Expected, Ports, Version, block_on};
/// use stewardship::ports::sqlite::Sqlite;
/// # let folder = tempfile::tempdir()?;
/// # let (records, keys) = (folder.path().join("records.db"), folder.path().join("keys.db"));
/// let ports = Sqlite::open(&records, &keys)?;
/// let key = DocumentKey { kind: DocumentKind::Hold, tenant: "acme".into(), id: "dispute-7".to_owned() };
/// let paper = Document { key: key.clone(), version: Version::FIRST, body: b"{}".to_vec() };
/// block_on(ports.documents().save(paper.clone(), Expected::Absent))?;
/// drop(ports);
///
/// let ports = Sqlite::open(&records, &keys)?;
/// assert_eq!(block_on(ports.documents().load(&key))?, Some(paper));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sqlite {
    records: SqliteRecords,
    keys: SqliteKeys,
    documents: SqliteDocuments,
    audit: SqliteAudit,
    paths: Arc<(PathBuf, PathBuf)>,
}

impl Sqlite {
    /// Opens the two files; makes those that are not there, readable by their owner alone (on Unix).
    ///
    /// Back them up apart. Between writes each file is complete by itself and may be copied.
    ///
    /// # Errors
    /// [`SqliteOpenErrorKind`] names each: both paths lead to one file, others may read the key file, a file is not this port's,
    /// has the other role, or was written by a version of this crate that this one does not know.
    pub fn open(records: impl AsRef<Path>, keys: impl AsRef<Path>) -> Result<Self, SqliteOpenError> {
        let paths = file::prepare(records.as_ref(), keys.as_ref())?;
        let records = Arc::new(Mutex::new(file::connect(&paths.0, SqliteFile::Records)?));
        let keys = Arc::new(Mutex::new(file::connect(&paths.1, SqliteFile::Keys)?));
        Ok(Self {
            documents: SqliteDocuments(Arc::clone(&records)),
            audit: SqliteAudit(Arc::clone(&records)),
            records: SqliteRecords(records),
            keys: SqliteKeys(keys),
            paths: Arc::new(paths),
        })
    }

    /// The file with records, papers and the audit trail.
    #[must_use]
    pub fn records_path(&self) -> &Path {
        &self.paths.0
    }

    /// The file with the wrapped keys.
    #[must_use]
    pub fn keys_path(&self) -> &Path {
        &self.paths.1
    }
}

impl Ports for Sqlite {
    type Records = SqliteRecords;
    type Keys = SqliteKeys;
    type Documents = SqliteDocuments;
    type Audit = SqliteAudit;

    fn records(&self) -> &SqliteRecords {
        &self.records
    }

    fn keys(&self) -> &SqliteKeys {
        &self.keys
    }

    fn documents(&self) -> &SqliteDocuments {
        &self.documents
    }

    fn audit(&self) -> &SqliteAudit {
        &self.audit
    }
}

type Shared = Arc<Mutex<Connection>>;
