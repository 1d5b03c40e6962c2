//! What customers instruct: whom the company is a processor for, and what it may do for them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::keyring::KeyError;
use super::open::OpenError;
use super::papers::{self, Paper};
use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::{DocumentKind, Ports};
use crate::core::access::{Grant, Principal, Purpose, Shows};
use crate::core::audit::{AuditEvent, Pseudonym};
use crate::core::id::{Name, TenantId};
use crate::core::place::Scope;
use crate::core::policy::PolicyDigest;

/// A customer's documented instruction to use their data for a purpose (GDPR Art. 28(3)(a)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Instruction {
    /// The customer, who is the controller.
    pub tenant: TenantId,
    /// The purpose.
    pub purpose: Name,
    /// The categories that it is about: those that the policy handled on instruction for the purpose when it was given. What a later
    /// policy adds needs a new one.
    pub categories: BTreeSet<Name>,
    /// The policy that the customer had accepted then.
    pub policy: PolicyDigest,
    /// When it was given.
    pub given: DateTime<Utc>,
    /// When it was withdrawn, where it was.
    pub withdrawn: Option<DateTime<Utc>>,
    /// What the trail calls whoever gave it.
    pub by: Option<Pseudonym>,
}

impl Instruction {
    /// Whether it stands.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.withdrawn.is_none()
    }
}

impl Paper for Instruction {
    const KIND: DocumentKind = DocumentKind::Instruction;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> String {
        self.purpose.to_string()
    }
}

/// What is done on behalf of one controller: a row of a processor's record (GDPR Art. 30(2)(a) and (b)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProcessingFor {
    /// The controller.
    pub controller: TenantId,
    /// What is done for it, by purpose, and with which categories.
    pub instructions: Vec<Instruction>,
}

/// Why an instruction is not taken down.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstructionError {
    /// The policy in force handles no category on instruction for this purpose: it would bind nothing, unseen.
    #[error("the policy handles no category on instruction for `{purpose}`{}", among(instructed))]
    NothingInstructed {
        /// The purpose.
        purpose: Name,
        /// The purposes for which it does.
        instructed: BTreeSet<Name>,
    },
    /// The customer has not accepted the policy in force, which is what it instructs under.
    #[error("the tenant has not accepted the policy in force (version `{version}`)")]
    TermsNotAccepted {
        /// Version of the policy in force.
        version: String,
    },
    /// A program instructs nobody, and nobody does for another tenant.
    #[error("an instruction is given by a person of the tenant")]
    NotOfTenant,
    /// There is no key for the entry on the trail.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

fn among(purposes: &BTreeSet<Name>) -> String {
    let purposes: Vec<String> = purposes.iter().map(|purpose| format!("`{purpose}`")).collect();
    if purposes.is_empty() { String::new() } else { format!("; it does for {}", purposes.join(", ")) }
}

