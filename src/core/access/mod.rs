//! Access decisions: a pure function from a policy and a question to a decision that carries its reasons.

mod words;

pub use words::{Action, Environment, PrincipalKind};
