//! Classification: levels, classes, and values that do not leak.
//!
//! [`classes!`](crate::classes) declares the classes of a host's data, [`record!`](crate::record) the records that are made of
//! them; a field without a class does not compile. [`Classified`] is a value of a class in memory, [`Labelled`] its twin for data
//! whose class is known at run time alone. Both leave through a [`Sink`], or against [`Proof`].

mod class;
mod classified;
mod data_map;
mod declare;
mod fields;
mod findable;
mod ingest;
mod json;
mod label;
mod labelled;
mod level;
mod permit;
mod proof;
mod record;
pub mod redacted;
mod shape;
mod sink;
mod taxonomy;

pub(crate) use class::id_hash;
pub use class::{At, Both, Class, ClassSpec, DataClass};
pub use classified::{Classified, ExposeError};
pub use data_map::{BindError, BindProblem, DataMap, Declares, Gap, HeldIn, Holding, UsedFor};
pub use findable::Findable;
pub use ingest::{IngestError, Ingested, ingest};
pub use label::{FlowDenied, Label};
pub use labelled::{Labelled, NotShown};
pub use level::{FlowsTo, JoinWith, Level, StaticLevel, UnknownLevel, levels};
pub use permit::{LabelPermit, Permit};
pub use proof::{AuditedReason, Proof};
pub use record::{DecodeError, FieldSpec, FieldValue, Record, RecordSpec};
pub use sink::{Flowing, LeavesFreely, NoSuchSink, Outlet, PolicySink, Sink};
pub use taxonomy::{Taxonomy, UnknownName};

pub(crate) use findable::BY_LABEL;
pub(crate) use json::from_json;
pub(crate) use record::{EncodedField, RecordKind, decode, decode_value, encode, encode_value};
pub(crate) use shape::{Opaque, Path, Visit, to_json};

// What `record!` expands to.
#[doc(hidden)]
pub mod __macro {
    pub use super::fields::Fields;
    pub use super::record::show_shape;
    pub use super::shape::{
        Choice, Content, Member, Options, Parts, Path, Shape, Visit, Walk, visit_members, visit_variant,
    };
}
