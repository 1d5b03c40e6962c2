//! Every field of a record has a class, a new one too.
stewardship::classes! {
    CreatorHandle: Confidential in "creators" = "creator.handle";
    CreatorEmail: Confidential in "creators" = "creator.email";
}

stewardship::record! {
    struct Creator in "creators" {
        handle: String as CreatorHandle;
        email: String; //~ forbidden: `String` has no class
        //~ allowed: email: String as CreatorEmail;
    }
}

fn main() {}
