//! Opening: a grant, a place, and the value comes back classified.

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::connect::Authorization;
use super::keyring::{KeyError, KeySession};
use super::papers;
use super::put::record_key;
use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::{FieldBody, Ports, RecordKey, RecordRow, RecordStore, StoredField};
use crate::core::access::{Grant, GrantError, Shows};
use crate::core::audit::AuditEvent;
use crate::core::classification::{DecodeError, Level, Record, RecordKind, decode};
use crate::core::id::{ConnectionId, Name, SubjectId, TenantId};
use crate::core::place::{Place, Scope};
use crate::core::policy::Record as RecordWhen;
use crate::crypto::{self, Envelope, Header, PlaceKeys, ScopeKind, SecretKey};

/// Why nothing is opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The grant does not cover it.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The record holds fields above the grant's level.
    #[error("the record goes up to level {level}, and the grant to {granted}")]
    AboveGrant {
        /// Level of the record.
        level: Level,
        /// Level of the grant.
        granted: Level,
    },
    /// There is no such record at this place.
    #[error("there is no such record at this place")]
    NotFound,
    /// The authorisation under which it was stored was revoked, or never given.
    #[error("the authorisation of the connection is not live")]
    NotAuthorized,
    /// The customer's instruction to use it for the grant's purpose was withdrawn.
    #[error("no instruction of the customer stands for the grant's purpose (`instruct` gives one)")]
    NoInstruction,
    /// A key that it needs was destroyed, or is not in this key store.
    #[error(transparent)]
    Key(KeyError),
    /// It does not open here: altered, moved, or sealed elsewhere. Which of these is not told.
    #[error("field `{field}` does not open at this place")]
    Sealed {
        /// The field.
        field: Name,
    },
    /// What came out does not fit the field's type.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<KeyError> for OpenError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Trouble(trouble) => Self::Trouble(trouble),
            key => Self::Key(key),
        }
    }
}

impl OpenError {
    /// When the key that it needs was destroyed, where that is why.
    #[must_use]
    pub const fn destroyed_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Key(KeyError::Destroyed { at, .. }) => Some(*at),
            _ => None,
        }
    }
}

impl<P: Ports> Steward<P> {
    /// Opens the record of kind `R` at `place`. The opening is on the audit trail before the first byte is decrypted.
    ///
    /// # Errors
    /// [`OpenError`]; a key that was destroyed is told apart from an envelope that does not open.
    pub async fn open<R: Record>(&self, grant: &Grant<impl Shows>, place: &Place) -> Result<R, OpenError> {
        let mut opened = self.opened(RecordKind::of::<R>(), grant, place).await?;
        Ok(decode(&mut |name| {
            let at = opened.iter().position(|(field, _)| field == name)?;
            Some(opened.swap_remove(at).1)
        })?)
    }

    /// The values of the record at `place`, by their names; the opening is on record first.
    async fn opened(
        &self,
        kind: RecordKind,
        grant: &Grant<impl Shows>,
        place: &Place,
    ) -> Result<Vec<(Name, Zeroizing<Vec<u8>>)>, OpenError> {
        let told = (kind.category, kind.level());
        self.check_class(grant, place, kind.category, kind.level()).await?;
        let key = record_key(kind, place).ok_or(OpenError::NotFound)?;
        let row = self.inner.ports.records().fetch(&key).await.map_err(Trouble::from)?;
        let row = row.filter(|row| stands_at(row, place)).ok_or(OpenError::NotFound)?;
        self.refused(grant, place, told, self.check_people(grant, row.subjects()).await).await?;
        let mut keys = self.keys();
        self.begin_opening(&mut keys, grant, place, (kind.category, None), kind.level()).await?;
        let mut opened = Vec::with_capacity(row.fields.len());
        let record = kind.spec();
        for field in &row.fields {
            let declared = record.field(field.name.as_str());
            // What was stored under another declaration than the one in code is shown as missing, not under a wrong class.
            if declared.is_none_or(|spec| field.class != *spec.class.id) {
                continue;
            }
            opened.push((field.name.clone(), keys.open_field(place, &row.key, field).await?));
        }
        Ok(opened)
    }

    /// Whether a grant opens values of a category and level at a place; a no is on record.
    pub(super) async fn check_class(
        &self,
        grant: &Grant<impl Shows>,
        place: &Place,
        category: &str,
        level: Level,
    ) -> Result<(), OpenError> {
        let answer = self.covers_class(grant, place, category, level).await;
        self.refused(grant, place, (category, level), answer).await
    }

    async fn covers_class(
        &self,
        grant: &Grant<impl Shows>,
        place: &Place,
        category: &str,
        level: Level,
    ) -> Result<(), OpenError> {
        self.check_grant(grant, place, category)?;
        if grant.obligations().anonymised {
            return Err(GrantError::AnonymisedOnly.into());
        }
        if level > grant.level() {
            return Err(OpenError::AboveGrant { level, granted: grant.level() });
        }
        self.check_instruction(grant, category).await?;
        match place.connection_id() {
            Some(connection) if !self.is_live(place.tenant_id(), connection).await? => {
                Err(OpenError::NotAuthorized)
            }
            _ => Ok(()),
        }
    }

