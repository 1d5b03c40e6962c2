//! The sections about where data goes: subprocessors, sources and platforms, transport.

use super::page::{PageSection, RowOf, Subject};
use super::phrase;
use super::statement::{Section, StatementStatus};
use crate::core::classification::Level;
use crate::core::policy::SourceKind;

/// The subprocessor list.
pub(super) fn processors(subject: &Subject<'_>) -> PageSection {
    let document = subject.document;
    let mut page = PageSection::new(Section::Processors);
    let listed = |items: Vec<&str>, none: &str| match items.is_empty() {
        true => none.to_owned(),
        false => items.join(", "),
    };
    let rows = document.processors.iter().map(|(name, processor)| {
        let entity = match (&processor.entity, processor.disabled) {
            (Some(entity), false) => entity.clone(),
            (Some(entity), true) => format!("{entity} (not enabled)"),
            (None, true) => format!("{name} (not enabled)"),
            (None, false) => format!("{name} (not named)"),
        };
        let categories = processor.categories.iter().map(|name| phrase::category(document, name)).collect();
        let up_to = processor.up_to.map(|level| format!(" (up to {level})")).unwrap_or_default();
        let status = match (&processor.entity, processor.disabled) {
            (Some(_), false) => StatementStatus::checked("a legal entity is named"),
            _ => StatementStatus::Stated,
        };
        RowOf {
            cells: [
                entity,
                processor.does.clone(),
                format!("{}{up_to}", listed(categories, "none")),
                listed(processor.regions.iter().map(String::as_str).collect(), "not stated"),
                processor.transfer.clone().unwrap_or_else(|| "none declared".to_owned()),
            ],
            status,
            cites: Vec::new(),
        }
    });
    page.table(["Provider", "Does", "Categories", "Regions", "Transfer"], rows.collect());
    page
}

/// Where data lives, and the platforms that hold a synchronised copy.
pub(super) fn sources(subject: &Subject<'_>) -> PageSection {
    let document = subject.document;
    let mut page = PageSection::new(Section::Sources);
    let rows = document.sources.iter().map(|(name, source)| {
        let kind = match source.kind {
            SourceKind::Managed => "our records, sealed by level".to_owned(),
            SourceKind::Own => "a store of our own".to_owned(),
            SourceKind::Processor => {
                let processor = source.processor.as_ref();
                let entity = processor.and_then(|name| document.processors.get(name)?.entity.as_deref());
                let named = entity.or(processor.map(|name| name.as_str()));
                named.map_or("a processor's system".to_owned(), |by| format!("a system of {by}"))
            }
        };
        let categories = source.categories.iter().map(|name| phrase::category(document, name));
        RowOf {
            cells: [source.title.clone(), kind, categories.collect::<Vec<_>>().join(", ")],
            status: StatementStatus::enforced([format!("sources.{name}")]),
            cites: Vec::new(),
        }
    });
    page.table(["Place", "Kind", "Categories"], rows.collect());
    for (name, platform) in &document.platforms {
        let synced: Vec<&str> = document
            .categories
            .values()
            .filter(|category| category.synced_to.contains(name))
            .map(|category| category.title.as_str())
            .collect();
        if !synced.is_empty() {
            page.bullet(
                format!(
                    "{} holds a synchronized copy of {}; a request about them is not complete \
                     until it has answered.",
                    platform.title,
                    phrase::all_of(synced)
                ),
                StatementStatus::enforced([format!("platforms.{name}")]),
            );
        }
        let belongs = platform.categories.iter().map(|name| phrase::category(document, name));
        let belongs = format!("belongs to {}", phrase::all_of(belongs));
        let is = match (platform.default_level, platform.categories.is_empty()) {
            (None, true) => continue,
            (Some(level), true) => format!("is {level}"),
            // What nobody gave a level is at the top.
            (level, false) => format!("is {} and {belongs}", level.unwrap_or(Level::Restricted)),
        };
        page.bullet(format!("Unlabelled data from {} {is}.", platform.title), StatementStatus::Stated);
    }
    page
}

/// The transport versions that are admitted.
pub(super) fn transport(subject: &Subject<'_>) -> PageSection {
    let mut page = PageSection::new(Section::Transport);
    let admitted = subject.document.transport.iter().flat_map(|transport| &transport.admit);
    let names: Vec<&str> = admitted.map(|version| phrase::transport(*version)).collect();
    if !names.is_empty() {
        page.paragraph(
            format!(
                "Connections are admitted over {} alone; every other version is refused.",
                phrase::one_of(names)
            ),
            // The host's own sockets ask `Policy::admits`: the steward sees no connection.
            StatementStatus::Stated,
        );
    }
    page
}
