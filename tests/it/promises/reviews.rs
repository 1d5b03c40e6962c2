//! 10: the trail shows who may do what and does; reading it for that is on the trail too.

use std::collections::BTreeMap;

use stewardship::access::{Grant, Read};
use stewardship::audit::tree::{Frontier, leaf_hash};
use stewardship::audit::{AccessReview, AuditEvent, DecidedAs, Used};
use stewardship::classification::Level;
use stewardship::contracts::{AuditLog, EntryBody, Ports, StoredEntry};
use stewardship::engine::{TrailError, TrailReadError};
use stewardship::id::Name;
use stewardship::{Period, Principal, Purpose, Question, Resource, Scope, block_on};

use super::life::trail;
use super::obligations::{auditor, obliging};
use crate::world::*;

fn support(world: &World, id: &str) -> Principal {
    Principal::person(TENANT, id).role("support").mfa_at(world.now())
}

fn asks(steward: &TestSteward, by: Principal, assigned: bool) {
    let orders = Resource::category(by.tenant(), "orders", Level::Confidential);
    let question = Question::read(by, orders, Purpose::new("support"));
    steward.authorize(&question.assigned_case(assigned)).unwrap();
}

fn of<'r>(review: &'r AccessReview, steward: &TestSteward, who: &Principal) -> &'r BTreeMap<Name, Used> {
    let name = steward.trail_name(who).unwrap().unwrap();
    review.people.get(&name).unwrap()
}

fn may_read(steward: &TestSteward, by: Principal) -> Grant<Read> {
    super::reading::may(steward, by, Question::read)
}

const RULE: &str = "support-reads-on-case";

#[test]
fn promise_10_a_review_shows_what_is_used_by_whom_and_what_is_not() {
    let world = World::new();
    let steward = world.connected();
    let start = world.now();
    steward.put(&about(ADA).record("o-1"), &order("o-1"), &sync()).unwrap();
    let grant = grant::<Order>(&steward, &about(ADA).record("o-1"));
    steward.open::<Order>(&grant, &about(ADA).record("o-1")).unwrap();
    asks(&steward, support(&world, "user-sam"), true);
    // More than are read at once, and what is denied is no use of a permission.
    for _ in 0..600 {
        asks(&steward, support(&world, "user-tom"), true);
        asks(&steward, support(&world, "user-sam"), false);
    }
    let other = Principal::person("other-kg", "user-1").role("owner").mfa_at(world.now());
    steward.accept_terms(&other, world.policy.digest()).unwrap();
    asks(&steward, other.clone(), true);
    world.clock.advance(Period::days(90));
    let since = world.now();
    asks(&steward, support(&world, "user-tom"), true);

    let grant = may_read(&steward, world.owner());
    let before = trail(&world).len();
    let review = steward.review_access(&grant, since).unwrap();
    let entry = trail(&world).pop().unwrap();
    assert_eq!(trail(&world).len(), before + 1);
    assert!(
        entry.by.is_some() && matches!(entry.event, AuditEvent::AccessReviewed { since: at } if at == since)
    );

    let used = |granted, opened, last| {
        let mut used = Used::default();
        (used.granted, used.opened, used.last) = (granted, opened, Some(last));
        used
    };
    assert_eq!(review.rules[RULE].used, used(1, 0, since));
    assert_eq!(review.rules["integration-reads-platform-data"].used, used(0, 0, start));
    assert_eq!(of(&review, &steward, &support(&world, "user-tom"))[RULE], used(1, 0, since));
    assert_eq!(of(&review, &steward, &support(&world, "user-sam"))[RULE], used(0, 0, start));
    let (sam, service) = (support(&world, "user-sam"), integration());
    let mut idle: Vec<_> = review.idle().map(|(who, rule)| (*who, rule.to_string())).collect();
    let mut expected = [(sam, RULE), (service, "integration-reads-platform-data")]
        .map(|(who, rule)| (steward.trail_name(&who).unwrap().unwrap(), rule.to_owned()));
    idle.sort();
    expected.sort();
    assert_eq!(idle, expected);
    let unused: Vec<_> = review.unused().map(Name::as_str).collect();
    assert!(unused.contains(&"owner-reads-tenant-data"), "the other tenant's use is none here: {unused:?}");
    assert!(!unused.contains(&RULE) && !unused.contains(&"analyst-improves-without-people"), "{unused:?}");
    assert_eq!(review.rules["analyst-improves-without-people"].seen_from, None);
    assert_eq!(review.rules[RULE].seen_from, Some(Level::Confidential));
    assert_eq!(review.findings, world.policy.review_access());

    let whole = steward.review_access(&may_read(&steward, world.owner()), start).unwrap();
    assert_eq!(whole.rules[RULE].used, used(602, 0, since));
    assert_eq!(whole.rules["integration-reads-platform-data"].used, used(1, 1, start));
    let theirs =
        steward.review_access(&may_read(&steward, other.clone().mfa_at(world.now())), start).unwrap();
    assert_eq!(theirs.people.len(), 1);
    assert_eq!(of(&theirs, &steward, &other)["owner-reads-tenant-data"], used(1, 0, start));
}

