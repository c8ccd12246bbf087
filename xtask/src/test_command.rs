//! `cargo xtask test`: every check and every test of this repository, in one set of artefacts.
//!
//! All stages run, whatever an earlier one found, so that one round shows all there is to mend. The last line says
//! how many tests and checks passed and failed; the exit code is not 0 when one failed. A test that could not run on
//! this machine counts as neither, and is named above that line.
//!
//! Always true:
//! - nothing waits for a person: programs are started without stdin;
//! - the release profile and the whole workspace are built once. Each stage names the whole workspace, since cargo
//!   unites the features of outside crates over what it is asked to build; the last stage proves that a user's
//!   `cargo run --release` then compiles no outside crate again.
//!
//! Start at [`STAGES`].

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::cargo_output::{Tally, compiled_outside_crate, outside_package};
use crate::failure::Failure;
use crate::not_run::NotRun;
use crate::{ready, stage, tidy};

/// Seeds the random cases of property tests. It is the same in each run of the test command, unless the caller says
/// another, so that what fails fails again, and for the change that caused it; the soak draws new cases.
const RANDOM_SEED: &str = "PROPTEST_RNG_SEED";

/// One part of the test command.
struct Stage {
    name: &'static str,
    run: fn(&mut Tally) -> Result<(), Failure>,
}

/// All parts, cheap ones first.
const STAGES: &[Stage] = &[
    Stage { name: "ready", run: |_| ready::run(&[]) },
    Stage { name: "format", run: |_| stage::run(&mut stage::cargo(&["fmt", "--all", "--check"])) },
    Stage { name: "tidy", run: |_| tidy::run(&[]) },
    Stage { name: "build", run: |_| build_all() },
    Stage { name: "tests", run: tests },
    Stage { name: "lints", run: |_| lints() },
    Stage { name: "one artefact set", run: |_| one_artefact_set() },
];

/// What a stage took and whether it held.
struct Outcome {
    name: &'static str,
    took: Duration,
    failure: Option<Failure>,
}

/// Runs all stages.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if let Some(argument) = arguments.first() {
        return Err(Failure::Usage(format!("`{argument}` is not understood; `test` takes nothing")));
    }
    let begun = Instant::now();
    let mut tally = Tally::default();
    let mut outcomes = Vec::new();
    for stage in STAGES {
        println!("\n== {}", stage.name);
        let stage_begun = Instant::now();
        let failure = (stage.run)(&mut tally).err();
        if let Some(failure) = &failure {
            println!("{}: {failure}", stage.name);
        }
        outcomes.push(Outcome { name: stage.name, took: stage_begun.elapsed(), failure });
    }
    let summary = summary(&outcomes, &tally, begun.elapsed());
    println!("\n{}", summary.text);
    if summary.failed == 0 { Ok(()) } else { Err(Failure::Refused("not everything holds".to_string())) }
}

/// The end of the output.
struct Summary {
    text: String,
    failed: u64,
}

/// A stage other than `tests` counts as one check; so does a test program that died before it could count.
fn summary(outcomes: &[Outcome], tally: &Tally, took: Duration) -> Summary {
    let mut text = String::new();
    let not_run = u64::try_from(tally.not_run.len()).unwrap_or(u64::MAX);
    let (mut passed, mut failed) = (tally.passed.saturating_sub(not_run), tally.failed);
    for outcome in outcomes {
        let word = if outcome.failure.is_some() { "FAILED" } else { "ok" };
        text.push_str(&format!("{:<18} {word:<6} {:>7.1} s\n", outcome.name, outcome.took.as_secs_f64()));
        match (outcome.name, &outcome.failure) {
            ("tests", None) => {}
            ("tests", Some(_)) => failed += u64::from(tally.failed == 0),
            (_, None) => passed += 1,
            (_, Some(_)) => failed += 1,
        }
    }
    for name in &tally.failures {
        text.push_str(&format!("failed: {name}\n"));
    }
    if not_run > 0 {
        text.push_str(&format!("not run on this machine: {not_run}\n"));
    }
    for note in &tally.not_run {
        text.push_str(&format!("not run: {note}\n"));
    }
    text.push_str(&format!("all of it took {:.0} s\n", took.as_secs_f64()));
    text.push_str(&format!("{passed} passed, {failed} failed"));
    Summary { text, failed }
}

/// Builds the binary and every test program. `--tests` is what makes cargo count the features that tests add.
pub(crate) fn build_all() -> Result<(), Failure> {
    stage::run(&mut stage::cargo(&["build", "--release", "--locked", "--workspace", "--bins", "--tests"]))
}

fn tests(tally: &mut Tally) -> Result<(), Failure> {
    let binary = stage::target_folder().join("release/outrigger");
    let not_run = NotRun::begin()?;
    let mut command = stage::cargo(&["test", "--release", "--locked", "--workspace", "--no-fail-fast"]);
    command.env("OUTRIGGER_BIN", binary);
    if std::env::var_os(RANDOM_SEED).is_none() {
        command.env(RANDOM_SEED, "1");
    }
    let ran = stage::run_reading(not_run.tell(&mut command), &mut |line| {
        println!("{line}");
        tally.read(line);
    });
    tally.not_run = not_run.noted()?;
    ran
}

/// Lints of code and tests. In the release profile too, where build scripts and macros lie ready.
fn lints() -> Result<(), Failure> {
    stage::run(&mut stage::cargo(&[
        "clippy",
        "--release",
        "--locked",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "--deny",
        "warnings",
    ]))
}

/// Builds what `cargo run --release` builds, and refuses when an outside crate had to be compiled for it.
///
/// Cargo keeps artefacts of several sets of features side by side, so on a machine that has built both, nothing is
/// compiled again. The features are therefore compared first: that finds the difference wherever it runs.
fn one_artefact_set() -> Result<(), Failure> {
    let tests = resolved_packages(&["--workspace", "--edges", "normal,build,dev"])?;
    let user = resolved_packages(&["--edges", "normal,build"])?;
    let mut compiled: Vec<String> = user.difference(&tests).map(|line| format!("{line} (features)")).collect();
    let mut command = stage::cargo(&["build", "--release", "--locked", "--message-format=json"]);
    stage::run_reading(&mut command, &mut |line| {
        compiled.extend(compiled_outside_crate(line).map(str::to_string));
    })?;
    for package in &compiled {
        println!("compiled again: {package}");
    }
    if compiled.is_empty() {
        return Ok(());
    }
    let count = compiled.len();
    let hint = "name the features that tests add in the root manifest";
    Err(Failure::Refused(format!("{count} outside crates are compiled again for `cargo run --release`; {hint}")))
}

/// The outside packages that cargo would build, each with its version and features.
fn resolved_packages(arguments: &[&str]) -> Result<BTreeSet<String>, Failure> {
    let mut words = vec!["tree", "--locked", "--prefix", "none", "--no-dedupe", "--format", "{p} {f}"];
    words.extend(arguments);
    let mut packages = BTreeSet::new();
    stage::run_reading(&mut stage::cargo(&words), &mut |line| packages.extend(outside_package(line)))?;
    Ok(packages)
}

#[cfg(test)]
mod tests;
