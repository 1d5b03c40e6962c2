//! A policy's access rules, compiled once, when it is checked.

use std::collections::BTreeSet;

use super::barriers::Barriers;
use super::conditions::{Condition, ConditionSet, ConditionTable, NEVER};
use super::facts::{Fact, Preferences};
use super::hits::{Counts, Hits};
use super::index::{Coverage, Key, Rules};
use super::names::Names;
use super::words::{Action, Environment, PrincipalKind};
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::{AllowRule, DenyRule, Obligations, PolicyDocument, PurposeEntry};

/// What a purpose asks for, beyond rules: the barriers that stand against it until that is so.
#[derive(Clone, Copy, Debug)]
pub(super) struct PurposeNeeds(Barriers);

impl PurposeNeeds {
    fn of(entry: &PurposeEntry) -> Self {
        let mut barriers = Barriers::NONE;
        barriers.raise(Barriers::NO_AUTHORIZATION, entry.needs_authorization);
        barriers.raise(Barriers::NO_CONSENT, entry.needs_consent);
        barriers.raise(Barriers::NO_CASE, entry.break_glass.is_some());
        entry.stops_on.iter().for_each(|stop| barriers.raise(Barriers::stop(*stop), true));
        Self(barriers)
    }

    #[inline]
    pub(super) const fn barriers(self) -> Barriers {
        self.0
    }

    /// Whether what a person has said bears on it.
    const fn heeds_people(self) -> bool {
        !self.0.and(Barriers::OF_PEOPLE).is_empty()
    }

    /// What stands against it because of what the person has said, or because that is not known.
    const fn against(self, said: Fact<Preferences>) -> Barriers {
        self.0.and(Barriers::OF_PEOPLE).without(Barriers::met_by(said))
    }
}

/// The rules, names and conditions of a policy as numbers and bits.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(super) roles: Names,
    pub(super) categories: Names,
    pub(super) purposes: Names,
    pub(super) conditions: ConditionTable,
    /// By the number of the category: the purposes that it may be used for.
    pub(super) purposes_of: Vec<u128>,
    /// By the number of the category: the purposes for which it needs an instruction.
    pub(super) instructed_of: Vec<u128>,
    /// By the number of the purpose.
    pub(super) needs_of: Vec<PurposeNeeds>,
    /// By level: the second factor that it asks of people, as a condition.
    mfa_of: [Option<(Period, ConditionSet)>; Level::ALL.len()],
    pub(super) allow: Rules,
    pub(super) deny: Rules,
    /// By the number of a rule that allows, where it stands in the document.
    pub(super) order: Vec<usize>,
    /// By the number of a rule, its name.
    pub(super) allow_names: Vec<Name>,
    pub(super) deny_names: Vec<Name>,
    /// By the number of a rule that allows, in which order a yes is by it: those that oblige to less come first, then by name.
    pub(super) rank: Vec<usize>,
    /// The same by where a rule stands in the document.
    ranks: Vec<usize>,
}

impl Compiled {
    /// Of two rules that allow the same, by their places in the document, whether a yes is by the first of them.
    pub(super) fn comes_before(&self, one: usize, other: usize) -> bool {
        self.ranks.get(one) < self.ranks.get(other)
    }

    /// Whether what people say bears on a purpose.
    pub(crate) fn heeds_people(&self, purpose: &Name) -> bool {
        self.needs(purpose).is_some_and(PurposeNeeds::heeds_people)
    }

    /// Whether a category needs the customer's instruction for a purpose.
    pub(crate) fn needs_instruction(&self, category: &Name, purpose: &Name) -> bool {
        let (category, purpose) = (self.categories.number(category), self.purposes.number(purpose));
        category.is_some_and(|category| lists(&self.instructed_of, category, purpose))
    }

    /// Whether a purpose goes on, once a person has said this.
    pub(crate) fn goes_on(&self, purpose: &Name, said: Fact<Preferences>) -> bool {
        self.needs(purpose).is_none_or(|needs| needs.against(said).is_empty())
    }

