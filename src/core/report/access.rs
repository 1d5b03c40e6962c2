//! The section about access: every rule in one plain sentence.

use std::collections::BTreeSet;

use super::page::{PageSection, Subject};
use super::phrase;
use super::statement::{Section, StatementStatus};
use crate::core::access::{Action, Environment, PrincipalKind};
use crate::core::id::Name;
use crate::core::policy::{AllowRule, Conditions, DenyRule, Obligations, PolicyDocument};

/// Default deny, then each rule that allows, then each that denies; then the reasons that need no grant.
pub(super) fn access(subject: &Subject<'_>) -> PageSection {
    let document = subject.document;
    let mut page = PageSection::new(Section::Access);
    let (allow, deny) = (&document.access.allow, &document.access.deny);
    if !allow.is_empty() || !deny.is_empty() {
        rules(document, &mut page);
    }
    super::release::reasons(document, &mut page);
    for claim in &document.claims {
        if let Some(states) = &claim.states {
            // A policy with a false claim does not load.
            page.bullet(
                phrase::sentence(states),
                StatementStatus::enforced([format!("claims.{}", claim.id)]),
            );
        }
    }
    page
}

fn rules(document: &PolicyDocument, page: &mut PageSection) {
    page.paragraph(
        "Access is denied unless one of these rules allows it and none denies it. It is decided before a value is opened, and \
         before a person's request is carried out in any source; for any other writing and for sharing, when \
         our software asks.",
        default_deny(),
    );
    for rule in &document.access.allow {
        let status = StatementStatus::of_access([&rule.id], rule.actions.iter().copied());
        page.bullet(allowed(document, rule), status);
    }
    for rule in &document.access.deny {
        let actions = match rule.actions.is_empty() {
            true => Action::ALL,
            false => &rule.actions.iter().copied().collect::<Vec<_>>(),
        };
        page.bullet(denied(document, rule), StatementStatus::of_access([&rule.id], actions.iter().copied()));
    }
}

/// What stands behind the default: the rules, each for its own actions.
pub(super) fn default_deny() -> StatementStatus {
    StatementStatus::of_access(["access.allow", "access.deny"], Action::ALL.iter().copied())
}

fn allowed(document: &PolicyDocument, rule: &AllowRule) -> String {
    let mut text = format!(
        "{} may {} data up to {} of {}",
        who(document, &rule.roles, &rule.kinds),
        actions(&rule.actions),
        rule.up_to,
        categories(document, &rule.categories),
    );
    text.push_str(&purposes(document, &rule.purposes, "for any purpose that the category has"));
    text.push_str(&environments(&rule.environments));
    if let Some(when) = rule.when.as_ref().map(conditions).filter(|when| !when.is_empty()) {
        text.push_str(&format!(", when {}", phrase::all_of(when)));
    }
    let obliged = obligations(&rule.obligations);
    if !obliged.is_empty() {
        text.push_str(&format!("; {}", phrase::all_of(obliged)));
    }
    text.push('.');
    text
}

fn denied(document: &PolicyDocument, rule: &DenyRule) -> String {
    let verb = if rule.actions.is_empty() { "do anything with".to_owned() } else { actions(&rule.actions) };
    let level = rule.from_level.map(|level| format!(" from {level} up")).unwrap_or_default();
    let of = match rule.categories.is_empty() {
        true => String::new(),
        false => format!(" of {}", categories(document, &rule.categories)),
    };
    let mut text = format!("{} may never {verb} data{level}{of}", who(document, &rule.roles, &rule.kinds));
    text.push_str(&purposes(document, &rule.purposes, ""));
    text.push_str(&environments(&rule.environments));
    if let Some(unless) = rule.unless.as_ref().map(conditions).filter(|unless| !unless.is_empty()) {
        text.push_str(&format!(", unless {}", phrase::all_of(unless)));
    }
    text.push('.');
    text
}

fn who(document: &PolicyDocument, roles: &BTreeSet<Name>, kinds: &BTreeSet<PrincipalKind>) -> String {
    let kinds = match (kinds.contains(&PrincipalKind::Person), kinds.contains(&PrincipalKind::Service)) {
        (true, false) => "People",
        (false, true) => "Services",
        _ => "People and services",
    };
    match roles.is_empty() {
        true => kinds.to_owned(),
        false => {
            format!(
                "{kinds} with the role {}",
                phrase::one_of(roles.iter().map(|role| phrase::role(document, role)))
            )
        }
    }
}

fn actions(actions: &BTreeSet<Action>) -> String {
    phrase::one_of(actions.iter().map(|action| action.as_str()))
}

fn categories(document: &PolicyDocument, categories: &BTreeSet<Name>) -> String {
    let all =
        !document.categories.is_empty() && document.categories.keys().all(|name| categories.contains(name));
    match all {
        true => "every category".to_owned(),
        false => phrase::all_of(categories.iter().map(|name| phrase::category(document, name))),
    }
}

fn purposes(document: &PolicyDocument, purposes: &BTreeSet<Name>, any: &str) -> String {
    let titles: Vec<String> =
        purposes.iter().map(|name| format!("“{}”", phrase::purpose(document, name))).collect();
    match (titles.is_empty(), any) {
        (true, "") => String::new(),
        (true, any) => format!(" {any}"),
        (false, _) => format!(" for {}", phrase::one_of(titles)),
    }
}

fn environments(environments: &BTreeSet<Environment>) -> String {
    match environments.is_empty() {
        true => String::new(),
        false => {
            format!(" in {}", phrase::one_of(environments.iter().map(|environment| environment.as_str())))
        }
    }
}

fn conditions(conditions: &Conditions) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(age) = conditions.mfa_within {
        all.push(format!("a second factor was shown within the last {age}"));
    }
    if !conditions.mfa_by.is_empty() {
        let methods = conditions.mfa_by.iter().map(|method| method.as_str());
        all.push(format!("a second factor was shown by {}", phrase::one_of(methods)));
    }
    if conditions.authorization.is_some() {
        all.push("the seller's authorization is live".to_owned());
    }
    if conditions.assigned_case {
        all.push("the principal is assigned to an open case about the data".to_owned());
    }
    if conditions.terms_accepted {
        all.push("the customer has accepted the terms in force".to_owned());
    }
    if let Some(age) = conditions.trained_within {
        all.push(format!("a training was completed within the last {age}"));
    }
    if conditions.managed_device {
        all.push("the device is managed by us".to_owned());
    }
    if !conditions.transport.is_empty() {
        let admitted = conditions.transport.iter().map(|version| phrase::transport(*version));
        all.push(format!("the question comes over {}", phrase::one_of(admitted)));
    }
    if let Some(hours) = conditions.hours {
        all.push(format!("it is {hours} UTC"));
    }
    all
}

fn obligations(obligations: &Obligations) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(level) = obligations.mask_above {
        all.push(format!("fields above {level} are shown redacted"));
    }
    if let Some(most) = obligations.max_records {
        all.push(format!("at most {most} {} opened", if most == 1 { "record is" } else { "records are" }));
    }
    if obligations.reason {
        all.push("a reason goes on record first".to_owned());
    }
    if obligations.anonymised {
        all.push("what is shown names nobody".to_owned());
    }
    if obligations.four_eyes {
        all.push("a second person, who may do the same, approves first".to_owned());
    }
    all
}
