//! The policy as it is written: every table and key that a file may hold.
//!
//! A document is unchecked; [`Policy`](super::Policy) is the checked form. Each field's first line of documentation is also
//! its description in the generated JSON Schema.

mod access;
mod data;
mod operations;
mod release;
mod retention;

use std::collections::BTreeMap;

use chrono::NaiveDate;

pub use access::*;
pub use data::*;
pub use operations::*;
pub use release::*;
pub use retention::*;

use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::policy::declare::table;
use crate::core::policy::vocabulary::{Numbering, PageKind};

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
