//! Laws of retention, and the examples that it is read from.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::sample::{at, cap, crypto_erase, duty, period, retention, rule};
use super::*;
use crate::core::policy::{Cap, Dispose, Retention, RetentionRule};

const TAX: &str = "German Tax Code §147";
const AMAZON: &str = "Amazon Data Protection Policy, read 2026-11-22";

fn hold(id: &str) -> Hold {
    Hold::new(id, HoldCover::tenant("acme"), "dispute", "legal", DateTime::UNIX_EPOCH)
}

fn since(disposition: &Disposition) -> Option<DateTime<Utc>> {
    match disposition {
        Disposition::DueSince { since, .. } => Some(*since),
        _ => None,
    }
}

#[test]
fn an_item_is_due_at_its_moment_and_not_a_second_before() {
    let rules = retention([rule("end", "profile", "relationship_ended", "30 days")], []);
    let item = Item::new("profile").event("stored", at("2020-01-01"));
    let waiting = decide(&rules, &item, &[], at("2099-01-01"));
    assert!(matches!(&waiting, Disposition::KeepUntil { until: None, rules, .. } if rules.len() == 1));
    assert_eq!(
        waiting.to_string(),
        "kept without end: rule `end` until after `relationship_ended`, which has not happened"
    );
    let item = item.event("relationship_ended", at("2026-01-01"));
    let before = decide(&rules, &item, &[], at("2026-01-30T23:59:59Z"));
    assert_eq!(before.to_string(), "kept until 2026-01-31: rule `end` until 2026-01-31");
    let due = decide(&rules, &item, &[], at("2026-01-31"));
    assert_eq!(due.to_string(), "due since 2026-01-31 by rule `end`, to be disposed of by delete");
}

#[test]
fn a_record_lives_while_one_of_its_reasons_does() {
    let rules = retention(
        [
            rule("review", "drafts", "review_closed", "0 days"),
            rule("support", "drafts", "ticket_closed", "90 days"),
        ],
        [],
    );
    let item = Item::new("drafts").event("review_closed", at("2026-01-01"));
    let Disposition::KeepUntil { until: None, rules: open, .. } =
        decide(&rules, &item, &[], at("2026-06-01"))
    else {
        panic!("a reason is open");
    };
    assert_eq!(open.iter().map(|open| open.rule.as_str()).collect::<Vec<_>>(), ["support"]);
    let item = item.event("ticket_closed", at("2026-02-01"));
    let due = decide(&rules, &item, &[], at("2026-06-01"));
    assert_eq!(since(&due), Some(at("2026-05-02")), "the longest keeping wins: {due}");
}

#[test]
fn a_cap_ends_a_keeping_that_is_no_duty() {
    let mut amazon = cap("amazon-pii", "delivered", "30 days", AMAZON);
    amazon.platform = Some("amazon".into());
    let rules = retention([crypto_erase(rule("orders", "orders", "stored", "1 year"))], [amazon]);
    let item = Item::new("orders")
        .platform("amazon")
        .event("stored", at("2026-01-01"))
        .event("delivered", at("2026-01-10"));
    let kept = decide(&rules, &item, &[], at("2026-02-08"));
    assert_eq!(
        kept.to_string(),
        "kept until 2026-02-09: rule `orders` until 2027-01-01, ended by cap `amazon-pii`"
    );
    let due = decide(&rules, &item, &[], at("2026-02-09"));
    assert_eq!(
        due.to_string(),
        format!(
            "due since 2026-02-09 by cap `amazon-pii` ({AMAZON}), to be disposed of by delete, gone by 2026-02-09"
        )
    );
    assert!(breached(&due, at("2026-02-10")) && !breached(&due, at("2026-02-09")));
    let other = Item { platform: Some("ebay".into()), ..item };
    assert_eq!(since(&decide(&rules, &other, &[], at("2026-02-09"))), None, "the cap is another platform's");
}

