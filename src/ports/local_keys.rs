//! A key provider without a server: keys in a file of its own, from one root key, or in memory.

mod error;
mod file;
mod hex;
mod root;
mod table;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

pub use self::error::{BadLine, LineProblem, LocalKeysError, LocalKeysErrorKind};
use self::file::KeyFile;
use self::root::RootKey;
pub use self::root::{RootKeyError, RootKeyErrorKind};
use self::table::{Entry, Table};
use crate::contracts::{Destruction, KeyProvider, ProviderError, ProviderErrorKind, ProviderKeyId};
use crate::crypto::{AeadBackend, Entropy, OsEntropy, RustCrypto, SecretKey, unwrap, wrap};

#[doc = include_str!("local_keys/FORMAT.md")]
pub mod format {}

/// Provider keys of one machine: in a file of their own, apart from records and from wrapped keys; or from one root key.
///
/// | Made by | Keeps keys | Destroys them |
/// |---|---|---|
/// | [`create_file`](Self::create_file) once, then [`from_file`](Self::from_file) | in a file | yes |
/// | [`from_key`](Self::from_key), [`from_env`](Self::from_env) | nowhere: they are derived from the root key | **no**: no certificate ever calls a backup of the key store dead because of it |
/// | [`in_memory`](Self::in_memory) | in the process, for tests | yes |
///
/// The file is text in a [specified format](mod@format). It is read at every use and kept in memory no longer than that, so several handles
/// and processes see each other's keys and destructions at once. Writers take turns (a lock on `<file>.lock`), write `<file>.new`
/// beside it, force it to the disk and rename it: a crash leaves the old file or the new one. I/O blocks; its futures are ready at
/// the first poll. It is rare: the engine asks once per epoch.
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
    Root(RootKey),
}

