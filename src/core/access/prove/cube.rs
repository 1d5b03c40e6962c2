//! Sets of requests: products of sets of values, one for each attribute.

use crate::core::access::Stop;

/// Attributes of a request but for the roles, each with at most 128 values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Attribute {
    Action,
    Category,
    Level,
    Purpose,
    Environment,
    Kind,
    /// Active, suspended.
    Standing,
    /// Of the asker's own, another's.
    Tenant,
    /// No fresh one, then the ages that the policies tell apart, shortest first.
    Mfa,
    Training,
    /// The hours of the week that the policies tell apart.
    Hours,
    /// Not known, then each version.
    Transport,
    // From here on: not known to hold, known to hold.
    Authorization,
    AssignedCase,
    NamedCase,
    Terms,
    Instruction,
    Device,
    Consent,
    /// Known that the person has said nothing of the kind.
    NoRestriction,
    NoObjection,
    NoOptOut,
}

impl Attribute {
    /// The attribute that says whether a person has kept silent in this.
    pub(super) const fn nothing_said(stop: Stop) -> Self {
        match stop {
            Stop::Restriction => Self::NoRestriction,
            Stop::Objection => Self::NoObjection,
            Stop::OptOut => Self::NoOptOut,
        }
    }
}

pub(super) const ATTRIBUTES: usize = Attribute::NoOptOut as usize + 1;

/// The values of an attribute, by their numbers.
pub(super) type Values = u128;

/// The first `count` values.
pub(super) const fn first(count: usize) -> Values {
    if count >= 128 { Values::MAX } else { (1 << count) - 1 }
}

/// The value of a yes or no that holds.
pub(super) const HOLDS: Values = 0b10;
pub(super) const NOT: Values = 0b01;

/// Roles, by their numbers.
pub(super) type RoleBits = [u64; ROLE_WORDS];

/// Two policies have so many roles at most, and one word more is for methods of authentication, of which a principal has a set as well.
pub(super) const ROLE_WORDS: usize = 2 * crate::core::policy::MAX_ROLES / 64 + 1;

/// A set of requests: those whose every attribute has one of these values, with all roles of one list and none of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cube {
    values: [Values; ATTRIBUTES],
    pub(super) with: RoleBits,
    pub(super) without: RoleBits,
}

impl Cube {
    /// Every request.
    pub(super) const ALL: Self =
        Self { values: [Values::MAX; ATTRIBUTES], with: [0; ROLE_WORDS], without: [0; ROLE_WORDS] };

    pub(super) fn values(&self, attribute: usize) -> Values {
        self.values.get(attribute).copied().unwrap_or_default()
    }

    /// Those of its requests with one of these values.
    #[must_use]
    #[inline]
    pub(super) fn only(mut self, attribute: Attribute, values: Values) -> Self {
        self.restrict(attribute as usize, values);
        self
    }

    #[inline]
    pub(super) fn restrict(&mut self, attribute: usize, values: Values) {
        if let Some(own) = self.values.get_mut(attribute) {
            *own &= values;
        }
    }

    /// Those of its requests whose principal has this role.
    #[must_use]
    pub(super) fn with_role(mut self, role: usize) -> Self {
        set(&mut self.with, role);
        self
    }

    /// Those of its requests whose principal does not have it.
    #[must_use]
    pub(super) fn without_role(mut self, role: usize) -> Self {
        set(&mut self.without, role);
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.contains(&0)
            || self.with.iter().zip(self.without).any(|(with, without)| with & without != 0)
    }

    pub(super) fn intersects(&self, other: &Self) -> bool {
        self.values.iter().zip(&other.values).all(|(own, other)| own & other != 0)
            && disjoint(&self.with, &other.without)
            && disjoint(&self.without, &other.with)
    }

    #[must_use]
    pub(super) fn intersection(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.values.iter_mut().zip(&other.values).for_each(|(own, other)| *own &= other);
        both.with.iter_mut().zip(&other.with).for_each(|(own, other)| *own |= other);
        both.without.iter_mut().zip(&other.without).for_each(|(own, other)| *own |= other);
        both
    }

    /// In how many ways a request of it can lie outside `other`; none where `other` holds it whole.
    pub(super) fn ways_out(&self, other: &Self) -> usize {
        let values = self.values.iter().zip(&other.values).filter(|(own, other)| *own & !*other != 0).count();
        let beyond = |own: &RoleBits, other: &RoleBits| -> u32 {
            other.iter().zip(own).map(|(other, own)| (other & !own).count_ones()).sum()
        };
        values + (beyond(&self.with, &other.with) + beyond(&self.without, &other.without)) as usize
    }

    pub(super) fn roles_with(&self) -> u32 {
        self.with.iter().map(|word| word.count_ones()).sum()
    }
}

fn disjoint(one: &RoleBits, other: &RoleBits) -> bool {
    one.iter().zip(other).all(|(one, other)| one & other == 0)
}

fn set(bits: &mut RoleBits, role: usize) {
    if let Some(word) = bits.get_mut(role / 64) {
        *word |= 1 << (role % 64);
    }
}

/// The numbers of the roles in a set, in order.
pub(super) fn roles(bits: &RoleBits) -> impl Iterator<Item = usize> + '_ {
    bits.iter()
        .enumerate()
        .flat_map(|(at, word)| (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_is_wanted_and_unwanted_leaves_nothing() {
        let cube = Cube::ALL.with_role(300);
        assert!(!cube.is_empty() && cube.clone().without_role(300).is_empty());
        assert!(
            !cube.intersects(&Cube::ALL.without_role(300)) && cube.intersects(&Cube::ALL.without_role(299))
        );
        assert_eq!(roles(&cube.with).collect::<Vec<_>>(), [300]);
    }

    #[test]
    fn there_is_a_way_out_for_every_value_and_role_that_the_other_lacks() {
        let some = Cube::ALL.only(Attribute::Level, 0b0011).only(Attribute::Kind, 0b01);
        assert_eq!(some.ways_out(&Cube::ALL), 0);
        assert_eq!(Cube::ALL.ways_out(&some), 2);
        assert_eq!(some.ways_out(&some.clone().with_role(1).without_role(2)), 2);
        assert_eq!(some.clone().with_role(1).ways_out(&some), 0);
    }
}
