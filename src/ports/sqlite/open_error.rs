//! Why the two files could not be opened.

use std::error::Error;
use std::fmt;

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are two files")]
pub enum SqliteFile {
    /// Records, papers and the audit trail.
    Records,
    /// Wrapped keys.
    Keys,
}

impl SqliteFile {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Records => "records file",
            Self::Keys => "key file",
        }
    }
}

/// The kinds of failure that [`Sqlite::open`](super::Sqlite::open) tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqliteOpenErrorKind {
    /// Both paths lead to the same file: a backup of it would hold records and keys.
    SameFile,
    /// Others than the owner may read or write the key file (Unix).
    OpenToOthers,
    /// The file is not this port's, or is the other one of the two.
    Foreign,
    /// The file has a schema version that this version of the crate does not know.
    UnknownVersion {
        /// The version found.
        found: i64,
    },
    /// The file cannot be made, opened or read.
    Unavailable,
}

/// Why the two files could not be opened.
#[derive(Debug)]
pub struct SqliteOpenError {
    kind: SqliteOpenErrorKind,
    file: SqliteFile,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SqliteOpenError {
    pub(super) const fn new(kind: SqliteOpenErrorKind, file: SqliteFile) -> Self {
        Self { kind, file, source: None }
    }

    pub(super) fn unavailable(file: SqliteFile, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: SqliteOpenErrorKind::Unavailable, file, source: Some(source.into()) }
    }

    /// The kind of failure.
    #[must_use]
    pub const fn kind(&self) -> SqliteOpenErrorKind {
        self.kind
    }

    /// The file that it is about.
    #[must_use]
    pub const fn file(&self) -> SqliteFile {
        self.file
    }
}

impl fmt::Display for SqliteOpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_str();
        match self.kind {
            SqliteOpenErrorKind::SameFile => {
                f.write_str("records and keys need a file each, apart from one another")
            }
            SqliteOpenErrorKind::OpenToOthers => {
                write!(f, "the {file} is open to others than its owner; it needs mode `0600`")
            }
            SqliteOpenErrorKind::Foreign => write!(f, "the file is there, and is not a {file} of this crate"),
            SqliteOpenErrorKind::UnknownVersion { found } => {
                write!(f, "the {file} has schema version `{found}`, which this version does not know")
            }
            SqliteOpenErrorKind::Unavailable => write!(f, "the {file} cannot be opened"),
        }
    }
}

impl Error for SqliteOpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
