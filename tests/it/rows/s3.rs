//! S3: the security policy: data, access, revocation.

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stewardship::access::{Environment, GrantError, Reason};
use stewardship::audit::{AuditEvent, Entry, OpenRefusal};
use stewardship::contracts::{AnyKeyProvider, Expected, FieldBody, Ports, RecordStore};
use stewardship::crypto::Suite;
use stewardship::engine::{
    BuildError, Claim, ConnectError, Keys, OpenError, PutError, Staging, Store, TermsError, Violation,
};
use stewardship::governance::{ControlStatus, EvidenceSet, status};
use stewardship::id::{ConnectionId, Name};
use stewardship::policy::{FindingCode, Severity};
use stewardship::ports::local_keys::LocalKeys;
use stewardship::ports::memory::Memory;
use stewardship::report::{RenderError, render};
use stewardship::{ManualClock, Place, Policy, Principal, Purpose, Steward, block_on};

use super::world::{
    Account, Connection, Creator, Order, Pacing, World, findings, granted, headings, page, period, reasons,
    start, text,
};
use crate::policies::SECURITY;

stewardship::classes! {
    Token: Restricted in "credentials" = "credential.token";
}

stewardship::record! {
    struct Credential in "credentials" {
        token: String as Token;
    }
}

fn integration() -> Principal {
    Principal::service("acme", "sync").role("integration")
}

/// S3.H: the sections bear roman numbers.
#[test]
fn s3_h_sections_bear_roman_numbers() {
    let page = page(SECURITY, &EvidenceSet::new(), start());
    let numbers: Vec<_> =
        headings(&page).into_iter().filter_map(|title| Some(title.split_once(". ")?.0)).collect();
    let roman = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV"];
    assert!(numbers.len() >= 8);
    assert_eq!(numbers, roman[..numbers.len()]);
}

/// S3.1: a date is a day; before it nothing is attested.
#[test]
fn s3_01_before_its_day_the_policy_attests_nothing() {
    let policy = Policy::from_toml(SECURITY).unwrap();
    let at = |day: &str| format!("{day}T23:59:59Z").parse().unwrap();
    let evidence = EvidenceSet::new();
    for control in &policy.document().controls {
        let on = |day| status(policy.document(), &evidence, control.id.as_str(), at(day));
        assert_eq!(on("2025-09-30"), ControlStatus::NotYetEffective, "{}", control.id);
        assert_ne!(on("2025-10-01"), ControlStatus::NotYetEffective, "{}", control.id);
    }
    let early = policy.findings_at("2025-09-30".parse().unwrap());
    let warned = early.iter().find(|found| found.code() == FindingCode::NotYetEffective).unwrap();
    assert_eq!((warned.path(), warned.severity()), ("effective", Severity::Warning));
    assert!(
        page(SECURITY, &evidence, at("2025-09-30")).contains("not in effect yet; it applies from 2025-10-01")
    );
    let found = findings(SECURITY, "effective = 2025-10-01", "effective = \"October 2025\"");
    assert!(found.iter().any(|found| found.code() == FindingCode::BadDate && found.path() == "effective"));
}

