//! What the kernel knows about this process, from /proc.

use std::fs;
use std::time::Duration;

/// Memory in RAM.
pub(crate) fn resident_bytes() -> Option<u64> {
    let pages: u64 = fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    pages.checked_mul(u64::try_from(rustix::param::page_size()).ok()?)
}

/// Processor time of user and system.
pub(crate) fn cpu_time() -> Option<Duration> {
    let ticks = cpu_ticks(&fs::read_to_string("/proc/self/stat").ok()?)?;
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_millis(ticks.checked_mul(1_000)? / per_second))
}

/// Open descriptors, without the one that counts them.
pub(crate) fn open_fds() -> Option<u64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    u64::try_from(count).ok()
}

/// The most descriptors that may be open; `None` without a limit.
pub(crate) fn max_fds() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

/// User and system time from a line of /proc/PID/stat. The name in parentheses may itself hold blanks and parentheses.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, behind_name) = stat.rsplit_once(") ")?;
    let mut columns = behind_name.split(' ').skip(11);
    let user: u64 = columns.next()?.parse().ok()?;
    let system: u64 = columns.next()?.parse().ok()?;
    user.checked_add(system)
}

#[cfg(test)]
mod tests;
