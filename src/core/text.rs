//! Short texts: what identifiers and names are made of.
//!
//! A question to the policy is made of eight of them and more, so making one must cost little: up to 22 bytes are kept in place, and are put
//! there as three words, not byte by byte.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest text that is kept in place, in bytes: a `Text` is then as large as a `String`.
const SHORT: usize = 22;

/// A text that is not changed. Copying one allocates nothing, and neither does making a short one.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Text(Repr);

#[derive(Clone, PartialEq, Eq)]
enum Repr {
    /// As long as that; zeros fill it up.
    Short(u8, [u8; SHORT]),
    /// Longer than that.
    Long(Arc<str>),
}

impl Text {
    // A text that was made elsewhere is read back from memory in other pieces than it was written in, and the processor waits for that: as long as
    // the rest takes.
    #[inline(always)]
    pub(crate) fn new(text: &str) -> Self {
        match short(text.as_bytes()) {
            Some((length, bytes)) => Self(Repr::Short(length, bytes)),
            None => Self(Repr::Long(text.into())),
        }
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Short(length, bytes) => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Repr::Long(text) => text.as_bytes(),
        }
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        match &self.0 {
            // They were those of a text.
            Repr::Short(..) => std::str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Repr::Long(text) => text,
        }
    }

    /// Appends it behind its length as 32 bits, big-endian.
    #[inline]
    pub(crate) fn push_field(&self, bytes: &mut Vec<u8>) {
        match &self.0 {
            Repr::Short(length, text) => {
                bytes.extend_from_slice(&u32::from(*length).to_be_bytes());
                let end = bytes.len() + usize::from(*length);
                // All of them, and then fewer: a copy of a known length is two moves, and not a call.
                bytes.extend_from_slice(text);
                bytes.truncate(end);
            }
            Repr::Long(text) => push_field(bytes, text.as_bytes()),
        }
    }

    /// A number that differs for most texts.
    #[inline]
    pub(crate) fn scattered(&self) -> u32 {
        // Of SplitMix64 (Steele, Lea and Flood, 2014).
        const FIRST: u64 = 0x9E37_79B9_7F4A_7C15;
        const SECOND: u64 = 0xBF58_476D_1CE4_E5B9;
        const THIRD: u64 = 0x94D0_49BB_1331_11EB;
        let times = |word: u64, factor: u64| word.wrapping_mul(factor);
        let sum = match &self.0 {
            // All of it at once, however long it is.
            Repr::Short(_, bytes) => {
                let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v] = *bytes;
                let words = [[a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p], [q, r, s, t, u, v, 0, 0]];
                let [first, second, third] = words.map(u64::from_le_bytes);
                times(first, FIRST).wrapping_add(times(second, SECOND)).wrapping_add(times(third, THIRD))
            }
            Repr::Long(text) => text.bytes().fold(0, |sum, byte| times(sum ^ u64::from(byte), FIRST)),
        };
        // Also what differs in the highest bits alone.
        (times(sum ^ sum >> 32, FIRST) >> 32) as u32
    }
}

/// Appends `field` behind its length as 32 bits, big-endian.
pub(crate) fn push_field(bytes: &mut Vec<u8>, field: &[u8]) {
    bytes.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(field);
}

/// The length and the bytes of a short text, filled up with zeros.
#[inline(always)]
fn short(text: &[u8]) -> Option<(u8, [u8; SHORT])> {
    let length = u8::try_from(text.len()).ok().filter(|length| usize::from(*length) <= SHORT)?;
    // Of the last eight bytes those that come after the first so many: what is before them is shifted out.
    let after = |last: &[u8; 8], count: u8| {
        let before = 8 - u32::from(length - count);
        u64::from_le_bytes(*last).checked_shr(8 * before).unwrap_or_default()
    };
    let (first, second, third) = match (text.split_first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some((first, rest)), Some(last)) => match rest.first_chunk::<8>() {
            Some(second) => (*first, *second, after(last, 16)),
            None => (*first, after(last, 8).to_le_bytes(), 0),
        },
        _ => (below_eight(text).to_le_bytes(), [0; 8], 0),
    };
    let mut bytes = [0; SHORT];
    let (head, rest) = bytes.split_first_chunk_mut::<8>()?;
    let (middle, rest) = rest.split_first_chunk_mut::<8>()?;
    (*head, *middle) = (first, second);
    rest.copy_from_slice(third.to_le_bytes().first_chunk::<{ SHORT - 16 }>()?);
    Some((length, bytes))
}

/// Less than eight bytes as one word, the first lowest.
#[inline(always)]
fn below_eight(text: &[u8]) -> u64 {
    let shifted = |word: u64, bytes: usize| word << (8 * bytes);
    match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        // The last four lie over some of the first.
        (Some(first), Some(last)) => {
            let last = shifted(u32::from_le_bytes(*last).into(), text.len() - 4);
            u64::from(u32::from_le_bytes(*first)) | last
        }
        _ => text.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// By its bytes, as texts are.
impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As a text, which it may be looked up by.
impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_of_every_length_is_what_it_was_made_of() {
        assert_eq!(size_of::<Text>(), size_of::<String>());
        let long = "0123456789abcdefghijklmnopqrstuvwxyz";
        for length in 0..=long.len() {
            let (text, other) = (&long[..length], &long[long.len() - length..]);
            let made = Text::new(text);
            assert_eq!((made.as_str(), made.as_bytes()), (text, text.as_bytes()));
            assert_eq!(matches!(made.0, Repr::Short(..)), length <= SHORT, "{length}");
            assert_eq!(made == Text::new(other), text == other);
        }
        // Zeros at the end are of the text.
        assert_ne!(Text::new("a"), Text::new("a\0"));
    }

    proptest! {
        #[test]
        fn texts_are_alike_as_what_they_are_made_of_is(one in ".{0,30}", other in ".{0,12}") {
            let (text, another) = (Text::new(&one), Text::new(&other));
            prop_assert_eq!(text.as_str(), &one);
            prop_assert_eq!(text == another, one == other);
            prop_assert_eq!(text.cmp(&another), one.cmp(&other));
            prop_assert_eq!(text.clone(), Text::new(&one));
            let (mut field, mut copied) = (vec![7], vec![7]);
            text.push_field(&mut field);
            push_field(&mut copied, one.as_bytes());
            prop_assert_eq!(field, copied);
            let state = RandomState::new();
            prop_assert_eq!(state.hash_one(&text), state.hash_one(one.as_str()));
            prop_assert_eq!(format!("{text:?}"), format!("{one:?}"));
            let stored = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(&stored, &serde_json::to_string(&one).unwrap());
            prop_assert_eq!(serde_json::from_str::<Text>(&stored).unwrap(), text);
        }
    }
}
