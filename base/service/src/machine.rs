//! The measure of the machine: how much memory this process may use.

use std::fs;
use std::path::{Path, PathBuf};

use basics::{GIB, KIB};

/// Bytes of memory this process may use: the RAM, or the limit of its control group when that is lower.
///
/// Falls back to 1 GiB where neither can be read: small enough for any machine that runs this.
pub fn memory_bytes() -> u64 {
    read_memory_bytes(Path::new("/"))
}

/// The same below another root.
fn read_memory_bytes(root: &Path) -> u64 {
    let ram = fs::read_to_string(root.join("proc/meminfo")).ok().and_then(|text| parse_ram(&text));
    let group = fs::read_to_string(root.join("proc/self/cgroup")).ok();
    let limits = group.iter().flat_map(|text| limit_files(root, text)).filter_map(|path| read_limit(&path));
    ram.into_iter().chain(limits).min().unwrap_or(GIB)
}

fn parse_ram(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(KIB)
}

/// The files that may hold a limit: of the process's group and of every group above it, in both versions.
fn limit_files(root: &Path, groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut columns = line.splitn(3, ':');
        let (Some(number), Some(controllers), Some(path)) = (columns.next(), columns.next(), columns.next()) else {
            continue;
        };
        let (mount, file) = if number == "0" && controllers.is_empty() {
            ("sys/fs/cgroup", "memory.max")
        } else if controllers.split(',').any(|controller| controller == "memory") {
            ("sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            continue;
        };
        // In a container the path is that of the host, and only the top of the mount exists.
        for group in Path::new(path.trim_start_matches('/')).ancestors() {
            files.push(root.join(mount).join(group).join(file));
        }
    }
    files
}

fn read_limit(path: &Path) -> Option<u64> {
    let limit: u64 = fs::read_to_string(path).ok()?.trim().parse().ok()?;
    // Version 1 writes "no limit" as a number near 2^63.
    (limit > 0 && limit < 1 << 60).then_some(limit)
}

#[cfg(test)]
mod tests;
