//! How long data is kept.

use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::declare::table;
use crate::core::policy::vocabulary::{Basis, Dispose};

table! {
    /// How long data is kept.
    pub struct Retention {
        required {}
        optional {
            /// Rules that keep.
            rule: Vec<RetentionRule>,
            /// Caps: by when data must be gone.
            cap: Vec<Cap>,
        }
    }
}

table! {
    /// A rule that keeps a category until a period after an event, and disposes of it then.
    pub struct RetentionRule {
        required {
            /// Name of the rule.
            id: Name,
            /// Category.
            category: Name,
            /// Event from which the period runs; `stored` is when the record was stored.
            from: Name,
            /// Period for which it is kept after the event.
            keep: Period,
            /// What happens then.
            dispose: Dispose,
            /// Why it is kept.
            basis: Basis,
        }
        optional {
            /// Time within which it is physically gone, once due.
            physically_within: Option<Period>,
            /// The law that obliges to keep it; with it, the rule outlives requests and revocations.
            duty: Option<String>,
        }
    }
}

table! {
    /// A cap: the latest moment at which data may still be there.
    pub struct Cap {
        required {
            /// Name of the cap.
            id: Name,
            /// Event from which the period runs.
            from: Name,
            /// Period after the event at which it must be gone.
            at_most: Period,
            /// Source of the cap: what, and when it was read.
            cites: String,
        }
        optional {
            /// Category that it binds; without it, every category.
            category: Option<Name>,
            /// Platform that the data came from; without it, any.
            platform: Option<Name>,
        }
    }
}

table! {
    /// How far back backups go.
    pub struct Backups {
        required {}
        optional {
            /// Oldest backup of records that may exist.
            records: Option<Period>,
            /// Oldest backup of the key store that may exist.
            key_store: Option<Period>,
        }
    }
}
