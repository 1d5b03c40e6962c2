//! S1: how the compliance overview handles requests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use serde_json::Value;
use stewardship::audit::{AuditEvent, CorrectedField, Entry};
use stewardship::contracts::{
    Answer, DataSource, Disposed, Erasure, ExportedRecord, SourceError, SourceItem, SubjectRef, TaskId,
};
use stewardship::dsr::{
    AnyCase, Approved, Case, Outcome, Parked, Planned, Received, ReviewRefused, Reviewed, StepError, Target,
    TaskState, Verdict, VerificationMethod, Verified,
};
use stewardship::engine::{CaseError, Identified, OpenError};
use stewardship::id::Name;
use stewardship::policy::{NotNormal, RequestKind};
use stewardship::{NewRequest, Place, Principal, Purpose, Question, Resource};

use super::world::{Account, All, Creator, Draft, Pacing, World, granted, period, text};
use crate::policies::{COMPLETE, OVERVIEW};

/// The sources of the complete policy beside the steward's own records: they hold nothing, and may be out of reach.
#[derive(Default)]
struct Elsewhere {
    down: AtomicBool,
    asked: Mutex<Vec<String>>,
}

impl Elsewhere {
    fn answer<T>(&self, task: &TaskId, with: T) -> Result<Answer<T>, SourceError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(SourceError::unreachable("down"));
        }
        self.asked.lock().unwrap().push(task.as_str().to_owned());
        Ok(Answer::Done(with))
    }
}

#[derive(Clone)]
struct Source(std::sync::Arc<Elsewhere>);

impl DataSource for Source {
    async fn export(
        &self,
        _: &SubjectRef,
        task: &TaskId,
    ) -> Result<Answer<Vec<ExportedRecord>>, SourceError> {
        self.0.answer(task, Vec::new())
    }

    async fn correct(
        &self,
        _: &SubjectRef,
        changes: &BTreeMap<String, Value>,
        task: &TaskId,
    ) -> Result<Answer<u64>, SourceError> {
        self.0.answer(task, changes.len() as u64)
    }

    async fn erase(
        &self,
        _: &SubjectRef,
        _: &BTreeMap<Name, String>,
        task: &TaskId,
    ) -> Result<Answer<Erasure>, SourceError> {
        self.0.answer(task, Erasure { erased: 1, kept: Vec::new() })
    }

    async fn items(&self, _: Option<&str>, _: usize) -> Result<Vec<SourceItem>, SourceError> {
        Ok(Vec::new())
    }

    async fn dispose(&self, _: &SourceItem) -> Result<Disposed, SourceError> {
        Ok(Disposed::Gone)
    }
}

/// The complete policy with every source plugged in, and the handle on the mailer.
fn plugged() -> (World, std::sync::Arc<Elsewhere>) {
    let mailer = Source(std::sync::Arc::default());
    let handle = mailer.0.clone();
    let newsletter = Source(std::sync::Arc::default());
    let world = World::built(COMPLETE, |builder| {
        builder.bind::<All>().source("mailer", mailer).source("newsletter", newsletter)
    });
    (world, handle)
}

fn request(kind: RequestKind) -> NewRequest {
    NewRequest::new("acme", kind, "support channel", "ada@example.com").subject("creator-1")
}

fn creator(handle: &str) -> Creator {
    Creator { handle: text(handle).into(), email: format!("{handle}@example.com").into() }
}

fn answered(world: &World, case: Case<Planned>) -> Case<Planned> {
    world.steward.platform_answered(case, "tiktok-shop", Ok(())).unwrap()
}

