//! A small policy for tests, built in code: the one place that names every field of a document.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use crate::core::access::{Action, PrincipalKind, Stop};
use crate::core::classification::Level;
use crate::core::governance::{Evidence, EvidenceSet, Method};
use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::*;

/// Adapts a value to a field that the reader is about to make required: `Some(x)` now, `x` then.
pub(in crate::core) const NOW: &str = "2026-11-22T12:00:00Z";

pub(in crate::core) fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn names(all: &[&str]) -> BTreeSet<Name> {
    all.iter().map(Name::new).collect()
}

pub(in crate::core) fn set_effective(document: &mut PolicyDocument, text: &str) {
    document.effective = day(text);
}

pub(in crate::core) fn control(id: &str, states: &str) -> Control {
    Control {
        id: id.into(),
        section: Some("Security operations".to_owned()),
        states: states.to_owned(),
        evidence_within: Some(Period::days(90)),
        within: None,
        needs: BTreeSet::new(),
    }
}

pub(in crate::core) fn certification(standard: &str, valid_until: &str) -> Certification {
    Certification {
        standard: standard.to_owned(),
        scope: "the whole service".to_owned(),
        valid_until: day(valid_until),
    }
}

/// Evidence that every control of the sample is met.
pub(in crate::core) fn evidence() -> EvidenceSet {
    let collected: DateTime<Utc> = "2026-10-30T09:00:00Z".parse().unwrap();
    ["training", "notice"]
        .map(|id| Evidence::met(id, Method::Examine, collected, "security lead"))
        .into_iter()
        .collect()
}

/// A document that has every part.
pub(in crate::core) fn document() -> PolicyDocument {
    PolicyDocument {
        name: "harbour".to_owned(),
        company: "Harbour Ledger Ltd".to_owned(),
        version: "3".to_owned(),
        effective: day("2026-11-01"),
        updated: day("2026-11-01"),
        summary: Some("How we work.".to_owned()),
        page: Some(Page {
            title: Some("Data processing".to_owned()),
            kind: Some(PageKind::Summary),
            numbering: Some(Numbering::Arabic),
        }),
        contacts: Some(Contacts { privacy: "privacy@harbour-ledger.example".to_owned(), dpo: None }),
        levels: Level::ALL.into_iter().map(|level| (level, controls(level))).collect(),
        categories: BTreeMap::from([
            (
                "billing".into(),
                Category {
                    role_for: BTreeMap::from([("order_sync".into(), LegalRole::Processor)]),
                    ..category("Billing data", LegalRole::Controller, "contract (GDPR Art. 6(1)(b))")
                },
            ),
            (
                "orders".into(),
                Category {
                    purposes: names(&["billing", "order_sync"]),
                    needs_instruction: true,
                    ..category("Orders", LegalRole::Processor, "")
                },
            ),
        ]),
        classes: BTreeMap::from([
            ("invoice.number".into(), class(Level::Internal, "billing", false)),
            (
                "order.buyer".into(),
                Class { redact: Some(Redact::Pseudonym), ..class(Level::Confidential, "orders", false) },
            ),
            ("order.token".into(), class(Level::Restricted, "orders", true)),
        ]),
        platforms: BTreeMap::from([(
            "tiktok-shop".into(),
            Platform {
                title: "TikTok Shop".to_owned(),
                default_level: Some(Level::Confidential),
                categories: names(&["orders"]),
            },
        )]),
        purposes: BTreeMap::from([
            ("billing".into(), purpose("Bill the service.", false)),
            ("order_sync".into(), purpose("Show and update orders.", true)),
        ]),
        roles: BTreeMap::from([("officer".into(), Role { title: "Privacy Officer".to_owned() })]),
        sources: BTreeMap::from([(
            "records".into(),
            Source {
                title: "Records".to_owned(),
                kind: SourceKind::Managed,
                categories: names(&["billing", "orders"]),
                processor: None,
            },
        )]),
        processors: BTreeMap::from([
            ("hosting".into(), processor(Some("Northgate Hosting GmbH"), false)),
            ("mailer".into(), processor(None, true)),
            ("network".into(), processor(None, false)),
        ]),
        sinks: BTreeMap::from([
            ("app_log".into(), sink("Application log", SinkKind::Log, Level::Internal)),
            (
                "support_screen".into(),
                SinkEntry {
                    categories: names(&["billing", "orders"]),
                    purposes: names(&["billing"]),
                    ..sink("Support screen", SinkKind::Screen, Level::Confidential)
                },
            ),
        ]),
        reasons: BTreeMap::from([
            ("published".into(), reason("Published by the person.", Release::Lower, &["officer"])),
            ("token_refresh".into(), reason("Refresh of a token", Release::Expose, &[])),
        ]),
        access: Access { allow: vec![allow()], deny: vec![deny()] },
        claims: vec![claim()],
        retention: Retention {
            rule: vec![
                rule("orders-until-revoked", "orders", "authorization_revoked", Period::ZERO),
                rule("billing-tax", "billing", "invoice_issued", Period::months(96)),
            ],
            cap: vec![Cap {
                id: "orders-cap".into(),
                category: Some("orders".into()),
                platform: None,
                from: "order_delivered".into(),
                at_most: Period::days(30),
                cites: "Platform policy, read 2026-11-22".to_owned(),
            }],
        },
        requests: Some(Requests {
            kinds: RequestKind::ALL.iter().copied().collect(),
            channel: "support channel".to_owned(),
            regimes: names(&["gdpr", "ccpa"]),
            reviewers: names(&["officer"]),
            purpose: "billing".into(),
            accountability: Some(Period::months(24)),
        }),
        backups: Some(Backups { records: Some(Period::days(35)), key_store: Some(Period::days(35)) }),
        keys: Some(KeyRules {
            rotate_after: Some(Period::days(90)),
            refuse_after: Some(Period::days(120)),
            epoch_after: Some(Period::months(12)),
            rewrap_on_erasure: true,
        }),
        audit: Some(AuditRules { keep: Some(Period::months(84)), ..AuditRules::default() }),
        transport: Some(TransportRules { admit: Transport::ALL.iter().copied().collect() }),
        controls: vec![
            control("training", "All personnel complete training."),
            Control {
                within: Some(Period::hours(72)),
                section: Some("Incidents".to_owned()),
                ..control("notice", "Customers are told of a breach.")
            },
        ],
        certifications: Vec::new(),
        links: vec![Link {
            title: "Privacy policy".to_owned(),
            url: "https://harbour-ledger.example/privacy".to_owned(),
        }],
    }
}

