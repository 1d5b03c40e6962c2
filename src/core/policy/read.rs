//! From the tree to typed values: every problem is reported, and reading goes on with a stand-in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::finding::{FindingCode, Findings};
use super::node::{Node, Value};
use super::path::{Path, Segment, shortened};
use super::schema::Definitions;
use super::suggest::nearest;
use crate::core::classification::Level;
use crate::core::id::{MAX_ID_BYTES, Name};
use crate::core::period::{Period, PeriodError};

/// A type that a policy text can hold.
pub(crate) trait Read: Sized {
    /// Reads a node; what is wrong with it is reported, and the [stand-in](Self::stand_in) returned.
    fn read(node: &Node, at: &mut Reader<'_>) -> Self;

    /// Takes the place of what could not be read. Never leaves this module's caller: the report is an error.
    fn stand_in() -> Self;

    /// What a text may hold here, for a hint: "write …".
    fn expected() -> String;

    /// The JSON Schema of it.
    fn schema(definitions: &mut Definitions) -> serde_json::Value;
}

/// A type that a table of names can have as its keys.
pub(crate) trait Key: Ord + Sized {
    fn read_key(key: &str, at: &mut Reader<'_>) -> Option<Self>;
    fn key_schema(definitions: &mut Definitions) -> serde_json::Value;
}

/// Where reading is, and where it reports to.
pub(crate) struct Reader<'f> {
    path: Path,
    findings: &'f mut Findings,
}

impl<'f> Reader<'f> {
    pub(crate) fn new(findings: &'f mut Findings) -> Self {
        Self { path: Path::default(), findings }
    }

    /// The entries of a table that may hold `keys`; reports every other key.
    pub(crate) fn table<'n>(
        &mut self,
        node: &'n Node,
        keys: &[&'static str],
    ) -> Option<&'n BTreeMap<String, Node>> {
        let Value::Table(entries) = &node.value else {
            self.wrong_type(node, "write a table");
            return None;
        };
        for key in entries.keys().filter(|key| !keys.contains(&key.as_str())) {
            let message = format!("there is no key `{}` here", shortened(key));
            let hint = self.hint(key, keys.iter().copied());
            self.within(Segment::Key(key.clone()), |at| at.report(FindingCode::UnknownKey, message, hint));
        }
        Some(entries)
    }

    /// The value of a key that has to be there.
    pub(crate) fn required<T: Read>(&mut self, table: &BTreeMap<String, Node>, key: &str) -> T {
        self.within(Segment::Key(key.to_owned()), |at| match table.get(key) {
            Some(node) => T::read(node, at),
            None => {
                at.report(
                    FindingCode::MissingKey,
                    format!("`{key}` is missing"),
                    format!("write {}", T::expected()),
                );
                T::stand_in()
            }
        })
    }

    /// The value of a key that may be there.
    pub(crate) fn optional<T: Read + Default>(&mut self, table: &BTreeMap<String, Node>, key: &str) -> T {
        table
            .get(key)
            .map_or_else(T::default, |node| self.within(Segment::Key(key.to_owned()), |at| T::read(node, at)))
    }

    /// One of the words of a closed list.
    pub(crate) fn word<T: Copy>(
        &mut self,
        node: &Node,
        all: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Option<T> {
        let Value::Text(text) = &node.value else {
            let expected = one_of(all.iter().map(|word| as_str(*word)));
            self.wrong_type(node, &format!("write {expected}"));
            return None;
        };
        self.word_of(text, all, as_str)
    }

    fn word_of<T: Copy>(&mut self, text: &str, all: &[T], as_str: fn(T) -> &'static str) -> Option<T> {
        let found = all.iter().copied().find(|word| as_str(*word) == text);
        if found.is_none() {
            let message = format!("`{}` is not a word that is known here", shortened(text));
            let hint = self.hint(text, all.iter().map(|word| as_str(*word)));
            self.report(FindingCode::UnknownWord, message, hint);
        }
        found
    }

    pub(crate) fn text<'n>(&mut self, node: &'n Node, expected: &str) -> Option<&'n str> {
        match &node.value {
            Value::Text(text) => Some(text),
            _ => {
                self.wrong_type(node, &format!("write {expected}"));
                None
            }
        }
    }

    fn wrong_type(&mut self, node: &Node, hint: &str) {
        self.report(FindingCode::WrongType, format!("found {}", node.describe()), hint.to_owned());
    }

    pub(crate) fn report(&mut self, code: FindingCode, message: String, hint: String) {
        self.findings.unreadable(&self.path, code, message, hint);
    }

    fn hint<'c>(&self, found: &str, right: impl Iterator<Item = &'c str> + Clone) -> String {
        let meant = if self.findings.is_full() { None } else { nearest(found, right.clone()) };
        match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("write {}", one_of(right)),
        }
    }

    fn within<T>(&mut self, segment: Segment, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(segment);
        let value = read(self);
        self.path.pop();
        value
    }
}

