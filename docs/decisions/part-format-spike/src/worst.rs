//! The worst case: every message a new shape (eight random words of letters), with a limit of shapes per part.

use crate::corpus::Record;
use crate::cpu::Instant;
use crate::dictionary;
use crate::searching::{Layout, Truth, queries};
use crate::splitter::Rules;
use crate::{Random, alloc, fig};

pub fn records(count: usize) -> Vec<Record> {
    let mut random = Random(3);
    (0..count)
        .map(|_| {
            let words: Vec<String> = (0..8)
                .map(|_| {
                    let mut bits = random.draw();
                    (0..5 + bits % 5)
                        .map(|_| {
                            bits = bits.rotate_right(5);
                            char::from(b'a' + (bits % 26) as u8)
                        })
                        .collect()
                })
                .collect();
            Record { source: 0, text: words.join(" ").into() }
        })
        .collect()
}

pub fn measure(prefix: &str, records: &[Record], rules: Rules, limit: usize, group_records: usize, bits: f64) {
    let before = alloc::mark();
    let start = Instant::now();
    let dictionary = dictionary::build(records, rules, limit, group_records);
    fig(
        prefix,
        "split_and_words_us_per_record",
        format!("{:.3}", start.elapsed().as_secs_f64() * 1e6 / records.len() as f64),
    );
    fig(prefix, "memory_peak_bytes", alloc::peak() - before);
    fig(prefix, "shapes", dictionary.shapes.list.len());
    fig(prefix, "unshaped_records", dictionary.shapes.surplus);
    fig(
        prefix,
        "shape_text_bytes_per_record",
        format!("{:.2}", dictionary.shapes.text_bytes() as f64 / records.len() as f64),
    );
    let texts: Vec<&str> = dictionary.shapes.list.iter().map(|shape| &*shape.text).collect();
    let start = Instant::now();
    let packed = zstd::bulk::compress(texts.join("\n").as_bytes(), 3).expect("zstd");
    fig(prefix, "list_pack_ms", format!("{:.1}", start.elapsed().as_secs_f64() * 1e3));
    fig(prefix, "list_bytes_per_record", format!("{:.2}", packed.len() as f64 / records.len() as f64));
    let layout = Layout::new(&dictionary, 1, bits);
    fig(prefix, "bloom_bytes_per_record", format!("{:.2}", layout.bloom_bytes() as f64 / records.len() as f64));
    let truth = Truth::of(records);
    for (class, list) in queries(records, &truth, 200) {
        let cost = layout.cost(&list);
        fig(prefix, &format!("{class}_queries"), cost.queries);
        fig(prefix, &format!("{class}_records_read"), format!("{:.4}", cost.records_read));
    }
}
