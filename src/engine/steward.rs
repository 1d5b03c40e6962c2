//! The steward: what it holds, and what it tells about itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};

use super::blocking::Blocking;
use super::builder::Builder;
use super::issued::Issued;
use super::key_cache::Keyring;
use super::record::Pen;
use crate::contracts::{
    AnyAnchor, AnyKeyProvider, AnyPorts, AnySource, Clock, KeyProvider, Ports, ProviderKeyId,
};
use crate::core::access::Environment;
use crate::core::audit::RequestId;
use crate::core::classification::DataMap;
use crate::core::dsr::{Clocks, Holidays};
use crate::core::governance::EvidenceSet;
use crate::core::id::Name;
use crate::core::policy::Policy;
use crate::core::report::{RenderError, render};
use crate::crypto::{AeadBackend, Entropy};

/// The engine that joins a policy, keys, stores, sources and a clock. Clones share everything and cost nothing.
///
/// Every verb is async and needs no runtime of its own; [`blocking`](Self::blocking) gives the same verbs to synchronous hosts.
/// A verb that failed on a store may be called again with the same arguments: it takes up what was begun.
///
/// # Example: a creator's address is stored sealed, and opened against a grant
/// ```
/// use stewardship::ports::{local_keys::LocalKeys, memory::Memory};
/// use stewardship::{Place, Policy, Principal, Purpose, Question, Resource, Steward};
///
/// stewardship::classes! { pub AccountEmail: Confidential in "account" = "account.email"; }
/// stewardship::record! { pub struct Account in "account" { pub email: String as AccountEmail; } }
///
/// let policy = Policy::from_toml(include_str!("../../examples/policies/complete.toml"))?;
/// let steward = Steward::builder(policy, Memory::new(), LocalKeys::in_memory()).bind::<(Account,)>();
/// let steward = stewardship::block_on(steward.build())?;
/// let steward = steward.blocking();
///
/// let place = Place::tenant("acme").subject("user-1");
/// let account = Account { email: "ada@example.com".to_owned().into() };
/// steward.put(&place, &account, &Purpose::new("billing"))?;
///
/// let owner = Principal::person("acme", "user-1").role("owner").mfa_at(steward.now());
/// let question = Question::read(owner, Resource::at::<Account>(&place), Purpose::new("billing"));
/// let grant = steward.authorize(&question)?.granted()?;
/// let account: Account = steward.open(&grant, &place)?;
/// assert_eq!(account.email.expose(&grant)?, "ada@example.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Steward<P: Ports = AnyPorts> {
    pub(super) inner: Arc<Inner<P>>,
    /// The host's request during which this one acts.
    pub(super) request: Option<RequestId>,
}

pub(super) struct Inner<P> {
    pub(super) policy: Policy,
    pub(super) map: DataMap,
    pub(super) ports: P,
    pub(super) provider: AnyKeyProvider,
    pub(super) backend: Arc<dyn AeadBackend>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) nonces: Arc<dyn Entropy>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) environment: Environment,
    pub(super) sources: BTreeMap<Name, AnySource>,
    pub(super) clocks: Clocks,
    pub(super) holidays: Holidays,
    /// Keys between calls, where the host wants them kept.
    pub(super) keys: Option<Keyring>,
    /// Provider keys of destroyed epochs that this process has found to be gone.
    pub(super) died: Mutex<BTreeSet<ProviderKeyId>>,
    pub(super) issued: Issued,
    pub(super) pen: Pen,
    pub(super) anchor: Option<AnyAnchor>,
}

impl<P: Ports> Steward<P> {
    /// Begins to build a steward from what it cannot do without: a policy, stores and a provider of keys.
    pub fn builder(policy: Policy, ports: P, provider: impl KeyProvider) -> Builder<P> {
        Builder::new(policy, ports, AnyKeyProvider::new(provider))
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// What the host holds, as it was bound: [`holdings`](DataMap::holdings) lists it, [`gaps`](DataMap::gaps) says where code and policy
    /// do not go on with one another.
    #[must_use]
    pub fn data_map(&self) -> &DataMap {
        &self.inner.map
    }

    /// The time on the steward's clock.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    /// The environment that it runs in; part of the context of every envelope.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.inner.environment
    }

    /// The stores that it works on.
    #[must_use]
    pub fn ports(&self) -> &P {
        &self.inner.ports
    }

    /// The compliance page of the policy, in Markdown: what is enforced, and what `evidence` supports now.
    ///
    /// # Errors
    /// Where the policy cannot be rendered.
    pub fn render(&self, evidence: &EvidenceSet) -> Result<String, RenderError> {
        let policy = &self.inner.policy;
        render(policy.document(), &policy.digest().to_string(), evidence, self.now())
    }

    /// The same steward during one request of the host's: what it puts on the audit trail names that request, so that it is found beside the
    /// host's own logs. It costs nothing.
    ///
    /// # Example: what one HTTP request did
    /// ```
    /// # use stewardship::{Policy, Steward, ports::{local_keys::LocalKeys, memory::Memory}};
    /// # let policy = Policy::from_toml(include_str!("../../examples/policies/complete.toml"))?;
    /// # let steward = stewardship::block_on(Steward::builder(policy, Memory::new(), LocalKeys::in_memory()).build())?;
    /// let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    /// let steward = steward.during(traceparent.parse()?);
    /// # let _ = steward.blocking();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn during(&self, request: RequestId) -> Self {
        Self { request: Some(request), ..self.clone() }
    }

    /// The same verbs for synchronous hosts.
    #[must_use]
    pub fn blocking(&self) -> Blocking<P> {
        Blocking::new(self.clone())
    }
}

impl<P: Ports> Clone for Steward<P> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), request: self.request }
    }
}

impl<P: Ports> fmt::Debug for Steward<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steward")
            .field("policy", &self.inner.policy)
            .field("environment", &self.inner.environment)
            .finish_non_exhaustive()
    }
}
