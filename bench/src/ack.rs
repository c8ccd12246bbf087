//! `bench ack`: what a durable yes costs, and how soon a collector is there again.
//!
//! A round starts a collector with default configuration on an empty directory and measures:
//! - `ready_ms`: from its start to the first record acknowledged;
//! - `receive_cpu_us_per_record`: its processor time per record from socket to durable yes and searchable head, OTLP/HTTP,
//!   protobuf, uncompressed, batches of 1,000 on 4 connections, as fast as answers come;
//! - `ack_added_p99_ms`: p99 of the yes at half of that speed, less p99 of the bare group-commit loop on the same schedule
//!   with the same bytes; slices of the two alternate.
//!
//! Then a collector with 1 GiB of requests in its log is killed and started again, round after round:
//! - `restart_accept_s`: to the first record acknowledged;
//! - `restart_searchable_s`: until all of it can be searched.
//!
//! Start at [`run`].

use crate::bare_loop::BareLoop;
use crate::figures::{median, millis, p99};
use crate::load::{Bodies, OverHttp, closed_loop, open_loop};
use crate::process::{cpu_of, syncs_of};
use crate::report::{Report, scratch_dir};
use basics::{GIB, MIB, Timestamp};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, iter};
use testkit::api_client::ledger_at_rest;
use testkit::http_client::HttpConnection;
use testkit::log_load::LogLoad;
use testkit::outrigger_process::{NETWORK_DEADLINE, OutriggerProcess, ProcessPlan};

/// Rounds of each measurement; the figure is their median.
const ROUNDS: usize = 5;
/// Records of a request.
const BATCH_RECORDS: u64 = 1_000;
/// Connections at full speed.
const CONNECTIONS: usize = 4;
/// Senders of the open loop: enough that a request never waits for one while answers come within a tenth of a second.
const OPEN_LOOP_SENDERS: usize = 32;
/// Requests before a measurement, to warm caches, connections and the log's spare segments.
const WARM_UP_REQUESTS: usize = 100;
/// Requests at full speed.
const FULL_SPEED_REQUESTS: usize = 2_000;
/// Requests of one slice of the open loop.
const SLICE_REQUESTS: usize = 250;
/// Slices of each kind.
const SLICES: usize = 4;
/// Bodies in the log before the restart.
const RESTART_BYTES: u64 = GIB;
/// The difference of two noisy p99 may be nothing or less; the figure stays a positive number.
const ADDED_MS_MIN: f64 = 0.01;
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// What one round found.
struct Round {
    ready_ms: f64,
    requests_per_second: f64,
    cpu_us_per_record: f64,
    collector_p99_ms: f64,
    bare_p99_ms: f64,
    syncs: u64,
}

struct Restart {
    accept_s: f64,
    searchable_s: f64,
}

/// Runs all rounds, prints each figure once, and keeps the rounds.
pub fn run() -> io::Result<()> {
    let dir = scratch_dir()?;
    let bodies = Bodies::make(BATCH_RECORDS, a_minute_ago());
    let mut report = Report::begin("ack", dir.path());
    report.line(&format!("requests of {BATCH_RECORDS} records, {} bytes each", bodies.mean_bytes()));
    let mut rounds = Vec::new();
    for number in 1..=ROUNDS {
        let round = measure_round(&dir.path().join(format!("round{number}")), &bodies)?;
        report.line(&format!(
            "round {number}: ready {:.1} ms; full speed {:.0} requests/s at {:.3} us CPU per record; p99 at half speed {:.3} ms, bare loop {:.3} ms; {} syncs",
            round.ready_ms,
            round.requests_per_second,
            round.cpu_us_per_record,
            round.collector_p99_ms,
            round.bare_p99_ms,
            round.syncs
        ));
        rounds.push(round);
    }
    let restarts = measure_restarts(&dir.path().join("restart"), &bodies, &mut report)?;
    let of = |figure: fn(&Round) -> f64| median(&rounds.iter().map(figure).collect::<Vec<_>>());
    let of_restarts = |figure: fn(&Restart) -> f64| median(&restarts.iter().map(figure).collect::<Vec<_>>());
    let added = of(|round| round.collector_p99_ms - round.bare_p99_ms).max(ADDED_MS_MIN);
    let figures = [
        ("full_speed_requests_per_s", format!("{:.0}", of(|round| round.requests_per_second))),
        ("ack_added_p99_ms", format!("{added:.2}")),
        ("receive_cpu_us_per_record", format!("{:.3}", of(|round| round.cpu_us_per_record))),
        ("ready_ms", format!("{:.1}", of(|round| round.ready_ms))),
        ("restart_accept_s", format!("{:.3}", of_restarts(|restart| restart.accept_s))),
        ("restart_searchable_s", format!("{:.3}", of_restarts(|restart| restart.searchable_s))),
    ];
    report.end(&figures, rounds.iter().map(|round| round.syncs).sum())
}

