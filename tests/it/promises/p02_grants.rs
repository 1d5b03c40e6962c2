//! 2: nothing is opened without a grant, no grant exists without a decision on record, and deny beats allow.
//!
//! That a grant can be neither made by hand nor doubled is shown by `compile_fail` examples at `Grant`.

use stewardship::audit::{AuditEvent, DecidedAs};
use stewardship::contracts::Moment;
use stewardship::engine::OpenError;
use stewardship::{Access, Action, Period, Principal, Purpose, Question, Resource};

use super::life::trail;
use crate::world::*;

#[test]
fn promise_02_every_decision_is_on_the_trail_before_the_grant_exists() {
    let world = World::new();
    let steward = world.connected();
    let place = about(ADA);
    steward.put(&place, &creator("ada"), &sync()).unwrap();
    let question = Question::new(integration(), Action::Read, Resource::at::<Creator>(&place), sync());
    let before = trail(&world).len();
    assert!(matches!(steward.authorize(&question).unwrap(), Access::Granted(_)));
    let entries = trail(&world);
    assert_eq!(entries.len(), before + 1);
    assert!(matches!(
        &entries[before].event,
        AuditEvent::Decided { outcome: DecidedAs::Allowed, rule: Some(_), .. }
    ));
    // A trail that does not take the entry gives no grant.
    for moment in Moment::ALL {
        let calls = world.faults.calls();
        let _ = steward.authorize(&question).unwrap();
        let made = world.faults.calls() - calls;
        for n in 1..=made {
            world.faults.arm(n, moment);
            assert!(steward.authorize(&question).is_err(), "call {n} {moment:?}");
            world.faults.recover();
        }
    }
}

#[test]
fn promise_02_what_no_rule_allows_is_denied_and_deny_beats_allow() {
    let world = World::new();
    let steward = world.connected();
    let place = about(ADA);
    let read = |who: Principal, purpose: &str| {
        let resource = Resource::at::<Creator>(&place);
        let answer = steward.authorize(&Question::new(who, Action::Read, resource, Purpose::new(purpose)));
        let last = trail(&world).pop().unwrap().event;
        let AuditEvent::Decided { outcome, .. } = last else { panic!("{last:?}") };
        (matches!(answer.unwrap(), Access::Granted(_)), outcome)
    };
    assert_eq!(read(world.owner(), "outreach"), (true, DecidedAs::Allowed));
    assert!(!read(Principal::person(TENANT, "x").role("nobody").mfa_at(world.now()), "outreach").0);
    assert!(!read(world.owner(), "improve").0);
    assert!(!read(world.owner().suspended(), "outreach").0);
    let other = Principal::person("other-kg", "user-1").role("owner").mfa_at(world.now());
    assert!(!read(other, "outreach").0);
    // The allow fits, and the deny for sign-ins without a second factor beats it.
    let stale = Principal::person(TENANT, "user-olga").role("owner");
    assert_eq!(read(stale, "outreach"), (false, DecidedAs::Forbidden));
}

#[test]
fn promise_02_a_grant_opens_only_what_it_is_for() {
    let world = World::new();
    let steward = world.connected();
    let (place, other) = (about(ADA), about("creator-bob"));
    for place in [&place, &other] {
        steward.put(place, &creator("x"), &sync()).unwrap();
        steward.put(place, &order("x"), &sync()).unwrap();
    }
    let grant = grant::<Creator>(&steward, &place);
    assert!(steward.open::<Creator>(&grant, &place).is_ok());
    assert!(matches!(steward.open::<Creator>(&grant, &other), Err(OpenError::Grant(_))));
    assert!(matches!(steward.open::<Order>(&grant, &place), Err(OpenError::Grant(_))));
    world.clock.advance(Period::hours(2));
    assert!(matches!(steward.open::<Creator>(&grant, &place), Err(OpenError::Grant(_))));
}

/// A grant of one policy opens nothing under another.
#[test]
fn promise_02_a_grant_ends_with_its_policy() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("x"), &sync()).unwrap();
    let grant = grant::<Creator>(&steward, &about(ADA));
    let next =
        World { policy: World::under(&POLICY.replace("version = \"3\"", "version = \"4\"")).policy, ..world };
    let steward = next.steward();
    assert!(matches!(steward.open::<Creator>(&grant, &about(ADA)), Err(OpenError::Grant(_))));
}
