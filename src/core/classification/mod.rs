//! Classification: levels, classes, and values that do not leak.

mod level;

pub use level::{Level, UnknownLevel};
