//! Several stewards over the same stores: every order of their storage calls is one that may happen.
//!
//! The futures are polled in an order that a seed gives, one storage call at a time: what threads would show once in a while is shown
//! here again and again, and the same way for the same seed.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use proptest::prelude::*;
use stewardship::audit::Term;
use stewardship::contracts::{
    AuditLog, Document, DocumentKey, DocumentKind, DocumentStore, EpochRow, Expected, KeyStore, Ports,
    RecordKey, RecordQuery, RecordRow, RecordStore, ScopeRow, StoreError, StoredEntry, Version,
};
use stewardship::dsr::AnyCase;
use stewardship::engine::OpenError;
use stewardship::id::{CaseId, TenantId};
use stewardship::keys::KeyPhase;
use stewardship::policy::RequestKind;
use stewardship::ports::memory::Memory;
use stewardship::{ManualClock, Period, Scope, Steward, block_on};

use crate::world::*;

/// Stores that let the others go first, once at every call.
#[derive(Clone)]
pub(super) struct Stepped(Memory);

struct Step(bool);

impl Future for Step {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Ports for Stepped {
    type Records = Self;
    type Keys = Self;
    type Documents = Self;
    type Audit = Self;

    fn records(&self) -> &Self {
        self
    }

    fn keys(&self) -> &Self {
        self
    }

    fn documents(&self) -> &Self {
        self
    }

