//! Carries deeds out on a faulty disk, with a witness who knows what must be true.

use super::edits::Deed;
use crate::manifest::{Manifest, ManifestError, ManifestState, Sizes, Standing, open_with};
use basics::Disk;
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::{Fault, FaultyDisk, Unsynced};

/// What is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Violation(pub(super) String);

pub(super) type Verdict<T = ()> = Result<T, Violation>;

pub(super) fn violation<T>(text: impl Into<String>) -> Verdict<T> {
    Err(Violation(text.into()))
}

/// Two directories deep, so that both must be made durable.
pub(super) const DIR: &str = "data/logs";
pub(super) const SIZES: Sizes = Sizes { rewrite_bytes_min: 6 * 4_096, reserve_bytes: 4 * 4_096 };
/// How often something is tried again that a passing fault can make fail.
const TRIES: usize = 4;

/// How the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was killed: what it wrote is seen by the next one.
    Kill,
    /// The power was cut.
    PowerCut(Unsynced),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Commit(Deed),
    /// The process ends, and another one starts.
    Restart,
}

/// A workload that has everything: seals, merges, a commit of several pages, retention, tombstones, a quarantine, a
/// restart, and two generations that are written because the file has grown.
pub(super) fn script() -> Vec<Op> {
    use Deed::{Forget, Hide, HideRecords, Merge, Quarantine, Retire, Seal};
    let deeds =
        [Seal(1), Seal(2), Hide(60), Seal(1), Hide(9_000), Merge(3), Quarantine, Seal(1), Forget, Forget, Retire];
    let mut ops: Vec<Op> = deeds.into_iter().map(Op::Commit).collect();
    ops.push(Op::Restart);
    let deeds = [
        Seal(3),
        HideRecords(9),
        Merge(2),
        Retire,
        Forget,
        Seal(1),
        Seal(1),
        Merge(4),
        Quarantine,
        Retire,
        Seal(2),
        Merge(2),
        Seal(1),
    ];
    ops.extend(deeds.into_iter().map(Op::Commit));
    ops
}

pub(super) struct Run {
    pub(super) disk: FaultyDisk,
    pub(super) manifest: Option<Manifest>,
    /// What is true.
    pub(super) truth: ManifestState,
    /// What may be true instead, from the next start on.
    pub(super) maybe: Option<ManifestState>,
    /// Generations by their number in the file's own words.
    pub(super) generations: u64,
    pub(super) acknowledged: usize,
}

impl Run {
    pub(super) fn new(seed: u64) -> Run {
        Run {
            disk: FaultyDisk::new(seed),
            manifest: None,
            truth: ManifestState::default(),
            maybe: None,
            generations: 0,
            acknowledged: 0,
        }
    }

    /// Opens the manifest and compares what it says. `false` when a fault has ended the process.
    pub(super) fn start(&mut self) -> Verdict<bool> {
        let mut failed = String::new();
        for attempt in 0..TRIES {
            // Who cannot start tries until the disk works.
            if attempt == TRIES - 1 {
                self.disk.fail_no_more();
            }
            let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
            match open_with(disk, Path::new(DIR), SIZES) {
                Ok(manifest) => {
                    let found = (**manifest.state()).clone();
                    self.truth.close_open_ids();
                    if let Some(mut maybe) = self.maybe.take() {
                        maybe.close_open_ids();
                        if found == maybe {
                            self.truth = maybe;
                        }
                    }
                    if found != self.truth {
                        return violation(format!("another state: {found:?} in place of {:?}", self.truth));
                    }
                    self.manifest = Some(manifest);
                    return Ok(!self.disk.is_stopped());
                }
                Err(_) if self.disk.is_stopped() => return Ok(false),
                // Nothing that happens to this disk damages what was acknowledged.
                Err(error @ ManifestError::Corrupt { .. }) => return violation(error.to_string()),
                Err(error) => failed = format!("{error:?}"),
            }
        }
        violation(format!("the manifest cannot be opened: {failed}"))
    }

    pub(super) fn end_and_start(&mut self, end: End) -> Verdict<bool> {
        self.manifest = None;
        match end {
            End::Kill => self.disk.start_again(),
            End::PowerCut(unsynced) => self.disk.cut_power(unsynced),
        }
        self.start()
    }

