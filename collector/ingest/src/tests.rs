//! What the tests of this crate share: an ingest on a disk in memory, with a clock and threads that are moved by hand.

mod conservation;
mod corpus;

use crate::entry::LogEntry;
use crate::{AccountView, Signal};
use crate::{Format, IngestError, IngestSettings, Ledger, LogIngest, LogRequest, LogWriter, Receipt, TenantDirectory};
use basics::{Clock, GIB, KIB, MIB, MemoryBudget, TenantId, Timestamp};
use bytes::Bytes;
use log_store::{LogColumns, LogStore};
use model::Value;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::faulty_disk::FaultyDisk;
use wal::{Position, SegmentPreparer, Step, Wal, WalSettings, WalWriter};
use wire::inflate::Coding;

pub(crate) const TENANT: TenantId = TenantId(16);
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000_000_000);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// A clock that stands still until it is moved.
pub(crate) struct HandClock {
    now: AtomicI64,
    passed_ns: AtomicU64,
}

impl HandClock {
    /// Lets time pass, which is another thing than what the wall shows.
    pub(crate) fn pass(&self, time: Duration) {
        self.passed_ns.fetch_add(u64::try_from(time.as_nanos()).unwrap(), Ordering::AcqRel);
    }

    pub(crate) fn set(&self, now: Timestamp) {
        self.now.store(now.0, Ordering::Release);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::Acquire))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.passed_ns.load(Ordering::Acquire))
    }
}

/// What a shop is opened with.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) disk: FaultyDisk,
    pub(crate) memory_bytes: u64,
    pub(crate) wal_bytes: u64,
    pub(crate) settings: IngestSettings,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            disk: FaultyDisk::new(7),
            memory_bytes: GIB,
            wal_bytes: 64 * MIB,
            settings: IngestSettings { replay_memory_wait: Duration::ZERO, ..IngestSettings::default() },
        }
    }
}

/// The logs' way in with everything behind it.
pub(crate) struct Shop {
    pub(crate) ingest: Arc<LogIngest>,
    pub(crate) store: Arc<LogStore>,
    pub(crate) log_writer: LogWriter,
    pub(crate) wal: Wal,
    pub(crate) wal_writer: WalWriter,
    pub(crate) preparer: SegmentPreparer,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) budget: MemoryBudget,
    pub(crate) setup: Setup,
    /// What the log found when it was opened: its first entry, and the first one behind the last.
    pub(crate) found: (Position, Position),
}

impl Shop {
    pub(crate) fn open(setup: Setup) -> Shop {
        let disk = Arc::new(setup.disk.clone());
        let clock = Arc::new(HandClock { now: AtomicI64::new(NOW.0), passed_ns: AtomicU64::new(0) });
        let budget = MemoryBudget::new(setup.memory_bytes);
        let wal_settings = WalSettings {
            segment_bytes: 256 * KIB,
            budget_bytes: setup.wal_bytes,
            reserve_bytes: 0,
            ..WalSettings::new("/data/wal/logs")
        };
        let opened = wal::open(disk.clone(), wal_settings, 7).unwrap();
        let tenants = Arc::new(TenantDirectory::open(disk, Path::new("/data")).unwrap());
        let ledger = Arc::new(Ledger::new());
        let settings = setup.settings.clone();
        let ingest = LogIngest::new(opened.wal.clone(), ledger, tenants, clock.clone(), budget.clone(), settings);
        let ingest = Arc::new(ingest);
        let store = Arc::new(LogStore::new());
        Shop {
            log_writer: LogWriter::new(ingest.clone(), store.clone()),
            ingest,
            store,
            wal: opened.wal,
            wal_writer: opened.writer,
            preparer: opened.preparer,
            clock,
            budget,
            setup,
            found: (opened.recovery.first, opened.recovery.next),
        }
    }

    /// Ends the process without closing anything, and starts it again.
    pub(crate) fn crash(self) -> Shop {
        self.crash_into(|_| ())
    }

    /// As [`Shop::crash`], with another setup afterwards.
    pub(crate) fn crash_into(self, change: impl FnOnce(&mut Setup)) -> Shop {
        let mut setup = self.setup.clone();
        drop(self);
        setup.disk.start_again();
        change(&mut setup);
        Shop::open(setup)
    }

    /// Hands a request in.
    pub(crate) fn admit(&self, request: LogRequest) -> Reply {
        let reply = Reply::default();
        let slot = reply.0.clone();
        self.ingest.admit(request, move |verdict| slot.lock().unwrap().push(verdict));
        reply
    }

    /// A request as a face would hand it in: paid for.
    pub(crate) fn request(&self, format: Format, coding: Coding, plain: Vec<u8>) -> LogRequest {
        let raw = compress(coding, &plain);
        let plain = if coding == Coding::Identity { raw.clone() } else { Bytes::from(plain) };
        let bytes = if coding == Coding::Identity { raw.len() } else { raw.len() + plain.len() };
        let reservation = self.budget.try_reserve(bytes as u64).unwrap();
        LogRequest { tenant: TENANT, format, coding, raw: vec![raw], plain, reservation }
    }

