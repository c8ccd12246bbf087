//! What anybody may read: no trace of the machine it was written on, no link that leads nowhere.

use super::Finding;
use super::tree::Tree;

/// Beginnings of paths that exist on one machine only. Split, so that this file does not find itself.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/tmp/", "brief"),
    concat!("/tmp/", "target-"),
    concat!("/ro", "ot/"),
    concat!("..", "/shared"),
];
/// Endings of files that people read.
const TEXTS: &[&str] =
    &["rs", "md", "toml", "yaml", "yml", "json", "html", "py", "mjs", "js", "ts", "sh", "txt", "proto", "run", "css"];

/// No path of somebody's machine. A test may look for data beside the repository when it goes on without.
pub(super) fn no_machine_paths(tree: &Tree) -> Vec<Finding> {
    let tests: Vec<String> = tree.rust_files().into_iter().filter(|file| file.is_test).map(|file| file.path).collect();
    let mut findings = Vec::new();
    for (path, text) in &tree.files {
        let is_text = TEXTS.iter().any(|ending| path.ends_with(&format!(".{ending}"))) || path == ".ci/run";
        if !is_text || tests.contains(path) {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            if let Some(found) = MACHINE_PATHS.iter().find(|found| is_at_start_of_path(line, found)) {
                findings.push(Finding::at(path, index + 1, format!("`{found}` is a path of one machine")));
            }
        }
    }
    findings
}

/// `/data/x` begins with `/data/`; `a/data/x` does not.
fn is_at_start_of_path(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(at, _)| {
        let before = line.split_at(at).0.chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '}' | ']' | '~'))
    })
}

/// Every relative link of a page leads to a file or folder of this repository.
pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files.iter().filter(|(path, _)| path.ends_with(".md")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (index, line) in text.lines().enumerate() {
            for target in link_targets(line) {
                let target = target.split('#').next().unwrap_or(target);
                if !target.is_empty() && !exists(tree, &resolve(folder, target)) {
                    findings.push(Finding::at(path, index + 1, format!("`{target}` is not there")));
                }
            }
        }
    }
    findings
}

/// What stands in `](…)`, links to other sites left out.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}

fn resolve(folder: &str, target: &str) -> String {
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in target.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    names.join("/")
}

fn exists(tree: &Tree, path: &str) -> bool {
    path.is_empty()
        || tree
            .files
            .keys()
            .any(|file| file == path || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
}
