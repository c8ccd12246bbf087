//! A collector on a temporary directory, spoken to without sockets.

use crate::caretaker::Sealing;
use crate::rooms::{self, RoomSettings, Rooms, World};
use api::ApiSettings;
use basics::{Disk, GIB, MIB, MemoryBudget, OsDisk};
use bytes::{BufMut, Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use ingest::IngestSettings;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use service::auth::{Auth, TokenFile, TokenRequest, new_token};
use service::{Body, Caller, ConnectionInfo, ResponseBody, Scope, SystemClock};
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use testkit::faulty_disk::FaultyDisk;

pub(crate) const PROTOBUF: &str = "application/x-protobuf";
pub(crate) const JSON: &str = "application/json";
pub(crate) const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

pub(super) struct Harness {
    rooms: Rooms,
    budget: MemoryBudget,
    threads: Vec<JoinHandle<()>>,
    start_of_replay: Option<SyncSender<()>>,
    setup: Setup,
}

/// What a collector is opened with. Clones share the disk or the directory.
#[derive(Clone)]
pub(super) struct Setup {
    pub(super) place: Place,
    pub(super) memory_bytes: u64,
    pub(super) wal_budget_bytes: u64,
    pub(super) ingest: IngestSettings,
    pub(super) api: ApiSettings,
    /// Nothing is sealed but by [`Harness::seal`].
    pub(super) sealing: Sealing,
}

/// Where the data lies.
#[derive(Clone)]
pub(super) enum Place {
    Directory(Arc<tempfile::TempDir>),
    /// A disk in memory that can be made to fail.
    Faulty(FaultyDisk),
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            place: Place::Directory(Arc::new(tempfile::tempdir().unwrap())),
            memory_bytes: GIB,
            wal_budget_bytes: 64 * MIB,
            ingest: IngestSettings::default(),
            api: ApiSettings::default(),
            sealing: Sealing::default(),
        }
    }
}

impl Setup {
    pub(super) fn on(disk: &FaultyDisk) -> Setup {
        Setup { place: Place::Faulty(disk.clone()), ..Setup::default() }
    }

    /// The same on a copy of the directory as it is at this moment, file by file: what a process that is killed now
    /// would leave.
    pub(super) fn copied(&self) -> Setup {
        let Place::Directory(from) = &self.place else { panic!("a faulty disk is copied by itself") };
        let to = tempfile::tempdir().unwrap();
        copy_dir(from.path(), to.path());
        Setup { place: Place::Directory(Arc::new(to)), ..self.clone() }
    }

    /// The directory of the data.
    pub(super) fn dir(&self) -> &Path {
        match &self.place {
            Place::Directory(dir) => dir.path(),
            Place::Faulty(_) => Path::new("/data"),
        }
    }

    fn disk(&self) -> Arc<dyn Disk> {
        match &self.place {
            Place::Directory(_) => Arc::new(OsDisk),
            Place::Faulty(disk) => Arc::new(disk.clone()),
        }
    }
}

fn copy_dir(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_dir(&entry.path(), &target);
        } else if let Err(error) = std::fs::copy(entry.path(), &target) {
            // The preparer renames and removes its own files meanwhile.
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
        }
    }
}

/// An answer, read whole.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) trailers: HeaderMap,
}

impl Harness {
    pub(super) fn start() -> Harness {
        Harness::open(Setup::default())
    }

    pub(super) fn with_memory(memory_bytes: u64) -> Harness {
        Harness::open(Setup { memory_bytes, ..Setup::default() })
    }

    pub(super) fn with_wal_budget(wal_budget_bytes: u64) -> Harness {
        Harness::open(Setup { wal_budget_bytes, ..Setup::default() })
    }

    pub(super) fn open(setup: Setup) -> Harness {
        let house = Harness::open_held(setup);
        house.begin_replay();
        house
    }

