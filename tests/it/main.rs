//! Everything that a host can see, tested from outside.

mod policies;
mod rows;
