//! A [`KeyProvider`] over PKCS#11: keys that are made in a token, work in it, and never leave it.
//!
//! Each key is an AES-256 key of the token (`CKA_SENSITIVE`, not `CKA_EXTRACTABLE`), named by 128 random bits in its `CKA_ID`. Wrapping is
//! AES-GCM inside the token, with the context as additional data: `01 ‖ nonce 12 ‖ ciphertext 32 ‖ tag 16`, 61 bytes.
//!
//! - **Destruction is at once** (`C_DestroyObject`). Two small data objects stay behind, with the moment, so that "destroyed" is told
//!   from "never mine" for good. What the token's own backups hold is for whoever makes them: a token that was cloned or backed up
//!   still has the key there.
//! - **No key commitment.** GCM binds a ciphertext to no single key. An attacker would have to know two keys of the token to use that,
//!   and they never leave it; what is wrapped here is an epoch's key, under which everything is sealed with commitment.
//! - **Nonces** are 96 random bits of the token's. A key wraps the key of one epoch, once.
//! - **Calls block** the thread, one at a time in the process: the futures are ready at the first poll, and one session serves all. The engine calls once per
//!   verb. An asynchronous host that cannot have its executor wait puts the calls on threads of its own (`spawn_blocking`, with
//!   [`stewardship::block_on`] inside, behind a `KeyProvider` of its own).

#![forbid(unsafe_code)]

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use stewardship::contracts::{Destruction, KeyProvider, ProviderError, ProviderErrorKind, ProviderKeyId};
use stewardship::crypto::SecretKey;
use zeroize::Zeroizing;

/// What the objects of this provider are called in the token.
const LABEL: &[u8] = b"stewardship";

/// The notes about a key that goes.
const DESTROYING: &str = "destroying";
const DESTROYED: &str = "destroyed";

const VERSION: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;
const TAG_BITS: u64 = 128;

/// One call into a PKCS#11 library at a time, over every provider of the process: SoftHSM makes objects wrongly, with a general error, where
/// two threads make them at once (its issue 573).
static TURN: Mutex<()> = Mutex::new(());

/// Keys in a PKCS#11 token.
pub struct Pkcs11Keys {
    context: Pkcs11,
    token: String,
    pin: AuthPin,
    /// One session, opened anew after a failure.
    session: Mutex<Option<Session>>,
}

impl Pkcs11Keys {
    /// Loads the PKCS#11 library `module`, and logs in to the token of that label.
    ///
    /// # Errors
    /// The library cannot be loaded, there is no such token, or the PIN is wrong.
    pub fn open(module: impl AsRef<Path>, token: &str, pin: AuthPin) -> Result<Self, Error> {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let context = Pkcs11::new(module)?;
        match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            // Another part of the process uses the same library.
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(error),
        }
        let keys = Self { context, token: token.to_owned(), pin, session: Mutex::default() };
        let session = keys.connect()?;
        *keys.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        Ok(keys)
    }

    fn connect(&self) -> Result<Session, Error> {
        for slot in self.context.get_slots_with_initialized_token()? {
            if self.context.get_token_info(slot)?.label() != self.token {
                continue;
            }
            let session = self.context.open_rw_session(slot)?;
            return match session.login(UserType::User, Some(&self.pin)) {
                // All sessions of a process are logged in together.
                Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
                Err(error) => Err(error),
            };
        }
        Err(Error::Pkcs11(RvError::TokenNotPresent, cryptoki::context::Function::GetSlotList))
    }

    /// Works in the session, and once more in a new one where the token fails: a module that was reset, or that logged the process out,
    /// has forgotten the old one.
    fn with<T>(&self, work: impl Fn(&Session) -> Result<T, Failure>) -> Result<T, ProviderError> {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = &*open {
            match work(session) {
                Err(Failure::Token(_)) => *open = None,
                outcome => return outcome.map_err(ProviderError::from),
            }
        }
        let session = open.insert(self.connect().map_err(ProviderError::unavailable)?);
        let outcome = work(session);
        if let Err(Failure::Token(_)) = outcome {
            *open = None;
        }
        outcome.map_err(ProviderError::from)
    }
}

