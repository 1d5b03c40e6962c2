//! The names by which entries speak of somebody, and of what belongs together.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::core::hex;

/// A keyed hash that stands for an identifier: 128 bits, shown as 32 lower-case hexadecimal digits.
///
/// Whoever holds the key can find all entries about an identifier that they know; once the key is destroyed, nobody can
/// (until then it is personal data: GDPR Recital 26).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym([u8; 16]);

impl Pseudonym {
    /// The pseudonym with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, f)
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, f)
    }
}

/// A text that is no [`Pseudonym`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no pseudonym: 32 lower-case hexadecimal digits are")]
pub struct NoPseudonym(());

impl FromStr for Pseudonym {
    type Err = NoPseudonym;

    /// # Errors
    /// Where it is not 32 lower-case hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, NoPseudonym> {
        hex::parse(text).map(Self).ok_or(NoPseudonym(()))
    }
}

impl Serialize for Pseudonym {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pseudonym {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What was done for one request of the host's, under one name: 128 bits, shown as 32 lower-case hexadecimal digits.
///
/// It is read from a `traceparent` (W3C Trace Context, section 3.2), or from a UUID (RFC 9562), so that no text of anybody's gets in by it.
/// [`Steward::during`](crate::Steward::during) puts it into entries.
///
/// # Example: one name in three writings
/// ```
/// use stewardship::audit::RequestId;
/// let named: RequestId = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse()?;
/// assert_eq!(named.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert_eq!(named, "4bf92f3577b34da6a3ce929d0e0e4736".parse()?);
/// assert_eq!(named, "4BF92F35-77B3-4DA6-A3CE-929D0E0E4736".parse()?);
/// assert!("ada@example.com".parse::<RequestId>().is_err());
/// # Ok::<(), stewardship::audit::NoRequestId>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId([u8; 16]);

impl RequestId {
    /// The name with these bytes; `None` where all are 0, which is no trace-id (W3C Trace Context, section 3.2.2.3) and the nil UUID.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        if u128::from_be_bytes(bytes) == 0 { None } else { Some(Self(bytes)) }
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, f)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, f)
    }
}

/// A text that is no [`RequestId`]. It is not shown: it may hold anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it names no request: a `traceparent`, its trace-id, or a UUID does, where not all of it is 0")]
pub struct NoRequestId(());

impl FromStr for RequestId {
    type Err = NoRequestId;

    /// Reads a `traceparent` of any version, a trace-id of it, or a UUID of 36 characters in either case.
    ///
    /// # Errors
    /// Where it is none of them, or all of it is 0.
    fn from_str(text: &str) -> Result<Self, NoRequestId> {
        let bytes = match text.len() {
            32 => hex::parse(text),
            36 => uuid(text),
            _ => trace_id(text).and_then(hex::parse),
        };
        bytes.and_then(Self::from_bytes).ok_or(NoRequestId(()))
    }
}

/// The trace-id of a `traceparent`: `version-traceid-parentid-flags`, and of versions to come what may stand behind.
fn trace_id(text: &str) -> Option<&str> {
    let mut parts = text.splitn(5, '-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let [version] = hex::parse::<1>(version)?;
    let known = hex::parse::<8>(parent)? != [0; 8] && hex::parse::<1>(flags).is_some();
    let more = parts.next().is_some();
    (known && version != 0xff && (version > 0 || !more)).then_some(trace)
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = text.splitn(6, '-').collect();
    if !parts.iter().map(|part| part.len()).eq(lengths) {
        return None;
    }
    hex::parse(&parts.concat().to_ascii_lowercase())
}

fn show(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{:032x}", u128::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_traceparent_its_trace_id_or_a_uuid_names_a_request() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        for good in [
            trace.to_owned(),
            format!("00-{trace}-00f067aa0ba902b7-01"),
            format!("cc-{trace}-00f067aa0ba902b7-01-what-comes-later"),
            "4bf92f35-77b3-4da6-a3ce-929d0e0e4736".to_owned(),
        ] {
            assert_eq!(good.parse::<RequestId>().unwrap().to_string(), trace, "{good}");
        }
        for bad in [
            String::new(),
            "ada@example.com".to_owned(),
            trace.to_uppercase(),
            "0".repeat(32),
            "00000000-0000-0000-0000-000000000000".to_owned(),
            "4bf92f3577b3-4da6-a3ce-929d0e0e4736-x".to_owned(),
            "4bf92f3-577b3-4da6-a3ce-929d0e0e47361".to_owned(),
            format!("ff-{trace}-00f067aa0ba902b7-01"),
            format!("00-{trace}-00f067aa0ba902b7-01-more"),
            format!("00-{trace}-0000000000000000-01"),
            format!("00-{trace}-00f067aa0ba902b7"),
            format!("00-{trace}-00f067aa0ba902b7-0g"),
            format!("{trace}é"),
        ] {
            assert!(bad.parse::<RequestId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pseudonym_is_read_as_it_is_shown() {
        let pseudonym = Pseudonym::from_bytes([0x0a; 16]);
        assert_eq!(pseudonym.to_string().parse(), Ok(pseudonym));
        assert!("0A".repeat(16).parse::<Pseudonym>().is_err());
        assert!("0a".repeat(15).parse::<Pseudonym>().is_err());
        let json = serde_json::to_string(&pseudonym).unwrap();
        assert_eq!(serde_json::from_str::<Pseudonym>(&json).unwrap(), pseudonym);
    }
}
