use super::*;
use clap::Parser;

fn args(words: &[&str]) -> DeleteLogsArgs {
    try_args(words).unwrap()
}

fn try_args(words: &[&str]) -> Result<DeleteLogsArgs, clap::Error> {
    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: DeleteLogsArgs,
    }
    Line::try_parse_from(std::iter::once("delete").chain(words.iter().copied())).map(|line| line.args)
}

/// A negation matches nearly the whole store, so nobody may come by one through a slip.
#[test]
fn a_mistyped_option_is_no_query() {
    for slip in [["--dry-run", "-x"], ["--yes", "-yes"]] {
        let error = try_args(&slip).unwrap_err().to_string();
        assert!(error.contains("unexpected argument") && error.contains("-- -"), "{error}");
    }
    assert_eq!(try_args(&["--dry-run", "--", "-x"]).unwrap().query, "-x");
}

#[test]
fn the_request_says_what_the_words_say() {
    let body = body_of(&args(&["user:7", "--start", "-2h", "--end", "2026-11-24", "--dry-run"]));
    assert_eq!(body, json!({ "q": "user:7", "dry_run": true, "partial": false, "start": "-2h", "end": "2026-11-24" }));
    let body = body_of(&args(&["*", "--yes", "--in-steps"]));
    assert_eq!(body, json!({ "q": "*", "dry_run": false, "partial": true }));
}

#[test]
fn a_count_that_is_too_low_is_no_answer() {
    let whole = json!({ "matched": 3, "oldest": "a", "newest": "b", "has_more": false, "cut_short": null });
    assert_eq!(counted(&whole).unwrap(), "3 records match, from a to b; nothing was deleted\n");
    assert!(is_whole(&whole));
    let cut = json!({ "matched": 3, "cut_short": "deadline" });
    assert!(counted(&cut).unwrap_err().message.starts_with("at least 3 records match"));
    assert!(!is_whole(&cut) && !is_whole(&json!({ "has_more": true, "cut_short": null })));
}
