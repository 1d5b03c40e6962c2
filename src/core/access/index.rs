//! Rules as bits, so that a decision touches those alone that can apply.
//!
//! Every value of an attribute has a row with a bit for each rule that covers it; the rules for a question are the intersection of its
//! rows. A row begins with a summary, one bit for each word of 64 rules that is not empty, so that words without a rule are not read: the
//! work grows with the rules that apply, not with those that there are.

use std::ops::ControlFlow;

use super::conditions::{ConditionSet, NEVER};
use super::hits::{Anywhere, Counts, Hits};
use super::words::{Action, Environment, PrincipalKind};
use crate::core::classification::Level;

const ENVIRONMENTS: usize = Environment::ALL.len();
const CONTEXTS: usize = Level::ALL.len() * PrincipalKind::ALL.len() * ENVIRONMENTS;

/// The number of a level, kind of principal and environment, taken together.
#[inline]
pub(super) const fn context(level: Level, kind: PrincipalKind, environment: Environment) -> u8 {
    (level as u8 * PrincipalKind::ALL.len() as u8 + kind as u8) * ENVIRONMENTS as u8 + environment as u8
}

/// Roles by their numbers, of which there are at most [`MAX_ROLES`](crate::policy::MAX_ROLES).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles {
    bits: [u64; 4],
    /// The same where they are few, which is what a decision goes through.
    few: [u8; 6],
    count: u16,
}

impl Roles {
    #[inline]
    pub(super) fn insert(&mut self, role: u8) {
        let Some(word) = self.bits.get_mut(usize::from(role / 64)) else { return };
        let bit = 1 << (role % 64);
        if *word & bit == 0 {
            *word |= bit;
            if let Some(slot) = self.few.get_mut(usize::from(self.count)) {
                *slot = role;
            }
            self.count += 1;
        }
    }

    #[inline]
    fn each(&self, mut visit: impl FnMut(usize)) {
        if let Some(few) = self.few.get(..usize::from(self.count)) {
            return few.iter().for_each(|role| visit(usize::from(*role)));
        }
        for (at, mut word) in self.bits.into_iter().enumerate() {
            while word != 0 {
                visit(at * 64 + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        }
    }
}

/// What a rule covers, in numbers.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// No list: whoever asks.
    pub(super) roles: Option<Vec<usize>>,
    pub(super) actions: Vec<Action>,
    pub(super) categories: Vec<usize>,
    pub(super) purposes: Vec<usize>,
    pub(super) levels: Vec<Level>,
    pub(super) kinds: Vec<PrincipalKind>,
    pub(super) environments: Vec<Environment>,
    pub(super) needs: ConditionSet,
}

/// Rows of bits over the same rules, one below the other.
#[derive(Debug)]
struct Rows {
    width: usize,
    words: Vec<u64>,
}

impl Rows {
    fn new(rows: usize, width: usize) -> Self {
        Self { width, words: vec![0; rows * width] }
    }

    /// Puts a rule into a row, and its word into the row's summary.
    fn put(&mut self, row: usize, rule: usize, summary: usize) {
        let word = rule / 64;
        for (at, bit) in [(summary + word, rule % 64), (word / 64, word % 64)] {
            if let Some(word) = self.words.get_mut(row * self.width + at) {
                *word |= 1 << bit;
            }
        }
    }

    #[inline]
    fn row(&self, row: usize) -> &[u64] {
        self.words.get(row * self.width..(row + 1) * self.width).unwrap_or_default()
    }

