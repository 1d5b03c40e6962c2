//! What comes in: the request, the contact data beside it, and what is missing from both.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clocks::{Clocks, UnknownRegime};
use super::deadline::{Deadline, Holidays};
use crate::core::id::{CaseId, SubjectId, TenantId};
use crate::core::policy::{RequestKind, Requests, words};

/// A request as it came in. Holds nothing that identifies the person: that is the [`Contact`]'s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Request {
    /// Names the case.
    pub id: CaseId,
    /// The tenant.
    pub tenant: TenantId,
    /// What is asked for; none where nobody could say yet.
    #[serde(default)]
    pub kind: Option<RequestKind>,
    /// The channel through which it came.
    pub channel: String,
    /// When it was received: its clock runs from here, whatever happens to it.
    pub received_at: DateTime<Utc>,
}

impl Request {
    /// A request of a kind, or of none that is known yet.
    pub fn new(
        id: impl Into<CaseId>,
        tenant: impl Into<TenantId>,
        kind: impl Into<Option<RequestKind>>,
        channel: impl Into<String>,
        received_at: DateTime<Utc>,
    ) -> Self {
        Self { id: id.into(), tenant: tenant.into(), kind: kind.into(), channel: channel.into(), received_at }
    }
}

/// Who asks, and what is to be corrected. It is sealed before it is kept, and never shown: Debug hides it all.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Contact {
    /// The person in the host's own data, once known.
    #[serde(default)]
    pub subject: Option<SubjectId>,
    /// Where the answer goes: the account's e-mail address.
    #[serde(default)]
    pub address: String,
    /// The organisation in whose name the request is made.
    #[serde(default)]
    pub organisation: Option<String>,
    /// What is to be corrected, by field.
    #[serde(default)]
    pub corrections: BTreeMap<String, Value>,
}

impl Contact {
    /// A contact with an address alone.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), ..Self::default() }
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(…)")
    }
}

words! {
    /// A field that an intake form asks for.
    pub enum IntakeField {
        /// Name of the organisation.
        Organisation = "organisation",
        /// E-mail address of the account.
        AccountEmail = "account_email",
        /// Type of the request. Needed always: without it nothing can be planned.
        Kind = "kind",
    }
}

/// Why a case waits before it can be verified. It is never dropped, and its clock runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a parked case must decide on each")]
pub enum Parked {
    /// The policy does not accept this kind: a person has to classify it.
    Unclassified,
    /// The intake lacks exactly these fields: the person has to be asked for them.
    Incomplete {
        /// The fields.
        missing: BTreeSet<IntakeField>,
    },
}

impl fmt::Display for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclassified => f.write_str("the policy does not accept this kind of request"),
            Self::Incomplete { missing } => {
                f.write_str("the request lacks")?;
                missing
                    .iter()
                    .enumerate()
                    .try_for_each(|(n, field)| write!(f, "{}`{field}`", if n == 0 { " " } else { ", " }))
            }
        }
    }
}

/// What an intake is judged by.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "hosts put it together")]
pub struct IntakeRules<'a> {
    /// The policy's table for requests.
    pub requests: &'a Requests,
    /// Version or digest of that policy, kept in the case.
    pub policy: &'a str,
    /// Fields that have to be there; [`IntakeField::Kind`] has to, named or not.
    pub required: &'a [IntakeField],
    /// The table of clocks.
    pub clocks: &'a Clocks,
    /// Days off.
    pub holidays: &'a Holidays,
}

impl IntakeRules<'_> {
    pub(super) fn parked(&self, request: &Request, contact: &Contact) -> Option<Parked> {
        if request.kind.is_some_and(|kind| !self.requests.kinds.contains(&kind)) {
            return Some(Parked::Unclassified);
        }
        let blank = |text: &str| text.trim().is_empty();
        let lacks = |field: &IntakeField| match field {
            IntakeField::Organisation => contact.organisation.as_deref().is_none_or(blank),
            IntakeField::AccountEmail => blank(&contact.address),
            IntakeField::Kind => request.kind.is_none(),
        };
        let required = self.required.iter().chain([&IntakeField::Kind]);
        let missing: BTreeSet<IntakeField> = required.filter(|field| lacks(field)).copied().collect();
        (!missing.is_empty()).then_some(Parked::Incomplete { missing })
    }

    /// The deadlines under every regime of the policy. While the kind is not known, the earliest that any kind would have.
    pub(super) fn deadlines(&self, request: &Request) -> Result<Vec<Deadline>, UnknownRegime> {
        let kinds = request.kind.as_ref().map_or(RequestKind::ALL, std::slice::from_ref);
        let mut earliest = BTreeMap::<_, Deadline>::new();
        for regime in &self.requests.regimes {
            for kind in kinds {
                for deadline in self.clocks.deadlines(*kind, regime, request.received_at, self.holidays)? {
                    let known = earliest.entry((regime, deadline.what)).or_insert_with(|| deadline.clone());
                    if deadline.due() < known.due() {
                        *known = deadline;
                    }
                }
            }
        }
        Ok(earliest.into_values().collect())
    }
}
