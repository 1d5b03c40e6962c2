//! Where values may go: processors, sinks, and reasons for which one is shown without a grant.

use std::collections::BTreeSet;

use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::policy::declare::table;
use crate::core::policy::vocabulary::{Release, SinkKind};

table! {
    /// A third party that handles data.
    pub struct Processor {
        required {
            /// What it does, in the words of the page.
            does: String,
        }
        optional {
            /// Legal name of the entity.
            entity: Option<String>,
            /// Categories that it may receive.
            categories: BTreeSet<Name>,
            /// Purposes that it may receive them for.
            purposes: BTreeSet<Name>,
            /// Highest level that it may receive.
            up_to: Option<Level>,
            /// Countries or regions of processing.
            regions: BTreeSet<String>,
            /// Transfer mechanism, where a transfer takes place (GDPR Art. 46).
            transfer: Option<String>,
            /// Whether it is used now; listed as not enabled otherwise.
            disabled: bool,
        }
    }
}

table! {
    /// A sink: a place that values may be written to. An empty list of categories or purposes means any.
    pub struct SinkEntry {
        required {
            /// Title on the page.
            title: String,
            /// What it is.
            kind: SinkKind,
            /// Highest level that may be written to it.
            up_to: Level,
        }
        optional {
            /// Categories that may be written to it.
            categories: BTreeSet<Name>,
            /// Purposes that it serves.
            purposes: BTreeSet<Name>,
        }
    }
}

table! {
    /// A reason for which a value may be shown without a grant, or lowered or moved to another category.
    pub struct ReasonEntry {
        required {
            /// Title on the page.
            title: String,
            /// What it allows.
            allows: BTreeSet<Release>,
            /// Highest level that it covers.
            up_to: Level,
            /// Roles, one of which whoever gives it has.
            roles: BTreeSet<Name>,
        }
        optional {
            /// Roles, one of which the second person has who approves; needed for lowering.
            approvers: BTreeSet<Name>,
        }
    }
}
