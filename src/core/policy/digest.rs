//! A fingerprint of what a policy means, whatever it is written in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::core::hex;

/// What is hashed first: the format's name and version, so that a later format gives other digests.
const DOMAIN: &[u8] = b"stewardship/policy/0\n";

/// SHA-256 (FIPS 180-4) over the meaning of a policy.
///
/// It is taken over the normalised document in canonical JSON (RFC 8785): layout, comments, the order of keys and of rules,
/// and TOML or JSON make no difference; any change of content does. Shown as lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyDigest([u8; 32]);

impl PolicyDigest {
    /// Takes a digest that was stored as bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest as bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first twelve hexadecimal digits, for pages and messages. Never compare by them.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }

    /// Over a document in its serialised form.
    pub(crate) fn of(document: &Value) -> Self {
        let mut canonical = String::new();
        write_canonical(document, &mut canonical);
        Self(Sha256::new().chain_update(DOMAIN).chain_update(canonical).finalize().into())
    }
}

/// RFC 8785 for what a policy holds, whose numbers are small, whole and not negative, and so written as they are: keys in order of their UTF-16 units, no space.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (position, (key, entry)) in sorted.into_iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(entry, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

impl fmt::Display for PolicyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PolicyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyDigest({self})")
    }
}

/// A text that is no digest: not 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a policy digest: 64 lower-case hexadecimal digits are expected")]
pub struct InvalidDigest(());

impl FromStr for PolicyDigest {
    type Err = InvalidDigest;

    /// # Errors
    /// [`InvalidDigest`] for anything but 64 lower-case hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        hex::parse(text).map(Self).ok_or(InvalidDigest(()))
    }
}

impl Serialize for PolicyDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PolicyDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_canonical_form_is_that_of_rfc_8785() {
        // The key order of RFC 8785, section 3.2.3, and escapes of its section 3.2.2.
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh", "1": "One",
            "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        let mut canonical = String::new();
        write_canonical(&value, &mut canonical);
        assert_eq!(
            canonical,
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\
             \"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}"
        );
        let mut escaped = String::new();
        write_canonical(&json!(["\u{20ac}$\u{0f}\nA'B\"\\\\\"/", true, 128]), &mut escaped);
        assert_eq!(escaped, "[\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\",true,128]");
    }

    #[test]
    fn the_digest_is_sha_256_over_domain_and_canonical_form() {
        // printf 'stewardship/policy/0\n{"a":"b"}' | sha256sum
        let digest = PolicyDigest::of(&json!({ "a": "b" }));
        assert_eq!(digest.to_string(), "7d8ae24b5030dcd29e060675f78de0a5eb78e88190443bd2c375577f67ea60bb");
        assert_eq!(digest.short(), "7d8ae24b5030");
    }

    #[test]
    fn a_digest_is_read_back_and_nothing_else_is() {
        let digest = PolicyDigest::of(&json!({}));
        assert_eq!(digest.to_string().parse(), Ok(digest));
        let text = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<PolicyDigest>(&text).unwrap(), digest);
        for bad in
            ["", &digest.short(), &digest.to_string().to_uppercase(), &format!("{digest}0"), &"é".repeat(32)]
        {
            assert_eq!(bad.parse::<PolicyDigest>(), Err(InvalidDigest(())), "{bad}");
        }
    }
}
