//! Storing: a record is labelled, sealed as the policy says, and kept.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::admit::Incoming;
use super::connect::{Authorization, EventError};
use super::erase::OWED;
use super::find::Entered;
use super::holds::Outlook;
use super::keyring::{KeyError, KeySession};
use super::managed::item_of;
use super::papers;
use super::steward::Steward;
use super::trail::About;
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{
    Expected, FieldBody, IndexEntry, Ports, RecordKey, RecordRow, RecordStore, StoredField,
};
use crate::core::access::Purpose;
use crate::core::audit::AuditEvent;
use crate::core::classification::{
    DecodeError, EncodedField, IngestError, Level, Record, RecordKind, encode, ingest,
};
use crate::core::id::{Name, SubjectId, TenantId};
use crate::core::place::{Place, Scope};
use crate::core::policy::Record as RecordWhen;
use crate::crypto::{self, Context, PlaceKeys, SecretKey};

/// What was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// The record's key.
    pub key: RecordKey,
    /// Fields that were sealed.
    pub sealed: usize,
    /// Fields that the policy lets be stored in the clear.
    pub clear: usize,
    /// Values of the platform's payload that no field declares, and that were left out.
    pub dropped: usize,
    /// Fields with `find_by` whose value has no normal form of its class (no e-mail address, a number of no country), or is no text: they
    /// are stored as all others, and nothing is found by them.
    pub unfindable: Vec<Name>,
}

/// Why a record is not stored. Nothing of it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// The place names no record, or one of its identifiers is empty, too long, or holds control characters.
    #[error("the place names no record, or an identifier is empty, too long, or holds control characters")]
    BadPlace,
    /// The place says of a field whom it is about, and the record has no such field.
    #[error("the place speaks of field `{field}`, which the record does not have")]
    UnknownField {
        /// The field.
        field: Name,
    },
    /// The kind of record was not bound when the steward was built.
    #[error("record `{kind}` is not bound: add it to `bind::<(…)>()` of the builder")]
    NotBound {
        /// The kind.
        kind: &'static str,
    },
    /// The policy declares no such purpose.
    #[error("the policy declares no purpose `{purpose}`")]
    PurposeNotDeclared {
        /// The purpose.
        purpose: Name,
    },
    /// The policy does not let the category be used for the purpose.
    #[error("category `{category}` may not be used for purpose `{purpose}`")]
    PurposeMismatch {
        /// The category.
        category: Name,
        /// The purpose.
        purpose: Name,
    },
    /// The category is handled for this purpose on the customer's instructions, and none stands ([`Steward::instruct`]).
    #[error(
        "category `{category}` is handled on the customer's instructions, and none stands for purpose `{purpose}` (`instruct` gives one)"
    )]
    NoInstruction {
        /// The category.
        category: Name,
        /// The purpose.
        purpose: Name,
    },
    /// The policy declares no such platform.
    #[error("the policy declares no platform `{platform}`")]
    UnknownPlatform {
        /// The platform.
        platform: Name,
    },
    /// The connection is not authorised, or the purpose needs one and the place names none.
    #[error("there is no live authorisation of a connection for this")]
    NoAuthorization,
    /// The category is one that a platform hands over, and nothing says that this comes from such a platform: neither `ingest` from one
    /// nor a connection that is authorised for one. Or the platform hands over listed categories, and not this one.
    #[error(
        "category `{category}` comes from listed platforms: ingest it from one, or name a connection of one"
    )]
    NoProvenance {
        /// The category.
        category: Name,
    },
    /// The payload is said to come from one platform, and the place's connection is authorised for another.
    #[error(
        "the connection is authorised for platform `{connected}`, and this is said to come from `{platform}`"
    )]
    OtherPlatform {
        /// The platform that was named.
        platform: Name,
        /// The platform of the connection.
        connected: Name,
    },
    /// The record that is there is of another person or connection: replacing it would take theirs away.
    #[error("another person's or connection's record stands there: give this one an identifier of its own")]
    OtherPlace,
    /// The record that is there is on hold: replacing it would destroy what the hold preserves.
    #[error("the record is on hold: {}", holds.join(", "))]
    Held {
        /// The holds.
        holds: Vec<String>,
    },
    /// The category ends with an authorisation, and the place names no connection whose authorisation that could be.
    #[error("rule `{rule}` ends this with an authorisation: the place must name a connection")]
    NeedsConnection {
        /// The rule.
        rule: Name,
    },
    /// The platform's payload gives no record.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// A field has no stored form.
    #[error(transparent)]
    Encode(#[from] DecodeError),
    /// There is no key to seal under.
    #[error(transparent)]
    Key(KeyError),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<KeyError> for PutError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Trouble(trouble) => Self::Trouble(trouble),
            key => Self::Key(key),
        }
    }
}

