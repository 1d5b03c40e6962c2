//! A value whose class is known at run time alone.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::class::{Class, ClassSpec, DataClass};
use super::classified::Classified;
use super::level::{Level, StaticLevel};
use super::permit::LabelPermit;
use super::proof::{Proof, shows_label};
use super::record::{DecodeError, decode_plain, encode_plain};
use super::{FlowDenied, Label};
use crate::core::id::Name;
use crate::core::policy::Policy;

/// A value with a [`Label`]: the twin of [`Classified`] for data whose class only the running program knows.
///
/// Shows its label and nothing else, is wiped when dropped, and is checked at run time wherever `Classified` is checked by the
/// compiler.
///
/// # Example: what a platform sent, and nobody has looked at
/// ```
/// # use stewardship::Policy;
/// # let policy = Policy::from_toml(include_str!("../../../examples/policies/complete.toml"))?;
/// use stewardship::classification::{Label, Labelled, Level};
///
/// let unknown = Labelled::from_source(&policy, None, "who knows".to_owned());
/// assert_eq!(unknown.label(), policy.taxonomy().top());
/// let known = Labelled::from_source(&policy, Some("tiktok-shop"), "an order".to_owned());
/// assert!(known.label().flows_to(&unknown.label()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Labelled<T: Zeroize> {
    value: Zeroizing<T>,
    label: Label,
    policy: Policy,
}

impl<T: Zeroize> Labelled<T> {
    /// Labels a value.
    pub fn new(policy: &Policy, label: Label, value: T) -> Self {
        Self { value: Zeroizing::new(value), label, policy: policy.clone() }
    }

    /// Labels a value of which nothing is known but the platform that it came from: with the platform's `default_level` and
    /// categories, as the policy has them. Without a platform that the policy declares, with the top.
    pub fn from_source(policy: &Policy, platform: Option<&str>, value: T) -> Self {
        let document = policy.document();
        let label =
            platform.and_then(|name| document.platforms.get(name)).map_or(policy.taxonomy().top(), |known| {
                let level = known.default_level.unwrap_or(Level::Restricted);
                policy.taxonomy().of_categories(document, level, &known.categories)
            });
        Self::new(policy, label, value)
    }

    /// Its label.
    #[must_use]
    pub const fn label(&self) -> Label {
        self.label
    }

    /// The value, against proof that covers its level, all its categories, and a purpose that it may be used for.
    ///
    /// # Errors
    /// [`NotShown`].
    pub fn expose(&self, proof: &(impl Proof + ?Sized)) -> Result<&T, NotShown> {
        if shows_label(proof, &self.label, self.policy.taxonomy()) {
            return Ok(&self.value);
        }
        Err(NotShown { label: self.policy.taxonomy().show(&self.label).to_string(), granted: proof.up_to() })
    }

    /// Makes another value of it, with the same label. The function can capture nothing.
    pub fn map<V: Zeroize>(&self, captures_nothing: fn(&T) -> V) -> Labelled<V> {
        Labelled::new(&self.policy, self.label, captures_nothing(&self.value))
    }

    /// Both values together, with the [join](Label::join) of their labels.
    pub fn zip<U: Zeroize + Default>(mut self, mut other: Labelled<U>) -> Labelled<(T, U)>
    where
        T: Default,
    {
        let label = self.label.join(other.label);
        let value = (std::mem::take(&mut *self.value), std::mem::take(&mut *other.value));
        Labelled::new(&self.policy, label, value)
    }

    /// The same value, of a level no lower than `level`. Raising is free.
    #[must_use]
    pub fn raise(self, level: Level) -> Self {
        Self { label: self.label.raised_to(level), ..self }
    }

    /// The value under a declared class that its label flows to: the way from run time back to the compiler.
    ///
    /// # Errors
    /// [`FlowDenied`] where that would lower it, or take it to another category or to more purposes; the value is handed back.
    pub fn classify<C: DataClass>(self) -> Result<Classified<T, C>, (Self, FlowDenied)> {
        match self.label.check_flow(&self.policy.taxonomy().of_class::<C>()) {
            Ok(()) => Ok(Classified::from_shell(self.value)),
            Err(denied) => Err((self, denied)),
        }
    }

    /// The value under a declared class, whatever its label. One permit, one value; see [`Classified::lower`].
    ///
    /// # Errors
    /// [`FlowDenied`] where the permit was given for another label than this, and for none above it; the value is handed back.
    pub fn lower<C: DataClass>(self, permit: LabelPermit<C>) -> Result<Classified<T, C>, (Self, FlowDenied)> {
        match self.label.check_flow(permit.from()) {
            Ok(()) => Ok(Classified::from_shell(self.value)),
            Err(denied) => Err((self, denied)),
        }
    }

    /// Its JSON form, label and all, to be sealed.
    ///
    /// # Errors
    /// Where the value has no JSON form.
    pub(crate) fn encode(
        &self,
        kind: &'static str,
        field: &'static str,
    ) -> Result<Zeroizing<Vec<u8>>, DecodeError>
    where
        T: Serialize,
    {
        let (categories, purposes) = self.policy.taxonomy().names(&self.label);
        let stored = Stored { level: self.label.level(), categories, purposes, value: &*self.value };
        encode_plain(kind, field, &stored)
    }

    /// A value with its label, under `policy`, from its JSON form.
    ///
    /// # Errors
    /// Where that is another.
    pub(crate) fn decode(
        policy: &Policy,
        kind: &'static str,
        field: &'static str,
        bytes: &[u8],
    ) -> Result<Self, DecodeError>
    where
        T: DeserializeOwned,
    {
        let stored: Stored<T> = decode_plain(kind, field, bytes)?;
        let label = policy.taxonomy().named(stored.level, stored.categories, stored.purposes);
        Ok(Self::new(policy, label, stored.value))
    }

    /// The categories that it is of, by name; none where it may be of any.
    pub(crate) fn categories(&self) -> impl Iterator<Item = &Name> {
        self.policy.taxonomy().categories_of(&self.label)
    }

    pub(super) fn inner(&self) -> &T {
        &self.value
    }
}

/// A value with the names of its label; `None` for any category, or any purpose.
#[derive(Serialize, Deserialize)]
struct Stored<T> {
    level: Level,
    categories: Option<Vec<Name>>,
    purposes: Option<Vec<Name>>,
    value: T,
}

impl<T: Zeroize, C: Class> Classified<T, C> {
    /// The same value with its class known at run time: the join of what the policy says of its parts.
    pub fn labelled(self, policy: &Policy) -> Labelled<T> {
        Labelled { label: label_of::<C>(policy), policy: policy.clone(), value: self.into_shell() }
    }
}

/// The label of a class under a policy; the top for one that the policy does not declare.
pub(super) fn label_of<C: Class>(policy: &Policy) -> Label {
    let taxonomy = policy.taxonomy();
    let mut label: Option<Label> = None;
    C::parts(&mut |class: ClassSpec| {
        let part = taxonomy.of_spec(&class);
        label = Some(label.map_or(part, |label| label.join(part)));
    });
    label.unwrap_or(taxonomy.top()).raised_to(<C::Level as StaticLevel>::LEVEL)
}

impl<T: Zeroize> fmt::Debug for Labelled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.policy.taxonomy().show(&self.label))
    }
}

/// Proof that does not cover a label: its level, one of its categories, or the purpose.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not show data that is {label} (it goes up to {granted})")]
pub struct NotShown {
    label: String,
    granted: Level,
}
