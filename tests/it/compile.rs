//! What must not compile does not, and says why in our words.
//!
//! Each file of `tests/compile` is one case. One of its lines is marked `//~ forbidden: <fragment>`, the line after it is
//! `//~ allowed: <code>`. Two programs come of it, which differ in the marked line alone: the file as it is, whose error must stand
//! on that line and hold the fragment, and the file with the other code in that line, which must compile. A first line
//! `//~ each DATA CLEARANCE: Internal Public, Restricted Public` makes a case of each pair, the words put in.
//!
//! The fragment is searched for in what the compiler says and in the lines of this crate that it points at, never in the case's own
//! code that it quotes. Cases pin words that are this crate's, so that another compiler passes too.
//!
//! `cargo check` runs once over all, offline (the lock file is this repository's), into a target folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

const FORBIDDEN: &str = "//~ forbidden: ";
const ALLOWED: &str = "//~ allowed: ";
const EACH: &str = "//~ each ";

/// Two programs that differ in one line.
struct Case {
    name: String,
    forbidden: String,
    allowed: String,
    /// Number of the marked line, from one.
    line: u64,
    fragment: String,
}

impl Case {
    fn parse(name: &str, text: &str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let marked: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains(FORBIDDEN)).collect();
        let [at] = marked[..] else { panic!("{name}: {} lines are marked, one is right", marked.len()) };
        let (_, fragment) = lines[at].split_once(FORBIDDEN).unwrap();
        let next = lines.get(at + 1).and_then(|line| line.trim_start().strip_prefix(ALLOWED));
        let allowed = next.unwrap_or_else(|| panic!("{name}: after the marked line comes `{ALLOWED}…`"));
        let mut twin = lines.clone();
        twin[at] = allowed;
        // On the first line, so that no number shifts: a warning is not what a case is about, whatever flags are set.
        let program = |lines: &[&str]| format!("#![allow(warnings)] {}\n", lines.join("\n"));
        Self {
            name: name.to_owned(),
            forbidden: program(&lines),
            allowed: program(&twin),
            line: at as u64 + 1,
            fragment: fragment.trim().to_owned(),
        }
    }

    /// The cases of one file: one, or one of each line of its table.
    fn of_file(name: &str, text: &str) -> Vec<Self> {
        let Some(table) = text.strip_prefix(EACH) else { return vec![Self::parse(name, text)] };
        let (words, rows) = table.lines().next().and_then(|line| line.split_once(':')).unwrap();
        let words: Vec<&str> = words.split_whitespace().collect();
        let case = |row: &str| {
            let values: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(values.len(), words.len(), "{name}: {row}");
            let put_in = |text: String, (word, value): (&&str, &&str)| text.replace(word, value);
            let text = words.iter().zip(&values).fold(text.to_owned(), put_in);
            Self::parse(&format!("{name}_{}", values.join("_").to_lowercase()), &text)
        };
        rows.split(',').map(case).collect()
    }

    fn programs(&self) -> [(String, &str); 2] {
        [
            (format!("{}_forbidden", self.name), &self.forbidden),
            (format!("{}_allowed", self.name), &self.allowed),
        ]
    }

    /// What is wrong with the case, if anything is.
    fn judge(&self, said: &Said) -> Result<(), String> {
        let [(forbidden, _), (allowed, _)] = self.programs();
        let none = Vec::new();
        let errors = |program: &str| said.errors.get(program).unwrap_or(&none);
        if !said.compiled.contains(&allowed) {
            let why: Vec<&str> = errors(&allowed).iter().map(|error| error.rendered.as_str()).collect();
            return Err(format!("{}: the allowed twin does not compile\n{}", self.name, why.join("\n")));
        }
        if said.compiled.contains(&forbidden) {
            return Err(format!("{}: the forbidden line compiles", self.name));
        }
        let bites = |error: &&Error| error.lines.contains(&self.line) && error.said.contains(&self.fragment);
        if errors(&forbidden).iter().any(|error| bites(&error)) {
            return Ok(());
        }
        let instead: Vec<String> = errors(&forbidden)
            .iter()
            .map(|error| format!("{}\nheld: {}", error.rendered, error.said))
            .collect();
        let (name, line, fragment) = (&self.name, self.line, &self.fragment);
        Err(format!("{name}: no error on line {line} says `{fragment}`, but\n{}", instead.join("\n")))
    }
}

/// An error of the compiler.
struct Error {
    /// Everything said that is not the case's own code.
    said: String,
    /// The lines of the case that it is reported on: where its spans begin, so that a span over a whole macro call is none of its lines.
    lines: Vec<u64>,
    rendered: String,
}

impl Error {
    fn read(message: &Value) -> Self {
        let mut error = Self { said: String::new(), lines: Vec::new(), rendered: text(&message["rendered"]) };
        for span in array(&message["spans"]).iter().filter(|span| span["is_primary"] == true) {
            let mut span = Some(span);
            while let Some(at) = span {
                if in_case(at) {
                    error.lines.extend(at["line_start"].as_u64());
                }
                span = at["expansion"].get("span");
            }
        }
        error.hear(message);
        error
    }

    fn hear(&mut self, message: &Value) {
        let mut hear = |said: String| self.said += &format!("{}\n", without_paths(&said));
        hear(text(&message["message"]));
        for span in array(&message["spans"]) {
            hear(text(&span["label"]));
            if !in_case(span) {
                array(&span["text"]).iter().for_each(|line| hear(text(&line["text"])));
            }
        }
        array(&message["children"]).iter().for_each(|child| self.hear(child));
    }
}

