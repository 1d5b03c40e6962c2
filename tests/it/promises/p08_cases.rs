//! 8: a case is complete only when every declared source has answered.

use stewardship::dsr::{
    AnyCase, Case, Outcome, Planned, Reviewed, StepError, TaskState, Verdict, VerificationMethod,
};
use stewardship::engine::CaseError;
use stewardship::id::CaseId;
use stewardship::policy::RequestKind;
use stewardship::{NewRequest, Period, Steward, block_on};

use crate::world::*;

fn planned(world: &World, steward: &TestSteward) -> Case<Planned> {
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    world.newsletter.add("n-1", "creators", ADA, world.now());
    let new = NewRequest::new(TENANT, RequestKind::Deletion, "support channel", "ada@example.com");
    let case = steward.receive(&new.id("case-1").subject(ADA)).unwrap();
    let case = steward.verify(case, VerificationMethod::SignedIn, &world.officer()).unwrap();
    let Reviewed::Approved(case) = steward.review(case, &world.officer(), Verdict::Approve).unwrap() else {
        panic!("it was approved")
    };
    steward.plan(case).unwrap()
}

fn open_tasks(result: Result<Case<stewardship::dsr::Closed>, CaseError>) -> Vec<String> {
    match result {
        Err(CaseError::Step(StepError::Unfinished { open })) => open,
        other => panic!("{other:?}"),
    }
}

fn state(case: &Case<Planned>, task: &str) -> TaskState {
    case.file().tasks().iter().find(|known| known.id == task).unwrap().state.clone()
}

#[test]
fn promise_08_every_declared_source_and_platform_has_a_task() {
    let world = World::new();
    let steward = world.connected();
    let case = planned(&world, &steward);
    let tasks: Vec<_> = case.file().tasks().iter().map(|task| task.id.as_str()).collect();
    assert_eq!(
        tasks,
        ["case-1/mailer", "case-1/newsletter", "case-1/records", "case-1/platform:tiktok-shop"]
    );
    assert_eq!(open_tasks(steward.close(case)).len(), 4);
}

#[test]
fn promise_08_a_platform_with_a_synchronised_copy_answers_first() {
    let world = World::new();
    let steward = world.connected();
    let (case, _) = steward.carry_out(planned(&world, &steward), &world.officer()).unwrap();
    assert_eq!(open_tasks(steward.close(case.clone())), ["case-1/platform:tiktok-shop"]);
    let case = steward.platform_answered(case, "tiktok-shop", Ok(())).unwrap();
    assert!(matches!(steward.close(case).unwrap().file().outcome(), Some(Outcome::Completed { .. })));
}

#[test]
fn promise_08_a_platform_that_refuses_makes_the_case_partial_with_its_reason() {
    let world = World::new();
    let steward = world.connected();
    let (case, _) = steward.carry_out(planned(&world, &steward), &world.officer()).unwrap();
    let case = steward.platform_answered(case, "tiktok-shop", Err("the shop is closed".to_owned())).unwrap();
    let case = steward.close(case).unwrap();
    let Some(Outcome::Partial { not_done, .. }) = case.file().outcome() else { panic!("{:?}", case.file()) };
    assert_eq!(not_done[0].reason, "the shop is closed");
}

#[test]
fn promise_08_a_source_that_is_not_plugged_in_keeps_the_case_open() {
    let world = World::new();
    let steward = world.connected();
    let case = planned(&world, &steward);
    let bare = Steward::builder(
        world.policy.clone(),
        stewardship::contracts::Faulty::new(world.memory.clone(), &world.faults),
        world.provider.clone(),
    )
    .bind::<(Creator,)>()
    .source("mailer", world.mailer.clone())
    .clock(world.clock.clone());
    let bare = block_on(bare.build()).unwrap().blocking();
    let (case, _) = bare.carry_out(case, &world.officer()).unwrap();
    let case = bare.platform_answered(case, "tiktok-shop", Ok(())).unwrap();
    let TaskState::Unreachable { reason, .. } = state(&case, "case-1/newsletter") else { panic!("{case:?}") };
    assert!(reason.contains("plugged in"));
    assert_eq!(open_tasks(bare.close(case)), ["case-1/newsletter"]);
    assert_eq!(world.newsletter.ids(), ["n-1"]);
    // With the source back, the same case goes on.
    let AnyCase::Planned(case) = steward.case(&tenant(), &CaseId::new("case-1")).unwrap() else { panic!() };
    let (case, _) = steward.carry_out(case, &world.officer()).unwrap();
    assert!(matches!(steward.close(case).unwrap().file().outcome(), Some(Outcome::Completed { .. })));
    assert!(world.newsletter.ids().is_empty());
}

