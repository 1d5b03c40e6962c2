//! What makes another value of a classified one can capture nothing: it would take the value along.
use stewardship::Classified;

stewardship::classes! {
    CreatorEmail: Confidential in "creators" = "creator.email";
}

fn main() {
    let email: Classified<String, CreatorEmail> = "ada@example.com".to_owned().into();
    let mut taken = String::new();
    let length = email.map(|email| { taken.push_str(email); email.len() }); //~ forbidden: captures_nothing
    //~ allowed: let length = email.map(|email| email.len());
    drop((length, taken));
}
