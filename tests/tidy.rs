//! The rules of the house style that a compiler does not know, checked by reading the sources.
//!
//! Each rule is a function from one source file to its findings; the tests at the end run it over
//! the repository, and over planted snippets, so that each rule is seen to fail. The rules look at
//! code without its comments, texts and tests; they know Rust's tokens, but are no parser.

#[path = "tidy/code.rs"]
mod code;

use code::{begins_with, body_end, code_of, is_word, paths, places, without_tests};
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

const FILE_LINES_MAX: usize = 500;
const BIN_LINES_MAX: usize = 60;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_COLUMNS_MAX: usize = 100;

/// Which modules of ours each module may use, itself aside. `a::b` allows that part alone.
const MAY_USE: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("proof", &["domain"]),
    ("render", &["domain"]),
    ("audit", &["domain", "proof"]),
    ("platform", &["proof::keys"]),
    ("ledger", &["domain", "proof", "platform"]),
    (
        "settlement",
        &["domain", "proof", "audit", "render", "ledger", "platform"],
    ),
    ("witness", &["domain", "proof", "platform", "ledger"]),
    ("http", &ALL_BUT_CLI),
    ("console", &ALL_BUT_CLI),
    ("cli", &ALL_BUT_CLI),
];
const ALL_BUT_CLI: [&str; 10] = [
    "domain",
    "proof",
    "render",
    "audit",
    "platform",
    "ledger",
    "settlement",
    "witness",
    "http",
    "console",
];

/// Modules that compute and do nothing else.
const PURE: [&str; 4] = ["domain", "proof", "audit", "render"];
const IMPURE_STD: [&str; 7] = [
    "fs",
    "net",
    "env",
    "thread",
    "process",
    "time::SystemTime",
    "time::Instant",
];
const IMPURE_CALLS: [&str; 4] = ["SystemTime::now", "Instant::now", "Utc::now", "Local::now"];
const IMPURE_CRATES: [&str; 7] = [
    "getrandom",
    "rand",
    "tokio",
    "axum",
    "rocksdb",
    "tracing",
    "ureq",
];

/// What may stand at the top of the repository, beside the dotfiles of tools.
const TOP_LEVEL: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "LICENSE",
    "Makefile",
    "README.md",
    "benches",
    "config",
    "schemas",
    "src",
    "tests",
];

/// One Rust file.
struct Source {
    /// From the top of the repository, with `/`.
    path: String,
    text: String,
    /// The text without comments, literals and tests, byte for byte at the same place.
    code: String,
}

/// A broken rule.
#[derive(Debug)]
struct Finding {
    path: String,
    line: usize,
    rule: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.rule)
    }
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let code = if is_test {
            String::new()
        } else {
            without_tests(&code_of(text))
        };
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
        }
    }

    /// The folder or file right below `src`: `domain` for `src/domain/op/burn.rs`.
    fn module(&self) -> Option<&str> {
        let name = self.path.strip_prefix("src/")?.split('/').next()?;
        let name = name.strip_suffix(".rs").unwrap_or(name);
        (!["lib", "bin"].contains(&name)).then_some(name)
    }

    fn is_in(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    fn at(&self, position: usize, rule: String) -> Finding {
        let line = self.text.as_bytes()[..position]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        Finding {
            path: self.path.clone(),
            line: line + 1,
            rule,
        }
    }
}

// --- rules --------------------------------------------------------------------------------------

fn file_length(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    let max = match () {
        () if source.is_in("tests/") => return Vec::new(),
        () if source.is_in("src/bin/") => BIN_LINES_MAX,
        () => FILE_LINES_MAX,
    };
    let rule = format!("the file has {lines} lines, at most {max}: split it");
    (lines > max)
        .then(|| source.at(0, rule))
        .into_iter()
        .collect()
}

fn function_length(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for at in places(&source.code, "fn") {
        let name: String = source.code[at + 2..]
            .trim_start()
            .chars()
            .take(40)
            .collect();
        let name = &name[..name.bytes().take_while(|byte| is_word(*byte)).count()];
        let end = body_end(source.code.as_bytes(), at);
        let lines = source.code[at..end].lines().count();
        if !name.is_empty() && lines > FUNCTION_LINES_MAX {
            let rule = format!("fn {name} has {lines} lines, at most {FUNCTION_LINES_MAX}");
            findings.push(source.at(at, rule));
        }
    }
    findings
}

