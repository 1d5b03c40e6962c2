//! The sections of organisational duties, each with its status.

use super::page::{PageSection, Subject};
use super::phrase;
use super::statement::{Section, StatementStatus};
use crate::core::governance::ControlStatus;

/// The heading of controls that the policy gives none.
const UNTITLED: &str = "Security controls";

/// One section for each heading, in the order of their first control.
pub(super) fn controls(subject: &Subject<'_>) -> Vec<PageSection> {
    let mut sections: Vec<PageSection> = Vec::new();
    for control in &subject.document.controls {
        let section = Section::Controls(control.section.as_deref().unwrap_or(UNTITLED).to_owned());
        let text = match control.within {
            Some(within) => format!("{} (within {within}).", phrase::open_end(&control.states)),
            None => phrase::sentence(&control.states),
        };
        let status = StatementStatus::Attested {
            control: control.id.clone(),
            status: subject.statuses.get(&control.id).cloned().unwrap_or(ControlStatus::Unknown),
            last_verified: subject.evidence.last_met(control.id.as_str(), subject.now),
        };
        match sections.iter_mut().find(|known| known.section == section) {
            Some(known) => known.bullet(text, status),
            None => {
                let mut new = PageSection::new(section);
                new.bullet(text, status);
                sections.push(new);
            }
        }
    }
    sections
}
