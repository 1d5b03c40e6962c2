//! The rules for stores of records.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::report::{Broken, Report, ensure, ensure_conflict};
use super::{Namespace, run_rules, together};
use crate::contracts::{
    Expected, FieldBody, IndexEntry, RecordKey, RecordQuery, RecordRow, RecordStore, StoredField, Version,
};
use crate::core::classification::Level;
use crate::core::id::{Name, SubjectId};

/// Runs every rule for a [`RecordStore`] but `durable`, for which there is [`check_records_after_restart`].
pub async fn check_records<S: RecordStore>(
    namespace: &Namespace,
    mut fresh: impl AsyncFnMut() -> S,
) -> Report {
    let mut report = run_rules!(namespace, fresh, {
        "compare-and-set" => compare_and_set,
        "read-your-writes" => read_your_writes,
        "whole-rows" => whole_rows,
        "exact-listing" => exact_listing,
    });
    report.add("durable", Err(Broken::skipped("needs a restart: `check_records_after_restart`")));
    report
}

/// Runs the rule `durable`: `open` opens the same store each time, as after a restart.
pub async fn check_records_after_restart<S: RecordStore>(
    namespace: &Namespace,
    mut open: impl AsyncFnMut() -> S,
) -> Report {
    let mut report = Report::new();
    report.add("durable", durable(&namespace.of("durable"), &mut open).await);
    report
}

async fn compare_and_set<S: RecordStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    let first = row(ns, "acme", "order", "1");
    let second = RecordRow { version: Version::new(2), category: "second".into(), ..first.clone() };
    let stale = RecordRow { version: Version::new(3), category: "stale".into(), ..first.clone() };
    ensure_conflict(
        store.put(second.clone(), Expected::Version(Version::FIRST)).await,
        "where nothing is there",
    )?;
    ensure_conflict(store.delete(&first.key, Version::FIRST).await, "where nothing is there to delete")?;
    is(store, &first.key, None, "a refused write to leave nothing").await?;
    store.put(first.clone(), Expected::Absent).await?;
    ensure_conflict(store.put(stale.clone(), Expected::Absent).await, "where a row is there already")?;
    is(store, &first.key, Some(&first), "a refused write to change nothing").await?;
    store.put(second.clone(), Expected::Version(Version::FIRST)).await?;
    ensure_conflict(
        store.put(stale.clone(), Expected::Version(Version::FIRST)).await,
        "on an older version",
    )?;
    ensure_conflict(store.put(stale, Expected::Version(Version::new(9))).await, "on a later version")?;
    ensure_conflict(store.delete(&first.key, Version::FIRST).await, "on deleting an older version")?;
    is(store, &first.key, Some(&second), "a refused write to change nothing").await?;
    store.delete(&first.key, Version::new(2)).await?;
    ensure_conflict(store.delete(&first.key, Version::new(2)).await, "on deleting twice")?;
    store.put(first.clone(), Expected::Absent).await?;
    let racers = (0..8).map(|racer| {
        let row = RecordRow { category: Name::new(format!("racer-{racer}")), ..second.clone() };
        Box::pin(store.put(row, Expected::Version(Version::FIRST))) as _
    });
    let won = together(racers.collect()).await.into_iter().filter(Result::is_ok).count();
    ensure(
        won == 1,
        "one of eight writers on the same version to succeed",
        || format!("{won}"),
        "compare and write in one atomic step",
    )
}

async fn read_your_writes<S: RecordStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    let first = row(ns, "acme", "order", "1");
    store.put(first.clone(), Expected::Absent).await?;
    is(store, &first.key, Some(&first), "a row that was put to be read").await?;
    lists(store, &of_tenant(ns, "acme"), &[&first], "a row that was put to be listed").await?;
    let second = RecordRow { version: Version::new(2), platform: None, ..first.clone() };
    store.put(second.clone(), Expected::Version(Version::FIRST)).await?;
    is(store, &first.key, Some(&second), "a row that was replaced to be read").await?;
    lists(store, &of_tenant(ns, "acme"), &[&second], "a row that was replaced to be listed").await?;
    store.delete(&first.key, Version::new(2)).await?;
    is(store, &first.key, None, "a row that was deleted to be gone").await?;
    lists(store, &of_tenant(ns, "acme"), &[], "a row that was deleted not to be listed").await
}

