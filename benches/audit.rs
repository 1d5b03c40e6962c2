//! What the audit trail costs.
//!
//! - `append…`: a batch of entries in their canonical form, hashed as leaves, and taken into the tree with the nodes that a store keeps, into
//!   buffers that were there before. Against two bare SHA-256 runs over the same bytes, entry by entry; a hash chain would take one.
//!   `…_as_stored`: the same with memory of its own for each entry's bytes and nodes, as a store is given them, got and given back.
//! - `sign…`: signing a checkpoint (Ed25519) for each 1,024 entries, against the same two runs over as many.
//! - `proof…`: of one entry among a million, from the nodes as a store gives them: how many in a second, and the bytes of one.
//! - `put_overhead…`: `Steward::put` of an internal record over SQLite, with `record = "batched"` and batches of 64, against the same without any
//!   record of it. A call is 64 puts, so that each has its part of one append.

mod measure;

use std::hint::black_box;
use std::time::Duration;

use measure::Bench;
use sha2::{Digest, Sha256};
use stewardship::audit::tree::{Frontier, Nodes, TreeHead, Wanted, leaf_hash};
use stewardship::audit::{AuditEvent, Checkpoint, Entry, Pseudonym};
use stewardship::classification::Level;
use stewardship::crypto::SecretKey;
use stewardship::engine::{Blocking, KeyCache};
use stewardship::id::{ConnectionId, Name};
use stewardship::ports::ed25519::CheckpointKey;
use stewardship::ports::local_keys::LocalKeys;
use stewardship::ports::sqlite::Sqlite;
use stewardship::{Classified, Place, Policy, Principal, Purpose, Steward, block_on};

const TENANT: &str = "acme-gmbh";
const SHOP: &str = "tiktok-shop:8837";
const POLICY: &str = include_str!("../examples/policies/complete.toml");

stewardship::classes! {
    Number: Internal in "orders" = "order.number";
}
stewardship::record! {
    struct Order in "orders" { number: String as Number; }
}

fn main() {
    let mut bench = Bench::start();
    let digest = Policy::from_toml(POLICY).unwrap().digest();
    let entries: Vec<Entry> = (0..1_024).map(|n| entry(n, digest)).collect();
    let bodies: Vec<Vec<u8>> = entries.iter().map(Entry::to_bytes).collect();
    let mut batch = Batch::default();
    bench.report("audit/append_1_vs_two_sha256", || batch.append(&entries[..1]), || twice(&bodies[..1]));
    bench.report("audit/append_64_vs_two_sha256", || batch.append(&entries[..64]), || twice(&bodies[..64]));
    bench.at_most("audit/append_1024_vs_two_sha256", 1.5, || batch.append(&entries), || twice(&bodies));
    let (stored, tree) = append(&entries);
    assert_eq!(batch.append(&entries), tree.head());
    assert_eq!(batch.bytes, bodies.concat());
    assert!(stored.into_iter().flat_map(|(_, nodes)| nodes).eq(batch.nodes));
    bench.report("audit/append_1024_as_stored_vs_two_sha256", || append(&entries), || twice(&bodies));
    let key = CheckpointKey::from_seed("audit.example.com", &[7; 32]).unwrap();
    let checkpoint = Checkpoint::new("audit.example.com/production", tree.head()).unwrap();
    bench.report("audit/sign_1024_vs_two_sha256", || checkpoint.sign(&key), || twice(&bodies));
    proofs(&mut bench, &bodies[0]);
    puts(&mut bench);
    bench.finish();
}

/// An opening, as most entries of a trail are.
fn entry(n: u32, policy: stewardship::policy::PolicyDigest) -> Entry {
    let event = AuditEvent::Opened {
        category: Name::new("creators"),
        class: None,
        level: Level::Confidential,
        purpose: Name::new("order_sync"),
        rule: Name::new("integration-syncs"),
    };
    let mut entry = Entry::new("2026-11-22T09:00:00.123456Z".parse().unwrap(), policy, event);
    let named = |part: u128| Some(Pseudonym::from_bytes(((u128::from(n) << 8) | part).to_be_bytes()));
    (entry.tenant, entry.by, entry.subject, entry.record) = (named(1), named(2), named(3), named(4));
    entry
}

/// A batch in buffers: the bytes of all entries, where each ends, and all nodes.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    nodes: Vec<[u8; 32]>,
}

