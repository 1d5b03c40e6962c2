//! The status of a control at a moment, from its own evidence and from the controls that it needs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, NaiveTime, Utc};

use super::evidence::{EvidenceResult, EvidenceSet};
use crate::core::id::Name;
use crate::core::policy::{Control, PolicyDocument};

/// Whether a control is met, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a status must decide on each")]
pub enum ControlStatus {
    /// Live evidence says so.
    Met {
        /// When the newest of the evidence that shows it was collected.
        since: DateTime<Utc>,
        /// Last moment at which all of that evidence is fresh enough.
        until: DateTime<Utc>,
    },
    /// Its newest evidence says that it is not, or a control that it needs is not met or stale.
    NotMet {
        /// How many items fall short, or how many needed controls; 0 where they are not counted.
        missing: u64,
        /// What falls short.
        note: String,
    },
    /// Its newest evidence is older than the policy admits.
    Stale {
        /// When that evidence was collected.
        last: DateTime<Utc>,
    },
    /// Nothing is known: no evidence, no bound on its age, no such control, or needs that run in a circle.
    Unknown,
    /// The policy does not apply yet.
    NotYetEffective,
}

impl ControlStatus {
    /// Whether the control may be stated as met.
    #[must_use]
    pub const fn is_met(&self) -> bool {
        matches!(self, Self::Met { .. })
    }
}

/// The status of one control at `now`.
///
/// Evidence counts while its age is at most `evidence_within`. A control with `needs` is met if and only if all of those are
/// met and, when it has `evidence_within` itself, its own evidence says so too. Needs that run in a circle are unknown.
///
/// To ask about many controls, [`statements`](crate::report::statements) does it in one pass.
#[must_use]
pub fn status(
    document: &PolicyDocument,
    evidence: &EvidenceSet,
    control: &str,
    now: DateTime<Utc>,
) -> ControlStatus {
    statuses(document, evidence, now).remove(control).unwrap_or(ControlStatus::Unknown)
}

/// Whether the policy applies at `now`: from the first moment of its day, in UTC.
pub(in crate::core) fn in_effect(document: &PolicyDocument, now: DateTime<Utc>) -> bool {
    document.effective.and_time(NaiveTime::MIN).and_utc() <= now
}

/// The status of every control, in time linear in the number of controls and needs, and without recursion.
///
/// This is the least fixed point of a three-valued conjunction: a control is settled as not met as soon as one part is, and as
/// met once all parts are. What never settles (no evidence, a circle) stays unknown, whatever the order of the controls.
pub(in crate::core) fn statuses(
    document: &PolicyDocument,
    evidence: &EvidenceSet,
    now: DateTime<Utc>,
) -> BTreeMap<Name, ControlStatus> {
    if !in_effect(document, now) {
        let all =
            document.controls.iter().map(|control| (control.id.clone(), ControlStatus::NotYetEffective));
        return all.collect();
    }
    let mut controls: BTreeMap<&str, &Control> = BTreeMap::new();
    for control in &document.controls {
        controls.entry(control.id.as_str()).or_insert(control);
    }
    let mut parents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut nodes: BTreeMap<&str, Node> = BTreeMap::new();
    for (id, control) in &controls {
        for need in &control.needs {
            parents.entry(need.as_str()).or_default().push(id);
        }
        nodes.insert(id, Node::new(control, evidence, now));
    }
    let mut queue: VecDeque<(&str, Option<Fresh>)> =
        nodes.iter_mut().filter_map(|(id, node)| Some((*id, node.settle()?))).collect();
    while let Some((id, verdict)) = queue.pop_front() {
        for parent in parents.get(id).into_iter().flatten() {
            let Some(node) = nodes.get_mut(parent) else { continue };
            node.hear(verdict);
            if let Some(verdict) = node.settle() {
                queue.push_back((parent, verdict));
            }
        }
    }
    let failing: BTreeSet<&str> =
        nodes.iter().filter(|(_, node)| node.settled && node.failed).map(|(id, _)| *id).collect();
    let entries = controls.iter().filter_map(|(id, control)| {
        let node = nodes.get(id)?;
        Some((control.id.clone(), node.status(control, &failing)))
    });
    entries.collect()
}

