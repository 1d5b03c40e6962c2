//! Evidence under a checkpoint that is signed with Ed25519.

use stewardship::Question;
use stewardship::audit::tree::TreeHead;
use stewardship::audit::{
    AuditEvent, Checkpoint, EvidenceBundle, EvidenceError, ProvenEntry, SignedCheckpoint,
};
use stewardship::engine::{CheckpointError, TrailError, TrailQuery};
use stewardship::ports::ed25519::CheckpointKey;

use super::*;
use crate::promises::p10_trail::erase;
use crate::promises::reading::may;

const ORIGIN: &str = "audit.example.com/production";

fn key() -> CheckpointKey {
    CheckpointKey::from_seed("audit.example.com", &[7; 32]).unwrap()
}

/// Evidence of entries as they lie in the store, under a head of the trail.
fn evidence(world: &World, steward: &TestSteward, of: &[u64], head: TreeHead) -> EvidenceBundle {
    let stored = stored(world);
    let proofs = steward.prove_entries(of, head.size).unwrap().into_iter();
    let proven = proofs.zip(of).map(|(proof, at)| {
        let body = stored[usize::try_from(*at).unwrap()].bytes().unwrap().to_vec();
        ProvenEntry { body: String::from_utf8(body).unwrap(), proof }
    });
    EvidenceBundle::new(&signed(head), proven.collect())
}

fn signed(tree: TreeHead) -> SignedCheckpoint {
    let Ok(note) = Checkpoint::new(ORIGIN, tree).unwrap().sign(&key());
    note
}

#[test]
fn promise_10_a_stranger_checks_entries_against_a_signed_checkpoint() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about("ada"), &creator("ada"), &sync()).unwrap();
    read::<Creator>(&steward, &about("ada")).unwrap();
    let head = steward.trail_head().unwrap();
    assert_eq!(steward.verify_trail(None).unwrap(), head);
    let opened = |entry: &StoredEntry| entry.bytes().unwrap().windows(8).any(|bytes| bytes == b"\"opened\"");
    let entry = stored(&world).iter().find(|entry| opened(entry)).unwrap().index;
    let evidence = evidence(&world, &steward, &[0, entry], head);

    let sent = serde_json::to_string(&evidence).unwrap();
    let received: EvidenceBundle = serde_json::from_str(&sent).unwrap();
    let (checkpoint, entries) = received.verify(ORIGIN, &[&key().verifier()]).unwrap();
    assert_eq!((checkpoint.tree, entries.len()), (head, 2));
    assert!(matches!(entries[0].1.event, AuditEvent::Started { .. }));
    assert!(matches!(entries[1].1.event, AuditEvent::Opened { .. }) && entries[1].0 == entry);

    // Every byte of every entry counts, and so does its number.
    for at in 0..2 {
        for byte in 0..evidence.entries[at].body.len() {
            let mut forged = evidence.clone();
            let mut body = forged.entries[at].body.clone().into_bytes();
            body[byte] ^= 1;
            forged.entries[at].body = String::from_utf8(body).unwrap();
            let refused = forged.verify(ORIGIN, &[&key().verifier()]);
            assert!(matches!(refused, Err(EvidenceError::NotInTrail { .. })), "{refused:?}");
        }
        let mut forged = evidence.clone();
        forged.entries[at].proof.leaf += 1;
        assert!(forged.verify(ORIGIN, &[&key().verifier()]).is_err());
    }
    let other = CheckpointKey::from_seed("audit.example.com", &[8; 32]).unwrap();
    assert!(evidence.verify(ORIGIN, &[&other.verifier()]).is_err());
    assert!(evidence.verify("audit.example.com/staging", &[&key().verifier()]).is_err());
    for (entry, size) in [(head.size, head.size), (head.size, head.size + 1), (0, head.size + 1)] {
        let past_the_end = steward.prove_entries(&[entry], size);
        assert!(matches!(past_the_end, Err(TrailError::NoEntry { entry, .. }) if entry == head.size));
    }
}

