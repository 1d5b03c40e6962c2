//! What a search among the rules found: those that cover a question, and of them those that count.

use std::ops::ControlFlow;

use super::conditions::ConditionSet;

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
    pub(super) const fn counts(self, needs: ConditionSet, held: ConditionSet) -> bool {
        (needs & !held == 0) == matches!(self, Self::Held)
    }
}

/// How many words of the rules that cover a question it holds itself: all, but of policies with a great many.
const WORDS: usize = 6;

/// The rules that cover a question whatever is known beside it, in words of 64.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Anywhere {
    rules: [u64; WORDS],
    words: [u16; WORDS],
    count: u16,
    /// From which word on there are more.
    pub(super) more: Option<u32>,
}

impl Anywhere {
    #[inline]
    pub(super) fn add(&mut self, word: usize, rules: u64) -> ControlFlow<()> {
        let at = usize::from(self.count);
        match (self.rules.get_mut(at), self.words.get_mut(at), u16::try_from(word)) {
            (Some(free), Some(number), Ok(word)) => {
                (*free, *number) = (rules, word);
                self.count += 1;
                ControlFlow::Continue(())
            }
            _ => {
                self.more = u32::try_from(word).ok();
                ControlFlow::Break(())
            }
        }
    }

    /// The only word, where there is none beside it.
    #[inline]
    pub(super) fn single(&self) -> Option<(usize, u64)> {
        let ([rules, ..], [word, ..]) = (self.rules, self.words);
        (self.count <= 1 && self.more.is_none()).then_some((usize::from(word), rules))
    }

    #[inline]
    pub(super) fn words(&self) -> impl Iterator<Item = (usize, u64)> {
        let words = self.words.iter().map(|word| usize::from(*word)).zip(self.rules);
        words.take(usize::from(self.count))
    }
}

/// The rules that count, those of the first word of 64 that has any; of a policy with no more rules that is all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hits {
    rules: u64,
    /// The number of the word, and [`MORE`](Self::MORE).
    word: u64,
}

impl Hits {
    /// Later words have some, too.
    const MORE: u64 = 1 << 63;

    #[inline]
    pub(super) const fn new(word: usize, rules: u64) -> Self {
        Self { rules, word: word as u64 }
    }

    /// Without the first.
    #[inline]
    pub(super) const fn rest(self) -> Self {
        Self { rules: self.rules & self.rules.wrapping_sub(1), ..self }
    }

    #[inline]
    pub(super) const fn is_empty(self) -> bool {
        self.rules == 0
    }

    #[inline]
    pub(super) const fn with_more(self) -> Self {
        Self { word: self.word | Self::MORE, ..self }
    }

    #[inline]
    pub(super) const fn has_more(self) -> bool {
        self.word & Self::MORE != 0
    }

    #[inline]
    pub(super) const fn word(self) -> usize {
        (self.word & !Self::MORE) as usize
    }

    /// With those of later words.
    #[inline]
    pub(super) const fn and_then(self, later: Self) -> Self {
        match (self.is_empty(), later.is_empty()) {
            (true, _) => later,
            (false, true) => self,
            (false, false) => self.with_more(),
        }
    }

    /// The rule, where there is one alone.
    #[inline]
    pub(super) const fn single(self) -> Option<usize> {
        if self.rules.is_power_of_two() && !self.has_more() { Some(self.first()) } else { None }
    }

    #[inline]
    pub(super) const fn first(self) -> usize {
        self.word() << 6 | self.rules.trailing_zeros() as usize
    }
}
