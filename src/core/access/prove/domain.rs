//! The finite domain of one policy or two: which values requests are told apart by.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::cube::{Attribute, Cube, HOLDS, Layout, Values, first};
use crate::core::access::conditions::{Condition, compare_ages, conditions_of};
use crate::core::access::hours::DAY;
use crate::core::access::names::UNDECLARED;
use crate::core::access::{
    Action, Environment, Facts, Hours, Preferences, Principal, PrincipalKind, Purpose, Question, Resource,
    Stop,
};
use crate::core::authentication::{Amr, Authentication, Method, Mfa};
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::{Policy, RequestSet, Transport};

/// A Monday: the week in which examples take place.
const MONDAY: &str = "2026-01-05T00:00:00Z";

/// Numbers for the values of the attributes that policies name.
#[derive(Debug)]
pub(super) struct Domain {
    pub(super) categories: Vec<Name>,
    pub(super) purposes: Vec<Name>,
    pub(super) roles: Vec<Name>,
    /// Whether a set asks what the person has said: then examples say it.
    speaks: bool,
    mfa: Vec<Period>,
    training: Vec<Period>,
    /// By their number: which of the policies' hours hold, and a minute of the week at which it is so.
    hours: Vec<(BTreeSet<usize>, i64)>,
    all_hours: Vec<Hours>,
    pub(super) layout: Layout,
}

/// What a condition asks of a request.
#[derive(Debug)]
pub(super) enum Asks {
    /// One of these values.
    Values(Attribute, Values),
    /// One of these, which stand among the roles.
    OneOf(Vec<usize>),
}

/// The policies name more than the search holds apart, or ages that have no order.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooWide;

impl Domain {
    /// Of what these policies, and these sets of requests, tell apart.
    pub(super) fn of(policies: &[&Policy], sets: &[&RequestSet]) -> Result<Self, TooWide> {
        let documents = || policies.iter().map(|policy| policy.document());
        let of_policies = policies.iter().flat_map(|policy| policy.compiled().conditions.all());
        let of_sets = sets.iter().flat_map(|set| set.with.iter().chain(&set.without)).flat_map(conditions_of);
        let conditions: Vec<Condition> = of_policies.cloned().chain(of_sets).collect();
        let mut all_hours: Vec<Hours> = Vec::new();
        for condition in &conditions {
            if let Condition::Hours(hours) = condition
                && !all_hours.contains(hours)
            {
                all_hours.push(*hours);
            }
        }
        let mfa = ages(&conditions, |condition| match condition {
            Condition::MfaWithin(within) => Some(*within),
            _ => None,
        })?;
        let training = ages(&conditions, |condition| match condition {
            Condition::TrainedWithin(within) => Some(*within),
            _ => None,
        })?;
        let hours = kinds_of_hours(&all_hours);
        let categories = union(documents().flat_map(|document| document.categories.keys()));
        let purposes = union(documents().flat_map(|document| document.purposes.keys()));
        let roles = union(documents().flat_map(|document| document.roles.keys()));
        let counts =
            [categories.len() + 1, purposes.len() + 1, mfa.len() + 1, training.len() + 1, hours.len()];
        if counts.iter().any(|count| *count > 128) {
            return Err(TooWide);
        }
        // Every request: of one's own tenant and another's, of active principals and suspended ones.
        let values = |attribute| match attribute {
            Attribute::Action => Action::ALL.len(),
            Attribute::Category => categories.len() + 1,
            Attribute::Level => Level::ALL.len(),
            Attribute::Purpose => purposes.len() + 1,
            Attribute::Environment => Environment::ALL.len(),
            Attribute::Kind => PrincipalKind::ALL.len(),
            Attribute::Mfa => mfa.len() + 1,
            Attribute::Training => training.len() + 1,
            Attribute::Hours => hours.len(),
            Attribute::Transport => Transport::ALL.len() + 1,
            // Not so, or so.
            _ => 2,
        };
        let of_methods = |condition: &Condition| matches!(condition, Condition::MfaBy(_));
        let methods = if conditions.iter().any(of_methods) { Method::ALL.len() } else { 0 };
        let layout = Layout::new(values, roles.len() + methods);
        let speaks = sets.iter().any(|set| !set.said.is_empty());
        Ok(Self { categories, purposes, roles, speaks, mfa, training, hours, all_hours, layout })
    }

    pub(super) fn names(all: &[Name], wanted: &BTreeSet<Name>) -> Values {
        wanted.iter().filter_map(|name| all.binary_search(name).ok()).fold(0, |values, at| values | 1 << at)
    }

    pub(super) fn role(&self, name: &Name) -> Option<usize> {
        self.roles.binary_search(name).ok()
    }

