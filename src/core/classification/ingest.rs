//! Taking in a platform's JSON: what is declared is kept, the rest is dropped and counted (GDPR Art. 5(1)(c)).

use std::fmt;

use serde_json::Value;
use zeroize::Zeroizing;

use super::Record;

/// A record that was taken from a platform's JSON, and how much of it was left out.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ingested<R> {
    /// The record.
    pub record: R,
    /// Number of values in the JSON that no field declares. They are dropped here and go nowhere.
    pub dropped: usize,
}

/// Why a platform's JSON gives no record. Names the field, never a value.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payload has no usable `{field}` at `{pointer}`")]
pub struct IngestError {
    field: &'static str,
    pointer: String,
}

impl IngestError {
    /// The field.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Debug for IngestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Takes the fields that `R` declares out of `payload`, each from its pointer, and counts what is left.
///
/// # Errors
/// Where a declared field is missing or of another type.
///
/// # Example: three values come in, one is declared
/// ```
/// use stewardship::classification::ingest;
/// stewardship::classes! { Handle: Confidential in "creators" = "creator.handle"; }
/// stewardship::record! { struct Creator in "creators" { handle: String as Handle, at = "/user/handle"; } }
///
/// let payload = serde_json::json!({ "user": { "handle": "@ada", "birthday": "1815-12-10" }, "trace": 7 });
/// let ingested = ingest::<Creator>(&payload)?;
/// assert_eq!(ingested.dropped, 2);
/// # Ok::<(), stewardship::classification::IngestError>(())
/// ```
pub fn ingest<R: Record>(payload: &Value) -> Result<Ingested<R>, IngestError> {
    let found: Vec<(&str, Option<&Value>)> =
        R::FIELDS.iter().map(|field| (field.name, payload.pointer(&pointer(field)))).collect();
    let record = R::decode(&mut |name| {
        let value = found.iter().find(|(field, _)| *field == name).and_then(|(_, value)| *value)?;
        serde_json::to_vec(value).ok().map(Zeroizing::new)
    })
    .map_err(|error| IngestError {
        field: error.field(),
        pointer: R::FIELDS.iter().find(|field| field.name == error.field()).map(pointer).unwrap_or_default(),
    })?;
    let declared: usize = found.iter().filter_map(|(_, value)| *value).map(leaves).sum();
    Ok(Ingested { record, dropped: leaves(payload).saturating_sub(declared) })
}

fn pointer(field: &super::FieldSpec) -> String {
    field.pointer.map_or_else(|| format!("/{}", field.name), str::to_owned)
}

/// Number of values that are neither array nor object.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(leaves).sum(),
        Value::Object(members) => members.values().map(leaves).sum(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    crate::classes! {
        Number: Internal in "orders" = "order.number";
        Buyer: Confidential in "orders" = "order.buyer";
    }
    crate::record! {
        struct Order in "orders" {
            number: String as Number, at = "/data/id";
            buyer: Option<String> as Buyer;
        }
    }

    #[test]
    fn a_missing_field_is_named_with_its_place() {
        let error = ingest::<Order>(&json!({ "buyer": "Ada" })).unwrap_err();
        assert_eq!(error.to_string(), "the payload has no usable `number` at `/data/id`");
        assert!(
            ingest::<Order>(&json!({ "data": { "id": "1" } })).is_ok(),
            "an optional field may be missing"
        );
    }

    proptest! {
        #[test]
        fn stored_keys_are_declared_keys_and_the_rest_is_counted(
            extra in prop::collection::btree_map("[a-z]{1,8}", "[A-Z]{8}", 0..12),
        ) {
            let mut payload = json!({ "data": { "id": "1" }, "buyer": "Ada" });
            let extra: Vec<_> = extra.into_iter().filter(|(key, _)| key != "data" && key != "buyer").collect();
            for (key, value) in &extra {
                payload[key] = json!(value);
            }
            let ingested = ingest::<Order>(&payload).unwrap();
            prop_assert_eq!(ingested.dropped, extra.len());
            let encoded = ingested.record.encode().unwrap();
            prop_assert_eq!(encoded.len(), 2);
            for (_, value) in &extra {
                prop_assert!(encoded.iter().all(|field| !String::from_utf8_lossy(field).contains(value)));
            }
        }
    }
}
