//! 2: a processor acts on its customer's instructions alone (GDPR Art. 28(3)(a)): purpose by purpose, until they are withdrawn.

use std::collections::BTreeSet;

use stewardship::access::{Grant, Read, Reason};
use stewardship::audit::{AuditEvent, StoreRefusal};
use stewardship::contracts::Moment;
use stewardship::engine::{InstructionError, OpenError, PutError};
use stewardship::id::{Name, TenantId};
use stewardship::{Access, Principal, Purpose, Question, Resource};

use super::life::trail;
use crate::world::*;

/// The policy in which what is said of creators is handled on instruction.
fn instructed() -> String {
    POLICY.replacen("[categories.creators]", "[categories.creators]\nneeds_instruction = true", 1)
}

fn outreach() -> Purpose {
    Purpose::new("outreach")
}

fn ask(steward: &TestSteward, by: Principal, purpose: &Purpose) -> Result<Grant<Read>, Vec<Reason>> {
    let resource = Resource::at::<Creator>(&about(ADA));
    match steward.authorize(&Question::read(by, resource, purpose.clone())).unwrap() {
        Access::Granted(grant) => Ok(grant),
        Access::Denied(denial) => Err(denial.explain().reasons),
    }
}

fn creators() -> BTreeSet<Name> {
    BTreeSet::from([Name::new("creators")])
}

#[test]
fn promise_02_a_processor_stores_and_opens_on_instruction_alone() {
    let world = World::under(&instructed());
    let steward = world.connected();
    let uninstructed = |purpose: Purpose| {
        let put = steward.put(&about(ADA), &creator("ada"), &purpose).map(|_| ());
        assert!(matches!(put, Err(PutError::NoInstruction { .. })), "{put:?}");
        let purpose = purpose.name().clone();
        let (category, why) = ("creators".into(), StoreRefusal::NoInstruction);
        let refused = AuditEvent::StoreRefused { category, purpose: Some(purpose.clone()), why };
        assert_eq!(trail(&world).pop().unwrap().event, refused);
        let lacking = Reason::NoInstruction { category: "creators".into(), purpose: purpose.clone() };
        assert_eq!(ask(&steward, world.owner(), &Purpose::new(purpose)).unwrap_err(), [lacking]);
    };
    uninstructed(outreach());
    uninstructed(sync());

    assert_eq!(steward.instruct(&world.owner(), &outreach()).unwrap(), creators());
    let entry = trail(&world).pop().unwrap();
    assert_eq!(entry.event, AuditEvent::InstructionGiven { purpose: "outreach".into() });
    assert!(entry.by.is_some() && entry.tenant.is_some());
    steward.put(&about(ADA), &creator("ada"), &outreach()).unwrap();
    let grant = ask(&steward, world.owner(), &outreach()).unwrap();
    steward.open::<Creator>(&grant, &about(ADA)).unwrap();
    // An instruction is for its purpose, and other categories need none.
    uninstructed(sync());
    steward.put(&about("buyer-1"), &order("one"), &sync()).unwrap();

    assert!(steward.withdraw_instruction(&world.owner(), &outreach()).unwrap());
    let late = steward.open::<Creator>(&grant, &about(ADA)).map(|_| ());
    assert!(matches!(late, Err(OpenError::NoInstruction)), "{late:?}");
    uninstructed(outreach());
    assert!(!steward.withdraw_instruction(&world.owner(), &outreach()).unwrap(), "none stands");
    // Given again, it goes on.
    steward.instruct(&world.owner(), &outreach()).unwrap();
    steward.open::<Creator>(&grant, &about(ADA)).unwrap();
}

#[test]
fn promise_02_the_record_of_processing_has_a_row_for_each_controller() {
    let world = World::under(&instructed());
    let steward = world.connected();
    assert_eq!(steward.processing_record().unwrap(), []);
    let other = Principal::person("other-gmbh", "user-9").role("owner").mfa_at(world.now());
    steward.accept_terms(&other, world.policy.digest()).unwrap();
    for (by, purpose) in [(world.owner(), outreach()), (world.owner(), sync()), (other, outreach())] {
        steward.instruct(&by, &purpose).unwrap();
    }
    steward.withdraw_instruction(&world.owner(), &sync()).unwrap();
    let rows = steward.processing_record().unwrap();
    let controllers: Vec<_> = rows.iter().map(|row| row.controller.clone()).collect();
    assert_eq!(controllers, [tenant(), TenantId::new("other-gmbh")]);
    let stands: Vec<Vec<_>> = rows
        .iter()
        .map(|row| row.instructions.iter().map(|given| (given.purpose.as_str(), given.stands())).collect())
        .collect();
    assert_eq!(stands, [vec![("order_sync", false), ("outreach", true)], vec![("outreach", true)]]);
    let given = &rows[0].instructions[1];
    assert_eq!(
        (&given.categories, given.given, given.policy),
        (&creators(), world.now(), world.policy.digest())
    );
}

