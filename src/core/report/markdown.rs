//! Text of a policy as Markdown: whatever it holds, it stays text.

/// A text that cannot start a block, span a line, close a table cell, open a tag, a link or a code span.
pub(super) fn text(plain: &str) -> String {
    let mut escaped = String::with_capacity(plain.len());
    let mut in_number = true;
    let plain = one_line(plain);
    for (i, character) in plain.chars().enumerate() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            // At the start of a line these open a heading, a list, a rule or a quotation.
            '#' | '-' | '+' | '=' | ':' if i == 0 => {
                escaped.push('\\');
                escaped.push(character);
            }
            '.' | ')' if in_number && i > 0 => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
        in_number &= character.is_ascii_digit();
    }
    escaped
}

/// A name as code, where it is a plain one; quoted text otherwise (no code span holds every text safely within a table).
pub(super) fn code(name: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '/' | '*' | ' ' | '@');
    match !name.trim().is_empty() && name.chars().all(plain) {
        true => format!("`{}`", name.trim()),
        false => format!("“{}”", text(name)),
    }
}

/// The target of a link, if its scheme is one that a page may lead to (`https`, `http`, `mailto`), safe between round brackets.
pub(super) fn target(url: &str) -> Option<String> {
    let url = url.trim();
    let lower = url.to_ascii_lowercase();
    if !["https://", "http://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme)) {
        return None;
    }
    let mut safe = String::with_capacity(url.len());
    let mut buffer = [0; 4];
    for character in url.chars() {
        match character {
            // RFC 3986: unreserved, reserved (without brackets and quotes, which end a target) and the percent sign.
            'A'..='Z' | 'a'..='z' | '0'..='9' => safe.push(character),
            '-' | '.' | '_' | '~' | ':' | '/' | '?' | '#' | '@' | '!' | '$' | '+' | ',' | ';' | '=' | '%' => {
                safe.push(character);
            }
            // In Markdown an ampersand may begin an entity, which a browser would read as another character.
            '&' => safe.push_str("&amp;"),
            other => {
                for byte in other.encode_utf8(&mut buffer).bytes() {
                    safe.push_str(&format!("%{byte:02X}"));
                }
            }
        }
    }
    Some(safe)
}

/// The first placeholder that nobody filled in: `[Your Company Name]`, `[email protected]`.
pub(super) fn placeholder(plain: &str) -> Option<&str> {
    let (_, rest) = plain.split_once('[')?;
    match rest.split_once(']') {
        Some((inner, rest)) => {
            let inner = inner.rsplit('[').next().unwrap_or(inner).trim();
            if inner.is_empty() { placeholder(rest) } else { Some(inner) }
        }
        None => None,
    }
}

/// White space of any kind and length as one blank; what is invisible or turns the direction of reading is left out.
fn one_line(plain: &str) -> String {
    let visible = |c: &char| !matches!(*c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let visible: String =
        plain.chars().filter(visible).map(|c| if c.is_control() { ' ' } else { c }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_in_a_text_stays_text() {
        for (plain, expected) in [
            ("a|b", r"a\|b"),
            ("<script>&", "&lt;script&gt;&amp;"),
            ("x\n\n# y\r- z", "x # y - z"),
            ("# y", r"\# y"),
            ("- y", r"\- y"),
            ("1. y", r"1\. y"),
            ("12) y", r"12\) y"),
            ("v1.2 of a_b", r"v1.2 of a\_b"),
            ("`*_~", r"\`\*\_\~"),
            ("[t](u)", r"\[t\](u)"),
            ("a\\|b", r"a\\\|b"),
            ("a\u{202e}b\u{2028}c", "ab c"),
        ] {
            assert_eq!(text(plain), expected, "{plain:?}");
        }
    }

    #[test]
    fn only_plain_names_become_code() {
        assert_eq!(code("token-until-disconnected"), "`token-until-disconnected`");
        assert_eq!(code("a`b|c"), r"“a\`b\|c”");
        assert_eq!(code(" "), "“”");
    }

    #[test]
    fn a_target_has_a_safe_scheme_and_no_way_out() {
        assert_eq!(
            target("https://a.example/x_(y)?q=1&r=<b>"),
            Some("https://a.example/x_%28y%29?q=1&amp;r=%3Cb%3E".to_owned())
        );
        assert_eq!(target("mailto:a@b.example"), Some("mailto:a@b.example".to_owned()));
        for unsafe_url in
            ["javascript:alert(1)", "data:text/html,x", "//a.example", "/privacy", "", "JavaScript:x"]
        {
            assert_eq!(target(unsafe_url), None, "{unsafe_url}");
        }
    }

    #[test]
    fn placeholders_are_found() {
        assert_eq!(placeholder("write to [email protected] now"), Some("email protected"));
        assert_eq!(placeholder("that **[Your Company Name]** employs"), Some("Your Company Name"));
        assert_eq!(placeholder("[] then [x]"), Some("x"));
        for none in ["no brackets", "an open [ bracket", "] closed [", "[ ]"] {
            assert_eq!(placeholder(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_text_opens_a_tag_or_a_line_or_a_cell(plain in any::<String>()) {
            let escaped = text(&plain);
            prop_assert!(!escaped.contains(['<', '>', '\n', '\r']));
            let mut before = ' ';
            for character in escaped.chars() {
                if matches!(character, '|' | '`' | '[' | '*') { prop_assert_eq!(before, '\\'); }
                // A backslash that is itself escaped escapes nothing.
                before = if before == '\\' && character == '\\' { ' ' } else { character };
            }
        }
    }
}
