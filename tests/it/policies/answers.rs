//! Every `# seed:` comment says which vague word, placeholder or silence of the answered page a value stands for. Put the page's
//! own word back, and the check says so: which file, which line, which key, and what would be right.

use std::collections::BTreeMap;

use stewardship::Policy;
use stewardship::policy::{FindingCode as Code, PolicyText, Severity};

use super::{FILES, OVERVIEW, PROCESSING, SECURITY};

/// The answered page's own word, put back.
struct Back {
    /// The comment that says what is answered, from `# seed: ` on.
    answers: &'static str,
    /// Text of the file, the first one after the comment; one `~` stands for anything between.
    was: &'static str,
    /// What stands there instead.
    becomes: &'static str,
    /// What is found.
    code: Code,
    /// The path of the finding, once for each occurrence of the comment.
    paths: &'static [&'static str],
    /// Beginning of the line that the finding names; the first after the comment, or a table's header wherever it stands.
    line: &'static str,
}

const fn back(
    answers: &'static str,
    was: &'static str,
    becomes: &'static str,
    code: Code,
    paths: &'static [&'static str],
    line: &'static str,
) -> Back {
    Back { answers, was, becomes, code, paths, line }
}

/// S1.*
const OVERVIEW_BACK: &[Back] = &[
    back("no Data Protection Officer", "[contacts]\n~\n", "", Code::NoRoute, &["contacts"], "# "),
    back(
        "\"the strongest controls\"",
        "mfa_within = \"12 hours\"",
        "mfa_within = \"the strongest\"",
        Code::VagueDuration,
        &["levels.restricted.mfa_within"],
        "mfa_within",
    ),
    back(
        "\"Email provider configured by",
        "disabled = true\n",
        "",
        Code::UnnamedSubprocessor,
        &["processors.email.entity"],
        "[processors.email]",
    ),
    back(
        "\"delete or anonymize\"",
        "dispose = \"delete\"",
        "dispose = \"delete or anonymize\"",
        Code::UnknownWord,
        &["retention.rule[0].dispose"],
        "dispose",
    ),
    back(
        "\"within a reasonable period\"",
        "keep = \"30 days\"",
        "keep = \"reasonable period\"",
        Code::VagueDuration,
        &[
            "retention.rule[0].keep",
            "retention.rule[1].keep",
            "retention.rule[2].keep",
            "retention.rule[3].keep",
        ],
        "keep",
    ),
    back(
        "no period for operational content",
        "[[retention.rule]]\n~\n\n",
        "",
        Code::NoRetentionRule,
        &["categories.operations"],
        "[categories.operations]",
    ),
    back(
        "no period for published material",
        "[[retention.rule]]\n~\n\n",
        "",
        Code::NoRetentionRule,
        &["categories.publication"],
        "[categories.publication]",
    ),
    back(
        "says nothing about backups",
        "[backups]\n~\n\n",
        "",
        Code::NoBackupHorizon,
        &["backups.key_store"],
        "# ",
    ),
    back(
        "claims no ISO 27001",
        "\n",
        "\n[[certifications]]\nstandard = \"ISO 27001, ISO 27701, SOC 2 Type II, or similar\"\nscope = \"all\"\n",
        Code::MissingKey,
        &["certifications[0].valid_until"],
        "[[certifications]]",
    ),
    back(
        "\"Related resources\"",
        "\n",
        "\n[[links]]\ntitle = \"Related resources\"\n",
        Code::MissingKey,
        &["links[0].url"],
        "[[links]]",
    ),
];

