//! The room as a whole: what is good passes, each mistake is found at its place, and no input does harm.

use chrono::NaiveDate;
use serde_json::Value;

mod access;
mod checks;
mod digest;
mod hostile;
mod release;

use super::sample::GOOD;
use super::*;
use crate::core::classification::Level;
use crate::core::period::Period;

fn good() -> Policy {
    Policy::load(PolicyText::toml(GOOD).named("policy.toml")).unwrap()
}

/// The good policy as JSON, to be changed by the tests.
fn good_json() -> Value {
    serde_json::to_value(good().document()).unwrap()
}

fn load_json(value: &Value) -> Result<Policy, PolicyError> {
    Policy::from_json(&value.to_string())
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Every finding of the good policy with one text replaced.
fn findings_after(replace: &str, with: &str) -> Vec<Finding> {
    assert!(GOOD.contains(replace), "{replace}");
    match Policy::from_toml(&GOOD.replacen(replace, with, 1)) {
        Ok(policy) => policy.findings().to_vec(),
        Err(error) => error.findings().to_vec(),
    }
}

/// The good policy with one text replaced gives exactly these findings, each with its line.
fn exactly<'e>(cases: impl IntoIterator<Item = (&'e str, &'e str, Vec<(Severity, FindingCode, &'e str)>)>) {
    for (replace, with, expected) in cases {
        let found = findings_after(replace, with);
        let mut seen: Vec<_> = found.iter().map(|f| (f.severity(), f.code(), f.path())).collect();
        seen.sort_by_key(|(_, code, path)| (code.as_str(), *path));
        assert_eq!(seen, expected, "{replace} -> {with}");
        let placed = found.iter().all(|finding| finding.line().is_some());
        assert!(placed, "{replace} -> {with}");
    }
}

#[test]
fn a_good_policy_has_no_findings_and_answers_look_ups() {
    let policy = good();
    assert_eq!(policy.findings(), []);
    assert_eq!((policy.name(), policy.version()), ("seller-tools", "3"));
    assert_eq!((policy.company(), policy.effective()), ("Example Seller Tools GmbH", day("2026-11-01")));
    assert_eq!(policy.class("platform.token").unwrap().level, Level::Restricted);
    assert_eq!(policy.category("billing").unwrap().title, "Billing");
    assert!(policy.purpose("order_sync").unwrap().needs_authorization);
    assert_eq!(policy.platform("tiktok").unwrap().default_level, Some(Level::Restricted));
    assert!(policy.category("nothing").is_none());
    let billing = policy.category("billing").unwrap();
    assert_eq!(billing.legal_role("requests"), LegalRole::Processor);
    assert_eq!(billing.legal_role("invoicing"), LegalRole::Controller);
    assert_eq!(policy.level(Level::Restricted).mfa_within, Some(Period::hours(12)));
    assert_eq!(policy.level(Level::Public), &LevelControls::new());
    assert_eq!(
        policy.classes_of("billing").map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["billing.invoice"]
    );
    assert_eq!(policy.document().retention.rule[0].id, "billing-tax");
    let shown = format!("{policy:?}");
    assert_eq!(shown, format!("Policy(\"seller-tools\" version \"3\", {})", policy.digest().short()));
}
