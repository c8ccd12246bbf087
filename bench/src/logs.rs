//! `bench logs`: what ten million log records cost, how small they become, and how soon questions about them are answered.
//!
//! One run, on one set of files, with a collector in default configuration:
//! 1. The fleet is gone through once without a collector, to know every answer ([`known`]).
//! 2. It is sent over OTLP/HTTP on 4 connections, and the collector left alone until it has come to rest ([`feeding`]).
//! 3. Questions are asked one at a time, each another one, and each answer is checked ([`asking`]).
//! 4. A sample of the records, as the API writes them, is compressed ([`sample`]).
//! 5. Live load: how soon records can be seen, and what questions cost senders ([`live`]).
//! 6. The collector is started again, and its first needle counted in bytes.
//!
//! A figure whose answers were wrong or cut short is not printed; the run then ends as failed. What is being done, and to
//! which process, goes to standard error, for those who attach a profiler.
//!
//! Start at [`run`].

mod settings;

mod asking;
mod feeding;
mod known;
mod live;
mod questions;
mod sample;

pub use settings::LogsSettings;

use crate::figures::{SizeOf, millis, p50, p95, seconds_per_million};
use crate::fleet::{Fleet, FleetSettings};
use crate::process::{peak_memory_kib_of, read_bytes_of, syncs_of};
use crate::report::{Report, scratch_dir};
use asking::{Asker, Asking, FIGURES};
use basics::Timestamp;
use known::{Known, needles};
use questions::Questions;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use testkit::outrigger_process::{OutriggerProcess, ProcessPlan};

/// What the fleet is made from.
const SEED: u64 = 4;
/// Records of a request.
const BATCH_RECORDS: u64 = 1_000;
/// Connections that the fleet is sent over.
const CONNECTIONS: usize = 4;
/// Attribute keys besides the usual ones.
const RARE_KEYS: u32 = 300;
/// Different questions behind each figure.
const QUESTIONS: usize = 50;
/// How long the fleet logs. A second less than a day, so that rounding takes no record beyond its end.
const SPAN: Duration = Duration::from_secs(86_399);
const DAY: Duration = Duration::from_secs(86_400);
/// Longest wait for anything but rest.
const PATIENCE: Duration = Duration::from_secs(300);

/// Figures as they are found.
struct Figures {
    found: Vec<(&'static str, String)>,
    missing: Vec<&'static str>,
}

/// Runs all phases, prints each figure once, and keeps everything.
pub fn run(settings: &LogsSettings) -> io::Result<()> {
    let scratch = scratch_dir()?;
    let dir = settings.dir.as_deref().unwrap_or(scratch.path());
    fs::create_dir_all(dir)?;
    let mut report = Report::begin("logs", dir);
    let mut figures = Figures { found: Vec::new(), missing: Vec::new() };
    figures.put("generator_hash", Fleet::hash(SEED).to_string());

    let fleet = fleet_of(settings.records, yesterday());
    say("going through the fleet");
    let questions = Questions::choose(QUESTIONS, SEED);
    let known = Known::of(&fleet, &questions, needles(&fleet, QUESTIONS));
    report.line(&format!(
        "{} records in requests of {BATCH_RECORDS}, {} bytes each; one in sixteen has one of {RARE_KEYS} rare keys",
        fleet.records(),
        known.request_bytes() / fleet.requests(),
    ));

    let plan = plan(dir, settings, &mut report);
    let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).map_err(io::Error::other)?;
    let stored = store(&process, &plan, settings, &fleet, &mut report, &mut figures)?;
    report.line("before the questions all processors are kept busy for 3 s by this program: after minutes of rest they are slow");
    feeding::wake_machine();
    ask(&process, &fleet, &questions, &known, &mut report, &mut figures)?;
    compress(&process, settings, &fleet, stored.size, &mut report, &mut figures)?;
    send_live(&process, &fleet, &questions, stored.per_second, &mut report, &mut figures);
    let syncs = syncs_of(&process)?;

    tell_memory("the live load", &process, &mut report)?;
    let peak_before = peak_memory_kib_of(process.id())?;
    process.terminate(PATIENCE).map_err(io::Error::other)?;
    process = OutriggerProcess::start_accepting(&plan, PATIENCE).map_err(io::Error::other)?;
    process.wait_replayed(PATIENCE).map_err(io::Error::other)?;
    phase("needles after a restart", &process);
    count_bytes(&process, &fleet, &known, &mut report, &mut figures)?;
    let peak_after = peak_memory_kib_of(process.id())?;
    tell_memory("a restart and its questions", &process, &mut report)?;
    figures.put("rss_mib_max", format!("{:.1}", mib(peak_before.max(peak_after))));
    process.terminate(PATIENCE).map_err(io::Error::other)?;
    report.end(&figures.found, syncs)?;
    if figures.missing.is_empty() {
        return Ok(());
    }
    Err(io::Error::other(format!("not measured: {}", figures.missing.join(", "))))
}

