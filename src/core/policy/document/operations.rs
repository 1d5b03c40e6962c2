//! What runs beside it: requests of people, keys, the audit trail, transport, and duties that evidence shows.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::declare::table;
use crate::core::policy::vocabulary::{RequestKind, Transport};

table! {
    /// How requests of people are handled.
    pub struct Requests {
        required {
            /// Kinds that are accepted; others are parked, never dropped.
            kinds: BTreeSet<RequestKind>,
            /// Channel through which they come; others are accepted and flagged.
            channel: String,
            /// Regimes whose clocks run (`gdpr`, `ccpa`); the earliest counts.
            regimes: BTreeSet<Name>,
            /// Roles whose people review a request; a service never does.
            reviewers: BTreeSet<Name>,
            /// Purpose under which a request's execution reads data.
            purpose: Name,
        }
        optional {
            /// Period for which the accountability half of a case is kept after it is closed.
            accountability: Option<Period>,
        }
    }
}

table! {
    /// For how long keys protect, and what follows them.
    pub struct KeyRules {
        required {}
        optional {
            /// Age past which the next value is sealed under a new version of its scope's key.
            rotate_after: Option<Period>,
            /// Age past which nothing is sealed under a version any more, whatever happens.
            refuse_after: Option<Period>,
            /// Age past which an epoch is followed by the next, into which a sweep wraps every scope key.
            epoch_after: Option<Period>,
            /// Whether an erasure is followed by a new epoch at once, so that the copies of its keys can be made to die.
            rewrap_on_erasure: bool,
        }
    }
}

table! {
    /// Who reads the audit trail, and for how long it says what happened.
    pub struct AuditRules {
        required {}
        optional {
            /// Category that the trail is: whoever may read it may read their own tenant's entries. Without it nobody reads the trail.
            category: Option<Name>,
            /// Age past which a sweep takes from an entry what it says, and leaves its hashes. Without it entries stay for good.
            keep: Option<Period>,
            /// How many entries make a batch, of levels whose `record` is `batched`: from 2 to 1,024; without it, 64. A crash loses fewer.
            batch: Option<u32>,
            /// How long such an entry waits for others, of which a crash loses none that is older; up to an hour; without it, 5 seconds.
            within: Option<Period>,
        }
    }
}

table! {
    /// Transport versions that are admitted.
    pub struct TransportRules {
        required {}
        optional {
            /// The allow-list.
            admit: BTreeSet<Transport>,
        }
    }
}

table! {
    /// An organisational duty, shown by evidence that expires.
    pub struct Control {
        required {
            /// Name of the control.
            id: Name,
            /// The statement that the page makes.
            states: String,
        }
        optional {
            /// Section of the page in which it stands.
            section: Option<String>,
            /// Age that its evidence may have at most.
            evidence_within: Option<Period>,
            /// A number that the statement depends on, with its meaning (`within = "10 minutes"`).
            within: Option<Period>,
            /// Controls that must be met for this one to be met.
            needs: BTreeSet<Name>,
        }
    }
}

table! {
    /// A certificate that the company holds.
    pub struct Certification {
        required {
            /// Standard, as on the certificate.
            standard: String,
            /// What it covers.
            scope: String,
            /// Last day on which it is valid.
            valid_until: NaiveDate,
        }
    }
}
