//! 7: when a revocation returns, nothing under that scope opens any more, from any copy, and the certificate says from when.

use stewardship::contracts::{Destruction, Ports, ProviderErrorKind, RecordStore};
use stewardship::crypto::SecretKey;
use stewardship::engine::{EpochError, KeyError, OpenError, Trouble};
use stewardship::ports::local_keys::LocalKeys;
use stewardship::{Access, Period, Question, Resource, Scope, block_on};

use crate::world::*;

#[test]
fn promise_07_when_a_revocation_returns_nothing_opens_in_any_process() {
    let world = World::new();
    let (here, there) = (world.connected(), world.steward());
    let place = about(ADA);
    here.put(&place, &creator("ada"), &sync()).unwrap();
    here.ingest::<Token>(&at_shop(), "tiktok-shop", &payload("x"), &sync()).unwrap();
    let grants = [grant::<Creator>(&here, &place), grant::<Creator>(&there, &place)];
    let tokens = [grant::<Token>(&here, &at_shop()), grant::<Token>(&there, &at_shop())];
    for (steward, grant) in [&here, &there].into_iter().zip(&grants) {
        assert!(steward.open::<Creator>(grant, &place).is_ok());
    }
    let value: stewardship::Classified<String, CreatorEmail> = "ada@example.com".to_owned().into();
    let column = here.seal(&place, "people", "email", &value).unwrap();

    here.revoke(&shop_scope(), "the seller asked").unwrap();
    for ((steward, grant), token) in [&here, &there].into_iter().zip(&grants).zip(&tokens) {
        assert!(matches!(steward.open::<Creator>(grant, &place), Err(OpenError::NotAuthorized)));
        assert!(matches!(steward.open::<Token>(token, &at_shop()), Err(OpenError::NotAuthorized)));
        assert!(
            steward.open_sealed::<String, CreatorEmail>(grant, &place, "people", "email", &column).is_err()
        );
        assert!(steward.put(&place, &creator("ada"), &sync()).is_err());
        let question = Question::read(integration(), Resource::at::<Creator>(&place), sync());
        assert!(matches!(steward.authorize(&question).unwrap(), Access::Denied(_)));
    }
    // Not only refused: even with the authorisation back, the old keys are gone.
    here.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    for (steward, grant) in [&here, &there].into_iter().zip(&grants) {
        let error = steward.open::<Creator>(grant, &place).unwrap_err();
        assert!(error.destroyed_at().is_some(), "{error}");
        let column = steward.open_sealed::<String, CreatorEmail>(grant, &place, "people", "email", &column);
        assert!(column.unwrap_err().destroyed_at().is_some());
    }
}

#[test]
fn promise_07_other_scopes_go_on_opening() {
    let world = World::new();
    let steward = world.connected();
    steward.connect(&world.owner(), &"tiktok-shop:2".into(), "tiktok-shop").unwrap();
    let other = stewardship::Place::tenant(TENANT).connection("tiktok-shop:2").subject(ADA).record("at-2");
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward.put(&other, &creator("ada"), &sync()).unwrap();
    steward.revoke(&shop_scope(), "the seller asked").unwrap();
    steward.sweep().unwrap();
    assert_eq!(read::<Creator>(&steward, &other).unwrap(), values(&creator("ada")));
    assert!(steward.revoke(&Scope::Tenant(tenant()), "no").is_err());
}

#[test]
fn promise_07_a_restored_backup_of_the_records_brings_nothing_back() {
    let world = World::new();
    let steward = world.connected();
    let place = about(ADA);
    steward.put(&place, &creator("ada"), &sync()).unwrap();
    let backup = world.memory.snapshot();
    steward.revoke(&shop_scope(), "the seller asked").unwrap();
    steward.sweep().unwrap();
    world.memory.restore_records(&backup);
    assert!(block_on(world.memory.records().fetch(&key_of::<Creator>(&place))).unwrap().is_some());
    // The authorisation is back too, so that everything but the key says yes.
    let error = steward.open::<Creator>(&grant::<Creator>(&steward, &place), &place).unwrap_err();
    assert!(matches!(error, OpenError::Key(KeyError::Destroyed { .. })), "{error}");
}