    /// The number of a method of authentication, which comes after those of the roles.
    fn method(&self, method: Method) -> usize {
        self.roles.len() + method as usize
    }

    /// What a condition asks of a request.
    pub(super) fn condition(&self, condition: &Condition) -> Asks {
        let fresh = |ages: &[Period], within: &Period| {
            let position = ages.iter().position(|age| age == within);
            // The ages up to this one; number 0 is none.
            position.map_or(0, |at| first(at + 2) & !1)
        };
        let (attribute, values) = match condition {
            Condition::MfaBy(methods) => {
                return Asks::OneOf(methods.iter().map(|method| self.method(*method)).collect());
            }
            Condition::MfaWithin(within) => (Attribute::Mfa, fresh(&self.mfa, within)),
            Condition::TrainedWithin(within) => (Attribute::Training, fresh(&self.training, within)),
            Condition::Authorization => (Attribute::Authorization, HOLDS),
            Condition::AssignedCase => (Attribute::AssignedCase, HOLDS),
            Condition::TermsAccepted => (Attribute::Terms, HOLDS),
            Condition::ManagedDevice => (Attribute::Device, HOLDS),
            Condition::Transport(admitted) => (
                Attribute::Transport,
                admitted.iter().fold(0, |values, version| values | 2 << *version as usize),
            ),
            Condition::Hours(hours) => {
                let number = self.all_hours.iter().position(|known| known == hours);
                let holds =
                    |(kind, _): &(BTreeSet<usize>, i64)| number.is_some_and(|number| kind.contains(&number));
                let numbered = self.hours.iter().enumerate().filter(|(_, kind)| holds(kind));
                (Attribute::Hours, numbered.fold(0, |values, (at, _)| values | 1 << at))
            }
        };
        Asks::Values(attribute, values)
    }

    /// A second factor with and without these methods, where there can be one.
    fn second_factor(&self, cube: &Cube, age: usize, now: DateTime<Utc>) -> Option<Mfa> {
        let wanted = Method::ALL.iter().copied();
        let wanted: Amr = wanted.filter(|method| self.layout.has_role(cube, self.method(*method))).collect();
        let at = match aged(&self.mfa, age, now) {
            Some(at) => at,
            None if wanted.is_empty() => return None,
            // Of these methods, and older than any age that is told apart.
            None => aged(&self.mfa, self.mfa.len() + 1, now).unwrap_or(now),
        };
        // Two factors make one; what is added must not be what is unwanted.
        let beside: [&[Method]; 5] = [
            &[Method::Mfa],
            &[Method::Pwd, Method::Otp],
            &[Method::Pwd, Method::Hwk],
            &[Method::Pwd, Method::Swk],
            &[Method::Pin, Method::Sc],
        ];
        let unwanted = |method: &Method| self.layout.lacks_role(cube, self.method(*method));
        let allowed = beside.into_iter().filter(|added| !added.iter().any(unwanted));
        let with = |added: &[Method]| added.iter().copied().fold(wanted, Amr::with);
        allowed.filter_map(|added| Authentication::new(with(added), at).mfa()).next()
    }

    /// The smallest request of a cube, as it would be asked.
    pub(super) fn example(&self, cube: &Cube) -> (Question, Facts) {
        let value = |attribute| lightest(attribute, self.layout.values(cube, attribute)) as usize;
        let holds = |attribute: Attribute| value(attribute) == 1;
        let (_, minute) = self.hours.get(value(Attribute::Hours)).cloned().unwrap_or_default();
        let now = MONDAY.parse::<DateTime<Utc>>().unwrap_or_default() + TimeDelta::minutes(minute);

        let id = "principal";
        let mut principal = match value(Attribute::Kind) {
            0 => Principal::person(TENANT, id),
            _ => Principal::service(TENANT, id),
        };
        if holds(Attribute::Standing) {
            principal = principal.suspended();
        }
        let roles = self.roles.iter().enumerate();
        principal = roles
            .filter(|(at, _)| self.layout.has_role(cube, *at))
            .fold(principal, |principal, (_, role)| principal.role(role));
        if let Some(verified) = self.second_factor(cube, value(Attribute::Mfa), now) {
            principal = principal.mfa(verified);
        }
        if let Some(at) = aged(&self.training, value(Attribute::Training), now) {
            principal = principal.trained_at(at);
        }
        if holds(Attribute::Device) {
            principal = principal.on_managed_device(true);
        }
        let name = |all: &[Name], at: usize| all.get(at).cloned().unwrap_or_else(|| UNDECLARED.into());
        let tenant = if holds(Attribute::Tenant) { OTHER_TENANT } else { TENANT };
        let level = Level::ALL.get(value(Attribute::Level)).copied().unwrap_or(Level::Public);
        let category = name(&self.categories, value(Attribute::Category));
        let purpose = Purpose::new(name(&self.purposes, value(Attribute::Purpose)));
        let action = Action::ALL.get(value(Attribute::Action)).copied().unwrap_or(Action::Read);
        let mut question =
            Question::new(principal, action, Resource::category(tenant, category, level), purpose);
        if holds(Attribute::AssignedCase) {
            question = question.assigned_case(true);
        }
        if holds(Attribute::NamedCase) {
            question = question.for_case("case");
        }
        if let Some(version) =
            value(Attribute::Transport).checked_sub(1).and_then(|at| Transport::ALL.get(at))
        {
            question = question.over(*version);
        }

        let environment = Environment::ALL.get(value(Attribute::Environment)).copied();
        let mut facts = Facts::new(now, environment.unwrap_or(Environment::Development));
        if holds(Attribute::Authorization) {
            facts = facts.authorization(true);
        }
        if holds(Attribute::Terms) {
            facts = facts.terms(true);
        }
        if holds(Attribute::Instruction) {
            facts = facts.instruction(true);
        }
        let silent = |stop: &Stop| holds(Attribute::nothing_said(*stop));
        if self.speaks || holds(Attribute::Consent) || Stop::ALL.iter().any(silent) {
            let said = Stop::ALL.iter().filter(|stop| !silent(stop));
            let said = said.fold(Preferences::NONE, |preferences, stop| preferences.said(*stop));
            facts = facts.preferences(if holds(Attribute::Consent) { said.consented() } else { said });
        }
        (question, facts)
    }
}

