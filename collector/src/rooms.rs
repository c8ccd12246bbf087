//! The rooms of the house, connected: log, ingest, store, queries. No socket and no thread is started here.

use crate::error::CollectorError;
use api::{Api, ApiSettings, ApiState};
use basics::{Clock, Disk, MemoryBudget};
use ingest::{IngestSettings, Ledger, LogIngest, LogWriter, TenantDirectory};
use log_store::LogStore;
use receivers::OtlpFace;
use std::path::PathBuf;
use std::sync::Arc;
use wal::{Recovery, SegmentPreparer, Wal, WalSettings, WalWriter};

/// Where the logs' write-ahead log lies in the data directory.
const LOGS_WAL_DIR: &str = "wal/logs";

/// Searches keep at most this share of the memory budget for themselves.
const QUERY_SHARE_OF_BUDGET: u64 = 4;

/// What the rooms are built from.
pub(crate) struct RoomSettings {
    pub(crate) data_dir: PathBuf,
    pub(crate) segment_bytes: u64,
    pub(crate) wal_budget_bytes: u64,
    pub(crate) ingest: IngestSettings,
    pub(crate) api: ApiSettings,
}

/// What the world hands in.
pub(crate) struct World {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) budget: MemoryBudget,
    /// Tells this log's segments from those of any other (see the format of the log).
    pub(crate) salt_seed: u64,
}

/// The connected rooms.
pub(crate) struct Rooms {
    pub(crate) wal: Wal,
    pub(crate) ingest: Arc<LogIngest>,
    pub(crate) store: Arc<LogStore>,
    pub(crate) otlp: OtlpFace,
    pub(crate) api: Api,
}

/// The bodies of the house's threads, and what the log's recovery found.
pub(crate) struct Workers {
    pub(crate) wal_writer: WalWriter,
    pub(crate) segment_preparer: SegmentPreparer,
    pub(crate) log_writer: LogWriter,
    pub(crate) recovery: Recovery,
}

/// Opens what is on disk and connects the rooms. The store is empty until the log writer has replayed.
pub(crate) fn open(settings: RoomSettings, world: World) -> Result<(Rooms, Workers), CollectorError> {
    let World { disk, clock, budget, salt_seed } = world;
    let tenants = Arc::new(TenantDirectory::open(disk.clone(), &settings.data_dir)?);
    let wal_settings = WalSettings {
        segment_bytes: settings.segment_bytes,
        budget_bytes: settings.wal_budget_bytes,
        ..WalSettings::new(settings.data_dir.join(LOGS_WAL_DIR))
    };
    let wal::Opened { wal, writer, preparer, recovery } = wal::open(disk, wal_settings, salt_seed)?;
    let ledger = Arc::new(Ledger::new());
    // Searches have memory of their own: whatever fills the rest must stay searchable.
    let query_memory_bytes = settings.api.query_memory_bytes.min(budget.limit_bytes() / QUERY_SHARE_OF_BUDGET);
    let intake = budget.share(budget.limit_bytes() - query_memory_bytes);
    let ingest = LogIngest::new(wal.clone(), ledger, tenants, clock.clone(), intake, settings.ingest);
    let ingest = Arc::new(ingest);
    let store = Arc::new(LogStore::new());
    store.set_replaying(true);
    let otlp = OtlpFace::new(ingest.clone());
    let query_settings = ApiSettings { query_memory_bytes, ..settings.api };
    let api = Api::new(ApiState::new(store.clone(), ingest.clone(), clock, &budget, query_settings));
    let log_writer = LogWriter::new(ingest.clone(), store.clone());
    let workers = Workers { wal_writer: writer, segment_preparer: preparer, log_writer, recovery };
    Ok((Rooms { wal, ingest, store, otlp, api }, workers))
}
