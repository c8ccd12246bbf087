//! From durable entries to searchable records, in the order of the log: first what a restart finds, then what
//! comes in.

use crate::admission::{Format, LogIngest, json_growth_bytes};
use crate::entry::{ENTRY_KIND_LOGS, LogEntry};
use crate::ledger::{DropReason, Ledger, Signal};
use crate::limits::{
    ATTRIBUTES_MAX, DEPTH_MAX, OVERDRAFT_SHARE_OF_BUDGET, RECORD_BYTES_MAX, RECORDS_MAX, REPLAY_READ_PATIENCE,
    REQUEST_BYTES_MAX, WRITER_STEP_BYTES,
};
use crate::store_queue::{Pending, StoreQueue};
use basics::{ErrorClass, MemoryBudget, Reservation, TenantId, Timestamp, error_chain};
use log_store::{LogStore, NewLogs};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use wal::{Position, ReadEntry, WalError};
use wire::inflate::Inflater;
use wire::otlp::logs::LogLimits;

/// How long a replay waits for memory before it looks again. Nothing waits for it but searches, which say so.
const MEMORY_PAUSE: Duration = Duration::from_millis(100);
/// How long a replay that cannot read waits before it reads again.
const READ_PAUSE: Duration = Duration::from_millis(100);
/// How long a replay waits for a seal before it looks again.
const SEAL_PAUSE: Duration = Duration::from_millis(5);
/// Bodies are inflated in steps of this size.
const INFLATE_STEP_BYTES: usize = 64 * 1024;

/// The thread that feeds the log store. One per store.
pub struct LogWriter {
    ingest: Arc<LogIngest>,
    store: Arc<LogStore>,
}

/// What a replay found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReplayReport {
    /// Entries read.
    pub entries: u64,
    /// Records that are searchable again.
    pub records: u64,
    /// Records of entries that could not be decoded.
    pub dropped: u64,
    /// Damaged places in the log, each with entries that are lost.
    pub damages: u64,
}

impl LogWriter {
    /// A writer between an ingest and its store.
    pub fn new(ingest: Arc<LogIngest>, store: Arc<LogStore>) -> LogWriter {
        LogWriter { ingest, store }
    }

    /// Reads the log from `first` up to (not including) `next` into the store, counting into the ledger.
    ///
    /// Records acknowledged meanwhile wait in the queue behind it, so the order of the log is the order of the
    /// store. Returns early when the ingest is closed. The error is one of the log's disk that did not go away.
    pub fn replay(&self, first: Position, next: Position) -> Result<ReplayReport, WalError> {
        self.ingest.replay_end.store(next.0.saturating_sub(1), Ordering::Release);
        let mut replay =
            Replay { writer: self, report: ReplayReport::default(), step: Vec::new(), step_bytes: 0, is_patient: true };
        let mut reader = self.ingest.wal.replay(first);
        let mut failing_since = None;
        loop {
            let entry = match reader.next() {
                Ok(Some(entry)) if entry.position < next => entry,
                Ok(Some(_) | None) => break,
                Err(error) if error.class() == ErrorClass::Corrupt => {
                    // How many records were in them nobody can say; the log counts the entries as lost, and the
                    // ledger, which is recounted from the entries, knows neither side of them.
                    tracing::error!(error = %error, "acknowledged entries are lost");
                    replay.report.damages += 1;
                    continue;
                }
                Err(error) => {
                    let now = self.ingest.clock.monotonic();
                    match failing_since {
                        None => {
                            failing_since = Some(now);
                            tracing::warn!(error = %error_chain(&error), "the log cannot be read; trying again");
                        }
                        Some(since) if now - since >= REPLAY_READ_PATIENCE => return Err(error),
                        Some(_) => {}
                    }
                    if self.ingest.queue.pause(READ_PAUSE) {
                        return Ok(replay.report);
                    }
                    continue;
                }
            };
            let position = entry.position;
            failing_since = None;
            if replay.take(entry).is_err() {
                return Ok(replay.report);
            }
            self.ingest.replayed_to.store(position.0, Ordering::Release);
        }
        replay.store();
        if let Err(error) = self.ingest.wal.end_replay() {
            // All of it is stored. At worst the next start counts this replay as one that failed.
            tracing::warn!(error = %error, "the end of the replay could not be noted");
        }
        self.ingest.replayed_to.store(next.0.saturating_sub(1), Ordering::Release);
        Ok(replay.report)
    }

    /// Feeds the store until the ingest is closed and the queue empty.
    pub fn run(&self) {
        while let Some(step) = self.ingest.queue.take() {
            self.store_step(step);
        }
    }

