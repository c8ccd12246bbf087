//! What a collector hears of a process, over real sockets on loopback.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::metric;
use opentelemetry_proto::tonic::trace::v1::Span as OtlpSpan;
use prost::Message;
use tower_service::Service;

use super::*;
use crate::auth::Auth;
use crate::caller::{Access, Caller, Proof, Scope};
use crate::front::Front;
use crate::guard::Guard;
use crate::metrics::MetricDef;
use crate::server::{Body, BoxError, Listener, ResponseBody, Server, ServerSettings, serve};
use crate::tasks::Shutdown;
use crate::tls::{Tls, TlsFiles};

const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const SPANS: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const PATIENCE: Duration = Duration::from_secs(10);

/// A collector that takes everything, and speaks while it does.
#[derive(Clone, Default)]
struct Collector {
    taken: Arc<Mutex<Vec<Taken>>>,
}

#[derive(Clone)]
struct Taken {
    path: String,
    caller: Caller,
    message: Bytes,
}

impl Service<Request<Body>> for Collector {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let taken = Arc::clone(&self.taken);
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            let caller = request.extensions().get::<Caller>().cloned().unwrap();
            tracing::info!(path = path.as_str(), "request taken");
            let frame = request.into_body().collect().await.unwrap().to_bytes();
            taken.lock().unwrap().push(Taken { path, caller, message: frame.slice(5..) });
            Ok(grpc_ok())
        })
    }
}

/// The answer of gRPC to a call that went well: an empty message, and the status behind it.
fn grpc_ok() -> Response<ResponseBody> {
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(0);
    let trailers = async {
        Some(Ok::<_, Infallible>(HeaderMap::from_iter([(
            http::HeaderName::from_static("grpc-status"),
            HeaderValue::from_static("0"),
        )])))
    };
    let body = Full::new(frame.freeze())
        .with_trailers(trailers)
        .map_err(|never| -> BoxError { match never {} })
        .boxed_unsync();
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

struct Running {
    address: SocketAddr,
    collector: Collector,
    auth: Arc<Auth>,
    server: Arc<Server>,
    /// Lives as long as the listener.
    _tasks: Tasks,
}

impl Running {
    fn messages<M: Message + Default>(&self, path: &str) -> Vec<M> {
        let taken = self.collector.taken.lock().unwrap();
        taken.iter().filter(|taken| taken.path == path).map(|taken| M::decode(taken.message.clone()).unwrap()).collect()
    }

    fn records(&self) -> Vec<LogRecord> {
        let resources = self.messages::<ExportLogsServiceRequest>(LOGS).into_iter().flat_map(|one| one.resource_logs);
        resources.flat_map(|one| one.scope_logs).flat_map(|one| one.log_records).collect()
    }

    fn spans(&self) -> Vec<OtlpSpan> {
        let resources =
            self.messages::<ExportTraceServiceRequest>(SPANS).into_iter().flat_map(|one| one.resource_spans);
        resources.flat_map(|one| one.scope_spans).flat_map(|one| one.spans).collect()
    }
}

fn start(tls: Option<Arc<Tls>>) -> Running {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listener = Listener::new(socket, tls).unwrap();
    let address = listener.address();
    let server = Server::new(ServerSettings::default());
    let auth = Arc::new(Auth::new(None, Vec::new()));
    let front =
        Arc::new(Front::new(Guard::default(), Arc::clone(&auth), Arc::new(|_, _| Access::Needs(Scope::Ingest))));
    let collector = Collector::default();
    let tasks = Tasks::new();
    tasks.spawn("collector", serve(listener, Arc::clone(&server), front, collector.clone(), Shutdown::new()));
    Running { address, collector, auth, server, _tasks: tasks }
}

fn config(endpoint: &str, self_logs: bool) -> TelemetryConfig {
    let otlp = OtlpExportConfig { endpoint: endpoint.to_owned(), trace_share: 0.0, ..OtlpExportConfig::default() };
    TelemetryConfig { log: LogConfig::default(), otlp, self_logs }
}

/// A console that tells afterwards what was written to it.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn begin(config: &TelemetryConfig) -> (Telemetry, Dispatch, Screen) {
    let screen = Screen::default();
    let clock = Arc::new(SystemClock::new());
    let (telemetry, dispatch) = assemble(config, Box::new(screen.clone()), false, clock).unwrap();
    (telemetry, dispatch, screen)
}

