//! One policy, whichever way it comes: file, code, serde; and one digest.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::core::access::Action;

#[test]
fn the_builder_gives_the_digest_of_the_file() {
    let document = good().document().clone();
    let mut builder = Policy::builder(
        document.name.as_str(),
        document.company.as_str(),
        document.version.as_str(),
        document.effective,
        document.updated,
    )
    .summary(document.summary.clone())
    .page(Page::new().title("Data handling").kind(PageKind::Policy).numbering(Numbering::Roman))
    .contacts(Contacts::new("nobody@example.com").dpo("https://example.com/dpo"))
    .contact("privacy@example.com")
    .level(Level::Internal, LevelControls::new().covers("Routine operational content."))
    .level(
        Level::Confidential,
        LevelControls::new().seal(Seal::Aes256).mfa_within(Period::days(1)).record(Record::Before),
    )
    .level(
        Level::Restricted,
        LevelControls::new()
            .covers("Credentials and platform data.")
            .seal(Seal::Aes256)
            .mfa_within(Period::hours(12))
            .record(Record::Before),
    )
    .class(
        "platform.token",
        Class::new(Level::Restricted, "connected_platform").authenticator(true).redact(Redact::Tag),
    )
    .class(
        "platform.contact",
        Class::new(Level::Confidential, "connected_platform")
            .redact(Redact::EmailDomain)
            .find_by(FindBy::new(Normalise::Email).bits(64)),
    )
    .class("platform.shop", Class::new(Level::Internal, "connected_platform").redact(Redact::Show))
    .sink("app_log", SinkEntry::new("Application log", SinkKind::Log, Level::Internal))
    .sink(
        "support_screen",
        SinkEntry::new("Support screen", SinkKind::Screen, Level::Confidential)
            .categories(["billing"])
            .purposes(["requests"]),
    )
    .reason(
        "legal_order",
        ReasonEntry::new(
            "A court or an authority orders it",
            [Release::Expose],
            Level::Restricted,
            ["privacy"],
        ),
    )
    .reason(
        "published",
        ReasonEntry::new("The person has published it", [Release::Lower], Level::Confidential, ["privacy"])
            .approvers(["privacy"]),
    )
    .class("billing.invoice", Class::new(Level::Confidential, "billing"))
    .cap(
        Cap::new("tiktok-data", "stored", Period::days(30), "TikTok Shop terms, read 2026-11-22")
            .category("connected_platform")
            .platform("tiktok"),
    )
    .allow(
        AllowRule::new(
            "privacy-answers",
            ["privacy"],
            [Action::Read, Action::Export, Action::Erase],
            ["billing", "connected_platform"],
            Level::Restricted,
        )
        .when(Conditions::new().mfa_within(Period::hours(12)).assigned_case(true)),
    )
    .requests(document.requests.clone().unwrap())
    .backups(Backups::new().records(Period::days(30)).key_store(Period::days(7)))
    .keys(
        KeyRules::new()
            .rotate_after(Period::days(90))
            .refuse_after(Period::days(120))
            .epoch_after(Period::days(365))
            .rewrap_on_erasure(true),
    )
    .audit(AuditRules::new().category("trail").keep(Period::months(84)))
    .transport(TransportRules::new().admit([Transport::Tls12, Transport::Tls13]));
    for (name, category) in document.categories.clone() {
        builder = builder.category(name, category);
    }
    for (name, platform) in document.platforms.clone() {
        builder = builder.platform(name, platform);
    }
    for (name, purpose) in document.purposes.clone() {
        builder = builder.purpose(name, purpose);
    }
    for (name, role) in document.roles.clone() {
        builder = builder.role(name, role);
    }
    for (name, source) in document.sources.clone() {
        builder = builder.source(name, source);
    }
    for (name, processor) in document.processors.clone() {
        builder = builder.processor(name, processor);
    }
    let tokens = document.access.allow.iter().find(|rule| rule.id == "integration-reads-token").unwrap();
    builder = builder.allow(tokens.clone()).deny(document.access.deny[0].clone());
    builder = document.retention.rule.iter().cloned().fold(builder, PolicyBuilder::keep);
    builder = document.controls.iter().cloned().fold(builder, PolicyBuilder::control);
    builder = builder.certification(document.certifications[0].clone()).link(document.links[0].clone());
    let built = builder.clone().build().unwrap();
    assert_eq!(built.digest(), good().digest());
    assert_eq!(built, good());

    let error = builder.role("privacy", Role::new("Again")).build().unwrap_err();
    let codes: Vec<_> =
        error.findings().iter().map(|finding| (finding.code(), finding.path(), finding.line())).collect();
    assert_eq!(codes, [(FindingCode::DuplicateKey, "roles.privacy", None)]);
}

