//! The page as data: sections of sentences and tables, before any markup.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::statement::{Section, Statement, StatementStatus};
use super::{access, controls, data, parties, posture, release, requests, retention};
use crate::core::governance::{ControlStatus, EvidenceSet, statuses};
use crate::core::id::Name;
use crate::core::policy::PolicyDocument;

/// Every statement of the page, in its order; those that are not [shown](Statement::is_shown) are among them.
///
/// Deterministic: equal input gives equal output. Each is generated from typed data and says what stands behind it.
#[must_use]
pub fn statements(document: &PolicyDocument, evidence: &EvidenceSet, now: DateTime<Utc>) -> Vec<Statement> {
    let blocks =
        sections(&Subject::new(document, evidence, now)).into_iter().flat_map(|section| section.blocks);
    blocks
        .flat_map(|block| match block {
            Block::Paragraph(statement) | Block::Bullet(statement) => vec![statement],
            Block::Table { rows, .. } => rows.into_iter().map(|row| row.statement).collect(),
        })
        .collect()
}

/// What a page is generated from.
pub(super) struct Subject<'a> {
    pub(super) document: &'a PolicyDocument,
    pub(super) evidence: &'a EvidenceSet,
    pub(super) statuses: BTreeMap<Name, ControlStatus>,
    pub(super) now: DateTime<Utc>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(document: &'a PolicyDocument, evidence: &'a EvidenceSet, now: DateTime<Utc>) -> Self {
        Self { document, evidence, statuses: statuses(document, evidence, now), now }
    }
}

/// The sections that the policy has a part for, in order.
pub(super) fn sections(subject: &Subject<'_>) -> Vec<PageSection> {
    let mut all = vec![
        data::scope(subject),
        data::principles(subject),
        data::classification(subject),
        data::roles(subject),
        data::purposes(subject),
        access::access(subject),
        retention::retention(subject),
        parties::processors(subject),
        parties::sources(subject),
        release::sinks(subject),
        requests::requests(subject),
        parties::transport(subject),
    ];
    all.extend(controls::controls(subject));
    all.push(posture::posture(subject));
    all.push(posture::links(subject));
    all.retain(|section| !section.blocks.is_empty());
    all
}

/// One section: its blocks, in order.
pub(super) struct PageSection {
    pub(super) section: Section,
    pub(super) blocks: Vec<Block>,
}

impl PageSection {
    pub(super) fn new(section: Section) -> Self {
        Self { section, blocks: Vec::new() }
    }

    pub(super) fn paragraph(&mut self, text: impl Into<String>, status: StatementStatus) {
        let statement = self.statement(text.into(), status);
        self.blocks.push(Block::Paragraph(statement));
    }

    pub(super) fn bullet(&mut self, text: impl Into<String>, status: StatementStatus) {
        let statement = self.statement(text.into(), status);
        self.blocks.push(Block::Bullet(statement));
    }

    /// Adds a table; its rows become statements that read `Heading: cell; …`. Without rows, none is added.
    pub(super) fn table<const N: usize>(&mut self, headings: [&'static str; N], rows: Vec<RowOf<N>>) {
        if rows.is_empty() {
            return;
        }
        let rows = rows.into_iter().map(|row| {
            let cells = headings.iter().zip(&row.cells).filter(|(_, cell)| !cell.is_empty());
            let text =
                cells.map(|(heading, cell)| format!("{heading}: {cell}")).collect::<Vec<_>>().join("; ");
            let statement = Statement { cites: row.cites, ..self.statement(text, row.status) };
            Row { cells: row.cells.into(), statement }
        });
        let rows = rows.collect();
        self.blocks.push(Block::Table { headings: headings.into(), rows });
    }

    /// The citation that the last sentence rests on.
    pub(super) fn citing(&mut self, cites: impl IntoIterator<Item = String>) {
        if let Some(Block::Paragraph(last) | Block::Bullet(last)) = self.blocks.last_mut() {
            last.cites.extend(cites);
        }
    }

    fn statement(&self, text: String, status: StatementStatus) -> Statement {
        Statement { section: self.section.clone(), text, status, cites: Vec::new() }
    }
}

/// A row of a table of `N` columns.
pub(super) struct RowOf<const N: usize> {
    pub(super) cells: [String; N],
    pub(super) status: StatementStatus,
    pub(super) cites: Vec<String>,
}

/// A piece of a section.
pub(super) enum Block {
    Paragraph(Statement),
    Bullet(Statement),
    Table { headings: Vec<&'static str>, rows: Vec<Row> },
}

/// A row: its cells for the table, and the statement that they make.
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    pub(super) statement: Statement,
}