/// S3.2: a placeholder is neither a policy nor a page.
#[test]
fn s3_02_a_placeholder_is_refused_and_not_rendered() {
    let found = findings(SECURITY, "Harbour Ledger Ltd", "[Your Company Name]");
    let placeholder = found.iter().find(|found| found.code() == FindingCode::UnresolvedPlaceholder).unwrap();
    assert_eq!((placeholder.path(), placeholder.line()), ("company", Some(5)));
    let mut document = Policy::from_toml(SECURITY).unwrap().document().clone();
    document.company = "**[Your Company Name]**".to_owned();
    let refused = render(&document, "digest", &EvidenceSet::new(), start());
    assert_eq!(refused, Err(RenderError::UnresolvedPlaceholder { found: "Your Company Name".to_owned() }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// S3.3: what is stored is what is declared; the rest is counted, and in no store and no trail.
    #[test]
    fn s3_03_what_nobody_declared_is_counted_and_never_stored(
        extra in prop::collection::btree_map("[a-z]{4,8}", "[A-Z]{12}", 0..8),
    ) {
        let world = World::of::<(Order, Creator)>(crate::policies::COMPLETE);
        world.connect("acme", "shop-1");
        let extra: Vec<_> = extra.into_iter().filter(|(key, _)| key != "buyer").collect();
        let mut payload = Map::from_iter(extra.iter().map(|(key, value)| (key.clone(), json!(value))));
        payload.insert("id".to_owned(), json!("order-1"));
        payload.insert("buyer".to_owned(), json!({ "name": "Ada", "email": "ada@example.com", "phone": "555-0100" }));
        let place = Place::tenant("acme").connection("shop-1").record("order-1");
        let purpose = Purpose::new("order_sync");
        let stored = world.steward.ingest::<Order>(&place, "tiktok-shop", &Value::Object(payload), &purpose).unwrap();
        prop_assert_eq!(stored.dropped, extra.len() + 1);
        let fields: Vec<_> = world.rows()[0].fields.iter().map(|field| field.name.to_string()).collect();
        prop_assert_eq!(fields, ["number", "buyer_name", "buyer_email"]);
        let dump = world.dump();
        prop_assert!(!dump.contains("555-0100"));
        prop_assert!(extra.iter().all(|(_, value)| !dump.contains(value)));
        let counted = world.trail().into_iter().any(|entry| {
            matches!(entry.event, AuditEvent::Stored { dropped, .. } if dropped == stored.dropped as u64)
        });
        prop_assert!(counted);
    }
}

/// S3.2, S3.3: data of a platform that the policy does not know is not taken in.
#[test]
fn s3_02_data_of_an_unknown_platform_is_not_taken_in() {
    let world = World::complete();
    let place = Place::tenant("acme").record("order-1");
    let stored = world.steward.ingest::<Order>(&place, "bazaar", &json!({}), &Purpose::new("support"));
    assert!(matches!(stored, Err(PutError::UnknownPlatform { platform }) if platform == "bazaar"));
}

/// S3.2: what a platform hands over says which one, by the call or by its connection; what no platform hands over need not.
#[test]
fn s3_02_what_a_platform_hands_over_names_its_provenance() {
    let world = World::complete();
    let connected = Place::tenant("acme").connection("shop-1");
    world.connect("acme", "shop-1");
    let (steward, support) = (&world.steward, Purpose::new("support"));
    let payload = json!({ "id": "o-1", "buyer": { "name": "Ada" } });
    let order =
        || Order { number: text("o-2").into(), buyer_name: text("Ada").into(), buyer_email: None.into() };
    steward.ingest::<Order>(&Place::tenant("acme").record("o-1"), "amazon", &payload, &support).unwrap();
    steward.put(&connected.clone().record("o-2"), &order(), &support).unwrap();
    let both = connected.clone().record("o-3");
    steward.ingest::<Order>(&both, "tiktok-shop", &payload, &support).unwrap();
    // Nobody hands over pacing: it is stored with a connection and without.
    let pacing = || Pacing { note: text("paced").into() };
    let (order_sync, security) = (Purpose::new("order_sync"), Purpose::new("security"));
    steward.put(&connected.clone().record("p-1"), &pacing(), &order_sync).unwrap();
    steward.put(&Place::tenant("acme").record("p-2"), &pacing(), &security).unwrap();
    let platforms: Vec<_> = world
        .rows()
        .iter()
        .map(|row| (row.key.id.as_str().to_owned(), row.platform.as_ref().map(ToString::to_string)))
        .collect();
    let named = |id: &str, platform: Option<&str>| (id.to_owned(), platform.map(str::to_owned));
    let expected = [
        named("o-1", Some("amazon")),
        named("o-2", Some("tiktok-shop")),
        named("o-3", Some("tiktok-shop")),
        named("p-1", Some("tiktok-shop")),
        named("p-2", None),
    ];
    assert_eq!(platforms, expected);
}

/// S3.2: data of a platform's category without provenance is not stored, nor what the platform does not hand over.
#[test]
fn s3_02_without_provenance_nothing_is_stored() {
    let world = World::complete();
    let (steward, support) = (&world.steward, Purpose::new("support"));
    steward.accept_terms(&world.owner(), steward.policy().digest()).unwrap();
    steward.connect(&world.owner(), &ConnectionId::new("amazon-1"), "amazon").unwrap();
    let amazon = Place::tenant("acme").connection("amazon-1");
    let creator = || Creator { handle: text("@ada").into(), email: text("ada@example.com").into() };
    let order = Order { number: text("o").into(), buyer_name: text("Ada").into(), buyer_email: None.into() };
    let refused = |stored: Result<_, PutError>, of: &str| {
        let Err(PutError::NoProvenance { category }) = &stored else { panic!("{stored:?}") };
        assert_eq!(*category, *of);
    };
    // Nobody says where it comes from.
    refused(steward.put(&Place::tenant("acme").record("o-1"), &order, &support), "orders");
    // A connection with a platform that does not hand it over.
    refused(steward.put(&amazon.clone().subject("ada"), &creator(), &support), "creators");
    // A platform that hands over other categories: one that another platform hands over, and one that none does.
    let payload = json!({ "handle": "@ada", "email": "ada@example.com", "note": "paced" });
    refused(steward.ingest::<Creator>(&amazon.subject("ada"), "amazon", &payload, &support), "creators");
    let place = Place::tenant("acme").subject("ada");
    refused(steward.ingest::<Pacing>(&place, "amazon", &payload, &Purpose::new("security")), "operational");
    // A call that says another platform than the connection's, though both hand orders over: it would keep them by the wrong caps.
    world.connect("acme", "shop-1");
    let shop = Place::tenant("acme").connection("shop-1").record("o-1");
    let payload = json!({ "id": "o-1", "buyer": { "name": "Ada" } });
    let stored = steward.ingest::<Order>(&shop, "amazon", &payload, &support);
    let Err(PutError::OtherPlatform { platform, connected }) = &stored else { panic!("{stored:?}") };
    assert_eq!((platform.as_str(), connected.as_str()), ("amazon", "tiktok-shop"));
    assert_eq!(world.rows(), []);
    let told =
        world.trail().into_iter().filter(|entry| matches!(entry.event, AuditEvent::StoreRefused { .. }));
    assert_eq!(told.count(), 5);
}

/// A platform's list is what it hands over; one without a list hands over anything that no list names.
#[test]
fn s3_02_a_platform_without_a_list_hands_over_what_no_list_names() {
    let policy = format!("{}\n[platforms.bazaar]\ntitle = \"Bazaar\"\n", crate::policies::COMPLETE);
    let world = World::of::<(Order, Pacing)>(&policy);
    let place = Place::tenant("acme").record("1");
    let payload = json!({ "id": "o-1", "buyer": { "name": "Ada" }, "note": "paced" });
    let (support, security) = (Purpose::new("support"), Purpose::new("security"));
    world.steward.ingest::<Pacing>(&place, "bazaar", &payload, &security).unwrap();
    let stored = world.steward.ingest::<Order>(&place, "bazaar", &payload, &support);
    assert!(matches!(stored, Err(PutError::NoProvenance { .. })), "{stored:?}");
}

/// A payload of any shape under one key, every key and every text of it marked.
fn undeclared() -> impl Strategy<Value = (String, Value)> {
    let key = || "key[A-Z]{12}";
    let leaf = prop_oneof![
        "text[A-Z]{12}".prop_map(Value::from),
        (700_000_000_u64..799_999_999).prop_map(Value::from),
    ];
    let nested = leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 1..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    (key(), nested)
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(leaves).sum(),
        Value::Object(members) => members.values().map(leaves).sum(),
        _ => 1,
    }
}

/// Every key and every value of a JSON value that is marked as undeclared.
fn marks(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| marks(item, into)),
        Value::Object(members) => members.iter().for_each(|(key, member)| {
            into.push(key.clone());
            marks(member, into);
        }),
        Value::String(text) => into.push(text.clone()),
        Value::Number(number) => into.push(number.to_string()),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// S2.9, S3.3: at any depth, what nobody declared is in the count of what was dropped: its keys and its values are in no store, on
    /// no trail, and in no error.
    #[test]
    fn s3_03_what_is_nested_and_undeclared_is_counted_and_nowhere_else(
        root in prop::collection::vec(undeclared(), 0..3),
        buyer in prop::collection::vec(undeclared(), 0..3),
    ) {
        let world = World::of::<(Order, Creator)>(crate::policies::COMPLETE);
        world.connect("acme", "shop-1");
        let (mut of_root, mut of_buyer) = (Map::from_iter(root), Map::from_iter(buyer));
        let extra = Value::from(vec![Value::Object(of_root.clone()), Value::Object(of_buyer.clone())]);
        let mut marked = Vec::new();
        marks(&extra, &mut marked);
        of_buyer.insert("name".to_owned(), json!("Ada"));
        of_root.insert("id".to_owned(), json!("order-1"));
        of_root.insert("buyer".to_owned(), Value::Object(of_buyer));
        let payload = Value::Object(of_root);
        let place = Place::tenant("acme").connection("shop-1").record("order-1");
        let ingest = |payload: &Value| {
            world.steward.ingest::<Order>(&place, "tiktok-shop", payload, &Purpose::new("order_sync"))
        };
        let stored = ingest(&payload).unwrap();
        prop_assert_eq!(stored.dropped, leaves(&extra));
        let dump = world.dump();
        prop_assert!(marked.iter().all(|mark| !dump.contains(mark)), "{dump}");
        let told = format!("{stored:?}");
        prop_assert!(marked.iter().all(|mark| !told.contains(mark)), "{told}");

        // The same payload with a declared value missing, or of another type: what is undeclared lies in its place.
        for (pointer, wrong) in [("/id", extra.clone()), ("/buyer", extra), ("/buyer/name", json!(["textSECRET"]))] {
            let mut payload = payload.clone();
            *payload.pointer_mut(pointer).unwrap() = wrong;
            let error = ingest(&payload).unwrap_err();
            let mut told = format!("{error:?} {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                told += &format!(" {error:?} {error}");
                source = error.source();
            }
            prop_assert!(marked.iter().all(|mark| !told.contains(mark)) && !told.contains("textSECRET"), "{told}");
        }
        let dump = world.dump();
        prop_assert!(marked.iter().all(|mark| !dump.contains(mark)) && !dump.contains("textSECRET"));
    }
}

