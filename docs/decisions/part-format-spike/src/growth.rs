//! How the number of distinct shapes grows with the volume, mixed and per source.

use crate::corpus::Corpus;
use crate::dictionary::{HashedSet, Shapes};
use crate::splitter::{Rules, Splitter};
use crate::{PART_RECORDS, fig, is_main_variant, variants};

/// Distinct shapes against volume, mixed and per source.
pub fn measure(corpus: &Corpus) {
    for (name, rules) in variants() {
        if !is_main_variant(name) {
            continue;
        }
        first_come(corpus, name, rules);
        let splitter = Splitter { rules };
        let mut text = String::new();
        let mut shapes = Shapes::new(usize::MAX);
        let mut marks: Vec<usize> = (0..12).map(|n| 1_000usize << n).collect();
        marks.push(corpus.records.len());
        let mut before = (0, 0);
        for (i, record) in corpus.records.iter().enumerate() {
            splitter.split(&record.text, &mut text, &mut |_| {});
            shapes.number(&text);
            if marks.contains(&(i + 1)) {
                let exponent = exponent(before, (i + 1, shapes.list.len()));
                let found = shapes.list.len();
                println!(
                    "growth_{name}_at_{}={found} exponent={exponent:.2} text_bytes={}",
                    i + 1,
                    shapes.text_bytes()
                );
                before = (i + 1, found);
            }
        }
        let mut counts: Vec<u32> = shapes.list.iter().map(|shape| shape.count).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        for top in [100, 1_000, 4_096, 16_384, 65_536, 131_072] {
            let covered: u64 = counts.iter().take(top).map(|count| u64::from(*count)).sum();
            println!("growth_{name}_top_{top}_cover={:.4}", covered as f64 / total as f64);
        }
        for bytes in [512, 1_024, 4_096] {
            let longer: u64 = shapes.list.iter().filter(|s| s.text.len() > bytes).map(|s| u64::from(s.count)).sum();
            println!("growth_{name}_records_with_shapes_over_{bytes}_bytes={:.5}", longer as f64 / total as f64);
        }
        fig("growth", &format!("{name}_seen_once"), counts.iter().filter(|count| **count == 1).count());
        growth_of_sources(corpus, name, &splitter);
    }
}

/// How much of the records a table of shapes leaves without one, when it takes shapes in the order in which they come.
fn first_come(corpus: &Corpus, name: &str, rules: Rules) {
    let splitter = Splitter { rules };
    let mut text = String::new();
    for limit in [4_096, 16_384, 32_768, 65_536, 131_072] {
        let mut shapes = Shapes::new(limit);
        let part = &corpus.records[..PART_RECORDS.min(corpus.records.len())];
        for record in part {
            splitter.split(&record.text, &mut text, &mut |_| {});
            shapes.number(&text);
        }
        let unshaped = shapes.surplus as f64 / part.len() as f64;
        println!("growth_{name}_first_come_limit_{limit}_of_part_unshaped={unshaped:.4}");
    }
}

/// What `shapes ~ records ^ exponent` says between two points; 1 is a new shape for every record.
fn exponent(from: (usize, usize), to: (usize, usize)) -> f64 {
    if from.1 == 0 {
        return f64::NAN;
    }
    (to.1 as f64 / from.1 as f64).ln() / (to.0 as f64 / from.0 as f64).ln()
}

/// Each source alone: its shapes at an eighth of its lines and at all of them.
fn growth_of_sources(corpus: &Corpus, name: &str, splitter: &Splitter) {
    let mut of_source: Vec<Vec<u64>> = vec![Vec::new(); corpus.sources.len()];
    let mut text = String::new();
    for record in &corpus.records {
        splitter.split(&record.text, &mut text, &mut |_| {});
        of_source[record.source as usize].push(xxhash_rust::xxh3::xxh3_64(text.as_bytes()));
    }
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (source, ids) in corpus.sources.iter().zip(&of_source) {
        let distinct = |ids: &[u64]| ids.iter().copied().collect::<HashedSet>().len();
        let (eighth, all) = (distinct(&ids[..ids.len() / 8]), distinct(ids));
        let exponent = exponent((ids.len() / 8, eighth), (ids.len(), all));
        let per_1000 = all as f64 * 1e3 / ids.len().max(1) as f64;
        let figures =
            format!("records={} shapes={all} exponent={exponent:.2} shapes_per_1000={per_1000:.1}", ids.len());
        lines.push((all, format!("growth_{name}_source={} {figures}", source.name)));
    }
    lines.sort_by_key(|(shapes, _)| std::cmp::Reverse(*shapes));
    for (_, line) in lines {
        println!("{line}");
    }
}
