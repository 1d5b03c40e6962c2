//! S1.8–S1.11, S3.4: how data leaves: through sinks, against proof, lowered by permit, redacted.

use std::cell::RefCell;

use stewardship::access::{ReleaseDenied, ReleaseRequest};
use stewardship::audit::{AuditEvent, DecidedAs};
use stewardship::classification::{
    Classified, FlowDenied, Labelled, Level, PolicySink, RecordSpec, Sink, levels,
};
use stewardship::crypto::{OsEntropy, Redactors, SecretKey};
use stewardship::engine::ReleaseError;
use stewardship::id::TenantId;
use stewardship::policy::Release;
use stewardship::{Action, Place, Principal, Purpose, Question, Resource};

use super::world::*;

stewardship::classes! {
    Headline: Public in "creators" = "creator.headline";
    Note: Internal in "creators" = "creator.pacing";
}

fn email() -> Classified<String, CreatorEmail> {
    text("ada@example.com").into()
}

fn token() -> Classified<String, PlatformToken> {
    text("tok-4711").into()
}

fn number() -> Classified<String, OrderNumber> {
    text("1001").into()
}

fn creators() -> Place {
    Place::tenant("acme").connection("shop-1").subject("creator-1")
}

/// The complete policy with a class of each level that may be published.
fn policy() -> String {
    crate::policies::COMPLETE.replace(
        "[categories.orders]",
        "[classes.\"creator.headline\"]\nlevel = \"public\"\ncategory = \"creators\"\nredact = \"show\"\n\n[categories.orders]",
    )
}

/// S1.8: an open sink takes what is public, and what it took is what was written.
#[test]
fn s1_08_an_open_sink_takes_what_is_public() {
    let published = RefCell::new(Vec::new());
    let mut site =
        Sink::<levels::Public, _>::new("site", |text: &String| published.borrow_mut().push(text.clone()));
    let headline: Classified<String, Headline> = text("We ship to Norway").into();
    site.write(&headline);
    assert_eq!(*published.borrow(), ["We ship to Norway"]);

    let world = World::of::<All>(&policy());
    let policy = world.steward.policy();
    site.write_labelled(&headline.labelled(policy)).unwrap();
    let denied = site.write_labelled(&number().labelled(policy)).unwrap_err();
    assert_eq!(denied, FlowDenied::Level { from: Level::Internal, to: Level::Public });
    assert_eq!(published.borrow().len(), 2, "nothing else was published");
}

/// S1.9: at run time the flow from Internal to Public is refused with both levels, and allowed the other way.
#[test]
fn s1_09_a_refused_flow_names_both_levels() {
    for from in Level::ALL {
        for to in Level::ALL {
            let world = World::complete();
            let taxonomy = world.steward.policy().taxonomy();
            let label = |level| taxonomy.label(level, &["orders"], &[]).unwrap();
            let flow = label(from).check_flow(&label(to));
            assert_eq!(flow.is_ok(), from.may_flow_to(to));
            if from > to {
                assert_eq!(flow, Err(FlowDenied::Level { from, to }));
            }
        }
    }
}

/// S1.10: a screen shows a confidential value against a grant for a purpose that it serves, and to nobody else.
#[test]
fn s1_10_a_screen_shows_what_the_policy_clears_against_a_grant() {
    let world = World::complete();
    let place = creators();
    world.put(&place, &creator(), "support");
    let (opened, grant) = world.open::<Creator>(world.owner(), &place, "support").unwrap();
    let shown = RefCell::new(Vec::new());
    let policy = world.steward.policy();
    let outlet = || |text: &String| shown.borrow_mut().push(text.clone());
    let mut screen = policy.sink("support_screen", outlet()).unwrap();

    let unproven = screen.write(&opened.email).unwrap_err();
    assert_eq!(unproven, FlowDenied::NotShown { granted: Level::Internal });
    screen.write_with(&opened.email, &grant).unwrap();
    assert_eq!(*shown.borrow(), ["ada@example.com"]);

    // The same person's grant for another purpose, which the screen does not serve.
    let (_, outreach) = world.open::<Creator>(world.owner(), &place, "outreach").unwrap();
    assert_eq!(screen.write_with(&opened.email, &outreach).unwrap_err(), FlowDenied::Purpose);
    // Another category, another level, a grant that is not for it.
    assert_eq!(
        screen.write_with(&token(), &grant).unwrap_err().to_string(),
        "data of level restricted may not flow to what is cleared for confidential: redact it, lower it with a permit, or write it \
         to what is cleared for restricted"
    );
    let payer: Classified<String, PayerName> = text("Ada").into();
    assert_eq!(screen.write_with(&payer, &grant).unwrap_err(), FlowDenied::Category);
    let buyer: Classified<String, BuyerName> = text("Ada").into();
    assert!(matches!(screen.write_with(&buyer, &grant).unwrap_err(), FlowDenied::NotShown { .. }));
    assert_eq!(shown.borrow().len(), 1);

    // What is internal goes to the log without a grant; nothing above it does, with one or without.
    let mut log: PolicySink<_> = policy.sink("app_log", outlet()).unwrap();
    log.write(&number()).unwrap();
    let refused = FlowDenied::Level { from: Level::Confidential, to: Level::Internal };
    assert_eq!(log.write(&opened.email).unwrap_err(), refused);
    assert_eq!(log.write_with(&opened.email, &grant).unwrap_err(), refused);
    assert_eq!(*shown.borrow(), ["ada@example.com", "1001"]);
    assert!(policy.sink("no_such", outlet()).is_err());
}

