//! The audit trail: it is kept for a time of its own, and by no rule for records.

use super::{Check, rule_path};
use crate::core::policy::finding::FindingCode;
use crate::core::policy::path::Path;

pub(super) fn check(check: &mut Check<'_, '_>) {
    let document = check.document;
    let Some(audit) = &document.audit else { return };
    if audit.keep.is_some_and(|keep| keep.is_zero()) {
        let message = "an entry of the trail would be over as soon as it is written";
        let hint = "write the age up to which entries are needed, such as `7 years`";
        check.error(FindingCode::TrailRetention, &Path::of(["audit", "keep"]), message, hint);
    }
    let Some(category) = &audit.category else { return };
    for (index, _) in
        document.retention.rule.iter().enumerate().filter(|(_, rule)| rule.category == *category)
    {
        let message = "a rule deletes records, and the audit trail has none";
        let hint = "write `audit.keep`, and drop this rule";
        check.error(FindingCode::TrailRetention, &rule_path(index).key("category"), message, hint);
    }
}
