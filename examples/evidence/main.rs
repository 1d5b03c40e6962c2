//! Checks a bundle of evidence: that its entries are in the trail of a signed checkpoint. For whoever received one; nothing but the file and the
//! public key is needed.
//!
//! ```text
//! cargo run --example evidence --features ed25519 -- verify BUNDLE.json NAME+ID+KEY [ORIGIN]
//! ```
//! With a steward, `Steward::trail_evidence` makes the bundle; here the tree is built by hand, so that no store is needed.
//!
//! A key may sign for several trails: name the one that you mean, or read in the answer which it is. Without arguments it makes a bundle of an
//! invented trail, alters a copy of it, and checks both.

use std::error::Error;

use chrono::{DateTime, TimeDelta, Utc};
use stewardship::access::Environment;
use stewardship::audit::tree::{Frontier, Nodes, Wanted, leaf_hash};
use stewardship::audit::{AuditEvent, Checkpoint, Entry, EvidenceBundle, ProvenEntry};
use stewardship::policy::PolicyDigest;
use stewardship::ports::ed25519::{CheckpointKey, CheckpointVerifier};

const ORIGIN: &str = "audit.example.com/production";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => demonstrate(),
        [verb, bundle, key] if verb == "verify" => {
            let evidence: EvidenceBundle = serde_json::from_str(&std::fs::read_to_string(bundle)?)?;
            let origin = evidence.checkpoint.lines().next().unwrap_or_default();
            check(&evidence, origin, key)
        }
        [verb, bundle, key, origin] if verb == "verify" => {
            check(&serde_json::from_str(&std::fs::read_to_string(bundle)?)?, origin, key)
        }
        _ => Err("usage: evidence [verify BUNDLE.json NAME+ID+KEY [ORIGIN]]".into()),
    }
}

/// Says what the evidence shows, or why it shows nothing.
fn check(evidence: &EvidenceBundle, origin: &str, key: &str) -> Result<(), Box<dyn Error>> {
    let key: CheckpointVerifier = key.trim().parse()?;
    let (checkpoint, entries) = evidence.verify(origin, &[&key])?;
    println!("a trail of {} entries, signed as {origin}; in it:", checkpoint.tree.size);
    for (number, entry) in entries {
        println!("  entry {number} of {}: {}", entry.at, String::from_utf8(entry.to_bytes())?);
    }
    Ok(())
}

/// A trail of a hundred starts, one of which is proved.
fn demonstrate() -> Result<(), Box<dyn Error>> {
    let start: DateTime<Utc> = "2026-11-27T00:00:00Z".parse()?;
    let (mut tree, mut bodies, mut nodes) = (Frontier::default(), Vec::new(), Vec::new());
    for minute in 0..100 {
        let at = start + TimeDelta::minutes(minute);
        let event = AuditEvent::Started { environment: Environment::Production };
        let body = String::from_utf8(Entry::new(at, PolicyDigest::from_bytes([0; 32]), event).to_bytes())?;
        nodes.push(tree.append(leaf_hash(body.as_bytes())));
        bodies.push(body);
    }
    let key = CheckpointKey::from_seed("audit.example.com", &[42; 32])?;
    let note = Checkpoint::new(ORIGIN, tree.head())?.sign(&key)?;
    let wanted = Wanted::Inclusion { leaf: 61, size: tree.size() };
    let found = wanted
        .entries()
        .into_iter()
        .filter_map(|at| Some((at, nodes.get(usize::try_from(at).ok()?)?.clone())));
    let proof = found.collect::<Nodes>().inclusion(61, tree.size())?;
    let evidence = EvidenceBundle::new(&note, vec![ProvenEntry { body: bodies.swap_remove(61), proof }]);

    println!("{}\n", serde_json::to_string_pretty(&evidence)?);
    check(&evidence, ORIGIN, &key.verifier().to_string())?;
    let mut altered = evidence;
    altered.entries[0].body = altered.entries[0].body.replace("production", "development");
    match check(&altered, ORIGIN, &key.verifier().to_string()) {
        Err(refused) => println!("and of a copy that was altered: {refused}"),
        Ok(()) => return Err("an altered entry was taken".into()),
    }
    Ok(())
}
