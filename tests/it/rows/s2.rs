//! S2: the data processing summary, but for retention and requests.

use std::collections::BTreeSet;

use serde_json::json;
use stewardship::access::{GrantError, Missing, Read, Reason};
use stewardship::audit::AuditEvent;
use stewardship::classification::Level;
use stewardship::engine::{OpenError, PutError, RequestError};
use stewardship::governance::EvidenceSet;
use stewardship::id::Name;
use stewardship::policy::{FindingCode, PolicyDocument, RequestKind};
use stewardship::report::render;
use stewardship::{NewRequest, Place, Policy, Principal, Purpose, Question, Resource};

use super::world::{
    Account, Connection, Creator, Draft, Invoice, Pacing, World, denied, findings, granted, headings, page,
    reasons, start, text,
};
use crate::policies::PROCESSING;

fn account() -> Account {
    Account { email: text("ada@example.com").into(), password_hash: text("$argon2id$v=19$secret").into() }
}

/// S2.H: sections are numbered without a gap, whichever part is there.
#[test]
fn s2_h_numbers_stay_contiguous_when_a_part_goes() {
    let numbered = |page: &str| {
        let numbers: Vec<String> =
            headings(page).iter().map(|title| title.split('.').next().unwrap().to_owned()).collect();
        let expected: Vec<String> = (1..=numbers.len()).map(|number| number.to_string()).collect();
        assert_eq!(numbers, expected);
        numbers.len()
    };
    let whole = numbered(&page(PROCESSING, &EvidenceSet::new(), start()));
    let mut document: PolicyDocument = Policy::from_toml(PROCESSING).unwrap().document().clone();
    document.processors.clear();
    let less = numbered(&render(&document, "digest", &EvidenceSet::new(), start()).unwrap());
    assert_eq!(less, whole - 1);
}

/// S2.3, S2.2: a summary says that it is one, and no agreement; a policy does not say it.
#[test]
fn s2_03_a_summary_always_says_that_it_is_no_agreement() {
    let says = |text: &str| {
        let page = page(text, &EvidenceSet::new(), start());
        page.contains("is an operational summary of how Harbour Ledger Ltd handles customer data")
            && page.contains("not a signed data processing agreement")
    };
    assert!(says(PROCESSING));
    assert!(!says(&PROCESSING.replace("kind = \"summary\"", "kind = \"policy\"")));
    let agreement = findings(PROCESSING, "kind = \"summary\"", "kind = \"dpa\"");
    assert!(
        agreement.iter().any(|found| found.code() == FindingCode::UnknownWord && found.path() == "page.kind")
    );
}

/// S2.5: every category has one role.
#[test]
fn s2_05_a_category_has_exactly_one_role() {
    for (becomes, code) in [
        ("", FindingCode::MissingKey),
        ("role = \"controller\"\nrole = \"processor\"\n", FindingCode::DuplicateKey),
        ("role = \"controller or processor\"\n", FindingCode::UnknownWord),
    ] {
        let found = findings(PROCESSING, "role = \"controller\"\n", becomes);
        assert!(found.iter().any(|found| found.code() == code), "{becomes}: {found:?}");
    }
}

/// S2.6: the controller's purposes need a legal basis.
#[test]
fn s2_06_a_controller_needs_a_legal_basis() {
    let policy = Policy::from_toml(PROCESSING).unwrap();
    assert_eq!(policy.category("billing").unwrap().role.to_string(), "controller");
    let basis =
        "legal_basis = \"performance of the contract and legal obligation (GDPR Art. 6(1)(b) and (c))\"\n";
    let found = findings(PROCESSING, basis, "");
    let missing = found.iter().find(|found| found.code() == FindingCode::MissingLegalBasis).unwrap();
    assert_eq!(missing.path(), "categories.billing.legal_basis");
}

/// S2.7: what is handled for a customer is handled on its instructions; and each such customer has a row.
#[test]
fn s2_07_a_processor_acts_on_its_customers_instructions() {
    let world = World::of::<(Draft,)>(PROCESSING);
    let (place, workflows) = (Place::tenant("acme").record("script-1"), Purpose::new("workflows"));
    let draft = Draft { text: text("Hello").into() };
    let put = world.steward.put(&place, &draft, &workflows).map(|_| ());
    assert!(matches!(put, Err(PutError::NoInstruction { .. })), "{put:?}");
    let (category, purpose) = (Name::new("user_content"), Name::new("workflows"));
    let lacking = Reason::NoInstruction { category, purpose };
    let customer = || Principal::person("acme", "user-1").role("customer").mfa_at(start());
    let asked = || world.read::<Draft>(customer(), &place, "workflows");
    assert!(reasons(asked()).contains(&lacking));

    world.put(&place, &draft, "workflows");
    granted(asked());
    let rows = world.steward.processing_record().unwrap();
    assert_eq!(rows.iter().map(|row| row.controller.as_str()).collect::<Vec<_>>(), ["acme"]);
    world.steward.withdraw_instruction(&world.owner(), &workflows).unwrap();
    assert!(reasons(asked()).contains(&lacking));
    let page = page(PROCESSING, &EvidenceSet::new(), start());
    assert!(page.contains("User content: only while the customer's instruction stands"), "{page}");
}

