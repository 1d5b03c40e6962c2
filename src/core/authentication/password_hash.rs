//! Stored password hashes: only in the PHC string format, only of schemes that are allowed, only above their floors.

use std::fmt;

use phc::{Ident, PasswordHash as Phc};
use secrecy::{ExposeSecret, SecretString};

use crate::core::classification::{Classified, DataClass};

/// A scheme that is allowed for storing passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PasswordScheme {
    /// Argon2id (RFC 9106), version 1.3.
    Argon2id,
    /// scrypt (RFC 7914).
    Scrypt,
    /// PBKDF2 with HMAC-SHA-256 (RFC 8018, NIST SP 800-132): where FIPS 140 is asked for.
    Pbkdf2Sha256,
    /// PBKDF2 with HMAC-SHA-512.
    Pbkdf2Sha512,
}

impl PasswordScheme {
    /// Its name in the PHC string format.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Argon2id => "argon2id",
            Self::Scrypt => "scrypt",
            Self::Pbkdf2Sha256 => "pbkdf2-sha256",
            Self::Pbkdf2Sha512 => "pbkdf2-sha512",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Argon2id, Self::Scrypt, Self::Pbkdf2Sha256, Self::Pbkdf2Sha512]
            .into_iter()
            .find(|scheme| scheme.as_str() == name)
    }
}

/// Costs that are equivalent, from the OWASP Password Storage Cheat Sheet (as of November 2026): Argon2id with one lane, `(t, m in KiB)`. RFC 9106
/// section 4 recommends more (2 GiB with t=1, or 64 MiB with t=3).
const ARGON2ID: [(u32, u32); 5] = [(1, 47_104), (2, 19_456), (3, 12_288), (4, 9_216), (5, 7_168)];

/// The same for scrypt with r=8: `(ln, p)`.
const SCRYPT: [(u32, u32); 5] = [(17, 1), (16, 2), (15, 3), (14, 5), (13, 10)];

/// The same for PBKDF2: iterations.
const PBKDF2_SHA256: u32 = 600_000;
const PBKDF2_SHA512: u32 = 220_000;

/// The fewest bytes of a salt and of a hash: 128 bits each (RFC 9106 section 3.1 and 4; NIST SP 800-132 section 5.1 for the salt).
const LEAST_BYTES: u32 = 16;

/// A password hash for storing: a PHC string of an allowed scheme, whose cost is at or above its floor.
///
/// There is no other way to make one, so a column of this type holds no password in the clear, no bare digest and no cheap hash. Hashing and
/// verifying are the host's, by a crate of its choice (RustCrypto's `argon2`, say); the password goes in [`normalised`](super::normalised).
///
/// bcrypt is refused, though OWASP allows it for legacy systems: its strings (`$2b$`) are not in the PHC format, and it looks at the first 72 bytes of a password,
/// where NIST SP 800-63B-4 section 3.1.1.2 wants the entire password verified. A host with such hashes verifies against them as they are, once, and stores a
/// new hash at the next sign-in.
///
/// `Debug` shows the scheme alone; there is no `Display` and no `Serialize`. The string is wiped when dropped; what the parser holds of it on the stack
/// is not.
///
/// # Example: what is not a costly hash cannot be stored as one
/// ```
/// use stewardship::authentication::PasswordHash;
/// let hash = "$argon2id$v=19$m=19456,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ/iyh7uJ0LO2aLEfrHwTWllSAxT0zRno";
/// assert!(PasswordHash::parse(hash).is_ok());
/// assert!(PasswordHash::parse("hunter2").is_err());
/// let cheap = PasswordHash::parse(&hash.replace("m=19456", "m=4096")).unwrap_err();
/// assert_eq!(cheap.to_string(), "the parameter `m` of `argon2id` is 4096, and its floor 19456");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Example: it cannot be printed
/// ```compile_fail,E0277
/// let hash = stewardship::authentication::PasswordHash::parse("…").unwrap();
/// println!("{hash}");
/// ```
///
/// # Example: it cannot be serialised
/// ```compile_fail,E0277
/// let hash = stewardship::authentication::PasswordHash::parse("…").unwrap();
/// serde_json::to_string(&hash);
/// ```
pub struct PasswordHash {
    scheme: PasswordScheme,
    phc: SecretString,
}

