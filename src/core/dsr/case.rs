//! A case whose stage is in its type.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use chrono::{DateTime, Utc};

use super::clocks::{Act, UnknownRegime};
use super::deadline::Deadline;
use super::file::{CaseFile, Closing, Extension, Format, Sealed, touches_data};
use super::outcome::Outcome;
use super::request::{Contact, IntakeRules, Request};
use super::review::{Review, Reviewer, Verdict, Verification};
use super::stage::{Approved, CaseStage, Closed, Open, Planned, Received, Stage, Verified, WrongStage};
use super::step::StepError;
use super::task::{Target, Task, TaskResult};
use crate::core::id::Name;
use crate::core::policy::{RequestKind, Source};

/// A case at a stage. Each step consumes it and gives the next; a refused step leaves the persisted file as it was.
///
/// # Example: only what was verified can be reviewed
/// ```
/// use chrono::{DateTime, Utc};
/// use stewardship::dsr::{Case, Reviewer, Verdict, Verified};
/// fn approve(case: Case<Verified>, by: &Reviewer, at: DateTime<Utc>) {
///     let _ = case.review(by, Verdict::Approve, at);
/// }
/// ```
/// ```compile_fail,E0599
/// use chrono::{DateTime, Utc};
/// use stewardship::dsr::{Case, Received, Reviewer, Verdict};
/// fn approve(case: Case<Received>, by: &Reviewer, at: DateTime<Utc>) {
///     let _ = case.review(by, Verdict::Approve, at);
/// }
/// ```
///
/// # Example: only what was approved can be planned
/// ```
/// use std::collections::{BTreeMap, BTreeSet};
/// use chrono::{DateTime, Utc};
/// use stewardship::dsr::{Approved, Case};
/// fn plan(case: Case<Approved>, at: DateTime<Utc>) {
///     let _ = case.plan(&BTreeMap::new(), BTreeSet::new(), at);
/// }
/// ```
/// ```compile_fail,E0599
/// use std::collections::{BTreeMap, BTreeSet};
/// use chrono::{DateTime, Utc};
/// use stewardship::dsr::{Case, Received};
/// fn plan(case: Case<Received>, at: DateTime<Utc>) {
///     let _ = case.plan(&BTreeMap::new(), BTreeSet::new(), at);
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Case<S> {
    file: CaseFile,
    stage: PhantomData<S>,
}

impl<S: CaseStage> Case<S> {
    /// Takes a case from its file, at its own stage alone.
    ///
    /// # Errors
    /// The file stands at another stage. For [`Received`] see [`WrongStage::is_not_verified`].
    pub fn from_file(file: CaseFile) -> Result<Self, WrongStage> {
        let found = file.stage();
        if found == S::STAGE { Ok(Self::at(file)) } else { Err(WrongStage { expected: S::STAGE, found }) }
    }

    /// The file, to be kept.
    #[must_use]
    pub fn file(&self) -> &CaseFile {
        &self.file
    }

    /// The file, and the case gone.
    #[must_use]
    pub fn into_file(self) -> CaseFile {
        self.file
    }

    fn at(file: CaseFile) -> Self {
        Self { file, stage: PhantomData }
    }

    fn not_before(earliest: DateTime<Utc>, at: DateTime<Utc>) -> Result<(), StepError> {
        if at < earliest { Err(StepError::BackInTime { earliest }) } else { Ok(()) }
    }
}

impl<S: Open> Case<S> {
    /// Keeps the contact data: an envelope that the engine has sealed.
    pub fn keep_contact(&mut self, sealed: Vec<u8>) {
        self.file.contact = Some(Sealed(sealed));
    }

    /// Receipt was confirmed to the person. Confirmed twice, the first counts.
    ///
    /// # Errors
    /// It lies before the receipt.
    pub fn acknowledge(&mut self, at: DateTime<Utc>) -> Result<(), StepError> {
        Self::not_before(self.file.request.received_at, at)?;
        self.file.acknowledged_at.get_or_insert(at);
        Ok(())
    }

    /// The person was told, with the reason, that the answer takes longer. Told twice, the first counts.
    ///
    /// # Errors
    /// It has no reason, no regime allows it, or the last day for the answer is over.
    pub fn extend(&mut self, reason: &str, at: DateTime<Utc>) -> Result<(), StepError> {
        Self::not_before(self.file.request.received_at, at)?;
        has_text(reason)?;
        if !self.file.deadlines.iter().any(|deadline| deadline.what == Act::ExtendedAnswer) {
            return Err(StepError::NoExtension);
        }
        let answers = self.file.deadlines.iter().filter(|deadline| deadline.what == Act::Answer);
        if let Some(due) = answers.map(Deadline::due).min().filter(|due| *due < at.date_naive()) {
            return Err(StepError::ExtensionTooLate { due });
        }
        self.file.extended.get_or_insert_with(|| Extension { at, reason: reason.to_owned() });
        Ok(())
    }