impl Batch {
    fn append(&mut self, entries: &[Entry]) -> TreeHead {
        self.bytes.clear();
        self.ends.clear();
        self.nodes.clear();
        let mut tree = Frontier::default();
        for entry in entries {
            let from = self.bytes.len();
            entry.write_to(&mut self.bytes);
            self.ends.push(self.bytes.len());
            tree.append_to(leaf_hash(&self.bytes[from..]), &mut self.nodes);
        }
        tree.head()
    }
}

type Appended = Vec<(Vec<u8>, Vec<[u8; 32]>)>;

fn append(entries: &[Entry]) -> (Appended, Frontier) {
    let mut tree = Frontier::default();
    let stored = entries.iter().map(|entry| {
        let body = entry.to_bytes();
        let nodes = tree.append(leaf_hash(&body));
        (body, nodes)
    });
    (stored.collect(), tree)
}

fn twice(bodies: &[Vec<u8>]) {
    for body in bodies {
        black_box((Sha256::digest(body), Sha256::digest(body)));
    }
}

fn proofs(bench: &mut Bench, body: &[u8]) {
    let size: u64 = if bench.is_measured() { 1_000_000 } else { 1_000 };
    let mut tree = Frontier::default();
    let nodes: Vec<_> = (0..size).map(|n| tree.append(leaf_hash(&n.to_be_bytes()))).collect();
    let mut leaf = 0;
    let mut prove = || {
        leaf = (leaf + 7_919) % size;
        let wanted = Wanted::Inclusion { leaf, size }.entries().into_iter();
        let read: Nodes = wanted.map(|entry| (entry, nodes[entry as usize].clone())).collect();
        read.inclusion(leaf, size).unwrap()
    };
    let proof = prove();
    assert!(proof.verify(&leaf_hash(&proof.leaf.to_be_bytes()), &tree.head()).is_ok());
    bench.counted("audit/proof_among_1_000_000_bytes", proof.path.len() * 32);
    let proven = stewardship::audit::ProvenEntry { body: String::from_utf8(body.to_vec()).unwrap(), proof };
    let json = serde_json::to_string(&proven).unwrap().len();
    bench.counted("audit/proven_entry_among_1_000_000_json_bytes", json);
    bench.per_second("audit/proofs_among_1_000_000_per_second", 1, prove);
}

const PUTS: usize = 64;

fn puts(bench: &mut Bench) {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [with, without] = ["batched", "never"].map(|record| {
        let was = "[levels.internal]\ncovers = \"Routine operational content that is not meant for release.\"\nrecord = \"never\"";
        assert!(POLICY.contains(was));
        Policy::from_toml(&POLICY.replace(was, &was.replace("never", record))).unwrap()
    });
    let stewards =
        [with, without].into_iter().zip(&folders).map(|(policy, folder)| steward(policy, folder.path()));
    let [with, without] = <[_; 2]>::try_from(stewards.collect::<Vec<_>>()).unwrap_or_else(|_| panic!("two"));
    put(&with);
    put(&without);
    bench.at_most("audit/put_overhead_batch_64", 1.10, || put(&with), || put(&without));
}

fn steward(policy: Policy, folder: &std::path::Path) -> Blocking<Sqlite> {
    let stores = Sqlite::open(folder.join("records.sqlite"), folder.join("keys.sqlite")).unwrap();
    let builder =
        Steward::builder(policy, stores, LocalKeys::from_key(SecretKey::new([7; 32]))).bind::<Order>();
    let builder = builder.key_cache(KeyCache::for_at_most(Duration::from_secs(3_600)).uses(u64::MAX));
    let steward = block_on(builder.build()).unwrap().blocking();
    let owner = Principal::person(TENANT, "user-olga").role("owner");
    steward.accept_terms(&owner, steward.policy().digest()).unwrap();
    steward.connect(&owner, &ConnectionId::new(SHOP), "tiktok-shop").unwrap();
    steward
}

fn put(steward: &Blocking<Sqlite>) {
    let purpose = Purpose::new("order_sync");
    for n in 0..PUTS {
        let place = Place::tenant(TENANT).connection(SHOP).record(format!("order-{n}"));
        let order = Order { number: Classified::new(format!("114-3941689-{n:07}")) };
        steward.put(&place, &order, &purpose).unwrap();
    }
}
