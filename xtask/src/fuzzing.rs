//! `cargo xtask fuzz TARGET`: libFuzzer on the stable compiler.
//!
//! The targets lie in tests/fuzz, outside the workspace, since they are built with coverage counters that no other
//! artefact may share. Input that breaks something is written to the target folder; its place is printed, and it
//! becomes a case of an ordinary test, which the test command replays.

use std::fs;

use crate::failure::Failure;
use crate::stage;

/// Coverage counters for libFuzzer, asked of LLVM by name, since the compiler's own switch is not stable.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";
/// Named, so that the flags above do not reach build scripts and macros.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";
const MANIFEST: &str = "tests/fuzz/Cargo.toml";
const SECONDS: u64 = 60;
/// A decoder that needs more memory than this for one input has no ceiling.
const MEMORY_MIB_MAX: u32 = 512;
/// An input that takes longer is a finding.
const INPUT_SECONDS_MAX: u32 = 5;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    target: String,
    seconds: u64,
}

/// Fuzzes one target.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let request = parse(arguments)?;
    let build_folder = stage::target_folder().join("fuzz");
    let words = ["build", "--release", "--target", TRIPLE, "--manifest-path", MANIFEST, "--bin", &request.target];
    stage::run(stage::cargo(&words).env("RUSTFLAGS", RUSTFLAGS).env("CARGO_TARGET_DIR", &build_folder))?;
    let found = build_folder.join("found").join(&request.target);
    let seeds = crate::repository().join("tests/fuzz/corpus").join(&request.target);
    for folder in [&found, &seeds] {
        let failed = |source| Failure::Disk { action: "create", path: folder.display().to_string(), source };
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let binary = build_folder.join(TRIPLE).join("release").join(&request.target);
    // libFuzzer writes new input into the first folder and only reads the others.
    stage::run(&mut stage::program(
        &binary.to_string_lossy(),
        &[
            &format!("-max_total_time={}", request.seconds),
            &format!("-rss_limit_mb={MEMORY_MIB_MAX}"),
            &format!("-timeout={INPUT_SECONDS_MAX}"),
            &format!("-artifact_prefix={}/", build_folder.display()),
            "-print_final_stats=1",
            &found.to_string_lossy(),
            &seeds.to_string_lossy(),
        ],
    ))
}

fn parse(arguments: &[String]) -> Result<Request, Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [target] => Ok(Request { target: (*target).to_string(), seconds: SECONDS }),
        [target, "--seconds", seconds] => match seconds.parse() {
            Ok(seconds) => Ok(Request { target: (*target).to_string(), seconds }),
            Err(_) => Err(Failure::Usage(format!("`{seconds}` is no number of seconds"))),
        },
        _ => Err(Failure::Usage(
            "call it as `cargo xtask fuzz TARGET [--seconds N]`; the targets lie in tests/fuzz".to_string(),
        )),
    }
}

#[cfg(test)]
mod tests;
