//! 4: no key is used past its limit; what may be done with a key in each phase of its life.

use stewardship::audit::AuditEvent;
use stewardship::contracts::{KeyState, KeyStore, Ports, Tombstone};
use stewardship::engine::{EraseError, KeyChangeError, KeyError, LeftBecause, OpenError, PutError};
use stewardship::keys::KeyPhase;
use stewardship::{Period, Place, Purpose, Scope, block_on};

use super::life::trail;
use super::stores::Watched;
use crate::world::*;

/// The policy of the tests with a table of keys.
pub(crate) fn with_keys(table: &str) -> World {
    World::under(&format!("{POLICY}\n[keys]\n{table}\n"))
}

fn the_tenant() -> Scope {
    Scope::Tenant(tenant())
}

fn ada() -> Scope {
    Scope::subject(TENANT, ADA)
}

fn notes(n: usize) -> Place {
    Place::tenant(TENANT).subject(ADA).record(format!("note-{n}"))
}

fn put(steward: &TestSteward, n: usize) -> Result<(), PutError> {
    steward.put(&notes(n), &note("words"), &Purpose::new("support")).map(|_| ())
}

fn opens(world: &World, steward: &TestSteward, n: usize) -> Result<(), OpenError> {
    let grant = officers::<Note>(world, steward, &notes(n));
    steward.open::<Note>(&grant, &notes(n)).map(|_| ())
}

pub(crate) fn phases(world: &World, scope: &Scope) -> Vec<KeyPhase> {
    let row = block_on(world.memory.keys().scope(scope)).unwrap();
    row.map_or(Vec::new(), |row| row.keys.iter().map(|key| key.phase()).collect())
}

use KeyPhase::{Active, Compromised, Deactivated, Destroyed, Suspended};

#[test]
fn promise_04_past_the_soft_limit_the_next_seal_makes_a_new_version() {
    let world = with_keys("rotate_after = \"90 days\"\nrefuse_after = \"120 days\"");
    let steward = world.steward();
    put(&steward, 1).unwrap();
    world.clock.advance(Period::days(89));
    put(&steward, 2).unwrap();
    assert_eq!(phases(&world, &ada()), [Active]);
    world.clock.advance(Period::days(1));
    put(&steward, 3).unwrap();
    for scope in [ada(), the_tenant()] {
        assert_eq!(phases(&world, &scope), [Deactivated, Active], "{scope}");
    }
    // A clock that is put back makes neither of them young, nor old.
    let back = world.over(&world.memory);
    let back = World { clock: stewardship::ManualClock::at(moment("2026-11-01T00:00:00Z")), ..back };
    put(&back.steward(), 4).unwrap();
    assert_eq!(phases(&world, &ada()), [Deactivated, Active]);
    for n in 1..=4 {
        opens(&world, &steward, n).unwrap();
    }
}

#[test]
fn promise_04_past_the_hard_limit_nothing_is_sealed_whatever_the_clock_says_later() {
    let world = with_keys("refuse_after = \"120 days\"");
    let steward = world.steward();
    let made = world.now();
    put(&steward, 1).unwrap();
    world.clock.advance(Period::days(119));
    put(&steward, 2).unwrap();
    world.clock.advance(Period::days(1));
    let refused = put(&steward, 3).unwrap_err();
    let PutError::Key(KeyError::TooOld { version: 1, activated, limit, .. }) = &refused else {
        panic!("{refused:?}");
    };
    assert_eq!((*activated, *limit), (made, Period::days(120)));
    assert!(refused.to_string().contains("120 days: rotate it"), "{refused}");
    opens(&world, &steward, 1).unwrap();

    let back = World { clock: stewardship::ManualClock::at(made), ..world.over(&world.memory) };
    assert!(matches!(put(&back.steward(), 3), Err(PutError::Key(KeyError::TooOld { .. }))));

    assert_eq!(steward.rotate_key(&the_tenant(), 1).unwrap(), 2);
    assert_eq!(steward.rotate_key(&the_tenant(), 1).unwrap(), 2, "told twice, done once");
    steward.rotate_key(&ada(), 1).unwrap();
    put(&steward, 3).unwrap();
    for n in [1, 3] {
        opens(&world, &steward, n).unwrap();
    }
    assert!(matches!(steward.rotate_key(&ada(), 7), Err(KeyChangeError::NoSuchVersion { version: 7, .. })));
}

