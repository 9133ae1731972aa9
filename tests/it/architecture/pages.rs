//! What the pages name exists: source files, and tests that are said to hold something.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::arrows::{root, text};
use super::table::quoted;

/// All files below a folder, from the root of the package.
fn files(folder: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(root().join(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = Path::new(folder).join(entry.file_name()).to_string_lossy().into_owned();
        match entry.file_type().expect("a type").is_dir() {
            true if entry.file_name() == "node_modules" => {}
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

fn pages() -> Vec<String> {
    let mut found = Vec::new();
    files("docs", &mut found);
    found.retain(|file| file.ends_with(".md"));
    found.push("README.md".to_owned());
    found
}

#[test]
fn source_files_that_pages_name_exist() {
    let mut sources = Vec::new();
    ["src", "tests", "benches", "docs", "examples"]
        .iter()
        .filter(|folder| root().join(folder).exists())
        .for_each(|folder| files(folder, &mut sources));
    let mut wrong = Vec::new();
    for page in pages().iter().filter(|page| !page.contains("upstream")) {
        for name in quoted(&text(page)) {
            let file = name.split("::").next().unwrap_or_default();
            let is_source = file.ends_with(".rs")
                && file.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_/.-".contains(&byte));
            if is_source && !sources.iter().any(|source| format!("/{source}").ends_with(&format!("/{file}"))) {
                wrong.push(format!("{page}: {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The name of a test is a sentence: no other name that pages have with a path has as many underscores.
fn is_test(name: &str) -> bool {
    let is_lower = name.bytes().all(|byte| !byte.is_ascii_uppercase());
    is_lower && name.rsplit_once("::").is_some_and(|(_, test)| test.matches('_').count() >= 2)
}

#[test]
fn tests_that_pages_name_exist() {
    let mut sources = Vec::new();
    ["src", "tests/it"].iter().for_each(|folder| files(folder, &mut sources));
    let mut tests = BTreeSet::new();
    for source in sources.iter().filter(|source| source.ends_with(".rs")) {
        let module = source.trim_start_matches("tests/it/").trim_end_matches(".rs").trim_end_matches("/mod");
        let module = if source.starts_with("src/") { source.clone() } else { module.replace('/', "::") };
        let code = text(source);
        let names = code.lines().filter_map(|line| line.trim_start().split("fn ").nth(1)?.split(['(', '<']).next());
        tests.extend(names.map(|name| format!("::{module}::{name}")));
    }
    let mut wrong = Vec::new();
    for page in pages() {
        for name in quoted(&text(&page)).into_iter().filter(|name| is_test(name)) {
            if !tests.iter().any(|test| test.ends_with(&format!("::{name}"))) {
                wrong.push(format!("{page}: {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
