//! Sinks: where data goes, and up to what it may go there.

use std::fmt;
use std::marker::PhantomData;

use zeroize::Zeroize;

use super::Taxonomy;
use super::class::Class;
use super::classified::{Classified, ExposeError};
use super::label::{FlowDenied, Label};
use super::labelled::{Labelled, label_of};
use super::level::{FlowsTo, Level, StaticLevel};
use super::levels::{Internal, Public};
use super::proof::{Proof, shows_label};
use crate::core::access::Action;
use crate::core::id::Name;
use crate::core::policy::{Policy, SinkKind};

/// A place where data goes (a log, a stream of metrics, a processor, an export, a support screen), with what it is cleared for in
/// front of it.
///
/// `L` is the clearance, a level of [`levels`](super::levels), which the compiler checks; a [`PolicySink`] is checked at every write
/// against the policy's own words. The outlet `O` is the host's: whatever takes a value, a closure among them. Nothing reaches it
/// unchecked.
///
/// # Example: the compiler keeps an address out of a log
/// ```
/// use stewardship::Classified;
/// use stewardship::classification::{Sink, levels::Internal};
/// stewardship::classes! {
///     OrderNumber: Internal in "orders" = "order.number";
///     BuyerEmail: Confidential in "orders" = "order.buyer_email";
/// }
///
/// let mut lines = Vec::new();
/// let mut log = Sink::<Internal, _>::new("application log", |text: &String| lines.push(text.clone()));
/// let number: Classified<String, OrderNumber> = "1001".to_owned().into();
/// log.write(&number);
/// let email: Classified<String, BuyerEmail> = "ada@example.com".to_owned().into();
/// // log.write(&email); // does not compile: "data of level `Confidential` may not flow to what is cleared for `Internal`"
/// # drop(email);
/// assert_eq!(lines, ["1001"]);
/// ```
///
/// # Example: the policy says what a screen may show
/// ```
/// # use stewardship::Policy;
/// # let policy = Policy::from_toml(include_str!("../../../examples/policies/complete.toml"))?;
/// use stewardship::Classified;
/// use stewardship::classification::FlowDenied;
/// stewardship::classes! { PlatformToken: Restricted in "connected_platform" = "platform.token"; }
///
/// let mut log = policy.sink("app_log", |text: &String| println!("{text}"))?;
/// let token: Classified<String, PlatformToken> = "secret".to_owned().into();
/// assert!(matches!(log.write(&token), Err(FlowDenied::Level { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sink<L, O> {
    name: Name,
    outlet: O,
    level: PhantomData<fn() -> L>,
}

/// What takes the values that a [`Sink`] lets through. Every closure `FnMut(&T) -> R` is one.
pub trait Outlet<T: ?Sized> {
    /// What a delivery gives back: nothing, a result, a future.
    type Done;

    /// Takes a value that was let through.
    fn deliver(&mut self, value: &T) -> Self::Done;
}

impl<T: ?Sized, R, F: FnMut(&T) -> R> Outlet<T> for F {
    type Done = R;

    fn deliver(&mut self, value: &T) -> R {
        self(value)
    }
}

/// That data of this level leaves without proof, once the sink is cleared for it: Public and Internal.
#[diagnostic::on_unimplemented(
    message = "data of level `{Self}` leaves against proof alone",
    label = "above `Internal`: proof is needed",
    note = "show a grant or an audited reason: `sink.write_with(&value, &grant)`"
)]
pub trait LeavesFreely: StaticLevel {}

impl LeavesFreely for Public {}
impl LeavesFreely for Internal {}

impl<L, O> Sink<L, O> {
    /// Its name, for messages.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// The outlet again, without the gate in front of it.
    pub fn into_outlet(self) -> O {
        self.outlet
    }
}

impl<L: StaticLevel, O> Sink<L, O> {
    /// A place that is cleared up to level `L`, whatever the category.
    pub fn new(name: impl Into<Name>, outlet: O) -> Self {
        Self { name: name.into(), outlet, level: PhantomData }
    }

