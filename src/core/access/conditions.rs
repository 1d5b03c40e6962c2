//! The conditions of a policy as bits: each different one is a number, a rule needs a set of them, and a question holds a set of them.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::asked::Asked;
use super::facts::Facts;
use super::hours::Hours;
use super::question::Question;
use crate::core::authentication::{Amr, Method};
use crate::core::period::Period;
use crate::core::policy::{Conditions, PolicyDocument, Transport};

/// A set of conditions of one policy, by their numbers.
pub(crate) type ConditionSet = u64;

/// Most different conditions of a policy; the last bit stands for what never holds.
pub(crate) const MAX_CONDITIONS: usize = 63;

/// What no question holds: in the needs of a denial that nothing lifts.
pub(super) const NEVER: ConditionSet = 1 << MAX_CONDITIONS;

/// One condition on the facts of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    MfaWithin(Period),
    MfaBy(BTreeSet<Method>),
    TrainedWithin(Period),
    Authorization,
    AssignedCase,
    TermsAccepted,
    ManagedDevice,
    Transport(BTreeSet<Transport>),
    Hours(Hours),
}

/// The conditions that a table of a policy asks for, one by one.
pub(crate) fn conditions_of(table: &Conditions) -> impl Iterator<Item = Condition> + '_ {
    [
        table.mfa_within.map(Condition::MfaWithin),
        (!table.mfa_by.is_empty()).then(|| Condition::MfaBy(table.mfa_by.clone())),
        table.trained_within.map(Condition::TrainedWithin),
        table.authorization.map(|_live| Condition::Authorization),
        table.assigned_case.then_some(Condition::AssignedCase),
        table.terms_accepted.then_some(Condition::TermsAccepted),
        table.managed_device.then_some(Condition::ManagedDevice),
        (!table.transport.is_empty()).then(|| Condition::Transport(table.transport.clone())),
        table.hours.map(Condition::Hours),
    ]
    .into_iter()
    .flatten()
}

/// Every condition of a document: of its rules, and those of its levels; some more than once.
pub(crate) fn every_condition(document: &PolicyDocument) -> impl Iterator<Item = Condition> + '_ {
    let levels = document.levels.values().filter_map(|level| level.mfa_within).map(Condition::MfaWithin);
    let allow = document.access.allow.iter().filter_map(|rule| rule.when.as_ref());
    let deny = document.access.deny.iter().filter_map(|rule| rule.unless.as_ref());
    levels.chain(allow.chain(deny).flat_map(conditions_of))
}

/// Which of two ages is always the longer one; `None` where that depends on the calendar, as between a month and 30 days.
pub(crate) fn compare_ages(one: Period, other: Period) -> Option<Ordering> {
    if one == other {
        return Some(Ordering::Equal);
    }
    // More months are longer, and so is more beside as many.
    let beside = |age: Period| age.bounds().0.saturating_sub(Period::months(age.whole_months()).bounds().0);
    let (months, rest) = (one.whole_months().cmp(&other.whole_months()), beside(one).cmp(&beside(other)));
    if months == rest || rest == Ordering::Equal {
        return Some(months);
    }
    if months == Ordering::Equal {
        return Some(rest);
    }
    let ((one_least, one_most), (other_least, other_most)) = (one.bounds(), other.bounds());
    match (one_most < other_least, other_most < one_least) {
        (true, _) => Some(Ordering::Less),
        (_, true) => Some(Ordering::Greater),
        (false, false) => None,
    }
}

/// The numbered conditions of a policy, sorted by what they are decided from.
#[derive(Debug, Default)]
pub(crate) struct ConditionTable {
    list: Vec<Condition>,
    mfa: Ages,
    training: Ages,
    hours: Vec<(Hours, ConditionSet)>,
    transports: Vec<(BTreeSet<Transport>, ConditionSet)>,
    methods: Vec<(Amr, ConditionSet)>,
    authorization: ConditionSet,
    assigned_case: ConditionSet,
    terms: ConditionSet,
    device: ConditionSet,
}

