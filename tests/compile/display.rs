//! A classified value has no text: it is shown through a redactor, or exposed against a proof.
use stewardship::Classified;

stewardship::classes! {
    CreatorEmail: Confidential in "creators" = "creator.email";
}

fn main() {
    let email: Classified<String, CreatorEmail> = "ada@example.com".to_owned().into();
    println!("{email}"); //~ forbidden: Classified<String, CreatorEmail>
    //~ allowed: println!("{email:?}");
}
