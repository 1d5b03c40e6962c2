//! What a policy allows, and what a claim is about, as cubes.

use std::collections::BTreeSet;

use super::cube::{Attribute, Cube, HOLDS, NOT, Values, first};
use super::domain::{Asks, Domain};
use crate::core::access::conditions::conditions_of;
use crate::core::access::{Action, Environment, PrincipalKind, Stop};
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::policy::{AllowRule, Conditions, DenyRule, Policy, PurposeEntry, RequestSet};

/// What a policy says, in cubes: what is in one of those that allow, and in none of those that forbid, is allowed.
#[derive(Debug)]
pub(super) struct Region {
    /// With the place of the rule in the document.
    pub(super) allow: Vec<(usize, Cube)>,
    /// With the place of the rule; the controls outside the rules have none.
    pub(super) forbid: Vec<(Option<usize>, Cube)>,
}

impl Region {
    pub(super) fn of(policy: &Policy, domain: &Domain) -> Self {
        let document = policy.document();
        let compile = Compile { domain, policy };
        let allow = document.access.allow.iter().enumerate();
        let deny = document.access.deny.iter().enumerate();
        let mut forbid: Vec<_> = compile.barriers().into_iter().map(|cube| (None, cube)).collect();
        forbid.extend(
            deny.flat_map(|(at, rule)| compile.deny(rule).into_iter().map(move |cube| (Some(at), cube))),
        );
        Self {
            allow: allow
                .flat_map(|(at, rule)| compile.allow(rule).into_iter().map(move |cube| (at, cube)))
                .collect(),
            forbid,
        }
    }

    /// What allows, with its rule and the place of that in the document.
    pub(super) fn allowing<'r>(
        &'r self,
        policy: &'r Policy,
    ) -> impl Iterator<Item = (&'r AllowRule, usize, &'r Cube)> {
        let rules = &policy.document().access.allow;
        self.allow.iter().filter_map(|(at, cube)| Some((rules.get(*at)?, *at, cube)))
    }

    /// What is allowed by rules that come before this one: no yes to it is by this one.
    pub(super) fn before<'r>(&'r self, policy: &'r Policy, rule: usize) -> impl Iterator<Item = &'r Cube> {
        let compiled = policy.compiled();
        self.allow.iter().filter(move |(at, _)| compiled.comes_before(*at, rule)).map(|(_, cube)| cube)
    }

    pub(super) fn forbidding(&self) -> Vec<&Cube> {
        self.forbid.iter().map(|(_, cube)| cube).collect()
    }
}

struct Compile<'c> {
    domain: &'c Domain,
    policy: &'c Policy,
}

