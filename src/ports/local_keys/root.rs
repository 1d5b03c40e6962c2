//! Keys that come from one root key, and the root key out of an environment variable.

use std::error::Error;
use std::fmt;

use base64ct::{Base64Url, Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use super::hex;
use crate::crypto::SecretKey;

/// Digits of the random part of a name.
const RANDOM_DIGITS: usize = 32;

/// A root key: keys are derived from it and from their own names, and none can be destroyed while it lives.
pub(super) struct RootKey(SecretKey);

impl RootKey {
    pub(super) const fn new(root: SecretKey) -> Self {
        Self(root)
    }

    /// The name of the key with this random part: whoever has the root key tells its own names from all others.
    pub(super) fn name(&self, random: &str) -> String {
        let mut name = random.to_owned();
        let tag = self.0.derive(&format!("local-keys/id/{random}"));
        hex::push(&mut name, tag.expose().first_chunk::<8>().unwrap_or(&[0; 8]));
        name
    }

    /// The key of that name; `None`: not one of this root key's.
    pub(super) fn key(&self, name: &str) -> Option<SecretKey> {
        let (random, _) = name.split_at_checked(RANDOM_DIGITS)?;
        let own = random.bytes().all(hex::is_digit) && self.name(random) == name;
        own.then(|| self.0.derive(&format!("local-keys/key/{random}")))
    }
}

/// Reads a root key as it stands in an environment variable.
pub(super) fn root_key(text: &[u8]) -> Result<SecretKey, RootKeyErrorKind> {
    let text = std::str::from_utf8(text).map_err(|_| RootKeyErrorKind::NotAKey)?;
    let key = match text.len() {
        64 => hex::key(text),
        43 => base64::<Base64UrlUnpadded>(text),
        44 => base64::<Base64Url>(text),
        _ => None,
    };
    let key = key.ok_or(RootKeyErrorKind::NotAKey)?;
    match key.expose() {
        [first, rest @ ..] if rest.iter().all(|byte| byte == first) => Err(RootKeyErrorKind::Placeholder),
        _ => Ok(key),
    }
}

fn base64<E: Encoding>(text: &str) -> Option<SecretKey> {
    let mut bytes = Zeroizing::new([0; 32]);
    let read = E::decode(text, &mut *bytes).is_ok_and(|read| read.len() == 32);
    read.then(|| SecretKey::copied(&bytes))
}

/// The kinds of failure of a root key in the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootKeyErrorKind {
    /// There is no such variable.
    Missing,
    /// It does not hold 32 bytes in hexadecimal or base64url.
    NotAKey,
    /// It holds one byte over and over: a placeholder.
    Placeholder,
}

/// Why an environment variable gives no root key. Names the variable, and shows nothing of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKeyError {
    kind: RootKeyErrorKind,
    variable: String,
}

impl RootKeyError {
    pub(super) fn new(kind: RootKeyErrorKind, variable: &str) -> Self {
        Self { kind, variable: variable.to_owned() }
    }

    /// The kind of failure.
    #[must_use]
    pub const fn kind(&self) -> RootKeyErrorKind {
        self.kind
    }

    /// The variable's name.
    #[must_use]
    pub fn variable(&self) -> &str {
        &self.variable
    }
}

impl fmt::Display for RootKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variable = &self.variable;
        match self.kind {
            RootKeyErrorKind::Missing => write!(f, "the environment variable `{variable}` is not set"),
            RootKeyErrorKind::NotAKey => write!(
                f,
                "the environment variable `{variable}` holds no key: 64 hexadecimal digits in small letters, or 32 bytes in \
                 base64url, and nothing around them"
            ),
            RootKeyErrorKind::Placeholder => {
                write!(
                    f,
                    "the environment variable `{variable}` holds one byte 32 times: draw a key at random"
                )
            }
        }
    }
}

impl Error for RootKeyError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const URL: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    #[test]
    fn a_key_is_read_in_either_form_and_nothing_else_is() {
        let expected = SecretKey::new(std::array::from_fn(|i| i as u8));
        for text in [HEX.to_owned(), URL.to_owned(), format!("{URL}=")] {
            assert!(root_key(text.as_bytes()).unwrap().ct_eq(&expected), "{text}");
        }
        let wrong = [
            String::new(),
            HEX.to_uppercase(),
            format!("{HEX} "),
            format!("{URL}\n"),
            format!("0x{HEX}"),
            HEX[1..].to_owned(),
            URL[1..].to_owned(),
            format!("{}*", &URL[1..]),
            // Standard base64, and a last digit with bits that no byte has.
            "++//////////////////////////////////////////".to_owned(),
            format!("{}9", &URL[..42]),
        ];
        for text in wrong {
            assert_eq!(root_key(text.as_bytes()).unwrap_err(), RootKeyErrorKind::NotAKey, "{text}");
        }
        assert_eq!(root_key(b"\xff").unwrap_err(), RootKeyErrorKind::NotAKey);
        assert_eq!(root_key("0".repeat(64).as_bytes()).unwrap_err(), RootKeyErrorKind::Placeholder);
        assert_eq!(root_key("A".repeat(43).as_bytes()).unwrap_err(), RootKeyErrorKind::Placeholder);
    }

    /// As the specification derives them; computed with Python's `hmac`.
    #[test]
    fn names_and_keys_are_those_of_the_specification() {
        let root = RootKey::new(SecretKey::new([7; 32]));
        let name = root.name("00112233445566778899aabbccddeeff");
        assert_eq!(name, "00112233445566778899aabbccddeeff22591d792b6c2645");
        let mut key = String::new();
        hex::push(&mut key, root.key(&name).unwrap().expose());
        assert_eq!(key, "df45424d43edc09b8f98ef386738eecf50599d05f5d250104f8c33fcf0673893");
    }

    #[test]
    fn another_root_key_knows_none_of_its_names() {
        let (root, other) = (RootKey::new(SecretKey::new([7; 32])), RootKey::new(SecretKey::new([8; 32])));
        let name = root.name("00112233445566778899aabbccddeeff");
        assert!(root.key(&name).is_some());
        assert!(other.key(&name).is_none());
        for at in 0..name.len() {
            let mut altered = name.clone().into_bytes();
            altered[at] = if altered[at] == b'0' { b'1' } else { b'0' };
            assert!(root.key(std::str::from_utf8(&altered).unwrap()).is_none(), "{at}");
        }
        assert!(root.key(&name.to_uppercase()).is_none());
        assert!(root.key(&name[..47]).is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_or_none(text in ".{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..70)) {
            prop_assert!(RootKey::new(SecretKey::new([7; 32])).key(&text).is_none());
            let _ = root_key(&bytes);
        }
    }
}
