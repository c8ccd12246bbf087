//! The process: command line in, exit code out (docs/operations/exit-codes.md).
//!
//! Start at [`command_line::CommandLine`] for what can be asked, at `start` for what happens without a subcommand.

mod check_command;
mod command_line;
mod config;
mod config_command;
mod connection;
mod credentials;
mod data_command;
mod delete_command;
mod failure;
mod logs_command;
mod query_command;
mod start;
mod start_text;
mod token_command;

use clap::{CommandFactory, Parser};
use command_line::{Command, CommandLine, ConfigCommand, DataCommand, DeleteCommand, TokenCommand};
use failure::Failure;
use service::ExitCode;
use std::io::Write;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    without_huge_pages();
    service::tls::install_crypto_provider();
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => return told(error),
    };
    match run(line) {
        Ok(()) => ExitCode::Fine.into(),
        Err(failure) => {
            eprintln!("outrigger: {}", failure.message);
            std::process::ExitCode::from(failure.exit_code)
        }
    }
}

/// Asks the kernel for small pages only. The allocator wants huge ones: the first touch of a request's buffer then clears
/// 2 MiB, and under load acknowledgements waited for that (p99 of 200 ms at half speed where it is 10 ms without, for 15 %
/// more processor time).
fn without_huge_pages() {
    let asked = rustix::thread::disable_transparent_huge_pages(true);
    basics::carry_on(asked, "a kernel that cannot be asked has no huge pages, or is only slower");
}

fn run(line: CommandLine) -> Result<(), Failure> {
    match line.command {
        None => start::run(&line.start),
        Some(Command::Collector(args)) => start::run(&args),
        Some(Command::Logs(args)) => in_a_runtime(logs_command::run(args)),
        Some(Command::Query(args)) => in_a_runtime(query_command::run(args)),
        Some(Command::Delete(DeleteCommand::Logs(args))) => in_a_runtime(delete_command::logs(args)),
        Some(Command::Config(ConfigCommand::Default)) => print(&config_command::default_text()),
        Some(Command::Config(ConfigCommand::Schema)) => print(&config_command::schema_text()),
        Some(Command::Check(args)) => print(&check_command::run(&args)?),
        Some(Command::Data(DataCommand::Check(args))) => data_command::check(&args),
        Some(Command::Data(DataCommand::Backup(args))) => in_a_runtime(data_command::backup(args)),
        Some(Command::Data(DataCommand::RebuildIndex(args))) => data_command::rebuild_index(&args),
        Some(Command::Token(TokenCommand::New(args))) => token_command::run(args),
        Some(Command::Completions { shell }) => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut CommandLine::command(), "outrigger", &mut text);
            print(&String::from_utf8_lossy(&text))
        }
    }
}

/// Help and version are answers; everything else that the parser says is a mistake of the caller.
fn told(error: clap::Error) -> std::process::ExitCode {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let error = command_line::slips::explained(error, &words);
    basics::carry_on(error.print(), "the exit code says it too");
    if error.use_stderr() { ExitCode::Usage.into() } else { ExitCode::Fine.into() }
}

/// A client does one thing at a time and needs one thread.
fn in_a_runtime(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::unavailable(format!("cannot start: {error}")))?.block_on(work)
}

/// Prints a result. A reader that has gone, as `head` does, is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::unavailable(format!("cannot write to the output: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
