//! What outlives a person's erasure under a pseudonym (S2.12): one name for all that is there, and no way back to the person.

use std::collections::BTreeSet;

use stewardship::classification::Level;
use stewardship::contracts::{
    DocumentKind, DocumentStore, Expected, FieldBody, KeyStore, Moment, Ports, RecordQuery, RecordRow,
    RecordStore,
};
use stewardship::crypto::pseudonym;
use stewardship::dsr::{AnyCase, Outcome, Reviewed, Verdict, VerificationMethod};
use stewardship::engine::{KeyError, PutError};
use stewardship::id::{CaseId, SubjectId};
use stewardship::policy::RequestKind;
use stewardship::retention::{Hold, HoldCover};
use stewardship::{NewRequest, Period, Place, Principal, Purpose, Question, Resource, Scope, block_on};

use super::p10_trail::keys_left;
use crate::world::*;

const BOB: &str = "buyer-bob-4";

/// The policy as it is, and with the level of these records sealed.
fn policies() -> [String; 2] {
    let level = "[levels.internal]\n";
    assert!(POLICY.contains(level));
    [POLICY.to_owned(), POLICY.replace(level, &format!("{level}seal = \"aes-256\"\n"))]
}

fn rows(world: &World) -> Vec<RecordRow> {
    block_on(world.memory.records().list(&RecordQuery::default(), None, 999)).unwrap()
}

fn put(steward: &TestSteward, place: &Place, word: &str) {
    steward.put(place, &pacing(word), &sync()).unwrap();
}

/// Takes a request to where it can be carried out.
pub(super) fn planned(world: &World, steward: &TestSteward, kind: RequestKind, subject: &str, id: &str) {
    let new = NewRequest::new(TENANT, kind, "support channel", "somebody@example.com");
    let case = steward.receive(&new.id(id).subject(subject)).unwrap();
    let case = steward.verify(case, VerificationMethod::SignedIn, &world.officer()).unwrap();
    match steward.review(case, &world.officer(), Verdict::Approve).unwrap() {
        Reviewed::Approved(case) => steward.plan(case).unwrap(),
        Reviewed::Closed(case) => panic!("{case:?}"),
    };
}

fn carry_out(world: &World, steward: &TestSteward, id: &str) -> Option<stewardship::engine::Export> {
    let AnyCase::Planned(case) = steward.case(&tenant(), &CaseId::new(id)).unwrap() else {
        panic!("it is planned")
    };
    let (case, export) = steward.carry_out(case, &world.officer()).unwrap();
    let case = steward.platform_answered(case, "tiktok-shop", Ok(())).unwrap();
    steward.close(case).unwrap();
    export
}

fn kept(steward: &TestSteward, id: &str) -> Vec<(u64, String)> {
    let AnyCase::Closed(case) = steward.case(&tenant(), &CaseId::new(id)).unwrap() else {
        panic!("it is closed")
    };
    let Some(Outcome::Completed { kept }) = case.file().outcome() else { panic!("{case:?}") };
    kept.iter().map(|kept| (kept.count, kept.reason.clone())).collect()
}

fn erase(world: &World, steward: &TestSteward, subject: &str, id: &str) -> Vec<(u64, String)> {
    planned(world, steward, RequestKind::Deletion, subject, id);
    carry_out(world, steward, id);
    kept(steward, id)
}

fn why() -> String {
    "kept under a pseudonym: operational records (category `operational`)".to_owned()
}

/// Every name that anybody can make of an identifier with the keys that are left, whatever the use.
fn names(world: &World, ids: &[&str]) -> BTreeSet<String> {
    let mut made = BTreeSet::new();
    for key in keys_left(world) {
        let keys = ["pseudonym", "audit", "index", "subject", "record"].map(|label| key.derive(label));
        for key in keys.iter().chain([&key]) {
            for kind in ["subject", "record", "tenant", "principal", "connection", "case", ""] {
                made.extend(
                    ids.iter().map(|id| {
                        format!("pseudonym-{:032x}", u128::from_be_bytes(pseudonym(key, kind, id)))
                    }),
                );
            }
        }
    }
    made
}

fn alias_of(rows: &[RecordRow], id: &str) -> SubjectId {
    let row = rows.iter().find(|row| row.key.id.as_str() == id).unwrap();
    row.subject.clone().unwrap()
}

/// Everything that the record store holds, as text.
fn record_text(world: &World) -> String {
    rows(world)
        .iter()
        .map(|row| {
            let bodies = row.fields.iter().map(|field| match &field.body {
                FieldBody::Sealed(bytes) | FieldBody::Clear(bytes) => {
                    String::from_utf8_lossy(bytes).into_owned()
                }
            });
            format!("{}{}", serde_json::to_string(row).unwrap(), bodies.collect::<String>())
        })
        .collect()
}

