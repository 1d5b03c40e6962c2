//! Redaction, sinks, reasons, roles by purpose, and what a label can hold.

use super::*;
use crate::core::id::Name;

/// Each check, positive: exactly these findings (negative: the good policy has none).
#[test]
fn each_check_of_what_leaves_bites_and_nothing_else_does() {
    use FindingCode as Code;
    use Severity::Error;
    exactly([
        (
            "requests = \"processor\"",
            "requests = \"procesor\"",
            vec![(Error, Code::UnknownWord, "categories.billing.role_for.requests")],
        ),
        (
            "requests = \"processor\"",
            "request = \"processor\"",
            vec![(Error, Code::UnknownReference, "categories.billing.role_for.request")],
        ),
        (
            "requests = \"processor\"",
            "order_sync = \"processor\"",
            vec![(Error, Code::RoleWithoutPurpose, "categories.billing.role_for.order_sync")],
        ),
        (
            "role = \"controller\"\nlegal_basis = \"Art. 6(1)(b) GDPR\"\npurposes = [\"invoicing\", \"requests\"]\n[categories.billing.role_for]\nrequests = \"processor\"",
            "role = \"processor\"\npurposes = [\"invoicing\", \"requests\"]\n[categories.billing.role_for]\nrequests = \"joint\"",
            vec![(Error, Code::MissingLegalBasis, "categories.billing.legal_basis")],
        ),
        (
            "role = \"controller\"\nlegal_basis = \"Art. 6(1)(b) GDPR\"\npurposes = [\"invoicing\", \"requests\"]\n[categories.billing.role_for]\nrequests = \"processor\"",
            "role = \"controller\"\nlegal_basis = \"Art. 6(1)(b) GDPR\"\npurposes = [\"invoicing\", \"requests\"]\nneeds_instruction = true",
            vec![(Error, Code::InstructionWithoutProcessor, "categories.billing.needs_instruction")],
        ),
        (
            "redact = \"tag\"",
            "redact = \"last-four\"",
            vec![(Error, Code::PartialSecret, "classes.\"platform.token\".redact")],
        ),
        (
            "authenticator = true\nredact = \"tag\"",
            "redact = \"email-domain\"",
            vec![(Error, Code::PartialSecret, "classes.\"platform.token\".redact")],
        ),
        (
            "redact = \"tag\"",
            "redact = \"show\"",
            vec![(Error, Code::ShownSecret, "classes.\"platform.token\".redact")],
        ),
        (
            "redact = \"email-domain\"",
            "redact = \"show\"",
            vec![(Error, Code::ShownSecret, "classes.\"platform.contact\".redact")],
        ),
        ("redact = \"email-domain\"", "redact = \"last-four\"", vec![]),
        ("redact = \"tag\"", "redact = \"pseudonym\"", vec![]),
        (
            "redact = \"tag\"",
            "redact = \"mask\"",
            vec![(Error, Code::UnknownWord, "classes.\"platform.token\".redact")],
        ),
        (
            "default_level = \"restricted\"\ncategories = [\"connected_platform\"]",
            "default_level = \"restricted\"\ncategories = [\"connected\"]",
            vec![(Error, Code::UnknownReference, "platforms.tiktok.categories")],
        ),
        (
            "kind = \"log\"\nup_to = \"internal\"",
            "kind = \"log\"\nup_to = \"confidential\"",
            vec![(Error, Code::OpenSink, "sinks.app_log.up_to")],
        ),
        (
            "kind = \"log\"\nup_to = \"internal\"",
            "kind = \"metrics\"\nup_to = \"restricted\"",
            vec![(Error, Code::OpenSink, "sinks.app_log.up_to")],
        ),
        ("kind = \"log\"\nup_to = \"internal\"", "kind = \"export\"\nup_to = \"restricted\"", vec![]),
        ("[sinks.app_log]", "[sinks.ledger]", vec![(Error, Code::DuplicateId, "sinks.ledger")]),
        (
            "kind = \"log\"\nup_to = \"internal\"",
            "kind = \"log\"",
            vec![(Error, Code::MissingKey, "sinks.app_log.up_to")],
        ),
        (
            "categories = [\"billing\"]\npurposes = [\"requests\"]",
            "categories = [\"biling\"]\npurposes = [\"request\"]",
            vec![
                (Error, Code::UnknownReference, "sinks.support_screen.categories"),
                (Error, Code::UnknownReference, "sinks.support_screen.purposes"),
            ],
        ),
        (
            "allows = [\"expose\"]",
            "allows = []",
            vec![(Error, Code::EmptyRule, "reasons.legal_order.allows")],
        ),
        (
            "allows = [\"expose\"]",
            "allows = [\"expose\", \"lower\"]",
            vec![(Error, Code::NoApprover, "reasons.legal_order.approvers")],
        ),
        (
            "roles = [\"privacy\"]\napprovers = [\"privacy\"]",
            "roles = [\"privacy\"]\napprovers = []",
            vec![(Error, Code::NoApprover, "reasons.published.approvers")],
        ),
        (
            "roles = [\"privacy\"]\napprovers = [\"privacy\"]",
            "roles = []\napprovers = [\"officer\"]",
            vec![
                (Error, Code::EmptyRule, "reasons.published.roles"),
                (Error, Code::UnknownReference, "reasons.published.approvers"),
            ],
        ),
        (
            "purposes = [\"invoicing\"]\nup_to = \"confidential\"",
            "purposes = [\"invoicing\"]\nup_to = \"secret\"",
            vec![(Error, Code::UnknownWord, "processors.ledger.up_to")],
        ),
    ]);
}

