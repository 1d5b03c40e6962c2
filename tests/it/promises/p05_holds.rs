//! 5: a hold stops every deletion path; a cap that crosses a duty or a hold is a reported conflict.

use stewardship::Period;
use stewardship::contracts::{Ports, RecordQuery, RecordStore};
use stewardship::dsr::{Case, Closed, Outcome, Reviewed, Verdict, VerificationMethod};
use stewardship::engine::{NewRequest, Swept};
use stewardship::policy::RequestKind;
use stewardship::retention::{Disposition, Ground, Hold, HoldCover};
use stewardship::{Place, block_on};

use crate::world::*;

fn count(world: &World) -> usize {
    block_on(world.memory.records().list(&RecordQuery::default(), None, 99)).unwrap().len()
}

fn hold(world: &World, covers: HoldCover) -> Hold {
    Hold::new("lit-7", covers, "a dispute", "legal", world.now())
}

fn covers() -> [HoldCover; 4] {
    let tenant = HoldCover::tenant(TENANT);
    [
        tenant.clone().subject(ADA),
        tenant.clone().connection(SHOP),
        tenant.clone().category("creators"),
        tenant,
    ]
}

fn delete(world: &World, steward: &TestSteward, id: &str) -> Case<Closed> {
    let new = NewRequest::new(TENANT, RequestKind::Deletion, "support channel", "ada@example.com");
    let case = steward.receive(&new.id(id).subject(ADA)).unwrap();
    let case = steward.verify(case, VerificationMethod::SignedIn, &world.officer()).unwrap();
    let Reviewed::Approved(case) = steward.review(case, &world.officer(), Verdict::Approve).unwrap() else {
        panic!("it was approved")
    };
    let case = steward.plan(case).unwrap();
    let (case, _) = steward.carry_out(case, &world.officer()).unwrap();
    let case = steward.platform_answered(case, "tiktok-shop", Ok(())).unwrap();
    steward.close(case).unwrap()
}

fn deleted(swept: &Swept) -> u64 {
    swept.disposals.iter().map(|disposal| disposal.records).sum()
}

#[test]
fn promise_05_a_hold_stops_every_deletion_path_the_sweep() {
    for covers in covers() {
        let world = World::new();
        let steward = world.connected();
        steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
        world.newsletter.add("n-1", "creators", ADA, world.now());
        steward.place_hold(&hold(&world, covers)).unwrap();
        steward.happened(&shop_scope(), "authorization_revoked", world.now()).unwrap();

        let swept = steward.sweep().unwrap();
        assert_eq!((count(&world), deleted(&swept), world.newsletter.ids().len()), (1, 0, 1));
        assert_eq!(swept.held.len(), 2, "{:?}", swept.held);
        for item in &swept.held {
            let Disposition::HeldBy { holds, otherwise } = &item.disposition else { panic!("{item:?}") };
            assert_eq!(holds, &["lit-7"]);
            assert!(matches!(**otherwise, Disposition::DueSince { .. }));
        }
        assert!(read::<Creator>(&steward, &about(ADA)).is_ok());

        assert!(steward.lift_hold(&tenant(), "lit-7").unwrap());
        let swept = steward.sweep().unwrap();
        assert_eq!((count(&world), deleted(&swept)), (0, 2));
        assert!(world.newsletter.ids().is_empty());
    }
}

#[test]
fn promise_05_a_hold_stops_every_deletion_path_the_revocation() {
    for covers in covers() {
        let world = World::new();
        let steward = world.connected();
        steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
        steward.place_hold(&hold(&world, covers)).unwrap();
        let revoked = steward.revoke(&shop_scope(), "the seller asked").unwrap();
        assert_eq!(revoked.disposal.kept, [(1, "kept until hold `lit-7` is lifted".to_owned())]);
        steward.sweep().unwrap();
        assert_eq!(count(&world), 1);
        // Closed to the integration, and readable for whoever the hold is for.
        assert!(exported(&world, &steward).contains("ada@example.com"));

        steward.lift_hold(&tenant(), "lit-7").unwrap();
        let swept = steward.sweep().unwrap();
        assert_eq!((count(&world), deleted(&swept)), (0, 1));
    }
}