#[test]
fn a_cap_that_crosses_a_duty_or_a_hold_is_a_conflict_that_names_both() {
    let rules = retention(
        [
            rule("orders", "billing", "stored", "1 day"),
            duty("billing-tax", "billing", "year_end", "8 years", TAX),
        ],
        [cap("amazon-pii", "stored", "30 days", AMAZON)],
    );
    let item = Item::new("billing").event("stored", at("2026-03-01")).event("year_end", at("2026-12-31"));
    let hold = hold("lit-7");
    let both = decide(&rules, &item, &[&hold], at("2026-05-01"));
    assert_eq!(
        both.to_string(),
        format!(
            "in conflict: cap `amazon-pii` ({AMAZON}) passed on 2026-03-31, against kept until 2034-12-31: {TAX} \
             (rule `billing-tax`); kept until hold `lit-7` is lifted"
        )
    );
    assert!(matches!(decide(&rules, &item, &[], at("2026-03-30")), Disposition::KeepUntil { .. }));
    let over = decide(&rules, &item, &[], at("2034-12-31"));
    assert_eq!(since(&over), Some(at("2034-12-31")), "the duty has run out: {over}");
    assert!(matches!(
        decide(&rules, &item, &[&hold], at("2034-12-31")),
        Disposition::ConflictBetween { against, .. } if against == [Ground::Hold { id: "lit-7".into() }]
    ));
}

#[test]
fn of_two_caps_the_shorter_counts_and_a_duty_that_outlasts_it_ends_by_its_own_rule() {
    let tax = || duty("billing-tax", "billing", "stored", "60 days", TAX);
    let caps = || [cap("long", "stored", "40 days", "one"), cap("short", "stored", "30 days", "two")];
    let item = Item::new("billing").event("stored", at("2026-01-01"));
    let free = retention([rule("orders", "billing", "stored", "1 year")], caps());
    let due = decide(&free, &item, &[], at("2026-12-01"));
    assert!(due.to_string().starts_with("due since 2026-01-31 by cap `short` (two)"), "{due}");
    let bound = retention([tax()], caps());
    let due = decide(&bound, &item, &[], at("2026-12-01"));
    assert!(due.to_string().starts_with("due since 2026-03-02 by rule `billing-tax`"), "{due}");
}

#[test]
fn a_hold_shows_what_would_be_without_it() {
    let rules = retention([rule("end", "profile", "stored", "0 days")], []);
    let item = Item::new("profile").event("stored", at("2026-01-01"));
    let mut hold = hold("lit-7");
    let held = decide(&rules, &item, &[&hold], at("2026-06-01"));
    assert_eq!(
        held.to_string(),
        "held by `lit-7`; without that: due since 2026-01-01 by rule `end`, to be disposed of by delete"
    );
    hold.lift(at("2026-05-01"));
    assert_eq!(since(&decide(&rules, &item, &[&hold], at("2026-06-01"))), Some(at("2026-01-01")));
}

#[test]
fn without_a_rule_nothing_is_decided() {
    let rules =
        retention([rule("end", "profile", "stored", "0 days")], [cap("c", "stored", "1 day", "here")]);
    let item = Item::new("orders").event("stored", at("2026-01-01"));
    let gap = decide(&rules, &item, &[], at("2026-06-01"));
    assert_eq!(
        gap.to_string(),
        "kept, undetermined: no rule says how long `orders` is kept, and cap `c` passed on 2026-01-02"
    );
}

#[test]
fn a_rule_whose_time_has_come_asks_for_its_keys_and_its_physical_limit() {
    let mut token = crypto_erase(rule("token", "platform", "authorization_revoked", "0 days"));
    token.physically_within = Some(period("72 hours"));
    let rules = retention([token], []);
    let item = Item::new("platform").event("authorization_revoked", at("2026-01-01T12:00:00Z"));
    let due = decide(&rules, &item, &[], at("2026-01-01T12:00:00Z"));
    assert!(
        matches!(&due, Disposition::DueSince { dispose: Dispose::CryptoErase, gone_by: Some(by), .. }
            if *by == at("2026-01-04T12:00:00Z")),
        "{due}"
    );
    assert!(!breached(&due, at("2026-01-04T12:00:00Z")));
    assert!(breached(&due, at("2026-01-04T12:00:01Z")));
}