    fn audit(&self) -> &Self {
        self
    }
}

macro_rules! stepped {
    ($contract:ident in $part:ident { $(fn $method:ident($($arg:ident: $type:ty),*) -> $out:ty;)+ }) => {
        impl $contract for Stepped {
            $(async fn $method(&self, $($arg: $type),*) -> Result<$out, StoreError> {
                Step(false).await;
                $contract::$method(self.0.$part(), $($arg),*).await
            })+
        }
    };
}

stepped! { RecordStore in records {
    fn put(row: RecordRow, expected: Expected) -> ();
    fn fetch(key: &RecordKey) -> Option<RecordRow>;
    fn delete(key: &RecordKey, version: Version) -> ();
    fn list(query: &RecordQuery, after: Option<&RecordKey>, limit: usize) -> Vec<RecordRow>;
} }
stepped! { KeyStore in keys {
    fn scope(scope: &Scope) -> Option<ScopeRow>;
    fn put_scope(row: ScopeRow, expected: Expected) -> ();
    fn scopes(after: Option<&Scope>, limit: usize) -> Vec<ScopeRow>;
    fn epochs() -> Vec<EpochRow>;
    fn put_epoch(row: EpochRow, expected: Expected) -> ();
} }
stepped! { DocumentStore in documents {
    fn load(key: &DocumentKey) -> Option<Document>;
    fn save(document: Document, expected: Expected) -> ();
    fn list(kind: DocumentKind, tenant: Option<&TenantId>, after: Option<&DocumentKey>, limit: usize) -> Vec<Document>;
} }
stepped! { AuditLog in audit {
    fn append(entries: Vec<StoredEntry>) -> ();
    fn read(from: u64, limit: usize) -> Vec<StoredEntry>;
    fn last() -> Option<StoredEntry>;
    fn list(term: &Term, from: u64, limit: usize) -> Vec<StoredEntry>;
    fn expire(below: u64) -> ();
} }

/// A steward whose storage calls interleave with others'. Its clock is its own.
pub(super) fn racer(world: &World, ahead: Period) -> Steward<Stepped> {
    let clock = ManualClock::at(world.now());
    clock.advance(ahead);
    let steward =
        Steward::builder(world.policy.clone(), Stepped(world.memory.clone()), world.provider.clone())
            .bind::<(Token, Creator, Order, Voucher, Note, Pacing)>()
            .source("newsletter", world.newsletter.clone())
            .source("mailer", world.mailer.clone())
            .clock(clock);
    race(&mut [Box::pin(async { steward.build().await.unwrap() })], &[]).remove(0)
}

pub(super) type Racing<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Many times the turns that the longest race takes: whoever is not ready by then never is.
const ENOUGH: usize = 20_000;

/// Polls them in the order that `order` gives, then in turns, until all are ready.
///
/// # Panics
/// If one is not ready in the end: of racers that stop each other again and again there is a failure, with the order, and no test that
/// runs for ever.
pub(super) fn race<T>(racing: &mut [Racing<'_, T>], order: &[usize]) -> Vec<T> {
    let mut answers: Vec<Option<T>> = racing.iter().map(|_| None).collect();
    let mut context = Context::from_waker(Waker::noop());
    let turns = order.iter().copied().chain(0..ENOUGH);
    for turn in turns {
        let turn = turn % racing.len();
        if answers[turn].is_none()
            && let Poll::Ready(answer) = racing[turn].as_mut().poll(&mut context)
        {
            answers[turn] = Some(answer);
        }
        if answers.iter().all(Option::is_some) {
            break;
        }
    }
    answers.into_iter().map(|answer| answer.expect("every race ends")).collect()
}

pub(super) type Seen = (Vec<(String, usize)>, u64, Vec<(u64, String)>);

/// Two that erase a person of whom records outlive it, and one that sweeps: the records that are left with how many name the person
/// still, how many were deleted, and what was kept.
pub(super) fn erased_by_two(due: bool, order: &[usize]) -> Seen {
    let world = World::new();
    let steward = world.connected();
    for (place, word) in [(about(ADA), "ada"), (about(ADA).record("round-1"), "again")] {
        steward.put(&place, &pacing(word), &sync()).unwrap();
    }
    super::pseudonyms::planned(&world, &steward, RequestKind::Deletion, ADA, "case-1");
    if due {
        world.clock.advance(Period::days(366));
    }
    let case = CaseId::new("case-1");
    let officer = world.officer();
    let racers = [(); 3].map(|()| racer(&world, Period::days(0)));
    let erase = async |steward: &Steward<Stepped>| {
        if let Ok(AnyCase::Planned(case)) = steward.case(&tenant(), &case).await {
            // Of two that write the case down one may be too late.
            steward.carry_out(case, &officer).await.err();
        }
    };
    race::<()>(
        &mut [
            Box::pin(erase(&racers[0])),
            Box::pin(erase(&racers[1])),
            Box::pin(async { drop(racers[2].sweep().await.unwrap()) }),
        ],
        order,
    );
    steward.sweep().unwrap();
    let left = rows(&world).into_iter().map(|row| {
        let names_person = row.subjects().iter().filter(|subject| subject.as_str() == ADA).count();
        (row.key.id.as_str().chars().take(10).collect(), names_person)
    });
    let disposals = steward.disposals(None).unwrap();
    let kept = disposals.iter().flat_map(|disposal| disposal.kept.clone()).collect();
    (left.collect(), disposals.iter().map(|disposal| disposal.records).sum(), kept)
}

/// Runs of one racer after another: long enough to get somewhere, short enough to be overtaken.
pub(super) fn order() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec((0_usize..5, 1_usize..25), 1..40).prop_map(|runs| {
        runs.into_iter().flat_map(|(who, length)| std::iter::repeat_n(who, length)).collect()
    })
}

pub(super) fn rows(world: &World) -> Vec<RecordRow> {
    block_on(world.memory.records().list(&RecordQuery::default(), None, 999)).unwrap()
}

fn versions(world: &World, scope: &Scope) -> usize {
    block_on(world.memory.keys().scope(scope)).unwrap().map_or(0, |row| row.keys.len())
}

/// Wherever somebody who looks is overtaken by a new key under which all entries are made anew.
#[test]
fn race_whoever_is_there_is_found_while_entries_move_to_a_newer_key() {
    let mut paused = 0;
    for (pause, key_is_there) in (0..40).flat_map(|pause| [(pause, false), (pause, true)]) {
        let world = World::new();
        let steward = world.connected();
        let (tenant, place, bob, purpose) = (tenant(), about("buyer-bob-4"), creator("bob"), sync());
        steward.put(&about(ADA), &creator("ada"), &purpose).unwrap();
        super::find::outdate_tenant_key(&world);
        if key_is_there {
            steward.put(&place, &bob, &purpose).unwrap();
        }
        let (looks, moves) = (racer(&world, Period::days(0)), racer(&world, Period::days(0)));
        let moved = std::cell::Cell::new(false);
        let order: Vec<usize> = std::iter::repeat_n(0, pause).chain(std::iter::repeat_n(1, 400)).collect();
        let found = race::<usize>(
            &mut [
                Box::pin(async {
                    let found = looks.find::<Creator>(&tenant, "email", "ada@example.com").await.unwrap();
                    paused += usize::from(moved.get());
                    found.len()
                }),
                Box::pin(async {
                    moves.put(&place, &bob, &purpose).await.unwrap();
                    let made = moves.reindex().await.unwrap().made;
                    moved.set(true);
                    usize::try_from(made).unwrap()
                }),
            ],
            &order,
        );
        assert_eq!(found, [1, 1], "paused after {pause} steps, {key_is_there}");
    }
    assert!(paused > 10, "{paused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn race_what_outlives_an_erasure_is_renamed_once_and_counted_once(order in order()) {
        let (left, gone, kept) = erased_by_two(false, &order);
        let expected = [("pseudonym-".to_owned(), 0), ("round-1".to_owned(), 0)];
        prop_assert_eq!((&left[..], gone), (&expected[..], 0));
        prop_assert!(matches!(&kept[..], [(2, why)] if why.contains("pseudonym")), "{:?}", kept);
        // What is due besides goes, whoever is faster.
        let (left, gone, _) = erased_by_two(true, &order);
        prop_assert_eq!((left, gone), (vec![], 2));
    }

    #[test]
    fn race_the_first_use_of_a_scope_ends_with_one_key(order in order()) {
        let world = World::new();
        let racers = [racer(&world, Period::days(0)), racer(&world, Period::days(0))];
        let place = |n: usize| stewardship::Place::tenant(TENANT).subject(ADA).record(format!("r-{n}"));
        let purpose = stewardship::Purpose::new("support");
        let record = note("words");
        let mut racing: Vec<Racing<'_, _>> = Vec::new();
        for (n, racer) in racers.iter().enumerate() {
            let (place, purpose, record) = (place(n), &purpose, &record);
            racing.push(Box::pin(async move { racer.put(&place, record, purpose).await }));
        }
        for answer in race(&mut racing, &order) {
            prop_assert!(answer.is_ok(), "{answer:?}");
        }
        prop_assert_eq!(block_on(world.memory.keys().epochs()).unwrap().len(), 1);
        prop_assert_eq!(versions(&world, &Scope::Tenant(tenant())), 1);
        prop_assert_eq!(versions(&world, &Scope::subject(TENANT, ADA)), 1);
        let steward = world.steward();
        for n in 0..2 {
            let grant = officers::<Note>(&world, &steward, &place(n));
            prop_assert!(steward.open::<Note>(&grant, &place(n)).is_ok());
        }
        steward.verify_trail(None).unwrap();
    }

    /// Past the soft limit, each of two writers makes a new version: they end with one.
    #[test]
    fn race_the_rotation_of_a_key_ends_with_one_new_version(order in order()) {
        let world = World::new();
        let steward = world.steward();
        let place = |n: usize| stewardship::Place::tenant(TENANT).subject(ADA).record(format!("r-{n}"));
        let (purpose, record) = (stewardship::Purpose::new("support"), note("words"));
        steward.put(&place(2), &record, &purpose).unwrap();
        world.clock.advance(Period::months(12));
        let racers = [(); 3].map(|()| racer(&world, Period::days(0)));
        let (scope, other) = (Scope::Tenant(tenant()), Scope::subject(TENANT, ADA));
        let mut racing: Vec<Racing<'_, bool>> = Vec::new();
        for (n, racer) in racers[..2].iter().enumerate() {
            let (place, purpose, record) = (place(n), &purpose, &record);
            racing.push(Box::pin(async move { racer.put(&place, record, purpose).await.is_ok() }));
        }
        racing.push(Box::pin(async {
            racers[2].rotate_key(&scope, 1).await.is_ok() && racers[2].rotate_key(&other, 1).await.is_ok()
        }));
        prop_assert_eq!(race(&mut racing, &order), [true; 3]);
        prop_assert_eq!((versions(&world, &scope), versions(&world, &other)), (2, 2));
        for n in 0..3 {
            let grant = officers::<Note>(&world, &steward, &place(n));
            prop_assert!(steward.open::<Note>(&grant, &place(n)).is_ok());
        }
        steward.verify_trail(None).unwrap();
    }

    /// Everything that moves keys at once, beside writers and a pass that seals anew: no value is lost to a lost key.
    #[test]
    fn race_rotations_of_keys_and_epochs_beside_writers_lose_nothing(order in order(), twice in any::<bool>()) {
        let world = World::new();
        let steward = world.connected();
        let record = creator("ada");
        steward.put(&about(ADA), &record, &sync()).unwrap();
        let racers = [(); 5].map(|()| racer(&world, Period::days(0)));
        let (scope, shop, new) = (Scope::Tenant(tenant()), shop_scope(), about("creator-new"));
        let purpose = sync();
        let mut racing: Vec<Racing<'_, bool>> = vec![
            Box::pin(async { racers[0].mark_compromised(&shop, 1, "who knows").await.is_ok() }),
            Box::pin(async { racers[1].rotate_epoch().await.is_ok() && (!twice || racers[1].rotate_epoch().await.is_ok()) }),
            Box::pin(async { racers[2].put(&new, &record, &purpose).await.is_ok() }),
            Box::pin(async { racers[3].reseal(None, 9).await.is_ok() }),
            Box::pin(async { racers[4].rotate_key(&scope, 1).await.is_ok() }),
        ];
        prop_assert_eq!(race(&mut racing, &order), [true; 5]);
        drop(racing);
        prop_assert_eq!((versions(&world, &scope), versions(&world, &shop)), (2, 2));
        // The older epochs end, and what was sealed under any version opens.
        let newest = block_on(world.memory.keys().epochs()).unwrap().last().unwrap().number;
        if steward.destroy_epochs_before(newest, world.now()).is_err() {
            let newest = steward.rotate_epoch().unwrap();
            steward.destroy_epochs_before(newest, world.now()).unwrap();
        }
        for place in [about(ADA), about("creator-new")] {
            prop_assert_eq!(read::<Creator>(&steward, &place).unwrap(), values(&record));
        }
        prop_assert!(steward.reseal(None, 9).unwrap().left.is_empty());
        steward.raise_key_minimum(&scope, 2).unwrap();
        steward.raise_key_minimum(&shop, 2).unwrap();
        for place in [about(ADA), about("creator-new")] {
            prop_assert_eq!(read::<Creator>(&steward, &place).unwrap(), values(&record));
        }
        steward.verify_trail(None).unwrap();
    }

