//! What is held: the data map told class by class.

use std::collections::BTreeSet;

use serde::Serialize;

use super::readers::readers;
use super::{BindError, ClassSpec, DataMap};
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::policy::{Cap, FindBy, LegalRole, Policy, PolicyDocument, Redact, RetentionRule};

/// One class of data that is held, with what code and policy say of it: what a record of processing activities lists (GDPR
/// Art. 30(1)(b) to (f) and 30(2)(b)).
///
/// It is data about data: no value stands in it. Serialises for an export; [`report::data_map`](crate::report::data_map) makes a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Holding {
    /// The class.
    pub class: Name,
    /// Its level.
    pub level: Level,
    /// Whether it authenticates someone.
    pub authenticator: bool,
    /// What is shown of its values where they are not opened.
    pub redact: Redact,
    /// How its values are entered in the blind index, where a field of it is.
    pub find_by: Option<FindBy>,
    /// Its category.
    pub category: Name,
    /// The title of the category.
    pub title: String,
    /// The legal basis, where the company is the controller for some purpose.
    pub legal_basis: Option<String>,
    /// The purposes that it may be used for, in order of their names.
    pub purposes: Vec<UsedFor>,
    /// The fields of records that hold it, in order of their names. None for a class of the host's own tables.
    pub fields: Vec<HeldIn>,
    /// The rules that keep it, and end that.
    pub retention: Vec<RetentionRule>,
    /// The caps that may bind it: those of its category or of any, whatever the platform.
    pub caps: Vec<Cap>,
    /// Platforms that it comes from, by what the policy says of their unlabelled data.
    pub comes_from: BTreeSet<Name>,
    /// Platforms that hold a synchronised copy.
    pub synced_to: BTreeSet<Name>,
    /// Sources in which it lies.
    pub sources: BTreeSet<Name>,
    /// Enabled processors that may receive it: the recipients.
    pub recipients: BTreeSet<Name>,
    /// Roles that may read it, when everything that a rule asks for is there.
    pub readers: BTreeSet<Name>,
}

/// A purpose that a class may be used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UsedFor {
    /// The purpose.
    pub purpose: Name,
    /// Its title.
    pub title: String,
    /// The company's legal role in it.
    pub role: LegalRole,
}

/// A field that holds values of a class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct HeldIn {
    /// The kind of record.
    pub kind: String,
    /// The field, nested ones under their dotted name.
    pub field: String,
    /// Whether records are found by it: a keyed digest of the value stands in the blind index.
    pub find_by: bool,
}

impl DataMap {
    /// What is held, class by class, in order of categories and classes.
    ///
    /// # Errors
    /// [`BindError`] where code and policy contradict each other: a map of that would be of neither. A steward's own map
    /// ([`Steward::data_map`](crate::Steward::data_map)) with its own policy never fails.
    ///
    /// # Example: for whom and how long addresses are held
    /// ```
    /// # use stewardship::Policy;
    /// # let policy = Policy::from_toml(include_str!("../../../../examples/policies/complete.toml"))?;
    /// use stewardship::classification::DataMap;
    /// stewardship::classes! { CreatorEmail: Confidential in "creators" = "creator.email"; }
    /// stewardship::record! { struct Creator in "creators" { email: String as CreatorEmail, find_by; } }
    ///
    /// let held = DataMap::of::<(Creator,)>().holdings(&policy)?;
    /// assert_eq!(held[0].class, "creator.email");
    /// assert_eq!((&*held[0].fields[0].kind, &*held[0].fields[0].field), ("Creator", "email"));
    /// assert_eq!(held[0].find_by, Some(policy.find_by("creator.email")));
    /// assert_eq!(held[0].retention[0].id, "creators-until-disconnected");
    /// println!("{}", serde_json::to_string_pretty(&held)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn holdings(&self, policy: &Policy) -> Result<Vec<Holding>, BindError> {
        self.bind(policy.document())?;
        let mut held: Vec<_> = self.classes.iter().filter_map(|class| self.holding(class, policy)).collect();
        held.sort_by(|a, b| (&a.category, &a.class).cmp(&(&b.category, &b.class)));
        Ok(held)
    }

    /// Nothing for a class or a category that the policy does not declare; a bound map has none.
    fn holding(&self, class: &ClassSpec, policy: &Policy) -> Option<Holding> {
        let document = policy.document();
        let (declared, category) = (policy.class(class.id)?, policy.category(class.category)?);
        let title = |purpose: &Name| document.purposes.get(purpose).map_or("", |purpose| &purpose.title);
        let used_for = |purpose: &Name| UsedFor {
            purpose: purpose.clone(),
            title: title(purpose).to_owned(),
            role: category.legal_role(purpose.as_str()),
        };
        let of_category = |name: &Name| *name == class.category;
        let fields = self.fields_of(class);
        Some(Holding {
            class: Name::new(class.id),
            level: class.level,
            authenticator: declared.authenticator,
            redact: declared.redact.unwrap_or(Redact::Erase),
            find_by: fields.iter().any(|held| held.find_by).then(|| policy.find_by(class.id)),
            category: Name::new(class.category),
            title: category.title.clone(),
            legal_basis: category.legal_basis.clone(),
            purposes: category.purposes.iter().map(used_for).collect(),
            fields,
            retention: document
                .retention
                .rule
                .iter()
                .filter(|rule| of_category(&rule.category))
                .cloned()
                .collect(),
            caps: document
                .retention
                .cap
                .iter()
                .filter(|cap| cap.category.as_ref().is_none_or(of_category))
                .cloned()
                .collect(),
            comes_from: named(&document.platforms, |platform| platform.categories.iter().any(of_category)),
            synced_to: category.synced_to.clone(),
            sources: named(&document.sources, |source| source.categories.iter().any(of_category)),
            recipients: recipients(document, class),
            readers: readers(policy, class),
        })
    }

    pub(super) fn fields_of(&self, class: &ClassSpec) -> Vec<HeldIn> {
        let fields = self.records.iter().flat_map(|record| {
            let fields = record.fields.iter().filter(|field| field.class.id == class.id);
            fields.map(|field| HeldIn {
                kind: record.kind.to_owned(),
                field: field.name.to_string(),
                find_by: field.find_by,
            })
        });
        // A kind that is bound twice is one kind.
        fields.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Processors in use that list the category, and are not limited to a level below.
fn recipients(document: &PolicyDocument, class: &ClassSpec) -> BTreeSet<Name> {
    named(&document.processors, |processor| {
        !processor.disabled
            && processor.categories.iter().any(|name| *name == class.category)
            && processor.up_to.is_none_or(|up_to| class.level.may_flow_to(up_to))
    })
}

fn named<T>(all: &std::collections::BTreeMap<Name, T>, keep: impl Fn(&T) -> bool) -> BTreeSet<Name> {
    all.iter().filter(|(_, entry)| keep(entry)).map(|(name, _)| name.clone()).collect()
}
