//! 4: a nonce is never reused under a key. (That keys are wiped, and limits of a key, stand beside the primitives.)

use std::collections::BTreeSet;

use stewardship::block_on;
use stewardship::contracts::{FieldBody, Ports, RecordQuery, RecordStore};

use crate::world::*;

/// The same value at the same place, over and over: no two envelopes share their first bytes after the head.
#[test]
fn promise_04_no_two_envelopes_share_a_nonce() {
    let world = World::new();
    let steward = world.connected();
    let mut seen = BTreeSet::new();
    let mut bodies = BTreeSet::new();
    for _ in 0..100 {
        steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
        let rows = block_on(world.memory.records().list(&RecordQuery::default(), None, 9)).unwrap();
        for field in &rows[0].fields {
            let FieldBody::Sealed(sealed) = &field.body else { panic!("it is sealed") };
            let envelope = stewardship::crypto::Envelope::parse(sealed).unwrap();
            let head = sealed.len() - envelope_body(sealed, &envelope);
            assert!(seen.insert(sealed[head..head + 24].to_vec()), "a nonce came twice");
            assert!(bodies.insert(sealed[head + 24..].to_vec()), "a ciphertext came twice");
        }
    }
    assert_eq!(seen.len(), 300);
}

/// Number of bytes behind the head: nonce, ciphertext and tag.
fn envelope_body(sealed: &[u8], envelope: &stewardship::crypto::Envelope<'_>) -> usize {
    let scopes = envelope.header().scopes().len();
    sealed.len() - (stewardship::crypto::overhead(scopes) - 24 - 16)
}
