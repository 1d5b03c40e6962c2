//! What the constructors and setters of the document accept, so that policies in code read as short as in a file.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::id::Name;

/// A value that can stand for a `T`: itself, a text for a name or a `String`, a list for a set, a value for an `Option`.
///
/// # Example: a category in one line
/// ```
/// use stewardship::policy::{Category, LegalRole};
/// let creators = Category::new("Creators", LegalRole::Processor).purposes(["outreach"]).synced_to(["tiktok"]);
/// assert_eq!(creators.purposes.len(), 1);
/// ```
pub trait Given<T> {
    /// Turns it into the field's type.
    fn given(self) -> T;
}

impl<T> Given<T> for T {
    fn given(self) -> T {
        self
    }
}

impl<T> Given<Option<T>> for T {
    fn given(self) -> Option<T> {
        Some(self)
    }
}

impl<T: Ord, const N: usize> Given<BTreeSet<T>> for [T; N] {
    fn given(self) -> BTreeSet<T> {
        self.into()
    }
}

impl<T, const N: usize> Given<Vec<T>> for [T; N] {
    fn given(self) -> Vec<T> {
        self.into()
    }
}

impl<K: Ord, V, const N: usize> Given<BTreeMap<K, V>> for [(K, V); N] {
    fn given(self) -> BTreeMap<K, V> {
        self.into()
    }
}

impl<V, const N: usize> Given<BTreeMap<Name, V>> for [(&str, V); N] {
    fn given(self) -> BTreeMap<Name, V> {
        self.into_iter().map(|(name, value)| (Name::new(name), value)).collect()
    }
}

impl Given<Option<String>> for &str {
    fn given(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl Given<String> for &str {
    fn given(self) -> String {
        self.to_owned()
    }
}

impl Given<Name> for &str {
    fn given(self) -> Name {
        Name::new(self)
    }
}

impl Given<Option<Name>> for &str {
    fn given(self) -> Option<Name> {
        Some(Name::new(self))
    }
}

impl<const N: usize> Given<BTreeSet<Name>> for [&str; N] {
    fn given(self) -> BTreeSet<Name> {
        self.into_iter().map(Name::new).collect()
    }
}

impl<const N: usize> Given<BTreeSet<String>> for [&str; N] {
    fn given(self) -> BTreeSet<String> {
        self.into_iter().map(str::to_owned).collect()
    }
}
