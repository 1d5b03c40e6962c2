//! Random requests of a policy, from a seed.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, Months, TimeDelta, Utc};
use stewardship::access::{Environment, Facts, Preferences, PrincipalKind, Stop};
use stewardship::authentication::{Amr, Authentication, Method, Mfa};
use stewardship::classification::Level;
use stewardship::id::Name;
use stewardship::policy::{Policy, Transport};
use stewardship::{Action, Period, Principal, Purpose, Question, Resource};

use crate::random::{Rng, Words};

/// Days on which months end, leap days, and some in their middle.
const DAYS: [&str; 12] = [
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
    "2025-02-28",
    "2025-03-01",
    "2026-01-31",
    "2026-03-31",
    "2026-06-30",
    "2026-11-27",
    "2026-11-28",
    "2026-11-30",
    "2026-12-31",
];

/// Around every bound of the hours.
const TIMES: [&str; 14] = [
    "00:00:00",
    "06:29:59.999999999",
    "06:30:00",
    "07:59:59",
    "08:00:00",
    "09:59:00",
    "10:00:00",
    "12:34:56.7",
    "13:59:59",
    "14:00:00",
    "17:59:59.999",
    "18:00:00",
    "22:00:00",
    "23:59:59.999999999",
];

/// The moment at which something of this age happened, as near as the calendar tells.
pub(crate) fn ago(age: Period, now: DateTime<Utc>) -> DateTime<Utc> {
    let written = age.to_string();
    let (amount, unit) = written.split_once(' ').unwrap();
    let amount: u32 = amount.parse().unwrap();
    match unit.trim_end_matches('s') {
        "year" => now.checked_sub_months(Months::new(amount * 12)).unwrap(),
        "month" => now.checked_sub_months(Months::new(amount)).unwrap(),
        "day" => now.checked_sub_days(Days::new(amount.into())).unwrap(),
        "hour" => now - TimeDelta::hours(amount.into()),
        "minute" => now - TimeDelta::minutes(amount.into()),
        _ => now - TimeDelta::seconds(amount.into()),
    }
}

/// When something happened: never, in the future, now, or about as long ago as one of these ages.
fn moment(rng: &mut Rng, ages: &[Period], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let small = |rng: &mut Rng| match rng.below(5) {
        0 => TimeDelta::zero(),
        1 => TimeDelta::nanoseconds(1),
        2 => TimeDelta::seconds(1),
        3 => TimeDelta::minutes(40),
        _ => TimeDelta::days(1 + rng.below(3) as i64),
    };
    match rng.below(10) {
        0 | 1 => None,
        2 => Some(now + small(rng)),
        3 => Some(now),
        _ if ages.is_empty() => Some(now - TimeDelta::hours(1)),
        chance => {
            let then = ago(rng.of(ages), now);
            Some(if chance < 7 { then + small(rng) } else { then - small(rng) })
        }
    }
}

