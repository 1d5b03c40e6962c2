//! Records: a struct or an enum whose every field has a class.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use super::classified::ExposeError;
use super::fields::Fields;
use super::json::from_json;
use super::proof::Proof;
use super::shape::{Content, Member, Opaque, Path, Shape, Take, Visit, Walk, to_json};
use super::{ClassSpec, Classified, DataClass, Level};

/// What a field may hold: anything that can be encoded, read back and wiped. Implemented for every such type.
pub trait FieldValue: Zeroize + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Zeroize + Serialize + DeserializeOwned + Send + Sync + 'static> FieldValue for T {}

/// A kind of record: its fields, each with its class.
///
/// Declared through [`record!`](crate::record), never by hand.
pub trait Record: Content + Send + Sync + 'static {
    /// Name of the kind.
    const KIND: &'static str;
    /// Category of the record: what retention and access go by. Every field's class is of it.
    const CATEGORY: &'static str;

    /// The highest level of the record's fields.
    #[must_use]
    fn level() -> Level {
        RecordKind::of::<Self>().level()
    }

    /// All its values as JSON, under their dotted names, against proof that covers every one: for a screen, or a file that is handed
    /// over. They are in the clear, and nothing wipes them.
    ///
    /// # Errors
    /// [`ExposeError`] for the first class that the proof does not show; nothing is given then.
    fn expose(&self, proof: &impl Proof) -> Result<BTreeMap<String, Value>, ExposeError> {
        let mut exposer = Exposer { proof, values: BTreeMap::new(), denied: None };
        self.visit(&Path::root(Self::KIND), &mut exposer);
        exposer.denied.map_or(Ok(exposer.values), Err)
    }
}

/// What there is to know of a kind of record without its type: what takes it is compiled once, and not for each kind.
#[derive(Clone, Copy)]
pub(crate) struct RecordKind {
    pub(crate) name: &'static str,
    pub(crate) category: &'static str,
    shape: Shape,
}

impl RecordKind {
    pub(crate) const fn of<R: Record>() -> Self {
        Self { name: R::KIND, category: R::CATEGORY, shape: R::SHAPE }
    }

    /// The highest level of its fields.
    pub(crate) fn level(&self) -> Level {
        let mut level = None;
        each_field(&Path::root(self.name), &self.shape, &mut |field| {
            level = level.max(Some(field.class.level))
        });
        level.unwrap_or(Level::Restricted)
    }

    pub(crate) fn spec(&self) -> RecordSpec {
        let mut fields = Vec::new();
        each_field(&Path::root(self.name), &self.shape, &mut |field| fields.push(field));
        RecordSpec { kind: self.name, category: self.category, fields }
    }
}

/// The values of a record's fields as JSON, in order of declaration. Of an enum: the word of its variant, and the fields of that.
///
/// # Errors
/// Where a value has no JSON form.
pub(crate) fn encode<R: Record>(record: &R) -> Result<Vec<EncodedField>, DecodeError> {
    encode_fields(R::KIND, record)
}

fn encode_fields(kind: &'static str, record: &dyn Walk) -> Result<Vec<EncodedField>, DecodeError> {
    let mut encoder = Encoder { fields: Vec::new(), failed: None };
    record.visit(&Path::root(kind), &mut encoder);
    encoder.failed.map_or(Ok(encoder.fields), Err)
}

/// A record from its fields' values as JSON; `take` gives each by its name, once.
///
/// # Errors
/// Where a value is not of its field's type.
pub(crate) fn decode<R: Record>(
    take: &mut dyn FnMut(&str) -> Option<Zeroizing<Vec<u8>>>,
) -> Result<R, DecodeError> {
    Fields::read(&Path::root(R::KIND), &mut ByName(take))
}

/// A field of a record, as a value: nested ones under their dotted name (`buyer.name`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldSpec {
    /// Name of the field.
    pub name: Cow<'static, str>,
    /// Its class.
    pub class: ClassSpec,
    /// Whether the field is entered in the blind index, so that a record can be found by it.
    pub find_by: bool,
    /// Where a platform's JSON has it (RFC 6901).
    pub pointer: String,
    /// Whether its name tells the variant of a choice above Internal. Names are stored in the clear: no such record can be bound.
    pub tells_variant: bool,
}

/// A [`Record`] as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordSpec {
    /// Name of the kind.
    pub kind: &'static str,
    /// Its category.
    pub category: &'static str,
    /// Its fields, in order of declaration; of an enum, its choice and the fields of all its variants.
    pub fields: Vec<FieldSpec>,
}

impl RecordSpec {
    /// The record `R` as a value.
    #[must_use]
    pub fn of<R: Record>() -> Self {
        RecordKind::of::<R>().spec()
    }

    /// The field with this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }
}

