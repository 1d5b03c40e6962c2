//! The generated page: every sentence comes from typed data, and says what stands behind it.
//!
//! [`statements`] gives the sentences as data; [`render`] lays them out as Markdown. What live evidence does not support is never
//! stated as true: it is listed by name under "Not shown at present".

mod access;
mod controls;
mod data;
mod data_map;
mod markdown;
mod page;
mod parties;
mod phrase;
mod posture;
mod release;
mod render;
mod requests;
mod retention;
#[cfg(test)]
pub(in crate::core) mod sample;
mod statement;

pub use data_map::data_map;
pub use page::statements;
pub use render::{RenderError, render};
pub use statement::{Section, Statement, StatementStatus};
