//! What it costs to crypto-erase a scope: `revoke`, from the call until nothing under the connection opens any more, with few values
//! there and with many. The rows go in a later sweep, and are not part of it.

mod measure;

use measure::Bench;
use stewardship::contracts::{AnyKeyProvider, Bundle, Expected, Ports, RecordQuery, RecordStore};
use stewardship::engine::{Blocking, OpenError};
use stewardship::id::{ConnectionId, RecordId};
use stewardship::ports::local_keys::LocalKeys;
use stewardship::ports::memory::{Memory, MemoryAudit, MemoryDocuments, MemoryKeys, MemoryRecords};
use stewardship::{
    Classified, ManualClock, Place, Policy, Principal, Purpose, Question, Resource, Scope, Steward, block_on,
};

const FEW: usize = 10;
const MANY: usize = 1_000_000;
const NAME: &str = "erase_1_000_000_values_vs_10";
const TENANT: &str = "acme-gmbh";
const SHOP: &str = "tiktok-shop:8837";

stewardship::classes! {
    Note: Confidential in "creators" = "creator.note";
}
stewardship::record! {
    struct Remark in "creators" { text: String as Note; }
}

type Stores = Bundle<MemoryRecords, MemoryKeys, MemoryDocuments, MemoryAudit>;

fn main() {
    let mut bench = Bench::start();
    let many = Filled::new(if bench.is_measured() { MANY } else { 1_000 });
    let few = Filled::new(FEW);
    few.dies();
    many.dies();
    // What is returned keeps the stores alive, so that they are dropped outside of what is measured.
    bench.at_most_of(NAME, 1.20, [&many, &few], Filled::again, |steward| {
        let revoked = steward.revoke(&Scope::connection(TENANT, SHOP), "the seller asked").unwrap();
        (revoked, steward)
    });
    bench.finish();
}

/// A company with so many values under one connection.
struct Filled {
    policy: Policy,
    clock: ManualClock,
    provider: AnyKeyProvider,
    /// All but the records: small, and copied for each erasure, because a scope is erased once.
    before: Memory,
    records: MemoryRecords,
    values: usize,
}

impl Filled {
    fn new(values: usize) -> Self {
        let before = Memory::new();
        let filled = Self {
            policy: Policy::from_toml(include_str!("../examples/policies/complete.toml")).unwrap(),
            clock: ManualClock::at("2026-11-22T09:00:00Z".parse().unwrap()),
            provider: AnyKeyProvider::new(LocalKeys::in_memory()),
            records: MemoryRecords::new(),
            before,
            values,
        };
        let steward = filled.steward(&filled.before);
        let owner = Principal::person(TENANT, "user-olga").role("owner");
        steward.accept_terms(&owner, filled.policy.digest()).unwrap();
        steward.connect(&owner, &ConnectionId::new(SHOP), "tiktok-shop").unwrap();
        let remark = Remark { text: Classified::new("pays late, and in coins".to_owned()) };
        steward.put(&place("r-0"), &remark, &sync()).unwrap();
        // The others are as long and sealed under the same keys; sealing each would take minutes.
        let sealed = block_on(filled.records.list(&RecordQuery::default(), None, 1)).unwrap().remove(0);
        for n in 1..values {
            let mut row = sealed.clone();
            row.key.id = RecordId::new(format!("r-{n}"));
            block_on(filled.records.put(row, Expected::Absent)).unwrap();
        }
        filled
    }

    /// The company as it was before any erasure.
    fn again(&self) -> Blocking<Stores> {
        self.steward(&self.before.snapshot())
    }

    fn steward(&self, memory: &Memory) -> Blocking<Stores> {
        let stores = Bundle {
            records: self.records.clone(),
            keys: memory.keys().clone(),
            documents: memory.documents().clone(),
            audit: memory.audit().clone(),
        };
        let steward = Steward::builder(self.policy.clone(), stores, self.provider.clone())
            .bind::<Remark>()
            .clock(self.clock.clone());
        block_on(steward.build()).unwrap().blocking()
    }

    /// That a value opens, and after the erasure does not, with all the rows still there.
    fn dies(&self) {
        let steward = self.again();
        let place = place("r-0");
        let service = Principal::service(TENANT, "sync-service").role("integration");
        let question = Question::read(service, Resource::at::<Remark>(&place), sync());
        let grant = steward.authorize(&question).unwrap().granted().unwrap();
        assert!(steward.open::<Remark>(&grant, &place).is_ok());
        steward.revoke(&Scope::connection(TENANT, SHOP), "the seller asked").unwrap();
        let refused = steward.open::<Remark>(&grant, &place).unwrap_err();
        assert!(!matches!(refused, OpenError::NotFound), "{refused}");
        let query = RecordQuery { connection: Some(ConnectionId::new(SHOP)), ..RecordQuery::default() };
        assert_eq!(block_on(self.records.list(&query, None, usize::MAX)).unwrap().len(), self.values);
    }
}

fn place(record: &str) -> Place {
    Place::tenant(TENANT).connection(SHOP).record(record)
}

fn sync() -> Purpose {
    Purpose::new("order_sync")
}
