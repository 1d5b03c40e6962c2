//! Requests of people: from receipt to an outcome, over every declared source.

use std::collections::BTreeSet;

use super::authorize::Denial;
use super::keyring::KeyError;
use super::new_request::NewRequest;
use super::papers::{self, Filed, Paper};
use super::steward::Steward;
use super::trail::About;
use super::trouble::{ATTEMPTS, Trouble};
use crate::contracts::{DocumentKind, Expected, Ports, RecordQuery};
use crate::core::access::{Principal, PrincipalKind, Standing};
use crate::core::audit::{AuditEvent, Pseudonym};
use crate::core::dsr::{
    AnyCase, Approved, Case, CaseFile, CaseStage, Closed, IntakeRules, Planned, Receipt, Received, Request,
    ReviewRefused, Reviewed, Reviewer, StepError, Target, TaskResult, UnknownRegime, Verdict, Verification,
    VerificationMethod, Verified, WrongStage,
};
use crate::core::id::{CaseId, Name, TenantId};
use crate::core::place::Scope;
use crate::core::policy::{NotNormal, RequestKind, Requests};

impl Paper for CaseFile {
    const KIND: DocumentKind = DocumentKind::Case;

    fn tenant(&self) -> &TenantId {
        &self.request().tenant
    }

    fn id(&self) -> String {
        self.request().id.as_str().to_owned()
    }
}