/// `a`, `b`, `c`.
fn listed<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// One of `a`, `b`, `c`.
pub(crate) fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> String {
    format!("one of {}", listed(words))
}

impl Read for String {
    fn read(node: &Node, at: &mut Reader<'_>) -> Self {
        at.text(node, &Self::expected()).map_or_else(Self::stand_in, str::to_owned)
    }

    fn stand_in() -> Self {
        Self::new()
    }

    fn expected() -> String {
        "a text".to_owned()
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "type": "string", "minLength": 1 })
    }
}

impl Read for bool {
    fn read(node: &Node, at: &mut Reader<'_>) -> Self {
        match node.value {
            Value::Bool(value) => value,
            _ => {
                at.wrong_type(node, "write `true` or `false`");
                Self::stand_in()
            }
        }
    }

    fn stand_in() -> Self {
        false
    }

    fn expected() -> String {
        "`true` or `false`".to_owned()
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "type": "boolean" })
    }
}

macro_rules! read_whole_number {
    ($number:ty, $up_to:literal) => {
impl Read for $number {
    fn read(node: &Node, at: &mut Reader<'_>) -> Self {
        let Value::Number(text) = &node.value else {
            at.wrong_type(node, &format!("write {}", Self::expected()));
            return Self::stand_in();
        };
        // Digits alone: no sign, no fraction, no exponent.
        match text.parse() {
            Ok(number) if text.bytes().all(|byte| byte.is_ascii_digit()) => number,
            _ => {
                at.wrong_type(node, &format!("write {}", Self::expected()));
                Self::stand_in()
            }
        }
    }

    fn stand_in() -> Self {
        0
    }

    fn expected() -> String {
        concat!("a whole number up to ", $up_to).to_owned()
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "type": "integer", "minimum": 0, "maximum": Self::MAX })
    }
}
    };
}
read_whole_number!(u8, "255");
read_whole_number!(u32, "4294967295");

impl Read for NaiveDate {
    fn read(node: &Node, at: &mut Reader<'_>) -> Self {
        let text = match &node.value {
            Value::Date(date) => return *date,
            Value::Text(text) => text,
            _ => {
                at.wrong_type(node, &format!("write {}", Self::expected()));
                return Self::stand_in();
            }
        };
        // Four digits, two, two: chrono alone would also take signs and missing zeros.
        let is_written_out =
            text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        match text.parse() {
            Ok(date) if is_written_out => date,
            _ => {
                let message = format!("`{}` is not a date", shortened(text));
                at.report(FindingCode::BadDate, message, format!("write {}", Self::expected()));
                Self::stand_in()
            }
        }
    }

    fn stand_in() -> Self {
        Self::default()
    }

    fn expected() -> String {
        "a whole date, such as `2026-11-01`".to_owned()
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })
    }
}

impl Read for Period {
    fn read(node: &Node, at: &mut Reader<'_>) -> Self {
        let Some(text) = at.text(node, &Self::expected()) else { return Self::stand_in() };
        text.parse().unwrap_or_else(|error: PeriodError| {
            let (code, message) = match &error {
                PeriodError::Vague { .. } => {
                    (FindingCode::VagueDuration, format!("`{}` is not a length of time", shortened(text)))
                }
                PeriodError::Unit { unit } if unit.is_empty() => {
                    (FindingCode::BadDuration, format!("`{}` has no unit of time", shortened(text)))
                }
                error => (FindingCode::BadDuration, shortened(&error.to_string())),
            };
            at.report(code, message, "write a number and a unit, such as `30 days`".to_owned());
            Self::stand_in()
        })
    }

    fn stand_in() -> Self {
        Self::ZERO
    }

    fn expected() -> String {
        "a length of time, such as `30 days`".to_owned()
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        definitions.define("Period", |_| {
            serde_json::json!({
                "description": "A length of time: a number and a unit, such as `30 days`, `12h`, `8 years`.",
                "type": "string",
                "pattern": "^\\s*[0-9]{1,6}\\s*(s|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?|months?|y|years?)\\s*$",
            })
        })
    }
}

impl Read for Name {
    fn read(node: &Node, at: &mut Reader<'_>) -> Self {
        let Some(text) = at.text(node, &Self::expected()) else { return Self::stand_in() };
        Self::read_key(text, at).unwrap_or_else(Self::stand_in)
    }