    /// Starts again, as often as it takes, when a fault has ended the process.
    pub(super) fn start_again_if_stopped(&mut self, end: End) -> Verdict {
        while self.disk.is_stopped() {
            self.end_and_start(end)?;
        }
        Ok(())
    }

    pub(super) fn perform_all(&mut self, ops: &[Op], end: End) -> Verdict {
        for op in ops {
            self.perform(*op)?;
            self.start_again_if_stopped(end)?;
        }
        Ok(())
    }

    pub(super) fn perform(&mut self, op: Op) -> Verdict {
        match op {
            Op::Commit(deed) => self.commit(deed).map(|_| ()),
            Op::Restart => self.end_and_start(End::Kill).map(|_| ()),
        }
    }

    /// `true` when the commit was acknowledged.
    pub(super) fn commit(&mut self, deed: Deed) -> Verdict<bool> {
        let Some(manifest) = &mut self.manifest else { return Ok(false) };
        let edits = deed.edits(&self.truth);
        if edits.is_empty() {
            return Ok(true);
        }
        let next = self.truth.with(&edits).map_err(|broken| Violation(format!("{broken:?}")))?;
        let result = manifest.commit(&edits);
        self.generations = self.generations.max(manifest.place.generation);
        if self.disk.is_stopped() && result.is_err() {
            // Nobody heard an answer.
            self.maybe = Some(next);
            return Ok(false);
        }
        if !manifest.is_in_doubt() {
            self.maybe = None;
        }
        let is_acknowledged = match result {
            Ok(()) => {
                self.truth = next;
                self.acknowledged += 1;
                true
            }
            Err(ManifestError::InDoubt { .. }) => {
                self.maybe = Some(next);
                false
            }
            Err(ManifestError::Disk { .. }) => false,
            Err(error) => return violation(format!("an error that no disk makes: {error:?}")),
        };
        if **manifest.state() != self.truth {
            return violation(format!("says {:?} in place of {:?}", manifest.state(), self.truth));
        }
        Ok(is_acknowledged)
    }

    /// Shows that the manifest takes commits, keeps them when the power is cut, and that the file is in order.
    pub(super) fn finish(&mut self) -> Verdict {
        self.disk.fail_no_more();
        for end in [End::PowerCut(Unsynced::Lost), End::Kill, End::PowerCut(Unsynced::ByLot)] {
            let mut tries = 0;
            while !self.commit(Deed::Seal(1))? {
                tries += 1;
                if tries == TRIES {
                    let standing = self.manifest.as_ref().map(|manifest| manifest.standing);
                    return violation(format!("the manifest takes nothing any more: {standing:?}"));
                }
            }
            if self.manifest.as_ref().is_some_and(|manifest| manifest.standing == Standing::InDoubt) {
                return violation("a commit was acknowledged while another one is in doubt");
            }
            self.end_and_start(end)?;
        }
        Ok(())
    }
}

/// Adds what happened to what was found wrong.
pub(super) fn during(what: impl FnOnce() -> String) -> impl FnOnce(Violation) -> Violation {
    move |Violation(text)| Violation(format!("{}; {text}", what()))
}

/// The calls that a run without faults makes, and how often the file was written anew for its length.
pub(super) fn calls_of(script: &[Op]) -> Verdict<Vec<testkit::faulty_disk::Call>> {
    let mut run = Run::new(0);
    run.start()?;
    run.perform_all(script, End::Kill)?;
    Ok(run.disk.calls())
}

/// A run that a fault may hit at one call, up to the end of the operation in which it does. Returns it with the number
/// of operations that were carried out.
pub(super) fn run_to_fault(seed: u64, call: usize, fault: Fault) -> Verdict<(Run, usize)> {
    let mut run = Run::new(seed);
    run.disk.fail_at(call, fault);
    run.start()?;
    let mut performed = 0;
    let script = script();
    while run.disk.faults().is_empty() && performed < script.len() {
        run.perform(script[performed])?;
        performed += 1;
    }
    Ok((run, performed))
}
