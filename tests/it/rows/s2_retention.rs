//! S2: retention and requests of the data processing summary.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use proptest::prelude::*;
use stewardship::dsr::{CaseFile, IntakeField, Outcome, Parked, StepError, TaskState};
use stewardship::engine::{CaseError, OpenError};
use stewardship::policy::{FindingCode, RequestKind};
use stewardship::retention::{CopyKind, Disposition, Hold, HoldCover, Item, decide};
use stewardship::{NewRequest, Place, Policy, Principal, Purpose};

use super::world::{
    AbuseReport, All, Connection, Draft, Pacing, World, findings, granted, page, start, text,
};
use crate::policies::{COMPLETE, FILES, PROCESSING};

/// S2.4: inquiries about an agreement have a route, and the page names it.
#[test]
fn s2_04_inquiries_about_an_agreement_have_a_route() {
    let shown = page(PROCESSING, &stewardship::governance::EvidenceSet::new(), start());
    assert!(
        shown
            .contains("signed agreement or vendor review materials, write to privacy@harbour-ledger.example")
    );
    let found = findings(PROCESSING, "[contacts]\nprivacy = \"privacy@harbour-ledger.example\"\n", "");
    assert!(found.iter().any(|found| found.code() == FindingCode::NoRoute && found.path() == "contacts"));
}

/// S2.11: an erasure takes the drafts and leaves what has to stay, with its reason.
#[test]
fn s2_11_an_erasure_leaves_the_abuse_report_that_is_held() {
    let world = World::of::<(Draft, AbuseReport)>(PROCESSING);
    let (draft, report) = (
        Place::tenant("acme").subject("user-7").record("d"),
        Place::tenant("acme").subject("user-7").record("r"),
    );
    world.put(&draft, &Draft { text: text("hello").into() }, "workflows");
    world.put(&report, &AbuseReport { text: text("threats").into() }, "protect");
    let cover = HoldCover::tenant("acme").subject("user-7").category("abuse");
    let hold = Hold::new("abuse-7", cover, "abuse prevention", "trust team", world.steward.now());
    world.steward.place_hold(&hold).unwrap();

    let asks = NewRequest::new("acme", RequestKind::Deletion, "privacy mailbox", "eve@example.com")
        .subject("user-7");
    let (case, _) = world.steward.carry_out(world.planned(&asks), &world.officer()).unwrap();
    let closed = world.steward.close(case).unwrap();
    let Some(Outcome::Completed { kept }) = closed.file().outcome() else { panic!("{closed:?}") };
    let [kept] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!((kept.count, &*kept.reason), (1, "kept until hold `abuse-7` is lifted"));
    assert!(matches!(world.open_on_case::<Draft>(&draft), Err(OpenError::NotFound)));
    let (opened, grant) = world.open_on_case::<AbuseReport>(&report).unwrap();
    assert_eq!(opened.text.expose(&grant).unwrap(), "threats");

    assert!(world.steward.lift_hold(report.tenant_id(), "abuse-7").unwrap());
    world.advance("24 months");
    world.steward.sweep().unwrap();
    assert!(matches!(world.open_on_case::<AbuseReport>(&report), Err(OpenError::NotFound)));
}

/// S2.12: after an erasure the operational records of the person remain, under one pseudonym that no name of the person stands beside.
#[test]
fn s2_12_operational_records_outlive_an_erasure_under_a_pseudonym() {
    let world = World::complete();
    let pacing = |word: &str| Pacing { note: text(word).into() };
    let put = |place: &Place, word: &str| {
        world.steward.put(place, &pacing(word), &Purpose::new("security")).unwrap();
    };
    let person = Place::tenant("acme").subject("creator-4711");
    put(&person, "paced once");
    put(&person.clone().record("round-2"), "paced twice");
    world.put(&person, &Draft { text: text("hello").into() }, "support");

    let asks = NewRequest::new("acme", RequestKind::Deletion, "support channel", "eve@example.com")
        .subject("creator-4711");
    let (case, _) = world.steward.carry_out(world.planned(&asks), &world.officer()).unwrap();
    let kept = receipts(case.file()).concat();
    assert_eq!(kept, ["2 kept under a pseudonym: operational records (category `operational`)"]);
    let rows = world.rows();
    let names: BTreeSet<_> = rows.iter().map(|row| row.subject.clone().unwrap()).collect();
    assert_eq!((rows.len(), names.len()), (2, 1), "statistics by person still work");
    assert!(names.iter().all(|name| name.as_str().starts_with("pseudonym-")), "{rows:?}");
    let dump: String = rows.iter().map(|row| serde_json::to_string(row).unwrap()).collect();
    assert!(!dump.contains("creator-4711"));
    let place = Place::tenant("acme").subject(names.first().unwrap().as_str());
    let (opened, grant) = world.open_on_case::<Pacing>(&place).unwrap();
    assert_eq!(opened.note.expose(&grant).unwrap(), "paced once");
    world.advance("12 months");
    world.steward.sweep().unwrap();
    assert_eq!(world.rows(), []);
}

