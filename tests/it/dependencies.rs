//! What the crate makes its host compile.

use std::path::Path;
use std::process::Command;

/// Procedural macros are the slow part of a build: what they need is compiled first, for the host, and nothing else goes on meanwhile.
#[test]
fn the_core_compiles_no_proc_macros_but_those_of_serde_and_thiserror() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--no-default-features", "--edges", "normal,build", "--prefix", "none"])
        .args(["--no-dedupe", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let is_macro = |line: &&str| line.contains("(proc-macro)");
    let mut macros: Vec<&str> =
        tree.lines().filter(is_macro).filter_map(|line| line.split(' ').next()).collect();
    macros.sort_unstable();
    macros.dedup();
    assert_eq!(macros, ["serde_derive", "thiserror-impl"]);
}