/// Why a case does not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// The policy says nothing of requests.
    #[error("the policy has no `[requests]`: it says nothing of how they are handled")]
    NoRequests,
    /// The table of clocks lacks a regime of the policy.
    #[error(transparent)]
    Regime(#[from] UnknownRegime),
    /// There is no such case.
    #[error("there is no such case")]
    NotFound,
    /// It stands at another stage.
    #[error(transparent)]
    Stage(#[from] WrongStage),
    /// The step is not possible now.
    #[error(transparent)]
    Step(#[from] StepError),
    /// This principal does not review requests, or not of this tenant.
    #[error(transparent)]
    Review(#[from] ReviewRefused),
    /// The access rules do not let this principal do what the case asks for, or oblige to what was not done (a second person's approval
    /// cannot be given here). Nothing was done; somebody else may.
    #[error("category `{category}`: {denial}")]
    Denied {
        /// The first category that is denied.
        category: Name,
        /// The denial, with what would be needed.
        denial: Denial,
    },
    /// The principal's account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// The principal is of another tenant.
    #[error("there is no such case")]
    OtherTenant,
    /// Somebody else moved the case meanwhile: load it again.
    #[error("the case was changed meanwhile: load it again")]
    Changed,
    /// Nobody said whom the case is about.
    #[error("the case names no person: find out who it is before it is carried out")]
    NoSubject,
    /// No field of a bound record is found by an address.
    #[error(
        "nobody is found by an address: no bound record has a field with `find_by` whose class is found as `email` or `phone`"
    )]
    NothingToFindBy,
    /// The address of the request is none that anybody is found by.
    #[error("the address of the request is none that anybody is found by")]
    Address(#[source] NotNormal),
    /// The contact data cannot be opened, or are no longer kept.
    #[error("the contact data of the case cannot be opened")]
    Contact,
    /// No key to seal the contact data under.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl<P: Ports> Steward<P> {
    /// Opens a case for whatever came in. The contact data are sealed under a scope of the case's own.
    ///
    /// # Errors
    /// [`CaseError`]; a request that is incomplete or of another kind is not an error: it is parked.
    pub async fn receive(&self, new: &NewRequest) -> Result<Case<Received>, CaseError> {
        let requests = self.requests()?;
        let id = match &new.id {
            Some(id) => id.clone(),
            None => self.fresh_case_id()?,
        };
        if let Some(found) = papers::load::<CaseFile>(self.papers(), &new.tenant, id.as_str()).await? {
            return Ok(Case::from_file(found.paper)?);
        }
        let at = new.received_at.unwrap_or_else(|| self.now());
        let request = Request::new(id, new.tenant.clone(), new.kind, new.channel.clone(), at);
        let digest = self.policy().digest().to_string();
        let rules = IntakeRules {
            requests,
            policy: &digest,
            required: &new.required,
            clocks: &self.inner.clocks,
            holidays: &self.inner.holidays,
        };
        let mut case = Case::open(request, &new.contact, rules)?;
        let sealed = self.seal_contact(case.file(), &new.contact).await?;
        case.keep_contact(sealed);
        self.record_stage(case.file(), None).await?;
        if !papers::save(self.papers(), case.file(), Expected::Absent).await? {
            return Err(CaseError::Changed);
        }
        Ok(case)
    }

    /// Loads a case at whatever stage it stands.
    ///
    /// # Errors
    /// [`CaseError::NotFound`], or a failure below the engine.
    pub async fn case(&self, tenant: &TenantId, id: &CaseId) -> Result<AnyCase, CaseError> {
        let found = papers::load::<CaseFile>(self.papers(), tenant, id.as_str()).await?;
        Ok(AnyCase::from(found.ok_or(CaseError::NotFound)?.paper))
    }

    /// Gives a case what it lacked: the kind, the contact data, the person. A parked case goes on from here; its receipt, and with it its
    /// clock, stay.
    ///
    /// # Errors
    /// [`CaseError::Stage`] once the case is verified.
    pub async fn amend_request(
        &self,
        case: Case<Received>,
        new: &NewRequest,
    ) -> Result<Case<Received>, CaseError> {
        let Some(kind) = new.kind.or(case.file().request().kind) else { return Ok(case) };
        let digest = self.policy().digest().to_string();
        let rules = IntakeRules {
            requests: self.requests()?,
            policy: &digest,
            required: &new.required,
            clocks: &self.inner.clocks,
            holidays: &self.inner.holidays,
        };
        let sealed = self.seal_contact(case.file(), &new.contact).await?;
        let file = self
            .step(
                case,
                None,
                |_| false,
                |mut case| {
                    case.amend(kind, &new.contact, rules)?;
                    case.keep_contact(sealed.clone());
                    Ok(case.into_file())
                },
            )
            .await?;
        Ok(Case::from_file(file)?)
    }

    /// Records that the request comes from the person, and how that was found out: by a service of the tenant, or by somebody with a
    /// reviewing role.
    ///
    /// # Errors
    /// [`CaseError::Step`] where the case is parked, [`CaseError::Review`] for a person without such a role.
    pub async fn verify(
        &self,
        case: Case<Received>,
        method: VerificationMethod,
        by: &Principal,
    ) -> Result<Case<Verified>, CaseError> {
        let who = self.actor(by, case.file()).await?.to_string();
        if by.kind() == PrincipalKind::Person {
            Reviewer::from_policy(self.requests()?, by.kind(), by.roles(), &who)?;
        }
        let now = self.now();
        let taken = |file: &CaseFile| file.verification().is_some_and(|done| done.method == method);
        let file = self
            .step(case, Some(by), taken, |case| {
                Ok(case.verify(Verification::new(method, now, &who))?.into_file())
            })
            .await?;
        Ok(Case::from_file(file)?)
    }

    /// Lets a person of the policy's reviewing roles decide. A service never does.
    ///
    /// # Errors
    /// [`CaseError::Review`] where the principal does not review requests.
    pub async fn review(
        &self,
        case: Case<Verified>,
        by: &Principal,
        verdict: Verdict,
    ) -> Result<Reviewed, CaseError> {
        let who = self.actor(by, case.file()).await?.to_string();
        let reviewer = Reviewer::from_policy(self.requests()?, by.kind(), by.roles(), &who)?;
        let now = self.now();
        // Another's verdict is not this one's: who comes second is told so.
        let taken = |file: &CaseFile| {
            file.review().is_some_and(|done| *done.verdict() == verdict && done.by_pseudonym() == who)
        };
        let file = self
            .step(case, Some(by), taken, |case| {
                Ok(match case.review(&reviewer, verdict.clone(), now)? {
                    Reviewed::Approved(case) => case.into_file(),
                    Reviewed::Closed(case) => case.into_file(),
                })
            })
            .await?;
        Ok(match AnyCase::from(file) {
            AnyCase::Closed(case) => Reviewed::Closed(case),
            other => Reviewed::Approved(expect_stage(other)?),
        })
    }

    /// Plans a task for every declared source, and one for every platform that holds a synchronised copy of what the person's
    /// records are about.
    ///
    /// # Errors
    /// [`CaseError::NoSubject`] where nobody said whom it is about.
    pub async fn plan(&self, case: Case<Approved>) -> Result<Case<Planned>, CaseError> {
        let platforms = self.platforms_of(case.file()).await?;
        let sources = &self.policy().document().sources;
        let now = self.now();
        let file = self
            .step(case, None, |_| true, |case| Ok(case.plan(sources, platforms.clone(), now)?.into_file()))
            .await?;
        Ok(Case::from_file(file)?)
    }

    /// Records what a platform answered: `Ok` that it has done its part, `Err` why it will not.
    ///
    /// # Errors
    /// [`CaseError::Step`] where the platform has no task in the case, or gave another answer before.
    pub async fn platform_answered(
        &self,
        case: Case<Planned>,
        platform: &str,
        answer: Result<(), String>,
    ) -> Result<Case<Planned>, CaseError> {
        let target = Target::Platform(Name::new(platform));
        let task = case.file().tasks().iter().find(|task| task.target == target);
        let id = task.map_or_else(|| target.to_string(), |task| task.id.clone());
        let result = match answer {
            Ok(()) => TaskResult::Done(Receipt::new(self.now())),
            Err(reason) => TaskResult::Refused { reason },
        };
        if let Some(task) = task
            && task.state.is_final()
            && matches!((&task.state, &result), (crate::core::dsr::TaskState::Done(_), TaskResult::Done(_)))
        {
            return Ok(case);
        }
        self.answer(case, &id, &result).await
    }

    /// Records that the person was answered in words. The text is checked for being there, and not kept.
    ///
    /// # Errors
    /// [`CaseError::Step`] where it is empty.
    pub async fn respond(&self, case: Case<Planned>, text: &str) -> Result<Case<Planned>, CaseError> {
        let now = self.now();
        let file = self
            .step(
                case,
                None,
                |_| true,
                |mut case| {
                    case.respond(text, now)?;
                    Ok(case.into_file())
                },
            )
            .await?;
        Ok(Case::from_file(file)?)
    }

    /// Closes a case in which every task has its answer. The outcome is what the answers give.
    ///
    /// # Errors
    /// [`CaseError::Step`] names the tasks that are open.
    pub async fn close(&self, case: Case<Planned>) -> Result<Case<Closed>, CaseError> {
        let now = self.now();
        let file = self.step(case, None, |_| true, |case| Ok(case.close(now)?.into_file())).await?;
        Ok(Case::from_file(file)?)
    }

    fn requests(&self) -> Result<&Requests, CaseError> {
        self.policy().document().requests.as_ref().ok_or(CaseError::NoRequests)
    }

    fn fresh_case_id(&self) -> Result<CaseId, CaseError> {
        let mut bytes = [0_u8; 8];
        self.inner.entropy.fill(&mut bytes).map_err(Trouble::from)?;
        Ok(CaseId::new(format!("case-{:016x}", u64::from_be_bytes(bytes))))
    }

    /// The pseudonym of somebody who acts on a case; one of another tenant finds no case.
    pub(super) async fn actor(&self, by: &Principal, file: &CaseFile) -> Result<Pseudonym, CaseError> {
        if by.tenant() != &file.request().tenant {
            return Err(CaseError::OtherTenant);
        }
        if by.standing() == Standing::Suspended {
            return Err(CaseError::Suspended);
        }
        let scope = Scope::Tenant(by.tenant().clone());
        let mut keys = self.keys();
        if let Some(actor) = keys.principal(by.tenant(), by.id()).await? {
            return Ok(actor);
        }
        keys.for_sealing(&scope).await?;
        Ok(keys.principal(by.tenant(), by.id()).await?.ok_or(Trouble::Key { scope: "tenant" })?)
    }

    /// Takes a case one step further and saves it. A step that was taken already, by a call that did not live to tell, is found.
    pub(super) async fn step<S: CaseStage>(
        &self,
        case: Case<S>,
        by: Option<&Principal>,
        taken: impl Fn(&CaseFile) -> bool,
        take: impl Fn(Case<S>) -> Result<CaseFile, CaseError>,
    ) -> Result<CaseFile, CaseError> {
        for _ in 0..ATTEMPTS {
            let request = case.file().request();
            let found = papers::load::<CaseFile>(self.papers(), &request.tenant, request.id.as_str());
            let Filed { paper, version } = found.await?.ok_or(CaseError::NotFound)?;
            if paper != *case.file() {
                let found = paper.stage() > S::STAGE && taken(&paper);
                return if found { Ok(paper) } else { Err(CaseError::Changed) };
            }
            let next = take(Case::from_file(paper)?)?;
            self.record_stage(&next, by).await?;
            if papers::save(self.papers(), &next, Expected::Version(version)).await? {
                return Ok(next);
            }
        }
        Err(Trouble::Contention { during: "move a case" }.into())
    }

    async fn record_stage(&self, file: &CaseFile, by: Option<&Principal>) -> Result<(), CaseError> {
        let event = AuditEvent::CaseMoved {
            case: file.request().id.clone(),
            kind: file.request().kind,
            stage: file.stage(),
        };
        let about = About::tenant(&file.request().tenant).acting(by);
        let entry = self.entry_about(&mut self.keys(), about, event).await?;
        Ok(self.record(vec![entry]).await?)
    }

    /// The platforms with a synchronised copy of a category that the person's records, or another source, hold.
    async fn platforms_of(&self, file: &CaseFile) -> Result<BTreeSet<Name>, CaseError> {
        let document = self.policy().document();
        if !file.request().kind.is_some_and(touches_data) {
            return Ok(BTreeSet::new());
        }
        let subject = self.open_contact(file).await?.subject.ok_or(CaseError::NoSubject)?;
        let query = RecordQuery {
            tenant: Some(file.request().tenant.clone()),
            subject: Some(subject),
            ..RecordQuery::default()
        };
        let mut categories: BTreeSet<Name> =
            self.rows(&query).await?.into_iter().map(|row| row.category).collect();
        for (name, source) in &document.sources {
            if *name != self.managed_source() {
                categories.extend(source.categories.iter().cloned());
            }
        }
        let synced = categories.iter().filter_map(|category| document.categories.get(category));
        Ok(synced.flat_map(|category| category.synced_to.iter().cloned()).collect())
    }

    pub(super) async fn answer(
        &self,
        case: Case<Planned>,
        task: &str,
        result: &TaskResult,
    ) -> Result<Case<Planned>, CaseError> {
        let now = self.now();
        let file = self
            .step(
                case,
                None,
                |_| true,
                |mut case| {
                    case.record(task, result.clone(), now)?;
                    Ok(case.into_file())
                },
            )
            .await?;
        Ok(Case::from_file(file)?)
    }
}

fn touches_data(kind: RequestKind) -> bool {
    !matches!(kind, RequestKind::Complaint | RequestKind::DpaInquiry)
}

fn expect_stage<S: CaseStage>(case: AnyCase) -> Result<Case<S>, CaseError> {
    let file = match case {
        AnyCase::Received(case) => case.into_file(),
        AnyCase::Verified(case) => case.into_file(),
        AnyCase::Approved(case) => case.into_file(),
        AnyCase::Planned(case) => case.into_file(),
        AnyCase::Closed(case) => case.into_file(),
    };
    Ok(Case::from_file(file)?)
}
