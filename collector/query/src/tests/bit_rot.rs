//! Bits that change where they lie, in each file of a store: whatever was damaged, an answer is the right one, or it says
//! that it lacks something and holds nothing but right records.
//!
//! A store has a part that is damaged, and other records in another part or in memory. What is asked reads every column
//! and every section of the index.

mod asked;

use asked::{Answer, Asked, all_asked};

use super::world::{NOW, TENANT};
use crate::CutShort;
use basics::{Disk, Timestamp, error_chain};
use log_store::{LogStore, NewLogs, PartId, PartSettings};
use model::{LogRecord, Severity, SpanId, Stream, TraceId, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use testkit::faulty_disk::{Chance, FaultyDisk, Unsynced};
use testkit::log_batch::log_batch_of;

const DIR: &str = "/data/logs";

/// A store on a disk, and what it answers when it is whole.
struct Whole {
    disk: FaultyDisk,
    settings: PartSettings,
    /// Records that a replay would bring back into memory.
    in_head: Vec<LogRecord>,
    /// The part that is damaged.
    part: PartId,
    asked: Vec<Asked>,
    whole: Vec<Answer>,
    /// The answers without the records of that part.
    rest: Vec<Answer>,
}

/// Where the records are that are not damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Part,
    Head,
}

/// What came of the damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Some answer told of it, and the part was put aside.
    Told,
    /// No answer was touched, but a check of the store finds it.
    FoundByCheck,
    /// The store does not open, and the error says why.
    Refused,
    /// Nobody reads what was damaged.
    Unread,
}

/// How often each came.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    told: u32,
    found_by_check: u32,
    refused: u32,
    unread: u32,
}

impl Tally {
    fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Told => &mut self.told,
            Outcome::FoundByCheck => &mut self.found_by_check,
            Outcome::Refused => &mut self.refused,
            Outcome::Unread => &mut self.unread,
        } += 1;
    }
}

