//! Answers that go on for as long as their readers like: the live tail and the export.

use super::harness::{Harness, PROTOBUF, Setup, TokenHolder, attribute, caller, encoded_request, record, text};
use api::ApiSettings;
use basics::{Clock, MIB};
use http::Response;
use http_body_util::BodyExt;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::{Value, json};
use service::{Caller, ResponseBody, Scope, SystemClock};
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

async fn send(house: &Harness, records: Vec<LogRecord>) {
    assert_eq!(house.post(&[("content-type", PROTOBUF)], encoded_request(records)).await.status, 200);
}

async fn send_bodies(house: &Harness, bodies: impl IntoIterator<Item = String>) {
    send(house, bodies.into_iter().map(|body| record(&body)).collect()).await;
    house.wait_until_stored().await;
}

/// A stream of events that is being read.
struct Stream {
    body: ResponseBody,
    rest: String,
}

/// An event: its name, `id` and `data`.
type Event = (String, Option<String>, Value);

impl Stream {
    fn of(response: Response<ResponseBody>) -> Stream {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { body: response.into_body(), rest: String::new() }
    }

    async fn open(house: &Harness, path: &str) -> Stream {
        Stream::of(timeout(PATIENCE, house.get_unread(path)).await.expect("the stream begins"))
    }

    /// Goes on behind an event.
    async fn reopen(house: &Harness, path: &str, id: &str) -> Stream {
        let answer = house.get_with(path, "last-event-id", id);
        Stream::of(timeout(PATIENCE, answer).await.expect("the stream begins"))
    }

    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Event> {
        // For the whole event: a stream without one goes on with comments for ever.
        timeout(PATIENCE, self.next_of_all()).await.expect("an event comes")
    }