/// The conditions on how long ago something happened, by the greatest age that each admits.
#[derive(Debug, Default)]
struct Ages {
    /// In seconds.
    exact: Vec<(i64, ConditionSet)>,
    /// Those that the calendar counts.
    calendar: Vec<(Period, ConditionSet)>,
}

impl Ages {
    fn add(&mut self, greatest: Period, bit: ConditionSet) {
        match greatest.exact() {
            Some(exact) => self.exact.push((exact.num_seconds(), bit)),
            None => self.calendar.push((greatest, bit)),
        }
    }

    /// Those that hold; nothing that lies in the future fulfils one. `happened` gives the moment itself, up to now, for the calendar.
    #[inline]
    fn held(
        &self,
        then: Instant,
        now: Instant,
        happened: impl Fn() -> (Option<DateTime<Utc>>, DateTime<Utc>),
    ) -> ConditionSet {
        let (least, most) = now.since(then);
        let mut held = 0;
        for (greatest, bit) in &self.exact {
            held |= when(most <= *greatest, *bit);
        }
        if !self.calendar.is_empty() {
            held |= self.held_by_calendar(happened());
        }
        if least >= 0 { held } else { 0 }
    }

    #[inline(never)]
    fn held_by_calendar(&self, (then, now): (Option<DateTime<Utc>>, DateTime<Utc>)) -> ConditionSet {
        let covers = |greatest: Period| then.is_some_and(|then| now <= greatest.after(then));
        self.calendar.iter().fold(0, |held, (greatest, bit)| held | when(covers(*greatest), *bit))
    }
}

/// A moment in seconds, counted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant {
    seconds: i64,
    nanoseconds: i64,
}

impl Instant {
    /// Of something that happened; what never did lies at the end of time, and so always in the future.
    #[inline]
    pub(super) const fn of(at: Option<DateTime<Utc>>) -> Self {
        match at {
            Some(at) => Self { seconds: at.timestamp(), nanoseconds: at.timestamp_subsec_nanos() as i64 },
            None => Self { seconds: i64::MAX / 2, nanoseconds: 0 },
        }
    }

    /// Whole seconds since another, rounded down and rounded up.
    #[inline]
    const fn since(self, then: Self) -> (i64, i64) {
        let seconds = self.seconds.wrapping_sub(then.seconds);
        let nanoseconds = self.nanoseconds.wrapping_sub(then.nanoseconds);
        (seconds.wrapping_sub((nanoseconds < 0) as i64), seconds.wrapping_add((nanoseconds > 0) as i64))
    }
}

impl ConditionTable {
    /// Of a checked document, which has at most [`MAX_CONDITIONS`].
    pub(super) fn of(document: &PolicyDocument) -> Self {
        let mut table = Self::default();
        for condition in every_condition(document) {
            if !table.list.contains(&condition) {
                table.add(condition);
            }
        }
        table
    }

    fn add(&mut self, condition: Condition) {
        let bit = 1 << self.list.len().min(MAX_CONDITIONS);
        match &condition {
            Condition::MfaWithin(within) => self.mfa.add(*within, bit),
            Condition::TrainedWithin(within) => self.training.add(*within, bit),
            Condition::Authorization => self.authorization = bit,
            Condition::AssignedCase => self.assigned_case = bit,
            Condition::TermsAccepted => self.terms = bit,
            Condition::ManagedDevice => self.device = bit,
            Condition::Transport(admitted) => self.transports.push((admitted.clone(), bit)),
            Condition::Hours(hours) => self.hours.push((*hours, bit)),
            Condition::MfaBy(methods) => {
                self.methods.push((methods.iter().copied().fold(Amr::default(), Amr::with), bit));
            }
        }
        self.list.push(condition);
    }

    /// The numbers of what a table asks for.
    pub(super) fn set_of(&self, table: &Conditions) -> ConditionSet {
        conditions_of(table).fold(0, |set, condition| set | self.bit(&condition))
    }

    /// The number of a condition; what the policy does not know never holds.
    pub(super) fn bit(&self, condition: &Condition) -> ConditionSet {
        self.list.iter().position(|known| known == condition).map_or(NEVER, |at| 1 << at)
    }

    /// Every condition of the policy once, in order of their numbers.
    pub(super) fn all(&self) -> &[Condition] {
        &self.list
    }

