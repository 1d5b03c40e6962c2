//! S1: the compliance overview, but for its requests.

use stewardship::access::{Answer, Barrier, Reason};
use stewardship::audit::{AuditEvent, DecidedAs, StoreRefusal};
use stewardship::classification::{BindProblem, Level};
use stewardship::contracts::FieldBody;
use stewardship::engine::{BuildError, OpenError, PutError};
use stewardship::governance::{Evidence, EvidenceSet, Method};
use stewardship::id::Name;
use stewardship::policy::{FindingCode, PolicyDocument, Severity};
use stewardship::ports::local_keys::LocalKeys;
use stewardship::ports::memory::Memory;
use stewardship::report::{RenderError, render};
use stewardship::retention::{Disposition, Hold, HoldCover};
use stewardship::{Place, Policy, Principal, Purpose, Question, Resource, Scope, Steward, block_on};

use super::world::{
    Account, Connection, Creator, World, denied, findings, granted, headings, page, period, reasons, start,
    text,
};
use crate::policies::OVERVIEW;

fn account() -> Account {
    Account { email: text("ada@example.com").into(), password_hash: text("$argon2id$secret").into() }
}

fn creator() -> Creator {
    Creator { handle: text("@ada").into(), email: text("ada@example.com").into() }
}

/// S1.H: titles and order come from the policy, and a part that goes takes exactly its section along.
#[test]
fn s1_h_the_page_is_stable_and_loses_exactly_the_section_of_a_part() {
    let (evidence, policy) = (EvidenceSet::new(), Policy::from_toml(OVERVIEW).unwrap());
    let whole = page(OVERVIEW, &evidence, start());
    assert_eq!(whole, page(OVERVIEW, &evidence, start()));
    let shown = headings(&whole);
    for expected in [
        "Data handling principles",
        "Data classification",
        "Subprocessors and service providers",
        "Request handling",
        "Current posture",
    ] {
        assert!(shown.contains(&expected), "{expected}: {shown:?}");
    }
    let mut document: PolicyDocument = policy.document().clone();
    document.requests = None;
    let less = render(&document, "digest", &evidence, start()).unwrap();
    let left: Vec<_> = shown.into_iter().filter(|title| *title != "Request handling").collect();
    assert_eq!(headings(&less), left);
}

/// S1.1: the sentence of what the page is about names the parts that are there.
#[test]
fn s1_01_without_vendors_the_page_is_not_about_vendors() {
    let mut document: PolicyDocument = Policy::from_toml(OVERVIEW).unwrap().document().clone();
    let about = |document: &PolicyDocument| {
        let page = render(document, "digest", &EvidenceSet::new(), start()).unwrap();
        page.contains("This page says how")
            && page.contains("decides who may use it, deletes it")
            && page.lines().any(|line| line.starts_with("This page says") && line.contains("manages vendor"))
    };
    assert!(about(&document));
    document.processors.clear();
    assert!(!about(&document));
}

/// S1.2: the page says when it was last updated, and an update in the future is an error of that day.
#[test]
fn s1_02_an_update_in_the_future_is_found() {
    let policy = Policy::from_toml(OVERVIEW).unwrap();
    let found = |day: &str| policy.findings_at(day.parse().unwrap());
    let before = found("2026-03-18");
    let updated = before.iter().find(|found| found.code() == FindingCode::FutureDate).unwrap();
    assert_eq!((updated.path(), updated.severity()), ("updated", Severity::Error));
    assert_eq!(found("2026-03-19"), []);
    let page = page(OVERVIEW, &EvidenceSet::new(), start());
    assert!(page.contains("Last updated: 2026-03-19") && page.contains(&policy.digest().to_string()));
}