/// Honest about the other backup: with the key store back as well everything opens, until the epoch is destroyed; the certificate
/// waits for that.
#[test]
fn promise_07_a_backup_of_records_and_keys_is_dead_from_the_destruction_of_its_epoch() {
    let world = World::new();
    let steward = world.connected();
    let place = about(ADA);
    steward.put(&place, &creator("ada"), &sync()).unwrap();
    let backup = world.memory.snapshot();
    let revoked = steward.revoke(&shop_scope(), "the seller asked").unwrap();
    assert!(!revoked.disposal.is_certified());
    let swept = steward.sweep().unwrap();
    assert_eq!((swept.certified().count(), swept.withheld().count()), (0, 1));

    let restored = world.over(&backup.snapshot());
    assert_eq!(read::<Creator>(&restored.steward(), &place).unwrap(), values(&creator("ada")));

    world.clock.advance(Period::days(1));
    let epoch = steward.rotate_epoch().unwrap();
    assert_eq!(steward.sweep().unwrap().certified().count(), 0, "rotation alone kills no copy");
    let early = steward.destroy_epochs_before(epoch, world.now() - chrono::TimeDelta::hours(1));
    assert!(early.is_err(), "no backup under the new epoch is attested");
    steward.destroy_epochs_before(epoch, world.now()).unwrap();
    let swept = steward.sweep().unwrap();
    let [disposal] = swept.disposals.as_slice() else { panic!("{:?}", swept.disposals) };
    assert!(disposal.is_certified());
    assert_eq!(disposal.records, 1);

    let restored = world.over(&backup.snapshot()).start();
    let grant = restored.as_ref().map(|steward| grant_or_error(steward, &place));
    // The decision cannot even be put on record: every key of that backup hung from the epoch.
    assert!(matches!(grant, Ok(Err(Trouble::Provider(_)))), "{grant:?}");
}

/// The horizons of the backups are far away, so that the end of the epoch alone can kill them.
fn far_horizons() -> World {
    let policy = POLICY.replace("key_store = \"35 days\"", "key_store = \"240 months\"");
    let world = World::under(&policy.replace("records = \"35 days\"", "records = \"240 months\""));
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward.revoke(&shop_scope(), "the seller asked").unwrap();
    world
}

#[test]
fn promise_07_the_certificate_waits_for_the_day_on_which_the_provider_destroys_the_key() {
    let world = far_horizons();
    let steward = world.steward();
    world.provider.wait(Period::days(30), &world.clock);
    let epoch = steward.rotate_epoch().unwrap();
    let at = Period::days(30).after(world.now());
    assert_eq!(steward.destroy_epochs_before(epoch, world.now()).unwrap(), [Destruction::Effective(at)]);

    let swept = steward.sweep().unwrap();
    assert_eq!((swept.certified().count(), swept.withheld().count()), (0, 1));
    assert_eq!(swept.disposals[0].certifiable_from(), Some(at));
    // Asked again meanwhile, it is still that day.
    world.clock.advance(Period::days(29));
    assert_eq!(steward.destroy_epochs_before(epoch, world.now()).unwrap(), [Destruction::Effective(at)]);
    assert_eq!(steward.sweep().unwrap().certified().count(), 0);

    world.clock.advance(Period::days(1));
    let swept = steward.sweep().unwrap();
    assert_eq!(swept.certified().count(), 1);
    assert_eq!(swept.disposals[0].certifiable_from(), Some(at));
    assert_eq!(steward.destroy_epochs_before(epoch, world.now()).unwrap(), []);
}

