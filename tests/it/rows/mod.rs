//! The rows: each sentence of the pages that the example policies answer, as a test of what the crate does about it. A test
//! bears the number of its row; what a row asks beyond it is not built yet.

mod authentication;
mod classification_policy;
mod data_map;
mod leaving;
mod s1;
mod s1_requests;
mod s2;
mod s2_retention;
mod s3;
mod s3_controls;
mod world;
