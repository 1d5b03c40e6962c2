//! Redactors: what of a value may be seen where the value may not, as the policy says for its class.

use std::collections::HashMap;
use std::fmt;
use std::io;

use hmac::{Hmac, Mac};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::key::SecretKey;
use super::mac;
use crate::core::classification::{
    ClassSpec, Classified, DataClass, FieldValue, Level, Opaque, Path, Record, Visit,
};
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
/// # let policy = Policy::from_toml(include_str!("../../examples/policies/complete.toml"))?;
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
    classes: HashMap<Name, Redactor>,
    key: Option<u32>,
}

/// How the values of one class are shown.
struct Redactor {
    redact: Redact,
    pseudonyms: Option<Hmac<Sha256>>,
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
    /// # let policy = Policy::from_toml(include_str!("../../examples/policies/complete.toml"))?;
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
            let parts = [class.as_str().as_bytes(), tenant.as_str().as_bytes()];
            let [class_length, tenant_length] =
                parts.map(|part| u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            let info: [&[u8]; 5] =
                [b"stewardship/0/redact", &class_length, parts[0], &tenant_length, parts[1]];
            let class_key = mac::expand(key.expose(), &info);
            Some(mac::keyed(&class_key))
        };
        Self::with(policy, derive, Some(number))
    }

    fn with(policy: &Policy, key_of: impl Fn(&Name) -> Option<Hmac<Sha256>>, key: Option<u32>) -> Self {
        let redactor = |(id, class): (&Name, &crate::core::policy::Class)| {
            let redact = class.redact.unwrap_or(Redact::Erase);
            let pseudonyms = if redact == Redact::Pseudonym { key_of(id) } else { None };
            (id.clone(), Redactor { redact, pseudonyms })
        };
        Self { classes: policy.document().classes.iter().map(redactor).collect(), key }
    }

    /// A value, as it may be seen: shown by `Display`, `Debug` and serde.
    pub fn value<'a, T: FieldValue, C: DataClass>(&'a self, value: &'a Classified<T, C>) -> Redacted<'a> {
        Redacted { redactors: self, class: ClassSpec::of::<C>(), value: Opaque::of(value.for_encoding()) }
    }

    /// A record, as it may be seen: every field redacted as its class says, under its dotted name.
    ///
    /// Of an enum whose choice is not shown, the variant's fields are not shown either: their names would tell it.
    pub const fn record<'a, R: Record>(&'a self, record: &'a R) -> RedactedRecord<'a, R> {
        RedactedRecord { redactors: self, record }
    }

    /// The pseudonym of a value; `None` where the class is not one that is shown by pseudonyms, or there is no key.
    #[must_use]
    pub fn pseudonym<T: FieldValue, C: DataClass>(&self, value: &Classified<T, C>) -> Option<ValuePseudonym> {
        let redactor = self.classes.get(C::ID)?;
        self.pseudonym_of(redactor, &Opaque::of(value.for_encoding()))
    }

    fn pseudonym_of(&self, redactor: &Redactor, value: &Opaque<'_>) -> Option<ValuePseudonym> {
        let (key, mut mac) = (self.key?, MacWriter(redactor.pseudonyms.clone()?));
        value.write_json(&mut mac).ok()?;
        let full: [u8; 32] = mac.0.finalize().into_bytes().into();
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = full;
        Some(ValuePseudonym { key, bytes: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] })
    }

    /// Hands what may be seen of a value to `show`.
    fn shown<R>(&self, class: &ClassSpec, value: &Opaque<'_>, show: impl FnOnce(Seen<'_>) -> R) -> R {
        let Some(redactor) = self.classes.get(class.id) else { return show(Seen::Nothing) };
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

/// A pseudonym of a value: HMAC-SHA-256 (RFC 2104) of its JSON under a key of its class and tenant, cut to 128 bits.
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

/// What may be seen of a value.
enum Seen<'v> {
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

/// A value, as it may be seen: made by [`Redactors::value`].
pub struct Redacted<'a> {
    redactors: &'a Redactors,
    class: ClassSpec,
    value: Opaque<'a>,
}

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.redactors.shown(&self.class, &self.value, |seen| seen.fmt(f))
    }
}

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Redacted<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.redactors.shown(&self.class, &self.value, |seen| seen.serialize(to))
    }
}

/// A record, as it may be seen: made by [`Redactors::record`]. In `Debug` and `Display`, `_` stands for what is erased.
pub struct RedactedRecord<'a, R> {
    redactors: &'a Redactors,
    record: &'a R,
}

impl<R: Record> fmt::Debug for RedactedRecord<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(R::KIND);
        let mut field = |name: &str, seen: Seen<'_>| {
            match seen {
                Seen::Nothing => shown.field(name, &format_args!("_")),
                seen => shown.field(name, &format_args!("{seen}")),
            };
        };
        let mut walk = Walk { redactors: self.redactors, field: &mut field };
        self.record.visit(&Path::root(R::KIND), &mut walk);
        shown.finish()
    }
}

