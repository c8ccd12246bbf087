//! Records of now beside the day that questions are about: how soon they are seen, and what questions cost their senders.
//!
//! Start at [`measure`].

use super::asking::Asker;
use super::questions::Questions;
use super::{BATCH_RECORDS, PATIENCE, RARE_KEYS, Range, SEED};
use crate::figures::{millis, p50, p99};
use crate::fleet::{Fleet, FleetSettings};
use crate::load::{Bodies, OverHttp, Target, open_loop};
use basics::Timestamp;
use bytes::Bytes;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use testkit::api_client::ledger_at_rest;
use testkit::outrigger_process::OutriggerProcess;

/// Different requests, sent in turn.
const DISTINCT_REQUESTS: u64 = 64;
/// Senders of the open loop: enough that a request never waits for one while answers come within a tenth of a second.
const OPEN_LOOP_SENDERS: usize = 32;
/// How long half of full speed is kept up for visibility.
const VISIBLE_SECONDS: f64 = 12.0;
/// Requests of a slice with or without questions.
const SLICE_REQUESTS: usize = 250;
/// Slices of each kind.
const SLICES: usize = 3;
/// Records of a request whose visibility is measured: few, so that it adds nothing to the load.
const PROBE_RECORDS: u64 = 5;
/// Requests whose visibility is measured, at most.
const PROBES: u64 = 400;
/// Pause between two of them.
const PROBE_PAUSE: Duration = Duration::from_millis(25);
/// Pause between two looks for one.
const LOOK_PAUSE: Duration = Duration::from_millis(1);
/// Questions asked at the same time: as many as the collector answers at once.
const ASKERS: usize = 2;
/// Times of live records begin so long ago, and end half as long ago.
const AGE: Duration = Duration::from_secs(60);
/// The records whose visibility is measured are newer, so that a search for them need not read the others: how long a
/// search takes has figures of its own.
const PROBE_AGE: Duration = Duration::from_secs(25);
const PROBE_SPAN: Duration = Duration::from_secs(20);

/// What was found.
pub(super) struct Live {
    pub(super) visible_p99: Duration,
    pub(super) ack_ratio: f64,
    pub(super) lines: Vec<String>,
}

/// Sends records of now, and measures. Full speed is what was kept up while the day was sent: a short burst is faster, as
/// long as memory takes it.
pub(super) fn measure(
    process: &OutriggerProcess,
    questions: &Questions,
    range: Range,
    now: Timestamp,
    per_second: f64,
) -> io::Result<Live> {
    let fleet = Fleet::new(FleetSettings {
        seed: SEED + 1,
        records: DISTINCT_REQUESTS * BATCH_RECORDS,
        records_per_request: BATCH_RECORDS,
        start: now.saturating_sub(AGE),
        span: AGE / 2,
        rare_keys: RARE_KEYS,
    });
    let bodies = Bodies::of((0..fleet.requests()).map(|number| Bytes::from(fleet.request(number).body)).collect());
    let interval = Duration::from_secs_f64(2.0 / per_second);
    let mut senders = connections(process, OPEN_LOOP_SENDERS)?;

    let visible = visibility(process, &mut senders, &bodies, interval, now)?;
    ledger_at_rest(process.web, "default", PATIENCE)?;
    let (mut quiet, mut asked) = (Vec::new(), Vec::new());
    let mut answered = 0;
    for _ in 0..SLICES {
        quiet.extend(open_loop(&mut senders, &bodies, SLICE_REQUESTS, interval)?);
        let (delays, answers) = under_questions(process, &mut senders, &bodies, interval, questions, range)?;
        asked.extend(delays);
        answered += answers;
    }
    let lines = vec![
        format!("live load: full speed {per_second:.0} requests/s of {BATCH_RECORDS} records; all else at half of it"),
        format!(
            "from yes to seen: {} requests; p50 {:.2} ms, p99 {:.2} ms",
            visible.len(),
            millis(p50(&visible)),
            millis(p99(&visible))
        ),
        format!(
            "yes: p50 {:.3} ms, p99 {:.3} ms; while {ASKERS} askers count substrings and regular expressions of the day \
             ({answered} answers): p50 {:.3} ms, p99 {:.3} ms",
            millis(p50(&quiet)),
            millis(p99(&quiet)),
            millis(p50(&asked)),
            millis(p99(&asked))
        ),
    ];
    let ack_ratio = p99(&asked).as_secs_f64() / p99(&quiet).as_secs_f64();
    Ok(Live { visible_p99: p99(&visible), ack_ratio, lines })
}

