use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::*;

/// Everything that serde's data model has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Whole {
    text: String,
    maybe: Option<String>,
    letter: char,
    unit: (),
    marker: Marker,
    wrapped: Wrapped,
    pair: (i128, u128),
    float: f64,
    list: Vec<String>,
    bytes: Vec<u8>,
    by_number: BTreeMap<i32, String>,
    by_word: BTreeMap<Choice, bool>,
    by_flag: BTreeMap<bool, Wrapped>,
    by_text: BTreeMap<String, Vec<Option<u8>>>,
    choices: Vec<Choice>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Marker;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wrapped(String);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Choice {
    #[serde(rename = "the \"first\"")]
    First,
    One(String),
    Two(String, i8),
    Named {
        text: String,
    },
}

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            Just('"'),
            Just('\\'),
            Just('/'),
            Just('\n'),
            Just('\u{1}'),
            Just('é'),
            Just('𝄞'),
            any::<char>()
        ],
        0..12,
    )
    .prop_map(String::from_iter)
}

fn choices() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::First),
        texts().prop_map(Choice::One),
        (texts(), any::<i8>()).prop_map(|(text, number)| Choice::Two(text, number)),
        texts().prop_map(|text| Choice::Named { text }),
    ]
}

fn wholes() -> impl Strategy<Value = Whole> {
    let texts_of = |number| prop::collection::vec(texts(), number);
    (
        (texts_of(5), prop::option::of(texts()), any::<char>(), any::<(i128, u128)>(), -1e9..1e9_f64),
        (texts_of(3), any::<Vec<u8>>(), prop::collection::btree_map(any::<i32>(), texts(), 0..3)),
        prop::collection::btree_map(texts(), any::<Vec<Option<u8>>>(), 0..3),
        prop::collection::vec(choices(), 0..4),
    )
        .prop_map(|((some, maybe, letter, pair, float), (list, bytes, by_number), by_text, choices)| {
            let [text, wrapped, yes, no, _] = some.try_into().unwrap();
            Whole {
                text,
                maybe,
                letter,
                unit: (),
                marker: Marker,
                wrapped: Wrapped(wrapped),
                pair,
                float: float.round(),
                list,
                bytes,
                by_number,
                by_word: BTreeMap::from([(Choice::First, true)]),
                by_flag: BTreeMap::from([(true, Wrapped(yes)), (false, Wrapped(no))]),
                by_text,
                choices,
            }
        })
}

/// What both make of it: the same value, or nothing.
fn agreed<T: DeserializeOwned + PartialEq + fmt::Debug>(json: &[u8]) -> Option<T> {
    let (ours, theirs) = (from_json::<T>(json).ok(), serde_json::from_slice::<T>(json).ok());
    assert_eq!(ours, theirs, "{}", String::from_utf8_lossy(json));
    ours
}

proptest! {
    #[test]
    fn any_value_comes_back(whole in wholes(), pretty in any::<bool>()) {
        let json = if pretty { serde_json::to_vec_pretty(&whole) } else { serde_json::to_vec(&whole) }.unwrap();
        prop_assert_eq!(from_json::<Whole>(&json).unwrap(), whole);
        prop_assert!(agreed::<Value>(&json).is_some());
    }

    /// One byte of what is JSON, altered, left out, doubled, or everything behind it cut off.
    #[test]
    fn it_refuses_what_serde_json_refuses(
        whole in wholes(),
        pretty in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..4),
    ) {
        let mut json = if pretty { serde_json::to_vec_pretty(&whole) } else { serde_json::to_vec(&whole) }.unwrap();
        for (at, how, byte) in changes {
            if json.is_empty() {
                break;
            }
            let at = at.index(json.len());
            match how {
                0 => json[at] = byte,
                1 => drop(json.remove(at)),
                2 => json.insert(at, b"\"\\{}[],:nu0-. "[usize::from(byte) % 14]),
                _ => json.truncate(at),
            }
        }
        agreed::<Whole>(&json);
        agreed::<Value>(&json);
    }

    #[test]
    fn a_key_that_is_a_number_has_no_space_in_it(
        number in any::<i32>(), before in "[ \n]{0,2}", after in "[ \t]{0,2}",
    ) {
        // With an escape, so that it is ours to read.
        let json = serde_json::json!({ format!("{before}{number}{after}"): "\n" }).to_string();
        let read = agreed::<BTreeMap<i32, String>>(json.as_bytes());
        prop_assert_eq!(read.is_some(), before.is_empty() && after.is_empty());
    }

    #[test]
    fn any_escapes_are_undone_or_refused(
        parts in prop::collection::vec(prop_oneof![
            Just("\\u00e9"), Just("\\uD834"), Just("\\udd1e"), Just("\\u+123"), Just("\\u12"), Just("\\"), Just("\\n"), Just("\\/"),
            Just("\\x"), Just("\\\""), Just("\u{e9}"), Just("\t"), Just("x"), Just("\""),
        ], 0..8),
    ) {
        let json = format!("\"\\b{}\"", parts.concat());
        agreed::<String>(json.as_bytes());
        agreed::<Option<char>>(json.as_bytes());
    }
}

#[test]
fn it_ends_where_serde_json_ends() {
    for (open, close) in [("[", "]"), ("{\"\\n\":", "}")] {
        for depth in [126, 127, 128, 10_000] {
            let json = [open.repeat(depth), r#""\n""#.to_owned(), close.repeat(depth)].concat();
            assert_eq!(agreed::<Value>(json.as_bytes()).is_some(), depth < 128, "{depth}");
        }
    }
    for json in [
        r#"["\n",]"#,
        r#"["\n"]x"#,
        r#"{"\n":1,}"#,
        r#"{"\n"}"#,
        r#"{1:"\n"}"#,
        r#"["\n" 1]"#,
        r#"["\n""#,
        r#""\n"#,
        "\\",
    ] {
        assert_eq!(agreed::<Value>(json.as_bytes()), None, "{json}");
    }
    // A byte string, and what is no UTF-8.
    assert_eq!(agreed::<Value>(b"\"\\n\xff\""), None);
    assert_eq!(from_json::<String>(br#" "\u0041\ud834\udd1e" "#).unwrap(), "A\u{1d11e}");
}

#[test]
fn an_error_quotes_nothing() {
    let error = from_json::<u8>(br#""a \"secret\"""#).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"));
}
