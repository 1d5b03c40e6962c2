//! Bounds of proofs: past them the answer is that there is none.

use super::compare::Both;
use super::*;
use crate::core::access::{Environment, PrincipalKind, Stop};
use crate::core::period::Period;
use crate::core::policy::Conditions;

fn complete() -> Policy {
    Policy::from_toml(include_str!("../../../../examples/policies/complete.toml")).unwrap()
}

/// True ones and false ones, of every kind of set.
fn claims() -> Vec<Claim> {
    let fresh = || Conditions::new().mfa_within(Period::hours(12));
    let people = || RequestSet::new().kinds([PrincipalKind::Person]);
    let production = || RequestSet::new().environments([Environment::Production]);
    vec![
        never(people().from_level(Level::Restricted).without(fresh())),
        never(people().from_level(Level::Confidential).without(fresh())),
        never(RequestSet::new().of_other_tenants(true)),
        never(RequestSet::new().suspended(true)),
        never(production().without_roles(["owner", "support", "privacy_officer"])),
        never(production().without(Conditions::new().assigned_case(true)).roles(["support"])),
        never(RequestSet::new()),
        always(people().roles(["owner"]).up_to(Level::Internal)),
        always(
            people()
                .roles(["privacy_officer"])
                .actions([Action::Export])
                .categories(["orders"])
                .purposes(["subject_requests"])
                .with(fresh().assigned_case(true)),
        ),
    ]
}

/// Every budget up to the one that is enough: undecided, or right.
#[test]
fn too_small_a_budget_is_undecided_and_never_a_wrong_answer() {
    let policy = complete();
    let (mut undecided, mut held, mut failed) = (0, 0, 0);
    for claim in claims() {
        let whole = policy.prove(&claim).unwrap();
        assert_ne!(whole, Proof::Undecided, "{claim:?}");
        for budget in (0..200).chain([1_000, 10_000, 100_000]) {
            match policy.prove_within(&claim, budget) {
                Proof::Undecided => undecided += 1,
                Proof::Holds => {
                    assert!(whole.holds(), "{claim:?} within {budget}");
                    held += 1;
                }
                Proof::Fails(example) => {
                    assert!(whole.counterexample().is_some(), "{claim:?} within {budget}");
                    // The smallest takes more work than some; that it breaks the claim does not.
                    assert_eq!(example.is_allowed_by(&policy), claim.never.is_some(), "{example}");
                    failed += 1;
                }
            }
        }
        assert_eq!(policy.prove_within(&claim, 100_000), whole, "{claim:?}");
    }
    assert!(undecided > 20 && held > 100 && failed > 100, "{undecided} {held} {failed}");
}

#[test]
fn too_small_a_budget_for_two_policies_is_undecided_too() {
    let old = complete();
    let mut document = old.document().clone();
    for rule in &mut document.access.allow {
        rule.up_to = Level::Restricted;
    }
    let new = Policy::from_document(document).unwrap();
    let (gained, lost) = (Both::of(&new, &old).unwrap(), Both::of(&old, &new).unwrap());
    assert!(gained.beyond(BUDGET, None).counterexample().is_some() && lost.beyond(BUDGET, None).holds());
    let mut undecided = 0;
    for budget in 0..500 {
        assert!(!gained.beyond(budget, None).holds(), "{budget}");
        let nothing = lost.beyond(budget, None);
        assert!(nothing.counterexample().is_none(), "{budget}");
        undecided += u32::from(nothing == Proof::Undecided);
    }
    assert!(undecided > 0 && gained.beyond(0, None) == Proof::Undecided);
}

/// More purposes than a proof tells apart, and ages that have no order.
#[test]
fn what_a_proof_does_not_hold_apart_is_undecided() {
    let policy = complete();
    let wide = |prefix: &str| {
        let mut document = policy.document().clone();
        for at in 0..80 {
            let purpose = crate::core::policy::PurposeEntry::new("A purpose");
            document.purposes.insert(Name::new(format!("{prefix}-{at}")), purpose);
        }
        Policy::from_document(document).unwrap()
    };
    assert_eq!(equivalent(&wide("one"), &wide("other")), Proof::Undecided);
    assert_eq!(diff(&wide("one"), &wide("other")), Err(Unproved::Undecided));
    let trained = |age: &str| Conditions::new().trained_within(age.parse::<Period>().unwrap());
    let crossing = RequestSet::new().with(trained("30 days")).without(trained("1 month"));
    assert_eq!(policy.prove(&never(crossing)), Ok(Proof::Undecided));
    assert_eq!(policy.prove(&never(RequestSet::new().with(trained("0 days")))), Ok(Proof::Undecided));
}

/// An example of what a person has said says it.
#[test]
fn an_example_says_what_its_set_says() {
    let policy = complete();
    let objected = RequestSet::new().said([Stop::Objection]);
    let proof = policy.prove(&never(objected)).unwrap();
    let breaks = proof.counterexample().unwrap();
    assert!(breaks.facts.preferences.known().unwrap().has_said(Stop::Objection), "{breaks}");
    // Where nothing is asked, nothing is said.
    let proof = policy.prove(&never(RequestSet::new())).unwrap();
    assert_eq!(proof.counterexample().unwrap().facts.preferences, Fact::Unknown);
}

#[test]
fn a_claim_that_says_nothing_proves_nothing() {
    let policy = complete();
    let masked = |level| Obligations::new().mask_above(level);
    for claim in [
        Claim::new("nothing"),
        obliged(RequestSet::new(), Obligations::new()),
        obliged(RequestSet::new(), masked(Level::Restricted)),
        obliged(RequestSet::new().up_to(Level::Internal), masked(Level::Internal)),
        never(RequestSet::new()).to(masked(Level::Public)),
    ] {
        assert_eq!(policy.prove(&claim), Err(Unproved::SaysNothing));
    }
    assert!(policy.prove(&obliged(RequestSet::new(), masked(Level::Internal))).is_ok());
}

/// Policies that differ in an obligation alone: every budget up to the one that is enough.
#[test]
fn too_small_a_budget_never_says_that_nothing_fell() {
    let new = complete();
    let mut document = new.document().clone();
    document.access.allow.iter_mut().for_each(|rule| rule.obligations.four_eyes = true);
    let old = Policy::from_document(document).unwrap();
    let both = Both::of(&new, &old).unwrap();
    let (mut undecided, mut failed) = (0, 0);
    for budget in 0..400 {
        match both.looser(budget, None, Obligations::clone) {
            Proof::Undecided => undecided += 1,
            Proof::Fails(example) => {
                let [old, new] = [&old, &new].map(|policy| example.obligations_by(policy).unwrap());
                assert!(old.four_eyes && !new.four_eyes, "{example}");
                failed += 1;
            }
            Proof::Holds => panic!("something fell"),
        }
    }
    assert!(undecided > 0 && failed > 0, "{undecided} {failed}");
    assert!(!diff(&old, &new).unwrap().is_empty());
}
