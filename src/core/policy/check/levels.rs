//! Controls grow with the level (S1.11), and what authenticates someone is at the top (S2.8, S3.4).

use super::Check;
use crate::core::classification::Level;
use crate::core::period::Period;
use crate::core::policy::document::LevelControls;
use crate::core::policy::finding::FindingCode;
use crate::core::policy::path::Path;
use crate::core::policy::trail::TrailBatch;
use crate::core::policy::vocabulary::Record;

pub(super) fn check(check: &mut Check<'_, '_>) {
    for level in [Level::Confidential, Level::Restricted] {
        if !check.document.levels.contains_key(&level) && check.is_whole(&Path::of(["levels"])) {
            let hint = format!("write a table `levels.{level}` with its controls");
            let path = Path::of(["levels", level.as_str()]);
            check.error(
                FindingCode::MissingLevel,
                &path,
                format!("the level `{level}` has no controls"),
                hint,
            );
        }
    }
    monotone(check);
    batches(check);
    for (level, controls) in &check.document.levels {
        if *level >= Level::Confidential && controls.record.is_some_and(|record| record != Record::Before) {
            let path = Path::of(["levels", level.as_str(), "record"]);
            let message = format!("what is `{level}` is always recorded before the action");
            check.error(FindingCode::UnrecordedLevel, &path, message, "write `before`, or drop the key");
        }
    }
    if check.document.levels.get(&Level::Restricted).is_some_and(|controls| controls.seal.is_none()) {
        let path = Path::of(["levels", "restricted", "seal"]);
        let message = "the restricted level is stored in the clear";
        check.error(FindingCode::RestrictedUnsealed, &path, message, "write `seal = \"aes-256\"`");
    }
    for (name, class) in &check.document.classes {
        if class.authenticator && class.level < Level::Restricted {
            let path = Path::of(["classes", name.as_str(), "level"]);
            let message = format!("a class that authenticates someone is `{}`", class.level);
            check.error(FindingCode::CredentialBelowTop, &path, message, "write `restricted`");
        }
    }
}

/// What a crash may lose has a bound.
fn batches(check: &mut Check<'_, '_>) {
    let Some(audit) = &check.document.audit else { return };
    if audit.batch.is_some_and(|batch| !(2..=TrailBatch::MAX_ENTRIES).contains(&batch)) {
        let message = "entries of the audit trail wait in batches of 2 to 1,024";
        let hint = "write `batch = 64`, or `record = \"before\"` for the level";
        check.error(FindingCode::TrailBatch, &Path::of(["audit", "batch"]), message, hint);
    }
    let bounded = |within: Period| {
        within.exact().is_some()
            && within.approximate_seconds() <= TrailBatch::MAX_WITHIN.approximate_seconds()
    };
    if audit.within.is_some_and(|within| within.is_zero() || !bounded(within)) {
        let message = "an entry of the audit trail waits for some time, and for an hour at most";
        let hint = "write `within = \"5 seconds\"`";
        check.error(FindingCode::TrailBatch, &Path::of(["audit", "within"]), message, hint);
    }
}

fn monotone(check: &mut Check<'_, '_>) {
    let nothing = LevelControls::default();
    // A level from Confidential up that is not declared was reported; below, it means no controls.
    let declared = |level: Level| {
        check.document.levels.get(&level).or((level < Level::Confidential).then_some(&nothing))
    };
    let present: Vec<_> =
        Level::ALL.into_iter().filter_map(|level| Some((level, declared(level)?))).collect();
    for ((below, lower), (above, higher)) in present.iter().zip(present.iter().skip(1)) {
        for (key, low, high) in weakened(lower, higher) {
            let path = Path::of(["levels", above.as_str(), key]);
            // From Confidential up everything is recorded, said or not.
            if key == "record" && above >= &Level::Confidential {
                continue;
            }
            // An element that could not be read says nothing about its neighbour either.
            if !check.is_whole(&Path::of(["levels", below.as_str()])) {
                continue;
            }
            let message = format!("`{key}` is {high} for `{above}`, and {low} for `{below}`");
            let hint = format!("make `{above}` at least as strict as `{below}`");
            check.error(FindingCode::NonMonotoneControls, &path, message, hint);
        }
    }
}

/// The controls that the higher level has weaker than the lower: key, value below, value above.
fn weakened(lower: &LevelControls, higher: &LevelControls) -> Vec<(&'static str, String, String)> {
    let or_absent =
        |text: Option<String>| text.map_or_else(|| "absent".to_owned(), |text| format!("`{text}`"));
    let mut weaker = Vec::new();
    if lower.seal.is_some() && higher.seal.is_none() {
        weaker.push(("seal", or_absent(lower.seal.map(|seal| seal.to_string())), or_absent(None)));
    }
    // No bound is the weakest; a longer one is weaker.
    let age =
        |controls: &LevelControls| controls.mfa_within.map_or(u64::MAX, |age| age.approximate_seconds());
    if age(lower) < age(higher) {
        let shown = |controls: &LevelControls| or_absent(controls.mfa_within.map(|age| age.to_string()));
        weaker.push(("mfa_within", shown(lower), shown(higher)));
    }
    // In order of their strictness.
    if lower.record.unwrap_or(Record::Never) > higher.record.unwrap_or(Record::Never) {
        let shown = |controls: &LevelControls| or_absent(controls.record.map(|record| record.to_string()));
        weaker.push(("record", shown(lower), shown(higher)));
    }
    weaker
}
