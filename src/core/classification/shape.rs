//! What records are made of, and the two walks over one: out of it, field by field, and into it.
//!
//! [`record!`](crate::record) expands to this; hosts see [`Record`](super::Record) and the specifications.

use std::any::Any;
use std::borrow::Cow;
use std::io;
use std::marker::PhantomData;

use serde::Serialize;
use zeroize::Zeroizing;

use super::fields::Fields;
use super::record::FieldValue;
use super::{ClassSpec, Classified, DataClass, Level};

/// What a field of a record may be: a value with a class, or another record.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no class",
    label = "a field without a class",
    note = "write `field: {Self} as Class;` with a class of `classes!`, or use a type that `record!` declares"
)]
pub trait Content: Walk + Sized {
    const SHAPE: Shape;

    /// What stands at the next of `fields`; `None` where that does not fit the type, which `fields` has noted.
    fn build(fields: &mut Fields<'_>) -> Option<Self>;
}

/// Fields one behind the other, as pairs: what a record builds itself of. Each field with an early return of its own would be checked as such in the
/// host's build; this is checked once.
#[doc(hidden)]
pub trait Parts: Sized {
    fn build_all(fields: &mut Fields<'_>) -> Option<Self>;
}

impl Parts for () {
    fn build_all(_: &mut Fields<'_>) -> Option<Self> {
        Some(())
    }
}

impl<A: Content, B: Parts> Parts for (A, B) {
    fn build_all(fields: &mut Fields<'_>) -> Option<Self> {
        Some((A::build(fields)?, B::build_all(fields)?))
    }
}

/// The walk out of a [`Content`]. Apart from it, so that a record can hand all its fields to one function.
#[doc(hidden)]
pub trait Walk {
    fn visit(&self, path: &Path<'_>, to: &mut dyn Visit);
}

/// Shows each value under its field's name.
#[doc(hidden)]
pub fn visit_members(path: &Path<'_>, members: &[Member], values: &[&dyn Walk], to: &mut dyn Visit) {
    for (member, value) in members.iter().zip(values) {
        value.visit(&member.under(path), to);
    }
}

/// Shows the variant that was chosen, and its fields where these are to be shown.
#[doc(hidden)]
pub fn visit_variant(
    path: &Path<'_>,
    choice: &Choice,
    word: &'static str,
    values: &[&dyn Walk],
    to: &mut dyn Visit,
) {
    if to.choice(&choice.at(path), choice.class, Opaque::of(&word)) {
        visit_members(&path.variant(choice, word), choice.members(word), values, to);
    }
}

/// The shape of a field, known without a value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "plumbing of a macro")]
pub enum Shape {
    /// A value of a class: a function, since a constant for each would be worked out in the host's build.
    Value(fn() -> ClassSpec),
    /// A nested record.
    Record(&'static str, &'static [Member]),
    /// One of several variants; which one is a value of a class itself.
    Choice(&'static str, Choice),
}

/// A field: its name, its options and its shape.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub(super) name: &'static str,
    pub(super) options: Options,
    pub(super) shape: Shape,
}

impl Member {
    #[must_use]
    pub const fn of<F: Content>(name: &'static str, options: Options) -> Self {
        Self { name, options, shape: F::SHAPE }
    }

    #[must_use]
    pub const fn value<C: DataClass>(name: &'static str, options: Options) -> Self {
        Self { name, options, shape: Shape::Value(ClassSpec::of::<C>) }
    }

    /// Where it stands in the record at `path`.
    pub(super) const fn under<'a>(&self, path: &'a Path<'a>) -> Path<'a> {
        path.to(self.name, self.options)
    }
}

/// The variants of an enum: the class of the choice, where a platform's JSON has it, and the fields of each.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    pub(super) class: ClassSpec,
    pub(super) options: Options,
    pub(super) variants: &'static [(&'static str, &'static [Member])],
}

impl Choice {
    #[must_use]
    pub const fn of<C: DataClass>(
        options: Options,
        variants: &'static [(&'static str, &'static [Member])],
    ) -> Self {
        Self { class: ClassSpec::of::<C>(), options, variants }
    }

