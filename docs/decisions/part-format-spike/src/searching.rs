//! How often a word search must read bodies: per class of word, what the shapes answer alone and what the word blooms leave to read.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::bloom::Bloom;
use crate::corpus::Record;
use crate::dictionary::{Dictionary, HashedMap, HashedSet, UNSHAPED, VOCABULARY_MAX};
use crate::words;

/// In how many records each word is.
pub struct Truth {
    pub records_with: HashedMap<(u32, u32)>,
}

impl Truth {
    pub fn of(records: &[Record]) -> Truth {
        let mut records_with: HashedMap<(u32, u32)> = HashedMap::default();
        for (i, record) in records.iter().enumerate() {
            let stamp = u32::try_from(i).expect("few records") + 1;
            words::hashes(&record.text, &mut |word| {
                let (count, last) = records_with.entry(word).or_default();
                if *last != stamp {
                    *count += 1;
                    *last = stamp;
                }
            });
        }
        Truth { records_with }
    }
}

#[derive(Clone)]
pub struct Query {
    pub word: String,
    pub hash: u64,
    pub hits: u32,
}

/// Distinct words of the records by class, `count_max` each, evenly spaced through the list of all words of the class.
pub fn queries(records: &[Record], truth: &Truth, count_max: usize) -> Vec<(&'static str, Vec<Query>)> {
    let mut seen = HashedSet::default();
    let mut classes: HashMap<&'static str, Vec<Query>> = HashMap::new();
    for record in records {
        words::each(&record.text, &mut |word| {
            let hash = xxh3_64(word.as_bytes());
            if !seen.insert(hash) {
                return;
            }
            let Some(&(hits, _)) = truth.records_with.get(&hash) else { return };
            let share = f64::from(hits) / records.len() as f64;
            let digit = word.bytes().any(|byte| byte.is_ascii_digit());
            let class = match (digit, hits) {
                (false, _) if share >= 0.02 => "word_common",
                (false, _) if share >= 0.001 => "word_middling",
                (false, 2..) => "word_rare",
                (false, _) => "word_once",
                (true, _) if share >= 0.02 => "number_common",
                (true, 20..) => "number_middling",
                (true, 2..) => "id_rare",
                (true, _) => "id_once",
            };
            classes.entry(class).or_default().push(Query { word: word.to_owned(), hash, hits });
        });
    }
    let absent = (0..count_max).map(|i| {
        let word = format!("absent{i}word");
        Query { hash: xxh3_64(word.as_bytes()), word, hits: 0 }
    });
    classes.insert("absent", absent.collect());
    let mut all: Vec<_> = classes
        .into_iter()
        .map(|(class, list)| {
            let step = (list.len() / count_max).max(1);
            (class, list.into_iter().step_by(step).take(count_max).collect::<Vec<_>>())
        })
        .collect();
    all.sort_by_key(|(class, _)| *class);
    all
}

/// Words that people type, where the records hold them.
pub fn typed_queries(truth: &Truth) -> Vec<(&'static str, Vec<Query>)> {
    const WORDS: [&str; 24] = [
        "error",
        "failed",
        "warning",
        "timeout",
        "connection",
        "refused",
        "denied",
        "exception",
        "user",
        "authenticated",
        "closed",
        "started",
        "queue",
        "replica",
        "404",
        "500",
        "debug",
        "msg",
        "get",
        "copyright",
        "select",
        "libc",
        "rabbit",
        "guest",
    ];
    let list = WORDS
        .iter()
        .filter_map(|word| {
            let hash = xxh3_64(word.as_bytes());
            truth.records_with.get(&hash).map(|&(hits, _)| Query { word: (*word).to_owned(), hash, hits })
        })
        .collect();
    vec![("typed", list)]
}

#[derive(Default, Clone)]
pub struct Cost {
    pub queries: usize,
    pub hits: u64,
    pub hits_by_shape: u64,
    pub groups_read: f64,
    pub groups_useful: f64,
    pub records_read: f64,
    pub groups_read_with_vocabulary: f64,
    pub records_read_with_vocabulary: f64,
    pub whole_part_skipped: usize,
    pub answered_without_bodies: usize,
}

pub struct Layout<'a> {
    dictionary: &'a Dictionary,
    shapes_with: HashedMap<Vec<u32>>,
    shapes_with_variable: HashedMap<Vec<u32>>,
    open_shapes: Vec<u32>,
    counts: Vec<HashMap<u32, u32>>,
    slotted: Vec<u64>,
    part_bloom: Bloom,
    blooms: Vec<Bloom>,
    words: Vec<HashedSet>,
    records: usize,
}

