//! The data map: what is held, and where code and policy do not go on with one another. S1.7, S2.8, S2.10.

use serde_json::json;
use stewardship::classification::{BindProblem, DataMap, Declares, Gap, Holding, Level};
use stewardship::policy::{LegalRole, PolicyDocument, Redact, SourceKind};
use stewardship::report;
use stewardship::{Action, Place, Policy, Scope};

use super::world::{Account, All, Connection, Creator, Order, World, text};
use crate::policies::{COMPLETE, PROCESSING};

/// The declarations of the example program.
#[path = "../../../examples/marketplace/data.rs"]
#[expect(dead_code, reason = "the program uses the rest")]
mod marketplace;

type Marketplace = (
    marketplace::Connection,
    marketplace::Creator,
    marketplace::Order,
    marketplace::Invoice,
    marketplace::MarketplaceInvoice,
);

fn policy(text: &str) -> Policy {
    Policy::from_toml(text).unwrap()
}

fn changed(policy: &Policy, change: impl FnOnce(&mut PolicyDocument)) -> Policy {
    let mut document = policy.document().clone();
    change(&mut document);
    Policy::from_document(document).unwrap()
}

fn held<D: Declares>(policy: &Policy) -> Vec<Holding> {
    DataMap::of::<D>().holdings(policy).unwrap()
}

fn named(class: &str, category: &str) -> (stewardship::id::Name, stewardship::id::Name) {
    (class.into(), category.into())
}

fn not_in_code(class: &str, category: &str) -> Gap {
    let (class, category) = named(class, category);
    Gap::NotInCode { class, category }
}

/// S1.7: the map lists each class once, with its level, category, purposes and legal roles, rules and readers.
#[test]
fn s1_07_the_map_of_the_example_says_what_is_held_and_why() {
    let policy = policy(COMPLETE);
    let held = held::<Marketplace>(&policy);
    let classes: Vec<_> = held.iter().map(|holding| holding.class.as_str()).collect();
    assert_eq!(
        classes,
        [
            "invoice.amount",
            "invoice.number",
            "invoice.payer_name",
            "platform.shop_name",
            "platform.token",
            "creator.email",
            "creator.handle",
            "marketplace_invoice.buyer_address",
            "marketplace_invoice.number",
            "order.buyer_address",
            "order.buyer_name",
            "order.number",
            "order.total",
        ]
    );
    let email = held.iter().find(|holding| holding.class == "creator.email").unwrap();
    let expected = json!({
        "class": "creator.email",
        "level": "confidential",
        "authenticator": false,
        "redact": "email-domain",
            "find_by": { "normalise": "email" },
        "category": "creators",
        "title": "Creators",
        "legal_basis": null,
        "purposes": [
            { "purpose": "order_sync", "title": "Keep stock and orders in step with the connected platforms", "role": "processor" },
            { "purpose": "outreach", "title": "Queue and send the creator outreach that a seller asked for", "role": "processor" },
            { "purpose": "subject_requests", "title": "Answer the requests of people about their data", "role": "processor" },
            { "purpose": "support", "title": "Answer what a customer asks support", "role": "processor" },
        ],
        "fields": [{ "kind": "Creator", "field": "email", "find_by": true }],
        "retention": [{
            "id": "creators-until-disconnected", "category": "creators", "from": "authorization_revoked", "keep": "0 days",
            "dispose": "crypto-erase", "basis": "service_delivery", "physically_within": "72 hours",
        }],
        "caps": [{
            "id": "amazon-pii", "platform": "amazon", "from": "order_delivered", "at_most": "30 days",
            "cites": "Amazon Data Protection Policy, read 2026-11-22: PII kept at most 30 days after delivery",
        }],
        "comes_from": ["tiktok-shop"],
        "synced_to": ["tiktok-shop"],
        "sources": ["mailer", "newsletter", "records"],
        "recipients": ["database", "hosting", "mailer"],
        "readers": ["integration", "owner", "privacy_officer", "support"],
    });
    assert_eq!(serde_json::to_value(email).unwrap(), expected);

    let table = report::data_map(&held);
    assert_eq!(table.lines().count(), 2 + held.len());
    assert!(
        table.lines().all(|line| line.matches(" | ").count() == 9 || line.starts_with("|---")),
        "{table}"
    );
    assert!(table.contains("| Creators | `creator.email` | confidential | `Creator.email` |"), "{table}");
}

