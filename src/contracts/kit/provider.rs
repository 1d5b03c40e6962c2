//! The rules for key providers.

use chrono::{DateTime, Utc};

use super::report::{Broken, Report, ensure};
use super::{Namespace, run_rules};
use crate::contracts::{Destruction, KeyProvider, ProviderError, ProviderErrorKind, ProviderKeyId};
use crate::crypto::SecretKey;

/// Runs every rule for a [`KeyProvider`]. Makes keys, and destroys some of those that it made.
///
/// A provider that cannot destroy keys, or only later, has `destroyed-is-final` skipped, with the reason in the report.
pub async fn check_provider<P: KeyProvider>(
    namespace: &Namespace,
    mut fresh: impl AsyncFnMut() -> P,
) -> Report {
    run_rules!(namespace, fresh, {
        "wrap-round-trip" => wrap_round_trip,
        "context-bound" => context_bound,
        "destroyed-is-final" => destroyed_is_final,
        "create-is-fresh" => create_is_fresh,
    })
}

async fn wrap_round_trip<P: KeyProvider>(provider: &P, _: &Namespace) -> Result<(), Broken> {
    let id = provider.create().await?;
    let secret: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap_or(0));
    let wrapped = provider.wrap(&id, &SecretKey::new(secret), b"context").await?;
    ensure(
        !wrapped.windows(8).any(|part| secret.windows(8).any(|known| known == part)),
        "the secret not to show in what is wrapped",
        || "a part of it does".to_owned(),
        "wrap with an authenticated cipher",
    )?;
    let unwrapped = provider.unwrap(&id, &wrapped, b"context").await?;
    ensure(
        *unwrapped.expose() == secret,
        "the secret that was wrapped",
        || "another".to_owned(),
        "unwrap under the key and context that wrapped",
    )
}

async fn context_bound<P: KeyProvider>(provider: &P, _: &Namespace) -> Result<(), Broken> {
    let (id, other) = (provider.create().await?, provider.create().await?);
    let wrapped = provider.wrap(&id, &SecretKey::new([7; 32]), b"context").await?;
    for context in [&b"contexts"[..], b"contex", b"", b"Context", b"context\0"] {
        refused(provider.unwrap(&id, &wrapped, context).await, "in another context")?;
    }
    refused(provider.unwrap(&other, &wrapped, b"context").await, "under another key")?;
    for i in 0..wrapped.len() {
        let mut altered = wrapped.clone();
        if let Some(byte) = altered.get_mut(i) {
            *byte ^= 1;
        }
        refused(provider.unwrap(&id, &altered, b"context").await, "with one bit altered")?;
    }
    for length in [0, 1, wrapped.len().saturating_sub(1)] {
        refused(
            provider.unwrap(&id, wrapped.get(..length).unwrap_or_default(), b"context").await,
            "cut short",
        )?;
    }
    Ok(())
}

async fn destroyed_is_final<P: KeyProvider>(provider: &P, _: &Namespace) -> Result<(), Broken> {
    let (id, other) = (provider.create().await?, provider.create().await?);
    let wrapped = provider.wrap(&id, &SecretKey::new([7; 32]), b"context").await?;
    let kept = provider.wrap(&other, &SecretKey::new([8; 32]), b"context").await?;
    let now = DateTime::<Utc>::from_timestamp(1_790_000_000, 0).unwrap_or_default();
    let answer = provider.destroy(&id, now).await?;
    match answer {
        Destruction::Effective(from) if from <= now => {}
        Destruction::Effective(_) => return Err(Broken::skipped("the provider destroys keys with a delay")),
        Destruction::Unsupported => return Err(Broken::skipped("the provider cannot destroy keys")),
    }
    dead(provider.unwrap(&id, &wrapped, b"context").await, "to unwrap")?;
    dead(provider.wrap(&id, &SecretKey::new([7; 32]), b"context").await, "to wrap")?;
    let later = now.checked_add_days(chrono::Days::new(1)).unwrap_or(now);
    let again = provider.destroy(&id, later).await?;
    ensure(
        again == answer,
        &format!("the same answer to a second destruction: {answer:?}"),
        || format!("{again:?}"),
        "remember when a key was destroyed",
    )?;
    dead(provider.unwrap(&id, &wrapped, b"context").await, "to unwrap")?;
    let left = provider.unwrap(&other, &kept, b"context").await?;
    ensure(
        *left.expose() == [8; 32],
        "another key to go on working",
        || "another secret".to_owned(),
        "destroy the named key alone",
    )
}

async fn create_is_fresh<P: KeyProvider>(provider: &P, _: &Namespace) -> Result<(), Broken> {
    let mut seen: Vec<ProviderKeyId> = Vec::new();
    for round in 0..4 {
        let id = provider.create().await?;
        ensure(
            !seen.contains(&id),
            "a key that was not returned before",
            || format!("`{id}` again"),
            "never use a name again, also of a destroyed key",
        )?;
        if round % 2 == 1 {
            provider.destroy(&id, DateTime::default()).await?;
        }
        seen.push(id);
    }
    Ok(())
}

fn refused(answer: Result<SecretKey, ProviderError>, when: &str) -> Result<(), Broken> {
    let observed = match answer {
        Ok(_) => "success".to_owned(),
        Err(error) if error.kind() == ProviderErrorKind::Refused => return Ok(()),
        Err(error) => format!("the error `{error}`"),
    };
    ensure(
        false,
        &format!("`Refused` on unwrapping {when}"),
        || observed,
        "authenticate key, context and every byte; a failed tag is `Refused`",
    )
}

fn dead<T>(answer: Result<T, ProviderError>, what: &str) -> Result<(), Broken> {
    let observed = match answer {
        Ok(_) => "success".to_owned(),
        Err(error) if error.kind() == ProviderErrorKind::Destroyed => return Ok(()),
        Err(error) => format!("the error `{error}`"),
    };
    ensure(
        false,
        &format!("a destroyed key {what} nothing, with `Destroyed`"),
        || observed,
        "drop the key material, keep the name with the moment of destruction",
    )
}