#[test]
fn promise_05_a_hold_stops_every_deletion_path_the_request() {
    for covers in covers() {
        let world = World::new();
        let steward = world.connected();
        steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
        world.newsletter.add("n-1", "creators", ADA, world.now());
        let by_connection = covers.connection.is_some();
        steward.place_hold(&hold(&world, covers)).unwrap();
        let case = delete(&world, &steward, "case-1");
        let Some(Outcome::Completed { kept }) = case.file().outcome() else { panic!("{:?}", case.file()) };
        assert!(kept.iter().all(|kept| kept.reason == "kept until hold `lit-7` is lifted"), "{kept:?}");
        assert_eq!(count(&world), 1);
        assert!(read::<Creator>(&steward, &about(ADA)).is_ok());
        assert_eq!(world.newsletter.ids().len(), 1, "a hold on a connection: {by_connection}");

        // What was kept until the hold is lifted goes when it is lifted; what another source kept, when it is asked again.
        steward.lift_hold(&tenant(), "lit-7").unwrap();
        let swept = steward.sweep().unwrap();
        assert_eq!((count(&world), deleted(&swept)), (0, 1));
        let again = delete(&world, &steward, "case-2");
        assert_eq!(again.file().outcome(), Some(&Outcome::Completed { kept: Vec::new() }));
        assert!(world.newsletter.ids().is_empty());
    }
}

/// No rule of its category makes it due: it goes because its erasure is owed, and what came in since does not.
#[test]
fn promise_05_what_a_hold_kept_from_a_revocation_goes_when_it_is_lifted() {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &order("ada"), &sync()).unwrap();
    steward.place_hold(&hold(&world, HoldCover::tenant(TENANT))).unwrap();
    steward.revoke(&shop_scope(), "the seller asked").unwrap();
    world.clock.advance(Period::days(1));
    steward.sweep().unwrap();
    steward.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    steward.put(&about("creator-new"), &order("new"), &sync()).unwrap();
    assert_eq!(count(&world), 2);
    steward.lift_hold(&tenant(), "lit-7").unwrap();
    let swept = steward.sweep().unwrap();
    assert_eq!((count(&world), deleted(&swept)), (1, 1));
    assert_eq!(read::<Order>(&steward, &about("creator-new")).unwrap(), values(&order("new")));
}

/// A hold of another tenant, connection, person or category stops nothing.
#[test]
fn promise_05_a_hold_over_something_else_stops_nothing() {
    let tenant = HoldCover::tenant(TENANT);
    for covers in [
        HoldCover::tenant("other-kg"),
        tenant.clone().subject("creator-bob"),
        tenant.clone().connection("amazon:1"),
        tenant.category("orders"),
    ] {
        let world = World::new();
        let steward = world.connected();
        steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
        steward.place_hold(&hold(&world, covers)).unwrap();
        steward.revoke(&shop_scope(), "the seller asked").unwrap();
        steward.sweep().unwrap();
        assert_eq!(count(&world), 0);
    }
}

/// The hold comes after the evidence names what goes, and before it goes.
#[test]
fn promise_05_a_hold_is_asked_for_again_at_the_moment_of_deletion() {
    let calls = {
        let (world, steward) = due();
        let before = world.faults.calls();
        steward.sweep().unwrap();
        assert_eq!(count(&world), 0);
        world.faults.calls() - before
    };
    for n in 1..=calls {
        let (world, steward) = due();
        world.faults.arm(n, stewardship::contracts::Moment::After);
        assert!(steward.sweep().is_err() || world.faults.is_down());
        world.faults.recover();
        let left = count(&world);
        steward.place_hold(&hold(&world, HoldCover::tenant(TENANT).subject(ADA))).unwrap();
        steward.sweep().unwrap();
        assert_eq!(count(&world), left, "crash {n}: the hold was passed over");
        // Whether it went before the hold or after it was lifted, it is counted, once.
        steward.lift_hold(&tenant(), "lit-7").unwrap();
        steward.sweep().unwrap();
        let counted: u64 = steward.disposals(None).unwrap().iter().map(|disposal| disposal.records).sum();
        assert_eq!((count(&world), counted), (0, 1), "crash {n}");
    }
}

