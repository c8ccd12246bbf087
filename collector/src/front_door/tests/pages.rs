//! What web pages of other origins get, over real sockets, as a browser asks.

use super::*;
use harness::JSON;

use crate::tests::harness;

const LISTED: (&str, &str) = ("origin", "https://grafana.example");
const STRANGER: (&str, &str) = ("origin", "https://evil.example");

/// A collector that lets pages of one origin call.
async fn started_for_pages(dir: &Path) -> Collector {
    let guard = Guard::new(&[], &[LISTED.1.to_owned()]);
    Collector::start(&config(), Surroundings { guard, ..surroundings(dir) }).await.unwrap()
}

async fn call(
    address: SocketAddr,
    method: &'static str,
    path: &'static str,
    headers: &[(&'static str, &'static str)],
    body: &'static str,
) -> HttpAnswer {
    let headers = headers.to_vec();
    let ask = move || HttpConnection::connect(address, PATIENCE)?.request(method, path, &headers, body.as_bytes());
    spawn_blocking(ask).await.unwrap().unwrap()
}

/// What the answer tells a browser it may do.
fn permissions(answer: &HttpAnswer) -> Vec<&str> {
    let names = answer.headers.iter().map(|(name, _)| name.as_str());
    names.filter(|name| name.starts_with("access-control-")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn point_24_no_page_of_another_origin_is_let_in() {
    let dir = tempfile::tempdir().unwrap();
    let collector = started_for_pages(dir.path()).await;
    let Addresses { otlp_http, web, .. } = collector.addresses();
    let question = [STRANGER, ("access-control-request-method", "POST"), ("connection", "close")];
    let answers = [
        call(otlp_http, "OPTIONS", "/v1/logs", &question, "").await,
        call(otlp_http, "POST", "/v1/logs", &[("content-type", JSON), STRANGER], ONE_RECORD).await,
        call(otlp_http, "POST", "/v1/logs", &[("content-type", "text/plain"), STRANGER], ONE_RECORD).await,
        call(web, "OPTIONS", "/api/v1/logs/search", &question, "").await,
        call(web, "GET", "/api/v1/logs/search", &[STRANGER], "").await,
        call(web, "GET", "/api/v1/logs/search", &[("sec-fetch-site", "cross-site")], "").await,
    ];
    for answer in &answers {
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert_eq!(permissions(answer), Vec::<&str>::new());
    }
    assert_eq!(found(web).await, 0, "nothing was taken");
    stopped_whole(collector).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_listed_origin_may_call_and_read_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let collector = started_for_pages(dir.path()).await;
    let Addresses { otlp_http, web, .. } = collector.addresses();
    let question =
        [LISTED, ("access-control-request-method", "POST"), ("access-control-request-headers", "authorization")];
    for (port, path) in [(otlp_http, "/v1/logs"), (web, "/api/v1/logs/search")] {
        let permission = call(port, "OPTIONS", path, &question, "").await;
        assert_eq!(permission.status, 204, "{}", permission.text());
        assert_eq!(permission.header("access-control-allow-origin"), Some(LISTED.1));
        assert_eq!(permission.header("access-control-allow-methods"), Some("GET, POST"));
        assert!(permission.header("access-control-allow-headers").unwrap().contains("authorization"));
        assert_eq!(permission.header("access-control-allow-private-network"), None, "nobody asked for it");
        let question = [&question[..], &[("access-control-request-private-network", "true")]].concat();
        let permission = call(port, "OPTIONS", path, &question, "").await;
        assert_eq!(permission.header("access-control-allow-private-network"), Some("true"));
    }
    let sent = call(otlp_http, "POST", "/v1/logs", &[("content-type", JSON), LISTED], ONE_RECORD).await;
    let asked = call(web, "GET", "/api/v1/logs/search", &[LISTED, ("sec-fetch-site", "cross-site")], "").await;
    let mistaken = call(web, "GET", "/api/v1/logs/search?limit=0", &[LISTED], "").await;
    for (answer, status) in [(&sent, 200), (&asked, 200), (&mistaken, 400)] {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.header("access-control-allow-origin"), Some(LISTED.1), "mistakes can be read too");
        assert_eq!(answer.header("vary"), Some("origin"), "no cache gives it to another page");
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    let own_page = call(web, "GET", "/api/v1/logs/search", &[], "").await;
    assert_eq!((own_page.status, permissions(&own_page)), (200, Vec::new()));
    stopped_whole(collector).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_to_ask_is_none_to_pass() {
    let dir = tempfile::tempdir().unwrap();
    let (auth, [token]) = quotas::credentials(dir.path(), ["shop"]);
    let guard = Guard::new(&[], &[LISTED.1.to_owned()]);
    let surroundings = Surroundings { guard, auth, ..surroundings(dir.path()) };
    let collector = Collector::start(&config(), surroundings).await.unwrap();
    let web = collector.addresses().web;
    let question = [LISTED, ("access-control-request-method", "GET")];
    let permission = call(web, "OPTIONS", "/api/v1/logs/search", &question, "").await;
    assert_eq!(permission.status, 204, "a browser asks without the token");
    let without = call(web, "GET", "/api/v1/logs/search", &[LISTED], "").await;
    assert_eq!(without.status, 401);
    assert_eq!(without.header("access-control-allow-origin"), Some(LISTED.1), "the page may know why");
    let with_token = move || {
        let headers = [LISTED, ("authorization", token.as_str())];
        HttpConnection::connect(web, PATIENCE)?.request("GET", "/api/v1/logs/search", &headers, &[])
    };
    assert_eq!(spawn_blocking(with_token).await.unwrap().unwrap().status, 200);
    stopped_whole(collector).await;
}
