//! When a destruction may be certified: every copy that could bring the data back is dead.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::core::policy::Backups;

/// Keys that were destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeysGone {
    /// When the live keys were destroyed.
    pub at: DateTime<Utc>,
    /// Number of key versions.
    pub versions: u32,
    /// The epochs under which copies of them are wrapped in backups of the key store.
    pub epochs: BTreeSet<u32>,
    /// Since when the first of them was known as compromised, where one was: a copy that others took dies with no destruction.
    #[serde(default)]
    pub compromised: Option<DateTime<Utc>>,
}

impl KeysGone {
    /// Keys that were destroyed at that time.
    #[must_use]
    pub const fn new(at: DateTime<Utc>, versions: u32, epochs: BTreeSet<u32>) -> Self {
        Self { at, versions, epochs, compromised: None }
    }
}

/// A kind of copy (the inventory that NIST SP 800-88 wants before cryptographic erase is relied upon).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a reader of a certificate must understand each")]
pub enum CopyKind {
    /// The live records.
    Records,
    /// The live keys.
    Keys,
    /// Backups of the records.
    RecordBackups,
    /// Backups of the key store.
    KeyStoreBackups,
}

/// From when a kind of copy is dead, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CopyFate {
    /// The kind of copy.
    pub copy: CopyKind,
    /// From when; `None`: nothing says when, so that nothing may be certified.
    pub dead_from: Option<DateTime<Utc>>,
    /// Why.
    pub because: String,
    /// The epochs for whose destruction it waits: with the last of them it is dead, if not before.
    #[serde(default)]
    pub waits_for: BTreeSet<u32>,
}

impl fmt::Display for CopyFate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let copy = match self.copy {
            CopyKind::Records => "live records",
            CopyKind::Keys => "live keys",
            CopyKind::RecordBackups => "backups of the records",
            CopyKind::KeyStoreBackups => "backups of the key store",
        };
        match self.dead_from {
            Some(at) => write!(f, "{copy} dead from {at}: {}", self.because),
            None => write!(f, "{copy} not dead: {}", self.because),
        }
    }
}

/// Whether a destruction may be certified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host must decide on both")]
pub enum Certifiable {
    /// Every copy is dead, the last since then.
    Since(DateTime<Utc>),
    /// Not yet: until then, or (`None`) until something is done about the copies that have no end.
    Not {
        /// When it can be, if nothing else happens.
        until: Option<DateTime<Utc>>,
    },
}

/// What becomes of every copy: of data whose live rows are gone since `rows_gone`, whose keys are gone as `keys` says, where
/// `dead_epochs` tells from when the provider's keys of epochs are destroyed.
///
/// A backup of the key store dies with the destruction of its epoch or at its horizon, whichever comes first; a backup of the records
/// dies with the last copy of the keys, or at its own horizon.
#[must_use]
pub fn fates(
    rows_gone: Option<DateTime<Utc>>,
    keys: Option<&KeysGone>,
    dead_epochs: &BTreeMap<u32, DateTime<Utc>>,
    backups: Option<&Backups>,
) -> Vec<CopyFate> {
    let records = CopyFate {
        copy: CopyKind::Records,
        dead_from: rows_gone,
        because: rows_gone.map_or("rows are still to be deleted", |_| "deleted").to_owned(),
        waits_for: BTreeSet::new(),
    };
    let horizon = backups.and_then(|backups| backups.records);
    let by_horizon = horizon.zip(rows_gone).map(|(horizon, gone)| horizon.after(gone));
    let Some(keys) = keys else {
        let because = match horizon {
            Some(horizon) => format!("no backup is older than {horizon}"),
            None => "the policy gives no horizon for backups of records".to_owned(),
        };
        let fate = CopyFate {
            copy: CopyKind::RecordBackups,
            dead_from: by_horizon,
            because,
            waits_for: BTreeSet::new(),
        };
        return vec![records, fate];
    };
    let key_copies = key_store_backups(keys, dead_epochs, backups);
    let by_keys = key_copies.dead_from.map(|dead| dead.max(keys.at));
    let earlier = match (by_keys, by_horizon) {
        (Some(keys), Some(horizon)) => Some(keys.min(horizon)),
        (keys, horizon) => keys.or(horizon),
    };
    vec![
        records,
        CopyFate {
            copy: CopyKind::Keys,
            dead_from: Some(keys.at),
            because: match keys.compromised {
                None => format!("{} destroyed", counted(keys.versions)),
                Some(since) => format!(
                    "{} destroyed; known as compromised since {since}: others may have copies that are not listed here",
                    counted(keys.versions)
                ),
            },
            waits_for: BTreeSet::new(),
        },
        CopyFate {
            copy: CopyKind::RecordBackups,
            dead_from: earlier,
            because: "no copy of their key is left, or none is that old".to_owned(),
            waits_for: key_copies.waits_for.clone(),
        },
        key_copies,
    ]
}