/// A label holds its categories, and its purposes, as 128 bits each, one of which stands for any other.
#[test]
fn more_categories_or_purposes_than_a_label_holds_are_refused() {
    let with = |categories: usize, purposes: usize| {
        let mut document = good().document().clone();
        for at in document.purposes.len()..purposes {
            let name = Name::new(format!("purpose-{at:03}"));
            document.categories.values_mut().for_each(|category| {
                category.purposes.insert(name.clone());
            });
            document.purposes.insert(name, PurposeEntry::new("More"));
        }
        for at in document.categories.len()..categories {
            let name = Name::new(format!("category-{at:03}"));
            let rule = RetentionRule { category: name.clone(), ..document.retention.rule[0].clone() };
            document.retention.rule.push(RetentionRule { id: name.clone(), ..rule });
            document.classes.insert(name.clone(), Class::new(Level::Internal, name.clone()));
            document.categories.insert(name, document.categories["billing"].clone());
        }
        Policy::from_document(document)
    };
    assert_eq!(with(MAX_CATEGORIES, MAX_PURPOSES).unwrap().findings(), []);
    for (categories, purposes, path) in
        [(MAX_CATEGORIES + 1, 3, "categories"), (2, MAX_PURPOSES + 1, "purposes")]
    {
        let error = with(categories, purposes).unwrap_err();
        let found: Vec<_> = error.findings().iter().map(|finding| (finding.code(), finding.path())).collect();
        assert_eq!(found, [(FindingCode::TooManyNames, path)], "{error}");
        assert_eq!(error.findings()[0].message(), format!("{} {path} are declared", MAX_CATEGORIES + 1));
    }
}

/// S2.5: a purpose has one legal role; a second one is refused where it stands.
#[test]
fn two_legal_roles_for_one_purpose_are_refused_where_the_second_stands() {
    let (once, twice) = ("requests = \"processor\"", "requests = \"processor\"\nrequests = \"controller\"");
    let found = findings_after(once, twice);
    let text = GOOD.replacen(once, twice, 1);
    let line = text.lines().position(|line| line == "requests = \"controller\"").unwrap() + 1;
    let json = r#"{"categories": {"billing": {"role_for": {"requests": "processor",
        "requests": "controller"}}}}"#;
    let in_json = Policy::from_json(json).unwrap_err();
    for (found, line) in [(&found[..], line), (in_json.findings(), 2)] {
        let [found] = found else { panic!("{found:?}") };
        assert_eq!((found.code(), found.line()), (FindingCode::DuplicateKey, u32::try_from(line).ok()));
        assert_eq!(found.message(), "`requests` is written twice in one table");
        assert_eq!(found.hint(), "keep one of the two");
    }
    let by_serde = serde_json::from_str::<PolicyDocument>(json).unwrap_err().to_string();
    assert!(by_serde.contains("`requests` is written twice"), "{by_serde}");
}
