//! The bounds on a policy text, checked on the bytes before any parser runs.

use super::finding::{FindingCode, Findings};

/// Longest policy text, in bytes. A long policy has some 50 kB; the bound keeps the work of a hostile one small.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// Deepest nesting of tables and lists. The document itself needs five; the bound keeps the parsers' recursion small.
pub const MAX_DEPTH: usize = 32;

/// The two notations of a policy text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Toml,
    Json,
}

/// Reports a text that is too long or nested too deeply; `true` where a parser may run on it.
pub(crate) fn within_bounds(text: &str, format: Format, findings: &mut Findings) -> bool {
    if text.len() > MAX_TEXT_BYTES {
        let message = format!("the text has {} bytes", text.len());
        let hint = format!("write at most {MAX_TEXT_BYTES}");
        findings.error_on(None, FindingCode::TooLarge, message, hint);
        return false;
    }
    match line_too_deep(text.as_bytes(), format) {
        None => true,
        line => {
            let hint = format!("nest at most {MAX_DEPTH} deep");
            findings.error_on(line, FindingCode::TooDeep, "nested too deeply".to_owned(), hint);
            false
        }
    }
}

/// The line on which brackets outside strings and comments open more than [`MAX_DEPTH`] deep.
fn line_too_deep(text: &[u8], format: Format) -> Option<u32> {
    let (mut depth, mut line) = (0_usize, 1_u32);
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'\n' => line = line.saturating_add(1),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'#' if format == Format::Toml => rest = skip_comment(after),
            b'"' => (rest, line) = skip_string(after, b'"', format, line),
            b'\'' if format == Format::Toml => (rest, line) = skip_string(after, b'\'', format, line),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(line);
        }
    }
    None
}

fn skip_comment(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    text.get(end..).unwrap_or_default()
}

/// What follows a string whose opening quote was just read, and the line there.
fn skip_string(text: &[u8], quote: u8, format: Format, line: u32) -> (&[u8], u32) {
    let long = format == Format::Toml && text.starts_with(&[quote, quote]);
    let escapes = quote == b'"';
    let mut line = line;
    let mut rest = if long { text.get(2..).unwrap_or_default() } else { text };
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'\n' {
            // A one-line string that never closes is the parser's to report; its brackets count from the next line on.
            if !long {
                return (rest, line);
            }
            line = line.saturating_add(1);
        }
        rest = after;
        if byte == b'\\' && escapes {
            if after.first() != Some(&b'\n') {
                rest = after.get(1..).unwrap_or_default();
            }
        } else if byte == quote && !long {
            break;
        } else if byte == quote && after.starts_with(&[quote, quote]) {
            rest = after.get(2..).unwrap_or_default();
            // Up to two quotes may stand right before the closing three.
            while let Some((&next, further)) = rest.split_first() {
                if next != quote {
                    break;
                }
                rest = further;
            }
            break;
        }
    }
    (rest, line)
}

/// Line numbers of byte positions.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    /// The line of a byte position, from one.
    pub(crate) fn at(&self, position: usize) -> u32 {
        let before = self.0.partition_point(|newline| *newline < position);
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let many = "[".repeat(MAX_DEPTH + 1);
        for text in [
            format!("a = \"{many}\""),
            format!("a = \"\\\"{many}\""),
            format!("a = '{many}'"),
            format!("a = '\\'\n# {many}"),
            format!("a = \"\"\"\n\"{many}\n\"\"\"\"\nb = 1"),
            format!("a = '''{many}\n{many}'''"),
        ] {
            assert_eq!(line_too_deep(text.as_bytes(), Format::Toml), None, "{text}");
        }
        assert_eq!(line_too_deep(format!("{{\"a\": \"{many}\"}}").as_bytes(), Format::Json), None);
    }

    #[test]
    fn brackets_past_the_bound_are_found_on_their_line() {
        let just = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert_eq!(line_too_deep(format!("a = {just}\nb = {just}").as_bytes(), Format::Toml), None);
        assert_eq!(line_too_deep(format!("\n\na = [{just}]").as_bytes(), Format::Toml), Some(3));
        assert_eq!(line_too_deep(format!("'{just}[[[\n{{{just}").as_bytes(), Format::Json), Some(2));
    }

    #[test]
    fn lines_count_from_one() {
        let lines = Lines::of("a\nb\n");
        assert_eq!([0, 1, 2, 3, 4].map(|at| lines.at(at)), [1, 1, 2, 2, 3]);
    }
}
