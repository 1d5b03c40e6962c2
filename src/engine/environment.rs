//! Environments as types: keys of one do not fit the stores of another.

use std::fmt;
use std::marker::PhantomData;

use super::builder::Builder;
use super::steward::Steward;
use crate::contracts::{AnyKeyProvider, KeyProvider, Ports};
use crate::core::access::Environment;
use crate::core::policy::Policy;

/// An environment as a type: [`Production`], [`Staging`] or [`Development`].
pub trait Deployment: sealed::Sealed + 'static {
    /// The environment as a value.
    const ENVIRONMENT: Environment;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! deployments {
    ($($name:ident,)+) => {
        $(
            #[doc = concat!("The environment [`", stringify!($name), "`](Environment::", stringify!($name), ") as a type.")]
            #[derive(Debug)]
            #[expect(clippy::exhaustive_enums, reason = "it has no value")]
            pub enum $name {}

            impl sealed::Sealed for $name {}

            impl Deployment for $name {
                const ENVIRONMENT: Environment = Environment::$name;
            }
        )+
    };
}

deployments! {
    Production,
    Staging,
    Development,
}

/// What is true of an environment and itself, and of no other two.
#[diagnostic::on_unimplemented(
    message = "keys of `{Self}` do not fit a store of `{Other}`",
    label = "these keys are of `{Self}`",
    note = "every environment has keys and stores of its own: take the keys of `{Other}`, or the store of `{Self}`"
)]
pub trait Fits<Other>: Deployment {}

impl<E: Deployment> Fits<E> for E {}

/// The stores of an environment: what is kept there is kept there alone.
pub struct Store<E, P> {
    ports: P,
    environment: PhantomData<fn() -> E>,
}

impl<E: Deployment, P: Ports> Store<E, P> {
    /// Says that these are the stores of the environment.
    pub const fn new(ports: P) -> Self {
        Self { ports, environment: PhantomData }
    }
}

/// The keys of an environment: no other one's store takes them.
pub struct Keys<E, K> {
    provider: K,
    environment: PhantomData<fn() -> E>,
}

impl<E: Deployment, K: KeyProvider> Keys<E, K> {
    /// Says that these are the keys of the environment.
    pub const fn new(provider: K) -> Self {
        Self { provider, environment: PhantomData }
    }
}

impl<E: Deployment, P> fmt::Debug for Store<E, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", E::ENVIRONMENT.as_str())
    }
}

impl<E: Deployment, K> fmt::Debug for Keys<E, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", E::ENVIRONMENT.as_str())
    }
}

impl<P: Ports> Steward<P> {
    /// As [`builder`](Self::builder), of stores and keys that are said to be of one environment: those of another do not compile.
    ///
    /// Say it once, where a program reads which files, addresses and accounts it is given. The environment is then the steward's, and
    /// stands in the context of every envelope: what was sealed in one does not open in another, even where somebody copies stores
    /// and keys.
    ///
    /// # Example: each environment its own
    /// ```
    /// use stewardship::engine::{Development, Keys, Store};
    /// use stewardship::ports::{local_keys::LocalKeys, memory::Memory};
    /// use stewardship::{Policy, Steward};
    /// # let policy = Policy::from_toml(include_str!("../../examples/policies/complete.toml"))?;
    /// let stores = Store::<Development, _>::new(Memory::new());
    /// let keys = Keys::<Development, _>::new(LocalKeys::in_memory());
    /// let steward = stewardship::block_on(Steward::segregated(policy, stores, keys).build())?;
    /// assert_eq!(steward.environment(), stewardship::access::Environment::Development);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Example: keys of development, and a store of production
    /// ```compile_fail,E0277
    /// use stewardship::engine::{Development, Keys, Production, Store};
    /// use stewardship::ports::{local_keys::LocalKeys, memory::Memory};
    /// use stewardship::{Policy, Steward};
    /// # let policy = Policy::from_toml(include_str!("../../examples/policies/complete.toml")).unwrap();
    /// let stores = Store::<Production, _>::new(Memory::new());
    /// let keys = Keys::<Development, _>::new(LocalKeys::in_memory());
    /// let builder = Steward::segregated(policy, stores, keys);
    /// ```
    pub fn segregated<E: Deployment, L: Fits<E>>(
        policy: Policy,
        stores: Store<E, P>,
        keys: Keys<L, impl KeyProvider>,
    ) -> Builder<P> {
        Builder::new(policy, stores.ports, AnyKeyProvider::new(keys.provider)).of_environment(E::ENVIRONMENT)
    }
}
