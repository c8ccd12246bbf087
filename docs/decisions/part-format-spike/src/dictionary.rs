//! The shapes of a run of records, and the words that only their variables hold, per row group.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64;

use crate::corpus::Record;
use crate::splitter::{Rules, SLOT, Splitter};
use crate::words;

/// The keys are hashes already.
#[derive(Default)]
pub struct Identity(u64);
impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only u64 keys are hashed")
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
    fn write_u32(&mut self, key: u32) {
        self.0 = u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
pub type HashedSet = HashSet<u64, BuildHasherDefault<Identity>>;
pub type HashedMap<V> = HashMap<u64, V, BuildHasherDefault<Identity>>;

/// The number of a record that is kept without a shape.
pub const UNSHAPED: u32 = u32::MAX;

pub struct Shape {
    pub id: u64,
    pub text: Box<str>,
    pub count: u32,
    pub has_slot: bool,
}

pub struct Shapes {
    pub by_id: HashedMap<u32>,
    pub list: Vec<Shape>,
    pub surplus: u64,
    limit: usize,
}

impl Shapes {
    pub fn new(limit: usize) -> Shapes {
        Shapes { by_id: HashedMap::default(), list: Vec::new(), surplus: 0, limit }
    }

    /// The number of the shape, or `UNSHAPED` when the table is full or another text has the same id.
    pub fn number(&mut self, text: &str) -> u32 {
        let id = xxh3_64(text.as_bytes());
        match self.by_id.entry(id) {
            Entry::Occupied(known) => {
                let number = *known.get();
                let shape = &mut self.list[number as usize];
                if *shape.text != *text {
                    self.surplus += 1;
                    return UNSHAPED;
                }
                shape.count += 1;
                number
            }
            Entry::Vacant(_) if self.list.len() >= self.limit => {
                self.surplus += 1;
                UNSHAPED
            }
            Entry::Vacant(free) => {
                let number = u32::try_from(self.list.len()).expect("the limit is far below");
                free.insert(number);
                self.list.push(Shape { id, text: text.into(), count: 1, has_slot: text.contains(SLOT) });
                number
            }
        }
    }

    pub fn text_bytes(&self) -> usize {
        self.list.iter().map(|shape| shape.text.len()).sum()
    }
}

pub struct Dictionary {
    pub shapes: Shapes,
    pub shape_of: Vec<u32>,
    /// Words of the variables (and of whole messages without a shape), per row group of `group_records`.
    pub variable_words: Vec<HashedSet>,
    pub group_records: usize,
    /// Per shape, the first letter-only words its variables held, up to the limit and one more.
    pub vocabulary: HashedMap<HashedSet>,
    pub variables: u64,
    pub variable_bytes: u64,
}

pub const VOCABULARY_MAX: usize = 32;

pub fn build(records: &[Record], rules: Rules, limit: usize, group_records: usize) -> Dictionary {
    build_with(records, rules, Shapes::new(limit), group_records)
}

/// The same, without the shapes that fewer than `records_min` records have: a first pass counts, as a seal can, since the head knows its counts.
pub fn build_frequent(records: &[Record], rules: Rules, records_min: u32, group_records: usize) -> Dictionary {
    let splitter = Splitter { rules };
    let mut all = Shapes::new(usize::MAX);
    let mut text = String::new();
    for record in records {
        splitter.split(&record.text, &mut text, &mut |_| {});
        all.number(&text);
    }
    let mut kept = Shapes::new(usize::MAX);
    for shape in all.list.into_iter().filter(|shape| shape.count >= records_min) {
        kept.number(&shape.text);
    }
    for shape in &mut kept.list {
        shape.count = 0;
    }
    kept.limit = 0;
    build_with(records, rules, kept, group_records)
}

fn build_with(records: &[Record], rules: Rules, mut shapes: Shapes, group_records: usize) -> Dictionary {
    let splitter = Splitter { rules };
    let mut shape_of = Vec::with_capacity(records.len());
    let mut variable_words = Vec::new();
    let mut vocabulary: HashedMap<HashedSet> = HashedMap::default();
    let mut text = String::new();
    let mut variables = 0u64;
    let mut variable_bytes = 0u64;
    let mut kept: Vec<String> = Vec::new();
    for group in records.chunks(group_records) {
        let mut set = HashedSet::default();
        for record in group {
            let mut used = 0;
            splitter.split(&record.text, &mut text, &mut |variable| {
                variables += 1;
                variable_bytes += variable.len() as u64;
                if used == kept.len() {
                    kept.push(String::new());
                }
                kept[used].clear();
                kept[used].push_str(variable);
                used += 1;
            });
            let number = shapes.number(&text);
            shape_of.push(number);
            if number == UNSHAPED {
                words::hashes(&record.text, &mut |word| {
                    set.insert(word);
                });
                continue;
            }
            for variable in &kept[..used] {
                words::hashes(variable, &mut |word| {
                    set.insert(word);
                });
                if variable.bytes().any(|byte| byte.is_ascii_alphabetic()) {
                    let words_of_shape = vocabulary.entry(u64::from(number)).or_default();
                    if words_of_shape.len() <= VOCABULARY_MAX {
                        words::each(variable, &mut |word| {
                            if words_of_shape.len() <= VOCABULARY_MAX && !word.bytes().any(|byte| byte.is_ascii_digit())
                            {
                                words_of_shape.insert(xxh3_64(word.as_bytes()));
                            }
                        });
                    }
                }
            }
        }
        variable_words.push(set);
    }
    Dictionary { shapes, shape_of, variable_words, group_records, vocabulary, variables, variable_bytes }
}

impl Dictionary {
    /// The same with row groups `factor` times as large.
    pub fn coarser(&self, factor: usize) -> Vec<HashedSet> {
        self.variable_words
            .chunks(factor)
            .map(|sets| {
                let mut all = HashedSet::default();
                for set in sets {
                    all.extend(set);
                }
                all
            })
            .collect()
    }
}
