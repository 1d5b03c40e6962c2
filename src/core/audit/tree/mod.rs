//! The tree over the trail: a Merkle tree as in RFC 6962 and RFC 9162.
//!
//! A leaf is hashed with the prefix 0, two nodes with the prefix 1 (RFC 9162 section 2.1.1), so that neither passes for the other. The
//! root over all entries names them all; an [inclusion proof](InclusionProof) shows one entry under a root, a
//! [consistency proof](ConsistencyProof) that a later root goes on from an earlier one, each in some twenty hashes for a million
//! entries. Whoever checks them needs no more than the proof.

mod prove;
mod verify;

pub use prove::{NoNode, Nodes, Wanted};
pub use verify::{ConsistencyProof, InclusionProof, InvalidProof};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A hash of the tree: SHA-256.
pub type Hash = [u8; 32];

/// A tree as it was at some time: how many entries, and the root over all of them. Kept elsewhere, it shows whether the trail goes on from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the tree head of RFC 9162: whoever has one from elsewhere makes it"
)]
pub struct TreeHead {
    /// Number of entries.
    pub size: u64,
    /// The root; in JSON, base64.
    #[serde(with = "hash")]
    pub root: Hash,
}

impl TreeHead {
    /// The tree without entries, whose root is the hash of nothing (RFC 9162 section 2.1.1).
    pub const EMPTY: Self = Self {
        size: 0,
        root: [
            0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
            0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
        ],
    };
}

impl Default for TreeHead {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// The hash of an entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of a node over two others.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// A tree that grows: what is needed of it to append, and to know its root. At most 64 hashes, whatever its size.
///
/// # Example: the root of three entries
/// ```
/// use stewardship::audit::tree::{Frontier, leaf_hash, node_hash};
/// let mut tree = Frontier::default();
/// for entry in [b"one".as_slice(), b"two", b"three"] {
///     tree.append(leaf_hash(entry));
/// }
/// let first_two = node_hash(&leaf_hash(b"one"), &leaf_hash(b"two"));
/// assert_eq!(tree.head().root, node_hash(&first_two, &leaf_hash(b"three")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the full subtrees, the largest first: one for each bit of the size.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf. Gives the hashes of the nodes that it completes, lowest first, the leaf's own among them: what a store keeps with
    /// the entry, and all that proofs are made of.
    pub fn append(&mut self, leaf: Hash) -> Vec<Hash> {
        let mut completed = Vec::with_capacity(self.size.trailing_ones() as usize + 1);
        self.append_to(leaf, &mut completed);
        completed
    }

    /// The same, and appends those hashes to a buffer: for a batch, one after the other.
    pub fn append_to(&mut self, leaf: Hash, completed: &mut Vec<Hash>) {
        completed.push(leaf);
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
            completed.push(node);
        }
        self.peaks.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// The tree as it is now.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root() }
    }

    fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(lowest) = peaks.next() else { return TreeHead::EMPTY.root };
        peaks.fold(*lowest, |right, left| node_hash(left, &right))
    }
}

/// A hash in JSON: base64, as in the proofs of RFC 6962 section 4.
mod hash {
    use base64ct::{Base64, Encoding};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Hash;

    pub(super) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Base64::encode_string(hash))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        decode(&String::deserialize(deserializer)?)
    }

    pub(super) fn decode<E: Error>(text: &str) -> Result<Hash, E> {
        let mut hash = Hash::default();
        let length = Base64::decode(text, &mut hash).map_err(E::custom)?.len();
        if length == hash.len() { Ok(hash) } else { Err(E::custom("a hash has 32 bytes")) }
    }
}

/// Hashes in JSON, each as one.
mod hashes {
    use base64ct::{Base64, Encoding};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Hash;

    pub(super) fn serialize<S: Serializer>(hashes: &[Hash], serializer: S) -> Result<S::Ok, S::Error> {
        hashes.iter().map(|hash| Base64::encode_string(hash)).collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
        Vec::<String>::deserialize(deserializer)?.iter().map(|text| super::hash::decode(text)).collect()
    }
}

#[cfg(test)]
mod tests;
