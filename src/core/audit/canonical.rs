//! The one form of an entry's parts: how each is written, and how it is read back without leniency. `FORMAT.md` beside this file says what it is.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike, Utc};

use super::entry::EntryError;
use crate::core::hex;

/// A value in its one form.
pub(super) trait Value: Sized {
    fn write(&self, out: &mut Vec<u8>);

    fn read(from: &mut Reader<'_>) -> Result<Self, EntryError>;
}

/// A field of an entry; `key` is the comma in front of it, its name in quotes, and the colon. What has no value is left out.
pub(super) trait Field: Sized {
    fn write_field(&self, key: &'static str, out: &mut Vec<u8>);

    fn read_field(key: &'static str, from: &mut Reader<'_>) -> Result<Self, EntryError>;
}

impl<T: Value> Field for T {
    #[inline]
    fn write_field(&self, key: &'static str, out: &mut Vec<u8>) {
        out.extend_from_slice(key.as_bytes());
        self.write(out);
    }

    fn read_field(key: &'static str, from: &mut Reader<'_>) -> Result<Self, EntryError> {
        from.expect(key, key)?;
        T::read(from)
    }
}

impl<T: Value> Field for Option<T> {
    #[inline]
    fn write_field(&self, key: &'static str, out: &mut Vec<u8>) {
        if let Some(value) = self {
            value.write_field(key, out);
        }
    }

    fn read_field(key: &'static str, from: &mut Reader<'_>) -> Result<Self, EntryError> {
        if from.eat(key) { T::read(from).map(Some) } else { Ok(None) }
    }
}

impl<T: Value> Field for Vec<T> {
    fn write_field(&self, key: &'static str, out: &mut Vec<u8>) {
        let mut before = key;
        for (at, value) in self.iter().enumerate() {
            out.extend_from_slice(before.as_bytes());
            if at == 0 {
                out.push(b'[');
            }
            value.write(out);
            before = ",";
        }
        if !self.is_empty() {
            out.push(b']');
        }
    }

    fn read_field(key: &'static str, from: &mut Reader<'_>) -> Result<Self, EntryError> {
        let mut values = Self::new();
        if from.eat(key) {
            from.expect("[", "a list")?;
            values.push(T::read(from)?);
            while from.eat(",") {
                values.push(T::read(from)?);
            }
            from.expect("]", "the end of a list, or a comma and its next value")?;
        }
        Ok(values)
    }
}

impl Field for bool {
    #[inline]
    fn write_field(&self, key: &'static str, out: &mut Vec<u8>) {
        if *self {
            out.extend_from_slice(key.as_bytes());
            out.extend_from_slice(b"true");
        }
    }

    fn read_field(key: &'static str, from: &mut Reader<'_>) -> Result<Self, EntryError> {
        let there = from.eat(key);
        if there {
            from.expect("true", "`true`: what is false is left out")?;
        }
        Ok(there)
    }
}

impl Value for u64 {
    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        // Twenty digits hold the largest.
        let (mut digits, mut rest, mut first) = ([0_u8; 20], *self, 20);
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            first -= 1;
            if rest == 0 {
                break;
            }
        }
        out.extend_from_slice(digits.get(first..).unwrap_or_default());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, EntryError> {
        let (start, digits) = (from.at, from.digits());
        let canonical = digits == "0" || !digits.starts_with('0');
        let number = digits.parse().ok().filter(|_| canonical);
        number.ok_or(EntryError::Malformed { at: start, wanted: "a whole number, without zeros in front" })
    }
}

impl Value for u32 {
    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        u64::from(*self).write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, EntryError> {
        let start = from.at;
        let number = u64::read(from)?.try_into();
        number.map_err(|_| EntryError::Malformed { at: start, wanted: "a whole number below 2^32" })
    }
}

impl Value for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(self, out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, EntryError> {
        Ok(from.text()?.into_owned())
    }
}

/// To the microsecond, cut off below it; what lies outside the years 0 to 9999 is the first or the last moment of them.
impl Value for DateTime<Utc> {
    fn write(&self, out: &mut Vec<u8>) {
        let naive = self.naive_utc();
        let (date, time) = (naive.date(), naive.time());
        let Ok(year) = u32::try_from(date.year()) else {
            return out.extend_from_slice(br#""0000-01-01T00:00:00.000000Z""#);
        };
        if year > 9_999 {
            return out.extend_from_slice(br#""9999-12-31T23:59:59.999999Z""#);
        }
        let mut text = *br#""0000-00-00T00:00:00.000000Z""#;
        // A leap second is the last microsecond of the second before it.
        let micros = (time.nanosecond() / 1_000).min(999_999);
        let parts = [
            (1, 4, year),
            (6, 2, date.month()),
            (9, 2, date.day()),
            (12, 2, time.hour()),
            (15, 2, time.minute()),
            (18, 2, time.second()),
            (21, 6, micros),
        ];
        for (start, length, mut number) in parts {
            for digit in text.iter_mut().skip(start).take(length).rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        out.extend_from_slice(&text);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, EntryError> {
        from.parsed("a time in UTC to the microsecond, such as `2026-11-22T09:00:00.000000Z`", parse_time)
    }
}

fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let marks = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "."), (26, "Z")];
    if text.len() != 27 || !marks.iter().all(|(at, mark)| text.get(*at..*at + 1) == Some(mark)) {
        return None;
    }
    let year = i32::try_from(number(0, 4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)?;
    let time =
        NaiveTime::from_hms_micro_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 26)?)?;
    Some(date.and_time(time).and_utc())
}

/// Writes a text in quotes. What JSON must escape is escaped in the shortest way; nothing else is.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        let (plain, behind) = rest.split_at_checked(at).unwrap_or_default();
        out.extend_from_slice(plain);
        let (first, behind) = behind.split_first().unwrap_or((&b'"', &[]));
        match short_escape(*first) {
            Some(short) => out.extend_from_slice(&[b'\\', short]),
            None => {
                out.extend_from_slice(b"\\u00");
                write_hex(&[*first], out);
            }
        }
        rest = behind;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Behind a backslash: what stands for a byte that has a short escape.
const fn short_escape(byte: u8) -> Option<u8> {
    match byte {
        b'"' | b'\\' => Some(byte),
        0x08 => Some(b'b'),
        0x09 => Some(b't'),
        0x0a => Some(b'n'),
        0x0c => Some(b'f'),
        0x0d => Some(b'r'),
        _ => None,
    }
}

/// Writes bytes as lower-case hexadecimal digits.
#[inline]
pub(super) fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const fn digit(nibble: u8) -> u8 {
        if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
    }
    let start = out.len();
    out.resize(start + 2 * bytes.len(), 0);
    let (pairs, _) = out.get_mut(start..).unwrap_or_default().as_chunks_mut();
    for (pair, byte) in pairs.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
}

