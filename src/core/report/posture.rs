//! The last sections: certificates, Data Protection Officer, contact, links.

use super::page::{PageSection, Subject};
use super::phrase;
use super::statement::{Section, StatementStatus};

/// What the company claims, and what it says that it does not claim.
pub(super) fn posture(subject: &Subject<'_>) -> PageSection {
    let document = subject.document;
    let company = &document.company;
    let mut page = PageSection::new(Section::Posture);
    let today = subject.now.date_naive();
    let valid = || document.certifications.iter().filter(|held| held.valid_until >= today);
    for held in valid() {
        page.bullet(
            format!(
                "{company} states that it holds {} for {}, valid until {}.",
                held.standard, held.scope, held.valid_until
            ),
            StatementStatus::checked("not expired on the date of this page"),
        );
    }
    if valid().next().is_none() {
        page.bullet(
            format!("{company} does not currently claim any certification."),
            StatementStatus::checked("no certificate that is valid on the date of this page"),
        );
    }
    match document.contacts.as_ref().and_then(|contacts| contacts.dpo.as_deref()) {
        Some(dpo) => page.bullet(format!("Data Protection Officer: {dpo}."), StatementStatus::Stated),
        None => page.bullet(
            format!("{company} does not currently list a Data Protection Officer."),
            StatementStatus::checked("no such contact"),
        ),
    }
    if let (Some(requests), Some(contacts)) = (&document.requests, &document.contacts) {
        let address = match requests.channel.contains(&contacts.privacy) {
            true => String::new(),
            false => format!(" ({})", contacts.privacy),
        };
        page.bullet(
            format!(
                "Privacy and security requests are handled through {}{address}.",
                phrase::channel(&requests.channel)
            ),
            StatementStatus::checked("a channel and an address are declared"),
        );
    }
    page
}

/// The links; the renderer turns each into one.
pub(super) fn links(subject: &Subject<'_>) -> PageSection {
    let mut page = PageSection::new(Section::Links);
    for link in &subject.document.links {
        page.bullet(format!("{}: {}", link.title, link.url), StatementStatus::Stated);
    }
    page
}
