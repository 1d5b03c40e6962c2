//! Conditions are few enough for a set of bits, and ages among them have an order that no calendar changes.

use std::collections::BTreeSet;

use super::{Check, claim_path};
use crate::core::access::{Condition, MAX_CONDITIONS, compare_ages, conditions_of, every_condition};
use crate::core::period::Period;
use crate::core::policy::finding::FindingCode;
use crate::core::policy::path::Path;

pub(super) fn check(check: &mut Check<'_, '_>) {
    counts(check);
    idle_denials(check);
    ages(check, "mfa_within", |condition| match condition {
        Condition::MfaWithin(within) => Some(*within),
        _ => None,
    });
    ages(check, "trained_within", |condition| match condition {
        Condition::TrainedWithin(within) => Some(*within),
        _ => None,
    });
}

fn counts(check: &mut Check<'_, '_>) {
    let mut different: Vec<Condition> = Vec::new();
    for condition in every_condition(check.document) {
        if !different.contains(&condition) {
            different.push(condition);
        }
        if different.len() > MAX_CONDITIONS {
            let message =
                format!("its rules and levels have more than {MAX_CONDITIONS} different conditions");
            let hint = "let rules share their ages, hours and transports";
            check.error(FindingCode::TooManyConditions, &Path::of(["access"]), message, hint);
            return;
        }
    }
}

fn idle_denials(check: &mut Check<'_, '_>) {
    for (index, rule) in check.document.access.deny.iter().enumerate() {
        let path = Path::of(["access", "deny"]).index(index).key("unless");
        let asks_nothing = |unless| conditions_of(unless).next().is_none();
        if rule.unless.as_ref().is_some_and(asks_nothing) && check.is_whole(&path) {
            let message = "a denial that is lifted by nothing in particular is always lifted";
            check.error(FindingCode::IdleDenial, &path, message, "name a condition, or drop `unless`");
        }
    }
}

/// Every two ages of a kind have to have an order, or the policy would mean something else in February.
fn ages(check: &mut Check<'_, '_>, key: &str, age: fn(&Condition) -> Option<Period>) {
    let mut distinct: Vec<Period> = Vec::new();
    let mut places: Vec<(Path, Period)> = Vec::new();
    let rule = |list: &'static str, index: usize, table: &'static str| {
        Path::of(["access", list]).index(index).key(table).key(key)
    };
    if key == "mfa_within" {
        for (level, controls) in &check.document.levels {
            places.extend(controls.mfa_within.map(|age| (Path::of(["levels", level.as_str(), key]), age)));
        }
    }
    let access = &check.document.access;
    let allow = access.allow.iter().enumerate().map(|(index, one)| (rule("allow", index, "when"), &one.when));
    let deny =
        access.deny.iter().enumerate().map(|(index, one)| (rule("deny", index, "unless"), &one.unless));
    let claimed = check.document.claims.iter().enumerate().flat_map(|(index, claim)| {
        claim.sets().flat_map(move |(says, set)| {
            let path = claim_path(index).key(says);
            let tables = [("with", &set.with), ("without", &set.without)];
            tables.map(|(table, conditions)| (path.key(table).key(key), conditions))
        })
    });
    for (path, table) in allow.chain(deny).chain(claimed) {
        places.extend(
            table
                .iter()
                .flat_map(conditions_of)
                .filter_map(|found| age(&found))
                .map(|age| (path.clone(), age)),
        );
    }
    let mut told = BTreeSet::new();
    for (path, period) in places {
        if period.is_zero() && check.is_whole(&path) {
            let hint = "write the age that it may have, such as `12 hours`";
            check.error(FindingCode::UnorderedAges, &path, "nothing is ever that fresh", hint);
        }
        let crossing = distinct.iter().find(|other| compare_ages(**other, period).is_none());
        if let Some(other) = crossing
            && told.insert(path.to_string())
        {
            let message = format!("whether {period} are longer than {other} depends on the month");
            check.error(FindingCode::UnorderedAges, &path, message, "write both in days, or both in months");
        }
        if !distinct.contains(&period) {
            distinct.push(period);
        }
    }
}
