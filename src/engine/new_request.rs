//! A request of a person, as a host takes it in.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::core::dsr::{Contact, IntakeField};
use crate::core::id::{CaseId, SubjectId, TenantId};
use crate::core::policy::RequestKind;

/// A request as it comes in.
///
/// # Example: somebody writes to the support channel
/// ```
/// use stewardship::policy::RequestKind;
/// let request = stewardship::NewRequest::new("acme", RequestKind::Deletion, "privacy@harbour-ledger.example", "ada@example.com")
///     .subject("creator-17");
/// ```
#[derive(Clone, Debug)]
pub struct NewRequest {
    pub(super) id: Option<CaseId>,
    pub(super) tenant: TenantId,
    pub(super) kind: Option<RequestKind>,
    pub(super) channel: String,
    pub(super) contact: Contact,
    pub(super) required: Vec<IntakeField>,
    pub(super) received_at: Option<DateTime<Utc>>,
}

impl NewRequest {
    /// A request to `tenant` that came through `channel`, from somebody who can be reached at `address`.
    pub fn new(
        tenant: impl Into<TenantId>,
        kind: impl Into<Option<RequestKind>>,
        channel: impl Into<String>,
        address: impl Into<String>,
    ) -> Self {
        Self {
            id: None,
            tenant: tenant.into(),
            kind: kind.into(),
            channel: channel.into(),
            contact: Contact::new(address),
            required: Vec::new(),
            received_at: None,
        }
    }

    /// Names the case. Receiving a request of the same name again is the same case; without a name each is a new one.
    #[must_use]
    pub fn id(mut self, id: impl Into<CaseId>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Says whom it is about, as the host's records name the person.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<SubjectId>) -> Self {
        self.contact.subject = Some(subject.into());
        self
    }

    /// Says for which organisation the person writes.
    #[must_use]
    pub fn organisation(mut self, organisation: impl Into<String>) -> Self {
        self.contact.organisation = Some(organisation.into());
        self
    }

    /// Asks for a field to be changed to a value.
    #[must_use]
    pub fn correction(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.contact.corrections.insert(field.into(), value.into());
        self
    }

    /// Says what an intake form must hold besides the kind; a request without it is parked, and its clock runs.
    #[must_use]
    pub fn requires(mut self, fields: impl IntoIterator<Item = IntakeField>) -> Self {
        self.required.extend(fields);
        self
    }

    /// Says when it came in, where that was before now.
    #[must_use]
    pub fn received_at(mut self, at: DateTime<Utc>) -> Self {
        self.received_at = Some(at);
        self
    }
}