impl PasswordHash {
    /// The longest string that is read, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// Reads a PHC string.
    ///
    /// # Errors
    /// [`PasswordHashError`], which holds nothing of the text but a parameter's value: where a password in the clear was given, it is not shown.
    pub fn parse(phc: &str) -> Result<Self, PasswordHashError> {
        let malformed = PasswordHashError::of(PasswordHashErrorKind::NotPhc);
        if phc.len() > Self::MAX_BYTES {
            return Err(malformed);
        }
        let parsed = Phc::new(phc).map_err(|_| malformed)?;
        let scheme = PasswordScheme::named(parsed.algorithm.as_str())
            .ok_or(PasswordHashError::of(PasswordHashErrorKind::Scheme))?;
        let named = Parameters { scheme, phc: &parsed };
        named.each_once()?;
        let one_of = |allowed: &[&str]| named.only(allowed);
        match scheme {
            PasswordScheme::Argon2id => {
                one_of(&["m", "t", "p"])?;
                named.at_least("v", parsed.version, 19)?;
                let t = named.decimal("t")?;
                named.at_least("t", Some(t), 1)?;
                let floor =
                    ARGON2ID.iter().filter(|(passes, _)| *passes <= t).map(|(_, memory)| *memory).min();
                named.at_least("m", Some(named.decimal("m")?), floor.unwrap_or(u32::MAX))?;
                named.at_least("p", Some(named.decimal("p")?), 1)?;
            }
            PasswordScheme::Scrypt => {
                one_of(&["ln", "r", "p"])?;
                let ln = named.decimal("ln")?;
                named.at_least("ln", Some(ln), 13)?;
                named.at_least("r", Some(named.decimal("r")?), 8)?;
                let floor = SCRYPT.iter().filter(|(cost, _)| *cost <= ln).map(|(_, lanes)| *lanes).min();
                named.at_least("p", Some(named.decimal("p")?), floor.unwrap_or(u32::MAX))?;
            }
            PasswordScheme::Pbkdf2Sha256 | PasswordScheme::Pbkdf2Sha512 => {
                one_of(&["i", "l"])?;
                let sha256 = scheme == PasswordScheme::Pbkdf2Sha256;
                let floor = if sha256 { PBKDF2_SHA256 } else { PBKDF2_SHA512 };
                named.at_least("i", Some(named.decimal("i")?), floor)?;
            }
        }
        let bytes = |bytes: &[u8]| u32::try_from(bytes.len()).ok();
        named.at_least("salt", parsed.salt.as_deref().and_then(bytes), LEAST_BYTES)?;
        named.at_least(
            "hash",
            parsed.hash.as_ref().map(phc::Output::as_bytes).and_then(bytes),
            LEAST_BYTES,
        )?;
        Ok(Self { scheme, phc: SecretString::from(phc) })
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> PasswordScheme {
        self.scheme
    }

    /// The string, for the crate that verifies passwords against it.
    #[must_use]
    pub fn expose_phc(&self) -> &str {
        self.phc.expose_secret()
    }

    /// The string as a value of a class, for a record: `Restricted`, as the policy declares authenticators.
    ///
    /// # Example: stored as a classified value, read back as a hash
    /// ```
    /// use stewardship::authentication::PasswordHash;
    /// stewardship::classes! { Hashed: Restricted in "account" = "account.password_hash"; }
    /// let phc = "$scrypt$ln=17,r=8,p=1$gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ/iyh7uJ0LO2aLEfrHwTWllSAxT0zRno";
    /// let stored = PasswordHash::parse(phc)?.classified::<Hashed>();
    /// assert_eq!(format!("{stored:?}"), "<account.password_hash: restricted>");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn classified<C: DataClass>(&self) -> Classified<String, C> {
        Classified::new(self.expose_phc().to_owned())
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({})", self.scheme.as_str())
    }
}

