//! The rules for key providers.

use chrono::{DateTime, Utc};

use super::report::{Broken, Report, ensure};
use super::{Namespace, run_rules};
use crate::contracts::{Destruction, KeyProvider, ProviderError, ProviderErrorKind, ProviderKeyId};
use crate::crypto::SecretKey;

const CONTEXT: &[u8] = b"context";

/// Runs every rule for a [`KeyProvider`] that needs nothing but the provider. Makes keys, and destroys some of those that it made.
///
/// A provider that cannot destroy keys, or only later, has `destroyed-is-final` skipped, with the reason in the report. What needs a
/// restart, a clock or a broken connection has a check of its own: [`check_provider_after_restart`],
/// [`check_provider_over_time`](super::check_provider_over_time), [`check_provider_cut_off`].
pub async fn check_provider<P: KeyProvider>(
    namespace: &Namespace,
    mut fresh: impl AsyncFnMut() -> P,
) -> Report {
    let mut report = run_rules!(namespace, fresh, {
        "wrap-round-trip" => wrap_round_trip,
        "context-bound" => context_bound,
        "context-as-given" => context_as_given,
        "not-mine-is-told" => not_mine_is_told,
        "destroyed-is-final" => destroyed_is_final,
        "create-is-fresh" => create_is_fresh,
    });
    report.add("destruction-is-dated", Err(Broken::skipped("needs a clock: `check_provider_over_time`")));
    report.add("durable", Err(Broken::skipped("needs a restart: `check_provider_after_restart`")));
    report.add(
        "unavailable-is-told",
        Err(Broken::skipped("needs a provider that can be cut off: `check_provider_cut_off`")),
    );
    report
}

/// Runs the rule `durable`: `open` opens the same provider each time, as after a restart.
pub async fn check_provider_after_restart<P: KeyProvider>(mut open: impl AsyncFnMut() -> P) -> Report {
    let mut report = Report::new();
    report.add("durable", durable(&mut open).await);
    report
}

/// Runs the rule `unavailable-is-told`: `cut` takes from the provider what it needs (its server, its file, its device).
pub async fn check_provider_cut_off<P: KeyProvider>(
    mut fresh: impl AsyncFnMut() -> P,
    mut cut: impl AsyncFnMut(&P),
) -> Report {
    let provider = fresh().await;
    let mut report = Report::new();
    report.add("unavailable-is-told", unavailable_is_told(&provider, &mut cut).await);
    report
}

async fn wrap_round_trip<P: KeyProvider>(provider: &P, _: &Namespace) -> Result<(), Broken> {
    let id = provider.create().await?;
    let secret: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap_or(0));
    let wrapped = provider.wrap(&id, &SecretKey::new(secret), CONTEXT).await?;
    ensure(
        !wrapped.windows(8).any(|part| secret.windows(8).any(|known| known == part)),
        "the secret not to show in what is wrapped",
        || "a part of it does".to_owned(),
        "wrap with an authenticated cipher",
    )?;
    gives(provider, &id, &wrapped, CONTEXT, &secret, "the secret that was wrapped").await
}

async fn context_bound<P: KeyProvider>(provider: &P, _: &Namespace) -> Result<(), Broken> {
    let (id, other) = (provider.create().await?, provider.create().await?);
    let wrapped = provider.wrap(&id, &secret(7), CONTEXT).await?;
    for context in [&b"contexts"[..], b"contex", b"", b"Context", b"context\0"] {
        refused(provider.unwrap(&id, &wrapped, context).await, "in another context")?;
    }
    refused(provider.unwrap(&other, &wrapped, CONTEXT).await, "under another key")?;
    for i in 0..wrapped.len() {
        let mut altered = wrapped.clone();
        if let Some(byte) = altered.get_mut(i) {
            *byte ^= 1;
        }
        refused(provider.unwrap(&id, &altered, CONTEXT).await, "with one bit altered")?;
    }
    for length in [0, 1, wrapped.len().saturating_sub(1)] {
        let part = wrapped.get(..length).unwrap_or_default();
        refused(provider.unwrap(&id, part, CONTEXT).await, "cut short")?;
    }
    Ok(())
}

