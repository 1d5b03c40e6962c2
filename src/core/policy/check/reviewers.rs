//! Whoever reviews requests may carry them out: where no reviewer may export or erase, no case could be.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use crate::core::access::{Action, PrincipalKind};
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::policy::document::{AllowRule, Requests};
use crate::core::policy::finding::FindingCode;
use crate::core::policy::path::{Path, shortened};
use crate::core::policy::vocabulary::RequestKind;

/// What a kind of request asks the policy for before any source is asked.
const NEEDS: [(RequestKind, Action); 2] =
    [(RequestKind::Access, Action::Export), (RequestKind::Deletion, Action::Erase)];

pub(super) fn check(check: &mut Check<'_, '_>) {
    let document = check.document;
    let Some(requests) = document.requests.as_ref().filter(|requests| !requests.reviewers.is_empty()) else {
        return;
    };
    // A misspelt name elsewhere would look like a right that is missing.
    if check.findings.has_errors() {
        return;
    }
    let kept: BTreeSet<&Name> = document.sources.values().flat_map(|source| &source.categories).collect();
    let mut highest: BTreeMap<&Name, Level> = BTreeMap::new();
    for class in document.classes.values() {
        let level = highest.entry(&class.category).or_insert(class.level);
        *level = class.level.max(*level);
    }
    for (name, category) in document.categories.iter().filter(|(name, _)| kept.contains(name)) {
        // A category without any purpose is reported as that.
        if category.purposes.is_empty() {
            continue;
        }
        let path = Path::of(["categories", name.as_str()]);
        if !category.purposes.contains(&requests.purpose) {
            let message = format!(
                "requests are carried out for `{}`, which is no purpose of this category",
                shortened(requests.purpose.as_str())
            );
            let hint = "add it to the purposes, or no request that reaches this category can be carried out";
            check.warning(FindingCode::ReviewerCannotAct, &path.key("purposes"), message, hint);
            continue;
        }
        let Some(level) = highest.get(name) else { continue };
        let lets = |rule: &&AllowRule| lets_a_reviewer(rule, requests, name, *level);
        let rules: Vec<&AllowRule> = document.access.allow.iter().filter(lets).collect();
        let needed =
            NEEDS.iter().filter(|(kind, _)| requests.kinds.contains(kind)).map(|(_, action)| *action);
        let missing: Vec<_> = needed
            .filter(|action| !rules.iter().any(|rule| rule.actions.contains(action)))
            .map(|action| format!("`{action}`"))
            .collect();
        if missing.is_empty() {
            continue;
        }
        let message = format!(
            "no rule lets a reviewer of requests {} data of `{}` up to `{level}` for `{}`",
            missing.join(" or "),
            shortened(name.as_str()),
            shortened(requests.purpose.as_str())
        );
        let hint = "allow it to a role of `requests.reviewers`, or requests about this category are skipped";
        check.warning(FindingCode::ReviewerCannotAct, &path, message, hint);
    }
}

/// Whether a person with a reviewing role may act under the rule, its actions and conditions apart.
fn lets_a_reviewer(rule: &AllowRule, requests: &Requests, category: &Name, level: Level) -> bool {
    !rule.roles.is_disjoint(&requests.reviewers)
        && rule.categories.contains(category)
        && level <= rule.up_to
        && (rule.purposes.is_empty() || rule.purposes.contains(&requests.purpose))
        && (rule.kinds.is_empty() || rule.kinds.contains(&PrincipalKind::Person))
}
