//! What an entry of the audit trail says.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::tree::TreeHead;
use crate::core::access::{Action, Environment, Preference, Voice};
use crate::core::classification::Level;
use crate::core::id::{CaseId, Name};
use crate::core::policy::{PolicyDigest, Release, RequestKind, words};

/// A keyed hash that stands for an identifier: 128 bits, in hexadecimal.
///
/// Whoever holds the key can find all entries about an identifier that they know; once the key is destroyed, nobody can
/// (until then it is personal data: GDPR Recital 26).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pseudonym(String);

impl Pseudonym {
    /// The pseudonym with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(bytes)))
    }

    /// The pseudonym as hexadecimal text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a question was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a reader of the trail must understand each")]
pub enum DecidedAs {
    /// Yes.
    Allowed,
    /// No: something forbids it.
    Forbidden,
    /// No: nothing permits it.
    NotPermitted,
}

/// Why something is destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a reader of a certificate must understand each")]
pub enum Cause {
    /// It was due under this retention rule or cap.
    Retention {
        /// The rule or cap.
        rule: Name,
    },
    /// The authorisation of a connection was revoked.
    Revocation,
    /// A person's request.
    Case {
        /// The request.
        case: CaseId,
    },
}

/// A decision to show a value without a grant, or to lower it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "a reader of the trail must understand each field")]
pub struct Released {
    /// Whether it is shown or lowered.
    pub release: Release,
    /// The declared classes that it is of; none where only the running program knew.
    pub classes: Vec<Name>,
    /// Its level.
    pub level: Level,
    /// The class that it takes on, where it is lowered.
    pub to: Option<Name>,
    /// The level of that class.
    pub to_level: Option<Level>,
    /// The purpose.
    pub purpose: Name,
    /// The reason, one of the policy's.
    pub reason: Name,
    /// The second person, who approved.
    pub approver: Option<Pseudonym>,
    /// How it was decided.
    pub outcome: DecidedAs,
}

