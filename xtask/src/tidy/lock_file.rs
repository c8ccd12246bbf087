//! What may not be in `Cargo.lock`: banned crates, and versions with known holes.

use super::Finding;
use super::tree::Tree;

/// Banned crates and the reason.
const BANNED: &[(&str, &str)] = &[
    ("aws-lc-rs", "one cryptography provider: ring"),
    ("aws-lc-sys", "one cryptography provider: ring"),
    ("openssl", "one TLS stack: rustls"),
    ("openssl-sys", "one TLS stack: rustls"),
    ("native-tls", "one TLS stack: rustls"),
    ("boring", "one TLS stack: rustls"),
    ("ureq", "one HTTP client: hyper"),
    ("isahc", "one HTTP client: hyper"),
    ("curl", "one HTTP client: hyper"),
    ("async-std", "one runtime: tokio"),
    ("smol", "one runtime: tokio"),
    ("simd-json", "one JSON: serde_json"),
    ("sonic-rs", "one JSON: serde_json"),
    ("rkyv", "what reaches the disk is laid out by hand"),
    ("bincode", "what reaches the disk is laid out by hand"),
    ("serde_yml", "unsound and abandoned"),
];

/// The oldest versions without a known hole.
const OLDEST: &[(&str, [u64; 3])] = &[
    ("h2", [0, 4, 20]),
    ("rustls-webpki", [0, 103, 16]),
    ("tracing-subscriber", [0, 3, 20]),
    ("crossbeam-channel", [0, 5, 15]),
    ("lapin", [4, 12, 3]),
];

/// A crate in the lock file.
struct Locked<'a> {
    name: &'a str,
    version: &'a str,
    line: usize,
}

fn locked(tree: &Tree) -> Vec<Locked<'_>> {
    let mut crates = Vec::new();
    let mut name = "";
    for (index, line) in tree.text("Cargo.lock").lines().enumerate() {
        if let Some(value) = line.strip_prefix("name = ") {
            name = value.trim_matches('"');
        } else if let Some(value) = line.strip_prefix("version = ") {
            crates.push(Locked { name, version: value.trim_matches('"'), line: index + 1 });
        }
    }
    crates
}

/// None of the banned crates is there, not even behind another.
pub(super) fn banned(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !tree.files.contains_key("Cargo.lock") {
        findings.push(Finding::of("Cargo.lock", "is missing; it belongs to the repository"));
    }
    for locked in locked(tree) {
        if let Some((name, why)) = BANNED.iter().find(|(name, _)| *name == locked.name) {
            findings.push(Finding::at("Cargo.lock", locked.line, format!("`{name}` is banned: {why}")));
        }
    }
    findings
}

/// No version has a hole that is known and mended.
pub(super) fn new_enough(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for locked in locked(tree) {
        let Some((name, oldest)) = OLDEST.iter().find(|(name, _)| *name == locked.name) else { continue };
        if version_numbers(locked.version) < *oldest {
            let [major, minor, patch] = oldest;
            let message = format!("`{name}` {} has known holes: at least {major}.{minor}.{patch}", locked.version);
            findings.push(Finding::at("Cargo.lock", locked.line, message));
        }
    }
    findings
}

fn version_numbers(version: &str) -> [u64; 3] {
    let plain = version.split(['-', '+']).next().unwrap_or(version);
    let mut numbers = plain.split('.').map(|number| number.parse().unwrap_or(0));
    [numbers.next().unwrap_or(0), numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)]
}