impl LocalKeys {
    /// Makes an empty key file at `path`, readable by its owner alone (mode 0600), in a folder that must exist: once, when the host is set up.
    ///
    /// Apart from [`from_file`](Self::from_file), so that a path with a mistake in it, or a volume that is not mounted, never looks like a
    /// first start: keys would be made where nobody keeps them, and everything sealed before would be without its own.
    ///
    /// # Errors
    /// [`LocalKeysErrorKind::Exists`] where something is there already: of several processes that make it at once, one succeeds. Or it
    /// cannot be made.
    ///
    /// # Example: made once, found from then on
    /// ```
    /// use stewardship::ports::local_keys::{LocalKeys, LocalKeysErrorKind};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("root.key");
    /// assert_eq!(LocalKeys::from_file(&path).unwrap_err().kind(), LocalKeysErrorKind::Missing);
    /// let keys = LocalKeys::create_file(&path)?;
    /// assert_eq!(LocalKeys::create_file(&path).unwrap_err().kind(), LocalKeysErrorKind::Exists);
    /// let keys = LocalKeys::from_file(&path)?;
    /// # drop(keys);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_file(path: impl AsRef<Path>) -> Result<Self, LocalKeysError> {
        KeyFile::create(path.as_ref()).map(|file| Self::new(Home::File(file)))
    }

    /// Keys in the file at `path`, which [`create_file`](Self::create_file) made.
    ///
    /// # Errors
    /// [`LocalKeysErrorKind::Missing`] where there is none; or the file cannot be read, is not a regular file, can be reached by group or
    /// others (Unix), or is malformed.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, LocalKeysError> {
        KeyFile::open(path.as_ref()).map(|file| Self::new(Home::File(file)))
    }

    /// Keys in memory, for tests: with the process they are gone, and with them everything that was sealed.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(Home::Memory(Mutex::default()))
    }

    /// Keys that are derived from `root`, which the host keeps and brings back at every start: 32 bytes drawn at random, no password.
    ///
    /// While the root key lives, every key that ever came from it can be derived again, so none can be destroyed:
    /// [`destroy`](KeyProvider::destroy) answers [`Destruction::Unsupported`], and backups of the key store are dead at the horizon that
    /// the policy gives them and never before. Where erasure has to reach backups, take [`from_file`](Self::from_file) or a KMS.
    /// A key of another root key is [`ProviderErrorKind::NotMine`].
    ///
    /// # Example: the same root key, the same keys
    /// ```
    /// use stewardship::contracts::{Destruction, KeyProvider, block_on};
    /// use stewardship::crypto::{OsEntropy, SecretKey};
    /// use stewardship::ports::local_keys::LocalKeys;
    ///
    /// let root = || SecretKey::new(*b"thirty-two bytes from a vault ..");
    /// let epoch = SecretKey::generate(&OsEntropy)?;
    /// let keys = LocalKeys::from_key(root());
    /// let id = block_on(keys.create())?;
    /// let wrapped = block_on(keys.wrap(&id, &epoch, b"epoch 1"))?;
    ///
    /// let restarted = LocalKeys::from_key(root());
    /// assert!(block_on(restarted.unwrap(&id, &wrapped, b"epoch 1"))?.ct_eq(&epoch));
    /// assert_eq!(block_on(restarted.destroy(&id, "2026-11-22T12:00:00Z".parse()?))?, Destruction::Unsupported);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn from_key(root: SecretKey) -> Self {
        Self::new(Home::Root(RootKey::new(root)))
    }

    /// Keys that are derived from the root key in the environment variable `name`, as by [`from_key`](Self::from_key): 64 hexadecimal
    /// digits in small letters (`openssl rand -hex 32`), or 32 bytes in base64url. It is read once, here.
    ///
    /// **The environment is no safe.** It stays there for the life of the process, and what this makes of it is a copy: every child
    /// that the process starts inherits it, whoever is the same user reads it (Linux: `/proc/<pid>/environ`), and containers, crash
    /// reports and process lists of many platforms show it. Start children without it ([`std::process::Command::env_remove`]), and
    /// prefer a file that the platform mounts.
    ///
    /// # Errors
    /// There is no such variable, or it holds no key. The error never shows the value.
    pub fn from_env(name: &str) -> Result<Self, RootKeyError> {
        let failed = |kind| RootKeyError::new(kind, name);
        let value = std::env::var_os(name).ok_or(failed(RootKeyErrorKind::Missing))?;
        let value = Zeroizing::new(value.into_encoded_bytes());
        root::root_key(&value).map(Self::from_key).map_err(failed)
    }

    /// Reads the text of a key file as [`from_file`](Self::from_file) would, and tells how many keys it holds: for a copy that is
    /// to be relied upon.
    ///
    /// # Errors
    /// The first line that is not of the [format](mod@format). Nothing of the text is shown.
    pub fn inspect(text: &[u8]) -> Result<KeyCount, BadLine> {
        let (live, destroyed) = Table::parse(text)?.count();
        Ok(KeyCount { live, destroyed })
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

    fn read<T>(
        &self,
        id: &ProviderKeyId,
        with: impl Fn(&SecretKey) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        let find = |table: &Table| match table.entry(id.as_str()) {
            Some(Entry::Live(key)) => with(key),
            Some(Entry::Destroyed(_)) => Err(ProviderError::new(ProviderErrorKind::Destroyed)),
            None => Err(ProviderError::new(ProviderErrorKind::NotMine)),
        };
        match &self.home {
            Home::File(file) => find(&file.read().map_err(ProviderError::unavailable)?),
            Home::Memory(table) => find(&table.lock().unwrap_or_else(PoisonError::into_inner)),
            Home::Root(root) => {
                with(&root.key(id.as_str()).ok_or(ProviderError::new(ProviderErrorKind::NotMine))?)
            }
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
        let id = self.fresh_id()?;
        let add = |table: &mut Table| {
            let key = SecretKey::generate(&*self.entropy).map_err(ProviderError::unavailable)?;
            table.add(id.clone(), key).map_err(ProviderError::unavailable)
        };
        match &self.home {
            Home::File(file) => file.change(add).map_err(ProviderError::unavailable)??,
            Home::Memory(table) => add(&mut table.lock().unwrap_or_else(PoisonError::into_inner))?,
            Home::Root(root) => return Ok(ProviderKeyId::new(root.name(&id))),
        }
        Ok(ProviderKeyId::new(id))
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
        let not_mine = || ProviderError::new(ProviderErrorKind::NotMine);
        let destroy = |table: &mut Table| {
            table.destroy(id.as_str(), now).map(Destruction::Effective).ok_or_else(not_mine)
        };
        match &self.home {
            Home::File(file) => file.change(destroy).map_err(ProviderError::unavailable)?,
            Home::Memory(table) => destroy(&mut table.lock().unwrap_or_else(PoisonError::into_inner)),
            Home::Root(root) => root.key(id.as_str()).map(|_| Destruction::Unsupported).ok_or_else(not_mine),
        }
    }
}

impl fmt::Debug for LocalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.home {
            Home::File(file) => write!(f, "LocalKeys({:?})", file.path()),
            Home::Memory(_) => f.write_str("LocalKeys(in memory)"),
            Home::Root(_) => f.write_str("LocalKeys(from a root key)"),
        }
    }
}

/// What a key file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyCount {
    /// Number of keys that live.
    pub live: usize,
    /// Number of keys that were destroyed.
    pub destroyed: usize,
}

#[cfg(test)]
mod tests;
