//! The search for a request that lies in some cubes and outside others: complete, with a bound on its work.
//!
//! A cube minus another is a disjoint union of smaller cubes, one for each attribute in which the first reaches beyond the second. The
//! search takes the cubes that are to be left out one by one, goes down into each of these smaller cubes, and keeps the smallest request
//! that it meets; what cannot hold a smaller one is not entered. When everything was gone through, there is no other.

use super::cube::{Cube, Layout};

/// A search over sets of requests of one domain.
#[derive(Debug)]
pub(super) struct Search<'c> {
    layout: &'c Layout,
    /// Steps that are left.
    budget: u64,
    best: Option<(u32, Cube)>,
    exhausted: bool,
    /// What is to be left out on the way down to the cube that is looked at: at each step less of it.
    minus: Vec<&'c Cube>,
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

impl<'c> Search<'c> {
    pub(super) const fn new(layout: &'c Layout, budget: u64) -> Self {
        Self { layout, budget, best: None, exhausted: false, minus: Vec::new() }
    }

    /// Looks for a request in `cube` and outside all of `minus`.
    pub(super) fn look(&mut self, cube: &Cube, minus: &[&'c Cube]) {
        if !self.layout.is_empty(cube) {
            self.minus.clear();
            self.minus.extend(minus);
            self.descend(cube, 0);
        }
    }

    /// The same in what is in two cubes.
    pub(super) fn look_in_both(&mut self, one: &Cube, other: &Cube, minus: &[&'c Cube]) {
        if self.layout.intersect(one, other) {
            self.look(&self.layout.both(one, other), minus);
        }
    }

    pub(super) fn finish(self) -> Found {
        match self.best {
            Some((_, cube)) => Found::Some(Box::new(cube)),
            None if self.exhausted => Found::Undecided,
            None => Found::None,
        }
    }

    /// Looks in `cube` for a request outside all that is to be left out from a place on.
    fn descend(&mut self, cube: &Cube, from: usize) {
        if self.budget == 0 {
            self.exhausted = true;
            return;
        }
        self.budget -= 1;
        let layout = self.layout;
        let weight = layout.least_weight(cube);
        if self.best.as_ref().is_some_and(|(best, _)| *best <= weight) {
            return;
        }
        // The one that leaves the fewest ways out goes first: none is the end of it.
        let mut nearest: Option<(u32, &'c Cube)> = None;
        let end = self.minus.len();
        for at in from..end {
            let Some(other) = self.minus.get(at).copied().filter(|other| layout.intersect(cube, other))
            else {
                continue;
            };
            let ways = layout.ways_out(cube, other);
            if ways == 0 {
                self.minus.truncate(end);
                return;
            }
            match nearest {
                Some((fewest, nearer)) if ways < fewest => {
                    self.minus.push(nearer);
                    nearest = Some((ways, other));
                }
                Some(_) => self.minus.push(other),
                None => nearest = Some((ways, other)),
            }
        }
        match nearest {
            Some((_, nearest)) => layout.beyond(cube, nearest, |outside| self.descend(outside, end)),
            None => self.best = Some((weight, cube.clone())),
        }
        self.minus.truncate(end);
    }
}
