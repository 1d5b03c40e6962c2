//! 2: what a person has said binds: at once, for every process, until it is withdrawn; and nothing of it outlives the person.

use std::collections::BTreeSet;

use proptest::prelude::*;
use stewardship::access::{Fact, Grant, GrantError, Missing, Preference, Read, Reason, Said, Stop, Voice};
use stewardship::audit::AuditEvent;
use stewardship::contracts::{DocumentKind, DocumentStore, Ports};
use stewardship::dsr::AnyCase;
use stewardship::engine::{KeyError, OpenError, PreferenceError, PutError};
use stewardship::id::{CaseId, Name, SubjectId};
use stewardship::policy::RequestKind;
use stewardship::{Access, Period, Place, Purpose, Question, Resource, block_on};

use super::life::{BOB, trail};
use super::p10_trail::erase;
use super::races::{Racing, order as turns, race, racer};
use crate::world::*;

fn ada() -> SubjectId {
    SubjectId::new(ADA)
}

fn outreach() -> Purpose {
    Purpose::new("outreach")
}

fn objection() -> Preference {
    Preference::Stop { stop: Stop::Objection, of: Some(outreach()) }
}

fn consent() -> Preference {
    Preference::Consent { to: outreach() }
}

/// The policy with another purpose of outreach.
fn outreach_with(keys: &str) -> World {
    let from = POLICY.find("stops_on = [\"restriction\", \"objection\"]").unwrap();
    let to = from + POLICY[from..].find('\n').unwrap();
    World::under(&format!("{}{keys}{}", &POLICY[..from], &POLICY[to..]))
}

fn ask(world: &World, steward: &TestSteward, resource: Resource) -> Result<Grant<Read>, Vec<Reason>> {
    match steward.authorize(&Question::read(world.owner(), resource, outreach())).unwrap() {
        Access::Granted(grant) => Ok(grant),
        Access::Denied(denial) => Err(denial.explain().reasons),
    }
}

fn about_ada(world: &World, steward: &TestSteward) -> Result<Grant<Read>, Vec<Reason>> {
    ask(world, steward, Resource::at::<Creator>(&about(ADA)))
}

fn stored(world: &World) -> TestSteward {
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward.put(&about(BOB), &creator("bob"), &sync()).unwrap();
    steward
}

/// Every ledger as it lies in the store.
fn ledgers(world: &World) -> Vec<String> {
    let papers =
        block_on(world.memory.documents().list(DocumentKind::Preferences, None, None, usize::MAX)).unwrap();
    papers.into_iter().map(|paper| String::from_utf8(paper.body).unwrap()).collect()
}

#[test]
fn promise_02_an_objection_binds_at_once_and_until_it_is_withdrawn() {
    let world = World::new();
    let (steward, elsewhere) = (stored(&world), world.steward());
    let before = about_ada(&world, &steward).unwrap();
    steward.open::<Creator>(&before, &about(ADA)).unwrap();

    let bears_on = elsewhere.prefer(&world.owner(), &ada(), &objection()).unwrap();
    assert_eq!(bears_on, BTreeSet::from([Name::new("outreach")]));
    assert_eq!(about_ada(&world, &steward).unwrap_err(), [Reason::Stopped(Stop::Objection)]);
    let stopped = steward.open::<Creator>(&before, &about(ADA)).map(|_| ());
    assert!(matches!(stopped, Err(OpenError::Grant(GrantError::Stopped))), "{stopped:?}");
    ask(&world, &steward, Resource::at::<Creator>(&about(BOB))).unwrap();
    // For a purpose that heeds none of it nothing changes: somebody else is told to answer for that.
    read::<Creator>(&steward, &about(ADA)).unwrap();

    steward.withdraw_preference(&world.owner(), &ada(), &objection()).unwrap();
    about_ada(&world, &steward).unwrap();
    steward.open::<Creator>(&before, &about(ADA)).unwrap();

    // What is said of every purpose reaches this one, and what is not honoured here does not.
    let every = |stop| Preference::Stop { stop, of: None };
    assert!(steward.prefer(&world.owner(), &ada(), &every(Stop::OptOut)).unwrap().is_empty());
    about_ada(&world, &steward).unwrap();
    assert_eq!(steward.prefer(&world.owner(), &ada(), &every(Stop::Restriction)).unwrap().len(), 1);
    assert_eq!(about_ada(&world, &steward).unwrap_err(), [Reason::Stopped(Stop::Restriction)]);
    let said = steward.preferences(&tenant(), &ada()).unwrap();
    assert_eq!(said.since(&every(Stop::Restriction)), Some(world.now()));
}

