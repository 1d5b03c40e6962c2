//! Carrying a case out: every source is asked, and what each says stands in the case.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value, json};

use super::managed::Managed;
use super::papers;
use super::requests::CaseError;
use super::steward::Steward;
use crate::contracts::{Answer, DataSource, ExportedRecord, Ports, SourceError, SubjectRef, TaskId};
use crate::core::access::{Action, Principal, Purpose, Question, Resource};
use crate::core::classification::Level;
use crate::core::dsr::{Case, CaseFile, Contact, Kept, Planned, Receipt, Target, TaskResult};
use crate::core::id::{CaseId, Name};
use crate::core::policy::RequestKind;
use crate::core::retention::{Hold, Item, ItemPlace, covering, must_stay};

impl<P: Ports> Steward<P> {
    /// Carries out every task of a source that is not answered yet, and gives the case and, for an access request, the export.
    ///
    /// First the access rules are asked, for the purpose of requests and with the case as assigned: whoever carries a case out may
    /// export, erase or write every category that its sources declare, or nothing happens. The case goes on from where it is kept, not
    /// from where the caller's copy stands.
    ///
    /// May be called again: what is answered stays answered, and a source that could not be reached is asked again. Platforms
    /// answer through [`platform_answered`](Self::platform_answered).
    ///
    /// # Errors
    /// [`CaseError::Denied`] where the rules do not let `by` do it: nothing was asked of any source, and somebody else may call. A
    /// source that fails is not an error: the reason stands in the case.
    pub async fn carry_out(
        &self,
        case: Case<Planned>,
        by: &Principal,
    ) -> Result<(Case<Planned>, Option<Export>), CaseError> {
        self.actor(by, case.file()).await?;
        let mut case: Case<Planned> = self.as_kept(&case).await?;
        let Some(kind) = case.file().request().kind else { return Ok((case, None)) };
        let contact = self.open_contact(case.file()).await?;
        let subject = contact.subject.clone().ok_or(CaseError::NoSubject)?;
        let who = SubjectRef { tenant: by.tenant().clone(), subject };
        self.leave(by, &case.file().request().id, kind, &who, &contact).await?;
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
                    let managed =
                        Managed { steward: self.clone(), case: Some(case.file().request().id.clone()) };
                    self.ask(&managed, name, &ask, &mut export).await?
                }
                None => TaskResult::Unreachable { reason: "no source is plugged in for it".to_owned() },
            };
            if !task.state.is_final() {
                case = self.answer(case, &task.id, &result).await?;
            }
        }
        let export = (kind == RequestKind::Access).then(|| {
            Export(json!({
                "tenant": who.tenant,
                "case": case.file().request().id,
                "policy": self.policy().digest(),
                "exported_at": self.now(),
                "sources": export,
            }))
        });
        Ok((case, export))
    }

    /// The case as it is kept now, where it still stands at this stage.
    async fn as_kept(&self, case: &Case<Planned>) -> Result<Case<Planned>, CaseError> {
        let request = case.file().request();
        let found = papers::load::<CaseFile>(self.papers(), &request.tenant, request.id.as_str()).await?;
        Ok(Case::from_file(found.ok_or(CaseError::NotFound)?.paper)?)
    }

    /// Asks the access rules whether `by` may do what the case asks for, in every category that it reaches. A person of whom nothing
    /// is held makes no difference: who may not act learns nothing from it.
    async fn leave(
        &self,
        by: &Principal,
        case: &CaseId,
        kind: RequestKind,
        who: &SubjectRef,
        contact: &Contact,
    ) -> Result<(), CaseError> {
        let action = match kind {
            RequestKind::Access => Action::Export,
            RequestKind::Deletion => Action::Erase,
            RequestKind::Correction | RequestKind::SellerUpdate => Action::Write,
            RequestKind::Complaint | RequestKind::DpaInquiry => return Ok(()),
        };
        let requests = self.policy().document().requests.as_ref().ok_or(CaseError::NoRequests)?;
        let managed = Managed { steward: self.clone(), case: None };
        let mut needs: BTreeMap<Name, Level> = BTreeMap::new();
        let held = match action {
            Action::Write => managed.touched(who, &contact.corrections).await?,
            _ => managed.held(who).await?,
        };
        for (category, level) in held.into_iter().chain(self.declared(action)) {
            let needed = needs.entry(category).or_insert(level);
            *needed = level.max(*needed);
        }
        for (category, level) in needs {
            let resource = Resource::category(by.tenant(), &category, level);
            let question = Question::new(by.clone(), action, resource, Purpose::new(&requests.purpose));
            let question = question.assigned_case(true).for_case(case);
            if let Err(denial) = self.authorize(&question).await?.granted() {
                return Err(CaseError::Denied { category, denial });
            }
        }
        Ok(())
    }

    /// The categories of the policy's sources, each with the highest level of its classes. What is to be written is known for the
    /// steward's own records, and not for others'; nobody corrects an authenticator.
    fn declared(&self, action: Action) -> Vec<(Name, Level)> {
        let (document, write) = (self.policy().document(), action == Action::Write);
        let managed = self.managed_source();
        let sources = document.sources.iter().filter(|(name, _)| !write || **name != managed);
        let categories: BTreeSet<&Name> = sources.flat_map(|(_, source)| &source.categories).collect();
        let highest = |category: &Name| {
            let of = document.classes.values().filter(|class| class.category == *category);
            of.filter(|class| !write || !class.authenticator).map(|class| class.level).max()
        };
        categories
            .into_iter()
            .map(|category| (category.clone(), highest(category).unwrap_or(Level::Public)))
            .collect()
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

/// Everything about a person, as an access request gives it: plain personal data, on its way to that person alone.
///
/// `Debug` shows nothing of it.
#[derive(Clone, PartialEq)]
pub struct Export(Value);

impl Export {
    /// The JSON document: tenant, case, policy, time, and by source the records.
    #[must_use]
    pub const fn as_json(&self) -> &Value {
        &self.0
    }

    /// The JSON document, taken out.
    #[must_use]
    pub fn into_json(self) -> Value {
        self.0
    }
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Export(…)")
    }
}

/// What a source is asked.
struct Ask<'a> {
    kind: RequestKind,
    who: &'a SubjectRef,
    contact: &'a Contact,
    task: &'a TaskId,
}