/// S2.12: without the word of the policy they are erased, and no policy says it of what identifies a person.
#[test]
fn s2_12_operational_records_are_erased_unless_the_policy_says_otherwise() {
    let key = "on_erasure = \"pseudonymise\"";
    for word in ["", "on_erasure = \"erase\""] {
        let policy = COMPLETE.replace(key, word);
        let world = World::built(&policy, |builder| builder.bind::<All>());
        let person = Place::tenant("acme").subject("creator-4711");
        world.put(&person, &Pacing { note: text("paced").into() }, "security");
        let asks = NewRequest::new("acme", RequestKind::Deletion, "support channel", "eve@example.com")
            .subject("creator-4711");
        let (case, _) = world.steward.carry_out(world.planned(&asks), &world.officer()).unwrap();
        assert_eq!(receipts(case.file()).concat(), Vec::<String>::new());
        assert_eq!(world.rows(), []);
    }
    let category = "title = \"Operational records\"\n";
    let found = findings(PROCESSING, category, &format!("{category}{key}\n"));
    let above = found.iter().find(|found| found.code() == FindingCode::PseudonymisedAboveInternal).unwrap();
    assert_eq!(above.path(), "classes.\"operational.delivery\".level");
}

/// What each source kept, in words.
fn receipts(file: &CaseFile) -> Vec<Vec<String>> {
    let done = file.tasks().iter().filter_map(|task| match &task.state {
        TaskState::Done(receipt) => Some(receipt),
        _ => None,
    });
    done.map(|receipt| receipt.kept.iter().map(|kept| format!("{} {}", kept.count, kept.reason)).collect())
        .collect()
}

/// S2.24: every category has a rule with a number, and its basis is one of the five.
#[test]
fn s2_24_every_category_has_a_rule_and_a_listed_basis() {
    let rule = "[[retention.rule]]\nid = \"abuse-two-years\"\ncategory = \"abuse\"\n";
    let moved = rule.replace("category = \"abuse\"", "category = \"support\"");
    let found = findings(PROCESSING, rule, &moved);
    assert!(
        found.iter().any(|found| {
            found.code() == FindingCode::NoRetentionRule && found.path() == "categories.abuse"
        })
    );
    let found = findings(PROCESSING, "basis = \"service_delivery\"", "basis = \"analytics\"");
    let other = found.iter().find(|found| found.path() == "retention.rule[0].basis").unwrap();
    assert_eq!(other.code(), FindingCode::UnknownWord);
    assert!(other.hint().contains("dispute_resolution"), "{other}");
    let found = findings(PROCESSING, "keep = \"24 months\"", "keep = \"as long as reasonably necessary\"");
    assert!(found.iter().any(|found| found.code() == FindingCode::VagueDuration));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// S2.24: whatever happened when, a record of any category is due in the end.
    #[test]
    fn s2_24_every_record_is_due_in_the_end(
        days in prop::collection::vec(0_i64..3_650, 12), platform in prop::option::of(0_usize..3),
    ) {
        for (name, text) in FILES {
            let policy = Policy::from_toml(text).unwrap();
            let document = policy.document();
            let events = ["stored", "authorization_revoked", "relationship_ended", "invoice_issued", "order_delivered"];
            // The trail has no records: it is kept by `audit.keep`.
            let trail = document.audit.as_ref().and_then(|audit| audit.category.as_ref());
            for category in document.categories.keys().filter(|category| Some(*category) != trail) {
                let mut item = Item::new(category);
                if let Some(platform) = platform.and_then(|at| document.platforms.keys().nth(at)) {
                    item = item.platform(platform);
                }
                for (event, days) in events.into_iter().zip(&days) {
                    item = item.event(event, start() + TimeDelta::days(*days));
                }
                let last = start() + TimeDelta::days(3_650 + 8 * 366);
                let end = decide(&document.retention, &item, &[], last);
                prop_assert!(matches!(end, Disposition::DueSince { .. }), "{name}: {category}: {end}");
            }
        }
    }
}

