//! Classification as far as the policy alone shows it: S1.7, S1.11, S2.5, S2.8, S3.4.

use stewardship::classification::Level;
use stewardship::governance::EvidenceSet;
use stewardship::policy::{FindingCode, LegalRole, PolicyDocument, PolicyText, Redact, Severity, SinkKind};
use stewardship::report::{StatementStatus, statements};
use stewardship::{Policy, id::Name};

use super::world::{findings, page, start};
use crate::policies::{COMPLETE, OVERVIEW, PROCESSING, SECURITY};

/// The codes and paths of what `policy` is found to be with one text replaced.
fn found(policy: &str, was: &str, becomes: &str) -> Vec<(FindingCode, String)> {
    findings(policy, was, becomes).iter().map(|found| (found.code(), found.path().to_owned())).collect()
}

/// The codes for which a document that was changed is refused.
fn refused(document: PolicyDocument) -> Vec<FindingCode> {
    Policy::from_document(document)
        .map_or_else(|error| error.errors().map(|found| found.code()).collect(), |_| Vec::new())
}

/// S1.7: every category maps to a level through its classes, and every level from Confidential up to what it asks for.
#[test]
fn s1_07_every_level_has_its_handling_and_every_class_its_level() {
    let confidential = "[levels.confidential]\ncovers = \"Account data, support records, and business information requiring restricted access.\"\nseal = \"aes-256\"\nrecord = \"before\"\n";
    assert_eq!(
        found(OVERVIEW, confidential, ""),
        [(FindingCode::MissingLevel, "levels.confidential".to_owned())]
    );
    let class = "[classes.\"support.message\"]\nlevel = \"confidential\"\n";
    let path = "classes.\"support.message\".level".to_owned();
    assert_eq!(
        found(OVERVIEW, class, "[classes.\"support.message\"]\n"),
        [(FindingCode::MissingKey, path.clone())]
    );
    assert_eq!(
        found(OVERVIEW, class, &class.replace("confidential", "secret")),
        [(FindingCode::UnknownWord, path)]
    );
    assert_eq!(found(OVERVIEW, class, class), []);
}

/// S1.11: what a log may show of a class grows weaker with its level and never stronger; a secret is shown in no part.
#[test]
fn s1_11_what_is_shown_of_a_class_is_monotone_in_its_level() {
    let whole = Policy::from_toml(OVERVIEW).unwrap().document().clone();
    let allowed = |level: Level, authenticator: bool, redact: Redact| {
        let mut document = whole.clone();
        let class = document.classes.get_mut("support.message").unwrap();
        (class.level, class.authenticator, class.redact) = (level, authenticator, Some(redact));
        let codes = refused(document);
        let ours = [FindingCode::ShownSecret, FindingCode::PartialSecret];
        assert!(codes.iter().all(|code| ours.contains(code)), "{level} {redact}: {codes:?}");
        codes.is_empty()
    };
    for redact in Redact::ALL.iter().copied() {
        let by_level = Level::ALL.map(|level| allowed(level, false, redact));
        let expected = match redact {
            Redact::Show => [true, true, false, false],
            Redact::EmailDomain | Redact::LastFour => [true, true, true, false],
            Redact::Erase | Redact::Constant | Redact::Tag | Redact::Pseudonym => [true; 4],
        };
        assert_eq!(by_level, expected, "{redact}");
        assert!(by_level.is_sorted_by(|low, high| low >= high), "{redact}");
        assert_eq!(allowed(Level::Restricted, true, redact), expected[3], "{redact}");
    }
}