/// `levels::Public` becomes `Public`: whether a name is written in full is up to the compiler.
fn without_paths(said: &str) -> String {
    let segments: Vec<&str> = said.split("::").collect();
    let Some((last, paths)) = segments.split_last() else { return String::new() };
    let heads = paths.iter().map(|head| head.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_'));
    heads.chain([*last]).collect()
}

fn in_case(span: &Value) -> bool {
    Path::new(&text(&span["file_name"])).starts_with("src/bin")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What cargo said, by program.
#[derive(Default)]
struct Said {
    compiled: Vec<String>,
    errors: BTreeMap<String, Vec<Error>>,
    /// What it said to people: why nothing was compiled, where that is so.
    stderr: String,
}

/// Writes a package with these programs and checks it.
fn check(folder: &Path, cases: &[&Case]) -> Said {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bin = folder.join("src").join("bin");
    fs::create_dir_all(&bin).unwrap();
    let manifest = format!(
        "[package]\nname = \"cases\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[workspace]\n\n[dependencies]\n\
         stewardship = {{ path = '{}' }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\n",
        root.display()
    );
    write(&folder.join("Cargo.toml"), &manifest);
    // The versions that this repository was built with are on this machine; no others need be.
    write(&folder.join("Cargo.lock"), &fs::read_to_string(root.join("Cargo.lock")).unwrap());
    let mut kept = Vec::new();
    for (name, program) in cases.iter().flat_map(|case| case.programs()) {
        let path = bin.join(name).with_extension("rs");
        write(&path, program);
        kept.push(path);
    }
    for stale in files(&bin).into_iter().filter(|path| !kept.contains(path)) {
        fs::remove_file(stale).unwrap();
    }
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--keep-going", "--message-format=json", "--target-dir", "target"])
        .current_dir(folder)
        .output()
        .unwrap();
    let mut said = Said { stderr: String::from_utf8_lossy(&output.stderr).into_owned(), ..Said::default() };
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let program = text(&line["target"]["name"]);
        if line["reason"] == "compiler-artifact" {
            said.compiled.push(program);
        } else if line["reason"] == "compiler-message" && line["message"]["level"] == "error" {
            said.errors.entry(program).or_default().push(Error::read(&line["message"]));
        }
    }
    said
}

/// Writes what is new alone, so that what was checked stays checked.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::write(path, text).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

struct Run {
    cases: Vec<Case>,
    lame: Vec<Case>,
    said: Said,
}

/// The one run, whichever test asks first.
fn run() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| {
        let mut cases = Vec::new();
        for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("compile")) {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            cases.extend(Case::of_file(&name, &fs::read_to_string(path).unwrap()));
        }
        let lame: Vec<Case> = LAME.iter().map(|(name, text, _)| Case::parse(name, text)).collect();
        let all: Vec<&Case> = cases.iter().chain(&lame).collect();
        let said = check(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile"), &all);
        Run { cases, lame, said }
    })
}

#[test]
fn what_is_forbidden_does_not_compile_and_its_twin_does() {
    let run = run();
    assert!(
        run.said.compiled.contains(&"stewardship".to_owned()),
        "nothing was checked:\n{}",
        run.said.stderr
    );
    let wrong: Vec<String> = run.cases.iter().filter_map(|case| case.judge(&run.said).err()).collect();
    assert!(wrong.is_empty(), "{} of {} cases\n{}", wrong.len(), run.cases.len(), wrong.join("\n\n"));
}

/// Cases that are wrong, and what is to be said of each.
const LAME: [(&str, &str, &str); 5] = [
    (
        "lame_the_forbidden_line_compiles",
        "fn main() {\n    let a = 1; //~ forbidden: Classified<\n    //~ allowed: let a = 2;\n}\n",
        "the forbidden line compiles",
    ),
    (
        "lame_the_fragment_is_another",
        "fn f(id: stewardship::id::Unknown) {} //~ forbidden: words that nobody says\n//~ allowed: fn f() {}\nfn main() {}\n",
        "no error on line 1 says `words that nobody says`",
    ),
    (
        "lame_the_fragment_is_in_the_quoted_code_alone",
        "fn main() {\n    let marker_of_ours: u8 = \"\"; //~ forbidden: marker_of_ours\n    //~ allowed: let a = 2;\n}\n",
        "no error on line 2 says `marker_of_ours`",
    ),
    (
        "lame_the_error_is_on_another_line",
        "fn main() {\n    let a = Some(\"\"); //~ forbidden: u8\n    //~ allowed: let a = None;\n    let b: Option<u8> = a;\n}\n",
        "no error on line 2 says `u8`",
    ),
    (
        "lame_the_twin_does_not_compile",
        "fn main() {\n    let a: u8 = \"\"; //~ forbidden: u8\n    //~ allowed: let a: u8 = ' ';\n}\n",
        "the allowed twin does not compile",
    ),
];

#[test]
fn the_harness_reports_a_case_that_does_not_bite() {
    let run = run();
    for (case, (name, _, expected)) in run.lame.iter().zip(LAME) {
        let report = case.judge(&run.said).expect_err(name);
        assert!(report.contains(expected), "{report}");
    }
}

#[test]
fn a_case_is_two_programs_that_differ_in_one_line() {
    for case in &run().cases {
        let (forbidden, allowed) = (case.forbidden.lines(), case.allowed.lines());
        assert_eq!(forbidden.clone().count(), allowed.clone().count());
        let differ: Vec<usize> = forbidden
            .zip(allowed)
            .enumerate()
            .filter(|(_, (one, other))| one != other)
            .map(|(at, _)| at)
            .collect();
        assert_eq!(differ, [case.line as usize - 1], "{}", case.name);
    }
}
