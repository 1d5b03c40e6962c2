//! Layer 5 (stub)
pub mod local_keys;
