//! A batch of things on its way out: proposed, claimed, worked off.
//!
//! Every thing that goes is counted by one disposal, whoever races and wherever it crashes. A batch is *proposed* first; then the
//! proposals of others that overlap it are withdrawn, what others have claimed is worked off and left out, and what is no longer there
//! is left out; only then is it *claimed*. Of two overlapping batches at least one sees the other, so that only one is ever claimed.
//! What is claimed was there, and goes under this disposal alone: whoever works it off, and however often, counts the same.

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
                    if paper.pending.as_ref().is_none_or(|batch| !batch.claimed) {
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
            if let (Some(number), Some(own)) = (number, disposal.pending.clone()) {
                self.make_way(&disposal, &own).await?;
                return Ok((disposal, Some(number)));
            }
        }
        Ok((disposal, None))
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
                (Fate::Delete, true) => self.is_there(&batch.source, item).await.map(unless),
                (Fate::Pseudonymise, false) => Ok(self.rename(&disposal, item).await?),
                (Fate::Pseudonymise, true) => Ok(unless(self.names_person(&disposal, item).await?)),
            };
            match disposed {
                Ok(Disposed::Gone) => *gone.entry(&item.category).or_default() += 1,
                Ok(Disposed::Changed) => {}
                Err(source) if self.inner.sources.contains_key(&batch.source) => {
                    return Err(Trouble::Source { name: batch.source, source });
                }
                Err(error) => return Err(StoreError::unavailable("delete what is due", error).into()),
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

    async fn make_way(&self, disposal: &Disposal, own: &Batch) -> Result<(), Trouble> {
        for filed in papers::all::<Disposal>(self.papers(), Some(&disposal.tenant)).await? {
            let other = filed.paper;
            if other.id == disposal.id || !other.pending.as_ref().is_some_and(|batch| batch.overlaps(own)) {
                continue;
            }
            let other = self.withdraw(&other).await?;
            self.work_off(other).await?;
        }
        Ok(())
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
            None => self.managed().dispose(item).await,
        }
    }

    async fn is_there(&self, source: &Name, item: &SourceItem) -> Result<bool, SourceError> {
        match self.inner.sources.get(source) {
            Some(own) => is_listed(own, item).await,
            None => self.managed().is_there(item).await,
        }
    }
}

/// Whether a source lists a thing, changed or not.
async fn is_listed(source: &impl DataSource, item: &SourceItem) -> Result<bool, SourceError> {
    let mut after: Option<String> = None;
    loop {
        let page = source.items(after.as_deref(), BATCH).await?;
        if page.iter().any(|found| found.id == item.id) {
            return Ok(true);
        }
        after = page.last().map(|last| last.id.clone());
        if page.len() < BATCH || after.as_ref().is_some_and(|after| *after > item.id) {
            return Ok(false);
        }
    }
}
