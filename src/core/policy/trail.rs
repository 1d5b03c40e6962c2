//! What a crash may lose of the audit trail, where the policy lets entries wait.

use super::document::PolicyDocument;
use crate::core::period::Period;

/// How many entries of the audit trail are written at once where they may wait, and for how long they wait: what a crash may lose is less than
/// that many, and not older than that when something was recorded last.
///
/// Only entries of levels whose `record` is `batched` wait, which none is from Confidential on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrailBatch {
    /// How many entries make a batch.
    pub entries: usize,
    /// How long the first of them waits for the others.
    pub within: Period,
}

impl TrailBatch {
    /// The most entries of a batch.
    pub const MAX_ENTRIES: u32 = 1_024;

    /// The longest time to wait.
    pub const MAX_WITHIN: Period = Period::hours(1);

    /// Without `[audit]`: 64 entries, within 5 seconds.
    pub const DEFAULT: Self = Self { entries: 64, within: Period::seconds(5) };
}

impl PolicyDocument {
    /// What makes a batch of entries that may wait: [`TrailBatch::DEFAULT`] where `[audit]` says nothing else.
    #[must_use]
    pub fn trail_batch(&self) -> TrailBatch {
        let (said, default) = (self.audit.as_ref(), TrailBatch::DEFAULT);
        let entries = said.and_then(|audit| audit.batch).and_then(|batch| usize::try_from(batch).ok());
        let within = said.and_then(|audit| audit.within);
        TrailBatch { entries: entries.unwrap_or(default.entries), within: within.unwrap_or(default.within) }
    }
}
