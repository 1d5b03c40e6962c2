//! Laws of cases, and the examples that they are read from.

use chrono::{DateTime, Days, TimeDelta, Utc};
use proptest::prelude::*;

use super::sample::{contact, names, requests, reviewer, rules, sources, verification};
use super::*;
use crate::core::access::PrincipalKind;
use crate::core::id::Name;
use crate::core::policy::{RequestKind, Requests};

fn day(n: u64) -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + Days::new(n)
}

fn open(kind: impl Into<Option<RequestKind>>, contact: &Contact) -> Case<Received> {
    let request = Request::new("case-1", "acme", kind, "support", day(0));
    Case::open(request, contact, rules(&requests(), &Holidays::weekends())).unwrap()
}

fn verified(kind: RequestKind) -> Case<Verified> {
    open(kind, &contact()).verify(verification(day(1))).unwrap()
}

fn approved(kind: RequestKind) -> Case<Approved> {
    match verified(kind).review(&reviewer(), Verdict::Approve, day(2)).unwrap() {
        Reviewed::Approved(case) => case,
        Reviewed::Closed(_) => panic!("it was approved"),
    }
}

fn planned(kind: RequestKind) -> Case<Planned> {
    approved(kind).plan(&sources(["orders", "tickets"]), names(["tiktok"]), day(3)).unwrap()
}

fn done() -> TaskResult {
    TaskResult::Done(Receipt::new(day(4)))
}

fn refuse() -> Verdict {
    Verdict::Refuse { reason: "not your data".into(), basis: "GDPR Art. 12(6)".into() }
}

fn read_back(file: &CaseFile) -> Result<CaseFile, serde_json::Error> {
    serde_json::from_str(&serde_json::to_string(file).unwrap())
}

#[test]
fn every_kind_with_a_law_has_a_last_day() {
    for kind in
        [RequestKind::Access, RequestKind::Correction, RequestKind::Deletion, RequestKind::SellerUpdate]
    {
        let case = open(kind, &contact());
        assert_eq!(case.file().answer_by().unwrap().to_string(), "2026-04-01", "{kind}");
    }
    assert_eq!(open(RequestKind::Complaint, &contact()).file().answer_by(), None, "no law in the table");
}

#[test]
fn while_the_kind_is_not_known_the_earliest_clock_of_any_kind_runs() {
    let table = r#"{"format":0,"rows":[
        {"regime":"house","kinds":["access"],"cites":"a","effective":"2026-01-01","effective_confidence":"V",
         "read":"2026-01-01","limits":[{"what":"answer","within":"20 days","confidence":"V"}]},
        {"regime":"house","kinds":["deletion"],"cites":"b","effective":"2026-01-01","effective_confidence":"V",
         "read":"2026-01-01","limits":[{"what":"answer","within":"10 days","confidence":"V"}]}]}"#;
    let clocks = Clocks::from_json(table).unwrap();
    let requests = Requests { regimes: names(["house"]), ..requests() };
    let weekends = Holidays::weekends();
    let rules = IntakeRules { clocks: &clocks, ..rules(&requests, &weekends) };
    let answer_by = |kind: Option<RequestKind>| {
        let case = Case::open(Request::new("case-1", "acme", kind, "support", day(0)), &contact(), rules);
        case.unwrap().file().answer_by().map(|due| due.to_string())
    };
    assert_eq!(answer_by(None).unwrap(), "2026-03-11");
    assert_eq!(answer_by(Some(RequestKind::Access)).unwrap(), "2026-03-21");
}

#[test]
fn another_channel_is_flagged_and_runs_on_the_same_clock() {
    let requests = requests();
    let request = |channel| Request::new("case-1", "acme", RequestKind::Deletion, channel, day(0));
    let open =
        |channel| Case::open(request(channel), &contact(), rules(&requests, &Holidays::weekends())).unwrap();
    let (on, off) = (open("support"), open("phone"));
    assert!(!on.file().off_channel() && off.file().off_channel());
    assert_eq!(on.file().deadlines(), off.file().deadlines());
    assert!(off.verify(verification(day(1))).is_ok());
}

