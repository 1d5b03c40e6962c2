//! The checked policy.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};

use super::builder::PolicyBuilder;
use super::check;
use super::digest::PolicyDigest;
use super::document::{Category, Class, LevelControls, Platform, PolicyDocument, PurposeEntry};
use super::finding::{Finding, Findings, PolicyError};
use super::given::Given;
use super::node::Node;
use super::read::{Read, Reader};
use super::scan::{Format, within_bounds};
use super::vocabulary::{Record, Transport};
use super::{json, toml};
use crate::core::access::Compiled;
use crate::core::classification::{Level, Taxonomy};
use crate::core::id::Name;

/// A policy text: TOML or JSON, and what to call it in findings.
#[derive(Clone, Copy, Debug)]
pub struct PolicyText<'t> {
    text: &'t str,
    format: Format,
    name: Option<&'t str>,
}

impl<'t> PolicyText<'t> {
    /// A text in TOML 1.1.
    #[must_use]
    pub const fn toml(text: &'t str) -> Self {
        Self { text, format: Format::Toml, name: None }
    }

    /// A text in JSON (RFC 8259: no comments, no trailing commas).
    #[must_use]
    pub const fn json(text: &'t str) -> Self {
        Self { text, format: Format::Json, name: None }
    }

    /// Names the text, usually by its file name; findings begin with it.
    #[must_use]
    pub const fn named(mut self, name: &'t str) -> Self {
        self.name = Some(name);
        self
    }
}

/// A policy that was read and checked as a whole. Immutable; a clone is cheap.
///
/// There is no way to one that skips a check: from a text, from a document, from the builder, all errors come at once.
///
/// # Example: every mistake at once, each with its place
/// ```
/// use stewardship::policy::{Policy, PolicyText};
/// let text = "name = \"Notes\"\ncompany = \"[Your Company Name]\"\nversoin = \"1\"\n";
/// let error = Policy::load(PolicyText::toml(text).named("policy.toml")).unwrap_err();
/// let shown = error.to_string();
/// assert!(shown.contains("policy.toml:2: company: `[Your Company Name]` is a placeholder"));
/// assert!(shown.contains("policy.toml:3: versoin: there is no key `versoin` here; did you mean `version`?"));
/// ```
#[derive(Clone)]
pub struct Policy(Arc<Checked>);

struct Checked {
    document: PolicyDocument,
    digest: PolicyDigest,
    taxonomy: Taxonomy,
    compiled: Compiled,
    findings: Vec<Finding>,
    file: Option<Arc<str>>,
    root: Option<Arc<Node>>,
}

/// The controls of a level that a policy says nothing about: Public and Internal may be left out.
static NO_CONTROLS: LevelControls =
    LevelControls { covers: None, seal: None, mfa_within: None, record: None };

