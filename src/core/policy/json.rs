//! JSON (RFC 8259, and nothing more) into the tree.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jsonc_parser::ast::{self, Value as Json};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::finding::{FindingCode, Findings};
use super::node::{Node, Value};
use super::path::shortened;
use super::scan::Lines;

/// Parses a text that [`within_bounds`](super::scan::within_bounds) let through; reports a syntax error and every key
/// that a table holds twice.
pub(crate) fn parse(text: &str, findings: &mut Findings) -> Option<Node> {
    // serde_json decides what is JSON, since it is strict to the letter; the other parser knows positions.
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let line = u32::try_from(error.line()).ok();
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        findings.error_on(line, FindingCode::Syntax, shortened(message), "correct the JSON".to_owned());
        return None;
    }
    let lines = Lines::of(text);
    match parse_to_ast(text, &CollectOptions::default(), &STRICT) {
        Ok(parsed) => parsed.value.map(|value| node_of(value, &lines, findings)),
        Err(error) => {
            let line = Some(lines.at(error.range().start));
            let message = shortened(&error.kind().to_string());
            findings.error_on(line, FindingCode::Syntax, message, "correct the JSON".to_owned());
            None
        }
    }
}

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

fn node_of(value: Json<'_>, lines: &Lines, findings: &mut Findings) -> Node {
    let (value, start) = match value {
        Json::NullKeyword(null) => (Value::Null, null.range.start),
        Json::BooleanLit(bool) => (Value::Bool(bool.value), bool.range.start),
        Json::NumberLit(number) => (Value::Number(number.value.to_owned()), number.range.start),
        Json::StringLit(text) => (Value::Text(text.value.into_owned()), text.range.start),
        Json::Array(array) => {
            let items = array.elements.into_iter().map(|item| node_of(item, lines, findings)).collect();
            (Value::Array(items), array.range.start)
        }
        Json::Object(object) => {
            let start = object.range.start;
            (table_value(object, lines, findings), start)
        }
    };
    Node { value, line: Some(lines.at(start)) }
}

fn table_value(object: ast::Object<'_>, lines: &Lines, findings: &mut Findings) -> Value {
    let mut entries = BTreeMap::new();
    for property in object.properties {
        let line = Some(lines.at(property.range.start));
        let node = Node { line, ..node_of(property.value, lines, findings) };
        let key = property.name.into_string();
        match entries.entry(key) {
            Entry::Vacant(free) => {
                free.insert(node);
            }
            Entry::Occupied(taken) => {
                let message = format!("`{}` is written twice in one table", shortened(taken.key()));
                let hint = "keep one of the two".to_owned();
                findings.error_on(line, FindingCode::DuplicateKey, message, hint);
            }
        }
    }
    Value::Table(entries)
}

#[cfg(test)]
mod tests {
    use super::super::path::Path;
    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        let node = parse("{\n \"a\": [\n  1,\n  {\"b\":\n null}]\n}", &mut Findings::new(None)).unwrap();
        assert_eq!(node.line_at(&Path::of(["a"])), Some(2));
        assert_eq!(node.line_at(&Path::of(["a"]).index(0)), Some(3));
        assert_eq!(node.line_at(&Path::of(["a"]).index(1).key("b")), Some(4));
    }

    #[test]
    fn what_is_not_rfc_8259_is_refused() {
        for bad in [
            "",
            "{} {}",
            "{a: 1}",
            "{'a': 1}",
            "{\"a\": 1,}",
            "{\"a\": 1 /* c */}",
            "{\"a\": 01}",
            "{\"a\": +1}",
            "{\"a\": .5}",
            "{\"a\": 0x1}",
            "{\"a\": NaN}",
            "{\"a\": \"\t\"}",
            "{\"a\": \"\\x41\"}",
            "[1 2]",
            "\u{feff}{}",
            "{\"a\": \"\\ud800\"}",
        ] {
            let mut findings = Findings::new(None);
            assert!(parse(bad, &mut findings).is_none(), "{bad}");
            assert_eq!(findings.finish().len(), 1, "{bad}");
        }
    }

    #[test]
    fn a_key_written_twice_is_found() {
        let mut findings = Findings::new(None);
        parse("{\"a\": 1,\n\"b\": {\"c\": 1,\n\"c\": 2},\n\"a\": 3}", &mut findings);
        let lines: Vec<_> = findings.finish().iter().map(|f| (f.line(), f.code())).collect();
        assert_eq!(lines, [(Some(3), FindingCode::DuplicateKey), (Some(4), FindingCode::DuplicateKey)]);
    }
}
