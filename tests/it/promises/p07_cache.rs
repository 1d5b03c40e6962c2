//! 7, with a cache of keys: what this process destroyed is refused at once, and what another one destroyed within the bound of the cache.

use std::time::Duration;

use chrono::TimeDelta;
use stewardship::contracts::{Expected, KeyState, KeyStore, Ports, Standing, Tombstone};
use stewardship::engine::{KeyCache, KeyError, OpenError, PutError};
use stewardship::{Scope, block_on};

use super::stores::Watched;
use crate::world::*;

const MINUTE: KeyCache = KeyCache::for_at_most(Duration::from_secs(60));

/// What a process that this one knows nothing of does: the person's keys go, and nothing more is sealed there.
fn erased_elsewhere(world: &World) {
    let store = world.memory.keys();
    let scope = Scope::subject(TENANT, ADA);
    let mut row = block_on(store.scope(&scope)).unwrap().unwrap();
    row.closed = Some(world.now());
    for key in &mut row.keys {
        let (under, at) = ("elsewhere".to_owned(), world.now());
        key.state =
            KeyState::Destroyed(Tombstone { at, epoch: 1, under, deactivated: None, compromised: None });
    }
    let expected = Expected::Version(row.version);
    row.version = expected.next();
    block_on(store.put_scope(row, expected)).unwrap();
}

#[test]
fn promise_07_with_a_cache_a_revocation_is_refused_at_once_by_every_steward_of_the_process() {
    let world = World::new();
    drop(world.connected());
    let stores = [(); 2].map(|()| Watched::new(&world.memory));
    let [here, there] = stores.each_ref().map(|stores| stores.caching(&world, MINUTE));
    let value: stewardship::Classified<String, CreatorEmail> = "ada@example.com".to_owned().into();
    let place = about(ADA);
    let column = here.seal(&place, "people", "email", &value).unwrap();
    here.put(&place, &creator("ada"), &sync()).unwrap();
    let grant = grant::<Creator>(&there, &place);
    let opened = || there.open_sealed::<String, CreatorEmail>(&grant, &place, "people", "email", &column);
    assert!(opened().is_ok() && there.open::<Creator>(&grant, &place).is_ok());

    // The authorisation comes back at once: the keys of before do not, and nobody serves them.
    here.revoke(&shop_scope(), "the seller asked").unwrap();
    here.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    assert!(opened().unwrap_err().destroyed_at().is_some());
    assert!(there.open::<Creator>(&grant, &place).unwrap_err().destroyed_at().is_some());
    // The new key is one for both.
    let again = there.seal(&place, "people", "email", &value).unwrap();
    let grant = self::grant::<Creator>(&here, &place);
    assert!(here.open_sealed::<String, CreatorEmail>(&grant, &place, "people", "email", &again).is_ok());
}

#[test]
fn promise_07_with_a_cache_an_erasure_elsewhere_is_refused_within_its_bound() {
    let world = World::new();
    drop(world.connected());
    let steward = Watched::new(&world.memory).caching(&world, MINUTE);
    let place = about(ADA);
    steward.put(&place, &creator("ada"), &sync()).unwrap();
    let grant = grant::<Creator>(&steward, &place);
    erased_elsewhere(&world);
    assert!(steward.open::<Creator>(&grant, &place).is_ok(), "the bound is a minute");
    world.clock.set(world.now() + TimeDelta::seconds(60));
    assert!(matches!(
        steward.open::<Creator>(&grant, &place),
        Err(OpenError::Key(KeyError::Destroyed { .. }))
    ));
    assert!(matches!(
        steward.put(&place, &creator("ada"), &sync()),
        Err(PutError::Key(KeyError::Closed { .. }))
    ));
}

/// What a cache says no to is asked of the store: somebody may have settled it since.
#[test]
fn a_no_is_never_a_caches() {
    let world = World::new();
    drop(world.connected());
    let steward = Watched::new(&world.memory).caching(&world, MINUTE);
    let put = || steward.put(&about(ADA), &creator("ada"), &sync());
    put().unwrap();
    let scope = Scope::subject(TENANT, ADA);
    steward.suspend_key(&scope, 1).unwrap();
    assert!(matches!(put(), Err(PutError::Key(KeyError::Suspended { .. }))));
    // Resumed by a process that this one knows nothing of.
    let store = world.memory.keys();
    let mut row = block_on(store.scope(&scope)).unwrap().unwrap();
    let KeyState::Live { standing, .. } = &mut row.keys[0].state else { panic!() };
    *standing = Standing::Active;
    let expected = Expected::Version(row.version);
    row.version = expected.next();
    block_on(store.put_scope(row, expected)).unwrap();
    put().unwrap();
}

#[test]
fn promise_07_without_a_cache_the_bound_is_zero() {
    let world = World::new();
    drop(world.connected());
    let steward = Watched::new(&world.memory).steward(&world);
    let place = about(ADA);
    steward.put(&place, &creator("ada"), &sync()).unwrap();
    let grant = grant::<Creator>(&steward, &place);
    erased_elsewhere(&world);
    assert!(steward.open::<Creator>(&grant, &place).unwrap_err().destroyed_at().is_some());
}

/// A warm cache asks the key store nothing, and so the provider nothing; what it is not sure of, it asks.
#[test]
fn promise_04_a_key_is_asked_for_once_in_its_age_and_uses() {
    let world = World::new();
    drop(world.connected());
    let watched = Watched::new(&world.memory);
    let steward = watched.caching(&world, MINUTE.uses(1_000));
    let value: stewardship::Classified<String, CreatorEmail> = "ada@example.com".to_owned().into();
    let place = about(ADA);
    let column = steward.seal(&place, "people", "email", &value).unwrap();
    let grant = grant::<Creator>(&steward, &place);
    let calls = || {
        let before = watched.calls();
        steward.seal(&place, "people", "email", &value).unwrap();
        steward.open_sealed::<String, CreatorEmail>(&grant, &place, "people", "email", &column).unwrap();
        watched.calls() - before
    };
    calls();
    assert_eq!(calls(), 0);
    world.clock.set(world.now() + TimeDelta::seconds(120));
    assert!(calls() > 0);
    assert_eq!(calls(), 0);

    // A version that was made meanwhile is no missing one.
    let elsewhere = world.steward();
    elsewhere.rotate_key(&Scope::subject(TENANT, ADA), 1).unwrap();
    let newer = elsewhere.seal(&place, "people", "email", &value).unwrap();
    assert!(steward.open_sealed::<String, CreatorEmail>(&grant, &place, "people", "email", &newer).is_ok());

    // Without a cache the same asks each time.
    let watched = Watched::new(&world.memory);
    let steward = watched.steward(&world);
    let before = watched.calls();
    steward.seal(&place, "people", "email", &value).unwrap();
    assert!(watched.calls() > before);
}
