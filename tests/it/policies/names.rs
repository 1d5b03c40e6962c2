//! The pages that the examples answer belong to others: no name of theirs is in the tree.

use std::fs;
use std::path::Path;

#[test]
fn no_company_of_the_answered_pages_is_in_the_tree() {
    let names = [concat!("ali", "tok"), concat!("alley", " ai"), concat!("alley", "ai")];
    let mut read = 0;
    look(Path::new(env!("CARGO_MANIFEST_DIR")), &mut |path, text| {
        read += 1;
        let text = text.to_lowercase();
        for name in names {
            assert!(!text.contains(name), "{} names a company", path.display());
        }
    });
    assert!(read > 100, "only {read} files were read");
}

/// Calls `see` with every text under `folder`, but for what is built and what version control keeps.
fn look(folder: &Path, see: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "target" || name == ".git" {
            continue;
        }
        if path.is_dir() {
            look(&path, see);
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            see(&path, &text);
        }
    }
}
