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
    /// What a person can say that stops data about them from being used for a purpose that honours it.
    pub enum Stop {
        /// Restriction of processing: it may be kept, and nothing else (GDPR Art. 18).
        Restriction = "restriction",
        /// Objection (GDPR Art. 21).
        Objection = "objection",
        /// Opt-out of sale and sharing (Cal. Civ. Code § 1798.120).
        OptOut = "opt_out",
    }
}

/// What a rule obliges to before anything is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Obligation {
    /// The case that it is for goes on record.
    Reason,
    /// A second person, who would be allowed the same, approves.
    FourEyes,
}

impl std::fmt::Display for Obligation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Reason => "naming the case that it is for",
            Self::FourEyes => "the approval of a second person",
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_names_its_value_and_no_other_text_names_one() {
        assert!(Action::ALL.iter().all(|action| Action::named(action.as_str()) == Some(*action)));
        assert!(Environment::ALL.iter().all(|one| Environment::named(one.as_str()) == Some(*one)));
        assert!(["", "Read", "read ", "rea", "person"].into_iter().all(|text| Action::named(text).is_none()));
    }
}
