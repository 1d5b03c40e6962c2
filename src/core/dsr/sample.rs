//! The one place in which the tests of requests put tables together.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::clocks::Clocks;
use super::deadline::Holidays;
use super::request::{Contact, IntakeField, IntakeRules};
use super::review::{Reviewer, Verification, VerificationMethod};
use crate::core::access::PrincipalKind;
use crate::core::id::Name;
use crate::core::policy::{RequestKind, Requests, Source, SourceKind};

/// Accepts everything but inquiries about a data processing agreement.
pub(crate) fn requests() -> Requests {
    Requests {
        kinds: RequestKind::ALL.iter().copied().filter(|kind| *kind != RequestKind::DpaInquiry).collect(),
        channel: "support".into(),
        regimes: names(["gdpr", "ccpa"]),
        reviewers: names(["privacy"]),
        purpose: "requests".into(),
        accountability: Some("24 months".parse().unwrap()),
    }
}

pub(crate) fn sources<const N: usize>(of: [&str; N]) -> BTreeMap<Name, Source> {
    let source = |name: &str| Source {
        title: name.to_owned(),
        kind: SourceKind::Own,
        categories: BTreeSet::new(),
        processor: None,
    };
    of.into_iter().map(|name| (name.into(), source(name))).collect()
}

pub(crate) fn names<const N: usize>(of: [&str; N]) -> BTreeSet<Name> {
    of.into_iter().map(Name::from).collect()
}

pub(crate) fn rules<'a>(requests: &'a Requests, holidays: &'a Holidays) -> IntakeRules<'a> {
    IntakeRules { requests, policy: "3", required: IntakeField::ALL, clocks: Clocks::builtin(), holidays }
}

pub(crate) fn contact() -> Contact {
    Contact { organisation: Some("Acme".into()), ..Contact::new("ada@example.com") }
}

pub(crate) fn reviewer() -> Reviewer {
    Reviewer::from_policy(&requests(), PrincipalKind::Person, &["privacy".into(), "sales".into()], "p-1")
        .unwrap()
}

pub(crate) fn verification(at: DateTime<Utc>) -> Verification {
    Verification::new(VerificationMethod::SignedIn, at, "p-2")
}