impl<P: Ports> Steward<P> {
    /// Stores a record at `place`, or replaces the one that is there.
    ///
    /// Each field is sealed or left in the clear as its level's controls say, under the keys of all scopes of its place. A category that
    /// platforms hand over needs a connection of one, or [`ingest`](Self::ingest). Replacing keeps the record's events, and the time of
    /// first storing unless that was under an authorisation that has ended since. A value with `find_by` that has no normal form is
    /// stored too: [`Stored::unfindable`] names its field.
    ///
    /// # Errors
    /// [`PutError`]; nothing is stored then, and a refused purpose is on the audit trail.
    pub async fn put<R: Record>(
        &self,
        place: &Place,
        record: &R,
        purpose: &Purpose,
    ) -> Result<Stored, PutError> {
        self.put_from(RecordKind::of::<R>(), encode(record), place, purpose, None, 0).await
    }

    /// Takes a record out of a platform's JSON and stores it: what no field declares is dropped, and counted.
    ///
    /// # Errors
    /// As [`put`](Self::put), and where the payload lacks a declared field.
    pub async fn ingest<R: Record>(
        &self,
        place: &Place,
        platform: &str,
        payload: &Value,
        purpose: &Purpose,
    ) -> Result<Stored, PutError> {
        self.check_platform(platform)?;
        let ingested = ingest::<R>(payload)?;
        let values = encode(&ingested.record);
        let platform = Some(Name::new(platform));
        self.put_from(RecordKind::of::<R>(), values, place, purpose, platform, ingested.dropped).await
    }

    /// Records an event of a record's life from which retention runs (`order_delivered`). The earliest time that was said stays.
    ///
    /// # Errors
    /// [`EventError::Unknown`] where no rule and no cap of the policy runs from such an event; [`EventError::NoSuchRecord`].
    pub async fn happened_to<R: Record>(
        &self,
        place: &Place,
        event: impl Into<Name>,
        at: DateTime<Utc>,
    ) -> Result<(), EventError> {
        let event = self.known_event(event.into())?;
        let key = record_key(RecordKind::of::<R>(), place).ok_or(EventError::NoSuchRecord)?;
        let store = self.inner.ports.records();
        for _ in 0..ATTEMPTS {
            let mut row = store.fetch(&key).await.map_err(Trouble::from)?.ok_or(EventError::NoSuchRecord)?;
            let known = row.events.entry(event.clone()).or_insert(at);
            *known = (*known).min(at);
            let expected = Expected::Version(row.version);
            row.version = expected.next();
            if unless_conflict(store.put(row, expected).await)? {
                return Ok(());
            }
        }
        Err(Trouble::Contention { during: "put a record" }.into())
    }

    fn check_platform(&self, platform: &str) -> Result<(), PutError> {
        let platform = Name::new(platform);
        let known = self.inner.policy.document().platforms.contains_key(&platform);
        if known { Ok(()) } else { Err(PutError::UnknownPlatform { platform }) }
    }

    async fn put_from(
        &self,
        kind: RecordKind,
        values: Result<Vec<EncodedField>, DecodeError>,
        place: &Place,
        purpose: &Purpose,
        platform: Option<Name>,
        dropped: usize,
    ) -> Result<Stored, PutError> {
        let key = record_key(kind, place).ok_or(PutError::BadPlace)?;
        let mut incoming = Incoming { place, key, category: Name::new(kind.category), purpose, platform };
        let Some(spec) = self.inner.map.kind(kind.name) else {
            return Err(PutError::NotBound { kind: kind.name });
        };
        if let Some((field, _)) =
            place.fields_about_others().find(|(field, _)| spec.field(field.as_str()).is_none())
        {
            return Err(PutError::UnknownField { field: field.clone() });
        }
        let authorization = self.admit(&incoming).await?;
        let authorized = authorization.as_ref().map(|authorization| authorization.granted);
        incoming.platform = incoming.platform.or(authorization.map(|authorization| authorization.platform));
        let values = values?;
        let mut keys = self.keys();
        let mut fields = Vec::with_capacity(values.len());
        let (mut index, mut unfindable, mut clear) = (Vec::new(), Vec::new(), BTreeSet::new());
        for EncodedField { name, class, find_by, value } in &values {
            if let Some(field) = spec.field(name).filter(|_| *find_by) {
                match keys.entry(place.tenant_id(), kind.name, field, value).await? {
                    Entered::Entry(entry) => index.push(entry),
                    Entered::Unfindable => unfindable.push(Name::new(name)),
                    Entered::Missing => {}
                }
            }
            let subject = place.subject_of(name);
            let (level, name, class) = (class.level, Name::new(name), Name::new(class.id));
            let body = if self.inner.policy.level(level).seal.is_some() {
                FieldBody::Sealed(keys.seal_at(place, &incoming.key, &name, &class, subject, value).await?)
            } else {
                clear.extend(subject);
                FieldBody::Clear(value.to_vec())
            };
            fields.push(StoredField { name, class, subject: subject.cloned(), body });
        }
        // No key refuses what is stored in the clear about somebody who was erased.
        for subject in clear {
            keys.refuse_closed(&Scope::Subject(place.tenant_id().clone(), subject.clone())).await?;
        }
        index.sort();
        let sealed = fields.iter().filter(|field| matches!(field.body, FieldBody::Sealed(_))).count();
        let clear = fields.len() - sealed;
        let stored = Stored { key: incoming.key.clone(), sealed, clear, dropped, unfindable };
        let level = kind.level();
        let when = self.recorded(level, false);
        if when != RecordWhen::Never {
            let event = AuditEvent::Stored {
                category: incoming.category.clone(),
                level,
                purpose: purpose.name().clone(),
                dropped: dropped as u64,
            };
            let entry = self.entry_about(&mut keys, About::at(place), event).await?;
            self.record_when(when, entry).await?;
        }
        self.write(incoming, level, fields, index, authorized).await?;
        Ok(stored)
    }