    #[inline]
    fn word(&self, row: usize, at: usize) -> u64 {
        self.words.get(row.wrapping_mul(self.width).wrapping_add(at)).copied().unwrap_or_default()
    }
}

/// The rules of a policy that allow, or those that deny, indexed.
#[derive(Debug)]
pub(super) struct Rules {
    /// Words of the summary at the beginning of each row.
    summary: usize,
    categories: usize,
    cells: Rows,
    contexts: Rows,
    purposes: Rows,
    roles: Rows,
    /// One row: rules that ask for no role.
    anyone: Rows,
    needs: Vec<ConditionSet>,
}

impl Rules {
    /// Of rules in the order of their numbers, over so many roles, categories and purposes; the last category and the last purpose
    /// stand for those that the policy does not declare.
    pub(super) fn new(rules: &[Coverage], (roles, categories, purposes): (usize, usize, usize)) -> Self {
        let words = rules.len().div_ceil(64);
        let summary = words.div_ceil(64);
        let rows = |count| Rows::new(count, summary + words);
        let mut index = Self {
            summary,
            categories,
            cells: rows(Action::ALL.len() * categories),
            contexts: rows(CONTEXTS),
            purposes: rows(purposes),
            roles: rows(roles),
            anyone: rows(1),
            needs: rules.iter().map(|rule| rule.needs).collect(),
        };
        for (number, rule) in rules.iter().enumerate() {
            index.put(number, rule);
        }
        index
    }

    fn put(&mut self, number: usize, rule: &Coverage) {
        for action in &rule.actions {
            for category in &rule.categories {
                self.cells.put(*action as usize * self.categories + category, number, self.summary);
            }
        }
        for level in &rule.levels {
            for kind in &rule.kinds {
                for environment in &rule.environments {
                    self.contexts.put(
                        usize::from(context(*level, *kind, *environment)),
                        number,
                        self.summary,
                    );
                }
            }
        }
        for purpose in &rule.purposes {
            self.purposes.put(*purpose, number, self.summary);
        }
        match &rule.roles {
            Some(roles) => roles.iter().for_each(|role| self.roles.put(*role, number, self.summary)),
            None => self.anyone.put(0, number, self.summary),
        }
    }

    /// In a word of the rows, the rules that ask for one of these roles, or for none.
    #[inline]
    fn of_roles(&self, roles: &Roles, at: usize) -> u64 {
        let mut rules = self.anyone.word(0, at);
        roles.each(|role| rules |= self.roles.word(role, at));
        rules
    }

    /// The rules that cover a question in whichever environment it is asked; the context of its key is that in the first of them.
    #[inline]
    pub(super) fn anywhere(&self, key: &Key) -> Anywhere {
        let mut anywhere = Anywhere::default();
        if self.needs.len() <= 64 {
            let at = self.summary;
            let covered =
                self.cells.word(self.cell(key), at) & self.purposes.word(usize::from(key.purpose), at);
            if covered != 0 {
                _ = anywhere.add(0, covered & self.of_roles(&key.roles, at));
            }
        } else {
            self.look_anywhere(key, &mut anywhere);
        }
        anywhere
    }

    #[inline(never)]
    fn look_anywhere(&self, key: &Key, anywhere: &mut Anywhere) {
        let first = usize::from(key.context);
        let contexts: [_; ENVIRONMENTS] = std::array::from_fn(|other| self.contexts.row(first + other));
        self.each_word(0, key, contexts, |word, rules| anywhere.add(word, rules));
    }

    /// The rules that count of those that cover a question; `anywhere` is what it gave for [`anywhere`](Self::anywhere).
    #[inline]
    pub(super) fn hits(
        &self,
        anywhere: &Anywhere,
        context: u8,
        key: impl FnOnce() -> Key,
        (held, counts): (ConditionSet, Counts),
    ) -> Hits {
        match anywhere.single() {
            Some((word, rules)) => {
                let rules = rules & self.contexts.word(usize::from(context), self.summary + word);
                Hits::new(word, self.counting(word, rules, held, counts))
            }
            None => self.hits_of_many(anywhere, context, key, (held, counts)),
        }
    }

