//! Rules as bits, so that a decision touches those alone that can apply.
//!
//! Every value of an attribute has a row with a bit for each rule that covers it; the rules for a question are the intersection of its
//! rows. A row begins with a summary, one bit for each word of 64 rules that is not empty, so that words without a rule are not read: the
//! work grows with the rules that apply, not with those that there are.

use super::conditions::{ConditionSet, NEVER};
use super::words::{Action, Environment, PrincipalKind};
use crate::core::classification::Level;

const CONTEXTS: usize = Level::ALL.len() * PrincipalKind::ALL.len() * Environment::ALL.len();

/// The number of a level, kind of principal and environment, taken together.
#[inline]
pub(super) const fn context(level: Level, kind: PrincipalKind, environment: Environment) -> u8 {
    (level as u8 * PrincipalKind::ALL.len() as u8 + kind as u8) * Environment::ALL.len() as u8
        + environment as u8
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

    /// The rules that cover a question, whatever conditions they have; from a word of 64 of them on.
    fn covering<'r>(&'r self, key: &'r Key, from: usize) -> Covering<'r> {
        let mut covering = Covering {
            rules: self,
            key,
            cell: self.cells.row(self.cell(key)),
            context: self.contexts.row(usize::from(key.context)),
            purpose: self.purposes.row(usize::from(key.purpose)),
            next_summary: from / 64,
            summary: 0,
            word: 0,
            bits: 0,
        };
        // Of the summary in which it begins, the words before are left out.
        if covering.next_summary < self.summary {
            covering.summary = covering.intersect(covering.next_summary) & (u64::MAX << (from % 64));
            covering.next_summary += 1;
        }
        covering
    }

    /// In a word of the rows, the rules that ask for one of these roles, or for none.
    #[inline]
    fn of_roles(&self, roles: &Roles, at: usize) -> u64 {
        let mut rules = self.anyone.word(0, at);
        roles.each(|role| rules |= self.roles.word(role, at));
        rules
    }

    /// Of a policy with no more rules than a word has bits: those that cover a question wherever, at whatever level and of whichever
    /// kind of principal it is asked. `None` for more rules.
    #[inline]
    pub(super) fn anywhere(&self, key: &Key) -> Option<u64> {
        if self.needs.len() > 64 {
            return None;
        }
        let at = self.summary;
        let covered = self.cells.word(self.cell(key), at) & self.purposes.word(usize::from(key.purpose), at);
        Some(if covered == 0 { 0 } else { covered & self.of_roles(&key.roles, at) })
    }

    /// The rules that count of those that cover a question; `anywhere` is what the question gave for [`anywhere`](Self::anywhere).
    #[inline]
    pub(super) fn hits(
        &self,
        anywhere: Option<u64>,
        context: u8,
        key: &Key,
        (held, counts): (ConditionSet, Counts),
    ) -> Hits {
        let Some(anywhere) = anywhere else {
            return self.hits_from(0, &Key { context, ..*key }, held, counts);
        };
        let mut rest = anywhere & self.contexts.word(usize::from(context), self.summary);
        let mut bits = 0;
        while rest != 0 {
            let bit = rest & rest.wrapping_neg();
            if counts.counts(self.needs(rest.trailing_zeros() as usize), held) {
                bits |= bit;
            }
            rest ^= bit;
        }
        Hits { bits, word: 0, more: false }
    }

    #[inline]
    fn cell(&self, key: &Key) -> usize {
        usize::from(key.action).wrapping_mul(self.categories).wrapping_add(usize::from(key.category))
    }

    /// The same from a word on, of many rules.
    #[inline(never)]
    fn hits_from(&self, word: usize, key: &Key, held: ConditionSet, counts: Counts) -> Hits {
        let mut hits = Hits::default();
        for rule in self.covering(key, word).filter(|rule| counts.counts(self.needs(*rule), held)) {
            let word = u32::try_from(rule / 64).unwrap_or(u32::MAX);
            if hits.bits == 0 {
                hits.word = word;
            } else if hits.word != word {
                hits.more = true;
                break;
            }
            hits.bits |= 1 << (rule % 64);
        }
        hits
    }

    /// Takes the first rule out of hits that are not empty, and looks for those of the next words when it was the last of its word.
    #[inline]
    pub(super) fn take(
        &self,
        hits: &mut Hits,
        key: impl FnOnce() -> Key,
        held: ConditionSet,
        counts: Counts,
    ) -> usize {
        let rule = hits.first();
        hits.bits &= hits.bits.wrapping_sub(1);
        if hits.bits == 0 && hits.more {
            *hits = self.hits_from(hits.word as usize + 1, &key(), held, counts);
        }
        rule
    }

    /// What a rule needs to hold: an allowing one to allow, a denying one not to deny.
    #[inline]
    pub(super) fn needs(&self, rule: usize) -> ConditionSet {
        self.needs.get(rule).copied().unwrap_or(NEVER)
    }
}

