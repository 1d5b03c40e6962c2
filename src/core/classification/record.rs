//! Records: a struct whose every field has a class.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::{Zeroize, Zeroizing};

use super::{ClassSpec, Classified, DataClass, Level};

/// What a field may hold: anything that can be encoded, read back and wiped. Implemented for every such type.
pub trait FieldValue: Zeroize + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Zeroize + Serialize + DeserializeOwned + Send + Sync + 'static> FieldValue for T {}

/// A field of a record, as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldSpec {
    /// Name of the field.
    pub name: &'static str,
    /// Its class.
    pub class: ClassSpec,
    /// Whether the field is entered in the blind index, so that a record can be found by it.
    pub find_by: bool,
    /// Where a platform's JSON has it (RFC 6901); `None`: under its own name at the top.
    pub pointer: Option<&'static str>,
}

impl FieldSpec {
    #[doc(hidden)]
    #[must_use]
    pub const fn new<C: DataClass>(name: &'static str) -> Self {
        Self { name, class: ClassSpec::of::<C>(), find_by: false, pointer: None }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn find_by(mut self) -> Self {
        self.find_by = true;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn at(mut self, pointer: &'static str) -> Self {
        self.pointer = Some(pointer);
        self
    }
}

/// A kind of record: its fields, each with its class.
///
/// Declared through [`record!`](crate::record), never by hand.
pub trait Record: Sized + Send + Sync + 'static {
    /// Name of the kind.
    const KIND: &'static str;
    /// Category of the record: what retention and access go by. Every field's class is of it.
    const CATEGORY: &'static str;
    /// The fields, in order of declaration.
    const FIELDS: &'static [FieldSpec];

    /// The fields' values as JSON, in order of declaration.
    ///
    /// # Errors
    /// Where a value has no JSON form.
    fn encode(&self) -> Result<Vec<Zeroizing<Vec<u8>>>, DecodeError>;

    /// A record from its fields' values as JSON; `take` gives each by name, once.
    ///
    /// # Errors
    /// Where a value is not of its field's type.
    fn decode(take: &mut dyn FnMut(&str) -> Option<Zeroizing<Vec<u8>>>) -> Result<Self, DecodeError>;

    /// The highest level of the record's fields.
    #[must_use]
    fn level() -> Level {
        Self::FIELDS.iter().map(|field| field.class.level).max().unwrap_or(Level::Restricted)
    }
}

/// A [`Record`] as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordSpec {
    /// Name of the kind.
    pub kind: &'static str,
    /// Its category.
    pub category: &'static str,
    /// Its fields.
    pub fields: &'static [FieldSpec],
}

impl RecordSpec {
    /// The record `R` as a value.
    #[must_use]
    pub const fn of<R: Record>() -> Self {
        Self { kind: R::KIND, category: R::CATEGORY, fields: R::FIELDS }
    }

