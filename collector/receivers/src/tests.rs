//! The face before a real way in, on a disk in memory: what senders hear, and what they cannot take from others.

use crate::OtlpFace;
use basics::{Clock, Disk, DiskEntry, DiskFile, MIB, MemoryBudget, OpenMode, TenantId, Timestamp};
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use ingest::{IngestSettings, Ledger, LogIngest, Refused, Signal, TenantDirectory};
use service::{Caller, Proof};
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;
use testkit::faulty_disk::{Fault, FaultyDisk};
use tokio::runtime::Handle;
use wal::WalSettings;
use wire::otlp::response::{Detail, Status};

const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_800_000_000_000_000_000)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

struct House {
    face: OtlpFace,
    ingest: Arc<LogIngest>,
    disk: FaultyDisk,
    // The log takes entries as long as its workers live; nothing here is stored.
    _log: Mutex<wal::Opened>,
}

impl House {
    fn open() -> House {
        let disk = FaultyDisk::new(7);
        House::on(Arc::new(disk.clone()), disk)
    }

    /// On a disk, which writes through to `faulty`.
    fn on(disk: Arc<dyn Disk>, faulty: FaultyDisk) -> House {
        let opened = wal::open(disk.clone(), WalSettings::new("/data/wal/logs"), 7).unwrap();
        let tenants = TenantDirectory::open(disk, Path::new("/data")).unwrap();
        let ingest = Arc::new(LogIngest::new(
            opened.wal.clone(),
            Arc::new(Ledger::new()),
            Arc::new(tenants),
            Arc::new(StandingClock),
            MemoryBudget::new(256 * MIB),
            IngestSettings::default(),
        ));
        House { face: OtlpFace::new(ingest.clone()), ingest, disk: faulty, _log: Mutex::new(opened) }
    }

    async fn ask(&self, caller: Caller, path: &str, headers: &[(&str, &str)], body: Frames) -> Answer {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body).unwrap();
        request.extensions_mut().insert(caller);
        let reply = self.face.handle(request).await;
        let (parts, body) = reply.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    async fn json(&self, caller: Caller, headers: &[(&str, &str)], body: Frames) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.ask(caller, "/v1/logs", &headers, body).await
    }

    async fn grpc(&self, caller: Caller, body: Frames) -> Answer {
        self.ask(caller, EXPORT, &[("content-type", "application/grpc")], body).await
    }

    fn refused(&self, reason: &str) -> Refused {
        let account = self.ingest.ledger().view().remove(&(TenantId::DEFAULT, Signal::Logs)).unwrap();
        account.refused[reason]
    }
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn grpc_details(&self) -> Status {
        use base64::Engine;
        let value = self.header("grpc-status-details-bin");
        Status::from_protobuf(&base64::engine::general_purpose::STANDARD_NO_PAD.decode(value).unwrap()).unwrap()
    }
}

/// A body that comes in these frames.
struct Frames(VecDeque<Result<Frame<Bytes>, &'static str>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(self.get_mut().0.pop_front())
    }
}

fn whole(text: &'static str) -> Frames {
    Frames([Ok(Frame::data(Bytes::from_static(text.as_bytes())))].into())
}

/// A body that breaks off after so much of it.
fn broken_after(bytes: &'static [u8]) -> Frames {
    Frames([Ok(Frame::data(Bytes::from_static(bytes))), Err("came too slowly")].into())
}

fn caller() -> Caller {
    Caller::local(([127, 0, 0, 1], 4_000).into())
}