/// S1.10: what is exported is exported by a grant for that.
#[test]
fn s1_10_an_export_wants_a_grant_for_exporting() {
    let world = World::complete();
    world.put(&creators(), &creator(), "support");
    let (read, reading) = world.open::<Creator>(world.owner(), &creators(), "support").unwrap();
    let mut export = world.steward.policy().sink("owner_export", String::len).unwrap();
    let wanted = FlowDenied::Action { wanted: Action::Export };
    assert_eq!(export.write_with(&read.email, &reading), Err(wanted));
    let resource = Resource::at::<Creator>(&creators());
    let question = Question::export(world.owner(), resource, Purpose::new("support"));
    let grant = granted(world.steward.authorize(&question).unwrap());
    let opened: Creator = world.steward.open(&grant, &creators()).unwrap();
    assert_eq!(export.write_with(&opened.email, &grant), Ok("ada@example.com".len()));
}

/// S1.10: two values together want a grant for each, and are of the higher level and both categories.
#[test]
fn s1_10_what_is_made_of_two_wants_proof_for_both() {
    let world = World::complete();
    let (person, order) = (creators(), Place::tenant("acme").connection("shop-1").record("order-1"));
    world.put(&person, &creator(), "support");
    world.put(&order, &self::order(), "support");
    let (opened, of_creators) = world.open::<Creator>(world.owner(), &person, "support").unwrap();
    let (bought, of_orders) = world.open::<Order>(world.owner(), &order, "support").unwrap();
    let both = opened.email.zip(bought.number).map(|(email, number)| format!("{number}: {email}"));
    assert_eq!(format!("{both:?}"), "<creator.email & order.number: confidential>");
    assert!(both.expose(&of_creators).is_err());
    assert!(both.expose(&of_orders).is_err());
    assert_eq!(both.expose(&[&of_creators, &of_orders]).unwrap(), "1001: ada@example.com");

    let policy = world.steward.policy();
    let taxonomy = policy.taxonomy();
    let labelled = both.labelled(policy);
    let expected = taxonomy.of_class::<CreatorEmail>().join(taxonomy.of_class::<OrderNumber>());
    assert_eq!(labelled.label(), expected.raised_to(Level::Confidential));
    assert!(labelled.expose(&of_creators).is_err());
    assert_eq!(labelled.expose(&[&of_creators, &of_orders]).unwrap(), "1001: ada@example.com");
    assert!(format!("{labelled:?}").starts_with("<confidential in creators, orders"), "{labelled:?}");
}

fn creator() -> Creator {
    Creator { handle: text("@ada").into(), email: email() }
}

fn order() -> Order {
    Order { number: number(), buyer_name: text("Ada").into(), buyer_email: None.into() }
}