/// S3.4: a credential is at the top level.
#[test]
fn s3_04_a_credential_below_the_top_level_is_found() {
    let class = "[classes.\"credential.token\"]\nlevel = \"restricted\"";
    let found = findings(SECURITY, class, &class.replace("restricted", "confidential"));
    let below = found.iter().find(|found| found.code() == FindingCode::CredentialBelowTop).unwrap();
    assert_eq!(below.path(), "classes.\"credential.token\".level");
}

/// S3.5: what is sealed is sealed with AES-256; the policy can name nothing else.
#[test]
fn s3_05_no_other_suite_than_aes_256_can_be_declared() {
    for suite in ["aes-128", "chacha20-poly1305", "AES-256", ""] {
        let found = findings(SECURITY, "seal = \"aes-256\"", &format!("seal = \"{suite}\""));
        assert!(
            found.iter().any(|found| found.code() == FindingCode::UnknownWord
                && found.path() == "levels.confidential.seal"),
            "{suite}: {found:?}"
        );
    }
    assert!(page(SECURITY, &EvidenceSet::new(), start()).contains("| Confidential | sealed (AES-256) |"));
}

/// S3.5: a scan of what is stored finds what does not meet the claim.
#[test]
fn s3_05_a_scan_counts_what_does_not_meet_the_claim() {
    let world = World::complete();
    world.connect("acme", "shop-1");
    let steward = &world.steward;
    let place = |id: &str| Place::tenant("acme").connection("shop-1").record(id);
    for id in ["o-1", "o-2", "o-3"] {
        let order =
            Order { number: text(id).into(), buyer_name: text("Ada").into(), buyer_email: None.into() };
        steward.put(&place(id), &order, &Purpose::new("support")).unwrap();
    }
    let scan = steward.scan().unwrap();
    assert_eq!(scan.claim(), Claim::Met);
    let sealed = scan.sealed[&Suite::KcXaes256Gcm];
    assert_eq!((sealed + scan.clear, scan.sealed.len()), (9, 1));
    assert!(sealed >= 6, "name and address of each are confidential");

    // An envelope of an older suite, one of an older format, and a field that somebody wrote in the clear.
    let bend = |id: &str, bend: &dyn Fn(&mut FieldBody)| {
        let mut row = world.rows().into_iter().find(|row| row.key.id.as_str() == id).unwrap();
        let field = row.fields.iter_mut().find(|field| field.name == "buyer_name").unwrap();
        bend(&mut field.body);
        let expected = Expected::Version(row.version);
        row.version = expected.next();
        block_on(world.memory.records().put(row, expected)).unwrap();
    };
    let byte = |at: usize, value: u8| {
        move |body: &mut FieldBody| {
            let FieldBody::Sealed(sealed) = body else { panic!("it is sealed") };
            sealed[at] = value;
        }
    };
    bend("o-1", &byte(1, 0x7f));
    assert_eq!(steward.scan().unwrap().claim(), Claim::NotMet { count: 1 });
    bend("o-2", &byte(0, 0));
    bend("o-3", &|body| *body = FieldBody::Clear(b"\"Ada\"".to_vec()));
    let scan = steward.scan().unwrap();
    assert_eq!(scan.claim(), Claim::NotMet { count: 3 });
    let found: Vec<_> = scan
        .violators
        .iter()
        .map(|found| (found.record.id.as_str().to_owned(), found.field.as_str().to_owned(), found.violation))
        .collect();
    let of = |id: &str, violation| (id.to_owned(), "buyer_name".to_owned(), violation);
    let expected = [of("o-1", Violation::Suite), of("o-2", Violation::Suite), of("o-3", Violation::Clear)];
    assert_eq!(found, expected);
}

