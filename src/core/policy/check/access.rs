//! Access rules say something: lists that name nothing, and obligations that oblige to nothing.

use super::Check;
use crate::core::access::{Action, PrincipalKind};
use crate::core::policy::finding::FindingCode;
use crate::core::policy::path::Path;
use crate::core::policy::{AllowRule, DenyRule};

pub(super) fn check(check: &mut Check<'_, '_>) {
    empty_rules(check);
    idle_obligations(check);
}

fn empty_rules(check: &mut Check<'_, '_>) {
    for (index, rule) in check.document.access.allow.iter().enumerate() {
        let AllowRule { roles, actions, categories, .. } = rule;
        let path = Path::of(["access", "allow"]).index(index);
        let lists = [
            ("roles", roles.is_empty()),
            ("actions", actions.is_empty()),
            ("categories", categories.is_empty()),
        ];
        for (key, _) in lists.into_iter().filter(|(_, empty)| *empty) {
            let message = "an empty list allows nothing";
            check.error(
                FindingCode::EmptyRule,
                &path.key(key),
                message,
                "name at least one, or drop the rule",
            );
        }
        for (key, each) in
            [("purposes", "purpose"), ("environments", "environment"), ("kinds", "kind of principal")]
        {
            let path = path.key(key);
            // Absent, it is the usual way to say any; written down, it may be meant for none.
            if check.findings.is_empty_list_written(&path) {
                let message = format!("an empty list is every {each}, and not none");
                check.warning(
                    FindingCode::EmptyRule,
                    &path,
                    message,
                    "name those that are meant, or drop the key",
                );
            }
        }
    }
    for (index, rule) in check.document.access.deny.iter().enumerate() {
        // Conditions that lift it narrow a denial too: one for everybody without a second factor is meant.
        if *rule == DenyRule::new(rule.id.clone()) {
            let path = Path::of(["access", "deny"]).index(index);
            let message = "this rule denies everything";
            check.warning(FindingCode::EmptyRule, &path, message, "say what it denies, or drop the rule");
        }
    }
}

/// What a rule obliges to, and what no yes of it can need, or can be done with.
fn idle_obligations(check: &mut Check<'_, '_>) {
    for (index, rule) in check.document.access.allow.iter().enumerate() {
        let path = Path::of(["access", "allow"]).index(index).key("obligations");
        let obligations = &rule.obligations;
        if obligations.max_records == Some(0) {
            let hint = "name how many it may open, or drop the rule";
            check.error(FindingCode::IdleObligation, &path.key("max_records"), "it opens nothing", hint);
        }
        if obligations.four_eyes && rule.kinds.iter().eq([&PrincipalKind::Service]) {
            let message = "a second person approves, and the rule allows services alone";
            let hint = "let the rule allow people too, or drop it";
            check.warning(FindingCode::IdleObligation, &path.key("four_eyes"), message, hint);
        }
        let shows = |action: &Action| matches!(action, Action::Read | Action::Export | Action::Share);
        if !rule.actions.is_empty() && !rule.actions.iter().any(shows) {
            for (key, obliges) in [
                ("mask_above", obligations.mask_above.is_some()),
                ("max_records", obligations.max_records.is_some_and(|most| most > 0)),
                ("anonymised", obligations.anonymised),
            ] {
                if obliges {
                    let message = "none of its actions shows a value";
                    let hint = "drop it, or oblige to `reason` or `four_eyes`";
                    check.warning(FindingCode::IdleObligation, &path.key(key), message, hint);
                }
            }
        } else if obligations.mask_above.is_some_and(|mask| mask >= rule.up_to) {
            let message = format!("it masks nothing: the rule shows nothing above `{}`", rule.up_to);
            let hint = format!("name a level below `{}`, or drop it", rule.up_to);
            check.warning(FindingCode::IdleObligation, &path.key("mask_above"), message, hint);
        }
    }
}