    /// Whether the authorisation of a connection is live now.
    pub(super) async fn is_live(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
    ) -> Result<bool, Trouble> {
        let store = self.inner.ports.documents();
        let found = papers::load::<Authorization>(store, tenant, connection.as_str()).await?;
        Ok(found.is_some_and(|filed| filed.paper.is_live()))
    }

    /// Counts an opening against its grant, and puts it on record with whom the grant was given to; with the class, where it is of a single value.
    pub(super) async fn begin_opening(
        &self,
        keys: &mut KeySession<'_, P>,
        grant: &Grant<impl Shows>,
        place: &Place,
        (category, class): (&str, Option<&str>),
        level: Level,
    ) -> Result<(), OpenError> {
        let counted = grant.count_opening().map_err(OpenError::from);
        self.refused(grant, place, (category, level), counted).await?;
        Ok(self.record_opening(keys, grant, place, (category, class), level).await?)
    }

    pub(super) async fn record_opening(
        &self,
        keys: &mut KeySession<'_, P>,
        grant: &Grant<impl Shows>,
        place: &Place,
        (category, class): (&str, Option<&str>),
        level: Level,
    ) -> Result<(), Trouble> {
        let when = self.recorded(level, grant.is_always_recorded());
        if when == RecordWhen::Never {
            return Ok(());
        }
        let event = AuditEvent::Opened {
            category: Name::new(category),
            class: class.map(Name::new),
            level,
            purpose: grant.purpose().name().clone(),
            rule: grant.rule().clone(),
        };
        let entry = self.entry_about(keys, About::at(place).on(grant), event).await?;
        self.record_when(when, entry).await
    }
}

/// Whether a stored row stands where `place` says: a place with another person or connection finds nothing.
fn stands_at(row: &RecordRow, place: &Place) -> bool {
    row.connection.as_ref() == place.connection_id() && row.subject.as_ref() == place.subject_id()
}

/// The place at which a stored row stands.
pub(super) fn place_of(row: &RecordRow) -> Place {
    let mut place = Place::tenant(&row.key.tenant).record(&row.key.id);
    if let Some(connection) = &row.connection {
        place = place.connection(connection);
    }
    if let Some(subject) = &row.subject {
        place = place.subject(subject);
    }
    row.fields.iter().filter(|field| field.subject != row.subject).fold(place, |place, field| {
        match &field.subject {
            Some(subject) => place.about(&field.name, subject),
            None => place,
        }
    })
}

impl<P: Ports> KeySession<'_, P> {
    /// The bytes of a stored field, decrypted under the versions of keys that its envelope names.
    pub(super) async fn open_field(
        &mut self,
        place: &Place,
        key: &RecordKey,
        field: &StoredField,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let sealed = match &field.body {
            FieldBody::Clear(bytes) => return Ok(Zeroizing::new(bytes.clone())),
            FieldBody::Sealed(sealed) => sealed,
        };
        let refused = || OpenError::Sealed { field: field.name.clone() };
        let parsed = Envelope::parse(sealed).map_err(|_| refused())?;
        let keys = self.named(place, field.subject.as_ref(), parsed.header()).await?.ok_or_else(refused)?;
        let keys = PlaceKeys::new(keys.iter().map(|(scope, version, key)| (scope, *version, key)).collect())
            .map_err(|_| refused())?;
        let context = self.context(place, key, &field.name, &field.class, field.subject.as_ref());
        crypto::open(&*self.inner.backend, &keys.key(), &parsed, &context).map_err(|_| refused())
    }

    /// The keys that a head names, where its scopes are those of a field about `subject` at `place`.
    pub(super) async fn named(
        &mut self,
        place: &Place,
        subject: Option<&SubjectId>,
        header: &Header,
    ) -> Result<Option<Vec<(Scope, u32, SecretKey)>>, KeyError> {
        let scopes = field_scopes(place, subject);
        if !scopes.iter().map(ScopeKind::of).eq(header.scopes().map(|(kind, _)| kind)) {
            return Ok(None);
        }
        let mut keys = Vec::with_capacity(scopes.len());
        for (scope, (_, version)) in scopes.into_iter().zip(header.scopes()) {
            let key = self.version(&scope, version).await?;
            keys.push((scope, version, key));
        }
        Ok(Some(keys))
    }
}

/// The scopes of a stored field, outermost first.
pub(super) fn field_scopes(place: &Place, subject: Option<&SubjectId>) -> Vec<Scope> {
    let tenant = place.tenant_id();
    let mut scopes = vec![Scope::Tenant(tenant.clone())];
    scopes.extend(place.connection_id().map(|id| Scope::Connection(tenant.clone(), id.clone())));
    scopes.extend(subject.map(|id| Scope::Subject(tenant.clone(), id.clone())));
    scopes
}