/// S3.6a: the transport versions are an allow-list of two.
#[test]
fn s3_06a_no_older_transport_can_be_declared() {
    for version in ["tls-1.1", "tls-1.0", "ssl-3.0", "dtls-1.0", "tls-1.4", "tls"] {
        let found = findings(SECURITY, "\"tls-1.2\"", &format!("\"{version}\""));
        assert!(
            found.iter().any(|found| found.code() == FindingCode::UnknownWord && found.path() == "transport.admit[0]"),
            "{version}: {found:?}"
        );
    }
    let shown = page(SECURITY, &EvidenceSet::new(), start());
    assert!(shown.contains("Connections are admitted over TLS 1.2 or TLS 1.3 alone"));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Connect,
    Revoke,
    Store(usize),
    Wait,
    Sweep,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Connect),
        Just(Step::Revoke),
        (0..RECORDS).prop_map(Step::Store),
        Just(Step::Wait),
        Just(Step::Sweep),
    ]
}

const RECORDS: usize = 3;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// S3.7: a value opens while the authorisation under which it was stored has lasted without a break; a new one revives
    /// nothing, and loses nothing that is stored under it.
    #[test]
    fn s3_07_a_value_opens_while_its_own_authorization_lasts(steps in prop::collection::vec(any_step(), 1..12)) {
        let world = World::of::<(Connection,)>(crate::policies::COMPLETE);
        let place = |n: usize| Place::tenant("acme").connection("shop-1").record(format!("record-{n}"));
        let mut live = false;
        // Whether the value of each record is still under the authorisation that it was stored under.
        let mut readable = [false; RECORDS];
        world.connect("acme", "shop-1");
        world.revoke("shop-1");
        for step in steps {
            match step {
                Step::Connect => {
                    world.connect("acme", "shop-1");
                    live = true;
                }
                Step::Revoke => {
                    world.revoke("shop-1");
                    live = false;
                    readable = [false; RECORDS];
                }
                Step::Store(n) => {
                    let token = Connection { token: text("secret").into() };
                    let done = world.steward.put(&place(n), &token, &Purpose::new("order_sync"));
                    prop_assert_eq!(done.is_ok(), live);
                    readable[n] |= live;
                }
                Step::Wait => world.advance("10 minutes"),
                Step::Sweep => drop(world.steward.sweep().unwrap()),
            }
            for (n, readable) in readable.into_iter().enumerate() {
                let opened = match world.read::<Connection>(integration(), &place(n), "order_sync") {
                    stewardship::Access::Granted(grant) => {
                        world.steward.open::<Connection>(&grant, &place(n)).is_ok()
                    }
                    stewardship::Access::Denied(_) => false,
                };
                prop_assert_eq!(opened, readable, "record {} after {:?}", n, step);
            }
        }
    }
}