fn due() -> (World, TestSteward) {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    steward.happened(&shop_scope(), "authorization_revoked", world.now()).unwrap();
    (world, steward)
}

/// A name that was used before is no reason for a hold not to stand.
#[test]
fn promise_05_a_hold_placed_under_a_lifted_name_stands() {
    let (world, steward) = due();
    let hold = hold(&world, HoldCover::tenant(TENANT));
    steward.place_hold(&hold).unwrap();
    steward.lift_hold(&tenant(), "lit-7").unwrap();
    steward.place_hold(&hold).unwrap();
    steward.sweep().unwrap();
    assert_eq!(count(&world), 1);
}

#[test]
fn promise_05_a_hold_of_another_cover_under_a_standing_name_is_refused() {
    let (world, steward) = due();
    steward.place_hold(&hold(&world, HoldCover::tenant(TENANT).category("nothing"))).unwrap();
    let refused = steward.place_hold(&hold(&world, HoldCover::tenant(TENANT)));
    assert!(matches!(refused, Err(stewardship::engine::HoldError::NameTaken { .. })), "{refused:?}");
}

#[test]
fn promise_05_a_cap_against_a_duty_or_a_hold_is_a_reported_conflict() {
    for held in [false, true] {
        let world = World::new();
        let steward = world.connected();
        let amazon = Place::tenant(TENANT).connection("amazon:1").subject(ADA);
        steward.connect(&world.owner(), &"amazon:1".into(), "amazon").unwrap();
        let delivered = world.now();
        if held {
            let payload = serde_json::json!({ "number": "1", "buyer": "Ada" });
            steward.ingest::<Order>(&amazon, "amazon", &payload, &sync()).unwrap();
            steward.happened_to::<Order>(&amazon, "order_delivered", delivered).unwrap();
            steward.place_hold(&hold(&world, HoldCover::tenant(TENANT).category("orders"))).unwrap();
        } else {
            // That it is of Amazon the connection says.
            steward.put(&amazon, &voucher("ada"), &sync()).unwrap();
            steward.happened_to::<Voucher>(&amazon, "order_delivered", delivered).unwrap();
        }
        assert!(steward.sweep().unwrap().conflicts.is_empty());
        world.clock.advance(Period::days(31));
        let swept = steward.sweep().unwrap();
        assert_eq!((count(&world), deleted(&swept), swept.conflicts.len()), (1, 0, 1));
        let Disposition::ConflictBetween { cap, cites, against, .. } = &swept.conflicts[0].disposition else {
            panic!("{:?}", swept.conflicts)
        };
        assert_eq!(*cap, "amazon-pii");
        assert!(cites.contains("Amazon Data Protection Policy"));
        match against.as_slice() {
            [Ground::Hold { id }] if held => assert_eq!(id, "lit-7"),
            [Ground::Duty { rule, law, .. }] if !held => {
                assert_eq!(*rule, "marketplace-invoice-tax");
                assert!(law.contains("Abgabenordnung"));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What the person would be given: the way to what is kept after a revocation.
fn exported(world: &World, steward: &TestSteward) -> String {
    let new = NewRequest::new(TENANT, RequestKind::Access, "support channel", "ada@example.com");
    let case = steward.receive(&new.id("case-export").subject(ADA)).unwrap();
    let case = steward.verify(case, VerificationMethod::SignedIn, &world.officer()).unwrap();
    let Reviewed::Approved(case) = steward.review(case, &world.officer(), Verdict::Approve).unwrap() else {
        panic!("it was approved")
    };
    let (_, export) = steward.carry_out(steward.plan(case).unwrap(), &world.officer()).unwrap();
    export.unwrap().into_json().to_string()
}
