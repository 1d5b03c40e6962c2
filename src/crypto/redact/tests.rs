//! What each word shows, and what it never shows.

use hmac::KeyInit;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::core::policy::{Class as PolicyClass, PolicyText};

crate::classes! {
    Tail: Confidential in "billing" = "billing.tail";
    Mail: Confidential in "billing" = "billing.mail";
    Erased: Confidential in "billing" = "billing.erased";
    Silent: Confidential in "billing" = "billing.silent";
    Tagged: Confidential in "billing" = "billing.tagged";
    Constant: Confidential in "billing" = "billing.constant";
    Named: Confidential in "billing" = "billing.named";
    Shown: Internal in "billing" = "billing.shown";
    // The policy has it as Internal, and it is to be shown: the stricter of both counts.
    Disagrees: Confidential in "billing" = "billing.shown";
    Method: Internal in "billing" = "billing.silent";
    Open: Internal in "billing" = "billing.shown";
    Unknown: Internal in "billing" = "billing.unknown";
}

/// Read once: the properties ask for it thousands of times.
fn policy() -> Policy {
    static POLICY: std::sync::LazyLock<Policy> = std::sync::LazyLock::new(read);
    POLICY.clone()
}

fn read() -> Policy {
    let mut document = Policy::load(PolicyText::toml(crate::core::policy::GOOD)).unwrap().document().clone();
    for (id, level, redact) in [
        ("tail", Level::Confidential, Some(Redact::LastFour)),
        ("mail", Level::Confidential, Some(Redact::EmailDomain)),
        ("erased", Level::Confidential, Some(Redact::Erase)),
        ("silent", Level::Confidential, None),
        ("tagged", Level::Confidential, Some(Redact::Tag)),
        ("constant", Level::Confidential, Some(Redact::Constant)),
        ("named", Level::Confidential, Some(Redact::Pseudonym)),
        ("shown", Level::Internal, Some(Redact::Show)),
    ] {
        let class = PolicyClass { redact, ..PolicyClass::new(level, "billing") };
        document.classes.insert(Name::new(format!("billing.{id}")), class);
    }
    Policy::from_document(document).unwrap()
}

fn shown<C: DataClass>(text: &str) -> (String, Value) {
    let redactors = Redactors::keyed(&policy(), &"acme".into(), 7, &SecretKey::new([3; 32]));
    let value = Classified::<String, C>::from(text.to_owned());
    let view = redactors.value(&value);
    assert_eq!(view.to_string(), format!("{view:?}"));
    (view.to_string(), serde_json::to_value(&view).unwrap())
}

#[test]
fn each_word_shows_what_it_says() {
    let both = |text: &str| (text.to_owned(), Value::from(text));
    let nothing = (String::new(), Value::Null);
    assert_eq!(shown::<Erased>("x"), nothing);
    assert_eq!(shown::<Silent>("x"), nothing);
    assert_eq!(shown::<Unknown>("x"), nothing);
    assert_eq!(shown::<Disagrees>("x"), nothing);
    assert_eq!(shown::<Constant>("x"), both("***"));
    assert_eq!(shown::<Tagged>("x"), both("<billing.tagged>"));
    assert_eq!(shown::<Mail>("ada@mail.example.com"), both("…@mail.example.com"));
    assert_eq!(shown::<Tail>("4111 1111 1111 1234"), both("…1234"));
    assert_eq!(shown::<Shown>("line\nbreak"), ("\"line\\nbreak\"".to_owned(), Value::from("line\nbreak")));
}

#[test]
fn what_cannot_be_shown_in_part_is_erased() {
    for address in
        ["", "ada", "@example.com", "ada@", "ada@localhost", "ada@ex ample.com", "ada@a.b\nforged: line"]
    {
        assert_eq!(shown::<Mail>(address).0, "", "{address:?}");
    }
    for text in ["", "1234", "1234567", "12345\n78", "\u{1F600}234567\u{1F600}"] {
        assert_eq!(shown::<Tail>(text).0, "", "{text:?}");
    }
    assert_eq!(shown::<Tail>("12345678").0, "…5678");
    let redactors = Redactors::new(&policy());
    let missing = Classified::<Option<String>, Mail>::from(None);
    assert_eq!(redactors.value(&missing).to_string(), "");
    let name = Classified::<String, Named>::from("Ada".to_owned());
    assert_eq!((redactors.value(&name).to_string(), redactors.pseudonym(&name)), (String::new(), None));
}