/// S1.7, S2.5: the role stands beside each purpose, where a category has two.
#[test]
fn s1_07_the_map_has_the_legal_role_of_each_purpose() {
    let held = held::<All>(&policy(COMPLETE));
    let pacing = held.iter().find(|holding| holding.class == "operational.pacing").unwrap();
    for used in &pacing.purposes {
        let own = used.purpose == "improve";
        assert_eq!(used.role, if own { LegalRole::Controller } else { LegalRole::Processor }, "{used:?}");
    }
    assert!(pacing.legal_basis.as_deref().unwrap().starts_with("legitimate interests"));
    assert!(report::data_map(&held).contains("that name nobody (as controller)"));
}

/// S1.7: both ways. A class without a rule, a rule without a class, and silence where both say the same.
#[test]
fn s1_07_code_and_policy_are_compared_both_ways() {
    let whole = policy(COMPLETE);
    let gaps = DataMap::of::<Marketplace>().gaps(&whole);
    let waiting: Vec<_> = gaps.iter().filter(|gap| matches!(gap, Gap::NotInCode { .. })).cloned().collect();
    assert_eq!(
        waiting,
        [
            not_in_code("account.email", "account"),
            not_in_code("account.password_hash", "account"),
            not_in_code("content.draft", "user_content"),
            not_in_code("creator.note", "creators"),
            not_in_code("operational.pacing", "operational"),
            not_in_code("order.buyer_email", "orders"),
        ]
    );
    let [Gap::NothingHeld { category, ruled_by }, ..] = &gaps[waiting.len()..] else { panic!("{gaps:?}") };
    assert_eq!(category, "account");
    for rule in [
        "retention.rule `account-after-relationship`",
        "access.allow `integration-keeps-accounts`",
        "access.deny `password-hashes-never-to-people`",
        "processors `hosting`",
    ] {
        assert!(ruled_by.iter().any(|named| named == rule), "{rule}: {ruled_by:?}");
    }
    assert_eq!(gaps.len(), waiting.len() + 3, "{gaps:?}");
    assert!(
        gaps.iter().any(|gap| gap.to_string().contains("`user_content`, and the policy has rules for it: "))
    );
    let operational = gaps.iter().find_map(|gap| match gap {
        Gap::NothingHeld { category, ruled_by } if category == "operational" => Some(ruled_by),
        _ => None,
    });
    assert!(operational.unwrap().contains(&"sinks `metrics`".to_owned()));

    // A policy of what the program holds, and no more, has no gap.
    let mine = changed(&whole, |document| {
        let gone = ["account", "user_content", "operational"];
        let kept = |name: &stewardship::id::Name| !gone.contains(&name.as_str());
        document.categories.retain(|name, _| kept(name));
        document.classes.retain(|id, class| {
            kept(&class.category) && !["creator.note", "order.buyer_email"].contains(&id.as_str())
        });
        document.retention.rule.retain(|rule| kept(&rule.category));
        document.sources.values_mut().for_each(|source| source.categories.retain(kept));
        document.processors.values_mut().for_each(|processor| processor.categories.retain(kept));
        document.processors.retain(|_, processor| !processor.categories.is_empty());
        document.sinks.values_mut().for_each(|sink| sink.categories.retain(kept));
        document.access.allow.iter_mut().for_each(|rule| rule.categories.retain(kept));
        document.access.allow.retain(|rule| !rule.categories.is_empty());
        document.access.deny.retain(|rule| rule.id != "password-hashes-never-to-people");
    });
    assert_eq!(DataMap::of::<Marketplace>().gaps(&mine), []);
}

