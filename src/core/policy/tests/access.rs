//! Access rules say something.

use super::*;

/// An empty list of an allowing rule means any, which whoever writes it down may not know.
#[test]
fn a_written_empty_list_of_an_allowing_rule_is_doubtful() {
    let at = "actions = [\"read\", \"write\"]";
    for key in ["purposes", "environments", "kinds"] {
        let rule = GOOD.find(at).unwrap();
        let end = GOOD[rule..].find("[[access").unwrap() + rule;
        // What the rule has of the key goes, so that it is written once.
        let lines = GOOD[rule..end].lines().filter(|line| !line.starts_with(key));
        let without: String = lines.map(|line| format!("{line}\n")).collect();
        let text = |more: &str| format!("{}{without}{more}\n{}", &GOOD[..rule], &GOOD[end..]);
        assert_eq!(Policy::from_toml(&text("")).unwrap().findings(), []);
        let policy = Policy::from_toml(&text(&format!("{key} = []\n"))).unwrap();
        let found: Vec<_> = policy.findings().iter().map(|f| (f.severity(), f.code(), f.path())).collect();
        let path = format!("access.allow[0].{key}");
        assert_eq!(found, [(Severity::Warning, FindingCode::EmptyRule, path.as_str())]);
        assert!(policy.findings()[0].line().is_some());
        // A document has no list that is written and empty.
        assert_eq!(Policy::from_document(policy.document().clone()).unwrap().findings(), []);
    }
}

/// What a rule obliges to can be needed, and leaves something of it.
#[test]
fn an_idle_obligation_is_found() {
    use Severity::{Error, Warning};
    let of = |actions: &str, up_to: &str, obligations: &str| {
        let rule = format!(
            "[[access.allow]]\nid = \"obliges\"\nroles = [\"privacy\"]\nactions = [{actions}]\ncategories = [\"billing\"]\n\
             up_to = \"{up_to}\"\nobligations = {{ {obligations} }}\n[[access.deny]]"
        );
        let found = match Policy::from_toml(&GOOD.replacen("[[access.deny]]", &rule, 1)) {
            Ok(policy) => policy.findings().to_vec(),
            Err(error) => error.findings().to_vec(),
        };
        assert!(found.iter().all(|finding| finding.code() == FindingCode::IdleObligation), "{found:?}");
        let key =
            |found: &Finding| found.path().trim_start_matches("access.allow[2].obligations.").to_owned();
        found.iter().map(|found| (found.severity(), key(found))).collect::<Vec<_>>()
    };
    let shows = "\"read\", \"erase\"";
    assert_eq!(of(shows, "restricted", "max_records = 0"), [(Error, "max_records".to_owned())]);
    assert_eq!(of(shows, "restricted", "max_records = 1, anonymised = true, mask_above = \"internal\""), []);
    assert_eq!(of(shows, "restricted", "mask_above = \"restricted\""), [(Warning, "mask_above".to_owned())]);
    assert_eq!(of(shows, "internal", "mask_above = \"internal\""), [(Warning, "mask_above".to_owned())]);
    let all = "max_records = 5, anonymised = true, mask_above = \"internal\"";
    let services = "four_eyes = true }\nkinds = [\"service\"]\nwhen = { managed_device = true";
    assert_eq!(of(shows, "restricted", services), [(Warning, "four_eyes".to_owned())]);
    assert_eq!(of("\"erase\"", "restricted", "max_records = 0"), [(Error, "max_records".to_owned())]);
    let keys = ["mask_above", "max_records", "anonymised"].map(|key| (Warning, key.to_owned()));
    assert_eq!(of("\"write\", \"erase\"", "restricted", all), keys);
    assert_eq!(of("\"write\", \"erase\"", "restricted", "reason = true, four_eyes = true"), []);
}
