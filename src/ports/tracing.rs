//! Events and spans of [`tracing`]: classified values as fields, and an outlet that makes a log of a sink.
//!
//! A classified value is no field by itself: it is neither a [`tracing::Value`] nor `Display`, and as `?value` it shows its class. Two
//! ways lead into an event. As [`field`] or [`record`], what the policy **shows** of it (`redact`) is written, whatever its level. Through a
//! sink in front of [`Events`], the value itself is written, if the policy **clears** that sink for it.
//!
//! # Example: three ways into a log, none of which shows an address
//! ```
//! # use stewardship::{Classified, Policy};
//! # let policy = Policy::from_toml(include_str!("../../examples/policies/complete.toml"))?;
//! use stewardship::crypto::Redactors;
//! use stewardship::ports::tracing::{Events, field};
//! stewardship::classes! {
//!     CreatorEmail: Confidential in "creators" = "creator.email";
//!     OrderNumber: Internal in "orders" = "order.number";
//! }
//! let email: Classified<String, CreatorEmail> = "ada@example.com".to_owned().into();
//! let number: Classified<String, OrderNumber> = "1001".to_owned().into();
//!
//! let redactors = Redactors::new(&policy);
//! tracing::info!(email = field(&redactors, &email), "mail queued"); // email=…@example.com
//! tracing::info!(?email, "mail queued"); // email=<creator.email: confidential>
//!
//! let mut log = policy.sink("app_log", Events::info("order synchronised"))?;
//! log.write(&number)?; // order synchronised value="1001"
//! assert!(log.write(&email).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Example: the value itself is no field
//! ```compile_fail,E0277
//! use stewardship::Classified;
//! stewardship::classes! { CreatorEmail: Confidential in "creators" = "creator.email"; }
//! let email: Classified<String, CreatorEmail> = "ada@example.com".to_owned().into();
//! tracing::info!(email = email, "mail queued");
//! ```

use std::borrow::Cow;
use std::fmt;

use tracing::Level;
use tracing::field::{DisplayValue, display};

use crate::core::classification::{Classified, DataClass, FieldValue, Outlet, Record};
use crate::crypto::{Redacted, RedactedRecord, Redactors};

/// A value as a field, redacted as the policy says for its class: `tracing::info!(email = field(&redactors, &email))`.
pub fn field<'a, T: FieldValue, C: DataClass>(
    redactors: &'a Redactors,
    value: &'a Classified<T, C>,
) -> DisplayValue<Redacted<'a>> {
    display(redactors.value(value))
}

/// A record as one field, each of its fields redacted as the policy says for its class:
/// `tracing::info!(order = record(&redactors, &order))`.
pub fn record<'a, R: Record>(redactors: &'a Redactors, record: &'a R) -> DisplayValue<RedactedRecord<'a, R>> {
    display(redactors.record(record))
}

/// The outlet of a sink that is a log: each value that the sink lets through becomes an event with the field `value`, under the
/// target `stewardship::sink`.
///
/// The value is written as its `Debug`, not its `Display`: in that form a text cannot begin a new line of the log (CWE-117).
#[derive(Clone, Debug)]
pub struct Events {
    level: Level,
    message: Cow<'static, str>,
}

impl Events {
    /// Events of a level of `tracing` (which is about urgency, and no level of classification), with a message.
    pub fn new(level: Level, message: impl Into<Cow<'static, str>>) -> Self {
        Self { level, message: message.into() }
    }

    /// Events of the level INFO, with a message.
    pub fn info(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Level::INFO, message)
    }
}

impl<T: fmt::Debug + ?Sized> Outlet<T> for Events {
    type Done = ();

    fn deliver(&mut self, value: &T) {
        // An event's level is part of its static callsite: one for each.
        macro_rules! event {
            ($($level:ident)+) => {
                match self.level {
                    $(Level::$level => tracing::event!(target: "stewardship::sink", Level::$level, ?value, "{}", self.message),)+
                }
            };
        }
        event!(TRACE DEBUG INFO WARN ERROR);
    }
}