/// The processor register stands behind the same gate: a level, categories and purposes, all of them.
#[test]
fn s1_12_a_processor_receives_what_it_is_declared_for() {
    let world = World::complete();
    let policy = world.steward.policy();
    world.put(&creators(), &creator(), "outreach");
    let (opened, reading) = world.open::<Creator>(world.owner(), &creators(), "outreach").unwrap();
    let mut mailer = policy.sink("mailer", |text: &String| text.len()).unwrap();
    // Whoever may read hands nothing over; whoever may hand over opens it by the same grant.
    assert_eq!(mailer.write_with(&opened.email, &reading), Err(FlowDenied::Action { wanted: Action::Share }));
    let question = Question::share(
        Principal::service("acme", "sync").role("integration"),
        Resource::at::<Creator>(&creators()),
        Purpose::new("outreach"),
    );
    let grant = granted(world.steward.authorize(&question).unwrap());
    let opened: Creator = world.steward.open(&grant, &creators()).unwrap();
    assert_eq!(mailer.write_with(&opened.email, &grant), Ok("ada@example.com".len()));
    let payer: Classified<String, PayerName> = text("Ada").into();
    assert_eq!(mailer.write_with(&payer, &grant), Err(FlowDenied::Category));
    let disabled =
        crate::policies::COMPLETE.replace("[processors.mailer]", "[processors.mailer]\ndisabled = true");
    let disabled = stewardship::Policy::from_toml(&disabled);
    assert!(disabled.is_err() || disabled.unwrap().sink("mailer", ()).is_err());
}

fn releases(world: &World) -> Vec<(Release, DecidedAs, bool)> {
    let released = |event: AuditEvent| match event {
        AuditEvent::Released { release, outcome, approved_by, .. } => {
            Some((release, outcome, approved_by.is_some()))
        }
        _ => None,
    };
    world.trail().into_iter().filter_map(|entry| released(entry.event)).collect()
}

/// S1.10: without a grant, a value is shown for a reason that the policy lists, to whom it lists, and that is on the trail.
#[test]
fn s1_10_a_reason_on_the_trail_shows_one_class() {
    let world = World::complete();
    world.connect("acme", "shop-1");
    let place = Place::tenant("acme").connection("shop-1");
    let sync = Purpose::new("order_sync");
    let service = || Principal::service("acme", "sync").role("integration");
    let request = |by: Principal, reason: &str| ReleaseRequest::new(by, &place, sync.clone(), reason);

    let steward = &world.steward;
    let proof = steward.account::<PlatformToken>(&request(service(), "token_to_its_platform")).unwrap();
    assert_eq!(token().expose(&proof).unwrap(), "tok-4711");
    assert!(email().expose(&proof).is_err(), "the reason was given for another class");
    assert_eq!(releases(&world), [(Release::Expose, DecidedAs::Allowed, false)]);

    let denied = |request: ReleaseRequest| match steward.account::<PlatformToken>(&request) {
        Err(ReleaseError::Denied(denied)) => denied,
        other => panic!("{other:?}"),
    };
    assert!(matches!(denied(request(service(), "because")), ReleaseDenied::NoSuchReason { .. }));
    assert!(matches!(
        denied(request(service(), "published_by_the_creator")),
        ReleaseDenied::NoSuchReason { release: Release::Expose, .. }
    ));
    assert_eq!(
        denied(request(Principal::service("acme", "x"), "token_to_its_platform")),
        ReleaseDenied::NoRole
    );
    let suspended = service().suspended();
    assert_eq!(denied(request(suspended, "token_to_its_platform")), ReleaseDenied::Forbidden);
    let stranger = Principal::service("globex", "sync").role("integration");
    assert_eq!(denied(request(stranger, "token_to_its_platform")), ReleaseDenied::Forbidden);
    let person = Principal::person("acme", "user-9").role("integration");
    assert_eq!(
        denied(request(person, "token_to_its_platform")),
        ReleaseDenied::Forbidden,
        "no second factor"
    );
    let billing = ReleaseRequest::new(service(), &place, Purpose::new("billing"), "token_to_its_platform");
    assert_eq!(denied(billing), ReleaseDenied::Forbidden, "the purpose is not open to the category");
    world.revoke("shop-1");
    assert_eq!(
        denied(request(service(), "token_to_its_platform")),
        ReleaseDenied::Forbidden,
        "not authorised"
    );
    assert_eq!(releases(&world).len(), 9, "every no is on the trail, too");
}

