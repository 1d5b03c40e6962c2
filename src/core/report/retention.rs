//! The section about retention: rules, caps, backups.

use super::page::{PageSection, RowOf, Subject};
use super::phrase;
use super::statement::{Section, StatementStatus};
use crate::core::id::Name;
use crate::core::policy::{Basis, Cap, Dispose, OnErasure, PolicyDocument, RetentionRule};

/// The events that end a relationship with a customer.
const ENDINGS: [&str; 2] = ["authorization_revoked", "relationship_ended"];

/// The rules as a table, the caps with their citations, and how far back backups go.
pub(super) fn retention(subject: &Subject<'_>) -> PageSection {
    let document = subject.document;
    let mut page = PageSection::new(Section::Retention);
    if !document.retention.rule.is_empty() || !document.retention.cap.is_empty() {
        page.paragraph(
            format!(
                "A sweep, run by {}, deletes what is due; between two sweeps, what is due is still there.",
                document.company
            ),
            StatementStatus::enforced(["retention.rule", "retention.cap"]),
        );
    }
    let rules = document.retention.rule.iter().map(|rule| RowOf {
        cells: [
            rule.id.to_string(),
            phrase::category(document, &rule.category).to_owned(),
            from(&rule.from),
            rule.keep.to_string(),
            then(rule),
            basis(rule.basis).to_owned(),
            rule.duty.clone().unwrap_or_else(|| "none".to_owned()),
        ],
        status: StatementStatus::enforced([&rule.id]),
        cites: rule.duty.iter().cloned().collect(),
    });
    page.table(
        ["Rule", "Category", "From", "Kept for", "Then", "Why", "Legal duty to keep"],
        rules.collect(),
    );
    for (name, category) in &document.categories {
        if category.on_erasure == OnErasure::Pseudonymise {
            page.bullet(
                format!(
                    "{}: when a person's data is erased, our own records of this kind stay until their rule deletes \
                     them, under a pseudonym whose key is destroyed, unless a legal duty or a hold keeps them.",
                    category.title
                ),
                StatementStatus::enforced([format!("categories.{name}.on_erasure")]),
            );
        }
    }
    for cap in &document.retention.cap {
        page.bullet(capped(document, cap), StatementStatus::enforced([&cap.id]));
        page.citing([cap.cites.clone()]);
    }
    if !document.retention.cap.is_empty() {
        page.paragraph(
            "Where a cap crosses a legal duty to keep, or a hold, the data is kept and the conflict is reported.",
            StatementStatus::enforced(["retention.cap"]),
        );
    }
    if let Some(keep) = document.audit.as_ref().and_then(|audit| audit.keep) {
        page.bullet(
            format!(
                "Audit trail: what an entry says is deleted {keep} after it was written, unless a hold stands on anything; \
                 the hashes that prove the trail whole stay."
            ),
            StatementStatus::enforced(["audit.keep"]),
        );
    }
    if let Some(backups) = &document.backups {
        if let Some(age) = backups.records {
            page.bullet(format!("Backups of records are at most {age} old."), StatementStatus::Stated);
        }
        if let Some(age) = backups.key_store {
            page.bullet(format!("Backups of the key store are at most {age} old."), StatementStatus::Stated);
            page.bullet(
                format!(
                    "A certificate of erasure is withheld until the provider's key over every backup of the \
                     destroyed keys is destroyed too, or until {age} have passed and no such backup is left."
                ),
                StatementStatus::enforced(["backups.key_store"]),
            );
        }
    }
    page
}

/// What happens at the end of a relationship, one sentence a rule.
pub(super) fn at_the_end(document: &PolicyDocument, page: &mut PageSection) {
    for rule in document.retention.rule.iter().filter(|rule| ENDINGS.contains(&rule.from.as_str())) {
        let category = phrase::category(document, &rule.category);
        let event = match rule.from.as_str() {
            "authorization_revoked" => "the authorization of the connection is revoked",
            _ => "the relationship ends",
        };
        let when = match rule.keep.is_zero() {
            true => format!("as soon as {event}"),
            false => format!("{} after {event}", rule.keep),
        };
        page.bullet(
            format!("{category}: {when}, {}, unless a legal duty or a hold keeps it.", then(rule)),
            StatementStatus::enforced([&rule.id]),
        );
    }
}

fn capped(document: &PolicyDocument, cap: &Cap) -> String {
    let what = match (&cap.category, &cap.platform) {
        (Some(category), Some(platform)) => {
            format!("{} from {}", phrase::category(document, category), phrase::platform(document, platform))
        }
        (Some(category), None) => phrase::category(document, category).to_owned(),
        (None, Some(platform)) => format!("Data from {}", phrase::platform(document, platform)),
        (None, None) => "All data".to_owned(),
    };
    format!("{what}: gone at most {} after {}.", cap.at_most, from(&cap.from))
}

fn from(event: &Name) -> String {
    match event.as_str() {
        "stored" => "it was stored".to_owned(),
        _ => format!("“{}”", phrase::event(event)),
    }
}

fn then(rule: &RetentionRule) -> String {
    let what = match rule.dispose {
        Dispose::Delete => "deleted",
        Dispose::CryptoErase => "unreadable (its keys are destroyed), then deleted",
    };
    match rule.physically_within {
        Some(within) => format!("{what} within {within}"),
        None => what.to_owned(),
    }
}

const fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::ServiceDelivery => "service delivery",
        Basis::Security => "security",
        Basis::Billing => "billing",
        Basis::DisputeResolution => "dispute resolution",
        Basis::LegalCompliance => "legal compliance",
    }
}