    /// The person was answered in words. The text is the host's to send and, sealed, to keep: the file holds its moment alone.
    ///
    /// # Errors
    /// The text is empty, or lies before the receipt.
    pub fn respond(&mut self, text: &str, at: DateTime<Utc>) -> Result<(), StepError> {
        Self::not_before(self.file.request.received_at, at)?;
        has_text(text).map_err(|_| StepError::NoResponse)?;
        self.file.responded_at = Some(at);
        Ok(())
    }

    fn end(mut self, outcome: Outcome, at: DateTime<Utc>) -> Result<Case<Closed>, StepError> {
        Self::not_before(self.file.changed_at(), at)?;
        if self.file.needs_response() && self.file.responded_at.is_none() {
            return Err(StepError::NoResponse);
        }
        self.file.closed = Some(Closing { at, outcome });
        Ok(Case::at(self.file))
    }

    fn refuse(
        mut self,
        by: &Reviewer,
        reason: String,
        basis: String,
        at: DateTime<Utc>,
    ) -> Result<Case<Closed>, StepError> {
        has_text(&reason)?;
        has_text(&basis)?;
        Self::not_before(self.file.entered_at(), at)?;
        let verdict = Verdict::Refuse { reason: reason.clone(), basis: basis.clone() };
        self.file.review = Some(Review::new(by, verdict, at));
        self.end(Outcome::Refused { reason, basis }, at)
    }
}

impl Case<Received> {
    /// Opens a case for whatever came in: by another channel it is flagged, of another kind or incomplete it is parked, and in
    /// every case its clocks run from its receipt. The contact data are looked at and not kept: see
    /// [`keep_contact`](Self::keep_contact).
    ///
    /// # Errors
    /// The table of clocks lacks a regime of the policy.
    pub fn open(request: Request, contact: &Contact, rules: IntakeRules<'_>) -> Result<Self, UnknownRegime> {
        Ok(Self::at(CaseFile {
            format: Format,
            policy: rules.policy.to_owned(),
            off_channel: request.channel != rules.requests.channel,
            parked: rules.parked(&request, contact),
            deadlines: rules.deadlines(&request)?,
            accountability: rules.requests.accountability,
            request,
            contact: None,
            acknowledged_at: None,
            extended: None,
            verification: None,
            review: None,
            planned_at: None,
            tasks: Vec::new(),
            responded_at: None,
            closed: None,
        }))
    }

    /// Takes what was missing, or another classification, and looks again. The receipt stays what it was.
    ///
    /// # Errors
    /// The table of clocks lacks a regime of the policy.
    pub fn amend(
        &mut self,
        kind: RequestKind,
        contact: &Contact,
        rules: IntakeRules<'_>,
    ) -> Result<(), UnknownRegime> {
        let request = Request { kind: Some(kind), ..self.file.request.clone() };
        self.file.deadlines = rules.deadlines(&request)?;
        self.file.parked = rules.parked(&request, contact);
        self.file.request = request;
        Ok(())
    }

    /// The request comes from the person.
    ///
    /// # Errors
    /// The case is parked, or the check lies before the receipt.
    pub fn verify(mut self, verification: Verification) -> Result<Case<Verified>, StepError> {
        if let Some(why) = self.file.parked {
            return Err(StepError::Parked { why });
        }
        Self::not_before(self.file.entered_at(), verification.at)?;
        self.file.verification = Some(verification);
        Ok(Case::at(self.file))
    }

    /// Closes what cannot be verified, or is no request at all, as refused; a person decides that too.
    ///
    /// # Errors
    /// The reason or its basis has no text, a response is needed, or it lies before the last change.
    pub fn decline(
        self,
        by: &Reviewer,
        reason: impl Into<String>,
        basis: impl Into<String>,
        at: DateTime<Utc>,
    ) -> Result<Case<Closed>, StepError> {
        self.refuse(by, reason.into(), basis.into(), at)
    }
}

/// What a review leads to.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a review must decide on each")]
pub enum Reviewed {
    /// It is to be done.
    Approved(Case<Approved>),
    /// It is refused, and closed.
    Closed(Case<Closed>),
}

