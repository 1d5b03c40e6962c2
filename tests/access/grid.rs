//! Every request of a small domain, one of each kind that its policies and claims tell apart.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use stewardship::access::{Environment, Fact, Facts, Hours, Preferences, PrincipalKind, Standing, Stop};
use stewardship::authentication::{Method, Mfa};
use stewardship::classification::Level;
use stewardship::id::Name;
use stewardship::policy::{PolicyDocument, RequestSet, Transport};
use stewardship::{Action, Period, Principal, Purpose, Question, Resource};

use crate::random::Shape;
use crate::reference::{Detail, detail, no_older, within_hours};
use crate::requests::{ago, second_factor};

pub(crate) struct Grid {
    shape: Shape,
    pub(crate) requests: Vec<(Question, Facts)>,
}

impl Grid {
    /// Of policies of this shape, and these sets.
    pub(crate) fn of(shape: &Shape, sets: &[RequestSet]) -> Self {
        let mut requests = Vec::new();
        let suspended = flags(sets.iter().any(|set| set.suspended));
        let strange = flags(sets.iter().any(|set| set.of_other_tenants));
        for mut base in bases(shape) {
            for suspend in suspended {
                if *suspend {
                    base.principal = base.principal.clone().suspended();
                }
                for tenant in strange.iter().map(|strange| if *strange { "another" } else { "tenant" }) {
                    for (principal, facts) in situations(shape, &base.principal) {
                        for question in asked(shape, &base, &principal, tenant) {
                            requests.extend(environments(&facts).map(|facts| (question.clone(), facts)));
                        }
                    }
                }
            }
        }
        Self { shape: shape.clone(), requests }
    }

    pub(crate) fn details(&self, document: &PolicyDocument) -> Vec<Detail> {
        self.requests.iter().map(|(question, facts)| detail(document, question, facts)).collect()
    }

    /// The least weight of those requests for which this is so.
    pub(crate) fn least(
        &self,
        ages: &[Period],
        is: impl Fn(usize, &Question, &Facts) -> bool,
    ) -> Option<(usize, usize)> {
        let those =
            self.requests.iter().enumerate().filter(|(at, (question, facts))| is(*at, question, facts));
        those.map(|(_, (question, facts))| weight(&self.shape, ages, question, facts)).min()
    }
}

/// The ages of a second factor that policies and sets name: what is older than all of them is like one that was never given.
pub(crate) fn named_ages(documents: &[&PolicyDocument], sets: &[&RequestSet]) -> Vec<Period> {
    let mut ages = Vec::new();
    for document in documents {
        ages.extend(document.levels.values().filter_map(|controls| controls.mfa_within));
        let when = document.access.allow.iter().filter_map(|rule| rule.when.as_ref());
        let unless = document.access.deny.iter().filter_map(|rule| rule.unless.as_ref());
        ages.extend(when.chain(unless).filter_map(|conditions| conditions.mfa_within));
    }
    let tables = sets.iter().flat_map(|set| set.with.iter().chain(&set.without));
    ages.extend(tables.filter_map(|conditions| conditions.mfa_within));
    ages
}

/// How much a request says: first its roles, the facts that are known to hold and the methods that policies ask for, then its level and that it is a service's.
pub(crate) fn weight(shape: &Shape, ages: &[Period], question: &Question, facts: &Facts) -> (usize, usize) {
    let (principal, resource) = (question.principal(), question.resource());
    let mut said = principal.roles().len();
    if let Some(verified) = principal.second_factor() {
        said += shape.words.methods.iter().filter(|method| verified.amr().contains(**method)).count();
    }
    for is in [
        principal.standing() == Standing::Suspended,
        principal.tenant() != resource.tenant(),
        ages.iter().any(|age| no_older(principal.last_mfa(), *age, facts.now())),
        principal.last_trained().is_some(),
        principal.managed_device() == Fact::Known(true),
        question.case() == Fact::Known(true),
        question.named_case().is_some(),
        question.transport() != Fact::Unknown,
        facts.authorization_live == Fact::Known(true),
        facts.terms_accepted == Fact::Known(true),
        facts.instructed == Fact::Known(true),
    ] {
        said += usize::from(is);
    }
    if let Fact::Known(preferences) = facts.preferences {
        said += usize::from(preferences.has_consented());
        said += Stop::ALL.iter().filter(|stop| !preferences.has_said(**stop)).count();
    }
    (said, resource.level() as usize + usize::from(principal.kind() == PrincipalKind::Service))
}

struct Base {
    principal: Principal,
    category: Name,
    purpose: Name,
}

/// Who, with which category, for which purpose: those that are declared, and one that is not.
fn bases(shape: &Shape) -> Vec<Base> {
    let undeclared = Name::new("undeclared");
    let roles = shape.role_names();
    let with_undeclared = |mut names: Vec<Name>| {
        names.push(undeclared.clone());
        names
    };
    let mut bases = Vec::new();
    for chosen in 0..1_usize << roles.len() {
        for kind in PrincipalKind::ALL {
            let mut principal = match kind {
                PrincipalKind::Person => Principal::person("tenant", "principal"),
                PrincipalKind::Service => Principal::service("tenant", "principal"),
            };
            for (at, role) in roles.iter().enumerate() {
                if chosen >> at & 1 == 1 {
                    principal = principal.role(role);
                }
            }
            for category in with_undeclared(shape.category_names()) {
                for purpose in with_undeclared(shape.purpose_names()) {
                    let (principal, category) = (principal.clone(), category.clone());
                    bases.push(Base { principal, category, purpose });
                }
            }
        }
    }
    bases
}

