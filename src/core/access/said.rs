//! The preference ledger: what one person has said about the use of their data, purpose by purpose.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::facts::Preferences;
use super::question::Purpose;
use super::words::Stop;
use crate::core::id::Name;
use crate::core::policy::{Policy, words};

/// Something that a person says about the use of their data; it stands until it is withdrawn.
///
/// # Example: an opt-out of everything that honours one
/// ```
/// use stewardship::access::{Preference, Stop};
/// use stewardship::Policy;
/// let text = include_str!("../../../examples/policies/complete.toml");
/// let policy = Policy::from_toml(text)?;
/// let objects = Preference::Stop { stop: Stop::Objection, of: None };
/// let bears_on: Vec<_> = objects.bears_on(&policy).into_iter().collect();
/// assert_eq!(bears_on, ["outreach"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a reader of the trail must understand each")]
pub enum Preference {
    /// Consent, to one purpose: it is specific (GDPR Art. 4(11) and 6(1)(a)).
    Consent {
        /// The purpose.
        to: Purpose,
    },
    /// Something that stops a purpose which honours it.
    Stop {
        /// What is said.
        stop: Stop,
        /// The purpose; without one, every purpose.
        of: Option<Purpose>,
    },
}

impl Preference {
    /// The purpose that it names.
    #[must_use]
    pub const fn purpose(&self) -> Option<&Purpose> {
        match self {
            Self::Consent { to } => Some(to),
            Self::Stop { of, .. } => of.as_ref(),
        }
    }

    /// The purposes that it bears on under a policy: those that need consent, or that stop on what is said. None where the policy
    /// honours it nowhere.
    #[must_use]
    pub fn bears_on(&self, policy: &Policy) -> BTreeSet<Name> {
        let purposes = policy.document().purposes.iter();
        let heeds = purposes.filter(|(name, entry)| match self {
            Self::Consent { to } => entry.needs_consent && to.name() == *name,
            Self::Stop { stop, of } => {
                entry.stops_on.contains(stop) && of.as_ref().is_none_or(|of| of.name() == *name)
            }
        });
        heeds.map(|(name, _)| name.clone()).collect()
    }
}

words! {
    /// Whether something is said, or withdrawn.
    pub enum Voice {
        /// From now on it stands.
        Says = "says",
        /// From now on it does not.
        Withdraws = "withdraws",
    }
}

/// The last word on something, and since when it is that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Word {
    voice: Voice,
    at: DateTime<Utc>,
}

/// What has been said of one kind: of every purpose, and since then of single ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Words {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    every: Option<Word>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    of: BTreeMap<Name, Word>,
}

impl Words {
    fn is_empty(&self) -> bool {
        self.every.is_none() && self.of.is_empty()
    }

    /// The last word on a purpose. One on every purpose takes those on single ones away, so that a single one is always the later.
    fn on(&self, purpose: &Name) -> Option<Word> {
        self.of.get(purpose).copied().or(self.every)
    }

    fn stands(&self, purpose: &Name) -> bool {
        self.on(purpose).is_some_and(|word| word.voice == Voice::Says)
    }

    fn hear(&mut self, purpose: Option<&Name>, word: Word) {
        let repeated = |known: Option<&Word>| known.is_some_and(|known| known.voice == word.voice);
        match purpose {
            Some(purpose) if !repeated(self.of.get(purpose)) => {
                self.of.insert(purpose.clone(), word);
            }
            Some(_) => {}
            None => {
                self.of.clear();
                if !repeated(self.every.as_ref()) {
                    self.every = Some(word);
                }
            }
        }
    }
}

/// What one person has said. Of each thing the last word counts; saying it again changes nothing, not even since when it stands.
///
/// # Example: an objection to everything, taken back for one purpose
/// ```
/// use stewardship::access::{Preference, Said, Stop, Voice};
/// use stewardship::Purpose;
/// let (outreach, improve) = (Purpose::new("outreach"), Purpose::new("improve"));
/// let at = "2026-11-22T09:00:00Z".parse()?;
/// let mut said = Said::default();
/// said.hear(&Preference::Stop { stop: Stop::Objection, of: None }, Voice::Says, at);
/// said.hear(&Preference::Stop { stop: Stop::Objection, of: Some(outreach.clone()) }, Voice::Withdraws, at);
/// assert!(said.about(improve.name()).has_said(Stop::Objection));
/// assert!(!said.about(outreach.name()).has_said(Stop::Objection));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    stops: BTreeMap<Stop, Words>,
    #[serde(default, skip_serializing_if = "Words::is_empty")]
    consent: Words,
}

