//! A platform's payload: the declared fields are taken out, and the rest is counted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stewardship::classification::ingest;

stewardship::classes! {
    CreatorHandle: Confidential in "creators" = "creator.handle";
    CreatorEmail: Confidential in "creators" = "creator.email";
    CreatorTags: Internal in "creators" = "creator.tags";
}

stewardship::record! {
    struct Contact in "creators" {
        email: Option<String> as CreatorEmail, find_by;
    }
}

stewardship::record! {
    struct Creator in "creators" {
        handle: String as CreatorHandle, at = "/user/handle";
        tags: Vec<String> as CreatorTags;
        contact: Contact, at = "/user/contact";
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(payload) = serde_json::from_slice(bytes) else { return };
    match ingest::<Creator>(&payload) {
        Ok(found) => {
            let shown = format!("{:?}", found.record);
            assert!(shown.starts_with("Creator { handle: <creator.handle: confidential>"));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
