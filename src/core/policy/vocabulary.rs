//! The closed vocabularies of the document: where a policy chooses, it chooses one of these words.

use super::declare::words;

words! {
    /// How values of a level are sealed at rest. The allow-list of suites: there is no weaker one.
    pub enum Seal {
        /// AES with a 256-bit key, authenticated and key-committing.
        Aes256 = "aes-256",
    }
}

words! {
    /// When an action on data of a level goes on the audit trail.
    pub enum Record {
        /// Not at all.
        Never = "never",
        /// With others: a crash may lose as many of the last ones as `[audit]` says. Below Confidential alone.
        Batched = "batched",
        /// Before the action goes on; if it cannot be recorded, the action does not happen.
        Before = "before",
    }
}

words! {
    /// The role that the company has for a category (GDPR Art. 4(7) and (8), Art. 26).
    pub enum LegalRole {
        /// Decides on purposes and means.
        Controller = "controller",
        /// Acts on a customer's instructions.
        Processor = "processor",
        /// Decides together with others.
        Joint = "joint",
    }
}

words! {
    /// Why data is kept (the closed list that a retention rule chooses from).
    pub enum Basis {
        /// Needed to deliver the service.
        ServiceDelivery = "service_delivery",
        /// Needed to keep the service secure.
        Security = "security",
        /// Needed to bill.
        Billing = "billing",
        /// Needed to settle a dispute.
        DisputeResolution = "dispute_resolution",
        /// Needed to comply with a law.
        LegalCompliance = "legal_compliance",
    }
}

words! {
    /// What happens to data that is due.
    pub enum Dispose {
        /// The record is deleted.
        Delete = "delete",
        /// The keys of its scope are destroyed at the trigger; the record is deleted after.
        CryptoErase = "crypto-erase",
    }
}

words! {
    /// What an erasure of a person makes of the records of a category.
    pub enum OnErasure {
        /// They are deleted, unless a duty or a hold keeps them.
        Erase = "erase",
        /// They stay, under a keyed pseudonym whose key is destroyed: nobody can link them to the person again.
        Pseudonymise = "pseudonymise",
    }
}

#[expect(clippy::derivable_impls, reason = "what `words!` derives is the same for every vocabulary")]
impl Default for OnErasure {
    fn default() -> Self {
        Self::Erase
    }
}

words! {
    /// What stands behind a source.
    pub enum SourceKind {
        /// The records that the steward keeps.
        Managed = "managed",
        /// The host's own table or bucket, behind a `DataSource`.
        Own = "own",
        /// A processor's system, behind a `DataSource`.
        Processor = "processor",
    }
}

words! {
    /// What a person asks for.
    pub enum RequestKind {
        /// A copy of the data (GDPR Art. 15).
        Access = "access",
        /// Correction of the data (GDPR Art. 16).
        Correction = "correction",
        /// Deletion of the data (GDPR Art. 17).
        Deletion = "deletion",
        /// A tenant's administrator wants seller data updated.
        SellerUpdate = "seller_update",
        /// A complaint about security or privacy.
        Complaint = "complaint",
        /// A question about a data processing agreement.
        DpaInquiry = "dpa_inquiry",
    }
}

words! {
    /// What a view, a log or a debug output shows of a value.
    pub enum Redact {
        /// Nothing.
        Erase = "erase",
        /// The same text for every value of every class.
        Constant = "constant",
        /// The name of the class.
        Tag = "tag",
        /// A keyed pseudonym: equal values of a class and a tenant show alike, and only the key finds the value.
        Pseudonym = "pseudonym",
        /// Of an e-mail address, the part behind the `@`.
        EmailDomain = "email-domain",
        /// The last four characters.
        LastFour = "last-four",
        /// The value itself.
        Show = "show",
    }
}

words! {
    /// The form in which values are compared when one is looked for.
    pub enum Normalise {
        /// An e-mail address: without white space around it, in lower case; dots and what stands behind a `+` count.
        Email = "email",
        /// A telephone number: as ITU-T E.164 has it, `+` and at most 15 digits.
        Phone = "phone",
        /// A text: without white space around it, in lower case.
        Text = "text",
        /// The value as it is, byte for byte.
        Exact = "exact",
    }
}

words! {
    /// What kind of sink values are written to.
    pub enum SinkKind {
        /// A log.
        Log = "log",
        /// A stream of metrics or traces.
        Metrics = "metrics",
        /// An export that leaves the system.
        Export = "export",
        /// A screen that people read.
        Screen = "screen",
    }
}

words! {
    /// What a reason releases a value from.
    pub enum Release {
        /// The value is shown without a grant.
        Expose = "expose",
        /// The value takes on a class of a lower level, or of another category.
        Lower = "lower",
    }
}

words! {
    /// What kind of page the policy publishes.
    pub enum PageKind {
        /// A summary, which says that it is not an agreement.
        Summary = "summary",
        /// The policy itself.
        Policy = "policy",
    }
}

words! {
    /// How the sections of the page are numbered.
    pub enum Numbering {
        /// Not at all.
        None = "none",
        /// 1. 2. 3.
        Arabic = "arabic",
        /// I. II. III.
        Roman = "roman",
    }
}

words! {
    /// A version of the transport that is admitted. An allow-list, never an order: unknown versions are refused.
    pub enum Transport {
        /// TLS 1.2 (RFC 5246).
        Tls12 = "tls-1.2",
        /// TLS 1.3 (RFC 8446).
        Tls13 = "tls-1.3",
    }
}

impl Transport {
    /// The version that a TLS implementation negotiated, by its number on the wire (RFC 8446 section 4.2.1); `None` for every
    /// other number, whatever its order: DTLS, drafts and unknown ones are not newer versions.
    #[must_use]
    pub const fn from_wire(version: u16) -> Option<Self> {
        match version {
            0x0303 => Some(Self::Tls12),
            0x0304 => Some(Self::Tls13),
            _ => None,
        }
    }
}

words! {
    /// The state of the platform connection's authorisation that a rule asks for.
    pub enum AuthorizationState {
        /// Given and not revoked.
        Live = "live",
    }
}
