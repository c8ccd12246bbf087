//! The repository as the rules see it: paths and texts, from the disk or made up by a test.
//!
//! Rules never touch the disk. That is what lets a test plant a violation by inserting one text.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::manifest::Manifest;
use super::rust_source::{RustFile, test_files};
use crate::failure::Failure;

/// Folders that hold what was built, downloaded or collected, not what was written.
const FOREIGN_FOLDERS: &[&str] = &[".git", "target", "node_modules", ".venv", "outrigger-data"];
/// A longer file is data; rules are about what people write.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// All texts of the repository by path, with `/` between names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    /// Path to text. Files that are not UTF-8 are not here.
    pub(crate) files: BTreeMap<String, String>,
}

/// A crate of the workspace.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its folder, as the root manifest names it.
    pub(crate) folder: String,
    /// What its manifest says.
    pub(crate) manifest: Manifest,
}

impl Member {
    /// Path of its manifest.
    pub(crate) fn manifest_path(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }

    /// The name in its manifest; empty when there is none.
    pub(crate) fn name(&self) -> &str {
        self.manifest.value("package", "name").unwrap_or_default()
    }
}

impl Tree {
    /// Reads a repository from the disk.
    pub(crate) fn read(root: &Path) -> Result<Tree, Failure> {
        let mut tree = Tree::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Result<(), Failure> {
        let failed = |source| Failure::Disk { action: "list", path: folder.display().to_string(), source };
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let kind = entry.file_type().map_err(failed)?;
            let path = format!("{prefix}{name}");
            if kind.is_dir() {
                if !FOREIGN_FOLDERS.contains(&name.as_str()) {
                    self.read_folder(&entry.path(), &format!("{path}/"))?;
                }
            } else if kind.is_file() && entry.metadata().map_err(failed)?.len() <= FILE_BYTES_MAX {
                let failed = |source| Failure::Disk { action: "read", path: path.clone(), source };
                if let Ok(text) = String::from_utf8(fs::read(entry.path()).map_err(failed)?) {
                    self.files.insert(path, text);
                }
            }
        }
        Ok(())
    }

    /// The text at a path, empty when there is none.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.files.get(path).map_or("", String::as_str)
    }

    /// The root manifest.
    pub(crate) fn root(&self) -> Manifest {
        Manifest::parse(self.text("Cargo.toml"))
    }

    /// The crates of the workspace in the order of the root manifest.
    pub(crate) fn members(&self) -> Vec<Member> {
        self.root()
            .list("workspace", "members")
            .into_iter()
            .map(|folder| Member { manifest: Manifest::parse(self.text(&format!("{folder}/Cargo.toml"))), folder })
            .collect()
    }

    /// Rust files of the workspace, each with its code laid bare.
    pub(crate) fn rust_files(&self) -> Vec<RustFile> {
        let members = self.members();
        let texts: Vec<(&String, &String)> = self.files.iter().filter(|(path, _)| path.ends_with(".rs")).collect();
        let mut files: Vec<RustFile> = texts
            .into_iter()
            .filter_map(|(path, text)| {
                let owner = owner_of(path, &members)?;
                Some(RustFile::new(path, text, owner.name()))
            })
            .collect();
        let tests = test_files(&files);
        for file in &mut files {
            file.is_test = tests.contains(&file.path);
        }
        files
    }
}

/// The crate a file belongs to: the member with the longest folder above it.
fn owner_of<'a>(path: &str, members: &'a [Member]) -> Option<&'a Member> {
    members
        .iter()
        .filter(|member| path.strip_prefix(member.folder.as_str()).is_some_and(|rest| rest.starts_with('/')))
        .max_by_key(|member| member.folder.len())
}
