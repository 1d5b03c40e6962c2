//! The engine and the reference say the same: answer, rule and every reason, on random policies and requests.

use std::collections::BTreeSet;

use stewardship::access::{Answer, Asked, Barrier, Decision, Facts, Missing, Why, decide};
use stewardship::{Policy, Question};

use crate::random::{Rng, Shape};
use crate::reference::{self, Near, Verdict, answer};
use crate::requests::request;

fn said(why: Why<'_>) -> String {
    match why {
        Why::AllowedBy(rule) => format!("allowed by {rule}"),
        Why::DeniedBy(rule) => format!("denied by {rule}"),
        Why::NoRuleAllows => "no rule allows".to_owned(),
        Why::Barrier(barrier) => match barrier {
            Barrier::Suspended => "suspended".to_owned(),
            Barrier::PurposeNotDeclared => "purpose not declared".to_owned(),
            Barrier::CategoryNotDeclared => "category not declared".to_owned(),
            Barrier::PurposeMismatch => "purpose not of the category".to_owned(),
            Barrier::NoAuthorization => "no authorisation".to_owned(),
            Barrier::NoInstruction => "no instruction".to_owned(),
            Barrier::NoConsent => "no consent".to_owned(),
            Barrier::NoCase => "no case".to_owned(),
            Barrier::Stopped(stop) => format!("stopped by {stop}"),
            Barrier::LevelNeedsMfa => "second factor too old for the level".to_owned(),
            other => panic!("the reference knows nothing of {other:?}"),
        },
        other => panic!("the reference knows nothing of {other:?}"),
    }
}

/// What is missing by the reference's word for it.
fn lacked(missing: &Missing) -> String {
    let what = match missing {
        Missing::Category(_) => "category",
        Missing::Action(_) => "action",
        Missing::Role(_) => "role",
        Missing::Purpose(_) => "purpose",
        Missing::Emergency(_) => "emergency",
        Missing::Case => "case",
        Missing::Environment => "environment",
        Missing::Kind => "kind",
        Missing::Level(_) => "level",
        Missing::Mfa(_) | Missing::MfaInFuture => "second factor",
        Missing::MfaBy(_) => "method",
        Missing::Authorization => "authorisation",
        Missing::AssignedCase(_) => "assigned case",
        Missing::TermsAccepted(_) => "terms",
        Missing::Training(_) => "training",
        Missing::ManagedDevice(_) => "device",
        Missing::Transport(_) => "transport",
        Missing::Hours(_) => "hours",
        other => panic!("the reference knows nothing of {other:?}"),
    };
    what.to_owned()
}

fn verdict(decision: &Decision<'_>) -> Verdict {
    let all: Vec<String> = decision.why().map(said).collect();
    let why: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(all.len(), why.len(), "a reason is given twice: {all:?}");
    Verdict { answer: decision.answer(), rule: decision.rule().map(|rule| rule.id.to_string()), why }
}

/// What was seen, so that a run in which nothing is allowed does not pass for one.
#[derive(Default)]
struct Seen {
    pairs: usize,
    allowed: usize,
    forbidden: usize,
    not_permitted: usize,
    emergencies: usize,
    reasons: BTreeSet<&'static str>,
}

