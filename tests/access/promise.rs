//! The second promise by its words, on a policy of a few lines: default is deny, deny beats allow, and what is not known never allows.

use stewardship::access::{
    Answer, Barrier, Environment, Facts, Missing, Preferences, Reason, Stop, Why, decide,
};
use stewardship::classification::Level;
use stewardship::policy::FindingCode;
use stewardship::{Action, Policy, Principal, Purpose, Question, Resource};

const POLICY: &str = r#"
name = "notes"
company = "Example Notes Ltd"
version = "1"
effective = 2026-11-01
updated = 2026-11-01
[contacts]
privacy = "privacy@notes.example"
[levels.confidential]
seal = "aes-256"
[levels.restricted]
seal = "aes-256"
mfa_within = "12 hours"
[categories.notes]
title = "Notes"
role = "processor"
purposes = ["support", "rescue", "news"]
[categories.orders]
title = "Orders"
role = "processor"
purposes = ["support"]
[classes."note.body"]
level = "restricted"
category = "notes"
[purposes.support]
title = "Answer questions"
[purposes.rescue]
title = "Emergencies"
break_glass = "15 minutes"
[purposes.news]
title = "Newsletters"
needs_consent = true
stops_on = ["objection"]
[roles.agent]
title = "Agent"
[roles.intern]
title = "Intern"
[sources.records]
title = "Records"
kind = "managed"
[[access.allow]]
id = "agents-read"
roles = ["agent"]
actions = ["read"]
categories = ["notes"]
up_to = "restricted"
[[access.allow]]
id = "agents-read-orders-on-case"
roles = ["agent"]
actions = ["read"]
categories = ["orders"]
up_to = "confidential"
when = { assigned_case = true, managed_device = true, transport = ["tls-1.3"] }
[[access.deny]]
id = "interns-never"
roles = ["intern"]
from_level = "confidential"
[[retention.rule]]
id = "notes-one-year"
category = "notes"
from = "stored"
keep = "12 months"
dispose = "delete"
basis = "service_delivery"
[[retention.rule]]
id = "orders-one-year"
category = "orders"
from = "stored"
keep = "12 months"
dispose = "delete"
basis = "service_delivery"
[requests]
kinds = ["access"]
channel = "privacy@notes.example"
regimes = ["gdpr"]
reviewers = ["agent"]
purpose = "support"
[backups]
records = "30 days"
key_store = "30 days"
"#;

fn policy() -> Policy {
    Policy::from_toml(POLICY).unwrap()
}

fn facts() -> Facts {
    Facts::new("2026-11-27T09:00:00Z".parse().unwrap(), Environment::Production)
}

fn agent() -> Principal {
    Principal::person("acme", "user-1").role("agent")
}

fn read(who: Principal, category: &str, level: Level, purpose: &str) -> Question {
    Question::new(who, Action::Read, Resource::category("acme", category, level), Purpose::new(purpose))
}

/// The answer, and the reasons for it.
fn asked(question: &Question, facts: &Facts) -> (Answer, Vec<Reason>) {
    let policy = policy();
    let decision = decide(&policy, question, facts);
    (decision.answer(), decision.explain().reasons)
}

#[test]
fn promise_02_nothing_is_allowed_that_no_rule_allows() {
    let notes = |who| read(who, "notes", Level::Public, "support");
    assert_eq!(
        asked(&notes(agent()), &facts()),
        (Answer::Allowed, vec![Reason::AllowedBy("agents-read".into())])
    );
    let nobody = Principal::person("acme", "user-2");
    for who in [nobody.clone(), nobody.role("owner")] {
        assert_eq!(asked(&notes(who), &facts()), (Answer::NotPermitted, vec![Reason::NoRuleAllows]));
    }
    // Without a rule at all, nobody may do anything.
    let mut document = policy().document().clone();
    document.access.allow.clear();
    let empty = Policy::from_document(document).unwrap();
    let question = notes(agent());
    let decision = decide(&empty, &question, &facts());
    assert_eq!((decision.answer(), decision.explain().nearest), (Answer::NotPermitted, None));
}

