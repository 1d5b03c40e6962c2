//! The room as a whole: what is good passes, each mistake is found at its place, and no input does harm.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::sample::GOOD;
use super::*;
use crate::core::access::Action;
use crate::core::classification::Level;
use crate::core::period::Period;

fn good() -> Policy {
    Policy::load(PolicyText::toml(GOOD).named("policy.toml")).unwrap()
}

/// The good policy as JSON, to be changed by the tests.
fn good_json() -> Value {
    serde_json::to_value(good().document()).unwrap()
}

fn load_json(value: &Value) -> Result<Policy, PolicyError> {
    Policy::from_json(&value.to_string())
}

/// Every finding of the good policy with one text replaced.
fn findings_after(replace: &str, with: &str) -> Vec<Finding> {
    assert!(GOOD.contains(replace), "{replace}");
    match Policy::from_toml(&GOOD.replacen(replace, with, 1)) {
        Ok(policy) => policy.findings().to_vec(),
        Err(error) => error.findings().to_vec(),
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn a_good_policy_has_no_findings_and_answers_look_ups() {
    let policy = good();
    assert_eq!(policy.findings(), []);
    assert_eq!((policy.name(), policy.version()), ("seller-tools", "3"));
    assert_eq!((policy.company(), policy.effective()), ("Example Seller Tools GmbH", day("2026-11-01")));
    assert_eq!(policy.class("platform.token").unwrap().level, Level::Restricted);
    assert_eq!(policy.category("billing").unwrap().title, "Billing");
    assert!(policy.purpose("order_sync").unwrap().needs_authorization);
    assert_eq!(policy.platform("tiktok").unwrap().default_level, Some(Level::Restricted));
    assert!(policy.category("nothing").is_none());
    assert_eq!(policy.level(Level::Restricted).mfa_within, Some(Period::hours(12)));
    assert_eq!(policy.level(Level::Public), &LevelControls::new());
    assert_eq!(
        policy.classes_of("billing").map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["billing.invoice"]
    );
    assert_eq!(policy.document().retention.rule[0].id, "billing-tax");
    let shown = format!("{policy:?}");
    assert_eq!(shown, format!("Policy(\"seller-tools\" version \"3\", {})", policy.digest().short()));
}

#[test]
fn ten_mistakes_give_ten_findings_each_on_its_line() {
    let mut text = GOOD.to_owned();
    for (right, wrong) in [
        ("company = \"Example Seller Tools GmbH\"", "company = \"[Your Company Name]\""),
        ("updated = 2026-10-20", "updated = \"October 2026\""),
        ("kind = \"policy\"", "kind = \"polciy\""),
        ("privacy = \"privacy@example.com\"", "privacy = \"support\""),
        ("legal_basis = \"Art. 6(1)(b) GDPR\"\n", ""),
        ("category = \"billing\"\n\n[platforms", "catgeory = \"billing\"\n\n[platforms"),
        ("kind = \"processor\"", "kind = 7"),
        ("keep = \"8 years\"", "keep = \"reasonable period\""),
        ("platform = \"tiktok\"", "platform = \"tikok\""),
    ] {
        assert_eq!(text.matches(right).count(), 1, "{right}");
        text = text.replace(right, wrong);
    }
    let line = |part: &str| {
        u32::try_from(text[..text.find(part).expect(part)].bytes().filter(|byte| *byte == b'\n').count() + 1)
            .unwrap()
    };
    let expected = BTreeSet::from([
        (line("company ="), FindingCode::UnresolvedPlaceholder, "company"),
        (line("updated ="), FindingCode::BadDate, "updated"),
        (line("kind = \"polciy\""), FindingCode::UnknownWord, "page.kind"),
        (line("privacy = \"support\""), FindingCode::InvalidContact, "contacts.privacy"),
        (line("[categories.billing]"), FindingCode::MissingLegalBasis, "categories.billing.legal_basis"),
        (line("catgeory"), FindingCode::UnknownKey, "classes.\"billing.invoice\".catgeory"),
        (
            line("[classes.\"billing.invoice\"]"),
            FindingCode::MissingKey,
            "classes.\"billing.invoice\".category",
        ),
        (line("kind = 7"), FindingCode::WrongType, "sources.invoices.kind"),
        (line("keep = \"reasonable"), FindingCode::VagueDuration, "retention.rule[1].keep"),
        (line("platform = \"tikok\""), FindingCode::UnknownReference, "retention.cap[0].platform"),
    ]);
    let error = Policy::load(PolicyText::toml(&text).named("policy.toml")).unwrap_err();
    let found: BTreeSet<_> = error
        .findings()
        .iter()
        .map(|finding| (finding.line().unwrap(), finding.code(), finding.path()))
        .collect();
    assert_eq!(found, expected, "{error}");
    assert_eq!(error.findings().len(), 10);
    assert!(error.to_string().contains(&format!(
        "policy.toml:{}: retention.cap[0].platform: there is no platform `tikok`; did you mean `tiktok`?",
        line("platform = \"tikok\"")
    )));
    let lines: Vec<_> = error.findings().iter().map(Finding::line).collect();
    assert!(lines.is_sorted());
}

/// Each check, positive: the good policy with one text replaced gives exactly these findings (negative: the good one has none).
#[test]
fn each_check_bites_and_nothing_else_does() {
    use FindingCode as Code;
    use Severity::{Error, Warning};
    let seal = "seal = \"aes-256\"\nmfa_within = \"12h\"";
    for (replace, with, expected) in [
        ("name = \"seller-tools\"", "name = \" \"", vec![(Error, Code::EmptyText, "name")]),
        ("name = \"seller-tools\"", "", vec![(Error, Code::MissingKey, "name")]),
        ("name = \"seller-tools\"", "name = 3", vec![(Error, Code::WrongType, "name")]),
        ("version = \"3\"", "version = \"TBD\"", vec![(Error, Code::UnresolvedPlaceholder, "version")]),
        (
            "effective = 2026-11-01",
            "effective = 2026-11-01T00:00:00Z",
            vec![(Error, Code::WrongType, "effective")],
        ),
        ("effective = 2026-11-01", "effective = \"2026-02-30\"", vec![(Error, Code::BadDate, "effective")]),
        ("of sellers and", "in a timely way of sellers and", vec![(Warning, Code::VagueWording, "summary")]),
        (
            "privacy@example.com",
            "[email protected]",
            vec![(Error, Code::UnresolvedPlaceholder, "contacts.privacy")],
        ),
        ("https://example.com/dpo", "", vec![(Error, Code::EmptyText, "contacts.dpo")]),
        (
            "Routine operational",
            "Promptly handled",
            vec![(Warning, Code::VagueWording, "levels.internal.covers")],
        ),
        ("[levels.internal]", "[levels.secret]", vec![(Error, Code::UnknownWord, "levels.secret")]),
        (
            "covers = \"Routine operational content.\"",
            "seal = \"aes-256\"\nmfa_within = \"2h\"",
            vec![(Error, Code::NonMonotoneControls, "levels.confidential.mfa_within")],
        ),
        (
            "[levels.confidential]\nseal = \"aes-256\"\nmfa_within = \"1 day\"\nrecord = \"before\"\n",
            "",
            vec![(Error, Code::MissingLevel, "levels.confidential")],
        ),
        (
            seal,
            "seal = \"aes-256\"\nmfa_within = \"2 days\"",
            vec![(Error, Code::NonMonotoneControls, "levels.restricted.mfa_within")],
        ),
        (
            seal,
            "seal = \"aes-256\"",
            vec![(Error, Code::NonMonotoneControls, "levels.restricted.mfa_within")],
        ),
        (
            seal,
            "mfa_within = \"12h\"",
            vec![
                (Error, Code::NonMonotoneControls, "levels.restricted.seal"),
                (Error, Code::RestrictedUnsealed, "levels.restricted.seal"),
            ],
        ),
        (
            "mfa_within = \"12h\"\nrecord = \"before\"",
            "mfa_within = \"12h\"\nrecord = \"never\"",
            vec![(Error, Code::NonMonotoneControls, "levels.restricted.record")],
        ),
        (
            "role = \"controller\"\nlegal_basis = \"Art. 6(1)(b) GDPR\"",
            "role = \"joint\"",
            vec![(Error, Code::MissingLegalBasis, "categories.billing.legal_basis")],
        ),
        ("role = \"controller\"\nlegal_basis = \"Art. 6(1)(b) GDPR\"", "role = \"processor\"", vec![]),
        (
            "purposes = [\"order_sync\"]\nsynced_to",
            "synced_to",
            vec![(Warning, Code::CategoryHasNoPurpose, "categories.connected_platform.purposes")],
        ),
        (
            "[classes.\"billing.invoice\"]\nlevel = \"confidential\"\ncategory = \"billing\"",
            "",
            vec![(Warning, Code::UnclassifiedCategory, "categories.billing")],
        ),
        (
            "level = \"confidential\"\ncategory = \"billing\"",
            "level = \"confidential\"\ncategory = \"billing\"\nauthenticator = true",
            vec![(Error, Code::CredentialBelowTop, "classes.\"billing.invoice\".level")],
        ),
        (
            "[purposes.invoicing]",
            "[purposes.spare]\ntitle = \"x\"\n[purposes.invoicing]",
            vec![(Warning, Code::PurposeUnused, "purposes.spare")],
        ),
        (
            "[purposes.invoicing]",
            "[purposes.\"a\\u0007\"]\ntitle = \"x\"\n[purposes.invoicing]",
            vec![(Error, Code::BadName, "purposes.\"a\u{fffd}\"")],
        ),
        ("kind = \"managed\"", "kind = \"own\"", vec![(Error, Code::NoManagedSource, "sources")]),
        (
            "processor = \"ledger\"",
            "processor = \"lodger\"",
            vec![(Error, Code::UnknownReference, "sources.invoices.processor")],
        ),
        (
            "entity = \"Ledger Ltd\"\n",
            "",
            vec![(Warning, Code::UnnamedSubprocessor, "processors.ledger.entity")],
        ),
        ("disabled = true", "", vec![(Warning, Code::UnnamedSubprocessor, "processors.mail.entity")]),
        (
            "regions = [\"DE\", \"IE\"]",
            "regions = [\"DE\", \"DE\"]",
            vec![(Error, Code::DuplicateEntry, "processors.ledger.regions[1]")],
        ),
        ("roles = [\"integration\"]", "roles = []", vec![(Error, Code::EmptyRule, "access.allow[0].roles")]),
        (
            "actions = [\"read\", \"write\"]",
            "actions = [\"read\", \"wirte\"]",
            vec![(Error, Code::UnknownWord, "access.allow[0].actions[1]")],
        ),
        (
            "categories = [\"billing\", \"connected_platform\"]",
            "categories = [\"billing\", \"platforms\"]",
            vec![(Error, Code::UnknownReference, "access.allow[1].categories")],
        ),
        (
            "id = \"production-needs-mfa\"",
            "id = \"privacy-answers\"",
            vec![(Error, Code::DuplicateId, "access.deny[0].id")],
        ),
        (
            "[[access.deny]]",
            "[[access.deny]]\nid = \"everything\"\n[[access.deny]]",
            vec![(Warning, Code::EmptyRule, "access.deny[0]")],
        ),
        (
            "physically_within = \"72 hours\"\n",
            "",
            vec![(Error, Code::NoPhysicalBound, "retention.rule[0].physically_within")],
        ),
        (
            "physically_within = \"72 hours\"",
            "physically_within = \"immediately\"",
            vec![(Error, Code::VagueDuration, "retention.rule[0].physically_within")],
        ),
        (
            "keep = \"8 years\"",
            "keep = \"8 yers\"",
            vec![(Error, Code::BadDuration, "retention.rule[1].keep")],
        ),
        ("keep = \"8 years\"", "keep = \"8\"", vec![(Error, Code::BadDuration, "retention.rule[1].keep")]),
        (
            "id = \"billing-tax\"",
            "id = \"token-until-disconnected\"",
            vec![(Error, Code::DuplicateId, "retention.rule[1].id")],
        ),
        (
            "id = \"billing-tax\"\ncategory = \"billing\"",
            "id = \"x\"\ncategory = \"connected_platform\"",
            vec![(Error, Code::NoRetentionRule, "categories.billing")],
        ),
        (
            "category = \"connected_platform\"\nplatform = \"tiktok\"\nfrom = \"stored\"",
            "from = \"invoiced\"",
            vec![(Warning, Code::CapCrossesDuty, "retention.cap[0].at_most")],
        ),
        (
            "category = \"connected_platform\"\nplatform = \"tiktok\"\nfrom = \"stored\"",
            "from = \"stored\"",
            vec![],
        ),
        ("kinds = [\"access\", \"deletion\"]", "kinds = []", vec![(Error, Code::NoRoute, "requests.kinds")]),
        ("reviewers = [\"privacy\"]", "reviewers = []", vec![(Error, Code::NoRoute, "requests.reviewers")]),
        (
            "purpose = \"requests\"",
            "purpose = \"request\"",
            vec![(Error, Code::UnknownReference, "requests.purpose")],
        ),
        ("key_store = \"7 days\"", "", vec![(Error, Code::NoBackupHorizon, "backups.key_store")]),
        (
            "[backups]\nrecords = \"30 days\"\nkey_store = \"7 days\"",
            "",
            vec![
                (Error, Code::NoBackupHorizon, "backups.key_store"),
                (Error, Code::NoBackupHorizon, "backups.records"),
            ],
        ),
        ("admit = [\"tls-1.2\", \"tls-1.3\"]", "", vec![(Error, Code::EmptyRule, "transport.admit")]),
        (
            "evidence_within = \"90 days\"\n",
            "",
            vec![(Error, Code::NoEvidenceBound, "controls[0].evidence_within")],
        ),
        ("within = \"10 minutes\"", "", vec![(Error, Code::VagueDuration, "controls[0].states")]),
        (
            "needs = [\"screen-lock\"]",
            "needs = [\"screenlock\"]",
            vec![(Error, Code::UnknownReference, "controls[1].needs")],
        ),
        (
            "needs = [\"screen-lock\"]",
            "needs = [\"baseline\"]",
            vec![(Error, Code::CyclicNeeds, "controls[1].needs")],
        ),
        (
            "id = \"baseline\"",
            "id = \"screen-lock\"",
            vec![
                (Error, Code::CyclicNeeds, "controls[0].needs"),
                (Error, Code::CyclicNeeds, "controls[1].needs"),
                (Error, Code::DuplicateId, "controls[1].id"),
            ],
        ),
    ] {
        let found = findings_after(replace, with);
        let mut seen: Vec<_> = found.iter().map(|f| (f.severity(), f.code(), f.path())).collect();
        seen.sort_by_key(|(_, code, path)| (code.as_str(), *path));
        assert_eq!(seen, expected, "{replace} -> {with}");
        let placed = found.iter().all(|finding| finding.line().is_some());
        assert!(placed, "{replace} -> {with}");
    }
}

#[test]
fn sections_that_are_missing_as_a_whole_are_reported() {
    for (section, code) in [
        ("contacts", FindingCode::NoRoute),
        ("requests", FindingCode::NoRoute),
        ("sources", FindingCode::NoManagedSource),
    ] {
        let mut document = good_json();
        document.as_object_mut().unwrap().remove(section);
        let error = load_json(&document).unwrap_err();
        assert!(error.errors().any(|finding| finding.code() == code && finding.path() == section), "{error}");
    }
}

#[test]
fn without_crypto_erase_a_missing_horizon_is_a_warning() {
    let mut document = good().document().clone();
    document.backups = None;
    for rule in &mut document.retention.rule {
        rule.dispose = Dispose::Delete;
    }
    let policy = Policy::from_document(document).unwrap();
    let codes: Vec<_> = policy.findings().iter().map(Finding::code).collect();
    assert_eq!(codes, [FindingCode::NoBackupHorizon; 2]);
}

#[test]
fn a_circle_of_controls_is_found_and_a_chain_is_not() {
    let mut document = good().document().clone();
    let control = |id: &str, needs: &str| {
        Control { needs: [needs].given(), ..document.controls[0].clone() }.renamed(id)
    };
    let chain = [control("a", "b"), control("b", "c"), control("c", "screen-lock")];
    let circle = [control("x", "y"), control("y", "z"), control("z", "x"), control("w", "x")];
    document.controls.extend(chain);
    assert!(Policy::from_document(document.clone()).is_ok());
    document.controls.extend(circle);
    let error = Policy::from_document(document).unwrap_err();
    assert_eq!(error.errors().count(), 4, "{error}");
    assert!(error.errors().all(|finding| finding.code() == FindingCode::CyclicNeeds));
}

impl Control {
    fn renamed(mut self, id: &str) -> Self {
        self.id = id.into();
        self
    }
}

#[test]
fn dates_are_judged_by_the_day() {
    let policy = good();
    let found = |today: &str| -> Vec<_> {
        policy.findings_at(day(today)).iter().map(|finding| (finding.code(), finding.severity())).collect()
    };
    assert_eq!(found("2026-11-01"), []);
    assert_eq!(found("2026-10-31"), [(FindingCode::NotYetEffective, Severity::Warning)]);
    assert_eq!(
        found("2026-10-19"),
        [(FindingCode::NotYetEffective, Severity::Warning), (FindingCode::FutureDate, Severity::Error)]
    );
    assert_eq!(found("2027-06-30"), []);
    assert_eq!(found("2027-07-01"), [(FindingCode::CertificationExpired, Severity::Error)]);
    let expired = &policy.findings_at(day("2027-07-01"))[0];
    assert_eq!((expired.file(), expired.path()), (Some("policy.toml"), "certifications[0].valid_until"));
    assert!(GOOD.lines().nth(expired.line().unwrap() as usize - 1).unwrap().starts_with("valid_until"));
}

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
    .class("platform.token", Class::new(Level::Restricted, "connected_platform").authenticator(true))
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

#[test]
fn text_past_the_bounds_is_refused_before_it_is_parsed() {
    let code = |text: PolicyText<'_>| {
        let error = Policy::load(text).unwrap_err();
        assert_eq!(error.findings().len(), 1, "{error}");
        error.findings()[0].code()
    };
    let long = " ".repeat(MAX_TEXT_BYTES + 1);
    assert_eq!(code(PolicyText::toml(&long)), FindingCode::TooLarge);
    assert_eq!(code(PolicyText::json(&long)), FindingCode::TooLarge);
    for deep in [MAX_DEPTH + 1, 1_000, 500_000] {
        assert_eq!(code(PolicyText::json(&"[".repeat(deep))), FindingCode::TooDeep);
        assert_eq!(code(PolicyText::json(&"{\"a\":".repeat(deep.min(200_000)))), FindingCode::TooDeep);
        assert_eq!(code(PolicyText::toml(&format!("a = {}", "[".repeat(deep)))), FindingCode::TooDeep);
        assert_eq!(
            code(PolicyText::toml(&format!("a = {}", "{a=".repeat(deep.min(200_000))))),
            FindingCode::TooDeep
        );
    }
    let dotted = format!("{}a = 1", "a.".repeat(MAX_DEPTH));
    assert_eq!(code(PolicyText::toml(&dotted)), FindingCode::TooDeep);
    let refused = Policy::from_toml(&format!("{}a = 1", "a.".repeat(500_000))).unwrap_err();
    assert!(!refused.findings().is_empty());
}

/// Each of these takes seconds or minutes where some step is quadratic; the harness would be seen to hang.
#[test]
fn the_longest_texts_are_answered_too() {
    let fill = |head: &str, part: &str, tail: &str| {
        format!("{head}{}{tail}", part.repeat((MAX_TEXT_BYTES - head.len() - tail.len()) / part.len()))
    };
    let names: String = (0..).map(|n| format!("\"x{n}\",")).take(90_000).collect();
    for toml in [
        fill("", "[", ""),
        fill("", "a=\n", ""),
        fill("", "[a]\n", ""),
        fill("", "[[a]]\n", ""),
        fill("a = [", "1,", "]"),
        fill("a = \"", "\\\"", "\""),
        fill("", "a", " = 1"),
        fill("", "'", ""),
        fill("", "[[access.deny]]\nid=\"a\"\n", ""),
        format!("[categories.a]\ntitle=\"a\"\nrole=\"joint\"\npurposes=[{names}]\n"),
        format!("{GOOD}\n[processors.x]\ndoes=\"y\"\npurposes=[{names}]\n"),
        (0..60_000).map(|n| format!("[a{n}.b]\n")).collect(),
    ] {
        assert!(Policy::from_toml(&toml).is_err());
    }
    for json in [
        fill("[", "1,", "1]"),
        fill("{", "\"a\":1,", "\"a\":1}"),
        fill("\"", "\\n", "\""),
        fill("", " ", "{}"),
        format!(
            "{{\"processors\":{{\"x\":{{\"does\":\"y\",\"purposes\":[{}]}}}}}}",
            names.trim_end_matches(',')
        ),
    ] {
        assert!(Policy::from_json(&json).is_err());
    }
}

#[test]
fn a_text_full_of_mistakes_is_answered_with_a_bounded_list() {
    let keys: String = (0..40_000).map(|index| format!("lnk{index} = 1\n")).collect();
    let error = Policy::from_toml(&keys).unwrap_err();
    assert_eq!(error.findings().len(), MAX_FINDINGS + 1);
    assert_eq!(error.findings().last().unwrap().code(), FindingCode::MoreFindings);

    let mut document = good().document().clone();
    let rule = &document.retention.rule[0];
    let rules: Vec<_> =
        (0..2_000).map(|index| RetentionRule { id: format!("r{index}").into(), ..rule.clone() }).collect();
    let cap = Cap::new("c", rule.from.clone(), Period::days(1), "somewhere");
    document.retention.rule.extend(rules);
    document.retention.cap =
        (0..2_000).map(|index| Cap { id: format!("c{index}").into(), ..cap.clone() }).collect();
    let policy = Policy::from_document(document).unwrap();
    assert_eq!(policy.findings().len(), MAX_FINDINGS + 1);
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
    fn any_text_gives_a_policy_or_findings(text in "(?s).{0,200}") {
        for text in [PolicyText::toml(&text), PolicyText::json(&text)] {
            let refused = Policy::load(text).unwrap_err();
            prop_assert!(refused.errors().count() > 0);
        }
    }

    #[test]
    fn text_that_looks_like_a_policy_gives_a_policy_or_findings(
        parts in prop::collection::vec(prop::sample::select(vec![
            "[", "]", "[[", "]]", "{", "}", "=", "\"", "'", "\"\"\"", "'''", "\\", "#", "\n", ".", ",", ":", " ", "name",
            "retention", "rule", "levels", "restricted", "keep", "2026-11-01", "1e5", "-0", "true", "null", "é", "\u{0}", "\r",
        ]), 0..60),
    ) {
        let text = parts.concat();
        for text in [PolicyText::toml(&text), PolicyText::json(&text)] {
            prop_assert!(Policy::load(text).unwrap_err().errors().count() > 0);
        }
    }

    #[test]
    fn a_mutated_policy_gives_a_policy_or_findings(
        at in 0..GOOD.len(),
        drop in 0_usize..12,
        insert in prop::sample::select(vec!["", "[", "\"", "\n", "=", "x", "{", "'''", "\u{202e}", "[[access.deny]]\n", "9", "[TODO]"]),
        json in any::<bool>(),
    ) {
        let text = if json { good_json().to_string() } else { GOOD.to_owned() };
        let at = at.min(text.len());
        let end = (at + drop).min(text.len());
        prop_assume!(text.is_char_boundary(at) && text.is_char_boundary(end));
        let text = format!("{}{insert}{}", &text[..at], &text[end..]);
        match Policy::load(if json { PolicyText::json(&text) } else { PolicyText::toml(&text) }) {
            Ok(policy) => prop_assert!(policy.findings().iter().all(|finding| finding.severity() == Severity::Warning)),
            Err(error) => prop_assert!(error.errors().count() > 0),
        }
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