impl Case<Verified> {
    /// A person decides. There is no way to a [`Reviewer`] but through the policy.
    ///
    /// # Errors
    /// A refusal has no reason or basis, a response is needed, or it lies before the last change.
    pub fn review(
        mut self,
        by: &Reviewer,
        verdict: Verdict,
        at: DateTime<Utc>,
    ) -> Result<Reviewed, StepError> {
        if let Verdict::Refuse { reason, basis } = verdict {
            return self.refuse(by, reason, basis, at).map(Reviewed::Closed);
        }
        Self::not_before(self.file.entered_at(), at)?;
        self.file.review = Some(Review::new(by, Verdict::Approve, at));
        Ok(Reviewed::Approved(Case::at(self.file)))
    }
}

impl Case<Approved> {
    /// Makes one task for every source that the policy declares and one for every platform to coordinate with.
    ///
    /// A complaint or an inquiry has no tasks: it is closed by its response.
    ///
    /// # Errors
    /// There is no source, two tasks would share a name, or it lies before the review.
    pub fn plan(
        mut self,
        sources: &BTreeMap<Name, Source>,
        platforms: BTreeSet<Name>,
        at: DateTime<Utc>,
    ) -> Result<Case<Planned>, StepError> {
        Self::not_before(self.file.entered_at(), at)?;
        if self.file.request.kind.is_some_and(touches_data) {
            if sources.is_empty() {
                return Err(StepError::NothingToAsk);
            }
            let targets = sources.keys().cloned().map(Target::Source);
            let targets = targets.chain(platforms.into_iter().map(Target::Platform));
            self.file.tasks = targets.map(|target| Task::open(&self.file.request.id, target)).collect();
            let mut names = BTreeSet::new();
            if let Some(twice) = self.file.tasks.iter().find(|task| !names.insert(&task.id)) {
                return Err(StepError::TaskTwice { id: twice.id.clone() });
            }
        }
        self.file.planned_at = Some(at);
        Ok(Case::at(self.file))
    }
}

impl Case<Planned> {
    /// What came of a task. The same answer again changes nothing; another one is refused.
    ///
    /// # Errors
    /// There is no such task, it has another answer already, a reason has no text, or it lies before the plan or the task's
    /// last change.
    pub fn record(&mut self, task: &str, result: TaskResult, at: DateTime<Utc>) -> Result<(), StepError> {
        let planned = self.file.entered_at();
        let found = self.file.tasks.iter_mut().find(|known| known.id == task);
        let known = found.ok_or_else(|| StepError::UnknownTask { id: task.to_owned() })?;
        result.reason().map_or(Ok(()), has_text)?;
        let state = result.after(&known.state);
        if known.state.is_final() {
            let same = known.state == state;
            return if same { Ok(()) } else { Err(StepError::AlreadyAnswered { id: known.id.clone() }) };
        }
        Self::not_before(known.changed_at.unwrap_or(planned).max(planned), at)?;
        known.state = state;
        known.changed_at = Some(at);
        Ok(())
    }

    /// Closes the case when every task has its answer. The outcome is what they give: nobody chooses it.
    ///
    /// # Errors
    /// Tasks are open, a response is needed, or it lies before the last change.
    pub fn close(self, at: DateTime<Utc>) -> Result<Case<Closed>, StepError> {
        let outcome = Outcome::of(&self.file.tasks).map_err(|open| StepError::Unfinished { open })?;
        self.end(outcome, at)
    }
}

impl Case<Closed> {
    /// Drops the identifying half, the contact data; the accountability half stays.
    pub fn strip_identity(&mut self) {
        self.file.contact = None;
    }
}

/// A case at whatever stage its file stands.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a case must decide on each stage")]
pub enum AnyCase {
    /// It came in.
    Received(Case<Received>),
    /// It comes from the person.
    Verified(Case<Verified>),
    /// A reviewer agreed.
    Approved(Case<Approved>),
    /// Every source has its task.
    Planned(Case<Planned>),
    /// It has an outcome.
    Closed(Case<Closed>),
}

impl From<CaseFile> for AnyCase {
    fn from(file: CaseFile) -> Self {
        match file.stage() {
            Stage::Received => Self::Received(Case::at(file)),
            Stage::Verified => Self::Verified(Case::at(file)),
            Stage::Approved => Self::Approved(Case::at(file)),
            Stage::Planned => Self::Planned(Case::at(file)),
            Stage::Closed => Self::Closed(Case::at(file)),
        }
    }
}

fn has_text(text: &str) -> Result<(), StepError> {
    if text.trim().is_empty() { Err(StepError::NoReason) } else { Ok(()) }
}
