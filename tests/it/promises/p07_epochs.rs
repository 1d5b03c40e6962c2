//! 7: erasure that no backup undoes: epochs on schedule and after an erasure, and what the certificate waits for.

use std::collections::BTreeSet;
use std::time::Instant;

use stewardship::contracts::{
    Destruction, EpochState, Expected, KeyProvider, KeyState, KeyStore, KeyVersion, Moment, Moving, Ports,
    ScopeRow, Standing,
};
use stewardship::crypto::{OsEntropy, RustCrypto, SecretKey, unwrap, wrap};
use stewardship::dsr::AnyCase;
use stewardship::engine::{EpochError, Swept};
use stewardship::id::CaseId;
use stewardship::policy::RequestKind;
use stewardship::ports::local_keys::LocalKeys;
use stewardship::ports::memory::Memory;
use stewardship::retention::{CopyFate, CopyKind};
use stewardship::{Period, Place, Purpose, Scope, block_on};

use super::p04_life::with_keys;
use super::stores::Watched;
use crate::world::*;

/// The policy of the tests without an end of any backup, and with a table of keys.
fn without_horizons(table: &str) -> World {
    let policy = POLICY.replace("key_store = \"35 days\"", "key_store = \"240 months\"");
    let policy = policy.replace("records = \"35 days\"", "records = \"240 months\"");
    World::under(&format!("{policy}\n[keys]\n{table}\n"))
}

fn fate(copies: &[CopyFate], kind: CopyKind) -> &CopyFate {
    copies.iter().find(|fate| fate.copy == kind).unwrap()
}

/// Whether what was stored opens in stores as a backup gives them back; the authorisation of that time is in them too.
fn opens_in(world: &World, backup: &Memory) -> bool {
    let Ok(steward) = world.over(backup).start() else { return false };
    let place = Place::tenant(TENANT).subject(ADA).record("note-1");
    let question = stewardship::Question::read(
        world.officer(),
        stewardship::Resource::at::<Note>(&place),
        Purpose::new("subject_requests"),
    );
    match steward.authorize(&question.assigned_case(true)) {
        Ok(stewardship::Access::Granted(grant)) => steward.open::<Note>(&grant, &place).is_ok(),
        // Not even the tenant's name can be made for the trail.
        _ => false,
    }
}

/// A backup of records **and** keys from before the erasure, at every step of its end: what it opens, and what the certificate says.
#[test]
fn promise_07_a_backup_of_both_from_before_an_erasure_dies_with_its_epoch_and_the_certificate_waits() {
    let world = without_horizons("rewrap_on_erasure = true");
    world.provider.wait(Period::days(30), &world.clock);
    let steward = world.steward();
    for n in 1..=2 {
        let place = Place::tenant(TENANT).subject(ADA).record(format!("note-{n}"));
        steward.put(&place, &note("words"), &Purpose::new("support")).unwrap();
    }
    let backup = world.memory.snapshot();
    assert!(opens_in(&world, &backup.snapshot()));

    // A person's erasure: by the policy, the next epoch is there and filled when it returns.
    super::pseudonyms::planned(&world, &steward, RequestKind::Deletion, ADA, "case-1");
    let Ok(AnyCase::Planned(case)) = steward.case(&tenant(), &CaseId::new("case-1")) else { panic!() };
    steward.carry_out(case, &world.officer()).unwrap();
    let epochs = block_on(world.memory.keys().epochs()).unwrap();
    assert_eq!(
        epochs.iter().map(|row| (row.number, &row.moving)).collect::<Vec<_>>(),
        [(1, &Moving::Done), (2, &Moving::Done)]
    );
    let evidence = |swept: &Swept| swept.disposals.iter().find(|own| own.keys.is_some()).cloned();
    let disposal = evidence(&steward.sweep().unwrap()).unwrap();
    let copies = fate(&disposal.copies, CopyKind::KeyStoreBackups);
    assert_eq!((copies.waits_for.clone(), disposal.is_certified()), (BTreeSet::from([1]), false));
    assert!(copies.because.contains("epoch 1 is destroyed before"), "{copies}");
    assert!(opens_in(&world, &backup.snapshot()), "and that is why it waits");
    assert_eq!(block_on(world.memory.keys().epochs()).unwrap().len(), 2, "one epoch for one erasure");

    // Not before a backup of the keys under the new epoch exists.
    let early = steward.destroy_epochs_before(2, world.now() - chrono::TimeDelta::hours(1));
    assert!(matches!(early, Err(EpochError::BackupTooOld { epoch: 2 })), "{early:?}");
    let answers = steward.destroy_epochs_before(2, world.now()).unwrap();
    let dead = Period::days(30).after(world.now());
    assert_eq!(answers, [Destruction::Effective(dead)]);
    // The provider delays: the copy opens until then, and the certificate bears that date.
    world.clock.advance(Period::days(29));
    assert!(opens_in(&world, &backup.snapshot()));
    let disposal = evidence(&steward.sweep().unwrap()).unwrap();
    assert_eq!((disposal.is_certified(), disposal.certifiable_from()), (false, Some(dead)));
    assert!(fate(&disposal.copies, CopyKind::KeyStoreBackups).waits_for.is_empty());
    world.clock.advance(Period::days(1));
    assert!(!opens_in(&world, &backup.snapshot()));
    let disposal = evidence(&steward.sweep().unwrap()).unwrap();
    assert_eq!(disposal.certified, Some(dead));
    // The live stores go on, under the new epoch.
    let place = Place::tenant(TENANT).subject("user-new").record("note-9");
    steward.put(&place, &note("words"), &Purpose::new("support")).unwrap();
}