/// Without a word of the policy: replaced after a year, and an erasure that comes after two is not stopped.
#[test]
fn promise_04_the_limit_of_a_silent_policy_is_a_year_and_stops_no_erasure() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &voucher("ada"), &sync()).unwrap();
    world.clock.advance(Period::months(30));
    let disposal = steward.revoke(&shop_scope(), "the seller asked").unwrap().disposal;
    assert_eq!(disposal.keys.unwrap().versions, 1);
    assert_eq!(phases(&world, &shop_scope()), [Destroyed, Active]);
    assert_eq!(
        phases(&world, &the_tenant()),
        [Deactivated, Active],
        "nothing is sealed under a key of 30 months"
    );
    steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    assert_eq!(read::<Voucher>(&steward, &about(ADA)).unwrap(), values(&voucher("ada")));
}

#[test]
fn promise_04_a_store_that_takes_no_new_key_stops_the_work_at_the_hard_limit_alone() {
    let world = with_keys("rotate_after = \"90 days\"\nrefuse_after = \"120 days\"");
    let watched = Watched::new(&world.memory);
    let steward = watched.steward(&world);
    let put = |n: usize| steward.put(&notes(n), &note("words"), &Purpose::new("support"));
    put(1).unwrap();
    world.clock.advance(Period::days(100));
    watched.refuse_writes(true);
    put(2).unwrap();
    world.clock.advance(Period::days(20));
    assert!(matches!(put(3), Err(PutError::Trouble(_))));
    watched.refuse_writes(false);
    put(3).unwrap();
    assert_eq!(phases(&world, &ada()), [Deactivated, Active]);
}

#[test]
fn promise_04_a_suspended_key_neither_seals_nor_opens_until_it_is_resumed() {
    let world = World::new();
    let steward = world.steward();
    put(&steward, 1).unwrap();
    steward.suspend_key(&ada(), 1).unwrap();
    steward.suspend_key(&ada(), 1).unwrap();
    assert_eq!(phases(&world, &ada()), [Suspended]);
    let Err(PutError::Key(KeyError::Suspended { version: 1, since, .. })) = put(&steward, 2) else {
        panic!("it seals");
    };
    assert_eq!(since, world.now());
    let refused = opens(&world, &steward, 1);
    assert!(matches!(refused, Err(OpenError::Key(KeyError::Suspended { .. }))), "{refused:?}");
    // A new version would end the suspension.
    assert!(matches!(steward.rotate_key(&ada(), 1), Err(KeyChangeError::Key(KeyError::Suspended { .. }))));
    steward.resume_key(&ada(), 1).unwrap();
    put(&steward, 2).unwrap();
    opens(&world, &steward, 1).unwrap();
    assert_eq!(phases(&world, &ada()), [Active]);
    let told = trail(&world).into_iter().filter_map(|entry| match entry.event {
        AuditEvent::KeySuspended { version, .. } => Some((version, "suspended")),
        AuditEvent::KeyResumed { version, .. } => Some((version, "resumed")),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [(1, "suspended"), (1, "resumed")]);
}

#[test]
fn promise_04_a_suspension_stops_no_revocation() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward.put(&about(ADA), &voucher("ada"), &sync()).unwrap();
    steward.suspend_key(&shop_scope(), 1).unwrap();
    let revoked = steward.revoke(&shop_scope(), "the seller asked").unwrap();
    assert!(revoked.disposal.keys.is_some());
    assert_eq!(phases(&world, &shop_scope()), [Destroyed, Active]);
    steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    assert_eq!(read::<Voucher>(&steward, &about(ADA)).unwrap(), values(&voucher("ada")));
    assert!(read::<Creator>(&steward, &about(ADA)).unwrap_err().destroyed_at().is_some());
    // What stays is sealed under the tenant's key too: while that is suspended nothing can be sealed anew, and the evidence stays open.
    steward.suspend_key(&the_tenant(), 1).unwrap();
    let refused = steward.revoke(&shop_scope(), "once more");
    assert!(matches!(refused, Err(EraseError::Reseal(_))), "{refused:?}");
    steward.resume_key(&the_tenant(), 1).unwrap();
    assert!(steward.revoke(&shop_scope(), "once more").unwrap().disposal.keys.is_some());
}

