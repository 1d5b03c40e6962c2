//! 10: the trail is read by a grant alone, that it is read is on it, and a reader finds what is there, within one tenant.

use stewardship::access::{ActionType, Grant, GrantError, Read};
use stewardship::audit::tree::{Frontier, leaf_hash};
use stewardship::audit::{AuditEvent, Entry, Term, TrailBreak, TrailSearch};
use stewardship::classification::Level;
use stewardship::contracts::{AuditLog, EntryBody, Ports, StoredEntry};
use stewardship::engine::{TrailError, TrailPage, TrailQuery, TrailReadError};
use stewardship::id::PrincipalId;
use stewardship::{Period, Place, Principal, Purpose, Question, Resource, block_on};

use super::life::{BOB, trail};
use super::p10_trail::erase;
use crate::world::*;

const RULE: &str = "integration-reads-platform-data";

/// What asks for an action, as [`Question::read`] does.
pub(crate) type Asks<A> = fn(Principal, Resource, Purpose) -> Question<A>;

pub(crate) fn may<A: ActionType>(steward: &TestSteward, by: Principal, asks: Asks<A>) -> Grant<A> {
    let resource = Resource::category(by.tenant(), "audit_trail", Level::Confidential);
    granted(steward, asks(by, resource, Purpose::new("security")))
}

pub(crate) fn reader(world: &World, steward: &TestSteward) -> Grant<Read> {
    may(steward, world.officer(), Question::read)
}

fn stranger(world: &World) -> Principal {
    Principal::person("other-kg", "user-1").role("privacy_officer").mfa_at(world.now())
}

/// Every page, joined.
pub(crate) fn read_all(steward: &TestSteward, grant: &Grant<Read>, query: &TrailQuery) -> Vec<(u64, Entry)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let TrailPage { entries, next, .. } = steward.read_trail(grant, query, after).unwrap();
        assert!(entries.len() <= 256);
        all.extend(entries);
        after = next;
        if next.is_none() {
            return all;
        }
    }
}

/// Data of two people, a request, another tenant, and time between them.
fn furnished() -> (World, TestSteward) {
    let world = World::new();
    let steward = world.connected();
    for (person, word) in [(ADA, "ada"), (BOB, "bob")] {
        steward.put(&about(person), &creator(word), &sync()).unwrap();
        steward.put(&about(person).record(format!("o-{word}")), &order(word), &sync()).unwrap();
        world.clock.advance(Period::days(1));
        read::<Creator>(&steward, &about(person)).unwrap();
    }
    steward.put(&at_shop().record("o-9"), &order("nobody"), &sync()).unwrap();
    let theirs = stranger(&world);
    steward.accept_terms(&theirs, world.policy.digest()).unwrap();
    may(&steward, theirs, Question::read);
    let orders = Resource::category(TENANT, "orders", Level::Confidential);
    let asked = Question::export(world.officer(), orders, Purpose::new("subject_requests"));
    granted(&steward, asked.assigned_case(true).for_case("case-7"));
    (world, steward)
}

