//! Ways in, evidence and transport that say something.

use super::{Check, control_path};
use crate::core::policy::finding::FindingCode;
use crate::core::policy::path::Path;

pub(super) fn check(check: &mut Check<'_, '_>) {
    ways_in(check);
    evidence(check);
    transport(check);
}

/// Requests need a contact, a section that says how they are handled and at least one accepted kind (S2.4).
fn ways_in(check: &mut Check<'_, '_>) {
    let document = check.document;
    if document.contacts.is_none() {
        let hint = "write `contacts.privacy`";
        check.error(FindingCode::NoRoute, &Path::of(["contacts"]), "there is nobody to write to", hint);
    }
    match &document.requests {
        None => {
            let hint = "write a table `requests`";
            let message = "nothing says how requests of people are handled";
            check.error(FindingCode::NoRoute, &Path::of(["requests"]), message, hint);
        }
        Some(requests) => {
            for (key, empty, message) in [
                ("kinds", requests.kinds.is_empty(), "no kind of request is accepted"),
                ("reviewers", requests.reviewers.is_empty(), "nobody reviews requests"),
            ] {
                if empty {
                    check.error(
                        FindingCode::NoRoute,
                        &Path::of(["requests", key]),
                        message,
                        "name at least one",
                    );
                }
            }
        }
    }
}

fn evidence(check: &mut Check<'_, '_>) {
    for (index, control) in check.document.controls.iter().enumerate() {
        if control.evidence_within.is_none() {
            let hint = "write the age that its evidence may have, such as `365 days`";
            let path = control_path(index).key("evidence_within");
            check.error(
                FindingCode::NoEvidenceBound,
                &path,
                "the evidence of this control never expires",
                hint,
            );
        }
    }
}

fn transport(check: &mut Check<'_, '_>) {
    if check.document.transport.as_ref().is_some_and(|transport| transport.admit.is_empty()) {
        let message = "no transport version is admitted";
        check.error(FindingCode::EmptyRule, &Path::of(["transport", "admit"]), message, "name at least one");
    }
}