/// S2.*
const PROCESSING_BACK: &[Back] = &[
    back(
        "\"[email protected]\"",
        "privacy@harbour-ledger.example",
        "[email protected]",
        Code::UnresolvedPlaceholder,
        &["contacts.privacy"],
        "privacy",
    ),
    back(
        "\"encryption of selected sensitive secrets\"",
        "seal = \"aes-256\"",
        "seal = \"selected sensitive secrets\"",
        Code::UnknownWord,
        &["levels.restricted.seal"],
        "seal",
    ),
    back(
        "\"usually acts as\"",
        "role = \"controller\"",
        "role = \"usually controller\"",
        Code::UnknownWord,
        &["categories.account.role"],
        "role",
    ),
    back(
        "\"optional OAuth authentication\"",
        "entity = \"Lantern Identity LLC\"",
        "disabled = \"optional\"",
        Code::WrongType,
        &["processors.sign_in.disabled"],
        "disabled",
    ),
    back(
        "\"Hosting and network providers\"",
        "entity = \"Northgate Hosting GmbH\"\n",
        "",
        Code::UnnamedSubprocessor,
        &["processors.hosting.entity"],
        "[processors.hosting]",
    ),
    back(
        "\"limited to what is reasonably necessary",
        "purposes = [\"workflows\"]",
        "purposes = [\"reasonably necessary\"]",
        Code::UnknownReference,
        &["access.allow[0].purposes"],
        "purposes",
    ),
    back(
        "\"and improve the service\"",
        "up_to = \"internal\"",
        "up_to = \"reasonably necessary\"",
        Code::UnknownWord,
        &["access.allow[7].up_to"],
        "up_to",
    ),
    back(
        "\"only as long as reasonably necessary\"",
        "keep = \"0 days\"",
        "keep = \"as long as reasonably necessary\"",
        Code::VagueDuration,
        &["retention.rule[0].keep"],
        "keep",
    ),
    back(
        "\"until the integration is disconnected",
        "physically_within = \"72 hours\"\n",
        "",
        Code::NoPhysicalBound,
        &["retention.rule[0].physically_within"],
        "[[retention.rule]]",
    ),
    back(
        "\"while needed for review history",
        "keep = \"12 months\"",
        "keep = \"while needed for review history\"",
        Code::VagueDuration,
        &["retention.rule[1].keep"],
        "keep",
    ),
    back(
        "\"may be retained longer where operationally",
        "keep = \"24 months\"",
        "keep = \"longer where operationally or legally necessary\"",
        Code::VagueDuration,
        &["retention.rule[2].keep", "retention.rule[3].keep"],
        "keep",
    ),
    back(
        "\"may be retained longer where … legally necessary\"",
        "keep = \"8 years\"",
        "keep = \"longer where legally necessary\"",
        Code::VagueDuration,
        &["retention.rule[4].keep"],
        "keep",
    ),
    back(
        "no period for account data",
        "[[retention.rule]]\n~\n\n",
        "",
        Code::NoRetentionRule,
        &["categories.account"],
        "[categories.account]",
    ),
    back(
        "no period for operational records",
        "[[retention.rule]]\n~\n\n",
        "",
        Code::NoRetentionRule,
        &["categories.operational"],
        "[categories.operational]",
    ),
    back(
        "\"subject to backups\"",
        "records = \"35 days\"",
        "records = \"subject to backups\"",
        Code::VagueDuration,
        &["backups.records"],
        "records",
    ),
    back(
        "\"This list may change as the service evolves\"",
        "evidence_within = \"90 days\"",
        "evidence_within = \"as the service evolves\"",
        Code::VagueDuration,
        &["controls[4].evidence_within"],
        "evidence_within",
    ),
];

