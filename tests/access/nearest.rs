//! Which rule a denial points to: the one that lacks least of what the asker can supply, and an emergency last.

use stewardship::access::{Environment, Explanation, Facts, decide};
use stewardship::classification::Level;
use stewardship::{Action, Policy, Principal, Purpose, Question, Resource};

/// A ward: whoever treats a patient may read, and in an emergency without a case that is assigned.
const POLICY: &str = r#"
name = "ward"
company = "Example Hospital"
version = "1"
effective = 2026-11-01
updated = 2026-11-01
[contacts]
privacy = "privacy@hospital.example"
[levels.confidential]
seal = "aes-256"
[levels.restricted]
seal = "aes-256"
[categories.charts]
title = "Charts"
role = "processor"
purposes = ["treatment", "research", "emergency"]
[categories.bills]
title = "Bills"
role = "processor"
purposes = ["treatment", "invoicing"]
[classes."chart.note"]
level = "restricted"
category = "charts"
[purposes.treatment]
title = "Treat patients"
[purposes.invoicing]
title = "Write bills"
[purposes.research]
title = "Research"
[purposes.emergency]
title = "Emergencies"
break_glass = "1 hour"
[roles.physician]
title = "Physician"
[roles.clerk]
title = "Clerk"
[sources.records]
title = "Records"
kind = "managed"
[[access.allow]]
id = "clerk-writes-bills"
roles = ["clerk"]
actions = ["read", "write"]
categories = ["bills"]
up_to = "confidential"
purposes = ["invoicing"]
[[access.allow]]
id = "physician-emergency"
roles = ["physician"]
actions = ["read"]
categories = ["charts"]
up_to = "restricted"
purposes = ["emergency"]
[[access.allow]]
id = "physician-treats"
roles = ["physician"]
actions = ["read"]
categories = ["charts"]
up_to = "restricted"
purposes = ["treatment"]
when = { assigned_case = true, managed_device = true }
[[retention.rule]]
id = "charts-ten-years"
category = "charts"
from = "stored"
keep = "10 years"
dispose = "delete"
basis = "service_delivery"
[[retention.rule]]
id = "bills-ten-years"
category = "bills"
from = "stored"
keep = "10 years"
dispose = "delete"
basis = "service_delivery"
[requests]
kinds = ["access"]
channel = "privacy@hospital.example"
regimes = ["gdpr"]
reviewers = ["physician"]
purpose = "treatment"
[backups]
records = "30 days"
key_store = "30 days"
"#;

/// The policy without the rules of these names.
fn without(rules: &[&str]) -> Policy {
    let mut document = Policy::from_toml(POLICY).unwrap().document().clone();
    document.access.allow.retain(|rule| !rules.contains(&rule.id.as_str()));
    Policy::from_document(document).unwrap()
}

fn physician(action: Action, category: &str, purpose: &str) -> Question {
    let who = Principal::person("acme", "user-1").role("physician").on_managed_device(true);
    let resource = Resource::category("acme", category, Level::Confidential);
    Question::new(who, action, resource, Purpose::new(purpose))
}

fn explained(policy: &Policy, question: &Question) -> Explanation {
    let facts = Facts::new("2026-11-27T09:00:00Z".parse().unwrap(), Environment::Production);
    let decision = decide(policy, question, &facts);
    assert!(!decision.is_allowed());
    decision.explain()
}

fn nearest(policy: &Policy, question: &Question) -> String {
    explained(policy, question).nearest.unwrap().to_string()
}

/// What one is doing is no fact that was forgotten: nobody is told to say that it is an emergency.
#[test]
fn a_fact_that_was_not_given_is_nearer_than_another_purpose() {
    let question = physician(Action::Read, "charts", "treatment");
    assert_eq!(
        explained(&without(&[]), &question).to_string(),
        "no rule allows it; rule `physician-treats` would allow it: assigned case (the host did not say) missing"
    );
    // However many facts there are to give.
    let stranger = Principal::person("acme", "user-1").role("physician");
    let resource = Resource::category("acme", "charts", Level::Confidential);
    let question = Question::new(stranger, Action::Read, resource, Purpose::new("treatment"));
    let near = explained(&without(&[]), &question).nearest.unwrap();
    assert_eq!((near.rule.as_str(), near.missing.len()), ("physician-treats", 2));
}

/// As long as there is any other rule: for another purpose, another action, another category.
#[test]
fn an_emergency_is_never_suggested_beside_another_rule() {
    for (action, category, purpose) in [
        (Action::Read, "charts", "research"),
        (Action::Write, "charts", "research"),
        (Action::Read, "charts", "undeclared"),
        (Action::Erase, "bills", "invoicing"),
    ] {
        for gone in [&[][..], &["physician-treats"], &["clerk-writes-bills"]] {
            let near = nearest(&without(gone), &physician(action, category, purpose));
            assert!(!near.contains("emergency"), "{near}");
        }
    }
    let near = nearest(&without(&[]), &physician(Action::Read, "charts", "research"));
    assert_eq!(
        near,
        "rule `physician-treats` would allow it: purpose `treatment`, assigned case (the host did not say) missing"
    );
}

/// Of a rule that is also for emergencies the other purposes are named.
#[test]
fn of_several_purposes_that_of_an_emergency_is_not_suggested() {
    let mut document = without(&["clerk-writes-bills", "physician-treats"]).document().clone();
    document.access.allow[0].purposes.insert("treatment".into());
    let policy = Policy::from_document(document).unwrap();
    let near = nearest(&policy, &physician(Action::Read, "charts", "research"));
    assert_eq!(near, "rule `physician-emergency` would allow it: purpose `treatment` missing");
}

/// Where there is nothing else, it is called what it is, and with all that it asks for.
#[test]
fn an_emergency_that_is_the_only_way_says_that_it_wants_a_case() {
    let policy = without(&["clerk-writes-bills", "physician-treats"]);
    let question = physician(Action::Read, "charts", "treatment");
    assert_eq!(
        nearest(&policy, &question),
        "in an emergency rule `physician-emergency` asks for what is missing: purpose `emergency`, a named case"
    );
    assert_eq!(
        nearest(&policy, &question.for_case("case-7")),
        "in an emergency rule `physician-emergency` asks for what is missing: purpose `emergency`"
    );
    // Who asks in an emergency reads among the reasons that a case is to be named.
    let asked = explained(&policy, &physician(Action::Read, "charts", "emergency")).to_string();
    assert_eq!(
        asked,
        "the purpose is for emergencies: a case has to be named; rule `physician-emergency` allows it, but for that"
    );
    let asked = nearest(&policy, &physician(Action::Write, "charts", "emergency"));
    assert_eq!(
        asked,
        "in an emergency rule `physician-emergency` asks for what is missing: another action (`read`), a named case"
    );
}
