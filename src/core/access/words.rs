//! The closed vocabularies of a question.

use crate::core::policy::words;

words! {
    /// What is to be done with data.
    pub enum Action {
        /// See values.
        Read = "read",
        /// Store or change values.
        Write = "write",
        /// Take values out of the system (a subject's export, a report).
        Export = "export",
        /// Hand values to a processor.
        Share = "share",
        /// Delete values ahead of their retention.
        Erase = "erase",
    }
}

words! {
    /// Who asks.
    pub enum PrincipalKind {
        /// A human being.
        Person = "person",
        /// A program.
        Service = "service",
    }
}

words! {
    /// Which of the company's environments the steward runs in; part of the context of every envelope.
    pub enum Environment {
        /// Development.
        Development = "development",
        /// Staging.
        Staging = "staging",
        /// Production.
        Production = "production",
    }
}