/// Records with something in every column. Only the numbers differ.
fn records(count: i64) -> Vec<LogRecord> {
    let streams = ["shop", "cart", "pay"].map(|service| {
        let text = |text: &str| Value::Str(text.into());
        let resource = vec![("service.name".into(), text(service)), ("host".into(), text("node-7"))];
        Arc::new(Stream { resource, scope_name: "app.logger".into(), ..Stream::default() })
    });
    let at = |number: i64, of: i64| usize::try_from(number % of).unwrap();
    let byte = |number: i64| u8::try_from(number % 200).unwrap() + 1;
    (0..count)
        .map(|number| {
            let body = match number % 5 {
                0 => format!("request {number} to /api/v1/carts took {} ms", number * 7 % 90),
                1 => format!("timeout after {number} ms on node-{}", number % 7),
                2 => format!(r#"{{"level":"warn","took":{number},"user":"u{}"}}"#, number % 11),
                3 => "disk full".to_owned(),
                _ => format!("user_id={} signed in", number % 13),
            };
            let own = |text: String| Value::Str(text.into());
            let mut attributes: model::Attributes = vec![
                ("user".into(), own(format!("user {}", number % 3))),
                ("took".into(), Value::Int(number)),
                ("share".into(), Value::Double(0.5)),
                ("done".into(), Value::Bool(number % 2 == 0)),
            ];
            if number == count / 2 {
                attributes.push(("rare".into(), Value::Array(vec![Value::Int(1), own("x".to_owned())])));
            }
            LogRecord {
                position: model::RecordPosition { time: Timestamp(NOW.0 + number * 1_000), sequence: 0 },
                observed: Timestamp(NOW.0 + number * 1_000 + 7),
                severity: Severity([9, 17, 13][at(number, 3)]),
                severity_text: ["INFO", "ERROR", "WARN"][at(number, 3)].into(),
                body: if number == 1 { Value::Int(5) } else { Value::Str(body.into()) },
                trace_id: TraceId::new([byte(number); 16]),
                span_id: SpanId::new([byte(number * 3); 8]),
                flags: 1,
                event_name: "step.done".into(),
                dropped_attributes: 2,
                attributes,
                stream: streams[at(number, 3)].clone(),
            }
        })
        .collect()
}

impl Whole {
    /// A part of all of these records but every fourth, which are in another part, or in memory.
    fn new(count: i64, group_records: usize, other_place: Place) -> Whole {
        let settings = PartSettings { group_records, ..PartSettings::SEALED };
        let disk = FaultyDisk::new(1);
        let (other, damaged): (Vec<_>, Vec<_>) =
            records(count).into_iter().enumerate().partition(|(number, _)| number % 4 == 0);
        let records = |of: Vec<(usize, LogRecord)>| of.into_iter().map(|(_, record)| record).collect::<Vec<_>>();
        let (other, damaged) = (records(other), records(damaged));
        let store = LogStore::open_with(Arc::new(disk.clone()), Path::new(DIR), settings).unwrap();
        let mut sealed = vec![&damaged];
        if other_place == Place::Part {
            sealed.push(&other);
        }
        for records in sealed {
            append(&store, records);
            assert!(store.freeze());
            store.seal().unwrap();
        }
        let parts = store.snapshot(TENANT).parts().iter().map(|part| part.id()).collect::<Vec<_>>();
        let part = parts.into_iter().min().expect("there is a part");
        // The mark behind the last commit has reached the disk, as it has a moment later.
        drop(store);
        disk.cut_power(Unsynced::Kept);
        let in_head = if other_place == Place::Head { other } else { Vec::new() };
        let (asked, whole, rest) = (all_asked(), Vec::new(), Vec::new());
        let mut made = Whole { disk, settings, in_head, part, asked, whole, rest };
        made.whole = made.answers(&made.disk.copy());
        let without = made.disk.copy();
        without.flip(&made.file("records.parquet"), 8, 1);
        drop(made.answers(&without));
        assert_eq!(made.open(&without).unwrap().part_stats().quarantined, 1);
        made.rest = made.answers(&without);
        assert!(made.whole.iter().all(|answer| answer.cut_short.is_none()));
        assert!(made.rest.iter().all(|answer| answer.cut_short == Some(CutShort::Damaged)));
        made
    }

    fn open(&self, disk: &FaultyDisk) -> Result<LogStore, log_store::StoreError> {
        let store = LogStore::open_with(Arc::new(disk.clone()), Path::new(DIR), self.settings)?;
        append(&store, &self.in_head);
        Ok(store)
    }

    /// Every answer; what is found damaged is put aside afterwards.
    fn answers(&self, disk: &FaultyDisk) -> Vec<Answer> {
        let store = self.open(disk).unwrap();
        let answers = self.asked.iter().map(|asked| asked.answer(&store)).collect();
        store.parts().quarantine_damaged().into_iter().for_each(|part| drop(part.unwrap()));
        answers
    }

    /// The files that belong to the damaged part, and the manifest.
    fn file(&self, name: &str) -> PathBuf {
        let is_it = |path: &PathBuf| path.ends_with(name) && (name == "manifest" || is_of(path, self.part));
        self.disk.paths().into_iter().find(is_it).unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// Damages one bit, asks, and judges what was answered. All records are asked for unless other questions, `more` of
    /// them, have shown the damage already; in turn also then.
    #[track_caller]
    fn judge(&self, path: &Path, offset: u64, bit: u32, more: usize) -> Outcome {
        let what = || format!("{} byte {offset} bit {bit}", path.display());
        let disk = self.disk.copy();
        disk.flip(path, offset, bit);
        let store = match self.open(&disk) {
            Ok(store) => store,
            Err(error) => {
                let text = error_chain(&error);
                assert!(path.ends_with("manifest") && text.contains("/data/logs/manifest"), "{}: {text}", what());
                return Outcome::Refused;
            }
        };
        let turn = usize::try_from(offset).unwrap() + usize::try_from(bit).unwrap();
        let chosen =
            (0..=more).map(|number| if number == 0 { 0 } else { 1 + (turn + number) % (self.asked.len() - 1) });
        let chosen: Vec<usize> = chosen.collect();
        let mut is_told = false;
        // What needs less of the part is asked first: what one question reads, the next one may find in memory.
        for number in chosen.iter().rev() {
            if is_told && *number == 0 && !turn.is_multiple_of(4) {
                continue;
            }
            let answer = self.asked[*number].answer(&store);
            let (whole, rest) = (&self.whole[*number], &self.rest[*number]);
            let verdict = answer.judged(whole, rest);
            assert!(verdict.is_ok(), "{}, {}: {}", what(), self.asked[*number].text, verdict.unwrap_err());
            is_told |= answer.cut_short.is_some();
        }
        if is_told {
            let aside: Vec<(PartId, String)> =
                store.parts().quarantine_damaged().into_iter().map(|part| part.unwrap()).collect();
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(aside.len() == 1 && aside[0].0 == self.part, "{}: {aside:?}", what());
            assert!(aside[0].1.contains(name), "{}: {aside:?} does not name the file", what());
            // All of it, and in turn what else was asked.
            for number in chosen.into_iter().take(1 + usize::from(turn.is_multiple_of(8)) * more) {
                let answer = self.asked[number].answer(&store);
                assert_eq!(answer, self.rest[number], "{}, {}, put aside", what(), self.asked[number].text);
            }
            assert_eq!(store.part_stats().quarantined, 1);
            return Outcome::Told;
        }
        assert_eq!(store.part_stats().quarantined, 0, "{}", what());
        drop(store);
        if path.ends_with("manifest") {
            return Outcome::Unread;
        }
        let found = LogStore::check(&(Arc::new(disk) as Arc<dyn Disk>), Path::new(DIR)).unwrap().unwrap();
        match found.damaged.as_slice() {
            [] => Outcome::Unread,
            [(part, _)] if *part == self.part => Outcome::FoundByCheck,
            others => panic!("{}: {others:?}", what()),
        }
    }
}

fn is_of(path: &Path, part: PartId) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|name| name.to_string_lossy() == format!("{:016x}", part.0))
}

