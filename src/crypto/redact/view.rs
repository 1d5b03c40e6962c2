//! Views: a value or a record, as it may be seen.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Redactors;
use super::seen::Seen;
use crate::core::classification::{ClassSpec, Opaque, Path, Record, Visit};

/// A value, as it may be seen: made by [`Redactors::value`].
pub struct Redacted<'a> {
    redactors: &'a Redactors,
    class: ClassSpec,
    value: Opaque<'a>,
}

impl<'a> Redacted<'a> {
    pub(super) const fn new(redactors: &'a Redactors, class: ClassSpec, value: Opaque<'a>) -> Self {
        Self { redactors, class, value }
    }
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

impl<'a, R: Record> RedactedRecord<'a, R> {
    pub(super) const fn new(redactors: &'a Redactors, record: &'a R) -> Self {
        Self { redactors, record }
    }
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
