//! Verifying a trail from its beginning: no entry changes, goes or comes unseen.

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
    /// An entry has no body.
    #[error("entry {index} has no body")]
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
}

impl Verifier {
    /// Starts before the first entry. With a head that was kept elsewhere, truncation and rewriting are found too.
    #[must_use]
    pub fn new(kept: Option<TreeHead>) -> Self {
        Self { tree: Frontier::default(), kept }
    }

    /// Takes the next entry, with the hashes that are kept with it.
    ///
    /// # Errors
    /// [`TrailBreak`] where it does not follow on the entries before.
    pub fn entry(&mut self, index: u64, body: Option<&[u8]>, nodes: &[Hash]) -> Result<(), TrailBreak> {
        if index != self.tree.size() {
            return Err(TrailBreak::Gap { expected: self.tree.size(), found: index });
        }
        let body = body.ok_or(TrailBreak::Missing { index })?;
        if self.tree.append(leaf_hash(body)) != nodes {
            return Err(TrailBreak::Altered { index });
        }
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
    /// [`TrailBreak::Truncated`] where the trail ends before the head that was kept.
    pub fn finish(self) -> Result<TreeHead, TrailBreak> {
        match self.kept {
            Some(kept) if kept.size > self.tree.size() => {
                Err(TrailBreak::Truncated { expected: kept.size, found: self.tree.size() })
            }
            _ => Ok(self.tree.head()),
        }
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
}
