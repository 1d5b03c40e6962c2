//! Broken stores, each with one flaw: the kit must name the rule that the flaw breaks, and no flaw must get by.

mod anchors;
mod backends;
mod papers;
mod providers;
mod rows;
mod sources;
mod trails;

use std::future::poll_fn;
use std::task::Poll;

use super::Report;

/// A store with one flaw.
struct Mutant<S, F> {
    inner: S,
    flaw: F,
}

/// Lets other tasks run in between, as a store over a network does.
async fn give_way() {
    let mut waited = false;
    poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[track_caller]
fn catches(report: &Report, rule: &str, flaw: &impl std::fmt::Debug) {
    assert!(report.violated().contains(&rule), "{flaw:?} was not caught by `{rule}`:\n{report}");
    let message = report.clone().into_result().unwrap_err().to_string();
    assert!(message.contains(&format!("`{rule}` violated: expected ")), "{message}");
}
