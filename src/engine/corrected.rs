//! What the trail says of a correction: which fields, with keyed hashes of the values that they had and get (S1.18).

use zeroize::Zeroizing;

use super::keyring::KeySession;
use super::open::OpenError;
use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::{Ports, RecordRow, StoredField};
use crate::core::audit::{AuditEvent, CorrectedField, Pseudonym};
use crate::core::id::{CaseId, Name};
use crate::core::place::{Place, Scope};

impl<P: Ports> KeySession<'_, P> {
    /// A field of a stored record, before it is corrected, as the trail tells of it. A value that does not open any more has no hash.
    pub(super) async fn corrected_field(
        &mut self,
        place: &Place,
        row: &RecordRow,
        field: &StoredField,
        new: &[u8],
    ) -> Result<CorrectedField, Trouble> {
        let tenant = place.tenant_id();
        let scope = match field.subject.as_ref().or(row.subject.as_ref()) {
            Some(subject) => Scope::Subject(tenant.clone(), subject.clone()),
            None => Scope::Tenant(tenant.clone()),
        };
        let old = match self.open_field(place, &row.key, field).await {
            Ok(old) => self.value(&scope, &field.name, &old).await?,
            Err(OpenError::Trouble(trouble)) => return Err(trouble),
            Err(_) => None,
        };
        Ok(CorrectedField {
            field: field.name.clone(),
            old,
            new: self.value(&scope, &field.name, new).await?,
        })
    }

    /// What the trail calls a value of a field: its JSON, behind the field's name.
    async fn value(
        &mut self,
        scope: &Scope,
        field: &Name,
        value: &[u8],
    ) -> Result<Option<Pseudonym>, Trouble> {
        let Ok(value) = std::str::from_utf8(value) else { return Ok(None) };
        let named = Zeroizing::new([field.as_str(), value].join("\0"));
        self.pseudonym(scope, "value", &named).await
    }
}

impl<P: Ports> Steward<P> {
    /// Puts on record which fields of a record are about to be corrected.
    pub(super) async fn tell_of_correction(
        &self,
        keys: &mut KeySession<'_, P>,
        (place, category): (&Place, &Name),
        fields: Vec<CorrectedField>,
        case: Option<CaseId>,
    ) -> Result<(), Trouble> {
        let event = AuditEvent::Corrected { category: category.clone(), fields, case };
        let entry = self.entry_about(keys, About::at(place), event).await?;
        self.record(vec![entry]).await
    }
}
