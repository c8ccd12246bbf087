//! The server over real sockets, with deadlines in milliseconds.

use std::io;
use std::time::Duration;

use http::{Method, StatusCode, header};
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::*;
use crate::auth::{Auth, CertificateRule};
use crate::caller::{Access, Caller, Scope, Tenants};
use crate::front::AccessTable;
use crate::guard::Guard;
use crate::refusal::full;
use crate::tasks::Tasks;
use crate::tls::tests::Authority;
use crate::tls::{Tls, TlsFiles};

/// A face that answers what it read, hangs, floods or panics, as the path says.
#[derive(Clone)]
struct Echo;

impl Service<Request<Body>> for Echo {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(async move { Ok(answer(request).await) })
    }
}

async fn answer(request: Request<Body>) -> Response<ResponseBody> {
    let caller = request.extensions().get::<Caller>().cloned().expect("the front puts a caller into every request");
    let path = request.uri().path().to_owned();
    match path.as_str() {
        "/panic" => panic!("a bug"),
        "/flood" => Response::new(full(vec![b'x'; 32 << 20])),
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(400)).await;
            Response::new(full("slow"))
        }
        "/slower" => {
            tokio::time::sleep(Duration::from_millis(1_200)).await;
            Response::new(full("slower"))
        }
        "/large" => Response::new(full(vec![b'x'; 2 << 20])),
        "/page" => {
            let mut page = Response::new(full("<p>"));
            page.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("text/html; charset=utf-8"));
            page
        }
        _ => match request.into_body().collect().await {
            Ok(body) => Response::new(full(format!("{} {} bytes", caller.tenant, body.to_bytes().len()))),
            Err(error) => {
                let mut response = Response::new(full(error.to_string()));
                *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
                response
            }
        },
    }
}

struct Running {
    address: SocketAddr,
    server: Arc<Server>,
    shutdown: Shutdown,
    tasks: Tasks,
}

fn quick() -> ServerSettings {
    ServerSettings {
        first_byte: Duration::from_millis(200),
        header: Duration::from_millis(300),
        idle: Duration::from_millis(500),
        body_idle: Duration::from_millis(200),
        body_grace: Duration::from_millis(300),
        body_bytes_per_second_min: 1_000,
        write_stalled: Duration::from_millis(400),
        age_max: Duration::from_secs(20),
        handshake: Duration::from_millis(300),
        ping_interval: Duration::from_millis(200),
        ping_timeout: Duration::from_millis(200),
        drain: Duration::from_secs(1),
        ..ServerSettings::default()
    }
}

async fn start(settings: ServerSettings) -> Running {
    start_with(settings, None, Auth::new(None, Vec::new()))
}

fn start_with(settings: ServerSettings, tls: Option<Arc<Tls>>, auth: Auth) -> Running {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listener = Listener::new(socket, tls).unwrap();
    let address = listener.address();
    let server = Server::new(settings);
    let access: AccessTable = Arc::new(|_: &Method, _: &str| Access::Needs(Scope::Query));
    let front = Arc::new(Front::new(Guard::default(), Arc::new(auth), access));
    let shutdown = Shutdown::new();
    let tasks = Tasks::new();
    tasks.spawn("listener", serve(listener, Arc::clone(&server), front, Echo, shutdown.clone()));
    Running { address, server, shutdown, tasks }
}

/// Reads to the end; `None` when the peer has not closed within `within`.
async fn read_to_end(stream: &mut TcpStream, within: Duration) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    match timeout(within, stream.read_to_end(&mut bytes)).await {
        Ok(Ok(_)) => Some(bytes),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => Some(bytes),
        Ok(Err(error)) => panic!("{error}"),
        Err(_) => None,
    }
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let bytes = read_to_end(&mut stream, Duration::from_secs(5)).await.expect("an answer");
    String::from_utf8(bytes).unwrap()
}

