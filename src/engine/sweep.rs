//! The sweep: what is due goes, what is held or in conflict is reported, what is gone is certified.

use std::collections::BTreeMap;

use super::batch::{BATCH, Fate};
use super::connect::Authorization;
use super::disposal::Disposal;
use super::erase::EraseError;
use super::expire::TrailExpiry;
use super::holds::Outlook;
use super::papers;
use super::reindex::Reindexed;
use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::{DataSource, Ports, SourceError, SourceItem};
use crate::core::audit::tree::TreeHead;
use crate::core::audit::{AuditEvent, Cause, KeyScope};
use crate::core::dsr::{AnyCase, CaseFile};
use crate::core::id::{Name, TenantId};
use crate::core::keys::KeyEvent;
use crate::core::place::Scope;
use crate::core::retention::{Disposition, DueBecause};

/// One thing that the sweep did not delete, and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SweptItem {
    /// The source that holds it.
    pub source: Name,
    /// Its category.
    pub category: Name,
    /// What retention says of it.
    pub disposition: Disposition,
}

/// What a sweep found and did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Swept {
    /// Number of things that are kept because their time has not come.
    pub keeping: u64,
    /// Among those, by event: how many wait for one that nobody has told of yet (`happened`, `happened_to`). A number that only grows is
    /// an event that the host forgets.
    pub waiting: BTreeMap<Name, u64>,
    /// Things that a hold freezes.
    pub held: Vec<SweptItem>,
    /// Things of which a cap says that they go, and a duty or a hold that they stay. Kept; a person has to settle it.
    pub conflicts: Vec<SweptItem>,
    /// Things of which the policy says nothing. Kept.
    pub undetermined: Vec<SweptItem>,
    /// Sources that could not be asked, are not plugged in, or failed to delete: what is due there waits for the next sweep.
    pub unreachable: Vec<Name>,
    /// What became of entries of the blind index that were made under an older key, or another declaration.
    pub reindexed: Reindexed,
    /// The epoch that scope keys are still being moved into: it goes on in the next sweep.
    pub unfinished_epoch: Option<u32>,
    /// What became of entries of the audit trail that are over.
    pub trail: TrailExpiry,
    /// The head of the trail that was kept, where the steward has an anchor.
    pub anchored: Option<TreeHead>,
    /// Destructions that this sweep did or finished, the certified ones among them.
    pub disposals: Vec<Disposal>,
}

impl Swept {
    /// Destructions that are certified: no copy is left that could bring anything back.
    pub fn certified(&self) -> impl Iterator<Item = &Disposal> {
        self.disposals.iter().filter(|disposal| disposal.is_certified())
    }

    /// Destructions whose certificate is withheld.
    pub fn withheld(&self) -> impl Iterator<Item = &Disposal> {
        self.disposals.iter().filter(|disposal| !disposal.is_certified())
    }

    fn could_not(&mut self, source: &Name) {
        if !self.unreachable.contains(source) {
            self.unreachable.push(source.clone());
        }
    }

