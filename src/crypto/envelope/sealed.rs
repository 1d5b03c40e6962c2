//! An envelope that is kept: as bytes, or as text for databases and formats that want text.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{Envelope, EnvelopeError, MAX_OVERHEAD, MAX_PLAINTEXT_BYTES};

/// An envelope that is kept. Always one that [`Envelope::parse`] reads.
///
/// As text it is base64url without padding (RFC 4648 section 5), in its one form; serde writes the text into what people read (JSON,
/// TOML) and the bytes into everything else.
///
/// # Example: in a column of text, and back
/// ```
/// # use stewardship::Scope;
/// # use stewardship::access::Environment;
/// # use stewardship::id::{Name, RecordId, TenantId};
/// # use stewardship::crypto::{Context, OsEntropy, PlaceKeys, RustCrypto, SecretKey, seal};
/// use stewardship::crypto::SealedValue;
///
/// # let (scope, secret) = (Scope::Tenant("acme".into()), SecretKey::generate(&OsEntropy)?);
/// # let key = PlaceKeys::new(vec![(&scope, 1, &secret)])?.key();
/// # let (tenant, kind, record) = (TenantId::new("acme"), Name::new("order"), RecordId::new("1001"));
/// # let (field, class) = (Name::new("email"), Name::new("buyer.email"));
/// # let here = Context { tenant: &tenant, environment: Environment::Production, connection: None, subject: None, kind: &kind, record: &record, field: &field, class: &class };
/// let sealed = SealedValue::new(seal(&RustCrypto, &OsEntropy, &key, &here, b"ada@example.com")?)?;
/// let text = sealed.to_string();
/// assert!(text.starts_with("AQEB"));
/// assert_eq!(text.parse::<SealedValue>()?, sealed);
/// assert_eq!(serde_json::to_value(&sealed)?, text);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue(Vec<u8>);

impl SealedValue {
    /// Takes the bytes of an envelope.
    ///
    /// # Errors
    /// As [`Envelope::parse`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, EnvelopeError> {
        Envelope::parse(&bytes)?;
        Ok(Self(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Base64url without padding.
impl fmt::Display for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

impl fmt::Debug for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedValue({} bytes)", self.0.len())
    }
}

impl FromStr for SealedValue {
    type Err = SealedValueError;

    fn from_str(text: &str) -> Result<Self, SealedValueError> {
        const LONGEST: usize = (MAX_OVERHEAD + MAX_PLAINTEXT_BYTES).div_ceil(3) * 4;
        if text.len() > LONGEST {
            return Err(SealedValueError::NotBase64Url);
        }
        let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| SealedValueError::NotBase64Url)?;
        Ok(Self::new(bytes)?)
    }
}

/// Why a text is no sealed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealedValueError {
    /// It is not base64url without padding, in its one form; or too long.
    #[error("not base64url without padding (RFC 4648 section 5)")]
    NotBase64Url,
    /// It is, and of something else than an envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

impl Serialize for SealedValue {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(self) } else { to.serialize_bytes(&self.0) }
    }
}

impl<'de> Deserialize<'de> for SealedValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = SealedValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an envelope as base64url without padding")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SealedValue, E> {
                text.parse().map_err(E::custom)
            }
        }
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = SealedValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the bytes of an envelope")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<SealedValue, E> {
                self.visit_byte_buf(bytes.to_vec())
            }

            fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<SealedValue, E> {
                SealedValue::new(bytes).map_err(E::custom)
            }
        }
        if from.is_human_readable() { from.deserialize_str(Text) } else { from.deserialize_byte_buf(Bytes) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IntoDeserializer;
    use serde::de::value::{BytesDeserializer, Error};

    use super::*;
    use crate::crypto::backend::RustCrypto;
    use crate::crypto::entropy::OsEntropy;
    use crate::crypto::envelope::tests::{here, key, three};

    fn sealed(value: &[u8]) -> SealedValue {
        let bytes =
            crate::crypto::seal(&RustCrypto, &OsEntropy, &key(three()), &here().context(), value).unwrap();
        SealedValue::new(bytes).unwrap()
    }

    #[test]
    fn a_text_has_one_form() {
        let text = sealed(b"a value").to_string();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
        for wrong in [format!("{text}="), format!("{text} "), text.replacen('A', "+", 1), String::from("é")]
        {
            assert_eq!(wrong.parse::<SealedValue>(), Err(SealedValueError::NotBase64Url), "{wrong}");
        }
        assert_eq!(
            "AAAA".parse::<SealedValue>().unwrap_err().to_string(),
            "not an envelope of a known format version"
        );
        assert_eq!(
            serde_json::from_str::<SealedValue>("\"AAAA\"").unwrap_err().to_string(),
            "not an envelope of a known format version at line 1 column 6"
        );
        assert!(serde_json::from_str::<SealedValue>("[1, 1]").is_err());
    }

    #[test]
    fn what_is_no_text_format_holds_the_bytes() {
        let sealed = sealed(b"a value");
        let bytes: BytesDeserializer<'_, Error> = sealed.as_bytes().into_deserializer();
        struct Compact<D>(D);
        impl<'de, D: Deserializer<'de>> Deserializer<'de> for Compact<D> {
            type Error = D::Error;
            fn is_human_readable(&self) -> bool {
                false
            }
            fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
                self.0.deserialize_any(visitor)
            }
            serde::forward_to_deserialize_any! {
                bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
                newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
            }
        }
        assert_eq!(SealedValue::deserialize(Compact(bytes)).unwrap(), sealed);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in prop::collection::vec(any::<u8>(), 0..50)) {
            let sealed = sealed(&value);
            prop_assert_eq!(&sealed.to_string().parse::<SealedValue>().unwrap(), &sealed);
            let json = serde_json::to_string(&sealed).unwrap();
            prop_assert_eq!(serde_json::from_str::<SealedValue>(&json).unwrap(), sealed);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[A-Za-z0-9_=-]{0,160}") {
            if let Ok(sealed) = text.parse::<SealedValue>() {
                prop_assert_eq!(sealed.to_string(), text);
            }
        }
    }
}