impl<P: Ports> Steward<P> {
    /// Takes down that `by`'s tenant instructs the company, its processor, to use its data for a purpose. Until then what is in a
    /// category that `needs_instruction` is neither stored nor opened for it.
    ///
    /// It is on the trail first. Gives the categories that it is about. Giving it again brings it up to the policy in force.
    ///
    /// # Errors
    /// [`InstructionError`]; nothing is taken down then.
    ///
    /// # Example: no instruction, no processing
    /// ```
    /// use stewardship::access::Reason;
    /// use stewardship::classification::Level;
    /// use stewardship::ports::{local_keys::LocalKeys, memory::Memory};
    /// use stewardship::{Policy, Principal, Purpose, Question, Resource, Steward};
    ///
    /// let text = include_str!("../../examples/policies/complete.toml");
    /// let text = text.replacen("[categories.user_content]", "[categories.user_content]\nneeds_instruction = true", 1);
    /// let policy = Policy::from_toml(&text)?;
    /// let steward = Steward::builder(policy, Memory::new(), LocalKeys::in_memory()).build();
    /// let steward = stewardship::block_on(steward)?.blocking();
    ///
    /// let owner = Principal::person("acme", "user-1").role("owner").mfa_at(chrono::Utc::now());
    /// steward.accept_terms(&owner, steward.policy().digest())?;
    /// let (purpose, scripts) = (Purpose::new("support"), Resource::category("acme", "user_content", Level::Internal));
    /// let question = Question::read(owner.clone(), scripts, purpose.clone());
    ///
    /// let denial = steward.authorize(&question)?.granted().unwrap_err();
    /// assert!(denial.explain().reasons.iter().any(|reason| matches!(reason, Reason::NoInstruction { .. })));
    ///
    /// assert!(steward.instruct(&owner, &purpose)?.contains("user_content"));
    /// steward.authorize(&question)?.granted()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn instruct(
        &self,
        by: &Principal,
        purpose: &Purpose,
    ) -> Result<BTreeSet<Name>, InstructionError> {
        let (tenant, policy) = (by.tenant(), &self.inner.policy);
        if !by.speaks_for_a_tenant() {
            return Err(InstructionError::NotOfTenant);
        }
        let purpose = purpose.name();
        let document = policy.document();
        let needing =
            document.categories.keys().filter(|name| policy.compiled().needs_instruction(name, purpose));
        let categories: BTreeSet<Name> = needing.cloned().collect();
        if categories.is_empty() {
            let instructed = document.categories.values().flat_map(|each| document.instructed_purposes(each));
            let instructed = instructed.cloned().collect();
            return Err(InstructionError::NothingInstructed { purpose: purpose.clone(), instructed });
        }
        if !self.has_accepted_terms(tenant).await? {
            return Err(InstructionError::TermsNotAccepted { version: policy.version().to_owned() });
        }
        let mut keys = self.keys();
        keys.for_sealing(&Scope::Tenant(tenant.clone())).await?;
        let event = AuditEvent::InstructionGiven { purpose: purpose.clone() };
        let entry = self.entry_about(&mut keys, About::by(by), event).await?;
        let instruction = Instruction {
            tenant: tenant.clone(),
            purpose: purpose.clone(),
            categories,
            policy: policy.digest(),
            given: self.now(),
            withdrawn: None,
            by: entry.by,
        };
        self.record(vec![entry]).await?;
        papers::update(self.papers(), tenant, &instruction.id(), |found: Option<Instruction>| {
            // The first of several alike stays: since then it stands.
            let alike = |found: &Instruction| found.stands() && found.categories == instruction.categories;
            Ok::<_, Trouble>(found.filter(alike).unwrap_or_else(|| instruction.clone()))
        })
        .await?;
        Ok(instruction.categories)
    }

    /// Takes down that `by`'s tenant withdraws its instruction: grants that were given under it open nothing more. What is stored stays until its
    /// rules end it. Gives whether one stood.
    ///
    /// # Errors
    /// [`InstructionError::NotOfTenant`]; a failure below the engine.
    pub async fn withdraw_instruction(
        &self,
        by: &Principal,
        purpose: &Purpose,
    ) -> Result<bool, InstructionError> {
        let tenant = by.tenant();
        if !by.speaks_for_a_tenant() {
            return Err(InstructionError::NotOfTenant);
        }
        let name = purpose.name();
        let found = papers::load::<Instruction>(self.papers(), tenant, name.as_str()).await?;
        let Some(standing) = found.map(|found| found.paper).filter(Instruction::stands) else {
            return Ok(false);
        };
        let event = AuditEvent::InstructionWithdrawn { purpose: name.clone() };
        let entry = self.entry_about(&mut self.keys(), About::by(by), event).await?;
        self.record(vec![entry]).await?;
        let now = self.now();
        papers::update(self.papers(), tenant, name.as_str(), |found: Option<Instruction>| {
            let found = found.unwrap_or_else(|| standing.clone());
            Ok::<_, Trouble>(Instruction { withdrawn: found.withdrawn.or(Some(now)), ..found })
        })
        .await?;
        Ok(true)
    }

    /// The record of what is done on behalf of controllers: a row for each tenant that has instructed something, with what stands and
    /// what was withdrawn (GDPR Art. 30(2)).
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn processing_record(&self) -> Result<Vec<ProcessingFor>, Trouble> {
        let mut rows: BTreeMap<TenantId, Vec<Instruction>> = BTreeMap::new();
        for found in papers::all::<Instruction>(self.papers(), None).await? {
            rows.entry(found.paper.tenant.clone()).or_default().push(found.paper);
        }
        let row = |(controller, instructions)| ProcessingFor { controller, instructions };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Whether the tenant's instruction for this stands.
    pub(super) async fn is_instructed(
        &self,
        tenant: &TenantId,
        category: &Name,
        purpose: &Name,
    ) -> Result<bool, Trouble> {
        let found = papers::load::<Instruction>(self.papers(), tenant, purpose.as_str()).await?;
        Ok(found.is_some_and(|found| found.paper.stands() && found.paper.categories.contains(category)))
    }

    /// Whether the policy asks for no instruction for this, or one stands.
    pub(super) async fn may_process(
        &self,
        tenant: &TenantId,
        category: &Name,
        purpose: &Name,
    ) -> Result<bool, Trouble> {
        let needed = self.inner.policy.compiled().needs_instruction(category, purpose);
        Ok(!needed || self.is_instructed(tenant, category, purpose).await?)
    }

    /// Whether the instruction that a grant was given under still stands.
    pub(super) async fn check_instruction(
        &self,
        grant: &Grant<impl Shows>,
        category: &str,
    ) -> Result<(), OpenError> {
        match self.may_process(grant.tenant(), &Name::new(category), grant.purpose().name()).await? {
            true => Ok(()),
            false => Err(OpenError::NoInstruction),
        }
    }
}