async fn context_as_given<P: KeyProvider>(provider: &P, _: &Namespace) -> Result<(), Broken> {
    let id = provider.create().await?;
    let (long, mut nearly) = (vec![0xa5; 1024], vec![0xa5; 1024]);
    if let Some(last) = nearly.last_mut() {
        *last = 0xa4;
    }
    // The third and the fourth read as the same text where what is no UTF-8 is replaced.
    let contexts = [&b""[..], b"\0", b"\xff\xfe", b"\xfd\xfe", &long, &nearly];
    let mut wrapped = Vec::new();
    for (number, context) in (0_u8..).zip(contexts) {
        wrapped.push(provider.wrap(&id, &secret(number), context).await?);
    }
    for ((number, own), wrapped) in (0_u8..).zip(contexts).zip(&wrapped) {
        for context in contexts {
            if context == own {
                gives(provider, &id, wrapped, own, &[number; 32], "the secret of that context").await?;
            } else {
                refused(provider.unwrap(&id, wrapped, context).await, "in another context")?;
            }
        }
    }
    Ok(())
}

async fn not_mine_is_told<P: KeyProvider>(provider: &P, ns: &Namespace) -> Result<(), Broken> {
    let id = provider.create().await?;
    let wrapped = provider.wrap(&id, &secret(7), CONTEXT).await?;
    let strangers = [
        String::new(),
        ns.name("never-given-out"),
        format!("{id}-{}", ns.name("")),
        "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-0000-0000-000000000000".to_owned(),
        "ÿ\n".repeat(200),
    ];
    for stranger in strangers.map(ProviderKeyId::new) {
        let is_not_mine = |answer, what: &str| says(answer, ProviderErrorKind::NotMine, what, NOT_MINE);
        is_not_mine(provider.wrap(&stranger, &secret(7), CONTEXT).await.map(drop), "wrapping")?;
        is_not_mine(provider.unwrap(&stranger, &wrapped, CONTEXT).await.map(drop), "unwrapping")?;
        is_not_mine(provider.unwrap(&stranger, b"", CONTEXT).await.map(drop), "unwrapping nothing")?;
        match provider.destroy(&stranger, moment()).await {
            // Whoever destroys nothing need not look at the name.
            Ok(Destruction::Unsupported) => {}
            answer => is_not_mine(answer.map(drop), "destroying")?,
        }
    }
    gives(provider, &id, &wrapped, CONTEXT, &[7; 32], "its own key to go on working").await
}

const NOT_MINE: &str = "know your own names: look the key up, or check its name, before anything else";