#[test]
fn promise_02_an_instruction_covers_what_the_policy_handled_when_it_was_given() {
    let world = World::under(&instructed());
    let steward = world.connected();
    steward.instruct(&world.owner(), &outreach()).unwrap();
    let wider = instructed().replacen(
        "[categories.user_content]",
        "[categories.user_content]\nneeds_instruction = true",
        1,
    );
    let later = World { policy: World::under(&wider).policy, ..world.clone() };
    let steward = later.steward();
    let place = at_shop().record("draft-1");
    let put = steward.put(&place, &note("one"), &outreach()).map(|_| ());
    assert!(matches!(put, Err(PutError::NoInstruction { .. })), "{put:?}");
    // Nor does anybody instruct under a policy that they have not accepted.
    let unaccepted = steward.instruct(&world.owner(), &outreach());
    assert!(matches!(unaccepted, Err(InstructionError::TermsNotAccepted { .. })));
    steward.accept_terms(&world.owner(), later.policy.digest()).unwrap();
    assert_eq!(steward.instruct(&world.owner(), &outreach()).unwrap().len(), 2);
    steward.put(&place, &note("one"), &outreach()).unwrap();
}

#[test]
fn promise_02_only_a_person_of_the_tenant_instructs_and_only_what_binds() {
    let world = World::under(&instructed());
    let steward = world.connected();
    let program = steward.instruct(&integration(), &outreach());
    assert!(matches!(program, Err(InstructionError::NotOfTenant)));
    let withdrawn = steward.withdraw_instruction(&integration(), &outreach());
    assert!(matches!(withdrawn, Err(InstructionError::NotOfTenant)));
    for purpose in ["billing", "outreech", "subject_requests"] {
        let error = steward.instruct(&world.owner(), &Purpose::new(purpose)).unwrap_err();
        let expected = format!(
            "the policy handles no category on instruction for `{purpose}`; \
             it does for `order_sync`, `outreach`, `support`"
        );
        assert_eq!(error.to_string(), expected);
    }
    let none = world.connected();
    assert!(none.processing_record().unwrap().is_empty());
    // Where the policy asks for none, the fact is not even looked for.
    let plain = World::new();
    let steward = plain.connected();
    assert!(matches!(
        steward.instruct(&plain.owner(), &outreach()),
        Err(InstructionError::NothingInstructed { .. })
    ));
    let question = |by| Question::read(by, Resource::at::<Creator>(&about(ADA)), outreach());
    assert!(matches!(steward.authorize(&question(plain.owner())).unwrap(), Access::Granted(_)));
}

/// A crash at any call: called again it ends as without one, and what is not acknowledged is on the trail at most.
#[test]
fn promise_09_a_crash_while_an_instruction_is_taken_down_leaves_it_given_or_not() {
    let mut crashes = 0;
    for moment in [Moment::Before, Moment::After] {
        for n in 1.. {
            let world = World::under(&instructed());
            let steward = world.connected();
            world.faults.arm(n, moment);
            let given = steward.instruct(&world.owner(), &outreach());
            world.faults.recover();
            let steward = world.steward();
            if given.is_err() {
                crashes += 1;
                let stands = steward.processing_record().unwrap();
                assert!(stands.is_empty() || moment == Moment::After, "crash {n} {moment:?}");
                steward.instruct(&world.owner(), &outreach()).unwrap();
            }
            assert_eq!(steward.processing_record().unwrap().len(), 1, "crash {n} {moment:?}");
            ask(&steward, world.owner(), &outreach()).unwrap();
            world.faults.arm(n, moment);
            let withdrawn = steward.withdraw_instruction(&world.owner(), &outreach());
            world.faults.recover();
            let steward = world.steward();
            if withdrawn.is_err() {
                crashes += 1;
                steward.withdraw_instruction(&world.owner(), &outreach()).unwrap();
            }
            ask(&steward, world.owner(), &outreach()).unwrap_err();
            if given.is_ok() && withdrawn.is_ok() {
                break;
            }
        }
    }
    assert!(crashes > 8, "{crashes}");
}
