//! 4: a nonce is never reused under a key. (That keys are wiped, and the limits of a key, stand beside the primitives.)

use std::collections::BTreeSet;

use stewardship::contracts::{FieldBody, KeyState, KeyStore, Ports, RecordQuery, RecordStore};
use stewardship::crypto::{Entropy, EntropyError, Envelope};
use stewardship::{Steward, block_on};

use super::p10_trail::keys_left;
use crate::world::*;

/// The nonces of all that is stored.
fn nonces(world: &World) -> Vec<[u8; 24]> {
    let rows = block_on(world.memory.records().list(&RecordQuery::default(), None, 99)).unwrap();
    let fields = rows.iter().flat_map(|row| &row.fields);
    let sealed = fields.filter_map(|field| match &field.body {
        FieldBody::Sealed(sealed) => Some(sealed),
        FieldBody::Clear(_) => None,
    });
    sealed.map(|sealed| *Envelope::parse(sealed).unwrap().nonce()).collect()
}

/// The same value at the same place, over and over.
#[test]
fn promise_04_no_two_envelopes_share_a_nonce() {
    let world = World::new();
    let steward = world.connected();
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
        seen.extend(nonces(&world));
    }
    assert_eq!(seen.len(), 300);
}

/// Randomness that is always the same.
struct Stuck;

impl Entropy for Stuck {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(7);
        Ok(())
    }
}

/// That the test above looks at the nonces: with stuck randomness it would see one.
#[test]
fn promise_04_stuck_randomness_would_be_seen() {
    let world = World::new();
    let steward = Steward::builder(world.policy.clone(), world.memory.clone(), world.provider.clone())
        .bind::<(Creator, Note)>()
        .clock(world.clock.clone())
        .danger_entropy(Stuck);
    let steward = block_on(steward.build()).unwrap().blocking();
    let support = stewardship::Purpose::new("support");
    for record in ["r-1", "r-2"] {
        let place = stewardship::Place::tenant(TENANT).record(record);
        steward.put(&place, &note("words"), &support).unwrap();
    }
    assert_eq!(nonces(&world), [[7; 24]; 2]);
}

/// A source that is good for nonces alone makes no key: the nonces of values are its own, and those of the wrapped keys are not, nor are
/// the keys.
#[test]
fn promise_04_keys_do_not_come_from_the_source_of_nonces() {
    let world = World::new();
    let steward = Steward::builder(world.policy.clone(), world.memory.clone(), world.provider.clone())
        .bind::<(Creator, Note)>()
        .clock(world.clock.clone())
        .nonces(Stuck);
    let steward = block_on(steward.build()).unwrap().blocking();
    let place = stewardship::Place::tenant(TENANT).record("r-1");
    steward.put(&place, &note("words"), &stewardship::Purpose::new("support")).unwrap();
    assert_eq!(nonces(&world), [[7; 24]]);

    let keys = keys_left(&world);
    assert!(keys.len() >= 2, "an epoch's and a tenant's: {}", keys.len());
    assert!(keys.iter().all(|key| *key.expose() != [7; 32]));
    let rows = block_on(world.memory.keys().scopes(None, usize::MAX)).unwrap();
    for version in rows.iter().flat_map(|row| &row.keys) {
        let KeyState::Live { wrapped, .. } = &version.state else { panic!("{version:?}") };
        assert_ne!(wrapped[2..26], [7; 24]);
    }
}
