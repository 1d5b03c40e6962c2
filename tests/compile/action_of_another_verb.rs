//~ each ACTION: Write, Erase, Action
//! What shows values opens them: whoever may write or erase opens nothing, nor does a grant whose action is a value.
use stewardship::access::{ACTION, Grant, Read};
use stewardship::classification::Classified;
use stewardship::engine::{Blocking, OpenError};
use stewardship::Place;

stewardship::classes! {
    Value: Confidential in "orders" = "order.value";
}

fn open(steward: &Blocking, grant: &Grant<ACTION>, reading: &Grant<Read>, place: &Place, sealed: &[u8]) {
    let value: Result<Classified<String, Value>, OpenError> =
        steward.open_sealed(grant, place, "Order", "value", sealed); //~ forbidden: a grant for `ACTION` shows no value
        //~ allowed: steward.open_sealed(reading, place, "Order", "value", sealed);
}

fn main() {}
