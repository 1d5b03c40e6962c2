//! What is wrong, or doubtful, in a policy: where, what was found, what would be right.

use std::fmt;
use std::sync::Arc;

use super::node::Node;
use super::path::{Path, Segment};

/// Most errors, and most warnings, that one reading lists; past it, one finding says that there are more.
pub const MAX_FINDINGS: usize = 200;

/// One thing that is wrong, or doubtful, in a policy.
///
/// # Example: a length of time that is none
/// ```
/// use stewardship::policy::{FindingCode, Policy, PolicyText};
/// let error = Policy::load(PolicyText::toml("[backups]\nrecords = \"a while\"\n").named("policy.toml")).unwrap_err();
/// let vague = error.findings().iter().find(|finding| finding.code() == FindingCode::VagueDuration).unwrap();
/// assert_eq!(
///     vague.to_string(),
///     "policy.toml:2: backups.records: `a while` is not a length of time; write a number and a unit, such as `30 days`",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    severity: Severity,
    code: FindingCode,
    file: Option<Arc<str>>,
    line: Option<u32>,
    path: String,
    message: String,
    hint: String,
}

impl Finding {
    /// Whether it keeps the policy from being used.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Which kind of finding it is.
    #[must_use]
    pub fn code(&self) -> FindingCode {
        self.code
    }

    /// The name that the text was given, where it was given one.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line, from one; none for a document that was built in code, or for what is missing from it as a whole.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// Where in the document, as `retention.rule[2].keep` (positions from zero); empty for the whole text.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What was found.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What would be right.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{file}:{line}: ")?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}; {}", self.message, self.hint)
    }
}

/// Whether a finding keeps a policy from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on it must decide on each")]
pub enum Severity {
    /// The policy is refused.
    Error,
    /// The policy is used; somebody should look.
    Warning,
}