/// Opens the token that the environment names: the library in `PKCS11_MODULE`, the token's label in `PKCS11_TOKEN`, and the PIN in the
/// file `PKCS11_PIN_FILE` or, where there is none, in `PKCS11_PIN` (which every child of the process inherits).
///
/// # Errors
/// Something of it is missing, or the token does not open.
pub fn from_environment() -> Result<Pkcs11Keys, Box<dyn std::error::Error + Send + Sync>> {
    let value = |name: &str| std::env::var(name).map_err(|_| format!("the variable `{name}` is not set"));
    let pin = match std::env::var_os("PKCS11_PIN_FILE") {
        Some(file) => std::fs::read_to_string(&file)
            .map_err(|error| format!("the PIN in `{}` cannot be read: {error}", file.display()))?,
        None => value("PKCS11_PIN")?,
    };
    let pin = Zeroizing::new(pin);
    let pin = AuthPin::from(pin.trim_end_matches('\n').to_owned());
    Ok(Pkcs11Keys::open(value("PKCS11_MODULE")?, &value("PKCS11_TOKEN")?, pin)?)
}

impl std::fmt::Debug for Pkcs11Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pkcs11Keys({})", self.token)
    }
}

/// Whether a decryption failed because of what was presented. SoftHSM calls a wrong tag a general error, which anything may be: it is one
/// about the ciphertext where the same key opens what it has just sealed.
fn is_refusal(session: &Session, key: ObjectHandle, error: &Error) -> bool {
    let works = || -> Result<bool, Error> {
        let mut nonce = [0; NONCE];
        session.generate_random_slice(&mut nonce)?;
        let (mut again, probe) = (nonce, [0; 32]);
        let gcm = |nonce| GcmParams::new(nonce, b"probe", TAG_BITS.into()).map(Mechanism::AesGcm);
        let sealed = session.encrypt(&gcm(&mut nonce)?, key, &probe)?;
        Ok(session.decrypt(&gcm(&mut again)?, key, &sealed)? == probe)
    };
    match error {
        Error::Pkcs11(RvError::EncryptedDataInvalid | RvError::EncryptedDataLenRange, _) => true,
        Error::Pkcs11(RvError::GeneralError, _) => works().unwrap_or(false),
        _ => false,
    }
}

/// Why a piece of work ended: the token failed, or this is the answer.
enum Failure {
    Token(Error),
    Answer(ProviderErrorKind),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Token(error)
    }
}

impl From<Failure> for ProviderError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Token(error) => Self::unavailable(error),
            Failure::Answer(kind) => Self::new(kind),
        }
    }
}

/// What the token knows of a name.
enum Known {
    Live(ObjectHandle),
    /// A destruction was begun, and not finished: the key works no more, and may still be there.
    Doomed,
    /// It is gone since then.
    Destroyed(DateTime<Utc>),
}

/// The name of a key: 16 bytes, which the token keeps as its `CKA_ID`.
struct Name([u8; 16]);

impl Name {
    fn parse(id: &ProviderKeyId) -> Option<Self> {
        let digits = id.as_str().strip_prefix("pkcs11:")?;
        let canonical =
            digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        canonical
            .then(|| u128::from_str_radix(digits, 16).ok())
            .flatten()
            .map(|number| Self(number.to_be_bytes()))
    }

    fn to_id(&self) -> ProviderKeyId {
        ProviderKeyId::new(format!("pkcs11:{:032x}", u128::from_be_bytes(self.0)))
    }

    fn keys(&self) -> [Attribute; 3] {
        [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::Label(LABEL.to_vec()),
            Attribute::Id(self.0.to_vec()),
        ]
    }

    /// A data object about the key: `destroying` before it goes, `destroyed` (with the moment as its value) after.
    fn note(&self, word: &str) -> [Attribute; 3] {
        let label = format!("{word} {}", self.to_id());
        [
            Attribute::Class(ObjectClass::DATA),
            Attribute::Application(LABEL.to_vec()),
            Attribute::Label(label.into_bytes()),
        ]
    }

    fn write_note(&self, session: &Session, word: &str, value: &str) -> Result<(), Error> {
        let mut template = self.note(word).to_vec();
        template.extend([
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Value(value.as_bytes().to_vec()),
        ]);
        session.create_object(&template).map(drop)
    }
}

