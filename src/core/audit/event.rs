//! What an entry of the audit trail says.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::canonical::{Field, Reader};
use super::entry::EntryError;
use super::name::Pseudonym;
use super::tree::Hash;
use crate::core::access::{Action, Barrier, Environment, Preference, Voice};
use crate::core::classification::Level;
use crate::core::dsr::Stage;
use crate::core::id::{CaseId, Name};
use crate::core::place::Scope;
use crate::core::policy::{PolicyDigest, Release, RequestKind, words};

/// The most rules that [`AuditEvent::Decided`] lists as denying.
pub const MOST_DENIALS: usize = 8;

words! {
    /// How a question was decided.
    pub enum DecidedAs {
        /// Yes.
        Allowed = "allowed",
        /// Not yet: the rule that allows it obliges to something that was not done.
        Undischarged = "undischarged",
        /// No: something forbids it.
        Forbidden = "forbidden",
        /// No: nothing permits it.
        NotPermitted = "not_permitted",
    }
}

words! {
    /// Why a record is not stored.
    pub enum StoreRefusal {
        /// The policy declares no such purpose.
        PurposeNotDeclared = "purpose_not_declared",
        /// The policy does not let the category be used for the purpose.
        PurposeMismatch = "purpose_mismatch",
        /// The customer has not instructed it.
        NoInstruction = "no_instruction",
        /// There is no live authorisation of a connection for it.
        NoAuthorization = "no_authorization",
        /// The connection is another platform's.
        OtherPlatform = "other_platform",
        /// Nothing says which platform it comes from.
        NoProvenance = "no_provenance",
        /// It ends with an authorisation, and names no connection.
        NeedsConnection = "needs_connection",
    }
}

words! {
    /// Why a grant does not open something.
    pub enum OpenRefusal {
        /// It was given under another policy.
        OtherPolicy = "other_policy",
        /// Another steward gave it.
        OtherSteward = "other_steward",
        /// It has ended.
        Expired = "expired",
        /// It was revoked.
        Revoked = "revoked",
        /// What a person has said stops its purpose.
        Stopped = "stopped",
        /// It has opened as many records as it may.
        NoMoreRecords = "no_more_records",
        /// It shows an anonymised view alone.
        AnonymisedOnly = "anonymised_only",
        /// It is for another category.
        OtherCategory = "other_category",
        /// It is for another tenant, connection, person or record.
        OtherPlace = "other_place",
        /// It is for a lower level.
        AboveGrant = "above_grant",
        /// The authorisation of the connection is not live.
        NotAuthorized = "not_authorized",
        /// The customer's instruction does not stand any more.
        NoInstruction = "no_instruction",
    }
}

words! {
    /// What kind of scope a key covers.
    pub enum KeyScope {
        /// All of a tenant.
        Tenant = "tenant",
        /// One platform connection.
        Connection = "connection",
        /// One person.
        Subject = "subject",
        /// The contact data of one request.
        Case = "case",
    }
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
        /// By nobody: what is of no tenant.
        System = "system",
    }
}

