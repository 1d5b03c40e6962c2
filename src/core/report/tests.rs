use proptest::prelude::*;

use super::*;
use crate::core::classification::Level;
use crate::core::governance::{Evidence, Method};
use crate::core::period::Period;
use crate::core::policy::{LegalRole, PageKind, PolicyDocument, Redact};
use crate::core::report::{sample, statements};

fn page(document: &PolicyDocument) -> String {
    render(document, "0123abcd", &sample::evidence(), sample::now()).unwrap()
}

fn headings(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix("## ")).collect()
}

#[test]
fn the_whole_page_is_as_it_was() {
    let page = page(&sample::document());
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/src/core/report/golden.md");
    if std::env::var_os("STEWARDSHIP_BLESS").is_some() {
        std::fs::write(golden, &page).unwrap();
    }
    let expected = std::fs::read_to_string(golden).unwrap();
    assert_eq!(page, expected, "if the change is meant: STEWARDSHIP_BLESS=1 cargo test --lib report");
}

#[test]
fn sections_stay_contiguous_when_a_part_goes() {
    type Remove = fn(&mut PolicyDocument);
    let parts: [(&str, Remove); 11] = [
        ("Data classification", |d| d.levels.clear()),
        ("Processing roles and categories of data", |d| d.categories.clear()),
        ("Processing purposes", |d| d.purposes.clear()),
        ("Access control", |d| {
            d.access = crate::core::policy::Access { allow: vec![], deny: vec![] };
            d.reasons.clear();
            d.claims.clear();
        }),
        ("Where data may be written to", |d| d.sinks.clear()),
        ("Subprocessors and service providers", |d| d.processors.clear()),
        ("Request handling", |d| d.requests = None),
        ("Encryption in transit", |d| d.transport = None),
        ("Security operations", |d| d.controls.retain(|c| c.id != "training")),
        ("Related resources", |d| d.links.clear()),
        ("Retention and deletion", |d| {
            d.backups = None;
            d.audit = None;
            d.retention = crate::core::policy::Retention { rule: vec![], cap: vec![] };
        }),
    ];
    let titles = |page: &str| -> Vec<String> {
        let numbered = headings(page).into_iter().enumerate();
        numbered
            .map(|(i, heading)| heading.strip_prefix(&format!("{}. ", i + 1)).unwrap().to_owned())
            .collect()
    };
    let all = titles(&page(&sample::document()));
    for (title, remove) in parts {
        let mut document = sample::document();
        remove(&mut document);
        let expected: Vec<String> = all.iter().filter(|known| *known != title).cloned().collect();
        assert_eq!(expected.len() + 1, all.len(), "{title}");
        assert_eq!(titles(&page(&document)), expected, "{title}");
    }
}

#[test]
fn the_page_says_what_outlives_an_erasure_under_a_pseudonym() {
    let mut document = sample::document();
    assert!(!page(&document).contains("pseudonym whose key is destroyed"));
    let (_, category) = document.categories.iter_mut().next().unwrap();
    category.on_erasure = crate::core::policy::OnErasure::Pseudonymise;
    let title = category.title.clone();
    let page = page(&document);
    let line = page.lines().find(|line| line.contains("pseudonym whose key is destroyed")).unwrap();
    assert!(line.contains(&title) && line.contains("until their rule deletes them"), "{line}");
}

#[test]
fn numbering_is_roman_arabic_or_none() {
    let mut document = sample::document();
    let mut first = |numbering| {
        document.page.as_mut().unwrap().numbering = Some(numbering);
        headings(&page(&document))[3].to_owned()
    };
    assert_eq!(first(Numbering::Roman), "IV. Processing purposes");
    assert_eq!(first(Numbering::Arabic), "4. Processing purposes");
    assert_eq!(first(Numbering::None), "Processing purposes");
    for (number, numeral) in [(1, "I"), (9, "IX"), (14, "XIV"), (40, "XL"), (99, "XCIX"), (144, "CXLIV")] {
        assert_eq!(roman(number), numeral);
    }
}

