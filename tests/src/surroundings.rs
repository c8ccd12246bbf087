//! What the machine offers to a test, and how many rounds are wanted.
//!
//! A test that cannot run here says what is missing and passes, and `cargo xtask test` does not count it; but only when the machine cannot offer it to this user
//! at all. What `cargo xtask ready` installs is not "missing": without it a test fails and names the command.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the file in which tests that could not run are noted; `cargo xtask test` shows it at its end.
const NOT_RUN_VARIABLE: &str = "OUTRIGGER_NOT_RUN";

/// Tells whether the calling test cannot run here. It then stands in the end of what `cargo xtask test` prints.
pub fn is_not_run(missing: Option<&str>) -> bool {
    let Some(missing) = missing else { return false };
    let thread = std::thread::current();
    let note = format!("{}: this needs {missing}", thread.name().unwrap_or("a test"));
    println!("not run: {note}");
    if let Some(file) = env::var_os(NOT_RUN_VARIABLE) {
        note_not_run(Path::new(&file), &note);
    }
    true
}

/// Adds a line; one write, so that tests that end together do not mix theirs.
fn note_not_run(file: &Path, note: &str) {
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .and_then(|mut file| file.write_all(format!("{note}\n").as_bytes()));
    assert!(written.is_ok(), "a test that is not run must be told: {written:?} ({})", file.display());
}

/// How many rounds a proof makes: few in the test command, many in a soak (`OUTRIGGER_SOAK=1`).
pub fn rounds(in_tests: usize, in_soak: usize) -> usize {
    if is_soak() { in_soak } else { in_tests }
}

/// True in a soak.
pub fn is_soak() -> bool {
    env::var_os("OUTRIGGER_SOAK").is_some_and(|value| value == "1")
}

/// True when the test runs as root.
pub fn is_root() -> bool {
    fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        status.lines().find_map(|line| line.strip_prefix("Uid:")).and_then(|ids| ids.split_whitespace().nth(1))
            == Some("0")
    })
}

/// Why disks cannot be made and cut here; `None` when they can.
pub fn missing_for_power_cut() -> Option<&'static str> {
    if !is_root() {
        return Some("root, to mount file systems");
    }
    if !Path::new("/dev/loop-control").exists() {
        return Some("loop devices (/dev/loop-control)");
    }
    None
}

/// Why system calls cannot be traced here; `None` when they can.
pub fn missing_for_tracing() -> Option<&'static str> {
    let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    (scope.trim() == "3").then_some("ptrace (kernel.yama.ptrace_scope is 3)")
}

/// Panics when a program that `cargo xtask ready` installs is not there.
pub fn require_program(name: &str) {
    let paths = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&paths)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
        .any(|dir| dir.join(name).is_file());
    assert!(found, "the program {name} is not installed; run `cargo xtask ready`");
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where the gateway, the Python and the JavaScript packages were installed (`tests/real-input/prepare.sh`).
pub fn real_input_dir() -> PathBuf {
    match env::var_os("OUTRIGGER_REAL_INPUT") {
        Some(dir) => PathBuf::from(dir),
        None => repository().join("target/real-input"),
    }
}

/// Runs a program to its end; an error says what it printed.
pub fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    // Programs that make and mount file systems lie where an ordinary path does not lead.
    let path = format!("{}:/usr/sbin:/sbin", env::var("PATH").unwrap_or_default());
    let output = Command::new(program)
        .args(arguments)
        .env("PATH", path)
        .output()
        .map_err(|error| format!("cannot start {program}: {error}; run `cargo xtask ready`"))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} {} ended with {}: {printed}", arguments.join(" "), output.status))
}

#[cfg(test)]
mod tests;
