//! Rules and caps: destruction has bounds, and a cap that ends before a duty does is named.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Months, TimeDelta, Utc};

use super::{Check, cap_path, rule_path};
use crate::core::period::Period;
use crate::core::policy::document::RetentionRule;
use crate::core::policy::finding::{FindingCode, MAX_FINDINGS};
use crate::core::policy::path::{Path, shortened};
use crate::core::policy::vocabulary::Dispose;

pub(super) fn check(check: &mut Check<'_, '_>) {
    for (index, rule) in check.document.retention.rule.iter().enumerate() {
        if rule.dispose == Dispose::CryptoErase && !ends_a_scope(rule) {
            let message = format!(
                "keys are destroyed {} after `{}`, which ends no scope that they cover",
                rule.keep,
                shortened(rule.from.as_str())
            );
            let hint = "crypto-erase runs from `authorization_revoked` with `keep = \"0 days\"`; write `delete` for anything else";
            check.error(FindingCode::EraseWithoutScope, &rule_path(index).key("dispose"), message, hint);
        }
        if rule.dispose == Dispose::CryptoErase && rule.physically_within.is_none() {
            let message = "keys are destroyed without a bound for the physical deletion";
            let hint = "write `physically_within`, such as `72 hours`";
            let path = rule_path(index).key("physically_within");
            check.error(FindingCode::NoPhysicalBound, &path, message, hint);
        }
    }
    backups(check);
    caps_that_cross_duties(check);
}

/// The one event whose moment destroys keys: a connection's scope ends with its authorisation (S3.7, S3.8).
fn ends_a_scope(rule: &RetentionRule) -> bool {
    rule.from == "authorization_revoked" && rule.keep.is_zero()
}

/// Destroyed keys live on in backups of the key store: a certificate needs the day from which those are gone (S2.25).
fn backups(check: &mut Check<'_, '_>) {
    let document = check.document;
    let erases = document.retention.rule.iter().any(|rule| rule.dispose == Dispose::CryptoErase);
    let backups = document.backups.clone().unwrap_or_default();
    for (key, horizon) in [("records", backups.records), ("key_store", backups.key_store)] {
        if horizon.is_some() || !check.is_whole(&Path::of(["backups"])) {
            continue;
        }
        let path = Path::of(["backups", key]);
        let message = format!("nothing bounds how far back backups of the {} go", key.replace('_', " "));
        let hint = "write the age of the oldest, such as `30 days`; `0 days` where there are none";
        if erases {
            check.error(FindingCode::NoBackupHorizon, &path, message, hint);
        } else {
            check.warning(FindingCode::NoBackupHorizon, &path, message, hint);
        }
    }
}

fn caps_that_cross_duties(check: &mut Check<'_, '_>) {
    let document = check.document;
    let mut duties: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (index, rule) in document.retention.rule.iter().enumerate().filter(|(_, rule)| rule.duty.is_some()) {
        if check.is_whole(&rule_path(index)) {
            duties.entry(rule.from.as_str()).or_default().push(rule);
        }
    }
    let mut shorter = Shorter::default();
    let mut found = 0;
    for (index, cap) in document.retention.cap.iter().enumerate() {
        for rule in duties.get(cap.from.as_str()).into_iter().flatten() {
            let binds = cap.category.as_ref().is_none_or(|category| *category == rule.category);
            if !binds || !shorter.certainly(cap.at_most, rule.keep) {
                continue;
            }
            let message = format!(
                "the cap `{}` ends after {}, the duty of the rule `{}` ({}) only after {}",
                shortened(cap.id.as_str()),
                cap.at_most,
                shortened(rule.id.as_str()),
                shortened(rule.duty.as_deref().unwrap_or_default()),
                rule.keep,
            );
            let hint = "such data will be kept and reported as a conflict; narrow one of the two";
            check.warning(FindingCode::CapCrossesDuty, &cap_path(index).key("at_most"), message, hint);
            found += 1;
            // Every pair can cross: past what is listed, the work ends.
            if found > MAX_FINDINGS {
                return;
            }
        }
    }
}

/// Compares periods on the calendar; what was compared once is remembered.
#[derive(Default)]
struct Shorter(HashMap<(Period, Period), bool>);

impl Shorter {
    /// Whether `short` ends before `long` whatever day both start on.
    fn certainly(&mut self, short: Period, long: Period) -> bool {
        let (low, high) = (short.approximate_seconds(), long.approximate_seconds());
        if low >= high {
            return false;
        }
        // A month is at most 8.1 % shorter than its average, and a longer period less.
        if low.saturating_mul(10) < high.saturating_mul(9) {
            return true;
        }
        *self
            .0
            .entry((short, long))
            .or_insert_with(|| starts().all(|start| short.after(start) < long.after(start)))
    }
}

/// The first and the last day of every month of four years, one of them a leap year.
fn starts() -> impl Iterator<Item = DateTime<Utc>> {
    const JANUARY_2025: i64 = 1_735_689_600;
    (0..48).flat_map(|month| {
        let first = DateTime::from_timestamp(JANUARY_2025, 0)
            .and_then(|start| start.checked_add_months(Months::new(month)));
        let last = first.and_then(|first| first.checked_sub_signed(TimeDelta::days(1)));
        [first, last].into_iter().flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_compared_on_the_calendar() {
        let mut shorter = Shorter::default();
        for (short, long, expected) in [
            ("27 days", "1 month", true),
            ("28 days", "1 month", false),
            ("30 days", "1 month", false),
            ("1 month", "32 days", true),
            ("1 month", "31 days", false),
            ("11 months", "1 year", true),
            ("364 days", "1 year", true),
            ("365 days", "1 year", false),
            ("30 days", "30 days", false),
            ("30 days", "8 years", true),
            ("8 years", "30 days", false),
            ("0 days", "1 second", true),
        ] {
            assert_eq!(
                shorter.certainly(short.parse().unwrap(), long.parse().unwrap()),
                expected,
                "{short} {long}"
            );
        }
    }
}
