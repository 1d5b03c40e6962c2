//! The preference ledger: what people say about the use of their data, kept so that it binds.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::keyring::{KeyError, KeySession};
use super::papers::{self, Paper};
use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::{DocumentKind, Ports};
use crate::core::access::{Fact, Grant, GrantError, Preference, Preferences, Principal, Said, Shows, Voice};
use crate::core::audit::AuditEvent;
use crate::core::id::{Name, SubjectId, TenantId};
use crate::core::place::Scope;

/// What a person has said: under their identifier, as their records are, and nothing else about them.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ledger {
    tenant: TenantId,
    subject: SubjectId,
    said: Said,
}

impl Paper for Ledger {
    const KIND: DocumentKind = DocumentKind::Preferences;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> String {
        self.subject.as_str().to_owned()
    }
}

/// Why a preference is not taken down.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PreferenceError {
    /// The policy declares no such purpose: what was said of it would bind nothing, unseen.
    #[error("the policy declares no purpose `{purpose}`")]
    PurposeNotDeclared {
        /// The purpose.
        purpose: Name,
    },
    /// An identifier is empty, too long, or holds control characters.
    #[error("an identifier is empty, too long, or holds control characters")]
    BadIdentifier,
    /// The person was erased ([`KeyError::Closed`]), and everything that honours a preference is stopped; or there is no key for the
    /// entry on the trail.
    #[error(transparent)]
    Key(KeyError),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<KeyError> for PreferenceError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Trouble(trouble) => Self::Trouble(trouble),
            key => Self::Key(key),
        }
    }
}

impl<P: Ports> Steward<P> {
    /// Takes down what a person of `by`'s tenant says about the use of their data: consent, a restriction of processing, an objection,
    /// an opt-out. From now on it binds: questions about the person for a purpose that heeds it are decided by it, and grants that
    /// were given before open nothing more of the person's.
    ///
    /// It is on the trail first, with the person under a pseudonym. Saying it again changes nothing. Gives the purposes that it bears
    /// on under the policy in force; none where the policy honours it nowhere, and then it is kept until one does.
    ///
    /// # Errors
    /// [`PreferenceError`]; an erased person's is not taken down.
    pub async fn prefer(
        &self,
        by: &Principal,
        subject: &SubjectId,
        preference: &Preference,
    ) -> Result<BTreeSet<Name>, PreferenceError> {
        self.hear(by, subject, preference, Voice::Says).await
    }

    /// Takes down that a person no longer says so: consent is withdrawn as it is given (GDPR Art. 7(3)), an objection taken back, a
    /// restriction lifted.
    ///
    /// # Errors
    /// As [`prefer`](Self::prefer).
    pub async fn withdraw_preference(
        &self,
        by: &Principal,
        subject: &SubjectId,
        preference: &Preference,
    ) -> Result<BTreeSet<Name>, PreferenceError> {
        self.hear(by, subject, preference, Voice::Withdraws).await
    }

    /// What a person has said. Of an erased person nothing is kept.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn preferences(&self, tenant: &TenantId, subject: &SubjectId) -> Result<Said, Trouble> {
        let found = papers::load::<Ledger>(self.papers(), tenant, subject.as_str()).await?;
        Ok(found.map(|filed| filed.paper.said).unwrap_or_default())
    }

    async fn hear(
        &self,
        by: &Principal,
        subject: &SubjectId,
        preference: &Preference,
        voice: Voice,
    ) -> Result<BTreeSet<Name>, PreferenceError> {
        let (tenant, policy) = (by.tenant(), &self.inner.policy);
        if !tenant.is_well_formed() || !subject.is_well_formed() {
            return Err(PreferenceError::BadIdentifier);
        }
        let undeclared = |purpose: &&Name| policy.purpose(purpose.as_str()).is_none();
        if let Some(purpose) = preference.purpose().map(|purpose| purpose.name()).filter(undeclared) {
            return Err(PreferenceError::PurposeNotDeclared { purpose: purpose.clone() });
        }
        let scope = Scope::Subject(tenant.clone(), subject.clone());
        let mut keys = self.keys();
        self.refuse_erased(&keys, &scope).await?;
        if keys.naming(&scope).await?.is_none() {
            keys.for_sealing(&scope).await?;
        }
        let event = AuditEvent::PreferenceHeard { voice, preference: preference.clone() };
        let entry = self.entry_about(&mut keys, About::by(by).subject(Some(subject)), event).await?;
        self.record(vec![entry]).await?;
        let now = self.now();
        papers::update(self.papers(), tenant, subject.as_str(), |found: Option<Ledger>| {
            let said = found.map(|found| found.said).unwrap_or_default();
            let mut ledger = Ledger { tenant: tenant.clone(), subject: subject.clone(), said };
            ledger.said.hear(preference, voice, now);
            Ok::<_, Trouble>(ledger)
        })
        .await?;
        // An erasure that came between has looked for a ledger before there was this one.
        self.refuse_erased(&keys, &scope).await?;
        Ok(preference.bears_on(policy))
    }

    /// Refuses an erased person, and leaves nothing of what they said.
    async fn refuse_erased(&self, keys: &KeySession<'_, P>, scope: &Scope) -> Result<(), KeyError> {
        let refused = keys.refuse_closed(scope).await;
        if refused.is_err() {
            self.forget_preferences(scope).await?;
        }
        refused
    }

    /// Forgets what an erased person said.
    ///
    /// Nothing of it has to outlive them. The tombstone of their key does so anyway, because it is what recognises a person who is
    /// synchronised again (a record of the deletion request may be kept for that: Cal. Civ. Code § 1798.105(c)(3)), and it stops every
    /// purpose that heeds anything at all.
    pub(super) async fn forget_preferences(&self, scope: &Scope) -> Result<(), Trouble> {
        let Scope::Subject(tenant, subject) = scope else { return Ok(()) };
        let found = papers::load::<Ledger>(self.papers(), tenant, subject.as_str()).await?;
        if found.is_none_or(|found| found.paper.said.is_empty()) {
            return Ok(());
        }
        papers::update(self.papers(), tenant, subject.as_str(), |_: Option<Ledger>| {
            let (tenant, subject) = (tenant.clone(), subject.clone());
            Ok::<_, Trouble>(Ledger { tenant, subject, said: Said::default() })
        })
        .await
        .map(|_| ())
    }

    /// What a person has said about a purpose; unknown once they are erased.
    pub(super) async fn said_about(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        purpose: &Name,
    ) -> Result<Fact<Preferences>, Trouble> {
        let scope = Scope::Subject(tenant.clone(), subject.clone());
        if self.keys().row(&scope).await?.is_some_and(|row| row.closed.is_some()) {
            return Ok(Fact::Unknown);
        }
        Ok(Fact::Known(self.preferences(tenant, subject).await?.about(purpose)))
    }

    /// Whether what people have said by now still lets a grant open what is about them: all of them, also in single fields.
    pub(super) async fn check_people<'s>(
        &self,
        grant: &Grant<impl Shows>,
        people: impl IntoIterator<Item = &'s SubjectId> + Send,
    ) -> Result<(), super::open::OpenError> {
        let (purpose, rules) = (grant.purpose().name(), self.inner.policy.compiled());
        if !rules.heeds_people(purpose) {
            return Ok(());
        }
        let people: BTreeSet<SubjectId> = people.into_iter().cloned().collect();
        for subject in people {
            if !rules.goes_on(purpose, self.said_about(grant.tenant(), &subject, purpose).await?) {
                return Err(GrantError::Stopped.into());
            }
        }
        Ok(())
    }
}
