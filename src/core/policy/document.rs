//! The policy as it is written: every table and key that a file may hold.
//!
//! A document is unchecked; [`Policy`](super::Policy) is the checked form. Each field's first line of documentation is also
//! its description in the generated JSON Schema.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::declare::table;
use super::vocabulary::{
    AuthorizationState, Basis, Dispose, LegalRole, Normalise, Numbering, OnErasure, PageKind, Record, Redact,
    Release, RequestKind, Seal, SinkKind, SourceKind, Transport,
};
use crate::core::access::{Action, Environment, Hours, PrincipalKind, Stop};
use crate::core::authentication::Method;
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::period::Period;

table! {
    /// A whole policy, as written.
    pub struct PolicyDocument {
        required {
            /// Short name of the policy.
            name: String,
            /// Legal name of the company that speaks in it.
            company: String,
            /// Version of the policy, compared as text.
            version: String,
            /// Day from which it applies.
            effective: NaiveDate,
            /// Day on which it was last changed.
            updated: NaiveDate,
        }
        optional {
            /// One paragraph that opens the page.
            summary: Option<String>,
            /// How the page is laid out.
            page: Option<Page>,
            /// Whom to write to.
            contacts: Option<Contacts>,
            /// Controls of each level; they never weaken as levels rise.
            levels: BTreeMap<Level, LevelControls>,
            /// Categories of data, by name.
            categories: BTreeMap<Name, Category>,
            /// Classes of data, by name; a Rust type is bound to each.
            classes: BTreeMap<Name, Class>,
            /// Platforms that data comes from or is synchronised with, by name.
            platforms: BTreeMap<Name, Platform>,
            /// Purposes that data may be used for, by name.
            purposes: BTreeMap<Name, PurposeEntry>,
            /// Roles that people and services have, by name.
            roles: BTreeMap<Name, Role>,
            /// Places where data lives, by name; a request is answered by every one.
            sources: BTreeMap<Name, Source>,
            /// Third parties that handle data (the subprocessor list), by name.
            processors: BTreeMap<Name, Processor>,
            /// Where values may be written to (a log, a screen), by name.
            sinks: BTreeMap<Name, SinkEntry>,
            /// The closed list of reasons for which a value may be shown without a grant, or lowered, by name.
            reasons: BTreeMap<Name, ReasonEntry>,
            /// Who may do what.
            access: Access,
            /// What is claimed of the access rules, and proved when the policy is loaded.
            claims: Vec<Claim>,
            /// How long data is kept.
            retention: Retention,
            /// How requests of people are handled.
            requests: Option<Requests>,
            /// How far back backups go.
            backups: Option<Backups>,
            /// For how long keys protect, and what follows them.
            keys: Option<KeyRules>,
            /// Who reads the audit trail, and for how long it says what happened.
            audit: Option<AuditRules>,
            /// Transport versions that are admitted.
            transport: Option<TransportRules>,
            /// Organisational duties, shown by evidence that expires.
            controls: Vec<Control>,
            /// Certificates that the company holds; empty means that it claims none.
            certifications: Vec<Certification>,
            /// Links at the end of the page.
            links: Vec<Link>,
        }
    }
}

table! {
    /// How the page is laid out.
    pub struct Page {
        required {}
        optional {
            /// Heading of the page.
            title: Option<String>,
            /// Kind of page.
            kind: Option<PageKind>,
            /// Numbering of its sections.
            numbering: Option<Numbering>,
        }
    }
}

table! {
    /// Whom to write to.
    pub struct Contacts {
        required {
            /// Address for privacy and security requests.
            privacy: String,
        }
        optional {
            /// Data Protection Officer; without one, the page says so.
            dpo: Option<String>,
        }
    }
}

table! {
    /// Controls of a level.
    pub struct LevelControls {
        required {}
        optional {
            /// What belongs to the level, in the words of the page.
            covers: Option<String>,
            /// How values are sealed at rest; without it they are stored in the clear.
            seal: Option<Seal>,
            /// Age that a person's second factor may have at most.
            mfa_within: Option<Period>,
            /// When actions go on the audit trail.
            record: Option<Record>,
        }
    }
}

