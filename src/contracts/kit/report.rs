//! What a run of the kit found.

use std::error::Error;
use std::fmt;

use crate::contracts::{ProviderError, SourceError, StoreError, StoreErrorKind};

/// What a run found, rule by rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a report that nobody looks at shows nothing"]
pub struct Report {
    rules: Vec<RuleOutcome>,
}

impl Report {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn add(&mut self, rule: &'static str, found: Result<(), Broken>) {
        let outcome = match found {
            Ok(()) => Outcome::Held,
            Err(Broken::Violated { expected, observed, hint }) => {
                Outcome::Violated { expected, observed, hint }
            }
            Err(Broken::Skipped(reason)) => Outcome::Skipped { reason },
        };
        self.rules.push(RuleOutcome { rule, outcome });
    }

    /// The rules that were run or skipped, in order.
    #[must_use]
    pub fn rules(&self) -> &[RuleOutcome] {
        &self.rules
    }

    /// Whether the rule of that name was run and held.
    #[must_use]
    pub fn held(&self, rule: &str) -> bool {
        self.rules.iter().any(|found| found.rule == rule && found.outcome == Outcome::Held)
    }

    /// The names of the rules that were violated.
    #[must_use]
    pub fn violated(&self) -> Vec<&'static str> {
        let violated = |found: &&RuleOutcome| matches!(found.outcome, Outcome::Violated { .. });
        self.rules.iter().filter(violated).map(|found| found.rule).collect()
    }

    /// Success where at least one rule was run and none was violated.
    ///
    /// # Errors
    /// [`KitError`] names every violated rule; also where no rule was run at all.
    pub fn into_result(self) -> Result<(), KitError> {
        let ran = self.rules.iter().any(|found| !matches!(found.outcome, Outcome::Skipped { .. }));
        if ran && self.violated().is_empty() { Ok(()) } else { Err(KitError(self)) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rules.iter().try_for_each(|found| writeln!(f, "{found}"))
    }
}

/// What was found of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleOutcome {
    /// The rule, as the contract names it.
    pub rule: &'static str,
    /// What was found.
    pub outcome: Outcome,
}

impl fmt::Display for RuleOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = self.rule;
        match &self.outcome {
            Outcome::Held => write!(f, "`{rule}` held"),
            Outcome::Violated { expected, observed, hint } => {
                write!(f, "`{rule}` violated: expected {expected}; observed {observed}; hint: {hint}")
            }
            Outcome::Skipped { reason } => write!(f, "`{rule}` skipped: {reason}"),
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a test decides on each")]
pub enum Outcome {
    /// The rule held.
    Held,
    /// The rule was violated.
    Violated {
        /// What the contract says.
        expected: String,
        /// What was seen.
        observed: String,
        /// Where to look.
        hint: &'static str,
    },
    /// The rule was not run: what it needs was not given, or declined by what was tested.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// A contract is violated, or nothing was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KitError(Report);

impl KitError {
    /// The whole report.
    pub fn report(&self) -> &Report {
        &self.0
    }
}

impl fmt::Display for KitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let violated: Vec<_> =
            self.0.rules.iter().filter(|found| matches!(found.outcome, Outcome::Violated { .. })).collect();
        if violated.is_empty() {
            return f.write_str("no rule was run");
        }
        write!(f, "{} of {} rules violated", violated.len(), self.0.rules.len())?;
        violated.into_iter().try_for_each(|found| write!(f, "\n{found}"))
    }
}

impl Error for KitError {}

/// Why a rule did not hold.
pub(super) enum Broken {
    Violated { expected: String, observed: String, hint: &'static str },
    Skipped(String),
}

impl Broken {
    pub(super) fn skipped(reason: impl Into<String>) -> Self {
        Self::Skipped(reason.into())
    }

    fn failed(call: &str, error: &dyn Error) -> Self {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::Violated {
            expected: "every call to be answered".to_owned(),
            observed: format!("{call} `{error}{cause}`"),
            hint: "a failure that is no conflict; read its cause",
        }
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::failed("the error", &error)
    }
}

impl From<ProviderError> for Broken {
    fn from(error: ProviderError) -> Self {
        Self::failed("the error", &error)
    }
}

impl From<SourceError> for Broken {
    fn from(error: SourceError) -> Self {
        Self::failed("the error", &error)
    }
}

/// The rule holds here only where `holds`.
pub(super) fn ensure(
    holds: bool,
    expected: &str,
    observed: impl FnOnce() -> String,
    hint: &'static str,
) -> Result<(), Broken> {
    if holds {
        return Ok(());
    }
    Err(Broken::Violated { expected: expected.to_owned(), observed: observed(), hint })
}

/// The answer must be a conflict, and nothing else.
pub(super) fn ensure_conflict<T>(answer: Result<T, StoreError>, when: &str) -> Result<(), Broken> {
    const HINT: &str =
        "compare and write in one atomic step (`UPDATE … WHERE version = ?`), and look at the count of rows";
    match answer {
        Err(error) if error.kind() == StoreErrorKind::Conflict => Ok(()),
        Err(error) => ensure(false, &format!("a conflict {when}"), || format!("the error `{error}`"), HINT),
        Ok(_) => ensure(false, &format!("a conflict {when}"), || "success".to_owned(), HINT),
    }
}