impl<R: Record> fmt::Display for RedactedRecord<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl<R: Record> Serialize for RedactedRecord<'_, R> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        let mut failed = Ok(());
        let mut field = |name: &str, seen: Seen<'_>| {
            if failed.is_ok() {
                failed = map.serialize_entry(name, &seen);
            }
        };
        let mut walk = Walk { redactors: self.redactors, field: &mut field };
        self.record.visit(&Path::root(R::KIND), &mut walk);
        failed?;
        map.end()
    }
}

/// Shows every field of a record as it may be seen.
struct Walk<'a> {
    redactors: &'a Redactors,
    field: &'a mut dyn FnMut(&str, Seen<'_>),
}

impl Visit for Walk<'_> {
    fn value(&mut self, path: &Path<'_>, class: ClassSpec, value: Opaque<'_>) {
        self.redactors.shown(&class, &value, |seen| (self.field)(&path.name(), seen));
    }

    fn choice(&mut self, path: &Path<'_>, class: ClassSpec, word: Opaque<'_>) -> bool {
        self.redactors.shown(&class, &word, |seen| {
            let told = matches!(seen, Seen::Json(_));
            (self.field)(&path.name(), seen);
            told
        })
    }
}

/// Takes a value's JSON into the MAC as it is written.
struct MacWriter(Hmac<Sha256>);

impl io::Write for MacWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The text that a value is, where it is one.
fn text_of(value: &Opaque<'_>) -> Option<Zeroizing<String>> {
    serde_json::from_slice(&value.json().ok()?).ok().map(Zeroizing::new)
}

/// The domain of an e-mail address. Nothing where it is no domain by its characters (RFC 1123 section 2.1): it goes to logs.
fn email_domain(address: &str) -> Option<&str> {
    let (local, domain) = address.rsplit_once('@')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    (!local.is_empty() && domain.contains('.') && domain.len() <= 253 && domain.chars().all(plain))
        .then_some(domain)
}

/// The last four characters of a text of at least eight, where they are letters or digits.
fn last_four(text: &str) -> Option<&str> {
    let (at, _) = text.char_indices().nth_back(3)?;
    let tail = text.get(at..)?;
    (text.chars().count() >= 8 && tail.chars().all(|c| c.is_ascii_alphanumeric())).then_some(tail)
}

#[cfg(test)]
mod tests {
    use hmac::KeyInit;
    use proptest::prelude::*;

    use super::*;
    use crate::core::policy::{Class as PolicyClass, PolicyText};

    crate::classes! {
        Tail: Confidential in "billing" = "billing.tail";
        Mail: Confidential in "billing" = "billing.mail";
        Erased: Confidential in "billing" = "billing.erased";
        Silent: Confidential in "billing" = "billing.silent";
        Tagged: Confidential in "billing" = "billing.tagged";
        Constant: Confidential in "billing" = "billing.constant";
        Named: Confidential in "billing" = "billing.named";
        Shown: Internal in "billing" = "billing.shown";
        // The policy has it as Internal, and it is to be shown: the stricter of both counts.
        Disagrees: Confidential in "billing" = "billing.shown";
        Method: Internal in "billing" = "billing.silent";
        Open: Internal in "billing" = "billing.shown";
        Unknown: Internal in "billing" = "billing.unknown";
    }

    /// Read once: the properties ask for it thousands of times.
    fn policy() -> Policy {
        static POLICY: std::sync::LazyLock<Policy> = std::sync::LazyLock::new(read);
        POLICY.clone()
    }

    fn read() -> Policy {
        let mut document =
            Policy::load(PolicyText::toml(crate::core::policy::GOOD)).unwrap().document().clone();
        for (id, level, redact) in [
            ("tail", Level::Confidential, Some(Redact::LastFour)),
            ("mail", Level::Confidential, Some(Redact::EmailDomain)),
            ("erased", Level::Confidential, Some(Redact::Erase)),
            ("silent", Level::Confidential, None),
            ("tagged", Level::Confidential, Some(Redact::Tag)),
            ("constant", Level::Confidential, Some(Redact::Constant)),
            ("named", Level::Confidential, Some(Redact::Pseudonym)),
            ("shown", Level::Internal, Some(Redact::Show)),
        ] {
            let class = PolicyClass { redact, ..PolicyClass::new(level, "billing") };
            document.classes.insert(Name::new(format!("billing.{id}")), class);
        }
        Policy::from_document(document).unwrap()
    }

    fn shown<C: DataClass>(text: &str) -> (String, Value) {
        let redactors = Redactors::keyed(&policy(), &"acme".into(), 7, &SecretKey::new([3; 32]));
        let value = Classified::<String, C>::from(text.to_owned());
        let view = redactors.value(&value);
        assert_eq!(view.to_string(), format!("{view:?}"));
        (view.to_string(), serde_json::to_value(&view).unwrap())
    }

