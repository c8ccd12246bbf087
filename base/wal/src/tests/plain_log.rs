//! A log on a disk that behaves, unless a test makes it misbehave, for tests that look at one thing.

use super::bodies::{body, kind, number_of};
use super::run::settings;
use crate::{NewEntry, Opened, Position, Step, WalError, WalSettings, WalStats};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use testkit::faulty_disk::FaultyDisk;

/// The number of an entry, and what was answered.
type Answer = (usize, Result<Position, WalError>);

pub(super) struct PlainLog {
    pub(super) disk: FaultyDisk,
    pub(super) settings: WalSettings,
    pub(super) opened: Opened,
    answers: Arc<Mutex<Vec<Answer>>>,
}

/// What was answered, in order: the number of the entry, and its position or the error.
pub(super) type Answers = Vec<(usize, Result<u64, String>)>;

impl PlainLog {
    pub(super) fn new() -> PlainLog {
        PlainLog::with(settings())
    }

    pub(super) fn with(settings: WalSettings) -> PlainLog {
        PlainLog::on(FaultyDisk::new(0), settings)
    }

    pub(super) fn on(disk: FaultyDisk, settings: WalSettings) -> PlainLog {
        let opened = crate::open(Arc::new(disk.clone()), settings.clone(), 7).unwrap();
        PlainLog { disk, settings, opened, answers: Arc::default() }
    }

    /// Ends the process and starts another one.
    pub(super) fn restarted(self) -> PlainLog {
        self.disk.start_again();
        PlainLog::on(self.disk, self.settings)
    }

    /// Closes the log in an orderly way and opens it again.
    pub(super) fn reopened(mut self) -> PlainLog {
        self.opened.wal.close();
        while self.opened.writer.step() != Step::Closed {}
        self.restarted()
    }

    pub(super) fn append(&self, number: usize, length: usize) -> Result<(), WalError> {
        let answers = self.answers.clone();
        let entry = NewEntry { kind: kind(number), slices: vec![body(number, length)] };
        self.opened.wal.append(entry, Box::new(move |result| answers.lock().unwrap().push((number, result))))
    }

    pub(super) fn step(&mut self) -> Step {
        self.opened.writer.step()
    }

    /// Appends and steps; every answer must be yes.
    pub(super) fn add(&mut self, number: usize, length: usize) -> u64 {
        self.append(number, length).unwrap();
        self.step();
        let answers = self.answers();
        let (answered, position) = answers.last().unwrap();
        assert_eq!(*answered, number);
        *position.as_ref().unwrap()
    }

    pub(super) fn answers(&self) -> Answers {
        let answers = std::mem::take(&mut *self.answers.lock().unwrap());
        let said = |result: Result<Position, WalError>| match result {
            Ok(position) => Ok(position.0),
            Err(error) => Err(error.to_string()),
        };
        answers.into_iter().map(|(number, result)| (number, said(result))).collect()
    }

    /// Positions and numbers of all entries; each must be what was appended.
    pub(super) fn read_all(&self) -> Vec<(u64, usize)> {
        let mut reader = self.opened.wal.reader(Position(0));
        let mut found = Vec::new();
        while let Some(entry) = reader.next().unwrap() {
            let number = number_of(&entry.body).unwrap();
            assert_eq!(entry.body, body(number, entry.body.len()));
            assert_eq!(entry.kind, kind(number));
            found.push((entry.position.0, number));
        }
        found
    }

    pub(super) fn stats(&self) -> WalStats {
        self.opened.wal.stats()
    }

    /// The segment files, without spares, in the order of their entries.
    pub(super) fn segments(&self) -> Vec<PathBuf> {
        self.opened.wal.shared.lock().segments.iter().map(|segment| segment.path.clone()).collect()
    }

    /// All files whose names end as those of segments do.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.disk.paths().into_iter().filter(|path| path.extension().is_some_and(|end| end == "wal")).collect()
    }

    pub(super) fn bytes_of_files(&self) -> u64 {
        self.files().iter().map(|path| self.disk.bytes_of(path).len() as u64).sum()
    }
}