fn each_field(path: &Path<'_>, shape: &Shape, each: &mut dyn FnMut(FieldSpec)) {
    let spec = |path: &Path<'_>, class| FieldSpec {
        name: path.name(),
        class,
        find_by: path.find_by(),
        pointer: path.pointer(),
        tells_variant: path.tells_variant(),
    };
    let members = |path: &Path<'_>, members: &[Member], each: &mut dyn FnMut(FieldSpec)| {
        for member in members {
            each_field(&path.to(member.name, member.options), &member.shape, each);
        }
    };
    match shape {
        Shape::Value(class) => each(spec(path, class())),
        Shape::Record(_, fields) => members(path, fields, each),
        Shape::Choice(_, choice) => {
            each(spec(&path.tag(choice.options), choice.class));
            for (variant, fields) in choice.variants {
                members(&path.variant(choice, variant), fields, each);
            }
        }
    }
}

struct Exposer<'p, P: Proof> {
    proof: &'p P,
    values: BTreeMap<String, Value>,
    denied: Option<ExposeError>,
}

impl<P: Proof> Visit for Exposer<'_, P> {
    fn value(&mut self, path: &Path<'_>, class: ClassSpec, value: Opaque<'_>) {
        if !self.proof.shows(&class) {
            self.denied.get_or_insert(ExposeError::new(class, self.proof.up_to()));
        }
        if self.denied.is_none() {
            let value = value.json().ok().and_then(|json| from_json(&json).ok());
            self.values.insert(path.name().into_owned(), value.unwrap_or_default());
        }
    }
}

/// A field on its way to be stored.
pub(crate) struct EncodedField {
    pub(crate) name: Cow<'static, str>,
    pub(crate) class: ClassSpec,
    pub(crate) find_by: bool,
    pub(crate) value: Zeroizing<Vec<u8>>,
}

struct Encoder {
    fields: Vec<EncodedField>,
    failed: Option<DecodeError>,
}

impl Visit for Encoder {
    fn value(&mut self, path: &Path<'_>, class: ClassSpec, value: Opaque<'_>) {
        match value.json() {
            Ok(value) => {
                self.fields.push(EncodedField { name: path.name(), class, find_by: path.find_by(), value });
            }
            Err(_) => {
                self.failed.get_or_insert_with(|| DecodeError::at(path));
            }
        }
    }
}

struct ByName<'a>(&'a mut dyn FnMut(&str) -> Option<Zeroizing<Vec<u8>>>);

impl Take for ByName<'_> {
    fn take(&mut self, path: &Path<'_>) -> Option<Zeroizing<Vec<u8>>> {
        (self.0)(&path.name())
    }
}

/// A field whose stored form does not fit its type. Names the field, never the value: of a field of a variant, the choice alone where
/// that is above Internal.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}` of `{kind}` does not hold what its type needs")]
pub struct DecodeError {
    kind: &'static str,
    field: Cow<'static, str>,
}

impl DecodeError {
    pub(super) fn at(path: &Path<'_>) -> Self {
        Self { kind: path.kind(), field: path.told().name() }
    }

    /// The field.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One value of a column of the host's own, as JSON.
///
/// # Errors
/// Where the value has no JSON form.
pub(crate) fn encode_value<T: FieldValue, C: DataClass>(
    kind: &'static str,
    field: &'static str,
    value: &Classified<T, C>,
) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
    encode_plain(kind, field, value.for_encoding())
}

pub(super) fn encode_plain<T: Serialize>(
    kind: &'static str,
    field: &'static str,
    value: &T,
) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
    to_json(value).map_err(|_| DecodeError { kind, field: Cow::Borrowed(field) })
}

/// The value of a column of the host's own, from JSON.
///
/// # Errors
/// Where it is not of the type.
pub(crate) fn decode_value<T: FieldValue, C: DataClass>(
    kind: &'static str,
    field: &'static str,
    bytes: Zeroizing<Vec<u8>>,
) -> Result<Classified<T, C>, DecodeError> {
    decode_plain(kind, field, &bytes).map(Classified::new)
}

pub(super) fn decode_plain<T: DeserializeOwned>(
    kind: &'static str,
    field: &'static str,
    bytes: &[u8],
) -> Result<T, DecodeError> {
    from_json(bytes).map_err(|_| DecodeError { kind, field: Cow::Borrowed(field) })
}

/// Shows a record by its declaration alone: classes, no values, and of an enum not even the variant.
#[doc(hidden)]
pub fn show_shape(f: &mut fmt::Formatter<'_>, shape: &Shape) -> fmt::Result {
    fmt::Debug::fmt(&ShownShape(shape), f)
}

struct ShownShape<'a>(&'a Shape);

