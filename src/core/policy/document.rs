//! The policy as it is written: every table and key that a file may hold.
//!
//! A document is unchecked; [`Policy`](super::Policy) is the checked form. Each field's first line of documentation is also
//! its description in the generated JSON Schema.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::read::{table, words};
use crate::core::access::{Action, Environment, PrincipalKind};
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::period::Period;

words! {
    /// How values of a level are sealed at rest. The allow-list of suites: there is no weaker one.
    pub enum Seal {
        /// AES with a 256-bit key, authenticated and key-committing.
        Aes256 = "aes-256",
    }
}

words! {
    /// When an action on data of a level goes on the audit trail.
    pub enum Record {
        /// Not at all.
        Never = "never",
        /// Before the action goes on; if it cannot be recorded, the action does not happen.
        Before = "before",
    }
}

words! {
    /// The role that the company has for a category (GDPR Art. 4(7) and (8), Art. 26).
    pub enum LegalRole {
        /// Decides on purposes and means.
        Controller = "controller",
        /// Acts on a customer's instructions.
        Processor = "processor",
        /// Decides together with others.
        Joint = "joint",
    }
}

words! {
    /// Why data is kept (the closed list that a retention rule chooses from).
    pub enum Basis {
        /// Needed to deliver the service.
        ServiceDelivery = "service_delivery",
        /// Needed to keep the service secure.
        Security = "security",
        /// Needed to bill.
        Billing = "billing",
        /// Needed to settle a dispute.
        DisputeResolution = "dispute_resolution",
        /// Needed to comply with a law.
        LegalCompliance = "legal_compliance",
    }
}

words! {
    /// What happens to data that is due.
    pub enum Dispose {
        /// The record is deleted.
        Delete = "delete",
        /// The keys of its scope are destroyed at the trigger; the record is deleted after.
        CryptoErase = "crypto-erase",
    }
}

words! {
    /// What stands behind a source.
    pub enum SourceKind {
        /// The records that the steward keeps.
        Managed = "managed",
        /// The host's own table or bucket, behind a `DataSource`.
        Own = "own",
        /// A processor's system, behind a `DataSource`.
        Processor = "processor",
    }
}

words! {
    /// What a person asks for.
    pub enum RequestKind {
        /// A copy of the data (GDPR Art. 15).
        Access = "access",
        /// Correction of the data (GDPR Art. 16).
        Correction = "correction",
        /// Deletion of the data (GDPR Art. 17).
        Deletion = "deletion",
        /// A tenant's administrator wants seller data updated.
        SellerUpdate = "seller_update",
        /// A complaint about security or privacy.
        Complaint = "complaint",
        /// A question about a data processing agreement.
        DpaInquiry = "dpa_inquiry",
    }
}

words! {
    /// What kind of page the policy publishes.
    pub enum PageKind {
        /// A summary, which says that it is not an agreement.
        Summary = "summary",
        /// The policy itself.
        Policy = "policy",
    }
}

words! {
    /// How the sections of the page are numbered.
    pub enum Numbering {
        /// Not at all.
        None = "none",
        /// 1. 2. 3.
        Arabic = "arabic",
        /// I. II. III.
        Roman = "roman",
    }
}

words! {
    /// A version of the transport that is admitted. An allow-list, never an order: unknown versions are refused.
    pub enum Transport {
        /// TLS 1.2 (RFC 5246).
        Tls12 = "tls-1.2",
        /// TLS 1.3 (RFC 8446).
        Tls13 = "tls-1.3",
    }
}

words! {
    /// The state of the platform connection's authorisation that a rule asks for.
    pub enum AuthorizationState {
        /// Given and not revoked.
        Live = "live",
    }
}

table! {
    /// A whole policy, as written.
    pub struct PolicyDocument {
        /// Short name of the policy.
        pub name: String,
        /// Legal name of the company that speaks in it.
        pub company: String,
        /// Version of the policy, compared as text.
        pub version: String,
        /// Day from which it applies.
        pub effective: Option<NaiveDate>,
        /// Day on which it was last changed.
        pub updated: Option<NaiveDate>,
        /// One paragraph that opens the page.
        pub summary: Option<String>,
        /// How the page is laid out.
        pub page: Option<Page>,
        /// Whom to write to.
        pub contacts: Option<Contacts>,
        /// Controls of each level; they never weaken as levels rise.
        pub levels: BTreeMap<Level, LevelControls>,
        /// Categories of data, by name.
        pub categories: BTreeMap<Name, Category>,
        /// Classes of data, by name; a Rust type is bound to each.
        pub classes: BTreeMap<Name, Class>,
        /// Platforms that data comes from or is synchronised with, by name.
        pub platforms: BTreeMap<Name, Platform>,
        /// Purposes that data may be used for, by name.
        pub purposes: BTreeMap<Name, PurposeEntry>,
        /// Roles that people and services have, by name.
        pub roles: BTreeMap<Name, Role>,
        /// Places where data lives, by name; a request is answered by every one.
        pub sources: BTreeMap<Name, Source>,
        /// Third parties that handle data (the subprocessor list), by name.
        pub processors: BTreeMap<Name, Processor>,
        /// Who may do what.
        pub access: Access,
        /// How long data is kept.
        pub retention: Retention,
        /// How requests of people are handled.
        pub requests: Option<Requests>,
        /// How far back backups go.
        pub backups: Option<Backups>,
        /// Transport versions that are admitted.
        pub transport: Option<TransportRules>,
        /// Organisational duties, shown by evidence that expires.
        pub controls: Vec<Control>,
        /// Certificates that the company holds; empty means that it claims none.
        pub certifications: Vec<Certification>,
        /// Links at the end of the page.
        pub links: Vec<Link>,
    }
}

