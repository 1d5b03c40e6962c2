//! What holds of every decision, whatever the policy: over random policies and requests.

use proptest::prelude::*;
use stewardship::access::{Answer, Fact, Facts, Preferences, PrincipalKind, Standing, Stop, Why, decide};
use stewardship::classification::Level;
use stewardship::policy::{Policy, PolicyDocument};
use stewardship::{Principal, Question, Resource};

use crate::random::{Rng, Shape};
use crate::requests::request;

/// A policy and some requests of it, those that are allowed among them.
fn world(seed: u64) -> (Rng, Shape, Policy, Vec<(Question, Facts)>) {
    let mut rng = Rng::new(seed);
    let shape = Shape { allow: 1 + rng.below(8), ..Shape::usual(&mut rng) };
    let policy = shape.policy(&mut rng);
    let requests = (0..60).map(|_| request(&mut rng, &policy, &shape.words)).collect();
    (rng, shape, policy, requests)
}

fn allowed(policy: &Policy, (question, facts): &(Question, Facts)) -> bool {
    decide(policy, question, facts).is_allowed()
}

fn changed(policy: &Policy, change: impl FnOnce(&mut PolicyDocument)) -> Policy {
    let mut document = policy.document().clone();
    change(&mut document);
    Policy::from_document(document).unwrap()
}

/// The parts of a question, to be put together with one of them changed.
struct Parts {
    principal: Principal,
    resource: Resource,
    assigned: Fact<bool>,
    case: bool,
    transport: bool,
}

impl Parts {
    fn of(question: &Question) -> Self {
        Self {
            principal: question.principal().clone(),
            resource: question.resource().clone(),
            assigned: question.case(),
            case: question.named_case().is_some(),
            transport: true,
        }
    }

    fn together(self, question: &Question) -> Question {
        let (action, purpose) = (question.action(), question.purpose().clone());
        let mut changed = Question::new(self.principal, action, self.resource, purpose);
        if let Fact::Known(assigned) = self.assigned {
            changed = changed.assigned_case(assigned);
        }
        if let Some(case) = question.named_case().filter(|_| self.case) {
            changed = changed.for_case(case);
        }
        if let Some(version) = question.transport().known().filter(|_| self.transport) {
            changed = changed.over(version);
        }
        changed
    }
}

/// What of a principal is taken away.
#[derive(Clone, Copy, PartialEq)]
enum Lost<'n> {
    Nothing,
    Mfa,
    Training,
    Device,
    Role(&'n str),
}

fn principal(of: &Principal, lost: Lost<'_>) -> Principal {
    let mut principal = match of.kind() {
        PrincipalKind::Person => Principal::person(of.tenant(), of.id()),
        PrincipalKind::Service => Principal::service(of.tenant(), of.id()),
    };
    for role in of.roles().iter().filter(|role| lost != Lost::Role(role.as_str())) {
        principal = principal.role(role);
    }
    if let Some(verified) = of.second_factor().filter(|_| lost != Lost::Mfa) {
        principal = principal.mfa(verified);
    }
    if let Some(at) = of.last_trained().filter(|_| lost != Lost::Training) {
        principal = principal.trained_at(at);
    }
    if let Some(managed) = of.managed_device().known().filter(|_| lost != Lost::Device) {
        principal = principal.on_managed_device(managed);
    }
    if of.standing() == Standing::Suspended {
        principal = principal.suspended();
    }
    principal
}

