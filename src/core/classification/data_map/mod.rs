//! The data map: what a host's records hold, and whether the policy says the same.

mod bind;
mod gap;
mod holding;
mod readers;

pub use bind::{BindError, BindProblem};
pub use gap::Gap;
pub use holding::{HeldIn, Holding, UsedFor};

use super::{ClassSpec, DataClass, Record, RecordSpec};

/// What a host holds: its classes of data, and its kinds of record.
///
/// It is compared with the policy twice. [`bind`](Self::bind) finds where the two contradict each other, and no steward is built while
/// they do. [`gaps`](Self::gaps) finds what one of them says and the other does not, which may be meant so. Where they agree,
/// [`holdings`](Self::holdings) tells what is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataMap {
    classes: Vec<ClassSpec>,
    records: Vec<RecordSpec>,
}

/// What a [`DataMap`] is made of: a record, a named set of classes, or a tuple of up to twelve of such.
///
/// [`record!`](crate::record) and [`classes!`](crate::classes) implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` declares no data",
    note = "bind records of `record!`, sets of classes (`classes! {{ pub struct Set; … }}`), or tuples of them; a single one needs its comma: `(Customer,)`"
)]
pub trait Declares {
    /// Adds what it declares.
    fn declare(map: &mut DataMap);
}

impl DataMap {
    /// The data map of what `D` declares.
    #[must_use]
    pub fn of<D: Declares>() -> Self {
        let mut map = Self::default();
        D::declare(&mut map);
        map
    }

    /// Adds a class.
    pub fn class<C: DataClass>(&mut self) {
        self.add_class(ClassSpec::of::<C>());
    }

    /// Adds a kind of record, and the classes of its fields.
    pub fn record<R: Record>(&mut self) {
        self.add_record(RecordSpec::of::<R>());
    }

    fn add_record(&mut self, record: RecordSpec) {
        record.fields.iter().for_each(|field| self.add_class(field.class));
        self.records.push(record);
    }

    /// The classes, those of the records' fields among them; each once.
    #[must_use]
    pub fn classes(&self) -> &[ClassSpec] {
        &self.classes
    }

    /// The kinds of record.
    #[must_use]
    pub fn records(&self) -> &[RecordSpec] {
        &self.records
    }

    /// The kind with this name.
    #[must_use]
    pub fn kind(&self, kind: &str) -> Option<&RecordSpec> {
        self.records.iter().find(|record| record.kind == kind)
    }

    /// Adds the kinds of another map.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        other.classes.into_iter().for_each(|class| self.add_class(class));
        self.records.extend(other.records);
        self
    }

    fn add_class(&mut self, class: ClassSpec) {
        if !self.classes.contains(&class) {
            self.classes.push(class);
        }
    }
}

impl<R: Record> Declares for R {
    fn declare(map: &mut DataMap) {
        map.record::<R>();
    }
}

macro_rules! tuples {
    ($($name:ident)*) => { tuples!(@ [] $($name)*); };
    (@ [$($done:ident)*] $next:ident $($rest:ident)*) => {
        impl<$($done: Declares,)* $next: Declares> Declares for ($($done,)* $next,) {
            fn declare(map: &mut DataMap) {
                $($done::declare(map);)*
                $next::declare(map);
            }
        }
        tuples!(@ [$($done)* $next] $($rest)*);
    };
    (@ [$($done:ident)*]) => {};
}
tuples!(A B C D E F G H I J K L);
