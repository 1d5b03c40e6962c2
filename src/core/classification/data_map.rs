//! The data map: what a host's records hold, and whether the policy says the same.

use std::fmt;

use super::{ClassSpec, Record, RecordSpec};
use crate::core::policy::PolicyDocument;

/// What a host holds: its kinds of record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataMap {
    records: Vec<RecordSpec>,
}

impl DataMap {
    /// The data map of a set of records: a tuple of their types.
    #[must_use]
    pub fn of<S: RecordSet>() -> Self {
        let mut records = Vec::new();
        S::each(&mut records);
        Self { records }
    }

    /// The kinds of record.
    #[must_use]
    pub fn records(&self) -> &[RecordSpec] {
        &self.records
    }

    /// The kind with this name.
    #[must_use]
    pub fn record(&self, kind: &str) -> Option<&RecordSpec> {
        self.records.iter().find(|record| record.kind == kind)
    }

    /// Adds the kinds of another map.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.records.extend(other.records);
        self
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
            for field in record.fields {
                problems.extend(disagreement(record, field.class, policy));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(BindError { problems }) }
    }
}

fn disagreement(record: &RecordSpec, class: ClassSpec, policy: &PolicyDocument) -> Option<BindProblem> {
    let Some(declared) = policy.classes.get(class.id) else {
        return Some(BindProblem::UnknownClass { kind: record.kind, class });
    };
    if declared.level != class.level || declared.category != class.category {
        return Some(BindProblem::ClassDisagrees {
            class,
            policy: format!("{} in `{}`", declared.level, declared.category),
        });
    }
    (class.category != record.category).then_some(BindProblem::OtherCategory {
        kind: record.kind,
        category: record.category,
        class,
    })
}

/// A set of kinds of record: a tuple of up to twelve [`Record`] types.
pub trait RecordSet {
    #[doc(hidden)]
    fn each(records: &mut Vec<RecordSpec>);
}

macro_rules! record_sets {
    ($($name:ident)*) => { record_sets!(@ [] $($name)*); };
    (@ [$($done:ident)*] $next:ident $($rest:ident)*) => {
        impl<$($done: Record,)* $next: Record> RecordSet for ($($done,)* $next,) {
            fn each(records: &mut Vec<RecordSpec>) {
                $(records.push(RecordSpec::of::<$done>());)*
                records.push(RecordSpec::of::<$next>());
            }
        }
        record_sets!(@ [$($done)* $next] $($rest)*);
    };
    (@ [$($done:ident)*]) => {};
}
record_sets!(A B C D E F G H I J K L);

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
    #[error("record `{kind}` has class `{}`, which the policy does not declare: add `[classes.\"{}\"]` with level `{}` and category `{}`", class.id, class.id, class.level, class.category)]
    UnknownClass {
        /// The record.
        kind: &'static str,
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
