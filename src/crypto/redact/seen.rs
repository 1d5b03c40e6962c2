//! What may be seen of a value, and the parts of it that may be.

use std::fmt;

use serde::ser::{Serialize, Serializer};
use serde_json::Value;
use zeroize::Zeroizing;

use super::ValuePseudonym;
use crate::core::classification::{Opaque, from_json};

/// What may be seen of a value.
pub(super) enum Seen<'v> {
    Nothing,
    Text(&'static str),
    Tag(&'static str),
    Pseudonym(ValuePseudonym),
    Domain(&'v str),
    Tail(&'v str),
    Json(&'v str),
}

impl fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, text, after): (&str, &str, &str) = match self {
            Self::Nothing => return Ok(()),
            Self::Pseudonym(pseudonym) => return pseudonym.fmt(f),
            Self::Text(text) => ("", *text, ""),
            Self::Json(json) => ("", *json, ""),
            Self::Tag(class) => ("<", *class, ">"),
            Self::Domain(domain) => ("…@", *domain, ""),
            Self::Tail(tail) => ("…", *tail, ""),
        };
        f.write_str(before)?;
        f.write_str(text)?;
        f.write_str(after)
    }
}

impl Serialize for Seen<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => to.serialize_unit(),
            Self::Json(json) => match serde_json::from_str::<Value>(json) {
                Ok(value) => value.serialize(to),
                Err(_) => to.serialize_unit(),
            },
            other => to.collect_str(other),
        }
    }
}

/// The text that a value is, where it is one.
pub(super) fn text_of(value: &Opaque<'_>) -> Option<Zeroizing<String>> {
    from_json(&value.json().ok()?).ok().map(Zeroizing::new)
}

/// The domain of an e-mail address. Nothing where it is no domain by its characters (RFC 1123 section 2.1): it goes to logs.
pub(super) fn email_domain(address: &str) -> Option<&str> {
    let (local, domain) = address.rsplit_once('@')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    (!local.is_empty() && domain.contains('.') && domain.len() <= 253 && domain.chars().all(plain))
        .then_some(domain)
}

/// The last four characters of a text of at least eight, where they are letters or digits.
pub(super) fn last_four(text: &str) -> Option<&str> {
    let (at, _) = text.char_indices().nth_back(3)?;
    let tail = text.get(at..)?;
    (text.chars().count() >= 8 && tail.chars().all(|c| c.is_ascii_alphanumeric())).then_some(tail)
}
