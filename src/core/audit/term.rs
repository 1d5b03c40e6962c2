//! The terms under which an entry is found again.

use std::fmt;

use sha2::{Digest, Sha256};

use super::entry::Entry;
use super::event::{AuditEvent, Cause};
use super::name::Pseudonym;
use crate::core::id::{CaseId, Name};

/// A term under which an entry is found: 17 bytes that a store compares and understands nothing of.
///
/// The first says of what kind it is. The others are a pseudonym's own; or, of what stands in entries by its name (a case, a rule), a
/// digest of that name and the tenant's pseudonym, so that no term finds entries of two tenants. A term says no more than its entry
/// does: whoever has no key for a pseudonym has none for the term.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term([u8; Term::BYTES]);

/// What a term is about, as its first byte.
#[derive(Clone, Copy)]
enum Kind {
    Tenant = 1,
    By = 2,
    Subject = 3,
    Case = 4,
    Rule = 5,
    Record = 6,
    Expiry = 7,
    System = 8,
}

impl Term {
    /// Length of a term.
    pub const BYTES: usize = 17;

    /// The term with these bytes, as a store kept them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes that a store keeps.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// Entries of a tenant.
    pub(crate) fn tenant(tenant: &Pseudonym) -> Self {
        Self::with(Kind::Tenant, *tenant.as_bytes())
    }

    /// Entries of what somebody did, or approved.
    pub(crate) fn by(principal: &Pseudonym) -> Self {
        Self::with(Kind::By, *principal.as_bytes())
    }

    /// Entries about a person.
    pub(crate) fn subject(subject: &Pseudonym) -> Self {
        Self::with(Kind::Subject, *subject.as_bytes())
    }

    /// Entries of what happened to a record.
    pub(crate) fn record(record: &Pseudonym) -> Self {
        Self::with(Kind::Record, *record.as_bytes())
    }

    /// Entries of a tenant's case.
    pub(crate) fn case(tenant: &Pseudonym, case: &CaseId) -> Self {
        Self::named(Kind::Case, tenant, case.as_str())
    }

    /// Entries of a tenant in which a rule decided.
    pub(crate) fn rule(tenant: &Pseudonym, rule: &Name) -> Self {
        Self::named(Kind::Rule, tenant, rule.as_str())
    }

    /// Entries that say that others are about to expire.
    pub(crate) fn expiries() -> Self {
        Self::with(Kind::Expiry, [0; 16])
    }

    /// Entries of what is of no tenant: starts under a policy, epochs, expiries of the trail itself.
    pub(crate) fn system() -> Self {
        Self::with(Kind::System, [0; 16])
    }

    fn named(kind: Kind, tenant: &Pseudonym, name: &str) -> Self {
        // A pseudonym has one length: the two cannot run into one another.
        let digest = Sha256::new_with_prefix(tenant.as_bytes()).chain_update(name).finalize();
        let mut half = [0; 16];
        half.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
        Self::with(kind, half)
    }

    fn with(kind: Kind, rest: [u8; 16]) -> Self {
        let mut bytes = [kind as u8; Self::BYTES];
        bytes.iter_mut().skip(1).zip(rest).for_each(|(byte, of)| *byte = of);
        Self(bytes)
    }
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Entry {
    /// The terms under which it is found, each once. They follow from the entry alone, so that a store that lost them can be given them
    /// anew.
    ///
    /// # Example: who acted, and for whom
    /// ```
    /// use stewardship::audit::{AuditEvent, Entry, Pseudonym};
    /// # let policy = stewardship::Policy::from_toml(include_str!("../../../examples/policies/complete.toml"))?.digest();
    /// let event = AuditEvent::TermsAccepted { accepted: policy };
    /// let mut entry = Entry::new("2026-11-27T09:00:00Z".parse()?, policy, event);
    /// assert!(entry.terms().is_empty());
    /// entry.tenant = Some(Pseudonym::from_bytes([1; 16]));
    /// entry.by = Some(Pseudonym::from_bytes([2; 16]));
    /// assert_eq!(entry.terms().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn terms(&self) -> Vec<Term> {
        let mut terms = Vec::with_capacity(8);
        terms.extend(self.tenant.as_ref().map(Term::tenant));
        terms.extend(self.by.as_ref().map(Term::by));
        terms.extend(self.subject.as_ref().map(Term::subject));
        terms.extend(self.record.as_ref().map(Term::record));
        let named = Named::of(&self.event);
        terms.extend(named.approver.map(Term::by));
        if let Some(tenant) = &self.tenant {
            terms.extend(named.case.map(|case| Term::case(tenant, case)));
            terms.extend(named.rules().map(|rule| Term::rule(tenant, rule)));
        }
        terms.extend(named.is_expiry.then(Term::expiries));
        terms.extend(named.is_system.then(Term::system));
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

/// What an event names that it is found by.
#[derive(Default)]
struct Named<'e> {
    approver: Option<&'e Pseudonym>,
    case: Option<&'e CaseId>,
    rule: Option<&'e Name>,
    denied_by: &'e [Name],
    is_expiry: bool,
    is_system: bool,
}

impl<'e> Named<'e> {
    fn rules(&self) -> impl Iterator<Item = &'e Name> + use<'e> {
        self.rule.into_iter().chain(self.denied_by)
    }

