//! Why the key file could not be used.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// The kinds of failure of a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalKeysErrorKind {
    /// It cannot be read, written or locked.
    Io,
    /// It is not a regular file.
    NotAFile,
    /// Group or others can reach it (Unix).
    Exposed {
        /// The permission bits that were found; `0600` is right.
        mode: u32,
    },
    /// A line is not as it should be.
    Malformed {
        /// The number of the line, from 1.
        line: usize,
    },
    /// It is, or would become, larger than is read: 1 MiB, about 10,000 keys.
    TooLarge,
    /// What would have been written could not be read back; nothing was changed.
    Unwritable,
}

/// Why a key file could not be used. Names the file and the line, never a key.
#[derive(Debug)]
pub struct LocalKeysError {
    kind: LocalKeysErrorKind,
    path: PathBuf,
    source: Option<io::Error>,
}

impl LocalKeysError {
    pub(super) fn new(kind: LocalKeysErrorKind, path: &Path) -> Self {
        Self { kind, path: path.to_owned(), source: None }
    }

    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self { kind: LocalKeysErrorKind::Io, path: path.to_owned(), source: Some(source) }
    }

    /// The kind of failure.
    #[must_use]
    pub const fn kind(&self) -> LocalKeysErrorKind {
        self.kind
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for LocalKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.kind {
            LocalKeysErrorKind::Io => write!(f, "the key file `{path}` cannot be used"),
            LocalKeysErrorKind::NotAFile => write!(f, "`{path}` is not a regular file"),
            LocalKeysErrorKind::Exposed { mode } => {
                write!(
                    f,
                    "the key file `{path}` has mode `{mode:04o}`, which others can reach; set it to `0600`"
                )
            }
            LocalKeysErrorKind::Malformed { line } => {
                write!(f, "line {line} of the key file `{path}` is malformed")
            }
            LocalKeysErrorKind::TooLarge => write!(f, "the key file `{path}` is larger than 1 MiB"),
            LocalKeysErrorKind::Unwritable => {
                write!(
                    f,
                    "the key file `{path}` was not changed: what was to be written could not be read back"
                )
            }
        }
    }
}

impl Error for LocalKeysError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn Error + 'static))
    }
}