macro_rules! codes {
    ($($(#[$meta:meta])* $code:ident = $word:literal),+ $(,)?) => {
        /// The kinds of finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FindingCode { $($(#[$meta])* $code),+ }

        impl FindingCode {
            /// Every code, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$code),+];

            /// The code as one word, for filters and for looking it up.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $word),+ }
            }
        }
    };
}

codes! {
    /// The text is longer than [`MAX_TEXT_BYTES`](super::MAX_TEXT_BYTES).
    TooLarge = "too-large",
    /// The text nests deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    TooDeep = "too-deep",
    /// The text is not TOML, or not JSON.
    Syntax = "syntax",
    /// A key is written twice.
    DuplicateKey = "duplicate-key",
    /// There is no such key.
    UnknownKey = "unknown-key",
    /// A key that is needed is missing.
    MissingKey = "missing-key",
    /// A value is of another type.
    WrongType = "wrong-type",
    /// A word that is not on the list.
    UnknownWord = "unknown-word",
    /// A name that is empty, too long or holds control characters.
    BadName = "bad-name",
    /// A date that is none.
    BadDate = "bad-date",
    /// A length of time with an unknown unit or too large a number.
    BadDuration = "bad-duration",
    /// A length of time without a number, or a duty with a vague word and no number.
    VagueDuration = "vague-duration",
    /// A text that does not say hours of the week.
    BadHours = "bad-hours",
    /// Ages in conditions of which neither is always the longer one, or that are zero.
    UnorderedAges = "unordered-ages",
    /// A claim that says none of `never`, `always` and `obliged`, or several; or `obliged` without what it obliges to.
    VagueClaim = "vague-claim",
    /// A claim about a set that no request is in.
    EmptyClaim = "empty-claim",
    /// A claim that a request breaks.
    FalseClaim = "false-claim",
    /// A claim whose proof takes more work than the loading of a policy may.
    UndecidedClaim = "undecided-claim",
    /// More different conditions than a decision holds as bits.
    TooManyConditions = "too-many-conditions",
    /// A denial that nothing can bring about, because nothing is asked for to lift it.
    IdleDenial = "idle-denial",
    /// An obligation that no yes of its rule can need, or that leaves nothing of it.
    IdleObligation = "idle-obligation",
    /// A list names the same thing twice.
    DuplicateEntry = "duplicate-entry",
    /// A text without content.
    EmptyText = "empty-text",
    /// A name that the policy does not declare.
    UnknownReference = "unknown-reference",
    /// Two rules, caps or controls of one name, or a sink with the name of a processor.
    DuplicateId = "duplicate-id",
    /// Controls that need one another in a circle.
    CyclicNeeds = "cyclic-needs",
    /// Controls of a level are not declared.
    MissingLevel = "missing-level",
    /// A level has a weaker control than the one below.
    NonMonotoneControls = "non-monotone-controls",
    /// A level from Confidential up says that it is recorded late or never, whereas the engine always records it before the action.
    UnrecordedLevel = "unrecorded-level",
    /// Entries of the audit trail would wait in a batch of none or without a bound.
    TrailBatch = "trail-batch",
    /// The restricted level is stored in the clear.
    RestrictedUnsealed = "restricted-unsealed",
    /// A class that authenticates someone is not restricted.
    CredentialBelowTop = "credential-below-top",
    /// A part of a secret would be shown.
    PartialSecret = "partial-secret",
    /// A class above Internal would be shown where it is not opened.
    ShownSecret = "shown-secret",
    /// What a class says of how it is found does not fit together, or is out of its range.
    BadFindBy = "bad-find-by",
    /// A log or a stream of metrics takes values above Internal.
    OpenSink = "open-sink",
    /// A reason lowers values without a second person.
    NoApprover = "no-approver",
    /// More categories or purposes than a label can hold, or more roles than a decision can.
    TooManyNames = "too-many-names",
    /// A category that outlives erasures under a pseudonym holds a class above Internal.
    PseudonymisedAboveInternal = "pseudonymised-above-internal",
    /// A category without a class.
    UnclassifiedCategory = "unclassified-category",
    /// A category without a retention rule.
    NoRetentionRule = "no-retention-rule",
    /// A controller's category without a legal basis.
    MissingLegalBasis = "missing-legal-basis",
    /// A legal role for a purpose that the category does not have.
    RoleWithoutPurpose = "role-without-purpose",
    /// A category that needs instructions, and is never handled on any.
    InstructionWithoutProcessor = "instruction-without-processor",
    /// A category that may be used for nothing.
    CategoryHasNoPurpose = "category-has-no-purpose",
    /// A purpose that nothing uses.
    PurposeUnused = "purpose-unused",
    /// A placeholder that nobody filled in.
    UnresolvedPlaceholder = "unresolved-placeholder",
    /// A contact that is neither an e-mail address nor an https URL.
    InvalidContact = "invalid-contact",
    /// A key would be refused before it is replaced, or replaced at every use.
    KeyNeverFresh = "key-never-fresh",
    /// A key protects for longer than NIST SP 800-57 recommends.
    LongKeyPeriod = "long-key-period",
    /// The audit trail is kept for no time at all, or by a retention rule, which does not reach it.
    TrailRetention = "trail-retention",
    /// No bound on how far back backups go.
    NoBackupHorizon = "no-backup-horizon",
    /// A destruction of keys without a bound for the physical deletion.
    NoPhysicalBound = "no-physical-bound",
    /// A rule destroys keys, and nothing that it runs from ends what those keys cover.
    EraseWithoutScope = "erase-without-scope",
    /// A processor in use without its legal name.
    UnnamedSubprocessor = "unnamed-subprocessor",
    /// Requests of people have no way in.
    NoRoute = "no-route",
    /// A control whose evidence never expires.
    NoEvidenceBound = "no-evidence-bound",
    /// A vague word in a text of the page.
    VagueWording = "vague-wording",
    /// No reviewer of requests may export, or erase, what a request can be about.
    ReviewerCannotAct = "reviewer-cannot-act",
    /// No source holds the steward's own records.
    NoManagedSource = "no-managed-source",
    /// A rule that matches nothing, or everything.
    EmptyRule = "empty-rule",
    /// A cap ends before a duty to keep does.
    CapCrossesDuty = "cap-crosses-duty",
    /// The policy was updated in the future.
    FutureDate = "future-date",
    /// The policy does not apply yet.
    NotYetEffective = "not-yet-effective",
    /// A certificate is claimed past its last day.
    CertificationExpired = "certification-expired",
    /// More findings than are listed.
    MoreFindings = "more-findings",
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a policy is refused: every error that was found, and the warnings beside them.
#[derive(Clone, PartialEq, Eq)]
pub struct PolicyError(Vec<Finding>);

impl PolicyError {
    pub(crate) fn new(findings: Vec<Finding>) -> Self {
        Self(findings)
    }

    /// Every finding, in order of lines.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }

    /// The errors alone.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(|finding| finding.severity == Severity::Error)
    }
}

/// Lists every finding, one a line.
impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, finding) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            fmt::Display::fmt(finding, f)?;
        }
        Ok(())
    }
}

/// As [`Display`](fmt::Display): what `unwrap` and a returning `main` show should be readable.
impl fmt::Debug for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyError:\n{self}")
    }
}

impl std::error::Error for PolicyError {}

/// Collects findings, bounded, and knows which parts of the document could not be read.
#[derive(Debug)]
pub(crate) struct Findings {
    file: Option<Arc<str>>,
    root: Option<Arc<Node>>,
    listed: Vec<Finding>,
    errors: usize,
    warnings: usize,
    broken: Vec<Path>,
}

impl Findings {
    pub(crate) fn new(file: Option<Arc<str>>) -> Self {
        Self { file, root: None, listed: Vec::new(), errors: 0, warnings: 0, broken: Vec::new() }
    }

    /// Takes the tree that paths are looked up in for their lines.
    pub(crate) fn place_in(&mut self, root: Arc<Node>) {
        self.root = Some(root);
    }

