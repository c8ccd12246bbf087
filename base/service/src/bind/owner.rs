//! Finds the process that listens on a port, as far as /proc tells.

use std::fs;
use std::path::Path;

use crate::escape::escaped;

/// `process 17 (name)`; `None` when the process belongs to somebody else or /proc is not there.
pub(crate) fn of_port(port: u16) -> Option<String> {
    let inodes: Vec<u64> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening_inodes(&table, port))
        .collect();
    if inodes.is_empty() {
        return None;
    }
    let processes = fs::read_dir("/proc").ok()?;
    for process in processes.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if holds_one_of(&process.path(), &inodes) {
            return Some(describe(pid));
        }
    }
    None
}

/// `process 17 (name)`.
pub(crate) fn describe(pid: u32) -> String {
    match fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(name) => format!("process {pid} ({})", escaped(name.trim_end())),
        Err(_) => format!("process {pid}"),
    }
}

/// The inodes of sockets that listen on `port`, from a table as the kernel prints it.
fn listening_inodes(table: &str, port: u16) -> Vec<u64> {
    const LISTENING: &str = "0A";
    let port_hex = format!(":{port:04X}");
    let of_line = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
        let is_ours = local.ends_with(&port_hex) && *state == LISTENING;
        is_ours.then(|| inode.parse().ok()).flatten()
    };
    table.lines().skip(1).filter_map(of_line).collect()
}

fn holds_one_of(process: &Path, inodes: &[u64]) -> bool {
    let Ok(files) = fs::read_dir(process.join("fd")) else { return false };
    files.flatten().any(|file| {
        let target = fs::read_link(file.path()).ok();
        let name = target.as_deref().and_then(Path::to_str).unwrap_or_default();
        let inode = name.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
        inode.and_then(|inode| inode.parse().ok()).is_some_and(|inode: u64| inodes.contains(&inode))
    })
}

#[cfg(test)]
mod tests;
