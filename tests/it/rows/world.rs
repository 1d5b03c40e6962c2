//! A steward over memory, the records that the example policies declare classes for, and the people who ask.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use stewardship::access::{Grant, Read, Reason};
use stewardship::audit::Entry;
use stewardship::classification::{Declares, Level, Record};
use stewardship::contracts::{
    AuditLog, DocumentKind, DocumentStore, FieldBody, KeyStore, Ports, RecordQuery, RecordRow, RecordStore,
};
use stewardship::dsr::{Case, Planned, Reviewed, Verdict, VerificationMethod};
use stewardship::engine::{Blocking, Builder, Denial, OpenError, Revocation};
use stewardship::id::{ConnectionId, Name};
use stewardship::policy::{Finding, PolicyText};
use stewardship::ports::local_keys::LocalKeys;
use stewardship::ports::memory::Memory;
use stewardship::report::render;
use stewardship::{
    Access, ManualClock, NewRequest, Period, Place, Policy, Principal, Purpose, Question, Resource, Scope,
    Steward, block_on,
};

use crate::policies::COMPLETE;

stewardship::classes! {
    pub(super) PlatformToken: Restricted in "connected_platform" = "platform.token";
    pub(super) CreatorHandle: Confidential in "creators" = "creator.handle";
    pub(super) CreatorEmail: Confidential in "creators" = "creator.email";
    pub(super) OrderNumber: Internal in "orders" = "order.number";
    pub(super) BuyerName: Confidential in "orders" = "order.buyer_name";
    pub(super) BuyerEmail: Confidential in "orders" = "order.buyer_email";
    pub(super) InvoiceNumber: Internal in "billing" = "invoice.number";
    pub(super) PayerName: Confidential in "billing" = "invoice.payer_name";
    pub(super) AccountEmail: Confidential in "account" = "account.email";
    pub(super) PasswordHash: Restricted in "account" = "account.password_hash";
    pub(super) DraftText: Confidential in "user_content" = "content.draft";
    pub(super) ReportText: Confidential in "abuse" = "abuse.report";
    pub(super) PacingNote: Internal in "operational" = "operational.pacing";
}

stewardship::record! {
    pub(super) struct Connection in "connected_platform" {
        pub(super) token: String as PlatformToken;
    }
}

stewardship::record! {
    pub(super) struct Creator in "creators" {
        pub(super) handle: String as CreatorHandle;
        pub(super) email: String as CreatorEmail, find_by;
    }
}

stewardship::record! {
    pub(super) struct Order in "orders" {
        pub(super) number: String as OrderNumber, at = "/id";
        pub(super) buyer_name: String as BuyerName, at = "/buyer/name";
        pub(super) buyer_email: Option<String> as BuyerEmail, at = "/buyer/email";
    }
}

stewardship::record! {
    pub(super) struct Invoice in "billing" {
        pub(super) number: String as InvoiceNumber;
        pub(super) payer_name: String as PayerName;
    }
}

stewardship::record! {
    pub(super) struct Account in "account" {
        pub(super) email: String as AccountEmail;
        pub(super) password_hash: String as PasswordHash;
    }
}

stewardship::record! {
    pub(super) struct Draft in "user_content" {
        pub(super) text: String as DraftText;
    }
}

stewardship::record! {
    pub(super) struct AbuseReport in "abuse" {
        pub(super) text: String as ReportText;
    }
}

stewardship::record! {
    pub(super) struct Pacing in "operational" {
        pub(super) note: String as PacingNote;
    }
}

/// The records of the complete policy.
pub(super) type All = (Connection, Creator, Order, Invoice, Account, Draft, Pacing);