/// The principal as it signed in, and the facts.
fn situations(shape: &Shape, principal: &Principal) -> Vec<(Principal, Facts)> {
    let words = &shape.words;
    let mut situations = Vec::new();
    for now in moments(&words.hours) {
        for mfa in second_factors(shape, now) {
            for trained in ages(&words.training, now) {
                for managed in flags(words.device) {
                    for live in flags(words.authorization) {
                        let mut principal = principal.clone();
                        principal = mfa.into_iter().fold(principal, Principal::mfa);
                        principal = trained.into_iter().fold(principal, Principal::trained_at);
                        if *managed {
                            principal = principal.on_managed_device(true);
                        }
                        let mut facts = Facts::new(now, Environment::Development);
                        if *live {
                            facts = facts.authorization(true);
                        }
                        let known = of_the_customer(shape, facts);
                        situations.extend(known.into_iter().map(|facts| (principal.clone(), facts)));
                    }
                }
            }
        }
    }
    situations
}

/// The facts, with what the customer and the person may have said.
fn of_the_customer(shape: &Shape, facts: Facts) -> Vec<Facts> {
    let words = &shape.words;
    let mut all = Vec::new();
    for accepted in flags(words.terms) {
        for instructed in flags(words.instruction) {
            for said in preferences(shape) {
                let mut facts = said.into_iter().fold(facts, Facts::preferences);
                if *accepted {
                    facts = facts.terms(true);
                }
                if *instructed {
                    facts = facts.instruction(true);
                }
                all.push(facts);
            }
        }
    }
    all
}

fn asked(shape: &Shape, base: &Base, principal: &Principal, tenant: &str) -> Vec<Question> {
    let mut questions = Vec::new();
    let words = &shape.words;
    let transports =
        || std::iter::once(None).chain(Transport::ALL.iter().filter(|_| words.transport).map(Some));
    for action in Action::ALL {
        for level in Level::ALL {
            for assigned in flags(words.case) {
                for named in flags(words.break_glass) {
                    for over in transports() {
                        let resource = Resource::category(tenant, base.category.clone(), level);
                        let purpose = Purpose::new(base.purpose.clone());
                        let mut question = Question::new(principal.clone(), *action, resource, purpose);
                        if *assigned {
                            question = question.assigned_case(true);
                        }
                        if *named {
                            question = question.for_case("case");
                        }
                        if let Some(version) = over {
                            question = question.over(*version);
                        }
                        questions.push(question);
                    }
                }
            }
        }
    }
    questions
}

fn environments(facts: &Facts) -> impl Iterator<Item = Facts> + '_ {
    Environment::ALL.iter().map(|environment| {
        let mut facts = *facts;
        facts.environment = *environment;
        facts
    })
}

fn flags(both: bool) -> &'static [bool] {
    if both { &[false, true] } else { &[false] }
}

/// Never, and for each age just as long ago.
fn ages(ages: &[Period], now: DateTime<Utc>) -> Vec<Option<DateTime<Utc>>> {
    std::iter::once(None).chain(ages.iter().map(|age| Some(ago(*age, now)))).collect()
}

/// None; and with and without the method that policies ask for, as old as each age is and older than all.
fn second_factors(shape: &Shape, now: DateTime<Utc>) -> Vec<Option<Mfa>> {
    let words = &shape.words;
    let mut all = vec![None];
    let fresh = words.mfa.iter().map(|age| ago(*age, now));
    let moments: Vec<DateTime<Utc>> = fresh.chain([now - TimeDelta::days(10_000)]).collect();
    for at in moments {
        for method in std::iter::once(None).chain(words.methods.iter().copied().map(Some)) {
            // That there were two factors is a method, too.
            let without: &[Method] = match words.methods.contains(&Method::Mfa) {
                true => &[Method::Pwd, Method::Swk],
                false => &[Method::Mfa],
            };
            let methods: Vec<Method> = without.iter().copied().chain(method).collect();
            all.push(Some(second_factor(&methods, at)));
        }
    }
    all
}

/// A moment of the week for each set of hours that hold together.
fn moments(hours: &[&str]) -> Vec<DateTime<Utc>> {
    let hours: Vec<Hours> = hours.iter().map(|text| text.parse().unwrap()).collect();
    let monday: DateTime<Utc> = "2026-06-15T00:00:00Z".parse().unwrap();
    let mut seen = BTreeSet::new();
    let quarters = (0..7 * 24 * 4).map(|quarter| monday + TimeDelta::minutes(15 * quarter));
    quarters
        .filter(|now| seen.insert(hours.iter().map(|hours| within_hours(hours, *now)).collect::<Vec<_>>()))
        .collect()
}

/// Not known, and all that can be said of what policies ask about; the rest is said, so that it is never what allows.
fn preferences(shape: &Shape) -> Vec<Option<Preferences>> {
    let words = &shape.words;
    let mut all = vec![None];
    if !words.consent && words.stops.is_empty() {
        return all;
    }
    for consented in flags(words.consent) {
        for chosen in 0..1_usize << words.stops.len() {
            let mut said = if *consented { Preferences::NONE.consented() } else { Preferences::NONE };
            for stop in Stop::ALL {
                let silent = words.stops.iter().position(|asked| asked == stop);
                if silent.is_none_or(|at| chosen >> at & 1 == 0) {
                    said = said.said(*stop);
                }
            }
            all.push(Some(said));
        }
    }
    all
}