    #[test]
    fn each_word_shows_what_it_says() {
        let both = |text: &str| (text.to_owned(), Value::from(text));
        let nothing = (String::new(), Value::Null);
        assert_eq!(shown::<Erased>("x"), nothing);
        assert_eq!(shown::<Silent>("x"), nothing);
        assert_eq!(shown::<Unknown>("x"), nothing);
        assert_eq!(shown::<Disagrees>("x"), nothing);
        assert_eq!(shown::<Constant>("x"), both("***"));
        assert_eq!(shown::<Tagged>("x"), both("<billing.tagged>"));
        assert_eq!(shown::<Mail>("ada@mail.example.com"), both("…@mail.example.com"));
        assert_eq!(shown::<Tail>("4111 1111 1111 1234"), both("…1234"));
        assert_eq!(
            shown::<Shown>("line\nbreak"),
            ("\"line\\nbreak\"".to_owned(), Value::from("line\nbreak"))
        );
    }

    #[test]
    fn what_cannot_be_shown_in_part_is_erased() {
        for address in
            ["", "ada", "@example.com", "ada@", "ada@localhost", "ada@ex ample.com", "ada@a.b\nforged: line"]
        {
            assert_eq!(shown::<Mail>(address).0, "", "{address:?}");
        }
        for text in ["", "1234", "1234567", "12345\n78", "\u{1F600}234567\u{1F600}"] {
            assert_eq!(shown::<Tail>(text).0, "", "{text:?}");
        }
        assert_eq!(shown::<Tail>("12345678").0, "…5678");
        let redactors = Redactors::new(&policy());
        let missing = Classified::<Option<String>, Mail>::from(None);
        assert_eq!(redactors.value(&missing).to_string(), "");
        let name = Classified::<String, Named>::from("Ada".to_owned());
        assert_eq!((redactors.value(&name).to_string(), redactors.pseudonym(&name)), (String::new(), None));
    }

    /// Written by hand from the documentation: the form may not drift unseen.
    #[test]
    fn a_pseudonym_is_the_hmac_of_the_json_under_the_key_of_class_and_tenant() {
        let hmac = |key: &[u8], message: &[u8]| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            mac.update(message);
            mac.finalize().into_bytes()
        };
        let mut info = b"stewardship/0/redact\0\0\0\0\0\0\0\x0dbilling.named\0\0\0\0\0\0\0\x04acme".to_vec();
        info.push(1);
        let expected = hmac(&hmac(&[3; 32], &info), b"\"Ada\"");
        let first = u128::from_be_bytes(expected[..16].try_into().unwrap());
        assert_eq!(shown::<Named>("Ada").0, format!("p7:{first:032x}"));
    }

    crate::record! {
        enum Pay in "billing" as Method {
            Card = "card" { number: String as Tail; }
            Cash = "cash" {}
        }
    }
    crate::record! {
        enum Ship in "billing" as Open {
            Post = "post" { to: String as Mail; }
            Pickup = "pickup" {}
        }
    }
    crate::record! {
        struct Sale in "billing" {
            pay: Pay;
            ship: Ship;
            note: Option<String> as Constant;
        }
    }

    #[test]
    fn an_enum_whose_choice_is_hidden_hides_its_fields() {
        let redactors = Redactors::new(&policy());
        let sale = |pay, ship| Sale { pay, ship, note: None.into() };
        let card = sale(
            Pay::Card { number: "4111111111111234".to_owned().into() },
            Ship::Post { to: "ada@example.com".to_owned().into() },
        );
        let shown = format!("{:?}", redactors.record(&card));
        assert_eq!(shown, "Sale { pay: _, ship: \"post\", ship.post.to: …@example.com, note: *** }");
        let cash = sale(Pay::Cash {}, Ship::Pickup {});
        let shown = serde_json::to_string(&redactors.record(&cash)).unwrap();
        assert_eq!(shown, "{\"pay\":null,\"ship\":\"pickup\",\"note\":\"***\"}");
    }

    proptest! {
        #[test]
        fn no_redactor_keeps_the_length(text in ".{0,60}") {
            let longer = format!("{text}{text}x");
            for (left, right) in [
                (shown::<Constant>(&text), shown::<Constant>(&longer)),
                (shown::<Tagged>(&text), shown::<Tagged>(&longer)),
                (shown::<Erased>(&text), shown::<Erased>(&longer)),
            ] {
                prop_assert_eq!(left, right);
            }
            prop_assert_eq!(shown::<Named>(&text).0.len(), shown::<Named>(&longer).0.len());
        }

        #[test]
        fn a_part_is_never_more_than_it_says(text in ".{0,40}") {
            let (tail, _) = shown::<Tail>(&text);
            prop_assert!(tail.chars().count() <= 5);
            let (mail, _) = shown::<Mail>(&text);
            prop_assert!(mail.is_empty() || text.ends_with(mail.trim_start_matches("…")));
            prop_assert!(!mail.contains(char::is_control) && !tail.contains(char::is_control));
        }
    }
}
