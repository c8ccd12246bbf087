//! The rooms of the house, connected: log, ingest, store, queries. No socket and no thread is started here.

use crate::caretaker::{Caretaker, Merger, Sealing};
use crate::error::CollectorError;
use api::{Api, ApiSettings, ApiState};
use basics::{Clock, Disk, MemoryBudget};
use ingest::{DataBackup, DataPlaces, IngestSettings, Ledger, LogIngest, LogWriter, Signal, TenantDirectory};
use log_store::{LogStore, PartSettings, RebuildReport, StoreCheck};
use parts::retention::RetentionSettings;
use receivers::OtlpFace;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wal::{Position, Recovery, SegmentPreparer, Wal, WalSettings, WalWriter};

/// Where the logs' write-ahead log lies in the data directory.
const LOGS_WAL_DIR: &str = "wal/logs";
/// Where the store of logs lies there.
const LOGS_DIR: &str = "logs";

/// Footers and indexes of parts that are kept in memory take at most this part of the memory budget.
const KEPT_SHARE_OF_BUDGET: u64 = 8;
/// Searches keep at most this share of the memory budget for themselves.
const QUERY_SHARE_OF_BUDGET: u64 = 4;

/// What the rooms are built from.
pub(crate) struct RoomSettings {
    pub(crate) data_dir: PathBuf,
    pub(crate) segment_bytes: u64,
    pub(crate) wal_budget_bytes: u64,
    pub(crate) ingest: IngestSettings,
    pub(crate) api: ApiSettings,
    pub(crate) sealing: Sealing,
    /// Bytes that parts may take; `None` for as many as the disk has.
    pub(crate) retention_bytes: Option<u64>,
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
    pub(crate) retention: RetentionSettings,
    pub(crate) otlp: OtlpFace,
    pub(crate) api: Api,
}

/// The bodies of the house's threads, and what the log's recovery found.
pub(crate) struct Workers {
    pub(crate) wal_writer: WalWriter,
    pub(crate) segment_preparer: SegmentPreparer,
    pub(crate) log_writer: LogWriter,
    pub(crate) caretaker: Caretaker,
    pub(crate) merger: Merger,
    pub(crate) recovery: Recovery,
    /// The first entry that is not in parts.
    pub(crate) replay_first: Position,
}

/// Reads all that the stores of a data directory hold, which nobody may use meanwhile, and changes nothing. `None` when
/// there is none.
///
/// # Errors
/// When what a store should hold is not known.
pub fn check_data(disk: &Arc<dyn Disk>, data_dir: &Path) -> Result<Option<StoreCheck>, CollectorError> {
    Ok(LogStore::check(disk, &data_dir.join(LOGS_DIR))?)
}

/// Makes damaged indexes anew in the stores of a data directory, which nobody may use meanwhile. `None` when there is none.
///
/// # Errors
/// When the disk does not let it, or what a store should hold is not known.
pub fn rebuild_indexes(disk: &Arc<dyn Disk>, data_dir: &Path) -> Result<Option<RebuildReport>, CollectorError> {
    Ok(LogStore::rebuild_indexes(disk, &data_dir.join(LOGS_DIR))?)
}

/// Opens what is on disk and connects the rooms. What is not in parts is missing until the log writer has replayed.
pub(crate) fn open(settings: RoomSettings, world: World) -> Result<(Rooms, Workers), CollectorError> {
    let World { disk, clock, budget, salt_seed } = world;
    let tenants = Arc::new(TenantDirectory::open(disk.clone(), &settings.data_dir)?);
    let wal_settings = WalSettings {
        segment_bytes: settings.segment_bytes,
        budget_bytes: settings.wal_budget_bytes,
        ..WalSettings::new(settings.data_dir.join(LOGS_WAL_DIR))
    };
    let wal::Opened { wal, writer, preparer, recovery } = wal::open(disk.clone(), wal_settings, salt_seed)?;
    let kept_bytes = PartSettings::SEALED.kept_bytes.min(budget.limit_bytes() / KEPT_SHARE_OF_BUDGET);
    let part_settings = PartSettings { kept_bytes, ..PartSettings::SEALED };
    let store = Arc::new(LogStore::open_with(disk.clone(), &settings.data_dir.join(LOGS_DIR), part_settings)?);
    let sealed = store.sealed();
    // A position that is given a second time would be taken for one that is in parts, or deleted.
    let reached = store.parts().reached();
    if recovery.next.0 < reached {
        return Err(CollectorError::LogBehindStore { log_next: recovery.next.0, sealed: reached });
    }
    let retention = RetentionSettings { keep: settings.ingest.retention, bytes_max: settings.retention_bytes };
    let ledger = Arc::new(Ledger::new());
    for (tenant, records) in store.parts().ledger_bases() {
        ledger.begin_with(tenant, Signal::Logs, records);
    }
    // Searches have memory of their own: whatever fills the rest must stay searchable.
    let query_memory_bytes = settings.api.query_memory_bytes.min(budget.limit_bytes() / QUERY_SHARE_OF_BUDGET);
    let intake = budget.share(budget.limit_bytes() - query_memory_bytes);
    let sealing = settings.sealing.fit_into(budget.limit_bytes(), settings.wal_budget_bytes);
    let ingest = LogIngest::new(wal.clone(), ledger, tenants, clock.clone(), intake, settings.ingest);
    let ingest = Arc::new(ingest.paced_by(store.clone(), sealing.head_bytes));
    store.set_replaying(true);
    let otlp = OtlpFace::new(ingest.clone());
    let query_settings = ApiSettings { query_memory_bytes, ..settings.api };
    let places = DataPlaces { disk, data_dir: settings.data_dir, logs_dir: LOGS_DIR, logs_wal_dir: LOGS_WAL_DIR };
    let backup = Arc::new(DataBackup::new(places, ingest.clone(), store.clone()));
    let state = ApiState::new(store.clone(), ingest.clone(), clock.clone(), &budget, query_settings);
    let api = Api::new(state.with_backup(backup).with_retention(retention));
    let log_writer = LogWriter::new(ingest.clone(), store.clone());
    let caretaker = Caretaker::new(store.clone(), wal.clone(), clock.clone(), sealing, retention);
    let merger = Merger::new(store.clone(), clock);
    let replay_first = recovery.first.max(Position(sealed));
    let workers = Workers {
        wal_writer: writer,
        segment_preparer: preparer,
        log_writer,
        caretaker,
        merger,
        recovery,
        replay_first,
    };
    Ok((Rooms { wal, ingest, store, retention, otlp, api }, workers))
}