/// S3.7: a record that is stored again after a reconnect is new, and the sweep of what was revoked does not take it.
#[test]
fn s3_07_a_record_stored_again_after_a_reconnect_stays() {
    let world = World::of::<(Connection,)>(crate::policies::COMPLETE);
    let place = Place::tenant("acme").connection("shop-1");
    let store = || world.put(&place, &Connection { token: text("secret").into() }, "order_sync");
    world.connect("acme", "shop-1");
    store();
    world.advance("1 day");
    world.revoke("shop-1");
    world.advance("1 minute");
    world.connect("acme", "shop-1");
    store();
    world.advance("1 minute");
    world.steward.sweep().unwrap();
    assert_eq!(world.rows().len(), 1);
    assert!(world.open::<Connection>(integration(), &place, "order_sync").is_ok());
}

/// S3.7: two authorisations in one tick of the clock are two: the second revocation destroys the second key.
#[test]
fn s3_07_authorizations_in_one_tick_are_told_apart() {
    let world = World::of::<(Connection,)>(crate::policies::COMPLETE);
    let place = |n: u32| Place::tenant("acme").connection("shop-1").record(format!("record-{n}"));
    for n in 0..3 {
        world.connect("acme", "shop-1");
        world.put(&place(n), &Connection { token: text("secret").into() }, "order_sync");
        world.revoke("shop-1");
    }
    assert_eq!(world.steward.disposals(None).unwrap().len(), 3);
    world.connect("acme", "shop-1");
    for n in 0..3 {
        let opened = world.open::<Connection>(integration(), &place(n), "order_sync").map(|_| ());
        assert!(opened.unwrap_err().destroyed_at().is_some(), "{n}");
    }
}