#[test]
fn promise_10_earlier_proofs_hold_after_an_erasure() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    read::<Creator>(&steward, &about(ADA)).unwrap();
    let before = steward.trail_head().unwrap();
    let all: Vec<u64> = (0..before.size).collect();
    let earlier = evidence(&world, &steward, &all, before);

    erase(&world, &steward, ADA);
    earlier.verify(ORIGIN, &[&key().verifier()]).unwrap();
    let after = steward.trail_head().unwrap();
    assert!(after.size > before.size);
    steward.prove_growth(before.size, after.size).unwrap().verify(&before, &after).unwrap();
    // The entries from before are proved under the later head as well, and under the earlier one by the later trail.
    evidence(&world, &steward, &all, after).verify(ORIGIN, &[&key().verifier()]).unwrap();
    assert_eq!(evidence(&world, &steward, &all, before), earlier);
    assert_eq!(steward.verify_trail(Some(before)).unwrap(), after);
}

/// A verifier of its own, that shares nothing with ours: RFC 6962 section 2.1.1 read backwards, and Ed25519 (RFC 8032) over the text of the
/// note. It knows the file and the public key.
mod stranger {
    use base64ct::{Base64, Encoding};
    use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
    use serde_json::Value;
    use sha2::{Digest, Sha256};

    fn decoded(text: &str) -> Vec<u8> {
        Base64::decode_vec(text).unwrap()
    }

    fn hash(parts: &[&[u8]]) -> Vec<u8> {
        parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().to_vec()
    }

    /// The root over `n` leaves, of which the `m`-th has this hash.
    fn root(leaf: Vec<u8>, m: u64, n: u64, path: &[Vec<u8>]) -> Option<Vec<u8>> {
        if n == 1 {
            return path.is_empty().then_some(leaf);
        }
        let (last, below) = path.split_last()?;
        let mut k = 1;
        while k * 2 < n {
            k *= 2;
        }
        Some(match m < k {
            true => hash(&[&[1], &root(leaf, m, k, below)?, last]),
            false => hash(&[&[1], last, &root(leaf, m - k, n - k, below)?]),
        })
    }

    /// How many entries the bundle proves; none where one of them is not proved.
    pub(super) fn proves(bundle: &str, public: &[u8]) -> Option<usize> {
        let bundle: Value = serde_json::from_str(bundle).ok()?;
        let note = bundle["checkpoint"].as_str()?;
        let (text, signatures) = note.split_once("\n\n")?;
        let signature = decoded(signatures.lines().next()?.rsplit_once(' ')?.1);
        let key = VerifyingKey::from_bytes(public.try_into().ok()?).ok()?;
        let signature = Signature::from_slice(&signature[4..]).ok()?;
        key.verify(format!("{text}\n").as_bytes(), &signature).ok()?;
        let [_, size, head] = text.lines().collect::<Vec<_>>()[..] else { return None };
        let entries = bundle["entries"].as_array()?;
        for entry in entries {
            let path = entry["proof"]["path"].as_array()?;
            let path: Vec<Vec<u8>> = path.iter().map(|hash| decoded(hash.as_str().unwrap())).collect();
            let leaf = hash(&[&[0], entry["body"].as_str()?.as_bytes()]);
            let (index, size) = (entry["proof"]["leaf"].as_u64()?, size.parse().ok()?);
            (index < size && root(leaf, index, size, &path)? == decoded(head)).then_some(())?;
        }
        Some(entries.len())
    }
}

