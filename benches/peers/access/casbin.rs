//! Casbin, with a model that has a column for each thing that a rule says: what a line does not say is `*`. One line for each rule, and
//! one for each control that our policy has outside its rules.

use casbin::function_map::{OperatorFunction, dynamic_to_str};
use casbin::rhai::{Dynamic, EvalAltResult};
use casbin::{CoreApi as _, DefaultModel, Enforcer, MemoryAdapter, MgmtApi as _};
use serde::Serialize;
use stewardship::policy::Conditions;
use stewardship::{Policy, block_on};

use crate::market::asked::{HostRequest, NOW};
use crate::market::words::{Level, Mfa};

const MODEL: &str = r#"
[request_definition]
r = sub, obj, act, ctx

[policy_definition]
p = role, acts, cats, low, high, purposes, kind, mfa, mfa_below, assigned, live, suspended, eft

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = (p.role == "*" || p.role in r.sub.roles) && r.sub.tenant == r.obj.tenant && (p.acts == "*" || listed(p.acts, r.act)) && (p.cats == "*" || listed(p.cats, r.obj.category)) && r.obj.level >= p.low && r.obj.level <= p.high && (p.purposes == "*" || listed(p.purposes, r.ctx.purpose)) && (p.kind == "*" || p.kind == r.sub.kind) && r.sub.mfa >= p.mfa && r.sub.mfa < p.mfa_below && (p.assigned == "*" || p.assigned == r.ctx.assigned) && (p.live == "*" || p.live == r.ctx.live) && (p.suspended == "*" || p.suspended == r.sub.suspended)
"#;

pub struct Casbin {
    enforcer: Enforcer,
}

#[derive(Serialize)]
struct Sub<'h> {
    tenant: &'h str,
    kind: &'h str,
    suspended: &'static str,
    roles: &'h [&'static str],
    /// How fresh, as a digit: a policy's values are texts.
    mfa: &'static str,
}

#[derive(Serialize)]
struct Obj<'h> {
    tenant: &'h str,
    category: &'h str,
    level: &'static str,
}

#[derive(Serialize)]
struct Ctx<'h> {
    purpose: &'h str,
    assigned: &'static str,
    live: &'static str,
}

/// The request's values.
pub type Asked = Vec<Dynamic>;

/// From the host's strings.
pub fn ask(host: &HostRequest) -> Asked {
    let level = digit(Level::parse(host.level).unwrap() as usize);
    let mfa = digit(Mfa::of(host.mfa_at, NOW) as usize);
    let sub =
        Sub { tenant: host.tenant, kind: host.kind, suspended: yes(host.suspended), roles: &host.roles, mfa };
    let obj = Obj { tenant: host.of_tenant, category: host.category, level };
    let ctx = Ctx {
        purpose: host.purpose,
        assigned: yes(host.assigned_case == Some(true)),
        live: yes(host.authorization == Some(true)),
    };
    let dynamic = |made: Result<Dynamic, Box<EvalAltResult>>| made.unwrap();
    vec![
        dynamic(casbin::rhai::serde::to_dynamic(sub)),
        dynamic(casbin::rhai::serde::to_dynamic(obj)),
        host.action.to_owned().into(),
        dynamic(casbin::rhai::serde::to_dynamic(ctx)),
    ]
}

impl Casbin {
    pub fn new(policy: &Policy) -> Self {
        let lines = lines(policy);
        let enforcer = block_on(async {
            let model = DefaultModel::from_str(MODEL).await.unwrap();
            let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.unwrap();
            // No word is part of another.
            let listed =
                |all: Dynamic, one: Dynamic| dynamic_to_str(&all).contains(&*dynamic_to_str(&one)).into();
            enforcer.add_function("listed", OperatorFunction::Arg2(listed));
            enforcer.add_policies(lines).await.unwrap();
            enforcer
        });
        Self { enforcer }
    }

    /// Whether it is allowed. The answer is a truth value: it has no reasons.
    pub fn decide(&self, asked: Asked) -> bool {
        self.enforcer.enforce(asked).unwrap()
    }
}

const fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

const fn digit(number: usize) -> &'static str {
    ["0", "1", "2", "3", "4"][number]
}

/// A line of which only some columns say anything.
fn line(said: &[(&str, String)]) -> Vec<String> {
    const COLUMNS: [(&str, &str); 13] = [
        ("role", "*"),
        ("acts", "*"),
        ("cats", "*"),
        ("low", "0"),
        ("high", "3"),
        ("purposes", "*"),
        ("kind", "*"),
        ("mfa", "0"),
        ("mfa_below", "3"),
        ("assigned", "*"),
        ("live", "*"),
        ("suspended", "*"),
        ("eft", "deny"),
    ];
    let value = |(column, silent): (&str, &str)| {
        let found = said.iter().find(|(name, _)| *name == column);
        found.map_or_else(|| silent.to_owned(), |(_, value)| value.clone())
    };
    COLUMNS.map(value).into()
}

fn lines(policy: &Policy) -> Vec<Vec<String>> {
    let access = &policy.document().access;
    let joined = |names: Vec<String>| names.join("|");
    let mut lines = Vec::new();
    for rule in &access.allow {
        let when = rule.when.clone().unwrap_or_else(Conditions::new);
        let mut said = vec![
            ("role", rule.roles.first().unwrap().to_string()),
            ("acts", joined(rule.actions.iter().map(ToString::to_string).collect())),
            ("cats", joined(rule.categories.iter().map(ToString::to_string).collect())),
            ("high", digit(rule.up_to as usize).to_owned()),
            ("purposes", joined(rule.purposes.iter().map(ToString::to_string).collect())),
            ("kind", rule.kinds.first().unwrap().to_string()),
            ("eft", "allow".to_owned()),
        ];
        said.extend(when.mfa_within.map(|_| ("mfa", digit(Mfa::HalfDay as usize).to_owned())));
        said.extend(when.assigned_case.then(|| ("assigned", "yes".to_owned())));
        said.extend(when.authorization.map(|_| ("live", "yes".to_owned())));
        lines.push(line(&said));
    }
    for rule in &access.deny {
        let mut said = vec![
            ("acts", joined(rule.actions.iter().map(ToString::to_string).collect())),
            ("low", digit(rule.from_level.unwrap() as usize).to_owned()),
            ("kind", rule.kinds.first().unwrap().to_string()),
        ];
        if !rule.categories.is_empty() {
            said.push(("cats", joined(rule.categories.iter().map(ToString::to_string).collect())));
        }
        said.extend(rule.unless.as_ref().map(|_| ("mfa_below", digit(Mfa::HalfDay as usize).to_owned())));
        lines.push(line(&said));
    }
    let text = |text: &str| text.to_owned();
    lines.push(line(&[("suspended", text("yes"))]));
    lines.push(line(&[("purposes", text("selling")), ("cats", text("billing|account"))]));
    lines.push(line(&[("purposes", text("selling")), ("live", text("no"))]));
    let person = ("kind", text("person"));
    lines.push(line(&[person.clone(), ("low", text("2")), ("high", text("2")), ("mfa_below", text("1"))]));
    lines.push(line(&[person, ("low", text("3")), ("mfa_below", text("2"))]));
    lines
}
