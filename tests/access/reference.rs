//! A second implementation of access decisions, written from the documentation alone ("How it is decided" of `access`, and the
//! types of `policy`): it walks the document with plain loops, compiles nothing, and shares no code with the engine.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, Months, TimeDelta, Timelike, Utc};
use stewardship::access::{Answer, Environment, Fact, Facts, Hours, PrincipalKind, Standing, Stop};
use stewardship::authentication::Mfa;
use stewardship::classification::Level;
use stewardship::id::Name;
use stewardship::policy::{
    AllowRule, Conditions, DenyRule, LegalRole, Obligations, PolicyDocument, RequestSet, Transport,
};
use stewardship::{Action, Period, Principal, Question};

/// An answer, the rule of a yes, and every reason, as the documentation has them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) answer: Answer,
    pub(crate) rule: Option<String>,
    pub(crate) why: BTreeSet<String>,
}

/// What is asked, with the facts.
#[derive(Clone, Copy)]
pub(crate) struct Request<'r> {
    pub(crate) question: &'r Question,
    pub(crate) facts: &'r Facts,
}

pub(crate) fn answer(document: &PolicyDocument, question: &Question, facts: &Facts) -> Verdict {
    let request = Request { question, facts };
    if question.principal().tenant() != question.resource().tenant() {
        let why = BTreeSet::from(["no rule allows".to_owned()]);
        return Verdict { answer: Answer::NotPermitted, rule: None, why };
    }
    let mut against = controls(document, request);
    for rule in &document.access.deny {
        let lifted = match &rule.unless {
            Some(conditions) => all_hold(conditions, request),
            None => false,
        };
        if denial_covers(rule, request) && !lifted {
            against.insert(format!("denied by {}", rule.id));
        }
    }
    let mut allowing: Vec<&AllowRule> = Vec::new();
    for rule in &document.access.allow {
        if allowed_by(rule, request) {
            allowing.push(rule);
        }
    }
    if allowing.is_empty() {
        let answer = if against.is_empty() { Answer::NotPermitted } else { Answer::Forbidden };
        against.insert("no rule allows".to_owned());
        return Verdict { answer, rule: None, why: against };
    }
    if !against.is_empty() {
        return Verdict { answer: Answer::Forbidden, rule: None, why: against };
    }
    let mut first = allowing[0];
    for rule in &allowing {
        let (own, least) = (duties(&rule.obligations), duties(&first.obligations));
        if own < least || own == least && rule.id.as_str() < first.id.as_str() {
            first = rule;
        }
    }
    let why = allowing.iter().map(|rule| format!("allowed by {}", rule.id)).collect();
    Verdict { answer: Answer::Allowed, rule: Some(first.id.to_string()), why }
}

/// The nearest rule, and what it lacks, each thing by one word.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Near {
    pub(crate) rule: String,
    pub(crate) lacks: BTreeSet<String>,
}

/// As "Which rule is the nearest" of `access` has it. For a no within the own tenant.
pub(crate) fn nearest(document: &PolicyDocument, question: &Question, facts: &Facts) -> Option<Near> {
    let request = Request { question, facts };
    let mut near: Option<Near> = None;
    for rule in &document.access.allow {
        let other = Near { rule: rule.id.to_string(), lacks: lacks(document, rule, request) };
        near = match near {
            Some(near) if !is_nearer(&other, &near) => Some(near),
            _ => Some(other),
        };
    }
    near
}

fn is_nearer(one: &Near, other: &Near) -> bool {
    for what in ["emergency", "category", "action", "purpose", "role"] {
        match (one.lacks.contains(what), other.lacks.contains(what)) {
            (false, true) => return true,
            (true, false) => return false,
            _ => {}
        }
    }
    if one.lacks.len() != other.lacks.len() {
        return one.lacks.len() < other.lacks.len();
    }
    one.rule < other.rule
}

fn lacks(document: &PolicyDocument, rule: &AllowRule, request: Request<'_>) -> BTreeSet<String> {
    let Request { question, facts } = request;
    let (principal, resource) = (question.principal(), question.resource());
    let mut lacks = BTreeSet::new();
    let is_emergency =
        |purpose: &Name| document.purposes.get(purpose).is_some_and(|purpose| purpose.break_glass.is_some());
    let mut emergency = is_emergency(question.purpose().name());
    if !listed(&rule.purposes, question.purpose().name()) {
        emergency = rule.purposes.iter().all(is_emergency);
        lacks.insert(if emergency { "emergency" } else { "purpose" }.to_owned());
    }
    for (what, has) in [
        ("category", rule.categories.contains(resource.category_name())),
        ("action", rule.actions.contains(&question.action())),
        ("role", principal.roles().iter().any(|own| rule.roles.contains(own))),
        ("level", resource.level() <= rule.up_to),
        ("environment", listed(&rule.environments, &facts.environment)),
        ("kind", listed(&rule.kinds, &principal.kind())),
    ] {
        if !has {
            lacks.insert(what.to_owned());
        }
    }
    for (what, alone) in rule.when.iter().flat_map(one_by_one) {
        if !all_hold(&alone, request) {
            lacks.insert(what.to_owned());
        }
    }
    if emergency && question.named_case().is_none() && !lacks.is_empty() {
        lacks.insert("case".to_owned());
    }
    lacks
}

