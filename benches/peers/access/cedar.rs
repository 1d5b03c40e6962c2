//! Cedar, as its documentation has it: roles and categories are groups that entities belong to, attributes are typed by a schema against
//! which policies, requests and entities are checked, and what forbids is a policy of its own. 28 policies: the 20 rules that allow, the
//! 2 that deny, and 6 for what our policy says outside its rules.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression, Schema, ValidationMode, Validator,
};
use stewardship::Policy;
use stewardship::classification::Level;
use stewardship::policy::{AllowRule, Conditions, DenyRule};

use crate::market::asked::{HostRequest, NOW};
use crate::market::words::Role;

const SCHEMA: &str = r#"
entity Role;
entity Category;
entity User in [Role] = { tenant: String, kind: String, suspended: Bool, mfa_at?: Long };
entity Data in [Category] = { tenant: String, level: Long };
action read, write, export, share, erase appliesTo {
    principal: [User],
    resource: [Data],
    context: { purpose: String, now: Long, assigned_case?: Bool, authorization_live?: Bool },
};
"#;

/// What our policy says of tenants, accounts, purposes and levels.
const CONTROLS: &str = r#"
@id("tenant") forbid (principal, action, resource) unless { principal.tenant == resource.tenant };
@id("suspended") forbid (principal, action, resource) when { principal.suspended };
@id("purpose-of-category") forbid (principal, action, resource)
when { context.purpose == "selling" && resource in [Category::"billing", Category::"account"] };
@id("authorization") forbid (principal, action, resource)
when { context.purpose == "selling" }
unless { context has authorization_live && context.authorization_live };
@id("mfa-confidential") forbid (principal, action, resource)
when { principal.kind == "person" && resource.level == 2 }
unless { principal has mfa_at && principal.mfa_at <= context.now && context.now - principal.mfa_at <= 86400 };
@id("mfa-restricted") forbid (principal, action, resource)
when { principal.kind == "person" && resource.level == 3 }
unless { principal has mfa_at && principal.mfa_at <= context.now && context.now - principal.mfa_at <= 43200 };
"#;

pub struct Cedar {
    authorizer: Authorizer,
    schema: Schema,
    types: Types,
    policies: PolicySet,
    /// By action, what can apply to whoever has a role: for callers that choose before they ask.
    slices: HashMap<(&'static str, &'static str), PolicySet>,
}

struct Types {
    user: EntityTypeName,
    role: EntityTypeName,
    action: EntityTypeName,
    data: EntityTypeName,
    category: EntityTypeName,
}

/// A request and the entities that it is about.
pub struct Asked {
    request: Request,
    entities: Entities,
    slice: (&'static str, &'static str),
}

impl Cedar {
    pub fn new(policy: &Policy) -> Self {
        let (schema, _warnings) = Schema::from_cedarschema_str(SCHEMA).unwrap();
        let access = &policy.document().access;
        let permits: BTreeMap<_, _> = access.allow.iter().map(|rule| (&rule.id, permit(rule))).collect();
        let forbids: String = access.deny.iter().map(forbid).chain([CONTROLS.to_owned()]).collect();
        let all: String = permits.values().cloned().chain([forbids.clone()]).collect();
        let policies = parsed(&all, &schema);
        let mut slices = HashMap::new();
        for role in policy.document().roles.keys() {
            for action in stewardship::Action::ALL {
                let of = |rule: &&AllowRule| rule.roles.contains(role) && rule.actions.contains(action);
                let permits = access.allow.iter().filter(of).map(|rule| permits[&rule.id].clone());
                let slice: String = permits.chain([forbids.clone()]).collect();
                let of = (Role::parse(role.as_str()).unwrap().as_str(), action.as_str());
                slices.insert(of, parsed(&slice, &schema));
            }
        }
        let named = |name: &str| name.parse().unwrap();
        let types = Types {
            user: named("User"),
            role: named("Role"),
            action: named("Action"),
            data: named("Data"),
            category: named("Category"),
        };
        Self { authorizer: Authorizer::new(), schema, types, policies, slices }
    }

    /// How many policies there are.
    pub fn policies(&self) -> usize {
        self.policies.num_of_policies()
    }

