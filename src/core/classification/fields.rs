//! The walk into a record: its fields, built one after the other.
//!
//! What `record!` expands to is compiled for each record, and what is generic over a class for each class. Both are kept as small as
//! they can be, so that a host with a thousand classes does not wait for its build; the work is done here, once. What it expands to is
//! `#[inline]` not for speed but to be compiled where it is used, and only if it is (`benches/build_cost.sh`).

use zeroize::Zeroizing;

use super::json::from_json;
use super::record::{DecodeError, FieldValue};
use super::shape::{Choice, Content, Member, Path, Take};

/// The fields that a record is built from, one after the other, and the first error.
#[doc(hidden)]
pub struct Fields<'a> {
    path: &'a Path<'a>,
    members: std::slice::Iter<'a, Member>,
    from: &'a mut dyn Take,
    failed: &'a mut Option<DecodeError>,
}

impl<'a> Fields<'a> {
    /// Builds what stands at `path`.
    ///
    /// # Errors
    /// Where what is there does not fit the type.
    pub(super) fn read<F: Content>(path: &Path<'_>, from: &mut dyn Take) -> Result<F, DecodeError> {
        let mut failed = None;
        let built = F::build(&mut Fields { path, members: [].iter(), from, failed: &mut failed });
        built.ok_or_else(|| failed.unwrap_or_else(|| DecodeError::at(path)))
    }

    /// Where the next field stands; behind the last one: where the record itself stands.
    #[must_use]
    pub fn step(&mut self) -> Path<'a> {
        self.members.next().map_or(*self.path, |member| member.under(self.path))
    }

    /// The fields of the record that stands at `path`.
    #[must_use]
    pub fn of<'b>(&'b mut self, path: &'b Path<'b>, members: &'b [Member]) -> Fields<'b> {
        Fields { path, members: members.iter(), from: self.from, failed: self.failed }
    }

    /// The next field's value.
    pub(super) fn value<T: FieldValue>(&mut self) -> Option<Zeroizing<T>> {
        let path = self.step();
        self.value_at(&path)
    }

    /// The word of the choice that stands at `path`, to be matched by the macro.
    #[must_use]
    pub fn chosen(&mut self, path: &Path<'_>, choice: &Choice) -> Option<Zeroizing<String>> {
        self.value_at(&choice.at(path))
    }

    /// No variant has the word that was taken, which is not told: it is a value of a class.
    pub fn no_such_variant(&mut self, path: &Path<'_>, choice: &Choice) {
        self.failed.get_or_insert_with(|| DecodeError::at(&choice.at(path)));
    }

    fn value_at<T: FieldValue>(&mut self, path: &Path<'_>) -> Option<Zeroizing<T>> {
        let bytes = self.from.take(path).unwrap_or_else(|| Zeroizing::new(b"null".to_vec()));
        let value = from_json(&bytes);
        if value.is_err() {
            self.failed.get_or_insert_with(|| DecodeError::at(path));
        }
        value.ok().map(Zeroizing::new)
    }
}
