//! The floor: what a good engineer writes by hand for this one policy, compiled in. Plain enums, bits, one table that the compiler
//! fills; nothing is looked up by name, and nothing is allocated.

use super::asked::HostRequest;
use super::rules::{CELLS, RULES};
use super::words::{Action, Category, Kind, Level, Mfa, Purpose, Role, Roles};

/// What is asked, as plain enums.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub mfa_at: Option<i64>,
    pub roles: Roles,
    pub kind: Kind,
    pub suspended: bool,
    /// Whether the data is of the tenant of whoever asks: compared once, where the request is made.
    pub within_tenant: bool,
    pub action: Action,
    pub category: Category,
    pub level: Level,
    pub purpose: Purpose,
    pub case: Option<bool>,
    pub authorization: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Allowed,
    Forbidden,
    NotPermitted,
}

/// One of the 125 cells of role, action and category. A cell that nothing grants is for no purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The rule that grants it, by its place in `RULES`.
    pub rule: u8,
    /// Purposes, as a set.
    pub purposes: u8,
    pub kind: Kind,
    pub up_to: Level,
    pub mfa: Mfa,
    pub case: bool,
    pub authorization: bool,
}

pub type Cells = [[[Cell; 5]; 5]; 5];

impl Cell {
    #[inline]
    fn grants(&self, asked: &Asked, mfa: Mfa) -> bool {
        (self.purposes & asked.purpose.bit() != 0)
            & (asked.level <= self.up_to)
            & (asked.kind == self.kind)
            & (mfa >= self.mfa)
            & (!self.case | (asked.case == Some(true)))
            & (!self.authorization | (asked.authorization == Some(true)))
    }
}

/// Decides.
#[inline]
pub fn decide(asked: &Asked, now: i64) -> Answer {
    decide_by(&CELLS, asked, now)
}

/// The same by other cells.
#[inline]
pub fn decide_by(cells: &Cells, asked: &Asked, now: i64) -> Answer {
    if !asked.within_tenant {
        return Answer::NotPermitted;
    }
    let mfa = Mfa::of(asked.mfa_at, now);
    if is_forbidden(asked, mfa) {
        return Answer::Forbidden;
    }
    match allowing(cells, asked, mfa).next() {
        Some(_) => Answer::Allowed,
        None => Answer::NotPermitted,
    }
}

#[inline]
fn allowing(cells: &Cells, asked: &Asked, mfa: Mfa) -> impl Iterator<Item = u8> {
    asked
        .roles
        .numbers()
        .map(|role| &cells[role][asked.action as usize][asked.category as usize])
        .filter(move |cell| cell.grants(asked, mfa))
        .map(|cell| cell.rule)
}

#[inline]
pub fn is_forbidden(asked: &Asked, mfa: Mfa) -> bool {
    asked.suspended
        | purpose_not_of_category(asked)
        | no_authorization(asked)
        | level_needs_mfa(asked, mfa)
        | secrets_to_people(asked)
        | taken_out_without_mfa(asked, mfa)
}

fn purpose_not_of_category(asked: &Asked) -> bool {
    asked.purpose == Purpose::Selling && asked.category >= Category::Billing
}

fn no_authorization(asked: &Asked) -> bool {
    asked.purpose == Purpose::Selling && asked.authorization != Some(true)
}

fn level_needs_mfa(asked: &Asked, mfa: Mfa) -> bool {
    const NEEDED: [Mfa; 4] = [Mfa::None, Mfa::None, Mfa::Day, Mfa::HalfDay];
    asked.kind == Kind::Person && mfa < NEEDED[asked.level as usize]
}

fn secrets_to_people(asked: &Asked) -> bool {
    const OF: u8 = Category::ConnectedPlatform.bit() | Category::Account.bit();
    const TO: u8 = Action::Read.bit() | Action::Write.bit() | Action::Share.bit();
    asked.kind == Kind::Person
        && asked.level == Level::Restricted
        && OF & asked.category.bit() != 0
        && TO & asked.action.bit() != 0
}