/// Which of the rules that cover a question count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// Those of which everything that they need is held: an allowing rule allows.
    Held,
    /// Those of which something that they need is not: a denying rule is not lifted.
    NotHeld,
}

impl Counts {
    #[inline]
    const fn counts(self, needs: ConditionSet, held: ConditionSet) -> bool {
        (needs & !held == 0) == matches!(self, Self::Held)
    }
}

/// The rules that count, those of the first word of 64 that has any; of a policy with no more rules that is all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hits {
    bits: u64,
    word: u32,
    /// Later words have some, too.
    more: bool,
}

impl Hits {
    #[inline]
    pub(super) const fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// The rule, where there is one alone.
    #[inline]
    pub(super) const fn single(self) -> Option<usize> {
        if self.bits.is_power_of_two() && !self.more { Some(self.first()) } else { None }
    }

    #[inline]
    const fn first(self) -> usize {
        self.word as usize * 64 + self.bits.trailing_zeros() as usize
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

/// Goes through the numbers of the rules that cover a question, in order.
#[derive(Debug)]
pub(super) struct Covering<'r> {
    rules: &'r Rules,
    key: &'r Key,
    cell: &'r [u64],
    context: &'r [u64],
    purpose: &'r [u64],
    next_summary: usize,
    summary: u64,
    word: usize,
    bits: u64,
}

impl Covering<'_> {
    /// The rules in a word of the rows, or the words of a summary.
    #[inline]
    fn intersect(&self, at: usize) -> u64 {
        let word = |row: &[u64]| row.get(at).copied().unwrap_or_default();
        let covered = word(self.cell) & word(self.context) & word(self.purpose);
        if covered == 0 { 0 } else { covered & self.rules.of_roles(&self.key.roles, at) }
    }
}

impl Iterator for Covering<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        loop {
            if self.bits != 0 {
                let rule = self.word * 64 + self.bits.trailing_zeros() as usize;
                self.bits &= self.bits - 1;
                return Some(rule);
            }
            if self.summary != 0 {
                self.word = (self.next_summary - 1) * 64 + self.summary.trailing_zeros() as usize;
                self.summary &= self.summary - 1;
                self.bits = self.intersect(self.rules.summary + self.word);
                continue;
            }
            if self.next_summary == self.rules.summary {
                return None;
            }
            self.summary = self.intersect(self.next_summary);
            self.next_summary += 1;
        }
    }
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
        let mut found = 0;
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
                assert_eq!(
                    index.covering(&key, 0).collect::<Vec<_>>(),
                    expected,
                    "{count} rules, {few} roles"
                );
                found += expected.len();
            }
            assert!((0..count).all(|rule| index.needs(rule) == rules[rule].needs));
            assert_eq!(index.needs(count), NEVER, "a rule that there is not needs what never holds");
        }
        assert!(found > 1_000, "{found}");
    }
}
