//! The keys of a provider, and their text.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use zeroize::Zeroizing;

use crate::crypto::SecretKey;

/// The first line: what the file is, and the version of its format.
const TITLE: &str = "stewardship-local-keys 0";

/// Digits of an identifier: 128 random bits.
const ID_DIGITS: usize = 32;

/// The longest line: identifier, space, 64 digits of a key, end of line. A tombstone is shorter.
const LINE_BYTES: usize = ID_DIGITS + 1 + 64 + 1;

/// Keys and tombstones, oldest first.
#[derive(Default)]
pub(super) struct Table(Vec<(String, Entry)>);

/// What is left of a key.
pub(super) enum Entry {
    /// The key.
    Live(SecretKey),
    /// The moment of its destruction.
    Destroyed(DateTime<Utc>),
}

impl Table {
    /// Reads the text of a table; the error is the number of the first bad line, from 1.
    pub(super) fn parse(text: &[u8]) -> Result<Self, usize> {
        let mut lines = text.split(|byte| *byte == b'\n');
        if lines.next() != Some(TITLE.as_bytes()) {
            return Err(1);
        }
        // Text that ends with a line has one empty piece behind it; without it the last line was cut off.
        let count = lines.clone().count();
        if lines.next_back().is_none_or(|last| !last.is_empty()) {
            return Err(1 + count.max(1));
        }
        let mut seen = BTreeSet::new();
        let mut entries = Vec::with_capacity(count);
        for (number, line) in (2..).zip(lines) {
            let (id, entry) = parse_line(line).ok_or(number)?;
            if !seen.insert(id) {
                return Err(number);
            }
            entries.push((id.to_owned(), entry));
        }
        Ok(Self(entries))
    }

    /// The text of the table, wiped on drop.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        // The full size at once: a text that grows would leave keys behind.
        let mut text = Zeroizing::new(String::with_capacity(TITLE.len() + 1 + self.0.len() * LINE_BYTES));
        text.push_str(TITLE);
        text.push('\n');
        for (id, entry) in &self.0 {
            text.push_str(id);
            text.push(' ');
            match entry {
                Entry::Live(key) => push_hex(&mut text, key.expose()),
                Entry::Destroyed(at) => {
                    text.push_str("destroyed ");
                    text.push_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
                }
            }
            text.push('\n');
        }
        text
    }

    /// What is left of a key; `None`: never one of these.
    pub(super) fn entry(&self, id: &str) -> Option<&Entry> {
        self.0.iter().find(|(known, _)| known == id).map(|(_, entry)| entry)
    }

    /// Adds a key under a name that was never used, not even by a key that is destroyed.
    pub(super) fn add(&mut self, id: String, key: SecretKey) -> Result<(), NameUsed> {
        if self.entry(&id).is_some() {
            return Err(NameUsed);
        }
        self.0.push((id, Entry::Live(key)));
        Ok(())
    }

    /// Puts a tombstone in the place of a key, and returns the moment on it: the first that was given.
    pub(super) fn destroy(&mut self, id: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (_, entry) = self.0.iter_mut().find(|(known, _)| known == id)?;
        match entry {
            Entry::Destroyed(at) => Some(*at),
            Entry::Live(_) => {
                *entry = Entry::Destroyed(now);
                Some(now)
            }
        }
    }
}

/// The random source repeated a name.
#[derive(Debug)]
pub(super) struct NameUsed;

impl fmt::Display for NameUsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the random source repeats itself")
    }
}

impl std::error::Error for NameUsed {}

fn parse_line(line: &[u8]) -> Option<(&str, Entry)> {
    let line = std::str::from_utf8(line).ok()?;
    let (id, rest) = line.split_once(' ')?;
    let named = id.len() == ID_DIGITS && id.bytes().all(|byte| nibble(byte).is_some());
    let entry = match rest.strip_prefix("destroyed ") {
        Some(at) => Entry::Destroyed(DateTime::parse_from_rfc3339(at).ok()?.to_utc()),
        None => Entry::Live(parse_key(rest)?),
    };
    named.then_some((id, entry))
}