    fn stand_in() -> Self {
        Self::new("")
    }

    fn expected() -> String {
        "a name".to_owned()
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        definitions.define("Name", |_| {
            serde_json::json!({
                "description": "A name that the policy declares.",
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_ID_BYTES,
            })
        })
    }
}

impl Key for Name {
    fn read_key(key: &str, at: &mut Reader<'_>) -> Option<Self> {
        let why = if key.trim() != key || key.is_empty() {
            "is empty or has space around it".to_owned()
        } else if key.len() > MAX_ID_BYTES {
            format!("is longer than {MAX_ID_BYTES} bytes")
        } else if key.chars().any(char::is_control) {
            "holds a control character".to_owned()
        } else {
            return Some(Self::new(key));
        };
        let hint = "write a short name, such as `order_sync`".to_owned();
        at.report(FindingCode::BadName, format!("the name `{}` {why}", shortened(key)), hint);
        None
    }

    fn key_schema(definitions: &mut Definitions) -> serde_json::Value {
        Self::schema(definitions)
    }
}

impl Read for Level {
    fn read(node: &Node, at: &mut Reader<'_>) -> Self {
        at.word(node, &Self::ALL, Self::as_str).unwrap_or_else(Self::stand_in)
    }

    fn stand_in() -> Self {
        Self::Public
    }

    fn expected() -> String {
        one_of(Self::ALL.into_iter().map(Self::as_str))
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        definitions.define("Level", |_| {
            serde_json::json!({
                "description": "How sensitive data is, lowest first.",
                "enum": Self::ALL.map(Self::as_str),
            })
        })
    }
}

impl Key for Level {
    fn read_key(key: &str, at: &mut Reader<'_>) -> Option<Self> {
        at.word_of(key, &Self::ALL, Self::as_str)
    }

    fn key_schema(definitions: &mut Definitions) -> serde_json::Value {
        Self::schema(definitions)
    }
}

impl<T: Read> Read for Option<T> {
    fn read(node: &Node, at: &mut Reader<'_>) -> Self {
        Some(T::read(node, at))
    }

    fn stand_in() -> Self {
        None
    }

    fn expected() -> String {
        T::expected()
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        T::schema(definitions)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, at: &mut Reader<'_>) -> Self {
        let Value::Array(items) = &node.value else {
            at.wrong_type(node, "write a list");
            return Self::new();
        };
        let read = |(index, item)| at.within(Segment::Index(index), |at| T::read(item, at));
        items.iter().enumerate().map(read).collect()
    }

    fn stand_in() -> Self {
        Self::new()
    }

    fn expected() -> String {
        "a list".to_owned()
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "type": "array", "items": T::schema(definitions) })
    }
}

impl<T: Read + Ord> Read for BTreeSet<T> {
    fn read(node: &Node, at: &mut Reader<'_>) -> Self {
        let Value::Array(items) = &node.value else {
            at.wrong_type(node, &format!("write {}", Self::expected()));
            return Self::new();
        };
        let mut set = Self::new();
        for (index, item) in items.iter().enumerate() {
            at.within(Segment::Index(index), |at| {
                let before = at.findings.errors_so_far();
                let is_new = set.insert(T::read(item, at));
                if !is_new && at.findings.errors_so_far() == before {
                    let message = format!("{} is listed twice", item.describe());
                    at.report(FindingCode::DuplicateEntry, message, "keep one of the two".to_owned());
                }
            });
        }
        set
    }

    fn stand_in() -> Self {
        Self::new()
    }

    fn expected() -> String {
        "a list in brackets".to_owned()
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "type": "array", "uniqueItems": true, "items": T::schema(definitions) })
    }
}

impl<K: Key, V: Read> Read for BTreeMap<K, V> {
    fn read(node: &Node, at: &mut Reader<'_>) -> Self {
        let Value::Table(entries) = &node.value else {
            at.wrong_type(node, "write a table");
            return Self::new();
        };
        let read = |(key, entry): (&String, &Node)| {
            at.within(Segment::Key(key.clone()), |at| {
                let name = K::read_key(key, at);
                let value = V::read(entry, at);
                name.map(|name| (name, value))
            })
        };
        entries.iter().filter_map(read).collect()
    }

    fn stand_in() -> Self {
        Self::new()
    }

    fn expected() -> String {
        "a table".to_owned()
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        serde_json::json!({
            "type": "object",
            "propertyNames": K::key_schema(definitions),
            "additionalProperties": V::schema(definitions),
        })
    }
}