/// Looks a name up. What was noted counts before a key: the key may be left of a destruction that was begun.
fn known(session: &Session, id: &ProviderKeyId) -> Result<(Name, Known), Failure> {
    let not_mine = Failure::Answer(ProviderErrorKind::NotMine);
    let Some(name) = Name::parse(id) else { return Err(not_mine) };
    let mut moments = Vec::new();
    for note in session.find_objects(&name.note(DESTROYED))? {
        let value = session.get_attributes(note, &[AttributeType::Value])?;
        moments.extend(value.iter().filter_map(moment));
    }
    // Of two that raced the first: both had destroyed the key by then.
    if let Some(at) = moments.into_iter().min() {
        return Ok((name, Known::Destroyed(at)));
    }
    if !session.find_objects(&name.note(DESTROYING))?.is_empty() {
        return Ok((name, Known::Doomed));
    }
    match session.find_objects(&name.keys())?.into_iter().next() {
        Some(key) => Ok((name, Known::Live(key))),
        None => Err(not_mine),
    }
}

fn moment(value: &Attribute) -> Option<DateTime<Utc>> {
    match value {
        Attribute::Value(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}

fn live(session: &Session, id: &ProviderKeyId) -> Result<ObjectHandle, Failure> {
    match known(session, id)? {
        (_, Known::Live(key)) => Ok(key),
        (_, Known::Doomed | Known::Destroyed(_)) => Err(Failure::Answer(ProviderErrorKind::Destroyed)),
    }
}

impl KeyProvider for Pkcs11Keys {
    async fn create(&self) -> Result<ProviderKeyId, ProviderError> {
        self.with(|session| {
            let mut name = Name([0; 16]);
            session.generate_random_slice(&mut name.0)?;
            let mut template = name.keys().to_vec();
            template.extend([
                Attribute::KeyType(KeyType::AES),
                Attribute::ValueLen(32.into()),
                Attribute::Token(true),
                Attribute::Private(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::Modifiable(false),
                Attribute::Encrypt(true),
                Attribute::Decrypt(true),
                Attribute::Wrap(false),
                Attribute::Unwrap(false),
            ]);
            session.generate_key(&Mechanism::AesKeyGen, &template)?;
            Ok(name.to_id())
        })
    }

    async fn wrap(
        &self,
        id: &ProviderKeyId,
        secret: &SecretKey,
        context: &[u8],
    ) -> Result<Vec<u8>, ProviderError> {
        self.with(|session| {
            let key = live(session, id)?;
            let mut nonce = [0; NONCE];
            session.generate_random_slice(&mut nonce)?;
            let mut wrapped = [&[VERSION][..], &nonce].concat();
            let params = GcmParams::new(&mut nonce, context, TAG_BITS.into())?;
            wrapped.extend(session.encrypt(&Mechanism::AesGcm(params), key, secret.expose())?);
            Ok(wrapped)
        })
    }

    async fn unwrap(
        &self,
        id: &ProviderKeyId,
        wrapped: &[u8],
        context: &[u8],
    ) -> Result<SecretKey, ProviderError> {
        self.with(|session| {
            let key = live(session, id)?;
            let refused = || Failure::Answer(ProviderErrorKind::Refused);
            let (&[version], rest) = wrapped.split_first_chunk().ok_or_else(refused)?;
            let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or_else(refused)?;
            if version != VERSION || sealed.len() != 32 + TAG {
                return Err(refused());
            }
            let mut nonce = *nonce;
            let params = GcmParams::new(&mut nonce, context, TAG_BITS.into())?;
            let secret = match session.decrypt(&Mechanism::AesGcm(params), key, sealed) {
                Ok(secret) => Zeroizing::new(secret),
                Err(error) if is_refusal(session, key, &error) => return Err(refused()),
                Err(error) => return Err(error.into()),
            };
            let secret: Zeroizing<[u8; 32]> = Zeroizing::new((**secret).try_into().map_err(|_| refused())?);
            Ok(SecretKey::new(*secret))
        })
    }

    async fn destroy(&self, id: &ProviderKeyId, now: DateTime<Utc>) -> Result<Destruction, ProviderError> {
        self.with(|session| {
            // A note first, the moment last: a crash in between leaves a key that works no more, and a destruction that the next call
            // finishes and dates.
            let (name, known) = known(session, id)?;
            match known {
                Known::Destroyed(at) => return Ok(Destruction::Effective(at)),
                Known::Live(_) => name.write_note(session, DESTROYING, "")?,
                Known::Doomed => {}
            }
            for key in session.find_objects(&name.keys())? {
                match session.destroy_object(key) {
                    // Another was faster.
                    Ok(()) | Err(Error::Pkcs11(RvError::ObjectHandleInvalid, _)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            name.write_note(session, DESTROYED, &now.to_rfc3339())?;
            Ok(Destruction::Effective(now))
        })
    }
}
