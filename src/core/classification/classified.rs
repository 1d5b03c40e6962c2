//! A value of a class, which shows its class and nothing else.

use std::fmt;
use std::marker::PhantomData;

use zeroize::{Zeroize, Zeroizing};

use super::{ClassSpec, DataClass, Level};
use crate::core::access::{Action, Grant};

/// A value of class `C` in memory.
///
/// Has no `Display`, `Serialize`, `Deref`, `PartialEq` or `Hash`; `Debug` prints the class alone; the value is wiped when it is
/// dropped. It is as large as `T`. There is one way to the value, [`expose`](Self::expose), and it wants a grant.
///
/// # Example: a value does not show itself
/// ```
/// use stewardship::Classified;
/// stewardship::classes! { CreatorEmail: Confidential in "creators" = "creator.email"; }
///
/// let email: Classified<String, CreatorEmail> = "ada@example.com".to_owned().into();
/// assert_eq!(format!("{email:?}"), "<creator.email: confidential>");
/// ```
///
/// # Example: it cannot be printed
/// ```compile_fail,E0277
/// use stewardship::Classified;
/// stewardship::classes! { CreatorEmail: Confidential in "creators" = "creator.email"; }
///
/// let email: Classified<String, CreatorEmail> = "ada@example.com".to_owned().into();
/// println!("{email}");
/// ```
///
/// # Example: it cannot be serialised
/// ```compile_fail,E0277
/// use stewardship::Classified;
/// stewardship::classes! { CreatorEmail: Confidential in "creators" = "creator.email"; }
///
/// let email: Classified<String, CreatorEmail> = "ada@example.com".to_owned().into();
/// serde_json::to_string(&email);
/// ```
pub struct Classified<T: Zeroize, C: DataClass> {
    value: Zeroizing<T>,
    class: PhantomData<fn() -> C>,
}

impl<T: Zeroize, C: DataClass> Classified<T, C> {
    /// Labels a value. From here on it is wiped when dropped.
    pub fn new(value: T) -> Self {
        Self { value: Zeroizing::new(value), class: PhantomData }
    }

    /// The value, against a grant that covers its class.
    ///
    /// That the value is of the grant's tenant and place was checked when it was opened; here the class is.
    ///
    /// # Errors
    /// [`ExposeError`] where the grant is for another category, ends below the class's level, or is for an action that shows no values
    /// (writing, erasing).
    pub fn expose(&self, grant: &Grant) -> Result<&T, ExposeError> {
        let class = ClassSpec::of::<C>();
        let reads = matches!(grant.action(), Action::Read | Action::Export | Action::Share);
        if reads && grant.category() == class.category && class.level <= grant.level() {
            Ok(&self.value)
        } else {
            Err(ExposeError { class, granted: grant.level() })
        }
    }

    /// The value, for the crate's own encoder, which seals it or stores it as the policy says.
    pub(crate) fn for_encoding(&self) -> &T {
        &self.value
    }
}

impl<T: Zeroize, C: DataClass> From<T> for Classified<T, C> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Zeroize + Clone, C: DataClass> Clone for Classified<T, C> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), class: PhantomData }
    }
}

impl<T: Zeroize, C: DataClass> fmt::Debug for Classified<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}: {}>", C::ID, C::LEVEL)
    }
}

/// A grant that does not cover the class of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the grant does not show class `{}` of category `{}` at level {} (it goes up to {granted})", class.id, class.category, class.level)]
pub struct ExposeError {
    class: ClassSpec,
    granted: Level,
}

impl ExposeError {
    /// The class that is not covered.
    #[must_use]
    pub const fn class(&self) -> ClassSpec {
        self.class
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    crate::classes! {
        Secret: Restricted in "c" = "c.secret";
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn debug_never_holds_the_value(value in "[^<>c.serti: d]{2,40}") {
            let classified: Classified<String, Secret> = value.clone().into();
            let (short, long) = (format!("{classified:?}"), format!("{classified:#?}"));
            prop_assert!(!short.contains(&value) && !long.contains(&value));
        }
    }

    #[test]
    fn a_label_costs_no_memory() {
        assert_eq!(size_of::<Classified<String, Secret>>(), size_of::<String>());
        assert_eq!(size_of::<Classified<[u8; 32], Secret>>(), 32);
    }
}