    /// Decodes requests, makes their records searchable, and books them. Returns how many records.
    pub(crate) fn store_step(&self, step: Vec<Pending>) -> u64 {
        let ledger = &self.ingest.ledger;
        let mut booked: Vec<(TenantId, u64)> = Vec::with_capacity(step.len());
        let mut logs = Vec::with_capacity(step.len());
        for pending in step {
            match decode(&pending) {
                Ok(batch) => {
                    booked.push((pending.tenant, u64::from(pending.records)));
                    logs.push(new_logs(pending, batch));
                }
                Err(error) => {
                    drop_undecodable(ledger, pending.position, pending.tenant, u64::from(pending.records), &error);
                }
            }
        }
        // Redaction belongs here: behind the decoder, before anything is searchable.
        self.store.append(logs);
        let mut stored = 0;
        for (tenant, records) in booked {
            ledger.store(tenant, Signal::Logs, records);
            stored += records;
        }
        stored
    }
}

/// What a replay carries from entry to entry.
struct Replay<'a> {
    writer: &'a LogWriter,
    report: ReplayReport,
    /// Requests that are read back and not stored yet.
    step: Vec<Pending>,
    /// Bytes of their bodies, decompressed.
    step_bytes: u64,
    /// No wait for memory was in vain so far.
    is_patient: bool,
}

/// The ingest was closed while a replay ran.
struct Closed;

impl Replay<'_> {
    /// Reads an entry back into what its request was when it was acknowledged, and stores a step when it is full.
    fn take(&mut self, entry: ReadEntry) -> Result<(), Closed> {
        self.report.entries += 1;
        let position = entry.position.0;
        if entry.kind != ENTRY_KIND_LOGS {
            tracing::error!(position, kind = entry.kind, "log entry of an unknown kind left alone");
            return Ok(());
        }
        let (header, request) = match LogEntry::decode(&entry.body) {
            Ok(parts) => parts,
            Err(error) => {
                // Nobody knows how many records it holds; it stays in the log for a program that can read it.
                tracing::error!(position, error = %error, "log entry cannot be read and is left alone");
                return Ok(());
            }
        };
        let ledger = &self.writer.ingest.ledger;
        let rejected = header.rejections.iter().map(|rejection| rejection.reason.name()).collect();
        ledger.acknowledge(header.tenant, Signal::Logs, header.received, &rejected);
        let rejected_count = u32::try_from(header.rejections.len()).unwrap_or(u32::MAX);
        let records = header.received.saturating_sub(rejected_count);
        let mut paid = Paid { reservation: None, bytes: 0 };
        self.pay(&mut paid, entry.body.len() as u64 + header.head_bytes)?;
        let message = match self.message_of(&header, request, &mut paid)? {
            Ok(message) => message,
            Err(error) => {
                drop_undecodable(ledger, position, header.tenant, u64::from(records), &error);
                self.report.dropped += u64::from(records);
                return Ok(());
            }
        };
        self.step_bytes += message.len() as u64;
        self.step.push(Pending {
            position,
            tenant: header.tenant,
            received_at: header.received_at,
            message: message.into(),
            rejected: header.rejections.iter().map(|rejection| rejection.ordinal).collect(),
            records,
            head_bytes: header.head_bytes,
            reservation: paid.reservation,
        });
        if self.step_bytes >= WRITER_STEP_BYTES {
            self.store();
            if self.writer.ingest.queue.pause(Duration::ZERO) {
                return Err(Closed);
            }
        }
        Ok(())
    }

    fn store(&mut self) {
        self.step_bytes = 0;
        // What comes in meanwhile keeps to the store's pace at the door; a replay does so here.
        while self.writer.ingest.is_sealing_behind() && !self.writer.ingest.queue.pause(SEAL_PAUSE) {}
        let step = std::mem::take(&mut self.step);
        self.report.records += self.writer.store_step(step);
    }

    /// The request of an entry as an OTLP protobuf message. It is paid for while it grows: an entry may have been
    /// compressed a thousandfold.
    fn message_of(
        &mut self,
        header: &LogEntry,
        request: &[u8],
        paid: &mut Paid,
    ) -> Result<Result<Vec<u8>, DecodeError>, Closed> {
        let mut plain = Vec::new();
        let mut inflater = Inflater::new(header.coding, REQUEST_BYTES_MAX);
        for piece in request.chunks(INFLATE_STEP_BYTES) {
            let mut input = piece;
            loop {
                let before = plain.capacity();
                match inflater.step(&mut input, &mut plain) {
                    Ok(wire::inflate::Step::NeedsInput) => break,
                    Ok(wire::inflate::Step::More) => {}
                    Err(error) => return Ok(Err(error.into())),
                }
                // The request itself is paid for, and a body that was not compressed is no longer than it.
                if plain.capacity() > before && plain.len() > request.len() {
                    let wanted = paid.bytes + (plain.capacity() - before) as u64;
                    self.pay(paid, wanted)?;
                }
            }
        }
        if let Err(error) = inflater.finish(&mut plain) {
            return Ok(Err(error.into()));
        }
        match header.format {
            Format::Protobuf => Ok(Ok(plain)),
            Format::Json => {
                let growth = json_growth_bytes(&plain);
                self.pay(paid, paid.bytes + growth)?;
                let mut message = Vec::with_capacity(usize::try_from(growth).unwrap_or(0) / 2);
                let read = wire::otlp_json::logs_to_protobuf(&plain, &replay_limits(), &mut message);
                Ok(read.map(|_| message).map_err(DecodeError::from))
            }
        }
    }

    /// Reserves `to_bytes` in all. When the budget has no room, what waits in the step is stored first, which gives
    /// back the bytes of its bodies; then others get some time to finish.
    ///
    /// What was acknowledged is never refused: the memory may be held by requests that wait for this replay, or the
    /// records may have had a place before the restart only because their estimate was too low. So after one wait in
    /// vain the replay goes on, and what it holds beyond the budget shows as uncharged. It does so up to a share of the
    /// budget; beyond that it waits, because a process that the system kills would only begin again.
    fn pay(&mut self, paid: &mut Paid, to_bytes: u64) -> Result<(), Closed> {
        let budget: &MemoryBudget = self.writer.ingest.budget();
        paid.bytes = to_bytes;
        let mut waited = Duration::ZERO;
        loop {
            if paid.try_cover(budget) {
                return Ok(());
            }
            if !self.step.is_empty() {
                self.store();
                continue;
            }
            let uncharged_bytes = self.writer.store.stats().uncharged_bytes;
            let may_overdraw = uncharged_bytes < budget.limit_bytes() / OVERDRAFT_SHARE_OF_BUDGET;
            if may_overdraw && (!self.is_patient || waited >= self.writer.ingest.settings.replay_memory_wait) {
                self.is_patient = false;
                return Ok(());
            }
            if waited.is_zero() {
                tracing::warn!(
                    wanted_bytes = to_bytes,
                    limit_bytes = budget.limit_bytes(),
                    "replay waits for memory; raise memory.budget if this does not pass"
                );
            }
            let queue: &StoreQueue = &self.writer.ingest.queue;
            if queue.pause(MEMORY_PAUSE) {
                return Err(Closed);
            }
            waited += MEMORY_PAUSE;
        }
    }
}

