//! Finding: candidates by their entries in the blind index, and of those whoever really has the value.

use std::collections::BTreeSet;

use serde_json::Value;
use zeroize::Zeroizing;

use super::keyring::{KeyError, KeySession};
use super::managed::MANAGED_PAGE;
use super::open::{OpenError, place_of};
use super::steward::Steward;
use super::trouble::{ATTEMPTS, Trouble};
use crate::contracts::{IndexEntry, Ports, RecordKey, RecordQuery, RecordRow, RecordStore, StoredField};
use crate::core::classification::{FieldSpec, Record, RecordSpec, from_json};
use crate::core::id::{Name, SubjectId, TenantId};
use crate::core::place::Scope;
use crate::core::policy::{FindBy, NormalForm, NotNormal, Policy};
use crate::crypto::{BlindIndex, SecretKey};

/// Why nobody can be looked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// The field is not in the blind index.
    #[error("`{kind}` cannot be found by `{field}`: it has no such field with `find_by`")]
    NotIndexed {
        /// The kind of record.
        kind: &'static str,
        /// The field.
        field: String,
    },
    /// The value has no normal form of the field's class: no record could be found by it.
    #[error("`{kind}` cannot be found by this value of `{field}`")]
    NotNormal {
        /// The kind of record.
        kind: &'static str,
        /// The field.
        field: String,
        /// What is missing.
        #[source]
        why: NotNormal,
    },
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl<P: Ports> Steward<P> {
    /// Finds the people of whom a record of kind `R` has this value in a field that is entered in the blind index.
    ///
    /// Values are compared in the form that the policy declares for the field's class (`find_by`; without it, trimmed and in lower
    /// case). What an entry points at is opened, and named only where it really holds the value: a cut entry points at others as well,
    /// and the index itself is not sealed. The value is not handed out. What opens no more names nobody.
    ///
    /// # Errors
    /// [`FindError::NotIndexed`] where the record has no such field, or the field is not declared with `find_by`, and
    /// [`FindError::NotNormal`] where the value has no normal form: "nobody" would be a wrong answer.
    pub async fn find<R: Record>(
        &self,
        tenant: &TenantId,
        field: &str,
        value: &str,
    ) -> Result<Vec<SubjectId>, FindError> {
        let record = RecordSpec::of::<R>();
        let Some(spec) = record.field(field).filter(|spec| spec.find_by) else {
            return Err(FindError::NotIndexed { kind: R::KIND, field: field.to_owned() });
        };
        let sought = Sought::new(self.policy(), R::KIND, spec, value);
        let sought =
            sought.map_err(|why| FindError::NotNormal { kind: R::KIND, field: field.to_owned(), why })?;
        Ok(self.holders(tenant, &sought).await?.into_iter().collect())
    }

    /// The people of a tenant whose records hold what is sought.
    ///
    /// From the oldest key to the newest, as entries go, and once more where a key has come meanwhile: so none that is made anew while
    /// this looks is missed.
    pub(super) async fn holders(
        &self,
        tenant: &TenantId,
        sought: &Sought<'_>,
    ) -> Result<BTreeSet<SubjectId>, Trouble> {
        let (scope, mut keys) = (Scope::Tenant(tenant.clone()), self.keys_that_show_nothing());
        let (mut found, mut looked) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..ATTEMPTS {
            let live = keys.live(&scope).await?;
            let fresh: Vec<_> = live.into_iter().rev().filter(|(number, _)| looked.insert(*number)).collect();
            if fresh.is_empty() {
                return Ok(found);
            }
            for (_, key) in fresh {
                let entry = IndexEntry {
                    field: Name::new(&*sought.spec.name),
                    tag: index_of(&key, sought.kind, sought.spec, &sought.find_by).entry(&sought.normal),
                };
                let query = RecordQuery {
                    tenant: Some(tenant.clone()),
                    kind: Some(Name::new(sought.kind)),
                    index: Some(entry),
                    ..RecordQuery::default()
                };
                self.hold_it(&mut keys, &query, sought, &mut found).await?;
            }
        }
        Err(Trouble::Contention { during: "look under every key of a tenant" })
    }

    /// Adds the people of those listed records that really hold what is sought.
    async fn hold_it(
        &self,
        keys: &mut KeySession<'_, P>,
        query: &RecordQuery,
        sought: &Sought<'_>,
        found: &mut BTreeSet<SubjectId>,
    ) -> Result<(), Trouble> {
        let mut after: Option<RecordKey> = None;
        loop {
            let page = self.inner.ports.records().list(query, after.as_ref(), MANAGED_PAGE).await?;
            for row in &page {
                let Some(field) = stored(row, sought.spec) else { continue };
                let Some(subject) = field.subject.as_ref().or(row.subject.as_ref()) else { continue };
                if !found.contains(subject) && keys.holds(row, field, sought).await? {
                    found.insert(subject.clone());
                }
            }
            if page.len() < MANAGED_PAGE {
                return Ok(());
            }
            after = page.last().map(|row| row.key.clone());
        }
    }
}

