//! Keyed names: equality without the value.

use super::key::SecretKey;
use super::mac;
use crate::core::policy::{FindBy, NormalForm};

/// Bytes in front of every entry that say under which key and which declaration it was made.
const MARK_BYTES: usize = 8;

/// The blind index of one field, under one version of a tenant's key: it makes the entries by which sealed values are found.
///
/// An entry is a mark, the same for all of them, and behind it HMAC-SHA-256 over kind, class, field and the value's
/// [normal form](FindBy::normal), each behind its length, cut to the declared bits. The mark is a digest of the declaration under the
/// same key: it tells entries of an older key, or of another declaration, apart without the value.
///
/// **It leaks** to whoever reads the index which values of a field are equal and how often each occurs: index no field of few values (a
/// country, a flag). What holds the key can test guesses, as far as the [bits](FindBy::shared_by) go. Give every tenant a key of its own.
///
/// # Example: found however it is written
/// ```
/// use stewardship::crypto::{BlindIndex, OsEntropy, SecretKey};
/// use stewardship::policy::{FindBy, Normalise};
/// let key = SecretKey::generate(&OsEntropy)?;
/// let index = BlindIndex::new(&key, "Creator", "creator.email", "email", FindBy::new(Normalise::Email));
/// let entry = |address| index.find_by().normal(address).map(|normal| index.entry(&normal));
/// assert_eq!(entry(" Ada@Example.com ")?, entry("ada@example.com")?);
/// assert!(entry("nobody").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BlindIndex<'a> {
    key: SecretKey,
    parts: [&'a str; 3],
    find_by: FindBy,
    mark: [u8; MARK_BYTES],
}

impl<'a> BlindIndex<'a> {
    /// The index of a field of a kind of record, whose values are of a class.
    #[must_use]
    pub fn new(
        tenant_key: &SecretKey,
        kind: &'a str,
        class: &'a str,
        field: &'a str,
        find_by: FindBy,
    ) -> Self {
        let key = tenant_key.derive("index");
        let mut mark = [0; MARK_BYTES];
        let whole = keyed_name(&key, "index-mark", &[kind, class, field, &find_by.told()]);
        mark.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        Self { key, parts: [kind, class, field], find_by, mark }
    }

    /// The entry of a value, in the normal form that [`find_by`](Self::find_by) gives it.
    #[must_use]
    pub fn entry(&self, value: &NormalForm) -> Vec<u8> {
        let [kind, class, field] = self.parts;
        let whole = keyed_name(&self.key, "index", &[kind, class, field, value.as_str()]);
        let bits = usize::from(self.find_by.kept_bits());
        let kept = whole.iter().enumerate().take(bits.div_ceil(8)).map(|(at, byte)| {
            // Of the last byte, the upper bits alone where less of it is kept.
            let of_it = bits.saturating_sub(at.saturating_mul(8));
            if of_it >= 8 { *byte } else { byte & !(0xFF_u8 >> of_it) }
        });
        self.mark.into_iter().chain(kept).collect()
    }

    /// Whether an entry was made here: under this key and this declaration.
    #[must_use]
    pub fn is_of(&self, entry: &[u8]) -> bool {
        entry.starts_with(&self.mark)
    }

    /// How its values are entered.
    #[must_use]
    pub const fn find_by(&self) -> &FindBy {
        &self.find_by
    }
}

impl std::fmt::Debug for BlindIndex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BlindIndex({:?})", self.parts)
    }
}

/// The name under which the audit trail knows an identifier: an HMAC as in a [`BlindIndex`], for another use, of 16 bytes.
///
/// A pseudonym is personal data for as long as its key exists (GDPR, Art. 4(5) and Recital 26).
#[must_use]
pub fn pseudonym(key: &SecretKey, kind: &str, id: &str) -> [u8; 16] {
    keyed_name(key, "pseudonym", &[kind, id])
}

fn keyed_name(key: &SecretKey, purpose: &str, parts: &[&str]) -> [u8; 16] {
    // The lengths in front keep this apart from `SecretKey::derive`, whose input begins with its label.
    let parts: Vec<&str> = ["stewardship/0", purpose].iter().chain(parts).copied().collect();
    let lengths: Vec<[u8; 4]> = parts.iter().map(|part| length(part)).collect();
    let input: Vec<&[u8]> =
        lengths.iter().zip(&parts).flat_map(|(length, part)| [&length[..], part.as_bytes()]).collect();
    let full = mac::hmac(key.expose(), &input);
    let mut name = [0; 16];
    name.iter_mut().zip(full.iter()).for_each(|(to, from)| *to = *from);
    name
}