impl Policy {
    /// Reads and checks a policy in TOML.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        Self::load(PolicyText::toml(text))
    }

    /// Reads and checks a policy in JSON.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, PolicyError> {
        Self::load(PolicyText::json(text))
    }

    /// Reads and checks a policy text.
    ///
    /// The text has at most [`MAX_TEXT_BYTES`](super::MAX_TEXT_BYTES) and nests at most [`MAX_DEPTH`](super::MAX_DEPTH) deep;
    /// both are checked before a parser runs.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(text: PolicyText<'_>) -> Result<Self, PolicyError> {
        let file = text.name.map(Arc::from);
        let mut findings = Findings::new(file.clone());
        let root = parse(text, &mut findings).map(Arc::new);
        match root {
            Some(root) if !findings.has_errors() => {
                findings.place_in(Arc::clone(&root));
                let document = PolicyDocument::read(&root, &mut Reader::new(&mut findings));
                Self::check(document, findings, file, Some(root))
            }
            _ => Err(PolicyError::new(findings.finish())),
        }
    }

    /// Checks a document that was built in code or read through serde.
    ///
    /// It goes through the reader of texts, so that what a file cannot say is refused here too.
    ///
    /// # Errors
    /// Everything that is wrong with it; findings have no lines.
    pub fn from_document(document: PolicyDocument) -> Result<Self, PolicyError> {
        Self::from_document_with(document, Findings::new(None))
    }

    pub(crate) fn from_document_with(
        document: PolicyDocument,
        mut findings: Findings,
    ) -> Result<Self, PolicyError> {
        let root = Node::from(check::serialized(&document));
        let document = PolicyDocument::read(&root, &mut Reader::new(&mut findings));
        Self::check(document, findings, None, None)
    }

    /// Starts a policy in code.
    pub fn builder(
        name: impl Given<String>,
        company: impl Given<String>,
        version: impl Given<String>,
        effective: NaiveDate,
        updated: NaiveDate,
    ) -> PolicyBuilder {
        PolicyBuilder::new(PolicyDocument::new(name, company, version, effective, updated))
    }

    fn check(
        mut document: PolicyDocument,
        mut findings: Findings,
        file: Option<Arc<str>>,
        root: Option<Arc<Node>>,
    ) -> Result<Self, PolicyError> {
        check::check(&document, &mut findings);
        if findings.has_errors() {
            return Err(PolicyError::new(findings.finish()));
        }
        normalise(&mut document);
        let digest = PolicyDigest::of(&check::serialized(&document));
        let taxonomy = Taxonomy::of(&document, digest);
        let compiled = Compiled::of(&document);
        let checked = Checked { document, digest, taxonomy, compiled, findings: Vec::new(), file, root };
        let mut policy = Self(Arc::new(checked));
        check::prove_claims(&policy, &mut findings);
        if findings.has_errors() {
            return Err(PolicyError::new(findings.finish()));
        }
        // Nobody else holds it yet.
        if let Some(checked) = Arc::get_mut(&mut policy.0) {
            checked.findings = findings.finish();
        }
        Ok(policy)
    }

    /// Its short name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.document.name
    }

    /// Its version, compared as text.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.0.document.version
    }

    /// The company that speaks in it.
    #[must_use]
    pub fn company(&self) -> &str {
        &self.0.document.company
    }

    /// The day from which it applies.
    #[must_use]
    pub fn effective(&self) -> NaiveDate {
        self.0.document.effective
    }

    /// The fingerprint of its meaning.
    #[must_use]
    pub fn digest(&self) -> PolicyDigest {
        self.0.digest
    }

    /// Its categories, purposes and classes as labels.
    #[must_use]
    pub fn taxonomy(&self) -> &Taxonomy {
        &self.0.taxonomy
    }

    /// Its access rules as bits.
    pub(crate) fn compiled(&self) -> &Compiled {
        &self.0.compiled
    }

    /// The warnings that its check gave, in order of lines.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.0.findings
    }

    /// What depends on the day: an update in the future (S1.2), a policy that does not apply yet (S3.1), certificates past
    /// their last day (S1.23).
    #[must_use]
    pub fn findings_at(&self, today: NaiveDate) -> Vec<Finding> {
        let mut findings = Findings::new(self.0.file.clone());
        if let Some(root) = &self.0.root {
            findings.place_in(Arc::clone(root));
        }
        check::check_dates(&self.0.document, today, &mut findings);
        findings.finish()
    }

    /// The document, normalised: rules and caps in order of their names.
    #[must_use]
    pub fn document(&self) -> &PolicyDocument {
        &self.0.document
    }

    /// A category by its name.
    #[must_use]
    pub fn category(&self, name: &str) -> Option<&Category> {
        self.0.document.categories.get(name)
    }

    /// A class by its name.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<&Class> {
        self.0.document.classes.get(name)
    }

    /// A purpose by its name.
    #[must_use]
    pub fn purpose(&self, name: &str) -> Option<&PurposeEntry> {
        self.0.document.purposes.get(name)
    }

    /// Whether decisions and openings at this level go on the audit trail: from Confidential on always, below where the policy says so.
    #[must_use]
    pub fn records(&self, level: Level) -> bool {
        self.recording(level) != Record::Never
    }

    /// When decisions, storings and openings at this level go on the audit trail: from Confidential on always before them.
    #[must_use]
    pub fn recording(&self, level: Level) -> Record {
        if level >= Level::Confidential {
            return Record::Before;
        }
        self.level(level).record.unwrap_or(Record::Never)
    }

    /// A platform by its name.
    #[must_use]
    pub fn platform(&self, name: &str) -> Option<&Platform> {
        self.0.document.platforms.get(name)
    }

    /// Whether a connection over this version of TLS, by its number on the wire, is admitted. Without `[transport]`, none is.
    #[must_use]
    pub fn admits(&self, version: u16) -> bool {
        let rules = self.0.document.transport.as_ref();
        rules
            .zip(Transport::from_wire(version))
            .is_some_and(|(rules, version)| rules.admit.contains(&version))
    }

    /// The controls of a level: none for Public or Internal where the policy does not name them.
    #[must_use]
    pub fn level(&self, level: Level) -> &LevelControls {
        self.0.document.levels.get(&level).unwrap_or(&NO_CONTROLS)
    }

    /// The names and classes of a category.
    pub fn classes_of(&self, category: &str) -> impl Iterator<Item = (&Name, &Class)> {
        let classes: &BTreeMap<_, _> = &self.0.document.classes;
        classes.iter().filter(move |(_, class)| class.category == *category)
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({:?} version {:?}, {})", self.name(), self.version(), self.digest().short())
    }
}

/// Two policies are equal when they mean the same.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.digest() == other.digest()
    }
}

impl Eq for Policy {}

/// Reads any format that names its keys, through the one reader: unknown keys are errors. The result is not checked.
impl<'de> Deserialize<'de> for PolicyDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let root = Node::deserialize(deserializer)?;
        let mut findings = Findings::new(None);
        let document = Self::read(&root, &mut Reader::new(&mut findings));
        match findings.has_errors() {
            true => Err(serde::de::Error::custom(PolicyError::new(findings.finish()))),
            false => Ok(document),
        }
    }
}

fn parse(text: PolicyText<'_>, findings: &mut Findings) -> Option<Node> {
    if !within_bounds(text.text, text.format, findings) {
        return None;
    }
    let root = match text.format {
        Format::Toml => toml::parse(text.text, findings),
        Format::Json => json::parse(text.text, findings),
    }?;
    root.report_depth(findings);
    Some(root)
}

/// Puts in order what has no order in meaning. Controls, certificates and links keep theirs: it is the page's.
fn normalise(document: &mut PolicyDocument) {
    document.access.allow.sort_by(|a, b| a.id.cmp(&b.id));
    document.access.deny.sort_by(|a, b| a.id.cmp(&b.id));
    document.retention.rule.sort_by(|a, b| a.id.cmp(&b.id));
    document.retention.cap.sort_by(|a, b| a.id.cmp(&b.id));
}