#[test]
fn promise_02_consent_is_needed_where_the_policy_says_so_and_withdrawn_as_it_was_given() {
    let world = outreach_with("needs_consent = true\nstops_on = [\"objection\"]");
    let steward = stored(&world);
    assert_eq!(about_ada(&world, &steward).unwrap_err(), [Reason::NoConsent]);
    steward.prefer(&world.owner(), &ada(), &consent()).unwrap();
    let grant = about_ada(&world, &steward).unwrap();
    steward.open::<Creator>(&grant, &about(ADA)).unwrap();
    steward.withdraw_preference(&world.owner(), &ada(), &consent()).unwrap();
    assert_eq!(about_ada(&world, &steward).unwrap_err(), [Reason::NoConsent]);
    let late = steward.open::<Creator>(&grant, &about(ADA)).map(|_| ());
    assert!(matches!(late, Err(OpenError::Grant(GrantError::Stopped))));
}

#[test]
fn promise_02_what_nobody_is_named_for_stays_unknown_and_is_read_only_where_it_counts() {
    let world = World::new();
    let steward = stored(&world);
    let nobody = ask(&world, &steward, Resource::at::<Creator>(&at_shop())).unwrap_err();
    let unknown = [Stop::Restriction, Stop::Objection].map(Reason::PreferencesUnknown);
    assert_eq!(nobody, unknown);
    let calls = |purpose: &str| {
        let resource = Resource::at::<Creator>(&about(ADA));
        let question = Question::read(world.owner(), resource, Purpose::new(purpose));
        let before = world.faults.calls();
        granted(&steward, question);
        world.faults.calls() - before
    };
    assert_eq!(calls("outreach") - calls("support"), 2, "the person's ledger, and whether they are erased");
}

/// A record or a value is opened when everybody whom it is about lets it.
#[test]
fn promise_02_whoever_a_single_field_is_about_is_heard_too() {
    let heeding = "needs_authorization = true\nstops_on = [\"objection\"]";
    let world = World::under(&POLICY.replacen("needs_authorization = true", heeding, 1));
    let steward = world.connected();
    let place = about(BOB).record("o-1").about("buyer", ADA);
    steward.put(&place, &order("two"), &sync()).unwrap();
    let sealed = steward.seal(&place, "Own", "buyer", &order("x").buyer).unwrap();
    let grant = grant::<Order>(&steward, &place);
    steward.open::<Order>(&grant, &place).unwrap();
    let objects = Preference::Stop { stop: Stop::Objection, of: Some(sync()) };
    steward.prefer(&world.owner(), &ada(), &objects).unwrap();
    let record = steward.open::<Order>(&grant, &place).map(|_| ());
    assert!(matches!(record, Err(OpenError::Grant(GrantError::Stopped))));
    let column =
        steward.open_sealed::<String, BuyerName>(&grant, &place, "Own", "buyer", &sealed).map(|_| ());
    assert!(matches!(column, Err(OpenError::Grant(GrantError::Stopped))));
}

#[test]
fn promise_02_what_is_said_is_on_the_trail_under_a_pseudonym_first() {
    let world = World::new();
    let steward = stored(&world);
    let before = trail(&world).len();
    let undeclared = Preference::Consent { to: Purpose::new("outreech") };
    let refused = steward.prefer(&world.owner(), &ada(), &undeclared);
    assert!(matches!(refused, Err(PreferenceError::PurposeNotDeclared { .. })));
    assert_eq!(trail(&world).len(), before);
    // Somebody of whom nothing is stored yet can object as well.
    for subject in [ada(), SubjectId::new("creator-new")] {
        steward.prefer(&world.owner(), &subject, &objection()).unwrap();
        let entry = trail(&world).pop().unwrap();
        let AuditEvent::PreferenceHeard { voice: Voice::Says, preference } = &entry.event else {
            panic!("{entry:?}")
        };
        assert_eq!(*preference, objection());
        assert!(entry.by.is_some() && entry.subject.is_some() && entry.tenant.is_some());
    }
    // Where it cannot be recorded, it is not said to be taken down.
    for n in 1..=4 {
        world.faults.arm(n, stewardship::contracts::Moment::Before);
        let withdrawn = steward.withdraw_preference(&world.owner(), &ada(), &objection());
        world.faults.recover();
        assert!(withdrawn.is_err(), "{n}");
        assert!(about_ada(&world, &steward).is_err(), "{n}");
    }
}

