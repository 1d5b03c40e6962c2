//! Layer 4, the engine: it acts on what the core decides, through the contracts. Written once, async, without a runtime.
//!
//! [`Steward`] joins a policy, keys, stores, sources and a clock. Its verbs stand in files of their own: `put` and `open` for
//! records, `authorize` for grants, `erase` and `sweep` for destruction, `requests` for cases. Imports every layer below, never a
//! port.

mod anonymised;
mod authorize;
mod batch;
mod blocking;
mod builder;
mod carry_out;
mod column;
mod column_index;
mod connect;
mod contact;
mod disposal;
mod environment;
mod epochs;
mod erase;
mod evidence;
mod find;
mod holds;
mod identify;
mod key_cache;
mod keyring;
mod lifecycle;
mod managed;
mod open;
mod papers;
mod preferences;
mod pseudonymise;
mod put;
mod reindex;
mod release;
mod requested;
mod requests;
mod reseal;
mod review;
mod revoked;
mod scan;
mod steward;
mod stream;
mod sweep;
mod trail;
mod trouble;

pub use anonymised::{AnonymisedPage, ViewCursor};
pub use authorize::{Access, Denial};
pub use blocking::Blocking;
pub use builder::{BuildError, Builder};
pub use carry_out::Export;
pub use column::RebindError;
pub use column_index::IndexError;
pub use connect::{Authorization, ConnectError, EventError, TermsError};
pub use disposal::Disposal;
pub use environment::{Deployment, Development, Fits, Keys, Production, Staging, Store};
pub use epochs::EpochError;
pub use erase::{EraseError, Revocation};
pub use find::FindError;
pub use holds::HoldError;
pub use identify::Identified;
pub use key_cache::KeyCache;
pub use keyring::KeyError;
pub use lifecycle::KeyChangeError;
pub use open::OpenError;
pub use preferences::PreferenceError;
pub use put::{PutError, Stored};
pub use reindex::Reindexed;
pub use release::ReleaseError;
pub use requested::{RequestError, Requested};
pub use requests::{CaseError, NewRequest};
pub use reseal::{LeftBecause, LeftSealed, Resealing};
pub use scan::{Claim, MAX_LISTED, Scan, Violation, Violator};
pub use steward::Steward;
pub use stream::OpenedStream;
pub use sweep::{Swept, SweptItem};
pub use trail::TrailError;
pub use trouble::Trouble;