    async fn next_of_all(&mut self) -> Option<Event> {
        loop {
            while let Some((event, rest)) =
                self.rest.split_once("\n\n").map(|(event, rest)| (event.to_owned(), rest.to_owned()))
            {
                self.rest = rest;
                let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
                let Some(data) = line("data: ") else { continue };
                let name = line("event: ").unwrap_or_else(|| "message".to_owned());
                return Some((name, line("id: "), serde_json::from_str(&data).unwrap()));
            }
            let frame = self.body.frame().await;
            let bytes = frame?.unwrap().into_data().unwrap();
            self.rest.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    async fn begun(mut self) -> Stream {
        assert_eq!(self.next().await.unwrap().0, "begin");
        self
    }

    /// The bodies of the next records.
    async fn bodies(&mut self, count: usize) -> Vec<String> {
        let mut bodies = Vec::new();
        for _ in 0..count {
            let (name, id, data) = self.next().await.unwrap();
            assert_eq!((name.as_str(), id.as_deref()), ("message", data["sequence"].as_str()), "{data}");
            bodies.push(data["body"].as_str().unwrap().to_owned());
        }
        bodies
    }
}

fn numbered(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("tick {number}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_gives_each_record_once_through_seals() {
    let house = Harness::start();
    send_bodies(&house, ["tick before".to_owned()]).await;
    let mut stream = Stream::open(&house, "/api/v1/logs/tail?q=tick").await.begun().await;
    for round in 0..6 {
        send_bodies(&house, numbered(round * 3..round * 3 + 3).into_iter().chain(["other".to_owned()])).await;
        if round % 2 == 0 {
            house.seal_head();
        }
    }
    assert_eq!(stream.bodies(18).await, numbered(0..18));
    // From the first one on, and from the middle on.
    let mut stream = Stream::open(&house, "/api/v1/logs/tail?q=tick&after=start").await.begun().await;
    assert_eq!(stream.bodies(5).await, ["tick before", "tick 0", "tick 1", "tick 2", "tick 3"]);
    let (_, id, _) = stream.next().await.unwrap();
    drop(stream);
    let mut stream = Stream::reopen(&house, "/api/v1/logs/tail?q=tick&after=start", &id.unwrap()).await;
    assert_eq!(stream.next().await.unwrap().0, "begin");
    assert_eq!(stream.bodies(13).await, numbered(5..18));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_begins_when_the_replay_is_done() {
    let house = Harness::start();
    send_bodies(&house, ["tick before".to_owned()]).await;
    let sequence = house.record("before").await["sequence"].as_str().unwrap().to_owned();
    let house = Harness::open_held(house.stop());
    let mut fresh = Stream::open(&house, "/api/v1/logs/tail?q=tick").await;
    let mut resumed = Stream::reopen(&house, "/api/v1/logs/tail?q=tick", &sequence).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    house.begin_replay();
    for stream in [&mut fresh, &mut resumed] {
        assert_eq!(stream.next().await.unwrap().0, "begin");
    }
    send_bodies(&house, ["tick after".to_owned()]).await;
    assert_eq!(fresh.bodies(1).await, ["tick after"]);
    assert_eq!(resumed.bodies(1).await, ["tick after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_too_slow_is_told_how_many_it_missed() {
    let house = Harness::start();
    let mut stream = Stream::open(&house, "/api/v1/logs/tail?q=tick").await.begun().await;
    // Nobody reads while 12,000 arrive; 10,000 may wait.
    for round in 0..12 {
        send_bodies(&house, numbered(round * 1_000..round * 1_000 + 1_000)).await;
    }
    let (name, _, data) = stream.next().await.unwrap();
    let missed = match name.as_str() {
        "missed" => data["records"].as_u64().unwrap(),
        // It had looked once when a part of them was there.
        other => panic!("{other}: {data}"),
    };
    assert_eq!((missed, &data["reason"]), (2_000, &json!("too_slow")));
    assert_eq!(stream.bodies(10_000).await, numbered(2_000..12_000));
    send_bodies(&house, ["tick at last".to_owned()]).await;
    assert_eq!(stream.bodies(1).await, ["tick at last"]);
    drop(stream);
    assert_eq!(house.used_memory_in_all(), house.used_memory(), "what was sent is given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_follow_are_bounded_and_their_places_are_given_back() {
    let house = Harness::start();
    let mut streams = Vec::new();
    for _ in 0..32 {
        streams.push(Stream::open(&house, "/api/v1/logs/tail").await);
    }
    let (status, answer) = house.get("/api/v1/logs/tail").await;
    assert_eq!((status.as_u16(), &answer["error"]["class"]), (503, &json!("overloaded")), "{answer}");
    streams.pop();
    streams.push(Stream::open(&house, "/api/v1/logs/tail").await);
    drop(streams);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_the_tail_and_takes_no_more_of_them() {
    let house = Harness::start();
    let mut stream = Stream::open(&house, "/api/v1/logs/tail").await.begun().await;
    house.end_streams();
    let (name, _, data) = stream.next().await.unwrap();
    assert_eq!((name.as_str(), data), ("end", json!({ "reason": "stopping" })));
    assert!(stream.next().await.is_none());
    for path in ["/api/v1/logs/tail", "/api/v1/logs/export"] {
        let (status, answer) = house.get(path).await;
        assert_eq!((status.as_u16(), &answer["error"]["class"]), (503, &json!("unavailable")), "{path}");
    }
}

/// Records of the last minutes, some in parts and some in the head.
async fn stored(count: u32) -> Harness {
    let house = Harness::start();
    let now = SystemClock::new().now().0.cast_unsigned();
    for part in 0..3 {
        let records = (part * count / 3..(part + 1) * count / 3).map(|number| LogRecord {
            // Times in another order than that of arrival.
            time_unix_nano: now - u64::from(number * 7_919 % count) * 10_000_000,
            severity_number: 17,
            attributes: vec![attribute("n", text(&number.to_string())), attribute("quoted", text("a \"b\", c\nd"))],
            ..record(&format!("export {number}"))
        });
        send(&house, records.collect()).await;
        house.wait_until_stored().await;
        if part < 2 {
            house.seal_head();
        }
    }
    house
}

async fn all_pages(house: &Harness, path: &str) -> Vec<Value> {
    let mut records = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, mut page) = house.get(&format!("{path}&limit=5000{cursor}")).await;
        assert_eq!(status, 200, "{page}");
        records.append(page["records"].as_array_mut().unwrap());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return records,
        }
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_the_records_of_the_search_in_its_order_and_form() {
    let house = stored(6_000).await;
    let want = all_pages(&house, "/api/v1/logs/search?q=export").await;
    assert_eq!(want.len(), 6_000);
    let mut got = lines(&house.get_text("/api/v1/logs/export?q=export").await);
    let summary = got.pop().unwrap()["summary"].clone();
    assert_eq!(got, want);
    assert_eq!(
        (&summary["records"], &summary["cut_short"], &summary["next"]),
        (&json!(6_000), &Value::Null, &Value::Null)
    );

    let mut got = lines(&house.get_text("/api/v1/logs/export?q=export&limit=7").await);
    assert_eq!(got.pop().unwrap()["summary"]["records"], 7);
    assert_eq!(got, want[..7]);
    let place = format!("{}_{}", want[9]["time_unix_nano"].as_str().unwrap(), want[9]["sequence"].as_str().unwrap());
    let mut got = lines(&house.get_text(&format!("/api/v1/logs/export?q=export&cursor={place}")).await);
    got.pop();
    assert_eq!(got, want[10..]);
}

/// Rows of CSV, read by the letter of RFC 4180.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut is_quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(next) = characters.next() {
        match next {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                field.push('"');
                characters.next();
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut field)),
            '\r' if !is_quoted => {
                assert_eq!(characters.next(), Some('\n'));
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            other => field.push(other),
        }
    }
    assert!(field.is_empty() && row.is_empty(), "the last line is ended");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_as_csv_is_read_by_the_letter() {
    let house = stored(300).await;
    let want = all_pages(&house, "/api/v1/logs/search?q=export").await;
    let text = house.get_text("/api/v1/logs/export?q=export&format=csv").await;
    let mut got = rows(&text);
    let header = got.remove(0);
    assert_eq!(
        header,
        ["time", "sequence", "level", "service", "body", "trace_id", "span_id", "attributes", "resource"]
    );
    assert_eq!(got.len(), want.len());
    for (row, record) in got.iter().zip(&want) {
        assert_eq!(
            (&row[0], &row[1], &row[4]),
            (
                &record["time"].as_str().unwrap().to_owned(),
                &record["sequence"].as_str().unwrap().to_owned(),
                &record["body"].as_str().unwrap().to_owned()
            )
        );
        assert_eq!(serde_json::from_str::<Value>(&row[7]).unwrap(), record["attributes"]);
    }
    let text = house.get_text("/api/v1/logs/export?q=export&format=csv&columns=n,quoted,missing,level&limit=1").await;
    let n = want[0]["attributes"]["n"].as_str().unwrap();
    assert_eq!(text, format!("n,quoted,missing,level\r\n{n},\"a \"\"b\"\", c\nd\",,error\r\n"));
}

/// Reads an export chunk by chunk, and does something behind the first one.
async fn interrupted(house: &Harness, path: &str, meanwhile: impl AsyncFnOnce()) -> String {
    interrupted_as(house, caller(), path, meanwhile).await
}

async fn interrupted_as(house: &Harness, caller: Caller, path: &str, meanwhile: impl AsyncFnOnce()) -> String {
    let mut body = house.get_unread_as(caller, path).await.into_body();
    let mut whole: Vec<u8> = body.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();
    meanwhile().await;
    while let Some(frame) = body.frame().await {
        // What is kept of a frame is charged; so it is copied.
        whole.extend_from_slice(&frame.unwrap().into_data().unwrap());
    }
    String::from_utf8(whole).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_a_stop_cuts_short_says_so_and_where_it_goes_on() {
    let house = stored(6_000).await;
    let want = all_pages(&house, "/api/v1/logs/search?q=export").await;
    let text = interrupted(&house, "/api/v1/logs/export?q=export", async || house.end_streams()).await;
    let mut got = lines(&text);
    let summary = got.pop().unwrap()["summary"].clone();
    assert_eq!(summary["cut_short"], "stopping");
    assert!(!got.is_empty() && got.len() < want.len(), "{}", got.len());
    assert_eq!(got, want[..got.len()]);
    // Exports are over, but where this one ended a search goes on.
    let next = summary["next"].as_str().unwrap();
    let (_, page) = house.get(&format!("/api/v1/logs/search?q=export&limit=1&cursor={next}")).await;
    assert_eq!(page["records"][0], want[got.len()]);
    let house = stored(6_000).await;
    let text = interrupted(&house, "/api/v1/logs/export?q=export&format=csv", async || house.end_streams()).await;
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("# cut short: stopping; go on with cursor="), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_ends_when_its_token_goes_and_goes_on_with_another() {
    let house = stored(6_000).await;
    let want = all_pages(&house, "/api/v1/logs/search?q=export").await;
    let kim = TokenHolder::new(&[Scope::Query]);
    let path = "/api/v1/logs/export?q=export";
    let text = interrupted_as(&house, kim.caller.clone(), path, async || kim.revoke()).await;
    let mut got = lines(&text);
    let summary = got.pop().unwrap()["summary"].clone();
    assert_eq!(summary["cut_short"], "revoked");
    let next = summary["next"].as_str().unwrap();
    let mut rest = lines(&house.get_text(&format!("{path}&cursor={next}")).await);
    assert_eq!(rest.pop().unwrap()["summary"]["cut_short"], Value::Null);
    assert!(!got.is_empty() && !rest.is_empty());
    assert_eq!([got, rest].concat(), want);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_ends_when_its_token_goes() {
    let house = Harness::start();
    let kim = TokenHolder::new(&[Scope::Query]);
    let answer = house.get_unread_as(kim.caller.clone(), "/api/v1/logs/tail?q=tick").await;
    let mut stream = Stream::of(answer).begun().await;
    send_bodies(&house, ["tick 1".to_owned()]).await;
    assert_eq!(stream.bodies(1).await, ["tick 1"]);
    kim.revoke();
    send_bodies(&house, ["tick 2".to_owned()]).await;
    let (name, _, data) = stream.next().await.unwrap();
    assert_eq!((name.as_str(), data), ("end", json!({ "reason": "revoked" })));
    assert!(stream.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_hold_little_however_much_matches_and_are_bounded() {
    let api = ApiSettings { query_memory_bytes: 4 * MIB, ..ApiSettings::default() };
    let house = Harness::open(Setup { api, ..Setup::default() });
    let long = "x".repeat(4_000);
    for _ in 0..6 {
        send_bodies(&house, (0..1_000).map(|number| format!("export {number} {long}"))).await;
    }
    let before = house.used_memory_in_all();
    let mut bodies = Vec::new();
    for _ in 0..4 {
        bodies.push(house.get_unread("/api/v1/logs/export?q=export").await.into_body());
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let held = house.used_memory_in_all() - before;
    assert!(held <= 4 * MIB, "{held} bytes are held for answers of 100 MB");
    let (status, answer) = house.get("/api/v1/logs/export").await;
    assert_eq!((status.as_u16(), &answer["error"]["class"]), (503, &json!("overloaded")), "{answer}");
    // A search has its memory all the same.
    let (status, _) = house.get("/api/v1/logs/search?limit=10").await;
    assert_eq!(status, 200);
    drop(bodies);
    let give_up = std::time::Instant::now() + PATIENCE;
    while house.used_memory_in_all() > before {
        assert!(std::time::Instant::now() < give_up, "threads of readers that have gone end");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let text = interrupted(&house, "/api/v1/logs/export?q=export", async || ()).await;
    assert_eq!(text.lines().count(), 6_001);
}