impl Seen {
    fn compare(&mut self, policy: &Policy, question: &Question, facts: &Facts) {
        let decision = decide(policy, question, facts);
        let expected = answer(policy.document(), question, facts);
        let found = verdict(&decision);
        assert_eq!(found, expected, "{question:?}\n{facts:?}\n{:#?}", policy.document().access);
        assert_eq!(verdict(&Asked::new(policy, question).decide(facts)), found);
        assert_eq!(decision.is_allowed(), expected.answer == Answer::Allowed);

        let explained = decision.explain();
        assert_eq!(explained.reasons.len(), expected.why.len(), "{explained}");
        assert!(!explained.reasons.is_empty());
        let within = question.principal().tenant() == question.resource().tenant();
        let near = !decision.is_allowed() && within && !policy.document().access.allow.is_empty();
        assert_eq!(explained.nearest.is_some(), near, "{explained}");
        if let Some(nearest) = &explained.nearest {
            // What lacks nothing is a rule that allows, and then that no rule does is no reason.
            let allows = !expected.why.contains("no rule allows");
            assert_eq!(nearest.missing.is_empty(), allows, "{explained}");
            let lacks: BTreeSet<String> = nearest.missing.iter().map(lacked).collect();
            assert_eq!(lacks.len(), nearest.missing.len(), "a thing is missing twice: {explained}");
            let found = Near { rule: nearest.rule.to_string(), lacks };
            let expected = reference::nearest(policy.document(), question, facts);
            assert_eq!(Some(found), expected, "{question:?}\n{facts:?}\n{:#?}", policy.document().access);
            self.emergencies += usize::from(nearest.missing.contains(&Missing::Case));
        }

        self.pairs += 1;
        match expected.answer {
            Answer::Allowed => self.allowed += 1,
            Answer::Forbidden => self.forbidden += 1,
            Answer::NotPermitted => self.not_permitted += 1,
        }
        for known in REASONS {
            if expected.why.iter().any(|why| why.starts_with(known)) {
                self.reasons.insert(known);
            }
        }
    }

    fn is_worth_something(&self) {
        let Self { pairs, allowed, forbidden, not_permitted, .. } = *self;
        for (answer, count) in [("yes", allowed), ("forbidden", forbidden), ("not permitted", not_permitted)]
        {
            assert!(count * 20 >= pairs, "{answer} {count} times of {pairs}");
        }
        assert!(self.emergencies > 0, "no case was missing for a nearest rule");
        assert_eq!(self.reasons.len(), REASONS.len(), "{:?}", self.reasons);
    }
}

const REASONS: [&str; 14] = [
    "allowed by",
    "denied by",
    "no rule allows",
    "suspended",
    "purpose not declared",
    "category not declared",
    "purpose not of the category",
    "no authorisation",
    "no consent",
    "no case",
    "stopped by restriction",
    "stopped by objection",
    "stopped by opt_out",
    "second factor too old for the level",
];

fn agree(seed: u64, policies: usize, requests: usize) -> Seen {
    let mut rng = Rng::new(seed);
    let mut seen = Seen::default();
    for _ in 0..policies {
        let shape = Shape::usual(&mut rng);
        let policy = shape.policy(&mut rng);
        for _ in 0..requests {
            let (question, facts) = request(&mut rng, &policy, &shape.words);
            seen.compare(&policy, &question, &facts);
        }
    }
    seen
}

#[test]
fn engine_and_reference_agree_on_a_hundred_thousand_random_pairs() {
    let seen = agree(5, 500, 200);
    assert_eq!(seen.pairs, 100_000);
    seen.is_worth_something();
}

/// `scripts/access.sh` runs it, optimised.
#[test]
#[ignore = "a million pairs: scripts/access.sh"]
fn engine_and_reference_agree_on_a_million_random_pairs() {
    let seen = agree(2026, 10_000, 100);
    seen.is_worth_something();
    println!(
        "{} pairs of a policy and a request agree: {} allowed, {} forbidden, {} not permitted",
        seen.pairs, seen.allowed, seen.forbidden, seen.not_permitted
    );
}

/// More rules than a word of the index has bits, and more than a word of its summary stands for.
#[test]
fn engine_and_reference_agree_on_policies_of_many_rules() {
    let mut rng = Rng::new(64);
    let mut seen = Seen::default();
    for (allow, deny, requests) in
        [(64, 0, 100), (65, 63, 100), (129, 64, 100), (700, 300, 100), (4_097, 4_200, 30)]
    {
        let shape = Shape { roles: 200, categories: 30, purposes: 20, allow, deny, ..Shape::usual(&mut rng) };
        let mut document = shape.document(&mut rng);
        // Denials that are about little, or they would deny everything.
        for rule in &mut document.access.deny {
            while rule.roles.is_empty() || rule.categories.is_empty() {
                *rule = shape.deny_rule(&mut rng, rule.id.clone().as_str());
            }
        }
        let policy = Policy::from_document(document).unwrap();
        for _ in 0..requests {
            let (question, facts) = request(&mut rng, &policy, &shape.words);
            seen.compare(&policy, &question, &facts);
        }
    }
    assert!(seen.allowed > 20 && seen.forbidden > 20 && seen.not_permitted > 20);
}
