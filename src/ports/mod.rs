//! Layer 5 (stub)
