//! The typed fields of structured bodies.

use std::collections::HashMap;

use crate::corpus::Record;
use crate::dictionary::HashedSet;
use crate::splitter::{self, Splitter};
use crate::{VALUES_VARIABLE, fig};

/// Fields of structured bodies, over all records: how many keys and values a value index would hold.
pub fn measure(records: &[Record]) {
    let mut keys: HashMap<String, HashedSet> = HashMap::new();
    let (mut structured, mut pairs) = (0usize, 0usize);
    let splitter = Splitter { rules: VALUES_VARIABLE };
    let mut shape = String::new();
    for record in records {
        let mut add = |key: &str, value: &str| {
            let value = xxhash_rust::xxh3::xxh3_64(value.as_bytes());
            match keys.get_mut(key) {
                Some(values) => values.insert(value),
                None => keys.entry(key.to_owned()).or_default().insert(value),
            };
            pairs += 1;
        };
        if splitter::is_logfmt(&record.text) {
            structured += 1;
            splitter::LogfmtTokens(&record.text).filter_map(|token| token.split_once('=')).for_each(|(k, v)| add(k, v));
        } else if splitter::is_json(&record.text) {
            structured += 1;
            let mut found: Vec<String> = Vec::new();
            splitter.split(&record.text, &mut shape, &mut |variable| found.push(variable.to_owned()));
            // In a shape of these rules each value is one slot; its key is the last one named before it (without the path).
            for ((slot, _), value) in shape.match_indices(splitter::SLOT).zip(&found) {
                let before = shape[..slot].rsplit_once("\":").map_or("", |(before, _)| before);
                add(before.rsplit_once('"').map_or(before, |(_, key)| key), value);
            }
        }
    }
    fig("values", "structured_records", structured);
    fig("values", "pairs_per_record", format!("{:.1}", pairs as f64 / structured.max(1) as f64));
    fig("values", "keys", keys.len());
    for (name, limit) in [("10", 10), ("100", 100), ("1000", 1_000), ("10000", 10_000), ("none", usize::MAX)] {
        let kept: Vec<usize> = keys.values().map(HashedSet::len).filter(|count| *count <= limit).collect();
        println!("values_limit_{name} keys_kept={} entries={}", kept.len(), kept.iter().sum::<usize>());
    }
}
