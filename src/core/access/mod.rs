//! Access decisions: a pure function from a policy, a question and facts to a decision that carries its reasons.
//!
//! Default is deny; a deny beats every allow; a fact that is not known never allows. A [`Decision`] is only an answer: the
//! [`Grant`] that opens data is minted by the engine's authoriser, after the decision is on record.

mod decide;
mod explain;
mod grant;
mod question;
mod release;
mod words;

pub use decide::{Answer, Decision, decide};
pub use explain::{Explanation, Missing, Nearest, Reason, explain};
pub use grant::{Grant, GrantError};
pub use question::{Fact, Facts, Principal, Purpose, Question, Resource, Standing};
pub use release::{ReleaseDenied, ReleaseRequest};
pub use words::{Action, Environment, PrincipalKind};