#[test]
fn promise_07_a_provider_that_cannot_destroy_makes_no_backup_dead() {
    let world = without_horizons("rewrap_on_erasure = true");
    let steward = world.start_with(LocalKeys::from_key(SecretKey::new([7; 32]))).unwrap();
    steward.accept_terms(&world.owner(), world.policy.digest()).unwrap();
    steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward.revoke(&shop_scope(), "the seller asked").unwrap();
    assert_eq!(steward.destroy_epochs_before(2, world.now()).unwrap(), [Destruction::Unsupported]);
    world.clock.advance(Period::months(120));
    let swept = steward.sweep().unwrap();
    let [disposal] = &swept.disposals[..] else { panic!("{:?}", swept.disposals) };
    assert!(!disposal.is_certified());
    assert_eq!(fate(&disposal.copies, CopyKind::KeyStoreBackups).waits_for, BTreeSet::from([1]));
    // Past the horizon no such backup is left.
    world.clock.advance(Period::months(121));
    assert_eq!(steward.sweep().unwrap().certified().count(), 1);
}

#[test]
fn promise_07_a_sweep_opens_epochs_on_the_schedule_of_the_policy() {
    let world = with_keys("epoch_after = \"365 days\"");
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    let number = |world: &World| block_on(world.memory.keys().epochs()).unwrap().len();
    world.clock.advance(Period::days(364));
    assert_eq!((steward.sweep().unwrap().unfinished_epoch, number(&world)), (None, 1));
    world.clock.advance(Period::days(1));
    assert_eq!((steward.sweep().unwrap().unfinished_epoch, number(&world)), (None, 2));
    steward.sweep().unwrap();
    assert_eq!(number(&world), 2, "one epoch a period");
    let rows = block_on(world.memory.keys().scopes(None, 999)).unwrap();
    assert!(rows.len() >= 3 && rows.iter().all(|row| row.epochs().all(|epoch| epoch == 2)));
    assert_eq!(read::<Creator>(&steward, &about(ADA)).unwrap(), values(&creator("ada")));
    // Without a schedule none is opened, however old the first gets.
    let world = World::new();
    world.connected().put(&about(ADA), &creator("ada"), &sync()).unwrap();
    world.clock.advance(Period::months(60));
    world.steward().sweep().unwrap();
    assert_eq!(number(&world), 1);
}

/// Fills the key store with so many scopes under epoch 1, as so many people would.
fn fill(world: &World, scopes: usize) {
    let steward = world.steward();
    let place = Place::tenant(TENANT).subject(ADA).record("note-1");
    steward.put(&place, &note("words"), &Purpose::new("support")).unwrap();
    let epoch = block_on(world.memory.keys().epochs()).unwrap().remove(0);
    let EpochState::Active { wrapped } = &epoch.state else { panic!("{epoch:?}") };
    let context = [b"stewardship/1/epoch".as_slice(), &1_u32.to_be_bytes()].concat();
    let wrapping = block_on(world.provider.unwrap(&epoch.provider_key, wrapped, &context)).unwrap();
    for n in 0..scopes {
        let scope = Scope::subject(TENANT, format!("person-{n:06}").as_str());
        let context = [b"stewardship/1/scope".as_slice(), &1_u32.to_be_bytes(), &scope.to_bytes()].concat();
        let secret = SecretKey::generate(&OsEntropy).unwrap();
        let wrapped = wrap(&RustCrypto, &OsEntropy, &wrapping, &secret, &context).unwrap();
        let state = KeyState::Live { standing: Standing::Active, epoch: 1, wrapped };
        let keys = vec![KeyVersion { number: 1, activated: world.now(), state }];
        let row = ScopeRow { scope, version: Expected::Absent.next(), keys, closed: None, minimum: 0 };
        block_on(world.memory.keys().put_scope(row, Expected::Absent)).unwrap();
    }
}