/// Adds a request behind all that the store has.
fn append(store: &LogStore, records: &[LogRecord]) {
    let (tenant, position, received) = (TENANT, store.sealed().max(1), NOW);
    let batch = log_batch_of(records);
    store.append(vec![NewLogs { tenant, position, received, batch, ordinals: None, reservation: None }]);
}

/// Every byte of the part in turn.
#[test]
fn every_byte_of_a_small_part_may_change_and_no_answer_is_wrong() {
    let whole = Whole::new(12, 7, Place::Head);
    let mut tallies = Vec::new();
    for name in ["records.parquet", "index"] {
        let path = whole.file(name);
        let mut tally = Tally::default();
        for offset in 0..whole.disk.bytes_of(&path).len() as u64 {
            tally.count(whole.judge(&path, offset, u32::try_from(offset * 5 % 8).unwrap(), 1));
        }
        println!("{name}: {tally:?}");
        tallies.push(tally);
    }
    let [records, index] = &tallies[..] else { panic!("two files") };
    assert_eq!((records.unread, records.refused), (4, 0), "the first four bytes say nothing: {records:?}");
    // Columns for other readers say again what the index says.
    assert!(records.told > 2_000 && records.told > 5 * records.found_by_check, "{records:?}");
    assert_eq!((index.unread, index.refused), (0, 0), "{index:?}");
    // A bloom that cannot be read decides nothing; the records are read in its place.
    assert!(index.told > 100, "{index:?}");
}

/// Every byte of the manifest in turn that is not one of many zeroes.
#[test]
fn every_byte_of_a_small_manifest_may_change_and_no_answer_is_wrong() {
    let whole = Whole::new(12, 7, Place::Head);
    let path = whole.file("manifest");
    let mut tally = Tally::default();
    for offset in told_places(&whole.disk.bytes_of(&path)) {
        tally.count(whole.judge(&path, offset, u32::try_from(offset * 5 % 8).unwrap(), 1));
    }
    println!("manifest: {tally:?}");
    assert_eq!((tally.told, tally.found_by_check), (0, 0), "{tally:?}");
    assert!(tally.refused > 60, "{tally:?}");
}

/// Where a file of many zeroes says something, and some places among the zeroes.
fn told_places(bytes: &[u8]) -> Vec<u64> {
    let is_told = |(at, byte): &(u64, &u8)| **byte != 0 || at.is_multiple_of(64);
    (0..).zip(bytes).filter(is_told).map(|(at, _)| at).collect()
}

/// 1,000 bits by lot, of each kind of file, in larger ones.
#[test]
fn a_thousand_bits_of_each_file_may_change_and_no_answer_is_wrong() {
    let whole = Whole::new(400, 100, Place::Part);
    let mut chance = Chance::new(11);
    for name in ["records.parquet", "index", "manifest"] {
        let path = whole.file(name);
        let bytes = whole.disk.bytes_of(&path);
        let places = if name == "manifest" { told_places(&bytes) } else { (0..bytes.len() as u64).collect() };
        let mut tally = Tally::default();
        for _ in 0..1_000 {
            let (offset, bit) = (places[chance.index(places.len())], u32::try_from(chance.index(8)).unwrap());
            tally.count(whole.judge(&path, offset, bit, 1));
        }
        println!("{name} of {} bytes: {tally:?}", bytes.len());
        match name {
            "records.parquet" => assert!(tally.told > 900 && tally.unread <= 2, "{tally:?}"),
            "index" => assert!(tally.told > 0 && tally.told + tally.found_by_check == 1_000, "{tally:?}"),
            _ => assert!(tally.refused > 0 && tally.told + tally.found_by_check == 0, "{tally:?}"),
        }
    }
}