    fn needs(&self, purpose: &Name) -> Option<PurposeNeeds> {
        self.needs_of.get(self.purposes.number(purpose)?).copied()
    }

    /// Whether a rule asks for the terms to be accepted.
    pub(crate) const fn asks_for_terms(&self) -> bool {
        self.conditions.asks_for_terms()
    }

    /// Of a checked document in its normal form.
    pub(crate) fn of(document: &PolicyDocument) -> Self {
        let (roles, categories, purposes) =
            (Names::of(&document.roles), Names::of(&document.categories), Names::of(&document.purposes));
        let conditions = ConditionTable::of(document);
        let (allowing, denying) = (&document.access.allow, &document.access.deny);
        let order = like_together(allowing, |rule| {
            let lists = (&rule.roles, &rule.purposes, &rule.environments, &rule.kinds);
            (lists, &rule.categories, &rule.actions, rule.up_to)
        });
        let deny_order = like_together(denying, |rule| {
            let lists = (&rule.roles, &rule.purposes, &rule.environments, &rule.kinds);
            (lists, &rule.categories, &rule.actions, rule.from_level)
        });
        let rule = |at: &usize| allowing.get(*at);
        let ranks = ranks(allowing);
        let rank = order.iter().filter_map(|at| ranks.get(*at).copied()).collect();
        let compiler =
            Compiler { roles: &roles, categories: &categories, purposes: &purposes, conditions: &conditions };
        let allow: Vec<_> = order.iter().filter_map(rule).map(|rule| compiler.allow(rule)).collect();
        let denial = |at: &usize| denying.get(*at);
        let deny: Vec<_> = deny_order.iter().filter_map(denial).map(|rule| compiler.deny(rule)).collect();
        let shape = (roles.undeclared(), categories.with_undeclared(), purposes.with_undeclared());
        let bits = |named: &mut dyn Iterator<Item = &Name>| {
            named.filter_map(|name| purposes.number(name)).fold(0, |bits, number| bits | 1 << number)
        };
        let listed = document.categories.values();
        let purposes_of: Vec<u128> =
            listed.clone().map(|category| bits(&mut category.purposes.iter())).collect();
        let instructed_of =
            listed.map(|category| bits(&mut document.instructed_purposes(category))).collect();
        let mfa_of = Level::ALL.map(|level| {
            let within = document.levels.get(&level).and_then(|controls| controls.mfa_within)?;
            Some((within, conditions.bit(&Condition::MfaWithin(within))))
        });
        Self {
            allow: Rules::new(&allow, shape),
            deny: Rules::new(&deny, shape),
            allow_names: order.iter().filter_map(rule).map(|rule| rule.id.clone()).collect(),
            deny_names: deny_order.iter().filter_map(denial).map(|rule| rule.id.clone()).collect(),
            order,
            rank,
            ranks,
            purposes_of,
            instructed_of,
            needs_of: document.purposes.values().map(PurposeNeeds::of).collect(),
            mfa_of,
            roles,
            categories,
            purposes,
            conditions,
        }
    }

    /// The second factor that a level asks of people.
    #[inline]
    pub(super) fn mfa_of_level(&self, level: Level) -> Option<(Period, ConditionSet)> {
        self.mfa_of.get(level as usize).copied().flatten()
    }

    /// Of several rules that allow, the one that a yes is by.
    pub(super) fn first_by_rank(&self, mut hits: Hits, key: &Key, held: ConditionSet) -> usize {
        let mut first = (usize::MAX, 0);
        while !hits.is_empty() {
            let (rule, left) = self.allow.take(hits, || *key, held, Counts::Held);
            hits = left;
            first = first.min((self.rank.get(rule).copied().unwrap_or(usize::MAX), rule));
        }
        first.1
    }
}

