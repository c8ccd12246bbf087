//! The spike behind `docs/decisions/0001-part-format.md`. Prints figures as `name=value`.
//!
//! ```text
//! bash corpus/servers.sh /tmp/lines 270                  # needs root and the packages that it names
//! bash corpus/tools.sh /tmp/lines /tmp/copy/Cargo.toml    # a copy of this folder will do as the project to resolve
//! cargo run --release -- /tmp/lines [SECTION ...]
//! ```
//! Sections: corpus growth splitters words blooms index values worst bodies parts; all when none is named (about five minutes).
//! The generator's lines are measured apart: `node corpus/ours.mjs 524288 > /tmp/generated/ours.log`, then with
//! `LINES_OF_A_SOURCE_MAX=524288` and that folder.
//!
//! A part is taken to be the first 524,288 records of the mixed order, about what one sealed head of 128 MiB holds.
//! Times are CPU time of the measuring thread. Where to start reading: `splitter` (the rules), then `searching` (what a
//! search must read).

mod alloc;
mod bloom;
mod corpus;
mod cpu;
mod dictionary;
mod growth;
mod index_forms;
mod parts;
mod searching;
mod splitter;
mod values;
mod words;
mod worst;

use std::collections::HashMap;
use std::fmt::Display;
use std::path::Path;

use corpus::{Corpus, Order, Record};
use cpu::Instant;
use dictionary::{HashedSet, Shapes};
use parts::Sorting;
use searching::{Layout, Truth};
use splitter::{Rules, Splitter, Values};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

/// So that no talkative source drowns the others; `LINES_OF_A_SOURCE_MAX` in the environment lifts it.
const LINES_OF_A_SOURCE_MAX: usize = 150_000;
const PART_RECORDS: usize = 524_288;
const VALUES_VARIABLE: Rules = Rules { values: Values::Variable, ..Rules::CHOSEN };
const ALL_RULES: Rules = Rules {
    uuid_is_one: true,
    values: Values::MessageIsText,
    quoted_is_variable: true,
    path_is_variable: true,
    behind_equals_is_variable: true,
    dotted_is_variable: true,
    letters_hex_is_variable: true,
    long_word_is_variable: true,
    join_slots: true,
};

pub fn fig(prefix: &str, name: &str, value: impl Display) {
    println!("{prefix}_{name}={value}");
}

