//! TOML 1.1 into the tree.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};
use chrono::NaiveDate;

use super::finding::{FindingCode, Findings};
use super::node::{Node, Value};
use super::path::shortened;
use super::scan::Lines;

/// Parses a text that [`within_bounds`](super::scan::within_bounds) let through; reports every syntax error.
pub(crate) fn parse(text: &str, findings: &mut Findings) -> Option<Node> {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = error.span().map(|span| lines.at(span.start));
        // The parser has no code for it; its message is fixed, and its span is that of the second key.
        let twice = error.message().starts_with("duplicate key").then_some(FindingCode::DuplicateKey);
        let key = error.span().and_then(|span| text.get(span)).unwrap_or("a key");
        let (code, message, hint) = match twice {
            Some(code) => {
                let message = format!("`{}` is written twice in one table", shortened(key));
                (code, message, "keep one of the two")
            }
            None => (FindingCode::Syntax, shortened(error.message()), "correct the TOML"),
        };
        findings.error_on(line, code, message, hint.to_owned());
    }
    errors.is_empty().then(|| Node { value: table_value(table.into_inner(), &lines), line: Some(1) })
}

fn table_value(table: DeTable<'_>, lines: &Lines) -> Value {
    let entry = |(key, value): (Spanned<_>, Spanned<_>)| {
        let line = lines.at(key.span().start);
        let key: std::borrow::Cow<'_, str> = key.into_inner();
        (key.into_owned(), Node { value: value_of(value.into_inner(), lines), line: Some(line) })
    };
    Value::Table(table.into_iter().map(entry).collect())
}

fn value_of(value: DeValue<'_>, lines: &Lines) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => Value::Number(number.to_string()),
        DeValue::Float(number) => Value::Number(number.to_string()),
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(moment) => match (moment.date, moment.time) {
            (Some(date), None) => {
                NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))
                    .map_or_else(|| Value::Moment(date.to_string()), Value::Date)
            }
            _ => Value::Moment(moment.to_string()),
        },
        DeValue::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| {
                    let line = Some(lines.at(item.span().start));
                    Node { value: value_of(item.into_inner(), lines), line }
                })
                .collect(),
        ),
        DeValue::Table(table) => table_value(table, lines),
    }
}

#[cfg(test)]
mod tests {
    use super::super::path::Path;
    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        let text = "a = 1\n\n[t.u]\nb = [\n  \"x\",\n  \"y\",\n]\n\n[[r]]\nid = \"1\"\n\n[[r]]\nid = \"2\"\nw = { d = 2026-11-01 }\n";
        let node = parse(text, &mut Findings::new(None)).unwrap();
        let line = |path: Path| node.line_at(&path).unwrap();
        assert_eq!(line(Path::of(["a"])), 1);
        assert_eq!(line(Path::of(["t", "u", "missing"])), 3);
        assert_eq!(line(Path::of(["t", "u", "b"]).index(1)), 6);
        assert_eq!(node.line_of_item(&Path::of(["t", "u", "b"]), "y"), Some(6));
        assert_eq!(line(Path::of(["r"]).index(0)), 9);
        assert_eq!(line(Path::of(["r"]).index(1)), 12);
        assert_eq!(line(Path::of(["r"]).index(1).key("w").key("d")), 14);
    }

    #[test]
    fn a_key_written_twice_is_named() {
        for (text, line, key) in [
            ("a = 1\na = 2\n", 2, "a"),
            ("[t]\na = 1\n[t]\nb = 1\n", 3, "t"),
            ("[t.u]\na = 1\n\n[t.u]\nb = 1\n", 4, "u"),
            ("[t]\n\"b c\" = 1\n\"b c\" = 2\n", 3, "\"b c\""),
            ("t = { a = 1, a = 2 }\n", 1, "a"),
            ("t.u = 1\nt.u = 2\n", 2, "u"),
        ] {
            let mut findings = Findings::new(None);
            assert!(parse(text, &mut findings).is_none(), "{text}");
            let found: Vec<_> = findings.finish().iter().map(ToString::to_string).collect();
            let expected = format!("line {line}: `{key}` is written twice in one table; keep one of the two");
            assert_eq!(found, [expected], "{text}");
        }
    }

    #[test]
    fn every_syntax_error_is_reported_with_its_line() {
        let mut findings = Findings::new(None);
        assert!(parse("a = \nb = 1\nb = 2\n", &mut findings).is_none());
        let found: Vec<_> = findings.finish().iter().map(|f| (f.line(), f.code())).collect();
        assert_eq!(found, [(Some(1), FindingCode::Syntax), (Some(3), FindingCode::DuplicateKey)]);
    }
}
