//! The tree against a naive one, the published example, and mutated proofs.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// RFC 9162 section 2.1.1, word for word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        leaves => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// Section 2.1.3.1.
fn naive_inclusion(leaf: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, sibling) = match leaf.checked_sub(left.len()) {
        None => (naive_inclusion(leaf, left), right),
        Some(leaf) => (naive_inclusion(leaf, right), left),
    };
    path.push(naive_root(sibling));
    path
}

/// Section 2.1.4.1.
fn naive_consistency(old: usize, leaves: &[Hash], is_old_tree: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if is_old_tree { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, sibling) = match old.checked_sub(left.len()) {
        None | Some(0) => (naive_consistency(old, left, is_old_tree), right),
        Some(old) => (naive_consistency(old, right, false), left),
    };
    path.push(naive_root(sibling));
    path
}

/// The entries of the published example (RFC 6962's reference implementation).
const EXAMPLE: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// Its roots, from one leaf to eight.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

fn hash(hex: &str) -> Hash {
    bytes(hex).try_into().unwrap()
}

struct Grown {
    leaves: Vec<Hash>,
    store: Vec<Vec<Hash>>,
    heads: Vec<TreeHead>,
}

fn grown(size: u64) -> Grown {
    let mut tree = Frontier::default();
    let mut grown = Grown { leaves: Vec::new(), store: Vec::new(), heads: vec![tree.head()] };
    for number in 0..size {
        let leaf = leaf_hash(&number.to_le_bytes());
        grown.store.push(tree.append(leaf));
        grown.leaves.push(leaf);
        grown.heads.push(tree.head());
    }
    grown
}

impl Grown {
    fn nodes(&self, wanted: Wanted) -> Nodes {
        wanted.entries().into_iter().map(|entry| (entry, self.store[entry as usize].clone())).collect()
    }

    fn inclusion(&self, leaf: u64, size: u64) -> InclusionProof {
        self.nodes(Wanted::Inclusion { leaf, size }).inclusion(leaf, size).unwrap()
    }

    fn consistency(&self, old: u64, size: u64) -> ConsistencyProof {
        self.nodes(Wanted::Consistency { old, size }).consistency(old, size).unwrap()
    }
}

#[test]
fn the_published_example_has_its_roots_and_proofs() {
    assert_eq!(Frontier::default().head(), TreeHead::EMPTY);
    assert_eq!(naive_root(&[]), TreeHead::EMPTY.root);
    let (mut tree, mut store) = (Frontier::default(), Vec::new());
    for (entry, root) in EXAMPLE.iter().zip(ROOTS) {
        store.push(tree.append(leaf_hash(&bytes(entry))));
        assert_eq!(tree.head().root, hash(root));
    }
    let nodes: Nodes = store.into_iter().enumerate().map(|(at, hashes)| (at as u64, hashes)).collect();
    // The reference implementation's proofs of leaf 6 of 8 (5 counted from zero), and between 6 and 8 leaves.
    let path = [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ];
    let proof = nodes.inclusion(5, 8).unwrap();
    assert_eq!(proof.path, path.map(hash));
    let path = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ];
    let proof = nodes.consistency(6, 8).unwrap();
    assert_eq!(proof.path, path.map(hash));
    let head = |size: u64| TreeHead { size, root: hash(ROOTS[size as usize - 1]) };
    proof.verify(&head(6), &head(8)).unwrap();
}

#[test]
fn all_sizes_to_300_agree_with_the_naive_tree() {
    let grown = grown(300);
    for size in 0..=300_usize {
        assert_eq!(grown.heads[size].root, naive_root(&grown.leaves[..size]));
        let frontier = grown.nodes(Wanted::Frontier { size: size as u64 }).frontier(size as u64).unwrap();
        assert_eq!(frontier.head(), grown.heads[size]);
        // Every leaf of every fourth size, and every older size of every fourth.
        for part in (0..size).filter(|_| size % 4 == 0 || size < 40) {
            let proof = grown.inclusion(part as u64, size as u64);
            assert_eq!(proof.path, naive_inclusion(part, &grown.leaves[..size]));
            assert_eq!(proof.verify(&grown.leaves[part], &grown.heads[size]), Ok(()));
            let proof = grown.consistency(part as u64, size as u64);
            if part > 0 {
                assert_eq!(proof.path, naive_consistency(part, &grown.leaves[..size], true));
            }
            assert_eq!(proof.verify(&grown.heads[part], &grown.heads[size]), Ok(()), "{part} of {size}");
        }
    }
}