    /// The conditions of a set, in order of their numbers.
    pub(super) fn of_set(&self, set: ConditionSet) -> impl Iterator<Item = &Condition> {
        self.list.iter().enumerate().filter(move |(at, _)| set >> at & 1 == 1).map(|(_, condition)| condition)
    }

    /// Whether a rule asks for the terms to be accepted.
    pub(super) const fn asks_for_terms(&self) -> bool {
        self.terms != 0
    }

    /// What holds because of the question alone.
    pub(super) fn held_by_question(&self, question: &Question) -> ConditionSet {
        let held = when(question.case().holds(), self.assigned_case)
            | when(question.principal().managed_device().holds(), self.device);
        let held = match question.principal().second_factor() {
            Some(verified) => self
                .methods
                .iter()
                .fold(held, |held, (methods, bit)| held | when(verified.amr().contains_any(*methods), *bit)),
            None => held,
        };
        self.transports.iter().fold(held, |held, (admitted, bit)| {
            held | when(question.transport().known().is_some_and(|over| admitted.contains(&over)), *bit)
        })
    }

    /// What holds because of the facts: the time among them.
    #[inline]
    pub(super) fn held_by_facts(&self, asked: &Asked<'_>, facts: &Facts) -> ConditionSet {
        let (now, principal) = (facts.instant(), asked.question().principal());
        let held = when(facts.authorization_live.holds(), self.authorization)
            | when(facts.terms_accepted.holds(), self.terms)
            | self.mfa.held(asked.mfa, now, || (principal.last_mfa(), facts.now()))
            | self.training.held(asked.training, now, || (principal.last_trained(), facts.now()));
        self.hours.iter().fold(held, |held, (hours, bit)| held | when(hours.hold(facts.now()), *bit))
    }
}

#[inline]
fn when(holds: bool, bit: ConditionSet) -> ConditionSet {
    if holds { bit } else { 0 }
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;

    fn compared(one: &str, other: &str) -> Option<Ordering> {
        compare_ages(one.parse().unwrap(), other.parse().unwrap())
    }

    #[test]
    fn ages_that_the_calendar_could_swap_have_no_order() {
        for (one, other) in [("1 month", "30 days"), ("1 year", "365 days"), ("31 days", "1 month")] {
            assert_eq!((compared(one, other), compared(other, one)), (None, None), "{one}, {other}");
        }
    }

    #[test]
    fn ages_of_one_unit_are_always_ordered() {
        for (less, more) in [
            ("10 months", "11 months"),
            ("11 months", "1 year"),
            ("59 minutes", "1 hour"),
            ("27 days", "1 month"),
            ("1 month", "32 days"),
            ("23 hours", "1 day"),
            ("99999 years", "100000 years"),
        ] {
            let both = (compared(less, more), compared(more, less));
            assert_eq!(both, (Some(Ordering::Less), Some(Ordering::Greater)), "{less}, {more}");
        }
        assert_eq!(compared("24 hours", "1440 minutes"), Some(Ordering::Equal));
        assert_eq!(compared("12 months", "1 year"), Some(Ordering::Equal));
        assert_eq!(compared("7 days", "168 hours"), Some(Ordering::Equal));
    }

    proptest! {
        /// An order is one that every day of some years agrees with.
        #[test]
        fn an_order_of_ages_is_that_of_every_day(one in age(), other in age(), day in 0_u64..3_000) {
            let start: DateTime<Utc> = "2023-12-31T23:59:59Z".parse().unwrap();
            let start = start.checked_add_days(Days::new(day)).unwrap();
            if let Some(order) = compare_ages(one, other) {
                prop_assert_eq!(one.after(start).cmp(&other.after(start)), order, "{} {} {}", one, other, start);
                prop_assert_eq!(compare_ages(other, one), Some(order.reverse()));
            }
        }
    }

    fn age() -> impl Strategy<Value = Period> {
        prop_oneof![
            (1_u32..40).prop_map(Period::months),
            (1_u32..1_000).prop_map(Period::days),
            (1_u32..5_000).prop_map(Period::hours),
        ]
    }
}