/// S1.5: a request of each kind has a last day, and is not closed without an outcome.
#[test]
fn s1_05_each_kind_of_request_has_a_last_day_and_an_outcome() {
    for kind in [RequestKind::Access, RequestKind::Correction, RequestKind::Deletion] {
        let (world, _) = plugged();
        world.put(
            &Place::tenant("acme").connection("shop-1").subject("creator-1"),
            &creator("ada"),
            "support",
        );
        let case = world.planned(&request(kind).correction("handle", "eve"));
        assert!(case.file().answer_by().is_some(), "{kind}");
        let id = case.file().request().id.clone();
        let early = world.steward.close(case);
        assert!(matches!(early, Err(CaseError::Step(StepError::Unfinished { .. }))), "{kind}");
        let case = world.steward.case(&"acme".into(), &id).unwrap();
        let stewardship::dsr::AnyCase::Planned(case) = case else { panic!("{case:?}") };
        assert_eq!(case.file().outcome(), None);
        let (case, _) = world.steward.carry_out(case, &world.officer()).unwrap();
        let closed = world.steward.close(answered(&world, case)).unwrap();
        assert!(matches!(closed.file().outcome(), Some(Outcome::Completed { .. })), "{kind}: {closed:?}");
    }
}

/// S1.15: a person with a reviewing role reviews, and a program never does; an undeclared kind is parked, not dropped.
#[test]
fn s1_15_a_person_reviews_and_an_undeclared_kind_is_parked() {
    let world = World::of::<(Account,)>(OVERVIEW);
    let verified = || {
        let case = world.steward.receive(&request(RequestKind::Deletion)).unwrap();
        world.steward.verify(case, VerificationMethod::SignedIn, &world.officer()).unwrap()
    };
    let service = Principal::service("acme", "bot").role("reviewer");
    let refused = world.steward.review(verified(), &service, Verdict::Approve);
    assert!(matches!(refused, Err(CaseError::Review(ReviewRefused::ManualReviewRequired))));
    let member = Principal::person("acme", "user-1").role("member");
    let refused = world.steward.review(verified(), &member, Verdict::Approve);
    assert!(matches!(refused, Err(CaseError::Review(ReviewRefused::NotAReviewer))));
    world.steward.review(verified(), &world.officer(), Verdict::Approve).unwrap();

    let parked = world.steward.receive(&request(RequestKind::DpaInquiry)).unwrap();
    assert_eq!(parked.file().parked(), Some(&Parked::Unclassified));
    let (tenant, id) = (parked.file().request().tenant.clone(), parked.file().request().id.clone());
    let refused = world.steward.verify(parked, VerificationMethod::SignedIn, &world.officer());
    assert!(matches!(refused, Err(CaseError::Step(StepError::Parked { why: Parked::Unclassified }))));
    assert!(world.steward.case(&tenant, &id).is_ok(), "parked, never dropped");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// S1.16: an export holds exactly the person's records, whatever else is stored.
    #[test]
    fn s1_16_an_export_is_exactly_the_persons_records(
        stored in prop::collection::vec((0_u8..3, 0_u8..4, 0_u8..2), 0..10),
    ) {
        let (world, _) = plugged();
        let mut expected = BTreeSet::new();
        for (n, (subject, kind, tenant)) in stored.into_iter().enumerate() {
            let (tenant, subject) = (["acme", "other"][usize::from(tenant)], format!("creator-{subject}"));
            let place = Place::tenant(tenant).connection("shop-1").subject(&*subject);
            let place = place.record(format!("record-{n}"));
            let mark = format!("mark-{n}");
            if kind == 0 {
                world.put(&place, &Draft { text: mark.clone().into() }, "support");
            } else {
                world.put(&place, &creator(&mark), "support");
            }
            if tenant == "acme" && subject == "creator-1" {
                expected.insert(mark);
            }
        }
        let case = world.planned(&request(RequestKind::Access));
        let (_, export) = world.steward.carry_out(case, &world.officer()).unwrap();
        let export = export.unwrap().into_json();
        let records = export["sources"]["records"].as_array().unwrap();
        prop_assert_eq!(records.len(), expected.len());
        let found: BTreeSet<String> = records
            .iter()
            .filter_map(|record| record["fields"]["handle"].as_str().or(record["fields"]["text"].as_str()))
            .map(str::to_owned)
            .collect();
        prop_assert_eq!(found, expected);
    }
}

