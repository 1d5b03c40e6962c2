//! The contact data of a case: sealed under a scope of the case's own, which ends with the accountability period.

use super::requests::CaseError;
use super::steward::Steward;
use crate::contracts::Ports;
use crate::core::classification::{from_json, to_json};
use crate::core::dsr::{CaseFile, Contact};
use crate::core::id::{Name, RecordId};
use crate::core::place::Scope;
use crate::crypto::{self, Context, Envelope, PlaceKeys};

impl<P: Ports> Steward<P> {
    pub(super) async fn seal_contact(
        &self,
        file: &CaseFile,
        contact: &Contact,
    ) -> Result<Vec<u8>, CaseError> {
        let scope = case_scope(file);
        let mut keys = self.keys();
        let (version, key) = keys.for_sealing(&scope).await?;
        let plain = to_json(contact).map_err(|_| CaseError::Contact)?;
        let place = ContactPlace::of(file);
        Ok(keys.seal_under(&[(scope, version, key)], &place.context(file, self), &plain)?)
    }

    pub(super) async fn open_contact(&self, file: &CaseFile) -> Result<Contact, CaseError> {
        let sealed = file.contact().ok_or(CaseError::Contact)?;
        let parsed = Envelope::parse(sealed).map_err(|_| CaseError::Contact)?;
        let scope = case_scope(file);
        let (_, version) = parsed.header().scopes().next().ok_or(CaseError::Contact)?;
        let key = self.keys().version(&scope, version).await?;
        let keys = PlaceKeys::new(vec![(&scope, version, &key)]).map_err(|_| CaseError::Contact)?;
        let place = ContactPlace::of(file);
        let plain = crypto::open(&*self.inner.backend, &keys.key(), &parsed, &place.context(file, self))
            .map_err(|_| CaseError::Contact)?;
        from_json(&plain).map_err(|_| CaseError::Contact)
    }
}

/// The names that bind contact data to their case.
struct ContactPlace {
    kind: Name,
    record: RecordId,
    field: Name,
    class: Name,
}

impl ContactPlace {
    fn of(file: &CaseFile) -> Self {
        Self {
            kind: Name::new("case"),
            record: RecordId::new(file.request().id.as_str()),
            field: Name::new("contact"),
            class: Name::new("case.contact"),
        }
    }

    fn context<'a, P: Ports>(&'a self, file: &'a CaseFile, steward: &Steward<P>) -> Context<'a> {
        Context {
            tenant: &file.request().tenant,
            environment: steward.environment(),
            connection: None,
            subject: None,
            kind: &self.kind,
            record: &self.record,
            field: &self.field,
            class: &self.class,
        }
    }
}

fn case_scope(file: &CaseFile) -> Scope {
    Scope::Case(file.request().tenant.clone(), file.request().id.clone())
}
