//! 9: a crash at any call of what moves keys by itself: the rotation that a seal makes, the epoch that an erasure or a sweep opens.

use stewardship::contracts::{KeyStore, Moment, Ports};
use stewardship::keys::KeyPhase::{Active, Deactivated, Destroyed};
use stewardship::{Period, Place, Purpose, Scope, block_on};

use super::p04_life::{phases, with_keys};
use crate::world::*;

/// Runs `verb` in a fork of `world` with a crash at each of its calls, and at both moments; after it the process is gone, and another one
/// calls it again.
fn crash_at_each_call(
    world: &World,
    verb: impl Fn(&TestSteward) -> bool,
    holds: impl Fn(&World, &TestSteward, (u64, Moment)),
) {
    let calls = {
        let world = world.fork();
        let (steward, before) = (world.steward(), world.faults.calls());
        assert!(verb(&steward));
        world.faults.calls() - before
    };
    assert!(calls > 8, "{calls} calls are not the verb");
    for n in 1..=calls {
        for moment in Moment::ALL {
            let world = world.fork();
            let steward = world.steward();
            world.faults.arm(n, moment);
            verb(&steward);
            assert!(world.faults.is_down(), "call {n} was not reached");
            world.faults.recover();
            let steward = world.steward();
            assert!(verb(&steward), "call {n}, {moment:?}");
            holds(&world, &steward, (n, moment));
            steward.verify_trail(None).unwrap();
        }
    }
}

/// Number of epochs, and whether every scope key is in the newest.
fn epochs(world: &World) -> (usize, bool) {
    let epochs = block_on(world.memory.keys().epochs()).unwrap();
    let newest = epochs.last().unwrap().number;
    let rows = block_on(world.memory.keys().scopes(None, 999)).unwrap();
    (epochs.len(), rows.iter().all(|row| row.epochs().all(|epoch| epoch == newest)))
}

#[test]
fn promise_09_a_crash_while_a_seal_rotates_a_key_loses_no_value() {
    let world = with_keys("rotate_after = \"90 days\"\nrefuse_after = \"120 days\"");
    let place = |n: usize| Place::tenant(TENANT).subject(ADA).record(format!("note-{n}"));
    let support = Purpose::new("support");
    world.steward().put(&place(1), &note("words"), &support).unwrap();
    world.clock.advance(Period::days(90));
    let put = |steward: &TestSteward| steward.put(&place(2), &note("words"), &support).is_ok();
    crash_at_each_call(&world, put, |world, steward, crash| {
        for scope in [Scope::Tenant(tenant()), Scope::subject(TENANT, ADA)] {
            assert_eq!(phases(world, &scope), [Deactivated, Active], "{crash:?}");
        }
        for n in 1..=2 {
            let grant = officers::<Note>(world, steward, &place(n));
            assert!(steward.open::<Note>(&grant, &place(n)).is_ok(), "{crash:?}");
        }
    });
}

#[test]
fn promise_09_a_crash_while_an_erasure_opens_an_epoch_brings_nothing_back_and_loses_nothing() {
    let world = with_keys("rewrap_on_erasure = true");
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward.put(&about(ADA), &voucher("ada"), &sync()).unwrap();
    let revoke = |steward: &TestSteward| steward.revoke(&shop_scope(), "the seller asked").is_ok();
    crash_at_each_call(&world, revoke, |world, steward, crash| {
        assert_eq!(epochs(world), (2, true), "{crash:?}");
        assert_eq!(phases(world, &shop_scope()), [Destroyed, Active], "{crash:?}");
        assert_eq!(steward.disposals(None).unwrap().len(), 1, "{crash:?}");
        steward.destroy_epochs_before(2, world.now()).unwrap();
        let swept = steward.sweep().unwrap();
        assert_eq!((swept.certified().count(), swept.withheld().count()), (1, 0), "{crash:?}");
        steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
        assert_eq!(read::<Voucher>(steward, &about(ADA)).unwrap(), values(&voucher("ada")), "{crash:?}");
        assert!(read::<Creator>(steward, &about(ADA)).is_err(), "{crash:?}");
    });
}

#[test]
fn promise_09_a_crash_while_a_sweep_opens_an_epoch_is_taken_up_by_the_next() {
    let world = with_keys("epoch_after = \"30 days\"");
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    world.clock.advance(Period::days(30));
    let sweep = |steward: &TestSteward| steward.sweep().is_ok_and(|swept| swept.unfinished_epoch.is_none());
    crash_at_each_call(&world, sweep, |world, steward, crash| {
        assert_eq!(epochs(world), (2, true), "{crash:?}");
        steward.destroy_epochs_before(2, world.now()).unwrap();
        assert_eq!(read::<Creator>(steward, &about(ADA)).unwrap(), values(&creator("ada")), "{crash:?}");
    });
}
