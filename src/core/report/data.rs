//! The sections about data: scope, principles, classification, roles and categories, purposes.

use super::page::{PageSection, RowOf, Subject};
use super::phrase;
use super::statement::{Section, StatementStatus};
use crate::core::access::Stop;
use crate::core::classification::Level;
use crate::core::governance::in_effect;
use crate::core::id::Name;
use crate::core::keys::CryptoPeriod;
use crate::core::policy::{LegalRole, PageKind, PolicyDocument, PurposeEntry, Record, RequestKind};

/// What opens the page: the kind of page, its disclaimer, and what it covers, from the parts that the policy has.
pub(super) fn scope(subject: &Subject<'_>) -> PageSection {
    let document = subject.document;
    let mut page = PageSection::new(Section::Scope);
    if !in_effect(document, subject.now) {
        let from = document.effective;
        page.paragraph(
            format!("This policy is not in effect yet; it applies from {from}."),
            StatementStatus::checked("date of effect against the date of this page"),
        );
    }
    if let Some(summary) = &document.summary {
        page.paragraph(summary, StatementStatus::Stated);
    }
    let kind = document.page.as_ref().and_then(|page| page.kind);
    if kind == Some(PageKind::Summary) {
        summary_of(document, &mut page);
    }
    let parts = parts(document);
    if !parts.is_empty() {
        page.paragraph(
            format!("This page says how {} {}.", document.company, phrase::all_of(parts)),
            StatementStatus::checked("the parts that the policy has"),
        );
    }
    page
}

fn summary_of(document: &PolicyDocument, page: &mut PageSection) {
    page.paragraph(
        format!(
            "This page is an operational summary of how {} handles customer data. \
             It is not a signed data processing agreement.",
            document.company
        ),
        StatementStatus::checked("kind of page"),
    );
    let inquiries =
        document.requests.as_ref().is_some_and(|requests| requests.kinds.contains(&RequestKind::DpaInquiry));
    if let (true, Some(contacts)) = (inquiries, &document.contacts) {
        page.paragraph(
            format!(
                "If your organization needs a signed agreement or vendor review materials, write to {}.",
                contacts.privacy
            ),
            StatementStatus::checked("a route for inquiries about an agreement"),
        );
    }
}

fn parts(document: &PolicyDocument) -> Vec<&'static str> {
    let parts = [
        (!document.categories.is_empty(), "handles personal data"),
        (!document.access.allow.is_empty(), "decides who may use it"),
        (!document.retention.rule.is_empty(), "deletes it"),
        (document.requests.is_some(), "responds to requests"),
        (!document.processors.is_empty(), "manages vendor relationships"),
        (!document.controls.is_empty(), "shows that its organisational duties are met"),
    ];
    parts.into_iter().filter_map(|(has, part)| has.then_some(part)).collect()
}

/// The principles in brief: purposes, default deny, requests, the end of a relationship.
pub(super) fn principles(subject: &Subject<'_>) -> PageSection {
    let document = subject.document;
    let company = &document.company;
    let mut page = PageSection::new(Section::Principles);
    let access = &document.access;
    if !document.purposes.is_empty() {
        page.bullet(
            format!(
                "{company} uses data only for {}.",
                phrase::counted(document.purposes.len(), "declared purpose")
            ),
            StatementStatus::enforced(["purposes.*"]),
        );
        let needing = || document.purposes.iter().filter(|(_, purpose)| purpose.needs_authorization);
        if needing().next().is_some() {
            let titles = needing().map(|(name, _)| phrase::purpose(document, name));
            page.bullet(
                format!(
                    "Only while the seller's authorization of the platform connection is live: {}.",
                    titles.collect::<Vec<_>>().join("; ")
                ),
                StatementStatus::enforced(needing().map(|(name, _)| format!("purposes.{name}"))),
            );
        }
    }
    if !access.allow.is_empty() || !access.deny.is_empty() {
        page.bullet(
            format!(
                "Whatever no rule allows is denied, and a deny beats every allow (allowing: {}; denying: {}).",
                phrase::counted(access.allow.len(), "rule"),
                phrase::counted(access.deny.len(), "rule"),
            ),
            super::access::default_deny(),
        );
    }
    if let Some(requests) = &document.requests {
        let kinds = requests.kinds.iter().map(|kind| phrase::request_kind(*kind));
        page.bullet(
            format!(
                "{company} answers requests of these kinds through {}: {}.",
                phrase::channel(&requests.channel),
                phrase::all_of(kinds)
            ),
            StatementStatus::enforced(["requests.kinds"]),
        );
    }
    super::retention::at_the_end(document, &mut page);
    page
}

