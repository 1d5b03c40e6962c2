//! Layer 5, the ports: what stands behind the contracts, ready to use.
//!
//! A feature adds a port and changes nothing else.

#[cfg(feature = "ed25519")]
pub mod ed25519;
pub mod local_keys;
pub mod memory;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(feature = "tracing")]
pub mod tracing;