async fn whole_rows<S: RecordStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    let rows = [
        full(ns),
        RecordRow {
            fields: Vec::new(),
            index: Vec::new(),
            events: BTreeMap::new(),
            ..row(ns, "acme", "order", "empty")
        },
        RecordRow {
            version: Version::new(u64::MAX),
            ..row(ns, "acme", "Ordre — n° 1", "ключ/\u{1F511}'\"%_\\")
        },
    ];
    for wanted in &rows {
        store.put(wanted.clone(), Expected::Absent).await?;
    }
    for wanted in &rows {
        is(store, &wanted.key, Some(wanted), "every part of a row to come back as it was put").await?;
    }
    // A replacement leaves nothing of the old row behind.
    let full = full(ns);
    let bare = RecordRow {
        version: full.version.next(),
        connection: None,
        subject: None,
        platform: None,
        fields: Vec::new(),
        index: Vec::new(),
        events: BTreeMap::new(),
        ..full.clone()
    };
    store.put(bare.clone(), Expected::Version(full.version)).await?;
    is(store, &bare.key, Some(&bare), "a replaced row to keep nothing of the old one").await?;
    // A write whose future is dropped half-way leaves the old row or the new one.
    let next = RecordRow { version: bare.version.next(), ..full };
    {
        let mut write = Box::pin(store.put(next.clone(), Expected::Version(bare.version)));
        std::future::poll_fn(|context| {
            let _ = write.as_mut().poll(context);
            std::task::Poll::Ready(())
        })
        .await;
    }
    let found = store.fetch(&next.key).await?;
    ensure(
        found.as_ref() == Some(&bare) || found.as_ref() == Some(&next),
        "the old row or the new one after a dropped write",
        || show(found.as_ref()),
        "write a row and all that belongs to it in one transaction",
    )
}

async fn exact_listing<S: RecordStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    let rows = population(ns);
    // Backwards, so that the order of writing is not the order of listing.
    for row in rows.iter().rev() {
        store.put(row.clone(), Expected::Absent).await?;
    }
    for query in queries(ns) {
        let wanted: Vec<&RecordRow> = rows.iter().filter(|row| query.matches(row)).collect();
        lists(store, &query, &wanted, "exactly the rows that match").await?;
        for page in [1, 2, 5] {
            pages(store, &query, &wanted, page).await?;
        }
        ensure(
            store.list(&query, None, 0).await?.is_empty(),
            "no rows for a limit of 0",
            || "some".to_owned(),
            "the limit is exact",
        )?;
        // A page may begin after a key that is not there: its row may have been deleted since.
        for gone in [before_all(ns), after_all(ns), between(ns)] {
            let wanted: Vec<&RecordRow> = wanted.iter().filter(|row| row.key > gone).copied().collect();
            let found = store.list(&query, Some(&gone), usize::MAX).await?;
            same(&query, &found, &wanted, "the rows after a key that is not there")?;
        }
    }
    // Every query again, once rows are replaced and deleted: no index may lag behind.
    let mut left = Vec::new();
    for (i, row) in rows.into_iter().enumerate() {
        if i % 3 == 0 {
            store.delete(&row.key, row.version).await?;
            continue;
        }
        let moved = RecordRow {
            version: row.version.next(),
            connection: Some("elsewhere".into()),
            subject: Some("someone-else".into()),
            category: "moved".into(),
            index: Vec::new(),
            ..row.clone()
        };
        if i % 3 == 1 {
            store.put(moved.clone(), Expected::Version(row.version)).await?;
        }
        left.push(if i % 3 == 1 { moved } else { row });
    }
    for query in queries(ns) {
        let wanted: Vec<&RecordRow> = left.iter().filter(|row| query.matches(row)).collect();
        lists(store, &query, &wanted, "exactly the rows that still match").await?;
    }
    Ok(())
}

async fn durable<S: RecordStore>(ns: &Namespace, open: &mut impl AsyncFnMut() -> S) -> Result<(), Broken> {
    let (kept, gone) = (full(ns), row(ns, "acme", "order", "gone"));
    let store = open().await;
    store.put(kept.clone(), Expected::Absent).await?;
    store.put(gone.clone(), Expected::Absent).await?;
    drop(store);
    let store = open().await;
    is(&store, &kept.key, Some(&kept), "an acknowledged row to be there after a restart").await?;
    store.delete(&gone.key, gone.version).await?;
    drop(store);
    let store = open().await;
    is(&store, &gone.key, None, "a deleted row to be gone after a restart").await?;
    store.delete(&kept.key, kept.version).await?;
    Ok(())
}