    /// From the host's strings.
    pub fn ask(&self, host: &HostRequest) -> Asked {
        let uid =
            |of: &EntityTypeName, id: &str| EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id));
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let user = uid(&self.types.user, host.principal);
        let data = uid(&self.types.data, host.record);
        let mut user_attributes = HashMap::from([
            ("tenant".to_owned(), text(host.tenant)),
            ("kind".to_owned(), text(host.kind)),
            ("suspended".to_owned(), RestrictedExpression::new_bool(host.suspended)),
        ]);
        if let Some(at) = host.mfa_at {
            user_attributes.insert("mfa_at".to_owned(), RestrictedExpression::new_long(at));
        }
        let level = Level::ALL.iter().position(|level| level.as_str() == host.level).unwrap();
        let data_attributes = HashMap::from([
            ("tenant".to_owned(), text(host.of_tenant)),
            ("level".to_owned(), RestrictedExpression::new_long(level as i64)),
        ]);
        let roles: HashSet<_> = host.roles.iter().map(|role| uid(&self.types.role, role)).collect();
        let category = HashSet::from([uid(&self.types.category, host.category)]);
        let mut context = vec![
            ("purpose".to_owned(), text(host.purpose)),
            ("now".to_owned(), RestrictedExpression::new_long(NOW)),
        ];
        for (name, fact) in
            [("assigned_case", host.assigned_case), ("authorization_live", host.authorization)]
        {
            context.extend(fact.map(|fact| (name.to_owned(), RestrictedExpression::new_bool(fact))));
        }
        let entities = [
            Entity::new(user.clone(), user_attributes, roles).unwrap(),
            Entity::new(data.clone(), data_attributes, category).unwrap(),
        ];
        Asked {
            request: Request::new(
                user,
                uid(&self.types.action, host.action),
                data,
                Context::from_pairs(context).unwrap(),
                Some(&self.schema),
            )
            .unwrap(),
            entities: Entities::from_entities(entities, Some(&self.schema)).unwrap(),
            slice: (host.roles.first().copied().unwrap_or_default(), host.action),
        }
    }

    /// Whether it is allowed, and by how many policies it was decided.
    pub fn decide(&self, asked: &Asked) -> (bool, usize) {
        answer(&self.authorizer.is_authorized(&asked.request, &self.policies, &asked.entities))
    }

    /// The same by those policies alone that can apply. Whoever has several roles is decided by all.
    pub fn decide_sliced(&self, asked: &Asked, host: &HostRequest) -> (bool, usize) {
        let slice = self.slices.get(&asked.slice).filter(|_| host.roles.len() == 1).unwrap_or(&self.policies);
        answer(&self.authorizer.is_authorized(&asked.request, slice, &asked.entities))
    }
}

fn answer(response: &cedar_policy::Response) -> (bool, usize) {
    assert!(response.diagnostics().errors().next().is_none());
    (response.decision() == Decision::Allow, response.diagnostics().reason().count())
}

fn parsed(text: &str, schema: &Schema) -> PolicySet {
    let policies: PolicySet = text.parse().unwrap();
    let found = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
    assert!(found.validation_passed(), "{found}");
    policies
}

fn permit(rule: &AllowRule) -> String {
    let mut text = String::new();
    let role = rule.roles.first().unwrap();
    let actions = listed(rule.actions.iter().map(|action| format!("Action::\"{action}\"")));
    let categories = listed(rule.categories.iter().map(|category| format!("Category::\"{category}\"")));
    writeln!(
        text,
        "@id(\"{}\") permit (principal in Role::\"{role}\", action in {actions}, resource)",
        rule.id
    )
    .unwrap();
    let mut when = vec![
        format!("resource in {categories}"),
        format!("resource.level <= {}", rule.up_to as i64),
        format!(
            "{}.contains(context.purpose)",
            listed(rule.purposes.iter().map(|purpose| format!("\"{purpose}\"")))
        ),
    ];
    when.extend(rule.kinds.iter().map(|kind| format!("principal.kind == \"{kind}\"")));
    when.extend(rule.when.iter().flat_map(conditions));
    writeln!(text, "when {{ {} }};", when.join(" && ")).unwrap();
    text
}

fn forbid(rule: &DenyRule) -> String {
    let mut text = String::new();
    let actions = listed(rule.actions.iter().map(|action| format!("Action::\"{action}\"")));
    writeln!(text, "@id(\"{}\") forbid (principal, action in {actions}, resource)", rule.id).unwrap();
    let mut when = vec![format!("resource.level >= {}", rule.from_level.unwrap() as i64)];
    when.extend(rule.kinds.iter().map(|kind| format!("principal.kind == \"{kind}\"")));
    if !rule.categories.is_empty() {
        let categories = listed(rule.categories.iter().map(|category| format!("Category::\"{category}\"")));
        when.push(format!("resource in {categories}"));
    }
    write!(text, "when {{ {} }}", when.join(" && ")).unwrap();
    if let Some(unless) = &rule.unless {
        write!(text, " unless {{ {} }}", conditions(unless).join(" && ")).unwrap();
    }
    text + ";\n"
}

fn conditions(conditions: &Conditions) -> Vec<String> {
    let mut texts = Vec::new();
    if let Some(within) = conditions.mfa_within {
        texts.push("principal has mfa_at && principal.mfa_at <= context.now".to_owned());
        texts.push(format!("context.now - principal.mfa_at <= {}", within.approximate_seconds()));
    }
    if conditions.authorization.is_some() {
        texts.push("context has authorization_live && context.authorization_live".to_owned());
    }
    if conditions.assigned_case {
        texts.push("context has assigned_case && context.assigned_case".to_owned());
    }
    texts
}

fn listed(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}
