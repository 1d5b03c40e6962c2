//! Evidence: who looked at a control, how, when, and what was found.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::core::id::Name;
use crate::core::policy::words;

words! {
    /// How evidence was collected (NIST SP 800-53A Rev. 5: examine, interview, test).
    pub enum Method {
        /// Somebody looked at a document, a setting or a place.
        Examine = "examine",
        /// Somebody asked the people concerned.
        Interview = "interview",
        /// A program tested it.
        TestAutomated = "test-automated",
        /// A person tested it.
        TestManual = "test-manual",
    }
}

/// What evidence says about its control.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a result must decide on each")]
pub enum EvidenceResult {
    /// The control was met.
    Met,
    /// It was not.
    NotMet {
        /// How many items fall short (devices without protection, say); 0 where they are not counted.
        missing: u64,
        /// What falls short, without names of persons; shown to the host, never on the page.
        note: String,
    },
}

/// One dated finding about one control.
///
/// # Example: an inventory that covers 49 of 50 devices
/// ```
/// use stewardship::governance::{Evidence, Method};
/// let collected = "2026-10-30T09:00:00Z".parse()?;
/// let evidence = Evidence::not_met("endpoint-protection", Method::TestAutomated, collected, "it lead", 1, "1 of 50 devices");
/// assert_eq!(evidence.control.as_str(), "endpoint-protection");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Evidence {
    /// The control that it is about.
    pub control: Name,
    /// How it was collected.
    pub method: Method,
    /// When it was collected; its age runs from here.
    pub collected_at: DateTime<Utc>,
    /// Role of whoever collected it, never a person's name.
    pub by: String,
    /// Digest of the artefact that was looked at, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// What it says.
    pub says: EvidenceResult,
}

impl Evidence {
    /// Evidence that a control was met.
    pub fn met(
        control: impl Into<Name>,
        method: Method,
        collected_at: DateTime<Utc>,
        by: impl Into<String>,
    ) -> Self {
        let (control, by) = (control.into(), by.into());
        Self { control, method, collected_at, by, digest: None, says: EvidenceResult::Met }
    }

    /// Evidence that a control was not met: how many items fall short (0 where they are not counted), and which.
    pub fn not_met(
        control: impl Into<Name>,
        method: Method,
        collected_at: DateTime<Utc>,
        by: impl Into<String>,
        missing: u64,
        note: impl Into<String>,
    ) -> Self {
        let says = EvidenceResult::NotMet { missing, note: note.into() };
        Self { says, ..Self::met(control, method, collected_at, by) }
    }

    /// With the digest of the artefact that was looked at.
    #[must_use]
    pub fn with_digest(mut self, digest: impl Into<String>) -> Self {
        self.digest = Some(digest.into());
        self
    }
}

/// All the evidence there is. The newest about a control counts; the order of insertion never does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvidenceSet {
    by_control: BTreeMap<Name, BTreeSet<Dated>>,
}

impl EvidenceSet {
    /// No evidence at all: every control is unknown.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding; older ones about the same control stay, and count for moments before it.
    pub fn insert(&mut self, evidence: Evidence) {
        self.by_control.entry(evidence.control.clone()).or_default().insert(Dated(evidence));
    }

    /// The newest finding about a control that is not from the future. Of two of the same moment, the one that says "not met".
    #[must_use]
    pub fn newest(&self, control: &str, now: DateTime<Utc>) -> Option<&Evidence> {
        self.known_at(control, now).next()
    }

    /// When the control was last seen to be met; evidence from the future does not count.
    #[must_use]
    pub fn last_met(&self, control: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.known_at(control, now)
            .find(|evidence| evidence.says == EvidenceResult::Met)
            .map(|evidence| evidence.collected_at)
    }

    fn known_at(&self, control: &str, now: DateTime<Utc>) -> impl Iterator<Item = &Evidence> {
        self.by_control
            .get(control)
            .into_iter()
            .flat_map(|all| all.iter().rev())
            .map(|dated| &dated.0)
            .filter(move |evidence| evidence.collected_at <= now)
    }
}

impl FromIterator<Evidence> for EvidenceSet {
    fn from_iter<I: IntoIterator<Item = Evidence>>(all: I) -> Self {
        let mut set = Self::new();
        set.extend(all);
        set
    }
}

impl Extend<Evidence> for EvidenceSet {
    fn extend<I: IntoIterator<Item = Evidence>>(&mut self, all: I) {
        all.into_iter().for_each(|evidence| self.insert(evidence));
    }
}

/// Orders findings by time, then by result (`Met` below `NotMet`, so that doubt wins), then by the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Dated(Evidence);

impl Ord for Dated {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |e: &Self| {
            let Evidence { control, method, collected_at, by, digest, says } = e.0.clone();
            (collected_at, says, control, method, by, digest)
        };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Dated {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u32) -> DateTime<Utc> {
        format!("2026-10-{day:02}T00:00:00Z").parse().unwrap()
    }

    #[test]
    fn the_newest_counts_whatever_the_order_and_the_future_does_not() {
        let met = |day| Evidence::met("mfa", Method::TestAutomated, at(day), "it lead");
        let not = |day| Evidence::not_met("mfa", Method::Examine, at(day), "it lead", 2, "two accounts");
        for all in [vec![met(1), not(5), met(9)], vec![met(9), not(5), met(1)]] {
            let set: EvidenceSet = all.into_iter().collect();
            assert_eq!(set.newest("mfa", at(6)), Some(&not(5)));
            assert_eq!(set.newest("mfa", at(9)), Some(&met(9)));
            assert_eq!(set.last_met("mfa", at(8)), Some(at(1)));
            let before_all = "2026-09-30T00:00:00Z".parse().unwrap();
            assert_eq!(set.newest("mfa", before_all), None);
        }
        assert_eq!(EvidenceSet::new().newest("mfa", at(9)), None);
    }

    #[test]
    fn of_two_findings_of_one_moment_the_doubt_wins() {
        let met = Evidence::met("mfa", Method::TestManual, at(5), "z");
        let not = Evidence::not_met("mfa", Method::Examine, at(5), "a", 0, "");
        for pair in [[met.clone(), not.clone()], [not.clone(), met]] {
            assert_eq!(EvidenceSet::from_iter(pair).newest("mfa", at(5)), Some(&not));
        }
    }

    #[test]
    fn evidence_is_read_back_and_an_unknown_field_is_refused() {
        let evidence =
            Evidence::not_met("mfa", Method::TestManual, at(5), "it lead", 3, "three").with_digest("ab12");
        let text = serde_json::to_string(&evidence).unwrap();
        assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), evidence);
        let unknown = text.replacen("\"by\"", "\"name\":\"x\",\"by\"", 1);
        assert!(serde_json::from_str::<Evidence>(&unknown).is_err());
    }
}
