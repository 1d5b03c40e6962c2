//! Verifying a trail from its beginning: no entry changes, goes or comes unseen.

use super::entry::Entry;
use super::event::AuditEvent;
use super::tree::{Frontier, Hash, TreeHead, leaf_hash};

/// Where a trail breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrailBreak {
    /// This entry is not what was written, or a hash that is kept with it is not.
    #[error("entry {index} was altered")]
    Altered {
        /// The first entry whose hashes do not fit.
        index: u64,
    },
    /// An entry is missing where this one stands.
    #[error("entry {expected} is missing (entry {found} stands there)")]
    Gap {
        /// The entry that should stand there.
        expected: u64,
        /// The entry that does.
        found: u64,
    },
    /// An entry has no body, and the trail does not say that it expired.
    #[error("entry {index} has no body, and nothing says that it expired")]
    Missing {
        /// The first entry of that kind.
        index: u64,
    },
    /// The trail ends before the head that was kept elsewhere.
    #[error("the trail ends after {found} entries, and had {expected}")]
    Truncated {
        /// Number of entries that it had.
        expected: u64,
        /// Number of entries that there are.
        found: u64,
    },
    /// A search for what an entry says does not find it, or a search for something else does.
    #[error("entry {index} is not listed under what it says, or is under something else")]
    Misfiled {
        /// The first such entry.
        index: u64,
    },
    /// The trail goes on from another past than the head that was kept elsewhere.
    #[error("the first {size} entries are not those that the kept head is over")]
    Rewritten {
        /// Number of entries that the kept head is over.
        size: u64,
    },
}

/// Verifies a trail entry by entry, in constant memory.
///
/// # Example: a changed byte is found where it is
/// ```
/// use stewardship::audit::tree::{Frontier, leaf_hash};
/// use stewardship::audit::{TrailBreak, Verifier};
/// let mut tree = Frontier::default();
/// let (first, second) = (tree.append(leaf_hash(b"one")), tree.append(leaf_hash(b"two")));
///
/// let mut verifier = Verifier::new(None);
/// verifier.entry(0, Some(b"one"), &first)?;
/// assert_eq!(verifier.entry(1, Some(b"tvo"), &second), Err(TrailBreak::Altered { index: 1 }));
/// # Ok::<(), TrailBreak>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    tree: Frontier,
    kept: Option<TreeHead>,
    /// Entries without a body, from the first on.
    empty: u64,
    /// The index below which entries have been said to expire.
    expired: u64,
}

impl Verifier {
    /// Starts before the first entry. With a head that was kept elsewhere, truncation and rewriting are found too.
    #[must_use]
    pub fn new(kept: Option<TreeHead>) -> Self {
        Self { tree: Frontier::default(), kept, empty: 0, expired: 0 }
    }

    /// Takes the next entry, with the hashes that are kept with it. One that has expired has no body; its own hash is still there, and
    /// the tree is over it as before.
    ///
    /// # Errors
    /// [`TrailBreak`] where it does not follow on the entries before.
    pub fn entry(&mut self, index: u64, body: Option<&[u8]>, nodes: &[Hash]) -> Result<(), TrailBreak> {
        if index != self.tree.size() {
            return Err(TrailBreak::Gap { expected: self.tree.size(), found: index });
        }
        let leaf = match body {
            Some(body) => leaf_hash(body),
            // Bodies go from the first on, and none after one that is there.
            None if self.empty != index => return Err(TrailBreak::Missing { index }),
            None => {
                self.empty += 1;
                nodes.first().copied().ok_or(TrailBreak::Altered { index })?
            }
        };
        if self.tree.append(leaf) != nodes {
            return Err(TrailBreak::Altered { index });
        }
        // An entry says it of those before it, before it is so; where nothing is missing nobody needs to know.
        let says = body.filter(|_| self.empty > 0).and_then(expiry);
        self.expired = self.expired.max(says.unwrap_or_default().min(index));
        match self.kept {
            Some(kept) if kept.size == self.tree.size() && kept != self.tree.head() => {
                Err(TrailBreak::Rewritten { size: kept.size })
            }
            _ => Ok(()),
        }
    }

    /// The head over all entries.
    ///
    /// # Errors
    /// [`TrailBreak::Truncated`] where the trail ends before the head that was kept, [`TrailBreak::Missing`] where more bodies are missing
    /// than the trail says have expired.
    pub fn finish(self) -> Result<TreeHead, TrailBreak> {
        match self.kept {
            Some(kept) if kept.size > self.tree.size() => {
                Err(TrailBreak::Truncated { expected: kept.size, found: self.tree.size() })
            }
            _ if self.empty > self.expired => Err(TrailBreak::Missing { index: self.expired }),
            _ => Ok(self.tree.head()),
        }
    }
}

