//! 10: the trail holds no values and no identifiers but keyed pseudonyms, and nothing about a person once that person's key is gone.

use std::collections::BTreeSet;

use proptest::prelude::*;
use stewardship::contracts::Moment;
use stewardship::contracts::{AuditLog, EpochState, KeyProvider, KeyState, KeyStore, Ports};
use stewardship::crypto::{RustCrypto, SecretKey, pseudonym, unwrap};
use stewardship::dsr::{Reviewed, Verdict, VerificationMethod};
use stewardship::policy::RequestKind;
use stewardship::{Action, NewRequest, Place, Principal, Purpose, Question, Resource, block_on};

use super::life::{BOB, Restart, furnish, live};
use crate::world::*;

/// Every body of the trail, as it lies in the store.
fn bodies(world: &World) -> Vec<String> {
    let stored = block_on(world.memory.audit().read(0, usize::MAX)).unwrap();
    stored.iter().map(|entry| String::from_utf8(entry.bytes().unwrap().to_vec()).unwrap()).collect()
}

/// Every scope key that the stores and the provider still give: what somebody has who holds everything that there is.
pub(crate) fn keys_left(world: &World) -> Vec<SecretKey> {
    let mut left = Vec::new();
    for epoch in block_on(world.memory.keys().epochs()).unwrap() {
        let EpochState::Active { wrapped } = &epoch.state else { continue };
        let context = [b"stewardship/1/epoch".as_slice(), &epoch.number.to_be_bytes()].concat();
        let key = block_on(world.provider.unwrap(&epoch.provider_key, wrapped, &context)).unwrap();
        for row in block_on(world.memory.keys().scopes(None, usize::MAX)).unwrap() {
            for version in &row.keys {
                let KeyState::Live { epoch: own, wrapped, .. } = &version.state else { continue };
                if *own == epoch.number {
                    let number = version.number.to_be_bytes();
                    let context =
                        [b"stewardship/1/scope".as_slice(), &number, &row.scope.to_bytes()].concat();
                    left.push(unwrap(&RustCrypto, &key, wrapped, &context).unwrap());
                }
            }
        }
        left.push(key);
    }
    left
}

/// Every pseudonym that anybody can make of an identifier with the keys that are left.
fn pseudonyms(world: &World, id: &str) -> BTreeSet<String> {
    let mut made = BTreeSet::new();
    for key in keys_left(world) {
        for kind in ["tenant", "principal", "subject", "connection", "record", "case"] {
            for key in [&key.derive("audit"), &key] {
                made.insert(format!("{:032x}", u128::from_be_bytes(pseudonym(key, kind, id))));
            }
        }
    }
    made
}

fn mentions(bodies: &[String], pseudonyms: &BTreeSet<String>) -> usize {
    bodies.iter().filter(|body| pseudonyms.iter().any(|pseudonym| body.contains(pseudonym))).count()
}

pub(crate) fn erase(world: &World, steward: &TestSteward, subject: &str) {
    let new = NewRequest::new(TENANT, RequestKind::Deletion, "support channel", "ada@example.com");
    let case = steward.receive(&new.id(format!("case-{}", subject.len())).subject(subject)).unwrap();
    let case = steward.verify(case, VerificationMethod::SignedIn, &world.officer()).unwrap();
    let Reviewed::Approved(case) = steward.review(case, &world.officer(), Verdict::Approve).unwrap() else {
        panic!("it was approved")
    };
    let (case, _) = steward.carry_out(steward.plan(case).unwrap(), &world.officer()).unwrap();
    let case = steward.platform_answered(case, "tiktok-shop", Ok(())).unwrap();
    steward.close(case).unwrap();
}

