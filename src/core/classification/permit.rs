//! The permit to lower or to relabel a value.

use std::fmt;
use std::marker::PhantomData;

use super::class::ClassSpec;
use super::{DataClass, Label};

/// Leave to take one value of class `From` for one of class `To`: lower, or of another category.
///
/// Somebody wanted it for a reason that the policy lists, a second person approved, and both are on the audit trail:
/// [`Steward::permit`](crate::Steward::permit) makes one only then. It is used up by [`lower`](super::Classified::lower), and can be
/// neither cloned nor made by hand.
///
/// # Example: a permit cannot be used twice
/// ```compile_fail,E0382
/// use stewardship::Classified;
/// use stewardship::classification::{DataClass, Permit};
/// fn twice<From: DataClass, To: DataClass>(
///     one: Classified<String, From>, two: Classified<String, From>, permit: Permit<From, To>,
/// ) {
///     one.lower(permit);
///     two.lower(permit);
/// }
/// ```
pub struct Permit<From, To>(PhantomData<fn(From) -> To>);

impl<From, To> Permit<From, To> {
    /// For the engine alone (a test holds the source to it), once the lowering is on the trail.
    pub(crate) const fn mint() -> Self {
        Self(PhantomData)
    }
}

impl<From, To: DataClass> fmt::Debug for Permit<From, To> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit(to {})", ClassSpec::of::<To>())
    }
}

/// Leave to take one value with a [`Label`] to class `To`, whatever its label says.
///
/// The same as [`Permit`], for a [`Labelled`](super::Labelled) value: it is for the label for which it was given, or a lower one.
pub struct LabelPermit<To> {
    from: Label,
    to: PhantomData<fn() -> To>,
}

impl<To> LabelPermit<To> {
    /// For the engine alone (a test holds the source to it), once the lowering is on the trail.
    pub(crate) const fn mint(from: Label) -> Self {
        Self { from, to: PhantomData }
    }

    pub(super) const fn from(&self) -> &Label {
        &self.from
    }
}

impl<To: DataClass> fmt::Debug for LabelPermit<To> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LabelPermit(from {:?} to {})", self.from, ClassSpec::of::<To>())
    }
}