/// S3.8: a revocation takes effect when it returns; rows that are not gone within the policy's time are a breach.
#[test]
fn s3_08_a_revocation_is_immediate_and_its_purge_has_a_number() {
    for (wait, breached) in [("71 hours", false), ("73 hours", true)] {
        let world = World::of::<(Credential,)>(SECURITY);
        world.connect("acme", "shop-1");
        let place = Place::tenant("acme").connection("shop-1");
        world.put(&place, &Credential { token: text("secret").into() }, "stock_and_orders");
        let grant = granted(world.read::<Credential>(integration(), &place, "stock_and_orders"));
        let opened: Credential = world.steward.open(&grant, &place).unwrap();
        assert_eq!(opened.token.expose(&grant).unwrap(), "secret");

        let revoked = world.revoke("shop-1");
        assert_eq!(revoked.disposal.gone_by, Some(revoked.at + TimeDelta::hours(72)));
        assert!(revoked.disposal.keys.is_some(), "the keys are gone when it returns");
        assert!(matches!(world.steward.open::<Credential>(&grant, &place), Err(OpenError::NotAuthorized)));
        assert!(
            reasons(world.read::<Credential>(integration(), &place, "stock_and_orders"))
                .contains(&Reason::NoAuthorization)
        );
        let put = world.steward.put(&place, &opened, &Purpose::new("stock_and_orders"));
        assert!(matches!(put, Err(PutError::NoAuthorization)));

        world.advance(wait);
        assert_eq!(revoked.disposal.is_breached(world.steward.now()), breached);
        let swept = world.steward.sweep().unwrap();
        assert_eq!(swept.breached(world.steward.now()).count(), usize::from(breached), "{wait}");
        assert_eq!(world.rows(), []);
    }
    let found = findings(SECURITY, "physically_within = \"72 hours\"", "physically_within = \"immediately\"");
    assert!(found.iter().any(|found| found.code() == FindingCode::VagueDuration));
}

