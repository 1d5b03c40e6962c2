//! 2: what a rule obliges to is done before its grant opens anything; a grant that was taken back, or has ended, opens nothing.

use stewardship::access::{Answer, Grant, GrantError, Obligation, Read, Reason};
use stewardship::audit::{AuditEvent, DecidedAs, Entry, OpenRefusal};
use stewardship::classification::{FlowDenied, Level, Record as _};
use stewardship::engine::OpenError;
use stewardship::id::{Name, PrincipalId};
use stewardship::{Access, Action, Place, Policy, Principal, Purpose, Question, Resource};

use super::life::trail;
use crate::world::*;

/// The policy with an auditor, whose rule for orders obliges to this, and a purpose for emergencies.
pub(super) fn obliging(obligations: &str) -> World {
    let orders =
        "purposes = [\"order_sync\", \"support\", \"subject_requests\"]\n\n[classes.\"order.number\"]";
    assert!(POLICY.contains(orders));
    let with_emergency = orders.replace("\"support\"", "\"support\", \"emergency\"");
    let rules = format!(
        r#"
[roles.auditor]
title = "Auditor"

[purposes.emergency]
title = "Repair what is broken at once"
break_glass = "30 minutes"

[[access.allow]]
id = "auditor-looks"
roles = ["auditor"]
actions = ["read"]
categories = ["orders", "operational", "creators"]
up_to = "confidential"
purposes = ["support", "outreach", "order_sync"]
obligations = {{ {obligations} }}

[[access.allow]]
id = "auditor-repairs"
roles = ["auditor"]
actions = ["read"]
categories = ["orders"]
up_to = "confidential"
purposes = ["emergency"]
"#
    );
    World::under(&format!("{}{rules}", POLICY.replace(orders, &with_emergency)))
}

pub(super) fn auditor(world: &World, id: &str) -> Principal {
    Principal::person(TENANT, id).role("auditor").mfa_at(world.now())
}

fn at(id: &str) -> Place {
    about(BUYER).record(id)
}

const BUYER: &str = "buyer-of-these";

fn question(world: &World, purpose: &str) -> Question<Read> {
    let orders = Resource::category(TENANT, "orders", Level::Confidential);
    Question::read(auditor(world, "user-aud"), orders, Purpose::new(purpose))
}

/// A world with some orders.
fn stocked(world: &World) -> TestSteward {
    let steward = world.connected();
    for id in ["o-1", "o-2", "o-3"] {
        steward.put(&at(id), &order(id), &sync()).unwrap();
    }
    steward
}

