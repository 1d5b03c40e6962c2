//! The rule for key providers that destroy keys later than they are told to: pending, stopped, effective.

use chrono::{DateTime, TimeDelta, Utc};

use super::provider::{dead, gives, same_answer, says, secret};
use super::report::{Broken, Report, ensure};
use crate::contracts::{Clock, Destruction, KeyProvider, ManualClock, ProviderErrorKind, ProviderKeyId};
use crate::core::period::Period;

const CONTEXT: &[u8] = b"context";
const HINT: &str = "keep the moment with the key, and compare the clock with it at every use";

/// Runs the rule `destruction-is-dated` on providers whose time is `clock`, which is moved on.
///
/// `stop` stops a pending destruction, as somebody may do at a KMS (`CancelKeyDeletion`, `RestoreCryptoKeyVersion`, `Recover`), and
/// answers whether the provider has such a thing.
pub async fn check_provider_over_time<P: KeyProvider>(
    clock: &ManualClock,
    mut fresh: impl AsyncFnMut() -> P,
    mut stop: impl AsyncFnMut(&P, &ProviderKeyId) -> bool,
) -> Report {
    let mut report = Report::new();
    let found = match pending_then_effective(&fresh().await, clock).await {
        Ok(()) => stopped_then_anew(&fresh().await, clock, &mut stop).await,
        broken => broken,
    };
    report.add("destruction-is-dated", found);
    report
}

async fn pending_then_effective<P: KeyProvider>(provider: &P, clock: &ManualClock) -> Result<(), Broken> {
    let (id, other) = (provider.create().await?, provider.create().await?);
    let wrapped = provider.wrap(&id, &secret(7), CONTEXT).await?;
    let kept = provider.wrap(&other, &secret(8), CONTEXT).await?;
    let answer = provider.destroy(&id, clock.now()).await?;
    let at = dated(answer, clock.now())?;
    if at > clock.now() {
        pending(provider, &id, &wrapped).await?;
        // Some time on, and then a second before the moment.
        for before in [(at - clock.now()) / 2, TimeDelta::seconds(1)] {
            clock.set(at - before);
            pending(provider, &id, &wrapped).await?;
            same_answer(provider.destroy(&id, clock.now()).await?, answer)?;
        }
        clock.set(at);
    }
    dead(provider, &id, &wrapped).await?;
    same_answer(provider.destroy(&id, clock.now()).await?, answer)?;
    clock.advance(Period::days(400));
    dead(provider, &id, &wrapped).await?;
    same_answer(provider.destroy(&id, clock.now()).await?, answer)?;
    gives(provider, &other, &kept, CONTEXT, &[8; 32], "another key to go on working").await
}

async fn stopped_then_anew<P: KeyProvider>(
    provider: &P,
    clock: &ManualClock,
    stop: &mut impl AsyncFnMut(&P, &ProviderKeyId) -> bool,
) -> Result<(), Broken> {
    let id = provider.create().await?;
    let wrapped = provider.wrap(&id, &secret(7), CONTEXT).await?;
    let first = dated(provider.destroy(&id, clock.now()).await?, clock.now())?;
    if first <= clock.now() || !stop(provider, &id).await {
        return Ok(());
    }
    clock.set(first);
    clock.advance(Period::days(1));
    gives(provider, &id, &wrapped, CONTEXT, &[7; 32], "a key whose destruction was stopped to live").await?;
    let anew = provider.destroy(&id, clock.now()).await?;
    let at = dated(anew, clock.now())?;
    clock.set(at);
    dead(provider, &id, &wrapped).await?;
    same_answer(provider.destroy(&id, clock.now()).await?, anew)
}

/// Before its moment the key gives the secret, or works no more; it answers nothing else.
async fn pending<P: KeyProvider>(provider: &P, id: &ProviderKeyId, wrapped: &[u8]) -> Result<(), Broken> {
    match provider.unwrap(id, wrapped, CONTEXT).await {
        Ok(unwrapped) => ensure(
            *unwrapped.expose() == [7; 32],
            "the secret that was wrapped, while the destruction is pending",
            || "another".to_owned(),
            HINT,
        )?,
        Err(error) => {
            says(
                Err(error),
                ProviderErrorKind::Destroyed,
                "unwrapping while the destruction is pending",
                HINT,
            )?;
        }
    }
    match provider.wrap(id, &secret(7), CONTEXT).await {
        Ok(_) => Ok(()),
        Err(error) => {
            says(Err(error), ProviderErrorKind::Destroyed, "wrapping while the destruction is pending", HINT)
        }
    }
}

fn dated(answer: Destruction, now: DateTime<Utc>) -> Result<DateTime<Utc>, Broken> {
    match answer {
        Destruction::Unsupported => Err(Broken::skipped("the provider cannot destroy keys")),
        Destruction::Effective(at) => {
            ensure(
                at >= now,
                "a destruction that is asked for now not to date from before",
                || format!("{at}, asked for at {now}"),
                "a destruction that was stopped is not the one that is asked for anew",
            )?;
            Ok(at)
        }
    }
}