/// S3.*
const SECURITY_BACK: &[Back] = &[
    back(
        "\"[Your Company Name]\"",
        "Harbour Ledger Ltd",
        "[Your Company Name]",
        Code::UnresolvedPlaceholder,
        &["company"],
        "company",
    ),
    back("\"October 2025\"", "2025-10-01", "\"October 2025\"", Code::BadDate, &["effective"], "effective"),
    back("names no contact", "[contacts]\n~\n", "", Code::NoRoute, &["contacts"], "# "),
    back(
        "\"high security protocols\"",
        "mfa_within = \"12 hours\"",
        "mfa_within = \"high security protocols\"",
        Code::VagueDuration,
        &["levels.confidential.mfa_within"],
        "mfa_within",
    ),
    back(
        "API credentials \"classified as Confidential\"",
        "level = \"restricted\"",
        "level = \"confidential\"",
        Code::CredentialBelowTop,
        &["classes.\"credential.token\".level"],
        "level",
    ),
    back(
        "\"only the data necessary",
        "[classes.\"credential.token\"]\n~\n\n",
        "",
        Code::UnclassifiedCategory,
        &["categories.credentials"],
        "[categories.credentials]",
    ),
    back(
        "\"Need-to-Know\"",
        "purposes = [\"stock_and_orders\"]",
        "purposes = [\"Need-to-Know\"]",
        Code::UnknownReference,
        &["access.allow[0].purposes"],
        "purposes",
    ),
    back(
        "\"securely purged immediately",
        "physically_within = \"72 hours\"",
        "physically_within = \"immediately\"",
        Code::VagueDuration,
        &["retention.rule[0].physically_within"],
        "physically_within",
    ),
    back("says nothing about requests", "[requests]\n~\n\n", "", Code::NoRoute, &["requests"], "# "),
    back(
        "says nothing about backups",
        "[backups]\n~\n\n",
        "",
        Code::NoBackupHorizon,
        &["backups.key_store"],
        "# ",
    ),
    back(
        "\"TLS v1.2 or higher\"",
        "\"tls-1.3\"",
        "\"or higher\"",
        Code::UnknownWord,
        &["transport.admit[1]"],
        "admit",
    ),
    back(
        "\"between internal systems\"",
        "evidence_within = \"30 days\"\n",
        "",
        Code::NoEvidenceBound,
        &["controls[7].evidence_within"],
        "[[controls]]",
    ),
    back(
        "\"continuous vulnerability monitoring\"",
        "states = ~\nevidence_within = \"7 days\"\nwithin = \"7 days\"",
        "states = \"All operational systems are subject to continuous vulnerability monitoring\"\nevidence_within = \"7 days\"",
        Code::VagueDuration,
        &["controls[8].states"],
        "states",
    ),
    back(
        "\"immediate patching\"",
        "states = ~\nevidence_within = \"30 days\"\nwithin = \"7 days\"",
        "states = \"Immediate patching addresses security risks\"\nevidence_within = \"30 days\"",
        Code::VagueDuration,
        &["controls[9].states"],
        "states",
    ),
    back(
        "\"rapid detection, containment\"",
        "states = ~\nevidence_within = \"90 days\"\nwithin = \"24 hours\"",
        "states = \"The plan ensures rapid detection and containment\"\nevidence_within = \"90 days\"",
        Code::VagueDuration,
        &["controls[12].states"],
        "states",
    ),
    back(
        "\"timely notification\"",
        "states = ~\nevidence_within = \"365 days\"\nwithin = \"24 hours\"",
        "states = \"Affected clients and marketplace partners get timely notification\"\nevidence_within = \"365 days\"",
        Code::VagueDuration,
        &["controls[14].states"],
        "states",
    ),
    back(
        "\"after short periods of inactivity\"",
        "states = ~\nevidence_within = \"30 days\"\nwithin = \"10 minutes\"",
        "states = \"Automatic screen lock after short periods of inactivity\"\nevidence_within = \"30 days\"",
        Code::VagueDuration,
        &["controls[17].states"],
        "states",
    ),
    back(
        "\"By partnering with us",
        "evidence_within = \"90 days\"",
        "evidence_within = \"by partnering with us\"",
        Code::VagueDuration,
        &["controls[21].evidence_within"],
        "evidence_within",
    ),
];

const MARK: &str = "# seed: ";

#[test]
fn the_word_of_the_overview_put_back_is_found() {
    put_back("compliance-overview.toml", OVERVIEW, OVERVIEW_BACK);
}

#[test]
fn the_word_of_the_processing_summary_put_back_is_found() {
    put_back("data-processing.toml", PROCESSING, PROCESSING_BACK);
}

#[test]
fn the_word_of_the_security_policy_put_back_is_found() {
    put_back("security-policy.toml", SECURITY, SECURITY_BACK);
}

