//! Describes the machine that figures were measured on.

use std::path::Path;

/// A line: processor, cores, memory, kernel, and the file system under `dir`.
pub fn describe(dir: &Path) -> String {
    let cpu_info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu_info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let memory_info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory_kib: u64 = memory_info
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    format!(
        "machine: {cpu}, {cores} cores, {} MiB of memory, Linux {}, {} under the data",
        memory_kib / 1024,
        kernel_version(&kernel),
        file_system(dir)
    )
}

/// The version without the name of the build, which says where a machine stands and nothing of how fast it is.
fn kernel_version(release: &str) -> String {
    let numbers: Vec<&str> = release.trim().split(|c: char| !c.is_ascii_digit()).take(2).collect();
    numbers.join(".")
}

/// The type and source of the file system with the longest mount point above `dir`.
fn file_system(dir: &Path) -> String {
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mut best = (0, "an unknown file system".to_owned());
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        if let [source, point, kind, ..] = fields.as_slice()
            && dir.starts_with(point)
            && point.len() >= best.0
        {
            best = (point.len(), format!("{kind} on {source}"));
        }
    }
    best.1
}

#[cfg(test)]
mod tests;