    /// A pass that seals anew, a compromise and a rotation beside a revocation: what was revoked does not come back, what must stay stays.
    #[test]
    fn race_sealing_anew_beside_a_revocation_brings_nothing_back(order in order(), suspended in any::<bool>()) {
        let world = World::new();
        let steward = world.connected();
        steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
        steward.put(&about(ADA), &voucher("ada"), &sync()).unwrap();
        steward.rotate_key(&Scope::Tenant(tenant()), 1).unwrap();
        let racers = [(); 4].map(|()| racer(&world, Period::days(0)));
        let scope = shop_scope();
        let mut racing: Vec<Racing<'_, ()>> = vec![
            Box::pin(async { drop(racers[0].revoke(&scope, "the seller asked").await.unwrap()) }),
            Box::pin(async { drop(racers[1].reseal(None, 9).await.unwrap()) }),
            // Too late where the key is gone already.
            Box::pin(async {
                match suspended {
                    true => racers[2].suspend_key(&scope, 1).await.unwrap_or_default(),
                    false => drop(racers[2].mark_compromised(&scope, 1, "who knows").await),
                }
            }),
            Box::pin(async { assert!(racers[3].rotate_epoch().await.is_ok()) }),
        ];
        race(&mut racing, &order);
        drop(racing);
        steward.sweep().unwrap();
        steward.reseal(None, 9).unwrap();
        steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
        let opened = read::<Creator>(&steward, &about(ADA));
        prop_assert!(matches!(opened, Err(OpenError::NotFound | OpenError::Key(_))), "{opened:?}");
        prop_assert_eq!(rows(&world).len(), 1, "a dead row is left");
        prop_assert_eq!(read::<Voucher>(&steward, &about(ADA)).unwrap(), values(&voucher("ada")));
        let first = block_on(world.memory.keys().scope(&scope)).unwrap().unwrap().keys.remove(0);
        prop_assert_eq!(first.phase(), KeyPhase::Destroyed);
        steward.verify_trail(None).unwrap();
    }

    #[test]
    fn race_puts_of_one_record_leave_one_of_them_whole(order in order()) {
        let world = World::new();
        let steward = world.connected();
        let racers = [racer(&world, Period::days(0)), racer(&world, Period::days(0)), racer(&world, Period::days(0))];
        let records = [creator("ada"), creator("bob"), creator("eve")];
        let (place, purpose) = (about(ADA), sync());
        let mut racing: Vec<Racing<'_, _>> = Vec::new();
        for (racer, record) in racers.iter().zip(&records) {
            racing.push(Box::pin(racer.put(&place, record, &purpose)));
        }
        for answer in race(&mut racing, &order) {
            prop_assert!(answer.is_ok(), "{answer:?}");
        }
        let left = read::<Creator>(&steward, &place).unwrap();
        prop_assert!(records.iter().any(|record| values(record) == left), "{left:?}");
        prop_assert_eq!(rows(&world)[0].version.number(), 3);
        steward.verify_trail(None).unwrap();
    }

    #[test]
    fn race_sweeps_delete_once_and_count_once(order in order(), apart in any::<bool>()) {
        let world = World::new();
        let steward = world.connected();
        for n in 0..3 {
            steward.put(&about(&format!("creator-{n}")), &creator("x"), &sync()).unwrap();
            world.newsletter.add(&format!("n-{n}"), "creators", ADA, world.now());
        }
        steward.happened(&shop_scope(), "authorization_revoked", world.now()).unwrap();
        let ahead = |n| if apart { Period::hours(n) } else { Period::hours(0) };
        let racers = [racer(&world, ahead(0)), racer(&world, ahead(1)), racer(&world, ahead(2))];
        let mut racing: Vec<Racing<'_, _>> = Vec::new();
        for racer in &racers {
            racing.push(Box::pin(racer.sweep()));
        }
        for answer in race(&mut racing, &order) {
            prop_assert!(answer.is_ok(), "{answer:?}");
        }
        // What racers withdrew from one another goes the next time.
        steward.sweep().unwrap();
        prop_assert_eq!(rows(&world).len(), 0);
        let mut disposed = world.newsletter.disposed();
        disposed.sort();
        prop_assert_eq!(disposed, ["n-0", "n-1", "n-2"]);
        let disposals = steward.disposals(None).unwrap();
        prop_assert_eq!(disposals.iter().map(|disposal| disposal.records).sum::<u64>(), 6, "{:?}", disposals);
        steward.verify_trail(None).unwrap();
        world.clock.advance(Period::days(36));
        steward.sweep().unwrap();
        prop_assert!(steward.disposals(None).unwrap().iter().all(|disposal| disposal.is_certified()));
    }

    #[test]
    fn race_a_revocation_and_sweeps_count_once(order in order()) {
        let world = World::new();
        let steward = world.connected();
        for n in 0..3 {
            steward.put(&about(&format!("creator-{n}")), &creator("x"), &sync()).unwrap();
        }
        steward.put(&about(ADA), &voucher("ada"), &sync()).unwrap();
        let racers = [racer(&world, Period::days(0)), racer(&world, Period::days(0)), racer(&world, Period::hours(1))];
        let scope = shop_scope();
        let mut racing: Vec<Racing<'_, bool>> = Vec::new();
        racing.push(Box::pin(async { racers[0].revoke(&scope, "the seller asked").await.is_ok() }));
        racing.push(Box::pin(async { racers[1].sweep().await.is_ok() }));
        racing.push(Box::pin(async {
            racers[2].revoke(&scope, "the seller asked").await.is_ok() && racers[2].sweep().await.is_ok()
        }));
        prop_assert_eq!(race(&mut racing, &order), [true; 3]);
        drop(racing);
        steward.sweep().unwrap();
        prop_assert_eq!(rows(&world).len(), 1);
        let disposals = steward.disposals(None).unwrap();
        prop_assert_eq!(disposals.iter().map(|disposal| disposal.records).sum::<u64>(), 3, "{:?}", disposals);
        steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
        prop_assert_eq!(read::<Voucher>(&steward, &about(ADA)).unwrap(), values(&voucher("ada")));
    }

    /// Whichever comes first: after the revocation has returned nothing that was put before it, or beside it, opens any more.
    #[test]
    fn race_a_put_beside_a_revocation_never_opens_after_it(order in order()) {
        let world = World::new();
        let steward = world.connected();
        steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
        let racers = [racer(&world, Period::days(0)), racer(&world, Period::days(0))];
        let (scope, place, record, purpose) = (shop_scope(), about("creator-bob"), creator("bob"), sync());
        let mut racing: Vec<Racing<'_, ()>> = Vec::new();
        racing.push(Box::pin(async {
            racers[0].revoke(&scope, "the seller asked").await.unwrap();
        }));
        racing.push(Box::pin(async {
            let _ = racers[1].put(&place, &record, &purpose).await;
        }));
        race(&mut racing, &order);
        drop(racing);
        steward.sweep().unwrap();
        steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
        for place in [about(ADA), about("creator-bob")] {
            let opened = read::<Creator>(&steward, &place);
            prop_assert!(matches!(opened, Err(OpenError::NotFound | OpenError::Key(_))), "{opened:?}");
        }
        prop_assert_eq!(rows(&world).len(), 0, "a dead row is left");
    }

    #[test]
    fn race_an_authorisation_anew_beside_a_revocation_loses_nothing_new(order in order()) {
        let world = World::new();
        let steward = world.connected();
        steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
        world.clock.advance(Period::hours(1));
        let racers = [racer(&world, Period::hours(0)), racer(&world, Period::hours(1))];
        let (scope, place, record, purpose) = (shop_scope(), about("creator-bob"), creator("bob"), sync());
        let (owner, shop) = (world.owner(), shop());
        let mut racing: Vec<Racing<'_, bool>> = Vec::new();
        racing.push(Box::pin(async { racers[0].revoke(&scope, "the seller asked").await.is_ok() }));
        racing.push(Box::pin(async {
            let granted = racers[1].connect(&owner, &shop, "tiktok-shop").await.unwrap().granted;
            let stored = racers[1].put(&place, &record, &purpose).await.is_ok();
            // Under the authorisation that is being revoked it goes with it.
            stored && granted > world.now()
        }));
        let answers = race(&mut racing, &order);
        drop(racing);
        prop_assert!(answers[0]);
        world.clock.advance(Period::hours(2));
        if answers[1] {
            steward.sweep().unwrap();
            prop_assert_eq!(read::<Creator>(&steward, &place).unwrap(), values(&record));
        }
        steward.connect(&owner, &shop, "tiktok-shop").unwrap();
        let old = read::<Creator>(&steward, &about(ADA));
        prop_assert!(matches!(old, Err(OpenError::NotFound | OpenError::Key(_))), "{old:?}");
    }

    #[test]
    fn race_a_put_beside_the_end_of_an_epoch_stays_readable(order in order()) {
        let world = World::new();
        let steward = world.connected();
        let racers = [racer(&world, Period::days(0)), racer(&world, Period::days(0))];
        let (place, record, purpose, now) = (about(ADA), creator("ada"), sync(), world.now());
        let mut racing: Vec<Racing<'_, bool>> = Vec::new();
        racing.push(Box::pin(async {
            let epoch = racers[0].rotate_epoch().await.unwrap();
            let _ = racers[0].destroy_epochs_before(epoch, now).await;
            true
        }));
        racing.push(Box::pin(async { racers[1].put(&place, &record, &purpose).await.is_ok() }));
        let stored = race(&mut racing, &order)[1];
        drop(racing);
        if stored {
            prop_assert_eq!(read::<Creator>(&steward, &place).unwrap(), values(&record));
        }
        prop_assert!(steward.put(&place, &record, &purpose).is_ok());
        prop_assert_eq!(read::<Creator>(&steward, &place).unwrap(), values(&record));
    }
}

