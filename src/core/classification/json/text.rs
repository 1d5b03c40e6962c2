//! JSON (RFC 8259), from its front to its end.

use std::iter;

use zeroize::Zeroizing;

use super::{Said, Unreadable};

/// What is left to read.
pub(super) struct Text<'j> {
    rest: &'j [u8],
    depth: u8,
}

impl<'j> Text<'j> {
    /// Nested as deep as `serde_json` lets it be: 127 lists and maps.
    pub(super) const fn new(json: &'j [u8]) -> Self {
        Self { rest: json, depth: 127 }
    }

    /// The next byte that is no white space. It stays.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    /// Takes the next byte, which must be this one.
    pub(super) fn take(&mut self, expected: u8) -> Result<(), Unreadable> {
        if self.peek() != Some(expected) {
            return Err(Unreadable);
        }
        self.rest = self.rest.get(1..).unwrap_or_default();
        Ok(())
    }

    /// Takes everything up to the next byte that ends a number or a word.
    pub(super) fn token(&mut self) -> &'j [u8] {
        let ends = |byte: &u8| matches!(byte, b',' | b':' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
        let end = self.rest.iter().position(ends).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        token
    }

    /// Takes a list or a map, with what `read` makes of its inside.
    pub(super) fn nested<T>(
        &mut self,
        [open, close]: &[u8; 2],
        read: impl FnOnce(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<T, Unreadable> {
        self.take(*open)?;
        self.depth = self.depth.checked_sub(1).ok_or(Unreadable)?;
        let value = read(self)?;
        self.depth += 1;
        self.take(*close)?;
        Ok(value)
    }

    /// Takes a string.
    pub(super) fn string(&mut self) -> Result<Said<'j>, Unreadable> {
        self.take(b'"')?;
        let (mut end, mut escaped) = (0, false);
        loop {
            match self.rest.get(end).ok_or(Unreadable)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    end += 2;
                }
                0..=0x1f => return Err(Unreadable),
                _ => end += 1,
            }
        }
        let (said, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        let said = str::from_utf8(said).map_err(|_| Unreadable)?;
        if escaped { undone(said).map(Said::Undone) } else { Ok(Said::Plain(said)) }
    }
}

/// A string with its escapes undone.
fn undone(mut said: &str) -> Result<Zeroizing<String>, Unreadable> {
    // No character is longer than its escape: the buffer never grows, which would leave a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(said.len()));
    while let Some((plain, escape)) = said.split_once('\\') {
        text.push_str(plain);
        let mut rest = escape.chars();
        let character = match rest.next().ok_or(Unreadable)? {
            itself @ ('"' | '\\' | '/') => itself,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let (character, behind) = by_number(rest.as_str())?;
                rest = behind.chars();
                character
            }
            _ => return Err(Unreadable),
        };
        text.push(character);
        said = rest.as_str();
    }
    text.push_str(said);
    Ok(text)
}

/// The character behind `\u`, and what follows it: four digits, or two times four for what UTF-16 takes two units for.
fn by_number(digits: &str) -> Result<(char, &str), Unreadable> {
    let (first, mut rest) = unit(digits)?;
    let mut second = None;
    if (0xd800..0xdc00).contains(&first)
        && let Some(more) = rest.strip_prefix("\\u")
    {
        let (found, behind) = unit(more)?;
        (second, rest) = (Some(found), behind);
    }
    let mut characters = char::decode_utf16(iter::once(first).chain(second));
    match (characters.next(), characters.next()) {
        (Some(Ok(character)), None) => Ok((character, rest)),
        _ => Err(Unreadable),
    }
}

fn unit(text: &str) -> Result<(u16, &str), Unreadable> {
    let (digits, rest) = text.split_at_checked(4).ok_or(Unreadable)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Unreadable);
    }
    u16::from_str_radix(digits, 16).map(|unit| (unit, rest)).map_err(|_| Unreadable)
}