/// Somebody at the provider stopped the destruction: the day passes, and nothing is certified, until it was asked for anew and is done.
#[test]
fn promise_07_a_destruction_that_was_stopped_at_the_provider_certifies_nothing() {
    let world = far_horizons();
    let steward = world.steward();
    world.provider.wait(Period::days(30), &world.clock);
    let epoch = steward.rotate_epoch().unwrap();
    steward.destroy_epochs_before(epoch, world.now()).unwrap();
    world.provider.stop();
    world.clock.advance(Period::days(31));
    for steward in [&steward, &world.steward()] {
        let swept = steward.sweep().unwrap();
        assert_eq!((swept.certified().count(), swept.withheld().count()), (0, 1));
        // What is left is the horizon of the backups.
        assert!(swept.disposals[0].certifiable_from().unwrap() > Period::months(200).after(world.now()));
    }
    let at = Period::days(30).after(world.now());
    assert_eq!(steward.destroy_epochs_before(epoch, world.now()).unwrap(), [Destruction::Effective(at)]);
    assert_eq!(steward.sweep().unwrap().disposals[0].certifiable_from(), Some(at));
    world.clock.advance(Period::days(30));
    assert_eq!(steward.sweep().unwrap().certified().count(), 1);
}

/// Only an answer about the key counts: that it is gone, or that the service remembers nothing of it. No answer is none.
#[test]
fn promise_07_the_certificate_waits_for_an_answer_about_the_key() {
    let world = far_horizons();
    let steward = world.steward();
    let epoch = steward.rotate_epoch().unwrap();
    steward.destroy_epochs_before(epoch, world.now()).unwrap();
    for no_answer in [ProviderErrorKind::Unavailable, ProviderErrorKind::Refused] {
        world.provider.say_of_the_dead(no_answer);
        let swept = steward.sweep().unwrap();
        assert_eq!((swept.certified().count(), swept.withheld().count()), (0, 1), "and the sweep goes on");
        let again = steward.destroy_epochs_before(epoch, world.now()).unwrap_err();
        assert!(matches!(again, EpochError::Trouble(Trouble::Provider(error)) if error.kind() == no_answer));
    }
    world.provider.say_of_the_dead(ProviderErrorKind::NotMine);
    assert_eq!(steward.sweep().unwrap().certified().count(), 1);
}

/// Keys that come from one root key can be made again for as long as it lives: no certificate is given because of them.
#[test]
fn promise_07_keys_from_a_root_key_never_make_a_backup_dead() {
    let policy = POLICY.replace("key_store = \"35 days\"", "key_store = \"240 months\"");
    let world = World::under(&policy.replace("records = \"35 days\"", "records = \"240 months\""));
    let keys = || LocalKeys::from_key(SecretKey::new(std::array::from_fn(|i| i as u8)));
    let steward = world.start_with(keys()).unwrap();
    steward.accept_terms(&world.owner(), world.policy.digest()).unwrap();
    steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    let backup = world.memory.snapshot();
    steward.revoke(&shop_scope(), "the seller asked").unwrap();
    let horizon = Period::months(240).after(world.now());
    for _ in 0..3 {
        world.clock.advance(Period::days(400));
        let epoch = steward.rotate_epoch().unwrap();
        let destroyed = steward.destroy_epochs_before(epoch, world.now()).unwrap();
        assert!(!destroyed.is_empty() && destroyed.iter().all(|answer| *answer == Destruction::Unsupported));
        let swept = steward.sweep().unwrap();
        assert_eq!((swept.certified().count(), swept.withheld().count()), (0, 1));
        assert!(swept.disposals[0].certifiable_from().unwrap() >= horizon);
    }
    // Withheld with reason: the backup of both stores still opens, whatever was destroyed.
    let restored = world.over(&backup.snapshot()).start_with(keys()).unwrap();
    assert_eq!(read::<Creator>(&restored, &about(ADA)).unwrap(), values(&creator("ada")));
}

fn grant_or_error(steward: &TestSteward, place: &stewardship::Place) -> Result<(), Trouble> {
    let question = Question::read(integration(), Resource::at::<Creator>(place), sync());
    steward.authorize(&question).map(|_| ())
}