fn plan(dir: &Path, settings: &LogsSettings, report: &mut Report) -> ProcessPlan {
    let mut plan = ProcessPlan::in_dir(dir);
    if let Some(timeout) = &settings.query_timeout {
        plan.collector_yaml = format!("  query: {{ timeout: {timeout} }}\n");
        report.line(&format!("not the default configuration: questions may take {timeout}"));
    }
    if let Some(age) = &settings.head_age {
        plan.collector_yaml.push_str(&format!("  logs: {{ head_age: {age} }}\n"));
        report.line(&format!("not the default configuration: records are written to parts after {age}"));
    }
    plan
}

/// What became of the fleet.
struct Stored {
    size: SizeOf,
    /// Requests a second while it was sent.
    per_second: f64,
}

/// Sends the fleet and waits for rest: the cost of it, and the space that it takes.
fn store(
    process: &OutriggerProcess,
    plan: &ProcessPlan,
    settings: &LogsSettings,
    fleet: &Fleet,
    report: &mut Report,
    figures: &mut Figures,
) -> io::Result<Stored> {
    phase("ingestion", process);
    let fed = feeding::feed(process, fleet)?;
    report.line(&format!(
        "sent in {:.1} s, {:.0} records/s; turned away and sent again: {} requests; processor time until then {:.2} s",
        fed.took.as_secs_f64(),
        fleet.records() as f64 / fed.took.as_secs_f64(),
        fed.refused,
        fed.cpu.as_secs_f64()
    ));
    phase("coming to rest", process);
    let rest = feeding::wait_rest(process, &logs_dir(plan), settings.settle, fleet.records())?;
    let cpu = rest.cpu.saturating_sub(fed.cpu_before);
    let sealed = fleet.records().saturating_sub(rest.head_records);
    report.line(&format!(
        "at rest after {:.1} s more; processor time {:.2} s; {} files of {} bytes with {sealed} records, {} still in memory only",
        rest.took.as_secs_f64(),
        cpu.as_secs_f64(),
        rest.files.count(),
        rest.files.bytes(),
        rest.head_records
    ));
    tell_memory("ingestion", process, report)?;
    figures.put("logs_cpu_s_per_million", format!("{:.3}", seconds_per_million(cpu, fleet.records())));
    let size = SizeOf { bytes: rest.files.bytes(), records: sealed };
    Ok(Stored { size, per_second: fleet.requests() as f64 / fed.took.as_secs_f64() })
}

/// Asks all questions and checks the answers.
fn ask(
    process: &OutriggerProcess,
    fleet: &Fleet,
    questions: &Questions,
    known: &Known,
    report: &mut Report,
    figures: &mut Figures,
) -> io::Result<()> {
    let asking = Asking { questions, known, range: range_of(fleet) };
    let mut asker = Asker::connect(process.web, range_of(fleet))?;
    let knows_pipes = asker.knows_pipes()?;
    for figure in FIGURES {
        if figure.name == "q_top_ms" && !knows_pipes {
            report.line("q_top_ms: not measured, since the API has no top values of a field yet");
            continue;
        }
        phase(figure.name, process);
        match (figure.ask)(&asking, &mut asker) {
            Ok(answers) => {
                let (p50, p95) = (millis(p50(&answers.delays)), millis(p95(&answers.delays)));
                let slowest = answers.delays.iter().copied().max().unwrap_or_default();
                report.line(&format!(
                    "{}: {} answers as expected, {:.0} records each; p50 {p50:.2} ms, p95 {p95:.2} ms, most {:.2} ms",
                    figure.name,
                    answers.delays.len(),
                    answers.records as f64 / answers.delays.len() as f64,
                    millis(slowest)
                ));
                figures.put(figure.name, format!("{p95:.2}"));
            }
            Err(error) => {
                report.line(&format!("{}: {error}", figure.name));
                figures.missing.push(figure.name);
            }
        }
    }
    tell_memory("the questions", process, report)
}

