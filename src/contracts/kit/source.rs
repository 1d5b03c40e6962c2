//! The rules for data sources.

use std::collections::BTreeMap;

use super::report::{Broken, Report, ensure};
use super::{Namespace, run_rules};
use crate::contracts::{Answer, DataSource, Disposed, SourceItem, SubjectRef, TaskId};

/// Runs every rule for a [`DataSource`], each on a source of its own that `fresh` makes and fills.
///
/// Each must hold at least three items, one of them about `who` and one that is not. A source that answers
/// [`Answer::RetryAt`] or [`Answer::Skipped`] has the rule skipped, with the reason in the report.
pub async fn check_source<S: DataSource>(
    namespace: &Namespace,
    who: &SubjectRef,
    mut fresh: impl AsyncFnMut() -> S,
) -> Report {
    let mut filled = async || Fixture { source: fresh().await, who: who.clone() };
    run_rules!(namespace, filled, {
        "exact-listing" => exact_listing,
        "complete" => complete,
        "idempotent" => idempotent,
        "as-listed" => as_listed,
    })
}

struct Fixture<S> {
    source: S,
    who: SubjectRef,
}

async fn exact_listing<S: DataSource>(fixture: &Fixture<S>, _: &Namespace) -> Result<(), Broken> {
    let source = &fixture.source;
    let all = listed(fixture).await?;
    let hint = "order by id bytewise, begin strictly after `after`, each item once";
    ensure(
        all.is_sorted_by(|one, next| one.id < next.id),
        "items in order of their ids, each once",
        || ids(&all),
        hint,
    )?;
    for limit in [1, 2, 3] {
        let (mut found, mut after): (Vec<SourceItem>, Option<String>) = (Vec::new(), None);
        // One page more than there can be, so that a source that repeats itself is seen and not waited for.
        for _ in 0..=all.len() {
            let page = source.items(after.as_deref(), limit).await?;
            ensure(
                page.len() <= limit,
                "at most as many items as the limit",
                || ids(&page),
                "the limit is exact",
            )?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            found.extend(page);
        }
        ensure(
            found == all,
            &format!("pages of {limit} that join up to {}", ids(&all)),
            || ids(&found),
            hint,
        )?;
    }
    let none = source.items(None, 0).await?;
    ensure(none.is_empty(), "no items for a limit of 0", || ids(&none), "the limit is exact")
}

async fn complete<S: DataSource>(fixture: &Fixture<S>, ns: &Namespace) -> Result<(), Broken> {
    let Fixture { source, who } = fixture;
    let before = listed(fixture).await?;
    let exported = done(source.export(who, &TaskId::new(ns.name("export"))).await?)?;
    ensure(
        !exported.is_empty(),
        "an export of what the source holds about the person",
        || "nothing, though an item is listed about them".to_owned(),
        "what cannot be covered is answered with `Skipped`, never with zero rows",
    )?;
    let erasure = done(source.erase(who, &BTreeMap::new(), &TaskId::new(ns.name("erase"))).await?)?;
    ensure(
        erasure.erased > 0,
        "the count of what was erased",
        || "0".to_owned(),
        "count the records that are gone",
    )?;
    let after = source.items(None, usize::MAX).await?;
    let others: Vec<_> = before.into_iter().filter(|item| !is_about(item, who)).collect();
    let spared: u64 = erasure.kept.iter().map(|(count, _)| *count).sum();
    let about = after.iter().filter(|item| is_about(item, who)).count();
    ensure(
        u64::try_from(about).is_ok_and(|about| about <= spared),
        &format!("no more items about the person than the {spared} that were kept with a reason"),
        || about.to_string(),
        "erase everything about the person, or say what is kept",
    )?;
    ensure(
        others.iter().all(|item| after.contains(item)),
        "items about nobody and about others to stay",
        || ids(&after),
        "erase what is about this person of this tenant alone",
    )?;
    if spared == 0 {
        let exported = done(source.export(who, &TaskId::new(ns.name("export-after"))).await?)?;
        ensure(
            exported.is_empty(),
            "an empty export after the erasure",
            || format!("{} records", exported.len()),
            "export and erasure cover the same data",
        )?;
    }
    let Some(item) = others.first() else { return Ok(()) };
    source.dispose(item).await?;
    let left = source.items(None, usize::MAX).await?;
    ensure(
        !left.iter().any(|left| left.id == item.id) && left.len().saturating_add(1) == after.len(),
        "the disposed item, and it alone, to be gone",
        || ids(&left),
        "dispose of the named item alone",
    )
}

async fn idempotent<S: DataSource>(fixture: &Fixture<S>, ns: &Namespace) -> Result<(), Broken> {
    let Fixture { source, who } = fixture;
    let items = listed(fixture).await?;
    let task = TaskId::new(ns.name("erase"));
    let first = done(source.erase(who, &BTreeMap::new(), &task).await?)?;
    let second = done(source.erase(who, &BTreeMap::new(), &task).await?)?;
    ensure(
        first == second,
        &format!("the same answer to the same task: {first:?}"),
        || format!("{second:?}"),
        "keep what was done under a task's name, and answer with all of it",
    )?;
    let Some(item) = items.iter().find(|item| !is_about(item, who)) else { return Ok(()) };
    source.dispose(item).await?;
    let again = source.dispose(item).await;
    ensure(
        again.is_ok(),
        "success where an item is gone already",
        || "an error".to_owned(),
        "deleting what is gone succeeds",
    )
}

async fn as_listed<S: DataSource>(fixture: &Fixture<S>, _: &Namespace) -> Result<(), Broken> {
    let source = &fixture.source;
    let items = listed(fixture).await?;
    let Some(item) = items.first() else { return Ok(()) };
    let mut stale = item.clone();
    stale.stored_at -= chrono::TimeDelta::seconds(1);
    let disposed = source.dispose(&stale).await?;
    ensure(
        disposed == Disposed::Changed && source.items(None, usize::MAX).await?.contains(item),
        "an item that is not as it was listed to stay, and to be answered with `Changed`",
        || format!("{disposed:?}"),
        "compare the item with what is there before deleting it",
    )
}

/// What the source holds, once it is known to be enough to tell anything.
async fn listed<S: DataSource>(fixture: &Fixture<S>) -> Result<Vec<SourceItem>, Broken> {
    let items = fixture.source.items(None, usize::MAX).await?;
    let about = items.iter().filter(|item| is_about(item, &fixture.who)).count();
    ensure(
        items.len() >= 3 && about > 0 && about < items.len(),
        "a fresh source with three items or more, some about the person and some not",
        || format!("{} items, {about} about the person", items.len()),
        "fill the source in the factory",
    )?;
    Ok(items)
}

fn is_about(item: &SourceItem, who: &SubjectRef) -> bool {
    item.tenant == who.tenant && item.subjects.contains(&who.subject)
}

fn done<T>(answer: Answer<T>) -> Result<T, Broken> {
    match answer {
        Answer::Done(done) => Ok(done),
        Answer::RetryAt(at) => Err(Broken::skipped(format!("the source asks to wait until {at}"))),
        Answer::Skipped { reason } => Err(Broken::skipped(format!("the source skips the task: {reason}"))),
    }
}

/// A source's own names may name a person: counted, not shown.
fn ids(items: &[SourceItem]) -> String {
    format!("{} items", items.len())
}
