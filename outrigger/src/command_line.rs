//! What can be asked on the command line, in one place; `--help` and the completions are written from it.

pub(crate) mod slips;

use crate::data_command::{BackupArgs, CheckDataArgs};
use crate::delete_command::DeleteLogsArgs;
use crate::logs_command::LogsArgs;
use crate::query_command::QueryArgs;
use crate::token_command::NewTokenArgs;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Logs of a fleet in by OTLP, durable before the yes, searchable at once.
///
/// Without a subcommand everything is started, on loopback and without any configuration.
#[derive(Debug, Parser)]
#[command(name = "outrigger", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) start: StartArgs,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// How to start.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Where the data lies, whatever the configuration says
    #[arg(long, visible_alias = "data", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Which configuration.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file; without it ./outrigger.yaml where there is one, else the defaults
    #[arg(long, short, env = "OUTRIGGER_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// One thing to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the collector alone (in this version it is all there is)
    Collector(StartArgs),
    /// Search logs, and follow them with -f
    Logs(LogsArgs),
    /// Ask for tables: a search with pipes behind it, such as 'error | stats count() by service'
    Query(QueryArgs),
    /// Delete records for good
    #[command(subcommand)]
    Delete(DeleteCommand),
    /// Look at a configuration without starting; every mistake is listed at once
    Check(ConfigArgs),
    /// Look after the data directory: check, backup, rebuild-index
    #[command(subcommand)]
    Data(DataCommand),
    /// Print what can be configured
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make credentials
    #[command(subcommand)]
    Token(TokenCommand),
    /// Print completions for a shell
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// What to delete.
#[derive(Debug, Subcommand)]
pub(crate) enum DeleteCommand {
    /// Delete the log records that match a query: hidden at once, off the disk within minutes
    Logs(DeleteLogsArgs),
}

/// What to do about the data.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Read every byte of the store and compare every checksum; what is damaged is named, and nothing is changed
    Check(CheckDataArgs),
    /// Make a backup of all data, whether or not a process uses it; a start on its directory restores it. With --url the process
    /// there is asked and nobody else
    Backup(BackupArgs),
    /// Make damaged indexes anew from the records, which are checked first
    RebuildIndex(CheckDataArgs),
}

/// What to print of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Every key with its default and its meaning, as YAML
    Default,
    /// The JSON Schema that files are held against
    Schema,
}

/// What to do about tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token: it goes to standard output, what belongs into the token file to standard error
    New(NewTokenArgs),
}

#[cfg(test)]
mod tests;