    /// Hands records in as plain protobuf.
    pub(crate) fn send(&self, records: Vec<LogRecord>) -> Reply {
        self.admit(self.request(Format::Protobuf, Coding::Identity, encoded(records)))
    }

    /// Hands text in as JSON.
    pub(crate) fn send_json(&self, json: &str) -> Reply {
        self.admit(self.request(Format::Json, Coding::Identity, json.as_bytes().to_vec()))
    }

    /// Lets the log's writer and its preparer work until they have nothing to do.
    pub(crate) fn sync(&mut self) {
        while self.preparer.step() == Step::Worked {}
        while self.wal_writer.step() == Step::Worked {}
    }

    /// Lets the store's writer work until it has nothing to do.
    pub(crate) fn feed(&self) {
        while self.ingest.queued_requests() > 0 {
            self.log_writer.store_step(self.ingest.queue.take().unwrap());
        }
    }

    /// Sends, and sees it through to the store.
    pub(crate) fn deliver(&mut self, records: Vec<LogRecord>) -> Receipt {
        let reply = self.send(records);
        self.sync();
        self.feed();
        reply.receipt()
    }

    pub(crate) fn replay(&self) -> crate::ReplayReport {
        let report = self.log_writer.replay(self.found.0, self.found.1).unwrap();
        self.check_ledger();
        report
    }

    /// The account of the tenant. Checks the equation, and that as much is searchable as is said to be.
    #[track_caller]
    pub(crate) fn account(&self) -> AccountView {
        self.check_ledger();
        self.ingest.ledger().view().remove(&(TENANT, Signal::Logs)).unwrap_or_default()
    }

    #[track_caller]
    fn check_ledger(&self) {
        for ((tenant, _), account) in self.ingest.ledger().view() {
            assert!(account.is_balanced(), "{tenant}: {account:?}");
            assert_eq!(account.stored, self.stored_of(tenant).len() as u64, "{tenant}");
        }
    }

    /// Sequence and body of each record in the store, in the order of sequences.
    pub(crate) fn stored(&self) -> Vec<(u64, String)> {
        self.stored_of(TENANT)
    }

    fn stored_of(&self, tenant: TenantId) -> Vec<(u64, String)> {
        let snapshot = self.store.snapshot(tenant);
        let mut all: Vec<(u64, String)> = snapshot
            .batches()
            .iter()
            .flat_map(|batch| (0..batch.len()).map(|row| LogColumns::of(batch).record(row)))
            .map(|record| (record.position.sequence, plain(&record.body)))
            .collect();
        all.sort();
        all
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        self.stored().into_iter().map(|(_, body)| body).collect()
    }
}

fn plain(value: &Value) -> String {
    let mut text = String::new();
    value.plain_text(&mut text);
    text
}

fn compress(coding: Coding, plain: &[u8]) -> Bytes {
    match coding {
        Coding::Identity => plain.to_vec().into(),
        Coding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            std::io::Write::write_all(&mut encoder, plain).unwrap();
            encoder.finish().unwrap().into()
        }
        Coding::Zstd => zstd::encode_all(plain, 3).unwrap().into(),
    }
}

/// What a sender has heard so far.
#[derive(Clone, Default)]
pub(crate) struct Reply(Arc<Mutex<Vec<Result<Receipt, IngestError>>>>);

impl Reply {
    pub(crate) fn is_open(&self) -> bool {
        self.0.lock().unwrap().is_empty()
    }

    /// The one answer.
    #[track_caller]
    pub(crate) fn take(&self) -> Result<Receipt, IngestError> {
        let mut answers = self.0.lock().unwrap();
        assert_eq!(answers.len(), 1, "exactly one answer");
        answers.pop().unwrap()
    }

    #[track_caller]
    pub(crate) fn receipt(&self) -> Receipt {
        self.take().unwrap()
    }

    #[track_caller]
    pub(crate) fn error(&self) -> IngestError {
        self.take().unwrap_err()
    }
}

/// A record with this body, of now.
pub(crate) fn record(body: &str) -> LogRecord {
    let body = Some(AnyValue { value: Some(any_value::Value::StringValue(body.to_owned())) });
    LogRecord { time_unix_nano: NOW.0.cast_unsigned(), body, ..LogRecord::default() }
}

/// A record whose trace id is too short.
pub(crate) fn bad_record() -> LogRecord {
    LogRecord { trace_id: vec![1; 7], ..record("bad") }
}

pub(crate) fn encoded(log_records: Vec<LogRecord>) -> Vec<u8> {
    let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

/// The body of an entry with this header.
pub(crate) fn entry_body(entry: &LogEntry, request: &[u8]) -> Bytes {
    [entry.encode_header(), request.to_vec()].concat().into()
}
