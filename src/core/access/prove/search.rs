//! The search for a request that lies in some cubes and outside others: complete, with a bound on its work.
//!
//! A cube minus another is a disjoint union of smaller cubes, one for each attribute in which the first reaches beyond the second. The
//! search takes the cubes that are to be left out one by one, goes down into each of these smaller cubes, and keeps the smallest request
//! that it meets; what cannot hold a smaller one is not entered. When everything was gone through, there is no other.

use super::cube::{ATTRIBUTES, Attribute, Cube, Values, roles};

/// A search over sets of requests.
#[derive(Debug)]
pub(super) struct Search {
    /// Steps that are left.
    budget: u64,
    best: Option<(u32, Cube)>,
    exhausted: bool,
}

/// What a search found.
#[derive(Debug)]
pub(super) enum Found {
    /// There is no such request.
    None,
    /// Cubes with such a request, the smallest that there is; or that was found until the work was at its bound.
    Some(Box<Cube>),
    /// Nothing was found until the work was at its bound.
    Undecided,
}

impl Search {
    pub(super) const fn new(budget: u64) -> Self {
        Self { budget, best: None, exhausted: false }
    }

    /// Looks for a request in `cube` and outside all of `minus`.
    pub(super) fn look(&mut self, cube: &Cube, minus: &[&Cube]) {
        if !cube.is_empty() {
            self.descend(cube, minus);
        }
    }

    pub(super) fn finish(self) -> Found {
        match self.best {
            Some((_, cube)) => Found::Some(Box::new(cube)),
            None if self.exhausted => Found::Undecided,
            None => Found::None,
        }
    }

    fn descend(&mut self, cube: &Cube, minus: &[&Cube]) {
        if self.budget == 0 {
            self.exhausted = true;
            return;
        }
        self.budget -= 1;
        let weight = least_weight(cube);
        if self.best.as_ref().is_some_and(|(best, _)| *best <= weight) {
            return;
        }
        // The one that leaves the fewest ways out goes first: none is the end of it.
        let mut nearest: Option<(usize, &Cube)> = None;
        let mut others = Vec::new();
        for other in minus.iter().copied().filter(|other| cube.intersects(other)) {
            let ways = cube.ways_out(other);
            if ways == 0 {
                return;
            }
            match nearest {
                Some((fewest, nearer)) if ways < fewest => {
                    others.push(nearer);
                    nearest = Some((ways, other));
                }
                Some(_) => others.push(other),
                None => nearest = Some((ways, other)),
            }
        }
        let Some((_, nearest)) = nearest else {
            self.best = Some((weight, cube.clone()));
            return;
        };
        let mut rest = cube.clone();
        for attribute in 0..ATTRIBUTES {
            let inside = nearest.values(attribute);
            if rest.values(attribute) & !inside != 0 {
                let mut outside = rest.clone();
                outside.restrict(attribute, !inside);
                self.descend(&outside, &others);
                rest.restrict(attribute, inside);
            }
        }
        for role in roles(&nearest.with) {
            let without = rest.clone().without_role(role);
            if !without.is_empty() {
                self.descend(&without, &others);
            }
            rest = rest.with_role(role);
        }
        for role in roles(&nearest.without) {
            let with = rest.clone().with_role(role);
            if !with.is_empty() {
                self.descend(&with, &others);
            }
            rest = rest.without_role(role);
        }
    }
}

/// How much the smallest request of a cube says: roles, facts that hold, levels; what says nothing weighs nothing.
fn least_weight(cube: &Cube) -> u32 {
    let values =
        (0..ATTRIBUTES).map(|attribute| weight(attribute, lightest(attribute, cube.values(attribute))));
    values.sum::<u32>() + cube.roles_with() * 10
}

/// The value of a set that makes the smallest request.
pub(super) fn lightest(attribute: usize, values: Values) -> u32 {
    let lowest = values.trailing_zeros();
    // Of fresh second factors and trainings the oldest says least.
    let aged = attribute == Attribute::Mfa as usize || attribute == Attribute::Training as usize;
    if aged && lowest != 0 && values != 0 { 127 - values.leading_zeros() } else { lowest }
}

fn weight(attribute: usize, value: u32) -> u32 {
    const NAMES: [usize; 5] = [
        Attribute::Action as usize,
        Attribute::Category as usize,
        Attribute::Purpose as usize,
        Attribute::Environment as usize,
        Attribute::Hours as usize,
    ];
    match value {
        0 => 0,
        _ if NAMES.contains(&attribute) => 0,
        level if attribute == Attribute::Level as usize => level,
        _ if attribute == Attribute::Kind as usize => 1,
        _ => 10,
    }
}
