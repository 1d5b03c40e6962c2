//! Two policies compared: what one allows that the other does not, and what one obliges to less.

use std::iter::once;

use super::cube::{Attribute, Cube};
use super::domain::{Domain, TooWide};
use super::obliged::{KINDS, Part, levels_of_loss, lost};
use super::region::Region;
use super::search::Search;
use super::{BUDGET, Example, Proof, Unproved};
use crate::core::access::decide::decide;
use crate::core::id::Name;
use crate::core::policy::{Obligations, Policy};

/// Whether two policies allow the same requests, and oblige to the same for each. A counterexample is one that one of them allows and the
/// other does not, or that they oblige to different things for ([`Example::obligations_by`]).
///
/// How long the grant of an emergency lasts is not compared.
#[must_use]
pub fn equivalent(one: &Policy, other: &Policy) -> Proof {
    let Ok(mut both) = Both::of(one, other) else { return Proof::Undecided };
    let looser: fn(&Both<'_>) -> Proof = |both| both.looser(BUDGET, None, Obligations::clone);
    for compare in [|both: &Both<'_>| both.beyond(BUDGET, None), looser] {
        for _ in 0..2 {
            match compare(&both) {
                Proof::Holds => both = both.turned(),
                broken => return broken,
            }
        }
    }
    Proof::Holds
}

/// What a policy allows that another does not, or for which the other obliges to more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// A rule that allows it; others of the same policy may allow it too. Of what is [`loosened`](Self::loosened) the yes is by this rule.
    pub rule: Name,
    /// What no longer goes with the yes, where the other policy allows it too.
    pub loosened: Option<Loosened>,
    /// A request: the smallest that differs so.
    pub example: Example,
}

/// What a yes no longer obliges to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loosened {
    /// The rule that the old policy allows it by.
    pub rule: Name,
    /// What that rule obliges to for [the example](Difference::example), as far as the new one does not, or to less.
    pub obligations: Obligations,
}

/// What `new` allows that `old` did not, and for what it obliges to less, rule by rule. What it no longer allows, and for what it obliges
/// to more, is `diff(new, old)`.
///
/// For each rule there is one difference where it allows more, and one for each kind of obligation that is missing from a yes by it, unless the
/// example of another shows it: each with the smallest request, and there may be more. That there is none is a proof that nothing of the
/// kind is left.
///
/// How long the grant of an emergency lasts is not compared.
///
/// # Errors
/// [`Unproved::Undecided`].
///
/// # Example: a level that was raised, and a second person who is no longer asked
/// ```
/// use stewardship::access::diff;
/// use stewardship::classification::Level;
/// use stewardship::policy::AllowRule;
/// use stewardship::Policy;
///
/// let mut document = Policy::from_toml(include_str!("../../../../examples/policies/complete.toml"))?.document().clone();
/// let reads = |rule: &&mut AllowRule| rule.id == "analyst-reads-orders";
/// document.access.allow.iter_mut().find(reads).ok_or("no such rule")?.obligations.four_eyes = true;
/// let old = Policy::from_document(document.clone())?;
/// let rule = document.access.allow.iter_mut().find(reads).ok_or("no such rule")?;
/// (rule.up_to, rule.obligations.four_eyes) = (Level::Restricted, false);
/// let new = Policy::from_document(document)?;
///
/// let gained = diff(&old, &new)?;
/// assert_eq!(gained.len(), 2);
/// assert!(gained[0].example.is_allowed_by(&new) && !gained[0].example.is_allowed_by(&old));
/// assert_eq!(gained[0].example.question.resource().level(), Level::Restricted);
/// let loosened = gained[1].loosened.as_ref().ok_or("it is allowed by both")?;
/// assert!(loosened.obligations.four_eyes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn diff(old: &Policy, new: &Policy) -> Result<Vec<Difference>, Unproved> {
    let both = Both::of(new, old).map_err(|TooWide| Unproved::Undecided)?;
    let mut differences = Vec::new();
    for (at, rule) in new.document().access.allow.iter().enumerate() {
        let mut seen: Vec<Obligations> = Vec::new();
        for kind in once(None).chain(KINDS.into_iter().map(Some)) {
            let proof = match kind {
                None => both.beyond(BUDGET, Some(at)),
                Some(kind) if seen.iter().any(|fell| kind(fell) != Obligations::new()) => continue,
                Some(kind) => both.looser(BUDGET, Some(at), kind),
            };
            match proof {
                Proof::Holds => {}
                Proof::Fails(example) => {
                    let loosened = loosened(&example, new, old);
                    seen.extend(loosened.iter().map(|loosened| loosened.obligations.clone()));
                    differences.push(Difference { rule: rule.id.clone(), loosened, example: *example });
                }
                Proof::Undecided => return Err(Unproved::Undecided),
            }
        }
    }
    Ok(differences)
}