    /// Writes a value of level Public or Internal. That the sink is cleared for it is checked by the compiler.
    pub fn write<T: Zeroize, C: Class>(&mut self, value: &Classified<T, C>) -> O::Done
    where
        C::Level: FlowsTo<L> + LeavesFreely,
        O: Outlet<T>,
    {
        self.outlet.deliver(value.for_encoding())
    }

    /// Writes a value against proof. That the sink is cleared for its level is checked by the compiler.
    ///
    /// # Errors
    /// [`ExposeError`] where the proof does not cover the value's class; nothing is delivered.
    pub fn write_with<T: Zeroize, C: Class>(
        &mut self,
        value: &Classified<T, C>,
        proof: &(impl Proof + ?Sized),
    ) -> Result<O::Done, ExposeError>
    where
        C::Level: FlowsTo<L>,
        O: Outlet<T>,
    {
        value.expose(proof).map(|value| self.outlet.deliver(value))
    }

    /// Writes a value whose level is known at run time, Public or Internal.
    ///
    /// # Errors
    /// [`FlowDenied`]; nothing is delivered.
    pub fn write_labelled<T: Zeroize>(&mut self, value: &Labelled<T>) -> Result<O::Done, FlowDenied>
    where
        O: Outlet<T>,
    {
        let (from, to) = (value.label().level(), L::LEVEL.min(Level::Internal));
        if from.may_flow_to(to) {
            Ok(self.outlet.deliver(value.inner()))
        } else {
            Err(FlowDenied::Level { from, to })
        }
    }
}

/// A sink that the policy clears: a `[sinks.…]` table of its own, or a processor with `up_to`. Checked at every write.
///
/// [`Policy::sink`] gives one.
pub struct PolicySink<O> {
    name: Name,
    outlet: O,
    clearance: Label,
    /// What a grant is for by which values go there, where that is not left open: an export takes what is exported, and a processor what
    /// is shared.
    wants: Option<Action>,
    policy: Policy,
}

impl Policy {
    /// The sink with this name, in front of `outlet`: one of the policy's sinks, else one of its processors.
    ///
    /// A processor that is disabled, or for which no level is said (`up_to`), is cleared for nothing.
    ///
    /// # Errors
    /// [`NoSuchSink`].
    pub fn sink<O>(&self, name: &str, outlet: O) -> Result<PolicySink<O>, NoSuchSink> {
        let (document, taxonomy) = (self.document(), self.taxonomy());
        let (clearance, wants) = if let Some(sink) = document.sinks.get(name) {
            let wants = (sink.kind == SinkKind::Export).then_some(Action::Export);
            (taxonomy.clearance(sink.up_to, &sink.categories, &sink.purposes), wants)
        } else {
            let processor = document.processors.get(name).filter(|processor| !processor.disabled);
            let (processor, up_to) = processor
                .and_then(|processor| Some((processor, processor.up_to?)))
                .ok_or_else(|| NoSuchSink { name: name.to_owned() })?;
            // Other than a sink, a processor that lists no category may receive none.
            let listed = taxonomy.clearance(up_to, &processor.categories, &processor.purposes);
            let cleared = if processor.categories.is_empty() { taxonomy.bottom() } else { listed };
            (cleared, Some(Action::Share))
        };
        Ok(PolicySink { name: Name::new(name), outlet, clearance, wants, policy: self.clone() })
    }
}

impl<O> PolicySink<O> {
    /// Its name, as the policy has it.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// What it is cleared for.
    #[must_use]
    pub const fn clearance(&self) -> Label {
        self.clearance
    }

    /// Writes a value of level Public or Internal.
    ///
    /// # Errors
    /// [`FlowDenied`] where the sink is not cleared for it, or the value is above Internal; nothing is delivered.
    pub fn write<V: Flowing>(&mut self, value: &V) -> Result<O::Done, FlowDenied>
    where
        O: Outlet<V::Value>,
    {
        let label = value.flow_label(&self.policy);
        label.check_flow(&self.clearance)?;
        if label.level().may_flow_to(Level::Internal) {
            Ok(self.outlet.deliver(value.flowing()))
        } else {
            Err(FlowDenied::NotShown { granted: Level::Internal })
        }
    }