#[test]
fn promise_10_no_identifier_stands_in_the_trail() {
    let world = World::new();
    furnish(&world);
    live(&world, 0, [], Restart::AtOnce);
    let bodies = bodies(&world);
    assert!(bodies.len() > 30);
    for id in [TENANT, SHOP, ADA, BOB, "user-olga", "user-petra", "sync-service", "example.com"] {
        let found: Vec<_> = bodies.iter().filter(|body| body.contains(id)).collect();
        assert!(found.is_empty(), "{id}: {found:?}");
    }
    // They are there under their pseudonyms: the trail is not merely silent.
    for id in [TENANT, SHOP, "user-petra"] {
        assert!(mentions(&bodies, &pseudonyms(&world, id)) > 0, "{id}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn promise_10_no_value_stands_in_the_trail(secrets in prop::collection::vec("[a-z]{12,20}", 5)) {
        let world = World::new();
        let steward = world.connected();
        let person = Principal::person(TENANT, secrets[4].as_str()).role("owner").mfa_at(world.now());
        let place = about(&secrets[3]);
        steward.put(&place, &creator(&secrets[0]), &sync()).unwrap();
        steward.put(&place, &order(&secrets[1]), &sync()).unwrap();
        steward.put(&place, &voucher(&secrets[1]), &sync()).unwrap();
        steward.ingest::<Token>(&at_shop(), "tiktok-shop", &payload(&secrets[2]), &sync()).unwrap();
        read::<Creator>(&steward, &place).unwrap();
        let resource = Resource::at::<Creator>(&place);
        granted(&steward, Question::new(person, Action::Read, resource, Purpose::new("outreach")));
        steward.find::<Creator>(&tenant(), "email", &format!("{}@example.com", secrets[0])).unwrap();
        erase(&world, &steward, &secrets[3]);
        steward.revoke(&shop_scope(), "the seller asked").unwrap();
        steward.sweep().unwrap();
        for body in bodies(&world) {
            for secret in &secrets {
                prop_assert!(!body.contains(secret.as_str()), "{body}");
            }
        }
        steward.verify_trail(None).unwrap();
    }
}

#[test]
fn promise_10_after_an_erasure_no_key_that_is_left_finds_the_person_in_the_trail() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward.put(&about(BOB), &creator("bob"), &sync()).unwrap();
    read::<Creator>(&steward, &about(ADA)).unwrap();
    let head = steward.verify_trail(None).unwrap();
    assert!(mentions(&bodies(&world), &pseudonyms(&world, ADA)) >= 3, "found while the key lives");

    erase(&world, &steward, ADA);
    let bodies = bodies(&world);
    assert_eq!(mentions(&bodies, &pseudonyms(&world, ADA)), 0);
    assert!(mentions(&bodies, &pseudonyms(&world, BOB)) > 0, "another person's entries are found");
    // The trail goes on verifying, from a head that was kept before.
    steward.verify_trail(Some(head)).unwrap();
}

/// Where a duty keeps a record, the person's key goes on in a new version, and finds nothing of what was before.
#[test]
fn promise_10_what_a_duty_keeps_does_not_link_what_was_before_the_erasure() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &voucher("ada"), &sync()).unwrap();
    let before = bodies(&world).len();
    erase(&world, &steward, ADA);
    let bodies = bodies(&world);
    assert_eq!(mentions(&bodies[..before], &pseudonyms(&world, ADA)), 0);
}

#[test]
fn promise_10_the_trail_verifies_and_what_was_changed_is_found() {
    let world = World::new();
    furnish(&world);
    live(&world, 0, [(150, Moment::After), (90, Moment::Before)], Restart::AtOnce);
    let steward = world.steward();
    let head = steward.verify_trail(None).unwrap();
    // A backup from before is shorter than the head that was kept elsewhere.
    let backup = World::new();
    backup.connected();
    world.memory.restore_records(&backup.memory);
    assert!(steward.verify_trail(Some(head)).is_err());
}

/// An entry that cannot be about somebody, because the question came from another tenant.
#[test]
fn promise_10_a_probe_of_another_tenant_names_nobody_of_it() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    let before = bodies(&world).len();
    let prober = Principal::person("other-kg", "user-1").role("owner").mfa_at(world.now());
    let place = Place::tenant(TENANT).connection(SHOP).subject(ADA);
    let question = Question::new(prober, Action::Read, Resource::at::<Creator>(&place), sync());
    steward.authorize(&question).unwrap();
    let bodies = bodies(&world);
    assert_eq!(bodies.len(), before + 1);
    assert_eq!(mentions(&bodies[before..], &pseudonyms(&world, ADA)), 0);
    assert_eq!(mentions(&bodies[before..], &pseudonyms(&world, TENANT)), 0);
}
