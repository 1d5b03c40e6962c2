//! Layer 1, the pure core: it decides and does nothing else.
//!
//! No I/O, no clock reads (time is an argument), no randomness, no async, no panics. Imports nothing from the layers above.

pub mod access;
pub mod audit;
pub mod authentication;
pub mod classification;
pub mod dsr;
pub mod governance;
pub(crate) mod hex;
pub mod id;
pub mod keys;
pub mod period;
pub mod place;
pub mod policy;
pub mod report;
pub mod retention;
pub(crate) mod text;