pub struct Random(pub u64);
impl Random {
    /// SplitMix64.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Milliseconds, the median of `rounds`.
pub fn median_ms(rounds: usize, mut work: impl FnMut() -> usize) -> f64 {
    let mut all: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(work());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[rounds / 2]
}

/// The chosen rules, the two ways to treat the values of structured bodies, and single rules added to the chosen ones.
fn variants() -> Vec<(&'static str, Rules)> {
    let chosen = Rules::CHOSEN;
    vec![
        ("digits", Rules { uuid_is_one: false, ..chosen }),
        ("chosen", chosen),
        ("message_text", Rules { values: Values::MessageIsText, ..chosen }),
        ("values_variable", VALUES_VARIABLE),
        ("join", Rules { join_slots: true, ..chosen }),
        ("quoted", Rules { quoted_is_variable: true, ..chosen }),
        ("path", Rules { path_is_variable: true, ..chosen }),
        ("equals", Rules { behind_equals_is_variable: true, ..chosen }),
        ("dotted", Rules { dotted_is_variable: true, ..chosen }),
        ("hex_long", Rules { letters_hex_is_variable: true, long_word_is_variable: true, ..chosen }),
        ("all", ALL_RULES),
    ]
}

/// The rules that every section looks at.
fn is_main_variant(name: &str) -> bool {
    matches!(name, "chosen" | "message_text" | "values_variable" | "all")
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("usage: part-format-spike FOLDER_OF_LINES [SECTION ...]");
    let sections: Vec<String> = arguments.collect();
    let wants = |name: &str| sections.is_empty() || sections.iter().any(|section| section == name);
    let lines_max = std::env::var("LINES_OF_A_SOURCE_MAX")
        .map_or(LINES_OF_A_SOURCE_MAX, |text| text.parse().expect("a number of lines"));
    let corpus = corpus::load(Path::new(&folder), lines_max, Order::Mixed);
    let part = &corpus.records[..PART_RECORDS.min(corpus.records.len())];
    if wants("corpus") {
        describe(&corpus);
    }
    if wants("growth") {
        growth::measure(&corpus);
    }
    if wants("splitters") {
        splitters(&corpus, part);
    }
    if wants("words") {
        word_searches(&folder, lines_max, part);
    }
    if wants("blooms") {
        blooms(part);
    }
    if wants("index") {
        index(&corpus, part);
    }
    if wants("values") {
        values::measure(&corpus.records);
    }
    if wants("worst") {
        let records = worst::records(PART_RECORDS);
        for limit in [0, 4_096, 16_384, 65_536, 131_072, 262_144, PART_RECORDS] {
            worst::measure(&format!("worst_limit_{limit}"), &records, Rules::CHOSEN, limit, 16_384, 10.0);
        }
    }
    if wants("bodies") {
        bodies(part);
    }
    if wants("parts") {
        sizes(&corpus, part);
    }
}

fn describe(corpus: &Corpus) {
    let mut bytes = 0;
    for source in &corpus.sources {
        let share = |count: usize| count as f64 / source.lines_kept.max(1) as f64;
        println!(
            "source={} found={} kept={} distinct={} json={:.2} logfmt={:.2} bytes_per_line={:.0}",
            source.name,
            source.lines_found,
            source.lines_kept,
            source.lines_distinct,
            share(source.json),
            share(source.logfmt),
            source.bytes_kept as f64 / source.lines_kept.max(1) as f64
        );
        bytes += source.bytes_kept;
    }
    let sum = |of: fn(&corpus::Source) -> usize| corpus.sources.iter().map(of).sum::<usize>();
    fig("corpus", "sources", corpus.sources.len());
    fig("corpus", "records", corpus.records.len());
    fig("corpus", "lines_found", sum(|source| source.lines_found));
    fig("corpus", "distinct_records", sum(|source| source.lines_distinct));
    fig("corpus", "bytes", bytes);
    fig("corpus", "bytes_per_record", format!("{:.1}", bytes as f64 / corpus.records.len() as f64));
    fig("corpus", "json_records", sum(|source| source.json));
    fig("corpus", "logfmt_records", sum(|source| source.logfmt));
    fig("corpus", "not_ascii_records", corpus.records.iter().filter(|record| !record.text.is_ascii()).count());
}

/// Each rule's shapes, speed and memory over one part.
fn splitters(corpus: &Corpus, part: &[Record]) {
    for (name, rules) in variants() {
        let prefix = format!("splitter_{name}");
        let splitter = Splitter { rules };
        let mut text = String::new();
        let alone = median_ms(3, || {
            let mut bytes = 0;
            for record in part {
                splitter.split(&record.text, &mut text, &mut |variable| bytes += variable.len());
            }
            bytes
        });
        fig(&prefix, "split_us_per_record", format!("{:.3}", alone * 1e3 / part.len() as f64));
        let before = alloc::mark();
        let start = Instant::now();
        let mut shapes = Shapes::new(usize::MAX);
        for record in part {
            splitter.split(&record.text, &mut text, &mut |_| {});
            shapes.number(&text);
        }
        fig(
            &prefix,
            "split_and_number_us_per_record",
            format!("{:.3}", start.elapsed().as_secs_f64() * 1e6 / part.len() as f64),
        );
        fig(&prefix, "table_bytes", alloc::held() - before);
        fig(&prefix, "part_shapes", shapes.list.len());
        fig(&prefix, "part_shape_text_bytes", shapes.text_bytes());
        fig(&prefix, "part_shapes_once", shapes.list.iter().filter(|shape| shape.count == 1).count());
        let packed = zstd::bulk::compress(
            shapes.list.iter().map(|shape| &*shape.text).collect::<Vec<_>>().join("\n").as_bytes(),
            3,
        )
        .expect("zstd");
        fig(&prefix, "part_shape_text_zstd_bytes", packed.len());
    }
    let start = Instant::now();
    let mut words = 0u64;
    for record in part {
        words::hashes(&record.text, &mut |_| words += 1);
    }
    fig("words", "hash_all_us_per_record", format!("{:.3}", start.elapsed().as_secs_f64() * 1e6 / part.len() as f64));
    fig("words", "per_record", format!("{:.1}", words as f64 / part.len() as f64));
    let stripped: Vec<Record> = corpus
        .records
        .iter()
        .take(PART_RECORDS)
        .map(|record| Record { source: record.source, text: corpus::without_leading_time(&record.text).into() })
        .collect();
    for (name, rules) in [("values_variable", VALUES_VARIABLE), ("chosen", Rules::CHOSEN)] {
        let dictionary = dictionary::build(&stripped, rules, usize::MAX, 16_384);
        let prefix = format!("without_leading_time_{name}");
        fig(&prefix, "part_shapes", dictionary.shapes.list.len());
        let layout = Layout::new(&dictionary, 1, 10.0);
        fig(&prefix, "bloom_bytes_per_record", format!("{:.2}", layout.bloom_bytes() as f64 / part.len() as f64));
    }
}

/// How often a word search must read bodies, per rule, per order of the records, per size of row group.
fn word_searches(folder: &str, lines_max: usize, part: &[Record]) {
    let truth = Truth::of(part);
    let mut queries = searching::queries(part, &truth, 300);
    queries.extend(searching::typed_queries(&truth));
    for (name, rules) in variants() {
        let start = Instant::now();
        let dictionary = dictionary::build(part, rules, usize::MAX, 8_192);
        let built = start.elapsed().as_secs_f64();
        fig(&format!("search_{name}"), "build_us_per_record", format!("{:.3}", built * 1e6 / part.len() as f64));
        fig(
            &format!("search_{name}"),
            "variables_per_record",
            format!("{:.2}", dictionary.variables as f64 / part.len() as f64),
        );
        fig(
            &format!("search_{name}"),
            "variable_bytes_per_record",
            format!("{:.2}", dictionary.variable_bytes as f64 / part.len() as f64),
        );
        let factors: &[usize] = if matches!(name, "chosen" | "values_variable") { &[1, 2, 4, 8, 16] } else { &[2] };
        for factor in factors {
            let layout = Layout::new(&dictionary, *factor, 10.0);
            print_search(&format!("search_{name}_{}k", 8 * factor), &layout, &queries, part.len());
        }
    }
    for (name, rules) in variants().into_iter().filter(|(name, _)| matches!(*name, "chosen" | "values_variable")) {
        for limit in [4_096, 16_384, 65_536, 131_072] {
            let dictionary = dictionary::build(part, rules, limit, 16_384);
            let prefix = format!("search_{name}_limit_{limit}_16k");
            fig(&prefix, "unshaped", format!("{:.4}", dictionary.shapes.surplus as f64 / part.len() as f64));
            print_search(&prefix, &Layout::new(&dictionary, 1, 10.0), &queries, part.len());
        }
    }
    for records_min in [2, 4, 16] {
        let dictionary = dictionary::build_frequent(part, Rules::CHOSEN, records_min, 16_384);
        let prefix = format!("search_chosen_at_least_{records_min}_records_16k");
        fig(&prefix, "shapes", dictionary.shapes.list.len());
        fig(&prefix, "unshaped", format!("{:.4}", dictionary.shapes.surplus as f64 / part.len() as f64));
        let packed = zstd::bulk::compress(
            dictionary.shapes.list.iter().map(|shape| &*shape.text).collect::<Vec<_>>().join("\n").as_bytes(),
            3,
        )
        .expect("zstd");
        fig(&prefix, "shape_text_zstd_bytes", packed.len());
        print_search(&prefix, &Layout::new(&dictionary, 1, 10.0), &queries, part.len());
    }
    drop(truth);
    let corpus = corpus::load(Path::new(folder), lines_max, Order::OneByOne);
    let one_by_one: Vec<Record> = every(corpus, PART_RECORDS);
    let truth = Truth::of(&one_by_one);
    let mut queries = searching::queries(&one_by_one, &truth, 300);
    queries.extend(searching::typed_queries(&truth));
    for (name, rules) in [("values_variable", VALUES_VARIABLE), ("chosen", Rules::CHOSEN)] {
        let dictionary = dictionary::build(&one_by_one, rules, usize::MAX, 8_192);
        let layout = Layout::new(&dictionary, 2, 10.0);
        print_search(&format!("search_one_by_one_{name}_16k"), &layout, &queries, one_by_one.len());
    }
}

/// A part of `count` records that keeps every source, each in one run.
fn every(corpus: Corpus, count: usize) -> Vec<Record> {
    let all = corpus.records.len();
    let mut owed = 0.0;
    let mut kept = Vec::with_capacity(count);
    for record in corpus.records {
        owed += count as f64 / all as f64;
        if owed >= 1.0 {
            owed -= 1.0;
            kept.push(record);
        }
    }
    kept
}

fn print_search(prefix: &str, layout: &Layout, queries: &[(&'static str, Vec<searching::Query>)], records: usize) {
    fig(prefix, "bloom_bytes_per_record", format!("{:.3}", layout.bloom_bytes() as f64 / records as f64));
    let of_part = layout.part_bloom_bytes() as f64 / records as f64;
    fig(prefix, "part_bloom_bytes_per_record", format!("{of_part:.3}"));
    fig(prefix, "variable_words_in_groups", layout.words_in_groups());
    fig(prefix, "vocabulary_entries", layout.vocabulary_entries());
    for (class, list) in queries {
        let cost = layout.cost(list);
        println!(
            "{prefix}_{class} queries={} shape_answers={:.4} no_body_read={:.4} part_skipped={:.4} groups_read={:.4} groups_useful={:.4} records_read={:.4} groups_read_with_vocabulary={:.4} records_read_with_vocabulary={:.4}",
            cost.queries,
            cost.hits_by_shape as f64 / cost.hits.max(1) as f64,
            cost.answered_without_bodies as f64 / cost.queries.max(1) as f64,
            cost.whole_part_skipped as f64 / cost.queries.max(1) as f64,
            cost.groups_read,
            cost.groups_useful,
            cost.records_read,
            cost.groups_read_with_vocabulary,
            cost.records_read_with_vocabulary,
        );
    }
}

/// Bits per word against false answers, for the split block bloom and a binary fuse filter; per group and per part.
fn blooms(part: &[Record]) {
    let dictionary = dictionary::build(part, Rules::CHOSEN, usize::MAX, 8_192);
    for factor in [1, 2, 4, 8, 16] {
        let groups = dictionary.coarser(factor);
        let words: usize = groups.iter().map(HashedSet::len).sum();
        let prefix = format!("bloom_{}k", 8 * factor);
        fig(&prefix, "words_per_group", words / groups.len());
        for bits in [6.0, 8.0, 10.0, 12.0, 16.0] {
            let start = Instant::now();
            let filters: Vec<_> = groups.iter().map(|set| bloom::Bloom::build(set.iter().copied(), bits)).collect();
            let seconds = start.elapsed().as_secs_f64();
            let bytes: usize = filters.iter().map(bloom::Bloom::bytes).sum();
            let mut random = Random(99);
            let probes = 200_000;
            let start = Instant::now();
            let mut wrong = 0;
            for i in 0..probes {
                wrong += usize::from(filters[i % filters.len()].may_hold(random.draw()));
            }
            let probe_ns = start.elapsed().as_secs_f64() * 1e9 / probes as f64;
            println!(
                "{prefix}_bits_{bits} bytes_per_record={:.3} false_positives={:.5} build_ns_per_word={:.1} probe_ns={probe_ns:.0}",
                bytes as f64 / part.len() as f64,
                wrong as f64 / probes as f64,
                seconds * 1e9 / words as f64
            );
        }
        let start = Instant::now();
        let filters: Vec<_> = groups
            .iter()
            .map(|set| xorf::BinaryFuse8::try_from(set.iter().copied().collect::<Vec<u64>>()).expect("distinct keys"))
            .collect();
        let seconds = start.elapsed().as_secs_f64();
        let bytes: usize = filters.iter().map(|filter| filter.fingerprints.len() + 28).sum();
        let mut random = Random(99);
        use xorf::Filter;
        let wrong = (0..200_000).filter(|i| filters[i % filters.len()].contains(&random.draw())).count();
        println!(
            "{prefix}_fuse8 bytes_per_record={:.3} false_positives={:.5} build_ns_per_word={:.1}",
            bytes as f64 / part.len() as f64,
            wrong as f64 / 200_000.0,
            seconds * 1e9 / words as f64
        );
    }
    // Both steps together: what an absent word still reads when the part is asked first and then its groups of 16k.
    let whole = &dictionary.coarser(dictionary.variable_words.len())[0];
    fig("bloom_part", "words", whole.len());
    let groups: Vec<_> =
        dictionary.coarser(2).iter().map(|set| bloom::Bloom::build(set.iter().copied(), 10.0)).collect();
    for bits in [4.0, 6.0, 8.0, 10.0] {
        let filter = bloom::Bloom::build(whole.iter().copied(), bits);
        let mut random = Random(99);
        let probes = 200_000;
        let (mut parts, mut parts_read, mut groups_read) = (0usize, 0usize, 0usize);
        for _ in 0..probes {
            let word = random.draw();
            if filter.may_hold(word) {
                let read = groups.iter().filter(|group| group.may_hold(word)).count();
                parts += 1;
                parts_read += usize::from(read > 0);
                groups_read += read;
            }
        }
        println!(
            "bloom_part_bits_{bits} bytes_per_record={:.3} false_positives={:.5} parts_read={:.5} groups_read={:.6}",
            filter.bytes() as f64 / part.len() as f64,
            parts as f64 / probes as f64,
            parts_read as f64 / probes as f64,
            groups_read as f64 / (probes * groups.len()) as f64
        );
    }
}

/// The forms of the shape index over real shapes, and over more than the corpus has.
fn index(corpus: &Corpus, part: &[Record]) {
    let dictionary = dictionary::build(part, Rules::CHOSEN, usize::MAX, 16_384);
    let truth = Truth::of(part);
    let queries: Vec<String> = searching::queries(part, &truth, 100)
        .into_iter()
        .filter(|(class, _)| class.starts_with("word"))
        .flat_map(|(_, list)| list)
        .map(|query| query.word)
        .collect();
    let texts: Vec<&str> = dictionary.shapes.list.iter().map(|shape| &*shape.text).collect();
    index_forms::measure("index_of_part", &texts, &queries, part.len().div_ceil(16_384));
    // How many row groups hold a shape, and what the group sets would cost one by one.
    let mut groups_of: HashMap<u32, HashedSet> = HashMap::new();
    for (i, shape) in dictionary.shape_of.iter().enumerate() {
        groups_of.entry(*shape).or_default().insert((i / 16_384) as u64);
    }
    for most in [1, 2, 4, 8, 16, 32] {
        println!(
            "index_shapes_in_at_most_{most}_groups={:.4}",
            groups_of.values().filter(|set| set.len() <= most).count() as f64 / groups_of.len() as f64
        );
    }
    let whole = dictionary::build(&corpus.records, Rules::CHOSEN, usize::MAX, 1 << 30);
    let mut all: Vec<&str> = whole.shapes.list.iter().map(|shape| &*shape.text).collect();
    let mut random = Random(5);
    for i in (1..all.len()).rev() {
        all.swap(i, (random.draw() % (i as u64 + 1)) as usize);
    }
    for count in [1_024, 4_096, 16_384, 32_768, 65_536, all.len()] {
        if count <= all.len() {
            index_forms::measure(&format!("index_{count}"), &all[..count], &queries, 32);
        }
    }
    let worst = worst::records(262_144);
    let texts: Vec<&str> = worst.iter().map(|record| &*record.text).collect();
    for count in [65_536, 262_144] {
        index_forms::measure(&format!("index_worst_{count}"), &texts[..count], &queries, 32);
    }
}

/// The body column alone, with its shape id, and the shape id with the variables instead of it.
fn bodies(part: &[Record]) {
    for (name, rules) in variants() {
        if !is_main_variant(name) {
            continue;
        }
        for group_records in [16_384, 32_768, 65_536] {
            parts::measure_bodies(&format!("bodies_{name}_group_{group_records}"), part, rules, group_records);
        }
    }
}

/// Row groups, levels, pages, sort orders.
fn sizes(corpus: &Corpus, part: &[Record]) {
    let dictionary = dictionary::build(part, Rules::CHOSEN, usize::MAX, 16_384);
    let columns = parts::columns(corpus, part, &dictionary, Sorting::Time);
    let needles = ["connection refused", "zzyzx"];
    let records = part.len();
    fig(
        "parts",
        "raw_body_bytes_per_record",
        format!("{:.2}", part.iter().map(|record| record.text.len()).sum::<usize>() as f64 / records as f64),
    );
    for group in [8_192, 16_384, 32_768, 65_536, 131_072] {
        parts::measure(
            &format!("parts_group_{group}"),
            &columns,
            parts::Form { group_records: group, ..parts::USUAL },
            records,
            &needles,
        );
    }
    for (group, page) in [
        (16_384, 2_048),
        (16_384, 4_096),
        (32_768, 2_048),
        (32_768, 4_096),
        (65_536, 2_048),
        (65_536, 4_096),
        (65_536, 8_192),
        (131_072, 4_096),
        (131_072, 8_192),
    ] {
        parts::measure(
            &format!("parts_group_{group}_page_{page}"),
            &columns,
            parts::Form { group_records: group, page_records: page, ..parts::USUAL },
            records,
            &needles,
        );
    }
    // Pages end at 20,000 records or 1 MiB, the library's default; these end with the row group.
    for group in [16_384, 65_536] {
        let whole = parts::Form { group_records: group, page_records: group, page_bytes: 1 << 30, ..parts::USUAL };
        parts::measure(&format!("parts_group_{group}_page_whole"), &columns, whole, records, &needles);
    }
    for level in [1, 3, 6, 9] {
        parts::measure(
            &format!("parts_level_{level}"),
            &columns,
            parts::Form { level, ..parts::USUAL },
            records,
            &needles,
        );
    }
    parts::measure(
        "parts_shape_dictionary",
        &columns,
        parts::Form { shape_dictionary: true, ..parts::USUAL },
        records,
        &needles,
    );
    drop(columns);
    for (name, order) in [
        ("by_stream", Sorting::Stream),
        ("by_stream_in_groups", Sorting::StreamInGroups(parts::USUAL.group_records)),
        ("by_shape_in_groups", Sorting::ShapeInGroups(parts::USUAL.group_records)),
    ] {
        let sorted = parts::columns(corpus, part, &dictionary, order);
        for level in [3, 6] {
            let form = parts::Form { level, ..parts::USUAL };
            parts::measure(&format!("parts_{name}_level_{level}"), &sorted, form, records, &needles);
        }
    }
}