/// A connection that sends `bytes` and then nothing is closed between `after` and `by`, while others are served.
async fn check_closed(settings: ServerSettings, bytes: &[u8], after_ms: u64, by_ms: u64) -> Vec<u8> {
    let running = start(settings).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let started = Instant::now();
    let other = get(running.address, "/").await;
    assert!(other.ends_with("default 0 bytes"), "others are served: {other}");
    let answer =
        read_to_end(&mut stream, Duration::from_millis(by_ms)).await.expect("the connection is closed in time");
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(after_ms), "closed too early, after {took:?}");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_connection_is_closed() {
    check_closed(quick(), b"", 190, 1_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partial_header_is_closed() {
    check_closed(quick(), b"GET / HTTP/1.1\r\nhost: loc", 290, 1_200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dripped_header_is_closed_though_it_never_stops() {
    let running = start(quick()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let started = Instant::now();
    let drip = async {
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        // Each header line is whole and new, so only a deadline for all of them helps.
        for number in 0..200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if stream.write_all(format!("x-{number}: 1\r\n").as_bytes()).await.is_err() {
                return;
            }
        }
        panic!("200 lines were taken");
    };
    drip.await;
    assert!(started.elapsed() < Duration::from_millis(1_500), "{:?}", started.elapsed());
    assert_eq!(running.server.counts.requests.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_preface_of_http2_is_closed() {
    check_closed(quick(), b"PRI * HTTP/2.0\r\n\r\nSM", 290, 1_200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preface_of_http2_and_then_silence_is_closed_by_the_unanswered_ping_or_the_rest() {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    check_closed(quick(), preface, 190, 2_500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_connection_is_closed_later_than_a_slow_header() {
    let answer = check_closed(quick(), b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", 450, 2_500).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_body_is_answered_and_closed() {
    let request = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nabc";
    let answer = check_closed(quick(), request, 190, 2_500).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("too slowly"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dripped_body_is_closed_though_it_never_stops() {
    let running = start(quick()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n").await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let drip = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if writer.write_all(b"x").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let mut answer = Vec::new();
    let read = async {
        let mut buffer = [0u8; 1024];
        while let Ok(count @ 1..) = reader.read(&mut buffer).await {
            answer.extend_from_slice(&buffer[..count]);
        }
    };
    let closed = async {
        tokio::select! { () = drip => {}, () = read => {} }
    };
    timeout(Duration::from_secs(3), closed).await.expect("the connection is closed in time");
    assert!(answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_comes_slowly_but_fast_enough_is_served() {
    let running = start(quick()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 3000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        stream.write_all(&[b'x'; 300]).await.unwrap();
    }
    let answer = read_to_end(&mut stream, Duration::from_secs(2)).await.unwrap();
    assert!(String::from_utf8_lossy(&answer).ends_with("default 3000 bytes"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_takes_no_answer_is_closed() {
    let running = start(quick()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET /flood HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let gone = async {
        while running.server.connections.count() > 0 || running.server.counts.accepted.load(Ordering::Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(4), gone).await.expect("the connection is given up");
    assert_eq!(running.server.counts.timed_out.load(Ordering::Relaxed), 1);
    drop(stream);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_http2_peer_that_opens_no_window_is_closed() {
    let running = start(quick()).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(1_024)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    running.tasks.spawn("client", async { drop(connection.await) });
    let request = Request::get(format!("http://{}/flood", running.address)).body(full("")).unwrap();
    let response = sender.send_request(request).await.unwrap();
    // The body is never read, so the window of the stream stays shut while pings are answered.
    let gone = async {
        while running.server.connections.count() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(4), gone).await.expect("the connection is given up");
    drop(response);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_connection_takes_leave_between_two_requests() {
    let settings = ServerSettings { age_max: Duration::from_millis(300), ..quick() };
    let answer = check_closed(settings, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", 200, 2_500).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_moves_is_sent_to_its_end_however_long_that_takes() {
    let running = start(quick()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET /flood HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let started = Instant::now();
    let mut received = 0;
    let mut buffer = vec![0u8; 1 << 20];
    // A megabyte each tenth of a second: several times the time that a resting connection gets.
    while let Ok(count @ 1..) = stream.read_exact(&mut buffer).await {
        received += count;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(started.elapsed() > running.server.settings.idle * 4, "{:?}", started.elapsed());
    assert!(received >= 32 << 20, "the answer broke off after {received} bytes");
    assert_eq!(running.server.counts.timed_out.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_over_http2_that_moves_is_sent_to_its_end_however_long_that_takes() {
    let running = start(quick()).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(32 * 1_024)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    running.tasks.spawn("client", async { drop(connection.await) });
    let request = Request::get(format!("http://{}/large", running.address)).body(full("")).unwrap();
    let mut body = sender.send_request(request).await.unwrap().into_body();
    let started = Instant::now();
    let mut received = 0;
    while let Some(frame) = body.frame().await {
        received += frame.expect("the answer is whole").data_ref().map_or(0, Bytes::len);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(started.elapsed() > running.server.settings.idle * 4, "{:?}", started.elapsed());
    assert_eq!(received, 2 << 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_runs_when_its_connection_grows_old_is_answered() {
    let settings = ServerSettings { age_max: Duration::from_millis(300), drain: Duration::from_millis(100), ..quick() };
    let running = start(settings).await;
    assert!(get(running.address, "/slower").await.ends_with("slower"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_and_http1_share_a_port() {
    let running = start(quick()).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    running.tasks.spawn("client", async { drop(connection.await) });
    for _ in 0..3 {
        let request = Request::post(format!("http://{}/", running.address)).body(full("hello")).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.version(), http::Version::HTTP_2);
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "default 5 bytes");
    }
    assert!(get(running.address, "/").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_costs_only_its_request() {
    let running = start(quick()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let two =
        "GET /panic HTTP/1.1\r\nhost: localhost\r\n\r\nGET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(two.as_bytes()).await.unwrap();
    let answers = read_to_end(&mut stream, Duration::from_secs(2)).await.unwrap();
    let answers = String::from_utf8_lossy(&answers);
    assert!(answers.starts_with("HTTP/1.1 500"), "{answers}");
    assert!(answers.ends_with("default 0 bytes"), "{answers}");
    assert!(!answers.contains("a bug"), "a panic's text stays here");
    assert_eq!(running.server.counts.panics.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_over_the_cap_are_closed_at_once_and_free_places_are_reused() {
    let running = start(ServerSettings { connections_max: 2, ..quick() }).await;
    let held = [TcpStream::connect(running.address).await.unwrap(), TcpStream::connect(running.address).await.unwrap()];
    let mut over = TcpStream::connect(running.address).await.unwrap();
    let answer = read_to_end(&mut over, Duration::from_millis(150)).await;
    assert_eq!(answer.as_deref(), Some(&[][..]), "closed before its own deadline");
    assert_eq!(running.server.counts.over_cap.load(Ordering::Relaxed), 1);
    drop(held);
    let free = async {
        while running.server.connections.count() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(2), free).await.expect("places come back");
    assert!(get(running.address, "/").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_finishes_what_runs_and_closes_what_rests() {
    let running = start(ServerSettings { idle: Duration::from_secs(30), ..quick() }).await;
    let mut resting = TcpStream::connect(running.address).await.unwrap();
    resting.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut busy = TcpStream::connect(running.address).await.unwrap();
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.shutdown.request();
    let answer = read_to_end(&mut busy, Duration::from_secs(2)).await.expect("closed after its answer");
    assert!(String::from_utf8_lossy(&answer).ends_with("slow"), "what runs is finished");
    assert!(read_to_end(&mut resting, Duration::from_secs(2)).await.is_some(), "what rests is closed");
    assert!(running.tasks.join(Duration::from_secs(3)).await.is_empty(), "serve returns");
    assert!(TcpStream::connect(running.address).await.is_err(), "the port is closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_half_way_through_a_body_is_over_at_the_deadline() {
    let settings = ServerSettings {
        drain: Duration::from_millis(300),
        body_idle: Duration::from_secs(30),
        body_grace: Duration::from_secs(30),
        ..quick()
    };
    let running = start(settings).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nabc").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    running.shutdown.request();
    assert!(running.tasks.join(Duration::from_secs(3)).await.is_empty(), "serve returns");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_carries_its_policy_and_json_does_not() {
    let running = start(quick()).await;
    let page = get(running.address, "/page").await;
    assert!(page.contains("content-security-policy: default-src 'none'"), "{page}");
    assert!(page.contains("referrer-policy: no-referrer"), "{page}");
    assert!(!get(running.address, "/").await.contains("content-security-policy"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_block_over_the_limit_is_refused() {
    let running = start(quick()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let long = "x".repeat(20_000);
    let request = format!("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-long: {long}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut stream, Duration::from_secs(2)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_can_be_read_in_two_ways_never_reaches_a_face() {
    let running = start(quick()).await;
    for path in ["//panic", "/./panic", "/x/../panic", "/%2e%2e/panic", "/x%2fpanic", "/x\\panic"] {
        let answer = get(running.address, path).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{path}: {answer}");
    }
    assert_eq!(running.server.counts.panics.load(Ordering::Relaxed), 0);
}

/// A listener that asks for certificates of `fleet`, and knows one of them.
fn start_with_mutual_tls(fleet: &Authority, folder: &std::path::Path) -> Running {
    let leaf = fleet.issue("localhost");
    let path = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let files = TlsFiles {
        certificate: path("certificate.pem", leaf.certificate_pem()),
        key: path("key.pem", leaf.key_pem()),
        client_authority: Some(path("authority.pem", fleet.pem())),
    };
    let rule = CertificateRule {
        subject: "dns:reader.test".to_owned(),
        scopes: [Scope::Query].into_iter().collect(),
        tenants: Tenants::Listed(vec!["acme".parse().unwrap()]),
    };
    start_with(quick(), Some(Tls::open(files).unwrap()), Auth::new(None, vec![rule]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_certificate_is_a_credential() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = Authority::new("fleet");
    let running = start_with_mutual_tls(&fleet, folder.path());
    for (name, want) in [("reader.test", "HTTP/1.1 200"), ("stranger.test", "HTTP/1.1 403")] {
        let connector = crate::tls::tests::client(&fleet, Some(&fleet.issue(name)));
        let stream = TcpStream::connect(running.address).await.unwrap();
        let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: collector.test\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        timeout(Duration::from_secs(2), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with(want), "{name}: {answer}");
        assert_eq!(answer.ends_with("acme 0 bytes"), name == "reader.test", "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_does_not_come_about_is_closed_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let running = start_with_mutual_tls(&Authority::new("fleet"), folder.path());
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    let mut plain = TcpStream::connect(running.address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let refused = read_to_end(&mut plain, Duration::from_secs(1)).await.expect("HTTP without TLS is closed at once");
    assert!(!refused.starts_with(b"HTTP/"), "and not answered");
    assert!(read_to_end(&mut silent, Duration::from_secs(1)).await.is_some(), "closed at the deadline");
    let counted = async {
        while running.server.counts.failed_handshakes.load(Ordering::Relaxed) < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(1), counted).await.expect("both are counted");
    assert_eq!(running.server.counts.requests.load(Ordering::Relaxed), 0);
}