/// S1.3: data is processed for declared purposes alone, and for a seller's workflow under a live authorisation alone.
#[test]
fn s1_03_a_purpose_must_be_declared_and_authorized() {
    let world = World::complete();
    let place = Place::tenant("acme").connection("shop-1").subject("creator-1");
    let read = |purpose| world.read::<Creator>(world.owner(), &place, purpose);

    let before = world.trail().len();
    let why = reasons(read("ad_targeting"));
    assert!(why.contains(&Reason::PurposeNotDeclared(Name::new("ad_targeting"))), "{why:?}");
    let trail = world.trail();
    assert_eq!(trail.len(), before + 1);
    // It says why, and not the name, which could be anything.
    assert!(matches!(
        &trail[before].event,
        AuditEvent::Decided { purpose: None, outcome: DecidedAs::Forbidden, barriers, .. }
            if barriers.contains(&Barrier::PurposeNotDeclared)
    ));
    assert!(reasons(read("order_sync")).contains(&Reason::NoAuthorization));
    assert!(matches!(
        &world.trail().last().unwrap().event,
        AuditEvent::Decided { purpose: Some(purpose), barriers, .. }
            if *purpose == "order_sync" && barriers.contains(&Barrier::NoAuthorization)
    ));
    let stored = world.steward.put(&place, &creator(), &Purpose::new("order_sync"));
    assert!(matches!(stored, Err(PutError::NoAuthorization)));

    world.connect("acme", "shop-1");
    granted(read("order_sync"));
    world.put(&place, &creator(), "order_sync");
    let refused = world.steward.put(&place, &creator(), &Purpose::new("ad_targeting"));
    assert!(matches!(refused, Err(PutError::PurposeNotDeclared { purpose }) if purpose == "ad_targeting"));
    let trail = world.trail();
    let last = &trail.last().unwrap().event;
    let AuditEvent::StoreRefused { purpose: None, why, .. } = last else { panic!("{last:?}") };
    assert_eq!(*why, StoreRefusal::PurposeNotDeclared);

    world.revoke("shop-1");
    assert!(reasons(read("order_sync")).contains(&Reason::NoAuthorization));
}

/// S1.4: authenticated, of the tenant, with the permission: all three, or nothing.
#[test]
fn s1_04_exactly_one_of_eight_combinations_allows() {
    let world = World::of::<(Account,)>(OVERVIEW);
    let mut allowed = Vec::new();
    for bits in 0..8 {
        let (active, own, permitted) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
        let mut by = Principal::person(if own { "acme" } else { "other" }, "user-1");
        if permitted {
            by = by.role("member");
        }
        if !active {
            by = by.suspended();
        }
        let resource = Resource::category("acme", "support", Level::Confidential);
        let question = Question::read(by, resource, Purpose::new("platform_operations"));
        if matches!(world.steward.authorize(&question).unwrap(), stewardship::Access::Granted(_)) {
            allowed.push(bits);
        }
    }
    assert_eq!(allowed, [7]);
}