    /// A collector that serves, and whose replay begins with [`Harness::begin_replay`].
    pub(super) fn open_held(setup: Setup) -> Harness {
        let settings = RoomSettings {
            data_dir: setup.dir().to_owned(),
            segment_bytes: MIB,
            wal_budget_bytes: setup.wal_budget_bytes,
            ingest: setup.ingest.clone(),
            api: setup.api.clone(),
            sealing: setup.sealing,
            retention_bytes: None,
        };
        let budget = MemoryBudget::new(setup.memory_bytes);
        let world =
            World { disk: setup.disk(), clock: Arc::new(SystemClock::new()), budget: budget.clone(), salt_seed: 7 };
        let (rooms, workers) = rooms::open(settings, world).unwrap();
        let store = rooms.store.clone();
        let (first, next) = (workers.replay_first, workers.recovery.next);
        let log_writer = workers.log_writer;
        let (start_of_replay, start) = std::sync::mpsc::sync_channel(1);
        let threads = vec![
            std::thread::spawn(move || workers.wal_writer.run()),
            std::thread::spawn(move || workers.segment_preparer.run()),
            std::thread::spawn(move || {
                // Whoever lets go of the harness without a replay wants none.
                let Ok(()) = start.recv() else { return };
                log_writer.replay(first, next).unwrap();
                store.set_replaying(false);
                log_writer.run();
            }),
        ];
        Harness { rooms, budget, threads, start_of_replay: Some(start_of_replay), setup }
    }

    pub(super) fn begin_replay(&self) {
        self.start_of_replay.as_ref().unwrap().try_send(()).unwrap();
    }

    /// What it was opened with; opening that again is a restart.
    pub(super) fn setup(&self) -> Setup {
        self.setup.clone()
    }

    /// Stops as the process does: no new requests, what was taken is stored.
    pub(super) fn stop(self) -> Setup {
        self.setup()
    }

    /// Ends the head, which then waits to be sealed.
    pub(super) fn freeze(&self) {
        assert!(self.rooms.store.freeze());
    }

    /// Seals the head that was ended.
    pub(super) fn seal(&self) {
        assert!(self.rooms.store.seal().unwrap().is_some());
    }

    /// Turns requests away, as the first step of a stop does.
    pub(super) fn stop_admission(&self) {
        self.rooms.ingest.stop();
    }

    /// Bytes in use of the whole memory budget, searches and their answers included.
    pub(super) fn used_memory_in_all(&self) -> u64 {
        self.budget.used_bytes()
    }

    /// Bytes in use of what requests and records may take.
    pub(super) fn used_memory(&self) -> u64 {
        self.rooms.ingest.budget().used_bytes()
    }

    /// Sends for somebody else than the local caller.
    pub(super) async fn otlp_as(&self, caller: Option<Caller>, mut request: Request<Full<Bytes>>) -> Answer {
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        read(self.rooms.otlp.handle(request).await).await
    }

    /// Asks for somebody else than the local caller.
    pub(super) async fn get_as(&self, caller: Caller, path_and_query: &str) -> (StatusCode, serde_json::Value) {
        let mut request = Request::get(path_and_query).body(Full::new(Bytes::new())).unwrap();
        request.extensions_mut().insert(caller);
        let answer = read(self.rooms.api.answer(request).await).await;
        let json = serde_json::from_slice(&answer.body).unwrap_or(serde_json::Value::Null);
        (answer.status, json)
    }

    pub(super) async fn otlp(&self, request: Request<Full<Bytes>>) -> Answer {
        self.otlp_as(Some(caller()), request).await
    }

    /// POSTs to `/v1/logs` with these headers.
    pub(super) async fn post(&self, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        self.otlp(post("/v1/logs", headers, body)).await
    }

    /// Calls Export with one message, compressed when `encoding` names something.
    pub(super) async fn export(&self, message: &[u8], encoding: Option<&str>) -> Answer {
        let mut headers = vec![("content-type", "application/grpc"), ("te", "trailers")];
        headers.extend(encoding.map(|name| ("grpc-encoding", name)));
        self.otlp(post(EXPORT, &headers, grpc_frame(message, encoding.is_some()))).await
    }

    pub(super) async fn get(&self, path_and_query: &str) -> (StatusCode, serde_json::Value) {
        self.get_as(caller(), path_and_query).await
    }

    /// POSTs to the API.
    pub(super) async fn post_as(
        &self,
        caller: Caller,
        path: &str,
        content_type: &str,
        body: String,
    ) -> (StatusCode, serde_json::Value) {
        let mut request = post(path, &[("content-type", content_type)], body);
        request.extensions_mut().insert(caller);
        let answer = read(self.rooms.api.answer(request).await).await;
        (answer.status, answer.json())
    }

    pub(super) fn store(&self) -> &log_store::LogStore {
        &self.rooms.store
    }