#[test]
fn an_incomplete_intake_lists_exactly_what_is_missing_and_keeps_its_receipt() {
    let whole = contact();
    let cases = [
        (
            IntakeField::Organisation,
            Contact { organisation: None, ..whole.clone() },
            Some(RequestKind::Access),
        ),
        (
            IntakeField::AccountEmail,
            Contact { address: " ".into(), ..whole.clone() },
            Some(RequestKind::Access),
        ),
        (IntakeField::Kind, whole.clone(), None),
    ];
    for (field, contact, kind) in cases {
        let mut case = open(kind, &contact);
        assert_eq!(case.file().parked(), Some(&Parked::Incomplete { missing: [field].into() }));
        assert_eq!(case.file().request().received_at, day(0));
        assert!(case.file().answer_by().is_some(), "the clock runs");
        let why = Parked::Incomplete { missing: [field].into() };
        assert_eq!(case.clone().verify(verification(day(1))), Err(StepError::Parked { why }));
        case.amend(RequestKind::Access, &whole, rules(&requests(), &Holidays::weekends())).unwrap();
        assert_eq!(case.file().parked(), None);
        assert_eq!(case.file().request().received_at, day(0));
        assert!(case.verify(verification(day(9))).is_ok());
    }
}

#[test]
fn an_undeclared_kind_is_parked_and_can_be_classified_or_declined() {
    let case = open(RequestKind::DpaInquiry, &contact());
    assert_eq!(case.file().parked(), Some(&Parked::Unclassified));
    let mut classified = case.clone();
    classified.amend(RequestKind::Access, &contact(), rules(&requests(), &Holidays::weekends())).unwrap();
    assert_eq!(classified.file().parked(), None);
    let mut answered = case;
    answered.respond("please ask your lawyer", day(1)).unwrap();
    let closed = answered.decline(&reviewer(), "not handled here", "policy", day(2)).unwrap();
    assert!(matches!(closed.file().outcome(), Some(Outcome::Refused { .. })));
    assert_eq!(read_back(closed.file()).unwrap(), *closed.file());
}

#[test]
fn a_regime_without_a_clock_is_an_error() {
    let requests = Requests { regimes: names(["gpdr"]), ..requests() };
    let request = Request::new("case-1", "acme", RequestKind::Access, "support", day(0));
    assert!(Case::open(request, &contact(), rules(&requests, &Holidays::weekends())).is_err());
}

#[test]
fn a_service_reviews_nothing_and_a_person_needs_the_role() {
    let ask = |kind, roles: &[Name]| Reviewer::from_policy(&requests(), kind, roles, "p-1");
    assert_eq!(ask(PrincipalKind::Service, &["privacy".into()]), Err(ReviewRefused::ManualReviewRequired));
    assert_eq!(ask(PrincipalKind::Person, &["sales".into()]), Err(ReviewRefused::NotAReviewer));
    assert!(ask(PrincipalKind::Person, &["privacy".into()]).is_ok());
}

#[test]
fn the_persisted_form_gives_a_case_at_its_own_stage_alone() {
    let received = read_back(open(RequestKind::Deletion, &contact()).file()).unwrap();
    let wrong = Case::<Verified>::from_file(received.clone()).unwrap_err();
    assert!(wrong.is_not_verified());
    assert_eq!(wrong.to_string(), "the case is received, not verified");
    assert!(Case::<Approved>::from_file(received.clone()).unwrap_err().is_not_verified());
    assert!(Case::<Received>::from_file(received).is_ok());
    let planned = read_back(planned(RequestKind::Deletion).file()).unwrap();
    assert!(!Case::<Approved>::from_file(planned.clone()).unwrap_err().is_not_verified());
    assert!(matches!(AnyCase::from(planned), AnyCase::Planned(_)));
}

#[test]
fn a_plan_has_one_task_for_every_source_and_platform() {
    let case = planned(RequestKind::Access);
    let ids: Vec<_> = case.file().tasks().iter().map(|task| task.id.as_str()).collect();
    assert_eq!(ids, ["case-1/orders", "case-1/tickets", "case-1/platform:tiktok"]);
    let plan = |sources| approved(RequestKind::Access).plan(&sources, names(["tiktok"]), day(3));
    assert_eq!(plan(sources([])), Err(StepError::NothingToAsk));
    let id = "case-1/platform:tiktok".to_owned();
    assert_eq!(plan(sources(["platform:tiktok"])), Err(StepError::TaskTwice { id }));
}

