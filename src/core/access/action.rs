//! Actions as types, so that a grant for one of them opens nothing that is for another.

use std::fmt;

use super::grant::{Grant, OtherAction};
use super::principal::Principal;
use super::question::{Purpose, Question, Resource};
use super::words::Action;

/// How a [`Question`] and its [`Grant`] bear their action: as a type ([`Read`], [`Write`], [`Export`], [`Share`], [`Erase`]), known when
/// the program is compiled, or as an [`Action`], known when it runs.
///
/// A verb takes a grant of the type that it is for. One whose action is a value becomes one of a type by
/// [`TryFrom`](Grant#impl-TryFrom<Grant>-for-Grant<Read>).
pub trait ActionType: sealed::Sealed + Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// The action.
    #[doc(hidden)]
    fn action(self) -> Action;

    /// The type's value for an action, where it has one.
    #[doc(hidden)]
    fn of(action: Action) -> Option<Self>;
}

/// An action that shows values: [`Read`], [`Export`], [`Share`]. Whoever may write or erase sees nothing by it.
#[diagnostic::on_unimplemented(
    message = "a grant for `{Self}` shows no value",
    label = "wants a grant for `Read`, `Export` or `Share`",
    note = "a grant whose action is a value (`Grant<Action>`) becomes one for `Read` by `Grant::<Read>::try_from`"
)]
pub trait Shows: ActionType {}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for Action {}

impl ActionType for Action {
    fn action(self) -> Action {
        self
    }

    fn of(action: Action) -> Option<Self> {
        Some(action)
    }
}

/// One line for each action: its type, the question for it, and how a grant becomes one for it.
macro_rules! action_types {
    ($($name:ident by $ask:ident, $what:literal;)+) => {$(
        #[doc = concat!("The type of [`Action::", stringify!($name), "`]: ", $what, ".")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub struct $name;

        impl sealed::Sealed for $name {}

        impl ActionType for $name {
            fn action(self) -> Action {
                Action::$name
            }

            fn of(action: Action) -> Option<Self> {
                (action == Action::$name).then_some(Self)
            }
        }

        impl Question<$name> {
            #[doc = concat!("Asks to ", $what, " ([`Action::", stringify!($name), "`]); a yes is a [`Grant`] of type [`", stringify!($name), "`].")]
            #[must_use]
            #[inline]
            pub fn $ask(principal: Principal, resource: Resource, purpose: Purpose) -> Self {
                Self::of(principal, $name, resource, purpose)
            }
        }

        impl TryFrom<Grant> for Grant<$name> {
            type Error = OtherAction;

            #[doc = concat!("The grant, as one for [`Action::", stringify!($name), "`]; [`OtherAction`] where it is for another.")]
            fn try_from(grant: Grant) -> Result<Self, OtherAction> {
                grant.typed()
            }
        }
    )+};
}

action_types! {
    Read by read, "see values";
    Write by write, "store or change values";
    Export by export, "take values out of the system (a subject's export, a report)";
    Share by share, "hand values to a processor";
    Erase by erase, "delete values ahead of their retention";
}

impl Shows for Read {}
impl Shows for Export {}
impl Shows for Share {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_one_type_and_no_type_has_two() {
        fn of<A: ActionType>() -> Vec<Action> {
            Action::ALL.iter().copied().filter(|action| A::of(*action).is_some()).collect()
        }
        let typed = [of::<Read>(), of::<Write>(), of::<Export>(), of::<Share>(), of::<Erase>()];
        assert!(typed.iter().all(|actions| actions.len() == 1));
        assert_eq!(typed.concat(), Action::ALL);
        assert_eq!(of::<Action>(), Action::ALL);
        assert!(Action::ALL.iter().all(|action| Action::of(*action).unwrap().action() == *action));
    }
}
