//! 1, over random nested records: nothing above Internal stands in what any way out of the crate gives.

use std::cell::Cell;
use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stewardship::access::{Grant, Read};
use stewardship::classification::{Class, Labelled, Record, RecordSpec, Sink, ingest, levels, redacted};
use stewardship::crypto::{Redactors, SecretKey};
use stewardship::zeroize::Zeroize;
use stewardship::{Classified, Place, Policy};

use super::p01_values::chain;
use crate::world::*;

stewardship::classes! {
    Shown: Internal in "orders" = "leak.shown";
    Quiet: Internal in "orders" = "leak.quiet";
    Plain: Restricted in "orders" = "leak.plain";
    Constant: Confidential in "orders" = "leak.constant";
    Tag: Restricted in "orders" = "leak.tag";
    Pseudonym: Confidential in "orders" = "leak.pseudonym";
    Domain: Confidential in "orders" = "leak.domain";
    Tail: Confidential in "orders" = "leak.tail";
    OpenChoice: Internal in "orders" = "leak.open_choice";
    HiddenChoice: Confidential in "orders" = "leak.hidden_choice";
}

/// Every word of `redact`, and none.
const CLASSES: [(&str, &str, Option<&str>); 10] = [
    ("shown", "internal", Some("show")),
    ("quiet", "internal", None),
    ("plain", "restricted", None),
    ("constant", "confidential", Some("constant")),
    ("tag", "restricted", Some("tag")),
    ("pseudonym", "confidential", Some("pseudonym")),
    ("domain", "confidential", Some("email-domain")),
    ("tail", "confidential", Some("last-four")),
    ("open_choice", "internal", Some("show")),
    ("hidden_choice", "confidential", Some("erase")),
];

fn policy() -> String {
    let class = |(id, level, redact): (&str, &str, Option<&str>)| {
        let redact = redact.map(|word| format!("redact = \"{word}\"\n")).unwrap_or_default();
        format!("\n[classes.\"leak.{id}\"]\nlevel = \"{level}\"\ncategory = \"orders\"\n{redact}")
    };
    CLASSES.into_iter().map(class).fold(POLICY.to_owned(), |policy, class| policy + &class)
}

/// A value with a structure of the host's own.
#[derive(Clone, Serialize, Deserialize)]
struct Details {
    street: String,
    codes: Vec<u64>,
}

impl Zeroize for Details {
    fn zeroize(&mut self) {
        self.street.zeroize();
        self.codes.zeroize();
    }
}

stewardship::record! {
    struct Person in "orders" {
        name: String as Plain;
        email: String as Domain;
        phones: Vec<String> as Constant;
        card: Option<String> as Tail;
    }
}
stewardship::record! {
    enum Payment in "orders" as OpenChoice, at = "/kind" {
        Card = "card" { details: Details as Plain; holder: Person; }
        Voucher = "voucher" { codes: Option<Vec<String>> as Tag; }
        Cash = "cash" {}
    }
}
const HIDDEN: [&str; 2] = ["chemotherapy7x2kd9", "vaccination8v3mtz"];
stewardship::record! {
    enum Treatment in "orders" as HiddenChoice, at = "/kind" {
        One = "chemotherapy7x2kd9" { note: String as Pseudonym; }
        Other = "vaccination8v3mtz" { times: u64 as Pseudonym; }
    }
}
stewardship::record! {
    struct Parcel in "orders" {
        number: String as Shown;
        memo: Option<String> as Quiet;
        sender: Person, at = "/from";
        to: Person;
        payment: Payment;
        treatment: Treatment;
        labels: Vec<String> as Tag;
        serial: u64 as Pseudonym;
    }
}

/// Draws values, and keeps the part of each that must stand nowhere.
#[derive(Debug)]
struct Draw {
    tokens: std::vec::IntoIter<String>,
    numbers: std::vec::IntoIter<u64>,
    choices: std::vec::IntoIter<u8>,
    noise: String,
    secrets: Vec<String>,
}

