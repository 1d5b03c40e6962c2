//! Who may do what, and what is claimed of it.

use std::collections::BTreeSet;
use std::fmt;

use crate::core::access::{Action, Environment, Hours, PrincipalKind, Stop};
use crate::core::authentication::Method;
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::declare::table;
use crate::core::policy::vocabulary::{AuthorizationState, Transport};

table! {
    /// A role.
    pub struct Role {
        required {
            /// Title on the page.
            title: String,
        }
    }
}

table! {
    /// Who may do what. Nothing is allowed that no rule allows, and a deny beats every allow.
    pub struct Access {
        required {}
        optional {
            /// Rules that allow.
            allow: Vec<AllowRule>,
            /// Rules that deny.
            deny: Vec<DenyRule>,
        }
    }
}

table! {
    /// A rule that allows. An empty list of kinds, purposes or environments means any.
    pub struct AllowRule {
        required {
            /// Name of the rule.
            id: Name,
            /// Roles, one of which the principal has.
            roles: BTreeSet<Name>,
            /// Actions.
            actions: BTreeSet<Action>,
            /// Categories.
            categories: BTreeSet<Name>,
            /// Highest level.
            up_to: Level,
        }
        optional {
            /// Purposes.
            purposes: BTreeSet<Name>,
            /// Environments.
            environments: BTreeSet<Environment>,
            /// Kinds of principal.
            kinds: BTreeSet<PrincipalKind>,
            /// Conditions, all of which must be known to hold.
            when: Option<Conditions>,
            /// What whoever is allowed has to do or to put up with.
            obligations: Obligations,
        }
    }
}

table! {
    /// What whoever is allowed by a rule has to do or to put up with; what is not discharged opens nothing.
    pub struct Obligations {
        required {}
        optional {
            /// Level above which fields are shown redacted alone.
            mask_above: Option<Level>,
            /// Number of records that one grant opens at most.
            max_records: Option<u32>,
            /// Whether the case that it is for goes on record first.
            reason: bool,
            /// Whether values are seen in a view that names nobody alone.
            anonymised: bool,
            /// Whether a second person, who would be allowed the same, has to approve first.
            four_eyes: bool,
        }
    }
}

table! {
    /// A rule that denies. An empty list means any.
    pub struct DenyRule {
        required {
            /// Name of the rule.
            id: Name,
        }
        optional {
            /// Roles.
            roles: BTreeSet<Name>,
            /// Actions.
            actions: BTreeSet<Action>,
            /// Categories.
            categories: BTreeSet<Name>,
            /// Lowest level that it covers; without it, every level.
            from_level: Option<Level>,
            /// Purposes.
            purposes: BTreeSet<Name>,
            /// Environments.
            environments: BTreeSet<Environment>,
            /// Kinds of principal.
            kinds: BTreeSet<PrincipalKind>,
            /// Conditions that lift the denial when all are known to hold.
            unless: Option<Conditions>,
        }
    }
}

table! {
    /// Conditions on facts; a fact that is not known never fulfils one.
    pub struct Conditions {
        required {}
        optional {
            /// A second factor, no older than this.
            mfa_within: Option<Period>,
            /// A second factor by at least one of these methods (RFC 8176), whenever it was.
            mfa_by: BTreeSet<Method>,
            /// State of the connection's authorisation.
            authorization: Option<AuthorizationState>,
            /// The principal is assigned to an open case about the resource.
            assigned_case: bool,
            /// The tenant has accepted the terms in force.
            terms_accepted: bool,
            /// A training that was completed no longer ago than this.
            trained_within: Option<Period>,
            /// The principal's device is managed by the company.
            managed_device: bool,
            /// The question came over one of these versions of the transport.
            transport: BTreeSet<Transport>,
            /// Hours of the week, in UTC.
            hours: Option<Hours>,
        }
    }
}

table! {
    /// A claim about all requests: proved when the policy is loaded, and a false one is an error. It says one of `never`, `always` and `obliged`.
    pub struct Claim {
        required {
            /// Name of the claim.
            id: Name,
        }
        optional {
            /// The statement that the page makes of it.
            states: Option<String>,
            /// Requests none of which is allowed.
            never: Option<RequestSet>,
            /// Requests all of which are allowed.
            always: Option<RequestSet>,
            /// Requests that are allowed only with obligations, which `to` names.
            obliged: Option<RequestSet>,
            /// What every yes to a request of `obliged` obliges to, or to more.
            to: Option<Obligations>,
        }
    }
}

impl Claim {
    /// The sets that it is about, with their keys: one, in a claim that says something.
    pub(crate) fn sets(&self) -> impl Iterator<Item = (&'static str, &RequestSet)> {
        let sets = [("never", &self.never), ("always", &self.always), ("obliged", &self.obliged)];
        sets.into_iter().filter_map(|(key, set)| Some((key, set.as_ref()?)))
    }

    /// What a yes to a request of `obliged` obliges to.
    pub(crate) fn obligations(&self) -> Obligations {
        self.to.clone().unwrap_or_default()
    }
}

/// As a policy writes them: `reason, max_records = 5`.
impl fmt::Display for Obligations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mask_above, max_records, reason, anonymised, four_eyes } = self;
        let flags = [(*reason, "reason"), (*anonymised, "anonymised"), (*four_eyes, "four_eyes")];
        let mut told: Vec<String> =
            flags.into_iter().filter(|(is, _)| *is).map(|(_, key)| key.to_owned()).collect();
        told.extend(mask_above.map(|level| format!("mask_above = {level}")));
        told.extend(max_records.map(|most| format!("max_records = {most}")));
        f.write_str(&told.join(", "))
    }
}

table! {
    /// A set of requests: of active principals about their own tenant's data, unless it says otherwise. An empty list means any, categories and purposes that the policy does not declare among them.
    pub struct RequestSet {
        required {}
        optional {
            /// Roles, one of which the principal has, whatever others beside it.
            roles: BTreeSet<Name>,
            /// Roles, none of which the principal has.
            without_roles: BTreeSet<Name>,
            /// Actions.
            actions: BTreeSet<Action>,
            /// Categories.
            categories: BTreeSet<Name>,
            /// Lowest level.
            from_level: Option<Level>,
            /// Highest level.
            up_to: Option<Level>,
            /// Purposes.
            purposes: BTreeSet<Name>,
            /// Environments.
            environments: BTreeSet<Environment>,
            /// Kinds of principal.
            kinds: BTreeSet<PrincipalKind>,
            /// Conditions, all of which hold.
            with: Option<Conditions>,
            /// Conditions, not all of which hold.
            without: Option<Conditions>,
            /// What the person whom the data is about has said, all of it.
            said: BTreeSet<Stop>,
            /// Whether the person's consent is not known.
            without_consent: bool,
            /// Whether the data is another tenant's; it is the own one's without it.
            of_other_tenants: bool,
            /// Whether the principal is suspended; it is active without it.
            suspended: bool,
        }
    }
}