/// Number of scopes whose keys are all in `epoch`, of which the last really unwraps there.
fn moved(world: &World, epoch: u32) -> usize {
    let rows = block_on(world.memory.keys().scopes(None, usize::MAX)).unwrap();
    let in_epoch: Vec<_> = rows.iter().filter(|row| row.epochs().all(|own| own == epoch)).collect();
    if let Some(KeyState::Live { wrapped, .. }) = in_epoch.last().map(|row| &row.keys[0].state) {
        let row = block_on(world.memory.keys().epochs()).unwrap().pop().unwrap();
        let EpochState::Active { wrapped: own } = &row.state else { panic!("{row:?}") };
        let context = [b"stewardship/1/epoch".as_slice(), &epoch.to_be_bytes()].concat();
        let wrapping = block_on(world.provider.unwrap(&row.provider_key, own, &context)).unwrap();
        let scope = in_epoch.last().unwrap().scope.to_bytes();
        let context = [b"stewardship/1/scope".as_slice(), &1_u32.to_be_bytes(), &scope].concat();
        unwrap(&RustCrypto, &wrapping, wrapped, &context).unwrap();
    }
    in_epoch.len()
}

/// One rotation over so many scopes, with a crash in the middle and with none: what was done is not done again, and no page is larger than
/// the bound, however many scopes there are.
fn rotation_of(scopes: usize) {
    let world = World::new();
    fill(&world, scopes);
    let whole = {
        let world = world.fork();
        let (steward, before, start) = (world.steward(), world.faults.calls(), Instant::now());
        steward.rotate_epoch().unwrap();
        println!("{scopes} scopes moved into a new epoch in {:?}", start.elapsed());
        assert_eq!(moved(&world, 2), scopes + 2);
        world.faults.calls() - before
    };
    let steward = world.steward();
    world.faults.arm(whole / 2, Moment::After);
    assert!(steward.rotate_epoch().is_err());
    world.faults.recover();
    let half = moved(&world, 2);
    assert!(half > scopes / 3 && half < scopes * 2 / 3, "{half} of {scopes}");
    let early = steward.destroy_epochs_before(2, world.now());
    assert!(matches!(early, Err(EpochError::StillInUse)), "{early:?}");

    let before = world.faults.calls();
    assert_eq!(world.steward().rotate_epoch().unwrap(), 2, "the same epoch, taken up again");
    let rest = world.faults.calls() - before;
    assert!(rest < whole / 2 + 300, "{rest} calls for the rest, {whole} for all");
    assert_eq!(moved(&world, 2), scopes + 2);
    steward.destroy_epochs_before(2, world.now()).unwrap();
}

#[test]
fn promise_07_a_rotation_over_two_thousand_scopes_goes_on_where_a_crash_stopped_it() {
    rotation_of(2_000);
}

#[test]
#[ignore = "takes a while without optimisation: scripts/epochs.sh"]
fn promise_07_a_rotation_over_a_hundred_thousand_scopes_goes_on_where_a_crash_stopped_it() {
    rotation_of(100_000);
}

#[test]
fn promise_07_a_sweep_moves_a_bounded_number_of_scopes_and_says_that_it_is_not_done() {
    let world = with_keys("epoch_after = \"365 days\"");
    fill(&world, 5_000);
    let watched = Watched::new(&world.memory);
    let steward = watched.steward(&world);
    world.clock.advance(Period::days(365));
    assert_eq!(steward.sweep().unwrap().unfinished_epoch, Some(2));
    assert_eq!(moved(&world, 2), 4_096);
    assert!(matches!(steward.destroy_epochs_before(2, world.now()), Err(EpochError::StillInUse)));
    assert_eq!(steward.sweep().unwrap().unfinished_epoch, None);
    assert_eq!(moved(&world, 2), 5_002);
    assert_eq!(watched.largest_page(), 256, "memory is bounded by a page");
    steward.destroy_epochs_before(2, world.now()).unwrap();
}

/// Erasing a person asks as much of the key store whether ten values are there or a thousand.
#[test]
fn promise_07_an_erasure_costs_the_same_of_the_keys_however_many_values_there_are() {
    let cost = |values: usize| {
        let world = World::new();
        let watched = Watched::new(&world.memory);
        let steward = watched.steward(&world);
        steward.accept_terms(&world.owner(), world.policy.digest()).unwrap();
        steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
        for n in 0..values {
            steward.put(&about(ADA).record(format!("r-{n}")), &creator("ada"), &sync()).unwrap();
        }
        let before = watched.calls();
        steward.revoke(&shop_scope(), "the seller asked").unwrap();
        watched.calls() - before
    };
    let (few, many) = (cost(10), cost(300));
    assert_eq!(few, many);
    assert!(few < 12, "{few} calls");
}
