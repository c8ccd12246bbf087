//! The seeds of tests/fuzz and their neighbours: parts of any bytes, and any text as a question.

use super::sample_part;
use crate::fuzz::{World, part};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;
use testkit::fuzz_corpus::{Effort, replay, seeds};
use testkit::log_batch::log_batch_of;
use testkit::naive;

#[test]
fn any_bytes_in_the_files_of_a_part_are_survived() {
    replay("part", Effort::default(), |input| part(Arc::new(FaultyDisk::new(0)), input));
}

#[test]
fn any_text_finds_what_the_reference_finds() {
    let world = World::new(Arc::new(FaultyDisk::new(0)), &log_batch_of);
    for target in ["query", "search_lang"] {
        replay(target, Effort::default(), |input| world.ask(&naive::matches, input));
    }
}

/// The parts of the sample, each as one input.
fn sample_seeds() -> Vec<(String, Vec<u8>)> {
    let disk = sample_part::load();
    let indexes: Vec<_> = disk.paths().into_iter().filter(|path| path.ends_with("index")).collect();
    let seed = |path: &std::path::PathBuf| {
        let (index, records) = (disk.bytes_of(path), disk.bytes_of(&path.with_file_name("records.parquet")));
        let length = u32::try_from(index.len()).unwrap().to_le_bytes();
        let name = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        (format!("sample_{name}"), [&length[..], &index, &records].concat())
    };
    indexes.iter().map(seed).collect()
}

/// Writes the seeds that are whole parts when `UPDATE_EXPECT` is set; else wants them to be there.
#[test]
fn the_corpus_has_whole_parts() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz/corpus/part"));
    for (name, bytes) in sample_seeds() {
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join(&name), &bytes).unwrap();
        }
        assert!(seeds("part").iter().any(|seed| seed.bytes == bytes), "{name} is missing; UPDATE_EXPECT=1 writes it");
    }
}
