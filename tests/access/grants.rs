//! A grant opens what its decision was about, and nothing more: over random policies, through a whole engine.

use stewardship::access::{Environment, Erase, Export, Fact, Grant, GrantError, Read, Share, Write};
use stewardship::engine::Access;
use stewardship::ports::{local_keys::LocalKeys, memory::Memory};
use stewardship::{Action, ManualClock, Period, Place, Policy, Question, Resource, Steward, block_on};

use crate::random::{Rng, Shape};
use crate::reference;
use crate::requests::request;

#[test]
fn promise_02_a_grant_never_opens_more_than_its_decision() {
    let mut rng = Rng::new(12);
    let (mut granted, mut denied, mut emergencies, mut outstanding, mut became) = (0, 0, 0, 0, 0);
    for _ in 0..60 {
        let shape = Shape { allow: 4 + rng.below(8), deny: rng.below(2), ..Shape::usual(&mut rng) };
        let policy = shape.policy(&mut rng);
        let clock = ManualClock::at("2026-11-27T12:00:00Z".parse().unwrap());
        let environment = rng.of(Environment::ALL);
        let steward = Steward::builder(policy.clone(), Memory::new(), LocalKeys::in_memory())
            .clock(clock.clone())
            .environment(environment);
        let steward = block_on(steward.build()).unwrap().blocking();
        for _ in 0..60 {
            let (question, facts) = request(&mut rng, &policy, &shape.words);
            // A grant is narrowed to what its question is narrowed to.
            let place = Place::tenant(question.resource().tenant()).subject("ada").record("1001");
            let (category, level) = (question.resource().category_name(), question.resource().level());
            let question = match rng.one_in(2) {
                true => narrowed(&question, Resource::category(&place, category, level)),
                false => question,
            };
            clock.set(facts.now());
            let grant = match steward.authorize(&question).unwrap() {
                Access::Granted(grant) => grant,
                Access::Denied(denial) => {
                    denied += usize::from(denial.outstanding().is_none());
                    outstanding += usize::from(denial.outstanding().is_some());
                    // The rule that allows it obliges to something that was not done.
                    let decision = denial.decision();
                    assert_eq!(decision.is_allowed(), denial.outstanding().is_some());
                    if let Some(rule) = decision.rule() {
                        let wants_case = rule.obligations.reason && question.named_case().is_none();
                        assert!(wants_case || rule.obligations.four_eyes, "{rule:?}");
                    }
                    continue;
                }
            };
            granted += 1;
            // Nothing that the engine may know makes a yes of what is a no when everything is known and good.
            let mut best = facts.authorization(true).terms(true).instruction(true);
            best.environment = environment;
            best.preferences = Fact::Known(stewardship::access::Preferences::NONE.consented());
            let says = reference::detail(policy.document(), &question, &best);
            assert!(says.is_allowed(), "{question:?}");
            let rule = policy.document().access.allow.iter().find(|rule| rule.id == *grant.rule()).unwrap();
            assert!(says.allow.iter().any(|at| policy.document().access.allow[*at].id == rule.id));

            let (principal, resource) = (question.principal(), question.resource());
            assert_eq!(grant.action(), question.action());
            assert_eq!(
                (grant.tenant(), grant.category()),
                (resource.tenant(), resource.category_name().as_str())
            );
            assert_eq!((grant.level(), grant.purpose()), (resource.level(), question.purpose()));
            assert_eq!((grant.principal(), grant.given()), (principal.id(), facts.now()));
            assert_eq!(grant.obligations(), &rule.obligations);
            assert!(grant.shows_up_to() <= resource.level());
            assert!(rule.obligations.mask_above.is_none_or(|mask| grant.shows_up_to() <= mask));

            // The end: an hour, and no later than the purpose for emergencies has it.
            let usual = Period::hours(1).after(facts.now());
            let bound =
                policy.purpose(question.purpose().name().as_str()).and_then(|purpose| purpose.break_glass);
            emergencies += usize::from(bound.is_some());
            let end = bound.map_or(usual, |bound| bound.after(facts.now()).min(usual));
            assert_eq!(grant.expires(), end);

            assert!(!rule.obligations.reason || question.named_case().is_some());
            assert!(!rule.obligations.four_eyes, "nobody approves here");
            let covers =
                |place: &Place, category: &str, now| grant.covers(place, category, policy.digest(), now);
            let category = grant.category();
            assert_eq!(covers(&place, category, facts.now()), Ok(()));
            let last = end - chrono::TimeDelta::nanoseconds(1);
            assert_eq!(covers(&place, category, last), Ok(()));
            for other in shape.category_names().iter().filter(|other| *other != category) {
                let refused = covers(&place, other.as_str(), last);
                assert!(matches!(refused, Err(GrantError::OtherCategory { .. })));
            }
            let narrow = resource.subject().is_some();
            for (other, within) in [
                (Place::tenant("someone-else").subject("ada").record("1001"), false),
                (Place::tenant(resource.tenant()).subject("bob").record("1001"), !narrow),
                (Place::tenant(resource.tenant()).subject("ada").record("1002"), !narrow),
            ] {
                assert_eq!(covers(&other, category, last).is_ok(), within, "{other:?}");
            }
            // From its end on, and once it was found to have ended.
            for now in [end, last, facts.now()] {
                assert_eq!(covers(&place, category, now), Err(GrantError::Expired { at: end }));
            }
            let mut other = policy.document().clone();
            other.version = "2".into();
            let other = Policy::from_document(other).unwrap().digest();
            assert_eq!(grant.covers(&place, category, other, end), Err(GrantError::OtherPolicy));

            // Its action is all that its type can be.
            let (wanted, typed) = match rng.below(5) {
                0 => (Action::Read, Grant::<Read>::try_from(grant).map(|grant| grant.action())),
                1 => (Action::Write, Grant::<Write>::try_from(grant).map(|grant| grant.action())),
                2 => (Action::Export, Grant::<Export>::try_from(grant).map(|grant| grant.action())),
                3 => (Action::Share, Grant::<Share>::try_from(grant).map(|grant| grant.action())),
                _ => (Action::Erase, Grant::<Erase>::try_from(grant).map(|grant| grant.action())),
            };
            let action = question.action();
            match typed {
                Ok(as_typed) => assert_eq!((as_typed, action), (wanted, wanted)),
                Err(other) => assert!(other.granted == action && action != wanted),
            }
            became += usize::from(wanted == action);
        }
    }
    assert!(
        granted > 100 && denied > 100 && emergencies > 5 && outstanding > 20 && became > 10,
        "{granted} {denied} {emergencies} {outstanding} {became}"
    );
}

fn narrowed(question: &Question, resource: Resource) -> Question {
    let (principal, purpose) = (question.principal().clone(), question.purpose().clone());
    let mut narrow = Question::new(principal, question.action(), resource, purpose);
    if let Some(assigned) = question.case().known() {
        narrow = narrow.assigned_case(assigned);
    }
    if let Some(case) = question.named_case() {
        narrow = narrow.for_case(case);
    }
    match question.transport().known() {
        Some(version) => narrow.over(version),
        None => narrow,
    }
}