#[test]
fn a_case_is_complete_only_when_everyone_has_done_their_part() {
    let mut case = planned(RequestKind::Deletion);
    let kept = Kept { count: 2, reason: "kept until 2034-12-31: a law".into() };
    let receipt = Receipt { erased: 5, kept: vec![kept.clone()], ..Receipt::new(day(4)) };
    case.record("case-1/orders", TaskResult::Done(receipt), day(4)).unwrap();
    case.record("case-1/tickets", done(), day(4)).unwrap();
    let open = vec!["case-1/platform:tiktok".to_owned()];
    assert_eq!(
        case.clone().close(day(5)),
        Err(StepError::Unfinished { open }),
        "the platform has not answered"
    );
    let refused = TaskResult::Refused { reason: "no such buyer".into() };
    let mut partial = case.clone();
    partial.record("case-1/platform:tiktok", refused, day(5)).unwrap();
    let partial = partial.close(day(5)).unwrap();
    assert_eq!(
        partial.file().outcome().unwrap().to_string(),
        "completed in part; `platform:tiktok` not done: no such buyer; 2 kept: kept until 2034-12-31: a law"
    );
    case.record("case-1/platform:tiktok", done(), day(5)).unwrap();
    let whole = case.close(day(5)).unwrap();
    assert_eq!(whole.file().outcome(), Some(&Outcome::Completed { kept: vec![kept] }));
    assert_eq!(whole.file().accountable_until().unwrap().to_rfc3339(), "2028-03-06T12:00:00+00:00");
}

#[test]
fn zero_rows_of_a_skipped_source_are_not_an_erasure() {
    let mut case = approved(RequestKind::Deletion).plan(&sources(["orders"]), names([]), day(3)).unwrap();
    let mut other = case.clone();
    case.record("case-1/orders", TaskResult::Skipped { reason: "no index by person".into() }, day(4))
        .unwrap();
    other.record("case-1/orders", done(), day(4)).unwrap();
    assert!(matches!(case.close(day(4)).unwrap().file().outcome(), Some(Outcome::Partial { .. })));
    assert!(matches!(other.close(day(4)).unwrap().file().outcome(), Some(Outcome::Completed { .. })));
}

#[test]
fn an_answer_is_final_and_a_retry_of_it_changes_nothing() {
    let mut case = planned(RequestKind::Deletion);
    let five = TaskResult::Done(Receipt { erased: 5, ..Receipt::new(day(4)) });
    let down = || TaskResult::Unreachable { reason: "down".into() };
    case.record("case-1/orders", down(), day(3)).unwrap();
    case.record("case-1/orders", down(), day(4)).unwrap();
    assert!(matches!(case.file().tasks()[0].state, TaskState::Unreachable { attempts: 2, .. }));
    case.record("case-1/orders", five.clone(), day(4)).unwrap();
    let file = case.file().clone();
    assert_eq!(case.record("case-1/orders", five, day(6)), Ok(()));
    let id = || "case-1/orders".to_owned();
    assert_eq!(case.record("case-1/orders", done(), day(6)), Err(StepError::AlreadyAnswered { id: id() }));
    assert_eq!(case.record("case-1/orders", down(), day(6)), Err(StepError::AlreadyAnswered { id: id() }));
    assert_eq!(*case.file(), file);
    let blank = TaskResult::Skipped { reason: " ".into() };
    assert_eq!(case.record("case-1/tickets", blank, day(6)), Err(StepError::NoReason));
    let id = "case-1/nowhere".to_owned();
    assert_eq!(case.record("case-1/nowhere", done(), day(6)), Err(StepError::UnknownTask { id }));
}

#[test]
fn a_complaint_is_closed_by_its_response_and_by_nothing_else() {
    let mut case = approved(RequestKind::Complaint).plan(&sources(["orders"]), names([]), day(3)).unwrap();
    assert!(case.file().tasks().is_empty());
    assert_eq!(case.clone().close(day(4)), Err(StepError::NoResponse));
    assert_eq!(case.respond("  ", day(4)), Err(StepError::NoResponse));
    case.respond("we have looked into it", day(4)).unwrap();
    assert!(matches!(case.close(day(4)).unwrap().file().outcome(), Some(Outcome::Completed { .. })));
    let refused = verified(RequestKind::Complaint).review(&reviewer(), refuse(), day(3));
    assert_eq!(refused, Err(StepError::NoResponse));
}

#[test]
fn a_refusal_closes_with_its_reason_and_its_basis() {
    let Reviewed::Closed(case) = verified(RequestKind::Access).review(&reviewer(), refuse(), day(3)).unwrap()
    else {
        panic!("it was refused");
    };
    assert_eq!(case.file().outcome().unwrap().to_string(), "refused: not your data (GDPR Art. 12(6))");
    assert_eq!(read_back(case.file()).unwrap(), *case.file());
    let blank = Verdict::Refuse { reason: "no".into(), basis: String::new() };
    assert_eq!(verified(RequestKind::Access).review(&reviewer(), blank, day(3)), Err(StepError::NoReason));
}

