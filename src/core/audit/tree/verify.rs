//! Checking proofs: by a stranger, who has nothing but them and two roots.

use serde::{Deserialize, Serialize};

use super::{Hash, TreeHead, node_hash};

/// Most hashes of a proof: one more than a tree of 64 bits is high.
const MAX_PATH: usize = 65;

/// A proof that shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not hold")]
#[non_exhaustive]
pub struct InvalidProof;

/// A proof that an entry is in a tree (RFC 9162 section 2.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the proof of RFC 9162: whoever has one from elsewhere makes it"
)]
pub struct InclusionProof {
    /// The number of the entry.
    pub leaf: u64,
    /// Number of entries of the tree.
    pub size: u64,
    /// The roots beside the way up, lowest first.
    #[serde(with = "super::hashes")]
    pub path: Vec<Hash>,
}

impl InclusionProof {
    /// Whether the entry whose hash is `leaf` has this number in `tree` (RFC 9162 section 2.1.3.2).
    ///
    /// # Errors
    /// [`InvalidProof`], which says no more: what is wrong with a proof helps nobody but who forges one.
    pub fn verify(&self, leaf: &Hash, tree: &TreeHead) -> Result<(), InvalidProof> {
        if self.size != tree.size || self.leaf >= self.size || self.path.len() > MAX_PATH {
            return Err(InvalidProof);
        }
        let (mut number, mut last) = (self.leaf, self.size - 1);
        let mut hash = *leaf;
        for sibling in &self.path {
            if last == 0 {
                return Err(InvalidProof);
            }
            if number & 1 == 1 || number == last {
                hash = node_hash(sibling, &hash);
                // A node without a sibling is its own parent.
                while number & 1 == 0 && number != 0 {
                    (number, last) = (number >> 1, last >> 1);
                }
            } else {
                hash = node_hash(&hash, sibling);
            }
            (number, last) = (number >> 1, last >> 1);
        }
        if last == 0 && hash == tree.root { Ok(()) } else { Err(InvalidProof) }
    }
}

/// A proof that a tree goes on from a smaller one: that nothing of it was changed or taken out (RFC 9162 section 2.1.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the proof of RFC 9162: whoever has one from elsewhere makes it"
)]
pub struct ConsistencyProof {
    /// Number of entries of the smaller tree.
    pub old: u64,
    /// Number of entries of the larger one.
    pub size: u64,
    /// The roots that both are made of, lowest first.
    #[serde(with = "super::hashes")]
    pub path: Vec<Hash>,
}

impl ConsistencyProof {
    /// Whether `new` goes on from `old` (RFC 9162 section 2.1.4.2). Every tree goes on from the empty one, and from itself, which needs
    /// no path.
    ///
    /// # Errors
    /// [`InvalidProof`].
    pub fn verify(&self, old: &TreeHead, new: &TreeHead) -> Result<(), InvalidProof> {
        let holds = |holds: bool| if holds { Ok(()) } else { Err(InvalidProof) };
        if (self.old, self.size) != (old.size, new.size) || self.old > self.size || self.path.len() > MAX_PATH
        {
            return Err(InvalidProof);
        }
        if old.size == 0 || old.size == new.size {
            let from_nothing = *old == TreeHead::EMPTY && new.size > 0;
            return holds(self.path.is_empty() && (from_nothing || old == new));
        }
        let (mut number, mut last) = (self.old - 1, self.size - 1);
        while number & 1 == 1 {
            (number, last) = (number >> 1, last >> 1);
        }
        // A smaller tree that is one full subtree begins the way with its own root, which is not told.
        let mut path = self.path.iter();
        let first = if self.old.is_power_of_two() { &old.root } else { path.next().ok_or(InvalidProof)? };
        let (mut of_old, mut of_new) = (*first, *first);
        for sibling in path {
            if last == 0 {
                return Err(InvalidProof);
            }
            if number & 1 == 1 || number == last {
                of_old = node_hash(sibling, &of_old);
                of_new = node_hash(sibling, &of_new);
                while number & 1 == 0 && number != 0 {
                    (number, last) = (number >> 1, last >> 1);
                }
            } else {
                of_new = node_hash(&of_new, sibling);
            }
            (number, last) = (number >> 1, last >> 1);
        }
        holds(last == 0 && of_old == old.root && of_new == new.root)
    }
}
