//! The tree that both parsers give: values, each with its line.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::finding::{FindingCode, Findings};
use super::path::{Path, Segment, shortened};
use super::scan::MAX_DEPTH;

/// One value of a document, and the line on which it (or its key) stands, from one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) line: Option<u32>,
}

/// What a value is. Numbers keep their text: the few keys that take one read its digits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Date(NaiveDate),
    /// A TOML time, or a date with a time.
    Moment(String),
    Array(Vec<Node>),
    Table(BTreeMap<String, Node>),
}

impl Node {
    /// The line of what stands at `path`, or of the nearest table around it.
    pub(crate) fn line_at(&self, path: &Path) -> Option<u32> {
        self.nearest(path).line
    }

    /// As [`line_at`](Self::line_at), for the entry `item` of a list of words.
    pub(crate) fn line_of_item(&self, path: &Path, item: &str) -> Option<u32> {
        let found = self.nearest(path);
        let Value::Array(items) = &found.value else { return found.line };
        let entry = items.iter().find(|node| matches!(&node.value, Value::Text(text) if text == item));
        entry.unwrap_or(found).line
    }

    /// Whether an empty list is written at `path`: a document has none there, nor where the key is absent.
    pub(crate) fn is_empty_list_at(&self, path: &Path) -> bool {
        let found = path.segments().iter().try_fold(self, |node, segment| node.step(segment));
        found.is_some_and(|node| matches!(&node.value, Value::Array(items) if items.is_empty()))
    }

    fn nearest(&self, path: &Path) -> &Self {
        let mut nearest = self;
        for segment in path.segments() {
            match nearest.step(segment) {
                Some(node) => nearest = node,
                None => break,
            }
        }
        nearest
    }

    fn step(&self, segment: &Segment) -> Option<&Self> {
        match (&self.value, segment) {
            (Value::Table(entries), Segment::Key(key)) => entries.get(key),
            (Value::Array(items), Segment::Index(index)) => items.get(*index),
            _ => None,
        }
    }

    /// What was found, for a message.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Number(text) => format!("the number `{}`", shortened(text)),
            Value::Text(text) => format!("the text `{}`", shortened(text)),
            Value::Date(date) => format!("the date `{date}`"),
            Value::Moment(text) => format!("the time `{}`", shortened(text)),
            Value::Array(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
        }
    }

    /// Reports a tree that is nested deeper than [`MAX_DEPTH`] (dotted keys nest without brackets).
    pub(crate) fn report_depth(&self, findings: &mut Findings) {
        let mut open = vec![(self, 0)];
        while let Some((node, depth)) = open.pop() {
            if depth > MAX_DEPTH {
                let hint = format!("nest at most {MAX_DEPTH} deep");
                findings.error_on(node.line, FindingCode::TooDeep, "nested too deeply".to_owned(), hint);
                return;
            }
            match &node.value {
                Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
                Value::Table(entries) => open.extend(entries.values().map(|entry| (entry, depth + 1))),
                _ => {}
            }
        }
    }
}

impl From<serde_json::Value> for Node {
    fn from(value: serde_json::Value) -> Self {
        let value = match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => Value::Number(number.to_string()),
            serde_json::Value::String(text) => Value::Text(text),
            serde_json::Value::Array(items) => Value::Array(items.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(entries) => {
                Value::Table(entries.into_iter().map(|(key, value)| (key, Self::from(value))).collect())
            }
        };
        Self { value, line: None }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Seed(0).deserialize(deserializer)
    }
}

/// Reads any value, at a depth that is bounded whatever the format allows.
struct Seed(usize);

impl Seed {
    fn deeper<E: Error>(&self) -> Result<Self, E> {
        if self.0 < MAX_DEPTH { Ok(Self(self.0 + 1)) } else { Err(E::custom("nested too deeply")) }
    }
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a policy value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(unplaced(Value::Null))
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        Ok(unplaced(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.deeper()?.deserialize(deserializer)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(unplaced(Value::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(unplaced(Value::Number(value.to_string())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(unplaced(Value::Number(value.to_string())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(unplaced(Value::Number(value.to_string())))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(unplaced(Value::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self.deeper()?)? {
            items.push(item);
        }
        Ok(unplaced(Value::Array(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(self.deeper()?)?;
            if entries.contains_key(&key) {
                return Err(A::Error::custom(format_args!("`{}` is written twice", shortened(&key))));
            }
            entries.insert(key, value);
        }
        Ok(unplaced(Value::Table(entries)))
    }
}

fn unplaced(value: Value) -> Node {
    Node { value, line: None }
}
