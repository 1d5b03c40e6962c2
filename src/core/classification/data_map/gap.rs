//! What code says and the policy does not, and the other way round.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::DataMap;
use super::readers::readers;
use crate::core::id::Name;
use crate::core::policy::{Policy, PolicyDocument, SourceKind};

/// Something that one of code and policy says, and the other does not go on with.
///
/// A gap is no error: a policy speaks for a whole company, and one program of it may bind a part; a class may be written before the
/// code that holds it. So a steward is built over gaps, and a host that wants none says so in a test:
/// `assert_eq!(steward.data_map().gaps(steward.policy()), [])`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Gap {
    /// Code holds a class that no role may read, for whatever purpose: why is it held (GDPR Art. 5(1)(c))?
    Unread {
        /// The class.
        class: Name,
        /// Its category.
        category: Name,
    },
    /// Code holds a class of a category that lies, by the policy, in no source: the page does not say where it is.
    NoSource {
        /// The class.
        class: Name,
        /// Its category.
        category: Name,
    },
    /// The policy says how values of a class are found, and no field of a record that holds it has `find_by`.
    NeverFound {
        /// The class.
        class: Name,
        /// Its category.
        category: Name,
    },
    /// The policy declares a class that code does not hold.
    NotInCode {
        /// The class.
        class: Name,
        /// Its category.
        category: Name,
    },
    /// The policy has rules for a category of which code holds no class.
    NothingHeld {
        /// The category.
        category: Name,
        /// The rules that name it: retention, caps, access, sinks, processors.
        ruled_by: Vec<String>,
    },
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread { class, category } => {
                write!(
                    f,
                    "code holds class `{class}`, and no rule lets anybody read it: write an `[[access.allow]]` for `{category}`, or hold it no more"
                )
            }
            Self::NoSource { class, category } => {
                write!(
                    f,
                    "code holds class `{class}`, and no source has its category `{category}`: add it to `categories` of a `[sources.…]`"
                )
            }
            Self::NeverFound { class, .. } => {
                write!(
                    f,
                    "the policy says how values of `{class}` are found, and no field of it is: add `find_by` to one, or drop it from the policy"
                )
            }
            Self::NotInCode { class, category } => {
                write!(
                    f,
                    "the policy declares class `{class}` of `{category}`, and code holds none: bind a record or a set of classes with it, or drop it"
                )
            }
            Self::NothingHeld { category, ruled_by } => {
                write!(
                    f,
                    "code holds no class of `{category}`, and the policy has rules for it: {}",
                    ruled_by.join(", ")
                )
            }
        }
    }
}

impl DataMap {
    /// Compares the map with a policy in both directions, and tells what one has and the other has not: a class without a rule, a rule
    /// without a class. In order; empty where both say the same.
    ///
    /// Nothing is expected in code of a category that lies in the host's own tables and at processors alone (its sources have
    /// `kind = "own"` or `"processor"`): the steward never holds it.
    ///
    /// What must not be at all is not told here, it is an error of [`bind`](Self::bind).
    ///
    /// # Example: a class that waits for its code
    /// ```
    /// # use stewardship::Policy;
    /// # let policy = Policy::from_toml(include_str!("../../../../examples/policies/complete.toml"))?;
    /// use stewardship::classification::{DataMap, Gap};
    /// stewardship::classes! { pub struct Mine; ShopName: Internal in "connected_platform" = "platform.shop_name"; }
    ///
    /// let gaps = DataMap::of::<Mine>().gaps(&policy);
    /// assert!(gaps.contains(&Gap::NotInCode { class: "platform.token".into(), category: "connected_platform".into() }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn gaps(&self, policy: &Policy) -> Vec<Gap> {
        let document = policy.document();
        let mut gaps = BTreeSet::new();
        for class in &self.classes {
            let (id, category) = (|| Name::new(class.id), || Name::new(class.category));
            if readers(policy, class).is_empty() {
                gaps.insert(Gap::Unread { class: id(), category: category() });
            }
            // Of a class that stands in no record, the host enters its own columns.
            let mut fields = self.fields_of(class).into_iter().peekable();
            let declared = policy.class(class.id).is_some_and(|class| class.find_by.is_some());
            if declared && fields.peek().is_some() && !fields.any(|held| held.find_by) {
                gaps.insert(Gap::NeverFound { class: id(), category: category() });
            }
            if kinds_of(document, class.category).next().is_none() {
                gaps.insert(Gap::NoSource { class: id(), category: category() });
            }
        }
        for (id, class) in &document.classes {
            let held = self.classes.iter().any(|held| *id == *held.id);
            if !held && is_expected(document, class.category.as_str()) {
                gaps.insert(Gap::NotInCode { class: id.clone(), category: class.category.clone() });
            }
        }
        for (category, ruled_by) in rules(document) {
            let held = self.classes.iter().any(|held| *category == *held.category);
            if !held && is_expected(document, category.as_str()) {
                gaps.insert(Gap::NothingHeld { category: category.clone(), ruled_by });
            }
        }
        gaps.into_iter().collect()
    }
}

/// The kinds of the sources that have a category.
fn kinds_of<'p>(document: &'p PolicyDocument, category: &'p str) -> impl Iterator<Item = SourceKind> + 'p {
    let has =
        move |source: &&crate::core::policy::Source| source.categories.iter().any(|name| *name == *category);
    document.sources.values().filter(has).map(|source| source.kind)
}

/// Whether the steward may hold records of a category: one of its sources is the steward's own, or nobody said where it lies. The audit trail is
/// no record.
fn is_expected(document: &PolicyDocument, category: &str) -> bool {
    let trail = document.audit.as_ref().and_then(|audit| audit.category.as_ref());
    if trail.is_some_and(|trail| *trail == *category) {
        return false;
    }
    let mut kinds = kinds_of(document, category).peekable();
    kinds.peek().is_none() || kinds.any(|kind| kind == SourceKind::Managed)
}

/// What the policy rules about each category that a rule names, in the words of the file.
fn rules(document: &PolicyDocument) -> BTreeMap<&Name, Vec<String>> {
    let mut rules = Rules(BTreeMap::new());
    let (retention, access) = (&document.retention, &document.access);
    retention.rule.iter().for_each(|rule| rules.add("retention.rule", &rule.id, [&rule.category]));
    retention.cap.iter().for_each(|cap| rules.add("retention.cap", &cap.id, &cap.category));
    access.allow.iter().for_each(|rule| rules.add("access.allow", &rule.id, &rule.categories));
    access.deny.iter().for_each(|rule| rules.add("access.deny", &rule.id, &rule.categories));
    document.sinks.iter().for_each(|(id, sink)| rules.add("sinks", id, &sink.categories));
    document.processors.iter().for_each(|(id, processor)| rules.add("processors", id, &processor.categories));
    rules.0
}

struct Rules<'p>(BTreeMap<&'p Name, Vec<String>>);

impl<'p> Rules<'p> {
    fn add(&mut self, table: &str, id: &Name, categories: impl IntoIterator<Item = &'p Name>) {
        for category in categories {
            self.0.entry(category).or_default().push(format!("{table} `{id}`"));
        }
    }
}
