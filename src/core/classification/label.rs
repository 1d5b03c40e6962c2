//! Labels: the class of data that is known at run time, as one value that joins and flows.

use std::fmt;

use super::Level;
use crate::core::access::Action;

/// What may be done with data, where the compiler does not know: its level, the categories that it is of, and the purposes that it
/// may be used for.
///
/// Labels of one policy are a lattice. Joined data has the higher level, the categories of both, and the purposes that both allow.
/// [`flows_to`](Self::flows_to) is the order of that lattice. Names are resolved once, by the policy's
/// [`Taxonomy`](super::Taxonomy): a label is a few machine words, and copying, joining and checking it allocates nothing.
///
/// Labels of two policies do not mix: they join to one that flows nowhere, and a check between them fails.
///
/// # Example: what is made of both may go where both may go
/// ```
/// # use stewardship::Policy;
/// # let policy = Policy::from_toml(include_str!("../../../examples/policies/complete.toml"))?;
/// use stewardship::classification::Level;
/// let taxonomy = policy.taxonomy();
/// let handle = taxonomy.class("creator.handle").unwrap();
/// let number = taxonomy.class("order.number").unwrap();
/// let both = handle.join(number);
/// assert_eq!(both.level(), Level::Confidential);
/// assert!(handle.flows_to(&both) && number.flows_to(&both) && !both.flows_to(&number));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    pub(super) level: Level,
    /// The policy whose names the bits stand for; zero for none, after labels of two policies were joined.
    pub(super) policy: u64,
    pub(super) categories: u128,
    pub(super) purposes: u128,
}

impl Label {
    /// The level.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The label of two values together: the least that both flow to.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        if self.policy != other.policy {
            return Self { policy: 0, ..Self::top_of(0) };
        }
        Self {
            level: self.level.join(other.level),
            policy: self.policy,
            categories: self.categories | other.categories,
            purposes: self.purposes & other.purposes,
        }
    }

    /// Whether data with this label may enter what is cleared for `clearance`: its level is no higher, its categories are among the
    /// cleared ones, and it may be used for every purpose that is served there.
    #[must_use]
    #[inline]
    pub const fn flows_to(&self, clearance: &Self) -> bool {
        // One expression without branches: a gate stands in front of every write.
        let level = (self.level as u8 <= clearance.level as u8) as u64;
        let policy = self.policy ^ clearance.policy;
        let beyond = (self.categories & !clearance.categories) | (clearance.purposes & !self.purposes);
        (level ^ 1) | policy | (beyond as u64) | ((beyond >> 64) as u64) == 0
    }

    /// Checks the same, and says what is in the way.
    ///
    /// # Errors
    /// [`FlowDenied`], with the first of: another policy, the level, the categories, the purposes.
    pub fn check_flow(&self, clearance: &Self) -> Result<(), FlowDenied> {
        if self.flows_to(clearance) {
            return Ok(());
        }
        Err(if self.policy != clearance.policy {
            FlowDenied::OtherPolicy
        } else if !self.level.may_flow_to(clearance.level) {
            FlowDenied::Level { from: self.level, to: clearance.level }
        } else if self.categories & !clearance.categories != 0 {
            FlowDenied::Category
        } else {
            FlowDenied::Purpose
        })
    }

    /// The same, at `level` where that is higher.
    #[must_use]
    pub fn raised_to(self, level: Level) -> Self {
        Self { level: self.level.join(level), ..self }
    }

    /// What is known of nothing: the strongest level, every category, no purpose. Everything flows to it, and it to nothing else.
    pub(super) const fn top_of(policy: u64) -> Self {
        Self { level: Level::Restricted, policy, categories: u128::MAX, purposes: 0 }
    }

    /// What may go anywhere: flows to everything.
    pub(super) const fn bottom_of(policy: u64) -> Self {
        Self { level: Level::Public, policy, categories: 0, purposes: u128::MAX }
    }
}

/// Shows the level, and how many categories and purposes; [`Taxonomy::show`](super::Taxonomy::show) has their names.
impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count =
            |bits: u128| if bits == u128::MAX { "any".to_owned() } else { bits.count_ones().to_string() };
        write!(
            f,
            "<{}, categories: {}, purposes: {}>",
            self.level,
            count(self.categories),
            count(self.purposes)
        )
    }
}