#[test]
fn what_evidence_does_not_show_is_not_stated() {
    let document = sample::document();
    let claim = "All personnel complete training";
    let at = |text: &str| text.parse().unwrap();
    let met = Evidence::met("training", Method::Examine, at("2026-10-30T09:00:00Z"), "lead");
    let old = Evidence::met("training", Method::Examine, at("2026-01-02T09:00:00Z"), "lead");
    let short =
        Evidence::not_met("training", Method::Examine, at("2026-11-20T09:00:00Z"), "lead", 1, "Ada Secret");
    let cases = [
        (vec![met.clone()], None),
        (
            vec![old],
            Some("`training` (Security operations): its evidence is too old; last verified 2026-01-02."),
        ),
        (vec![met, short], Some("`training` (Security operations): not met; last verified 2026-10-30.")),
        (vec![], Some("`training` (Security operations): not enough is known; never verified.")),
    ];
    for (evidence, hidden) in cases {
        let page = render(&document, "", &evidence.into_iter().collect(), sample::now()).unwrap();
        assert_eq!(page.contains(claim), hidden.is_none(), "{page}");
        assert_eq!(page.contains("Security operations\n"), hidden.is_none(), "no heading without a sentence");
        assert!(hidden.is_none_or(|line| page.contains(line)), "{page}");
        assert!(!page.contains("Ada Secret"), "what falls short stays with the host");
    }
}

#[test]
fn before_its_day_a_policy_attests_nothing_and_says_so() {
    let mut document = sample::document();
    sample::set_effective(&mut document, "2026-12-01");
    let page = page(&document);
    assert!(page.contains("not in effect yet; it applies from 2026-12-01"));
    assert!(
        !page.contains("attested: met")
            && page.contains("`training` (Security operations): the policy is not")
    );
}

#[test]
fn text_of_a_policy_cannot_break_the_page() {
    let bad = "a|b\n\n# c <script>alert(1)</script> `d` | e";
    let mut document = sample::document();
    document.categories.values_mut().for_each(|category| category.title = bad.to_owned());
    document.processors.values_mut().for_each(|processor| processor.does = bad.to_owned());
    document.retention.rule[0].duty = Some(bad.to_owned());
    document.retention.rule[1].id = bad.into();
    document.controls[0].section = Some(bad.to_owned());
    document.controls[0].states = bad.to_owned();
    document.company = bad.to_owned();
    document.links[0].title = bad.to_owned();
    document.sinks.values_mut().for_each(|sink| sink.title = bad.to_owned());
    document.reasons.values_mut().for_each(|reason| reason.title = bad.to_owned());
    let (before, after) = (page(&sample::document()), page(&document));
    assert!(!after.contains("<script") && !after.contains("\n# c"), "{after}");
    assert_eq!(headings(&before).len(), headings(&after).len());
    let columns = |page: &str| -> Vec<usize> {
        let rows = page.lines().filter(|line| line.starts_with('|'));
        rows.map(|row| row.replace(r"\|", "").matches('|').count()).collect()
    };
    assert_eq!(columns(&before), columns(&after));
    assert_eq!(before.lines().count(), after.lines().count());
}

#[test]
fn placeholders_and_unsafe_links_refuse_to_render() {
    let error = |change: &dyn Fn(&mut PolicyDocument)| {
        let mut document = sample::document();
        change(&mut document);
        render(&document, "", &sample::evidence(), sample::now()).unwrap_err()
    };
    let placeholder = |found: &str| RenderError::UnresolvedPlaceholder { found: found.to_owned() };
    assert_eq!(error(&|d| d.company = "[Your Company Name]".to_owned()), placeholder("Your Company Name"));
    let contact = "[email protected]";
    assert_eq!(
        error(&|d| d.contacts.as_mut().unwrap().privacy = contact.to_owned()),
        placeholder("email protected")
    );
    assert_eq!(error(&|d| d.controls[0].states = "We [do it].".to_owned()), placeholder("do it"));
    assert_eq!(error(&|d| d.retention.cap[0].cites = "[source]".to_owned()), placeholder("source"));
    let unsafe_link = RenderError::UnsafeLink { title: "Privacy policy".to_owned() };
    assert_eq!(error(&|d| d.links[0].url = "javascript:alert(1)".to_owned()), unsafe_link);
}