/// S1.16: whose a request is, is found by the address that it came from; nothing in the clear helps.
#[test]
fn s1_16_a_request_finds_its_person_by_the_address_that_it_came_from() {
    let at = |tenant: &str, subject: &str| Place::tenant(tenant).connection("shop-1").subject(subject);
    let (world, _) = plugged();
    world.put(&at("acme", "creator-1"), &creator("ada"), "support");
    world.put(&at("acme", "creator-2"), &creator("eve"), "support");
    world.put(&at("other", "creator-3"), &creator("ada"), "support");
    let asks = |address: &str| NewRequest::new("acme", RequestKind::Access, "support channel", address);
    let case = world.steward.receive(&asks(" Ada@Example.COM")).unwrap();
    let Identified::Person(case) = world.steward.identify(case).unwrap() else { panic!("there is one") };
    // It is kept: who takes the case up later finds it named, and is told so again.
    let AnyCase::Received(kept) = world.steward.case(&"acme".into(), &case.file().request().id).unwrap()
    else {
        panic!("it was received")
    };
    assert_eq!(kept, case);
    assert_eq!(world.steward.identify(kept).unwrap(), Identified::Person(case.clone()));
    assert!(!world.dump().to_lowercase().contains("ada@example"));

    let case = world.steward.verify(case, VerificationMethod::EmailConfirmed, &world.officer()).unwrap();
    let Reviewed::Approved(case) = world.steward.review(case, &world.officer(), Verdict::Approve).unwrap()
    else {
        panic!("it is approved")
    };
    let (_, export) = world.steward.carry_out(world.steward.plan(case).unwrap(), &world.officer()).unwrap();
    let export = export.unwrap().into_json();
    let records = export["sources"]["records"].as_array().unwrap();
    assert_eq!((records.len(), records[0]["fields"]["email"].as_str()), (1, Some("ada@example.com")));
}

/// S1.16: of several people with one address nobody is picked, and "nobody" is said where nobody is there alone.
#[test]
fn s1_16_nobody_is_picked_of_several_and_nobody_is_no_guess() {
    let at = |subject: &str| Place::tenant("acme").connection("shop-1").subject(subject);
    let (world, _) = plugged();
    world.put(&at("creator-1"), &creator("office"), "support");
    world.put(&at("creator-2"), &creator("office"), "support");
    let receive = |world: &World, address: &str| {
        let new = NewRequest::new("acme", RequestKind::Deletion, "support channel", address);
        world.steward.receive(&new).unwrap()
    };
    let case = receive(&world, "office@example.com");
    let Identified::Several(case, people) = world.steward.identify(case).unwrap() else { panic!("two") };
    assert_eq!(people, BTreeSet::from(["creator-1".into(), "creator-2".into()]));
    let named = NewRequest::new("acme", RequestKind::Deletion, "support channel", "office@example.com");
    let case = world.steward.amend_request(case, &named.subject("creator-2")).unwrap();
    assert!(matches!(world.steward.identify(case).unwrap(), Identified::Person(_)));

    let stranger = receive(&world, "stranger@example.com");
    assert_eq!(world.steward.identify(stranger.clone()).unwrap(), Identified::Nobody(stranger));
    let refused = world.steward.identify(receive(&world, "by letter")).unwrap_err();
    assert!(matches!(refused, CaseError::Address(NotNormal::Address)), "{refused}");
    let blind = World::of::<(Draft,)>(COMPLETE);
    let refused = blind.steward.identify(receive(&blind, "office@example.com")).unwrap_err();
    assert!(matches!(refused, CaseError::NothingToFindBy), "{refused}");
}

