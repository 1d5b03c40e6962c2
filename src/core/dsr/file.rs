//! The persisted form of a case, and what makes it sound.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::clocks::Act;
use super::deadline::Deadline;
use super::outcome::Outcome;
use super::request::{Parked, Request};
use super::review::{Review, Verdict, Verification};
use super::stage::Stage;
use super::task::Task;
use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::RequestKind;

/// A case as it is kept: format 0. Holds nothing in the clear that identifies the person.
///
/// What is read is checked: a file whose parts contradict one another (a plan without a review, an outcome that its tasks do not
/// give, a step before the one before it) is refused, so that a stage can be trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct CaseFile {
    pub(super) format: Format,
    pub(super) request: Request,
    pub(super) policy: String,
    pub(super) off_channel: bool,
    #[serde(default)]
    pub(super) parked: Option<Parked>,
    pub(super) deadlines: Vec<Deadline>,
    #[serde(default)]
    pub(super) accountability: Option<Period>,
    #[serde(default)]
    pub(super) contact: Option<Sealed>,
    #[serde(default)]
    pub(super) acknowledged_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) extended: Option<Extension>,
    #[serde(default)]
    pub(super) verification: Option<Verification>,
    #[serde(default)]
    pub(super) review: Option<Review>,
    #[serde(default)]
    pub(super) planned_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) tasks: Vec<Task>,
    #[serde(default)]
    pub(super) responded_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) closed: Option<Closing>,
}

impl CaseFile {
    /// Where the case stands.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            Self { closed: Some(_), .. } => Stage::Closed,
            Self { planned_at: Some(_), .. } => Stage::Planned,
            Self { review: Some(_), .. } => Stage::Approved,
            Self { verification: Some(_), .. } => Stage::Verified,
            _ => Stage::Received,
        }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The version or digest of the policy under which the case was opened.
    #[must_use]
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// Whether it came by another channel than the policy's. It runs as any other.
    #[must_use]
    pub fn off_channel(&self) -> bool {
        self.off_channel
    }

    /// What the case waits for before it can be verified.
    #[must_use]
    pub fn parked(&self) -> Option<&Parked> {
        self.parked.as_ref()
    }

    /// The sealed contact data, until they are stripped.
    #[must_use]
    pub fn contact(&self) -> Option<&[u8]> {
        self.contact.as_ref().map(|sealed| sealed.0.as_slice())
    }

    /// Every deadline, as it was when the case was opened.
    #[must_use]
    pub fn deadlines(&self) -> &[Deadline] {
        &self.deadlines
    }

    /// The last day for the answer: the earliest of all regimes, each extended where the person was told and the regime allows it.
    #[must_use]
    pub fn answer_by(&self) -> Option<NaiveDate> {
        self.answers().map(Deadline::due).min()
    }

    /// The deadlines that were missed, or that were met too late.
    #[must_use]
    pub fn missed(&self, now: DateTime<Utc>) -> Vec<&Deadline> {
        let closed = self.closed.as_ref().map(|closed| closed.at);
        let acknowledged = [self.acknowledged_at, self.responded_at, closed].into_iter().flatten().min();
        let acknowledge = self.deadlines.iter().filter(|deadline| deadline.what == Act::Acknowledge);
        acknowledge
            .filter(|deadline| deadline.is_missed(acknowledged.unwrap_or(now)))
            .chain(self.answers().filter(|deadline| deadline.is_missed(closed.unwrap_or(now))))
            .collect()
    }

    /// When receipt was confirmed to the person.
    #[must_use]
    pub fn acknowledged_at(&self) -> Option<DateTime<Utc>> {
        self.acknowledged_at
    }

    /// The extension that the person was told of.
    #[must_use]
    pub fn extended(&self) -> Option<&Extension> {
        self.extended.as_ref()
    }

    /// The check that the request comes from the person.
    #[must_use]
    pub fn verification(&self) -> Option<&Verification> {
        self.verification.as_ref()
    }

    /// The review.
    #[must_use]
    pub fn review(&self) -> Option<&Review> {
        self.review.as_ref()
    }

    /// The tasks of the plan.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// When the person was answered in words.
    #[must_use]
    pub fn responded_at(&self) -> Option<DateTime<Utc>> {
        self.responded_at
    }

    /// How the case ended.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.closed.as_ref().map(|closed| &closed.outcome)
    }

    /// When the case was closed.
    #[must_use]
    pub fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.closed.as_ref().map(|closed| closed.at)
    }

    /// Until when the closed case is kept to account for it (the policy's `requests.accountability`).
    #[must_use]
    pub fn accountable_until(&self) -> Option<DateTime<Utc>> {
        Some(self.accountability?.after(self.closed_at()?))
    }

    /// The one deadline of each regime by which the answer is owed.
    fn answers(&self) -> impl Iterator<Item = &Deadline> {
        let told = self.deadlines.iter().filter(|_| self.extended.is_some());
        let extended: BTreeMap<&Name, &Deadline> = told
            .filter(|deadline| deadline.what == Act::ExtendedAnswer)
            .map(|deadline| (&deadline.regime, deadline))
            .collect();
        let answers = self.deadlines.iter().filter(|deadline| deadline.what == Act::Answer);
        answers.map(move |answer| extended.get(&answer.regime).copied().unwrap_or(answer))
    }

    /// When the case came to its stage.
    pub(super) fn entered_at(&self) -> DateTime<Utc> {
        let steps = [
            self.closed_at(),
            self.planned_at,
            self.review.as_ref().map(Review::at),
            self.verification.as_ref().map(|verification| verification.at),
        ];
        steps.into_iter().flatten().next().unwrap_or(self.request.received_at)
    }

    /// When anything in it last changed, closing apart.
    pub(super) fn changed_at(&self) -> DateTime<Utc> {
        let notes = [self.acknowledged_at, self.responded_at, self.extended.as_ref().map(|told| told.at)];
        let tasks = self.tasks.iter().map(|task| task.changed_at);
        let steps = [self.planned_at, self.review.as_ref().map(Review::at)];
        let verified = self.verification.as_ref().map(|verification| verification.at);
        let moments = notes.into_iter().chain(tasks).chain(steps).chain([verified]).flatten();
        moments.fold(self.request.received_at, DateTime::max)
    }

    /// Whether closing needs an answer in words: no source has a part in a complaint or an inquiry.
    pub(super) fn needs_response(&self) -> bool {
        self.request.kind.is_some_and(|kind| !touches_data(kind))
    }

    fn check(&self) -> Result<(), Unsound> {
        let sound = |holds: bool, why| if holds { Ok(()) } else { Err(Unsound { why }) };
        let refused = matches!(self.review.as_ref().map(Review::verdict), Some(Verdict::Refuse { .. }));
        let approved = self.review.is_some() && !refused;
        sound(self.parked.is_none() || self.verification.is_none(), "it is parked and verified")?;
        sound(self.request.kind.is_some() || self.verification.is_none(), "it is verified and has no kind")?;
        sound(!approved || self.verification.is_some(), "it is approved and not verified")?;
        sound(self.planned_at.is_none() || approved, "it is planned and not approved")?;
        sound(self.planned_at.is_some() || self.tasks.is_empty(), "it has tasks and is not planned")?;
        let asked = self.planned_at.is_none() || self.needs_response() || !self.tasks.is_empty();
        sound(asked, "it is planned and has no task")?;
        let ids: BTreeSet<_> = self.tasks.iter().map(|task| &task.id).collect();
        sound(ids.len() == self.tasks.len(), "two of its tasks have one name")?;
        sound(!refused || self.closed.is_some(), "it is refused and not closed")?;
        if let Some(Closing { outcome, at }) = &self.closed {
            let given = match self.review.as_ref().map(Review::verdict) {
                Some(Verdict::Refuse { reason, basis }) => {
                    Ok(Outcome::Refused { reason: reason.clone(), basis: basis.clone() })
                }
                _ if self.planned_at.is_some() => Outcome::of(&self.tasks),
                _ => Err(Vec::new()),
            };
            sound(given.as_ref() == Ok(outcome), "its outcome is not what its steps give")?;
            let answered = !self.needs_response() || self.responded_at.is_some();
            sound(answered, "it is closed without the response that it needs")?;
            sound(self.changed_at() <= *at, "it changed after it was closed")?;
        }
        let steps = [
            Some(self.request.received_at),
            self.verification.as_ref().map(|verification| verification.at),
            self.review.as_ref().map(Review::at),
            self.planned_at,
        ];
        let steps: Vec<_> = steps.into_iter().flatten().collect();
        sound(steps.is_sorted(), "its steps are not in the order of time")
    }
}

