//! Policies: from a text with positions to a checked, immutable value with a digest over its meaning.
//!
//! Text (TOML or JSON) → bounds → tree with lines → [`PolicyDocument`] → checks → [`Policy`]. Every step reports all that it
//! finds; a [`PolicyError`] lists each with file, line, path, what was found and what would be right.

mod builder;
mod check;
mod declare;
mod digest;
mod document;
mod finding;
mod given;
mod json;
mod node;
mod normal;
mod path;
#[expect(clippy::module_inception, reason = "the checked policy is what the module is about")]
mod policy;
mod read;
#[cfg(test)]
mod sample;
mod scan;
mod schema;
mod suggest;
#[cfg(test)]
mod tests;
mod toml;
mod trail;
mod vocabulary;

pub use builder::PolicyBuilder;
pub use check::{MAX_CATEGORIES, MAX_PURPOSES, MAX_ROLES};
pub use digest::{InvalidDigest, PolicyDigest};
pub use document::*;
pub use finding::{Finding, FindingCode, MAX_FINDINGS, PolicyError, Severity};
pub use given::Given;
pub use normal::{FULL_BITS, LEAST_BITS, NormalForm, NotNormal};
pub use policy::{Policy, PolicyText};
pub use scan::{MAX_DEPTH, MAX_TEXT_BYTES};
pub use schema::json_schema;
pub use trail::TrailBatch;
pub use vocabulary::*;

#[cfg(test)]
pub(crate) use sample::GOOD;

// What the declarations expand to, wherever they stand.
pub(crate) use declare::words;
pub(crate) use node::Node;
pub(crate) use path::shortened;
pub(crate) use read::{Read, Reader, one_of};
pub(crate) use schema::Definitions;
pub(crate) use suggest::nearest as suggested;

/// Whether an optional key can be left out of the written form.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