table! {
    /// How the page is laid out.
    pub struct Page {
        /// Heading of the page.
        pub title: Option<String>,
        /// Kind of page.
        pub kind: Option<PageKind>,
        /// Numbering of its sections.
        pub numbering: Option<Numbering>,
    }
}

table! {
    /// Whom to write to.
    pub struct Contacts {
        /// Address for privacy and security requests.
        pub privacy: String,
        /// Data Protection Officer; without one, the page says so.
        pub dpo: Option<String>,
    }
}

table! {
    /// Controls of a level.
    pub struct LevelControls {
        /// What belongs to the level, in the words of the page.
        pub covers: Option<String>,
        /// How values are sealed at rest; without it they are stored in the clear.
        pub seal: Option<Seal>,
        /// Age that a person's second factor may have at most.
        pub mfa_within: Option<Period>,
        /// When actions go on the audit trail.
        pub record: Option<Record>,
    }
}

table! {
    /// A category of data.
    pub struct Category {
        /// Title on the page.
        pub title: String,
        /// What it holds, in the words of the page.
        pub covers: Option<String>,
        /// The company's legal role for it.
        pub role: Option<LegalRole>,
        /// Legal basis, needed for a controller (GDPR Art. 6(1)).
        pub legal_basis: Option<String>,
        /// Purposes that it may be used for.
        pub purposes: BTreeSet<Name>,
        /// Platforms that hold a synchronised copy and take part in requests.
        pub synced_to: BTreeSet<Name>,
    }
}

table! {
    /// A class of data.
    pub struct Class {
        /// Its level.
        pub level: Level,
        /// Its category.
        pub category: Name,
        /// Whether it authenticates someone (a password hash, a token): listed in an export, never with its value.
        pub authenticator: bool,
    }
}

table! {
    /// A platform.
    pub struct Platform {
        /// Title on the page.
        pub title: String,
        /// Level of what comes from it unlabelled.
        pub default_level: Option<Level>,
    }
}

table! {
    /// A purpose.
    pub struct PurposeEntry {
        /// What is done, in the words of the page.
        pub title: String,
        /// Whether the seller's live authorisation of the connection is needed.
        pub needs_authorization: bool,
    }
}

table! {
    /// A role.
    pub struct Role {
        /// Title on the page.
        pub title: String,
    }
}

table! {
    /// A place where data lives.
    pub struct Source {
        /// Title on the page.
        pub title: String,
        /// What stands behind it.
        pub kind: Option<SourceKind>,
        /// Categories that it holds.
        pub categories: BTreeSet<Name>,
        /// The processor that runs it, where one does.
        pub processor: Option<Name>,
    }
}

table! {
    /// A third party that handles data.
    pub struct Processor {
        /// Legal name of the entity.
        pub entity: Option<String>,
        /// What it does, in the words of the page.
        pub does: String,
        /// Categories that it may receive.
        pub categories: BTreeSet<Name>,
        /// Purposes that it may receive them for.
        pub purposes: BTreeSet<Name>,
        /// Countries or regions of processing.
        pub regions: BTreeSet<String>,
        /// Transfer mechanism, where a transfer takes place (GDPR Art. 46).
        pub transfer: Option<String>,
        /// Whether it is used now; listed as not enabled otherwise.
        pub disabled: bool,
    }
}

table! {
    /// Who may do what. Nothing is allowed that no rule allows, and a deny beats every allow.
    pub struct Access {
        /// Rules that allow.
        pub allow: Vec<AllowRule>,
        /// Rules that deny.
        pub deny: Vec<DenyRule>,
    }
}

table! {
    /// A rule that allows. An empty list of kinds, purposes or environments means any.
    pub struct AllowRule {
        /// Name of the rule.
        pub id: Name,
        /// Roles, one of which the principal has.
        pub roles: BTreeSet<Name>,
        /// Actions.
        pub actions: BTreeSet<Action>,
        /// Categories.
        pub categories: BTreeSet<Name>,
        /// Highest level.
        pub up_to: Level,
        /// Purposes.
        pub purposes: BTreeSet<Name>,
        /// Environments.
        pub environments: BTreeSet<Environment>,
        /// Kinds of principal.
        pub kinds: BTreeSet<PrincipalKind>,
        /// Conditions, all of which must be known to hold.
        pub when: Option<Conditions>,
    }
}

