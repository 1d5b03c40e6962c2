//! Each mistake is found, at its place, and nothing else is.

use std::collections::BTreeSet;

use super::*;
use crate::core::access::{Action, PrincipalKind};

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
    exactly([
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
            vec![(Error, Code::UnrecordedLevel, "levels.restricted.record")],
        ),
        (
            "mfa_within = \"12h\"\nrecord = \"before\"",
            "mfa_within = \"12h\"\nrecord = \"batched\"",
            vec![(Error, Code::UnrecordedLevel, "levels.restricted.record")],
        ),
        (
            "[levels.internal]",
            "[levels.public]\nrecord = \"batched\"\n[levels.internal]",
            vec![(Error, Code::NonMonotoneControls, "levels.internal.record")],
        ),
        (
            "[audit]",
            "[audit]\nbatch = 1\nwithin = \"0 seconds\"",
            vec![(Error, Code::TrailBatch, "audit.batch"), (Error, Code::TrailBatch, "audit.within")],
        ),
        (
            "[audit]",
            "[audit]\nbatch = 1025\nwithin = \"3601 seconds\"",
            vec![(Error, Code::TrailBatch, "audit.batch"), (Error, Code::TrailBatch, "audit.within")],
        ),
        ("[audit]", "[audit]\nbatch = 1024\nwithin = \"1 hour\"", vec![]),
        // What is always recorded need not say so.
        ("mfa_within = \"12h\"\nrecord = \"before\"", "mfa_within = \"12h\"", vec![]),
        (
            "[levels.internal]",
            "[levels.public]\nrecord = \"before\"\n[levels.internal]",
            vec![(Error, Code::NonMonotoneControls, "levels.internal.record")],
        ),
        (
            "role = \"controller\"\nlegal_basis = \"Art. 6(1)(b) GDPR\"",
            "role = \"joint\"",
            vec![(Error, Code::MissingLegalBasis, "categories.billing.legal_basis")],
        ),
        ("role = \"controller\"\nlegal_basis = \"Art. 6(1)(b) GDPR\"", "role = \"processor\"", vec![]),
        (
            "purposes = [\"order_sync\", \"requests\"]\nsynced_to",
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
            "synced_to = [\"tiktok\"]",
            "on_erasure = \"pseudonymise\"",
            vec![
                (Error, Code::PseudonymisedAboveInternal, "classes.\"platform.contact\".level"),
                (Error, Code::PseudonymisedAboveInternal, "classes.\"platform.token\".level"),
            ],
        ),
        ("synced_to = [\"tiktok\"]", "synced_to = [\"tiktok\"]\non_erasure = \"erase\"", vec![]),
        (
            "synced_to = [\"tiktok\"]",
            "on_erasure = \"keep\"",
            vec![(Error, Code::UnknownWord, "categories.connected_platform.on_erasure")],
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
            "from = \"authorization_revoked\"",
            "from = \"relationship_ended\"",
            vec![(Error, Code::EraseWithoutScope, "retention.rule[0].dispose")],
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
            "actions = [\"read\", \"export\", \"erase\"]",
            "actions = [\"read\", \"export\"]",
            vec![
                (Warning, Code::ReviewerCannotAct, "categories.billing"),
                (Warning, Code::ReviewerCannotAct, "categories.connected_platform"),
            ],
        ),
        (
            "up_to = \"restricted\"\nwhen",
            "up_to = \"confidential\"\nwhen",
            vec![(Warning, Code::ReviewerCannotAct, "categories.connected_platform")],
        ),
        (
            "categories = [\"billing\", \"connected_platform\"]",
            "categories = [\"billing\"]",
            vec![(Warning, Code::ReviewerCannotAct, "categories.connected_platform")],
        ),
        (
            "purposes = [\"order_sync\", \"requests\"]",
            "purposes = [\"order_sync\"]",
            vec![(Warning, Code::ReviewerCannotAct, "categories.connected_platform.purposes")],
        ),
        // What lies with a processor alone is asked for as well, before it is asked.
        (
            "categories = [\"billing\", \"connected_platform\"]",
            "categories = [\"connected_platform\"]",
            vec![(Warning, Code::ReviewerCannotAct, "categories.billing")],
        ),
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
        (
            "rotate_after = \"90 days\"",
            "rotate_after = \"120 days\"",
            vec![(Error, Code::KeyNeverFresh, "keys.rotate_after")],
        ),
        (
            "refuse_after = \"120 days\"",
            "refuse_after = \"0 days\"",
            vec![
                (Error, Code::KeyNeverFresh, "keys.refuse_after"),
                (Error, Code::KeyNeverFresh, "keys.rotate_after"),
            ],
        ),
        (
            "epoch_after = \"365 days\"",
            "epoch_after = \"3 years\"",
            vec![(Warning, Code::LongKeyPeriod, "keys.epoch_after")],
        ),
        ("keep = \"7 years\"", "keep = \"0 days\"", vec![(Error, Code::TrailRetention, "audit.keep")]),
        ("keep = \"7 years\"\n", "", vec![(Error, Code::NoRetentionRule, "audit.keep")]),
        (
            "[audit]\ncategory = \"trail\"",
            "[audit]\ncategory = \"trial\"",
            vec![(Error, Code::UnknownReference, "audit.category")],
        ),
        (
            "[audit]\n",
            "[[retention.rule]]\nid = \"trail\"\ncategory = \"trail\"\nfrom = \"stored\"\nkeep = \"1 year\"\n\
             dispose = \"delete\"\nbasis = \"security\"\n\n[audit]\n",
            vec![(Error, Code::TrailRetention, "retention.rule[2].category")],
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
    ]);
}