#[test]
fn promise_10_what_outlives_an_erasure_is_linked_to_the_person_by_no_key_that_is_left() {
    for policy in policies() {
        let world = World::under(&policy);
        let steward = world.connected();
        let own = format!("round of {ADA}");
        put(&steward, &about(ADA), "ada");
        put(&steward, &about(ADA).record("round-1"), "ada-again");
        put(&steward, &about(ADA).record(own.as_str()), "ada-own");
        put(&steward, &about(BOB).record("round-2").about("by", ADA), "two");
        put(&steward, &about(BOB).record("round-3"), "bob");
        steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
        let before = names(&world, &[ADA, &own]);

        let kept = erase(&world, &steward, ADA, "case-1");
        assert_eq!(kept, [(4, why())]);
        let after = rows(&world);
        assert_eq!(after.len(), 5, "the creator is gone, and nothing else");
        let alias = alias_of(&after, "round-1");
        // All about the person under one name; what named the person in an identifier under another.
        let about_alias = after.iter().filter(|row| row.subject.as_ref() == Some(&alias));
        let ids: BTreeSet<_> = about_alias.map(|row| row.key.id.as_str()).collect();
        assert!(ids.len() == 3 && ids.contains(alias.as_str()) && ids.contains("round-1"), "{ids:?}");
        let two = after.iter().find(|row| row.key.id.as_str() == "round-2").unwrap();
        assert_eq!(two.subject.as_ref().unwrap().as_str(), BOB);
        assert_eq!(two.fields[1].subject.as_ref(), Some(&alias));
        assert_eq!(alias_of(&after, "round-3").as_str(), BOB);

        // While the key lived it led there: the search is a good one. Now no key does.
        assert!(ids.iter().filter(|id| **id != "round-1").all(|id| before.contains(*id)), "{ids:?}");
        let left = names(&world, &[ADA, &own]);
        assert!(!left.is_empty() && ids.iter().all(|id| !left.contains(*id)));
        assert!(!record_text(&world).contains(ADA));
        // Nothing else that is stored knows the pseudonym, but for the scope that its own values are sealed under.
        for kind in DocumentKind::ALL {
            for document in block_on(world.memory.documents().list(*kind, None, None, 999)).unwrap() {
                let text = format!("{}{}", document.key.id, String::from_utf8_lossy(&document.body));
                assert!(!text.contains("pseudonym-"), "{text}");
            }
        }
        assert!(super::life::trail(&world).iter().all(|entry| !format!("{entry:?}").contains("pseudonym-")));
        for row in block_on(world.memory.keys().scopes(None, 999)).unwrap() {
            let text = serde_json::to_string(&row).unwrap();
            assert!(!(text.contains(ADA) && text.contains(alias.as_str())), "{text}");
        }
    }
}

#[test]
fn promise_10_what_outlives_an_erasure_is_read_under_its_pseudonym_and_found_by_nothing_else() {
    for policy in policies() {
        let world = World::under(&policy);
        let steward = world.connected();
        put(&steward, &about(ADA), "ada");
        put(&steward, &about(BOB).record("round-2").about("by", ADA), "two");
        let hand = |word: &str| steward.find::<Pacing>(&tenant(), "by", &format!("hand of {word}")).unwrap();
        assert_eq!((hand("ada").len(), hand("two").len()), (1, 1));
        erase(&world, &steward, ADA, "case-1");

        let alias = rows(&world)[0].subject.clone().unwrap();
        assert!(alias.as_str().starts_with("pseudonym-"), "{alias:?}");
        assert_eq!(
            read::<Pacing>(&steward, &about(alias.as_str())).unwrap(),
            ["\"state of ada\"", "\"hand of ada\""]
        );
        let two = about(BOB).record("round-2").about("by", alias.as_str());
        assert_eq!(read::<Pacing>(&steward, &two).unwrap(), ["\"state of two\"", "\"hand of two\""]);
        assert!(read::<Pacing>(&steward, &about(ADA)).is_err());
        assert_eq!((hand("ada"), hand("two")), (vec![], vec![]), "its entries of the blind index are gone");
        let state = steward.find::<Pacing>(&tenant(), "state", "state of two").unwrap();
        assert_eq!(state, [SubjectId::new(BOB)], "another person's are there");

        planned(&world, &steward, RequestKind::Access, ADA, "case-2");
        let export = carry_out(&world, &steward, "case-2").unwrap().into_json().to_string();
        assert!(!export.contains("state of") && !export.contains("hand of"), "{export}");
    }
}

