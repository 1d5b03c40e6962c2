//! Retention: why something is kept, until when, and by when it must be gone.
//!
//! [`decide`] answers for one item, as a pure value: kept, due, held, in conflict, or undetermined. The order in which rules win is
//! the one that Microsoft Purview publishes (a hold beats everything, keeping beats deleting, the longest keeping wins, the
//! shortest deletion wins), with one bound more, which platforms impose: a cap, the latest moment at which data may still be
//! there. Where a cap crosses a duty to keep or a hold, the answer is a conflict that names both; nothing is deleted.
//! [`must_stay`] answers what outlives a person's request or a revocation.

mod certificate;
mod decide;
mod disposition;
mod hold;
mod item;
#[cfg(test)]
mod laws;
#[cfg(test)]
pub(crate) mod sample;
mod stay;

pub use certificate::{Certifiable, CopyFate, CopyKind, KeysGone, certifiable, fates};
pub use decide::{breached, decide};
pub use disposition::{Disposition, DueBecause, Gap, Ground, Keeping};
pub use hold::{Hold, HoldCover, covering};
pub use item::{Item, ItemPlace};
pub use stay::{Stay, must_stay};