impl<'a> Layout<'a> {
    pub fn new(dictionary: &'a Dictionary, factor: usize, bits_per_word: f64) -> Layout<'a> {
        let list = &dictionary.shapes.list;
        let mut shapes_with: HashedMap<Vec<u32>> = HashedMap::default();
        for (number, shape) in list.iter().enumerate() {
            words::hashes(&shape.text, &mut |word| {
                let numbers = shapes_with.entry(word).or_default();
                if numbers.last() != Some(&(number as u32)) {
                    numbers.push(number as u32);
                }
            });
        }
        let mut shapes_with_variable: HashedMap<Vec<u32>> = HashedMap::default();
        let mut open_shapes = Vec::new();
        for (shape, words) in &dictionary.vocabulary {
            if words.len() > VOCABULARY_MAX {
                open_shapes.push(*shape as u32);
            } else {
                for word in words {
                    shapes_with_variable.entry(*word).or_default().push(*shape as u32);
                }
            }
        }
        let mut counts = Vec::new();
        let mut slotted = Vec::new();
        for group in dictionary.shape_of.chunks(dictionary.group_records * factor) {
            let mut of_group: HashMap<u32, u32> = HashMap::new();
            let mut with_slot = 0u64;
            for shape in group {
                *of_group.entry(*shape).or_default() += 1;
                if *shape == UNSHAPED || list[*shape as usize].has_slot {
                    with_slot += 1;
                }
            }
            counts.push(of_group);
            slotted.push(with_slot);
        }
        let words = dictionary.coarser(factor);
        let mut of_part = HashedSet::default();
        words.iter().for_each(|set| of_part.extend(set));
        let part_bloom = Bloom::build(of_part.into_iter(), bits_per_word);
        let blooms = words.iter().map(|set| Bloom::build(set.iter().copied(), bits_per_word)).collect();
        Layout {
            dictionary,
            shapes_with,
            shapes_with_variable,
            open_shapes,
            counts,
            slotted,
            part_bloom,
            blooms,
            words,
            records: dictionary.shape_of.len(),
        }
    }

    pub fn bloom_bytes(&self) -> usize {
        self.blooms.iter().map(Bloom::bytes).sum()
    }

    pub fn part_bloom_bytes(&self) -> usize {
        self.part_bloom.bytes()
    }

    pub fn words_in_groups(&self) -> usize {
        self.words.iter().map(HashedSet::len).sum()
    }

    pub fn vocabulary_entries(&self) -> usize {
        self.shapes_with_variable.values().map(Vec::len).sum()
    }

    pub fn cost(&self, queries: &[Query]) -> Cost {
        let mut cost = Cost { queries: queries.len(), ..Cost::default() };
        let none = Vec::new();
        let list = &self.dictionary.shapes.list;
        for query in queries {
            let by_shape = self.shapes_with.get(&query.hash).unwrap_or(&none);
            let in_vocabulary = self.shapes_with_variable.get(&query.hash).unwrap_or(&none);
            let has_digit = query.word.bytes().any(|byte| byte.is_ascii_digit());
            cost.hits += u64::from(query.hits);
            cost.hits_by_shape += by_shape.iter().map(|shape| u64::from(list[*shape as usize].count)).sum::<u64>();
            let mut groups_read = 0u64;
            let mut useful = 0u64;
            let mut read = 0u64;
            let mut read_with_vocabulary = 0u64;
            let mut groups_with_vocabulary = 0u64;
            for group in 0..self.counts.len() {
                if !self.part_bloom.may_hold(query.hash) || !self.blooms[group].may_hold(query.hash) {
                    continue;
                }
                let counts = &self.counts[group];
                let known: u64 = by_shape
                    .iter()
                    .filter(|shape| list[**shape as usize].has_slot)
                    .filter_map(|shape| counts.get(shape))
                    .map(|n| u64::from(*n))
                    .sum();
                let left = self.slotted[group] - known;
                if left == 0 {
                    continue;
                }
                groups_read += 1;
                read += left;
                if self.words[group].contains(&query.hash) {
                    useful += 1;
                }
                let left_with_vocabulary =
                    if has_digit { left } else { self.left_by_vocabulary(group, by_shape, in_vocabulary) };
                read_with_vocabulary += left_with_vocabulary;
                groups_with_vocabulary += u64::from(left_with_vocabulary > 0);
            }
            let groups = self.counts.len() as f64;
            cost.groups_read += groups_read as f64 / groups;
            cost.groups_useful += useful as f64 / groups;
            cost.groups_read_with_vocabulary += groups_with_vocabulary as f64 / groups;
            cost.records_read += read as f64 / self.records as f64;
            cost.records_read_with_vocabulary += read_with_vocabulary as f64 / self.records as f64;
            if groups_read == 0 {
                cost.answered_without_bodies += 1;
                if by_shape.is_empty() {
                    cost.whole_part_skipped += 1;
                }
            }
        }
        let n = queries.len().max(1) as f64;
        cost.groups_read /= n;
        cost.groups_useful /= n;
        cost.groups_read_with_vocabulary /= n;
        cost.records_read /= n;
        cost.records_read_with_vocabulary /= n;
        cost
    }

    /// Records of the group whose shape does not answer, but whose variables may hold the word as far as the vocabulary knows.
    fn left_by_vocabulary(&self, group: usize, by_shape: &[u32], in_vocabulary: &[u32]) -> u64 {
        self.open_shapes
            .iter()
            .chain(in_vocabulary)
            .chain([&UNSHAPED])
            .filter(|shape| by_shape.binary_search(shape).is_err())
            .filter_map(|shape| self.counts[group].get(shape))
            .map(|count| u64::from(*count))
            .sum()
    }
}