#[test]
fn what_a_file_cannot_say_is_refused_from_code_too() {
    let mut document = good().document().clone();
    document.roles.insert("".into(), Role::new("Nobody"));
    document.retention.rule[0].keep = Period::days(u32::MAX);
    let error = Policy::from_document(document).unwrap_err();
    let codes: BTreeSet<_> = error.errors().map(Finding::code).collect();
    assert_eq!(codes, BTreeSet::from([FindingCode::BadName, FindingCode::BadDuration]));
}

#[test]
fn serde_reads_through_the_same_reader() {
    let document: PolicyDocument = serde_json::from_value(good_json()).unwrap();
    assert_eq!(&document, good().document());
    let mut broken = good_json();
    broken["contcats"] = json!({});
    broken["retention"]["rule"][0]["keep"] = json!("a while");
    let error = serde_json::from_value::<PolicyDocument>(broken).unwrap_err().to_string();
    assert!(
        error.contains("did you mean `contacts`?") && error.contains("retention.rule[0].keep: `a while`"),
        "{error}"
    );
    let twice = format!("{{\"name\": \"a\", {}", &good_json().to_string()[1..]);
    assert!(
        serde_json::from_str::<PolicyDocument>(&twice)
            .unwrap_err()
            .to_string()
            .contains("`name` is written twice")
    );
    let mut nested = json!(1);
    for _ in 0..=MAX_DEPTH {
        nested = json!([nested]);
    }
    assert!(
        serde_json::from_value::<PolicyDocument>(nested)
            .unwrap_err()
            .to_string()
            .contains("nested too deeply")
    );
}

#[test]
fn toml_and_json_and_layout_make_no_difference_to_the_digest() {
    let digest = good().digest();
    assert_eq!(load_json(&good_json()).unwrap().digest(), digest);
    let pretty = serde_json::to_string_pretty(&good_json()).unwrap();
    assert_eq!(Policy::from_json(&pretty).unwrap().digest(), digest);
    let commented = GOOD.replace('\n', "  # a comment\n\n").replace("\"12h\"", "\"12 hours\"");
    assert_eq!(Policy::from_toml(&commented).unwrap().digest(), digest);
    let reordered =
        GOOD.replace("[\"billing\", \"connected_platform\"]", "[\"connected_platform\", \"billing\"]");
    assert_eq!(Policy::from_toml(&reordered).unwrap().digest(), digest);
}

/// Paths of every text and truth value, as JSON pointers.
fn leaves(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(key, entry)| leaves(entry, format!("{at}/{key}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| leaves(item, format!("{at}/{index}"), found));
        }
        _ => found.push(at),
    }
}

#[test]
fn changing_any_one_value_changes_the_digest_or_breaks_the_policy() {
    let (digest, document) = (good().digest(), good_json());
    let mut pointers = Vec::new();
    leaves(&document, String::new(), &mut pointers);
    assert!(pointers.len() > 120);
    let mut changed = 0;
    for pointer in pointers {
        let mut other = document.clone();
        let leaf = other.pointer_mut(&pointer).unwrap();
        *leaf = match &*leaf {
            Value::Bool(value) => json!(!value),
            Value::Number(number) => json!(number.as_u64().unwrap() / 2),
            Value::String(text) if text.parse::<Period>().is_ok() => json!("6 days"),
            Value::String(text) if text.parse::<NaiveDate>().is_ok() => json!("2026-12-24"),
            Value::String(text) => json!(format!("{text}x")),
            other => panic!("{other}"),
        };
        if let Ok(policy) = load_json(&other) {
            assert_ne!(policy.digest(), digest, "{pointer}");
            changed += 1;
        }
        // Whatever the checks say, the document that was read is another one or was refused.
        if let Ok(read) = serde_json::from_value::<PolicyDocument>(other) {
            assert_ne!(PolicyDigest::of(&super::check::serialized(&read)), digest, "{pointer}");
        }
    }
    assert!(changed > 40, "{changed}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_rules_makes_no_difference(
        allow in Just(good().document().access.allow.clone()).prop_shuffle(),
        rule in Just(good().document().retention.rule.clone()).prop_shuffle(),
    ) {
        let mut document = good_json();
        document["access"]["allow"] = serde_json::to_value(allow).unwrap();
        document["retention"]["rule"] = serde_json::to_value(rule).unwrap();
        prop_assert_eq!(load_json(&document).unwrap().digest(), good().digest());
    }

    #[test]
    fn a_policy_is_read_back_from_its_own_document(version in "[a-z0-9.]{1,12}", days in 0_u32..100_000) {
        let mut document = good().document().clone();
        document.version = version;
        document.retention.rule[0].keep = Period::days(days);
        let policy = Policy::from_document(document.clone()).unwrap();
        prop_assert_eq!(policy.document(), &document);
        let again = Policy::from_json(&serde_json::to_string(policy.document()).unwrap()).unwrap();
        prop_assert_eq!(again.digest(), policy.digest());
    }
}