    fn of(event: &'e AuditEvent) -> Self {
        let none = Self::default();
        match event {
            AuditEvent::Decided { rule, denied_by, case, approved_by, .. } => Self {
                approver: approved_by.as_ref(),
                case: case.as_ref(),
                rule: rule.as_ref(),
                denied_by,
                ..none
            },
            AuditEvent::Released { approved_by, .. } => Self { approver: approved_by.as_ref(), ..none },
            AuditEvent::Opened { rule, .. } | AuditEvent::OpenRefused { rule, .. } => {
                Self { rule: Some(rule), ..none }
            }
            AuditEvent::TrailRead { case, rule, .. } => {
                Self { case: case.as_ref(), rule: Some(rule), ..none }
            }
            AuditEvent::CaseMoved { case, .. } => Self { case: Some(case), ..none },
            AuditEvent::Corrected { case, .. } => Self { case: case.as_ref(), ..none },
            AuditEvent::DisposalOpened { cause, .. } => match cause {
                Cause::Retention { rule } => Self { rule: Some(rule), ..none },
                Cause::Case { case } => Self { case: Some(case), ..none },
                Cause::Revocation => none,
            },
            AuditEvent::TrailExpired { .. } => Self { is_expiry: true, is_system: true, ..none },
            AuditEvent::Started { .. }
            | AuditEvent::EpochOpened { .. }
            | AuditEvent::EpochDestroyed { .. } => Self { is_system: true, ..none },
            AuditEvent::TermsAccepted { .. }
            | AuditEvent::Authorized { .. }
            | AuditEvent::InstructionGiven { .. }
            | AuditEvent::InstructionWithdrawn { .. }
            | AuditEvent::PreferenceHeard { .. }
            | AuditEvent::JobRequested { .. }
            | AuditEvent::AccessReviewed { .. }
            | AuditEvent::GrantsRevoked { .. }
            | AuditEvent::Stored { .. }
            | AuditEvent::StoreRefused { .. }
            | AuditEvent::HoldPlaced { .. }
            | AuditEvent::HoldLifted { .. }
            | AuditEvent::KeysDestroyed { .. }
            | AuditEvent::KeyRotated { .. }
            | AuditEvent::KeySuspended { .. }
            | AuditEvent::KeyResumed { .. }
            | AuditEvent::KeyCompromised { .. }
            | AuditEvent::KeyMinimumRaised { .. }
            | AuditEvent::Certified { .. } => none,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_of_one_kind_and_one_tenant() {
        let (one, other) = (Pseudonym::from_bytes([1; 16]), Pseudonym::from_bytes([2; 16]));
        let terms = [
            Term::tenant(&one),
            Term::tenant(&other),
            Term::by(&one),
            Term::subject(&one),
            Term::record(&one),
            Term::case(&one, &CaseId::new("r")),
            Term::case(&other, &CaseId::new("r")),
            Term::rule(&one, &Name::new("r")),
            Term::rule(&one, &Name::new("s")),
            Term::rule(&other, &Name::new("r")),
            Term::expiries(),
            Term::system(),
        ];
        for (at, term) in terms.iter().enumerate() {
            assert_eq!(terms.iter().position(|own| own == term), Some(at));
            assert_eq!(Term::from_bytes(*term.as_bytes()), *term);
        }
    }
}