fn taken_out_without_mfa(asked: &Asked, mfa: Mfa) -> bool {
    const OUT: u8 = Action::Export.bit() | Action::Share.bit();
    asked.kind == Kind::Person
        && mfa < Mfa::HalfDay
        && asked.level >= Level::Internal
        && OUT & asked.action.bit() != 0
}

/// A decision with every reason, as a set: bit `n` for [`REASONS`]`[n]`, and from [`FIRST_RULE`] on the rules that allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reasoned {
    pub answer: Answer,
    pub reasons: u32,
}

/// What may stand against a question. The names of the two rules are the policy's.
pub const REASONS: [&str; 7] = [
    "suspended",
    "purpose not of category",
    "no authorization",
    "level needs mfa",
    "secrets-never-to-people",
    "taking-out-wants-a-second-factor",
    "no rule allows",
];
const NO_RULE: u32 = 1 << 6;
pub const FIRST_RULE: usize = REASONS.len();

/// The reasons of a set by their names, in order of the names.
pub fn names(reasons: u32) -> Vec<&'static str> {
    let all = REASONS.into_iter().chain(RULES.iter().map(|rule| rule.id));
    let mut names: Vec<_> =
        all.enumerate().filter(|(bit, _)| reasons >> bit & 1 == 1).map(|(_, name)| name).collect();
    names.sort_unstable();
    names
}

/// Decides, and collects every reason.
#[inline]
pub fn decide_with_reasons(asked: &Asked, now: i64) -> Reasoned {
    if !asked.within_tenant {
        return Reasoned { answer: Answer::NotPermitted, reasons: NO_RULE };
    }
    let mfa = Mfa::of(asked.mfa_at, now);
    let against = u32::from(asked.suspended)
        | u32::from(purpose_not_of_category(asked)) << 1
        | u32::from(no_authorization(asked)) << 2
        | u32::from(level_needs_mfa(asked, mfa)) << 3
        | u32::from(secrets_to_people(asked)) << 4
        | u32::from(taken_out_without_mfa(asked, mfa)) << 5;
    let allowing =
        allowing(&CELLS, asked, mfa).fold(0, |rules, rule| rules | 1 << (FIRST_RULE + usize::from(rule)));
    let none = if allowing == 0 { NO_RULE } else { 0 };
    match (against, allowing) {
        (0, 0) => Reasoned { answer: Answer::NotPermitted, reasons: NO_RULE },
        (0, _) => Reasoned { answer: Answer::Allowed, reasons: allowing },
        _ => Reasoned { answer: Answer::Forbidden, reasons: against | none },
    }
}

/// The request with all that the host goes on using: who, and which record.
pub struct Request {
    pub tenant: String,
    pub principal: String,
    pub of_tenant: String,
    pub connection: String,
    pub subject: String,
    pub record: String,
    pub asked: Asked,
}

impl Request {
    /// From the host's strings; `None` for a word that there is not.
    pub fn parse(host: &HostRequest) -> Option<Self> {
        let mut roles = Roles::default();
        for role in &host.roles {
            roles = roles.with(Role::parse(role)?);
        }
        Some(Self {
            asked: Asked {
                mfa_at: host.mfa_at,
                roles,
                kind: Kind::parse(host.kind)?,
                suspended: host.suspended,
                within_tenant: host.tenant == host.of_tenant,
                action: Action::parse(host.action)?,
                category: Category::parse(host.category)?,
                level: Level::parse(host.level)?,
                purpose: Purpose::parse(host.purpose)?,
                case: host.assigned_case,
                authorization: host.authorization,
            },
            tenant: host.tenant.to_owned(),
            principal: host.principal.to_owned(),
            of_tenant: host.of_tenant.to_owned(),
            connection: host.connection.to_owned(),
            subject: host.subject.to_owned(),
            record: host.record.to_owned(),
        })
    }
}
