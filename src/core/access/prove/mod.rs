//! Proofs: questions about *all* requests, decided completely.
//!
//! The requests of a policy have finitely many attributes with finitely many values that it tells apart: what it allows is a set of cubes,
//! and so is what a claim is about. Whether one holds the other is decided by taking cubes apart, without going through the requests,
//! and stays complete for principals with any set of roles. The work has a bound: past it the answer is [`Proof::Undecided`], and never a
//! wrong one. Every counterexample is decided by the engine before it is given out.

mod compare;
mod contradiction;
mod cube;
mod domain;
mod obliged;
mod region;
mod review;
mod search;
#[cfg(test)]
mod tests;

use std::fmt;

use cube::{Attribute, Cube};
use domain::{Domain, TooWide};
use region::{Region, cubes_of};
use search::{Found, Search};

use super::decide::decide;
use super::explain::Explanation;
use super::facts::{Fact, Facts};
use super::names::told;
use super::principal::Standing;
use super::question::Question;
use super::words::Action;
use crate::core::classification::{Level, UnknownName};
use crate::core::id::Name;
use crate::core::policy::{Claim, Obligations, Policy, RequestSet};

pub use compare::{Difference, Loosened, diff, equivalent};
pub use contradiction::Contradiction;
pub(crate) use obliged::says_nothing;
pub use review::{AccessFinding, Redundancy};

/// Steps that a proof may take: some tenths of a second.
pub(crate) const BUDGET: u64 = 400_000;

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that relies on a proof must see that it is one")]
pub enum Proof {
    /// It holds for every request.
    Holds,
    /// It does not, and this request breaks it: the smallest that does, unless the work was at its bound before that was certain. Small is
    /// what says little: the fewest roles and facts that hold, and of those the lowest level, people before services.
    Fails(Box<Example>),
    /// The work was at its bound before it was decided.
    Undecided,
}

impl Proof {
    /// Whether it was proved.
    #[must_use]
    pub const fn holds(&self) -> bool {
        matches!(self, Self::Holds)
    }

    /// The request that breaks it.
    #[must_use]
    pub fn counterexample(&self) -> Option<&Example> {
        match self {
            Self::Fails(example) => Some(example),
            Self::Holds | Self::Undecided => None,
        }
    }
}

/// One request, as it would be asked: of an invented principal, tenant and time.
///
/// A category or a purpose that no policy declares has an invented name too, which begins with a space; its text says so in words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Example {
    /// The question.
    pub question: Question,
    /// The facts under which it is asked.
    pub facts: Facts,
}

impl Example {
    /// Whether this policy allows it.
    #[must_use]
    pub fn is_allowed_by(&self, policy: &Policy) -> bool {
        decide(policy, &self.question, &self.facts).is_allowed()
    }

