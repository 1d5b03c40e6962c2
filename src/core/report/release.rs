//! What leaves without a grant: what logs show of a class, the sinks, the reasons.

use super::page::{PageSection, RowOf, Subject};
use super::phrase;
use super::statement::{Section, StatementStatus};
use crate::core::policy::{PolicyDocument, ReasonEntry, Redact, Release, SinkKind};

/// What a log shows of a value, after the level of its class.
pub(super) const fn redaction(redact: Redact) -> &'static str {
    match redact {
        Redact::Erase => "never logged",
        Redact::Constant => "logged as a fixed text",
        Redact::Tag => "logged as the name of its class",
        Redact::Pseudonym => "logged as a keyed pseudonym",
        Redact::EmailDomain => "logged as the domain of the address",
        Redact::LastFour => "logged as its last four characters",
        Redact::Show => "logged as it is",
    }
}

/// The sinks and what each takes.
pub(super) fn sinks(subject: &Subject<'_>) -> PageSection {
    let document = subject.document;
    let mut page = PageSection::new(Section::Sinks);
    if document.sinks.is_empty() {
        return page;
    }
    page.paragraph(
        "A value is written to one of these after a check of its level, categories and purposes; what does not fit is refused.",
        StatementStatus::enforced(["sinks.*"]),
    );
    let listed = |items: Vec<&str>| match items.is_empty() {
        true => "any".to_owned(),
        false => items.join("; "),
    };
    let rows = document.sinks.iter().map(|(name, sink)| {
        let kind = match sink.kind {
            SinkKind::Log => "log",
            SinkKind::Metrics => "metrics",
            SinkKind::Export => "export",
            SinkKind::Screen => "screen",
        };
        RowOf {
            cells: [
                sink.title.clone(),
                kind.to_owned(),
                sink.up_to.to_string(),
                listed(sink.categories.iter().map(|name| phrase::category(document, name)).collect()),
                listed(sink.purposes.iter().map(|name| phrase::purpose(document, name)).collect()),
            ],
            status: StatementStatus::enforced([format!("sinks.{name}")]),
            cites: Vec::new(),
        }
    });
    page.table(["Written to", "Kind", "Takes data up to", "Categories", "Purposes"], rows.collect());
    page
}

/// The closed list of reasons, in the section about access.
pub(super) fn reasons(document: &PolicyDocument, page: &mut PageSection) {
    if document.reasons.is_empty() {
        return;
    }
    page.paragraph(
        "Without a grant, a value is shown, or given a lower level or another category, for one of these reasons alone, which goes on the audit \
         trail.",
        StatementStatus::enforced(["reasons.*"]),
    );
    for (name, reason) in &document.reasons {
        let text = format!("{}: {}.", phrase::open_end(&reason.title), allowed(document, reason));
        page.bullet(text, StatementStatus::enforced([format!("reasons.{name}")]));
    }
}

fn allowed(document: &PolicyDocument, reason: &ReasonEntry) -> String {
    let roles = |roles: &std::collections::BTreeSet<_>| {
        phrase::one_of(roles.iter().map(|role| phrase::role(document, role)))
    };
    let what = reason.allows.iter().map(|release| match release {
        Release::Expose => "shown without a grant",
        Release::Lower => "given a lower level or another category",
    });
    let mut text = format!(
        "data up to {} may be {} by someone with the role {}",
        reason.up_to,
        phrase::one_of(what),
        roles(&reason.roles)
    );
    if reason.allows.contains(&Release::Lower) {
        let approvers = roles(&reason.approvers);
        text.push_str(&format!("; a lower level or another category needs the approval of a second person with the role {approvers}"));
    }
    text
}
