//! Regorus and its virtual machine, as its documentation and benchmarks have it: the policy is compiled once, its tables are data, one
//! machine decides one input after another.

use std::collections::BTreeMap;
use std::sync::Arc;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Rc, Value};
use serde_json::{Map, json};
use stewardship::Policy;
use stewardship::access::PrincipalKind;
use stewardship::classification::Level;
use stewardship::policy::Conditions;

use crate::market::asked::{HostRequest, NOW};

const ENTRY: &str = "data.market.allow";

pub struct Rego {
    machine: RegoVM,
}

impl Rego {
    pub fn new(policy: &Policy) -> Self {
        let mut engine = Engine::new();
        engine.add_policy("market.rego".to_owned(), include_str!("market.rego").to_owned()).unwrap();
        let data = Value::from(data(policy));
        engine.add_data(data.clone()).unwrap();
        let compiled = engine.compile_with_entrypoint(&Rc::from(ENTRY)).unwrap();
        let program = Compiler::compile_from_policy(&compiled, &[ENTRY]).unwrap();
        let mut machine = RegoVM::new_with_policy(compiled);
        machine.load_program(Arc::clone(&program));
        machine.set_data(data).unwrap();
        Self { machine }
    }

    /// Whether it is allowed. The answer is a truth value: it has no reasons.
    pub fn decide(&mut self, input: Value) -> bool {
        self.machine.set_input(input);
        *self.machine.execute_entry_point_by_name(ENTRY).unwrap().as_bool().unwrap()
    }
}

/// The input, from the host's strings.
pub fn ask(host: &HostRequest) -> Value {
    let text = |text: &'static str| Value::from(text);
    let mut input = BTreeMap::from(
        [
            ("tenant", text(host.tenant)),
            ("principal", text(host.principal)),
            ("kind", text(host.kind)),
            ("suspended", Value::from(host.suspended)),
            ("roles", Value::from(host.roles.iter().copied().map(text).collect::<Vec<_>>())),
            ("action", text(host.action)),
            ("of_tenant", text(host.of_tenant)),
            ("category", text(host.category)),
            ("level", text(host.level)),
            ("connection", text(host.connection)),
            ("subject", text(host.subject)),
            ("record", text(host.record)),
            ("purpose", text(host.purpose)),
            ("now", Value::from(NOW)),
        ]
        .map(|(name, value)| (Value::from(name), value)),
    );
    let facts = [
        ("mfa_at", host.mfa_at.map(Value::from)),
        ("assigned_case", host.assigned_case.map(Value::from)),
        ("authorization", host.authorization.map(Value::from)),
    ];
    input.extend(facts.into_iter().filter_map(|(name, fact)| Some((Value::from(name), fact?))));
    Value::from(input)
}

/// The policy's tables as data.
fn data(policy: &Policy) -> serde_json::Value {
    let document = policy.document();
    let mut grants = Map::new();
    for rule in &document.access.allow {
        let mut grant = json!({
            "up_to": rule.up_to as u8,
            "purposes": rule.purposes,
            "kinds": rule.kinds,
        });
        let when = rule.when.clone().unwrap_or_else(Conditions::new);
        if let Some(within) = when.mfa_within {
            grant["mfa_within"] = within.approximate_seconds().into();
        }
        if when.assigned_case {
            grant["assigned_case"] = true.into();
        }
        if when.authorization.is_some() {
            grant["authorization"] = true.into();
        }
        for role in &rule.roles {
            for action in &rule.actions {
                for category in &rule.categories {
                    let cell = [role.as_str(), action.as_str(), category.as_str()];
                    cell_of(&mut grants, cell).push(grant.clone());
                }
            }
        }
    }
    let categories: Vec<_> = document.categories.keys().collect();
    let mut denials = Map::new();
    for rule in &document.access.deny {
        let all = || PrincipalKind::ALL.iter().copied().collect();
        let mut denial = json!({
            "from_level": rule.from_level.unwrap_or(Level::Public) as u8,
            "categories": if rule.categories.is_empty() { json!(categories) } else { json!(rule.categories) },
            "kinds": if rule.kinds.is_empty() { all() } else { rule.kinds.clone() },
        });
        if let Some(within) = rule.unless.as_ref().and_then(|unless| unless.mfa_within) {
            denial["unless_mfa_within"] = within.approximate_seconds().into();
        }
        for action in &rule.actions {
            let of_action = denials.entry(action.as_str()).or_insert_with(|| json!([]));
            of_action.as_array_mut().unwrap().push(denial.clone());
        }
    }
    let levels = Level::ALL.into_iter().map(|level| (level.as_str(), level as u8));
    let mfa_of = Level::ALL
        .into_iter()
        .filter_map(|level| Some((level.as_str(), policy.level(level).mfa_within?.approximate_seconds())));
    let purposes_of = document.categories.iter().map(|(name, category)| (name, &category.purposes));
    let authorized =
        document.purposes.iter().filter(|(_, entry)| entry.needs_authorization).map(|(name, _)| (name, true));
    json!({
        "grants": grants,
        "denials": denials,
        "levels": levels.collect::<BTreeMap<_, _>>(),
        "mfa_of": mfa_of.collect::<BTreeMap<_, _>>(),
        "purposes_of": purposes_of.collect::<BTreeMap<_, _>>(),
        "needs_authorization": authorized.collect::<BTreeMap<_, _>>(),
    })
}

fn cell_of<'g>(
    grants: &'g mut Map<String, serde_json::Value>,
    [role, action, category]: [&str; 3],
) -> &'g mut Vec<serde_json::Value> {
    let by_action = grants.entry(role).or_insert_with(|| json!({})).as_object_mut().unwrap();
    let by_category = by_action.entry(action).or_insert_with(|| json!({})).as_object_mut().unwrap();
    by_category.entry(category).or_insert_with(|| json!([])).as_array_mut().unwrap()
}
