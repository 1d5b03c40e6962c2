//! The rules for stores of the steward's papers.

use super::report::{Broken, Report, ensure, ensure_conflict};
use super::{Namespace, run_rules, together};
use crate::contracts::{Document, DocumentKey, DocumentKind, DocumentStore, Expected, Version};
use crate::core::id::TenantId;

/// Runs every rule for a [`DocumentStore`] but `durable`, for which there is [`check_documents_after_restart`].
pub async fn check_documents<S: DocumentStore>(
    namespace: &Namespace,
    mut fresh: impl AsyncFnMut() -> S,
) -> Report {
    let mut report = run_rules!(namespace, fresh, {
        "compare-and-set" => compare_and_set,
        "read-your-writes" => read_your_writes,
        "whole-rows" => whole_rows,
        "exact-listing" => exact_listing,
    });
    report.add("durable", Err(Broken::skipped("needs a restart: `check_documents_after_restart`")));
    report
}

/// Runs the rule `durable`: `open` opens the same store each time, as after a restart.
pub async fn check_documents_after_restart<S: DocumentStore>(
    namespace: &Namespace,
    mut open: impl AsyncFnMut() -> S,
) -> Report {
    let mut report = Report::new();
    report.add("durable", durable(&namespace.of("durable"), &mut open).await);
    report
}

async fn compare_and_set<S: DocumentStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    let first = paper(ns, DocumentKind::Case, "acme", "1");
    let second = next(&first);
    ensure_conflict(
        store.save(second.clone(), Expected::Version(Version::FIRST)).await,
        "where nothing is there",
    )?;
    store.save(first.clone(), Expected::Absent).await?;
    ensure_conflict(store.save(second.clone(), Expected::Absent).await, "where a paper is there already")?;
    is(store, &first, "a refused write to change nothing").await?;
    store.save(second.clone(), Expected::Version(Version::FIRST)).await?;
    ensure_conflict(
        store.save(first.clone(), Expected::Version(Version::FIRST)).await,
        "on an older version",
    )?;
    is(store, &second, "a refused write to change nothing").await?;
    let third = next(&second);
    let racers = (0..8).map(|_| Box::pin(store.save(third.clone(), Expected::Version(second.version))) as _);
    let won = together(racers.collect()).await.into_iter().filter(Result::is_ok).count();
    ensure(
        won == 1,
        "one of eight writers on the same version to succeed",
        || won.to_string(),
        "compare and write in one atomic step",
    )
}

async fn read_your_writes<S: DocumentStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    let first = paper(ns, DocumentKind::Hold, "acme", "1");
    let absent = store.load(&first.key).await?;
    ensure(
        absent.is_none(),
        "no paper before the first write",
        || show(absent.as_ref()),
        "ask for this key alone",
    )?;
    for paper in [first.clone(), next(&first)] {
        let expected = if paper.version == Version::FIRST {
            Expected::Absent
        } else {
            Expected::Version(Version::FIRST)
        };
        store.save(paper.clone(), expected).await?;
        is(store, &paper, "a paper that was saved to be read").await?;
        let tenant = paper.key.tenant.clone();
        let listed = store.list(DocumentKind::Hold, Some(&tenant), None, 10).await?;
        ensure(
            listed == std::slice::from_ref(&paper),
            "a paper that was saved to be listed",
            || keys(&listed),
            "a listing sees every write that has returned",
        )?;
    }
    Ok(())
}

async fn whole_rows<S: DocumentStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    let bodies = [Vec::new(), (0..=255).collect(), vec![b'x'; 100_000], "{\"é\":\"\\u0000\"}".into()];
    for (kind, body) in DocumentKind::ALL.iter().zip(bodies.iter().cycle()) {
        // The same tenant and identifier under each kind: different papers.
        let paper = Document { body: body.clone(), ..paper(ns, *kind, "acme", "ключ/'\"%_\\") };
        store.save(paper, Expected::Absent).await?;
    }
    for (kind, body) in DocumentKind::ALL.iter().zip(bodies.iter().cycle()) {
        let paper = Document { body: body.clone(), ..paper(ns, *kind, "acme", "ключ/'\"%_\\") };
        is(store, &paper, "every part of a paper to come back as it was saved").await?;
    }
    Ok(())
}

