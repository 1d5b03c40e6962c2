//! What a steward adds to an envelope, and what its cache of keys (`Builder::key_cache`) saves of that.
//!
//! One value of a column, 64 bytes or 1 KiB of text, at a place of two scopes (a tenant's person), through the blocking facade over stores in memory,
//! with the default backend. Against the bare construction, which knows neither a place nor a policy nor a grant:
//!
//! - `cached_seal…`: `Steward::seal`, with the keys of both scopes in the cache. What it does beside the envelope: the value as JSON, the scopes and
//!   whether their keys still seal, the key of the place.
//! - `cached_open…`: `Steward::open_sealed` against a grant, of a class whose openings leave no entry on the trail.
//! - `cached_open_on_the_trail…`: the same of a class whose every opening is on the trail before it: an entry with its pseudonyms, chained (SHA-256)
//!   and appended.
//!
//! - `place_key…`: the part of both that derives and prepares the key of the place (HKDF-SHA-256 over the keys of both scopes, the key schedule).
//!
//! And without a cache against with one, over stores in memory, whose answers cost nothing: `uncached_seal_vs_cached…`, `uncached_open_vs_cached…`. A store on
//! a disk, or a provider a network away, makes the difference as large as it is slow.
//!
//! No line is a goal: what a steward does around an envelope is what it is for. Those of the envelope itself are in `benches/envelope.rs`.

mod bare;
mod measure;

use std::hint::black_box;
use std::time::Duration;

use bare::Bare;
use measure::Bench;
use stewardship::access::{Grant, Read};
use stewardship::classification::{ClassSpec, DataClass};
use stewardship::contracts::Ports;
use stewardship::crypto::{Entropy, OsEntropy, PlaceKeys, RustCrypto, SecretKey, ThreadEntropy};
use stewardship::engine::{Blocking, KeyCache};
use stewardship::ports::{local_keys::LocalKeys, memory::Memory};
use stewardship::{
    Classified, Place, Policy, Principal, Purpose, Question, Resource, Scope, Steward, block_on,
};

stewardship::classes! {
    /// Openings are on the trail.
    Email: Confidential in "orders" = "order.buyer_email";
    /// They are not.
    Number: Internal in "orders" = "order.number";
}

const KIND: &str = "order";
const FIELD: &str = "field";

fn main() {
    let mut bench = Bench::start();
    deriving(&mut bench);
    for (size_name, size) in [("64_b", 64), ("1_kib", 1_024)] {
        sealing(&mut bench, size_name, size, "", &OsEntropy, |memory| steward(memory, true, false));
        sealing(&mut bench, size_name, size, "_thread_nonces", &ThreadEntropy, |memory| {
            steward(memory, true, true)
        });
        opening(&mut bench, size_name, size);
        caching(&mut bench, size_name, size);
    }
    bench.finish();
}

type Built = Blocking<Memory>;

fn steward(memory: &Memory, cached: bool, thread_nonces: bool) -> Built {
    let policy = Policy::from_toml(include_str!("../examples/policies/complete.toml")).unwrap();
    let mut builder = Steward::builder(policy, memory.clone(), LocalKeys::from_key(SecretKey::new([7; 32])));
    if cached {
        builder = builder.key_cache(KeyCache::for_at_most(Duration::from_secs(3_600)).uses(u64::MAX));
    }
    if thread_nonces {
        builder = builder.nonces(ThreadEntropy);
    }
    block_on(builder.build()).unwrap().blocking()
}

fn place() -> Place {
    Place::tenant("acme").subject("buyer-17").record("114-3941689-8772232")
}

fn value<C: DataClass>(size: usize) -> Classified<String, C> {
    "z".repeat(size).into()
}

fn sealed<C: DataClass>(
    steward: &Blocking<impl Ports>,
    place: &Place,
    value: &Classified<String, C>,
) -> Vec<u8> {
    steward.seal(place, KIND, FIELD, black_box(value)).unwrap()
}