/// The conditions of a table, each in a table of its own.
fn one_by_one(all: &Conditions) -> [(&'static str, Conditions); 9] {
    let alone = |change: &dyn Fn(&mut Conditions)| {
        let mut alone = Conditions::new();
        change(&mut alone);
        alone
    };
    [
        ("second factor", alone(&|one| one.mfa_within = all.mfa_within)),
        ("method", alone(&|one| one.mfa_by = all.mfa_by.clone())),
        ("training", alone(&|one| one.trained_within = all.trained_within)),
        ("authorisation", alone(&|one| one.authorization = all.authorization)),
        ("assigned case", alone(&|one| one.assigned_case = all.assigned_case)),
        ("terms", alone(&|one| one.terms_accepted = all.terms_accepted)),
        ("device", alone(&|one| one.managed_device = all.managed_device)),
        ("transport", alone(&|one| one.transport = all.transport.clone())),
        ("hours", alone(&|one| one.hours = all.hours)),
    ]
}

/// Which rules of a document are about a request, by their places.
#[derive(Clone, Debug)]
pub(crate) struct Detail {
    pub(crate) allow: Vec<usize>,
    pub(crate) deny: Vec<usize>,
    /// Another tenant's data, or a control outside the rules.
    pub(crate) barred: bool,
}

impl Detail {
    pub(crate) fn is_allowed(&self) -> bool {
        !self.barred && self.deny.is_empty() && !self.allow.is_empty()
    }

    /// Whether it is a yes by this rule, or would be without the others.
    pub(crate) fn is_allowed_by(&self, rule: usize) -> bool {
        self.is_allowed() && self.allow.contains(&rule)
    }

    /// The rule that a yes is by.
    pub(crate) fn by<'d>(&self, document: &'d PolicyDocument) -> Option<&'d AllowRule> {
        let allowing = self.allow.iter().map(|at| &document.access.allow[*at]).filter(|_| self.is_allowed());
        allowing.min_by_key(|rule| (duties(&rule.obligations), rule.id.as_str()))
    }
}

/// Whether something that the old rule obliges to for data of this level is not, or less, in the new one.
pub(crate) fn is_looser(old: &Obligations, new: &Obligations, level: Level) -> bool {
    let shown = |obligations: &Obligations| obligations.mask_above.map_or(level, |mask| mask.min(level));
    let most = |obligations: &Obligations| obligations.max_records.unwrap_or(u32::MAX);
    let flags =
        |obligations: &Obligations| [obligations.reason, obligations.anonymised, obligations.four_eyes];
    let fell = flags(old).into_iter().zip(flags(new)).any(|(old, new)| old && !new);
    fell || shown(new) > shown(old) || most(new) > most(old)
}

pub(crate) fn detail(document: &PolicyDocument, question: &Question, facts: &Facts) -> Detail {
    let request = Request { question, facts };
    let mut detail = Detail { allow: Vec::new(), deny: Vec::new(), barred: false };
    detail.barred = question.principal().tenant() != question.resource().tenant()
        || !controls(document, request).is_empty();
    for (at, rule) in document.access.allow.iter().enumerate() {
        if allowed_by(rule, request) {
            detail.allow.push(at);
        }
    }
    for (at, rule) in document.access.deny.iter().enumerate() {
        if denial_covers(rule, request)
            && !rule.unless.as_ref().is_some_and(|unless| all_hold(unless, request))
        {
            detail.deny.push(at);
        }
    }
    detail
}

