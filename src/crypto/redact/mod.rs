//! Redactors: what of a value may be seen where the value may not, as the policy says for its class.

mod by_class;
mod seen;
#[cfg(test)]
mod tests;
mod view;

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use self::by_class::ByClass;
use self::seen::{Seen, email_domain, last_four, text_of};
pub use self::view::{Redacted, RedactedRecord};
use super::key::SecretKey;
use super::mac;
use crate::core::classification::{ClassSpec, Classified, DataClass, FieldValue, Level, Opaque, Record};
use crate::core::id::{Name, TenantId};
use crate::core::policy::{Policy, Redact};

/// The redactors of a policy: for every class, what is shown in place of its values.
///
/// A class says it as `redact` in its `[classes.…]` table. What says nothing is **erased**, and so is what cannot be redacted as it
/// says: a pseudonym without a key, the domain of what is no e-mail address, a class that the policy does not know.
///
/// | `redact` | shows |
/// |---|---|
/// | `erase` | nothing (`null` in serde's output) |
/// | `constant` | `***`, for every value of every class |
/// | `tag` | `<creator.email>`, for every value of the class |
/// | `pseudonym` | `p1:` and 32 hexadecimal digits: see [`ValuePseudonym`] |
/// | `email-domain` | `…@example.com` |
/// | `last-four` | `…1111`, of eight characters or more |
/// | `show` | the value, as JSON; only up to Internal |
///
/// None keeps the length of the value, and none behaves otherwise under test.
///
/// # Example: an order in a log
/// ```
/// # use stewardship::{Classified, Policy};
/// # let policy = Policy::from_toml(include_str!("../../../examples/policies/complete.toml"))?;
/// use stewardship::crypto::Redactors;
/// stewardship::classes! {
///     CreatorEmail: Confidential in "creators" = "creator.email";
///     PlatformToken: Restricted in "connected_platform" = "platform.token";
/// }
///
/// let redactors = Redactors::new(&policy);
/// let email: Classified<String, CreatorEmail> = "ada@example.com".to_owned().into();
/// let token: Classified<String, PlatformToken> = "secret".to_owned().into();
/// assert_eq!(redactors.value(&email).to_string(), "…@example.com");
/// assert!(!redactors.value(&token).to_string().contains("secret"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Redactors {
    classes: ByClass<Redactor>,
    key: Option<u32>,
}

/// How the values of one class are shown.
struct Redactor {
    redact: Redact,
    pseudonyms: Option<Keyed>,
}

/// HMAC states under the key of a class, each behind the byte that says what follows: a text, or the JSON of something else. So no two
/// values have one message, and a text goes in as it is.
struct Keyed {
    text: Hmac<Sha256>,
    json: Hmac<Sha256>,
}

impl Keyed {
    fn new(class_key: &[u8; 32]) -> Self {
        let behind = |byte: u8| {
            let mut mac = mac::keyed(class_key);
            mac.update(&[byte]);
            mac
        };
        Self { text: behind(b't'), json: behind(b'j') }
    }

    fn of_text(&self, text: &str) -> [u8; 16] {
        cut(&self.text, text.as_bytes())
    }

    fn of(&self, value: &Opaque<'_>) -> Option<[u8; 16]> {
        if let Some(text) = value.text() {
            return Some(self.of_text(text));
        }
        let json = value.json().ok()?;
        // What is a text as JSON is one, whatever type holds it.
        if json.first() == Some(&b'"') {
            return text_of(value).map(|text| self.of_text(&text));
        }
        Some(cut(&self.json, &json))
    }
}

