//! 12: a generated page states only what the policy enforces or live evidence supports.

use stewardship::Period;
use stewardship::governance::{Evidence, EvidenceSet, Method};

use crate::world::*;

/// The lines of the page that state a control, and whether each states it as true.
fn stated(page: &str, states: &str) -> Vec<bool> {
    let lines = page.lines().filter(|line| line.contains(states));
    lines.map(|line| line.contains("attested: met")).collect()
}

#[test]
fn promise_12_without_evidence_no_control_is_stated_as_true() {
    let world = World::new();
    let steward = world.steward();
    let page = steward.render(&EvidenceSet::new()).unwrap();
    for control in &world.policy.document().controls {
        // Not even with a caveat: the page names the control, and does not repeat what it would state.
        assert!(stated(&page, &control.states).is_empty(), "{}", control.id);
        let named = format!("`{}` (", control.id);
        assert!(
            page.lines().any(|line| line.contains(&named) && line.contains("not enough is known")),
            "{named}"
        );
    }
    assert!(!page.contains("attested: met"));
    assert!(page.contains("enforced:"), "what is enforced needs no evidence");
}

#[test]
fn promise_12_a_control_is_true_while_its_evidence_is_fresh_and_not_after() {
    let world = World::new();
    let steward = world.steward();
    let control = world.policy.document().controls.iter().find(|c| c.id == *"screen-lock").unwrap().clone();
    let mut evidence = EvidenceSet::new();
    let truth = |evidence: &EvidenceSet| stated(&steward.render(evidence).unwrap(), &control.states);

    evidence.insert(Evidence::met("screen-lock", Method::Examine, world.now(), "officer"));
    assert_eq!(truth(&evidence), [true]);
    world.clock.advance(Period::days(29));
    assert_eq!(truth(&evidence), [true]);
    world.clock.advance(Period::days(2));
    assert!(truth(&evidence).is_empty(), "stale");
    evidence.insert(Evidence::met(
        "screen-lock",
        Method::Examine,
        Period::days(1).after(world.now()),
        "officer",
    ));
    assert!(truth(&evidence).is_empty(), "from the future");
    evidence.insert(Evidence::not_met("screen-lock", Method::Examine, world.now(), "officer", 3, "laptops"));
    assert!(truth(&evidence).is_empty(), "not met");
}
