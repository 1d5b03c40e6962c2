use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::core::access::Environment;
use crate::core::audit::event::CorrectedField;
use crate::core::classification::Level;
use crate::core::dsr::Stage;
use crate::core::id::{CaseId, Name};

fn any_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        any::<char>(),
        (0_u8..0x21).prop_map(char::from),
        prop::sample::select(vec!['"', '\\', '/', 'u', '{', ',', '\u{7f}', '\u{2028}', '😀']),
    ];
    prop::collection::vec(character, 0..12).prop_map(String::from_iter)
}

fn any_name() -> impl Strategy<Value = Option<Pseudonym>> {
    prop::option::of(any::<[u8; 16]>().prop_map(Pseudonym::from_bytes))
}

fn any_event() -> impl Strategy<Value = AuditEvent> {
    let texts = prop::collection::vec(any_text().prop_map(Name::new), 0..4);
    let field = (any_text(), any_name(), any_name());
    let field = field.prop_map(|(field, old, new)| CorrectedField { field: Name::new(field), old, new });
    prop_oneof![
        (any_text(), prop::collection::vec(field, 0..4), prop::option::of(any_text())).prop_map(
            |(category, fields, case)| AuditEvent::Corrected {
                category: Name::new(category),
                fields,
                case: case.map(CaseId::new),
            }
        ),
        (any_text(), any::<u64>())
            .prop_map(|(disposal, records)| AuditEvent::Certified { disposal, records }),
        any_text().prop_map(|case| AuditEvent::CaseMoved {
            case: CaseId::new(case),
            kind: None,
            stage: Stage::Closed
        }),
        (texts, any::<bool>(), prop::sample::select(&Level::ALL[..])).prop_map(|(rules, more, level)| {
            AuditEvent::Decided {
                action: crate::core::access::Action::Share,
                category: rules.first().cloned(),
                level,
                purpose: None,
                outcome: crate::core::audit::DecidedAs::Forbidden,
                rule: None,
                denied_by: rules,
                denied_by_more: more,
                barriers: crate::core::access::Barrier::ALL.to_vec(),
                case: None,
                approved_by: None,
                emergency: !more,
            }
        }),
    ]
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let at = (-62_167_219_200_i64..253_402_300_800, 0_u32..1_000_000_000);
    (at, any::<[u8; 32]>(), any_name(), any_name(), any::<u128>(), any_event()).prop_map(
        |((seconds, nanos), digest, tenant, record, request, event)| {
            let at = DateTime::from_timestamp(seconds, nanos).unwrap();
            let mut entry = Entry::new(at, PolicyDigest::from_bytes(digest), event);
            (entry.tenant, entry.record) = (tenant, record);
            entry.request = RequestId::from_bytes(request.to_be_bytes());
            entry
        },
    )
}

fn started() -> Entry {
    let at = "2026-11-22T09:00:00Z".parse().unwrap();
    let event = AuditEvent::Started { environment: Environment::Production };
    Entry::new(at, PolicyDigest::from_bytes([0xab; 32]), event)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_and_is_json(entry in any_entry()) {
        let bytes = entry.to_bytes();
        prop_assert_eq!(Entry::from_bytes(&bytes), Ok(entry.clone()));
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(json["event"].as_str(), Some(entry.event.word()));
        let at = json["at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        prop_assert_eq!(at, entry.at);
    }

    /// Whatever is read has one form: no other bytes are the same entry.
    #[test]
    fn a_changed_byte_is_refused_or_is_another_entry(
        entry in any_entry(),
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
        how in 0..3,
    ) {
        let mut bytes = entry.to_bytes();
        let at = at.index(bytes.len());
        match how {
            0 => bytes[at] = with,
            1 => bytes.insert(at, with),
            _ => drop(bytes.remove(at)),
        }
        if let Ok(read) = Entry::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_bytes_give_an_entry_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), after in 0_usize..200) {
        let mut begun = started().to_bytes();
        begun.truncate(after);
        begun.extend(bytes);
        if let Ok(read) = Entry::from_bytes(&begun) {
            prop_assert_eq!(read.to_bytes(), begun);
        }
    }
}

#[test]
fn times_are_cut_off_below_the_microsecond_and_end_with_the_calendar_of_four_digits() {
    let written = |at: DateTime<Utc>| {
        let mut entry = started();
        entry.at = at;
        let read = Entry::from_bytes(&entry.to_bytes()).unwrap();
        read.at
    };
    let at: DateTime<Utc> = "2026-11-22T09:00:00.123456Z".parse().unwrap();
    assert_eq!(written(at + TimeDelta::nanoseconds(999)), at);
    assert_eq!(Entry::new(at + TimeDelta::nanoseconds(999), started().policy, started().event).at, at);
    assert_eq!(written(DateTime::<Utc>::MIN_UTC).to_rfc3339(), "0000-01-01T00:00:00+00:00");
    assert_eq!(written(DateTime::<Utc>::MAX_UTC).to_rfc3339(), "9999-12-31T23:59:59.999999+00:00");
    let leap: DateTime<Utc> = "2016-12-31T23:59:60.5Z".parse().unwrap();
    assert_eq!(written(leap).to_rfc3339(), "2016-12-31T23:59:59.999999+00:00");
}

#[test]
fn what_is_longer_than_an_entry_is_not_read() {
    let mut entry = started();
    let disposal = |length| AuditEvent::Certified { disposal: "x".repeat(length), records: 1 };
    entry.event = disposal(0);
    let rest = MAX_ENTRY_BYTES - entry.to_bytes().len();
    entry.event = disposal(rest);
    assert!(Entry::from_bytes(&entry.to_bytes()).is_ok());
    entry.event = disposal(rest + 1);
    assert_eq!(Entry::from_bytes(&entry.to_bytes()), Err(EntryError::TooLong));
}
