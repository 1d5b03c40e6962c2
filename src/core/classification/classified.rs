//! A value of a class, which shows its class and nothing else.

use std::fmt;
use std::marker::PhantomData;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::class::{At, Both, Class, ClassSpec, DataClass};
use super::level::{FlowsTo, JoinWith, Level, StaticLevel};
use super::permit::Permit;
use super::proof::Proof;

/// A value of class `C` in memory.
///
/// Has no `Display`, `Serialize`, `Deref`, `PartialEq`, `Ord` or `Hash`; `Debug` prints the class alone; the value is wiped when it
/// is dropped. It is as large as `T`. There is one way to the value, [`expose`](Self::expose), and it wants proof: a grant, or a
/// reason that is on the audit trail. What goes to a log, a screen or a processor goes through a [`Sink`](super::Sink), or as a
/// redacted view ([`Redactors`](crate::crypto::Redactors)).
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
pub struct Classified<T: Zeroize, C: Class> {
    pub(super) value: Zeroizing<T>,
    pub(super) class: PhantomData<fn() -> C>,
}

impl<T: Zeroize, C: Class> Classified<T, C> {
    /// Labels a value. From here on it is wiped when dropped.
    pub fn new(value: T) -> Self {
        Self { value: Zeroizing::new(value), class: PhantomData }
    }

    /// The value, against proof that covers its class: a [`Grant`](crate::access::Grant), or an
    /// [`AuditedReason`](super::AuditedReason).
    ///
    /// That the value is of the grant's tenant and place was checked when it was opened; here the class is. A value that was made of
    /// several classes wants proof for each: a slice of grants.
    ///
    /// # Errors
    /// [`ExposeError`] where the proof is for another category, ends below the class's level, or is for an action that shows no
    /// values (writing, erasing).
    pub fn expose(&self, proof: &(impl Proof + ?Sized)) -> Result<&T, ExposeError> {
        let mut denied = None;
        C::parts(&mut |class| {
            if denied.is_none() && !proof.shows(&class) {
                denied = Some(ExposeError::new(class, proof.up_to()));
            }
        });
        denied.map_or(Ok(&self.value), Err)
    }

    /// Makes another value of it, of the same class.
    ///
    /// The function can capture nothing, so that nothing around the call can take the value along.
    ///
    /// # Example: the domain of an address is classified as the address is
    /// ```
    /// use stewardship::Classified;
    /// stewardship::classes! { Email: Confidential in "people" = "people.email"; }
    ///
    /// let email: Classified<String, Email> = "ada@example.com".to_owned().into();
    /// let domain = email.map(|email| email.rsplit('@').next().unwrap_or_default().to_owned());
    /// assert_eq!(format!("{domain:?}"), "<people.email: confidential>");
    /// ```
    pub fn map<V: Zeroize>(&self, captures_nothing: fn(&T) -> V) -> Classified<V, C> {
        Classified::new(captures_nothing(&self.value))
    }

    /// Both values together: of the higher level, and of both classes.
    ///
    /// # Example: a name with a token is as secret as the token
    /// ```
    /// use stewardship::Classified;
    /// stewardship::classes! {
    ///     Handle: Confidential in "creators" = "creator.handle";
    ///     Token: Restricted in "connected_platform" = "platform.token";
    /// }
    ///
    /// let handle: Classified<String, Handle> = "@ada".to_owned().into();
    /// let token: Classified<String, Token> = "secret".to_owned().into();
    /// let both = handle.zip(token).map(|(handle, token)| format!("{handle}:{token}"));
    /// assert_eq!(format!("{both:?}"), "<creator.handle & platform.token: restricted>");
    /// ```
    pub fn zip<U: Zeroize + Default, D: Class>(
        self,
        other: Classified<U, D>,
    ) -> Classified<(T, U), Both<C, D>>
    where
        C::Level: JoinWith<D::Level>,
        T: Default,
    {
        Classified::new((self.take(), other.take()))
    }

    /// The same value at a higher level. Raising is free; see [`lower`](Self::lower) for the other way.
    pub fn raise<L: StaticLevel>(self) -> Classified<T, At<C, L>>
    where
        C::Level: FlowsTo<L>,
    {
        Classified { value: self.value, class: PhantomData }
    }

    /// The same value under another class: lower, or of another category. One permit, one value.
    ///
    /// A permit names who wanted it, why, and who approved; it exists only once that is on the audit trail
    /// ([`Steward::permit`](crate::Steward::permit)).
    pub fn lower<D: DataClass>(self, _permit: Permit<C, D>) -> Classified<T, D> {
        Classified { value: self.value, class: PhantomData }
    }

    /// Whether both hold the same bytes, in a time that does not depend on where they differ. Of values of different lengths, the
    /// lengths can be told.
    #[must_use]
    pub fn ct_eq<D: Class>(&self, other: &Classified<T, D>) -> bool
    where
        T: AsRef<[u8]>,
    {
        let (left, right): (&T, &T) = (&self.value, &other.value);
        left.as_ref().ct_eq(right.as_ref()).into()
    }

    /// The value, for the crate's own encoders, sinks and redactors, which do with it what the policy says.
    pub(crate) fn for_encoding(&self) -> &T {
        &self.value
    }