/// A process that dies with a key in hand, while the epoch ends under which it was wrapped: the scope goes on, and so do rotations.
#[test]
fn race_a_crash_beside_the_end_of_an_epoch_stops_nobody() {
    for before in 0..24 {
        for after in 0..8 {
            let world = World::new();
            let steward = world.connected();
            let racer = racer(&world, Period::days(0));
            let (place, record, purpose) = (about(ADA), creator("ada"), sync());
            let mut put = Box::pin(racer.put(&place, &record, &purpose));
            let mut context = Context::from_waker(Waker::noop());
            let mut ended = None;
            let mut poll = |times| {
                for _ in 0..times {
                    if ended.is_none()
                        && let Poll::Ready(stored) = put.as_mut().poll(&mut context)
                    {
                        ended = Some(stored.is_ok());
                    }
                }
                ended == Some(true)
            };
            poll(before);
            let epoch = steward.rotate_epoch().unwrap();
            steward.destroy_epochs_before(epoch, world.now()).unwrap();
            if poll(after) {
                assert!(read::<Creator>(&steward, &place).is_ok(), "{before} {after}");
            }
            drop(put);
            steward.put(&place, &record, &purpose).unwrap();
            let epoch = steward.rotate_epoch().unwrap();
            steward.destroy_epochs_before(epoch, world.now()).unwrap();
            assert_eq!(read::<Creator>(&steward, &place).unwrap(), values(&record), "{before} {after}");
        }
    }
}

