//! S3: organisational duties of the security policy, which are true while evidence says so.

use chrono::{DateTime, TimeDelta, Utc};
use stewardship::access::{Fact, Missing};
use stewardship::governance::{ControlStatus, Evidence, EvidenceSet, Method, status};
use stewardship::policy::FindingCode;
use stewardship::{Access, Place, Policy, Principal};

use super::world::{Creator, World, findings, page, period, start};
use crate::policies::{COMPLETE, SECURITY};

fn met(control: &str, days_ago: i64) -> Evidence {
    Evidence::met(control, Method::Examine, start() - TimeDelta::days(days_ago), "reviewer")
}

fn status_of(control: &str, evidence: impl IntoIterator<Item = Evidence>) -> ControlStatus {
    let policy = Policy::from_toml(SECURITY).unwrap();
    status(policy.document(), &evidence.into_iter().collect(), control, start())
}

/// S3.9: "strict access policies" is true while least privilege, second factor and password standard are.
#[test]
fn s3_09_one_stale_part_makes_the_whole_not_met() {
    let parts = [("least-privilege", 90), ("mfa-production", 30), ("password-standard", 90)];
    let own = || met("strict-access", 0);
    let fresh = || parts.map(|(part, days)| met(part, days));
    assert!(status_of("strict-access", fresh().into_iter().chain([own()])).is_met());
    for (stale, (part, days)) in parts.into_iter().enumerate() {
        let mut evidence = fresh();
        evidence[stale] = met(part, days + 1);
        let found = status_of("strict-access", evidence.into_iter().chain([own()]));
        assert_eq!(found, ControlStatus::NotMet { missing: 1, note: format!("needs `{part}`") });
    }
}

/// S3.12, S3.14: evidence past its age is stale; the page leaves the sentence out and says when it was last verified.
#[test]
fn s3_14_stale_evidence_takes_the_sentence_from_the_page() {
    const SENTENCE: &str = "Firewalls and intrusion detection monitor and prevent external threats";
    let at = |days| {
        let evidence: EvidenceSet = [met("threat-monitoring", days)].into_iter().collect();
        page(SECURITY, &evidence, start())
    };
    let fresh = at(30);
    assert!(fresh.contains(SENTENCE) && fresh.contains("evidence of 2026-10-23, good until 2026-11-22"));
    let stale = at(31);
    assert!(!stale.contains(SENTENCE));
    assert!(stale.contains("- `threat-monitoring` (System and incident management): its evidence is too old; last verified 2026-10-22."), "{stale}");
}

/// S3.15: "all devices" is not met while one is missing.
#[test]
fn s3_15_forty_nine_of_fifty_devices_are_not_all() {
    let at = start() - TimeDelta::days(1);
    let short = Evidence::not_met(
        "endpoint-protection",
        Method::TestAutomated,
        at,
        "inventory",
        1,
        "49 of 50 devices",
    );
    let found = status_of("endpoint-protection", [met("endpoint-protection", 2), short]);
    assert_eq!(found, ControlStatus::NotMet { missing: 1, note: "49 of 50 devices".to_owned() });
    assert!(status_of("endpoint-protection", [met("endpoint-protection", 2)]).is_met());
    assert_eq!(status_of("endpoint-protection", []), ControlStatus::Unknown);
}

/// S3.16: the baseline is met if and only if its three parts are.
#[test]
fn s3_16_the_baseline_is_the_conjunction_of_its_parts() {
    let parts = ["screen-lock", "clear-desk", "training"];
    let mut table = Vec::new();
    for bits in 0_u8..8 {
        let evidence = parts.into_iter().enumerate().map(|(part, control)| {
            let holds = bits & (1 << part) != 0;
            let not = Evidence::not_met(control, Method::Examine, start(), "reviewer", 1, "one is missing");
            if holds { met(control, 0) } else { not }
        });
        let evidence = evidence.chain([met("security-baseline", 0)]);
        table.push(status_of("security-baseline", evidence).is_met());
    }
    assert_eq!(table, [false, false, false, false, false, false, false, true]);
}

/// S3.16a, S3.17, S3.18, S3.20, S3.21: a duty that turns on a time has a number.
#[test]
fn s3_16a_a_vague_duty_needs_a_number() {
    for (states, within) in [
        ("Screens of all devices lock by themselves when they are not used", "10 minutes"),
        ("Critical vulnerabilities are patched", "7 days"),
        ("Incidents are detected", "24 hours"),
    ] {
        let at = SECURITY.find(states).unwrap();
        let index = SECURITY[..at].matches("[[controls]]").count() - 1;
        for (vague, number) in
            [("after a short time", true), ("after a short time", false), ("in time", false)]
        {
            let (head, tail) = SECURITY.split_at(at);
            let mut tail = tail.replacen(states, &format!("{states}, {vague}"), 1);
            if !number {
                tail = tail.replacen(&format!("within = \"{within}\"\n\n"), "\n", 1).replacen(
                    &format!("\nwithin = \"{within}\""),
                    "",
                    1,
                );
            }
            let text = format!("{head}{tail}");
            let found = findings(&text, "name", "name");
            let bites = found.iter().any(|found| {
                found.code() == FindingCode::VagueDuration
                    && found.path() == format!("controls[{index}].states")
            });
            assert_eq!(bites, !number && vague.contains("short"), "{states}, {vague}: {found:?}");
        }
    }
}

/// S3.19: a plan that was reviewed longer than a year ago is not shown as maintained.
#[test]
fn s3_19_a_plan_goes_stale_after_a_year() {
    let at = |days| status_of("incident-plan", [met("incident-plan", days)]);
    let reviewed: DateTime<Utc> = start() - TimeDelta::days(365);
    assert_eq!(at(365), ControlStatus::Met { since: reviewed, until: start() });
    assert_eq!(at(366), ControlStatus::Stale { last: reviewed - TimeDelta::days(1) });
}

/// S3.15, S3.16c: with the gates on, an expired training or a device that is not known to be managed stops access.
#[test]
fn s3_16c_with_the_gates_on_an_expired_training_and_an_unknown_device_stop_access() {
    let gate = "when = { mfa_within = \"12 hours\" }";
    let gated = "when = { mfa_within = \"12 hours\", trained_within = \"365 days\", managed_device = true }";
    let world = World::of::<(Creator,)>(&COMPLETE.replacen(gate, gated, 1));
    let place = Place::tenant("acme").subject("creator-1");
    let missing = |by: Principal| match world.read::<Creator>(by, &place, "support") {
        Access::Granted(_) => Vec::new(),
        Access::Denied(denial) => denial.explain().nearest.unwrap().missing,
    };
    let trained = |days: i64| world.owner().trained_at(start() - TimeDelta::days(days));
    assert_eq!(missing(trained(365).on_managed_device(true)), []);
    let training = Missing::Training(period("365 days"));
    assert_eq!(missing(trained(366).on_managed_device(true)), std::slice::from_ref(&training));
    assert_eq!(missing(world.owner().on_managed_device(true)), [training]);
    for (by, known) in
        [(trained(1).on_managed_device(false), Fact::Known(false)), (trained(1), Fact::Unknown)]
    {
        assert_eq!(missing(by), [Missing::ManagedDevice(known)]);
    }
}
