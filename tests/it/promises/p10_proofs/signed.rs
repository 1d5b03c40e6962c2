//! Evidence under a checkpoint that is signed with Ed25519.

use stewardship::audit::tree::TreeHead;
use stewardship::audit::{AuditEvent, Checkpoint, Evidence, EvidenceError, SignedCheckpoint};
use stewardship::engine::TrailError;
use stewardship::ports::ed25519::CheckpointKey;

use super::*;
use crate::promises::p10_trail::erase;

const ORIGIN: &str = "audit.example.com/production";

fn key() -> CheckpointKey {
    CheckpointKey::from_seed("audit.example.com", &[7; 32]).unwrap()
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
    let evidence = Evidence::new(&signed(head), steward.prove_entries(&[0, entry], head.size).unwrap());

    let sent = serde_json::to_string(&evidence).unwrap();
    let received: Evidence = serde_json::from_str(&sent).unwrap();
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
    let past_the_end = steward.prove_entries(&[head.size], head.size);
    assert!(matches!(past_the_end, Err(TrailError::NoEntry { .. })));
}

#[test]
fn promise_10_earlier_proofs_hold_after_an_erasure() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    read::<Creator>(&steward, &about(ADA)).unwrap();
    let before = steward.trail_head().unwrap();
    let all: Vec<u64> = (0..before.size).collect();
    let evidence = Evidence::new(&signed(before), steward.prove_entries(&all, before.size).unwrap());

    erase(&world, &steward, ADA);
    evidence.verify(ORIGIN, &[&key().verifier()]).unwrap();
    let after = steward.trail_head().unwrap();
    assert!(after.size > before.size);
    steward.prove_growth(before.size, after.size).unwrap().verify(&before, &after).unwrap();
    // The entries from before are proved under the later head as well, and under the earlier one by the later trail.
    let later = Evidence::new(&signed(after), steward.prove_entries(&all, after.size).unwrap());
    later.verify(ORIGIN, &[&key().verifier()]).unwrap();
    assert_eq!(steward.prove_entries(&all, before.size).unwrap(), evidence.entries);
    assert_eq!(steward.verify_trail(Some(before)).unwrap(), after);
}
