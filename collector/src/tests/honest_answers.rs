//! Answers say what they are: whole or cut short, mistaken and where, empty because nothing is there.

use super::harness::{
    Harness, JSON, PROTOBUF, Setup, attribute, caller, encoded, encoded_request, post, record, request, text,
};
use api::ApiSettings;
use basics::{Clock, MIB};
use http::StatusCode;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use serde_json::{Value, json};
use service::{Caller, SystemClock};
use std::collections::{BTreeMap, BTreeSet};

const MINUTE: u64 = 60_000_000_000;

fn now() -> u64 {
    SystemClock::new().now().0.cast_unsigned()
}

/// A record of this time.
fn at(nanos: u64, body: &str) -> LogRecord {
    LogRecord { time_unix_nano: nanos, ..record(body) }
}

async fn send(house: &Harness, records: Vec<LogRecord>) {
    assert_eq!(house.post(&[("content-type", PROTOBUF)], encoded_request(records)).await.status, 200);
}

fn bodies(answer: &Value) -> Vec<String> {
    answer["records"].as_array().unwrap().iter().map(|record| record["body"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_says_cut_short_until_the_replay_is_done() {
    let house = Harness::start();
    send(&house, vec![record("before the restart")]).await;
    house.wait_until_stored().await;
    let house = Harness::open_held(house.stop());
    for path in ["/api/v1/logs/search?q=restart", "/api/v1/logs/histogram?q=restart"] {
        let (status, answer) = house.get(path).await;
        assert_eq!((status.as_u16(), &answer["cut_short"]), (200, &json!("replaying")), "{path}");
    }
    let (_, page) = house.get("/api/v1/ingest").await;
    assert_eq!(page["replay"]["is_replaying"], true);
    // Requests are taken all the same, and stand behind what is replayed.
    send(&house, vec![record("during the restart")]).await;
    let (_, answer) = house.get("/api/v1/logs/search?q=restart").await;
    assert_eq!((bodies(&answer).len(), &answer["cut_short"]), (0, &json!("replaying")));
    assert_eq!(answer["newest_sequence"], Value::Null, "nobody knows before the replay is done");
    house.begin_replay();
    assert_eq!(house.found("restart").await, ["during the restart", "before the restart"]);
    let (_, page) = house.get("/api/v1/ingest").await;
    assert_eq!(page["replay"]["is_replaying"], false);
}

/// A mistake is answered with its place in the text, and with what may be meant.
#[track_caller]
fn check_mistake(answer: &(StatusCode, Value), query: &str, place: &str, suggestion: Option<&str>) {
    let (status, body) = answer;
    assert_eq!(status.as_u16(), 400, "{body}");
    let error = &body["error"];
    assert_eq!((&error["class"], &error["parameter"]), (&json!("invalid"), &json!("q")), "{error}");
    let end = |name: &str| usize::try_from(error["span"][name].as_u64().unwrap()).unwrap();
    assert_eq!(&query[end("start")..end("end")], place, "{error}");
    assert_eq!(error.get("suggestion").and_then(Value::as_str), suggestion, "{error}");
    assert!(!error["message"].as_str().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistaken_query_is_answered_with_its_place_and_a_suggestion() {
    let house = Harness::start();
    for (query, place, suggestion) in [
        ("검색 level:eror", "eror", Some("error")),
        ("a \"never closed", "\"never closed", Some("\"never closed\"")),
        ("code:[400 TO", "[400 TO", None),
        ("trace_id:4bf9", "4bf9", Some("4bf9*")),
    ] {
        let search = house.get(&format!("/api/v1/logs/search?q={}", encoded(query))).await;
        let histogram = house.get(&format!("/api/v1/logs/histogram?q={}", encoded(query))).await;
        assert_eq!(search, histogram);
        let suggestion = suggestion.or(search.1["error"]["suggestion"].as_str());
        check_mistake(&search, query, place, suggestion);
        let posted = house.search_by_post(&json!({ "q": query })).await;
        assert_eq!(posted, search);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistaken_parameter_is_named() {
    let house = Harness::start();
    for (path, parameter) in [
        ("/api/v1/logs/search?limit=0", "limit"),
        ("/api/v1/logs/search?limit=5001", "limit"),
        ("/api/v1/logs/search?limit=many", "limit"),
        ("/api/v1/logs/search?cursor=yesterday", "cursor"),
        ("/api/v1/logs/search?after=-1", "after"),
        ("/api/v1/logs/search?start=soon", "start"),
        ("/api/v1/logs/search?since=1h&start=0", "since"),
        ("/api/v1/logs/search?start=20&end=10", "end"),
        ("/api/v1/logs/search?format=xml", "format"),
        ("/api/v1/logs/histogram?interval=often", "interval"),
        ("/api/v1/logs/histogram?since=30d&interval=1s", "interval"),
    ] {
        let (status, answer) = house.get(path).await;
        assert_eq!((status.as_u16(), &answer["error"]["parameter"]), (400, &json!(parameter)), "{path}: {answer}");
    }
    let (status, answer) = house.get("/api/v1/logs/search?qurey=x").await;
    assert_eq!(status, 400);
    assert!(answer["error"]["message"].as_str().unwrap().contains("qurey"), "{answer}");
    assert_eq!(house.get("/api/v1/log/search").await.0, 404);
    let (status, answer) = house.search_by_post(&json!({ "q": 5 })).await;
    assert_eq!((status.as_u16(), &answer["error"]["class"]), (400, &json!("invalid")));
    let (status, answer) = house.search_by_post(&json!({ "q": "x".repeat(100_000) })).await;
    assert_eq!((status.as_u16(), &answer["error"]["class"]), (413, &json!("too_large")));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_there_is_an_empty_answer_and_no_mistake() {
    let house = Harness::start();
    house.wait_until_stored().await;
    let empty =
        json!({ "records": [], "scanned": 0, "matched": 0, "cut_short": null, "next": null, "newest_sequence": null });
    let without_time = |(status, mut answer): (StatusCode, Value)| {
        assert_eq!(status, 200);
        assert!(answer["took_ms"].take().as_f64().unwrap() >= 0.0);
        answer.as_object_mut().unwrap().remove("took_ms");
        answer
    };
    assert_eq!(without_time(house.get("/api/v1/logs/search?q=anything").await), empty);
    send(&house, vec![record("of default")]).await;
    house.wait_until_stored().await;
    let stranger = Caller { tenant: "nobody".parse().unwrap(), ..caller() };
    assert_eq!(without_time(house.get_as(stranger.clone(), "/api/v1/logs/search").await), empty);
    let (_, histogram) = house.get_as(stranger, "/api/v1/logs/histogram").await;
    assert_eq!((&histogram["matched"], &histogram["cut_short"]), (&json!(0), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_finds_its_own_records_only() {
    let house = Harness::start();
    let shop = Caller { tenant: "shop".parse().unwrap(), ..caller() };
    let body = encoded_request(vec![record("of the shop")]);
    let sent = house.otlp_as(Some(shop.clone()), post("/v1/logs", &[("content-type", PROTOBUF)], body)).await;
    assert_eq!(sent.status, 200);
    send(&house, vec![record("of default")]).await;
    assert_eq!(house.found("").await, ["of default"]);
    let (_, answer) = house.get_as(shop, "/api/v1/logs/search").await;
    assert_eq!(bodies(&answer), ["of the shop"]);
}

/// Reads all pages of a question from a cursor on, doing something between two of them.
async fn pages(
    house: &Harness,
    question: &str,
    cursor: Option<&str>,
    mut between: impl AsyncFnMut(&Harness),
) -> Vec<(String, String)> {
    let mut records = Vec::new();
    let mut cursor = cursor.map_or(String::new(), |cursor| format!("&cursor={}", encoded(cursor)));
    loop {
        let (status, answer) = house.get(&format!("/api/v1/logs/search?{question}&limit=40{cursor}")).await;
        assert_eq!(status, 200, "{answer}");
        for record in answer["records"].as_array().unwrap() {
            let field = |name: &str| record[name].as_str().unwrap().to_owned();
            records.push((field("sequence"), field("body")));
        }
        let Some(next) = answer["next"].as_str() else { return records };
        cursor = format!("&cursor={}", encoded(next));
        between(house).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_neither_gap_nor_repetition_while_records_come() {
    let house = Harness::start();
    // Few times, so that a page ends among records of one time; and out of order.
    let start = now() - 10 * MINUTE;
    for request in 0..10u64 {
        let time = |number: u64| start + (7 * (request + number) % 5) * MINUTE;
        send(&house, (0..25).map(|number| at(time(number), &format!("old {request}.{number}"))).collect()).await;
    }
    house.wait_until_stored().await;
    let mut newer = 0;
    let read = pages(&house, "q=old&since=1h", None, async |house: &Harness| {
        newer += 1;
        send(house, vec![at(now(), &format!("old but newer {newer}")), at(start, "new but early")]).await;
        house.wait_until_stored().await;
    })
    .await;
    let distinct: BTreeSet<&String> = read.iter().map(|(sequence, _)| sequence).collect();
    assert_eq!(distinct.len(), read.len(), "none twice");
    let of_the_beginning = read.iter().filter(|(_, body)| body.starts_with("old ") && !body.contains("newer")).count();
    assert_eq!(of_the_beginning, 250, "none missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_stays_good_over_a_restart() {
    let house = Harness::start();
    let start = now() - 10 * MINUTE;
    for request in 0..5u64 {
        send(&house, (0..30).map(|number| at(start + number % 3 * MINUTE, &format!("{request}.{number}"))).collect())
            .await;
    }
    house.wait_until_stored().await;
    let whole = pages(&house, "since=1h", None, async |_| ()).await;
    assert_eq!(whole.len(), 150);
    let (_, first) = house.get("/api/v1/logs/search?since=1h&limit=70").await;
    let cursor = first["next"].as_str().unwrap().to_owned();
    let house = Harness::open(house.stop());
    house.wait_until_stored().await;
    let rest = pages(&house, "since=1h", Some(&cursor), async |_| ()).await;
    let first = bodies(&first);
    let all: Vec<&String> = first.iter().chain(rest.iter().map(|(_, body)| body)).collect();
    assert_eq!(all, whole.iter().map(|(_, body)| body).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn following_gives_what_arrived_later_whatever_its_time() {
    let house = Harness::start();
    send(&house, vec![record("first")]).await;
    let last = house.record("first").await["sequence"].as_str().unwrap().to_owned();
    send(&house, vec![at(now() - 30 * MINUTE, "late")]).await;
    house.wait_until_stored().await;
    let (_, answer) = house.get(&format!("/api/v1/logs/search?after={last}")).await;
    assert_eq!(bodies(&answer), ["late"]);
    // What was there is told apart from what comes by the store, not by the records of an answer.
    let (_, answer) = house.get("/api/v1/logs/search?q=nothing").await;
    let newest = answer["newest_sequence"].as_str().unwrap().to_owned();
    let (_, answer) = house.get(&format!("/api/v1/logs/search?after={newest}")).await;
    assert_eq!((bodies(&answer).len(), answer["newest_sequence"].as_str()), (0, Some(newest.as_str())));
    send(&house, vec![at(now() - 40 * MINUTE, "later")]).await;
    house.wait_until_stored().await;
    let (_, answer) = house.get(&format!("/api/v1/logs/search?after={newest}")).await;
    assert_eq!(bodies(&answer), ["later"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_histogram_agrees_with_the_search() {
    let house = Harness::start();
    let start = (now() / MINUTE - 20) * MINUTE;
    let levels = [(9, "info"), (13, "warn"), (17, "error"), (0, "none")];
    let records = (0..400u64).map(|number| {
        let severity_number = levels[(number % 4) as usize].0;
        let body = if number % 3 == 0 { "payment timeout" } else { "payment done" };
        LogRecord { severity_number, ..at(start + number * 7 % 600 * 1_000_000_000, body) }
    });
    for request in records.collect::<Vec<_>>().chunks(90) {
        send(&house, request.to_vec()).await;
    }
    house.wait_until_stored().await;
    for query in ["", "timeout", "level>=warn", "payment -timeout", "level:error timeout", "nothing"] {
        let range = format!("q={}&start={start}&end={}", encoded(query), start + 15 * MINUTE);
        let (status, histogram) = house.get(&format!("/api/v1/logs/histogram?{range}&interval=1m")).await;
        assert_eq!(status, 200, "{histogram}");
        let (_, search) = house.get(&format!("/api/v1/logs/search?{range}&limit=5000")).await;
        let mut counted: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for record in search["records"].as_array().unwrap() {
            let nanos: u64 = record["time_unix_nano"].as_str().unwrap().parse().unwrap();
            let minute = basics::Timestamp((nanos / MINUTE * MINUTE).cast_signed()).to_string();
            let level = record["level"].as_str().unwrap_or("none").to_owned();
            *counted.entry(minute).or_default().entry(level).or_default() += 1;
        }
        let mut told = BTreeMap::new();
        for bucket in histogram["buckets"].as_array().unwrap() {
            let levels: BTreeMap<String, u64> = serde_json::from_value(bucket["levels"].clone()).unwrap();
            assert_eq!(bucket["count"], levels.values().sum::<u64>());
            if !levels.is_empty() {
                told.insert(bucket["start"].as_str().unwrap().to_owned(), levels);
            }
        }
        assert_eq!(told, counted, "{query}");
        assert_eq!(histogram["matched"], search["records"].as_array().unwrap().len(), "{query}");
        assert_eq!((&histogram["cut_short"], &search["cut_short"]), (&Value::Null, &Value::Null));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_memory_for_all_says_so_and_where_it_goes_on() {
    let api = ApiSettings { query_memory_bytes: MIB, ..ApiSettings::default() };
    let house = Harness::open(Setup { api, ..Setup::default() });
    for number in 0..40 {
        send(&house, vec![record(&format!("{number} {}", "long ".repeat(10_000)))]).await;
    }
    house.wait_until_stored().await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    let mut is_cut_short = false;
    for _ in 0..60 {
        let (status, answer) = house.get(&format!("/api/v1/logs/search?limit=40{cursor}")).await;
        assert_eq!(status, 200);
        is_cut_short |= answer["cut_short"] == "memory";
        let found = bodies(&answer);
        assert!(!found.is_empty() || answer["next"].is_null(), "no page without progress: {}", answer["cut_short"]);
        seen.extend(found.iter().map(|body| body.split(' ').next().unwrap().to_owned()));
        let Some(next) = answer["next"].as_str() else { break };
        cursor = format!("&cursor={}", encoded(next));
    }
    assert!(is_cut_short);
    assert_eq!(seen, (0..40).rev().map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_stays_in_the_memory_budget() {
    let house = Harness::start();
    for number in 0..10 {
        send(&house, vec![record(&format!("{number} {}", "long ".repeat(20_000)))]).await;
    }
    house.wait_until_stored().await;
    let before = house.used_memory_in_all();
    let mut body = house.get_unread("/api/v1/logs/search").await.into_body();
    assert!(house.used_memory_in_all() >= before + 1_000_000, "a megabyte of text waits for its reader");
    let mut last = None;
    while let Some(frame) = http_body_util::BodyExt::frame(&mut body).await {
        last = Some(frame.unwrap().into_data().unwrap()).filter(|bytes| bytes.len() > 1_000).or(last);
    }
    drop(body);
    assert!(house.used_memory_in_all() > before, "what the server still writes is charged");
    drop(last);
    assert_eq!(house.used_memory_in_all(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_grows_by_its_escapes_stays_within_the_memory_of_queries() {
    let api = ApiSettings { query_memory_bytes: 4 * MIB, ..ApiSettings::default() };
    let house = Harness::open(Setup { api, ..Setup::default() });
    for number in 0..12 {
        // Six characters of JSON for each of the text.
        send(&house, vec![record(&format!("{number} {}", "\u{1}".repeat(100_000)))]).await;
    }
    house.wait_until_stored().await;
    let before = house.used_memory_in_all();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for _ in 0..12 {
        let body = house.get_unread(&format!("/api/v1/logs/search{cursor}")).await.into_body();
        assert!(house.used_memory_in_all() <= before + 4 * MIB);
        let text = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
        assert!(text.len() as u64 <= 4 * MIB, "{} bytes", text.len());
        let answer: Value = serde_json::from_slice(&text).unwrap();
        seen.extend(bodies(&answer).iter().map(|body| body.split(' ').next().unwrap().to_owned()));
        let Some(next) = answer["next"].as_str() else { break };
        assert_eq!(answer["cut_short"], "memory");
        cursor = format!("?cursor={}", encoded(next));
    }
    assert_eq!(seen, (0..12).rev().map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(house.used_memory_in_all(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_line_of_an_answer_in_lines_says_whether_it_is_whole() {
    let house = Harness::start();
    send(&house, vec![record("one"), record("two")]).await;
    house.wait_until_stored().await;
    let text = house.get_text("/api/v1/logs/search?format=ndjson").await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["body"], &lines[1]["body"]), (&json!("two"), &json!("one")));
    assert_eq!((&lines[2]["summary"]["matched"], &lines[2]["summary"]["cut_short"]), (&json!(2), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_shown_as_it_was_sent() {
    let house = Harness::start();
    let mut message = request(vec![LogRecord {
        severity_text: "Attention".to_owned(),
        attributes: vec![attribute("k", text("v"))],
        ..at(now(), "shown \u{1b}[31m\u{0}")
    }]);
    message.resource_logs[0].resource.as_mut().unwrap().attributes.push(attribute("host.name", text("node-1")));
    assert_eq!(house.post(&[("content-type", PROTOBUF)], message.encode_to_vec()).await.status, 200);
    let record = house.record("shown").await;
    assert_eq!(record["body"], "shown \u{1b}[31m\u{0}");
    assert_eq!((&record["severity_text"], &record["service"]), (&json!("Attention"), &json!("shop")));
    assert_eq!((&record["attributes"], &record["resource"]["host.name"]), (&json!({ "k": "v" }), &json!("node-1")));
    assert!(house.post(&[("content-type", JSON)], "{}").await.status.is_success());
}