#[test]
fn a_summary_says_that_it_is_no_agreement_and_a_policy_does_not() {
    let disclaimer = "It is not a signed data processing agreement.";
    let mut document = sample::document();
    assert!(page(&document).contains(disclaimer));
    document.page.as_mut().unwrap().kind = Some(PageKind::Policy);
    assert!(!page(&document).contains(disclaimer));
}

#[test]
fn what_the_host_must_ask_about_is_not_called_enforced() {
    let mut document = sample::document();
    let marks = |document: &PolicyDocument, id: &str| -> Vec<String> {
        let page = page(document);
        let lines = page.lines().filter(|line| line.contains(&format!("rule `{id}`")));
        lines.filter_map(|line| Some(line.split_once("*(")?.1.to_owned())).collect()
    };
    assert_eq!(marks(&document, "officer-answers"), ["enforced: rule `officer-answers`)*"]);
    let decided = ["decided by rule `no-sharing-of-tokens`, when the host asks)*"];
    assert_eq!(marks(&document, "no-sharing-of-tokens"), decided);
    document.access.allow[0].actions.extend([Action::Write, Action::Share]);
    assert_eq!(
        marks(&document, "officer-answers"),
        [
            "enforced for read and export; decided for write and share, when the host asks: rule `officer-answers`)*"
        ]
    );
    // A denial that names no action is about all of them.
    document.access.deny[0].actions.clear();
    assert_eq!(
        marks(&document, "no-sharing-of-tokens"),
        [
            "enforced for read, export and erase; decided for write and share, when the host asks: rule `no-sharing-of-tokens`)*"
        ]
    );
    document.access.allow[0].actions = [Action::Write].into();
    assert_eq!(
        marks(&document, "officer-answers"),
        ["decided by rule `officer-answers`, when the host asks)*"]
    );
}

#[test]
fn an_address_as_the_channel_reads_well_and_stands_once_in_a_section() {
    let mut document = sample::document();
    let address = document.contacts.as_ref().unwrap().privacy.clone();
    document.requests.as_mut().unwrap().channel.clone_from(&address);
    let page = page(&document);
    assert!(!page.contains(&format!("the {address}")) && !page.contains(&format!("({address})")), "{page}");
    assert!(page.contains(&format!("Requests come through {address}; one")));
    for title in ["Request handling", "Current posture", "Data handling principles"] {
        let section = page.split("\n## ").find(|section| section.contains(&format!("{title}\n"))).unwrap();
        assert_eq!(section.matches(&address).count(), 1, "{section}");
    }
}

#[test]
fn without_a_title_the_company_is_the_title() {
    let mut document = sample::document();
    document.page.as_mut().unwrap().title = None;
    assert!(page(&document).starts_with("# Harbour Ledger Ltd: privacy and security policy\n"));
    document.page = None;
    assert!(page(&document).starts_with("# Harbour Ledger Ltd: privacy and security policy\n"));
}

#[test]
fn from_confidential_up_the_page_says_that_everything_is_recorded() {
    let mut document = sample::document();
    document.levels.values_mut().for_each(|controls| controls.record = None);
    let recorded = |page: &str| -> Vec<bool> {
        let rows = page.lines().filter(|line| line.contains("*(enforced: `levels."));
        rows.map(|row| row.contains("recorded before the action")).collect()
    };
    assert_eq!(recorded(&page(&document)), [false, false, true, true]);
    let internal = document.levels.get_mut(&Level::Internal).unwrap();
    internal.record = Some(crate::core::policy::Record::Batched);
    let batched = page(&document);
    let loss = "recorded in batches: a crash may lose the last entries of a process, fewer than 64 and all within 5 seconds";
    assert_eq!(batched.matches(loss).count(), 1);
    document.levels.clear();
    assert_eq!(recorded(&page(&document)), [] as [bool; 0]);
}