/// S1.7: what no role may ever read, because no rule allows it or a deny stands against each, is asked about.
#[test]
fn s1_07_a_class_that_nobody_may_read_is_told() {
    let whole = policy(COMPLETE);
    let unread = |policy: &Policy| {
        let gaps = DataMap::of::<(Connection,)>().gaps(policy);
        let unread = gaps.into_iter().filter_map(|gap| match gap {
            Gap::Unread { class, .. } => Some(class.to_string()),
            _ => None,
        });
        unread.collect::<Vec<_>>()
    };
    assert_eq!(unread(&whole), [""; 0]);
    // The officer may read it by an allow rule, and never by a deny that knows no exception.
    let without = changed(&whole, |document| {
        document.access.allow.retain(|rule| rule.id != "integration-reads-token");
    });
    assert_eq!(unread(&without), ["platform.token"]);
    let denied = changed(&whole, |document| {
        let deny = document.access.deny.iter_mut().find(|rule| rule.id == "tokens-never-to-people").unwrap();
        deny.kinds.clear();
    });
    assert_eq!(unread(&denied), ["platform.token"]);
    let lifted = changed(&denied, |document| {
        let deny = document.access.deny.iter_mut().find(|rule| rule.id == "tokens-never-to-people").unwrap();
        deny.unless = Some(stewardship::policy::Conditions::default().assigned_case(true));
    });
    assert_eq!(unread(&lifted), [""; 0]);
    let lower = changed(&whole, |document| {
        let rules = document.access.allow.iter_mut().filter(|rule| rule.actions.contains(&Action::Read));
        rules.for_each(|rule| rule.up_to = rule.up_to.min(Level::Confidential));
    });
    assert_eq!(unread(&lower), ["platform.token"]);
}

/// S1.7: a category that lies elsewhere alone is not expected in code; one that lies nowhere is told.
#[test]
fn s1_07_what_lies_elsewhere_is_not_expected_in_code() {
    let whole = policy(COMPLETE);
    let map = DataMap::of::<(Connection, Order, Account)>();
    let about_creators = |policy: &Policy| {
        let gaps = map.gaps(policy).into_iter();
        gaps.filter(|gap| gap.to_string().contains("`creators`")).count()
    };
    assert_eq!(about_creators(&whole), 4, "three classes, and the rules");
    let without = |kind: SourceKind| {
        changed(&whole, |document| {
            let sources = document.sources.values_mut().filter(|source| source.kind == kind);
            sources.for_each(|source| source.categories.retain(|name| *name != "creators"));
        })
    };
    assert_eq!(about_creators(&without(SourceKind::Managed)), 0);
    assert_eq!(about_creators(&without(SourceKind::Own)), 4);
    let nowhere = changed(&without(SourceKind::Managed), |document| {
        document.sources.values_mut().for_each(|source| source.categories.retain(|name| *name != "creators"));
    });
    assert_eq!(about_creators(&nowhere), 4);
    let no_source = DataMap::of::<(Creator,)>().gaps(&nowhere);
    let (class, category) = named("creator.email", "creators");
    assert!(no_source.contains(&Gap::NoSource { class, category }), "{no_source:?}");
    assert!(!DataMap::of::<(Creator,)>().gaps(&whole).iter().any(|gap| matches!(gap, Gap::NoSource { .. })));
}

/// S1.7, S1.6: what no rule ever ends is not bound, and has no map.
#[test]
fn s1_07_a_class_without_a_retention_rule_is_not_bound() {
    let whole = policy(COMPLETE);
    let map = DataMap::of::<(Order,)>();
    map.bind(whole.document()).unwrap();
    let mut document = whole.document().clone();
    document.retention.rule.retain(|rule| rule.category != "orders");
    let error = map.bind(&document).unwrap_err();
    assert_eq!(error.problems(), [BindProblem::NoRetentionRule { category: "orders" }]);
    let other = policy(PROCESSING);
    assert!(map.holdings(&other).unwrap_err().to_string().contains("class `order.number` is not declared"));
}