fn body(record: &LogRecord) -> &str {
    match record.body.as_ref().and_then(|body| body.value.as_ref()) {
        Some(AnyValue::StringValue(text)) => text,
        other => panic!("no text: {other:?}"),
    }
}

/// The server, the face and the caller share one thread here, so what the face says would be exported if it could be.
#[tokio::test]
async fn own_log_records_arrive_as_tenant_self_and_their_arrival_says_nothing() {
    let running = start(None);
    let (telemetry, dispatch, screen) = begin(&config("", true));
    let _speaks = tracing::dispatcher::set_default(&dispatch);

    tracing::info!("said before there was a collector");
    let endpoint = format!("http://{}", running.address);
    telemetry.export_logs_to(&endpoint, running.auth.own_token());
    tracing::warn!(count = 3, path = "/data", "said after");
    telemetry.flush(PATIENCE).await;
    telemetry.flush(PATIENCE).await;

    let records = running.records();
    let bodies: Vec<&str> = records.iter().map(body).collect();
    assert_eq!(bodies, ["said before there was a collector", "said after"]);
    assert!(records.iter().all(|record| record.time_unix_nano > 1_700_000_000_000_000_000));
    assert_eq!(records[1].severity_text, "WARN");
    let keys: Vec<&str> = records[1].attributes.iter().map(|pair| pair.key.as_str()).collect();
    assert_eq!(keys, ["count", "path"]);
    let callers: Vec<_> = running.collector.taken.lock().unwrap().iter().map(|taken| taken.caller.clone()).collect();
    assert!(
        callers.iter().all(|caller| caller.tenant.as_str() == "_self" && caller.proof == Proof::Own),
        "{callers:?}"
    );
    assert_eq!(running.server.counts.requests.load(Ordering::Relaxed), u64::try_from(callers.len()).unwrap());
    assert!(!screen.text().contains("request taken"), "{}", screen.text());
    assert!(!screen.text().contains(running.auth.own_token().expose()));
}

