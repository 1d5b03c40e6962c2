//! Making proofs, from the hashes that a store keeps with the entries.

use std::collections::BTreeMap;

use super::verify::{ConsistencyProof, InclusionProof};
use super::{Frontier, Hash};

/// A range of leaves whose root is wanted: a full subtree, or the right edge of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    from: u64,
    to: u64,
}

impl Range {
    /// The full subtrees that it is made of, the largest first: the height of each, and the entry that completes it.
    fn full(self) -> impl Iterator<Item = (u32, u64)> {
        let size = self.to - self.from;
        let heights = (0..u64::BITS).rev().filter(move |height| size >> height & 1 == 1);
        // What is above a bit of the size comes before its subtree.
        heights.map(move |height| (height, self.from + ((size >> height) << height) - 1))
    }

    /// Where it is split: the largest power of two that is smaller than it (RFC 9162 section 2.1.1).
    const fn middle(self) -> u64 {
        let size = self.to - self.from;
        self.from + (1 << (u64::BITS - 1 - (size - 1).leading_zeros()))
    }
}

/// The roots of an inclusion proof, lowest first (RFC 9162 section 2.1.3.1).
fn inclusion_path(leaf: u64, size: u64) -> Vec<Range> {
    let (mut tree, mut path) = (Range { from: 0, to: size }, Vec::new());
    while tree.to - tree.from > 1 {
        let middle = tree.middle();
        let (left, right) = (Range { to: middle, ..tree }, Range { from: middle, ..tree });
        let sibling;
        (tree, sibling) = if leaf < middle { (left, right) } else { (right, left) };
        path.push(sibling);
    }
    path.reverse();
    path
}

/// The roots of a consistency proof, lowest first (RFC 9162 section 2.1.4.1).
fn consistency_path(old: u64, size: u64) -> Vec<Range> {
    let (mut tree, mut path) = (Range { from: 0, to: size }, Vec::new());
    // While only left halves were entered, the old root is among what is proved, and need not be told.
    let mut is_old_tree = true;
    while tree.to != old {
        let middle = tree.middle();
        let (left, right) = (Range { to: middle, ..tree }, Range { from: middle, ..tree });
        let sibling;
        if old <= middle {
            (tree, sibling) = (left, right);
        } else {
            (tree, sibling) = (right, left);
            is_old_tree = false;
        }
        path.push(sibling);
    }
    if !is_old_tree {
        path.push(tree);
    }
    path.reverse();
    path
}

/// What of a tree a proof, or the next append, is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else to be made of a tree")]
pub enum Wanted {
    /// The frontier of a tree of this size.
    Frontier {
        /// Number of leaves.
        size: u64,
    },
    /// A proof that a leaf is in a tree.
    Inclusion {
        /// The leaf.
        leaf: u64,
        /// Number of leaves of the tree.
        size: u64,
    },
    /// A proof that a tree goes on from a smaller one.
    Consistency {
        /// Number of leaves of the smaller tree.
        old: u64,
        /// Number of leaves of the larger one.
        size: u64,
    },
}

impl Wanted {
    fn ranges(self) -> Vec<Range> {
        match self {
            Self::Frontier { size } => vec![Range { from: 0, to: size }],
            Self::Inclusion { leaf, size } if leaf < size => inclusion_path(leaf, size),
            Self::Consistency { old, size } if 0 < old && old < size => consistency_path(old, size),
            Self::Inclusion { .. } | Self::Consistency { .. } => Vec::new(),
        }
    }

    /// The entries whose hashes are needed; some 2 × log₂ of the size at most.
    #[must_use]
    pub fn entries(self) -> Vec<u64> {
        let mut entries: Vec<u64> =
            self.ranges().into_iter().flat_map(Range::full).map(|(_, entry)| entry).collect();
        entries.sort_unstable();
        entries.dedup();
        entries
    }
}

/// A node that the store should have and does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the trail lacks the node of height {height} that ends with entry {entry}")]
#[non_exhaustive]
pub struct NoNode {
    /// Its height: 0 for a leaf.
    pub height: u32,
    /// The entry that completes it.
    pub entry: u64,
}

/// Nodes of a tree as a store keeps them: with each entry the hashes that [`Frontier::append`](super::Frontier::append) gave for it.
///
/// # Example: one of a thousand entries is proved under the root over all
/// ```
/// use stewardship::audit::tree::{Frontier, Nodes, Wanted, leaf_hash};
/// let (mut tree, mut store) = (Frontier::default(), Vec::new());
/// for number in 0..1_000_u32 {
///     store.push(tree.append(leaf_hash(&number.to_be_bytes())));
/// }
/// let wanted = Wanted::Inclusion { leaf: 700, size: 1_000 };
/// let nodes: Nodes = wanted.entries().into_iter().map(|entry| (entry, store[entry as usize].clone())).collect();
/// let proof = nodes.inclusion(700, 1_000)?;
/// proof.verify(&leaf_hash(&700_u32.to_be_bytes()), &tree.head())?;
/// assert_eq!(proof.path.len(), 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Nodes(BTreeMap<u64, Vec<Hash>>);

impl Nodes {
    /// The full subtrees of a range, which by themselves would be a tree of its size.
    fn grown(&self, range: Range) -> Result<Frontier, NoNode> {
        let peaks = range.full().map(|(height, entry)| {
            let hashes = self.0.get(&entry);
            hashes.and_then(|hashes| hashes.get(height as usize)).copied().ok_or(NoNode { height, entry })
        });
        Ok(Frontier { size: range.to - range.from, peaks: peaks.collect::<Result<_, _>>()? })
    }

    fn roots(&self, wanted: Wanted) -> Result<Vec<Hash>, NoNode> {
        wanted.ranges().into_iter().map(|range| Ok(self.grown(range)?.root())).collect()
    }

    /// The frontier of a tree of `size` leaves.
    ///
    /// # Errors
    /// [`NoNode`] where an entry of [`Wanted::entries`] is not there.
    pub fn frontier(&self, size: u64) -> Result<Frontier, NoNode> {
        self.grown(Range { from: 0, to: size })
    }

    /// Proves that the leaf with this number is in the tree of `size` leaves. A leaf that is not gets a proof that verifies under no root.
    ///
    /// # Errors
    /// [`NoNode`] where an entry of [`Wanted::entries`] is not there.
    pub fn inclusion(&self, leaf: u64, size: u64) -> Result<InclusionProof, NoNode> {
        Ok(InclusionProof { leaf, size, path: self.roots(Wanted::Inclusion { leaf, size })? })
    }

    /// Proves that the tree of `size` leaves goes on from the one of `old` leaves.
    ///
    /// # Errors
    /// [`NoNode`] where an entry of [`Wanted::entries`] is not there.
    pub fn consistency(&self, old: u64, size: u64) -> Result<ConsistencyProof, NoNode> {
        Ok(ConsistencyProof { old, size, path: self.roots(Wanted::Consistency { old, size })? })
    }
}

impl FromIterator<(u64, Vec<Hash>)> for Nodes {
    fn from_iter<I: IntoIterator<Item = (u64, Vec<Hash>)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}
