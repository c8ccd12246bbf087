use super::*;
use clap::Parser;

fn args(words: &[&str]) -> DeleteLogsArgs {
    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: DeleteLogsArgs,
    }
    Line::try_parse_from(std::iter::once("delete").chain(words.iter().copied())).unwrap().args
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
