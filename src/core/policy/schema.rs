//! The JSON Schema of a policy document, generated from its declarations.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::document::PolicyDocument;
use super::read::Read;

/// The JSON Schema (draft 2020-12) of a policy document, for editors and for checks in other languages.
///
/// It says what a file may hold, not whether what it says fits together: that is for [`Policy`](super::Policy).
///
/// # Example: what a schema-aware editor shows for a key
/// ```
/// let schema = stewardship::policy::json_schema();
/// assert_eq!(schema["$defs"]["Class"]["properties"]["level"]["description"], "Its level.");
/// ```
#[must_use]
pub fn json_schema() -> Value {
    let mut definitions = Definitions::default();
    let root = PolicyDocument::schema(&mut definitions);
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!("stewardship policy"));
    if let Value::Object(root) = root {
        schema.extend(root);
    }
    schema.insert("$defs".to_owned(), Value::Object(definitions.0.into_iter().collect()));
    Value::Object(schema)
}

/// The named parts of the schema, each once.
#[derive(Default)]
pub(crate) struct Definitions(BTreeMap<String, Value>);

impl Definitions {
    /// Refers to the part `name`, which `make` gives where it is not yet known.
    pub(crate) fn define(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.0.contains_key(name) {
            // Known from here on, so that a part which holds itself ends.
            self.0.insert(name.to_owned(), Value::Null);
            let part = make(self);
            self.0.insert(name.to_owned(), part);
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    /// A closed list of words.
    pub(crate) fn words(&mut self, name: &str, doc: &str, words: &[(&str, &str)]) -> Value {
        self.define(name, |_| {
            let meanings: Vec<_> =
                words.iter().map(|(word, meaning)| format!("`{word}`: {}", meaning.trim())).collect();
            let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            json!({ "description": format!("{} {}", doc.trim(), meanings.join(" ")), "enum": all })
        })
    }

    /// A table: its keys with whether they are required, what they mean and what they hold.
    pub(crate) fn table(
        &mut self,
        name: &str,
        doc: &str,
        keys: impl FnOnce(&mut Self) -> Vec<(&'static str, bool, &'static str, Value)>,
    ) -> Value {
        self.define(name, |definitions| {
            let keys = keys(definitions);
            let required: Vec<_> =
                keys.iter().filter(|(_, required, ..)| *required).map(|(key, ..)| *key).collect();
            let mut properties = Map::new();
            for (key, _, doc, mut schema) in keys {
                if let Value::Object(schema) = &mut schema {
                    schema.insert("description".to_owned(), json!(doc.trim()));
                }
                properties.insert(key.to_owned(), schema);
            }
            json!({
                "description": doc.trim(),
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schema that is checked in beside the crate's manifest.
    #[test]
    fn the_checked_in_schema_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/policy.schema.json");
        let generated = json_schema();
        if std::env::var_os("STEWARDSHIP_BLESS").is_some() {
            std::fs::write(path, format!("{generated:#}\n")).unwrap();
        }
        let checked_in: Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap_or_default()).unwrap_or_default();
        assert!(
            checked_in == generated,
            "policy.schema.json differs from the declarations: run `STEWARDSHIP_BLESS=1 cargo test --lib schema` and commit it",
        );
    }

    #[test]
    fn every_table_is_closed_and_every_key_described() {
        let schema = json_schema();
        let parts = schema["$defs"].as_object().unwrap();
        assert!(parts.len() > 25);
        for (name, part) in parts {
            assert!(part["description"].as_str().is_some_and(|text| text.len() > 5), "{name}");
            let Some(properties) = part["properties"].as_object() else { continue };
            assert_eq!(part["additionalProperties"], false, "{name}");
            for (key, property) in properties {
                assert!(property["description"].as_str().is_some_and(|text| text.len() > 5), "{name}.{key}");
            }
        }
        assert_eq!(schema["$ref"], "#/$defs/PolicyDocument");
        let required = parts["AllowRule"]["required"].as_array().unwrap();
        assert_eq!(required.len(), 5);
        assert_eq!(parts["SourceKind"]["enum"], json!(["managed", "own", "processor"]));
    }
}