#[test]
fn promise_07_the_certificate_is_withheld_until_the_horizon_of_the_backups() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    let revoked = steward.revoke(&shop_scope(), "the seller asked").unwrap().disposal;
    assert_eq!(revoked.certifiable_from(), None, "rows are still there");
    let swept = steward.sweep().unwrap();
    let from = swept.disposals[0].certifiable_from().unwrap();
    assert_eq!(from, Period::days(35).after(world.now()));
    world.clock.advance(Period::days(34));
    assert_eq!(steward.sweep().unwrap().certified().count(), 0);
    world.clock.advance(Period::days(1));
    assert_eq!(steward.sweep().unwrap().certified().count(), 1);
    assert!(steward.sweep().unwrap().disposals.is_empty(), "certified once");
}

/// With a horizon that is far away the epoch ends the backups before it.
#[test]
fn promise_07_the_end_of_the_epoch_ends_the_backups_before_their_horizon() {
    let policy = POLICY.replace("key_store = \"35 days\"", "key_store = \"240 months\"");
    let policy = policy.replace("records = \"35 days\"", "records = \"240 months\"");
    assert_ne!(policy, POLICY);
    let world = World::under(&policy);
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward.revoke(&shop_scope(), "the seller asked").unwrap();
    world.clock.advance(Period::months(120));
    assert_eq!(steward.sweep().unwrap().certified().count(), 0);
    let epoch = steward.rotate_epoch().unwrap();
    steward.destroy_epochs_before(epoch, world.now()).unwrap();
    assert_eq!(steward.sweep().unwrap().certified().count(), 1);
}

/// What a duty keeps is sealed anew under a key that no older backup knows.
#[test]
fn promise_07_what_must_stay_is_readable_and_the_old_key_is_gone_all_the_same() {
    let world = World::new();
    let steward = world.connected();
    let place = about(ADA);
    steward.put(&place, &voucher("ada"), &sync()).unwrap();
    let backup = world.memory.snapshot();
    let revoked = steward.revoke(&shop_scope(), "the seller asked").unwrap();
    assert!(matches!(revoked.disposal.kept.as_slice(), [(1, why)] if why.contains("Abgabenordnung")));
    steward.sweep().unwrap();
    // Authorised anew, what was kept opens under its new key …
    steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    assert_eq!(read::<Voucher>(&steward, &place).unwrap(), values(&voucher("ada")));
    // … and the old row does not.
    world.memory.restore_records(&backup);
    let error = steward.open::<Voucher>(&grant::<Voucher>(&steward, &place), &place).unwrap_err();
    assert!(error.destroyed_at().is_some(), "{error}");
}

/// A revocation that crashed, and a connection made anew before it was called again: the old keys still go.
#[test]
fn promise_07_a_crashed_revocation_is_finished_before_the_connection_is_made_anew() {
    let calls = {
        let world = stored();
        let (steward, before) = (world.steward(), world.faults.calls());
        steward.revoke(&shop_scope(), "the seller asked").unwrap();
        world.faults.calls() - before
    };
    for n in 1..=calls {
        let world = stored();
        let steward = world.steward();
        let place = about(ADA);
        let backup = world.memory.snapshot();
        world.faults.arm(n, stewardship::contracts::Moment::After);
        assert!(steward.revoke(&shop_scope(), "the seller asked").is_err());
        world.faults.recover();
        let anew = steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
        if anew.granted >= world.now() {
            // The revocation had taken effect: what was there before it is gone, and what comes now stays.
            world.clock.advance(Period::hours(1));
            steward.put(&about("creator-new"), &creator("new"), &sync()).unwrap();
            steward.sweep().unwrap();
            steward.sweep().unwrap();
            assert!(read::<Creator>(&steward, &about("creator-new")).is_ok(), "crash {n}");
            world.memory.restore_records(&backup);
            assert!(read::<Creator>(&steward, &place).unwrap_err().destroyed_at().is_some(), "crash {n}");
        }
    }
}

fn stored() -> World {
    let world = World::new();
    world.connected().put(&about(ADA), &creator("ada"), &sync()).unwrap();
    world.clock.advance(Period::days(1));
    world
}