    /// A value that is in its wiping shell already.
    pub(super) const fn from_shell(value: Zeroizing<T>) -> Self {
        Self { value, class: PhantomData }
    }

    /// The value in its wiping shell.
    pub(super) fn into_shell(self) -> Zeroizing<T> {
        self.value
    }

    /// The value, moved out of its wiping shell; what is left there is wiped.
    fn take(mut self) -> T
    where
        T: Default,
    {
        std::mem::take(&mut *self.value)
    }
}

impl<T: Zeroize, C: Class> From<T> for Classified<T, C> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Zeroize + Clone, C: Class> Clone for Classified<T, C> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), class: PhantomData }
    }
}

impl<T: Zeroize, C: Class> fmt::Debug for Classified<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_class(f, C::parts, <C::Level as StaticLevel>::LEVEL)
    }
}

/// `<creator.email: confidential>`. Outside of the generic code, which would be compiled once for each class.
fn show_class(f: &mut fmt::Formatter<'_>, parts: fn(&mut dyn FnMut(ClassSpec)), level: Level) -> fmt::Result {
    let (mut result, mut between) = (f.write_str("<"), "");
    parts(&mut |class| {
        result = result.and_then(|()| f.write_str(between)).and_then(|()| f.write_str(class.id));
        between = " & ";
    });
    result?;
    write!(f, ": {}>", level.as_str())
}

/// Proof that does not cover the class of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not show class `{}` of category `{}` at level {} (it goes up to {granted})", class.id, class.category, class.level)]
pub struct ExposeError {
    class: ClassSpec,
    granted: Level,
}

impl ExposeError {
    pub(super) const fn new(class: ClassSpec, granted: Level) -> Self {
        Self { class, granted }
    }

    /// The class that is not covered.
    #[must_use]
    pub const fn class(&self) -> ClassSpec {
        self.class
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use proptest::prelude::*;

    use super::*;
    use crate::core::classification::levels;

    crate::classes! {
        Secret: Restricted in "c" = "c.secret";
        Name: Internal in "d" = "d.name";
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn debug_never_holds_the_value(value in "[^<>c.serti: d]{2,40}") {
            let classified: Classified<String, Secret> = value.clone().into();
            let (short, long) = (format!("{classified:?}"), format!("{classified:#?}"));
            prop_assert!(!short.contains(&value) && !long.contains(&value));
        }

        #[test]
        fn equal_by_asking(left in "[ab]{0,3}", right in "[ab]{0,3}") {
            let classified = |text: &str| Classified::<String, Secret>::new(text.to_owned());
            prop_assert_eq!(classified(&left).ct_eq(&classified(&right)), left == right);
        }
    }

    #[test]
    fn a_label_costs_no_memory() {
        assert_eq!(size_of::<Classified<String, Secret>>(), size_of::<String>());
        assert_eq!(size_of::<Classified<[u8; 32], Secret>>(), 32);
        assert_eq!(
            size_of::<Classified<String, Both<Secret, At<Name, levels::Restricted>>>>(),
            size_of::<String>()
        );
    }

    /// Counts how often it is wiped while it holds something.
    #[derive(Default)]
    struct Watched {
        holds: bool,
        wiped: Arc<AtomicU32>,
    }

    impl Zeroize for Watched {
        fn zeroize(&mut self) {
            self.wiped.fetch_add(u32::from(self.holds), Ordering::Relaxed);
            self.holds = false;
        }
    }

    #[test]
    fn every_value_is_wiped_once_whatever_way_it_went() {
        let wiped = Arc::new(AtomicU32::new(0));
        let watched = || Classified::<Watched, Name>::new(Watched { holds: true, wiped: Arc::clone(&wiped) });
        let mut expected = 0;
        let mut after = |values: u32, what: &str| {
            expected += values;
            assert_eq!(wiped.load(Ordering::Relaxed), expected, "{what}");
        };
        drop(watched());
        after(1, "dropped");
        drop(watched().raise::<levels::Restricted>());
        after(1, "raised");
        drop(watched().lower::<Secret>(Permit::mint()));
        after(1, "lowered");
        drop(watched().zip(watched().raise::<levels::Confidential>()));
        after(2, "joined");
        let original = watched();
        drop(original.map(|value| Watched { holds: true, wiped: Arc::clone(&value.wiped) }));
        after(1, "mapped");
        drop(original);
        after(1, "the original");
    }

    #[test]
    fn what_is_joined_or_raised_says_so() {
        let name = || Classified::<String, Name>::new("Ada".to_owned());
        let secret = Classified::<String, Secret>::new("s3".to_owned());
        assert_eq!(format!("{:?}", name().raise::<levels::Confidential>()), "<d.name: confidential>");
        let joined = name().zip(secret);
        assert_eq!(format!("{joined:?}"), "<d.name & c.secret: restricted>");
        let mut parts = Vec::new();
        <Both<Name, Secret> as Class>::parts(&mut |class| parts.push((class.id, class.level)));
        assert_eq!(parts, [("d.name", Level::Restricted), ("c.secret", Level::Restricted)]);
    }
}
