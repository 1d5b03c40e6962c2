//! The policy with more rules, none of which is about what the requests ask for: every answer and every reason stays.

use std::collections::BTreeSet;

use stewardship::access::{Environment, PrincipalKind};
use stewardship::classification::Level;
use stewardship::id::Name;
use stewardship::policy::{
    AllowRule, Basis, Category, Conditions, DenyRule, Dispose, LegalRole, PolicyDocument, PurposeEntry,
    RetentionRule, Role,
};
use stewardship::{Action, Policy};

use super::asked::Draw;
use super::words;

/// Where the further rules lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// About other categories: the requests' cells stay as they are.
    Spread,
    /// About the very cells of action and category that are asked for: for other roles, for the same roles and other purposes, or for the
    /// same roles and purposes in another environment.
    Crowded,
}

/// The ten rules that it begins with: the ones that most requests are about.
const TEN: [&str; 10] = [
    "owner-runs-the-shop",
    "owner-reads-the-books",
    "owner-exports",
    "support-reads-on-case",
    "analyst-reads",
    "integration-keeps-in-step",
    "officer-reads",
    "officer-exports-and-erases",
    "secrets-never-to-people",
    "taking-out-wants-a-second-factor",
];

/// As many as a policy may have, with its own.
const ROLES: u64 = 251;
const CATEGORIES: u64 = 122;
const PURPOSES: u64 = 124;

/// The policy with so many rules: ten of its own, and from there on others, of which every tenth denies.
pub fn grown(family: Family, rules: usize) -> Policy {
    let mut document = super::policy().document().clone();
    document.access.allow.retain(|rule| TEN.contains(&rule.id.as_str()));
    document.access.deny.retain(|rule| TEN.contains(&rule.id.as_str()));
    declare(&mut document);
    let mut draw = Draw(0x5EED_0006);
    for number in TEN.len()..rules {
        match (family, number % 10) {
            (Family::Spread, 9) => document.access.deny.push(spread_denial(number, &mut draw)),
            (Family::Spread, _) => document.access.allow.push(spread(number, &mut draw)),
            (Family::Crowded, 9) => document.access.deny.push(crowded_denial(number, &mut draw)),
            (Family::Crowded, _) => document.access.allow.push(crowded(number, &mut draw)),
        }
    }
    Policy::from_document(document).unwrap()
}

fn declare(document: &mut PolicyDocument) {
    for number in 0..ROLES {
        document.roles.insert(role(number), Role::new(format!("Role {number}")));
    }
    for number in 0..PURPOSES {
        document.purposes.insert(purpose(number), PurposeEntry::new(format!("Purpose {number}")));
    }
    for number in 0..CATEGORIES {
        let entry = Category::new(format!("Category {number}"), LegalRole::Processor)
            .purposes(BTreeSet::from(["service".into(), purpose(number)]));
        document.categories.insert(category(number), entry);
        document.retention.rule.push(RetentionRule::new(
            Name::new(format!("keep-{number:03}")),
            category(number),
            "stored",
            "1 year".parse::<stewardship::Period>().unwrap(),
            Dispose::Delete,
            Basis::ServiceDelivery,
        ));
    }
}

fn role(number: u64) -> Name {
    Name::new(format!("role_{number:03}"))
}

fn purpose(number: u64) -> Name {
    Name::new(format!("purpose_{number:03}"))
}

fn category(number: u64) -> Name {
    Name::new(format!("category_{number:03}"))
}

/// A role that the requests have as often as another.
fn any_role(draw: &mut Draw) -> Name {
    if draw.chance(50) { draw.one_of(&words::Role::ALL).as_str().into() } else { role(draw.number(ROLES)) }
}

fn spread(number: usize, draw: &mut Draw) -> AllowRule {
    let roles = BTreeSet::from([any_role(draw), any_role(draw)]);
    let about = BTreeSet::from([category(draw.number(CATEGORIES)), category(draw.number(CATEGORIES))]);
    let rule = AllowRule::new(id(number), roles, actions(draw), about, level(draw));
    let rule = if draw.chance(50) { rule.purposes(BTreeSet::from(["service".into()])) } else { rule };
    conditioned(rule, draw)
}

fn spread_denial(number: usize, draw: &mut Draw) -> DenyRule {
    DenyRule::new(id(number))
        .actions(actions(draw))
        .categories(BTreeSet::from([category(draw.number(CATEGORIES))]))
        .from_level(level(draw))
}

fn crowded(number: usize, draw: &mut Draw) -> AllowRule {
    let asked: Name = draw.one_of(&words::Role::ALL).as_str().into();
    let other = role(draw.number(ROLES));
    let of = draw.number(3);
    let roles = BTreeSet::from([if of == 0 { other } else { asked }]);
    let rule = AllowRule::new(id(number), roles, actions(draw), asked_categories(draw), level(draw));
    let used: Name = draw.one_of(&words::Purpose::ALL).as_str().into();
    let rule = match of {
        0 => rule.purposes(BTreeSet::from([used])),
        1 => rule.purposes(BTreeSet::from([purpose(draw.number(PURPOSES))])),
        _ => rule
            .purposes(BTreeSet::from([used]))
            .environments([draw.one_of(&[Environment::Development, Environment::Staging])]),
    };
    conditioned(rule, draw)
}

fn crowded_denial(number: usize, draw: &mut Draw) -> DenyRule {
    let rule = DenyRule::new(id(number))
        .actions(actions(draw))
        .categories(asked_categories(draw))
        .from_level(level(draw));
    match draw.number(3) {
        0 => rule.roles(BTreeSet::from([role(draw.number(ROLES))])),
        1 => rule.purposes(BTreeSet::from([purpose(draw.number(PURPOSES))])),
        _ => rule.environments([Environment::Staging]),
    }
}

fn id(number: usize) -> Name {
    Name::new(format!("further-{number:05}"))
}

fn actions(draw: &mut Draw) -> BTreeSet<Action> {
    BTreeSet::from([draw.one_of(Action::ALL), draw.one_of(Action::ALL)])
}

fn asked_categories(draw: &mut Draw) -> BTreeSet<Name> {
    let one: Name = draw.one_of(&words::Category::ALL).as_str().into();
    let other = draw.one_of(&words::Category::ALL).as_str().into();
    BTreeSet::from([one, other])
}

fn level(draw: &mut Draw) -> Level {
    draw.one_of(&Level::ALL)
}

fn conditioned(rule: AllowRule, draw: &mut Draw) -> AllowRule {
    let rule = match draw.chance(30) {
        true => rule.kinds([draw.one_of(PrincipalKind::ALL)]),
        false => rule,
    };
    match draw.number(4) {
        0 => rule.when(Conditions::new().assigned_case(true)),
        1 => rule.when(Conditions::new().mfa_within("12 hours".parse::<stewardship::Period>().unwrap())),
        _ => rule,
    }
}