fn caller_of(tenant: &str) -> Caller {
    Caller { tenant: tenant.parse().unwrap(), name: "gateway".into(), proof: Proof::Token, ..caller() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_is_only_claimed_is_refused_each_time_and_counts_no_bytes() {
    let house = House::open();
    for _ in 0..3 {
        let claim = [("content-length", "18446744073709551613")];
        let answer = house.json(caller(), &claim, whole("{}")).await;
        assert_eq!(answer.status, 413);
    }
    assert_eq!(house.refused("too_large"), Refused { requests: 3, bytes: 0 });
    let claim = grpc_claim(u32::MAX);
    for _ in 0..3 {
        let answer = house.grpc(caller(), Frames([Ok(Frame::data(claim.clone()))].into())).await;
        assert_eq!(answer.header("grpc-status"), "8");
    }
    assert_eq!(house.refused("too_large"), Refused { requests: 6, bytes: 3 * 5 }, "as far as they were read");
}

fn grpc_claim(bytes: u32) -> Bytes {
    [&[0][..], &bytes.to_be_bytes()].concat().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_too_slowly_or_breaks_off_may_be_sent_again() {
    let house = House::open();
    let http = house.json(caller(), &[("content-length", "100")], broken_after(b"{\"resource")).await;
    assert_eq!(http.status, 408);
    assert!((1..=5).contains(&http.header("retry-after").parse::<u64>().unwrap()));
    let text = String::from_utf8_lossy(&http.body);
    assert!(text.contains("\"code\":14") && text.contains("ended early: came too slowly"), "{text}");

    let protobuf = [("content-type", "application/x-protobuf")];
    let http = house.ask(caller(), "/v1/logs", &protobuf, broken_after(&[0x0a])).await;
    assert_eq!((http.status, Status::from_protobuf(&http.body).unwrap().code), (408, 14));

    let grpc = house.grpc(caller(), broken_after(&[0, 0, 0, 0, 100, 1])).await;
    assert_eq!((grpc.status, grpc.header("grpc-status")), (200, "14"));
    let details = grpc.grpc_details().details;
    assert!(matches!(&details[..], [Detail::RetryInfo(after)] if after.as_secs() >= 1), "{details:?}");

    assert_eq!(house.refused("incomplete"), Refused { requests: 3, bytes: 10 + 1 + 6 });
    assert_eq!(house.ingest.budget().used_bytes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_tenant_on_a_bad_or_full_disk_is_told_to_come_back_and_is_taken_then() {
    for fault in [Fault::Eio, Fault::Enospc] {
        let house = House::open();
        house.disk.fail_from(house.disk.call_count(), fault);
        let http = house.json(caller_of("shop"), &[], whole("{}")).await;
        assert_eq!(http.status, 503, "{fault:?}");
        assert!((1..=5).contains(&http.header("retry-after").parse::<u64>().unwrap()));
        let text = String::from_utf8_lossy(&http.body);
        assert!(text.contains("could not be written") && !text.contains("/data"), "{text}");
        let grpc = house.grpc(caller_of("shop"), Frames([Ok(Frame::data(grpc_claim(0)))].into())).await;
        assert_eq!(grpc.header("grpc-status"), "14");
        assert!(matches!(&grpc.grpc_details().details[..], [Detail::RetryInfo(_)]));
        let known = house.json(caller(), &[], whole("{}")).await;
        assert_eq!(known.status, 200, "who has a number does not need the disk for it");

        house.disk.fail_no_more();
        assert_eq!(house.json(caller_of("shop"), &[], whole("{}")).await.status, 200);
        assert_eq!(house.ingest.tenants().find(&"shop".parse().unwrap()), Some(TenantId::FIRST_FREE));
    }
}

/// A disk that takes its time until somebody else was served.
struct SlowDisk {
    inner: FaultyDisk,
    is_slow: AtomicBool,
    gate: Mutex<mpsc::Receiver<()>>,
}

impl Disk for SlowDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        self.inner.open(path, mode)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.inner.create_dir_all(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>> {
        self.inner.list(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.hard_link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_dir_all(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        if self.is_slow.load(Ordering::Acquire) {
            let opened = self.gate.lock().unwrap().recv_timeout(Duration::from_secs(10));
            opened.map_err(|_| io::Error::other("nobody else was served meanwhile"))?;
        }
        self.inner.sync_dir(dir)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        self.inner.free_bytes(dir)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn everybody_else_is_served_while_the_number_of_a_new_tenant_is_written() {
    let (open_gate, gate) = mpsc::sync_channel(1);
    let inner = FaultyDisk::new(7);
    let disk = Arc::new(SlowDisk { inner: inner.clone(), is_slow: AtomicBool::new(false), gate: Mutex::new(gate) });
    let house = Arc::new(House::on(disk.clone(), inner));
    disk.is_slow.store(true, Ordering::Release);
    let new = Handle::current().spawn({
        let house = house.clone();
        async move { house.json(caller_of("shop"), &[], whole("{}")).await.status }
    });
    let known = Handle::current().spawn({
        let house = house.clone();
        async move {
            let status = house.json(caller(), &[], whole("{}")).await.status;
            open_gate.send(()).unwrap();
            status
        }
    });
    assert_eq!((new.await.unwrap(), known.await.unwrap()), (200, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_brings_no_more_new_tenants_than_it_may() {
    let house = House::open();
    assert_eq!(house.json(caller_of("first"), &[], whole("{}")).await.status, 200);
    house.face.shared.new_tenants.use_up(&caller_of("any").name);
    let refused = house.json(caller_of("second"), &[], whole("{}")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
    assert_eq!(house.ingest.tenants().find(&"second".parse().unwrap()), None);
    assert_eq!(house.json(caller_of("first"), &[], whole("{}")).await.status, 200, "a known tenant is no new one");
    let other = Caller { name: "other".into(), ..caller_of("second") };
    assert_eq!(house.json(other, &[], whole("{}")).await.status, 200);
}
