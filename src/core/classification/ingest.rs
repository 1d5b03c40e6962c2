//! Taking in a platform's JSON: what is declared is kept, the rest is dropped and counted (GDPR Art. 5(1)(c)).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;
use zeroize::Zeroizing;

use super::fields::Fields;
use super::record::{Record, encode};
use super::shape::{Path, Take};

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
    field: String,
    pointer: String,
}

impl IngestError {
    /// The field.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Debug for IngestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Takes the fields that `R` declares out of `payload`, each from its pointer, and counts what is left.
///
/// What a field's own type leaves out (a member that a struct behind it does not know) is counted as well.
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
    let mut from = Payload { payload, taken: BTreeMap::new() };
    let built = Fields::read::<R>(&Path::root(R::KIND), &mut from);
    let taken = from.taken;
    let unusable = |field: &str| IngestError {
        field: field.to_owned(),
        pointer: taken.get(field).map(|taken| taken.pointer.clone()).unwrap_or_default(),
    };
    let record = built.map_err(|error| unusable(error.field()))?;
    let mut places = BTreeSet::new();
    let mut kept = 0;
    for field in encode(&record).map_err(|error| unusable(error.field()))? {
        let Some(taken) = taken.get(&*field.name).filter(|taken| places.insert(&taken.pointer)) else {
            continue;
        };
        kept += match taken.value {
            Some(found @ (Value::Array(_) | Value::Object(_))) => {
                let stored = serde_json::from_slice(&field.value).map_or(0, |stored| leaves(&stored));
                stored.min(leaves(found))
            }
            Some(_) => 1,
            None => 0,
        };
    }
    Ok(Ingested { record, dropped: leaves(payload).saturating_sub(kept) })
}

/// A platform's JSON, and what was taken out of it, by field.
struct Payload<'p> {
    payload: &'p Value,
    taken: BTreeMap<String, Taken<'p>>,
}

struct Taken<'p> {
    pointer: String,
    value: Option<&'p Value>,
}

impl Take for Payload<'_> {
    fn take(&mut self, path: &Path<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let pointer = path.pointer();
        let value = self.payload.pointer(&pointer);
        self.taken.insert(path.name().into_owned(), Taken { pointer, value });
        serde_json::to_vec(value?).ok().map(Zeroizing::new)
    }
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

    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    struct Line {
        sku: String,
    }

    impl zeroize::Zeroize for Line {
        fn zeroize(&mut self) {
            self.sku.zeroize();
        }
    }

    crate::record! {
        struct Basket in "orders" {
            lines: Vec<Line> as Buyer;
            ship_to: Order, at = "/shipping";
        }
    }

    #[test]
    fn what_a_nested_type_leaves_out_is_counted_too() {
        let payload = json!({
            "lines": [{ "sku": "a", "gift_note": "happy birthday" }, { "sku": "b" }],
            "shipping": { "data": { "id": "7", "phone": "555" }, "buyer": "Ada", "door_code": 12 },
        });
        let ingested = ingest::<Basket>(&payload).unwrap();
        assert_eq!(ingested.dropped, 3);
        let error = ingest::<Basket>(&json!({ "lines": [], "shipping": { "buyer": "Ada" } })).unwrap_err();
        assert_eq!(error.to_string(), "the payload has no usable `ship_to.number` at `/shipping/data/id`");
        assert_eq!(ingest::<Basket>(&json!({ "shipping": {} })).unwrap_err().field(), "lines");
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
            let encoded = encode(&ingested.record).unwrap();
            prop_assert_eq!(encoded.len(), 2);
            for (_, value) in &extra {
                prop_assert!(encoded.iter().all(|field| !String::from_utf8_lossy(&field.value).contains(value)));
            }
        }
    }
}
