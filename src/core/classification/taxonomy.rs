//! The names of a policy as bits, so that labels are compared and not searched.

use std::collections::BTreeMap;
use std::fmt;

use super::{ClassSpec, DataClass, Label, Level};
use crate::core::id::Name;
use crate::core::policy::{Category, PolicyDigest, PolicyDocument};

/// The categories, purposes and classes of a policy, resolved to [`Label`]s once, when the policy is checked.
#[derive(Debug)]
pub struct Taxonomy {
    policy: u64,
    categories: Vec<Name>,
    purposes: Vec<Name>,
    classes: BTreeMap<Name, Label>,
}

impl Taxonomy {
    /// Of a checked document, which declares at most [`MAX_CATEGORIES`](crate::policy::MAX_CATEGORIES) and
    /// [`MAX_PURPOSES`](crate::policy::MAX_PURPOSES), because each has a bit.
    pub(crate) fn of(document: &PolicyDocument, digest: PolicyDigest) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *digest.as_bytes();
        let mut taxonomy = Self {
            // Zero stands for no policy.
            policy: u64::from_be_bytes([a, b, c, d, e, f, g, h]).max(1),
            categories: document.categories.keys().cloned().collect(),
            purposes: document.purposes.keys().cloned().collect(),
            classes: BTreeMap::new(),
        };
        taxonomy.classes = document
            .classes
            .iter()
            .map(|(id, class)| (id.clone(), taxonomy.of_categories(document, class.level, [&class.category])))
            .collect();
        taxonomy
    }

    /// The label of a class, as the policy declares it.
    #[must_use]
    pub fn class(&self, id: &str) -> Option<Label> {
        self.classes.get(id).copied()
    }

    /// The label of the class `C`; the top where the policy does not declare it.
    #[must_use]
    pub fn of_class<C: DataClass>(&self) -> Label {
        self.of_spec(&ClassSpec::of::<C>())
    }

    pub(super) fn of_spec(&self, class: &ClassSpec) -> Label {
        self.class(class.id).map_or(self.top(), |label| label.raised_to(class.level))
    }

    /// A label of one's own: of these categories, to be used for these purposes.
    ///
    /// # Errors
    /// [`UnknownName`] where the policy does not declare one of them.
    pub fn label(&self, level: Level, categories: &[&str], purposes: &[&str]) -> Result<Label, UnknownName> {
        let bits = |all: &[Name], names: &[&str], what| {
            names.iter().try_fold(0, |bits, name| match bit(all, name) {
                0 => Err(UnknownName { what, name: (*name).to_owned() }),
                bit => Ok(bits | bit),
            })
        };
        Ok(Label {
            level,
            policy: self.policy,
            categories: bits(&self.categories, categories, "category")?,
            purposes: bits(&self.purposes, purposes, "purpose")?,
        })
    }

    /// The label of what nothing is known of: the strongest level, every category, no purpose.
    #[must_use]
    pub const fn top(&self) -> Label {
        Label::top_of(self.policy)
    }

    /// The label of what may go anywhere.
    #[must_use]
    pub const fn bottom(&self) -> Label {
        Label::bottom_of(self.policy)
    }

    /// The label in words: `confidential in creators, orders for support`.
    #[must_use]
    pub fn show<'t>(&'t self, label: &'t Label) -> impl fmt::Display + use<'t> {
        Shown { taxonomy: self, label }
    }

    /// Data of this level that is of all of these categories; of any category where none is named.
    pub(super) fn of_categories<'n>(
        &self,
        document: &PolicyDocument,
        level: Level,
        categories: impl IntoIterator<Item = &'n Name>,
    ) -> Label {
        let each = |name: &Name| Label {
            level,
            policy: self.policy,
            categories: bit(&self.categories, name.as_str()),
            purposes: document.categories.get(name).map_or(0, |category| self.purposes_of(category)),
        };
        categories.into_iter().map(each).reduce(Label::join).unwrap_or(self.top_at(level))
    }

    /// What is cleared up to `level`, for these categories (none named: for any), and serves these purposes (none named: it is not
    /// asked which).
    pub(super) fn clearance<'n>(
        &self,
        level: Level,
        categories: impl IntoIterator<Item = &'n Name>,
        purposes: impl IntoIterator<Item = &'n Name>,
    ) -> Label {
        let bits = |all: &[Name], names: &mut dyn Iterator<Item = &'n Name>| {
            names.fold(0, |bits, name| bits | bit(all, name.as_str()))
        };
        let top = self.top_at(level);
        let categories = match bits(&self.categories, &mut categories.into_iter()) {
            0 => top.categories,
            named => named,
        };
        Label { categories, purposes: bits(&self.purposes, &mut purposes.into_iter()), ..top }
    }

    /// The categories and the purposes of a label, by name; `None` for any.
    pub(super) fn names(&self, label: &Label) -> (Option<Vec<Name>>, Option<Vec<Name>>) {
        let names = |all, bits| (bits != u128::MAX).then(|| set(all, bits).cloned().collect());
        (names(&self.categories, label.categories), names(&self.purposes, label.purposes))
    }

    /// The label with these names. A category that is not declared makes it any; a purpose that is not declared is none.
    pub(super) fn named(
        &self,
        level: Level,
        categories: Option<Vec<Name>>,
        purposes: Option<Vec<Name>>,
    ) -> Label {
        let category = |bits, name: &Name| match bit(&self.categories, name.as_str()) {
            0 => u128::MAX,
            bit => bits | bit,
        };
        let purpose = |bits, name: &Name| bits | bit(&self.purposes, name.as_str());
        Label {
            level,
            policy: self.policy,
            categories: categories.map_or(u128::MAX, |names| names.iter().fold(0, category)),
            purposes: purposes.map_or(u128::MAX, |names| names.iter().fold(0, purpose)),
        }
    }

    /// The categories of a label, by name; none where it is of any.
    pub(super) fn categories_of(&self, label: &Label) -> impl Iterator<Item = &Name> {
        let bits = if label.categories == u128::MAX { 0 } else { label.categories };
        set(&self.categories, bits)
    }

    /// The bit of a purpose; zero where the policy does not declare it.
    pub(super) fn purpose_bit(&self, purpose: &str) -> u128 {
        bit(&self.purposes, purpose)
    }

    /// The bit of a category; zero where the policy does not declare it.
    pub(super) fn category_bit(&self, category: &str) -> u128 {
        bit(&self.categories, category)
    }

    fn top_at(&self, level: Level) -> Label {
        Label { level, ..self.top() }
    }

    fn purposes_of(&self, category: &Category) -> u128 {
        category.purposes.iter().fold(0, |bits, purpose| bits | bit(&self.purposes, purpose.as_str()))
    }
}