#[test]
fn promise_02_a_deny_beats_every_allow() {
    let both = agent().role("intern");
    let denied = read(both.clone(), "notes", Level::Confidential, "support");
    let reasons = vec![Reason::DeniedBy("interns-never".into(), vec![])];
    assert_eq!(asked(&denied, &facts()), (Answer::Forbidden, reasons));
    // It names its lowest level; below, the other role allows.
    let below = read(both, "notes", Level::Internal, "support");
    assert_eq!(asked(&below, &facts()).0, Answer::Allowed);
    // Whoever loses the denied role may: roles that a denial names can take away.
    assert_eq!(asked(&read(agent(), "notes", Level::Confidential, "support"), &facts()).0, Answer::Allowed);
}

#[test]
fn promise_02_what_is_not_known_never_allows() {
    let policy = policy();
    let bare = read(agent(), "orders", Level::Internal, "support");
    let told = read(agent().on_managed_device(true), "orders", Level::Internal, "support")
        .assigned_case(true)
        .over(stewardship::policy::Transport::Tls13);
    assert!(decide(&policy, &told, &facts()).is_allowed());
    let nearest = decide(&policy, &bare, &facts()).explain().nearest.unwrap();
    assert_eq!((nearest.rule.as_str(), nearest.missing.len()), ("agents-read-orders-on-case", 3));
    assert!(nearest.missing.contains(&Missing::AssignedCase(stewardship::access::Fact::Unknown)));
    // TLS 1.2 is not at least TLS 1.3, nor the other way round: versions are listed.
    let older = told.clone().over(stewardship::policy::Transport::Tls12);
    assert_eq!(decide(&policy, &older, &facts()).answer(), Answer::NotPermitted);
    // A second factor that was never given, is old, or lies in the future.
    let now = facts().now();
    let hours = |count| chrono::TimeDelta::hours(count);
    for (mfa, answer) in [
        (None, Answer::Forbidden),
        (Some(now - hours(12) - chrono::TimeDelta::nanoseconds(1)), Answer::Forbidden),
        (Some(now + chrono::TimeDelta::nanoseconds(1)), Answer::Forbidden),
        (Some(now - hours(12)), Answer::Allowed),
        (Some(now), Answer::Allowed),
    ] {
        let who = mfa.into_iter().fold(agent(), Principal::mfa_at);
        assert_eq!(asked(&read(who, "notes", Level::Restricted, "support"), &facts()).0, answer, "{mfa:?}");
    }
    // What a person has said: not known, an objection, no consent.
    let news = read(agent(), "notes", Level::Internal, "news");
    let said = |said| asked(&news, &facts().preferences(said));
    assert_eq!(
        asked(&news, &facts()),
        (Answer::Forbidden, vec![Reason::NoConsent, Reason::PreferencesUnknown(Stop::Objection)])
    );
    assert_eq!(said(Preferences::NONE), (Answer::Forbidden, vec![Reason::NoConsent]));
    let objects = Preferences::NONE.consented().said(Stop::Objection);
    assert_eq!(said(objects), (Answer::Forbidden, vec![Reason::Stopped(Stop::Objection)]));
    assert_eq!(said(Preferences::NONE.consented().said(Stop::OptOut)).0, Answer::Allowed);
}

