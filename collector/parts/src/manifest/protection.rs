//! Names each protection of the manifest, so that tests can take one away and show that the proofs notice.
//!
//! Outside this crate's own tests no protection can be switched off: the question is answered by a constant.

/// One thing that stands between an acknowledged commit and its loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// The sync of a record before its commit is acknowledged.
    RecordSync,
    /// The sync of a new generation before it gets its name.
    NewFileSync,
    /// A new generation gets its name after it was written, not before.
    RenameLast,
    /// The sync of the directory after a new generation got its name.
    DirSync,
    /// The sync of the directories above, until there is a manifest.
    ParentDirSync,
    /// The checksum of header and records is compared when they come back.
    Checksum,
    /// A record must continue the checksum and the number of the record before it.
    Chain,
    /// A bad place is called the end only after a search for whole records behind it.
    TailSearch,
    /// A mark behind the last record tells damage to it from a record that a crash tore.
    Mark,
    /// What was written is read back before it is acknowledged.
    ReadBack,
    /// A place that does not fit is read a second time before it is called bad.
    SecondRead,
    /// After a failed write or sync the file is given up for a new generation.
    NewGenerationAfterFailure,
    /// A failed commit whose record could not be made to go away is called in doubt.
    Doubt,
    /// What a start finds is made durable, in a new generation, before anything builds on it.
    NewGenerationAtOpen,
    /// Zeroes behind the last record are kept, so that a commit needs no room.
    Reserve,
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
