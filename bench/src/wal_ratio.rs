//! `bench wal`: acknowledgements per second of the write-ahead log against the bare loop.
//!
//! Both sides get the same writers, the same bytes and the same number outstanding, and both recycle their space: the
//! bare loop goes round its file, the log is trimmed once per segment's worth of entries. The ratio of a round is taken
//! between neighbours in time; the median of the ratios is the figure.
//!
//! Start at [`run`].

use crate::bare_loop::BareLoop;
use crate::figures::median;
use crate::report::{Report, scratch_dir};
use basics::{MIB, OsDisk};
use bytes::Bytes;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use wal::limits::SEGMENT_BYTES;
use wal::{NewEntry, Wal, WalSettings};

/// Rounds of each load; the figure is the median of their ratios.
const ROUNDS: usize = 9;
/// How long one side is driven in a round.
const ROUND: Duration = Duration::from_millis(1500);
/// Rounds until the log recycles segments and fills none; the bare file is filled once and needs none of them.
const WARM_UP_ROUNDS_MAX: usize = 10;
/// What the bare loop goes round in: as much as the log keeps in turn.
const BARE_FILE_BYTES: u64 = 256 * MIB;

/// One of the two loads.
#[derive(Debug, Clone, Copy)]
struct Load {
    name: &'static str,
    writers: usize,
    body_bytes: usize,
}

const LOADS: [Load; 2] = [
    Load { name: "wal_small_ratio", writers: 64, body_bytes: 1024 },
    Load { name: "wal_large_ratio", writers: 16, body_bytes: 256 * 1024 },
];

/// What one round of one side came to.
#[derive(Debug, Clone, Copy)]
struct Speed {
    acks_per_second: f64,
    acks_per_sync: f64,
}

/// Runs the comparison, prints its figures and keeps its rounds.
pub fn run() -> io::Result<()> {
    let dir = scratch_dir()?;
    let mut report = Report::begin("wal", dir.path());
    let (mut figures, mut syncs) = (Vec::new(), 0);
    for load in LOADS {
        let (ratio, load_syncs) = compare(load, &dir.path().join(load.name), &mut report)?;
        figures.push((load.name, format!("{ratio:.3}")));
        syncs += load_syncs;
    }
    report.end(&figures, syncs)
}

fn compare(load: Load, dir: &Path, report: &mut Report) -> io::Result<(f64, u64)> {
    std::fs::create_dir_all(dir)?;
    let bare = Side::Bare(BareLoop::start(&dir.join("bare"), BARE_FILE_BYTES)?);
    let opened = wal::open(Arc::new(OsDisk), WalSettings::new(dir.join("log")), 1).map_err(io::Error::other)?;
    let (writer, preparer, log) = (opened.writer, opened.preparer, opened.wal);
    let threads = [
        thread::Builder::new().name("wal-writer".to_owned()).spawn(move || writer.run())?,
        thread::Builder::new().name("wal-preparer".to_owned()).spawn(move || preparer.run())?,
    ];
    let log_side = Side::Log { log: log.clone(), appended: AtomicU64::new(0) };
    drive(load, &bare, ROUND);
    warm_up(load, &log_side, &log);

    report.line("");
    report.line(&format!("{}: {} writers of {} bytes", load.name, load.writers, load.body_bytes));
    report.line("round   bare acks/s  per sync   log acks/s  per sync   ratio");
    let syncs_before = log.stats().syncs;
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let bare_speed = drive(load, &bare, ROUND);
        let log_speed = drive(load, &log_side, ROUND);
        let ratio = log_speed.acks_per_second / bare_speed.acks_per_second;
        ratios.push(ratio);
        report.line(&format!(
            "{round:>5} {:>13.0} {:>9.1} {:>12.0} {:>9.1} {ratio:>7.3}",
            bare_speed.acks_per_second, bare_speed.acks_per_sync, log_speed.acks_per_second, log_speed.acks_per_sync
        ));
    }
    let syncs = log.stats().syncs - syncs_before;
    log.close();
    for thread in threads {
        thread.join().map_err(|_| io::Error::other("a thread of the log panicked"))?;
    }
    Ok((median(&ratios), syncs))
}

/// Drives the log until trimming has given it spare files of its own to write over.
fn warm_up(load: Load, side: &Side, log: &Wal) {
    for _ in 0..WARM_UP_ROUNDS_MAX {
        drive(load, side, ROUND / 2);
        let stats = log.stats();
        let has_gone_round = stats.entries * load.body_bytes as u64 > 4 * SEGMENT_BYTES;
        if has_gone_round && stats.spares >= wal::limits::SPARES_PREPARED {
            return;
        }
    }
}

/// What is driven.
enum Side {
    Bare(BareLoop),
    Log { log: Wal, appended: AtomicU64 },
}

impl Side {
    fn syncs(&self) -> u64 {
        match self {
            Side::Bare(bare) => bare.sync_count(),
            Side::Log { log, .. } => log.stats().syncs,
        }
    }

    /// Hands a body over and wakes the calling thread once it is durable.
    fn submit(&self, body: &Bytes, ticket: &Arc<Ticket>) {
        let ticket = ticket.clone();
        match self {
            Side::Bare(bare) => {
                let done = move |result: io::Result<()>| {
                    result.unwrap_or_else(|error| panic!("a body was not written: {error}"));
                    ticket.answer();
                };
                bare.append(body.clone(), Box::new(done));
            }
            Side::Log { log, appended } => {
                let entry = NewEntry { kind: 1, slices: vec![body.clone()] };
                let done = move |result: Result<wal::Position, wal::WalError>| {
                    result.unwrap_or_else(|error| panic!("an entry was not written: {error}"));
                    ticket.answer();
                };
                log.append(entry, Box::new(done)).unwrap_or_else(|error| panic!("an entry was refused: {error}"));
                let before = appended.fetch_add(body.len() as u64, Ordering::AcqRel);
                if before / SEGMENT_BYTES != (before + body.len() as u64) / SEGMENT_BYTES {
                    log.trim(log.stats().next).unwrap_or_else(|error| panic!("cannot trim: {error}"));
                }
            }
        }
    }
}

/// What a writer waits on.
struct Ticket {
    is_answered: AtomicBool,
    thread: Thread,
}

impl Ticket {
    fn answer(&self) {
        self.is_answered.store(true, Ordering::Release);
        self.thread.unpark();
    }

    fn wait(&self) {
        while !self.is_answered.swap(false, Ordering::AcqRel) {
            thread::park();
        }
    }
}

/// Lets all writers append one body after the other for a while.
fn drive(load: Load, side: &Side, time: Duration) -> Speed {
    let (acks, syncs_before, begun) = (AtomicU64::new(0), side.syncs(), Instant::now());
    thread::scope(|scope| {
        for writer in 0..load.writers {
            let acks = &acks;
            scope.spawn(move || {
                let body = Bytes::from(vec![u8::try_from(writer % 251).unwrap_or(0); load.body_bytes]);
                let ticket = Arc::new(Ticket { is_answered: AtomicBool::new(false), thread: thread::current() });
                let mut count = 0;
                while begun.elapsed() < time {
                    side.submit(&body, &ticket);
                    ticket.wait();
                    count += 1;
                }
                acks.fetch_add(count, Ordering::AcqRel);
            });
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    let (acks, syncs) = (acks.into_inner() as f64, side.syncs().saturating_sub(syncs_before).max(1) as f64);
    Speed { acks_per_second: acks / seconds, acks_per_sync: acks / syncs }
}