#[test]
fn what_leaves_without_a_grant_is_said_of_each_class_sink_and_reason() {
    let mut document = sample::document();
    let with = page(&document);
    for said in [
        "order.buyer (confidential, logged as a keyed pseudonym)",
        "| Application log | log | internal | any | any | *(enforced: `sinks.app_log`)* |",
        "| Support screen | screen | confidential | Billing data; Orders | Bill the service |",
        "- Refresh of a token: data up to restricted may be shown without a grant by someone with the role Privacy Officer.",
        "may be given a lower level or another category by someone with the role Privacy Officer; a lower level or another category needs the approval of a second person with the role",
    ] {
        assert!(with.contains(said), "{said}: {with}");
    }
    for (redact, said) in Redact::ALL.iter().zip([
        "never logged",
        "logged as a fixed text",
        "logged as the name of its class",
        "logged as a keyed pseudonym",
        "logged as the domain of the address",
        "logged as its last four characters",
        "logged as it is",
    ]) {
        document.classes.values_mut().for_each(|class| class.redact = Some(*redact));
        assert_eq!(page(&document).matches(&format!(", {said})")).count(), 3, "{redact}");
    }
    document.classes.values_mut().for_each(|class| class.redact = None);
    document.sinks.clear();
    document.reasons.clear();
    let without = page(&document);
    for unsaid in
        ["logged", "Where data may be written to", "another category needs", "for one of these reasons"]
    {
        assert!(with.contains(unsaid) && !without.contains(unsaid), "{unsaid}: {without}");
    }
    // Without a single rule there are still the reasons.
    let mut document = sample::document();
    document.access = crate::core::policy::Access { allow: vec![], deny: vec![] };
    assert!(page(&document).contains("Access control\n\nWithout a grant, a value is shown"));
}

#[test]
fn a_role_for_a_single_purpose_is_said_where_it_differs() {
    let mut document = sample::document();
    let row = "| Billing data | controller (for “Show and update orders”: processor, on the customer's instructions) |";
    assert!(page(&document).contains(row), "{}", page(&document));
    let billing = document.categories.get_mut("billing").unwrap();
    billing.role_for.insert("order_sync".into(), LegalRole::Controller);
    assert!(page(&document).contains("| Billing data | controller | contract"));
    // A controller of one purpose alone needs a basis as well.
    let orders = document.categories.get_mut("orders").unwrap();
    orders.role_for.insert("billing".into(), LegalRole::Joint);
    let row = "| Orders | processor, on the customer's instructions (for “Bill the service”: joint controller) | none declared | records. | *(stated)* |";
    assert!(page(&document).contains(row), "{}", page(&document));
}

#[test]
fn unlabelled_data_of_a_platform_is_said_as_far_as_it_is_declared() {
    let mut document = sample::document();
    let mut said = |level, categories: &[&str]| {
        let platform = document.platforms.get_mut("tiktok-shop").unwrap();
        platform.default_level = level;
        platform.categories = categories.iter().map(|name| (*name).into()).collect();
        let page = page(&document);
        let line = page.lines().find(|line| line.contains("Unlabelled"));
        line.map(|line| line.replace("- Unlabelled data from TikTok Shop ", ""))
    };
    assert_eq!(said(None, &[]), None);
    for (level, categories, expected) in [
        (Some(Level::Restricted), &[][..], "is restricted. *(stated)*"),
        (Some(Level::Restricted), &["orders"], "is restricted and belongs to Orders. *(stated)*"),
        (None, &["billing", "orders"], "is restricted and belongs to Billing data and Orders. *(stated)*"),
    ] {
        assert_eq!(said(level, categories).as_deref(), Some(expected));
    }
}