#[test]
fn a_step_before_the_one_before_it_is_refused() {
    let back = |n| Err(StepError::BackInTime { earliest: day(n) });
    let early = day(0) - TimeDelta::seconds(1);
    assert_eq!(open(RequestKind::Access, &contact()).verify(verification(early)).map(drop), back(0));
    assert_eq!(
        verified(RequestKind::Access).review(&reviewer(), Verdict::Approve, day(0)).map(drop),
        back(1)
    );
    assert_eq!(verified(RequestKind::Access).review(&reviewer(), refuse(), day(0)).map(drop), back(1));
    assert_eq!(approved(RequestKind::Access).plan(&sources(["a"]), names([]), day(1)).map(drop), back(2));
    let mut case = approved(RequestKind::Access).plan(&sources(["orders"]), names([]), day(3)).unwrap();
    assert_eq!(case.record("case-1/orders", done(), day(2)), back(3));
    case.record("case-1/orders", done(), day(6)).unwrap();
    assert_eq!(case.close(day(5)).map(drop), back(6));
}

#[test]
fn an_extension_is_told_with_a_reason_before_the_last_day_is_over() {
    let mut case = verified(RequestKind::Access);
    assert_eq!(case.extend("", day(5)), Err(StepError::NoReason));
    let due = "2026-04-01".parse().unwrap();
    assert_eq!(case.extend("many records", day(32)), Err(StepError::ExtensionTooLate { due }));
    case.extend("many records", day(31)).unwrap();
    assert_eq!(
        case.file().answer_by().unwrap().to_string(),
        "2026-05-30",
        "90 days come before three months"
    );
    assert_eq!(approved(RequestKind::Complaint).extend("much to read", day(5)), Err(StepError::NoExtension));
}

#[test]
fn a_deadline_is_missed_when_its_act_comes_too_late_or_not_at_all() {
    let missed = |case: &CaseFile, n| case.missed(day(n)).iter().map(|late| late.what).collect::<Vec<_>>();
    let mut case = planned(RequestKind::Access);
    assert_eq!(missed(case.file(), 12), [], "10 business days end on 2026-03-13");
    assert_eq!(missed(case.file(), 13), [Act::Acknowledge]);
    let mut acknowledged = case.clone();
    acknowledged.acknowledge(day(12)).unwrap();
    assert_eq!(missed(acknowledged.file(), 31), []);
    assert_eq!(missed(acknowledged.file(), 32), [Act::Answer], "one month, and not yet 45 days");
    for id in ["case-1/orders", "case-1/tickets", "case-1/platform:tiktok"] {
        case.record(id, done(), day(4)).unwrap();
    }
    assert_eq!(missed(case.close(day(12)).unwrap().file(), 999), [], "met in time, for good");
}

#[test]
fn nothing_in_the_file_identifies_the_person() {
    let mut contact = contact();
    contact.subject = Some("ada".into());
    let mut case = open(RequestKind::Access, &contact);
    case.keep_contact(vec![1, 2, 3]);
    let kept = serde_json::to_string(case.file()).unwrap();
    for shown in [kept, format!("{case:?}"), format!("{contact:?}")] {
        assert!(!shown.contains("ada") && !shown.contains("Acme"), "{shown}");
    }
    let mut closed = case.decline(&reviewer(), "not verifiable", "11 CCR §7021(b)", day(50)).unwrap();
    assert_eq!(closed.file().contact(), Some(&[1, 2, 3][..]));
    closed.strip_identity();
    assert_eq!(read_back(closed.file()).unwrap().contact(), None);
}

