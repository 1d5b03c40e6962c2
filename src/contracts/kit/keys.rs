//! The rules for stores of wrapped keys.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, TimeDelta, Utc};

use super::report::{Broken, Report, ensure, ensure_conflict};
use super::{Namespace, run_rules, together};
use crate::contracts::{
    EpochRow, EpochState, Expected, KeyState, KeyStore, KeyVersion, Moving, ProviderKeyId, ScopeRow,
    Standing, Tombstone, Version,
};
use crate::core::keys::KeyEvent;
use crate::core::place::Scope;

/// Runs every rule for a [`KeyStore`] but `durable`, for which there is [`check_keys_after_restart`].
///
/// `own-backup` is a matter of how a store is run, and `overwritten` shows here only in what the store answers: whether the old
/// bytes are out of its files is for the store's own tests.
pub async fn check_keys<S: KeyStore>(namespace: &Namespace, mut fresh: impl AsyncFnMut() -> S) -> Report {
    let mut report = run_rules!(namespace, fresh, {
        "compare-and-set" => compare_and_set,
        "read-your-writes" => read_your_writes,
        "whole-rows" => whole_rows,
        "overwritten" => overwritten,
        "exact-listing" => exact_listing,
    });
    report.add("durable", Err(Broken::skipped("needs a restart: `check_keys_after_restart`")));
    report.add("own-backup", Err(Broken::skipped("a matter of how the store is run and backed up")));
    report
}

/// Runs the rule `durable`: `open` opens the same store each time, as after a restart.
pub async fn check_keys_after_restart<S: KeyStore>(
    namespace: &Namespace,
    mut open: impl AsyncFnMut() -> S,
) -> Report {
    let mut report = Report::new();
    report.add("durable", durable(&namespace.of("durable"), &mut open).await);
    report
}

async fn compare_and_set<S: KeyStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    let first = row(ns, "ada");
    let second = destroyed(&first);
    ensure_conflict(
        store.put_scope(second.clone(), Expected::Version(Version::FIRST)).await,
        "where no scope is there",
    )?;
    store.put_scope(first.clone(), Expected::Absent).await?;
    ensure_conflict(
        store.put_scope(second.clone(), Expected::Absent).await,
        "where a scope is there already",
    )?;
    is(store, &first, "a refused write to change nothing").await?;
    store.put_scope(second.clone(), Expected::Version(Version::FIRST)).await?;
    // The write that must never get through: a late writer that brings a destroyed key back.
    let revived = ScopeRow { version: Version::new(2), ..first.clone() };
    ensure_conflict(
        store.put_scope(revived, Expected::Version(Version::FIRST)).await,
        "on an older version",
    )?;
    is(store, &second, "a refused write to change nothing").await?;
    let raced = ScopeRow { version: Version::new(3), ..second.clone() };
    let racers =
        (0..8).map(|_| Box::pin(store.put_scope(raced.clone(), Expected::Version(Version::new(2)))) as _);
    one_wins(together(racers.collect()).await.into_iter().filter(Result::is_ok).count())?;

    let epoch = epoch(ns, 0);
    let dead = EpochRow {
        version: Version::new(2),
        state: EpochState::Destroyed { effective: moment() },
        ..epoch.clone()
    };
    ensure_conflict(
        store.put_epoch(dead.clone(), Expected::Version(Version::FIRST)).await,
        "where no epoch is there",
    )?;
    store.put_epoch(epoch.clone(), Expected::Absent).await?;
    ensure_conflict(
        store.put_epoch(dead.clone(), Expected::Absent).await,
        "where an epoch is there already",
    )?;
    let racers =
        (0..8).map(|_| Box::pin(store.put_epoch(dead.clone(), Expected::Version(Version::FIRST))) as _);
    one_wins(together(racers.collect()).await.into_iter().filter(Result::is_ok).count())?;
    ensure_conflict(store.put_epoch(epoch, Expected::Version(Version::FIRST)).await, "on an older version")
}

fn one_wins(won: usize) -> Result<(), Broken> {
    ensure(
        won == 1,
        "one of eight writers on the same version to succeed",
        || won.to_string(),
        "compare and write in one atomic step",
    )
}

async fn read_your_writes<S: KeyStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    let first = row(ns, "ada");
    let absent = store.scope(&first.scope).await?;
    ensure(
        absent.is_none(),
        "no row before the first write",
        || format!("{absent:?}"),
        "ask for this scope alone",
    )?;
    store.put_scope(first.clone(), Expected::Absent).await?;
    is(store, &first, "a scope that was put to be read").await?;
    let second = destroyed(&first);
    store.put_scope(second.clone(), Expected::Version(Version::FIRST)).await?;
    is(store, &second, "a scope that was replaced to be read").await?;
    let mut epoch = epoch(ns, 0);
    store.put_epoch(epoch.clone(), Expected::Absent).await?;
    epochs_are(store, ns, std::slice::from_ref(&epoch)).await?;
    epoch =
        EpochRow { version: Version::new(2), state: EpochState::Destroyed { effective: moment() }, ..epoch };
    store.put_epoch(epoch.clone(), Expected::Version(Version::FIRST)).await?;
    epochs_are(store, ns, &[epoch]).await
}

