//~ each DATA CLEARANCE: Internal Public, Confidential Public, Confidential Internal, Restricted Public, Restricted Internal, Restricted Confidential
//! What is DATA does not go where things may be CLEARANCE at most, whatever the proof.
use stewardship::Classified;
use stewardship::access::{Grant, Read};
use stewardship::classification::{ExposeError, Sink, levels};

stewardship::classes! {
    Higher: DATA in "orders" = "order.higher";
    Lower: CLEARANCE in "orders" = "order.lower";
}

fn show(higher: &Classified<String, Higher>, lower: &Classified<String, Lower>, grant: &Grant<Read>) -> Result<(), ExposeError> {
    let mut screen = Sink::<levels::CLEARANCE, _>::new("screen", |text: &String| drop(text.clone()));
    screen.write_with(higher, grant) //~ forbidden: data of level `DATA` may not flow to what is cleared for `CLEARANCE`
    //~ allowed: screen.write_with(lower, grant)
}

fn main() {}
