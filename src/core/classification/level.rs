//! The four levels and their order, from one table: at compile time and at run time.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Writes the table of levels, lowest first, out as the run-time [`Level`], the types in [`levels`], and the relations between them.
macro_rules! table {
    ($($(#[$meta:meta])* $name:ident = $text:literal;)+) => {
        /// How sensitive data is: `Public < Internal < Confidential < Restricted`, a total order.
        ///
        /// # Example: data flows up, never down
        /// ```
        /// use stewardship::classification::Level;
        /// assert!(Level::Internal.may_flow_to(Level::Restricted));
        /// assert!(!Level::Restricted.may_flow_to(Level::Internal));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        #[expect(clippy::exhaustive_enums, reason = "a host that decides on a level must decide on each")]
        pub enum Level {
            $($(#[$meta])* $name,)+
        }

        impl Level {
            /// Every level, lowest first.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// The name that a policy uses.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }

        impl FromStr for Level {
            type Err = UnknownLevel;

            /// # Errors
            /// [`UnknownLevel`] for any other text; case counts.
            #[inline]
            fn from_str(text: &str) -> Result<Self, UnknownLevel> {
                match text {
                    $($text => Ok(Self::$name),)+
                    _ => Err(UnknownLevel(())),
                }
            }
        }

        /// The levels as types, so that the compiler can hold a flow to them.
        pub mod levels {
            $(
                $(#[$meta])*
                #[derive(Clone, Copy, Debug)]
                #[expect(clippy::exhaustive_enums, reason = "a type without values")]
                pub enum $name {}

                impl super::sealed::Sealed for $name {}

                impl super::StaticLevel for $name {
                    const LEVEL: super::Level = super::Level::$name;
                }
            )+
        }

        table!(@relations $($name)+);
    };
    // The lowest level of a list flows to itself and to all above it, and is absorbed by each.
    (@relations $lowest:ident $($above:ident)*) => {
        impl FlowsTo<levels::$lowest> for levels::$lowest {}
        impl JoinWith<levels::$lowest> for levels::$lowest {
            type Level = levels::$lowest;
        }
        $(
            impl FlowsTo<levels::$above> for levels::$lowest {}
            impl JoinWith<levels::$above> for levels::$lowest {
                type Level = levels::$above;
            }
            impl JoinWith<levels::$lowest> for levels::$above {
                type Level = levels::$above;
            }
        )*
        table!(@relations $($above)*);
    };
    (@relations) => {};
}

table! {
    /// Meant for open publication.
    Public = "public";
    /// Routine operational content that is not meant for release.
    Internal = "internal";
    /// Needs restricted access: account data, support records, business information.
    Confidential = "confidential";
    /// Needs the strongest controls: credentials, secrets, a platform's data.
    Restricted = "restricted";
}

/// A level as a type: one of [`levels`], and no other.
pub trait StaticLevel: sealed::Sealed + 'static {
    /// The level as a value.
    const LEVEL: Level;
}

mod sealed {
    pub trait Sealed {}
}

/// That data of this level may enter a place that is cleared for `Clearance`: [`Level::may_flow_to`] for the compiler.
///
/// # Example: a function that takes what may be printed
/// ```
/// use stewardship::classification::{DataClass, FlowsTo, levels::Internal};
/// fn to_the_log<C: DataClass>() where C::Level: FlowsTo<Internal> {}
///
/// stewardship::classes! { OrderNumber: Internal in "orders" = "order.number"; }
/// to_the_log::<OrderNumber>();
/// ```
#[diagnostic::on_unimplemented(
    message = "data of level `{Self}` may not flow to what is cleared for `{Clearance}`",
    label = "cleared for `{Clearance}`, and this is `{Self}`",
    note = "pass on a redacted view of it (`redactors.value(&value)`), choose a sink with a higher clearance, or lower it with a permit (`value.lower(permit)`)"
)]
pub trait FlowsTo<Clearance>: StaticLevel {}

/// The level of two values together: the higher one, as [`Level::join`] says it at run time.
pub trait JoinWith<Other>: StaticLevel {
    /// The higher of the two.
    type Level: StaticLevel;
}

impl Level {
    /// Whether data of this level may enter a place that is cleared for `clearance`.
    #[must_use]
    #[inline]
    pub const fn may_flow_to(self, clearance: Self) -> bool {
        self as u8 <= clearance as u8
    }

    /// The level of two values together: the higher one.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        self.max(other)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a level: one of `public`, `internal`, `confidential`, `restricted` is expected")]
pub struct UnknownLevel(());

#[cfg(test)]
mod tests {
    use std::marker::PhantomData;

    use super::*;

    /// What the compiler says of a pair: the inherent constant where the relation holds, the trait's where it does not.
    struct Static<A, B>(PhantomData<(A, B)>);

    impl<A: FlowsTo<B>, B> Static<A, B> {
        const FLOWS: bool = true;
    }

    trait Otherwise {
        const FLOWS: bool = false;
    }

    impl<A, B> Otherwise for Static<A, B> {}

    macro_rules! pairs {
        ($check:ident: $($low:ident)+) => { pairs!(@ $check [$($low)+] [$($low)+]); };
        (@ $check:ident [$($low:ident)+] $all:tt) => { $(pairs!(@@ $check $low $all);)+ };
        (@@ $check:ident $low:ident [$($high:ident)+]) => { $($check!($low, $high);)+ };
    }

    #[test]
    fn the_static_and_the_dynamic_check_agree_on_all_pairs() {
        let mut pairs = 0;
        macro_rules! agree {
            ($low:ident, $high:ident) => {
                let (low, high) = (Level::$low, Level::$high);
                let allowed = Static::<levels::$low, levels::$high>::FLOWS;
                assert_eq!(allowed, low.may_flow_to(high), "{low} -> {high}");
                assert_eq!(allowed, low <= high, "{low} -> {high}");
                let joined = <<levels::$low as JoinWith<levels::$high>>::Level as StaticLevel>::LEVEL;
                assert_eq!(joined, low.join(high), "{low} with {high}");
                pairs += 1;
            };
        }
        pairs!(agree: Public Internal Confidential Restricted);
        assert_eq!(pairs, Level::ALL.len() * Level::ALL.len());
    }

    #[test]
    fn the_order_is_total_and_flow_follows_it() {
        for (i, low) in Level::ALL.into_iter().enumerate() {
            for (j, high) in Level::ALL.into_iter().enumerate() {
                assert_eq!(low.may_flow_to(high), i <= j, "{low} -> {high}");
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        for level in Level::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
        }
        assert!("Restricted".parse::<Level>().is_err());
    }
}
