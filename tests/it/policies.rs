//! The example policies: each is good, means the same however it is written, and answers every vague word of the page that it
//! stands for.

mod answers;
mod good;
mod names;

/// The example policies, by file name.
pub(crate) const FILES: [(&str, &str); 4] = [
    ("complete.toml", COMPLETE),
    ("compliance-overview.toml", OVERVIEW),
    ("data-processing.toml", PROCESSING),
    ("security-policy.toml", SECURITY),
];

pub(crate) const COMPLETE: &str = include_str!("../../examples/policies/complete.toml");
pub(crate) const OVERVIEW: &str = include_str!("../../examples/policies/compliance-overview.toml");
pub(crate) const PROCESSING: &str = include_str!("../../examples/policies/data-processing.toml");
pub(crate) const SECURITY: &str = include_str!("../../examples/policies/security-policy.toml");
