//! The page as Markdown.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::page::{Block, PageSection, Subject, sections};
use super::statement::{Section, Statement, StatementStatus};
use super::{markdown, phrase};
use crate::core::access::Action;
use crate::core::governance::{ControlStatus, EvidenceSet};
use crate::core::id::Name;
use crate::core::policy::{Numbering, PolicyDocument};

/// The page of a policy as Markdown: equal input gives equal bytes.
///
/// Every sentence carries what stands behind it. An attested one that is not met at `now` is not stated; its control is listed
/// under "Not shown at present" with the date on which it was last seen to be met. Text of the policy is escaped. `digest_text`
/// names the policy's meaning in the footer.
///
/// # Errors
/// [`RenderError`] where a text still holds a placeholder (`[Your Company Name]`) or a link leads to no `http`, `https` or `mailto`
/// address.
pub fn render(
    document: &PolicyDocument,
    digest_text: &str,
    evidence: &EvidenceSet,
    now: DateTime<Utc>,
) -> Result<String, RenderError> {
    let sections = sections(&Subject::new(document, evidence, now));
    let title = document.page.as_ref().and_then(|page| page.title.clone());
    let title = title.unwrap_or_else(|| format!("{}: privacy and security policy", document.company));
    refuse_placeholders([title.as_str(), &document.company, &document.version, &document.name])?;
    let mut page = format!(
        "# {}\n\n{}\n\nLast updated: {}\n",
        markdown::text(&title),
        markdown::text(&document.company),
        document.updated
    );
    let mut headings = Headings::of(document);
    let (mut links, mut hidden) = (None, Vec::new());
    for section in &sections {
        refuse_placeholders([section.section.title()])?;
        let body = body(section, &mut hidden)?;
        match section.section {
            _ if body.is_empty() => {}
            Section::Links => links = Some(linked(document)?),
            Section::Scope => page.push_str(&body),
            _ => page.push_str(&format!("{}{body}", headings.next(section.section.title()))),
        }
    }
    if !hidden.is_empty() {
        page.push_str(&format!("{}\n{}", headings.next("Not shown at present"), hidden.concat()));
    }
    if let Some(links) = links {
        page.push_str(&format!("{}\n{links}", headings.next(Section::Links.title())));
    }
    page.push_str(&format!(
        "\n---\n\nPolicy {}, version {}, in effect from {}, last updated {}, digest {}. Page generated on {} (UTC).\n",
        markdown::code(&document.name),
        markdown::code(&document.version),
        document.effective,
        document.updated,
        markdown::code(digest_text),
        phrase::date(now),
    ));
    Ok(page)
}

/// Why a page cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// A text still holds a placeholder.
    #[error("`[{found}]` is a placeholder that nobody filled in")]
    UnresolvedPlaceholder {
        /// What stands between the brackets.
        found: String,
    },
    /// A link leads to no address that a page may link to.
    #[error("the link `{title}` leads to no `https`, `http` or `mailto` address")]
    UnsafeLink {
        /// Text of the link.
        title: String,
    },
}

/// Everything that a section shows; controls that are not met go to `hidden` instead.
fn body(section: &PageSection, hidden: &mut Vec<String>) -> Result<String, RenderError> {
    let mut body = String::new();
    let mut in_list = false;
    for block in &section.blocks {
        match block {
            Block::Paragraph(statement) | Block::Bullet(statement) => {
                refuse_placeholders(texts(statement))?;
                if !statement.is_shown() {
                    hidden.push(unshown(statement));
                    continue;
                }
                let bullet = matches!(block, Block::Bullet(_));
                let (blank, mark) =
                    (if bullet && in_list { "" } else { "\n" }, if bullet { "- " } else { "" });
                body.push_str(&format!("{blank}{mark}{}\n", line(statement)));
                in_list = bullet;
            }
            Block::Table { headings, rows } => {
                in_list = false;
                body.push_str(&format!("\n| {} | Status |\n|", headings.join(" | ")));
                body.push_str(&"---|".repeat(headings.len() + 1));
                body.push('\n');
                for row in rows {
                    refuse_placeholders(texts(&row.statement))?;
                    let cells =
                        row.cells.iter().map(|cell| markdown::text(cell)).collect::<Vec<_>>().join(" | ");
                    body.push_str(&format!("| {cells} | {} |\n", mark(&row.statement.status)));
                }
            }
        }
    }
    Ok(body)
}