/// A value that is looked for, and the field that it is looked for in.
pub(super) struct Sought<'a> {
    kind: &'a str,
    spec: &'a FieldSpec,
    find_by: FindBy,
    normal: NormalForm,
}

impl<'a> Sought<'a> {
    pub(super) fn new(
        policy: &Policy,
        kind: &'a str,
        spec: &'a FieldSpec,
        value: &str,
    ) -> Result<Self, NotNormal> {
        let find_by = policy.find_by(spec.class.id);
        let normal = find_by.normal(value)?;
        Ok(Self { kind, spec, find_by, normal })
    }
}

/// The blind index of a record's field under one version of the tenant's key.
pub(super) fn index_of<'a>(
    tenant_key: &SecretKey,
    kind: &'a str,
    spec: &'a FieldSpec,
    find_by: &FindBy,
) -> BlindIndex<'a> {
    BlindIndex::new(tenant_key, kind, spec.class.id, &spec.name, find_by.clone())
}

/// The stored field that a declared one speaks of; none where it was stored under another class.
pub(super) fn stored<'r>(row: &'r RecordRow, spec: &FieldSpec) -> Option<&'r StoredField> {
    row.fields.iter().find(|field| field.name == *spec.name && field.class == *spec.class.id)
}

/// What a stored value is to the blind index.
pub(super) enum Text {
    /// A text, which is entered.
    Some(Zeroizing<String>),
    /// No value at all.
    Missing,
    /// A number, a list: nothing that is looked for.
    Other,
}

impl Text {
    pub(super) fn of(plain: &[u8]) -> Self {
        match from_json(plain) {
            Ok(Value::String(text)) => Self::Some(Zeroizing::new(text)),
            Ok(Value::Null) => Self::Missing,
            _ => Self::Other,
        }
    }
}

impl<P: Ports> KeySession<'_, P> {
    /// Whether a stored field holds what is sought. One that does not open holds nothing.
    async fn holds(
        &mut self,
        row: &RecordRow,
        field: &StoredField,
        sought: &Sought<'_>,
    ) -> Result<bool, Trouble> {
        match self.open_field(&place_of(row), &row.key, field).await {
            Ok(plain) => Ok(match Text::of(&plain) {
                Text::Some(text) => sought.find_by.normal(&text).as_ref() == Ok(&sought.normal),
                Text::Missing | Text::Other => false,
            }),
            Err(OpenError::Trouble(trouble)) => Err(trouble),
            Err(_) => Ok(false),
        }
    }

    /// The entry of a field that is on its way to be stored; none where it has no value, or none that could be looked for.
    pub(super) async fn entry(
        &mut self,
        tenant: &TenantId,
        kind: &str,
        spec: &FieldSpec,
        plain: &[u8],
    ) -> Result<Entered, KeyError> {
        let text = match Text::of(plain) {
            Text::Some(text) => text,
            Text::Missing => return Ok(Entered::Missing),
            Text::Other => return Ok(Entered::Unfindable),
        };
        let find_by = self.inner.policy.find_by(spec.class.id);
        let Ok(normal) = find_by.normal(&text) else { return Ok(Entered::Unfindable) };
        let (_, key) = self.for_sealing(&Scope::Tenant(tenant.clone())).await?;
        let tag = index_of(&key, kind, spec, &find_by).entry(&normal);
        Ok(Entered::Entry(IndexEntry { field: Name::new(&*spec.name), tag }))
    }
}

/// What came of entering a field in the blind index.
pub(super) enum Entered {
    /// This entry.
    Entry(IndexEntry),
    /// There is no value.
    Missing,
    /// The value is no text, or has no normal form.
    Unfindable,
}