#[test]
fn what_outlives_a_request_is_a_duty_or_a_hold_and_nothing_else() {
    let rules = retention(
        [
            rule("long", "billing", "stored", "99 years"),
            duty("billing-tax", "billing", "year_end", "8 years", TAX),
        ],
        [],
    );
    let item = Item::new("billing").event("stored", at("2026-03-01")).event("year_end", at("2026-12-31"));
    let stay = must_stay(&rules, &item, &[], at("2027-01-01")).unwrap();
    assert_eq!(stay.to_string(), format!("kept until 2034-12-31: {TAX} (rule `billing-tax`)"));
    assert_eq!(stay.until, Some(at("2034-12-31")));
    assert_eq!(must_stay(&rules, &item, &[], at("2034-12-31")), None, "the duty has run out");
    let hold = hold("lit-7");
    let held = must_stay(&rules, &item, &[&hold], at("2040-01-01")).unwrap();
    assert_eq!((held.to_string().as_str(), held.until), ("kept until hold `lit-7` is lifted", None));
    let open = must_stay(&rules, &Item::new("billing"), &[], at("2027-01-01")).unwrap();
    assert_eq!(open.until, None, "its event has not happened");
}

const EVENTS: [&str; 4] = ["stored", "delivered", "ended", "revoked"];

fn any_moment() -> impl Strategy<Value = DateTime<Utc>> {
    prop_oneof![
        8 => (0_i64..4_000).prop_map(|days| DateTime::UNIX_EPOCH + TimeDelta::days(days)),
        1 => Just(DateTime::<Utc>::MIN_UTC),
        1 => Just(DateTime::<Utc>::MAX_UTC),
    ]
}

fn any_rule() -> impl Strategy<Value = RetentionRule> {
    (0_usize..4, 0_u32..2_000, any::<bool>(), any::<bool>(), any::<bool>(), prop::option::of(0_u32..40))
        .prop_map(|(from, keep, other, is_duty, erase, within)| {
            let category = if other { "other" } else { "c" };
            let mut made = rule(&format!("r{from}-{keep}"), category, EVENTS[from], &format!("{keep} days"));
            made.duty = is_duty.then(|| "law".to_owned());
            made.physically_within = within.map(|days| period(&format!("{days} days")));
            if erase { crypto_erase(made) } else { made }
        })
}

fn any_cap() -> impl Strategy<Value = Cap> {
    (0_usize..4, 0_u32..2_000, 0_usize..3, 0_usize..3).prop_map(|(from, most, category, platform)| {
        let mut made = cap(&format!("c{from}-{most}"), EVENTS[from], &format!("{most} days"), "source");
        made.category = [None, Some("c".into()), Some("other".into())][category].clone();
        made.platform = [None, Some("p".into()), Some("q".into())][platform].clone();
        made
    })
}

fn any_retention() -> impl Strategy<Value = Retention> {
    (prop::collection::vec(any_rule(), 0..5), prop::collection::vec(any_cap(), 0..3))
        .prop_map(|(rules, caps)| retention(rules, caps))
}

fn any_item() -> impl Strategy<Value = Item> {
    (prop::collection::vec(prop::option::of(any_moment()), 4), any::<bool>()).prop_map(
        |(moments, platform)| {
            let item = if platform { Item::new("c").platform("p") } else { Item::new("c") };
            EVENTS
                .iter()
                .zip(moments)
                .fold(item, |item, (event, at)| at.map_or(item.clone(), |at| item.event(*event, at)))
        },
    )
}