/// The index below which an entry says that others expire.
fn expiry(body: &[u8]) -> Option<u64> {
    const MARK: &[u8] = br#""event":"trail_expired""#;
    // The quotes of a text are escaped in it: where the mark stands it is the event. Few entries are read for it.
    body.windows(MARK.len()).find(|found| *found == MARK)?;
    match Entry::from_bytes(body).ok()?.event {
        AuditEvent::TrailExpired { below, .. } => Some(below),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Stored = (u64, Vec<u8>, Vec<Hash>);

    fn trail(bodies: &[Vec<u8>]) -> Vec<Stored> {
        let mut tree = Frontier::default();
        let stored = bodies.iter().map(|body| (tree.size(), body.clone(), tree.append(leaf_hash(body))));
        stored.collect()
    }

    fn verify(trail: &[Stored], kept: Option<TreeHead>) -> Result<TreeHead, TrailBreak> {
        let mut verifier = Verifier::new(kept);
        trail.iter().try_for_each(|(index, body, nodes)| verifier.entry(*index, Some(body), nodes))?;
        verifier.finish()
    }

    proptest! {
        #[test]
        fn any_changed_bit_is_found_at_its_entry(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 1..12),
            at in any::<prop::sample::Index>(),
            byte in any::<prop::sample::Index>(),
            bit in 0_u32..8,
        ) {
            let mut trail = trail(&bodies);
            prop_assert!(verify(&trail, None).is_ok());
            let at = at.index(trail.len());
            let byte = byte.index(trail[at].1.len());
            trail[at].1[byte] ^= 1_u8 << bit;
            prop_assert_eq!(verify(&trail, None), Err(TrailBreak::Altered { index: at as u64 }));
        }

        #[test]
        fn removal_and_truncation_are_found(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 2..12),
            at in any::<prop::sample::Index>(),
        ) {
            let trail = trail(&bodies);
            let head = verify(&trail, None).unwrap();
            let at = at.index(trail.len() - 1);
            let mut gap = trail.clone();
            gap.remove(at);
            prop_assert_eq!(
                verify(&gap, Some(head)),
                Err(TrailBreak::Gap { expected: at as u64, found: at as u64 + 1 })
            );
            prop_assert_eq!(
                verify(&trail[..=at], Some(head)),
                Err(TrailBreak::Truncated { expected: trail.len() as u64, found: at as u64 + 1 })
            );
        }
    }

    #[test]
    fn a_rewritten_trail_is_found_by_the_kept_head() {
        let head = verify(&trail(&[b"a".to_vec(), b"b".to_vec()]), None).unwrap();
        let other = trail(&[b"a".to_vec(), b"c".to_vec(), b"d".to_vec()]);
        assert_eq!(verify(&other, Some(head)), Err(TrailBreak::Rewritten { size: 2 }));
    }

    fn expires(below: u64) -> Vec<u8> {
        let policy = crate::core::policy::PolicyDigest::from_bytes([7; 32]);
        let event = AuditEvent::TrailExpired { below, size: 9, root: [7; 32] };
        Entry::new(chrono::DateTime::UNIX_EPOCH, policy, event).to_bytes()
    }

    /// A trail with these bodies, of which the first `empty` are gone.
    fn emptied(bodies: &[Vec<u8>], empty: impl Fn(u64) -> bool) -> Result<TreeHead, TrailBreak> {
        let mut verifier = Verifier::new(None);
        for (index, body, nodes) in trail(bodies) {
            verifier.entry(index, (!empty(index)).then_some(&body), &nodes)?;
        }
        verifier.finish()
    }

    #[test]
    fn a_missing_body_is_a_break_but_below_what_the_trail_says_has_expired() {
        let plain = |text: &str| text.as_bytes().to_vec();
        let bodies = [plain("a"), plain("b"), plain("c"), expires(2), plain("d"), expires(1)];
        let whole = emptied(&bodies, |_| false);
        assert!(whole.is_ok());
        assert_eq!(emptied(&bodies, |index| index < 1), whole);
        assert_eq!(emptied(&bodies, |index| index < 2), whole);
        assert_eq!(emptied(&bodies, |index| index < 3), Err(TrailBreak::Missing { index: 2 }));
        assert_eq!(emptied(&bodies, |index| index == 1), Err(TrailBreak::Missing { index: 1 }));
        assert_eq!(emptied(&bodies, |index| index == 4), Err(TrailBreak::Missing { index: 4 }));
        // What said so is gone itself, and what is left says less.
        assert_eq!(emptied(&bodies, |index| index < 4), Err(TrailBreak::Missing { index: 1 }));
        // No entry says it of itself or of what comes after it.
        let early = [plain("a"), expires(9), plain("b"), plain("c")];
        assert!(emptied(&early, |index| index < 1).is_ok());
        assert_eq!(emptied(&early, |index| index < 3), Err(TrailBreak::Missing { index: 0 }));
    }

    #[test]
    fn a_hash_that_is_kept_of_an_expired_entry_does_not_change_unseen() {
        let mut stored = trail(&[b"a".to_vec(), b"b".to_vec(), expires(2)]);
        stored[1].2[0][5] ^= 1;
        let mut verifier = Verifier::new(None);
        verifier.entry(0, None, &stored[0].2).unwrap();
        assert_eq!(verifier.entry(1, None, &stored[1].2), Err(TrailBreak::Altered { index: 1 }));
        let mut verifier = Verifier::new(None);
        assert_eq!(verifier.entry(0, None, &[]), Err(TrailBreak::Altered { index: 0 }));
    }
}
