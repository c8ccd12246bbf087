//! What a measurement says: rounds for people as they come, figures at the end, all of it kept in a file.
//!
//! Always true: a figure's name is printed once, as `name=value` with a plain decimal, so that a program can read it.

use crate::machine;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The text of one measurement.
#[derive(Debug)]
pub struct Report {
    name: &'static str,
    text: String,
}

impl Report {
    /// Begins with the machine and the file system under `data_dir`.
    pub fn begin(name: &'static str, data_dir: &Path) -> Report {
        let mut report = Report { name, text: String::new() };
        report.line(&machine::describe(data_dir));
        report
    }

    /// Prints and keeps a line.
    pub fn line(&mut self, line: &str) {
        println!("{line}");
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Prints and keeps the figures, and writes everything to a file under `bench/results`.
    pub fn end(mut self, figures: &[(&str, String)], syncs: u64) -> io::Result<()> {
        self.line("");
        for (name, value) in figures {
            self.line(&format!("{name}={value}"));
        }
        self.line("durability=fsync");
        self.line(&format!("syncs={syncs}"));
        let path = self.path();
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, self.text)
    }

    fn path(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("results").join(format!("{}.txt", self.name))
    }
}

/// A place on the disk of the repository: a temporary directory may live in memory, where a sync costs nothing.
pub fn scratch_dir() -> io::Result<tempfile::TempDir> {
    let parent = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
    fs::create_dir_all(&parent)?;
    tempfile::tempdir_in(parent.canonicalize()?)
}