/// The parameters of a string, and the scheme that they are looked at for.
struct Parameters<'a> {
    scheme: PasswordScheme,
    phc: &'a Phc,
}

impl Parameters<'_> {
    /// None stands twice: which of the two counts is another matter to every reader.
    fn each_once(&self) -> Result<(), PasswordHashError> {
        let names = || self.phc.params.iter().map(|(name, _)| name);
        let repeated = names().any(|name| names().filter(|other| *other == name).count() > 1);
        if repeated { Err(PasswordHashError::of(PasswordHashErrorKind::NotPhc)) } else { Ok(()) }
    }

    /// None but these: what another means is not known, and it might make the hash cheaper.
    fn only(&self, allowed: &[&str]) -> Result<(), PasswordHashError> {
        let known = |name: Ident| allowed.contains(&name.as_str());
        if self.phc.params.iter().all(|(name, _)| known(name)) {
            return Ok(());
        }
        Err(PasswordHashError::of(PasswordHashErrorKind::UnknownParameter))
    }

    fn decimal(&self, parameter: &'static str) -> Result<u32, PasswordHashError> {
        self.phc.params.get_decimal(parameter).ok_or(self.missing(parameter))
    }

    fn at_least(
        &self,
        parameter: &'static str,
        value: Option<u32>,
        floor: u32,
    ) -> Result<(), PasswordHashError> {
        let scheme = self.scheme;
        match value {
            None => Err(self.missing(parameter)),
            Some(value) if value < floor => Err(PasswordHashError::of(PasswordHashErrorKind::BelowFloor {
                scheme,
                parameter,
                value,
                floor,
            })),
            Some(_) => Ok(()),
        }
    }

    const fn missing(&self, parameter: &'static str) -> PasswordHashError {
        PasswordHashError::of(PasswordHashErrorKind::Missing { scheme: self.scheme, parameter })
    }
}

/// In what way a text is no hash that may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordHashErrorKind {
    /// It is not in the PHC string format: a password in the clear, a bare digest, a string of bcrypt or of `crypt`.
    NotPhc,
    /// Its scheme is not one of [`PasswordScheme`].
    Scheme,
    /// It holds a parameter that its scheme does not have.
    UnknownParameter,
    /// A parameter, the salt or the hash itself is missing.
    Missing {
        /// The scheme.
        scheme: PasswordScheme,
        /// The parameter's name; `v`, `salt` and `hash` among them.
        parameter: &'static str,
    },
    /// A guess costs less than it should.
    BelowFloor {
        /// The scheme.
        scheme: PasswordScheme,
        /// The parameter's name; of `salt` and `hash` the bytes are counted.
        parameter: &'static str,
        /// What it is.
        value: u32,
        /// What it is to be at least, with the other parameters as they are.
        floor: u32,
    },
}

/// The text is no hash that may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordHashError {
    kind: PasswordHashErrorKind,
}

impl PasswordHashError {
    const fn of(kind: PasswordHashErrorKind) -> Self {
        Self { kind }
    }

    /// In what way.
    #[must_use]
    pub const fn kind(&self) -> PasswordHashErrorKind {
        self.kind
    }
}

impl fmt::Display for PasswordHashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PasswordHashErrorKind::NotPhc => f.write_str("not a hash in the PHC string format"),
            PasswordHashErrorKind::Scheme => f.write_str("the hash is of a scheme that is not allowed"),
            PasswordHashErrorKind::UnknownParameter => {
                f.write_str("the hash holds a parameter that its scheme does not have")
            }
            PasswordHashErrorKind::Missing { scheme, parameter } => {
                write!(f, "the parameter `{parameter}` of `{}` is missing", scheme.as_str())
            }
            PasswordHashErrorKind::BelowFloor { scheme, parameter, value, floor } => {
                let scheme = scheme.as_str();
                write!(f, "the parameter `{parameter}` of `{scheme}` is {value}, and its floor {floor}")
            }
        }
    }
}