/// S2.25: after the connection has ended neither the live copy nor an older backup opens; the trail never held the token.
#[test]
fn s2_25_after_the_end_of_the_connection_no_copy_opens() {
    let world = World::of::<(Connection,)>(PROCESSING);
    world.connect("acme", "shop-1");
    let place = Place::tenant("acme").connection("shop-1");
    world.put(&place, &Connection { token: text("secret-4711").into() }, "connected_services");
    let by = Principal::service("acme", "sync").role("service");
    let grant = granted(world.read::<Connection>(by, &place, "connected_services"));
    let backup = world.memory.snapshot();
    let open = || world.steward.open::<Connection>(&grant, &place).map(|_| ());
    open().unwrap();

    let revocation = world.revoke("shop-1");
    assert!(matches!(open(), Err(OpenError::NotAuthorized)));
    world.steward.sweep().unwrap();
    world.memory.restore_records(&backup);
    let from_backup = open().unwrap_err();
    assert_eq!(
        from_backup.destroyed_at(),
        Some(revocation.at),
        "authorised again by the backup, and still dead"
    );
    assert!(!world.dump().contains("secret-4711"));
    let horizon = revocation.disposal.copies.iter().filter_map(|copy| copy.dead_from).max().unwrap();
    assert_eq!(horizon, start() + TimeDelta::days(35), "the backups' horizon is stated");
    let waiting = revocation.disposal.copies.iter().filter(|copy| copy.waits_for.contains(&1));
    let waiting: Vec<_> = waiting.map(|copy| copy.copy).collect();
    assert_eq!(waiting, [CopyKind::RecordBackups, CopyKind::KeyStoreBackups], "or the end of their epoch");

    for (was, path) in
        [("records = \"35 days\"\n", "backups.records"), ("key_store = \"35 days\"\n", "backups.key_store")]
    {
        let found = findings(PROCESSING, was, "");
        assert!(
            found.iter().any(|found| found.code() == FindingCode::NoBackupHorizon && found.path() == path)
        );
    }
}

/// S2.32: a placeholder is no address; every kind that the page names has its route.
#[test]
fn s2_32_a_placeholder_is_no_address_and_every_kind_has_a_route() {
    let found = findings(PROCESSING, "privacy@harbour-ledger.example", "[email protected]");
    let placeholder = found.iter().find(|found| found.code() == FindingCode::UnresolvedPlaceholder).unwrap();
    assert_eq!(placeholder.path(), "contacts.privacy");
    assert!(placeholder.message().contains("[email protected]"), "{placeholder}");

    let world = World::of::<(Draft,)>(PROCESSING);
    for kind in [RequestKind::Access, RequestKind::Deletion, RequestKind::DpaInquiry] {
        let asks = NewRequest::new("acme", kind, "privacy mailbox", "ada@example.com");
        assert_eq!(world.steward.receive(&asks).unwrap().file().parked(), None, "{kind}");
    }
    let other = NewRequest::new("acme", RequestKind::SellerUpdate, "privacy mailbox", "ada@example.com");
    assert_eq!(world.steward.receive(&other).unwrap().file().parked(), Some(&Parked::Unclassified));
}

/// S2.33: an incomplete form is parked with exactly what it lacks; the case is there, and its clock runs from receipt.
#[test]
fn s2_33_an_incomplete_form_names_what_is_missing_and_keeps_its_receipt() {
    let world = World::of::<(Draft,)>(PROCESSING);
    let received = start() - TimeDelta::days(3);
    let form = |organisation: &str, email: &str, kind: Option<RequestKind>| {
        NewRequest::new("acme", kind, "privacy mailbox", email)
            .organisation(organisation)
            .requires([IntakeField::Organisation, IntakeField::AccountEmail])
            .received_at(received)
    };
    let kind = Some(RequestKind::Access);
    for (asks, missing) in [
        (form("", "ada@example.com", kind), vec![IntakeField::Organisation]),
        (form("Acme", " ", kind), vec![IntakeField::AccountEmail]),
        (form("Acme", "ada@example.com", None), vec![IntakeField::Kind]),
    ] {
        let case = world.steward.receive(&asks).unwrap();
        let missing = missing.into_iter().collect();
        assert_eq!(case.file().parked(), Some(&Parked::Incomplete { missing }));
        assert_eq!(case.file().request().received_at, received);
        assert!(case.file().answer_by().is_some());
        let id = case.file().request().id.clone();
        let refused =
            world.steward.verify(case, stewardship::dsr::VerificationMethod::SignedIn, &world.officer());
        assert!(matches!(refused, Err(CaseError::Step(StepError::Parked { .. }))));
        assert!(world.steward.case(&"acme".into(), &id).is_ok());
    }
    let whole = world.steward.receive(&form("Acme", "ada@example.com", kind)).unwrap();
    assert_eq!(whole.file().parked(), None);
}
