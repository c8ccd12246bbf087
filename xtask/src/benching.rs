//! `cargo xtask bench` and `cargo xtask soak`: what takes too long for the test command.

use crate::failure::Failure;
use crate::not_run::NotRun;
use crate::{stage, test_command};

/// Builds everything as the tests do, then runs one measurement of the crate `bench`.
pub(crate) fn bench(arguments: &[String]) -> Result<(), Failure> {
    if arguments.is_empty() {
        return Err(Failure::Usage(
            "name what to measure: `cargo xtask bench wal`, `cargo xtask bench ack`, `cargo xtask bench store [--records N]`, or \
             `cargo xtask bench logs [--records N]`"
                .to_string(),
        ));
    }
    test_command::build_all()?;
    let release = stage::target_folder().join("release");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = stage::program(&release.join("bench").to_string_lossy(), &arguments);
    stage::run(command.env("OUTRIGGER_BIN", release.join("outrigger")))
}

/// Random workloads that the soak runs against the log's simulated disk; the test command runs some hundred.
const SOAK_SEEDS: &str = "500000";

/// The soak tries so many times the random cases of the test command.
const SOAK_ROUNDS: &str = "10";

/// Runs the end-to-end tests with the large numbers of kills, cuts and faults, then the log's crash proof over many
/// random workloads, then the properties that count their cases by testkit over many more. All run, whatever one of them
/// finds.
pub(crate) fn soak(arguments: &[String]) -> Result<(), Failure> {
    test_command::build_all()?;
    let binary = stage::target_folder().join("release/outrigger");
    let mut words = vec!["test", "--release", "--locked", "--workspace", "--no-fail-fast", "--test", "e2e", "--"];
    words.push("--nocapture");
    words.extend(arguments.iter().map(String::as_str));
    let not_run = NotRun::begin()?;
    let mut command = stage::cargo(&words);
    let end_to_end = stage::run(not_run.tell(command.env("OUTRIGGER_SOAK", "1").env("OUTRIGGER_BIN", binary)));
    // The whole workspace is named, so that the artefacts are those of the tests.
    let words = ["test", "--release", "--locked", "--workspace", "--lib", "--", "--nocapture", "whatever_the_lot"];
    let seeds = stage::run(stage::cargo(&words).env("OUTRIGGER_SOAK_SEEDS", SOAK_SEEDS));
    let words = ["test", "--release", "--locked", "--workspace", "--no-fail-fast", "--lib", "--bins"];
    let properties = stage::run(stage::cargo(&words).env("OUTRIGGER_PROPERTY_ROUNDS", SOAK_ROUNDS));
    for note in not_run.noted()? {
        println!("not run: {note}");
    }
    end_to_end.and(seeds).and(properties)
}
