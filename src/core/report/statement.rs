//! A statement of the page, and what stands behind it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::core::access::Action;
use crate::core::governance::ControlStatus;
use crate::core::id::Name;

/// A section of the page, in the order in which they stand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Section {
    /// What the page is about; opens it, without a heading.
    Scope,
    /// The principles in brief.
    Principles,
    /// The levels and what they ask for.
    Classification,
    /// Legal roles and categories of data.
    Roles,
    /// What data is used for.
    Purposes,
    /// Who may do what.
    Access,
    /// How long data is kept, and how it goes.
    Retention,
    /// The subprocessor list.
    Processors,
    /// Where data lives, and where copies are synchronised.
    Sources,
    /// Where values may be written to.
    Sinks,
    /// How requests of people are handled.
    Requests,
    /// Transport versions that are admitted.
    Transport,
    /// Organisational duties, under the heading that the policy gives them.
    Controls(String),
    /// Certificates, Data Protection Officer, contact.
    Posture,
    /// Links at the end of the page.
    Links,
}

impl Section {
    /// Its heading.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Scope => "Scope",
            Self::Principles => "Data handling principles",
            Self::Classification => "Data classification",
            Self::Roles => "Processing roles and categories of data",
            Self::Purposes => "Processing purposes",
            Self::Access => "Access control",
            Self::Retention => "Retention and deletion",
            Self::Processors => "Subprocessors and service providers",
            Self::Sources => "Where data is kept",
            Self::Sinks => "Where data may be written to",
            Self::Requests => "Request handling",
            Self::Transport => "Encryption in transit",
            Self::Controls(title) => title,
            Self::Posture => "Current posture",
            Self::Links => "Related resources",
        }
    }
}

/// One sentence, or one row of a table read as `Heading: cell; …`, in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// The section in which it stands.
    pub section: Section,
    /// What is said, without any markup; escape it for where it is shown.
    pub text: String,
    /// What stands behind it.
    pub status: StatementStatus,
    /// Laws, contracts and platform rules that it rests on, in the words of the policy.
    pub cites: Vec<String>,
}

impl Statement {
    /// Whether it may be stated as true: an attested one only while it is met.
    #[must_use]
    pub const fn is_shown(&self) -> bool {
        match &self.status {
            StatementStatus::Attested { status, .. } => status.is_met(),
            _ => true,
        }
    }
}

/// What stands behind a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that shows statements must show what stands behind each")]
pub enum StatementStatus {
    /// The engine refuses what would make it false.
    Enforced {
        /// The rules by their ids, or the places in the policy by their paths (`levels.restricted`).
        by: Vec<Name>,
    },
    /// The engine refuses it for some actions; for the others it decides when the host asks, and the host acts on the answer.
    PartlyEnforced {
        /// The rules by their ids, or the places in the policy by their paths.
        by: Vec<Name>,
        /// Actions for which the engine refuses what would make it false.
        enforced: BTreeSet<Action>,
        /// Actions that the engine decides on when the host asks.
        decided: BTreeSet<Action>,
    },
    /// The engine decides on it when the host asks, and the host acts on the answer.
    Decided {
        /// The rules by their ids.
        by: Vec<Name>,
    },
    /// It was derived from the policy, and would read otherwise if it were false.
    Checked {
        /// What was looked at.
        what: String,
    },
    /// A control: true while live evidence says so.
    Attested {
        /// The control.
        control: Name,
        /// Its status at the time of asking.
        status: ControlStatus,
        /// When it was last seen to be met.
        last_verified: Option<DateTime<Utc>>,
    },
    /// The company says so; nothing stands behind it here.
    Stated,
}

impl StatementStatus {
    pub(super) fn enforced<N: Into<Name>>(by: impl IntoIterator<Item = N>) -> Self {
        Self::Enforced { by: by.into_iter().map(Into::into).collect() }
    }

    /// What stands behind an access rule about `actions`: nothing is read, exported or erased without a decision, whereas
    /// storing and sharing are the host's own calls, before which it asks.
    pub(super) fn of_access<N: Into<Name>>(
        by: impl IntoIterator<Item = N>,
        actions: impl IntoIterator<Item = Action>,
    ) -> Self {
        let by = by.into_iter().map(Into::into).collect();
        let (decided, enforced): (BTreeSet<Action>, BTreeSet<Action>) =
            actions.into_iter().partition(|action| match action {
                Action::Write | Action::Share => true,
                Action::Read | Action::Export | Action::Erase => false,
            });
        match (enforced.is_empty(), decided.is_empty()) {
            (_, true) => Self::Enforced { by },
            (true, false) => Self::Decided { by },
            (false, false) => Self::PartlyEnforced { by, enforced, decided },
        }
    }

    pub(super) fn checked(what: impl Into<String>) -> Self {
        Self::Checked { what: what.into() }
    }
}