impl Draw {
    fn choose(&mut self, of: u8) -> u8 {
        self.choices.next().unwrap() % of
    }

    fn secret(&mut self) -> String {
        let token = self.tokens.next().unwrap();
        self.secrets.push(token.clone());
        token
    }

    /// A secret with something around it that formats may have to escape.
    fn text(&mut self) -> String {
        let secret = self.secret();
        format!("{0}{secret}{0}", self.noise)
    }

    fn number(&mut self) -> u64 {
        let number = self.numbers.next().unwrap();
        self.secrets.push(number.to_string());
        number
    }

    fn texts(&mut self) -> Vec<String> {
        (0..self.choose(7)).map(|_| self.text()).collect()
    }

    fn person(&mut self) -> Person {
        let email = match self.choose(4) {
            // A domain may be seen; what is none may not.
            0 => format!("{}@{}.example", self.secret(), "shop"),
            1 => format!("ada@{}", self.secret()),
            2 => format!("ada@{} .example", self.secret()),
            _ => self.text(),
        };
        let card = (self.choose(2) == 0).then(|| self.text());
        Person {
            name: self.text().into(),
            email: email.into(),
            phones: self.texts().into(),
            card: card.into(),
        }
    }

    fn parcel(&mut self, shown: &str, quiet: &str) -> Parcel {
        let payment = match self.choose(3) {
            0 => {
                let codes = vec![self.number(); usize::from(self.choose(3))];
                let details = Details { street: self.text(), codes };
                Payment::Card { details: details.into(), holder: self.person() }
            }
            1 => {
                let codes = (self.choose(2) == 0).then(|| self.texts());
                Payment::Voucher { codes: codes.into() }
            }
            _ => Payment::Cash {},
        };
        let treatment = match self.choose(2) {
            0 => Treatment::One { note: self.text().into() },
            _ => Treatment::Other { times: self.number().into() },
        };
        self.secrets.extend(HIDDEN.map(str::to_owned));
        Parcel {
            number: shown.to_owned().into(),
            memo: Some(quiet.to_owned()).into(),
            sender: self.person(),
            to: self.person(),
            payment,
            treatment,
            labels: self.texts().into(),
            serial: self.number().into(),
        }
    }
}

fn draw() -> impl Strategy<Value = Draw> {
    let tokens = prop::collection::vec("[a-zA-Z0-9]{20,32}", 48);
    let numbers = prop::collection::vec(10_u64.pow(18).., 4);
    (tokens, numbers, prop::collection::vec(any::<u8>(), 48), ".{0,3}").prop_map(
        |(tokens, numbers, choices, noise)| {
            let (tokens, numbers, choices) = (tokens.into_iter(), numbers.into_iter(), choices.into_iter());
            Draw { tokens, numbers, choices, noise, secrets: Vec::new() }
        },
    )
}