/// Whether all of these copies are dead at `now`.
#[must_use]
pub fn certifiable(fates: &[CopyFate], now: DateTime<Utc>) -> Certifiable {
    let last = fates
        .iter()
        .try_fold(DateTime::<Utc>::MIN_UTC, |last, fate| fate.dead_from.map(|dead| last.max(dead)));
    match last {
        Some(last) if last <= now => Certifiable::Since(last),
        until => Certifiable::Not { until },
    }
}

fn key_store_backups(
    keys: &KeysGone,
    dead_epochs: &BTreeMap<u32, DateTime<Utc>>,
    backups: Option<&Backups>,
) -> CopyFate {
    let horizon = backups.and_then(|backups| backups.key_store).map(|horizon| horizon.after(keys.at));
    let by_epochs = keys
        .epochs
        .iter()
        .try_fold(keys.at, |last, epoch| dead_epochs.get(epoch).map(|dead| last.max(*dead)));
    let waits_for: BTreeSet<u32> =
        keys.epochs.iter().filter(|epoch| !dead_epochs.contains_key(epoch)).copied().collect();
    let (dead_from, because) = match (by_epochs, horizon) {
        (Some(epochs), Some(horizon)) if horizon < epochs => (Some(horizon), "none is that old".to_owned()),
        (Some(epochs), _) => (Some(epochs), "the provider's key of their epoch is destroyed".to_owned()),
        (None, Some(horizon)) => {
            let because = format!("none is that old then, or {} destroyed before", named(&waits_for));
            (Some(horizon), because)
        }
        (None, None) => {
            let what = named(&waits_for);
            let because =
                format!("{what} not destroyed, and the policy gives no horizon for backups of the key store");
            (None, because)
        }
    };
    CopyFate { copy: CopyKind::KeyStoreBackups, dead_from, because, waits_for }
}

fn named(epochs: &BTreeSet<u32>) -> String {
    let numbers: Vec<String> = epochs.iter().map(ToString::to_string).collect();
    match numbers.as_slice() {
        [one] => format!("epoch {one} is"),
        _ => format!("epochs {} are", numbers.join(", ")),
    }
}

