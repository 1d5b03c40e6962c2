//! Entries of format 1 against `tests/vectors/audit-1.json`, which a second implementation of the specification wrote.
//!
//! The file is frozen with the format: what it holds is read, and refused as it says, by every later version.

use serde_json::Value;
use sha2::{Digest, Sha256};
use stewardship::Purpose;
use stewardship::access::{Action, Barrier, Environment, Preference, Stop, Voice};
use stewardship::audit::tree::{Frontier, leaf_hash};
use stewardship::audit::{
    AuditEvent, Cause, CorrectedField, DecidedAs, Entry, EntryError, KeyScope, OpenRefusal, Pseudonym,
    StoreRefusal, Term, TrailSearch,
};
use stewardship::classification::Level;
use stewardship::crypto::{SecretKey, pseudonym};
use stewardship::dsr::Stage;
use stewardship::id::{CaseId, Name};
use stewardship::policy::{PolicyDigest, Release, RequestKind};

use crate::world::moment;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/audit-1.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    all_bytes(value).try_into().unwrap()
}

fn all_bytes(value: &Value) -> Vec<u8> {
    let digits = text(value);
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn format_1_pseudonyms_are_made_to_the_very_same_bytes() {
    for vector in list(&vectors()["pseudonyms"]) {
        let key = SecretKey::new(bytes(&vector["key"])).derive("audit");
        let made = pseudonym(&key, text(&vector["kind"]), text(&vector["identifier"]));
        assert_eq!(Pseudonym::from_bytes(made).to_string(), text(&vector["pseudonym"]));
    }
}

#[test]
fn format_1_entries_are_read_and_written_to_the_very_same_bytes() {
    let vectors = vectors();
    let (written, told) = (list(&vectors["entries"]), entries(&vectors));
    assert_eq!((written.len(), told.len()), (44, 44));
    let (mut tree, roots) = (Frontier::default(), list(&vectors["roots"]));
    let mut words: Vec<&str> = Vec::new();
    for ((vector, entry), root) in written.iter().zip(&told).zip(roots) {
        let (name, body) = (text(&vector["name"]), text(&vector["bytes"]).as_bytes());
        assert_eq!(Entry::from_bytes(body).as_ref(), Ok(entry), "{name}");
        assert_eq!(String::from_utf8(entry.to_bytes()).unwrap().as_bytes(), body, "{name}");
        assert_eq!(tree.head().root, bytes(root), "{name}");
        assert_eq!(leaf_hash(body), bytes(&vector["leaf"]), "{name}");
        let terms = list(&vector["terms"]).iter().map(|term| Term::from_bytes(bytes(term)));
        assert_eq!(entry.terms(), terms.collect::<Vec<_>>(), "{name}");
        tree.append(leaf_hash(body));
        words.push(entry.event.word());
    }
    assert_eq!(tree.head().root, bytes(&roots[44]));
    for word in AuditEvent::WORDS {
        assert!(words.contains(word), "no vector tells of `{word}`");
    }
}

#[test]
fn format_1_refuses_what_is_no_entry_with_the_refusal_that_it_names() {
    let vectors = vectors();
    let refused = list(&vectors["refused"]);
    assert_eq!(refused.len(), 56);
    for vector in refused {
        let (name, refusal) = (text(&vector["name"]), Entry::from_bytes(&all_bytes(&vector["bytes"])));
        match (text(&vector["refusal"]), refusal) {
            ("malformed", Err(EntryError::Malformed { at, .. })) => {
                assert_eq!(at as u64, vector["at"].as_u64().unwrap(), "{name}");
            }
            ("unknown-format", Err(EntryError::UnknownFormat)) => {}
            (wanted, found) => panic!("{name}: {wanted}, and not {found:?}"),
        }
    }
}

/// Who and what the vectors speak of.
struct Told {
    names: Vec<Pseudonym>,
    policy: PolicyDigest,
}

impl Told {
    fn entry(&self, event: AuditEvent) -> Entry {
        Entry::new(moment("2026-11-22T09:00:00Z"), self.policy, event)
    }

    fn tenants(&self, event: AuditEvent) -> Entry {
        let mut entry = self.entry(event);
        entry.tenant = Some(self.names[0]);
        entry
    }

    fn olgas(&self, event: AuditEvent) -> Entry {
        let mut entry = self.tenants(event);
        entry.by = Some(self.names[1]);
        entry
    }
}

fn about_ada(told: &Told, mut entry: Entry, record: bool) -> Entry {
    entry.subject = Some(told.names[6]);
    entry.record = record.then_some(told.names[7]);
    entry
}

fn about_size(told: &Told, mut entry: Entry) -> Entry {
    entry.record = Some(told.names[5]);
    entry
}

fn entries(vectors: &Value) -> Vec<Entry> {
    let names = list(&vectors["pseudonyms"]).iter();
    let names: Vec<_> = names.map(|name| Pseudonym::from_bytes(bytes(&name["pseudonym"]))).collect();
    let policy = PolicyDigest::from_bytes(Sha256::digest(b"a policy").into());
    let [_, _, petra, shop, hold, _, _, _, old, new] = names[..] else { panic!("ten names") };
    let told = Told { names, policy };
    let name = |name: &str| Name::new(name);
    let names = |words: &[&str]| words.iter().map(Name::new).collect::<Vec<_>>();
    let opened = |class: Option<&str>, category: &str, level, purpose: &str| AuditEvent::Opened {
        category: name(category),
        class: class.map(name),
        level,
        purpose: name(purpose),
        rule: name("sync"),
    };
    let decided = |action, level, outcome| AuditEvent::Decided {
        action,
        category: None,
        level,
        purpose: None,
        outcome,
        rule: None,
        denied_by: Vec::new(),
        denied_by_more: false,
        barriers: Vec::new(),
        case: None,
        approved_by: None,
        emergency: false,
    };
    let mut yes = about_ada(
        &told,
        told.olgas(AuditEvent::Decided {
            action: Action::Read,
            category: Some(name("creators")),
            level: Level::Confidential,
            purpose: Some(name("investigation")),
            outcome: DecidedAs::Allowed,
            rule: Some(name("investigators")),
            denied_by: Vec::new(),
            denied_by_more: false,
            barriers: Vec::new(),
            case: Some(CaseId::new("case-17")),
            approved_by: Some(petra),
            emergency: true,
        }),
        true,
    );
    yes.request = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".parse().unwrap());
    let mut no = decided(Action::Export, Level::Restricted, DecidedAs::Forbidden);
    if let AuditEvent::Decided { denied_by, denied_by_more, barriers, .. } = &mut no {
        *denied_by = names(&["r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8"]);
        (*denied_by_more, *barriers) = (true, Barrier::ALL.to_vec());
    }
    let mut plain = decided(Action::Erase, Level::Public, DecidedAs::NotPermitted);
    if let AuditEvent::Decided { category, purpose, .. } = &mut plain {
        (*category, *purpose) = (Some(name("orders")), Some(name("support")));
    }
    let disposal = |cause| match cause {
        Cause::Retention { .. } => "sweep/records/orders-90/2026-11-22T09:00:00+00:00".to_owned(),
        Cause::Revocation => format!("revocation/{shop}"),
        Cause::Case { .. } => "case/case-17/records".to_owned(),
    };
    let disposed = |cause: Cause| AuditEvent::DisposalOpened { disposal: disposal(cause.clone()), cause };
    let by_case = Cause::Case { case: CaseId::new("case-17") };
    let read = |action, search| AuditEvent::TrailRead {
        action,
        search,
        principal: (search == TrailSearch::Principal).then_some(petra),
        case: (search == TrailSearch::Case).then(|| CaseId::new("case-17")),
        of_rule: (search == TrailSearch::Rule).then(|| name("sync")),
        since: (search == TrailSearch::Subject).then(|| moment("2026-11-22T09:00:00Z")),
        until: (search == TrailSearch::Principal).then(|| moment("2026-11-22T09:00:00Z")),
        purpose: name("security"),
        rule: name("readers"),
    };
    let mut first = told.entry(AuditEvent::Started { environment: Environment::Staging });
    first.at = moment("0000-01-01T00:00:00Z");
    let objection = Preference::Stop { stop: Stop::Objection, of: None };
    let consent = Preference::Consent { to: Purpose::new("outreach") };
    vec![
        told.entry(AuditEvent::Started { environment: Environment::Production }),
        told.olgas(AuditEvent::TermsAccepted { accepted: policy }),
        told.olgas(AuditEvent::Authorized { connection: shop, platform: name("tiktok-shop") }),
        told.olgas(AuditEvent::InstructionGiven { purpose: name("outreach") }),
        told.olgas(AuditEvent::InstructionWithdrawn { purpose: name("outreach") }),
        about_ada(
            &told,
            told.olgas(AuditEvent::PreferenceHeard { voice: Voice::Says, preference: consent }),
            false,
        ),
        about_ada(
            &told,
            told.olgas(AuditEvent::PreferenceHeard { voice: Voice::Withdraws, preference: objection }),
            false,
        ),
        yes,
        told.olgas(no),
        told.entry(plain),
        told.olgas(AuditEvent::JobRequested { purpose: name("outreach") }),
        told.olgas(AuditEvent::AccessReviewed { since: moment("2024-02-29T23:59:59.999999Z") }),
        about_ada(&told, told.olgas(read(Action::Read, TrailSearch::Subject)), false),
        told.olgas(read(Action::Export, TrailSearch::Principal)),
        told.olgas(read(Action::Read, TrailSearch::Case)),
        told.olgas(read(Action::Read, TrailSearch::Rule)),
        told.entry(AuditEvent::TrailExpired { below: 1_024, size: 4_096, root: *policy.as_bytes() }),
        told.olgas(AuditEvent::GrantsRevoked { of: Some(petra) }),
        told.olgas(AuditEvent::Released {
            release: Release::Lower,
            classes: names(&["creator.email", "creator.handle"]),
            level: Level::Confidential,
            to: Some(name("creator.domain")),
            to_level: Some(Level::Internal),
            purpose: Some(name("support")),
            reason: Some(name("statistics")),
            approved_by: Some(petra),
            outcome: DecidedAs::Allowed,
        }),
        told.entry(AuditEvent::Released {
            release: Release::Expose,
            classes: Vec::new(),
            level: Level::Internal,
            to: None,
            to_level: None,
            purpose: None,
            reason: None,
            approved_by: None,
            outcome: DecidedAs::NotPermitted,
        }),
        about_ada(
            &told,
            told.tenants(AuditEvent::Stored {
                category: name("orders"),
                level: Level::Internal,
                purpose: name("order_sync"),
                dropped: u64::MAX,
            }),
            true,
        ),
        about_size(
            &told,
            told.tenants(AuditEvent::StoreRefused {
                category: name("orders"),
                purpose: None,
                why: StoreRefusal::PurposeNotDeclared,
            }),
        ),
        about_size(&told, told.olgas(opened(None, "orders", Level::Internal, "order_sync"))),
        about_ada(
            &told,
            told.olgas(opened(Some("creator.email"), "creators", Level::Confidential, "outreach")),
            true,
        ),
        told.olgas(AuditEvent::OpenRefused {
            category: name("creators"),
            level: Level::Confidential,
            purpose: name("outreach"),
            rule: name("sync"),
            why: OpenRefusal::OtherPlace,
        }),
        told.tenants(AuditEvent::HoldPlaced { hold: Some(hold) }),
        told.entry(AuditEvent::HoldLifted { hold: None }),
        told.tenants(AuditEvent::CaseMoved {
            case: CaseId::new("case-00000000000000ff"),
            kind: Some(RequestKind::Deletion),
            stage: Stage::Planned,
        }),
        told.entry(AuditEvent::CaseMoved {
            case: CaseId::new("café \"7\"\\\n\u{1}\u{1f}\u{7f}\u{2028}/"),
            kind: None,
            stage: Stage::Received,
        }),
        about_ada(
            &told,
            told.tenants(AuditEvent::Corrected {
                category: name("creators"),
                fields: vec![
                    CorrectedField { field: name("email"), old: Some(old), new: Some(new) },
                    CorrectedField { field: name("note"), old: None, new: None },
                ],
                case: Some(CaseId::new("case-17")),
            }),
            true,
        ),
        told.entry(disposed(Cause::Retention { rule: name("orders-90") })),
        told.tenants(disposed(Cause::Revocation)),
        about_ada(&told, told.tenants(disposed(by_case.clone())), false),
        told.tenants(AuditEvent::KeysDestroyed {
            disposal: disposal(by_case.clone()),
            scope: KeyScope::Subject,
            versions: 2,
        }),
        told.entry(AuditEvent::KeyRotated { scope: KeyScope::Tenant, version: 1 }),
        told.entry(AuditEvent::KeySuspended { scope: KeyScope::Connection, version: 2 }),
        told.entry(AuditEvent::KeyResumed { scope: KeyScope::Case, version: 3 }),
        told.entry(AuditEvent::KeyCompromised { scope: KeyScope::Subject, version: u32::MAX }),
        told.entry(AuditEvent::KeyMinimumRaised { scope: KeyScope::Tenant, minimum: 5 }),
        told.entry(AuditEvent::Certified { disposal: disposal(by_case), records: 0 }),
        told.entry(AuditEvent::EpochOpened { epoch: 2 }),
        told.entry(AuditEvent::EpochDestroyed { epoch: 1, effective: moment("9999-12-31T23:59:59.999999Z") }),
        first,
        told.olgas(read(Action::Read, TrailSearch::System)),
    ]
}