fn grant<C: DataClass>(steward: &Built, place: &Place) -> Grant<Read> {
    let owner = Principal::person("acme", "user-1").role("owner").mfa_at(steward.now());
    let class = ClassSpec::of::<C>();
    let data = Resource::category(place.tenant_id(), class.category, class.level);
    let question = Question::read(owner, data, Purpose::new("support"));
    steward.authorize(&question).unwrap().granted().unwrap_or_else(|denial| panic!("{denial}"))
}

fn sealing(
    bench: &mut Bench,
    size_name: &str,
    size: usize,
    source: &str,
    entropy: &dyn Entropy,
    make: impl Fn(&Memory) -> Built,
) {
    let (steward, place, value) = (make(&Memory::new()), place(), value::<Number>(size));
    sealed(&steward, &place, &value);
    let (bare, text, mut theirs) = (Bare::new(&[7; 32]), vec![0x5a; size], Vec::with_capacity(size + 200));
    bench.report(
        &format!("cached_seal_{size_name}_vs_bare{source}"),
        || sealed(&steward, &place, &value),
        || bare.seal(&RustCrypto, entropy, black_box(&text), &mut theirs),
    );
}

fn deriving(bench: &mut Bench) {
    let scopes = [Scope::Tenant("acme".into()), Scope::subject("acme", "buyer-17")];
    let secrets = [1, 2].map(|byte| SecretKey::new([byte; 32]));
    let (bare, text, mut theirs) = (Bare::new(&[7; 32]), vec![0x5a; 64], Vec::with_capacity(264));
    bench.report(
        "place_key_vs_bare_seal_64_b",
        || {
            let keys = scopes.iter().zip(black_box(&secrets)).map(|(scope, secret)| (scope, 1, secret));
            PlaceKeys::new(keys.collect()).unwrap().key()
        },
        || bare.seal(&RustCrypto, &OsEntropy, black_box(&text), &mut theirs),
    );
}

fn opening(bench: &mut Bench, size_name: &str, size: usize) {
    let (bare, mut theirs) = (Bare::new(&[7; 32]), vec![0; size]);
    let mut bare_sealed = Vec::new();
    bare.seal(&RustCrypto, &OsEntropy, &vec![0x5a; size], &mut bare_sealed);
    let mut of = |name: String, ours: &mut dyn FnMut()| {
        bench.report(&name, ours, || bare.open(&RustCrypto, black_box(&bare_sealed), &mut theirs));
    };
    let (steward, place) = (steward(&Memory::new(), true, false), place());
    let (granted, column) =
        (grant::<Number>(&steward, &place), sealed(&steward, &place, &value::<Number>(size)));
    of(format!("cached_open_{size_name}_vs_bare"), &mut || {
        drop(
            steward.open_sealed::<String, Number>(&granted, &place, KIND, FIELD, black_box(&column)).unwrap(),
        );
    });
    let (granted, column) =
        (grant::<Email>(&steward, &place), sealed(&steward, &place, &value::<Email>(size)));
    of(format!("cached_open_on_the_trail_{size_name}_vs_bare"), &mut || {
        drop(
            steward.open_sealed::<String, Email>(&granted, &place, KIND, FIELD, black_box(&column)).unwrap(),
        );
    });
}

fn caching(bench: &mut Bench, size_name: &str, size: usize) {
    // Over one memory, so that both have the same keys.
    let (memory, place, value) = (Memory::new(), place(), value::<Number>(size));
    let [without, with] = [false, true].map(|cached| steward(&memory, cached, false));
    let column = sealed(&with, &place, &value);
    bench.report(
        &format!("uncached_seal_vs_cached_{size_name}"),
        || sealed(&without, &place, &value),
        || sealed(&with, &place, &value),
    );
    let [without, with] = [&without, &with].map(|steward| (steward, grant::<Number>(steward, &place)));
    let open = |(steward, granted): &(&Built, Grant<Read>)| {
        steward.open_sealed::<String, Number>(granted, &place, KIND, FIELD, black_box(&column)).unwrap()
    };
    bench.report(&format!("uncached_open_vs_cached_{size_name}"), || open(&without), || open(&with));
}