async fn is<S: RecordStore>(
    store: &S,
    key: &RecordKey,
    wanted: Option<&RecordRow>,
    expected: &str,
) -> Result<(), Broken> {
    let found = store.fetch(key).await?;
    ensure(
        found.as_ref() == wanted,
        expected,
        || show(found.as_ref()),
        "compare the parts of the row one by one",
    )
}

async fn lists<S: RecordStore>(
    store: &S,
    query: &RecordQuery,
    wanted: &[&RecordRow],
    expected: &str,
) -> Result<(), Broken> {
    let found = store.list(query, None, usize::MAX).await?;
    same(query, &found, wanted, expected)
}

async fn pages<S: RecordStore>(
    store: &S,
    query: &RecordQuery,
    wanted: &[&RecordRow],
    limit: usize,
) -> Result<(), Broken> {
    let (mut found, mut after) = (Vec::new(), None);
    // One page more than there can be, so that a store that repeats itself is seen and not waited for.
    for _ in 0..=wanted.len() {
        let page = store.list(query, after.as_ref(), limit).await?;
        ensure(
            page.len() <= limit,
            "at most as many rows as the limit",
            || page.len().to_string(),
            "the limit is exact",
        )?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        found.extend(page);
    }
    same(query, &found, wanted, "pages that join up to the whole listing")
}

fn same(
    query: &RecordQuery,
    found: &[RecordRow],
    wanted: &[&RecordRow],
    expected: &str,
) -> Result<(), Broken> {
    ensure(
        found.iter().eq(wanted.iter().copied()),
        &format!("{expected}, in order of their keys: {}", keys(wanted.iter().copied())),
        || format!("{} for {}", keys(found), describe(query)),
        "filter as `RecordQuery::matches` does, order by tenant, kind, id bytewise, begin strictly after `after`",
    )
}

/// The kit's own identifiers, which are nobody's.
fn keys<'a>(rows: impl IntoIterator<Item = &'a RecordRow>) -> String {
    let names: Vec<String> = rows
        .into_iter()
        .map(|row| {
            format!("{}/{}/{}@{}", row.key.tenant, row.key.kind, row.key.id.as_str(), row.version.number())
        })
        .collect();
    format!("[{}]", names.join(", "))
}

fn show(row: Option<&RecordRow>) -> String {
    row.map_or_else(|| "no row".to_owned(), |row| format!("{row:?}"))
}

fn describe(query: &RecordQuery) -> String {
    let mut parts = Vec::new();
    parts.extend(query.tenant.as_ref().map(|_| "tenant"));
    parts.extend(query.kind.as_ref().map(|_| "kind"));
    parts.extend(query.connection.as_ref().map(|_| "connection"));
    parts.extend(query.subject.as_ref().map(|_| "subject"));
    parts.extend(query.categories.as_ref().map(|_| "categories"));
    parts.extend(query.index.as_ref().map(|_| "index"));
    format!("a query by {}", parts.join(", "))
}

fn row(ns: &Namespace, tenant: &str, kind: &str, id: &str) -> RecordRow {
    RecordRow {
        key: RecordKey { tenant: ns.name(tenant).into(), kind: kind.into(), id: id.into() },
        version: Version::FIRST,
        connection: None,
        subject: None,
        category: "orders".into(),
        level: Level::Confidential,
        purpose: "fulfilment".into(),
        platform: Some("market".into()),
        stored_at: moment(),
        events: BTreeMap::new(),
        fields: vec![StoredField {
            name: "note".into(),
            class: "order.note".into(),
            subject: None,
            body: FieldBody::Sealed(vec![0, 1, 2, 255]),
        }],
        index: Vec::new(),
    }
}

