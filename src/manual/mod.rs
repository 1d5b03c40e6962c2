//! The manual: chapters in prose, whose programs are compiled and run with the tests.

#[doc = include_str!("kms.md")]
pub mod kms {}