fn open(steward: &TestSteward, grant: &Grant<Read>, id: &str) -> Result<Order, GrantError> {
    match steward.open::<Order>(grant, &at(id)) {
        Ok(order) => Ok(order),
        Err(OpenError::Grant(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

fn last(world: &World) -> Entry {
    trail(world).pop().unwrap()
}

#[test]
fn promise_02_a_rule_that_wants_a_reason_opens_nothing_without_a_case() {
    let world = obliging("reason = true");
    let steward = stocked(&world);
    let denial = steward.authorize(&question(&world, "support")).unwrap().granted().unwrap_err();
    assert_eq!((denial.outstanding(), denial.answer()), (Some(Obligation::Reason), Answer::Allowed));
    let obliges = Reason::Undischarged { obligation: Obligation::Reason, second_named: false };
    assert_eq!(denial.explain().reasons, [Reason::AllowedBy(Name::new("auditor-looks")), obliges]);
    let AuditEvent::Decided { outcome: DecidedAs::Undischarged, rule: Some(_), .. } = last(&world).event
    else {
        panic!("{:?}", last(&world))
    };

    let with = granted(&steward, question(&world, "support").for_case("case-7"));
    let opened = open(&steward, &with, "o-1").unwrap();
    assert_eq!(opened.buyer.expose(&with).unwrap(), "o-1");
}

#[test]
fn promise_02_what_was_done_for_a_grant_is_on_record_whatever_the_level() {
    for (obligations, done) in [("reason = true", true), ("max_records = 3", false)] {
        let world = obliging(obligations);
        let steward = stocked(&world);
        let orders = Resource::category(TENANT, "orders", Level::Internal);
        let by = auditor(&world, "user-aud");
        let question = Question::read(by, orders, Purpose::new("support")).for_case("case-7");
        let before = trail(&world).len();
        granted(&steward, question);
        assert_eq!(trail(&world).len() - before, usize::from(done), "{obligations}");
        if done {
            let AuditEvent::Decided { case: Some(case), level: Level::Internal, emergency: false, .. } =
                last(&world).event
            else {
                panic!("{:?}", last(&world))
            };
            assert_eq!(case.as_str(), "case-7");
        }
    }
}

#[test]
fn promise_02_four_eyes_are_of_two_people_who_may_both() {
    let world = obliging("four_eyes = true");
    let steward = stocked(&world);
    let ask = |second: Option<Principal>| {
        let question = question(&world, "support");
        let question = second.into_iter().fold(question, Question::approved_by);
        let answer = steward.authorize(&question).unwrap().granted();
        let AuditEvent::Decided { approved_by, outcome, .. } = last(&world).event else {
            panic!("no decision")
        };
        assert_eq!(answer.is_ok(), approved_by.is_some(), "what is not valid is not on record");
        assert_eq!(answer.is_ok(), outcome == DecidedAs::Allowed);
        answer.map(|grant| {
            open(&steward, &grant, "o-1").unwrap();
            (last(&world).by, approved_by)
        })
    };
    let wrong = [
        None,
        Some(auditor(&world, "user-aud")),
        Some(Principal::service(TENANT, "bot").role("auditor").mfa_at(world.now())),
        Some(Principal::person("other-kg", "user-2").role("auditor").mfa_at(world.now())),
        Some(Principal::person(TENANT, "user-2").role("analyst").mfa_at(world.now())),
        Some(Principal::person(TENANT, "user-2").role("auditor")),
        Some(auditor(&world, "user-2").suspended()),
    ];
    for second in wrong {
        let denial = ask(second.clone()).unwrap_err();
        assert_eq!(denial.outstanding(), Some(Obligation::FourEyes), "{second:?}");
        assert_eq!(denial.to_string().contains("whoever was named is none"), second.is_some(), "{denial}");
    }
    let (by, approved) = ask(Some(auditor(&world, "user-2"))).unwrap();
    assert!(by.is_some() && approved.is_some() && by != approved);
}

#[test]
fn promise_02_a_grant_opens_no_more_records_than_it_may() {
    let world = obliging("max_records = 2");
    let steward = stocked(&world);
    let grant = granted(&steward, question(&world, "support"));
    open(&steward, &grant, "o-1").unwrap();
    assert!(matches!(steward.open::<Order>(&grant, &at("o-9")), Err(OpenError::NotFound)), "opens none");
    open(&steward, &grant, "o-1").unwrap();
    let before = trail(&world).len();
    assert_eq!(open(&steward, &grant, "o-2").unwrap_err(), GrantError::NoMoreRecords { most: 2 });
    let told = &trail(&world)[before..];
    assert!(
        matches!(
            told,
            [Entry {
                event: AuditEvent::OpenRefused { why: OpenRefusal::NoMoreRecords, .. },
                by: Some(_),
                ..
            }]
        ),
        "what is not opened is not on record as opened: {told:?}"
    );
    open(&steward, &granted(&steward, question(&world, "support")), "o-2").unwrap();

    // A view goes as far as the grant, and says where it stopped.
    let grant = granted(&steward, question(&world, "support"));
    let page = steward.open_anonymised::<Order>(&grant, &tenant(), None, 9).unwrap();
    assert!(page.records.len() == 2 && page.next.is_some(), "{page:?}");
    let more = steward.open_anonymised::<Order>(&grant, &tenant(), page.next.as_ref(), 9);
    assert!(matches!(more, Err(OpenError::Grant(GrantError::NoMoreRecords { most: 2 }))));
}

/// What is exported is opened by the grant for it, so that its rule's bound holds.
#[test]
fn promise_02_an_export_takes_no_more_records_than_it_may() {
    let mut world = obliging("max_records = 2");
    let mut document = world.policy.document().clone();
    for rule in document.access.allow.iter_mut().filter(|rule| rule.id == *"auditor-looks") {
        rule.actions = [Action::Export].into();
    }
    world.policy = Policy::from_document(document).unwrap();
    let steward = stocked(&world);
    let orders = Resource::category(TENANT, "orders", Level::Confidential);
    let question = Question::export(auditor(&world, "user-aud"), orders, Purpose::new("support"));
    let grant = granted(&steward, question);
    for id in ["o-1", "o-2"] {
        let order: Order = steward.open(&grant, &at(id)).unwrap();
        assert_eq!(order.buyer.expose(&grant).unwrap(), id);
    }
    let third = steward.open::<Order>(&grant, &at("o-3"));
    assert!(matches!(third, Err(OpenError::Grant(GrantError::NoMoreRecords { most: 2 }))));
}

#[test]
fn promise_02_what_is_masked_is_neither_exposed_nor_written() {
    let world = obliging("mask_above = \"internal\"");
    let steward = stocked(&world);
    let grant = granted(&steward, question(&world, "support"));
    assert_eq!((grant.level(), grant.shows_up_to()), (Level::Confidential, Level::Internal));
    let order = open(&steward, &grant, "o-1").unwrap();
    assert_eq!(order.number.expose(&grant).unwrap(), "no-o-1");
    assert!(order.buyer.expose(&grant).is_err() && order.expose(&grant).is_err());

    let mut screen = world.policy.sink("support_screen", |text: &String| text.len()).unwrap();
    assert_eq!(screen.write_with(&order.number, &grant), Ok("no-o-1".len()));
    let refused = screen.write_with(&order.buyer, &grant);
    assert!(matches!(refused, Err(FlowDenied::NotShown { granted: Level::Internal })), "{refused:?}");

    // To the label of a value that has lost its class it applies just so.
    assert!(order.buyer.labelled(&world.policy).expose(&grant).is_err());
}

#[test]
fn promise_02_an_anonymised_view_names_nobody_and_is_all_that_its_grant_opens() {
    let world = obliging("anonymised = true");
    let steward = stocked(&world);
    steward.put(&about(ADA).record("o-4"), &order("ada"), &sync()).unwrap();
    let grant = granted(&steward, question(&world, "support"));
    assert_eq!(open(&steward, &grant, "o-1").unwrap_err(), GrantError::AnonymisedOnly);
    let sealed = steward.seal(&at("o-1"), "Own", "buyer", &order("x").buyer).unwrap();
    let column = steward.open_sealed::<String, BuyerName>(&grant, &at("o-1"), "Own", "buyer", &sealed);
    assert!(matches!(column, Err(OpenError::Grant(GrantError::AnonymisedOnly))));
    assert!(order("x").buyer.expose(&grant).is_err() && order("x").number.expose(&grant).is_err());

    let page = steward.open_anonymised::<Order>(&grant, &tenant(), None, 9).unwrap();
    let numbers: Vec<_> = page.records.iter().map(|record| record["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["no-ada", "no-o-1", "no-o-2", "no-o-3"], "in an order of their own");
    assert!(page.records.iter().all(|record| record.len() == 1), "{page:?}");
    let said = format!("{page:?}");
    for name in [ADA, BUYER, SHOP, "\"o-1\"", "buyer"] {
        assert!(!said.contains(name), "{name}: {said}");
    }

    // Page by page it is the same, and no cursor tells where it stands.
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = steward.open_anonymised::<Order>(&grant, &tenant(), after.as_ref(), 2).unwrap();
        paged.extend(page.records);
        after = page.next;
        match &after {
            Some(cursor) => assert_eq!(format!("{cursor:?}"), "ViewCursor"),
            None => break,
        }
    }
    paged.sort_by_key(|record| record["number"].to_string());
    assert_eq!(paged, page.records);

    // It cannot be asked for one person or one record, nor for another tenant.
    let by = auditor(&world, "user-aud");
    let at_one = Resource::at::<Order>(&at("o-1"));
    let one = granted(&steward, Question::read(by, at_one, Purpose::new("support")));
    let narrow = steward.open_anonymised::<Order>(&one, &tenant(), None, 9);
    assert!(matches!(narrow, Err(OpenError::Grant(GrantError::OtherPlace))), "it would tell of one");
    let theirs = steward.open_anonymised::<Order>(&grant, &"other-kg".into(), None, 9);
    assert!(matches!(theirs, Err(OpenError::Grant(GrantError::OtherPlace))));

    steward.revoke(&shop_scope(), "the seller asked").unwrap();
    let gone = steward.open_anonymised::<Order>(&grant, &tenant(), None, 9).unwrap();
    assert!(gone.records.is_empty(), "{gone:?}");
}

#[test]
fn promise_02_a_view_leaves_out_what_records_are_found_by_and_what_is_masked() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &pacing("ada"), &sync()).unwrap();
    let by = Principal::person(TENANT, "user-ann").role("analyst").mfa_at(world.now());
    let resource = Resource::category(TENANT, "operational", Level::Internal);
    let grant = granted(&steward, Question::read(by, resource, Purpose::new("improve")));
    let view = steward.open_anonymised::<Pacing>(&grant, &tenant(), None, 9).unwrap();
    assert!(view.records.is_empty(), "both fields are found by: {view:?}");

    let masked = obliging("mask_above = \"public\"");
    let steward = stocked(&masked);
    let grant = granted(&steward, question(&masked, "support"));
    assert!(steward.open_anonymised::<Order>(&grant, &tenant(), None, 9).unwrap().records.is_empty());
}

#[test]
fn promise_02_a_grant_that_was_taken_back_opens_nothing() {
    let world = obliging("max_records = 9");
    let steward = stocked(&world);
    let ask = |id: &str| {
        let orders = Resource::category(TENANT, "orders", Level::Confidential);
        granted(&steward, Question::read(auditor(&world, id), orders, Purpose::new("support")))
    };
    let (gone, stays) = (ask("user-aud"), ask("user-2"));
    open(&steward, &gone, "o-1").unwrap();
    steward.revoke_grants(&world.owner(), &PrincipalId::new("user-aud")).unwrap();
    assert_eq!(open(&steward, &gone, "o-1").unwrap_err(), GrantError::Revoked);
    let view = steward.open_anonymised::<Order>(&gone, &tenant(), None, 9);
    assert!(matches!(view, Err(OpenError::Grant(GrantError::Revoked))));
    open(&steward, &stays, "o-1").unwrap();
    let entry = trail(&world).into_iter().rev().find(|e| matches!(e.event, AuditEvent::GrantsRevoked { .. }));
    let Some(Entry { event: AuditEvent::GrantsRevoked { of: Some(of) }, by: Some(by), .. }) = entry else {
        panic!("{entry:?}")
    };
    assert_ne!(of, by);
    // Of another tenant nobody takes anything back, and what is given from now on opens.
    let other = Principal::person("other-kg", "user-1").role("owner");
    steward.revoke_grants(&other, &PrincipalId::new("user-2")).unwrap();
    open(&steward, &stays, "o-1").unwrap();
    open(&steward, &ask("user-aud"), "o-1").unwrap();
    assert_eq!(open(&steward, &gone, "o-1").unwrap_err(), GrantError::Revoked);
}

#[test]
fn promise_02_a_grant_opens_nothing_through_another_steward() {
    let world = obliging("max_records = 9");
    let (steward, other) = (stocked(&world), world.steward());
    let grant = granted(&other, question(&world, "support"));
    assert_eq!(open(&steward, &grant, "o-1").unwrap_err(), GrantError::OtherSteward, "of the same stores");
    assert!(matches!(last(&world).event, AuditEvent::OpenRefused { why: OpenRefusal::OtherSteward, .. }));
    let check = |steward: &TestSteward| steward.check_grant(&grant, &at("o-1"), "orders");
    assert_eq!((check(&steward), check(&other)), (Err(GrantError::OtherSteward), Ok(())));
    other.revoke_grants(&world.owner(), &PrincipalId::new("user-aud")).unwrap();
    assert_eq!(check(&other), Err(GrantError::Revoked));
    // A clock that is set back brings none to life.
    world.clock.set(grant.given() - chrono::TimeDelta::days(1));
    assert_eq!(check(&other), Err(GrantError::Revoked));
}

#[test]
fn promise_02_an_emergency_wants_a_case_ends_soon_and_is_always_on_record() {
    let world = obliging("max_records = 9");
    let steward = stocked(&world);
    let internal = |case: Option<&str>| {
        let orders = Resource::category(TENANT, "orders", Level::Internal);
        let by = auditor(&world, "user-aud");
        let question = Question::read(by, orders, Purpose::new("emergency"));
        case.into_iter().fold(question, |question, case| question.for_case(case))
    };
    let before = trail(&world).len();
    let Access::Denied(denial) = steward.authorize(&internal(None)).unwrap() else { panic!("no case") };
    assert_eq!(denial.explain().reasons, [Reason::CaseRequired]);
    granted(&steward, internal(Some("incident-3")));
    let entries = &trail(&world)[before..];
    let told: Vec<_> = entries
        .iter()
        .map(|entry| match &entry.event {
            AuditEvent::Decided { emergency, case, level: Level::Internal, .. } => {
                (*emergency, case.as_ref().map(|case| case.as_str().to_owned()))
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, [(true, None), (true, Some("incident-3".to_owned()))]);

    let grant = granted(&steward, question(&world, "emergency").for_case("incident-3"));
    assert_eq!(grant.expires(), world.now() + chrono::TimeDelta::minutes(30));
    open(&steward, &grant, "o-1").unwrap();
    // Also an opening that no level puts on record.
    let low = granted(&steward, internal(Some("incident-3")));
    let before = trail(&world).len();
    steward.open_anonymised::<Order>(&low, &tenant(), None, 9).unwrap();
    assert!(matches!(trail(&world)[before..], [Entry { event: AuditEvent::Opened { .. }, by: Some(_), .. }]));
    world.clock.set(grant.expires() - chrono::TimeDelta::milliseconds(1));
    open(&steward, &grant, "o-1").unwrap();
    world.clock.set(grant.expires());
    assert!(matches!(open(&steward, &grant, "o-1").unwrap_err(), GrantError::Expired { .. }));
    // A clock that is set back brings nothing back.
    world.clock.set(grant.expires() - chrono::TimeDelta::minutes(20));
    assert!(matches!(open(&steward, &grant, "o-1").unwrap_err(), GrantError::Expired { .. }));
}