/// S2.8: an authenticator is listed in an export, never with its value, and is restricted.
#[test]
fn s2_08_a_password_hash_is_listed_and_not_exported() {
    let world = World::of::<(Account,)>(PROCESSING);
    world.put(&Place::tenant("acme").subject("user-1"), &account(), "provide_service");
    let asks =
        NewRequest::new("acme", RequestKind::Access, "privacy mailbox", "ada@example.com").subject("user-1");
    let (_, export) = world.steward.carry_out(world.planned(&asks), &world.officer()).unwrap();
    let export = export.unwrap().into_json();
    let fields = &export["sources"]["records"][0]["fields"];
    assert_eq!(*fields, json!({ "email": "ada@example.com", "password_hash": null }));
    assert!(!export.to_string().contains("argon2id"));

    let class = "[classes.\"account.password_hash\"]\nlevel = \"restricted\"";
    let found = findings(PROCESSING, class, &class.replace("restricted", "confidential"));
    let below = found.iter().find(|found| found.code() == FindingCode::CredentialBelowTop).unwrap();
    assert_eq!(below.path(), "classes.\"account.password_hash\".level");
}

/// S2.9: what no field declares is not stored.
#[test]
fn s2_09_an_undeclared_field_is_dropped() {
    let policy = format!("{}\n[platforms.payments]\ntitle = \"Payments\"\n", crate::policies::COMPLETE);
    let world = World::of::<(Creator, Invoice)>(&policy);
    let payload = json!({ "number": "R-1", "payer_name": "Ada", "card_number": "4111111111111111" });
    let place = Place::tenant("acme").subject("user-1");
    let stored =
        world.steward.ingest::<Invoice>(&place, "payments", &payload, &Purpose::new("billing")).unwrap();
    assert_eq!(stored.dropped, 1);
    assert!(!world.dump().contains("4111111111111111"));
    let (opened, grant) = world.open::<Invoice>(world.owner(), &place, "billing").unwrap();
    assert_eq!(opened.payer_name.expose(&grant).unwrap(), "Ada");
}

/// S2.10: a token is sealed, and the end of the connection takes it and everything else of the category.
#[test]
fn s2_10_disconnecting_reaches_every_record_of_the_category() {
    let world = World::of::<(Connection,)>(PROCESSING);
    world.connect("acme", "shop-1");
    let place = |n: u32| Place::tenant("acme").connection("shop-1").record(format!("token-{n}"));
    for n in 0..3 {
        world.put(&place(n), &Connection { token: format!("secret-{n}").into() }, "connected_services");
    }
    assert!(!world.dump().contains("secret-"));
    let service = || Principal::service("acme", "sync").role("service");
    let grant = granted(world.read::<Connection>(service(), &place(0), "connected_services"));
    let token: Connection = world.steward.open(&grant, &place(0)).unwrap();
    assert_eq!(token.token.expose(&grant).unwrap(), "secret-0");

    world.revoke("shop-1");
    assert!(matches!(world.steward.open::<Connection>(&grant, &place(0)), Err(OpenError::NotAuthorized)));
    assert!(
        reasons(world.read::<Connection>(service(), &place(1), "connected_services"))
            .contains(&Reason::NoAuthorization)
    );
    world.steward.sweep().unwrap();
    assert_eq!(world.rows(), []);
    let gone: u64 = world.steward.disposals(None).unwrap().iter().map(|disposal| disposal.records).sum();
    assert_eq!(gone, 3);
}

/// S2.13: the page lists the declared purposes and no other; code can use no other.
#[test]
fn s2_13_the_listed_purposes_are_all_there_are() {
    let policy = Policy::from_toml(PROCESSING).unwrap();
    let page = page(PROCESSING, &EvidenceSet::new(), start());
    let section = page.split("\n## ").find(|section| section.contains("Processing purposes\n")).unwrap();
    let listed: BTreeSet<Name> = section
        .lines()
        .filter_map(|line| line.split_once("*(enforced: `purposes.")?.1.strip_suffix("`)*"))
        .map(Name::new)
        .collect();
    assert_eq!(listed, policy.document().purposes.keys().cloned().collect());
    let world = World::of::<(Account,)>(PROCESSING);
    let put =
        world.steward.put(&Place::tenant("acme").subject("user-1"), &account(), &Purpose::new("advertise"));
    assert!(matches!(put, Err(PutError::PurposeNotDeclared { purpose }) if purpose == "advertise"));
}