/// What a request that is read back takes, and the part of it that the budget had room for.
struct Paid {
    reservation: Option<Reservation>,
    bytes: u64,
}

impl Paid {
    fn try_cover(&mut self, budget: &MemoryBudget) -> bool {
        let wanted = self.bytes.min(budget.limit_bytes());
        match &mut self.reservation {
            Some(reservation) => reservation.try_grow_to(wanted),
            None => {
                self.reservation = budget.try_reserve(wanted);
                self.reservation.is_some()
            }
        }
    }
}

impl LogIngest {
    /// Ends [`LogWriter::run`] once everything acknowledged is stored. Call after the log is closed.
    pub fn close(&self) {
        self.stop();
        self.queue.close();
    }
}

/// Why an acknowledged request cannot be stored.
#[derive(Debug, thiserror::Error)]
enum DecodeError {
    #[error(transparent)]
    Wire(#[from] wire::WireError),
    #[error("{found} records are to be stored where {acknowledged} were acknowledged")]
    Count { found: usize, acknowledged: u32 },
}

fn decode(pending: &Pending) -> Result<model::LogBatch, DecodeError> {
    let batch = wire::otlp::logs::decode(&pending.message, &pending.rejected)?;
    if batch.len() != pending.records as usize {
        return Err(DecodeError::Count { found: batch.len(), acknowledged: pending.records });
    }
    Ok(batch)
}

fn new_logs(pending: Pending, batch: model::LogBatch) -> NewLogs {
    let Pending { position, tenant, received_at, rejected, records, head_bytes, mut reservation, message, .. } =
        pending;
    // The body is not needed any more; what stays charged is the decoded form.
    drop(message);
    if let Some(reservation) = &mut reservation {
        reservation.shrink_to(head_bytes);
    }
    let ordinals = (!rejected.is_empty()).then(|| kept_ordinals(records, &rejected));
    NewLogs { tenant, position, received: received_at, batch, ordinals, reservation }
}

/// The ordinals of the records that were not rejected.
fn kept_ordinals(kept_count: u32, rejected: &[u32]) -> Vec<u32> {
    let mut rejected = rejected.iter().copied().peekable();
    let mut kept = Vec::with_capacity(usize::try_from(kept_count).unwrap_or(0));
    let mut ordinal = 0u32;
    while kept.len() < kept_count as usize {
        if rejected.next_if_eq(&ordinal).is_none() {
            kept.push(ordinal);
        }
        ordinal += 1;
    }
    kept
}

fn drop_undecodable(ledger: &Ledger, position: u64, tenant: TenantId, records: u64, error: &DecodeError) {
    tracing::error!(position, tenant = %tenant, records, error = %error, "acknowledged records cannot be decoded");
    ledger.drop_records(tenant, Signal::Logs, records, DropReason::Undecodable);
}

/// Limits of form only: which records are taken was decided when they were acknowledged.
fn replay_limits() -> LogLimits {
    LogLimits {
        records_max: RECORDS_MAX,
        record_bytes_max: RECORD_BYTES_MAX,
        attributes_max: ATTRIBUTES_MAX,
        depth_max: DEPTH_MAX,
        oldest: Timestamp::MIN,
        newest: Timestamp::MAX,
    }
}

#[cfg(test)]
mod tests;