/// S1.4: what is another tenant's and what does not exist are answered alike.
#[test]
fn s1_04_another_tenants_data_is_as_if_it_were_not_there() {
    let world = World::complete();
    let theirs = Place::tenant("other").connection("shop-1").subject("creator-1");
    world.put(&theirs, &creator(), "support");
    let nowhere = Place::tenant("nobody").connection("shop-1").subject("creator-9");
    let refused = |place: &Place| {
        let denial = denied(world.read::<Creator>(world.owner(), place, "support"));
        assert_eq!(denial.answer(), Answer::NotPermitted);
        denial.explain().to_string()
    };
    assert_eq!(refused(&theirs), refused(&nowhere));

    let not_found = |id: &str| {
        let place = Place::tenant("acme").connection("shop-1").subject(id);
        world.open::<Creator>(world.owner(), &place, "support").map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(not_found("creator-1"), not_found("creator-9"), "one exists elsewhere, one nowhere");
    let own = Place::tenant("acme").connection("shop-1").subject("creator-1");
    world.put(&own, &creator(), "support");
    world.open::<Creator>(world.owner(), &own, "support").unwrap();
    let grant = granted(world.read::<Creator>(world.owner(), &own, "support"));
    let elsewhere = world.steward.open::<Creator>(&grant, &theirs).map(|_| ());
    assert!(matches!(elsewhere, Err(OpenError::Grant(_))));
}

/// S1.6: after the end of the relationship data goes once, at its moment, and not a second before.
#[test]
fn s1_06_data_goes_when_its_period_after_the_relationship_is_over() {
    let world = World::of::<(Account,)>(OVERVIEW);
    let place = Place::tenant("acme").subject("user-1");
    world.put(&place, &account(), "platform_operations");
    world.advance("90 days");
    assert_eq!(world.steward.sweep().unwrap().keeping, 1, "the relationship goes on");
    world
        .steward
        .happened(&Scope::subject("acme", "user-1"), "relationship_ended", world.steward.now())
        .unwrap();

    for step in ["29 days", "23 hours", "59 minutes", "59 seconds"] {
        world.advance(step);
    }
    let early = world.steward.sweep().unwrap();
    assert_eq!((early.keeping, early.disposals.len(), world.rows().len()), (1, 0, 1));
    world.advance("1 second");
    let swept = world.steward.sweep().unwrap();
    assert_eq!((swept.keeping, world.rows().len()), (0, 0));
    let gone: Vec<_> = swept.disposals.iter().map(|disposal| disposal.records).collect();
    assert_eq!(gone, [1]);
    world.advance("1 day");
    world.steward.sweep().unwrap();
    let all = world.steward.disposals(None).unwrap();
    assert_eq!(all.iter().map(|disposal| disposal.records).sum::<u64>(), 1, "once, and not again");
}

/// S1.6: saying again that the relationship has ended puts nothing off; a record of a later relationship waits for its own end.
#[test]
fn s1_06_an_event_said_again_puts_nothing_off() {
    let world = World::of::<(Account,)>(OVERVIEW);
    let (first, second) =
        (Place::tenant("acme").subject("user-1"), Place::tenant("acme").subject("user-1").record("2"));
    let ended = || {
        let scope = Scope::subject("acme", "user-1");
        world.steward.happened(&scope, "relationship_ended", world.steward.now()).unwrap();
    };
    world.put(&first, &account(), "platform_operations");
    ended();
    world.advance("29 days");
    world.put(&second, &account(), "platform_operations");
    world.advance("12 hours");
    ended();
    world.advance("12 hours");
    world.steward.sweep().unwrap();
    assert!(
        matches!(world.open_on_case::<Account>(&first), Err(OpenError::NotFound)),
        "30 days after the first"
    );
    world.advance("29 days");
    world.steward.sweep().unwrap();
    assert!(world.open_on_case::<Account>(&second).is_ok());
    world.advance("12 hours");
    world.steward.sweep().unwrap();
    assert!(
        matches!(world.open_on_case::<Account>(&second), Err(OpenError::NotFound)),
        "30 days after the second"
    );
}

/// S1.6: "unless retention is legally required": a hold keeps, and says so.
#[test]
fn s1_06_a_hold_keeps_what_is_due() {
    let world = World::of::<(Account,)>(OVERVIEW);
    let place = Place::tenant("acme").subject("user-1");
    world.put(&place, &account(), "platform_operations");
    world
        .steward
        .happened(&Scope::subject("acme", "user-1"), "relationship_ended", world.steward.now())
        .unwrap();
    let cover = HoldCover::tenant("acme").category("account");
    let hold = Hold::new("lawsuit-7", cover, "claim before a court", "counsel", world.steward.now());
    world.steward.place_hold(&hold).unwrap();
    world.advance("31 days");
    let swept = world.steward.sweep().unwrap();
    let [held] = &swept.held[..] else { panic!("{swept:?}") };
    let Disposition::HeldBy { holds, otherwise } = &held.disposition else { panic!("{held:?}") };
    assert_eq!(*holds, ["lawsuit-7"]);
    assert!(matches!(**otherwise, Disposition::DueSince { .. }));
    assert!(world.open_on_case::<Account>(&place).is_ok());

    assert!(world.steward.lift_hold(place.tenant_id(), "lawsuit-7").unwrap());
    world.steward.sweep().unwrap();
    assert!(matches!(world.open_on_case::<Account>(&place), Err(OpenError::NotFound)));
}

/// S1.6: "within a reasonable period" is refused with a hint.
#[test]
fn s1_06_a_reasonable_period_is_none() {
    let found = findings(OVERVIEW, "keep = \"30 days\"", "keep = \"a reasonable period\"");
    let vague = found.iter().find(|found| found.code() == FindingCode::VagueDuration).unwrap();
    assert_eq!(vague.path(), "retention.rule[0].keep");
    assert!(vague.hint().contains("30 days"), "{vague}");
}

/// S1.7: every category has a class with a level, every field a class that code and policy agree on.
#[test]
fn s1_07_what_is_not_classified_is_found() {
    let class = "[classes.\"support.message\"]\nlevel = \"confidential\"\ncategory = \"support\"\n";
    let found = findings(OVERVIEW, class, "");
    assert!(found.iter().any(|found| {
        found.code() == FindingCode::UnclassifiedCategory && found.path() == "categories.support"
    }));
    assert_eq!(Policy::from_toml(OVERVIEW).unwrap().findings(), []);

    let build = |text: &str| {
        let policy = Policy::from_toml(text).unwrap();
        let builder = Steward::builder(policy, Memory::new(), LocalKeys::in_memory()).bind::<(Account,)>();
        block_on(builder.build()).map(|_| ())
    };
    build(OVERVIEW).unwrap();
    let lower = OVERVIEW.replace(
        "[classes.\"account.email\"]\nlevel = \"confidential\"",
        "[classes.\"account.email\"]\nlevel = \"internal\"",
    );
    let Err(BuildError::Bind(error)) = build(&lower) else { panic!("bound against a lower level") };
    assert!(
        matches!(error.problems(), [BindProblem::ClassDisagrees { class, .. }] if class.id == "account.email")
    );
    let renamed = OVERVIEW.replace("[classes.\"account.email\"]", "[classes.\"account.mail\"]");
    let Err(BuildError::Bind(error)) = build(&renamed) else { panic!("bound without a class") };
    assert!(matches!(error.problems(), [BindProblem::UnknownClass { .. }]));
}

/// S1.10: a confidential value is neither shown nor exposed without a grant that covers it.
#[test]
fn s1_10_a_confidential_value_needs_a_grant_of_its_category_and_level() {
    let world = World::complete();
    let (person, shop) = (
        Place::tenant("acme").connection("shop-1").subject("creator-1"),
        Place::tenant("acme").subject("user-1"),
    );
    world.put(&person, &creator(), "support");
    world.put(&shop, &account(), "security");
    let (opened, grant) = world.open::<Creator>(world.owner(), &person, "support").unwrap();
    assert_eq!(opened.email.expose(&grant).unwrap(), "ada@example.com");
    let shown = format!("{opened:?} {:#?}", opened.email);
    assert!(!shown.contains("ada@") && shown.contains("<creator.email: confidential>"), "{shown}");

    let service = Principal::service("acme", "sign-in").role("integration");
    let (_, other) = world.open::<Account>(service, &shop, "security").unwrap();
    let refused = opened.email.expose(&other).unwrap_err();
    assert_eq!(refused.class().id, "creator.email");
    assert!(!refused.to_string().contains("ada@"));
    assert!(account().email.expose(&grant).is_err(), "a grant for creators exposes no account");

    let resource = Resource::at::<Creator>(&person).up_to(Level::Internal);
    let question = Question::read(world.owner(), resource, Purpose::new("support"));
    let low = granted(world.steward.authorize(&question).unwrap());
    assert!(opened.email.expose(&low).is_err());
    let above = world.steward.open::<Creator>(&low, &person).map(|_| ());
    assert!(matches!(above, Err(OpenError::AboveGrant { level: Level::Confidential, .. })));
}

/// S1.11: the restricted level has the strongest controls, in the policy and in the store.
#[test]
fn s1_11_restricted_data_is_sealed_and_its_controls_are_the_strongest() {
    let world = World::complete();
    world.connect("acme", "shop-1");
    let place = Place::tenant("acme").connection("shop-1");
    world.put(&place, &Connection { token: text("tok-4711").into() }, "order_sync");
    let rows = world.rows();
    assert!(rows.iter().flat_map(|row| &row.fields).all(|field| matches!(field.body, FieldBody::Sealed(_))));
    assert!(!world.dump().contains("tok-4711"));

    let restricted = "mfa_within = \"12 hours\"\nrecord = \"before\"";
    for (with, code, key) in [
        ("mfa_within = \"12 hours\"\nrecord = \"never\"", FindingCode::UnrecordedLevel, "record"),
        ("mfa_within = \"48 hours\"\nrecord = \"before\"", FindingCode::NonMonotoneControls, "mfa_within"),
    ] {
        let policy = crate::policies::COMPLETE;
        let found = findings(policy, restricted, with);
        let path = format!("levels.restricted.{key}");
        assert!(found.iter().any(|found| found.code() == code && found.path() == path), "{found:?}");
    }
    let clear = findings(OVERVIEW, "seal = \"aes-256\"\nmfa_within", "mfa_within");
    let codes: Vec<_> = clear.iter().map(|found| found.code()).collect();
    assert!(
        codes.contains(&FindingCode::NonMonotoneControls) && codes.contains(&FindingCode::RestrictedUnsealed)
    );

    let overview = World::of::<(Account,)>(OVERVIEW);
    let by = Principal::person("acme", "user-1").role("reviewer");
    let late = by.clone().mfa_at("2026-11-21T20:59:59Z".parse().unwrap());
    let place = Place::tenant("acme").subject("user-1");
    for by in [by, late] {
        let why = reasons(overview.read::<Account>(by, &place, "answer_requests"));
        assert!(why.contains(&Reason::LevelNeedsMfa(period("12 hours"))), "{why:?}");
    }
}

/// S1.12, S1.13: a subprocessor is declared with categories and purposes that exist, and stands on the page.
#[test]
fn s1_12_a_subprocessor_is_declared_for_what_it_does() {
    for (was, becomes) in [
        ("categories = [\"account\", \"support\"]", "categories = [\"account\", \"sopport\"]"),
        ("purposes = [\"platform_operations\"]\ndisabled", "purposes = [\"advertising\"]\ndisabled"),
    ] {
        let found = findings(OVERVIEW, was, becomes);
        assert!(
            found.iter().any(|found| {
                found.code() == FindingCode::UnknownReference && found.path().starts_with("processors.email.")
            }),
            "{found:?}"
        );
    }
    let page = page(OVERVIEW, &EvidenceSet::new(), start());
    for row in ["| Northgate Hosting GmbH | Application hosting", "| Tidewater Data Ltd | Authentication"] {
        assert_eq!(page.matches(row).count(), 1, "{row}");
    }
}

/// S1.14: a subprocessor that is not enabled is listed so; enabled, it needs its legal name.
#[test]
fn s1_14_a_subprocessor_that_is_enabled_needs_a_name() {
    let shown = page(OVERVIEW, &EvidenceSet::new(), start());
    assert!(shown.contains("| email (not enabled) | Support and operational email notifications"), "{shown}");
    let found = findings(OVERVIEW, "disabled = true", "disabled = false");
    assert!(found.iter().any(|found| {
        found.code() == FindingCode::UnnamedSubprocessor && found.path() == "processors.email.entity"
    }));
    let named = OVERVIEW.replace("disabled = true", "entity = \"Postbird SAS\"");
    assert_eq!(Policy::from_toml(&named).unwrap().findings(), []);
    assert!(page(&named, &EvidenceSet::new(), start()).contains("| Postbird SAS | Support and"));
}

/// S1.22: a published document is claimed while evidence of it is fresh.
#[test]
fn s1_22_a_claim_whose_evidence_is_old_is_not_made() {
    let claims = [
        "publishes a privacy policy",
        "publishes terms of service",
        "publishes an information security program",
    ];
    let controls = ["privacy-policy-published", "terms-published", "security-program-published"];
    let evidence: EvidenceSet = controls
        .into_iter()
        .zip(["40 days", "91 days", "0 days"])
        .map(|(control, before)| {
            let at = start() - (period(before).after(start()) - start());
            Evidence::met(control, Method::Examine, at, "reviewer").with_digest("sha256:…")
        })
        .collect();
    let page = page(OVERVIEW, &evidence, start());
    let made: Vec<_> = claims.into_iter().map(|claim| page.contains(claim)).collect();
    assert_eq!(made, [true, false, true]);
    assert!(
        page.contains(
            "- `terms-published` (Published documents): its evidence is too old; last verified 2026-08-23."
        ),
        "{page}"
    );
    assert!(
        !page.contains("documented publicly and supported"),
        "S1.26: a commitment stands on what backs it"
    );
}

/// S1.23: no certificate is claimed that is not declared and valid.
#[test]
fn s1_23_certificates_are_claimed_while_they_are_valid_alone() {
    const NONE: &str = "does not currently claim any certification";
    assert!(page(OVERVIEW, &EvidenceSet::new(), start()).contains(NONE));
    let held = format!(
        "{OVERVIEW}\n[[certifications]]\nstandard = \"ISO/IEC 27001:2022\"\nscope = \"hosting\"\nvalid_until = 2026-12-31\n"
    );
    let shown = page(&held, &EvidenceSet::new(), start());
    assert!(!shown.contains(NONE) && shown.contains("ISO/IEC 27001:2022"));
    let later = page(&held, &EvidenceSet::new(), "2027-01-01T00:00:00Z".parse().unwrap());
    assert!(later.contains(NONE) && !later.contains("ISO/IEC 27001:2022"));
    let policy = Policy::from_toml(&held).unwrap();
    assert_eq!(policy.findings_at("2026-12-31".parse().unwrap()), []);
    let expired = policy.findings_at("2027-01-01".parse().unwrap());
    assert!(matches!(&expired[..], [one] if one.code() == FindingCode::CertificationExpired));
}

/// S1.24: the Data Protection Officer is listed where there is one; somebody answers in any case.
#[test]
fn s1_24_without_an_officer_the_page_says_so_and_a_contact_is_needed() {
    const NONE: &str = "does not currently list a Data Protection Officer";
    assert!(page(OVERVIEW, &EvidenceSet::new(), start()).contains(NONE));
    let contact = "privacy = \"support@harbour-ledger.example\"";
    let dpo = OVERVIEW.replace(contact, &format!("{contact}\ndpo = \"dpo@harbour-ledger.example\""));
    let shown = page(&dpo, &EvidenceSet::new(), start());
    assert!(!shown.contains(NONE) && shown.contains("Data Protection Officer: dpo@harbour-ledger.example"));
    for (becomes, code, path) in [
        ("", FindingCode::MissingKey, "contacts.privacy"),
        (&*format!("{contact}\ndpo = \"\""), FindingCode::EmptyText, "contacts.dpo"),
    ] {
        let found = findings(OVERVIEW, contact, becomes);
        assert!(found.iter().any(|found| found.code() == code && found.path() == path), "{found:?}");
    }
}

/// S1.27: a list of links without a link has no heading; a link that leads nowhere safe is not rendered.
#[test]
fn s1_27_no_links_no_heading() {
    let without = page(OVERVIEW, &EvidenceSet::new(), start());
    assert!(!headings(&without).contains(&"Related resources"));
    let linked =
        format!("{OVERVIEW}\n[[links]]\ntitle = \"Terms\"\nurl = \"https://harbour-ledger.example/terms\"\n");
    let with = page(&linked, &EvidenceSet::new(), start());
    assert_eq!(headings(&with).last(), Some(&"Related resources"));
    let unsafe_link = Policy::from_toml(&linked.replace("https://", "javascript:")).unwrap();
    let refused = render(unsafe_link.document(), "digest", &EvidenceSet::new(), start());
    assert!(matches!(refused, Err(RenderError::UnsafeLink { title }) if title == "Terms"));
}

/// S1.25 (the sentence), S1.26: the page names the channel that the policy declares.
#[test]
fn s1_25_the_page_names_the_declared_channel() {
    let shown = page(OVERVIEW, &EvidenceSet::new(), start());
    assert!(shown.contains("handled through the support channel (support@harbour-ledger.example)"));
    let other = OVERVIEW.replace("channel = \"support channel\"", "channel = \"web form\"");
    assert!(page(&other, &EvidenceSet::new(), start()).contains("handled through the web form ("));
}

/// S1.6: an event that no rule runs from is refused with those that are there: a misspelt one would keep data for ever.
#[test]
fn s1_06_a_misspelt_event_is_refused_and_a_missing_one_is_counted() {
    let world = World::complete();
    let place = Place::tenant("acme").subject("user-1");
    world.put(&place, &account(), "security");
    let scope = stewardship::Scope::Tenant("acme".into());
    let refused = world.steward.happened(&scope, "relationship_endet", world.steward.now()).unwrap_err();
    assert!(refused.to_string().contains("`relationship_ended`"), "{refused}");
    for internal in ["stored", "erasure_owed"] {
        assert!(world.steward.happened_to::<Account>(&place, internal, world.steward.now()).is_err());
    }
    let swept = world.steward.sweep().unwrap();
    assert_eq!(swept.waiting.get("relationship_ended"), Some(&1));
}

/// S1.4: a record is not replaced by another person's, and nobody is looked for by a field that is not indexed.
#[test]
fn s1_04_a_record_is_not_replaced_by_another_persons() {
    let world = World::complete();
    let first = Place::tenant("acme").subject("user-1").record("r");
    world.put(&first, &account(), "security");
    let second = Place::tenant("acme").subject("user-2").record("r");
    let refused = world.steward.put(&second, &account(), &Purpose::new("security"));
    assert!(matches!(refused, Err(PutError::OtherPlace)), "{refused:?}");
    let nobody = world.steward.find::<Account>(first.tenant_id(), "e-mail", "ada@example.com");
    assert!(nobody.is_err(), "an unknown field finds not nobody, but fails");
}