words! {
    /// What the trail is searched by.
    pub enum TrailSearch {
        /// By nothing: everything of the tenant.
        Anything = "anything",
        /// By the person whom an entry is about.
        Subject = "subject",
        /// By who acted.
        Principal = "principal",
        /// By a case.
        Case = "case",
        /// By a rule that decided.
        Rule = "rule",
        /// By a record.
        Record = "record",
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a reader of the trail must understand each")]
pub enum AuditEvent {
    /// The engine started under the entry's policy.
    Started {
        /// The environment.
        environment: Environment,
    },
    /// A tenant accepted a version of the policy.
    TermsAccepted {
        /// Digest of what was accepted.
        accepted: PolicyDigest,
    },
    /// A platform connection was authorised.
    Authorized {
        /// The connection.
        connection: Pseudonym,
        /// The platform.
        platform: Name,
    },
    /// A person said something about the use of their data, or withdrew it.
    PreferenceHeard {
        /// Which of the two.
        voice: Voice,
        /// What.
        preference: Preference,
    },
    /// A question was decided.
    Decided {
        /// The action.
        action: Action,
        /// The category.
        category: Name,
        /// The highest level asked for.
        level: Level,
        /// The purpose.
        purpose: Name,
        /// How.
        outcome: DecidedAs,
        /// The rule that allowed it.
        rule: Option<Name>,
        /// The case that it was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<CaseId>,
        /// The second person who approved, where one did who may.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved_by: Option<Pseudonym>,
        /// Whether it was asked for an emergency: the purpose has `break_glass`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        emergency: bool,
    },
    /// A user asked for a job.
    JobRequested {
        /// The purpose.
        purpose: Name,
    },
    /// The trail is about to be read for a review of who may do what.
    AccessReviewed {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// The trail is about to be read. Whom the search is for is whom the entry is about.
    TrailRead {
        /// The action: it is read, or exported.
        action: Action,
        /// What it is searched by.
        search: TrailSearch,
        /// The principal that it is searched for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        principal: Option<Pseudonym>,
        /// The case that it is searched for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<CaseId>,
        /// The rule that it is searched for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of_rule: Option<Name>,
        /// From when on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<DateTime<Utc>>,
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
        /// The purpose of the grant.
        purpose: Name,
        /// The rule of the grant.
        rule: Name,
    },
    /// Entries are about to expire: what they say goes, and the tree stays.
    TrailExpired {
        /// The index below which they do.
        below: u64,
        /// The head of the trail before.
        head: TreeHead,
    },
    /// The grants of a principal were revoked.
    GrantsRevoked {
        /// Whose.
        of: Option<Pseudonym>,
    },
    /// A value is about to be shown without a grant, or lowered; or that was refused.
    Released(Released),
    /// A record is about to be stored.
    Stored {
        /// Its category.
        category: Name,
        /// Its level.
        level: Level,
        /// The purpose.
        purpose: Name,
        /// Values of a payload that were left out.
        dropped: u64,
    },
    /// A record is about to be refused, and why.
    StoreRefused {
        /// Its category.
        category: Name,
        /// The purpose.
        purpose: Name,
    },
    /// A record is about to be opened.
    Opened {
        /// Its category.
        category: Name,
        /// Its level.
        level: Level,
        /// The purpose of the grant.
        purpose: Name,
        /// The rule of the grant.
        rule: Name,
    },
    /// A hold was placed.
    HoldPlaced {
        /// The hold.
        hold: String,
    },
    /// A hold was lifted.
    HoldLifted {
        /// The hold.
        hold: String,
    },
    /// A request reached a stage.
    CaseMoved {
        /// The request.
        case: CaseId,
        /// What was asked for, where that is known.
        kind: Option<RequestKind>,
        /// The stage.
        stage: String,
    },
    /// A destruction was opened: evidence comes before the act.
    DisposalOpened {
        /// Its identifier.
        disposal: String,
        /// Why.
        cause: Cause,
    },
    /// Keys were destroyed.
    KeysDestroyed {
        /// The destruction.
        disposal: String,
        /// Kind of the scope.
        scope: String,
        /// Number of key versions.
        versions: u32,
    },
    /// A scope's key is about to be followed by a new version, by a call.
    KeyRotated {
        /// Kind of the scope.
        scope: String,
        /// The version that seals nothing more.
        version: u32,
    },
    /// A version of a scope's key is about to be suspended.
    KeySuspended {
        /// Kind of the scope.
        scope: String,
        /// The version.
        version: u32,
    },
    /// A version of a scope's key is about to be resumed.
    KeyResumed {
        /// Kind of the scope.
        scope: String,
        /// The version.
        version: u32,
    },
    /// A version of a scope's key is known as compromised; the reason stands in the key store.
    KeyCompromised {
        /// Kind of the scope.
        scope: String,
        /// The version.
        version: u32,
    },
    /// Versions of a scope's key below this one are about to open nothing more.
    KeyMinimumRaised {
        /// Kind of the scope.
        scope: String,
        /// The lowest version that opens.
        minimum: u32,
    },
    /// A certificate of destruction was issued.
    Certified {
        /// The destruction.
        disposal: String,
        /// Number of records that are gone.
        records: u64,
    },
    /// An epoch of the key store was opened.
    EpochOpened {
        /// Its number.
        epoch: u32,
    },
    /// The provider was told to destroy the key of an epoch.
    EpochDestroyed {
        /// Its number.
        epoch: u32,
        /// From when the key is gone, as the provider answered; a KMS waits for days.
        effective: DateTime<Utc>,
    },
}

/// An entry: what happened, when, under which policy, by whom and about whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// Version of this form; 0 is experimental.
    pub format: u8,
    /// When.
    pub at: DateTime<Utc>,
    /// Digest of the policy in force.
    pub policy: PolicyDigest,
    /// The tenant, under the tenant's own key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tenant: Option<Pseudonym>,
    /// Who acted, under the tenant's key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<Pseudonym>,
    /// The person whom it is about, under that person's own key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<Pseudonym>,
    /// What happened.
    #[serde(flatten)]
    pub event: AuditEvent,
}

impl Entry {
    /// An entry about nobody in particular.
    #[must_use]
    pub const fn new(at: DateTime<Utc>, policy: PolicyDigest, event: AuditEvent) -> Self {
        Self { format: 0, at, policy, tenant: None, by: None, subject: None, event }
    }

    /// The one encoding of the entry: JSON, fields in order of declaration, no white space.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Every part is a string, a number or a map with string keys, so that this cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