/// Compresses a sample and compares.
fn compress(
    process: &OutriggerProcess,
    settings: &LogsSettings,
    fleet: &Fleet,
    in_parts: SizeOf,
    report: &mut Report,
    figures: &mut Figures,
) -> io::Result<()> {
    phase("sample", process);
    if in_parts.records == 0 {
        report.line("no record is in a part, so there are no bytes of one");
        figures.missing.extend(["logs_bytes_per_record", "logs_bytes_over_zstd19"]);
        return Ok(());
    }
    let sample = sample::take(process.web, range_of(fleet), settings.sample, fleet.records())?;
    report.line(&format!(
        "a sample of {} records: {:.1} bytes each as NDJSON, {:.2} in zstd -19",
        sample.text.records,
        sample.text.per_record(),
        sample.compressed.per_record()
    ));
    figures.put("logs_bytes_per_record", format!("{:.2}", in_parts.per_record()));
    figures.put("logs_bytes_over_zstd19", format!("{:.3}", in_parts.over(sample.compressed)));
    Ok(())
}

/// Sends records of now. What fails here is told, and the figures so far are kept.
fn send_live(
    process: &OutriggerProcess,
    fleet: &Fleet,
    questions: &Questions,
    per_second: f64,
    report: &mut Report,
    figures: &mut Figures,
) {
    phase("live load", process);
    match live::measure(process, questions, range_of(fleet), now(), per_second) {
        Ok(live) => {
            live.lines.iter().for_each(|line| report.line(line));
            figures.put("visible_ms_p99", format!("{:.2}", millis(live.visible_p99)));
            figures.put("ack_p99_under_queries_ratio", format!("{:.2}", live.ack_ratio));
        }
        Err(error) => {
            report.line(&format!("live load: {error}"));
            figures.missing.extend(["visible_ms_p99", "ack_p99_under_queries_ratio"]);
        }
    }
}

/// What a needle reads in a collector that has answered nothing yet.
fn count_bytes(
    process: &OutriggerProcess,
    fleet: &Fleet,
    known: &Known,
    report: &mut Report,
    figures: &mut Figures,
) -> io::Result<()> {
    let mut asker = Asker::connect(process.web, range_of(fleet))?;
    let mut read = Vec::new();
    for needle in &known.needles {
        let before = read_bytes_of(process.id())?;
        asker.needle(needle)?;
        read.push(read_bytes_of(process.id())?.saturating_sub(before));
    }
    let Some((first, others)) = read.split_first() else { return Ok(()) };
    let mean = others.iter().sum::<u64>() as f64 / others.len().max(1) as f64;
    report.line(&format!(
        "bytes of a needle: what all calls of the kind `read` of the process gave it (rchar), wherever they came from; the page \
         cache is not dropped; {first} for the first needle after a restart, {mean:.0} on average for {} others after it",
        others.len()
    ));
    figures.put("q_needle_bytes_read", first.to_string());
    Ok(())
}

impl Figures {
    fn put(&mut self, name: &'static str, value: String) {
        self.found.push((name, value));
    }
}

fn fleet_of(records: u64, start: Timestamp) -> Fleet {
    Fleet::new(FleetSettings {
        seed: SEED,
        records,
        records_per_request: BATCH_RECORDS,
        start,
        span: SPAN,
        rare_keys: RARE_KEYS,
    })
}

/// From the first record of a fleet to the end of its day.
#[derive(Debug, Clone, Copy)]
struct Range {
    start: Timestamp,
    end: Timestamp,
}

fn range_of(fleet: &Fleet) -> Range {
    Range { start: fleet.start(), end: fleet.start().saturating_add(DAY) }
}

/// Parts, indexes and manifest; the write-ahead log lies elsewhere.
fn logs_dir(plan: &ProcessPlan) -> PathBuf {
    plan.data_dir.join("logs")
}

fn now() -> Timestamp {
    Timestamp(0).saturating_add(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Midnight in UTC, a day before the last one.
fn yesterday() -> Timestamp {
    day_before(now())
}

fn day_before(now: Timestamp) -> Timestamp {
    let day = i64::try_from(DAY.as_nanos()).expect("a day is short");
    Timestamp((now.0.div_euclid(day) - 1) * day)
}

/// The figure is the highest of these; they tell which phase it comes from.
fn tell_memory(after: &str, process: &OutriggerProcess, report: &mut Report) -> io::Result<()> {
    report.line(&format!("most memory until after {after}: {:.1} MiB", mib(peak_memory_kib_of(process.id())?)));
    Ok(())
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn say(what: &str) {
    eprintln!("bench logs: {what}");
}

fn phase(what: &str, process: &OutriggerProcess) {
    eprintln!("bench logs: {what}, process {}", process.id());
}

#[cfg(test)]
mod tests;