/// S1.16: after a correction the store returns the new value, and finds by it; a source that is not there is named.
#[test]
fn s1_16_a_correction_reaches_every_source_or_says_which_not() {
    let place = Place::tenant("acme").connection("shop-1").subject("creator-1");
    let (world, mailer) = plugged();
    world.put(&place, &creator("ada"), "support");
    let asks = request(RequestKind::Correction).correction("email", "new@example.com");
    let (case, _) = world.steward.carry_out(world.planned(&asks), &world.officer()).unwrap();
    assert!(mailer.asked.lock().unwrap().iter().any(|task| task.ends_with("/mailer")));
    let closed = world.steward.close(answered(&world, case)).unwrap();
    assert!(matches!(closed.file().outcome(), Some(Outcome::Completed { .. })));
    let (opened, grant) = world.open::<Creator>(world.owner(), &place, "support").unwrap();
    assert_eq!(opened.email.expose(&grant).unwrap(), "new@example.com");
    assert_eq!(opened.handle.expose(&grant).unwrap(), "ada");
    let find = |email| world.steward.find::<Creator>(place.tenant_id(), "email", email).unwrap();
    assert_eq!((find("new@example.com").len(), find("ada@example.com").len()), (1, 0));

    let world = World::complete();
    world.put(&place, &creator("ada"), "support");
    let (case, _) = world.steward.carry_out(world.planned(&asks), &world.officer()).unwrap();
    for source in ["mailer", "newsletter"] {
        let task =
            case.file().tasks().iter().find(|task| task.target == Target::Source(source.into())).unwrap();
        assert!(matches!(task.state, TaskState::Unreachable { .. }), "{task:?}");
    }
}

/// S1.16: a correction needs leave to write what it changes, and nothing else that the person's records hold.
#[test]
fn s1_16_a_correction_asks_for_what_it_changes_alone() {
    let (world, _) = plugged();
    let person = Place::tenant("acme").subject("creator-1");
    let account =
        Account { email: text("ada@example.com").into(), password_hash: text("$argon2id$x").into() };
    world.put(&person, &account, "security");
    world.put(&person, &Pacing { note: text("paced").into() }, "security");
    let correct = |field: &str| {
        let asks = request(RequestKind::Correction).correction(field, "new@example.com");
        let (case, _) = world.steward.carry_out(world.planned(&asks), &world.officer()).unwrap();
        world.steward.close(answered(&world, case)).unwrap().file().outcome().cloned().unwrap()
    };
    assert!(matches!(correct("email"), Outcome::Completed { .. }), "{}", correct("email"));
    let (opened, grant) = world
        .open::<Account>(Principal::service("acme", "sign-in").role("integration"), &person, "security")
        .unwrap();
    assert_eq!(opened.email.expose(&grant).unwrap(), "new@example.com");
    let denied = |field: &str| {
        let asks = request(RequestKind::Correction).correction(field, "new@example.com");
        match world.steward.carry_out(world.planned(&asks), &world.officer()) {
            Err(CaseError::Denied { denial, .. }) => denial.explain().to_string(),
            other => panic!("{field}: {other:?}"),
        }
    };
    assert!(denied("password_hash").contains("password-hashes-never-to-people"));
    assert!(denied("note").contains("no rule allows it"), "no rule lets anybody correct pacing");
}