/// The span in which evidence holds: when the newest was collected, until when all is fresh.
#[derive(Clone, Copy)]
struct Fresh {
    since: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Fresh {
    fn and(self, other: Option<Self>) -> Self {
        other.map_or(self, |other| Self {
            since: self.since.max(other.since),
            until: self.until.min(other.until),
        })
    }
}

struct Node {
    /// What its own evidence says; `None` where it rests on its needs alone.
    own: Option<ControlStatus>,
    /// Needs that have not been heard of.
    pending: usize,
    held: Option<Fresh>,
    failed: bool,
    settled: bool,
}

impl Node {
    fn new(control: &Control, evidence: &EvidenceSet, now: DateTime<Utc>) -> Self {
        let own = own(control, evidence, now);
        let held = match own {
            Some(ControlStatus::Met { since, until }) => Some(Fresh { since, until }),
            _ => None,
        };
        let failed = matches!(own, Some(ControlStatus::NotMet { .. } | ControlStatus::Stale { .. }));
        Self { own, pending: control.needs.len(), held, failed, settled: false }
    }

    /// Takes in the verdict of one need: fresh evidence, or not met.
    fn hear(&mut self, verdict: Option<Fresh>) {
        self.pending = self.pending.saturating_sub(1);
        match verdict {
            Some(fresh) if !self.settled => self.held = Some(fresh.and(self.held)),
            Some(_) => {}
            None => self.failed = true,
        }
    }

    /// The verdict, once: as soon as one part fails, or when every part holds.
    fn settle(&mut self) -> Option<Option<Fresh>> {
        if self.settled {
            return None;
        }
        let own_holds = self.own.as_ref().is_none_or(ControlStatus::is_met);
        let verdict = match self.held {
            _ if self.failed => None,
            Some(fresh) if own_holds && self.pending == 0 => Some(fresh),
            _ => return None,
        };
        self.settled = true;
        Some(verdict)
    }