impl Compile<'_> {
    fn allow(&self, rule: &AllowRule) -> Vec<Cube> {
        let lists = Lists {
            purposes: &rule.purposes,
            environments: &rule.environments,
            kinds: &rule.kinds,
            highest: Some(rule.up_to),
            ..Lists::NONE
        };
        // Of these an empty list is none, not any.
        let of = [
            (Attribute::Action, ordinals(&rule.actions, |action| action as usize)),
            (Attribute::Category, Domain::names(&self.domain.categories, &rule.categories)),
        ];
        let cube = self.narrowed(self.covered(lists), of);
        let numbers: Vec<usize> = rule.roles.iter().filter_map(|role| self.domain.role(role)).collect();
        self.with_one_of(&self.with(cube, rule.when.as_ref()), &numbers)
    }

    fn deny(&self, rule: &DenyRule) -> Vec<Cube> {
        let cube = self.covered(Lists {
            actions: &rule.actions,
            categories: &rule.categories,
            purposes: &rule.purposes,
            environments: &rule.environments,
            kinds: &rule.kinds,
            lowest: rule.from_level,
            highest: None,
        });
        let cubes = match &rule.unless {
            Some(unless) => self.without(&cube, unless),
            None => vec![cube],
        };
        self.of_roles(cubes, &rule.roles)
    }

    /// The requests that lists cover, of which an empty one is any.
    fn covered(&self, lists: Lists<'_>) -> Cube {
        let (domain, any) = (self.domain, |values: Values| if values == 0 { Values::MAX } else { values });
        let lowest = lists.lowest.map_or(0, |level| level as usize);
        let highest = lists.highest.map_or(Level::ALL.len(), |level| level as usize + 1);
        let of = [
            (Attribute::Action, any(ordinals(lists.actions, |action| action as usize))),
            (Attribute::Category, any(Domain::names(&domain.categories, lists.categories))),
            (Attribute::Level, !first(lowest) & first(highest)),
            (Attribute::Purpose, any(Domain::names(&domain.purposes, lists.purposes))),
            (Attribute::Environment, any(ordinals(lists.environments, |environment| environment as usize))),
            (Attribute::Kind, any(ordinals(lists.kinds, |kind| kind as usize))),
        ];
        self.narrowed(domain.layout.every(), of)
    }

    fn narrowed<const N: usize>(&self, cube: Cube, of: [(Attribute, Values); N]) -> Cube {
        let only = |cube, (attribute, values)| self.domain.layout.only(cube, attribute, values);
        of.into_iter().fold(cube, only)
    }

    /// The controls of the policy outside its access rules.
    fn barriers(&self) -> Vec<Cube> {
        let (layout, all) = (&self.domain.layout, || self.domain.layout.every());
        let (document, domain) = (self.policy.document(), self.domain);
        let declared = |all: &[Name], has: &dyn Fn(&Name) -> bool| {
            numbers(all.iter().enumerate().filter(|(_, name)| has(name)).map(|(at, _)| at))
        };
        let categories = declared(&domain.categories, &|name| document.categories.contains_key(name));
        let purposes = declared(&domain.purposes, &|name| document.purposes.contains_key(name));
        let mut cubes = vec![
            layout.only(all(), Attribute::Tenant, HOLDS),
            layout.only(all(), Attribute::Standing, HOLDS),
            layout.only(all(), Attribute::Category, !categories),
            layout.only(all(), Attribute::Purpose, !purposes),
        ];
        // Categories with the same purposes go together.
        let mut by_purposes: Vec<(Values, Values)> = Vec::new();
        for (name, category) in &document.categories {
            let number = domain.categories.binary_search(name).map_or(0, |at| 1 << at);
            let used = Domain::names(&domain.purposes, &category.purposes);
            match by_purposes.iter_mut().find(|(known, _)| *known == used) {
                Some((_, categories)) => *categories |= number,
                None => by_purposes.push((used, number)),
            }
        }
        for (used, categories) in by_purposes {
            let of = [(Attribute::Category, categories), (Attribute::Purpose, !used)];
            cubes.push(self.narrowed(all(), of));
        }
        for (name, category) in &document.categories {
            let number = domain.categories.binary_search(name).map_or(0, |at| 1 << at);
            let instructed = document.instructed_purposes(category).cloned().collect();
            let purposes = Domain::names(&domain.purposes, &instructed);
            let of = [
                (Attribute::Category, number),
                (Attribute::Purpose, purposes),
                (Attribute::Instruction, NOT),
            ];
            cubes.push(self.narrowed(all(), of));
        }
        let entries = || document.purposes.iter();
        let needing = |needs: &dyn Fn(&PurposeEntry) -> bool| {
            let names = entries().filter(|(_, entry)| needs(entry)).map(|(name, _)| name.clone()).collect();
            Domain::names(&domain.purposes, &names)
        };
        let mut needs = vec![
            (needing(&|entry| entry.needs_authorization), Attribute::Authorization),
            (needing(&|entry| entry.needs_consent), Attribute::Consent),
            (needing(&|entry| entry.break_glass.is_some()), Attribute::NamedCase),
        ];
        needs.extend(
            Stop::ALL.iter().map(|stop| {
                (needing(&|entry| entry.stops_on.contains(stop)), Attribute::nothing_said(*stop))
            }),
        );
        for (purposes, attribute) in needs {
            cubes.push(self.narrowed(all(), [(Attribute::Purpose, purposes), (attribute, NOT)]));
        }
        for level in Level::ALL {
            if let Some(within) = self.policy.level(level).mfa_within {
                let person = 1 << PrincipalKind::Person as usize;
                let of = [(Attribute::Level, 1 << level as usize), (Attribute::Kind, person)];
                let people = self.narrowed(all(), of);
                cubes.extend(self.without(&people, &Conditions::new().mfa_within(within)));
            }
        }
        cubes.retain(|cube| !layout.is_empty(cube));
        cubes
    }

    /// Those requests of a cube in which all of the conditions hold.
    fn with(&self, cube: Cube, conditions: Option<&Conditions>) -> Vec<Cube> {
        conditions.into_iter().flat_map(conditions_of).fold(vec![cube], |cubes, condition| {
            match self.domain.condition(&condition) {
                Asks::Values(attribute, holds) => {
                    let layout = &self.domain.layout;
                    cubes.into_iter().map(|cube| layout.only(cube, attribute, holds)).collect()
                }
                Asks::OneOf(numbers) => self.with_one_of(&cubes, &numbers),
            }
        })
    }

    /// Those in which not all of them hold.
    fn without(&self, cube: &Cube, conditions: &Conditions) -> Vec<Cube> {
        let layout = &self.domain.layout;
        let lacking = conditions_of(conditions).map(|condition| match self.domain.condition(&condition) {
            Asks::Values(attribute, holds) => layout.only(cube.clone(), attribute, !holds),
            Asks::OneOf(numbers) => {
                numbers.into_iter().fold(cube.clone(), |cube, number| layout.without_role(cube, number))
            }
        });
        lacking.filter(|cube| !layout.is_empty(cube)).collect()
    }

    /// Of principals with one of these roles; of all where there is none.
    fn of_roles(&self, cubes: Vec<Cube>, roles: &BTreeSet<Name>) -> Vec<Cube> {
        if roles.is_empty() {
            return cubes;
        }
        let numbers: Vec<usize> = roles.iter().filter_map(|role| self.domain.role(role)).collect();
        self.with_one_of(&cubes, &numbers)
    }

    fn with_one_of(&self, cubes: &[Cube], numbers: &[usize]) -> Vec<Cube> {
        let layout = &self.domain.layout;
        let each = |cube| numbers.iter().map(move |number| layout.with_role(Cube::clone(cube), *number));
        cubes.iter().flat_map(each).collect()
    }
}