/// What came out, each with the way that it took. A way that may show an Internal value is marked.
#[derive(Default)]
struct Outputs(Vec<(&'static str, bool, String)>);

impl Outputs {
    fn add(&mut self, way: &'static str, text: impl Into<String>) {
        self.0.push((way, false, text.into()));
    }

    /// A way on which the value of `number` is shown: the control without which the search would prove nothing.
    fn add_showing(&mut self, way: &'static str, text: impl Into<String>) {
        self.0.push((way, true, text.into()));
    }
}

#[derive(Serialize)]
struct Own<'a> {
    #[serde(serialize_with = "redacted::class")]
    name: Classified<String, Plain>,
    #[serde(serialize_with = "redacted::label")]
    email: Labelled<String>,
    #[serde(serialize_with = "by_record")]
    parcel: &'a Parcel,
}

fn by_record<S: serde::Serializer>(parcel: &&Parcel, to: S) -> Result<S::Ok, S::Error> {
    redacted::record(*parcel, to)
}

fn formats(out: &mut Outputs, policy: &Policy, parcel: &Parcel, key: &SecretKey) {
    out.add("Debug", format!("{parcel:?} {parcel:#?}"));
    let person = &parcel.sender;
    out.add("Debug of values", format!("{:?} {:#?} {:?}", person.name, person.phones, person.card));
    let own = Own { name: person.name.clone(), email: person.email.clone().labelled(policy), parcel };
    out.add("the class in serde", serde_json::to_string(&own).unwrap());
    out.add("the class in serde, as a value", serde_json::to_value(&own).unwrap().to_string());
    for redactors in [Redactors::new(policy), Redactors::keyed(policy, &tenant(), 1, key)] {
        let view = redactors.record(parcel);
        out.add_showing("redacted Display", format!("{view} {view:#}"));
        out.add_showing("redacted Debug", format!("{view:?} {view:#?}"));
        out.add_showing("redacted in serde", serde_json::to_string(&view).unwrap());
        out.add_showing("redacted in serde, as a value", serde_json::to_value(&view).unwrap().to_string());
        let number = redactors.value(&parcel.number);
        out.add_showing("a redacted value", format!("{number} {number:?} {}", json!(number)));
        macro_rules! values {
            ($($value:expr),+) => {
                $({
                    let view = redactors.value(&$value);
                    out.add("a redacted value", format!("{view} {view:?} {:#?} {}", view, json!(view)));
                    out.add("a pseudonym", format!("{:?}", redactors.pseudonym(&$value)));
                })+
            };
        }
        values!(person.name, person.email, person.phones, person.card, parcel.labels, parcel.serial);
    }
}

fn sinks(out: &mut Outputs, policy: &Policy, parcel: &Parcel, other: &Grant<Read>) {
    fn each<T, C>(out: &mut Outputs, policy: &Policy, value: &Classified<T, C>, other: &Grant<Read>)
    where
        T: Zeroize + Clone + Debug,
        C: Class,
    {
        for name in ["app_log", "metrics", "support_screen", "mailer"] {
            let mut written = Vec::new();
            let mut sink = policy.sink(name, |value: &T| written.push(format!("{value:?}"))).unwrap();
            out.add("Debug of a sink", format!("{sink:?}"));
            let labelled = value.clone().labelled(policy);
            out.add("Debug of a labelled value", format!("{labelled:?}"));
            let denied = [
                sink.write(value).err(),
                sink.write(&labelled).err(),
                sink.write_with(value, other).err(),
                sink.write_with(&labelled, other).err(),
            ];
            denied.iter().flatten().for_each(|denied| out.add("FlowDenied", chain(denied)));
            labelled.expose(other).err().iter().for_each(|error| out.add("NotShown", chain(error)));
            let mut internal =
                Sink::<levels::Internal, _>::new("log", |value: &T| written.push(format!("{value:?}")));
            if let Err(denied) = internal.write_labelled(&labelled) {
                out.add("FlowDenied", chain(&denied));
            }
            out.add("what a sink let through", written.concat());
        }
        let error = value.expose(other).unwrap_err();
        out.add("ExposeError", chain(&error));
    }
    let person = &parcel.sender;
    each(out, policy, &parcel.memo, other);
    each(out, policy, &person.name, other);
    each(out, policy, &person.email, other);
    each(out, policy, &person.phones, other);
    each(out, policy, &person.card, other);
    each(out, policy, &parcel.labels, other);
    each(out, policy, &parcel.serial, other);
    each(out, policy, &person.name.clone().zip(person.email.clone()), other);
    each(out, policy, &parcel.number.clone().raise::<levels::Confidential>(), other);
    out.add("ExposeError of a record", chain(&parcel.expose(other).unwrap_err()));
    let mut lines = String::new();
    let mut log = policy.sink("app_log", |value: &String| lines.push_str(value)).unwrap();
    log.write(&parcel.number).unwrap();
    let mut log = Sink::<levels::Internal, _>::new("log", |value: &String| lines.push_str(value));
    log.write(&parcel.number);
    out.add_showing("a sink that is cleared", lines);
}

/// A payload that gives the record back, and every payload in which one value is not what its field needs.
fn errors_of_ingest(out: &mut Outputs, parcel: &Parcel, grant: &Grant<Read>) {
    fn set(payload: &mut Value, pointer: &str, value: Value) {
        let mut at = payload;
        for key in pointer.split('/').skip(1) {
            if !at.is_object() {
                *at = json!({});
            }
            at = &mut at[key];
        }
        *at = value;
    }
    let values = parcel.expose(grant).unwrap();
    let spec = RecordSpec::of::<Parcel>();
    let mut whole = json!({});
    for field in &spec.fields {
        if let Some(value) = values.get(&*field.name) {
            set(&mut whole, &field.pointer, value.clone());
        }
    }
    let back = ingest::<Parcel>(&whole).unwrap();
    assert_eq!(back.record.expose(grant).unwrap(), values);
    out.add("Debug of what was ingested", format!("{back:?} {back:#?}"));
    for field in &spec.fields {
        let Some(value) = values.get(&*field.name) else { continue };
        for wrong in [json!({ "wrong": value }), json!([[value]]), Value::Null, json!(value.to_string())] {
            let mut payload = whole.clone();
            set(&mut payload, &field.pointer, wrong);
            if let Err(error) = ingest::<Parcel>(&payload) {
                out.add("IngestError", chain(&error));
            }
        }
    }
}

fn errors_of_opening(out: &mut Outputs, steward: &TestSteward, person: &Person, grant: &Grant<Read>) {
    let place = Place::tenant(TENANT).record("any");
    let sealed = steward.seal(&place, "parcels", "name", &person.name).unwrap();
    let opened = steward.open_sealed::<String, Plain>(grant, &place, "parcels", "name", &sealed).unwrap();
    assert!(opened.ct_eq(&person.name));
    let error = steward.open_sealed::<u64, Plain>(grant, &place, "parcels", "name", &sealed).unwrap_err();
    assert!(matches!(error, stewardship::engine::OpenError::Decode(_)));
    out.add("DecodeError", chain(&error));
    let error = steward.open_sealed::<String, Plain>(grant, &place, "parcels", "email", &sealed).unwrap_err();
    out.add("OpenError", chain(&error));
}

#[cfg(feature = "tracing")]
mod events {
    use std::fmt::{Debug, Write};
    use std::sync::{Arc, Mutex};

    use stewardship::Policy;
    use stewardship::crypto::{Redactors, SecretKey};
    use stewardship::ports::tracing::{Events, field, record};
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::{Outputs, Parcel, tenant};

    /// Writes down everything that it is told.
    #[derive(Clone, Default)]
    struct Capture(Arc<Mutex<String>>);

    impl Visit for Capture {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            write!(self.0.lock().unwrap(), "{field}={value:?} {value:#?} ").unwrap();
        }
    }

    impl Subscriber for Capture {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, span: &Attributes<'_>) -> Id {
            span.record(&mut self.clone());
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, values: &Record<'_>) {
            values.record(&mut self.clone());
        }
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            write!(self.0.lock().unwrap(), "{} {}: ", event.metadata().level(), event.metadata().target())
                .unwrap();
            event.record(&mut self.clone());
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    fn captured(emit: impl FnOnce()) -> String {
        let capture = Capture::default();
        tracing::subscriber::with_default(capture.clone(), emit);
        let text = capture.0.lock().unwrap().clone();
        assert!(!text.is_empty(), "nothing was emitted");
        text
    }

    pub(super) fn events(out: &mut Outputs, policy: &Policy, parcel: &Parcel, key: &SecretKey) {
        let person = &parcel.sender;
        let plain = captured(|| {
            let (name, email) = (&person.name, &person.email);
            tracing::info!(?name, ?email, ?parcel, "parcel {:?} of {:#?}", parcel, person);
            let _span = tracing::info_span!("parcel", ?parcel).entered();
        });
        out.add("fields by their Debug", plain);
        let redactors = Redactors::keyed(policy, &tenant(), 1, key);
        let fields = captured(|| {
            tracing::warn!(
                number = field(&redactors, &parcel.number),
                name = field(&redactors, &person.name),
                email = field(&redactors, &person.email),
                card = field(&redactors, &person.card),
                parcel = record(&redactors, parcel),
                "parcel {}",
                field(&redactors, &person.phones),
            );
        });
        out.add_showing("fields", fields);
        let span = captured(|| {
            let span = tracing::info_span!(
                "parcel",
                parcel = record(&redactors, parcel),
                late = tracing::field::Empty
            );
            span.record("late", field(&redactors, &parcel.serial));
        });
        out.add_showing("fields of spans", span);
        let cleared = captured(|| {
            let mut log = policy.sink("app_log", Events::info("parcel")).unwrap();
            log.write(&parcel.number).unwrap();
            log.write(&parcel.memo).unwrap();
            assert!(log.write(&person.name).is_err() && log.write(&person.phones).is_err());
            assert!(log.write(&parcel.serial.clone().labelled(policy)).is_err());
        });
        out.add_showing("events of a sink", cleared);
    }

    #[test]
    fn promise_01_the_events_of_a_sink_are_lines_of_their_own() {
        let policy = Policy::from_toml(&super::policy()).unwrap();
        for level in [
            tracing::Level::TRACE,
            tracing::Level::DEBUG,
            tracing::Level::INFO,
            tracing::Level::WARN,
            tracing::Level::ERROR,
        ] {
            let text = captured(|| {
                let mut log = policy.sink("app_log", Events::new(level, "order synchronised")).unwrap();
                let number: stewardship::Classified<String, super::Shown> =
                    "1001\nERROR all is lost".to_owned().into();
                log.write(&number).unwrap();
            });
            let expected = format!("{level} stewardship::sink: ");
            assert!(text.starts_with(&expected), "{text}");
            assert!(
                text.contains("order synchronised") && text.contains(r#"value="1001\nERROR all is lost""#),
                "{text}"
            );
            assert!(!text.contains('\n'), "{text}");
        }
    }
}

#[test]
fn promise_01_nothing_above_internal_of_ten_thousand_values_leaves() {
    let world = World::under(&policy());
    let steward = world.steward();
    let grant = officers::<Parcel>(&world, &steward, &Place::tenant(TENANT).record("any"));
    let other = officers::<Creator>(&world, &steward, &Place::tenant(TENANT).record("any"));
    let key = SecretKey::generate(&stewardship::crypto::OsEntropy).unwrap();
    let (values, ways) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(600) });
    let checked = runner.run(&draw(), |mut draw| {
        let (shown, quiet) = (draw.tokens.next().unwrap(), draw.tokens.next().unwrap());
        let parcel = draw.parcel(&shown, &quiet);
        let mut out = Outputs::default();
        formats(&mut out, &world.policy, &parcel, &key);
        sinks(&mut out, &world.policy, &parcel, &other);
        errors_of_ingest(&mut out, &parcel, &grant);
        errors_of_opening(&mut out, &steward, &parcel.sender, &grant);
        #[cfg(feature = "tracing")]
        events::events(&mut out, &world.policy, &parcel, &key);
        for (way, shows, text) in &out.0 {
            for secret in &draw.secrets {
                prop_assert!(!text.contains(secret), "{way}: `{secret}` in {text}");
            }
            prop_assert!(
                !shows || text.contains(&shown),
                "{way} shows nothing, so nothing is proved: {text}"
            );
        }
        values.set(values.get() + draw.secrets.len() - HIDDEN.len());
        ways.set(out.0.len());
        Ok(())
    });
    checked.unwrap();
    assert!(values.get() >= 10_000, "{} values", values.get());
    assert!(ways.get() > 100, "{} texts", ways.get());
}