/// A question and its facts: half of them aimed at a rule, so that much of it is as the rule wants it.
pub(crate) fn request(rng: &mut Rng, policy: &Policy, words: &Words) -> (Question, Facts) {
    let document = policy.document();
    let allow = &document.access.allow;
    let aim = (!allow.is_empty() && rng.one_in(2)).then(|| rng.of(allow));
    let keys = |names: Vec<&Name>| names.into_iter().cloned().collect::<Vec<Name>>();
    let roles = keys(document.roles.keys().collect());
    let categories = keys(document.categories.keys().collect());
    let purposes = keys(document.purposes.keys().collect());
    let hit = |rng: &mut Rng| aim.is_some() && !rng.one_in(12);
    let aimed = |rng: &mut Rng, wanted: &BTreeSet<Name>, all: &[Name]| match wanted.is_empty() {
        true => rng.of(all),
        false => rng.of(&wanted.iter().cloned().collect::<Vec<_>>()),
    };

    let now: DateTime<Utc> = format!("{}T{}Z", rng.of(&DAYS), rng.of(&TIMES)).parse().unwrap();
    let kind = match &aim {
        Some(rule) if hit(rng) && rule.kinds.len() == 1 => *rule.kinds.first().unwrap(),
        _ => rng.of(PrincipalKind::ALL),
    };
    let mut principal = match kind {
        PrincipalKind::Person => Principal::person("tenant", "principal"),
        PrincipalKind::Service => Principal::service("tenant", "principal"),
    };
    for role in &roles {
        if rng.one_in(4) {
            principal = principal.role(role);
        }
    }
    if let Some(rule) = aim.as_ref().filter(|_| hit(rng)) {
        principal = principal.role(aimed(rng, &rule.roles, &roles));
    }
    if rng.one_in(10) {
        principal = principal.role("undeclared");
    }
    if rng.one_in(20) {
        principal = principal.suspended();
    }
    let fresh = aim.is_some() && rng.one_in(2);
    if let Some(at) = if fresh { Some(now) } else { moment(rng, &words.mfa, now) } {
        // Two factors, or that there were two.
        let methods: &[Method] = match rng.below(if fresh { 8 } else { 4 }) {
            0 => &[Method::Mfa],
            1 => &[Method::Pwd, Method::Otp],
            2 => &[Method::Pin, Method::Hwk],
            3 => &[Method::Pwd, Method::Swk],
            _ => &[Method::Mfa, Method::Otp, Method::Hwk],
        };
        principal = principal.mfa(second_factor(methods, at));
    }
    if let Some(at) = if fresh { Some(now) } else { moment(rng, &words.training, now) } {
        principal = principal.trained_at(at);
    }
    // Unknown, known not to be so, known to be so.
    let fact = |rng: &mut Rng| match rng.below(if fresh { 12 } else { 3 }) {
        0 => None,
        1 => Some(false),
        _ => Some(true),
    };
    if let Some(managed) = fact(rng) {
        principal = principal.on_managed_device(managed);
    }

    let action = match &aim {
        Some(rule) if hit(rng) => rng.of(&rule.actions.iter().copied().collect::<Vec<_>>()),
        _ => rng.of(Action::ALL),
    };
    let category = match &aim {
        Some(rule) if hit(rng) => aimed(rng, &rule.categories, &categories),
        _ if rng.one_in(10) => Name::new("undeclared"),
        _ => rng.of(&categories),
    };
    let level = match &aim {
        Some(rule) if hit(rng) => Level::ALL[rng.below(rule.up_to as usize + 1)],
        _ => rng.of(&Level::ALL),
    };
    let listed: Vec<Name> = policy
        .category(category.as_str())
        .map_or_else(Vec::new, |entry| entry.purposes.iter().cloned().collect());
    let purpose = match rng.below(12) {
        0 => Name::new("undeclared"),
        1 => rng.of(&purposes),
        2..6 if aim.is_some() => aimed(rng, &aim.as_ref().unwrap().purposes, &purposes),
        _ if !listed.is_empty() => rng.of(&listed),
        _ => rng.of(&purposes),
    };
    let tenant = if rng.one_in(12) { "another" } else { "tenant" };
    let resource = Resource::category(tenant, category, level);
    let mut question = Question::new(principal, action, resource, Purpose::new(purpose));
    if let Some(assigned) = fact(rng) {
        question = question.assigned_case(assigned);
    }
    if rng.one_in(2) {
        question = question.for_case("case-1");
    }
    if !rng.one_in(4) {
        question = question.over(rng.of(Transport::ALL));
    }

    let environment = match &aim {
        Some(rule) if hit(rng) && !rule.environments.is_empty() => *rule.environments.first().unwrap(),
        _ => rng.of(Environment::ALL),
    };
    let mut facts = Facts::new(now, environment);
    if let Some(live) = fact(rng) {
        facts = facts.authorization(live);
    }
    if let Some(accepted) = fact(rng) {
        facts = facts.terms(accepted);
    }
    if let Some(stands) = fact(rng) {
        facts = facts.instruction(stands);
    }
    if !rng.one_in(4) {
        facts = facts.preferences(said(rng));
    }
    (question, facts)
}

pub(crate) fn second_factor(methods: &[Method], at: DateTime<Utc>) -> Mfa {
    Authentication::new(methods.iter().copied().fold(Amr::default(), Amr::with), at).mfa().unwrap()
}

fn said(rng: &mut Rng) -> Preferences {
    let preferences = if rng.one_in(4) { Preferences::NONE } else { Preferences::NONE.consented() };
    Stop::ALL.iter().fold(preferences, |said, stop| if rng.one_in(6) { said.said(*stop) } else { said })
}