/// How a class is found: each key in its range, and none where it means nothing.
#[test]
fn how_a_class_is_found_fits_together() {
    use FindingCode as Code;
    use Severity::Error;
    let found = |find_by: &str| {
        let replace = "level = \"confidential\"\ncategory = \"billing\"";
        let text = format!("{replace}\nfind_by = {find_by}");
        findings_after(replace, &text)
            .iter()
            .map(|f| {
                let key = f.path().strip_prefix("classes.\"billing.invoice\".find_by").unwrap();
                (f.severity(), f.code(), key.trim_start_matches('.').to_owned())
            })
            .collect::<Vec<_>>()
    };
    for good in [
        "{ normalise = \"exact\" }",
        "{ normalise = \"email\", bits = 128 }",
        "{ normalise = \"phone\", bits = 16 }",
        "{ normalise = \"phone\", calling_code = \"1\" }",
        "{ normalise = \"phone\", calling_code = \"36\", trunk = \"06\" }",
    ] {
        assert_eq!(found(good), [], "{good}");
    }
    let one = |code, key: &str| vec![(Error, code, key.to_owned())];
    for (bad, expected) in [
        ("{ bits = 32 }", one(Code::MissingKey, "normalise")),
        ("{ normalise = \"e-mail\" }", one(Code::UnknownWord, "normalise")),
        ("{ normalise = \"email\", bits = 15 }", one(Code::BadFindBy, "bits")),
        ("{ normalise = \"email\", bits = 129 }", one(Code::BadFindBy, "bits")),
        ("{ normalise = \"email\", bits = 256 }", one(Code::WrongType, "bits")),
        ("{ normalise = \"email\", bits = -32 }", one(Code::WrongType, "bits")),
        ("{ normalise = \"email\", bits = 32.0 }", one(Code::WrongType, "bits")),
        ("{ normalise = \"email\", bits = \"32\" }", one(Code::WrongType, "bits")),
        ("{ normalise = \"email\", calling_code = \"49\" }", one(Code::BadFindBy, "calling_code")),
        ("{ normalise = \"text\", trunk = \"0\" }", one(Code::BadFindBy, "trunk")),
        ("{ normalise = \"phone\", calling_code = \"+49\" }", one(Code::BadFindBy, "calling_code")),
        ("{ normalise = \"phone\", calling_code = \"049\" }", one(Code::BadFindBy, "calling_code")),
        ("{ normalise = \"phone\", calling_code = \"4949\" }", one(Code::BadFindBy, "calling_code")),
        ("{ normalise = \"phone\", trunk = \"0\" }", one(Code::BadFindBy, "trunk")),
        ("{ normalise = \"phone\", calling_code = \"49\", trunk = \"\" }", vec![]),
    ] {
        if expected.is_empty() {
            assert!(!found(bad).is_empty(), "{bad}");
        } else {
            assert_eq!(found(bad), expected, "{bad}");
        }
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
fn what_a_reviewer_may_not_do_is_named_for_the_accepted_kinds_alone() {
    let may = "actions = [\"read\", \"export\", \"erase\"]";
    let found = findings_after(may, "actions = [\"read\"]");
    assert_eq!(
        found[0].message(),
        "no rule lets a reviewer of requests `export` or `erase` data of `connected_platform` up to `restricted` for `requests`"
    );
    assert!(found[0].hint().contains("`requests.reviewers`"));
    let mut document = good().document().clone();
    document.access.allow[1].actions = [Action::Export].into();
    document.requests.as_mut().unwrap().kinds = [RequestKind::Access].into();
    assert_eq!(Policy::from_document(document.clone()).unwrap().findings(), []);
    for kinds in [PrincipalKind::Person, PrincipalKind::Service] {
        document.access.allow[1].kinds = [kinds].into();
        let warned = !Policy::from_document(document.clone()).unwrap().findings().is_empty();
        assert_eq!(warned, kinds == PrincipalKind::Service);
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

/// S3.6a: an allow-list, never an order.
#[test]
fn only_listed_versions_of_tls_are_admitted() {
    let with = |versions: &[&str]| {
        let mut text = serde_json::to_value(Policy::from_toml(GOOD).unwrap().document()).unwrap();
        text.as_object_mut().unwrap().remove("transport");
        if !versions.is_empty() {
            text["transport"] = serde_json::json!({ "admit": versions });
        }
        Policy::from_json(&text.to_string()).unwrap()
    };
    let both = with(&["tls-1.2", "tls-1.3"]);
    assert!(both.admits(0x0303) && both.admits(0x0304));
    for other in [0x0302, 0x0301, 0x0300, 0xFEFF, 0xFEFD, 0x7F1C, 0x0305, 0] {
        assert!(!both.admits(other), "{other:#06x}");
    }
    assert!(!with(&["tls-1.3"]).admits(0x0303));
    assert!(!with(&[]).admits(0x0304));
}
