//~ each ACTION: Write, Erase, Action
//! Whoever may write or erase sees nothing by it, and a grant whose action is a value shows nothing before it has a type.
use stewardship::Classified;
use stewardship::access::{ACTION, Grant, Read};

stewardship::classes! {
    Value: Confidential in "orders" = "order.value";
}

fn show(value: &Classified<String, Value>, grant: &Grant<ACTION>, reading: &Grant<Read>) {
    let shown = value.expose(grant); //~ forbidden: a grant for `ACTION` shows no value
    //~ allowed: let shown = value.expose(reading);
}

fn main() {}