fn parse_key(digits: &str) -> Option<SecretKey> {
    let (pairs, odd) = digits.as_bytes().as_chunks::<2>();
    let mut key = Zeroizing::new([0; 32]);
    if pairs.len() != key.len() || !odd.is_empty() {
        return None;
    }
    for (byte, [high, low]) in key.iter_mut().zip(pairs) {
        *byte = (nibble(*high)? << 4) | nibble(*low)?;
    }
    Some(SecretKey::copied(&key))
}

/// The value of a digit; capital letters are none, so that a file has one text.
const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "00112233445566778899aabbccddeeff";
    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

    fn bad_line(text: impl AsRef<[u8]>) -> Option<usize> {
        Table::parse(text.as_ref()).err()
    }

    #[test]
    fn a_bad_line_is_named() {
        assert_eq!(bad_line(format!("{TITLE}\n")), None);
        assert_eq!(bad_line(format!("{TITLE}\n{ID} {KEY}\n")), None);
        for bad in ["", "\n", "stewardship-local-keys 1\n", "stewardship-local-keys 0\r\n"] {
            assert_eq!(bad_line(bad), Some(1), "{bad:?}");
        }
        assert_eq!(bad_line(TITLE), Some(2));
        let lines = [
            String::new(),
            ID.to_owned(),
            format!("{ID} "),
            format!("{ID}  {KEY}"),
            format!("{ID} {KEY} "),
            format!("{ID} {KEY}\r"),
            format!("{ID} {}", &KEY[1..]),
            format!("{ID} {}", KEY.to_uppercase()),
            format!("{ID} {KEY}0"),
            format!("{ID} g{}", &KEY[1..]),
            format!("{} {KEY}", &ID[1..]),
            format!("{} {KEY}", ID.to_uppercase()),
            format!("{ID} destroyed"),
            format!("{ID} destroyed yesterday"),
        ];
        for line in lines {
            let good = ID.replace('0', "1");
            assert_eq!(bad_line(format!("{TITLE}\n{good} {KEY}\n{line}\n")), Some(3), "{line:?}");
        }
        assert_eq!(bad_line(format!("{TITLE}\n{ID} {KEY}\n{ID} {KEY}\n")), Some(3));
        assert_eq!(bad_line(format!("{TITLE}\n{ID} {KEY}")), Some(2));
        assert_eq!(bad_line([TITLE.as_bytes(), b"\n\xff\n"].concat()), Some(2));
    }

    #[test]
    fn a_destroyed_key_leaves_no_digit_and_its_name_is_taken() {
        let mut table = Table::parse(format!("{TITLE}\n{ID} {KEY}\n").as_bytes()).unwrap();
        let now = "2026-11-22T12:00:00.5Z".parse().unwrap();
        assert_eq!(table.destroy(ID, now), Some(now));
        assert_eq!(table.destroy(ID, "2027-01-01T00:00:00Z".parse().unwrap()), Some(now));
        assert_eq!(table.destroy("another", now), None);
        assert_eq!(*table.to_text(), format!("{TITLE}\n{ID} destroyed 2026-11-22T12:00:00.500Z\n"));
        assert!(table.add(ID.to_owned(), SecretKey::new([1; 32])).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_and_never_grows_its_buffer(
            entries in prop::collection::btree_map(
                any::<u128>(),
                prop_oneof![
                    any::<[u8; 32]>().prop_map(Ok),
                    (0..253_402_300_799_i64, 0..1_000_000_000_u32).prop_map(Err),
                ],
                0..6,
            ),
        ) {
            let entry = |state: &Result<[u8; 32], (i64, u32)>| match *state {
                Ok(key) => Entry::Live(SecretKey::new(key)),
                Err((seconds, nanos)) => Entry::Destroyed(DateTime::from_timestamp(seconds, nanos).unwrap()),
            };
            let table = Table(entries.iter().map(|(id, state)| (format!("{id:032x}"), entry(state))).collect());
            let text = table.to_text();
            prop_assert!(text.capacity() <= TITLE.len() + 1 + entries.len() * LINE_BYTES);
            let read = Table::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(read.to_text(), text);
            prop_assert_eq!(read.0.len(), entries.len());
        }

        #[test]
        fn any_text_gives_a_table_or_a_line(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = [TITLE.as_bytes(), b"\n", &bytes].concat();
            if let Err(line) = Table::parse(&text) {
                prop_assert!(line <= 2 + bytes.iter().filter(|byte| **byte == b'\n').count());
            }
        }
    }
}
