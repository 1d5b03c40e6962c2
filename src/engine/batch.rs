//! A batch of things on its way out: proposed, claimed, worked off.
//!
//! Every thing that goes is counted by one disposal, whoever races and wherever it crashes. A batch is *proposed* first; then what
//! others have claimed of it is worked off and left out, their proposals that overlap it are withdrawn or go before it, and what is no
//! longer there is left out; only then is it *claimed*. Of two overlapping batches at least one sees the other, so that only one is
//! ever claimed. What is claimed was there, and goes under this disposal alone: whoever works it off, and however often, counts the same.
//!
//! Of two proposals that overlap, that of the lesser identifier goes first. Whoever has another one in hand finishes the first,
//! as its own worker would, and so does whoever finds a proposal in the disposal it works for. Nobody takes away what is about to
//! be claimed just to be robbed in turn: workers that go on in step get done.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::disposal::Disposal;
use super::holds::Outlook;
use super::papers;
use super::steward::Steward;
use super::trouble::{ATTEMPTS, Trouble};
use crate::contracts::{DataSource, Disposed, Ports, SourceError, SourceItem, StoreError};
use crate::core::audit::Cause;
use crate::core::id::Name;
use crate::core::retention::Disposition;

/// Number of things that are asked for at once, and that a disposal writes down before it deletes them.
pub(super) const BATCH: usize = 256;

/// What becomes of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Fate {
    /// It is deleted.
    #[default]
    Delete,
    /// It stays, and names the person no more.
    Pseudonymise,
}

/// What a disposal is about to delete, or to give a pseudonym.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Batch {
    /// Its number within the disposal, so that none is taken for another.
    number: u64,
    source: Name,
    items: Vec<SourceItem>,
    claimed: bool,
    #[serde(default)]
    fate: Fate,
}

impl Batch {
    /// Whether it is on its way, and to be counted.
    pub(super) const fn is_claimed(&self) -> bool {
        self.claimed
    }

    fn overlaps(&self, other: &Self) -> bool {
        let ids: BTreeSet<&str> = self.items.iter().map(|item| item.id.as_str()).collect();
        self.source == other.source && other.items.iter().any(|item| ids.contains(item.id.as_str()))
    }
}

impl<P: Ports> Steward<P> {
    /// Writes down what is to go, and makes way for it. `None`: others were faster, again and again.
    pub(super) async fn propose(
        &self,
        disposal: Disposal,
        source: &Name,
        items: &[SourceItem],
        fate: Fate,
    ) -> Result<(Disposal, Option<u64>), Trouble> {
        let mut disposal = disposal;
        for _ in 0..ATTEMPTS {
            disposal = self.work_off(disposal).await?;
            let mut number = None;
            disposal = self
                .amend(&disposal, |paper| {
                    number = None;
                    // A certificate speaks of what went before it.
                    if paper.pending.is_none() && paper.certified.is_none() {
                        paper.batches += 1;
                        number = Some(paper.batches);
                        paper.pending = Some(Batch {
                            number: paper.batches,
                            source: source.clone(),
                            items: items.to_vec(),
                            claimed: false,
                            fate,
                        });
                    }
                })
                .await?;
            if disposal.is_certified() {
                break;
            }
            if number.is_none() {
                self.finish_proposed(&disposal).await?;
                continue;
            }
            for _ in 0..ATTEMPTS {
                let Some(first) = self.first_before(&disposal).await? else { return Ok((disposal, number)) };
                self.finish_proposed(&first).await?;
            }
        }
        Ok((disposal, None))
    }

    /// Takes a proposal of another worker to its end, as that one would.
    async fn finish_proposed(&self, proposed: &Disposal) -> Result<(), Trouble> {
        let mut proposed = proposed.clone();
        while let Some(first) = self.first_before(&proposed).await? {
            proposed = first;
        }
        if let Some(batch) = &proposed.pending {
            let there = self.there(&batch.source, &batch.items).await;
            let there = there.map_err(|error| self.failed(&batch.source, error))?;
            self.claim(&proposed, batch.number, &there).await?;
        }
        Ok(())
    }

    /// Claims what was proposed, as far as it is still there, and works it off. `false` where the proposal was withdrawn meanwhile.
    ///
    /// `there` is to be read after [`propose`](Self::propose) has returned.
    pub(super) async fn claim(
        &self,
        disposal: &Disposal,
        number: u64,
        there: &[SourceItem],
    ) -> Result<(Disposal, bool), Trouble> {
        let mut claimed = false;
        let disposal = self
            .amend(disposal, |paper| {
                claimed = false;
                if let Some(batch) = paper.pending.as_mut().filter(|batch| batch.number == number) {
                    claimed = true;
                    if !batch.claimed {
                        batch.claimed = true;
                        batch.items.retain(|item| there.contains(item));
                    }
                }
            })
            .await?;
        Ok((self.work_off(disposal).await?, claimed))
    }

