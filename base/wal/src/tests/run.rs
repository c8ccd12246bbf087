//! Carries a script out on a faulty disk, with a witness.

use super::bodies::{body, kind};
use super::script::Op;
use super::witness::{Excuse, Findings, Verdict, Violation, Witness, violation};
use crate::limits::SEGMENT_BYTES_MIN;
use crate::{NewEntry, Opened, Position, Step, WalError, WalReader, WalSettings, WalState};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use testkit::faulty_disk::{FaultyDisk, Unsynced};

/// How often something is tried again that a passing fault can make fail.
const TRIES: usize = 4;

type Answers = Arc<Mutex<Vec<(usize, Result<Position, WalError>)>>>;

/// How the process that used the log ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was killed: what it wrote is seen by the next one.
    Kill,
    /// The power was cut.
    PowerCut(Unsynced),
}

/// What a run went through.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// Segments by their file.
    segments: BTreeMap<PathBuf, BTreeSet<u64>>,
    pub(super) trims: usize,
    pub(super) replays: usize,
}

impl Coverage {
    /// Segments that were written.
    pub(super) fn segments(&self) -> usize {
        self.segments.values().map(BTreeSet::len).sum()
    }

    /// Files that were a segment more than once.
    pub(super) fn recycled(&self) -> usize {
        self.segments.values().filter(|ids| ids.len() > 1).count()
    }
}

pub(super) fn settings() -> WalSettings {
    // Two directories deep, so that both must be made durable.
    let dir = "data/logs-wal";
    let segment_bytes = SEGMENT_BYTES_MIN;
    WalSettings { segment_bytes, budget_bytes: 64 * segment_bytes, reserve_bytes: 0, ..WalSettings::new(dir) }
}

pub(super) struct Run {
    pub(super) disk: FaultyDisk,
    pub(super) settings: WalSettings,
    pub(super) witness: Witness,
    pub(super) coverage: Coverage,
    pub(super) log: Option<Opened>,
    held: Option<(WalReader, Range<u64>)>,
    /// Calls go on failing for the time being, so that not being able to read is no surprise.
    pub(super) is_in_outage: bool,
    answers: Answers,
    starts: u64,
    /// What was done, and before which call.
    pub(super) diary: Vec<String>,
}

impl Run {
    /// An empty disk, and no log yet.
    pub(super) fn new(seed: u64, excuse: Excuse) -> Run {
        let mut witness = Witness::default();
        witness.excuse = excuse;
        Run {
            disk: FaultyDisk::new(seed),
            settings: settings(),
            witness,
            coverage: Coverage::default(),
            log: None,
            held: None,
            is_in_outage: false,
            answers: Answers::default(),
            starts: 0,
            diary: Vec::new(),
        }
    }

    /// Opens the log and compares what is found. `false` when a fault has ended the process.
    pub(super) fn start(&mut self) -> Verdict<bool> {
        let mut failed = String::new();
        for attempt in 0..TRIES {
            // Who cannot start tries until the disk works.
            if attempt == TRIES - 1 {
                self.disk.fail_no_more();
            }
            self.starts += 1;
            // Chance of the product comes from outside; here it differs from start to start like there.
            match crate::open(Arc::new(self.disk.clone()), self.settings.clone(), self.starts) {
                Ok(opened) => {
                    let findings = Findings::read(&mut opened.wal.reader(Position(0)));
                    if self.disk.is_stopped() {
                        return Ok(false);
                    }
                    match findings {
                        Err(Violation(text)) => failed = text,
                        Ok(findings) => {
                            self.write_down(&format!("found {}", opened.recovery));
                            self.witness.compare_after_start(&opened.recovery, &findings)?;
                            self.log = Some(opened);
                            return Ok(true);
                        }
                    }
                }
                Err(_) if self.disk.is_stopped() => return Ok(false),
                Err(error) => failed = format!("{error:?}"),
            }
        }
        violation(format!("the log cannot be opened: {failed}"))
    }

    /// Ends the process as `end` says and starts another one.
    pub(super) fn end_and_start(&mut self, end: End) -> Verdict<bool> {
        self.write_down(&format!("{end:?}"));
        self.held = None;
        self.log = None;
        self.answers.lock().unwrap().clear();
        match end {
            End::Kill => self.disk.start_again(),
            End::PowerCut(unsynced) => self.disk.cut_power(unsynced),
        }
        self.start()
    }

    /// Carries a script out. When a fault ends the process, it ends as `end` says, and the script goes on with the next
    /// one.
    pub(super) fn perform_all(&mut self, script: &[Op], end: End) -> Verdict {
        for op in script {
            self.perform(*op)?;
            self.start_again_if_stopped(end)?;
        }
        Ok(())
    }

    pub(super) fn start_again_if_stopped(&mut self, end: End) -> Verdict {
        while self.disk.is_stopped() {
            self.end_and_start(end)?;
        }
        Ok(())
    }

    /// Shows that the log takes entries, keeps them when the power is cut, and can be closed and opened.
    pub(super) fn finish(&mut self) -> Verdict {
        self.disk.fail_no_more();
        for end in [Some(End::PowerCut(Unsynced::Lost)), None, Some(End::PowerCut(Unsynced::ByLot))] {
            self.append_until_acknowledged()?;
            match end {
                Some(end) => {
                    self.end_and_start(end)?;
                }
                None => self.perform(Op::Reopen)?,
            }
        }
        Ok(())
    }

