//! Each file parses, says what it means once, renders, and lets requests reach everything.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use stewardship::access::{Environment, Facts, decide};
use stewardship::governance::{Evidence, EvidenceSet, Method};
use stewardship::policy::{Finding, FindingCode, PolicyText};
use stewardship::report::{Statement, StatementStatus, render, statements};
use stewardship::{Action, Policy, Principal, Purpose, Question, Resource};

use super::{COMPLETE, FILES};

const NOW: &str = "2026-11-22T09:00:00Z";

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

fn load(name: &str, text: &str) -> Policy {
    Policy::load(PolicyText::toml(text).named(name)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn each_file_is_good_and_every_warning_is_meant() {
    let today: NaiveDate = now().date_naive();
    for (name, text) in FILES {
        let policy = load(name, text);
        let warned: Vec<_> = policy.findings().iter().map(|found| (found.code(), found.path())).collect();
        // The complete policy holds the cap that crosses a duty, as a conflict to be shown.
        let expected: &[_] = match name {
            "complete.toml" => &[(FindingCode::CapCrossesDuty, "retention.cap[0].at_most")],
            _ => &[],
        };
        assert_eq!(warned, expected, "{name}");
        let line = COMPLETE.lines().position(|line| line.starts_with("at_most")).unwrap() + 1;
        assert!(policy.findings().iter().all(|found| found.line() == u32::try_from(line).ok()), "{name}");
        assert_eq!(policy.findings_at(today), [], "{name}");
    }
}

#[test]
fn each_file_renders_with_and_without_evidence() {
    for (name, text) in FILES {
        let policy = load(name, text);
        let (document, digest) = (policy.document(), policy.digest().to_string());
        let bare = render(document, &digest, &EvidenceSet::new(), now()).unwrap();
        let evidence: EvidenceSet = document
            .controls
            .iter()
            .map(|control| Evidence::met(&control.id, Method::Examine, now(), "reviewer"))
            .collect();
        let shown = render(document, &digest, &evidence, now()).unwrap();
        assert!(bare.contains(&digest) && bare.contains("Not shown at present"), "{name}");
        assert!(!shown.contains("Not shown at present"), "{name}");
        let attested = |statement: &Statement| matches!(statement.status, StatementStatus::Attested { .. });
        let all = statements(document, &evidence, now());
        assert_eq!(all.iter().filter(|one| attested(one)).count(), document.controls.len(), "{name}");
        assert!(all.iter().all(Statement::is_shown), "{name}");
        let unproved = statements(document, &EvidenceSet::new(), now());
        assert!(unproved.iter().all(|one| attested(one) != one.is_shown()), "{name}");
    }
}

#[test]
fn the_digest_is_that_of_the_meaning() {
    let mut digests = BTreeSet::new();
    for (name, text) in FILES {
        let digest = load(name, text).digest();
        assert!(digests.insert(digest.to_string()), "{name}");
        for (how, other) in [
            ("without comments", without_comments(text)),
            ("with other white space", spread(text)),
            ("in another order", reordered(text)),
        ] {
            assert_ne!(other, text, "{name} {how}");
            assert_eq!(load(name, &other).digest(), digest, "{name} {how}");
        }
        let json = serde_json::to_string_pretty(load(name, text).document()).unwrap();
        assert_eq!(Policy::from_json(&json).unwrap().digest(), digest, "{name} as JSON");
        let meant = text.replacen("= \"35 days\"", "= \"36 days\"", 1);
        assert_ne!(load(name, &meant).digest(), digest, "{name} with another number");
    }
}

#[test]
fn requests_reach_every_category_that_a_source_holds() {
    for (name, text) in FILES {
        let policy = load(name, text);
        let document = policy.document();
        let requests = document.requests.as_ref().unwrap();
        let held: BTreeSet<_> = document.sources.values().flat_map(|source| &source.categories).collect();
        // The trail is no source's: its names go with the keys of an erasure.
        let trail = document.audit.as_ref().and_then(|audit| audit.category.as_ref());
        let of_records = document.categories.keys().filter(|category| Some(*category) != trail);
        assert_eq!(held, of_records.collect(), "{name}: every category is in a source");
        let reviewer = requests.reviewers.first().unwrap();
        let by = Principal::person("acme", "user-1").role(reviewer).mfa_at(now());
        for category in held {
            let level = policy.classes_of(category.as_str()).map(|(_, class)| class.level).max().unwrap();
            let ask = |action| {
                let resource = Resource::category("acme", category, level);
                let question = Question::new(by.clone(), action, resource, Purpose::new(&requests.purpose))
                    .assigned_case(true);
                decide(&policy, &question, &Facts::new(now(), Environment::Production)).is_allowed()
            };
            assert!(ask(Action::Export), "{name}: export of {category}");
            assert!(ask(Action::Erase), "{name}: erasure of {category}");
        }
    }
}

#[test]
fn each_finding_of_a_broken_file_says_where_and_what_would_be_right() {
    for (name, text) in FILES {
        let broken = text.replace("role = \"processor\"", "role = \"usually\"");
        let error = Policy::load(PolicyText::toml(&broken).named(name)).unwrap_err();
        let lines: Vec<_> = broken
            .lines()
            .zip(1..)
            .filter(|(line, _)| *line == "role = \"usually\"")
            .map(|(_, at)| at)
            .collect();
        let found: Vec<_> = error.errors().filter(|found| found.code() == FindingCode::UnknownWord).collect();
        assert_eq!(found.iter().filter_map(|found| found.line()).collect::<Vec<u32>>(), lines, "{name}");
        let placed = |found: &&Finding| {
            found.file() == Some(name)
                && found.path().ends_with(".role")
                && found.hint().contains("processor")
        };
        assert!(found.iter().all(placed), "{name}: {error}");
    }
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

fn spread(text: &str) -> String {
    text.lines().map(|line| format!("  {}\t\r\n\r\n", line.replacen(" = ", "  =\t", 1))).collect()
}

/// The same tables and keys from the last to the first; claims, controls and links keep their order, which is the page's.
fn reordered(text: &str) -> String {
    let text = without_comments(text);
    let mut blocks: Vec<Vec<&str>> = vec![Vec::new()];
    for line in text.lines().filter(|line| !line.is_empty()) {
        if line.starts_with('[') {
            blocks.push(Vec::new());
        }
        blocks.last_mut().unwrap().push(line);
    }
    let root = blocks.remove(0);
    let (ordered, mut free): (Vec<_>, Vec<_>) =
        blocks.into_iter().partition(|block| ["[[claims]]", "[[controls]]", "[[links]]"].contains(&block[0]));
    free.reverse();
    let mut lines: Vec<&str> = root.into_iter().rev().collect();
    for block in free.into_iter().chain(ordered) {
        lines.push(block[0]);
        lines.extend(block[1..].iter().rev());
    }
    lines.join("\n")
}
