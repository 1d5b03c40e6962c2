//! Releases: a reason goes on the audit trail, and only then is there proof, or a permit.

use zeroize::Zeroize;

use super::authorize::declared;
use super::keyring::KeyError;
use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::Ports;
use crate::core::access::{Action, Question, ReleaseDenied, ReleaseRequest, Resource};
use crate::core::audit::{AuditEvent, DecidedAs};
use crate::core::classification::{
    AuditedReason, Class, ClassSpec, DataClass, LabelPermit, Labelled, Level, Permit,
};
use crate::core::id::{Name, TenantId};
use crate::core::place::Scope;
use crate::core::policy::{Record, Release};
use crate::crypto::Redactors;

/// Why nothing is released.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The policy does not allow it. That is on the audit trail.
    #[error(transparent)]
    Denied(#[from] ReleaseDenied),
    /// There is no key to name the people of it under.
    #[error(transparent)]
    Key(KeyError),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<KeyError> for ReleaseError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Trouble(trouble) => Self::Trouble(trouble),
            key => Self::Key(key),
        }
    }
}

/// What is released: its declared classes, the categories that count, its level, and the class that it takes on.
struct Subject {
    release: Release,
    classes: Vec<ClassSpec>,
    categories: Vec<String>,
    level: Level,
    to: Option<ClassSpec>,
}

impl<P: Ports> Steward<P> {
    /// Puts a reason on the audit trail for which values of class `C` are shown without a grant: what the host holds already and must
    /// pass on, say. Gives the proof that [`expose`](crate::Classified::expose) wants.
    ///
    /// The policy lists the reason (`[reasons.…]` with `allows = ["expose"]`), the roles that may give it, and the highest level; what
    /// forbids reading forbids this too. The decision is recorded, a yes and a no, before the proof exists.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn account<C: Class>(&self, request: &ReleaseRequest) -> Result<AuditedReason, ReleaseError> {
        let subject = Subject::of::<C>(Release::Expose, None);
        self.decide_release(request, &subject).await?;
        let (reason, purpose) = (request.reason().clone(), request.purpose().clone());
        Ok(AuditedReason::mint(reason, purpose, subject.classes, self.inner.policy.digest()))
    }

    /// Gives the permit to lower one value of class `C` to class `D`, or to take it to the category of `D`.
    ///
    /// The policy lists the reason (`[reasons.…]` with `allows = ["lower"]`), the roles that may give it and those that may approve; the
    /// approver is a second person. The decision is recorded, a yes and a no, before the permit exists.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn permit<C: Class, D: DataClass>(
        &self,
        request: &ReleaseRequest,
    ) -> Result<Permit<C, D>, ReleaseError> {
        let subject = Subject::of::<C>(Release::Lower, Some(ClassSpec::of::<D>()));
        self.decide_release(request, &subject).await?;
        Ok(Permit::mint())
    }

    /// Gives the permit to take a value whose class is known at run time to class `D`, whatever its label.
    ///
    /// # Errors
    /// [`ReleaseError`], as [`permit`](Self::permit).
    pub async fn permit_labelled<T: Zeroize, D: DataClass>(
        &self,
        value: &Labelled<T>,
        request: &ReleaseRequest,
    ) -> Result<LabelPermit<D>, ReleaseError> {
        let to = ClassSpec::of::<D>();
        // Data of any category (it came from nobody knows where) is judged as what it is to become.
        let mut categories: Vec<String> = value.categories().map(|name| name.to_string()).collect();
        if categories.is_empty() {
            categories.push(to.category.to_owned());
        }
        let subject = Subject {
            release: Release::Lower,
            classes: Vec::new(),
            categories,
            level: value.label().level(),
            to: Some(to),
        };
        self.decide_release(request, &subject).await?;
        Ok(LabelPermit::mint(value.label()))
    }

    /// The redactors for a tenant's data: pseudonyms are under the oldest version of the tenant's key that nobody else may have, so
    /// that a rotation changes none, and their key's number is that version.
    ///
    /// A tenant that has no key yet (nothing of it was ever sealed) has no pseudonyms: they are erased.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn redactors(&self, tenant: &TenantId) -> Result<Redactors, Trouble> {
        let policy = &self.inner.policy;
        let key = self.keys().naming(&Scope::Tenant(tenant.clone())).await?;
        Ok(match key {
            Some((number, key)) => Redactors::keyed(policy, tenant, number, &key.derive("redact")),
            None => Redactors::new(policy),
        })
    }

    async fn decide_release(&self, request: &ReleaseRequest, subject: &Subject) -> Result<(), ReleaseError> {
        let (by, place) = (request.by(), request.place());
        let resource = Resource::category(place, "", subject.level);
        let asked = Question::new(by.clone(), Action::Read, resource, request.purpose().clone());
        let facts = self.facts(&asked).await?;
        let categories = subject.categories.iter().map(String::as_str);
        let decision = request.decide(&self.inner.policy, subject.release, subject.level, categories, &facts);
        let when = self.recorded(subject.level, false);
        if when != Record::Never {
            let own = by.tenant() == place.tenant_id();
            let mut keys = self.keys();
            if decision.is_ok() {
                // A yes names who asked and who approved: under a key of the tenant, which has one from here on.
                keys.for_sealing(&Scope::Tenant(by.tenant().clone())).await?;
            }
            let approved_by = match request.approver().filter(|approver| approver.tenant() == by.tenant()) {
                Some(approver) => keys.principal(approver.tenant(), approver.id()).await?,
                None => None,
            };
            let outcome = match &decision {
                Ok(()) => DecidedAs::Allowed,
                Err(ReleaseDenied::Forbidden) => DecidedAs::Forbidden,
                Err(_) => DecidedAs::NotPermitted,
            };
            let document = self.inner.policy.document();
            let event = AuditEvent::Released {
                release: subject.release,
                classes: subject.classes.iter().map(|class| Name::new(class.id)).collect(),
                level: subject.level,
                to: subject.to.map(|class| Name::new(class.id)),
                to_level: subject.to.map(|class| class.level),
                purpose: declared(&document.purposes, request.purpose().name()),
                reason: declared(&document.reasons, request.reason()),
                approved_by,
                outcome,
            };
            let about = About::by(by)
                .subject(place.subject_id().filter(|_| own))
                .record(place.record_id().filter(|_| own));
            let entry = self.entry_about(&mut keys, about, event).await?;
            self.record_when(when, entry).await?;
        }
        Ok(decision?)
    }
}

impl Subject {
    fn of<C: Class>(release: Release, to: Option<ClassSpec>) -> Self {
        let mut classes = Vec::new();
        C::parts(&mut |class| classes.push(class));
        let level = classes.iter().map(|class| class.level).max().unwrap_or(Level::Restricted);
        let own = classes.iter().chain(&to).map(|class| class.category.to_owned());
        Self { release, categories: own.collect(), level, classes, to }
    }
}