#[test]
fn promise_02_what_the_policy_does_not_declare_is_forbidden() {
    let policy = policy();
    let why = |category, purpose| {
        let question = read(agent(), category, Level::Public, purpose);
        decide(&policy, &question, &facts())
            .why()
            .filter_map(|why| match why {
                Why::Barrier(barrier) => Some(barrier),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(why("notes", "support"), []);
    assert_eq!(why("orders", "news")[..1], [Barrier::PurposeMismatch]);
    assert_eq!(why("notes", "suport"), [Barrier::PurposeNotDeclared, Barrier::PurposeMismatch]);
    assert_eq!(why("note", "support"), [Barrier::CategoryNotDeclared]);
    assert_eq!(why("note", "suport"), [Barrier::PurposeNotDeclared, Barrier::CategoryNotDeclared]);
}

#[test]
fn promise_02_an_emergency_names_its_case() {
    let rescue = read(agent(), "notes", Level::Internal, "rescue");
    assert_eq!(asked(&rescue, &facts()), (Answer::Forbidden, vec![Reason::CaseRequired]));
    assert_eq!(asked(&rescue.for_case("case-7"), &facts()).0, Answer::Allowed);
}

#[test]
fn promise_02_the_answer_to_a_probe_of_another_tenant_is_that_of_what_is_not_there() {
    let policy = policy();
    // Suspended, or for a purpose that is not declared: nothing of it shows.
    for who in [agent(), agent().suspended()] {
        for purpose in ["support", "suport"] {
            let resource = Resource::category("globex", "notes", Level::Restricted);
            let probe = Question::new(who.clone(), Action::Read, resource, Purpose::new(purpose));
            let decision = decide(&policy, &probe, &facts());
            assert_eq!(
                (decision.answer(), decision.explain().to_string()),
                (Answer::NotPermitted, "no rule allows it".into())
            );
        }
    }
}

/// A claim that does not hold is an error of the file, with its line and a request that breaks it.
#[test]
fn promise_02_a_false_claim_is_refused_with_the_request_that_breaks_it() {
    let claims = r#"
[[claims]]
id = "restricted-never-without-mfa"
never = { kinds = ["person"], from_level = "restricted", without = { mfa_within = "12 hours" } }
[[claims]]
id = "interns-read-nothing"
never = { roles = ["intern"] }
[[claims]]
id = "agents-read-notes"
always = { roles = ["agent"], without_roles = ["intern"], actions = ["read"], categories = ["notes"], up_to = "confidential" }
"#;
    let text = format!("{POLICY}{claims}");
    let error = Policy::from_toml(&text).unwrap_err();
    let line = |part: &str| text[..text.find(part).unwrap()].lines().count() as u32 + 1;
    let found: Vec<_> = error.errors().map(|found| (found.line(), found.code(), found.path())).collect();
    assert_eq!(
        found,
        [
            (Some(line("never = { roles")), FindingCode::FalseClaim, "claims[1].never"),
            (Some(line("always = { roles")), FindingCode::FalseClaim, "claims[2].always"),
        ]
    );
    let shown = error.to_string();
    assert!(
        shown.contains(
            "it is allowed: person with the roles `agent`, `intern`, to read public of category `notes`"
        ),
        "{shown}"
    );
    assert!(
        shown.contains("it is denied: person with the role `agent`, to read public of category `notes`"),
        "{shown}"
    );
    // The first is true, and alone it passes.
    let alone = claims.split("[[claims]]").nth(1).unwrap();
    let policy = Policy::from_toml(&format!("{POLICY}[[claims]]{alone}")).unwrap();
    assert_eq!(policy.document().claims.len(), 1);
}

/// What a yes obliges to can be claimed: of the rules that allow something, the one that obliges to least is the one that counts.
#[test]
fn promise_02_a_yes_that_obliges_to_less_than_is_claimed_is_refused() {
    let rule = |id: &str, role: &str, obligations: &str| {
        format!(
            "[[access.allow]]\nid = \"{id}\"\nroles = [\"{role}\"]\nactions = [\"export\"]\ncategories = [\"orders\"]\n\
             up_to = \"internal\"\nobligations = {{ {obligations} }}\n"
        )
    };
    let claim = "[[claims]]\nid = \"two-export\"\nobliged = { actions = [\"export\"] }\nto = { four_eyes = true, max_records = 10 }\n";
    let two = rule("two-export", "agent", "four_eyes = true, max_records = 5, reason = true");
    let policy = Policy::from_toml(&format!("{POLICY}{two}{claim}")).unwrap();
    assert_eq!(policy.document().claims.len(), 1);
    for (second, lacks) in [
        ("four_eyes = true", "max_records = 10"),
        ("max_records = 10", "four_eyes"),
        ("four_eyes = true, max_records = 11", "max_records = 10"),
        ("reason = true", "four_eyes, max_records = 10"),
    ] {
        let text = format!("{POLICY}{two}{}{claim}", rule("one-exports", "agent", second));
        let error = Policy::from_toml(&text).unwrap_err();
        let found: Vec<_> = error.errors().map(|found| (found.code(), found.path())).collect();
        assert_eq!(found, [(FindingCode::FalseClaim, "claims[0].obliged")], "{error}");
        let said = format!(
            "it is allowed without being obliged to {lacks}: person with the role `agent`, to export"
        );
        assert!(error.to_string().contains(&said), "{error}");
    }
    for (says, at) in [
        ("obliged = { actions = [\"export\"] }", "claims[0].to"),
        ("obliged = { actions = [\"export\"] }\nto = {}", "claims[0].to"),
        ("never = { actions = [\"share\"] }\nto = { four_eyes = true }", "claims[0].to"),
        ("never = { actions = [\"share\"] }\nto = {}", "claims[0].to"),
        ("obliged = {}\nto = { mask_above = \"restricted\" }", "claims[0].to"),
        ("obliged = { up_to = \"internal\" }\nto = { mask_above = \"internal\" }", "claims[0].to"),
        (
            "obliged = { actions = [\"export\"] }\nto = { reason = true }\nnever = { actions = [\"share\"] }",
            "claims[0]",
        ),
    ] {
        let error = Policy::from_toml(&format!("{POLICY}{two}[[claims]]\nid = \"x\"\n{says}\n")).unwrap_err();
        let found: Vec<_> = error.errors().map(|found| (found.code(), found.path())).collect();
        assert_eq!(found, [(FindingCode::VagueClaim, at)], "{error}");
    }
}

/// The example of a claim that fails on what the policy does not declare says that in words.
#[test]
fn promise_02_a_false_claim_names_no_placeholder() {
    for (claim, said) in [
        ("purposes = [\"support\"]", "of a category that the policy does not declare for purpose `support`"),
        ("categories = [\"notes\"]", "of category `notes` for a purpose that the policy does not declare"),
    ] {
        let claim = format!("[[claims]]\nid = \"always\"\nalways = {{ roles = [\"agent\"], {claim} }}\n");
        let shown = Policy::from_toml(&format!("{POLICY}{claim}")).unwrap_err().to_string();
        assert!(!shown.contains("` undeclared"), "{shown}");
        assert!(shown.contains(said), "{shown}");
    }
}

/// A claim about no request at all would hold whatever it says.
#[test]
fn promise_02_a_claim_about_no_request_is_refused() {
    let levels = "`from_level` is `restricted`, and `up_to` is `public`";
    let roles = "whoever has one of `roles` has one of `without_roles`";
    for (set, contradiction) in [
        ("from_level = \"restricted\", up_to = \"public\"", levels),
        ("roles = [\"intern\"], without_roles = [\"intern\"]", roles),
        ("roles = [\"intern\"], without_roles = [\"agent\", \"intern\"]", roles),
    ] {
        for word in ["never", "always"] {
            let text = format!("{POLICY}[[claims]]\nid = \"nobody\"\n{word} = {{ {set} }}\n");
            let error = Policy::from_toml(&text).unwrap_err();
            let found: Vec<_> = error.errors().map(|found| (found.code().as_str(), found.path())).collect();
            assert_eq!(found, [("empty-claim", format!("claims[0].{word}").as_str())], "{error}");
            assert!(
                error.to_string().contains(&format!("claim `nobody` is about no request: {contradiction}")),
                "{error}"
            );
        }
    }
    // One level, and a role that is left.
    for set in [
        "from_level = \"public\", up_to = \"public\"",
        "roles = [\"agent\", \"intern\"], without_roles = [\"agent\"]",
    ] {
        let text = format!("{POLICY}[[claims]]\nid = \"some\"\nnever = {{ suspended = true, {set} }}\n");
        assert!(Policy::from_toml(&text).is_ok(), "{set}");
    }
}
