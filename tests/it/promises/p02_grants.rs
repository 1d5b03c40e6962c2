//! 2: nothing is opened without a grant, no grant exists without a decision on record, and deny beats allow.
//!
//! That a grant can be neither made by hand nor doubled is shown by `compile_fail` examples at `Grant`.

use stewardship::access::{Answer, Preference, Stop};
use stewardship::audit::{AuditEvent, DecidedAs, OpenRefusal};
use stewardship::classification::Level;
use stewardship::contracts::Moment;
use stewardship::engine::OpenError;
use stewardship::{Access, Period, Place, Principal, Purpose, Question, Resource};

use super::life::trail;
use crate::world::*;

#[test]
fn promise_02_every_decision_is_on_the_trail_before_the_grant_exists() {
    let world = World::new();
    let steward = world.connected();
    let place = about(ADA);
    steward.put(&place, &creator("ada"), &sync()).unwrap();
    let question = Question::read(integration(), Resource::at::<Creator>(&place), sync());
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
        let answer = steward.authorize(&Question::read(who, resource, Purpose::new(purpose)));
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

/// Whatever is there or not: the same answer, the same entry, and as many calls of the stores.
#[test]
fn promise_02_a_probe_of_another_tenant_tells_nothing_by_its_answer_its_trail_or_its_time() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward
        .prefer(&world.owner(), &ADA.into(), &Preference::Stop { stop: Stop::Objection, of: None })
        .unwrap();
    let prober = || Principal::person("other-kg", "user-1").role("owner").mfa_at(world.now());
    steward.accept_terms(&prober(), world.policy.digest()).unwrap();
    let probe = |place: &Place, purpose: &str| {
        let question = Question::read(prober(), Resource::at::<Creator>(place), Purpose::new(purpose));
        let calls = world.faults.calls();
        let denial = steward.authorize(&question).unwrap().granted().unwrap_err();
        assert_eq!(denial.to_string(), denial.explain().to_string(), "as an error it says the same");
        let entry = trail(&world).pop().unwrap();
        (denial.answer(), denial.explain(), entry, world.faults.calls() - calls)
    };
    for purpose in ["outreach", "order_sync", "support", "no_such"] {
        let there = probe(&about(ADA), purpose);
        assert_eq!(there.0, Answer::NotPermitted);
        assert!(there.2.by.is_some() && there.2.tenant.is_some() && there.2.subject.is_none());
        for nowhere in [
            about("creator-nobody"),
            Place::tenant(TENANT).connection("no-shop").subject(ADA).record("r"),
            Place::tenant("no-tenant").connection(SHOP).subject(ADA),
        ] {
            assert_eq!(probe(&nowhere, purpose), there, "{purpose}: {nowhere:?}");
        }
    }

    // With a grant of one's own: another tenant's records, and those of nobody.
    let own = Place::tenant("other-kg").subject("creator-1");
    let question = Question::read(prober(), Resource::at::<Creator>(&own), Purpose::new("support"));
    let grant = granted(&steward, question);
    let opens = |place: &Place| {
        let (calls, entries) = (world.faults.calls(), trail(&world).len());
        let Err(refused) = steward.open::<Creator>(&grant, place) else { panic!("opened") };
        (refused.to_string(), world.faults.calls() - calls, trail(&world).len() - entries)
    };
    let theirs = opens(&about(ADA));
    assert_eq!((theirs.0.as_str(), theirs.2), ("the grant is for another place", 1));
    let told = trail(&world).pop().unwrap();
    assert!(matches!(told.event, AuditEvent::OpenRefused { why: OpenRefusal::OtherPlace, .. }), "{told:?}");
    assert!(told.by.is_some() && told.subject.is_none() && told.record.is_none());
    assert_eq!(opens(&about("creator-nobody")), theirs);
    assert_eq!(trail(&world).pop().unwrap(), told);
    // An identifier that is another tenant's is no other here than one that is nobody's.
    let owner = Question::read(
        prober(),
        Resource::category("other-kg", "creators", Level::Confidential),
        Purpose::new("support"),
    );
    let grant = granted(&steward, owner);
    let opens = |id: &str| {
        let (calls, entries) = (world.faults.calls(), trail(&world).len());
        let Err(refused) = steward.open::<Creator>(&grant, &Place::tenant("other-kg").subject(id)) else {
            panic!("opened")
        };
        assert!(matches!(refused, OpenError::NotFound));
        (world.faults.calls() - calls, trail(&world).len() - entries)
    };
    assert_eq!(opens(ADA), opens("creator-nobody"));
}