impl Serialize for CaseFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for CaseFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let file = Self::deserialize(deserializer)?;
        file.check().map(|()| file).map_err(serde::de::Error::custom)
    }
}

/// The parts of a file contradict one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the case file is not sound: {why}")]
pub struct Unsound {
    why: &'static str,
}

/// An extension of the time for the answer, told to the person within the first period (GDPR Art. 12(3)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Extension {
    /// When the person was told.
    pub at: DateTime<Utc>,
    /// Why, as the person was told.
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Closing {
    pub(super) at: DateTime<Utc>,
    pub(super) outcome: Outcome,
}

/// An envelope that the engine sealed; opaque here.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Sealed(pub(super) Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// The format of the file: 0, the only one that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub(super) struct Format;

impl From<Format> for u32 {
    fn from(_: Format) -> Self {
        0
    }
}

impl TryFrom<u32> for Format {
    type Error = String;

    fn try_from(format: u32) -> Result<Self, String> {
        if format == 0 {
            Ok(Self)
        } else {
            Err(format!("the case file has format {format}, and 0 is expected"))
        }
    }
}

/// Whether sources and platforms have a part in a kind of request.
pub(super) fn touches_data(kind: RequestKind) -> bool {
    match kind {
        RequestKind::Access | RequestKind::Correction | RequestKind::Deletion | RequestKind::SellerUpdate => {
            true
        }
        RequestKind::Complaint | RequestKind::DpaInquiry => false,
    }
}