/// Whether a purpose is among those of a category, of which there is a set for each.
#[inline]
pub(super) fn lists(purposes_of: &[u128], category: usize, purpose: Option<usize>) -> bool {
    let purposes = purposes_of.get(category).copied().unwrap_or_default();
    purpose.is_some_and(|purpose| purposes >> purpose & 1 == 1)
}

/// Where rules stand in the document, in an order in which those with like lists come together: where there are more of them than a word
/// has bits, those for one question lie in few words.
fn like_together<'r, T, K: Ord>(rules: &'r [T], lists: impl Fn(&'r T) -> K) -> Vec<usize> {
    let mut order: Vec<(usize, &T)> = rules.iter().enumerate().collect();
    if rules.len() > 64 {
        order.sort_by_cached_key(|(_, rule)| lists(*rule));
    }
    order.into_iter().map(|(at, _)| at).collect()
}

/// By the place of a rule, in which order a yes is by it: those that oblige to less come first, then by name.
fn ranks(allowing: &[AllowRule]) -> Vec<usize> {
    let burdens = |at: &usize| allowing.get(*at).map(|rule| (burden(&rule.obligations), rule.id.clone()));
    let mut by_rank: Vec<usize> = (0..allowing.len()).collect();
    by_rank.sort_by_cached_key(burdens);
    let mut ranks = vec![0; allowing.len()];
    for (rank, at) in by_rank.into_iter().enumerate() {
        if let Some(of_rule) = ranks.get_mut(at) {
            *of_rule = rank;
        }
    }
    ranks
}

/// How much a rule obliges to; none is least.
fn burden(obligations: &Obligations) -> usize {
    [
        obligations.mask_above.is_some(),
        obligations.max_records.is_some(),
        obligations.reason,
        obligations.anonymised,
        obligations.four_eyes,
    ]
    .into_iter()
    .filter(|obliges| *obliges)
    .count()
}

struct Compiler<'c> {
    roles: &'c Names,
    categories: &'c Names,
    purposes: &'c Names,
    conditions: &'c ConditionTable,
}

impl Compiler<'_> {
    fn allow(&self, rule: &AllowRule) -> Coverage {
        Coverage {
            roles: Some(self.roles.numbers(&rule.roles)),
            actions: rule.actions.iter().copied().collect(),
            categories: self.categories.numbers(&rule.categories),
            purposes: self.purposes(&rule.purposes),
            levels: Level::ALL.into_iter().filter(|level| *level <= rule.up_to).collect(),
            kinds: all_or(&rule.kinds, PrincipalKind::ALL),
            environments: all_or(&rule.environments, Environment::ALL),
            needs: rule.when.as_ref().map_or(0, |when| self.conditions.set_of(when)),
        }
    }

    fn deny(&self, rule: &DenyRule) -> Coverage {
        Coverage {
            roles: (!rule.roles.is_empty()).then(|| self.roles.numbers(&rule.roles)),
            actions: all_or(&rule.actions, Action::ALL),
            categories: match rule.categories.is_empty() {
                true => (0..self.categories.with_undeclared()).collect(),
                false => self.categories.numbers(&rule.categories),
            },
            purposes: self.purposes(&rule.purposes),
            levels: Level::ALL
                .into_iter()
                .filter(|level| rule.from_level.is_none_or(|from| from <= *level))
                .collect(),
            kinds: all_or(&rule.kinds, PrincipalKind::ALL),
            environments: all_or(&rule.environments, Environment::ALL),
            needs: rule.unless.as_ref().map_or(NEVER, |unless| self.conditions.set_of(unless)),
        }
    }

    fn purposes(&self, named: &BTreeSet<Name>) -> Vec<usize> {
        match named.is_empty() {
            true => (0..self.purposes.with_undeclared()).collect(),
            false => self.purposes.numbers(named),
        }
    }
}

fn all_or<T: Copy>(named: &BTreeSet<T>, all: &[T]) -> Vec<T> {
    if named.is_empty() { all.to_vec() } else { named.iter().copied().collect() }
}
