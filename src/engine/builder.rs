//! Building a steward: everything that can be checked before the first call is checked here.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use super::issued::Issued;
use super::key_cache::{KeyCache, Keyring};
use super::record::Pen;
use super::steward::{Inner, Steward};
use super::trail::TrailError;
use super::trouble::Trouble;
use crate::contracts::{Anchor, AnyAnchor, AnyKeyProvider, AnySource, Clock, DataSource, Ports, SystemClock};
use crate::core::access::Environment;
use crate::core::audit::AuditEvent;
use crate::core::classification::{BindError, DataMap, Declares};
use crate::core::dsr::{Clocks, Holidays};
use crate::core::id::Name;
use crate::core::policy::{Policy, SourceKind};
use crate::crypto::{AeadBackend, Entropy, OsEntropy, RustCrypto};

/// A steward that is being built. What is not said has a safe default: production, the system's clock, RustCrypto.
#[must_use = "nothing is built before `build`"]
pub struct Builder<P> {
    policy: Policy,
    ports: P,
    provider: AnyKeyProvider,
    map: DataMap,
    backend: Arc<dyn AeadBackend>,
    entropy: Arc<dyn Entropy>,
    nonces: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
    environment: Environment,
    /// What the types of stores and keys say, where they say it.
    segregated: Option<Environment>,
    sources: BTreeMap<Name, AnySource>,
    clocks: Clocks,
    holidays: Holidays,
    keys: Option<KeyCache>,
    anchor: Option<AnyAnchor>,
}

impl<P: Ports> Builder<P> {
    pub(super) fn new(policy: Policy, ports: P, provider: AnyKeyProvider) -> Self {
        Self {
            policy,
            ports,
            provider,
            map: DataMap::default(),
            backend: Arc::new(RustCrypto),
            entropy: Arc::new(OsEntropy),
            nonces: Arc::new(OsEntropy),
            clock: Arc::new(SystemClock),
            environment: Environment::Production,
            segregated: None,
            sources: BTreeMap::new(),
            clocks: Clocks::builtin().clone(),
            holidays: Holidays::default(),
            keys: None,
            anchor: None,
        }
    }

    /// Binds kinds of record and sets of classes: code and policy must say the same of each
    /// ([`DataMap::bind`]), or [`build`](Self::build) fails.
    pub fn bind<S: Declares>(mut self) -> Self {
        self.map = self.map.and(DataMap::of::<S>());
        self
    }

    /// Plugs in a source that the policy declares under `name`.
    pub fn source(mut self, name: impl Into<Name>, source: impl DataSource) -> Self {
        self.sources.insert(name.into(), AnySource::new(source));
        self
    }

    /// Takes the time from `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Says which environment this is; what is sealed in one does not open in another.
    pub const fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    pub(super) fn of_environment(self, environment: Environment) -> Self {
        Self { environment, segregated: Some(environment), ..self }
    }

    /// Takes another implementation of AES-256-GCM.
    pub fn backend(mut self, backend: impl AeadBackend) -> Self {
        self.backend = Arc::new(backend);
        self
    }

    /// Takes the clocks of regimes from the host's own table; a regime that it lacks keeps the clocks that come with the crate.
    pub fn clocks(mut self, clocks: &Clocks) -> Self {
        self.clocks = self.clocks.replaced_by(clocks);
        self
    }

    /// Takes public holidays into account where a deadline rolls to a working day.
    pub fn holidays(mut self, holidays: Holidays) -> Self {
        self.holidays = holidays;
        self
    }

    /// Keeps keys between calls, within these limits. Without it none are.
    pub fn key_cache(mut self, limits: KeyCache) -> Self {
        self.keys = Some(limits);
        self
    }

    /// Draws the nonces of values from elsewhere than the operating system: a [`ThreadEntropy`](crate::crypto::ThreadEntropy), whose page
    /// says when it may be taken. Keys go on to come from the operating system.
    pub fn nonces(mut self, entropy: impl Entropy) -> Self {
        self.nonces = Arc::new(entropy);
        self
    }

