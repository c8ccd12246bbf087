//! What a person is told who slipped on the command line.
//!
//! Whatever begins with a minus is an option: a mistyped one is refused, and never searched for or deleted by as a word
//! that records lack. So a query that begins with a minus stands behind `--`, and that is what is told here, for all
//! such commands in one place. Options of a start do not stand before a command.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The parser's complaint with what helps, where that is known.
///
/// `words` is the command line as it was typed.
pub(crate) fn explained(mut error: clap::Error, words: &[String]) -> clap::Error {
    if let Some(ContextValue::String(command)) = error.get(ContextKind::InvalidSubcommand) {
        if error.kind() == ErrorKind::ArgumentConflict && command != "help" {
            let tip = format!(
                "options before a command are those of a start; what `{command}` takes stands behind it: see outrigger \
                 {command} --help"
            );
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
        }
        return error;
    }
    let (Some(command), Some(ContextValue::String(found))) =
        (command_with_query(&error), error.get(ContextKind::InvalidArg))
    else {
        return error;
    };
    // Of an option that is near to a known one the parser says which.
    if error.kind() != ErrorKind::UnknownArgument || error.get(ContextKind::SuggestedArg).is_some() {
        return error;
    }
    // The parser stops at the first letter that is no option: of `-debug` it names `-d`.
    let typed = words.iter().find(|word| word.starts_with(found.as_str())).unwrap_or(found).clone();
    let mut tips = Vec::new();
    if typed.starts_with('-') {
        tips.push(format!("a query that begins with a minus stands behind the options and --: {command} -- '{typed}'"));
        tips.push(format!("elsewhere in a query a minus needs no --: {command} 'timeout -retry'"));
    } else {
        tips.push(format!("a query is one argument; several words stand in quotes: {command} 'timeout checkout'"));
    }
    error.insert(ContextKind::InvalidArg, ContextValue::String(typed));
    let tips = tips.into_iter().map(StyledStr::from).collect();
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    error
}

/// How the command is called that was used wrongly, when it takes a query: `outrigger delete logs`.
fn command_with_query(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else { return None };
    let usage = usage.to_string();
    let words = usage.trim_start_matches("Usage:").split_whitespace();
    let name: Vec<&str> = words.take_while(|word| !word.starts_with(['[', '<', '-'])).collect();
    usage.contains("QUERY").then(|| name.join(" "))
}

#[cfg(test)]
mod tests;