/// The whole way out of a compromise: a new version at once, everything sealed anew, the old version closed.
#[test]
fn promise_04_a_compromised_key_seals_nothing_and_what_is_sealed_under_it_moves() {
    let world = World::new();
    let steward = world.steward();
    for n in 1..=3 {
        put(&steward, n).unwrap();
    }
    let before = world.memory.snapshot();
    assert_eq!(steward.mark_compromised(&ada(), 1, "found in a log").unwrap(), 2);
    assert_eq!(steward.mark_compromised(&ada(), 1, "found in a log").unwrap(), 2, "told twice, done once");
    assert_eq!(phases(&world, &ada()), [Compromised, Active]);
    let row = block_on(world.memory.keys().scope(&ada())).unwrap().unwrap();
    assert!(format!("{row:?}").contains("found in a log"), "the reason stands with the key");
    assert!(!format!("{:?}", trail(&world)).contains("found in a log"), "and not on the trail");
    opens(&world, &steward, 1).unwrap();
    put(&steward, 4).unwrap();
    let refused = steward.raise_key_minimum(&ada(), 2);
    assert!(matches!(refused, Err(KeyChangeError::StillSealed { minimum: 2, records: 3 })), "{refused:?}");

    let pass = steward.reseal(None, 100).unwrap();
    assert_eq!((pass.resealed, pass.left.len(), pass.next), (3, 0, None));
    assert_eq!(steward.reseal(None, 100).unwrap().resealed, 0);
    steward.raise_key_minimum(&ada(), 2).unwrap();
    for n in 1..=4 {
        opens(&world, &steward, n).unwrap();
    }
    // An older copy that is put back is refused; it is not lost: another pass brings it up.
    world.memory.restore_records(&before);
    let refused = opens(&world, &steward, 1);
    let below =
        matches!(&refused, Err(OpenError::Key(KeyError::BelowMinimum { version: 1, minimum: 2, .. })));
    assert!(below, "{refused:?}");
    assert_eq!(steward.reseal(None, 100).unwrap().resealed, 3);
    opens(&world, &steward, 1).unwrap();
}