    /// The field with this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A field whose stored form does not fit its type. Names the field, never the value.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}` of `{kind}` does not hold what its type needs")]
pub struct DecodeError {
    kind: &'static str,
    field: &'static str,
}

impl DecodeError {
    /// The field.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[doc(hidden)]
pub fn encode_field<T: FieldValue, C: DataClass>(
    kind: &'static str,
    field: &'static str,
    value: &Classified<T, C>,
) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
    // The source is dropped on purpose: serde's message may quote the value.
    serde_json::to_vec(value.for_encoding()).map(Zeroizing::new).map_err(|_| DecodeError { kind, field })
}

#[doc(hidden)]
pub fn decode_field<T: FieldValue, C: DataClass>(
    kind: &'static str,
    field: &'static str,
    bytes: Option<Zeroizing<Vec<u8>>>,
) -> Result<Classified<T, C>, DecodeError> {
    let bytes = bytes.unwrap_or_else(|| Zeroizing::new(b"null".to_vec()));
    serde_json::from_slice(&bytes).map(Classified::new).map_err(|_| DecodeError { kind, field })
}

/// Declares a record: a struct whose every field has a class.
///
/// Each field is `name: Type as Class;`, with options behind commas: `find_by` enters it in the blind index,
/// `at = "/json/pointer"` says where a platform's JSON has it. A field without a class does not compile.
///
/// The struct is `Clone` and `Debug` already, and its `Debug` shows classes, no values: derive neither again.
///
/// # Example: a creator whom a seller works with
/// ```
/// use stewardship::classification::{Level, Record};
///
/// stewardship::classes! {
///     pub CreatorHandle: Confidential in "creators" = "creator.handle";
///     pub CreatorEmail: Confidential in "creators" = "creator.email";
/// }
/// stewardship::record! {
///     /// A creator whom a seller works with.
///     pub struct Creator in "creators" {
///         pub handle: String as CreatorHandle;
///         pub email: String as CreatorEmail, find_by, at = "/contact/email";
///     }
/// }
///
/// assert_eq!(Creator::level(), Level::Confidential);
/// let creator = Creator { handle: "@ada".to_owned().into(), email: "ada@example.com".to_owned().into() };
/// assert_eq!(format!("{creator:?}"), "Creator { handle: <creator.handle: confidential>, email: <creator.email: confidential> }");
/// ```
///
/// # Example: a field without a class does not compile
/// ```compile_fail
/// stewardship::classes! { CreatorHandle: Confidential in "creators" = "creator.handle"; }
/// stewardship::record! {
///     struct Creator in "creators" {
///         handle: String as CreatorHandle;
///         email: String;
///     }
/// }
/// ```
#[macro_export]
macro_rules! record {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident in $category:literal {
            $(
                $(#[$fmeta:meta])*
                $fvis:vis $field:ident : $ty:ty as $class:ident $(, $option:ident $(= $value:literal)?)* ;
            )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        $vis struct $name {
            $($(#[$fmeta])* $fvis $field: $crate::classification::Classified<$ty, $class>,)+
        }

        impl $crate::classification::Record for $name {
            const KIND: &'static str = stringify!($name);
            const CATEGORY: &'static str = $category;
            const FIELDS: &'static [$crate::classification::FieldSpec] = &[
                $($crate::classification::FieldSpec::new::<$class>(stringify!($field))$(.$option($($value)?))*),+
            ];

            fn encode(
                &self,
            ) -> ::std::result::Result<
                ::std::vec::Vec<$crate::zeroize::Zeroizing<::std::vec::Vec<u8>>>,
                $crate::classification::DecodeError,
            > {
                ::std::result::Result::Ok(::std::vec![
                    $($crate::classification::encode_field(stringify!($name), stringify!($field), &self.$field)?),+
                ])
            }

            fn decode(
                take: &mut dyn ::std::ops::FnMut(
                    &str,
                )
                    -> ::std::option::Option<$crate::zeroize::Zeroizing<::std::vec::Vec<u8>>>,
            ) -> ::std::result::Result<Self, $crate::classification::DecodeError> {
                ::std::result::Result::Ok(Self {
                    $($field: $crate::classification::decode_field(
                        stringify!($name),
                        stringify!($field),
                        take(stringify!($field)),
                    )?),+
                })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::classes! {
        Name: Confidential in "people" = "people.name";
        Age: Internal in "people" = "people.age";
    }
    crate::record! {
        struct Person in "people" {
            name: String as Name, find_by;
            age: Option<u32> as Age, at = "/profile/age";
        }
    }

    #[test]
    fn the_declaration_is_the_specification() {
        let spec = RecordSpec::of::<Person>();
        assert_eq!((spec.kind, spec.category), ("Person", "people"));
        assert!(spec.field("name").unwrap().find_by);
        assert_eq!(spec.field("age").unwrap().pointer, Some("/profile/age"));
        assert_eq!(Person::level(), Level::Confidential);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let person = Person { name: "Ada".to_owned().into(), age: Some(36).into() };
        let mut encoded = person.encode().unwrap().into_iter();
        let back = Person::decode(&mut |_| encoded.next()).unwrap();
        assert_eq!(back.name.for_encoding(), "Ada");
        assert_eq!(*back.age.for_encoding(), Some(36));
    }

    #[test]
    fn a_missing_or_wrong_field_is_named_and_its_value_is_not() {
        let error = Person::decode(&mut |_| Some(Zeroizing::new(b"12345".to_vec()))).unwrap_err();
        assert_eq!(error.field(), "name");
        assert!(!format!("{error} {error:?}").contains("12345"));
        assert_eq!(Person::decode(&mut |_| None).unwrap_err().field(), "name");
    }
}
