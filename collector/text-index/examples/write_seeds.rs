//! Writes the seeds that are whole stored forms: `cargo run --release -p text-index --example write_seeds tests/fuzz/corpus`.

use std::path::PathBuf;
use text_index::{LetterTrigrams, ShapeIndex, WordBloom, for_each_word_key};

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).expect("the folder of the corpora"));
    let shapes = ["connect to \u{1a}.\u{1a}", "disk full on node-\u{1a}", "검색 timeout"];
    std::fs::write(folder.join("shape_index/three_shapes"), ShapeIndex::encode(&shapes, 3))?;
    std::fs::write(folder.join("shape_index/no_shapes"), ShapeIndex::encode(&[], 3))?;
    let mut bloom = WordBloom::with_room(2, 10, 1024).expect("small");
    for_each_word_key("timeout 23", &mut |key| bloom.insert(key));
    let mut trigrams = LetterTrigrams::new();
    trigrams.insert("x1timeout");
    let (mut words, mut letters) = (Vec::new(), Vec::new());
    bloom.write_to(&mut words);
    trigrams.write_to(&mut letters);
    std::fs::write(folder.join("word_bloom/two_words"), words)?;
    std::fs::write(folder.join("word_bloom/trigrams"), letters)
}