impl Said {
    /// Takes down what is said, or withdrawn, at a time.
    pub fn hear(&mut self, preference: &Preference, voice: Voice, at: DateTime<Utc>) {
        let words = match preference {
            Preference::Consent { .. } => &mut self.consent,
            Preference::Stop { stop, .. } => self.stops.entry(*stop).or_default(),
        };
        words.hear(preference.purpose().map(Purpose::name), Word { voice, at });
    }

    /// What stands about a purpose.
    #[must_use]
    pub fn about(&self, purpose: &Name) -> Preferences {
        let standing = self.stops.iter().filter(|(_, words)| words.stands(purpose)).map(|(stop, _)| *stop);
        let stopped = standing.fold(Preferences::NONE, Preferences::said);
        if self.consent.stands(purpose) { stopped.consented() } else { stopped }
    }

    /// Since when a preference stands, for the purpose that it names or for every one; `None`: it does not.
    #[must_use]
    pub fn since(&self, preference: &Preference) -> Option<DateTime<Utc>> {
        let words = match preference {
            Preference::Consent { .. } => &self.consent,
            Preference::Stop { stop, .. } => self.stops.get(stop)?,
        };
        let word = match preference.purpose() {
            Some(purpose) => words.on(purpose.name()),
            None => words.every,
        };
        word.filter(|word| word.voice == Voice::Says).map(|word| word.at)
    }

    /// Whether nothing has been said, or all of it is forgotten.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stops.values().all(Words::is_empty) && self.consent.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PURPOSES: [&str; 3] = ["a", "b", "c"];

    fn preference() -> impl Strategy<Value = Preference> {
        let purpose = || prop::sample::select(&PURPOSES[..]).prop_map(Purpose::new);
        let stop = (prop::sample::select(Stop::ALL), prop::option::of(purpose()));
        prop_oneof![
            purpose().prop_map(|to| Preference::Consent { to }),
            stop.prop_map(|(stop, of)| Preference::Stop { stop, of }),
        ]
    }

    fn voice() -> impl Strategy<Value = Voice> {
        prop::sample::select(&[Voice::Says, Voice::Withdraws][..])
    }

    proptest! {
        /// The model: the last word that is about the purpose, found by going back over everything that was ever said.
        #[test]
        fn the_last_word_counts(spoken in prop::collection::vec((preference(), voice()), 0..24)) {
            let mut said = Said::default();
            for (n, (preference, voice)) in (0_i64..).zip(&spoken) {
                said.hear(preference, *voice, DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(n));
                let again = { let mut again = said.clone(); again.hear(preference, *voice, Utc::now()); again };
                prop_assert_eq!(&again, &said, "saying it again changes nothing");
            }
            for purpose in PURPOSES {
                let last = |is: &dyn Fn(&Preference) -> bool| {
                    let about = |own: Option<&Purpose>| own.is_none_or(|own| own.name() == purpose);
                    let of_it = spoken.iter().rev().find(|(one, _)| is(one) && about(one.purpose()));
                    of_it.is_some_and(|(_, voice)| *voice == Voice::Says)
                };
                let about = said.about(&Name::new(purpose));
                prop_assert_eq!(about.has_consented(), last(&|one| matches!(one, Preference::Consent { .. })));
                for stop in Stop::ALL {
                    let stands = last(&|one| matches!(one, Preference::Stop { stop: own, .. } if own == stop));
                    prop_assert_eq!(about.has_said(*stop), stands);
                }
            }
            let read: Said = serde_json::from_slice(&serde_json::to_vec(&said).unwrap()).unwrap();
            prop_assert_eq!(read, said);
        }
    }
}
