//! The hand-written engine that loads its policy at run time: names become numbers when it is loaded, rules lie in a list for each
//! action and category, and a decision goes through that list. Any policy of this crate, as far as the benchmark's go.

use std::collections::{BTreeSet, HashMap};

use stewardship::access::{Environment, PrincipalKind};
use stewardship::classification::Level;
use stewardship::id::Name;
use stewardship::policy::{Conditions, PolicyDocument};
use stewardship::{Action, Policy};

use super::asked::HostRequest;
use super::floor::Answer;

type Roles = [u64; 4];

pub struct Table {
    roles: HashMap<String, u8>,
    categories: HashMap<String, u8>,
    purposes: HashMap<String, u8>,
    /// By category: the purposes that it may be used for.
    purposes_of: Vec<u128>,
    authorized: u128,
    mfa_of: [Option<i64>; 4],
    allow: Vec<Rule>,
    deny: Vec<Rule>,
    /// By action and category: which rules are about it.
    cells: Vec<About>,
}

#[derive(Clone, Default)]
struct About {
    allow: Vec<u32>,
    deny: Vec<u32>,
}

struct Rule {
    id: Name,
    /// `None`: whoever asks.
    roles: Option<Roles>,
    /// As a set.
    levels: u8,
    purposes: u128,
    kinds: u8,
    environments: u8,
    conditions: Needs,
}

struct Needs {
    /// In seconds.
    mfa: Option<i64>,
    authorization: bool,
    case: bool,
    /// Whether there is no such table: nothing lifts a denial.
    absent: bool,
}

/// What is asked, in numbers of the table.
pub struct Asked {
    pub mfa_at: Option<i64>,
    roles: Roles,
    suspended: bool,
    within_tenant: bool,
    action: u8,
    category: u8,
    level: u8,
    purpose: u8,
    kind: u8,
    case: bool,
    authorization: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Suspended,
    PurposeNotOfCategory,
    NoAuthorization,
    LevelNeedsMfa,
    DeniedBy(u32),
    AllowedBy(u32),
    NoRule,
}

pub struct Decision {
    pub answer: Answer,
    pub reasons: Vec<Reason>,
}

impl Table {
    pub fn load(policy: &Policy) -> Self {
        let document = policy.document();
        let numbers = |names: Vec<&Name>| {
            names.into_iter().map(Name::to_string).zip(0..=u8::MAX).collect::<HashMap<_, _>>()
        };
        let mut table = Self {
            roles: numbers(document.roles.keys().collect()),
            categories: numbers(document.categories.keys().collect()),
            purposes: numbers(document.purposes.keys().collect()),
            purposes_of: Vec::new(),
            authorized: 0,
            mfa_of: Level::ALL.map(|level| {
                policy.level(level).mfa_within.map(|within| within.approximate_seconds() as i64)
            }),
            allow: Vec::new(),
            deny: Vec::new(),
            cells: vec![About::default(); Action::ALL.len() * document.categories.len()],
        };
        table.purposes_of = document
            .categories
            .values()
            .map(|category| table.set(&table.purposes, &category.purposes))
            .collect();
        for (name, purpose) in &document.purposes {
            table.authorized |= u128::from(purpose.needs_authorization) << table.purposes[name.as_str()];
        }
        table.load_rules(document);
        table
    }

    fn load_rules(&mut self, document: &PolicyDocument) {
        for (number, rule) in (0..).zip(&document.access.allow) {
            self.each_cell(&rule.actions, &rule.categories, |about| about.allow.push(number));
            self.allow.push(Rule {
                id: rule.id.clone(),
                roles: Some(self.role_set(&rule.roles)),
                levels: levels(|level| level <= rule.up_to),
                purposes: self.any_or(&rule.purposes),
                kinds: kinds(&rule.kinds),
                environments: environments(&rule.environments),
                conditions: needs(rule.when.as_ref()),
            });
        }
        for (number, rule) in (0..).zip(&document.access.deny) {
            self.each_cell(&rule.actions, &rule.categories, |about| about.deny.push(number));
            self.deny.push(Rule {
                id: rule.id.clone(),
                roles: (!rule.roles.is_empty()).then(|| self.role_set(&rule.roles)),
                levels: levels(|level| rule.from_level.is_none_or(|from| level >= from)),
                purposes: self.any_or(&rule.purposes),
                kinds: kinds(&rule.kinds),
                environments: environments(&rule.environments),
                conditions: needs(rule.unless.as_ref()),
            });
        }
    }

    fn each_cell(
        &mut self,
        actions: &BTreeSet<Action>,
        categories: &BTreeSet<Name>,
        mut put: impl FnMut(&mut About),
    ) {
        for action in Action::ALL.iter().filter(|action| actions.is_empty() || actions.contains(action)) {
            for (name, number) in &self.categories {
                if categories.is_empty() || categories.contains(name.as_str()) {
                    put(&mut self.cells[*action as usize * self.categories.len() + usize::from(*number)]);
                }
            }
        }
    }

    fn set(&self, numbers: &HashMap<String, u8>, names: &BTreeSet<Name>) -> u128 {
        names.iter().fold(0, |set, name| set | 1 << numbers[name.as_str()])
    }

    fn any_or(&self, purposes: &BTreeSet<Name>) -> u128 {
        if purposes.is_empty() { u128::MAX } else { self.set(&self.purposes, purposes) }
    }

    fn role_set(&self, names: &BTreeSet<Name>) -> Roles {
        let mut set = Roles::default();
        for name in names {
            let number = usize::from(self.roles[name.as_str()]);
            set[number / 64] |= 1 << (number % 64);
        }
        set
    }