fn length(part: &str) -> [u8; 4] {
    u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::policy::Normalise;

    fn index<'a>(key: u8, [kind, class, field]: [&'a str; 3], find_by: FindBy) -> BlindIndex<'a> {
        BlindIndex::new(&SecretKey::new([key; 32]), kind, class, field, find_by)
    }

    fn entry(index: &BlindIndex<'_>, value: &str) -> Vec<u8> {
        index.entry(&index.find_by().normal(value).unwrap())
    }

    fn exact() -> FindBy {
        FindBy::new(Normalise::Exact)
    }

    /// A value over every part, written by hand: the format may not drift unseen.
    #[test]
    fn the_entry_is_a_mark_and_the_hmac_of_its_parts() {
        use hmac::{Hmac, KeyInit, Mac};
        let key = SecretKey::new([5; 32]).derive("index");
        let by_hand = |input: &[u8]| {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.expose()).unwrap();
            mac.update(input);
            mac.finalize().into_bytes()
        };
        let mark = by_hand(
            b"\0\0\0\x0dstewardship/0\0\0\0\x0aindex-mark\0\0\0\x01k\0\0\0\x01c\0\0\0\x02fi\0\0\0\x0ephone/128/49/0",
        );
        let tag = by_hand(
            b"\0\0\0\x0dstewardship/0\0\0\0\x05index\0\0\0\x01k\0\0\0\x01c\0\0\0\x02fi\0\0\0\x0b+4930901820",
        );
        let form = FindBy::new(Normalise::Phone).calling_code("49").trunk("0");
        let entry = entry(&index(5, ["k", "c", "fi"], form), "030 901820");
        assert_eq!(entry, [&mark[..8], &tag[..16]].concat());
    }

    #[test]
    fn a_cut_entry_is_the_front_of_the_whole_one() {
        let of = |bits: u8| entry(&index(5, ["k", "c", "f"], exact().bits(bits)), "ada");
        let whole = of(128)[8..].to_vec();
        let bits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:08b}")).collect::<String>();
        for kept in 16..=128_u8 {
            let cut = of(kept)[8..].to_vec();
            let (front, rest) = (usize::from(kept), bits(&cut)[usize::from(kept)..].to_owned());
            assert_eq!(bits(&cut)[..front], bits(&whole)[..front], "{kept}");
            assert_eq!(
                (cut.len(), rest.replace('0', "")),
                (usize::from(kept).div_ceil(8), String::new()),
                "{kept}"
            );
        }
    }

    #[test]
    fn a_mark_tells_keys_fields_and_declarations_apart() {
        let mine = index(5, ["k", "c", "f"], exact());
        let made = entry(&mine, "ada");
        assert!(mine.is_of(&made) && mine.is_of(&entry(&mine, "eve")));
        assert!(!mine.is_of(&made[..7]) && !mine.is_of(&[]));
        for other in [
            index(6, ["k", "c", "f"], exact()),
            index(5, ["l", "c", "f"], exact()),
            index(5, ["k", "d", "f"], exact()),
            index(5, ["k", "c", "g"], exact()),
            index(5, ["k", "c", "f"], exact().bits(64_u8)),
            index(5, ["k", "c", "f"], FindBy::new(Normalise::Text)),
            index(5, ["k", "c", "f"], FindBy::new(Normalise::Phone)),
            index(5, ["k", "c", "f"], FindBy::new(Normalise::Phone).calling_code("49")),
            index(5, ["k", "c", "f"], FindBy::new(Normalise::Phone).calling_code("49").trunk("0")),
        ] {
            assert!(!other.is_of(&made), "{other:?}");
        }
        // What is not said is as what is said to be the same.
        assert!(index(5, ["k", "c", "f"], exact().bits(128_u8)).is_of(&made));
    }

    #[test]
    fn cut_entries_are_shared_as_often_as_is_said() {
        let index = index(5, ["k", "c", "f"], exact().bits(16_u8));
        let count = 20_000_u32;
        let mut seen = std::collections::BTreeMap::<_, u64>::new();
        (0..count).for_each(|n| *seen.entry(entry(&index, &n.to_string())).or_default() += 1);
        let sharing: u64 = seen.values().map(|own| own * (own - 1)).sum();
        let (found, said) = (sharing as f64 / f64::from(count), index.find_by().shared_by(count));
        assert!((found / said - 1.0).abs() < 0.1, "{found} of {said}");
    }

    proptest! {
        #[test]
        fn every_part_counts(
            left in prop::array::uniform4("[ab]{0,2}"),
            right in prop::array::uniform4("[ab]{0,2}"),
        ) {
            let entry = |key: u8, [kind, class, field, value]: &[String; 4]| {
                entry(&index(key, [kind, class, field], exact()), value)[8..].to_vec()
            };
            prop_assert_eq!(left == right, entry(5, &left) == entry(5, &right));
            prop_assert_ne!(entry(6, &left), entry(5, &left));
            let key = SecretKey::new([5; 32]);
            let name = |parts: &[String; 4]| pseudonym(&key, &parts[0], &parts[1]);
            prop_assert_eq!(left[..2] == right[..2], name(&left) == name(&right));
        }
    }
}