async fn whole_rows<S: KeyStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    // The same identifiers in scopes of each kind, and identifiers whose joins would be alike, are different scopes.
    let scopes = [
        Scope::Tenant(ns.name("a").into()),
        Scope::connection(ns.name("a"), "b"),
        Scope::subject(ns.name("a"), "b"),
        Scope::Case(ns.name("a").into(), "b".into()),
        Scope::subject(ns.name("a:b"), "c"),
        Scope::subject(ns.name("a"), "b:c"),
    ];
    let rows = scopes.map(|scope| {
        let mut row = row(ns, "");
        if let Some(KeyState::Live { wrapped, .. }) = row.keys.first_mut().map(|key| &mut key.state) {
            *wrapped = scope.to_bytes();
        }
        ScopeRow { scope, ..row }
    });
    for row in &rows {
        store.put_scope(row.clone(), Expected::Absent).await?;
    }
    for row in &rows {
        is(store, row, "every part of a scope's row to come back as it was put").await?;
    }
    Ok(())
}

async fn overwritten<S: KeyStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    let first = row(ns, "ada");
    store.put_scope(first.clone(), Expected::Absent).await?;
    let second = destroyed(&first);
    store.put_scope(second.clone(), Expected::Version(Version::FIRST)).await?;
    is(store, &second, "only the fact of its destruction to be left of a key").await?;
    let empty = ScopeRow { version: Version::new(3), keys: Vec::new(), ..second };
    store.put_scope(empty.clone(), Expected::Version(Version::new(2))).await?;
    is(store, &empty, "no key of a replaced row to be left").await?;
    let listed = ours(store, ns).await?;
    ensure(
        listed == std::slice::from_ref(&empty),
        "the replaced row to be gone from listings",
        || format!("{listed:?}"),
        "replace a row with all its keys; keep no history",
    )
}

async fn exact_listing<S: KeyStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    let tenants = ["Z", "a", "é", "aa"];
    let mut rows = Vec::new();
    for tenant in tenants {
        let tenant = ns.name(tenant);
        rows.push(Scope::Tenant(tenant.as_str().into()));
        rows.extend(["2", "10", "1"].map(|id| Scope::subject(tenant.as_str(), id)));
        rows.push(Scope::connection(tenant.as_str(), "shop"));
        rows.push(Scope::Case(tenant.into(), "1".into()));
    }
    let mut rows: Vec<ScopeRow> = rows.into_iter().map(|scope| ScopeRow { scope, ..row(ns, "") }).collect();
    for row in &rows {
        store.put_scope(row.clone(), Expected::Absent).await?;
    }
    rows.sort_by_key(|row| row.scope.to_bytes());
    let wanted: Vec<&Scope> = rows.iter().map(|row| &row.scope).collect();
    for page in [1, 3, 7, usize::MAX] {
        let found = paged(store, ns, page).await?;
        ensure(
            found == rows,
            &format!("scopes in order of their bytes, each once, in pages of {page}: {wanted:?}"),
            || format!("{:?}", found.iter().map(|row| &row.scope).collect::<Vec<_>>()),
            "order by `Scope::to_bytes`, begin strictly after `after`",
        )?;
    }
    let none = store.scopes(None, 0).await?;
    ensure(none.is_empty(), "no rows for a limit of 0", || none.len().to_string(), "the limit is exact")?;
    let epochs = [2, 0, 1].map(|n| epoch(ns, n));
    for epoch in &epochs {
        store.put_epoch(epoch.clone(), Expected::Absent).await?;
    }
    let [third, first, second] = epochs;
    epochs_are(store, ns, &[first, second, third]).await
}

async fn durable<S: KeyStore>(ns: &Namespace, open: &mut impl AsyncFnMut() -> S) -> Result<(), Broken> {
    let (first, epoch) = (row(ns, "ada"), epoch(ns, 0));
    let store = open().await;
    store.put_scope(first.clone(), Expected::Absent).await?;
    store.put_epoch(epoch.clone(), Expected::Absent).await?;
    drop(store);
    let store = open().await;
    is(&store, &first, "an acknowledged key to be there after a restart").await?;
    epochs_are(&store, ns, &[epoch]).await?;
    let second = destroyed(&first);
    store.put_scope(second.clone(), Expected::Version(Version::FIRST)).await?;
    drop(store);
    is(&open().await, &second, "a destroyed key to stay destroyed after a restart").await
}

