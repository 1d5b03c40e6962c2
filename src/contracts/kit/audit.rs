//! The rules for audit trails.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, TimeDelta, Utc};

use super::report::{Broken, Report, ensure, ensure_conflict};
use super::{Namespace, run_rules, together};
use crate::contracts::{AuditLog, EntryBody, StoredEntry};
use crate::core::audit::Term;

/// Runs every rule for an [`AuditLog`] but `durable`, for which there is [`check_audit_after_restart`].
///
/// A trail that has entries already goes on from its end, and **they expire**: give it none that anybody needs. Nobody else may write to
/// it meanwhile.
pub async fn check_audit<S: AuditLog>(namespace: &Namespace, mut fresh: impl AsyncFnMut() -> S) -> Report {
    let mut report = run_rules!(namespace, fresh, {
        "gapless" => gapless,
        "append-only" => append_only,
        "read-your-writes" => read_your_writes,
        "indexed" => indexed,
        "expiring" => expiring,
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
    let other = StoredEntry { body: body(b"other".to_vec(), []), nodes: vec![[9; 32]], ..first.clone() };
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
        entry.body = body(Vec::new(), []);
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

async fn indexed<S: AuditLog>(log: &S, ns: &Namespace) -> Result<(), Broken> {
    let end = next(log).await?;
    let mut entries: Vec<StoredEntry> = (0..24).map(|offset| entry(ns, end.saturating_add(offset))).collect();
    for (n, entry) in entries.iter_mut().enumerate() {
        let by = |part: usize| u8::try_from(n % part).unwrap_or_default();
        let terms =
            [Some(term(ns, 1)), Some(term(ns, 10 + by(2))), (n % 3 > 0).then(|| term(ns, 20 + by(3)))];
        entry.body = body(ns.name(n).into_bytes(), terms.into_iter().flatten().filter(|_| n % 7 != 6));
    }
    // By one, by several, and all that is left.
    let mut left = entries.as_slice();
    for batch in [1, 2, 9, 12] {
        let (now, later) = left.split_at_checked(batch).unwrap_or((left, &[]));
        log.append(now.to_vec()).await?;
        left = later;
    }
    let again = StoredEntry { body: body(Vec::new(), [term(ns, 99)]), ..entry(ns, end) };
    ensure_conflict(log.append(vec![again]).await, "where the index is taken")?;
    // The last three are no entry's; they differ from one that is in their first or last byte.
    let mut strange = *term(ns, 1).as_bytes();
    strange[0] ^= 1;
    let terms = [1, 10, 11, 21, 22, 99, 0].map(|tag| term(ns, tag));
    for term in terms.into_iter().chain([Term::from_bytes(strange)]) {
        for from in [0, 1, 7, 8, 23, 24, 1_000_000]
            .map(|offset| end.saturating_add(offset))
            .into_iter()
            .chain([u64::MAX])
        {
            let wanted = having(&entries, term).filter(|entry| entry.index >= from);
            lists(log, term, from, usize::MAX, wanted.cloned().collect()).await?;
        }
        for limit in [0, 1, 2, 5] {
            let (mut from, mut found) = (end, 0);
            // One page more than there can be, so that a store that repeats itself is seen and not waited for.
            for _ in 0..=entries.len() {
                let wanted = having(&entries, term).skip(found).take(limit).cloned().collect::<Vec<_>>();
                let last = wanted.last().map(|entry| entry.index);
                found += wanted.len();
                lists(log, term, from, limit, wanted).await?;
                let Some(last) = last else { break };
                from = last.saturating_add(1);
            }
        }
    }
    Ok(())
}

async fn expiring<S: AuditLog>(log: &S, ns: &Namespace) -> Result<(), Broken> {
    let end = next(log).await?;
    let filed = |offset: u64| {
        let entry = entry(ns, end.saturating_add(offset));
        let terms = [term(ns, 1), term(ns, if offset.is_multiple_of(2) { 2 } else { 3 })];
        StoredEntry { body: body(ns.name(offset).into_bytes(), terms), ..entry }
    };
    let mut entries: Vec<StoredEntry> = (0..12).map(filed).collect();
    log.append(entries.clone()).await?;
    // Once more with the same index, with smaller ones, and with one that there is no entry for yet.
    for (below, appended) in [(5, 0), (5, 0), (3, 0), (0, 0), (5, 3), (8, 0), (6, 0), (40, 2), (9, 1)] {
        log.expire(end.saturating_add(below)).await?;
        for entry in entries.iter_mut().filter(|entry| entry.index < end.saturating_add(below)) {
            entry.body = None;
        }
        let more = entries.len() as u64..(entries.len() as u64).saturating_add(appended);
        let more: Vec<StoredEntry> = more.map(filed).collect();
        log.append(more.clone()).await?;
        entries.extend(more);
        let expected = format!("the entries below {below} to be there without their body, and no others");
        let found = log.read(end, usize::MAX).await?;
        let hint = "take the body of what is below the index now, and keep index, time and nodes";
        ensure(found == entries, &expected, || show(&found), hint)?;
        let last = log.last().await?;
        ensure(last.as_ref() == entries.last(), "the last entry as it is", || show(last.as_slice()), hint)?;
        for term in [1, 2, 3].map(|tag| term(ns, tag)) {
            lists(log, term, end, usize::MAX, having(&entries, term).cloned().collect()).await?;
        }
    }
    Ok(())
}

async fn durable<S: AuditLog>(ns: &Namespace, open: &mut impl AsyncFnMut() -> S) -> Result<(), Broken> {
    let log = open().await;
    let end = next(&log).await?;
    let mut entries = [entry(ns, end), entry(ns, end.saturating_add(1))];
    log.append(entries.to_vec()).await?;
    drop(log);
    let log = open().await;
    let found = log.read(end, 10).await?;
    let hint = "answer an append once it has reached the disk";
    ensure(found == entries, "acknowledged entries to be there after a restart", || show(&found), hint)?;
    lists(&log, term(ns, 0), end, 10, entries.to_vec()).await?;
    ensure_conflict(log.append(entries.to_vec()).await, "on an index that was taken before the restart")?;
    log.expire(end.saturating_add(1)).await?;
    drop(log);
    let log = open().await;
    entries[0].body = None;
    let found = log.read(end, 10).await?;
    ensure(found == entries, "what has expired to be gone after a restart", || show(&found), hint)?;
    lists(&log, term(ns, 0), end, 10, having(&entries, term(ns, 0)).cloned().collect()).await
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

async fn lists<S: AuditLog>(
    log: &S,
    term: Term,
    from: u64,
    limit: usize,
    wanted: Vec<StoredEntry>,
) -> Result<(), Broken> {
    let found = log.list(&term, from, limit).await?;
    ensure(
        found == wanted,
        &format!("of the entries with the term {term:?}, {limit} at most from {from} on: {}", show(&wanted)),
        || show(&found),
        "keep a row for each term of each entry, keyed by term and index; compare terms whole",
    )
}

fn having(entries: &[StoredEntry], term: Term) -> impl Iterator<Item = &StoredEntry> {
    entries.iter().filter(move |entry| entry.body.as_ref().is_some_and(|body| body.terms.contains(&term)))
}

fn entry(ns: &Namespace, index: u64) -> StoredEntry {
    let [a, b, c, d, ..] = index.to_le_bytes();
    let mut hash = [0xA5; 32];
    hash[..4].copy_from_slice(&[a, b, c, d]);
    // As many nodes as the entry of a tree has.
    let nodes = vec![hash; index.trailing_ones() as usize + 1];
    let body = body(ns.name(index).into_bytes(), [term(ns, 0)]);
    StoredEntry { index, at: moment(index), body, nodes }
}

fn body(bytes: Vec<u8>, terms: impl IntoIterator<Item = Term>) -> Option<EntryBody> {
    Some(EntryBody { bytes, terms: terms.into_iter().collect() })
}

/// A term of this namespace. What tells two apart is their last byte.
fn term(ns: &Namespace, tag: u8) -> Term {
    let mut hasher = DefaultHasher::new();
    ns.0.hash(&mut hasher);
    let [a, b, c, d, e, f, g, h] = hasher.finish().to_be_bytes();
    Term::from_bytes([0x80, a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, tag])
}

/// Times to the nanosecond, the same for two entries in a row.
fn moment(index: u64) -> DateTime<Utc> {
    let start = DateTime::from_timestamp(1_790_000_000, 123_456_789).unwrap_or_default();
    start + TimeDelta::nanoseconds(i64::try_from(index / 2).unwrap_or_default())
}

fn show(entries: &[StoredEntry]) -> String {
    let indexes: Vec<String> = entries
        .iter()
        .map(|entry| format!("{}{}", entry.index, if entry.body.is_some() { "" } else { " (expired)" }))
        .collect();
    format!("[{}]", indexes.join(", "))
}