table! {
    /// A category of data.
    pub struct Category {
        required {
            /// Title on the page.
            title: String,
            /// The company's legal role for it.
            role: LegalRole,
        }
        optional {
            /// What it holds, in the words of the page.
            covers: Option<String>,
            /// Legal basis, needed for a controller (GDPR Art. 6(1)).
            legal_basis: Option<String>,
            /// Purposes that it may be used for.
            purposes: BTreeSet<Name>,
            /// The company's legal role for single purposes, where it is another one.
            role_for: BTreeMap<Name, LegalRole>,
            /// Whether a customer's instruction is needed for each purpose for which the company is its processor (GDPR Art. 28(3)(a)).
            needs_instruction: bool,
            /// Platforms that hold a synchronised copy and take part in requests.
            synced_to: BTreeSet<Name>,
            /// What becomes of the steward's records about a person when that person's data is erased.
            on_erasure: OnErasure,
        }
    }
}

impl PolicyDocument {
    /// The purposes for which a category needs its customer's instruction: those that it may be used for as the customer's processor,
    /// where it `needs_instruction`.
    ///
    /// Not among them is the purpose under which people's requests are answered: a processor assists with those as it is (GDPR
    /// Art. 28(3)(e)).
    pub fn instructed_purposes<'d>(&'d self, category: &'d Category) -> impl Iterator<Item = &'d Name> {
        let answering = self.requests.as_ref().map(|requests| &requests.purpose);
        let asked = category.purposes.iter().filter(|_| category.needs_instruction);
        asked.filter(move |purpose| {
            category.legal_role(purpose.as_str()) == LegalRole::Processor && Some(*purpose) != answering
        })
    }
}

impl Category {
    /// The company's legal role when it uses the category for `purpose`: the one of that purpose, else the category's.
    #[must_use]
    pub fn legal_role(&self, purpose: &str) -> LegalRole {
        self.role_for.get(purpose).copied().unwrap_or(self.role)
    }
}

table! {
    /// A class of data.
    pub struct Class {
        required {
            /// Its level.
            level: Level,
            /// Its category.
            category: Name,
        }
        optional {
            /// Whether it authenticates someone (a password hash, a token): listed in an export, never with its value.
            authenticator: bool,
            /// What is shown of a value where it is not opened; without it, nothing.
            redact: Option<Redact>,
            /// How its values are entered in the blind index by fields with `find_by`; without it, as text, uncut.
            find_by: Option<FindBy>,
        }
    }
}

table! {
    /// How values of a class are entered in the blind index: in which form, and how much of it is kept.
    pub struct FindBy {
        required {
            /// The form in which values are compared.
            normalise: Normalise,
        }
        optional {
            /// How many bits of an entry are kept, from 16 to 128; without it, 128. Fewer tell less to whoever reads the index.
            bits: Option<u8>,
            /// The country calling code of numbers that are written without one (`49`); without it, they are refused. For `phone`.
            calling_code: Option<String>,
            /// What comes before a number that is written without a country calling code, and is no part of it (`0`). For `phone`.
            trunk: Option<String>,
        }
    }
}

table! {
    /// A platform.
    pub struct Platform {
        required {
            /// Title on the page.
            title: String,
        }
        optional {
            /// Level of what comes from it unlabelled.
            default_level: Option<Level>,
            /// Categories that what comes from it unlabelled belongs to.
            categories: BTreeSet<Name>,
        }
    }
}

table! {
    /// A purpose.
    pub struct PurposeEntry {
        required {
            /// What is done, in the words of the page.
            title: String,
        }
        optional {
            /// Whether the seller's live authorisation of the connection is needed.
            needs_authorization: bool,
            /// Whether the consent of the person whom data is about is needed (GDPR Art. 6(1)(a)).
            needs_consent: bool,
            /// What such a person can say that stops it. It is then asked person by person, and what is not known stops it too.
            stops_on: BTreeSet<Stop>,
            /// Makes it a way in for emergencies: a case has to be named, and a grant lasts no longer than this.
            break_glass: Option<Period>,
        }
    }
}

