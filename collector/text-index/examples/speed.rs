//! Prints what splitting, keys, blooms and the shape index cost on this machine:
//! `cargo run --release -p text-index --example speed [FILE OF LINES]`. Without a file, lines are made up.

use std::collections::HashSet;
use std::hint::black_box;
use std::time::Instant;
use text_index::limits::{BLOOM_BYTES_MAX, SEALED_SHAPES};
use text_index::{Needle, ShapeIndex, ShapeMatcher, ShapeTable, Splitter, WordBloom, for_each_word_key};

const GROUP_RECORDS: usize = 16_384;
const SLICES: usize = 8;

fn main() -> std::io::Result<()> {
    let lines: Vec<String> = match std::env::args().nth(1) {
        Some(path) => String::from_utf8_lossy(&std::fs::read(path)?).lines().map(str::to_owned).collect(),
        None => made_up(8 * GROUP_RECORDS),
    };
    let bytes: usize = lines.iter().map(String::len).sum();
    println!("lines {} of {:.1} bytes", lines.len(), per(bytes, lines.len()));
    texts(&lines);
    let group: Vec<Vec<u64>> = lines.iter().take(GROUP_RECORDS).map(|line| variable_keys(line)).collect();
    split_block_blooms(&group);
    let eight_groups: Vec<Vec<u64>> =
        lines.iter().take(SLICES * GROUP_RECORDS).map(|line| variable_keys(line)).collect();
    for bits in [10, 8] {
        sliced_bloom("eighths of a group", &group, bits);
        sliced_bloom("eight groups", &eight_groups, bits);
    }
    for count in [4096, 32_768, 106_625] {
        shapes(count);
    }
    Ok(())
}

fn per(total: usize, count: usize) -> f64 {
    f64::from(u32::try_from(total).unwrap_or(u32::MAX)) / f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX))
}

fn nanoseconds_each(count: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e9 / per(count, 1)
}

/// Numbers by SplitMix64.
fn chance(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn made_up(count: usize) -> Vec<String> {
    let mut state = 7;
    (0..count)
        .map(|_| {
            let mut draw = || chance(&mut state);
            let (kind, id, node, number) = (draw() % 4, draw(), draw() % 200, draw() % 100_000);
            match kind {
                0 => format!(
                    "GET /api/v1/users/{number} HTTP/1.1 200 {} \"Mozilla/5.0 (X11; Linux x86_64)\" rt={node}",
                    number / 3
                ),
                1 => format!("connection from 10.0.{}.{node}:{} closed by peer after read_timeout", node / 2, number),
                2 => format!(
                    "{{\"level\":\"info\",\"trace\":\"{id:016x}\",\"msg\":\"order accepted\",\"node\":\"node-{node}\"}}"
                ),
                _ => format!(
                    "task {:08x}-1b2c-4d5e-8f90-{:012x} finished on worker-{node} in {number} ms",
                    id >> 32,
                    id >> 16
                ),
            }
        })
        .collect()
}

fn variable_keys(line: &str) -> Vec<u64> {
    let mut splitter = Splitter::new();
    let mut keys = Vec::new();
    match splitter.split(line) {
        Some(split) => split.variables().for_each(|variable| for_each_word_key(variable, &mut |key| keys.push(key))),
        None => for_each_word_key(line, &mut |key| keys.push(key)),
    }
    keys
}

fn texts(lines: &[String]) {
    let mut splitter = Splitter::new();
    let split = nanoseconds_each(lines.len(), || {
        for line in lines {
            black_box(splitter.split(line).map(|split| split.shape.len()));
        }
    });
    println!("split {split:.0} ns a line, {:.2} M lines/s", 1e3 / split);
    let mut table = ShapeTable::new(SEALED_SHAPES);
    let number = nanoseconds_each(lines.len(), || {
        for line in lines {
            black_box(splitter.split(line).and_then(|split| table.number(split.shape)));
        }
    });
    println!("split and number {number:.0} ns a line, {} shapes", table.count());
    let mut count = 0;
    for_each_word_key(&lines.concat(), &mut |_| count += 1);
    let keys = nanoseconds_each(count, || {
        lines.iter().for_each(|line| {
            for_each_word_key(line, &mut |key| {
                black_box(key);
            })
        })
    });
    println!("word keys {keys:.1} ns a key");
}

fn distinct(records: &[Vec<u64>]) -> Vec<u64> {
    let keys: HashSet<u64> = records.iter().flatten().copied().collect();
    keys.into_iter().collect()
}

fn absent() -> impl Iterator<Item = u64> {
    let mut state = 99;
    (0..200_000).map(move |_| chance(&mut state))
}

fn split_block_blooms(group: &[Vec<u64>]) {
    let keys = distinct(group);
    for bits in [10, 8] {
        let mut bloom = WordBloom::with_room(keys.len(), bits, BLOOM_BYTES_MAX).expect("a group is small");
        let build = nanoseconds_each(keys.len(), || keys.iter().for_each(|key| bloom.insert(*key)));
        let mut found = 0;
        let ask = nanoseconds_each(200_000, || found = absent().filter(|key| bloom.may_hold(*key)).count());
        println!(
            "split-block {bits} bits: {} keys, {} bytes, build {build:.1} ns a key, ask {ask:.1} ns, {:.2} % false",
            keys.len(),
            bloom.stored_bytes(),
            per(found, 2000),
        );
    }
}

/// One byte a position, bit b for the b-th of eight slices of the records; six positions a key.
fn sliced_bloom(what: &str, records: &[Vec<u64>], bits: usize) {
    let slices: Vec<Vec<u64>> = records.chunks(records.len().div_ceil(SLICES).max(1)).map(distinct).collect();
    let count: usize = slices.iter().map(Vec::len).sum();
    let mut positions = vec![0u8; count * bits / SLICES];
    let length = u64::try_from(positions.len()).expect("small");
    let place = |key: u64, turn: u64| {
        let mixed = key.wrapping_add(turn.wrapping_mul((key >> 32) | 1));
        usize::try_from((u128::from(mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15)) * u128::from(length)) >> 64)
            .expect("small")
    };
    let build = nanoseconds_each(count, || {
        for (slice, keys) in slices.iter().enumerate() {
            for key in keys {
                (0..6).for_each(|turn| positions[place(*key, turn)] |= 1 << slice);
            }
        }
    });
    let (mut slices_found, mut groups_found) = (0, 0);
    let ask = nanoseconds_each(200_000, || {
        for key in absent() {
            let found = (0..6).fold(u8::MAX, |found, turn| found & positions[place(key, turn)]);
            slices_found += usize::try_from(found.count_ones()).expect("at most eight");
            groups_found += usize::from(found != 0);
        }
    });
    println!(
        "bit-sliced over {what}, {bits} bits: {count} keys, {} bytes, build {build:.1} ns a key, ask {ask:.1} ns, {:.2} % false a slice, {:.2} % false in any",
        positions.len(),
        per(slices_found, 2000 * SLICES),
        per(groups_found, 2000),
    );
}

