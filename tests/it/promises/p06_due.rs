//! 6: retention is monotone: what is due stays due until a hold, an extension or a change of policy says otherwise.

use proptest::prelude::*;
use stewardship::contracts::Moment;
use stewardship::retention::{Disposition, Hold, HoldCover};
use stewardship::{Period, Place, Purpose};

use crate::world::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn promise_06_what_is_due_stays_due_until_a_hold_says_otherwise(
        waits in prop::collection::vec(0_u32..90, 1..10), held in any::<prop::sample::Index>(),
    ) {
        let world = World::new();
        let steward = world.steward();
        let place = Place::tenant(TENANT).subject(ADA);
        steward.put(&place, &note("words"), &Purpose::new("support")).unwrap();
        let due_at = Period::months(12).after(world.now());
        // Nothing is deleted meanwhile: a hold that covers it all the time shows what would be said without it.
        let hold = Hold::new("lit-7", HoldCover::tenant(TENANT), "a dispute", "legal", world.now());
        steward.place_hold(&hold).unwrap();
        let held = held.index(waits.len());
        for (n, wait) in waits.iter().enumerate() {
            world.clock.advance(Period::days(*wait));
            if n == held {
                world.clock.advance(Period::months(11));
            }
            let swept = steward.sweep().unwrap();
            prop_assert_eq!(swept.held.len(), 1);
            let Disposition::HeldBy { otherwise, .. } = &swept.held[0].disposition else { panic!() };
            let due = matches!(**otherwise, Disposition::DueSince { since, .. } if since == due_at);
            prop_assert_eq!(due, due_at <= world.now(), "{}", otherwise);
            prop_assert!(otherwise.to_string().contains("user-content-one-year"), "{}", otherwise);
        }
    }
}

/// A source that cannot be reached, and a crash, change nothing of what is due.
#[test]
fn promise_06_what_could_not_be_deleted_is_due_the_next_time() {
    let world = World::new();
    let steward = world.connected();
    world.newsletter.add("n-1", "creators", ADA, world.now());
    steward.happened(&shop_scope(), "authorization_revoked", world.now()).unwrap();
    world.newsletter.says(Says::Down);
    assert_eq!(steward.sweep().unwrap().unreachable, ["newsletter"]);
    assert_eq!(world.newsletter.ids(), ["n-1"]);
    world.newsletter.says(Says::Done);
    world.faults.arm(3, Moment::After);
    let _ = steward.sweep();
    world.faults.recover();
    steward.sweep().unwrap();
    assert!(world.newsletter.ids().is_empty());
}