/// The first 128 bits (RFC 2104 section 5) of the HMAC of what the state has taken, and the message behind it.
fn cut(state: &Hmac<Sha256>, message: &[u8]) -> [u8; 16] {
    let full: [u8; 32] = state.clone().chain_update(message).finalize().into_bytes().into();
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = full;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

impl Redactors {
    /// The redactors of a policy, without a key: what is to be a pseudonym is erased.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        Self::with(policy, |_| None, None)
    }

    /// The redactors of a policy for the data of one tenant, with the key for its pseudonyms and the number of that key.
    ///
    /// Each class has a key of its own, derived from `key`, the tenant and the class.
    /// [`Steward::redactors`](crate::Steward::redactors) has a key for each tenant.
    ///
    /// # Example: equal values are told, and only within class, tenant and key
    /// ```
    /// # use stewardship::{Classified, Policy};
    /// # let policy = Policy::from_toml(include_str!("../../../examples/policies/complete.toml"))?;
    /// use stewardship::crypto::{OsEntropy, Redactors, SecretKey};
    /// stewardship::classes! { CreatorHandle: Confidential in "creators" = "creator.handle"; }
    ///
    /// let key = SecretKey::generate(&OsEntropy)?;
    /// let redactors = Redactors::keyed(&policy, &"acme".into(), 1, &key);
    /// let handle = |text: &str| Classified::<String, CreatorHandle>::from(text.to_owned());
    /// assert_eq!(redactors.pseudonym(&handle("@ada")), redactors.pseudonym(&handle("@ada")));
    /// assert_ne!(redactors.pseudonym(&handle("@ada")), redactors.pseudonym(&handle("@grace")));
    /// let other = Redactors::keyed(&policy, &"globex".into(), 1, &key);
    /// assert_ne!(redactors.pseudonym(&handle("@ada")), other.pseudonym(&handle("@ada")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn keyed(policy: &Policy, tenant: &TenantId, number: u32, key: &SecretKey) -> Self {
        let derive = |class: &Name| {
            // Lengths in front, so that no class and tenant can be shifted into one another.
            let parts = [class.text().as_bytes(), tenant.text().as_bytes()];
            let [class_length, tenant_length] =
                parts.map(|part| u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            let info: [&[u8]; 5] =
                [b"stewardship/0/redact", &class_length, parts[0], &tenant_length, parts[1]];
            let class_key = mac::expand(key.expose(), &info);
            Some(Keyed::new(&class_key))
        };
        Self::with(policy, derive, Some(number))
    }

    fn with(policy: &Policy, key_of: impl Fn(&Name) -> Option<Keyed>, key: Option<u32>) -> Self {
        let redactor = |(id, class): (&Name, &crate::core::policy::Class)| {
            let redact = class.redact.unwrap_or(Redact::Erase);
            let pseudonyms = if redact == Redact::Pseudonym { key_of(id) } else { None };
            (id.clone(), Redactor { redact, pseudonyms })
        };
        Self { classes: policy.document().classes.iter().map(redactor).collect(), key }
    }

    /// A value, as it may be seen: shown by `Display`, `Debug` and serde.
    pub fn value<'a, T: FieldValue, C: DataClass>(&'a self, value: &'a Classified<T, C>) -> Redacted<'a> {
        Redacted::new(self, ClassSpec::of::<C>(), Opaque::of(value.for_encoding()))
    }

    /// A record, as it may be seen: every field redacted as its class says, under its dotted name.
    ///
    /// Of an enum whose choice is not shown, the variant's fields are not shown either: their names would tell it.
    pub const fn record<'a, R: Record>(&'a self, record: &'a R) -> RedactedRecord<'a, R> {
        RedactedRecord::new(self, record)
    }

    /// The pseudonym of a value; `None` where the class is not one that is shown by pseudonyms, or there is no key.
    #[must_use]
    pub fn pseudonym<T: FieldValue, C: DataClass>(&self, value: &Classified<T, C>) -> Option<ValuePseudonym> {
        self.pseudonym_of(self.classes.get(&ClassSpec::of::<C>())?, &Opaque::of(value.for_encoding()))
    }

    fn pseudonym_of(&self, redactor: &Redactor, value: &Opaque<'_>) -> Option<ValuePseudonym> {
        Some(ValuePseudonym { key: self.key?, bytes: redactor.pseudonyms.as_ref()?.of(value)? })
    }

    /// Hands what may be seen of a value to `show`.
    fn shown<R>(&self, class: &ClassSpec, value: &Opaque<'_>, show: impl FnOnce(Seen<'_>) -> R) -> R {
        let Some(redactor) = self.classes.get(class) else { return show(Seen::Nothing) };
        match redactor.redact {
            Redact::Erase => show(Seen::Nothing),
            Redact::Constant => show(Seen::Text("***")),
            Redact::Tag => show(Seen::Tag(class.id)),
            Redact::Pseudonym => match self.pseudonym_of(redactor, value) {
                Some(pseudonym) => show(Seen::Pseudonym(pseudonym)),
                None => show(Seen::Nothing),
            },
            Redact::EmailDomain => {
                let text = text_of(value);
                show(text.as_deref().and_then(|text| email_domain(text)).map_or(Seen::Nothing, Seen::Domain))
            }
            Redact::LastFour => {
                let text = text_of(value);
                show(text.as_deref().and_then(|text| last_four(text)).map_or(Seen::Nothing, Seen::Tail))
            }
            // The level in code is asked too: a policy that says `show` of a class above Internal is refused when it is loaded.
            Redact::Show if class.level <= Level::Internal => {
                let json = value.json().ok();
                let json = json.as_deref().and_then(|json| std::str::from_utf8(json).ok());
                show(json.map_or(Seen::Nothing, Seen::Json))
            }
            Redact::Show => show(Seen::Nothing),
        }
    }
}

impl fmt::Debug for Redactors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactors").field("classes", &self.classes.len()).field("key", &self.key).finish()
    }
}

/// A pseudonym of a value: HMAC-SHA-256 (RFC 2104) under a key of its class and tenant, cut to 128 bits.
///
/// The message is `t` and the text of what is a text as JSON, or `j` and the JSON of what is none.
///
/// Equal values of a class and a tenant have equal pseudonyms under one key; the number of that key stands in front, so that keys can
/// change. It is personal data for as long as the key exists (GDPR, Art. 4(5) and Recital 26): whoever holds the key can test guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValuePseudonym {
    key: u32,
    bytes: [u8; 16],
}

impl ValuePseudonym {
    /// The number of the key.
    #[must_use]
    pub const fn key(&self) -> u32 {
        self.key
    }

    /// The 128 bits.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.bytes
    }
}

/// `p1:00112233445566778899aabbccddeeff`
impl fmt::Display for ValuePseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}:{:032x}", self.key, u128::from_be_bytes(self.bytes))
    }
}