    /// Notes a source that failed, and goes on without it.
    fn past<T>(&mut self, result: Result<T, Trouble>) -> Result<Option<T>, Trouble> {
        match result {
            Ok(done) => Ok(Some(done)),
            Err(Trouble::Source { name, .. }) => {
                self.could_not(&name);
                Ok(None)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Destructions that took longer than the policy lets them.
    pub fn breached(&self, now: chrono::DateTime<chrono::Utc>) -> impl Iterator<Item = &Disposal> {
        self.disposals.iter().filter(move |disposal| disposal.is_breached(now))
    }
}

impl<P: Ports> Steward<P> {
    /// Finishes what was begun, deletes what is due in every source, reports what is not, certifies what can be, keeps the blind index
    /// up ([`reindex`](Self::reindex)), lets entries of the audit trail expire ([`Swept::trail`]), and has its head kept
    /// ([`anchor_trail`](Self::anchor_trail)).
    ///
    /// Opens an epoch on the policy's schedule, and moves a bounded number of scope keys into it ([`Swept::unfinished_epoch`]).
    ///
    /// To be called as often as the policy's shortest period asks for. May be stopped anywhere and called again.
    ///
    /// # Errors
    /// A failure below the engine. A source that cannot be asked is reported, and does not stop the others. [`Trouble::Anchor`] comes after all is done.
    pub async fn sweep(&self) -> Result<Swept, Trouble> {
        let mut swept = Swept::default();
        let mut open = self.finish_open(&mut swept).await?;
        let managed = self.managed_source();
        self.sweep_source(&managed, &self.managed(), &mut swept, &mut open).await?;
        for name in self.policy().document().sources.keys().filter(|name| **name != managed) {
            match self.inner.sources.get(name) {
                Some(source) => self.sweep_source(name, source, &mut swept, &mut open).await?,
                // Declared, and not plugged in: nothing of it was swept, and that is said.
                None => swept.could_not(name),
            }
        }
        let destroyed = open.values().filter_map(|disposal| disposal.keys.as_ref());
        let epochs = destroyed.flat_map(|keys| keys.epochs.iter().copied()).collect();
        swept.unfinished_epoch = self.follow_epochs(&epochs).await?;
        for disposal in open.into_values() {
            swept.disposals.push(self.certify(&disposal).await?);
        }
        self.end_accountability().await?;
        swept.trail = self.expire_trail().await?;
        // Last: what is gone needs no entry.
        swept.reindexed = self.reindex().await?;
        swept.anchored = self.keep_head().await??;
        Ok(swept)
    }

    /// Takes up every destruction that is not certified yet.
    async fn finish_open(&self, swept: &mut Swept) -> Result<BTreeMap<String, Disposal>, Trouble> {
        let mut open = BTreeMap::new();
        for filed in papers::all::<Disposal>(self.papers(), None).await? {
            let mut disposal = filed.paper;
            if disposal.is_certified() {
                continue;
            }
            if disposal.keys.is_none() {
                disposal = self.take_up_keys(disposal).await?;
            }
            if let Some(scope) = disposal.scope.clone()
                && disposal.keys.is_some()
            {
                disposal = self.delete_rows(disposal, &scope).await?;
            } else if disposal.scope.is_none() {
                disposal = self.withdraw(&disposal).await?;
                if let Some(worked_off) = swept.past(self.work_off(disposal.clone()).await)? {
                    disposal = self.settle(&worked_off).await?;
                }
            }
            open.insert(format!("{}/{}", disposal.tenant.as_str(), disposal.id), disposal);
        }
        Ok(open)
    }

    /// Goes on with a destruction of keys whose caller did not live to call it again.
    async fn take_up_keys(&self, disposal: Disposal) -> Result<Disposal, Trouble> {
        let taken_up = match disposal.scope.clone() {
            Some(Scope::Connection(tenant, connection)) => {
                let found =
                    papers::load::<Authorization>(self.papers(), &tenant, connection.as_str()).await?;
                let Some(found) = found else { return Ok(disposal) };
                self.finish_revocation(&found.paper).await
            }
            Some(scope) => self.destroy_keys(disposal.clone(), &scope).await.map(Some),
            None => return Ok(disposal),
        };
        match taken_up {
            Ok(taken_up) => Ok(taken_up.filter(|taken_up| taken_up.id == disposal.id).unwrap_or(disposal)),
            Err(EraseError::Trouble(trouble)) => Err(trouble),
            // What must stay cannot be sealed anew: the evidence stays open, uncertified, and tells so.
            Err(_) => Ok(disposal),
        }
    }

    async fn sweep_source(
        &self,
        name: &Name,
        source: &impl DataSource,
        swept: &mut Swept,
        open: &mut BTreeMap<String, Disposal>,
    ) -> Result<(), Trouble> {
        let mut outlook = Outlook::new(self);
        let mut after: Option<String> = None;
        loop {
            let page: Result<Vec<SourceItem>, SourceError> = source.items(after.as_deref(), BATCH).await;
            let Ok(page) = page else {
                swept.could_not(name);
                return Ok(());
            };
            let full = page.len() >= BATCH;
            let before = after.take();
            after = page.last().map(|item| item.id.clone());
            let mut due: BTreeMap<(TenantId, Name), Vec<SourceItem>> = BTreeMap::new();
            for item in page {
                let disposition = outlook.of(&item).await?;
                let report = |disposition| SweptItem {
                    source: name.clone(),
                    category: item.category.clone(),
                    disposition,
                };
                match disposition {
                    Disposition::KeepUntil { rules, .. } => {
                        swept.keeping += 1;
                        for rule in rules.into_iter().filter(|rule| rule.until.is_none()) {
                            *swept.waiting.entry(rule.event).or_default() += 1;
                        }
                    }
                    Disposition::DueSince { because, .. } => {
                        let (DueBecause::Rule { rule } | DueBecause::Cap { cap: rule, .. }) = because;
                        due.entry((item.tenant.clone(), rule)).or_default().push(item);
                    }
                    held @ Disposition::HeldBy { .. } => swept.held.push(report(held)),
                    conflict @ Disposition::ConflictBetween { .. } => {
                        swept.conflicts.push(report(conflict));
                    }
                    unknown @ Disposition::Undetermined { .. } => {
                        swept.undetermined.push(report(unknown));
                    }
                }
            }
            for ((tenant, rule), items) in due {
                let proposed = swept.past(self.dispose_due(name, tenant, rule, &items).await)?;
                let Some((disposal, number)) = proposed.flatten() else { continue };
                let Ok(there) = source.items(before.as_deref(), BATCH).await else {
                    swept.could_not(name);
                    return Ok(());
                };
                let disposal = match swept.past(self.claim(&disposal, number, &there).await)? {
                    Some((claimed, _)) => self.settle(&claimed).await?,
                    None => disposal,
                };
                open.insert(format!("{}/{}", disposal.tenant.as_str(), disposal.id), disposal);
            }
            if !full {
                return Ok(());
            }
        }
    }

    /// Proposes what is due under one rule, evidence first.
    async fn dispose_due(
        &self,
        source: &Name,
        tenant: TenantId,
        rule: Name,
        items: &[SourceItem],
    ) -> Result<Option<(Disposal, u64)>, Trouble> {
        let now = self.now();
        let id = format!("sweep/{source}/{rule}/{}", now.to_rfc3339());
        let cause = Cause::Retention { rule };
        let fresh = Disposal::open(id, tenant, cause, self.policy().digest(), now);
        let mut disposal = self.open_disposal(fresh.clone()).await?;
        // What is certified is not added to: its certificate speaks of what went before it.
        for number in 2_u32.. {
            if !disposal.is_certified() {
                break;
            }
            let next = Disposal { id: format!("{}/{number}", fresh.id), ..fresh.clone() };
            disposal = self.open_disposal(next).await?;
        }
        let (disposal, number) = self.propose(disposal, source, items, Fate::Delete).await?;
        Ok(number.map(|number| (disposal, number)))
    }

    /// Nothing of it is on its way any more: a batch that was withdrawn, or that died before it was proposed, is no reason to wait.
    async fn settle(&self, disposal: &Disposal) -> Result<Disposal, Trouble> {
        let now = self.now();
        if disposal.rows_gone.is_some() || disposal.pending.is_some() {
            return Ok(disposal.clone());
        }
        self.amend(disposal, |paper| {
            if paper.pending.is_none() {
                paper.rows_gone = paper.rows_gone.or(Some(now));
            }
        })
        .await
    }

    /// Ends the identifying half of cases whose accountability period is over: the key of their contact data is destroyed.
    async fn end_accountability(&self) -> Result<(), Trouble> {
        let now = self.now();
        for filed in papers::all::<CaseFile>(self.papers(), None).await? {
            let over = filed.paper.accountable_until().is_some_and(|until| until <= now);
            if !over || filed.paper.contact().is_none() {
                continue;
            }
            let AnyCase::Closed(mut case) = AnyCase::from(filed.paper) else { continue };
            let request = case.file().request();
            let scope = Scope::Case(request.tenant.clone(), request.id.clone());
            // Told first: a crash in between tells it twice, and never not at all.
            let under = format!("accountability/{}", request.id);
            let event = AuditEvent::KeysDestroyed {
                disposal: under.clone(),
                scope: KeyScope::from(&scope),
                versions: 1,
            };
            let entry = self.entry_about(&mut self.keys(), About::scope(&scope), event).await?;
            self.record(vec![entry]).await?;
            self.keys()
                .change(&scope, |row| {
                    row.closed = row.closed.or(Some(now));
                    let mut changed = false;
                    for key in &mut row.keys {
                        // Open to every key that is there.
                        changed |= key.undergo(KeyEvent::Destroy, now, &under).unwrap_or(false);
                    }
                    changed
                })
                .await?;
            case.strip_identity();
            let expected = crate::contracts::Expected::Version(filed.version);
            papers::save(self.papers(), case.file(), expected).await?;
        }
        Ok(())
    }
}
