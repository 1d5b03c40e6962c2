//! Carrying a case out: every source is asked, and what each says stands in the case.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::managed::Managed;
use super::papers;
use super::requests::CaseError;
use super::steward::Steward;
use crate::contracts::{Answer, DataSource, ExportedRecord, Ports, SourceError, SubjectRef, TaskId};
use crate::core::access::Principal;
use crate::core::dsr::{Case, Contact, Kept, Planned, Receipt, Target, TaskResult};
use crate::core::id::Name;
use crate::core::policy::RequestKind;
use crate::core::retention::{Hold, Item, ItemPlace, covering, must_stay};

impl<P: Ports> Steward<P> {
    /// Carries out every task of a source that is not answered yet, and gives the case and, for an access request, the export.
    ///
    /// May be called again: what is answered stays answered, and a source that could not be reached is asked again. Platforms
    /// answer through [`platform_answered`](Self::platform_answered).
    ///
    /// # Errors
    /// [`CaseError`]; a source that fails is not an error: the reason stands in the case.
    pub async fn carry_out(
        &self,
        case: Case<Planned>,
        by: &Principal,
    ) -> Result<(Case<Planned>, Option<Value>), CaseError> {
        self.actor(by, case.file()).await?;
        let Some(kind) = case.file().request().kind else { return Ok((case, None)) };
        let contact = self.open_contact(case.file()).await?;
        let subject = contact.subject.clone().ok_or(CaseError::NoSubject)?;
        let who = SubjectRef { tenant: by.tenant().clone(), subject };
        let mut case = case;
        let mut export: BTreeMap<Name, Vec<ExportedRecord>> = BTreeMap::new();
        for task in case.file().tasks().to_vec() {
            let Target::Source(name) = &task.target else { continue };
            if task.state.is_final() && kind != RequestKind::Access {
                continue;
            }
            let id = TaskId::new(&task.id);
            let ask = Ask { kind, who: &who, contact: &contact, task: &id };
            let result = match self.inner.sources.get(name) {
                Some(source) => self.ask(source, name, &ask, &mut export).await?,
                None if *name == self.managed_source() => {
                    let actor = Some((by.clone(), case.file().request().id.clone()));
                    let managed = Managed { steward: self.clone(), actor };
                    self.ask(&managed, name, &ask, &mut export).await?
                }
                None => TaskResult::Unreachable { reason: "no source is plugged in for it".to_owned() },
            };
            if !task.state.is_final() {
                case = self.answer(case, &task.id, &result).await?;
            }
        }
        let export = (kind == RequestKind::Access).then(|| {
            json!({
                "tenant": who.tenant,
                "case": case.file().request().id,
                "policy": self.policy().digest(),
                "exported_at": self.now(),
                "sources": export,
            })
        });
        Ok((case, export))
    }

    async fn ask(
        &self,
        source: &impl DataSource,
        name: &Name,
        ask: &Ask<'_>,
        export: &mut BTreeMap<Name, Vec<ExportedRecord>>,
    ) -> Result<TaskResult, CaseError> {
        let mut receipt = Receipt::new(self.now());
        let answer = match ask.kind {
            RequestKind::Access => source.export(ask.who, ask.task).await.map(|answer| {
                answer.map(|records| {
                    receipt.exported = records.len() as u64;
                    export.insert(name.clone(), records);
                })
            }),
            RequestKind::Deletion => {
                let keep = self.keep(name, ask.who).await?;
                source.erase(ask.who, &keep, ask.task).await.map(|answer| {
                    answer.map(|erasure| {
                        receipt.erased = erasure.erased;
                        let kept = erasure.kept.into_iter();
                        receipt.kept = kept.map(|(count, reason)| Kept { count, reason }).collect();
                    })
                })
            }
            RequestKind::Correction | RequestKind::SellerUpdate => {
                let corrected = source.correct(ask.who, &ask.contact.corrections, ask.task).await;
                corrected.map(|answer| answer.map(|count| receipt.corrected = count))
            }
            RequestKind::Complaint | RequestKind::DpaInquiry => Ok(Answer::Done(())),
        };
        Ok(match answer {
            Ok(Answer::Done(())) => TaskResult::Done(receipt),
            Ok(Answer::RetryAt(until)) => TaskResult::Waiting { until: Some(until) },
            Ok(Answer::Skipped { reason }) => TaskResult::Skipped { reason },
            Err(error) => TaskResult::Unreachable { reason: SourceError::to_string(&error) },
        })
    }

    /// What a source must keep of a person, by category: duties that may still run, and holds.
    async fn keep(&self, source: &Name, who: &SubjectRef) -> Result<BTreeMap<Name, String>, CaseError> {
        let document = self.policy().document();
        let mut holds: Vec<Hold> = Vec::new();
        for filed in papers::all::<Hold>(self.papers(), Some(&who.tenant)).await? {
            let mut hold = filed.paper;
            // A source is told by category what to keep: what a hold narrows to a connection, it keeps under every one.
            hold.covers.connection = None;
            holds.push(hold);
        }
        let now = self.now();
        let categories = document.sources.get(source).map(|source| &source.categories);
        let stays = categories.into_iter().flatten().filter_map(|category| {
            let place = ItemPlace::new(&who.tenant, category).subject(&who.subject);
            let over = covering(&holds, &place, now);
            let stay = must_stay(&document.retention, &Item::new(category), &over, now)?;
            Some((category.clone(), stay.to_string()))
        });
        Ok(stays.collect())
    }
}

/// What a source is asked.
struct Ask<'a> {
    kind: RequestKind,
    who: &'a SubjectRef,
    contact: &'a Contact,
    task: &'a TaskId,
}