    /// The authorisation of the connection, while it is live.
    pub(super) async fn live(&self, tenant: &TenantId, connection: &str) -> Result<Authorization, PutError> {
        let store = self.inner.ports.documents();
        let found = papers::load::<Authorization>(store, tenant, connection).await?;
        let live = found.map(|filed| filed.paper).filter(Authorization::is_live);
        live.ok_or(PutError::NoAuthorization)
    }

    async fn write(
        &self,
        incoming: Incoming<'_>,
        level: Level,
        fields: Vec<StoredField>,
        index: Vec<IndexEntry>,
        authorized: Option<DateTime<Utc>>,
    ) -> Result<(), PutError> {
        let store = self.inner.ports.records();
        let mut row = RecordRow {
            key: incoming.key,
            version: Expected::Absent.next(),
            connection: incoming.place.connection_id().cloned(),
            subject: incoming.place.subject_id().cloned(),
            category: incoming.category,
            level,
            purpose: incoming.purpose.name().clone(),
            platform: incoming.platform,
            // Never before its own authorisation, or it would pass for what was stored under the one before.
            stored_at: authorized.map_or(self.now(), |since| self.now().max(since)),
            events: BTreeMap::new(),
            fields,
            index,
        };
        for _ in 0..ATTEMPTS {
            let expected = match store.fetch(&row.key).await.map_err(Trouble::from)? {
                Some(found) => {
                    if found.subject != row.subject || found.connection != row.connection {
                        return Err(PutError::OtherPlace);
                    }
                    let holds = Outlook::new(self).frozen_by(&item_of(&found)).await?;
                    if !holds.is_empty() {
                        return Err(PutError::Held { holds });
                    }
                    // What was stored under an authorisation that has ended is replaced by something new, not changed.
                    if authorized.is_none_or(|since| since <= found.stored_at) {
                        row.stored_at = found.stored_at;
                    }
                    row.events = found.events;
                    // What was to be erased is what stood there before.
                    row.events.remove(OWED);
                    Expected::Version(found.version)
                }
                None => Expected::Absent,
            };
            row.version = expected.next();
            if unless_conflict(store.put(row.clone(), expected).await)? {
                return Ok(());
            }
        }
        Err(Trouble::Contention { during: "put a record" }.into())
    }
}

/// The key of the record of this kind at `place`, where every identifier is well formed.
pub(super) fn record_key(kind: RecordKind, place: &Place) -> Option<RecordKey> {
    let id = place.record_id().filter(|_| place.is_well_formed())?;
    Some(RecordKey { tenant: place.tenant_id().clone(), kind: Name::new(kind.name), id })
}

impl<P: Ports> KeySession<'_, P> {
    /// Seals a value at its place, under the newest keys of all its scopes.
    pub(super) async fn seal_at(
        &mut self,
        place: &Place,
        key: &RecordKey,
        field: &Name,
        class: &Name,
        subject: Option<&SubjectId>,
        plain: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        let keys = self.for_sealing_at(place, field).await?;
        let context = self.context(place, key, field, class, subject);
        Ok(self.seal_under(&keys, &context, plain)?)
    }

    /// The newest keys of all scopes of a field at a place.
    pub(super) async fn for_sealing_at(
        &mut self,
        place: &Place,
        field: &Name,
    ) -> Result<Vec<(Scope, u32, SecretKey)>, KeyError> {
        let mut keys = Vec::new();
        for scope in place.scopes(Some(field.as_str())) {
            let (version, key) = self.for_sealing(&scope).await?;
            keys.push((scope, version, key));
        }
        Ok(keys)
    }

    /// Seals a value under these very keys.
    pub(super) fn seal_under(
        &self,
        keys: &[(Scope, u32, SecretKey)],
        context: &Context<'_>,
        plain: &[u8],
    ) -> Result<Vec<u8>, Trouble> {
        let wrong = |_| Trouble::Key { scope: "place" };
        let keys = PlaceKeys::new(keys.iter().map(|(scope, version, key)| (scope, *version, key)).collect())
            .map_err(wrong)?;
        let inner = self.inner;
        crypto::seal(&*inner.backend, &*inner.nonces, &keys.key(), context, plain)
            .map_err(|_| Trouble::Key { scope: "place" })
    }

    pub(super) fn context<'c>(
        &self,
        place: &'c Place,
        key: &'c RecordKey,
        field: &'c Name,
        class: &'c Name,
        subject: Option<&'c SubjectId>,
    ) -> Context<'c> {
        Context {
            tenant: place.tenant_id(),
            environment: self.inner.environment,
            connection: place.connection_id(),
            subject,
            kind: &key.kind,
            record: &key.id,
            field,
            class,
        }
    }
}