fn line(statement: &Statement) -> String {
    let mut line = markdown::text(&statement.text);
    if !statement.cites.is_empty() {
        let cites =
            statement.cites.iter().map(|source| markdown::text(source)).collect::<Vec<_>>().join("; ");
        line.push_str(&format!(" Source: {cites}."));
    }
    format!("{line} {}", mark(&statement.status))
}

/// What stands behind a statement, in a few words.
fn mark(status: &StatementStatus) -> String {
    match status {
        StatementStatus::Enforced { by } => format!("*(enforced: {})*", names(by)),
        StatementStatus::PartlyEnforced { by, enforced, decided } => {
            let all =
                |actions: &BTreeSet<Action>| phrase::all_of(actions.iter().map(|action| action.as_str()));
            let (enforced, decided) = (all(enforced), all(decided));
            format!("*(enforced for {enforced}; decided for {decided}, when the host asks: {})*", names(by))
        }
        StatementStatus::Decided { by } => format!("*(decided by {}, when the host asks)*", names(by)),
        StatementStatus::Checked { what } => format!("*(checked: {})*", markdown::text(what)),
        StatementStatus::Attested { status: ControlStatus::Met { since, until }, .. } => {
            format!(
                "*(attested: met, evidence of {}, good until {})*",
                phrase::date(*since),
                phrase::date(*until)
            )
        }
        StatementStatus::Attested { .. } => "*(attested: not met)*".to_owned(),
        StatementStatus::Stated => "*(stated)*".to_owned(),
    }
}

fn names(by: &[Name]) -> String {
    let names = by.iter().map(|name| markdown::code(name.as_str())).collect::<Vec<_>>().join(", ");
    // A path into the policy has a full stop in it; the id of a rule has none.
    let noun = match by.len() {
        _ if by.iter().any(|name| name.as_str().contains('.')) => "",
        1 => "rule ",
        _ => "rules ",
    };
    format!("{noun}{names}")
}

/// A control that is not stated: its name and when it was last seen to be met; never its text, and never what falls short.
fn unshown(statement: &Statement) -> String {
    let StatementStatus::Attested { control, status, last_verified } = &statement.status else {
        return String::new();
    };
    let why = match status {
        ControlStatus::Met { .. } => "met",
        ControlStatus::NotMet { .. } => "not met",
        ControlStatus::Stale { .. } => "its evidence is too old",
        ControlStatus::Unknown => "not enough is known",
        ControlStatus::NotYetEffective => "the policy is not in effect yet",
    };
    let last =
        last_verified.map_or("never verified".to_owned(), |at| format!("last verified {}", phrase::date(at)));
    format!(
        "- {} ({}): {why}; {last}.\n",
        markdown::code(control.as_str()),
        markdown::text(statement.section.title())
    )
}

fn linked(document: &PolicyDocument) -> Result<String, RenderError> {
    let mut list = String::new();
    for link in &document.links {
        let target = markdown::target(&link.url)
            .ok_or_else(|| RenderError::UnsafeLink { title: link.title.clone() })?;
        list.push_str(&format!("- [{}]({target})\n", markdown::text(&link.title)));
    }
    Ok(list)
}

fn texts(statement: &Statement) -> impl Iterator<Item = &str> {
    std::iter::once(statement.text.as_str()).chain(statement.cites.iter().map(String::as_str))
}

fn refuse_placeholders<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<(), RenderError> {
    match texts.into_iter().find_map(markdown::placeholder) {
        Some(found) => Err(RenderError::UnresolvedPlaceholder { found: found.to_owned() }),
        None => Ok(()),
    }
}

/// Headings, numbered without a gap over the sections that are there.
struct Headings {
    numbering: Numbering,
    count: usize,
}

impl Headings {
    fn of(document: &PolicyDocument) -> Self {
        let numbering = document.page.as_ref().and_then(|page| page.numbering).unwrap_or(Numbering::None);
        Self { numbering, count: 0 }
    }

    fn next(&mut self, title: &str) -> String {
        self.count += 1;
        let number = match self.numbering {
            Numbering::None => return format!("\n## {}\n", markdown::text(title)),
            Numbering::Arabic => self.count.to_string(),
            Numbering::Roman => roman(self.count),
        };
        format!("\n## {number}. {}\n", markdown::text(title))
    }
}

fn roman(mut number: usize) -> String {
    const SIGNS: [(usize, &str); 9] =
        [(100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")];
    let mut text = String::new();
    for (value, sign) in SIGNS {
        while number >= value {
            text.push_str(sign);
            number -= value;
        }
    }
    text
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
