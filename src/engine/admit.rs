//! Whether the policy lets a record in.

use super::connect::Authorization;
use super::put::PutError;
use super::steward::Steward;
use super::trail::About;
use crate::contracts::{Ports, RecordKey};
use crate::core::access::Purpose;
use crate::core::audit::{AuditEvent, StoreRefusal};
use crate::core::id::Name;
use crate::core::place::Place;

/// A record on its way in.
pub(super) struct Incoming<'a> {
    pub(super) place: &'a Place,
    pub(super) key: RecordKey,
    pub(super) category: Name,
    pub(super) purpose: &'a Purpose,
    pub(super) platform: Option<Name>,
}

impl<P: Ports> Steward<P> {
    /// Whether the policy lets this in: declared purpose, category open to it, an instruction and a live authorisation where one
    /// is needed, provenance where a platform hands the category over. Gives the authorisation of the connection, where the place has one.
    pub(super) async fn admit(&self, incoming: &Incoming<'_>) -> Result<Option<Authorization>, PutError> {
        let document = self.inner.policy.document();
        let (purpose, category) = (incoming.purpose.name(), &incoming.category);
        let declared = document.purposes.get(purpose);
        let open = document.categories.get(category).is_some_and(|c| c.purposes.contains(purpose));
        let refusal = match declared {
            None => Some(PutError::PurposeNotDeclared { purpose: purpose.clone() }),
            Some(_) if !open => {
                Some(PutError::PurposeMismatch { category: category.clone(), purpose: purpose.clone() })
            }
            Some(_) if !self.may_process(incoming.place.tenant_id(), category, purpose).await? => {
                Some(PutError::NoInstruction { category: category.clone(), purpose: purpose.clone() })
            }
            Some(declared) => match incoming.place.connection_id() {
                Some(id) => match self.live(incoming.place.tenant_id(), id.as_str()).await {
                    Err(PutError::NoAuthorization) => Some(PutError::NoAuthorization),
                    Err(error) => return Err(error),
                    Ok(live) if incoming.platform.as_ref().is_some_and(|named| *named != live.platform) => {
                        let platform = incoming.platform.clone().unwrap_or_else(|| live.platform.clone());
                        Some(PutError::OtherPlatform { platform, connected: live.platform })
                    }
                    Ok(live) => match self.has_provenance(incoming, Some(&live.platform)) {
                        true => return Ok(Some(live)),
                        false => Some(PutError::NoProvenance { category: category.clone() }),
                    },
                },
                None if declared.needs_authorization => Some(PutError::NoAuthorization),
                None => {
                    let mut rules = document.retention.rule.iter();
                    let ends =
                        rules.find(|rule| rule.category == *category && rule.from == "authorization_revoked");
                    match ends {
                        Some(rule) => Some(PutError::NeedsConnection { rule: rule.id.clone() }),
                        None if self.has_provenance(incoming, None) => return Ok(None),
                        None => Some(PutError::NoProvenance { category: category.clone() }),
                    }
                }
            },
        };
        let Some(refusal) = refusal else { return Ok(None) };
        if let Some(why) = told(&refusal) {
            let purpose = declared.map(|_| purpose.clone());
            let event = AuditEvent::StoreRefused { category: category.clone(), purpose, why };
            let entry = self.entry_about(&mut self.keys(), About::at(incoming.place), event).await?;
            self.record(vec![entry]).await?;
        }
        Err(refusal)
    }

    /// Whether it is said where this comes from, as far as the policy asks (S3.2): a category that platforms hand over comes from one
    /// of them, and a platform with a list hands over nothing else.
    fn has_provenance(&self, incoming: &Incoming<'_>, connected: Option<&Name>) -> bool {
        let (platforms, category) = (&self.inner.policy.document().platforms, &incoming.category);
        let lists =
            |name: &Name| platforms.get(name).is_some_and(|platform| platform.categories.contains(category));
        let is_listed = platforms.values().any(|platform| platform.categories.contains(category));
        match incoming.platform.as_ref() {
            Some(given) if is_listed => lists(given),
            Some(given) => platforms.get(given).is_some_and(|platform| platform.categories.is_empty()),
            None => !is_listed || connected.is_some_and(lists),
        }
    }
}

/// What the trail says of a refusal by the policy.
const fn told(refusal: &PutError) -> Option<StoreRefusal> {
    Some(match refusal {
        PutError::PurposeNotDeclared { .. } => StoreRefusal::PurposeNotDeclared,
        PutError::PurposeMismatch { .. } => StoreRefusal::PurposeMismatch,
        PutError::NoInstruction { .. } => StoreRefusal::NoInstruction,
        PutError::NoAuthorization => StoreRefusal::NoAuthorization,
        PutError::OtherPlatform { .. } => StoreRefusal::OtherPlatform,
        PutError::NoProvenance { .. } => StoreRefusal::NoProvenance,
        PutError::NeedsConnection { .. } => StoreRefusal::NeedsConnection,
        _ => return None,
    })
}
