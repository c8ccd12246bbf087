//! From a request to a durable entry: survey, reserve, ask the quota, append, answer.

use crate::entry::{ENTRY_KIND_LOGS, LogEntry};
use crate::error::IngestError;
use crate::ledger::{Ledger, RejectedSums, Signal};
use crate::limits::{
    ATTRIBUTES_MAX, DEPTH_MAX, IngestSettings, MESSAGE_BYTES_MAX, QUEUE_BYTES, RECORD_BYTES_MAX, RECORDS_MAX,
};
use crate::log_view::LogView;
use crate::quota::{Cost, Quotas};
use crate::store_queue::{Pending, StoreQueue};
use crate::tenant_directory::TenantDirectory;
use basics::{Clock, MemoryBudget, Reservation, TenantId, Timestamp};
use bytes::Bytes;
use log_store::LogStore;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use wal::{NewEntry, Wal};
use wire::inflate::Coding;
use wire::otlp::logs::{LogLimits, Rejection, Survey, SurveyNotes};

/// How a body is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The OTLP message in protobuf.
    Protobuf,
    /// The OTLP message in its JSON mapping.
    Json,
}

/// A request as a face hands it in: read, inflated, and paid for.
pub struct LogRequest {
    /// Whose it is.
    pub tenant: TenantId,
    /// The body's format.
    pub format: Format,
    /// The compression of `raw`.
    pub coding: Coding,
    /// The body as received, in pieces.
    pub raw: Vec<Bytes>,
    /// The body decompressed. Without compression the same memory as the single piece of `raw`.
    pub plain: Bytes,
    /// Memory reserved for `raw` and `plain`.
    pub reservation: Reservation,
}

/// What the sender hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Records counted in the request.
    pub received: u32,
    /// Records that are not taken; the sender must not send them again.
    pub rejected: u32,
    /// Why records were rejected, or what else the sender should know; empty when there is nothing to say.
    pub message: String,
}

/// How far the way in may run ahead of the store.
struct Pace {
    store: Arc<LogStore>,
    /// Bytes of records in memory beside those that are being written to disk.
    head_bytes: u64,
}

/// The logs' way in. Shared by all faces.
pub struct LogIngest {
    pub(crate) wal: Wal,
    pub(crate) queue: Arc<StoreQueue>,
    pub(crate) ledger: Arc<Ledger>,
    tenants: Arc<TenantDirectory>,
    pub(crate) clock: Arc<dyn Clock>,
    budget: MemoryBudget,
    quotas: Arc<Quotas>,
    pub(crate) settings: IngestSettings,
    pace: Option<Pace>,
    is_stopping: AtomicBool,
    pub(crate) replayed_to: AtomicU64,
    pub(crate) replay_end: AtomicU64,
}

impl LogIngest {
    /// Connects the log, the ledger and the memory budget. Nothing runs yet.
    pub fn new(
        wal: Wal,
        ledger: Arc<Ledger>,
        tenants: Arc<TenantDirectory>,
        clock: Arc<dyn Clock>,
        budget: MemoryBudget,
        settings: IngestSettings,
    ) -> LogIngest {
        let quotas = Arc::new(Quotas::new(settings.quotas.clone(), tenants.clone()));
        LogIngest {
            wal,
            queue: Arc::default(),
            ledger,
            tenants,
            clock,
            budget,
            quotas,
            settings,
            pace: None,
            is_stopping: AtomicBool::new(false),
            replayed_to: AtomicU64::new(0),
            replay_end: AtomicU64::new(0),
        }
    }

    /// The same, held to the pace of a store: while records are written to disk, at most `head_bytes` of others are taken
    /// into memory.
    pub fn paced_by(mut self, store: Arc<LogStore>, head_bytes: u64) -> LogIngest {
        self.pace = Some(Pace { store, head_bytes });
        self
    }

