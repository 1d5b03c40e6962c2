//! What leaves without a grant: redacted views, sinks and reasons (promise 1, S1.11).

use super::Check;
use crate::core::classification::Level;
use crate::core::policy::finding::FindingCode;
use crate::core::policy::path::Path;
use crate::core::policy::vocabulary::{Redact, Release, SinkKind};

pub(super) fn check(check: &mut Check<'_, '_>) {
    redactions(check);
    sinks(check);
    reasons(check);
}

/// What is above Internal is never shown whole, and what is a secret not in part either.
fn redactions(check: &mut Check<'_, '_>) {
    for (name, class) in &check.document.classes {
        let Some(redact) = class.redact else { continue };
        let path = Path::of(["classes", name.as_str(), "redact"]);
        let is_secret = class.level == Level::Restricted || class.authenticator;
        match redact {
            Redact::Show if class.level > Level::Internal => {
                let message = format!("a class that is `{}` would be shown as it is", class.level);
                let hint = "write `pseudonym`, or drop the key to show nothing";
                check.error(FindingCode::ShownSecret, &path, message, hint);
            }
            Redact::EmailDomain | Redact::LastFour if is_secret => {
                let message = format!("`{redact}` shows a part of a secret");
                let hint = "write `pseudonym`, or drop the key to show nothing";
                check.error(FindingCode::PartialSecret, &path, message, hint);
            }
            _ => {}
        }
    }
}

/// Logs and metrics are read by many and kept anywhere: nothing above Internal goes there.
fn sinks(check: &mut Check<'_, '_>) {
    for (name, sink) in &check.document.sinks {
        let is_open = match sink.kind {
            SinkKind::Log | SinkKind::Metrics => true,
            SinkKind::Export | SinkKind::Screen => false,
        };
        if is_open && sink.up_to > Level::Internal {
            let path = Path::of(["sinks", name.as_str(), "up_to"]);
            let message = format!("a sink of the kind `{}` takes what is `{}`", sink.kind, sink.up_to);
            let hint = "write `internal`; what is above it goes there redacted";
            check.error(FindingCode::OpenSink, &path, message, hint);
        }
    }
}

/// A reason allows something to someone, and no one lowers a value alone.
fn reasons(check: &mut Check<'_, '_>) {
    for (name, reason) in &check.document.reasons {
        let path = Path::of(["reasons", name.as_str()]);
        for (key, empty) in [("allows", reason.allows.is_empty()), ("roles", reason.roles.is_empty())] {
            if empty {
                let hint = "name at least one, or drop the reason";
                check.error(FindingCode::EmptyRule, &path.key(key), "an empty list allows nothing", hint);
            }
        }
        if reason.allows.contains(&Release::Lower) && reason.approvers.is_empty() {
            let message = "nobody approves that values are lowered for this reason";
            let hint = "name the roles of the second person, or take `lower` away";
            check.error(FindingCode::NoApprover, &path.key("approvers"), message, hint);
        }
    }
}
