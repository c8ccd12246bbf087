//! `bench store`: what a record costs on its way into a part, step by step, on one thread of one process.
//!
//! `bench logs` says what all of a collector costs, and how much of it is sockets, the log or waiting depends on the machine
//! of the day. Here are only the steps that work on each byte: decode, head, seal, merge. What to profile.
//!
//! Start at [`run`].

use crate::fleet::{Fleet, FleetSettings};
use crate::report::{Report, scratch_dir};
use basics::{MIB, OsDisk, TenantId, Timestamp};
use log_store::{LogStore, NewLogs};
use parts::MergeOutcome;
use parts::merge_plan::MergeSettings;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Records, unless another number is given: enough for a merge.
pub const RECORDS_DEFAULT: u64 = 3_600_000;
const BATCH_RECORDS: u64 = 1_000;
/// Requests that are decoded before they are appended.
const STEP: u64 = 16;
/// A head of so many bytes is sealed, as it is by default.
const HEAD_BYTES: u64 = 128 * MIB;
/// 2026-01-01T00:00:00Z, whose day ended long ago.
const START: Timestamp = Timestamp(1_767_225_600_000_000_000);
const SPAN: Duration = Duration::from_secs(86_399);
const SEED: u64 = 4;
const RARE_KEYS: u32 = 300;

/// Processor time of each step.
#[derive(Debug, Default)]
struct Cost {
    decode: Duration,
    head: Duration,
    seal: Duration,
    merge: Duration,
}

/// Does all steps, and prints what a million records cost in each.
pub fn run(records: u64) -> io::Result<()> {
    let dir = scratch_dir()?;
    let mut report = Report::begin("store", dir.path());
    let fleet = Fleet::new(FleetSettings {
        seed: SEED,
        records,
        records_per_request: BATCH_RECORDS,
        start: START,
        span: SPAN,
        rare_keys: RARE_KEYS,
    });
    let store = LogStore::open(Arc::new(OsDisk), &dir.path().join("logs")).map_err(io::Error::other)?;
    let mut cost = Cost::default();
    for first in (0..fleet.requests()).step_by(usize::try_from(STEP).unwrap_or(1)) {
        let bodies: Vec<(u64, Vec<u8>)> =
            (first..fleet.requests().min(first + STEP)).map(|number| (number, fleet.request(number).body)).collect();
        let mut logs = Vec::with_capacity(bodies.len());
        measured(&mut cost.decode, || {
            for (position, body) in &bodies {
                logs.push(decoded(*position, body)?);
            }
            Ok::<(), io::Error>(())
        })?;
        measured(&mut cost.head, || {
            store.append(logs);
            Ok::<(), io::Error>(())
        })?;
        if store.stats().memory_bytes >= HEAD_BYTES {
            store.freeze();
            measured(&mut cost.seal, || store.seal().map(drop))?;
        }
    }
    measured(&mut cost.seal, || store.seal_all())?;
    let sealed_bytes = store.part_stats().file_bytes;
    let mut merged = 0;
    measured(&mut cost.merge, || {
        loop {
            match store.parts().merge(MergeSettings::default(), START.saturating_add(2 * SPAN), &|| false)? {
                MergeOutcome::Merged(merge) => merged += merge.records,
                MergeOutcome::Idle => return Ok::<(), log_store::StoreError>(()),
                other => tell(&other),
            }
        }
    })?;
    report.line(&format!(
        "{} records; {} bytes sealed, {} after merges of {merged} records",
        fleet.records(),
        sealed_bytes,
        store.part_stats().file_bytes
    ));
    let million = fleet.records() as f64 / 1e6;
    let figures = [
        ("store_decode_s_per_million", cost.decode),
        ("store_head_s_per_million", cost.head),
        ("store_seal_s_per_million", cost.seal),
        ("store_merge_s_per_million", cost.merge),
    ];
    let figures = figures.map(|(name, cost)| (name, format!("{:.3}", cost.as_secs_f64() / million)));
    report.end(&figures, 0)
}

fn decoded(position: u64, body: &[u8]) -> io::Result<NewLogs> {
    let batch = wire::otlp::logs::decode(body, &[]).map_err(io::Error::other)?;
    Ok(NewLogs { tenant: TenantId(0), position, received: START, batch, ordinals: None, reservation: None })
}

fn tell(outcome: &MergeOutcome) {
    eprintln!("bench store: a merge ended as {outcome:?}");
}

/// Adds the processor time of this thread meanwhile.
fn measured<E>(spent: &mut Duration, work: impl FnOnce() -> Result<(), E>) -> io::Result<()>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let before = thread_cpu()?;
    work().map_err(io::Error::other)?;
    *spent += thread_cpu()?.saturating_sub(before);
    Ok(())
}

/// Processor time of this thread (proc(5), `schedstat`).
fn thread_cpu() -> io::Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = text.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    nanos.map(Duration::from_nanos).ok_or_else(|| io::Error::other(format!("schedstat reads {text:?}")))
}