fn controls(level: Level) -> LevelControls {
    let high = level >= Level::Confidential;
    LevelControls {
        covers: Some(format!("what is {level}")),
        seal: high.then_some(Seal::Aes256),
        mfa_within: high.then_some(Period::hours(12)),
        record: high.then_some(Record::Before),
    }
}

fn category(title: &str, role: LegalRole, basis: &str) -> Category {
    Category {
        title: title.to_owned(),
        covers: Some("records".to_owned()),
        role,
        legal_basis: (!basis.is_empty()).then(|| basis.to_owned()),
        purposes: names(&["billing"]),
        role_for: BTreeMap::new(),
        needs_instruction: false,
        synced_to: names(&["tiktok-shop"]),
        on_erasure: OnErasure::Erase,
    }
}

fn class(level: Level, category: &str, authenticator: bool) -> Class {
    Class { level, category: category.into(), authenticator, redact: None, find_by: None }
}

fn purpose(title: &str, needs_authorization: bool) -> PurposeEntry {
    PurposeEntry {
        title: title.to_owned(),
        needs_authorization,
        needs_consent: needs_authorization,
        stops_on: if needs_authorization { Stop::ALL.iter().copied().collect() } else { BTreeSet::new() },
        break_glass: None,
    }
}

fn processor(entity: Option<&str>, disabled: bool) -> Processor {
    Processor {
        entity: entity.map(str::to_owned),
        does: "hosting".to_owned(),
        categories: names(&["orders"]),
        purposes: names(&["order_sync"]),
        up_to: Some(Level::Confidential),
        regions: BTreeSet::from(["Germany".to_owned()]),
        transfer: None,
        disabled,
    }
}

fn sink(title: &str, kind: SinkKind, up_to: Level) -> SinkEntry {
    SinkEntry { title: title.to_owned(), kind, up_to, categories: BTreeSet::new(), purposes: BTreeSet::new() }
}

fn reason(title: &str, allows: Release, approvers: &[&str]) -> ReasonEntry {
    ReasonEntry {
        title: title.to_owned(),
        allows: BTreeSet::from([allows]),
        up_to: Level::Restricted,
        roles: names(&["officer"]),
        approvers: names(approvers),
    }
}

fn allow() -> AllowRule {
    AllowRule {
        id: "officer-answers".into(),
        roles: names(&["officer"]),
        actions: BTreeSet::from([Action::Read, Action::Export]),
        categories: names(&["billing", "orders"]),
        up_to: Level::Restricted,
        purposes: names(&["billing"]),
        environments: BTreeSet::new(),
        kinds: BTreeSet::from([PrincipalKind::Person]),
        when: Some(Conditions {
            mfa_within: Some(Period::hours(12)),
            mfa_by: BTreeSet::from([crate::core::authentication::Method::Hwk]),
            authorization: None,
            assigned_case: true,
            terms_accepted: true,
            trained_within: Some(Period::days(365)),
            managed_device: true,
            transport: BTreeSet::from([Transport::Tls13]),
            hours: "mon-fri 08:00-18:00".parse().ok(),
        }),
        obligations: Obligations {
            mask_above: Some(Level::Internal),
            max_records: Some(100),
            reason: true,
            anonymised: false,
            four_eyes: true,
        },
    }
}

fn claim() -> Claim {
    Claim {
        id: "tokens-stay".into(),
        states: Some("Nobody shares a token".to_owned()),
        never: Some(RequestSet::new().actions([Action::Share]).from_level(Level::Restricted)),
        always: None,
        obliged: None,
        to: None,
    }
}

fn deny() -> DenyRule {
    DenyRule {
        id: "no-sharing-of-tokens".into(),
        roles: BTreeSet::new(),
        actions: BTreeSet::from([Action::Share]),
        categories: BTreeSet::new(),
        from_level: Some(Level::Restricted),
        purposes: BTreeSet::new(),
        environments: BTreeSet::new(),
        kinds: BTreeSet::new(),
        unless: None,
    }
}

fn rule(id: &str, category: &str, from: &str, keep: Period) -> RetentionRule {
    RetentionRule {
        id: id.into(),
        category: category.into(),
        from: from.into(),
        keep,
        dispose: Dispose::CryptoErase,
        physically_within: Some(Period::hours(72)),
        basis: Basis::LegalCompliance,
        duty: None,
    }
}
