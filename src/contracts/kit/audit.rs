//! The rules for audit trails.

use super::report::{Broken, Report, ensure, ensure_conflict};
use super::{Namespace, run_rules, together};
use crate::contracts::{AuditLog, StoredEntry};

/// Runs every rule for an [`AuditLog`] but `durable`, for which there is [`check_audit_after_restart`].
///
/// A trail that has entries already goes on from its end. Nobody else may write to it meanwhile.
pub async fn check_audit<S: AuditLog>(namespace: &Namespace, mut fresh: impl AsyncFnMut() -> S) -> Report {
    let mut report = run_rules!(namespace, fresh, {
        "gapless" => gapless,
        "append-only" => append_only,
        "read-your-writes" => read_your_writes,
    });
    report.add("durable", Err(Broken::skipped("needs a restart: `check_audit_after_restart`")));
    report
}

/// Runs the rule `durable`: `open` opens the same trail each time, as after a restart.
pub async fn check_audit_after_restart<S: AuditLog>(
    namespace: &Namespace,
    mut open: impl AsyncFnMut() -> S,
) -> Report {
    let mut report = Report::new();
    report.add("durable", durable(&namespace.of("durable"), &mut open).await);
    report
}

async fn gapless<S: AuditLog>(log: &S, ns: &Namespace) -> Result<(), Broken> {
    let end = next(log).await?;
    let entry = |offset: u64| entry(ns, end.saturating_add(offset));
    ensure_conflict(log.append(vec![entry(1)]).await, "where an index is left out")?;
    ends(log, end, "a refused entry to leave nothing").await?;
    log.append(vec![entry(0), entry(1)]).await?;
    ensure_conflict(log.append(vec![entry(1)]).await, "where the index is taken")?;
    ensure_conflict(log.append(vec![entry(0), entry(1), entry(2)]).await, "where a batch begins too early")?;
    ensure_conflict(log.append(vec![entry(2), entry(4)]).await, "where a batch has a gap")?;
    ensure_conflict(log.append(vec![entry(2), entry(2)]).await, "where a batch has an index twice")?;
    ends(log, end.saturating_add(2), "a refused batch to leave none of its entries").await?;
    log.append(Vec::new()).await?;
    ends(log, end.saturating_add(2), "an empty batch to change nothing").await?;
    let racers = (0..8).map(|_| Box::pin(log.append(vec![entry(2), entry(3)])) as _);
    let won = together(racers.collect()).await.into_iter().filter(Result::is_ok).count();
    let hint = "compare with the number of entries and append in one atomic step";
    ensure(won == 1, "one of eight writers at the same index to succeed", || won.to_string(), hint)?;
    ends(log, end.saturating_add(4), "one batch of eight to be there").await
}

async fn append_only<S: AuditLog>(log: &S, ns: &Namespace) -> Result<(), Broken> {
    let end = next(log).await?;
    let first = entry(ns, end);
    log.append(vec![first.clone()]).await?;
    let other = StoredEntry { body: b"other".to_vec(), nodes: vec![[9; 32]], ..first.clone() };
    ensure_conflict(log.append(vec![other]).await, "on writing an entry again")?;
    for offset in 1..20 {
        log.append(vec![entry(ns, end.saturating_add(offset))]).await?;
    }
    let found = log.read(end, 1).await?;
    ensure(
        found == [first],
        "an entry to stay as it was written",
        || show(&found),
        "no path changes or removes an entry, whatever is appended after",
    )
}

async fn read_your_writes<S: AuditLog>(log: &S, ns: &Namespace) -> Result<(), Broken> {
    let end = next(log).await?;
    let mut entries: Vec<StoredEntry> = (0..12).map(|offset| entry(ns, end.saturating_add(offset))).collect();
    if let Some(entry) = entries.get_mut(5) {
        entry.body = Vec::new();
    }
    log.append(entries.clone()).await?;
    let hint = "read in order of index, from `from` on, at most `limit`; order as numbers, not as text";
    for (from, limit, wanted) in [
        (0, 12, entries.get(0..12)),
        (0, 1, entries.get(0..1)),
        (5, 4, entries.get(5..9)),
        (9, 100, entries.get(9..12)),
        (11, 1, entries.get(11..12)),
        (12, 10, Some(&[][..])),
        (1_000_000, 10, Some(&[][..])),
        (3, 0, Some(&[][..])),
    ] {
        let found = log.read(end.saturating_add(from), limit).await?;
        let wanted = wanted.unwrap_or_default();
        ensure(
            found == wanted,
            &format!("{limit} entries from {from}: {}", show(wanted)),
            || show(&found),
            hint,
        )?;
    }
    let far = log.read(u64::MAX, 1).await?;
    ensure(
        far.is_empty(),
        "nothing at the largest index",
        || show(&far),
        "an index past the end is an empty answer",
    )?;
    let last = log.last().await?;
    ensure(
        last.as_ref() == entries.last(),
        "the entry that was appended last",
        || show(last.as_slice()),
        "the last entry is the one with the highest index",
    )
}

async fn durable<S: AuditLog>(ns: &Namespace, open: &mut impl AsyncFnMut() -> S) -> Result<(), Broken> {
    let log = open().await;
    let end = next(&log).await?;
    let entries = [entry(ns, end), entry(ns, end.saturating_add(1))];
    log.append(entries.to_vec()).await?;
    drop(log);
    let log = open().await;
    let found = log.read(end, 10).await?;
    let hint = "answer an append once it has reached the disk";
    ensure(found == entries, "acknowledged entries to be there after a restart", || show(&found), hint)?;
    ensure_conflict(log.append(entries.to_vec()).await, "on an index that was taken before the restart")
}

async fn next<S: AuditLog>(log: &S) -> Result<u64, Broken> {
    Ok(log.last().await?.map_or(0, |last| last.index.saturating_add(1)))
}

async fn ends<S: AuditLog>(log: &S, wanted: u64, expected: &str) -> Result<(), Broken> {
    let (found, past) = (next(log).await?, log.read(wanted, 1).await?);
    ensure(
        found == wanted && past.is_empty(),
        &format!("{expected} ({wanted} entries)"),
        || format!("{found} entries"),
        "append a whole batch or nothing, in one transaction",
    )
}

fn entry(ns: &Namespace, index: u64) -> StoredEntry {
    let [a, b, c, d, ..] = index.to_le_bytes();
    let mut hash = [0xA5; 32];
    hash[..4].copy_from_slice(&[a, b, c, d]);
    // As many nodes as the entry of a tree has.
    let nodes = vec![hash; index.trailing_ones() as usize + 1];
    StoredEntry { index, body: ns.name(index).into_bytes(), nodes }
}

fn show(entries: &[StoredEntry]) -> String {
    let indexes: Vec<String> = entries.iter().map(|entry| entry.index.to_string()).collect();
    format!("[{}]", indexes.join(", "))
}