/// The libraries under the listener say a hundred things about each request. None of it may become the next request.
#[tokio::test]
async fn even_at_level_trace_the_arrival_of_own_records_does_not_feed_itself() {
    let running = start(None);
    let mut config = config("", true);
    config.log.level = LogLevel::Trace;
    let (telemetry, dispatch, screen) = begin(&config);
    let _speaks = tracing::dispatcher::set_default(&dispatch);
    telemetry.export_logs_to(&format!("http://{}", running.address), running.auth.own_token());
    tracing::debug!("said once");
    for _ in 0..3 {
        telemetry.flush(PATIENCE).await;
    }
    let records = running.records();
    assert_eq!(records.iter().map(body).collect::<Vec<_>>(), ["said once"]);
    assert!(screen.text().contains(" h2: "), "the console hears the libraries:\n{}", screen.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configured_endpoint_hears_logs_spans_and_metrics() {
    const DONE: MetricDef = MetricDef::counter("test_done_total", "Things done.", &["kind"]);
    const WAIT: MetricDef = MetricDef::histogram("test_wait_seconds", "Time waited.", &[], &[0.1, 1.0]);
    let running = start(None);
    let (telemetry, dispatch, _) = begin(&config(&format!("http://{}", running.address), false));
    let registry = Registry::new();
    registry.counter(&DONE, &["a"]).add(7);
    registry.histogram(&WAIT, &[]).observe(0.5);
    telemetry.report(&registry);
    tracing::dispatcher::with_default(&dispatch, || {
        let (parts, ()) = Request::post("/v1/logs")
            .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            .body(())
            .unwrap()
            .into_parts();
        let caller = Caller::local("127.0.0.1:1".parse().unwrap());
        let span = request_span::begin(&parts, &caller);
        span.in_scope(|| tracing::warn!("said within a request"));
        request_span::end(&span, &parts.method, http::StatusCode::SERVICE_UNAVAILABLE);
        drop(span);
        let own = Caller { proof: Proof::Own, ..caller };
        assert!(request_span::begin(&parts, &own).is_none(), "no span for what carries our own telemetry");
    });
    telemetry.shutdown(PATIENCE);

    let records = running.records();
    assert_eq!(records.len(), 1, "{records:?}");
    let spans = running.spans();
    assert_eq!(spans.len(), 1, "{spans:?}");
    let span = &spans[0];
    assert_eq!(span.name, "POST /v1/logs");
    assert_eq!(TraceHex(&span.trace_id).to_string(), "0af7651916cd43dd8448eb211c80319c", "the caller's trace");
    assert_eq!(TraceHex(&span.parent_span_id).to_string(), "b7ad6b7169203331", "below the caller's span");
    assert_eq!(records[0].span_id, span.span_id, "the record is found by the span");
    let text =
        |key: &str| span.attributes.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone()?.value);
    assert_eq!(text("tenant"), Some(AnyValue::StringValue("default".into())));
    assert_eq!(text("http.response.status_code"), Some(AnyValue::IntValue(503)));
    assert_eq!(span.status.as_ref().unwrap().code, 2, "an error");
    assert_eq!(span.kind, 2, "a server's span");

    let requests = running.messages::<ExportMetricsServiceRequest>(METRICS);
    let metrics: Vec<_> = requests
        .iter()
        .flat_map(|one| &one.resource_metrics)
        .flat_map(|one| &one.scope_metrics)
        .flat_map(|one| &one.metrics)
        .collect();
    let data = |name: &str| metrics.iter().find(|metric| metric.name == name).and_then(|metric| metric.data.clone());
    let Some(metric::Data::Sum(done)) = data("test_done_total") else { panic!("{metrics:?}") };
    assert!(done.is_monotonic && done.data_points.len() == 1);
    let Some(metric::Data::Histogram(wait)) = data("test_wait_seconds") else { panic!("{metrics:?}") };
    assert_eq!(wait.data_points[0].bucket_counts, [0, 1, 0]);
    let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert!(names.contains(&"outrigger_telemetry_sent_total"), "{names:?}");
    let resource = requests[0].resource_metrics[0].resource.clone().unwrap();
    assert!(resource.attributes.iter().any(|pair| pair.key == "service.name"));
}

/// Writes bytes as hex.
struct TraceHex<'a>(&'a [u8]);

impl std::fmt::Display for TraceHex<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_was_not_sampled_by_its_caller_makes_no_span_and_one_without_trace_only_its_share() {
    let running = start(None);
    let (telemetry, dispatch, _) = begin(&config(&format!("http://{}", running.address), false));
    tracing::dispatcher::with_default(&dispatch, || {
        for trace_parent in ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", "garbage"] {
            let (parts, ()) = Request::get("/").header("traceparent", trace_parent).body(()).unwrap().into_parts();
            drop(request_span::begin(&parts, &Caller::local("127.0.0.1:1".parse().unwrap())).entered());
        }
    });
    telemetry.shutdown(PATIENCE);
    assert!(running.spans().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_with_tls_is_held_against_its_authority_and_given_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let authority = crate::tls::tests::Authority::new("fleet");
    let leaf = authority.issue("localhost");
    let [certificate, key, ca_file, token_file] =
        ["leaf.pem", "key.pem", "ca.pem", "token"].map(|name| folder.path().join(name));
    std::fs::write(&certificate, leaf.certificate_pem()).unwrap();
    std::fs::write(&key, leaf.key_pem()).unwrap();
    std::fs::write(&ca_file, authority.pem()).unwrap();
    let tls = Tls::open(TlsFiles { certificate, key, client_authority: None }).unwrap();
    let running = start(Some(tls));
    std::fs::write(&token_file, format!("{}\n", running.auth.own_token().expose())).unwrap();

    let mut config = config(&format!("https://localhost:{}", running.address.port()), false);
    config.otlp.ca_file = Some(ca_file);
    config.otlp.token_file = Some(token_file);
    let (telemetry, dispatch, screen) = begin(&config);
    tracing::dispatcher::with_default(&dispatch, || tracing::info!("secretly said"));
    telemetry.shutdown(PATIENCE);
    assert_eq!(running.records().iter().map(body).collect::<Vec<_>>(), ["secretly said"], "{}", screen.text());
    assert_eq!(running.collector.taken.lock().unwrap()[0].caller.proof, Proof::Own, "the token came along");

    let stranger = folder.path().join("other.pem");
    std::fs::write(&stranger, crate::tls::tests::Authority::new("other").pem()).unwrap();
    config.otlp.ca_file = Some(stranger);
    let (telemetry, dispatch, _) = begin(&config);
    tracing::dispatcher::with_default(&dispatch, || tracing::info!("not said to a stranger"));
    telemetry.shutdown(Duration::from_millis(500));
    assert_eq!(running.records().len(), 1, "nothing goes to a server of another authority");
}