/// What forbids it whatever the rules say.
fn controls(document: &PolicyDocument, Request { question, facts }: Request<'_>) -> BTreeSet<String> {
    let mut against = BTreeSet::new();
    let (principal, resource) = (question.principal(), question.resource());
    let mut stands = |what: &str| against.insert(what.to_owned());
    if principal.standing() == Standing::Suspended {
        stands("suspended");
    }
    let category = document.categories.get(resource.category_name());
    let purpose = document.purposes.get(question.purpose().name());
    if category.is_none() {
        stands("category not declared");
    }
    if purpose.is_none() {
        stands("purpose not declared");
    }
    if let Some(category) = category
        && !category.purposes.contains(question.purpose().name())
    {
        stands("purpose not of the category");
    }
    if let Some(category) = category
        && category.needs_instruction
        && category.purposes.contains(question.purpose().name())
        && *category.role_for.get(question.purpose().name()).unwrap_or(&category.role) == LegalRole::Processor
        && document.requests.as_ref().is_none_or(|requests| requests.purpose != *question.purpose().name())
        && facts.instructed != Fact::Known(true)
    {
        stands("no instruction");
    }
    if let Some(purpose) = purpose {
        if purpose.needs_authorization && facts.authorization_live != Fact::Known(true) {
            stands("no authorisation");
        }
        let consented = match facts.preferences {
            Fact::Known(preferences) => preferences.has_consented(),
            Fact::Unknown => false,
        };
        if purpose.needs_consent && !consented {
            stands("no consent");
        }
        for stop in &purpose.stops_on {
            let nothing_of_the_kind = match facts.preferences {
                Fact::Known(preferences) => !preferences.has_said(*stop),
                Fact::Unknown => false,
            };
            if !nothing_of_the_kind {
                stands(&format!("stopped by {stop}"));
            }
        }
        if purpose.break_glass.is_some() && question.named_case().is_none() {
            stands("no case");
        }
    }
    let within = document.levels.get(&resource.level()).and_then(|controls| controls.mfa_within);
    if let Some(within) = within
        && principal.kind() == PrincipalKind::Person
        && !no_older(principal.last_mfa(), within, facts.now())
    {
        stands("second factor too old for the level");
    }
    against
}

fn allowed_by(rule: &AllowRule, request: Request<'_>) -> bool {
    let (principal, resource) = (request.question.principal(), request.question.resource());
    covers(
        &Lists {
            roles: &rule.roles,
            actions: &rule.actions,
            categories: &rule.categories,
            purposes: &rule.purposes,
            environments: &rule.environments,
            kinds: &rule.kinds,
        },
        principal,
        request,
    ) && resource.level() <= rule.up_to
        && match &rule.when {
            Some(conditions) => all_hold(conditions, request),
            None => true,
        }
}

fn denial_covers(rule: &DenyRule, request: Request<'_>) -> bool {
    let (principal, resource) = (request.question.principal(), request.question.resource());
    covers(
        &Lists {
            roles: &rule.roles,
            actions: &rule.actions,
            categories: &rule.categories,
            purposes: &rule.purposes,
            environments: &rule.environments,
            kinds: &rule.kinds,
        },
        principal,
        request,
    ) && match rule.from_level {
        Some(lowest) => resource.level() >= lowest,
        None => true,
    }
}

struct Lists<'l> {
    roles: &'l BTreeSet<Name>,
    actions: &'l BTreeSet<Action>,
    categories: &'l BTreeSet<Name>,
    purposes: &'l BTreeSet<Name>,
    environments: &'l BTreeSet<Environment>,
    kinds: &'l BTreeSet<PrincipalKind>,
}

fn covers(lists: &Lists<'_>, principal: &Principal, Request { question, facts }: Request<'_>) -> bool {
    has_role_of(lists.roles, principal)
        && listed(lists.actions, &question.action())
        && listed(lists.categories, question.resource().category_name())
        && listed(lists.purposes, question.purpose().name())
        && listed(lists.environments, &facts.environment)
        && listed(lists.kinds, &principal.kind())
}

fn listed<T: Ord>(list: &BTreeSet<T>, value: &T) -> bool {
    list.is_empty() || list.iter().any(|own| own == value)
}

fn has_role_of(list: &BTreeSet<Name>, principal: &Principal) -> bool {
    list.is_empty() || principal.roles().iter().any(|own| list.iter().any(|role| role == own))
}

fn all_hold(conditions: &Conditions, Request { question, facts }: Request<'_>) -> bool {
    let principal = question.principal();
    if let Some(within) = conditions.mfa_within
        && !no_older(principal.last_mfa(), within, facts.now())
    {
        return false;
    }
    if !conditions.mfa_by.is_empty() {
        let listed = |verified: Mfa| conditions.mfa_by.iter().any(|method| verified.amr().contains(*method));
        if !principal.second_factor().is_some_and(listed) {
            return false;
        }
    }
    if let Some(within) = conditions.trained_within
        && !no_older(principal.last_trained(), within, facts.now())
    {
        return false;
    }
    if conditions.authorization.is_some() && facts.authorization_live != Fact::Known(true) {
        return false;
    }
    if conditions.assigned_case && question.case() != Fact::Known(true) {
        return false;
    }
    if conditions.terms_accepted && facts.terms_accepted != Fact::Known(true) {
        return false;
    }
    if conditions.managed_device && principal.managed_device() != Fact::Known(true) {
        return false;
    }
    if !conditions.transport.is_empty() {
        let over: Option<Transport> = match question.transport() {
            Fact::Known(version) => Some(version),
            Fact::Unknown => None,
        };
        if !over.is_some_and(|version| conditions.transport.iter().any(|listed| *listed == version)) {
            return false;
        }
    }
    match conditions.hours {
        Some(hours) => within_hours(&hours, facts.now()),
        None => true,
    }
}