/// The four levels: what they cover, and what is asked for at each.
pub(super) fn classification(subject: &Subject<'_>) -> PageSection {
    let document = subject.document;
    let mut page = PageSection::new(Section::Classification);
    if document.levels.is_empty() {
        return page;
    }
    for level in Level::ALL {
        if let Some(covers) = document.levels.get(&level).and_then(|controls| controls.covers.as_deref()) {
            page.bullet(format!("{}: {}", title(level), phrase::sentence(covers)), StatementStatus::Stated);
        }
    }
    let rows = Level::ALL.map(|level| {
        let controls = document.levels.get(&level);
        let seal = controls
            .and_then(|controls| controls.seal)
            .map_or("in the clear".to_owned(), |seal| format!("sealed ({})", seal.as_str().to_uppercase()));
        let mfa = controls
            .and_then(|controls| controls.mfa_within)
            .map_or("not asked for".to_owned(), |age| format!("no older than {age}"));
        let record = match controls.and_then(|controls| controls.record) {
            // From here up the engine records whatever the file says.
            _ if level >= Level::Confidential => "recorded before the action".to_owned(),
            Some(Record::Before) => "recorded before the action".to_owned(),
            Some(Record::Batched) => {
                let batch = document.trail_batch();
                format!(
                    "recorded in batches: a crash may lose the last entries of a process, fewer than {} and all within {}",
                    batch.entries, batch.within
                )
            }
            Some(Record::Never) | None => "not recorded".to_owned(),
        };
        RowOf {
            cells: [title(level).to_owned(), seal, mfa, record],
            status: StatementStatus::enforced([format!("levels.{level}")]),
            cites: Vec::new(),
        }
    });
    page.table(["Level", "At rest", "Second factor of a person", "Audit trail"], rows.into());
    crypto_period(document, &mut page);
    page
}

/// For how long a key protects, where the policy says so and something is sealed.
fn crypto_period(document: &PolicyDocument, page: &mut PageSection) {
    let seals = document.levels.values().any(|controls| controls.seal.is_some());
    let Some(keys) = document.keys.as_ref().filter(|_| seals) else { return };
    let period = CryptoPeriod::of(document);
    let replaced =
        period.rotate_after.map(|age| format!("a key older than {age} is replaced before its next use"));
    let refused = period.refuse_after.map(|age| format!("nothing is sealed under one older than {age}"));
    let limits: Vec<String> = replaced.into_iter().chain(refused).collect();
    if !limits.is_empty() {
        let text = format!("Sealed data: {}.", limits.join(", and "));
        page.bullet(text, StatementStatus::enforced(["keys.rotate_after", "keys.refuse_after"]));
    }
    if let Some(age) = period.epoch_after {
        page.bullet(
            format!("A sweep wraps every key anew once the key that wraps them is older than {age}."),
            StatementStatus::enforced(["keys.epoch_after"]),
        );
    }
    if keys.rewrap_on_erasure {
        page.bullet(
            "Where data is erased by destroying its keys, the keys that are left are wrapped anew, so that the key over \
             older backups can be destroyed too.",
            StatementStatus::enforced(["keys.rewrap_on_erasure"]),
        );
    }
}