fn counted(versions: u32) -> String {
    format!("{versions} key version{}", if versions == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::period::Period;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day)
    }

    fn backups(records: Option<u32>, key_store: Option<u32>) -> Backups {
        let mut backups = Backups::new();
        backups.records = records.map(Period::days);
        backups.key_store = key_store.map(Period::days);
        backups
    }

    #[test]
    fn destroyed_keys_are_not_enough_while_a_backup_of_them_lives() {
        let keys = KeysGone::new(at(10), 1, BTreeSet::from([1]));
        let none = BTreeMap::new();
        let horizon = backups(Some(35), Some(35));
        let fates_now = fates(Some(at(11)), Some(&keys), &none, Some(&horizon));
        assert_eq!(certifiable(&fates_now, at(12)), Certifiable::Not { until: Some(at(45)) });
        assert_eq!(certifiable(&fates_now, at(45)), Certifiable::Since(at(45)));

        let endless = fates(Some(at(11)), Some(&keys), &none, None);
        assert_eq!(certifiable(&endless, at(10_000)), Certifiable::Not { until: None });
        let waiting: Vec<_> = endless.iter().map(|fate| fate.waits_for.len()).collect();
        assert_eq!(waiting, [0, 0, 1, 1], "backups of both wait for epoch 1");
        assert!(endless[3].because.starts_with("epoch 1 is not destroyed"), "{}", endless[3]);
    }

    /// A provider that delays (a KMS: 7 to 30 days) dates the certificate; until then the horizon may end the copies before.
    #[test]
    fn a_destruction_that_is_delayed_dates_the_certificate() {
        let keys = KeysGone::new(at(10), 1, BTreeSet::from([1]));
        let delayed = BTreeMap::from([(1, at(40))]);
        let fates_of = |backups: Option<&Backups>| fates(Some(at(11)), Some(&keys), &delayed, backups);
        assert_eq!(certifiable(&fates_of(None), at(39)), Certifiable::Not { until: Some(at(40)) });
        assert_eq!(certifiable(&fates_of(None), at(40)), Certifiable::Since(at(40)));
        assert!(fates_of(None).iter().all(|fate| fate.waits_for.is_empty()), "nothing is left to do");
        let horizon = backups(Some(7), Some(7));
        assert_eq!(certifiable(&fates_of(Some(&horizon)), at(16)), Certifiable::Not { until: Some(at(17)) });
        assert_eq!(certifiable(&fates_of(Some(&horizon)), at(17)), Certifiable::Since(at(17)));
    }

    #[test]
    fn a_compromise_is_on_the_certificate() {
        let mut keys = KeysGone::new(at(10), 2, BTreeSet::from([1]));
        let said = |keys: &KeysGone| fates(None, Some(keys), &BTreeMap::new(), None)[1].to_string();
        assert!(said(&keys).ends_with("2 key versions destroyed"));
        keys.compromised = Some(at(5));
        assert!(said(&keys).contains("known as compromised since 1970-01-06"), "{}", said(&keys));
    }

    #[test]
    fn the_end_of_the_epoch_ends_every_copy() {
        let keys = KeysGone::new(at(10), 2, BTreeSet::from([1, 2]));
        let one = BTreeMap::from([(1, at(12))]);
        assert!(matches!(
            certifiable(&fates(Some(at(11)), Some(&keys), &one, None), at(50)),
            Certifiable::Not { until: None }
        ));
        let both = BTreeMap::from([(1, at(12)), (2, at(20))]);
        let fates = fates(Some(at(11)), Some(&keys), &both, None);
        assert_eq!(certifiable(&fates, at(19)), Certifiable::Not { until: Some(at(20)) });
        assert_eq!(certifiable(&fates, at(20)), Certifiable::Since(at(20)));
    }

    proptest! {
        #[test]
        fn nothing_is_certified_before_rows_and_keys_are_gone(
            rows in prop::option::of(0_i64..100), key in 0_i64..100, epoch in prop::option::of(0_i64..100),
            horizon in prop::option::of(0_u32..100), now in 0_i64..300,
        ) {
            let keys = KeysGone::new(at(key), 1, BTreeSet::from([1]));
            let dead = epoch.map(|day| (1, at(day))).into_iter().collect();
            let horizon = backups(horizon, horizon);
            let fates = fates(rows.map(at), Some(&keys), &dead, Some(&horizon));
            if let Certifiable::Since(since) = certifiable(&fates, at(now)) {
                prop_assert!(rows.is_some_and(|rows| at(rows) <= since));
                prop_assert!(at(key) <= since && since <= at(now));
                prop_assert!(epoch.is_some() || horizon.key_store.is_some());
            }
        }
    }
}