proptest! {
    #[test]
    fn what_is_due_stays_due_since_the_same_moment(
        rules in any_retention(), item in any_item(), one in any_moment(), two in any_moment(),
    ) {
        let (first, later) = (one.min(two), one.max(two));
        if let Some(due) = since(&decide(&rules, &item, &[], first)) {
            prop_assert!(due <= first);
            prop_assert_eq!(since(&decide(&rules, &item, &[], later)), Some(due));
        }
    }

    #[test]
    fn what_is_kept_until_a_moment_is_due_then_and_not_before(
        rules in any_retention(), item in any_item(), now in any_moment(),
    ) {
        if let Disposition::KeepUntil { until: Some(until), .. } = decide(&rules, &item, &[], now) {
            prop_assert!(now < until);
            prop_assert_eq!(since(&decide(&rules, &item, &[], until)), Some(until));
            if let Some(before) = until.checked_sub_signed(TimeDelta::seconds(1)) {
                prop_assert_eq!(since(&decide(&rules, &item, &[], before)), None);
            }
        }
    }

    #[test]
    fn under_a_hold_nothing_is_due(rules in any_retention(), item in any_item(), now in any_moment()) {
        let hold = hold("h");
        let held = decide(&rules, &item, &[&hold], now);
        let expected = match &held {
            Disposition::HeldBy { holds, .. } => holds == &["h"],
            Disposition::ConflictBetween { against, .. } => against.contains(&Ground::Hold { id: "h".into() }),
            _ => false,
        };
        prop_assert!(expected, "{}", held);
    }

    #[test]
    fn another_rule_never_makes_an_item_due_earlier(
        rules in any_retention(), more in any_rule(), item in any_item(), now in any_moment(),
    ) {
        let mut longer = rules.clone();
        longer.rule.push(more);
        let gap = matches!(decide(&rules, &item, &[], now), Disposition::Undetermined { .. });
        if let (false, Some(after)) = (gap, since(&decide(&longer, &item, &[], now))) {
            let before = since(&decide(&rules, &item, &[], now));
            prop_assert!(before.is_some_and(|before| before <= after), "{:?} then {:?}", before, after);
        }
    }

    #[test]
    fn another_cap_never_makes_an_item_due_later(
        rules in any_retention(), more in any_cap(), item in any_item(), now in any_moment(),
    ) {
        if let Some(before) = since(&decide(&rules, &item, &[], now)) {
            let mut capped = rules.clone();
            capped.cap.push(more);
            let after = since(&decide(&capped, &item, &[], now));
            prop_assert!(after.is_some_and(|after| after <= before), "{:?} then {:?}", before, after);
        }
    }

    #[test]
    fn once_its_events_have_happened_an_item_is_due_at_last(
        rules in any_retention(), item in any_item(), moment in any_moment(),
    ) {
        let item = EVENTS.iter().fold(item, |item, event| {
            let happened = item.events.get(*event).copied().unwrap_or(moment);
            item.event(*event, happened)
        });
        let ruled = rules.rule.iter().any(|rule| rule.category == "c");
        let last = decide(&rules, &item, &[], DateTime::<Utc>::MAX_UTC);
        prop_assert_eq!(since(&last).is_some(), ruled, "{}", last);
    }

    #[test]
    fn a_running_duty_stays_and_is_never_due(rules in any_retention(), item in any_item(), now in any_moment()) {
        let stay = must_stay(&rules, &item, &[], now);
        let decision = decide(&rules, &item, &[], now);
        prop_assert!(stay.is_none() || since(&decision).is_none(), "{}", decision);
        if let Some(until) = stay.and_then(|stay| stay.until) {
            prop_assert!(now < until);
            prop_assert_eq!(must_stay(&rules, &item, &[], until), None);
        }
    }

    #[test]
    fn nothing_is_breached_before_it_is_due_and_its_time_is_up(
        rules in any_retention(), item in any_item(), now in any_moment(),
    ) {
        let decision = decide(&rules, &item, &[], now);
        if let Disposition::DueSince { since, gone_by: Some(by), .. } = &decision {
            prop_assert!(since <= by);
        }
        prop_assert!(!breached(&decision, now) || since(&decision).is_some());
    }
}
