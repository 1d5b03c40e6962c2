//! 10: what goes out of the trail is what was hashed, and a stranger checks it.

use std::io;

use stewardship::access::GrantError;
use stewardship::audit::tree::{Frontier, TreeHead, leaf_hash};
use stewardship::contracts::{AuditLog, Moment, Ports};
use stewardship::engine::{TrailQuery, TrailReadError};
use stewardship::{Period, Question, block_on};

use super::life::BOB;
use super::reading::may;
use crate::world::*;

fn furnished(readings: usize) -> (World, TestSteward) {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward.put(&about(BOB), &creator("bob"), &sync()).unwrap();
    for _ in 0..readings {
        read::<Creator>(&steward, &about(ADA)).unwrap();
    }
    (world, steward)
}

/// The entry's number and bytes, as they stand in a line.
fn entry_of(line: &str) -> (u64, &str) {
    let (index, entry) = line.strip_prefix("{\"index\":").unwrap().split_once(",\"entry\":").unwrap();
    (index.parse().unwrap(), entry.strip_suffix('}').unwrap())
}

#[test]
fn promise_10_an_export_is_the_bytes_that_were_hashed_and_ends_with_the_head() {
    let (world, steward) = furnished(300);
    let grant = may(&steward, world.officer(), Question::export);
    let mut file = Vec::new();
    let exported = steward.export_trail(&grant, &TrailQuery::about(ADA), &mut file).unwrap();
    let text = String::from_utf8(file).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let last: serde_json::Value = serde_json::from_str(lines.pop().unwrap()).unwrap();
    let head: TreeHead = serde_json::from_value(last["head"].clone()).unwrap();
    assert_eq!((head, lines.len() as u64), (exported.head, exported.entries));

    let stored = block_on(world.memory.audit().read(0, usize::MAX)).unwrap();
    let mut tree = Frontier::default();
    for entry in stored.iter().take(usize::try_from(head.size).unwrap()) {
        tree.append(leaf_hash(entry.bytes().unwrap()));
    }
    assert_eq!(tree.head(), head);
    assert!(lines.len() > 600, "{}", lines.len());
    for line in lines {
        let (index, body) = entry_of(line);
        assert_eq!(leaf_hash(body.as_bytes()), stored[usize::try_from(index).unwrap()].nodes[0]);
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    let before = steward.trail_head().unwrap().size;
    world.clock.advance(Period::hours(2));
    let refused = steward.export_trail(&grant, &TrailQuery::any(), &mut Vec::new()).unwrap_err();
    assert!(matches!(refused, TrailReadError::Grant(GrantError::Expired { .. })));
    assert_eq!(steward.trail_head().unwrap().size, before + 1, "the refusal");
}

/// A disk that is full.
struct Full;

impl io::Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("full"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn promise_10_an_export_that_breaks_off_says_so_and_has_no_head() {
    let (world, steward) = furnished(1);
    let grant = may(&steward, world.officer(), Question::export);
    let refused = steward.export_trail(&grant, &TrailQuery::any(), &mut Full).unwrap_err();
    assert!(matches!(refused, TrailReadError::Unwritten(_)), "{refused}");
    let mut whole = Vec::new();
    steward.export_trail(&grant, &TrailQuery::about(ADA), &mut whole).unwrap();
    for moment in Moment::ALL {
        for n in 1.. {
            world.faults.arm(n, moment);
            let mut part = Vec::new();
            let exported = steward.export_trail(&grant, &TrailQuery::about(ADA), &mut part);
            let crashed = world.faults.is_down();
            world.faults.recover();
            assert_eq!(exported.is_err(), crashed, "{n}");
            assert_eq!(String::from_utf8(part).unwrap().contains("\"head\""), !crashed, "{n}");
            if !crashed {
                assert!(n > 6, "{n} calls");
                break;
            }
        }
    }
    // It goes again, over a trail that is whole.
    let mut again = Vec::new();
    steward.export_trail(&grant, &TrailQuery::about(ADA), &mut again).unwrap();
    let entries = |file: &[u8]| String::from_utf8(file.to_vec()).unwrap().lines().count();
    assert!(entries(&again) >= entries(&whole));
    steward.verify_trail(None).unwrap();
}
