//! Checks what the compiler cannot: who may import whom, and how code is laid out.
//!
//! Each rule is a function from the [`Tree`] to its findings; it reads texts and nothing else. The test of this
//! file plants one violation of each rule and sees it refused, and sees that no rule is left unproven.
//!
//! Start at [`RULES`].

mod code_words;
mod files;
mod floors;
mod guests;
mod lock_file;
mod manifest;
mod manifests;
mod public_text;
mod rust_source;
mod tree;

use std::fmt;

use crate::failure::Failure;
use tree::Tree;

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: Option<usize>,
    message: String,
}

impl Finding {
    fn at(path: impl Into<String>, line: usize, message: impl Into<String>) -> Finding {
        Finding { path: path.into(), line: Some(line), message: message.into() }
    }

    fn of(path: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding { path: path.into(), line: None, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(out, "{}:{line}: {}", self.path, self.message),
            None => write!(out, "{}: {}", self.path, self.message),
        }
    }
}

/// A rule of the house.
struct Rule {
    /// What `cargo xtask tidy` calls it.
    name: &'static str,
    /// Finds what breaks it.
    check: fn(&Tree) -> Vec<Finding>,
}

/// Every rule that refuses.
const RULES: &[Rule] = &[
    Rule { name: "members are known and listed floor by floor", check: floors::order },
    Rule { name: "dependencies go down", check: floors::downward },
    Rule { name: "houses never import each other", check: floors::houses },
    Rule { name: "rooms that must not meet do not", check: floors::absences },
    Rule { name: "floors 0 to 4 are plain synchronous Rust", check: floors::synchronous },
    Rule { name: "a guest has its hosts", check: guests::hosted },
    Rule { name: "a crate is named after its folder", check: manifests::names },
    Rule { name: "versions and features live in the root", check: manifests::versions },
    Rule { name: "every member takes the workspace's lints and package fields", check: manifests::inherited },
    Rule { name: "the build needs no flags of its own", check: manifests::no_build_flags },
    Rule { name: "banned crates are absent", check: lock_file::banned },
    Rule { name: "crates with known holes are new enough", check: lock_file::new_enough },
    Rule { name: "no mod.rs", check: files::no_mod_rs },
    Rule { name: "a file says what it is for", check: files::openings },
    Rule { name: "no file is named after nothing", check: files::names },
    Rule { name: "tests are not below the code", check: files::tests_apart },
    Rule { name: "results are not thrown away", check: code_words::no_let_underscore },
    Rule { name: "no test is switched off", check: code_words::no_ignored_tests },
    Rule { name: "every channel is bounded", check: code_words::bounded_channels },
    Rule { name: "time, threads and environment are handed in", check: code_words::handed_in },
    Rule { name: "outside bytes are never indexed", check: code_words::no_indexing },
    Rule { name: "no path of one machine", check: public_text::no_machine_paths },
    Rule { name: "links lead somewhere", check: public_text::links },
];

/// Checks the repository and prints what breaks a rule.
pub(crate) fn run(_arguments: &[String]) -> Result<(), Failure> {
    let tree = Tree::read(&crate::repository())?;
    for warning in files::long(&tree) {
        println!("tidy: warning: {warning}");
    }
    let mut count = 0_usize;
    for rule in RULES {
        for finding in (rule.check)(&tree) {
            println!("tidy: {finding} [{}]", rule.name);
            count += 1;
        }
    }
    if count > 0 {
        return Err(Failure::Refused(format!("{count} places break a rule")));
    }
    println!("tidy: {} rules hold over {} files", RULES.len(), tree.files.len());
    Ok(())
}

#[cfg(test)]
mod tests;