impl From<&Scope> for KeyScope {
    fn from(scope: &Scope) -> Self {
        match scope {
            Scope::Tenant(_) => Self::Tenant,
            Scope::Connection(..) => Self::Connection,
            Scope::Subject(..) => Self::Subject,
            Scope::Case(..) => Self::Case,
        }
    }
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

/// A field that is corrected: that it held something else, and that somebody who knows a value can find out whether it was that one, for as
/// long as the key is there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a reader of the trail must understand each part")]
pub struct CorrectedField {
    /// The declared field.
    pub field: Name,
    /// The value that it had, under the key of the person whom it is about, else under the tenant's.
    pub old: Option<Pseudonym>,
    /// The value that it gets, under the same key.
    pub new: Option<Pseudonym>,
}

/// Declares what may happen: the enum, and each event's one form, which has its word and then its fields in order of declaration.
macro_rules! events {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {$(
            $(#[doc = $vdoc:literal])+
            $variant:ident = $word:literal { $($(#[doc = $fdoc:literal])+ $field:ident: $type:ty,)+ },
        )+}
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(clippy::exhaustive_enums, reason = "a reader of the trail must understand each")]
        pub enum $name {
            $($(#[doc = $vdoc])+ $variant { $($(#[doc = $fdoc])+ $field: $type,)+ },)+
        }

        impl $name {
            /// The words of all events, in order of declaration.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word by which an entry names it.
            #[must_use]
            pub const fn word(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $word),+ }
            }

            pub(super) fn write(&self, out: &mut Vec<u8>) {
                match self {$(
                    Self::$variant { $($field),+ } => {
                        out.extend_from_slice(concat!(",\"event\":\"", $word, "\"").as_bytes());
                        $($field.write_field(concat!(",\"", stringify!($field), "\":"), out);)+
                    }
                )+}
            }

            pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, EntryError> {
                from.expect(",\"event\":", ",\"event\":")?;
                let word = from.parsed("an event of format 1", |word| {
                    Self::WORDS.iter().copied().find(|own| *own == word)
                })?;
                match word {
                    $($word => Ok(Self::$variant {
                        $($field: Field::read_field(concat!(",\"", stringify!($field), "\":"), from)?,)+
                    }),)+
                    _ => Err(from.refused("an event of format 1")),
                }
            }
        }
    };
}

events! {
    /// What happened.
    pub enum AuditEvent {
        /// The engine started under the entry's policy.
        Started = "started" {
            /// The environment.
            environment: Environment,
        },
        /// A tenant accepted a version of the policy.
        TermsAccepted = "terms_accepted" {
            /// Digest of what was accepted.
            accepted: PolicyDigest,
        },
        /// A platform connection was authorised.
        Authorized = "authorized" {
            /// The connection.
            connection: Pseudonym,
            /// The platform.
            platform: Name,
        },
        /// A customer instructs the company, its processor, to use its data for a purpose.
        InstructionGiven = "instruction_given" {
            /// The purpose.
            purpose: Name,
        },
        /// A customer withdrew its instruction.
        InstructionWithdrawn = "instruction_withdrawn" {
            /// The purpose.
            purpose: Name,
        },
        /// A person said something about the use of their data, or withdrew it.
        PreferenceHeard = "preference_heard" {
            /// Which of the two.
            voice: Voice,
            /// What.
            preference: Preference,
        },
        /// A question was decided.
        Decided = "decided" {
            /// The action.
            action: Action,
            /// The category; none where the policy declares no such.
            category: Option<Name>,
            /// The highest level asked for.
            level: Level,
            /// The purpose; none where the policy declares no such.
            purpose: Option<Name>,
            /// How.
            outcome: DecidedAs,
            /// The rule that allowed it.
            rule: Option<Name>,
            /// The rules that denied it, the first [`MOST_DENIALS`] of them.
            denied_by: Vec<Name>,
            /// Whether further rules denied it.
            denied_by_more: bool,
            /// The controls outside the rules that stood against it.
            barriers: Vec<Barrier>,
            /// The case that it was asked for.
            case: Option<CaseId>,
            /// The second person who approved, where one did who may.
            approved_by: Option<Pseudonym>,
            /// Whether it was asked for an emergency: the purpose has `break_glass`.
            emergency: bool,
        },
        /// A user asked for a job.
        JobRequested = "job_requested" {
            /// The purpose.
            purpose: Name,
        },
        /// The trail is about to be read for a review of who may do what.
        AccessReviewed = "access_reviewed" {
            /// Since when.
            since: DateTime<Utc>,
        },
        /// The trail is about to be read. The person and the record that it is searched for are those that the entry is about.
        TrailRead = "trail_read" {
            /// The action: it is read, or exported.
            action: Action,
            /// What it is searched by.
            search: TrailSearch,
            /// The principal that it is searched for.
            principal: Option<Pseudonym>,
            /// The case that it is searched for.
            case: Option<CaseId>,
            /// The rule that it is searched for, where the policy declares it.
            of_rule: Option<Name>,
            /// From when on.
            since: Option<DateTime<Utc>>,
            /// Until when.
            until: Option<DateTime<Utc>>,
            /// The purpose of the grant.
            purpose: Name,
            /// The rule of the grant.
            rule: Name,
        },
        /// Entries are about to expire: what they say goes, and the tree stays.
        TrailExpired = "trail_expired" {
            /// The index below which they do.
            below: u64,
            /// Number of entries of the trail before.
            size: u64,
            /// The root over them.
            root: Hash,
        },
        /// The grants of a principal were revoked.
        GrantsRevoked = "grants_revoked" {
            /// Whose.
            of: Option<Pseudonym>,
        },
        /// A value is about to be shown without a grant, or lowered; or that was refused.
        Released = "released" {
            /// Whether it is shown or lowered.
            release: Release,
            /// The declared classes that it is of; none where only the running program knew.
            classes: Vec<Name>,
            /// Its level.
            level: Level,
            /// The class that it takes on, where it is lowered.
            to: Option<Name>,
            /// The level of that class.
            to_level: Option<Level>,
            /// The purpose; none where the policy declares no such.
            purpose: Option<Name>,
            /// The reason; none where the policy lists no such.
            reason: Option<Name>,
            /// The second person, who approved.
            approved_by: Option<Pseudonym>,
            /// How it was decided.
            outcome: DecidedAs,
        },
        /// A record is about to be stored.
        Stored = "stored" {
            /// Its category.
            category: Name,
            /// Its level.
            level: Level,
            /// The purpose.
            purpose: Name,
            /// Values of a payload that were left out.
            dropped: u64,
        },
        /// A record is about to be refused.
        StoreRefused = "store_refused" {
            /// Its category.
            category: Name,
            /// The purpose; none where the policy declares no such.
            purpose: Option<Name>,
            /// Why.
            why: StoreRefusal,
        },
        /// A record, or one value, is about to be opened.
        Opened = "opened" {
            /// Its category.
            category: Name,
            /// The class of a single value, where it is declared.
            class: Option<Name>,
            /// Its level.
            level: Level,
            /// The purpose of the grant.
            purpose: Name,
            /// The rule of the grant.
            rule: Name,
        },
        /// A record, or one value, is about to be refused to whoever has a grant.
        OpenRefused = "open_refused" {
            /// Its category.
            category: Name,
            /// Its level.
            level: Level,
            /// The purpose of the grant.
            purpose: Name,
            /// The rule of the grant.
            rule: Name,
            /// Why.
            why: OpenRefusal,
        },
        /// A hold was placed.
        HoldPlaced = "hold_placed" {
            /// The hold, under the tenant's key.
            hold: Option<Pseudonym>,
        },
        /// A hold was lifted.
        HoldLifted = "hold_lifted" {
            /// The hold, under the tenant's key.
            hold: Option<Pseudonym>,
        },
        /// A request reached a stage.
        CaseMoved = "case_moved" {
            /// The request.
            case: CaseId,
            /// What was asked for, where that is known.
            kind: Option<RequestKind>,
            /// The stage.
            stage: Stage,
        },
        /// Fields of a record are about to be corrected.
        Corrected = "corrected" {
            /// The record's category.
            category: Name,
            /// The fields.
            fields: Vec<CorrectedField>,
            /// The request that it is done for.
            case: Option<CaseId>,
        },
        /// A destruction was opened: evidence comes before the act.
        DisposalOpened = "disposal_opened" {
            /// Its identifier.
            disposal: String,
            /// Why.
            cause: Cause,
        },
        /// Keys were destroyed.
        KeysDestroyed = "keys_destroyed" {
            /// The destruction.
            disposal: String,
            /// Kind of the scope.
            scope: KeyScope,
            /// Number of key versions.
            versions: u32,
        },
        /// A scope's key is about to be followed by a new version, by a call.
        KeyRotated = "key_rotated" {
            /// Kind of the scope.
            scope: KeyScope,
            /// The version that seals nothing more.
            version: u32,
        },
        /// A version of a scope's key is about to be suspended.
        KeySuspended = "key_suspended" {
            /// Kind of the scope.
            scope: KeyScope,
            /// The version.
            version: u32,
        },
        /// A version of a scope's key is about to be resumed.
        KeyResumed = "key_resumed" {
            /// Kind of the scope.
            scope: KeyScope,
            /// The version.
            version: u32,
        },
        /// A version of a scope's key is known as compromised; the reason stands in the key store.
        KeyCompromised = "key_compromised" {
            /// Kind of the scope.
            scope: KeyScope,
            /// The version.
            version: u32,
        },
        /// Versions of a scope's key below this one are about to open nothing more.
        KeyMinimumRaised = "key_minimum_raised" {
            /// Kind of the scope.
            scope: KeyScope,
            /// The lowest version that opens.
            minimum: u32,
        },
        /// A certificate of destruction was issued.
        Certified = "certified" {
            /// The destruction.
            disposal: String,
            /// Number of records that are gone.
            records: u64,
        },
        /// An epoch of the key store was opened.
        EpochOpened = "epoch_opened" {
            /// Its number.
            epoch: u32,
        },
        /// The provider was told to destroy the key of an epoch.
        EpochDestroyed = "epoch_destroyed" {
            /// Its number.
            epoch: u32,
            /// From when the key is gone, as the provider answered; a KMS waits for days.
            effective: DateTime<Utc>,
        },
    }
}
