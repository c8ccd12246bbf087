//! Reads what cargo and the test programs print.

/// What the test programs counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Names of the failed tests.
    pub(crate) failures: Vec<String>,
    /// Tests that count as passed in what cargo printed, and that could not run on this machine.
    pub(crate) not_run: Vec<String>,
}

impl Tally {
    /// Reads one line of a test program.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.passed += count_before(counts, " passed");
            self.failed += count_before(counts, " failed");
        } else if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            self.failures.push(name.to_string());
        }
    }
}

/// The number that stands before a word: 3 for ` failed` in `ok. 5 passed; 3 failed;`.
fn count_before(counts: &str, word: &str) -> u64 {
    let Some((before, _)) = counts.split_once(word) else { return 0 };
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Names the outside crate that a line of `--message-format=json` says was compiled; nothing when the line speaks
/// of a crate of ours, or of one that lay ready.
pub(crate) fn compiled_outside_crate(line: &str) -> Option<&str> {
    let is_artifact = line.contains(r#""reason":"compiler-artifact""#) && line.contains(r#""fresh":false"#);
    let package = line.split_once(r#""package_id":""#)?.1.split_once('"')?.0;
    (is_artifact && !package.starts_with("path+")).then_some(package)
}

/// The package and features that a line of `cargo tree` names; nothing for a crate of ours, which has its folder behind
/// its version.
pub(crate) fn outside_package(line: &str) -> Option<String> {
    let line = line.trim_end();
    (!line.is_empty() && !line.contains(" (/")).then(|| line.to_string())
}

#[cfg(test)]
mod tests;