/// Sends probes beside the load, and says how long after its yes each could be found.
fn visibility(
    process: &OutriggerProcess,
    senders: &mut [OverHttp],
    bodies: &Bodies,
    interval: Duration,
    now: Timestamp,
) -> io::Result<Vec<Duration>> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some thousand requests")]
    let count = (VISIBLE_SECONDS / interval.as_secs_f64()) as usize;
    let is_over = AtomicBool::new(false);
    let probes = Fleet::new(FleetSettings {
        seed: SEED + 2,
        records: PROBES * PROBE_RECORDS,
        records_per_request: PROBE_RECORDS,
        start: now.saturating_sub(PROBE_AGE),
        span: PROBE_SPAN,
        rare_keys: RARE_KEYS,
    });
    thread::scope(|scope| {
        let prober = scope.spawn(|| probe(process, &probes, &is_over));
        let sent = open_loop(senders, bodies, count.max(SLICE_REQUESTS), interval);
        is_over.store(true, Ordering::Relaxed);
        let delays = prober.join().expect("a prober does not panic");
        sent.and(delays)
    })
}

fn probe(process: &OutriggerProcess, probes: &Fleet, is_over: &AtomicBool) -> io::Result<Vec<Duration>> {
    let mut sender = OverHttp::connect(process.otlp_http)?;
    let range = Range { start: probes.start(), end: probes.start().saturating_add(PROBE_AGE) };
    let mut asker = Asker::connect(process.web, range)?;
    let mut delays = Vec::new();
    for number in 0..probes.requests() {
        let request = probes.request(number);
        let Some(trace_id) = request.records.iter().rev().find_map(|record| record.trace_id) else { continue };
        let digits: String = trace_id.iter().map(|byte| format!("{byte:02x}")).collect();
        let query = format!("trace_id:{digits}");
        sender.send(&Bytes::from(request.body))?;
        let acknowledged = Instant::now();
        while asker.search(&query, 1)?.1.is_empty() {
            if acknowledged.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("{query} was acknowledged and is never found")));
            }
            thread::sleep(LOOK_PAUSE);
        }
        delays.push(acknowledged.elapsed());
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(PROBE_PAUSE);
    }
    Ok(delays)
}

/// A slice of load while askers ask without a pause; also how often they were answered.
fn under_questions(
    process: &OutriggerProcess,
    senders: &mut [OverHttp],
    bodies: &Bodies,
    interval: Duration,
    questions: &Questions,
    range: Range,
) -> io::Result<(Vec<Duration>, usize)> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let askers: Vec<_> = (0..ASKERS)
            .map(|number| {
                let is_over = &is_over;
                scope.spawn(move || -> io::Result<usize> {
                    let mut asker = Asker::connect(process.web, range)?;
                    let heavy = questions.substrings.iter().zip(&questions.regexes);
                    let heavy = heavy.flat_map(|(substring, regex)| [substring, regex]).cycle().skip(number * 7);
                    let mut answers = 0;
                    for question in heavy {
                        if is_over.load(Ordering::Relaxed) {
                            break;
                        }
                        asker.histogram(&question.query, "1h")?;
                        answers += 1;
                    }
                    Ok(answers)
                })
            })
            .collect();
        let sent = open_loop(senders, bodies, SLICE_REQUESTS, interval);
        is_over.store(true, Ordering::Relaxed);
        let answers: io::Result<usize> =
            askers.into_iter().map(|asker| asker.join().expect("an asker does not panic")).sum();
        Ok((sent?, answers?))
    })
}

fn connections(process: &OutriggerProcess, count: usize) -> io::Result<Vec<OverHttp>> {
    (0..count).map(|_| OverHttp::connect(process.otlp_http)).collect()
}