/// Reads an entry from its beginning; nothing is skipped, and nothing is read twice.
pub(super) struct Reader<'b> {
    text: &'b str,
    at: usize,
}

impl<'b> Reader<'b> {
    pub(super) const fn new(text: &'b str) -> Self {
        Self { text, at: 0 }
    }

    /// Goes past a literal, where it stands here.
    pub(super) fn eat(&mut self, literal: &str) -> bool {
        let there = self.rest().starts_with(literal);
        if there {
            self.at += literal.len();
        }
        there
    }

    pub(super) fn expect(&mut self, literal: &str, wanted: &'static str) -> Result<(), EntryError> {
        if self.eat(literal) { Ok(()) } else { Err(self.refused(wanted)) }
    }

    /// That something else should stand here.
    pub(super) const fn refused(&self, wanted: &'static str) -> EntryError {
        EntryError::Malformed { at: self.at, wanted }
    }

    /// That nothing stands behind.
    pub(super) fn end(&self) -> Result<(), EntryError> {
        if self.rest().is_empty() { Ok(()) } else { Err(self.refused("nothing behind the entry")) }
    }

    pub(super) fn digits(&mut self) -> &'b str {
        let length = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let digits = self.rest().get(..length).unwrap_or_default();
        self.at += length;
        digits
    }

    /// A text in quotes.
    pub(super) fn text(&mut self) -> Result<Cow<'b, str>, EntryError> {
        self.expect("\"", "a text")?;
        let mut read = Cow::Borrowed("");
        loop {
            let rest = self.rest();
            let plain =
                rest.bytes().take_while(|byte| *byte >= 0x20 && !matches!(byte, b'"' | b'\\')).count();
            let part = rest.get(..plain).unwrap_or_default();
            if read.is_empty() {
                read = Cow::Borrowed(part);
            } else {
                read.to_mut().push_str(part);
            }
            self.at += plain;
            match rest.as_bytes().get(plain) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(read);
                }
                Some(b'\\') => read.to_mut().push(self.escaped()?),
                _ => return Err(self.refused("the end of a text; control characters are escaped")),
            }
        }
    }

    /// An escape: only what has to be escaped has one, in its shortest form.
    fn escaped(&mut self) -> Result<char, EntryError> {
        let behind = self.rest().as_bytes().get(1..).unwrap_or_default();
        let (byte, length) = match behind {
            [b'u', b'0', b'0', ..] => {
                let code = self.rest().get(4..6).and_then(hex::parse);
                (code.map(|[code]| code).filter(|code| *code < 0x20 && short_escape(*code).is_none()), 6)
            }
            [short, ..] => {
                let long = (0..0x20).chain([b'"', b'\\']).find(|byte| short_escape(*byte) == Some(*short));
                (long, 2)
            }
            [] => (None, 0),
        };
        let byte = byte.ok_or(self.refused("an escape that is needed, in its shortest form"))?;
        self.at += length;
        Ok(char::from(byte))
    }

    fn rest(&self) -> &'b str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// A value that is written as a text: where it is none, the place is that of the text.
    pub(super) fn parsed<T>(
        &mut self,
        wanted: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, EntryError> {
        let at = self.at;
        let text = self.text()?;
        parse(&text).ok_or(EntryError::Malformed { at, wanted })
    }
}
