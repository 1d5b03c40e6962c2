//! The chain: each entry's hash covers the one before, so that no entry changes or goes unseen.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const DOMAIN: &[u8] = b"stewardship/audit/0";

/// The end of a trail: how many entries, and the hash of the last. Keep it elsewhere, and truncation is seen too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// Hash of the last entry; all zero for an empty trail.
    pub hash: [u8; 32],
}

impl Head {
    /// The head of the trail that ends with the entry `index`, whose hash is `hash`.
    #[must_use]
    pub const fn after(index: u64, hash: [u8; 32]) -> Self {
        Self { size: index.saturating_add(1), hash }
    }
}

/// The hash of the entry `body` that follows on `head`: SHA-256 over a domain, the hash before, the index and the body.
#[must_use]
pub fn chained(head: &Head, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(DOMAIN);
    hash.update(head.hash);
    hash.update(head.size.to_be_bytes());
    hash.update(body);
    hash.finalize().into()
}

/// Where a trail breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainBreak {
    /// This entry is not what was written, or one before it was taken out.
    #[error("entry {index} was altered, or an entry before it is gone")]
    Altered {
        /// The first entry whose hash does not fit.
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
    /// The trail ends before the head that was kept elsewhere.
    #[error("the trail ends after {found} entries, and had {expected}")]
    Truncated {
        /// Number of entries that it had.
        expected: u64,
        /// Number of entries that there are.
        found: u64,
    },
    /// The trail goes on from another past than the head that was kept elsewhere.
    #[error("entry {index} is not the one that the kept head names")]
    Rewritten {
        /// The last entry that the kept head covers.
        index: u64,
    },
}

/// Verifies a trail entry by entry, in constant memory.
///
/// # Example: a changed byte is found where it is
/// ```
/// use stewardship::audit::{chained, ChainBreak, Head, Verifier};
/// let first = chained(&Head::default(), b"one");
/// let second = chained(&Head::after(0, first), b"two");
///
/// let mut verifier = Verifier::new(None);
/// verifier.entry(0, b"one", &first)?;
/// assert_eq!(verifier.entry(1, b"tvo", &second), Err(ChainBreak::Altered { index: 1 }));
/// # Ok::<(), ChainBreak>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    head: Head,
    kept: Option<Head>,
}

impl Verifier {
    /// Starts before the first entry. With a head that was kept elsewhere, truncation and rewriting are found too.
    #[must_use]
    pub fn new(kept: Option<Head>) -> Self {
        Self { head: Head::default(), kept }
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// [`ChainBreak`] where it does not follow on the entries before.
    pub fn entry(&mut self, index: u64, body: &[u8], hash: &[u8; 32]) -> Result<(), ChainBreak> {
        if index != self.head.size {
            return Err(ChainBreak::Gap { expected: self.head.size, found: index });
        }
        if chained(&self.head, body) != *hash {
            return Err(ChainBreak::Altered { index });
        }
        self.head = Head::after(index, *hash);
        match self.kept {
            Some(kept) if kept.size == self.head.size && kept.hash != *hash => {
                Err(ChainBreak::Rewritten { index })
            }
            _ => Ok(()),
        }
    }

    /// The head after the last entry.
    ///
    /// # Errors
    /// [`ChainBreak::Truncated`] where the trail ends before the head that was kept.
    pub fn finish(self) -> Result<Head, ChainBreak> {
        match self.kept {
            Some(kept) if kept.size > self.head.size => {
                Err(ChainBreak::Truncated { expected: kept.size, found: self.head.size })
            }
            _ => Ok(self.head),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trail(bodies: &[Vec<u8>]) -> Vec<(u64, Vec<u8>, [u8; 32])> {
        let mut head = Head::default();
        bodies
            .iter()
            .map(|body| {
                let (index, hash) = (head.size, chained(&head, body));
                head = Head::after(index, hash);
                (index, body.clone(), hash)
            })
            .collect()
    }

    fn verify(trail: &[(u64, Vec<u8>, [u8; 32])], kept: Option<Head>) -> Result<Head, ChainBreak> {
        let mut verifier = Verifier::new(kept);
        trail.iter().try_for_each(|(index, body, hash)| verifier.entry(*index, body, hash))?;
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
            prop_assert_eq!(verify(&trail, None), Err(ChainBreak::Altered { index: at as u64 }));
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
                Err(ChainBreak::Gap { expected: at as u64, found: at as u64 + 1 })
            );
            prop_assert_eq!(
                verify(&trail[..=at], Some(head)),
                Err(ChainBreak::Truncated { expected: trail.len() as u64, found: at as u64 + 1 })
            );
        }
    }

    #[test]
    fn a_rewritten_trail_is_found_by_the_kept_head() {
        let head = verify(&trail(&[b"a".to_vec(), b"b".to_vec()]), None).unwrap();
        let other = trail(&[b"a".to_vec(), b"c".to_vec(), b"d".to_vec()]);
        assert_eq!(verify(&other, Some(head)), Err(ChainBreak::Rewritten { index: 1 }));
    }
}
