//! The layers: lower ones never import higher ones, and one place alone mints grants.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // The kit's mutants are unit tests of the kit, in a folder of their own.
            if !path.ends_with("kit/mutants") {
                found.extend(sources(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The code of a file without its comments (whose examples may show the whole house) and its unit tests (which may use it).
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The modules at the root of the crate that a text names, grouped imports among them.
fn named(code: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split_once('}').map_or(group, |(group, _)| group);
                named.extend(group.split(',').map(|part| word(part.trim())));
            }
            None => named.push(word(rest)),
        }
    }
    named
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn layers_never_import_the_ones_above() {
    // The root re-exports what a layer above may have: through it a lower layer would import it all the same.
    let above: [(&str, &[&str]); 4] = [
        ("core", &["crypto", "contracts", "engine", "ports", "Steward", "Access", "NewRequest", "Clock"]),
        ("crypto", &["contracts", "engine", "ports", "Steward", "Access", "NewRequest", "Clock"]),
        ("contracts", &["engine", "ports", "Steward", "Access", "NewRequest"]),
        ("engine", &["ports"]),
    ];
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (layer, forbidden) in above {
        for path in sources(&src().join(layer)) {
            seen += 1;
            for name in named(&code(&path)) {
                if forbidden.contains(&name.as_str()) {
                    wrong.push(format!("{}: crate::{name}", path.display()));
                }
            }
        }
    }
    assert!(seen > 80, "{seen} files are not the house");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The manual stands outside the layers because it is prose: its modules are empty, and its programs are those of a host.
#[test]
fn layers_the_manual_holds_no_code() {
    let code: Vec<String> = sources(&src().join("manual")).iter().map(|path| code(path)).collect();
    assert!(!code.is_empty());
    for line in code.iter().flat_map(|code| code.lines()).filter(|line| !line.is_empty()) {
        let chapter = line.starts_with("#[doc = include_str!(\"")
            || line.starts_with("pub mod ") && line.ends_with(" {}");
        assert!(chapter, "{line}");
    }
}

#[test]
fn layers_the_search_finds_what_it_looks_for() {
    let text = "use crate::{core, ports::memory::Memory};\nlet x = crate::engine::Steward;";
    assert_eq!(named(text), ["core", "ports", "engine"]);
}

#[test]
fn promise_02_one_place_alone_mints_grants() {
    for (proof, place) in [
        ("Grant::mint(", "authorize.rs"),
        ("AuditedReason::mint(", "release.rs"),
        ("Permit::mint(", "release.rs"),
    ] {
        let minting: Vec<_> = sources(&src()).into_iter().filter(|path| code(path).contains(proof)).collect();
        assert_eq!(minting, [src().join("engine").join(place)], "{proof}");
    }
}
