//! Classification: levels, classes, and values that do not leak.
//!
//! [`classes!`](crate::classes) declares the classes of a host's data, [`record!`](crate::record) the records that are made of
//! them; a field without a class does not compile. [`Classified`] is a value of a class in memory.

mod class;
mod classified;
mod data_map;
mod ingest;
mod level;
mod record;

pub use class::{ClassSpec, DataClass};
pub use classified::{Classified, ExposeError};
pub use data_map::{BindError, BindProblem, DataMap, RecordSet};
pub use ingest::{IngestError, Ingested, ingest};
pub use level::{Level, UnknownLevel};
pub use record::{DecodeError, FieldSpec, FieldValue, Record, RecordSpec};

#[doc(hidden)]
pub use record::{decode_field, encode_field};