/// S3.10: a grant is for one need and one place, and it ends; what lies outside is refused and on record.
#[test]
fn s3_10_a_grant_is_narrow_and_ends() {
    let world = World::complete();
    let (own, other) = (
        Place::tenant("acme").connection("shop-1").subject("creator-1"),
        Place::tenant("acme").connection("shop-1").subject("creator-2"),
    );
    for place in [&own, &other] {
        let creator = Creator { handle: text("ada").into(), email: text("ada@example.com").into() };
        world.put(place, &creator, "support");
    }
    let (_, grant) = world.open::<Creator>(world.owner(), &own, "support").unwrap();
    assert_eq!(
        (grant.purpose().name().as_str(), grant.expires()),
        ("support", start() + TimeDelta::hours(1))
    );
    // What it is not for is refused, and that is on the trail.
    let told = || match world.trail().pop() {
        Some(Entry { event: AuditEvent::OpenRefused { why, .. }, by: Some(_), subject, record, .. }) => {
            (why, subject.is_some() && record.is_some())
        }
        last => panic!("{last:?}"),
    };
    let refused = |grant, place| world.steward.open::<Creator>(grant, place).map(|_| ()).unwrap_err();
    assert!(matches!(refused(&grant, &other), OpenError::Grant(GrantError::OtherPlace)));
    assert_eq!(told(), (OpenRefusal::OtherPlace, true));
    // Of a record of another tenant it tells nothing.
    let foreign = Place::tenant("other").connection("shop-1").subject("creator-1");
    assert!(matches!(refused(&grant, &foreign), OpenError::Grant(GrantError::OtherPlace)));
    assert_eq!(told(), (OpenRefusal::OtherPlace, false));
    let account = world.steward.open::<Account>(&grant, &own).map(|_| ());
    assert!(matches!(account, Err(OpenError::Grant(GrantError::OtherCategory { .. }))));
    assert_eq!(told(), (OpenRefusal::OtherCategory, true));
    world.advance("59 minutes");
    world.steward.open::<Creator>(&grant, &own).unwrap();
    world.advance("1 minute");
    assert!(matches!(refused(&grant, &own), OpenError::Grant(GrantError::Expired { .. })));
    assert_eq!(told(), (OpenRefusal::Expired, true));

    let before = world.trail().len();
    let stranger = Principal::person("acme", "user-9").role("analyst").mfa_at(world.steward.now());
    let why = reasons(world.read::<Creator>(stranger, &own, "support"));
    assert_eq!(why, [Reason::NoRuleAllows]);
    let trail = world.trail();
    assert_eq!(trail.len(), before + 1);
    assert!(trail[before].by.is_some() && matches!(trail[before].event, AuditEvent::Decided { .. }));
}

/// S3.10: what was granted and is not used any more appears in the review.
#[test]
fn s3_10_a_grant_unused_for_ninety_days_appears_in_the_review() {
    let world = World::complete();
    let own = Place::tenant("acme").connection("shop-1").subject("creator-1");
    world.put(
        &own,
        &Creator { handle: text("ada").into(), email: text("ada@example.com").into() },
        "support",
    );
    world.open::<Creator>(world.owner(), &own, "support").unwrap();
    let ninety_days = || world.steward.now() - TimeDelta::days(90);
    let review = || world.steward.review_access(&world.reader(), ninety_days()).unwrap();
    let owner = world.steward.trail_name(&world.owner()).unwrap().unwrap();
    let rule = Name::new("owner-reads-tenant-data");
    world.advance("90 days");
    assert!(!review().idle().any(|(_, idle)| *idle == rule), "the ninetieth day counts");
    world.advance("1 second");
    let late = review();
    assert_eq!(late.idle().collect::<Vec<_>>(), [(&owner, &rule)]);
    assert!(late.unused().any(|unused| *unused == rule));
    world.open::<Creator>(world.owner(), &own, "support").unwrap();
    assert!(!review().unused().any(|unused| *unused == rule) && review().idle().next().is_none());
}

/// S3.11: production and credentials need a second factor that is fresh; a service needs a rule of its own.
#[test]
fn s3_11_a_person_needs_a_fresh_second_factor_and_a_service_a_rule() {
    let world = World::of::<(Credential,)>(SECURITY);
    world.connect("acme", "shop-1");
    let place = Place::tenant("acme").connection("shop-1");
    let officer = || Principal::person("acme", "officer-1").role("privacy_officer");
    let ask = |by: Principal| {
        let resource = stewardship::Resource::at::<Credential>(&place);
        let question = stewardship::Question::read(by, resource, Purpose::new("subject_requests"));
        world.steward.authorize(&question.assigned_case(true)).unwrap()
    };
    let hours = |hours| start() - TimeDelta::hours(hours);
    granted(ask(officer().mfa_at(hours(12))));
    for by in [
        officer(),
        officer().mfa_at(hours(12) - TimeDelta::seconds(1)),
        officer().mfa_at(start() + TimeDelta::seconds(1)),
    ] {
        let why = reasons(ask(by));
        // One that lies in the future is told apart: a clock is wrong, and signing in again would not help.
        let level = [Reason::LevelNeedsMfa(period("12 hours")), Reason::MfaInFuture];
        assert!(level.iter().any(|reason| why.contains(reason)), "{why:?}");
        let denied = |rule: &str| why.iter().any(|why| matches!(why, Reason::DeniedBy(by, _) if *by == rule));
        assert!(denied("production-needs-mfa") && denied("credentials-need-mfa"), "{why:?}");
    }
    granted(world.read::<Credential>(integration(), &place, "stock_and_orders"));
    let other = Principal::service("acme", "cron").role("operator");
    assert_eq!(reasons(world.read::<Credential>(other, &place, "stock_and_orders")), [Reason::NoRuleAllows]);
}