    fn append_until_acknowledged(&mut self) -> Verdict {
        for _ in 0..TRIES {
            let before = self.log.as_ref().map(|log| log.wal.stats().entries);
            self.perform(Op::Append { count: 2, bytes: 200 })?;
            self.perform(Op::Step)?;
            if self.log.as_ref().map(|log| log.wal.stats().entries) > before {
                return Ok(());
            }
        }
        violation(format!("the log takes nothing any more: {:?}", self.log.as_ref().map(|log| log.wal.stats())))
    }

    fn write_down(&mut self, what: &str) {
        self.diary.push(format!("{:>5} {what}", self.disk.call_count()));
    }

    pub(super) fn perform(&mut self, op: Op) -> Verdict {
        self.write_down(&format!("{op:?}"));
        match op {
            Op::Append { count, bytes } => self.append(count, bytes),
            Op::Step => self.step(),
            Op::Prepare => self.prepare(),
            Op::Trim { leave } => self.trim(leave),
            Op::Read => self.read(false),
            Op::Replay => self.read(true),
            Op::HoldReader => {
                let known = self.witness.known_now();
                self.held = self.log.as_ref().map(|log| (log.wal.reader(Position(0)), known));
                Ok(())
            }
            Op::ReleaseReader => self.release_reader(),
            Op::Restart => self.end_and_start(End::Kill).map(|_| ()),
            Op::Reopen => self.reopen(),
        }
    }

    fn append(&mut self, count: usize, bytes: usize) -> Verdict {
        let Some(log) = &self.log else { return Ok(()) };
        for _ in 0..count {
            let number = self.witness.sends(bytes);
            let answers = self.answers.clone();
            let done = move |result| answers.lock().unwrap().push((number, result));
            let entry = NewEntry { kind: kind(number), slices: in_slices(body(number, bytes)) };
            if let Err(error) = log.wal.append(entry, Box::new(done)) {
                if log.wal.stats().state == WalState::Ok {
                    return violation(format!("a healthy log refuses: {error}"));
                }
                self.witness.is_refused(number);
            }
        }
        Ok(())
    }

    /// A step of the writer, with as many probes as it takes, and without more than one commit.
    fn step(&mut self) -> Verdict {
        for _ in 0..TRIES {
            let Some(log) = &mut self.log else { return Ok(()) };
            self.witness.begins_commit();
            let step = log.writer.step();
            self.hear()?;
            let Some(log) = &mut self.log else { return Ok(()) };
            if step != Step::Failed || self.disk.is_stopped() {
                break;
            }
            log.writer.probe();
            if log.wal.stats().state == WalState::Ok && !self.disk.is_stopped() {
                self.witness.hears_that_all_is_well();
            }
        }
        self.note_segments();
        Ok(())
    }

    fn hear(&mut self) -> Verdict {
        for (number, result) in std::mem::take(&mut *self.answers.lock().unwrap()) {
            // After an error the outcome is open, which is what a sender knows who was told nothing.
            if let Ok(position) = result {
                self.witness.hears_yes(number, position)?;
            }
        }
        Ok(())
    }

    fn note_segments(&mut self) {
        let Some(log) = &self.log else { return };
        for segment in &log.wal.shared.lock().segments {
            self.coverage.segments.entry(segment.path.clone()).or_default().insert(segment.id);
        }
    }

    fn prepare(&mut self) -> Verdict {
        if let Some(log) = &mut self.log {
            log.preparer.step();
        }
        Ok(())
    }

    fn trim(&mut self, leave: u64) -> Verdict {
        let before = self.witness.position_before_last(leave);
        let Some(log) = &self.log else { return Ok(()) };
        let result = log.wal.trim(before);
        self.witness.trims(before, result.is_ok());
        self.coverage.trims += 1;
        Ok(())
    }

    fn read(&mut self, is_replay: bool) -> Verdict {
        let Some(log) = &self.log else { return Ok(()) };
        let mut reader = if is_replay { log.wal.replay(Position(0)) } else { log.wal.reader(Position(0)) };
        let findings = Findings::read(&mut reader);
        if self.disk.is_stopped() || (findings.is_err() && self.is_in_outage) {
            return Ok(());
        }
        self.witness.compare_running(&findings?, &self.witness.known_now())?;
        if is_replay {
            self.coverage.replays += 1;
            basics::carry_on(log.wal.end_replay(), "a replay that is not known to have ended is counted");
        }
        Ok(())
    }

    fn release_reader(&mut self) -> Verdict {
        let Some((mut reader, known)) = self.held.take() else { return Ok(()) };
        let findings = Findings::read(&mut reader);
        if self.disk.is_stopped() || (findings.is_err() && self.is_in_outage) {
            return Ok(());
        }
        self.witness.compare_running(&findings?, &known)
    }

    fn reopen(&mut self) -> Verdict {
        self.held = None;
        if let Some(log) = &self.log {
            log.wal.close();
        }
        for _ in 0..100 {
            let Some(log) = &mut self.log else { break };
            self.witness.begins_commit();
            let step = log.writer.step();
            self.hear()?;
            if step == Step::Closed {
                break;
            }
        }
        if self.disk.is_stopped() {
            return Ok(());
        }
        self.end_and_start(End::Kill).map(|_| ())
    }
}

/// A body as a caller has it: a head of its own, and the rest.
fn in_slices(body: Bytes) -> Vec<Bytes> {
    let head = body.slice(..5);
    vec![head, Bytes::new(), body.slice(5..)]
}
