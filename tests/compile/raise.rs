//~ each HIGH LOW: Internal Public, Confidential Public, Confidential Internal, Restricted Public, Restricted Internal, Restricted Confidential
//! Raising does not go down: that is lowering, which wants a permit.
use stewardship::Classified;
use stewardship::classification::levels;

stewardship::classes! {
    Value: HIGH in "orders" = "order.value";
}

fn lower(value: Classified<String, Value>) {
    drop(value.raise::<levels::LOW>()); //~ forbidden: data of level `HIGH` may not flow to what is cleared for `LOW`
    //~ allowed: drop(value.raise::<levels::HIGH>());
}

fn main() {}