    /// Whether more errors are only counted. Costly searches for hints stop then.
    pub(crate) fn is_full(&self) -> bool {
        self.errors >= MAX_FINDINGS
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    pub(crate) fn errors_so_far(&self) -> usize {
        self.errors
    }

    /// Whether the text writes an empty list at `path`. What was built in code has no text.
    pub(crate) fn is_empty_list_written(&self, path: &Path) -> bool {
        self.root.as_ref().is_some_and(|root| root.is_empty_list_at(path))
    }

    /// Whether everything at, above and under `path` could be read.
    pub(crate) fn is_sound(&self, path: &Path) -> bool {
        !self.broken.iter().any(|broken| broken.touches(path))
    }

    /// Whether `key` could be read in every element of `section`, so that what no element names is really missing.
    pub(crate) fn is_sound_in_each(&self, section: &Path, key: &str) -> bool {
        let depth = section.segments().len();
        !self.broken.iter().any(|broken| {
            broken.touches(section)
                && match broken.segments().get(depth + 1) {
                    None => true,
                    Some(Segment::Key(found)) => found == key,
                    Some(Segment::Index(_)) => false,
                }
        })
    }

    /// Reports an error of the text itself.
    pub(crate) fn error_on(&mut self, line: Option<u32>, code: FindingCode, message: String, hint: String) {
        if self.counts(Severity::Error) {
            let (file, path) = (self.file.clone(), String::new());
            self.listed.push(Finding { severity: Severity::Error, code, file, line, path, message, hint });
        }
    }

    /// Reports what could not be read at `path`; a stand-in takes its place, so that reading goes on.
    pub(crate) fn unreadable(&mut self, path: &Path, code: FindingCode, message: String, hint: String) {
        if !self.is_full() {
            self.broken.push(path.clone());
        }
        self.place(Severity::Error, code, path, None, message, hint);
    }

    /// Reports what a check found at `path`, unless it lies in an element that could not be read.
    pub(crate) fn report(
        &mut self,
        severity: Severity,
        code: FindingCode,
        path: &Path,
        item: Option<&str>,
        message: String,
        hint: String,
    ) {
        if self.is_sound(&path.element()) {
            self.place(severity, code, path, item, message, hint);
        }
    }

    /// Every finding in order of lines, those without a line first.
    pub(crate) fn finish(self) -> Vec<Finding> {
        let mut listed = self.listed;
        listed.sort_by_key(|finding| (finding.line, finding.severity));
        for (severity, count) in [(Severity::Error, self.errors), (Severity::Warning, self.warnings)] {
            if count > MAX_FINDINGS {
                listed.push(Finding {
                    severity,
                    code: FindingCode::MoreFindings,
                    file: self.file.clone(),
                    line: None,
                    path: String::new(),
                    message: format!("{} more are not listed", count - MAX_FINDINGS),
                    hint: "correct the listed ones first".to_owned(),
                });
            }
        }
        listed
    }

    fn place(
        &mut self,
        severity: Severity,
        code: FindingCode,
        path: &Path,
        item: Option<&str>,
        message: String,
        hint: String,
    ) {
        // Looking a line up can cost as much as the list is long: only for what is listed.
        if self.counts(severity) {
            let line = self.root.as_ref().and_then(|root| match item {
                Some(item) => root.line_of_item(path, item),
                None => root.line_at(path),
            });
            let (file, path) = (self.file.clone(), path.to_string());
            self.listed.push(Finding { severity, code, file, line, path, message, hint });
        }
    }

    /// Counts one more; whether it is listed.
    fn counts(&mut self, severity: Severity) -> bool {
        let count = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count = count.saturating_add(1);
        *count <= MAX_FINDINGS
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_words() {
        let words: BTreeSet<_> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), FindingCode::ALL.len());
    }

    #[test]
    fn an_error_past_the_bound_is_still_an_error() {
        let mut findings = Findings::new(None);
        for _ in 0..=MAX_FINDINGS {
            findings.error_on(None, FindingCode::Syntax, "m".to_owned(), "h".to_owned());
        }
        assert!(findings.has_errors());
        let listed = findings.finish();
        assert_eq!(listed.len(), MAX_FINDINGS + 1);
        let last = listed.last().unwrap();
        assert_eq!((last.code(), last.severity()), (FindingCode::MoreFindings, Severity::Error));
        assert_eq!(last.to_string(), "1 more are not listed; correct the listed ones first");
    }

    #[test]
    fn a_check_is_silent_where_the_element_could_not_be_read() {
        let mut findings = Findings::new(None);
        let (read, other) = (Path::of(["categories", "a", "role"]), Path::of(["categories", "b", "role"]));
        findings.unreadable(&read, FindingCode::WrongType, "m".to_owned(), "h".to_owned());
        for path in [&Path::of(["categories", "a", "legal_basis"]), &other] {
            let (message, hint) = ("m".to_owned(), "h".to_owned());
            findings.report(Severity::Error, FindingCode::MissingLegalBasis, path, None, message, hint);
        }
        let paths: Vec<_> = findings.finish().iter().map(|finding| finding.path().to_owned()).collect();
        assert_eq!(paths, ["categories.a.role", "categories.b.role"]);
    }
}
