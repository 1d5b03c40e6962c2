//! Sets of requests: products of sets of values, one for each attribute.
//!
//! A cube is a row of bits, one for each value of each attribute. Whether two have a request in common, and in how many attributes one
//! reaches beyond the other, is told for all attributes of a word at once.

use crate::core::access::Stop;

/// Attributes of a request but for the roles, each with at most 128 values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    const ALL: [Self; ATTRIBUTES] = [
        Self::Action,
        Self::Category,
        Self::Level,
        Self::Purpose,
        Self::Environment,
        Self::Kind,
        Self::Standing,
        Self::Tenant,
        Self::Mfa,
        Self::Training,
        Self::Hours,
        Self::Transport,
        Self::Authorization,
        Self::AssignedCase,
        Self::NamedCase,
        Self::Terms,
        Self::Instruction,
        Self::Device,
        Self::Consent,
        Self::NoRestriction,
        Self::NoObjection,
        Self::NoOptOut,
    ];

    /// The attribute that says whether a person has kept silent in this.
    pub(super) const fn nothing_said(stop: Stop) -> Self {
        match stop {
            Stop::Restriction => Self::NoRestriction,
            Stop::Objection => Self::NoObjection,
            Stop::OptOut => Self::NoOptOut,
        }
    }

    /// Whether every value but the first is a fact that holds.
    const fn is_fact(self) -> bool {
        !matches!(
            self,
            Self::Action
                | Self::Category
                | Self::Level
                | Self::Purpose
                | Self::Environment
                | Self::Kind
                | Self::Hours
        )
    }
}

const ATTRIBUTES: usize = Attribute::NoOptOut as usize + 1;

/// The values of an attribute, by their numbers.
pub(super) type Values = u128;

/// The first `count` values.
pub(super) const fn first(count: usize) -> Values {
    if count >= 128 { Values::MAX } else { (1 << count) - 1 }
}

/// The value of a yes or no that holds.
pub(super) const HOLDS: Values = 0b10;
pub(super) const NOT: Values = 0b01;

/// A set of requests: those whose every attribute has one of these values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cube {
    first: u128,
    /// Further words, where the attributes of a domain have more values than one has bits.
    more: Vec<u128>,
}

impl Cube {
    #[inline]
    fn word(&self, at: usize) -> u128 {
        at.checked_sub(1).and_then(|at| self.more.get(at)).copied().unwrap_or(self.first)
    }

    #[inline]
    fn word_mut(&mut self, at: usize) -> &mut u128 {
        at.checked_sub(1).and_then(|at| self.more.get_mut(at)).unwrap_or(&mut self.first)
    }
}

/// Where the attributes lie in the cubes of one domain: one behind the other, each in one word and as wide as it has values. The roles come
/// last; each is an attribute of its own, which holds or does not.
#[derive(Debug)]
pub(super) struct Layout {
    fields: Vec<Field>,
    first: Masks,
    /// Of the further words.
    more: Vec<Masks>,
}

/// Where one attribute lies.
#[derive(Clone, Copy, Debug, Default)]
struct Field {
    word: usize,
    shift: usize,
    width: usize,
}

/// The attributes of one word.
#[derive(Clone, Copy, Debug, Default)]
struct Masks {
    /// The last bit of each.
    last: u128,
    /// The other bits of each.
    below: u128,
    /// The first bit of each that is a fact.
    facts: u128,
}

impl Masks {
    /// Of the attributes that have a value in a word, the last bits: all other bits, added to it, carry into the last from any of them.
    #[inline]
    const fn filled(self, word: u128) -> u128 {
        ((word & self.below).wrapping_add(self.below) | word) & self.last
    }

    /// The bits of the attribute with this last one.
    #[inline]
    const fn ending_in(self, last: u128) -> u128 {
        let before = last - 1;
        (last | before) & (u128::MAX << (u128::BITS - (self.last & before).leading_zeros()))
    }
}

impl Layout {
    /// Of attributes with so many values, of which each has one at least, and of so many roles.
    pub(super) fn new(values: impl Fn(Attribute) -> usize, roles: usize) -> Self {
        let mut layout = Self { fields: Vec::new(), first: Masks::default(), more: Vec::new() };
        let attributes = Attribute::ALL.into_iter().map(|attribute| (values(attribute), attribute.is_fact()));
        let (mut word, mut shift) = (0, 0);
        for (width, is_fact) in attributes.chain(std::iter::repeat_n((2, true), roles)) {
            if shift + width > 128 {
                (word, shift) = (word + 1, 0);
                layout.more.push(Masks::default());
            }
            let masks = layout.more.last_mut().unwrap_or(&mut layout.first);
            let last = 1 << (shift + width.saturating_sub(1));
            masks.last |= last;
            masks.below |= first(width) << shift & !last;
            if is_fact {
                masks.facts |= 1 << shift;
            }
            layout.fields.push(Field { word, shift, width });
            shift += width;
        }
        layout
    }