    /// Where the choice itself stands, of the record at `path`.
    pub(super) const fn at<'a>(&self, path: &'a Path<'a>) -> Path<'a> {
        path.tag(self.options)
    }

    /// The fields of the variant with this word.
    #[must_use]
    pub fn members(&self, word: &str) -> &'static [Member] {
        self.variants.iter().find(|(other, _)| *other == word).map_or(&[], |(_, members)| members)
    }
}

/// The options of a field, as the macro reads them.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub(super) find_by: bool,
    pub(super) pointer: Option<&'static str>,
}

impl Options {
    #[must_use]
    pub const fn new() -> Self {
        Self { find_by: false, pointer: None }
    }

    #[must_use]
    pub const fn find_by(mut self) -> Self {
        self.find_by = true;
        self
    }

    #[must_use]
    pub const fn at(mut self, pointer: &'static str) -> Self {
        self.pointer = Some(pointer);
        self
    }
}

/// Where a field stands in its record: a list from the field up to the record, on the stack.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    up: Option<&'a Path<'a>>,
    name: &'static str,
    options: Options,
    /// Whether the name tells the variant of a choice that may not be told.
    telling: bool,
}

impl<'a> Path<'a> {
    /// The record of this kind.
    #[must_use]
    pub const fn root(kind: &'static str) -> Self {
        Self { up: None, name: kind, options: Options::new(), telling: false }
    }

    /// A field in it.
    #[must_use]
    pub const fn to(&'a self, name: &'static str, options: Options) -> Self {
        Self { up: Some(self), name, options, telling: false }
    }

    /// A variant of the choice that stands here: part of the name, and at the same place of a platform's JSON.
    #[must_use]
    pub const fn variant(&'a self, choice: &Choice, name: &'static str) -> Self {
        let telling = !choice.class.level.may_flow_to(Level::Internal);
        Self { telling, ..self.to(name, Options { find_by: false, pointer: Some("") }) }
    }

    /// As much of the path as an error may name: the field itself, or the outermost choice above Internal that it stands in, whose
    /// variant the names behind it would tell.
    pub(super) fn told(&self) -> &Self {
        let mut told = self;
        let mut next = Some(self);
        while let Some(path) = next {
            told = path.up.filter(|_| path.telling).unwrap_or(told);
            next = path.up;
        }
        told
    }

    /// Whether the name tells the variant of a choice above Internal.
    pub(super) fn tells_variant(&self) -> bool {
        self.telling || self.up.is_some_and(Path::tells_variant)
    }

    /// The choice that stands here: the name is that of the field, and its own pointer comes behind the field's.
    pub(super) const fn tag(&'a self, options: Options) -> Self {
        match options.pointer {
            None => *self,
            Some(_) => self.to("", options),
        }
    }

    /// Whether the field is entered in the blind index.
    #[must_use]
    pub const fn find_by(&self) -> bool {
        self.options.find_by
    }

    /// The kind of the record.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.up.map_or(self.name, Path::kind)
    }

    /// The dotted name: `buyer.name`; of the choice that is the record itself, `variant`.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        match self.up {
            None => Cow::Borrowed("variant"),
            Some(up) if self.name.is_empty() => up.name(),
            Some(Path { up: None, .. }) => Cow::Borrowed(self.name),
            Some(up) => Cow::Owned(format!("{}.{}", up.name(), self.name)),
        }
    }

    /// Where a platform's JSON has it (RFC 6901): the places of the records around it, and its own.
    #[must_use]
    pub fn pointer(&self) -> String {
        let Some(up) = self.up else { return String::new() };
        let mut pointer = up.pointer();
        match self.options.pointer {
            Some(own) => pointer.push_str(own),
            None => {
                pointer.push('/');
                pointer.push_str(self.name);
            }
        }
        pointer
    }
}

