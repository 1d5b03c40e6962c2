//! The one form of what entries are made of, type by type.

use super::canonical::{Field, Reader, Value, write_hex, write_text};
use super::entry::EntryError;
use super::event::{Cause, CorrectedField, DecidedAs, KeyScope, OpenRefusal, StoreRefusal, TrailSearch};
use super::name::{Pseudonym, RequestId};
use super::tree::Hash;
use crate::core::access::{Action, Barrier, Environment, Preference, Purpose, Stop, Voice};
use crate::core::classification::Level;
use crate::core::dsr::Stage;
use crate::core::hex;
use crate::core::id::{CaseId, Name};
use crate::core::policy::{PolicyDigest, Release, RequestKind};

macro_rules! texts {
    ($($type:ident)+) => {$(
        impl Value for $type {
            #[inline]
            fn write(&self, out: &mut Vec<u8>) {
                write_text(self.as_str(), out);
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, EntryError> {
                Ok(Self::new(from.text()?))
            }
        }
    )+};
}
texts! { Name CaseId }

/// Types of a closed list of words, none of which has anything to escape.
macro_rules! words {
    ($($type:ident: $wanted:literal;)+) => {$(
        impl Value for $type {
            #[inline]
            fn write(&self, out: &mut Vec<u8>) {
                out.push(b'"');
                out.extend_from_slice(self.as_str().as_bytes());
                out.push(b'"');
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, EntryError> {
                from.parsed($wanted, |word| Self::ALL.iter().copied().find(|own| own.as_str() == word))
            }
        }
    )+};
}
words! {
    Action: "an action";
    Barrier: "a control that stands against a question";
    DecidedAs: "a way in which a question is decided";
    Environment: "an environment";
    KeyScope: "a kind of scope";
    Level: "a level";
    OpenRefusal: "a reason for which a grant does not open something";
    Release: "a kind of release";
    RequestKind: "a kind of request";
    Stage: "a stage of a request";
    StoreRefusal: "a reason for which nothing is stored";
    TrailSearch: "what the trail is searched by";
    Voice: "`says` or `withdraws`";
}

/// Types that are bytes, written as hexadecimal digits.
macro_rules! bytes {
    ($($type:ident: $wanted:literal, $from:expr;)+) => {$(
        impl Value for $type {
            #[inline]
            fn write(&self, out: &mut Vec<u8>) {
                out.push(b'"');
                write_hex(self.as_bytes(), out);
                out.push(b'"');
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, EntryError> {
                from.parsed($wanted, |text| hex::parse(text).and_then($from))
            }
        }
    )+};
}
bytes! {
    Pseudonym: "a pseudonym: 32 lower-case hexadecimal digits", |bytes| Some(Self::from_bytes(bytes));
    RequestId: "a request's name: 32 lower-case hexadecimal digits, not all 0", Self::from_bytes;
    PolicyDigest: "a digest: 64 lower-case hexadecimal digits", |bytes| Some(Self::from_bytes(bytes));
}

impl Value for Hash {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        write_hex(self, out);
        out.push(b'"');
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, EntryError> {
        from.parsed("a hash: 64 lower-case hexadecimal digits", hex::parse)
    }
}

const RULE: &str = ",\"rule\":";
const CASE: &str = ",\"case\":";

/// Two fields: its word, and beside it the rule or the case.
impl Field for Cause {
    fn write_field(&self, key: &'static str, out: &mut Vec<u8>) {
        out.extend_from_slice(key.as_bytes());
        match self {
            Self::Retention { rule } => {
                write_text("retention", out);
                rule.write_field(RULE, out);
            }
            Self::Revocation => write_text("revocation", out),
            Self::Case { case } => {
                write_text("case", out);
                case.write_field(CASE, out);
            }
        }
    }

    fn read_field(key: &'static str, from: &mut Reader<'_>) -> Result<Self, EntryError> {
        from.expect(key, key)?;
        let word = from.parsed("`retention`, `revocation` or `case`", |word| {
            ["retention", "revocation", "case"].into_iter().find(|own| *own == word)
        })?;
        Ok(match word {
            "retention" => Self::Retention { rule: Field::read_field(RULE, from)? },
            "case" => Self::Case { case: Field::read_field(CASE, from)? },
            _ => Self::Revocation,
        })
    }
}

const CONSENT: &str = "consent";
const PURPOSE: &str = ",\"purpose\":";

/// Two fields: its word, and beside it the purpose, where it names one.
impl Field for Preference {
    fn write_field(&self, key: &'static str, out: &mut Vec<u8>) {
        out.extend_from_slice(key.as_bytes());
        let word = match self {
            Self::Consent { .. } => CONSENT,
            Self::Stop { stop, .. } => stop.as_str(),
        };
        write_text(word, out);
        if let Some(purpose) = self.purpose() {
            purpose.name().write_field(PURPOSE, out);
        }
    }

    fn read_field(key: &'static str, from: &mut Reader<'_>) -> Result<Self, EntryError> {
        from.expect(key, key)?;
        let stop = from.parsed("`consent`, `restriction`, `objection` or `opt_out`", |word| {
            let stop = Stop::named(word);
            (word == CONSENT || stop.is_some()).then_some(stop)
        })?;
        match stop {
            None => Ok(Self::Consent { to: Purpose::new(<Name as Field>::read_field(PURPOSE, from)?) }),
            Some(stop) => {
                let of: Option<Name> = Field::read_field(PURPOSE, from)?;
                Ok(Self::Stop { stop, of: of.map(Purpose::new) })
            }
        }
    }
}

/// An object of its own.
impl Value for CorrectedField {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        self.field.write_field("\"field\":", out);
        self.old.write_field(",\"old\":", out);
        self.new.write_field(",\"new\":", out);
        out.push(b'}');
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, EntryError> {
        from.expect("{", "an object")?;
        let field = Field::read_field("\"field\":", from)?;
        let old = Field::read_field(",\"old\":", from)?;
        let new = Field::read_field(",\"new\":", from)?;
        from.expect("}", "the end of an object")?;
        Ok(Self { field, old, new })
    }
}
