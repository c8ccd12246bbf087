//! What the manifests of members may say: their name, and what they take from the root.

use super::Finding;
use super::floors::folder_name;
use super::tree::Tree;

/// Package fields that come from `[workspace.package]`.
const INHERITED: &[&str] =
    &["version.workspace", "edition.workspace", "rust-version.workspace", "license.workspace", "publish.workspace"];

/// Folder name = crate name.
pub(super) fn names(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in tree.members() {
        let folder = folder_name(&member.folder);
        if member.name() != folder {
            let message = format!("the crate in `{folder}` is called `{}`", member.name());
            findings.push(Finding::of(member.manifest_path(), message));
        }
    }
    findings
}

/// Members say `workspace = true` and nothing about versions, paths or features.
pub(super) fn versions(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in tree.members() {
        for dependency in member.manifest.dependencies() {
            if dependency.says != "workspace = true" {
                let message = format!(
                    "write `{}.workspace = true`; versions and features stand in the root manifest",
                    dependency.name
                );
                findings.push(Finding::at(member.manifest_path(), dependency.line, message));
            }
        }
    }
    for entry in tree.root().table("workspace.dependencies") {
        if entry.value.contains("package =") {
            findings.push(Finding::at("Cargo.toml", entry.line, "a crate goes by its own name"));
        }
    }
    findings
}

/// Every member inherits the lints and the package fields.
pub(super) fn inherited(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in tree.members() {
        if member.manifest.value("lints", "workspace") != Some("true") {
            findings.push(Finding::of(member.manifest_path(), "takes no lints: add `[lints] workspace = true`"));
        }
        for field in INHERITED {
            if member.manifest.value("package", field) != Some("true") {
                findings.push(Finding::of(member.manifest_path(), format!("add `{field} = true` to `[package]`")));
            }
        }
    }
    findings
}

/// No pinned toolchain (one that is absent would be downloaded) and no flags (they would split the artefacts).
pub(super) fn no_build_flags(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in tree.files.keys() {
        if matches!(folder_name(path), "rust-toolchain" | "rust-toolchain.toml") {
            findings.push(Finding::of(path, "no toolchain is pinned; `rust-version` names the oldest"));
        }
    }
    for (path, text) in tree.files.iter().filter(|(path, _)| path.contains(".cargo/config")) {
        for (index, line) in text.lines().enumerate() {
            if ["rustflags", "linker", "rustc-wrapper"].iter().any(|flag| line.contains(flag)) {
                findings.push(Finding::at(path, index + 1, "no flags, linker or wrapper"));
            }
        }
    }
    findings
}
