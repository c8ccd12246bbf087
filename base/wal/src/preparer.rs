//! The preparer's thread: keeps zero-filled files ready, so that a commit overwrites blocks that exist.
//!
//! A sync of a growing file also commits the file system's journal; one of a file whose blocks are written already does
//! not, which halves its time. Allocating without writing would not help: such blocks are marked in the journal as
//! well.

use crate::error::WalError;
use crate::format::SegmentHeader;
use crate::limits::{FILL_BYTES, FILL_PAUSE, FILL_SYNC_BYTES, PAGE_BYTES, SPARES_PREPARED};
use crate::log::{Shared, Spare};
use crate::protection::{Protection, is_off};
use crate::writer::Step;
use basics::{OpenMode, carry_on};
use std::io::IoSlice;
use std::path::Path;
use std::sync::{Arc, PoisonError};

/// Fills spare segments with zeroes.
pub struct SegmentPreparer {
    shared: Arc<Shared>,
    zeroes: Vec<u8>,
    /// Whether it pauses while it fills; only a thread of its own may.
    pauses: bool,
}

impl SegmentPreparer {
    pub(crate) fn new(shared: Arc<Shared>) -> SegmentPreparer {
        let bytes = FILL_BYTES.min(shared.settings.segment_bytes);
        SegmentPreparer { shared, zeroes: vec![0; usize::try_from(bytes).unwrap_or(0)], pauses: false }
    }

    /// Works until the log is closed: the body of the preparer's thread.
    pub fn run(mut self) {
        self.pauses = true;
        loop {
            match self.step() {
                Step::Worked => {}
                Step::Closed => return,
                Step::Idle => {
                    let state = self.shared.lock();
                    let wake = &self.shared.wake_preparer;
                    drop(
                        wake.wait_while(state, |state| !state.is_closed && state.spares.len() >= SPARES_PREPARED)
                            .unwrap_or_else(PoisonError::into_inner),
                    );
                }
                Step::Failed => {
                    let state = self.shared.lock();
                    let pause = self.shared.settings.probe_interval;
                    let wake = &self.shared.wake_preparer;
                    drop(
                        wake.wait_timeout_while(state, pause, |state| !state.is_closed)
                            .unwrap_or_else(PoisonError::into_inner),
                    );
                }
            }
        }
    }

    /// Prepares one spare, when one is wanting. Deterministic: tests call it instead of [`SegmentPreparer::run`].
    pub fn step(&mut self) -> Step {
        let mut state = self.shared.lock();
        if state.is_closed {
            return Step::Closed;
        }
        if state.spares.len() >= SPARES_PREPARED {
            return Step::Idle;
        }
        let number = state.next_file;
        state.next_file += 1;
        drop(state);
        let path = self.shared.path_of_file(number);
        if self.prepare(&path).is_err() {
            carry_on(
                self.shared.disk.remove_file(&path),
                "an unfinished spare holds nothing and goes at the next start",
            );
            return Step::Failed;
        }
        self.shared.lock().spares.push(Spare { path });
        Step::Worked
    }

    fn prepare(&self, path: &Path) -> Result<(), WalError> {
        let settings = &self.shared.settings;
        let disk = &self.shared.disk;
        let free_bytes = disk.free_bytes(&settings.dir).map_err(WalError::disk("look at", &settings.dir))?;
        // Twice, because whoever writes while this fills must not find the disk full.
        if free_bytes < settings.reserve_bytes.saturating_add(2 * settings.segment_bytes) {
            return Err(WalError::DiskFull);
        }
        let file = disk.open(path, OpenMode::CreateNew).map_err(WalError::disk("create", path))?;
        let mut at = 0;
        while at < settings.segment_bytes {
            if self.shared.lock().is_closed {
                return Err(WalError::Closed);
            }
            let rest = usize::try_from(settings.segment_bytes - at).unwrap_or(usize::MAX);
            let zeroes = &self.zeroes[..self.zeroes.len().min(rest)];
            file.write_all_at(&mut [IoSlice::new(zeroes)], at).map_err(WalError::disk("write", path))?;
            at += zeroes.len() as u64;
            if at.is_multiple_of(FILL_SYNC_BYTES) {
                file.sync_data().map_err(WalError::disk("sync", path))?;
                self.pause();
            }
        }
        let page = SegmentHeader::SPARE.encode();
        debug_assert_eq!(page.len() as u64, PAGE_BYTES);
        file.write_all_at(&mut [IoSlice::new(page.as_slice())], 0).map_err(WalError::disk("write", path))?;
        file.sync_all().map_err(WalError::disk("sync", path))?;
        if !is_off(Protection::SpareDirSync) {
            disk.sync_dir(&settings.dir).map_err(WalError::disk("sync", &settings.dir))?;
        }
        Ok(())
    }

    /// Leaves processor and disk to the commits for a while. Not when the writer is out of spares: then it waits for this one.
    fn pause(&self) {
        if self.pauses {
            let state = self.shared.lock();
            let wake = &self.shared.wake_preparer;
            drop(
                wake.wait_timeout_while(state, FILL_PAUSE, |state| !state.is_closed && !state.spares.is_empty())
                    .unwrap_or_else(PoisonError::into_inner),
            );
        }
    }
}