/// S1.11, promise 1: logs and metrics take nothing above Internal; whatever takes a level takes those below.
#[test]
fn s1_11_no_log_takes_what_is_above_internal() {
    let whole = Policy::from_toml(OVERVIEW).unwrap().document().clone();
    for kind in SinkKind::ALL.iter().copied() {
        let taken = Level::ALL.map(|up_to| {
            let mut document = whole.clone();
            let sink = document.sinks.get_mut("app_log").unwrap();
            (sink.kind, sink.up_to) = (kind, up_to);
            let codes = refused(document);
            assert!(codes.iter().all(|code| *code == FindingCode::OpenSink), "{kind}: {codes:?}");
            codes.is_empty()
        });
        let expected = match kind {
            SinkKind::Log | SinkKind::Metrics => [true, true, false, false],
            SinkKind::Export | SinkKind::Screen => [true; 4],
        };
        assert_eq!(taken, expected, "{kind}");
    }
    let log = "kind = \"log\"\nup_to = \"internal\"";
    let open = findings(COMPLETE, log, &log.replace("internal", "confidential"));
    let errors: Vec<_> = open.iter().filter(|found| found.severity() == Severity::Error).collect();
    let [open] = errors[..] else { panic!("{open:?}") };
    assert_eq!((open.code(), open.path()), (FindingCode::OpenSink, "sinks.app_log.up_to"));
    let line = COMPLETE.lines().position(|line| line == "[sinks.app_log]").unwrap() + 4;
    assert_eq!(open.line(), u32::try_from(line).ok());
    assert!(open.hint().contains("`internal`"), "{open}");
}

/// S2.5: each use of a category has one legal role; where it differs from the category's, the page says so.
#[test]
fn s2_05_a_purpose_has_one_legal_role() {
    let policy = Policy::from_toml(PROCESSING).unwrap();
    let document = policy.document();
    for (name, category) in &document.categories {
        for purpose in &category.purposes {
            let expected = match (name.as_str(), purpose.as_str()) {
                ("operational", "improve") => LegalRole::Controller,
                _ => category.role,
            };
            assert_eq!(category.legal_role(purpose.as_str()), expected, "{name} for {purpose}");
        }
    }
    let shown = page(PROCESSING, &EvidenceSet::new(), start());
    let role = "| Operational records | processor, on the customer's instructions (for “Improve the service, from records that name nobody”: controller) | legitimate interests";
    assert!(shown.contains(role), "{shown}");
    assert_eq!(shown.matches(" (for “").count(), 1);

    let (once, basis) =
        ("improve = \"controller\"\n", "legal_basis = \"legitimate interests, for improving the service");
    let path = |rest: &str| format!("categories.operational.{rest}");
    for (was, becomes, code, at) in [
        (once, "protcet = \"joint\"\n", FindingCode::UnknownReference, path("role_for.protcet")),
        (
            once,
            "provide_service = \"processor\"\n",
            FindingCode::RoleWithoutPurpose,
            path("role_for.provide_service"),
        ),
        (once, "improve = \"usually\"\n", FindingCode::UnknownWord, path("role_for.improve")),
        (once, "improve = \"controller\"\nimprove = \"joint\"\n", FindingCode::DuplicateKey, String::new()),
    ] {
        assert_eq!(found(PROCESSING, was, becomes), [(code, at)], "{becomes}");
    }
    let basis = PROCESSING.lines().find(|line| line.starts_with(basis)).unwrap();
    assert_eq!(found(PROCESSING, basis, ""), [(FindingCode::MissingLegalBasis, path("legal_basis"))]);
}

/// S2.5: two roles for one purpose are refused in both notations, at the line of the second.
#[test]
fn s2_05_two_roles_for_one_purpose_are_refused_at_the_second() {
    let once = "improve = \"controller\"\n";
    let twice = PROCESSING.replacen(once, "improve = \"controller\"\nimprove = \"processor\"\n", 1);
    let json = serde_json::to_string_pretty(Policy::from_toml(PROCESSING).unwrap().document()).unwrap();
    let once = "\"improve\": \"controller\"\n";
    assert_eq!(json.matches(once).count(), 1);
    let json = json.replacen(once, "\"improve\": \"controller\",\n\"improve\": \"processor\"\n", 1);
    for (text, of) in [(PolicyText::toml(&twice), &twice), (PolicyText::json(&json), &json)] {
        let error = Policy::load(text.named("policy")).unwrap_err();
        let second =
            |line: &str| line.starts_with("improve = \"proc") || line.starts_with("\"improve\": \"proc");
        let line = of.lines().position(second).unwrap() + 1;
        assert_eq!(
            error.to_string(),
            format!("policy:{line}: `improve` is written twice in one table; keep one of the two")
        );
    }
}