/// The lists of a rule or a set of requests.
#[derive(Clone, Copy)]
struct Lists<'l> {
    actions: &'l BTreeSet<Action>,
    categories: &'l BTreeSet<Name>,
    purposes: &'l BTreeSet<Name>,
    environments: &'l BTreeSet<Environment>,
    kinds: &'l BTreeSet<PrincipalKind>,
    lowest: Option<Level>,
    highest: Option<Level>,
}

impl Lists<'static> {
    const NONE: Self = Self {
        actions: &BTreeSet::new(),
        categories: &BTreeSet::new(),
        purposes: &BTreeSet::new(),
        environments: &BTreeSet::new(),
        kinds: &BTreeSet::new(),
        lowest: None,
        highest: None,
    };
}

/// The requests that a set describes.
pub(super) fn cubes_of(set: &RequestSet, policy: &Policy, domain: &Domain) -> Vec<Cube> {
    let compile = Compile { domain, policy };
    let own = |flag: bool| if flag { HOLDS } else { NOT };
    let lists = Lists {
        actions: &set.actions,
        categories: &set.categories,
        purposes: &set.purposes,
        environments: &set.environments,
        kinds: &set.kinds,
        lowest: set.from_level,
        highest: set.up_to,
    };
    let layout = &domain.layout;
    let of = [
        (Attribute::Tenant, own(set.of_other_tenants)),
        (Attribute::Standing, own(set.suspended)),
        (Attribute::Consent, if set.without_consent { NOT } else { Values::MAX }),
    ];
    let cube = compile.narrowed(compile.covered(lists), of);
    let silent = |cube, stop: &Stop| layout.only(cube, Attribute::nothing_said(*stop), NOT);
    let cube = set.said.iter().fold(cube, silent);
    let without = set.without_roles.iter().filter_map(|role| domain.role(role));
    let cube = without.fold(cube, |cube, role| layout.without_role(cube, role));
    let cubes = compile.with(cube, set.with.as_ref());
    let cubes = match &set.without {
        Some(without) => cubes.iter().flat_map(|cube| compile.without(cube, without)).collect(),
        None => cubes,
    };
    let mut cubes = compile.of_roles(cubes, &set.roles);
    cubes.retain(|cube| !layout.is_empty(cube));
    cubes
}

fn numbers(all: impl Iterator<Item = usize>) -> Values {
    all.fold(0, |values, number| values | 1 << number)
}

fn ordinals<T: Copy>(named: &BTreeSet<T>, number: fn(T) -> usize) -> Values {
    numbers(named.iter().map(|one| number(*one)))
}
