use super::*;
use crate::command_line::CommandLine;
use clap::Parser;

/// What is told, without the usage that follows.
fn told(line: &str) -> Vec<String> {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let error = explained(CommandLine::try_parse_from(&words).unwrap_err(), &words).to_string();
    error
        .lines()
        .take_while(|line| !line.starts_with("Usage"))
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[track_caller]
fn check(line: &str, want: &[&str]) {
    assert_eq!(told(line), want, "{line}");
}

#[test]
fn an_unknown_option_is_no_word_to_leave_out() {
    for command in ["outrigger logs", "outrigger query", "outrigger delete logs --yes"] {
        for option in ["-x", "-j", "-debug", "-1", "-yes"] {
            let name = command.trim_end_matches(" --yes");
            let first = format!("error: unexpected argument '{option}' found");
            let tip = format!(
                "  tip: a query that begins with a minus stands behind the options and --: {name} -- '{option}'"
            );
            let other = format!("  tip: elsewhere in a query a minus needs no --: {name} 'timeout -retry'");
            check(&format!("{command} {option}"), &[&first, &tip, &other]);
        }
    }
    assert_eq!(told("outrigger logs -j error")[0], "error: unexpected argument '-j' found");
    assert_eq!(told("outrigger logs error -debug")[0], "error: unexpected argument '-debug' found");
}

#[test]
fn behind_two_dashes_a_minus_leaves_out() {
    for line in
        ["outrigger logs -n 3 -- -debug", "outrigger query -- -debug", "outrigger delete logs --dry-run -- -debug"]
    {
        assert!(CommandLine::try_parse_from(line.split(' ')).is_ok(), "{line}");
    }
}

#[test]
fn an_option_that_is_near_to_one_is_named_by_the_parser() {
    check(
        "outrigger logs --jsn error",
        &["error: unexpected argument '--jsn' found", "  tip: a similar argument exists: '--json'"],
    );
}

#[test]
fn whoever_forgets_the_quotes_is_told() {
    check(
        "outrigger logs timeout checkout",
        &[
            "error: unexpected argument 'checkout' found",
            "  tip: a query is one argument; several words stand in quotes: outrigger logs 'timeout checkout'",
        ],
    );
    check("outrigger check x", &["error: unexpected argument 'x' found"]);
}
