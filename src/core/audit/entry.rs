//! An entry of the trail, and its one encoding.

use chrono::{DateTime, SubsecRound, Utc};

use super::canonical::{Field, Reader};
use super::event::AuditEvent;
use super::name::{Pseudonym, RequestId};
use crate::core::policy::PolicyDigest;

/// The longest entry that is written and read: 64 KiB.
pub const MAX_ENTRY_BYTES: usize = 64 * 1024;

const BEGIN: &str = "{\"format\":";
const FORMAT: &str = "1";

/// An entry: what happened, when, under which policy, by whom and about whom.
///
/// Its [format](super::format) is 1, and frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// When, to the microsecond.
    pub at: DateTime<Utc>,
    /// Digest of the policy in force.
    pub policy: PolicyDigest,
    /// The tenant, under the tenant's own key.
    pub tenant: Option<Pseudonym>,
    /// Who acted, under the tenant's key.
    pub by: Option<Pseudonym>,
    /// The person whom it is about, under that person's own key.
    pub subject: Option<Pseudonym>,
    /// The record that it is about: under the key of the person whom the record is about, else under the tenant's.
    pub record: Option<Pseudonym>,
    /// The host's request during which it happened.
    pub request: Option<RequestId>,
    /// What happened.
    pub event: AuditEvent,
}

/// Bytes that are no entry of format 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// It is longer than [`MAX_ENTRY_BYTES`].
    #[error("it is longer than {MAX_ENTRY_BYTES} bytes")]
    TooLong,
    /// It is of another format: a later version wrote it.
    #[error("it is of another format than 1")]
    UnknownFormat,
    /// It is no entry in its one form.
    #[error("at byte {at} there is not {wanted}")]
    Malformed {
        /// Where, in bytes from the beginning.
        at: usize,
        /// What should stand there.
        wanted: &'static str,
    },
}

impl Entry {
    /// An entry about nobody in particular.
    #[must_use]
    pub fn new(at: DateTime<Utc>, policy: PolicyDigest, event: AuditEvent) -> Self {
        let at = at.trunc_subsecs(6);
        Self { at, policy, tenant: None, by: None, subject: None, record: None, request: None, event }
    }

    /// The one encoding of the entry, which is hashed.
    ///
    /// # Example: an entry, and back
    /// ```
    /// use stewardship::access::Environment;
    /// use stewardship::audit::{AuditEvent, Entry};
    /// use stewardship::policy::PolicyDigest;
    /// let event = AuditEvent::Started { environment: Environment::Production };
    /// let entry = Entry::new("2026-11-22T09:00:00Z".parse()?, PolicyDigest::from_bytes([0xab; 32]), event);
    /// let bytes = entry.to_bytes();
    /// assert!(bytes.starts_with(br#"{"format":1,"at":"2026-11-22T09:00:00.000000Z","policy":"abab"#));
    /// assert!(bytes.ends_with(br#","event":"started","environment":"production"}"#));
    /// assert_eq!(Entry::from_bytes(&bytes)?, entry);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        self.write_to(&mut bytes);
        bytes
    }

    /// Appends the encoding of the entry to a buffer.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(BEGIN.as_bytes());
        out.extend_from_slice(FORMAT.as_bytes());
        self.at.write_field(",\"at\":", out);
        self.policy.write_field(",\"policy\":", out);
        self.tenant.write_field(",\"tenant\":", out);
        self.by.write_field(",\"by\":", out);
        self.subject.write_field(",\"subject\":", out);
        self.record.write_field(",\"record\":", out);
        self.request.write_field(",\"request\":", out);
        self.event.write(out);
        out.push(b'}');
    }

    /// Reads an entry. What is not in its one form is refused, so that what is read encodes to the very bytes that were read.
    ///
    /// # Errors
    /// [`EntryError`] says where, and what should stand there.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::TooLong);
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|bad| EntryError::Malformed { at: bad.valid_up_to(), wanted: "text in UTF-8" })?;
        let from = &mut Reader::new(text);
        from.expect(BEGIN, "the beginning of an entry, `{\"format\":`")?;
        match from.digits() {
            FORMAT => {}
            "" => return Err(from.refused("the number of a format")),
            _ => return Err(EntryError::UnknownFormat),
        }
        let entry = Self {
            at: Field::read_field(",\"at\":", from)?,
            policy: Field::read_field(",\"policy\":", from)?,
            tenant: Field::read_field(",\"tenant\":", from)?,
            by: Field::read_field(",\"by\":", from)?,
            subject: Field::read_field(",\"subject\":", from)?,
            record: Field::read_field(",\"record\":", from)?,
            request: Field::read_field(",\"request\":", from)?,
            event: AuditEvent::read(from)?,
        };
        from.expect("}", "the end of the entry, or a field of its event in its place")?;
        from.end()?;
        Ok(entry)
    }
}

#[cfg(test)]
mod tests;