    /// Deletes (or renames) what a disposal has claimed, counts it, and crosses it off, in one step that may be repeated.
    ///
    /// Whether something keeps a thing is asked again right before it goes.
    pub(super) async fn work_off(&self, disposal: Disposal) -> Result<Disposal, Trouble> {
        let Some(batch) = disposal.pending.clone().filter(|batch| batch.claimed) else { return Ok(disposal) };
        let mut gone: BTreeMap<&Name, u64> = BTreeMap::new();
        for item in &batch.items {
            let stays = self.stays_now(&disposal, item).await?;
            // It may have gone before the reason to stay came, by a call that did not live to count it.
            let unless = |there| if there { Disposed::Changed } else { Disposed::Gone };
            let disposed = match (batch.fate, stays) {
                (Fate::Delete, false) => self.dispose_in(&batch.source, item).await,
                (Fate::Delete, true) => {
                    let there = self.there(&batch.source, std::slice::from_ref(item)).await;
                    there.map(|there| unless(!there.is_empty()))
                }
                (Fate::Pseudonymise, false) => Ok(self.rename(&disposal, item).await?),
                (Fate::Pseudonymise, true) => Ok(unless(self.names_person(&disposal, item).await?)),
            };
            match disposed {
                Ok(Disposed::Gone) => *gone.entry(&item.category).or_default() += 1,
                Ok(Disposed::Changed) => {}
                Err(error) => return Err(self.failed(&batch.source, error)),
            }
        }
        let now = self.now();
        self.amend(&disposal, |paper| {
            if paper.pending.as_ref().is_some_and(|pending| pending.number == batch.number) {
                paper.pending = None;
                match batch.fate {
                    Fate::Delete => paper.records += gone.values().sum::<u64>(),
                    Fate::Pseudonymise => gone.iter().for_each(|(category, count)| {
                        *paper.pseudonymised.entry((*category).clone()).or_default() += count;
                    }),
                }
                if matches!(paper.cause, Cause::Retention { .. }) {
                    paper.rows_gone = Some(now);
                }
            }
        })
        .await
    }

    /// Crosses off a proposal that nobody claimed.
    pub(super) async fn withdraw(&self, disposal: &Disposal) -> Result<Disposal, Trouble> {
        let Some(seen) = disposal.pending.as_ref().filter(|batch| !batch.claimed) else {
            return Ok(disposal.clone());
        };
        self.amend(disposal, |paper| {
            if paper.pending.as_ref().is_some_and(|batch| batch.number == seen.number && !batch.claimed) {
                paper.pending = None;
            }
        })
        .await
    }

    /// Makes way for what a disposal has proposed: what others have claimed of it is worked off, what others have proposed is
    /// withdrawn, unless it goes first: then it is returned, and the way is not free.
    async fn first_before(&self, disposal: &Disposal) -> Result<Option<Disposal>, Trouble> {
        let Some(own) = &disposal.pending else { return Ok(None) };
        for filed in papers::all::<Disposal>(self.papers(), Some(&disposal.tenant)).await? {
            let other = filed.paper;
            let Some(batch) = &other.pending else { continue };
            if other.id == disposal.id || !batch.overlaps(own) {
                continue;
            }
            if !batch.claimed && other.id < disposal.id {
                return Ok(Some(other));
            }
            let other = self.withdraw(&other).await?;
            self.work_off(other).await?;
        }
        Ok(None)
    }

    async fn stays_now(&self, disposal: &Disposal, item: &SourceItem) -> Result<bool, Trouble> {
        let by_retention = matches!(disposal.cause, Cause::Retention { .. });
        if by_retention {
            return Ok(!matches!(self.dispose_of(item).await?, Disposition::DueSince { .. }));
        }
        Ok(Outlook::new(self).stay(item).await?.is_some())
    }

    async fn dispose_in(&self, source: &Name, item: &SourceItem) -> Result<Disposed, SourceError> {
        match self.inner.sources.get(source) {
            Some(own) => own.dispose(item).await,
            None if *source == self.managed_source() => self.managed().dispose(item).await,
            None => Err(not_plugged_in()),
        }
    }

    /// Those of the items that a source has, as they are there now.
    async fn there(&self, source: &Name, items: &[SourceItem]) -> Result<Vec<SourceItem>, SourceError> {
        match self.inner.sources.get(source) {
            Some(own) => listed(own, items).await,
            None if *source == self.managed_source() => self.managed().there(items).await,
            None => Err(not_plugged_in()),
        }
    }

    fn failed(&self, name: &Name, source: SourceError) -> Trouble {
        if *name != self.managed_source() {
            return Trouble::Source { name: name.clone(), source };
        }
        StoreError::unavailable("delete what is due", source).into()
    }
}

/// What another process claimed of a source of its own waits for one that has the source.
fn not_plugged_in() -> SourceError {
    SourceError::unreachable("the source is not plugged in here")
}

/// Those of the items that a source lists, as it lists them. Reads it from its beginning.
async fn listed(source: &impl DataSource, items: &[SourceItem]) -> Result<Vec<SourceItem>, SourceError> {
    let ids: BTreeSet<&str> = items.iter().map(|item| item.id.as_str()).collect();
    let (mut listed, mut after) = (Vec::with_capacity(ids.len()), None::<String>);
    loop {
        let page = source.items(after.as_deref(), BATCH).await?;
        let full = page.len() >= BATCH;
        after = page.last().map(|last| last.id.clone());
        listed.extend(page.into_iter().filter(|found| ids.contains(found.id.as_str())));
        if !full || listed.len() == ids.len() || after.as_deref() >= ids.last().copied() {
            return Ok(listed);
        }
    }
}