    /// True while the store is behind what was acknowledged. Who has a request at the door waits a little before it hands it
    /// in, so that senders are slowed instead of turned away; after that [`IngestError::StoreBusy`] is the answer.
    ///
    /// A store that cannot write to disk at all holds nobody back: what is acknowledged is safe in the log, and the
    /// memory budget says when no more can be taken.
    pub fn is_store_behind(&self) -> bool {
        let (replayed_to, replay_end) = self.replay_progress();
        // During a replay requests wait behind it, up to the memory budget.
        let is_queue_long = self.queue.bytes() >= QUEUE_BYTES && replayed_to >= replay_end;
        is_queue_long || self.is_sealing_behind()
    }

    pub(crate) fn is_sealing_behind(&self) -> bool {
        self.pace.as_ref().is_some_and(|pace| pace.store.is_sealing_behind(pace.head_bytes))
    }

    /// Counts a request that waited in vain for the store.
    pub fn refuse_store_busy(&self, tenant: TenantId, bytes: u64) -> IngestError {
        refused(&self.ledger, tenant, bytes, IngestError::StoreBusy)
    }

    /// Takes a request in. `done` is called exactly once: at once with an error, or from the log's writer thread
    /// when the request is durable (or could not be made so). It must be quick.
    pub fn admit(&self, request: LogRequest, done: impl FnOnce(Result<Receipt, IngestError>) + Send + 'static) {
        let tenant = request.tenant;
        let bytes = request.plain.len() as u64;
        let prepared = match self.prepare(request) {
            Ok(prepared) => prepared,
            Err(error) => {
                self.ledger.refuse(tenant, Signal::Logs, bytes, error.refuse_reason());
                done(Err(error));
                return;
            }
        };
        if prepared.pending.records == 0 {
            // Nothing is left to store, so nothing has to be durable.
            self.acknowledge(tenant, &prepared);
            done(Ok(prepared.receipt));
            return;
        }
        self.append(prepared, done);
    }

