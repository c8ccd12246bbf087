//! Any bytes in a log's directory: the corpus of the fuzz target, and neighbours of it for a bounded time.

use super::bodies::body;
use super::run::settings;
use crate::{NewEntry, Step};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use testkit::faulty_disk::{Chance, FaultyDisk};
use testkit::fuzz_corpus::{Effort, replay};

const TARGET: &str = "wal_recovery";

fn run(input: &[u8]) {
    crate::fuzz::recovery(Arc::new(FaultyDisk::new(0)), input);
}

/// The first pages of the files of a log, behind the byte that says what they are.
fn seed(choice: u8, lengths: &[&[usize]], pages: usize) -> Vec<u8> {
    let disk = FaultyDisk::new(0);
    let mut opened = crate::open(Arc::new(disk.clone()), settings(), 1).unwrap();
    for (number, batch) in lengths.iter().enumerate() {
        for length in *batch {
            let entry = NewEntry { kind: 1, slices: vec![body(number, *length)] };
            opened.wal.append(entry, Box::new(|_| {})).unwrap();
        }
        opened.writer.step();
    }
    opened.wal.close();
    while opened.writer.step() != Step::Closed {}
    let mut input = vec![choice];
    for path in disk.paths() {
        let bytes = disk.bytes_of(&path);
        let is_position = path.extension().is_none();
        if is_position && choice & 4 != 0 {
            input.extend(&bytes);
        } else if !is_position {
            input.extend(&bytes[..bytes.len().min(pages * 4096)]);
        }
    }
    input
}

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("one-segment", seed(1, &[&[20, 30], &[40]], 3)),
        ("one-segment-checksums-made-to-fit", seed(1 | 8, &[&[20, 30], &[40]], 3)),
        ("one-segment-with-its-closing-mark", seed(1, &[&[20]], 3)),
        ("two-segments", seed(2 | 8, &[&[20], &[9_000]], 2)),
        ("position-and-segment", seed(1 | 4 | 8, &[&[20], &[8, 8]], 2)),
        ("nothing-but-zeroes", [vec![1], vec![0; 8192]].concat()),
    ]
}

#[test]
fn any_bytes_in_the_directory_are_survived() {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz/corpus")).join(TARGET);
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in seeds() {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    replay(TARGET, Effort { mutations: 20_000, time: Duration::from_millis(700) }, run);
}

/// Mutations that know where fields are: each field of each header takes telling values, with a checksum that fits.
#[test]
fn headers_that_lie_under_a_fitting_checksum_are_survived() {
    let mut chance = Chance::new(1);
    let telling = [0, 1, 47, 48, 64, 4096, u64::from(u32::MAX), u64::MAX, u64::MAX / 2, u64::MAX / 4, 1 << 40];
    for (_, seed) in seeds() {
        let mut input = seed.clone();
        input[0] |= 8;
        for page in (1..input.len()).step_by(4096) {
            for field in (0..60).step_by(4) {
                for value in telling {
                    let mut mutated = input.clone();
                    let width = if chance.once_in(2) { 4 } else { 8 };
                    let at = page + field;
                    let end = (at + width).min(mutated.len());
                    mutated[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
                    run(&mutated);
                }
            }
        }
    }
}