/// The same request with one fact fewer, each in turn.
fn forgetful((question, facts): &(Question, Facts)) -> Vec<(Question, Facts)> {
    let mut all = Vec::new();
    for lost in [Lost::Nothing, Lost::Mfa, Lost::Training, Lost::Device] {
        let parts = Parts { principal: principal(question.principal(), lost), ..Parts::of(question) };
        all.push((parts.together(question), *facts));
    }
    assert_eq!(&all[0].0, question, "nothing is lost when nothing is taken away");
    let parts = || Parts::of(question);
    all.push((Parts { assigned: Fact::Unknown, ..parts() }.together(question), *facts));
    all.push((Parts { case: false, ..parts() }.together(question), *facts));
    all.push((Parts { transport: false, ..parts() }.together(question), *facts));
    for forget in [
        (|facts: &mut Facts| facts.authorization_live = Fact::Unknown) as fn(&mut Facts),
        |facts| facts.terms_accepted = Fact::Unknown,
        |facts| facts.instructed = Fact::Unknown,
        |facts| facts.preferences = Fact::Unknown,
    ] {
        let mut facts = *facts;
        forget(&mut facts);
        all.push((question.clone(), facts));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_further_rule_that_allows_takes_no_permission_away(seed: u64) {
        let (mut rng, shape, policy, requests) = world(seed);
        let rule = shape.allow_rule(&mut rng, "a-further-rule");
        let wider = changed(&policy, |document| document.access.allow.push(rule));
        for request in &requests {
            prop_assert!(!allowed(&policy, request) || allowed(&wider, request), "{:?}", request);
            // Nor does it oblige to more.
            let duties = |policy| {
                let rule = decide(policy, &request.0, &request.1).rule()?;
                let said = serde_json::to_value(&rule.obligations).unwrap();
                Some(said.as_object().unwrap().len())
            };
            prop_assert!(duties(&policy).is_none_or(|before| duties(&wider) <= Some(before)), "{:?}", request);
        }
    }

    #[test]
    fn a_further_rule_that_denies_gives_no_permission(seed: u64) {
        let (mut rng, shape, policy, requests) = world(seed);
        let rule = shape.deny_rule(&mut rng, "a-further-rule");
        let narrower = changed(&policy, |document| document.access.deny.push(rule));
        for request in &requests {
            prop_assert!(allowed(&policy, request) || !allowed(&narrower, request), "{:?}", request);
        }
    }

    #[test]
    fn a_higher_level_turns_no_no_into_a_yes(seed: u64) {
        let (_, _, policy, requests) = world(seed);
        for (question, facts) in &requests {
            let answers = Level::ALL.map(|level| {
                let (tenant, category) = (question.resource().tenant(), question.resource().category_name());
                let resource = Resource::category(tenant, category, level);
                allowed(&policy, &(Parts { resource, ..Parts::of(question) }.together(question), *facts))
            });
            prop_assert!(answers.is_sorted_by(|lower, higher| lower >= higher), "{:?} {:?}", answers, question);
        }
    }

    #[test]
    fn a_fact_that_is_not_known_turns_no_no_into_a_yes(seed: u64) {
        let (_, _, policy, requests) = world(seed);
        for request in requests.iter().filter(|request| !allowed(&policy, request)) {
            for fewer in forgetful(request) {
                prop_assert!(!allowed(&policy, &fewer), "{:?} and {:?}", request, fewer);
            }
        }
    }

    /// A denial can name a role, and then that role takes away. Roles that no denial names only give.
    #[test]
    fn a_role_that_no_denial_names_only_gives(seed: u64) {
        let (_, _, policy, requests) = world(seed);
        let denials = &policy.document().access.deny;
        for request in requests.iter().filter(|request| !allowed(&policy, request)) {
            for role in request.0.principal().roles() {
                if denials.iter().any(|rule| rule.roles.contains(role)) {
                    continue;
                }
                let principal = principal(request.0.principal(), Lost::Role(role.as_str()));
                let fewer = Parts { principal, ..Parts::of(&request.0) }.together(&request.0);
                prop_assert!(!allowed(&policy, &(fewer, request.1)), "{:?} without {}", request, role);
            }
        }
    }

    #[test]
    fn what_a_person_says_against_it_never_opens_and_consent_never_closes(seed: u64) {
        let (_, _, policy, requests) = world(seed);
        for (question, facts) in &requests {
            let with = |said: Preferences| allowed(&policy, &(question.clone(), facts.preferences(said)));
            let Fact::Known(said) = facts.preferences else { continue };
            for stop in Stop::ALL {
                prop_assert!(with(said) || !with(said.said(*stop)), "{:?}", question);
            }
            prop_assert!(!with(said) || with(said.consented()), "{:?}", question);
        }
    }

    /// The answer to a question about another tenant's data says nothing of that data.
    #[test]
    fn another_tenants_data_is_never_allowed_and_looks_like_none(seed: u64) {
        let (_, _, policy, requests) = world(seed);
        for (question, facts) in &requests {
            let (category, level) = (question.resource().category_name(), question.resource().level());
            let resource = Resource::category("someone-else", category, level);
            let probe = Parts { resource, ..Parts::of(question) }.together(question);
            let decision = decide(&policy, &probe, facts);
            prop_assert_eq!(decision.answer(), Answer::NotPermitted);
            prop_assert_eq!(decision.why().collect::<Vec<_>>(), [Why::NoRuleAllows]);
            prop_assert_eq!(decision.explain().to_string(), "no rule allows it");
            prop_assert!(decision.rule().is_none());
        }
    }
}

/// That those laws are about something: random worlds have yeses, and facts whose loss ends them.
#[test]
fn worlds_have_yeses_that_end_with_a_fact() {
    let (mut yes, mut ended) = (0, 0);
    for seed in 0..20 {
        let (_, _, policy, requests) = world(seed);
        for request in requests.iter().filter(|request| allowed(&policy, request)) {
            yes += 1;
            ended += usize::from(forgetful(request).iter().any(|fewer| !allowed(&policy, fewer)));
        }
    }
    assert!(yes > 100 && ended > 30, "{yes} {ended}");
}