    /// Turns further requests away; those admitted already are finished.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
    }

    /// The largest request body in bytes that has a chance.
    pub fn request_bytes_max(&self) -> u64 {
        self.settings.effective_request_bytes_max(self.budget.limit_bytes())
    }

    /// The memory budget that requests are charged to.
    pub fn budget(&self) -> &MemoryBudget {
        &self.budget
    }

    /// The loss ledger.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Names and numbers of the tenants.
    pub fn tenants(&self) -> &Arc<TenantDirectory> {
        &self.tenants
    }

    /// Figures of the log.
    pub fn log_view(&self) -> LogView {
        LogView::of(self.wal.stats())
    }

    /// Requests acknowledged and waiting for the writer.
    pub fn queued_requests(&self) -> usize {
        self.queue.len()
    }

    /// Replay so far: the last position replayed, and the last to replay.
    pub fn replay_progress(&self) -> (u64, u64) {
        (self.replayed_to.load(Ordering::Acquire), self.replay_end.load(Ordering::Acquire))
    }

    fn prepare(&self, request: LogRequest) -> Result<Prepared, IngestError> {
        if self.is_stopping.load(Ordering::Acquire) {
            return Err(IngestError::Stopping);
        }
        let LogRequest { tenant, format, coding, raw, plain, mut reservation } = request;
        let received_at = self.clock.now();
        let plain_bytes = plain.len() as u64;
        let limits = self.limits(received_at);
        let (message, survey, json_remarks) = match format {
            Format::Protobuf => {
                let survey = wire::otlp::logs::survey(&plain, &limits, received_at)?;
                (plain, survey, Vec::new())
            }
            Format::Json => {
                let held = reservation.bytes();
                self.grow(&mut reservation, held + json_growth_bytes(&plain))?;
                let mut message = Vec::new();
                let notes = wire::otlp_json::logs_to_protobuf(&plain, &limits, &mut message)?;
                let mut survey = wire::otlp::logs::survey(&message, &limits, received_at)?;
                let remarks = json_remarks(notes.replaced_texts, notes.warning);
                merge_rejections(&mut survey, notes.rejections);
                (Bytes::from(message), survey, remarks)
            }
        };
        let held = reservation.bytes();
        self.grow(&mut reservation, held + survey.head_bytes)?;
        // Last of all that can refuse before the log does, so that only what is about to be kept is charged.
        let cost = Cost { bytes: plain_bytes, records: u64::from(survey.received) };
        self.quotas.take(tenant, cost, self.clock.monotonic())?;

        let receipt = receipt(&survey, &json_remarks);
        let rejected: Vec<u32> = survey.rejected.iter().map(|rejection| rejection.ordinal).collect();
        let rejected_sums = survey.rejected.iter().map(|rejection| rejection.reason.name()).collect();
        let entry = LogEntry {
            tenant,
            format,
            coding,
            received_at,
            received: survey.received,
            head_bytes: survey.head_bytes,
            rejections: survey.rejected,
        };
        let pending = Pending {
            position: 0,
            tenant,
            received_at,
            message,
            records: survey.received.saturating_sub(receipt.rejected),
            rejected,
            head_bytes: survey.head_bytes,
            reservation: Some(reservation),
        };
        let mut slices = Vec::with_capacity(raw.len() + 1);
        slices.push(Bytes::from(entry.encode_header()));
        slices.extend(raw);
        Ok(Prepared { rejected_sums, slices, pending, cost, receipt })
    }

    fn append(&self, prepared: Prepared, done: impl FnOnce(Result<Receipt, IngestError>) + Send + 'static) {
        let Prepared { rejected_sums, slices, pending, cost, receipt } = prepared;
        let ledger = self.ledger.clone();
        let quotas = self.quotas.clone();
        let queue = self.queue.clone();
        // The answer is shared between the two ways it can be given: by the log later, or at once when the log
        // does not even take the entry (it then drops its callback uncalled).
        let answer = Arc::new(std::sync::Mutex::new(Some(done)));
        let later = answer.clone();
        let (tenant, bytes) = (pending.tenant, pending.message.len() as u64);
        let on_durable = move |result: Result<wal::Position, wal::WalError>| {
            let verdict = match result {
                Ok(position) => {
                    ledger.acknowledge(tenant, Signal::Logs, receipt.received, &rejected_sums);
                    queue.push(Pending { position: position.0, ..pending });
                    Ok(receipt)
                }
                Err(error) => {
                    quotas.give_back(tenant, cost);
                    Err(refused(&ledger, tenant, bytes, error.into()))
                }
            };
            give(&later, verdict);
        };
        let taken = self.wal.append(NewEntry { kind: ENTRY_KIND_LOGS, slices }, Box::new(on_durable));
        if let Err(error) = taken {
            self.quotas.give_back(tenant, cost);
            give(&answer, Err(refused(&self.ledger, tenant, bytes, error.into())));
        }
    }

    fn acknowledge(&self, tenant: TenantId, prepared: &Prepared) {
        self.ledger.acknowledge(tenant, Signal::Logs, prepared.receipt.received, &prepared.rejected_sums);
    }

    fn limits(&self, received_at: Timestamp) -> LogLimits {
        LogLimits {
            records_max: RECORDS_MAX,
            record_bytes_max: RECORD_BYTES_MAX,
            attributes_max: ATTRIBUTES_MAX,
            depth_max: DEPTH_MAX,
            oldest: received_at.saturating_sub(self.settings.retention),
            newest: received_at.saturating_add(self.settings.ahead_max),
        }
    }

    fn grow(&self, reservation: &mut Reservation, to_bytes: u64) -> Result<(), IngestError> {
        let limit_bytes = self.budget.limit_bytes();
        if to_bytes > limit_bytes {
            return Err(IngestError::TooLargeForBudget { needed_bytes: to_bytes, limit_bytes });
        }
        if reservation.try_grow_to(to_bytes) { Ok(()) } else { Err(IngestError::Memory { limit_bytes }) }
    }
}

struct Prepared {
    rejected_sums: RejectedSums,
    slices: Vec<Bytes>,
    pending: Pending,
    /// What it was charged for.
    cost: Cost,
    receipt: Receipt,
}

type Answer<D> = std::sync::Mutex<Option<D>>;