#[test]
fn promise_07_nothing_that_a_person_said_outlives_them_and_they_stay_stopped() {
    let world = World::new();
    let steward = stored(&world);
    steward.prefer(&world.owner(), &ada(), &objection()).unwrap();
    steward.prefer(&world.owner(), &SubjectId::new(BOB), &objection()).unwrap();
    erase(&world, &steward, ADA);
    assert_eq!(steward.preferences(&tenant(), &ada()).unwrap(), Said::default());
    let kept: Vec<_> = ledgers(&world).into_iter().filter(|ledger| ledger.contains("objection")).collect();
    assert!(kept.len() == 1 && kept[0].contains(BOB), "{kept:?}");
    // The tombstone speaks for them: for everything that heeds anything, whatever they had said.
    let unknown = [Stop::Restriction, Stop::Objection].map(Reason::PreferencesUnknown);
    assert_eq!(about_ada(&world, &steward).unwrap_err(), unknown);
    for said in [objection(), consent()] {
        let refused = steward.prefer(&world.owner(), &ada(), &said);
        assert!(matches!(refused, Err(PreferenceError::Key(KeyError::Closed { .. }))), "{refused:?}");
    }
    let synchronised = steward.put(&about(ADA), &creator("ada"), &sync());
    assert!(matches!(synchronised, Err(PutError::Key(KeyError::Closed { .. }))));
}

#[test]
fn promise_02_terms_count_as_accepted_where_the_tenant_accepted_those_in_force() {
    let rule = "when = { mfa_within = \"12 hours\" }";
    let with = POLICY.replacen(rule, "when = { mfa_within = \"12 hours\", terms_accepted = true }", 1);
    let world = World::under(&with);
    let steward = world.steward();
    let place = Place::tenant(TENANT).subject(ADA);
    let ask = |steward: &TestSteward| {
        let resource = Resource::at::<Creator>(&place);
        steward.authorize(&Question::read(world.owner(), resource, Purpose::new("support")))
    };
    let missing = |steward: &TestSteward| match ask(steward).unwrap() {
        Access::Granted(_) => Vec::new(),
        Access::Denied(denial) => denial.explain().nearest.unwrap().missing,
    };
    assert_eq!(missing(&steward), [Missing::TermsAccepted(Fact::Known(false))]);
    steward.accept_terms(&world.owner(), world.policy.digest()).unwrap();
    assert_eq!(missing(&steward), []);
    // The next version is another one.
    let next = with.replace("version = \"3\"", "version = \"4\"");
    let next = World { policy: World::under(&next).policy, ..world.clone() };
    assert_eq!(missing(&next.steward()), [Missing::TermsAccepted(Fact::Known(false))]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whoever is first: what an erased person said is nowhere, and what others say at the same time is all there.
    #[test]
    fn race_what_is_said_beside_an_erasure_leaves_nothing_behind(turns in turns()) {
        let world = World::new();
        let steward = stored(&world);
        super::pseudonyms::planned(&world, &steward, RequestKind::Deletion, ADA, "case-1");
        let (officer, owner, case) = (world.officer(), world.owner(), CaseId::new("case-1"));
        let racers = [(); 4].map(|()| racer(&world, Period::days(0)));
        let (ada, bob) = (ada(), SubjectId::new(BOB));
        let (objects, agrees) = (objection(), consent());
        let mut racing: Vec<Racing<'_, bool>> = vec![
            Box::pin(async {
                let Ok(AnyCase::Planned(case)) = racers[0].case(&tenant(), &case).await else { return false };
                racers[0].carry_out(case, &officer).await.is_ok()
            }),
            Box::pin(async { racers[1].prefer(&owner, &ada, &objects).await.is_ok() }),
            Box::pin(async { racers[2].prefer(&owner, &bob, &objects).await.is_ok() }),
            Box::pin(async { racers[3].prefer(&owner, &bob, &agrees).await.is_ok() }),
        ];
        let done = race(&mut racing, &turns);
        prop_assert!(done[0] && done[2] && done[3], "{done:?}");
        drop(racing);
        prop_assert_eq!(steward.preferences(&tenant(), &ada).unwrap(), Said::default());
        let said = steward.preferences(&tenant(), &bob).unwrap();
        prop_assert!(said.since(&objects).is_some() && said.since(&agrees).is_some(), "{said:?}");
    }
}
