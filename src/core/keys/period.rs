//! The crypto-period: for how long a key protects before another takes its place, and after which it protects no more.

use chrono::{DateTime, Utc};

use crate::core::period::Period;
use crate::core::policy::PolicyDocument;

/// For how long a key may seal, and an epoch take keys in (NIST SP 800-57 Part 1 rev. 5, section 5.3: the originator-usage period).
///
/// Where the policy has no `[keys]`, a key is replaced after a year and refused after two, the bound of section 5.3.6 for keys that
/// encrypt data or wrap keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CryptoPeriod {
    /// The soft limit: past it the next seal makes a new version. `None`: only a call does.
    pub rotate_after: Option<Period>,
    /// The hard limit: past it nothing is sealed under the version. `None`: there is none.
    pub refuse_after: Option<Period>,
    /// The age at which an epoch is followed by the next. `None`: only a call opens one.
    pub epoch_after: Option<Period>,
}

/// How old a key is for sealing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever seals must decide on each")]
pub enum KeyAge {
    /// It seals.
    Fresh,
    /// It is past the soft limit: another is to take its place, and until then it seals.
    Rotate,
    /// It is past the hard limit: it seals nothing.
    Refuse {
        /// The limit.
        limit: Period,
        /// Since when.
        since: DateTime<Utc>,
    },
}

impl CryptoPeriod {
    /// The soft limit of a policy that gives none.
    pub const DEFAULT_ROTATE: Period = Period::months(12);
    /// The hard limit of a policy that gives none: two years (NIST SP 800-57 Part 1 rev. 5, section 5.3.6).
    pub const DEFAULT_REFUSE: Period = Period::months(24);

    /// What a policy says, with the defaults where it says nothing.
    ///
    /// A policy with a hard limit alone wants to be told: no version follows another by itself there. One with a soft limit of two years
    /// or more has no hard limit but its own.
    #[must_use]
    pub fn of(document: &PolicyDocument) -> Self {
        let (rotate, refuse, epoch_after) = match &document.keys {
            Some(keys) => (keys.rotate_after, keys.refuse_after, keys.epoch_after),
            None => (None, None, None),
        };
        let rotate_after = match (rotate, refuse) {
            (None, None) => Some(Self::DEFAULT_ROTATE),
            _ => rotate,
        };
        let within = |soft: &Period| soft.approximate_seconds() < Self::DEFAULT_REFUSE.approximate_seconds();
        let refuse_after = refuse.or_else(|| rotate_after.filter(within).map(|_| Self::DEFAULT_REFUSE));
        Self { rotate_after, refuse_after, epoch_after }
    }

    /// How old a version is that was taken into use at `activated`.
    ///
    /// A clock that was put back makes no key old: one from the time to come is fresh. That it makes no old one young is for the store
    /// to say, where a version that was replaced or refused is written down as deactivated.
    #[must_use]
    pub fn judge(&self, activated: DateTime<Utc>, now: DateTime<Utc>) -> KeyAge {
        let past = |limit: Period| limit.after(activated) <= now;
        match (self.refuse_after, self.rotate_after) {
            (Some(limit), _) if past(limit) => KeyAge::Refuse { limit, since: limit.after(activated) },
            (_, Some(limit)) if past(limit) => KeyAge::Rotate,
            _ => KeyAge::Fresh,
        }
    }

    /// Whether an epoch that was opened at `opened` is to be followed by the next.
    #[must_use]
    pub fn is_epoch_over(&self, opened: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        self.epoch_after.is_some_and(|limit| limit.after(opened) <= now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::policy::KeyRules;

    fn period(rotate: Option<u32>, refuse: Option<u32>) -> CryptoPeriod {
        let day: chrono::NaiveDate = "2026-11-01".parse().unwrap();
        let mut document = PolicyDocument::new("notes", "Example GmbH", "1", day, day);
        let mut rules = KeyRules::new();
        rules.rotate_after = rotate.map(Period::days);
        rules.refuse_after = refuse.map(Period::days);
        document.keys = Some(rules);
        CryptoPeriod::of(&document)
    }

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day)
    }

    #[test]
    fn without_a_word_of_the_policy_a_key_is_replaced_after_a_year_and_refused_after_two() {
        let silent = period(None, None);
        assert_eq!(silent.rotate_after, Some(Period::months(12)));
        assert_eq!(silent.refuse_after, Some(Period::months(24)));
        assert_eq!(silent.judge(at(0), at(364)), KeyAge::Fresh);
        assert_eq!(silent.judge(at(0), at(365)), KeyAge::Rotate);
        assert!(matches!(silent.judge(at(0), at(730)), KeyAge::Refuse { .. }));
    }

    #[test]
    fn a_hard_limit_alone_waits_to_be_told_and_a_long_soft_one_has_no_other() {
        assert_eq!(period(None, Some(120)).rotate_after, None);
        assert_eq!(period(None, Some(120)).judge(at(0), at(119)), KeyAge::Fresh);
        assert_eq!(period(Some(90), None).refuse_after, Some(CryptoPeriod::DEFAULT_REFUSE));
        assert_eq!(period(Some(1_000), None).refuse_after, None);
    }

    proptest! {
        #[test]
        fn a_key_only_ages_and_one_of_the_time_to_come_is_fresh(
            soft in 1_u32..400, more in 1_u32..400, activated in 0_i64..1_000, age in -1_000_i64..1_000, later in 0_i64..1_000,
        ) {
            let period = period(Some(soft), Some(soft + more));
            let rank = |age| match age { KeyAge::Fresh => 0, KeyAge::Rotate => 1, KeyAge::Refuse { .. } => 2 };
            let judged = |age: i64| rank(period.judge(at(activated), at(activated + age)));
            prop_assert!(judged(age) <= judged(age + later));
            prop_assert!(age >= 0 || judged(age) == 0);
            let expected = match age {
                age if age >= i64::from(soft + more) => 2,
                age if age >= i64::from(soft) => 1,
                _ => 0,
            };
            prop_assert_eq!(judged(age), expected);
        }
    }
}
