//! The conformance kit: shows, rule by rule, whether a store keeps its contract.
//!
//! One call runs every rule of a contract, each on a store that the factory makes, on the caller's own executor. The rules bear the
//! names that the contracts give them, and the report tells of each what was expected and what was seen.
//!
//! The kit writes under names of its own [`Namespace`], so that records, keys and papers of a shared database are neither read nor
//! harmed. Nobody else may write to the audit trail that it is given, whose entries expire.
//!
//! # Example: a host's test of its own store
//! ```
//! use stewardship::contracts::{block_on, kit};
//! use stewardship::ports::memory::MemoryRecords;
//! let report = block_on(kit::check_records(&kit::Namespace::random(), async || MemoryRecords::new()));
//! report.into_result()?;
//! # Ok::<(), kit::KitError>(())
//! ```

mod aead;
mod anchor;
mod audit;
mod documents;
mod keys;
mod provider;
mod provider_time;
mod records;
mod report;
mod source;

#[cfg(test)]
mod mutants;

use std::collections::hash_map::RandomState;
use std::fmt;
use std::future::{Future, poll_fn};
use std::hash::BuildHasher;
use std::pin::Pin;
use std::task::Poll;

pub use self::aead::check_aead;
pub use self::anchor::check_anchor;
pub use self::audit::{check_audit, check_audit_after_restart};
pub use self::documents::{check_documents, check_documents_after_restart};
pub use self::keys::{check_keys, check_keys_after_restart};
pub use self::provider::{check_provider, check_provider_after_restart, check_provider_cut_off};
pub use self::provider_time::check_provider_over_time;
pub use self::records::{check_records, check_records_after_restart};
pub use self::report::{KitError, Outcome, Report, RuleOutcome};
pub use self::source::check_source;

/// A prefix of every name that a run of the kit writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace(String);

impl Namespace {
    /// A namespace of this name: for runs that are to be alike.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// A namespace that no other run has, in all likelihood (64 random bits).
    #[must_use]
    pub fn random() -> Self {
        Self(format!("kit-{:016x}", RandomState::new().hash_one(())))
    }

    /// The namespace of one rule, so that rules do not meet where the factory hands out the same store again.
    fn of(&self, rule: &str) -> Self {
        Self(format!("{}-{rule}", self.0))
    }

    fn name(&self, rest: impl fmt::Display) -> String {
        format!("{}-{rest}", self.0)
    }
}

/// Runs the rules named on a fresh store each, in the order given.
macro_rules! run_rules {
    ($namespace:expr, $fresh:expr, { $($name:literal => $rule:path),+ $(,)? }) => {{
        let mut report = $crate::contracts::kit::report::Report::new();
        $(
            let store = $fresh().await;
            report.add($name, $rule(&store, &$namespace.of($name)).await);
        )+
        report
    }};
}
use run_rules;

/// Waits for all of them at once: where a store waits, they overlap.
async fn together<'a, T>(futures: Vec<Pin<Box<dyn Future<Output = T> + Send + 'a>>>) -> Vec<T> {
    let mut slots: Vec<_> = futures.into_iter().map(Slot::Waiting).collect();
    poll_fn(|context| {
        let mut waiting = false;
        for slot in &mut slots {
            if let Slot::Waiting(future) = slot {
                match future.as_mut().poll(context) {
                    Poll::Ready(output) => *slot = Slot::Done(output),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    let done = |slot| match slot {
        Slot::Done(output) => Some(output),
        Slot::Waiting(_) => None,
    };
    slots.into_iter().filter_map(done).collect()
}

enum Slot<'a, T> {
    Waiting(Pin<Box<dyn Future<Output = T> + Send + 'a>>),
    Done(T),
}
