//! The normal form of a value: there is one, which is its own, or a reason; and its entry in the blind index has the declared length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stewardship::crypto::{BlindIndex, SecretKey};
use stewardship::policy::{FindBy, Normalise};

fuzz_target!(|input: (u8, u8, &str)| {
    let (form, bits, value) = input;
    let phone = || FindBy::new(Normalise::Phone);
    let (find_by, trims) = match form % 8 {
        0 => (FindBy::new(Normalise::Exact), false),
        1 => (FindBy::new(Normalise::Text), true),
        2 => (FindBy::new(Normalise::Email), true),
        3 => (phone(), true),
        4 => (phone().calling_code("49").trunk("0"), true),
        5 => (phone().calling_code("1").trunk("1"), true),
        6 => (phone().calling_code("36").trunk("06"), true),
        _ => (phone().calling_code("39"), true),
    };
    let around = format!("\t {value}\u{a0}\n");
    let Ok(normal) = find_by.normal(value) else {
        return assert!(find_by.normal(&around).is_err());
    };
    assert!(find_by.normal(normal.as_str()).unwrap() == normal, "the normal form is its own");
    if trims {
        assert!(find_by.normal(&around).unwrap() == normal);
    }
    match find_by.normalise {
        Normalise::Exact => assert_eq!(normal.as_str(), value),
        Normalise::Text => assert_eq!(normal.as_str().trim(), normal.as_str()),
        Normalise::Email => assert_eq!(normal.as_str().matches('@').count(), 1),
        Normalise::Phone => {
            let digits = normal.as_str().strip_prefix('+').unwrap();
            assert!((2..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
    let find_by = find_by.bits(bits);
    let kept = usize::from(find_by.kept_bits());
    let index = BlindIndex::new(&SecretKey::new([7; 32]), "Creator", "creator.email", "email", find_by);
    let entry = index.entry(&normal);
    assert_eq!(entry.len(), 8 + kept.div_ceil(8));
    assert!(index.is_of(&entry));
});
