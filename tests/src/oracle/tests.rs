//! The oracle sees each way in which a word can be broken.

use super::check_kept;
use crate::senders::{Outcome, SentRequest};
use serde_json::{Value, json};
use testkit::log_load::check_of;

fn request(outcome: Outcome) -> SentRequest {
    SentRequest { source: "a".to_owned(), first_record: 0, record_count: 2, outcome }
}

fn record(number: u64) -> Value {
    let id = format!("a-{number}");
    json!({ "body": "x", "attributes": { "load.id": id, "load.check": check_of(&id, "x") } })
}

#[track_caller]
fn check(outcome: Outcome, found: &[Value], want: &str) {
    let kept = check_kept(&[request(outcome)], found);
    let counts = [
        ("lost", kept.lost),
        ("doubled", kept.doubled),
        ("altered", kept.altered),
        ("refused", kept.refused_but_kept),
        ("torn", kept.torn_requests),
        ("invented", kept.invented),
    ];
    let got: Vec<_> =
        counts.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name}={count}")).collect();
    assert_eq!(got.join(" "), want, "{kept}");
    assert_eq!(kept.is_whole(), want.is_empty());
}

#[test]
fn an_acknowledged_request_is_there_once_and_unaltered() {
    check(Outcome::Acknowledged, &[record(0), record(1)], "");
    check(Outcome::Acknowledged, &[record(1)], "lost=1");
    check(Outcome::Acknowledged, &[], "lost=2");
    check(Outcome::Acknowledged, &[record(0), record(1), record(0)], "doubled=1");
    let mut altered = record(1);
    altered["body"] = json!("y");
    check(Outcome::Acknowledged, &[record(0), altered], "altered=1");
}

#[test]
fn a_refused_request_is_not_there() {
    check(Outcome::Refused(503), &[], "");
    check(Outcome::Refused(503), &[record(0), record(1)], "refused=2");
}

#[test]
fn an_unanswered_request_is_there_whole_or_not_at_all() {
    check(Outcome::Unknown, &[], "");
    check(Outcome::Unknown, &[record(0), record(1)], "");
    check(Outcome::Unknown, &[record(1)], "torn=1");
}

#[test]
fn a_record_that_nobody_sent_is_seen() {
    check(Outcome::Acknowledged, &[record(0), record(1), record(2)], "invented=1");
    check(Outcome::Acknowledged, &[record(0), record(1), json!({ "body": "?" })], "invented=1");
}