    fn field(&self, attribute: usize) -> Field {
        self.fields.get(attribute).copied().unwrap_or_default()
    }

    /// Every request.
    pub(super) fn every(&self) -> Cube {
        let every = |masks: &Masks| masks.last | masks.below;
        Cube { first: every(&self.first), more: self.more.iter().map(every).collect() }
    }

    /// Those of a cube's requests with one of these values.
    #[must_use]
    pub(super) fn only(&self, cube: Cube, attribute: Attribute, values: Values) -> Cube {
        self.restricted(cube, attribute as usize, values)
    }

    /// Those of its requests whose principal has this role.
    #[must_use]
    pub(super) fn with_role(&self, cube: Cube, role: usize) -> Cube {
        self.restricted(cube, ATTRIBUTES + role, HOLDS)
    }

    /// Those of its requests whose principal does not have it.
    #[must_use]
    pub(super) fn without_role(&self, cube: Cube, role: usize) -> Cube {
        self.restricted(cube, ATTRIBUTES + role, NOT)
    }

    fn restricted(&self, mut cube: Cube, attribute: usize, values: Values) -> Cube {
        let Field { word, shift, width } = self.field(attribute);
        *cube.word_mut(word) &= !(first(width) << shift) | (values & first(width)) << shift;
        cube
    }

    /// The requests that are in both.
    #[must_use]
    pub(super) fn both(&self, one: &Cube, other: &Cube) -> Cube {
        let more = one.more.iter().zip(&other.more).map(|(one, other)| one & other);
        Cube { first: one.first & other.first, more: more.collect() }
    }

    /// The values of an attribute that its requests have.
    pub(super) fn values(&self, cube: &Cube, attribute: Attribute) -> Values {
        self.values_of(cube, attribute as usize)
    }

    /// Whether all its requests have this role.
    pub(super) fn has_role(&self, cube: &Cube, role: usize) -> bool {
        self.values_of(cube, ATTRIBUTES + role) == HOLDS
    }

    /// Whether none of its requests has it.
    pub(super) fn lacks_role(&self, cube: &Cube, role: usize) -> bool {
        self.values_of(cube, ATTRIBUTES + role) == NOT
    }

    fn values_of(&self, cube: &Cube, attribute: usize) -> Values {
        let Field { word, shift, width } = self.field(attribute);
        cube.word(word) >> shift & first(width)
    }

    pub(super) fn is_empty(&self, cube: &Cube) -> bool {
        !self.intersect(cube, cube)
    }

    /// Whether a request is in both.
    #[inline]
    pub(super) fn intersect(&self, one: &Cube, other: &Cube) -> bool {
        let filled = |masks: &Masks, one: u128, other: u128| masks.filled(one & other) == masks.last;
        let mut more = self.more.iter().zip(one.more.iter().zip(&other.more));
        filled(&self.first, one.first, other.first)
            && more.all(|(masks, (one, other))| filled(masks, *one, *other))
    }

    /// In how many attributes a request of one can lie outside the other; none where the other holds it whole.
    #[inline]
    pub(super) fn ways_out(&self, one: &Cube, other: &Cube) -> u32 {
        let beyond = |masks: &Masks, one: u128, other: u128| masks.filled(one & !other).count_ones();
        let more = self.more.iter().zip(one.more.iter().zip(&other.more));
        let more = more.map(|(masks, (one, other))| beyond(masks, *one, *other));
        beyond(&self.first, one.first, other.first) + more.sum::<u32>()
    }

    /// What one has beyond another, taken apart: a cube for each attribute in which it does, none with a request of the others.
    #[inline]
    pub(super) fn beyond(&self, one: &Cube, other: &Cube, mut visit: impl FnMut(&Cube)) {
        let mut rest = one.clone();
        for (at, masks) in std::iter::once(&self.first).chain(&self.more).enumerate() {
            let inside = other.word(at);
            let mut ways = masks.filled(rest.word(at) & !inside);
            while ways != 0 {
                let attribute = masks.ending_in(ways & ways.wrapping_neg());
                ways &= ways - 1;
                let mut outside = rest.clone();
                *outside.word_mut(at) &= !(inside & attribute);
                visit(&outside);
                *rest.word_mut(at) &= inside | !attribute;
            }
        }
    }