#[test]
fn promise_10_a_query_finds_exactly_what_the_trail_has_of_it() {
    let (world, steward) = furnished();
    let grant = reader(&world, &steward);
    let own = steward.trail_name(&world.officer()).unwrap();
    let service = steward.trail_name(&integration()).unwrap();
    let of_ada = trail(&world).into_iter().find(|entry| entry.subject.is_some()).unwrap().subject;
    let tenant = trail(&world).into_iter().find(|entry| entry.subject.is_some()).unwrap().tenant;
    let record = |at: &Place| {
        let found = read_all(&steward, &grant, &TrailQuery::record(at));
        found.first().and_then(|(_, entry)| entry.record)
    };
    let (order, loose) = (record(&about(ADA).record("o-ada")), record(&at_shop().record("o-9")));
    assert!(order.is_some() && loose.is_some() && order != loose);
    let later = Period::hours(36).after(moment("2026-11-22T09:00:00Z"));
    type Is<'a> = Box<dyn Fn(&Entry) -> bool + 'a>;
    let ruled = |event: &AuditEvent, rule: &str| match event {
        AuditEvent::Decided { rule: own, .. } => own.as_ref().is_some_and(|own| own == rule),
        AuditEvent::Opened { rule: own, .. } | AuditEvent::TrailRead { rule: own, .. } => own == rule,
        _ => false,
    };
    let queries: [(TrailQuery, Is<'_>, usize); 10] = [
        (TrailQuery::any(), Box::new(|_| true), 15),
        (TrailQuery::about(ADA), Box::new(|entry| entry.subject == of_ada), 4),
        (TrailQuery::by(world.officer().id().clone()), Box::new(|entry| entry.by == own), 2),
        (TrailQuery::by(integration().id().clone()), Box::new(|entry| entry.by == service), 4),
        (
            TrailQuery::case("case-7"),
            Box::new(|entry| {
                matches!(
                    &entry.event,
                    AuditEvent::Decided { case: Some(_), .. } | AuditEvent::TrailRead { case: Some(_), .. }
                )
            }),
            1,
        ),
        (TrailQuery::rule(RULE), Box::new(|entry| ruled(&entry.event, RULE)), 4),
        (TrailQuery::record(&about(ADA).record("o-ada")), Box::new(|entry| entry.record == order), 1),
        (TrailQuery::record(&at_shop().record("o-9")), Box::new(|entry| entry.record == loose), 1),
        (TrailQuery::any().since(later), Box::new(move |entry| entry.at >= later), 2),
        (
            TrailQuery::about(BOB).until(later),
            Box::new(move |entry| entry.subject.is_some() && entry.subject != of_ada && entry.at < later),
            1,
        ),
    ];
    for (query, is, at_least) in queries {
        let expected: Vec<(u64, Entry)> =
            (0..).zip(trail(&world)).filter(|(_, entry)| entry.tenant == tenant && is(entry)).collect();
        let found = read_all(&steward, &grant, &query);
        assert!(found.len() >= at_least, "{query:?}: {}", found.len());
        // The reading itself comes after what it was looked through before.
        let (shown, last) = found.split_at(expected.len());
        assert_eq!(shown, expected, "{query:?}");
        assert!(
            last.iter().all(|(_, entry)| matches!(entry.event, AuditEvent::TrailRead { .. })),
            "{query:?}"
        );
    }
}

#[test]
fn promise_10_pages_join_up_and_end() {
    let (world, steward) = furnished();
    for _ in 0..600 {
        read::<Creator>(&steward, &about(BOB)).unwrap();
    }
    let grant = reader(&world, &steward);
    let tenant = trail(&world).pop().unwrap().tenant;
    let expected: Vec<u64> = (0..)
        .zip(trail(&world))
        .filter(|(_, entry)| entry.tenant == tenant)
        .map(|(index, _)| index)
        .collect();
    let found: Vec<u64> =
        read_all(&steward, &grant, &TrailQuery::any()).into_iter().map(|(index, _)| index).collect();
    assert!(expected.len() > 1_200 && found.starts_with(&expected));
    // One entry more for each page, and no page more for them.
    assert!(found.len() - expected.len() <= 6, "{} and {}", found.len(), expected.len());
}

#[test]
fn promise_10_nobody_reads_the_trail_without_a_grant_for_it() {
    let (world, steward) = furnished();
    let refused = |steward: &TestSteward, grant: &Grant<Read>, query: &TrailQuery| {
        let before = trail(&world).len();
        let refused = steward.read_trail(grant, query, None).unwrap_err();
        let told = trail(&world).split_off(before);
        assert!(matches!(told[..], [Entry { event: AuditEvent::OpenRefused { .. }, .. }]), "{told:?}");
        refused
    };
    let any = TrailQuery::any();
    let orders = grant::<Order>(&steward, &about(ADA).record("o-ada"));
    assert!(matches!(
        refused(&steward, &orders, &any),
        TrailReadError::Grant(GrantError::OtherCategory { .. })
    ));
    let resource = Resource::category(TENANT, "audit_trail", Level::Internal);
    let low = Question::read(world.officer(), resource, Purpose::new("security"));
    assert!(matches!(refused(&steward, &granted(&steward, low), &any), TrailReadError::AboveGrant { .. }));
    let narrow = Resource::category(about(ADA), "audit_trail", Level::Confidential);
    let narrow = granted(&steward, Question::read(world.officer(), narrow, Purpose::new("security")));
    assert!(matches!(refused(&steward, &narrow, &any), TrailReadError::Grant(GrantError::OtherPlace)));
    let elsewhere = TrailQuery::record(&Place::tenant("other-kg").record("o-1"));
    let grant = reader(&world, &steward);
    assert!(matches!(refused(&steward, &grant, &elsewhere), TrailReadError::Grant(GrantError::OtherPlace)));
    steward.revoke_grants(&world.owner(), &PrincipalId::new("user-petra")).unwrap();
    assert!(matches!(refused(&steward, &grant, &any), TrailReadError::Grant(GrantError::Revoked)));
    world.clock.advance(Period::hours(2));
    assert!(matches!(refused(&steward, &grant, &any), TrailReadError::Grant(GrantError::Expired { .. })));

    let closed = World::under(&POLICY.replace("[audit]\ncategory = \"audit_trail\"\n", "[audit]\n").replace(
        "[[retention.rule]]\nid = \"token",
        "[[retention.rule]]\nid = \"trail\"\ncategory = \"audit_trail\"\nfrom = \"stored\"\nkeep = \"1 year\"\ndispose = \"delete\"\n\
         basis = \"security\"\n\n[[retention.rule]]\nid = \"token",
    ));
    let steward = closed.connected();
    let grant = reader(&closed, &steward);
    assert!(matches!(steward.read_trail(&grant, &any, None), Err(TrailReadError::NobodyMay)));
}

#[test]
fn promise_10_a_grant_shows_no_more_entries_than_it_may() {
    let rule = "id = \"trail-is-read\"\n";
    let world = World::under(&POLICY.replace(rule, &format!("{rule}obligations = {{ max_records = 5 }}\n")));
    let steward = world.connected();
    for _ in 0..6 {
        steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    }
    let grant = reader(&world, &steward);
    let first = steward.read_trail(&grant, &TrailQuery::about(ADA), None).unwrap();
    assert_eq!((first.entries.len(), first.next), (5, first.entries.last().map(|(index, _)| *index)));
    let refused = steward.read_trail(&grant, &TrailQuery::any(), None).unwrap_err();
    assert!(matches!(refused, TrailReadError::Grant(GrantError::NoMoreRecords { most: 5 })));
}

#[test]
fn promise_10_that_the_trail_is_read_is_on_it_before_anything_is_shown() {
    let (world, steward) = furnished();
    let grant = reader(&world, &steward);
    let name = steward.trail_name(&world.officer()).unwrap();
    for query in [TrailQuery::about(ADA), TrailQuery::by("user-sam"), TrailQuery::case("case-7")] {
        let before = trail(&world).len();
        steward.read_trail(&grant, &query, None).unwrap();
        let told = trail(&world);
        assert_eq!(told.len(), before + 1);
        let entry = &told[before];
        let AuditEvent::TrailRead { search, principal, case, rule, .. } = &entry.event else {
            panic!("{entry:?}")
        };
        assert_eq!((entry.by, rule.as_str()), (name, "trail-is-read"));
        // Whom it was about stands there under their own pseudonym, and so goes with their key.
        assert_eq!(entry.subject.is_some(), *search == TrailSearch::Subject);
        assert_eq!(principal.is_some(), *search == TrailSearch::Principal);
        assert_eq!(case.is_some(), *search == TrailSearch::Case);
        let shown = String::from_utf8(entry.to_bytes()).unwrap();
        assert!(![ADA, "user-sam", "user-petra"].iter().any(|id| shown.contains(id)), "{shown}");
    }
    let before = trail(&world).len();
    // Whichever call fails, nothing is shown; and what is shown was told.
    for n in 1.. {
        world.faults.arm(n, stewardship::contracts::Moment::Before);
        let told = trail(&world).len();
        let shown = steward.read_trail(&grant, &TrailQuery::any(), None);
        let crashed = world.faults.is_down();
        world.faults.recover();
        assert_eq!(shown.is_err(), crashed, "{n}");
        if !crashed {
            assert_eq!(trail(&world).len(), told + 1);
            break;
        }
    }
    assert!(trail(&world).len() > before + 1, "some got as far as the record");
}

#[test]
fn promise_10_another_tenants_person_is_as_if_there_were_none() {
    let (world, steward) = furnished();
    steward
        .put(&Place::tenant("other-kg").subject("their-own"), &note("x"), &Purpose::new("support"))
        .unwrap();
    let grant = may(&steward, stranger(&world), Question::read);
    let looks = |query: &TrailQuery| {
        let (calls, before) = (world.faults.calls(), trail(&world).len());
        let page = steward.read_trail(&grant, query, None).unwrap();
        // A search for a case is itself a part of that case.
        let reading = |(_, entry): &(u64, Entry)| matches!(entry.event, AuditEvent::TrailRead { .. });
        assert!(page.entries.iter().all(reading) && page.next.is_none(), "{query:?}: {page:?}");
        let told = trail(&world).split_off(before);
        (
            world.faults.calls() - calls,
            told.into_iter().map(|entry| (entry.subject, entry.tenant)).collect::<Vec<_>>(),
        )
    };
    assert_eq!(looks(&TrailQuery::about(ADA)), looks(&TrailQuery::about("creator-nobody")));
    assert_eq!(looks(&TrailQuery::case("case-7")), looks(&TrailQuery::case("case-9")));
    assert_eq!(looks(&TrailQuery::by("user-petra")), looks(&TrailQuery::by("user-nobody")));
    assert!(read_all(&steward, &grant, &TrailQuery::about("their-own")).len() > 1);
    let own = steward.trail_name(&stranger(&world)).unwrap();
    let all = read_all(&steward, &grant, &TrailQuery::any());
    let tenant = all[0].1.tenant;
    assert!(
        all.iter().any(|(_, entry)| entry.by == own) && all.iter().all(|(_, entry)| entry.tenant == tenant)
    );
}

#[test]
fn promise_10_after_an_erasure_a_reader_finds_nothing_of_the_person() {
    let (world, steward) = furnished();
    let found = read_all(&steward, &reader(&world, &steward), &TrailQuery::about(ADA));
    assert!(found.len() >= 4, "found while the key lives");
    erase(&world, &steward, ADA);
    let grant = reader(&world, &steward);
    assert_eq!(steward.read_trail(&grant, &TrailQuery::about(ADA), None).unwrap().entries, []);
    let of_record = TrailQuery::record(&about(ADA).record("o-ada"));
    assert_eq!(steward.read_trail(&grant, &of_record, None).unwrap().entries, []);
    assert!(!read_all(&steward, &grant, &TrailQuery::about(BOB)).is_empty());
    steward.verify_trail(None).unwrap();
}

/// What was written under a version of a key that somebody else may have is found all the same.
#[test]
fn promise_10_a_query_looks_under_every_version_of_a_key() {
    let (world, steward) = furnished();
    let grant = reader(&world, &steward);
    let before = read_all(&steward, &grant, &TrailQuery::about(ADA));
    let scope = stewardship::Scope::subject(TENANT, ADA);
    steward.mark_compromised(&scope, 1, "found in a log").unwrap();
    steward.mark_compromised(&stewardship::Scope::Tenant(tenant()), 1, "found in a log").unwrap();
    read::<Creator>(&steward, &about(ADA)).unwrap();
    let after = read_all(&steward, &grant, &TrailQuery::about(ADA));
    assert!(after.starts_with(&before) && after.len() > before.len() + 1);
    let names: std::collections::BTreeSet<_> = after.iter().map(|(_, entry)| entry.subject).collect();
    assert_eq!(names.len(), 2, "one name for each version");
}

/// Times are found as indexes are: an entry of a slow clock counts with the one before it.
#[test]
fn promise_10_times_are_found_also_where_a_clock_was_put_back() {
    let (world, steward) = furnished();
    let late = Period::days(9).after(world.now());
    let back = world.now();
    world.clock.set(late);
    read::<Creator>(&steward, &about(ADA)).unwrap();
    let there = trail(&world).len() as u64;
    world.clock.set(back);
    read::<Creator>(&steward, &about(ADA)).unwrap();
    let grant = reader(&world, &steward);
    let since = read_all(&steward, &grant, &TrailQuery::about(ADA).since(late));
    assert!(since.iter().any(|(index, entry)| *index >= there && entry.at == back));
    assert!(
        read_all(&steward, &grant, &TrailQuery::about(ADA).until(late))
            .iter()
            .all(|(index, _)| *index < there)
    );
}

/// Appends an entry under terms of the caller's, hashed as other bytes where there are some: what a store might do. Gives its number.
fn slip_in(world: &World, entry: &Entry, terms: Vec<Term>, hashed: Option<&[u8]>) -> u64 {
    let mut tree = Frontier::default();
    for entry in block_on(world.memory.audit().read(0, usize::MAX)).unwrap() {
        tree.append(leaf_hash(entry.bytes().unwrap()));
    }
    let (index, bytes) = (tree.size(), entry.to_bytes());
    let nodes = tree.append(leaf_hash(hashed.unwrap_or(&bytes)));
    let entry = StoredEntry { index, at: world.now(), body: Some(EntryBody { bytes, terms }), nodes };
    block_on(world.memory.audit().append(vec![entry])).unwrap();
    index
}

/// A store is not taken at its word: neither for whose an entry is, nor for what it says.
#[test]
fn promise_10_what_a_store_lists_wrongly_is_not_shown() {
    let (world, steward) = furnished();
    reader(&world, &steward);
    let own = trail(&world).into_iter().find(|entry| entry.subject.is_some()).unwrap();
    let theirs = trail(&world).into_iter().find(|entry| entry.tenant.is_some() && entry.tenant != own.tenant);
    let mut nobodys = own.clone();
    nobodys.tenant = None;
    let started = trail(&world).remove(0);
    for (says, hashed, query) in [
        (&theirs.unwrap(), None, TrailQuery::any()),
        (&own, Some(&b"other"[..]), TrailQuery::any()),
        (&nobodys, None, TrailQuery::about(ADA)),
        (&started, None, TrailQuery::about(ADA)),
    ] {
        let world = world.fork();
        let index = slip_in(&world, says, own.terms(), hashed);
        let steward = world.steward();
        let shown = steward.read_trail(&reader(&world, &steward), &query, None);
        let altered = |refused: &TrailReadError| {
            let TrailReadError::Trail(TrailError::Broken(TrailBreak::Altered { index: at })) = refused else {
                return false;
            };
            *at == index
        };
        assert!(shown.as_ref().is_err_and(altered), "{shown:?}");
    }
}

/// What a store leaves out of a listing nobody would see who reads: `verify_trail` does.
#[test]
fn promise_10_an_entry_that_no_search_finds_is_a_break_of_the_trail() {
    let (world, steward) = furnished();
    let kept = steward.verify_trail(None).unwrap();
    let own = trail(&world).into_iter().find(|entry| entry.subject.is_some()).unwrap();
    let (terms, other) = (own.terms(), trail(&world)[0].terms()[0]);
    assert!(terms.len() > 2 && !terms.contains(&other));
    let without = |at: usize| terms.iter().enumerate().filter(move |(n, _)| *n != at).map(|(_, term)| *term);
    let mut filings: Vec<Vec<_>> = (0..terms.len()).map(|at| without(at).collect()).collect();
    filings.push(terms.iter().copied().chain([other]).collect());
    for (n, terms) in filings.into_iter().enumerate() {
        let world = world.fork();
        slip_in(&world, &own, own.terms(), None);
        assert!(world.steward().verify_trail(Some(kept)).is_ok());
        let index = slip_in(&world, &own, terms, None);
        // What comes after it is where it should be; one that is listed too often is found where something else is missing, or nowhere.
        slip_in(&world, &own, own.terms(), None);
        let found = world.steward().verify_trail(Some(kept));
        let misfiled = |broken: &TrailError| matches!(broken, TrailError::Broken(TrailBreak::Misfiled { index: at }) if *at == index);
        assert!(found.as_ref().is_err_and(misfiled), "{n}: {found:?}");
    }
}

/// Starts, epochs and expiries are of no tenant; whoever may read the trail of a tenant reads them.
#[test]
fn promise_10_what_is_of_no_tenant_is_found_too() {
    let (world, steward) = furnished();
    steward.rotate_epoch().unwrap();
    let grant = reader(&world, &steward);
    let found = read_all(&steward, &grant, &TrailQuery::system());
    let words: Vec<_> = found.iter().map(|(_, entry)| entry.event.word()).collect();
    assert!(words.contains(&"started") && words.contains(&"epoch_opened"), "{words:?}");
    assert!(
        found
            .iter()
            .all(|(_, entry)| entry.tenant.is_none() && entry.by.is_none() && entry.subject.is_none())
    );
    let last = trail(&world).pop().unwrap();
    assert!(matches!(last.event, AuditEvent::TrailRead { search: TrailSearch::System, .. }), "{last:?}");
}