    /// An answer of the API whose body nobody has read yet.
    pub(super) async fn get_unread(&self, path_and_query: &str) -> Response<ResponseBody> {
        self.get_unread_as(caller(), path_and_query).await
    }

    pub(super) async fn get_unread_as(&self, caller: Caller, path_and_query: &str) -> Response<ResponseBody> {
        let mut request = Request::get(path_and_query).body(Full::new(Bytes::new())).unwrap();
        request.extensions_mut().insert(caller);
        self.rooms.api.answer(request).await
    }

    pub(super) async fn get_text(&self, path_and_query: &str) -> String {
        let mut request = Request::get(path_and_query).body(Full::new(Bytes::new())).unwrap();
        request.extensions_mut().insert(caller());
        let answer = read(self.rooms.api.answer(request).await).await;
        String::from_utf8(answer.body.to_vec()).unwrap()
    }

    /// Moves all records into parts.
    pub(super) fn seal_head(&self) {
        self.freeze();
        self.seal();
    }

    /// Ends the answers that go on for as long as their readers like, as the first step of a stop does.
    pub(super) fn end_streams(&self) {
        self.rooms.api.end_streams();
    }

    /// Asks with a JSON body.
    pub(super) async fn ask_by_post(&self, path: &str, body: &serde_json::Value) -> (StatusCode, serde_json::Value) {
        let request = Request::post(path).header("content-type", JSON);
        let mut request = request.body(Full::new(Bytes::from(body.to_string()))).unwrap();
        request.extensions_mut().insert(caller());
        let answer = read(self.rooms.api.answer(request).await).await;
        (answer.status, answer.json())
    }