/// S2.14: data of a connected platform is read for the purposes of its category alone.
#[test]
fn s2_14_a_category_is_not_read_for_anothers_purpose() {
    let world = World::complete();
    world.connect("acme", "shop-1");
    let place = Place::tenant("acme").connection("shop-1");
    let service = || Principal::service("acme", "sync").role("integration");
    let why = reasons(world.read::<Connection>(service(), &place, "billing"));
    let (category, purpose) = (Name::new("connected_platform"), Name::new("billing"));
    assert!(why.contains(&Reason::PurposeMismatch { category, purpose }), "{why:?}");
    granted(world.read::<Connection>(service(), &place, "order_sync"));
    let put = world.steward.put(&place, &Connection { token: text("tok").into() }, &Purpose::new("billing"));
    assert!(matches!(put, Err(PutError::PurposeMismatch { .. })));
}

/// S2.15: what users request is done for somebody who did; the trail names them under a pseudonym.
#[test]
fn s2_15_a_job_carries_the_user_who_asked_for_it() {
    struct Outreach(u32);
    let world = World::complete();
    let queue = std::cell::RefCell::new(Vec::new());
    let enqueue = |by: &Principal, purpose: &str| {
        let job = world.steward.request(by, &Purpose::new(purpose), Outreach(7))?;
        queue.borrow_mut().push(job);
        Ok::<_, RequestError>(())
    };
    let before = world.trail().len();
    for nobody in [Principal::service("acme", "sync").role("integration"), world.owner().suspended()] {
        assert!(matches!(enqueue(&nobody, "outreach"), Err(RequestError::NotRequested)));
    }
    assert!(matches!(
        enqueue(&world.owner(), "advertise"),
        Err(RequestError::PurposeNotDeclared { purpose }) if purpose == "advertise"
    ));
    assert_eq!((world.trail().len(), queue.borrow().len()), (before, 0));
    enqueue(&world.owner(), "outreach").unwrap();
    let entry = world.trail().pop().unwrap();
    let job = queue.into_inner().pop().unwrap();
    assert!(matches!(&entry.event, AuditEvent::JobRequested { purpose } if *purpose == "outreach"));
    assert_eq!((job.requested_by().as_str(), job.tenant().as_str()), ("user-1", "acme"));
    assert_eq!(entry.by.as_ref(), Some(job.shown_as()));
    assert_eq!(world.steward.trail_name(&world.owner()).unwrap().as_ref(), Some(job.shown_as()));
    assert_eq!(job.purpose().name().as_str(), "outreach");
    assert_eq!(job.into_job().0, 7);
}

/// S2.16: an investigation of abuse needs a case, its grant ends, and it is reported.
#[test]
fn s2_16_an_investigation_needs_a_case_and_is_bounded_in_time() {
    let world = World::complete();
    let place = Place::tenant("acme").subject("user-7");
    world.put(&place, &Draft { text: text("spam").into() }, "support");
    let by = Principal::person("acme", "agent-1").role("support").mfa_at(world.steward.now());
    let ask = |question: Question<Read>| world.steward.authorize(&question).unwrap();
    let purpose = Purpose::new("abuse_investigation");
    let question = Question::read(by.clone(), Resource::at::<Draft>(&place), purpose);
    let why = reasons(ask(question.clone().assigned_case(true)));
    assert!(why.contains(&Reason::CaseRequired), "{why:?}");
    let question = question.for_case("abuse-7");
    for without in [question.clone(), question.clone().assigned_case(false)] {
        let why = denied(ask(without)).explain();
        let nearest = why.nearest.unwrap();
        assert_eq!(nearest.rule, Name::new("support-investigates-abuse"));
        assert!(matches!(nearest.missing[..], [Missing::AssignedCase(_)]), "{:?}", nearest.missing);
    }
    let grant = granted(ask(question.assigned_case(true)));
    world.steward.open::<Draft>(&grant, &place).unwrap();
    world.advance("61 minutes");
    let late = world.steward.open::<Draft>(&grant, &place).map(|_| ());
    assert!(matches!(late, Err(OpenError::Grant(GrantError::Expired { .. }))));
    let review = world.steward.review_access(&world.reader(), start()).unwrap();
    let cases: Vec<_> =
        review.emergencies.iter().map(|one| one.case.as_ref().map(|case| case.as_str())).collect();
    assert_eq!(cases, [None, Some("abuse-7"), Some("abuse-7"), Some("abuse-7")]);
    assert_eq!(review.emergencies[3].by, world.steward.trail_name(&by).unwrap());
}