#[test]
fn promise_04_a_pass_is_bounded_goes_on_where_it_stopped_and_tells_what_is_left() {
    let world = World::new();
    let steward = world.connected();
    for n in 0..10 {
        steward.put(&about(&format!("creator-{n}")), &creator("x"), &sync()).unwrap();
    }
    steward.put(&about("creator-0"), &voucher("kept"), &sync()).unwrap();
    steward.rotate_key(&the_tenant(), 1).unwrap();
    let (mut next, mut resealed, mut passes) = (None, 0, 0);
    loop {
        let pass = steward.reseal(next.as_ref(), 3).unwrap();
        assert!(pass.resealed <= 3 && pass.left.is_empty(), "{pass:?}");
        (resealed, passes) = (resealed + pass.resealed, passes + 1);
        next = pass.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!((resealed, passes), (11, 4));
    assert_eq!(read::<Creator>(&steward, &about("creator-7")).unwrap(), values(&creator("x")));

    // What a duty keeps in a scope that is closed moves up with its tenant's key, and keeps the key that it has there.
    steward.revoke(&shop_scope(), "the seller asked").unwrap();
    steward.sweep().unwrap();
    steward.rotate_key(&the_tenant(), 2).unwrap();
    let pass = steward.reseal(None, 100).unwrap();
    assert_eq!((pass.resealed, pass.left.len()), (1, 0), "{pass:?}");
    steward.raise_key_minimum(&the_tenant(), 3).unwrap();
    assert_eq!(phases(&world, &shop_scope()), [Destroyed, Active]);

    // Where that key seals nothing more, it is not sealed anew: a new key there would outlive an erasure.
    steward.mark_compromised(&shop_scope(), 2, "who knows").unwrap();
    assert_eq!(phases(&world, &shop_scope()), [Destroyed, Compromised], "nothing new is stored there");
    let pass = steward.reseal(None, 100).unwrap();
    let [left] = &pass.left[..] else { panic!("{pass:?}") };
    assert_eq!((left.scope, left.version, left.phase), ("connection", 2, Compromised));
    assert_eq!(left.because, LeftBecause::Closed);
    let gone = steward.revoke(&shop_scope(), "again").unwrap();
    assert!(gone.disposal.keys.is_some());
}

/// What was found, told apart: destroyed with its date and evidence, never there.
#[test]
fn promise_04_a_destroyed_key_says_when_and_under_what() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward.rotate_key(&shop_scope(), 1).unwrap();
    steward.mark_compromised(&shop_scope(), 1, "who knows").unwrap();
    world.clock.advance(Period::hours(1));
    let disposal = steward.revoke(&shop_scope(), "the seller asked").unwrap().disposal;
    let gone = disposal.keys.unwrap();
    assert_eq!((gone.versions, gone.compromised), (2, Some(world.now() - chrono::TimeDelta::hours(1))));
    steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    let error = read::<Creator>(&steward, &about(ADA)).unwrap_err();
    let OpenError::Key(KeyError::Destroyed { at, epoch, under, .. }) = &error else { panic!("{error:?}") };
    assert_eq!((*at, *epoch, under), (world.now(), 1, &disposal.id));
    assert!(error.to_string().contains(&format!("under `{}`", disposal.id)), "{error}");
    let row = block_on(world.memory.keys().scope(&shop_scope())).unwrap().unwrap();
    let KeyState::Destroyed(Tombstone { deactivated, compromised, .. }) = &row.keys[0].state else {
        panic!("{row:?}")
    };
    assert!(deactivated.is_some() && compromised.is_some());
}

/// A tenant's key names things: in the blind index, on the trail, in the evidence.
#[test]
fn promise_04_a_rotation_of_the_tenants_key_loses_no_name() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    let first = steward.revoke(&shop_scope(), "the seller asked").unwrap().disposal.id;
    steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    steward.put(&about("creator-eve"), &creator("eve"), &sync()).unwrap();
    let names = |world: &World| {
        let entry = trail(world).pop().unwrap();
        (entry.tenant, entry.by)
    };
    let allowed = || grant::<Creator>(&steward, &about("creator-eve"));
    allowed();
    let before = names(&world);
    assert!(before.0.is_some() && before.1.is_some());
    steward.rotate_key(&the_tenant(), 1).unwrap();
    allowed();
    assert_eq!(names(&world), before);
    let found = || steward.find::<Creator>(&tenant(), "email", "eve@example.com").unwrap();
    assert_eq!(found(), ["creator-eve".into()]);
    steward.put(&about("creator-bob"), &creator("eve"), &sync()).unwrap();
    assert_eq!(found(), ["creator-bob".into(), "creator-eve".into()], "under either version");

    let second = steward.revoke(&shop_scope(), "the seller asked").unwrap().disposal.id;
    assert_ne!(first, second);
    // Not even a compromise gives the same revocation another name.
    steward.mark_compromised(&the_tenant(), 1, "who knows").unwrap();
    assert_eq!(steward.revoke(&shop_scope(), "the seller asked").unwrap().disposal.id, second);
    assert_eq!(steward.disposals(None).unwrap().len(), 2);
    // Names that whoever has the old key could make are not made any more.
    steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    allowed();
    assert_ne!(names(&world), before);
}
