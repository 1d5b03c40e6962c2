//! Where code and policy contradict each other.

use std::collections::BTreeSet;
use std::fmt;

use super::{ClassSpec, DataMap};
use crate::core::policy::PolicyDocument;

impl DataMap {
    /// Compares the map with a policy: every class is declared there, with the same level and category, and some rule says how long it
    /// is kept.
    ///
    /// These are errors, because with any of them a verb would do the wrong thing: seal at a level that nobody meant, ask the rules of
    /// another category, or keep what nothing ever ends (GDPR Art. 5(1)(e)). What may be meant so is told by [`gaps`](Self::gaps).
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
            let telling = record.fields.iter().find(|field| field.tells_variant);
            problems.extend(telling.map(|field| BindProblem::VariantTold {
                kind: record.kind,
                field: field.name.clone().into_owned(),
            }));
        }
        problems.extend(self.classes.iter().filter_map(|class| disagreement(*class, policy)));
        let endless = |category: &&str| !policy.retention.rule.iter().any(|rule| rule.category == **category);
        let held: BTreeSet<&'static str> = self.classes.iter().map(|class| class.category).collect();
        let endless =
            held.into_iter().filter(|category| policy.categories.contains_key(*category)).filter(endless);
        problems.extend(endless.map(|category| BindProblem::NoRetentionRule { category }));
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
    /// No rule says how long the category of a class is kept. A checked policy has a rule for every category; a document may lack it.
    #[error("no `[[retention.rule]]` has the category `{category}`, and code holds classes of it")]
    NoRetentionRule {
        /// The category.
        category: &'static str,
    },
    /// An enum in the record has a choice above Internal, and a variant with fields, whose names are stored in the clear.
    #[error(
        "record `{kind}` would tell a choice above Internal by the name of its stored field `{field}`: give the choice a class of \
         level internal, or give the enum no fields and put them into the record around it, as options"
    )]
    VariantTold {
        /// The record.
        kind: &'static str,
        /// The first field whose name tells.
        field: String,
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