    /// How much the smallest request of a cube says: roles, facts that hold, levels; what says nothing weighs nothing.
    #[inline]
    pub(super) fn least_weight(&self, cube: &Cube) -> u32 {
        let facts = |masks: &Masks, word: u128| (masks.facts & !word).count_ones();
        let more: u32 = self.more.iter().zip(&cube.more).map(|(masks, word)| facts(masks, *word)).sum();
        let lowest = |attribute| self.values(cube, attribute).trailing_zeros();
        10 * (facts(&self.first, cube.first) + more) + lowest(Attribute::Level) + lowest(Attribute::Kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attributes of two values, or of as many as fill some words; and roles.
    fn layout(width: usize) -> Layout {
        Layout::new(|attribute| if attribute == Attribute::Hours { width } else { 2 }, 300)
    }

    #[test]
    fn a_role_that_is_wanted_and_unwanted_leaves_nothing() {
        let layout = layout(1);
        let cube = layout.with_role(layout.every(), 299);
        assert!(
            layout.has_role(&cube, 299) && !layout.has_role(&cube, 298) && !layout.lacks_role(&cube, 298)
        );
        let without = |role| layout.without_role(layout.every(), role);
        assert!(!layout.intersect(&cube, &without(299)) && layout.intersect(&cube, &without(298)));
        assert!(!layout.is_empty(&cube) && layout.is_empty(&layout.both(&cube, &without(299))));
    }

    #[test]
    fn there_is_a_way_out_for_every_value_and_role_that_the_other_lacks() {
        let layout = layout(128);
        let every = layout.every();
        let some = layout.only(layout.only(every.clone(), Attribute::Hours, 1 << 127), Attribute::Kind, NOT);
        assert_eq!(layout.ways_out(&some, &every), 0);
        assert_eq!(layout.ways_out(&every, &some), 2);
        let of_roles = layout.without_role(layout.with_role(some.clone(), 1), 200);
        assert_eq!(layout.ways_out(&some, &of_roles), 2);
        assert_eq!(layout.ways_out(&of_roles, &some), 0);
    }

    /// Wherever the words end: what is beyond lies in the one and not in the other, no two parts of it have a request in common, and with what
    /// is in both they are all that there is.
    #[test]
    fn what_is_beyond_another_is_all_that_it_has_not() {
        for width in [1, 2, 3, 63, 64, 65, 127, 128] {
            let layout = layout(width);
            let other = [Attribute::Action, Attribute::Level, Attribute::Transport, Attribute::NoOptOut]
                .into_iter()
                .fold(layout.every(), |cube, attribute| layout.only(cube, attribute, HOLDS));
            let other = layout.only(other, Attribute::Hours, 1);
            let other =
                [0, 50, 63, 64, 299].into_iter().fold(other, |cube, role| layout.with_role(cube, role));
            let one = layout.only(layout.without_role(layout.every(), 7), Attribute::Level, HOLDS);
            let mut parts = vec![layout.both(&one, &other)];
            layout.beyond(&one, &other, |part| parts.push(part.clone()));
            assert_eq!(parts.len(), 1 + layout.ways_out(&one, &other) as usize, "{width}");
            for (at, part) in parts.iter().enumerate() {
                assert!(!layout.is_empty(part) && layout.ways_out(part, &one) == 0);
                assert!(at == 0 || !layout.intersect(part, &other));
                assert!(parts.iter().skip(at + 1).all(|another| !layout.intersect(part, another)), "{width}");
            }
            let share = |cube: &Cube| -> f64 {
                let values = Attribute::ALL.map(|attribute| {
                    let values = |cube| f64::from(layout.values(cube, attribute).count_ones());
                    values(cube) / values(&one)
                });
                let roles =
                    (0..300).map(|role| match (layout.has_role(cube, role), layout.lacks_role(cube, role)) {
                        (false, false) => 1.0,
                        _ if layout.lacks_role(&one, role) => 1.0,
                        _ => 0.5,
                    });
                values.into_iter().chain(roles).product()
            };
            let whole: f64 = parts.iter().map(share).sum();
            assert!((whole - 1.0).abs() < 1e-9, "{width}: {whole}");
        }
    }

    #[test]
    fn facts_roles_and_levels_weigh_and_names_do_not() {
        let layout = layout(9);
        let every = layout.every();
        assert_eq!(layout.least_weight(&every), 0);
        let restrict = |attribute| layout.least_weight(&layout.only(every.clone(), attribute, HOLDS));
        assert_eq!([Attribute::Action, Attribute::Hours].map(restrict), [0, 0]);
        assert_eq!([Attribute::Level, Attribute::Kind].map(restrict), [1, 1]);
        assert_eq!([Attribute::Mfa, Attribute::NoOptOut].map(restrict), [10, 10]);
        assert_eq!(layout.least_weight(&layout.with_role(layout.without_role(every, 3), 299)), 10);
    }
}