async fn is<S: KeyStore>(store: &S, wanted: &ScopeRow, expected: &str) -> Result<(), Broken> {
    let found = store.scope(&wanted.scope).await?;
    ensure(
        found.as_ref() == Some(wanted),
        expected,
        || format!("{found:?}"),
        "compare the parts of the row one by one",
    )
}

async fn epochs_are<S: KeyStore>(store: &S, ns: &Namespace, wanted: &[EpochRow]) -> Result<(), Broken> {
    let mut found = store.epochs().await?;
    found.retain(|found| (0..3).any(|n| epoch(ns, n).number == found.number));
    ensure(
        found == wanted,
        &format!("all epochs in order of their numbers: {:?}", numbers(wanted)),
        || format!("{:?}", numbers(&found)),
        "give back every epoch, whole, ordered as numbers and not as text",
    )
}

fn numbers(epochs: &[EpochRow]) -> Vec<(u32, u64, bool)> {
    let number =
        |row: &EpochRow| (row.number, row.version.number(), matches!(row.state, EpochState::Active { .. }));
    epochs.iter().map(number).collect()
}

async fn ours<S: KeyStore>(store: &S, ns: &Namespace) -> Result<Vec<ScopeRow>, Broken> {
    paged(store, ns, 100).await
}

/// The kit's own scopes, out of however many the store holds.
async fn paged<S: KeyStore>(store: &S, ns: &Namespace, limit: usize) -> Result<Vec<ScopeRow>, Broken> {
    let (mut found, mut after): (Vec<ScopeRow>, Option<Scope>) = (Vec::new(), None);
    loop {
        let page = store.scopes(after.as_ref(), limit).await?;
        ensure(
            page.len() <= limit,
            "at most as many rows as the limit",
            || page.len().to_string(),
            "the limit is exact",
        )?;
        let Some(last) = page.last() else { return Ok(found) };
        // Without progress the loop would not end.
        let moved = after.as_ref().is_none_or(|after| after.to_bytes() < last.scope.to_bytes());
        ensure(
            moved,
            "each page to end after the one before",
            || format!("{}", last.scope),
            "order by `Scope::to_bytes`, begin strictly after `after`",
        )?;
        after = Some(last.scope.clone());
        found.extend(page.into_iter().filter(|row| row.scope.tenant().as_str().starts_with(&ns.name(""))));
    }
}

/// A version in every state that there is, with all that each says.
fn row(ns: &Namespace, subject: &str) -> ScopeRow {
    let [first, second, third] = [0, 1, 2].map(|days| moment() + TimeDelta::days(days));
    let live = |standing, epoch| KeyState::Live { standing, epoch, wrapped: (0..=255).collect() };
    let states = [
        KeyState::Destroyed(Tombstone {
            at: third,
            epoch: 1,
            under: "case/\"7\"/é".to_owned(),
            deactivated: Some(first),
            compromised: Some(second),
        }),
        live(Standing::Deactivated { since: second }, u32::MAX),
        live(
            Standing::Compromised {
                since: third,
                reason: "'; -- \"é\"".to_owned(),
                deactivated: Some(second),
            },
            1,
        ),
        live(Standing::Suspended { since: third }, 2),
        KeyState::Live { standing: Standing::Active, epoch: 2, wrapped: Vec::new() },
    ];
    let keys = (1..).zip(states).map(|(number, state)| KeyVersion { number, activated: first, state });
    ScopeRow {
        scope: Scope::subject(ns.name("acme"), subject),
        version: Version::FIRST,
        keys: keys.collect(),
        closed: None,
        minimum: 2,
    }
}

/// What a revocation leaves of the row.
fn destroyed(row: &ScopeRow) -> ScopeRow {
    let mut row = row.clone();
    for key in &mut row.keys {
        // Every phase lets a key be destroyed.
        let _ = key.undergo(KeyEvent::Destroy, moment(), "revocation/1");
    }
    ScopeRow { version: row.version.next(), closed: Some(moment()), ..row }
}

/// Epochs have no name to carry the namespace: their numbers do, far above those in use.
fn epoch(ns: &Namespace, n: u32) -> EpochRow {
    let mut hasher = DefaultHasher::new();
    ns.0.hash(&mut hasher);
    let [a, b, c, ..] = hasher.finish().to_be_bytes();
    // Nine digits, then ten with a lower first one, so that numbers ordered as text come out wrong.
    let base = 300_000_000 + u32::from_be_bytes([0, a, b, c]);
    let number = if n == 0 { base } else { base.saturating_mul(4).saturating_add(n) };
    EpochRow {
        number,
        version: Version::FIRST,
        provider_key: ProviderKeyId::new(ns.name("key")),
        opened: moment(),
        moving: match n {
            0 => Moving::Begun,
            1 => Moving::Past(Scope::subject(ns.name("acme"), "é")),
            _ => Moving::Done,
        },
        state: EpochState::Active { wrapped: vec![0, 255, 7] },
    }
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 123_456_789).unwrap_or_default()
}
