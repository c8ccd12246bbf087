//! What the system and a collector itself say about a running collector.
//!
//! Start at [`cpu_of`] and [`FilesOf`].

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use testkit::http_client;
use testkit::outrigger_process::{NETWORK_DEADLINE, OutriggerProcess};

/// Processor time, user and system, that a process has used.
pub fn cpu_of(id: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name in parentheses may hold spaces; the fields behind it do not.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (Some(Ok(user)), Some(Ok(system))) = (ticks.next(), ticks.next()) else {
        return Err(io::Error::other(format!("/proc/{id}/stat reads {stat:?}")));
    };
    Ok(Duration::from_secs_f64((user + system) as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// The most memory that a process has had in RAM, in KiB.
pub fn peak_memory_kib_of(id: u32) -> io::Result<u64> {
    number_in(&format!("/proc/{id}/status"), "VmHWM:")
}

/// Bytes that a process has got from calls of the kind `read`, from wherever: page cache, disk, `/proc`.
pub fn read_bytes_of(id: u32) -> io::Result<u64> {
    number_in(&format!("/proc/{id}/io"), "rchar:")
}

/// The number behind a word at the beginning of a line.
fn number_in(path: &str, word: &str) -> io::Result<u64> {
    let text = fs::read_to_string(path)?;
    let number = text.lines().find_map(|line| line.strip_prefix(word)?.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other(format!("{path} has no number behind {word}")))
}

/// Syncs of the write-ahead log.
pub fn syncs_of(process: &OutriggerProcess) -> io::Result<u64> {
    let page = http_client::get(process.web, "/api/v1/ingest", NETWORK_DEADLINE)?.json()?;
    page["log"]["syncs"].as_u64().ok_or_else(|| io::Error::other(format!("no number of syncs in {page}")))
}

/// Records of all tenants that are not yet in parts.
pub fn head_records_of(process: &OutriggerProcess) -> io::Result<u64> {
    let page = http_client::get(process.web, "/metrics", NETWORK_DEADLINE)?.text();
    let value = page.lines().find_map(|line| line.strip_prefix("outrigger_head_records{signal=\"logs\"} "));
    let value = value.and_then(|value| value.trim().parse().ok());
    value.ok_or_else(|| io::Error::other("the metrics do not say how many records are in memory"))
}

/// The files below a directory with their lengths.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct FilesOf(BTreeMap<PathBuf, u64>);

impl FilesOf {
    /// As they are at this moment. What vanishes meanwhile is left out.
    pub fn dir(dir: &Path) -> io::Result<FilesOf> {
        let mut files = FilesOf::default();
        files.add(dir)?;
        Ok(files)
    }

    fn add(&mut self, dir: &Path) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let added = match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.add(&entry.path()),
                Ok(_) => entry.metadata().map(|metadata| {
                    self.0.insert(entry.path(), metadata.len());
                }),
                Err(error) => Err(error),
            };
            match added {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Bytes in all of them.
    pub fn bytes(&self) -> u64 {
        self.0.values().sum()
    }
}
