//! The data map: what a host's records hold, and whether the policy says the same.

use std::fmt;

use super::{ClassSpec, DataClass, Record, RecordSpec};
use crate::core::policy::PolicyDocument;

/// What a host holds: its classes of data, and its kinds of record.
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
        let record = RecordSpec::of::<R>();
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

    /// Compares the map with a policy: every class is declared there, with the same level and category.
    ///
    /// # Errors
    /// [`BindError`] with every disagreement.
    pub fn bind(&self, policy: &PolicyDocument) -> Result<(), BindError> {
        let mut problems = Vec::new();
        for (index, record) in self.records.iter().enumerate() {
            if self.records.iter().take(index).any(|other| other.kind == record.kind && other != record) {
                problems.push(BindProblem::TwoKindsOfOneName { kind: record.kind });
            }
            if !policy.categories.contains_key(record.category) {
                problems.push(BindProblem::UnknownCategory { kind: record.kind, category: record.category });
            }
            let foreign = record.fields.iter().filter(|field| field.class.category != record.category);
            problems.extend(foreign.map(|field| BindProblem::OtherCategory {
                kind: record.kind,
                category: record.category,
                class: field.class,
            }));
        }
        problems.extend(self.classes.iter().filter_map(|class| disagreement(*class, policy)));
        if problems.is_empty() { Ok(()) } else { Err(BindError { problems }) }
    }
}

fn disagreement(class: ClassSpec, policy: &PolicyDocument) -> Option<BindProblem> {
    let Some(declared) = policy.classes.get(class.id) else {
        return Some(BindProblem::UnknownClass { class });
    };
    let agrees = declared.level == class.level && declared.category == class.category;
    (!agrees).then(|| BindProblem::ClassDisagrees {
        class,
        policy: format!("{} in `{}`", declared.level, declared.category),
    })
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

/// One disagreement between code and policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindProblem {
    /// The policy does not declare the record's category.
    #[error("record `{kind}` is in category `{category}`, which the policy does not declare")]
    UnknownCategory {
        /// The record.
        kind: &'static str,
        /// Its category.
        category: &'static str,
    },
    /// The policy does not declare the class.
    #[error("class `{}` is not declared by the policy: add `[classes.\"{}\"]` with level `{}` and category `{}`", class.id, class.id, class.level, class.category)]
    UnknownClass {
        /// The class.
        class: ClassSpec,
    },
    /// The policy gives the class another level or category.
    #[error("class `{}` is {} in `{}` in code, and {policy} in the policy", class.id, class.level, class.category)]
    ClassDisagrees {
        /// The class in code.
        class: ClassSpec,
        /// What the policy says.
        policy: String,
    },
    /// A field's class is of another category than its record.
    #[error("record `{kind}` is in category `{category}`, and its class `{}` is in `{}`: split the record", class.id, class.category)]
    OtherCategory {
        /// The record.
        kind: &'static str,
        /// Its category.
        category: &'static str,
        /// The class.
        class: ClassSpec,
    },
    /// Two records share a name.
    #[error("two records are named `{kind}`: rename one, they would share their storage")]
    TwoKindsOfOneName {
        /// The name.
        kind: &'static str,
    },
}

/// Code and policy disagree: every disagreement, so that all can be mended at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindError {
    problems: Vec<BindProblem>,
}

impl BindError {
    /// The disagreements; at least one.
    #[must_use]
    pub fn problems(&self) -> &[BindProblem] {
        &self.problems
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("code and policy disagree")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for BindError {}
