//! This crate, asked as a host asks it.

use std::hint::black_box;

use chrono::DateTime;
use stewardship::access::{Answer, Asked, Barrier, Decision, Environment, Facts, Why, decide};
use stewardship::{Action, Place, Policy, Principal, Purpose, Question, Resource};

use super::asked::{HostRequest, NOW};
use super::floor;
use super::words::Role;

/// Where every request is decided.
pub const HERE: Environment = Environment::Production;

/// The question, from the host's strings; `None` for a word that there is not.
pub fn question(host: &HostRequest) -> Option<Question> {
    let (tenant, id) = (host.tenant, host.principal);
    let mut principal = match host.kind {
        "person" => Principal::person(tenant, id),
        "service" => Principal::service(tenant, id),
        _ => return None,
    };
    for role in &host.roles {
        principal = principal.role(*role);
    }
    if let Some(at) = host.mfa_at {
        principal = principal.mfa_at(DateTime::from_timestamp(at, 0)?);
    }
    if host.suspended {
        principal = principal.suspended();
    }
    let (action, level) = (Action::named(host.action)?, host.level.parse().ok()?);
    let place =
        Place::tenant(host.of_tenant).connection(host.connection).subject(host.subject).record(host.record);
    let resource = Resource::category(place, host.category, level);
    let question = Question::new(principal, action, resource, Purpose::new(host.purpose));
    Some(match host.assigned_case {
        Some(assigned) => question.assigned_case(assigned),
        None => question,
    })
}

/// What the engine knows beside it.
pub fn facts(host: &HostRequest) -> Facts {
    let facts = Facts::new(DateTime::from_timestamp(NOW, 0).unwrap(), HERE);
    match host.authorization {
        Some(live) => facts.authorization(live),
        None => facts,
    }
}

/// The questions of the requests.
pub fn questions(hosts: &[HostRequest]) -> Vec<Question> {
    hosts.iter().map(|host| question(host).unwrap()).collect()
}

/// The questions of the requests as they are decided, with the facts of each.
pub fn ready<'a>(policy: &'a Policy, questions: &'a [Question], hosts: &[HostRequest]) -> Vec<Ready<'a>> {
    let facts = hosts.iter().map(facts);
    let asked = questions.iter().map(|question| Asked::new(policy, question));
    asked.zip(facts).map(|(asked, facts)| Ready { asked, facts }).collect()
}

/// A question that is resolved, and the facts.
pub struct Ready<'a> {
    asked: Asked<'a>,
    facts: Facts,
}

impl Ready<'_> {
    /// Decides, and goes through every reason.
    #[inline]
    pub fn decide_with_reasons(&self) -> Answer {
        with_reasons(&self.asked.decide(&self.facts))
    }

    /// Decides.
    #[inline]
    pub fn decide(&self) -> Answer {
        self.asked.decide(&self.facts).answer()
    }
}

#[inline]
fn with_reasons(decision: &Decision<'_>) -> Answer {
    decision.why().for_each(|why| _ = black_box(why));
    decision.answer()
}

/// From the host's strings to the answer; what was built is dropped.
pub fn end_to_end(policy: &Policy, host: &HostRequest) -> Answer {
    let question = question(black_box(host)).unwrap();
    decide(policy, black_box(&question), &facts(host)).answer()
}

/// The same, with every reason.
pub fn end_to_end_with_reasons(policy: &Policy, host: &HostRequest) -> Answer {
    let question = question(black_box(host)).unwrap();
    with_reasons(&decide(policy, black_box(&question), &facts(host)))
}

/// Whether a denial comes with the rule that is nearest to allowing it.
pub fn has_nearest(policy: &Policy, host: &HostRequest) -> bool {
    decide(policy, &question(host).unwrap(), &facts(host)).explain().nearest.is_some()
}

/// The answer and every reason, by the floor's names and in their order.
pub fn reasoned(policy: &Policy, host: &HostRequest) -> (floor::Answer, Vec<String>) {
    let question = question(host).unwrap();
    let decision = decide(policy, &question, &facts(host));
    let answer = match decision.answer() {
        Answer::Allowed => floor::Answer::Allowed,
        Answer::Forbidden => floor::Answer::Forbidden,
        Answer::NotPermitted => floor::Answer::NotPermitted,
    };
    let named = |why| match why {
        Why::AllowedBy(rule) | Why::DeniedBy(rule) => rule.to_string(),
        Why::Barrier(Barrier::Suspended) => "suspended".to_owned(),
        Why::Barrier(Barrier::PurposeMismatch) => "purpose not of category".to_owned(),
        Why::Barrier(Barrier::NoAuthorization) => "no authorization".to_owned(),
        Why::Barrier(Barrier::LevelNeedsMfa) => "level needs mfa".to_owned(),
        Why::NoRuleAllows => "no rule allows".to_owned(),
        other => panic!("this policy has nothing of the kind: {other:?}"),
    };
    let mut names: Vec<_> = decision.why().map(named).collect();
    names.sort_unstable();
    (answer, names)
}

/// A state of the domain as a host would ask it.
pub fn host(asked: &floor::Asked) -> HostRequest {
    HostRequest {
        tenant: "seller-001-gmbh",
        principal: "user-1",
        kind: asked.kind.as_str(),
        suspended: asked.suspended,
        roles: asked.roles.numbers().map(|role| Role::ALL[role].as_str()).collect(),
        mfa_at: asked.mfa_at,
        action: asked.action.as_str(),
        of_tenant: if asked.within_tenant { "seller-001-gmbh" } else { "seller-002-gmbh" },
        category: asked.category.as_str(),
        level: asked.level.as_str(),
        connection: "tiktok-shop:8837",
        subject: "buyer-17",
        record: "114-3941689-8772232",
        purpose: asked.purpose.as_str(),
        assigned_case: asked.case,
        authorization: asked.authorization,
    }
}