/// A person of whom there are records in the clear alone has no key yet: one is made, and goes at once.
#[test]
fn promise_10_a_person_without_a_key_is_not_found_by_the_pseudonym_either() {
    let world = World::new();
    let steward = world.connected();
    put(&steward, &about(ADA), "ada");
    let scope = Scope::subject(TENANT, ADA);
    assert!(block_on(world.memory.keys().scope(&scope)).unwrap().is_none());
    assert_eq!(erase(&world, &steward, ADA, "case-1"), [(1, why())]);
    let row = block_on(world.memory.keys().scope(&scope)).unwrap().unwrap();
    assert!(row.closed.is_some() && row.keys.len() == 1 && row.epochs().next().is_none(), "{row:?}");
    assert!(!names(&world, &[ADA]).contains(rows(&world)[0].key.id.as_str()));
    // Whoever is erased does not come back under the old name, sealed or in the clear.
    let again = steward.put(&about(ADA), &pacing("ada"), &sync());
    assert!(matches!(again, Err(PutError::Key(KeyError::Closed { .. }))), "{again:?}");
    put(&steward, &about(BOB), "bob");
}

#[test]
fn promise_06_what_outlives_an_erasure_goes_by_its_own_rule() {
    let from = "category = \"operational\"\nfrom = \"stored\"";
    assert!(POLICY.contains(from));
    // The event is one of the person's scope, which the pseudonym does not lead to: the record takes it along.
    let ended = POLICY.replace(from, "category = \"operational\"\nfrom = \"relationship_ended\"");
    for policy in [POLICY.to_owned(), ended] {
        let world = World::under(&policy);
        let steward = world.connected();
        put(&steward, &about(ADA), "ada");
        steward.happened(&Scope::subject(TENANT, ADA), "relationship_ended", world.now()).unwrap();
        erase(&world, &steward, ADA, "case-1");
        world.clock.advance(Period::days(300));
        steward.sweep().unwrap();
        assert_eq!(rows(&world).len(), 1, "its time has not come");
        world.clock.advance(Period::days(66));
        let gone: u64 = steward.sweep().unwrap().disposals.iter().map(|disposal| disposal.records).sum();
        assert_eq!((rows(&world).len(), gone), (0, 1));
    }
}

#[test]
fn promise_05_what_is_on_hold_gets_no_pseudonym_and_goes_when_the_hold_is_lifted() {
    for policy in policies() {
        let world = World::under(&policy);
        let steward = world.connected();
        put(&steward, &about(ADA), "ada");
        let covers = HoldCover::tenant(TENANT).subject(ADA);
        steward.place_hold(&Hold::new("lit-7", covers, "a dispute", "legal", world.now())).unwrap();
        let kept = erase(&world, &steward, ADA, "case-1");
        assert!(matches!(&kept[..], [(1, why)] if why.contains("hold `lit-7`")), "{kept:?}");
        assert_eq!(rows(&world)[0].subject.as_ref().unwrap().as_str(), ADA);
        assert!(read::<Pacing>(&steward, &about(ADA)).is_ok());
        steward.sweep().unwrap();
        assert_eq!(rows(&world).len(), 1);
        steward.lift_hold(&tenant(), "lit-7").unwrap();
        steward.sweep().unwrap();
        assert_eq!(rows(&world).len(), 0);
    }
}

/// Records of a category above Internal, from before the policy said that it outlives erasures, are erased.
#[test]
fn promise_10_what_was_stored_above_internal_does_not_outlive_an_erasure() {
    let keeping = "[categories.creators]\n";
    let later = POLICY.replacen(keeping, &format!("{keeping}on_erasure = \"pseudonymise\"\n"), 1);
    assert!(stewardship::Policy::from_toml(&later).is_err(), "no policy may say so");
    let world = World::new();
    let steward = world.connected();
    put(&steward, &about(ADA), "ada");
    let mut row = rows(&world).remove(0);
    let expected = Expected::Version(row.version);
    (row.level, row.version) = (Level::Confidential, expected.next());
    block_on(world.memory.records().put(row, expected)).unwrap();
    assert_eq!(erase(&world, &steward, ADA, "case-1"), []);
    assert_eq!(rows(&world).len(), 0);
}