fn give<D: FnOnce(Result<Receipt, IngestError>)>(answer: &Answer<D>, verdict: Result<Receipt, IngestError>) {
    let done = answer.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    if let Some(done) = done {
        done(verdict);
    }
}

fn refused(ledger: &Ledger, tenant: TenantId, bytes: u64, error: IngestError) -> IngestError {
    ledger.refuse(tenant, Signal::Logs, bytes, error.refuse_reason());
    error
}

/// A JSON body is never shorter than its protobuf form by more than the fixed-width fields cost; twice its length
/// is the ceiling that the translation itself enforces.
pub(crate) fn json_growth_bytes(json: &[u8]) -> u64 {
    2 * json.len() as u64
}

/// Adds the records that the JSON reader already found bad; both lists and the result are ascending by ordinal.
fn merge_rejections(survey: &mut Survey, more: Vec<Rejection>) {
    if more.is_empty() {
        return;
    }
    let mut by_ordinal: BTreeMap<u32, Rejection> =
        more.into_iter().map(|rejection| (rejection.ordinal, rejection)).collect();
    for rejection in std::mem::take(&mut survey.rejected) {
        by_ordinal.entry(rejection.ordinal).or_insert(rejection);
    }
    survey.rejected = by_ordinal.into_values().collect();
}

/// What a sender should know that only the reader of its JSON has seen.
fn json_remarks(replaced_texts: u32, warning: Option<String>) -> Vec<String> {
    let halves = "texts held half a surrogate pair, which is no character; it is replaced by U+FFFD";
    let replaced = (replaced_texts > 0).then(|| format!("{replaced_texts} {halves}"));
    replaced.into_iter().chain(warning).collect()
}

fn receipt(survey: &Survey, more_remarks: &[String]) -> Receipt {
    let rejected = u32::try_from(survey.rejected.len()).unwrap_or(u32::MAX);
    let mut message = rejection_text(survey);
    for remark in remarks(&survey.notes).iter().chain(more_remarks) {
        if !message.is_empty() {
            message.push_str("; ");
        }
        message.push_str(remark);
    }
    let end = (0..=message.len().min(MESSAGE_BYTES_MAX)).rev().find(|at| message.is_char_boundary(*at));
    message.truncate(end.unwrap_or(0));
    Receipt { received: survey.received, rejected, message }
}

/// What a sender should know about records that are taken all the same.
fn remarks(notes: &SurveyNotes) -> Vec<String> {
    let counted = [
        (notes.replaced_texts, "texts were not UTF-8; the bad bytes are replaced by U+FFFD"),
        (notes.string_indexes, "string indexes stand outside of profiles and mean nothing there; they are left out"),
        (notes.unknown_severities, "severity numbers are not between 0 and 24; they are kept as not given"),
    ];
    counted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect()
}

/// One sentence a reason, with the first few ordinals as a place to look.
fn rejection_text(survey: &Survey) -> String {
    const ORDINALS_SHOWN: usize = 5;
    let mut by_reason: BTreeMap<&'static str, (Rejection, Vec<u32>, u64)> = BTreeMap::new();
    for rejection in &survey.rejected {
        let (_, ordinals, count) =
            by_reason.entry(rejection.reason.name()).or_insert_with(|| (*rejection, Vec::new(), 0));
        *count += 1;
        if ordinals.len() < ORDINALS_SHOWN {
            ordinals.push(rejection.ordinal);
        }
    }
    let mut text = String::new();
    for (index, (first, ordinals, count)) in by_reason.values().enumerate() {
        let separator = if index > 0 { "; " } else { "" };
        let places: Vec<String> = ordinals.iter().map(u32::to_string).collect();
        let more = if *count > ordinals.len() as u64 { ", ..." } else { "" };
        let written = write!(
            text,
            "{separator}{count} of {} records rejected: {} (record {}{more})",
            survey.received,
            first.reason.message(),
            places.join(", ")
        );
        written.expect("writing to a String does not fail");
    }
    text
}

#[cfg(test)]
mod tests;