#[test]
fn promise_10_a_review_lists_every_emergency_since_its_date_with_its_case() {
    let world = obliging("max_records = 9");
    let steward = world.connected();
    let ask = |case: Option<&str>| {
        let orders = Resource::category(TENANT, "orders", Level::Internal);
        let by = auditor(&world, "user-aud");
        let question = Question::read(by, orders, Purpose::new("emergency"));
        let question = case.into_iter().fold(question, |question, case| question.for_case(case));
        steward.authorize(&question).unwrap();
    };
    ask(Some("incident-1"));
    world.clock.advance(Period::days(1));
    let since = world.now();
    ask(Some("incident-2"));
    ask(None);
    let review = steward.review_access(&may_read(&steward, world.owner()), since).unwrap();
    let told =
        review.emergencies.iter().map(|one| (one.case.as_ref().map(|case| case.as_str()), one.outcome));
    let expected = [(Some("incident-2"), DecidedAs::Allowed), (None, DecidedAs::Forbidden)];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let auditor = steward.trail_name(&auditor(&world, "user-aud")).unwrap();
    assert!(
        review
            .emergencies
            .iter()
            .all(|one| one.by == auditor
                && one.purpose.as_ref().is_some_and(|purpose| *purpose == "emergency"))
    );
    assert_eq!(review.rules["auditor-repairs"].seen_from, Some(Level::Public), "an emergency is always seen");
    assert_eq!(review.rules["auditor-repairs"].used.granted, 1);
}

/// Whatever became of the tenant's key, what was written under its earlier versions counts.
#[test]
fn promise_10_a_review_goes_back_past_a_compromised_key_and_refuses_a_broken_trail() {
    let world = World::new();
    let steward = world.connected();
    asks(&steward, support(&world, "user-sam"), true);
    steward.mark_compromised(&Scope::Tenant(tenant()), 1, "found in a log").unwrap();
    asks(&steward, support(&world, "user-sam"), true);
    let review = steward.review_access(&may_read(&steward, world.owner()), world.now()).unwrap();
    assert_eq!(review.rules[RULE].used.granted, 2);

    let mut tree = Frontier::default();
    for entry in block_on(world.memory.audit().read(0, usize::MAX)).unwrap() {
        tree.append(leaf_hash(entry.bytes().unwrap()));
    }
    let (index, body) = (tree.size(), b"{\"format\":9}".to_vec());
    let nodes = tree.append(leaf_hash(&body));
    let entry = |nodes| {
        let body = Some(EntryBody { bytes: body.clone(), terms: Vec::new() });
        StoredEntry { index, at: world.now(), body, nodes }
    };
    let broken = world.fork();
    block_on(broken.memory.audit().append(vec![entry(vec![[7; 32]; nodes.len()])])).unwrap();
    let review =
        |steward: &TestSteward| steward.review_access(&may_read(steward, world.owner()), world.now());
    let refused = review(&broken.steward());
    assert!(matches!(refused, Err(TrailReadError::Trail(TrailError::Broken(_)))), "{refused:?}");
    block_on(world.memory.audit().append(vec![entry(nodes)])).unwrap();
    let refused = review(&steward);
    let unread = |refused: &TrailReadError| matches!(refused, TrailReadError::Trail(TrailError::Unreadable { index: at, .. }) if *at == index);
    assert!(refused.as_ref().is_err_and(unread), "{refused:?}");
}