/// Every call of the erasure, before and after it takes effect, for a person with records in the clear alone and for one with sealed
/// ones: the same records under the same kind of name, counted once.
#[test]
fn promise_09_a_crash_while_a_pseudonym_is_given_ends_in_the_same_state() {
    for policy in policies() {
        let world = World::under(&policy);
        let steward = world.connected();
        put(&steward, &about(ADA), "ada");
        put(&steward, &about(ADA).record("round-1"), "again");
        put(&steward, &about(BOB).record("round-2").about("by", ADA), "two");
        planned(&world, &steward, RequestKind::Deletion, ADA, "case-1");
        let lived = |crash: Option<(u64, Moment)>, hours: u32| {
            let world = world.fork();
            let begun = world.faults.calls();
            if let Some((n, moment)) = crash {
                world.faults.arm(n, moment);
            }
            loop {
                let done = world.start().is_ok_and(|steward| {
                    let case = steward.case(&tenant(), &CaseId::new("case-1"));
                    let Ok(AnyCase::Planned(case)) = case else { return false };
                    steward.carry_out(case, &world.officer()).is_ok()
                });
                if !world.faults.is_down() {
                    assert!(done);
                    break;
                }
                world.faults.recover();
                world.clock.advance(Period::hours(hours));
            }
            let calls = world.faults.calls() - begun;
            world.faults.recover();
            (seen(&world), calls)
        };
        let (expected, calls) = lived(None, 0);
        assert!(expected.0.len() == 3 && expected.1 == [(vec![(3, why())], 0)], "{expected:?}");
        for n in 1..=calls {
            for (hours, moment) in Moment::ALL.into_iter().enumerate() {
                assert_eq!(lived(Some((n, moment)), hours as u32).0, expected, "call {n}, {moment:?}");
            }
        }
    }
}

type SeenDisposal = (Vec<(u64, String)>, u64);

type SeenRow = (String, Option<String>, Vec<(Option<String>, String)>, usize);

/// The records with what they hold, pseudonyms without what chance decides; of each disposal what was kept and how many went.
fn seen(world: &World) -> (Vec<SeenRow>, Vec<SeenDisposal>) {
    let steward = world.steward();
    let short = |id: &str| id.chars().take(10).collect::<String>();
    let rows = rows(world);
    let records = rows.iter().map(|row| {
        let place = row
            .fields
            .iter()
            .fold(about(row.subject.as_ref().unwrap().as_str()).record(&row.key.id), |place, field| {
                place.about(&field.name, field.subject.as_ref().unwrap())
            });
        let values = read::<Pacing>(&steward, &place).unwrap();
        let subjects = row.fields.iter().map(|field| field.subject.as_ref().map(|id| short(id.as_str())));
        let subject = row.subject.as_ref().map(|id| short(id.as_str()));
        (short(row.key.id.as_str()), subject, subjects.zip(values).collect(), row.index.len())
    });
    let mut records: Vec<_> = records.collect();
    records.sort();
    let disposals = steward.disposals(None).unwrap().into_iter();
    (records, disposals.map(|disposal| (disposal.kept, disposal.records)).collect())
}

/// A sweep that had claimed a record when it died does not count it as deleted once it has a pseudonym.
#[test]
fn promise_09_a_record_that_a_dead_sweep_had_claimed_is_counted_once() {
    let world = World::new();
    let steward = world.connected();
    put(&steward, &about(ADA), "ada");
    put(&steward, &about(ADA).record("round-1"), "again");
    planned(&world, &steward, RequestKind::Deletion, ADA, "case-1");
    world.clock.advance(Period::days(366));
    let calls = {
        let world = world.fork();
        world.steward();
        let started = world.faults.calls();
        world.steward().sweep().unwrap();
        world.faults.calls() - started
    };
    for n in 1..=calls {
        for moment in Moment::ALL {
            let world = world.fork();
            world.faults.arm(n, moment);
            // The crash may come before the process has started.
            if let Ok(steward) = world.start() {
                steward.sweep().err();
            }
            world.faults.recover();
            let steward = world.steward();
            carry_out(&world, &steward, "case-1");
            steward.sweep().unwrap();
            assert_eq!(rows(&world).len(), 0);
            let gone: u64 = steward.disposals(None).unwrap().iter().map(|disposal| disposal.records).sum();
            assert_eq!(gone, 2, "call {n}, {moment:?}");
        }
    }
}

#[test]
fn promise_02_a_pseudonym_gives_nobody_more_than_the_person_did() {
    let world = World::new();
    let steward = world.connected();
    put(&steward, &about(ADA), "ada");
    erase(&world, &steward, ADA, "case-1");
    let alias = rows(&world)[0].subject.clone().unwrap();
    let place = about(alias.as_str());
    let support = Principal::person(TENANT, "agent-1").role("support").mfa_at(world.now());
    let question = Question::read(support, Resource::at::<Pacing>(&place), Purpose::new("support"));
    assert!(matches!(steward.authorize(&question).unwrap(), stewardship::Access::Denied(_)));
}