#[test]
fn a_file_whose_parts_contradict_one_another_is_refused() {
    let mut case = planned(RequestKind::Deletion);
    for id in ["case-1/orders", "case-1/tickets", "case-1/platform:tiktok"] {
        case.record(id, TaskResult::Skipped { reason: "no".into() }, day(4)).unwrap();
    }
    let closed = serde_json::to_value(case.close(day(5)).unwrap().file()).unwrap();
    let with = |change: fn(&mut serde_json::Value)| {
        let mut file = closed.clone();
        change(&mut file);
        serde_json::from_value::<CaseFile>(file).map_err(|error| error.to_string())
    };
    assert!(with(|_| ()).is_ok());
    type Change = fn(&mut serde_json::Value);
    let changes: [(Change, &str); 11] = [
        (|file| file["format"] = 1.into(), "format 1"),
        (|file| file["surprise"] = 1.into(), "surprise"),
        (|file| file["verification"] = serde_json::Value::Null, "approved and not verified"),
        (|file| file["review"] = serde_json::Value::Null, "planned and not approved"),
        (|file| file["planned_at"] = serde_json::Value::Null, "has tasks and is not planned"),
        (|file| file["closed"]["outcome"] = serde_json::json!({"completed": {"kept": []}}), "outcome is not"),
        (|file| file["tasks"] = serde_json::json!([]), "planned and has no task"),
        (|file| file["tasks"][1]["id"] = file["tasks"][0]["id"].clone(), "one name"),
        (|file| file["verification"]["at"] = "2026-02-01T00:00:00Z".into(), "order of time"),
        (|file| file["acknowledged_at"] = "2027-01-01T00:00:00Z".into(), "changed after it was closed"),
        (|file| file["request"]["kind"] = "complaint".into(), "without the response"),
    ];
    for (change, says) in changes {
        let error = with(change).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

fn any_result() -> impl Strategy<Value = TaskResult> {
    let reason = || "reason".to_owned();
    prop_oneof![
        Just(TaskResult::Waiting { until: None }),
        (0_u64..3, 0_u64..2).prop_map(|(erased, count)| {
            let kept = vec![Kept { count, reason: "law".into() }];
            TaskResult::Done(Receipt { erased, kept, ..Receipt::new(day(4)) })
        }),
        Just(TaskResult::Skipped { reason: reason() }),
        Just(TaskResult::Unreachable { reason: reason() }),
        Just(TaskResult::Refused { reason: reason() }),
    ]
}

proptest! {
    #[test]
    fn no_sequence_of_results_makes_a_case_complete_before_its_time(
        steps in prop::collection::vec((0_usize..4, any_result(), 0_u64..9), 0..24),
    ) {
        let targets = ["case-1/orders", "case-1/tickets", "case-1/platform:tiktok", "case-1/unknown"];
        let mut case = planned(RequestKind::Deletion);
        for (target, result, at) in steps {
            let before = case.file().clone();
            let taken = case.record(targets[target], result, day(at));
            for (was, is) in before.tasks().iter().zip(case.file().tasks()) {
                prop_assert!(!was.state.is_final() || was == is, "an answer is final");
                prop_assert!(was.changed_at <= is.changed_at);
            }
            prop_assert!(taken.is_ok() || before == *case.file(), "a refused step changes nothing");
            let back = read_back(case.file());
            prop_assert_eq!(back.unwrap(), case.file().clone());
        }
        let states: Vec<_> = case.file().tasks().iter().map(|task| task.state.clone()).collect();
        let is_done = |state: &TaskState| matches!(state, TaskState::Done(_));
        match case.close(day(9)) {
            Err(StepError::Unfinished { open }) => {
                prop_assert_eq!(open.len(), states.iter().filter(|state| !state.is_final()).count());
                prop_assert!(!open.is_empty());
            }
            Ok(closed) => {
                prop_assert!(states.iter().all(TaskState::is_final));
                match closed.file().outcome() {
                    Some(Outcome::Completed { .. }) => prop_assert!(states.iter().all(is_done)),
                    Some(Outcome::Partial { not_done, .. }) => {
                        prop_assert!(!not_done.is_empty());
                        prop_assert_eq!(not_done.len(), states.iter().filter(|state| !is_done(state)).count());
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
                prop_assert_eq!(read_back(closed.file()).unwrap(), closed.file().clone());
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn any_change_of_one_part_of_a_file_gives_a_case_or_an_error(
        part in 0_usize..17, value in prop_oneof![
            Just(serde_json::Value::Null), Just(serde_json::json!([])), Just(serde_json::json!("x")),
            Just(serde_json::json!(0)), Just(serde_json::json!({})), Just(serde_json::json!("2026-03-02T00:00:00Z")),
        ],
    ) {
        let mut file = serde_json::to_value(planned(RequestKind::Access).file()).unwrap();
        let names: Vec<_> = file.as_object().unwrap().keys().cloned().collect();
        file[&names[part % names.len()]] = value;
        if let Ok(file) = serde_json::from_value::<CaseFile>(file) {
            let stage = file.stage();
            prop_assert_eq!(read_back(&file).unwrap().stage(), stage);
            prop_assert!(stage <= Stage::Received || file.verification().is_some());
        }
    }
}
