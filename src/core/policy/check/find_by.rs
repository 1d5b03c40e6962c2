//! How values are found: what a class says of the blind index fits together.

use super::Check;
use crate::core::policy::document::FindBy;
use crate::core::policy::finding::FindingCode;
use crate::core::policy::normal::{FULL_BITS, LEAST_BITS};
use crate::core::policy::path::{Path, shortened};
use crate::core::policy::vocabulary::Normalise;

pub(super) fn check(check: &mut Check<'_, '_>) {
    for (name, class) in &check.document.classes {
        if let Some(find_by) = &class.find_by {
            check_one(check, find_by, &Path::of(["classes", name.as_str(), "find_by"]));
        }
    }
}

fn check_one(check: &mut Check<'_, '_>, find_by: &FindBy, path: &Path) {
    let mut wrong = |key: &'static str, message: String, hint: &str| {
        check.error(FindingCode::BadFindBy, &path.key(key), message, hint);
    };
    if let Some(bits) = find_by.bits.filter(|bits| !(LEAST_BITS..=FULL_BITS).contains(bits)) {
        let hint = format!("write a number from {LEAST_BITS} to {FULL_BITS}");
        wrong("bits", format!("an entry of {bits} bits is not to be had"), &hint);
    }
    let (code, trunk) = (find_by.calling_code.as_deref(), find_by.trunk.as_deref());
    for (key, given) in [("calling_code", code), ("trunk", trunk)] {
        if given.is_some() && find_by.normalise != Normalise::Phone {
            let message = format!("`{}` knows no `{key}`", find_by.normalise);
            wrong(key, message, "write `normalise = \"phone\"`, or drop the key");
        }
    }
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some(code) = code.filter(|code| !digits(code, 3) || code.starts_with('0')) {
        let message = format!("`{}` is no country calling code", shortened(code));
        wrong("calling_code", message, "write its one to three digits, without `+` or `00` (ITU-T E.164)");
    }
    if let Some(trunk) = trunk {
        if !digits(trunk, 2) {
            let message = format!("`{}` is no trunk prefix", shortened(trunk));
            wrong("trunk", message, "write its digit, or its two digits, such as `0`");
        }
        if code.is_none() && find_by.normalise == Normalise::Phone {
            let message = "a trunk prefix belongs to a country, and none is declared".to_owned();
            wrong("trunk", message, "write the `calling_code` too");
        }
    }
}