    /// For tests alone: takes randomness from elsewhere than the operating system. Whoever knows it can open everything.
    pub fn danger_entropy(mut self, entropy: impl Entropy) -> Self {
        self.entropy = Arc::new(entropy);
        self.nonces = Arc::clone(&self.entropy);
        self
    }

    /// Starts only over a trail that goes on from the newest head that this [`Anchor`] has: one that was cut, rewritten or put back from a backup is
    /// refused. From then on it is given newer heads ([`Steward::anchor_trail`]). A [`TreeHead`](crate::audit::tree::TreeHead) is an anchor too: one that was kept by hand.
    ///
    /// # Example: a trail that was put back from a backup
    /// ```
    /// use stewardship::ports::{local_keys::LocalKeys, memory::Memory, memory::MemoryAnchor};
    /// use stewardship::{Policy, Steward, block_on};
    /// let policy = Policy::from_toml(&std::fs::read_to_string("examples/policies/complete.toml")?)?;
    /// let (stores, anchor) = (Memory::new(), MemoryAnchor::new());
    /// let start = |stores: &Memory| {
    ///     let builder = Steward::builder(policy.clone(), stores.clone(), LocalKeys::in_memory());
    ///     block_on(builder.anchored(anchor.clone()).build())
    /// };
    /// let backup = stores.snapshot();
    /// drop(start(&stores)?);
    /// assert!(start(&stores).is_ok());
    /// assert!(start(&backup).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn anchored(mut self, anchor: impl Anchor) -> Self {
        self.anchor = Some(AnyAnchor::new(anchor));
        self
    }

    /// Builds the steward and records its start.
    ///
    /// # Errors
    /// [`BuildError`]: code and policy disagree, a source is plugged in that the policy does not declare, or the trail cannot be
    /// written.
    pub async fn build(self) -> Result<Steward<P>, BuildError> {
        if let Some(typed) = self.segregated.filter(|typed| *typed != self.environment) {
            return Err(BuildError::OtherEnvironment { said: self.environment, typed });
        }
        let document = self.policy.document();
        self.map.bind(document)?;
        for name in self.sources.keys() {
            match document.sources.get(name).map(|source| source.kind) {
                None => return Err(BuildError::UndeclaredSource { name: name.clone() }),
                Some(SourceKind::Managed) => {
                    return Err(BuildError::ManagedSource { name: name.clone() });
                }
                Some(SourceKind::Own | SourceKind::Processor) => {}
            }
        }
        let steward = Steward {
            inner: Arc::new(Inner {
                policy: self.policy,
                map: self.map,
                ports: self.ports,
                provider: self.provider,
                backend: self.backend,
                entropy: self.entropy,
                nonces: self.nonces,
                clock: self.clock,
                environment: self.environment,
                sources: self.sources,
                clocks: self.clocks,
                holidays: self.holidays,
                keys: self.keys.map(Keyring::new),
                died: Mutex::default(),
                issued: Issued::new(),
                pen: Pen::default(),
                anchor: self.anchor,
            }),
            request: None,
        };
        steward.follow_anchor().await?.map_err(TrailError::from)?;
        let started = steward.entry(AuditEvent::Started { environment: steward.environment() });
        steward.record(vec![started]).await?;
        if let Some(anchor) = &steward.inner.anchor {
            anchor.keep(steward.trail_head().await?).await.map_err(Trouble::from)?;
        }
        Ok(steward)
    }
}

impl<P> fmt::Debug for Builder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// Why a steward cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Code and policy disagree.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A source is plugged in that the policy does not declare.
    #[error("source `{name}` is plugged in, and the policy does not declare it: add `[sources.{name}]`")]
    UndeclaredSource {
        /// The source.
        name: Name,
    },
    /// A source is plugged in under the name of the steward's own records.
    #[error("source `{name}` is the steward's own records: nothing can be plugged in for it")]
    ManagedSource {
        /// The source.
        name: Name,
    },
    /// Stores and keys are typed as those of one environment, and the builder was told another.
    #[error("stores and keys are those of {}, and the builder was told {}", typed.as_str(), said.as_str())]
    OtherEnvironment {
        /// What [`Builder::environment`] said.
        said: Environment,
        /// What the types say.
        typed: Environment,
    },
    /// The audit trail does not go on from the head that was kept elsewhere.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}
