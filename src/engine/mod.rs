//! Layer 4 (stub)