    /// The first pieces of an answer that does not end.
    pub(super) async fn first_frames(&self, path_and_query: &str, count: usize) -> String {
        let mut body = self.get_unread(path_and_query).await.into_body();
        let mut text = String::new();
        for _ in 0..count {
            let bytes = body.frame().await.unwrap().unwrap().into_data().unwrap();
            text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        text
    }

    /// Asks with a header.
    pub(super) async fn get_with(&self, path_and_query: &str, name: &str, value: &str) -> Response<ResponseBody> {
        let mut request = Request::get(path_and_query).header(name, value).body(Full::new(Bytes::new())).unwrap();
        request.extensions_mut().insert(caller());
        self.rooms.api.answer(request).await
    }

    /// Searches with a JSON body.
    pub(super) async fn search_by_post(&self, search: &serde_json::Value) -> (StatusCode, serde_json::Value) {
        let request = Request::post("/api/v1/logs/search").header("content-type", JSON);
        let mut request = request.body(Full::new(Bytes::from(search.to_string()))).unwrap();
        request.extensions_mut().insert(caller());
        let answer = read(self.rooms.api.answer(request).await).await;
        (answer.status, answer.json())
    }

    /// Bodies of the records that a question finds among all, once everything acknowledged is searchable.
    pub(super) async fn found(&self, question: &str) -> Vec<String> {
        self.wait_until_stored().await;
        let (status, answer) = self.get(&format!("/api/v1/logs/search?start=0&q={}", encoded(question))).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["cut_short"], serde_json::Value::Null);
        let records = answer["records"].as_array().unwrap();
        records.iter().map(|record| record["body"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub(super) async fn record(&self, question: &str) -> serde_json::Value {
        self.wait_until_stored().await;
        let (_, mut answer) = self.get(&format!("/api/v1/logs/search?start=0&q={}", encoded(question))).await;
        assert_eq!(answer["records"].as_array().map(Vec::len), Some(1), "{answer}");
        answer["records"][0].take()
    }

    /// The account of the default tenant; checks the equation of every account.
    pub(super) async fn account(&self) -> serde_json::Value {
        let (status, mut page) = self.get("/api/v1/ingest").await;
        assert_eq!(status, 200);
        let sum = |value: &serde_json::Value| -> u64 {
            value.as_object().map_or(0, |map| map.values().filter_map(serde_json::Value::as_u64).sum())
        };
        let mut own = serde_json::Value::Null;
        for account in page["accounts"].as_array_mut().unwrap() {
            let count = |name: &str| account[name].as_u64().unwrap();
            let placed = count("stored") + sum(&account["rejected"]) + sum(&account["dropped"]) + count("in_flight");
            assert_eq!(count("received"), placed, "{account}");
            assert_eq!(account["is_balanced"], true);
            if account["tenant"] == "default" {
                own = account.take();
            }
        }
        own
    }

    /// Waits for the records of all tenants.
    pub(super) async fn wait_until_stored(&self) {
        let give_up = Instant::now() + Duration::from_secs(20);
        loop {
            let view = self.rooms.ingest.ledger().view();
            let (_, answer) = self.get("/api/v1/logs/search?limit=1").await;
            if view.values().all(|account| account.in_flight == 0) && answer["cut_short"].is_null() {
                return;
            }
            assert!(Instant::now() < give_up, "records stay in flight: {view:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Every test ends with an orderly stop and a look at the ledger.
impl Drop for Harness {
    fn drop(&mut self) {
        self.rooms.ingest.stop();
        self.rooms.wal.close();
        self.rooms.ingest.close();
        drop(self.start_of_replay.take());
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "a thread of the house panicked");
        }
        if !std::thread::panicking() {
            let view = self.rooms.ingest.ledger().view();
            assert!(view.values().all(ingest::AccountView::is_balanced), "{view:?}");
        }
    }
}

/// Who calls where no credentials are configured.
pub(super) fn caller() -> Caller {
    Caller::local(SocketAddr::from(([127, 0, 0, 1], 9)))
}

/// A caller whose token can be taken away.
pub(super) struct TokenHolder {
    pub(super) caller: Caller,
    file: Arc<TokenFile>,
    _dir: tempfile::TempDir,
}

impl TokenHolder {
    /// Of the local caller's tenant.
    pub(super) fn new(scopes: &[Scope]) -> TokenHolder {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.yaml");
        let tenants = vec![caller().tenant.to_string()];
        let made = new_token(&TokenRequest { name: "kim".to_owned(), scopes: scopes.to_vec(), tenants });
        std::fs::write(&path, format!("tokens:\n{}", made.entry)).unwrap();
        let file = Arc::new(TokenFile::open(&path).unwrap());
        let auth = Auth::new(Some(file.clone()), Vec::new());
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {}", made.token.expose()).parse().unwrap());
        let connection = ConnectionInfo { peer: caller().peer, is_tls: false, client_certificate: None };
        let caller = auth.authenticate(&headers, &connection).unwrap();
        TokenHolder { caller, file, _dir: dir }
    }

    pub(super) fn revoke(&self) {
        std::fs::write(self.file.path(), "tokens: []\n").unwrap();
        assert!(self.file.reload_if_changed().unwrap());
    }
}

pub(super) fn post(path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body.into())).unwrap()
}

pub(super) async fn read<B>(response: Response<B>) -> Answer
where
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let (parts, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned().unwrap_or_default();
    Answer { status: parts.status, headers: parts.headers, body: collected.to_bytes(), trailers }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// gRPC's status, from the trailers or from a reply that has nothing else.
    pub(super) fn grpc_status(&self) -> &str {
        let value = self.trailers.get("grpc-status").or_else(|| self.headers.get("grpc-status"));
        value.map_or("none", |value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn protobuf(&self) -> ExportLogsServiceResponse {
        ExportLogsServiceResponse::decode(self.body.clone()).unwrap()
    }
}

pub(crate) fn grpc_frame(message: &[u8], is_compressed: bool) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(u8::from(is_compressed));
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.put_slice(message);
    frame.freeze()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn text(value: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) })
}

pub(super) fn attribute(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// A record with this body and everything else absent.
pub(crate) fn record(body: &str) -> LogRecord {
    LogRecord { body: text(body), ..LogRecord::default() }
}

/// A request of one resource and scope.
pub(crate) fn request(records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let resource = Resource { attributes: vec![attribute("service.name", text("shop"))], ..Resource::default() };
    let scope_logs = vec![ScopeLogs { log_records: records, ..ScopeLogs::default() }];
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource: Some(resource), scope_logs, ..ResourceLogs::default() }],
    }
}

pub(crate) fn encoded_request(records: Vec<LogRecord>) -> Vec<u8> {
    request(records).encode_to_vec()
}

/// Percent-encodes everything that has a meaning in a query.
pub(super) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Unused by the faces here; names the body that the process kit hands them.
#[expect(dead_code, reason = "keeps the harness honest about the type that production uses")]
fn accepts_the_body_of_the_kit(face: &receivers::OtlpFace, request: Request<Body>) -> impl Future {
    face.handle(request)
}