/// Why data may not go where it was sent. Names levels, categories and purposes, never the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowDenied {
    /// The level is higher than what the place is cleared for.
    #[error(
        "data of level {from} may not flow to what is cleared for {to}: redact it, lower it with a permit, or write it to what is \
         cleared for {from}"
    )]
    Level {
        /// The level of the data.
        from: Level,
        /// The level that the place is cleared for.
        to: Level,
    },
    /// The data is of a category that the place is not cleared for.
    #[error(
        "the data is of a category that is not cleared there: list the category there (data of an unknown source counts as of every \
         category)"
    )]
    Category,
    /// The place serves a purpose for which the data may not be used.
    #[error(
        "the data may not be used for every purpose that is served there: write it for one purpose, against proof for that"
    )]
    Purpose,
    /// The place takes values that go out of the system, or to a processor, and the grant is for something else.
    #[error("what goes there wants a grant for action `{wanted}`")]
    Action {
        /// The action that a grant is wanted for.
        wanted: Action,
    },
    /// The label and the clearance are of two policies, or of two versions of one.
    #[error("the data is labelled under another policy than the one that clears the place")]
    OtherPolicy,
    /// Above Internal, a value leaves against proof alone, and none was shown that covers it.
    #[error(
        "above internal, data leaves against proof alone (`write_with` a grant), and what was shown (up to {granted}) does not cover it"
    )]
    NotShown {
        /// The level up to which something was shown; Internal without proof.
        granted: Level,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn label() -> impl Strategy<Value = Label> {
        let bits =
            || prop_oneof![Just(0), Just(u128::MAX), any::<u128>(), (0_u32..128).prop_map(|bit| 1 << bit)];
        let policy = prop_oneof![9 => Just(7_u64), 1 => Just(8), 1 => Just(0)];
        (prop::sample::select(Level::ALL.to_vec()), policy, bits(), bits())
            .prop_map(|(level, policy, categories, purposes)| Label { level, policy, categories, purposes })
    }

    /// The order, said the long way.
    fn below(low: &Label, high: &Label) -> bool {
        let each = |bit: u32| {
            let has = |bits: u128| bits >> bit & 1 == 1;
            (!has(low.categories) || has(high.categories)) && (!has(high.purposes) || has(low.purposes))
        };
        low.policy == high.policy && low.level <= high.level && (0..128).all(each)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn joining_is_a_lattice(a in label(), b in label(), c in label()) {
            prop_assert_eq!(a.join(b), b.join(a));
            prop_assert_eq!(a.join(b).join(c), a.join(b.join(c)));
            if a.policy != 0 {
                prop_assert_eq!(a.join(a), a);
                prop_assert_eq!(a.join(Label::bottom_of(a.policy)), a);
                let top = Label::top_of(a.policy);
                prop_assert_eq!(a.join(top), top);
            }
        }

        #[test]
        fn flow_is_the_order_of_the_lattice(a in label(), b in label(), c in label()) {
            prop_assert_eq!(a.flows_to(&b), below(&a, &b));
            prop_assert_eq!(a.check_flow(&b).is_ok(), a.flows_to(&b));
            prop_assert!(a.flows_to(&a));
            if a.policy == b.policy {
                let joined = a.join(b);
                prop_assert!(a.flows_to(&joined) && b.flows_to(&joined));
                prop_assert_eq!(a.flows_to(&b), joined == b);
                prop_assert_eq!(joined.flows_to(&c), a.flows_to(&c) && b.flows_to(&c), "the least upper bound");
            }
            if a.flows_to(&b) && b.flows_to(&c) {
                prop_assert!(a.flows_to(&c));
            }
            if a.flows_to(&b) && a.policy == c.policy {
                prop_assert!(a.join(c).flows_to(&b.join(c)), "joining keeps the order");
            }
        }

        #[test]
        fn levels_join_as_labels_do(a in label(), b in label()) {
            if a.policy == b.policy {
                prop_assert_eq!(a.join(b).level(), a.level().join(b.level()));
            }
            if a.policy == b.policy && a.flows_to(&b) {
                prop_assert!(a.level().may_flow_to(b.level()));
            }
        }
    }

    #[test]
    fn what_is_in_the_way_is_said() {
        let label = |level, categories, purposes| Label { level, policy: 7, categories, purposes };
        let clearance = label(Level::Confidential, 0b11, 0b1);
        let denied = |label: Label| label.check_flow(&clearance).unwrap_err();
        let (from, to) = (Level::Restricted, Level::Confidential);
        assert_eq!(denied(label(from, 0, u128::MAX)), FlowDenied::Level { from, to });
        assert_eq!(denied(label(Level::Public, 0b100, 0b1)), FlowDenied::Category);
        assert_eq!(denied(label(Level::Public, 0b01, 0b10)), FlowDenied::Purpose);
        assert_eq!(denied(Label { policy: 8, ..clearance }), FlowDenied::OtherPolicy);
        assert_eq!(label(Level::Public, 0b01, 0b11).check_flow(&clearance), Ok(()));
    }
}
