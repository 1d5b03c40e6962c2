//! The section about requests of people.

use super::page::{PageSection, Subject};
use super::phrase;
use super::statement::{Section, StatementStatus};
use crate::core::dsr::Clocks;

/// Kinds, channel, review by people, clocks, accountability.
pub(super) fn requests(subject: &Subject<'_>) -> PageSection {
    let document = subject.document;
    let mut page = PageSection::new(Section::Requests);
    let Some(requests) = &document.requests else { return page };
    let kinds = requests.kinds.iter().map(|kind| phrase::request_kind(*kind));
    page.bullet(
        format!(
            "Accepted kinds of request: {}. A request of any other kind is parked, never dropped.",
            phrase::all_of(kinds)
        ),
        StatementStatus::enforced(["requests.kinds"]),
    );
    page.bullet(
        format!(
            "Requests come through {}; one that comes another way is accepted and flagged, with the same clock.",
            phrase::channel(&requests.channel)
        ),
        StatementStatus::enforced(["requests.channel"]),
    );
    let contacts = document.contacts.as_ref();
    if let Some(contacts) = contacts.filter(|contacts| !requests.channel.contains(&contacts.privacy)) {
        page.bullet(
            format!("Write to {} for privacy and security requests.", contacts.privacy),
            StatementStatus::Stated,
        );
    }
    page.bullet(
        "Requests are verified before action is taken, and each place that holds the data answers before one is complete.",
        StatementStatus::enforced(["requests.kinds", "sources.*"]),
    );
    if !requests.reviewers.is_empty() {
        let reviewers = requests.reviewers.iter().map(|role| phrase::role(document, role));
        page.bullet(
            format!(
                "A person with the role {} reviews each request; a program never does.",
                phrase::one_of(reviewers)
            ),
            StatementStatus::enforced(["requests.reviewers"]),
        );
    }
    for name in &requests.regimes {
        match Clocks::builtin().answer(name, crate::core::policy::RequestKind::Access) {
            Some((within, cites)) => {
                page.bullet(
                    format!(
                        "{}: an answer is due within {within} of receipt.",
                        name.as_str().to_uppercase().replace('_', " ")
                    ),
                    StatementStatus::enforced(["requests.regimes"]),
                );
                page.citing([cites.to_owned()]);
            }
            None => page.bullet(
                format!("The clock of {name} runs from receipt."),
                StatementStatus::enforced(["requests.regimes"]),
            ),
        }
    }
    if requests.regimes.len() > 1 {
        page.bullet(
            "Where several clocks run, the earliest counts.",
            StatementStatus::enforced(["requests.regimes"]),
        );
    }
    if let Some(period) = requests.accountability {
        page.bullet(
            format!("What shows how a request was handled is kept for {period} after it is closed."),
            StatementStatus::enforced(["requests.accountability"]),
        );
    }
    page
}
