//! A policy in code: the same document, the same check, the same digest as a file.

use std::collections::BTreeMap;

use super::document::{
    AllowRule, AuditRules, Backups, Cap, Category, Certification, Claim, Class, Contacts, Control, DenyRule,
    KeyRules, LevelControls, Link, Page, Platform, PolicyDocument, Processor, PurposeEntry, ReasonEntry,
    Requests, RetentionRule, Role, SinkEntry, Source, TransportRules,
};
use super::finding::{FindingCode, Findings, PolicyError};
use super::given::Given;
use super::path::Path;
use super::policy::Policy;
use crate::core::classification::Level;
use crate::core::id::Name;

/// Builds a policy in code, step by step; [`build`](Self::build) checks it as a whole.
///
/// # Example: a mistake in code is found as one in a file is
/// ```
/// use stewardship::policy::{Class, FindingCode, Policy};
/// use stewardship::classification::Level;
/// let day = "2026-11-01".parse()?;
/// let error = Policy::builder("Notes", "Example GmbH", "1", day, day)
///     .contact("privacy@example.com")
///     .class("note.body", Class::new(Level::Confidential, "notes"))
///     .build()
///     .unwrap_err();
/// let unknown = error.errors().find(|finding| finding.code() == FindingCode::UnknownReference).unwrap();
/// assert_eq!(unknown.path(), "classes.\"note.body\".category");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct PolicyBuilder {
    document: PolicyDocument,
    doubled: Vec<Path>,
}

/// Steps that put a value under a name; the same name twice is an error of [`build`](PolicyBuilder::build).
macro_rules! named {
    ($($(#[$meta:meta])* $step:ident, $table:ident: $value:ty;)+) => {$(
        $(#[$meta])*
        pub fn $step(mut self, name: impl Given<Name>, value: $value) -> Self {
            let name = name.given();
            let path = Path::of([stringify!($table), name.as_str()]);
            put(&mut self.document.$table, name, value, path, &mut self.doubled);
            self
        }
    )+};
}

/// Steps that append to a list.
macro_rules! listed {
    ($($(#[$meta:meta])* $step:ident, $($list:ident).+: $value:ty;)+) => {$(
        $(#[$meta])*
        pub fn $step(mut self, value: $value) -> Self {
            self.document.$($list).+.push(value);
            self
        }
    )+};
}

impl PolicyBuilder {
    pub(crate) fn new(document: PolicyDocument) -> Self {
        Self { document, doubled: Vec::new() }
    }

    /// Sets the paragraph that opens the page.
    pub fn summary(mut self, summary: impl Given<Option<String>>) -> Self {
        self.document.summary = summary.given();
        self
    }

    /// Sets the layout of the page.
    pub fn page(mut self, page: Page) -> Self {
        self.document.page = Some(page);
        self
    }

    /// Sets the address for privacy and security requests; a Data Protection Officer set before is kept.
    pub fn contact(mut self, privacy: impl Given<String>) -> Self {
        let dpo = self.document.contacts.take().and_then(|contacts| contacts.dpo);
        self.document.contacts = Some(Contacts { dpo, ..Contacts::new(privacy.given()) });
        self
    }

    /// Sets whom to write to.
    pub fn contacts(mut self, contacts: Contacts) -> Self {
        self.document.contacts = Some(contacts);
        self
    }

    /// Sets the controls of a level.
    pub fn level(mut self, level: Level, controls: LevelControls) -> Self {
        let path = Path::of(["levels", level.as_str()]);
        put(&mut self.document.levels, level, controls, path, &mut self.doubled);
        self
    }

    named! {
        /// Declares a category.
        category, categories: Category;
        /// Declares a class.
        class, classes: Class;
        /// Declares a platform.
        platform, platforms: Platform;
        /// Declares a purpose.
        purpose, purposes: PurposeEntry;
        /// Declares a role.
        role, roles: Role;
        /// Declares a place where data lives.
        source, sources: Source;
        /// Declares a third party that handles data.
        processor, processors: Processor;
        /// Declares a sink that values may be written to.
        sink, sinks: SinkEntry;
        /// Declares a reason for which a value may be shown without a grant, or lowered.
        reason, reasons: ReasonEntry;
    }

    listed! {
        /// Adds a rule that allows.
        allow, access.allow: AllowRule;
        /// Adds a rule that denies.
        deny, access.deny: DenyRule;
        /// Adds a claim about the access rules, which is proved by [`build`](Self::build).
        claim, claims: Claim;
        /// Adds a rule that keeps.
        keep, retention.rule: RetentionRule;
        /// Adds a cap.
        cap, retention.cap: Cap;
        /// Adds an organisational duty.
        control, controls: Control;
        /// Adds a certificate.
        certification, certifications: Certification;
        /// Adds a link at the end of the page.
        link, links: Link;
    }

    /// Says how requests of people are handled.
    pub fn requests(mut self, requests: Requests) -> Self {
        self.document.requests = Some(requests);
        self
    }

    /// Says how far back backups go.
    pub fn backups(mut self, backups: Backups) -> Self {
        self.document.backups = Some(backups);
        self
    }

    /// Says for how long keys protect, and what follows them.
    pub fn keys(mut self, keys: KeyRules) -> Self {
        self.document.keys = Some(keys);
        self
    }

    /// Says who reads the audit trail, and for how long it says what happened.
    pub fn audit(mut self, audit: AuditRules) -> Self {
        self.document.audit = Some(audit);
        self
    }

    /// Says which transport versions are admitted.
    pub fn transport(mut self, transport: TransportRules) -> Self {
        self.document.transport = Some(transport);
        self
    }

    /// Checks the policy as a whole.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn build(self) -> Result<Policy, PolicyError> {
        let mut findings = Findings::new(None);
        for path in &self.doubled {
            let (message, hint) = ("declared twice".to_owned(), "keep one of the two".to_owned());
            findings.unreadable(path, FindingCode::DuplicateKey, message, hint);
        }
        Policy::from_document_with(self.document, findings)
    }
}

fn put<K: Ord, V>(table: &mut BTreeMap<K, V>, key: K, value: V, path: Path, doubled: &mut Vec<Path>) {
    if table.insert(key, value).is_some() {
        doubled.push(path);
    }
}
