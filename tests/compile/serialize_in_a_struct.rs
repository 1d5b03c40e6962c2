//! A struct that holds a classified value cannot be serialised: the value would leave with it.
use stewardship::Classified;

stewardship::classes! {
    CreatorEmail: Confidential in "creators" = "creator.email";
}

#[derive(serde::Serialize)] struct Page { email: Classified<String, CreatorEmail> } //~ forbidden: Classified<String, CreatorEmail>
//~ allowed: #[derive(Clone)] struct Page { email: Classified<String, CreatorEmail> }

fn main() {}