/// A row with every part in use, at its edges.
fn full(ns: &Namespace) -> RecordRow {
    let entry = entry(ns, 1);
    let field = |name: &str, subject: Option<&str>, body| StoredField {
        name: name.into(),
        class: "buyer.contact".into(),
        subject: subject.map(SubjectId::from),
        body,
    };
    RecordRow {
        connection: Some(ns.name("shop").into()),
        subject: Some(ns.name("ada").into()),
        level: Level::Restricted,
        events: BTreeMap::from([
            (Name::new("order_delivered"), moment() + TimeDelta::nanoseconds(1)),
            (Name::new("account_closed"), moment() - TimeDelta::days(20_000)),
        ]),
        fields: vec![
            field("z", Some("grace"), FieldBody::Sealed(Vec::new())),
            field("a", None, FieldBody::Clear((0..=255).collect())),
            field("m", Some("grace"), FieldBody::Sealed(vec![7; 4_096])),
        ],
        // Out of order and twice: a row is given back as it was, not tidied.
        index: vec![IndexEntry { field: "z".into(), ..entry.clone() }, entry.clone(), entry],
        ..row(ns, "acme", "order", "full")
    }
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 123_456_789).unwrap_or_default()
}

fn entry(ns: &Namespace, tag: u8) -> IndexEntry {
    // The namespace is part of the tag, so that a query by index alone finds the kit's rows alone. What tells two apart stands at the
    // end of the longest that the steward makes.
    let mut bytes = ns.0.clone().into_bytes();
    bytes.resize(bytes.len().max(23), 0);
    bytes.push(tag);
    IndexEntry { field: "email".into(), tag: bytes }
}

fn of_tenant(ns: &Namespace, tenant: &str) -> RecordQuery {
    RecordQuery { tenant: Some(ns.name(tenant).into()), ..RecordQuery::default() }
}

/// Rows in order of their keys, in which every part of a query takes several values.
fn population(ns: &Namespace) -> Vec<RecordRow> {
    let mut rows = Vec::new();
    // Bytewise, as Rust compares text: `Z` before `a`, `a` before its extensions, `é` last.
    for tenant in ["Z", "a", "a-", "é"] {
        for kind in ["Order", "order"] {
            for id in ["1", "10", "2"] {
                let n = rows.len();
                let mut row = row(ns, tenant, &ns.name(kind), id);
                row.connection =
                    (n % 2 == 0).then(|| ns.name(if n % 4 == 0 { "shop" } else { "Shop" }).into());
                row.subject = (n % 3 == 0).then(|| ns.name("ada").into());
                if n % 5 == 0 {
                    let grace = SubjectId::new(ns.name("grace"));
                    row.fields.iter_mut().for_each(|field| field.subject = Some(grace.clone()));
                }
                row.category =
                    ns.name(["orders", "Orders", "tokens"].into_iter().nth(n % 3).unwrap_or("x")).into();
                if n % 4 < 2 {
                    row.index = vec![entry(ns, 1), entry(ns, 1), entry(ns, 2)];
                }
                rows.push(row);
            }
        }
    }
    rows
}

/// Every part of a query alone, every pair, and all together; none is without a part that holds the namespace.
fn queries(ns: &Namespace) -> Vec<RecordQuery> {
    let parts: [fn(&Namespace, &mut RecordQuery); 7] = [
        |ns, query| query.tenant = Some(ns.name("a").into()),
        |ns, query| query.kind = Some(ns.name("order").into()),
        |ns, query| query.connection = Some(ns.name("shop").into()),
        |ns, query| query.subject = Some(ns.name("grace").into()),
        |ns, query| query.categories = Some([ns.name("orders").into(), ns.name("tokens").into()].into()),
        |ns, query| query.categories = Some(BTreeSet::from([ns.name("Orders").into()])),
        |ns, query| query.index = Some(entry(ns, 1)),
    ];
    let mut queries = Vec::new();
    for (i, first) in parts.iter().enumerate() {
        for second in parts.iter().skip(i) {
            let mut query = RecordQuery::default();
            first(ns, &mut query);
            second(ns, &mut query);
            queries.push(query);
        }
    }
    let mut all = RecordQuery::default();
    parts.iter().for_each(|part| part(ns, &mut all));
    queries.push(all);
    queries.push(RecordQuery { subject: Some(ns.name("nobody").into()), ..RecordQuery::default() });
    queries.push(RecordQuery { categories: Some(BTreeSet::new()), ..RecordQuery::default() });
    queries
}

fn before_all(ns: &Namespace) -> RecordKey {
    RecordKey { tenant: ns.name("").into(), kind: "".into(), id: "".into() }
}

fn after_all(ns: &Namespace) -> RecordKey {
    RecordKey { tenant: ns.name("\u{10FFFF}").into(), kind: "".into(), id: "".into() }
}

fn between(ns: &Namespace) -> RecordKey {
    RecordKey { tenant: ns.name("a").into(), kind: ns.name("order").into(), id: "100".into() }
}