/// S3.4: lowering wants a permit: a listed reason, a second person who may approve, and an entry on the trail.
#[test]
fn s3_04_lowering_wants_a_permit_of_two_people() {
    let world = World::of::<All>(&policy());
    let steward = &world.steward;
    let purpose = Purpose::new("support");
    let asks =
        |by: Principal| ReleaseRequest::new(by, &creators(), purpose.clone(), "published_by_the_creator");
    let support = || Principal::person("acme", "user-2").role("support").mfa_at(steward.now());
    let officer = || Principal::person("acme", "user-3").role("privacy_officer").mfa_at(steward.now());

    let permit = steward.permit::<CreatorEmail, Headline>(&asks(support()).approved_by(officer())).unwrap();
    let lowered: Classified<String, Headline> = email().lower(permit);
    assert_eq!(format!("{lowered:?}"), "<creator.headline: public>");
    assert_eq!(releases(&world), [(Release::Lower, DecidedAs::Allowed, true)]);

    let denied = |request: &ReleaseRequest| match steward.permit::<CreatorEmail, Headline>(request) {
        Err(ReleaseError::Denied(denied)) => denied,
        other => panic!("{other:?}"),
    };
    assert_eq!(denied(&asks(support())), ReleaseDenied::NotApproved);
    assert_eq!(denied(&asks(support()).approved_by(support())), ReleaseDenied::NotApproved, "not by oneself");
    let both = support().role("privacy_officer");
    assert_eq!(denied(&asks(both.clone()).approved_by(both)), ReleaseDenied::NotApproved, "with either role");
    let program = Principal::service("acme", "bot").role("privacy_officer");
    assert_eq!(denied(&asks(support()).approved_by(program)), ReleaseDenied::NotApproved, "not by a program");
    let stale = Principal::person("acme", "user-3").role("privacy_officer");
    assert_eq!(denied(&asks(support()).approved_by(stale)), ReleaseDenied::Forbidden, "no second factor");
    let stranger = Principal::person("globex", "user-3").role("privacy_officer").mfa_at(steward.now());
    assert_eq!(denied(&asks(support()).approved_by(stranger)), ReleaseDenied::Forbidden, "of another tenant");
    let above = steward.permit::<PlatformToken, Headline>(&asks(support()).approved_by(officer()));
    assert!(matches!(above, Err(ReleaseError::Denied(ReleaseDenied::AboveReason { .. }))));
    assert_eq!(releases(&world).len(), 8);
    let dump = world.dump();
    assert!(!dump.contains("user-2") && !dump.contains("user-3"), "the trail names nobody");
}

/// S3.4: what a platform sent without a label has the platform's level, is stored with it, and reads back with it.
#[test]
fn s3_04_an_unlabelled_record_of_a_platform_reads_back_at_its_level() {
    let world = World::of::<All>(&policy());
    let (steward, policy) = (&world.steward, world.steward.policy());
    let place = Place::tenant("acme").record("payload-1");
    let payload = || text("{\"buyer\":\"Ada\"}");
    let unlabelled = Labelled::from_source(policy, Some("ebay"), payload());
    assert_eq!(unlabelled.label().level(), Level::Confidential);
    let sealed = steward.seal_labelled(&place, "Inbox", "payload", &unlabelled).unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains("Ada"));

    let resource = Resource::at::<Order>(&place);
    let question = Question::read(world.owner(), resource, Purpose::new("support"));
    let grant = granted(steward.authorize(&question).unwrap());
    let back: Labelled<String> = steward.open_labelled(&grant, &place, "Inbox", "payload", &sealed).unwrap();
    assert_eq!(back.label(), unlabelled.label());
    assert_eq!(back.expose(&grant).unwrap(), "{\"buyer\":\"Ada\"}");
    assert_eq!(format!("{back:?}").split(' ').next(), Some("<confidential"));

    // From nobody knows where: the top, which this grant does not reach, and which flows nowhere.
    for source in [None, Some("nowhere")] {
        let unknown = Labelled::from_source(policy, source, payload());
        assert_eq!(unknown.label(), policy.taxonomy().top());
        let sealed = steward.seal_labelled(&place, "Inbox", "payload", &unknown).unwrap();
        assert!(steward.open_labelled::<String>(&grant, &place, "Inbox", "payload", &sealed).is_err());
        assert!(unknown.expose(&grant).is_err());
        assert!(policy.sink("owner_export", |_: &String| ()).unwrap().write_with(&unknown, &grant).is_err());
    }

    // A class that it may have: the same level and category. One that would lower it: only with a permit.
    let order = back.classify::<BuyerName>().unwrap();
    assert_eq!(order.expose(&grant).unwrap(), "{\"buyer\":\"Ada\"}");
    let unlabelled = Labelled::from_source(policy, Some("ebay"), payload());
    let (unlabelled, denied) = unlabelled.classify::<OrderNumber>().unwrap_err();
    assert_eq!(denied, FlowDenied::Level { from: Level::Confidential, to: Level::Internal });
    let ask = |by| ReleaseRequest::new(by, &place, Purpose::new("support"), "published_by_the_creator");
    let support = Principal::person("acme", "user-2").role("support").mfa_at(steward.now());
    let officer = Principal::person("acme", "user-3").role("privacy_officer").mfa_at(steward.now());
    let request = ask(support).approved_by(officer);
    let permit = steward.permit_labelled::<_, OrderNumber>(&unlabelled, &request).unwrap();
    let lowered: Classified<String, OrderNumber> = unlabelled.lower(permit).unwrap();
    assert_eq!(format!("{lowered:?}"), "<order.number: internal>");

    let permit = {
        let weaker = number().labelled(policy);
        steward.permit_labelled::<_, OrderNumber>(&weaker, &request).unwrap()
    };
    let other = Labelled::from_source(policy, Some("ebay"), payload());
    assert!(other.lower(permit).is_err(), "a permit for a lower label is none for a higher one");
}

