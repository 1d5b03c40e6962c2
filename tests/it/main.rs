//! The integration tests: one binary.

mod promises;
mod world;
