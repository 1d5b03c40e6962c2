//! The phases of a key, and the events that lead from one to another.

use std::fmt;

use crate::core::policy::words;

words! {
    /// The phase of one version of a key (NIST SP 800-57 Part 1 rev. 5, section 7).
    pub enum KeyPhase {
        /// It was generated and is not in use yet. No store ever holds it so: what is stored is in use from then on.
        PreActive = "pre-active",
        /// It seals and opens.
        Active = "active",
        /// It does neither until it is resumed.
        Suspended = "suspended",
        /// It opens what it sealed, and seals nothing more.
        Deactivated = "deactivated",
        /// Somebody else may have it: it opens what is still to be sealed anew, and seals nothing more.
        Compromised = "compromised",
        /// It is gone; the fact is left.
        Destroyed = "destroyed",
    }
}

words! {
    /// What happens to a version of a key.
    pub enum KeyEvent {
        /// It is taken into use.
        Activate = "activate",
        /// Its use is stopped for a while.
        Suspend = "suspend",
        /// Its use goes on.
        Resume = "resume",
        /// Another one seals from now on.
        Deactivate = "deactivate",
        /// Somebody else may have it.
        Compromise = "compromise",
        /// It is destroyed.
        Destroy = "destroy",
    }
}

impl KeyPhase {
    /// Whether something may be sealed under it.
    #[must_use]
    pub const fn may_protect(self) -> bool {
        matches!(self, Self::Active)
    }

    /// Whether what was sealed under it may be opened.
    #[must_use]
    pub const fn may_process(self) -> bool {
        matches!(self, Self::Active | Self::Deactivated | Self::Compromised)
    }

    /// The phase after `event`. An event that has happened already changes nothing, so that each may be told twice.
    ///
    /// # Errors
    /// [`KeyRefusal`] where the event is not open to a key in this phase.
    ///
    /// # Example: a key that was destroyed comes back by no event
    /// ```
    /// use stewardship::keys::{KeyEvent, KeyPhase};
    /// let gone = KeyPhase::Active.after(KeyEvent::Destroy)?;
    /// assert!(gone.after(KeyEvent::Resume).is_err());
    /// # Ok::<(), stewardship::keys::KeyRefusal>(())
    /// ```
    pub const fn after(self, event: KeyEvent) -> Result<Self, KeyRefusal> {
        use KeyEvent as On;
        Ok(match (self, event) {
            (Self::PreActive | Self::Active, On::Activate) => Self::Active,
            (Self::Active | Self::Suspended, On::Suspend) => Self::Suspended,
            (Self::Active | Self::Suspended, On::Resume) => Self::Active,
            (Self::Active | Self::Suspended | Self::Deactivated, On::Deactivate) => Self::Deactivated,
            // What is known of it stays known: nothing makes it trustworthy again.
            (Self::Compromised, On::Deactivate) => Self::Compromised,
            (Self::Destroyed, On::Destroy) => Self::Destroyed,
            (Self::Destroyed, _) => return Err(KeyRefusal { phase: self, event }),
            (_, On::Compromise) => Self::Compromised,
            (_, On::Destroy) => Self::Destroyed,
            _ => return Err(KeyRefusal { phase: self, event }),
        })
    }
}

/// What cannot happen to a key in its phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct KeyRefusal {
    phase: KeyPhase,
    event: KeyEvent,
}

impl KeyRefusal {
    /// The phase.
    #[must_use]
    pub const fn phase(&self) -> KeyPhase {
        self.phase
    }

    /// The event.
    #[must_use]
    pub const fn event(&self) -> KeyEvent {
        self.event
    }
}

impl fmt::Display for KeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a key that is {} takes no `{}`", self.phase, self.event)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use KeyPhase::{Active, Compromised, Deactivated, Destroyed, PreActive, Suspended};

    /// Every phase under every event, in order of [`KeyEvent::ALL`]: where it leads, or that it is refused.
    #[test]
    fn every_pair_of_phase_and_event_is_decided() {
        let table: [(KeyPhase, [Option<KeyPhase>; 6]); 6] = [
            (PreActive, [Some(Active), None, None, None, Some(Compromised), Some(Destroyed)]),
            (
                Active,
                [
                    Some(Active),
                    Some(Suspended),
                    Some(Active),
                    Some(Deactivated),
                    Some(Compromised),
                    Some(Destroyed),
                ],
            ),
            (
                Suspended,
                [None, Some(Suspended), Some(Active), Some(Deactivated), Some(Compromised), Some(Destroyed)],
            ),
            (Deactivated, [None, None, None, Some(Deactivated), Some(Compromised), Some(Destroyed)]),
            (Compromised, [None, None, None, Some(Compromised), Some(Compromised), Some(Destroyed)]),
            (Destroyed, [None, None, None, None, None, Some(Destroyed)]),
        ];
        assert_eq!(table.map(|(phase, _)| phase), *KeyPhase::ALL);
        for (phase, row) in table {
            for (event, next) in KeyEvent::ALL.iter().zip(row) {
                let after = phase.after(*event);
                assert_eq!(after.ok(), next, "{phase} {event}");
                if let Err(refusal) = after {
                    assert_eq!((refusal.phase(), refusal.event()), (phase, *event));
                    assert_eq!(refusal.to_string(), format!("a key that is {phase} takes no `{event}`"));
                }
            }
        }
    }

    #[test]
    fn what_may_be_done_in_each_phase() {
        let may = KeyPhase::ALL.iter().map(|phase| (phase.may_protect(), phase.may_process()));
        let expected =
            [(false, false), (true, true), (false, false), (false, true), (false, true), (false, false)];
        assert!(may.eq(expected));
    }

    fn lived(events: &[KeyEvent]) -> Vec<KeyPhase> {
        let mut phases = vec![PreActive];
        for event in events {
            let last = *phases.last().unwrap();
            phases.push(last.after(*event).unwrap_or(last));
        }
        phases
    }

    proptest! {
        #[test]
        fn what_is_destroyed_stays_so_and_what_left_its_use_never_seals_again(
            events in prop::collection::vec(prop::sample::select(KeyEvent::ALL), 0..20),
        ) {
            let phases = lived(&events);
            for pair in phases.windows(2) {
                prop_assert!(pair[0] != Destroyed || pair[1] == Destroyed);
                prop_assert!(pair[0] != Compromised || matches!(pair[1], Compromised | Destroyed));
                prop_assert!(!matches!(pair[0], Deactivated) || !pair[1].may_protect());
            }
            for phase in phases {
                prop_assert!(!phase.may_protect() || phase == Active);
                prop_assert!(!phase.may_protect() || phase.may_process());
            }
        }
    }
}
