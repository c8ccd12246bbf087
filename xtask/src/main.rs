//! The chores of this repository, as `cargo xtask NAME`.
//!
//! This crate stands beside the house and has no dependencies: it must be built before anything else is, on two
//! cores, and what it checks must not be what it is made of.
//!
//! Start at [`COMMANDS`], the list of all chores.

mod benching;
mod cargo_output;
mod failure;
mod fuzzing;
mod not_run;
mod ready;
mod stage;
mod test_command;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use failure::Failure;

/// One chore: its name, what follows the name, what it does, and its body.
struct Command {
    name: &'static str,
    arguments: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> Result<(), Failure>,
}

/// All chores, in the order a newcomer meets them.
const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        arguments: "",
        summary: "makes the machine ready, then runs every check and every test",
        run: test_command::run,
    },
    Command { name: "ready", arguments: "", summary: "installs what the tests need, or names it", run: ready::run },
    Command {
        name: "tidy",
        arguments: "",
        summary: "checks who may import whom and how code is laid out",
        run: tidy::run,
    },
    Command {
        name: "bench",
        arguments: "NAME [ARGUMENTS]",
        summary: "measures one thing and prints its figures",
        run: benching::bench,
    },
    Command {
        name: "soak",
        arguments: "",
        summary: "the long forms of the crash proofs and of the properties",
        run: benching::soak,
    },
    Command {
        name: "fuzz",
        arguments: "TARGET [--seconds N]",
        summary: "lets libFuzzer look for input that breaks a decoder",
        run: fuzzing::run,
    },
];

/// What the shell hears when the command line itself is wrong (sysexits.h, EX_USAGE).
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        eprint!("{}", usage());
        return ExitCode::from(EXIT_USAGE);
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("xtask: there is no chore `{name}`");
        eprint!("{}", usage());
        return ExitCode::from(EXIT_USAGE);
    };
    match (command.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask {name}: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let mut text = String::from("usage: cargo xtask CHORE\n\n");
    for command in COMMANDS {
        let call = format!("{} {}", command.name, command.arguments);
        text.push_str(&format!("  {call:<28} {}\n", command.summary));
    }
    text
}

/// The folder that holds the root `Cargo.toml`: every chore works there, wherever it was called.
fn repository() -> PathBuf {
    let own_folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own_folder.parent().map_or(own_folder.clone(), PathBuf::from)
}