/// S1.17: a deletion is complete when every source has erased; nothing opens any more, nor from an older backup.
#[test]
fn s1_17_a_deletion_leaves_nothing_to_open_and_no_backup_that_does() {
    let (world, mailer) = plugged();
    world.put(&Place::tenant("acme").connection("shop-1").subject("creator-1"), &creator("ada"), "support");
    world.put(&Place::tenant("acme").connection("shop-1").subject("creator-2"), &creator("eve"), "support");
    let backup = world.memory.snapshot();
    world.advance("1 day");

    mailer.down.store(true, Ordering::Relaxed);
    let case = world.planned(&request(RequestKind::Deletion));
    let (case, _) = world.steward.carry_out(case, &world.officer()).unwrap();
    let Err(CaseError::Step(StepError::Unfinished { open })) = world.steward.close(case.clone()) else {
        panic!("closed with a source down")
    };
    assert!(open.iter().any(|task| task.ends_with("/mailer")), "{open:?}");
    mailer.down.store(false, Ordering::Relaxed);
    let (case, _) = world.steward.carry_out(case, &world.officer()).unwrap();
    let receipts = case.file().tasks().iter().filter(|task| matches!(task.state, TaskState::Done(_))).count();
    assert_eq!(receipts, 3, "one for every source");
    let closed = world.steward.close(answered(&world, case)).unwrap();
    assert!(matches!(closed.file().outcome(), Some(Outcome::Completed { .. })));

    let open = |id: &str| {
        world.open_on_case::<Creator>(&Place::tenant("acme").connection("shop-1").subject(id)).map(|_| ())
    };
    assert!(matches!(open("creator-1"), Err(OpenError::NotFound)));
    open("creator-2").unwrap();

    world.memory.restore_records(&backup);
    assert!(
        open("creator-1").unwrap_err().destroyed_at().is_some(),
        "the rows are back, and their key is not"
    );
    open("creator-2").unwrap();

    let epoch = world.steward.rotate_epoch().unwrap();
    let fresh = world.memory.snapshot();
    world.advance("1 hour");
    world.steward.destroy_epochs_before(epoch, world.steward.now()).unwrap();
    let place = Place::tenant("acme").connection("shop-1").subject("creator-1");
    let resource = Resource::at::<Creator>(&place);
    let question = Question::read(world.officer(), resource, Purpose::new("subject_requests"));
    let grant = granted(world.steward.authorize(&question.assigned_case(true)).unwrap());
    world.memory.restore_keys(&backup);
    let from_backup = world.steward.open::<Creator>(&grant, &place).map(|_| ());
    assert!(matches!(from_backup, Err(OpenError::Trouble(_))), "the provider's key of that backup is gone");
    world.memory.restore_keys(&fresh);
    open("creator-2").unwrap();
}

/// S1.18: an update of seller data is a kind of its own, and nobody of another tenant acts on it.
#[test]
fn s1_18_an_update_of_seller_data_is_not_for_another_tenant() {
    let (world, _) = plugged();
    let place = Place::tenant("acme").connection("shop-1").subject("user-1");
    world.put(&place, &creator("ada"), "support");
    let asks = NewRequest::new("acme", RequestKind::SellerUpdate, "support channel", "owner@example.com")
        .subject("user-1")
        .correction("handle", "harbour");
    let stranger =
        Principal::person("other", "officer-9").role("privacy_officer").mfa_at(world.steward.now());
    let case = world.steward.receive(&asks).unwrap();
    let refused = world.steward.verify(case, VerificationMethod::SignedIn, &stranger);
    assert!(matches!(refused, Err(CaseError::OtherTenant)));
    let case = world.planned(&asks);
    let refused = world.steward.carry_out(case.clone(), &stranger);
    assert!(matches!(refused, Err(CaseError::OtherTenant)));
    let id = case.file().request().id.clone();
    world.steward.carry_out(case, &world.officer()).unwrap();
    let (opened, grant) = world.open_on_case::<Creator>(&place).unwrap();
    assert_eq!(opened.handle.expose(&grant).unwrap(), "harbour");

    // The trail names the field, with keyed hashes of the value that it had and of the one that it got.
    let corrected = |entry: Entry| match entry.event {
        AuditEvent::Corrected { fields, case, .. } => Some((fields, case, entry.subject, entry.record)),
        _ => None,
    };
    let told: Vec<_> = world.trail().into_iter().filter_map(corrected).collect();
    let [(fields, case, Some(_), Some(_))] = &told[..] else { panic!("{told:?}") };
    let [CorrectedField { field, old: Some(old), new: Some(new) }] = &fields[..] else {
        panic!("{fields:?}")
    };
    assert!(*field == "handle" && *case == Some(id) && old != new);
    // Back to what it was: the same value has the same hash.
    let back = asks.id("back").correction("handle", "ada");
    world.steward.carry_out(world.planned(&back), &world.officer()).unwrap();
    let told: Vec<_> = world.trail().into_iter().filter_map(corrected).collect();
    assert_eq!(told[1].0, [CorrectedField { field: Name::new("handle"), old: Some(*new), new: Some(*old) }]);
    let dump =
        world.trail().iter().map(|entry| String::from_utf8(entry.to_bytes()).unwrap()).collect::<String>();
    assert!(!dump.contains("harbour") && !dump.contains("\"ada"));
}

