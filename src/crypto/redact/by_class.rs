//! What is kept for each class, found by what the compiler knows of its name.

use crate::core::classification::{ClassSpec, id_hash};
use crate::core::id::Name;

/// Values by the class that they are for. A class is found by the last byte of its hash: it takes the comparison of a number or two, and of
/// one name; a tree takes five of names, which are as long as a short value's HMAC is dear.
pub(super) struct ByClass<T> {
    /// Always [`BUCKETS`].
    buckets: Vec<Vec<Entry<T>>>,
}

struct Entry<T> {
    hash: u64,
    id: Name,
    value: T,
}

const BUCKETS: usize = 256;

impl<T> ByClass<T> {
    /// Where a class of this hash is found.
    fn bucket(hash: u64) -> usize {
        usize::from(hash.to_le_bytes()[0])
    }

    pub(super) fn get(&self, class: &ClassSpec) -> Option<&T> {
        let is = |entry: &&Entry<T>| entry.hash == class.hash && entry.id == *class.id;
        self.buckets.get(Self::bucket(class.hash))?.iter().find(is).map(|entry| &entry.value)
    }

    pub(super) fn len(&self) -> usize {
        self.buckets.iter().map(Vec::len).sum()
    }
}

/// Of two values for one class, the first counts.
impl<T> FromIterator<(Name, T)> for ByClass<T> {
    fn from_iter<I: IntoIterator<Item = (Name, T)>>(values: I) -> Self {
        let mut buckets: Vec<Vec<Entry<T>>> = (0..BUCKETS).map(|_| Vec::new()).collect();
        for (id, value) in values {
            let hash = id_hash(id.as_str());
            if let Some(bucket) = buckets.get_mut(Self::bucket(hash)) {
                bucket.push(Entry { hash, id, value });
            }
        }
        Self { buckets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::classification::Level;

    fn spec(id: &'static str, hash: u64) -> ClassSpec {
        ClassSpec { id, level: Level::Public, category: "any", hash }
    }

    #[test]
    fn each_class_finds_its_own_and_no_other() {
        let names: Vec<&'static str> =
            (0..1_000).map(|number| &*Box::leak(format!("class.{number}").into_boxed_str())).collect();
        let all: ByClass<usize> = names.iter().map(|id| Name::new(*id)).zip(0..).collect();
        assert_eq!(all.len(), 1_000);
        for (number, id) in names.iter().enumerate() {
            assert_eq!(all.get(&spec(id, id_hash(id))), Some(&number));
        }
        assert_eq!(all.get(&spec("class.1000", id_hash("class.1000"))), None);
    }

    /// Names whose hashes are the same are told apart by themselves.
    #[test]
    fn a_hash_alone_finds_nothing() {
        let all: ByClass<()> = [(Name::new("creator.email"), ())].into_iter().collect();
        assert_eq!(all.get(&spec("creator.handle", id_hash("creator.email"))), None);
    }

    /// Of the published test vectors of FNV-1a.
    #[test]
    fn the_hash_is_fnv_1a() {
        for (text, hash) in
            [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(id_hash(text), hash);
        }
    }
}