table! {
    /// A role.
    pub struct Role {
        required {
            /// Title on the page.
            title: String,
        }
    }
}

table! {
    /// A place where data lives.
    pub struct Source {
        required {
            /// Title on the page.
            title: String,
            /// What stands behind it.
            kind: SourceKind,
        }
        optional {
            /// Categories that it holds.
            categories: BTreeSet<Name>,
            /// The processor that runs it, where one does.
            processor: Option<Name>,
        }
    }
}

table! {
    /// A third party that handles data.
    pub struct Processor {
        required {
            /// What it does, in the words of the page.
            does: String,
        }
        optional {
            /// Legal name of the entity.
            entity: Option<String>,
            /// Categories that it may receive.
            categories: BTreeSet<Name>,
            /// Purposes that it may receive them for.
            purposes: BTreeSet<Name>,
            /// Highest level that it may receive.
            up_to: Option<Level>,
            /// Countries or regions of processing.
            regions: BTreeSet<String>,
            /// Transfer mechanism, where a transfer takes place (GDPR Art. 46).
            transfer: Option<String>,
            /// Whether it is used now; listed as not enabled otherwise.
            disabled: bool,
        }
    }
}

table! {
    /// A sink: a place that values may be written to. An empty list of categories or purposes means any.
    pub struct SinkEntry {
        required {
            /// Title on the page.
            title: String,
            /// What it is.
            kind: SinkKind,
            /// Highest level that may be written to it.
            up_to: Level,
        }
        optional {
            /// Categories that may be written to it.
            categories: BTreeSet<Name>,
            /// Purposes that it serves.
            purposes: BTreeSet<Name>,
        }
    }
}

table! {
    /// A reason for which a value may be shown without a grant, or lowered or moved to another category.
    pub struct ReasonEntry {
        required {
            /// Title on the page.
            title: String,
            /// What it allows.
            allows: BTreeSet<Release>,
            /// Highest level that it covers.
            up_to: Level,
            /// Roles, one of which whoever gives it has.
            roles: BTreeSet<Name>,
        }
        optional {
            /// Roles, one of which the second person has who approves; needed for lowering.
            approvers: BTreeSet<Name>,
        }
    }
}

table! {
    /// Who may do what. Nothing is allowed that no rule allows, and a deny beats every allow.
    pub struct Access {
        required {}
        optional {
            /// Rules that allow.
            allow: Vec<AllowRule>,
            /// Rules that deny.
            deny: Vec<DenyRule>,
        }
    }
}

table! {
    /// A rule that allows. An empty list of kinds, purposes or environments means any.
    pub struct AllowRule {
        required {
            /// Name of the rule.
            id: Name,
            /// Roles, one of which the principal has.
            roles: BTreeSet<Name>,
            /// Actions.
            actions: BTreeSet<Action>,
            /// Categories.
            categories: BTreeSet<Name>,
            /// Highest level.
            up_to: Level,
        }
        optional {
            /// Purposes.
            purposes: BTreeSet<Name>,
            /// Environments.
            environments: BTreeSet<Environment>,
            /// Kinds of principal.
            kinds: BTreeSet<PrincipalKind>,
            /// Conditions, all of which must be known to hold.
            when: Option<Conditions>,
            /// What whoever is allowed has to do or to put up with.
            obligations: Obligations,
        }
    }
}

table! {
    /// What whoever is allowed by a rule has to do or to put up with; what is not discharged opens nothing.
    pub struct Obligations {
        required {}
        optional {
            /// Level above which fields are shown redacted alone.
            mask_above: Option<Level>,
            /// Number of records that one grant opens at most.
            max_records: Option<u32>,
            /// Whether the case that it is for goes on record first.
            reason: bool,
            /// Whether values are seen in a view that names nobody alone.
            anonymised: bool,
            /// Whether a second person, who would be allowed the same, has to approve first.
            four_eyes: bool,
        }
    }
}