/// S1.19: a complaint is closed by a response, and by nothing else.
#[test]
fn s1_19_a_complaint_is_not_closed_without_a_response() {
    let world = World::of::<(Account,)>(OVERVIEW);
    let asks = NewRequest::new("acme", RequestKind::Complaint, "support channel", "ada@example.com");
    let case = world.planned(&asks);
    let refused = world.steward.close(case.clone());
    assert!(matches!(refused, Err(CaseError::Step(StepError::NoResponse))));
    assert!(matches!(world.steward.respond(case.clone(), "  "), Err(CaseError::Step(StepError::NoResponse))));
    let case = world.steward.respond(case, "we have closed the gap").unwrap();
    let closed = world.steward.close(case).unwrap();
    assert!(closed.file().responded_at().is_some());
}

/// S1.20: nothing is done before the request is verified; the persisted form says so too.
#[test]
fn s1_20_an_unverified_request_goes_no_further() {
    let world = World::of::<(Account,)>(OVERVIEW);
    let case: Case<Received> = world.steward.receive(&request(RequestKind::Deletion)).unwrap();
    let file = case.file().clone();
    let stored = serde_json::to_string(&file).unwrap();
    let read: stewardship::dsr::CaseFile = serde_json::from_str(&stored).unwrap();
    assert!(Case::<Verified>::from_file(read.clone()).unwrap_err().is_not_verified());
    assert!(Case::<Approved>::from_file(read.clone()).unwrap_err().is_not_verified());
    assert!(Case::<Planned>::from_file(read).unwrap_err().is_not_verified());
    let forged = stored.replacen("\"planned_at\":null", "\"planned_at\":\"2026-11-22T09:00:00Z\"", 1);
    assert_ne!(forged, stored);
    assert!(serde_json::from_str::<stewardship::dsr::CaseFile>(&forged).is_err(), "planned and not verified");
    world.steward.verify(case, VerificationMethod::EmailConfirmed, &world.officer()).unwrap();
}

/// S1.21: a request about synchronised data waits for the platform's answer, and shows a refusal.
#[test]
fn s1_21_a_platform_with_a_copy_answers_before_the_end() {
    for (answer, complete) in [(Ok(()), true), (Err("the seller's own record".to_owned()), false)] {
        let (world, _) = plugged();
        world.put(
            &Place::tenant("acme").connection("shop-1").subject("creator-1"),
            &creator("ada"),
            "support",
        );
        let case = world.planned(&request(RequestKind::Deletion));
        let platforms: Vec<_> =
            case.file().tasks().iter().filter(|task| matches!(task.target, Target::Platform(_))).collect();
        assert!(matches!(&platforms[..], [one] if one.target == Target::Platform("tiktok-shop".into())));
        let (case, _) = world.steward.carry_out(case, &world.officer()).unwrap();
        let early = world.steward.close(case.clone());
        assert!(matches!(early, Err(CaseError::Step(StepError::Unfinished { open })) if open.len() == 1));
        let case = world.steward.platform_answered(case, "tiktok-shop", answer.clone()).unwrap();
        let closed = world.steward.close(case).unwrap();
        match closed.file().outcome().unwrap() {
            Outcome::Completed { .. } => assert!(complete),
            Outcome::Partial { not_done, .. } => {
                assert!(!complete && not_done[0].reason == "the seller's own record", "{not_done:?}");
            }
            refused @ Outcome::Refused { .. } => panic!("{refused}"),
        }
    }
}

