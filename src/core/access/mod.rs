//! Access decisions: a pure function from a policy, a question and facts to a decision that carries its reasons.
//!
//! Default is deny; a deny beats every allow; a fact that is not known never allows. A [`Decision`] is only an answer: the
//! [`Grant`] that opens data is minted by the engine's authoriser, after the decision is on record.
//!
//! # How it is decided
//!
//! A question about another tenant's resource is not permitted, whatever else; it gets the answer of a resource that no rule is about.
//! Otherwise it is **forbidden** where at least one of these stands against it:
//!
//! - the principal is suspended;
//! - the policy does not declare the purpose;
//! - the policy does not declare the category;
//! - the policy declares the category, and the category does not list the purpose (a purpose that is not declared is in no list);
//! - the purpose has `needs_authorization`, and the authorisation of the connection is not known to be live;
//! - the category has `needs_instruction`, the company is its processor for the purpose, and no instruction of the customer is known to stand; but for the purpose under which people's requests are answered;
//! - the purpose has `needs_consent`, and the person's consent is not known;
//! - the purpose lists something in `stops_on`, and it is not known that the person has said nothing of the kind;
//! - the purpose has `break_glass`, and the question names no case ([`Question::for_case`]);
//! - the level of the resource has `mfa_within`, the principal is a person, and no second factor was verified within that time;
//! - a rule of `[[access.deny]]` covers it, and does not have an `unless` all of whose conditions hold.
//!
//! It is **allowed** where nothing forbids it and a rule of `[[access.allow]]` covers it whose `when` (if it has one) holds in all its
//! conditions. Everything else is **not permitted**.
//!
//! A rule covers a question when each of its lists has the question's value: one of the principal's roles (those that the policy does not
//! declare are none), the action, the category, the purpose, the environment, the kind of principal. An empty list, or one that is not
//! written, has every value, those that the policy does not declare among them; but for the roles, actions and categories of an allowing
//! rule, which are always written, and of which an empty list has none. The level of an allowing rule is `up_to`, the highest that
//! it covers; that of a denying rule is `from_level`, the lowest, and without it every level.
//!
//! A condition holds when it is *known* to: `mfa_within` and `trained_within` when that happened, not in the future, and the time is not
//! past that age after it; `mfa_by` when the second factor that was verified last was by one of these methods; `authorization`, `assigned_case`, `terms_accepted` and `managed_device` when the fact is known to be so;
//! `transport` when the question is known to have come over a version in the list; `hours` when the time lies in them.
//!
//! The rule that a yes is by is, of those that allow, the one that obliges to the fewest things; of several, the first by its name.
//!
//! # Which rule is the nearest
//!
//! A no within the own tenant comes with the allowing rule that is nearest ([`Explanation::nearest`]), and with what it lacks: of its lists of
//! categories, actions, roles, purposes, environments and kinds each that does not have the question's value, its level, where the
//! resource's is higher, and each condition that does not hold. Where it lacks the purpose, one of its own is suggested, and one that has
//! `break_glass` only where all of its own have it. The purpose that it would be for is the suggested one, or else the question's: where
//! that has `break_glass`, the question names no case, and the rule lacks something, it lacks the case too.
//!
//! What is asked for is no fact that somebody forgot to give: nobody should call what they do by another name, and least of all an
//! emergency. So of two rules the nearer one is decided by the first of these in which they differ:
//!
//! 1. one for which no purpose with `break_glass` has to be suggested is nearer than one for which it has to be;
//! 2. one that has the category is nearer than one that lacks it;
//! 3. likewise with the action;
//! 4. likewise with the purpose;
//! 5. likewise with the role;
//! 6. the one that lacks fewer things is nearer;
//! 7. the first by its name is nearer.

mod action;
mod asked;
mod barriers;
mod compiled;
mod conditions;
mod decide;
mod explain;
mod facts;
mod grant;
mod hits;
mod hours;
mod index;
mod names;
mod principal;
mod prove;
mod question;
mod release;
mod said;
mod words;

pub use action::{ActionType, Erase, Export, Read, Share, Shows, Write};
pub use asked::Asked;
pub use barriers::Barrier;
pub use decide::{Answer, Decision, Reasons, Why, decide};
pub use explain::{Explanation, Missing, Nearest, Reason, UnknownRole};
pub use facts::{Fact, Facts, Preferences};
pub use grant::{Grant, GrantError, OtherAction};
pub use hours::{Hours, InvalidHours};
pub use principal::{Principal, Standing};
pub use prove::{
    AccessFinding, Capable, Contradiction, Difference, Example, Loosened, Proof, Redundancy, Unproved,
    always, diff, equivalent, never, obliged,
};
pub use question::{Purpose, Question, Resource};
pub use release::{ReleaseDenied, ReleaseRequest};
pub use said::{Preference, Said, Voice};
pub use words::{Action, Environment, Obligation, PrincipalKind, Stop};

pub(crate) use compiled::Compiled;
pub(crate) use conditions::{Condition, MAX_CONDITIONS, compare_ages, conditions_of, every_condition};
pub(crate) use grant::GrantNumber;
pub(crate) use prove::{BUDGET, says_nothing};