    /// From the host's strings; `None` for a word that the policy does not have.
    pub fn ask(&self, host: &HostRequest) -> Option<Asked> {
        let mut roles = Roles::default();
        for number in host.roles.iter().filter_map(|role| self.roles.get(*role)) {
            roles[usize::from(number / 64)] |= 1 << (number % 64);
        }
        let kind = PrincipalKind::ALL.iter().find(|kind| kind.as_str() == host.kind)?;
        Some(Asked {
            mfa_at: host.mfa_at,
            roles,
            suspended: host.suspended,
            within_tenant: host.tenant == host.of_tenant,
            action: *Action::ALL.iter().find(|action| action.as_str() == host.action)? as u8,
            category: *self.categories.get(host.category)?,
            level: Level::ALL.into_iter().find(|level| level.as_str() == host.level)? as u8,
            purpose: *self.purposes.get(host.purpose)?,
            kind: *kind as u8,
            case: host.assigned_case == Some(true),
            authorization: host.authorization == Some(true),
        })
    }

    /// Decides, with every reason.
    pub fn decide(&self, asked: &Asked, now: i64, environment: Environment) -> Decision {
        if !asked.within_tenant {
            return Decision { answer: Answer::NotPermitted, reasons: vec![Reason::NoRule] };
        }
        let mut reasons = Vec::with_capacity(4);
        let age = asked.mfa_at.map(|at| now - at).filter(|age| *age >= 0);
        if asked.suspended {
            reasons.push(Reason::Suspended);
        }
        if self.purposes_of[usize::from(asked.category)] >> asked.purpose & 1 == 0 {
            reasons.push(Reason::PurposeNotOfCategory);
        }
        if self.authorized >> asked.purpose & 1 == 1 && !asked.authorization {
            reasons.push(Reason::NoAuthorization);
        }
        let needed = self.mfa_of[usize::from(asked.level)];
        if asked.kind == PrincipalKind::Person as u8
            && needed.is_some_and(|most| age.is_none_or(|age| age > most))
        {
            reasons.push(Reason::LevelNeedsMfa);
        }
        let about =
            &self.cells[usize::from(asked.action) * self.categories.len() + usize::from(asked.category)];
        for number in &about.deny {
            let rule = &self.deny[*number as usize];
            if rule.covers(asked, environment) && !rule.conditions.lift(asked, age) {
                reasons.push(Reason::DeniedBy(*number));
            }
        }
        let is_forbidden = !reasons.is_empty();
        let mut is_granted = false;
        for number in &about.allow {
            let rule = &self.allow[*number as usize];
            if rule.covers(asked, environment) && rule.conditions.hold(asked, age) {
                is_granted = true;
                if is_forbidden {
                    break;
                }
                reasons.push(Reason::AllowedBy(*number));
            }
        }
        if !is_granted {
            reasons.push(Reason::NoRule);
        }
        let answer = match (is_forbidden, is_granted) {
            (true, _) => Answer::Forbidden,
            (false, true) => Answer::Allowed,
            (false, false) => Answer::NotPermitted,
        };
        Decision { answer, reasons }
    }

    /// A reason by its name: the floor's for what is no rule, else the rule's.
    pub fn name(&self, reason: Reason) -> &str {
        match reason {
            Reason::Suspended => "suspended",
            Reason::PurposeNotOfCategory => "purpose not of category",
            Reason::NoAuthorization => "no authorization",
            Reason::LevelNeedsMfa => "level needs mfa",
            Reason::DeniedBy(number) => self.deny[number as usize].id.as_str(),
            Reason::AllowedBy(number) => self.allow[number as usize].id.as_str(),
            Reason::NoRule => "no rule allows",
        }
    }
}

impl Rule {
    fn covers(&self, asked: &Asked, environment: Environment) -> bool {
        let one_of = |roles: &Roles| roles.iter().zip(&asked.roles).any(|(ours, theirs)| ours & theirs != 0);
        self.roles.as_ref().is_none_or(one_of)
            && self.levels >> asked.level & 1 == 1
            && self.purposes >> asked.purpose & 1 == 1
            && self.kinds >> asked.kind & 1 == 1
            && self.environments >> environment as u8 & 1 == 1
    }
}

impl Needs {
    fn hold(&self, asked: &Asked, age: Option<i64>) -> bool {
        self.mfa.is_none_or(|most| age.is_some_and(|age| age <= most))
            && (!self.authorization || asked.authorization)
            && (!self.case || asked.case)
    }

    fn lift(&self, asked: &Asked, age: Option<i64>) -> bool {
        !self.absent && self.hold(asked, age)
    }
}

fn levels(covers: impl Fn(Level) -> bool) -> u8 {
    Level::ALL.into_iter().filter(|level| covers(*level)).fold(0, |set, level| set | 1 << level as u8)
}

fn kinds(kinds: &BTreeSet<PrincipalKind>) -> u8 {
    if kinds.is_empty() { u8::MAX } else { kinds.iter().fold(0, |set, kind| set | 1 << *kind as u8) }
}

fn environments(environments: &BTreeSet<Environment>) -> u8 {
    match environments.is_empty() {
        true => u8::MAX,
        false => environments.iter().fold(0, |set, environment| set | 1 << *environment as u8),
    }
}

fn needs(conditions: Option<&Conditions>) -> Needs {
    Needs {
        mfa: conditions
            .and_then(|conditions| conditions.mfa_within)
            .map(|most| most.approximate_seconds() as i64),
        authorization: conditions.is_some_and(|conditions| conditions.authorization.is_some()),
        case: conditions.is_some_and(|conditions| conditions.assigned_case),
        absent: conditions.is_none(),
    }
}