    #[inline(never)]
    fn hits_of_many(
        &self,
        anywhere: &Anywhere,
        context: u8,
        key: impl FnOnce() -> Key,
        (held, counts): (ConditionSet, Counts),
    ) -> Hits {
        let mut hits = Hits::default();
        for (word, rules) in anywhere.words() {
            let rules = rules & self.contexts.word(usize::from(context), self.summary + word);
            let counting = self.counting(word, rules, held, counts);
            if counting != 0 {
                if !hits.is_empty() {
                    return hits.with_more();
                }
                hits = Hits::new(word, counting);
            }
        }
        match anywhere.more {
            None => hits,
            Some(from) => hits.and_then(self.hits_from(from as usize, &key(), held, counts)),
        }
    }

    #[inline]
    fn cell(&self, key: &Key) -> usize {
        usize::from(key.action).wrapping_mul(self.categories).wrapping_add(usize::from(key.category))
    }

    /// The rules that count, from a word of 64 rules on.
    #[inline(never)]
    fn hits_from(&self, from: usize, key: &Key, held: ConditionSet, counts: Counts) -> Hits {
        let mut hits = Hits::default();
        self.each_word(from, key, [self.contexts.row(usize::from(key.context))], |word, rules| {
            let counting = self.counting(word, rules, held, counts);
            if counting == 0 {
                return ControlFlow::Continue(());
            }
            if !hits.is_empty() {
                hits = hits.with_more();
                return ControlFlow::Break(());
            }
            hits = Hits::new(word, counting);
            ControlFlow::Continue(())
        });
        hits
    }

    /// Goes through the rules that cover a question in one of these contexts, word by word from one on: what the summary leaves of them.
    #[inline]
    fn each_word<const N: usize>(
        &self,
        from: usize,
        key: &Key,
        contexts: [&[u64]; N],
        mut visit: impl FnMut(usize, u64) -> ControlFlow<()>,
    ) {
        let (cell, purpose) = (self.cells.row(self.cell(key)), self.purposes.row(usize::from(key.purpose)));
        let covering = |at: usize| {
            let word = |row: &[u64]| row.get(at).copied().unwrap_or_default();
            let context = contexts.iter().fold(0, |rules, row| rules | word(row));
            let covered = word(cell) & word(purpose) & context;
            if covered == 0 { 0 } else { covered & self.of_roles(&key.roles, at) }
        };
        let mut begun = u64::MAX << (from % 64);
        for at in from / 64..self.summary {
            let mut words = covering(at) & std::mem::replace(&mut begun, u64::MAX);
            while words != 0 {
                let word = at * 64 + words.trailing_zeros() as usize;
                words &= words - 1;
                let rules = covering(self.summary + word);
                if rules != 0 && visit(word, rules).is_break() {
                    return;
                }
            }
        }
    }

    /// Those that count of some rules of a word.
    #[inline]
    fn counting(&self, word: usize, mut rules: u64, held: ConditionSet, counts: Counts) -> u64 {
        let mut counting = 0;
        while rules != 0 {
            let bit = rules & rules.wrapping_neg();
            if counts.counts(self.needs(word << 6 | rules.trailing_zeros() as usize), held) {
                counting |= bit;
            }
            rules ^= bit;
        }
        counting
    }

    /// The first rule of hits that are not empty, and the hits after it: of the next words, when it is the last of its word.
    #[inline]
    pub(super) fn take(
        &self,
        hits: Hits,
        key: impl FnOnce() -> Key,
        held: ConditionSet,
        counts: Counts,
    ) -> (usize, Hits) {
        let left = hits.rest();
        let left = match left.is_empty() && hits.has_more() {
            true => self.hits_from(hits.word() + 1, &key(), held, counts),
            false => left,
        };
        (hits.first(), left)
    }