#[test]
fn certificates_are_claimed_while_they_are_valid_alone() {
    let none = "does not currently claim any certification";
    let mut document = sample::document();
    assert!(page(&document).contains(none));
    document.certifications = vec![sample::certification("ISO 27001", "2026-11-21")];
    assert!(page(&document).contains(none) && !page(&document).contains("ISO 27001"));
    document.certifications = vec![sample::certification("ISO 27001", "2026-11-22")];
    assert!(!page(&document).contains(none) && page(&document).contains("ISO 27001"));
}

#[test]
fn numbers_come_from_the_data() {
    let mut document = sample::document();
    assert!(page(&document).contains("told of a breach (within 72 hours)."));
    assert!(page(&document).contains("deleted within 72 hours"));
    document.controls[1].within = Some(Period::hours(24));
    document.retention.rule.iter_mut().for_each(|rule| rule.physically_within = Some(Period::days(5)));
    assert!(page(&document).contains("told of a breach (within 24 hours)."));
    assert!(page(&document).contains("deleted within 5 days") && !page(&document).contains("72 hours"));
}

#[test]
fn removing_a_part_removes_it_from_the_scope() {
    let mut document = sample::document();
    assert!(page(&document).contains("manages vendor relationships"));
    document.processors.clear();
    assert!(!page(&document).contains("manages vendor relationships"));
}

#[test]
fn the_page_shows_what_the_statements_say() {
    let document = sample::document();
    let (evidence, page) = (sample::evidence(), page(&document));
    let all = statements(&document, &evidence, sample::now());
    assert!(all.len() > 40);
    for statement in all.iter().filter(|statement| !matches!(statement.section, Section::Links)) {
        // A row of a table reads `Heading: cell`; its cells stand on the page one by one.
        let whole = page.contains(&markdown::text(&statement.text));
        let cells = || statement.text.split("; ").filter_map(|part| part.split_once(": "));
        assert!(whole || cells().all(|(_, cell)| page.contains(&markdown::text(cell))), "{statement:?}");
        assert!(page.contains(&mark(&statement.status)), "{statement:?}");
    }
}

#[test]
fn every_purpose_and_processor_is_listed_once() {
    let document = sample::document();
    let all = statements(&document, &sample::evidence(), sample::now());
    let count = |section| all.iter().filter(|statement| statement.section == section).count();
    assert_eq!(count(Section::Purposes), document.purposes.len());
    assert_eq!(count(Section::Processors), document.processors.len());
    let page = page(&document);
    assert!(page.contains("mailer (not enabled)") && page.contains("network (not named)"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_gives_the_same_page_twice_and_breaks_no_table(bad in any::<String>(), digest in any::<String>()) {
        let mut document = sample::document();
        document.company.clone_from(&bad);
        document.summary = Some(bad.clone());
        document.requests.as_mut().unwrap().channel.clone_from(&bad);
        document.categories.values_mut().for_each(|category| category.legal_basis = Some(bad.clone()));
        document.controls[0].id = bad.as_str().into();
        document.retention.rule[0].from = bad.as_str().into();
        document.processors.values_mut().for_each(|processor| processor.transfer = Some(bad.clone()));
        let render = || render(&document, &digest, &EvidenceSet::new(), sample::now());
        prop_assert_eq!(render(), render());
        if let Ok(page) = render() {
            let bars = |row: &str| row.replace("\\\\", "").replace("\\|", "").matches('|').count();
            let mut width = None;
            for line in page.lines() {
                let row = line.starts_with('|').then(|| bars(line));
                prop_assert!(row.is_none() || width.is_none() || row == width, "{}", line);
                width = row;
            }
            prop_assert!(!page.contains(['<', '\r']));
        }
    }
}