/// Whether it happened, not in the future, and `now` is not past the age after it. The age is read as a person reads it.
pub(crate) fn no_older(then: Option<DateTime<Utc>>, age: Period, now: DateTime<Utc>) -> bool {
    let Some(then) = then else { return false };
    if then > now {
        return false;
    }
    let written = age.to_string();
    let (amount, unit) = written.split_once(' ').unwrap();
    let amount: u32 = amount.parse().unwrap();
    let end = match unit.trim_end_matches('s') {
        "year" => then.checked_add_months(Months::new(amount * 12)),
        "month" => then.checked_add_months(Months::new(amount)),
        "day" => then.checked_add_days(Days::new(u64::from(amount))),
        "hour" => then.checked_add_signed(TimeDelta::hours(i64::from(amount))),
        "minute" => then.checked_add_signed(TimeDelta::minutes(i64::from(amount))),
        "second" => then.checked_add_signed(TimeDelta::seconds(i64::from(amount))),
        other => panic!("no unit of time: {other}"),
    };
    now <= end.unwrap()
}

/// Hours of the week, from their written form: days and ranges of days, then a range of times, whose first minute belongs to it and
/// whose last does not.
pub(crate) fn within_hours(hours: &Hours, now: DateTime<Utc>) -> bool {
    let written = hours.to_string();
    let (days, times) = written.rsplit_once(' ').unwrap_or(("mon-sun", &written));
    let number =
        |day: &str| ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().position(|d| *d == day).unwrap();
    let today = now.weekday().num_days_from_monday() as usize;
    let on_the_day = days.split(',').any(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        number(first) <= today && today <= number(last)
    });
    let minutes = |time: &str| {
        let (hour, minute) = time.split_once(':').unwrap();
        hour.parse::<u32>().unwrap() * 60 + minute.parse::<u32>().unwrap()
    };
    let (from, to) = times.split_once('-').unwrap();
    let minute = now.hour() * 60 + now.minute();
    on_the_day && minutes(from) <= minute && minute < minutes(to)
}

/// To how many things a rule obliges.
fn duties(obligations: &Obligations) -> usize {
    [
        obligations.mask_above.is_some(),
        obligations.max_records.is_some(),
        obligations.reason,
        obligations.anonymised,
        obligations.four_eyes,
    ]
    .into_iter()
    .filter(|is| *is)
    .count()
}

/// Whether a request is one of a set.
pub(crate) fn is_in(set: &RequestSet, question: &Question, facts: &Facts) -> bool {
    let request = Request { question, facts };
    let (principal, resource) = (question.principal(), question.resource());
    let said: Vec<Stop> = match facts.preferences {
        Fact::Known(preferences) => {
            Stop::ALL.iter().copied().filter(|stop| preferences.has_said(*stop)).collect()
        }
        Fact::Unknown => Vec::new(),
    };
    let consented = matches!(facts.preferences, Fact::Known(preferences) if preferences.has_consented());
    let lowest = set.from_level.unwrap_or(Level::Public);
    let highest = set.up_to.unwrap_or(Level::Restricted);
    (principal.standing() == Standing::Suspended) == set.suspended
        && (principal.tenant() != resource.tenant()) == set.of_other_tenants
        && has_role_of(&set.roles, principal)
        && !principal.roles().iter().any(|own| set.without_roles.iter().any(|role| role == own))
        && listed(&set.actions, &question.action())
        && listed(&set.categories, resource.category_name())
        && lowest <= resource.level()
        && resource.level() <= highest
        && listed(&set.purposes, question.purpose().name())
        && listed(&set.environments, &facts.environment)
        && listed(&set.kinds, &principal.kind())
        && set.with.as_ref().is_none_or(|conditions| all_hold(conditions, request))
        && set.without.as_ref().is_none_or(|conditions| !all_hold(conditions, request))
        && set.said.iter().all(|stop| said.contains(stop))
        && (!set.without_consent || !consented)
}

/// Whether a set says two things that no request is.
pub(crate) fn is_contradiction(set: &RequestSet) -> bool {
    let levels = match (set.from_level, set.up_to) {
        (Some(lowest), Some(highest)) => lowest > highest,
        _ => false,
    };
    let left = set.roles.difference(&set.without_roles).count();
    levels || !set.roles.is_empty() && left == 0
}