async fn destroyed_is_final<P: KeyProvider>(provider: &P, _: &Namespace) -> Result<(), Broken> {
    let (id, other) = (provider.create().await?, provider.create().await?);
    let wrapped = provider.wrap(&id, &secret(7), CONTEXT).await?;
    let kept = provider.wrap(&other, &secret(8), CONTEXT).await?;
    let now = moment();
    let answer = provider.destroy(&id, now).await?;
    match answer {
        Destruction::Effective(from) if from <= now => {}
        Destruction::Effective(_) => {
            let reason = "the provider destroys keys with a delay: `check_provider_over_time`";
            return Err(Broken::skipped(reason));
        }
        Destruction::Unsupported => return Err(Broken::skipped("the provider cannot destroy keys")),
    }
    dead(provider, &id, &wrapped).await?;
    let later = now.checked_add_days(chrono::Days::new(1)).unwrap_or(now);
    same_answer(provider.destroy(&id, later).await?, answer)?;
    dead(provider, &id, &wrapped).await?;
    gives(provider, &other, &kept, CONTEXT, &[8; 32], "another key to go on working").await
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

async fn durable<P: KeyProvider>(open: &mut impl AsyncFnMut() -> P) -> Result<(), Broken> {
    let provider = open().await;
    let (id, doomed) = (provider.create().await?, provider.create().await?);
    let wrapped = provider.wrap(&id, &secret(7), CONTEXT).await?;
    let gone = provider.wrap(&doomed, &secret(8), CONTEXT).await?;
    let answer = provider.destroy(&doomed, moment()).await?;
    drop(provider);

    let provider = open().await;
    gives(&provider, &id, &wrapped, CONTEXT, &[7; 32], "the secret after a restart").await?;
    if matches!(answer, Destruction::Effective(from) if from <= moment()) {
        dead(&provider, &doomed, &gone).await?;
    }
    let later = moment().checked_add_days(chrono::Days::new(1)).unwrap_or_default();
    same_answer(provider.destroy(&doomed, later).await?, answer)
}

async fn unavailable_is_told<P: KeyProvider>(
    provider: &P,
    cut: &mut impl AsyncFnMut(&P),
) -> Result<(), Broken> {
    let id = provider.create().await?;
    let wrapped = provider.wrap(&id, &secret(7), CONTEXT).await?;
    cut(provider).await;
    let hint = "a failure on the way is `Unavailable`; keep the other kinds for what the key itself answered";
    let is_unavailable = |answer, what: &str| says(answer, ProviderErrorKind::Unavailable, what, hint);
    is_unavailable(provider.create().await.map(drop), "creating while cut off")?;
    is_unavailable(provider.wrap(&id, &secret(7), CONTEXT).await.map(drop), "wrapping while cut off")?;
    is_unavailable(provider.unwrap(&id, &wrapped, CONTEXT).await.map(drop), "unwrapping while cut off")?;
    is_unavailable(provider.destroy(&id, moment()).await.map(drop), "destroying while cut off")
}

pub(super) fn secret(byte: u8) -> SecretKey {
    SecretKey::new([byte; 32])
}

fn moment() -> DateTime<Utc> {
    DateTime::<Utc>::from_timestamp(1_790_000_000, 0).unwrap_or_default()
}

/// The key must unwrap, and to this.
pub(super) async fn gives<P: KeyProvider>(
    provider: &P,
    id: &ProviderKeyId,
    wrapped: &[u8],
    context: &[u8],
    secret: &[u8; 32],
    expected: &str,
) -> Result<(), Broken> {
    let unwrapped = provider.unwrap(id, wrapped, context).await?;
    ensure(
        unwrapped.expose() == secret,
        expected,
        || "another".to_owned(),
        "unwrap under the key and context that wrapped",
    )
}

/// The key must wrap and unwrap nothing any more.
pub(super) async fn dead<P: KeyProvider>(
    provider: &P,
    id: &ProviderKeyId,
    wrapped: &[u8],
) -> Result<(), Broken> {
    let hint = "drop the key material, keep the name with the moment of destruction";
    let is_dead = |answer, what: &str| says(answer, ProviderErrorKind::Destroyed, what, hint);
    is_dead(provider.unwrap(id, wrapped, CONTEXT).await.map(drop), "unwrapping under a destroyed key")?;
    is_dead(provider.wrap(id, &secret(7), CONTEXT).await.map(drop), "wrapping under a destroyed key")
}

pub(super) fn same_answer(again: Destruction, first: Destruction) -> Result<(), Broken> {
    ensure(
        again == first,
        &format!("the same answer to a second destruction: {first:?}"),
        || format!("{again:?}"),
        "remember when a key was destroyed, or is to be",
    )
}

fn refused(answer: Result<SecretKey, ProviderError>, when: &str) -> Result<(), Broken> {
    says(
        answer.map(drop),
        ProviderErrorKind::Refused,
        &format!("unwrapping {when}"),
        "authenticate key, context and every byte; a failed tag is `Refused`",
    )
}

/// The answer must be an error of that kind.
pub(super) fn says(
    answer: Result<(), ProviderError>,
    kind: ProviderErrorKind,
    when: &str,
    hint: &'static str,
) -> Result<(), Broken> {
    let observed = match answer {
        Err(error) if error.kind() == kind => return Ok(()),
        Err(error) => format!("the error `{error}`"),
        Ok(()) => "success".to_owned(),
    };
    ensure(false, &format!("`{kind:?}` on {when}"), || observed, hint)
}