async fn exact_listing<S: DocumentStore>(store: &S, ns: &Namespace) -> Result<(), Broken> {
    let mut papers = Vec::new();
    for kind in [DocumentKind::Timeline, DocumentKind::Hold, DocumentKind::Case] {
        for tenant in ["Z", "a", "a-", "é"] {
            papers.extend(["1", "10", "2"].map(|id| paper(ns, kind, tenant, id)));
        }
    }
    for paper in papers.iter().rev() {
        store.save(paper.clone(), Expected::Absent).await?;
    }
    let kind = DocumentKind::Hold;
    let tenants: [Option<TenantId>; 3] = [Some(ns.name("a").into()), Some(ns.name("nobody").into()), None];
    for tenant in &tenants {
        let matches = |found: &Document| {
            found.key.kind == kind && tenant.as_ref().is_none_or(|tenant| found.key.tenant == *tenant)
        };
        let wanted: Vec<Document> = papers.iter().filter(|paper| matches(paper)).cloned().collect();
        for limit in [1, 2, 5, usize::MAX] {
            let found = paged(store, ns, kind, tenant.as_ref(), None, limit).await?;
            same(&found, &wanted)?;
        }
        // Also after a key of another kind, tenant, or none that is there.
        for after in [
            paper(ns, DocumentKind::Timeline, "é", "2").key,
            paper(ns, DocumentKind::Case, "Z", "1").key,
            paper(ns, kind, "a", "100").key,
            paper(ns, kind, "", "").key,
            paper(ns, kind, "\u{10FFFF}", "").key,
        ] {
            let wanted: Vec<Document> = wanted.iter().filter(|paper| paper.key > after).cloned().collect();
            same(&paged(store, ns, kind, tenant.as_ref(), Some(after), 100).await?, &wanted)?;
        }
        let none = store.list(kind, tenant.as_ref(), None, 0).await?;
        ensure(none.is_empty(), "no papers for a limit of 0", || keys(&none), "the limit is exact")?;
    }
    Ok(())
}

async fn durable<S: DocumentStore>(ns: &Namespace, open: &mut impl AsyncFnMut() -> S) -> Result<(), Broken> {
    let first = paper(ns, DocumentKind::Disposal, "acme", "1");
    open().await.save(first.clone(), Expected::Absent).await?;
    let store = open().await;
    is(&store, &first, "an acknowledged paper to be there after a restart").await?;
    let second = next(&first);
    store.save(second.clone(), Expected::Version(Version::FIRST)).await?;
    drop(store);
    is(&open().await, &second, "an acknowledged change to be there after a restart").await
}

async fn is<S: DocumentStore>(store: &S, wanted: &Document, expected: &str) -> Result<(), Broken> {
    let found = store.load(&wanted.key).await?;
    ensure(
        found.as_ref() == Some(wanted),
        expected,
        || show(found.as_ref()),
        "keep key, version and every byte",
    )
}

fn same(found: &[Document], wanted: &[Document]) -> Result<(), Broken> {
    ensure(
        found == wanted,
        &format!("papers of the kind and tenant, in order of their keys: {}", keys(wanted)),
        || keys(found),
        "order by tenant and id bytewise, begin strictly after `after`",
    )
}

/// The kit's own papers, out of however many of the kind the store holds.
async fn paged<S: DocumentStore>(
    store: &S,
    ns: &Namespace,
    kind: DocumentKind,
    tenant: Option<&TenantId>,
    mut after: Option<DocumentKey>,
    limit: usize,
) -> Result<Vec<Document>, Broken> {
    let mut found = Vec::new();
    loop {
        let page = store.list(kind, tenant, after.as_ref(), limit).await?;
        ensure(
            page.len() <= limit,
            "at most as many papers as the limit",
            || keys(&page),
            "the limit is exact",
        )?;
        let Some(last) = page.last() else { return Ok(found) };
        // Without progress the loop would not end.
        ensure(
            after.as_ref().is_none_or(|after| *after < last.key),
            "each page to end after the one before",
            || keys(&page),
            "order by tenant and id bytewise, begin strictly after `after`",
        )?;
        after = Some(last.key.clone());
        found.extend(page.into_iter().filter(|paper| paper.key.tenant.as_str().starts_with(&ns.name(""))));
    }
}

fn paper(ns: &Namespace, kind: DocumentKind, tenant: &str, id: &str) -> Document {
    let key = DocumentKey { kind, tenant: ns.name(tenant).into(), id: id.to_owned() };
    Document { body: format!("{{\"{kind}\":\"{tenant}/{id}\"}}").into_bytes(), key, version: Version::FIRST }
}

fn next(paper: &Document) -> Document {
    let mut next = Document { version: paper.version.next(), ..paper.clone() };
    next.body.push(b' ');
    next
}

fn keys(papers: &[Document]) -> String {
    let names: Vec<String> = papers
        .iter()
        .map(|paper| {
            format!("{}/{}/{}@{}", paper.key.kind, paper.key.tenant, paper.key.id, paper.version.number())
        })
        .collect();
    format!("[{}]", names.join(", "))
}

fn show(paper: Option<&Document>) -> String {
    paper.map_or_else(
        || "no paper".to_owned(),
        |paper| format!("{} ({} bytes)", keys(std::slice::from_ref(paper)), paper.body.len()),
    )
}