table! {
    /// A rule that denies. An empty list means any.
    pub struct DenyRule {
        required {
            /// Name of the rule.
            id: Name,
        }
        optional {
            /// Roles.
            roles: BTreeSet<Name>,
            /// Actions.
            actions: BTreeSet<Action>,
            /// Categories.
            categories: BTreeSet<Name>,
            /// Lowest level that it covers; without it, every level.
            from_level: Option<Level>,
            /// Purposes.
            purposes: BTreeSet<Name>,
            /// Environments.
            environments: BTreeSet<Environment>,
            /// Kinds of principal.
            kinds: BTreeSet<PrincipalKind>,
            /// Conditions that lift the denial when all are known to hold.
            unless: Option<Conditions>,
        }
    }
}

table! {
    /// A claim about all requests: proved when the policy is loaded, and a false one is an error. It says either `never` or `always`.
    pub struct Claim {
        required {
            /// Name of the claim.
            id: Name,
        }
        optional {
            /// The statement that the page makes of it.
            states: Option<String>,
            /// Requests none of which is allowed.
            never: Option<RequestSet>,
            /// Requests all of which are allowed.
            always: Option<RequestSet>,
        }
    }
}

table! {
    /// A set of requests: of active principals about their own tenant's data, unless it says otherwise. An empty list means any, categories and purposes that the policy does not declare among them.
    pub struct RequestSet {
        required {}
        optional {
            /// Roles, one of which the principal has, whatever others beside it.
            roles: BTreeSet<Name>,
            /// Roles, none of which the principal has.
            without_roles: BTreeSet<Name>,
            /// Actions.
            actions: BTreeSet<Action>,
            /// Categories.
            categories: BTreeSet<Name>,
            /// Lowest level.
            from_level: Option<Level>,
            /// Highest level.
            up_to: Option<Level>,
            /// Purposes.
            purposes: BTreeSet<Name>,
            /// Environments.
            environments: BTreeSet<Environment>,
            /// Kinds of principal.
            kinds: BTreeSet<PrincipalKind>,
            /// Conditions, all of which hold.
            with: Option<Conditions>,
            /// Conditions, not all of which hold.
            without: Option<Conditions>,
            /// What the person whom the data is about has said, all of it.
            said: BTreeSet<Stop>,
            /// Whether the person's consent is not known.
            without_consent: bool,
            /// Whether the data is another tenant's; it is the own one's without it.
            of_other_tenants: bool,
            /// Whether the principal is suspended; it is active without it.
            suspended: bool,
        }
    }
}

table! {
    /// Conditions on facts; a fact that is not known never fulfils one.
    pub struct Conditions {
        required {}
        optional {
            /// A second factor, no older than this.
            mfa_within: Option<Period>,
            /// A second factor by at least one of these methods (RFC 8176), whenever it was.
            mfa_by: BTreeSet<Method>,
            /// State of the connection's authorisation.
            authorization: Option<AuthorizationState>,
            /// The principal is assigned to an open case about the resource.
            assigned_case: bool,
            /// The tenant has accepted the terms in force.
            terms_accepted: bool,
            /// A training that was completed no longer ago than this.
            trained_within: Option<Period>,
            /// The principal's device is managed by the company.
            managed_device: bool,
            /// The question came over one of these versions of the transport.
            transport: BTreeSet<Transport>,
            /// Hours of the week, in UTC.
            hours: Option<Hours>,
        }
    }
}

table! {
    /// How long data is kept.
    pub struct Retention {
        required {}
        optional {
            /// Rules that keep.
            rule: Vec<RetentionRule>,
            /// Caps: by when data must be gone.
            cap: Vec<Cap>,
        }
    }
}

table! {
    /// A rule that keeps a category until a period after an event, and disposes of it then.
    pub struct RetentionRule {
        required {
            /// Name of the rule.
            id: Name,
            /// Category.
            category: Name,
            /// Event from which the period runs; `stored` is when the record was stored.
            from: Name,
            /// Period for which it is kept after the event.
            keep: Period,
            /// What happens then.
            dispose: Dispose,
            /// Why it is kept.
            basis: Basis,
        }
        optional {
            /// Time within which it is physically gone, once due.
            physically_within: Option<Period>,
            /// The law that obliges to keep it; with it, the rule outlives requests and revocations.
            duty: Option<String>,
        }
    }
}