/// Addresses cannot be broken, so a line that holds one may be longer.
fn line_length(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut position = 0;
    for line in source.text.split_inclusive('\n') {
        let columns = line.trim_end_matches('\n').chars().count();
        if columns > LINE_COLUMNS_MAX && !line.contains("https://") {
            let rule = format!("the line has {columns} columns, at most {LINE_COLUMNS_MAX}");
            findings.push(source.at(position, rule));
        }
        position += line.len();
    }
    findings
}

fn module_doc(source: &Source) -> Vec<Finding> {
    let rule = "the module does not open with //! and what it is for".to_owned();
    let opens = source.text.trim_start().starts_with("//!");
    (!opens).then(|| source.at(0, rule)).into_iter().collect()
}

fn layering(source: &Source) -> Vec<Finding> {
    let Some(module) = source.module() else {
        return Vec::new();
    };
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
        let rule = format!("{module} is not in the table of modules: give it a place there");
        return vec![source.at(0, rule)];
    };
    let may_use = |path: &[String]| {
        path.first().is_some_and(|first| first == module)
            || allowed.iter().any(|prefix| begins_with(path, prefix))
    };
    let mut findings: Vec<Finding> = paths(&source.code, "crate")
        .into_iter()
        .filter(|(_, path)| !may_use(path))
        .map(|(at, path)| {
            let rule = format!("{module} may not use crate::{}", path.join("::"));
            source.at(at, rule)
        })
        .collect();
    let inner = source.path.trim_end_matches("/mod.rs");
    let depth = inner.matches('/').count();
    let to_root = "super::".repeat(depth);
    for at in places(&source.code, "super").into_iter().filter(|at| {
        source.code[*at..].starts_with(&to_root) && !source.code[..*at].ends_with("super::")
    }) {
        let rule = "super:: climbs out of the module: write crate::".to_owned();
        findings.push(source.at(at, rule));
    }
    findings
}

fn purity(source: &Source) -> Vec<Finding> {
    let Some(module) = source.module().filter(|module| PURE.contains(module)) else {
        return Vec::new();
    };
    let mut named: Vec<(usize, String)> = paths(&source.code, "std")
        .into_iter()
        .filter(|(_, path)| IMPURE_STD.iter().any(|impure| begins_with(path, impure)))
        .map(|(at, path)| (at, format!("std::{}", path.join("::"))))
        .collect();
    for call in IMPURE_CALLS {
        named.extend(
            places(&source.code, call)
                .into_iter()
                .map(|at| (at, call.to_owned())),
        );
    }
    for name in IMPURE_CRATES {
        let uses = places(&source.code, name).into_iter().filter(|at| {
            let (before, behind) = (&source.code[..*at], &source.code[at + name.len()..]);
            before.ends_with("use ") || behind.starts_with("::") && !before.ends_with("::")
        });
        named.extend(uses.map(|at| (at, name.to_owned())));
    }
    let rule = |name: String| format!("{module} is pure and may not name {name}");
    named
        .into_iter()
        .map(|(at, name)| source.at(at, rule(name)))
        .collect()
}

fn banned_words(source: &Source) -> Vec<Finding> {
    if !source.is_in("src/") {
        return Vec::new();
    }
    let mut banned = vec![
        (
            ".unwrap()",
            "no unwrap: return the error, or expect(\"why it cannot happen\")",
        ),
        (
            "::unwrap)",
            "no unwrap: return the error, or expect(\"why it cannot happen\")",
        ),
        ("todo!", "no todo!: finish it or leave it out"),
        (
            "unimplemented!",
            "no unimplemented!: finish it or leave it out",
        ),
        ("dbg!", "no dbg!: use tracing, or nothing"),
        (
            "debug_assert!",
            "no debug_assert!: it never runs; assert! or nothing",
        ),
        (
            "debug_assert_eq!",
            "no debug_assert_eq!: it never runs; assert_eq! or nothing",
        ),
    ];
    if !source.is_in("src/cli") && !source.is_in("src/bin/") {
        let rule = "only src/cli and src/bin print";
        banned.extend(["print!", "println!", "eprint!", "eprintln!"].map(|word| (word, rule)));
    }
    let mut findings = Vec::new();
    for (word, rule) in banned {
        let whole_word = |at: &usize| {
            !is_word(word.as_bytes()[0]) || *at == 0 || !is_word(source.code.as_bytes()[at - 1])
        };
        let found = source
            .code
            .match_indices(word)
            .map(|(at, _)| at)
            .filter(whole_word);
        findings.extend(found.map(|at| source.at(at, rule.to_owned())));
    }
    findings
}