impl fmt::Debug for ShownShape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Shape::Value(class) => write!(f, "<{}>", class()),
            Shape::Choice(name, choice) => write!(f, "{name}(<{}>)", choice.class),
            Shape::Record(name, members) => {
                let mut shown = f.debug_struct(name);
                for member in *members {
                    shown.field(member.name, &ShownShape(&member.shape));
                }
                shown.finish()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::classes! {
        Name: Confidential in "people" = "people.name";
        Age: Internal in "people" = "people.age";
        Method: Internal in "people" = "people.method";
        Card: Restricted in "people" = "people.card";
    }
    crate::record! {
        struct Person in "people" {
            name: String as Name, find_by;
            age: Option<u32> as Age, at = "/profile/age";
        }
    }
    crate::record! {
        enum Payment in "people" as Method, at = "/method" {
            Card = "card" { number: String as Card; holder: Person, at = "/by"; }
            Cash = "cash" {}
        }
    }
    crate::record! {
        struct Order in "people" {
            buyer: Person, at = "/data/buyer";
            payment: Payment;
        }
    }

    fn order(payment: Payment) -> Order {
        Order { buyer: Person { name: "Ada".to_owned().into(), age: Some(36).into() }, payment }
    }

    fn card() -> Payment {
        Payment::Card {
            number: "4111".to_owned().into(),
            holder: Person { name: "Grace".to_owned().into(), age: None.into() },
        }
    }

    #[test]
    fn the_declaration_is_the_specification() {
        let spec = RecordSpec::of::<Person>();
        assert_eq!((spec.kind, spec.category), ("Person", "people"));
        assert!(spec.field("name").unwrap().find_by);
        assert_eq!(spec.field("age").unwrap().pointer, "/profile/age");
        assert_eq!(Person::level(), Level::Confidential);
    }

    #[test]
    fn nested_fields_have_dotted_names_and_joined_places() {
        let spec = RecordSpec::of::<Order>();
        let fields: Vec<_> = spec
            .fields
            .iter()
            .map(|field| (&*field.name, &*field.pointer, field.class.id, field.find_by))
            .collect();
        assert_eq!(
            fields,
            [
                ("buyer.name", "/data/buyer/name", "people.name", true),
                ("buyer.age", "/data/buyer/profile/age", "people.age", false),
                ("payment", "/payment/method", "people.method", false),
                ("payment.card.number", "/payment/number", "people.card", false),
                ("payment.card.holder.name", "/payment/by/name", "people.name", true),
                ("payment.card.holder.age", "/payment/by/profile/age", "people.age", false),
            ]
        );
        assert_eq!(Order::level(), Level::Restricted);
        let root: Vec<_> =
            RecordSpec::of::<Payment>().fields.iter().map(|field| field.name.to_string()).collect();
        assert_eq!(root, ["variant", "card.number", "card.holder.name", "card.holder.age"]);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for (payment, leaves) in [(card(), 6), (Payment::Cash {}, 3)] {
            let encoded = encode(&order(payment)).unwrap();
            assert_eq!(encoded.len(), leaves);
            let back = decode::<Order>(&mut |name| {
                encoded.iter().find(|field| field.name == name).map(|field| field.value.clone())
            })
            .unwrap();
            let again = encode(&back).unwrap();
            let values = |fields: &[EncodedField]| -> Vec<_> {
                fields.iter().map(|field| (field.name.clone(), field.value.to_vec())).collect()
            };
            assert_eq!(values(&encoded), values(&again));
            assert_eq!(matches!(back.payment, Payment::Card { .. }), leaves == 6);
        }
    }

    #[test]
    fn debug_shows_classes_and_not_even_the_variant() {
        let expected = "Order { buyer: Person { name: <people.name: confidential>, age: <people.age: internal> }, \
                        payment: Payment(<people.method: internal>) }";
        assert_eq!(format!("{:?}", order(card())), expected);
        assert_eq!(format!("{:?}", order(Payment::Cash {})), expected);
    }

    crate::record! {
        enum Referral in "people" as Name {
            Oncology = "oncology" { by: Payment; }
            Dentist = "dentist" {}
        }
    }

    #[test]
    fn an_error_tells_the_variant_of_no_choice_above_internal() {
        let wrong = |word: &'static str| {
            move |name: &str| {
                let word = if matches!(name, "payment" | "variant") { word } else { "card" };
                let json = if name.ends_with("number") { "7".to_owned() } else { format!("\"{word}\"") };
                Some(Zeroizing::new(json.into_bytes()))
            }
        };
        assert_eq!(decode::<Payment>(&mut wrong("card")).unwrap_err().field(), "card.number");
        let error = decode::<Referral>(&mut wrong("oncology")).unwrap_err();
        assert_eq!(error.field(), "variant");
        assert!(!format!("{error} {error:?}").contains("oncology"));
        assert!(decode::<Referral>(&mut wrong("dentist")).is_ok());
    }

    #[test]
    fn a_missing_or_wrong_field_is_named_and_its_value_is_not() {
        let error = decode::<Person>(&mut |_| Some(Zeroizing::new(b"12345".to_vec()))).unwrap_err();
        assert_eq!(error.field(), "name");
        assert!(!format!("{error} {error:?}").contains("12345"));
        assert_eq!(decode::<Person>(&mut |_| None).unwrap_err().field(), "name");
        let unknown = decode::<Payment>(&mut |_| Some(Zeroizing::new(b"\"cheque\"".to_vec()))).unwrap_err();
        assert_eq!(unknown.field(), "variant");
        assert!(!unknown.to_string().contains("cheque"));
    }
}