/// The bit of a name in an ordered list of at most 128; zero for a name that is not in it.
fn bit(all: &[Name], name: &str) -> u128 {
    let at = all.binary_search_by(|other| other.as_str().cmp(name));
    at.ok().and_then(|at| 1_u128.checked_shl(u32::try_from(at).ok()?)).unwrap_or(0)
}

/// The names whose bits are set.
fn set(all: &[Name], bits: u128) -> impl Iterator<Item = &Name> {
    (0_u32..).zip(all).filter(move |(at, _)| bits >> at & 1 == 1).map(|(_, name)| name)
}

struct Shown<'t> {
    taxonomy: &'t Taxonomy,
    label: &'t Label,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { taxonomy, label } = self;
        if label.policy != taxonomy.policy {
            return write!(f, "{} under another policy", label.level);
        }
        write!(f, "{}", label.level)?;
        names(f, " in ", "any category", &taxonomy.categories, label.categories)?;
        names(f, " for ", "any purpose", &taxonomy.purposes, label.purposes)
    }
}

fn names(f: &mut fmt::Formatter<'_>, lead: &str, any: &str, all: &[Name], bits: u128) -> fmt::Result {
    match bits {
        0 => Ok(()),
        u128::MAX => write!(f, "{lead}{any}"),
        _ => {
            write!(f, "{lead}{}", set(all, bits).map(Name::as_str).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A name that the policy does not declare.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policy declares no {what} `{name}`")]
pub struct UnknownName {
    what: &'static str,
    name: String,
}

impl UnknownName {
    /// An error unless the policy declares it.
    pub(crate) fn unless(declared: bool, what: &'static str, name: &str) -> Result<(), Self> {
        if declared { Ok(()) } else { Err(Self { what, name: name.to_owned() }) }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::policy::{GOOD, Policy};

    crate::classes! {
        Token: Restricted in "connected_platform" = "platform.token";
        Shop: Internal in "connected_platform" = "platform.shop";
        Raised: Confidential in "connected_platform" = "platform.shop";
        Nobody: Public in "billing" = "billing.nobody";
    }

    #[test]
    fn a_class_has_the_level_category_and_purposes_of_the_policy() {
        let policy = Policy::from_toml(GOOD).unwrap();
        let taxonomy = policy.taxonomy();
        let label = taxonomy.of_class::<Token>();
        let purposes = ["order_sync", "requests"];
        assert_eq!(Ok(label), taxonomy.label(Level::Restricted, &["connected_platform"], &purposes));
        assert_eq!(
            taxonomy.show(&label).to_string(),
            "restricted in connected_platform for order_sync, requests"
        );
        let invoice = taxonomy.class("billing.invoice").unwrap();
        let both = taxonomy.show(&label.join(invoice)).to_string();
        assert_eq!(both, "restricted in billing, connected_platform for requests");
        assert_eq!(taxonomy.of_class::<Shop>().level(), Level::Internal);
        assert_eq!(
            taxonomy.of_class::<Raised>().level(),
            Level::Confidential,
            "the stricter of policy and code"
        );
        assert_eq!(taxonomy.of_class::<Nobody>(), taxonomy.top(), "what the policy does not know is unknown");
        assert_eq!(taxonomy.show(&taxonomy.top()).to_string(), "restricted in any category");
        assert_eq!(taxonomy.show(&taxonomy.bottom()).to_string(), "public for any purpose");
        let unknown = taxonomy.label(Level::Public, &["billing", "bill"], &[]).unwrap_err();
        assert_eq!(unknown.to_string(), "the policy declares no category `bill`");
    }

    #[test]
    fn labels_of_two_versions_of_a_policy_do_not_mix() {
        let one = Policy::from_toml(GOOD).unwrap();
        let other = Policy::from_toml(&GOOD.replace("version = \"3\"", "version = \"4\"")).unwrap();
        let (one, other) = (one.taxonomy().of_class::<Shop>(), other.taxonomy().of_class::<Shop>());
        assert!(!one.flows_to(&other) && !other.flows_to(&one));
        let mixed = one.join(other);
        assert!(!mixed.flows_to(&one) && !mixed.flows_to(&other));
    }

    #[test]
    fn names_are_stored_and_found_again() {
        let policy = Policy::from_toml(GOOD).unwrap();
        let taxonomy = policy.taxonomy();
        for label in [taxonomy.of_class::<Token>(), taxonomy.top(), taxonomy.bottom()] {
            let (categories, purposes) = taxonomy.names(&label);
            assert_eq!(taxonomy.named(label.level(), categories, purposes), label);
        }
        let gone = Some(vec![Name::new("billing"), Name::new("gone")]);
        let label = taxonomy.named(Level::Public, gone.clone(), gone);
        assert_eq!(
            label,
            taxonomy.named(Level::Public, None, Some(Vec::new())),
            "unknown names are the unknown"
        );
    }
}