table! {
    /// A rule that denies. An empty list means any.
    pub struct DenyRule {
        /// Name of the rule.
        pub id: Name,
        /// Roles.
        pub roles: BTreeSet<Name>,
        /// Actions.
        pub actions: BTreeSet<Action>,
        /// Categories.
        pub categories: BTreeSet<Name>,
        /// Lowest level that it covers; without it, every level.
        pub from_level: Option<Level>,
        /// Purposes.
        pub purposes: BTreeSet<Name>,
        /// Environments.
        pub environments: BTreeSet<Environment>,
        /// Kinds of principal.
        pub kinds: BTreeSet<PrincipalKind>,
        /// Conditions that lift the denial when all are known to hold.
        pub unless: Option<Conditions>,
    }
}

table! {
    /// Conditions on facts; a fact that is not known never fulfils one.
    pub struct Conditions {
        /// A second factor, no older than this.
        pub mfa_within: Option<Period>,
        /// State of the connection's authorisation.
        pub authorization: Option<AuthorizationState>,
        /// The principal is assigned to an open case about the resource.
        pub assigned_case: bool,
    }
}

table! {
    /// How long data is kept.
    pub struct Retention {
        /// Rules that keep.
        pub rule: Vec<RetentionRule>,
        /// Caps: by when data must be gone.
        pub cap: Vec<Cap>,
    }
}

table! {
    /// A rule that keeps a category until a period after an event, and disposes of it then.
    pub struct RetentionRule {
        /// Name of the rule.
        pub id: Name,
        /// Category.
        pub category: Name,
        /// Event from which the period runs; `stored` is when the record was stored.
        pub from: Name,
        /// Period for which it is kept after the event.
        pub keep: Period,
        /// What happens then.
        pub dispose: Option<Dispose>,
        /// Time within which it is physically gone, once due.
        pub physically_within: Option<Period>,
        /// Why it is kept.
        pub basis: Option<Basis>,
        /// The law that obliges to keep it; with it, the rule outlives requests and revocations.
        pub duty: Option<String>,
    }
}

table! {
    /// A cap: the latest moment at which data may still be there.
    pub struct Cap {
        /// Name of the cap.
        pub id: Name,
        /// Category that it binds; without it, every category.
        pub category: Option<Name>,
        /// Platform that the data came from; without it, any.
        pub platform: Option<Name>,
        /// Event from which the period runs.
        pub from: Name,
        /// Period after the event at which it must be gone.
        pub at_most: Period,
        /// Source of the cap: what, and when it was read.
        pub cites: String,
    }
}

table! {
    /// How requests of people are handled.
    pub struct Requests {
        /// Kinds that are accepted; others are parked, never dropped.
        pub kinds: BTreeSet<RequestKind>,
        /// Channel through which they come; others are accepted and flagged.
        pub channel: String,
        /// Regimes whose clocks run (`gdpr`, `ccpa`); the earliest counts.
        pub regimes: BTreeSet<Name>,
        /// Roles whose people review a request; a service never does.
        pub reviewers: BTreeSet<Name>,
        /// Purpose under which a request's execution reads data.
        pub purpose: Name,
        /// Period for which the accountability half of a case is kept after it is closed.
        pub accountability: Option<Period>,
    }
}

table! {
    /// How far back backups go.
    pub struct Backups {
        /// Oldest backup of records that may exist.
        pub records: Option<Period>,
        /// Oldest backup of the key store that may exist.
        pub key_store: Option<Period>,
    }
}

table! {
    /// Transport versions that are admitted.
    pub struct TransportRules {
        /// The allow-list.
        pub admit: BTreeSet<Transport>,
    }
}

table! {
    /// An organisational duty, shown by evidence that expires.
    pub struct Control {
        /// Name of the control.
        pub id: Name,
        /// Section of the page in which it stands.
        pub section: Option<String>,
        /// The statement that the page makes.
        pub states: String,
        /// Age that its evidence may have at most.
        pub evidence_within: Option<Period>,
        /// A number that the statement depends on, with its meaning (`within = "10 minutes"`).
        pub within: Option<Period>,
        /// Controls that must be met for this one to be met.
        pub needs: BTreeSet<Name>,
    }
}

table! {
    /// A certificate that the company holds.
    pub struct Certification {
        /// Standard, as on the certificate.
        pub standard: String,
        /// What it covers.
        pub scope: String,
        /// Last day on which it is valid.
        pub valid_until: Option<NaiveDate>,
    }
}

table! {
    /// A link at the end of the page.
    pub struct Link {
        /// Text of the link.
        pub title: String,
        /// Where it leads.
        pub url: String,
    }
}