fn top_level(files: &[String]) -> Vec<Finding> {
    let stray = |file: &&String| {
        let first = file.split('/').next().unwrap_or_default();
        !first.starts_with('.') && !TOP_LEVEL.contains(&first)
    };
    let rule = format!(
        "the top level holds {} and dotfiles, nothing else",
        TOP_LEVEL.join(", ")
    );
    files
        .iter()
        .filter(stray)
        .map(|file| Finding {
            path: file.clone(),
            line: 1,
            rule: rule.clone(),
        })
        .collect()
}

// --- the repository -----------------------------------------------------------------------------

/// The files that git knows, from the top of the repository.
fn tracked_files() -> Vec<String> {
    let output = Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("git must be installed: it tells which files belong to the repository");
    assert!(
        output.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8(output.stdout).expect("file names are UTF-8");
    names.split_terminator('\0').map(str::to_owned).collect()
}

fn check_repository(rule: fn(&Source) -> Vec<Finding>) {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources: Vec<Source> = tracked_files()
        .iter()
        .filter(|path| path.ends_with(".rs"))
        // A file that was just deleted is still tracked.
        .filter_map(|path| Some(Source::new(path, &fs::read_to_string(top.join(path)).ok()?)))
        .collect();
    assert!(
        sources.iter().any(|source| source.path == "src/lib.rs"),
        "the sources were not found"
    );
    none(&sources.iter().flat_map(rule).collect::<Vec<_>>());
}

fn none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(
        lines.is_empty(),
        "{} broken rules:\n{}\n",
        lines.len(),
        lines.join("\n")
    );
}

#[test]
fn files_are_short() {
    check_repository(file_length);
}

#[test]
fn functions_are_short() {
    check_repository(function_length);
}

#[test]
fn lines_are_short() {
    check_repository(line_length);
}

#[test]
fn modules_say_what_they_are_for() {
    check_repository(module_doc);
}

#[test]
fn modules_use_only_the_layers_below() {
    check_repository(layering);
}

#[test]
fn pure_modules_are_pure() {
    check_repository(purity);
}

#[test]
fn sources_hold_no_banned_words() {
    check_repository(banned_words);
}

#[test]
fn the_top_level_holds_only_what_belongs_there() {
    none(&top_level(&tracked_files()));
}

// --- planted snippets ---------------------------------------------------------------------------

/// What a rule says about a snippet, as `line: rule`.
fn said(rule: fn(&Source) -> Vec<Finding>, path: &str, text: &str) -> Vec<String> {
    rule(&Source::new(path, text))
        .iter()
        .map(|finding| format!("{}: {}", finding.line, finding.rule))
        .collect()
}

#[test]
fn long_files_functions_and_lines_are_found() {
    let lines = |count: usize| "//!\n".repeat(count);
    assert!(said(file_length, "src/domain/a.rs", &lines(500)).is_empty());
    assert_eq!(said(file_length, "src/domain/a.rs", &lines(501)).len(), 1);
    assert_eq!(said(file_length, "src/bin/a.rs", &lines(61)).len(), 1);
    assert!(said(file_length, "tests/a.rs", &lines(501)).is_empty());

    let function = |count: usize| format!("\nfn a(b: [u8; 2])\n{{\n{}}}\n", "c;\n".repeat(count));
    assert!(said(function_length, "src/a.rs", &function(67)).is_empty());
    let expected = ["2: fn a has 71 lines, at most 70"];
    assert_eq!(said(function_length, "src/a.rs", &function(68)), expected);
    let short_type = format!("type A = fn(u8);\n{}", "c;\n".repeat(80));
    assert!(said(function_length, "src/a.rs", &short_type).is_empty());

    assert!(said(line_length, "src/a.rs", &"é".repeat(100)).is_empty());
    let expected = ["2: the line has 101 columns, at most 100"];
    assert_eq!(
        said(line_length, "src/a.rs", &format!("\n{}", "é".repeat(101))),
        expected
    );
    let address = format!("/// <https://{}>", "a".repeat(100));
    assert!(said(line_length, "src/a.rs", &address).is_empty());
}

