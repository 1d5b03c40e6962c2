//! Why the key file could not be used.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// The kinds of failure of a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalKeysErrorKind {
    /// It is not there. [`create_file`](super::LocalKeys::create_file) makes one, where that is no mistake.
    Missing,
    /// Something is there already, which is not overwritten.
    Exists,
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
    Malformed(BadLine),
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

    /// As [`io`](Self::io), of a file that is read: whether it is there at all is told apart.
    pub(super) fn missing(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| {
            let kind = match source.kind() {
                io::ErrorKind::NotFound => LocalKeysErrorKind::Missing,
                _ => LocalKeysErrorKind::Io,
            };
            Self { kind, path: path.to_owned(), source: Some(source) }
        }
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
            LocalKeysErrorKind::Missing => {
                write!(
                    f,
                    "there is no key file `{path}`; where it is the first start, make one with `create_file`"
                )
            }
            LocalKeysErrorKind::Exists => {
                write!(f, "`{path}` is there already, and no key file is made over it")
            }
            LocalKeysErrorKind::Io => write!(f, "the key file `{path}` cannot be used"),
            LocalKeysErrorKind::NotAFile => write!(f, "`{path}` is not a regular file"),
            LocalKeysErrorKind::Exposed { mode } => {
                write!(
                    f,
                    "the key file `{path}` has mode `{mode:04o}`, which others can reach; set it to `0600`"
                )
            }
            LocalKeysErrorKind::Malformed(bad) => write!(f, "the key file `{path}` is malformed: {bad}"),
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

/// The first line of a key file that is not as it should be. Shows nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLine {
    line: usize,
    problem: LineProblem,
}

impl BadLine {
    pub(super) const fn new(line: usize, problem: LineProblem) -> Self {
        Self { line, problem }
    }

    /// The number of the line, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// What is wrong with it.
    #[must_use]
    pub const fn problem(&self) -> LineProblem {
        self.problem
    }
}

/// What is wrong with a line of a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineProblem {
    /// The whole is larger than is read.
    TooLong,
    /// It is not the first line of this format.
    Title,
    /// It does not begin with an identifier and a space.
    Identifier,
    /// Its identifier stands in a line before.
    Repeated,
    /// It holds neither a key nor a tombstone.
    Key,
    /// Its moment is none, or is written in another form.
    Moment,
    /// It should be the last, which tells that the file is whole.
    CutOff,
    /// The digest is not that of the lines before.
    Digest,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.problem {
            LineProblem::TooLong => "the whole is larger than 1 MiB",
            LineProblem::Title => "`stewardship-local-keys 1` is expected",
            LineProblem::Identifier => "it does not begin with an identifier of 32 digits",
            LineProblem::Repeated => "its identifier stands in a line before",
            LineProblem::Key => "neither a key of 64 digits nor a tombstone follows",
            LineProblem::Moment => "its moment is none, or is written in another form",
            LineProblem::CutOff => "the last line is expected, which tells that the file is whole",
            LineProblem::Digest => {
                "the digest is not that of the lines before: they were changed, or some are missing"
            }
        };
        write!(f, "line {}: {problem}", self.line)
    }
}

impl Error for BadLine {}