/// The same with the machine's own threads.
#[test]
fn race_threads_that_use_a_scope_first_end_with_one_key() {
    for _ in 0..20 {
        let world = World::new();
        thread::scope(|scope| {
            for n in 0..4 {
                let steward = world.steward();
                scope.spawn(move || {
                    let place = stewardship::Place::tenant(TENANT).subject(ADA).record(format!("r-{n}"));
                    steward.put(&place, &note("words"), &stewardship::Purpose::new("support")).unwrap();
                });
            }
        });
        assert_eq!(versions(&world, &Scope::Tenant(tenant())), 1);
        assert_eq!(versions(&world, &Scope::subject(TENANT, ADA)), 1);
        assert_eq!(rows(&world).len(), 4);
        world.steward().verify_trail(None).unwrap();
    }
}

#[test]
fn race_threads_that_sweep_delete_once_and_count_once() {
    for _ in 0..20 {
        let world = World::new();
        let steward = world.connected();
        for n in 0..8 {
            steward.put(&about(&format!("creator-{n}")), &creator("x"), &sync()).unwrap();
        }
        steward.happened(&shop_scope(), "authorization_revoked", world.now()).unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                let steward = world.steward();
                scope.spawn(move || steward.sweep().unwrap());
            }
        });
        steward.sweep().unwrap();
        assert!(rows(&world).is_empty());
        let counted: u64 = steward.disposals(None).unwrap().iter().map(|disposal| disposal.records).sum();
        assert_eq!(counted, 8);
    }
}