fn shapes(count: usize) {
    let word = |number: usize| -> String {
        (0..4).map(|digit| char::from(b"abcdefghijklmnop"[(number >> (4 * digit)) & 15])).collect()
    };
    let mut texts: Vec<String> = (0..count)
        .map(|number| {
            format!("module {} failed to open {} after \u{1a} ms, code \u{1a}", word(number % 5000), word(number / 40))
        })
        .collect();
    texts.sort();
    texts.dedup();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut bytes = Vec::new();
    let build = nanoseconds_each(1, || bytes = ShapeIndex::encode(&texts, 3)) / 1e6;
    let length = bytes.len();
    let start = Instant::now();
    let index = ShapeIndex::open(bytes).expect("just written");
    let list = index.unpack().expect("just written");
    let unpack = start.elapsed().as_secs_f64() * 1e3;
    println!(
        "shapes {}: {length} bytes, build {build:.1} ms, open and unpack {unpack:.2} ms, {} bytes in memory, index of words {}",
        texts.len(),
        list.memory_bytes(),
        index.has_word_index()
    );
    for (term, is_open) in
        [("kpca", false), ("open abca after", false), ("kpc", true), ("42", false), ("code 42", false)]
    {
        let matcher = ShapeMatcher::new(Needle { text: term, is_open_start: is_open, is_open_end: is_open });
        let start = Instant::now();
        let answer = index.find(&matcher, None).expect("just written");
        let first = start.elapsed().as_secs_f64() * 1e6;
        let again = nanoseconds_each(5, || {
            (0..5).for_each(|_| {
                black_box(index.find(&matcher, None).is_ok());
            })
        }) / 1e3;
        let in_list = nanoseconds_each(5, || {
            (0..5).for_each(|_| {
                black_box(list.find(&matcher, None));
            })
        }) / 1e3;
        println!(
            "  {term:?} open {is_open}: {} always, {} depend; stored {again:.0} us (first {first:.0}), unpacked list {in_list:.0} us",
            answer.always.len(),
            answer.depends.len()
        );
    }
}