/// S1.21: data that is synchronised with no platform asks none.
#[test]
fn s1_21_without_a_synchronised_copy_no_platform_is_asked() {
    let world = World::of::<(Account,)>(OVERVIEW);
    let account =
        Account { email: text("ada@example.com").into(), password_hash: text("$argon2id$x").into() };
    world.put(&Place::tenant("acme").subject("creator-1"), &account, "platform_operations");
    let case = world.planned(&request(RequestKind::Deletion));
    let targets: Vec<_> = case.file().tasks().iter().map(|task| task.target.clone()).collect();
    assert_eq!(targets, [Target::Source("records".into())]);
}

/// S1.25: a request that comes another way is accepted, flagged, and runs on the same clock.
#[test]
fn s1_25_another_channel_is_flagged_and_runs_on_the_same_clock() {
    let world = World::of::<(Account,)>(OVERVIEW);
    let receive = |channel: &str| {
        let asks = NewRequest::new("acme", RequestKind::Access, channel, "ada@example.com");
        world.steward.receive(&asks).unwrap().into_file()
    };
    let (through, around) = (receive("support channel"), receive("a letter"));
    assert!(!through.off_channel() && around.off_channel());
    assert_eq!(through.deadlines(), around.deadlines());
    assert!(!through.deadlines().is_empty());
    let last_day = period("1 month").after(world.steward.now()).date_naive();
    assert_eq!(around.answer_by(), Some(last_day), "{:?}", around.deadlines());
}

/// S1.15: two reviewers who decide differently: the second is told, and changes nothing; a suspended one decides nothing.
#[test]
fn s1_15_the_second_verdict_is_not_taken_for_the_first() {
    let (world, _) = plugged();
    let case = world.steward.receive(&request(RequestKind::Deletion)).unwrap();
    let case = world.steward.verify(case, VerificationMethod::SignedIn, &world.officer()).unwrap();
    let suspended = world.officer().suspended();
    let refused = world.steward.review(case.clone(), &suspended, Verdict::Approve);
    assert!(matches!(refused, Err(CaseError::Suspended)));
    assert!(world.steward.review(case.clone(), &world.officer(), Verdict::Approve).is_ok());
    assert!(world.steward.review(case.clone(), &world.officer(), Verdict::Approve).is_ok(), "the same again");
    let other = Verdict::Refuse { reason: "not ours".to_owned(), basis: "Art. 12(5)".to_owned() };
    let late = world.steward.review(case, &world.officer(), other);
    assert!(matches!(late, Err(CaseError::Changed)), "{late:?}");
}

/// S1.20: who verifies is a service of the tenant, or somebody with a reviewing role.
#[test]
fn s1_20_a_person_without_a_role_verifies_nothing() {
    let (world, _) = plugged();
    let case = world.steward.receive(&request(RequestKind::Deletion)).unwrap();
    let janitor = Principal::person("acme", "user-9").role("janitor");
    let refused = world.steward.verify(case.clone(), VerificationMethod::SignedIn, &janitor);
    assert!(matches!(refused, Err(CaseError::Review(_))));
    let mailer = Principal::service("acme", "mailer");
    assert!(world.steward.verify(case, VerificationMethod::EmailConfirmed, &mailer).is_ok());
}

/// S2.33: a parked case goes on once it has what it lacked, and its clock has run all the while.
#[test]
fn s2_33_a_parked_case_is_completed_and_goes_on() {
    let (world, _) = plugged();
    let asks = NewRequest::new("acme", None, "support channel", "ada@example.com").subject("creator-1");
    let case = world.steward.receive(&asks).unwrap();
    let received = case.file().request().received_at;
    world.advance("1 day");
    let complete = request(RequestKind::Access);
    let case = world.steward.amend_request(case, &complete).unwrap();
    assert_eq!((case.file().parked(), case.file().request().received_at), (None, received));
    assert!(world.steward.verify(case, VerificationMethod::SignedIn, &world.officer()).is_ok());
}