/// Legal roles, and what each category holds and serves.
pub(super) fn roles(subject: &Subject<'_>) -> PageSection {
    let document = subject.document;
    let mut page = PageSection::new(Section::Roles);
    let roles = document.categories.values().map(|category| {
        let others: Vec<(&Name, LegalRole)> = category
            .role_for
            .iter()
            .map(|(purpose, role)| (purpose, *role))
            .filter(|(_, role)| *role != category.role)
            .collect();
        let mut roles = others.iter().map(|(_, role)| *role).chain([category.role]);
        let basis_needed = roles.any(|role| role != LegalRole::Processor);
        let status = match (basis_needed, &category.legal_basis) {
            (true, None) => StatementStatus::Stated,
            (true, Some(_)) => StatementStatus::checked("a legal basis is declared"),
            (false, _) => StatementStatus::checked("a role is declared"),
        };
        let basis = category.legal_basis.clone().unwrap_or_else(|| match basis_needed {
            true => "none declared".to_owned(),
            false => "the customer's".to_owned(),
        });
        RowOf {
            cells: [
                category.title.clone(),
                our_role(document, category.role, &others),
                basis,
                category.covers.as_deref().map(phrase::sentence).unwrap_or_default(),
            ],
            status,
            cites: Vec::new(),
        }
    });
    page.table(["Category", "Our role", "Legal basis", "Covers"], roles.collect());
    for (name, category) in document.categories.iter().filter(|(_, category)| category.needs_instruction) {
        let purposes =
            document.instructed_purposes(category).map(|purpose| phrase::purpose(document, purpose));
        page.bullet(
            format!(
                "{}: only while the customer's instruction stands, purpose by purpose: {}.",
                category.title,
                purposes.collect::<Vec<_>>().join("; ")
            ),
            StatementStatus::enforced([format!("categories.{name}.needs_instruction")]),
        );
    }
    let contents = document.categories.iter().map(|(name, category)| {
        let classes = document.classes.iter().filter(|(_, class)| class.category == *name);
        let classes = classes.map(|(id, class)| {
            let authenticator = if class.authenticator { ", never exported with its value" } else { "" };
            let logged = class.redact.map(|redact| format!(", {}", super::release::redaction(redact)));
            format!("{id} ({}{authenticator}{})", class.level, logged.unwrap_or_default())
        });
        let purposes = category.purposes.iter().map(|purpose| phrase::purpose(document, purpose));
        RowOf {
            cells: [
                category.title.clone(),
                classes.collect::<Vec<_>>().join(", "),
                purposes.collect::<Vec<_>>().join("; "),
            ],
            status: StatementStatus::enforced([format!("categories.{name}")]),
            cites: Vec::new(),
        }
    });
    page.table(["Category", "Classes of data", "Used only for"], contents.collect());
    page
}

/// The role for a category, and for single purposes where it is another.
fn our_role(document: &PolicyDocument, role: LegalRole, others: &[(&Name, LegalRole)]) -> String {
    let word = |role| match role {
        LegalRole::Controller => "controller",
        LegalRole::Processor => "processor, on the customer's instructions",
        LegalRole::Joint => "joint controller",
    };
    let mut text = word(role).to_owned();
    for (purpose, role) in others {
        text.push_str(&format!(" (for “{}”: {})", phrase::purpose(document, purpose), word(*role)));
    }
    text
}

/// Every purpose that data may be used for.
pub(super) fn purposes(subject: &Subject<'_>) -> PageSection {
    let mut page = PageSection::new(Section::Purposes);
    for (name, purpose) in &subject.document.purposes {
        let needs = match phrase::all_of(needs(purpose)) {
            needs if needs.is_empty() => needs,
            needs => format!(" ({needs})"),
        };
        page.bullet(
            format!("{}{needs}.", phrase::open_end(&purpose.title)),
            StatementStatus::enforced([format!("purposes.{name}")]),
        );
    }
    page
}

/// What has to be so before data is used for a purpose.
fn needs(purpose: &PurposeEntry) -> Vec<String> {
    let stop = |stop: &Stop| match stop {
        Stop::Restriction => "restricts the processing of their data",
        Stop::Objection => "objects",
        Stop::OptOut => "opts out",
    };
    let mut needs = Vec::new();
    if purpose.needs_authorization {
        needs.push("only while the seller's authorization is live".to_owned());
    }
    if purpose.needs_consent {
        needs.push("only with the person's consent".to_owned());
    }
    if !purpose.stops_on.is_empty() {
        needs.push(format!("not once the person {}", phrase::one_of(purpose.stops_on.iter().map(stop))));
    }
    if let Some(within) = purpose.break_glass {
        needs.push(format!("in an emergency, for a named case, for {within} at most"));
    }
    needs
}

const fn title(level: Level) -> &'static str {
    match level {
        Level::Public => "Public",
        Level::Internal => "Internal",
        Level::Confidential => "Confidential",
        Level::Restricted => "Restricted",
    }
}
