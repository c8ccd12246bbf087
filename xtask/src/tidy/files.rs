//! How files are named and laid out.

use super::Finding;
use super::floors::folder_name;
use super::rust_source::has_phrase;
use super::tree::Tree;

/// Names that say nothing about a job.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "manager", "common", "misc"];
/// Past this many lines there are usually two ideas in a file.
const LINES_MAX: usize = 600;

/// `foo.rs` beside `foo/`.
pub(super) fn no_mod_rs(tree: &Tree) -> Vec<Finding> {
    let paths = tree.files.keys().filter(|path| folder_name(path) == "mod.rs");
    paths.map(|path| Finding::of(path, "name the file after its folder and put it beside the folder")).collect()
}

/// A file of the product or of the tools begins with what it is for. Files of tests speak through their names.
pub(super) fn openings(tree: &Tree) -> Vec<Finding> {
    let files = tree.rust_files();
    let silent = files.iter().filter(|file| !file.is_test && !file.text.starts_with("//!"));
    silent.map(|file| Finding::at(&file.path, 1, "begin with `//!` and what the file is for")).collect()
}

/// No room and no file for whatever has no better name.
pub(super) fn names(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in tree.files.keys().filter(|path| path.ends_with(".rs")) {
        let mut names = path.split('/').map(|name| name.trim_end_matches(".rs"));
        if let Some(name) = names.find(|name| EMPTY_NAMES.contains(name)) {
            findings.push(Finding::of(path, format!("`{name}` is no job; name what the file does")));
        }
    }
    findings
}

/// Tests lie in a file of their own, so that editing one does not rebuild the crates above.
pub(super) fn tests_apart(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust_files().iter().filter(|file| !file.is_test) {
        let mut is_gated = false;
        for (number, line) in file.lines() {
            let is_module = has_phrase(line, "mod") && line.contains('{');
            if (is_gated && is_module) || has_phrase(line, "mod tests {") {
                findings.push(Finding::at(&file.path, number, "put these tests into the folder of this file"));
            } else if has_phrase(line, "#[test]") {
                findings.push(Finding::at(&file.path, number, "a test stands in tests.rs"));
            }
            is_gated =
                line.trim_start().starts_with("#[cfg(test)]") || (is_gated && line.trim_start().starts_with("#["));
        }
    }
    findings
}

/// Files to look at hard. A warning, since some tables are long.
pub(super) fn long(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust_files() {
        let count = file.text.lines().count();
        if count > LINES_MAX {
            findings.push(Finding::of(&file.path, format!("{count} lines; are there two ideas in it?")));
        }
    }
    findings
}