/// The tenant of principals in examples.
const TENANT: &str = "tenant";
const OTHER_TENANT: &str = "other-tenant";

/// The value of a set that makes the smallest request.
fn lightest(attribute: Attribute, values: Values) -> u32 {
    let lowest = values.trailing_zeros();
    // Of fresh second factors and trainings the oldest says least.
    let aged = matches!(attribute, Attribute::Mfa | Attribute::Training);
    if aged && lowest != 0 && values != 0 { 127 - values.leading_zeros() } else { lowest }
}

fn union<'n>(names: impl Iterator<Item = &'n Name>) -> Vec<Name> {
    names.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// The different ages of a kind, shortest first.
fn ages(
    conditions: &[Condition],
    age: impl Fn(&Condition) -> Option<Period>,
) -> Result<Vec<Period>, TooWide> {
    let mut ages: Vec<Period> = Vec::new();
    for period in conditions.iter().filter_map(age) {
        if period.is_zero() {
            return Err(TooWide);
        }
        let mut at = ages.len();
        for (index, other) in ages.iter().enumerate() {
            match compare_ages(period, *other).ok_or(TooWide)? {
                Ordering::Less => at = at.min(index),
                Ordering::Equal => at = usize::MAX,
                Ordering::Greater => {}
            }
        }
        if at != usize::MAX {
            ages.insert(at.min(ages.len()), period);
        }
    }
    Ok(ages)
}

/// The kinds of minutes of a week that hours tell apart, in order of their first minute.
fn kinds_of_hours(hours: &[Hours]) -> Vec<(BTreeSet<usize>, i64)> {
    let monday = MONDAY.parse::<DateTime<Utc>>().unwrap_or_default();
    let bounds: BTreeSet<u16> = hours.iter().flat_map(|hours| hours.bounds()).chain([0]).collect();
    let mut kinds: BTreeMap<BTreeSet<usize>, i64> = BTreeMap::new();
    for day in 0..7 {
        for bound in bounds.range(..DAY) {
            let minute = day * i64::from(DAY) + i64::from(*bound);
            let moment = monday + TimeDelta::minutes(minute);
            let holding = hours.iter().enumerate().filter(|(_, hours)| hours.hold(moment)).map(|(at, _)| at);
            kinds.entry(holding.collect()).or_insert(minute);
        }
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, minute)| *minute);
    kinds
}

/// A moment that has the age with this number: covered by it, and not by the one before.
fn aged(ages: &[Period], number: usize, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let before = match number {
        0 => return None,
        1 => return Some(now),
        number => ages.get(number - 2)?,
    };
    // The latest that the shorter age does not cover. An age of calendar months has no inverse, so it is looked for.
    let (mut covered, mut beyond) = (0_i64, i64::try_from(before.bounds().1).ok()?.checked_add(1)?);
    while beyond - covered > 1 {
        let middle = covered + (beyond - covered) / 2;
        let then = now.checked_sub_signed(TimeDelta::try_seconds(middle)?)?;
        if now <= before.after(then) { covered = middle } else { beyond = middle }
    }
    now.checked_sub_signed(TimeDelta::try_seconds(beyond)?)
}
