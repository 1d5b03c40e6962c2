//~ each ACTION ASKS: Write write, Export export, Share share, Erase erase
//! Only a grant for reading opens: one for another action is of another type.
use stewardship::access::{ACTION, Grant};
use stewardship::classification::Classified;
use stewardship::engine::{Access, Blocking, OpenError, Trouble};
use stewardship::{Place, Principal, Purpose, Question, Resource};

stewardship::classes! {
    Value: Confidential in "orders" = "order.value";
}

fn ask(steward: &Blocking, by: Principal, what: Resource, why: Purpose) -> Result<Access<ACTION>, Trouble> {
    steward.authorize(&Question::ASKS(by, what, why))
}

fn open(steward: &Blocking, grant: &Grant<ACTION>, place: &Place, sealed: &[u8]) {
    let value: Result<Classified<String, Value>, OpenError> =
        steward.open_sealed(grant, place, "Order", "value", sealed); //~ forbidden: Grant<Read>
        //~ allowed: { drop(grant.action()); Err(OpenError::NotFound) };
}

fn main() {}
