//! What data there is: levels, categories and classes, where it comes from, what it is used for, and where it lives.

use std::collections::{BTreeMap, BTreeSet};

use super::PolicyDocument;
use crate::core::access::Stop;
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::period::Period;
use crate::core::policy::declare::table;
use crate::core::policy::vocabulary::{LegalRole, Normalise, OnErasure, Record, Redact, Seal, SourceKind};

table! {
    /// Controls of a level.
    pub struct LevelControls {
        required {}
        optional {
            /// What belongs to the level, in the words of the page.
            covers: Option<String>,
            /// How values are sealed at rest; without it they are stored in the clear.
            seal: Option<Seal>,
            /// Age that a person's second factor may have at most.
            mfa_within: Option<Period>,
            /// When actions go on the audit trail.
            record: Option<Record>,
        }
    }
}

table! {
    /// A category of data.
    pub struct Category {
        required {
            /// Title on the page.
            title: String,
            /// The company's legal role for it.
            role: LegalRole,
        }
        optional {
            /// What it holds, in the words of the page.
            covers: Option<String>,
            /// Legal basis, needed for a controller (GDPR Art. 6(1)).
            legal_basis: Option<String>,
            /// Purposes that it may be used for.
            purposes: BTreeSet<Name>,
            /// The company's legal role for single purposes, where it is another one.
            role_for: BTreeMap<Name, LegalRole>,
            /// Whether a customer's instruction is needed for each purpose for which the company is its processor (GDPR Art. 28(3)(a)).
            needs_instruction: bool,
            /// Platforms that hold a synchronised copy and take part in requests.
            synced_to: BTreeSet<Name>,
            /// What becomes of the steward's records about a person when that person's data is erased.
            on_erasure: OnErasure,
        }
    }
}

impl PolicyDocument {
    /// The purposes for which a category needs its customer's instruction: those that it may be used for as the customer's processor,
    /// where it `needs_instruction`.
    ///
    /// Not among them is the purpose under which people's requests are answered: a processor assists with those as it is (GDPR
    /// Art. 28(3)(e)).
    pub fn instructed_purposes<'d>(&'d self, category: &'d Category) -> impl Iterator<Item = &'d Name> {
        let answering = self.requests.as_ref().map(|requests| &requests.purpose);
        let asked = category.purposes.iter().filter(|_| category.needs_instruction);
        asked.filter(move |purpose| {
            category.legal_role(purpose.as_str()) == LegalRole::Processor && Some(*purpose) != answering
        })
    }
}

impl Category {
    /// The company's legal role when it uses the category for `purpose`: the one of that purpose, else the category's.
    #[must_use]
    pub fn legal_role(&self, purpose: &str) -> LegalRole {
        self.role_for.get(purpose).copied().unwrap_or(self.role)
    }
}

table! {
    /// A class of data.
    pub struct Class {
        required {
            /// Its level.
            level: Level,
            /// Its category.
            category: Name,
        }
        optional {
            /// Whether it authenticates someone (a password hash, a token): listed in an export, never with its value.
            authenticator: bool,
            /// What is shown of a value where it is not opened; without it, nothing.
            redact: Option<Redact>,
            /// How its values are entered in the blind index by fields with `find_by`; without it, as text, uncut.
            find_by: Option<FindBy>,
        }
    }
}

table! {
    /// How values of a class are entered in the blind index: in which form, and how much of it is kept.
    pub struct FindBy {
        required {
            /// The form in which values are compared.
            normalise: Normalise,
        }
        optional {
            /// How many bits of an entry are kept, from 16 to 128; without it, 128. Fewer tell less to whoever reads the index.
            bits: Option<u8>,
            /// The country calling code of numbers that are written without one (`49`); without it, they are refused. For `phone`.
            calling_code: Option<String>,
            /// What comes before a number that is written without a country calling code, and is no part of it (`0`). For `phone`.
            trunk: Option<String>,
        }
    }
}

table! {
    /// A platform.
    pub struct Platform {
        required {
            /// Title on the page.
            title: String,
        }
        optional {
            /// Level of what comes from it unlabelled.
            default_level: Option<Level>,
            /// Categories that what comes from it unlabelled belongs to.
            categories: BTreeSet<Name>,
        }
    }
}

table! {
    /// A purpose.
    pub struct PurposeEntry {
        required {
            /// What is done, in the words of the page.
            title: String,
        }
        optional {
            /// Whether the seller's live authorisation of the connection is needed.
            needs_authorization: bool,
            /// Whether the consent of the person whom data is about is needed (GDPR Art. 6(1)(a)).
            needs_consent: bool,
            /// What such a person can say that stops it. It is then asked person by person, and what is not known stops it too.
            stops_on: BTreeSet<Stop>,
            /// Makes it a way in for emergencies: a case has to be named, and a grant lasts no longer than this.
            break_glass: Option<Period>,
        }
    }
}

table! {
    /// A place where data lives.
    pub struct Source {
        required {
            /// Title on the page.
            title: String,
            /// What stands behind it.
            kind: SourceKind,
        }
        optional {
            /// Categories that it holds.
            categories: BTreeSet<Name>,
            /// The processor that runs it, where one does.
            processor: Option<Name>,
        }
    }
}