/// The time at which every test begins.
pub(super) fn start() -> DateTime<Utc> {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

pub(super) fn period(text: &str) -> Period {
    text.parse().unwrap()
}

pub(super) fn text(value: &str) -> String {
    value.to_owned()
}

/// A steward, with the handles on its stores and its clock.
pub(super) struct World {
    pub(super) steward: Blocking<Memory>,
    pub(super) memory: Memory,
    pub(super) clock: ManualClock,
}

impl World {
    /// Of the complete policy and all its records.
    pub(super) fn complete() -> Self {
        Self::of::<All>(COMPLETE)
    }

    pub(super) fn of<S: Declares>(policy: &str) -> Self {
        Self::built(policy, |builder| builder.bind::<S>())
    }

    pub(super) fn built(policy: &str, with: impl FnOnce(Builder<Memory>) -> Builder<Memory>) -> Self {
        let policy = Policy::from_toml(policy).unwrap();
        let (memory, clock) = (Memory::new(), ManualClock::at(start()));
        let builder = Steward::builder(policy, memory.clone(), LocalKeys::in_memory()).clock(clock.clone());
        let steward = block_on(with(builder).build()).unwrap().blocking();
        Self { steward, memory, clock }
    }

    pub(super) fn advance(&self, by: &str) {
        self.clock.advance(period(by));
    }

    /// Accepts the terms for a tenant and authorises a connection.
    pub(super) fn connect(&self, tenant: &str, connection: &str) {
        let by = Principal::person(tenant, "user-1");
        self.steward.accept_terms(&by, self.steward.policy().digest()).unwrap();
        self.steward.connect(&by, &ConnectionId::new(connection), "tiktok-shop").unwrap();
    }

    /// Gives every instruction that the policy asks a tenant for.
    pub(super) fn instruct(&self, tenant: &str) {
        let by = Principal::person(tenant, "user-1");
        let document = self.steward.policy().document();
        let purposes: BTreeSet<&Name> = document
            .categories
            .values()
            .flat_map(|category| document.instructed_purposes(category))
            .collect();
        if purposes.is_empty() {
            return;
        }
        self.steward.accept_terms(&by, self.steward.policy().digest()).unwrap();
        for purpose in purposes {
            self.steward.instruct(&by, &Purpose::new(purpose.clone())).unwrap();
        }
    }

    pub(super) fn revoke(&self, connection: &str) -> Revocation {
        self.steward.revoke(&Scope::connection("acme", connection), "seller disconnected").unwrap()
    }

    /// The owner of the tenant, who has just shown a second factor.
    pub(super) fn owner(&self) -> Principal {
        Principal::person("acme", "user-1").role("owner").mfa_at(self.steward.now())
    }

    /// Whoever answers requests, who has just shown a second factor.
    pub(super) fn officer(&self) -> Principal {
        let requests = self.steward.policy().document().requests.as_ref().unwrap();
        Principal::person("acme", "officer-1")
            .role(requests.reviewers.first().unwrap())
            .mfa_at(self.steward.now())
    }

    /// Stores a record; the connection that the place names is authorised first.
    pub(super) fn put<R: Record>(&self, place: &Place, record: &R, purpose: &str) {
        if let Some(connection) = place.connection_id() {
            self.connect(place.tenant_id().as_str(), connection.as_str());
        }
        self.instruct(place.tenant_id().as_str());
        self.steward.put(place, record, &Purpose::new(purpose)).unwrap();
    }

    /// What `by` gets for reading the records of kind `R` at `place`.
    pub(super) fn read<R: Record>(&self, by: Principal, place: &Place, purpose: &str) -> Access<Read> {
        let question = Question::read(by, Resource::at::<R>(place), Purpose::new(purpose));
        self.steward.authorize(&question).unwrap()
    }

    /// Opens the record of kind `R` at `place` for `by`, who may.
    pub(super) fn open<R: Record>(
        &self,
        by: Principal,
        place: &Place,
        purpose: &str,
    ) -> Result<(R, Grant<Read>), OpenError> {
        let grant = granted(self.read::<R>(by, place, purpose));
        let record = self.steward.open(&grant, place)?;
        Ok((record, grant))
    }

    /// Opens the record of kind `R` at `place` for the officer, who may read every category on a case.
    pub(super) fn open_on_case<R: Record>(&self, place: &Place) -> Result<(R, Grant<Read>), OpenError> {
        let requests = self.steward.policy().document().requests.as_ref().unwrap();
        let resource = Resource::at::<R>(place);
        let question = Question::read(self.officer(), resource, Purpose::new(&requests.purpose));
        let grant = granted(self.steward.authorize(&question.assigned_case(true)).unwrap());
        let record = self.steward.open(&grant, place)?;
        Ok((record, grant))
    }

    /// Takes a request to where it can be carried out.
    pub(super) fn planned(&self, request: &NewRequest) -> Case<Planned> {
        let case = self.steward.receive(request).unwrap();
        let case = self.steward.verify(case, VerificationMethod::SignedIn, &self.officer()).unwrap();
        match self.steward.review(case, &self.officer(), Verdict::Approve).unwrap() {
            Reviewed::Approved(case) => self.steward.plan(case).unwrap(),
            Reviewed::Closed(case) => panic!("{case:?}"),
        }
    }

    pub(super) fn rows(&self) -> Vec<RecordRow> {
        block_on(self.memory.records().list(&RecordQuery::default(), None, usize::MAX)).unwrap()
    }

    /// The owner's grant for reading the trail.
    pub(super) fn reader(&self) -> Grant<Read> {
        let trail = Resource::category("acme", "audit_trail", Level::Confidential);
        let question = Question::read(self.owner(), trail, Purpose::new("security"));
        granted(self.steward.authorize(&question).unwrap())
    }

    /// The whole trail, read back.
    pub(super) fn trail(&self) -> Vec<Entry> {
        let entries = block_on(self.memory.audit().read(0, usize::MAX)).unwrap();
        entries.iter().map(|entry| Entry::from_bytes(entry.bytes().unwrap()).unwrap()).collect()
    }

    /// Every byte that a store holds, and the trail.
    pub(super) fn dump(&self) -> String {
        let mut bytes = Vec::new();
        for row in self.rows() {
            bytes.extend(serde_json::to_vec(&row).unwrap());
            for field in row.fields {
                let (FieldBody::Sealed(body) | FieldBody::Clear(body)) = field.body;
                bytes.extend(body);
            }
        }
        for kind in DocumentKind::ALL {
            let documents = block_on(self.memory.documents().list(*kind, None, None, usize::MAX)).unwrap();
            documents.into_iter().for_each(|document| bytes.extend(document.body));
        }
        for scope in block_on(self.memory.keys().scopes(None, usize::MAX)).unwrap() {
            bytes.extend(serde_json::to_vec(&scope).unwrap());
        }
        for entry in block_on(self.memory.audit().read(0, usize::MAX)).unwrap() {
            bytes.extend(entry.bytes().unwrap());
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

pub(super) fn granted<A>(access: Access<A>) -> Grant<A> {
    access.granted().unwrap_or_else(|denial| panic!("{denial}"))
}

pub(super) fn denied<A: std::fmt::Debug>(access: Access<A>) -> Denial {
    match access {
        Access::Granted(grant) => panic!("{grant:?}"),
        Access::Denied(denial) => denial,
    }
}

/// Why it is denied.
pub(super) fn reasons<A: std::fmt::Debug>(access: Access<A>) -> Vec<Reason> {
    denied(access).explain().reasons
}

/// Every finding of a policy text with one text replaced.
pub(super) fn findings(policy: &str, was: &str, becomes: &str) -> Vec<Finding> {
    assert!(policy.contains(was), "{was}");
    match Policy::load(PolicyText::toml(&policy.replacen(was, becomes, 1)).named("policy.toml")) {
        Ok(policy) => policy.findings().to_vec(),
        Err(error) => error.findings().to_vec(),
    }
}

/// The page of a policy text, at a time, on evidence.
pub(super) fn page(
    policy: &str,
    evidence: &stewardship::governance::EvidenceSet,
    at: DateTime<Utc>,
) -> String {
    let policy = Policy::from_toml(policy).unwrap();
    render(policy.document(), &policy.digest().to_string(), evidence, at).unwrap()
}

pub(super) fn headings(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix("## ")).collect()
}