/// What `new` no longer obliges to for a request that both allow.
fn loosened(example: &Example, new: &Policy, old: &Policy) -> Option<Loosened> {
    let decision = |policy| decide(policy, &example.question, &example.facts);
    let (new, old) = (decision(new), decision(old));
    let (new, old) = (new.rule()?, old.rule()?);
    let fell = lost(&old.obligations, &new.obligations, example.question.resource().level())?;
    Some(Loosened { rule: old.id.clone(), obligations: fell })
}

/// Two policies over one domain.
pub(super) struct Both<'p> {
    domain: Domain,
    one: (&'p Policy, Region),
    other: (&'p Policy, Region),
}

impl<'p> Both<'p> {
    pub(super) fn of(one: &'p Policy, other: &'p Policy) -> Result<Self, TooWide> {
        let domain = Domain::of(&[one, other], &[])?;
        let (own, others) = (Region::of(one, &domain), Region::of(other, &domain));
        Ok(Self { domain, one: (one, own), other: (other, others) })
    }

    fn turned(self) -> Self {
        Self { one: self.other, other: self.one, ..self }
    }

    /// Whether `one` allows nothing, by a rule or by any, that `other` does not.
    pub(super) fn beyond(&self, budget: u64, rule: Option<usize>) -> Proof {
        let ((one, own), (other, others)) = (&self.one, &self.other);
        let layout = &self.domain.layout;
        let mut search = Search::new(layout, budget);
        let forbidding = own.forbidding();
        let neither: Vec<&Cube> =
            forbidding.iter().copied().chain(others.allow.iter().map(|(_, cube)| cube)).collect();
        // What both forbid alike is no difference.
        let barring = others
            .forbidding()
            .into_iter()
            .filter(|barred| !forbidding.iter().any(|own| layout.ways_out(barred, own) == 0));
        let barring: Vec<&Cube> = barring.collect();
        for (_, allowing) in own.allow.iter().filter(|(at, _)| rule.is_none_or(|rule| rule == *at)) {
            for barred in &barring {
                search.look_in_both(allowing, barred, &forbidding);
            }
            search.look(allowing, &neither);
        }
        let differs = |example: &Example| example.is_allowed_by(one) && !example.is_allowed_by(other);
        one.proved(&self.domain, search.finish(), differs)
    }

    /// Whether `one` obliges, by a rule or by any, to all that `other` obliges to in this part, for what both allow.
    pub(super) fn looser(&self, budget: u64, rule: Option<usize>, part: Part) -> Proof {
        let ((one, own), (other, others)) = (&self.one, &self.other);
        let layout = &self.domain.layout;
        let obliging: Vec<(Obligations, usize, &Cube)> = others
            .allowing(other)
            .map(|(rule, at, cube)| (part(&rule.obligations), at, cube))
            .filter(|(obligations, ..)| *obligations != Obligations::new())
            .collect();
        if obliging.is_empty() {
            return Proof::Holds;
        }
        let mut search = Search::new(layout, budget);
        let forbidding = [own.forbidding(), others.forbidding()].concat();
        for (own_rule, at, allowing) in
            own.allowing(one).filter(|(_, at, _)| rule.is_none_or(|rule| rule == *at))
        {
            for (obligations, other_at, other_allowing) in &obliging {
                let levels = levels_of_loss(obligations, &own_rule.obligations);
                if levels == 0 || !layout.intersect(allowing, other_allowing) {
                    continue;
                }
                let cube = layout.both(allowing, other_allowing);
                // A yes is by the first of the rules that allow.
                let earlier = own.before(one, at).chain(others.before(other, *other_at));
                let minus: Vec<&Cube> = forbidding.iter().copied().chain(earlier).collect();
                search.look(&layout.only(cube, Attribute::Level, levels), &minus);
            }
        }
        let looser = |example: &Example| {
            loosened(example, one, other).is_some_and(|fell| part(&fell.obligations) != Obligations::new())
        };
        one.proved(&self.domain, search.finish(), looser)
    }
}
