//! Replays the seeds of tests/fuzz/corpus in an ordinary test, and a bounded number of mutations of them.
//!
//! libFuzzer (`cargo xtask fuzz`) finds new ways through the code; what it finds becomes a seed. This keeps all of them
//! passing in every test run and looks at their neighbours. The mutations are the same in each run, so a failure comes
//! back; time only decides how many of them are tried.
//!
//! Start at [`replay`].

use std::fs;
use std::panic::{self, AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::Once;
use std::time::{Duration, Instant};

/// Longest input that a mutation makes.
const INPUT_BYTES_MAX: usize = 16 * 1024;
/// Most edits of one mutation.
const EDITS_MAX: u64 = 4;
/// Bytes that tend to matter: ends of ranges, varints that go on, brackets and quotes.
const TELLING_BYTES: &[u8] = b"\x00\x01\x7f\x80\xff\x0a\x12\x1a\x2a\x32\"\\{}[](),:*eE-+.09 ";

/// How long to try.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Most mutations.
    pub mutations: u32,
    /// No new mutation is begun after this time.
    pub time: Duration,
}

impl Default for Effort {
    /// A few thousand mutations in less than half a second.
    fn default() -> Effort {
        Effort { mutations: 20_000, time: Duration::from_millis(400) }
    }
}

/// One file of a target's corpus.
#[derive(Debug, Clone)]
pub struct Seed {
    /// Its file name, which says what it is.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
}

/// The seeds of a target, by name. Panics when there are none.
pub fn seeds(target: &str) -> Vec<Seed> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz/corpus")).join(target);
    let names = fs::read_dir(&folder).unwrap_or_else(|error| panic!("read {}: {error}", folder.display()));
    let mut seeds: Vec<Seed> = names
        .map(|entry| {
            let path = entry.expect("the folder can be listed").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Seed { name, bytes: fs::read(&path).expect("a seed is a file") }
        })
        .collect();
    seeds.sort_by(|left, right| left.name.cmp(&right.name));
    assert!(!seeds.is_empty(), "{} holds no seed", folder.display());
    seeds
}

/// Calls `run` with every seed of a target, then with mutations of them. When it panics, the input is printed.
pub fn replay(target: &str, effort: Effort, run: impl Fn(&[u8])) {
    let seeds = seeds(target);
    for seed in &seeds {
        attempt(&format!("{target}: seed {}", seed.name), &seed.bytes, &run);
    }
    let end = Instant::now() + effort.time;
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for number in 0..effort.mutations {
        if Instant::now() >= end {
            return;
        }
        let seed = dice.pick(&seeds);
        let mut input = seed.bytes.clone();
        for _ in 0..=dice.below(EDITS_MAX) {
            mutate(&mut input, &dice.pick(&seeds).bytes, &mut dice);
        }
        input.truncate(INPUT_BYTES_MAX);
        attempt(&format!("{target}: mutation {number}, of {}", seed.name), &input, &run);
    }
}

/// For targets of libFuzzer, whose panic hook ends the process before anything unwinds: panics that are contained
/// ([`basics::contain_panic`]) are no findings.
pub fn pass_over_contained_panics() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !basics::is_panic_contained() {
                hook(info);
            }
        }));
    });
}

fn attempt(what: &str, input: &[u8], run: &impl Fn(&[u8])) {
    // Nothing is looked at after a panic but the input, which nobody changes.
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(input))) {
        eprintln!("{what}; make it a seed: b\"{}\"", input.escape_ascii());
        resume_unwind(panic);
    }
}

/// One edit, at a random place.
fn mutate(input: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let at = dice.index(input.len() + 1);
    match dice.below(8) {
        0 => flip(input, at, 1 << dice.below(8)),
        1 => flip(input, at, dice.byte()),
        2 => input.insert(at, *dice.pick(TELLING_BYTES)),
        3 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = *dice.pick(TELLING_BYTES);
            }
        }
        4 => drop(input.drain(at..(at + 1 + dice.index(8)).min(input.len()))),
        5 => input.truncate(at),
        6 => {
            let end = (at + 1 + dice.index(32)).min(input.len());
            let repeated = input[at..end].repeat(1 + dice.index(16));
            input.splice(at..at, repeated);
        }
        _ => {
            let start = dice.index(other.len() + 1);
            let end = (start + 1 + dice.index(64)).min(other.len());
            input.splice(at..at, other[start..end].iter().copied());
        }
    }
}

fn flip(input: &mut [u8], at: usize, bits: u8) {
    if let Some(byte) = input.get_mut(at) {
        *byte ^= bits;
    }
}

/// Chance that repeats itself (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }
}

#[cfg(test)]
mod tests;
