//! Policies: from a text with positions to a checked, immutable value with a digest over its meaning.

mod document;
mod read;

pub use document::*;
pub(crate) use read::words;
