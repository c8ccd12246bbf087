//! Runs programs for the chores: in the repository's folder, without stdin, with their output shown as it comes.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// Variables that `cargo run` sets for this program and that must not reach another cargo: build scripts that
/// watch one of them would run again, and the artefacts of a plain `cargo build` would be made twice.
const CARGO_RUN_VARIABLES: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];

/// A program to run in the repository's folder.
pub(crate) fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(crate::repository()).stdin(Stdio::null());
    for (variable, _) in std::env::vars_os() {
        let Some(variable) = variable.to_str() else { continue };
        if CARGO_RUN_VARIABLES.iter().any(|prefix| variable.starts_with(prefix)) {
            command.env_remove(variable);
        }
    }
    // `cargo run` prepends its own folders; they differ from those of a plain build.
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// The cargo that runs this program, else the one on the path.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_string());
    program(&cargo, arguments)
}

/// Runs to the end; the output goes where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let what = words(command);
    println!("$ {what}");
    let status = command.status().map_err(|source| Failure::Start { program: what.clone(), source })?;
    if status.success() { Ok(()) } else { Err(Failure::Exit { what, code: status.code() }) }
}

/// Runs to the end and hands over each line of stdout; stderr goes where ours goes.
pub(crate) fn run_reading(command: &mut Command, line: &mut dyn FnMut(&str)) -> Result<(), Failure> {
    let what = words(command);
    println!("$ {what}");
    let failed = |source| Failure::Start { program: what.clone(), source };
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut bytes = Vec::new();
        // By bytes: a test may print what is not UTF-8.
        while reader.read_until(b'\n', &mut bytes).map_err(failed)? > 0 {
            line(String::from_utf8_lossy(&bytes).trim_end_matches('\n'));
            bytes.clear();
        }
    }
    let status = child.wait().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(Failure::Exit { what, code: status.code() }) }
}

/// Tells whether a program runs and succeeds; its output is thrown away.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The folder cargo builds into.
pub(crate) fn target_folder() -> std::path::PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => crate::repository().join(folder),
        None => crate::repository().join("target"),
    }
}

fn words(command: &Command) -> String {
    let name = std::path::Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut words = vec![name.to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    words.join(" ")
}
