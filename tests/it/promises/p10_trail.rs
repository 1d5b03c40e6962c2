//! 10: the trail holds no values and no identifiers but keyed pseudonyms, and nothing about a person once that person's key is gone.

use std::collections::BTreeSet;

use proptest::prelude::*;
use stewardship::access::{Preference, ReleaseRequest, Stop};
use stewardship::audit::tree::leaf_hash;
use stewardship::classification::Level;
use stewardship::contracts::Moment;
use stewardship::contracts::{AuditLog, EpochState, KeyProvider, KeyState, KeyStore, Ports};
use stewardship::crypto::{RustCrypto, SecretKey, pseudonym, unwrap};
use stewardship::dsr::{Case, Planned, Reviewed, Verdict, VerificationMethod};
use stewardship::policy::RequestKind;
use stewardship::retention::{Hold, HoldCover};
use stewardship::{Access, NewRequest, Place, Principal, Purpose, Question, Resource, Scope, block_on};

use super::life::{BOB, Restart, furnish, live, trail};
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
        for kind in ["tenant", "principal", "subject", "connection", "record", "case", "hold", "value"] {
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
    let case = carried_out(world, steward, &new.id(format!("case-{}", subject.len())).subject(subject));
    let case = steward.platform_answered(case, "tiktok-shop", Ok(())).unwrap();
    steward.close(case).unwrap();
}

fn carried_out(world: &World, steward: &TestSteward, new: &NewRequest) -> Case<Planned> {
    let case = steward.receive(new).unwrap();
    let case = steward.verify(case, VerificationMethod::SignedIn, &world.officer()).unwrap();
    let Reviewed::Approved(case) = steward.review(case, &world.officer(), Verdict::Approve).unwrap() else {
        panic!("it was approved")
    };
    steward.carry_out(steward.plan(case).unwrap(), &world.officer()).unwrap().0
}

#[test]
fn promise_10_no_identifier_stands_in_the_trail() {
    let world = World::new();
    furnish(&world);
    live(&world, .., [], Restart::AtOnce);
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
    fn promise_10_no_value_stands_in_the_trail(secrets in prop::collection::vec("[g-z]{12,20}", 8), batched in any::<bool>()) {
        let world = if batched { super::p10_batches::batched("") } else { World::new() };
        let steward = world.connected();
        let person = Principal::person(TENANT, secrets[4].as_str()).role("owner").mfa_at(world.now());
        let place = about(&secrets[3]);
        steward.put(&place, &creator(&secrets[0]), &sync()).unwrap();
        steward.put(&place, &order(&secrets[1]), &sync()).unwrap();
        steward.put(&place, &voucher(&secrets[1]), &sync()).unwrap();
        steward.ingest::<Token>(&at_shop(), "tiktok-shop", &payload(&secrets[2]), &sync()).unwrap();
        read::<Creator>(&steward, &place).unwrap();
        let resource = Resource::at::<Creator>(&place);
        granted(&steward, Question::read(person, resource, Purpose::new("outreach")));
        steward.find::<Creator>(&tenant(), "email", &format!("{}@example.com", secrets[0])).unwrap();
        // Corrected, found out about, held, released, preferred.
        let correction = NewRequest::new(TENANT, RequestKind::Correction, secrets[5].as_str(), "ada@example.com");
        let correction = correction.subject(secrets[3].as_str()).correction("handle", secrets[5].as_str());
        carried_out(&world, &steward, &correction);
        let cover = HoldCover::tenant(TENANT).subject("nobody");
        steward.place_hold(&Hold::new(&secrets[6], cover, &secrets[5], &secrets[5], world.now())).unwrap();
        steward.lift_hold(&tenant(), &secrets[6]).unwrap();
        let objection = Preference::Stop { stop: Stop::Objection, of: None };
        steward.prefer(&world.owner(), &secrets[3].as_str().into(), &objection).unwrap();
        // What nobody declared, and what is refused.
        let undeclared = Purpose::new(secrets[7].as_str());
        prop_assert!(steward.put(&place, &creator(&secrets[0]), &undeclared).is_err());
        let resource = Resource::category(&place, secrets[7].as_str(), Level::Restricted);
        for purpose in [undeclared, sync()] {
            let question = Question::read(integration(), resource.clone(), purpose.clone());
            prop_assert!(matches!(steward.authorize(&question).unwrap(), Access::Denied(_)));
            let release = ReleaseRequest::new(integration(), &place, purpose, secrets[7].as_str());
            prop_assert!(steward.account::<CreatorEmail>(&release).is_err());
        }
        steward.put(&place, &pacing(&secrets[1]), &sync()).unwrap();
        steward.mark_compromised(&Scope::Tenant(tenant()), 1, &secrets[5]).unwrap();
        erase(&world, &steward, &secrets[3]);
        steward.revoke(&shop_scope(), &secrets[5]).unwrap();
        steward.sweep().unwrap();
        steward.flush_trail().unwrap();
        let words: Vec<_> = trail(&world).into_iter().map(|entry| entry.event.word()).collect();
        for word in ["decided", "stored", "store_refused", "opened", "corrected", "released", "hold_placed", "keys_destroyed"] {
            prop_assert!(words.contains(&word), "nothing of `{word}`");
        }
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
    steward.put(&about(ADA).record("order-17"), &order("ada"), &sync()).unwrap();
    read::<Creator>(&steward, &about(ADA)).unwrap();
    let correction = NewRequest::new(TENANT, RequestKind::Correction, "support channel", "ada@example.com");
    carried_out(&world, &steward, &correction.subject(ADA).correction("handle", "@ada-2"));
    let head = steward.verify_trail(None).unwrap();
    let proofs = steward.prove_entries(&(0..head.size).collect::<Vec<_>>(), head.size).unwrap();
    assert!(mentions(&bodies(&world), &pseudonyms(&world, ADA)) >= 3, "found while the key lives");
    // Her records and the values of them, too.
    assert_eq!(mentions(&bodies(&world), &pseudonyms(&world, "order-17")), 1);
    for value in ["handle\0\"@ada\"", "handle\0\"@ada-2\""] {
        assert_eq!(mentions(&bodies(&world), &pseudonyms(&world, value)), 1);
    }

    erase(&world, &steward, ADA);
    let bodies = bodies(&world);
    for name in [ADA, "order-17", "handle\0\"@ada\"", "handle\0\"@ada-2\""] {
        assert_eq!(mentions(&bodies, &pseudonyms(&world, name)), 0, "{name}");
    }
    // What was proved before goes on being proved.
    for (proof, body) in proofs.iter().zip(&bodies) {
        proof.verify(&leaf_hash(body.as_bytes()), &head).unwrap();
    }
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
    live(&world, .., [(150, Moment::After), (90, Moment::Before)], Restart::AtOnce);
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
    let question = Question::read(prober, Resource::at::<Creator>(&place), sync());
    steward.authorize(&question).unwrap();
    let bodies = bodies(&world);
    assert_eq!(bodies.len(), before + 1);
    assert_eq!(mentions(&bodies[before..], &pseudonyms(&world, ADA)), 0);
    assert_eq!(mentions(&bodies[before..], &pseudonyms(&world, TENANT)), 0);
}