table! {
    /// A cap: the latest moment at which data may still be there.
    pub struct Cap {
        required {
            /// Name of the cap.
            id: Name,
            /// Event from which the period runs.
            from: Name,
            /// Period after the event at which it must be gone.
            at_most: Period,
            /// Source of the cap: what, and when it was read.
            cites: String,
        }
        optional {
            /// Category that it binds; without it, every category.
            category: Option<Name>,
            /// Platform that the data came from; without it, any.
            platform: Option<Name>,
        }
    }
}

table! {
    /// How requests of people are handled.
    pub struct Requests {
        required {
            /// Kinds that are accepted; others are parked, never dropped.
            kinds: BTreeSet<RequestKind>,
            /// Channel through which they come; others are accepted and flagged.
            channel: String,
            /// Regimes whose clocks run (`gdpr`, `ccpa`); the earliest counts.
            regimes: BTreeSet<Name>,
            /// Roles whose people review a request; a service never does.
            reviewers: BTreeSet<Name>,
            /// Purpose under which a request's execution reads data.
            purpose: Name,
        }
        optional {
            /// Period for which the accountability half of a case is kept after it is closed.
            accountability: Option<Period>,
        }
    }
}

table! {
    /// How far back backups go.
    pub struct Backups {
        required {}
        optional {
            /// Oldest backup of records that may exist.
            records: Option<Period>,
            /// Oldest backup of the key store that may exist.
            key_store: Option<Period>,
        }
    }
}

table! {
    /// For how long keys protect, and what follows them.
    pub struct KeyRules {
        required {}
        optional {
            /// Age past which the next value is sealed under a new version of its scope's key.
            rotate_after: Option<Period>,
            /// Age past which nothing is sealed under a version any more, whatever happens.
            refuse_after: Option<Period>,
            /// Age past which an epoch is followed by the next, into which a sweep wraps every scope key.
            epoch_after: Option<Period>,
            /// Whether an erasure is followed by a new epoch at once, so that the copies of its keys can be made to die.
            rewrap_on_erasure: bool,
        }
    }
}

table! {
    /// Who reads the audit trail, and for how long it says what happened.
    pub struct AuditRules {
        required {}
        optional {
            /// Category that the trail is: whoever may read it may read their own tenant's entries. Without it nobody reads the trail.
            category: Option<Name>,
            /// Age past which a sweep takes from an entry what it says, and leaves its hashes. Without it entries stay for good.
            keep: Option<Period>,
            /// How many entries make a batch, of levels whose `record` is `batched`: from 2 to 1,024; without it, 64. A crash loses fewer.
            batch: Option<u32>,
            /// How long such an entry waits for others, of which a crash loses none that is older; up to an hour; without it, 5 seconds.
            within: Option<Period>,
        }
    }
}

table! {
    /// Transport versions that are admitted.
    pub struct TransportRules {
        required {}
        optional {
            /// The allow-list.
            admit: BTreeSet<Transport>,
        }
    }
}

table! {
    /// An organisational duty, shown by evidence that expires.
    pub struct Control {
        required {
            /// Name of the control.
            id: Name,
            /// The statement that the page makes.
            states: String,
        }
        optional {
            /// Section of the page in which it stands.
            section: Option<String>,
            /// Age that its evidence may have at most.
            evidence_within: Option<Period>,
            /// A number that the statement depends on, with its meaning (`within = "10 minutes"`).
            within: Option<Period>,
            /// Controls that must be met for this one to be met.
            needs: BTreeSet<Name>,
        }
    }
}

table! {
    /// A certificate that the company holds.
    pub struct Certification {
        required {
            /// Standard, as on the certificate.
            standard: String,
            /// What it covers.
            scope: String,
            /// Last day on which it is valid.
            valid_until: NaiveDate,
        }
    }
}

table! {
    /// A link at the end of the page.
    pub struct Link {
        required {
            /// Text of the link.
            title: String,
            /// Where it leads.
            url: String,
        }
    }
}