/// Written by hand from the documentation: the form may not drift unseen.
#[test]
fn a_pseudonym_is_the_hmac_of_the_value_under_the_key_of_class_and_tenant() {
    let hmac = |key: &[u8], message: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(message);
        mac.finalize().into_bytes()
    };
    let mut info = b"stewardship/0/redact\0\0\0\0\0\0\0\x0dbilling.named\0\0\0\0\0\0\0\x04acme".to_vec();
    info.push(1);
    let expected = |message: &[u8]| {
        let full = hmac(&hmac(&[3; 32], &info), message);
        format!("p7:{:032x}", u128::from_be_bytes(full[..16].try_into().unwrap()))
    };
    assert_eq!(shown::<Named>("Ada").0, expected(b"tAda"));
    assert_eq!(shown::<Named>("\"A\u{1}\"").0, expected(b"t\"A\x01\""));

    let redactors = Redactors::keyed(&policy(), &"acme".into(), 7, &SecretKey::new([3; 32]));
    let whole = Classified::<Option<String>, Named>::from(Some("Ada".to_owned()));
    assert_eq!(
        redactors.value(&whole).to_string(),
        expected(b"tAda"),
        "a text is one, whatever type holds it"
    );
    let number = Classified::<u32, Named>::from(36);
    assert_eq!(redactors.value(&number).to_string(), expected(b"j36"));
    assert_ne!(shown::<Named>("36").0, redactors.value(&number).to_string());
}

crate::record! {
    enum Pay in "billing" as Method {
        Card = "card" { number: String as Tail; }
        Cash = "cash" {}
    }
}
crate::record! {
    enum Ship in "billing" as Open {
        Post = "post" { to: String as Mail; }
        Pickup = "pickup" {}
    }
}
crate::record! {
    struct Sale in "billing" {
        pay: Pay;
        ship: Ship;
        note: Option<String> as Constant;
    }
}

#[test]
fn an_enum_whose_choice_is_hidden_hides_its_fields() {
    let redactors = Redactors::new(&policy());
    let sale = |pay, ship| Sale { pay, ship, note: None.into() };
    let card = sale(
        Pay::Card { number: "4111111111111234".to_owned().into() },
        Ship::Post { to: "ada@example.com".to_owned().into() },
    );
    let shown = format!("{:?}", redactors.record(&card));
    assert_eq!(shown, "Sale { pay: _, ship: \"post\", ship.post.to: …@example.com, note: *** }");
    let cash = sale(Pay::Cash {}, Ship::Pickup {});
    let shown = serde_json::to_string(&redactors.record(&cash)).unwrap();
    assert_eq!(shown, "{\"pay\":null,\"ship\":\"pickup\",\"note\":\"***\"}");
}

proptest! {
    #[test]
    fn no_redactor_keeps_the_length(text in ".{0,60}") {
        let longer = format!("{text}{text}x");
        for (left, right) in [
            (shown::<Constant>(&text), shown::<Constant>(&longer)),
            (shown::<Tagged>(&text), shown::<Tagged>(&longer)),
            (shown::<Erased>(&text), shown::<Erased>(&longer)),
        ] {
            prop_assert_eq!(left, right);
        }
        prop_assert_eq!(shown::<Named>(&text).0.len(), shown::<Named>(&longer).0.len());
    }

    #[test]
    fn a_part_is_never_more_than_it_says(text in ".{0,40}") {
        let (tail, _) = shown::<Tail>(&text);
        prop_assert!(tail.chars().count() <= 5);
        let (mail, _) = shown::<Mail>(&text);
        prop_assert!(mail.is_empty() || text.ends_with(mail.trim_start_matches("…")));
        prop_assert!(!mail.contains(char::is_control) && !tail.contains(char::is_control));
    }
}
