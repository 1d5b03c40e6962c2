//! Texts: no placeholder is left, no word is vague where a number belongs, contacts can be reached.

use serde_json::Value;

use super::{Check, control_path, serialized};
use crate::core::policy::finding::FindingCode;
use crate::core::policy::path::{Path, Segment, shortened};

pub(super) fn check(check: &mut Check<'_, '_>) {
    every_text(check, &serialized(check.document), &mut Path::default());
    contacts(check);
    vague_duties(check);
    vague_wording(check);
}

/// Words that stand where a number belongs (S1.6, S3.8, S3.16a, S3.17, S3.18, S3.20).
const VAGUE: [&str; 15] = [
    "continuous",
    "continuously",
    "immediate",
    "immediately",
    "periodic",
    "periodically",
    "prompt",
    "promptly",
    "rapid",
    "rapidly",
    "reasonable",
    "reasonably",
    "regularly",
    "short",
    "timely",
];

/// Looks at each key and each text; the depth is that of the document.
fn every_text(check: &mut Check<'_, '_>, value: &Value, path: &mut Path) {
    match value {
        Value::String(text) => one_text(check, text, path),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                // Lists of words are sets, whose order is not that of the file: the list is named, not the position.
                if item.is_string() {
                    every_text(check, item, path);
                } else {
                    path.push(Segment::Index(index));
                    every_text(check, item, path);
                    path.pop();
                }
            }
        }
        Value::Object(entries) => {
            for (key, entry) in entries {
                path.push(Segment::Key(key.clone()));
                if let Some(placeholder) = placeholder(key) {
                    report_placeholder(check, placeholder, path);
                }
                every_text(check, entry, path);
                path.pop();
            }
        }
        _ => {}
    }
}

fn one_text(check: &mut Check<'_, '_>, text: &str, path: &Path) {
    if text.trim().is_empty() {
        check.error(FindingCode::EmptyText, path, "the text is empty", "write it, or drop the key");
    }
    if let Some(placeholder) = placeholder(text) {
        report_placeholder(check, placeholder, path);
    }
}

fn report_placeholder(check: &mut Check<'_, '_>, placeholder: &str, path: &Path) {
    let message = format!("`{}` is a placeholder", shortened(placeholder));
    check.error(FindingCode::UnresolvedPlaceholder, path, message, "write what belongs here");
}

/// The first placeholder in a text (S2.32, S3.2): words in brackets that are not the text of a link, `TODO` or `TBD`.
fn placeholder(text: &str) -> Option<&str> {
    bracketed(text).or_else(|| words(text).find(|word| ["TODO", "TBD"].contains(word)))
}

fn bracketed(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('[') {
        let (inner, behind) = after.split_once(']')?;
        // An inner bracket opens the placeholder anew.
        let inner = inner.rsplit_once('[').map_or(inner, |(_, last)| last);
        if inner.starts_with(|first: char| first.is_alphabetic()) && !behind.starts_with('(') {
            return enclosing(text, inner);
        }
        rest = behind;
    }
    None
}

/// `inner`, a part of `text`, with the bracket on either side.
fn enclosing<'t>(text: &'t str, inner: &str) -> Option<&'t str> {
    let start = (inner.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    text.get(start.checked_sub(1)?..start.checked_add(inner.len())?.checked_add(1)?)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}

/// The vague words of a text, each in backticks, each once.
fn vague_words(text: &str) -> Option<String> {
    let found: std::collections::BTreeSet<_> =
        words(text).map(str::to_lowercase).filter(|word| VAGUE.contains(&word.as_str())).collect();
    let listed: Vec<_> = found.into_iter().map(|word| format!("`{word}`")).collect();
    (!listed.is_empty()).then(|| listed.join(", "))
}

fn contacts(check: &mut Check<'_, '_>) {
    let Some(contacts) = &check.document.contacts else { return };
    for (key, contact) in [("privacy", Some(&contacts.privacy)), ("dpo", contacts.dpo.as_ref())] {
        let Some(contact) = contact else { continue };
        // Empty texts and placeholders are reported as what they are.
        if contact.trim().is_empty() || placeholder(contact).is_some() || can_be_reached(contact) {
            continue;
        }
        let message = format!("`{}` is neither an e-mail address nor an https URL", shortened(contact));
        let hint = "write an address that people can use";
        check.error(FindingCode::InvalidContact, &Path::of(["contacts", key]), message, hint);
    }
}

fn can_be_reached(contact: &str) -> bool {
    let is_clean = !contact.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    let is_host = |host: &str| host.contains('.') && host.split('.').all(|label| !label.is_empty());
    let is_address = || {
        contact
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !host.contains('@') && is_host(host))
    };
    let is_url = || {
        contact
            .strip_prefix("https://")
            .is_some_and(|rest| is_host(rest.split('/').next().unwrap_or_default()))
    };
    is_clean && (is_url() || is_address())
}

fn vague_duties(check: &mut Check<'_, '_>) {
    for (index, control) in
        check.document.controls.iter().enumerate().filter(|(_, control)| control.within.is_none())
    {
        if let Some(vague) = vague_words(&control.states) {
            let message = format!("{vague} without a number");
            let hint = "write `within` with the number that is meant, such as `10 minutes`";
            check.error(FindingCode::VagueDuration, &control_path(index).key("states"), message, hint);
        }
    }
}

fn vague_wording(check: &mut Check<'_, '_>) {
    let document = check.document;
    let mut texts: Vec<(Path, &str)> = Vec::new();
    texts.extend(document.summary.as_deref().map(|text| (Path::of(["summary"]), text)));
    for (name, category) in &document.categories {
        let text = category.covers.as_deref();
        texts.extend(text.map(|text| (Path::of(["categories", name.as_str(), "covers"]), text)));
    }
    for (level, controls) in &document.levels {
        let text = controls.covers.as_deref();
        texts.extend(text.map(|text| (Path::of(["levels", level.as_str(), "covers"]), text)));
    }
    for (path, text) in texts {
        if let Some(vague) = vague_words(text) {
            let hint = "say what is meant, with a number";
            check.warning(FindingCode::VagueWording, &path, format!("the text says {vague}"), hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_texts() {
        for (text, found) in [
            ("**[Your Company Name]** employs", Some("[Your Company Name]")),
            ("write to [email protected]", Some("[email protected]")),
            ("[see](https://example.com) [[Name]", Some("[Name]")),
            ("hosting, TBD", Some("TBD")),
            ("TODO", Some("TODO")),
            ("see [our terms](https://example.com)", None),
            ("rule[2], [1], [ ], []", None),
            ("[never closed", None),
            ("TODOS and METHOD", None),
            ("", None),
        ] {
            assert_eq!(placeholder(text), found, "{text}");
        }
    }

    #[test]
    fn contacts_are_addresses_or_urls() {
        for good in ["privacy@example.com", "https://example.com/privacy", "a+b@c.example.co"] {
            assert!(can_be_reached(good), "{good}");
        }
        for bad in [
            "support",
            "privacy@",
            "@example.com",
            "a@b",
            "a@b@c.de",
            "http://example.com",
            "https://",
            "a b@c.de",
            "a@.de",
        ] {
            assert!(!can_be_reached(bad), "{bad}");
        }
    }

    #[test]
    fn vague_words_are_whole_words_in_any_case() {
        assert_eq!(
            vague_words("Immediate patching, in a TIMELY way"),
            Some("`immediate`, `timely`".to_owned())
        );
        assert_eq!(vague_words("shortly, intermediate, unreasonable"), None);
    }
}
