//! Asking page by page, against a collector that says what the test wants.

use super::*;
use crate::connection::Connection;
use clap::Parser;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, sync_channel};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: LogsArgs,
}

fn args(words: &[&str]) -> LogsArgs {
    Line::parse_from(std::iter::once("logs").chain(words.iter().copied())).args
}

/// Gives these answers in turn, the last one again and again, and tells what it was asked.
fn collector(answers: Vec<&'static str>) -> (SocketAddr, Receiver<serde_json::Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, asked) = sync_channel(100);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while line != "\r\n" {
                line.clear();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let text = answers[number.min(answers.len() - 1)];
            let answer =
                format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}", text.len());
            // Before the answer: whoever has it may look at once.
            if sender.try_send(serde_json::from_slice(&body).unwrap()).is_err() {
                return;
            }
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, asked)
}

#[test]
fn no_records_are_only_asked_for_before_following() {
    let refused = |words: &[&str]| refuse_no_records(&args(words)).err().map(|failure| failure.message);
    assert!(refused(&["x", "--limit", "0"]).unwrap().starts_with("--limit 0 prints nothing"));
    assert!(refused(&["x", "-n", "0", "--json"]).is_some());
    for words in [&["-f", "-n", "0"][..], &["-n", "1"], &[]] {
        assert_eq!(refused(words), None, "{words:?}");
    }
}

async fn fetched(answers: Vec<&'static str>, limit: usize) -> (Page, Vec<serde_json::Value>) {
    let (address, asked) = collector(answers);
    let client = ApiClient::new(&Connection { url: format!("http://{address}"), ..Connection::default() }).unwrap();
    let page = tokio::time::timeout(Duration::from_secs(10), fetch(&client, &args(&[]), limit)).await;
    let page = page.expect("no asking without end").map_err(|failure| failure.message).unwrap();
    (page, asked.try_iter().collect())
}

#[tokio::test]
async fn a_cursor_that_stands_still_ends_the_asking() {
    let stuck = r#"{"records":[],"next":"5_1","cut_short":"memory","newest_sequence":"9"}"#;
    let (page, asked) = fetched(vec![stuck], 100).await;
    assert_eq!(asked.len(), 2, "the second answer brought nothing new");
    assert_eq!((page.cut_short.as_deref(), page.next.as_deref()), (Some("memory"), Some("5_1")));
}

#[tokio::test]
async fn pages_are_asked_for_until_there_are_enough() {
    let first = r#"{"records":[{"sequence":"4"},{"sequence":"3"}],"next":"3","cut_short":null,"newest_sequence":"4"}"#;
    let second = r#"{"records":[{"sequence":"2"},{"sequence":"1"}],"next":"1","cut_short":null,"newest_sequence":"8"}"#;
    let (page, asked) = fetched(vec![first, second], 3).await;
    assert_eq!(page.records.iter().map(client::sequence_of).collect::<Vec<_>>(), [4, 3, 2]);
    assert_eq!((asked[1]["cursor"].as_str(), asked[1]["limit"].as_u64()), (Some("3"), Some(1)));
    assert_eq!(page.newest_sequence, Some(4), "what came meanwhile is left to who follows");
}

#[tokio::test]
async fn whoever_wants_no_record_still_learns_where_to_follow_from() {
    let one = r#"{"records":[{"sequence":"4"}],"next":"4","cut_short":null,"newest_sequence":"9"}"#;
    let (page, asked) = fetched(vec![one], 0).await;
    assert_eq!((page.records.len(), page.newest_sequence), (0, Some(9)));
    assert_eq!(asked[0]["limit"], 1, "the API takes no less");
}