/// A pseudonym is keyed by class and tenant, tells the number of its key, and changes with the key.
#[test]
fn s1_10_pseudonyms_are_keyed_and_their_keys_change() {
    let world = World::complete();
    let steward = &world.steward;
    let tenant = TenantId::new("acme");
    let handle = |text: &str| Classified::<String, CreatorHandle>::from(text.to_owned());
    let unkeyed = steward.redactors(&tenant).unwrap();
    assert_eq!(unkeyed.value(&handle("@ada")).to_string(), "", "without a key there is no pseudonym");

    world.put(&creators(), &creator(), "support");
    let redactors = steward.redactors(&tenant).unwrap();
    let shown = redactors.value(&handle("@ada")).to_string();
    assert!(shown.starts_with("p1:") && shown.len() == "p1:".len() + 32, "{shown}");
    assert_eq!(shown, steward.redactors(&tenant).unwrap().value(&handle("@ada")).to_string());
    assert_ne!(shown, redactors.value(&handle("@grace")).to_string());
    assert!(
        !steward
            .redactors(&TenantId::new("globex"))
            .unwrap()
            .value(&handle("@ada"))
            .to_string()
            .contains("p1:")
    );

    let policy = steward.policy();
    let (old, new) = (SecretKey::generate(&OsEntropy).unwrap(), SecretKey::generate(&OsEntropy).unwrap());
    let keyed =
        |number, key| Redactors::keyed(policy, &tenant, number, key).pseudonym(&handle("@ada")).unwrap();
    assert_eq!(keyed(1, &old), keyed(1, &old));
    assert_eq!((keyed(1, &old).key(), keyed(2, &new).key()), (1, 2));
    assert_ne!(keyed(1, &old).as_bytes(), keyed(2, &new).as_bytes());
    let account: Classified<String, AccountEmail> = text("@ada").into();
    let of_account = Redactors::keyed(policy, &tenant, 1, &old).pseudonym(&account);
    assert_ne!(of_account.map(|name| *name.as_bytes()), Some(*keyed(1, &old).as_bytes()), "another class");
}

/// The specification of a record says what is shown of it.
#[test]
fn s1_10_a_redacted_record_shows_what_its_classes_say() {
    let world = World::complete();
    let redactors = Redactors::new(world.steward.policy());
    let order = Order {
        number: number(),
        buyer_name: text("Ada Lovelace").into(),
        buyer_email: Some(text("ada@example.com")).into(),
    };
    let shown = redactors.record(&order);
    assert_eq!(
        format!("{shown:?}"),
        "Order { number: \"1001\", buyer_name: ***, buyer_email: …@example.com }"
    );
    let json = serde_json::to_value(&shown).unwrap();
    assert_eq!(
        json,
        serde_json::json!({ "number": "1001", "buyer_name": "***", "buyer_email": "…@example.com" })
    );
    assert_eq!(RecordSpec::of::<Order>().fields.len(), json.as_object().unwrap().len());
    let none = redactors
        .value(&Classified::<String, Note>::from(text("of no class that the policy knows")))
        .to_string();
    assert_eq!(none, "");
}
