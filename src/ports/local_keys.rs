//! A key provider without a server: keys in a file of its own, or in memory.

mod error;
mod file;
mod table;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

pub use self::error::{LocalKeysError, LocalKeysErrorKind};
use self::file::KeyFile;
use self::table::{Entry, Table};
use crate::contracts::{Destruction, KeyProvider, ProviderError, ProviderErrorKind, ProviderKeyId};
use crate::crypto::{AeadBackend, Entropy, OsEntropy, RustCrypto, SecretKey, unwrap, wrap};

/// Provider keys in a file of their own, apart from records and from wrapped keys; for one machine.
///
/// The file is text: `stewardship-local-keys 0`, then `<id> <key in hexadecimal>` or `<id> destroyed <moment>` a line. It is read at
/// every use and kept in memory no longer than that, so several handles and processes see each other's keys and destructions at
/// once. Writers take turns (a lock on `<file>.lock`), write `<file>.new` beside it, force it to the disk and rename it: a crash
/// leaves the old file or the new one. I/O blocks; its futures are ready at the first poll. It is rare: the engine asks once per epoch.
///
/// # What it cannot promise
/// - **Whoever reads the file reads everything.** On Unix a file that group or others can reach is refused; elsewhere its protection
///   is the host's.
/// - **Copies that it did not make.** A destroyed key comes back with a backup, a snapshot or a copy of the file from before: keep
///   it out of the host's backups, or destroy those as well, and date certificates by them.
/// - **The medium.** Renaming frees the old file's blocks and does not overwrite them; SSDs (wear levelling), journals and
///   copy-on-write file systems keep old blocks for an unknown time (NIST SP 800-88, section 2.4). Use an encrypted volume, or a
///   KMS, where that matters.
/// - **Losing the file** loses everything that was ever sealed.
///
/// # Example: a key that is gone after its destruction
/// ```
/// use stewardship::contracts::{KeyProvider, ProviderErrorKind};
/// use stewardship::crypto::{OsEntropy, SecretKey};
/// use stewardship::ports::local_keys::LocalKeys;
/// # fn ready<T>(future: impl Future<Output = T>) -> T {
/// #     match std::pin::pin!(future).poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
/// #         std::task::Poll::Ready(value) => value,
/// #         std::task::Poll::Pending => unreachable!(),
/// #     }
/// # }
///
/// let keys = LocalKeys::in_memory();
/// let epoch = SecretKey::generate(&OsEntropy)?;
/// let id = ready(keys.create())?;
/// let wrapped = ready(keys.wrap(&id, &epoch, b"epoch 1"))?;
/// assert!(ready(keys.unwrap(&id, &wrapped, b"epoch 1"))?.ct_eq(&epoch));
///
/// ready(keys.destroy(&id, "2026-11-22T12:00:00Z".parse()?))?;
/// let error = ready(keys.unwrap(&id, &wrapped, b"epoch 1")).unwrap_err();
/// assert_eq!(error.kind(), ProviderErrorKind::Destroyed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LocalKeys {
    home: Home,
    backend: Arc<dyn AeadBackend>,
    entropy: Arc<dyn Entropy>,
}

enum Home {
    File(KeyFile),
    Memory(Mutex<Table>),
}

impl LocalKeys {
    /// Keys in the file at `path`. Where there is none, **an empty one is made**, readable by its owner alone (mode 0600), in a folder
    /// that must exist; [`made_file`](Self::made_file) tells. A host that expects its keys to be there should ask.
    ///
    /// # Errors
    /// The file cannot be read or made, is not a regular file, can be reached by group or others (Unix), or is malformed.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, LocalKeysError> {
        KeyFile::open(path.as_ref()).map(|file| Self::new(Home::File(file)))
    }

    /// Keys in memory, for tests: with the process they are gone, and with them everything that was sealed.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(Home::Memory(Mutex::default()))
    }

    fn new(home: Home) -> Self {
        Self { home, backend: Arc::new(RustCrypto), entropy: Arc::new(OsEntropy) }
    }

    /// Wraps with another backend.
    #[must_use]
    pub fn with_backend(self, backend: Arc<dyn AeadBackend>) -> Self {
        Self { backend, ..self }
    }

    /// Draws keys and nonces from another source.
    #[must_use]
    pub fn with_entropy(self, entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy, ..self }
    }

    /// Whether [`from_file`](Self::from_file) found no file and made it.
    #[must_use]
    pub fn made_file(&self) -> bool {
        match &self.home {
            Home::File(file) => file.was_made(),
            Home::Memory(_) => false,
        }
    }

    fn read<T>(
        &self,
        id: &ProviderKeyId,
        with: impl FnOnce(&SecretKey) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        let find = |table: &Table| match table.entry(id.as_str()) {
            Some(Entry::Live(key)) => with(key),
            Some(Entry::Destroyed(_)) => Err(ProviderError::new(ProviderErrorKind::Destroyed)),
            None => Err(ProviderError::new(ProviderErrorKind::NotMine)),
        };
        match &self.home {
            Home::File(file) => find(&file.read().map_err(ProviderError::unavailable)?),
            Home::Memory(table) => find(&table.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    fn change<T>(
        &self,
        with: impl FnOnce(&mut Table) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        match &self.home {
            Home::File(file) => file.change(with).map_err(ProviderError::unavailable)?,
            Home::Memory(table) => with(&mut table.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    fn fresh_id(&self) -> Result<String, ProviderError> {
        let mut id = [0; 16];
        self.entropy.fill(&mut id).map_err(ProviderError::unavailable)?;
        Ok(format!("{:032x}", u128::from_be_bytes(id)))
    }
}

impl KeyProvider for LocalKeys {
    async fn create(&self) -> Result<ProviderKeyId, ProviderError> {
        let (id, key) = (self.fresh_id()?, SecretKey::generate(&*self.entropy));
        let key = key.map_err(ProviderError::unavailable)?;
        self.change(|table| {
            table.add(id.clone(), key).map_err(ProviderError::unavailable)?;
            Ok(ProviderKeyId::new(id))
        })
    }

    async fn wrap(
        &self,
        id: &ProviderKeyId,
        secret: &SecretKey,
        context: &[u8],
    ) -> Result<Vec<u8>, ProviderError> {
        self.read(id, |key| {
            wrap(&*self.backend, &*self.entropy, key, secret, context).map_err(ProviderError::unavailable)
        })
    }

    async fn unwrap(
        &self,
        id: &ProviderKeyId,
        wrapped: &[u8],
        context: &[u8],
    ) -> Result<SecretKey, ProviderError> {
        self.read(id, |key| {
            unwrap(&*self.backend, key, wrapped, context)
                .map_err(|_| ProviderError::new(ProviderErrorKind::Refused))
        })
    }

    async fn destroy(&self, id: &ProviderKeyId, now: DateTime<Utc>) -> Result<Destruction, ProviderError> {
        self.change(|table| {
            let at = table.destroy(id.as_str(), now);
            at.map(Destruction::Effective).ok_or(ProviderError::new(ProviderErrorKind::NotMine))
        })
    }
}

impl fmt::Debug for LocalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.home {
            Home::File(file) => write!(f, "LocalKeys({:?})", file.path()),
            Home::Memory(_) => f.write_str("LocalKeys(in memory)"),
        }
    }
}

#[cfg(test)]
mod tests;
