//! What a policy has to be beyond its form: every check runs, and reports all that it finds.
//!
//! A check is silent about elements that could not be read (the reader reported them), and a check for something that is
//! missing is silent where the section that should hold it could not be read.

mod access;
mod audit;
mod claims;
mod conditions;
mod data;
mod dates;
mod find_by;
mod ids;
mod keys;
mod levels;
mod operations;
mod references;
mod release;
mod retention;
mod reviewers;
mod texts;

pub(crate) use claims::prove_claims;
pub use data::{MAX_CATEGORIES, MAX_PURPOSES, MAX_ROLES};
pub(crate) use dates::check_dates;

use super::document::PolicyDocument;
use super::finding::{FindingCode, Findings, Severity};
use super::path::Path;

/// Runs every check that needs no date.
pub(crate) fn check(document: &PolicyDocument, findings: &mut Findings) {
    // What is already past the bound is refused anyway; the rest would only be counted.
    if findings.is_full() {
        return;
    }
    let mut check = Check { document, findings };
    references::check(&mut check);
    ids::check(&mut check);
    levels::check(&mut check);
    release::check(&mut check);
    find_by::check(&mut check);
    data::check(&mut check);
    access::check(&mut check);
    conditions::check(&mut check);
    claims::check(&mut check);
    retention::check(&mut check);
    keys::check(&mut check);
    audit::check(&mut check);
    operations::check(&mut check);
    reviewers::check(&mut check);
    texts::check(&mut check);
}

/// The document in its serialised form.
pub(crate) fn serialized(document: &PolicyDocument) -> serde_json::Value {
    // Tables with text keys, texts and truth values: there is nothing in a document that JSON cannot hold.
    serde_json::to_value(document).unwrap_or_default()
}

/// The document under check, and where findings go.
struct Check<'d, 'f> {
    document: &'d PolicyDocument,
    findings: &'f mut Findings,
}

impl Check<'_, '_> {
    fn error(&mut self, code: FindingCode, path: &Path, message: impl Into<String>, hint: impl Into<String>) {
        self.findings.report(Severity::Error, code, path, None, message.into(), hint.into());
    }

    fn warning(
        &mut self,
        code: FindingCode,
        path: &Path,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.findings.report(Severity::Warning, code, path, None, message.into(), hint.into());
    }

    /// Whether a section could be read as a whole, so that what is missing from it is really missing.
    fn is_whole(&self, section: &Path) -> bool {
        self.findings.is_sound(section)
    }
}

fn rule_path(index: usize) -> Path {
    Path::of(["retention", "rule"]).index(index)
}

fn cap_path(index: usize) -> Path {
    Path::of(["retention", "cap"]).index(index)
}

fn claim_path(index: usize) -> Path {
    Path::of(["claims"]).index(index)
}

fn control_path(index: usize) -> Path {
    Path::of(["controls"]).index(index)
}