/// A walk over the fields of a record.
#[doc(hidden)]
pub trait Visit {
    /// A value of a class.
    fn value(&mut self, path: &Path<'_>, class: ClassSpec, value: Opaque<'_>);

    /// The choice of a variant, which is a value of a class, too. Says whether the variant's fields are to be shown, whose names tell
    /// the choice.
    fn choice(&mut self, path: &Path<'_>, class: ClassSpec, word: Opaque<'_>) -> bool {
        self.value(path, class, word);
        true
    }
}

/// A value on a walk. Outside of the crate nothing can be read from it.
#[doc(hidden)]
pub struct Opaque<'a>(&'a dyn Plain);

impl<'a> Opaque<'a> {
    pub(crate) fn of<T: Serialize + 'static>(value: &'a T) -> Self {
        Self(value)
    }

    /// The text that the value is, where it is held as one.
    pub(crate) fn text(&self) -> Option<&'a str> {
        self.0.as_any().downcast_ref::<String>().map(String::as_str)
    }

    /// The value as JSON, in a buffer that is wiped, and so is every smaller one that it outgrew.
    ///
    /// # Errors
    /// Where the value has no JSON form.
    pub(crate) fn json(&self) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
        wiped(|to| self.write_json(to))
    }

    /// Writes the value as JSON, as it goes, without a copy in between.
    ///
    /// # Errors
    /// Where the value has no JSON form, or the writer fails.
    pub(crate) fn write_json(&self, to: &mut dyn io::Write) -> Result<(), Unwritable> {
        self.0.write_json(to)
    }
}

/// A value as JSON, in a buffer that is wiped.
///
/// # Errors
/// Where the value has no JSON form.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
    wiped(|to| serde_json::to_writer(to, value).map_err(|_| Unwritable))
}

fn wiped(
    write: impl FnOnce(&mut dyn io::Write) -> Result<(), Unwritable>,
) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
    let mut wiped = Wiped(Zeroizing::new(Vec::new()));
    write(&mut wiped)?;
    Ok(wiped.0)
}

/// A buffer that never leaves a copy behind when it grows.
struct Wiped(Zeroizing<Vec<u8>>);

impl io::Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len().saturating_add(bytes.len());
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(64).saturating_mul(2)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A value that has no JSON form. Says no more: serde's message may quote the value.
#[derive(Debug)]
pub(crate) struct Unwritable;

trait Plain {
    fn as_any(&self) -> &dyn Any;
    fn write_json(&self, to: &mut dyn io::Write) -> Result<(), Unwritable>;
}

impl<T: Serialize + 'static> Plain for T {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn write_json(&self, to: &mut dyn io::Write) -> Result<(), Unwritable> {
        serde_json::to_writer(to, self).map_err(|_| Unwritable)
    }
}

/// Where a record is built from: gives each field's value as JSON, by its path.
pub(super) trait Take {
    fn take(&mut self, path: &Path<'_>) -> Option<Zeroizing<Vec<u8>>>;
}

impl<T: FieldValue, C: DataClass> Content for Classified<T, C> {
    const SHAPE: Shape = Shape::Value(ClassSpec::of::<C>);

    #[expect(clippy::manual_map, reason = "`map` would be compiled once more for each class")]
    fn build(fields: &mut Fields<'_>) -> Option<Self> {
        match fields.value() {
            Some(value) => Some(Self { value, class: PhantomData }),
            None => None,
        }
    }
}

impl<T: FieldValue, C: DataClass> Walk for Classified<T, C> {
    fn visit(&self, path: &Path<'_>, to: &mut dyn Visit) {
        to.value(path, const { ClassSpec::of::<C>() }, Opaque::of::<T>(&self.value));
    }
}
