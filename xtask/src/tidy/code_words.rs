//! Words that product code, or any code, does not contain.

use super::Finding;
use super::floors::is_synchronous;
use super::rust_source::{RustFile, has_phrase};
use super::tree::Tree;

/// What a crate of floors 0 to 4 would reach the world with.
const WORLD: &[(&str, &str)] = &[
    ("thread::spawn", "the front door starts threads and joins them"),
    ("thread::Builder", "the front door starts threads and joins them"),
    ("thread::scope", "the front door starts threads and joins them"),
    ("thread::sleep", "waiting belongs to the caller"),
    ("SystemTime::now", "take a `Timestamp` or a `Clock`"),
    ("Instant::now", "take a `Clock`"),
    ("std::env", "settings are arguments"),
    ("env::var", "settings are arguments"),
    ("env::args", "settings are arguments"),
    ("std::net", "sockets live on floor 5"),
    ("std::os::unix::net", "sockets live on floor 5"),
    ("TcpListener", "sockets live on floor 5"),
    ("TcpStream", "sockets live on floor 5"),
    ("UdpSocket", "sockets live on floor 5"),
    ("std::process", "programs are started by the front door and by tests"),
    ("async fn", "floors 0 to 4 are plain synchronous Rust"),
    ("RandomState::new", "chance is an argument"),
];
/// Crates whose input comes from strangers.
const STRANGERS: &[&str] = &["wire", "resp"];

fn with_word(files: &[RustFile], word: &str, message: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        findings.extend(file.lines_with(word).into_iter().map(|line| Finding::at(&file.path, line, message)));
    }
    findings
}

/// A result is passed on, matched, or given to `carry_on` with the reason.
pub(super) fn no_let_underscore(tree: &Tree) -> Vec<Finding> {
    with_word(&tree.rust_files(), "let _ =", "pass it on, match it, or give it to `basics::carry_on` with the reason")
}

/// A test runs and asserts.
pub(super) fn no_ignored_tests(tree: &Tree) -> Vec<Finding> {
    let files = tree.rust_files();
    let mut findings = Vec::new();
    for word in ["#[ignore", "#[should_panic"] {
        findings.extend(with_word(&files, word, "a test runs, and asserts what it expects"));
    }
    findings
}

/// Every channel has a capacity.
pub(super) fn bounded_channels(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust_files() {
        for (number, line) in file.lines() {
            if has_unbounded_channel(line) {
                findings.push(Finding::at(&file.path, number, "every channel is bounded and its capacity has a name"));
            }
        }
    }
    findings
}

/// The channel of the standard library takes no capacity; a bounded one takes one. A `oneshot` holds one value.
fn has_unbounded_channel(line: &str) -> bool {
    if ["unbounded_channel", "UnboundedSender", "UnboundedReceiver", "channel::unbounded"]
        .iter()
        .any(|word| has_phrase(line, word))
    {
        return true;
    }
    line.match_indices("channel").any(|(at, word)| {
        let (before, rest) = line.split_at(at);
        let after = rest.strip_prefix(word).unwrap_or_default();
        let after = match after.strip_prefix("::<") {
            Some(generic) => generic.split_once(">(").map_or("", |(_, arguments)| arguments),
            None => after.strip_prefix('(').unwrap_or_default(),
        };
        let is_call_of_mpsc = before.ends_with("mpsc::") || before.ends_with(' ') && !before.ends_with("fn ");
        is_call_of_mpsc && after.starts_with(')')
    })
}

/// Floors 0 to 4 but `service` reach the world through what they are handed.
pub(super) fn handed_in(tree: &Tree) -> Vec<Finding> {
    let mut files = tree.rust_files();
    files.retain(|file| is_synchronous(&file.crate_name) && !file.is_test);
    let mut findings = Vec::new();
    for (word, why) in WORLD {
        findings.extend(with_word(&files, word, &format!("`{word}` on a lower floor: {why}")));
    }
    for file in &files {
        for (number, line) in file.lines() {
            let is_group = has_phrase(line, "use std::{");
            if is_group && ["env", "net", "process"].iter().any(|module| has_phrase(line, module)) {
                findings.push(Finding::at(&file.path, number, "lower floors reach neither environment nor network"));
            }
        }
    }
    findings
}

/// What reads strangers' bytes denies indexing as a whole.
pub(super) fn no_indexing(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in tree.members().iter().filter(|member| STRANGERS.contains(&member.name())) {
        let path = format!("{}/src/lib.rs", member.folder);
        let denies = |line: &str| line.trim_start().starts_with("#![") && line.contains("clippy::indexing_slicing");
        if !tree.text(&path).lines().any(denies) {
            findings.push(Finding::of(path, "deny `clippy::indexing_slicing`: bad input never panics"));
        }
    }
    findings
}
