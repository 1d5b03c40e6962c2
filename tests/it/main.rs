//! Everything that a host can see, tested from outside.

mod audit_vectors;
mod compile;
mod dependencies;
mod design;
mod policies;
mod ports;
mod promises;
mod rows;
mod vectors;
mod world;
