//! Work that a user asked for: it carries who that was, and there is no other way to have it.

use super::keyring::KeyError;
use super::steward::Steward;
use super::trail::About;
use super::trouble::Trouble;
use crate::contracts::Ports;
use crate::core::access::{Principal, PrincipalKind, Purpose, Standing};
use crate::core::audit::{AuditEvent, Pseudonym};
use crate::core::id::{Name, PrincipalId, TenantId};
use crate::core::place::Scope;

/// A job that somebody asked for, on the trail before it exists.
///
/// A queue that takes `Requested<Job>` takes nothing that no user asked for; only [`Steward::request`] makes one.
///
/// # Example: a queue that takes what was asked for alone
/// ```compile_fail,E0308
/// use stewardship::engine::Requested;
/// struct SendDraft(u64);
/// fn enqueue(job: Requested<SendDraft>) {}
/// enqueue(SendDraft(7));
/// ```
#[derive(Debug)]
pub struct Requested<J> {
    job: J,
    tenant: TenantId,
    by: PrincipalId,
    shown: Pseudonym,
    purpose: Purpose,
}

impl<J> Requested<J> {
    /// The job.
    #[must_use]
    pub const fn job(&self) -> &J {
        &self.job
    }

    /// Who asked for it.
    #[must_use]
    pub const fn requested_by(&self) -> &PrincipalId {
        &self.by
    }

    /// Who asked for it, as the trail calls them: for a queue that is to hold no names.
    #[must_use]
    pub const fn shown_as(&self) -> &Pseudonym {
        &self.shown
    }

    /// Whose work it is.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// What it is for.
    #[must_use]
    pub const fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// The job alone, to carry it out.
    #[must_use]
    pub fn into_job(self) -> J {
        self.job
    }
}

/// Why a job was not taken as asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Nobody asked for it who can: a program asks for nothing of its own, and a suspended account for nothing at all.
    #[error("no user asked for it")]
    NotRequested,
    /// The policy declares no such purpose.
    #[error("the policy declares no purpose `{purpose}`")]
    PurposeNotDeclared {
        /// The purpose.
        purpose: Name,
    },
    /// No key for the tenant.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl<P: Ports> Steward<P> {
    /// Takes a job as asked for by a user of the tenant, for a purpose. The trail names the user under a pseudonym before there is
    /// anything to put into a queue. Whether the user may is for [`authorize`](Self::authorize).
    ///
    /// # Errors
    /// [`RequestError::NotRequested`] where `by` is a program, or suspended.
    pub async fn request<J: Send>(
        &self,
        by: &Principal,
        purpose: &Purpose,
        job: J,
    ) -> Result<Requested<J>, RequestError> {
        if by.kind() != PrincipalKind::Person || by.standing() == Standing::Suspended {
            return Err(RequestError::NotRequested);
        }
        if self.inner.policy.purpose(purpose.name().as_str()).is_none() {
            return Err(RequestError::PurposeNotDeclared { purpose: purpose.name().clone() });
        }
        let mut keys = self.keys();
        keys.for_sealing(&Scope::Tenant(by.tenant().clone())).await?;
        let event = AuditEvent::JobRequested { purpose: purpose.name().clone() };
        let entry = self.entry_about(&mut keys, About::by(by), event).await?;
        let shown = entry.by.ok_or(Trouble::Key { scope: "tenant" })?;
        self.record(vec![entry]).await?;
        let (tenant, by) = (by.tenant().clone(), by.id().clone());
        Ok(Requested { job, tenant, by, shown, purpose: purpose.clone() })
    }
}