    /// What a rule needs to hold: an allowing one to allow, a denying one not to deny.
    #[inline]
    pub(super) fn needs(&self, rule: usize) -> ConditionSet {
        self.needs.get(rule).copied().unwrap_or(NEVER)
    }
}

/// What rules are looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) action: u8,
    pub(super) category: u8,
    pub(super) purpose: u8,
    pub(super) context: u8,
    pub(super) roles: Roles,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from a seed (a linear congruential generator), below a bound.
    fn numbers(mut seed: u64) -> impl FnMut(usize) -> usize {
        move |bound| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % bound
        }
    }

    const SHAPE: (usize, usize, usize) = (256, 3, 4);

    fn coverage(below: &mut impl FnMut(usize) -> usize) -> Coverage {
        let (roles, categories, purposes) = SHAPE;
        let count = below(4);
        Coverage {
            roles: (count > 0).then(|| (0..count).map(|_| below(roles)).collect()),
            actions: vec![Action::ALL[below(5)], Action::ALL[below(5)]],
            categories: vec![below(categories), below(categories)],
            purposes: vec![below(purposes), below(purposes), below(purposes)],
            levels: Level::ALL[..=below(4)].to_vec(),
            kinds: vec![PrincipalKind::ALL[below(2)], PrincipalKind::ALL[below(2)]],
            environments: vec![Environment::ALL[below(3)], Environment::ALL[below(3)]],
            needs: below(1_000) as u64,
        }
    }

    /// One word and its neighbour, one word of the summary and its neighbour; roles that are few, at the bound of few, and many.
    #[test]
    fn the_index_gives_the_rules_that_cover_a_question_in_order() {
        let (mut found, mut further) = (0, 0);
        for (seed, count) in [0, 1, 63, 64, 65, 128, 4_095, 4_096, 4_097, 8_200].into_iter().enumerate() {
            let mut below = numbers(seed as u64 + 1);
            let rules: Vec<Coverage> = (0..count).map(|_| coverage(&mut below)).collect();
            let index = Rules::new(&rules, SHAPE);
            for few in [0, 1, 5, 6, 7, 40, 256].repeat(8) {
                let asked: Vec<usize> = (0..few).map(|at| if few == 256 { at } else { below(256) }).collect();
                let mut roles = Roles::default();
                asked.iter().for_each(|role| roles.insert(*role as u8));
                let (action, category, purpose) = (Action::ALL[below(5)], below(SHAPE.1), below(SHAPE.2));
                let (level, kind) = (Level::ALL[below(4)], PrincipalKind::ALL[below(2)]);
                let environment = Environment::ALL[below(3)];
                let context = context(level, kind, environment);
                let (cell, purpose_number) = (category as u8, purpose as u8);
                let key =
                    Key { action: action as u8, category: cell, purpose: purpose_number, context, roles };
                let covers = |rule: &Coverage| {
                    rule.roles.as_ref().is_none_or(|roles| roles.iter().any(|role| asked.contains(role)))
                        && rule.actions.contains(&action)
                        && rule.categories.contains(&category)
                        && rule.purposes.contains(&purpose)
                        && rule.levels.contains(&level)
                        && rule.kinds.contains(&kind)
                        && rule.environments.contains(&environment)
                };
                let expected: Vec<usize> = (0..count).filter(|rule| covers(&rules[*rule])).collect();
                // All that they need is held.
                let anywhere = index.anywhere(&key);
                further += usize::from(anywhere.more.is_some());
                let mut hits = index.hits(&anywhere, context, || key, (u64::MAX, Counts::Held));
                let mut covering = Vec::new();
                while !hits.is_empty() {
                    let (rule, left) = index.take(hits, || key, u64::MAX, Counts::Held);
                    covering.push(rule);
                    hits = left;
                }
                assert_eq!(covering, expected, "{count} rules, {few} roles");
                found += expected.len();
            }
            assert!((0..count).all(|rule| index.needs(rule) == rules[rule].needs));
            assert_eq!(index.needs(count), NEVER, "a rule that there is not needs what never holds");
        }
        // Some cover more than is held without looking again.
        assert!(found > 1_000 && further > 10, "{found}, {further}");
    }
}