    fn status(&self, control: &Control, failing: &BTreeSet<&str>) -> ControlStatus {
        match (&self.own, self.held) {
            _ if !self.settled => ControlStatus::Unknown,
            (_, Some(Fresh { since, until })) if !self.failed => ControlStatus::Met { since, until },
            (Some(own @ ControlStatus::NotMet { .. }), _) => own.clone(),
            (own, _) => {
                let short: Vec<&str> =
                    control.needs.iter().map(Name::as_str).filter(|need| failing.contains(need)).collect();
                match own {
                    Some(own) if short.is_empty() => own.clone(),
                    _ => ControlStatus::NotMet {
                        missing: u64::try_from(short.len()).unwrap_or(u64::MAX),
                        note: format!("needs `{}`", short.join("`, `")),
                    },
                }
            }
        }
    }
}

/// What a control's own evidence says; `None` where it rests on its needs alone.
fn own(control: &Control, evidence: &EvidenceSet, now: DateTime<Utc>) -> Option<ControlStatus> {
    let Some(within) = control.evidence_within else {
        // Without a bound on its age, evidence never shows that a control is met.
        return control.needs.is_empty().then_some(ControlStatus::Unknown);
    };
    let Some(newest) = evidence.newest(control.id.as_str(), now) else { return Some(ControlStatus::Unknown) };
    let (since, until) = (newest.collected_at, within.after(newest.collected_at));
    Some(match &newest.says {
        EvidenceResult::NotMet { missing, note } => {
            ControlStatus::NotMet { missing: *missing, note: note.clone() }
        }
        EvidenceResult::Met if now > until => ControlStatus::Stale { last: since },
        EvidenceResult::Met => ControlStatus::Met { since, until },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Evidence, Method};
    use super::*;
    use crate::core::period::Period;
    use crate::core::report::sample;

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn control(id: &str, within: Option<u32>, needs: &[&str]) -> Control {
        let mut control = sample::control(id, "It holds.");
        control.evidence_within = within.map(Period::days);
        control.needs = needs.iter().map(Name::new).collect();
        control
    }

    fn policy(controls: Vec<Control>) -> PolicyDocument {
        PolicyDocument { controls, ..sample::document() }
    }

    fn met(id: &str, when: &str) -> Evidence {
        Evidence::met(id, Method::Examine, at(when), "security lead")
    }

    fn status_of(document: &PolicyDocument, evidence: Vec<Evidence>, id: &str) -> ControlStatus {
        status(document, &evidence.into_iter().collect(), id, at(NOW))
    }

    #[test]
    fn evidence_is_fresh_to_the_last_moment_and_stale_after() {
        let document = policy(vec![control("desk", Some(365), &[])]);
        let evidence: EvidenceSet = [met("desk", NOW)].into_iter().collect();
        let until = Period::days(365).after(at(NOW));
        let second = chrono::TimeDelta::seconds(1);
        let met = ControlStatus::Met { since: at(NOW), until };
        assert_eq!(status(&document, &evidence, "desk", until), met);
        assert_eq!(
            status(&document, &evidence, "desk", until + second),
            ControlStatus::Stale { last: at(NOW) }
        );
        assert_eq!(status(&document, &evidence, "desk", at(NOW) - second), ControlStatus::Unknown);
        assert_eq!(status(&document, &evidence, "no-such", at(NOW)), ControlStatus::Unknown);
    }

    #[test]
    fn what_falls_short_is_counted() {
        let document = policy(vec![control("endpoint", Some(30), &[])]);
        let short = Evidence::not_met("endpoint", Method::TestAutomated, at(NOW), "it lead", 1, "1 of 50");
        let expected = ControlStatus::NotMet { missing: 1, note: "1 of 50".to_owned() };
        assert_eq!(
            status_of(&document, vec![met("endpoint", "2026-11-20T00:00:00Z"), short], "endpoint"),
            expected
        );
    }

    #[test]
    fn a_conjunction_is_met_only_if_all_parts_are() {
        let parts = ["lock", "desk", "training"];
        let document = policy(vec![
            control("baseline", None, &parts),
            control("lock", Some(30), &[]),
            control("desk", Some(365), &[]),
            control("training", Some(365), &[]),
        ]);
        for row in 0..8_u32 {
            let holds = |i: usize| row & (1 << i) != 0;
            let of = |i: usize, id: &str| match holds(i) {
                true => met(id, "2026-11-20T00:00:00Z"),
                false => Evidence::not_met(id, Method::Examine, at("2026-11-20T00:00:00Z"), "lead", 0, ""),
            };
            let evidence = parts.iter().enumerate().map(|(i, id)| of(i, id)).collect();
            assert_eq!(status_of(&document, evidence, "baseline").is_met(), row == 7, "row {row:03b}");
        }
    }

    #[test]
    fn a_conjunction_lasts_as_long_as_its_shortest_part() {
        let document = policy(vec![
            control("all", Some(365), &["a", "b"]),
            control("a", Some(10), &[]),
            control("b", Some(30), &[]),
        ]);
        let evidence = vec![
            met("a", "2026-11-20T00:00:00Z"),
            met("b", "2026-11-01T00:00:00Z"),
            met("all", "2026-10-01T00:00:00Z"),
        ];
        let expected =
            ControlStatus::Met { since: at("2026-11-20T00:00:00Z"), until: at("2026-11-30T00:00:00Z") };
        assert_eq!(status_of(&document, evidence, "all"), expected);
    }

    #[test]
    fn a_stale_need_makes_its_parent_not_met_and_names_it() {
        let document = policy(vec![
            control("strict", None, &["mfa", "passwords"]),
            control("mfa", Some(30), &[]),
            control("passwords", Some(30), &[]),
        ]);
        let evidence = vec![met("mfa", "2026-01-01T00:00:00Z"), met("passwords", NOW)];
        let expected = ControlStatus::NotMet { missing: 1, note: "needs `mfa`".to_owned() };
        assert_eq!(status_of(&document, evidence, "strict"), expected);
        assert_eq!(status_of(&document, vec![met("passwords", NOW)], "strict"), ControlStatus::Unknown);
    }

    #[test]
    fn a_parent_with_a_bound_needs_its_own_evidence_too() {
        let document = policy(vec![control("parent", Some(30), &["child"]), control("child", Some(30), &[])]);
        assert_eq!(status_of(&document, vec![met("child", NOW)], "parent"), ControlStatus::Unknown);
        assert!(status_of(&document, vec![met("child", NOW), met("parent", NOW)], "parent").is_met());
        let stale =
            status_of(&document, vec![met("child", NOW), met("parent", "2026-01-01T00:00:00Z")], "parent");
        assert_eq!(stale, ControlStatus::Stale { last: at("2026-01-01T00:00:00Z") });
    }

    #[test]
    fn circles_and_undeclared_needs_are_unknown_unless_a_part_fails() {
        let mut controls = vec![
            control("a", None, &["b"]),
            control("b", None, &["a"]),
            control("behind", None, &["a"]),
            control("self", Some(30), &["self"]),
            control("dangling", None, &["nowhere"]),
        ];
        let evidence = || vec![met("self", NOW), met("a", NOW)];
        for id in ["a", "b", "behind", "self", "dangling"] {
            assert_eq!(status_of(&policy(controls.clone()), evidence(), id), ControlStatus::Unknown, "{id}");
        }
        controls.push(control("c", Some(30), &[]));
        controls[1].needs.insert("c".into());
        let short = Evidence::not_met("c", Method::Examine, at(NOW), "lead", 0, "");
        for id in ["a", "b", "behind"] {
            let status = status_of(&policy(controls.clone()), vec![short.clone()], id);
            assert!(matches!(status, ControlStatus::NotMet { .. }), "{id}: {status:?}");
        }
    }

    #[test]
    fn before_the_policy_applies_nothing_is_met() {
        let mut document = policy(vec![control("mfa", Some(3650), &[])]);
        sample::set_effective(&mut document, "2026-11-22");
        let evidence: EvidenceSet = [met("mfa", "2026-11-01T00:00:00Z")].into_iter().collect();
        let status = |now| status(&document, &evidence, "mfa", at(now));
        assert_eq!(status("2026-11-21T23:59:59Z"), ControlStatus::NotYetEffective);
        assert!(status("2026-11-22T00:00:00Z").is_met());
    }

    #[test]
    fn a_chain_of_many_needs_ends() {
        let name = |i: u32| format!("c{i}");
        let mut controls: Vec<Control> =
            (1..20_000).map(|i| control(&name(i), None, &[&name(i - 1)])).collect();
        controls.push(control("c0", Some(30), &[]));
        let document = policy(controls);
        assert!(status_of(&document, vec![met("c0", NOW)], "c19999").is_met());
    }

    proptest! {
        #[test]
        fn a_parent_is_met_only_if_every_need_is(
            edges in prop::collection::vec((0..8_u8, 0..8_u8), 0..20),
            bounded in any::<u8>(),
            shown in any::<u8>(),
            failing in any::<u8>(),
        ) {
            let name = |i: u8| format!("c{i}");
            let has = |bits: u8, i: u8| bits & (1 << i) != 0;
            let mut controls: Vec<Control> =
                (0..8).map(|i| control(&name(i), has(bounded, i).then_some(30), &[])).collect();
            for (from, to) in edges {
                controls[usize::from(from)].needs.insert(name(to).into());
            }
            let evidence: Vec<Evidence> = (0..8).filter(|i| has(shown, *i)).map(|i| match has(failing, i) {
                true => Evidence::not_met(name(i), Method::Examine, at(NOW), "lead", 0, ""),
                false => met(&name(i), NOW),
            }).collect();
            let document = policy(controls);
            let set: EvidenceSet = evidence.into_iter().collect();
            let all = statuses(&document, &set, at(NOW));
            for control in &document.controls {
                let own = own(control, &set, at(NOW)).is_none_or(|own| own.is_met());
                let needs = control.needs.iter().all(|need| all[need].is_met());
                let found = all[&control.id].is_met();
                prop_assert_eq!(found, own && needs, "{:?}", control);
            }
            let mut reversed = document.clone();
            reversed.controls.reverse();
            prop_assert_eq!(statuses(&reversed, &set, at(NOW)), all);
        }
    }
}
