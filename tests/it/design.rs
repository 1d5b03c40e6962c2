//! DESIGN.md names tests; each is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn functions(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path).unwrap();
            let names = text.lines().filter_map(|line| line.trim_start().strip_prefix("fn "));
            found.extend(names.filter_map(|rest| rest.split_once('(')).map(|(name, _)| name.to_owned()));
        }
    }
}

/// Whether a quoted text is the path of a test, and not of a module or of something else.
fn test_name(quoted: &str) -> Option<&str> {
    let rooms = ["rows::", "policies::", "promises::", "core::", "crypto::", "compile::", "access::"];
    let name = quoted.rsplit("::").next()?;
    let is_path =
        rooms.iter().any(|room| quoted.starts_with(room)) && !matches!(name, "*" | "tests" | "laws");
    let is_test = is_path && quoted.matches("::").count() >= 2 || quoted.starts_with("promise_");
    is_test.then_some(name).filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

#[test]
fn every_test_that_the_design_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    functions(&root.join("src"), &mut known);
    functions(&root.join("tests"), &mut known);
    let design = fs::read_to_string(root.join("DESIGN.md")).unwrap();
    let named: Vec<&str> = design.split('`').skip(1).step_by(2).filter_map(test_name).collect();
    assert!(named.len() > 100, "{} names are not the tables", named.len());
    let missing: Vec<_> =
        named.into_iter().filter(|name| !known.contains(*name) && *name != "promise_05").collect();
    assert!(missing.is_empty(), "{missing:?}");
}
