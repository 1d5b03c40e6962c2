//~ each LEVEL: Confidential, Restricted
//! Above Internal nothing leaves without proof, even where the sink is cleared for it.
use stewardship::Classified;
use stewardship::access::{Grant, Read};
use stewardship::classification::{Sink, levels};

stewardship::classes! {
    Value: LEVEL in "orders" = "order.value";
}

fn show(value: &Classified<String, Value>, grant: &Grant<Read>) {
    let mut screen = Sink::<levels::Restricted, _>::new("screen", |text: &String| drop(text.clone()));
    screen.write(value); //~ forbidden: data of level `LEVEL` leaves against proof alone
    //~ allowed: drop(screen.write_with(value, grant));
}

fn main() {}
