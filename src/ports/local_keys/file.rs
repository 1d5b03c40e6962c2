//! The key file: read whole, written whole, never in between.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::{LocalKeysError, LocalKeysErrorKind};
use super::table::{MAX_TEXT_BYTES, Table};

/// A key file on disk. Holds no key in memory.
pub(super) struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// Takes the file at `path`, which must be there.
    pub(super) fn open(path: &Path) -> Result<Self, LocalKeysError> {
        let file = Self { path: resolved(path).map_err(LocalKeysError::missing(path))? };
        file.read()?;
        Ok(file)
    }

    /// Makes an empty file at `path`, where nothing is; of several that try at once one succeeds.
    pub(super) fn create(path: &Path) -> Result<Self, LocalKeysError> {
        let failed = LocalKeysError::io(path);
        let file = Self { path: resolved(path).map_err(&failed)? };
        let _turn = file.lock()?;
        match fs::metadata(&file.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
            Ok(_) => return Err(file.error(LocalKeysErrorKind::Exists)),
        }
        file.write(&Table::default())?;
        Ok(file)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the keys. Takes no lock: the file is replaced as a whole.
    pub(super) fn read(&self) -> Result<Table, LocalKeysError> {
        let failed = LocalKeysError::missing(&self.path);
        // Asked before opening, which would wait for ever at a named pipe.
        if !fs::metadata(&self.path).map_err(&failed)?.is_file() {
            return Err(self.error(LocalKeysErrorKind::NotAFile));
        }
        let mut file = File::open(&self.path).map_err(&failed)?;
        let metadata = file.metadata().map_err(&failed)?;
        if let Some(mode) = exposed(&metadata) {
            return Err(self.error(LocalKeysErrorKind::Exposed { mode }));
        }
        if metadata.len() > MAX_TEXT_BYTES as u64 {
            return Err(self.error(LocalKeysErrorKind::TooLarge));
        }
        // The full size at once: a buffer that grows would leave keys behind.
        let mut text = Zeroizing::new(vec![0; usize::try_from(metadata.len()).unwrap_or(0)]);
        file.read_exact(&mut text).map_err(&failed)?;
        Table::parse(&text).map_err(|bad| self.error(LocalKeysErrorKind::Malformed(bad)))
    }

    /// Changes the keys, one writer at a time. Where `with` fails, nothing is written; where this returns, what `with` left, changed
    /// or not, is on the disk.
    pub(super) fn change<T, E>(
        &self,
        with: impl FnOnce(&mut Table) -> Result<T, E>,
    ) -> Result<Result<T, E>, LocalKeysError> {
        let _turn = self.lock()?;
        let mut table = self.read()?;
        let before = table.to_text();
        let outcome = with(&mut table);
        if outcome.is_ok() {
            if table.to_text() == before {
                // An earlier writer may have died between renaming and forcing the folder to the disk.
                self.sync_folder()?;
            } else {
                self.write(&table)?;
            }
        }
        Ok(outcome)
    }

    /// Replaces the file: a crash at any point leaves the old one or the new one.
    fn write(&self, table: &Table) -> Result<(), LocalKeysError> {
        let text = table.to_text();
        if text.len() > MAX_TEXT_BYTES {
            return Err(self.error(LocalKeysErrorKind::TooLarge));
        }
        if Table::parse(text.as_bytes()).is_err() {
            return Err(self.error(LocalKeysErrorKind::Unwritable));
        }
        let beside = self.beside("new");
        let failed = LocalKeysError::io(&beside);
        match fs::remove_file(&beside) {
            // What a writer that died left behind.
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let mut file = private().write(true).create_new(true).open(&beside).map_err(&failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(&failed)?;
        fs::rename(&beside, &self.path).map_err(LocalKeysError::io(&self.path))?;
        self.sync_folder()
    }

    /// Waits for this writer's turn, which ends when the file that is returned is dropped.
    fn lock(&self) -> Result<File, LocalKeysError> {
        let path = self.beside("lock");
        let failed = LocalKeysError::io(&path);
        let file = private().write(true).create(true).truncate(false).open(&path).map_err(&failed)?;
        file.lock().map_err(&failed)?;
        Ok(file)
    }

    /// Forces the folder to the disk, and with it the renaming of a file. Other systems than Unix have no such call.
    fn sync_folder(&self) -> Result<(), LocalKeysError> {
        #[cfg(unix)]
        if let Some(folder) = self.path.parent() {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(LocalKeysError::io(folder))?;
        }
        Ok(())
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or(OsStr::new("")).to_owned();
        name.push(".");
        name.push(suffix);
        self.path.with_file_name(name)
    }

    fn error(&self, kind: LocalKeysErrorKind) -> LocalKeysError {
        LocalKeysError::new(kind, &self.path)
    }
}

/// The file behind links, so that renaming replaces the file and not the link; whole, so that a change of folder does not move it.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder =
                path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
            Ok(fs::canonicalize(folder)?.join(name))
        }
        outcome => outcome,
    }
}

/// For files that their owner alone can reach, from the first moment on.
fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "other systems have no mode"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The permission bits, where group or others have any.
#[cfg(unix)]
fn exposed(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
const fn exposed(_: &fs::Metadata) -> Option<u32> {
    None
}