/// Puts each word back, alone, at each of its places; and every comment of the file has its word.
fn put_back(name: &str, text: &str, all: &[Back]) {
    let mut answered: BTreeMap<usize, &str> = BTreeMap::new();
    for back in all {
        let comment = format!("{MARK}{}", back.answers);
        let places: Vec<usize> = text.match_indices(&comment).map(|(at, _)| at).collect();
        assert_eq!(places.len(), back.paths.len(), "{name}: places of {}", back.answers);
        for (at, path) in places.into_iter().zip(back.paths) {
            assert_eq!(answered.insert(at, back.answers), None, "{name}: {} is put back twice", back.answers);
            one_back(name, text, back, at, path);
        }
    }
    let comments: Vec<usize> = text.match_indices(MARK).map(|(at, _)| at).collect();
    assert_eq!(comments, answered.into_keys().collect::<Vec<_>>(), "{name}: comments and what is put back");
}

fn one_back(name: &str, text: &str, back: &Back, comment: usize, path: &str) {
    let (changed, from) = changed(text, back, comment);
    let found = match Policy::load(PolicyText::toml(&changed).named(name)) {
        Ok(policy) => policy.findings().to_vec(),
        Err(error) => error.findings().to_vec(),
    };
    let meant: Vec<_> = found.iter().filter(|one| one.code() == back.code && one.path() == path).collect();
    let [meant] = meant[..] else { panic!("{name}: {}: not one of {path}: {found:#?}", back.answers) };
    assert_eq!(meant.file(), Some(name), "{name}: {}", back.answers);
    let after = if back.line.starts_with('[') && !back.line.starts_with("[[") { 0 } else { from };
    let at = match back.line {
        "# " => 0,
        line => after + changed[after..].find(&format!("\n{line}")).unwrap() + 1,
    };
    let line = changed[..at].matches('\n').count() + 1;
    assert_eq!(meant.line().map(|line| line as usize), Some(line), "{name}: {}: {meant}", back.answers);
    assert!(!meant.hint().is_empty() && !meant.message().is_empty(), "{name}: {}", back.answers);
    let quoted = back.becomes.split('"').nth(1).filter(|_| back.code == Code::VagueDuration);
    let quoted = quoted.filter(|_| !path.ends_with(".states"));
    assert!(quoted.is_none_or(|word| meant.message().contains(word)), "{name}: {meant}");
}

/// The text with the word put back after the comment that stands at `comment`, and where that comment's line ends.
fn changed(text: &str, back: &Back, comment: usize) -> (String, usize) {
    // The comment's own words are not what is replaced.
    let from = comment + text[comment..].find('\n').unwrap();
    let (start, end) = span(&text[from..], back.was).unwrap_or_else(|| panic!("no `{}`", back.was));
    (format!("{}{}{}", &text[..from + start], back.becomes, &text[from + end..]), from)
}

/// Where `pattern` stands first; one `~` in it stands for the shortest text between its halves.
fn span(text: &str, pattern: &str) -> Option<(usize, usize)> {
    let (head, tail) = pattern.split_once('~').unwrap_or((pattern, ""));
    let start = text.find(head)?;
    let behind = start + head.len();
    let end = behind + text[behind..].find(tail)? + tail.len();
    Some((start, end))
}

#[test]
fn the_complete_policy_answers_no_page() {
    let (_, complete) = FILES[0];
    assert!(!complete.contains(MARK), "its comments would need their words here");
}

/// What a word put back does to the policy as a whole: refused, or used with a warning where a person may still mean it.
#[test]
fn only_what_may_be_meant_is_let_through_with_a_warning() {
    let warnings = [Code::UnnamedSubprocessor, Code::UnclassifiedCategory];
    for (name, text, all) in [
        ("compliance-overview.toml", OVERVIEW, OVERVIEW_BACK),
        ("data-processing.toml", PROCESSING, PROCESSING_BACK),
        ("security-policy.toml", SECURITY, SECURITY_BACK),
    ] {
        for back in all {
            let at = text.find(&format!("{MARK}{}", back.answers)).unwrap();
            let refused = match Policy::from_toml(&changed(text, back, at).0) {
                Ok(policy) => !policy.findings().iter().all(|found| found.severity() == Severity::Warning),
                Err(_) => true,
            };
            // Where no rule destroys keys, a missing horizon withholds certificates and refuses nothing.
            let horizon = back.code == Code::NoBackupHorizon && !text.contains("\"crypto-erase\"");
            assert_eq!(refused, !warnings.contains(&back.code) && !horizon, "{name}: {}", back.answers);
        }
    }
}
