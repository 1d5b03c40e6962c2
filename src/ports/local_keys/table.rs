//! The keys of a provider, and their text.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::error::{BadLine, LineProblem};
use super::hex;
use crate::crypto::SecretKey;

/// The first line: what the file is, and the version of its format.
const TITLE: &str = "stewardship-local-keys 1";

/// Begins the last line, which ends with the digest of everything before it.
const END: &str = "end ";

/// The largest text that is read or written: about 10,000 keys. There is one key per epoch.
pub(super) const MAX_TEXT_BYTES: usize = 1024 * 1024;

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
    /// Reads the text of a table, or names the first bad line.
    pub(super) fn parse(text: &[u8]) -> Result<Self, BadLine> {
        let bad = |line, problem| BadLine::new(line, problem);
        if text.len() > MAX_TEXT_BYTES {
            return Err(bad(1, LineProblem::TooLong));
        }
        let mut lines = text.split(|byte| *byte == b'\n');
        if lines.next() != Some(TITLE.as_bytes()) {
            return Err(bad(1, LineProblem::Title));
        }
        // Text that ends with a line has one empty piece behind it; without it the last line was cut off.
        let last = 1 + lines.clone().count();
        if lines.next_back().is_none_or(|rest| !rest.is_empty()) {
            return Err(bad(last.max(2), LineProblem::CutOff));
        }
        let end = lines.next_back().unwrap_or_default();
        let mut seen = BTreeSet::new();
        let mut entries = Vec::with_capacity(lines.clone().count());
        for (number, line) in (2..).zip(lines) {
            let (id, entry) = parse_line(line).map_err(|problem| bad(number, problem))?;
            if !seen.insert(id) {
                return Err(bad(number, LineProblem::Repeated));
            }
            entries.push((id.to_owned(), entry));
        }
        let digest = end.strip_prefix(END.as_bytes()).ok_or(bad(last.max(3) - 1, LineProblem::CutOff))?;
        let before = text.len().saturating_sub(end.len() + 1);
        if *digest != *digest_of(text.get(..before).unwrap_or_default()).as_bytes() {
            return Err(bad(last - 1, LineProblem::Digest));
        }
        Ok(Self(entries))
    }

    /// The text of the table, wiped on drop.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        // The full size at once: a text that grows would leave keys behind.
        let capacity = TITLE.len() + 1 + self.0.len() * LINE_BYTES + END.len() + 64 + 1;
        let mut text = Zeroizing::new(String::with_capacity(capacity));
        text.push_str(TITLE);
        text.push('\n');
        for (id, entry) in &self.0 {
            text.push_str(id);
            text.push(' ');
            match entry {
                Entry::Live(key) => hex::push(&mut text, key.expose()),
                Entry::Destroyed(at) => {
                    text.push_str(DESTROYED);
                    text.push_str(&moment_text(*at));
                }
            }
            text.push('\n');
        }
        let digest = digest_of(text.as_bytes());
        text.push_str(END);
        text.push_str(&digest);
        text.push('\n');
        text
    }

    /// How many keys there are, and how many tombstones.
    pub(super) fn count(&self) -> (usize, usize) {
        let live = self.0.iter().filter(|(_, entry)| matches!(entry, Entry::Live(_))).count();
        (live, self.0.len() - live)
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

/// Between identifier and moment of a tombstone.
const DESTROYED: &str = "destroyed ";

fn parse_line(line: &[u8]) -> Result<(&str, Entry), LineProblem> {
    let line = std::str::from_utf8(line).map_err(|_| LineProblem::Identifier)?;
    let (id, rest) = line.split_once(' ').ok_or(LineProblem::Identifier)?;
    if id.len() != ID_DIGITS || !id.bytes().all(hex::is_digit) {
        return Err(LineProblem::Identifier);
    }
    let entry = match rest.strip_prefix(DESTROYED) {
        Some(at) => Entry::Destroyed(parse_moment(at).ok_or(LineProblem::Moment)?),
        None => Entry::Live(hex::key(rest).ok_or(LineProblem::Key)?),
    };
    Ok((id, entry))
}

/// A moment in the one form in which it is written.
fn parse_moment(text: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    (moment_text(at) == text).then_some(at)
}

fn moment_text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn digest_of(text: &[u8]) -> String {
    let mut digits = String::with_capacity(64);
    hex::push(&mut digits, &Sha256::digest(text));
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "00112233445566778899aabbccddeeff";
    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

    fn ended(body: impl AsRef<str>) -> String {
        let body = body.as_ref();
        format!("{body}end {}\n", digest_of(body.as_bytes()))
    }

    fn bad_line(text: impl AsRef<[u8]>) -> Option<(usize, LineProblem)> {
        Table::parse(text.as_ref()).err().map(|bad| (bad.line(), bad.problem()))
    }

    #[test]
    fn a_bad_line_is_named() {
        use LineProblem::*;
        assert_eq!(bad_line(ended(format!("{TITLE}\n"))), None);
        assert_eq!(bad_line(ended(format!("{TITLE}\n{ID} {KEY}\n"))), None);
        for bad in ["", "\n", "stewardship-local-keys 0\n", "stewardship-local-keys 1\r\n", "end \n"] {
            assert_eq!(bad_line(bad), Some((1, Title)), "{bad:?}");
        }
        assert_eq!(bad_line(TITLE), Some((2, CutOff)));
        assert_eq!(bad_line(format!("{TITLE}\n")), Some((2, CutOff)));
        let lines = [
            (String::new(), Identifier),
            (ID.to_owned(), Identifier),
            (format!("{ID} "), Key),
            (format!("{ID}  {KEY}"), Key),
            (format!("{ID} {KEY} "), Key),
            (format!("{ID} {KEY}\r"), Key),
            (format!("{ID} {}", &KEY[1..]), Key),
            (format!("{ID} {}", KEY.to_uppercase()), Key),
            (format!("{ID} {KEY}0"), Key),
            (format!("{ID} g{}", &KEY[1..]), Key),
            (format!("{} {KEY}", &ID[1..]), Identifier),
            (format!("{} {KEY}", ID.to_uppercase()), Identifier),
            (format!("{ID} destroyed"), Key),
            (format!("{ID} destroyed yesterday"), Moment),
            // One moment has one text.
            (format!("{ID} destroyed 2026-11-22T13:00:00+01:00"), Moment),
            (format!("{ID} destroyed 2026-11-22T12:00:00.500000Z"), Moment),
            (format!("{ID} destroyed 2026-11-22 12:00:00Z"), Moment),
        ];
        for (line, problem) in lines {
            let good = ID.replace('0', "1");
            let text = ended(format!("{TITLE}\n{good} {KEY}\n{line}\n"));
            assert_eq!(bad_line(text), Some((3, problem)), "{line:?}");
        }
        assert_eq!(bad_line(ended(format!("{TITLE}\n{ID} {KEY}\n{ID} {KEY}\n"))), Some((3, Repeated)));
        assert_eq!(bad_line([TITLE.as_bytes(), b"\n\xff\nend \n"].concat()), Some((2, Identifier)));
        assert_eq!(bad_line(vec![b'\n'; MAX_TEXT_BYTES + 1]), Some((1, TooLong)));
    }

    /// What a copy lost, or a hand changed, is not read as a file with fewer keys.
    #[test]
    fn no_part_of_a_file_is_a_file() {
        let other = ID.replace('0', "1");
        let text = ended(format!("{TITLE}\n{ID} {KEY}\n{other} {KEY}\n"));
        assert_eq!(bad_line(&text), None);
        for length in 0..text.len() {
            assert!(bad_line(&text[..length]).is_some(), "{length} bytes");
        }
        assert_eq!(bad_line(format!("{TITLE}\n{ID} {KEY}\n")), Some((2, LineProblem::CutOff)));
        let without = text.replace(&format!("{other} {KEY}\n"), "");
        assert_eq!(bad_line(without), Some((3, LineProblem::Digest)));
        let rotten = text.replacen("0102", "0103", 1);
        assert_eq!(bad_line(rotten), Some((4, LineProblem::Digest)));
        assert_eq!(bad_line(format!("{text}\n")), Some((4, LineProblem::Identifier)));
    }

    #[test]
    fn a_destroyed_key_leaves_no_digit_and_its_name_is_taken() {
        let text = ended(format!("{TITLE}\n{ID} {KEY}\n"));
        let mut table = Table::parse(text.as_bytes()).unwrap();
        let now = "2026-11-22T12:00:00.5Z".parse().unwrap();
        assert_eq!(table.destroy(ID, now), Some(now));
        assert_eq!(table.destroy(ID, "2027-01-01T00:00:00Z".parse().unwrap()), Some(now));
        assert_eq!(table.destroy("another", now), None);
        let expected = ended(format!("{TITLE}\n{ID} destroyed 2026-11-22T12:00:00.500Z\n"));
        assert_eq!(*table.to_text(), expected);
        assert_eq!(table.count(), (0, 1));
        assert!(table.add(ID.to_owned(), SecretKey::new([1; 32])).is_err());
    }

    /// The file of the specification, to the byte.
    #[test]
    fn the_example_of_the_specification_is_read_and_written() {
        let page = include_str!("FORMAT.md");
        let (_, rest) = page.split_once("```text\nstewardship-local-keys 1").unwrap();
        let example = format!("{TITLE}{}", rest.split_once("```").unwrap().0);
        let table = Table::parse(example.as_bytes()).unwrap();
        assert_eq!(table.count(), (1, 1));
        assert_eq!(*table.to_text(), example);
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
            prop_assert!(text.capacity() <= TITLE.len() + 1 + entries.len() * LINE_BYTES + 69);
            let read = Table::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(read.to_text(), text);
            prop_assert_eq!(read.0.len(), entries.len());
        }

        #[test]
        fn any_text_gives_a_table_or_a_line(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = [TITLE.as_bytes(), b"\n", &bytes].concat();
            if let Err(bad) = Table::parse(&text) {
                prop_assert!(bad.line() <= 2 + bytes.iter().filter(|byte| **byte == b'\n').count());
            }
        }

        /// One table has one text: what is read is written as it was.
        #[test]
        fn what_is_read_is_canonical(
            lines in prop::collection::vec(prop_oneof![
                "[0-9a-f]{32} [0-9a-f]{64}",
                "[0-9a-f]{32} destroyed 20[0-9][0-9]-1[0-2]-[0-2][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,9})?(Z|z|\\+00:00|-00:00)",
            ], 0..4),
        ) {
            let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let text = ended(format!("{TITLE}\n{body}"));
            if let Ok(table) = Table::parse(text.as_bytes()) {
                prop_assert_eq!(&*table.to_text(), &text);
            }
        }
    }
}
