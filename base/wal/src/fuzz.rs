//! Entry points for fuzzers: a log's directory may hold any bytes.

use crate::format::{BATCH_HEADER_BYTES, BatchHeader, PAGE, SEQUENCE_MAX, SegmentHeader};
use crate::limits::SEGMENT_BYTES_MIN;
use crate::{NewEntry, Position, Step, WalError, WalSettings};
use basics::{Disk, OpenMode};
use bytes::Bytes;
use std::io::IoSlice;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Bytes of an input that are taken; more makes a run slow and shows nothing new.
const INPUT_BYTES_MAX: usize = 256 * 1024;

/// The files that an input becomes.
const NAMES: [&str; 4] = ["position", "0000000000000001.wal", "0000000000000002.wal", "0000000000000003.wal"];

/// Opens a log whose files hold `input`, reads it to its end, appends, and opens it again.
///
/// The first byte chooses what the rest is: its two lowest bits say how many segments it is cut into, bit 2 whether
/// there is a position file before them, bit 3 whether the checksums of headers are made to fit, so that lengths and
/// sequences that lie are reached. `disk` is empty.
///
/// Asserts that nothing panics, that positions rise without a gap but for what is reported lost, and that a log that
/// could be opened takes entries and finds them.
pub fn recovery(disk: Arc<dyn Disk>, input: &[u8]) {
    let Some((&choice, rest)) = input.split_first() else { return };
    let rest = &rest[..rest.len().min(INPUT_BYTES_MAX)];
    let dir = Path::new("log");
    if lay_out(disk.as_ref(), dir, choice, rest).is_err() {
        return;
    }
    let settings = WalSettings { segment_bytes: SEGMENT_BYTES_MIN, ..WalSettings::new(dir) };
    let body = Bytes::from_static(b"an entry behind whatever was there");
    let Some(acknowledged) = read_and_append(&disk, &settings, &body) else { return };
    let opened = crate::open(disk, settings, 2).expect("a log that was opened once is opened again");
    let mut reader = opened.wal.reader(acknowledged);
    let found = reader.next().expect("what was appended behind damage is not damaged");
    assert_eq!(found.map(|entry| (entry.position, entry.body)), Some((acknowledged, body.to_vec())));
}

/// Reads all there is and appends an entry; `None` when the log cannot be opened.
fn read_and_append(disk: &Arc<dyn Disk>, settings: &WalSettings, body: &Bytes) -> Option<Position> {
    let mut opened = crate::open(disk.clone(), settings.clone(), 1).ok()?;
    let mut reader = opened.wal.replay(Position(0));
    let mut due = None;
    loop {
        let (first, behind) = match reader.next() {
            Ok(None) => break,
            Ok(Some(entry)) => (entry.position.0, entry.position.0 + 1),
            Err(WalError::Lost { first, last, .. }) => (first.0, last.0 + 1),
            Err(error) => panic!("a disk without faults gave {error}"),
        };
        assert!(first < behind && due.is_none_or(|due| due == first), "{first} to before {behind}, due was {due:?}");
        due = Some(behind);
    }
    drop(reader);
    let next = opened.recovery.next;
    let last_id = opened.wal.shared.lock().segments.back().map_or(0, |segment| segment.id);
    if last_id.max(next.0) > SEQUENCE_MAX / 2 {
        // Nobody counts that far; what is read up to there must only not overflow.
        return None;
    }
    assert!(due.is_none_or(|due| due == next.0), "reading ends at {due:?}, the log at {next}");
    let told = Arc::new(Mutex::new(None));
    let teller = told.clone();
    let done = move |result: Result<Position, WalError>| {
        *teller.lock().expect("nobody panics with it") = Some(result.expect("a disk without faults takes an entry"));
    };
    opened.wal.append(NewEntry { kind: 7, slices: vec![body.clone()] }, Box::new(done)).ok()?;
    assert_eq!(opened.writer.step(), Step::Worked);
    let acknowledged = told.lock().expect("nobody panics with it").expect("an answer was given");
    assert_eq!(acknowledged, next, "the next position is the one that was promised");
    Some(acknowledged)
}

fn lay_out(disk: &dyn Disk, dir: &Path, choice: u8, rest: &[u8]) -> std::io::Result<()> {
    disk.create_dir_all(dir)?;
    let has_position = choice & 4 != 0;
    let segments = usize::from(choice & 3);
    let names = &NAMES[usize::from(!has_position)..=segments];
    let mut rest = rest;
    for (index, name) in names.iter().enumerate() {
        let pages = rest.len().div_ceil(PAGE) / (names.len() - index);
        let bytes = if *name == NAMES[0] { 2 * PAGE } else { pages * PAGE };
        let (part, behind) = rest.split_at(bytes.min(rest.len()));
        rest = behind;
        let mut part = part.to_vec();
        if choice & 8 != 0 {
            make_checksums_fit(&mut part);
        }
        write(disk, dir.join(name), &part)?;
    }
    Ok(())
}

fn write(disk: &dyn Disk, path: PathBuf, bytes: &[u8]) -> std::io::Result<()> {
    let file = disk.open(&path, OpenMode::CreateNew)?;
    file.write_all_at(&mut [IoSlice::new(bytes)], 0)?;
    file.sync_all()
}

/// Gives the headers of a segment the checksums of what they say.
fn make_checksums_fit(segment: &mut [u8]) {
    for (number, page) in segment.chunks_mut(PAGE).enumerate() {
        if number == 0 {
            SegmentHeader::make_checksum_fit(page);
        } else if page.len() >= BATCH_HEADER_BYTES {
            BatchHeader::make_checksum_fit(page);
        }
    }
}