/// S3.13: what is sealed in one environment does not open in another, with the same stores and the same keys.
#[test]
fn s3_13_what_is_sealed_in_development_does_not_open_in_production() {
    let (memory, clock) = (Memory::new(), ManualClock::at(start()));
    let keys = AnyKeyProvider::new(LocalKeys::in_memory());
    let steward = |environment| {
        let policy = Policy::from_toml(crate::policies::COMPLETE).unwrap();
        let builder = Steward::builder(policy, memory.clone(), keys.clone()).clock(clock.clone());
        block_on(builder.bind::<(Creator,)>().environment(environment).build()).unwrap().blocking()
    };
    let place = Place::tenant("acme").connection("shop-1").subject("creator-1");
    let creator = Creator { handle: text("ada").into(), email: text("ada@example.com").into() };
    let development = steward(Environment::Development);
    let by = Principal::person("acme", "user-1");
    development.accept_terms(&by, development.policy().digest()).unwrap();
    development.connect(&by, &"shop-1".into(), "tiktok-shop").unwrap();
    development.put(&place, &creator, &Purpose::new("support")).unwrap();
    let open = |environment| {
        let world = World { steward: steward(environment), memory: memory.clone(), clock: clock.clone() };
        world.open::<Creator>(world.owner(), &place, "support").map(|_| ())
    };
    open(Environment::Development).unwrap();
    for other in [Environment::Staging, Environment::Production] {
        assert!(matches!(open(other), Err(OpenError::Sealed { .. })), "{other}");
    }
}

/// S3.13: stores and keys that are typed say which environment this is, and nobody says otherwise. (That those of two do not go together is
/// a case of `compile`.)
#[test]
fn s3_13_stores_and_keys_of_one_environment_make_its_steward() {
    let policy = || Policy::from_toml(crate::policies::COMPLETE).unwrap();
    let (store, keys) =
        (|| Store::<Staging, _>::new(Memory::new()), || Keys::<Staging, _>::new(LocalKeys::in_memory()));
    let steward = block_on(Steward::segregated(policy(), store(), keys()).build()).unwrap();
    assert_eq!(steward.environment(), Environment::Staging);
    let told = Steward::segregated(policy(), store(), keys()).environment(Environment::Production);
    assert!(matches!(
        block_on(told.build()).unwrap_err(),
        BuildError::OtherEnvironment { said: Environment::Production, typed: Environment::Staging }
    ));
}

/// S3.22: a connection is authorised only by a tenant that has accepted the policy in force.
#[test]
fn s3_22_an_authorization_needs_accepted_terms() {
    let world = World::of::<(Credential,)>(SECURITY);
    let (by, shop) = (Principal::person("acme", "user-1"), ConnectionId::new("shop-1"));
    let connect = || world.steward.connect(&by, &shop, "amazon");
    assert!(matches!(connect(), Err(ConnectError::TermsNotAccepted { version }) if version == "1"));

    let other = Policy::from_toml(&SECURITY.replace("version = \"1\"", "version = \"2\"")).unwrap().digest();
    let refused = world.steward.accept_terms(&by, other);
    let current = world.steward.policy().digest();
    assert!(matches!(refused, Err(TermsError::NotPublished { current: named }) if named == current));
    let program = world.steward.accept_terms(&Principal::service("acme", "bot"), current);
    assert!(matches!(program, Err(TermsError::NotOfTenant)));
    assert!(matches!(connect(), Err(ConnectError::TermsNotAccepted { .. })));

    world.steward.accept_terms(&by, current).unwrap();
    let authorization = connect().unwrap();
    assert_eq!((authorization.policy, authorization.is_live()), (current, true));
    let stranger = world.steward.connect(&Principal::person("other", "user-1"), &shop, "amazon");
    assert!(matches!(stranger, Err(ConnectError::TermsNotAccepted { .. })), "each tenant for itself");
    let unknown = world.steward.connect(&by, &shop, "bazaar");
    assert!(matches!(unknown, Err(ConnectError::UnknownPlatform { .. })));
}