#[test]
fn a_module_without_a_doc_is_found() {
    assert!(said(module_doc, "src/a.rs", "\n//! A.\n").is_empty());
    assert_eq!(said(module_doc, "src/a.rs", "/// A.\nfn a() {}\n").len(), 1);
}

#[test]
fn a_use_of_a_layer_above_is_found() {
    let check = |path: &str, text: &str, expected: &[&str]| {
        assert_eq!(said(layering, path, text), expected, "{path}: {text}");
    };
    check(
        "src/domain/op/burn.rs",
        "use crate::domain::lot;\nuse super::super::lot;",
        &[],
    );
    check(
        "src/domain/lot.rs",
        "\nuse crate::proof::entry::Entry;",
        &["2: domain may not use crate::proof::entry::Entry"],
    );
    check(
        "src/proof/a.rs",
        "use crate::{domain::{self, lot::Lot}, ledger as l, proof};",
        &["1: proof may not use crate::ledger"],
    );
    check(
        "src/platform/keys.rs",
        "use crate::proof::{keys::Key, tile};",
        &["1: platform may not use crate::proof::tile"],
    );
    check(
        "src/audit/a.rs",
        "fn a() { crate::http::router(); }",
        &["1: audit may not use crate::http::router"],
    );
    check(
        "src/http/a.rs",
        "use crate::cli;",
        &["1: http may not use crate::cli"],
    );
    check("src/cli/a.rs", "use crate::{http, console, domain};", &[]);
    check(
        "src/domain/a.rs",
        "// crate::http\n#[cfg(test)]\nmod tests { use crate::http; }",
        &[],
    );
    let climbs = ["1: super:: climbs out of the module: write crate::"];
    check("src/domain/a.rs", "use super::super::http;", &climbs);
    check("src/domain/mod.rs", "use super::http;", &climbs);
    let unknown = ["1: util is not in the table of modules: give it a place there"];
    check("src/util.rs", "", &unknown);
}

#[test]
fn impurity_is_found() {
    for (text, name) in [
        ("use std::fs;", "std::fs"),
        ("use std::{fmt, env::args};", "std::env::args"),
        ("fn a() { std::thread::spawn(b); }", "std::thread::spawn"),
        ("use std::time::{Duration, Instant};", "std::time::Instant"),
        ("fn a() { chrono::Utc::now(); }", "Utc::now"),
        ("fn a() { getrandom::fill(b); }", "getrandom"),
        ("use rand::Rng;", "rand"),
        ("use tracing;", "tracing"),
        ("async fn a() { tokio::spawn(b); }", "tokio"),
        ("use axum::Router;", "axum"),
        ("use rocksdb::DB;", "rocksdb"),
    ] {
        let found = said(purity, "src/domain/a.rs", text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(
            found[0],
            format!("1: domain is pure and may not name {name}")
        );
        assert!(said(purity, "src/ledger/a.rs", text).is_empty(), "{text}");
    }
    let harmless =
        "use std::time::Duration; use std::fmt; let rand = tracing(axum); // tokio::spawn";
    assert!(said(purity, "src/proof/a.rs", harmless).is_empty());
}

#[test]
fn banned_words_are_found() {
    for bad in [
        "a.unwrap();",
        "a.map(Option::unwrap);",
        "todo!()",
        "unimplemented!(\"a\")",
        "dbg!(a)",
        "debug_assert!(a)",
        "std::println!(\"a\")",
        "eprintln!()",
    ] {
        assert_eq!(
            said(banned_words, "src/ledger/a.rs", &format!("\n{bad}")).len(),
            1,
            "{bad}"
        );
    }
    let tests = "#[cfg(test)]\nmod tests { fn a() { b.unwrap(); println!(); } }";
    assert!(said(banned_words, "src/ledger/a.rs", tests).is_empty());
    assert!(said(banned_words, "src/ledger/tests.rs", "a.unwrap();").is_empty());
    assert!(said(banned_words, "src/cli/a.rs", "println!();").is_empty());
    assert!(
        said(
            banned_words,
            "src/a.rs",
            "a.unwrap_or(\".unwrap()\"); // todo!"
        )
        .is_empty()
    );
}

#[test]
fn a_stray_file_at_the_top_is_found() {
    let files = [
        "Cargo.toml",
        ".ci/run",
        "src/lib.rs",
        "notes.md",
        "tool/a.py",
    ];
    let found = top_level(&files.map(str::to_owned));
    let paths: Vec<&str> = found.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(paths, ["notes.md", "tool/a.py"]);
}
