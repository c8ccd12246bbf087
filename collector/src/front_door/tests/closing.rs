//! What happens to a search whose caller hangs up.

use super::*;
use std::io::{Read, Write};
use std::net::TcpStream;

/// What DESIGN promises: a query ends so soon after its connection.
const ENDS_WITHIN: Duration = Duration::from_millis(100);
/// Longer than this the search would run if nobody stopped it.
const RUNS_FOR: Duration = Duration::from_secs(2);

/// Records of some 30 MiB whose letters come in pieces (NFD), so that each look at a text has to compose them.
async fn send_much(address: SocketAddr) {
    const TEXT: &str = "\u{110c}\u{116e}\u{1106}\u{116e}\u{11ab} \u{110c}\u{1165}\u{11b8}\u{1109}\u{116e} \u{110b}\u{116a}\u{11ab}\u{1105}\u{116d} ";
    let text = TEXT.repeat(10_000);
    let record = format!(r#"{{"body":{{"stringValue":"{text}"}}}}"#);
    let records = [record.as_str(); 10].join(",");
    let body = Arc::new(format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#));
    for _ in 0..6 {
        let body = body.clone();
        let post = move || {
            let headers = [("content-type", "application/json")];
            HttpConnection::connect(address, PATIENCE)?.request("POST", "/v1/logs", &headers, body.as_bytes())
        };
        assert_eq!(spawn_blocking(post).await.unwrap().unwrap().status, 200);
    }
}

/// Begins a search that looks at each text many times, for letters that all of them hold and in an order that none does.
fn long_search(address: SocketAddr) -> TcpStream {
    const LETTERS: [&str; 6] = ["주", "문", "접", "수", "완", "료"];
    let word = |number: usize| [1, 6, 36, 216, 1_296].map(|place| LETTERS[number / place % 6]).concat();
    let terms: Vec<String> = (0..500).map(|number| format!("-*{}*", word(number * 7))).collect();
    let body = format!(r#"{{"q":"{}"}}"#, terms.join(" "));
    let head = "POST /api/v1/logs/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_ends_soon_after_its_connection_and_gives_its_place_to_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config();
    config.wal.segment_size.0 = 8 * basics::MIB;
    config.query.concurrency = 1;
    let collector = Collector::start(&config, surroundings(dir.path())).await.unwrap();
    let Addresses { otlp_http, web, .. } = collector.addresses();
    send_much(otlp_http).await;
    let short = || ask(web, "/api/v1/logs/search?q=front&limit=1");
    let give_up = Instant::now() + PATIENCE;
    while short().await.json().unwrap()["scanned"] != 60 {
        assert!(Instant::now() < give_up);
    }

    let mut held = long_search(web);
    held.set_read_timeout(Some(RUNS_FOR)).unwrap();
    let read = move || {
        let mut answer = [0; 300];
        let count = held.read(&mut answer).unwrap_or(0);
        (held, String::from_utf8_lossy(&answer[..count]).into_owned())
    };
    let (held, answer) = spawn_blocking(read).await.unwrap();
    assert_eq!(answer, "", "the one place is taken for long");
    drop(held);
    assert_eq!(short().await.status, 200);

    let mut took = Vec::new();
    for _ in 0..5 {
        let held = long_search(web);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let begun = Instant::now();
        drop(held);
        assert_eq!(short().await.status, 200);
        took.push(begun.elapsed());
    }
    took.sort();
    // The middle one, because what else the machine does is not what is measured; the short search is part of it.
    assert!(took[2] < ENDS_WITHIN, "{took:?}");
    stopped_whole(collector).await;
}
