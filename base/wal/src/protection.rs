//! Names each protection of the log, so that tests can take one away and show that the proofs notice.
//!
//! Outside this crate's own tests no protection can be switched off: the question is answered by a constant.
//! docs/operations/durability.md has a table with the test that notices the lack of each.

/// One thing that stands between an acknowledged entry and its loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// The sync of a batch before its entries are acknowledged.
    DataSync,
    /// The sync of a segment's header before its first batch is written.
    HeaderSync,
    /// The sync of the directory after the writer created a segment file.
    DirSync,
    /// The sync of the directory after the preparer created a spare.
    SpareDirSync,
    /// The sync of the directories above the log's own, until a start has come as far as its position file.
    ParentDirSync,
    /// The sync of the position before segments below it are given up.
    PositionSync,
    /// The position is written before segments below it are given up, not after.
    PositionFirst,
    /// The rename that puts a new position file into place comes after its sync.
    PositionFileSync,
    /// The sync of the directory after that rename.
    PositionDirSync,
    /// What was found at the end of the log is synced before anything builds on it.
    SyncAtOpen,
    /// The names that were found are synced before anything builds on them.
    DirSyncAtOpen,
    /// The position that was found is made durable, in a new file, before anything builds on it.
    PositionSyncAtOpen,
    /// The checksum of a segment's header is compared when it comes back.
    SegmentChecksum,
    /// The checksum of a batch's header is compared when it comes back.
    BatchChecksum,
    /// The checksum of an entry's header is compared when it comes back.
    EntryChecksum,
    /// The checksum of an entry's body is compared when it comes back.
    BodyChecksum,
    /// The checksum of the position is compared when it comes back.
    PositionChecksum,
    /// A batch must carry the id and salt of its segment and the sequence that is due.
    IdentityCheck,
    /// A batch must continue the checksum of the batch before it.
    ChainCheck,
    /// A failed sync abandons the segment.
    SyncFailure,
    /// A segment ends where the next one's header says.
    EndMark,
    /// A bad place is called the end only after a search for whole batches behind it.
    TailSearch,
    /// An orderly close writes a mark behind the last entries.
    ClosingMark,
    /// A place that does not fit is read a second time before it is called bad.
    SecondRead,
    /// A file with damage is set aside when it is trimmed, not used again.
    Quarantine,
    /// The sync of the directories after a damaged file was set aside.
    QuarantineDirSync,
    /// A file whose sync has failed is removed when it is trimmed, not used again.
    SuspectFile,
    /// A segment within whose replay the process keeps ending is passed over.
    ReplayGuard,
}

#[cfg(test)]
std::thread_local! {
    static OFF: std::cell::Cell<Option<Protection>> = const { std::cell::Cell::new(None) };
}

/// Tells whether a test of this thread has taken the protection away.
#[cfg(test)]
pub(crate) fn is_off(protection: Protection) -> bool {
    OFF.get() == Some(protection)
}

#[cfg(not(test))]
pub(crate) const fn is_off(_: Protection) -> bool {
    false
}

/// Runs `work` without one protection.
#[cfg(test)]
pub(crate) fn without<T>(protection: Protection, work: impl FnOnce() -> T) -> T {
    OFF.set(Some(protection));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    OFF.set(None);
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