#[test]
fn hostile_sizes_are_refused() {
    let grown = grown(8);
    let (leaf, tree) = (grown.leaves[5], grown.heads[8]);
    let good = grown.inclusion(5, 8);
    let path = good.path.clone();
    for (number, size) in
        [(8, 8), (5, 0), (0, 0), (u64::MAX, u64::MAX), (5, u64::MAX), (5, 5), (13, 16), (5, 4)]
    {
        let proof = InclusionProof { leaf: number, size, path: path.clone() };
        assert_eq!(proof.verify(&leaf, &tree), Err(InvalidProof), "{number} of {size}");
    }
    for extra in 1..100 {
        let path = path.iter().copied().chain(std::iter::repeat_n([0; 32], extra)).collect();
        assert_eq!(InclusionProof { path, ..good }.verify(&leaf, &tree), Err(InvalidProof));
    }
    for (old, size) in [(0, 8), (8, 6), (9, 8), (0, 0), (6, u64::MAX), (u64::MAX, 8)] {
        let proof = ConsistencyProof { old, size, path: grown.consistency(6, 8).path };
        assert_eq!(proof.verify(&grown.heads[6], &tree), Err(InvalidProof), "{old} of {size}");
    }
    // Nothing comes from the empty tree but by the empty path, and the empty tree has one root.
    let from_nothing = ConsistencyProof { old: 0, size: 8, path: Vec::new() };
    assert_eq!(from_nothing.verify(&TreeHead::EMPTY, &tree), Ok(()));
    assert_eq!(from_nothing.verify(&TreeHead { size: 0, ..tree }, &tree), Err(InvalidProof));
    let of_nothing = ConsistencyProof { old: 0, size: 0, path: Vec::new() };
    assert_eq!(of_nothing.verify(&TreeHead::EMPTY, &TreeHead { size: 0, ..tree }), Err(InvalidProof));
}

/// What a forger may do to a proof.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(prop::sample::Index, usize),
    Drop(prop::sample::Index),
    Repeat(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Number(u64),
    Size(u64),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    use prop::sample::Index;
    prop_oneof![
        (any::<Index>(), 0..256_usize).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        any::<Index>().prop_map(Mutation::Drop),
        any::<Index>().prop_map(Mutation::Repeat),
        (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Mutation::Swap(one, other)),
        prop_oneof![0..400_u64, any::<u64>()].prop_map(Mutation::Number),
        prop_oneof![0..400_u64, any::<u64>()].prop_map(Mutation::Size),
    ]
}

fn mutated(mutation: &Mutation, number: &mut u64, size: &mut u64, path: &mut Vec<Hash>) {
    match mutation {
        Mutation::Flip(at, bit) if !path.is_empty() => {
            let at = at.index(path.len());
            path[at][bit / 8] ^= 1 << (bit % 8);
        }
        Mutation::Drop(at) if !path.is_empty() => {
            path.remove(at.index(path.len()));
        }
        Mutation::Repeat(at) if !path.is_empty() => {
            let at = at.index(path.len());
            path.insert(at, path[at]);
        }
        Mutation::Swap(one, other) if !path.is_empty() => {
            let (one, other) = (one.index(path.len()), other.index(path.len()));
            path.swap(one, other);
        }
        Mutation::Number(other) => *number = *other,
        Mutation::Size(other) => *size = *other,
        Mutation::Flip(..) | Mutation::Drop(_) | Mutation::Repeat(_) | Mutation::Swap(..) => {}
    }
}

proptest! {
    // 50,000 mutated proofs of each kind: a hundred thousand.
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_proof_is_refused(
        size in 2..300_u64,
        at in any::<prop::sample::Index>(),
        mutations in prop::collection::vec(mutation(), 100),
    ) {
        // A tree has the nodes of every smaller one.
        static GROWN: LazyLock<Grown> = LazyLock::new(|| grown(300));
        let grown = &*GROWN;
        let leaf = at.index(size as usize) as u64;
        let inclusion = grown.inclusion(leaf, size);
        let old = leaf.max(1);
        let consistency = grown.consistency(old, size);
        for mutation in &mutations {
            let mut other = inclusion.clone();
            mutated(mutation, &mut other.leaf, &mut other.size, &mut other.path);
            if other != inclusion {
                let verified = other.verify(&grown.leaves[leaf as usize], &grown.heads[size as usize]);
                prop_assert!(verified.is_err(), "{other:?}");
            }
            let mut other = consistency.clone();
            mutated(mutation, &mut other.old, &mut other.size, &mut other.path);
            if other != consistency {
                let verified = other.verify(&grown.heads[old as usize], &grown.heads[size as usize]);
                prop_assert!(verified.is_err(), "{other:?}");
            }
        }
    }

    #[test]
    fn a_proof_in_json_is_read_back(size in 1..100_u64, at in any::<prop::sample::Index>()) {
        let proof = grown(size).inclusion(at.index(size as usize) as u64, size);
        let json = serde_json::to_string(&proof).unwrap();
        prop_assert_eq!(serde_json::from_str::<InclusionProof>(&json).unwrap(), proof);
    }
}