impl std::error::Error for PasswordHashError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TAIL: &str = "gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ/iyh7uJ0LO2aLEfrHwTWllSAxT0zRno";

    fn kind(head: &str) -> Result<PasswordScheme, PasswordHashErrorKind> {
        parse(&format!("{head}${TAIL}"))
    }

    fn parse(text: &str) -> Result<PasswordScheme, PasswordHashErrorKind> {
        PasswordHash::parse(text).map(|hash| hash.scheme()).map_err(|error| error.kind())
    }

    fn below(
        scheme: PasswordScheme,
        parameter: &'static str,
        value: u32,
        floor: u32,
    ) -> Result<PasswordScheme, PasswordHashErrorKind> {
        Err(PasswordHashErrorKind::BelowFloor { scheme, parameter, value, floor })
    }

    #[test]
    fn what_is_no_costly_hash_is_told_apart() {
        use PasswordHashErrorKind::{NotPhc, Scheme, UnknownParameter};
        for text in [
            "",
            "plaintext",
            "$",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            // bcrypt, and what passlib writes for PBKDF2: the modular crypt format, not PHC.
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
            "$1$5pZSV9va$azfrPr6af3Fc7dLblQXVa0",
            &format!("$argon2id$v=19$m=19456,t=2,p=1${TAIL}$more"),
            &format!("$argon2id$v=19$m=19456,t=2,p=1,m=8${TAIL}"),
            &format!(" $argon2id$v=19$m=19456,t=2,p=1${TAIL}"),
            &format!("$argon2id$v=19$m=19456,t=2,p=1${TAIL}{}", "A".repeat(600)),
        ] {
            let found = parse(text);
            assert!(matches!(found, Err(NotPhc | Scheme)), "{text}: {found:?}");
        }
        for scheme in ["md5", "argon2d", "argon2i", "sha256", "ARGON2ID", "2b", "pbkdf2"] {
            let found = kind(&format!("${scheme}$v=19$m=19456,t=2,p=1"));
            assert!(matches!(found, Err(Scheme | NotPhc)), "{scheme}: {found:?}");
        }
        assert_eq!(parse("$md5$v=1$salt"), Err(NotPhc));
        assert_eq!(kind("$md5$i=1"), Err(Scheme));
        assert_eq!(kind("$argon2id$v=19$m=19456,t=2,p=1,keyid=aaaa"), Err(UnknownParameter));
    }

    #[test]
    fn each_parameter_has_a_floor_and_is_named() {
        use PasswordScheme::{Argon2id, Pbkdf2Sha256, Pbkdf2Sha512, Scrypt};
        assert_eq!(kind("$argon2id$v=19$m=19456,t=2,p=1"), Ok(Argon2id));
        assert_eq!(kind("$argon2id$v=19$m=19455,t=2,p=1"), below(Argon2id, "m", 19_455, 19_456));
        assert_eq!(kind("$argon2id$v=19$m=65536,t=0,p=1"), below(Argon2id, "t", 0, 1));
        assert_eq!(kind("$argon2id$v=19$m=65536,t=3,p=0"), below(Argon2id, "p", 0, 1));
        assert_eq!(kind("$argon2id$v=16$m=65536,t=3,p=4"), below(Argon2id, "v", 16, 19));
        // The two choices that RFC 9106 section 4 recommends.
        assert_eq!(kind("$argon2id$v=19$m=2097152,t=1,p=4"), Ok(Argon2id));
        assert_eq!(kind("$argon2id$v=19$m=65536,t=3,p=4"), Ok(Argon2id));
        for (t, m) in [(1, 47_104), (3, 12_288), (4, 9_216), (5, 7_168), (9, 7_168)] {
            assert_eq!(kind(&format!("$argon2id$v=19$m={m},t={t},p=1")), Ok(Argon2id));
            let found = kind(&format!("$argon2id$v=19$m={},t={t},p=1", m - 1));
            assert_eq!(found, below(Argon2id, "m", m - 1, m));
        }
        for (ln, p) in [(17, 1), (16, 2), (15, 3), (14, 5), (13, 10), (20, 1)] {
            assert_eq!(kind(&format!("$scrypt$ln={ln},r=8,p={p}")), Ok(Scrypt));
            let found = kind(&format!("$scrypt$ln={ln},r=8,p={}", p - 1));
            assert_eq!(found, below(Scrypt, "p", p - 1, p));
        }
        assert_eq!(kind("$scrypt$ln=12,r=8,p=99"), below(Scrypt, "ln", 12, 13));
        assert_eq!(kind("$scrypt$ln=17,r=7,p=1"), below(Scrypt, "r", 7, 8));
        assert_eq!(kind("$pbkdf2-sha256$i=600000,l=32"), Ok(Pbkdf2Sha256));
        assert_eq!(kind("$pbkdf2-sha256$i=599999,l=32"), below(Pbkdf2Sha256, "i", 599_999, 600_000));
        assert_eq!(kind("$pbkdf2-sha512$i=220000"), Ok(Pbkdf2Sha512));
        assert_eq!(kind("$pbkdf2-sha512$i=219999"), below(Pbkdf2Sha512, "i", 219_999, 220_000));
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = |head: &str, parameter| {
            let scheme = PasswordScheme::Argon2id;
            assert_eq!(parse(head), Err(PasswordHashErrorKind::Missing { scheme, parameter }), "{head}");
        };
        missing(&format!("$argon2id$v=19$t=2,p=1${TAIL}"), "m");
        missing(&format!("$argon2id$v=19$m=19456,p=1${TAIL}"), "t");
        missing(&format!("$argon2id$v=19$m=19456,t=2${TAIL}"), "p");
        missing(&format!("$argon2id$v=19$m=x,t=2,p=1${TAIL}"), "m");
        missing(&format!("$argon2id$m=19456,t=2,p=1${TAIL}"), "v");
        missing("$argon2id$v=19$m=19456,t=2,p=1", "salt");
        missing("$argon2id$v=19$m=19456,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw", "hash");
        let short = |salt: &str, hash: &str| parse(&format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${hash}"));
        let (salt, hash) = TAIL.split_once('$').unwrap();
        assert_eq!(short(&salt[..20], hash), below(PasswordScheme::Argon2id, "salt", 15, 16));
        assert_eq!(short(salt, &hash[..20]), below(PasswordScheme::Argon2id, "hash", 15, 16));
    }

    #[test]
    fn a_hash_shows_its_scheme_alone() {
        let text = format!("$argon2id$v=19$m=19456,t=2,p=1${TAIL}");
        let hash = PasswordHash::parse(&text).unwrap();
        assert_eq!(format!("{hash:?}"), "PasswordHash(argon2id)");
        assert_eq!(hash.expose_phc(), text);
    }

    proptest! {
        /// Any text whatever gives an answer, and none of it is shown.
        #[test]
        fn no_text_is_shown_and_none_panics(text in "\\PC{0,80}", word in "[G-Z]{6,12}") {
            for text in [text, word.clone(), format!("${word}"), format!("${word}$v=19$m=1${TAIL}"), format!("$argon2id$v=19${word}=1${TAIL}")] {
                let error = PasswordHash::parse(&text).unwrap_err();
                let told = format!("{error} {error:?}");
                prop_assert!(!told.contains(&word));
            }
        }

        /// More of everything is never refused where less was taken.
        #[test]
        fn a_higher_cost_is_never_below_the_floor(m in 1_u32..100_000, t in 0_u32..8, p in 0_u32..5, more in 0_u32..100_000) {
            let taken = |m: u32, t: u32, p: u32| kind(&format!("$argon2id$v=19$m={m},t={t},p={p}")).is_ok();
            if taken(m, t, p) {
                prop_assert!(taken(m + more, t, p) && taken(m, t + more, p) && taken(m, t, p + more));
            }
            let scrypt = |ln: u32, p: u32| kind(&format!("$scrypt$ln={ln},r=8,p={p}")).is_ok();
            let ln = t + 11;
            prop_assert!(!scrypt(ln, p) || scrypt(ln + 1, p) && scrypt(ln, p + 1));
        }
    }
}
