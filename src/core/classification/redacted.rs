//! Serde output of classified values that stand in a host's own types: the class, never the value.
//!
//! [`Classified`] is no `Serialize`, so that a type with one in it derives `Serialize` only where it says what is to be written in its
//! place. Two things can be:
//!
//! - **the class**, through `#[serde(serialize_with = "…")]` with a function of this module. It needs no policy and no key;
//! - **what the policy shows of it** (`redact`), through a view: [`Redactors::value`](crate::crypto::Redactors::value) and
//!   [`Redactors::record`](crate::crypto::Redactors::record) are `Serialize` themselves, and stand in a type that borrows.
//!
//! There is no feature for it: serde is what records are stored with, and this adds nothing to build.
//!
//! # Example: a type of the host's own, for a debug endpoint and for a log
//! ```
//! # use stewardship::{Classified, Policy};
//! # let policy = Policy::from_toml(include_str!("../../../examples/policies/complete.toml"))?;
//! use serde::Serialize;
//! use stewardship::classification::redacted;
//! use stewardship::crypto::{Redacted, Redactors};
//! stewardship::classes! { CreatorEmail: Confidential in "creators" = "creator.email"; }
//!
//! #[derive(Serialize)]
//! struct Job {
//!     id: u32,
//!     #[serde(serialize_with = "redacted::class")]
//!     to: Classified<String, CreatorEmail>,
//! }
//! let job = Job { id: 7, to: "ada@example.com".to_owned().into() };
//! assert_eq!(serde_json::to_string(&job)?, r#"{"id":7,"to":"<creator.email: confidential>"}"#);
//!
//! #[derive(Serialize)]
//! struct Line<'a> {
//!     id: u32,
//!     to: Redacted<'a>,
//! }
//! let redactors = Redactors::new(&policy);
//! let line = Line { id: job.id, to: redactors.value(&job.to) };
//! assert_eq!(serde_json::to_string(&line)?, r#"{"id":7,"to":"…@example.com"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Example: without saying so it does not compile
//! ```compile_fail,E0277
//! use stewardship::Classified;
//! stewardship::classes! { CreatorEmail: Confidential in "creators" = "creator.email"; }
//!
//! #[derive(serde::Serialize)]
//! struct Job {
//!     id: u32,
//!     to: Classified<String, CreatorEmail>,
//! }
//! ```

use std::fmt;
use std::marker::PhantomData;

use serde::Serializer;
use zeroize::Zeroize;

use super::class::Class;
use super::record::show_shape;
use super::{Classified, Labelled, Record};

/// Writes the class of a value: `"<creator.email: confidential>"`.
///
/// # Errors
/// Those of the serialiser.
pub fn class<T: Zeroize, C: Class, S: Serializer>(
    value: &Classified<T, C>,
    to: S,
) -> Result<S::Ok, S::Error> {
    shown(value, to)
}

/// Writes the label of a value: `"<confidential in creators for support>"`.
///
/// # Errors
/// Those of the serialiser.
pub fn label<T: Zeroize, S: Serializer>(value: &Labelled<T>, to: S) -> Result<S::Ok, S::Error> {
    shown(value, to)
}

/// Writes the classes of a record: what its `Debug` shows, as one text.
///
/// # Errors
/// Those of the serialiser.
pub fn record<R: Record, S: Serializer>(_record: &R, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&ShapeOf::<R>(PhantomData))
}

/// Only for the types above, whose `Debug` is the crate's own and shows no value.
fn shown<S: Serializer>(value: &dyn fmt::Debug, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{value:?}"))
}

/// Shows a record by its declaration: there is no value at hand that could be shown.
struct ShapeOf<R>(PhantomData<fn() -> R>);

impl<R: Record> fmt::Display for ShapeOf<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_shape(f, &R::SHAPE)
    }
}