/// S2.21: a category of providers without a legal entity is flagged.
#[test]
fn s2_21_a_provider_in_use_is_named() {
    assert_eq!(Policy::from_toml(PROCESSING).unwrap().findings(), []);
    let found = findings(PROCESSING, "entity = \"Northgate Hosting GmbH\"\n", "");
    let unnamed = found.iter().find(|found| found.code() == FindingCode::UnnamedSubprocessor).unwrap();
    assert_eq!(unnamed.path(), "processors.hosting.entity");
    let bare = PROCESSING.replace("entity = \"Northgate Hosting GmbH\"\n", "");
    assert!(page(&bare, &EvidenceSet::new(), start()).contains("| hosting (not named) |"));
}

/// S2.23: the list for a vendor review is the list of the page.
#[test]
fn s2_23_the_exported_list_is_the_list_of_the_page() {
    let policy = Policy::from_toml(PROCESSING).unwrap();
    let exported = serde_json::to_value(policy.document()).unwrap();
    let named: Vec<_> = exported["processors"]
        .as_object()
        .unwrap()
        .values()
        .map(|one| one["entity"].as_str().unwrap())
        .collect();
    let page = page(PROCESSING, &EvidenceSet::new(), start());
    let section = page.split("\n## ").find(|section| section.contains("Subprocessors and service")).unwrap();
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert_eq!(rows.len(), named.len());
    for (row, entity) in rows.into_iter().zip(named) {
        assert!(row.replace('\\', "").starts_with(&format!("| {entity} |")), "{row}: {entity}");
    }
}

/// S2.28e: which secrets are sealed is a list; the store never sees one of them.
#[test]
fn s2_28e_no_secret_is_in_the_store_and_the_page_lists_what_is_sealed() {
    let world = World::of::<(Account, Connection)>(PROCESSING);
    world.connect("acme", "shop-1");
    world.put(&Place::tenant("acme").subject("user-1"), &account(), "provide_service");
    let shop = Place::tenant("acme").connection("shop-1");
    world.put(&shop, &Connection { token: text("tok-4711").into() }, "connected_services");
    let dump = world.dump();
    for secret in ["argon2id", "tok-4711", "ada@example.com"] {
        assert!(!dump.contains(secret), "{secret}");
    }
    assert!(dump.contains("platform.token"), "the dump is one");

    let page = page(PROCESSING, &EvidenceSet::new(), start()).replace('\\', "");
    assert!(page.contains("| Restricted | sealed (AES-256) |"));
    let policy = Policy::from_toml(PROCESSING).unwrap();
    let secret = policy.document().classes.iter().filter(|(_, class)| class.level == Level::Restricted);
    let secret: Vec<_> = secret.map(|(name, _)| format!("{name} (restricted")).collect();
    assert_eq!(page.matches(" (restricted").count(), secret.len());
    assert!(secret.iter().all(|listed| page.contains(listed)), "{secret:?}");
}

/// S2.29: access has a declared reason; who improves the service sees nobody.
#[test]
fn s2_29_improving_the_service_reads_no_person() {
    let world = World::of::<(Draft, Pacing)>(PROCESSING);
    let by = || Principal::person("acme", "ops-1").role("operations").mfa_at(world.steward.now());
    let person = Place::tenant("acme").subject("user-7");
    world.put(&person, &Draft { text: text("hello").into() }, "workflows");
    world.put(&person, &Pacing { note: text("paced").into() }, "workflows");
    let ask = |category: &str, level| {
        let resource = Resource::category("acme", category, level);
        world.steward.authorize(&Question::read(by(), resource, Purpose::new("improve"))).unwrap()
    };
    granted(ask("operational", Level::Internal));
    assert!(
        reasons(ask("operational", Level::Confidential))
            .iter()
            .any(|why| matches!(why, Reason::DeniedBy(rule, _) if *rule == "improve-never-sees-people"))
    );
    denied(ask("user_content", Level::Internal));
    // An anonymised view is all that such a purpose is shown.
    let resource = Resource::category("acme", "operational", Level::Internal);
    let question = Question::read(by(), resource, Purpose::new("improve"));
    let grant = granted(world.steward.authorize(&question).unwrap());
    let raw = world.steward.open::<Pacing>(&grant, &person).map(|_| ());
    assert!(matches!(raw, Err(OpenError::Grant(GrantError::AnonymisedOnly))), "{raw:?}");
    let view = world.steward.open_anonymised::<Pacing>(&grant, &"acme".into(), None, 10).unwrap();
    assert_eq!(view.records, [[(Name::new("note"), json!("paced"))].into()]);

    let none = reasons(world.read::<Draft>(by(), &person, ""));
    assert!(none.contains(&Reason::PurposeNotDeclared(Name::new(""))), "{none:?}");
}