fn measure_round(dir: &Path, bodies: &Bodies) -> io::Result<Round> {
    fs::create_dir_all(dir)?;
    let plan = ProcessPlan::in_dir(dir).without_sealing();
    let mut process = OutriggerProcess::start(&plan).map_err(io::Error::other)?;
    let ready = wait_acknowledging(&mut process)?;
    let address = process.otlp_http;
    closed_loop(connections(address, CONNECTIONS)?, bodies, WARM_UP_REQUESTS)?;
    ledger_at_rest(process.web, "default", PATIENCE)?;
    let cpu_before = cpu_of(process.id())?;
    let took = closed_loop(connections(address, CONNECTIONS)?, bodies, FULL_SPEED_REQUESTS)?;
    ledger_at_rest(process.web, "default", PATIENCE)?;
    let cpu = cpu_of(process.id())?.saturating_sub(cpu_before);
    let requests_per_second = FULL_SPEED_REQUESTS as f64 / took.as_secs_f64();

    let interval = Duration::from_secs_f64(2.0 / requests_per_second);
    let bare =
        BareLoop::start(&dir.join("bare"), bodies.mean_bytes() * SLICE_REQUESTS as u64 * SLICES as u64 + 64 * MIB)?;
    let (mut collector_delays, mut bare_delays) = (Vec::new(), Vec::new());
    let mut senders = connections(address, OPEN_LOOP_SENDERS)?;
    let mut bare_senders: Vec<&BareLoop> = iter::repeat_n(&bare, OPEN_LOOP_SENDERS).collect();
    for _ in 0..SLICES {
        collector_delays.extend(open_loop(&mut senders, bodies, SLICE_REQUESTS, interval)?);
        ledger_at_rest(process.web, "default", PATIENCE)?;
        bare_delays.extend(open_loop(&mut bare_senders, bodies, SLICE_REQUESTS, interval)?);
    }
    drop(bare_senders);
    let syncs = syncs_of(&process)?;
    process.kill().map_err(io::Error::other)?;
    drop(bare);
    fs::remove_dir_all(dir)?;
    Ok(Round {
        ready_ms: millis(ready),
        requests_per_second,
        cpu_us_per_record: cpu.as_secs_f64() * 1e6 / (FULL_SPEED_REQUESTS as f64 * BATCH_RECORDS as f64),
        collector_p99_ms: millis(p99(&collector_delays)),
        bare_p99_ms: millis(p99(&bare_delays)),
        syncs,
    })
}

fn measure_restarts(dir: &Path, bodies: &Bodies, report: &mut Report) -> io::Result<Vec<Restart>> {
    fs::create_dir_all(dir)?;
    let plan = ProcessPlan::in_dir(dir).without_sealing();
    let count = usize::try_from(RESTART_BYTES.div_ceil(bodies.mean_bytes())).map_err(io::Error::other)?;
    let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).map_err(io::Error::other)?;
    closed_loop(connections(process.otlp_http, CONNECTIONS)?, bodies, count)?;
    let before = ledger_at_rest(process.web, "default", PATIENCE)?;
    process.kill().map_err(io::Error::other)?;
    let mut restarts = Vec::new();
    for number in 1..=ROUNDS {
        process = OutriggerProcess::start(&plan).map_err(io::Error::other)?;
        let accept = wait_acknowledging(&mut process)?;
        let searchable = process.wait_replayed(PATIENCE).map_err(io::Error::other)?;
        let account = ledger_at_rest(process.web, "default", PATIENCE)?;
        if account.stored < before.stored {
            let message = format!("{} of {} records are searchable after the restart", account.stored, before.stored);
            return Err(io::Error::other(message));
        }
        process.kill().map_err(io::Error::other)?;
        let restart = Restart { accept_s: accept.as_secs_f64(), searchable_s: searchable.as_secs_f64() };
        report.line(&format!(
            "restart {number} with {count} requests in the log: first yes after {:.3} s, all {} records searchable after {:.3} s",
            restart.accept_s, before.stored, restart.searchable_s
        ));
        restarts.push(restart);
    }
    Ok(restarts)
}

/// Waits until a record is acknowledged, and says how long after the start that was.
fn wait_acknowledging(process: &mut OutriggerProcess) -> io::Result<Duration> {
    let address = process.otlp_http;
    let body = LogLoad::new("ready", 1, a_minute_ago()).request(1).body;
    let sent = process.wait_until("acknowledged a record", PATIENCE, || {
        let mut connection = HttpConnection::connect(address, NETWORK_DEADLINE)?;
        Ok(connection.request("POST", "/v1/logs", &[("content-type", "application/x-protobuf")], &body)?.status == 200)
    });
    sent.map_err(io::Error::other)
}

fn connections(address: std::net::SocketAddr, count: usize) -> io::Result<Vec<OverHttp>> {
    (0..count).map(|_| OverHttp::connect(address)).collect()
}

fn a_minute_ago() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(0).saturating_add(now).saturating_sub(Duration::from_secs(60))
}