#[test]
fn promise_08_a_source_that_fails_or_asks_for_time_keeps_the_case_open() {
    for says in [Says::Down, Says::RetryAt(moment("2026-12-01T00:00:00Z"))] {
        let world = World::new();
        let steward = world.connected();
        let case = planned(&world, &steward);
        world.newsletter.says(says.clone());
        let (case, _) = steward.carry_out(case, &world.officer()).unwrap();
        let case = steward.platform_answered(case, "tiktok-shop", Ok(())).unwrap();
        match (state(&case, "case-1/newsletter"), &says) {
            (TaskState::Unreachable { attempts: 1, .. }, Says::Down) => {}
            (TaskState::Waiting { until: Some(until) }, Says::RetryAt(at)) => assert_eq!(until, *at),
            (other, says) => panic!("{says:?}: {other:?}"),
        }
        assert_eq!(open_tasks(steward.close(case.clone())), ["case-1/newsletter"]);
        world.clock.advance(Period::days(10));
        world.newsletter.says(Says::Done);
        let (case, _) = steward.carry_out(case, &world.officer()).unwrap();
        assert!(matches!(steward.close(case).unwrap().file().outcome(), Some(Outcome::Completed { .. })));
        assert!(world.newsletter.ids().is_empty());
    }
}

/// Zero rows from a source that skipped is not an erasure; zero rows from one that looked is.
#[test]
fn promise_08_zero_rows_from_a_skipped_source_is_not_an_erasure() {
    let world = World::new();
    let steward = world.connected();
    let case = planned(&world, &steward);
    world.newsletter.says(Says::Skipped("the table is frozen"));
    let (case, _) = steward.carry_out(case, &world.officer()).unwrap();
    assert!(matches!(state(&case, "case-1/mailer"), TaskState::Done(receipt) if receipt.erased == 0));
    let case = steward.platform_answered(case, "tiktok-shop", Ok(())).unwrap();
    let case = steward.close(case).unwrap();
    let Some(Outcome::Partial { not_done, .. }) = case.file().outcome() else { panic!("{:?}", case.file()) };
    assert_eq!(not_done.len(), 1);
    assert_eq!(
        (not_done[0].task.as_str(), not_done[0].reason.as_str()),
        ("case-1/newsletter", "the table is frozen")
    );
    assert_eq!(world.newsletter.ids(), ["n-1"]);
}

/// Somebody who may not erase does not turn "not allowed" into "nothing there", nor into an answer of the case; no source is asked,
/// a plugged-in one no more than the steward's own.
#[test]
fn promise_08_who_may_not_erase_gets_a_reason_and_no_erasure() {
    let world = World::new();
    let steward = world.connected();
    let case = planned(&world, &steward);
    let suspended = world.officer().suspended();
    assert!(matches!(steward.carry_out(case.clone(), &suspended), Err(CaseError::Suspended)));
    let refused = steward.carry_out(case.clone(), &world.owner());
    assert!(
        matches!(&refused, Err(CaseError::Denied { denial, .. }) if !denial.explain().reasons.is_empty())
    );
    assert!(read::<Creator>(&steward, &about(ADA)).is_ok());
    assert_eq!(world.newsletter.ids(), ["n-1"]);
    let (case, _) = steward.carry_out(case, &world.officer()).unwrap();
    assert!(matches!(state(&case, "case-1/records"), TaskState::Done(_)), "whoever may goes on");
}

/// A copy of a case from before does not act on what has gone on since.
#[test]
fn promise_08_a_case_goes_on_from_where_it_is_kept() {
    let world = World::new();
    let steward = world.connected();
    let old = planned(&world, &steward);
    let (case, _) = steward.carry_out(old.clone(), &world.officer()).unwrap();
    let case = steward.platform_answered(case, "tiktok-shop", Ok(())).unwrap();
    steward.close(case).unwrap();
    assert!(matches!(steward.carry_out(old, &world.officer()), Err(CaseError::Stage(_))));
}
