//! Rules, caps, controls and sinks are told apart by their names, and controls do not need one another in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, cap_path, claim_path, control_path, rule_path};
use crate::core::id::Name;
use crate::core::policy::finding::FindingCode;
use crate::core::policy::path::{Path, shortened};

pub(super) fn check(check: &mut Check<'_, '_>) {
    let document = check.document;
    let access = |list: &'static str| move |index: usize| Path::of(["access", list]).index(index);
    // A decision names the rule that made it: allow and deny rules share one space of names.
    let allow =
        document.access.allow.iter().enumerate().map(|(index, rule)| (access("allow")(index), &rule.id));
    let deny = document.access.deny.iter().enumerate().map(|(index, rule)| (access("deny")(index), &rule.id));
    distinct(check, "access rule", allow.chain(deny));
    let rules = document.retention.rule.iter().enumerate();
    distinct(check, "retention rule", rules.map(|(index, rule)| (rule_path(index), &rule.id)));
    let claims = document.claims.iter().enumerate();
    distinct(check, "claim", claims.map(|(index, claim)| (claim_path(index), &claim.id)));
    let caps = document.retention.cap.iter().enumerate();
    distinct(check, "cap", caps.map(|(index, cap)| (cap_path(index), &cap.id)));
    let controls = document.controls.iter().enumerate();
    distinct(check, "control", controls.map(|(index, control)| (control_path(index), &control.id)));
    // A processor with `up_to` is a sink by its own name.
    for name in document.sinks.keys().filter(|name| document.processors.contains_key(*name)) {
        let message = format!("the name `{}` is already a processor's", shortened(name.as_str()));
        let path = Path::of(["sinks", name.as_str()]);
        check.error(FindingCode::DuplicateId, &path, message, "give it a name of its own");
    }
    no_circle(check);
}

fn distinct<'n>(check: &mut Check<'_, '_>, what: &str, ids: impl Iterator<Item = (Path, &'n Name)>) {
    let mut seen = BTreeMap::new();
    for (path, id) in ids {
        if let Some(first) = seen.get(id) {
            let message = format!("the {what} `{}` is already declared as {first}", shortened(id.as_str()));
            check.error(FindingCode::DuplicateId, &path.key("id"), message, "give it a name of its own");
        } else {
            seen.insert(id, path);
        }
    }
}

/// Takes away controls whose needs are all taken away, until none is left, or only circles and what needs them.
fn no_circle(check: &mut Check<'_, '_>) {
    let controls = &check.document.controls;
    let declared: BTreeSet<&Name> = controls.iter().map(|control| &control.id).collect();
    let mut missing: BTreeMap<&Name, usize> = BTreeMap::new();
    let mut needed_by: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
    for control in controls {
        for need in control.needs.iter().filter(|need| declared.contains(need)) {
            *missing.entry(&control.id).or_default() += 1;
            needed_by.entry(need).or_default().push(&control.id);
        }
    }
    let mut free: Vec<&Name> = declared.iter().copied().filter(|id| !missing.contains_key(id)).collect();
    while let Some(id) = free.pop() {
        for dependent in needed_by.remove(id).unwrap_or_default() {
            if let Some(count) = missing.get_mut(dependent) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    missing.remove(dependent);
                    free.push(dependent);
                }
            }
        }
    }
    let caught: BTreeSet<&Name> = missing.into_keys().collect();
    for (index, control) in controls.iter().enumerate().filter(|(_, control)| caught.contains(&control.id)) {
        let message =
            format!("`{}` needs itself, through other controls or at once", shortened(control.id.as_str()));
        let hint = "take one of the needs away";
        check.error(FindingCode::CyclicNeeds, &control_path(index).key("needs"), message, hint);
    }
}
