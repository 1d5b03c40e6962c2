//! Every name that is used is declared.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, cap_path, claim_path, control_path, rule_path};
use crate::core::id::Name;
use crate::core::policy::finding::{FindingCode, Severity};
use crate::core::policy::path::{Path, shortened};
use crate::core::policy::suggest::nearest;

pub(super) fn check(check: &mut Check<'_, '_>) {
    let document = check.document;
    let categories = Declared::tables("categories", "category", &document.categories);
    let purposes = Declared::tables("purposes", "purpose", &document.purposes);
    let platforms = Declared::tables("platforms", "platform", &document.platforms);
    let processors = Declared::tables("processors", "processor", &document.processors);
    let roles = Declared::tables("roles", "role", &document.roles);

    for (name, class) in &document.classes {
        categories.expect(check, &Path::of(["classes", name.as_str(), "category"]), [&class.category]);
    }
    for (name, category) in &document.categories {
        let path = Path::of(["categories", name.as_str()]);
        purposes.expect(check, &path.key("purposes"), &category.purposes);
        for purpose in category.role_for.keys() {
            purposes.expect(check, &path.key("role_for").key(purpose.as_str()), [purpose]);
        }
        platforms.expect(check, &path.key("synced_to"), &category.synced_to);
    }
    for (name, platform) in &document.platforms {
        let path = Path::of(["platforms", name.as_str(), "categories"]);
        categories.expect(check, &path, &platform.categories);
    }
    for (name, source) in &document.sources {
        let path = Path::of(["sources", name.as_str()]);
        categories.expect(check, &path.key("categories"), &source.categories);
        processors.expect(check, &path.key("processor"), &source.processor);
    }
    for (name, processor) in &document.processors {
        let path = Path::of(["processors", name.as_str()]);
        categories.expect(check, &path.key("categories"), &processor.categories);
        purposes.expect(check, &path.key("purposes"), &processor.purposes);
    }
    for (name, sink) in &document.sinks {
        let path = Path::of(["sinks", name.as_str()]);
        categories.expect(check, &path.key("categories"), &sink.categories);
        purposes.expect(check, &path.key("purposes"), &sink.purposes);
    }
    for (name, reason) in &document.reasons {
        let path = Path::of(["reasons", name.as_str()]);
        roles.expect(check, &path.key("roles"), &reason.roles);
        roles.expect(check, &path.key("approvers"), &reason.approvers);
    }
    let allow = document.access.allow.iter().map(|rule| (&rule.roles, &rule.categories, &rule.purposes));
    let deny = document.access.deny.iter().map(|rule| (&rule.roles, &rule.categories, &rule.purposes));
    let allow = allow.enumerate().map(|(index, names)| (Path::of(["access", "allow"]).index(index), names));
    let deny = deny.enumerate().map(|(index, names)| (Path::of(["access", "deny"]).index(index), names));
    for (path, (rule_roles, rule_categories, rule_purposes)) in allow.chain(deny) {
        roles.expect(check, &path.key("roles"), rule_roles);
        categories.expect(check, &path.key("categories"), rule_categories);
        purposes.expect(check, &path.key("purposes"), rule_purposes);
    }
    for (index, claim) in document.claims.iter().enumerate() {
        for (key, set) in claim.sets() {
            let path = claim_path(index).key(key);
            roles.expect(check, &path.key("roles"), &set.roles);
            roles.expect(check, &path.key("without_roles"), &set.without_roles);
            categories.expect(check, &path.key("categories"), &set.categories);
            purposes.expect(check, &path.key("purposes"), &set.purposes);
        }
    }
    for (index, rule) in document.retention.rule.iter().enumerate() {
        categories.expect(check, &rule_path(index).key("category"), [&rule.category]);
    }
    for (index, cap) in document.retention.cap.iter().enumerate() {
        categories.expect(check, &cap_path(index).key("category"), &cap.category);
        platforms.expect(check, &cap_path(index).key("platform"), &cap.platform);
    }
    if let Some(audit) = &document.audit {
        categories.expect(check, &Path::of(["audit", "category"]), &audit.category);
    }
    if let Some(requests) = &document.requests {
        purposes.expect(check, &Path::of(["requests", "purpose"]), [&requests.purpose]);
        roles.expect(check, &Path::of(["requests", "reviewers"]), &requests.reviewers);
    }
    let controls = Declared {
        section: Path::of(["controls"]),
        what: "control",
        names: document.controls.iter().map(|control| &control.id).collect(),
    };
    for (index, control) in document.controls.iter().enumerate() {
        controls.expect(check, &control_path(index).key("needs"), &control.needs);
    }
}

/// The names of one kind that the policy declares.
struct Declared<'d> {
    section: Path,
    what: &'static str,
    names: BTreeSet<&'d Name>,
}

impl<'d> Declared<'d> {
    fn tables<T>(section: &'static str, what: &'static str, table: &'d BTreeMap<Name, T>) -> Self {
        Self { section: Path::of([section]), what, names: table.keys().collect() }
    }

    /// Reports each of `used` that is not declared.
    fn expect<'n>(&self, check: &mut Check<'_, '_>, path: &Path, used: impl IntoIterator<Item = &'n Name>) {
        for name in used {
            if self.names.contains(name) {
                continue;
            }
            let meant = match check.findings.is_full() {
                true => None,
                false => nearest(name.as_str(), self.names.iter().map(|name| name.as_str())),
            };
            let what = self.what;
            let hint = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("declare it under `{}`", self.section),
            };
            let message = format!("there is no {what} `{}`", shortened(name.as_str()));
            let code = FindingCode::UnknownReference;
            check.findings.report(Severity::Error, code, path, Some(name.as_str()), message, hint);
        }
    }
}