    /// What a yes of this policy obliges to, by the rule that allows it; `None` for a no.
    #[must_use]
    pub fn obligations_by<'p>(&self, policy: &'p Policy) -> Option<&'p Obligations> {
        let decision = decide(policy, &self.question, &self.facts);
        let rule = decision.rule()?;
        policy.document().access.allow.iter().find(|own| own.id == rule.id).map(|own| &own.obligations)
    }

    /// What this policy says to it.
    #[must_use]
    pub fn explained_by(&self, policy: &Policy) -> Explanation {
        decide(policy, &self.question, &self.facts).explain()
    }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (question, facts) = (&self.question, &self.facts);
        let (principal, resource) = (question.principal(), question.resource());
        if principal.standing() == Standing::Suspended {
            f.write_str("suspended ")?;
        }
        write!(f, "{}", principal.kind())?;
        let roles: Vec<String> = principal.roles().iter().map(|role| format!("`{role}`")).collect();
        match roles.as_slice() {
            [] => f.write_str(" without a role")?,
            [role] => write!(f, " with the role {role}")?,
            roles => write!(f, " with the roles {}", roles.join(", "))?,
        }
        write!(
            f,
            ", to {} {} of {} for {} in {}",
            question.action(),
            resource.level(),
            told("category", resource.category_name()),
            told("purpose", question.purpose().name()),
            facts.environment
        )?;
        if principal.tenant() != resource.tenant() {
            f.write_str(", of another tenant")?;
        }
        let age = |then| facts.now().signed_duration_since(then).num_seconds();
        match principal.last_mfa().map(age) {
            Some(seconds) => write!(f, ", second factor {seconds} s ago")?,
            None => f.write_str(", no second factor")?,
        }
        if let Some(seconds) = principal.last_trained().map(age) {
            write!(f, ", training {seconds} s ago")?;
        }
        let known = [
            (question.case(), "assigned case"),
            (facts.authorization_live, "live authorisation"),
            (facts.terms_accepted, "terms accepted"),
            (facts.instructed, "standing instruction"),
            (principal.managed_device(), "managed device"),
        ];
        for (fact, said) in known {
            if fact.holds() {
                write!(f, ", {said}")?;
            }
        }
        if question.named_case().is_some() {
            f.write_str(", case named")?;
        }
        if let Fact::Known(version) = question.transport() {
            write!(f, ", over {version}")?;
        }
        if let Fact::Known(preferences) = facts.preferences {
            f.write_str(if preferences.has_consented() { ", with consent" } else { ", without consent" })?;
            for stop in super::words::Stop::ALL {
                if preferences.has_said(*stop) {
                    write!(f, ", {stop} said")?;
                }
            }
        }
        write!(f, ", at {}", facts.now().format("%a %H:%M"))
    }
}

/// No request of this set is allowed.
///
/// # Example: people see restricted data with a fresh second factor alone
/// ```
/// use stewardship::access::{never, PrincipalKind};
/// use stewardship::classification::Level;
/// use stewardship::period::Period;
/// use stewardship::policy::{Conditions, Policy, RequestSet};
///
/// let policy = Policy::from_toml(include_str!("../../../../examples/policies/complete.toml"))?;
/// let people = RequestSet::new().kinds([PrincipalKind::Person]);
/// let stale = Conditions::new().mfa_within(Period::hours(12));
/// assert!(policy.prove(&never(people.clone().from_level(Level::Restricted).without(stale.clone())))?.holds());
///
/// let proof = policy.prove(&never(people.from_level(Level::Confidential).without(stale)))?;
/// let breaks = proof.counterexample().ok_or("support reads orders on a second factor of a day")?;
/// assert!(breaks.is_allowed_by(&policy));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn never(set: RequestSet) -> Claim {
    Claim::new("never").never(set)
}

/// Every request of this set is allowed.
///
/// # Example: the officer can always answer a request about orders
/// ```
/// use stewardship::access::{always, Action, Environment, PrincipalKind};
/// use stewardship::period::Period;
/// use stewardship::policy::{Conditions, Policy, RequestSet};
///
/// let policy = Policy::from_toml(include_str!("../../../../examples/policies/complete.toml"))?;
/// let officer = RequestSet::new()
///     .roles(["privacy_officer"])
///     .kinds([PrincipalKind::Person])
///     .actions([Action::Export])
///     .categories(["orders"])
///     .purposes(["subject_requests"])
///     .with(Conditions::new().assigned_case(true).mfa_within(Period::hours(12)));
/// assert!(policy.prove(&always(officer))?.holds());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn always(set: RequestSet) -> Claim {
    Claim::new("always").always(set)
}

/// Every yes to a request of this set obliges to this, or to more: to fewer records, or to a lower mask.
///
/// # Example: nobody improves the service by looking at people
/// ```
/// use stewardship::access::obliged;
/// use stewardship::policy::{Obligations, Policy, RequestSet};
///
/// let policy = Policy::from_toml(include_str!("../../../../examples/policies/complete.toml"))?;
/// let improving = RequestSet::new().purposes(["improve"]);
/// assert!(policy.prove(&obliged(improving.clone(), Obligations::new().anonymised(true)))?.holds());
///
/// let proof = policy.prove(&obliged(improving, Obligations::new().four_eyes(true)))?;
/// let breaks = proof.counterexample().ok_or("it takes no second person")?;
/// assert!(breaks.obligations_by(&policy).is_some_and(|obligations| !obligations.four_eyes));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn obliged(set: RequestSet, to: Obligations) -> Claim {
    Claim::new("obliged").obliged(set).to(to)
}

