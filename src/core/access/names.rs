//! Names that a policy declares, as numbers.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::id::Name;

/// Names of one kind, each with its number; one number more stands for every name that is not declared.
///
/// A question has four of them or more, and bisecting a sorted list for each takes longer than the decision.
#[derive(Debug)]
pub(super) struct Names {
    names: Vec<Name>,
    /// Numbers, each where its name [says](Name::scattered) or as soon after as there was room; [`FREE`] elsewhere, which is more than half.
    /// Whoever asks cannot make it slow: only what is declared has a place.
    places: Vec<u16>,
}

/// Stands in examples for a category or a purpose that no policy declares: no name of a policy begins with a space.
pub(super) const UNDECLARED: &str = " undeclared";

/// A name of this kind as a text shows it; that one of an example has no name to show is said in words.
pub(super) fn told(what: &str, name: &Name) -> String {
    match *name == UNDECLARED {
        true => format!("a {what} that the policy does not declare"),
        false => format!("{what} `{name}`"),
    }
}

/// No number: a policy declares fewer names.
const FREE: u16 = u16::MAX;

impl Names {
    pub(super) fn of<T>(table: &BTreeMap<Name, T>) -> Self {
        let names: Vec<Name> = table.keys().cloned().collect();
        let mut places = vec![FREE; (4 * names.len()).next_power_of_two()];
        for (number, name) in (0..FREE).zip(&names) {
            let (start, last) = (name.scattered() as usize, places.len() - 1);
            let free = (0..=last).map(|step| start.wrapping_add(step) & last);
            let free = free.into_iter().find(|at| places.get(*at) == Some(&FREE));
            if let Some(place) = free.and_then(|at| places.get_mut(at)) {
                *place = number;
            }
        }
        Self { names, places }
    }

    #[inline]
    pub(super) fn number(&self, name: &Name) -> Option<usize> {
        let (mut at, last) = (name.scattered() as usize, self.places.len().wrapping_sub(1));
        loop {
            let number = usize::from(*self.places.get(at & last)?);
            if self.names.get(number)? == name {
                return Some(number);
            }
            at = at.wrapping_add(1);
        }
    }

    /// The number of what is not declared.
    pub(super) const fn undeclared(&self) -> usize {
        self.names.len()
    }

    /// Numbers with the one for what is not declared.
    pub(super) const fn with_undeclared(&self) -> usize {
        self.undeclared() + 1
    }

    pub(super) fn numbers(&self, names: &BTreeSet<Name>) -> Vec<usize> {
        names.iter().filter_map(|name| self.number(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Short and long ones, some of which differ in one place alone: each has its number, and none else has one.
    #[test]
    fn every_declared_name_has_its_number_and_no_other_name_has_one() {
        let long = |at: usize| format!("region_{at:03}_{}", "x".repeat(at % 40));
        let named = (0..128).map(long).chain((0..128).map(|at| "y".repeat(at)));
        for count in [0, 1, 2, 3, 4, 5, 64, 256] {
            let table: BTreeMap<Name, ()> = named.clone().take(count).map(|name| (name.into(), ())).collect();
            let names = Names::of(&table);
            for (number, name) in table.keys().enumerate() {
                assert_eq!(names.number(name), Some(number));
            }
            assert_eq!((names.undeclared(), names.with_undeclared()), (table.len(), table.len() + 1));
            for name in named.clone().map(|name| format!("{name} ")).chain(["region".to_owned()]) {
                assert_eq!(names.number(&name.as_str().into()), None, "{name}");
            }
        }
    }
}