#[test]
fn promise_10_any_verifier_of_rfc_6962_checks_the_evidence_of_a_query() {
    let world = World::new();
    let steward = world.connected();
    for person in [ADA, "bob"] {
        steward.put(&about(person), &creator("word"), &sync()).unwrap();
        read::<Creator>(&steward, &about(person)).unwrap();
    }
    let note = signed(steward.trail_head().unwrap());
    let grant = may(&steward, world.officer(), Question::export);
    let page = steward.trail_evidence(&grant, &TrailQuery::about(ADA), None, &note).unwrap();
    assert_eq!(page.next, None);
    let (_, entries) = page.evidence.verify(ORIGIN, &[&key().verifier()]).unwrap();
    // Those that are under the checkpoint, and none of another person.
    assert!(entries.len() >= 3 && entries.iter().all(|(_, entry)| entry.subject == entries[0].1.subject));

    let bundle = serde_json::to_string(&page.evidence).unwrap();
    let shown = key().verifier().to_string();
    let public =
        <base64ct::Base64 as base64ct::Encoding>::decode_vec(shown.rsplit_once('+').unwrap().1).unwrap();
    assert_eq!(stranger::proves(&bundle, &public[1..]), Some(entries.len()));
    for (from, to) in [
        ("\\\"event\\\":\\\"opened\\\"", "\\\"event\\\":\\\"opener\\\""),
        ("\"leaf\":", "\"leaf\":1"),
        ("\\n", "\\n1"),
    ] {
        let forged = bundle.replacen(from, to, 1);
        assert_ne!(forged, bundle);
        assert_eq!(stranger::proves(&forged, &public[1..]), None, "{from}");
    }
    let foreign = World::new();
    let other = foreign.connected();
    for _ in 0..9 {
        other.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    }
    let foreign = signed(other.trail_head().unwrap());
    assert!(steward.trail_evidence(&grant, &TrailQuery::any(), None, &foreign).is_err());
}

#[test]
fn promise_10_checkpoints_of_this_trail_are_kept_past_what_they_are_over() {
    let kept = "keep = \"7 years\"";
    let world = World::under(&POLICY.replace(kept, "keep = \"1 year\""));
    let steward = world.connected();
    let first = signed(steward.trail_head().unwrap());
    let keep = |steward: &TestSteward, note: &SignedCheckpoint| {
        steward.keep_checkpoint(note, ORIGIN, &key().verifier()).map(|checkpoint| checkpoint.tree.size)
    };
    let size = keep(&steward, &first).unwrap();
    assert_eq!(keep(&steward, &first).unwrap(), size, "once");
    // At any call a crash leaves it kept or not, and the next call keeps it.
    let start = world.faults.calls();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    let second = signed(steward.trail_head().unwrap());
    let before = (world.faults.calls(), world.fork());
    keep(&steward, &second).unwrap();
    assert!(before.0 > start);
    for n in 1..=world.faults.calls() - before.0 {
        for moment in Moment::ALL {
            let world = before.1.fork();
            let steward = world.steward();
            world.faults.arm(n, moment);
            let _ = keep(&steward, &second);
            world.faults.recover();
            keep(&steward, &second).unwrap();
            assert_eq!(steward.checkpoints().unwrap(), [first.clone(), second.clone()]);
        }
    }
    assert_eq!(steward.checkpoints().unwrap(), [first.clone(), second.clone()]);

    // Another trail's, and one that nobody signed.
    let other = World::new().connected();
    for _ in 0..9 {
        other.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    }
    let foreign = keep(&steward, &signed(other.trail_head().unwrap()));
    assert!(matches!(foreign, Err(CheckpointError::Trail(TrailError::Broken(_)))), "{foreign:?}");
    let strange = CheckpointKey::from_seed("audit.example.com", &[8; 32]).unwrap();
    let Ok(unsigned) = Checkpoint::new(ORIGIN, steward.trail_head().unwrap()).unwrap().sign(&strange);
    assert!(matches!(keep(&steward, &unsigned), Err(CheckpointError::Note(_))));

    world.clock.advance(stewardship::Period::months(14));
    assert!(steward.sweep().unwrap().trail.expired > 0);
    for note in steward.checkpoints().unwrap() {
        let checkpoint = note.verify(ORIGIN, &[&key().verifier()]).unwrap();
        steward.verify_trail(Some(checkpoint.tree)).unwrap();
    }
    assert_eq!(steward.checkpoints().unwrap().len(), 2);
}