/// Why there is no answer about all requests.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unproved {
    /// The policy does not declare a name that was asked about.
    #[error(transparent)]
    UnknownName(#[from] UnknownName),
    /// No request is in the set that was asked about.
    #[error("the set holds no request: {0}")]
    EmptySet(Contradiction),
    /// The claim has no set of requests, or says of one that a yes obliges to nothing, or to what masks nothing of it; or it names obligations
    /// and is not about them.
    #[error(
        "the claim says nothing: it needs a set of requests, and where that is `obliged` something that it is obliged `to`, and nowhere else"
    )]
    SaysNothing,
    /// The work was at its bound before it was decided.
    #[error("it takes more work to decide than a proof may")]
    Undecided,
}

/// Somebody who can do something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capable {
    /// The role. Other roles beside it add nothing to it, and may take away.
    pub role: Name,
    /// The rules by which it can.
    pub rules: Vec<Name>,
    /// The least that has to be so: a request of somebody with this role alone.
    pub example: Example,
}

impl Policy {
    /// Proves a claim about all requests, or gives one that breaks it.
    ///
    /// See [`never()`], [`always()`] and [`obliged()`]; a policy file carries its own as `[[claims]]`, which are proved when it is loaded.
    ///
    /// # Errors
    /// [`Unproved::UnknownName`] where the claim names what the policy does not declare, and [`Unproved::EmptySet`] where its set
    /// contradicts itself: a misspelt role, and a set without a request, would prove anything. [`Unproved::SaysNothing`] where the claim does. What
    /// is not decided is [`Proof::Undecided`].
    pub fn prove(&self, claim: &Claim) -> Result<Proof, Unproved> {
        if says_nothing(claim) {
            return Err(Unproved::SaysNothing);
        }
        for (_, set) in claim.sets() {
            self.declares(set)?;
            if let Some(contradiction) = Contradiction::of(set) {
                return Err(Unproved::EmptySet(contradiction));
            }
        }
        Ok(self.prove_within(claim, BUDGET))
    }

    fn declares(&self, set: &RequestSet) -> Result<(), UnknownName> {
        let document = self.document();
        for role in set.roles.iter().chain(&set.without_roles) {
            UnknownName::unless(document.roles.contains_key(role), "role", role.as_str())?;
        }
        for category in &set.categories {
            UnknownName::unless(document.categories.contains_key(category), "category", category.as_str())?;
        }
        for purpose in &set.purposes {
            UnknownName::unless(document.purposes.contains_key(purpose), "purpose", purpose.as_str())?;
        }
        Ok(())
    }

    pub(crate) fn prove_within(&self, claim: &Claim, budget: u64) -> Proof {
        let sets: Vec<&RequestSet> = claim.sets().map(|(_, set)| set).collect();
        let Ok(domain) = Domain::of(&[self], &sets) else { return Proof::Undecided };
        let (region, layout) = (Region::of(self, &domain), &domain.layout);
        let never = claim.never.as_ref().map(|set| {
            let mut search = Search::new(layout, budget);
            let forbidding = region.forbidding();
            for cube in cubes_of(set, self, &domain) {
                for (_, allowing) in &region.allow {
                    search.look_in_both(allowing, &cube, &forbidding);
                }
            }
            self.proved(&domain, search.finish(), |example| example.is_allowed_by(self))
        });
        let always = claim.always.as_ref().map(|set| {
            let mut search = Search::new(layout, budget);
            let allowing: Vec<&Cube> = region.allow.iter().map(|(_, cube)| cube).collect();
            for cube in cubes_of(set, self, &domain) {
                for (_, forbidding) in &region.forbid {
                    search.look_in_both(forbidding, &cube, &[]);
                }
                search.look(&cube, &allowing);
            }
            self.proved(&domain, search.finish(), |example| !example.is_allowed_by(self))
        });
        let obliged = claim.obliged.as_ref();
        let obliged =
            obliged.map(|set| self.prove_obliged((&domain, &region), set, &claim.obligations(), budget));
        never.into_iter().chain(always).chain(obliged).find(|proof| !proof.holds()).unwrap_or(Proof::Holds)
    }