stewardship::classes! {
    OrderKind: Internal in "orders" = "order.number";
    BuyerKind: Confidential in "orders" = "order.buyer_name";
}
stewardship::record! {
    enum Hidden in "orders" as BuyerKind {
        Clinic = "clinic" { number: String as OrderKind; }
        Shop = "shop" {}
    }
}
stewardship::record! {
    struct Nested in "orders" {
        number: String as OrderKind;
        buyer: Hidden;
    }
}
stewardship::record! {
    enum Plain in "orders" as OrderKind {
        Clinic = "clinic" { name: String as BuyerKind; }
        Shop = "shop" {}
    }
}
stewardship::record! {
    enum Bare in "orders" as BuyerKind {
        Clinic = "clinic" {}
        Shop = "shop" {}
    }
}

/// S1.7: names of fields are stored in the clear; a choice above Internal is not told by them.
#[test]
fn s1_07_a_choice_above_internal_is_not_told_by_the_names_of_its_fields() {
    let policy = policy(COMPLETE);
    let problems = |map: DataMap| match map.bind(policy.document()) {
        Ok(()) => Vec::new(),
        Err(error) => error.problems().to_vec(),
    };
    let told = |kind, field: &str| vec![BindProblem::VariantTold { kind, field: field.to_owned() }];
    assert_eq!(problems(DataMap::of::<(Hidden,)>()), told("Hidden", "clinic.number"));
    assert_eq!(problems(DataMap::of::<(Nested,)>()), told("Nested", "buyer.clinic.number"));
    assert_eq!(problems(DataMap::of::<(Plain, Bare)>()), []);
}

/// S2.8: the map is by field, and knows what authenticates someone.
#[test]
fn s2_08_the_map_lists_the_field_of_an_authenticator() {
    let world = World::of::<(Account,)>(PROCESSING);
    let held = world.steward.data_map().holdings(world.steward.policy()).unwrap();
    let [email, hash] = &held[..] else { panic!("{held:?}") };
    assert_eq!(
        (hash.class.as_str(), hash.level, hash.authenticator),
        ("account.password_hash", Level::Restricted, true)
    );
    assert_eq!((hash.redact, hash.fields[0].field.as_str()), (Redact::Erase, "password_hash"));
    assert_eq!((email.authenticator, email.fields[0].field.as_str()), (false, "email"));
    assert!(report::data_map(&held).contains("| restricted, authenticates | `Account.password_hash` |"));
}

/// S2.10: every kind of record that the map has for connected-platform data goes when the platform is disconnected.
#[test]
fn s2_10_every_field_of_the_map_is_reached_by_the_disconnect_sweep() {
    let world = World::complete();
    let held = world.steward.data_map().holdings(world.steward.policy()).unwrap();
    let of_connection =
        |holding: &&Holding| holding.retention.iter().any(|rule| rule.from == "authorization_revoked");
    let mut fields: Vec<_> = held
        .iter()
        .filter(of_connection)
        .flat_map(|holding| &holding.fields)
        .map(|held| (held.kind.clone(), held.field.clone()))
        .collect();
    fields.sort();
    let shop = || Place::tenant("acme").connection("shop-1");
    world.put(&shop(), &Connection { token: text("secret").into() }, "order_sync");
    let creator = Creator { handle: text("@ada").into(), email: text("ada@example.com").into() };
    world.put(&shop().subject("creator-17"), &creator, "outreach");
    let stored = || {
        let rows = world.rows().into_iter();
        let mut fields: Vec<_> = rows
            .flat_map(|row| {
                row.fields.into_iter().map(move |field| (row.key.kind.to_string(), field.name.to_string()))
            })
            .collect();
        fields.sort();
        fields
    };
    assert_eq!(stored(), fields, "one record of each kind that the map has");
    world.steward.revoke(&Scope::connection("acme", "shop-1"), "seller disconnected").unwrap();
    world.steward.sweep().unwrap();
    assert_eq!(stored(), []);
}