/// S2.8: of what authenticates someone no part is shown, at whatever level it is said to be.
#[test]
fn s2_08_no_part_of_a_password_hash_is_shown() {
    let class = "[classes.\"account.password_hash\"]\nlevel = \"restricted\"\ncategory = \"account\"\n";
    let redact = |word: &str| format!("{class}redact = \"{word}\"\n");
    let path = || "classes.\"account.password_hash\".redact".to_owned();
    assert_eq!(found(PROCESSING, class, &redact("last-four")), [(FindingCode::PartialSecret, path())]);
    assert_eq!(found(PROCESSING, class, &redact("email-domain")), [(FindingCode::PartialSecret, path())]);
    assert_eq!(found(PROCESSING, class, &redact("show")), [(FindingCode::ShownSecret, path())]);
    for word in ["erase", "constant", "tag", "pseudonym"] {
        assert_eq!(found(PROCESSING, class, &redact(word)), [], "{word}");
    }
    let lower = redact("last-four").replace("restricted", "confidential");
    let mut codes: Vec<_> = found(PROCESSING, class, &lower).into_iter().map(|(code, _)| code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [FindingCode::CredentialBelowTop, FindingCode::PartialSecret]);
    let shown = page(PROCESSING, &EvidenceSet::new(), start());
    assert!(shown.contains("account.email (confidential, logged as the domain of the address)"), "{shown}");
}

/// S3.4: what a platform's unlabelled data is, is declared; each category of it exists.
#[test]
fn s3_04_unlabelled_data_of_a_platform_has_a_declared_level_and_categories() {
    let policy = Policy::from_toml(SECURITY).unwrap();
    for name in ["tiktok-shop", "amazon", "ebay"] {
        let platform = policy.platform(name).unwrap();
        assert_eq!(platform.default_level, Some(Level::Confidential), "{name}");
        assert_eq!(platform.categories, ["buyers", "orders"].map(Name::new).into(), "{name}");
    }
    let said = "Unlabelled data from Amazon is confidential and belongs to Personal data of buyers and Order details.";
    let all = statements(policy.document(), &EvidenceSet::new(), start());
    assert_eq!(all.iter().filter(|statement| statement.text == said).count(), 1);
    let categories = "categories = [\"orders\", \"buyers\"]\n";
    let unknown = findings(SECURITY, categories, "categories = [\"orders\", \"buyer\"]\n");
    let [unknown] = &unknown[..] else { panic!("{unknown:?}") };
    assert_eq!(
        (unknown.code(), unknown.path(), unknown.hint()),
        (FindingCode::UnknownReference, "platforms.tiktok-shop.categories", "did you mean `buyers`?")
    );
}

/// S3.4: a level is lowered for a listed reason, and never by one person alone.
#[test]
fn s3_04_nobody_lowers_alone() {
    let approvers = "approvers = [\"privacy_officer\"]\n";
    let path = "reasons.published_by_the_creator.approvers".to_owned();
    assert!(found(COMPLETE, approvers, "").contains(&(FindingCode::NoApprover, path.clone())));
    assert!(
        found(COMPLETE, approvers, "approvers = []\n").contains(&(FindingCode::NoApprover, path.clone()))
    );
    assert!(
        found(COMPLETE, approvers, "approvers = [\"officer\"]\n")
            .contains(&(FindingCode::UnknownReference, path))
    );
    let policy = Policy::from_toml(COMPLETE).unwrap();
    assert!(policy.findings().iter().all(|found| found.severity() == Severity::Warning));
    let all = statements(policy.document(), &EvidenceSet::new(), start());
    let reason =
        all.iter().find(|statement| statement.text.starts_with("The creator has published it")).unwrap();
    assert!(
        reason
            .text
            .ends_with("a lower level or another category needs the approval of a second person with the role Privacy Officer."),
        "{}",
        reason.text
    );
    assert!(
        matches!(&reason.status, StatementStatus::Enforced { by } if by[0] == "reasons.published_by_the_creator")
    );
}