    /// Who can do this with data of a category and level under the best of circumstances: each role, by which rules, and the least that has
    /// to be so.
    ///
    /// Somebody who can may still have to find a second person first: [`Example::obligations_by`] tells for the least that has to be so.
    ///
    /// # Errors
    /// [`Unproved`].
    ///
    /// # Example: who can read a token
    /// ```
    /// use stewardship::access::Action;
    /// use stewardship::classification::Level;
    /// use stewardship::Policy;
    /// let policy = Policy::from_toml(include_str!("../../../../examples/policies/complete.toml"))?;
    /// let who = policy.who_can(Action::Read, "connected_platform", Level::Restricted)?;
    /// assert_eq!(who.iter().map(|who| who.role.as_str()).collect::<Vec<_>>(), ["integration"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn who_can(&self, action: Action, category: &str, level: Level) -> Result<Vec<Capable>, Unproved> {
        let domain = Domain::of(&[self], &[]).map_err(|TooWide| Unproved::Undecided)?;
        let (region, layout) = (Region::of(self, &domain), &domain.layout);
        let forbidding = region.forbidding();
        let number = domain.categories.binary_search_by(|name| name.as_str().cmp(category));
        UnknownName::unless(number.is_ok(), "category", category)?;
        let category = number.unwrap_or_default();
        let mut capable = Vec::new();
        for (number, role) in domain.roles.iter().enumerate() {
            // Of this role alone: what it can, it can without others.
            let others = (0..domain.roles.len()).filter(|other| *other != number);
            let alone = others.fold(layout.every(), |cube, other| layout.without_role(cube, other));
            let cell = [
                (Attribute::Action, 1 << action as usize),
                (Attribute::Category, 1 << category),
                (Attribute::Level, 1 << level as usize),
            ];
            let only = |cube, (attribute, values)| layout.only(cube, attribute, values);
            let cell = cell.into_iter().fold(layout.with_role(alone, number), only);
            let mut least = Search::new(layout, BUDGET);
            let mut rules = Vec::new();
            for (at, allowing) in
                region.allow.iter().filter(|(_, allowing)| layout.intersect(allowing, &cell))
            {
                let cube = layout.both(allowing, &cell);
                let mut by_rule = Search::new(layout, BUDGET);
                by_rule.look(&cube, &forbidding);
                match by_rule.finish() {
                    Found::None => {}
                    Found::Some(_) => {
                        rules.extend(self.document().access.allow.get(*at).map(|rule| rule.id.clone()));
                        least.look(&cube, &forbidding);
                    }
                    Found::Undecided => return Err(Unproved::Undecided),
                }
            }
            match self.proved(&domain, least.finish(), |example| example.is_allowed_by(self)) {
                Proof::Holds => {}
                Proof::Fails(example) => {
                    capable.push(Capable { role: role.clone(), rules, example: *example })
                }
                Proof::Undecided => return Err(Unproved::Undecided),
            }
        }
        Ok(capable)
    }

    /// What a search found, once the engine has agreed.
    fn proved(&self, domain: &Domain, found: Found, confirms: impl Fn(&Example) -> bool) -> Proof {
        match found {
            Found::None => Proof::Holds,
            Found::Undecided => Proof::Undecided,
            Found::Some(cube) => {
                let (question, facts) = domain.example(&cube);
                let example = Example { question, facts };
                // A request that the engine decides otherwise proves nothing.
                if confirms(&example) { Proof::Fails(Box::new(example)) } else { Proof::Undecided }
            }
        }
    }
}
