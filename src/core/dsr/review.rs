//! The two checks before anything is done: who asks, and whether a person agrees.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::core::access::PrincipalKind;
use crate::core::id::Name;
use crate::core::policy::{Requests, words};

words! {
    /// How it was checked that the request comes from the person.
    pub enum VerificationMethod {
        /// The person was signed in.
        SignedIn = "signed_in",
        /// A link sent to the account's address was followed.
        EmailConfirmed = "email_confirmed",
        /// A document was seen (and not kept).
        DocumentSeen = "document_seen",
        /// The platform that passed it on signed it.
        PlatformSigned = "platform_signed",
    }
}

/// A request was checked to come from the person whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Verification {
    /// How.
    pub method: VerificationMethod,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom: a pseudonym.
    pub by_pseudonym: String,
}

impl Verification {
    /// Checked by a method, at a moment, by someone under a pseudonym.
    pub fn new(method: VerificationMethod, at: DateTime<Utc>, by_pseudonym: impl Into<String>) -> Self {
        Self { method, at, by_pseudonym: by_pseudonym.into() }
    }
}

/// A person who may review requests. There is no other way to one than through the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewer {
    pseudonym: String,
    role: Name,
}

impl Reviewer {
    /// Asks the policy whether this principal reviews requests.
    ///
    /// # Errors
    /// A service never does; a person does with one of the roles that the policy names.
    pub fn from_policy(
        requests: &Requests,
        kind: PrincipalKind,
        roles: &[Name],
        pseudonym: impl Into<String>,
    ) -> Result<Self, ReviewRefused> {
        if kind != PrincipalKind::Person {
            return Err(ReviewRefused::ManualReviewRequired);
        }
        let role = roles
            .iter()
            .find(|role| requests.reviewers.contains(*role))
            .ok_or(ReviewRefused::NotAReviewer)?;
        Ok(Self { pseudonym: pseudonym.into(), role: role.clone() })
    }
}

/// Why someone may not review requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewRefused {
    /// Requests are reviewed by people, and this is a service.
    #[error("requests are reviewed by a person, never by a service")]
    ManualReviewRequired,
    /// The person has none of the roles that review.
    #[error("this person has no role that reviews requests")]
    NotAReviewer,
}

/// What a reviewer decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a verdict must decide on each")]
pub enum Verdict {
    /// It is to be done.
    Approve,
    /// It is not to be done.
    Refuse {
        /// Why, in words for the person.
        reason: String,
        /// The law or rule that allows to refuse (kept: Cal. Code Regs. tit. 11 §7101).
        basis: String,
    },
}

/// A review that took place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    by_pseudonym: String,
    role: Name,
    verdict: Verdict,
    at: DateTime<Utc>,
}

impl Review {
    pub(super) fn new(by: &Reviewer, verdict: Verdict, at: DateTime<Utc>) -> Self {
        Self { by_pseudonym: by.pseudonym.clone(), role: by.role.clone(), verdict, at }
    }

    /// The reviewer's pseudonym.
    #[must_use]
    pub fn by_pseudonym(&self) -> &str {
        &self.by_pseudonym
    }

    /// The role in which the reviewer acted.
    #[must_use]
    pub fn role(&self) -> &Name {
        &self.role
    }

    /// What was decided.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }
}