    /// Writes a value against proof, for the purpose of that proof. A sink of kind `export` takes a grant for
    /// [`Export`](crate::access::Export), and a processor one for [`Share`](crate::access::Share); an audited reason serves for both.
    ///
    /// # Errors
    /// [`FlowDenied`] where the sink is not cleared for the value or does not serve the purpose, or the proof does not cover the
    /// value; nothing is delivered.
    pub fn write_with<V: Flowing>(&mut self, value: &V, proof: &impl Proof) -> Result<O::Done, FlowDenied>
    where
        O: Outlet<V::Value>,
    {
        let label = value.flow_label(&self.policy);
        label.check_flow(&self.cleared_for(proof)?)?;
        if let Some(wanted) = self.wants.filter(|wanted| !proof.is_for(*wanted)) {
            return Err(FlowDenied::Action { wanted });
        }
        if value.shown_by(proof, self.policy.taxonomy()) {
            Ok(self.outlet.deliver(value.flowing()))
        } else {
            Err(FlowDenied::NotShown { granted: proof.up_to() })
        }
    }

    /// The outlet again, without the gate in front of it.
    pub fn into_outlet(self) -> O {
        self.outlet
    }

    /// The clearance, narrowed to the one purpose that the proof serves.
    fn cleared_for(&self, proof: &impl Proof) -> Result<Label, FlowDenied> {
        let purpose = proof.purpose().ok_or(FlowDenied::Purpose)?;
        let purpose = self.policy.taxonomy().purpose_bit(purpose.name().as_str());
        let served = self.clearance.purposes == 0 || self.clearance.purposes & purpose != 0;
        if served && purpose != 0 {
            Ok(Label { purposes: purpose, ..self.clearance })
        } else {
            Err(FlowDenied::Purpose)
        }
    }
}

impl<O> fmt::Debug for PolicySink<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicySink({}, cleared for {})", self.name, self.policy.taxonomy().show(&self.clearance))
    }
}

/// The policy declares no sink of this name, and no enabled processor with a level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policy has no `[sinks.{name}]`, and no enabled `[processors.{name}]` with `up_to`")]
pub struct NoSuchSink {
    name: String,
}

/// What a [`PolicySink`] checks: [`Classified`] and [`Labelled`].
pub trait Flowing: sealed::Sealed {
    /// The value.
    type Value;

    #[doc(hidden)]
    fn flow_label(&self, policy: &Policy) -> Label;

    #[doc(hidden)]
    fn shown_by(&self, proof: &impl Proof, taxonomy: &Taxonomy) -> bool;

    #[doc(hidden)]
    fn flowing(&self) -> &Self::Value;
}

mod sealed {
    pub trait Sealed {}
    impl<T: zeroize::Zeroize, C: super::Class> Sealed for super::Classified<T, C> {}
    impl<T: zeroize::Zeroize> Sealed for super::Labelled<T> {}
}

impl<T: Zeroize, C: Class> Flowing for Classified<T, C> {
    type Value = T;

    fn flow_label(&self, policy: &Policy) -> Label {
        label_of::<C>(policy)
    }

    fn shown_by(&self, proof: &impl Proof, _taxonomy: &Taxonomy) -> bool {
        self.expose(proof).is_ok()
    }

    fn flowing(&self) -> &T {
        self.for_encoding()
    }
}

impl<T: Zeroize> Flowing for Labelled<T> {
    type Value = T;

    fn flow_label(&self, _policy: &Policy) -> Label {
        self.label()
    }

    fn shown_by(&self, proof: &impl Proof, taxonomy: &Taxonomy) -> bool {
        shows_label(proof, &self.label(), taxonomy)
    }

    fn flowing(&self) -> &T {
        self.inner()
    }
}