/// A port where nobody listens.
fn nobody() -> String {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", socket.local_addr().unwrap())
}

#[test]
fn an_endpoint_that_is_gone_costs_counted_records_and_no_waiting() {
    let mut config = config(&nobody(), false);
    config.log.level = LogLevel::Debug;
    let (telemetry, dispatch, screen) = begin(&config);
    let registry = Registry::new();
    telemetry.report(&registry);
    let said = 2 * EXPORT_QUEUE_RECORDS;
    let started = Instant::now();
    tracing::dispatcher::with_default(&dispatch, || {
        // At debug, so that the limit for repeats does not spare the queue.
        (0..said).for_each(|_| tracing::debug!(target: "flood", "one of many"));
    });
    assert!(started.elapsed() < Duration::from_secs(2), "nobody waits");
    let counter = "outrigger_telemetry_dropped_total{signal=\"logs\",destination=\"endpoint\",reason=\"queue_full\"} ";
    let page = registry.exposition();
    let dropped = page.lines().find_map(|line| line.strip_prefix(counter)).expect(&page);
    let dropped: usize = dropped.parse().unwrap();
    let at_work = 2 * crate::limits::EXPORT_BATCH_MAX;
    assert!((EXPORT_QUEUE_RECORDS - at_work..=EXPORT_QUEUE_RECORDS).contains(&dropped), "{dropped}");
    let stopping = Instant::now();
    tracing::dispatcher::with_default(&dispatch, || telemetry.shutdown(Duration::from_millis(100)));
    assert!(stopping.elapsed() < Duration::from_secs(1), "stopping has a deadline");
    assert_eq!(screen.text().matches("one of many").count(), said, "the console has them all");
    assert!(screen.text().contains("the last telemetry could not be sent in time"));
}

/// Inside a runtime, as `main` starts it.
#[tokio::test]
async fn a_wrong_endpoint_or_file_is_told_at_the_start() {
    for endpoint in ["https:", "ftp://a:1", "http://a:1/v1/logs"] {
        let error = assemble(&config(endpoint, true), Box::new(std::io::sink()), false, Arc::new(SystemClock::new()))
            .unwrap_err();
        assert_eq!(error.class(), basics::ErrorClass::Invalid, "{endpoint}");
        assert!(error.to_string().contains(endpoint), "{error}");
    }
    let mut missing = config("https://a:1", true);
    missing.otlp.ca_file = Some("/nonexistent/ca.pem".into());
    let error = assemble(&missing, Box::new(std::io::sink()), false, Arc::new(SystemClock::new())).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/ca.pem"), "{error}");
}

#[test]
fn without_an_endpoint_and_self_logs_nothing_is_queued_and_the_end_is_immediate() {
    let (telemetry, dispatch, screen) = begin(&config("", false));
    tracing::dispatcher::with_default(&dispatch, || tracing::info!("hello"));
    telemetry.export_logs_to("http://127.0.0.1:1", &Secret::new("token".to_owned()));
    let started = Instant::now();
    telemetry.shutdown(PATIENCE);
    assert!(started.elapsed() < Duration::from_secs(1));
    assert!(screen.text().contains("hello"));
}
